-- What rules ask most, made once after derive.sql, by index and never by joining everything with everything. May use the SQL functions of src/case/casedb_sql.c.
-- These tables hold nothing that derive.sql's do not say; views v_logon_failure, v_consumer, v_consumer_change, v_task_saved, v_landmark and v_presence show them.

CREATE INDEX IF NOT EXISTS event_when ON event(host_id, provider, event_id, time);
CREATE INDEX IF NOT EXISTS session_sid ON session(host_id, sid, from_time);
CREATE INDEX IF NOT EXISTS success_when ON success(host_id, kind, time);
CREATE INDEX IF NOT EXISTS password_change_sid ON password_change(sid);
CREATE INDEX IF NOT EXISTS password_change_account ON password_change(account, time);
CREATE INDEX IF NOT EXISTS right_sid ON logon_right(sid);
CREATE INDEX IF NOT EXISTS secret_name ON secret(name COLLATE NOCASE);

-- 1. Failures that concern a logon, a session or an account: of tasks, services and BITS jobs by their code, of shares whatever the code, of the machine's
-- own account. Events that stand for a code without carrying it have it here. Of a 104 that nothing gives a task the subject is the account. account: the principal without its domain; domain: in upper case, '.' is the
-- host itself, of user@realm the first label, NULL where the name came without one. sample: 1 for the first and the last 16 of its like (same host, kind,
-- subject and code), so that rules stay linear where a task failed every minute for a month.
CREATE TEMP TABLE who(principal TEXT COLLATE NOCASE PRIMARY KEY, account TEXT, domain TEXT, sid TEXT) WITHOUT ROWID;
INSERT OR IGNORE INTO who
SELECT principal, account_of(principal), upper(CASE WHEN principal LIKE '.\%' THEN '.' WHEN instr(principal, '\') THEN domain_of(principal) ELSE substr(domain_of(principal), 1, instr(domain_of(principal) || '.', '.') - 1) END),
    CASE WHEN principal LIKE 'S-1-%' THEN principal END
FROM (SELECT principal FROM failure UNION SELECT user FROM task UNION SELECT account FROM service) WHERE principal IS NOT NULL ORDER BY 1;
WITH f AS (
    SELECT host_id, kind, CASE event_id WHEN 104 THEN coalesce(subject, principal) ELSE subject END AS subject, principal, sid, call, coalesce(win32, CASE event_id WHEN 332 THEN 1245 WHEN 31017 THEN 1272 WHEN 31023 THEN 1937 END) AS win32, value,
        coalesce(raw, 'event ' || event_id) AS raw, coalesce(symbol, CASE event_id WHEN 332 THEN 'ERROR_NOT_LOGGED_ON' WHEN 31017 THEN 'ERROR_SMB_GUEST_LOGON_BLOCKED' WHEN 31023 THEN 'ERROR_NTLM_BLOCKED' END) AS symbol,
        time, boot, provider, event_id, luid, file_id, file_off, also FROM failure
    WHERE kind = 'share' OR kind = 'task' AND event_id = 332 OR kind = 'domain' AND event_id = 3210
        OR kind = 'logon' AND win32 IN (1311, 1355, 1398, 1786, 1787, 1788, 1789, 1790, 1908)
        OR kind IN ('task', 'service', 'bits') AND win32 IN (56, 86, 1069, 1219, 1244, 1245, 1311, 1312, 1317, 1326, 1327, 1328, 1329, 1330, 1331, 1332, 1355, 1380, 1385, 1394, 1398,
            1786, 1787, 1788, 1789, 1790, 1792, 1793, 1907, 1908, 1909, 2200)
            AND NOT (event_id IN (7023, 7024) AND kind = 'service' AND win32 IN (86, 1069, 1317, 1326, 1327, 1328, 1329, 1330, 1331, 1332, 1380, 1385, 1792, 1793, 1907, 1909))      -- it ran, so its logon had worked: the account is another
    UNION ALL          -- the clock, as Kerberos put it: on the client itself, or on the domain controller about a computer of this case
    SELECT e.host_id, 'kerberos', coalesce(nullif(e.data ->> 'ServerName', ''), 'Kerberos'), NULL, NULL, NULL, 1398, x.value, x.raw, x.symbol, e.time, e.boot, e.provider, e.event_id, NULL,
        e.file_id, e.file_off, NULL
    FROM event e JOIN error x ON x.event = e.id AND x.shape = 'kerberos' AND x.value = 0x25
    WHERE e.provider = 'Microsoft-Windows-Security-Kerberos' AND e.event_id = 3
    UNION ALL
    SELECT h.id, 'kerberos', 'Kerberos', e.data ->> 'TargetUserName', NULL, NULL, 1398, x.value, x.raw, x.symbol, e.time,
        (SELECT b.boot FROM boot b WHERE b.host_id = h.id AND coalesce(b.from_time, 0) <= e.time ORDER BY b.boot DESC LIMIT 1), e.provider, e.event_id, NULL, e.file_id, e.file_off, NULL
    FROM event e JOIN error x ON x.event = e.id AND x.shape = 'kerberos' AND x.value = 0x25 JOIN host h ON h.name = upper(rtrim(account_of(e.data ->> 'TargetUserName'), '$')) AND h.id <> e.host_id JOIN host d ON d.id = e.host_id
    WHERE e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id IN (4768, 4769, 4771) AND substr(account_of(e.data ->> 'TargetUserName'), -1) = '$'        -- 4769 adds @REALM
        AND (h.fqdn IS NULL OR d.fqdn IS NULL OR substr(h.fqdn, instr(h.fqdn, '.')) = substr(d.fqdn, instr(d.fqdn, '.'))))        -- a namesake in another domain is another computer
INSERT INTO logon_failure(host_id, kind, subject, principal, account, domain, sid, call, win32, value, raw, symbol, time, boot, provider, event_id, luid, file_id, file_off,
    also, sample)
SELECT f.host_id, f.kind, f.subject, f.principal, p.account, CASE WHEN p.domain = '.' THEN upper(h.name) ELSE p.domain END, coalesce(f.sid, p.sid), f.call, f.win32, f.value, f.raw, coalesce(f.symbol, 'code ' || coalesce(f.win32, f.value), 'no code'),
    f.time, f.boot, f.provider, f.event_id, f.luid, f.file_id, f.file_off, f.also,
    row_number() OVER like_it <= 16 OR row_number() OVER like_it > count(*) OVER (PARTITION BY f.host_id, f.kind, f.subject COLLATE NOCASE, f.win32) - 16
FROM f JOIN host h ON h.id = f.host_id LEFT JOIN who p ON p.principal = f.principal
WINDOW like_it AS (PARTITION BY f.host_id, f.kind, f.subject COLLATE NOCASE, f.win32 ORDER BY f.time, f.file_id, f.file_off)
ORDER BY f.host_id, f.time, f.file_id, f.file_off, f.kind;
CREATE INDEX logon_failure_what ON logon_failure(host_id, kind, subject, time);
CREATE INDEX logon_failure_code ON logon_failure(win32, sample, subject);

-- 2. Tasks and services, whoever runs them. logon as in table task; of services 'Password' with a password of their own, 'ServiceAccount' without.
-- stored_time: when that password was last stored: CupdTime of the secret _SC_<service> (old_time: OupdTime); for a task its last registration, which is
-- never earlier. Where no hive tells, the failure's own words do.
CREATE TEMP TABLE kept(host_id INTEGER, name TEXT COLLATE NOCASE, cupd INTEGER, oupd INTEGER);
INSERT INTO kept SELECT v.host_id, s.name, s.cupd, s.oupd FROM secret s JOIN hive v ON v.file_id = s.hive_id AND v.main WHERE s.name LIKE '\_SC\_%' ESCAPE '\';
CREATE INDEX kept_name ON kept(host_id, name);
WITH c AS (
    SELECT t.host_id, 'task' AS kind, t.path AS subject, coalesce(t.user, (SELECT f.principal FROM logon_failure f WHERE f.host_id = t.host_id AND f.kind = 'task' AND f.subject = t.path
            AND f.principal IS NOT NULL AND f.time >= coalesce(t.registered, 0) ORDER BY f.time DESC LIMIT 1)) AS principal, t.sid, t.logon, t.registered AS stored_time, NULL AS old_time, t.command, t.unc,
        t.flags IS NULL OR t.flags & 0x400000 AS active, t.file_id, t.file_off FROM task t
    UNION ALL
    SELECT s.host_id, 'service', s.name, s.account, NULL, CASE WHEN s.managed OR s.account LIKE '%$' OR s.account LIKE 'NT SERVICE\%' OR k.sid IS NOT NULL THEN 'ServiceAccount' ELSE 'Password' END,
        x.cupd, x.oupd, s.image, instr(s.image, '\\') > 0, s.start < 4, s.file_id, s.file_off
    FROM service s LEFT JOIN kb_account k ON k.name = s.account LEFT JOIN kept x ON x.host_id = s.host_id AND x.name = '_SC_' || s.name WHERE s.account > ''
    UNION ALL
    SELECT f.host_id, f.kind, f.subject, f.principal, f.sid, CASE WHEN f.principal LIKE '%$' THEN 'ServiceAccount' END, x.cupd, x.oupd, NULL, 0, 1, f.file_id, f.file_off
    FROM (SELECT *, row_number() OVER (PARTITION BY host_id, kind, subject COLLATE NOCASE ORDER BY principal IS NULL, time DESC, id DESC) AS i FROM logon_failure
        WHERE kind IN ('task', 'service') AND subject IS NOT NULL) f
    LEFT JOIN kept x ON f.kind = 'service' AND x.host_id = f.host_id AND x.name = '_SC_' || f.subject
    WHERE f.i = 1 AND NOT EXISTS (SELECT 1 FROM task t WHERE f.kind = 'task' AND t.host_id = f.host_id AND t.path = f.subject)
        AND NOT EXISTS (SELECT 1 FROM service s WHERE f.kind = 'service' AND s.host_id = f.host_id AND s.name = f.subject AND s.account > ''))
INSERT INTO consumer(host_id, kind, subject, principal, account, domain, sid, builtin, logon, stored_time, old_time, command, unc, active, file_id, file_off)
SELECT host_id, kind, subject, principal, account, domain, owner, coalesce(owner, principal, '') IN ('S-1-5-18', 'S-1-5-19', 'S-1-5-20'), logon, stored_time, old_time, command, unc, active, file_id, file_off
FROM (SELECT c.*, p.account, CASE WHEN p.domain = '.' THEN upper(h.name) ELSE p.domain END AS domain, coalesce(c.sid, k.sid, p.sid,
        (SELECT max(a.sid) FROM account a WHERE a.host_id = c.host_id AND a.name = p.account AND coalesce(p.domain, '.') IN ('.', upper(h.name)) HAVING count(*) = 1)) AS owner
    FROM c JOIN host h ON h.id = c.host_id LEFT JOIN who p ON p.principal = c.principal LEFT JOIN kb_account k ON k.name = c.principal)
ORDER BY host_id, kind, subject, file_id, file_off;
CREATE INDEX consumer_what ON consumer(host_id, kind, subject);
DROP TABLE kept; DROP TABLE who;

-- 3. Password changes of the account behind each of them (its latest 16), from any host's log, because a domain account changes on its domain controller, and
-- from the SAM. A change that the SAM of the account's own host does not bear out (a refused attempt)
-- is left out, unless that SAM is an older copy or was last written before.
CREATE TEMP TABLE change AS
SELECT p.host_id, p.account, upper(p.domain) AS domain, p.sid, p.time, p.how, p.file_id, p.file_off, upper(p.domain) = h.name AS local FROM (
    SELECT *, row_number() OVER (PARTITION BY host_id, account COLLATE NOCASE, domain COLLATE NOCASE, sid ORDER BY how = 'SAM' DESC, time DESC, file_id, file_off) AS i FROM password_change) p
JOIN host h ON h.id = p.host_id
WHERE p.i <= 16 AND (p.how = 'SAM' OR upper(p.domain) <> h.name OR NOT EXISTS (SELECT 1 FROM password_change s JOIN evidence e ON e.id = s.file_id AND NOT coalesce(e.older, 0)
    LEFT JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = s.file_id) WHERE s.account = p.account AND s.host_id = p.host_id AND s.how = 'SAM'
    AND s.time < p.time - 600000000 AND coalesce(v.last_written, p.time) >= p.time));
CREATE INDEX change_sid ON change(sid);
CREATE INDEX change_account ON change(account COLLATE NOCASE, domain);
INSERT INTO consumer_change
SELECT * FROM (
    SELECT c.id, c.host_id, c.kind, c.subject, p.time, p.how, p.file_id, p.file_off FROM consumer c CROSS JOIN change p ON p.sid = c.sid AND (p.host_id = c.host_id OR NOT p.local)
    UNION
    SELECT c.id, c.host_id, c.kind, c.subject, p.time, p.how, p.file_id, p.file_off FROM consumer c JOIN host h ON h.id = c.host_id
    CROSS JOIN change p ON p.account = c.account AND p.domain = coalesce(c.domain, h.name) AND (p.sid IS NULL OR c.sid IS NULL) AND (p.host_id = c.host_id OR NOT p.local))
ORDER BY 2, 3, 4, 5, 7, 8;
CREATE INDEX consumer_change_what ON consumer_change(host_id, kind, subject, time);
DROP TABLE change;

-- 4. When a task was registered or changed: TaskCache's last registration, events 106 and 140, 4698 and 4702. Not where it was only disabled or enabled (142, 4700, 4701 within two seconds), for which
-- nobody is asked for a password; how says 'perhaps' where the log shows it disabled and then updated, which may be no more than that.
CREATE TEMP TABLE touched(host_id INTEGER, task TEXT COLLATE NOCASE, time INTEGER, event_id INTEGER, file_id INTEGER, file_off INTEGER);
INSERT INTO touched SELECT e.host_id, e.data ->> 'TaskName', e.time, e.event_id, e.file_id, e.file_off FROM event e
WHERE (e.provider = 'Microsoft-Windows-TaskScheduler' AND e.event_id IN (106, 140, 142) OR e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id IN (4698, 4700, 4701, 4702))
    AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL AND e.data ->> 'TaskName' IS NOT NULL;
CREATE TEMP TABLE switched AS SELECT host_id, task, time, event_id FROM touched WHERE event_id IN (142, 4700, 4701);
CREATE INDEX switched_when ON switched(host_id, task, time);
DELETE FROM touched WHERE event_id IN (140, 4702) AND EXISTS (SELECT 1 FROM switched d WHERE d.host_id = touched.host_id AND d.task = touched.task AND d.time BETWEEN touched.time - 20000000 AND touched.time + 20000000);
INSERT INTO task_saved
SELECT host_id, task, time, 'event ' || event_id || CASE WHEN event_id IN (140, 4702) AND last IN (142, 4701) THEN ' (perhaps only enabled again)' ELSE '' END, file_id, file_off
FROM (SELECT *, lag(event_id) OVER (PARTITION BY host_id, task ORDER BY time, file_id, file_off) AS last FROM touched) WHERE event_id NOT IN (142, 4700, 4701) ORDER BY 1, 2, 3, 5, 6;
CREATE INDEX task_saved_what ON task_saved(host_id, task, time);
INSERT INTO task_saved
SELECT t.host_id, t.path, t.registered, 'TaskCache' || CASE WHEN EXISTS (SELECT 1 FROM task_saved w WHERE w.host_id = t.host_id AND w.task = t.path AND w.time BETWEEN t.registered - 20000000 AND t.registered + 20000000
        AND w.how LIKE '%perhaps%') THEN ' (perhaps only enabled again)' ELSE '' END, t.file_id, t.file_off
FROM task t WHERE t.registered > 0
    AND NOT EXISTS (SELECT 1 FROM switched d WHERE d.host_id = t.host_id AND d.task = t.path AND d.time BETWEEN t.registered - 20000000 AND t.registered + 20000000) ORDER BY 1, 2, 3, 5, 6;
DROP TABLE touched; DROP TABLE switched;

-- 5. Landmarks: events that rules look for just before or after a failure, so that they find the nearest by index: failures times the events of an hour would be too
-- many. who: whom it is about, where that is not the whole host; value, other: what else it says.
CREATE TEMP TABLE topic(topic TEXT, provider TEXT COLLATE NOCASE, event_id INTEGER, must TEXT, who TEXT, value TEXT, other TEXT, PRIMARY KEY(provider, event_id, topic)) WITHOUT ROWID;
INSERT INTO topic VALUES        -- must: what the field value has to contain; who, value and other are fields
    ('no-dc', 'NETLOGON', 5719, '%', 'param1', NULL, NULL), ('no-dc', 'Microsoft-Windows-GroupPolicy', 1054, '%', NULL, NULL, NULL), ('no-dc', 'Microsoft-Windows-GroupPolicy', 1129, '%', NULL, NULL, NULL),
    ('no-dc-hint', 'Microsoft-Windows-DNS-Client', 1014, '/_ldap.%', NULL, 'QueryName', NULL), ('no-dc-hint', 'LsaSrv', 40960, '%c000005e%', NULL, 'Error', NULL),
    ('clock-wrong', 'Microsoft-Windows-Time-Service', 34, '%', NULL, NULL, 'SystemTimeChangeSeconds'), ('clock-wrong', 'Microsoft-Windows-Time-Service', 36, '%', NULL, NULL, NULL),
    ('clock-wrong', 'Microsoft-Windows-Time-Service', 50, '%', NULL, 'TimeDifferenceMilliseconds', NULL),
    ('clock-synced', 'Microsoft-Windows-Time-Service', 35, '%', NULL, NULL, 'TimeSource'), ('clock-synced', 'Microsoft-Windows-Time-Service', 37, '%', NULL, NULL, 'TimeSource'),
    ('sleep', 'Microsoft-Windows-Kernel-Power', 42, '%', NULL, NULL, NULL), ('sleep', 'Microsoft-Windows-Kernel-Power', 107, '%', NULL, NULL, NULL),
    ('logged-off', 'Microsoft-Windows-Winlogon', 7002, '%', 'UserSid', NULL, NULL),
    ('maxcmds-reached', 'MRxSmb', 3021, '%', NULL, NULL, NULL), ('maxthreads-reached', 'MRxSmb', 3026, '%', NULL, NULL, NULL),
    ('server-full', 'Srv', 2021, '%', NULL, NULL, NULL), ('server-full', 'Srv', 2022, '%', NULL, NULL, NULL), ('server-full', 'Server', 2021, '%', NULL, NULL, NULL),
    ('server-full', 'Server', 2022, '%', NULL, NULL, NULL),
    ('user-absent', 'Microsoft-Windows-TaskScheduler', 332, '%', 'TaskName', NULL, 'UserName'),        -- the launch condition was not met
    ('task-warned', 'Microsoft-Windows-TaskScheduler', 116, '267036', 'TaskName', 'ResultCode', NULL),        -- 0x4131C: saved, but its account may not log on as a batch job
    ('batch-given', 'Microsoft-Windows-Security-Auditing', 4717, '%SeBatchLogonRight%', 'TargetSid', 'AccessGranted', 'SubjectUserName'),
    ('batch-taken', 'Microsoft-Windows-Security-Auditing', 4718, '%SeBatchLogonRight%', 'TargetSid', 'AccessRemoved', 'SubjectUserName'),
    ('batch-denied', 'Microsoft-Windows-Security-Auditing', 4717, '%SeDenyBatchLogonRight%', 'TargetSid', 'AccessGranted', 'SubjectUserName'),
    ('batch-allowed', 'Microsoft-Windows-Security-Auditing', 4718, '%SeDenyBatchLogonRight%', 'TargetSid', 'AccessRemoved', 'SubjectUserName'),
    ('service-given', 'Microsoft-Windows-Security-Auditing', 4717, '%SeServiceLogonRight%', 'TargetSid', 'AccessGranted', 'SubjectUserName'),
    ('service-taken', 'Microsoft-Windows-Security-Auditing', 4718, '%SeServiceLogonRight%', 'TargetSid', 'AccessRemoved', 'SubjectUserName'),
    ('service-denied', 'Microsoft-Windows-Security-Auditing', 4717, '%SeDenyServiceLogonRight%', 'TargetSid', 'AccessGranted', 'SubjectUserName'),
    ('service-allowed', 'Microsoft-Windows-Security-Auditing', 4718, '%SeDenyServiceLogonRight%', 'TargetSid', 'AccessRemoved', 'SubjectUserName'),
    -- the audit policy began to record such events only then (%%8449 success added, %%8451 failure added); 4719 is logged whatever the policy (Microsoft Learn, "Event 4719")
    ('audit-success-added', 'Microsoft-Windows-Security-Auditing', 4719, '%8449%', 'SubcategoryGuid', 'AuditPolicyChanges', 'SubjectUserName'),
    ('audit-failure-added', 'Microsoft-Windows-Security-Auditing', 4719, '%8451%', 'SubcategoryGuid', 'AuditPolicyChanges', 'SubjectUserName'),
    ('guest-offered', 'Microsoft-Windows-SMBClient', 31017, '%', 'ServerName', NULL, 'UserName'), ('guest-offered', 'Microsoft-Windows-SMBClient', 31022, '%', 'ServerName', NULL, 'UserName'),
    ('guest-offered', 'Microsoft-Windows-SMBClient', 31997, '%', 'ServerName', NULL, 'UserName');
CREATE TEMP TABLE l AS
SELECT e.host_id, t.topic, ltrim(e.data ->> t.who, CASE t.topic WHEN 'guest-offered' THEN '\' ELSE '' END) AS who, e.time, e.boot, e.provider, e.event_id, e.data ->> t.value AS value, e.data ->> t.other AS other,
    e.file_id, e.file_off
FROM topic t CROSS JOIN event e ON e.provider = t.provider AND e.event_id = t.event_id
WHERE coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL AND (t.must = '%' OR e.data ->> t.value LIKE t.must ESCAPE '/');
DELETE FROM l WHERE event_id = 50 AND topic = 'clock-wrong' AND coalesce(value, 0) + 0 <= 300000;
INSERT INTO l        -- the clock was set by so many seconds, not at resume from sleep; other: by the time service (Local Service, svchost.exe), which corrects it
SELECT host_id, 'clock-step', NULL, time, boot, provider, event_id, CAST(round(days * 86400) AS INTEGER),
    CASE WHEN 'S-1-5-19' IN (sid, data ->> 'SubjectUserSid') OR data ->> 'ProcessName' LIKE '%\svchost.exe' THEN 'time service' END, file_id, file_off
FROM (SELECT *, julianday(data ->> 'NewTime') - julianday(coalesce(data ->> 'OldTime', data ->> 'PreviousTime')) AS days FROM event
    WHERE (provider = 'Microsoft-Windows-Kernel-General' AND event_id = 1 OR provider = 'Microsoft-Windows-Security-Auditing' AND event_id = 4616) AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL) e
WHERE abs(days) * 86400 > 300 AND NOT EXISTS (SELECT 1 FROM event p WHERE p.host_id = e.host_id AND p.provider = 'Microsoft-Windows-Kernel-Power' AND p.event_id IN (42, 107)
    AND p.time BETWEEN e.time - 1200000000 AND e.time + 1200000000)
UNION ALL          -- back, for whatever reason: moments between the new time and the old one (other, a FILETIME) came twice, and their order is in doubt
SELECT host_id, 'clock-backward', NULL, time, boot, provider, event_id, NULL, time + CAST(round(days * 864000000000) AS INTEGER), file_id, file_off
FROM (SELECT *, julianday(coalesce(data ->> 'OldTime', data ->> 'PreviousTime')) - julianday(data ->> 'NewTime') AS days FROM event
    WHERE (provider = 'Microsoft-Windows-Kernel-General' AND event_id = 1 OR provider = 'Microsoft-Windows-Security-Auditing' AND event_id = 4616) AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL)
WHERE days * 86400 > 60
UNION ALL          -- by more than a day back
SELECT host_id, 'clock-back', NULL, time, boot, provider, event_id, data ->> 'NewTime', data ->> 'OldTime', file_id, file_off FROM event
WHERE provider = 'Microsoft-Windows-Kernel-General' AND event_id = 1 AND julianday(data ->> 'NewTime') < julianday(data ->> 'OldTime') - 1 AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL;
INSERT INTO l        -- the computer and its domain: as the computer says (who: the domain), as its domain controller says (host: the computer, other: the controller)
SELECT host_id, 'channel-broken', subject, time, boot, provider, event_id, NULL, NULL, file_id, file_off FROM failure WHERE kind = 'domain' AND event_id = 3210
UNION ALL
SELECT h.id, 'channel-refused', NULL, e.time, NULL, e.provider, e.event_id, NULL, d.name, e.file_id, e.file_off FROM event e JOIN host h ON h.name = upper(rtrim(e.data ->> 'param1', '$')) JOIN host d ON d.id = e.host_id
WHERE e.provider = 'NETLOGON' AND e.event_id IN (5722, 5723, 5805) AND h.id <> d.id AND coalesce(e.recovered, 0) = 0
    AND (h.fqdn IS NULL OR d.fqdn IS NULL OR substr(h.fqdn, instr(h.fqdn, '.')) = substr(d.fqdn, instr(d.fqdn, '.')))        -- a namesake in another domain is another computer
UNION ALL          -- sessions that say what a domain controller or a server answered; value: logon type
SELECT s.host_id, CASE s.logon_type WHEN 3 THEN 'guest-logon' ELSE 'kerberos-logon' END, CASE s.logon_type WHEN 3 THEN s.user ELSE s.domain || '\' || s.user END, s.from_time, s.boot, NULL, NULL, s.logon_type, s.sid, s.file_id, s.file_off FROM session s JOIN host h ON h.id = s.host_id
WHERE s.logon_type = 3 AND s.sid LIKE 'S-1-5-21-%-501' OR s.package = 'Kerberos' AND s.logon_type IN (2, 4, 5, 10) AND s.domain <> h.name;
INSERT INTO l        -- every server has anonymous sessions; who: the client that opened one
SELECT s.host_id, 'anonymous-logon', upper(ltrim(coalesce(e.data, d.data) ->> 'WorkstationName', '\')), s.from_time, s.boot, NULL, NULL, 3, s.sid, s.file_id, s.file_off FROM session s
LEFT JOIN event e ON NOT s.folded AND e.file_id = s.file_id AND e.file_off = s.file_off LEFT JOIN fold d ON s.folded AND d.id = (SELECT min(i.id) FROM fold i WHERE i.file_id = s.file_id AND i.file_off = s.file_off)
WHERE s.logon_type = 3 AND s.sid = 'S-1-5-7' AND length(coalesce(e.data, d.data) ->> 'WorkstationName') > 1;
INSERT INTO l        -- accounts, by SID and by name; other: the host alone whose local account it is
SELECT e.host_id, t.column2, CASE n.column1 WHEN 1 THEN e.data ->> 'TargetSid' ELSE upper(e.data ->> 'TargetDomainName') || '\' || upper(e.data ->> 'TargetUserName') END, e.time, e.boot, e.provider, e.event_id,
    e.data ->> 'SubjectUserName', CASE WHEN upper(e.data ->> 'TargetDomainName') = h.name THEN h.name END, e.file_id, e.file_off
FROM (VALUES(4725, 'account-disabled'), (4722, 'account-enabled'), (4720, 'account-enabled'), (4720, 'account-made'), (4726, 'account-deleted')) t
CROSS JOIN event e ON e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id = t.column1 JOIN host h ON h.id = e.host_id CROSS JOIN (VALUES(1), (2)) n WHERE coalesce(e.recovered, 0) = 0;
INSERT INTO l        -- failed logons by account: the batch logon was tried; it was the right that was missing; there is no such user
SELECT host_id, CASE n.column1 WHEN 1 THEN 'batch-tried' WHEN 2 THEN 'batch-refused' ELSE 'no-such-user' END, account_of(data ->> 'TargetUserName'), time, boot, provider, event_id, data ->> 'SubStatus', data ->> 'TargetDomainName',
    file_id, file_off
FROM event CROSS JOIN (VALUES(1), (2), (3)) n WHERE provider = 'Microsoft-Windows-Security-Auditing' AND event_id = 4625 AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL
    AND CASE n.column1 WHEN 3 THEN lower(data ->> 'SubStatus') = '0xc0000064' ELSE num(data ->> 'LogonType') = 4 AND (n.column1 = 1 OR '0xc000015b' IN (lower(data ->> 'Status'), lower(data ->> 'SubStatus'))) END;
INSERT INTO l SELECT host_id, 'server-short', NULL, time, boot, provider, event_id, NULL, NULL, file_id, file_off FROM event
WHERE provider IN ('Srv', 'Server') AND event_id BETWEEN 2017 AND 2022 AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL
UNION ALL SELECT host_id, 'csc-missing', NULL, time, boot, provider, event_id, NULL, NULL, file_id, file_off FROM event
WHERE provider = 'Service Control Manager' AND event_id = 7026 AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL
    AND ' ' || replace(replace(data ->> 'param1', char(13), ' '), char(10), ' ') || ' ' LIKE '% CSC %';
INSERT INTO landmark(host_id, topic, who, time, boot, provider, event_id, value, other, file_id, file_off)
SELECT host_id, topic, who, time, boot, provider, event_id, value, other, file_id, file_off FROM l ORDER BY host_id, topic, time, who, file_id, file_off, event_id;
CREATE INDEX landmark_when ON landmark(host_id, topic, time);
CREATE INDEX landmark_who ON landmark(topic, who, time);
DROP TABLE l; DROP TABLE topic;

-- 6. Presence: stretches during which an account had at least one session of a kind on a host. how: 'interactive' (2, 7, 10 to 13), 'background' (3, 4, 5, 8, 9), 'sure' (2, 10, 11 with a
-- recorded end, of a desktop: not by runas or a program of its own). who: SID, DOMAIN\USER and USER, each a row of its own, of accounts that a failure, a task or a service names: a server has a hundred thousand sessions of others, which
-- v_session has. to_time NULL: no end is known. The session is the one that lasts longest.
CREATE TEMP TABLE whose(who TEXT COLLATE NOCASE PRIMARY KEY) WITHOUT ROWID;
INSERT OR IGNORE INTO whose SELECT who FROM (
    SELECT sid AS who FROM logon_failure UNION SELECT account FROM logon_failure UNION SELECT domain || '\' || upper(account) FROM logon_failure
    UNION SELECT sid FROM consumer UNION SELECT account FROM consumer UNION SELECT domain || '\' || upper(account) FROM consumer
    UNION SELECT sid FROM task UNION SELECT user FROM task) WHERE who IS NOT NULL;
CREATE TEMP TABLE stay(host_id INTEGER, how TEXT, who TEXT, from_time INTEGER, to_time INTEGER, id INTEGER, PRIMARY KEY(host_id, how, who, from_time, to_time, id)) WITHOUT ROWID;
INSERT INTO stay SELECT host_id, k.how, s.who, from_time, to_time, id FROM (
    SELECT s.host_id, s.logon_type, s.ended = 'logoff' AND NOT EXISTS (SELECT 1 FROM event e WHERE e.file_id = s.file_id AND e.file_off = s.file_off AND e.event_id = 4624
            AND coalesce(nullif(trim(e.data ->> 'LogonProcessName'), ''), 'User32') <> 'User32' COLLATE NOCASE) AS desktop, CASE w.column1 WHEN 1 THEN s.sid WHEN 2 THEN upper(s.domain) || '\' || upper(s.user) ELSE upper(s.user) END AS who, s.from_time,
        coalesce(s.to_time, 9000000000000000000) AS to_time, s.id FROM session s CROSS JOIN (VALUES(1), (2), (3)) w WHERE s.host_id IS NOT NULL AND s.from_time IS NOT NULL) s
CROSS JOIN whose n ON n.who = s.who
JOIN (SELECT 2 AS t, 'interactive' AS how UNION ALL VALUES(7, 'interactive'), (10, 'interactive'), (11, 'interactive'), (12, 'interactive'), (13, 'interactive'), (2, 'sure'), (10, 'sure'), (11, 'sure'),
    (3, 'background'), (4, 'background'), (5, 'background'), (8, 'background'), (9, 'background')) k ON k.t = s.logon_type AND (k.how <> 'sure' OR s.desktop)
ORDER BY 1, 2, 3, 4, 5, 6;
-- A stretch begins where all before have ended; it lasts as long as the longest before the next one.
INSERT INTO presence(host_id, how, who, from_time, to_time, session)
SELECT host_id, how, who, from_time, nullif(until, 9000000000000000000),
    (SELECT max(l.id) FROM stay l WHERE l.host_id = s.host_id AND l.how = s.how AND l.who = s.who AND l.from_time BETWEEN s.from_time AND s.until AND l.to_time = s.until)
FROM (SELECT host_id, how, who, from_time, coalesce(lead(before) OVER (PARTITION BY host_id, how, who ORDER BY from_time),
        (SELECT max(l.to_time) FROM stay l WHERE l.host_id = b.host_id AND l.how = b.how AND l.who = b.who)) AS until
    FROM (SELECT *, max(to_time) OVER (PARTITION BY host_id, how, who ORDER BY from_time, to_time, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM stay) b
    WHERE before IS NULL OR from_time > before) s
ORDER BY host_id, how, who, from_time;
CREATE INDEX presence_who ON presence(host_id, who, how, from_time);
DROP TABLE stay; DROP TABLE whose;
