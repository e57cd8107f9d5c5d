#!/bin/sh
# regipy 6.5.0: the root of a hive is its first cell, whatever the header says of where the root lies. Where another key lies there, that key is
# shown as the root, and its brothers are not in the hive. dissect.regf 3.14 and libregf 20260526 go where the header says. Why it matters:
# Windows usually puts the root first, who writes or compacts hives need not; and what is missing then (Select, the other control sets) is missing
# without a word. Seen: these versions from PyPI, amd64.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check --only-binary :all: regipy==6.5.0 dissect.regf==3.14 libregf-python==20260526
cat >hive.py <<'P'
"""hive.py FILE NAME...: a hive of keys in the order of their cells; the one named ROOT holds the others."""
import struct, sys
path, names = sys.argv[1], sys.argv[2:]
cells, at, when = bytearray(32), {}, 134169162111234567
def cell(body):
    start, n = len(cells), (len(body) + 11) // 8 * 8
    cells.extend(struct.pack("<i", -n) + body + bytes(n - 4 - len(body)))
    return start
for name in names:
    at[name] = cell(b"nk" + struct.pack("<HQ15IHH", 0x2c if name == "ROOT" else 0x20, when, 0, 0, 0, 0, 0xffffffff, 0xffffffff, 0, 0xffffffff,
                                        0, 0xffffffff, 0, 0, 0, 0, 0, len(name), 0) + name.encode())
sid = bytes.fromhex("01020000000000052000000020020000")
acl = struct.pack("<BBHIIII", 1, 0, 0x8000, 20, 36, 0, 0) + sid + sid
sk = cell(b"sk" + struct.pack("<HIIII", 0, 0, 0, len(names), len(acl)) + acl)
struct.pack_into("<II", cells, sk + 8, sk, sk)
for name in names:
    struct.pack_into("<I", cells, at[name] + 20, at["ROOT"] if name != "ROOT" else 0)
    struct.pack_into("<I", cells, at[name] + 48, sk)
below = sorted(set(names) - {"ROOT"})
li = cell(b"li" + struct.pack(f"<H{len(below)}I", len(below), *[at[name] for name in below]))
struct.pack_into("<I4xI", cells, at["ROOT"] + 24, len(below), li)
cells.extend(struct.pack("<i", 4096 - len(cells)).ljust(4096 - len(cells), b"\0"))
struct.pack_into("<4sIIIIQI", cells, 0, b"hbin", 0, 4096, 0, 0, when, 0)
head = bytearray(struct.pack("<4sIIQ7I", b"regf", 1, 1, when, 1, 5, 0, 1, at["ROOT"], 4096, 1).ljust(4096, b"\0"))
total = 0
for (word,) in struct.iter_unpack("<I", head[:508]):
    total ^= word
struct.pack_into("<I", head, 508, total)
open(path, "wb").write(head + cells)
P
cat >read.py <<'P'
import sys
import pyregf
from dissect.regf.regf import RegistryHive as Dissect
from regipy.registry import RegistryHive
for path in sys.argv[1:]:
    regf = pyregf.file()
    regf.open(path)
    print(path)
    print("libregf:", regf.get_root_key().name, "holds", [k.name for k in regf.get_root_key().sub_keys])
    root = Dissect(open(path, "rb")).root()
    print("dissect:", root.name, "holds", [k.name for k in root.subkeys()])
    root = RegistryHive(path).root
    print("regipy: ", root.name, "holds", [k.name for k in root.iter_subkeys()])
P
python3 hive.py root-is-the-first-cell ROOT ControlSet001 Select
python3 hive.py root-is-the-second-cell ControlSet001 ROOT Select
env/bin/python read.py root-is-the-first-cell root-is-the-second-cell >seen
cat seen
cat >expected <<'S'
root-is-the-first-cell
libregf: ROOT holds ['ControlSet001', 'Select']
dissect: ROOT holds ['ControlSet001', 'Select']
regipy:  ROOT holds ['ControlSet001', 'Select']
root-is-the-second-cell
libregf: ROOT holds ['ControlSet001', 'Select']
dissect: ROOT holds ['ControlSet001', 'Select']
regipy:  ControlSet001 holds []
S
cmp -s seen expected || { echo "one of the readers does something else now"; exit 1; }
echo "as seen before: regipy takes the first cell for the root"
