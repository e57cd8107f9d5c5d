#!/bin/sh
# A FILETIME of 0x7FFFFFFFFFFFFFFF, which means never, among the data of the second of three events: dissect.eventlog 3.11 has the first event and
# ends there, without an error and without the rest of that chunk of 64 KiB; evtx 0.14.0 has an error in place of the second event and then the
# third. Why it matters: what never expires is written so in the directory and in tickets, and whoever counts failed logons with the first reader
# counts too few. Seen: these versions from PyPI, amd64.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check --only-binary :all: dissect.eventlog==3.11 dissect.util==3.24 dissect.cstruct==4.7 evtx==0.14.0
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
for expires in (134169162111234567, 0x7FFFFFFFFFFFFFFF, 134169162111234567):
    record([17], [struct.pack("<Q", expires)], ("Data", ("Name", "Expires"), 0))
save("x.evtx")
P
cat >read.py <<'P'
from dissect.eventlog.evtx import Evtx
from evtx import PyEvtxParser
with open("x.evtx", "rb") as f:
    print("dissect.eventlog:", len(list(Evtx(f))), "of 3 events, no error")
events = iter(PyEvtxParser("x.evtx").records())
while True:
    try:
        print("evtx: event", next(events)["event_record_id"])
    except RuntimeError as e:
        print("evtx:", str(e).split(":", maxsplit=1)[0])
    except StopIteration:
        break
P
python3 log.py
env/bin/python read.py >seen
cat seen
cat >expected <<'S'
dissect.eventlog: 1 of 3 events, no error
evtx: event 1
evtx: Failed to parse record number 2
evtx: event 3
S
cmp -s seen expected || { echo "one of the readers does something else now"; exit 1; }
echo "as seen before: never ends the first reader's chunk"
