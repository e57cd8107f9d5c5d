#!/bin/bash
# slurm.sh PROGRAM FOLDER N: N small tickets through samples/slurm on a real slurmctld with three slurmd on loopback: a
# node is killed, a task fails, another is cancelled; merge by dependency names what is missing, and after they were sent
# again the fleet is the bytes of one batch on one machine. Needs root, slurm-wlm and munge.
set -u
program=$(realpath "$1") dir=$2 n=$3
here=$(realpath "$(dirname "$0")/..")
cases=$here/samples/cases
for tool in slurmctld slurmd sbatch munged; do
    command -v $tool >/dev/null || { echo "skipped: $tool is missing (apt-get install slurm-wlm munge)"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: the daemons need root"; exit 77; }
rm -rf "$dir" && mkdir -p "$dir"/{in,out,state,spool,log} && cd "$dir" || exit 2
dir=$PWD host=$(hostname -s)

for i in $(seq "$n"); do
    case $((i % 3)) in
    0) mkdir "in/t$i" && cp "$cases"/clock-skew/System.evtx "in/t$i/" ;;
    1) echo "nothing of Windows" >"in/t$i.txt" ;;
    2) mkdir "in/t$i" && cp "$cases"/few-files/*Bits* "in/t$i/" ;;
    esac
done

cat >slurm.conf <<END
ClusterName=t
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CryptoType=crypto/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=100000,sched_interval=1,bf_interval=1
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SlurmdTimeout=10
ReturnToService=2
JobRequeue=1
MinJobAge=3600
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.%n.log
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPort=6817
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=17001 CPUs=2 RealMemory=4000 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=17002 CPUs=2 RealMemory=4000 State=UNKNOWN
NodeName=n3 NodeHostname=$host NodeAddr=127.0.0.1 Port=17003 CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=p Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF=$dir/slurm.conf
# a program that dies in the middle of shard 3, once; the others are it itself
cat >dies <<END
#!/bin/sh
if [ "\$SLURM_ARRAY_TASK_ID" = 3 ] && mkdir "$dir/died" 2>/dev/null; then
    exec timeout -s KILL 0.7 "$program" "\$@"
fi
exec "$program" "\$@"
END
chmod +x dies
export WHYLOGON=$dir/dies WHYLOGON_OPTIONS=--keep=none

pids=
# shellcheck disable=SC2317
finish() {
    scontrol shutdown >/dev/null 2>&1
    sleep 1
    # shellcheck disable=SC2086
    kill $pids 2>/dev/null
}
fail() { echo "slurm-test: $*" >&2; tail -5 log/slurmctld.log >&2; exit 1; }
trap finish EXIT
begin_node() {
    mkdir -p "spool/$1"
    slurmd -D -N "$1" >/dev/null 2>&1 &
    pids="$pids $!"
    eval "node_$1=$!"
}
munge -n >/dev/null 2>&1 || {
    mkdir -p /run/munge && chown munge: /run/munge
    runuser -u munge -- /usr/sbin/munged --foreground >log/munged 2>&1 &
    pids="$pids $!"
    sleep 1
}
slurmctld -D >/dev/null 2>&1 &
pids="$pids $!"
for node in n1 n2 n3; do begin_node $node; done
for i in $(seq 100); do
    [ "$(sinfo -h -N -t idle 2>/dev/null | wc -l)" = 3 ] && break
    [ "$i" = 100 ] && fail "the nodes did not come up"
    sleep 0.3
done
state_of() { scontrol show job "$1" 2>/dev/null | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p' | head -1; }
# until all of a job is over: MOST seconds
over() {
    for _ in $(seq $((2 * $2))); do
        [ -z "$(squeue -h -j "$1" 2>/dev/null)" ] && return
        sleep 0.5
    done
    fail "job $1 does not end: $(squeue -h -j "$1")"
}

began=$SECONDS
job=$(sbatch --parsable --array=1-7 -o log/%a.log "$here/samples/slurm/batch.sbatch" "$dir/in" "$dir/out") || fail "sbatch"
merge=$(sbatch --parsable --dependency=afterany:"$job" -o log/merge1.log "$here/samples/slurm/merge.sbatch" "$dir/out")
# the first task on n2 goes down with its node; 5 is cancelled while it runs
for i in $(seq 200); do
    read -r on raw <<<"$(squeue -h -r -j "$job" -w n2 -t R -o '%K %A' 2>/dev/null | head -1)"
    [ -n "$on" ] && [ "$on" != 3 ] && [ "$on" != 5 ] && break
    [ "$i" = 200 ] && fail "nothing ran on n2"
    sleep 0.1
done
sleep 0.5
# the node with all that runs there: slurmd, who watches the task, the task's session
# shellcheck disable=SC2154
kill -9 "$node_n2"
step=$(pgrep -f "^slurmstepd: \\[$raw\\.") || fail "nobody runs task $on on n2"
for task in $(pgrep -P "$step"); do
    kill -9 "$step"
    pkill -9 -s "$task"
done
down=$SECONDS
for i in $(seq 600); do
    [ "$(squeue -h -r -j "$job" -t R -o %K 2>/dev/null | grep -cx 5)" = 1 ] && break
    [ $((SECONDS - down)) -lt 15 ] || [ -n "${again:-}" ] || { begin_node n2; again=1; }
    [ -z "$(squeue -h -j "$job" 2>/dev/null)" ] && break
    sleep 0.2
done
for i in $(seq 100); do # it runs when the program does, not when its script begins
    [ -d out/shards/5 ] && break
    sleep 0.1
done
scancel "${job}_5" && cancelled=yes
[ -n "${again:-}" ] || { sleep 12; begin_node n2; }
over "$merge" 900
echo "first round: $((SECONDS - began)) s; tasks: $(for t in 1 2 3 4 5 6 7; do state_of "${job}_$t"; done | sort | uniq -c | tr '\n' ' ')"
grep -qi 'requeu' log/slurmctld.log || fail "task $on was not sent again when its node came back"
[ "$(state_of "${job}_3")" = FAILED ] || fail "task 3 should have failed: $(state_of "${job}_3")"
[ "$(state_of "${job}_5")" = CANCELLED ] || fail "task 5 should have been cancelled (${cancelled:-no}): $(state_of "${job}_5")"
grep -q 'interrupted' log/5.log || fail "TERM did not reach the program: $(cat log/5.log)"
grep -q 'not in here yet: 3/7, 5/7' log/merge1.log || fail "merge did not name 3 and 5: $(cat log/merge1.log)"
again=$(SHARDS=7 sbatch --parsable --array=3,5 -o log/again-%a.log "$here/samples/slurm/batch.sbatch" "$dir/in" "$dir/out")
merge=$(sbatch --parsable --dependency=afterany:"$again" -o log/merge2.log "$here/samples/slurm/merge.sbatch" "$dir/out")
over "$merge" 900
[ "$(state_of "$merge")" = COMPLETED ] || fail "merge: $(cat log/merge2.log)"
"$program" batch --keep=none --progress=none -o whole in >log/whole.log 2>&1 || fail "batch: $(cat log/whole.log)"
for f in db html md json; do
    cmp "out/fleet.$f" "whole/fleet.$f" || fail "fleet.$f is not that of one batch"
done
echo "slurm-test: $n tickets, 7 shards on 3 nodes, one node killed, one task dead, one cancelled; the same bytes, $((SECONDS - began)) s"
