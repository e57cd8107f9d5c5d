-- Logons: SubStatus when it is not zero, else Status. A failure a task or service already stands for is not told twice
-- (five seconds); names that exist nowhere, tried over the network in their hundreds, are noise and stay in v_event.
-- what else the event of a failure says
CREATE TEMP TABLE IF NOT EXISTS detail(event INTEGER PRIMARY KEY, words TEXT);
CREATE TEMP TABLE IF NOT EXISTS bad(id INTEGER PRIMARY KEY, host_id INTEGER, time INTEGER, logon_type INTEGER,
    account TEXT COLLATE NOCASE, domain TEXT COLLATE NOCASE, sid TEXT, file_id INTEGER, file_off INTEGER,
    boot INTEGER, provider TEXT COLLATE NOCASE, event_id INTEGER, win32 INTEGER, value INTEGER, raw, symbol TEXT,
    who TEXT COLLATE NOCASE, name TEXT COLLATE NOCASE);
INSERT INTO bad
SELECT b.*, account_of(nullif(account, '-')), coalesce(domain || '\', '') || nullif(account, '-') FROM (
    SELECT e.id, e.host_id, coalesce(e.time, (SELECT p.time FROM beside_it p WHERE p.event = e.id)) AS time,
        num(e.data ->> 'LogonType') AS logon_type,
        coalesce(nullif(e.data ->> 'TargetUserName', ''), '-') AS account,
        nullif(nullif(e.data ->> 'TargetDomainName', '-'), '') AS domain, e.data ->> 'TargetUserSid' AS sid,
        e.file_id, e.file_off, e.boot, e.provider, e.event_id, x.win32, x.value, x.raw, x.symbol
    FROM event e LEFT JOIN error x ON x.id = (SELECT y.id FROM error y WHERE y.event = e.id
        AND y.field IN ('Status', 'SubStatus') ORDER BY y.field DESC LIMIT 1)
    WHERE e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id = 4625 AND coalesce(e.recovered, 0) = 0
        AND e.host_id IS NOT NULL) b ORDER BY 1;
CREATE INDEX IF NOT EXISTS bad_of ON bad(host_id, logon_type, who, time);
CREATE INDEX IF NOT EXISTS bad_when ON bad(host_id, logon_type, time);
CREATE INDEX IF NOT EXISTS bad_who ON bad(host_id, account, time);
CREATE INDEX IF NOT EXISTS bad_place ON bad(file_id, file_off);
INSERT INTO detail
SELECT b.id, 'logon type ' || b.logon_type || coalesce(' by ' || nullif(nullif(e.data ->> 'ProcessName', '-'), ''), '')
    || coalesce(', status ' || lower(nullif(e.data ->> 'Status', '')), '')
    || CASE WHEN num(e.data ->> 'SubStatus') <> 0 THEN ', sub-status ' || lower(e.data ->> 'SubStatus') ELSE '' END
    || coalesce(', from ' || nullif(nullif(e.data ->> 'IpAddress', '-'), ''), '')
FROM bad b JOIN event e ON e.id = b.id WHERE b.logon_type IS NOT NULL;
-- Of the failure of a task or a service, its logon (bad): the failed one nearest in time, of the type that tasks (4)
-- and services (5) use, of its account in its domain. A namesake of another domain, or of this computer, is somebody
-- else. Where one of the two leaves account or domain open ('-' is whoever it was), that logon alone could be meant,
-- and nothing else that failed then could have made it.
CREATE TEMP TABLE IF NOT EXISTS told(f INTEGER PRIMARY KEY, logon_type INTEGER, host_id INTEGER, host TEXT,
    subject TEXT COLLATE NOCASE, account TEXT COLLATE NOCASE, name TEXT COLLATE NOCASE, time INTEGER,
    file_id INTEGER, file_off INTEGER, bad INTEGER);
