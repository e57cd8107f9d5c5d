-- The documented views: all that rules, reports and users read. Stock SQLite functions only; times are FILETIME integers (UTC, 100 ns since 1601).
-- evidence_id names bytes: 'f3:0x11c00' is byte 0x11c00 of evidence file 3. Hive views show the hive that speaks for its host (hive.main), not backups.

CREATE VIEW v_evidence AS
SELECT 'f' || e.id AS file_id, CASE WHEN e.path LIKE '%/%' OR e.path LIKE '%\%' THEN substr(e.path, length(rtrim(e.path, replace(replace(e.path, '/', ''), '\', ''))) + 1) ELSE e.path END AS file,
    e.path, e.container, e.kind, e.format, e.log_kind, h.name AS host, e.bytes, e.sha256, e.seen, e.parsed, e.recovered, e.failed, e.chunks, e.state, e.note,
    'f' || e.duplicate_of AS duplicate_of, e.older, 'f' || e.unit AS unit, v.kind AS hive_kind, v.dirty, v.replay, v.main
FROM evidence e LEFT JOIN host h ON h.id = e.host_id LEFT JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = e.id);

CREATE VIEW v_anomaly AS
SELECT printf('f%d:0x%x', a.file_id, a.file_off) AS evidence_id, 'f' || a.file_id AS file_id, e.path, a.code, a.what, a.detail FROM anomaly a LEFT JOIN evidence e ON e.id = a.file_id;

CREATE VIEW v_host AS SELECT name AS host, fqdn, domain, os, build, role, time_zone, bias, machine_sid, joined FROM host;

CREATE VIEW v_coverage AS
SELECT h.name AS host, c.artifact, c.state, c.from_time, c.to_time, 'f' || c.file_id AS file_id, e.path, c.detail
FROM coverage c LEFT JOIN host h ON h.id = c.host_id LEFT JOIN evidence e ON e.id = c.file_id;

CREATE VIEW v_event AS
SELECT printf('f%d:0x%x', e.file_id, e.file_off) AS evidence_id, h.name AS host, e.computer, e.channel, e.provider, e.event_id, e.version, e.level, e.time, e.record_id, e.pid, e.sid, e.boot, e.data, e.keywords
FROM event e LEFT JOIN host h ON h.id = e.host_id WHERE coalesce(e.recovered, 0) = 0;

CREATE VIEW v_fold AS
SELECT printf('f%d:0x%x', f.file_id, f.file_off) AS evidence_id, h.name AS host, f.channel, f.provider, f.event_id, f.day, f.key, f.n, f.first_time, f.last_time, f.data,
    CASE WHEN f.last_off IS NOT NULL THEN printf('f%d:0x%x', f.file_id, f.last_off) END AS last_evidence_id
FROM fold f LEFT JOIN host h ON h.id = f.host_id;

CREATE VIEW v_log_span AS
SELECT printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id, 'f' || s.file_id AS file_id, h.name AS host, s.computer, s.channel, s.n, s.first_id, s.last_id, s.first_time, s.last_time, s.gaps
FROM log_span s JOIN evidence e ON e.id = s.file_id LEFT JOIN host h ON h.id = coalesce((SELECT min(o.id) FROM host o WHERE o.fqdn = lower(s.computer) OR o.name = upper(s.computer)), e.host_id);

CREATE VIEW v_event_count AS
SELECT h.name AS host, c.channel, c.provider, c.event_id, sum(c.n) AS n, min(c.first_time) AS first_time, max(c.last_time) AS last_time
FROM event_count c JOIN evidence e ON e.id = c.file_id AND e.duplicate_of IS NULL LEFT JOIN host h ON h.id = e.host_id GROUP BY e.host_id, c.channel, c.provider, c.event_id;

CREATE VIEW v_boot AS
SELECT h.name AS host, b.boot, b.from_time, b.to_time, b.clean, CASE WHEN b.file_id IS NOT NULL THEN printf('f%d:0x%x', b.file_id, b.file_off) END AS evidence_id,
    CASE WHEN b.end_file_id IS NOT NULL THEN printf('f%d:0x%x', b.end_file_id, b.end_file_off) END AS end_evidence_id
FROM boot b JOIN host h ON h.id = b.host_id;

CREATE VIEW v_session AS
SELECT h.name AS host, s.boot, s.luid, s.logon_type, s.user, s.domain, s.sid, s.process, s.package, s.key_length, s.ip, s.from_time, s.to_time,
    printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id, CASE WHEN s.end_file_id IS NOT NULL THEN printf('f%d:0x%x', s.end_file_id, s.end_file_off) END AS end_evidence_id,
    s.ended, s.linked, s.folded
FROM session s JOIN host h ON h.id = s.host_id;

CREATE VIEW v_error AS
SELECT printf('f%d:0x%x', e.file_id, e.file_off) AS evidence_id, h.name AS host, e.time, e.channel, e.provider, e.event_id, x.field, x.raw, x.value, x.shape, x.win32, x.symbol
FROM error x JOIN event e ON e.id = x.event LEFT JOIN host h ON h.id = e.host_id;

CREATE VIEW v_failure AS
SELECT printf('f%d:0x%x', f.file_id, f.file_off) AS evidence_id, h.name AS host, f.kind, f.subject, f.principal, f.sid, f.call, f.win32, f.value, f.raw, f.symbol, f.time, f.boot,
    f.provider, f.event_id, f.luid, f.also
FROM failure f JOIN host h ON h.id = f.host_id;

-- Last results in TaskCache that the log tells of as well: the failure is one, and v_failure.also cites them.
CREATE VIEW v_task_result AS
SELECT printf('f%d:0x%x', t.file_id, t.file_off) AS evidence_id, h.name AS host, t.path AS task, f.raw, f.win32, f.symbol, t.last_run AS time, printf('f%d:0x%x', f.file_id, f.file_off) AS failure_id
FROM failure f JOIN task t ON t.host_id = f.host_id AND t.path = f.subject AND t.result = f.value JOIN host h ON h.id = f.host_id
WHERE f.kind IN ('task', 'program') AND instr(' ' || f.also || ' ', printf(' f%d:0x%x ', t.file_id, t.file_off)) > 0;

CREATE VIEW v_success AS
SELECT s.id AS success, printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id, h.name AS host, s.kind, s.subject, s.principal, s.time, s.provider, s.event_id FROM success s JOIN host h ON h.id = s.host_id;

CREATE VIEW v_task AS
SELECT printf('f%d:0x%x', t.file_id, t.file_off) AS evidence_id, h.name AS host, t.path AS task, t.guid, t.sid, t.user, t.logon, t.flags, t.registered, t.last_run, t.last_ok, t.result, t.command, t.unc
FROM task t JOIN host h ON h.id = t.host_id;

CREATE VIEW v_service AS
SELECT printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id, h.name AS host, s.name AS service, s.display, s.start, s.account, s.delayed, s.managed, s.depends, s.image
FROM service s JOIN host h ON h.id = s.host_id;

-- What the service control manager does when a service fails, in words; only where it is set.
CREATE VIEW v_service_recovery AS
SELECT r.evidence_id, r.host, substr(r.path, 35) AS service, r.text AS actions FROM v_reg r
WHERE r.path > 'SYSTEM\CurrentControlSet\Services\' AND r.path < 'SYSTEM\CurrentControlSet\Services]' AND r.name = 'FailureActions' AND instr(substr(r.path, 35), '\') = 0;

-- What starts or stops a service by itself. subtype: in words, or the GUID of a device class, of an event provider.
CREATE VIEW v_service_trigger AS
SELECT g.evidence_id, g.host, substr(g.path, 35, instr(substr(g.path, 35), '\') - 1) AS service, CASE a.num WHEN 1 THEN 'start' WHEN 2 THEN 'stop' END AS action,
    CASE t.num WHEN 1 THEN 'device arrived' WHEN 2 THEN 'IP address' WHEN 3 THEN 'domain' WHEN 4 THEN 'firewall port' WHEN 5 THEN 'group policy' WHEN 6 THEN 'network request'
        WHEN 7 THEN 'system state' WHEN 20 THEN 'event of a provider' WHEN 30 THEN 'several together' ELSE CAST(t.num AS TEXT) END AS type, g.text AS subtype
FROM v_reg g LEFT JOIN v_reg a ON a.hive = g.hive AND a.host = g.host AND a.path = g.path AND a.name = 'Action' LEFT JOIN v_reg t ON t.hive = g.hive AND t.host = g.host AND t.path = g.path AND t.name = 'Type'
WHERE g.path > 'SYSTEM\CurrentControlSet\Services\' AND g.path < 'SYSTEM\CurrentControlSet\Services]' AND g.name = 'GUID' AND g.path LIKE '%\TriggerInfo\%';

-- Profiles of users: when they were last loaded and unloaded, where the release writes that down (two DWORDs a time).
CREATE VIEW v_profile AS
SELECT coalesce(min(p.evidence_id) FILTER (WHERE p.name = 'ProfileImagePath'), min(p.evidence_id)) AS evidence_id, p.host, substr(p.path, 58) AS sid, max(p.text) FILTER (WHERE p.name = 'ProfileImagePath') AS path,
    max(p.num) FILTER (WHERE p.name = 'State') AS state,
    nullif((max(p.num) FILTER (WHERE p.name = 'LocalProfileLoadTimeHigh') << 32) | max(p.num) FILTER (WHERE p.name = 'LocalProfileLoadTimeLow'), 0) AS loaded,
    nullif((max(p.num) FILTER (WHERE p.name = 'LocalProfileUnloadTimeHigh') << 32) | max(p.num) FILTER (WHERE p.name = 'LocalProfileUnloadTimeLow'), 0) AS unloaded
FROM v_reg p WHERE p.path > 'SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\' AND p.path < 'SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList]' GROUP BY p.host, p.path;

-- A text export may hold several hives: what was decoded stands once all the same.
CREATE VIEW v_secret AS
SELECT printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id, h.name AS host, s.name, s.cupd, s.oupd FROM secret s JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = s.hive_id AND i.main AND i.kind = 'SECURITY') JOIN host h ON h.id = v.host_id;

CREATE VIEW v_right AS
SELECT printf('f%d:0x%x', r.file_id, r.file_off) AS evidence_id, h.name AS host, r.sid, r.mask,
    rtrim(CASE WHEN r.mask & 1 THEN 'interactive, ' ELSE '' END || CASE WHEN r.mask & 2 THEN 'network, ' ELSE '' END || CASE WHEN r.mask & 4 THEN 'batch, ' ELSE '' END
        || CASE WHEN r.mask & 16 THEN 'service, ' ELSE '' END || CASE WHEN r.mask & 1024 THEN 'remote interactive, ' ELSE '' END || CASE WHEN r.mask & 64 THEN 'deny interactive, ' ELSE '' END
        || CASE WHEN r.mask & 128 THEN 'deny network, ' ELSE '' END || CASE WHEN r.mask & 256 THEN 'deny batch, ' ELSE '' END || CASE WHEN r.mask & 512 THEN 'deny service, ' ELSE '' END
        || CASE WHEN r.mask & 2048 THEN 'deny remote interactive, ' ELSE '' END, ', ') AS rights
FROM logon_right r JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = r.hive_id AND i.main AND i.kind = 'SECURITY') JOIN host h ON h.id = v.host_id;

