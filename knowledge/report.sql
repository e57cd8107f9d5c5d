-- What reports show, in their order: v_report_* stand on the documented views of views.sql alone. place orders the
-- rows, all of them: no two rows of a host, finding or list have the same. reports/report.c reads each column by its
-- name; a row that is not there shows as a gap.

-- Words of the run: complete, partial, limit ...
CREATE VIEW v_report_status AS
SELECT j.value AS key, j.key AS place
FROM meta, json_each(CASE WHEN json_valid(meta.value) THEN meta.value ELSE json_array(meta.value) END) j
WHERE meta.key = 'status';

CREATE VIEW v_report_meta AS
SELECT key, value, row_number() OVER (ORDER BY key) AS place FROM meta;

CREATE VIEW v_report_host AS
SELECT host, fqdn, domain, os, build, role, time_zone, bias, zone_rule, machine_sid, joined, outcome AS word,
    row_number() OVER (ORDER BY host) AS place
FROM (SELECT h.host, h.fqdn, coalesce(nullif(h.domain, ''), CASE WHEN t.configuration NOT LIKE 'Standalone%'
            THEN t.domain || ' (by systeminfo)' END) AS domain,
        CASE WHEN t.os IS NOT NULL AND coalesce(h.os, 'Windows build ') LIKE 'Windows build %'
            AND coalesce(h.build, t.build, 0) = coalesce(t.build, h.build, 0)
            THEN t.os || coalesce(', build ' || t.build, '') || ' (by systeminfo)' ELSE h.os END AS os,
        h.build, h.role, h.time_zone, h.bias, h.zone_rule, h.machine_sid, h.joined, h.outcome
    FROM v_host h LEFT JOIN v_tool_host t ON t.host = h.host
    UNION ALL
    SELECT DISTINCT host, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM v_finding
    WHERE host NOT IN (SELECT host FROM v_host));

-- Six kinds of failure a host; needs: one a line.
CREATE VIEW v_report_kind AS
SELECT host, kind, state, failures, from_time, to_time, 
    CASE WHEN json_valid(needs) THEN (SELECT group_concat(j.value, char(10)) FROM json_each(needs) j) END AS needs,
        row_number() OVER (ORDER BY host, ord) AS place FROM v_kind;

-- What would tell of kinds that are not covered, most telling first.
CREATE VIEW v_report_need AS
SELECT host, artifact, state, why, collect, replace(kinds, ' ', ', ') AS kinds,
    row_number() OVER (ORDER BY host, ord, artifact) AS place FROM v_kind_need;

-- What would let causes be asked that were not; causes: one a line.
CREATE VIEW v_report_unasked AS
SELECT host, artifact, collect, total, (SELECT group_concat(value, char(10)) FROM json_each(causes)) AS causes,
    row_number() OVER (ORDER BY host, ord) AS place FROM v_unasked;

-- What separates the causes that are left, five a host; decides, leaves: one a line.
CREATE VIEW v_report_next AS
SELECT host, artifact, collect, subject, subjects,
    (SELECT group_concat(value, char(10)) FROM json_each(decides)) AS decides,
    (SELECT group_concat(value, char(10)) FROM json_each(leaves)) AS leaves,
    row_number() OVER (ORDER BY host, ord) AS place
FROM v_next_step WHERE ord <= 5;

-- duplicate_of: the number of the file that holds the same bytes.
CREATE VIEW v_report_evidence AS
SELECT CAST(ltrim(file_id, 'f') AS INTEGER) AS id, path, container, kind, format, log_kind, host, bytes, sha256,
    seen, parsed, recovered, failed, chunks, state, note,
    CAST(ltrim(duplicate_of, 'f') AS INTEGER) AS duplicate_of, older, hive_kind, dirty, replay, members_seen,
        members_wanted, members_failed,
    -- what the way to it says: "Velociraptor, drive C:, user anna"
    nullif(ltrim(coalesce(collector, '') || coalesce(', drive ' || drive, '')
        || coalesce(', shadow copy ' || shadow, '')
        || coalesce(', user ' || user, '') || CASE WHEN host IS NOT NULL
        AND lower(substr(host_by_name, 1, instr(host_by_name || '.', '.') - 1))
            <> lower(substr(host, 1, instr(host || '.', '.') - 1)) THEN ', named for ' || host_by_name ELSE '' END,
        ', '), '') AS origin, CAST(ltrim(file_id, 'f') AS INTEGER) AS place
FROM v_evidence;

-- 200 a file; total: how many it has.
CREATE VIEW v_report_anomaly AS
SELECT file, total, id, what, detail, row_number() OVER (ORDER BY file, nth) AS place
FROM (SELECT CAST(ltrim(file_id, 'f') AS INTEGER) AS file, count(*) OVER (PARTITION BY file_id) AS total,
    evidence_id AS id, what, detail,
        row_number() OVER (PARTITION BY file_id ORDER BY length(evidence_id), evidence_id, what, detail) AS nth
            FROM v_anomaly)
WHERE nth <= 200;

-- core: above 0 for what every judgement needs. channel: 1 for a log.
CREATE VIEW v_report_coverage AS
SELECT host, artifact, state, from_time, to_time, path, detail, channel, core,
    row_number() OVER (ORDER BY host, core = 0, core, artifact COLLATE NOCASE, artifact, from_time, path, to_time,
        state, detail) AS place
