-- What applications tell of stored credentials and sign-ins.
-- Credential Manager answered a session that has no credential set (5379, 5382 with 0xC000005F). luid: whose.
-- Not found (0xC0000225) is what a look-up ordinarily answers, and no failure.
INSERT INTO f(host_id, kind, subject, principal, call, win32, value, raw, symbol, time, event, file_id, file_off, boot,
    provider, event_id, luid, sid)
SELECT e.host_id, 'application',
    coalesce(nullif(e.data ->> 'TargetName', ''), nullif(e.data ->> 'Resource', ''), 'Credential Manager'),
    coalesce(nullif(e.data ->> 'SubjectDomainName', '-') || '\', '') || (e.data ->> 'SubjectUserName'), NULL,
    x.win32, x.value, x.raw, x.symbol, e.time, e.id, e.file_id, e.file_off, e.boot, e.provider, e.event_id,
    nullif(num(e.data ->> 'SubjectLogonId'), 0), nullif(e.data ->> 'SubjectUserSid', '-')
FROM event e JOIN error x ON x.event = e.id AND x.field = 'ReturnCode' AND x.win32 = 1312
WHERE e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id IN (5379, 5382)
    AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL;

-- Sign-in of applications by the token broker: Microsoft Entra (AAD 1098).
INSERT INTO f(host_id, kind, subject, principal, call, win32, value, raw, symbol, time, event, file_id, file_off, boot,
    provider, event_id)
SELECT e.host_id, 'application', e.provider, NULL, NULL, x.win32, x.value, x.raw, x.symbol, e.time, e.id, e.file_id,
    e.file_off, e.boot, e.provider, e.event_id
FROM event e JOIN error x ON x.event = e.id AND x.field = 'Error' AND code_in(x.win32, 'of-a-logon')
WHERE e.provider = 'Microsoft-Windows-AAD' AND e.event_id = 1098 AND coalesce(e.recovered, 0) = 0
    AND e.host_id IS NOT NULL;

-- A COM server (param4) whose account could not log on.
INSERT INTO f(host_id, kind, subject, principal, call, win32, value, raw, symbol, time, event, file_id, file_off, boot,
    provider, event_id)
SELECT e.host_id, 'application', coalesce(nullif(e.data ->> 'param4', ''), 'a COM server'),
    coalesce(nullif(e.data ->> 'param2', '') || '\', '') || (e.data ->> 'param3'), NULL,
    x.win32, x.value, x.raw, x.symbol, e.time, e.id, e.file_id, e.file_off, e.boot, e.provider, e.event_id
FROM event e LEFT JOIN error x ON x.event = e.id AND x.field = 'param1'
WHERE e.provider = 'Microsoft-Windows-DistributedCOM' AND e.event_id = 10004 AND coalesce(e.recovered, 0) = 0
    AND e.host_id IS NOT NULL;

-- A web application pool whose account could not log on (5021), and which was disabled for it (5057).
INSERT INTO f(host_id, kind, subject, principal, call, win32, value, raw, symbol, time, event, file_id, file_off, boot,
    provider, event_id)
SELECT e.host_id, 'application', coalesce(nullif(e.data ->> 'AppPoolID', ''), 'an application pool'), NULL, NULL,
    x.win32, x.value, x.raw, x.symbol, e.time, e.id, e.file_id, e.file_off, e.boot, e.provider, e.event_id
FROM event e LEFT JOIN error x ON x.event = e.id AND x.field = 'Binary'
WHERE e.provider = 'Microsoft-Windows-WAS' AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL
    AND (e.event_id = 5021 OR e.event_id = 5057 AND NOT EXISTS (SELECT 1 FROM event w WHERE w.provider = e.provider
        AND w.event_id = 5021 AND w.host_id = e.host_id AND w.data ->> 'AppPoolID' = e.data ->> 'AppPoolID'
        AND w.time BETWEEN e.time - days(1) AND e.time));

-- Codes of a logon in the text of any program's error in the Application log, and in errors of PowerShell (4100, 4103).
-- Spellings: HRESULT and NTSTATUS, as hexadecimal and as signed or unsigned decimal; the symbol; the number that .NET,
-- Python, Rust and a domain controller's LDAP tell beside words of their own; that behind "error", in any way to write
-- it (not of MsiInstaller, whose numbers are its own), and 0x52e; the errors of Kerberos by name; the English words of
-- the system for the commonest. A text of digits that goes on, or is part of a GUID, is no code. lead: what a text must
-- hold before such spellings are looked for. Of the knowledge alone: filled once.
CREATE TEMP TABLE IF NOT EXISTS a_lead(lead TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT OR IGNORE INTO a_lead VALUES (''), ('error'), ('0x'), ('_err_');
CREATE TEMP TABLE IF NOT EXISTS a_spelled(token TEXT PRIMARY KEY, value INTEGER, win32 INTEGER, lead TEXT DEFAULT '')
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS temp.a_spelled_lead ON a_spelled(lead);
INSERT OR IGNORE INTO a_spelled(token, value, win32, lead)
SELECT printf(t.column1, f.value), f.value, f.value, t.column2
FROM kb_code_family f, (VALUES ('error %d', 'error'), ('error: %d', 'error'), ('error code %d', 'error'),
    ('error code: %d', 'error'), ('error code = %d', 'error'), ('errorcode %d', 'error'), ('errorcode: %d', 'error'),
    ('errorcode=%d', 'error'), ('nativeerrorcode %d', 'error'),
    ('nativeerrorcode: %d', 'error'), ('nativeerrorcode : %d', 'error'), ('nativeerrorcode=%d', 'error'),
    ('nativeerrorcode = %d', 'error'), ('0x%x', '0x'), ('0x%08x', '0x')) t
WHERE f.family = 'of-a-logon' AND f.value > 999 AND NOT EXISTS (SELECT 1 FROM a_spelled)
UNION ALL SELECT lower(k.symbol), k.value, NULL, '_err_' FROM kb_code k WHERE k.space = 'kerberos'
    AND k.value NOT IN (0x7, 0x19, 0x1B, 0x20, 0x22, 0x34) AND NOT EXISTS (SELECT 1 FROM a_spelled);
INSERT OR IGNORE INTO a_spelled(token, value, win32)
WITH c(win32) AS (SELECT value FROM kb_code_family WHERE family = 'of-a-logon'
    AND NOT EXISTS (SELECT 1 FROM a_spelled WHERE lead = ''))
SELECT printf('%08x', 2147942400 + win32), 2147942400 + win32, win32 FROM c
UNION ALL SELECT CAST(2147942400 + win32 AS TEXT), 2147942400 + win32, win32 FROM c
UNION ALL SELECT CAST(2147024896 - win32 AS TEXT), 2147942400 + win32, win32 FROM c
UNION ALL SELECT printf('%08x', k.value), k.value, k.win32 FROM kb_code k JOIN c ON c.win32 = k.win32
    WHERE k.space = 'ntstatus'
UNION ALL SELECT CAST(k.value AS TEXT), k.value, k.win32 FROM kb_code k JOIN c ON c.win32 = k.win32
    WHERE k.space = 'ntstatus'
UNION ALL SELECT CAST(4294967296 - k.value AS TEXT), k.value, k.win32 FROM kb_code k JOIN c ON c.win32 = k.win32
    WHERE k.space = 'ntstatus'
UNION ALL SELECT lower(k.symbol), k.value, c.win32 FROM kb_code k JOIN c ON c.win32 = CASE WHEN k.space = 'ntstatus'
    THEN k.win32 ELSE k.value END WHERE k.space IN ('win32', 'ntstatus') AND k.symbol GLOB '[ES]*_*'
UNION ALL SELECT printf(t.column1, win32), win32, win32 FROM c, (VALUES ('win32exception (%d)'), ('[winerror %d]'),
    ('(os error %d)'), ('acceptsecuritycontext error, data %x')) t
UNION ALL SELECT t.column1, c.win32, c.win32 FROM (VALUES        -- winerror.h, as FormatMessage has them
    ('a specified logon session does not exist', 1312), ('the user name or password is incorrect', 1326),
    ('user has not been logged on to the network', 1245), ('the requested logon type at this computer', 1385),
    ('account is currently locked out', 1909), ('either does not exist or could not be contacted', 1355),
    ('currently no logon servers available', 1311), ('session key for the specified logon session', 1394),
    ('the trust relationship between this workstation and the primary domain failed', 1789)) t
    JOIN c ON c.win32 = t.column2
UNION ALL SELECT printf('%08x', f.value), f.value, NULL FROM kb_code_family f
    WHERE f.family = 'of-a-logon-hresult' AND EXISTS (SELECT 1 FROM c)
UNION ALL SELECT CAST(f.value AS TEXT), f.value, NULL FROM kb_code_family f
    WHERE f.family = 'of-a-logon-hresult' AND EXISTS (SELECT 1 FROM c)
UNION ALL SELECT CAST(4294967296 - f.value AS TEXT), f.value, NULL FROM kb_code_family f
    WHERE f.family = 'of-a-logon-hresult' AND EXISTS (SELECT 1 FROM c)
UNION ALL SELECT lower(k.symbol), k.value, NULL FROM kb_code_family f JOIN kb_code k ON k.value = f.value
    WHERE f.family = 'of-a-logon-hresult' AND k.space = 'sspi' AND EXISTS (SELECT 1 FROM c);
CREATE TEMP TABLE IF NOT EXISTS a_said(event INTEGER, host_id INTEGER, said TEXT, shell INTEGER, script TEXT,
    command TEXT, user TEXT COLLATE NOCASE, own TEXT);
INSERT INTO a_said
SELECT e.id, e.host_id, lower(e.data), 0, NULL, NULL, NULL,
    CASE WHEN e.provider = 'MsiInstaller' COLLATE NOCASE THEN 'error' END FROM event e
WHERE e.channel = 'Application' COLLATE NOCASE AND coalesce(e.level, 2) BETWEEN 1 AND 3
    AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM kb_event k
        WHERE k.provider = e.provider AND k.event_id = e.event_id);
-- ContextInfo of PowerShell: lines, "Script Name = C:\x.ps1", of which the value may be missing.
INSERT INTO a_said
SELECT id, host_id, said, 1, nullif(trim(substr(script, 1, instr(script, char(10)) - 1)), ''),
    nullif(trim(substr(command, 1, instr(command, char(10)) - 1)), ''),
    nullif(trim(substr(user, 1, instr(user, char(10)) - 1)), ''), NULL
FROM (SELECT id, host_id, said,
        CASE WHEN instr(c, 'Script Name = ') THEN substr(c, instr(c, 'Script Name = ') + 14) END AS script,
        CASE WHEN instr(c, 'Command Name = ') THEN substr(c, instr(c, 'Command Name = ') + 15) END AS command,
        CASE WHEN instr(c, ' User = ') THEN substr(c, instr(c, ' User = ') + 8) END AS user
    FROM (SELECT id, host_id, lower(data ->> 'Payload') AS said,
            replace(data ->> 'ContextInfo', char(13), '') || char(10) AS c
        FROM event WHERE provider = 'Microsoft-Windows-PowerShell' AND event_id IN (4100, 4103)
            AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL
            AND (event_id = 4100 OR data ->> 'Payload' LIKE '%TerminatingError(%')));
-- The first code of each text.
CREATE TEMP TABLE IF NOT EXISTS a_code(event INTEGER PRIMARY KEY, token TEXT, value INTEGER, win32 INTEGER, at INTEGER);
INSERT INTO a_code
SELECT event, token, value, win32, min(at) FROM (
    SELECT a.event, s.token, s.value, word_at(a.said, s.token) AS at,
        -- as WinRM spells it: "errorcode 0x8009030e ... A specified logon session does not exist"
        CASE WHEN a.shell AND s.token = '8009030e' THEN 1312 ELSE s.win32 END AS win32
    FROM a_said a CROSS JOIN a_lead l ON instr(a.said, l.lead) > 0 AND l.lead IS NOT a.own
    CROSS JOIN a_spelled s ON s.lead = l.lead)
WHERE at > 0
GROUP BY event;
-- A command that met it (4103) within a second of the error (4100) is a second witness of that.
CREATE TEMP TABLE IF NOT EXISTS a_shell(host_id INTEGER, event_id INTEGER, win32 INTEGER, time INTEGER, event INTEGER);
INSERT INTO a_shell SELECT e.host_id, e.event_id, c.win32, e.time, e.id
FROM a_code c JOIN a_said a ON a.event = c.event AND a.shell JOIN event e ON e.id = c.event;
CREATE INDEX IF NOT EXISTS temp.a_shell_of ON a_shell(host_id, event_id, win32, time);
INSERT INTO f(host_id, kind, subject, principal, call, win32, value, raw, symbol, time, event, file_id, file_off, boot,
    provider, event_id, sid, also)
SELECT e.host_id, 'application', CASE WHEN a.shell THEN coalesce(a.script, a.command, 'PowerShell') ELSE e.provider END,
    a.user, CASE WHEN NOT a.shell THEN NULL WHEN a.said LIKE '%scheduledtask%' OR a.said LIKE '%registertask%'
        THEN 'Register-ScheduledTask' WHEN a.said LIKE '%cmdkey%' THEN 'cmdkey' END, c.win32, c.value,
    CASE WHEN c.token GLOB '0x*' THEN c.token WHEN c.token GLOB '[c8]0*' THEN '0x' || upper(c.token)
        WHEN c.token GLOB '*_*' AND c.token NOT GLOB '* *' THEN upper(c.token) ELSE CAST(c.value AS TEXT) END,
    (SELECT k.symbol FROM kb_code k WHERE k.space = 'kerberos' AND lower(k.symbol) = c.token
        OR k.space IN ('sspi', 'task') AND k.value = c.value
        OR k.space IN ('win32', 'nerr') AND k.value = c.win32 ORDER BY k.space IN ('sspi', 'task') DESC, k.space DESC),
    e.time, e.id, e.file_id, e.file_off, e.boot, e.provider, e.event_id, nullif(e.sid, ''),
    CASE WHEN a.shell AND e.event_id = 4100 THEN (SELECT group_concat(printf('f%d:0x%x', w.file_id, w.file_off), ' ')
        FROM a_shell d JOIN event w ON w.id = d.event WHERE d.host_id = e.host_id AND d.event_id = 4103
            AND d.win32 = c.win32 AND d.time BETWEEN e.time - seconds(1) AND e.time + seconds(1)) END
FROM a_code c JOIN a_said a ON a.event = c.event JOIN event e ON e.id = c.event
WHERE NOT (a.shell AND e.event_id = 4103 AND EXISTS (SELECT 1 FROM a_shell d WHERE d.host_id = e.host_id
    AND d.event_id = 4100 AND d.win32 = c.win32 AND d.time BETWEEN e.time - seconds(1) AND e.time + seconds(1)));
DELETE FROM a_said; DELETE FROM a_code; DELETE FROM a_shell;
