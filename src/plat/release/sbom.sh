#!/bin/sh
# A bill of materials, CycloneDX 1.5 in JSON, of a program: what linked.sh says, with the licences of components.tsv.
# usage: sbom.sh PROGRAM NAME VERSION COMMIT <rows of linked.sh      SOURCE_DATE_EPOCH is its time; the same input, the same bytes
set -eu
here=$(dirname "$0")
sum=$(sha256sum "$1" | cut -d' ' -f1)
LC_ALL=C sort | awk -F'\t' -v name="$2" -v version="$3" -v commit="$4" -v sum="$sum" -v when="$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)" '
    function q(s) { gsub(/[\\"]/, "\\\\&", s); return "\"" s "\"" }
    function url(s) { gsub(/%/, "%25", s); gsub(/:/, "%3A", s); gsub(/~/, "~", s); gsub(/\+/, "%2B", s); return s }
    function licence(l) { return l ~ /^public/ ? "{\"license\": {\"name\": " q(l) "}}" : "{\"expression\": " q(l) "}" }
    FILENAME != "-" { if (!/^#/) { lic[$1] = $2; what[$1] = $3; home[$1] = $4 } next }
    !($5 in lic) { print "sbom: components.tsv has no row for " $5 > "/dev/stderr"; bad = 1; exit 1 }
    {
        k = $3 SUBSEP $1
        if (!(k in n)) { order[++c] = k; how[k] = $1; pkg[k] = $3; ver[k] = $4; src[k] = $5; srcver[k] = $6; arch[k] = $8 == "source" ? "source" : "amd64" }
        n[k]++
        files[k] = files[k] (n[k] > 1 ? ",\n" : "") "        {\"name\": \"linked:file\", \"value\": " q($2 " sha256:" $7) "}"
    }
    END {
        if (bad) exit 1
        # a UUID that the program and its place decide
        u = substr(sum, 1, 8) "-" substr(sum, 9, 4) "-8" substr(sum, 14, 3) "-a" substr(sum, 18, 3) "-" substr(sum, 21, 12)
        print "{\n  \"bomFormat\": \"CycloneDX\",\n  \"specVersion\": \"1.5\",\n  \"serialNumber\": \"urn:uuid:" u "\",\n  \"version\": 1,\n  \"metadata\": {"
        print "    \"timestamp\": " q(when) ",\n    \"component\": {\n      \"type\": \"application\",\n      \"bom-ref\": \"whylogon\",\n      \"name\": \"whylogon\","
        print "      \"version\": " q(version) ",\n      \"description\": " q(name) ",\n      \"hashes\": [{\"alg\": \"SHA-256\", \"content\": " q(sum) "}],"
        print "      \"licenses\": [{\"expression\": \"Apache-2.0\"}],\n      \"properties\": [{\"name\": \"source:commit\", \"value\": " q(commit) "}]\n    }\n  },\n  \"components\": ["
        for (i = 1; i <= c; i++) {
            k = order[i]
            print "    {\n      \"type\": \"library\",\n      \"bom-ref\": " q(pkg[k] "/" how[k]) ",\n      \"name\": " q(pkg[k]) ",\n      \"version\": " q(ver[k]) ","
            print "      \"description\": " q(what[src[k]]) ",\n      \"licenses\": [" licence(lic[src[k]]) "],"
            print "      \"purl\": " q("pkg:deb/debian/" pkg[k] "@" url(ver[k]) "?arch=" arch[k] "&distro=debian-12" (arch[k] == "source" ? "" : "&upstream=" src[k] "%40" url(srcver[k]))) ","
            print "      \"externalReferences\": [{\"type\": \"website\", \"url\": " q(home[src[k]]) "}],"
            print "      \"properties\": [\n        {\"name\": \"linked:how\", \"value\": " q(how[k]) "},\n        {\"name\": \"debian:source\", \"value\": " q(src[k] " " srcver[k]) "},"
            print files[k] "\n      ]\n    }" (i < c ? "," : "")
        }
        print "  ],\n  \"dependencies\": [\n    {\"ref\": \"whylogon\", \"dependsOn\": ["
        for (i = 1; i <= c; i++) print "      " q(pkg[order[i]] "/" how[order[i]]) (i < c ? "," : "")
        print "    ]}\n  ],\n  \"compositions\": [{\"aggregate\": \"complete\", \"dependencies\": [\"whylogon\"]}]\n}"
    }' "$here/components.tsv" -
