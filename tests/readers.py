"""Reads exports and case.db with the tools they are for, and holds what they see against the case:
python tests/readers.py WHYLOGON CASE.db FOLDER [TOOL...]

FOLDER takes the exports; without TOOL all are asked. The tools (tests/readers.txt) are imported, nothing is asked of a network: Timesketch's importer
uploads to an object that keeps what it is sent. One line a tool: its name, what agreed. Ends with 1 where one does not;
a tool that is not there is named as missing and leaves the code at 77 if all others agree."""
import asyncio
import datetime
import json
import logging
import sqlite3
import subprocess
import sys

whylogon, case, folder = sys.argv[1:4]
asked = sys.argv[4:]
db = sqlite3.connect(f"file:{case}?mode=ro", uri=True)
bad, missing = [], []


def ask(sql):
    return db.execute(sql).fetchall()


def count(view):
    return ask(f"SELECT count(*) FROM {view}")[0][0]


def export(form, name, *more):
    path = f"{folder}/{name}"
    subprocess.run([whylogon, "export", case, "--format", form, "--force", "-o", path, *more], check=True)
    return path


def micro(text):
    when = datetime.datetime.fromisoformat(text)
    return (when - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)


def same(what, seen, want):
    if seen != want:
        bad.append(f"{what}: {str(seen)[:200]}, the case has {str(want)[:200]}")
    return f"{what} {len(seen) if isinstance(seen, (list, set)) else seen}"


class Server:
    """As much of a sketch as the importer asks of one."""
    id, status_code, api_root, events = 1, 200, "http://nowhere", None

    def __init__(self):
        self.api = self.session = self
        self.events = []

    def post(self, url, data=None, files=None):
        self.events += [json.loads(line) for line in files["events"][1].splitlines() if line]
        return self

    def json(self):
        return {"objects": [{"id": 1, "searchindex": {"index_name": "x"}}], "meta": {}}


