-- The documented views: all that rules, reports and users read. Stock SQLite functions only; times are FILETIME
-- integers (UTC, 100 ns since 1601).
-- evidence_id names bytes: 'f3:0x11c00' is byte 0x11c00 of evidence file 3. Hive views show the hive that speaks for
-- its host (hive.main), not backups.

-- collector, drive ("C:"), shadow (the number of a shadow copy), user, host_by_name: what the way to a file says of
-- where it came from (layouts.yml); host is what its contents say, where they say anything.
-- SQLite from 3.26 on reads these views without our functions: no FILTER, no iif, nothing newer than window functions.
CREATE VIEW v_evidence AS
SELECT 'f' || e.id AS file_id, e.file, e.path, 'f' || e.container AS container,
    e.kind, e.format, e.log_kind, h.name AS host, e.bytes, e.sha256, e.seen,
        e.parsed, e.recovered, e.failed, e.chunks, e.state, e.note,
    'f' || e.duplicate_of AS duplicate_of, e.older, 'f' || e.unit AS unit, e.members_seen, e.members_wanted,
        e.members_failed, v.kind AS hive_kind, v.dirty, v.replay, v.main, l.collector, l.drive, l.shadow,
    l.user, CASE WHEN l.host_sure THEN l.host END AS host_by_name
FROM evidence e LEFT JOIN host h ON h.id = e.host_id LEFT JOIN layout l ON l.file_id = e.id
LEFT JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i
    WHERE i.file_id = e.id);

CREATE VIEW v_anomaly AS
SELECT printf('f%d:0x%x', a.file_id, a.file_off) AS evidence_id, 'f' || a.file_id AS file_id, e.path, a.code, a.what,
    a.detail FROM anomaly a LEFT JOIN evidence e ON e.id = a.file_id;

CREATE VIEW v_time_window AS SELECT since, until FROM time_window;

-- outcome: unexplained (a failure has no cause at or above possible), explained, latent (no failure, but its cause is
-- in place), not_covered (a
-- kind of failure could not have been seen: v_kind), clear.
CREATE VIEW v_host AS SELECT name AS host, fqdn, domain, os, build, role, time_zone, bias, machine_sid, joined,
    zone_rule, outcome, edition FROM host;

-- Kinds of failure, six a host. state: failures, clear (all that records this kind was read over from_time .. to_time,
-- its events are recorded and
-- it shows none), not_covered. needs: the artefacts that would tell, most telling first, as JSON.
CREATE VIEW v_kind AS
SELECT h.name AS host, k.kind, k.state, k.failures, k.from_time, k.to_time,
    (SELECT json_group_array(artifact) FROM (SELECT n.artifact FROM kind_need n
        WHERE n.host_id = k.host_id AND n.kind = k.kind ORDER BY n.ord, n.artifact)) AS needs,
    CASE k.kind WHEN 'task' THEN 1 WHEN 'service' THEN 2 WHEN 'share' THEN 3 WHEN 'bits' THEN 4 WHEN 'logon' THEN 5
        ELSE 6 END AS ord
FROM kind k JOIN host h ON h.id = k.host_id;

-- What would tell of the kinds that are not covered: one row an artefact, most telling first (ord); kinds: which it
-- tells of; collect: the command.
CREATE VIEW v_kind_need AS
SELECT h.name AS host, n.artifact, min(n.state) AS state, min(n.why) AS why, min(n.collect) AS collect,
    group_concat(n.kind, ' ') AS kinds, min(n.ord) AS ord
FROM kind_need n JOIN host h ON h.id = n.host_id GROUP BY n.host_id, n.artifact;

-- What to collect next where something that failed has several causes left, most telling first (ord): the artefact
-- decides the causes of `decides` and leaves those of `leaves` as they are (JSON arrays). subject: one of `subjects`
-- things that failed so.
CREATE VIEW v_next_step AS
SELECT h.name AS host, n.ord, n.artifact, n.collect, n.decides, n.leaves, n.subject, n.subjects
FROM next_step n JOIN host h ON h.id = n.host_id;

-- Causes that could not be asked on a host: what their rules need to tell of the cause was not read, and nothing is
-- known of them there. One row an artefact (or several, any of which would do), those that would let most be asked
-- first (ord); causes: a JSON array; total: how many causes all rows of the host name.
CREATE VIEW v_unasked AS
SELECT h.name AS host, u.artifact, u.collect, u.causes, u.total, u.ord FROM unasked u JOIN host h ON h.id = u.host_id;

CREATE VIEW v_coverage AS
SELECT h.name AS host, c.artifact, c.state, c.from_time, c.to_time, 'f' || c.file_id AS file_id, e.path, c.detail
FROM coverage c LEFT JOIN host h ON h.id = c.host_id LEFT JOIN evidence e ON e.id = c.file_id;

-- odd_time: what the record gives as its time and cannot be; time is NULL then.
CREATE VIEW v_event AS
SELECT printf('f%d:0x%x', e.file_id, e.file_off) AS evidence_id, h.name AS host, e.computer, e.channel, e.provider,
    e.event_id, e.version, e.level, e.time, e.record_id, e.pid, e.sid, e.boot, e.data, e.keywords, e.odd_time
FROM event e LEFT JOIN host h ON h.id = e.host_id WHERE coalesce(e.recovered, 0) = 0;

CREATE VIEW v_fold AS
SELECT printf('f%d:0x%x', f.file_id, f.file_off) AS evidence_id, h.name AS host, f.channel, f.provider, f.event_id,
    f.day, f.key, f.n, f.first_time, f.last_time, f.data,
    CASE WHEN f.last_off IS NOT NULL THEN printf('f%d:0x%x', f.file_id, f.last_off) END AS last_evidence_id
FROM fold f LEFT JOIN host h ON h.id = f.host_id;

CREATE VIEW v_log_span AS
SELECT printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id, 'f' || s.file_id AS file_id, h.name AS host,
    s.computer, s.channel, s.n, s.first_id, s.last_id, s.first_time, s.last_time, s.gaps
FROM log_span s JOIN evidence e ON e.id = s.file_id LEFT JOIN host h ON h.id = coalesce((SELECT min(o.id) FROM host o
    WHERE o.fqdn = lower(s.computer) OR o.name = upper(s.computer)), e.host_id);

CREATE VIEW v_event_count AS
SELECT h.name AS host, c.channel, c.provider, c.event_id, sum(c.n) AS n, min(c.first_time) AS first_time,
    max(c.last_time) AS last_time
FROM event_count c JOIN evidence e ON e.id = c.file_id AND e.duplicate_of IS NULL
    LEFT JOIN host h ON h.id = e.host_id GROUP BY e.host_id, c.channel, c.provider, c.event_id;

CREATE VIEW v_boot AS
SELECT h.name AS host, b.boot, b.from_time, b.to_time, b.clean,
    CASE WHEN b.file_id IS NOT NULL THEN printf('f%d:0x%x', b.file_id, b.file_off) END AS evidence_id,
    CASE WHEN b.end_file_id IS NOT NULL THEN printf('f%d:0x%x', b.end_file_id, b.end_file_off) END AS end_evidence_id
FROM boot b JOIN host h ON h.id = b.host_id;

-- Logons (4624) and refused ones (4625), summed up by who, how and with which status.
CREATE VIEW v_logon_sum AS
SELECT h.name AS host, l.event_id, l.domain, l.account, l.type, l.code, l.n, l.first_time, l.last_time
FROM logon_sum l LEFT JOIN host h ON h.id = l.host_id;

CREATE VIEW v_session AS
SELECT h.name AS host, s.boot, s.luid, s.logon_type, s.user, s.domain, s.sid, s.process, s.package, s.key_length,
    s.ip, s.from_time, s.to_time,
    printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id, CASE
        WHEN s.end_file_id IS NOT NULL THEN printf('f%d:0x%x', s.end_file_id, s.end_file_off) END AS end_evidence_id,
    s.ended, s.linked, s.folded, s.began, s.net_user
FROM session s JOIN host h ON h.id = s.host_id;

CREATE VIEW v_error AS
SELECT printf('f%d:0x%x', e.file_id, e.file_off) AS evidence_id, h.name AS host, e.time, e.channel, e.provider,
    e.event_id, x.field, x.raw, x.value, x.shape, x.win32, x.symbol
FROM error x JOIN event e ON e.id = x.event LEFT JOIN host h ON h.id = e.host_id;

CREATE VIEW v_failure AS
SELECT printf('f%d:0x%x', f.file_id, f.file_off) AS evidence_id, h.name AS host, f.kind, f.subject, f.principal,
    f.sid, f.call, f.win32, f.value, f.raw, f.symbol, f.time, f.boot,
    f.provider, f.event_id, f.luid, f.also, f.detail, f.shown, f.concern, f.explained
FROM failure f JOIN host h ON h.id = f.host_id;

-- Last results in TaskCache that the log tells of as well: the failure is one, and v_failure.also cites them.
CREATE VIEW v_task_result AS
SELECT printf('f%d:0x%x', t.file_id, t.file_off) AS evidence_id, h.name AS host, t.path AS task, f.raw, f.win32,
    f.symbol, t.last_run AS time, printf('f%d:0x%x', f.file_id, f.file_off) AS failure_id
FROM failure f JOIN task t ON t.host_id = f.host_id AND t.path = f.subject AND t.result = f.value
    JOIN host h ON h.id = f.host_id
WHERE f.kind IN ('task', 'program') AND instr(' ' || f.also || ' ', printf(' f%d:0x%x ', t.file_id, t.file_off)) > 0
    -- and not for the name alone: within ten seconds, of a program within three days
    AND coalesce(f.event_id, 0) <> 4625 AND coalesce(f.time BETWEEN t.last_run - 100000000
        AND t.last_run + CASE f.kind WHEN 'task' THEN 100000000 ELSE 2592000000000 END, 1);

CREATE VIEW v_success AS
SELECT s.id AS success, printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id, h.name AS host, s.kind, s.subject,
    s.principal, s.time, s.provider, s.event_id, s.starts FROM success s JOIN host h ON h.id = s.host_id;

CREATE VIEW v_task AS
SELECT printf('f%d:0x%x', t.file_id, t.file_off) AS evidence_id, h.name AS host, t.path AS task, t.guid, t.sid,
    t.user, t.logon, t.flags, t.registered, t.last_run, t.last_ok, t.result, t.command, t.unc
FROM task t JOIN host h ON h.id = t.host_id;

CREATE VIEW v_service AS
SELECT printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id, h.name AS host, s.name AS service, s.display,
    s.start, s.account, s.delayed, s.managed, s.depends, s.image
