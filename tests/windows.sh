#!/bin/bash
# The program for Windows, under Wine, does what the one here does: the same bytes of every sample's case and reports, with 1 and 8 workers; the same
# words of other commands; and it says what of its jail is not in force. Wine is no Windows: tests/windows-checklist.md is what it cannot show.
# usage: tests/windows.sh BUILD [SAMPLE...]      after make all windows samples; exit 1: something differs; "skipped" and 0: no Wine or no program
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
[ $# -gt 0 ] || set -- samples/cases/*/
$there --version >"$tmp/version" || { echo "windows: the program does not start"; exit 1; }

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
    $there analyze --progress=none -j $w -o "$tmp/$n.there" "$s" >"$tmp/$n.there.out" 2>"$tmp/$n.err" </dev/null
    local b=$?
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
bad=$((4 * $# - same))
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

# what is not in force is said, and --require-jail stops there: Wine keeps none of the layers but the end with the job
$there inspect --jail >"$tmp/jail" 2>&1 </dev/null
head -3 "$tmp/jail"
if $there analyze --progress=none --require-jail -o "$tmp/no" samples/cases/two-hosts >/dev/null 2>"$tmp/err" </dev/null; then
    bad=$((bad + 1)); echo "DIFFERS --require-jail: went on without a jail"
fi
if ! grep -q 'jail is not complete' "$tmp/err" || [ -e "$tmp/no/case.db" ]; then
    bad=$((bad + 1)); echo "DIFFERS --require-jail: $(head -1 "$tmp/err")"
fi
[ $bad -eq 0 ]
