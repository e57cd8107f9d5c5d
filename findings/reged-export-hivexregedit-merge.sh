#!/bin/sh
# Where reged (chntpw 140201) and hivexregedit (hivex 1.3.23), both of Debian 12, meet: reged -x ends the line of a value without bytes with no
# end of line, so the next value stands on it: "Empty"=hex:"Start"=dword:00000004. hivexregedit --merge takes all of that for hexadecimal digits,
# quotes and letters too: without a word Empty gets eleven bytes, and Start is gone. Why it matters: exports made on a rescue system are such
# text, values without bytes are common, and the Start of a service behind one is in no copy made from it. Seen: amd64, Perl 5.36.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
apt-get download -q chntpw=140201-1 libhivex0=1.3.23-1+b1 libwin-hivex-perl=1.3.23-1+b1 >/dev/null
for d in ./*.deb; do dpkg -x "$d" root; done
LD_LIBRARY_PATH=$(echo root/usr/lib/*-linux-gnu) PERL5LIB=$(echo root/usr/lib/*-linux-gnu/perl5/5.*)
export LD_LIBRARY_PATH PERL5LIB
cat >hive.py <<'P'
"""write(path, values): a hive whose root has a key K with values (name, type, data) of at most 16,344 bytes each."""
import struct
def write(path, values):
    cells, when = bytearray(32), 134169162111234567
    def cell(body):
        at, n = len(cells), (len(body) + 11) // 8 * 8
        cells.extend(struct.pack("<i", -n) + body + bytes(n - 4 - len(body)))
        return at
    def value(name, kind, data):  # up to four bytes lie in the value itself
        at, n = (cell(data), len(data)) if len(data) > 4 else (int.from_bytes(data, "little"), len(data) | 0x80000000)
        return cell(b"vk" + struct.pack("<HIIIHH", len(name), n, at, kind, 1, 0) + name.encode())
    def key(name, flags, parent, subkeys, sublist, n, listed, sk):
        return cell(b"nk" + struct.pack("<HQ15IHH", flags, when, 0, parent, subkeys, 0, sublist, 0xffffffff, n, listed, sk, 0xffffffff,
                                        64, 0, 64, 16384, 0, len(name), 0) + name)
    root = key(b"ROOT", 0x2c, 0, 1, 0, 0, 0xffffffff, 0)
    sid = bytes.fromhex("01020000000000052000000020020000")
    acl = struct.pack("<BBHIIII", 1, 0, 0x8000, 20, 36, 0, 0) + sid + sid
    sk = cell(b"sk" + struct.pack("<HIIII", 0, 0, 0, 2, len(acl)) + acl)
    struct.pack_into("<II", cells, sk + 8, sk, sk)
    listed = cell(b"".join(struct.pack("<I", value(*v)) for v in values))
    sublist = cell(struct.pack("<2sHII", b"lh", 1, key(b"K", 0x20, root, 0, 0xffffffff, len(values), listed, sk), ord("K")))
    struct.pack_into("<I", cells, root + 32, sublist)
    struct.pack_into("<I", cells, root + 48, sk)
    size = (len(cells) + 4 + 4095) // 4096 * 4096
    cells.extend(struct.pack("<i", size - len(cells)).ljust(size - len(cells), b"\0"))
    struct.pack_into("<4sIIIIQI", cells, 0, b"hbin", 0, size, 0, 0, when, 0)
    head = bytearray(struct.pack("<4sIIQ7I", b"regf", 1, 1, when, 1, 5, 0, 1, root, size, 1).ljust(4096, b"\0"))
    total = 0
    for (word,) in struct.iter_unpack("<I", head[:508]):
        total ^= word
    struct.pack_into("<I", head, 508, total)
    open(path, "wb").write(head + cells)
write("full.hive", [("Empty", 3, b""), ("Start", 4, struct.pack("<I", 4)), ("Type", 4, struct.pack("<I", 16))])
write("new.hive", [("Type", 4, struct.pack("<I", 16))])
P
python3 hive.py
values() {
    echo "$1:"
    perl root/usr/bin/hivexregedit --export --prefix HKEY "$1" "\\" | grep '^"'
}
{
    values full.hive
    root/usr/sbin/reged -x full.hive HKEY "\\" full.reg >/dev/null
    echo "full.reg, written by reged:"
    grep '^"' full.reg | tr -d '\r'
    perl root/usr/bin/hivexregedit --merge --prefix HKEY new.hive full.reg
    echo "hivexregedit --merge ends with $?"
    values new.hive
} >seen
cat seen
cat >expected <<'S'
full.hive:
"Empty"=hex(3):
"Start"=dword:00000004
"Type"=dword:00000010
full.reg, written by reged:
"Empty"=hex:"Start"=dword:00000004
"Type"=dword:00000010
hivexregedit --merge ends with 0
new.hive:
"Empty"=hex(3):2c,da,bd,2d,d0,8b,da,00,00,00,04
"Type"=dword:00000010
S
cmp -s seen expected || { echo "reged or hivexregedit does something else now"; exit 1; }
echo "as seen before: Start is gone, Empty is not empty"