FROM service s JOIN host h ON h.id = s.host_id;

-- What the service control manager does when a service fails, in words; only where it is set.
CREATE VIEW v_service_recovery AS
SELECT r.evidence_id, r.host, substr(r.path, 35) COLLATE NOCASE AS service, r.text AS actions FROM v_reg r
WHERE r.path > 'SYSTEM\CurrentControlSet\Services\' AND r.path < 'SYSTEM\CurrentControlSet\Services]'
    AND r.name = 'FailureActions' AND instr(substr(r.path, 35), '\') = 0;

-- What starts or stops a service by itself. subtype: in words, or the GUID of a device class, of an event provider.
CREATE VIEW v_service_trigger AS
SELECT g.evidence_id, g.host, substr(g.path, 35, instr(substr(g.path, 35), '\') - 1) COLLATE NOCASE AS service,
    CASE a.num WHEN 1 THEN 'start' WHEN 2 THEN 'stop' END AS action,
    CASE t.num WHEN 1 THEN 'device arrived' WHEN 2 THEN 'IP address' WHEN 3 THEN 'domain' WHEN 4 THEN 'firewall port'
        WHEN 5 THEN 'group policy' WHEN 6 THEN 'network request'
        WHEN 7 THEN 'system state' WHEN 20 THEN 'event of a provider' WHEN 30 THEN 'several together'
            ELSE CAST(t.num AS TEXT) END AS type, g.text AS subtype
FROM v_reg g LEFT JOIN v_reg a ON a.hive = g.hive AND a.host = g.host AND a.path = g.path AND a.name = 'Action'
    LEFT JOIN v_reg t ON t.hive = g.hive AND t.host = g.host AND t.path = g.path AND t.name = 'Type'
WHERE g.path > 'SYSTEM\CurrentControlSet\Services\' AND g.path < 'SYSTEM\CurrentControlSet\Services]'
    AND g.name = 'GUID' AND g.path LIKE '%\TriggerInfo\%';

-- Profiles of users: when they were last loaded and unloaded, where the release writes that down (two DWORDs a time).
CREATE VIEW v_profile AS
SELECT coalesce(min(CASE WHEN p.name = 'ProfileImagePath' THEN p.evidence_id END), min(p.evidence_id)) AS evidence_id,
    p.host, substr(p.path, 58) COLLATE NOCASE AS sid,
        max(CASE WHEN p.name = 'ProfileImagePath' THEN p.text END) AS path,
    max(CASE WHEN p.name = 'State' THEN p.num END) AS state,
    nullif((max(CASE WHEN p.name = 'LocalProfileLoadTimeHigh' THEN p.num END) << 32)
        | max(CASE WHEN p.name = 'LocalProfileLoadTimeLow' THEN p.num END), 0) AS loaded,
    nullif((max(CASE WHEN p.name = 'LocalProfileUnloadTimeHigh' THEN p.num END) << 32)
        | max(CASE WHEN p.name = 'LocalProfileUnloadTimeLow' THEN p.num END), 0) AS unloaded
FROM v_reg p WHERE p.path > 'SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\'
    AND p.path < 'SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList]' GROUP BY p.host, p.path;

-- A text export may hold several hives: what was decoded stands once all the same. as_of_time: the latest moment of
-- which the hive tells (its last write, a cached logon): a change until then would show, one behind it need not; NULL:
-- nobody knows.
CREATE VIEW v_secret AS
SELECT printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id, h.name AS host, s.name, s.cupd, s.oupd,
    (SELECT max(t) FROM (SELECT c.to_time AS t FROM coverage c WHERE c.file_id = v.file_id
        AND c.artifact = 'SECURITY' COLLATE BINARY UNION ALL SELECT l.written FROM cached_logon l
        WHERE l.hive_id = s.hive_id AND l.written < 189000000000000000)) AS as_of_time
FROM secret s
    JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = s.hive_id AND i.main
    AND i.kind = 'SECURITY') JOIN host h ON h.id = v.host_id;

CREATE VIEW v_right AS
SELECT printf('f%d:0x%x', r.file_id, r.file_off) AS evidence_id, h.name AS host, r.sid, r.mask,
    rtrim(CASE WHEN r.mask & 1 THEN 'interactive, ' ELSE '' END || CASE WHEN r.mask & 2 THEN 'network, '
        ELSE '' END || CASE WHEN r.mask & 4 THEN 'batch, ' ELSE '' END
        || CASE WHEN r.mask & 16 THEN 'service, ' ELSE '' END || CASE WHEN r.mask & 1024 THEN 'remote interactive, '
            ELSE '' END || CASE WHEN r.mask & 64 THEN 'deny interactive, ' ELSE '' END
        || CASE WHEN r.mask & 128 THEN 'deny network, ' ELSE '' END || CASE WHEN r.mask & 256 THEN 'deny batch, '
            ELSE '' END || CASE WHEN r.mask & 512 THEN 'deny service, ' ELSE '' END
        || CASE WHEN r.mask & 2048 THEN 'deny remote interactive, ' ELSE '' END, ', ') AS rights
FROM logon_right r JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i
    WHERE i.file_id = r.hive_id AND i.main AND i.kind = 'SECURITY') JOIN host h ON h.id = v.host_id;

CREATE VIEW v_audit AS
SELECT printf('f%d:0x%x', a.file_id, a.file_off) AS evidence_id, h.name AS host, a.subcategory, a.mask,
    CASE a.mask WHEN 0 THEN 'none' WHEN 1 THEN 'success' WHEN 2 THEN 'failure'
        WHEN 3 THEN 'success and failure' END AS records
FROM audit_policy a JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i
    WHERE i.file_id = a.hive_id AND i.main AND i.kind = 'SECURITY') JOIN host h ON h.id = v.host_id;

CREATE VIEW v_lsa AS
SELECT printf('f%d:0x%x', l.file_id, l.file_off) AS evidence_id, h.name AS host, l.what, l.value FROM lsa_name l
    JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = l.hive_id AND i.main
    AND i.kind IN ('SECURITY', 'SAM')) JOIN host h ON h.id = v.host_id;

-- disabled, must_change, expires: derive/40-accounts.sql.
CREATE VIEW v_account AS
SELECT printf('f%d:0x%x', a.file_id, a.file_off) AS evidence_id, h.name AS host, a.name, a.sid, a.rid, a.flags,
    a.disabled, (a.flags & 0x400) <> 0 AS locked, a.must_change, a.expires, a.password_set, a.last_bad, a.bad_count,
    a.blank
FROM account a JOIN host h ON h.id = a.host_id;

CREATE VIEW v_lockout AS
SELECT printf('f%d:0x%x', l.file_id, l.file_off) AS evidence_id, h.name AS host, l.threshold, l.duration, l.window,
    l.max_age, l.min_length, l.min_age, l.history, l.complex
FROM lockout_policy l JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i
    WHERE i.file_id = l.hive_id AND i.main AND i.kind = 'SAM') JOIN host h ON h.id = v.host_id;

CREATE VIEW v_cached_logon AS
SELECT printf('f%d:0x%x', c.file_id, c.file_off) AS evidence_id, h.name AS host, c.slot, c.written, c.rid
FROM cached_logon c JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i
    WHERE i.file_id = c.hive_id AND i.main AND i.kind = 'SECURITY') JOIN host h ON h.id = v.host_id;

-- What Windows's tools printed (dsregcmd, systeminfo, whoami, gpresult): weak, see parsers/tools/FORMAT-tooltext.md.
-- section, name, value, detail: in the words of the tool; num: YES 1, NO 0, a build, minutes east of UTC, 100 ns of the
-- host's own clock.
CREATE VIEW v_tool_said AS
SELECT printf('f%d:0x%x', t.file_id, t.file_off) AS evidence_id, h.name AS host, 'f' || t.file_id AS file_id, t.tool,
    t.section, t.name, t.value, t.detail, t.num, t.time, t.origin
FROM tool_said t JOIN evidence e ON e.id = t.file_id AND e.duplicate_of IS NULL AND NOT coalesce(e.older, 0)
JOIN host h ON h.id = e.host_id;

-- What systeminfo prints of a host, where all such texts of it agree; for readers, not for rules: what is concluded
-- from a host's release or domain must not rest on text that anybody can edit.
CREATE VIEW v_tool_host AS
SELECT host, max(CASE WHEN name = 'OS Name' THEN value END) AS os, max(CASE WHEN name = 'OS Version' THEN num END)
    AS build, max(CASE WHEN name = 'Domain' THEN value END) AS domain, max(CASE WHEN name = 'OS Configuration'
    THEN value END) AS configuration
FROM (SELECT host, name, min(value) AS value, min(num) AS num FROM v_tool_said WHERE tool = 'systeminfo'
    AND name IN ('OS Name', 'OS Version', 'OS Configuration', 'Domain')
    GROUP BY host, name HAVING count(DISTINCT value) = 1) GROUP BY host;