FROM (SELECT c.host, c.artifact, c.state, c.from_time, c.to_time, c.path, c.detail,
    coalesce(k.kind = 'channel', c.from_time IS NOT NULL) AS channel,
        instr('|Security|System|Microsoft-Windows-TaskScheduler/Operational|SYSTEM|SECURITY|SOFTWARE|SAM|',
            '|' || c.artifact || '|') AS core
    FROM v_coverage c LEFT JOIN kb_artifact k ON k.name = c.artifact COLLATE BINARY);

-- Surest first; within a verdict by host, then by cause, those with most failures first, of them those with a code. Of
-- those that could not be decided first what one artefact would tell apart (v_next_step).
CREATE VIEW v_report_finding AS
SELECT id, verdict, win32, hex, hresult, first, last, count, cause, rule, title, host, subject, symbol, explanation,
    reader,
    row_number() OVER (ORDER BY verdict, host, apart, of_cause DESC, cause, coalesce(count, 0) DESC, win32 IS NULL,
        subject, id) AS place
FROM (SELECT *, sum(coalesce(count, 0)) OVER (PARTITION BY verdict, host, cause) AS of_cause,
    word = 'undetermined' AND NOT EXISTS (SELECT 1 FROM v_next_step n, json_each(n.decides) d
        WHERE n.host = f.host AND n.ord = 1 AND d.value = f.cause) AS apart
    FROM (SELECT finding AS id, (SELECT o.place FROM verdict_order o WHERE o.verdict = f.verdict) AS verdict,
            verdict AS word, win32, hex, hresult, first_seen AS first, last_seen AS last, count, cause, rule, title,
            host, subject, symbol, explanation, second_reader AS reader FROM v_finding f) f);

-- again: 1 where the finding cites the place before, on the same side. fact_time: of the event that lies there; moment:
-- that, or a time of the state that lies there. Both are times of the fact itself, never of what it is cited for.
-- written: of the key that a value lies in.
CREATE VIEW v_report_citation AS
SELECT finding, role, against, moment, fact_time, written, off, id, explain, path, sha256, summary, reader,
    reader_detail, row_number() OVER (PARTITION BY finding, against, id ORDER BY role, ord) > 1 AS again,
        row_number() OVER (ORDER BY finding, role, ord) AS place
FROM (SELECT c.finding, o.place AS role, o.against, c.ord, coalesce(c.fact_time, c.state_time) AS moment, c.fact_time,
        c.written, c.file_off AS off, c.evidence_id AS id, c.explain, c.path, c.sha256,
        substr(c.summary, 1, 4000) AS summary, v.result AS reader, v.detail AS reader_detail
    FROM v_citation c JOIN role_order o ON o.role = c.role
    LEFT JOIN v_verification v ON v.evidence_id = c.evidence_id);

CREATE VIEW v_report_unknown AS
SELECT finding, artifact, collect, row_number() OVER (ORDER BY finding, ord) AS place FROM v_finding_unknown;

-- A finding in one line, for tables: its word, evidence ids for and against, commands that collect what is missing.
CREATE VIEW v_report_finding_row AS
SELECT f.*, v.verdict AS word,
    (SELECT group_concat(DISTINCT c.id) FROM v_report_citation c WHERE c.finding = f.id AND NOT c.against) AS supports,
    (SELECT group_concat(DISTINCT c.id) FROM v_report_citation c WHERE c.finding = f.id AND c.against) AS contradicts,
    (SELECT group_concat(u.collect, '; ') FROM v_report_unknown u WHERE u.finding = f.id) AS collect
FROM v_report_finding f LEFT JOIN v_finding v ON v.finding = f.id;

CREATE VIEW v_report_remedy AS
SELECT finding, text, risk, reversible, verify, row_number() OVER (ORDER BY finding, ord) AS place
    FROM v_finding_remedy;

-- Exit codes that a task's program left in the task cache: small numbers that are no errors of Windows, and no
-- SCHED_S_* state (0x413xx).
CREATE VIEW v_report_exit AS
SELECT host, task AS subject, CAST(result AS TEXT) AS raw, nullif(last_run, 0) AS time, evidence_id AS id
FROM v_task WHERE result BETWEEN 1 AND 0x7fffffff AND result & 0xffffff00 <> 0x41300;

-- Each witness of each failure of a task. event_id NULL: a last result in the task cache.
CREATE VIEW v_report_task AS
SELECT host, task, event_id, raw, win32, symbol, time, id, row_number() OVER (ORDER BY host, time, task, event_id,
    raw, id) AS place
FROM (SELECT host, subject AS task, event_id, raw, win32, symbol, nullif(time, 0) AS time, evidence_id AS id
    FROM v_failure WHERE kind IN ('task', 'program')
    UNION ALL
    SELECT host, task, NULL, raw, win32, symbol, nullif(time, 0), evidence_id FROM v_task_result
    UNION ALL
    SELECT host, subject, NULL, raw, NULL, NULL, time, id FROM v_report_exit);

-- Times that can be: 1990 to 2200. Others stay with their fact and order nothing.
CREATE VIEW v_report_sane(from_time, to_time) AS VALUES (122756256000000000, 189025920000000000);

-- Every failure of the six kinds, one row each. also: its other witnesses, with blanks between; explained: by a cause
-- at or above possible.
CREATE VIEW v_report_failure AS
SELECT host, shown AS kind, subject, principal, event_id, raw, win32,
    CASE WHEN value BETWEEN 0xC0000000 AND 0xDFFFFFFF THEN printf('0x%08X', value & 0xEFFFFFFF) END AS ntstatus,
    symbol, detail, coalesce(concern, 0) AS concern, coalesce(explained, 0) AS explained, nullif(time, 0) AS time,
        evidence_id AS id,
    also,
    row_number() OVER (ORDER BY host, time, kind, subject, evidence_id, event_id) AS place
