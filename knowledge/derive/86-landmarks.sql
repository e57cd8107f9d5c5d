-- Landmarks: events that rules look for just before or after a failure, so that they find the nearest by index:
-- failures times the events of an hour would be too many. who: whom it is about, where that is not the whole host;
-- value, other: what else it says.

-- What landmarks there are. about: which of a failure's names they are found by:
--   host     the host it failed on          subject  its task, or the server of its share (who)
--   server   the server of its share, where that is a host of this case       client  the same, and who is this host
--   user     the SID behind it (who)        right    the SID whose logon rights decide (who)
--   domain   the domain of the account behind it (who)
--   account  the account behind it, on whatever host it was changed (who: SID, or DOMAIN\NAME; other: the one host that
--            it is an account of)           audit    the subcategory (who)      name  the account's bare name (who)
-- slack: until how long after a failure such an event still speaks of it. undone_by: the landmark that ends what it
-- says;
-- by_start: a start of the same task or service shows that it had ended.
DELETE FROM topic;
INSERT INTO topic(topic, about, slack, undone_by, by_start) VALUES
    ('no-dc', 'host', minutes(1), 'dc-answered', 0), ('no-dc-there', 'domain', minutes(1), 'domain-answered', 0),
    ('domain-answered', 'domain', 0, NULL, 0), ('no-dc-hint', 'host', minutes(1), 'dc-answered', 0),
    ('dc-answered', 'host', 0, NULL, 0), ('policy-read', 'host', 0, NULL, 0), ('new-policy', 'host', 0, NULL, 0),
    ('kerberos-logon', 'host', 0, NULL, 0), ('task-unsaved', 'subject', 0, NULL, 0),
    ('clock-unsynced', 'host', 0, 'clock-synced', 0), ('clock-wrong', 'host', 0, 'clock-synced', 0),
        ('clock-synced', 'host', 0, NULL, 0),
    ('clock-step', 'host', 0, 'clock-synced', 0), ('clock-backward', 'host', 0, NULL, 0),
    ('clock-back', 'host', 0, NULL, 0), ('sleep', 'host', 0, NULL, 0), ('csc-missing', 'host', 0, NULL, 0),
    ('maxcmds-reached', 'host', minutes(5), NULL, 0), ('maxthreads-reached', 'host', minutes(5), NULL, 0),
    ('channel-broken', 'host', minutes(10), 'machine-policy', 0),
    ('channel-refused', 'host', minutes(10), 'machine-policy', 0), ('machine-policy', 'host', 0, NULL, 0),
    ('logged-off', 'user', 0, NULL, 0), ('ended-session-used', 'host', minutes(1), NULL, 0),
    ('server-full', 'server', minutes(5), NULL, 0), ('server-short', 'server', minutes(1), NULL, 0),
    ('guest-logon', 'server', minutes(1), NULL, 0), ('anonymous-logon', 'client', minutes(1), NULL, 0),
    ('guest-offered', 'subject', minutes(1), NULL, 0), ('user-absent', 'subject', seconds(2), NULL, 0),
    ('task-warned', 'subject', 0, NULL, 0),
    ('ntlm-stopped', 'subject', minutes(1), NULL, 0),
    ('session-unfit', 'subject', seconds(2), NULL, 0),
    ('task-store-failed', 'host', 0, NULL, 1),
    ('workstation-failed', 'host', 0, 'redirector-answers', 0),
    ('redirector-answers', 'host', minutes(5), NULL, 0),
    ('not-own-name', 'subject', minutes(1), NULL, 0),
    ('ntlm-queue', 'host', minutes(5), NULL, 0), ('ntlm-queue-there', 'server', minutes(5), NULL, 0),
    ('name-conflict', 'host', 0, NULL, 0), ('name-conflict-there', 'subject', 0, NULL, 0),
    ('transport-removed', 'host', 0, 'transport-arrived', 0), ('transport-arrived', 'host', 0, NULL, 0),
    ('share-failed', 'host', minutes(5), NULL, 0),
    ('renamed', 'domain', 0, NULL, 0),
    ('lsass-failed', 'host', 0, NULL, 0),
    ('update-installed', 'host', 0, NULL, 0),
    ('lsa-guarded', 'host', 0, NULL, 0),
    ('lsa-unguarded', 'host', 0, NULL, 0),
    ('desk-refused', 'name', 0, NULL, 0), ('desk-closed', 'name', 0, NULL, 0),
    ('ntlm-too-weak', 'host', seconds(10), NULL, 0), ('program-too-weak', 'host', seconds(10), NULL, 0),
    ('no-common-etype', 'subject', seconds(10), NULL, 0), ('no-own-etype', 'host', seconds(10), NULL, 0),
    ('private-key-failed', 'host', minutes(10), NULL, 0),
    ('binding-changed', 'host', minutes(1), NULL, 0),
    ('run-as', 'host', 0, NULL, 0), ('net-as', 'host', 0, NULL, 0),
    ('password-tried', 'host', minutes(1), NULL, 0),
    ('batch-given', 'right', 0, 'batch-taken', 0), ('batch-taken', 'right', 0, 'batch-given', 1),
    ('batch-denied', 'right', 0, 'batch-allowed', 1), ('batch-allowed', 'right', 0, 'batch-denied', 0),
    ('service-given', 'right', 0, 'service-taken', 0), ('service-taken', 'right', 0, 'service-given', 1),
    ('service-denied', 'right', 0, 'service-allowed', 1), ('service-allowed', 'right', 0, 'service-denied', 0),
    ('account-disabled', 'account', 0, 'account-enabled', 1), ('account-enabled', 'account', 0, 'account-disabled', 0),
    ('account-deleted', 'account', 0, 'account-made', 1), ('account-made', 'account', 0, 'account-deleted', 0),
    ('audit-success-added', 'audit', 0, NULL, 0), ('audit-failure-added', 'audit', 0, NULL, 0),
    ('batch-tried', 'name', 0, NULL, 0), ('batch-refused', 'name', 0, NULL, 0), ('no-such-user', 'name', 0, NULL, 0),
    ('managed-password-failed', 'name', seconds(10), NULL, 1),
    ('account-locked', 'account', 0, 'account-unlocked', 1), ('account-unlocked', 'account', 0, 'account-locked', 0);

