-- Failures and successes. One row for one failure: the event that says most. The other witnesses of the same failure
-- are cited beside it (also: evidence ids with blanks between).

CREATE TEMP TABLE IF NOT EXISTS f(host_id INTEGER, kind TEXT, subject TEXT COLLATE NOCASE,
    principal TEXT COLLATE NOCASE, call TEXT, win32 INTEGER, value INTEGER, raw TEXT, symbol TEXT, time INTEGER,
    event INTEGER,
    file_id INTEGER, file_off INTEGER, boot INTEGER, provider TEXT COLLATE NOCASE, event_id INTEGER, luid INTEGER,
        also TEXT, sid TEXT);
