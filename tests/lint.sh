#!/bin/sh
# Four tools read the sources and prints what they say that tests/lint.tsv does not except: one finding a line, TOOL FILE:LINE CHECK WORDS.
# usage: tests/lint.sh        exit 1 when anything is left, or when a row of lint.tsv excepts nothing any more; 2 when a tool is missing
#   shell        every script, by shellcheck
#   cppcheck     src parsers reports: warning, performance, portability
#   clang-tidy   the same without Windows' files: bugprone, cert, misc, performance, some of readability
#   gcc          -fanalyzer on src/base and parsers: what meets evidence first
set -u
cd "$(dirname "$0")/.." || exit 2
for t in shellcheck cppcheck clang-tidy-14 gcc; do
    command -v "$t" >/dev/null || { echo "lint: $t is missing; ./quickstart ci installs it" >&2; exit 2; }
done
jobs=$(nproc 2>/dev/null || echo 2)
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
except=tests/lint.tsv
tab=$(printf '\t')
# names of checks that hold nowhere, each behind its prefix
off() { awk -F"$tab" -v tool="$1" -v before="$2" '$1 == tool && $3 == "*" {printf "%s%s", before, $2}' $except; }
checks="-*,bugprone-*,cert-*,misc-*,performance-*,readability-misleading-indentation,readability-redundant-*"
checks="$checks,readability-inconsistent-declaration-parameter-name,readability-duplicate-include$(off clang-tidy ,-)"
cat >"$tmp/clang-tidy" <<EOF
#!/bin/sh
exec clang-tidy-14 --quiet --header-filter='(src|parsers|reports)/' --checks='$checks' "\$@" -- -std=c17 -I. -Isrc -D_GNU_SOURCE '-DWHYLOGON_VERSION="0"'
EOF
chmod +x "$tmp/clang-tidy"
did() { [ "$2" -lt "$3" ] || echo "$1:0:0: error: ended with $2 [$1]"; } # a tool that could not do its work is a finding
scripts() { grep -lE '^#!.*sh( |$)' quickstart .ci/run tests/*.sh tests/*/*.sh src/plat/*/*.sh; }
sources() { ls src/*/*.c parsers/*/*.c reports/*.c; }
{
    scripts | xargs shellcheck -f gcc; did shellcheck $? 124
} >"$tmp/shellcheck.said" 2>&1
{
    cppcheck -q -j"$jobs" --std=c11 --enable=warning,performance,portability -D_GNU_SOURCE '-DWHYLOGON_VERSION="0"' -I. -Isrc \
        --template='{file}:{line}:{column}: warning: {message} [{id}]' src parsers reports; did cppcheck $? 1
} >"$tmp/cppcheck.said" 2>&1
{
    sources | grep -v win32 | xargs -P"$jobs" -n4 "$tmp/clang-tidy"; did clang-tidy $? 1
} >"$tmp/clang-tidy.said" 2>&1
{
    sources | grep -E '^(src/base|parsers)/' | xargs -P"$jobs" -n1 gcc -std=c17 -I. -Isrc -D_GNU_SOURCE -O1 -fanalyzer -c -o /dev/null; did gcc $? 1
} >"$tmp/gcc.said" 2>&1
awk -F"$tab" -v here="$PWD/" '
    FILENAME ~ /\.tsv$/ { if (!/^#/ && NF) { row[$1 FS $2 FS $3] = 1; if (NF != 4 || $4 == "") print "lint.tsv: a row without its reason: " $0, bad = 1 } next }
    /^[^ ]*:[0-9]+:[0-9]+: (fatal )?[a-z]+: / {
        tool = FILENAME; sub(/.*\//, "", tool); sub(/\.said$/, "", tool)
        line = $0; if (index(line, here) == 1) line = substr(line, length(here) + 1)
        sub(/^\.\//, "", line)
        check = line; if (sub(/.* \[/, "", check)) sub(/\]$/, "", check); else if (line ~ /: (fatal )?error: /) check = "error"; else next
        sub(/^-W/, "", check); sub(/,.*/, "", check)
        file = line; sub(/:.*/, "", file)
        if ((k = tool FS check FS file) in row) { used[k] = 1; next }
        if (line in seen) next
        seen[line] = 1; print tool ": " line; bad = 1
    }
    END {
        for (k in row) if (k !~ /\*$/ && !(k in used)) { gsub(FS, " ", k); print "lint.tsv: excepts nothing any more: " k; bad = 1 }
        exit bad
    }' $except "$tmp"/*.said
