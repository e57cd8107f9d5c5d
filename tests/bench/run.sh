#!/bin/bash
# Benchmarks: pairs in turn in one run, medians and ratios; machines are noisy, so only the ratios mean something.
# usage: tests/bench/run.sh BUILD      GB=1 size of the large log, RUNS=5, PEERS=1 also builds and runs evtx_dump 0.15.1 (cargo install evtx),
# OLD=PROGRAM an older build of whylogon, for the rows of one small ticket and of a question; ROWS=REGEX only rows whose name it matches.
# cpu: user and system, of all processes. cold: what is read has been dropped from the page cache (posix_fadvise) before each run.
# Needs hyperfine, openssl; evtxexport for its row. Logs are made in $BENCH_DIR (default /tmp/whylogon-bench) and kept for the next run.
set -euo pipefail
build=$(realpath "$1"); w=$build/whylogon
gb=${GB:-1}; runs=${RUNS:-5}; dir=${BENCH_DIR:-/tmp/whylogon-bench}; mkdir -p "$dir"
command -v hyperfine >/dev/null || { echo "bench: install hyperfine"; exit 2; }

make_log() { # FILE BYTES: whole chunks behind a valid header; of the public corpus where it is present, of our own writer otherwise
    [ -s "$1" ] && return
    if [ -x ../shared/tools/make-big-log.py ]; then python3 ../shared/tools/make-big-log.py "$1" "$2" >/dev/null
    else "$build/big_log" "$1" "$2" >/dev/null; fi
}
bytes=$((gb * 1000000000))
make_log "$dir/one.evtx" $bytes
[ -s "$dir/noise.evtx" ] || "$build/big_log" "$dir/noise.evtx" $bytes >/dev/null
[ -s "$dir/whole8.evtx" ] || "$build/big_log" "$dir/whole8.evtx" 8000000 >/dev/null          # other readers stop at the damage of public logs, or pay for telling it
[ -s "$dir/whole100.evtx" ] || "$build/big_log" "$dir/whole100.evtx" 100000000 >/dev/null
make_log "$dir/tenth.evtx" $((bytes / 10))
make_log "$dir/part.evtx" 8000000
if [ ! -d "$dir/parts" ]; then mkdir "$dir/parts"; for i in $(seq 40); do "$build/big_log" "$dir/parts/log$i.evtx" $((bytes / 40)) "$dir/one.evtx" $((i - 1)); done; fi
if [ ! -d "$dir/copies" ]; then mkdir "$dir/copies"; for i in $(seq 40); do cp "$dir/parts/log1.evtx" "$dir/copies/log$i.evtx"; done; fi

middle() { sort -n | awk '{v[NR] = $1} END {print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2}'; }
cold= # files to be dropped from the page cache before each run
row() { # NAME COMMAND-OURS COMMAND-THEIRS LIMIT: one after the other, so that both meet the same moods of the machine; medians, and the median of the ratios
    [[ $1 =~ ${ROWS:-.} ]] || return 0
    rm -f "$dir"/t.*.csv
    for i in $(seq "$runs"); do
        hyperfine -N -i --warmup $((i == 1)) --runs 1 --prepare "sh -c 'rm -rf $dir/out; for f in $cold; do dd if=\$f iflag=nocache count=0 status=none; done'" --export-csv "$dir/t.$i.csv" "$2" "$3" >/dev/null 2>"$dir/err" || { cat "$dir/err"; return; }
    done
    ours=$(awk -F, 'FNR == 2 {print $4}' "$dir"/t.*.csv | middle); theirs=$(awk -F, 'FNR == 3 {print $4}' "$dir"/t.*.csv | middle)
    ratio=$(awk -F, 'FNR == 2 {a = $4} FNR == 3 {print a / $4}' "$dir"/t.*.csv | middle)
    cpu=$(awk -F, 'FNR == 2 {print $5 + $6}' "$dir"/t.*.csv | middle); cpus=$(awk -F, 'FNR == 2 {a = $5 + $6} FNR == 3 {b = $5 + $6; print b ? a / b : 0}' "$dir"/t.*.csv | middle)
    printf '| %-58s | %8.3f s | %8.3f s | %6.3f | %5s | %8.3f s | %6.3f |\n' "$1" "$ours" "$theirs" "$ratio" "$4" "$cpu" "$cpus"
}
peak() { # WHAT COMMAND: the highest sum of WHAT (MB; Private_Dirty: clean pages of mapped evidence are the page cache's; Rss: all) of COMMAND and all its children
    local what=$1; shift
    "$@" >/dev/null 2>&1 & local pid=$! max=0 now
    while kill -0 $pid 2>/dev/null; do
        now=$(for p in $pid $(pgrep -P $pid); do awk -v what="^$what:" '$0 ~ what {s+=$2} END{print s+0}' "/proc/$p/smaps_rollup" 2>/dev/null; done | awk '{s+=$1} END{print int(s/1024)}')
        [ "${now:-0}" -gt "$max" ] && max=$now
        sleep 0.01
    done
    wait $pid || true
    echo "$max"
}