CREATE VIEW v_audit AS
SELECT printf('f%d:0x%x', a.file_id, a.file_off) AS evidence_id, h.name AS host, a.subcategory, a.mask,
    CASE a.mask WHEN 0 THEN 'none' WHEN 1 THEN 'success' WHEN 2 THEN 'failure' WHEN 3 THEN 'success and failure' END AS records
FROM audit_policy a JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = a.hive_id AND i.main AND i.kind = 'SECURITY') JOIN host h ON h.id = v.host_id;

CREATE VIEW v_lsa AS
SELECT printf('f%d:0x%x', l.file_id, l.file_off) AS evidence_id, h.name AS host, l.what, l.value FROM lsa_name l JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = l.hive_id AND i.main AND i.kind IN ('SECURITY', 'SAM')) JOIN host h ON h.id = v.host_id;

-- SAM flags: 0x1 disabled, 0x200 password never expires, 0x400 locked, 0x20000 password expired; no password time: must change (not where it never expires: MS-SAMR, PasswordMustChange).
CREATE VIEW v_account AS
SELECT printf('f%d:0x%x', a.file_id, a.file_off) AS evidence_id, h.name AS host, a.name, a.sid, a.rid, a.flags, (a.flags & 0x1) <> 0 AS disabled, (a.flags & 0x400) <> 0 AS locked,
    coalesce(a.password_set = 0, 0) AND coalesce(a.blank, 0) = 0 AND (a.flags & 0x200) = 0 OR (a.flags & 0x20000) <> 0 AS must_change, nullif(nullif(a.expires, 0), 9223372036854775807) AS expires,
    nullif(a.password_set, 0) AS password_set, nullif(a.last_bad, 0) AS last_bad, a.bad_count, a.blank
