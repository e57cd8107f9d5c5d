-- Shares: the server's name without backslashes. LogonId is the LUID of the caller.
CREATE TEMP TABLE IF NOT EXISTS smb(id INTEGER, host_id INTEGER, time INTEGER, event_id INTEGER,
    server TEXT COLLATE NOCASE, user TEXT COLLATE NOCASE, luid INTEGER, file_id INTEGER, file_off INTEGER,
    boot INTEGER, provider TEXT COLLATE NOCASE);
INSERT INTO smb
SELECT e.id, e.host_id, e.time, e.event_id, ltrim(coalesce(nullif(field(e.data, 'ServerName'), ''),
    nullif(field(e.data, 'ShareName'), '')), '\') AS server, nullif(field(e.data, 'UserName'), '') AS user,
    nullif(num(field(e.data, 'LogonId')), 0) AS luid, e.file_id, e.file_off, e.boot, e.provider FROM event e
WHERE e.provider = 'Microsoft-Windows-SMBClient' AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL
    AND e.event_id IN (30800, 30803, 30804, 30805, 30806, 30807, 30808, 30816, 30829, 31000, 31001, 31002, 31010,
        31013, 31014, 31015, 31017, 31020, 31023) ORDER BY 2, 3, 1;
INSERT INTO f
SELECT s.host_id, 'share', nullif(substr(s.server, 1, instr(s.server || '\', '\') - 1), ''), s.user,
    CASE s.event_id WHEN 31000 THEN 'AcquireCredentialsHandle' WHEN 31001 THEN 'InitializeSecurityContext' END,
    coalesce(a.win32, b.win32), coalesce(CASE WHEN a.win32 IS NOT NULL OR b.value IS NULL THEN a.value END, b.value),
        coalesce(CASE WHEN a.win32 IS NOT NULL OR b.value IS NULL THEN a.raw END, b.raw),
    coalesce(CASE WHEN a.win32 IS NOT NULL OR b.value IS NULL THEN a.symbol END, b.symbol), s.time, s.id, s.file_id,
        s.file_off, s.boot, s.provider, s.event_id, s.luid, NULL, NULL
FROM smb s LEFT JOIN error a ON a.event = s.id AND a.field = 'Status'
    LEFT JOIN error b ON b.event = s.id AND b.field = 'SecurityStatus'
WHERE s.event_id NOT IN (30806, 30808) AND (s.event_id NOT IN (30804, 30805, 30807) OR a.value IS NOT NULL);

-- What Offline Files met at a path, where it has the code of a logon (0x800704DD).
INSERT INTO f
SELECT e.host_id, 'share', nullif(substr(e.path, 3, instr(substr(e.path, 3) || '\', '\') - 1), ''), NULL, NULL, x.win32,
    x.value, x.raw, x.symbol, e.time, e.id, e.file_id, e.file_off, e.boot, e.provider, e.event_id, NULL, NULL, NULL
FROM (SELECT *, field(data, 'Path') AS path FROM event WHERE provider = 'Microsoft-Windows-OfflineFiles'
    AND event_id IN (1001, 2006) AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL) e
JOIN error x ON x.event = e.id AND x.field = 'ResultCode' AND code_in(x.win32, 'of-a-logon') WHERE e.path LIKE '\\%'
ORDER BY e.host_id, e.time, e.id;

-- BITS: the owner of a job comes from the event that created it.
CREATE TEMP TABLE IF NOT EXISTS job(host_id INTEGER, job TEXT COLLATE NOCASE, owner TEXT COLLATE NOCASE);
INSERT INTO job SELECT host_id, lower(field(data, 'jobId')) AS job, max(field(data, 'jobOwner')) AS owner FROM event
WHERE provider = 'Microsoft-Windows-Bits-Client' AND event_id = 3 AND coalesce(recovered, 0) = 0 GROUP BY 1, 2;
CREATE INDEX IF NOT EXISTS job_id ON job(host_id, job);
INSERT INTO f
SELECT e.host_id, 'bits', nullif(field(e.data, 'name'), ''), (SELECT j.owner FROM job j
    WHERE j.host_id = e.host_id AND j.job = lower(field(e.data, 'Id'))), NULL, x.win32, x.value, x.raw, x.symbol,
    e.time, e.id, e.file_id, e.file_off, e.boot, e.provider, e.event_id, NULL, NULL, NULL
FROM event e JOIN error x ON x.event = e.id AND x.field = 'hr' WHERE e.provider = 'Microsoft-Windows-Bits-Client'
    AND e.event_id IN (60, 61) AND e.host_id IS NOT NULL;

-- The domain: no controller, no secure channel, no policy.
INSERT INTO f
SELECT e.host_id, 'domain', coalesce(CASE WHEN e.provider = 'NETLOGON' THEN nullif(field(e.data,
    CASE e.event_id WHEN 5783 THEN 'param2' ELSE 'param1' END), '') END, h.domain), NULL, NULL,
    x.win32, x.value, x.raw, x.symbol, e.time, e.id, e.file_id, e.file_off, e.boot, e.provider, e.event_id, NULL,
        NULL, NULL
FROM event e JOIN host h ON h.id = e.host_id
LEFT JOIN error x ON x.id = (SELECT y.id FROM error y WHERE y.event = e.id
    ORDER BY y.win32 IS NULL, y.field = 'Binary', y.id LIMIT 1)
WHERE coalesce(e.recovered, 0) = 0 AND (e.provider = 'NETLOGON' AND e.event_id IN (3210, 5719, 5783)
    OR e.provider = 'Microsoft-Windows-GroupPolicy' AND e.event_id IN (1006, 1030, 1053, 1054, 1055, 1058, 1097,
        1110, 1129));
