-- From facts to what rules join: runs once after ingest, on the connection that writes the case, and may use our SQL functions
-- num, code, win32of, host_of, account_of, domain_of, field (src/casedb_sql.c). Set-based; every INSERT is ordered, so the same facts give the same rows.
-- Every derived row carries the file and offset of the fact it came from. Recovered (deleted) facts are never used.
-- Evidence may be forged to be slow: pairs are found by index, nearest first, never by joining everything with everything.
-- Times are FILETIME integers: 10000000 is one second.

CREATE INDEX IF NOT EXISTS event_at ON event(file_id, file_off);
CREATE INDEX IF NOT EXISTS reg_value_at ON reg_value(file_id, file_off);

-- A hive with keys, values or lists that cannot be read is read in part: what it does not show may have stood there. (Its sums, its parents and its class names hide nothing.)
UPDATE evidence SET state = 'partial', note = 'damaged: some of its keys or values cannot be read' WHERE state = 'read' AND id IN (SELECT v.file_id FROM hive v JOIN anomaly a ON a.file_id = v.file_id
    WHERE a.code IN ('cell', 'count', 'depth', 'key', 'limit', 'list', 'value') OR a.code = 'name' AND a.what <> 'class name' OR a.code = 'decode' AND a.what IN ('SAM account', 'logon rights'));

------------------------------------------------------------------------------------------------------------------------------------------------
-- 1. Hosts. Every computer name in logs and hives; FQDN and short name are one host, as far as that is certain.

CREATE TEMP TABLE said(file_id INTEGER, computer TEXT COLLATE NOCASE, n INTEGER, last INTEGER, PRIMARY KEY(file_id, computer)) WITHOUT ROWID;      -- which computers each log names, how often, until when
INSERT INTO said SELECT file_id, computer, sum(n), max(last_time) FROM log_span WHERE computer > '' GROUP BY 1, 2 ORDER BY 1, 2;
INSERT INTO said SELECT file_id, computer, count(*), max(time) FROM event e WHERE computer > '' AND NOT EXISTS (SELECT 1 FROM said s WHERE s.file_id = e.file_id AND s.computer = e.computer)
    GROUP BY 1, 2 ORDER BY 1, 2;
INSERT OR IGNORE INTO said SELECT file_id, computer, sum(n), max(last_time) FROM fold WHERE computer > '' GROUP BY 1, 2 ORDER BY 1, 2;
CREATE TEMP TABLE seen(file_id INTEGER, name TEXT, last INTEGER, PRIMARY KEY(file_id, name)) WITHOUT ROWID;
INSERT INTO seen SELECT file_id, lower(rtrim(trim(computer), '.')) AS name, max(last) FROM said GROUP BY 1, 2 HAVING name > '' ORDER BY 1, 2;

