-- What the evidence covers, per host and artefact, before any rule runs. Reads facts and the host_id that derive/ set;
-- fills table coverage,
-- tables kind and kind_need (for each kind of failure: was it seen, could it have been seen, what would tell) and, for
-- the diagnosis that
-- follows on the same connection, temp.reach: until when silence of an artefact means that nothing happened.
-- temp.want_artifact(name, kind) holds the artefacts of artifacts.yml and those rules require; "Security:Logon
-- failure" asks for audit policy too.
-- A host may have several rows for a channel: one per stretch of time without a known gap.
DELETE FROM coverage;
INSERT OR IGNORE INTO want_artifact VALUES ('Security:Logon failure', 'audit');        -- what kinds.sql asks for

-- Spans of the parts of a log become one per host, channel and file. Only sane times count (1990 to 2200).
CREATE TEMP TABLE IF NOT EXISTS c_span(host_id INTEGER, channel TEXT COLLATE NOCASE, file_id INTEGER,
    from_time INTEGER, to_time INTEGER, first_id INTEGER, last_id INTEGER, log_kind TEXT, older INTEGER, folder TEXT,
    lack TEXT);
-- A file that holds more than one channel, or one channel of more than one host, is a collector's: what is not in it
-- the subscription may not have asked for.
CREATE TEMP TABLE IF NOT EXISTS c_forwarded(file_id INTEGER PRIMARY KEY);
INSERT OR IGNORE INTO c_forwarded
SELECT s.file_id FROM log_span s LEFT JOIN host h ON h.name = host_of(s.computer) OR h.fqdn = lower(s.computer)
WHERE s.channel IS NOT NULL GROUP BY s.file_id
HAVING count(DISTINCT lower(s.channel)) > 1 OR count(DISTINCT h.id) > 1;
INSERT INTO c_span
SELECT h.id AS host_id, lower(s.channel) AS channel, s.file_id,
    min(sane(s.first_time)) AS from_time,
    max(sane(s.last_time)) AS to_time,
    min(s.first_id) AS first_id, max(s.last_id) AS last_id, e.log_kind, e.older,
    e.folder,
    CASE WHEN e.log_kind IN ('filtered', 'carved') THEN 'the log is ' || e.log_kind
         WHEN s.file_id IN (SELECT file_id FROM c_forwarded) THEN 'the log is a collector''s: only what was forwarded'
         WHEN e.state = 'partial' THEN coalesce(e.note, 'the file was not read to its end')
         WHEN e.failed > 0 THEN e.failed || ' of ' || e.seen || ' records could not be read'
         -- a lost chunk, or a subscription's choice
         WHEN sum(s.gaps) > 0 OR sum(s.n) < max(s.last_id) - min(s.first_id) + 1 THEN 'record numbers skip' END AS lack
FROM log_span s JOIN evidence e ON e.id = s.file_id
JOIN host h ON h.id = coalesce((SELECT x.id FROM host x WHERE x.name = host_of(s.computer)
    OR x.fqdn = lower(s.computer) ORDER BY x.id LIMIT 1), e.host_id)
WHERE e.duplicate_of IS NULL AND s.channel IS NOT NULL
GROUP BY h.id, lower(s.channel), s.file_id;

-- Islands: files of a channel that overlap in time, or follow each other in record numbers, cover without a gap. Whole
-- logs and partial ones are kept apart.
CREATE TEMP TABLE IF NOT EXISTS c_island(host_id INTEGER, channel TEXT COLLATE NOCASE, partial INTEGER,
    island INTEGER, from_time INTEGER, to_time INTEGER, file_id INTEGER, lack TEXT, folder TEXT,
    first_id INTEGER, cleared INTEGER);
