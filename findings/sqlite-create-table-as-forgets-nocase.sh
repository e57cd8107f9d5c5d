#!/bin/sh
# SQLite 3.46.1: a table made by CREATE TABLE ... AS SELECT keeps no COLLATE NOCASE of the column it was made from, where a view or a subquery over
# that column does. A name that was found there in any case is no longer found in the copy, without a word. Seen: apsw 3.46.1.0 from PyPI.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check --only-binary :all: apsw==3.46.1.0
cat >run.py <<'P'
import apsw
db = apsw.Connection(":memory:")
db.execute("CREATE TABLE service(name TEXT COLLATE NOCASE); INSERT INTO service VALUES('CscService')")
db.execute("CREATE VIEW seen AS SELECT name FROM service; CREATE TABLE copy AS SELECT name FROM service")
print("SQLite", apsw.sqlite_lib_version())
for of in ("service", "seen", "(SELECT name FROM service)", "copy"):
    print(of + ":", db.execute("SELECT count(*) FROM " + of + " WHERE name = 'cscservice'").fetchone()[0])
P
env/bin/python run.py >seen
cat seen
cat >expected <<'S'
SQLite 3.46.1
service: 1
seen: 1
(SELECT name FROM service): 1
copy: 0
S
cmp -s seen expected || { echo "SQLite does something else now"; exit 1; }
echo "as seen before: the copy does not find it"
