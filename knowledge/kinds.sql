-- Silence, kind by kind: was a failure of this kind seen, could one have been seen, and what would tell. Runs after
-- coverage.sql; reads table coverage, temp.reach and failure; fills kind (one row for each host and kind) and kind_need
-- (what would tell, most telling first).
DELETE FROM kind; DELETE FROM kind_need;

-- What records which kind; all of its recorders are asked for silence. ord: most telling first. always: cannot be
-- switched off while Windows
-- runs, so that it records until it was copied; any other channel does where its key says Enabled = 1, or as long as
-- its records go on. since_build: Windows has that log since then. What applications tell stands in many logs, and
-- each is the only one of some: sign-ins to Entra (AAD 1098), scripts (PowerShell 4100), stored credentials (Security
-- 5379), programs that a task started (TaskScheduler 201), COM servers and web application pools (System, DCOM 10004,
-- WAS 5021).
CREATE TEMP TABLE IF NOT EXISTS k_recorder(kind TEXT, artifact TEXT, ord INTEGER, always INTEGER, since_build INTEGER,
    PRIMARY KEY(kind, artifact)) WITHOUT ROWID;
INSERT INTO k_recorder VALUES
    ('task', 'Microsoft-Windows-TaskScheduler/Operational', 1, 0, 0),
    ('logon', 'Security:Logon failure', 2, 1, 0),
    ('service', 'System', 3, 1, 0),
    ('share', 'Microsoft-Windows-SmbClient/Security', 4, 0, 0),
    ('share', 'Microsoft-Windows-SmbClient/Connectivity', 5, 0, 0),
    ('bits', 'Microsoft-Windows-Bits-Client/Operational', 6, 0, 0),
    ('application', 'Application', 7, 1, 0),
    ('application', 'Microsoft-Windows-TaskScheduler/Operational', 8, 0, 0),
    ('application', 'Security', 9, 1, 0),
    ('application', 'Microsoft-Windows-PowerShell/Operational', 10, 0, 0),
    ('application', 'Microsoft-Windows-AAD/Operational', 11, 0, 10240),
    ('application', 'System', 12, 1, 0);

-- The last stretch of each. One that begins with a clearing counts only where an archived log goes on to that moment
-- without a gap.
CREATE TEMP TABLE IF NOT EXISTS k_span(host_id INTEGER, artifact TEXT, state TEXT, detail TEXT, from_time INTEGER,
    to_time INTEGER, reach INTEGER, enabled INTEGER, horizon INTEGER);
INSERT INTO k_span
WITH last AS (
    SELECT c.*, row_number() OVER (PARTITION BY c.host_id, c.artifact
        ORDER BY c.to_time IS NULL, c.to_time DESC, c.from_time, c.state) AS place
    FROM coverage c JOIN (SELECT artifact FROM k_recorder UNION SELECT 'Security') k ON k.artifact = c.artifact),
whole AS (
    SELECT l.host_id, l.artifact, l.detail, l.to_time, CASE WHEN l.state = 'cleared'
        AND b.from_time IS NOT NULL THEN 'present' ELSE l.state END AS state,
        CASE WHEN l.state = 'cleared' THEN coalesce(b.from_time, l.from_time) ELSE l.from_time END AS from_time
    FROM last l LEFT JOIN coverage b ON l.state = 'cleared' AND b.host_id = l.host_id AND b.artifact = l.artifact
        AND b.state = 'present'
        AND b.to_time = l.from_time WHERE l.place = 1),
latest AS MATERIALIZED (
    SELECT host_id, max(to_time) AS to_time FROM coverage WHERE from_time IS NOT NULL GROUP BY host_id)
SELECT w.host_id, w.artifact, w.state, w.detail, w.from_time, w.to_time,
    coalesce((SELECT max(r.to_time) FROM temp.reach r
        WHERE r.host_id = w.host_id AND r.artifact = w.artifact AND r.from_time IS NOT NULL), w.to_time) AS reach,
    EXISTS (SELECT 1 FROM reg_value v JOIN hive h ON h.file_id = v.hive_id AND h.main AND h.host_id = w.host_id
        JOIN evidence e ON e.id = v.hive_id AND NOT coalesce(e.older, 0)
        WHERE v.path = 'SOFTWARE\Microsoft\Windows\CurrentVersion\WINEVT\Channels\' || w.artifact
            AND v.name = 'Enabled' AND v.num = 1
            AND NOT coalesce(v.recovered, 0)) AS enabled,
    z.to_time AS horizon
