-- Logon sessions. LUIDs are unique within one boot only; indexes begin with them, which tell most rows apart. A session
-- without a recorded end ended with its boot at the latest.

-- Every 4624 and the first of every fold, decoded once.
CREATE TEMP TABLE IF NOT EXISTS logon(host_id INTEGER, boot INTEGER, luid INTEGER, time INTEGER, file_id INTEGER,
    file_off INTEGER, folded INTEGER, logon_type INTEGER, user TEXT COLLATE NOCASE, domain TEXT COLLATE NOCASE,
    sid TEXT, process TEXT, package TEXT, key_length INTEGER, ip TEXT, linked INTEGER, last_time INTEGER,
    last_off INTEGER, net_user TEXT COLLATE NOCASE, n INTEGER, until INTEGER);
INSERT INTO logon
SELECT host_id, boot, num(data ->> 'TargetLogonId'), time, file_id, file_off, folded, num(data ->> 'LogonType'),
    data ->> 'TargetUserName', data ->> 'TargetDomainName',
    nullif(data ->> 'TargetUserSid', 'S-1-0-0'), nullif(nullif(data ->> 'ProcessName', '-'), ''),
    nullif(data ->> 'AuthenticationPackageName', '-'), num(data ->> 'KeyLength'),
    nullif(nullif(data ->> 'IpAddress', '-'), ''), nullif(num(data ->> 'TargetLinkedLogonId'), 0),
    last_time, last_off,
    CASE WHEN num(data ->> 'LogonType') = 9 THEN account_of(nullif(data ->> 'TargetOutboundUserName', '-')) END,
    CASE WHEN data IS NOT NULL THEN n END, until
FROM (SELECT host_id, boot, time, file_id, file_off, 0 AS folded, data, NULL AS last_time, NULL AS last_off, 1 AS n,
        time AS until FROM event
    WHERE provider = 'Microsoft-Windows-Security-Auditing' AND event_id = 4624 AND coalesce(recovered, 0) = 0
        AND host_id IS NOT NULL
    UNION ALL
    SELECT f.host_id, (SELECT s.boot FROM span s WHERE s.host_id = f.host_id AND s.from_time <= f.first_time
        ORDER BY s.from_time DESC LIMIT 1), f.first_time, f.file_id, f.file_off, 1, f.data,
        CASE WHEN f.n > 1 AND f.last_off IS NOT NULL THEN f.last_time END, f.last_off, f.n, f.last_time FROM fold f
    WHERE f.provider = 'Microsoft-Windows-Security-Auditing' AND f.event_id = 4624 AND f.host_id IS NOT NULL);
-- Summed up by who and how; and what was refused, why. A record without data says of nobody that he did.
INSERT INTO logon_sum(host_id, event_id, domain, account, type, n, first_time, last_time)
SELECT host_id, 4624, max(domain), max(user), logon_type, sum(n), min(time), max(until) FROM logon
WHERE n IS NOT NULL GROUP BY host_id, domain, user, logon_type ORDER BY 1, 3, 4, 5;
INSERT INTO logon_sum(host_id, event_id, domain, account, type, code, n, first_time, last_time)
SELECT host_id, event_id, max(domain), max(account), type, code, sum(n), min(time), max(until)
FROM (SELECT host_id, event_id, data ->> 'TargetDomainName' AS domain, data ->> 'TargetUserName' AS account,
        num(data ->> 'LogonType') AS type, n, time, until,
        CASE event_id WHEN 4625 THEN lower(CASE WHEN trim(lower(data ->> 'SubStatus'), '0x') <> ''
            THEN data ->> 'SubStatus' ELSE data ->> 'Status' END) END AS code
    FROM (SELECT host_id, event_id, data, 1 AS n, time, time AS until FROM event
            WHERE provider = 'Microsoft-Windows-Security-Auditing' AND event_id IN (4624, 4625)
                AND coalesce(recovered, 0) = 0 AND (event_id = 4625 OR host_id IS NULL)
        UNION ALL SELECT host_id, event_id, data, n, first_time, last_time FROM fold
            WHERE provider = 'Microsoft-Windows-Security-Auditing' AND event_id IN (4624, 4625)
                AND (event_id = 4625 OR host_id IS NULL))
    WHERE data IS NOT NULL)
