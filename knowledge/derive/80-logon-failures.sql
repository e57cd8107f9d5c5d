CREATE INDEX IF NOT EXISTS event_when ON event(host_id, provider, event_id, time);
CREATE INDEX IF NOT EXISTS session_sid ON session(host_id, sid, from_time);
CREATE INDEX IF NOT EXISTS success_when ON success(host_id, kind, time);
CREATE INDEX IF NOT EXISTS password_change_sid ON password_change(sid, time);
CREATE INDEX IF NOT EXISTS password_change_account ON password_change(account, time);
CREATE INDEX IF NOT EXISTS right_sid ON logon_right(sid);
CREATE INDEX IF NOT EXISTS secret_name ON secret(name COLLATE NOCASE);

-- Failures that concern a logon, a session or an account: of tasks, services and BITS jobs by their code, of shares
-- whatever the code, of the machine's
-- own account. Events that stand for a code without carrying it have it here. Where the code does not say why a logon
-- failed (1069) and LSA does, in the 4625 of that very logon, it is LSA's, which stands behind the symbol as well.
-- Of a 104 that nothing gives a task the
-- subject is the account. account: the principal without its domain; domain: in upper case, '.' is the
-- host itself, of user@realm the first label, NULL where the name came without one. sample: 1 for the first and the
-- last 16 of its like (same host, kind,
-- subject and code), so that rules stay linear where a task failed every minute for a month. at_start: 1 where the
-- logon at its start failed: no action of a run that had started (103, 203), no engine or impersonation (105, 311), no
-- start again or by a trigger (126, 204), no service that ended later (7023, 7024), and no last result of TaskCache,
-- which does not say.
CREATE TEMP TABLE IF NOT EXISTS whom(principal TEXT COLLATE NOCASE PRIMARY KEY,
    account TEXT COLLATE NOCASE, domain TEXT COLLATE NOCASE, sid TEXT) WITHOUT ROWID;
INSERT OR IGNORE INTO whom
SELECT principal, account_of(principal), upper(CASE WHEN principal LIKE '.\%' THEN '.'
    WHEN instr(principal, '\') THEN domain_of(principal) ELSE substr(domain_of(principal), 1,
    instr(domain_of(principal) || '.', '.') - 1) END),
    CASE WHEN principal LIKE 'S-1-%' THEN principal END
FROM (SELECT principal FROM failure UNION SELECT user FROM task UNION SELECT account FROM service)
    WHERE principal IS NOT NULL ORDER BY 1;
WITH f AS (
    SELECT host_id, kind, CASE event_id WHEN 104 THEN coalesce(subject, principal) ELSE subject END AS subject,
        principal, sid, call, coalesce(why, win32, CASE event_id WHEN 332 THEN 1245 WHEN 31017 THEN 1272
        WHEN 31023 THEN 1937 END) AS win32, value,
        coalesce(raw, 'event ' || event_id) AS raw, coalesce(symbol,
            CASE event_id WHEN 332 THEN 'ERROR_NOT_LOGGED_ON' WHEN 31017 THEN 'ERROR_SMB_GUEST_LOGON_BLOCKED'
            WHEN 31023 THEN 'ERROR_NTLM_BLOCKED' END) || CASE WHEN why IS NULL THEN '' ELSE ', LSA: '
            || (SELECT x.symbol FROM error x WHERE x.event = tried AND x.field IN ('Status', 'SubStatus')
            ORDER BY x.field DESC LIMIT 1) END AS symbol,
        time, boot, provider, event_id, luid, file_id, file_off, also, tried FROM failure
    WHERE concern AND kind NOT IN ('program', 'application', 'task save') AND (kind <> 'logon'
        OR code_in(win32, 'told-by-any-logon')) AND (kind <> 'domain' OR event_id = 3210)
    -- the clock, as Kerberos put it: on the client itself, or on the domain controller about a computer of this case
    UNION ALL
    SELECT e.host_id, 'kerberos', coalesce(nullif(e.data ->> 'ServerName', ''), 'Kerberos'), NULL, NULL, NULL, 1398,
        x.value, x.raw, x.symbol, e.time, e.boot, e.provider, e.event_id, NULL,
        e.file_id, e.file_off, NULL, NULL
    FROM event e JOIN error x ON x.event = e.id AND x.shape = 'kerberos' AND x.value = 0x25
    WHERE e.provider = 'Microsoft-Windows-Security-Kerberos' AND e.event_id = 3
    UNION ALL
    SELECT h.id, 'kerberos', 'Kerberos', e.data ->> 'TargetUserName', NULL, NULL, 1398, x.value, x.raw, x.symbol,
        e.time,
        (SELECT b.boot FROM boot b WHERE b.host_id = h.id AND coalesce(b.from_time, 0) <= e.time
            ORDER BY b.boot DESC LIMIT 1), e.provider, e.event_id, NULL, e.file_id, e.file_off,
        NULL, NULL
    FROM event e JOIN error x ON x.event = e.id AND x.shape = 'kerberos' AND x.value = 0x25
        JOIN host h ON h.name = upper(rtrim(account_of(e.data ->> 'TargetUserName'), '$')) AND h.id <> e.host_id
        JOIN host d ON d.id = e.host_id
    -- 4769 adds @REALM
    WHERE e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id IN (4768, 4769, 4771)
        AND substr(account_of(e.data ->> 'TargetUserName'), -1) = '$'
        -- a namesake in another domain is another computer
        AND (h.fqdn IS NULL OR d.fqdn IS NULL OR substr(h.fqdn, instr(h.fqdn, '.')) = substr(d.fqdn,
            instr(d.fqdn, '.'))))
INSERT INTO logon_failure(host_id, kind, subject, principal, account, domain, sid, call, win32, value, raw, symbol,
    time, boot, provider, event_id, luid, caller, file_id, file_off,
    also, tried, at_start, sample)
SELECT f.host_id, f.kind, f.subject, f.principal, p.account, CASE WHEN p.domain = '.' THEN upper(h.name)
    ELSE p.domain END, coalesce(f.sid, p.sid), f.call, f.win32, f.value, f.raw,
    coalesce(f.symbol, 'code ' || coalesce(f.win32, f.value), 'no code'),
    f.time, f.boot, f.provider, f.event_id, f.luid, CASE f.luid WHEN 999 THEN 'LocalSystem'
        WHEN 996 THEN 'NetworkService' WHEN 997 THEN 'LocalService' END, f.file_id, f.file_off, f.also, f.tried,
    f.event_id IS NOT NULL AND f.event_id NOT IN (103, 105, 126, 203, 204, 311, 7023, 7024),
    row_number() OVER like_it <= 16 OR row_number() OVER like_it > count(*) OVER (PARTITION BY f.host_id, f.kind,
        f.subject COLLATE NOCASE, f.win32) - 16
FROM f JOIN host h ON h.id = f.host_id LEFT JOIN whom p ON p.principal = f.principal
WINDOW like_it AS (PARTITION BY f.host_id, f.kind, f.subject COLLATE NOCASE, f.win32
    ORDER BY f.time, f.file_id, f.file_off)
ORDER BY f.host_id, f.time, f.file_id, f.file_off, f.kind;
CREATE INDEX IF NOT EXISTS logon_failure_what ON logon_failure(host_id, kind, subject, time);
CREATE INDEX IF NOT EXISTS logon_failure_code ON logon_failure(win32, sample, subject);