FROM v_failure WHERE shown IS NOT NULL;

-- Failures alike, those that concern a logon first; id: the last one. raw: as Windows writes it, a status in hex;
-- symbol: of the Win32 code beside it.
CREATE VIEW v_report_failed AS
SELECT logon, host, kind, subject, CASE WHEN length(raw) > 9 AND ltrim(raw, '-') NOT GLOB '*[^0-9]*'
        THEN printf('0x%08X', raw & 0xFFFFFFFF) ELSE raw END AS raw, win32,
    coalesce((SELECT k.symbol FROM kb_code k WHERE k.space = 'win32' AND k.value = g.win32), symbol) AS symbol,
    n, first, last, id, explained,
    row_number() OVER (ORDER BY logon DESC, host, last IS NULL, last DESC, kind, subject, raw, win32) AS place
FROM (SELECT logon, host, kind, subject, raw, win32, symbol, count(*) AS n, min(sane) AS first, max(sane) AS last,
        substr(max(printf('%020d', time) || id), 21) AS id, min(explained) AS explained
    FROM (SELECT t.*, CASE WHEN t.time BETWEEN s.from_time AND s.to_time THEN t.time END AS sane
        FROM (SELECT concern AS logon, host, kind, subject, raw, win32, symbol, time, id, explained
            FROM v_report_failure
            UNION ALL
            SELECT 0, host, kind, subject, raw, win32, symbol, nullif(time, 0), evidence_id, 0 FROM v_failure
                WHERE shown IS NULL
            UNION ALL
            SELECT 0, host, kind, subject, raw, win32, symbol, nullif(time, 0), evidence_id, 0 FROM v_logon_failure
            WHERE evidence_id NOT IN (SELECT evidence_id FROM v_failure)
            UNION ALL
            SELECT 0, host, 'exit code', subject, raw, NULL, NULL, time, id, 0 FROM v_report_exit) t, v_report_sane s)
    GROUP BY logon, host, kind, subject, raw, win32) g;

-- Services that logon sessions depend on: always told, absent ones (installed 0) and, last, those of hosts without a
-- SYSTEM hive (installed NULL) too.
CREATE VIEW v_report_always(service) AS
VALUES ('CscService'), ('LanmanWorkstation'), ('Netlogon'), ('Schedule'), ('VaultSvc');

-- Others are told when they log on with an account of their own, or failed.
CREATE VIEW v_report_service AS
SELECT installed, host, service, start, account, display, id, recovery,
    row_number() OVER (ORDER BY installed IS NULL, host, service COLLATE NOCASE, id) AS place
FROM (SELECT 1 AS installed, s.host, coalesce(a.service, s.service) AS service, s.start, s.account, s.display,
    s.evidence_id AS id,
        (SELECT min(r.text) FROM v_reg r WHERE r.host = s.host AND r.path = 'SYSTEM\CurrentControlSet\Services\' ||
            s.service COLLATE NOCASE
            AND r.name = 'FailureActions') AS recovery
    FROM v_service s LEFT JOIN v_report_always a ON a.service = s.service COLLATE NOCASE
    WHERE a.service IS NOT NULL
        OR EXISTS (SELECT 1 FROM v_failure f WHERE f.kind = 'service' AND f.host = s.host
            AND f.subject = s.service COLLATE NOCASE)
        OR (s.account <> '' AND s.account NOT LIKE 'NT SERVICE\%' AND s.account NOT LIKE 'NT AUTHORITY\%'
            AND s.account NOT LIKE '\%' AND s.account NOT LIKE '%LocalSystem'
            AND s.account COLLATE NOCASE NOT IN (SELECT name FROM kb_account))
    UNION ALL
    SELECT CASE WHEN h.host IN (SELECT c.host FROM v_coverage c
        WHERE c.artifact = 'SYSTEM' COLLATE BINARY AND c.state IN ('present', 'partial')
            AND coalesce(c.detail, '') NOT LIKE 'only a part of it%') THEN 0 END, h.host, a.service, NULL, NULL,
                NULL, NULL, NULL
    FROM v_host h, v_report_always a
    WHERE NOT EXISTS (SELECT 1 FROM v_service s WHERE s.host = h.host AND s.service = a.service COLLATE NOCASE));

CREATE VIEW v_report_setting AS
SELECT section = 'smb_client' AS smb, host, name, is_set, value, text, default_value, default_text, meaning,
    evidence_id AS id,
    row_number() OVER (ORDER BY section = 'smb_client' DESC, host, name COLLATE NOCASE, evidence_id) AS place
FROM v_setting WHERE section IN ('smb_client', 'credential_policy');

CREATE VIEW v_report_set AS
SELECT last_known_good AS good, host, control_set AS "set", path, name, other_value AS value,
    current_value AS current, evidence_id AS id,
    row_number() OVER (ORDER BY host, control_set, path COLLATE NOCASE, name COLLATE NOCASE, evidence_id) AS place
FROM v_control_set_difference;

-- Failures of a host: those that count, those without a cause at or above possible, others; first and last of those
-- that count.
CREATE VIEW v_report_total AS
SELECT host, n, open, other, first, last, row_number() OVER (ORDER BY host) AS place
FROM (SELECT f.host, sum(f.concern) AS n, sum(f.concern AND NOT f.explained) AS open,
    sum(NOT f.concern AND f.kind <> 'application') AS other,
        min(CASE WHEN f.concern AND f.time BETWEEN s.from_time AND s.to_time THEN f.time END) AS first,
        max(CASE WHEN f.concern AND f.time BETWEEN s.from_time AND s.to_time THEN f.time END) AS last
    FROM v_report_failure f, v_report_sane s GROUP BY f.host);

