#!/bin/sh
# The Debian package: what `make install` puts, as Debian wants it.
# usage: deb.sh PLAIN VERSION ROOT ROWS FILE.deb      PLAIN: the build; ROOT: a folder to fill; ROWS: of linked.sh
set -eu
plain=$1 version=$2 root=$3 rows=$4 deb=$5 here=$(dirname "$0")
maintainer=$(git log -1 --format='%an <%ae>')
doc=$root/usr/share/doc/whylogon
"${MAKE:-make}" -s O="$plain" OPT="${OPT:-}" PREFIX=/usr DESTDIR="$root" install >/dev/null
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/whylogon"
gzip -9n "$root/usr/share/man/man1/whylogon.1"
mv "$root/usr/share/zsh/site-functions" "$root/usr/share/zsh/vendor-completions"
mkdir -p "$doc/examples"
cp -r samples/collect.cmd samples/cases/credential-storage-policy "$doc/examples/"
rm "$doc/LICENSE" # Debian has it in common-licenses
{
    printf 'whylogon (%s) stable; urgency=medium\n\n' "$version"
    # of CHANGELOG.md the part of this version: its bullets, one a line
    awk -v v="## $version" 'index($0, "## ") == 1 {on = $0 == v || index($0, v " ") == 1; next} on && /^- /' CHANGELOG.md | while read -r _ line; do
        printf '%s\n' "$line" | fold -s -w 74 | sed -e 's/ *$//' -e '1s/^/  * /' -e '2,$s/^/    /'
    done
    printf '\n -- %s  %s\n' "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.gz"
{
    printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: whylogon\nComment:\n'
    printf ' The program holds parts of these packages, linked statically; the copyright\n file of each tells its authors and terms:\n'
    awk -F'\t' '$1 == "static" {print $3 " " $4}' "$rows" | sort -u | sed 's/^/ /'
    printf ' .\n The LGPL among them is in /usr/share/common-licenses/LGPL-3. The objects\n to link the program anew are published beside this package.\n'
    printf '\nFiles: *\nCopyright: 2026, the whylogon authors\nLicense: Apache-2.0\n\nLicense: Apache-2.0\n'
    printf ' On Debian systems the text of the Apache License, Version 2.0, is in\n /usr/share/common-licenses/Apache-2.0.\n'
} >"$doc/copyright"
mkdir -p "$root/usr/share/lintian/overrides" "$root/DEBIAN"
cp "$here/lintian-overrides" "$root/usr/share/lintian/overrides/whylogon"
find "$root" -type d -exec chmod 755 {} + && find "$root" -type f ! -path '*/usr/bin/*' -exec chmod 644 {} +

# what it needs: dpkg-shlibdeps asks for a source package
mkdir -p "$root/../shlibs/debian"
printf 'Source: whylogon\n\nPackage: whylogon\nArchitecture: amd64\n' >"$root/../shlibs/debian/control"
bin=$(cd "$root" && pwd)/usr/bin/whylogon
depends=$(cd "$root/../shlibs" && dpkg-shlibdeps -O "$bin" 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || { echo "deb: dpkg-shlibdeps finds nothing" >&2; exit 1; }
built=$(awk -F'\t' '$1 == "static" {print $5 " (= " $6 ")"}' "$rows" | sort -u | paste -sd, | sed 's/,/, /g')
{
    printf 'Package: whylogon\nVersion: %s\nArchitecture: amd64\nMaintainer: %s\nInstalled-Size: %s\nDepends: %s\nBuilt-Using: %s\n' \
        "$version" "$maintainer" "$(du -k -s --apparent-size "$root/usr" | cut -f1)" "$depends" "$built"
    cat "$here/control"
} >"$root/DEBIAN/control"
(cd "$root" && find usr -type f | sort | xargs -d '\n' md5sum >DEBIAN/md5sums)
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz -b "$root" "$deb" >/dev/null
