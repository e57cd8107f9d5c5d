#!/bin/sh
# Which lines of parsers/ the corpora of the fuzz targets reach. usage: tests/fuzz/coverage.sh BUILD CORPORA
# BUILD is instrumented with clang's source coverage; CORPORA is the folder in which `make fuzz` left them. second_*.c end in libraries that die of
# hostile bytes: `second` reads the same corpora in a process of its own for each file, and what those that end normally reached counts.
set -eu
dir=$1; from=$2; rm -rf "$dir/raw"; mkdir -p "$dir/raw"
objects=
for c in "$from"/fuzz_*.corpus; do
    t=$(basename "$c" .corpus)
    LLVM_PROFILE_FILE=$dir/raw/$t.profraw "$dir/$t" -runs=0 -rss_limit_mb=4096 "$c" >"$dir/$t.log" 2>&1 || echo "  $t did not end well, see $dir/$t.log"
    objects="$objects -object $dir/$t"
done
LLVM_PROFILE_FILE=$dir/raw/second-%p.profraw "$dir/second" "$from/fuzz_evtx.corpus" "$from/fuzz_hive.corpus" >"$dir/second.log" 2>&1 || echo "  second did not end well, see $dir/second.log"
llvm-profdata-14 merge -sparse -failure-mode=all -o "$dir/all.profdata" "$dir"/raw/*.profraw 2>/dev/null
llvm-cov-14 report -instr-profile="$dir/all.profdata" "$dir/second" $objects parsers/ 2>/dev/null | awk '/^Filename/ || /^---/ {next} NF > 8 {printf "  %-28s %6d lines %6d missed %8s\n", $1, $(NF-5), $(NF-4), $(NF-3)}'
