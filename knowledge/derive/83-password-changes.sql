-- Password changes of the account behind each of them (its latest 16), from any host's log, because a domain account
-- changes on its domain controller, and
-- from the SAM. A change that the SAM of the account's own host does not bear out (a refused attempt)
-- is left out, unless that SAM is an older copy or was last written before.
CREATE TEMP TABLE IF NOT EXISTS change(host_id INTEGER, account TEXT COLLATE NOCASE, domain TEXT COLLATE NOCASE,
    sid TEXT, time INTEGER, how TEXT, file_id INTEGER, file_off INTEGER, local INTEGER);
INSERT INTO change
SELECT p.host_id, p.account, upper(p.domain) AS domain, p.sid, p.time, p.how, p.file_id, p.file_off,
    upper(p.domain) = h.name AS local FROM (
    SELECT *, row_number() OVER (PARTITION BY host_id, account COLLATE NOCASE, domain COLLATE NOCASE, sid
        ORDER BY how = 'SAM' DESC, time DESC, file_id, file_off) AS i FROM password_change) p
JOIN host h ON h.id = p.host_id
WHERE p.i <= 16 AND (p.how = 'SAM' OR upper(p.domain) <> h.name OR
    NOT EXISTS (SELECT 1 FROM password_change s JOIN evidence e ON e.id = s.file_id AND NOT coalesce(e.older, 0)
    LEFT JOIN hive v ON v.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = s.file_id)
        WHERE s.account = p.account AND s.host_id = p.host_id AND s.how = 'SAM'
    AND s.time < p.time - minutes(1) AND coalesce(v.last_written, p.time) >= p.time));
CREATE INDEX IF NOT EXISTS change_sid ON change(sid);
CREATE INDEX IF NOT EXISTS change_account ON change(account COLLATE NOCASE, domain);
INSERT INTO consumer_change
SELECT *, lead(time) OVER (PARTITION BY id ORDER BY time, file_id, file_off) FROM (
    SELECT c.id, c.host_id, c.kind, c.subject, p.time, p.how, p.file_id, p.file_off
    FROM consumer c CROSS JOIN change p ON p.sid = c.sid AND (p.host_id = c.host_id OR NOT p.local)
    UNION
    SELECT c.id, c.host_id, c.kind, c.subject, p.time, p.how, p.file_id, p.file_off
    FROM consumer c JOIN host h ON h.id = c.host_id
    CROSS JOIN change p ON p.account = c.account AND p.domain = coalesce(c.domain, h.name)
        AND (p.sid IS NULL OR c.sid IS NULL) AND (p.host_id = c.host_id OR NOT p.local))
ORDER BY 2, 3, 4, 5, 7, 8;
CREATE INDEX IF NOT EXISTS consumer_change_of ON consumer_change(consumer, time);
CREATE INDEX IF NOT EXISTS consumer_change_what ON consumer_change(host_id, kind, subject, time);
DELETE FROM change;