cpu=$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)
has=$(grep -owE -m1 'sha_ni|avx2|pclmulqdq|vaes' /proc/cpuinfo | sort -u | tr '\n' ' ')
echo "whylogon $($w --version | cut -d' ' -f2), $(date +%F), $(nproc) cores, $cpu; of sha_ni, avx2, pclmulqdq, vaes it has: ${has:-none}"
echo
printf '| %-58s | %10s | %10s | %6s | %5s | %10s | %6s |\n|---|---|---|---|---|---|---|\n' "what" "whylogon" "other" "ratio" "goal" "cpu" "ratio"
q="--progress=none -o $dir/out"
row "analyze, one $gb GB log / openssl sha256 of it" "$w analyze $q $dir/one.evtx" "openssl dgst -sha256 $dir/one.evtx" 1.10
row "analyze, the same bytes in 40 logs / openssl on them" "$w analyze $q $dir/parts" "openssl dgst -sha256 $(echo "$dir"/parts/*)" 0.75
row "analyze, 40 copies of one log / openssl on them" "$w analyze $q $dir/copies" "openssl dgst -sha256 $(echo "$dir"/copies/*)" 0.75
row "analyze, a $gb GB Security log of ordinary noise / openssl" "$w analyze $q $dir/noise.evtx" "openssl dgst -sha256 $dir/noise.evtx" 1.10
cold=$dir/one.evtx
row "cold: analyze, one $gb GB log / openssl sha256 of it" "$w analyze $q $dir/one.evtx" "openssl dgst -sha256 $dir/one.evtx" -
cold=$dir/noise.evtx
row "cold: analyze, a $gb GB Security log of noise / openssl" "$w analyze $q $dir/noise.evtx" "openssl dgst -sha256 $dir/noise.evtx" -
cold=
[ -x "$build/nojail/whylogon" ] && row "analyze, one $gb GB log / by a build without a jail" "$w analyze $q $dir/one.evtx" "$build/nojail/whylogon analyze $q $dir/one.evtx" 1.05
row "scan without hashing, $gb GB / openssl sha256" "$w dump --id 65535 $dir/one.evtx" "openssl dgst -sha256 $dir/one.evtx" -
if [ "${BIG:-0}" = 1 ]; then
    make_log "$dir/four.evtx" $((bytes * 4))
    row "analyze, $((4 * gb)) GB / $gb GB" "$w analyze $q $dir/four.evtx" "$w analyze --progress=none -o $dir/out2 --force $dir/one.evtx" 4.2
fi
command -v evtxexport >/dev/null && row "dump XML / evtxexport -f xml, 8 MB" "$w dump --xml $dir/whole8.evtx" "evtxexport -f xml $dir/whole8.evtx" 0.02
ticket=samples/cases/credential-storage-policy
if [ -n "${OLD:-}" ] && [ -d "$ticket" ]; then
    row "analyze, one small ticket / by the older build" "$w analyze $q $ticket" "$OLD analyze --progress=none -o $dir/out2 --force $ticket" 0.35
    row "explain 1312 / by the older build" "$w explain 1312" "$OLD explain 1312" -
