#!/bin/sh
# Which lines of the program the tests reach. usage: tests/coverage.sh BUILD [TEST…]
# BUILD is instrumented with clang's source coverage, its counters in files that every process maps (%c): what a jailed worker did
# counts, also of one that was killed. Prints a row a file, least covered first, the functions nobody called, and the sum.
set -eu
dir=$(realpath "$1"); shift
rm -rf "$dir/raw"; mkdir -p "$dir/raw"
export LLVM_PROFILE_FILE="$dir/raw/%m%c.profraw"
if [ $# -eq 0 ]; then
    sh tests/run.sh "$dir" || echo "  not every test passed: what follows is what they reached"
else
    for t in "$@"; do WHYLOGON=$dir/whylogon BUILD=$dir sh tests/run.sh "$dir" "$dir/$t" || true; done
fi
objects=
for t in "$dir"/test_*; do
    if [ -f "$t" ] && [ -x "$t" ]; then objects="$objects -object $t"; fi
done
llvm-profdata-14 merge -sparse -failure-mode=all -o "$dir/all.profdata" "$dir"/raw/*.profraw
# shellcheck disable=SC2086 # a list of options
llvm-cov-14 report -instr-profile="$dir/all.profdata" "$dir/whylogon" $objects src parsers reports >"$dir/coverage" 2>"$dir/coverage.log"
awk '/\.[ch] / {printf "  %7s of %5d lines, %4d functions of %4d never called  %s\n", $(NF-3), $(NF-5), $6, $5, $1}' "$dir/coverage" | sort -n
awk '/^TOTAL/ {printf "  %7s of %5d lines, %4d functions of %4d never called  in all\n", $(NF-3), $(NF-5), $6, $5}' "$dir/coverage"