GROUP BY host_id, event_id, domain COLLATE NOCASE, account COLLATE NOCASE, type, code ORDER BY 1, 2, 3, 4, 5, 6;
CREATE INDEX IF NOT EXISTS logon_luid ON logon(luid, host_id, boot, time, folded, file_id, file_off);
CREATE TEMP TABLE IF NOT EXISTS closed(id INTEGER PRIMARY KEY, host_id INTEGER, boot INTEGER, luid INTEGER,
    time INTEGER, file_id INTEGER, file_off INTEGER);
INSERT INTO closed(host_id, boot, luid, time, file_id, file_off)
SELECT * FROM (
    SELECT host_id, boot, num(data ->> 'TargetLogonId') AS luid, time, file_id, file_off FROM event
    WHERE provider = 'Microsoft-Windows-Security-Auditing' AND event_id IN (4634, 4647) AND coalesce(recovered, 0) = 0
    UNION ALL
    SELECT f.host_id, (SELECT s.boot FROM span s WHERE s.host_id = f.host_id AND s.from_time <= f.first_time
        ORDER BY s.from_time DESC LIMIT 1),
        num(field(f.data, 'TargetLogonId')), f.first_time, f.file_id, f.file_off FROM fold f
            WHERE f.provider = 'Microsoft-Windows-Security-Auditing' AND f.event_id = 4634)
WHERE luid IS NOT NULL AND host_id IS NOT NULL AND boot IS NOT NULL ORDER BY 1, 2, 3, 4, 5, 6;
CREATE INDEX IF NOT EXISTS closed_luid ON closed(luid, host_id, boot, time);

-- Of one LUID the first counts.
INSERT INTO session(host_id, boot, luid, logon_type, user, domain, sid, process, package, key_length, ip, from_time,
    to_time, file_id, file_off, end_file_id, end_file_off, ended, linked, folded, net_user)
SELECT l.host_id, l.boot, l.luid, l.logon_type, nullif(l.user, '-'), nullif(l.domain, '-'), l.sid, l.process,
    l.package, l.key_length, l.ip,
    l.time, coalesce(c.time, b.to_time), l.file_id, l.file_off,
    CASE WHEN c.time IS NULL THEN b.end_file_id ELSE c.file_id END,
    CASE WHEN c.time IS NULL THEN b.end_file_off ELSE c.file_off END,
    CASE WHEN c.time IS NOT NULL THEN 'logoff' WHEN b.to_time IS NOT NULL THEN 'boot' END, l.linked, l.folded,
    l.net_user
FROM logon l LEFT JOIN boot b ON b.host_id = l.host_id AND b.boot = l.boot
LEFT JOIN closed c ON c.id = (SELECT c.id FROM closed c WHERE c.host_id = l.host_id AND c.boot = l.boot
    AND c.luid = l.luid AND c.time >= l.time ORDER BY c.time, c.id LIMIT 1)
WHERE l.luid IS NOT NULL AND l.time IS NOT NULL AND NOT EXISTS (SELECT 1 FROM logon e WHERE e.host_id = l.host_id
    AND e.boot IS l.boot AND e.luid = l.luid
    AND (e.time, e.folded, e.file_id, e.file_off) < (l.time, l.folded, l.file_id, l.file_off))
ORDER BY l.host_id, l.time, l.luid;

-- Where Security says nothing: Winlogon's notifications (7001, 7002), then the session manager's (21, 23). These know
-- no LUID.
CREATE TEMP TABLE IF NOT EXISTS notice(host_id INTEGER, boot INTEGER, what TEXT, ts INTEGER,
    who TEXT COLLATE NOCASE, logon_type INTEGER, ip TEXT, time INTEGER, file_id INTEGER, file_off INTEGER,
        rank INTEGER);
INSERT INTO notice
SELECT host_id, boot, CASE event_id WHEN 7001 THEN 'on' ELSE 'off' END AS what, num(field(data, 'TSId')) AS ts,
    field(data, 'UserSid') AS who, 2 AS logon_type, NULL AS ip,
    time, file_id, file_off, 1 AS rank FROM event
