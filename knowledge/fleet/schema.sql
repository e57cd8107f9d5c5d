-- Many tickets, told together: fleet.db. Times are FILETIME integers (100 ns since 1601-01-01 UTC).
-- Every row belongs to a ticket by its name, so that what several runs found is one fleet in any order.
PRAGMA application_id = 0x77686c66;     -- "whlf"
PRAGMA user_version = 2;

-- tool, version, knowledge_sha256, options (those that change results, as given)
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
-- The parts i of n that are in here; none, once all are.
CREATE TABLE shard(i INTEGER, n INTEGER, PRIMARY KEY(i, n)) WITHOUT ROWID;
-- outcome: the gravest of its hosts, no_evidence without a host, failed without a case; code: what analyze ended with;
-- status: its words; partial: files not read to the end; sum: SHA-256 of ticket.json
CREATE TABLE ticket(name TEXT PRIMARY KEY, folder TEXT NOT NULL, sum TEXT NOT NULL, code INTEGER, status TEXT,
    outcome TEXT NOT NULL, reason TEXT, files INTEGER, bytes INTEGER, records INTEGER, partial INTEGER,
    ruled_out INTEGER) WITHOUT ROWID;
CREATE TABLE ticket_host(ticket TEXT, ord INTEGER, host TEXT COLLATE NOCASE, fqdn TEXT, domain TEXT COLLATE NOCASE,
    os TEXT, machine_sid TEXT, outcome TEXT, PRIMARY KEY(ticket, ord)) WITHOUT ROWID;
CREATE TABLE ticket_kind(ticket TEXT, ord INTEGER, kind TEXT, state TEXT, failures INTEGER,
    PRIMARY KEY(ticket, ord, kind)) WITHOUT ROWID;
CREATE TABLE ticket_need(ticket TEXT, ord INTEGER, artifact TEXT, collect TEXT,
    PRIMARY KEY(ticket, ord, artifact)) WITHOUT ROWID;
-- All but what was ruled out.
CREATE TABLE ticket_finding(ticket TEXT, ord INTEGER, cause TEXT, title TEXT, verdict TEXT, host TEXT COLLATE NOCASE,
    subject TEXT, win32 INTEGER, first_seen INTEGER, last_seen INTEGER, count INTEGER,
    PRIMARY KEY(ticket, ord)) WITHOUT ROWID;

-- Gravest first; cause: the surest one at or above possible.
CREATE VIEW v_ticket AS
SELECT t.name AS ticket, t.outcome, t.code AS exit, t.status, t.reason, t.folder, t.files, t.bytes, t.records,
    t.partial,
    (SELECT count(*) FROM ticket_host h WHERE h.ticket = t.name) AS hosts,
    (SELECT f.cause FROM ticket_finding f JOIN verdict_order v ON v.verdict = f.verdict
        WHERE f.ticket = t.name AND v.claims ORDER BY v.place, f.ord LIMIT 1) AS cause,
    (SELECT f.verdict FROM ticket_finding f JOIN verdict_order v ON v.verdict = f.verdict
        WHERE f.ticket = t.name AND v.claims ORDER BY v.place, f.ord LIMIT 1) AS verdict
FROM ticket t JOIN outcome_order o ON o.outcome = t.outcome ORDER BY o.place, t.name;

CREATE VIEW v_fleet_outcome AS
SELECT o.outcome, (SELECT count(*) FROM ticket t WHERE t.outcome = o.outcome) AS tickets,
    (SELECT count(*) FROM ticket_host h WHERE h.outcome = o.outcome) AS hosts
FROM outcome_order o ORDER BY o.place;

-- Causes by verdict: how many tickets and hosts have it; example: the first such ticket.
CREATE VIEW v_fleet_cause AS
SELECT f.cause, f.title, f.verdict, count(DISTINCT f.ticket) AS tickets,
    count(DISTINCT f.ticket || char(10) || coalesce(f.host, '')) AS hosts, count(*) AS subjects,
    sum(coalesce(f.count, 0)) AS failures, min(f.first_seen) AS first_seen, max(f.last_seen) AS last_seen,
    min(f.ticket) AS example
FROM ticket_finding f JOIN verdict_order v ON v.verdict = f.verdict
WHERE v.claims OR f.verdict = 'latent'
GROUP BY f.cause, f.verdict ORDER BY v.place, tickets DESC, f.cause;

-- Hosts that several tickets tell of. Two machines are one where domain and name are.
CREATE VIEW v_fleet_host AS
SELECT min(host) AS host, min(domain) AS domain, count(DISTINCT ticket) AS tickets,
    (SELECT group_concat(ticket, ', ') FROM (SELECT DISTINCT i.ticket FROM ticket_host i
        WHERE i.host = h.host AND coalesce(i.domain, '') = coalesce(h.domain, '') COLLATE NOCASE
        ORDER BY i.ticket LIMIT 6)) AS which
FROM ticket_host h WHERE host IS NOT NULL GROUP BY host, coalesce(domain, '') COLLATE NOCASE
HAVING count(DISTINCT ticket) > 1 ORDER BY tickets DESC, 1, 2;

-- What is missing most often: collect it with the next ticket.
CREATE VIEW v_fleet_collect AS
SELECT artifact, count(DISTINCT ticket) AS tickets, count(*) AS hosts, min(collect) AS collect
FROM ticket_need GROUP BY artifact ORDER BY tickets DESC, artifact;

-- Tickets without a whole answer, and why.
CREATE VIEW v_fleet_failed AS
SELECT name AS ticket, outcome, code AS exit, coalesce(reason, status) AS reason FROM ticket
WHERE outcome IN ('failed', 'no_evidence') OR code NOT IN (0, 1) ORDER BY outcome <> 'failed', name;

-- What cost most: bytes and records read.
CREATE VIEW v_fleet_largest AS
SELECT name AS ticket, bytes, records, files FROM ticket WHERE bytes > 0 ORDER BY bytes DESC, name;

-- Parts that are not in here yet.
CREATE VIEW v_fleet_missing AS
WITH RECURSIVE part(i, n) AS (SELECT 1, max(n) FROM shard HAVING count(*) > 0
    UNION ALL SELECT i + 1, n FROM part WHERE i < n)
SELECT i || '/' || n AS shard FROM part WHERE i NOT IN (SELECT i FROM shard) ORDER BY i;

CREATE INDEX ticket_host_name ON ticket_host(host);
