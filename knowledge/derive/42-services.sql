CREATE TEMP TABLE IF NOT EXISTS sv(host_id INTEGER, service TEXT COLLATE NOCASE, name TEXT COLLATE NOCASE,
    num INTEGER, text TEXT COLLATE NOCASE, data BLOB, file_id INTEGER, file_off INTEGER);
INSERT INTO sv
SELECT m.host_id, substr(v.path, 35) AS service, v.name, v.num, v.text, v.data, v.file_id, v.file_off
FROM reg_value v JOIN mine m ON m.hive_id = v.hive_id
WHERE v.path > 'SYSTEM\CurrentControlSet\Services\' AND v.path < 'SYSTEM\CurrentControlSet\Services]'
    AND coalesce(v.recovered, 0) = 0
    AND v.name IN ('Start', 'ObjectName', 'DisplayName', 'DelayedAutostart', 'ServiceAccountManaged',
        'DependOnService', 'ImagePath', 'Type') AND instr(substr(v.path, 35), '\') = 0
ORDER BY 1, 2, 3;
INSERT INTO service(host_id, name, display, start, account, delayed, managed, depends, image, file_id, file_off)
SELECT host_id, service, display, start, account, delayed, managed, depends, image,
    CASE WHEN own THEN account_file ELSE coalesce(start_file, account_file, file_id) END,
    CASE WHEN own THEN account_off WHEN start_file IS NOT NULL THEN start_off
        WHEN account_file IS NOT NULL THEN account_off ELSE file_off END
FROM (
    SELECT s.host_id, s.service, max(text) FILTER (WHERE s.name = 'DisplayName') AS display,
        max(num) FILTER (WHERE s.name = 'Start') AS start, max(text) FILTER (WHERE s.name = 'ObjectName') AS account,
        coalesce(max(num) FILTER (WHERE s.name = 'DelayedAutostart'), 0) AS delayed,
            count(*) FILTER (WHERE s.name = 'ServiceAccountManaged'
            AND coalesce(s.num, le(s.data), 1) <> 0) > 0 AS managed,
        max(text) FILTER (WHERE s.name = 'DependOnService') AS depends,
            max(text) FILTER (WHERE s.name = 'ImagePath') AS image,
        max(s.file_id) FILTER (WHERE s.name = 'Start') AS start_file,
            max(s.file_off) FILTER (WHERE s.name = 'Start') AS start_off,
        max(s.file_id) FILTER (WHERE s.name = 'ObjectName') AS account_file,
            max(s.file_off) FILTER (WHERE s.name = 'ObjectName') AS account_off, min(s.file_id) AS file_id,
            min(s.file_off) AS file_off,
        -- an account of its own: that is what a reader wants to see
        count(*) FILTER (WHERE s.name = 'ObjectName' AND NOT EXISTS (SELECT 1 FROM kb_account k
            WHERE k.name = s.text)) > 0 AS own,
        count(*) FILTER (WHERE s.name IN ('Start', 'Type', 'ImagePath')) > 0 AS real
    FROM sv s GROUP BY s.host_id, s.service COLLATE NOCASE) WHERE real ORDER BY host_id, service COLLATE NOCASE;
DELETE FROM sv;
CREATE INDEX IF NOT EXISTS service_name ON service(host_id, name);

-- Display names to key names: from the hive, from what the service control manager wrote (Binary: UTF-16 key name,
-- '/', state), from the English names.
CREATE TEMP TABLE IF NOT EXISTS written(host_id INTEGER, shown TEXT COLLATE NOCASE, key TEXT COLLATE NOCASE,
    n INTEGER);
INSERT INTO written
SELECT host_id, shown, key, max(n) AS n FROM (
    SELECT host_id, field(data, 'param1') AS shown, field(data, 'param4') AS key, 1 AS n FROM event
        WHERE provider = 'Service Control Manager' AND event_id = 7040 AND coalesce(recovered, 0) = 0
    UNION ALL
    SELECT b.host_id, b.shown, substr(utf16(b.bin), 1, instr(utf16(b.bin) || '/', '/') - 1), 2
    FROM (SELECT DISTINCT host_id, shown, bin FROM (
        SELECT host_id, field(data, 'param1') AS shown, field(data, 'Binary') AS bin FROM fold
            WHERE provider = 'Service Control Manager' AND event_id = 7036
        UNION ALL SELECT host_id, field(data, 'param1'), field(data, 'Binary') FROM event
            WHERE provider = 'Service Control Manager' AND event_id IN (7000, 7001, 7022, 7023, 7024, 7031, 7034, 7036)
            AND coalesce(recovered, 0) = 0) WHERE utf16(bin) > '') b)
WHERE shown > '' AND key > '' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
CREATE TEMP TABLE IF NOT EXISTS service_key(host_id INTEGER, shown TEXT COLLATE NOCASE,
    key TEXT COLLATE NOCASE, PRIMARY KEY(host_id, shown)) WITHOUT ROWID;
-- Which service a record shows: first by the names that services show (one without any shows its key), then by its key.
INSERT OR IGNORE INTO service_key SELECT host_id, shown, max(name) FROM (
    SELECT host_id, coalesce(nullif(display, ''), name) COLLATE NOCASE AS shown, name FROM service)
    GROUP BY 1, 2 HAVING count(*) = 1 ORDER BY 1, 2;
INSERT OR IGNORE INTO service_key SELECT host_id, shown, max(key) FROM written GROUP BY host_id, shown COLLATE NOCASE
    HAVING count(DISTINCT key COLLATE NOCASE) = 1 ORDER BY 1, 2;
INSERT OR IGNORE INTO service_key
SELECT h.id, k.column1, coalesce(s.name, k.column2) FROM host h
    JOIN (VALUES ('Workstation', 'LanmanWorkstation'), ('Server', 'LanmanServer'), ('Task Scheduler', 'Schedule'),
    ('Credential Manager', 'VaultSvc'), ('Netlogon', 'Netlogon'), ('Offline Files', 'CscService'),
        ('CNG Key Isolation', 'KeyIso'), ('Secondary Logon', 'seclogon'), ('Windows Time', 'W32Time'),
    ('Background Intelligent Transfer Service', 'BITS'), ('Windows Event Log', 'EventLog'),
        ('Network Location Awareness', 'NlaSvc'), ('DNS Client', 'Dnscache'),
    ('Remote Procedure Call (RPC)', 'RpcSs'), ('Security Accounts Manager', 'SamSs'), ('WebClient', 'WebClient'),
        ('Group Policy Client', 'gpsvc'), ('User Profile Service', 'ProfSvc'),
    ('Computer Browser', 'Browser'), ('Kerberos Key Distribution Center', 'Kdc'),
        ('Active Directory Domain Services', 'NTDS'), ('Net Logon', 'Netlogon')) k
LEFT JOIN service s ON s.host_id = h.id AND s.name = k.column2 ORDER BY 1, 2;
INSERT OR IGNORE INTO service_key SELECT host_id, name, name FROM service ORDER BY 1, 2;
