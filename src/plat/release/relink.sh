#!/bin/sh
# Links whylogon anew, on Debian 12 with gcc, binutils and the -dev packages of licences/LICENCES.txt.
# usage: ./relink.sh [DIR]     DIR holds your own builds of libraries (libevtx.a, libregf.a, libbfio.a, libseccomp.a, libnettle.a ...); those that are not
# there come from the system. Writes ./whylogon: of the system's libraries alone, of the same versions, it is the published one to the byte.
set -eu
cd "$(dirname "$0")"
cp objects/libwhylogon.a .
for l in evtx regf; do # each second reader with its library, hiding the library's names: the two share 1,400 of them
    # shellcheck disable=SC2086
    cc ${LDFLAGS:-} -r -nostdlib -o second_$l.lib.o objects/second_$l.o objects/second_io.o ${1:+"-L$1"} -l:lib$l.a -l:libbfio.a
    objcopy --wildcard -G 'second_[!i]*' second_$l.lib.o
    ar q libwhylogon.a second_$l.lib.o
done
ranlib libwhylogon.a
# shellcheck disable=SC2086
cc ${LDFLAGS:-} @STATIC@ -o whylogon objects/main.o objects/cmd_*.o objects/alone.o libwhylogon.a ${1:+"-L$1"} @LDLIBS@
strip whylogon
