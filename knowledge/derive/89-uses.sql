-- What rules of shares ask: credentials that were given for one server (4648), and paths that Offline Files held.

-- explicit_logon: who (by_user, in session luid) used whose credentials (user) towards which server. before: the last
-- time that session used any towards that server in the same boot; another: 1 where those were somebody else's. CORP
-- and corp.example are one realm, '.' is none. Of a session without a number nobody knows what it used before.
INSERT INTO explicit_logon(id, host_id, boot, time, server, luid, by_user, user, account, realm, file_id, file_off)
SELECT e.id, e.host_id, e.boot, e.time, trim(e.data ->> 'TargetServerName', '\'), num(e.data ->> 'SubjectLogonId'),
    e.data ->> 'SubjectUserName', e.data ->> 'TargetUserName', account_of(e.data ->> 'TargetUserName'),
    coalesce(domain_of(e.data ->> 'TargetUserName'), trim(coalesce(e.data ->> 'TargetDomainName', ''), '-')) || '.',
    e.file_id, e.file_off
FROM event e WHERE e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id = 4648
    AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL ORDER BY e.host_id, e.time, e.id;
UPDATE explicit_logon SET before = o.before, another = o.another
FROM (SELECT u.id, p.id AS before, u.account <> p.account OR substr(u.realm, 1, instr(u.realm, '.'))
            <> substr(p.realm, 1, instr(p.realm, '.')) COLLATE NOCASE AND '.' NOT IN (u.realm, p.realm) AS another
    FROM (SELECT *, lag(id) OVER (PARTITION BY host_id, boot, luid, server ORDER BY time, id) AS last
        FROM explicit_logon) u JOIN explicit_logon p ON p.id = u.last AND u.luid <> 0) o WHERE o.id = explicit_logon.id;
CREATE INDEX IF NOT EXISTS explicit_logon_server ON explicit_logon(host_id, server, time);

-- offline_path: what: offline (9), online (10), error (1001, 2006); until: when the next of 9 and 10 told of that path;
-- told: the last of those before it.
INSERT INTO offline_path(id, host_id, server, path, what, time, raw, file_id, file_off)
SELECT id, host_id, substr(path, 3, instr(substr(path, 3) || '\', '\') - 1), path,
    CASE event_id WHEN 9 THEN 'offline' WHEN 10 THEN 'online' ELSE 'error' END, time, raw, file_id, file_off
FROM (SELECT *, data ->> 'Path' AS path, data ->> 'ResultCode' AS raw FROM event
    WHERE provider = 'Microsoft-Windows-OfflineFiles' AND event_id IN (9, 10, 1001, 2006) AND coalesce(recovered, 0) = 0
        AND host_id IS NOT NULL) WHERE path LIKE '\\%' ORDER BY host_id, time, id;
UPDATE offline_path SET until = o.until FROM (
    SELECT id, lead(time) OVER (PARTITION BY host_id, path ORDER BY time, id) AS until FROM offline_path
    WHERE what <> 'error') o WHERE o.id = offline_path.id;
UPDATE offline_path SET told = o.told FROM (
    SELECT id, CAST(substr(max(CASE WHEN what <> 'error' THEN printf('%020d%d', time, id) END)
        OVER (PARTITION BY host_id, path ORDER BY time, id), 21) AS INTEGER) AS told FROM offline_path) o
WHERE o.id = offline_path.id AND what = 'error';
CREATE INDEX IF NOT EXISTS offline_path_server ON offline_path(host_id, server, time);
