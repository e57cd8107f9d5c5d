#!/bin/sh
# make release-check: are the archives of BUILD/release what README.md says? Each in an empty folder, as a stranger has it.
# usage: release.sh BUILD VERSION      TWICE=1 builds all of it in another folder and compares bytes; BARE=1 installs the package on a fresh Debian (debootstrap)
# Ends with N passed, N failed, N skipped; what is skipped names what it lacks.
set -u
cd "$(dirname "$0")/.." || exit 2
top=$PWD version=$2 rel=$PWD/$1/release plain=$PWD/$1/plain passed=0 failed=0 skipped=0
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
ok() { passed=$((passed + 1)); echo "  ok    $1"; }
bad() { failed=$((failed + 1)); echo "  FAIL  $1"; }
skip() { skipped=$((skipped + 1)); echo "  skip  $1: $2"; }
holds() { # WHAT COMMAND...: its words only where it fails
    what=$1 && shift
    [ ! -f "$tmp/said" ] || mv "$tmp/said" "$tmp/before"
    if "$@" >"$tmp/said" 2>&1; then ok "$what"; else bad "$what" && head -n 20 "$tmp/said"; fi
}
readme() { # NAME: the commands of README.md's block that unpacks it
    awk -v name="$1" '/^```/ {if (on && hit) exit; on = !on; text = ""; next} on {text = text $0 "\n"; if (index($0, name)) hit = 1} END {printf "%s", text}' README.md
}
verdicts() { grep -q '^confirmed    credential-storage-policy' "$1"; }
linux=whylogon-$version-linux-x86_64
name=$linux.tar.gz

# --- sums, sources, words
sums() { (cd "$rel" && sha256sum -c --quiet SHA256SUMS) && [ "$(find "$rel" -type f ! -name SHA256SUMS | wc -l)" = "$(wc -l <"$rel/SHA256SUMS")" ]; }
holds "SHA256SUMS names every file, and holds" sums
# what is above may only be what comes next
holds "CHANGELOG.md begins with $version" sh -c "grep '^## ' CHANGELOG.md | grep -vx '## Not released yet' | head -1 | grep -qE '^## $version( |\$)'"
sources() { gzip -dc "$rel/whylogon-$version-source.tar.gz" >"$tmp/src.tar" && git archive --format=tar --prefix="whylogon-$version/" HEAD | cmp - "$tmp/src.tar"; }
holds "the archive of sources is this commit" sources

# --- Linux, as README.md begins
first() {
    mkdir "$tmp/linux" && cp "$rel/$name" "$tmp/linux/" && readme "$name" >"$tmp/first.sh" && [ -s "$tmp/first.sh" ] \
        && (cd "$tmp/linux" && sh -e "$tmp/first.sh") && test -s "$tmp/linux/$linux/out/report.html"
}
holds "README.md's first commands" first
holds "... confirm the sample's cause" verdicts "$tmp/before"
here=$tmp/linux/$linux
holds "the program needs no other file" sh -c "! readelf -d '$here/whylogon' | grep NEEDED && ! readelf -l '$here/whylogon' | grep INTERP"
holds "it is placed at random" sh -c "readelf -h '$here/whylogon' | grep -q 'DYN (P'"