-- What to collect of a host: what would decide most comes first.
CREATE VIEW v_report_collect AS
SELECT host, artifact, command, n, row_number() OVER (ORDER BY host, decides DESC, n DESC, artifact, command) AS place
FROM (SELECT f.host, u.artifact, u.collect AS command, count(*) AS n, sum(f.verdict = 'undetermined') AS decides
    FROM v_finding_unknown u JOIN v_finding f ON f.finding = u.finding GROUP BY 1, 2, 3);

CREATE VIEW v_report_artifact AS
SELECT name AS artifact, collect AS command, row_number() OVER (ORDER BY kind, name COLLATE NOCASE, name) AS place
    FROM kb_artifact;

CREATE VIEW v_report_rule_error AS
SELECT rule || ' (' || coalesce(role, '') || ')' AS key, message AS value,
    row_number() OVER (ORDER BY rule, role, message) AS place FROM v_rule_error;

-- What changed on a host, for its timeline. kind: password, right, account, audit, clock, policy, service, name,
-- update, task.
CREATE VIEW v_report_topic(topic, kind, words) AS
VALUES ('batch-given', 'right', 'right to log on as a batch job given to '),
    ('batch-taken', 'right', 'right to log on as a batch job taken from '),
    ('batch-denied', 'right', 'batch logon denied to '), ('batch-allowed', 'right',
        'denial of batch logon lifted from '),
    ('service-given', 'right', 'right to log on as a service given to '),
        ('service-taken', 'right', 'right to log on as a service taken from '),
    ('service-denied', 'right', 'service logon denied to '), ('service-allowed', 'right',
        'denial of service logon lifted from '),
    ('account-disabled', 'account', 'account disabled: '), ('account-enabled', 'account', 'account enabled: '),
        ('account-deleted', 'account', 'account deleted: '),
    ('account-made', 'account', 'account created: '), ('audit-success-added', 'audit', 'audit of successes added: '),
        ('audit-failure-added', 'audit', 'audit of failures added: '),
    ('clock-step', 'clock', 'clock set by seconds: ');
