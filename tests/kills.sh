#!/bin/sh
# kills.sh PROGRAM FOLDER N: kills a batch N times with SIGKILL, now the parent, now a process that has a ticket, now
# both; each time --resume goes on. Whenever a run gets through, all it left must be what an undisturbed run leaves.
# FOLDER/in holds the tickets. Prints a line at the end; exit 1 at the first difference.
set -u
program=$1 dir=$2 left=$3
cd "$dir" || exit 2
rm -rf whole out
"$program" batch --keep=reports -o whole in 2>log || { cat log; exit 1; }

# processes of session $1 that have tickets, or wait to be copied for one
tickets() {
    for stat in /proc/[0-9]*/stat; do
        pid=${stat#/proc/} pid=${pid%/stat}
        session=$(sed 's/.*) //' "$stat" 2>/dev/null | cut -d' ' -f4)
        [ "$session" = "$1" ] || continue
        tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q -- ' --ticket ' && echo "$pid"
    done
}

round=0 killed=0 through=0
while [ $killed -lt "$left" ] && [ $round -lt $((20 * left)) ]; do
    round=$((round + 1))
    setsid "$program" batch --resume --keep=reports -o out in >log 2>&1 &
    p=$!
    sleep "0.$(printf %02d $((round * 37 % 60)))"
    case $((round % 3)) in
    0) kill -9 $p 2>/dev/null && killed=$((killed + 1)) ;;
    *)
        one=$(tickets $p | awk -v r=$round '{a[NR] = $1} END {if (NR) print a[1 + r % NR]}')
        [ -n "$one" ] && kill -9 "$one" 2>/dev/null && killed=$((killed + 1))
        [ $((round % 3)) -eq 2 ] && kill -9 $p 2>/dev/null && killed=$((killed + 1))
        ;;
    esac
    wait $p 2>/dev/null
    code=$?
    [ $code -eq 137 ] && continue
    [ $code -eq 0 ] || {
        echo "round $round: exit $code"
        cat log
        exit 1
    }
    through=$((through + 1))
    diff -r whole out || { echo "round $round: not what an undisturbed run leaves"; exit 1; }
    rm -rf out
done
"$program" batch --resume --keep=reports -o out in >log 2>&1 || { cat log; exit 1; }
diff -r whole out || { echo "the last round: not what an undisturbed run leaves"; exit 1; }
echo "$killed kills in $round rounds, $through of them got through; all the same bytes"
[ $killed -ge "$left" ]
