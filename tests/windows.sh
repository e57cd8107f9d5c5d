#!/bin/bash
# The program for Windows, under Wine, does what the one here does: its unit tests pass; the same bytes of every sample's case and reports, with 1 and 8
# workers, and of batches; the same words of other commands; files that others hold and its jail are as Windows has them. Wine is no Windows:
# tests/windows-checklist.md is what it cannot show.
# usage: tests/windows.sh BUILD [SAMPLE...]      after make windows-tests all samples; exit 1: something differs; "skipped" and 0: no Wine or no program
set -u
cd "$(dirname "$0")/.." || exit 2
export BUILD=${1:-build}
shift
skip() { echo "windows: skipped: $1"; exit 0; }
command -v wine >/dev/null || skip "wine is not here (packages wine wine64)"
[ -e "$BUILD/windows/whylogon.exe" ] || skip "$BUILD/windows/whylogon.exe is not here (make windows)"
here=$BUILD/whylogon there=tests/wine.sh
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
export here there tmp
bad=0
[ $# -gt 0 ] || set -- samples/cases/*/
$there --version >"$tmp/version" || { echo "windows: the program does not start"; exit 1; }

# what tests pack there, packed here: the library for Windows only reads
if [ -x "$BUILD/test_container" ]; then
    export PACKED=$tmp/packed
    mkdir "$PACKED"
    "$BUILD/test_container" -j2 >/dev/null 2>&1 || { bad=$((bad + 1)); echo "test_container fails here"; }
fi

# unit tests, each program's one after the other; those that are not built are counted, by the reason of their table
RUN=$there sh tests/run.sh "$BUILD/windows" >"$tmp/units" || bad=$((bad + 1))
read -r passed failed skipped <<<"$(tail -1 "$tmp/units" | sed 's/[^0-9 ]//g')"
sed '$d' "$tmp/units"
while IFS=$'\t' read -r program reason; do
    n=$(grep -c '^Test(' "tests/$program.c")
    if [ "$reason" = "run from Linux" ] && [ -x "$BUILD/$program" ]; then
        if WHYLOGON=$there "$BUILD/$program" -j2 >"$tmp/shell" 2>&1 </dev/null; then
            passed=$((passed + n))
        else
            failed=$((failed + 1)) bad=$((bad + 1))
            grep -v '^\[\(PASS\|RUN\|SKIP\)' "$tmp/shell" | tail -20
        fi
        printf '    %s: %d, %s\n' "$program" "$n" "$reason"
        continue
    fi
    printf '    %s: %d, %s\n' "$program" "$n" "$reason"
    skipped=$((skipped + n))
done < <(grep -v '^#' tests/win32/not_here.tsv)
echo "windows: unit tests: $passed passed, $failed failed, $skipped skipped"

# one sample: its four files by both programs. Odd ones with one worker there, even ones with eight.
one() {
    local s=$1 n=${1##*/} w=$((RANDOM % 2 ? 1 : 8)) f
    local a=0
    if [ -s "$BUILD/cases/$n/case.db" ]; then # make build/cases.stamp
        cp -r "$BUILD/cases/$n" "$tmp/$n.here"
    else
        $here analyze --progress=none -o "$tmp/$n.here" "$s" >"$tmp/$n.here.out" 2>/dev/null
        a=$?
    fi
    local b
    for _ in 1 2; do
        rm -rf "$tmp/$n.there"
        $there analyze --progress=none -j $w -o "$tmp/$n.there" "$s" >"$tmp/$n.there.out" 2>"$tmp/$n.err" </dev/null
        b=$?
        if [ $b -ne 5 ] || ! grep 'cannot start a worker: Windows error' "$tmp/$n.err" >&2; then break; fi # Wine did not, and it is said
    done
    [ $a -eq $b ] || echo "DIFFERS $n: exit $a here, $b there: $(head -1 "$tmp/$n.err")"
    for f in case.db report.html report.md report.json; do
        cmp -s "$tmp/$n.here/$f" "$tmp/$n.there/$f" && echo same || echo "DIFFERS $n/$f (-j $w)"
    done
    rm -rf "$tmp/$n.here" "$tmp/$n.there"
}
export -f one
printf '%s\n' "${@%/}" | xargs -P "$(nproc)" -I{} bash -c 'one {}' >"$tmp/said"
grep DIFFERS "$tmp/said"
same=$(grep -c '^same' "$tmp/said")
bad=$((bad + 4 * $# - same))
echo "windows: $same of $((4 * $#)) files of $# samples: the same bytes"

# commands: the same words and exit code
evtx=$(printf '%s\n' samples/cases/two-hosts/*/*.evtx samples/cases/two-hosts/*.evtx | while read -r f; do [ -e "$f" ] && echo "$f" && break; done)
$here analyze --progress=none -o "$tmp/c" samples/cases/two-hosts >/dev/null 2>&1
agree() {
    $here "$@" >"$tmp/1" 2>/dev/null; local a=$?
    $there "$@" >"$tmp/2" 2>/dev/null </dev/null; local b=$?
    if [ $a -eq $b ] && cmp -s "$tmp/1" "$tmp/2" && [ -s "$tmp/1" ]; then
        words=$((words + 1))
    else
        bad=$((bad + 1)); echo "DIFFERS $*: exit $a here, $b there; $(wc -c <"$tmp/1") and $(wc -c <"$tmp/2") bytes"
    fi
}
words=0
agree dump "$evtx"
agree dump --xml "$evtx"
agree inspect samples/cases/two-hosts
agree explain 0x80070520
agree rules list
agree query "$tmp/c/case.db" 'SELECT * FROM v_finding'
agree summary "$tmp/c/case.db"
agree verify "$tmp/c/case.db"
echo "windows: $words of 8 commands: the same words"

# many tickets: fleet and cases of a batch, of two halves merged, and of one that watches until Ctrl-C; exports
bad_if() { [ "$1" -ne 0 ] || return 0; bad=$((bad + 1)); echo "DIFFERS $2"; }
same_as() { # FOLDER HERE'S: the same files, each with the same bytes
    diff -rq "$tmp/$1" "$tmp/$2" >"$tmp/diff" 2>&1; bad_if $? "$1: $(head -1 "$tmp/diff")"
}
mkdir "$tmp/tickets" "$tmp/box"
for s in few-files clock-skew only-system-log; do cp -r samples/cases/$s "$tmp/tickets/"; done
(cd samples/cases/few-files && tar czf "$tmp/tickets/packed.tgz" .)
$here batch --progress=none -o "$tmp/b1" "$tmp/tickets" >"$tmp/1" 2>/dev/null; code=$?
$there batch --progress=none -j 2 -o "$tmp/b2" "$tmp/tickets" >"$tmp/2" 2>"$tmp/err" </dev/null
[ $? -eq $code ] && [ -s "$tmp/b1/fleet.db" ]; bad_if $? "batch: $(tail -1 "$tmp/err")"
same_as b2 b1
for i in 1 2; do $there batch --progress=none --shard $i/2 -o "$tmp/part$i" "$tmp/tickets" >/dev/null 2>&1 </dev/null; done
$there merge -o "$tmp/m2" "$tmp/part1" "$tmp/part2/fleet.db" >/dev/null 2>"$tmp/err" </dev/null; bad_if $(($? == code ? 0 : 1)) "merge: $(tail -1 "$tmp/err")"
$here merge -o "$tmp/m1" "$tmp/part1" "$tmp/part2" >/dev/null 2>&1
same_as m2 m1
$there batch --watch --progress=none -o "$tmp/w2" "$tmp/box" >/dev/null 2>&1 </dev/null &
watcher=$!
for s in few-files clock-skew; do
    cp -r samples/cases/$s "$tmp/box/"
    for _ in $(seq 600); do [ -e "$tmp/w2/tickets/$s" ] && break; sleep 0.1; done
done
kill -INT $watcher
wait $watcher; bad_if $(($? == 130 ? 0 : 1)) "batch --watch: did not end by Ctrl-C"
$here batch --progress=none -o "$tmp/w1" "$tmp/box" >/dev/null 2>&1
same_as w2 w1
formats="timesketch plaso-jsonl ecs sarif junit csv"
for f in $formats; do agree export "$tmp/c/case.db" --format "$f"; done
agree export "$tmp/b1/fleet.db" --format sarif
echo "windows: batch, merge, --watch and exports: $((words - 8)) of 7 exports agree"

# a set is exchanged whole or not at all, whichever of its files another program holds
set_of() { (cd "$tmp/set" && cat case.db report.html report.md report.json | sha256sum; find . -name '.whylogon-*'); }
again() { $there "$BUILD/windows/hold.exe" "$1" "$tmp/set/$2" "$BUILD/windows/whylogon.exe" analyze --progress=none --force -o "$tmp/set" "$tmp/tickets/$3" >"$tmp/2" 2>"$tmp/err" </dev/null; }
lay() { $there analyze --progress=none --force -o "$tmp/set" "$tmp/tickets/$1" >/dev/null 2>&1 </dev/null; }
lay clock-skew; set_1=$(set_of)
lay few-files; set_2=$(set_of)
for f in case.db report.html report.md report.json; do
    again kept $f clock-skew; [ $? -eq 6 ] && [ "$(set_of)" = "$set_2" ]; bad_if $? "held $f: $(tail -1 "$tmp/err")"
    again shared $f clock-skew; code=$? # Wine replaces no open file even so; what lay aside is removed by the next run
    was=$set_1; [ $code -ne 6 ] || was=$set_2
    [ "$(set_of | head -1)" = "${was%%$'\n'*}" ]; bad_if $? "shared $f: ended with $code, and another set lies there"
    lay few-files
    [ "$(set_of)" = "$set_2" ]; bad_if $? "after shared $f: $(set_of | tail -1)"
done
fleet_of() { (cd "$tmp/b2" && cat fleet.* | sha256sum; find . -name '.whylogon-*'); }
was=$(fleet_of)
$there "$BUILD/windows/hold.exe" kept "$tmp/b2/fleet.db" "$BUILD/windows/whylogon.exe" batch --progress=none --force -o "$tmp/b2" "$tmp/tickets/clock-skew" >/dev/null 2>"$tmp/err" </dev/null
[ $? -eq 6 ] && [ "$(fleet_of)" = "$was" ]; bad_if $? "held fleet.db: $(tail -1 "$tmp/err")"
echo "windows: output sets while another program has one of their files open: whole"

# what is not in force is said, and --require-jail stops there: Wine keeps none of the layers but the end with the job
$there inspect --jail >"$tmp/jail" 2>&1 </dev/null
head -3 "$tmp/jail"
if $there analyze --progress=none --require-jail -o "$tmp/no" samples/cases/two-hosts >/dev/null 2>"$tmp/err" </dev/null; then
    bad=$((bad + 1)); echo "DIFFERS --require-jail: went on without a jail"
fi
for _ in $(seq 100); do [ -s "$tmp/err" ] && break; sleep 0.1; done # wine.sh's filter may be behind
if ! grep -q 'jail is not complete' "$tmp/err" || [ -e "$tmp/no/case.db" ]; then
    bad=$((bad + 1)); echo "DIFFERS --require-jail: $(head -1 "$tmp/err")"
fi
[ $bad -eq 0 ]
