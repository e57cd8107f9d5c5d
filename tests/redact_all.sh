#!/bin/bash
# redact_all.sh WHYLOGON FOLDER CASES: of every case in CASES (build/cases) the redacted report and exports, searched for each name, address and
# SID of it (redacted.py). Outside CI, which does so for some samples (test_redact); `make redacted` runs it.
set -euo pipefail
program=$1 to=$2 cases=$3
rm -rf "$to"
mkdir -p "$to"
n=0
for case in "$cases"/*/; do
    at=$to/$(basename "$case")
    mkdir -p "$at"
    cp -r "$case" "$at/out"
    "$program" report --redact -o "$at/r" "$at/out/case.db" >/dev/null
    mv "$at"/r/report.* "$at"
    rm -r "$at/r"
    for format in timesketch plaso-jsonl ecs sarif junit csv; do
        "$program" export --redact --format $format -o "$at/$format" "$at/out/case.db"
    done
    for table in findings coverage; do
        "$program" export --redact --format csv --table $table -o "$at/csv-$table" "$at/out/case.db"
    done
    n=$((n + 1))
done
python3 tests/redacted.py "$to"/*/
echo "$n samples: no name is left"
