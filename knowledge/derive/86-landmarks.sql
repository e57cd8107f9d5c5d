-- Landmarks: events that rules look for just before or after a failure, so that they find the nearest by index: failures times the events of an hour would be too
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
