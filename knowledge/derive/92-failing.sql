-- failing: a task, service, share ... that failed, with each family of codes it failed with, and 'any'. first, last:
-- its failures of that family; n: how many. codes: every code it carries, of whatever kind and family, as an HRESULT
-- where it stands for no Win32 code, and those of its failed logons (attempt), which say why; of failures without a
-- subject every code of the host. uncoded: those without any, or with one that stands for no Win32 code; denied: those
-- with a package's word for a refused logon, which any refusal may stand behind, where LSA does not say which. calls:
-- the calls that failed ('-': not told). principal: where all of them name the same.
-- consumer, owner_sid, server, last_start (before the first), next_start, next_saved (behind the last): as in failed;
-- same: of all.
CREATE TEMP TABLE IF NOT EXISTS like_it(host_id INTEGER, kind TEXT, subject TEXT COLLATE NOCASE, win32 INTEGER,
    hresult INTEGER, first INTEGER, last INTEGER, n INTEGER, uncoded INTEGER, denied INTEGER, call TEXT,
    low TEXT COLLATE NOCASE, high TEXT COLLATE NOCASE, named INTEGER, owner_sid TEXT, same INTEGER, consumer INTEGER);
INSERT INTO like_it
SELECT f.host_id, f.kind, f.subject, f.win32, CASE WHEN code_in(f.value, 'of-a-logon-hresult') THEN f.value END,
    coalesce(min(f.id) FILTER (WHERE f.time IS NOT NULL), min(f.id)), max(f.id), count(*),
    sum(f.win32 IS NULL AND (f.value IS NULL OR code_in(f.value, 'of-a-logon-hresult'))),
    sum(f.win32 IS NULL AND code_in(f.value, 'logon-denied')),
    coalesce(f.call, '-'), min(f.principal), max(f.principal), count(f.principal), max(f.sid), min(coalesce(f.same, 0)),
    max(f.consumer)
FROM logon_failure f
GROUP BY 1, 2, 3, 4, 5, 11 ORDER BY 1, 2, 3, 4, 5, 11;
CREATE INDEX IF NOT EXISTS like_it_what ON like_it(host_id, kind, subject);
CREATE TEMP TABLE IF NOT EXISTS code_list(host_id INTEGER, subject TEXT COLLATE NOCASE, codes TEXT);
INSERT INTO code_list
SELECT host_id, subject, group_concat(code, ' ') FROM (
    SELECT host_id, subject, coalesce(win32, hresult) AS code FROM like_it
        WHERE subject IS NOT NULL AND coalesce(win32, hresult) IS NOT NULL
    UNION SELECT f.host_id, f.subject, a.win32 FROM attempt a JOIN logon_failure f ON f.id = a.failure
        WHERE f.subject IS NOT NULL AND a.win32 IS NOT NULL
        ORDER BY 1, 2, 3)
GROUP BY 1, 2
UNION ALL
SELECT host_id, NULL, group_concat(code, ' ') FROM (
    SELECT DISTINCT host_id, coalesce(win32, hresult) AS code FROM like_it
        WHERE coalesce(win32, hresult) IS NOT NULL ORDER BY 1, 2) GROUP BY 1;
CREATE INDEX IF NOT EXISTS code_list_of ON code_list(host_id, subject);
INSERT INTO failing(host_id, kind, subject, family, first, last, n, codes, calls, uncoded, denied, consumer, same,
    owner_sid, server, principal)
SELECT g.host_id, g.kind, g.subject, g.family, min(g.first), max(g.last), sum(g.n),
    (SELECT l.codes FROM code_list l WHERE l.host_id = g.host_id AND l.subject IS g.subject),
    group_concat(DISTINCT g.call), sum(g.uncoded), sum(g.denied), c.id, min(g.same),
    coalesce(c.sid, max(g.owner_sid)), x.server,
    CASE WHEN sum(g.named) = sum(g.n) AND min(g.low) = max(g.high) THEN min(g.low) END
FROM (SELECT l.*, 'any' AS family FROM like_it l UNION ALL
    SELECT l.*, k.family FROM like_it l JOIN kb_code_family k ON k.value = l.win32) g
LEFT JOIN consumer c ON c.id = g.consumer
LEFT JOIN failed x ON x.failure = g.first
GROUP BY g.host_id, g.kind, g.subject, g.family ORDER BY 1, 2, 3, 4;
UPDATE failing SET
    last_start = (SELECT s.id FROM success s WHERE s.host_id = failing.host_id AND s.kind = failing.kind
        AND s.subject = failing.subject AND s.starts AND s.time < (SELECT f.time FROM logon_failure f
            WHERE f.id = failing.first) ORDER BY s.time DESC LIMIT 1),
    next_start = (SELECT s.id FROM success s WHERE s.host_id = failing.host_id AND s.kind = failing.kind
        AND s.subject = failing.subject AND s.starts AND s.time > (SELECT f.time FROM logon_failure f
            WHERE f.id = failing.last) ORDER BY s.time LIMIT 1),
    next_saved = CASE kind WHEN 'task' THEN (SELECT min(w.time) FROM task_saved w WHERE w.host_id = failing.host_id
        AND w.task = failing.subject AND w.time > (SELECT f.time FROM logon_failure f
            WHERE f.id = failing.last)) END;
CREATE INDEX IF NOT EXISTS failing_what ON failing(kind, family);
CREATE INDEX IF NOT EXISTS failing_consumer ON failing(consumer, family);
CREATE INDEX IF NOT EXISTS failing_of ON failing(host_id, kind, subject);
DELETE FROM like_it; DELETE FROM code_list;