FROM whole w LEFT JOIN latest z ON z.host_id = w.host_id;

-- covers: whole, of some length, and recording until the latest day that any log of the host tells of.
CREATE TEMP TABLE IF NOT EXISTS k_judged(host_id INTEGER, kind TEXT, artifact TEXT, ord INTEGER, always INTEGER,
    state TEXT, detail TEXT, from_time INTEGER, enabled INTEGER, to_time INTEGER, covers INTEGER);
INSERT INTO k_judged
SELECT h.id AS host_id, k.kind, k.artifact, k.ord, k.always, s.state, s.detail, s.from_time, s.enabled,
    CASE WHEN k.always OR s.enabled THEN s.reach ELSE s.to_time END AS to_time,
    coalesce(s.state = 'present' AND s.to_time > s.from_time
        AND CASE WHEN k.always OR s.enabled THEN s.reach ELSE s.to_time END >= s.horizon - days(1), 0) AS covers
FROM host h CROSS JOIN k_recorder k LEFT JOIN k_span s ON s.host_id = h.id AND s.artifact = k.artifact
WHERE k.since_build <= coalesce(h.build, k.since_build);

INSERT INTO kind(host_id, kind, state, failures, from_time, to_time)
SELECT j.host_id, j.kind, CASE WHEN n.failures > 0 THEN 'failures' WHEN min(j.covers) THEN 'clear'
    ELSE 'not_covered' END, coalesce(n.failures, 0),
    CASE WHEN min(j.covers) THEN max(j.from_time) END, CASE WHEN min(j.covers) THEN min(j.to_time) END
FROM k_judged j LEFT JOIN (SELECT host_id, shown AS kind, count(*) AS failures FROM failure WHERE concern
    GROUP BY 1, 2) n
    ON n.host_id = j.host_id AND n.kind = j.kind
GROUP BY j.host_id, j.kind ORDER BY j.host_id, min(j.ord);
-- The stretch of a kind with two recorders is what both cover; where they share no moment the kind is not covered.
UPDATE kind SET state = CASE state WHEN 'clear' THEN 'not_covered' ELSE state END, from_time = NULL, to_time = NULL
    WHERE from_time >= to_time;

-- A sign that an authentication went wrong is no failure of a kind, and no silence: Windows found no domain controller
-- (until one answered), no way to prove itself to a server, or that a stored password is none any more. What became of
-- it the server's own log says.
CREATE TEMP TABLE IF NOT EXISTS k_sign(host_id INTEGER, what TEXT, time INTEGER);
INSERT INTO k_sign
SELECT host_id, what, max(time) FROM (
    SELECT f.host_id, f.provider || ' ' || f.event_id AS what, f.time, 1 AS ends FROM failure f
        WHERE f.kind = 'domain' AND NOT f.concern
    UNION ALL SELECT e.host_id, e.provider || ' ' || e.event_id, e.time, e.event_id NOT IN (4, 14) FROM event e
        WHERE (e.provider = 'LsaSrv' AND e.event_id IN (40960, 40961)
            OR e.provider = 'Microsoft-Windows-Security-Kerberos' AND e.event_id IN (4, 14))
            AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL) s
WHERE NOT (ends AND EXISTS (SELECT 1 FROM landmark l WHERE l.host_id = s.host_id AND l.topic = 'dc-answered'
    AND l.time > s.time)) GROUP BY host_id, what ORDER BY host_id, what;
UPDATE kind SET state = 'not_covered', from_time = NULL, to_time = NULL WHERE kind = 'logon' AND state = 'clear'
    AND host_id IN (SELECT host_id FROM k_sign);

-- What would tell: the log itself, or what turns it on; of failed logons also the hive that holds the audit policy; of
-- a channel that has been
-- silent for a day the hive that says whether it is on.
CREATE TEMP TABLE IF NOT EXISTS k_need(host_id INTEGER, kind TEXT, ord INTEGER, artifact TEXT, state TEXT, why TEXT,
    collect TEXT);
INSERT INTO k_need
SELECT j.host_id, j.kind, j.ord * 10, a.artifact, a.state, CASE a.state WHEN 'missing' THEN 'it was not collected'
    WHEN 'cleared' THEN
        'it was cleared: what it held before is lost' WHEN 'disabled' THEN 'the channel is turned off'
        WHEN 'present' THEN CASE
            WHEN a.to_time > a.from_time THEN 'its last record is more than a day older than that of other logs'
            ELSE 'it covers no stretch of time' END ELSE coalesce(a.detail, 'it could not be read') END,
    CASE a.state WHEN 'disabled' THEN 'wevtutil sl "' || a.artifact || '" /e:true' ELSE k.collect END
