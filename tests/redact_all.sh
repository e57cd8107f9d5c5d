#!/bin/bash
# redact_all.sh WHYLOGON FOLDER [SAMPLES]: every sample analyzed, its redacted report and exports searched for each name, address and SID of its
# case (redacted.py). Outside CI, which does so for some samples (test_redact); `make redacted` runs it.
set -euo pipefail
program=$1 to=$2 samples=${3:-samples/cases}
rm -rf "$to"
mkdir -p "$to"
n=0
for sample in "$samples"/*/; do
    at=$to/$(basename "$sample")
    mkdir -p "$at"
    code=0
    "$program" analyze --progress=none -o "$at/out" "$sample" >"$to/log" 2>&1 || code=$?
    [ -f "$at/out/case.db" ] || { cat "$to/log"; echo "$sample: no case, exit code $code"; exit 1; }
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
rm -f "$to/log"
python3 tests/redacted.py "$to"/*/
echo "$n samples: no name is left"
