#!/bin/sh
# Runs each fuzz target of a build folder for a while; seeds are of our own writer (seeds.c) and the sample cases. usage: tests/fuzz/run.sh BUILD [SECONDS [TARGET...]]
# FUZZ_SEED=1 tries the same inputs in the same order each time, as far as the time lasts; without it none knows which.
# Inputs that broke something stay in BUILD/fuzz_TARGET.found/. Ends with the number of targets that broke.
set -u
dir=$1; seconds=${2:-60}; shift; [ $# -gt 0 ] && shift
if [ $# -eq 0 ]; then
    for t in "$dir"/fuzz_*; do
        case $t in *fuzz_*.*) ;; *) set -- "$@" "${t##*/}" ;; esac
    done
fi
samples() { # TARGET FOLDER
    for f in samples/cases/*/*.evtx; do
        to=$2/$(basename "$(dirname "$f")")-$(basename "$f")
        case $1 in
        fuzz_evtx) head -c 16384 "$f" >"$to" ;;
        fuzz_chunk) tail -c +4097 "$f" | head -c 12288 >"$to" ;;
        esac
    done
    for f in samples/cases/*/SYSTEM samples/cases/*/SECURITY samples/cases/*/SAM samples/cases/*/SOFTWARE; do
        [ "$1" != fuzz_hive ] || cp "$f" "$2/$(basename "$(dirname "$f")")-$(basename "$f")"
    done 2>/dev/null
    for f in knowledge/rules/*.yml; do
        [ "$1" != fuzz_rules ] || { printf '\000'; head -c 3800 "$f"; } >"$2/$(basename "$f")"
    done
}
broken=0
for t; do
    case $t in fuzz_evtx | fuzz_chunk | fuzz_binxml) most=24576 ;; fuzz_hive) most=65536 ;; fuzz_txlog) most=262144 ;; fuzz_header) most=130 ;; fuzz_container) most=16384 ;; *) most=4096 ;; esac     # small inputs: more of them
    corpus=$dir/$t.corpus; found=$dir/$t.found
    if [ ! -d "$corpus" ]; then mkdir -p "$corpus"; "$dir/seeds" "$t" "$corpus"; samples "$t" "$corpus"; fi
    mkdir -p "$found"
    if "$dir/$t" -seed="${FUZZ_SEED:-0}" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=$most -print_final_stats=1 -artifact_prefix="$found/" "$corpus" >"$dir/$t.log" 2>&1; then
        echo "  FUZZ  $t: $(sed -n 's/^stat::number_of_executed_units: *//p' "$dir/$t.log") inputs"
    else
        broken=$((broken + 1)); echo "  FUZZ  $t: BROKEN, see $dir/$t.log"
        grep -m3 -E 'ERROR|SUMMARY|runtime error' "$dir/$t.log"
    fi
done
echo "$broken broken"
[ "$broken" -eq 0 ]