CREATE VIEW v_report_change AS
SELECT host, kind, words, time, id, row_number() OVER (ORDER BY host, time, kind, words, id) AS place
FROM (SELECT host, 'password' AS kind, 'password of ' || coalesce(domain || '\', '') || account || ' changed (' ||
    how || ')' AS words, time, evidence_id AS id FROM v_password_change
    UNION
    SELECT l.host, t.kind, t.words || coalesce(CASE l.topic WHEN 'clock-step' THEN l.value END, max(l.who), ''),
        l.time, l.evidence_id
    FROM v_landmark l JOIN v_report_topic t ON t.topic = l.topic GROUP BY l.host, l.topic, l.evidence_id
    UNION
    SELECT host, 'task', 'task ' || task || ' saved (' || how || ')', time, evidence_id FROM v_task_saved
    UNION
    SELECT e.host, c.column3, c.column4 || coalesce(json_extract(e.data, c.column5), ''), e.time, e.evidence_id
    FROM (VALUES ('Microsoft-Windows-GroupPolicy', 1502, 'policy', 'new policy applied from ', '$.DCName'),
            ('Service Control Manager', 7040, 'service', 'start type changed of ', '$.param1'),
                ('Service Control Manager', 7045, 'service', 'service installed: ', '$.ServiceName'),
            ('EventLog', 6011, 'name', 'computer renamed to ', '$.param2'),
                ('Microsoft-Windows-WindowsUpdateClient', 19, 'update', 'installed: ', '$.updateTitle'),
            ('Microsoft-Windows-Security-Auditing', 4739, 'policy', 'domain policy changed of ', '$.DomainName')) c
    JOIN v_event e ON e.provider = c.column1 AND e.event_id = c.column2 WHERE json_valid(e.data)), v_report_sane s
WHERE time BETWEEN s.from_time AND s.to_time AND host IS NOT NULL;

-- Boots: from_time or to_time NULL where the evidence does not tell. clean: 0 where the stop was none.
CREATE VIEW v_report_boot AS
SELECT host, from_time, to_time, clean, evidence_id AS id, end_evidence_id AS end_id,
    row_number() OVER (ORDER BY host, boot) AS place FROM v_boot;

-- Sessions of accounts that a failure, a task or a service names: from the logon that began a stretch of them, with its
-- evidence, to the end of the last. from_time NULL: older than the log (id: its first sign). ended: as v_session's.
CREATE VIEW v_report_session AS
SELECT host, user, logon_type, from_time, to_time, ended, id, end_id,
    row_number() OVER (ORDER BY host, from_time, user, id) AS place
FROM (SELECT host, max(user) AS user, max(began_type) AS logon_type, min(began_time) AS from_time,
    max(to_time) AS to_time, max(ended) AS ended, began_id AS id, max(end_evidence_id) AS end_id
    FROM v_presence GROUP BY host, began_id);

-- What many hosts have alike: services, settings, missing artefacts, what would tell of hosts that are not covered
-- (need), and what would let causes be asked that were not (unasked) where nothing failed. names: the first six.
CREATE VIEW v_report_alike AS
WITH told(part, what, value, detail, host) AS (
    SELECT CASE section WHEN 'smb_client' THEN 'smb' ELSE 'policy' END, name COLLATE BINARY,
        CASE WHEN is_set THEN coalesce(value, text) ELSE 'not set' END, meaning, host
    FROM v_setting WHERE section IN ('smb_client', 'credential_policy')
    UNION
    SELECT 'service', service, CASE WHEN start IS NOT NULL THEN CASE start WHEN 0 THEN 'boot'
        WHEN 1 THEN 'system' WHEN 2 THEN 'automatic' WHEN 3 THEN 'manual'
            WHEN 4 THEN 'disabled' ELSE 'start ' || start END WHEN installed THEN 'not set'
                ELSE 'not installed' END, account, host
    FROM v_report_service WHERE installed IS NOT NULL),
-- IN, not JOIN: neither side has an index, and there may be thousands of hosts
need(artifact, collect, host) AS (
    SELECT n.artifact, n.collect, n.host FROM v_kind_need n
        WHERE n.host IN (SELECT h.host FROM v_host h WHERE h.outcome = 'not_covered')),
unasked(artifact, collect, causes, host) AS (
    SELECT u.artifact, u.collect, (SELECT group_concat(j.value, ', ') FROM json_each(u.causes) j), u.host
        FROM v_unasked u WHERE u.host IN (SELECT h.host FROM v_host h
            WHERE h.outcome IN ('latent', 'not_covered', 'clear'))),
lack(artifact, state, host) AS (
    SELECT DISTINCT artifact COLLATE BINARY, state, host FROM v_coverage WHERE state <> 'present')
SELECT part, what, value, detail, n, names, row_number() OVER (ORDER BY part,
    CASE WHEN part IN ('need', 'unasked') THEN -n END,
    what COLLATE NOCASE, what, n DESC, value, detail) AS place
FROM (SELECT part, what, value, detail, count(*) AS n, group_concat(CASE WHEN nth <= 6 THEN host END, ', ') AS names
        FROM (SELECT *, row_number() OVER (PARTITION BY part, what, value, detail ORDER BY host) AS nth FROM told)
        GROUP BY part, what, value, detail
    UNION ALL
    SELECT 'need', artifact, collect, NULL, count(*), group_concat(CASE WHEN nth <= 6 THEN host END, ', ')
        FROM (SELECT *, row_number() OVER (PARTITION BY artifact, collect ORDER BY host) AS nth FROM need)
        GROUP BY artifact, collect
    UNION ALL
    SELECT 'unasked', artifact, collect, causes, count(*), group_concat(CASE WHEN nth <= 6 THEN host END, ', ')
        FROM (SELECT *, row_number() OVER (PARTITION BY artifact, collect, causes ORDER BY host) AS nth FROM unasked)
        GROUP BY artifact, collect, causes
    UNION ALL
    SELECT 'coverage', artifact, state, NULL, count(*), group_concat(CASE WHEN nth <= 6 THEN host END, ', ')
        FROM (SELECT *, row_number() OVER (PARTITION BY artifact, state ORDER BY host) AS nth FROM lack)
        GROUP BY artifact, state);

-- What happened when, as tools for timelines take it: one row a moment, those with a time that can be. what: event;
-- fold (n events alike of one day, told at the first and at the last of them); failure; change; boot; finding (what
-- speaks: possible or above); state (a time that a hive keeps). data: what the record says, char(30) between.
CREATE VIEW v_timeline AS
SELECT t.time, t.what, t.moment, t.host, t.title, t.data, t.kind, t.subject, t.principal, t.sid, t.channel, t.provider,
    t.event_id, t.record_id, t.computer, t.level, t.win32, t.symbol, t.cause, t.verdict, t.n, t.evidence_id, v.path,
    v.sha256
FROM (SELECT e.time, 'event' AS what, 'Event recorded' AS moment, e.host,
        e.provider || ' ' || e.event_id || coalesce(' ' || (SELECT k.name FROM kb_event k
            WHERE k.provider = e.provider AND k.event_id = e.event_id), '') AS title,
        (SELECT group_concat(j.key || ': ' || coalesce(j.value, ''), char(30))
            FROM json_each(CASE WHEN json_valid(e.data) THEN e.data ELSE '{}' END) j) AS data,
        NULL AS kind, NULL AS subject, NULL AS principal, e.sid, e.channel, e.provider, e.event_id, e.record_id,
        e.computer, e.level, NULL AS win32, NULL AS symbol, NULL AS cause, NULL AS verdict, 1 AS n, e.evidence_id
    FROM v_event e JOIN v_time_window w ON e.time BETWEEN coalesce(w.since, e.time) AND coalesce(w.until, e.time)
    UNION ALL
    SELECT CASE a.of WHEN 1 THEN f.first_time ELSE f.last_time END, 'fold',
        CASE a.of WHEN 1 THEN 'First of a day' ELSE 'Last of a day' END, f.host,
        f.provider || ' ' || f.event_id || coalesce(' ' || (SELECT k.name FROM kb_event k
            WHERE k.provider = f.provider AND k.event_id = f.event_id), '')
            || CASE WHEN f.n > 1 THEN ', ' || f.n || ' alike that day' ELSE '' END,
        (SELECT group_concat(j.key || ': ' || coalesce(j.value, ''), char(30))
            FROM json_each(CASE WHEN json_valid(f.data) THEN f.data ELSE '{}' END) j),
        NULL, NULL, NULL, NULL, f.channel, f.provider, f.event_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, f.n,
        CASE a.of WHEN 1 THEN f.evidence_id ELSE f.last_evidence_id END
    FROM v_fold f JOIN (SELECT 1 AS of UNION ALL SELECT 2) a ON a.of = 1 OR f.n > 1
    UNION ALL
    SELECT f.time, 'failure', 'Failure of ' || CASE f.kind WHEN 'logon' THEN 'a logon' WHEN 'application'
            THEN 'an application' WHEN 'bits' THEN 'a BITS job' ELSE 'a ' || f.kind END, f.host,
        coalesce(f.subject, f.principal, f.host) || ' failed' || coalesce(' with ' || coalesce(f.symbol, f.raw), '')
            || coalesce(' for ' || f.principal, ''), f.detail, f.kind, f.subject, f.principal, NULL, NULL, NULL,
        f.event_id, NULL, NULL, NULL, f.win32, f.symbol, NULL, NULL, 1, f.id
    FROM v_report_failure f
    UNION ALL
    SELECT c.time, 'change', 'Change', c.host, c.words, NULL, c.kind, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, 1, c.id
    FROM v_report_change c
    UNION ALL
    SELECT CASE a.of WHEN 1 THEN b.from_time ELSE b.to_time END, 'boot', CASE a.of WHEN 1 THEN 'Start of the system'
            ELSE 'Stop of the system' END, b.host,
        CASE WHEN a.of = 1 THEN 'the system started' WHEN b.clean = 0 THEN 'the system stopped, not cleanly'
            ELSE 'the system stopped' END, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, 1, CASE a.of WHEN 1 THEN b.id ELSE b.end_id END
    FROM v_report_boot b JOIN (SELECT 1 AS of UNION ALL SELECT 2) a
    UNION ALL
    SELECT CASE a.of WHEN 1 THEN f.first_seen ELSE f.last_seen END, 'finding',
        CASE a.of WHEN 1 THEN 'First failure of a finding' ELSE 'Last failure of a finding' END, f.host,
        f.verdict || ': ' || f.title || coalesce(' (' || f.subject || ')', ''), rtrim(f.explanation, char(10)), NULL,
        f.subject, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, f.win32, f.symbol, f.cause, f.verdict, f.count,
        (SELECT c.evidence_id FROM v_citation c WHERE c.finding = f.finding ORDER BY c.role = 'symptom' DESC, c.role,
            c.ord LIMIT 1)
    FROM v_finding f JOIN (SELECT 1 AS of UNION ALL SELECT 2) a ON a.of = 1 OR f.last_seen > f.first_seen
    WHERE f.verdict IN (SELECT verdict FROM verdict_order WHERE claims)
    UNION ALL
    SELECT t.time, 'state', t.moment, t.host, t.title, NULL, t.kind, t.subject, t.principal, t.sid, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, t.evidence_id
    FROM (SELECT registered AS time, 'Task registered' AS moment, host, 'task ' || task AS title, 'task' AS kind,
            task AS subject, user AS principal, sid, evidence_id FROM v_task
        UNION ALL SELECT last_run, 'Task last run', host, 'task ' || task, 'task', task, user, sid, evidence_id
            FROM v_task
        UNION ALL SELECT last_ok, 'Task last succeeded', host, 'task ' || task, 'task', task, user, sid, evidence_id
            FROM v_task
        UNION ALL SELECT cupd, 'LSA secret set', host, 'LSA secret ' || name, 'secret', name, NULL, NULL, evidence_id
            FROM v_secret
        UNION ALL SELECT oupd, 'LSA secret set before', host, 'LSA secret ' || name, 'secret', name, NULL, NULL,
            evidence_id FROM v_secret
        UNION ALL SELECT password_set, 'Password set', host, 'local account ' || name, 'account', NULL, name, sid,
            evidence_id FROM v_account
        UNION ALL SELECT last_bad, 'Password last refused', host, 'local account ' || name, 'account', NULL, name, sid,
            evidence_id FROM v_account
        UNION ALL SELECT written, 'Registry key last written', host, 'key ' || path, 'key', path, NULL, NULL,
            evidence_id FROM v_reg_key
        UNION ALL SELECT written, 'Registry key last written', host, 'key ' || path, 'key', path, NULL, NULL,
            min(evidence_id) FROM v_reg WHERE hive || path COLLATE NOCASE NOT IN (SELECT hive || path FROM v_reg_key)
            GROUP BY hive, host, path COLLATE NOCASE) t) t
JOIN v_report_sane s ON t.time BETWEEN s.from_time AND s.to_time
LEFT JOIN v_evidence v ON v.file_id = substr(t.evidence_id, 1, instr(t.evidence_id, ':') - 1);

-- What numbers in sentences stand for. kind: 0 %%n of the Security log's messages, 1 %%n as services write a Win32
-- code, 3 a SID, by the name that records of the case or the knowledge give it (the last one, of several).
CREATE VIEW v_report_word AS
SELECT kind, key, words, row_number() OVER (ORDER BY kind, key) AS place
FROM (SELECT 0 AS kind, '%%' || value AS key, meaning AS words, 1 AS nth FROM kb_code WHERE space = 'message'
    UNION ALL
    SELECT DISTINCT 1, f.raw, k.meaning, 1 FROM v_failure f JOIN kb_code k ON k.space IN ('win32', 'nerr')
        AND k.value = f.win32 WHERE f.raw = '%%' || f.win32
    UNION ALL
    SELECT 3, sid, name, row_number() OVER (PARTITION BY sid ORDER BY time DESC, length(name), name)
    FROM (SELECT sid, coalesce(nullif(domain, '-') || '\', '') || user AS name, max(from_time) AS time FROM v_session
            WHERE user <> '' GROUP BY sid, domain, user
        UNION ALL
        SELECT json_extract(data, '$.TargetSid'),
            coalesce(nullif(json_extract(data, '$.TargetDomainName'), '-') || '\', '')
            || json_extract(data, '$.TargetUserName'), time FROM v_event WHERE event_id BETWEEN 4720 AND 4781
            AND provider = 'Microsoft-Windows-Security-Auditing' AND json_valid(data)
        UNION ALL
        SELECT sid, CASE WHEN account LIKE '%@%' OR domain IS NULL THEN account ELSE domain || '\' || account END, 1
            FROM v_consumer WHERE account NOT LIKE 'S-1-%'
        UNION ALL SELECT sid, host || '\' || name, 2 FROM v_account
        UNION ALL SELECT sid, name, 9223372036854775807 FROM kb_account WHERE name LIKE 'NT AUTHORITY\%')
    WHERE sid LIKE 'S-1-%' AND name <> '')
WHERE nth = 1;

-- What `whylogon summary` tells: what hosts are, what their logs hold, who logged on and who could not.
-- starts: those in the logs; started: the last one; until: the last moment that any log of the host tells of.
CREATE VIEW v_summary_host AS
SELECT h.host, h.fqdn, h.domain, h.os, h.build, h.role, h.time_zone, h.bias, h.outcome,
    (SELECT count(*) FROM v_boot b WHERE b.host = h.host AND b.boot > 0) AS starts,
    (SELECT max(b.from_time) FROM v_boot b, v_report_sane s WHERE b.host = h.host
        AND b.from_time BETWEEN s.from_time AND s.to_time) AS started,
    (SELECT min(l.first_time) FROM v_log_span l, v_report_sane s WHERE l.host = h.host
        AND l.first_time BETWEEN s.from_time AND s.to_time) AS since,
    (SELECT max(l.last_time) FROM v_log_span l, v_report_sane s WHERE l.host = h.host
        AND l.last_time BETWEEN s.from_time AND s.to_time) AS until,
    row_number() OVER (ORDER BY h.host) AS place
FROM v_host h;

-- A log, or what it holds of one computer. gaps: of record numbers.
CREATE VIEW v_summary_log AS
SELECT l.host, l.channel, e.path, l.computer, l.n, l.first_time, l.last_time, l.gaps, l.evidence_id,
    row_number() OVER (ORDER BY l.host, l.channel COLLATE NOCASE, l.first_time, l.evidence_id, l.computer) AS place
FROM v_log_span l LEFT JOIN v_evidence e ON e.file_id = l.file_id WHERE e.duplicate_of IS NULL;

-- How often each event was recorded, also where the knowledge has no use for it.
CREATE VIEW v_summary_event AS
SELECT c.host, c.channel, c.provider, c.event_id, k.name, c.n, c.first_time, c.last_time,
    row_number() OVER (ORDER BY c.host, c.n DESC, c.channel, c.provider, c.event_id) AS place
FROM v_event_count c LEFT JOIN kb_event k ON k.provider = c.provider AND k.event_id = c.event_id;

-- Logons (4624) and refused ones (4625) of the Security log by account, type and reason.
CREATE VIEW v_summary_logon AS
SELECT g.host, g.what, g.domain, g.account, g.type, CASE g.type WHEN 0 THEN 'system' WHEN 2 THEN 'interactive'
        WHEN 3 THEN 'network' WHEN 4 THEN 'batch' WHEN 5 THEN 'service' WHEN 7 THEN 'unlock'
        WHEN 8 THEN 'network, clear text' WHEN 9 THEN 'new credentials' WHEN 10 THEN 'remote interactive'
        WHEN 11 THEN 'cached interactive' WHEN 12 THEN 'cached remote interactive' WHEN 13 THEN 'cached unlock'
        END AS type_name,
    g.code, y.symbol, y.meaning, g.n, g.first_time, g.last_time,
    row_number() OVER (ORDER BY g.host, g.what DESC, g.n DESC, g.domain, g.account, g.type, g.code) AS place
FROM (SELECT l.*, CASE l.event_id WHEN 4624 THEN 'logon' ELSE 'refused' END AS what FROM v_logon_sum l) g
LEFT JOIN (SELECT e.code, e.symbol, k.meaning
    FROM (SELECT lower(raw) AS code, min(symbol) AS symbol FROM v_error WHERE event_id = 4625 AND symbol IS NOT NULL
        GROUP BY lower(raw)) e
    LEFT JOIN kb_code k ON k.space = 'ntstatus' AND k.symbol = e.symbol) y ON y.code = g.code;

-- The same in reports: of more than three hosts the sum of all, without host. hosts: how many it is of.
CREATE VIEW v_report_summed AS
SELECT h.host, CASE WHEN (SELECT count(*) FROM v_host) <= 3 THEN h.host END AS told FROM v_host h;
CREATE VIEW v_report_log AS
SELECT s.told AS host, count(DISTINCT l.host) AS hosts, l.channel, count(*) AS logs, sum(l.n) AS n,
    min(l.first_time) AS first_time, max(l.last_time) AS last_time, sum(coalesce(l.gaps, 0)) AS gaps,
    CASE WHEN count(*) = 1 THEN l.path END AS path,
    row_number() OVER (ORDER BY s.told, l.channel COLLATE NOCASE, min(l.place)) AS place
FROM v_summary_log l JOIN v_report_summed s ON s.host = l.host
GROUP BY s.told, l.channel, CASE WHEN s.told IS NOT NULL THEN l.place END;
CREATE VIEW v_report_counted AS
SELECT s.told AS host, count(DISTINCT c.host) AS hosts, c.channel, c.provider, c.event_id, c.name, sum(c.n) AS n,
    min(c.first_time) AS first_time, max(c.last_time) AS last_time,
    row_number() OVER (ORDER BY s.told, sum(c.n) DESC, c.channel, c.provider, c.event_id) AS place
FROM v_summary_event c JOIN v_report_summed s ON s.host = c.host
GROUP BY s.told, c.channel, c.provider, c.event_id;
CREATE VIEW v_report_logon AS
SELECT s.told AS host, count(DISTINCT l.host) AS hosts, l.what = 'refused' AS refused, max(l.domain) AS domain,
    max(l.account) AS account, l.type, l.type_name, l.code, l.symbol, l.meaning, sum(l.n) AS n,
    min(l.first_time) AS first_time, max(l.last_time) AS last_time,
    row_number() OVER (ORDER BY l.what DESC, s.told, sum(l.n) DESC, l.domain COLLATE NOCASE, l.account COLLATE NOCASE,
        l.type, l.code) AS place
FROM v_summary_logon l JOIN v_report_summed s ON s.host = l.host
GROUP BY s.told, l.what, l.domain COLLATE NOCASE, l.account COLLATE NOCASE, l.type, l.code;

-- What a case knows as a name, for `--redact`. kind: host, domain, account, share.
CREATE VIEW v_redact_field AS
SELECT j.key AS field, j.value AS name
FROM (SELECT data FROM v_event UNION ALL SELECT data FROM v_fold) d,
    json_each(CASE WHEN json_valid(d.data) THEN d.data ELSE '{}' END) j
WHERE j.type = 'text';
CREATE VIEW v_redact_name AS
SELECT 'host' AS kind, host AS name FROM v_host UNION SELECT 'host', fqdn FROM v_host
UNION SELECT 'domain', domain FROM v_host UNION SELECT 'host', computer FROM v_event
UNION SELECT 'host', computer FROM v_log_span UNION SELECT 'account', user FROM v_session
UNION SELECT 'domain', domain FROM v_session UNION SELECT 'account', name FROM v_account
UNION SELECT 'account', principal FROM v_failure UNION SELECT 'account', user FROM v_task
UNION SELECT 'account', account FROM v_service UNION SELECT 'account', account FROM v_password_change
UNION SELECT 'domain', domain FROM v_password_change UNION SELECT 'account', principal FROM v_consumer
UNION SELECT 'domain', value FROM v_lsa UNION SELECT 'account', user FROM v_explicit_logon
UNION SELECT 'account', by_user FROM v_explicit_logon UNION SELECT 'host', server FROM v_explicit_logon
UNION SELECT 'host', server FROM v_offline_path UNION SELECT 'host', path FROM v_offline_path WHERE path LIKE '\\%'
UNION SELECT 'account', replace(path, rtrim(path, replace(path, '\', '')), '') FROM v_profile
    WHERE path LIKE '%\Users\%'
UNION SELECT 'account', text FROM v_reg WHERE name IN ('DefaultUserName', 'AltDefaultUserName', 'LastUsedUsername',
    'LastLoggedOnUser', 'LastLoggedOnSAMUser', 'UserName', 'ObjectName')
UNION SELECT 'domain', text FROM v_reg WHERE name IN ('DefaultDomainName', 'Domain', 'NV Domain', 'DhcpDomain',
    'PrimaryDomainName')
UNION SELECT 'host', text FROM v_reg WHERE name IN ('ComputerName', 'Hostname', 'NV Hostname', 'RemotePath',
    'ProviderName') AND text NOT LIKE '% %'
UNION SELECT 'host', name FROM v_redact_field WHERE field LIKE '%Workstation%' OR field LIKE '%Server%'
    OR field LIKE '%Computer%' OR field LIKE '%HostName%' OR field LIKE 'DC%' OR field LIKE '%Client%'
    OR name LIKE '\\%'
UNION SELECT 'domain', name FROM v_redact_field WHERE field LIKE '%Domain%' OR field LIKE '%Realm%'
UNION SELECT 'share', name FROM v_redact_field WHERE field LIKE '%Share%'
-- also of texts that are of nobody here: what stands beside them names their computer
UNION SELECT 'account', CASE WHEN name = 'Executing Account Name' THEN substr(value, 1, instr(value || ',', ',') - 1)
    ELSE value END FROM tool_said WHERE name IN ('User', 'Executing Account Name', 'User Identity', 'WorkplaceUPN')
UNION SELECT 'account', substr(value, instr(value, ', ') + 2) FROM tool_said
    WHERE name = 'Executing Account Name' AND instr(value, ', ') > 0
UNION SELECT 'account', value FROM tool_said WHERE tool = 'gpresult' AND name LIKE '%LogonRight'
    AND value NOT LIKE '*S-1-%' AND value <> 'N/A'
UNION SELECT 'host', rtrim(value, '$') FROM tool_said WHERE name IN ('Host Name', 'Computer', 'Device Name',
    'Group Policy was applied from', 'Logon Server') AND value <> 'N/A'
UNION SELECT 'domain', value FROM tool_said WHERE name IN ('Domain', 'DomainName', 'Domain Name')
    AND value <> 'WORKGROUP'
UNION SELECT 'host', host_by_name FROM v_evidence WHERE host_by_name > ''
UNION SELECT 'account', user FROM v_evidence
    WHERE user > '' AND user COLLATE NOCASE NOT IN ('Public', 'Default', 'All Users')
UNION SELECT 'account', name FROM v_redact_field WHERE field LIKE '%User%' OR field LIKE '%Account%'
    OR field LIKE '%Principal%' OR field LIKE '%MemberName%';

-- What pseudonyms are keyed with: what only those know who have the case.
CREATE VIEW v_redact_key AS
SELECT data FROM v_event UNION ALL SELECT data FROM v_fold
UNION ALL SELECT path || coalesce(num, '') || coalesce(text, '') || coalesce(written, '') FROM v_reg;
