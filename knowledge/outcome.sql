-- The outcome of each host, after its findings. A failure is explained by a finding at or above possible that cites it
-- as a symptom; or, because
-- not every symptom of thousands is cited, that is about its subject, has its code and spans its time.
CREATE TEMP TABLE IF NOT EXISTS o_cited(host_id INTEGER, evidence_id TEXT,
    PRIMARY KEY(host_id, evidence_id)) WITHOUT ROWID;
DELETE FROM o_cited;
INSERT OR IGNORE INTO o_cited SELECT f.host_id, c.evidence_id FROM citation c JOIN finding f ON f.id = c.finding
WHERE c.role = 'symptom' AND f.verdict IN (SELECT verdict FROM verdict_order WHERE claims) AND f.host_id IS NOT NULL;
-- A logon that a server refused is explained by what a finding about its client says of that very record.
CREATE TEMP TABLE IF NOT EXISTS o_told(evidence_id TEXT PRIMARY KEY) WITHOUT ROWID;
DELETE FROM o_told;
INSERT OR IGNORE INTO o_told SELECT c.evidence_id FROM citation c JOIN finding f ON f.id = c.finding
WHERE c.role IN ('cause', 'link') AND f.verdict IN (SELECT verdict FROM verdict_order WHERE claims);
CREATE TEMP TABLE IF NOT EXISTS o_found(host_id INTEGER, subject TEXT COLLATE NOCASE, win32 INTEGER, first_seen INTEGER,
    last_seen INTEGER);
DELETE FROM o_found;
INSERT INTO o_found SELECT host_id, subject, win32, first_seen, last_seen FROM finding
WHERE verdict IN (SELECT verdict FROM verdict_order WHERE claims) AND first_seen IS NOT NULL;
CREATE INDEX IF NOT EXISTS temp.o_found_what ON o_found(host_id, subject);
UPDATE failure SET explained = concern AND (
    EXISTS (SELECT 1 FROM o_cited c WHERE c.host_id = failure.host_id
        AND c.evidence_id = printf('f%d:0x%x', failure.file_id, failure.file_off))
    OR failure.event_id = 4625 AND EXISTS (SELECT 1 FROM o_told t
        WHERE t.evidence_id = printf('f%d:0x%x', failure.file_id, failure.file_off))
    OR EXISTS (SELECT 1 FROM o_found f WHERE f.host_id = failure.host_id
        AND f.subject = coalesce(failure.subject, failure.principal)
        AND f.win32 = coalesce(failure.why, failure.win32) AND failure.time BETWEEN f.first_seen AND f.last_seen));
UPDATE host SET outcome = CASE
    WHEN EXISTS (SELECT 1 FROM failure f WHERE f.host_id = host.id AND f.concern AND f.shown IS NOT NULL
        AND NOT f.explained) THEN 'unexplained'
    WHEN EXISTS (SELECT 1 FROM failure f WHERE f.host_id = host.id AND f.concern
        AND f.shown IS NOT NULL) THEN 'explained'
    WHEN EXISTS (SELECT 1 FROM finding f WHERE f.host_id = host.id
        AND f.verdict IN (SELECT verdict FROM verdict_order WHERE claims)) THEN 'explained'
    WHEN EXISTS (SELECT 1 FROM finding f WHERE f.host_id = host.id AND f.verdict = 'latent') THEN 'latent'
    WHEN EXISTS (SELECT 1 FROM kind k WHERE k.host_id = host.id AND k.state = 'not_covered') THEN 'not_covered'
    ELSE 'clear' END;

-- What to collect next. Of one thing that failed, without a cause that is confirmed, two or more causes may be left:
-- undetermined, possible or likely. An artefact decides one of them where everything that cause's rule waits for is
-- in it. The one that decides most is named, with those it decides and those it leaves; things that failed alike share
-- a row, those of most first. Of a log that was not collected at all, its audited parts are no other artefact.
DELETE FROM next_step;
CREATE TEMP TABLE IF NOT EXISTS n_sure(host_id INTEGER, subject TEXT COLLATE NOCASE,
    PRIMARY KEY(host_id, subject)) WITHOUT ROWID;
DELETE FROM n_sure;
CREATE TEMP TABLE IF NOT EXISTS n_left(host_id INTEGER, subject TEXT COLLATE NOCASE, finding INTEGER, rule TEXT,
    cause TEXT,
    PRIMARY KEY(host_id, subject, cause, finding)) WITHOUT ROWID;
DELETE FROM n_left;
INSERT OR IGNORE INTO n_sure SELECT host_id, coalesce(subject, '') FROM finding WHERE verdict = 'confirmed'
    AND host_id IS NOT NULL;
