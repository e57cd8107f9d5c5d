#!/bin/sh
# libregf 20201007: a value of one to three bytes keeps them inside its own record (the size has its top bit set); what comes
# out has the right length and other bytes. Four bytes come out right. Seen: Debian 12, python3-libregf 20201007-2+b2, amd64.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
apt-get download -q libregf1=20201007-2+b2 python3-libregf=20201007-2+b2 libbfio1=20170123-6 >/dev/null
for d in ./*.deb; do dpkg -x "$d" root; done
cat >hive.py <<'P'
"""A hive of one key with one REG_BINARY value of argv[2] bytes, each 0xfe, 0x01, 0x22 ... in its place."""
import struct, sys
data = bytes([0xfe, 0x01, 0x22, 0x33])[:int(sys.argv[2])]
cells = bytearray(32)
def cell(body):
    at, n = len(cells), (len(body) + 11) // 8 * 8
    cells.extend(struct.pack("<i", -n) + body + bytes(n - 4 - len(body)))
    return at
value = cell(b"vk" + struct.pack("<HI4sIHH", 5, len(data) | 0x80000000, data, 3, 1, 0) + b"Small")
values = cell(struct.pack("<I", value))
sid = bytes.fromhex("01020000000000052000000020020000")
acl = struct.pack("<BBHIIII", 1, 0, 0x8000, 20, 36, 0, 0) + sid + sid
sk = cell(b"sk" + struct.pack("<HIIII", 0, 0, 0, 1, len(acl)) + acl)
struct.pack_into("<II", cells, sk + 8, sk, sk)
root = cell(b"nk" + struct.pack("<HQIIIIIIIIIIIIIIIHH", 0x2c, 132500000000000000, 0, 0, 0, 0, 0xffffffff, 0xffffffff, 1, values,
                                sk, 0xffffffff, 0, 0, 10, 4, 0, 4, 0) + b"ROOT")
free = 4096 - len(cells)
cells += struct.pack("<i", free) + bytes(free - 4)
struct.pack_into("<4sIIIIQI", cells, 0, b"hbin", 0, 4096, 0, 0, 132500000000000000, 0)
head = bytearray(4096)
struct.pack_into("<4sIIQIIIIIII", head, 0, b"regf", 1, 1, 132500000000000000, 1, 5, 0, 1, root, 4096, 1)
sum = 0
for (word,) in struct.iter_unpack("<I", head[:508]):
    sum ^= word
struct.pack_into("<I", head, 508, sum)
open(sys.argv[1], "wb").write(head + cells)
P
cat >read.py <<'P'
import sys, pyregf
f = pyregf.file()
f.open(sys.argv[1])
v = f.get_root_key().get_value(0)
print(sys.argv[2], "bytes:", v.data.hex() if v.data else v.data)
P
for n in 1 2 3 4; do
    python3 hive.py "$n.hive" "$n"
    LD_LIBRARY_PATH=$(echo root/usr/lib/*-linux-gnu) PYTHONPATH=root/usr/lib/python3/dist-packages /usr/bin/python3 read.py "$n.hive" "$n"
done >seen
cat seen
cat >expected <<'S'
1 bytes: 00
2 bytes: 0000
3 bytes: 012200
4 bytes: fe012233
S
cmp -s seen expected || { echo "libregf does something else now (stored: fe, fe01, fe0122, fe012233)"; exit 1; }
echo "as seen before: stored are fe, fe01, fe0122, fe012233"