-- What a hive says of itself: SYSTEM by its TCP/IP name, else by its computer name; SECURITY by the name of its local account domain.
CREATE TEMP TABLE hive_name(file_id INTEGER PRIMARY KEY, name TEXT, folder TEXT);
INSERT INTO hive_name
SELECT h.file_id, lower(rtrim(trim(CASE
        WHEN t.host > '' AND (h.computer IS NULL OR substr(t.host, 1, 15) = substr(h.computer, 1, 15) COLLATE NOCASE) THEN t.host || CASE WHEN t.domain > '' THEN '.' || t.domain ELSE '' END
        ELSE coalesce(nullif(h.computer, ''), l.value) END), '.')),
    coalesce(e.container, '') || '|' || rtrim(e.path, replace(replace(e.path, '/', ''), '\', ''))
FROM hive h JOIN evidence e ON e.id = h.file_id
LEFT JOIN (SELECT hive_id, max(text) FILTER (WHERE name = 'NV Hostname') AS nv, coalesce(max(text) FILTER (WHERE name = 'NV Hostname'), max(text) FILTER (WHERE name = 'Hostname')) AS host,
        coalesce(max(text) FILTER (WHERE name = 'NV Domain' AND text > ''), max(text) FILTER (WHERE name = 'Domain')) AS domain
    FROM reg_value WHERE path = 'SYSTEM\CurrentControlSet\Services\Tcpip\Parameters' AND name IN ('Hostname', 'NV Hostname', 'Domain', 'NV Domain') AND coalesce(recovered, 0) = 0
    GROUP BY hive_id) t ON t.hive_id = h.file_id
LEFT JOIN (SELECT hive_id, max(value) AS value FROM lsa_name WHERE what = 'machine_name' GROUP BY hive_id) l ON l.hive_id = h.file_id
GROUP BY h.file_id ORDER BY h.file_id;
INSERT OR IGNORE INTO seen SELECT file_id, name, 0 FROM hive_name WHERE name > '' ORDER BY 1, 2;

CREATE TEMP TABLE name(name TEXT PRIMARY KEY, label TEXT, fq INTEGER, last INTEGER, root TEXT, cut TEXT) WITHOUT ROWID;       -- cut: what NetBIOS leaves of a long label
INSERT INTO name
SELECT name, label, name <> label, last, NULL, CASE WHEN length(label) > 15 THEN substr(label, 1, 15) END
FROM (SELECT name, substr(name, 1, instr(name || '.', '.') - 1) AS label, max(last) AS last FROM seen GROUP BY name) ORDER BY name;
CREATE INDEX name_label ON name(label, fq);
CREATE INDEX name_cut ON name(cut) WHERE cut IS NOT NULL;

-- Two full names with one first label are one machine (renamed domain, joined later) when one machine's log holds both. A collector's log
-- holds many machines and says nothing of that kind.
CREATE TEMP TABLE own AS SELECT s.file_id FROM seen s JOIN name n ON n.name = s.name GROUP BY s.file_id HAVING count(DISTINCT n.label) <= 3 AND count(*) BETWEEN 2 AND 8 ORDER BY 1;
CREATE TEMP TABLE same(a TEXT, b TEXT, PRIMARY KEY(a, b)) WITHOUT ROWID;
INSERT INTO same
SELECT DISTINCT a.name, b.name FROM own o CROSS JOIN seen x ON x.file_id = o.file_id CROSS JOIN seen y ON y.file_id = o.file_id AND y.name <> x.name
CROSS JOIN name a ON a.name = x.name AND a.fq CROSS JOIN name b ON b.name = y.name AND b.fq AND b.label = a.label ORDER BY 1, 2;
UPDATE name SET root = name WHERE fq;
UPDATE name SET root = (WITH RECURSIVE reach(n) AS (SELECT name.name UNION SELECT s.b FROM reach JOIN same s ON s.a = reach.n LIMIT 1000)
    SELECT r.name FROM reach JOIN name r ON r.name = reach.n ORDER BY r.last DESC, r.name LIMIT 1) WHERE fq AND name IN (SELECT a FROM same);
-- A short name belongs to the only full name with that label, or to the only one it shares a log with; cut at 15 characters, to the only label that begins so.
UPDATE name SET root = coalesce(
    (SELECT max(f.root) FROM name f WHERE f.label = name.label AND f.fq HAVING count(DISTINCT f.root) = 1),
    (SELECT max(f.root) FROM own o CROSS JOIN seen x ON x.file_id = o.file_id CROSS JOIN seen y ON y.file_id = o.file_id CROSS JOIN name f ON f.name = y.name AND f.fq AND f.label = name.label
        WHERE x.name = name.name HAVING count(DISTINCT f.root) = 1),
    name) WHERE NOT fq;
UPDATE name SET root = coalesce((SELECT max(f.root) FROM name f WHERE f.cut = name.label AND f.cut IS NOT NULL HAVING count(DISTINCT f.root) = 1), root)
WHERE NOT fq AND root = name AND length(label) = 15;

CREATE TEMP TABLE root AS SELECT n.name, n.label, n.fq, count(*) OVER (PARTITION BY n.label) AS alike FROM name n WHERE n.name IN (SELECT root FROM name);
INSERT OR IGNORE INTO host(name, fqdn, domain)       -- ignored: names that differ in the case of letters lower() does not know
SELECT CASE WHEN alike > 1 AND fq THEN host_of(label) || '.' || upper(substr(name, instr(name, '.') + 1)) ELSE coalesce(host_of(label), name) END AS shown,
    CASE WHEN fq THEN name END, CASE WHEN fq THEN substr(name, instr(name, '.') + 1) END FROM root ORDER BY shown, name;
CREATE TEMP TABLE host_key AS SELECT coalesce(fqdn, lower(name)) AS name, id FROM host ORDER BY id;
CREATE INDEX host_key_name ON host_key(name);

CREATE TEMP TABLE host_name(name TEXT PRIMARY KEY, host_id INTEGER) WITHOUT ROWID;
INSERT OR IGNORE INTO host_name SELECT n.name, coalesce(h.id, g.id) FROM name n LEFT JOIN host_key h ON h.name = n.root
LEFT JOIN name r ON r.name = n.root LEFT JOIN host g ON g.name = coalesce(host_of(r.label), r.name) WHERE coalesce(h.id, g.id) IS NOT NULL ORDER BY n.name;
-- As the facts spell it, so that joins on the raw text need no function.
CREATE TEMP TABLE computer(computer TEXT COLLATE NOCASE PRIMARY KEY, host_id INTEGER) WITHOUT ROWID;
INSERT OR IGNORE INTO computer
SELECT DISTINCT c.computer, n.host_id FROM said c JOIN host_name n ON n.name = lower(rtrim(trim(c.computer), '.')) ORDER BY 1;

-- Files: a log belongs to the computer most of its records name; a hive to itself, else to a hive or log near by.
UPDATE evidence SET host_id = (SELECT c.host_id FROM said s JOIN computer c ON c.computer = s.computer WHERE s.file_id = evidence.id
    GROUP BY c.host_id ORDER BY sum(s.n) DESC, c.host_id LIMIT 1);
-- The same bytes a second time are not read again: they are the same computer's.
UPDATE evidence SET host_id = (SELECT o.host_id FROM evidence o WHERE o.id = evidence.duplicate_of) WHERE host_id IS NULL AND duplicate_of IS NOT NULL;
UPDATE evidence SET host_id = (SELECT n.host_id FROM hive_name h JOIN host_name n ON n.name = h.name WHERE h.file_id = evidence.id) WHERE host_id IS NULL;

-- A hive without a name: the host whose SECURITY hive knows its machine SID; else the host of the hives beside it that are named alike (WS22-SAM, WS22-SYSTEM).
CREATE TEMP TABLE kin AS
SELECT h.file_id, h.kind, n.folder, replace(lower(substr(e.path, length(rtrim(e.path, replace(replace(e.path, '/', ''), '\', ''))) + 1)), lower(h.kind), '*') AS mask,
    (SELECT max(l.value) FROM lsa_name l WHERE l.hive_id = h.file_id AND l.what IN ('machine_sid', 'sam_sid') AND l.value > '') AS sid
FROM hive h JOIN evidence e ON e.id = h.file_id JOIN hive_name n ON n.file_id = h.file_id WHERE h.kind IN ('SYSTEM', 'SOFTWARE', 'SECURITY', 'SAM') GROUP BY h.file_id;
CREATE INDEX kin_sid ON kin(sid); CREATE INDEX kin_mask ON kin(folder, mask);
UPDATE evidence SET host_id = coalesce(
    (SELECT max(o.host_id) FROM kin m JOIN kin k ON k.sid = m.sid JOIN evidence o ON o.id = k.file_id WHERE m.file_id = evidence.id HAVING count(DISTINCT o.host_id) = 1),
    (SELECT max(o.host_id) FROM kin m JOIN kin k ON k.folder = m.folder AND k.mask = m.mask JOIN evidence o ON o.id = k.file_id WHERE m.file_id = evidence.id AND m.mask LIKE '%*%'
        HAVING count(DISTINCT o.host_id) = 1))
WHERE host_id IS NULL AND id IN (SELECT file_id FROM kin);

CREATE TEMP TABLE place(folder TEXT, host_id INTEGER, naming INTEGER, PRIMARY KEY(folder, host_id)) WITHOUT ROWID;
INSERT INTO place
SELECT coalesce(e.container, '') || '|' || rtrim(e.path, replace(replace(e.path, '/', ''), '\', '')), e.host_id, max(coalesce(h.kind IN ('SYSTEM', 'SECURITY'), 0))
FROM evidence e LEFT JOIN hive h ON h.file_id = e.id WHERE e.host_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2;
-- In order: the SYSTEM or SECURITY hive of the folder; the folder's only host; the only host of the nearest folder above; the case's only host.
UPDATE evidence SET host_id = coalesce(
    (SELECT max(p.host_id) FROM place p WHERE p.folder = h.folder AND p.naming HAVING count(*) = 1),
    (SELECT max(p.host_id) FROM place p WHERE p.folder = h.folder HAVING count(*) = 1),
    (WITH RECURSIVE up(folder) AS (SELECT h.folder UNION SELECT rtrim(rtrim(folder, '/\'), replace(replace(rtrim(folder, '/\'), '/', ''), '\', '')) FROM up WHERE folder > '')
        SELECT CASE WHEN count(DISTINCT p.host_id) = 1 THEN max(p.host_id) END FROM up JOIN place p ON substr(p.folder, 1, length(up.folder)) = up.folder AND up.folder > ''
        GROUP BY up.folder ORDER BY length(up.folder) DESC LIMIT 1),
    (SELECT max(id) FROM host HAVING count(*) = 1))
FROM hive_name h WHERE h.file_id = evidence.id AND evidence.host_id IS NULL;
-- Another machine's SID is stronger than any neighbourhood.
UPDATE evidence SET host_id = NULL WHERE id IN (SELECT k.file_id FROM kin k WHERE k.kind = 'SAM' AND k.sid IS NOT NULL AND 0 = (
    SELECT max(s.sid = k.sid) FROM kin s JOIN evidence o ON o.id = s.file_id WHERE s.kind = 'SECURITY' AND s.sid IS NOT NULL AND o.host_id = evidence.host_id));
-- Hives that say whose they are: by name, by SID, or named like one that does. Others are where they are by neighbourhood alone.
CREATE TEMP TABLE placed(file_id INTEGER PRIMARY KEY);
INSERT OR IGNORE INTO placed SELECT file_id FROM hive_name WHERE name > '' ORDER BY 1;
INSERT OR IGNORE INTO placed SELECT m.file_id FROM kin m JOIN kin k ON k.folder = m.folder AND k.mask = m.mask JOIN evidence e ON e.id = m.file_id JOIN evidence o ON o.id = k.file_id
    JOIN hive_name n ON n.file_id = k.file_id WHERE m.mask LIKE '%*%' AND n.name > '' AND o.host_id = e.host_id ORDER BY 1;
INSERT OR IGNORE INTO placed SELECT m.file_id FROM kin m JOIN kin k ON k.sid = m.sid AND k.file_id <> m.file_id JOIN evidence e ON e.id = m.file_id JOIN evidence o ON o.id = k.file_id
    WHERE o.host_id = e.host_id ORDER BY 1;
DROP TABLE kin;
-- A hive nobody can place is a host of its own, one for each folder: never joined with another machine's facts.
CREATE TEMP TABLE lost AS SELECT h.folder, row_number() OVER (ORDER BY h.folder) AS i FROM hive_name h JOIN evidence e ON e.id = h.file_id WHERE e.host_id IS NULL GROUP BY h.folder ORDER BY 1;
INSERT OR IGNORE INTO host(name) SELECT CASE i WHEN 1 THEN '(unnamed)' ELSE '(unnamed ' || i || ')' END FROM lost ORDER BY i;
UPDATE evidence SET host_id = (SELECT o.id FROM hive_name h JOIN lost l ON l.folder = h.folder JOIN host o ON o.name = CASE l.i WHEN 1 THEN '(unnamed)' ELSE '(unnamed ' || l.i || ')' END
    WHERE h.file_id = evidence.id) WHERE host_id IS NULL AND id IN (SELECT file_id FROM hive_name);
UPDATE evidence SET host_id = (SELECT u.host_id FROM evidence u WHERE u.id = evidence.unit) WHERE host_id IS NULL AND unit IS NOT NULL;

UPDATE hive SET host_id = (SELECT e.host_id FROM evidence e WHERE e.id = hive.file_id);
-- Which hives speak: of those of a host and kind that hold the same keys hives before text, today's before backups, those that say whose they are before
-- strangers, the whole before a part, the newest.
-- Answers of reg query (root '') stand beside other text; views take the first of those that give one value.
CREATE INDEX IF NOT EXISTS hive_file ON hive(file_id);
CREATE TEMP TABLE standing AS
SELECT h.id, h.host_id, h.kind, h.file_id, lower(coalesce(nullif(h.root, ''), h.kind)) || '\' AS root,
    e.kind = 'reg-text' AS text, h.root = '' AS answer, row_number() OVER (ORDER BY e.kind = 'reg-text', coalesce(e.older, 0), e.duplicate_of IS NOT NULL, h.file_id NOT IN placed, coalesce(h.root, h.kind) NOT IN (h.kind, 'SYSTEM\CurrentControlSet'),
        h.last_written DESC, h.file_id, h.id) AS place FROM hive h JOIN evidence e ON e.id = h.file_id;
CREATE INDEX standing_host ON standing(host_id, kind, place);
UPDATE hive SET main = CASE WHEN kind IN ('SYSTEM', 'SOFTWARE', 'SECURITY', 'SAM') THEN NOT EXISTS (
        SELECT 1 FROM standing m JOIN standing g ON g.host_id = m.host_id AND g.kind = m.kind AND g.place < m.place AND g.file_id <> m.file_id
        WHERE m.id = hive.id AND NOT (g.text AND m.text AND (g.answer OR m.answer)) AND (substr(m.root, 1, length(g.root)) = g.root OR substr(g.root, 1, length(m.root)) = m.root))
    ELSE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.id = hive.file_id AND (e.older OR e.duplicate_of IS NOT NULL)) END;
CREATE TEMP TABLE mine(hive_id INTEGER PRIMARY KEY, host_id INTEGER, kind TEXT);          -- the hives that speak
INSERT INTO mine SELECT file_id, host_id, kind FROM hive WHERE host_id IS NOT NULL GROUP BY file_id HAVING min(main) ORDER BY file_id;
DROP TABLE standing;
DROP TABLE placed;

-- What is no JSON must not stop a rule: it becomes the text of a member.
UPDATE fold SET host_id = coalesce((SELECT c.host_id FROM computer c WHERE c.computer = fold.computer), (SELECT e.host_id FROM evidence e WHERE e.id = fold.file_id)),
    key = CASE WHEN key IS NULL OR json_valid(key) THEN key ELSE json_object('_invalid', key) END, data = CASE WHEN data IS NULL OR json_valid(data) THEN data ELSE json_object('_invalid', data) END;

------------------------------------------------------------------------------------------------------------------------------------------------
-- 2. Boots: starts within two minutes of each other are one. What the event log says at its end tells whether it was clean.

CREATE TEMP TABLE mark(host_id INTEGER, time INTEGER, file_id INTEGER, file_off INTEGER, event_id INTEGER, what TEXT);       -- declared types: without them no index serves a join
INSERT INTO mark
SELECT coalesce(c.host_id, v.host_id) AS host_id, e.time, e.file_id, e.file_off, e.event_id,
    CASE WHEN e.provider = 'Microsoft-Windows-Kernel-General' AND e.event_id = 12 OR e.provider = 'EventLog' AND e.event_id IN (6005, 6009)
        OR e.provider = 'Microsoft-Windows-Security-Auditing' THEN 'start' WHEN e.event_id IN (13, 6006) THEN 'stop' ELSE 'dirty' END AS what
FROM event e LEFT JOIN computer c ON c.computer = e.computer LEFT JOIN evidence v ON v.id = e.file_id
WHERE coalesce(e.recovered, 0) = 0 AND e.time > 0 AND (e.provider = 'Microsoft-Windows-Kernel-General' AND e.event_id IN (12, 13) OR e.provider = 'EventLog' AND e.event_id IN (6005, 6006, 6008, 6009)
    OR e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id = 4608 OR e.provider = 'Microsoft-Windows-Kernel-Power' AND e.event_id = 41)
ORDER BY 1, 2, 3, 4;

CREATE TEMP TABLE started AS
SELECT host_id, sum(first) OVER (PARTITION BY host_id ORDER BY time, file_id, file_off) AS boot, time, file_id, file_off, event_id FROM (
    SELECT *, time - lag(time, 1, time - 1200000001) OVER (PARTITION BY host_id ORDER BY time, file_id, file_off) > 1200000000 AS first FROM mark WHERE what = 'start' AND host_id IS NOT NULL);
INSERT INTO boot(host_id, boot, from_time, file_id, file_off)
SELECT host_id, boot, min(at), file_id, file_off FROM (
    SELECT host_id, boot, min(time) OVER (PARTITION BY host_id, boot) AS at, file_id, file_off,
        row_number() OVER (PARTITION BY host_id, boot ORDER BY event_id <> 12, time, file_id, file_off) AS i FROM started)
WHERE i = 1 GROUP BY host_id, boot ORDER BY host_id, boot;
INSERT INTO boot(host_id, boot) SELECT id, 0 FROM host ORDER BY id;

CREATE TEMP TABLE span(host_id INTEGER, from_time INTEGER, boot INTEGER, next INTEGER, next_file INTEGER, next_off INTEGER, PRIMARY KEY(host_id, from_time)) WITHOUT ROWID;
INSERT INTO span
SELECT b.host_id, coalesce(b.from_time, 0), b.boot, n.from_time, n.file_id, n.file_off FROM boot b LEFT JOIN boot n ON n.host_id = b.host_id AND n.boot = b.boot + 1 ORDER BY 1, 2;
CREATE INDEX mark_when ON mark(host_id, what, time);
UPDATE boot SET (to_time, end_file_id, end_file_off, clean) = (
    SELECT coalesce(m.time, s.next), coalesce(m.file_id, s.next_file), CASE WHEN m.file_id IS NULL THEN s.next_off ELSE m.file_off END,
        CASE WHEN m.time IS NOT NULL THEN 1 WHEN EXISTS (SELECT 1 FROM mark d WHERE d.host_id = s.host_id AND d.what = 'dirty'
            AND d.time BETWEEN s.next - 1200000000 AND s.next + 6000000000) THEN 0 END
    FROM span s LEFT JOIN mark m ON m.host_id = s.host_id AND m.what = 'stop' AND m.time >= s.from_time AND m.time < coalesce(s.next, 9e18)
    WHERE s.host_id = boot.host_id AND s.from_time = coalesce(boot.from_time, 0) ORDER BY m.time DESC, m.file_id, m.file_off LIMIT 1);

UPDATE event SET host_id = coalesce((SELECT c.host_id FROM computer c WHERE c.computer = event.computer), (SELECT v.host_id FROM evidence v WHERE v.id = event.file_id)),
    boot = (SELECT s.boot FROM span s WHERE s.host_id = coalesce((SELECT c.host_id FROM computer c WHERE c.computer = event.computer), (SELECT v.host_id FROM evidence v WHERE v.id = event.file_id))
        AND s.from_time <= event.time ORDER BY s.from_time DESC LIMIT 1),
    data = CASE WHEN data IS NULL OR json_valid(data) THEN data ELSE json_object('_invalid', data) END;

-- What hosts are.
CREATE TEMP TABLE hv AS        -- values that describe a host
SELECT m.host_id, v.path, v.name, v.num, v.text FROM reg_value v JOIN mine m ON m.hive_id = v.hive_id
WHERE coalesce(v.recovered, 0) = 0 AND v.path IN ('SOFTWARE\Microsoft\Windows NT\CurrentVersion', 'SYSTEM\CurrentControlSet\Control\ProductOptions',
    'SYSTEM\CurrentControlSet\Control\TimeZoneInformation', 'SYSTEM\CurrentControlSet\Services\Tcpip\Parameters') ORDER BY 1, 2, 3;
CREATE INDEX hv_what ON hv(host_id, name);
CREATE TEMP TABLE lsa AS SELECT m.host_id, l.what, l.value FROM lsa_name l JOIN mine m ON m.hive_id = l.hive_id ORDER BY 1, 2;
CREATE TEMP TABLE boot_event AS        -- the last start's own words, for hosts without hives
SELECT host_id, provider, event_id, data, max(time) FROM event WHERE provider = 'EventLog' AND event_id IN (6009, 6013) AND coalesce(recovered, 0) = 0 GROUP BY host_id, event_id
UNION ALL SELECT host_id, provider, event_id, data, max(time) FROM event WHERE provider = 'Microsoft-Windows-Kernel-General' AND event_id = 12 AND coalesce(recovered, 0) = 0 GROUP BY host_id;
CREATE INDEX boot_event_of ON boot_event(host_id, event_id);
CREATE INDEX lsa_of ON lsa(host_id, what);
UPDATE host SET
    build = coalesce((SELECT num(text) FROM hv WHERE host_id = host.id AND name = 'CurrentBuild'), (SELECT num(text) FROM hv WHERE host_id = host.id AND name = 'CurrentBuildNumber'),
        (SELECT num(field(data, 'BuildVersion')) FROM boot_event WHERE host_id = host.id AND event_id = 12), (SELECT num(rtrim(field(data, 'param2'), '.')) FROM boot_event WHERE host_id = host.id AND event_id = 6009)),
    os = (SELECT text FROM hv WHERE host_id = host.id AND name = 'ProductName'),
    role = (SELECT CASE lower(text) WHEN 'winnt' THEN 'workstation' WHEN 'servernt' THEN 'server' WHEN 'lanmannt' THEN 'domain controller' END
        FROM hv WHERE host_id = host.id AND name = 'ProductType' AND path = 'SYSTEM\CurrentControlSet\Control\ProductOptions' COLLATE NOCASE),
    time_zone = coalesce((SELECT text FROM hv WHERE host_id = host.id AND name = 'TimeZoneKeyName' AND text > ''), (SELECT text FROM hv WHERE host_id = host.id AND name = 'StandardName'),
        (SELECT nullif(substr(field(data, 'param7'), instr(field(data, 'param7'), ' ') + 1), '') FROM boot_event WHERE host_id = host.id AND event_id = 6013)),
    bias = coalesce((SELECT CASE WHEN num > 2147483647 THEN num - 4294967296 ELSE num END FROM hv WHERE host_id = host.id AND name = 'ActiveTimeBias'),
        (SELECT CASE WHEN num > 2147483647 THEN num - 4294967296 ELSE num END FROM hv WHERE host_id = host.id AND name = 'Bias'),
        (SELECT num(substr(field(data, 'param7'), 1, instr(field(data, 'param7') || ' ', ' ') - 1)) FROM boot_event WHERE host_id = host.id AND event_id = 6013)),
    machine_sid = coalesce((SELECT nullif(value, '') FROM lsa WHERE host_id = host.id AND what = 'machine_sid'), (SELECT value FROM lsa WHERE host_id = host.id AND what = 'sam_sid')),
    joined = (SELECT EXISTS (SELECT 1 FROM lsa d WHERE d.host_id = host.id AND d.what = 'domain_sid' AND d.value > '') FROM lsa WHERE host_id = host.id AND what <> 'sam_sid' LIMIT 1);
UPDATE host SET role = coalesce(role, (SELECT 'domain controller' FROM lsa WHERE host_id = host.id AND what = 'domain_sid' AND value = host.machine_sid)),        -- its accounts are the domain's
    domain = coalesce((SELECT nullif(value, '') FROM lsa WHERE host_id = host.id AND what = 'domain_name'),
        (SELECT nullif(text, '') FROM hv WHERE host_id = host.id AND name = 'NV Domain'), (SELECT nullif(text, '') FROM hv WHERE host_id = host.id AND name = 'Domain'), domain),
    os = coalesce(CASE WHEN build >= 22000 THEN replace(os, 'Windows 10', 'Windows 11') ELSE os END
            || coalesce(' ' || (SELECT text FROM hv WHERE host_id = host.id AND name = 'DisplayVersion'), ' ' || (SELECT text FROM hv WHERE host_id = host.id AND name = 'ReleaseId'), ''),
        CASE WHEN build IS NOT NULL THEN 'Windows build ' || build END);
DROP TABLE hv;
DROP TABLE boot_event;

------------------------------------------------------------------------------------------------------------------------------------------------
-- 3. Logon sessions. LUIDs are unique within one boot only. A session without a recorded end ended with its boot at the latest.

CREATE TEMP TABLE logon AS        -- every 4624 and the first of every fold; of one LUID the first counts
SELECT host_id, boot, num(data ->> 'TargetLogonId') AS luid, time, file_id, file_off, 0 AS folded, id FROM event
WHERE provider = 'Microsoft-Windows-Security-Auditing' AND event_id = 4624 AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL
UNION ALL
SELECT f.host_id, (SELECT s.boot FROM span s WHERE s.host_id = f.host_id AND s.from_time <= f.first_time ORDER BY s.from_time DESC LIMIT 1),
    num(field(f.data, 'TargetLogonId')), f.first_time, f.file_id, f.file_off, 1, f.id FROM fold f
WHERE f.provider = 'Microsoft-Windows-Security-Auditing' AND f.event_id = 4624 AND f.host_id IS NOT NULL;
CREATE TEMP TABLE closed(id INTEGER PRIMARY KEY, host_id INTEGER, boot INTEGER, luid INTEGER, time INTEGER, file_id INTEGER, file_off INTEGER);
INSERT INTO closed(host_id, boot, luid, time, file_id, file_off)
SELECT * FROM (
    SELECT host_id, boot, num(data ->> 'TargetLogonId') AS luid, time, file_id, file_off FROM event
    WHERE provider = 'Microsoft-Windows-Security-Auditing' AND event_id IN (4634, 4647) AND coalesce(recovered, 0) = 0
    UNION ALL
    SELECT f.host_id, (SELECT s.boot FROM span s WHERE s.host_id = f.host_id AND s.from_time <= f.first_time ORDER BY s.from_time DESC LIMIT 1),
        num(field(f.data, 'TargetLogonId')), f.first_time, f.file_id, f.file_off FROM fold f WHERE f.provider = 'Microsoft-Windows-Security-Auditing' AND f.event_id = 4634)
WHERE luid IS NOT NULL AND host_id IS NOT NULL AND boot IS NOT NULL ORDER BY 1, 2, 3, 4, 5, 6;
CREATE INDEX closed_luid ON closed(host_id, boot, luid, time);

INSERT INTO session(host_id, boot, luid, logon_type, user, domain, sid, process, package, key_length, ip, from_time, to_time, file_id, file_off, end_file_id, end_file_off, ended, linked, folded)
SELECT o.host_id, o.boot, o.luid, num(data ->> 'LogonType'), nullif(data ->> 'TargetUserName', '-'), nullif(data ->> 'TargetDomainName', '-'), nullif(data ->> 'TargetUserSid', 'S-1-0-0'),
    nullif(nullif(data ->> 'ProcessName', '-'), ''), nullif(data ->> 'AuthenticationPackageName', '-'), num(data ->> 'KeyLength'), nullif(nullif(data ->> 'IpAddress', '-'), ''),
    o.time, coalesce(c.time, b.to_time), o.file_id, o.file_off, CASE WHEN c.time IS NULL THEN b.end_file_id ELSE c.file_id END, CASE WHEN c.time IS NULL THEN b.end_file_off ELSE c.file_off END,
    CASE WHEN c.time IS NOT NULL THEN 'logoff' WHEN b.to_time IS NOT NULL THEN 'boot' END, nullif(num(data ->> 'TargetLinkedLogonId'), 0), o.folded
FROM (SELECT l.*, coalesce(e.data, d.data) AS data, (SELECT c.id FROM closed c WHERE c.host_id = l.host_id AND c.boot = l.boot AND c.luid = l.luid AND c.time >= l.time
            ORDER BY c.time, c.id LIMIT 1) AS close
    FROM (SELECT *, row_number() OVER (PARTITION BY host_id, boot, luid ORDER BY time, folded, file_id, file_off) AS i FROM logon WHERE luid IS NOT NULL) l
    LEFT JOIN event e ON NOT l.folded AND e.id = l.id LEFT JOIN fold d ON l.folded AND d.id = l.id WHERE l.i = 1) o
LEFT JOIN boot b ON b.host_id = o.host_id AND b.boot = o.boot
LEFT JOIN closed c ON c.id = o.close
ORDER BY o.host_id, o.time, o.luid;

-- Where Security says nothing: Winlogon's notifications (7001, 7002), then the session manager's (21, 23). These know no LUID.
CREATE TEMP TABLE notice(host_id INTEGER, boot INTEGER, what TEXT, ts INTEGER, who TEXT, logon_type INTEGER, ip TEXT, time INTEGER, file_id INTEGER, file_off INTEGER, rank INTEGER);
INSERT INTO notice
SELECT host_id, boot, CASE event_id WHEN 7001 THEN 'on' ELSE 'off' END AS what, num(field(data, 'TSId')) AS ts, field(data, 'UserSid') AS who, 2 AS logon_type, NULL AS ip,
    time, file_id, file_off, 1 AS rank FROM event
WHERE provider = 'Microsoft-Windows-Winlogon' AND event_id IN (7001, 7002) AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL
UNION ALL
SELECT host_id, boot, CASE event_id WHEN 21 THEN 'on' ELSE 'off' END, num(field(data, 'SessionID')), lower(field(data, 'User')),
    CASE WHEN coalesce(field(data, 'Address'), 'LOCAL') IN ('', 'LOCAL', 'LOKAL') THEN 2 ELSE 10 END, nullif(nullif(field(data, 'Address'), 'LOCAL'), ''), time, file_id, file_off, 2 FROM event
WHERE provider = 'Microsoft-Windows-TerminalServices-LocalSessionManager' AND event_id IN (21, 23) AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL
ORDER BY 1, 8, 9, 10;
CREATE INDEX notice_who ON notice(host_id, rank, what, ts, who, time);
CREATE INDEX IF NOT EXISTS session_luid ON session(host_id, boot, luid);
CREATE INDEX IF NOT EXISTS session_when ON session(host_id, from_time);
CREATE TEMP TABLE shown AS
SELECT n.*, f.time AS off_time, f.file_id AS off_file, f.file_off AS off_off FROM notice n
LEFT JOIN notice f ON f.host_id = n.host_id AND f.rank = n.rank AND f.what = 'off' AND f.ts IS n.ts AND f.who IS n.who
    AND f.time = (SELECT min(g.time) FROM notice g WHERE g.host_id = n.host_id AND g.rank = n.rank AND g.what = 'off' AND g.ts IS n.ts AND g.who IS n.who AND g.time >= n.time) AND f.boot IS n.boot
WHERE n.what = 'on' ORDER BY n.host_id, n.time, n.file_id, n.file_off;
INSERT INTO session(host_id, boot, logon_type, user, domain, sid, ip, from_time, to_time, file_id, file_off, end_file_id, end_file_off, ended)
SELECT n.host_id, n.boot, n.logon_type, NULL, NULL, n.who, n.ip, n.time, coalesce(n.off_time, b.to_time), n.file_id, n.file_off,
    CASE WHEN n.off_time IS NULL THEN b.end_file_id ELSE n.off_file END, CASE WHEN n.off_time IS NULL THEN b.end_file_off ELSE n.off_off END,
    CASE WHEN n.off_time IS NOT NULL THEN 'logoff' WHEN b.to_time IS NOT NULL THEN 'boot' END
FROM shown n LEFT JOIN boot b ON b.host_id = n.host_id AND b.boot = n.boot
WHERE n.rank = 1 AND NOT EXISTS (SELECT 1 FROM session s WHERE s.host_id = n.host_id AND s.from_time BETWEEN n.time - 1200000000 AND n.time + 1200000000
    AND s.logon_type IN (2, 10, 11, 12, 13) AND s.sid IS n.who) ORDER BY n.host_id, n.time, n.file_id, n.file_off;
INSERT INTO session(host_id, boot, logon_type, user, domain, sid, ip, from_time, to_time, file_id, file_off, end_file_id, end_file_off, ended)
SELECT n.host_id, n.boot, n.logon_type, account_of(n.who), upper(domain_of(n.who)), NULL, n.ip, n.time, coalesce(n.off_time, b.to_time), n.file_id, n.file_off,
    CASE WHEN n.off_time IS NULL THEN b.end_file_id ELSE n.off_file END, CASE WHEN n.off_time IS NULL THEN b.end_file_off ELSE n.off_off END,
    CASE WHEN n.off_time IS NOT NULL THEN 'logoff' WHEN b.to_time IS NOT NULL THEN 'boot' END
FROM shown n LEFT JOIN boot b ON b.host_id = n.host_id AND b.boot = n.boot
WHERE n.rank = 2 AND NOT EXISTS (SELECT 1 FROM session s WHERE s.host_id = n.host_id AND s.from_time BETWEEN n.time - 1200000000 AND n.time + 1200000000
    AND s.logon_type IN (2, 10, 11, 12, 13)) ORDER BY n.host_id, n.time, n.file_id, n.file_off;

------------------------------------------------------------------------------------------------------------------------------------------------
-- 4. What hives say: accounts, services, tasks. And who is who: names and SIDs.

-- The SAM of a domain controller holds the accounts of its restore mode: they are neither the domain's nor those of anything that runs.
INSERT INTO account(host_id, name, sid, rid, flags, password_set, expires, last_bad, bad_count, blank, file_id, file_off)
SELECT m.host_id, a.name, h.machine_sid || '-' || a.rid, a.rid, a.flags, a.password_set, a.expires, a.last_bad, a.bad_count, a.blank, a.file_id, a.file_off
FROM sam_account a JOIN mine m ON m.hive_id = a.hive_id JOIN host h ON h.id = m.host_id AND h.role IS NOT 'domain controller' ORDER BY m.host_id, a.rid, a.file_id, a.file_off;

-- Two names for one thing are certain only where one SID stands behind a name.
CREATE TEMP TABLE who(domain TEXT COLLATE NOCASE, account TEXT COLLATE NOCASE, sid TEXT, PRIMARY KEY(domain, account)) WITHOUT ROWID;
INSERT INTO who
SELECT domain, account, max(sid) FROM (
    SELECT domain, user AS account, sid FROM session WHERE sid LIKE 'S-1-%' AND domain > '' AND user > ''
    UNION SELECT field(data, 'TargetDomainName'), field(data, 'TargetUserName'), field(data, 'TargetSid') FROM event WHERE provider = 'Microsoft-Windows-Security-Auditing'
        AND event_id IN (4720, 4722, 4723, 4724, 4725, 4726, 4738) AND coalesce(recovered, 0) = 0
    UNION SELECT h.name, a.name, a.sid FROM account a JOIN host h ON h.id = a.host_id WHERE a.sid IS NOT NULL)
WHERE sid LIKE 'S-1-%' AND domain > '' AND account > '' GROUP BY domain COLLATE NOCASE, account COLLATE NOCASE HAVING count(DISTINCT sid) = 1 ORDER BY 1, 2;
CREATE TEMP TABLE called(sid TEXT PRIMARY KEY, domain TEXT, account TEXT) WITHOUT ROWID;
INSERT INTO called SELECT sid, max(domain), max(account) FROM who GROUP BY sid HAVING count(*) = 1 ORDER BY 1;
UPDATE session SET sid = (SELECT w.sid FROM who w WHERE w.domain = session.domain AND w.account = session.user) WHERE sid IS NULL AND user > '' AND domain > '';
UPDATE session SET (user, domain) = (SELECT c.account, c.domain FROM called c WHERE c.sid = session.sid) WHERE user IS NULL AND sid IS NOT NULL;

CREATE TEMP TABLE sv AS
SELECT m.host_id, substr(v.path, 35) AS service, v.name, v.num, v.text, v.data, v.file_id, v.file_off
FROM reg_value v JOIN mine m ON m.hive_id = v.hive_id
WHERE v.path > 'SYSTEM\CurrentControlSet\Services\' AND v.path < 'SYSTEM\CurrentControlSet\Services]' AND coalesce(v.recovered, 0) = 0
    AND v.name IN ('Start', 'ObjectName', 'DisplayName', 'DelayedAutostart', 'ServiceAccountManaged', 'DependOnService', 'ImagePath', 'Type') AND instr(substr(v.path, 35), '\') = 0
ORDER BY 1, 2, 3;
INSERT INTO service(host_id, name, display, start, account, delayed, managed, depends, image, file_id, file_off)
SELECT host_id, service, display, start, account, delayed, managed, depends, image,
    CASE WHEN own THEN account_file ELSE coalesce(start_file, account_file, file_id) END,
    CASE WHEN own THEN account_off WHEN start_file IS NOT NULL THEN start_off WHEN account_file IS NOT NULL THEN account_off ELSE file_off END
FROM (
    SELECT s.host_id, s.service, max(text) FILTER (WHERE s.name = 'DisplayName') AS display, max(num) FILTER (WHERE s.name = 'Start') AS start, max(text) FILTER (WHERE s.name = 'ObjectName') AS account,
        coalesce(max(num) FILTER (WHERE s.name = 'DelayedAutostart'), 0) AS delayed, count(*) FILTER (WHERE s.name = 'ServiceAccountManaged' AND s.num IS NOT 0 AND coalesce(hex(s.data) GLOB '*[^0]*', s.data IS NULL)) > 0 AS managed,
        max(text) FILTER (WHERE s.name = 'DependOnService') AS depends, max(text) FILTER (WHERE s.name = 'ImagePath') AS image,
        max(s.file_id) FILTER (WHERE s.name = 'Start') AS start_file, max(s.file_off) FILTER (WHERE s.name = 'Start') AS start_off,
        max(s.file_id) FILTER (WHERE s.name = 'ObjectName') AS account_file, max(s.file_off) FILTER (WHERE s.name = 'ObjectName') AS account_off, min(s.file_id) AS file_id, min(s.file_off) AS file_off,
        count(*) FILTER (WHERE s.name = 'ObjectName' AND NOT EXISTS (SELECT 1 FROM kb_account k WHERE k.name = s.text)) > 0 AS own,       -- an account of its own: that is what a reader wants to see
        count(*) FILTER (WHERE s.name IN ('Start', 'Type', 'ImagePath')) > 0 AS real
    FROM sv s GROUP BY s.host_id, s.service COLLATE NOCASE) WHERE real ORDER BY host_id, service COLLATE NOCASE;
DROP TABLE sv;
CREATE INDEX IF NOT EXISTS service_name ON service(host_id, name);

-- Display names to key names: from the hive, from what the service control manager wrote (Binary: UTF-16 key name, '/', state), from the English names.
CREATE TEMP TABLE written AS
SELECT host_id, shown, key, max(n) AS n FROM (
    SELECT host_id, field(data, 'param1') AS shown, field(data, 'param4') AS key, 1 AS n FROM event WHERE provider = 'Service Control Manager' AND event_id = 7040 AND coalesce(recovered, 0) = 0
    UNION ALL
    SELECT b.host_id, b.shown, (WITH RECURSIVE c(i, s) AS (SELECT 1, '' UNION ALL
            SELECT i + 4, s || char(num('0x' || substr(b.bin, i + 2, 2) || substr(b.bin, i, 2))) FROM c WHERE i + 3 <= length(b.bin) AND i < 512 AND lower(substr(b.bin, i, 4)) NOT IN ('2f00', '0000'))
            SELECT s FROM c ORDER BY i DESC LIMIT 1), 2
    FROM (SELECT DISTINCT host_id, shown, bin FROM (
        SELECT host_id, field(data, 'param1') AS shown, field(data, 'Binary') AS bin FROM fold WHERE provider = 'Service Control Manager' AND event_id = 7036
        UNION ALL SELECT host_id, field(data, 'param1'), field(data, 'Binary') FROM event WHERE provider = 'Service Control Manager' AND event_id IN (7000, 7001, 7022, 7023, 7024, 7031, 7034, 7036)
            AND coalesce(recovered, 0) = 0) WHERE length(bin) >= 8 AND bin NOT GLOB '*[^0-9a-fA-F]*') b)
WHERE shown > '' AND key > '' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
CREATE TEMP TABLE service_key(host_id INTEGER, shown TEXT COLLATE NOCASE, key TEXT, PRIMARY KEY(host_id, shown)) WITHOUT ROWID;
INSERT OR IGNORE INTO service_key SELECT host_id, name, name FROM service ORDER BY 1, 2;
INSERT OR IGNORE INTO service_key SELECT host_id, display, max(name) FROM service WHERE display > '' GROUP BY host_id, display COLLATE NOCASE HAVING count(*) = 1 ORDER BY 1, 2;
INSERT OR IGNORE INTO service_key SELECT host_id, shown, max(key) FROM written GROUP BY host_id, shown COLLATE NOCASE HAVING count(DISTINCT key COLLATE NOCASE) = 1 ORDER BY 1, 2;
INSERT OR IGNORE INTO service_key
SELECT h.id, k.column1, coalesce(s.name, k.column2) FROM host h JOIN (VALUES ('Workstation', 'LanmanWorkstation'), ('Server', 'LanmanServer'), ('Task Scheduler', 'Schedule'),
    ('Credential Manager', 'VaultSvc'), ('Netlogon', 'Netlogon'), ('Offline Files', 'CscService'), ('CNG Key Isolation', 'KeyIso'), ('Secondary Logon', 'seclogon'), ('Windows Time', 'W32Time'),
    ('Background Intelligent Transfer Service', 'BITS'), ('Windows Event Log', 'EventLog'), ('Network Location Awareness', 'NlaSvc'), ('DNS Client', 'Dnscache'),
    ('Remote Procedure Call (RPC)', 'RpcSs'), ('Security Accounts Manager', 'SamSs'), ('WebClient', 'WebClient'), ('Group Policy Client', 'gpsvc'), ('User Profile Service', 'ProfSvc'),
    ('Computer Browser', 'Browser'), ('Kerberos Key Distribution Center', 'Kdc'), ('Active Directory Domain Services', 'NTDS'), ('Net Logon', 'Netlogon')) k
LEFT JOIN service s ON s.host_id = h.id AND s.name = k.column2 ORDER BY 1, 2;

-- Tasks: TaskCache, else the newest XML of 4698 or 4702 that no 4699 followed.
-- A group-managed service account (its name ends with $) is registered with logon type Password, but Windows fetches its password: nothing is stored, so it counts as ServiceAccount.
CREATE TEMP TABLE task_xml AS
SELECT host_id, task, time, xml, file_id, file_off FROM (
    SELECT host_id, event_id, field(data, 'TaskName') AS task, time, coalesce(field(data, 'TaskContentNew'), field(data, 'TaskContent')) AS xml, file_id, file_off,
        row_number() OVER (PARTITION BY host_id, lower(field(data, 'TaskName')) ORDER BY time DESC, file_id DESC, file_off DESC) AS i
    FROM event WHERE provider = 'Microsoft-Windows-Security-Auditing' AND event_id IN (4698, 4699, 4702) AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL)
WHERE i = 1 AND event_id <> 4699 AND task > '' ORDER BY 1, 2;
CREATE TEMP TABLE xml AS
SELECT t.*,
    CASE WHEN instr(xml, '<LogonType>') THEN trim(substr(xml, instr(xml, '<LogonType>') + 11, instr(substr(xml, instr(xml, '<LogonType>') + 11), '<') - 1)) END AS logon,
    CASE WHEN instr(p, '<UserId>') THEN trim(substr(p, instr(p, '<UserId>') + 8, instr(substr(p, instr(p, '<UserId>') + 8), '<') - 1)) END AS user,
    CASE WHEN instr(p, '<GroupId>') THEN trim(substr(p, instr(p, '<GroupId>') + 9, instr(substr(p, instr(p, '<GroupId>') + 9), '<') - 1)) END AS grp,
    CASE WHEN instr(xml, '<Command>') THEN trim(substr(xml, instr(xml, '<Command>') + 9, instr(substr(xml, instr(xml, '<Command>') + 9), '<') - 1)) END AS command,
    CASE WHEN instr(xml, '<Arguments>') THEN trim(substr(xml, instr(xml, '<Arguments>') + 11, instr(substr(xml, instr(xml, '<Arguments>') + 11), '<') - 1)) END AS arguments
FROM (SELECT *, substr(xml, max(1, instr(xml, '<Principals>'))) AS p FROM task_xml) t;
CREATE TEMP TABLE cached(host_id INTEGER, path TEXT COLLATE NOCASE, PRIMARY KEY(host_id, path)) WITHOUT ROWID;
INSERT OR IGNORE INTO cached SELECT m.host_id, t.path FROM task_cache t JOIN mine m ON m.hive_id = t.hive_id ORDER BY 1, 2;
INSERT INTO task(host_id, path, guid, sid, user, logon, flags, registered, last_run, last_ok, result, command, unc, file_id, file_off)
SELECT * FROM (
    SELECT m.host_id, t.path, t.guid, coalesce(t.sid, w.sid, k.sid) AS sid,
        coalesce(nullif(t.user, ''), (SELECT c.domain || '\' || c.account FROM called c WHERE c.sid = t.sid)) AS user, CASE WHEN t.user LIKE '%$' AND t.logon = 'Password' THEN 'ServiceAccount' ELSE t.logon END, t.flags, nullif(t.registered, 0), nullif(t.last_run, 0), nullif(t.last_ok, 0),
        coalesce(CASE WHEN t.result & 0xFFFFFFFF >= 0x80000000 THEN t.result & 0xFFFFFFFF END, CASE WHEN t.state & 0xFFFFFFFF >= 0x80000000 THEN t.state & 0xFFFFFFFF END, t.result & 0xFFFFFFFF),
        t.command, t.unc, t.file_id, t.file_off
    FROM task_cache t JOIN mine m ON m.hive_id = t.hive_id
    LEFT JOIN who w ON w.domain = domain_of(t.user) AND w.account = account_of(t.user) LEFT JOIN kb_account k ON k.name = t.user WHERE t.path > ''
    UNION ALL
    SELECT x.host_id, x.task, NULL, CASE WHEN coalesce(x.user, x.grp) LIKE 'S-1-%' THEN coalesce(x.user, x.grp) ELSE coalesce(w.sid, k.sid) END,
        CASE WHEN x.user LIKE 'S-1-%' THEN (SELECT c.domain || '\' || c.account FROM called c WHERE c.sid = x.user) ELSE coalesce(x.user, x.grp) END,
        CASE WHEN x.grp IS NOT NULL AND x.logon IS NULL THEN 'Group' WHEN x.logon IS NULL AND coalesce(k.sid, x.user) IN ('S-1-5-18', 'S-1-5-19', 'S-1-5-20') THEN 'ServiceAccount'
            WHEN x.user LIKE '%$' AND x.logon = 'Password' THEN 'ServiceAccount' ELSE x.logon END, NULL, x.time, NULL, NULL, NULL, x.command || coalesce(' ' || x.arguments, ''), instr(coalesce(x.command, '') || ' ' || coalesce(x.arguments, ''), '\\') > 0, x.file_id, x.file_off
    FROM xml x LEFT JOIN who w ON w.domain = domain_of(x.user) AND w.account = account_of(x.user) LEFT JOIN kb_account k ON k.name = coalesce(x.user, x.grp)
    WHERE NOT EXISTS (SELECT 1 FROM cached c WHERE c.host_id = x.host_id AND c.path = x.task))
ORDER BY 1, 2 COLLATE NOCASE, 14, 15;
CREATE INDEX IF NOT EXISTS task_path ON task(host_id, path);
CREATE TEMP TABLE only_task AS        -- accounts with one task
SELECT host_id, account_of(user) AS account, max(domain_of(user)) AS domain, max(path) AS path FROM task WHERE user > '' GROUP BY 1, 2 HAVING count(*) = 1 ORDER BY 1, 2;
CREATE INDEX only_task_of ON only_task(host_id, account);

-- A new password: 4723 and 4724 are attempts, also such as fail (keyword 0x0010000000000000, failure audit); where the log holds a 4738 at all, one with PasswordLastSet must bear them out (two seconds).
CREATE TEMP TABLE changed AS
SELECT host_id, event_id, time, field(data, 'TargetUserName') AS account, field(data, 'TargetDomainName') AS domain, field(data, 'TargetSid') AS sid,
    coalesce(field(data, 'PasswordLastSet'), '-') NOT IN ('-', '', '%%1793', '%%1794') AS sets, file_id, file_off FROM event
WHERE provider = 'Microsoft-Windows-Security-Auditing' AND event_id IN (4723, 4724, 4738, 4742) AND coalesce(keywords, 0) & 4503599627370496 = 0
    AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL ORDER BY 1, 3, 8, 9;
CREATE INDEX changed_who ON changed(host_id, event_id, account COLLATE NOCASE, sets, time);
INSERT INTO password_change(host_id, account, domain, sid, time, how, file_id, file_off)
SELECT * FROM (
    SELECT host_id, account, domain, sid, time, CASE event_id WHEN 4723 THEN 'changed by the user (4723)' ELSE 'reset (4724)' END, file_id, file_off FROM changed c
    WHERE event_id IN (4723, 4724) AND (EXISTS (SELECT 1 FROM changed d WHERE d.host_id = c.host_id AND d.event_id = 4738 AND d.account = c.account COLLATE NOCASE AND d.sets
            AND d.time BETWEEN c.time - 20000000 AND c.time + 20000000) OR NOT EXISTS (SELECT 1 FROM changed d WHERE d.host_id = c.host_id AND d.event_id = 4738))
    UNION ALL
    SELECT host_id, account, domain, sid, time, 'new PasswordLastSet (' || event_id || ')', file_id, file_off FROM changed c
    WHERE event_id IN (4738, 4742) AND sets AND NOT EXISTS (SELECT 1 FROM changed d WHERE d.host_id = c.host_id AND d.event_id IN (4723, 4724) AND d.account = c.account COLLATE NOCASE
        AND d.time BETWEEN c.time - 20000000 AND c.time + 20000000)
    UNION ALL
    SELECT a.host_id, a.name, h.name, a.sid, a.password_set, 'SAM', a.file_id, a.file_off FROM account a JOIN host h ON h.id = a.host_id WHERE a.password_set > 0)
ORDER BY 1, 5, 7, 8;

------------------------------------------------------------------------------------------------------------------------------------------------
-- 5. Errors: every code in every field the knowledge names. Zero is no error.

CREATE TEMP TABLE symbol(value INTEGER PRIMARY KEY, symbol TEXT);          -- of values that are not Win32 codes: NTSTATUS, Task Scheduler, SSPI
INSERT OR IGNORE INTO symbol SELECT value, symbol FROM kb_code WHERE space IN ('task', 'sspi', 'ntstatus') ORDER BY space DESC, value;
CREATE TEMP TABLE win32_symbol(value INTEGER PRIMARY KEY, symbol TEXT);
INSERT OR IGNORE INTO win32_symbol SELECT value, symbol FROM kb_code WHERE space IN ('win32', 'nerr') ORDER BY space DESC, value;
CREATE TEMP TABLE raw AS
SELECT * FROM (SELECT e.host_id, e.id AS event, k.field, field(e.data, k.field) AS raw, k.shape, k.provider = 'Service Control Manager' AND k.event_id = 7024 AS nerr
    FROM kb_event_field k CROSS JOIN event e ON e.provider = k.provider AND e.event_id = k.event_id WHERE coalesce(e.recovered, 0) = 0) WHERE raw <> ''
UNION ALL          -- Kerberos numbers are neither NTSTATUS nor Win32; nerr: network services end with NERR codes of their own (7024)
SELECT e.host_id, e.id, k.column3, field(e.data, k.column3), 'kerberos', 0 FROM (VALUES ('Microsoft-Windows-Security-Auditing', 4768, 'Status'),
    ('Microsoft-Windows-Security-Auditing', 4769, 'Status'), ('Microsoft-Windows-Security-Auditing', 4771, 'Status'), ('Microsoft-Windows-Security-Kerberos', 3, 'ErrorCode')) k
CROSS JOIN event e ON e.provider = k.column1 AND e.event_id = k.column2 WHERE coalesce(e.recovered, 0) = 0;
CREATE TEMP TABLE spelt AS        -- a code is read once, however often it occurs
SELECT raw, shape, nerr, value, win32, CASE WHEN shape = 'kerberos' THEN (SELECT c.symbol FROM kb_code c WHERE c.space = 'kerberos' AND c.value = x.value)
    ELSE coalesce((SELECT s.symbol FROM symbol s WHERE s.value = x.value), (SELECT s.symbol FROM win32_symbol s WHERE s.value = x.win32)) END AS symbol
FROM (SELECT raw, shape, nerr, CASE shape WHEN 'kerberos' THEN num(raw) ELSE code(raw, shape) END AS value,
        CASE WHEN shape = 'kerberos' THEN NULL WHEN nerr AND num(raw) IN (SELECT value FROM kb_code WHERE space = 'nerr') THEN num(raw) ELSE nullif(win32of(raw, shape), 0) END AS win32
    FROM (SELECT DISTINCT raw, shape, nerr FROM raw)) x WHERE value <> 0;
CREATE INDEX spelt_raw ON spelt(raw, shape, nerr);
INSERT INTO error(host_id, event, field, raw, value, shape, win32, symbol)
SELECT r.host_id, r.event, r.field, r.raw, s.value, r.shape, s.win32, s.symbol FROM raw r JOIN spelt s ON s.raw = r.raw AND s.shape = r.shape AND s.nerr = r.nerr ORDER BY r.event, r.field;
DROP TABLE spelt;
CREATE INDEX IF NOT EXISTS error_event ON error(event);
CREATE INDEX IF NOT EXISTS error_win32 ON error(win32);
DROP TABLE raw;

------------------------------------------------------------------------------------------------------------------------------------------------
-- 6. Failures and successes. One row for one failure: the event that says most. The other witnesses of the same failure are cited beside it (also: evidence ids with blanks between).

CREATE TEMP TABLE f(host_id INTEGER, kind TEXT, subject TEXT COLLATE NOCASE, principal TEXT, call TEXT, win32 INTEGER, value INTEGER, raw TEXT, symbol TEXT, time INTEGER, event INTEGER,
    file_id INTEGER, file_off INTEGER, boot INTEGER, provider TEXT, event_id INTEGER, luid INTEGER, also TEXT, sid TEXT);

-- Tasks. 104 names no task but the call that failed: it joins the 101 of the same user and code within two seconds.
CREATE TEMP TABLE logon104(id INTEGER PRIMARY KEY, host_id INTEGER, time INTEGER, account TEXT, domain TEXT, user TEXT, code INTEGER, call TEXT, file_id INTEGER, file_off INTEGER, boot INTEGER, provider TEXT, event_id INTEGER);
INSERT INTO logon104
SELECT e.id, e.host_id, e.time, account_of(field(e.data, 'UserName')) AS account, domain_of(field(e.data, 'UserName')) AS domain, field(e.data, 'UserName') AS user,
    code(field(e.data, 'ResultCode'), 'hresult') AS code, nullif(field(e.data, 'ErrorDescription'), '') AS call, e.file_id, e.file_off, e.boot, e.provider, e.event_id FROM event e
WHERE e.provider = 'Microsoft-Windows-TaskScheduler' AND e.event_id = 104 AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL ORDER BY 2, 3, 1;
CREATE INDEX logon104_who ON logon104(host_id, account, code, domain COLLATE NOCASE, time);
CREATE INDEX logon104_when ON logon104(host_id, account, code, time);
CREATE INDEX logon104_call ON logon104(host_id, account, code, call, time);
CREATE TEMP TABLE start101 AS
SELECT *, account_of(user) AS account, domain_of(user) AS domain FROM (
    SELECT e.id, e.host_id, e.time, field(e.data, 'TaskName') AS task, nullif(coalesce(field(e.data, 'UserContext'), field(e.data, 'UserName')), '') AS user,
        lower(nullif(coalesce(field(e.data, 'InstanceId'), field(e.data, 'TaskInstanceId')), '')) AS run, code(field(e.data, 'ResultCode'), 'hresult') AS code, e.file_id, e.file_off, e.boot, e.provider, e.event_id FROM event e
    WHERE e.provider = 'Microsoft-Windows-TaskScheduler' AND e.event_id IN (101, 103, 130, 146, 148, 151, 203, 204, 332, 333, 334) AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL) ORDER BY 2, 3, 1;
CREATE TEMP TABLE pair AS        -- the domains agree, or one of the two names none; before the 101 rather than behind it
SELECT id, other FROM (SELECT s.id, coalesce(
    (SELECT l.id FROM logon104 l WHERE l.host_id = s.host_id AND l.account = s.account AND l.code IS s.code AND l.domain = s.domain COLLATE NOCASE AND l.time BETWEEN s.time - 20000000 AND s.time ORDER BY l.time DESC, l.id LIMIT 1),
    (SELECT l.id FROM logon104 l WHERE l.host_id = s.host_id AND l.account = s.account AND l.code IS s.code AND l.domain = s.domain COLLATE NOCASE AND l.time BETWEEN s.time AND s.time + 20000000 ORDER BY l.time, l.id LIMIT 1),
    (SELECT l.id FROM logon104 l WHERE s.domain IS NOT NULL AND l.host_id = s.host_id AND l.account = s.account AND l.code IS s.code AND l.domain IS NULL AND l.time BETWEEN s.time - 20000000 AND s.time + 20000000 ORDER BY l.time, l.id LIMIT 1),
    (SELECT l.id FROM logon104 l WHERE s.domain IS NULL AND l.host_id = s.host_id AND l.account = s.account AND l.code IS s.code AND l.time BETWEEN s.time - 20000000 AND s.time + 20000000 ORDER BY l.time, l.id LIMIT 1)) AS other
    FROM start101 s WHERE s.event_id = 101) WHERE other IS NOT NULL;
CREATE INDEX pair_id ON pair(id);
-- Two calls of one account with one code at that time: which of them was this task's, nobody can tell.
CREATE TEMP TABLE unsure AS SELECT p.id FROM pair p JOIN start101 s ON s.id = p.id JOIN logon104 l ON l.id = p.other
WHERE EXISTS (SELECT 1 FROM (VALUES ('LogonUserExEx'), ('LogonUserS4U')) k CROSS JOIN logon104 o ON o.host_id = s.host_id AND o.account = s.account AND o.code IS l.code AND o.call = k.column1
    AND o.time BETWEEN s.time - 20000000 AND s.time + 20000000 WHERE k.column1 <> l.call);
-- What 101 says, 103, 203, 204 and 332 to 334 say again of the same start: the same run, or within two seconds where no run is named; and never another code.
CREATE INDEX start101_run ON start101(host_id, run, event_id);
CREATE INDEX start101_who ON start101(host_id, account, code, domain COLLATE NOCASE, time) WHERE event_id = 101;
CREATE INDEX start101_what ON start101(host_id, task COLLATE NOCASE, event_id, time);
CREATE TEMP TABLE twin AS
SELECT id, other, file_id, file_off FROM (SELECT s.id, s.file_id, s.file_off, coalesce(
    (SELECT w.id FROM start101 w WHERE w.host_id = s.host_id AND w.run = s.run AND w.event_id IN (101, 103) AND w.event_id < s.event_id AND w.task = s.task COLLATE NOCASE
        AND coalesce(s.code, w.code, '') = coalesce(w.code, s.code, '') ORDER BY w.event_id, w.time, w.id LIMIT 1),
    (SELECT w.id FROM start101 w WHERE w.host_id = s.host_id AND w.task = s.task COLLATE NOCASE AND w.event_id = 101 AND w.time BETWEEN s.time - 20000000 AND s.time + 20000000 AND (w.run IS NULL OR s.run IS NULL)
        AND coalesce(s.code, w.code, '') = coalesce(w.code, s.code, '') AND (s.event_id NOT BETWEEN 332 AND 334 OR w.code = 0x800704DD) ORDER BY w.time, w.id LIMIT 1),
    (SELECT w.id FROM start101 w WHERE w.host_id = s.host_id AND w.task = s.task COLLATE NOCASE AND w.event_id = 103 AND s.event_id IN (203, 204) AND w.time BETWEEN s.time - 20000000 AND s.time + 20000000
        AND (w.run IS NULL OR s.run IS NULL) AND coalesce(s.code, w.code, '') = coalesce(w.code, s.code, '') ORDER BY w.time, w.id LIMIT 1)) AS other
    FROM start101 s WHERE s.event_id IN (103, 203, 204, 332, 333, 334)) WHERE other IS NOT NULL;
UPDATE twin SET other = coalesce((SELECT t.other FROM twin t WHERE t.id = twin.other), other);      -- 203 beside 103 beside 101
CREATE INDEX twin_other ON twin(other);
INSERT INTO f
SELECT s.host_id, 'task', s.task, s.user, CASE WHEN s.id NOT IN (SELECT id FROM unsure) THEN l.call END, x.win32, x.value, x.raw, x.symbol, s.time, s.id, s.file_id, s.file_off, s.boot, s.provider, s.event_id, NULL,
    nullif(trim(CASE WHEN l.id IS NOT NULL THEN printf('f%d:0x%x', l.file_id, l.file_off) ELSE '' END || coalesce((SELECT group_concat(' ' || printf('f%d:0x%x', t.file_id, t.file_off), '') FROM twin t WHERE t.other = s.id), '')), ''), NULL
FROM start101 s LEFT JOIN error x ON x.event = s.id AND x.field = 'ResultCode' LEFT JOIN pair p ON p.id = s.id LEFT JOIN logon104 l ON l.id = p.other WHERE s.id NOT IN (SELECT id FROM twin)
UNION ALL
SELECT l.host_id, 'task', (SELECT t.path FROM only_task t WHERE t.host_id = l.host_id AND t.account = l.account AND (l.domain IS NULL OR t.domain IS NULL OR t.domain = l.domain COLLATE NOCASE)),
    l.user, l.call, x.win32, x.value, x.raw, x.symbol, l.time, l.id, l.file_id, l.file_off, l.boot, l.provider, l.event_id, NULL, NULL, NULL
FROM logon104 l LEFT JOIN error x ON x.event = l.id AND x.field = 'ResultCode' WHERE l.id NOT IN (SELECT other FROM pair)
    AND NOT EXISTS (SELECT 1 FROM start101 s WHERE s.event_id = 101 AND s.host_id = l.host_id AND s.account = l.account AND s.code IS l.code AND s.domain IS l.domain COLLATE NOCASE AND s.time BETWEEN l.time - 20000000 AND l.time + 20000000);      -- it has a task

-- What a task's program reported. Only HRESULTs and NTSTATUS values are errors; an exit code, 1312 say, is the program's own affair.
CREATE TEMP TABLE ended AS
SELECT e.host_id, field(e.data, 'TaskName') AS task, field(e.data, 'ActionName') AS action, num(field(e.data, 'ResultCode')) & 0xFFFFFFFF AS value, e.time, e.id, e.file_id, e.file_off, e.boot, e.provider, e.event_id
FROM event e WHERE e.provider = 'Microsoft-Windows-TaskScheduler' AND e.event_id IN (201, 202) AND coalesce(e.recovered, 0) = 0
UNION ALL
SELECT d.host_id, field(d.key, 'TaskName'), field(d.key, 'ActionName'), num(field(d.key, 'ResultCode')) & 0xFFFFFFFF, t.column1, NULL, d.file_id, t.column2,
    (SELECT s.boot FROM span s WHERE s.host_id = d.host_id AND s.from_time <= t.column1 ORDER BY s.from_time DESC LIMIT 1), d.provider, d.event_id
FROM fold d JOIN (SELECT id, first_time AS column1, file_off AS column2 FROM fold WHERE event_id = 201 UNION ALL SELECT id, last_time, last_off FROM fold WHERE event_id = 201 AND n > 1) t ON t.id = d.id
WHERE d.provider = 'Microsoft-Windows-TaskScheduler' AND d.event_id = 201;
INSERT INTO f
SELECT host_id, 'program', task, NULL, action, win32of(value, 'exit'), value, value, coalesce((SELECT s.symbol FROM symbol s WHERE s.value = ended.value),
        (SELECT s.symbol FROM win32_symbol s WHERE s.value = win32of(ended.value, 'exit'))), time, id, file_id, file_off, boot, provider, event_id, NULL, NULL, NULL
FROM ended WHERE (value BETWEEN 0x80000000 AND 0x8FFFFFFF OR value BETWEEN 0xC0000000 AND 0xDFFFFFFF) AND host_id IS NOT NULL;
CREATE INDEX f_what ON f(kind, host_id, subject, value, time);
-- The last result in TaskCache is a second witness of a failure that the log has: of that code, the start within ten seconds of the last run, the end of the program within three days
-- after it; without a time of the last run the latest of that code. It does not tell who failed: the scheduler, unless the log says that it was the program, or that this run had started.
CREATE TEMP TABLE begun(host_id INTEGER, task TEXT COLLATE NOCASE, time INTEGER);
INSERT INTO begun
SELECT d.host_id, d.data ->> 'TaskName', t.column1 FROM fold d JOIN (SELECT id, first_time AS column1 FROM fold WHERE event_id IN (100, 129, 200) UNION ALL SELECT id, last_time FROM fold WHERE event_id IN (100, 129, 200) AND n > 1) t ON t.id = d.id
WHERE d.provider = 'Microsoft-Windows-TaskScheduler'
UNION ALL SELECT host_id, data ->> 'TaskName', time FROM event WHERE provider = 'Microsoft-Windows-TaskScheduler' AND event_id IN (100, 129, 200) AND coalesce(recovered, 0) = 0;
CREATE INDEX begun_when ON begun(host_id, task, time);
CREATE TEMP TABLE last_result AS
SELECT t.id, t.host_id, t.path, t.result, t.last_run, t.file_id, t.file_off, coalesce(
    (SELECT p.rowid FROM f p WHERE p.kind = 'task' AND p.host_id = t.host_id AND p.subject = t.path AND p.value = t.result AND p.time BETWEEN t.last_run - 100000000 AND t.last_run + 100000000
        ORDER BY p.time DESC, p.rowid LIMIT 1),
    (SELECT p.rowid FROM f p WHERE p.kind = 'program' AND p.host_id = t.host_id AND p.subject = t.path AND p.value = t.result AND p.time BETWEEN t.last_run - 100000000 AND t.last_run + 2592000000000
        ORDER BY p.time, p.rowid LIMIT 1),
    CASE WHEN t.last_run IS NULL THEN coalesce(
        (SELECT p.rowid FROM f p WHERE p.kind = 'task' AND p.host_id = t.host_id AND p.subject = t.path AND p.value = t.result ORDER BY p.time DESC, p.rowid LIMIT 1),
        (SELECT p.rowid FROM f p WHERE p.kind = 'program' AND p.host_id = t.host_id AND p.subject = t.path AND p.value = t.result ORDER BY p.time DESC, p.rowid LIMIT 1)) END) AS same
FROM task t WHERE t.result BETWEEN 0x80000000 AND 0xDFFFFFFF;
CREATE INDEX last_result_same ON last_result(same);
UPDATE f SET also = coalesce(also || ' ', '') || (SELECT printf('f%d:0x%x', r.file_id, r.file_off) FROM last_result r WHERE r.same = f.rowid ORDER BY r.id LIMIT 1) WHERE rowid IN (SELECT same FROM last_result);
INSERT INTO f
SELECT t.host_id, CASE WHEN EXISTS (SELECT 1 FROM f p WHERE p.kind = 'program' AND p.host_id = t.host_id AND p.subject = t.path AND p.value = t.result)
        AND NOT EXISTS (SELECT 1 FROM f p WHERE p.kind = 'task' AND p.host_id = t.host_id AND p.subject = t.path AND p.value = t.result)
        OR EXISTS (SELECT 1 FROM begun b WHERE b.host_id = t.host_id AND b.task = t.path AND b.time BETWEEN t.last_run - 100000000 AND t.last_run + 100000000) THEN 'program' ELSE 'task' END,
    t.path, coalesce(t.user, t.sid), NULL, win32of(t.result, 'hresult'), t.result, t.result, coalesce((SELECT s.symbol FROM symbol s WHERE s.value = t.result),
        (SELECT s.symbol FROM win32_symbol s WHERE s.value = win32of(t.result, 'hresult'))), t.last_run, NULL, t.file_id, t.file_off,
    (SELECT s.boot FROM span s WHERE s.host_id = t.host_id AND s.from_time <= t.last_run ORDER BY s.from_time DESC LIMIT 1), NULL, NULL, NULL, NULL, t.sid
FROM last_result r JOIN task t ON t.id = r.id WHERE r.same IS NULL;

-- Services. 7038, 7041 and 7013 give the reason of the 7000 (%%1069) that follows within two seconds.
CREATE TEMP TABLE scm AS
SELECT e.id, e.host_id, e.time, e.event_id, CASE WHEN e.event_id <> 7013 THEN field(e.data, 'param1') END AS shown, CASE WHEN e.event_id IN (7038, 7041) THEN field(e.data, 'param2') END AS account,
    x.win32, x.value, x.raw, x.symbol, e.file_id, e.file_off, e.boot, e.provider FROM event e
LEFT JOIN error x ON x.event = e.id AND x.field = CASE e.event_id WHEN 7013 THEN 'param1' WHEN 7038 THEN 'param3' ELSE 'param2' END
WHERE e.provider = 'Service Control Manager' AND e.event_id IN (7000, 7013, 7023, 7024, 7038, 7041) AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL ORDER BY 2, 3, 1;
ALTER TABLE scm ADD COLUMN subject TEXT;
UPDATE scm SET subject = coalesce((SELECT k.key FROM service_key k WHERE k.host_id = scm.host_id AND k.shown = scm.shown), shown);
CREATE TEMP TABLE late AS SELECT id, host_id, subject, time, file_id, file_off FROM scm WHERE event_id = 7000 AND coalesce(win32, 1069) = 1069 ORDER BY id;
CREATE INDEX late_of ON late(host_id, subject COLLATE NOCASE, time);
CREATE INDEX late_when ON late(host_id, time);
CREATE INDEX late_id ON late(id);
CREATE TEMP TABLE reason AS        -- which 7000 (other) a 7038, 7041 or 7013 explains; the one that names the service wins
SELECT id, other, row_number() OVER (PARTITION BY other ORDER BY event_id = 7013, time, id) AS i FROM (SELECT r.id, r.event_id, r.time, CASE WHEN r.subject IS NOT NULL THEN coalesce(
        (SELECT s.id FROM late s WHERE s.host_id = r.host_id AND s.subject = r.subject COLLATE NOCASE AND s.time BETWEEN r.time AND r.time + 20000000 ORDER BY s.time, s.id LIMIT 1),
        (SELECT s.id FROM late s WHERE s.host_id = r.host_id AND s.subject = r.subject COLLATE NOCASE AND s.time BETWEEN r.time - 20000000 AND r.time ORDER BY s.time DESC, s.id LIMIT 1))
    ELSE coalesce((SELECT s.id FROM late s WHERE s.host_id = r.host_id AND s.time BETWEEN r.time AND r.time + 20000000 ORDER BY s.time, s.id LIMIT 1),
        (SELECT s.id FROM late s WHERE s.host_id = r.host_id AND s.time BETWEEN r.time - 20000000 AND r.time ORDER BY s.time DESC, s.id LIMIT 1)) END AS other
    FROM scm r WHERE r.event_id IN (7013, 7038, 7041)) WHERE other IS NOT NULL;
-- 7038 and 7041 name a service by its key, 7000 by its display name. Where nothing tells that they are one (no hive, a service since removed), the only 7000 behind the only 7038 does.
CREATE TEMP TABLE lone(id INTEGER PRIMARY KEY, host_id INTEGER, time INTEGER);
INSERT INTO lone SELECT id, host_id, time FROM scm WHERE event_id IN (7038, 7041) AND subject IS NOT NULL AND id NOT IN (SELECT id FROM reason);
CREATE INDEX lone_when ON lone(host_id, time);
CREATE TEMP TABLE nameless AS SELECT l.id, l.host_id, l.time FROM late l WHERE l.id NOT IN (SELECT other FROM reason) AND NOT EXISTS (SELECT 1 FROM service v WHERE v.host_id = l.host_id AND v.name = l.subject);
CREATE INDEX nameless_when ON nameless(host_id, time);
INSERT INTO reason SELECT id, other, 1 FROM (
    SELECT r.*, (SELECT n.id FROM nameless n WHERE n.host_id = r.host_id AND n.time BETWEEN r.time AND r.time + 20000000 ORDER BY n.time, n.id LIMIT 1) AS other FROM lone r) r
WHERE other IS NOT NULL AND NOT EXISTS (SELECT 1 FROM nameless n WHERE n.host_id = r.host_id AND n.id <> r.other AND n.time BETWEEN r.time - 20000000 AND r.time + 20000000)
    AND NOT EXISTS (SELECT 1 FROM lone o WHERE o.host_id = r.host_id AND o.id <> r.id AND o.time BETWEEN r.time - 20000000 AND r.time + 20000000);
DROP TABLE lone; DROP TABLE nameless;
CREATE INDEX reason_id ON reason(id);
INSERT INTO f
SELECT s.host_id, 'service', coalesce(s.subject, o.subject), coalesce(s.account, (SELECT v.account FROM service v WHERE v.host_id = s.host_id AND v.name = coalesce(s.subject, o.subject))),
    NULL, CASE WHEN s.event_id = 7041 THEN 1385 WHEN o.id IS NOT NULL THEN coalesce(s.win32, 1069) ELSE s.win32 END, CASE WHEN s.event_id = 7041 THEN 1385 WHEN o.id IS NOT NULL THEN coalesce(s.value, 1069) ELSE s.value END,
    CASE WHEN s.event_id IN (7013, 7038) AND o.id IS NOT NULL THEN coalesce(s.raw, '%%1069') ELSE s.raw END,      -- a reason in words that no table knows: 7000 has the number
    CASE WHEN s.event_id = 7041 THEN 'ERROR_LOGON_TYPE_NOT_GRANTED' WHEN o.id IS NOT NULL AND s.value IS NULL THEN 'ERROR_SERVICE_LOGON_FAILED' ELSE s.symbol END, s.time, s.id, s.file_id, s.file_off, s.boot, s.provider, s.event_id, NULL,
    CASE WHEN o.id IS NOT NULL THEN printf('f%d:0x%x', o.file_id, o.file_off) END, NULL
FROM scm s LEFT JOIN reason r ON r.id = s.id LEFT JOIN late o ON o.id = r.other
WHERE NOT (s.event_id = 7000 AND s.id IN (SELECT other FROM reason)) AND NOT (s.event_id = 7013 AND coalesce(r.i, 1) > 1);

-- Shares: the server's name without backslashes. LogonId is the LUID of the caller.
CREATE TEMP TABLE smb AS
SELECT e.id, e.host_id, e.time, e.event_id, ltrim(coalesce(nullif(field(e.data, 'ServerName'), ''), nullif(field(e.data, 'ShareName'), '')), '\') AS server, nullif(field(e.data, 'UserName'), '') AS user,
    nullif(num(field(e.data, 'LogonId')), 0) AS luid, e.file_id, e.file_off, e.boot, e.provider FROM event e
WHERE e.provider = 'Microsoft-Windows-SMBClient' AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL
    AND e.event_id IN (30800, 30803, 30804, 30805, 30806, 30807, 30808, 30816, 30829, 31000, 31001, 31002, 31010, 31013, 31014, 31015, 31017, 31020, 31023) ORDER BY 2, 3, 1;
INSERT INTO f
SELECT s.host_id, 'share', nullif(substr(s.server, 1, instr(s.server || '\', '\') - 1), ''), s.user, CASE s.event_id WHEN 31000 THEN 'AcquireCredentialsHandle' WHEN 31001 THEN 'InitializeSecurityContext' END,
    coalesce(a.win32, b.win32), coalesce(CASE WHEN a.win32 IS NOT NULL OR b.value IS NULL THEN a.value END, b.value), coalesce(CASE WHEN a.win32 IS NOT NULL OR b.value IS NULL THEN a.raw END, b.raw),
    coalesce(CASE WHEN a.win32 IS NOT NULL OR b.value IS NULL THEN a.symbol END, b.symbol), s.time, s.id, s.file_id, s.file_off, s.boot, s.provider, s.event_id, s.luid, NULL, NULL
FROM smb s LEFT JOIN error a ON a.event = s.id AND a.field = 'Status' LEFT JOIN error b ON b.event = s.id AND b.field = 'SecurityStatus'
WHERE s.event_id NOT IN (30806, 30808) AND (s.event_id NOT IN (30804, 30805, 30807) OR a.value IS NOT NULL);

-- BITS: the owner of a job comes from the event that created it.
CREATE TEMP TABLE job AS SELECT host_id, lower(field(data, 'jobId')) AS job, max(field(data, 'jobOwner')) AS owner FROM event
WHERE provider = 'Microsoft-Windows-Bits-Client' AND event_id = 3 AND coalesce(recovered, 0) = 0 GROUP BY 1, 2;
CREATE INDEX job_id ON job(host_id, job);
INSERT INTO f
SELECT e.host_id, 'bits', nullif(field(e.data, 'name'), ''), (SELECT j.owner FROM job j WHERE j.host_id = e.host_id AND j.job = lower(field(e.data, 'Id'))), NULL, x.win32, x.value, x.raw, x.symbol,
    e.time, e.id, e.file_id, e.file_off, e.boot, e.provider, e.event_id, NULL, NULL, NULL
FROM event e JOIN error x ON x.event = e.id AND x.field = 'hr' WHERE e.provider = 'Microsoft-Windows-Bits-Client' AND e.event_id IN (60, 61) AND e.host_id IS NOT NULL;

-- The domain: no controller, no secure channel, no policy.
INSERT INTO f
SELECT e.host_id, 'domain', coalesce(CASE WHEN e.provider = 'NETLOGON' THEN nullif(field(e.data, CASE e.event_id WHEN 5783 THEN 'param2' ELSE 'param1' END), '') END, h.domain), NULL, NULL,
    x.win32, x.value, x.raw, x.symbol, e.time, e.id, e.file_id, e.file_off, e.boot, e.provider, e.event_id, NULL, NULL, NULL
FROM event e JOIN host h ON h.id = e.host_id
LEFT JOIN error x ON x.id = (SELECT y.id FROM error y WHERE y.event = e.id ORDER BY y.win32 IS NULL, y.field = 'Binary', y.id LIMIT 1)
WHERE coalesce(e.recovered, 0) = 0 AND (e.provider = 'NETLOGON' AND e.event_id IN (3210, 5719, 5783)
    OR e.provider = 'Microsoft-Windows-GroupPolicy' AND e.event_id IN (1006, 1030, 1053, 1054, 1055, 1058, 1097, 1110, 1129));

-- Logons: SubStatus when it is not zero, else Status. A failure a task or service already stands for is not told twice (five seconds);
-- names that exist nowhere, tried over the network in their hundreds, are noise and stay in v_event.
CREATE TEMP TABLE told AS SELECT kind, host_id, account_of(principal) AS account, time FROM f WHERE kind IN ('task', 'service');
CREATE INDEX told_of ON told(kind, host_id, account, time);
CREATE TEMP TABLE bad AS
SELECT e.id, e.host_id, e.time, num(e.data ->> 'LogonType') AS logon_type, coalesce(nullif(e.data ->> 'TargetUserName', ''), '-') AS account,
    nullif(nullif(e.data ->> 'TargetDomainName', '-'), '') AS domain, e.data ->> 'TargetUserSid' AS sid, e.file_id, e.file_off, e.boot, e.provider, e.event_id,
    x.win32, x.value, x.raw, x.symbol
FROM event e LEFT JOIN error x ON x.id = (SELECT y.id FROM error y WHERE y.event = e.id AND y.field IN ('Status', 'SubStatus') ORDER BY y.field DESC LIMIT 1)
WHERE e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id = 4625 AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL ORDER BY 2, 3, 1;
CREATE INDEX bad_of ON bad(host_id, logon_type, account COLLATE NOCASE, time);
UPDATE f SET also = coalesce(also || ' ', '') || b.id FROM (        -- the nearest one of the account behind the task or service is cited beside it
    SELECT p.rowid AS f, (SELECT printf('f%d:0x%x', b.file_id, b.file_off) FROM bad b WHERE b.host_id = p.host_id AND b.logon_type = CASE p.kind WHEN 'task' THEN 4 ELSE 5 END
        AND b.account = account_of(p.principal) COLLATE NOCASE AND b.time BETWEEN p.time - 50000000 AND p.time + 50000000 ORDER BY b.time, b.id LIMIT 1) AS id
    FROM f p WHERE p.kind IN ('task', 'service') AND p.principal IS NOT NULL AND p.event_id IS NOT NULL) b WHERE b.f = f.rowid AND b.id IS NOT NULL;
CREATE TEMP TABLE noisy AS SELECT host_id FROM bad WHERE win32 = 1317 AND logon_type IN (3, 8, 10) GROUP BY host_id HAVING count(DISTINCT account COLLATE NOCASE) > 100;
INSERT INTO f
SELECT b.host_id, 'logon', b.account, coalesce(b.domain || '\', '') || b.account, 'logon type ' || b.logon_type, b.win32, b.value, b.raw, b.symbol, b.time, b.id, b.file_id, b.file_off, b.boot, b.provider, b.event_id,
    NULL, NULL, CASE WHEN b.sid LIKE 'S-1-5-21-%' OR b.sid LIKE 'S-1-12-%' THEN b.sid END
FROM bad b WHERE NOT EXISTS (SELECT 1 FROM told p WHERE p.kind = CASE b.logon_type WHEN 4 THEN 'task' WHEN 5 THEN 'service' END AND p.host_id = b.host_id AND p.account = account_of(b.account)
        AND p.time BETWEEN b.time - 50000000 AND b.time + 50000000)
    AND NOT EXISTS (SELECT 1 FROM told p WHERE p.kind = CASE b.logon_type WHEN 4 THEN 'task' WHEN 5 THEN 'service' END AND p.host_id = b.host_id AND p.account IS NULL
        AND p.time BETWEEN b.time - 50000000 AND b.time + 50000000)
    AND NOT (b.win32 = 1317 AND b.logon_type IN (3, 8, 10) AND b.host_id IN (SELECT host_id FROM noisy));

-- Whose SID a principal is: well-known, literal, a local account, or a name that only one SID goes by.
CREATE TEMP TABLE principal(host_id INTEGER, principal TEXT, sid TEXT, PRIMARY KEY(host_id, principal)) WITHOUT ROWID;
INSERT INTO principal
SELECT p.host_id, p.principal, coalesce((SELECT k.sid FROM kb_account k WHERE k.name = p.principal), CASE WHEN p.principal LIKE 'S-1-%' THEN p.principal END,
    (SELECT w.sid FROM who w WHERE w.domain = coalesce(domain_of(p.principal), h.name) AND w.account = account_of(p.principal)))
FROM (SELECT DISTINCT host_id, principal FROM f WHERE principal IS NOT NULL) p JOIN host h ON h.id = p.host_id ORDER BY 1, 2;
INSERT INTO failure(host_id, kind, subject, principal, sid, call, win32, value, raw, symbol, time, event, file_id, file_off, boot, provider, event_id, luid, also)
SELECT f.host_id, f.kind, f.subject, f.principal, coalesce(f.sid, p.sid, CASE WHEN f.kind = 'task' THEN (SELECT t.sid FROM task t WHERE t.host_id = f.host_id AND t.path = f.subject
        AND CASE WHEN f.principal IS NULL THEN coalesce(t.registered, 0) <= coalesce(f.time, t.registered, 0) ELSE account_of(t.user) = account_of(f.principal)
            AND coalesce(domain_of(t.user), domain_of(f.principal), '') = coalesce(domain_of(f.principal), domain_of(t.user), '') COLLATE NOCASE END LIMIT 1) END),
    f.call, f.win32, f.value, f.raw, f.symbol, f.time, f.event, f.file_id, f.file_off, f.boot, f.provider, f.event_id, f.luid, f.also
FROM f LEFT JOIN principal p ON p.host_id = f.host_id AND p.principal = f.principal ORDER BY f.host_id, f.time, f.kind, f.subject, f.file_id, f.file_off;
CREATE INDEX IF NOT EXISTS failure_what ON failure(host_id, kind, subject);

-- What worked, as precisely as folds tell: first and last of a day.
CREATE TEMP TABLE works(provider TEXT COLLATE NOCASE, event_id INTEGER, subject TEXT, principal TEXT, result TEXT, PRIMARY KEY(provider, event_id)) WITHOUT ROWID;     -- and where its event says who and what
INSERT INTO works VALUES ('Microsoft-Windows-TaskScheduler', 100, 'TaskName', 'UserContext', NULL), ('Microsoft-Windows-TaskScheduler', 102, 'TaskName', 'UserContext', NULL),
    ('Microsoft-Windows-TaskScheduler', 129, 'TaskName', NULL, NULL), ('Microsoft-Windows-TaskScheduler', 200, 'TaskName', NULL, NULL), ('Microsoft-Windows-TaskScheduler', 201, 'TaskName', NULL, 'ResultCode'),
    ('Service Control Manager', 7036, 'param1', NULL, 'Binary'), ('Microsoft-Windows-GroupPolicy', 1500, NULL, 'DCName', NULL), ('Microsoft-Windows-GroupPolicy', 1501, NULL, 'DCName', NULL),
    ('Microsoft-Windows-GroupPolicy', 1502, NULL, 'DCName', NULL), ('Microsoft-Windows-GroupPolicy', 1503, NULL, 'DCName', NULL),
    ('Microsoft-Windows-Security-Auditing', 4624, 'TargetUserName', 'TargetDomainName', NULL), ('Microsoft-Windows-Bits-Client', 4, 'jobTitle', 'jobOwner', NULL),
    ('Microsoft-Windows-Bits-Client', 60, 'name', NULL, 'hr');
CREATE TEMP TABLE good AS
SELECT host_id, w.provider, w.event_id, nullif(data ->> w.subject, '') AS subject, nullif(data ->> w.principal, '') AS principal, data ->> w.result AS result,
    CASE WHEN w.event_id = 7036 THEN data ->> 'param2' END AS state, first_time AS time, file_id, file_off, CASE WHEN n > 1 THEN last_time END AS last_time, last_off
FROM works w CROSS JOIN fold ON fold.provider = w.provider AND fold.event_id = w.event_id WHERE host_id IS NOT NULL
UNION ALL
SELECT host_id, w.provider, w.event_id, nullif(data ->> w.subject, ''), nullif(data ->> w.principal, ''), data ->> w.result, CASE WHEN w.event_id = 7036 THEN data ->> 'param2' END,
    time, file_id, file_off, NULL, NULL
FROM works w CROSS JOIN event ON event.provider = w.provider AND event.event_id = w.event_id WHERE host_id IS NOT NULL AND coalesce(recovered, 0) = 0;
INSERT INTO good SELECT host_id, provider, event_id, subject, principal, result, state, last_time, file_id, last_off, NULL, NULL FROM good WHERE last_time IS NOT NULL AND last_off IS NOT NULL;
CREATE TEMP TABLE ran(host_id INTEGER, task TEXT COLLATE NOCASE, user TEXT, PRIMARY KEY(host_id, task)) WITHOUT ROWID;        -- who a task ran as, by 100 and 102
INSERT INTO ran SELECT host_id, subject, max(principal) FROM good WHERE event_id IN (100, 102) AND subject IS NOT NULL GROUP BY 1, 2 COLLATE NOCASE HAVING count(DISTINCT lower(principal)) = 1 ORDER BY 1, 2;
INSERT INTO success(host_id, kind, subject, principal, time, file_id, file_off, provider, event_id)
SELECT host_id, kind, subject, principal, time, file_id, file_off, provider, event_id FROM (
    SELECT g.host_id, 'task' AS kind, g.subject, coalesce(g.principal, r.user) AS principal, g.time, g.file_id, g.file_off, g.provider, g.event_id
    FROM good g LEFT JOIN ran r ON r.host_id = g.host_id AND r.task = g.subject WHERE g.provider = 'Microsoft-Windows-TaskScheduler'
    UNION ALL
    SELECT host_id, 'program', subject, NULL, time, file_id, file_off, provider, event_id FROM good WHERE provider = 'Microsoft-Windows-TaskScheduler' AND event_id = 201 AND num(result) = 0
    UNION ALL
    SELECT host_id, 'task', path, coalesce(user, sid), last_ok, file_id, file_off, NULL, NULL FROM task WHERE last_ok IS NOT NULL
    UNION ALL          -- 7036: state 4 in Binary; without Binary the English word
    SELECT g.host_id, 'service', coalesce(k.key, g.subject), v.account, g.time, g.file_id, g.file_off, g.provider, g.event_id
    FROM good g LEFT JOIN service_key k ON k.host_id = g.host_id AND k.shown = g.subject LEFT JOIN service v ON v.host_id = g.host_id AND v.name = coalesce(k.key, g.subject)
    WHERE g.provider = 'Service Control Manager' AND CASE WHEN g.result LIKE '%2f003_00%' THEN g.result LIKE '%2f003400%' ELSE g.state = 'running' END
    UNION ALL
    SELECT s.host_id, 'share', substr(s.server, 1, instr(s.server || '\', '\') - 1), s.user, s.time, s.file_id, s.file_off, s.provider, s.event_id FROM smb s WHERE s.event_id IN (30806, 30808)
    UNION ALL
    SELECT host_id, 'logon', subject, principal || '\' || subject, time, file_id, file_off, provider, event_id FROM good WHERE provider = 'Microsoft-Windows-Security-Auditing'
    UNION ALL
    SELECT g.host_id, 'domain', h.domain, g.principal, g.time, g.file_id, g.file_off, g.provider, g.event_id FROM good g JOIN host h ON h.id = g.host_id WHERE g.provider = 'Microsoft-Windows-GroupPolicy'
    UNION ALL
    SELECT host_id, 'bits', subject, principal, time, file_id, file_off, provider, event_id FROM good WHERE provider = 'Microsoft-Windows-Bits-Client' AND (event_id = 4 OR num(result) = 0))
ORDER BY host_id, time, kind, subject, file_id, file_off, event_id;
CREATE INDEX IF NOT EXISTS success_what ON success(host_id, kind, subject, time);

DROP TABLE said; DROP TABLE seen; DROP TABLE hive_name; DROP TABLE name; DROP TABLE same; DROP TABLE own; DROP TABLE root; DROP TABLE host_key; DROP TABLE host_name; DROP TABLE computer; DROP TABLE place; DROP TABLE lost; DROP TABLE mine; DROP TABLE mark;
DROP TABLE started; DROP TABLE span; DROP TABLE lsa; DROP TABLE logon; DROP TABLE closed; DROP TABLE notice; DROP TABLE shown; DROP TABLE who; DROP TABLE called; DROP TABLE written;
DROP TABLE service_key; DROP TABLE task_xml; DROP TABLE xml; DROP TABLE cached; DROP TABLE only_task; DROP TABLE changed; DROP TABLE symbol; DROP TABLE win32_symbol; DROP TABLE f; DROP TABLE logon104; DROP TABLE start101;
DROP TABLE pair; DROP TABLE unsure; DROP TABLE twin; DROP TABLE last_result; DROP TABLE begun; DROP TABLE ended; DROP TABLE scm; DROP TABLE late; DROP TABLE reason; DROP TABLE told; DROP TABLE smb; DROP TABLE job; DROP TABLE bad; DROP TABLE noisy; DROP TABLE principal; DROP TABLE good; DROP TABLE ran; DROP TABLE works;
