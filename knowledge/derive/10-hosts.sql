-- From facts to what rules join. The files of derive/ run in the order of their names, once after ingest, on the
-- connection that writes the case, and may use our SQL functions num, code, win32of, host_of, account_of, domain_of,
-- field (src/case/casedb_sql.c).
-- Set-based; every INSERT is ordered, so the same facts give the same rows. Every derived row carries the file and
-- offset of the fact it came from. Recovered (deleted) facts are never used. Times are FILETIME integers: 10000000 is
-- one second. Evidence may be forged to be slow: pairs are found by index, nearest first, never by joining everything
-- with everything.
-- From 80 on: what rules ask most. Those tables hold nothing that the others do not say.

-- Where a fact lies is what citations name.
-- A time outside 1990 .. 2200 is none: the record stays and shows it (odd_time), but it begins, ends and orders
-- nothing.
CREATE TEMP TABLE IF NOT EXISTS odd(event INTEGER PRIMARY KEY, file_id INTEGER);
INSERT INTO odd SELECT id, file_id FROM event WHERE time IS NOT NULL AND sane(time) IS NULL;
UPDATE event SET odd_time = time, time = NULL WHERE id IN (SELECT event FROM odd);
UPDATE fold SET first_time = sane(first_time), last_time = sane(last_time)
    WHERE sane(first_time) IS NULL OR sane(last_time) IS NULL;

CREATE INDEX IF NOT EXISTS event_at ON event(file_id, file_off);
CREATE INDEX IF NOT EXISTS reg_value_at ON reg_value(file_id, file_off);
CREATE INDEX IF NOT EXISTS reg_key_at ON reg_key(file_id, file_off);
CREATE INDEX IF NOT EXISTS fold_at ON fold(file_id, file_off);
CREATE INDEX IF NOT EXISTS fold_what ON fold(event_id, provider);
CREATE INDEX IF NOT EXISTS task_cache_at ON task_cache(file_id, file_off);
CREATE INDEX IF NOT EXISTS secret_at ON secret(file_id, file_off);
CREATE INDEX IF NOT EXISTS logon_right_at ON logon_right(file_id, file_off);
CREATE INDEX IF NOT EXISTS sam_account_at ON sam_account(file_id, file_off);
CREATE INDEX IF NOT EXISTS audit_policy_at ON audit_policy(file_id, file_off);
CREATE INDEX IF NOT EXISTS lsa_name_at ON lsa_name(file_id, file_off);
CREATE INDEX IF NOT EXISTS lockout_policy_at ON lockout_policy(file_id, file_off);
CREATE INDEX IF NOT EXISTS cached_logon_at ON cached_logon(file_id, file_off);
CREATE INDEX IF NOT EXISTS fold_last ON fold(file_id, last_off);
CREATE INDEX IF NOT EXISTS reg_value_hive ON reg_value(hive_id, path, name);
CREATE INDEX IF NOT EXISTS reg_key_hive ON reg_key(hive_id, path);
CREATE INDEX IF NOT EXISTS hive_host ON hive(host_id, kind);

-- A hive with keys, values or lists that cannot be read is read in part: what it does not show may have stood there.
-- (Its sums, its parents and its class names hide nothing.)
UPDATE evidence SET state = 'partial', note = 'damaged: some of its keys or values cannot be read'
    WHERE state = 'read' AND id IN (SELECT v.file_id FROM hive v JOIN anomaly a ON a.file_id = v.file_id
    WHERE a.code IN ('cell', 'count', 'depth', 'key', 'limit', 'list', 'value') OR a.code = 'name'
        AND a.what <> 'class name' OR a.code = 'decode' AND a.what IN ('SAM account', 'logon rights'));
-- One without a root key shows nothing at all.
UPDATE evidence SET state = 'unreadable',
    note = 'a hive without a root key: nothing of it can be read, collect it again'
    WHERE state IN ('read', 'partial') AND id IN (SELECT v.file_id FROM hive v JOIN anomaly a ON a.file_id = v.file_id
    WHERE a.code = 'key' AND a.what = 'root');

-- In part as well one whose transaction logs, or some of them, are not at hand, damaged, or ahead of it: it may be an
-- older state.
UPDATE evidence SET state = 'partial', note = coalesce(note, (SELECT v.lack FROM hive v
    WHERE v.file_id = evidence.id AND v.lack IS NOT NULL LIMIT 1))
