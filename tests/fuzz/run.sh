#!/bin/sh
# Runs each fuzz target of a build folder for a while; seeds are the sample cases. usage: tests/fuzz/run.sh BUILD [SECONDS [TARGET...]]
# Inputs that broke something stay in BUILD/fuzz_TARGET.found/. Ends with the number of targets that broke.
set -u
dir=$1; seconds=${2:-60}; shift; [ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- $(cd "$dir" && ls -d fuzz_* | grep -v '[.]')
le24() { printf "\\$(printf %03o $(($1 & 255)))\\$(printf %03o $(($1 >> 8 & 255)))\\$(printf %03o $(($1 >> 16 & 255)))"; }
seed() {
    for f in samples/cases/*/*.evtx; do
        case $1 in
        fuzz_evtx) head -c 16384 "$f" >"$2/$(basename "$(dirname "$f")")-$(basename "$f")" ;;
        fuzz_chunk) tail -c +4097 "$f" | head -c 12288 >"$2/$(basename "$(dirname "$f")")-$(basename "$f")" ;;
        esac
    done
    for f in samples/cases/*/SYSTEM samples/cases/*/SECURITY samples/cases/*/SAM samples/cases/*/SOFTWARE; do
        case $1 in
        fuzz_hive) cp "$f" "$2/$(basename "$(dirname "$f")")-$(basename "$f")" ;;
        fuzz_txlog)
            [ -f "$f.LOG1" ] || continue
            { printf '\007'; le24 "$(stat -c %s "$f")"; le24 "$(stat -c %s "$f.LOG1")"; cat "$f" "$f.LOG1" "$f.LOG2"; } >"$2/$(basename "$(dirname "$f")")" ;;
        esac
    done 2>/dev/null
    [ "$1" != fuzz_compare ] || printf '{"a":"x","b":[1,"0x3e7",true]}\000a\000x\000b\0001\000b\000999\000b\000true' >"$2/object"
}
broken=0
for t; do
    case $t in fuzz_evtx | fuzz_chunk) most=16384 ;; fuzz_hive) most=65536 ;; fuzz_txlog) most=262144 ;; *) most=4096 ;; esac     # small inputs: more of them
    corpus=$dir/$t.corpus; found=$dir/$t.found; mkdir -p "$corpus" "$found"
    seed "$t" "$corpus"
    if "$dir/$t" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=$most -print_final_stats=1 -artifact_prefix="$found/" "$corpus" >"$dir/$t.log" 2>&1; then
        echo "  FUZZ  $t: $(sed -n 's/^stat::number_of_executed_units: *//p' "$dir/$t.log") inputs"
    else
        broken=$((broken + 1)); echo "  FUZZ  $t: BROKEN, see $dir/$t.log"
        grep -m3 -E 'ERROR|SUMMARY|runtime error' "$dir/$t.log"
    fi
done
echo "$broken broken"
[ "$broken" -eq 0 ]
