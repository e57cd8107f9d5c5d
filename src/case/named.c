#include "case/named.h"
#include "base/verdict.h"
#include <string.h>

/* '@' stands for the table, '#' for the list of case_named_in. */
static const char *const text[QUERIES] = {
    [Q_META] = "SELECT key, value FROM meta",
    [Q_META_PUT] = "INSERT OR REPLACE INTO meta(key, value) VALUES(?1, ?2)",
    [Q_META_LIMIT] = "UPDATE meta SET value = CASE WHEN value = '[\"complete\"]' THEN '[\"limit\"]'"
                     " ELSE '[\"limit\",' || substr(value, 2) END WHERE key = 'status'"
                     " AND value NOT LIKE '%\"limit\"%'",
    [Q_WINDOW] = "UPDATE time_window SET since = ?1, until = ?2",
    [Q_FILE_PUT] = "INSERT INTO evidence(id, path, kind, format, bytes, state, note, unit, older, place,"
                   " container, member, members_seen, members_wanted, members_failed, sha256)"
                   " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)",
    [Q_FILE_TESTED] = "INSERT INTO evidence(id, path, kind, format, state, log_kind, seen, parsed, failed,"
                      " note, older) VALUES(?1, ?2, ?3, ?3, ?4, ?5, 100, 100 - ?6, ?6, ?7, ?8)",
    [Q_FILE_HASH] = "UPDATE evidence SET sha256=?1 WHERE id=?2",
    [Q_FILE_SUMS] = "UPDATE evidence SET seen=?1, parsed=?2, recovered=?3, failed=?4, chunks=?5, log_kind=?6,"
                    " state=CASE WHEN ?8 THEN 'unreadable' WHEN ?9 THEN 'partial' ELSE state END,"
                    " note=CASE WHEN ?8 THEN 'no record of ' || ?1 || ' could be read' WHEN ?9 THEN"
                    " coalesce(note, 'the file is cut short: its end is missing') ELSE note END WHERE id=?7",
    [Q_FILE_TWINS] = "UPDATE evidence SET duplicate_of = f.id FROM (SELECT id, sha256,"
                     " row_number() OVER (PARTITION BY sha256 ORDER BY older, id) AS place"
                     " FROM evidence WHERE sha256 IS NOT NULL AND bytes > 0) f WHERE f.place = 1"
                     " AND f.sha256 = evidence.sha256 AND f.id <> evidence.id",
    [Q_FILE_COPY] = "UPDATE evidence SET (seen, parsed, recovered, failed, chunks, log_kind, state, note) ="
                    " (SELECT seen, parsed, recovered, failed, chunks, log_kind, state, note FROM evidence o"
                    " WHERE o.id = evidence.duplicate_of) WHERE id=?1",
    [Q_FILE_FULL] = "UPDATE evidence SET state='partial', note=?2 WHERE id=?1",
    /* of one that was not read its hash is not missed */
    [Q_FILE_BROKEN] = "UPDATE evidence SET state='partial', note=?2 || ': ' || ?3 WHERE id=?1"
                      " AND state <> 'unreadable' AND (?2 <> 'not hashed' OR state <> 'partial')",
    [Q_FILES] = "SELECT id, path, sha256 FROM evidence",
    [Q_FILES_READ] = "SELECT id, path, place, sha256, older, container IS NULL AND (state <> 'skipped'"
                     " OR sha256 IS NOT NULL) FROM evidence ORDER BY id",
    [Q_FILES_ALL] =
        "WITH chosen AS (SELECT hive_id, name, num FROM reg_value WHERE path = 'SYSTEM\\Select'),"
        " named AS (SELECT file_id, id, printf('0x%x', file_off) AS at, what, detail FROM anomaly)"
        " SELECT e.place AS path, e.kind, e.format, e.bytes, e.sha256,"
        " CASE WHEN h.lack IS NOT NULL AND e.state = 'read' THEN 'partial' ELSE e.state END AS state,"
        " coalesce(e.note, h.lack) AS note, e.log_kind,"
        " e.seen, e.parsed, e.recovered, e.failed, e.chunks, h.dirty, h.replay, h.kind AS hive,"
        " (SELECT sum(s.keys) FROM hive s WHERE s.file_id = e.id) AS keys,"
        " (SELECT sum(s.values_n) FROM hive s WHERE s.file_id = e.id) AS 'values',"
        " (SELECT count(*) FROM anomaly a WHERE a.file_id = e.id) AS anomalies,"
        " (SELECT a.what || ' at ' || a.at || ': ' || coalesce(a.detail, '')"
        " FROM named a WHERE a.file_id = e.id ORDER BY a.id LIMIT 1) AS first_anomaly,"
        " (SELECT num FROM chosen c WHERE c.hive_id = e.id AND c.name = 'Current') AS current_set,"
        " (SELECT num FROM chosen c WHERE c.hive_id = e.id AND c.name = 'Default') AS default_set,"
        " (SELECT num FROM chosen c WHERE c.hive_id = e.id AND c.name = 'Failed') AS failed_set,"
        " (SELECT num FROM chosen c WHERE c.hive_id = e.id AND c.name = 'LastKnownGood') AS last_known_good,"
        " h.seq1, h.seq2,"
        " (SELECT u.place FROM evidence u WHERE u.id = e.unit AND u.id <> e.id) AS log_of,"
        " e.members_seen, e.members_wanted, e.members_failed,"
        " (SELECT group_concat(said, char(10)) FROM"
        " (SELECT a.at || ' ' || a.what || ': ' || coalesce(replace(a.detail, char(10), ' '), '') AS said"
        " FROM named a WHERE a.file_id = e.id ORDER BY a.id LIMIT 8)) AS list"
        " FROM evidence e LEFT JOIN hive h ON h.id = (SELECT min(i.id) FROM hive i WHERE i.file_id = e.id)"
        " ORDER BY e.id",
    [Q_FILE_SHOWN] = "SELECT path, place, coalesce(sha256, 'not hashed'), coalesce(kind, '') FROM evidence"
                     " WHERE id = ?1",
    [Q_FILE_WAY] = "WITH RECURSIVE up(id, container, member, place, depth) AS"
                   " (SELECT id, container, member, place, 0 FROM evidence WHERE id = ?1"
                   " UNION ALL SELECT e.id, e.container, e.member, e.place, up.depth + 1"
                   " FROM up JOIN evidence e ON e.id = up.container WHERE up.depth < 64)"
                   " SELECT CASE WHEN container IS NOT NULL THEN member END, place FROM up"
                   " ORDER BY depth DESC",
    [Q_UNIT] = "SELECT id, kind FROM evidence WHERE id = ?1 OR unit = ?1 ORDER BY id <> ?1, id",
    [Q_HIVE_ROOT] = "SELECT root FROM hive WHERE file_id = ?1",

    [Q_AT] = "SELECT * FROM @ WHERE file_id = ?1 AND file_off = ?2 ORDER BY id",
    [Q_PLACED] = "CREATE INDEX @_place ON @(file_id, file_off)",
    [Q_CITED_WITH_ID] = "SELECT t.*, c.evidence_id FROM @ t JOIN (SELECT DISTINCT evidence_id FROM citation)"
                        " c ON c.evidence_id = printf('f%d:0x%x', t.file_id, t.file_off) ORDER BY t.id",
    [Q_CITED_PLACES] = "SELECT DISTINCT t.file_id, t.file_off FROM @ t JOIN citation c"
                       " ON c.evidence_id = printf('f%d:0x%x', t.file_id, t.file_off) ORDER BY 1, 2",
    [Q_CITED_UNIT] = "SELECT #, t.file_id, t.file_off, t.id FROM @ t JOIN"
                     " (SELECT DISTINCT file_id, file_off FROM citation) c"
                     " ON c.file_id = t.file_id AND c.file_off = t.file_off",
    [Q_CITED_ONE] = "SELECT # FROM @ t WHERE t.id = ?1",
    [Q_CITED_PUT] = "INSERT OR IGNORE INTO citation(finding, role, ord, evidence_id, file_id, file_off)"
                    " VALUES(1, 'cited', (SELECT count(*) FROM citation), ?1, ?2, ?3)",
    [Q_VERIFIED_PUT] = "INSERT OR REPLACE INTO verification(evidence_id, result, detail, reader)"
                       " VALUES(?1, ?2, ?3, ?4)",
    [Q_VERIFIED_LATE] =
        "INSERT OR IGNORE INTO verification(evidence_id, result, detail, reader) SELECT DISTINCT"
        " c.evidence_id, 'unreadable', ?1, ''"
        " FROM citation c JOIN evidence f ON f.id = c.file_id WHERE c.file_off > 0 AND f.kind NOT IN "
        "('reg-text', 'tool-text')"
        " AND NOT EXISTS (SELECT 1 FROM anomaly a WHERE a.file_id = c.file_id AND a.file_off = c.file_off)",
    [Q_VERIFIED] = "SELECT result, detail, reader FROM verification WHERE evidence_id = ?1",
    [Q_VERIFIED_COUNT] = "SELECT result, count(*) FROM verification GROUP BY result",
    [Q_VERIFIED_WORST] = "UPDATE finding SET second_reader = coalesce((SELECT CASE min(CASE v.result"
                         " WHEN 'differ' THEN 1 WHEN 'unreadable' THEN 2 ELSE 3 END)"
                         " WHEN 1 THEN 'differ' WHEN 2 THEN 'unreadable' ELSE 'agree' END FROM citation c"
                         " JOIN verification v USING(evidence_id) WHERE c.finding = finding.id"
                         " HAVING count(*) > 0), 'not_applicable')",

    [Q_AGAIN_CLEAR] = "DELETE FROM fact_again",
    [Q_AGAIN_PUT] = "INSERT INTO fact_again(file_id, file_off, again) VALUES(?1, ?2, ?3)"
                    " ON CONFLICT(file_id, file_off) DO UPDATE SET again = excluded.again"
                    " WHERE excluded.again = 'no' OR (excluded.again = 'unknown' AND again = 'yes')",
    /* offset 0: the whole file is meant; damage proves nothing, and is not derived again */
    [Q_AGAIN_NOTHING] = "INSERT OR IGNORE INTO fact_again(file_id, file_off, again)"
                        " SELECT DISTINCT file_id, file_off, 'no' FROM citation c WHERE file_off > 0"
                        " AND NOT EXISTS (SELECT 1 FROM anomaly a WHERE a.file_id = c.file_id"
                        " AND a.file_off = c.file_off)",
    [Q_AGAIN_UNKNOWN] = "INSERT OR IGNORE INTO fact_again(file_id, file_off, again)"
                        " SELECT DISTINCT file_id, file_off, 'unknown' FROM citation c WHERE file_off > 0"
                        " AND NOT EXISTS (SELECT 1 FROM anomaly a WHERE a.file_id = c.file_id"
                        " AND a.file_off = c.file_off)",
    [Q_AGAIN_ASK] =
        "INSERT INTO finding_unknown(finding, ord, artifact, collect)"
        " SELECT finding, (SELECT coalesce(max(u.ord) + 1, 0) FROM finding_unknown u WHERE u.finding = "
        "p.finding)"
        " + row_number() OVER (PARTITION BY finding ORDER BY path) - 1, path, CASE worst WHEN 'no' THEN"
        " 'collect this file again: what was first read from it is not there when it is read again'"
        " ELSE 'what was read from this file could not be read again: whylogon verify' END"
        " FROM (SELECT c.finding, e.path, min(a.again) AS worst FROM citation c"
        " JOIN fact_again a ON a.file_id = c.file_id AND a.file_off = c.file_off"
        " JOIN evidence e ON e.id = c.file_id WHERE a.again <> 'yes' GROUP BY 1, 2) p WHERE NOT EXISTS"
        " (SELECT 1 FROM finding_unknown u WHERE u.finding = p.finding AND u.artifact = p.path)",
    [Q_AGAIN_DOUBT] = "UPDATE finding SET verdict = '" W_UNDETERMINED
                      "' WHERE id IN (SELECT c.finding FROM citation c"
                      " JOIN fact_again a ON a.file_id = c.file_id AND a.file_off = c.file_off"
                      " WHERE a.again = 'no')",
    [Q_AGAIN_LOWER] = "UPDATE finding SET verdict = '" W_LIKELY "' WHERE verdict = '" W_CONFIRMED
                      "' AND id IN"
                      " (SELECT c.finding FROM citation c JOIN fact_again a ON a.file_id = c.file_id"
                      " AND a.file_off = c.file_off WHERE a.again = 'unknown')",
    [Q_AGAIN_DOUBTS] = "SELECT 1 FROM fact_again WHERE again <> 'yes' LIMIT 1",
    [Q_AGAIN_FILES] = "UPDATE evidence SET state = 'partial', note = coalesce(note || '; ', '') ||"
                      " 'what was first read from it is not all there when it is read again'"
                      " WHERE state IN ('read', 'partial') AND id IN (SELECT file_id FROM fact_again"
                      " WHERE again = 'no')",

    [Q_KB_EMPTY] = "DELETE FROM @",
    [Q_KB_PUT] = "INSERT INTO @ VALUES(#)",
    [Q_FAMILY] = "SELECT 1 FROM kb_code_family WHERE family = ?1 LIMIT 1",
    [Q_MADE] = "SELECT name, sql, type FROM sqlite_schema WHERE type IN ('view', 'index')"
               " AND sql IS NOT NULL AND name NOT LIKE '%\"%' ORDER BY type, name",
    [Q_MADE_BEFORE] = "CREATE TEMP TABLE IF NOT EXISTS standing_by AS SELECT name FROM sqlite_temp_schema"
                      " WHERE type = 'table'",
    [Q_MADE_SCRATCH] = "CREATE TEMP TABLE scratch AS SELECT name FROM sqlite_temp_schema"
                       " WHERE type = 'table' AND name NOT IN (SELECT name FROM standing_by)",
    [Q_PAGES] = "PRAGMA page_count",
    [Q_SCRATCH] = "SELECT name FROM temp.scratch",
    [Q_ARTIFACTS_MAKE] = "CREATE TEMP TABLE IF NOT EXISTS want_artifact(name TEXT PRIMARY KEY, kind TEXT)",
    [Q_ARTIFACTS_ANY] = "SELECT 1 FROM temp.want_artifact LIMIT 1",
    [Q_ARTIFACT_PUT] = "INSERT OR IGNORE INTO want_artifact(name, kind) VALUES(?1, ?2)",

    [Q_HOSTS] = "SELECT id, name FROM host WHERE name IS NOT NULL ORDER BY name",
    [Q_DOUBTFUL] =
        "WITH part(id) AS MATERIALIZED (SELECT file_id FROM hive WHERE dirty = 1"
        " AND coalesce(replay, 'dirty') LIKE 'dirty%' OR lack IS NOT NULL)"
        " SELECT id, 0 FROM evidence WHERE older AND (kind LIKE 'hive%' OR kind = 'reg-text')"
        " UNION SELECT id, 0 FROM part UNION SELECT e.id, 0 FROM evidence e JOIN part ON e.unit = part.id"
        " UNION SELECT id, 1 FROM evidence WHERE kind = 'tool-text' ORDER BY 1",
    [Q_REACH] = "SELECT host_id, artifact, file_id, any_time, from_time, to_time FROM temp.reach"
                " WHERE state NOT IN ('missing', 'unreadable') AND (any_time OR from_time IS NOT NULL)"
                " ORDER BY host_id, artifact, from_time, to_time, file_id",
    [Q_ERROR_PUT] = "INSERT INTO rule_error(rule, role, message) VALUES(?1, ?2, ?3)",
    [Q_ERRORS] = "SELECT role, message FROM rule_error",
    [Q_FINDING_PUT] = "INSERT INTO finding(cause, rule, title, verdict, host_id, subject, win32,"
                      " first_seen, last_seen, count, explanation)"
                      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [Q_CITATION_PUT] = "INSERT INTO citation(finding, role, ord, evidence_id, time, explain, file_id,"
                       " file_off) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [Q_UNKNOWN_PUT] = "INSERT INTO finding_unknown(finding, ord, artifact, collect) VALUES(?1, ?2, ?3, ?4)",
    [Q_REMEDY_PUT] = "INSERT INTO finding_remedy(finding, ord, text, risk, reversible, verify)"
                     " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    /* a share is asked by a session, which says who it is where the failure names nobody */
    [Q_REMEDY_ABOUT] =
        "SELECT coalesce(f.kind, c.kind), coalesce(nullif(f.principal, ''), c.principal, s.domain || '\\' || "
        "s.user), CASE h.joined WHEN 0 THEN nullif(domain_of(coalesce(f.principal, c.principal)), "
        "upper(h.name)) ELSE h.domain END, "
        "(SELECT ltrim(l.other, '\\') FROM landmark l WHERE l.host_id = h.id AND l.topic = 'policy-read' "
        "AND l.other > '' ORDER BY l.time DESC LIMIT 1), "
        "CASE WHEN f.caller = 'LocalService' OR c.sid = 'S-1-5-19' THEN 'LocalService' WHEN f.caller IS NOT "
        "NULL "
        "OR c.sid IN ('S-1-5-18', 'S-1-5-20') THEN 'computer' END, "
        "coalesce((SELECT x.realm FROM failed x JOIN logon_failure g ON g.id = x.failure WHERE g.host_id = "
        "h.id "
        "AND g.kind = f.kind AND g.subject = f.subject AND x.realm IS NOT NULL LIMIT 1), "
        "CASE WHEN s.domain = h.name OR s.sid LIKE h.machine_sid || '-%' THEN 'local' WHEN s.sid LIKE "
        "'S-1-5-21-%' THEN CASE WHEN instr('.' || lower(h.domain) || '.', '.' || lower(s.domain) || '.') "
        "THEN "
        "'own domain' ELSE 'other domain' END END), "
        "(SELECT CASE count(*) WHEN 1 THEN min(t.path) END FROM task t WHERE t.host_id = h.id "
        "AND f.kind = 'share' AND t.logon = 'S4U' AND (t.user = f.principal OR t.sid = s.sid)), "
        "CASE WHEN coalesce(c.sid, f.sid) GLOB 'S-1-5-21-*-50[0-4]' OR EXISTS (SELECT 1 FROM account a WHERE "
        "a.host_id = h.id AND a.rid BETWEEN 500 AND 504 AND a.name = coalesce(f.account, c.account) "
        "AND coalesce(f.domain, c.domain, h.name) = h.name) THEN 1 END, "
        "CASE WHEN NOT h.joined THEN NULL WHEN instr(h.domain, '.') THEN h.domain "
        "ELSE nullif(substr(h.fqdn, instr(h.fqdn || '.', '.') + 1), '') END, "
        "CASE h.joined WHEN 0 THEN 'workgroup' END, "
        "CASE WHEN (SELECT v.gone FROM v_consumer v WHERE v.consumer = c.id) OR EXISTS (SELECT 1 FROM "
        "v_before b "
        "WHERE b.failure = f.id AND b.topic = 'account-deleted' AND b.stands) THEN 'deleted' "
        "ELSE (SELECT CASE WHEN a.disabled THEN 'disabled' WHEN a.must_change THEN 'must-change' "
        "WHEN a.expires <= f.time THEN 'expired' END FROM account a WHERE a.id = c.local_account) END "
        "FROM host h LEFT JOIN logon_failure f ON f.id = (SELECT n.id FROM logon_failure n WHERE n.host_id = "
        "?1 "
        "AND n.kind IN ('task', 'service', 'share', 'bits') AND n.subject = ?2 ORDER BY n.principal IS NULL, "
        "n.time DESC LIMIT 1) LEFT JOIN consumer c ON c.id = coalesce(f.consumer, (SELECT min(k.id) FROM "
        "consumer k "
        "WHERE k.host_id = ?1 AND k.kind IN ('task', 'service') AND k.subject = ?2)) "
        "LEFT JOIN session s ON s.id = (SELECT n.id FROM session n WHERE n.host_id = f.host_id AND n.luid = "
        "f.luid AND n.boot IS f.boot AND n.from_time <= f.time AND n.logon_type IS NOT 9 AND f.kind = "
        "'share' "
        "AND coalesce(f.principal, '') = '' ORDER BY n.from_time DESC LIMIT 1) WHERE h.id = ?1",
    [Q_HOSTS_UNSEEN] = "UPDATE host SET outcome = 'not_covered' WHERE outcome = 'clear'",
    [Q_VERDICTS] = "SELECT f.rule, f.subject, f.verdict, h.name FROM finding f JOIN host h"
                   " ON h.id = f.host_id WHERE f.subject IS NOT NULL",
    [Q_CITED_EVENTS] = "SELECT DISTINCT c.role, x.provider, x.event_id, NULL FROM citation c"
                       " JOIN event x ON x.file_id = c.file_id AND x.file_off = c.file_off"
                       " UNION SELECT c.role, x.provider, x.event_id, NULL FROM citation c"
                       " JOIN fold x ON x.file_id = c.file_id AND c.file_off IN (x.file_off, x.last_off)",
    [Q_CITED_VALUES] = "SELECT DISTINCT c.role, v.path, v.name, coalesce(CAST(v.num AS TEXT), v.text)"
                       " FROM citation c"
                       " JOIN reg_value v ON v.file_id = c.file_id AND v.file_off = c.file_off",
    [Q_FOUND] = "SELECT h.name, f.subject, f.verdict,"
                " '(' || coalesce((SELECT group_concat(role || ' ' || n, ', ')"
                " FROM (SELECT role, count(*) AS n FROM citation WHERE finding = f.id GROUP BY role)), '')"
                " || coalesce('; unknown: ' || (SELECT group_concat(artifact, ', ') FROM finding_unknown"
                " WHERE finding = f.id), '') || ')', coalesce(CAST(f.win32 AS TEXT), ''),"
                " CAST(f.count AS TEXT) FROM finding f JOIN host h ON h.id = f.host_id ORDER BY f.id",

    [Q_USABLE] = "SELECT (SELECT count(*) FROM evidence WHERE parsed + recovered > 0)"
                 " + (SELECT count(*) FROM hive h JOIN evidence e ON e.id = h.file_id"
                 " WHERE e.state <> 'unreadable')",
    [Q_PARTIAL] = "SELECT count(*) FROM evidence WHERE state IN ('partial', 'unreadable', 'not opened')"
                  " OR failed > 0",
    /* RULE_LIMIT of diagnose.h, SECOND_DIED of verify.h */
    [Q_STOPPED_RULES] = "SELECT count(*) FROM rule_error WHERE message GLOB 'limit: *'",
    /* citations that were not read twice because of what happened to us: the run is partial */
    [Q_DEAD_READERS] = "SELECT (SELECT count(*) FROM verification WHERE result = 'unreadable'"
                       " AND detail GLOB 'the second reader *')"
                       " + (SELECT count(*) FROM fact_again WHERE again = 'unknown')",
    [Q_BROKEN_RULES] = "SELECT count(DISTINCT rule) FROM rule_error",
    [Q_HOST_COUNT] = "SELECT count(*) FROM host",
    [Q_VERDICT_COUNT] = "SELECT count(*) FROM finding WHERE verdict = ?1",
    [Q_FORMATS] = "SELECT CASE kind WHEN 'tool-text' THEN format ELSE coalesce(note, format) END, count(*),"
                  " max(kind = 'tool-text') FROM evidence GROUP BY 1"
                  " ORDER BY 2 DESC, 1 LIMIT 6",
    [Q_SAID] = "SELECT verdict, cause, coalesce(host, ''), subject, first_seen, count FROM v_finding"
               " WHERE verdict <> '" W_RULED_OUT "'"
               " ORDER BY (SELECT o.place FROM verdict_order o WHERE o.verdict = v_finding.verdict), finding "
               "LIMIT ?1",
    [Q_SAID_COUNT] = "SELECT count(*) FROM finding WHERE verdict <> '" W_RULED_OUT "'",
    [Q_OUTCOMES] =
        "SELECT h.name, h.outcome, (SELECT count(*) FROM failure f WHERE f.host_id = h.id AND f.concern"
        " AND f.shown IS NOT NULL AND NOT f.explained),"
        " (SELECT group_concat(kind, ', ') FROM v_kind k WHERE k.host = h.name AND k.state = 'not_covered'),"
        " (SELECT group_concat(artifact, ', ') FROM (SELECT n.artifact FROM kind_need n"
        " WHERE n.host_id = h.id GROUP BY n.artifact ORDER BY min(n.ord), n.artifact)),"
        " (SELECT max(from_time) FROM kind k WHERE k.host_id = h.id),"
        " (SELECT min(to_time) FROM kind k WHERE k.host_id = h.id),"
        " (SELECT max(total) FROM unasked u WHERE u.host_id = h.id),"
        " (SELECT artifact FROM unasked u WHERE u.host_id = h.id AND u.ord = 1),"
        " (SELECT count(*) FROM unasked u WHERE u.host_id = h.id) FROM (SELECT h.*, o.place FROM host h"
        " LEFT JOIN outcome_order o ON o.outcome = h.outcome ORDER BY o.place IS NULL, o.place, h.name LIMIT "
        "?1) h"
        " ORDER BY h.place IS NULL, h.place, h.name",

    [Q_VIEWS] = "SELECT m.name || '(' || group_concat(p.name, ', ') || ')' AS \"views to ask\""
                " FROM sqlite_schema m, pragma_table_info(m.name) p"
                " WHERE m.type = 'view' OR m.name GLOB 'kb_*' GROUP BY m.name ORDER BY m.type DESC, m.name",
    [Q_REPORT] = "SELECT # FROM @ ORDER BY place",
    [Q_EXPORT] = "SELECT # FROM @",
    [Q_CONCLUSIONS] = "SELECT DISTINCT 0, verdict FROM finding WHERE verdict IS NOT NULL"
                      " UNION SELECT DISTINCT 1, outcome FROM host WHERE outcome IS NOT NULL",
    [Q_FLEET_CONCLUSIONS] = "SELECT DISTINCT 0, verdict FROM ticket_finding WHERE verdict IS NOT NULL"
                            " UNION SELECT DISTINCT 1, outcome FROM ticket_host WHERE outcome IS NOT NULL",
    [Q_FLEET_ROWS] =
        "SELECT name, folder, 0, 0, NULL, outcome, coalesce(reason, ''), NULL, NULL, code, partial,"
        " NULL, NULL, ruled_out FROM ticket"
        " UNION ALL SELECT h.ticket, t.folder, 1, h.ord, coalesce(h.host, ''), h.outcome, NULL, NULL,"
        " NULL, NULL, NULL, NULL, NULL, NULL FROM ticket_host h JOIN ticket t ON t.name = h.ticket"
        " UNION ALL SELECT f.ticket, t.folder, 2, f.ord, coalesce(f.host, ''), f.verdict, f.title, "
        "f.cause,"
        " f.subject, NULL, f.count, f.first_seen, f.last_seen, NULL FROM ticket_finding f JOIN ticket t"
        " ON t.name = f.ticket ORDER BY 1, 3, 4",
    [Q_FLEET_RULES] = "SELECT cause, min(title) FROM ticket_finding GROUP BY cause ORDER BY cause",
};