FROM account a JOIN host h ON h.id = a.host_id;

CREATE VIEW v_lockout AS
SELECT printf('f%d:0x%x', l.file_id, l.file_off) AS evidence_id, h.name AS host, l.threshold, l.duration, l.window, l.max_age, l.min_length, l.min_age, l.history, l.complex
FROM lockout_policy l JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = l.hive_id AND i.main AND i.kind = 'SAM') JOIN host h ON h.id = v.host_id;

CREATE VIEW v_cached_logon AS
SELECT printf('f%d:0x%x', c.file_id, c.file_off) AS evidence_id, h.name AS host, c.slot, c.written, c.rid
FROM cached_logon c JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = c.hive_id AND i.main AND i.kind = 'SECURITY') JOIN host h ON h.id = v.host_id;

-- One row for each setting of the knowledge and each host whose hive of that kind was read. Not set: is_set 0, evidence_id names the key, if there is one.
-- What lies outside the exported part of a hive is neither set nor not set: no row.
CREATE VIEW v_setting AS
SELECT CASE WHEN r.id IS NOT NULL THEN printf('f%d:0x%x', r.file_id, r.file_off) WHEN k.id IS NOT NULL THEN printf('f%d:0x%x', k.file_id, k.file_off) END AS evidence_id, q.host, q.section, q.name, r.num AS value, r.text,
    r.id IS NOT NULL AS is_set, q.default_value, q.default_text,
    coalesce(json_extract(q.meanings, '$."' || CASE WHEN r.id IS NULL THEN q.default_text ELSE coalesce(CAST(r.num AS TEXT), replace(r.text, '"', '')) END || '"'), q.meaning) AS meaning,
    q.path, q.at AS key_path, q.item AS value_name, q.meaning AS about, r.written
