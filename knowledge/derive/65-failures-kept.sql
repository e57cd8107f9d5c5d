-- Whose SID a principal is: well-known, literal, a local account, or a name that only one SID goes by.
CREATE TEMP TABLE IF NOT EXISTS principal(host_id INTEGER, principal TEXT COLLATE NOCASE, sid TEXT,
    PRIMARY KEY(host_id, principal)) WITHOUT ROWID;
INSERT INTO principal
SELECT p.host_id, p.principal, coalesce((SELECT k.sid FROM kb_account k WHERE k.name = p.principal),
    CASE WHEN p.principal LIKE 'S-1-%' THEN p.principal END,
    (SELECT w.sid FROM who w WHERE w.domain = coalesce(domain_of(p.principal), h.name)
        AND w.account = account_of(p.principal)))
FROM (SELECT DISTINCT host_id, principal FROM f WHERE principal IS NOT NULL) p JOIN host h ON h.id = p.host_id
    ORDER BY 1, 2;
CREATE TEMP TABLE IF NOT EXISTS tries(f INTEGER PRIMARY KEY, event INTEGER, why INTEGER);
INSERT INTO tries SELECT f.rowid, f.event, NULL FROM f WHERE f.event_id = 4625 AND f.kind <> 'logon'
UNION ALL SELECT t.f, t.bad, CASE WHEN coalesce(f.win32, 1069) = 1069 THEN CASE b.value WHEN 0xC000006D THEN NULL
        WHEN 0xC000006A THEN 1326 ELSE b.win32 END END
    FROM told t JOIN bad b ON b.id = t.bad JOIN f ON f.rowid = t.f;
UPDATE f SET time = NULL WHERE event IN (SELECT event FROM beside_it);
DELETE FROM beside_it;
INSERT INTO failure(host_id, kind, subject, principal, sid, call, win32, value, raw, symbol, time, event, file_id,
    file_off, boot,
    provider, event_id, luid, also, tried, why, detail)
SELECT f.host_id, f.kind, f.subject, f.principal, coalesce(f.sid, p.sid,
    CASE WHEN f.kind = 'task' THEN (SELECT t.sid FROM task t
        WHERE t.host_id = f.host_id AND t.path = f.subject
            AND CASE WHEN f.principal IS NULL THEN coalesce(t.registered, 0) <= coalesce(f.time, t.registered, 0)
                ELSE account_of(t.user) = account_of(f.principal)
                    AND coalesce(domain_of(t.user), domain_of(f.principal), '')
                    = coalesce(domain_of(f.principal), domain_of(t.user), '') COLLATE NOCASE END LIMIT 1) END),
    f.call, f.win32, f.value, f.raw, f.symbol, f.time, f.event, f.file_id, f.file_off, f.boot, f.provider,
        f.event_id, f.luid,
    f.also, t.event, t.why, d.words
FROM f LEFT JOIN principal p ON p.host_id = f.host_id AND p.principal = f.principal
    LEFT JOIN detail d ON d.event = f.event LEFT JOIN tries t ON t.f = f.rowid
ORDER BY f.host_id, f.time, f.kind, f.subject, f.file_id, f.file_off;
CREATE INDEX IF NOT EXISTS failure_what ON failure(host_id, kind, subject);
DELETE FROM detail; DELETE FROM tries;
-- Codes that only winerror.h names become codes of the case, so that its views name them wherever it is read.
INSERT OR IGNORE INTO kb_code(value, space, symbol, meaning, win32, source)
SELECT w.win32, 'win32', w.name, 'no more is known here than its name', NULL, 'winerror.h and lmerr.h of mingw-w64'
FROM (SELECT win32, win32_name(win32) AS name FROM (SELECT DISTINCT win32 FROM failure WHERE win32 > 0)) w
WHERE w.name IS NOT NULL AND NOT EXISTS (SELECT 1 FROM kb_code k
    WHERE k.value = w.win32 AND k.space IN ('win32', 'nerr'));
