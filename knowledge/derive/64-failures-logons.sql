-- Logons: SubStatus when it is not zero, else Status. A failure a task or service already stands for is not told twice (five seconds);
-- names that exist nowhere, tried over the network in their hundreds, are noise and stay in v_event.
CREATE TEMP TABLE IF NOT EXISTS told(kind TEXT, host_id INTEGER, account TEXT COLLATE NOCASE, time INTEGER);
INSERT INTO told SELECT kind, host_id, account_of(principal) AS account, time FROM f WHERE kind IN ('task', 'service');
CREATE INDEX IF NOT EXISTS told_of ON told(kind, host_id, account, time);
CREATE TEMP TABLE IF NOT EXISTS bad(id INTEGER, host_id INTEGER, time INTEGER, logon_type INTEGER,
    account TEXT COLLATE NOCASE, domain TEXT COLLATE NOCASE, sid TEXT, file_id INTEGER, file_off INTEGER,
    boot INTEGER, provider TEXT COLLATE NOCASE, event_id INTEGER, win32 INTEGER, value INTEGER, raw, symbol TEXT);
INSERT INTO bad
SELECT e.id, e.host_id, e.time, num(e.data ->> 'LogonType') AS logon_type, coalesce(nullif(e.data ->> 'TargetUserName', ''), '-') AS account,
    nullif(nullif(e.data ->> 'TargetDomainName', '-'), '') AS domain, e.data ->> 'TargetUserSid' AS sid, e.file_id, e.file_off, e.boot, e.provider, e.event_id,
    x.win32, x.value, x.raw, x.symbol
FROM event e LEFT JOIN error x ON x.id = (SELECT y.id FROM error y WHERE y.event = e.id AND y.field IN ('Status', 'SubStatus') ORDER BY y.field DESC LIMIT 1)
WHERE e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id = 4625 AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL ORDER BY 2, 3, 1;
CREATE INDEX IF NOT EXISTS bad_of ON bad(host_id, logon_type, account COLLATE NOCASE, time);
UPDATE f SET also = coalesce(also || ' ', '') || b.id FROM (        -- the nearest one of the account behind the task or service is cited beside it
    SELECT p.rowid AS f, (SELECT printf('f%d:0x%x', b.file_id, b.file_off) FROM bad b WHERE b.host_id = p.host_id AND b.logon_type = CASE p.kind WHEN 'task' THEN 4 ELSE 5 END
        AND b.account = account_of(p.principal) COLLATE NOCASE AND b.time BETWEEN p.time - 50000000 AND p.time + 50000000 ORDER BY b.time, b.id LIMIT 1) AS id
    FROM f p WHERE p.kind IN ('task', 'service') AND p.principal IS NOT NULL AND p.event_id IS NOT NULL) b WHERE b.f = f.rowid AND b.id IS NOT NULL;
CREATE TEMP TABLE IF NOT EXISTS noisy(host_id INTEGER);
INSERT INTO noisy SELECT host_id FROM bad WHERE win32 = 1317 AND logon_type IN (3, 8, 10) GROUP BY host_id HAVING count(DISTINCT account COLLATE NOCASE) > 100;
INSERT INTO f
SELECT b.host_id, 'logon', b.account, coalesce(b.domain || '\', '') || b.account, 'logon type ' || b.logon_type, b.win32, b.value, b.raw, b.symbol, b.time, b.id, b.file_id, b.file_off, b.boot, b.provider, b.event_id,
    NULL, NULL, CASE WHEN b.sid LIKE 'S-1-5-21-%' OR b.sid LIKE 'S-1-12-%' THEN b.sid END
FROM bad b WHERE NOT EXISTS (SELECT 1 FROM told p WHERE p.kind = CASE b.logon_type WHEN 4 THEN 'task' WHEN 5 THEN 'service' END AND p.host_id = b.host_id AND p.account = account_of(b.account)
        AND p.time BETWEEN b.time - 50000000 AND b.time + 50000000)
    AND NOT EXISTS (SELECT 1 FROM told p WHERE p.kind = CASE b.logon_type WHEN 4 THEN 'task' WHEN 5 THEN 'service' END AND p.host_id = b.host_id AND p.account IS NULL
        AND p.time BETWEEN b.time - 50000000 AND b.time + 50000000)
    AND NOT (b.win32 = 1317 AND b.logon_type IN (3, 8, 10) AND b.host_id IN (SELECT host_id FROM noisy));

-- Whose SID a principal is: well-known, literal, a local account, or a name that only one SID goes by.
CREATE TEMP TABLE IF NOT EXISTS principal(host_id INTEGER, principal TEXT COLLATE NOCASE, sid TEXT, PRIMARY KEY(host_id, principal)) WITHOUT ROWID;
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