WHERE state = 'read' AND id IN (SELECT file_id FROM hive WHERE lack IS NOT NULL);

-- Hosts. Every computer name in logs and hives; FQDN and short name are one host, as far as that is certain.

-- which computers each log names, how often, until when
CREATE TEMP TABLE IF NOT EXISTS said(file_id INTEGER, computer TEXT COLLATE NOCASE, n INTEGER, last INTEGER,
    PRIMARY KEY(file_id, computer)) WITHOUT ROWID;
INSERT INTO said SELECT file_id, computer, sum(n), max(last_time) FROM log_span WHERE computer > '' GROUP BY 1, 2
    ORDER BY 1, 2;
INSERT INTO said SELECT file_id, computer, count(*), max(time) FROM event e
    WHERE computer > '' AND NOT EXISTS (SELECT 1 FROM said s WHERE s.file_id = e.file_id AND s.computer = e.computer)
    GROUP BY 1, 2 ORDER BY 1, 2;
INSERT OR IGNORE INTO said SELECT file_id, computer, sum(n), max(last_time) FROM fold WHERE computer > ''
    GROUP BY 1, 2 ORDER BY 1, 2;
CREATE TEMP TABLE IF NOT EXISTS seen(file_id INTEGER, name TEXT COLLATE NOCASE, last INTEGER,
    PRIMARY KEY(file_id, name)) WITHOUT ROWID;
INSERT INTO seen SELECT file_id, lower(rtrim(trim(computer), '.')) AS name, max(last) FROM said GROUP BY 1, 2
    HAVING name > '' ORDER BY 1, 2;

-- What a hive says of itself: SYSTEM by its TCP/IP name, else by its computer name; SECURITY by the name of its local
-- account domain.
CREATE TEMP TABLE IF NOT EXISTS hive_name(file_id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE, folder TEXT);
INSERT INTO hive_name
SELECT h.file_id, lower(rtrim(trim(CASE
        WHEN t.host > '' AND (h.computer IS NULL OR substr(t.host, 1, 15) = substr(h.computer, 1,
            15) COLLATE NOCASE) THEN t.host || CASE WHEN t.domain > '' THEN '.' || t.domain ELSE '' END
        ELSE coalesce(nullif(h.computer, ''), l.value) END), '.')),
    e.folder
FROM hive h JOIN evidence e ON e.id = h.file_id
LEFT JOIN (SELECT hive_id, max(text) FILTER (WHERE name = 'NV Hostname') AS nv,
    coalesce(max(text) FILTER (WHERE name = 'NV Hostname'), max(text) FILTER (WHERE name = 'Hostname')) AS host,
        coalesce(max(text) FILTER (WHERE name = 'NV Domain' AND text > ''),
            max(text) FILTER (WHERE name = 'Domain')) AS domain
    FROM reg_value WHERE path = 'SYSTEM\CurrentControlSet\Services\Tcpip\Parameters'
        AND name IN ('Hostname', 'NV Hostname', 'Domain', 'NV Domain') AND coalesce(recovered, 0) = 0
    GROUP BY hive_id) t ON t.hive_id = h.file_id
LEFT JOIN (SELECT hive_id, max(value) AS value FROM lsa_name WHERE what = 'machine_name'
    GROUP BY hive_id) l ON l.hive_id = h.file_id
GROUP BY h.file_id ORDER BY h.file_id;
-- What a tool printed beside it names a hive that does not say whose it is, where nothing else in the folder does.
CREATE INDEX IF NOT EXISTS tool_said_at ON tool_said(file_id, file_off);
CREATE TEMP TABLE IF NOT EXISTS tool_name(file_id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE,
    label TEXT COLLATE NOCASE, folder TEXT);
