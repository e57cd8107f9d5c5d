#!/bin/sh
# miniunzip of minizip 1.1 (Debian 12): a member packed with bzip2 is written out as it lies in the archive, still packed, under the member's
# name, and the program ends with 0. For LZMA it names an error and writes nothing, and ends with 0 too. Why it matters: archivers offer bzip2 in
# zips for big logs; a System.evtx that begins with BZh is no log to any reader, and a script that asks for the exit code goes on. Seen: minizip
# 1.1-8+deb12u1, amd64.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
apt-get download -q minizip=1.1-8+deb12u1 libminizip1=1.1-8+deb12u1 >/dev/null
for d in ./*.deb; do dpkg -x "$d" root; done
cat >pack.py <<'P'
import zipfile
for name, how in (("deflate", zipfile.ZIP_DEFLATED), ("bzip2", zipfile.ZIP_BZIP2), ("lzma", zipfile.ZIP_LZMA)):
    with zipfile.ZipFile(name + ".zip", "w", how) as z:
        z.writestr(name + ".txt", "ElfFile " * 2000)
P
python3 pack.py
LD_LIBRARY_PATH=$(echo root/usr/lib/*-linux-gnu)
export LD_LIBRARY_PATH
for how in deflate bzip2 lzma; do
    code=0
    root/usr/bin/miniunzip -o "$how.zip" >log 2>&1 || code=$?
    if [ -s "$how.txt" ]; then
        echo "$how: ends with $code, $(wc -c <"$how.txt") bytes, the first: $(head -c 7 "$how.txt" | tr -c ' -~' '?')"
    else
        echo "$how: ends with $code, nothing written, $(grep -o 'error -[0-9]*' log)"
    fi
done >seen
cat seen
cat >expected <<'S'
deflate: ends with 0, 16000 bytes, the first: ElfFile
bzip2: ends with 0, 61 bytes, the first: BZh91AY
lzma: ends with 0, nothing written, error -103
S
cmp -s seen expected || { echo "miniunzip does something else now"; exit 1; }
echo "as seen before: 16,000 bytes were packed each time"
