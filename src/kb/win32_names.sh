#!/bin/sh
# win32_names: names of Win32 error codes 1 to 15999 and of network errors (NERR), from the headers winerror.h and lmerr.h of mingw-w64, which are in the public
# domain, as lines "number TAB name" by number; of one number in the order of the headers.
# usage: src/kb/win32_names.sh [FOLDER of the headers] > knowledge/codes/win32-names.tsv        (make win32-names; a test compares)
set -eu
in=${1:-/usr/share/mingw-w64/include}
for h in winerror.h lmerr.h; do
    grep -q 'no copyright assigned and is placed in the Public Domain' "$in/$h" || { echo "$0: $in/$h does not say that it is in the public domain" >&2; exit 1; }
done
tab=$(printf '\t')
echo "# Win32 error codes and network errors (NERR) by number: number, tab, name; more than one name a number is possible."
echo "# Made by src/kb/win32_names.sh from winerror.h and lmerr.h of mingw-w64 (\"This file has no copyright assigned and is placed in the Public Domain\")."
{
    sed -nE 's/^#define +([A-Za-z]\w*) +(__MSABI_LONG\()?([0-9]+)\)?L? *$/\3 \1/p; s/^#define +([A-Za-z]\w*) +\(WSABASEERR ?\+ ?([0-9]+)\) *$/1\2 \1/p' "$in/winerror.h" |
        awk '/^1[0-9]+ WSA/ { $1 = 10000 + substr($1, 2) } { print }'
    sed -nE 's/^#define +(NERR_\w+) +\(NERR_BASE ?\+ ?([0-9]+)\) *$/\2 \1/p' "$in/lmerr.h" | awk '{ $1 += 2100; print }'
} | awk '$1 > 0 && $1 < 16000 && $2 !~ /^(FACILITY_|SEVERITY_)/ && $2 !~ /(_BASE|BASEERR|^MAX_NERR)$/ && !seen[$1 " " $2]++ { print $1 "\t" $2 }' | LC_ALL=C sort -s -n -t "$tab" -k1,1
