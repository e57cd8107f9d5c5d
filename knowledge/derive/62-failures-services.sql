-- Services. 7038, 7041 and 7013 give the reason of the 7000 (%%1069) that follows within two seconds.
CREATE TEMP TABLE IF NOT EXISTS scm(id INTEGER, host_id INTEGER, time INTEGER, event_id INTEGER,
    shown TEXT COLLATE NOCASE, ended TEXT COLLATE NOCASE, account TEXT COLLATE NOCASE, win32 INTEGER, value INTEGER,
    raw, symbol TEXT,
    file_id INTEGER, file_off INTEGER, boot INTEGER, provider TEXT COLLATE NOCASE, subject TEXT COLLATE NOCASE);
INSERT INTO scm(id, host_id, time, event_id, shown, ended, account, win32, value, raw, symbol, file_id, file_off, boot,
    provider)
SELECT e.id, e.host_id, coalesce(e.time, (SELECT p.time FROM beside_it p WHERE p.event = e.id)) AS time, e.event_id,
    CASE WHEN e.event_id <> 7013 THEN field(e.data, 'param1') END AS shown,
    substr(utf16(field(e.data, 'Binary')), 1, instr(utf16(field(e.data, 'Binary')) || '/', '/') - 1) AS ended,
    CASE WHEN e.event_id IN (7038, 7041) THEN field(e.data, 'param2') END AS account,
    x.win32, x.value, x.raw, x.symbol, e.file_id, e.file_off, e.boot, e.provider FROM event e
LEFT JOIN error x ON x.event = e.id AND x.field = CASE e.event_id WHEN 7013 THEN 'param1' WHEN 7038 THEN 'param3'
    ELSE 'param2' END
WHERE e.provider = 'Service Control Manager' AND e.event_id IN (7000, 7013, 7023, 7024, 7038, 7041)
    AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL ORDER BY 2, 3, 1;
-- 7038 and 7041 name a service by its key, the others by what it shows; their Binary begins with the key.
UPDATE scm SET subject = coalesce((SELECT v.name FROM service v WHERE v.host_id = scm.host_id
    AND v.name = CASE WHEN event_id IN (7038, 7041) THEN shown ELSE ended END),
    (SELECT k.key FROM service_key k WHERE k.host_id = scm.host_id AND k.shown = scm.shown), shown);
CREATE TEMP TABLE IF NOT EXISTS late(id INTEGER, host_id INTEGER, subject TEXT COLLATE NOCASE, time INTEGER,
    file_id INTEGER, file_off INTEGER);
INSERT INTO late SELECT id, host_id, subject, time, file_id, file_off FROM scm
    WHERE event_id = 7000 AND coalesce(win32, 1069) = 1069 ORDER BY id;
CREATE INDEX IF NOT EXISTS late_of ON late(host_id, subject COLLATE NOCASE, time);
CREATE INDEX IF NOT EXISTS late_when ON late(host_id, time);
CREATE INDEX IF NOT EXISTS late_id ON late(id);
CREATE TEMP TABLE IF NOT EXISTS reason(id INTEGER, other INTEGER, i INTEGER);
INSERT INTO reason        -- which 7000 (other) a 7038, 7041 or 7013 explains; the one that names the service wins
SELECT id, other, row_number() OVER (PARTITION BY other ORDER BY event_id = 7013, time, id) AS i
    FROM (SELECT r.id, r.event_id, r.time, CASE WHEN r.subject IS NOT NULL THEN coalesce(
        (SELECT s.id FROM late s WHERE s.host_id = r.host_id AND s.subject = r.subject COLLATE NOCASE
            AND s.time BETWEEN r.time AND r.time + seconds(2) ORDER BY s.time, s.id LIMIT 1),
        (SELECT s.id FROM late s WHERE s.host_id = r.host_id AND s.subject = r.subject COLLATE NOCASE
            AND s.time BETWEEN r.time - seconds(2) AND r.time ORDER BY s.time DESC, s.id LIMIT 1))
    ELSE coalesce((SELECT s.id FROM late s WHERE s.host_id = r.host_id
        AND s.time BETWEEN r.time AND r.time + seconds(2) ORDER BY s.time, s.id LIMIT 1),
        (SELECT s.id FROM late s WHERE s.host_id = r.host_id AND s.time BETWEEN r.time - seconds(2) AND r.time
            ORDER BY s.time DESC, s.id LIMIT 1)) END AS other
    FROM scm r WHERE r.event_id IN (7013, 7038, 7041)) WHERE other IS NOT NULL;
