-- Boots: starts within two minutes of each other are one. What the event log says at its end tells whether it was
-- clean. Only those of the time asked for: starts and stops outside of it are kept for coverage.sql alone.

-- declared types: without them no index serves a join
CREATE TEMP TABLE IF NOT EXISTS mark(host_id INTEGER, time INTEGER, file_id INTEGER, file_off INTEGER,
    event_id INTEGER, what TEXT);
INSERT INTO mark
SELECT coalesce(c.host_id, v.host_id) AS host_id, e.time, e.file_id, e.file_off, e.event_id,
    CASE WHEN e.provider = 'Microsoft-Windows-Kernel-General' AND e.event_id = 12 OR e.provider = 'EventLog'
        AND e.event_id IN (6005, 6009)
        OR e.provider = 'Microsoft-Windows-Security-Auditing' THEN 'start' WHEN e.event_id IN (13, 6006) THEN 'stop'
            ELSE 'dirty' END AS what
FROM event e JOIN time_window w LEFT JOIN computer c ON c.computer = e.computer LEFT JOIN evidence v ON v.id = e.file_id
WHERE coalesce(e.recovered, 0) = 0 AND e.time > 0 AND e.time BETWEEN coalesce(w.since, 1) AND coalesce(w.until, e.time)
    AND (e.provider = 'Microsoft-Windows-Kernel-General'
    AND e.event_id IN (12, 13) OR e.provider = 'EventLog' AND e.event_id IN (6005, 6006, 6008, 6009)
    OR e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id = 4608
        OR e.provider = 'Microsoft-Windows-Kernel-Power' AND e.event_id = 41)
ORDER BY 1, 2, 3, 4;

CREATE TEMP TABLE IF NOT EXISTS started(host_id INTEGER, boot INTEGER, time INTEGER, file_id INTEGER,
    file_off INTEGER, event_id INTEGER);
INSERT INTO started
SELECT host_id, sum(first) OVER (PARTITION BY host_id ORDER BY time, file_id, file_off) AS boot, time, file_id,
    file_off, event_id FROM (
    SELECT *, time - lag(time, 1, time - minutes(2) - 1) OVER (PARTITION BY host_id
        ORDER BY time, file_id, file_off) > minutes(2) AS first FROM mark WHERE what = 'start' AND host_id IS NOT NULL);
INSERT INTO boot(host_id, boot, from_time, file_id, file_off)
SELECT host_id, boot, min(at), file_id, file_off FROM (
    SELECT host_id, boot, min(time) OVER (PARTITION BY host_id, boot) AS at, file_id, file_off,
        row_number() OVER (PARTITION BY host_id, boot ORDER BY event_id <> 12, time, file_id, file_off) AS i
            FROM started)
WHERE i = 1 GROUP BY host_id, boot ORDER BY host_id, boot;
INSERT INTO boot(host_id, boot) SELECT id, 0 FROM host ORDER BY id;

CREATE TEMP TABLE IF NOT EXISTS span(host_id INTEGER, from_time INTEGER, boot INTEGER, next INTEGER,
    next_file INTEGER, next_off INTEGER, PRIMARY KEY(host_id, from_time)) WITHOUT ROWID;
INSERT INTO span
SELECT b.host_id, coalesce(b.from_time, 0), b.boot, n.from_time, n.file_id, n.file_off FROM boot b
    LEFT JOIN boot n ON n.host_id = b.host_id AND n.boot = b.boot + 1 ORDER BY 1, 2;
CREATE INDEX IF NOT EXISTS mark_when ON mark(host_id, what, time);
UPDATE boot SET (to_time, end_file_id, end_file_off, clean) = (
    SELECT coalesce(m.time, s.next), coalesce(m.file_id, s.next_file),
        CASE WHEN m.file_id IS NULL THEN s.next_off ELSE m.file_off END,
        CASE WHEN m.time IS NOT NULL THEN 1 WHEN EXISTS (SELECT 1 FROM mark d
            WHERE d.host_id = s.host_id AND d.what = 'dirty'
            AND d.time BETWEEN s.next - minutes(2) AND s.next + minutes(10)) THEN 0 END
    FROM span s LEFT JOIN mark m ON m.host_id = s.host_id AND m.what = 'stop' AND m.time >= s.from_time
        AND m.time < coalesce(s.next, 9e18)
    WHERE s.host_id = boot.host_id AND s.from_time = coalesce(boot.from_time, 0)
        ORDER BY m.time DESC, m.file_id, m.file_off LIMIT 1);

