#!/bin/sh
# libevtx 20181227 (Debian 12): in an element that holds text and a substitution, the substitution takes the place of the text before it:
# \Folder\%1 comes out as the task's name alone, while %1\Folder is whole. 20260705 writes both whole. Why it matters: names of tasks and accounts
# are put together in templates like that, and half a name is a name too. Seen: Debian 12's 20181227-2+b2 and the wheel 20260705 from PyPI, amd64.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
apt-get download -q libevtx1=20181227-2+b2 python3-libevtx=20181227-2+b2 libbfio1=20170123-6 >/dev/null
for d in ./*.deb; do dpkg -x "$d" root; done
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check libevtx-python==20260705
cat >log.py <<'P'
"""A log of one chunk: record(types, values, *data) adds an event with a template of its own, save(path) writes it."""
import struct, zlib
chunk, records = bytearray(512), []
def put(form, *values): chunk.extend(struct.pack("<" + form, *values))
def text(s): chunk.extend(s.encode("utf-16-le"))
def size(at): struct.pack_into("<I", chunk, at - 4, len(chunk) - at)
def name(s):
    code = 0
    for c in s:
        code = code * 65599 + ord(c) & 0xffff
    put("IIHH", len(chunk) + 4, 0, code, len(s)), text(s + "\0")
def part(types, p):  # text, the number of a substitution, or (tag, attribute or None, parts...)
    if isinstance(p, str):
        return put("BBH", 5, 1, len(p)), text(p)
    if isinstance(p, int):
        return put("BHB", 13, p, types[p])
    put("BHI", 0x41 if p[1] else 1, 0xffff, 0)
    start = len(chunk)
    name(p[0])
    if p[1]:
        put("I", 0)
        first = len(chunk)
        put("B", 6), name(p[1][0]), part(types, p[1][1]), size(first)
    put("B", 2)
    for inner in p[2:]:
        part(types, inner)
    put("B", 4), size(start)
def record(types, values, *data):
    start, n = len(chunk), len(records) + 1
    put("IIQQ4BHIIII12xI", 0x2a2a, 0, n, 134169162111234567, 15, 1, 1, 0, 0x10c, n, start + 38, 0, n, 0)
    inside = len(chunk)
    put("4B", 15, 1, 1, 0), part(types, ("Event", ("xmlns", "http://schemas.microsoft.com/win/2004/08/events/event"),
        ("System", None, ("Provider", ("Name", "P")), ("EventID", None, "1"), ("TimeCreated", ("SystemTime", "2026-03-02T09:10:11.1234567Z"))),
        ("EventData", None, *data)))
    put("B", 0), size(inside), put("I", len(values))
    for kind, value in zip(types, values):
        put("HBB", len(value), kind, 0)
    chunk.extend(b"".join(values)), put(f"B{(start - len(chunk) - 5) % 8}xI", 0, 0)
    for at in (start + 4, len(chunk) - 4):
        struct.pack_into("<I", chunk, at, len(chunk) - start)
    records.append(start)
def save(path):
    body, n = bytearray(chunk.ljust(65536, b"\0")), len(records)
    struct.pack_into("<8s4Q4I", body, 0, b"ElfChnk", 1, n, 1, n, 128, records[-1], len(chunk), zlib.crc32(chunk[512:]))
    struct.pack_into("<I", body, 124, zlib.crc32(body[:120] + body[128:512]))
    head = bytearray(struct.pack("<8s3QI4H", b"ElfFile", 0, 0, n + 1, 128, 1, 3, 4096, 1).ljust(4096, b"\0"))
    struct.pack_into("<I", head, 124, zlib.crc32(head[:120]))
    open(path, "wb").write(head + body)
logon = ["LogonTask".encode("utf-16-le")]
record([1], logon, ("Data", ("Name", "TaskName"), "\\Folder\\", 0))
record([1], logon, ("Data", ("Name", "Path"), 0, "\\Folder"))
save("x.evtx")
P
cat >read.py <<'P'
import re, pyevtx
log = pyevtx.file()
log.open("x.evtx")
print("libevtx", pyevtx.get_version())
for r in log.records:
    print(*re.findall('"(.*)">(.*)</Data>', r.xml_string)[0])
P
python3 log.py
LD_LIBRARY_PATH=$(echo root/usr/lib/*-linux-gnu) PYTHONPATH=root/usr/lib/python3/dist-packages /usr/bin/python3 read.py >seen
env/bin/python read.py >>seen
cat seen
cat >expected <<'S'
libevtx 20181227
TaskName LogonTask
Path LogonTask\Folder
libevtx 20260705
TaskName \Folder\LogonTask
Path LogonTask\Folder
S
cmp -s seen expected || { echo "libevtx does something else now"; exit 1; }
echo "as seen before: the older one loses what stands before a substitution"
