-- Consumers: tasks and services, whoever runs them. logon as in table task; of services 'Password' with a password of
-- their own, 'ServiceAccount' without.
-- stored_time: when that password was last stored: CupdTime of the secret _SC_<service> (old_time: OupdTime); for a
-- task its last registration, which is never earlier. Where no hive tells, the failure's own words do. since_time:
-- since when it is as shown: a task's registration, the last write of a service's key; NULL: not known. local_account:
-- the account of this host behind it, as its SAM has it. secret: the secret that holds its password.
CREATE TEMP TABLE IF NOT EXISTS kept(host_id INTEGER, name TEXT COLLATE NOCASE, cupd INTEGER, oupd INTEGER,
    id INTEGER);
INSERT INTO kept
SELECT v.host_id, s.name, sane(s.cupd), sane(s.oupd), s.id FROM secret s
    JOIN hive v ON v.file_id = s.hive_id AND v.main
WHERE s.name LIKE '\_SC\_%' ESCAPE '\';
CREATE INDEX IF NOT EXISTS kept_name ON kept(host_id, name);
CREATE INDEX IF NOT EXISTS account_sid ON account(host_id, sid);
CREATE INDEX IF NOT EXISTS account_name ON account(host_id, name);
WITH c AS (
    SELECT t.host_id, 'task' AS kind, t.path AS subject, coalesce(t.user, (SELECT f.principal FROM logon_failure f
            WHERE f.host_id = t.host_id AND f.kind = 'task' AND f.subject = t.path AND f.principal IS NOT NULL
                AND f.time >= coalesce(t.registered, 0) ORDER BY f.time DESC LIMIT 1)) AS principal, t.sid, t.logon,
        t.registered AS stored_time, NULL AS old_time, t.registered AS since_time, t.command, t.unc,
        t.flags IS NULL OR t.flags & 0x400000 AS active, t.file_id, t.file_off
    FROM task t
    UNION ALL
    SELECT s.host_id, 'service', s.name, s.account, NULL, CASE WHEN s.managed OR s.account LIKE '%$'
            OR s.account LIKE 'NT SERVICE\%' OR k.sid IS NOT NULL THEN 'ServiceAccount' ELSE 'Password' END,
        x.cupd, x.oupd, (SELECT r.written FROM reg_value r WHERE r.file_id = s.file_id AND r.file_off = s.file_off
            LIMIT 1), s.image, instr(s.image, '\\') > 0, s.start < 4, s.file_id, s.file_off
    FROM service s LEFT JOIN kb_account k ON k.name = s.account
    LEFT JOIN kept x ON x.host_id = s.host_id AND x.name = '_SC_' || s.name WHERE s.account > ''
    UNION ALL
    SELECT f.host_id, f.kind, f.subject, f.principal, f.sid, CASE WHEN f.principal LIKE '%$' THEN 'ServiceAccount' END,
        x.cupd, x.oupd, NULL, NULL, 0, 1, f.file_id, f.file_off
    FROM (SELECT *, row_number() OVER (PARTITION BY host_id, kind, subject COLLATE NOCASE
            ORDER BY principal IS NULL, time DESC, id DESC) AS i FROM logon_failure
        WHERE kind IN ('task', 'service') AND subject IS NOT NULL) f
    LEFT JOIN kept x ON f.kind = 'service' AND x.host_id = f.host_id AND x.name = '_SC_' || f.subject
    WHERE f.i = 1
        AND NOT EXISTS (SELECT 1 FROM task t WHERE f.kind = 'task' AND t.host_id = f.host_id AND t.path = f.subject)
        AND NOT EXISTS (SELECT 1 FROM service s WHERE f.kind = 'service' AND s.host_id = f.host_id
            AND s.name = f.subject AND s.account > ''))
INSERT INTO consumer(host_id, kind, subject, principal, account, domain, sid, builtin, logon, stored_time, old_time,
    since_time, command, unc, active, file_id, file_off)
SELECT host_id, kind, subject, principal, account, domain, owner,
    coalesce(owner, principal, '') IN ('S-1-5-18', 'S-1-5-19', 'S-1-5-20'), logon, stored_time, old_time, since_time,
    command, unc, active, file_id, file_off
FROM (SELECT c.*, p.account, CASE WHEN p.domain = '.' THEN upper(h.name) ELSE p.domain END AS domain,
        coalesce(c.sid, k.sid, p.sid, (SELECT max(a.sid) FROM account a WHERE a.host_id = c.host_id
            AND a.name = p.account AND coalesce(p.domain, '.') IN ('.', upper(h.name)) HAVING count(*) = 1)) AS owner
    FROM c JOIN host h ON h.id = c.host_id LEFT JOIN whom p ON p.principal = c.principal
    LEFT JOIN kb_account k ON k.name = c.principal)
ORDER BY host_id, kind, subject, file_id, file_off;
CREATE INDEX IF NOT EXISTS consumer_builtin ON consumer(host_id) WHERE builtin AND unc;
CREATE INDEX IF NOT EXISTS consumer_what ON consumer(host_id, kind, subject);
UPDATE consumer SET local_account = coalesce(
    (SELECT min(a.id) FROM account a WHERE a.host_id = consumer.host_id AND a.sid = consumer.sid),
    (SELECT min(a.id) FROM account a JOIN host h ON h.id = a.host_id WHERE a.host_id = consumer.host_id
        AND a.name = consumer.account AND (a.sid IS NULL OR consumer.sid IS NULL)
        AND coalesce(consumer.domain, h.name) = h.name))
WHERE NOT builtin;
UPDATE consumer SET secret = (SELECT min(x.id) FROM kept x WHERE x.host_id = consumer.host_id
    AND x.name = '_SC_' || consumer.subject) WHERE kind = 'service';
DELETE FROM kept; DELETE FROM whom;
