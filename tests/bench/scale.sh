#!/bin/bash
# What n, 2n and 4n of one thing cost the whole program: processor time of all its processes, so that other work on
# the machine does not count for much. usage:
# scale.sh BUILD [FACTOR [THING...]]        FACTOR 1: a minute; 10: what a large case has, ten minutes
set -euo pipefail
build=$(realpath "$1"); factor=${2:-1}; shift; [ $# -eq 0 ] || shift
dir=${BENCH_DIR:-/tmp/whylogon-bench}/scale; mkdir -p "$dir"
declare -A base=([computers]=250 [failing-hosts]=100 [failing-tasks]=250 [failures]=1000 [logons]=1000
    [providers]=1000 [folded-groups]=1000 [folders]=25 [sams]=100 [logged-hives]=50 [cached-tasks]=250
    [accounts]=500 [services]=500)

cost() { # THING N: seconds
    local in=$dir/$1-$2 out=$dir/out code=0
    [ -d "$in" ] || "$build/grow" "$1" "$2" "$in"
    rm -rf "$out"
    TIMEFORMAT='%U %S'
    { time "$build/whylogon" analyze --progress=none -o "$out" "$in" >/dev/null 2>"$dir/err"; } 2>"$dir/time" || code=$?
    [ "$code" -eq 0 ] || echo "scale: $1 $2 ended with $code: $(tail -n 1 "$dir/err")" >&2
    awk '{printf "%.2f", $1 + $2}' "$dir/time"
}

printf '| %-44s | %7s | %7s | %7s | %7s | %6s |\n' "of which n" n "n, s" "2n, s" "4n, s" "4n/2n"
echo '|---|---:|---:|---:|---:|---:|'
"$build/grow" | while IFS=$'\t' read -r thing what; do
    [ $# -eq 0 ] || case " $* " in *" $thing "*) ;; *) continue ;; esac
    n=$((${base[$thing]} * factor))
    one=$(cost "$thing" $n) two=$(cost "$thing" $((2 * n))) four=$(cost "$thing" $((4 * n)))
    printf '| %-44s | %7d | %7.2f | %7.2f | %7.2f | %6.2f |\n' "$what" $n "$one" "$two" "$four" \
        "$(awk -v a="$two" -v b="$four" 'BEGIN {print b / a}')"
done
