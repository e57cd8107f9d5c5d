-- The outcome of each host, after its findings. A failure is explained by a finding at or above possible that cites it
-- as a symptom; or, because
-- not every symptom of thousands is cited, that is about its subject, has its code and spans its time.
CREATE TEMP TABLE o_cited(host_id INTEGER, evidence_id TEXT, PRIMARY KEY(host_id, evidence_id)) WITHOUT ROWID;
INSERT OR IGNORE INTO o_cited SELECT f.host_id, c.evidence_id FROM citation c JOIN finding f ON f.id = c.finding
WHERE c.role = 'symptom' AND f.verdict IN ('confirmed', 'likely', 'possible') AND f.host_id IS NOT NULL;
CREATE TEMP TABLE o_found(host_id INTEGER, subject TEXT COLLATE NOCASE, win32 INTEGER, first_seen INTEGER,
    last_seen INTEGER);
INSERT INTO o_found SELECT host_id, subject, win32, first_seen, last_seen FROM finding
WHERE verdict IN ('confirmed', 'likely', 'possible') AND first_seen IS NOT NULL;
CREATE INDEX o_found_what ON o_found(host_id, subject);
UPDATE failure SET explained = concern AND (
    EXISTS (SELECT 1 FROM o_cited c WHERE c.host_id = failure.host_id
        AND c.evidence_id = printf('f%d:0x%x', failure.file_id, failure.file_off))
    OR EXISTS (SELECT 1 FROM o_found f WHERE f.host_id = failure.host_id
        AND f.subject = coalesce(failure.subject, failure.principal)
        AND f.win32 = failure.win32 AND failure.time BETWEEN f.first_seen AND f.last_seen));
UPDATE host SET outcome = CASE
    WHEN EXISTS (SELECT 1 FROM failure f WHERE f.host_id = host.id AND f.concern AND f.shown IS NOT NULL
        AND NOT f.explained) THEN 'unexplained'
    WHEN EXISTS (SELECT 1 FROM failure f WHERE f.host_id = host.id AND f.concern
        AND f.shown IS NOT NULL) THEN 'explained'
    WHEN EXISTS (SELECT 1 FROM finding f WHERE f.host_id = host.id
        AND f.verdict IN ('confirmed', 'likely', 'possible')) THEN 'explained'
    WHEN EXISTS (SELECT 1 FROM finding f WHERE f.host_id = host.id AND f.verdict = 'latent') THEN 'latent'
    WHEN EXISTS (SELECT 1 FROM kind k WHERE k.host_id = host.id AND k.state = 'not_covered') THEN 'not_covered'
    ELSE 'clear' END;
DROP TABLE o_cited; DROP TABLE o_found;
