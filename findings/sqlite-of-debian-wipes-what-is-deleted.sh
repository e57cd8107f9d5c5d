#!/bin/sh
# SQLite as Debian 12 builds it (3.40.1-2+deb12u2): pages and rows that are deleted are overwritten with zeros, PRAGMA secure_delete is 1 from the start.
# A build of the same source without that option (apsw 3.40.1.0 from PyPI) leaves them: what a file still tells of deleted rows depends on whose
# SQLite wrote it, and building large files takes longer with the first. Needs a Debian 12 and its apt.
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; chmod 755 "$dir"; cd "$dir"
apt-get download -q -o APT::Sandbox::User=root sqlite3=3.40.1-2+deb12u2 libsqlite3-0=3.40.1-2+deb12u2 >log 2>&1 || { cat log; exit 1; }
for p in *.deb; do dpkg -x "$p" root; done
cli="env LD_LIBRARY_PATH=$(dirname root/usr/lib/*/libsqlite3.so.0) root/usr/bin/sqlite3"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check apsw==3.40.1.0
sql="CREATE TABLE t(x); INSERT INTO t VALUES('a ticket of 2026'), ('another'); DELETE FROM t WHERE x LIKE 'a ticket%'; PRAGMA secure_delete"
{
    echo "Debian: secure_delete $($cli debian.db "$sql"), $(grep -c 'a ticket of' debian.db || true) left"
    cat >run.py <<'P'
import apsw, sys
db = apsw.Connection("pypi.db")
print("PyPI: secure_delete", list(db.cursor().execute(sys.argv[1]))[-1][0], end=", ")
P
    env/bin/python run.py "$sql"
    echo "$(grep -c 'a ticket of' pypi.db || true) left"
} >seen
cat seen
cat >expected <<'S'
Debian: secure_delete 1, 0 left
PyPI: secure_delete 0, 1 left
S
cmp -s seen expected || { echo "one of them does something else now"; exit 1; }
echo "as seen before: Debian's wipes, the other leaves"
