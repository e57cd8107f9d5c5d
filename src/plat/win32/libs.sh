#!/bin/bash
# The libraries of the Windows build, from Debian's source packages: the versions that the Linux build links. `make windows` calls it.
#   libs.sh      prints the folder they lie in, DIR/{lib,include,licences,sources.tsv}; makes them where they are not there yet (two minutes)
# They are kept under ~/.cache/whylogon (XDG_CACHE_HOME), by a sum of this script, the compiler and the versions: nothing is fetched or compiled
# twice. apt checks the signature of the release and the sum of each file; the machine's own lists are read, not touched.
# sources.tsv: package, version, "as on Linux" or why not. The same sources give the same bytes, wherever they are compiled.
set -euo pipefail
HOST=x86_64-w64-mingw32 CC=x86_64-w64-mingw32-gcc-posix
export LC_ALL=C SOURCE_DATE_EPOCH=0
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# source package, the binary package whose version the Linux build has
PACKAGES=(libevtx:libevtx1 libregf:libregf1 libyaml:libyaml-0-2 libdeflate:libdeflate0 sqlite3:libsqlite3-0
    libarchive:libarchive13 zlib:zlib1g bzip2:libbz2-1.0 xz-utils:liblzma5 libzstd:libzstd1)

say() { printf '  %-6s%s\n' "$1" "$2" >&2; }
die() { printf 'libs.sh: %s\n' "$*" >&2; exit 1; }
for t in "$CC" dpkg-source apt-get make tclsh; do
    command -v "$t" >/dev/null || die "needs $t: packages gcc-mingw-w64-x86-64-posix dpkg-dev make tcl"
done