const struct cited_kind cited_kinds[CITED_KINDS] = {
    {FACT_EVENT, "event", "t.file_id",
     "computer, channel, provider, event_id, qualifiers, version, level, coalesce(odd_time, time),"
     " record_id, pid, sid, recovered, NULL, data, NULL"},
    {FACT_EVENT, "fold", "t.file_id",
     "computer, channel, provider, event_id, NULL, NULL, NULL, first_time, NULL, NULL, NULL, NULL, NULL,"
     " data, NULL"},
    {FACT_REG_VALUE, "reg_value", "t.hive_id",
     "path, name, type, num, text, data, size, written, origin, NULL, recovered, key_off, withheld"},
    {FACT_REG_KEY, "reg_key", "t.hive_id", "path, written, class, subkeys, values_n, origin, recovered"},
    {-1, "secret", "t.hive_id", "'Policy\\Secrets\\' || name || '\\CupdTime', ''"},
    {-1, "logon_right", "t.hive_id", "'Policy\\Accounts\\' || sid || '\\ActSysAc', ''"},
    {-1, "audit_policy", "t.hive_id", "'Policy\\PolAdtEv', ''"},
    {-1, "lsa_name", "t.hive_id",
     "'Policy\\' || CASE what WHEN 'machine_name' THEN 'PolAcDmN' WHEN 'machine_sid' THEN 'PolAcDmS'"
     " WHEN 'domain_name' THEN 'PolPrDmN' WHEN 'domain_sid' THEN 'PolPrDmS' ELSE 'PolDnDDN' END, ''"},
    {-1, "cached_logon", "t.hive_id", "'Cache', 'NL$' || slot"},
    {-1, "sam_account", "t.hive_id", "'SAM\\Domains\\Account\\Users\\' || printf('%08X', rid), 'F'"},
    {-1, "lockout_policy", "t.hive_id", "'SAM\\Domains\\Account', 'F'"},
    {-1, "task_cache", "t.hive_id",
     "'Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tasks\\' || guid, 'DynamicInfo'"},
};