CREATE INDEX IF NOT EXISTS temp.c_island_of ON c_island(host_id, channel);
INSERT INTO c_island(host_id, channel, partial, island, from_time, to_time, file_id, lack, folder, first_id)
WITH o AS (
    SELECT *, lack IS NOT NULL AS partial,
        max(to_time) OVER before AS reach, max(last_id) OVER before AS reach_id
    FROM c_span WHERE from_time IS NOT NULL AND to_time IS NOT NULL
    WINDOW before AS (PARTITION BY host_id, channel, lack IS NOT NULL
        ORDER BY from_time, to_time, file_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
i AS (
    SELECT *, sum(reach IS NULL OR (from_time > reach AND NOT coalesce(first_id > 1 AND first_id <= reach_id + 1, 0)))
        OVER (PARTITION BY host_id, channel, partial ORDER BY from_time, to_time, file_id) AS island
    FROM o)
SELECT host_id, channel, partial, island, min(from_time) AS from_time, max(to_time) AS to_time, min(file_id) AS file_id,
    CASE WHEN count(DISTINCT lack) > 1 THEN min(lack) || '; ...' ELSE min(lack) END AS lack,
    max(CASE WHEN log_kind IN ('original', 'exported') AND NOT coalesce(older, 0) THEN folder END) AS folder,
    min(first_id) AS first_id
FROM i GROUP BY host_id, channel, partial, island;
CREATE INDEX IF NOT EXISTS c_island_of ON c_island(host_id, channel, partial);
DELETE FROM c_island WHERE partial AND EXISTS (SELECT 1 FROM c_island w
    WHERE w.host_id = c_island.host_id AND w.channel = c_island.channel AND NOT w.partial
    AND w.from_time <= c_island.from_time AND w.to_time >= c_island.to_time);

-- When a log was cleared: 1102 is the first record of the emptied Security log, 104 in System names any other channel.
CREATE TEMP TABLE IF NOT EXISTS c_clear(host_id INTEGER, channel TEXT COLLATE NOCASE, time INTEGER);
INSERT INTO c_clear
SELECT DISTINCT host_id, channel, time FROM (
    SELECT host_id, 'security' AS channel, time FROM event WHERE event_id = 1102
        AND provider LIKE 'Microsoft-Windows-Eventlog' AND host_id IS NOT NULL
    UNION ALL
    SELECT host_id, lower(field(data, 'Channel')), time FROM event
        WHERE event_id = 104 AND provider LIKE 'Microsoft-Windows-Eventlog' AND host_id IS NOT NULL)
WHERE channel IS NOT NULL AND sane(time) > 0
ORDER BY 1, 2, 3;

-- A log that begins within two minutes of a start holds that start whole: what came before its first record was not
-- recorded yet. Not where that record says that the log was emptied, nor where older ones were overwritten: such a log
-- numbers its first record higher than 1, and holds the start only where that start's own record is in it.
UPDATE c_island SET from_time = coalesce((SELECT max(b.from_time) FROM boot b WHERE b.host_id = c_island.host_id
    AND b.from_time BETWEEN c_island.from_time - minutes(2) AND c_island.from_time
    AND NOT EXISTS (SELECT 1 FROM c_clear c WHERE c.host_id = c_island.host_id AND c.channel = c_island.channel
        AND c.time BETWEEN b.from_time AND c_island.from_time)
    AND (coalesce(c_island.first_id, 1) <= 1 OR EXISTS (SELECT 1 FROM event e
        WHERE (e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id = 4608
            OR e.provider = 'EventLog' AND e.event_id IN (6005, 6009))
        AND e.file_id = c_island.file_id AND e.time BETWEEN c_island.from_time AND b.from_time + minutes(2)))),
    from_time);

-- What a log says of itself that it did not record. stop: the event log service ended, and every log of the host with
-- it; off: this log did; lost: records that were to come before this one did not. Microsoft Learn, "Event Log
-- Performance Monitoring Events" (1100 to 1108); "4612: Internal resources allocated for the queuing of audit messages
-- have been exhausted"; the message of TaskScheduler 719 ("has automatically disabled logging").
CREATE TEMP TABLE IF NOT EXISTS c_word(provider TEXT COLLATE NOCASE, event_id INTEGER, says TEXT, why TEXT,
    PRIMARY KEY(provider, event_id)) WITHOUT ROWID;
INSERT OR IGNORE INTO c_word VALUES
    ('EventLog', 6006, 'stop', 'the event log service had stopped (6006)'),
    ('Microsoft-Windows-Eventlog', 1100, 'stop', 'the event log service had stopped (1100)'),
    ('Microsoft-Windows-Eventlog', 1104, 'off', 'the log was full (1104)'),
    ('Microsoft-Windows-TaskScheduler', 719, 'off', 'the scheduler had turned its log off (719)'),
    ('Microsoft-Windows-Eventlog', 1101, 'lost', 'audit events were dropped (1101)'),
    ('Microsoft-Windows-Eventlog', 1106, 'lost', 'events were dropped (1106)'),
    ('Microsoft-Windows-Eventlog', 1107, 'lost', 'an event could not be processed (1107)'),
    ('Microsoft-Windows-Eventlog', 1108, 'lost', 'an event could not be processed (1108)'),
    ('Microsoft-Windows-Security-Auditing', 4612, 'lost', 'audit events were discarded (4612)');
CREATE TEMP TABLE IF NOT EXISTS c_mark(host_id INTEGER, channel TEXT COLLATE NOCASE, time INTEGER, says TEXT, why TEXT,
    start INTEGER);
-- start: of Windows, after a stop: the first, if the service had not been started alone before
CREATE TEMP TABLE IF NOT EXISTS c_start(host_id INTEGER, alone INTEGER, time INTEGER);
INSERT INTO c_start
SELECT host_id, provider = 'EventLog', time FROM event WHERE coalesce(recovered, 0) = 0 AND sane(time) > 0
    AND (provider = 'Microsoft-Windows-Kernel-General' AND event_id = 12
        OR provider = 'Microsoft-Windows-Security-Auditing' AND event_id = 4608
        OR provider = 'EventLog' AND event_id = 6005) ORDER BY 1, 2, 3;
CREATE INDEX IF NOT EXISTS c_start_of ON c_start(host_id, alone, time);
INSERT INTO c_mark
SELECT DISTINCT e.host_id, e.channel, e.time, w.says, w.why, CASE w.says
    WHEN 'stop' THEN (SELECT CASE WHEN start <= coalesce(alone + minutes(2), start) THEN start END FROM (
        SELECT (SELECT b.time FROM c_start b WHERE b.host_id = e.host_id AND b.alone = 0 AND b.time > e.time
                ORDER BY b.time LIMIT 1) AS start,
            (SELECT a.time FROM c_start a WHERE a.host_id = e.host_id AND a.alone = 1 AND a.time > e.time
                ORDER BY a.time LIMIT 1) AS alone)) END
FROM c_word w CROSS JOIN event e ON e.provider = w.provider AND e.event_id = w.event_id
WHERE e.host_id IS NOT NULL AND coalesce(e.recovered, 0) = 0 AND sane(e.time) > 0 ORDER BY 1, 2, 3;
CREATE INDEX IF NOT EXISTS c_mark_of ON c_mark(host_id, channel);
-- Without a mark nobody asks, and none is read.
CREATE TEMP VIEW IF NOT EXISTS c_record AS SELECT host_id, channel, sane(time) AS time
    FROM (SELECT 1 FROM c_mark LIMIT 1) CROSS JOIN event WHERE coalesce(recovered, 0) = 0
    UNION ALL SELECT host_id, channel, first_time FROM (SELECT 1 FROM c_mark LIMIT 1) CROSS JOIN fold
    UNION ALL SELECT host_id, channel, last_time FROM (SELECT 1 FROM c_mark LIMIT 1) CROSS JOIN fold;
-- The computer was off between the two, unless something was recorded meanwhile: then the service ran again.
CREATE TEMP TABLE IF NOT EXISTS c_rest(host_id INTEGER, from_time INTEGER, to_time INTEGER, busy INTEGER,
    PRIMARY KEY(host_id, from_time)) WITHOUT ROWID;
INSERT OR IGNORE INTO c_rest
SELECT host_id, time + minutes(2), start - minutes(2), 0 FROM c_mark WHERE start IS NOT NULL ORDER BY 1, 2;
-- Of two the one that begins later ends no earlier.
UPDATE c_rest SET busy = 1 WHERE (host_id, from_time) IN (
    SELECT host_id, (SELECT CASE WHEN r.to_time > t.time THEN r.from_time END FROM c_rest r
        WHERE r.host_id = t.host_id AND r.from_time < t.time ORDER BY r.from_time DESC LIMIT 1)
    FROM c_record t WHERE t.host_id IN (SELECT host_id FROM c_rest));
DELETE FROM c_mark WHERE start IS NOT NULL AND NOT (SELECT r.busy FROM c_rest r WHERE r.host_id = c_mark.host_id
    AND r.from_time = c_mark.time + minutes(2));
-- The stretches that are not covered: until the next record of the same log, or since the one before. Other logs go
-- on as soon as anything is recorded (channel '').
CREATE TEMP TABLE IF NOT EXISTS c_tick(host_id INTEGER, channel TEXT COLLATE NOCASE, time INTEGER,
    PRIMARY KEY(host_id, channel, time)) WITHOUT ROWID;
INSERT OR IGNORE INTO c_tick SELECT host_id, channel, time FROM c_record t WHERE time IS NOT NULL
    AND EXISTS (SELECT 1 FROM c_mark m WHERE m.host_id = t.host_id AND m.channel = t.channel);
INSERT OR IGNORE INTO c_tick SELECT host_id, '', time FROM c_record
    WHERE time IS NOT NULL AND host_id IN (SELECT host_id FROM c_mark WHERE says = 'stop');
CREATE TEMP TABLE IF NOT EXISTS c_silent(host_id INTEGER, channel TEXT COLLATE NOCASE, from_time INTEGER,
    to_time INTEGER, why TEXT);
CREATE INDEX IF NOT EXISTS c_silent_of ON c_silent(host_id, channel, from_time);
INSERT INTO c_silent
WITH m AS (
    SELECT m.*, c.channel AS of, c.to_time AS ends, CASE m.says WHEN 'lost' THEN coalesce((SELECT max(k.time)
        FROM c_tick k WHERE k.host_id = m.host_id AND k.channel = m.channel AND k.time < m.time), c.from_time)
        - minutes(1) ELSE m.time END AS begin
    FROM c_mark m JOIN (SELECT host_id, channel, min(from_time) AS from_time, max(to_time) AS to_time FROM c_island
            GROUP BY 1, 2) c
        ON c.host_id = m.host_id AND (c.channel = m.channel OR m.says = 'stop')),
s AS (
    SELECT host_id, of, begin, why, CASE says WHEN 'lost' THEN time + minutes(1)
        ELSE min(coalesce((SELECT min(k.time) FROM c_tick k WHERE k.host_id = m.host_id
                AND k.channel = CASE WHEN m.of = m.channel THEN m.of ELSE '' END
                AND k.time > m.time + CASE m.says WHEN 'stop' THEN minutes(2) ELSE 0 END),
                CASE WHEN m.ends > m.time + minutes(2) THEN m.ends END, 9e18),
            CASE WHEN m.says = 'stop' THEN coalesce((SELECT min(a.time) FROM c_start a WHERE a.host_id = m.host_id
                AND a.alone = 1 AND a.time > m.time), 9e18) ELSE 9e18 END) END AS until
    FROM m),
g AS (
    SELECT *, count(*) FILTER (WHERE first) OVER (PARTITION BY host_id, of ORDER BY begin, until, why) AS stretch,
        count(*) FILTER (WHERE first) OVER (PARTITION BY host_id, of) AS n FROM (
        SELECT *, coalesce(begin > max(until) OVER (PARTITION BY host_id, of ORDER BY begin, until, why
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 1) AS first FROM s))
SELECT host_id, of, min(begin), max(until), min(why) FROM g        -- too many to tell apart: none is covered
GROUP BY host_id, of, CASE WHEN n <= 100 THEN stretch END;
CREATE TEMP TABLE IF NOT EXISTS c_part(part INTEGER, begin INTEGER, until INTEGER, silent INTEGER, why TEXT);
INSERT INTO c_part
SELECT p.part, p.begin, coalesce(n.from_time, p.to_time), 0, n.why FROM (
    SELECT i.rowid AS part, i.host_id, i.channel, i.to_time, i.from_time AS begin FROM c_island i
        WHERE NOT i.partial AND EXISTS (SELECT 1 FROM c_silent s WHERE s.host_id = i.host_id
            AND s.channel = i.channel AND s.from_time <= i.to_time AND s.to_time > i.from_time)
        AND NOT EXISTS (SELECT 1 FROM c_silent s WHERE s.host_id = i.host_id
            AND s.channel = i.channel AND s.from_time <= i.from_time AND s.to_time > i.from_time)
    UNION ALL SELECT i.rowid, i.host_id, i.channel, i.to_time, s.to_time FROM c_island i
        JOIN c_silent s ON s.host_id = i.host_id AND s.channel = i.channel
        WHERE NOT i.partial AND s.to_time > i.from_time AND s.to_time <= i.to_time) p
LEFT JOIN c_silent n ON n.host_id = p.host_id AND n.channel = p.channel AND n.from_time = (
    SELECT min(s.from_time) FROM c_silent s WHERE s.host_id = p.host_id AND s.channel = p.channel
        AND s.from_time >= p.begin AND s.from_time <= p.to_time)
UNION ALL
SELECT i.rowid, max(s.from_time, i.from_time), min(s.to_time, i.to_time), 1, s.why FROM c_island i
    JOIN c_silent s ON s.host_id = i.host_id AND s.channel = i.channel
    WHERE NOT i.partial AND s.from_time <= i.to_time AND s.to_time > i.from_time;
INSERT INTO c_island(host_id, channel, partial, island, from_time, to_time, file_id, lack, folder, first_id)
SELECT i.host_id, i.channel, p.silent, i.island, p.begin, p.until, i.file_id, CASE WHEN p.silent THEN p.why END,
    CASE WHEN p.why IS NULL THEN i.folder END, CASE WHEN p.begin = i.from_time THEN i.first_id END
FROM c_part p JOIN c_island i ON i.rowid = p.part ORDER BY p.part, p.begin, p.until, p.silent;
DELETE FROM c_island WHERE rowid IN (SELECT part FROM c_part);
-- The silence of a quiet log counts no further than the next such stretch.
CREATE TEMP TABLE IF NOT EXISTS c_still(host_id INTEGER, channel TEXT COLLATE NOCASE, time INTEGER,
    PRIMARY KEY(host_id, channel)) WITHOUT ROWID;
INSERT INTO c_still
SELECT i.host_id, i.channel, min(s.from_time) FROM (
    SELECT host_id, channel, max(to_time) AS to_time FROM c_island GROUP BY 1, 2) i
JOIN c_silent s ON s.host_id = i.host_id AND s.channel = i.channel AND s.from_time > i.to_time
GROUP BY 1, 2 ORDER BY 1, 2;
DELETE FROM c_start; DELETE FROM c_mark; DELETE FROM c_rest; DELETE FROM c_tick; DELETE FROM c_silent;
DELETE FROM c_part;

-- --since and --until: nothing outside of them is covered. A log that fell silent before, but was copied with others
-- that go on, is silent inside.
UPDATE c_island SET from_time = (SELECT since FROM time_window), to_time = (SELECT since FROM time_window)
WHERE to_time < (SELECT since FROM time_window) AND folder IS NOT NULL AND NOT partial
    AND NOT EXISTS (SELECT 1 FROM c_island o WHERE o.host_id = c_island.host_id AND o.channel = c_island.channel
        AND o.to_time > c_island.to_time)
    AND NOT EXISTS (SELECT 1 FROM c_still t WHERE t.host_id = c_island.host_id AND t.channel = c_island.channel
        AND t.time <= (SELECT since FROM time_window))
    AND (SELECT max(s.to_time) FROM c_span s WHERE s.host_id = c_island.host_id AND s.folder = c_island.folder
        AND s.log_kind IN ('original', 'exported') AND NOT coalesce(s.older, 0))
        >= (SELECT since FROM time_window);
DELETE FROM c_island WHERE to_time < (SELECT since FROM time_window) OR from_time > (SELECT until FROM time_window);
UPDATE c_island SET from_time = max(from_time, coalesce((SELECT since FROM time_window), from_time)),
    to_time = min(to_time, coalesce((SELECT until FROM time_window), to_time));

-- Channels that are turned off (WINEVT\Channels\<channel>\Enabled = 0).
CREATE TEMP TABLE IF NOT EXISTS c_off(host_id INTEGER, channel TEXT COLLATE NOCASE, file_id INTEGER);
INSERT INTO c_off
SELECT DISTINCT e.host_id,
    lower(substr(v.path, length('SOFTWARE\Microsoft\Windows\CurrentVersion\WINEVT\Channels\') + 1)) AS channel,
    v.file_id
FROM reg_value v JOIN evidence e ON e.id = v.hive_id
WHERE v.path LIKE 'SOFTWARE\Microsoft\Windows\CurrentVersion\WINEVT\Channels\%' AND v.name = 'Enabled' AND v.num = 0
    AND NOT coalesce(v.recovered, 0)
    AND NOT coalesce(e.older, 0) AND e.host_id IS NOT NULL;

-- Files whose name says what they are, for logs that are empty or could not be read. A file without a host belongs to
-- the host of its folder, or to the only one.
CREATE TEMP TABLE IF NOT EXISTS c_named(host_id INTEGER, name TEXT, file_id INTEGER, state TEXT, seen INTEGER,
    note TEXT);
-- How such files are called. Of the knowledge alone: filled once.
CREATE TEMP TABLE IF NOT EXISTS c_called(file TEXT, name TEXT, PRIMARY KEY(file, name)) WITHOUT ROWID;
INSERT INTO c_called
SELECT lower(replace(name, '/', '%4')) || CASE kind WHEN 'hive' THEN '' ELSE '.evtx' END, name FROM want_artifact
WHERE kind IN ('channel', 'hive') AND NOT EXISTS (SELECT 1 FROM c_called);
INSERT INTO c_named
SELECT h.id AS host_id, w.name, e.id AS file_id, e.state, e.seen, e.note
FROM evidence e CROSS JOIN c_called w
    ON w.file = lower(e.file)
JOIN host h ON h.id = e.host_id OR (e.host_id IS NULL AND ((SELECT count(*) FROM host) = 1 OR EXISTS (
        SELECT 1 FROM evidence o WHERE o.host_id = h.id AND o.folder = e.folder)))
WHERE e.duplicate_of IS NULL AND e.state <> 'skipped';

CREATE TEMP TABLE IF NOT EXISTS c_row(host_id INTEGER, artifact TEXT, state TEXT, from_time INTEGER, to_time INTEGER,
    file_id INTEGER, detail TEXT, folder TEXT);
CREATE INDEX IF NOT EXISTS temp.c_row_of ON c_row(host_id, artifact, to_time);
-- Channels: what was there before a clearing stays covered; from the clearing on the state says so. A clearing belongs
-- to the stretch it lies in,
-- else to the first one that begins after it (an emptied log is silent until its first record); of several the last.
UPDATE c_island SET cleared = (SELECT max(c.time) FROM c_clear c
    WHERE c.host_id = c_island.host_id AND c.channel = c_island.channel AND c.time <= c_island.to_time
    AND (c.time >= c_island.from_time OR NOT EXISTS (SELECT 1 FROM c_island p
        WHERE p.host_id = c_island.host_id AND p.channel = c_island.channel AND p.to_time >= c.time
        AND (p.from_time, p.to_time, p.file_id, p.partial) < (c_island.from_time, c_island.to_time, c_island.file_id,
            c_island.partial))));
INSERT INTO c_row
SELECT i.host_id, w.name, CASE WHEN i.partial THEN 'partial' ELSE 'present' END, i.from_time,
    coalesce(i.cleared, i.to_time), i.file_id, i.lack, CASE WHEN i.cleared IS NULL AND NOT i.partial THEN i.folder END
FROM want_artifact w JOIN c_island i ON i.channel = lower(w.name)
    WHERE w.kind = 'channel' AND (i.cleared IS NULL OR i.cleared > i.from_time);
INSERT INTO c_row
SELECT i.host_id, w.name, 'cleared', i.cleared, i.to_time, i.file_id,
    'emptied at the beginning of this stretch' || coalesce('; ' || i.lack, ''),
    CASE WHEN NOT i.partial THEN i.folder END
FROM want_artifact w JOIN c_island i ON i.channel = lower(w.name) WHERE w.kind = 'channel' AND i.cleared IS NOT NULL;
UPDATE c_row SET state = 'disabled', folder = NULL, detail = 'the channel is turned off now'
WHERE EXISTS (SELECT 1 FROM c_off o WHERE o.host_id = c_row.host_id AND o.channel = lower(c_row.artifact));
INSERT INTO c_row
SELECT o.host_id, w.name, 'disabled', NULL, NULL, min(o.file_id), 'the channel is turned off', NULL
    FROM want_artifact w JOIN c_off o ON o.channel = lower(w.name)
WHERE w.kind = 'channel' AND NOT EXISTS (SELECT 1 FROM c_row r WHERE r.host_id = o.host_id AND r.artifact = w.name)
    GROUP BY o.host_id, w.name;
-- Logs without a record: whole, but nothing says since when.
INSERT INTO c_row
SELECT n.host_id, n.name, CASE WHEN max(c.time) IS NULL THEN 'partial' ELSE 'cleared' END, max(c.time), max(c.time),
    min(n.file_id), 'the log holds no record', NULL
FROM c_named n JOIN want_artifact w ON w.name = n.name AND w.kind = 'channel'
    LEFT JOIN c_clear c ON c.host_id = n.host_id AND c.channel = lower(n.name)
WHERE n.state IN ('read', 'partial') AND coalesce(n.seen, 0) = 0 AND
    NOT EXISTS (SELECT 1 FROM c_row r WHERE r.host_id = n.host_id AND r.artifact = n.name) GROUP BY n.host_id, n.name;
INSERT INTO c_row
SELECT s.host_id, w.name, 'partial', NULL, NULL, min(s.file_id),
    'none of its records lies in the time asked for (--since, --until)', NULL
FROM c_span s JOIN want_artifact w ON lower(w.name) = s.channel AND w.kind = 'channel'
WHERE s.from_time IS NOT NULL AND NOT EXISTS (SELECT 1 FROM c_row r
    WHERE r.host_id = s.host_id AND r.artifact = w.name) GROUP BY s.host_id, w.name;
-- Hives: a state at one moment; to_time is their last change.
INSERT INTO c_row
SELECT host_id, name, CASE WHEN read_state = 'unreadable' THEN 'unreadable' WHEN lack IS NULL THEN 'present'
        ELSE 'partial' END, NULL, CASE WHEN read_state <> 'unreadable' THEN last_written END, file_id, lack,
    NULL FROM (
    SELECT e.host_id, w.name, v.file_id, sane(v.last_written) AS last_written, e.state AS read_state,
        CASE WHEN e.state = 'unreadable' THEN e.note
            WHEN v.root = '' OR coalesce(v.root, v.kind) NOT IN (v.kind, 'SYSTEM\CurrentControlSet')
                THEN 'only a part of it was exported' || CASE WHEN v.root > '' THEN ': ' || v.root
                    ELSE '' END || CASE e.kind WHEN 'reg-text' THEN ', as text (weaker evidence)' ELSE '' END
             WHEN e.kind = 'reg-text' THEN 'only a text export was read (weaker evidence)'
             WHEN coalesce(e.older, 0) THEN 'only an older copy was read'
                 WHEN e.state = 'partial' THEN coalesce(e.note, 'the hive was not read to its end')
             WHEN v.lack IS NOT NULL THEN v.lack WHEN v.dirty = 1
                 AND coalesce(v.replay,
                 'dirty') LIKE 'dirty%' THEN 'changes still in its transaction logs are missing' END AS lack,
        row_number() OVER (PARTITION BY e.host_id, w.name ORDER BY coalesce(v.main, 0) DESC, e.state = 'unreadable',
            coalesce(e.older, 0), e.state <> 'read', v.last_written DESC, v.file_id, v.id) AS place
    FROM want_artifact w JOIN hive v ON v.kind = w.name COLLATE NOCASE JOIN evidence e ON e.id = v.file_id
    WHERE w.kind = 'hive' AND e.host_id IS NOT NULL AND e.duplicate_of IS NULL)
WHERE place = 1;
INSERT INTO c_row
SELECT n.host_id, n.name, 'unreadable', NULL, NULL, min(n.file_id), min(n.note), NULL FROM c_named n
WHERE n.state = 'unreadable' AND NOT EXISTS (SELECT 1 FROM c_row r
    WHERE r.host_id = n.host_id AND r.artifact = n.name) GROUP BY n.host_id, n.name;
INSERT INTO c_row
SELECT h.id, w.name, 'missing', NULL, NULL, NULL, NULL, NULL FROM host h, want_artifact w
WHERE w.kind IN ('channel', 'hive') AND NOT EXISTS (SELECT 1 FROM c_row r
    WHERE r.host_id = h.id AND r.artifact = w.name);

-- "Channel:Subcategory success|failure": the channel's stretches, as far as the audit policy records such events. The
-- hive says what holds now;
-- 4719, which is logged whatever the policy, says when a subcategory was switched: %%8448 success removed, %%8449
-- added, %%8450 failure removed,
-- %%8451 added (Microsoft Learn, "4719(S): System audit policy was changed"). Without a hive and without a 4719 a
-- failed logon that was
-- recorded (4625) says that such logons are. As long as any user is left out, silence is none: 4912 says it of one
-- (%%8455 success and %%8459 failure excluded, %%8454 and %%8458 no longer), 4902 at each start of how many users that
-- have a policy of their own. SYSTEM shows who has (Control\Lsa\Audit\PerUserAuditing\System, a value for each SID),
-- in a form that no source tells: whom it leaves out of what is not known. Microsoft Learn, "4912(S): Per User Audit
-- Policy was changed", "4902(S): The Per-user audit policy table was created", "auditpol set" (/exclude: not heeded for
-- administrators).
-- Microsoft Learn, "Auditpol", [MS-GPAC] 2.2.1.1
CREATE TEMP TABLE IF NOT EXISTS c_guid(subcategory TEXT PRIMARY KEY COLLATE NOCASE, guid TEXT);
INSERT INTO c_guid VALUES ('Logon', '0cce9215'), ('Logoff', '0cce9216'), ('Account Lockout', '0cce9217'),
    ('Special Logon', '0cce921b'),
    ('Other Object Access Events', '0cce9227'), ('Audit Policy Change', '0cce922f'),
        ('Authentication Policy Change', '0cce9230'),
    ('Authorization Policy Change', '0cce9231'), ('User Account Management', '0cce9235'),
        ('Computer Account Management', '0cce9236'),
    ('Credential Validation', '0cce923f'), ('Kerberos Service Ticket Operations', '0cce9240'),
        ('Kerberos Authentication Service', '0cce9242');
CREATE TEMP TABLE IF NOT EXISTS c_want(name TEXT, channel TEXT COLLATE NOCASE, bit INTEGER,
    subcategory TEXT COLLATE NOCASE);
INSERT INTO c_want
SELECT name, lower(substr(name, 1, instr(name, ':') - 1)) AS channel,
    CASE WHEN name LIKE '% success' THEN 1 WHEN name LIKE '% failure' THEN 2 ELSE 3 END AS bit,
    trim(CASE WHEN name LIKE '% success' OR name LIKE '% failure' THEN substr(name, instr(name, ':') + 1,
        length(name) - instr(name, ':') - 8)
        ELSE substr(name, instr(name, ':') + 1) END) AS subcategory
FROM want_artifact WHERE kind = 'audit';
CREATE TEMP TABLE IF NOT EXISTS c_switch(host_id INTEGER, name TEXT, time INTEGER, on_bit INTEGER);
INSERT INTO c_switch
SELECT e.host_id, w.name, e.time, e.data ->> 'AuditPolicyChanges' LIKE CASE w.bit WHEN 1 THEN '%8449%'
    ELSE '%8451%' END AS on_bit
FROM c_want w JOIN c_guid g ON g.subcategory = w.subcategory
JOIN event e ON e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id = 4719
    AND coalesce(e.recovered, 0) = 0
    AND lower(e.data ->> 'SubcategoryGuid') LIKE '%' || g.guid || '%'
WHERE w.bit IN (1, 2) AND e.time IS NOT NULL
    AND (e.data ->> 'AuditPolicyChanges' LIKE CASE w.bit WHEN 1 THEN '%8448%' ELSE '%8450%' END
        OR e.data ->> 'AuditPolicyChanges' LIKE CASE w.bit WHEN 1 THEN '%8449%' ELSE '%8451%' END)
ORDER BY 1, 2, 3;
CREATE INDEX IF NOT EXISTS c_switch_when ON c_switch(host_id, name, time);
-- Who was left out (out), or no more; sid '': the table of all of them, at a start. Then the stretches of it, joined.
CREATE TEMP TABLE IF NOT EXISTS c_user(host_id INTEGER, name TEXT, sid TEXT COLLATE NOCASE, time INTEGER, out INTEGER);
INSERT INTO c_user
SELECT e.host_id, w.name, coalesce(e.data ->> 'TargetUserSid', '?'), e.time,
    e.data ->> 'AuditPolicyChanges' LIKE CASE w.bit WHEN 1 THEN '%8455%' ELSE '%8459%' END
FROM c_want w JOIN c_guid g ON g.subcategory = w.subcategory
JOIN event e ON e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id = 4912
    AND coalesce(e.recovered, 0) = 0 AND lower(e.data ->> 'SubcategoryGuid') LIKE '%' || g.guid || '%'
WHERE w.bit IN (1, 2) AND sane(e.time) > 0
    AND (e.data ->> 'AuditPolicyChanges' LIKE CASE w.bit WHEN 1 THEN '%8455%' ELSE '%8459%' END
        OR e.data ->> 'AuditPolicyChanges' LIKE CASE w.bit WHEN 1 THEN '%8454%' ELSE '%8458%' END)
UNION ALL
SELECT e.host_id, w.name, '', e.time, num(e.data ->> 'PuaCount') > 0 FROM c_want w
JOIN event e ON e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id = 4902
    AND coalesce(e.recovered, 0) = 0 AND sane(e.time) > 0 AND num(e.data ->> 'PuaCount') IS NOT NULL
ORDER BY 1, 2, 4;
CREATE INDEX IF NOT EXISTS c_user_when ON c_user(host_id, name, sid, time);
CREATE TEMP TABLE IF NOT EXISTS c_left(host_id INTEGER, name TEXT, from_time INTEGER, to_time INTEGER, why TEXT);
INSERT INTO c_left
WITH s AS (
    SELECT u.host_id, u.name, CASE WHEN u.out THEN u.time ELSE coalesce((SELECT max(o.time) FROM c_user o
            WHERE o.host_id = u.host_id AND o.name = u.name AND o.sid = '' AND NOT o.out AND o.time < u.time), 0)
            END AS begin,
        CASE WHEN u.out THEN min(coalesce((SELECT min(o.time) FROM c_user o WHERE o.host_id = u.host_id
                    AND o.name = u.name AND o.sid = u.sid AND o.time > u.time AND NOT o.out), 9e18),
                coalesce((SELECT min(o.time) FROM c_user o WHERE o.host_id = u.host_id AND o.name = u.name
                    AND o.sid = '' AND o.time > u.time AND NOT o.out), 9e18)) ELSE u.time END AS until,
        CASE u.sid WHEN '' THEN 'users have an audit policy of their own (4902)'
            ELSE 'the audit policy leaves ' || u.sid || ' out (4912)' END AS why
    FROM c_user u WHERE u.out OR u.sid <> '' AND NOT EXISTS (SELECT 1 FROM c_user o WHERE o.host_id = u.host_id
        AND o.name = u.name AND o.sid = u.sid AND o.time < u.time)
    UNION ALL
    SELECT h.host_id, w.name, 0, 9e18, v.name || ' has an audit policy of their own'
    FROM reg_value v JOIN hive h ON h.file_id = v.hive_id AND h.main JOIN evidence e ON e.id = v.hive_id
        AND NOT coalesce(e.older, 0) JOIN c_want w
    WHERE v.path = 'SYSTEM\CurrentControlSet\Control\Lsa\Audit\PerUserAuditing\System' AND v.name LIKE 'S-1-%'
        AND NOT coalesce(v.recovered, 0)),
g AS (
    SELECT *, sum(first) OVER (PARTITION BY host_id, name ORDER BY begin, until, why) AS stretch FROM (
        SELECT *, coalesce(begin > max(until) OVER (PARTITION BY host_id, name ORDER BY begin, until, why
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 1) AS first FROM s))
SELECT host_id, name, min(begin), max(until), min(why) FROM g GROUP BY host_id, name, stretch ORDER BY 1, 2, 3;
CREATE INDEX IF NOT EXISTS c_left_when ON c_left(host_id, name, from_time);
-- Each stretch, cut where the subcategory was switched. A piece is on as the switch before it says, else as the one
-- after it denies, else by the hive. The last one is not where the hive denies it: what switched it off is in no log.
CREATE TEMP TABLE IF NOT EXISTS c_piece(host_id INTEGER, name TEXT, state TEXT, begin INTEGER, from_time INTEGER,
    to_time INTEGER, file_id INTEGER, detail TEXT, folder TEXT, until INTEGER, on_bit INTEGER, without TEXT);
INSERT INTO c_piece
WITH whole AS (
    SELECT r.*, w.name, w.bit, w.subcategory FROM c_want w JOIN c_row r ON lower(r.artifact) = w.channel
    JOIN want_artifact k ON k.name = r.artifact AND k.kind = 'channel'),
cut AS (
    SELECT host_id, name, bit, subcategory, state, from_time AS begin, to_time, file_id, detail, folder, from_time
        FROM whole
    UNION SELECT w.host_id, w.name, w.bit, w.subcategory, w.state, s.time, w.to_time, w.file_id, w.detail, w.folder,
        w.from_time FROM whole w
    JOIN (SELECT host_id, name, time FROM c_switch UNION SELECT host_id, name, from_time FROM c_left
        UNION SELECT host_id, name, to_time FROM c_left) s
        ON s.host_id = w.host_id AND s.name = w.name AND s.time > w.from_time AND s.time < w.to_time)
SELECT c.host_id, c.name, c.state, c.begin, c.from_time, c.to_time, c.file_id, c.detail, c.folder,
    coalesce(lead(c.begin) OVER (PARTITION BY c.host_id, c.name, c.state, c.file_id, c.from_time ORDER BY c.begin),
        c.to_time) AS until,
    coalesce((SELECT s.on_bit AND (coalesce(c.now, 1) > 0 OR EXISTS (SELECT 1 FROM c_switch l
        WHERE l.host_id = c.host_id AND l.name = c.name AND l.time > c.begin))
        FROM c_switch s WHERE s.host_id = c.host_id AND s.name = c.name AND s.time <= c.begin
        ORDER BY s.time DESC LIMIT 1),
        (SELECT NOT s.on_bit FROM c_switch s WHERE s.host_id = c.host_id AND s.name = c.name AND s.time > c.begin
            ORDER BY s.time LIMIT 1), c.now,
        CASE WHEN c.name = 'Security:Logon failure' AND EXISTS (SELECT 1 FROM event e
            WHERE e.host_id = c.host_id AND e.event_id = 4625
            AND e.provider = 'Microsoft-Windows-Security-Auditing'
                AND e.time BETWEEN c.begin AND c.to_time) THEN 1 END) AS on_bit,
    (SELECT CASE WHEN l.to_time > c.begin THEN l.why END FROM c_left l WHERE l.host_id = c.host_id
        AND l.name = c.name AND l.from_time <= c.begin ORDER BY l.from_time DESC LIMIT 1) AS without
FROM (SELECT c.*, (SELECT a.mask & c.bit FROM audit_policy a JOIN evidence e ON e.id = a.hive_id
        WHERE e.host_id = c.host_id AND a.subcategory = c.subcategory COLLATE NOCASE
            ORDER BY coalesce(e.older, 0), a.id LIMIT 1) AS now FROM cut c) c;
INSERT INTO c_row
SELECT host_id, name, CASE WHEN begin IS NULL OR state IN ('missing', 'unreadable', 'disabled') THEN state
    WHEN on_bit = 0 THEN 'disabled' WHEN on_bit > 0 AND without IS NULL THEN state ELSE 'partial' END,
    CASE WHEN on_bit = 0 THEN NULL ELSE begin END, CASE WHEN on_bit = 0 AND begin = from_time
        AND until = to_time THEN NULL ELSE until END, file_id,
    CASE WHEN state IN ('missing', 'unreadable', 'disabled') OR on_bit > 0 AND without IS NULL THEN detail
        WHEN on_bit = 0 THEN 'the audit policy does not record this' WHEN on_bit > 0 THEN without
        ELSE 'the audit policy is not known' END, CASE WHEN on_bit > 0 AND without IS NULL THEN folder END
FROM c_piece;
DELETE FROM c_guid; DELETE FROM c_want; DELETE FROM c_switch; DELETE FROM c_piece; DELETE FROM c_user;
DELETE FROM c_left;
INSERT INTO c_row
SELECT h.id, w.name, 'missing', NULL, NULL, NULL, NULL, NULL FROM host h, want_artifact w
WHERE w.kind = 'audit' AND NOT EXISTS (SELECT 1 FROM c_row r WHERE r.host_id = h.id AND r.artifact = w.name);

INSERT INTO coverage(host_id, artifact, state, from_time, to_time, file_id, detail)
SELECT r.host_id, r.artifact, r.state, r.from_time, r.to_time, min(r.file_id), min(r.detail) FROM c_row r
    JOIN host h ON h.id = r.host_id
GROUP BY h.name, r.artifact, r.from_time, r.to_time, r.state -- the host by its name: one sort for both
ORDER BY h.name, r.artifact, r.from_time, r.to_time, r.state;
CREATE INDEX IF NOT EXISTS coverage_what ON coverage(host_id, artifact);

-- A quiet log ends with its last record, but was still recording when it was copied together with busier ones of the
-- same folder. So silence counts until the latest record of that folder. Hives hold at any time, but what is not in a
-- part of one, or in a damaged one, is not known.
CREATE TEMP TABLE IF NOT EXISTS c_horizon(host_id INTEGER, folder TEXT, time INTEGER);
INSERT INTO c_horizon SELECT host_id, folder, min(max(to_time),
    coalesce((SELECT until FROM time_window), max(to_time))) AS time FROM c_span
    WHERE log_kind IN ('original', 'exported') AND NOT coalesce(older, 0) GROUP BY host_id, folder;
CREATE TEMP TABLE IF NOT EXISTS reach(host_id INTEGER, artifact TEXT, state TEXT, file_id INTEGER, any_time INTEGER,
    from_time INTEGER, to_time INTEGER);
DELETE FROM reach;
INSERT INTO reach
SELECT r.host_id, r.artifact, r.state, r.file_id, w.kind = 'hive'
    AND coalesce(r.detail, '') NOT LIKE 'only a part of it%'
        AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.id = r.file_id AND e.state <> 'read') AS any_time,
            r.from_time, CASE
        WHEN NOT EXISTS (SELECT 1 FROM c_row l WHERE l.host_id = r.host_id AND l.artifact = r.artifact
            AND l.to_time > r.to_time)
            THEN max(r.to_time, min(coalesce(z.time, r.to_time), coalesce(t.time, 9e18))) ELSE r.to_time END AS to_time
FROM c_row r JOIN want_artifact w ON w.name = r.artifact LEFT JOIN c_horizon z ON z.host_id = r.host_id
    AND z.folder = r.folder
LEFT JOIN c_still t ON t.host_id = r.host_id
    AND t.channel = substr(r.artifact, 1, instr(r.artifact || ':', ':') - 1);
-- No artefact, but a stretch of time as well: the clock was set back over it, so it came twice, and of two moments in
-- it nobody can tell which was first. The engine asks for it by that name.
INSERT INTO reach
SELECT host_id, '(twice)', 'present', NULL, 0, time, CAST(other AS INTEGER) FROM landmark WHERE topic = 'clock-backward'
    AND time IS NOT NULL AND CAST(other AS INTEGER) > time ORDER BY host_id, time DESC LIMIT 1000;
CREATE INDEX IF NOT EXISTS temp.reach_of ON reach(host_id, artifact);
DELETE FROM c_forwarded;
DELETE FROM c_span; DELETE FROM c_island; DELETE FROM c_clear; DELETE FROM c_row; DELETE FROM c_horizon; DELETE
    FROM c_off; DELETE FROM c_named; DELETE FROM c_still;