-- Where nothing tells that two names are one (no hive, a service since removed), the only 7000 behind the only 7038
-- does.
CREATE TEMP TABLE IF NOT EXISTS lone(id INTEGER PRIMARY KEY, host_id INTEGER, time INTEGER);
INSERT INTO lone SELECT id, host_id, time FROM scm WHERE event_id IN (7038, 7041) AND subject IS NOT NULL
    AND id NOT IN (SELECT id FROM reason);
CREATE INDEX IF NOT EXISTS lone_when ON lone(host_id, time);
CREATE TEMP TABLE IF NOT EXISTS nameless(id INTEGER, host_id INTEGER, time INTEGER);
INSERT INTO nameless SELECT l.id, l.host_id, l.time FROM late l
    WHERE l.id NOT IN (SELECT other FROM reason) AND NOT EXISTS (SELECT 1 FROM service v
    WHERE v.host_id = l.host_id AND v.name = l.subject);
CREATE INDEX IF NOT EXISTS nameless_when ON nameless(host_id, time);
INSERT INTO reason SELECT id, other, 1 FROM (
    SELECT r.*, (SELECT n.id FROM nameless n WHERE n.host_id = r.host_id
        AND n.time BETWEEN r.time AND r.time + seconds(2) ORDER BY n.time, n.id LIMIT 1) AS other FROM lone r) r
WHERE other IS NOT NULL AND NOT EXISTS (SELECT 1 FROM nameless n
    WHERE n.host_id = r.host_id AND n.id <> r.other AND n.time BETWEEN r.time - seconds(2) AND r.time + seconds(2))
    AND NOT EXISTS (SELECT 1 FROM lone o WHERE o.host_id = r.host_id AND o.id <> r.id
        AND o.time BETWEEN r.time - seconds(2) AND r.time + seconds(2));
DELETE FROM lone; DELETE FROM nameless;
CREATE INDEX IF NOT EXISTS reason_id ON reason(id);
INSERT INTO f
SELECT s.host_id, 'service', coalesce(s.subject, o.subject), coalesce(s.account,
    (SELECT v.account FROM service v WHERE v.host_id = s.host_id AND v.name = coalesce(s.subject, o.subject))),
    NULL, CASE WHEN s.event_id = 7041 THEN 1385 WHEN o.id IS NOT NULL THEN coalesce(s.win32, 1069) ELSE s.win32 END,
        CASE WHEN s.event_id = 7041 THEN 1385 WHEN o.id IS NOT NULL THEN coalesce(s.value, 1069) ELSE s.value END,
    -- a reason in words that no table knows: 7000 has the number
    CASE WHEN s.event_id IN (7013, 7038) AND o.id IS NOT NULL THEN coalesce(s.raw, '%%1069') ELSE s.raw END,
    CASE WHEN s.event_id = 7041 THEN 'ERROR_LOGON_TYPE_NOT_GRANTED' WHEN o.id IS NOT NULL
        AND s.value IS NULL THEN 'ERROR_SERVICE_LOGON_FAILED' ELSE s.symbol END, s.time, s.id, s.file_id, s.file_off,
        s.boot, s.provider, s.event_id, NULL,
    CASE WHEN o.id IS NOT NULL THEN printf('f%d:0x%x', o.file_id, o.file_off) END, NULL
FROM scm s LEFT JOIN reason r ON r.id = s.id LEFT JOIN late o ON o.id = r.other
WHERE NOT (s.event_id = 7000 AND s.id IN (SELECT other FROM reason))
    AND NOT (s.event_id = 7013 AND coalesce(r.i, 1) > 1);
-- 7001: a service (waits) was not started because another one (subject) had failed: with the code of a logon, or
-- because it waited itself (1068), and so on (parent: the 7001 of that one; root: the first of such a chain). All are
-- witnesses of the failure at its end; where the log does not reach back to it the first of them is the only one that
-- tells of it (lead).
CREATE TEMP TABLE IF NOT EXISTS dragged(id INTEGER PRIMARY KEY, host_id INTEGER, time INTEGER,
    waits TEXT COLLATE NOCASE, subject TEXT COLLATE NOCASE, parent INTEGER, root INTEGER, depth INTEGER,
    failure INTEGER, lead INTEGER);
INSERT INTO dragged(id, host_id, time, waits, subject, root, depth)
SELECT e.id, e.host_id, e.time, coalesce((SELECT k.key FROM service_key k WHERE k.host_id = e.host_id
        AND k.shown = e.who), e.who), coalesce((SELECT k.key FROM service_key k WHERE k.host_id = e.host_id
        AND k.shown = e.shown), e.shown),
    CASE WHEN x.win32 <> 1068 THEN e.id END, CASE WHEN x.win32 <> 1068 THEN 0 END
FROM (SELECT *, field(data, 'param1') AS who, field(data, 'param2') AS shown FROM event
    WHERE provider = 'Service Control Manager' AND event_id = 7001 AND coalesce(recovered, 0) = 0
        AND host_id IS NOT NULL) e