FROM k_judged j JOIN k_span a ON a.host_id = j.host_id AND a.artifact = CASE j.kind WHEN 'logon' THEN 'Security'
    ELSE j.artifact END
LEFT JOIN kb_artifact k ON k.name = a.artifact
WHERE NOT j.covers AND (j.kind <> 'logon' OR a.state <> 'present' OR a.to_time IS NOT j.to_time AND j.state = 'present'
    OR coalesce(a.reach, 0) < a.horizon - days(1) OR a.to_time <= a.from_time);
INSERT INTO k_need
SELECT j.host_id, 'logon', j.ord * 10 + 1, 'SECURITY', c.state, CASE c.state WHEN 'present'
    THEN 'it shows no audit policy' ELSE 'the audit policy is not known without it' END, k.collect
FROM k_judged j JOIN coverage c ON c.host_id = j.host_id AND c.artifact = 'SECURITY'
LEFT JOIN kb_artifact k ON k.name = 'SECURITY' WHERE j.kind = 'logon' AND NOT j.covers AND j.state <> 'present'
    AND (c.state <> 'present' OR j.detail LIKE '%not known');
INSERT INTO k_need
SELECT host_id, 'logon', ord * 10 + 2, artifact, state, 'failed logons are not audited',
    'auditpol /set /subcategory:{0CCE9215-69AE-11D9-BED3-505054503030} /failure:enable'
FROM k_judged WHERE kind = 'logon' AND state = 'disabled';
-- Somebody is left out: who.
INSERT INTO k_need
SELECT j.host_id, 'logon', j.ord * 10 + 2, j.artifact, j.state, j.detail, 'auditpol /list /user'
FROM k_judged j JOIN k_span a ON a.host_id = j.host_id AND a.artifact = 'Security' AND a.state = 'present'
WHERE j.kind = 'logon' AND j.state = 'partial' AND j.detail LIKE '%audit policy%' AND j.detail NOT LIKE '%not known';
INSERT INTO k_need
SELECT j.host_id, j.kind, 90, 'SOFTWARE', c.state, 'it says whether channels that were silent are turned on', k.collect
FROM k_judged j JOIN coverage c ON c.host_id = j.host_id AND c.artifact = 'SOFTWARE' AND c.state <> 'present'
LEFT JOIN kb_artifact k ON k.name = 'SOFTWARE' WHERE NOT j.covers AND NOT j.always AND j.state = 'present';
-- Two recorders that cover no moment together: both.
INSERT INTO k_need
SELECT j.host_id, j.kind, j.ord * 10, j.artifact, j.state,
    'it covers no time that the other log of this kind covers', a.collect
FROM k_judged j JOIN kind k ON k.host_id = j.host_id AND k.kind = j.kind AND k.state = 'not_covered'
    LEFT JOIN kb_artifact a ON a.name = j.artifact
WHERE j.covers AND j.kind <> 'logon' AND NOT EXISTS (SELECT 1 FROM k_judged o WHERE o.host_id = j.host_id
    AND o.kind = j.kind AND NOT o.covers);
INSERT INTO k_need
SELECT g.host_id, 'logon', 29, 'Security', c.state, 'System tells of it (' || group_concat(g.what, ', ')
    || '), and not whom it stopped', 'on the domain controller: ' || k.collect
FROM (SELECT * FROM k_sign ORDER BY host_id, what) g JOIN k_span c ON c.host_id = g.host_id AND c.artifact = 'Security'
LEFT JOIN kb_artifact k ON k.name = 'Security'
WHERE NOT EXISTS (SELECT 1 FROM k_need n WHERE n.host_id = g.host_id AND n.kind = 'logon' AND n.artifact = 'Security')
GROUP BY g.host_id;
INSERT INTO kind_need(host_id, kind, ord, artifact, state, why, collect)
SELECT n.host_id, n.kind, min(n.ord), n.artifact, n.state, n.why, n.collect FROM k_need n
JOIN kind k ON k.host_id = n.host_id AND k.kind = n.kind AND k.state = 'not_covered'
GROUP BY n.host_id, n.kind, n.artifact;
DELETE FROM k_recorder; DELETE FROM k_span; DELETE FROM k_judged; DELETE FROM k_need; DELETE FROM k_sign;