INSERT INTO told
SELECT f, logon_type, host_id, host, subject, account_of(name), name, time, file_id, file_off, NULL FROM (
    SELECT p.rowid AS f, CASE p.kind WHEN 'service' THEN 5 ELSE 4 END AS logon_type, p.host_id, h.name AS host,
        p.subject,
        CASE WHEN p.principal LIKE 'S-1-%' THEN (SELECT c.domain || '\' || c.account FROM called c
            WHERE c.sid = p.principal) ELSE p.principal END AS name, p.time, p.file_id, p.file_off
    FROM f p JOIN host h ON h.id = p.host_id WHERE p.kind IN ('task', 'service')
        OR p.provider IN ('Microsoft-Windows-DistributedCOM', 'Microsoft-Windows-WAS'))
ORDER BY 1;        -- the account of a COM server or of an application pool logs on as a task's does
CREATE INDEX IF NOT EXISTS told_when ON told(host_id, logon_type, time);
CREATE INDEX IF NOT EXISTS told_place ON told(file_id, file_off);
-- It is a witness of that failure.
CREATE TEMP TABLE IF NOT EXISTS witness(f INTEGER, bad INTEGER);
CREATE INDEX IF NOT EXISTS witness_f ON witness(f);
INSERT INTO witness SELECT * FROM (SELECT t.f, coalesce(
    (SELECT id FROM (SELECT b.id, abs(b.time - t.time) AS far FROM bad b WHERE b.host_id = t.host_id
        AND b.logon_type = t.logon_type AND b.who = t.account
        AND b.time BETWEEN t.time - seconds(5) AND t.time + seconds(5)
        AND same_domain(b.name, t.name, t.host)) ORDER BY far, id LIMIT 1),
    (SELECT id FROM (SELECT b.id, abs(b.time - t.time) AS far FROM bad b WHERE b.host_id = t.host_id
        AND b.logon_type = t.logon_type AND b.time BETWEEN t.time - seconds(5) AND t.time + seconds(5)
        AND coalesce(b.who = t.account, 1) AND coalesce(same_domain(b.name, t.name, t.host), 1)
        AND NOT EXISTS (SELECT 1 FROM bad c WHERE c.host_id = b.host_id AND c.logon_type = b.logon_type
            AND c.time BETWEEN t.time - seconds(5) AND t.time + seconds(5)
            AND coalesce(c.who = t.account, 1) AND coalesce(same_domain(c.name, t.name, t.host), 1)
            AND (c.name IS NOT b.name OR c.value IS NOT b.value))
        AND NOT EXISTS (SELECT 1 FROM told o WHERE o.host_id = b.host_id AND o.logon_type = b.logon_type
            AND o.time BETWEEN b.time - seconds(5) AND b.time + seconds(5) AND o.subject IS NOT t.subject
            AND coalesce(b.who = o.account, 1) AND coalesce(same_domain(b.name, o.name, o.host), 1)
            AND NOT coalesce(o.account = t.account AND same_domain(o.name, t.name, o.host), 0))
        ) ORDER BY far, id LIMIT 1)) AS bad FROM told t) WHERE bad IS NOT NULL;
UPDATE told SET bad = (SELECT w.bad FROM witness w WHERE w.f = told.f) WHERE f IN (SELECT f FROM witness);
UPDATE f SET also = coalesce(also || ' ', '') || (SELECT printf('f%d:0x%x', b.file_id, b.file_off) FROM witness w
    JOIN bad b ON b.id = w.bad WHERE w.f = f.rowid) WHERE rowid IN (SELECT f FROM witness);
INSERT OR IGNORE INTO detail SELECT p.event, d.words FROM witness w JOIN f p ON p.rowid = w.f
    JOIN detail d ON d.event = w.bad
WHERE p.event IS NOT NULL;
CREATE TEMP TABLE IF NOT EXISTS noisy(host_id INTEGER);
INSERT INTO noisy SELECT host_id FROM bad WHERE win32 = 1317 AND logon_type IN (3, 8, 10) GROUP BY host_id
    HAVING count(DISTINCT account) > 100;

