#!/bin/sh
# The three logon sessions that every Windows has, 3e7 (SYSTEM), 3e5 (LOCAL SERVICE) and 3e4 (NETWORK SERVICE), are floating point numbers when
# written without 0x, as in 0:3e7 of sessions and tickets: pandas 3.1.1, DuckDB 1.5.5 and sqlite-utils 4.2.1 read such a column as 30000000,
# 300000 and 30000, and SQLite stores '3e7' in a column of INTEGER as 30000000. None says so; with one other session in the column (1a2f) three of
# them keep all as text, SQLite still changes the three. Why it matters: a logon is joined by this number, and the services' logons meet none.
# Seen: these versions from PyPI, SQLite of Python 3.11, amd64.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check pandas==3.1.1 duckdb==1.5.5 sqlite-utils==4.2.1
cat >read.py <<'P'
import csv, json, sqlite3, subprocess, sys
import duckdb
import pandas
def show(name):
    print(name, "has", [row["logon"] for row in csv.DictReader(open(name))])
    print("    pandas      ", pandas.read_csv(name)["logon"].tolist())
    print("    DuckDB      ", [logon for logon, in duckdb.sql(f"SELECT logon FROM read_csv('{name}')").fetchall()])
    subprocess.run([sys.prefix + "/bin/sqlite-utils", "insert", name + ".db", "t", name, "--csv", "--silent"], check=True)
    rows = subprocess.run([sys.prefix + "/bin/sqlite-utils", "rows", name + ".db", "t"], check=True, capture_output=True)
    print("    sqlite-utils", [row["logon"] for row in json.loads(rows.stdout)])
    lite = sqlite3.connect(":memory:")
    lite.execute("CREATE TABLE t(logon INTEGER)")
    lite.executemany("INSERT INTO t VALUES(:logon)", csv.DictReader(open(name)))
    print("    SQLite      ", [logon for logon, in lite.execute("SELECT logon FROM t")])
show("services.csv")
show("one-more.csv")
P
printf 'logon\n3e7\n3e5\n3e4\n' >services.csv
printf 'logon\n3e7\n1a2f\n' >one-more.csv
env/bin/python read.py >seen
cat seen
cat >expected <<'S'
services.csv has ['3e7', '3e5', '3e4']
    pandas       [30000000.0, 300000.0, 30000.0]
    DuckDB       [30000000.0, 300000.0, 30000.0]
    sqlite-utils [30000000.0, 300000.0, 30000.0]
    SQLite       [30000000, 300000, 30000]
one-more.csv has ['3e7', '1a2f']
    pandas       ['3e7', '1a2f']
    DuckDB       ['3e7', '1a2f']
    sqlite-utils ['3e7', '1a2f']
    SQLite       [30000000, '1a2f']
S
cmp -s seen expected || { echo "one of the readers does something else now"; exit 1; }
echo "as seen before: 3e7 is thirty million"