# --- every sample in a root that holds nothing but the program; reports as the ordinary build makes them, the jail whole
root=$tmp/root
everywhere() {
    mkdir -p "$root/in" && cp "$here/whylogon" "$root/" && cp -r samples/cases/* "$root/in/" || return
    for c in samples/cases/*; do
        c=${c##*/}
        chroot "$root" /whylogon analyze --require-jail -o "/out-$c" "/in/$c" >/dev/null || { echo "$c"; return 1; }
        "$plain/whylogon" analyze -o "$tmp/plain-$c" "samples/cases/$c" >/dev/null || return
        for r in json md html; do cmp "$root/out-$c/report.$r" "$tmp/plain-$c/report.$r" || return; done
    done
}
packed() { # names that are not ASCII, also with backslashes alone, where the system has no locale
    command -v python3 >/dev/null || { echo "no python3"; return 1; }
    python3 - "$root/in" <<'X' || return
import io, sys, tarfile, zipfile
log = open("samples/cases/credential-storage-policy/System.evtx", "rb").read()
with zipfile.ZipFile(sys.argv[1] + "/names.zip", "w", zipfile.ZIP_DEFLATED) as z:
    for n in ("日本語/System.evtx", "žluť\\Systém.evtx", "plain\\System.evtx"):
        z.writestr(zipfile.ZipInfo(n), log)
with tarfile.open(sys.argv[1] + "/names.tar.xz", "w:xz", format=tarfile.PAX_FORMAT) as t:
    i = tarfile.TarInfo("日本語/System.evtx")
    i.size = len(log)
    t.addfile(i, io.BytesIO(log))
X
    for n in names.zip names.tar.xz; do
        chroot "$root" /whylogon analyze --require-jail --force -o /out-names "/in/$n" >/dev/null || return
        "$plain/whylogon" analyze --force -o "$tmp/plain-names" "$root/in/$n" >/dev/null || return
        cmp "$root/out-names/report.json" "$tmp/plain-names/report.json" && grep -q 日本語 "$root/out-names/report.json" || return
    done
}
if [ "$(id -u)" = 0 ]; then
    holds "every sample in a bare root: the same reports, the whole jail" everywhere
    holds "containers in a bare root: the same names" packed
else
    skip "a bare root" "needs to be root"
fi
if [ -x "$top/$1/test_system" ]; then
    holds "calls of Linux 4.18 are enough" env WHYLOGON="$here/whylogon" "$top/$1/test_system"
else
    skip "calls of Linux 4.18 are enough" "make $1/test_system"
fi

# --- what is linked: the linker's own trace of a new link, and the words of the libraries in the program
relink() {
    tar xf "$rel/$linux-relink.tar.gz" -C "$tmp" || return
    if ! (cd "$tmp/$linux-relink" && LDFLAGS=-Wl,-t,-t ./relink.sh >"$tmp/trace" 2>&1); then tail -n 5 "$tmp/trace" && return 1; fi
    cmp "$tmp/$linux-relink/whylogon" "$here/whylogon"
}
listed() {
    # "/usr/lib/crti.o" and "(/usr/lib/libz.a)inflate.o"
    sed -nE 's,^/.*/([^/]*\.o)$,\1,p; s,^\(/.*/([^/]*\.a)\).*,\1,p' "$tmp/trace" | sort -u >"$tmp/traced"
    grep -oE '"[^" ]+\.(a|o) sha256' "$rel/$linux.cdx.json" | sed 's/"//; s/ .*//' | sort -u >"$tmp/billed"
    [ -s "$tmp/traced" ] && diff "$tmp/traced" "$tmp/billed"
}
worded() { # PACKAGE, what the library in the program says of its version
    while IFS='|' read -r p re; do
        found=$(strings -n 5 "$here/whylogon" | grep -oE "$re" | head -n1 | grep -oE '[0-9]+(\.[0-9]+)+|[0-9]{8}')
        said=$(grep -A1 "\"name\": \"$p\"" "$rel/$linux.cdx.json" | sed -n 's/.*"version": "\(.*\)".*/\1/p')
        case $found:$said in :* | *:) echo "$p: '$found' in the program, '$said' in the bill"; return 1 ;; esac
        case $said in "$found"* | *:"$found"*) ;; *) echo "$p: $found in the program, $said in the bill"; return 1 ;; esac
    done <<'X'
