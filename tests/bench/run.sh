#!/bin/bash
# Benchmarks: pairs in turn in one run, medians and ratios; machines are noisy, so only the ratios mean something.
# usage: tests/bench/run.sh BUILD      GB=1 size of the large log, RUNS=5, PEERS=1 also builds and runs evtx_dump 0.15.1 (cargo install evtx),
# OLD=PROGRAM an older build of whylogon, for the rows of one small ticket and of a question, TICKETS=1000 the row of batch. cpu: user and system, of all processes.
# Needs hyperfine, openssl; bsdtar and zip, evtxexport for their rows. Logs are made in $BENCH_DIR (default /tmp/whylogon-bench) and kept for the next run.
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
row() { # NAME COMMAND-OURS COMMAND-THEIRS LIMIT: one after the other, so that both meet the same moods of the machine; medians, and the median of the ratios
    rm -f "$dir"/t.*.csv
    for i in $(seq "$runs"); do
        hyperfine -N -i --warmup $((i == 1)) --runs 1 --prepare "rm -rf $dir/out" --export-csv "$dir/t.$i.csv" "$2" "$3" >/dev/null 2>"$dir/err" || { cat "$dir/err"; return; }
    done
    ours=$(awk -F, 'FNR == 2 {print $4}' "$dir"/t.*.csv | middle); theirs=$(awk -F, 'FNR == 3 {print $4}' "$dir"/t.*.csv | middle)
    ratio=$(awk -F, 'FNR == 2 {a = $4} FNR == 3 {print a / $4}' "$dir"/t.*.csv | middle)
    cpu=$(awk -F, 'FNR == 2 {print $5 + $6}' "$dir"/t.*.csv | middle); cpus=$(awk -F, 'FNR == 2 {a = $5 + $6} FNR == 3 {b = $5 + $6; print b ? a / b : 0}' "$dir"/t.*.csv | middle)
    printf '| %-58s | %8.3f s | %8.3f s | %6.3f | %5s | %8.3f s | %6.3f |\n' "$1" "$ours" "$theirs" "$ratio" "$4" "$cpu" "$cpus"
}
tree() { for p; do echo "$p"; mapfile -t kids < <(pgrep -P "$p"); [ ${#kids[@]} -eq 0 ] || (tree "${kids[@]}"); done; }
peak() { # prints the highest sum of private memory (MB; clean pages of mapped evidence are the page cache's) of COMMAND and all its children
    "$@" >/dev/null 2>&1 & local pid=$! max=0 now
    while kill -0 $pid 2>/dev/null; do
        now=$(for p in $(tree $pid); do awk '/^Private_Dirty/{s+=$2} END{print s+0}' "/proc/$p/smaps_rollup" 2>/dev/null || true; done | awk '{s+=$1} END{print int(s/1024)}')
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
[ -x "$build/nojail/whylogon" ] && row "analyze, one $gb GB log / by a build without a jail" "$w analyze $q $dir/one.evtx" "$build/nojail/whylogon analyze $q $dir/one.evtx" 1.05
row "scan without hashing, $gb GB / openssl sha256" "$w dump --id 65535 $dir/one.evtx" "openssl dgst -sha256 $dir/one.evtx" -
if command -v bsdtar >/dev/null && command -v zip >/dev/null; then
    for f in one noise; do
        [ -s "$dir/$f.zip" ] || (cd "$dir" && zip -q "$f.zip" "$f.evtx")
        row "analyze, a zip of $f.evtx, $gb GB / bsdtar and openssl" "$w analyze $q $dir/$f.zip" "sh -c 'bsdtar -xOf $dir/$f.zip | openssl dgst -sha256'" 1.25
    done
fi
if [ "${BIG:-0}" = 1 ]; then
    make_log "$dir/four.evtx" $((bytes * 4))
    row "analyze, $((4 * gb)) GB / $gb GB" "$w analyze $q $dir/four.evtx" "$w analyze --progress=none -o $dir/out2 --force $dir/one.evtx" 4.2
fi
make_tickets() { # FOLDER N: a log of one failure, a text, a log without any, in turn
    [ -d "$1" ] && return
    mkdir "$1"
    for i in $(seq "$2"); do
        case $((i % 3)) in
        0) mkdir "$1/t$i" && cp samples/cases/clock-skew/System.evtx "$1/t$i/" ;;
        1) echo "nothing of Windows" >"$1/t$i.txt" ;;
        2) mkdir "$1/t$i" && cp samples/cases/few-files/*Bits* "$1/t$i/" ;;
        esac
    done
}
few=${TICKETS:-0}; many=$((4 * few)); b="$w batch --keep=none --progress=none --force"
if [ "$few" -gt 0 ]; then
    for n in "$few" "$many"; do make_tickets "$dir/tickets$n" "$n"; done
    row "batch, $many small tickets / $few" "$b -o $dir/out $dir/tickets$many" "$b -o $dir/out2 $dir/tickets$few" 4.1
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
    row "dump -j 1 | wc -c / evtx_dump -t 1 | wc -c" "sh -c '$w dump -j 1 $dir/noise.evtx | wc -c'" "sh -c '$peer -t 1 -o jsonl $dir/noise.evtx | wc -c'" 0.80
    row "dump | wc -c / evtx_dump | wc -c, all cores" "sh -c '$w dump $dir/noise.evtx | wc -c'" "sh -c '$peer -o jsonl $dir/noise.evtx | wc -c'" 0.80
fi
echo
echo "| peak private memory, all processes | MB |"; echo "|---|---|"
for f in tenth one noise $([ "${BIG:-0}" = 1 ] && echo four); do rm -rf "$dir/out"; echo "| analyze $f.evtx ($(stat -c %s "$dir/$f.evtx" | numfmt --to=si)) | $(peak "$w" analyze --progress=none -o "$dir/out" "$dir/$f.evtx") |"; done
# shellcheck disable=SC2086
for n in $([ "$few" -gt 0 ] && echo "$few" "$many"); do echo "| batch, $n small tickets | $(peak $b -o "$dir/out2" "$dir/tickets$n") |"; done
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