-- A batch or service logon whose task or service nothing else told of, because the log of its consumer does not reach
-- that moment: it is that of the only task or service of the account, and what names that one is cited beside it. Where
-- that log does reach it, it was no task, no service.
CREATE TEMP TABLE IF NOT EXISTS reached(host_id INTEGER, logon_type INTEGER, from_time INTEGER, to_time INTEGER);
INSERT INTO reached SELECT c.host_id, CASE s.channel WHEN 'System' THEN 5 ELSE 4 END, s.first_time,
    s.last_time + hours(1)
FROM log_span s JOIN computer c ON c.computer = s.computer
WHERE s.channel IN ('System', 'Microsoft-Windows-TaskScheduler/Operational');
CREATE INDEX IF NOT EXISTS reached_by ON reached(host_id, logon_type, from_time);
CREATE TEMP TABLE IF NOT EXISTS only_one(host_id INTEGER, host TEXT, logon_type INTEGER, account TEXT COLLATE NOCASE,
    name TEXT COLLATE NOCASE, subject TEXT COLLATE NOCASE, place TEXT,
    PRIMARY KEY(host_id, logon_type, account)) WITHOUT ROWID;
INSERT OR IGNORE INTO only_one SELECT s.host_id, h.name, 5, account_of(s.account), max(s.account), max(s.name),
    printf('f%d:0x%x', max(s.file_id), max(s.file_off))
    FROM service s JOIN host h ON h.id = s.host_id WHERE s.account > '' AND s.start < 4
    GROUP BY s.host_id, account_of(s.account) HAVING count(*) = 1 ORDER BY 1, 4;
