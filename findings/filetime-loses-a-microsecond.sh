#!/bin/sh
# One FILETIME that is a whole number of microseconds, 2026-03-02T09:10:11.123456Z: python-evtx 0.8.1 and dissect.util 3.24 (so dissect.eventlog
# and dissect.regf) make it .123455, as they multiply by 1e-7 in floating point; of times with all kinds of ticks they miss the microsecond of
# every second one. The last tick of a year is the next year's first moment for both, for python-registry 1.3.1 and regipy 6.5.0; dfdatetime has
# the ticks. Why it matters: what two readers say of one event does not join on its time. Seen: these versions from PyPI, amd64.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check python-evtx==0.8.1 dissect.util==3.24 python-registry==1.3.1 \
    regipy==6.5.0 dfdatetime==20261027
cat >read.py <<'P'
import datetime
from Evtx.BinaryParser import parse_filetime
from dissect.util.ts import wintimestamp
from Registry.RegistryParse import parse_windows_timestamp
from regipy.utils import convert_wintime
from dfdatetime.filetime import Filetime
def exact(ticks):
    return datetime.datetime(1601, 1, 1) + datetime.timedelta(microseconds=ticks // 10)
YEAR = (datetime.datetime(2026, 1, 1) - datetime.datetime(1601, 1, 1)) // datetime.timedelta(microseconds=1) * 10
for library, read in (("python-evtx", parse_filetime), ("dissect.util", wintimestamp), ("python-registry", parse_windows_timestamp),
                      ("regipy", convert_wintime), ("dfdatetime", lambda ticks: Filetime(timestamp=ticks).CopyToDateTimeString())):
    print(f"{library:15}", read(134169162111234560), read(YEAR - 1), end="")
    if library != "dfdatetime":
        wrong = sum(read(t).replace(tzinfo=None) != exact(t) for t in range(YEAR, YEAR + 1000 * 10000001, 10000001))
        print(f" {wrong} of 1000 are not the microsecond of their ticks", end="")
    print()
P
env/bin/python read.py >seen
cat seen
cat >expected <<'S'
python-evtx     2026-03-02 09:10:11.123455+00:00 2026-01-01 00:00:00+00:00 564 of 1000 are not the microsecond of their ticks
dissect.util    2026-03-02 09:10:11.123455+00:00 2026-01-01 00:00:00+00:00 564 of 1000 are not the microsecond of their ticks
python-registry 2026-03-02 09:10:11.123456 2026-01-01 00:00:00 450 of 1000 are not the microsecond of their ticks
regipy          2026-03-02 09:10:11.123456+00:00 2026-01-01 00:00:00+00:00 500 of 1000 are not the microsecond of their ticks
dfdatetime      2026-03-02 09:10:11.1234560 2025-12-31 23:59:59.9999999
S
cmp -s seen expected || { echo "one of the libraries does something else now"; exit 1; }
echo "as seen before: floating point takes a microsecond, or adds one"
