#!/bin/sh
# Runs every Criterion program of a build folder and ends with what failed and one line: N passed, N failed, N skipped.
# usage: tests/run.sh BUILD        A program that dies or reports nothing counts as a failure.
set -u
dir=$1; passed=0; failed=0; skipped=0; which=
export WHYLOGON="$dir/whylogon" ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=1" UBSAN_OPTIONS=print_stacktrace=1
export LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0"
for t in "$dir"/test_*; do
    [ -x "$t" ] || continue
    name=${t##*/}
    "$t" --color=never --tap="$dir/$name.tap" -j2 >"$dir/$name.log" 2>&1; code=$?
    skip=$(grep -c '^ok.*# SKIP' "$dir/$name.tap" 2>/dev/null); skip=${skip:-0}
    ok=$(grep -c '^ok' "$dir/$name.tap" 2>/dev/null); ok=$((${ok:-0} - skip))
    bad=$(grep -c '^not ok' "$dir/$name.tap" 2>/dev/null); bad=${bad:-0}
    [ "$code" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    grep -q '^skipped:' "$dir/$name.log" && bad=$((bad + 1)) && echo "$name: a test says that it skips and counts as passed: cr_skip_test"
    [ "$code" -eq 0 ] && [ $((ok + skip)) -eq 0 ] && bad=1
    passed=$((passed + ok)); failed=$((failed + bad)); skipped=$((skipped + skip))
    printf '  TEST  %-24s %3d ok %3d failed%s\n' "$name" "$ok" "$bad" "$([ "$skip" -gt 0 ] && echo ", $skip skipped")"
    [ "$bad" -ne 0 ] && which="$which$(grep -h '^\[FAIL\]\|^\[CRSH\]' "$dir/$name.log" || echo "$name ended with $code")
"
    if [ "$bad" -ne 0 ]; then tail -n 60 "$dir/$name.log"; else sed -n 's/^ok - \(.*\)# SKIP \(.*\)/    \1\2/p' "$dir/$name.tap"; fi
    rm -f "$dir/$name.tap"
done
printf %s "$which"       # again, where one looks first
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