FROM (SELECT v.host_id, v.kind, h.name AS host, s.section, s.name, s.hive || '\' || replace(s.path, '<CCS>', 'CurrentControlSet') AS at, s.value AS item,
        s.hive || '\' || replace(s.path, '<CCS>', 'CurrentControlSet') || '\' || s.value AS path, s.default_value, s.default_text, s.meaning, s.meanings
    FROM kb_setting s JOIN (SELECT DISTINCT host_id, kind FROM hive WHERE main) v ON v.kind = s.hive AND s.section <> 'control_sets' JOIN host h ON h.id = v.host_id) q
LEFT JOIN reg_value r ON r.id = (SELECT min(x.id) FROM reg_value x JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = x.hive_id AND i.main AND lower(substr(x.path || '\', 1, length(coalesce(nullif(i.root, ''), i.kind)) + 1)) = lower(coalesce(nullif(i.root, ''), i.kind) || '\')) AND v.host_id = q.host_id
    WHERE x.path = q.at AND x.name = q.item AND coalesce(x.recovered, 0) = 0)
LEFT JOIN reg_key k ON r.id IS NULL AND k.id = (SELECT min(x.id) FROM reg_key x JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = x.hive_id AND i.main AND lower(substr(x.path || '\', 1, length(coalesce(nullif(i.root, ''), i.kind)) + 1)) = lower(coalesce(nullif(i.root, ''), i.kind) || '\')) AND v.host_id = q.host_id
    WHERE x.path = q.at AND coalesce(x.recovered, 0) = 0)
WHERE r.id IS NOT NULL OR EXISTS (SELECT 1 FROM hive v JOIN evidence e ON e.id = v.file_id AND e.state <> 'partial' WHERE v.main AND v.host_id = q.host_id AND v.kind = q.kind AND coalesce(v.root, v.kind) > ''
    AND lower(substr(q.at || '\', 1, length(coalesce(v.root, v.kind)) + 1)) = lower(coalesce(v.root, v.kind) || '\'));

CREATE VIEW v_reg AS
SELECT printf('f%d:0x%x', r.file_id, r.file_off) AS evidence_id, h.name AS host, r.path, r.name, r.type, r.num, r.text, r.written, r.origin, 'f' || r.hive_id AS hive
FROM reg_value r JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = r.hive_id AND i.main AND lower(substr(r.path || '\', 1, length(coalesce(nullif(i.root, ''), i.kind)) + 1)) = lower(coalesce(nullif(i.root, ''), i.kind) || '\')) JOIN host h ON h.id = v.host_id
WHERE coalesce(r.recovered, 0) = 0 AND (v.replay IS NOT 'text export' OR NOT EXISTS (SELECT 1 FROM reg_value o JOIN hive w ON w.file_id = o.hive_id AND w.main AND w.host_id = v.host_id AND w.kind = v.kind
    WHERE o.path = r.path AND o.name = r.name AND o.id < r.id AND coalesce(o.recovered, 0) = 0));

CREATE VIEW v_reg_key AS
SELECT printf('f%d:0x%x', k.file_id, k.file_off) AS evidence_id, h.name AS host, k.path, k.written, 'f' || k.hive_id AS hive
FROM reg_key k JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = k.hive_id AND i.main AND lower(substr(k.path || '\', 1, length(coalesce(nullif(i.root, ''), i.kind)) + 1)) = lower(coalesce(nullif(i.root, ''), i.kind) || '\')) JOIN host h ON h.id = v.host_id WHERE coalesce(k.recovered, 0) = 0;

-- Keys and values that free cells of hives still hold (analyze --recovered), apart from all other views: no rule of ours reads them. '?' in a path: unknown from there up.
CREATE VIEW v_recovered AS
SELECT printf('f%d:0x%x', r.file_id, r.file_off) AS evidence_id, h.name AS host, 'value' AS what, r.path, r.name, r.type, r.num, r.text, r.written
FROM reg_value r JOIN evidence e ON e.id = r.hive_id LEFT JOIN host h ON h.id = e.host_id WHERE r.recovered = 1
UNION ALL SELECT printf('f%d:0x%x', k.file_id, k.file_off), h.name, 'key', k.path, NULL, NULL, NULL, NULL, k.written
FROM reg_key k JOIN evidence e ON e.id = k.hive_id LEFT JOIN host h ON h.id = e.host_id WHERE k.recovered = 1;

-- Where another control set of the host says something else than the current one about logons (registry/control-sets.yml). NULL: not set there.
-- last_known_good: Select names that set so. evidence_id is the other set's value, or its key; current_id the current one's.
CREATE VIEW v_control_set_difference AS
SELECT h.name AS host, d.control_set, d.last_known_good, d.path, d.name, coalesce(d.o_num, d.o_text) AS other_value, coalesce(d.c_num, d.c_text) AS current_value, d.evidence_id, d.current_id
FROM (SELECT k.hive_id, substr(s.path, 1, 13) AS control_set, 'SYSTEM\CurrentControlSet\' || substr(s.path, 15) AS path, s.value AS name, o.num AS o_num, o.text AS o_text, c.num AS c_num, c.text AS c_text,
        EXISTS (SELECT 1 FROM reg_value l WHERE l.hive_id = k.hive_id AND l.path = 'SYSTEM\Select' AND l.name = 'LastKnownGood' AND l.num = CAST(substr(s.path, 11, 3) AS INTEGER)
            AND coalesce(l.recovered, 0) = 0) AS last_known_good,
        printf('f%d:0x%x', coalesce(o.file_id, k.file_id), coalesce(o.file_off, k.file_off)) AS evidence_id, CASE WHEN c.id IS NOT NULL THEN printf('f%d:0x%x', c.file_id, c.file_off) END AS current_id
    FROM kb_setting s JOIN reg_key k ON k.path = s.hive || '\' || s.path AND coalesce(k.recovered, 0) = 0
    LEFT JOIN reg_value o ON o.path = k.path AND o.name = s.value AND o.hive_id = k.hive_id AND coalesce(o.recovered, 0) = 0
    LEFT JOIN reg_value c ON c.path = 'SYSTEM\CurrentControlSet\' || substr(s.path, 15) AND c.name = s.value AND c.hive_id = k.hive_id AND coalesce(c.recovered, 0) = 0
    WHERE s.section = 'control_sets' AND coalesce(o.num, o.text) IS NOT coalesce(c.num, c.text)) d
JOIN hive v ON v.file_id = d.hive_id AND v.kind = 'SYSTEM' AND v.main JOIN host h ON h.id = v.host_id GROUP BY h.name, d.evidence_id, d.control_set, d.path, d.name;

CREATE VIEW v_password_change AS
SELECT p.id AS change, printf('f%d:0x%x', p.file_id, p.file_off) AS evidence_id, h.name AS host, p.account, p.domain, p.sid, p.time, p.how FROM password_change p JOIN host h ON h.id = p.host_id;

CREATE VIEW v_finding AS
SELECT f.id AS finding, f.cause, f.rule, f.title, f.verdict, h.name AS host, f.subject, f.win32, CASE WHEN f.win32 BETWEEN 0 AND 65535 THEN printf('0x%08X', f.win32 | 0x80070000) END AS hex,
    coalesce((SELECT c.symbol FROM kb_code c WHERE c.space = 'win32' AND c.value = f.win32), (SELECT c.symbol FROM kb_code c WHERE c.space = 'nerr' AND c.value = f.win32)) AS symbol,
    f.first_seen, f.last_seen, f.count, f.explanation || coalesce(' ' || (SELECT group_concat(said, ' ') FROM (SELECT DISTINCT 'It rests on ' || CASE p.name WHEN '' THEN p.path ELSE p.name END || ': ' || p.words || '.' AS said
        FROM v_citation c JOIN v_provenance p ON p.file_id = CAST(substr(c.file_id, 2) AS INTEGER) AND p.file_off = c.file_off WHERE c.finding = f.id AND c.role <> 'contradicts'
        ORDER BY c.role, c.ord LIMIT 3)), '') AS explanation, f.second_reader
FROM finding f LEFT JOIN host h ON h.id = f.host_id;

-- Where a value comes from when not from its hive as it lies there: a page that a transaction log replaced, or a line of text. Times of secrets as times.
CREATE VIEW v_provenance AS
SELECT printf('f%d:0x%x', file_id, file_off) AS evidence_id, file_id, file_off, path, name, CASE WHEN kind = 'reg-text' THEN origin || ' of a registry text export, weaker evidence'
    ELSE coalesce(was || ' in the hive, ' || coalesce(moment, num, '''' || text || '''', nullif(lower(hex(substr(data, 1, 32))), ''), 'empty') || ' ', '')
        || 'after ' || CASE kind WHEN 'hive-log' THEN file || ' ' || replace(origin, 'log ', '') ELSE 'its transaction log, ' || origin END END AS words
FROM (SELECT r.file_id, r.file_off, r.path, r.name, r.origin, r.num, substr(r.text, 1, 80) AS text, r.data, e.kind,
        substr(e.path, length(rtrim(e.path, replace(replace(e.path, '/', ''), '\', ''))) + 1) AS file,
        CASE WHEN r.path LIKE '%\_updTime' AND length(r.data) = 8 THEN (WITH RECURSIVE v_now(i, h, n) AS (SELECT 15, hex(r.data), 0 UNION ALL
                SELECT i - 2, h, n * 256 + 16 * (instr('0123456789ABCDEF', substr(h, i, 1)) - 1) + (instr('0123456789ABCDEF', substr(h, i + 1, 1)) - 1) FROM v_now WHERE i > 0)
            SELECT strftime('%Y-%m-%dT%H:%M:%SZ', n / 10000000 - 11644473600, 'unixepoch') FROM v_now ORDER BY i LIMIT 1) END AS moment,
        CASE WHEN r.before IS NULL THEN NULL WHEN r.path LIKE '%\_updTime' AND length(r.before) = 8 THEN (WITH RECURSIVE v_was(i, h, n) AS (SELECT 15, hex(r.before), 0 UNION ALL
                SELECT i - 2, h, n * 256 + 16 * (instr('0123456789ABCDEF', substr(h, i, 1)) - 1) + (instr('0123456789ABCDEF', substr(h, i + 1, 1)) - 1) FROM v_was WHERE i > 0)
            SELECT strftime('%Y-%m-%dT%H:%M:%SZ', n / 10000000 - 11644473600, 'unixepoch') FROM v_was ORDER BY i LIMIT 1)
        WHEN r.type IN (4, 11) AND length(r.before) BETWEEN 1 AND 8 THEN
            (WITH RECURSIVE v_le(i, h, n) AS (SELECT 2 * length(r.before) - 1, hex(r.before), 0 UNION ALL
                SELECT i - 2, h, n * 256 + 16 * (instr('0123456789ABCDEF', substr(h, i, 1)) - 1) + (instr('0123456789ABCDEF', substr(h, i + 1, 1)) - 1) FROM v_le WHERE i > 0) SELECT n FROM v_le ORDER BY i LIMIT 1)
        WHEN r.type IN (1, 2, 6, 7) THEN
            (WITH RECURSIVE v_u16(i, h, t) AS (SELECT 1, hex(substr(r.before, 1, 160)), '' UNION ALL
                SELECT i + 4, h, t || CASE 16 * (instr('0123456789ABCDEF', substr(h, i, 1)) - 1) + (instr('0123456789ABCDEF', substr(h, i + 1, 1)) - 1) + 256 * (16 * (instr('0123456789ABCDEF', substr(h, i + 2, 1)) - 1) + (instr('0123456789ABCDEF', substr(h, i + 3, 1)) - 1)) WHEN 0 THEN '|' ELSE char(16 * (instr('0123456789ABCDEF', substr(h, i, 1)) - 1) + (instr('0123456789ABCDEF', substr(h, i + 1, 1)) - 1) + 256 * (16 * (instr('0123456789ABCDEF', substr(h, i + 2, 1)) - 1) + (instr('0123456789ABCDEF', substr(h, i + 3, 1)) - 1))) END FROM v_u16 WHERE i + 3 <= length(h))
            SELECT '''' || rtrim(t, '|') || '''' FROM v_u16 ORDER BY i DESC LIMIT 1)
        ELSE lower(hex(substr(r.before, 1, 32))) END AS was
    FROM reg_value r JOIN evidence e ON e.id = r.file_id WHERE r.origin IS NOT NULL AND coalesce(r.recovered, 0) = 0);

-- A citation and the fact it names. time: of the row that cites; fact_time: of the event that lies there, NULL for values of hives.
-- The offset is parsed from the id, so that nothing can be cited that is not there.
CREATE VIEW v_citation AS
SELECT c.finding, c.role, c.ord, c.evidence_id, c.time, c.explain, 'f' || c.file AS file_id, v.path, v.sha256, c.off AS file_off,
    coalesce(coalesce((SELECT e.provider || ' ' || e.event_id || coalesce(' ' || (SELECT k.name FROM kb_event k WHERE k.provider = e.provider AND k.event_id = e.event_id), '')
            FROM event e WHERE e.file_id = c.file AND e.file_off = c.off LIMIT 1),
        (SELECT d.provider || ' ' || d.event_id || ', ' || d.n || ' like it that day' FROM fold d WHERE d.file_id = c.file AND (d.file_off = c.off OR d.last_off = c.off) LIMIT 1),
        (SELECT 'task ' || t.path FROM task_cache t WHERE t.file_id = c.file AND t.file_off = c.off LIMIT 1),
        (SELECT 'LSA secret ' || s.name FROM secret s WHERE s.file_id = c.file AND s.file_off = c.off LIMIT 1),
        (SELECT 'logon rights of ' || s.sid FROM logon_right s WHERE s.file_id = c.file AND s.file_off = c.off LIMIT 1),
        (SELECT 'local account ' || s.name FROM sam_account s WHERE s.file_id = c.file AND s.file_off = c.off LIMIT 1),
        (SELECT 'audit policy' FROM audit_policy s WHERE s.file_id = c.file AND s.file_off = c.off LIMIT 1),
        (SELECT 'LSA ' || s.what || ' ' || coalesce(s.value, '') FROM lsa_name s WHERE s.file_id = c.file AND s.file_off = c.off LIMIT 1),
        (SELECT 'lockout and password policy' FROM lockout_policy s WHERE s.file_id = c.file AND s.file_off = c.off LIMIT 1),
        (SELECT 'cached logon in slot ' || s.slot FROM cached_logon s WHERE s.file_id = c.file AND s.file_off = c.off LIMIT 1),
        (SELECT r.path || '\' || r.name || coalesce(' = ' || coalesce(r.num, substr(r.text, 1, 80)), '') FROM reg_value r WHERE r.file_id = c.file AND r.file_off = c.off LIMIT 1))
            || coalesce(' (' || (SELECT p.words FROM v_provenance p WHERE p.file_id = c.file AND p.file_off = c.off LIMIT 1) || ')', ''),
        (SELECT 'key ' || k.path || coalesce(' (' || k.origin || CASE v.kind WHEN 'reg-text' THEN ' of a registry text export, weaker evidence)' ELSE ')' END, '') FROM reg_key k WHERE k.file_id = c.file AND k.file_off = c.off LIMIT 1)) AS summary,
    coalesce((SELECT e.time FROM event e WHERE e.file_id = c.file AND e.file_off = c.off LIMIT 1),
        (SELECT CASE c.off WHEN d.file_off THEN d.first_time ELSE d.last_time END FROM fold d
            WHERE d.file_id = c.file AND (d.file_off = c.off OR d.last_off = c.off) LIMIT 1)) AS fact_time
FROM (SELECT *, CAST(substr(evidence_id, 2, instr(evidence_id, ':') - 2) AS INTEGER) AS file,
        (WITH RECURSIVE v_hex(i, n) AS (SELECT instr(evidence_id, ':0x') + 3, 0 UNION ALL
            SELECT i + 1, n * 16 + instr('123456789abcdef', lower(substr(evidence_id, i, 1))) FROM v_hex WHERE i <= length(evidence_id) AND i < 32) SELECT n FROM v_hex ORDER BY i DESC LIMIT 1) AS off
    FROM citation) c LEFT JOIN evidence v ON v.id = c.file;

CREATE VIEW v_finding_unknown AS SELECT finding, ord, artifact, collect FROM finding_unknown;
CREATE VIEW v_finding_remedy AS SELECT finding, ord, text, risk, reversible, verify FROM finding_remedy;

-- Tables of derive/8*.sql: what rules ask most. There stands what each column means.
CREATE VIEW v_logon_failure AS
SELECT printf('f%d:0x%x', f.file_id, f.file_off) AS evidence_id, h.name AS host, f.kind, f.subject, f.principal, f.account, f.domain, f.sid, f.call, f.win32, f.value, f.raw, f.symbol, f.time, f.boot,
    f.provider, f.event_id, f.luid, f.also, f.sample
FROM logon_failure f JOIN host h ON h.id = f.host_id;

-- written: the last write of the service's key. A 7038 or 7041 names the account it failed with; of a 7000 that stands alone it is known only if the key was not written since.
CREATE VIEW v_consumer AS
SELECT printf('f%d:0x%x', c.file_id, c.file_off) AS evidence_id, h.name AS host, c.kind, c.subject, c.principal, c.account, c.domain, c.sid, c.builtin, c.logon, c.stored_time, c.old_time, c.command,
    c.unc, c.active, (SELECT r.written FROM reg_value r WHERE c.kind = 'service' AND r.file_id = c.file_id AND r.file_off = c.file_off LIMIT 1) AS written
FROM consumer c JOIN host h ON h.id = c.host_id;

-- known_until: until when a further change would have shown: always in the SAM, else as long as that Security log goes on without a gap. Where it is NULL or too early, silence
-- says nothing: a domain account may have changed on a domain controller whose log nobody collected. told_by: the host that says so; another host's clock may differ by minutes.
CREATE VIEW v_consumer_change AS
SELECT printf('f%d:0x%x', p.file_id, p.file_off) AS evidence_id, h.name AS host, p.kind, p.subject, p.time, p.how, c.principal, c.account, c.domain, c.sid, c.logon, c.stored_time, c.old_time, c.active,
    printf('f%d:0x%x', c.file_id, c.file_off) AS consumer_id, (SELECT r.written FROM reg_value r WHERE c.kind = 'service' AND r.file_id = c.file_id AND r.file_off = c.file_off LIMIT 1) AS written,
    CASE p.how WHEN 'SAM' THEN 9000000000000000000 ELSE (SELECT max(v.to_time) FROM evidence e JOIN coverage v ON v.host_id = e.host_id AND v.artifact = 'Security' COLLATE BINARY AND v.state IN ('present', 'cleared')
        AND p.time BETWEEN v.from_time AND v.to_time WHERE e.id = p.file_id) END AS known_until,
    (SELECT t.name FROM evidence e JOIN host t ON t.id = e.host_id WHERE e.id = p.file_id) AS told_by
FROM consumer_change p JOIN consumer c ON c.id = p.consumer JOIN host h ON h.id = p.host_id;

CREATE VIEW v_task_saved AS
SELECT printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id, h.name AS host, s.task, s.time, s.how FROM task_saved s JOIN host h ON h.id = s.host_id;

CREATE VIEW v_landmark AS
SELECT l.id AS landmark, printf('f%d:0x%x', l.file_id, l.file_off) AS evidence_id, h.name AS host, l.topic, l.who, l.time, l.boot, l.provider, l.event_id, l.value, l.other FROM landmark l JOIN host h ON h.id = l.host_id;

CREATE VIEW v_presence AS
SELECT p.id AS presence, h.name AS host, p.how, p.who, p.from_time, p.to_time, s.logon_type, s.boot, s.user, s.sid, printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id,
    CASE WHEN s.end_file_id IS NOT NULL THEN printf('f%d:0x%x', s.end_file_id, s.end_file_off) END AS end_evidence_id
FROM presence p JOIN host h ON h.id = p.host_id JOIN session s ON s.id = p.session;

-- Rules whose SQL could not run or gave rows that could not be used: a known cause may have been overlooked. role: of the indicator.
CREATE VIEW v_rule_error AS SELECT r.rule, k.cause, k.title, r.role, r.message FROM rule_error r LEFT JOIN kb_rule k ON k.name = r.rule;

-- What the second readers said of each cited fact: agree, agree-with-defect (detail names the library's defect), differ, unreadable.
CREATE VIEW v_verification AS SELECT v.evidence_id, v.result, v.detail, v.reader FROM verification v;
