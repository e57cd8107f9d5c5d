#!/bin/sh
# make release: what others run without building it, in BUILD/release, and the sums of all of it. The same commit gives the same bytes in
# whatever folder. The programs are there already, without debug information, in BUILD/plain, each beside the linker's map of it.
# usage: release.sh BUILD VERSION      the Makefile hands over CC, LDLIBS, ALONE, STATIC
set -eu
cd "$(dirname "$0")/../../.."
version=$2 plain=$1/plain out=$1/release stage=$1/release.stage here=src/plat/release
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
commit=$(git rev-parse HEAD)
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
umask 022
for t in dpkg-shlibdeps dpkg-deb zip gzip strip; do
    command -v $t >/dev/null || { echo "release: $t is missing; ./quickstart release installs it" >&2; exit 2; }
done
git diff --quiet HEAD || echo "release: the tree has changes that are in no commit; sources and programs will not agree" >&2
rm -rf "$out" "$stage"
mkdir -p "$out" "$stage"

pack_tar() { # a folder of the stage
    tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar -C "$stage" -cf - "$1" | gzip -9n >"$out/$1.tar.gz"
}
pack_zip() {
    find "$stage/$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    (cd "$stage" && find "$1" -type f | sort | zip -X -q -9 -@ "$1.zip")
    mv "$stage/$1.zip" "$out/"
}

# --- what every archive has beside the program
papers() { # DIR
    mkdir -p "$1/knowledge" "$1/reports" "$1/samples/cases"
    cp README.md CHANGELOG.md LICENSE "$1/"
    cp knowledge/*.md "$1/knowledge/"
    cp reports/report.schema.json "$1/reports/"
    cp samples/README.md samples/MANIFEST.tsv samples/collect.cmd "$1/samples/"
    for c in credential-storage-policy dirty-hive healthy-host two-hosts; do cp -r "samples/cases/$c" "$1/samples/cases/"; done
}
# licence texts of what is linked in; ROWS as linked.sh prints them
licences() { # DIR ROWS WHERE-TO-RELINK
    mkdir -p "$1/licences"
    awk -F'\t' '$1 == "static" {print $3 "\t" $4 "\t" $5 "\t" $6}' "$2" | sort -u >"$stage/packages"
    {
        cat $here/LICENCES.txt
        printf '\n%-20s %-24s %-44s %s\n' package version licence 'Debian source'
        awk -F'\t' 'NR == FNR {if (!/^#/) lic[$1] = $2; next} {printf "%-20s %-24s %-44s %s %s\n", $1, $2, lic[$3], $3, $4}' $here/components.tsv "$stage/packages"
        printf '\n%s\n' "$3"
    } >"$1/licences/LICENCES.txt"
    cut -f1 "$stage/packages" | while read -r p; do
        if [ -n "${WIN_LIBS:-}" ] && [ -f "$WIN_LIBS/licences/$p.txt" ]; then from=$WIN_LIBS/licences/$p.txt; else from=/usr/share/doc/$p/copyright; fi
        cp -L "$from" "$1/licences/$p.copyright"
    done
    { cat "$1"/licences/*.copyright; echo common-licenses/GPL-3 common-licenses/LGPL-3; } | grep -oE 'common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]' | sort -u | while read -r l; do
        cp -L "/usr/share/$l" "$1/licences/${l#*/}"
    done
    mv "$1/licences/LGPL-3" "$1/licences/COPYING.LESSER" # as its authors call it
    ln "$1/licences/COPYING.LESSER" "$1/licences/LGPL-3"
}
bill() { # PROGRAM NAME ROWS
    sh $here/sbom.sh "$1" "$2" "$version" "$commit" <"$3" >"$out/$2.cdx.json"
}

# --- Linux: static
name=whylogon-$version-linux-x86_64
dir=$stage/$name
papers "$dir"
strip -o "$dir/whylogon" "$plain/whylogon-static"
sh $here/linked.sh "$plain/whylogon-static" "$plain/whylogon-static.map" "$plain"/parsers/second/*.map >"$stage/static.rows"
licences "$dir" "$stage/static.rows" "To link the program with other versions of these libraries: whylogon-$version-linux-x86_64-relink.tar.gz, published beside this
archive, holds its objects and the command."
bill "$dir/whylogon" "$name" "$stage/static.rows"
pack_tar "$name"

# --- its objects, to be linked with other builds of the libraries
dir=$stage/$name-relink
mkdir -p "$dir/objects"
cp "$plain"/src/cmd/main.o "$plain"/src/cmd/cmd_*.o "$plain/src/plat/release/alone.o" "$plain"/parsers/second/second_evtx.o "$plain"/parsers/second/second_regf.o \
    "$plain/parsers/second/second_io.o" "$dir/objects/"
cp "$plain/libwhylogon.a" "$dir/objects/"
ar d "$dir/objects/libwhylogon.a" second_evtx.lib.o second_regf.lib.o
wrap=
for w in $ALONE; do wrap="$wrap -Wl,--wrap=$w"; done
sed -e "s|@LDLIBS@|$LDLIBS|" -e "s|@STATIC@|$STATIC$wrap|" $here/relink.sh >"$dir/relink.sh"
chmod 755 "$dir/relink.sh"
cp LICENSE "$dir/"
pack_tar "$name-relink"

# --- Debian 12: linked as Debian has its libraries
sh $here/linked.sh "$plain/whylogon" "$plain/whylogon.map" "$plain"/parsers/second/*.map >"$stage/deb.rows"
sh $here/deb.sh "$plain" "$version" "$stage/deb" "$stage/deb.rows" "$out/whylogon_${version}_amd64.deb"
bill "$stage/deb/usr/bin/whylogon" "whylogon_${version}_amd64" "$stage/deb.rows"

# --- Windows
if [ "${WINDOWS:-1}" != 0 ]; then
    name=whylogon-$version-windows-x64 exe=$plain/windows/whylogon.exe
    dir=$stage/$name
    WIN_LIBS=$(src/plat/win32/libs.sh)
    export WIN_LIBS
    papers "$dir"
    x86_64-w64-mingw32-strip -o "$dir/whylogon.exe" "$exe"
    sed -e "s/@VERSION@/$version/" -e 's/$/\r/' $here/START.txt >"$dir/START.txt"
    sh $here/linked.sh "$exe" "$exe.map" "$plain"/windows/parsers/second/*.map >"$stage/windows.rows"
    licences "$dir" "$stage/windows.rows" "To link the program with other versions of these libraries, on Debian 12: whylogon-$version-source.tar.gz, published beside this archive,
holds the sources; src/plat/win32/libs.sh makes a folder of libraries, and with that folder, or one like it of your own, as DIR
    make HOST=windows O=build/windows CC=x86_64-w64-mingw32-gcc-posix WIN_LIBS=DIR all"
    bill "$dir/whylogon.exe" "$name" "$stage/windows.rows"
    pack_zip "$name"
fi

# --- sources of all of it
git archive --format=tar --prefix="whylogon-$version/" HEAD | gzip -9n >"$out/whylogon-$version-source.tar.gz"
(cd "$out" && sha256sum -- * >SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS)
rm -rf "$stage"
(cd "$out" && ls -l)