def timesketch():
    from timesketch_import_client import importer
    logging.disable(logging.WARNING)
    kept = sorted((time - 116444736000000000) // 10 for time, in ask("SELECT time FROM v_timeline"))
    told = []
    for form, name, more in (("timesketch", "ts.jsonl", ()), ("plaso-jsonl", "plaso.jsonl", ()),
                             ("csv", "ts.csv", ("--table", "timeline"))):
        server, streamer = Server(), importer.ImportStreamer()
        streamer.set_sketch(server)
        streamer.add_file(export(form, name, *more))
        streamer.close()
        rows = server.events
        told.append(same(f"{name} rows", len(rows), len(kept)))
        same(f"{name} without message", [r for r in rows if not r.get("message") or "[record]" in r["message"]], [])
        same(f"{name} timestamps", sorted(int(r["timestamp"]) for r in rows), kept)
        same(f"{name} datetimes", sorted(micro(r["datetime"]) for r in rows), kept)
    return told


def plaso():
    """Times as plaso stores them, by its own reader; psort reads storage files, its JSON is an output."""
    from dfdatetime import serializer
    with open(export("plaso-jsonl", "df.jsonl"), encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    times = [serializer.Serializer.ConvertDictToDateTimeValues(row["date_time"]) for row in rows]
    same("kept as FILETIME", sorted(time.timestamp for time in times), sorted(t for t, in ask("SELECT time FROM v_timeline")))
    return [same("times", [time.CopyToDateTimeStringISO8601()[:26] for time in times], [row["datetime"][:26] for row in rows])]


def sarif():
    from sarif import loader
    log = loader.load_sarif_file(export("sarif", "x.sarif"))
    results = log.get_results()
    wrong = [r for r in log.get_records() if r["Severity"] in ("error", "warning")]
    return [same("results", len(results), count("v_finding")),
            same("errors and warnings", len(wrong), count("v_finding WHERE verdict IN ('confirmed', 'likely')"))]


def junit():
    import junitparser
    suites = junitparser.JUnitXml.fromfile(export("junit", "junit.xml"))
    cases = [case for suite in suites for case in suite]
    failed = sum(any(isinstance(r, junitparser.Failure) for r in case.result) for case in cases)
    skipped = sum(any(isinstance(r, junitparser.Skipped) for r in case.result) for case in cases)
    same("counts of the file", (suites.tests, suites.failures, suites.skipped), (len(cases), failed, skipped))
    return [same("tests", len(cases), count("v_finding") + count("v_host") + 1),
            same("failures", failed, count("v_finding WHERE verdict IN ('confirmed', 'likely')")
                 + count("v_host WHERE outcome = 'unexplained'")),
            same("skipped", skipped, suites.skipped)]


def pandas():
    import pandas
    views = [name for name, in ask("SELECT name FROM sqlite_master WHERE type = 'view'")]
    rows = 0
    for view in views:
        frame = pandas.read_sql(f"SELECT * FROM {view}", db, dtype_backend="numpy_nullable")
        rows += len(frame)
        same(f"rows of {view}", len(frame), count(view))
    times = pandas.read_sql("SELECT time FROM v_failure", db, dtype_backend="numpy_nullable")["time"]
    same("times", [None if pandas.isna(t) else int(t) for t in times], [t for t, in ask("SELECT time FROM v_failure")])
    lines = pandas.read_json(export("ecs", "ecs.jsonl"), lines=True)
    table = pandas.read_csv(export("csv", "failures.csv"))
    return [f"views {len(views)}, {rows} rows", same("ecs lines", len(lines), count("v_timeline")),
            same("failures.csv", len(table), count("v_report_failure"))]


def duckdb():
    import duckdb
    con = duckdb.connect()
    told = []
    for table, view in (("failures", "v_report_failure"), ("findings", "v_finding"), ("coverage", "v_coverage")):
        path = export("csv", f"{table}.csv", "--table", table)
        seen = con.execute(f"SELECT count(*) FROM read_csv('{path}', header = true)").fetchone()[0]
        told.append(same(f"{table}.csv", seen, count(view)))
    path = export("timesketch", "ts.jsonl")
    seen = con.execute(f"SELECT count(*), count(DISTINCT timestamp), min(timestamp) FROM read_json('{path}')").fetchone()
    same("ts.jsonl", seen, ask("SELECT count(*), count(DISTINCT time / 10), min(time / 10 - 11644473600000000) FROM v_timeline")[0])
    try:
        import pathlib
        import duckdb_extension_sqlite_scanner as scanner
        con.execute(f"LOAD '{next(pathlib.Path(scanner.__file__).parent.rglob('*.duckdb_extension*'))}'")
    except (ImportError, StopIteration, duckdb.Error) as e:
        return told + [f"no sqlite extension ({str(e)[:60]})"]
    con.execute("SET sqlite_all_varchar = true")
    views = [name for name, in ask("SELECT name FROM sqlite_master WHERE type = 'view'")]
    for view in views:
        seen = con.execute(f"SELECT count(*) FROM sqlite_scan('{case}', '{view}')").fetchone()[0]
        same(f"sqlite_scan of {view}", seen, count(view))
    con.execute(f"ATTACH '{case}' AS c (TYPE sqlite, READ_ONLY)")
    attached = 0  # it runs the views' SQL as its own: most of the others it refuses, a few come out wrong
    for view in views:
        try:
            seen = con.execute(f"SELECT count(*) FROM c.{view}").fetchone()[0]
        except duckdb.Error:
            continue
        attached += seen == count(view)
    return told + [f"sqlite_scan of {len(views)} views, ATTACH right for {attached}"]


def datasette():
    from datasette.app import Datasette
    views = [name for name, in ask("SELECT name FROM sqlite_master WHERE type = 'view'")]

    async def look():
        server = Datasette(immutables=[case], settings={"sql_time_limit_ms": 20000, "max_returned_rows": 20000})
        await server.invoke_startup()
        for view in views:
            answer = await server.client.get("/case.json", params={"sql": f"SELECT count(*) FROM {view}", "_shape": "arrays"})
            same(f"rows of {view}", answer.json()["rows"][0][0] if answer.status_code == 200 and answer.json().get("rows") else answer.text, count(view))
        page = await server.client.get("/case/v_failure")
        same("page of v_failure", (page.status_code, "v_failure" in page.text), (200, True))
    asyncio.run(look())
    return [f"views {len(views)}"]


for tool in (timesketch, plaso, sarif, junit, pandas, duckdb, datasette):
    if asked and tool.__name__ not in asked:
        continue
    before = len(bad)
    try:
        told = tool()
    except ImportError as e:
        missing.append(f"{tool.__name__} ({e})")
        continue
    except Exception as e:  # pylint: disable=broad-except
        bad.append(f"{tool.__name__}: {type(e).__name__}: {str(e)[:300]}")
        continue
    bad[before:] = [f"{tool.__name__}: {line}" for line in bad[before:]]
    print(f"{tool.__name__}: {', '.join(told)}")
for line in bad[:30]:
    print("differs:", line)
for line in missing:
    print("missing:", line)
sys.exit(1 if bad else 77 if missing else 0)