INSERT INTO n_left SELECT f.host_id, coalesce(f.subject, ''), f.id, f.rule, f.cause FROM finding f
WHERE f.verdict IN ('undetermined', 'possible', 'likely') AND f.host_id IS NOT NULL AND f.count > 0
    AND NOT EXISTS (SELECT 1 FROM n_sure s WHERE s.host_id = f.host_id AND s.subject = coalesce(f.subject, ''));
CREATE TEMP TABLE IF NOT EXISTS n_several(host_id INTEGER, subject TEXT COLLATE NOCASE, n INTEGER,
    PRIMARY KEY(host_id, subject)) WITHOUT ROWID;
DELETE FROM n_several;
INSERT INTO n_several SELECT host_id, subject, count(DISTINCT cause) AS n FROM n_left GROUP BY 1, 2 HAVING n > 1;
CREATE TEMP TABLE IF NOT EXISTS n_wait(host_id INTEGER, subject TEXT COLLATE NOCASE, cause TEXT, finding INTEGER,
    need INTEGER,
    artifact TEXT, collect TEXT, PRIMARY KEY(host_id, subject, cause, finding, need, artifact)) WITHOUT ROWID;
DELETE FROM n_wait;
INSERT OR IGNORE INTO n_wait
SELECT l.host_id, l.subject, l.cause, l.finding, k.need, CASE WHEN instr(u.artifact, ':') > 0 AND NOT EXISTS (SELECT 1
        FROM coverage c WHERE c.host_id = l.host_id AND c.state NOT IN ('missing', 'unreadable')
        AND c.artifact = substr(u.artifact, 1, instr(u.artifact, ':') - 1))
    THEN substr(u.artifact, 1, instr(u.artifact, ':') - 1) ELSE u.artifact END, u.collect
FROM n_several s JOIN n_left l ON l.host_id = s.host_id AND l.subject = s.subject
    JOIN finding_unknown u ON u.finding = l.finding
    JOIN kb_rule_need k ON k.rule = l.rule AND k.artifact = u.artifact AND k.decides;
CREATE TEMP TABLE IF NOT EXISTS n_waits(finding INTEGER PRIMARY KEY, needs INTEGER);
DELETE FROM n_waits;
INSERT INTO n_waits SELECT finding, count(DISTINCT need) FROM n_wait GROUP BY finding;
CREATE TEMP TABLE IF NOT EXISTS n_best(host_id INTEGER, subject TEXT COLLATE NOCASE, artifact TEXT, collect TEXT,
    n INTEGER,
    place INTEGER, PRIMARY KEY(host_id, subject, place)) WITHOUT ROWID;
DELETE FROM n_best;
INSERT INTO n_best
SELECT host_id, subject, artifact, min(collect), count(DISTINCT cause) AS n,
    row_number() OVER (PARTITION BY host_id, subject ORDER BY count(DISTINCT cause) DESC, artifact)
FROM (SELECT w.host_id, w.subject, w.artifact, w.cause, min(w.collect) AS collect FROM n_wait w
    JOIN n_waits a ON a.finding = w.finding
    GROUP BY w.host_id, w.subject, w.artifact, w.cause, w.finding HAVING count(DISTINCT w.need) = min(a.needs))
GROUP BY host_id, subject, artifact;
CREATE TEMP TABLE IF NOT EXISTS n_said(host_id INTEGER, subject TEXT COLLATE NOCASE, artifact TEXT, collect TEXT,
    decides TEXT,
    leaves TEXT);
DELETE FROM n_said;
INSERT INTO n_said
SELECT b.host_id, b.subject, b.artifact, b.collect,
    (SELECT json_group_array(cause) FROM (SELECT DISTINCT w.cause FROM n_wait w JOIN n_waits a ON a.finding = w.finding
        WHERE w.host_id = b.host_id AND w.subject = b.subject AND w.artifact = b.artifact
        GROUP BY w.cause, w.finding HAVING count(DISTINCT w.need) = min(a.needs) ORDER BY w.cause)) AS decides, NULL
FROM n_best b WHERE b.place = 1;
UPDATE n_said SET leaves = (SELECT json_group_array(cause) FROM (SELECT DISTINCT l.cause FROM n_left l
    WHERE l.host_id = n_said.host_id AND l.subject = n_said.subject
        AND l.cause NOT IN (SELECT value FROM json_each(n_said.decides)) ORDER BY l.cause));
INSERT INTO next_step(host_id, ord, artifact, collect, decides, leaves, subject, subjects)
SELECT host_id, row_number() OVER (PARTITION BY host_id ORDER BY count(*) DESC, json_array_length(decides) DESC,
        artifact, decides, leaves),
    artifact, min(collect), decides, leaves, nullif(min(subject), ''), count(*) FROM n_said