-- Which events they are. must: what the field value has to contain; who, value and other are fields.
CREATE TEMP TABLE IF NOT EXISTS sign(topic TEXT, provider TEXT COLLATE NOCASE, event_id INTEGER, must TEXT, who TEXT,
    value TEXT,
    other TEXT, PRIMARY KEY(provider, event_id, topic)) WITHOUT ROWID;
INSERT INTO sign VALUES
    ('no-dc', 'NETLOGON', 5719, '%', 'param1', NULL, NULL),
    ('no-dc', 'Microsoft-Windows-GroupPolicy', 1054, '%', NULL, NULL, NULL),
    ('no-dc', 'Microsoft-Windows-GroupPolicy', 1129, '%', NULL, NULL, NULL),
    ('no-dc-hint', 'Microsoft-Windows-DNS-Client', 1014, '/_ldap.%', NULL, 'QueryName', NULL),
    ('no-dc-hint', 'LsaSrv', 40960, '%c000005e%', NULL, 'Error', NULL),
    ('clock-wrong', 'Microsoft-Windows-Time-Service', 34, '%', NULL, NULL, 'SystemTimeChangeSeconds'),
    ('clock-unsynced', 'Microsoft-Windows-Time-Service', 36, '%', NULL, NULL, NULL),
    ('clock-wrong', 'Microsoft-Windows-Time-Service', 50, '%', NULL, 'TimeDifferenceMilliseconds', NULL),
    ('clock-synced', 'Microsoft-Windows-Time-Service', 35, '%', NULL, NULL, 'TimeSource'),
    ('clock-synced', 'Microsoft-Windows-Time-Service', 37, '%', NULL, NULL, 'TimeSource'),
    ('sleep', 'Microsoft-Windows-Kernel-Power', 42, '%', NULL, NULL, NULL),
    ('sleep', 'Microsoft-Windows-Kernel-Power', 107, '%', NULL, NULL, NULL),
    ('logged-off', 'Microsoft-Windows-Winlogon', 7002, '%', 'UserSid', NULL, NULL),
    ('ended-session-used', 'LsaSrv', 200, '%', 'LogonId', 'LogoffTime', 'Program'),
    ('maxcmds-reached', 'MRxSmb', 3021, '%', NULL, NULL, NULL),
    ('maxthreads-reached', 'MRxSmb', 3026, '%', NULL, NULL, NULL),
    ('server-full', 'Srv', 2021, '%', NULL, NULL, NULL), ('server-full', 'Srv', 2022, '%', NULL, NULL, NULL),
    ('server-full', 'Server', 2021, '%', NULL, NULL, NULL), ('server-full', 'Server', 2022, '%', NULL, NULL, NULL),
    ('session-unfit', 'Microsoft-Windows-TaskScheduler', 333, '%', 'TaskName', NULL, 'UserName'),
    ('session-unfit', 'Microsoft-Windows-TaskScheduler', 334, '%', 'TaskName', NULL, 'UserName'),
    ('task-store-failed', 'Microsoft-Windows-TaskScheduler', 406, '%', NULL, NULL, NULL),
    ('task-store-failed', 'Microsoft-Windows-TaskScheduler', 407, '%', NULL, NULL, NULL),
    ('task-store-failed', 'Microsoft-Windows-TaskScheduler', 718, '%', NULL, NULL, NULL),
    ('ntlm-queue', 'NETLOGON', 5816, '%', NULL, NULL, NULL),
    ('ntlm-queue-there', 'NETLOGON', 5816, '%', NULL, NULL, NULL),
    ('ntlm-queue', 'NETLOGON', 5817, '%', NULL, NULL, NULL),
    ('ntlm-queue-there', 'NETLOGON', 5817, '%', NULL, NULL, NULL),
    ('ntlm-queue', 'NETLOGON', 5818, '%', NULL, NULL, NULL),
    ('ntlm-queue-there', 'NETLOGON', 5818, '%', NULL, NULL, NULL),
    ('ntlm-queue', 'NETLOGON', 5819, '%', NULL, NULL, NULL),
    ('ntlm-queue-there', 'NETLOGON', 5819, '%', NULL, NULL, NULL),
    ('name-conflict', 'NetBT', 4319, '%', NULL, NULL, NULL),
    ('name-conflict', 'NetBT', 4321, '%', NULL, 'param2', 'param4'),
    ('name-conflict', 'Server', 2505, '%', NULL, NULL, NULL),
    ('transport-removed', 'Microsoft-Windows-SMBClient', 30811, '%', NULL, NULL, NULL),
    ('transport-arrived', 'Microsoft-Windows-SMBClient', 30810, '%', NULL, NULL, NULL),
    ('renamed', 'EventLog', 6011, '%', 'param1', 'param1', 'param2'),
    ('lsass-failed', 'LsaSrv', 5000, '%', NULL, 'Package', NULL),
    ('lsass-failed', 'Microsoft-Windows-Wininit', 1015, '%lsass%', NULL, 'param1', NULL),
    ('lsass-failed', 'Application Error', 1000, 'lsass.exe%', NULL, 'param1', NULL),
    ('update-installed', 'Microsoft-Windows-WindowsUpdateClient', 19, '%', NULL, 'updateTitle', NULL),
    ('lsa-guarded', 'Microsoft-Windows-Wininit', 12, '%', NULL, 'Level', NULL),
    ('lsa-guarded', 'Microsoft-Windows-Wininit', 13, '%', NULL, NULL, NULL),
    ('lsa-unguarded', 'Microsoft-Windows-Wininit', 14, '0', NULL, 'Config', NULL),
    ('ntlm-too-weak', 'Microsoft-Windows-NTLM', 4010, '%', 'ProcessName', 'NegotiatedSecurity', 'RequiredSecurity'),
    ('private-key-failed', 'Schannel', 36869, '%', NULL, NULL, NULL),
    ('private-key-failed', 'Schannel', 36870, '%', NULL, 'ErrorCode', NULL),
    ('binding-changed', 'Microsoft-Windows-HttpEvent', 15300, '%', NULL, 'Endpoint', NULL),
    ('binding-changed', 'Microsoft-Windows-HttpEvent', 15301, '%', NULL, 'Endpoint', NULL),
    ('password-tried', 'Microsoft-Windows-Security-Auditing', 4723, '%', 'TargetUserName', 'SubjectUserName', NULL),
    ('password-tried', 'Microsoft-Windows-Security-Auditing', 4724, '%', 'TargetUserName', 'SubjectUserName', NULL),
    ('password-tried', 'Microsoft-Windows-Security-Auditing', 4742, '%', 'TargetUserName', 'SubjectUserName', NULL),
    -- the launch condition was not met
    ('user-absent', 'Microsoft-Windows-TaskScheduler', 332, '%', 'TaskName', NULL, 'UserName'),
    -- 0x4131C: saved, but its account may not log on as a batch job
    ('task-warned', 'Microsoft-Windows-TaskScheduler', 116, '267036', 'TaskName', 'ResultCode', NULL),
    ('guest-offered', 'Microsoft-Windows-SMBClient', 31017, '%', 'ServerName', NULL, 'UserName'),
    ('guest-offered', 'Microsoft-Windows-SMBClient', 31022, '%', 'ServerName', NULL, 'UserName'),
    ('guest-offered', 'Microsoft-Windows-SMBClient', 31997, '%', 'ServerName', NULL, 'UserName');