JOIN error x ON x.event = e.id AND x.field = 'param3' AND (x.win32 = 1068 OR code_in(x.win32, 'of-a-logon'))
ORDER BY 1;
CREATE INDEX IF NOT EXISTS dragged_of ON dragged(host_id, subject, time);
CREATE INDEX IF NOT EXISTS dragged_waits ON dragged(host_id, waits, time);
UPDATE dragged SET parent = (SELECT x.id FROM dragged x WHERE x.host_id = dragged.host_id
    AND x.waits = dragged.subject AND x.time BETWEEN dragged.time - minutes(10) AND dragged.time + minutes(1)
    ORDER BY x.time DESC, x.id DESC LIMIT 1) WHERE root IS NULL;
CREATE INDEX IF NOT EXISTS dragged_parent ON dragged(parent);
UPDATE dragged SET root = c.root, depth = c.depth FROM (
    WITH RECURSIVE chain(id, root, depth) AS (SELECT id, id, 0 FROM dragged WHERE root = id
        UNION ALL SELECT d.id, c.root, c.depth + 1 FROM chain c JOIN dragged d ON d.parent = c.id)
    SELECT * FROM chain WHERE depth > 0) c WHERE c.id = dragged.id;
CREATE TEMP TABLE IF NOT EXISTS f_service(host_id INTEGER, subject TEXT COLLATE NOCASE, time INTEGER, f INTEGER);
INSERT INTO f_service SELECT host_id, subject, time, rowid FROM f WHERE kind = 'service' ORDER BY 1, 2, 3, 4;
CREATE INDEX IF NOT EXISTS f_service_of ON f_service(host_id, subject, time);
UPDATE dragged SET failure = (SELECT s.f FROM f_service s WHERE s.host_id = dragged.host_id
    AND s.subject = dragged.subject AND s.time BETWEEN dragged.time - minutes(10) AND dragged.time + minutes(1)
    ORDER BY s.time DESC, s.f LIMIT 1) WHERE root = id;
UPDATE dragged SET lead = id WHERE root = id AND failure IS NULL AND NOT EXISTS (SELECT 1 FROM dragged o
    WHERE o.host_id = dragged.host_id AND o.subject = dragged.subject AND o.root = o.id
    AND o.time BETWEEN dragged.time - minutes(10) AND dragged.time
    AND (o.time < dragged.time OR o.id < dragged.id));
CREATE INDEX IF NOT EXISTS dragged_lead ON dragged(host_id, subject, lead, time);
UPDATE dragged SET lead = (SELECT l.id FROM dragged l WHERE l.host_id = dragged.host_id
    AND l.subject = dragged.subject AND l.lead IS NOT NULL AND l.time <= dragged.time ORDER BY l.time DESC LIMIT 1)
WHERE root = id AND failure IS NULL AND lead IS NULL;
-- of each failure, or of each lead, those nearest to it in the chain
CREATE TEMP TABLE IF NOT EXISTS dragged_by(failure INTEGER, lead INTEGER, place TEXT);
INSERT INTO dragged_by
SELECT failure, lead, place FROM (SELECT r.failure, r.lead, printf('f%d:0x%x', e.file_id, e.file_off) AS place,
        row_number() OVER (PARTITION BY r.failure, r.lead ORDER BY d.depth, d.id) AS i
    FROM dragged d JOIN dragged r ON r.id = d.root JOIN event e ON e.id = d.id
    WHERE (r.failure IS NOT NULL OR r.lead IS NOT NULL) AND d.id IS NOT r.lead) WHERE i <= 16;
CREATE INDEX IF NOT EXISTS dragged_by_failure ON dragged_by(failure);
CREATE INDEX IF NOT EXISTS dragged_by_lead ON dragged_by(lead);
UPDATE f SET also = coalesce(also || ' ', '') || (SELECT group_concat(place, ' ') FROM dragged_by d
    WHERE d.failure = f.rowid) WHERE rowid IN (SELECT failure FROM dragged_by);
INSERT INTO f
SELECT d.host_id, 'service', d.subject, (SELECT v.account FROM service v WHERE v.host_id = d.host_id
    AND v.name = d.subject), NULL, x.win32, x.value, x.raw, x.symbol, e.time, e.id, e.file_id, e.file_off, e.boot,
    e.provider, e.event_id, NULL, (SELECT group_concat(b.place, ' ') FROM dragged_by b WHERE b.lead = d.id), NULL
FROM dragged d JOIN event e ON e.id = d.id JOIN error x ON x.event = e.id AND x.field = 'param3'
WHERE d.lead = d.id ORDER BY d.host_id, d.time, d.id;
DELETE FROM dragged; DELETE FROM dragged_by; DELETE FROM f_service;
