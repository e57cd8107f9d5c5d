-- The logon attempt of a failure: the failed logon (4625) of its account that lies nearest, within five seconds, and of
-- the type that tasks (4) and services (5) use. '-' and no name at all stand for whoever it was.
-- value, win32, symbol: its SubStatus where that is not zero, else its Status.
CREATE TEMP TABLE IF NOT EXISTS tried(id INTEGER PRIMARY KEY, host_id INTEGER, logon_type INTEGER,
    account TEXT COLLATE NOCASE,
    domain TEXT COLLATE NOCASE, process TEXT COLLATE NOCASE, time INTEGER, file_id INTEGER, file_off INTEGER,
    value INTEGER, win32 INTEGER, symbol TEXT);
INSERT INTO tried
SELECT e.id, e.host_id, num(e.data ->> 'LogonType'), coalesce(account_of(e.data ->> 'TargetUserName'), '-'),
    nullif(nullif(e.data ->> 'TargetDomainName', '-'), ''), nullif(nullif(trim(e.data ->> 'LogonProcessName'), ''),
        '-'),
    e.time, e.file_id, e.file_off, x.value, x.win32, x.symbol
FROM event e LEFT JOIN error x ON x.id = (SELECT y.id FROM error y WHERE y.event = e.id
    AND y.field IN ('Status', 'SubStatus') ORDER BY y.field DESC LIMIT 1)
WHERE e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id = 4625 AND coalesce(e.recovered, 0) = 0
    AND e.host_id IS NOT NULL ORDER BY 2, 7, 1;
CREATE INDEX IF NOT EXISTS tried_account ON tried(host_id, logon_type, account, time);
CREATE INDEX IF NOT EXISTS tried_when ON tried(host_id, logon_type, time);
INSERT INTO attempt(failure, time, logon_type, account, domain, process, value, win32, symbol, file_id, file_off)
SELECT f.id, t.time, t.logon_type, t.account, t.domain, t.process, t.value, t.win32, t.symbol, t.file_id, t.file_off
FROM (SELECT f.id, CASE WHEN f.account > '' AND f.account NOT LIKE 'S-1-%' THEN coalesce(
            (SELECT t.id FROM tried t WHERE t.host_id = f.host_id AND t.logon_type = k.type AND t.account = f.account
                AND t.time BETWEEN f.time - seconds(5) AND f.time + seconds(5) ORDER BY t.time DESC, t.id LIMIT 1),
            (SELECT t.id FROM tried t WHERE t.host_id = f.host_id AND t.logon_type = k.type AND t.account = '-'
                AND t.time BETWEEN f.time - seconds(5) AND f.time + seconds(5) ORDER BY t.time DESC, t.id LIMIT 1))
        ELSE (SELECT t.id FROM tried t WHERE t.host_id = f.host_id AND t.logon_type = k.type
            AND t.time BETWEEN f.time - seconds(5) AND f.time + seconds(5)
                ORDER BY t.time DESC, t.id LIMIT 1) END AS tried
    FROM logon_failure f JOIN (SELECT 'task' AS kind, 4 AS type UNION ALL SELECT 'service', 5) k ON k.kind = f.kind
    WHERE f.sample) f JOIN tried t ON t.id = f.tried ORDER BY f.id;
DELETE FROM tried;
