-- Sessions older than the log: known only by their end (4634 and 4647 of a desktop's logon type, 7002, 23) or by a sign
-- that they go on (locked, unlocked: 4800, 4801 and logon type 7; disconnected, reconnected: 4778, 4779). No logon of
-- theirs is in a log that recorded logons since the boot it belongs to: so they began before the first logon it holds.
-- from_time is that moment, or the first record of System for what Winlogon notifies; began: 'before'. Logs that are
-- filtered, carved or damaged say nothing by what they lack.
-- A log that holds the start of the boot (whole) should hold all its logons, if they were audited then: an end without
-- a beginning is no desktop's; locked, unlocked, reconnected is, whatever the log lacks.
CREATE TEMP TABLE IF NOT EXISTS first_logon(file_id INTEGER, boot INTEGER, time INTEGER, whole INTEGER,
    PRIMARY KEY(file_id, boot)) WITHOUT ROWID;
INSERT INTO first_logon
SELECT l.file_id, l.boot, min(l.time), max(EXISTS (SELECT 1 FROM log_span s WHERE s.file_id = l.file_id
    AND s.first_time + minutes(2) < b.from_time)) FROM (SELECT host_id, file_id, boot, min(time) AS time FROM logon
    WHERE boot IS NOT NULL GROUP BY 1, 2, 3) l JOIN evidence e ON e.id = l.file_id AND e.state = 'read'
    AND coalesce(e.failed, 0) = 0 AND coalesce(e.log_kind, 'original') NOT IN ('filtered', 'carved')
LEFT JOIN boot b ON b.host_id = l.host_id AND b.boot = l.boot
WHERE NOT EXISTS (SELECT 1 FROM log_span s WHERE s.file_id = l.file_id AND s.gaps > 0) GROUP BY 1, 2;
CREATE TEMP TABLE IF NOT EXISTS alive(id INTEGER PRIMARY KEY, host_id INTEGER, boot INTEGER, luid INTEGER, time INTEGER,
    logon_type INTEGER, event_id INTEGER, sid TEXT, user TEXT COLLATE NOCASE,
    domain TEXT COLLATE NOCASE, file_id INTEGER, file_off INTEGER);
INSERT INTO alive(host_id, boot, luid, time, logon_type, event_id, sid, user, domain, file_id, file_off)
SELECT e.host_id, e.boot, num(coalesce(e.data ->> 'TargetLogonId', e.data ->> 'LogonID')) AS luid, e.time,
    CASE e.event_id WHEN 4634 THEN num(e.data ->> 'LogonType') WHEN 4778 THEN 10 WHEN 4779 THEN 10 ELSE 2 END,
        e.event_id,
    e.data ->> 'TargetUserSid', coalesce(e.data ->> 'TargetUserName', e.data ->> 'AccountName'),
    coalesce(e.data ->> 'TargetDomainName', e.data ->> 'AccountDomain'), e.file_id, e.file_off
FROM event e JOIN first_logon o ON o.file_id = e.file_id AND o.boot = e.boot AND o.time <= e.time
WHERE e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id IN (4634, 4647, 4778, 4779, 4800, 4801)
    AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL AND (NOT o.whole OR e.event_id > 4647)
    AND (e.event_id <> 4634 OR num(e.data ->> 'LogonType') IN (2, 10, 11, 12, 13))
    -- the window manager's and the font driver's
    AND coalesce(e.data ->> 'TargetUserSid', 'S-1-5-21-') NOT LIKE 'S-1-5-9%'
ORDER BY 1, 4, 10, 11;
DELETE FROM alive WHERE luid IS NULL
    OR EXISTS (SELECT 1 FROM logon l WHERE l.host_id = alive.host_id AND l.boot = alive.boot AND l.luid = alive.luid);
CREATE INDEX IF NOT EXISTS alive_luid ON alive(host_id, boot, luid, time);
-- One row a session. A 4634 alone may be a program's that was run as somebody (runas): it is a desktop's for sure where
-- the user asked for it (4647), where it was locked or reconnected, where Winlogon told of it too, or where no log
-- would have told.
CREATE TEMP TABLE IF NOT EXISTS older(host_id INTEGER, boot INTEGER, luid INTEGER, logon_type INTEGER, sid TEXT,
    user TEXT COLLATE NOCASE, domain TEXT COLLATE NOCASE, from_time INTEGER, to_time INTEGER, first INTEGER,
        last INTEGER, ends INTEGER, sure INTEGER);
INSERT INTO older
SELECT a.host_id, a.boot, a.luid, coalesce(max(CASE a.event_id WHEN 4634 THEN a.logon_type END), max(a.logon_type)),
    max(nullif(a.sid, 'S-1-0-0')), max(nullif(a.user, '-')), max(nullif(a.domain, '-')), min(o.time), max(a.time),
        min(a.id),
    max(a.id), max(a.event_id IN (4634, 4647)), max(a.event_id <> 4634 OR a.logon_type = 10)
FROM alive a JOIN first_logon o ON o.file_id = a.file_id AND o.boot = a.boot GROUP BY a.host_id, a.boot, a.luid;
UPDATE older SET sure = 1 WHERE NOT sure AND (
    EXISTS (SELECT 1 FROM notice n WHERE n.host_id = older.host_id AND n.what = 'off'
        AND (n.rank = 2 OR n.who = older.sid)
        AND n.time BETWEEN older.to_time - minutes(2) AND older.to_time + minutes(2))
    OR NOT EXISTS (SELECT 1 FROM log_span s JOIN computer c ON c.computer = s.computer AND c.host_id = older.host_id
        WHERE s.channel = 'System' AND s.first_time <= older.to_time AND s.last_time + hours(1) >= older.to_time));
INSERT INTO session(host_id, boot, luid, logon_type, user, domain, sid, from_time, to_time, file_id, file_off,
    end_file_id,
    end_file_off, ended, began)
SELECT o.host_id, o.boot, o.luid, o.logon_type, o.user, o.domain, o.sid, o.from_time, o.to_time, f.file_id,
    f.file_off, l.file_id,
    l.file_off, CASE WHEN NOT o.sure THEN NULL WHEN o.ends THEN 'logoff' ELSE 'sign' END, 'before'
FROM older o JOIN alive f ON f.id = o.first JOIN alive l ON l.id = o.last WHERE o.from_time < o.to_time
ORDER BY o.host_id, o.from_time, o.luid;

-- An unlock (logon type 7) of somebody of whom no session had begun in that boot: his session is older than the log.
CREATE INDEX IF NOT EXISTS session_sid ON session(host_id, sid, from_time);
INSERT INTO session(host_id, boot, logon_type, user, domain, sid, from_time, to_time, file_id, file_off, end_file_id,
    end_file_off,
    ended, began)
SELECT u.host_id, u.boot, 2, max(u.user), max(u.domain), u.sid, min(o.time), max(u.from_time), min(u.file_id),
    min(u.file_off),
    max(u.file_id), max(u.file_off), 'sign', 'before'
FROM session u JOIN first_logon o ON o.file_id = u.file_id AND o.boot = u.boot
WHERE u.logon_type = 7 AND u.sid LIKE 'S-1-%' AND NOT EXISTS (SELECT 1 FROM session s WHERE s.host_id = u.host_id
    AND s.sid = u.sid AND s.boot = u.boot AND s.logon_type IN (2, 10, 11, 12, 13) AND s.from_time <= u.from_time)
GROUP BY u.host_id, u.boot, u.sid HAVING min(o.time) < max(u.from_time) ORDER BY 1, 7, 6;

-- Winlogon notified of the end (7002), the session manager of its own (23), and of no beginning in that boot.
INSERT INTO session(host_id, boot, logon_type, user, domain, sid, ip, from_time, to_time, file_id, file_off,
    end_file_id, end_file_off,
    ended, began)
SELECT n.host_id, n.boot, n.logon_type, CASE n.rank WHEN 2 THEN account_of(n.who) END,
    CASE n.rank WHEN 2 THEN upper(domain_of(n.who)) END,
    CASE n.rank WHEN 1 THEN n.who END, n.ip, max(p.first_time, coalesce(b.from_time, p.first_time)), n.time,
        n.file_id, n.file_off,
    n.file_id, n.file_off, 'logoff', 'before'
FROM notice n JOIN (SELECT file_id, min(first_time) AS first_time, sum(gaps) AS gaps FROM log_span
    GROUP BY file_id) p ON p.file_id = n.file_id
    AND p.gaps IS NOT NULL AND p.gaps = 0
JOIN evidence e ON e.id = n.file_id AND e.state = 'read' AND coalesce(e.failed, 0) = 0
    AND coalesce(e.log_kind, 'original') NOT IN ('filtered', 'carved')
LEFT JOIN boot b ON b.host_id = n.host_id AND b.boot = n.boot
WHERE n.what = 'off' AND p.first_time < n.time AND coalesce(b.from_time, 0) <= p.first_time
    AND NOT EXISTS (SELECT 1 FROM notice o WHERE o.host_id = n.host_id AND o.rank = n.rank AND o.ts IS n.ts
        AND o.who IS n.who
        AND o.time <= n.time AND o.boot IS n.boot AND (o.what = 'on' OR o.time < n.time))
    AND NOT EXISTS (SELECT 1 FROM session s WHERE s.host_id = n.host_id AND s.logon_type IN (2, 10, 11, 12, 13)
        AND (n.rank = 2 OR s.sid IS n.who) AND s.to_time BETWEEN n.time - minutes(2) AND n.time + minutes(2))
ORDER BY n.host_id, n.time, n.file_id, n.file_off;
DELETE FROM first_logon; DELETE FROM alive; DELETE FROM older;
