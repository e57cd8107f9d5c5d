-- Presence: stretches during which an account had at least one session of a kind on a host. how: 'interactive' (2, 7, 10 to 13), 'background' (3, 4, 5, 8, 9), 'sure' (2, 10, 11 with a
-- recorded end, of a desktop: not by runas or a program of its own). who: SID, DOMAIN\USER and USER, each a row of its own, of accounts that a failure, a task or a service names: a server has a hundred thousand sessions of others, which
-- v_session has. to_time NULL: no end is known. The session is the one that lasts longest.
CREATE TEMP TABLE IF NOT EXISTS whose(who TEXT COLLATE NOCASE PRIMARY KEY) WITHOUT ROWID;
INSERT OR IGNORE INTO whose SELECT who FROM (
    SELECT sid AS who FROM logon_failure UNION SELECT account FROM logon_failure UNION SELECT domain || '\' || upper(account) FROM logon_failure
    UNION SELECT sid FROM consumer UNION SELECT account FROM consumer UNION SELECT domain || '\' || upper(account) FROM consumer
    UNION SELECT sid FROM task UNION SELECT user FROM task) WHERE who IS NOT NULL;
CREATE TEMP TABLE IF NOT EXISTS stay(host_id INTEGER, how TEXT, who TEXT COLLATE NOCASE,
    from_time INTEGER, to_time INTEGER, id INTEGER, PRIMARY KEY(host_id, how, who, from_time, to_time, id)) WITHOUT ROWID;
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
CREATE INDEX IF NOT EXISTS presence_who ON presence(host_id, who, how, from_time);
DELETE FROM stay; DELETE FROM whose;
