/* scale: SQL that fills an empty case with the facts of three busy hosts, each event beside what rules would join it with. Set temp.scale(n, span, accounts) first:
 * n task failures, n of services and shares, 5 n logons, and n / 2 of each event that may be a cause; span: over how much time (100 ns). 200 tasks and services under 1 to 200 accounts.
 * The owner of the case runs it before derive(). Same numbers, same facts. */
#ifndef SCALE_H
#define SCALE_H

#define SCALE_DAYS(d) ((d) * 864000000000LL)
static const char scale_sql[] =
    "CREATE TEMP TABLE i(i INTEGER PRIMARY KEY);"
    "INSERT INTO i WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i + 1 < (SELECT 5 * n FROM scale)) SELECT i FROM c;"
    "CREATE TEMP TABLE channel(c INTEGER PRIMARY KEY, name TEXT, provider TEXT);"
    "INSERT INTO channel VALUES(1, 'Security', 'Microsoft-Windows-Security-Auditing'), (2, 'System', ''), (3, 'Microsoft-Windows-TaskScheduler/Operational', 'Microsoft-Windows-TaskScheduler'),"
    "    (4, 'Microsoft-Windows-SmbClient/Security', 'Microsoft-Windows-SMBClient'), (5, 'Microsoft-Windows-Bits-Client/Operational', 'Microsoft-Windows-Bits-Client'),"
    "    (6, 'Microsoft-Windows-OfflineFiles/Operational', 'Microsoft-Windows-OfflineFiles');"
    "CREATE TEMP TABLE e(h INTEGER, c INTEGER, provider TEXT, id INTEGER, time INTEGER, data TEXT);"
    /* where an event of its kind stands: host i % 3, subject s of 200, moment t; each kind fills the whole span */
    "CREATE TEMP VIEW x AS SELECT i, i % 3 AS h, i / 3 % 200 AS s, i / 3 % 200 % accounts AS a, i / 600 AS r, n, span, 134167968000000000 AS base FROM i, scale;"
    "CREATE TEMP VIEW t AS SELECT *, base + span / n * i AS t FROM x WHERE i < n;"
    "CREATE TEMP VIEW u AS SELECT *, base + span * 2 / n * i AS t FROM x WHERE i < n / 2;"
    "CREATE TEMP VIEW v AS SELECT *, base + span / 5 / n * i AS t FROM x;"
    "CREATE TEMP TABLE code(k INTEGER PRIMARY KEY, task INTEGER, service INTEGER, share INTEGER, sub TEXT);"
    "INSERT INTO code VALUES(0, 1312, 1326, 1219, '0xc000006a'), (1, 1326, 1385, 1272, '0xc0000064'), (2, 1245, 1331, 1394, '0xc000015b'), (3, 1385, 1311, 71, '0xc0000072'), (4, 1311, 1069, 56, '0xc000005e'),"
    "    (5, 1398, 1326, 53, '0xc0000133'), (6, 1789, 1398, 1398, '0xc000018d'), (7, 1331, 1789, 1326, '0xc000006a'), (8, 2200, 2200, 5, '0xc0000234'), (9, 1317, 1330, 1789, '0xc0000064');"
    /* tasks: two of three failures with the call that failed, every fifth with a condition that was not met */
    "INSERT INTO e SELECT h, 3, NULL, 101, t, json_object('TaskName', '\\Task' || s, 'UserContext', 'CORP\\svc' || a, 'ResultCode', 0x80070000 + task) FROM t JOIN code ON k = (s + r) % 10;"
    "INSERT INTO e SELECT h, 3, NULL, 104, t, json_object('UserName', 'CORP\\svc' || a, 'ErrorDescription', CASE s % 2 WHEN 0 THEN 'LogonUserExEx' ELSE 'LogonUserS4U' END, 'ResultCode', 0x80070000 + task)"
    "    FROM t JOIN code ON k = (s + r) % 10 WHERE s % 3;"
    "INSERT INTO e SELECT h, 3, NULL, 332, t, json_object('TaskName', '\\Task' || s, 'UserName', 'CORP\\svc' || a) FROM t WHERE s % 5 = 0;"
    "INSERT INTO e SELECT h, 3, NULL, q.column1, t + q.column1, json_object('TaskName', '\\Task' || s, 'UserContext', 'CORP\\svc' || a, 'UserName', 'CORP\\svc' || a, 'ResultCode', q.column2, 'ActionName', 'a')"
    "    FROM u, (VALUES(100, 0), (140, 0), (142, 0), (116, 267036), (201, 0x80070005), (115, 0x80070520)) q;"
    /* services and shares, half of n each */
    "INSERT INTO e SELECT h, 2, 'Service Control Manager', 7038, t, json_object('param1', 'Service ' || s, 'param2', 'CORP\\svc' || a, 'param3', '%%' || service) FROM u JOIN code ON k = (s + r) % 10;"
    "INSERT INTO e SELECT h, 2, 'Service Control Manager', 7000, t + 1000000, json_object('param1', 'Service ' || s, 'param2', '%%1069') FROM u;"
    "INSERT INTO e SELECT h, 4, NULL, CASE share WHEN 1272 THEN 31017 ELSE 31001 END, t, json_object('ServerName', '\\\\' || CASE s % 2 WHEN 0 THEN 'PC' || (s + h) % 3 ELSE 'srv' || s END, 'UserName', 'CORP\\svc' || a,"
    "    'Status', printf('0x%08x', 0xC0070000 + share), 'LogonId', CASE s % 4 WHEN 0 THEN 999 WHEN 1 THEN 996 ELSE 100000 + i END) FROM u JOIN code ON k = (s + r) % 10;"
    "INSERT INTO e SELECT h, 4, NULL, q.column1, t + 2, json_object('ServerName', '\\\\' || CASE s % 2 WHEN 0 THEN 'PC' || (s + h) % 3 ELSE 'srv' || s END, 'UserName', 'CORP\\svc' || a) FROM u, (VALUES(31022), (30808)) q;"
    /* logons: failed ones, sessions and their ends */
    "INSERT INTO e SELECT h, 1, NULL, 4625, t, json_object('TargetUserName', 'svc' || a, 'TargetDomainName', 'CORP', 'TargetUserSid', 'S-1-0-0', 'Status', '0xc000006d', 'SubStatus', sub,"
    "    'LogonType', CASE r % 3 WHEN 0 THEN 4 WHEN 1 THEN 5 ELSE 3 END) FROM v JOIN code ON k = (s + r) % 10 WHERE i % 2;"
    "INSERT INTO e SELECT h, 1, NULL, 4624, t, json_object('TargetUserName', CASE r % 7 WHEN 0 THEN 'ANONYMOUS LOGON' ELSE 'svc' || a END, 'TargetDomainName', 'CORP', 'TargetUserSid',"
    "    CASE r % 7 WHEN 0 THEN 'S-1-5-7' ELSE 'S-1-5-21-7-7-7-' || (2000 + a) END, 'TargetLogonId', printf('0x%x', 100000 + i), 'LogonType', CASE r % 4 WHEN 0 THEN 2 WHEN 1 THEN 3 WHEN 2 THEN 4 ELSE 10 END,"
    "    'AuthenticationPackageName', CASE r % 2 WHEN 0 THEN 'Kerberos' ELSE 'NTLM' END) FROM v WHERE i % 2 = 0;"
    "INSERT INTO e SELECT h, 1, NULL, 4634, t + 600000000, json_object('TargetUserName', 'svc' || a, 'TargetLogonId', printf('0x%x', 100000 + i)) FROM v WHERE i % 4 = 0;"
    /* what might explain them */
    "INSERT INTO e SELECT h, 1, NULL, q.column1, t + q.column1, json_object('TargetUserName', 'svc' || a, 'TargetDomainName', 'CORP', 'TargetSid', 'S-1-5-21-7-7-7-' || (2000 + a), 'SubjectUserName', 'admin',"
    "    'SubjectLogonId', '0x' || s, 'TargetServerName', 'srv' || s, 'AccessRemoved', 'SeBatchLogonRight', 'PasswordLastSet', 'x', 'LogonType', 4, 'TaskName', '\\Task' || s,"
    "    'PreviousTime', '2026-03-01T00:00:00Z', 'NewTime', '2026-03-01T02:00:00Z') FROM u, (VALUES(4724), (4738), (4725), (4722), (4726), (4717), (4718), (4648), (4702), (4616)) q;"
    "INSERT INTO e SELECT h, 1, NULL, 4648, t, json_object('TargetUserName', 'other' || i, 'TargetDomainName', 'CORP', 'SubjectUserName', 'admin', 'SubjectLogonId', '0x' || s, 'TargetServerName', 'PC' || (s + h) % 3) FROM u;"
    "INSERT INTO e SELECT h, 1, NULL, 4742, t, json_object('TargetUserName', 'PC' || (h + 1) % 3 || '$', 'TargetDomainName', 'CORP', 'TargetSid', 'S-1-5-21-7-7-7-9', 'PasswordLastSet', 'x') FROM u;"
    "INSERT INTO e SELECT h, 2, q.column1, q.column2, t + q.column2, json_object('param1', 'PC' || (h + 1) % 3, 'QueryName', '_ldap._tcp', 'Error', '0xc000005e', 'ErrorCode', '0x25', 'ServerName', 'krb' || s, 'DCName', '\\\\dc1',"
    "    'UserSid', 'S-1-5-21-7-7-7-' || (2000 + a), 'OldTime', '2026-03-03T00:00:00Z', 'NewTime', '2026-03-01T00:00:00Z', 'SystemTimeChangeSeconds', 7200, 'TimeDifferenceMilliseconds', 7200000) FROM u, (VALUES('NETLOGON', 5719),"
    "    ('NETLOGON', 3210), ('NETLOGON', 5722), ('Microsoft-Windows-GroupPolicy', 1129), ('Microsoft-Windows-GroupPolicy', 1502), ('Microsoft-Windows-DNS-Client', 1014), ('LsaSrv', 40960), ('Microsoft-Windows-Time-Service', 34),"
    "    ('Microsoft-Windows-Time-Service', 35), ('Microsoft-Windows-Time-Service', 36), ('Microsoft-Windows-Time-Service', 50), ('Microsoft-Windows-Kernel-General', 1), ('Microsoft-Windows-Kernel-Power', 42), ('MRxSmb', 3021),"
    "    ('Srv', 2021), ('Microsoft-Windows-Winlogon', 7001), ('Microsoft-Windows-Winlogon', 7002), ('Microsoft-Windows-Security-Kerberos', 3), ('Service Control Manager', 7026)) q;"
    "INSERT INTO e SELECT h, 2, 'Service Control Manager', 7036, t + 7, json_object('param1', 'Service ' || s, 'param2', 'running') FROM u;"
    "INSERT INTO e SELECT h, 2, 'EventLog', 6005, t, '{}' FROM u WHERE i % 12 = 0;"
    "INSERT INTO e SELECT h, 2, 'EventLog', 104, t, json_object('Channel', 'Application') FROM u;"
    "INSERT INTO e SELECT h, 5, NULL, q.column1, t, json_object('name', 'job' || s, 'jobTitle', 'job' || s, 'Id', '{' || s || '}', 'jobId', '{' || s || '}', 'jobOwner', 'CORP\\svc' || a, 'hr', 0x800704DD) FROM u, (VALUES(3), (61)) q;"
    "INSERT INTO e SELECT h, 6, NULL, q.column1, t + q.column1, json_object('Path', '\\\\srv' || s || '\\share', 'ResultCode', 5) FROM u, (VALUES(9), (10), (1001)) q;"
    /* evidence: a log per host and channel, the hives of each */
    "INSERT INTO evidence(id, path, kind, format, log_kind, seen, parsed) SELECT h * 20 + c, 'PC' || h || '/' || replace(name, '/', '%4') || '.evtx', 'evtx', 'evtx', 'original', 9, 9"
    "    FROM channel, (SELECT DISTINCT i AS h FROM i WHERE i < 3) ORDER BY 1;"
    "INSERT INTO evidence(id, path, kind, format, seen) SELECT h * 20 + c, 'PC' || h || '/' || name, 'hive', 'hive', 1 FROM (SELECT 11 AS c, 'SYSTEM' AS name UNION SELECT 12, 'SECURITY' UNION SELECT 13, 'SAM' UNION SELECT 14, 'SOFTWARE'),"
    "    (SELECT i AS h FROM i WHERE i < 3) ORDER BY 1;"
    "INSERT INTO hive(file_id, file_off, kind, computer, dirty) SELECT id, 4096, substr(path, 5), substr(path, 1, 3), 0 FROM evidence WHERE kind = 'hive';"
    "INSERT INTO event(file_id, file_off, computer, channel, provider, event_id, time, record_id, recovered, identity, data)"
    "    SELECT h * 20 + e.c, 4096 + 512 * e.rowid, 'PC' || h || '.corp.example', name, coalesce(e.provider, c.provider), id, time, e.rowid, 0, e.rowid, data FROM e JOIN channel c ON c.c = e.c ORDER BY time, e.rowid;"
    "INSERT INTO log_span(file_id, file_off, computer, channel, n, first_id, last_id, first_time, last_time, gaps) SELECT file_id, 4096, computer, channel, count(*), 1, 99, min(time), max(time), 0 FROM event GROUP BY file_id, computer;"
    "CREATE TEMP VIEW w AS SELECT h, s, s % accounts AS a, h * 20 AS f, 8192 + 4096 * s AS o FROM scale, (SELECT i AS s FROM i WHERE i < 200), (SELECT i AS h FROM i WHERE i < 3);"
    "INSERT INTO task_cache(file_id, file_off, hive_id, guid, path, sid, user, logon, flags, registered, last_run, result) SELECT f + 14, o, f + 14, '{' || s || '}', '\\Task' || s, 'S-1-5-21-7-7-7-' || (2000 + a), 'CORP\\svc' || a,"
    "    CASE s % 4 WHEN 0 THEN 'Password' WHEN 1 THEN 'S4U' WHEN 2 THEN 'InteractiveToken' ELSE 'ServiceAccount' END, 0x400000, 134167968000000000 - 1 + s, 134167968000000000, 0x80070520 FROM w;"
    "INSERT INTO reg_value(file_id, file_off, hive_id, path, name, type, num, text, recovered) SELECT f + 11, o + q.column3, f + 11, 'SYSTEM\\CurrentControlSet\\Services\\svc' || s, q.column1, 1, q.column2,"
    "    CASE q.column1 WHEN 'ObjectName' THEN 'CORP\\svc' || a WHEN 'DisplayName' THEN 'Service ' || s END, 0 FROM w, (VALUES('Start', 2, 1), ('ObjectName', NULL, 2), ('DisplayName', NULL, 3)) q;"
    "INSERT INTO reg_value(file_id, file_off, hive_id, path, name, type, num, recovered) SELECT h * 20 + 11, 5000 + q.column4, h * 20 + 11, 'SYSTEM\\CurrentControlSet\\' || q.column1, q.column2, 4, q.column3, 0 FROM (SELECT i AS h FROM i WHERE i < 3),"
    "    (VALUES('Control\\Lsa', 'disabledomaincreds', 1, 0), ('Services\\LanmanWorkstation\\Parameters', 'MaxCmds', 2, 8), ('Services\\mrxsmb10', 'Start', 2, 16), ('Services\\CscService', 'Start', 2, 24),"
    "    ('Services\\LanmanServer\\Parameters', 'MaxMpxCt', 2, 32), ('Services\\LanmanWorkstation\\Parameters', 'AllowInsecureGuestAuth', 0, 40)) q;"
    "INSERT INTO secret(file_id, file_off, hive_id, name, cupd, oupd) SELECT f + 12, o, f + 12, '_SC_svc' || s, 134167968000000000 - 1, 1 FROM w UNION ALL SELECT h * 20 + 12, 4097, h * 20 + 12, '$MACHINE.ACC', 1, 1 FROM (SELECT i AS h FROM i WHERE i < 3);"
    "INSERT INTO logon_right(file_id, file_off, hive_id, sid, mask) SELECT f + 12, o + 8, f + 12, 'S-1-5-21-7-7-7-' || (2000 + a), CASE s % 3 WHEN 0 THEN 0x300 WHEN 1 THEN 1 ELSE 0x14 END FROM w WHERE s = a;"
    "INSERT INTO audit_policy(file_id, file_off, hive_id, subcategory, mask) SELECT h * 20 + 12, 4100, h * 20 + 12, 'Logon', 3 FROM (SELECT i AS h FROM i WHERE i < 3);"
    "INSERT INTO sam_account(file_id, file_off, hive_id, rid, name, flags, password_set) SELECT f + 13, o, f + 13, 2000 + s, 'svc' || s, 0x210 + s % 2, 134167968000000000 FROM w;"
    "DROP TABLE e; DROP VIEW t; DROP VIEW u; DROP VIEW v; DROP VIEW w; DROP VIEW x; DROP TABLE i; DROP TABLE code; DROP TABLE channel;";
#endif
