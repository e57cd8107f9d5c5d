"""Looks for names that a redacted report or export must not hold: python3 tests/redacted.py FOLDER...

Of each folder takes the list from out/case.db, by its own reading of records, hives and SIDs, and looks for each in every
file beside out, escapes undone. Prints what leaks, one line each, and ends with 1."""
import html
import json
import os
import re
import sqlite3
import sys

KNOWN = {"", "-", "nt authority", "nt service", "builtin", "window manager", "font driver host", "local", "localhost",
         "workgroup", "system", "anonymous logon", "local service", "network service", "localsystem", "localservice",
         "networkservice", "administrator", "guest", "defaultaccount", "wdagutilityaccount", "nt-autorität", "default",
         "public", "krbtgt", "interactive", "network", "service", "batch", "everyone", "users", "administrators",
         "data", "files", "new", "other"}  # a share, a server, an account, a domain of samples; every page has these words
KEYS = re.compile("user|account|domain|workstation|computer|server|share|principal|membername|dcname|client|ipaddress", re.I)
bad = []


def parts(value):
    value = value.strip()
    if re.fullmatch(r"\{[0-9a-f-]{36}\}|%%\d+|0x[0-9a-f]+|\d+|S-1-.*", value, re.I):
        return
    for word in re.split(r"[\\@]", value):
        if not word or re.match(r"DWM-|UMFD-", word):
            continue
        yield word.rstrip("$. ")
        if "." in word and not re.fullmatch(r"[\d.]+", word):
            yield word.split(".", 1)[0]


def names(db):
    found = {}
    for (data,) in db.execute("SELECT data FROM event WHERE data IS NOT NULL UNION ALL SELECT data FROM fold"):
        try:
            record = json.loads(data)
        except ValueError:
            continue
        for key, value in record.items():
            if isinstance(value, str) and KEYS.search(key) and not value.lower().startswith(("nt service", "nt authority",
                                                                                             "iis apppool", "builtin")):
                for word in parts(value):
                    found[word] = key
        for sid in re.findall(r"S-1-5-21-(\d+-\d+-\d+)", data):
            found[sid] = "sid"
    for table, column in (("host", "name"), ("host", "fqdn"), ("host", "domain"), ("event", "computer"),
                          ("sam_account", "name"), ("host", "machine_sid")):
        for (value,) in db.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"):
            for word in [value.replace("S-1-5-21-", "")] if column == "machine_sid" else parts(value):
                found[word] = f"{table}.{column}"
    for (text,) in db.execute("SELECT DISTINCT text FROM reg_value WHERE name IN ('ComputerName', 'DefaultUserName', "
                              "'DefaultDomainName', 'Domain', 'ObjectName') AND text IS NOT NULL"):
        for word in parts(text):
            found[word] = "registry"
    for name, value, detail in db.execute("SELECT name, value, detail FROM tool_said WHERE name IN ('User', 'Computer', "
                                          "'Host Name', 'Device Name', 'Domain', 'DomainName', 'Logon Server', "
                                          "'Group Policy was applied from') OR name LIKE '%LogonRight'"):
        for word in parts(value):
            found[word] = f"tool_said.{name}"
        for sid in re.findall(r"S-1-5-21-(\d+-\d+-\d+)", detail or ""):
            found[sid] = "sid"
    ours = {name.split("\\")[-1].lower() for (name,) in db.execute("SELECT name FROM kb_account")}
    return {n: k for n, k in found.items() if len(n) > 1 and n.lower() not in KNOWN | ours
            and not re.fullmatch(r"[\d.:%x-]+", n) or re.fullmatch(r"\d+\.\d+\.\d+\.\d+|\d+-\d+-\d+", n)
            and n not in ("127.0.0.1", "0.0.0.0")}


def plain(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        text = f.read()
    if path.endswith((".html", "junit")):
        text = html.unescape(re.sub("<style>.*?</style>", "", text, flags=re.S))
    elif path.endswith(".md"):
        text = html.unescape(re.sub(r"\\(?=[^\w\s])", "", text))
    else:
        text = text.replace('""', '"').replace("\\\\", "\\").replace('\\"', '"')
    return text


listed = 0
for folder in sys.argv[1:]:
    db = sqlite3.connect(f"file:{folder}/out/case.db?immutable=1", uri=True)
    db.text_factory = lambda b: b.decode("utf-8", "replace")
    wanted = names(db)
    listed += len(wanted)
    files = [os.path.join(folder, n) for n in os.listdir(folder) if os.path.isfile(os.path.join(folder, n))]
    if len(files) < 10:
        bad.append(f"{folder}: {len(files)} files")
    for path in files:
        text = plain(path)
        words = set(re.findall(r"\w+", text.casefold()))
        for name, where in wanted.items():
            if not words.issuperset(re.findall(r"\w+", name.casefold())):
                continue
            start = r"(?<![\w])" if re.match(r"\w", name) else ""
            end = r"(?![\w])" if re.search(r"\w$", name) else ""
            hit = re.search(start + re.escape(name) + end, text, re.I)
            if hit:
                bad.append(f"{path}: {name!r} of {where}: ...{text[max(0, hit.start() - 60):hit.end() + 40]!r}")
print("\n".join(bad[:40]))
print(f"{listed} names", file=sys.stderr)
sys.exit(bool(bad) or not listed)