static const char *const scripts[SCRIPTS] = {
    [S_FINDINGS_CLEAR] = "DELETE FROM finding; DELETE FROM citation; DELETE FROM finding_unknown;"
                         " DELETE FROM finding_remedy; DELETE FROM rule_error",
    [S_KINDS_UNSEEN] = "DELETE FROM kind; DELETE FROM kind_need; WITH k(kind) AS (VALUES('task'),"
                       " ('service'), ('share'), ('bits'), ('logon'), ('application'))"
                       " INSERT INTO kind(host_id, kind, state, failures) SELECT h.id, k.kind,"
                       " CASE WHEN count(f.id) > 0 THEN 'failures' ELSE 'not_covered' END, count(f.id)"
                       " FROM host h CROSS JOIN k LEFT JOIN failure f ON f.host_id = h.id"
                       " AND f.kind = k.kind AND f.concern GROUP BY 1, 2",
};

static enum status run_statement(struct casedb *db, const char *sql, const char *types,
                                 const struct value *arg, row_fn *fn, void *ctx, struct err *e)
{
    enum { MOST = 16 };
    enum col_type type[MOST];
    size_t n = 0;
    for (; n < MOST && types[n]; n++)
        type[n] = types[n] == 'i' ? COL_INT : types[n] == 'b' ? COL_BLOB : COL_TEXT;
    return case_query(db, sql, arg, type, n, fn, ctx, e);
}

