#!/bin/sh
# libevtx 20181227 and libregf 20201007 (Debian 12) in one program: both export 1,366 functions under the same names, of other versions, and the
# library named first serves both. cc -levtx -lregf: a registry value of more than 16,344 bytes has no bytes, and no call fails to say so; cc
# -lregf -levtx, or libregf alone: it has all. Why it matters: who reads logs and hives in one process sees most values right and loses the big
# ones. Seen: amd64, gcc 12.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
apt-get download -q libevtx1=20181227-2+b2 libevtx-dev=20181227-2+b2 libregf1=20201007-2+b2 libregf-dev=20201007-2+b2 libbfio1=20170123-6 >/dev/null
for d in ./*.deb; do dpkg -x "$d" root; done
cat >hive.py <<'P'
"""A hive of one key with a value of 40,000 bytes, kept in pieces of 16,344 under a db record, as Windows does."""
import struct
cells, when = bytearray(32), 134169162111234567
def cell(body):
    at, n = len(cells), (len(body) + 11) // 8 * 8
    cells.extend(struct.pack("<i", -n) + body + bytes(n - 4 - len(body)))
    return at
pieces = [cell(b"\7" * n + bytes(4)) for n in (16344, 16344, 40000 - 2 * 16344)]
data = cell(struct.pack("<2sHI", b"db", 3, cell(struct.pack("<3I", *pieces))))
value = cell(b"vk" + struct.pack("<HIIIHH", 3, 40000, data, 3, 1, 0) + b"Big")
sid = bytes.fromhex("01020000000000052000000020020000")
acl = struct.pack("<BBHIIII", 1, 0, 0x8000, 20, 36, 0, 0) + sid + sid
sk = cell(b"sk" + struct.pack("<HIIII", 0, 0, 0, 1, len(acl)) + acl)
struct.pack_into("<II", cells, sk + 8, sk, sk)
root = cell(b"nk" + struct.pack("<HQ15IHH", 0x2c, when, 0, 0, 0, 0, 0xffffffff, 0xffffffff, 1, cell(struct.pack("<I", value)), sk, 0xffffffff,
                                0, 0, 6, 40000, 0, 4, 0) + b"ROOT")
size = (len(cells) + 4 + 4095) // 4096 * 4096
cells.extend(struct.pack("<i", size - len(cells)).ljust(size - len(cells), b"\0"))
struct.pack_into("<4sIIIIQI", cells, 0, b"hbin", 0, size, 0, 0, when, 0)
head = bytearray(struct.pack("<4sIIQ7I", b"regf", 1, 1, when, 1, 5, 0, 1, root, size, 1).ljust(4096, b"\0"))
total = 0
for (word,) in struct.iter_unpack("<I", head[:508]):
    total ^= word
struct.pack_into("<I", head, 508, total)
open("x.hive", "wb").write(head + cells)
P
cat >read.c <<'C'
#include <libevtx.h>
#include <libregf.h>
#include <stdio.h>
int main(void)
{
    libregf_file_t *file = NULL;
    libregf_key_t *root = NULL;
    libregf_value_t *value = NULL;
    size_t n = 0;
    int regf = libregf_file_initialize(&file, NULL) == 1 && libregf_file_open(file, "x.hive", libregf_get_access_flags_read(), NULL) == 1
               && libregf_file_get_root_key(file, &root, NULL) == 1 && libregf_key_get_value(root, 0, &value, NULL) == 1
               && libregf_value_get_value_data_size(value, &n, NULL) == 1;
    printf("libevtx %s, libregf %s: %s, %zu bytes\n", libevtx_get_version(), libregf_get_version(), regf ? "no error" : "an error", n);
}
C
python3 hive.py
LD_LIBRARY_PATH=$(echo root/usr/lib/*-linux-gnu)
export LD_LIBRARY_PATH
for order in "-lregf -levtx" "-levtx -lregf"; do
    # shellcheck disable=SC2086 # two options
    cc -Iroot/usr/include -L"$LD_LIBRARY_PATH" read.c -o read $order
    echo "cc $order: $(./read)"
done >seen
cat seen
cat >expected <<'S'
cc -lregf -levtx: libevtx 20181227, libregf 20201007: no error, 40000 bytes
cc -levtx -lregf: libevtx 20181227, libregf 20201007: no error, 0 bytes
S
cmp -s seen expected || { echo "libregf or libevtx does something else now"; exit 1; }
echo "as seen before: the library named first serves both"
