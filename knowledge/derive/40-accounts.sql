-- What hives say: accounts, services, tasks. And who is who: names and SIDs.

-- The SAM of a domain controller holds the accounts of its restore mode: they are neither the domain's nor those of
-- anything that runs.
-- Flags: 0x1 disabled, 0x200 password never expires, 0x400 locked, 0x20000 password expired. must_change: no password
-- time (not where it never expires: MS-SAMR, PasswordMustChange). expires: of the account; NULL: never.
INSERT INTO account(host_id, name, sid, rid, flags, disabled, must_change, password_set, expires, last_bad, bad_count,
    blank, file_id, file_off)
SELECT m.host_id, a.name, h.machine_sid || '-' || a.rid, a.rid, a.flags, (a.flags & 0x1) <> 0,
    coalesce(a.password_set = 0, 0) AND coalesce(a.blank, 0) = 0 AND (a.flags & 0x200) = 0 OR (a.flags & 0x20000) <> 0,
    nullif(a.password_set, 0), nullif(nullif(a.expires, 0), 9223372036854775807), nullif(a.last_bad, 0), a.bad_count,
    a.blank, a.file_id, a.file_off
FROM sam_account a JOIN mine m ON m.hive_id = a.hive_id JOIN host h ON h.id = m.host_id
    AND h.role IS NOT 'domain controller' ORDER BY m.host_id, a.rid, a.file_id, a.file_off;

-- Two names for one thing are certain only where one SID stands behind a name.
CREATE TEMP TABLE IF NOT EXISTS who(domain TEXT COLLATE NOCASE, account TEXT COLLATE NOCASE, sid TEXT,
    PRIMARY KEY(domain, account)) WITHOUT ROWID;
INSERT INTO who
SELECT domain, account, max(sid) FROM (
    SELECT domain, user AS account, sid FROM session WHERE sid LIKE 'S-1-%' AND domain > '' AND user > ''
    UNION SELECT field(data, 'TargetDomainName'), field(data, 'TargetUserName'), field(data, 'TargetSid') FROM event
        WHERE provider = 'Microsoft-Windows-Security-Auditing'
        AND event_id IN (4720, 4722, 4723, 4724, 4725, 4726, 4738) AND coalesce(recovered, 0) = 0
    UNION SELECT h.name, a.name, a.sid FROM account a JOIN host h ON h.id = a.host_id WHERE a.sid IS NOT NULL
    -- a task keeps both of its user
    UNION SELECT domain_of(t.user), account_of(t.user), t.sid FROM task_cache t JOIN mine m ON m.hive_id = t.hive_id
        WHERE instr(t.user, '\'))
WHERE sid LIKE 'S-1-%' AND domain > '' AND account > '' GROUP BY domain COLLATE NOCASE, account COLLATE NOCASE
    HAVING count(DISTINCT sid) = 1 ORDER BY 1, 2;
CREATE TEMP TABLE IF NOT EXISTS called(sid TEXT PRIMARY KEY, domain TEXT COLLATE NOCASE,
    account TEXT COLLATE NOCASE) WITHOUT ROWID;
INSERT INTO called SELECT sid, max(domain), max(account) FROM who GROUP BY sid HAVING count(*) = 1 ORDER BY 1;
UPDATE session SET sid = (SELECT w.sid FROM who w WHERE w.domain = session.domain AND w.account = session.user)
    WHERE sid IS NULL AND user > '' AND domain > '';
UPDATE session SET (user, domain) = (SELECT c.account, c.domain FROM called c WHERE c.sid = session.sid)
    WHERE user IS NULL AND sid IS NOT NULL;
