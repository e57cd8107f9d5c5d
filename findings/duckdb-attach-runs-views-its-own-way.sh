#!/bin/sh
# DuckDB 1.5.5 with its extension for SQLite: of an attached SQLite file it takes a view's text and runs it by its own rules, without a word where
# they give another answer: division of integers, LIKE, [^...] of GLOB, casts, COLLATE NOCASE of a column, and where NULL sorts (so LIMIT and row
# numbers, too). sqlite_scan('x.db', 'the view') has SQLite's answers, as BLOBs. Why it matters: who looks at a case or a browser's database
# through ATTACH gets an answer from every view, and some are not the author's. Seen: duckdb and duckdb-extension-sqlite-scanner 1.5.5 from PyPI,
# SQLite of Python 3.11, amd64.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check --only-binary :all: duckdb==1.5.5 duckdb-extension-sqlite-scanner==1.5.5
cat >run.py <<'P'
import pathlib, sqlite3
import duckdb
import duckdb_extension_sqlite_scanner as scanner
lite = sqlite3.connect("x.db")
lite.execute("CREATE TABLE service(name TEXT COLLATE NOCASE, note TEXT)")
lite.execute("INSERT INTO service VALUES('CscService', 'x'), ('Netlogon', NULL)")
views = ("SELECT 7 / 2", "SELECT CAST(2.7 AS INTEGER)", "SELECT 'CscService' LIKE 'csc%'", "SELECT 'HKLM' GLOB '[^a]*'",
         "SELECT count(*) FROM service WHERE name = 'cscservice'", "SELECT name FROM service ORDER BY note LIMIT 1",
         "SELECT count(*) FROM service WHERE name LIKE 'net%'")
for n, view in enumerate(views):
    lite.execute(f"CREATE VIEW v{n}(answer) AS {view}")
lite.commit()
duck = duckdb.connect()
duck.execute(f"LOAD '{next(pathlib.Path(scanner.__file__).parent.rglob('*.duckdb_extension*'))}'")
duck.execute("ATTACH 'x.db' AS lite (TYPE sqlite, READ_ONLY)")
for n, view in enumerate(views):
    told = [lite.execute(f"SELECT answer FROM v{n}"), duck.execute(f"SELECT answer FROM lite.v{n}").fetchall(),
            duck.execute(f"SELECT answer FROM sqlite_scan('x.db', 'v{n}')").fetchall()]
    print(view + ": SQLite {!r}, ATTACH {!r}, sqlite_scan {!r}".format(*[list(rows)[0][0] for rows in told]))
P
env/bin/python run.py >seen
cat seen
cat >expected <<'S'
SELECT 7 / 2: SQLite 3, ATTACH 3.5, sqlite_scan b'3'
SELECT CAST(2.7 AS INTEGER): SQLite 2, ATTACH 3, sqlite_scan b'2'
SELECT 'CscService' LIKE 'csc%': SQLite 1, ATTACH False, sqlite_scan b'1'
SELECT 'HKLM' GLOB '[^a]*': SQLite 1, ATTACH False, sqlite_scan b'1'
SELECT count(*) FROM service WHERE name = 'cscservice': SQLite 1, ATTACH 0, sqlite_scan b'1'
SELECT name FROM service ORDER BY note LIMIT 1: SQLite 'Netlogon', ATTACH 'CscService', sqlite_scan 'Netlogon'
SELECT count(*) FROM service WHERE name LIKE 'net%': SQLite 1, ATTACH 0, sqlite_scan b'1'
S
cmp -s seen expected || { echo "DuckDB or its extension does something else now"; exit 1; }
echo "as seen before: ATTACH answers by the rules of DuckDB"
