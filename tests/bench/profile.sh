#!/bin/bash
# Where the time goes: processor time of all processes by what it is spent on, in ms, of analyze for one small ticket, for
# a large log of noise and the same amount in 40 logs, and of dump. usage: tests/bench/profile.sh BUILD [RUN...]
# MB=200 size of the large log. By samples of perf where it works, else by callgrind's instructions, which sees the parent
# alone. Logs are made in $BENCH_DIR (default /tmp/whylogon-bench) and kept for the next run.
set -euo pipefail
build=$(realpath "$1"); shift
w=$build/whylogon mb=${MB:-200} dir=${BENCH_DIR:-/tmp/whylogon-bench}; mkdir -p "$dir"
out=$dir/profile-out
here=$(dirname "$0")

make_logs() {
    [ -s "$dir/noise$mb.evtx" ] || "$build/big_log" "$dir/noise$mb.evtx" $((mb * 1000000)) >/dev/null
    [ -d "$dir/noise40-$mb" ] && return
    mkdir "$dir/noise40-$mb"
    for i in $(seq 40); do "$build/big_log" "$dir/noise40-$mb/log$i.evtx" $((mb * 25000)) "$dir/noise$mb.evtx" $((i - 1)) >/dev/null; done
}

# function -> what it is for; of a stack the function nearest to the leaf that is named here counts
phases='
hashing|^(sha256_|lanes_|EVP_|SHA256|sha_ni|two_streams|avx2)
crc|^(libdeflate_crc32|crc32_)
records|^(evtx_|tally_|bx|chunk_|record_|template_)
hives|^(regf_|txlog_|hive_|regtext_|lsa_|sam_|taskcache_)
dump text|^(dumper_|dump_|put_event|buf_json|at_json16)
frames|^(frame_|fact_put|fact_get|pool_|accept_|plat_proc_|plat_child_|plat_wait)
insert|^(case_put|ingest_)
new case|^(diagnose_new|kb_store|case_create)
knowledge|^(kb_load|kb_image_get)
derive|^(derive_)
coverage|^(coverage)
rules|^(case_stage|case_unstage|judge_rules|diagnose_rules)
outcome|^(run_knowledge)
verify|^(again|verify|rereader_|second_)
report|^(report_|output_|stage_reports|html_|markdown|json_)
save|^(case_save)
start|^(_dl_|dl_main|worker_main|plat_spawn|main$|_start|jail_)
'

by_perf() { # COMMAND...
    perf record -q -e cpu-clock -F "${FREQ:-1999}" --call-graph dwarf,8192 -o "$dir/perf.data" "$@" >/dev/null 2>&1 || true
    perf script -i "$dir/perf.data" -F comm,period,ip,sym,dso 2>/dev/null | awk -v phases="$phases" '
        BEGIN { n = split(phases, line, "\n"); for (i = 1; i <= n; i++) if (split(line[i], p, "|") >= 2) { name[++m] = p[1]; re[m] = substr(line[i], length(p[1]) + 2) } }
        function end() { if (open) { sum[what == "" ? "other" : what] += period; all += period } open = 0 }
        /^[^ \t]/ { end(); open = 1; what = ""; period = $2 + 0; next }
        what == "" && /libcrypto/ { what = "hashing"; next }
        what == "" && /libdeflate/ { what = "crc"; next }
        NF >= 2 && what == "" { for (i = 1; i <= m; i++) if ($2 ~ re[i]) { what = name[i]; break } }
        END { end(); for (i = 1; i <= m; i++) printf "%.1f\n", sum[name[i]] / 1e6; printf "%.1f\n%.1f\n", sum["other"] / 1e6, all / 1e6 }'
}

by_callgrind() { # COMMAND...: millions of instructions below each function, of the parent
    valgrind --tool=callgrind --callgrind-out-file="$dir/cg" "$@" >/dev/null 2>&1 || true
    callgrind_annotate --inclusive=yes --threshold=100 "$dir/cg" | head -40
}

ticket=${TICKET:-$here/../../samples/cases/credential-storage-policy}
runs=("ticket" "noise" "40 logs" "dump")
[ $# -eq 0 ] || runs=("$@")
make_logs
i=0
for run in "${runs[@]}"; do
    rm -rf "$out"
    case $run in
        ticket) cmd=("$w" analyze --progress=none -o "$out" "$ticket") ;;
        noise) cmd=("$w" analyze --progress=none -o "$out" "$dir/noise$mb.evtx") ;;
        "40 logs") cmd=("$w" analyze --progress=none -o "$out" "$dir/noise40-$mb") ;;
        dump) cmd=("$w" dump -j 1 "$dir/noise$mb.evtx") ;;
        *) echo "profile: $run? one of: ticket, noise, '40 logs', dump"; exit 2 ;;
    esac
    if perf record -q -e cpu-clock -o "$dir/perf.data" true >/dev/null 2>&1; then
        FREQ=$([ "$run" = ticket ] && echo 4999 || echo 499) by_perf "${cmd[@]}" >"$dir/profile.$i"
    else
        echo "$run (callgrind, the parent alone):"
        by_callgrind "${cmd[@]}"
    fi
    i=$((i + 1))
done
[ -s "$dir/profile.0" ] || exit 0
names=$(printf '%s' "$phases" | sed -n 's/|.*//p'; echo other; echo all)
cpu=$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)
echo "processor time in ms, all processes; $("$w" --version), $(nproc) cores, $cpu; logs of $mb MB"
printf '| %-10s |' what; printf ' %9s |' "${runs[@]}"; printf '\n|---|'; printf '%.0s---:|' "${runs[@]}"; echo
mapfile -t name <<<"$names"
for k in "${!name[@]}"; do
    printf '| %-10s |' "${name[$k]}"
    for ((j = 0; j < i; j++)); do printf ' %9s |' "$(sed -n "$((k + 1))p" "$dir/profile.$j")"; done
    echo
done