libarchive-dev|libarchive [0-9]+\.[0-9]+\.[0-9]+
zlib1g-dev|(in|de)flate [0-9]+\.[0-9]+\.[0-9]+
libbz2-dev|^1\.0\.[0-9]+, [0-9]+-[A-Z]
X
}
holds "linked anew from its objects it is the same program" relink
holds "its bill of materials lists what the linker took, and nothing else" listed
holds "versions in the bill are those the libraries tell" worded
licensed() {
    grep '"bom-ref"' "$rel/$linux.cdx.json" | grep -oE '[^"]+/static' | sed 's,/static,,' >"$tmp/static"
    [ -s "$tmp/static" ] || return
    while read -r p; do
        if ! test -s "$here/licences/$p.copyright" || ! grep -q "^$p " "$here/licences/LICENCES.txt"; then echo "$p" && return 1; fi
    done <"$tmp/static"
    grep -q 'GNU LESSER GENERAL PUBLIC LICENSE' "$here/licences/COPYING.LESSER" && grep -q 'Version 3, 29 June 2007' "$here/licences/COPYING.LESSER" \
        && grep -q 'Version 3, 29 June 2007' "$here/licences/GPL-3" && cat "$here"/licences/*.copyright | grep -oE 'common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]' | sort -u \
        | while read -r l; do test -s "$here/licences/${l#*/}" || { echo "$l"; exit 1; }; done
}
holds "every licence stands there whole" licensed
if python3 -c 'import cyclonedx.validation.json, jsonschema' 2>/dev/null; then
    for f in "$rel"/*.cdx.json; do
        holds "${f##*/} is CycloneDX 1.5" python3 -c "
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
sys.exit(JsonStrictValidator(SchemaVersion.V1_5).validate_str(open('$f').read()))"
    done
else
    skip "bills of materials against their schema" "pip install 'cyclonedx-python-lib[json-validation]'"
fi

# --- the Debian package
deb=$rel/whylogon_${version}_amd64.deb
needed() { # every shared library of the program is in its bill
    dpkg-deb -x "$deb" "$tmp/deb" && readelf -d "$tmp/deb/usr/bin/whylogon" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | while read -r so; do
        grep -q "\"$(basename "$(readlink -f "/lib/x86_64-linux-gnu/$so")") sha256" "$rel/whylogon_${version}_amd64.cdx.json" || { echo "$so"; exit 1; }
    done && (cd "$tmp/deb" && dpkg-deb --ctrl-tarfile "$deb" | tar xO ./md5sums | md5sum -c --quiet)
}
holds "the package: sums, and its bill lists every shared library" needed
if command -v lintian >/dev/null; then
    holds "lintian finds no error" lintian --allow-root --fail-on error "$deb"
else
    skip "lintian finds no error" "lintian"
fi
bare() {
    debootstrap --variant=minbase bookworm "$tmp/debian" >/dev/null && cp "$deb" "$tmp/debian/tmp/" \
        && chroot "$tmp/debian" sh -ec "apt-get update -q >/dev/null; DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends /tmp/${deb##*/} >/dev/null
            whylogon analyze -o /tmp/out /usr/share/doc/whylogon/examples/credential-storage-policy; dpkg -V whylogon"
}
if [ "${BARE:-0}" = 0 ]; then
    skip "the package on a bare Debian" "BARE=1, two minutes"
elif [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
    skip "the package on a bare Debian" "root and debootstrap"
else
    holds "the package on a bare Debian" bare
    holds "... confirms the sample's cause" verdicts "$tmp/before"
fi

# --- Windows
zip=whylogon-$version-windows-x64
if [ ! -f "$rel/$zip.zip" ]; then
    skip "Windows" "no $zip.zip: make release needs what ./quickstart release installs"
elif ! command -v unzip >/dev/null || ! command -v wine >/dev/null; then
    skip "Windows" "unzip and wine"
else
    on_windows() {
        cmd=$(readme "$zip.zip" | sed -n 's/^[.].//p' | tr '\134' /)
        case $cmd in whylogon\ analyze\ *) ;; *) echo "README.md: $cmd"; return 1 ;; esac
        # shellcheck disable=SC2086
        (mkdir "$tmp/windows" && cd "$tmp/windows" && unzip -q "$rel/$zip.zip" && cd "$zip" \
            && WINEDEBUG=-all WINEPREFIX=$tmp/prefix wine whylogon.exe ${cmd#whylogon } 2>/dev/null && cmp out/report.json "$here/out/report.json")
    }
    holds "README.md's first commands on Windows: the same report" on_windows
fi

# --- once more, elsewhere
again() {
    git clone -q . "$tmp/again" && (cd "$tmp/again" && env -u CC CCACHE_DISABLE=1 make -j2 release >/dev/null 2>&1); diff "$tmp/again/$1/release/SHA256SUMS" "$rel/SHA256SUMS"
}
if [ "${TWICE:-0}" = 0 ]; then skip "the same bytes from another folder" "TWICE=1, minutes"; else holds "the same bytes from another folder" again "$1"; fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