enum status case_named(struct casedb *db, enum query q, const char *types, const struct value *arg,
                       row_fn *fn, void *ctx, struct err *e)
{
    return run_statement(db, text[q], types, arg, fn, ctx, e);
}

static void put_text(struct buf *sql, enum query q, const char *table, const char *list)
{
    for (const char *c = text[q]; *c; c++) {
        if (*c == '@')
            buf_z(sql, table);
        else if (*c == '#')
            buf_z(sql, list);
        else
            buf_char(sql, *c);
    }
    buf_char(sql, 0);
}

void case_named_ahead(struct casedb *db, enum query q, const char *table, const char *list)
{
    struct buf sql = {0};
    put_text(&sql, q, table, list);
    if (!sql.bad)
        case_ahead(db, sql.p);
    buf_free(&sql);
}

enum status case_named_in(struct casedb *db, enum query q, const char *table, const char *list,
                          const char *types, const struct value *arg, row_fn *fn, void *ctx, struct err *e)
{
    struct buf sql = {0};
    put_text(&sql, q, table, list);
    enum status st = sql.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, table, "out of memory")
                             : run_statement(db, sql.p, types, arg, fn, ctx, e);
    buf_free(&sql);
    return st;
}

enum status case_script(struct casedb *db, enum script s, struct err *e)
{
    return case_exec(db, scripts[s], e);
}

void named_drop(struct buf *b, struct str type, struct str name)
{
    buf_printf(b, "DROP %.*s \"%.*s\";", STR_ARG(type), STR_ARG(name));
}
