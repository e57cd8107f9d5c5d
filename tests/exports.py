"""Reads exports with readers that are none of ours: SARIF_SCHEMA=FILE python3 tests/exports.py FOLDER...

Of each folder takes out/case.db and the exports beside out. Holds each against what its importer asks for, and its rows against case.db, asked through SQLite. Prints what differs,
one line each, and ends with 1. sarif: also against SARIF_SCHEMA, where python3-jsonschema is there."""
import csv
import datetime
import json
import os
import re
import sqlite3
import sys
import xml.etree.ElementTree as ElementTree

bad = []
db = form = path = None


def expect(true, *what):
    if not true and len(bad) < 20:
        bad.append(f"{path}: " + " ".join(str(w) for w in what)[:500])


def ask(sql):
    return db.execute(sql).fetchall()


def once(pairs):
    keys = [key for key, _ in pairs]
    expect(len(keys) == len(set(keys)), "a key stands twice:", keys)
    return dict(pairs)


def micro(text):
    expect(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", text), "not ISO with six digits:", text)
    when = datetime.datetime.fromisoformat(text)
    expect(1990 <= when.year <= 2200, "no time that can be:", text)
    return (when - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)


def lines():
    with open(path, encoding="utf-8", errors="strict", newline="\n") as f:
        return [json.loads(line, object_pairs_hook=once) for line in f]


def timeline(rows, at, what, cited):
    """The same moments as the case's, in order."""
    kept = ask("SELECT (time - 116444736000000000) / 10, evidence_id FROM v_timeline")
    expect(len(kept) > 10 and len(rows) == len(kept), len(rows), "rows, the case has", len(kept))
    expect(sorted((at(r), cited(r)) for r in rows) == sorted(kept), "other moments than the case's")
    expect([at(r) for r in rows] == sorted(at(r) for r in rows), "not in order")
    for name, sql in (("event", "SELECT count(*) FROM v_event WHERE sane(time)"),
                      ("failure", "SELECT count(*) FROM v_report_failure WHERE sane(time)"),
                      ("finding", "SELECT sum(1 + (last_seen > first_seen)) FROM v_finding WHERE first_seen IS NOT NULL"
                       " AND verdict IN ('confirmed', 'likely', 'possible')")):
        sql = sql.replace("sane(time)", "time BETWEEN 122756256000000000 AND 189025920000000000")
        n, want = sum(what(r) == name for r in rows), ask(sql)[0][0] or 0
        expect(n == want, n, name, "rows, the case has", want)


def timesketch():
    rows = lines()
    for row in rows:
        for key in ("message", "datetime", "timestamp_desc"):
            expect(isinstance(row.get(key), str) and row[key].strip(), "no", key, row)
        expect(row["timestamp"] == micro(row["datetime"]), "timestamp is another time:", row)
        expect(all(not isinstance(v, (float, dict)) and v is not None for v in row.values()), "odd value:", row)
    timeline(rows, lambda r: r["timestamp"],
             lambda r: "event" if r["data_type"] == "windows:evtx:record" else r["data_type"].split(":")[1],
             lambda r: r.get("evidence_id"))


def plaso():
    rows = lines()
    for row in rows:
        expect(row["__container_type__"] == "event" and row["__type__"] == "AttributeContainer", "no event:", row)
        expect(row["message"] and row["timestamp_desc"] and row["parser"], "a part is missing:", row)
        expect(row["date_time"]["__class_name__"] == "Filetime"
               and row["date_time"]["timestamp"] // 10 - 11644473600000000 == row["timestamp"] == micro(row["datetime"]),
               "times differ:", row)
    timeline(rows, lambda r: r["timestamp"],
             lambda r: "event" if r["data_type"] == "windows:evtx:record" else r["data_type"].split(":")[1],
             lambda r: r.get("evidence_id"))


OURS = {"winlog", "whylogon"}  # Winlogbeat's own set, and ours
OF_TYPE = {"keyword": str, "wildcard": str, "match_only_text": str, "date": str, "long": int}


def ecs_fields():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ecs-8.11.tsv"), encoding="utf-8") as f:
        return {name: (kind, array == "array", dict(v.partition(":")[::2] for v in values.split() if v != "-"))
                for name, kind, array, values in (line.rstrip("\n").split("\t") for line in f if line[0] != "#")}


def flat(value, name=""):
    if not isinstance(value, dict):
        yield name, value
        return
    for key, inner in value.items():
        yield from flat(inner, f"{name}.{key}" if name else key)


def ecs():
    """Each field is one of the schema, of its type, an array where that asks for one, with a value it allows."""
    rows, fields = lines(), ecs_fields()
    for row in rows:
        expect(row["message"] and row["ecs"]["version"] == "8.11.0", "no message or version:", row)
        for name, value in flat(row):
            if name.split(".")[0] in OURS:
                continue
            kind, array, allowed = fields.get(name, ("unknown", False, {}))
            expect(array == isinstance(value, list), "array or none:", name, value)
            for v in value if isinstance(value, list) else [value]:
                expect(isinstance(v, OF_TYPE.get(kind, ())), name, "is", kind, "not", repr(v))
                expect(not allowed or v in allowed, name, "does not allow", v)
        types = {t for c in row["event"]["category"] for t in fields["event.category"][2].get(c, "").split(",")}
        expect(set(row["event"]["type"]) <= types, "types that the category does not expect:", row["event"])
    timeline(rows, lambda r: micro(r["@timestamp"]), lambda r: r["whylogon"]["what"],
             lambda r: r["whylogon"].get("evidence_id"))


KINDS = {"confirmed": "fail", "likely": "fail", "possible": "review", "undetermined": "open", "ruled_out": "pass",
         "latent": "informational"}


def sarif():
    with open(path, encoding="utf-8", errors="strict") as f:
        log = json.load(f, object_pairs_hook=once)
    expect(log["version"] == "2.1.0" and len(log["runs"]) == 1, "no SARIF 2.1.0")
    run = log["runs"][0]
    rules, files = run["tool"]["driver"]["rules"], run["artifacts"]
    expect(len({r["id"] for r in rules}) == len(rules), "a rule stands twice")
    expect(len(files) == ask("SELECT count(*) FROM v_evidence")[0][0], "files:", len(files))
    seen = sorted((r["properties"]["verdict"], r["ruleId"], str(r["properties"]["subject"])) for r in run["results"])
    expect(seen == sorted((v, c, str(s)) for v, c, s in ask("SELECT verdict, cause, subject FROM v_finding")),
           "other findings than the case's")
    for r in run["results"]:
        kind = KINDS[r["properties"]["verdict"]]
        expect(r["kind"] == kind and (r["level"] in ("error", "warning")) == (kind == "fail"), "kind, level:", r["ruleId"])
        expect(rules[r["ruleIndex"]]["id"] == r["ruleId"], "ruleIndex:", r["ruleId"])
        expect(len(r["locations"]) <= 1 and r["message"]["text"], "locations")
        expect(not re.search(r"(?<!\\)[][]|(?<!{){(?!{)", r["message"]["text"].replace("{{", "").replace("}}", "")),
               "a link or a placeholder:", r["message"]["text"])
        cited = ask(f"SELECT count(DISTINCT (c.role = 'contradicts') || c.evidence_id) FROM v_citation c JOIN v_finding f "
                    f"ON f.finding = c.finding WHERE f.cause = '{r['ruleId']}' AND c.evidence_id IS NOT NULL AND f.subject IS "
                    f"(SELECT subject FROM v_finding WHERE cause = '{r['ruleId']}' LIMIT 1) AND f.host IS (SELECT host FROM "
                    f"v_finding WHERE cause = '{r['ruleId']}' LIMIT 1)")[0][0]
        places = r["locations"] + r["relatedLocations"]
        expect(bool(cited) == bool(places), "citations:", cited, len(places), r["ruleId"])
        for place in places:
            at = place["physicalLocation"]
            expect(at["artifactLocation"]["uri"] == files[at["artifactLocation"]["index"]]["location"]["uri"], "index")
            expect(f"f{at['artifactLocation']['index'] + 1}:0x{at['region']['byteOffset']:x}" in place["message"]["text"]
                   or "f" in files[at["artifactLocation"]["index"]]["properties"]["id"], "offset")
    prints = [r["fingerprints"]["whylogon/finding/v1"] for r in run["results"]]
    expect(len(set(prints)) == len(prints), "two results have one fingerprint")
    if os.environ.get("SARIF_SCHEMA"):
        try:
            import jsonschema
        except ImportError:
            return
        with open(os.environ['SARIF_SCHEMA'], encoding="utf-8") as f:
            schema = json.load(f)
        for error in jsonschema.validators.validator_for(schema)(schema).iter_errors(log):
            expect(False, error.json_path, error.message[:200])


def junit():
    root = ElementTree.parse(path).getroot()
    sums = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for suite in root:
        cases = suite.findall("testcase")
        of = {"tests": len(cases), "failures": len(suite.findall("testcase/failure")),
              "errors": len(suite.findall("testcase/error")), "skipped": len(suite.findall("testcase/skipped"))}
        expect({k: int(suite.get(k)) for k in of} == of, "counts of", suite.get("name"))
        expect(all(len(c) == 1 and c.get("name") for c in cases), "one of failure, error, skipped, system-out each")
        sums = {k: sums[k] + of[k] for k in sums}
    expect({k: int(root.get(k)) for k in sums} == sums, "counts", sums)
    want = ask("SELECT (SELECT count(*) FROM v_finding) + (SELECT count(*) FROM v_host) + 1")[0][0]
    expect(sums["tests"] == want, sums["tests"], "tests, the case has", want)
    wrong = ask("SELECT (SELECT count(*) FROM v_finding WHERE verdict IN ('confirmed', 'likely')) + "
                "(SELECT count(*) FROM v_host WHERE outcome = 'unexplained')")[0][0]
    expect(sums["failures"] == wrong, sums["failures"], "failures, the case has", wrong)


def table():
    with open(path, encoding="utf-8", errors="strict", newline="") as f:
        rows = list(csv.reader(f, strict=True))
    view = {"failures": "v_report_failure", "findings": "v_finding", "coverage": "v_coverage",
            "timeline": "v_timeline"}[form[4:]]
    expect(len(rows) - 1 == ask(f"SELECT count(*) FROM {view}")[0][0], len(rows) - 1, "rows of", view)
    for row in rows:
        expect(len(row) == len(rows[0]), "columns:", row)
        expect(not any(cell[:1] and cell[0] in "=+-@\t\r" for cell in row), "a formula:", row)
    if form == "csv-timeline":
        expect(rows[0][0] == "message" and rows[0][3] == "timestamp_desc", rows[0])
        for row in rows[1:]:
            expect(row[0] and row[3] and micro(row[1]) == int(row[2]), row)


# what the samples of a test must have among them
KINDS_OF = {"verdict": "SELECT DISTINCT verdict FROM v_finding", "outcome": "SELECT DISTINCT outcome FROM v_host",
            "failure": "SELECT DISTINCT kind FROM v_report_failure", "moment": "SELECT DISTINCT what FROM v_timeline",
            "role": "SELECT DISTINCT role FROM v_citation", "hosts": "SELECT CAST(count(*) AS TEXT) FROM v_host"}
EVERY = {"verdict": "confirmed likely possible ruled_out undetermined", "outcome": "explained not_covered unexplained",
         "failure": "application bits logon service share task", "moment": "boot change event failure finding fold state",
         "role": "cause compatible contradicts link symptom", "hosts": "1 2"}
met = {}
readers = {"timesketch": timesketch, "plaso-jsonl": plaso, "ecs": ecs, "sarif": sarif, "junit": junit}
for folder in sys.argv[1:]:
    db = sqlite3.connect(f"file:{folder}/out/case.db?immutable=1", uri=True)
    db.text_factory = lambda b: b.decode("utf-8", "replace")
    forms = sorted(f for f in os.listdir(folder) if f in readers or f.startswith("csv-"))
    expect(len(forms) == 9, folder, "has", forms)
    for form in forms:
        path = f"{folder}/{form}"
        try:
            readers.get(form, table)()
        except (ValueError, KeyError, ElementTree.ParseError, csv.Error) as e:
            expect(False, "cannot be read:", repr(e))
    for what, sql in KINDS_OF.items():
        met.setdefault(what, set()).update(value for value, in ask(sql))
path = "all folders"
for what, values in EVERY.items() if os.environ.get("EXPORTS_OF_EVERY_KIND") else ():
    expect(values.split() == sorted(met[what] & set(values.split())), "of", what, "only", met[what])
print("\n".join(bad))
sys.exit(bool(bad))