fi
if [ "${PEERS:-0}" = 1 ]; then
    peer=$dir/cargo/bin/evtx_dump
    [ -x "$peer" ] || cargo install --quiet --root "$dir/cargo" --version 0.15.1 evtx
    echo "| other below: $("$peer" --version), output to /dev/null, then through a pipe to wc -c | | | | | | |"
    for f in noise one; do
        row "dump -j 1 / evtx_dump -t 1 -o jsonl, $gb GB $f" "$w dump -j 1 $dir/$f.evtx" "$peer -t 1 -o jsonl $dir/$f.evtx" 0.40
        row "dump, all cores / evtx_dump -o jsonl, $gb GB $f" "$w dump $dir/$f.evtx" "$peer -o jsonl $dir/$f.evtx" 0.35
    done
    cold=$dir/noise.evtx
    row "cold: dump, all cores / evtx_dump -o jsonl, $gb GB noise" "$w dump $dir/noise.evtx" "$peer -o jsonl $dir/noise.evtx" -
    cold=
    row "dump -j 1 | wc -c / evtx_dump -t 1 | wc -c" "sh -c '$w dump -j 1 $dir/noise.evtx | wc -c'" "sh -c '$peer -t 1 -o jsonl $dir/noise.evtx | wc -c'" 0.80
    row "dump | wc -c / evtx_dump | wc -c, all cores" "sh -c '$w dump $dir/noise.evtx | wc -c'" "sh -c '$peer -o jsonl $dir/noise.evtx | wc -c'" 0.80
fi
echo
[[ memory =~ ${ROWS:-.} ]] || exit 0
echo "| memory of all processes together | MB |"; echo "|---|---|"
for f in tenth one noise $([ "${BIG:-0}" = 1 ] && echo four noise4); do
    [ "$f" = noise4 ] && [ ! -s "$dir/noise4.evtx" ] && "$build/big_log" "$dir/noise4.evtx" $((bytes * 4)) >/dev/null
    rm -rf "$dir/out"
    echo "| private, analyze $f.evtx ($(stat -c %s "$dir/$f.evtx" | numfmt --to=si)) | $(peak Private_Dirty "$w" analyze --progress=none -o "$dir/out" "$dir/$f.evtx") |"
done
echo "| resident, dump -j 1 noise.evtx ($(stat -c %s "$dir/noise.evtx" | numfmt --to=si)) | $(peak Rss "$w" dump -j 1 "$dir/noise.evtx") |"
rm -rf "$dir/out"; $w analyze --progress=none -o "$dir/out" "$dir/noise.evtx" >/dev/null || true
echo; echo "case.db of the $gb GB Security log: $(($(stat -c %s "$dir/out/case.db") / 1000000)) MB (goal: 50)"
if command -v valgrind >/dev/null; then       # exact, whatever else the machine does; the difference of two parts leaves out how the program starts
    count() { # BYTES of FILE -> records instructions
        head -c "$1" "$2" >"$dir/few.evtx"
        echo "$("$build/scan_bench" "$dir/few.evtx" | cut -d' ' -f1) $(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$build/scan_bench" "$dir/few.evtx" 2>&1 >/dev/null | sed -n 's/.*Collected : //p')"
    }
    echo; echo "instructions per unwanted record (chunk CRC, record bounds, template look-up, provider and id from slots, count):"
    for f in part noise; do
        read -r r1 i1 <<<"$(count 4198400 "$dir/$f.evtx")"; read -r r2 i2 <<<"$(count 7999488 "$dir/$f.evtx")"
        echo "$((( i2 - i1 ) / ( r2 - r1 ))) in $f.evtx ($((r2 - r1)) records)"
    done
fi
