#!/bin/sh
# SQLite 3.46.1: a condition that no row can change is asked before the first row is read where it is a sum or a comparison, and nothing is read. Where it
# is EXISTS (SELECT ... of another table), or asks count(*) of one, all rows are read and it is told the same answer for each. A CROSS JOIN behind
# that question, LIMIT 1, reads none. Seen: apsw 3.46.1.0 from PyPI; 3.40.1 does the same.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check --only-binary :all: apsw==3.46.1.0
cat >run.py <<'P'
import apsw
db = apsw.Connection(":memory:")
db.execute("CREATE TABLE mark(time); CREATE TABLE event(time);"
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO event SELECT i FROM n")
rows = []
db.trace_v2(apsw.SQLITE_TRACE_PROFILE, lambda t: rows.append(t["stmt_status"]["SQLITE_STMTSTATUS_FULLSCAN_STEP"]))
print("SQLite", apsw.sqlite_lib_version())
for sql in ("FROM event WHERE 1 = 2",
            "FROM event WHERE EXISTS (SELECT 1 FROM mark)",
            "FROM event WHERE (SELECT count(*) FROM mark)",
            "FROM (SELECT 1 FROM mark LIMIT 1) CROSS JOIN event"):
    rows.clear()
    found = db.execute("SELECT count(time) " + sql).fetchall()[0][0]
    print(f"{sql}: {found} found, {'all' if rows[-1] > 90000 else 'none'} read")
P
env/bin/python run.py >seen
cat seen
cat >expected <<'S'
SQLite 3.46.1
FROM event WHERE 1 = 2: 0 found, none read
FROM event WHERE EXISTS (SELECT 1 FROM mark): 0 found, all read
FROM event WHERE (SELECT count(*) FROM mark): 0 found, all read
FROM (SELECT 1 FROM mark LIMIT 1) CROSS JOIN event: 0 found, none read
S
cmp -s seen expected || { echo "SQLite does something else now"; exit 1; }
echo "as seen before: an empty EXISTS is told to every row"