INSERT INTO sign        -- logon rights given and taken
SELECT r.column1 || '-' || d.column2, 'Microsoft-Windows-Security-Auditing', d.column1,
    '%' || d.column3 || r.column2 || '%',
    'TargetSid', CASE d.column1 WHEN 4717 THEN 'AccessGranted' ELSE 'AccessRemoved' END, 'SubjectUserName'
FROM (VALUES('batch', 'BatchLogonRight'), ('service', 'ServiceLogonRight')) r,
    (VALUES(4717, 'given', 'Se'), (4718, 'taken', 'Se'), (4717, 'denied', 'SeDeny'), (4718, 'allowed', 'SeDeny')) d
ORDER BY 1, 3;
-- the audit policy began to record such events only then (%%8449 success added, %%8451 failure
INSERT INTO sign VALUES
    -- added); 4719 is logged whatever the policy (Microsoft Learn, "Event 4719")
    ('audit-success-added', 'Microsoft-Windows-Security-Auditing', 4719, '%8449%', 'SubcategoryGuid',
        'AuditPolicyChanges',
        'SubjectUserName'),
    ('audit-failure-added', 'Microsoft-Windows-Security-Auditing', 4719, '%8451%', 'SubcategoryGuid',
        'AuditPolicyChanges',
        'SubjectUserName');
