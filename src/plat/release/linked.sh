#!/bin/sh
# What is linked into a program, by the linker's own maps and dpkg's facts: a row of tab-separated fields a file, without a head.
#   static|dynamic  file  Debian package  its version  source package  source version  SHA-256 of the file  binary|source
# usage: linked.sh PROGRAM MAP...      exit 1 where a file belongs to no package
# source: a library that src/plat/win32/libs.sh made, in $WIN_LIBS, of a source package; its own name stands for that of a package.
# A library counts when at least one of its members is in the program; objects that the compiler adds (crt1.o) count by themselves.
set -eu
here=$(dirname "$0")
program=$1
shift
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# of a map: "/usr/lib/libz.a(inflate.o)" lists a member that was taken, "LOAD /usr/lib/crt1.o" a file
awk '/^LOAD \/.*\.o$/ {print $2} /^\/.*\.a\(/ {sub(/\(.*/, ""); print}' "$@" | while read -r f; do readlink -f "$f"; done | sort -u >"$tmp/static"
{ objdump -p "$program" 2>/dev/null || true; } | awk '$1 == "NEEDED" {print $2}' | while read -r so; do
    readlink -f "$(ldconfig -p | awk -v so="$so" '$1 == so && /x86-64/ {print $NF; exit}')"
done | sort -u >"$tmp/dynamic"
for how in static dynamic; do
    while read -r f; do
        sum=$(sha256sum "$f" | cut -d' ' -f1)
        if [ -n "${WIN_LIBS:-}" ] && [ "${f%/*}" = "$(readlink -f "$WIN_LIBS/lib")" ]; then
            src=$(awk -F'\t' -v a="${f##*/}" '!/^#/ && $5 == a {print $1}' "$here/components.tsv")
            version=$(awk -F'\t' -v s="$src" '$1 == s {print $2}' "$WIN_LIBS/sources.tsv")
            [ -n "$version" ] || { echo "linked: of which sources is $f?" >&2; exit 1; }
            printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\tsource\n' $how "${f##*/}" "$src" "$version" "$src" "$version" "$sum"
            continue
        fi
        pkg=$(dpkg -S "$f" 2>/dev/null | sed 's/: .*//;q') || pkg=
        [ -n "$pkg" ] || pkg=$(dpkg -S "${f#/usr}" 2>/dev/null | sed 's/: .*//;q') || pkg=
        [ -n "$pkg" ] || { echo "linked: no package has $f" >&2; exit 1; }
        printf '%s\t%s\t%s\t%s\tbinary\n' $how "${f##*/}" \
            "$(dpkg-query -W -f '${Package}\t${Version}\t${source:Package}\t${source:Version}' "$pkg")" "$sum"
    done <"$tmp/$how"
done