WHERE provider = 'Microsoft-Windows-Winlogon' AND event_id IN (7001, 7002) AND coalesce(recovered, 0) = 0
    AND host_id IS NOT NULL
UNION ALL
SELECT host_id, boot, CASE event_id WHEN 21 THEN 'on' ELSE 'off' END, num(field(data, 'SessionID')),
    lower(field(data, 'User')),
    CASE WHEN coalesce(field(data, 'Address'), 'LOCAL') IN ('', 'LOCAL', 'LOKAL') THEN 2 ELSE 10 END,
        nullif(nullif(field(data, 'Address'), 'LOCAL'), ''), time, file_id, file_off, 2 FROM event
WHERE provider = 'Microsoft-Windows-TerminalServices-LocalSessionManager' AND event_id IN (21, 23)
    AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL
ORDER BY 1, 8, 9, 10;
CREATE INDEX IF NOT EXISTS notice_who ON notice(host_id, rank, what, ts, who, time);
CREATE INDEX IF NOT EXISTS session_luid ON session(luid, host_id, boot, from_time);
CREATE INDEX IF NOT EXISTS session_when ON session(host_id, from_time);
CREATE TEMP TABLE IF NOT EXISTS shown(host_id INTEGER, boot INTEGER, what TEXT, ts INTEGER, who TEXT COLLATE NOCASE,
    logon_type INTEGER, ip TEXT, time INTEGER, file_id INTEGER, file_off INTEGER, rank INTEGER, to_time INTEGER,
    end_file_id INTEGER, end_file_off INTEGER, ended TEXT);
INSERT INTO shown
SELECT n.*, coalesce(f.time, b.to_time), CASE WHEN f.time IS NULL THEN b.end_file_id ELSE f.file_id END,
    CASE WHEN f.time IS NULL THEN b.end_file_off ELSE f.file_off END,
    CASE WHEN f.time IS NOT NULL THEN 'logoff' WHEN b.to_time IS NOT NULL THEN 'boot' END
FROM notice n LEFT JOIN boot b ON b.host_id = n.host_id AND b.boot = n.boot
LEFT JOIN notice f ON f.host_id = n.host_id AND f.rank = n.rank AND f.what = 'off' AND f.ts IS n.ts AND f.who IS n.who
    AND f.time = (SELECT min(g.time) FROM notice g WHERE g.host_id = n.host_id AND g.rank = n.rank AND g.what = 'off'
        AND g.ts IS n.ts AND g.who IS n.who AND g.time >= n.time) AND f.boot IS n.boot
WHERE n.what = 'on' ORDER BY n.host_id, n.time, n.file_id, n.file_off;
INSERT INTO session(host_id, boot, logon_type, user, domain, sid, ip, from_time, to_time, file_id, file_off,
    end_file_id, end_file_off, ended)
SELECT n.host_id, n.boot, n.logon_type, NULL, NULL, n.who, n.ip, n.time, n.to_time, n.file_id,
    n.file_off, n.end_file_id, n.end_file_off, n.ended
FROM shown n
WHERE n.rank = 1 AND NOT EXISTS (SELECT 1 FROM session s WHERE s.host_id = n.host_id
    AND s.from_time BETWEEN n.time - minutes(2) AND n.time + minutes(2)
    AND s.logon_type IN (2, 10, 11, 12, 13) AND s.sid IS n.who) ORDER BY n.host_id, n.time, n.file_id, n.file_off;
INSERT INTO session(host_id, boot, logon_type, user, domain, sid, ip, from_time, to_time, file_id, file_off,
    end_file_id, end_file_off, ended)
SELECT n.host_id, n.boot, n.logon_type, account_of(n.who), upper(domain_of(n.who)), NULL, n.ip, n.time, n.to_time,
    n.file_id, n.file_off, n.end_file_id, n.end_file_off, n.ended
FROM shown n
WHERE n.rank = 2 AND NOT EXISTS (SELECT 1 FROM session s WHERE s.host_id = n.host_id
    AND s.from_time BETWEEN n.time - minutes(2) AND n.time + minutes(2)
    AND s.logon_type IN (2, 10, 11, 12, 13)) ORDER BY n.host_id, n.time, n.file_id, n.file_off;
