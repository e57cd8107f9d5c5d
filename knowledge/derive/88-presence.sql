-- Presence: stretches during which an account had at least one session of a kind on a host. how: 'interactive' (2, 7,
-- 10 to 13), 'background' (3, 4, 5, 8; a session of type 9 is no logon of its user's), 'sure' (2, 10, 11 that ended, or
-- showed that they went on, of a desktop: not by runas or a program of its own), 'sign' (it looks so: tasks ran that
-- need that account's session). who: SID, DOMAIN\USER and USER, each a row of its own, of accounts that a failure, a
-- task or a service names: a server has a hundred thousand sessions of others, which v_session has. Of a group that all
-- who log on at a desktop are in, everybody's sessions count; of any other group nobody knows the members: signs.
-- to_time NULL: no end is known. The session is the one that lasts longest. shown, shown_time: how far its beginning
-- is told, in words: since when, or that it is older than its log and until when.
CREATE TEMP TABLE IF NOT EXISTS whose(who TEXT COLLATE NOCASE PRIMARY KEY) WITHOUT ROWID;
INSERT OR IGNORE INTO whose SELECT who FROM (
    SELECT sid AS who FROM logon_failure UNION SELECT account FROM logon_failure
    UNION SELECT domain || '\' || upper(account) FROM logon_failure
    UNION SELECT sid FROM consumer UNION SELECT account FROM consumer UNION SELECT domain || '\' || upper(account)
        FROM consumer
    UNION SELECT sid FROM task UNION SELECT user FROM task) WHERE who IS NOT NULL;
-- Starts and ends of tasks that run in the session of their user alone: he was logged on. From one to the next of the
-- same boot, with no logoff of his between, a session of logon type NULL.
CREATE TEMP TABLE IF NOT EXISTS ran_as(host_id INTEGER, sid TEXT, boot INTEGER, time INTEGER, file_id INTEGER,
    file_off INTEGER,
    stretch INTEGER);
INSERT INTO ran_as
SELECT host_id, sid, boot, time, file_id, file_off, sum(fresh) OVER (PARTITION BY host_id, sid
    ORDER BY time, file_id, file_off)
FROM (SELECT g.*, g.last_boot IS NOT g.boot OR EXISTS (SELECT 1 FROM session e
    WHERE e.host_id = g.host_id AND e.sid = g.sid
        AND e.to_time > g.last AND e.to_time <= g.time AND e.ended = 'logoff'
            AND e.logon_type IN (2, 10, 11, 12, 13)) AS fresh
    FROM (SELECT *, lag(boot) OVER own AS last_boot, lag(time) OVER own AS last
        FROM (SELECT s.host_id, t.sid, (SELECT b.boot FROM boot b
            WHERE b.host_id = s.host_id AND coalesce(b.from_time, 0) <= s.time
                ORDER BY b.boot DESC LIMIT 1) AS boot, s.time, s.file_id, s.file_off
            FROM success s JOIN task t ON t.host_id = s.host_id AND t.path = s.subject AND t.logon = 'InteractiveToken'
                AND t.sid LIKE 'S-1-%' AND coalesce(t.registered, 0) <= s.time
            WHERE s.kind = 'task' AND s.event_id IS NOT NULL AND s.time IS NOT NULL)
        WINDOW own AS (PARTITION BY host_id, sid ORDER BY time, file_id, file_off)) g);
CREATE INDEX IF NOT EXISTS session_end ON session(host_id, sid, to_time)
    WHERE ended = 'logoff' AND logon_type IN (2, 10, 11, 12, 13);
INSERT INTO session(host_id, boot, logon_type, sid, from_time, to_time, file_id, file_off, end_file_id, end_file_off,
    ended)
SELECT f.host_id, f.boot, NULL, f.sid, f.from_time, f.to_time, a.file_id, a.file_off, z.file_id, z.file_off, 'sign'
FROM (SELECT host_id, sid, boot, stretch, min(time) AS from_time, max(time) AS to_time, min(rowid) AS first,
    max(rowid) AS last FROM ran_as
    GROUP BY host_id, sid, stretch HAVING min(time) < max(time)) f
JOIN ran_as a ON a.rowid = f.first JOIN ran_as z ON z.rowid = f.last ORDER BY f.host_id, f.from_time, f.sid;

CREATE TEMP TABLE IF NOT EXISTS stay(host_id INTEGER, how TEXT, who TEXT COLLATE NOCASE,
    from_time INTEGER, to_time INTEGER, id INTEGER, PRIMARY KEY(host_id, how, who, from_time, to_time,
        id)) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS hows(t INTEGER, how TEXT);
INSERT INTO hows VALUES(2, 'interactive'), (7, 'interactive'), (10, 'interactive'), (11, 'interactive'),
    (12, 'interactive'),
    (13, 'interactive'), (2, 'sure'), (10, 'sure'), (11, 'sure'), (3, 'background'), (4, 'background'),
        (5, 'background'),
    (8, 'background'), (NULL, 'sign');
CREATE TEMP TABLE IF NOT EXISTS open(id INTEGER PRIMARY KEY, host_id INTEGER, logon_type INTEGER, desktop INTEGER,
    sid TEXT,
    name TEXT COLLATE NOCASE, user TEXT COLLATE NOCASE, from_time INTEGER, to_time INTEGER,
    boot INTEGER, ended TEXT, until INTEGER);
INSERT INTO open
SELECT s.id, s.host_id, s.logon_type, CASE WHEN s.logon_type IN (2, 10, 11, 12) AND s.ended IN ('logoff', 'sign')
    THEN NOT EXISTS (SELECT 1 FROM event e WHERE e.file_id = s.file_id AND e.file_off = s.file_off AND e.event_id = 4624
            AND coalesce(nullif(trim(e.data ->> 'LogonProcessName'), ''), 'User32') <> 'User32' COLLATE NOCASE) END,
    s.sid, upper(s.domain) || '\' || upper(s.user), upper(s.user), s.from_time,
    coalesce(s.to_time, 9000000000000000000), coalesce(s.boot, -1), s.ended, coalesce(s.to_time, 9000000000000000000)
FROM session s WHERE s.host_id IS NOT NULL AND s.from_time IS NOT NULL;
-- Unlocking makes a session of its own (7, 13) that ends at once, and a desktop that was locked or reconnected showed
-- itself once: it goes on (until) till its user logs off, or the computer stops. It is sure no longer than shown.
CREATE TEMP TABLE IF NOT EXISTS left_desk(host_id INTEGER, who TEXT COLLATE NOCASE, boot INTEGER, time INTEGER,
    PRIMARY KEY(host_id, who, boot, time)) WITHOUT ROWID;
INSERT OR IGNORE INTO left_desk SELECT host_id, CASE w.column1 WHEN 1 THEN sid ELSE name END AS who, boot, to_time
FROM open CROSS JOIN (VALUES(1), (2)) w
WHERE desktop AND ended = 'logoff' AND logon_type IN (2, 10, 11, 12) AND who IS NOT NULL;
INSERT OR IGNORE INTO left_desk SELECT host_id, coalesce(data ->> 'TargetUserSid', field(data, 'UserSid')) AS who,
    coalesce(boot, -1), time FROM event
WHERE (provider = 'Microsoft-Windows-Security-Auditing' AND event_id = 4647
    OR provider = 'Microsoft-Windows-Winlogon' AND event_id = 7002)
    AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL AND time IS NOT NULL AND who IS NOT NULL;
UPDATE open SET until = coalesce((SELECT min(d.time) FROM left_desk d WHERE d.host_id = open.host_id
        AND d.who = coalesce(open.sid, open.name) AND d.boot = open.boot
        AND d.time >= CASE open.ended WHEN 'sign' THEN open.to_time ELSE open.from_time END),
    (SELECT b.to_time FROM boot b WHERE b.host_id = open.host_id AND b.boot = open.boot), 9000000000000000000)
WHERE (logon_type IN (7, 13) AND ended = 'logoff' OR logon_type IN (2, 10, 11) AND ended = 'sign')
    AND coalesce(sid, name) IS NOT NULL;
INSERT INTO stay SELECT s.host_id, k.how, s.who, s.from_time,
    CASE k.how WHEN 'interactive' THEN s.until ELSE s.to_time END, s.id FROM (
    SELECT o.*, CASE w.column1 WHEN 1 THEN sid WHEN 2 THEN name ELSE user END AS who FROM open o
        CROSS JOIN (VALUES(1), (2), (3)) w) s
CROSS JOIN whose n ON n.who = s.who JOIN hows k ON k.t IS s.logon_type AND (k.how <> 'sure' OR s.desktop)
ORDER BY 1, 2, 3, 4, 5, 6;
-- BUILTIN\Users, INTERACTIVE, Everyone, Authenticated Users: whoever sits at a desktop. Administrators: the built-in
-- one is.
INSERT OR IGNORE INTO stay
SELECT o.host_id, k.how, n.who, o.from_time, CASE k.how WHEN 'interactive' THEN o.until ELSE o.to_time END, o.id
FROM whose n CROSS JOIN open o ON o.sid LIKE 'S-1-5-21-%' OR o.sid LIKE 'S-1-12-1-%' OR o.sid IS NULL AND o.user > ''
JOIN hows k ON k.t = o.logon_type AND k.how IN ('interactive', 'sure') AND (k.how <> 'sure' OR o.desktop)
WHERE n.who IN ('S-1-5-32-545', 'S-1-5-4', 'S-1-1-0', 'S-1-5-11') OR n.who = 'S-1-5-32-544'
    AND o.sid LIKE 'S-1-5-21-%-500'
ORDER BY 1, 2, 3, 4, 5, 6;
INSERT OR IGNORE INTO stay
SELECT o.host_id, 'sign', g.sid, o.from_time, o.to_time, o.id
FROM (SELECT DISTINCT host_id, sid FROM task WHERE logon = 'Group'
    AND sid NOT IN ('S-1-5-32-545', 'S-1-5-4', 'S-1-1-0', 'S-1-5-11')) g
JOIN open o ON o.host_id = g.host_id AND o.logon_type IN (2, 10, 11, 12, 13)
    AND (o.sid LIKE 'S-1-5-21-%' OR o.sid LIKE 'S-1-12-1-%' OR o.sid IS NULL AND o.user > '')
ORDER BY 1, 2, 3, 4, 5, 6;
-- A stretch begins where all before have ended; it lasts as long as the longest before the next one.
INSERT INTO presence(host_id, how, who, from_time, to_time, session)
SELECT host_id, how, who, from_time, nullif(until, 9000000000000000000),
    (SELECT max(l.id) FROM stay l WHERE l.host_id = s.host_id AND l.how = s.how AND l.who = s.who
        AND l.from_time BETWEEN s.from_time AND s.until AND l.to_time = s.until)
FROM (SELECT host_id, how, who, from_time, coalesce(lead(before) OVER (PARTITION BY host_id, how, who
    ORDER BY from_time),
        (SELECT max(l.to_time) FROM stay l WHERE l.host_id = b.host_id AND l.how = b.how AND l.who = b.who)) AS until
    FROM (SELECT *, max(to_time) OVER (PARTITION BY host_id, how, who
        ORDER BY from_time, to_time, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM stay) b
    WHERE before IS NULL OR from_time > before) s
ORDER BY host_id, how, who, from_time;
UPDATE presence SET shown = CASE WHEN s.began IS NULL THEN 'since' WHEN s.ended = 'logoff'
        THEN 'older than its log, ended' ELSE 'older than its log, seen until' END,
    shown_time = CASE WHEN s.began IS NULL THEN presence.from_time WHEN s.ended = 'sign' THEN s.to_time
        ELSE coalesce(presence.to_time, presence.from_time) END
FROM session s WHERE s.id = presence.session;
CREATE INDEX IF NOT EXISTS presence_who ON presence(host_id, who, how, from_time);
DELETE FROM stay; DELETE FROM whose; DELETE FROM ran_as; DELETE FROM open; DELETE FROM hows;
DELETE FROM left_desk;
