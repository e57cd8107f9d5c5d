-- Failures and successes. One row for one failure: the event that says most. The other witnesses of the same failure
-- are cited beside it (also: evidence ids with blanks between).

-- A witness with an impossible time still tells of the same failure as the record beside it. beside_it: of such a
-- record the time of one that is numbered within three of it; it stands in while witnesses are matched, no longer.
CREATE TEMP TABLE IF NOT EXISTS dated(file_id INTEGER, record_id INTEGER, time INTEGER,
    PRIMARY KEY(file_id, record_id)) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS beside_it(event INTEGER PRIMARY KEY, time INTEGER);
INSERT OR IGNORE INTO dated SELECT file_id, record_id, time FROM event
WHERE time IS NOT NULL AND record_id IS NOT NULL AND coalesce(recovered, 0) = 0
    AND file_id IN (SELECT file_id FROM odd) ORDER BY 1, 2, 3;
INSERT INTO beside_it
SELECT e.id, (SELECT time FROM (SELECT t.time, t.record_id, abs(t.record_id - e.record_id) AS far FROM dated t
    WHERE t.file_id = e.file_id AND t.record_id BETWEEN e.record_id - 3 AND e.record_id + 3)
    ORDER BY far, record_id LIMIT 1)
FROM odd o JOIN event e ON e.id = o.event AND coalesce(e.recovered, 0) = 0;
DELETE FROM beside_it WHERE time IS NULL;
DELETE FROM dated; DELETE FROM odd;
CREATE TEMP TABLE IF NOT EXISTS f(host_id INTEGER, kind TEXT, subject TEXT COLLATE NOCASE,
    principal TEXT COLLATE NOCASE, call TEXT, win32 INTEGER, value INTEGER, raw TEXT, symbol TEXT, time INTEGER,
    event INTEGER,
    file_id INTEGER, file_off INTEGER, boot INTEGER, provider TEXT COLLATE NOCASE, event_id INTEGER, luid INTEGER,
        also TEXT, sid TEXT);