INSERT INTO tool_name
SELECT file_id, max(name), max(label), folder FROM (
    SELECT file_id, name, substr(name, 1, instr(name || '.', '.') - 1) COLLATE NOCASE AS label, folder FROM (
        SELECT t.file_id, e.folder, lower(rtrim(substr(t.value, instr(t.value, '\') + 1), '$.')) AS name
        FROM tool_said t JOIN evidence e ON e.id = t.file_id AND NOT coalesce(e.older, 0)
        WHERE (t.tool, t.name) IN (VALUES ('systeminfo', 'Host Name'), ('gpresult', 'Computer'),
            ('dsregcmd', 'Device Name'))))
WHERE label > '' AND instr(name, ' ') = 0 AND instr(name, char(65533)) = 0
GROUP BY file_id HAVING count(DISTINCT label) = 1 ORDER BY file_id;
UPDATE hive_name SET name = (SELECT max(t.name) FROM tool_name t WHERE t.folder = hive_name.folder
    HAVING count(DISTINCT t.label) = 1)
WHERE coalesce(name, '') = '' AND folder NOT IN (SELECT o.folder FROM hive_name o WHERE o.name > '')
    AND folder NOT IN (SELECT e.folder FROM said s JOIN evidence e ON e.id = s.file_id);
INSERT OR IGNORE INTO seen SELECT file_id, name, 0 FROM hive_name WHERE name > '' ORDER BY 1, 2;

CREATE TEMP TABLE IF NOT EXISTS name(name TEXT COLLATE NOCASE PRIMARY KEY, label TEXT COLLATE NOCASE,
    fq INTEGER, last INTEGER, root TEXT COLLATE NOCASE, cut TEXT COLLATE NOCASE) WITHOUT ROWID;
    -- cut: what NetBIOS leaves of a long label
INSERT INTO name
SELECT name, label, name <> label, last, NULL, CASE WHEN length(label) > 15 THEN substr(label, 1, 15) END
FROM (SELECT name, substr(name, 1, instr(name || '.', '.') - 1) AS label, max(last) AS last FROM seen GROUP BY name)
    ORDER BY name;
CREATE INDEX IF NOT EXISTS name_label ON name(label, fq);
CREATE INDEX IF NOT EXISTS name_cut ON name(cut) WHERE cut IS NOT NULL;

-- Two full names with one first label are one machine (renamed domain, joined later) when one machine's log holds
-- both. A collector's log
-- holds many machines and says nothing of that kind.
CREATE TEMP TABLE IF NOT EXISTS own(file_id INTEGER);
INSERT INTO own SELECT s.file_id FROM seen s JOIN name n ON n.name = s.name GROUP BY s.file_id
    HAVING count(DISTINCT n.label) <= 3 AND count(*) BETWEEN 2 AND 8 ORDER BY 1;
CREATE TEMP TABLE IF NOT EXISTS same(a TEXT COLLATE NOCASE, b TEXT COLLATE NOCASE, PRIMARY KEY(a, b)) WITHOUT ROWID;
INSERT INTO same
SELECT DISTINCT a.name, b.name FROM own o CROSS JOIN seen x ON x.file_id = o.file_id
    CROSS JOIN seen y ON y.file_id = o.file_id AND y.name <> x.name
CROSS JOIN name a ON a.name = x.name AND a.fq CROSS JOIN name b ON b.name = y.name AND b.fq AND b.label = a.label
    ORDER BY 1, 2;
UPDATE name SET root = name WHERE fq;
UPDATE name SET root = (WITH RECURSIVE reach(n) AS (SELECT name.name UNION SELECT s.b FROM reach
    JOIN same s ON s.a = reach.n LIMIT 1000)
    SELECT r.name FROM reach JOIN name r ON r.name = reach.n ORDER BY r.last DESC, r.name LIMIT 1)
        WHERE fq AND name IN (SELECT a FROM same);
-- A short name belongs to the only full name with that label, or to the only one it shares a log with; cut at 15
-- characters, to the only label that begins so.
UPDATE name SET root = coalesce(
    (SELECT max(f.root) FROM name f WHERE f.label = name.label AND f.fq HAVING count(DISTINCT f.root) = 1),
    (SELECT max(f.root) FROM own o CROSS JOIN seen x ON x.file_id = o.file_id
        CROSS JOIN seen y ON y.file_id = o.file_id CROSS JOIN name f ON f.name = y.name AND f.fq
        AND f.label = name.label
        WHERE x.name = name.name HAVING count(DISTINCT f.root) = 1),
    name) WHERE NOT fq;
UPDATE name SET root = coalesce((SELECT max(f.root) FROM name f WHERE f.cut = name.label AND f.cut IS NOT NULL
    HAVING count(DISTINCT f.root) = 1), root)
WHERE NOT fq AND root = name AND length(label) = 15;

CREATE TEMP TABLE IF NOT EXISTS root(name TEXT COLLATE NOCASE, label TEXT COLLATE NOCASE, fq INTEGER, alike INTEGER);
INSERT INTO root SELECT n.name, n.label, n.fq, count(*) OVER (PARTITION BY n.label) AS alike FROM name n
    WHERE n.name IN (SELECT root FROM name);
-- ignored: names that differ in the case of letters lower() does not know
INSERT OR IGNORE INTO host(name, fqdn, domain)
SELECT CASE WHEN alike > 1 AND fq THEN host_of(label) || '.' || upper(substr(name, instr(name, '.') + 1))
    ELSE coalesce(host_of(label), name) END AS shown,
    CASE WHEN fq THEN name END, CASE WHEN fq THEN substr(name, instr(name, '.') + 1) END FROM root ORDER BY shown, name;
CREATE INDEX IF NOT EXISTS host_fqdn ON host(fqdn);
CREATE TEMP TABLE IF NOT EXISTS host_key(name TEXT COLLATE NOCASE, id INTEGER);
INSERT INTO host_key SELECT coalesce(fqdn, lower(name)) AS name, id FROM host ORDER BY id;
CREATE INDEX IF NOT EXISTS host_key_name ON host_key(name);

CREATE TEMP TABLE IF NOT EXISTS host_name(name TEXT COLLATE NOCASE PRIMARY KEY, host_id INTEGER) WITHOUT ROWID;
INSERT OR IGNORE INTO host_name SELECT n.name, coalesce(h.id, g.id) FROM name n LEFT JOIN host_key h ON h.name = n.root
LEFT JOIN name r ON r.name = n.root LEFT JOIN host g ON g.name = coalesce(host_of(r.label), r.name)
    WHERE coalesce(h.id, g.id) IS NOT NULL ORDER BY n.name;
-- As the facts spell it, so that joins on the raw text need no function.
CREATE TEMP TABLE IF NOT EXISTS computer(computer TEXT COLLATE NOCASE PRIMARY KEY, host_id INTEGER) WITHOUT ROWID;
INSERT OR IGNORE INTO computer
SELECT DISTINCT c.computer, n.host_id FROM said c JOIN host_name n ON n.name = lower(rtrim(trim(c.computer), '.'))
    ORDER BY 1;

-- Files: a log belongs to the computer most of its records name; a hive to itself, else to a hive or log near by.
UPDATE evidence SET host_id = (SELECT c.host_id FROM said s JOIN computer c ON c.computer = s.computer
    WHERE s.file_id = evidence.id
    GROUP BY c.host_id ORDER BY sum(s.n) DESC, c.host_id LIMIT 1);
-- The same bytes a second time are not read again: they are the same computer's.
UPDATE evidence SET host_id = (SELECT o.host_id FROM evidence o WHERE o.id = evidence.duplicate_of)
    WHERE host_id IS NULL AND duplicate_of IS NOT NULL;
UPDATE evidence SET host_id = (SELECT n.host_id FROM hive_name h JOIN host_name n ON n.name = h.name
    WHERE h.file_id = evidence.id) WHERE host_id IS NULL;

-- A hive without a name: the host whose SECURITY hive knows its machine SID; else the host of the hives beside it that
-- are named alike (WS22-SAM, WS22-SYSTEM).
CREATE INDEX IF NOT EXISTS lsa_name_hive ON lsa_name(hive_id, what);
CREATE TEMP TABLE IF NOT EXISTS unnamed_hive(file_id INTEGER, kind TEXT, folder TEXT, mask TEXT COLLATE NOCASE,
    sid TEXT);
INSERT INTO unnamed_hive
SELECT h.file_id, h.kind, n.folder, replace(lower(e.file), lower(h.kind), '*') AS mask,
    (SELECT max(l.value) FROM lsa_name l WHERE l.hive_id = h.file_id AND l.what IN ('machine_sid', 'sam_sid')
        AND l.value > '') AS sid
FROM hive h JOIN evidence e ON e.id = h.file_id JOIN hive_name n ON n.file_id = h.file_id
    WHERE h.kind IN ('SYSTEM', 'SOFTWARE', 'SECURITY', 'SAM') GROUP BY h.file_id;
CREATE INDEX IF NOT EXISTS unnamed_hive_file ON unnamed_hive(file_id);
-- machine SIDs that one host alone has
CREATE TEMP TABLE IF NOT EXISTS sid_host(sid TEXT PRIMARY KEY, host_id INTEGER) WITHOUT ROWID;
INSERT INTO sid_host
SELECT k.sid, max(e.host_id) FROM unnamed_hive k JOIN evidence e ON e.id = k.file_id
WHERE k.sid IS NOT NULL GROUP BY k.sid HAVING count(DISTINCT e.host_id) = 1 ORDER BY 1;
CREATE TEMP TABLE IF NOT EXISTS mask_host(folder TEXT, mask TEXT COLLATE NOCASE, host_id INTEGER,
    PRIMARY KEY(folder, mask)) WITHOUT ROWID;
INSERT INTO mask_host
SELECT k.folder, k.mask, max(e.host_id) FROM unnamed_hive k JOIN evidence e ON e.id = k.file_id
WHERE k.mask LIKE '%*%' GROUP BY k.folder, k.mask HAVING count(DISTINCT e.host_id) = 1 ORDER BY 1, 2;
UPDATE evidence SET host_id = coalesce(
    (SELECT s.host_id FROM unnamed_hive m JOIN sid_host s ON s.sid = m.sid WHERE m.file_id = evidence.id),
    (SELECT s.host_id FROM unnamed_hive m JOIN mask_host s ON s.folder = m.folder AND s.mask = m.mask
        WHERE m.file_id = evidence.id))
WHERE host_id IS NULL AND id IN (SELECT file_id FROM unnamed_hive);
DELETE FROM sid_host;
DELETE FROM mask_host;

-- Else the host that its collector names on the way to it. One that nothing else knows of is a host of its own where
-- the collector says so; a name in front of a file's name is taken for one only where a host of that name is known.
CREATE TEMP TABLE IF NOT EXISTS named_for(file_id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE,
    label TEXT COLLATE NOCASE, sure INTEGER);
INSERT INTO named_for
SELECT l.file_id, l.host, substr(l.host, 1, instr(l.host || '.', '.') - 1), l.host_sure
FROM layout l JOIN evidence e ON e.id = l.file_id JOIN hive_name h ON h.file_id = l.file_id
WHERE l.host IS NOT NULL AND e.host_id IS NULL ORDER BY l.file_id;
INSERT OR IGNORE INTO host(name, fqdn, domain)
SELECT host_of(label), CASE WHEN name <> label THEN lower(name) END,
    CASE WHEN name <> label THEN lower(substr(name, length(label) + 2)) END
FROM named_for t WHERE t.sure AND host_of(label) IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM host_name n WHERE n.name = t.name OR n.name = t.label)
    AND NOT EXISTS (SELECT 1 FROM name n WHERE n.label = t.label) GROUP BY label ORDER BY label;
UPDATE evidence SET host_id = (SELECT coalesce(
        (SELECT n.host_id FROM host_name n WHERE n.name = t.name),
        (SELECT max(h.id) FROM host h WHERE h.name = t.label HAVING count(*) = 1),
        (SELECT max(h.id) FROM name n JOIN host h ON h.fqdn = n.root WHERE n.label = t.label
            HAVING count(DISTINCT h.id) = 1))
    FROM named_for t WHERE t.file_id = evidence.id) WHERE id IN (SELECT file_id FROM named_for);

CREATE TEMP TABLE IF NOT EXISTS place(folder TEXT, host_id INTEGER, naming INTEGER,
    PRIMARY KEY(folder, host_id)) WITHOUT ROWID;
INSERT INTO place
SELECT e.folder, e.host_id,
    max(coalesce(h.kind IN ('SYSTEM', 'SECURITY'), 0))
FROM evidence e LEFT JOIN hive h ON h.file_id = e.id WHERE e.host_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2;
-- Whose a folder is: that of its SYSTEM or SECURITY hive, else its only host, else the only host of the nearest folder
-- above it.
CREATE TEMP TABLE IF NOT EXISTS folder_host(folder TEXT PRIMARY KEY, host_id INTEGER) WITHOUT ROWID;
INSERT INTO folder_host
SELECT f.folder, coalesce(
    (SELECT max(p.host_id) FROM place p WHERE p.folder = f.folder AND p.naming HAVING count(*) = 1),
    (SELECT max(p.host_id) FROM place p WHERE p.folder = f.folder HAVING count(*) = 1),
    (WITH RECURSIVE up(folder) AS (SELECT f.folder UNION SELECT rtrim(rtrim(folder, '/\'),
        replace(replace(rtrim(folder, '/\'), '/', ''), '\', '')) FROM up WHERE folder > '')
        SELECT CASE WHEN count(DISTINCT p.host_id) = 1 THEN max(p.host_id) END FROM up
            JOIN place p ON substr(p.folder, 1, length(up.folder)) = up.folder AND up.folder > ''
        GROUP BY up.folder ORDER BY length(up.folder) DESC LIMIT 1))
FROM (SELECT DISTINCT folder FROM evidence WHERE folder IS NOT NULL AND (kind = 'tool-text'
    OR host_id IS NULL AND id IN (SELECT file_id FROM hive_name))) f;
DELETE FROM place;
UPDATE evidence SET host_id = coalesce((SELECT f.host_id FROM folder_host f WHERE f.folder = h.folder),
    (SELECT max(id) FROM host HAVING count(*) = 1))
FROM hive_name h WHERE h.file_id = evidence.id AND evidence.host_id IS NULL;
-- Another machine's SID is stronger than any neighbourhood.
-- machine SIDs in the SECURITY hives of each host
CREATE TEMP TABLE IF NOT EXISTS knows(host_id INTEGER, sid TEXT, PRIMARY KEY(host_id, sid)) WITHOUT ROWID;
INSERT OR IGNORE INTO knows
SELECT e.host_id, k.sid FROM unnamed_hive k JOIN evidence e ON e.id = k.file_id
WHERE k.kind = 'SECURITY' AND k.sid IS NOT NULL AND e.host_id IS NOT NULL ORDER BY 1, 2;
UPDATE evidence SET host_id = NULL WHERE id IN (SELECT file_id FROM unnamed_hive WHERE kind = 'SAM' AND sid IS NOT NULL)
    AND EXISTS (SELECT 1 FROM knows k WHERE k.host_id = evidence.host_id)
    AND NOT EXISTS (SELECT 1 FROM knows k WHERE k.host_id = evidence.host_id
        AND k.sid = (SELECT m.sid FROM unnamed_hive m WHERE m.file_id = evidence.id));
DELETE FROM knows;
-- Hives that say whose they are: by name, by SID, or named like one that does. Others are where they are by
-- neighbourhood alone.
CREATE TEMP TABLE IF NOT EXISTS placed(file_id INTEGER PRIMARY KEY);
INSERT OR IGNORE INTO placed SELECT file_id FROM hive_name WHERE name > '' ORDER BY 1;
INSERT OR IGNORE INTO placed SELECT t.file_id FROM named_for t JOIN evidence e ON e.id = t.file_id
    JOIN host h ON h.id = e.host_id WHERE h.name = t.label OR h.name = t.name OR h.fqdn = t.name ORDER BY 1;
DELETE FROM named_for;
INSERT OR IGNORE INTO placed SELECT file_id FROM (
    SELECT m.file_id, max(n.name > '') OVER (PARTITION BY m.folder, m.mask, e.host_id) AS named
    FROM unnamed_hive m JOIN evidence e ON e.id = m.file_id JOIN hive_name n ON n.file_id = m.file_id
    WHERE m.mask LIKE '%*%' AND e.host_id IS NOT NULL) WHERE named ORDER BY 1;
INSERT OR IGNORE INTO placed SELECT file_id FROM (
    SELECT m.file_id, count(*) OVER (PARTITION BY m.sid, e.host_id) AS alike
    FROM unnamed_hive m JOIN evidence e ON e.id = m.file_id WHERE m.sid IS NOT NULL AND e.host_id IS NOT NULL)
WHERE alike > 1 ORDER BY 1;
DELETE FROM unnamed_hive;
-- A hive nobody can place is a host of its own, one for each folder: never joined with another machine's facts.
CREATE TEMP TABLE IF NOT EXISTS lost(folder TEXT, i INTEGER);
INSERT INTO lost SELECT h.folder, row_number() OVER (ORDER BY h.folder) AS i FROM hive_name h
    JOIN evidence e ON e.id = h.file_id WHERE e.host_id IS NULL GROUP BY h.folder ORDER BY 1;
INSERT OR IGNORE INTO host(name) SELECT CASE i WHEN 1 THEN '(unnamed)' ELSE '(unnamed ' || i || ')' END FROM lost
    ORDER BY i;
UPDATE evidence SET host_id = (SELECT o.id FROM hive_name h JOIN lost l ON l.folder = h.folder
    JOIN host o ON o.name = CASE l.i WHEN 1 THEN '(unnamed)' ELSE '(unnamed ' || l.i || ')' END
    WHERE h.file_id = evidence.id) WHERE host_id IS NULL AND id IN (SELECT file_id FROM hive_name);
UPDATE evidence SET host_id = (SELECT u.host_id FROM evidence u WHERE u.id = evidence.unit)
    WHERE host_id IS NULL AND unit IS NOT NULL;

UPDATE hive SET host_id = (SELECT e.host_id FROM evidence e WHERE e.id = hive.file_id),
    below = coalesce(nullif(root, ''), kind) || '\';
-- Which hives speak: of those of a host and kind that hold the same keys hives before text, today's before backups,
-- those that say whose they are before
-- strangers, the whole before a part, the newest.
-- Answers of reg query (root '') stand beside other text; views take the first of those that give one value.
CREATE INDEX IF NOT EXISTS hive_file ON hive(file_id);
CREATE TEMP TABLE IF NOT EXISTS standing(id INTEGER, host_id INTEGER, kind TEXT, file_id INTEGER,
    root TEXT COLLATE NOCASE, text INTEGER, answer INTEGER, place INTEGER);
INSERT INTO standing
SELECT h.id, h.host_id, h.kind, h.file_id, h.below,
    e.kind = 'reg-text' AS text, h.root = '' AS answer, row_number() OVER (ORDER BY e.kind = 'reg-text',
        coalesce(e.older, 0), e.duplicate_of IS NOT NULL, h.file_id NOT IN placed,
        coalesce(h.root, h.kind) NOT IN (h.kind, 'SYSTEM\CurrentControlSet'),
        h.last_written DESC, h.file_id, h.id) AS place FROM hive h JOIN evidence e ON e.id = h.file_id;
CREATE INDEX IF NOT EXISTS standing_id ON standing(id);
CREATE INDEX IF NOT EXISTS standing_host ON standing(host_id, kind, place);
UPDATE hive SET main = CASE WHEN kind IN ('SYSTEM', 'SOFTWARE', 'SECURITY', 'SAM') THEN NOT EXISTS (
        SELECT 1 FROM standing m JOIN standing g ON g.host_id = m.host_id AND g.kind = m.kind AND g.place < m.place
            AND g.file_id <> m.file_id
        WHERE m.id = hive.id AND NOT (g.text AND m.text AND (g.answer OR m.answer))
            AND (substr(m.root, 1, length(g.root)) = g.root OR substr(g.root, 1, length(m.root)) = m.root))
    ELSE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.id = hive.file_id
        AND (e.older OR e.duplicate_of IS NOT NULL)) END;
-- the hives that speak
CREATE TEMP TABLE IF NOT EXISTS mine(hive_id INTEGER PRIMARY KEY, host_id INTEGER, kind TEXT);
INSERT INTO mine SELECT file_id, host_id, kind FROM hive WHERE host_id IS NOT NULL GROUP BY file_id HAVING min(main)
    ORDER BY file_id;
DELETE FROM standing;
DELETE FROM placed;

-- Most are of the first host, as they came: those are not written again. LIMIT: each is looked up once.
UPDATE fold SET host_id = p.host
FROM (SELECT f.id, f.host_id AS was, coalesce((SELECT c.host_id FROM computer c WHERE c.computer = f.computer),
    (SELECT e.host_id FROM evidence e WHERE e.id = f.file_id)) AS host FROM fold f LIMIT -1) p
WHERE fold.id = p.id AND p.host IS NOT p.was;
-- What is no JSON must not stop a rule: it becomes the text of a member.
UPDATE fold SET key = CASE WHEN key IS NULL OR json_valid(key) THEN key ELSE json_object('_invalid', key) END,
        data = CASE WHEN data IS NULL OR json_valid(data) THEN data ELSE json_object('_invalid', data) END
    WHERE NOT json_valid(key) OR NOT json_valid(data);