CREATE TEMP TABLE IF NOT EXISTS l(host_id INTEGER, topic TEXT, who TEXT COLLATE NOCASE, time INTEGER, boot INTEGER,
    provider TEXT COLLATE NOCASE, event_id INTEGER, value COLLATE NOCASE, other TEXT COLLATE NOCASE, file_id INTEGER,
        file_off INTEGER);
INSERT INTO l
SELECT e.host_id, t.topic, ltrim(e.data ->> t.who, CASE t.topic WHEN 'guest-offered' THEN '\' ELSE '' END), e.time,
    e.boot, e.provider, e.event_id, e.data ->> t.value, e.data ->> t.other, e.file_id, e.file_off
FROM sign t CROSS JOIN event e ON e.provider = t.provider AND e.event_id = t.event_id
WHERE coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL
    AND (t.must = '%' OR e.data ->> t.value LIKE t.must ESCAPE '/');
-- the redirector asks NTLM from the kernel: a program that is named has a connection of its own
UPDATE l SET topic = 'program-too-weak' WHERE topic = 'ntlm-too-weak'
    AND coalesce(nullif(who, '-'), '') NOT IN ('', 'System');
-- of a name that is not the computer's own: its user's, its workgroup's
UPDATE l SET topic = 'name-conflict-there', who = rtrim(substr(value, 1, 15)) FROM host h
WHERE h.id = l.host_id AND l.topic = 'name-conflict' AND rtrim(substr(l.value, 1, 15)) <> h.name;
DELETE FROM l WHERE event_id = 50 AND topic = 'clock-wrong' AND coalesce(value, 0) + 0 <= 300000;

-- The clock: before, and after it was set. days: by how much.
CREATE TEMP TABLE IF NOT EXISTS clock(host_id INTEGER, time INTEGER, boot INTEGER, provider TEXT COLLATE NOCASE,
    event_id INTEGER,
    days REAL, by_service INTEGER, was TEXT, became TEXT, file_id INTEGER, file_off INTEGER);
INSERT INTO clock
SELECT host_id, time, boot, provider, event_id, julianday(became) - julianday(was), by_service, was, became, file_id,
    file_off
FROM (SELECT *, data ->> 'NewTime' AS became, coalesce(data ->> 'OldTime', data ->> 'PreviousTime') AS was,
        -- by the time service (Local Service, svchost.exe), which corrects it
        'S-1-5-19' IN (sid, data ->> 'SubjectUserSid') OR data ->> 'ProcessName' LIKE '%\svchost.exe' AS by_service
    FROM event WHERE (provider = 'Microsoft-Windows-Kernel-General' AND event_id = 1
            OR provider = 'Microsoft-Windows-Security-Auditing' AND event_id = 4616)
        AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL);
INSERT INTO l        -- it was set by so many seconds, not at resume from sleep
SELECT host_id, 'clock-step', NULL, time, boot, provider, event_id, CAST(round(days * 86400) AS INTEGER),
    CASE WHEN by_service THEN 'time service' END, file_id, file_off
FROM clock e WHERE abs(days) * 86400 > 300 AND NOT EXISTS (SELECT 1 FROM event p WHERE p.host_id = e.host_id
    AND p.provider = 'Microsoft-Windows-Kernel-Power' AND p.event_id IN (42, 107)
    AND p.time BETWEEN e.time - minutes(2) AND e.time + minutes(2))
UNION ALL          -- back, for whatever reason: moments between the new time and the old one (other, a FILETIME) came
                   -- twice, and their order is in doubt
SELECT host_id, 'clock-backward', NULL, time, boot, provider, event_id, NULL,
    time + CAST(round(-days * days(1)) AS INTEGER), file_id, file_off
FROM clock WHERE -days * 86400 > 60
UNION ALL          -- by more than a day back
SELECT host_id, 'clock-back', NULL, time, boot, provider, event_id, became, was, file_id, file_off
FROM clock WHERE event_id = 1 AND days < -1;

-- the computer and its domain: as the computer says (who: the domain), as its domain controller says
INSERT INTO l
                     -- (host: the computer, other: the controller)
SELECT host_id, 'channel-broken', subject, time, boot, provider, event_id, NULL, NULL, file_id, file_off
FROM failure WHERE kind = 'domain' AND event_id = 3210
UNION ALL
SELECT h.id, 'channel-refused', NULL, e.time, NULL, e.provider, e.event_id, NULL, d.name, e.file_id, e.file_off
FROM event e JOIN host h ON h.name = upper(rtrim(e.data ->> 'param1', '$')) JOIN host d ON d.id = e.host_id
WHERE e.provider = 'NETLOGON' AND e.event_id IN (5722, 5723, 5805) AND h.id <> d.id AND coalesce(e.recovered, 0) = 0
    AND (h.fqdn IS NULL OR d.fqdn IS NULL        -- a namesake in another domain is another computer
        OR substr(h.fqdn, instr(h.fqdn, '.')) = substr(d.fqdn, instr(d.fqdn, '.')))
UNION ALL
SELECT host_id, k.column1, NULL, time, NULL, provider, event_id, NULL, principal, file_id, file_off
FROM success CROSS JOIN (VALUES('dc-answered'), ('policy-read'), ('new-policy'), ('machine-policy')) k
-- other: the controller; machine-policy: the computer's own, for which it has to prove who it is
WHERE kind = 'domain' AND (k.column1 <> 'new-policy' OR event_id = 1502)
    AND (k.column1 <> 'machine-policy' OR event_id IN (1500, 1502))
UNION ALL          -- sessions of Guest; value: logon type
SELECT host_id, 'guest-logon', user, from_time, boot, NULL, NULL, logon_type, sid, file_id, file_off
FROM session WHERE logon_type = 3 AND sid LIKE 'S-1-5-21-%-501';
-- Logons that a domain controller answered, of hosts where one was missed: a server has a hundred thousand others,
-- which nobody asks for.
CREATE TEMP TABLE IF NOT EXISTS missed(host_id INTEGER PRIMARY KEY);
INSERT OR IGNORE INTO missed SELECT host_id FROM l WHERE topic IN ('no-dc', 'no-dc-hint');
INSERT OR IGNORE INTO missed
SELECT host_id FROM failure WHERE kind = 'domain' OR code_in(win32, 'no-domain-controller');
INSERT OR IGNORE INTO missed SELECT host_id FROM event WHERE coalesce(recovered, 0) = 0 AND host_id IS NOT NULL
    AND (provider = 'LsaSrv' AND event_id IN (40960, 40961)
        OR provider = 'Microsoft-Windows-Security-Kerberos' AND event_id IN (4, 14));
INSERT INTO l
SELECT s.host_id, k.column1, CASE WHEN k.column1 = 'domain-answered'
        THEN substr(s.domain, 1, instr(s.domain || '.', '.') - 1) ELSE s.domain || '\' || s.user END,
    s.from_time, s.boot, NULL, NULL, s.logon_type, s.sid, s.file_id, s.file_off
FROM session s JOIN host h ON h.id = s.host_id
CROSS JOIN (VALUES('kerberos-logon'), ('dc-answered'), ('domain-answered')) k
WHERE s.host_id IN (SELECT host_id FROM missed) AND s.package = 'Kerberos' AND s.logon_type IN (2, 4, 5, 10)
    AND s.domain <> h.name;
-- Of a controller that was missed: is it the own domain's? A domain controller also says which trusted domain was
-- silent.
UPDATE l SET value = CASE WHEN instr('.' || lower(h.domain) || '.', '.' || lower(l.who) || '.') > 0
    OR instr('.' || lower(l.who) || '.', '.' || lower(h.domain) || '.') > 0 THEN 'own domain' ELSE 'other domain' END
FROM host h WHERE h.id = l.host_id AND l.topic = 'no-dc' AND l.who IS NOT NULL AND h.domain IS NOT NULL;
UPDATE l SET topic = 'no-dc-there', who = substr(who, 1, instr(who || '.', '.') - 1)
WHERE topic = 'no-dc' AND value = 'other domain';
-- a task that could not be saved with its credentials (1312; 115 names none); value: the code as it stands
INSERT INTO l
SELECT e.host_id, 'task-unsaved', coalesce(e.data ->> 'TaskName', '(a task that was not saved)'), e.time, e.boot,
    e.provider,
    e.event_id, x.raw, NULL, e.file_id, e.file_off
FROM event e JOIN error x ON x.event = e.id AND x.field = 'ResultCode' AND x.win32 = 1312
WHERE e.provider = 'Microsoft-Windows-TaskScheduler' AND e.event_id IN (115, 116);
INSERT INTO l        -- every server has anonymous sessions; who: the client that opened one
SELECT s.host_id, 'anonymous-logon', upper(ltrim(coalesce(e.data, d.data) ->> 'WorkstationName', '\')), s.from_time,
    s.boot, NULL, NULL, 3, s.sid, s.file_id, s.file_off
FROM session s LEFT JOIN event e ON NOT s.folded AND e.file_id = s.file_id AND e.file_off = s.file_off
LEFT JOIN fold d ON s.folded AND d.id = (SELECT min(i.id) FROM fold i WHERE i.file_id = s.file_id
    AND i.file_off = s.file_off)
WHERE s.logon_type = 3 AND s.sid = 'S-1-5-7' AND length(coalesce(e.data, d.data) ->> 'WorkstationName') > 1;
INSERT INTO l        -- accounts, by SID and by name; other: the host alone whose local account it is
SELECT e.host_id, t.column2, CASE n.column1 WHEN 1 THEN e.data ->> 'TargetSid'
        ELSE upper(e.data ->> 'TargetDomainName') || '\' || upper(e.data ->> 'TargetUserName') END, e.time, e.boot,
    e.provider, e.event_id, e.data ->> 'SubjectUserName',
    CASE WHEN upper(e.data ->> 'TargetDomainName') = h.name THEN h.name END, e.file_id, e.file_off
FROM (VALUES(4725, 'account-disabled'), (4722, 'account-enabled'), (4720, 'account-enabled'), (4720, 'account-made'),
    (4726, 'account-deleted')) t
CROSS JOIN event e ON e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id = t.column1
JOIN host h ON h.id = e.host_id CROSS JOIN (VALUES(1), (2)) n WHERE coalesce(e.recovered, 0) = 0;
-- failed logons by account: the batch logon was tried; it was the right that was missing; no such user (value: the
-- computer it came from)
INSERT INTO l
SELECT host_id, CASE n.column1 WHEN 1 THEN 'batch-tried' WHEN 2 THEN 'batch-refused' ELSE 'no-such-user' END,
    account_of(data ->> 'TargetUserName'), time, boot, provider, event_id,
    CASE n.column1 WHEN 3 THEN host_of(nullif(nullif(data ->> 'WorkstationName', ''), '-'))
        ELSE data ->> 'SubStatus' END,
    data ->> 'TargetDomainName', file_id, file_off
FROM event CROSS JOIN (VALUES(1), (2), (3)) n
WHERE provider = 'Microsoft-Windows-Security-Auditing' AND event_id = 4625 AND coalesce(recovered, 0) = 0
    AND host_id IS NOT NULL
    AND CASE n.column1 WHEN 3 THEN lower(data ->> 'SubStatus') = '0xc0000064' ELSE num(data ->> 'LogonType') = 4
        AND (n.column1 = 1 OR '0xc000015b' IN (lower(data ->> 'Status'), lower(data ->> 'SubStatus'))) END;
INSERT INTO l        -- NTLM to a server was blocked; value: the service asked for, as cifs/server
SELECT host_id, 'ntlm-stopped', rtrim(substr(data ->> 'TargetName', instr(data ->> 'TargetName', '/') + 1), '.'),
    time, boot,
    provider, event_id, data ->> 'TargetName', NULL, file_id, file_off
FROM event WHERE provider = 'Microsoft-Windows-NTLM' AND event_id IN (4001, 4015) AND coalesce(recovered, 0) = 0
    AND host_id IS NOT NULL;
-- the redirector: its service failed, in any of its names; or it is at work, since it reports a connection
INSERT INTO l
SELECT host_id, 'workstation-failed', NULL, time, boot, provider, event_id, raw, symbol, file_id, file_off FROM failure
WHERE kind = 'service' AND subject IN ('LanmanWorkstation', 'Workstation')
UNION ALL
SELECT host_id, 'redirector-answers', NULL, time, boot, provider, event_id, NULL, NULL, file_id, file_off FROM event
WHERE provider = 'Microsoft-Windows-SMBClient' AND event_id IN (30806, 30808, 31001) AND coalesce(recovered, 0) = 0
    AND host_id IS NOT NULL;
INSERT INTO l        -- the loopback check refused a name; value: the service asked for, as cifs/name
SELECT host_id, 'not-own-name', rtrim(substr(data ->> 'TargetName', instr(data ->> 'TargetName', '/') + 1), '.'),
    time, boot,
    provider, event_id, data ->> 'TargetName', data ->> 'Program', file_id, file_off
FROM event WHERE provider = 'LsaSrv' AND event_id = 6037 AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL;
INSERT INTO l        -- the SMB client failed; value: with which code
SELECT host_id, 'share-failed', subject, time, boot, provider, event_id, raw, symbol, file_id, file_off FROM failure
WHERE kind = 'share';
-- a logon at the desk failed (4625 of type 2); value: its SubStatus; desk-closed: for the account's state
INSERT INTO l
SELECT host_id, k.column1, account_of(data ->> 'TargetUserName'), time, boot, provider, event_id, data ->> 'SubStatus',
    data ->> 'TargetDomainName', file_id, file_off
FROM event CROSS JOIN (VALUES ('desk-refused'), ('desk-closed')) k
WHERE provider = 'Microsoft-Windows-Security-Auditing' AND event_id = 4625 AND num(data ->> 'LogonType') = 2
    AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL
    AND (k.column1 = 'desk-refused' OR code_in(win32of(data ->> 'SubStatus', 'ntstatus'), 'account-state'));
-- Kerberos: no encryption type in common, by itself (0xE), by LSA or by the share (0xC00002FD). who: the server, by its
-- whole name and its first part; value: what was asked for, as cifs/server; other: the code. no-own-etype: of a krbtgt,
-- which is the user's own logon or the way to another domain
CREATE TEMP TABLE IF NOT EXISTS etype(host_id INTEGER, time INTEGER, boot INTEGER, provider TEXT COLLATE NOCASE,
    event_id INTEGER, file_id INTEGER, file_off INTEGER, asked TEXT COLLATE NOCASE, server TEXT COLLATE NOCASE,
    code TEXT);
INSERT INTO etype
SELECT host_id, time, boot, provider, event_id, file_id, file_off, asked, substr(place, 1, instr(place, '/') - 1), code
FROM (SELECT *, replace(replace(substr(asked, instr(asked, '/') + 1), ':', '/'), '@', '/') || '/' AS place FROM (
    SELECT *, CASE event_id WHEN 3 THEN data ->> 'ServerName' ELSE data ->> 'Target' END AS asked,
        CASE event_id WHEN 3 THEN data ->> 'ErrorCode' ELSE '0xc00002fd' END AS code
    FROM event WHERE (provider = 'Microsoft-Windows-Security-Kerberos' AND event_id = 3
            AND num(data ->> 'ErrorCode') = 14
        OR provider = 'LsaSrv' AND event_id = 40960 AND data ->> 'Error' LIKE '%(0xc00002fd)%')
        AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL))
UNION ALL
SELECT host_id, time, boot, provider, event_id, file_id, file_off, 'cifs/' || subject, subject, raw FROM failure
WHERE kind = 'share' AND value IN (0xC00002FD, 0x80090342);
INSERT INTO l
SELECT host_id, CASE WHEN asked LIKE 'krbtgt/%' THEN 'no-own-etype' ELSE 'no-common-etype' END, server, time, boot,
    provider, event_id, asked, code, file_id, file_off FROM etype
WHERE asked LIKE 'cifs/%' OR asked LIKE 'host/%' OR asked LIKE 'krbtgt/%'
UNION ALL
SELECT host_id, 'no-common-etype', substr(server, 1, instr(server, '.') - 1), time, boot, provider, event_id, asked,
    code, file_id, file_off FROM etype
WHERE (asked LIKE 'cifs/%' OR asked LIKE 'host/%') AND server LIKE '%_.%';
DELETE FROM etype;
-- something was started as another user on this very computer (4648 to itself by another account); net-as: the other
-- account is for the network alone (4624 of type 9), on this computer it stays who it was
INSERT INTO l
SELECT host_id, CASE WHEN EXISTS (SELECT 1 FROM session s WHERE s.host_id = event.host_id AND s.logon_type = 9
        AND s.from_time BETWEEN event.time - seconds(2) AND event.time + seconds(2)
        AND s.user = event.data ->> 'SubjectUserName'
        AND coalesce(s.net_user = account_of(event.data ->> 'TargetUserName'), 1)) THEN 'net-as' ELSE 'run-as' END,
    data ->> 'TargetUserName', time, boot, provider, event_id, data ->> 'SubjectUserName',
    data ->> 'ProcessName', file_id, file_off
FROM event WHERE provider = 'Microsoft-Windows-Security-Auditing' AND event_id = 4648 AND coalesce(recovered, 0) = 0
    AND host_id IS NOT NULL AND data ->> 'TargetServerName' = 'localhost' 
    AND substr(data ->> 'SubjectUserName', -1) <> '$'
    AND data ->> 'TargetUserName' <> data ->> 'SubjectUserName' COLLATE NOCASE;
-- the password of a managed account could not be fetched; its name with the $ that some events leave out
INSERT INTO l
SELECT host_id, 'managed-password-failed', rtrim(account_of(coalesce(data ->> 'AccountName', data ->> 'Account')),
    '$') || '$',
    time, boot, provider, event_id, data ->> 'Status', data ->> 'AccountDomain', file_id, file_off
FROM event WHERE provider = 'Microsoft-Windows-Security-Netlogon' AND event_id BETWEEN 9000 AND 9003
    AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL;
-- locked (value: the computer the wrong passwords came from) and unlocked: by SID and by name. In 4740
-- TargetDomainName is that computer; the domain is the subject's, but of an account of that host.
INSERT INTO l
SELECT e.host_id, CASE e.event_id WHEN 4740 THEN 'account-locked' ELSE 'account-unlocked' END,
    CASE n.column1 WHEN 1 THEN e.data ->> 'TargetSid'
        ELSE upper(CASE WHEN e.data ->> 'TargetSid' LIKE h.machine_sid || '-%' THEN h.name
            WHEN e.event_id = 4740 THEN e.data ->> 'SubjectDomainName' ELSE e.data ->> 'TargetDomainName' END)
            || '\' || upper(e.data ->> 'TargetUserName') END,
    e.time, e.boot, e.provider, e.event_id, upper(ltrim(e.data ->> 'TargetDomainName', '\')), NULL, e.file_id,
        e.file_off
FROM event e JOIN host h ON h.id = e.host_id CROSS JOIN (VALUES(1), (2)) n
WHERE e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id IN (4740, 4767)
    AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL;
INSERT INTO l
SELECT host_id, 'server-short', NULL, time, boot, provider, event_id, NULL, NULL, file_id, file_off FROM event
WHERE provider IN ('Srv', 'Server') AND event_id BETWEEN 2017 AND 2022 AND coalesce(recovered, 0) = 0
    AND host_id IS NOT NULL
UNION ALL
SELECT host_id, 'csc-missing', NULL, time, boot, provider, event_id, NULL, NULL, file_id, file_off FROM event
WHERE provider = 'Service Control Manager' AND event_id = 7026 AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL
    AND ' ' || replace(replace(data ->> 'param1', char(13), ' '), char(10), ' ') || ' ' LIKE '% CSC %';
INSERT INTO landmark(host_id, topic, who, time, boot, provider, event_id, value, other, file_id, file_off, key, scope)
SELECT l.host_id, l.topic, l.who, l.time, l.boot, l.provider, l.event_id, l.value, l.other, l.file_id, l.file_off,
    CASE WHEN t.about IN ('host', 'server') THEN l.host_id || '|' WHEN t.about = 'account' THEN '|' || l.who
        ELSE l.host_id || '|' || l.who END, CASE WHEN t.about = 'account' AND l.other IS NOT NULL THEN l.host_id END
FROM l JOIN topic t ON t.topic = l.topic ORDER BY l.host_id, l.topic, l.time, l.who, l.file_id, l.file_off, l.event_id;
CREATE INDEX IF NOT EXISTS landmark_when ON landmark(host_id, topic, time);
CREATE INDEX IF NOT EXISTS landmark_who ON landmark(topic, who, time);
CREATE INDEX IF NOT EXISTS landmark_key ON landmark(topic, key, time);
DELETE FROM l; DELETE FROM sign; DELETE FROM clock; DELETE FROM missed;