-- Most rows are what they were taken for when they came, of the first host and its boot 0: those are not written again.
-- LIMIT: each is looked up once.
UPDATE event SET host_id = p.host, boot = p.boot
FROM (SELECT h.id, h.was_host, h.was_boot, h.host, (SELECT s.boot FROM span s WHERE s.host_id = h.host
        AND s.from_time <= h.time ORDER BY s.from_time DESC LIMIT 1) AS boot
    FROM (SELECT e.id, e.time, e.host_id AS was_host, e.boot AS was_boot,
            coalesce((SELECT c.host_id FROM computer c WHERE c.computer = e.computer),
            (SELECT v.host_id FROM evidence v WHERE v.id = e.file_id)) AS host FROM event e LIMIT -1) h LIMIT -1) p
WHERE event.id = p.id AND (p.host, p.boot) IS NOT (p.was_host, p.was_boot);
UPDATE event SET data = json_object('_invalid', data) WHERE data IS NOT NULL AND NOT json_valid(data);

-- What hosts are.
CREATE TEMP TABLE IF NOT EXISTS hv(host_id INTEGER, path TEXT COLLATE NOCASE, name TEXT COLLATE NOCASE, num INTEGER,
    text TEXT COLLATE NOCASE, data BLOB);
INSERT INTO hv        -- values that describe a host
SELECT m.host_id, v.path, v.name, v.num, v.text, v.data FROM reg_value v JOIN mine m ON m.hive_id = v.hive_id
WHERE coalesce(v.recovered, 0) = 0 AND v.path IN ('SOFTWARE\Microsoft\Windows NT\CurrentVersion',
    'SYSTEM\CurrentControlSet\Control\ProductOptions',
    'SYSTEM\CurrentControlSet\Control\TimeZoneInformation', 'SYSTEM\CurrentControlSet\Services\Tcpip\Parameters')
        ORDER BY 1, 2, 3;
CREATE INDEX IF NOT EXISTS hv_what ON hv(host_id, name);
CREATE TEMP TABLE IF NOT EXISTS lsa(host_id INTEGER, what TEXT, value TEXT COLLATE NOCASE);
INSERT INTO lsa SELECT m.host_id, l.what, l.value FROM lsa_name l JOIN mine m ON m.hive_id = l.hive_id ORDER BY 1, 2;
CREATE TEMP TABLE IF NOT EXISTS boot_event(host_id INTEGER, provider TEXT COLLATE NOCASE, event_id INTEGER, data TEXT,
    time INTEGER);
INSERT INTO boot_event        -- the last start's own words, for hosts without hives
SELECT host_id, provider, event_id, data, max(time) FROM event WHERE provider = 'EventLog'
    AND event_id IN (6009, 6013) AND coalesce(recovered, 0) = 0 GROUP BY host_id, event_id
UNION ALL SELECT host_id, provider, event_id, data, max(time) FROM event
    WHERE provider = 'Microsoft-Windows-Kernel-General' AND event_id = 12 AND coalesce(recovered, 0) = 0
    GROUP BY host_id;