INSERT OR IGNORE INTO only_one SELECT t.host_id, h.name, 4, t.account, coalesce(t.domain || '\', '') || t.account,
    t.path, printf('f%d:0x%x', t.file_id, t.file_off)
    FROM only_task t JOIN host h ON h.id = t.host_id WHERE t.account > '' ORDER BY 1, 4;

INSERT INTO f
SELECT b.host_id, CASE WHEN o.subject IS NULL THEN 'logon' WHEN b.logon_type = 4 THEN 'task' ELSE 'service' END,
    coalesce(o.subject, b.account), coalesce(b.domain || '\', '') || b.account, 'logon type ' || b.logon_type, b.win32,
    b.value, b.raw, b.symbol, b.time, b.id, b.file_id, b.file_off, b.boot, b.provider, b.event_id, NULL,
    o.place, CASE WHEN b.sid LIKE 'S-1-5-21-%' OR b.sid LIKE 'S-1-12-%' THEN b.sid END
FROM bad b LEFT JOIN only_one o ON o.host_id = b.host_id AND o.logon_type = b.logon_type AND o.account = b.who
    AND coalesce(same_domain(o.name, b.name, o.host), 1)
    AND NOT EXISTS (SELECT 1 FROM reached r WHERE r.host_id = b.host_id AND r.logon_type = b.logon_type
        AND r.from_time <= b.time AND r.to_time >= b.time)
WHERE NOT EXISTS (SELECT 1 FROM told p LEFT JOIN bad x ON x.id = p.bad WHERE p.host_id = b.host_id
        AND p.logon_type = b.logon_type AND p.time BETWEEN b.time - seconds(5) AND b.time + seconds(5)
        AND (x.name IS b.name AND x.id IS NOT NULL OR b.who IS NULL
            OR p.account = b.who AND same_domain(p.name, b.name, p.host)))
    AND NOT (b.win32 = 1317 AND b.logon_type IN (3, 8, 10) AND b.host_id IN (SELECT host_id FROM noisy));

-- Refusals at the key distribution centre (4768, 4769, 4771) and of NTLM (4776), on the computer that refused. Those
-- that are a step of an ordinary exchange (0x19, 0x1B, 0x20, 0x22, 0x34) are none. One that a failed logon of the same
-- account on the same host stands for (two seconds) is its witness.
CREATE TEMP TABLE IF NOT EXISTS kdc(id INTEGER PRIMARY KEY, event INTEGER, host_id INTEGER, time INTEGER,
    account TEXT COLLATE NOCASE, domain TEXT COLLATE NOCASE, origin TEXT, provider TEXT COLLATE NOCASE,
        event_id INTEGER, boot INTEGER,
    win32 INTEGER, value INTEGER, raw TEXT, symbol TEXT, file_id INTEGER, file_off INTEGER);
INSERT INTO kdc(event, host_id, time, account, domain, origin, provider, event_id, boot, win32, value, raw, symbol,
    file_id, file_off)
SELECT e.id, e.host_id, e.time,
    coalesce(nullif(account_of(coalesce(e.data ->> 'TargetUserName', e.data ->> 'AccountName')), ''), '-'),
    coalesce(nullif(e.data ->> 'TargetDomainName', ''), domain_of(e.data ->> 'TargetUserName')),
    coalesce(e.data ->> 'IpAddress', e.data ->> 'Workstation', e.data ->> 'DeviceName'), e.provider, e.event_id,
    e.boot, x.win32, x.value, x.raw,
    x.symbol, e.file_id, e.file_off
FROM event e JOIN error x ON x.event = e.id AND x.field = 'Status'
WHERE e.provider = 'Microsoft-Windows-Security-Auditing'
    AND e.event_id IN (4768, 4769, 4771, 4776, 4820, 4821, 4822, 4823, 4824)
    AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL AND x.value NOT IN (0x19, 0x1B, 0x20, 0x22, 0x34)
    AND (e.event_id <> 4769 OR x.value <> 0x7)
UNION ALL
SELECT NULL, d.host_id, d.first_time, coalesce(nullif(account_of(d.key ->> 'TargetUserName'), ''), '-'),
    coalesce(d.key ->> 'TargetDomainName', domain_of(d.key ->> 'TargetUserName')),
    coalesce(d.key ->> 'IpAddress', d.key ->> 'Workstation'), d.provider, d.event_id,
    (SELECT s.boot FROM span s WHERE s.host_id = d.host_id AND s.from_time <= d.first_time
        ORDER BY s.from_time DESC LIMIT 1),
    CASE d.event_id WHEN 4776 THEN win32of(d.key ->> 'Status', 'ntstatus') END, num(d.key ->> 'Status'),
        d.key ->> 'Status',
    CASE d.event_id WHEN 4776 THEN (SELECT s.symbol FROM symbol s WHERE s.value = num(d.key ->> 'Status'))
        ELSE (SELECT c.symbol FROM kb_code c WHERE c.space = 'kerberos' AND c.value = num(d.key ->> 'Status')) END,
    d.file_id, d.file_off
FROM fold d WHERE d.provider = 'Microsoft-Windows-Security-Auditing' AND d.event_id IN (4768, 4769, 4776)
    AND d.host_id IS NOT NULL AND num(d.key ->> 'Status') NOT IN (0, 0x7, 0x19, 0x1B, 0x20, 0x22, 0x34)
ORDER BY 2, 3, 14, 15;
-- What an authentication policy or the group of protected users refused (4820 to 4824), 4768 to 4776 say again.
CREATE INDEX IF NOT EXISTS kdc_who ON kdc(host_id, account, time);
CREATE TEMP TABLE IF NOT EXISTS kdc_again(id INTEGER PRIMARY KEY, other INTEGER);
INSERT INTO kdc_again SELECT id, other FROM (SELECT k.id, (SELECT o.id FROM kdc o WHERE o.host_id = k.host_id
        AND o.account = k.account AND o.time BETWEEN k.time - seconds(2) AND k.time + seconds(2)
        AND o.event_id NOT BETWEEN 4820 AND 4824 ORDER BY o.id LIMIT 1) AS other
    FROM kdc k WHERE k.event_id BETWEEN 4820 AND 4824) WHERE other IS NOT NULL;
CREATE TEMP TABLE IF NOT EXISTS kdc_told(id INTEGER PRIMARY KEY, bad INTEGER);
INSERT INTO kdc_told SELECT id, bad FROM (SELECT k.id, (SELECT b.id FROM bad b WHERE b.host_id = k.host_id
        AND b.account = k.account AND b.time BETWEEN k.time - seconds(2) AND k.time + seconds(2)
        AND coalesce(same_domain(b.name, coalesce(k.domain || '\', '') || k.account, h.name), 1)
        ORDER BY b.time, b.id LIMIT 1) AS bad FROM kdc k JOIN host h ON h.id = k.host_id)
WHERE bad IS NOT NULL;
CREATE INDEX IF NOT EXISTS kdc_told_bad ON kdc_told(bad);
INSERT INTO witness SELECT rowid, event FROM f WHERE event_id = 4625 AND event IN (SELECT bad FROM kdc_told);

UPDATE f SET also = coalesce(also || ' ', '') || (SELECT group_concat(place, ' ') FROM (
        SELECT printf('f%d:0x%x', k.file_id, k.file_off) AS place FROM witness w JOIN kdc_told t ON t.bad = w.bad
        JOIN kdc k ON k.id = t.id WHERE w.f = f.rowid ORDER BY k.id LIMIT 16))
WHERE rowid IN (SELECT w.f FROM witness w JOIN kdc_told t ON t.bad = w.bad);
DELETE FROM kdc WHERE id IN (SELECT id FROM kdc_told);
DELETE FROM kdc_again WHERE other NOT IN (SELECT id FROM kdc);
DELETE FROM noisy;
INSERT INTO noisy SELECT host_id FROM kdc WHERE value IN (0x6, 0xC0000064) GROUP BY host_id
    HAVING count(DISTINCT account) > 100;
INSERT OR IGNORE INTO detail
SELECT event, CASE event_id WHEN 4768 THEN 'Kerberos ticket-granting ticket refused'
    WHEN 4769 THEN 'Kerberos service ticket refused'
        WHEN 4820 THEN 'Kerberos ticket-granting ticket refused by an authentication policy'
        WHEN 4821 THEN 'Kerberos service ticket refused by an authentication policy'
        WHEN 4824 THEN 'Kerberos pre-authentication refused to a protected user'
        WHEN 4771 THEN 'Kerberos pre-authentication refused' ELSE 'NTLM refused' END
    || coalesce(', from ' || nullif(nullif(origin, '-'), ''), '') FROM kdc WHERE event IS NOT NULL;
INSERT INTO f
SELECT host_id, 'logon', account, coalesce(domain || '\', '') || account,
    CASE WHEN event_id IN (4776, 4822, 4823) THEN 'NTLM' ELSE 'Kerberos' END,
    win32, value, raw, symbol, time, event, file_id, file_off, boot, provider, event_id, NULL,
    (SELECT group_concat(printf('f%d:0x%x', o.file_id, o.file_off), ' ') FROM kdc_again g JOIN kdc o ON o.id = g.id
        WHERE g.other = kdc.id), NULL
FROM kdc WHERE id NOT IN (SELECT id FROM kdc_again)
    AND NOT (value IN (0x6, 0xC0000064) AND host_id IN (SELECT host_id FROM noisy));
-- An authentication that this host began itself and a server or a domain controller refused, with its reason (LSASRV
-- 40960). One that found no domain controller is none, nor what a share, a task or a service tells of in those seconds.
CREATE INDEX IF NOT EXISTS f_when ON f(host_id, win32, time);
INSERT INTO f
SELECT e.host_id, 'logon', coalesce(nullif(e.data ->> 'Target', ''), 'LSA'), NULL, nullif(e.data ->> 'Protocol', ''),
    x.win32, x.value, x.raw, x.symbol, e.time, e.id, e.file_id, e.file_off, e.boot, e.provider, e.event_id, NULL, NULL,
    NULL
FROM event e JOIN error x ON x.event = e.id AND x.field = 'Error' AND code_in(x.win32, 'of-a-logon')
    AND NOT code_in(x.win32, 'no-controller')
WHERE e.provider = 'LsaSrv' AND e.event_id = 40960 AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM f o WHERE o.host_id = e.host_id AND o.kind IN ('share', 'task', 'service', 'logon')
        AND o.time BETWEEN e.time - seconds(5) AND e.time + seconds(5) AND o.win32 IS x.win32)
ORDER BY e.host_id, e.time, e.id;
DELETE FROM witness; DELETE FROM reached; DELETE FROM only_one; DELETE FROM kdc; DELETE FROM kdc_told;
DELETE FROM kdc_again;
