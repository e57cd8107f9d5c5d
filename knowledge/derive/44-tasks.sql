-- Tasks: TaskCache, else the newest XML of 4698 or 4702 that no 4699 followed.
-- A group-managed service account (its name ends with $) is registered with logon type Password, but Windows fetches
-- its password: nothing is stored, so it counts as ServiceAccount.
CREATE TEMP TABLE IF NOT EXISTS task_xml(host_id INTEGER, task TEXT COLLATE NOCASE, time INTEGER, xml TEXT,
    file_id INTEGER, file_off INTEGER);
INSERT INTO task_xml
SELECT host_id, task, time, xml, file_id, file_off FROM (
    SELECT host_id, event_id, field(data, 'TaskName') AS task, time,
        coalesce(field(data, 'TaskContentNew'), field(data, 'TaskContent')) AS xml, file_id, file_off,
        row_number() OVER (PARTITION BY host_id, lower(field(data, 'TaskName'))
            ORDER BY time DESC, file_id DESC, file_off DESC) AS i
    FROM event WHERE provider = 'Microsoft-Windows-Security-Auditing' AND event_id IN (4698, 4699, 4702)
        AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL)
WHERE i = 1 AND event_id <> 4699 AND task > '' ORDER BY 1, 2;
CREATE TEMP TABLE IF NOT EXISTS xml(host_id INTEGER, task TEXT COLLATE NOCASE, time INTEGER, xml TEXT,
    file_id INTEGER, file_off INTEGER, logon TEXT, user TEXT COLLATE NOCASE, grp TEXT COLLATE NOCASE,
    command TEXT, arguments TEXT);
INSERT INTO xml
SELECT t.*, task_xml(xml, 'Principal/LogonType') AS logon, task_xml(xml, 'Principal/UserId') AS user,
    task_xml(xml, 'Principal/GroupId') AS grp, task_xml(xml, 'Exec/Command') AS command,
    task_xml(xml, 'Exec/Arguments') AS arguments
FROM task_xml t;
CREATE TEMP TABLE IF NOT EXISTS cached(host_id INTEGER, path TEXT COLLATE NOCASE,
    PRIMARY KEY(host_id, path)) WITHOUT ROWID;
INSERT OR IGNORE INTO cached SELECT m.host_id, t.path FROM task_cache t JOIN mine m ON m.hive_id = t.hive_id
    ORDER BY 1, 2;
INSERT INTO task(host_id, path, guid, sid, user, logon, flags, registered, last_run, last_ok, result, command, unc,
    file_id, file_off)
SELECT * FROM (
    SELECT m.host_id, t.path, t.guid, coalesce(t.sid, w.sid, k.sid) AS sid,
        coalesce(nullif(t.user, ''), (SELECT c.domain || '\' || c.account FROM called c
            WHERE c.sid = t.sid)) AS user, CASE WHEN t.user LIKE '%$' AND t.logon = 'Password' THEN 'ServiceAccount'
            ELSE t.logon END, t.flags, sane(t.registered), sane(t.last_run), sane(t.last_ok),
        coalesce(CASE WHEN t.result & 0xFFFFFFFF >= 0x80000000 THEN t.result & 0xFFFFFFFF END,
            CASE WHEN t.state & 0xFFFFFFFF >= 0x80000000 THEN t.state & 0xFFFFFFFF END, t.result & 0xFFFFFFFF),
        t.command, t.unc, t.file_id, t.file_off
    FROM task_cache t JOIN mine m ON m.hive_id = t.hive_id
    LEFT JOIN who w ON w.domain = domain_of(t.user) AND w.account = account_of(t.user)
        LEFT JOIN kb_account k ON k.name = t.user WHERE t.path > ''
    UNION ALL
    SELECT x.host_id, x.task, NULL, CASE WHEN coalesce(x.user, x.grp) LIKE 'S-1-%' THEN coalesce(x.user, x.grp)
        ELSE coalesce(w.sid, k.sid) END,
        CASE WHEN x.user LIKE 'S-1-%' THEN (SELECT c.domain || '\' || c.account FROM called c WHERE c.sid = x.user)
            ELSE coalesce(x.user, x.grp) END,
        CASE WHEN x.grp IS NOT NULL AND x.logon IS NULL THEN 'Group' WHEN x.logon IS NULL
            AND coalesce(k.sid, x.user) IN ('S-1-5-18', 'S-1-5-19', 'S-1-5-20') THEN 'ServiceAccount'
            WHEN x.user LIKE '%$' AND x.logon = 'Password' THEN 'ServiceAccount' ELSE x.logon END, NULL, x.time,
                NULL, NULL, NULL, x.command || coalesce(' ' || x.arguments, ''),
                instr(coalesce(x.command, '') || ' ' || coalesce(x.arguments, ''), '\\') > 0, x.file_id, x.file_off
    FROM xml x LEFT JOIN who w ON w.domain = domain_of(x.user) AND w.account = account_of(x.user)
        LEFT JOIN kb_account k ON k.name = coalesce(x.user, x.grp)
    WHERE NOT EXISTS (SELECT 1 FROM cached c WHERE c.host_id = x.host_id AND c.path = x.task))
ORDER BY 1, 2 COLLATE NOCASE, 14, 15;
CREATE INDEX IF NOT EXISTS task_path ON task(host_id, path);
CREATE TEMP TABLE IF NOT EXISTS only_task(host_id INTEGER, account TEXT COLLATE NOCASE, domain TEXT COLLATE NOCASE,
    path TEXT COLLATE NOCASE, file_id INTEGER, file_off INTEGER);
INSERT INTO only_task        -- accounts with one task
SELECT host_id, account_of(user) AS account, max(domain_of(user)) AS domain, max(path) AS path, max(file_id),
    max(file_off) FROM task
    WHERE user > '' GROUP BY 1, 2 HAVING count(*) = 1 ORDER BY 1, 2;
CREATE INDEX IF NOT EXISTS only_task_of ON only_task(host_id, account);