GROUP BY host_id, artifact, decides, leaves;

-- Causes that could not be asked: of what their rules need to tell of the cause nothing was read, and nothing is known
-- of them on that host. Of a log that was not collected at all, its audited parts are no other artefact.
DELETE FROM unasked;
CREATE TEMP TABLE IF NOT EXISTS u_had(host_id INTEGER, artifact TEXT, PRIMARY KEY(host_id, artifact)) WITHOUT ROWID;
DELETE FROM u_had;
INSERT OR IGNORE INTO u_had SELECT host_id, artifact FROM coverage
WHERE state IN ('present', 'partial', 'cleared') AND host_id IS NOT NULL;
CREATE TEMP TABLE IF NOT EXISTS u_known(host_id INTEGER, cause TEXT, PRIMARY KEY(host_id, cause)) WITHOUT ROWID;
DELETE FROM u_known;
INSERT OR IGNORE INTO u_known SELECT host_id, cause FROM finding WHERE host_id IS NOT NULL AND cause IS NOT NULL;
-- Hosts of which the same artefacts were read and the same causes are known lack the same: one of them (alike) is asked
-- for all, as thousands may be known by a record each.
CREATE TEMP TABLE IF NOT EXISTS u_like(host_id INTEGER PRIMARY KEY, alike INTEGER);
DELETE FROM u_like;
INSERT INTO u_like SELECT id, min(id) OVER (PARTITION BY had, known) FROM (SELECT h.id,
    (SELECT group_concat(artifact, char(10)) FROM (SELECT artifact FROM u_had c WHERE c.host_id = h.id
        ORDER BY artifact)) AS had,
    (SELECT group_concat(cause, char(10)) FROM (SELECT cause FROM u_known f WHERE f.host_id = h.id
        ORDER BY cause)) AS known FROM host h) ORDER BY id;
CREATE TEMP TABLE IF NOT EXISTS u_need(host_id INTEGER, rule TEXT, need INTEGER, cause TEXT, artifact TEXT,
    PRIMARY KEY(host_id, rule, need, artifact)) WITHOUT ROWID;
DELETE FROM u_need;
INSERT OR IGNORE INTO u_need
SELECT h.id, n.rule, n.need, r.cause, CASE WHEN instr(n.artifact, ':') > 0 AND NOT EXISTS (SELECT 1 FROM u_had c
        WHERE c.host_id = h.id AND c.artifact = substr(n.artifact, 1, instr(n.artifact, ':') - 1))
    THEN substr(n.artifact, 1, instr(n.artifact, ':') - 1) ELSE n.artifact END
FROM kb_rule_need n JOIN kb_rule r ON r.name = n.rule CROSS JOIN (SELECT DISTINCT alike AS id FROM u_like) h
WHERE n.decides AND NOT EXISTS (SELECT 1 FROM kb_rule_need o
        JOIN u_had c ON c.host_id = h.id AND c.artifact = o.artifact WHERE o.rule = n.rule AND o.need = n.need)
    AND NOT EXISTS (SELECT 1 FROM u_known f WHERE f.host_id = h.id AND f.cause = r.cause);
CREATE TEMP TABLE IF NOT EXISTS u_gap(host_id INTEGER, artifact TEXT, cause TEXT, collect TEXT,
    PRIMARY KEY(host_id, artifact, cause)) WITHOUT ROWID;
DELETE FROM u_gap;
INSERT OR IGNORE INTO u_gap
SELECT g.host_id, g.artifacts, g.cause, k.collect
FROM (SELECT host_id, cause, group_concat(artifact, ' or ') AS artifacts, min(artifact) AS one
    FROM (SELECT * FROM u_need ORDER BY host_id, rule, need, artifact) GROUP BY host_id, rule, need) g
LEFT JOIN kb_artifact k ON k.name = g.one;
INSERT INTO unasked(host_id, ord, artifact, collect, causes, total)
WITH g AS MATERIALIZED (
    SELECT host_id, row_number() OVER (PARTITION BY host_id ORDER BY count(*) DESC, artifact) AS ord, artifact,
        min(collect) AS collect, json_group_array(cause) AS causes,
        (SELECT count(DISTINCT t.cause) FROM u_gap t WHERE t.host_id = g.host_id) AS total
    FROM (SELECT * FROM u_gap ORDER BY host_id, artifact, cause) g GROUP BY host_id, artifact)
SELECT l.host_id, g.ord, g.artifact, g.collect, g.causes, g.total FROM u_like l JOIN g ON g.host_id = l.alike
ORDER BY l.host_id, g.ord;