CREATE INDEX IF NOT EXISTS boot_event_of ON boot_event(host_id, event_id);
CREATE INDEX IF NOT EXISTS lsa_of ON lsa(host_id, what);
UPDATE host SET
    build = coalesce((SELECT num(text) FROM hv WHERE host_id = host.id AND name = 'CurrentBuild'),
        (SELECT num(text) FROM hv WHERE host_id = host.id AND name = 'CurrentBuildNumber'),
        (SELECT num(field(data, 'BuildVersion')) FROM boot_event WHERE host_id = host.id AND event_id = 12),
            (SELECT num(rtrim(field(data, 'param2'), '.')) FROM boot_event
            WHERE host_id = host.id AND event_id = 6009)),
    edition = (SELECT nullif(text, '') FROM hv WHERE host_id = host.id AND name = 'EditionID'),
    os = (SELECT text FROM hv WHERE host_id = host.id AND name = 'ProductName'),
    role = (SELECT CASE lower(text) WHEN 'winnt' THEN 'workstation' WHEN 'servernt' THEN 'server'
        WHEN 'lanmannt' THEN 'domain controller' END
        FROM hv WHERE host_id = host.id AND name = 'ProductType'
            AND path = 'SYSTEM\CurrentControlSet\Control\ProductOptions' COLLATE NOCASE),
    time_zone = coalesce((SELECT text FROM hv WHERE host_id = host.id AND name = 'TimeZoneKeyName' AND text > ''),
        (SELECT text FROM hv WHERE host_id = host.id AND name = 'StandardName'),
        (SELECT nullif(substr(field(data, 'param7'), instr(field(data, 'param7'), ' ') + 1), '') FROM boot_event
            WHERE host_id = host.id AND event_id = 6013)),
    bias = coalesce((SELECT CASE WHEN num > 2147483647 THEN num - 4294967296 ELSE num END FROM hv
        WHERE host_id = host.id AND name = 'ActiveTimeBias'),
        (SELECT CASE WHEN num > 2147483647 THEN num - 4294967296 ELSE num END FROM hv
            WHERE host_id = host.id AND name = 'Bias'),
        (SELECT num(substr(field(data, 'param7'), 1, instr(field(data, 'param7') || ' ', ' ') - 1)) FROM boot_event
            WHERE host_id = host.id AND event_id = 6013)),
    zone_rule = (SELECT zone_rule(max(num) FILTER (WHERE name = 'Bias'),
        max(num) FILTER (WHERE name = 'StandardBias'), max(num) FILTER (WHERE name = 'DaylightBias'),
        max(data) FILTER (WHERE name = 'StandardStart'), max(data) FILTER (WHERE name = 'DaylightStart'),
            max(num) FILTER (WHERE name = 'DynamicDaylightTimeDisabled'))
        FROM hv WHERE host_id = host.id AND path = 'SYSTEM\CurrentControlSet\Control\TimeZoneInformation'),
    machine_sid = coalesce((SELECT nullif(value, '') FROM lsa WHERE host_id = host.id AND what = 'machine_sid'),
        (SELECT value FROM lsa WHERE host_id = host.id AND what = 'sam_sid')),
    joined = (SELECT EXISTS (SELECT 1 FROM lsa d WHERE d.host_id = host.id AND d.what = 'domain_sid'
        AND d.value > '') FROM lsa WHERE host_id = host.id AND what <> 'sam_sid' LIMIT 1);
-- its accounts are the domain's
UPDATE host SET role = coalesce(role, (SELECT 'domain controller' FROM lsa
    WHERE host_id = host.id AND what = 'domain_sid' AND value = host.machine_sid)),
    domain = coalesce((SELECT nullif(value, '') FROM lsa WHERE host_id = host.id AND what = 'domain_name'),
        (SELECT nullif(text, '') FROM hv WHERE host_id = host.id AND name = 'NV Domain'),
            (SELECT nullif(text, '') FROM hv WHERE host_id = host.id AND name = 'Domain'), domain),
    os = coalesce(CASE WHEN build >= 22000 THEN replace(os, 'Windows 10', 'Windows 11') ELSE os END
            || coalesce(' ' || (SELECT text FROM hv WHERE host_id = host.id AND name = 'DisplayVersion'),
                ' ' || (SELECT text FROM hv WHERE host_id = host.id AND name = 'ReleaseId'), ''),
        CASE WHEN build IS NOT NULL THEN 'Windows build ' || build END);
DELETE FROM hv;
DELETE FROM boot_event;
