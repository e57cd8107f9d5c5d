#!/bin/sh
# Three values of types that one seldom meets, each as four readers have it: of a list of strings that does not end in a NUL regipy 6.5.0 loses
# the last string; a big-endian number is a little-endian one for python-registry 1.3.1 and nothing for regipy; a flag of a device (a property of
# type 0x11 and one byte, as below Enum) is 255 here and there, bytes of the hive's end from where 255 points for regipy, and 0 for libregf
# 20260526 (whose data of one to three bytes are wrong in any type). Only dissect.regf 3.14 has all three. Why it matters: LSA's packages are such
# a list, anyone's installer adds to its end, and what was added last is what broke a logon. Seen: these versions from PyPI, amd64.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check regipy==6.5.0 python-registry==1.3.1 dissect.regf==3.14 libregf-python==20260526
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
write("x.hive", [("Packages", 7, "kerberos\0added".encode("utf-16-le")), ("Big", 5, struct.pack(">I", 5)), ("Flag", 0xffff0011, b"\xff")])
P
cat >read.py <<'P'
import pyregf
from Registry.Registry import Registry
from dissect.regf.regf import RegistryHive as Dissect
from regipy.registry import RegistryHive
FILE = open("x.hive", "rb").read()
def show(reader, values):
    packages, big, flag = values
    if isinstance(flag, bytes) and len(flag) > 1 and FILE.endswith(flag):
        flag = f"{len(flag)} bytes, the rest of the file"
    print(f"{reader:15} Packages {packages}, Big {big!r}, Flag {flag!r}")
show("written:", (["kerberos", "added"], 5, b"\xff"))
show("regipy", [v.value for v in RegistryHive("x.hive").get_key("K").iter_values(trim_values=False)])
show("python-registry", [v.value() for v in Registry("x.hive").open("K").values()])
show("dissect.regf", [v.value for v in Dissect(open("x.hive", "rb")).open("K").values()])
regf = pyregf.file()
regf.open("x.hive")
packages, big, flag = regf.get_root_key().get_sub_key(0).values
show("libregf", (packages.data.decode("utf-16-le").split("\0"), big.get_data_as_integer(), flag.data))
P
python3 hive.py
env/bin/python read.py >seen 2>errors
cat seen
cat >expected <<'S'
written:        Packages ['kerberos', 'added'], Big 5, Flag b'\xff'
regipy          Packages ['kerberos'], Big '', Flag '3837 bytes, the rest of the file'
python-registry Packages ['kerberos', 'added'], Big 83886080, Flag 255
dissect.regf    Packages ['kerberos', 'added'], Big 5, Flag b'\xff'
libregf         Packages ['kerberos', 'added'], Big 5, Flag b'\x00'
S
cmp -s seen expected || { echo "one of the readers does something else now"; exit 1; }
echo "as seen before: one reader of four has them all"
