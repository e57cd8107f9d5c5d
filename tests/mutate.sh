#!/bin/bash
# Breaks the program one place at a time, in a copy, and says which breaks nobody notices.
# usage: tests/mutate.sh BUILD [ROOM…]     rooms: reports diagnose tally txlog discover; env: SEED=1 N=12 places a room, FILES='reports/html*.c'
# For each: the tests of that room, then the reports of all samples against those of the whole program. What survives must stand, with its
# reason, in tests/mutate.tsv: FILE<tab>OLD<tab>NEW<tab>LINE<tab>REASON. Exit 1 when something else survives.
set -euo pipefail
build=$(realpath "$1"); shift
seed=${SEED:-1}; count=${N:-12}
all="reports diagnose tally txlog discover"
rooms=${*:-$all}
tree=$build/mutate; breaker=$build/break
export CC="${CC:-cc}" WHYLOGON=build/whylogon
quiet() { "$@" >/dev/null 2>&1; }

files_of() {
    case $1 in
    reports) echo ${FILES:-reports/*.c knowledge/report.sql} ;;
    diagnose) echo src/diagnose/diagnose.c src/diagnose/hits.c src/diagnose/coverage.c ;;
    tally) echo parsers/evtx/tally.c ;;
    txlog) echo parsers/registry/txlog.c ;;
    discover) echo src/run/discover.c ;;
    esac
}
tests_of() {
    case $1 in
    reports) echo test_report ;;
    diagnose) echo test_hits test_diagnose ;;
    tally) echo test_tally test_evtx ;;
    txlog) echo test_txlog ;;
    discover) echo test_ingest test_unpack test_cli ;;
    esac
}

# A copy with the times of the files, so that make does not begin anew; what an earlier run may have left broken is built again.
mkdir -p "$tree"
tar cf - --exclude=samples/cases --exclude=samples/golden Makefile src parsers knowledge reports tests samples | tar xf - -C "$tree"
cd "$tree"
for room in $all; do files_of "$room" | tr ' ' '\n' | xargs touch; done
make -s -j"$(nproc)" WARN= all build/samples.stamp >/dev/null
for room in $rooms; do for t in $(tests_of "$room"); do make -s -j"$(nproc)" WARN= "build/$t" >/dev/null; done; done

# who says nothing of a break must have been able to
for room in $rooms; do for t in $(tests_of "$room"); do
    "build/$t" -j2 2>&1 | grep -q 'Tested: [1-9][0-9]* .*Failing: 0 | Crashing: 0' || { echo "$t does not pass before anything is broken" >&2; exit 2; }
done; done
# the reports of the whole program; a case of each sample to render again
rm -rf whole && mkdir whole
for c in samples/cases/*/; do quiet build/whylogon analyze --force -o "whole/$(basename "$c")" "$c"; done

same() { # MADE NAME: the three reports are those of the whole program
    for f in html md json; do cmp -s "$1/report.$f" "whole/$2/report.$f" || { echo "$2 report.$f"; return 1; }; done
}
noticed() { # ROOM: who notices, or nothing
    local t c name
    if [ "$1" = reports ] && ! [ "$changed_sql" ]; then
        for c in whole/*/; do
            name=$(basename "$c"); rm -rf made
            quiet timeout 20 build/whylogon report -o made "$c/case.db" || { echo "$name does not render"; return; }
            same made "$name" || return 0
        done
    fi
    for t in $(tests_of "$1"); do quiet timeout 120 "build/$t" -j2 || { echo "$t"; return; }; done
    if [ "$1" != reports ] || [ "$changed_sql" ]; then
        for c in samples/cases/*/; do
            name=$(basename "$c"); rm -rf made
            quiet timeout 60 build/whylogon analyze --force -o made "$c" || { echo "$name cannot be analyzed"; return; }
            same made "$name" || return 0
        done
    fi
}

made=0; broken=0; killed=0; known=0; survived=0
for room in $rooms; do
    read -ra files <<<"$(files_of "$room")"
    total=0; for f in "${files[@]}"; do total=$((total + $("$breaker" "$f"))); done
    for f in "${files[@]}"; do
        places=$("$breaker" "$f"); part=$(((count * places + total - 1) / total))
        kept=kept.${f##*.}; cp "$f" "$kept"; changed_sql=; [ "${f%.sql}" = "$f" ] || changed_sql=1
        for k in $("$breaker" "$f" "$part" "$seed"); do
            "$breaker" "$kept" "@$k" >"$f" 2>told
            IFS=$'\t' read -r line old new text <told
            made=$((made + 1))
            needs="build/whylogon"; for t in $(tests_of "$room"); do needs="$needs build/$t"; done
            if ! quiet make -s -j"$(nproc)" WARN= $needs; then broken=$((broken + 1)); continue; fi
            who=$(noticed "$room")
            if [ "$who" ]; then
                killed=$((killed + 1)); [ "${V:-0}" = 0 ] || echo "  killed    $f:$line '$old' -> '$new' by $who"
            elif grep -qF "$f"$'\t'"$old"$'\t'"$new"$'\t'"$text"$'\t' tests/mutate.tsv; then
                known=$((known + 1))
            else
                survived=$((survived + 1)); echo "  SURVIVED  $f:$line '$old' -> '$new'   $text"
            fi
        done
        cp "$kept" "$f"
    done
done
echo "$made breaks (seed $seed): $killed noticed, $survived survived, $known survive for a reason given in tests/mutate.tsv, $broken did not compile"
[ "$survived" -eq 0 ]
