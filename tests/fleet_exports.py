"""Reads the exports of a fleet with readers that are none of ours: python3 tests/fleet_exports.py FOLDER

FOLDER has fleet.db, junit and sarif. Each is held against fleet.db: a suite a ticket, a test a finding, a host, a ticket; a
result a finding. With junitparser and sarif-tools where they are there, and SARIF_SCHEMA as tests/exports.py. Prints what
is wrong and ends with 1."""
import json
import os
import sqlite3
import sys
from xml.etree import ElementTree

folder = sys.argv[1]
db = sqlite3.connect(f"file:{folder}/fleet.db?immutable=1", uri=True)
wrong = []


def ask(sql):
    return db.execute(sql).fetchall()


def expect(ok, *what):
    if not ok:
        wrong.append(" ".join(map(str, what)))


root = ElementTree.parse(f"{folder}/junit").getroot()
suites = root.findall("testsuite")
tickets = [name for (name,) in ask("SELECT name FROM ticket ORDER BY name")]
expect([s.get("name") for s in suites] == tickets, "suites:", [s.get("name") for s in suites])
for suite in suites:
    name, tests = suite.get("name"), suite.findall("testcase")
    want = 1 + sum(db.execute(f"SELECT count(*) FROM {t} WHERE ticket = ?", (name,)).fetchone()[0]
                   for t in ("ticket_host", "ticket_finding"))
    expect(len(tests) == want == int(suite.get("tests")), name, len(tests), want)
    for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        expect(len(suite.findall(f"testcase/{tag}")) == int(suite.get(count)), name, count)
    expect(all(len(t) == 1 for t in tests), name, "a test with two results, or none")
for count in ("tests", "failures", "errors", "skipped"):
    expect(int(root.get(count)) == sum(int(s.get(count)) for s in suites), "all", count)
dead = ask("SELECT count(*) FROM ticket WHERE outcome IN ('failed', 'no_evidence')")[0][0]
expect(len(root.findall("testsuite/testcase[@name='ticket was read']/error")) == dead, "tickets without an answer:", dead)

with open(f"{folder}/sarif", encoding="utf-8") as f:
    log = json.load(f)
run = log["runs"][0]
seen = sorted((r["properties"]["ticket"], r["ruleId"], str(r["properties"]["subject"]), r["properties"]["verdict"])
              for r in run["results"])
expect(log["version"] == "2.1.0" and len(log["runs"]) == 1, "no SARIF 2.1.0")
expect(seen == sorted((t, c, str(s), v) for t, c, s, v in ask("SELECT ticket, cause, subject, verdict FROM ticket_finding")),
       "other findings than the fleet's")
expect({r["id"] for r in run["tool"]["driver"]["rules"]} == {c for (c,) in ask("SELECT DISTINCT cause FROM ticket_finding")},
       "rules")
expect(len(run["invocations"][0]["toolExecutionNotifications"]) == dead, "notifications")
prints = [r["fingerprints"]["whylogon/ticket-finding/v1"] for r in run["results"]]
expect(len(set(prints)) == len(prints), "two results have one fingerprint")
expect(all((r["kind"] == "fail") == (r["properties"]["verdict"] in ("confirmed", "likely")) for r in run["results"]), "kinds")
if os.environ.get("SARIF_SCHEMA"):
    try:
        import jsonschema
        with open(os.environ["SARIF_SCHEMA"], encoding="utf-8") as f:
            schema = json.load(f)
        for error in jsonschema.validators.validator_for(schema)(schema).iter_errors(log):
            expect(False, error.json_path, error.message[:200])
    except ImportError:
        pass
try:
    import junitparser
    read = junitparser.JUnitXml.fromfile(f"{folder}/junit")
    expect(sum(len(list(s)) for s in read) == int(root.get("tests")), "junitparser")
    from sarif import loader
    results = loader.load_sarif_file(f"{folder}/sarif").get_results()
    expect(len(results) == len(run["results"]), "sarif-tools:", len(results))
    print("read by their own tools")
except ImportError:
    print("skipped: junitparser, sarif-tools")
print("\n".join(wrong[:40]))
sys.exit(bool(wrong))
