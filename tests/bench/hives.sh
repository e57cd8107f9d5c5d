#!/bin/bash
# Hives: walks, look-ups and dumps of one large hive, beside libregf and hivex where installed; goals and whether they are met. Rows of programs are wall time.
# usage: tests/bench/hives.sh BUILD [HIVE]        HIVE: the largest SYSTEM hive of the public corpus; of our own writer where that is missing.
set -euo pipefail
build=$(realpath "$1"); w=$build/whylogon; hive=${2:-../shared/corpus/hive/real/SYSTEM_WIN_10_1709}
[ -s "$hive" ] || hive=samples/cases/healthy-host/SYSTEM
cpu=$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)
echo "hives: whylogon $($w --version | cut -d' ' -f2), $(date +%F), $(nproc) cores, $cpu; $(basename "$hive"), $(stat -c %s "$hive" | numfmt --to=si)B"
echo
printf '| %-58s | %12s | %7s |\n|---|---|---|\n' "what (medians)" "cpu time" "found"
"$build/hive_bench" "$hive" "${RUNS:-9}" | grep '^|'
for cmd in "$w inspect $hive" "$w dump $hive" "hivexml $hive" "regfexport $hive" "reglookup $hive"; do
    command -v "${cmd%% *}" >/dev/null || continue
    for _ in 1 2 3; do /usr/bin/env bash -c "TIMEFORMAT=%R; time $cmd >/dev/null 2>&1" 2>&1 || true; done | sort -n | sed -n 2p |
        awk -v n="$(basename "${cmd%% *}") ${cmd#* }" '{sub(/ [^ ]*\//, " ", n); printf "| %-58s | %9.0f ms | %7s |\n", n, $1 * 1000, ""}'
done
echo
"$build/hive_bench" "$hive" "${RUNS:-9}" | sed -n '/^goal/p;$p'
