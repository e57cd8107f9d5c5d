-- The SID of a consumer that only its failures tell.
UPDATE consumer SET sid = (SELECT max(f.sid) FROM logon_failure f WHERE f.host_id = consumer.host_id
    AND f.kind = consumer.kind AND f.subject = consumer.subject AND f.same AND f.sid LIKE 'S-1-%')
WHERE sid IS NULL AND principal NOT LIKE 'NT SERVICE\%';

-- Logon rights of tasks and services that need one: to log on as a batch job, as a service. right_sid: whose right
-- decides.
-- own, denied: rows of logon_right: that SID's own; where the right is denied to it, or to a group all such logons are
-- in.
-- held: how it has the right: by 'name'; as 'everyone' has; a 'group' has it, whose members no hive tells; NULL: nobody
-- has.
-- denies: somebody on that host is denied the right.
CREATE TEMP TABLE IF NOT EXISTS host_right(id INTEGER PRIMARY KEY, host_id INTEGER, sid TEXT, mask INTEGER,
    single INTEGER);
INSERT INTO host_right
SELECT r.id, v.host_id, r.sid, r.mask, EXISTS (SELECT 1 FROM account a WHERE a.host_id = v.host_id AND a.sid = r.sid)
    OR EXISTS (SELECT 1 FROM consumer c WHERE c.host_id = v.host_id AND c.sid = r.sid)
FROM logon_right r JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = r.hive_id AND i.main
    AND i.kind = 'SECURITY') WHERE v.host_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS host_right_sid ON host_right(host_id, sid);
CREATE TEMP TABLE IF NOT EXISTS need(kind TEXT PRIMARY KEY, right TEXT, bit INTEGER, deny INTEGER,
    own_group TEXT) WITHOUT ROWID;
INSERT INTO need VALUES('task', 'Log on as a batch job', 0x4, 0x100, NULL),
    ('service', 'Log on as a service', 0x10, 0x200, 'S-1-5-6');
CREATE TEMP TABLE IF NOT EXISTS holds(host_id INTEGER, kind TEXT, everyone INTEGER, some_group INTEGER,
    some_service INTEGER, denies INTEGER);
INSERT INTO holds        -- per host and kind: who else has it, who is denied
SELECT r.host_id, n.kind, max(r.mask & n.bit AND r.sid IN ('S-1-1-0', 'S-1-5-11', 'S-1-5-32-545',
    n.own_group)) AS everyone,
    max(r.mask & n.bit AND NOT r.single AND r.sid NOT LIKE 'S-1-5-80-%') AS some_group,
    max(r.mask & n.bit AND r.sid LIKE 'S-1-5-80-%') AS some_service, max(r.mask & n.deny <> 0) AS denies
FROM host_right r CROSS JOIN need n GROUP BY 1, 2;
INSERT INTO consumer_right(consumer, right, right_sid, own, denied, held, denies)
SELECT c.id, n.right, c.right_sid, o.id,
    coalesce(CASE WHEN o.mask & n.deny THEN o.id END, (SELECT min(d.id) FROM host_right d WHERE d.host_id = c.host_id
        AND d.mask & n.deny AND (d.sid IN ('S-1-1-0', 'S-1-5-11', n.own_group)
            OR d.sid = 'S-1-5-113' AND c.domain = h.name))),
    CASE WHEN o.mask & n.bit THEN 'name' WHEN g.everyone THEN 'everyone'
        WHEN CASE WHEN c.right_sid = 'S-1-5-80-0' THEN g.some_service ELSE g.some_group END THEN 'group' END, g.denies
FROM (SELECT *, CASE WHEN principal LIKE 'NT SERVICE\%' THEN 'S-1-5-80-0' ELSE sid END AS right_sid FROM consumer
    WHERE NOT builtin AND coalesce(logon, '') NOT IN ('InteractiveToken', 'Group')) c
CROSS JOIN need n ON n.kind = c.kind JOIN host h ON h.id = c.host_id
JOIN holds g ON g.host_id = c.host_id AND g.kind = c.kind
LEFT JOIN host_right o ON o.id = (SELECT min(i.id) FROM host_right i
    WHERE i.host_id = c.host_id AND i.sid = c.right_sid)
ORDER BY c.id;
DELETE FROM host_right; DELETE FROM need; DELETE FROM holds;