here_version() { dpkg-query -W -f '${source:Version}' "$1" 2>/dev/null || true; }
wanted=$(for p in "${PACKAGES[@]}"; do printf '%s=%s ' "${p%:*}" "$(here_version "${p#*:}")"; done)
key=$({ cat "$here/libs.sh"; "$CC" -v 2>&1 | tail -1; echo "$wanted"; } | sha256sum | cut -c1-16)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/whylogon
dir=$cache/windows-$key
[ ! -e "$dir/done" ] || { echo "$dir"; exit 0; }
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9                                    # another build of the same: its work is waited for
[ ! -e "$dir/done" ] || { echo "$dir"; exit 0; }
rm -rf "$dir"
src=$dir/src inc=$dir/include lib=$dir/lib
mkdir -p "$src/lists/partial" "$src/cache/archives/partial" "$src/parts" "$inc" "$lib" "$dir/licences"

# --- sources

ours=(-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$src/parts" -o Dir::State::Lists="$src/lists" -o Dir::Cache="$src/cache" -o APT::Sandbox::User=root)
apt() { apt-get -q "${ours[@]}" "$@" >>"$dir/apt.log" 2>&1; }
# the newest version of a package that the mirror lists and has: an update may be listed longer than it is kept
newest() {
    local v
    for v in $(apt-cache "${ours[@]}" showsrc --only-source "$1" 2>>"$dir/apt.log" | sed -n 's/^Version: //p' | sort -urV); do
        rm -rf "$src/$1"[-_]*
        if apt source "$1=$v"; then echo "$v"; return 0; fi
    done
    return 1
}
fetch() {
    local p name version v
    # what the machine takes packages from, asked for sources
    sed -n 's/^Types: .*/Types: deb-src/; p' /etc/apt/sources.list.d/debian.sources >"$src/parts/own.sources" 2>/dev/null || rm -f "$src/parts/own.sources"
    [ ! -e /etc/apt/sources.list ] || sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$src/parts/own.list"
    cd "$src"
    apt update || die "no list of sources to be had: $(tail -1 "$dir/apt.log")"
    for p in $wanted; do
        name=${p%%=*} version=${p#*=}
        if [ -n "$version" ] && apt source "$name=$version"; then
            printf '%s\t%s\tas on Linux\n' "$name" "$version"
        elif v=$(newest "$name"); then
            say NOTE "$name ${version:-(not installed)} is not to be had: the newest there is"
            printf '%s\t%s\tthe newest there is: %s is not to be had\n' "$name" "$v" "${version:-any installed one}"
        else
            die "cannot fetch $name: $(tail -1 "$dir/apt.log")"
        fi
    done >"$dir/sources.tsv"
}
tree() { echo "$src/$1"-[0-9]*/; }

# --- compiling

CFLAGS=(-std=gnu17 -w -O2 -g0 -mcmodel=small -ffunction-sections -fdata-sections -fstack-protector-strong "-ffile-prefix-map=$src=." -DWIN32_LEAN_AND_MEAN)
SEVEN=(-DWINVER=0x0601 -D_WIN32_WINNT=0x0601)

# compile NAME FLAGS... -- FILES...     in the folder at hand, into lib/NAME.a
compile() {
    local name=$1 o=$src/obj/$1 flags=()
    shift
    while [ "$1" != -- ]; do flags+=("$1"); shift; done
    shift
    mkdir -p "$o"
    # shellcheck disable=SC2016 # the inner shell's variables
    printf '%s\n' "$@" | xargs -I{} sh -c 'f=$1 o=$2; shift 2; exec "$@" -c "$f" -o "$o/$(echo "${f%.c}" | tr / _).o"' \
        sh {} "$o" "$CC" "${CFLAGS[@]}" "${flags[@]}" || die "cannot compile $name"
    (cd "$o" && printf '%s\n' *.o | sort | xargs "$HOST-ar" rcsD "$lib/$name.a")
}
without() { local f; for f in "${@:2}"; do [[ $f =~ $1 ]] || echo "$f"; done; } # the files whose names do not have REGEX
# licence NAME FILE...
licence() { local name=$1; shift; cat "$@" >"$dir/licences/$name.txt"; }

# libevtx and libregf: each with the libraries it was released with, compiled file by file (their makefiles take three times as long).
yal() {
    local name=$1 with own parts
    cd "$(tree "$name")"
    with=$(grep -o 'with-lib[a-z]*\[' configure | tr -d '[' | sort -u | sed 's/^/--/; s/$/=no/')
    # shellcheck disable=SC2086 # a list of words
    ./configure --host=$HOST CC=$CC --enable-wide-character-type --enable-winapi --disable-nls --disable-shared $with >"$dir/$name.log" 2>&1
    own=$(grep -o 'HAVE_LOCAL_[A-Z]*' common/config.h.in | sort -u | sed 's/^/-D/; s/$/=1/')
    parts=$(sed -n "/^${name}_la_LIBADD/,/[^\\\\]\$/s/.*@\(LIB[A-Z]*\)_LIBADD.*/\\L\1/p" "$name/Makefile.am") # others are for its tools
    # shellcheck disable=SC2046,SC2086
    compile "$name" "${SEVEN[@]}" -DHAVE_CONFIG_H -DUNICODE -D_UNICODE -D_DLL_STATIC -I. -Iinclude -Icommon $(printf -- '-I%s ' lib*/) $own -- \
        $(for d in $parts "$name"; do ls "$d"/*.c; done)
    cp -r "include/$name" "include/$name.h" "$inc/"
    licence "$name" COPYING*
}
sqlite() {
    local as_debian
    cd "$(tree sqlite3)"
    env -u CC ./configure --disable-tcl --disable-readline >"$dir/sqlite3.log" 2>&1
    make -s sqlite3.c >>"$dir/sqlite3.log" 2>&1
    as_debian=$(sed -n '/^export CFLAGS/,/[^\\]$/p' debian/rules | grep -o -- '-DSQLITE[^ \\]*' | grep -v LOAD_EXTENSION)
    # shellcheck disable=SC2086
    compile libsqlite3 $as_debian -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_OMIT_LOAD_EXTENSION -- sqlite3.c
    cp sqlite3.h "$inc/"
    sed -n '1,/^\*\*\*\*/p' src/sqliteInt.h >"$dir/licences/sqlite3.txt"
}
yaml() {
    local v part
    cd "$(tree libyaml)"
    v=$(basename "$PWD" | sed 's/.*-//')
    IFS=. read -r -a part <<<"$v"
    compile libyaml -DYAML_DECLARE_STATIC -DYAML_VERSION_STRING="\"$v\"" -DYAML_VERSION_MAJOR="${part[0]}" -DYAML_VERSION_MINOR="${part[1]}" \
        -DYAML_VERSION_PATCH="${part[2]}" -Iinclude -- src/*.c
    cp include/yaml.h "$inc/"
    licence libyaml License
}
deflate() {
    cd "$(tree libdeflate)"
    compile libdeflate -I. -- lib/*.c lib/x86/*.c
    cp libdeflate.h "$inc/"
    licence libdeflate COPYING
}
zlib() {
    cd "$(tree zlib)"
    compile libz -I. -- adler32.c crc32.c inf*.c zutil.c deflate.c trees.c
    cp zlib.h zconf.h "$inc/"
    sed -n '1,/^\*\//p' zlib.h >"$dir/licences/zlib.txt"
}
bz2() {
    cd "$(tree bzip2)"
    compile libbz2 -- blocksort.c huffman.c crctable.c randtable.c compress.c decompress.c bzlib.c
    cp bzlib.h "$inc/"
    licence bzip2 LICENSE
}
# what reads, in one thread
lzma() {
    local has
    cd "$(tree xz-utils)/src/liblzma"
    has=$(printf -- '-DHAVE_DECODER_%s=1 ' LZMA1 LZMA2 X86 POWERPC IA64 ARM ARMTHUMB ARM64 SPARC DELTA)$(printf -- '-DHAVE_CHECK_%s=1 ' CRC32 CRC64 SHA256)
    # shellcheck disable=SC2046,SC2086
    compile liblzma -DLZMA_API_STATIC -DHAVE_DECODERS=1 $has -DHAVE_LZIP_DECODER=1 -DHAVE_STDBOOL_H=1 -DHAVE__BOOL=1 -DHAVE_STDINT_H=1 -DHAVE_INTTYPES_H=1 -DHAVE_VISIBILITY=0 \
        -DTUKLIB_SYMBOL_PREFIX=lzma_ -DTUKLIB_FAST_UNALIGNED_ACCESS=1 -DASSUME_RAM=128 -DSIZEOF_SIZE_T=8 -DPACKAGE_NAME='"XZ Utils"' -DPACKAGE_BUGREPORT='""' -DPACKAGE_URL='""' \
        -Iapi -Icommon -Icheck -Ilz -Irangecoder -Ilzma -Idelta -Isimple -I../common -- \
        $(without 'encoder|_mt\.c|easy_|hardware|outqueue' check/*_fast.c check/*_table.c check/check.c check/sha256.c common/*.c lz/*decoder.c lzma/*decoder.c \
            delta/*common.c delta/*decoder.c simple/*.c)
    cp -r api/lzma.h api/lzma "$inc/"
    licence xz-utils ../../COPYING
}
zstd() {
    cd "$(tree libzstd)/lib"
    compile libzstd -DZSTD_DISABLE_ASM -I. -Icommon -- common/*.c decompress/*.c
    cp zstd.h zstd_errors.h "$inc/"
    licence libzstd ../LICENSE
}
# What reads archives from memory, by libarchive's own description of Windows; passphrases through CNG.
archive() {
    local v
    cd "$(tree libarchive)"
    v=$(basename "$PWD" | sed 's/.*-//')
    # names are UTF-8 as on Linux, not in the code page of the user's language
    sed -i 's/locale = setlocale(LC_CTYPE, NULL);/return (CP_UTF8);/' libarchive/archive_string.c
    sed -i '/define WINVER/d; /define _WIN32_WINNT/d; /define HAVE_READDIR_R/d' contrib/android/config/windows_host.h
    # shellcheck disable=SC2046
    compile libarchive "${SEVEN[@]}" -DPLATFORM_CONFIG_H='"contrib/android/config/windows_host.h"' -D__LIBARCHIVE_CONFIG_H_INCLUDED=1 -DLIBARCHIVE_STATIC -DLZMA_API_STATIC \
        -DVERSION="\"$v\"" -DLIBARCHIVE_VERSION_STRING="\"$v\"" $(printf -- '-DHAVE_%s=1 ' LIBZ ZLIB_H LIBBZ2 BZLIB_H LIBLZMA LZMA_H LIBZSTD ZSTD_H) -I. -Ilibarchive -I"$inc" -- \
        $(without 'archive_write|disk|extract|match|getdate|_fd|_posix' libarchive/*.c)
    cp libarchive/archive.h libarchive/archive_entry.h "$inc/"
    licence libarchive COPYING
}

say FETCH "sources of $(printf '%s ' "${PACKAGES[@]%:*}")"
fetch
# libbfio's code is in libevtx and libregf; its declarations are those of the Linux build
cp -r /usr/include/libbfio /usr/include/libbfio.h "$inc/" || die "needs libbfio-dev"
say LIB "$(cut -f1 "$dir/sources.tsv" | tr '\n' ' ')"
archives() { zlib; bz2; lzma; zstd; archive; } # libarchive wants the headers of those it unpacks with
jobs=()
for l in archives yaml deflate sqlite "yal libevtx" "yal libregf"; do
    # shellcheck disable=SC2086
    (set -e; $l) &
    jobs+=($!)
done
for j in "${jobs[@]}"; do wait "$j" || die "the rest of the story is in $dir"; done
rm -rf "$src"
touch "$dir/done"
echo "$dir"
