#!/bin/sh
# timesketch-import-client 20261014: one row of a CSV changes all the others. Where times have the seven digits of a FILETIME, a time of 1601,
# which is what FILETIME 0 is, becomes 1970-01-01, and the fractions of all other rows are gone. A number missing in one row makes that column's
# numbers floating point in all: 134169162111234567 is 1.341691621e+17. Neither is an error. Why it matters: a FILETIME of 0 (never logged on,
# never changed) is common in hives, and one key without a time takes the fractions off a whole timeline. Seen: with pandas 3.1.1 from PyPI,
# amd64.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check timesketch-import-client==20261014 timesketch-api-client==20261014 pandas==3.1.1 six==1.17.0
cat >run.py <<'P'
import json, logging
from timesketch_import_client import importer
logging.disable(logging.WARNING)
class Sketch:  # as much of a server as the importer asks of one: keeps what it is sent
    id, status_code, api_root = 1, 200, ""
    def __init__(self):
        self.api, self.session, self.rows = self, self, []
    def post(self, _, data=None, files=None):
        self.rows += [json.loads(line) for line in files["events"][1].splitlines() if line]
        return self
    def json(self):
        return {"objects": [{"id": 1, "searchindex": {"index_name": "x"}}], "meta": {}}
def send(title, *rows):
    with open("x.csv", "w") as f:
        f.write("datetime,timestamp_desc,message,filetime\n" + "".join(f"{time},Written,{key},{ticks}\n" for time, key, ticks in rows))
    sketch, streamer = Sketch(), importer.ImportStreamer()
    streamer.set_sketch(sketch)
    streamer.add_file("x.csv")
    streamer.close()
    print(title)
    for row in sketch.rows:
        print("   ", row["message"], row["datetime"], row["filetime"])
A = ("2026-03-02T09:10:11.1234567Z", "A", 134169162111234567)
B = ("2026-03-02T09:10:12.0000010Z", "B", 134169162120000010)
send("A and B:", A, B)
send("with a key of FILETIME 0:", A, B, ("1601-01-01T00:00:00.0000000Z", "never", 0))
send("with a key whose ticks are not known:", A, B, ("2026-03-02T09:10:13.0000000Z", "C", ""))
P
env/bin/python run.py >seen
cat seen
cat >expected <<'S'
A and B:
    A 2026-03-02T09:10:11.123456+0000 134169162111234567
    B 2026-03-02T09:10:12.000001+0000 134169162120000010
with a key of FILETIME 0:
    A 2026-03-02T09:10:11+0000 134169162111234567
    B 2026-03-02T09:10:12+0000 134169162120000010
    never 1970-01-01T00:00:00+0000 0
with a key whose ticks are not known:
    A 2026-03-02T09:10:11.123456+0000 1.341691621e+17
    B 2026-03-02T09:10:12.000001+0000 1.341691621e+17
    C 2026-03-02T09:10:13.000000+0000 None
S
cmp -s seen expected || { echo "the importer does something else now"; exit 1; }
echo "as seen before: one row takes digits from the others"