-- The session in which whoami ran, by the well-known group that tells its kind; one row a file that shows one account.
-- logon: interactive, service, batch, network (the first that is there: a desktop reached over the network is one).
CREATE VIEW v_tool_session AS
SELECT printf('f%d:0x%x', g.file_id, g.file_off) AS evidence_id, h.name AS host, u.value AS user,
    substr(u.value, 1, instr(u.value, '\') - 1) COLLATE NOCASE AS domain,
    substr(u.value, instr(u.value, '\') + 1) COLLATE NOCASE AS account, u.detail AS sid, g.value AS group_name,
    CASE g.detail WHEN 'S-1-5-4' THEN 'interactive' WHEN 'S-1-5-6' THEN 'service' WHEN 'S-1-5-3' THEN 'batch'
        ELSE 'network' END AS logon, g.origin, printf('f%d:0x%x', u.file_id, u.file_off) AS user_id
FROM tool_said u JOIN evidence e ON e.id = u.file_id AND e.duplicate_of IS NULL AND NOT coalesce(e.older, 0)
JOIN host h ON h.id = e.host_id
JOIN tool_said g ON g.id = (SELECT x.id FROM tool_said x WHERE x.file_id = u.file_id AND x.tool = 'whoami'
    AND x.name = 'Group' AND x.detail IN ('S-1-5-2', 'S-1-5-3', 'S-1-5-4', 'S-1-5-6')
    ORDER BY CASE x.detail WHEN 'S-1-5-4' THEN 1 WHEN 'S-1-5-6' THEN 2 WHEN 'S-1-5-3' THEN 3 ELSE 4 END, x.id LIMIT 1)
WHERE u.tool = 'whoami' AND u.name = 'User' AND NOT EXISTS (SELECT 1 FROM tool_said o
    WHERE o.file_id = u.file_id AND o.tool = 'whoami' AND o.name = 'User' AND o.id <> u.id);

-- A setting or a user right of the computer as gpresult shows it, a row a value or a member. name: path of a value
-- (SYSTEM\CurrentControlSet\X), a right without its Se (DenyBatchLogonRight). policy: its object. sole: no other
-- policy object sets it too (which of them wins the text does not say).
CREATE VIEW v_tool_policy AS
SELECT printf('f%d:0x%x', t.file_id, t.file_off) AS evidence_id, h.name AS host, t.section,
    CASE WHEN t.name LIKE 'MACHINE\%' THEN substr(t.name, 9) WHEN t.section = 'User Rights' AND t.name LIKE 'Se%Right'
        THEN substr(t.name, 3) ELSE t.name END COLLATE NOCASE AS name, t.value, t.num, t.origin,
    coalesce((SELECT a.value FROM tool_said a WHERE a.file_id = t.file_id AND a.tool = 'gpresult'
        AND a.name = 'Applied GPO' AND a.detail = t.detail ORDER BY a.id LIMIT 1), t.detail) AS policy,
    NOT EXISTS (SELECT 1 FROM tool_said o WHERE o.file_id = t.file_id AND o.tool = 'gpresult' AND o.name = t.name
        AND o.section = t.section AND o.detail IS NOT t.detail) AS sole
FROM tool_said t JOIN evidence e ON e.id = t.file_id AND e.duplicate_of IS NULL AND NOT coalesce(e.older, 0)
JOIN host h ON h.id = e.host_id
WHERE t.tool = 'gpresult' AND t.section IN ('User Rights', 'Security Options', 'Account Policies', 'Audit Policy');

-- The last start as systeminfo shows it, where the text tells day from month: between earliest_time and latest_time, an
-- hour apart, as it says nothing of daylight time.
CREATE VIEW v_tool_boot AS
SELECT b.evidence_id, b.host, b.value AS told, b.num - z.num * 600000000 - 36000000000 AS earliest_time,
    b.num - z.num * 600000000 AS latest_time, b.origin, z.evidence_id AS zone_id
FROM v_tool_said b JOIN v_tool_said z ON z.file_id = b.file_id AND z.tool = b.tool AND z.name = 'Time Zone'
WHERE b.tool = 'systeminfo' AND b.name = 'System Boot Time' AND b.num IS NOT NULL AND z.num IS NOT NULL;

-- The primary refresh token as dsregcmd shows it; one row a file. prt: 1, 0; joined: to Microsoft Entra, 1, 0.
-- by_user: 1 it ran as a user, 0 as the computer, to which it always says NO; NULL: the text does not tell.
CREATE VIEW v_tool_token AS
SELECT printf('f%d:0x%x', t.file_id, t.file_off) AS evidence_id, h.name AS host, t.num AS prt, t.origin,
    j.num AS joined, p.time AS updated_time, substr(w.value, 1, instr(w.value || ',', ',') - 1) AS who,
    CASE WHEN w.value IS NOT NULL THEN substr(w.value, 1, instr(w.value || ',', ',') - 1) NOT LIKE '%$'
        WHEN c.value LIKE '%User' THEN 1 WHEN c.value = 'SYSTEM' THEN 0 END AS by_user
FROM tool_said t JOIN evidence e ON e.id = t.file_id AND e.duplicate_of IS NULL AND NOT coalesce(e.older, 0)
JOIN host h ON h.id = e.host_id
LEFT JOIN tool_said j ON j.id = (SELECT min(x.id) FROM tool_said x WHERE x.file_id = t.file_id AND x.tool = 'dsregcmd'
    AND x.name = 'AzureAdJoined')
LEFT JOIN tool_said p ON p.id = (SELECT min(x.id) FROM tool_said x WHERE x.file_id = t.file_id AND x.tool = 'dsregcmd'
    AND x.name = 'AzureAdPrtUpdateTime')
LEFT JOIN tool_said w ON w.id = (SELECT max(x.id) FROM tool_said x WHERE x.file_id = t.file_id AND x.tool = 'dsregcmd'
    AND x.name = 'Executing Account Name')
LEFT JOIN tool_said c ON c.id = (SELECT min(x.id) FROM tool_said x WHERE x.file_id = t.file_id AND x.tool = 'dsregcmd'
    AND x.name = 'User Context')
WHERE t.tool = 'dsregcmd' AND t.name = 'AzureAdPrt' AND t.num IS NOT NULL
    AND t.id = (SELECT min(x.id) FROM tool_said x WHERE x.file_id = t.file_id AND x.tool = 'dsregcmd'
        AND x.name = 'AzureAdPrt');

-- One row for each setting of the knowledge and each host whose hive of that kind was read. Not set: is_set 0,
-- evidence_id names the key, if there is one; how says it before a value.
-- What lies outside the exported part of a hive is neither set nor not set: no row.
-- default_value: what it means where it is not set, on a Windows of this build, product and edition; NULL: nobody
-- knows, default_unsure: because the host's build, product or edition is not known and decides (SOFTWARE tells).
-- effective: its value, else its default. as_shipped: 1 not set or set to what the default is, 0 to something else,
-- NULL: not known. heeded: 1 Windows of this build reads it, 0 it does not, NULL: the build is not known.
-- stands_since: by when it was so at the latest, as its key's last write tells; 0: nothing tells, or Windows wrote the
-- key itself at a start.
CREATE VIEW v_setting AS
SELECT s.*, CASE WHEN s.written_at_boot THEN 0 ELSE coalesce(s.written, 0) END AS stands_since FROM (
SELECT CASE WHEN r.id IS NOT NULL THEN printf('f%d:0x%x', r.file_id, r.file_off)
    WHEN k.id IS NOT NULL THEN printf('f%d:0x%x', k.file_id, k.file_off) END AS evidence_id, q.host, q.section,
    q.name, r.num AS value, r.text,
    r.id IS NOT NULL AS is_set, q.default_value, q.default_text,
    coalesce(json_extract(q.meanings, '$."' || CASE WHEN r.id IS NULL THEN q.default_text
        ELSE coalesce(CAST(r.num AS TEXT), replace(r.text, '"', '')) END || '"'),
        CASE WHEN r.id IS NULL AND q.default_unsure
            THEN 'what it means where it is not set differs by build and edition: collect SOFTWARE' END,
        q.meaning) AS meaning,
    CASE WHEN r.id IS NOT NULL THEN 'is set to' ELSE 'is not set, which means' END AS how,
    q.path, q.at AS key_path, q.item AS value_name, q.meaning AS about, coalesce(r.written, k.written) AS written,
    -- at its start Windows writes some keys itself: such a write says nothing, unless new policy (1502) came then
    EXISTS (SELECT 1 FROM boot b WHERE b.host_id = q.host_id
        AND coalesce(r.written, k.written) BETWEEN b.from_time - 600000000 AND b.from_time + 6000000000)
      AND NOT EXISTS (SELECT 1 FROM success g WHERE g.host_id = q.host_id AND g.kind = 'domain' AND g.event_id = 1502
        AND g.time BETWEEN coalesce(r.written, k.written) - 6000000000 AND coalesce(r.written, k.written) + 6000000000)
        AS written_at_boot,
    CASE WHEN r.id IS NULL THEN q.default_value ELSE r.num END AS effective, q.default_unsure,
    CASE WHEN r.id IS NULL THEN 1 WHEN q.default_value IS NOT NULL THEN r.num = q.default_value
        WHEN instr(q.among, ' ' || r.num || ' ') = 0 THEN 0 END AS as_shipped, q.heeded
FROM (SELECT h.id AS host_id, s.hive AS kind, h.name AS host, s.section, s.name,
    s.hive || '\' || replace(s.path, '<CCS>', 'CurrentControlSet') AS at, s.value AS item,
        s.hive || '\' || replace(s.path, '<CCS>', 'CurrentControlSet') || '\' || s.value AS path,
        coalesce(d.value, s.default_value) AS default_value, coalesce(d.text, s.default_text) AS default_text,
        coalesce(d.unsure, 0) AS default_unsure, d.among, s.meaning, s.meanings,
        (s.since IS NULL OR h.build >= s.since) AS heeded
    FROM host h JOIN kb_setting s ON s.section <> 'control_sets'
        AND EXISTS (SELECT 1 FROM hive v WHERE v.host_id = h.id AND v.kind = s.hive AND v.main)
    LEFT JOIN host_default d ON d.host_id = h.id AND d.setting = s.name) q
LEFT JOIN reg_value r ON r.id = (SELECT min(x.id) FROM hive v CROSS JOIN reg_value x ON x.hive_id = v.file_id
    WHERE v.host_id = q.host_id AND v.main AND x.path = q.at AND x.name = q.item AND coalesce(x.recovered, 0) = 0
        AND v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = x.hive_id AND i.main
            AND i.below = substr(q.at || '\', 1, length(i.below))))
LEFT JOIN reg_key k ON r.id IS NULL AND k.id = (SELECT min(x.id) FROM hive v CROSS JOIN reg_key x
    ON x.hive_id = v.file_id
    WHERE v.host_id = q.host_id AND v.main AND x.path = q.at AND coalesce(x.recovered, 0) = 0
        AND v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = x.hive_id AND i.main
            AND i.below = substr(q.at || '\', 1, length(i.below))))
WHERE r.id IS NOT NULL OR EXISTS (SELECT 1 FROM hive v JOIN evidence e ON e.id = v.file_id AND e.state <> 'partial'
    WHERE v.main AND v.host_id = q.host_id AND v.kind = q.kind AND v.root IS NOT ''
        AND v.below = substr(q.at || '\', 1, length(v.below)))) s;

-- A value of the hive that speaks; of a file that holds several hives it belongs to the first whose root it lies below.
CREATE VIEW v_reg AS
SELECT printf('f%d:0x%x', r.file_id, r.file_off) AS evidence_id, h.name AS host, r.path, r.name, r.type, r.num, r.text,
    r.written, r.origin, 'f' || r.hive_id AS hive
FROM reg_value r JOIN hive v ON v.file_id = r.hive_id AND v.main
    AND v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = r.hive_id AND i.main
        AND i.below = substr(r.path || '\', 1, length(i.below)))
JOIN host h ON h.id = v.host_id
WHERE coalesce(r.recovered, 0) = 0 AND (v.replay IS NOT 'text export'
    OR NOT EXISTS (SELECT 1 FROM hive w JOIN reg_value o ON o.hive_id = w.file_id
        WHERE w.host_id = v.host_id AND w.main AND w.kind = v.kind AND o.path = r.path AND o.name = r.name
            AND o.id < r.id AND coalesce(o.recovered, 0) = 0));

CREATE VIEW v_reg_key AS
SELECT printf('f%d:0x%x', k.file_id, k.file_off) AS evidence_id, h.name AS host, k.path, k.written,
    'f' || k.hive_id AS hive
FROM reg_key k JOIN hive v ON v.file_id = k.hive_id AND v.main
    AND v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = k.hive_id AND i.main
        AND i.below = substr(k.path || '\', 1, length(i.below)))
JOIN host h ON h.id = v.host_id WHERE coalesce(k.recovered, 0) = 0;

-- Keys and values that free cells of hives still hold (analyze --recovered), apart from all other views: no rule of
-- ours reads them. '?' in a path: unknown from there up.
CREATE VIEW v_recovered AS
SELECT printf('f%d:0x%x', r.file_id, r.file_off) AS evidence_id, h.name AS host, 'value' AS what, r.path, r.name,
    r.type, r.num, r.text, r.written
FROM reg_value r JOIN evidence e ON e.id = r.hive_id LEFT JOIN host h ON h.id = e.host_id WHERE r.recovered = 1
UNION ALL SELECT printf('f%d:0x%x', k.file_id, k.file_off), h.name, 'key', k.path, NULL, NULL, NULL, NULL, k.written
FROM reg_key k JOIN evidence e ON e.id = k.hive_id LEFT JOIN host h ON h.id = e.host_id WHERE k.recovered = 1;

-- Where another control set of the host says something else than the current one about logons
-- (registry/control-sets.yml). NULL: not set there.
-- last_known_good: Select names that set so. evidence_id is the other set's value, or its key; current_id the current
-- one's.
CREATE VIEW v_control_set_difference AS
SELECT h.name AS host, d.control_set, d.last_known_good, d.path, d.name, coalesce(d.o_num, d.o_text) AS other_value,
    coalesce(d.c_num, d.c_text) AS current_value, d.evidence_id, d.current_id
FROM (SELECT k.hive_id, substr(s.path, 1, 13) AS control_set, 'SYSTEM\CurrentControlSet\' || substr(s.path,
    15) AS path, s.value AS name, o.num AS o_num, o.text AS o_text, c.num AS c_num, c.text AS c_text,
        EXISTS (SELECT 1 FROM reg_value l WHERE l.hive_id = k.hive_id AND l.path = 'SYSTEM\Select'
            AND l.name = 'LastKnownGood' AND l.num = CAST(substr(s.path, 11, 3) AS INTEGER)
            AND coalesce(l.recovered, 0) = 0) AS last_known_good,
        printf('f%d:0x%x', coalesce(o.file_id, k.file_id), coalesce(o.file_off, k.file_off)) AS evidence_id,
            CASE WHEN c.id IS NOT NULL THEN printf('f%d:0x%x', c.file_id, c.file_off) END AS current_id
    FROM kb_setting s JOIN reg_key k ON k.path = s.hive || '\' || s.path AND coalesce(k.recovered, 0) = 0
    LEFT JOIN reg_value o ON o.path = k.path AND o.name = s.value AND o.hive_id = k.hive_id
        AND coalesce(o.recovered, 0) = 0
    LEFT JOIN reg_value c ON c.path = 'SYSTEM\CurrentControlSet\' || substr(s.path, 15) AND c.name = s.value
        AND c.hive_id = k.hive_id AND coalesce(c.recovered, 0) = 0
    WHERE s.section = 'control_sets' AND coalesce(o.num, o.text) IS NOT coalesce(c.num, c.text)) d
JOIN hive v ON v.file_id = d.hive_id AND v.kind = 'SYSTEM' AND v.main JOIN host h ON h.id = v.host_id
    GROUP BY h.name, d.evidence_id, d.control_set, d.path, d.name;

CREATE VIEW v_password_change AS
SELECT p.id AS change, printf('f%d:0x%x', p.file_id, p.file_off) AS evidence_id, h.name AS host, p.account, p.domain,
    p.sid, p.time, p.how FROM password_change p JOIN host h ON h.id = p.host_id;

-- hex: the Win32 code, 0x00000520; hresult: as logs and dialogs show it, 0x80070520.
CREATE VIEW v_finding AS
SELECT f.id AS finding, f.cause, f.rule, f.title, f.verdict, h.name AS host, f.subject, f.win32,
    CASE WHEN f.win32 IS NOT NULL THEN printf('0x%08X', f.win32) END AS hex,
    CASE WHEN f.win32 BETWEEN 0 AND 65535 THEN printf('0x%08X', f.win32 | 0x80070000) END AS hresult,
    coalesce((SELECT c.symbol FROM kb_code c WHERE c.space = 'win32' AND c.value = f.win32),
        (SELECT c.symbol FROM kb_code c WHERE c.space = 'nerr' AND c.value = f.win32)) AS symbol,
    f.first_seen, f.last_seen, f.count, f.explanation || coalesce(' ' || (SELECT group_concat(said, ' ')
        FROM (SELECT DISTINCT 'It rests on ' || CASE p.name WHEN '' THEN p.path
        ELSE p.name END || ': ' || p.words || '.' AS said
        FROM citation c JOIN v_provenance p ON p.file_id = c.file_id
            AND p.file_off = c.file_off WHERE c.finding = f.id AND c.role <> 'contradicts'
        ORDER BY c.role, c.ord LIMIT 3)), '') AS explanation, f.second_reader
FROM finding f LEFT JOIN host h ON h.id = f.host_id;

-- Where a value comes from when not from its hive as it lies there: a page that a transaction log replaced, or a line
-- of text.
CREATE VIEW v_provenance AS
SELECT printf('f%d:0x%x', file_id, file_off) AS evidence_id, file_id, file_off, path, name, provenance AS words
FROM reg_value WHERE provenance IS NOT NULL;

-- A citation and the fact it names. time: of the row that cites; fact_time: of the event that lies there, NULL for
-- values of hives; state_time: a time of the state that lies there, where that is what
-- time speaks of (to the second); written: the last write of the key that a value lies in: it is so since then.
CREATE VIEW v_citation AS
SELECT c.finding, c.role, c.ord, c.evidence_id, c.time, c.explain, 'f' || c.file AS file_id, v.path, v.sha256,
    c.off AS file_off,
    coalesce(coalesce((SELECT e.provider || ' ' || e.event_id ||
        coalesce(' ' || (SELECT k.name FROM kb_event k WHERE k.provider = e.provider AND k.event_id = e.event_id), '')
            FROM event e WHERE e.file_id = c.file AND e.file_off = c.off LIMIT 1),
        (SELECT d.provider || ' ' || d.event_id || ', ' || d.n || ' like it that day' FROM fold d
            WHERE d.file_id = c.file AND (d.file_off = c.off OR d.last_off = c.off) LIMIT 1),
        (SELECT 'task ' || t.path FROM task_cache t WHERE t.file_id = c.file AND t.file_off = c.off LIMIT 1),
        (SELECT 'LSA secret ' || s.name FROM secret s WHERE s.file_id = c.file AND s.file_off = c.off LIMIT 1),
        (SELECT 'logon rights of ' || s.sid FROM logon_right s WHERE s.file_id = c.file AND s.file_off = c.off LIMIT 1),
        (SELECT 'local account ' || s.name FROM sam_account s WHERE s.file_id = c.file AND s.file_off = c.off LIMIT 1),
        (SELECT 'audit policy' FROM audit_policy s WHERE s.file_id = c.file AND s.file_off = c.off LIMIT 1),
        (SELECT 'LSA ' || s.what || ' ' || coalesce(s.value, '') FROM lsa_name s
            WHERE s.file_id = c.file AND s.file_off = c.off LIMIT 1),
        (SELECT 'lockout and password policy' FROM lockout_policy s
            WHERE s.file_id = c.file AND s.file_off = c.off LIMIT 1),
        (SELECT 'cached logon in slot ' || s.slot FROM cached_logon s
            WHERE s.file_id = c.file AND s.file_off = c.off LIMIT 1),
        (SELECT r.path || '\' || r.name || coalesce(' = ' || coalesce(r.num, substr(r.text, 1, 80)), '')
            FROM reg_value r WHERE r.file_id = c.file AND r.file_off = c.off LIMIT 1))
            || coalesce(' (' || (SELECT p.words FROM v_provenance p
                WHERE p.file_id = c.file AND p.file_off = c.off LIMIT 1) || ')', ''),
        (SELECT 'key ' || k.path || coalesce(' (' || k.origin || CASE v.kind
            WHEN 'reg-text' THEN ' of a registry text export, weaker evidence)' ELSE ')' END, '') FROM reg_key k
            WHERE k.file_id = c.file AND k.file_off = c.off LIMIT 1)) AS summary,
    coalesce((SELECT e.time FROM event e WHERE e.file_id = c.file AND e.file_off = c.off LIMIT 1),
        (SELECT CASE c.off WHEN d.file_off THEN d.first_time ELSE d.last_time END FROM fold d
            WHERE d.file_id = c.file AND (d.file_off = c.off OR d.last_off = c.off) LIMIT 1)) AS fact_time,
    (SELECT max(t) FROM (SELECT cupd AS t FROM secret WHERE file_id = c.file AND file_off = c.off
        UNION ALL SELECT oupd AS t FROM secret WHERE file_id = c.file AND file_off = c.off
        UNION ALL SELECT written AS t FROM cached_logon WHERE file_id = c.file AND file_off = c.off
        UNION ALL SELECT password_set AS t FROM sam_account WHERE file_id = c.file AND file_off = c.off
        UNION ALL SELECT last_logon AS t FROM sam_account WHERE file_id = c.file AND file_off = c.off
        UNION ALL SELECT last_bad AS t FROM sam_account WHERE file_id = c.file AND file_off = c.off
        UNION ALL SELECT registered AS t FROM task_cache WHERE file_id = c.file AND file_off = c.off
        UNION ALL SELECT last_run AS t FROM task_cache WHERE file_id = c.file AND file_off = c.off
        UNION ALL SELECT last_ok AS t FROM task_cache WHERE file_id = c.file AND file_off = c.off
        UNION ALL SELECT time AS t FROM tool_said WHERE file_id = c.file AND file_off = c.off
        UNION ALL SELECT written AS t FROM reg_value WHERE file_id = c.file AND file_off = c.off
        UNION ALL SELECT written AS t FROM reg_key WHERE file_id = c.file AND file_off = c.off)
        WHERE t BETWEEN c.time - 10000000 AND c.time + 10000000) AS state_time,
    (SELECT r.written FROM reg_value r WHERE r.file_id = c.file AND r.file_off = c.off LIMIT 1) AS written
FROM (SELECT *, file_id AS file, file_off AS off FROM citation) c LEFT JOIN evidence v ON v.id = c.file;

CREATE VIEW v_finding_unknown AS SELECT finding, ord, artifact, collect FROM finding_unknown;
CREATE VIEW v_finding_remedy AS SELECT finding, ord, text, risk, reversible, verify FROM finding_remedy;

-- The words of rules, most of them made in derive/8*.sql and 9*.sql, where it stands how. README.md tells how they are
-- used.

-- Every failure that concerns a logon, narrow: what a symptom asks for. v_logon_failure: the same with all its columns.
-- caller: the built-in account whose session (luid) it was: LocalSystem, NetworkService, LocalService.
CREATE VIEW v_symptom AS
SELECT printf('f%d:0x%x', f.file_id, f.file_off) AS evidence_id, h.name AS host, f.kind, f.subject, f.time, f.win32,
    f.raw,
    f.symbol, f.also, f.value, f.luid, f.event_id,
    f.caller
FROM logon_failure f JOIN host h ON h.id = f.host_id;

CREATE VIEW v_logon_failure AS
SELECT f.id AS failure, printf('f%d:0x%x', f.file_id, f.file_off) AS evidence_id, h.name AS host, f.kind, f.subject,
    f.principal, f.account, f.domain, f.sid, f.call, f.win32, f.value, f.raw, f.symbol, f.time, f.boot, f.provider,
    f.event_id, f.luid, f.also, f.sample, f.same, f.consumer,
    f.caller
FROM logon_failure f JOIN host h ON h.id = f.host_id;

-- A failure with its consumer, and what surrounds it: the first and the last 16 of its like, so that rules stay linear
-- where a task failed every minute for a month. unsaved_start_time: its last start before, where it was not saved in
-- between. tried_id, lsa: that very logon (4625, v_attempt), and what LSA said of it; password_cleared: 1 it gave
-- another reason than the password. with_password: 1 it logged on with a stored password, by its logon type, or by the
-- call where the type is not known or newer than the failure; 0 without; NULL: not told. unchanged: 0 where its task or
-- service was set anew behind the failure (since_time), 1 where it was not, or nobody knows. needs_session: its logon
-- type runs in its user's session alone.
CREATE VIEW v_failed AS
SELECT f.id AS failure, printf('f%d:0x%x', f.file_id, f.file_off) AS evidence_id, h.name AS host, f.kind, f.subject,
    f.principal, f.account, f.domain, f.sid, f.call, f.win32, f.value, f.raw, f.symbol, f.time, f.boot, f.provider,
    f.event_id, f.luid, f.same, f.also AS witnesses,
    -- where the event names no task and no service, what does, among the witnesses
    CASE WHEN f.kind IN ('task', 'service') AND f.event_id IN (104, 4625) THEN f.also END AS named_id,
    f.caller,
    f.at_start,
    x.owner_sid, x.whose,
        x.realm, x.right_sid, x.last_saved AS last_saved_time, x.last_touched AS last_touched_time,
    f.consumer, CASE WHEN c.id IS NOT NULL THEN printf('f%d:0x%x', c.file_id, c.file_off) END AS consumer_id,
    c.principal AS owner, c.account AS owner_account, c.domain AS owner_domain, c.builtin, c.logon, c.stored_time,
    c.old_time, c.since_time, coalesce(c.since_time, 0) <= f.time AS unchanged,
    c.logon IN ('InteractiveToken', 'Group') AS needs_session, c.command, c.unc, c.active, s.name AS server,
    l.time AS last_start_time, CASE WHEN l.id IS NOT NULL THEN printf('f%d:0x%x', l.file_id,
        l.file_off) END AS last_start_id,
    n.time AS next_start_time, CASE WHEN n.id IS NOT NULL THEN printf('f%d:0x%x', n.file_id,
        n.file_off) END AS next_start_id,
    CASE WHEN coalesce(x.last_saved, 0) < l.time THEN l.time END AS unsaved_start_time,
    x.next_saved AS next_saved_time, b.from_time AS boot_time, CASE WHEN b.file_id IS NOT NULL
        THEN printf('f%d:0x%x', b.file_id, b.file_off) END AS boot_id,
    CASE WHEN k.id IS NOT NULL THEN printf('f%d:0x%x', k.file_id, k.file_off) END AS secret_id,
    a.symbol AS lsa, coalesce(a.symbol, '') NOT IN ('', 'STATUS_WRONG_PASSWORD', 'STATUS_LOGON_FAILURE')
        AS password_cleared, a.time AS tried_time,
    CASE WHEN a.failure IS NOT NULL THEN printf('f%d:0x%x', a.file_id, a.file_off) END AS tried_id,
    CASE WHEN f.call = 'LogonUserS4U' OR f.account LIKE '%$' THEN 0
        WHEN c.logon IN ('Password', 'InteractiveTokenOrPassword') THEN 1
        WHEN c.logon IS NULL OR c.since_time > f.time THEN CASE f.call WHEN 'LogonUserExEx' THEN 1 END
        ELSE 0 END AS with_password
FROM failed x CROSS JOIN logon_failure f ON f.id = x.failure JOIN host h ON h.id = f.host_id
LEFT JOIN consumer c ON c.id = f.consumer LEFT JOIN host s ON s.id = x.server
LEFT JOIN success l ON l.id = x.last_start LEFT JOIN success n ON n.id = x.next_start
LEFT JOIN secret k ON k.id = c.secret
LEFT JOIN boot b ON b.host_id = f.host_id AND b.boot = f.boot LEFT JOIN attempt a ON a.failure = f.id;

-- What failed, all its failures of one family of codes in one row (family 'any': of all codes, or none). time: the
-- first, whose evidence_id, raw, symbol and lsa stand here; last_time: the last; n of all_n failures are of this
-- family; witnesses: of the first, also: where LSA's word among them decides. codes: all it carries, for code_in(codes,
-- family). next_saved_time: when the task was first saved, or perhaps only enabled, behind the last (last_id).
-- policy_time: when new policy was read (1502) in the day before the first. passwordless: its logon type was one before
-- the first that stores no password, and no call used one. unchanged (behind the first), needs_session: as in v_failed.
CREATE VIEW v_failing AS
SELECT f.id AS failure, printf('f%d:0x%x', f.file_id, f.file_off) AS evidence_id, h.name AS host, g.kind, g.subject,
    g.family, g.n, (SELECT a.n FROM failing a WHERE a.host_id = g.host_id AND a.kind = g.kind AND a.subject IS g.subject
        AND a.family = 'any') AS all_n,
    f.win32, f.raw, f.symbol, f.time, z.time AS last_time, f.time = z.time AND g.subject IS NOT NULL AS once,
    f.boot, z.boot AS last_boot, g.codes, g.calls, g.uncoded,
    g.denied, g.principal, f.account, f.domain, f.also AS witnesses,
    CASE WHEN f.symbol LIKE '%, LSA: %' THEN f.also END AS also,
    g.same, g.owner_sid, x.realm, x.right_sid,
        x.last_saved AS last_saved_time, g.consumer,
    CASE WHEN c.id IS NOT NULL THEN printf('f%d:0x%x', c.file_id, c.file_off) END AS consumer_id, c.principal AS owner,
    c.account AS owner_account, c.domain AS owner_domain, c.builtin, c.logon, c.stored_time, c.old_time, c.since_time,
    coalesce(c.since_time, 0) <= f.time AS unchanged, c.logon IN ('InteractiveToken', 'Group') AS needs_session,
    c.command, c.unc, c.active, s.name AS server,
    l.time AS last_start_time, CASE WHEN l.id IS NOT NULL THEN printf('f%d:0x%x', l.file_id,
        l.file_off) END AS last_start_id,
    n.time AS next_start_time, CASE WHEN n.id IS NOT NULL THEN printf('f%d:0x%x', n.file_id,
        n.file_off) END AS next_start_id,
    CASE WHEN k.id IS NOT NULL THEN printf('f%d:0x%x', k.file_id, k.file_off) END AS secret_id,
    g.next_saved AS next_saved_time, a.symbol AS lsa, printf('f%d:0x%x', z.file_id, z.file_off) AS last_id,
    (SELECT max(p.time) FROM landmark p WHERE p.topic = 'new-policy' AND p.key = g.host_id || '|'
        AND p.time BETWEEN f.time - 864000000000 AND f.time) AS policy_time,
    c.since_time <= f.time AND c.logon IN ('S4U', 'InteractiveToken', 'ServiceAccount', 'Group')
        AND (c.principal LIKE '%$' OR g.calls NOT LIKE '%LogonUserExEx%') AS passwordless
FROM failing g CROSS JOIN logon_failure f ON f.id = g.first CROSS JOIN logon_failure z ON z.id = g.last
JOIN host h ON h.id = g.host_id LEFT JOIN failed x ON x.failure = g.first LEFT JOIN consumer c ON c.id = g.consumer
LEFT JOIN host s ON s.id = g.server LEFT JOIN success l ON l.id = g.last_start
    LEFT JOIN success n ON n.id = g.next_start
LEFT JOIN secret k ON k.id = c.secret LEFT JOIN attempt a ON a.failure = f.id;

-- The same of every failure in v_failure that concerns a logon, also of an application's, and of topics about its whole
-- host: the last landmark before it (or within the topic's slack behind it). time and what is told are the landmark's,
-- failed_id, failed_time, failed_by (the provider) the failure's; stands: nothing undid it between the two.
CREATE VIEW v_failure_before AS
SELECT t.topic, printf('f%d:0x%x', l.file_id, l.file_off) AS evidence_id, h.name AS host, f.shown AS kind, f.subject,
    f.win32, f.raw, f.symbol, f.provider AS failed_by, f.time AS failed_time,
    printf('f%d:0x%x', f.file_id, f.file_off) AS failed_id, l.time, l.who, l.value, l.other, l.provider, l.event_id,
    l.boot IS f.boot AS same_boot,
    NOT EXISTS (SELECT 1 FROM landmark u WHERE u.topic = t.undone_by AND u.host_id = l.host_id
        AND u.time BETWEEN min(l.time, f.time) AND max(l.time, f.time)) AS stands
FROM failure f JOIN host h ON h.id = f.host_id CROSS JOIN topic t
CROSS JOIN landmark l ON l.id = (SELECT n.id FROM landmark n WHERE n.host_id = f.host_id AND n.topic = t.topic
    AND n.time <= f.time + t.slack ORDER BY n.time DESC LIMIT 1)
WHERE f.concern AND t.about = 'host';

-- A failure and each topic of landmarks (derive/86-landmarks.sql), with the key under which those lie that are about
-- what failed.
CREATE VIEW v_failed_topic AS
SELECT x.failure, t.topic, h.name AS host, f.kind, f.subject, f.win32, f.raw, f.symbol, f.event_id AS failed_event,
    f.time AS failed_time, printf('f%d:0x%x', f.file_id, f.file_off) AS failed_id, f.principal, f.account, f.domain,
    x.realm, f.same, f.at_start, f.host_id, f.boot, x.last_start, t.slack, t.undone_by, t.by_start,
    CASE t.about WHEN 'host' THEN f.host_id || '|' WHEN 'server' THEN x.server || '|'
        WHEN 'client' THEN x.server || '|' || h.name WHEN 'account' THEN '|' || x.whose
        ELSE f.host_id || '|' || CASE t.about WHEN 'subject' THEN f.subject WHEN 'right' THEN x.right_sid
            WHEN 'user' THEN x.owner_sid WHEN 'name' THEN f.account WHEN 'domain' THEN coalesce(f.domain,
                (SELECT c.domain FROM consumer c WHERE c.id = f.consumer)) END END AS key
FROM failed x CROSS JOIN logon_failure f ON f.id = x.failure JOIN host h ON h.id = f.host_id CROSS JOIN topic t;

-- A failure and the last landmark of a topic at or before it (until the topic's slack behind it), about what failed.
-- evidence_id, time, who, value, other: of the landmark; teller: the host whose log has it; failed_id, failed_time: of
-- the failure. stands: 1 where nothing undid it between the two, and what failed had not started since. set_back: of a
-- step of the clock: another one as far the other way, a day before it or until the failure.
CREATE VIEW v_before AS
SELECT f.failure, f.topic, printf('f%d:0x%x', l.file_id, l.file_off) AS evidence_id, f.host, f.kind, f.subject,
    f.win32, f.raw, f.symbol, f.failed_event, f.failed_time, f.failed_id, f.principal, f.account, f.domain, f.realm,
    f.same, f.at_start, l.time, l.who, l.value, l.other, l.provider, l.event_id, l.boot IS f.boot AS same_boot,
    NOT EXISTS (SELECT 1 FROM landmark u WHERE u.topic = f.undone_by AND u.key = l.key
        AND u.time > min(l.time, f.failed_time) AND u.time <= max(l.time, f.failed_time)
        AND coalesce(u.scope, f.host_id) = f.host_id)
      AND NOT (f.by_start AND coalesce((SELECT s.time FROM success s WHERE s.id = f.last_start), 0)
        > l.time + CASE WHEN l.host_id = f.host_id THEN 0 ELSE 864000000000 END) AS stands,
    CASE f.topic WHEN 'clock-step' THEN EXISTS (SELECT 1 FROM landmark u WHERE u.host_id = f.host_id
        AND u.topic = f.topic AND u.time BETWEEN l.time - 864000000000 AND f.failed_time
        AND abs(u.value + l.value) <= 300) ELSE 0 END AS set_back,
    g.name AS teller, l.id AS landmark
FROM v_failed_topic f CROSS JOIN landmark l ON l.id = (SELECT n.id FROM landmark n WHERE n.topic = f.topic
    AND n.key = f.key AND n.time <= f.failed_time + f.slack AND coalesce(n.scope, f.host_id) = f.host_id
    ORDER BY n.time DESC LIMIT 1)
JOIN host g ON g.id = l.host_id;

-- The same, the first landmark behind it. afterwards: as a cause it tells later of what had been so: its time orders
-- nothing.
CREATE VIEW v_after AS
SELECT f.failure, f.topic, printf('f%d:0x%x', l.file_id, l.file_off) AS evidence_id, f.host, f.kind, f.subject,
    f.win32, f.raw, f.symbol, f.failed_event, f.failed_time, f.failed_id, f.principal, f.account, f.domain, f.realm,
    f.same, f.at_start, l.time, l.who, l.value, l.other, l.provider, l.event_id, l.boot IS f.boot AS same_boot,
    g.name AS teller, l.id AS landmark, 1 AS afterwards
FROM v_failed_topic f CROSS JOIN landmark l ON l.id = (SELECT n.id FROM landmark n WHERE n.topic = f.topic
    AND n.key = f.key AND n.time >= f.failed_time AND coalesce(n.scope, f.host_id) = f.host_id
    ORDER BY n.time LIMIT 1)
JOIN host g ON g.id = l.host_id;

-- The failed logon (4625) that goes with the failure of a task or service. symbol, win32, account, domain: its own;
-- symbol: of its SubStatus, else of its Status; failed_id, failed_time, failed_win32, raw: of the failure, which names
-- failed_account.
CREATE VIEW v_attempt AS
SELECT a.failure, printf('f%d:0x%x', a.file_id, a.file_off) AS evidence_id, a.time, a.logon_type, a.account, a.domain,
    a.process, a.value, a.win32, a.symbol, h.name AS host, f.kind, f.subject, f.raw, f.time AS failed_time,
    printf('f%d:0x%x', f.file_id, f.file_off) AS failed_id, f.win32 AS failed_win32, f.account AS failed_account,
    f.at_start
FROM attempt a JOIN logon_failure f ON f.id = a.failure JOIN host h ON h.id = f.host_id;

-- Failures whose code does not say why (refused-unsaid), and beside which the own sign of a cause stood: such a code
-- alone does not rule that cause out. Not where the failed logon (4625) says why, where nobody asked a domain, or where
-- this host itself found a stored password wrong (1326 of a task or service). failing: the first failure of what
-- failed, as in v_failing of family 'any'; evidence_id, time, who, value, other, provider, event_id: of the sign.
CREATE VIEW v_beside AS
SELECT s.cause, b.failure, b.host, b.kind, b.subject, b.win32,
    CASE f.kind WHEN 'domain' THEN printf('0x%08X', f.value) ELSE b.raw END AS raw, b.symbol,        -- of bytes
    b.failed_time, b.failed_id, b.topic,
    f.caller,
    b.evidence_id, b.time, b.who, b.value, b.other, b.provider, b.event_id, g.first AS failing
FROM (SELECT NULL AS cause, NULL AS topic, NULL AS within, NULL AS asks_domain WHERE 0 UNION ALL
    VALUES('secure-channel-broken', 'channel-broken', 864000000000, 1),
        ('secure-channel-broken', 'channel-refused', 864000000000, 1), ('dc-unreachable', 'no-dc', 864000000000, 1),
        ('dc-unreachable', 'no-dc-there', 864000000000, 1),
        ('clock-skew', 'clock-wrong', 864000000000, 1), ('clock-skew', 'clock-step', 864000000000, 1),
        ('lsass-instability', 'lsass-failed', 36000000000, 0),
        ('account-locked-by-stale-consumer', 'account-locked', 36000000000, 0),
        ('ntlm-blocked', 'ntlm-stopped', 3000000000, 0), ('guest-session-no-key', 'guest-offered', 600000000, 0),
        ('encryption-type-mismatch', 'no-common-etype', 600000000, 1),
        ('encryption-type-mismatch', 'no-own-etype', 600000000, 1),
        ('session-security-mismatch', 'ntlm-too-weak', 600000000, 0),
        ('duplicate-computer-name', 'name-conflict', 36000000000, 0),
        ('workstation-service-down', 'workstation-failed', 864000000000, 0)) s
CROSS JOIN v_before b ON b.topic = s.topic AND b.stands AND b.time >= b.failed_time - s.within
    AND b.win32 IN (SELECT k.value FROM kb_code_family k WHERE k.family = 'refused-unsaid')
    AND (b.topic <> 'clock-step' OR b.other IS NULL)
    AND (b.topic NOT IN ('lsass-failed', 'workstation-failed') OR b.same_boot)
JOIN logon_failure f ON f.id = b.failure AND (NOT s.asks_domain OR f.luid IS NOT 997
    AND coalesce(b.realm, '') NOT IN ('local', 'cloud')
    AND (f.kind = 'share' OR coalesce(b.realm, '') <> 'builtin'))
JOIN failing g ON g.host_id = f.host_id AND g.kind = f.kind AND g.subject IS f.subject AND g.family = 'any'
LEFT JOIN consumer c ON c.id = f.consumer
WHERE NOT EXISTS (SELECT 1 FROM attempt a WHERE a.failure = b.failure AND coalesce(a.value, 0xC000006D) <> 0xC000006D)
    AND (f.kind NOT IN ('task', 'service') OR b.win32 = 1069 OR c.logon = 'S4U'
        OR coalesce(f.account, c.account) LIKE '%$');

-- The session whose token a failing call used, by its LUID: of this boot (same_boot) or of an earlier one, the latest
-- there. LUIDs are given anew at each start: where no start is known before, a boot is one for a day, or for as long
-- as System goes on without one. to_time: its recorded end; end_evidence_id: what says so.
CREATE VIEW v_caller AS
SELECT x.failure, s.luid, s.logon_type, s.user, s.domain, s.net_user, s.sid, s.process, s.package, s.ip, s.linked,
    s.boot IS f.boot AND (f.boot > 0
      OR CASE WHEN s.end_file_id IS NULL THEN s.from_time ELSE s.to_time END >= f.time - 864000000000
      OR EXISTS (SELECT 1 FROM coverage c WHERE c.host_id = f.host_id AND c.artifact = 'System' COLLATE BINARY
        AND c.state IN ('present', 'cleared') AND f.time <= c.to_time
        AND CASE WHEN s.end_file_id IS NULL THEN s.from_time ELSE s.to_time END >= c.from_time)) AS same_boot,
    s.from_time, s.to_time, printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id,
    CASE WHEN s.end_file_id IS NOT NULL THEN printf('f%d:0x%x', s.end_file_id, s.end_file_off) END AS end_evidence_id
FROM failed x CROSS JOIN logon_failure f ON f.id = x.failure AND f.luid IS NOT NULL CROSS JOIN (VALUES(1), (2)) k
CROSS JOIN session s ON s.id = (SELECT n.id FROM session n WHERE n.host_id = f.host_id AND n.luid = f.luid
    AND CASE k.column1 WHEN 1 THEN n.boot IS f.boot ELSE n.boot < f.boot END AND n.from_time <= f.time
    ORDER BY n.boot DESC, n.from_time DESC LIMIT 1);

-- Who was logged on when it failed: the sessions of the account behind it that were open. by: found by 'sid', by
-- 'account' (DOMAIN\USER) or by 'name' alone, which may be another's: weigh that for presence, not for absence. shown,
-- shown_time: how far its beginning is told, in words: since when, or that it is older than its log and until when.
CREATE VIEW v_logged_on AS
SELECT x.failure, p.how, k.by, p.from_time, p.to_time, s.logon_type, s.boot, s.user, s.sid,
    s.boot IS f.boot AS same_boot,
    p.shown, p.shown_time,
    CASE WHEN s.end_file_id IS NOT NULL THEN printf('f%d:0x%x', s.end_file_id, s.end_file_off) END AS end_evidence_id,
    printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id, p.id AS presence
FROM failed x CROSS JOIN logon_failure f ON f.id = x.failure
CROSS JOIN (SELECT column1 AS how, column2 AS by FROM (VALUES('interactive', 'sid'), ('interactive', 'account'),
    ('interactive', 'name'), ('sure', 'sid'), ('sure', 'account'), ('sure', 'name'), ('background', 'sid'),
    ('background', 'account'), ('background', 'name'), ('sign', 'sid'))) k
CROSS JOIN presence p ON p.id = (SELECT n.id FROM presence n WHERE n.host_id = f.host_id AND n.how = k.how
        AND n.who = CASE k.by WHEN 'sid' THEN x.owner_sid WHEN 'account' THEN f.domain || '\' || upper(f.account)
            ELSE f.account END AND n.from_time <= f.time ORDER BY n.from_time DESC LIMIT 1)
    AND coalesce(p.to_time, f.time + 1) > f.time
JOIN session s ON s.id = p.session;

-- Failures that came before any authentication: of tasks and services at their start, while failed logons were audited,
-- and none was recorded. evidence_id: that audit policy.
CREATE VIEW v_untried AS
SELECT f.id AS failure, a.evidence_id
FROM failed x CROSS JOIN logon_failure f ON f.id = x.failure AND f.at_start AND f.kind IN ('task', 'service')
JOIN host h ON h.id = f.host_id JOIN v_audited a ON a.host = h.name AND a.subcategory = 'Logon'
    AND a.records = 'failure' AND a.from_time <= f.time - 50000000 AND a.to_time >= f.time
WHERE NOT EXISTS (SELECT 1 FROM attempt t WHERE t.failure = f.id);

-- Failures at which the account behind them had no interactive session: logons were audited from the boot on, and none
-- of its was open. evidence_id: that audit policy.
CREATE VIEW v_no_session AS
SELECT f.id AS failure, a.evidence_id
FROM failed x CROSS JOIN logon_failure f ON f.id = x.failure JOIN host h ON h.id = f.host_id
JOIN boot b ON b.host_id = f.host_id AND b.boot = f.boot
JOIN v_audited a ON a.host = h.name AND a.subcategory = 'Logon' AND a.records = 'success'
    AND a.from_time <= b.from_time AND a.to_time >= f.time
WHERE NOT EXISTS (SELECT 1 FROM v_logged_on s WHERE s.failure = f.id AND s.how = 'interactive');

-- Silence that counts: stretches in which what an artefact records and does not show did not happen. A hive that was
-- read whole counts at any time: what is not in it is not there. Names keep their case: Security is a channel, SECURITY
-- a hive.
CREATE VIEW v_covered AS
SELECT h.name AS host, c.artifact, coalesce(c.from_time, 0) AS from_time,
    CASE WHEN c.from_time IS NULL THEN 9000000000000000000 ELSE c.to_time END AS to_time
FROM coverage c JOIN host h ON h.id = c.host_id WHERE c.state IN ('present', 'cleared');

-- The same for what the Security log records only while the audit policy says so. records: 'success' or 'failure'.
-- evidence_id: the policy; from_time: not before it was last extended (4719).
CREATE VIEW v_audited AS
SELECT printf('f%d:0x%x', a.file_id, a.file_off) AS evidence_id, h.name AS host, a.subcategory, k.records,
    max(c.from_time, coalesce((SELECT max(l.time) FROM landmark l WHERE l.topic = 'audit-' || k.records || '-added'
        AND l.key = h.id || '|' || g.guid AND l.time <= c.to_time), c.from_time)) AS from_time, c.to_time
FROM audit_policy a
JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = a.hive_id AND i.main AND i.kind = 'SECURITY')
JOIN host h ON h.id = v.host_id
JOIN (SELECT 'success' AS records, 1 AS bit UNION ALL VALUES('failure', 2)) k ON a.mask & k.bit
JOIN (SELECT 'Logon' AS subcategory,
    '{0CCE9215-69AE-11D9-BED3-505054503030}' AS guid) g ON g.subcategory = a.subcategory
JOIN coverage c ON c.host_id = h.id AND c.artifact = 'Security' AND c.state IN ('present', 'cleared');

-- A task or a service, whoever runs it. unproven: it is active, and nothing shows that it ever worked. has_failed: a
-- failure of it concerns a logon. started_time: its last start. gone: its SID is
-- one of this host's own accounts, and the whole SAM has no such account. caller: as in v_symptom.
CREATE VIEW v_consumer AS
SELECT c.id AS consumer, printf('f%d:0x%x', c.file_id, c.file_off) AS evidence_id, h.name AS host, c.kind, c.subject,
    c.principal, c.account, c.domain, c.sid, c.builtin, c.logon, c.stored_time, c.old_time, c.since_time, c.command,
        c.unc,
    c.active, CASE c.kind WHEN 'service' THEN c.since_time END AS written,
    CASE c.sid WHEN 'S-1-5-18' THEN 'LocalSystem' WHEN 'S-1-5-20' THEN 'NetworkService'
        WHEN 'S-1-5-19' THEN 'LocalService'
        END AS caller,
    c.active AND NOT EXISTS (SELECT 1 FROM success s WHERE s.host_id = c.host_id AND s.kind = c.kind
        AND s.subject = c.subject) AS unproven,
    EXISTS (SELECT 1 FROM failing g WHERE g.consumer = c.id) AS has_failed,
    (SELECT max(s.time) FROM success s WHERE s.host_id = c.host_id AND s.kind = c.kind AND s.subject = c.subject
        AND s.starts) AS started_time,
    CASE WHEN c.local_account IS NULL AND c.sid LIKE h.machine_sid || '-%' AND h.role IS NOT 'domain controller'
        THEN EXISTS (SELECT 1 FROM coverage k WHERE k.host_id = c.host_id AND k.artifact = 'SAM' COLLATE BINARY
            AND k.state = 'present') ELSE 0 END AS gone
FROM consumer c JOIN host h ON h.id = c.host_id;

-- The logon right that a task or a service needs (its own: own_id, mask), and who has it. denied_id: where it is denied
-- to the account (denied_by_name) or to a group all such logons are in. held: 'name', 'everyone', 'group' (some group,
-- whose members no hive tells) or NULL: nobody. missing: 1 where the whole hive was read and the account does not have
-- it by name or as everyone has it. unproven: it is active, and nothing shows that it ever worked. denies: somebody on
-- this host is denied it.
CREATE VIEW v_consumer_right AS
SELECT q.consumer, h.name AS host, c.kind, c.subject, q.right, q.right_sid, q.held, q.denies, o.mask,
    CASE WHEN o.id IS NOT NULL THEN printf('f%d:0x%x', o.file_id, o.file_off) END AS own_id,
    d.sid AS denied_sid, d.mask AS denied_mask, d.sid = q.right_sid AS denied_by_name,
    CASE WHEN d.id IS NOT NULL THEN printf('f%d:0x%x', d.file_id, d.file_off) END AS denied_id,
    q.right_sid IS NOT NULL AND coalesce(q.held, 'group') = 'group' AND EXISTS (SELECT 1 FROM coverage k
        WHERE k.host_id = c.host_id AND k.artifact = 'SECURITY' COLLATE BINARY AND k.state = 'present') AS missing,
    c.active AND NOT EXISTS (SELECT 1 FROM success s WHERE s.host_id = c.host_id AND s.kind = c.kind
        AND s.subject = c.subject) AS unproven
FROM consumer_right q CROSS JOIN consumer c ON c.id = q.consumer JOIN host h ON h.id = c.host_id
LEFT JOIN logon_right o ON o.id = q.own LEFT JOIN logon_right d ON d.id = q.denied;

-- A program that a task ran, and how it ended, with that task as hive or log shows it. same: it was so then already;
-- unc, builtin, caller, principal, command, consumer_id: as in v_consumer.
CREATE VIEW v_program AS
SELECT p.evidence_id, p.host, p.subject, p.time, p.win32, p.raw, p.symbol, c.evidence_id AS consumer_id, c.principal,
    c.command, c.caller, c.builtin, c.unc, coalesce(c.since_time, 0) <= p.time AS same
FROM v_failure p JOIN v_consumer c ON c.host = p.host AND c.kind = 'task' AND c.subject = p.subject
WHERE p.kind = 'program';

-- The local account behind a task or a service. state: why it cannot log on, in words, as its flags say; expires_time:
-- of the account; password_expires_time: of its password by
-- the policy of this host (max_age, whose policy_id); NULL: never.
CREATE VIEW v_consumer_account AS
SELECT c.id AS consumer, printf('f%d:0x%x', a.file_id, a.file_off) AS evidence_id, h.name AS host, c.kind, c.subject,
    a.name, a.sid, a.disabled, a.must_change, CASE WHEN a.disabled THEN 'disabled'
        WHEN a.must_change THEN 'to change its password' END AS state, a.expires AS expires_time,
    a.password_set AS password_set_time, l.max_age,
    CASE WHEN a.flags & 0x200 = 0 AND l.max_age > 0 THEN a.password_set + l.max_age END AS password_expires_time,
    CASE WHEN l.id IS NOT NULL THEN printf('f%d:0x%x', l.file_id, l.file_off) END AS policy_id
FROM consumer c JOIN account a ON a.id = c.local_account JOIN host h ON h.id = c.host_id
LEFT JOIN lockout_policy l ON l.id = (SELECT min(i.id) FROM lockout_policy i JOIN hive v ON v.file_id = i.hive_id
    AND v.main AND v.kind = 'SAM' AND v.host_id = c.host_id);

-- Changes of the password behind a task or a service. next_time: the change after it. clock: how far the clock of the
-- host that told it may differ (0: this host told it); replica: how long another controller may not have known it.
-- known_until: until when a further change would have shown: always in the SAM, else as long as that Security log goes
-- on without a gap. Where it is NULL or too early, silence says nothing: a domain account may have changed on another
-- domain controller, each of which tells of its own changes alone, and a cloud account where no hive hears of it.
-- last_until: until when it is known to be the last one. told_by: the host that says so. has_failed,
-- worked_time, touched_time: of the task or service: did it ever fail, when did it last work, when was it last saved or
-- perhaps only enabled.
CREATE VIEW v_consumer_change AS
SELECT c.*, min(c.known_until, coalesce(c.next_time - 1, c.known_until)) AS last_until FROM (
    SELECT printf('f%d:0x%x', p.file_id, p.file_off) AS evidence_id, h.name AS host, p.kind, p.subject, p.time, p.how,
        p.next_time, p.consumer, c.principal, c.account, c.domain, c.sid, c.logon, c.stored_time, c.old_time, c.active,
        c.since_time, printf('f%d:0x%x', c.file_id, c.file_off) AS consumer_id,
        CASE c.kind WHEN 'service' THEN c.since_time END AS written,
        CASE WHEN coalesce(c.domain, h.name) <> h.name COLLATE NOCASE OR e.host_id <> p.host_id THEN NULL
            WHEN p.how = 'SAM' THEN 9000000000000000000 ELSE (SELECT max(v.to_time) FROM coverage v
            WHERE v.host_id = e.host_id AND v.artifact = 'Security' COLLATE BINARY AND v.state IN ('present', 'cleared')
                AND p.time BETWEEN v.from_time AND v.to_time) END AS known_until,
        (SELECT t.name FROM host t WHERE t.id = e.host_id) AS told_by,
        EXISTS (SELECT 1 FROM failing g WHERE g.consumer = c.id) AS has_failed,
        (SELECT max(s.time) FROM success s WHERE s.host_id = p.host_id AND s.kind = p.kind
            AND s.subject = p.subject) AS worked_time,
        CASE c.kind WHEN 'task' THEN (SELECT max(w.time) FROM task_saved w WHERE w.host_id = p.host_id
            AND w.task = p.subject) END AS touched_time,
        CASE WHEN e.host_id = p.host_id THEN 0 ELSE 3000000000 END AS clock,
        CASE WHEN e.host_id = p.host_id THEN 0 ELSE 864000000000 END AS replica
    FROM consumer_change p JOIN consumer c ON c.id = p.consumer JOIN host h ON h.id = p.host_id
    LEFT JOIN evidence e ON e.id = p.file_id) c;

-- A failure, and a change of the password behind it before that. time, how, evidence_id: of the change, latest: the
-- last one before it. stored_time: when the password was stored that was used then; stored_anew: it was again later.
-- stored_before: it is known to be older than the change. worked_since: a start between the two. right_later: it
-- started again, neither saved anew nor the password changed in between. others_right: another task of the account,
-- whose password was stored before the change, started after the failure. twice: the clock was set back over both, so
-- their order is not known.
CREATE VIEW v_changed_before AS
SELECT q.*, CASE q.kind WHEN 'service' THEN q.stored_time < q.time - q.clock
    ELSE coalesce(q.last_touched_time, 0) < q.time - q.clock
      AND (q.last_touched_time IS NOT NULL OR EXISTS (SELECT 1 FROM v_success s WHERE s.host = q.host
        AND s.kind = q.kind AND s.subject = q.subject AND s.time < q.time))
      AND (EXISTS (SELECT 1 FROM v_task_saved w WHERE w.host = q.host AND w.task = q.subject AND w.how = 'TaskCache'
          AND w.time <= q.time)
        OR EXISTS (SELECT 1 FROM v_covered v WHERE v.host = q.host AND v.from_time <= q.time
          AND v.to_time >= q.failed_time AND v.artifact = 'Microsoft-Windows-TaskScheduler/Operational'))
    END AS stored_before,
    EXISTS (SELECT 1 FROM v_success s WHERE s.host = q.host AND s.kind = q.kind AND s.subject = q.subject
        AND s.time > q.time AND s.time <= q.failed_time AND (s.starts OR s.event_id IS NULL)) AS worked_since,
    q.next_start_time IS NOT NULL AND coalesce(q.next_saved_time > q.next_start_time, 1)
        AND NOT EXISTS (SELECT 1 FROM v_consumer_change d WHERE d.consumer = q.consumer
            AND d.time BETWEEN q.failed_time AND q.next_start_time) AS right_later,
    EXISTS (SELECT 1 FROM v_consumer o WHERE o.host = q.host AND o.kind = q.kind AND q.kind = 'task'
        AND o.sid = q.owner_sid AND o.subject <> q.subject AND o.logon = 'Password' AND o.stored_time < q.time
        AND o.started_time > q.failed_time) AS others_right,
    EXISTS (SELECT 1 FROM v_before k WHERE k.failure = q.failure AND k.topic = 'clock-backward'
        AND k.time <= q.time AND k.other >= q.failed_time) AS twice
FROM (SELECT f.failure, c.evidence_id, f.host, f.kind, f.subject, f.win32, f.raw, f.symbol, f.time AS failed_time,
        f.evidence_id AS failed_id, f.same, f.at_start, f.with_password, f.lsa, f.owner_sid, f.secret_id,
        f.last_start_time, f.last_saved_time, f.last_touched_time, f.next_start_time, f.next_saved_time, c.consumer,
        c.time, c.how, c.principal, c.logon, c.clock, c.replica, coalesce(c.next_time > f.time, 1) AS latest,
        c.stored_time > f.time AS stored_anew,
        CASE WHEN c.stored_time > f.time THEN c.old_time ELSE c.stored_time END AS stored_time
    FROM v_failed f CROSS JOIN v_consumer_change c ON c.consumer = f.consumer AND c.time <= f.time) q;

CREATE VIEW v_task_saved AS
SELECT printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id, h.name AS host, s.task, s.time, s.how, s.sure
FROM task_saved s JOIN host h ON h.id = s.host_id;

CREATE VIEW v_landmark AS
SELECT l.id AS landmark, printf('f%d:0x%x', l.file_id, l.file_off) AS evidence_id, h.name AS host, l.topic, l.who,
    l.time,
    l.boot, l.provider, l.event_id, l.value, l.other FROM landmark l JOIN host h ON h.id = l.host_id;

-- Stretches of presence. evidence_id: the session that ended last; began_id: the one that the stretch began with, at
-- began_time (NULL: it is older than its log, began_id is its first sign), with began_type as its logon type.
CREATE VIEW v_presence AS
SELECT p.id AS presence, h.name AS host, p.how, p.who, p.from_time, p.to_time, s.logon_type, s.boot, s.user, s.sid,
    p.shown, p.shown_time,
    printf('f%d:0x%x', s.file_id, s.file_off) AS evidence_id,
    CASE WHEN s.end_file_id IS NOT NULL THEN printf('f%d:0x%x', s.end_file_id, s.end_file_off) END AS end_evidence_id,
    s.ended, printf('f%d:0x%x', b.file_id, b.file_off) AS began_id, b.began,
    CASE WHEN b.began IS NULL THEN b.from_time END AS began_time, b.logon_type AS began_type
FROM presence p JOIN host h ON h.id = p.host_id JOIN session s ON s.id = p.session
JOIN session b ON b.id = coalesce((SELECT min(x.id) FROM session x WHERE x.host_id = p.host_id AND x.sid IS s.sid
    AND x.from_time = p.from_time), s.id);

-- Credentials given for one server (4648): by_user, in session luid, used user's. another: 1 where that session had
-- used somebody else's towards that server before, in the same boot: old_user, old_time, old_id.
CREATE VIEW v_explicit_logon AS
SELECT printf('f%d:0x%x', u.file_id, u.file_off) AS evidence_id, h.name AS host, u.boot, u.time, u.server, u.luid,
    u.by_user, u.user, u.account, u.realm, u.another, p.user AS old_user, p.time AS old_time,
    CASE WHEN p.id IS NOT NULL THEN printf('f%d:0x%x', p.file_id, p.file_off) END AS old_id
FROM explicit_logon u JOIN host h ON h.id = u.host_id LEFT JOIN explicit_logon p ON p.id = u.before;

-- What Offline Files said of a path. what: offline, online, error; until: when it said the contrary. off_id, off_time:
-- when the path had been taken offline before, where that was the last that was said of it.
CREATE VIEW v_offline_path AS
SELECT printf('f%d:0x%x', o.file_id, o.file_off) AS evidence_id, h.name AS host, o.server, o.path, o.what, o.time,
    o.until,
    o.raw, p.time AS off_time, CASE WHEN p.id IS NOT NULL THEN printf('f%d:0x%x', p.file_id, p.file_off) END AS off_id
FROM offline_path o JOIN host h ON h.id = o.host_id LEFT JOIN offline_path p ON p.id = o.told AND p.what = 'offline';

-- Hosts whose SMB1 client is installed: its driver may start, or Workstation depends on it, and it is not switched off.
CREATE VIEW v_smb1_client AS
SELECT h.host FROM v_host h
WHERE EXISTS (SELECT 1 FROM v_setting d WHERE d.host = h.host AND d.is_set
    AND (d.name = 'SMB1 client driver' AND d.value < 4
        OR d.name = 'LanmanWorkstation dependencies' AND d.text LIKE '%MRxSmb10%'))
    AND NOT EXISTS (SELECT 1 FROM v_setting d WHERE d.host = h.host AND d.name = 'SMB1 client driver' AND d.value = 4);

-- Rules whose SQL could not run or gave rows that could not be used: a known cause may have been overlooked. role: of
-- the indicator.
CREATE VIEW v_rule_error AS SELECT r.rule, k.cause, k.title, r.role, r.message FROM rule_error r
    LEFT JOIN kb_rule k ON k.name = r.rule;

-- Each cited place, derived again by our own readers in a process that had read nothing else: yes, no (what was first
-- told is not there), unknown (it could not be read again). A finding that rests on a no is undetermined, one that
-- rests on an unknown is not confirmed.
CREATE VIEW v_fact_again AS SELECT printf('f%d:0x%x', file_id, file_off) AS evidence_id, again FROM fact_again;

-- What the second readers said of each cited fact: agree, agree-with-defect (detail names the library's defect),
-- differ, unreadable.
CREATE VIEW v_verification AS SELECT v.evidence_id, v.result, v.detail, v.reader FROM verification v;
