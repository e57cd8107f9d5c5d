#!/bin/sh
# Runs every Criterion program of a build folder, one a core at a time, and ends with what failed and one line: N passed, N failed,
# N skipped. A program that dies or reports nothing counts as a failure.
# RUN: what starts a program that this system does not.
# usage: tests/run.sh BUILD        BUILD/test_times keeps the seconds of each program: the next run begins with the longest
set -u
dir=$1
one() { # PROGRAM: what is said of it, in one piece; its numbers, and what failed, into $into
    name=${1##*/}; began=$(date +%s); silent=
    ${RUN:-} "$1" --color=never --tap="$dir/$name.tap" -j1 >"$dir/$name.log" 2>&1; code=$?
    skip=$(grep -c '^ok.*# SKIP' "$dir/$name.tap" 2>/dev/null); skip=${skip:-0}
    ok=$(grep -c '^ok' "$dir/$name.tap" 2>/dev/null); ok=$((${ok:-0} - skip))
    bad=$(grep -c '^not ok' "$dir/$name.tap" 2>/dev/null); bad=${bad:-0}
    [ "$code" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    grep -q '^skipped:' "$dir/$name.log" && bad=$((bad + 1)) && silent="$name: a test says that it skips and counts as passed: cr_skip_test"
    [ "$code" -eq 0 ] && [ $((ok + skip)) -eq 0 ] && bad=1
    took=$(($(date +%s) - began))
    echo "$took $ok $bad $skip $name" >"$into/$name.numbers"
    {
        [ -z "$silent" ] || echo "$silent"
        printf '  TEST  %-24s %3d ok %3d failed%s, %d s\n' "$name" "$ok" "$bad" "$([ "$skip" -gt 0 ] && echo ", $skip skipped")" "$took"
        if [ "$bad" -ne 0 ]; then
            grep -h '^\[FAIL\]\|^\[CRSH\]' "$dir/$name.log" >"$into/$name.failed" || echo "$name ended with $code" >"$into/$name.failed"
            tail -n 60 "$dir/$name.log"
        else
            sed -n 's/^ok - \(.*\)# SKIP \(.*\)/    \1\2/p' "$dir/$name.tap"
        fi
    } >"$into/$name.said"
    cat "$into/$name.said"
    rm -f "$dir/$name.tap"
}
if [ $# -eq 2 ]; then one "$2"; exit; fi

into=$(mktemp -d) || exit 2
trap 'rm -rf "$into"' EXIT
export into WHYLOGON="$dir/whylogon" BUILD="$dir" ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=1" UBSAN_OPTIONS=print_stacktrace=1
export LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0"
for t in "$dir"/test_*; do
    if [ ! -x "$t" ] || [ -d "$t" ]; then continue; fi
    s=$(sed -n "s/^\([0-9]*\) .* ${t##*/}\$/\1/p" "$dir/test_times" 2>/dev/null)
    case ${s:-}${t##*/} in test_cli | test_faults | test_browser | test_golden | test_diagnose | test_export | test_batch) s=60 ;; esac
    echo "${s:-1} $t"
done >"$into/all"
sort -rn "$into/all" | cut -d' ' -f2 | xargs -P "$(nproc 2>/dev/null || echo 2)" -I{} sh tests/run.sh "$dir" {}
cat "$into"/*.numbers >"$dir/test_times" 2>/dev/null
cat "$into"/*.failed 2>/dev/null       # again, where one looks first
awk -v all="$(wc -l <"$into/all")" '{p += $2; f += $3; s += $4} END {
    if (NR < all) printf "%d of %d programs did not end\n", all - NR, all
    printf "%d passed, %d failed, %d skipped\n", p, f + all - NR, s
    exit !(f == 0 && NR == all && p > 0)}' "$dir/test_times"
