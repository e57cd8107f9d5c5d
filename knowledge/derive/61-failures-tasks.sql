-- Tasks. 104 names no task but the call that failed: it joins the 101 of the same user and code within two seconds.
CREATE TEMP TABLE IF NOT EXISTS logon104(id INTEGER PRIMARY KEY, host_id INTEGER, time INTEGER,
    account TEXT COLLATE NOCASE,
    domain TEXT COLLATE NOCASE, user TEXT COLLATE NOCASE, code INTEGER, call TEXT, file_id INTEGER, file_off INTEGER,
        boot INTEGER,
    provider TEXT COLLATE NOCASE, event_id INTEGER);
INSERT INTO logon104
SELECT e.id, e.host_id, coalesce(e.time, (SELECT p.time FROM beside_it p WHERE p.event = e.id)) AS time,
    account_of(field(e.data, 'UserName')) AS account,
    domain_of(field(e.data, 'UserName')) AS domain, field(e.data, 'UserName') AS user,
    code(field(e.data, 'ResultCode'), 'hresult') AS code, nullif(field(e.data, 'ErrorDescription'), '') AS call,
        e.file_id, e.file_off, e.boot, e.provider, e.event_id FROM event e
WHERE e.provider = 'Microsoft-Windows-TaskScheduler' AND e.event_id = 104 AND coalesce(e.recovered, 0) = 0
    AND e.host_id IS NOT NULL ORDER BY 2, 3, 1;
CREATE INDEX IF NOT EXISTS logon104_who ON logon104(host_id, account, code, domain COLLATE NOCASE, time);
CREATE INDEX IF NOT EXISTS logon104_when ON logon104(host_id, account, code, time);
CREATE INDEX IF NOT EXISTS logon104_call ON logon104(host_id, account, code, call, time);
CREATE TEMP TABLE IF NOT EXISTS start101(id INTEGER, host_id INTEGER, time INTEGER, task TEXT COLLATE NOCASE,
    user TEXT COLLATE NOCASE, run TEXT COLLATE NOCASE, code INTEGER, file_id INTEGER, file_off INTEGER, boot INTEGER,
    provider TEXT COLLATE NOCASE, event_id INTEGER, account TEXT COLLATE NOCASE, domain TEXT COLLATE NOCASE);
INSERT INTO start101
SELECT *, account_of(user) AS account, domain_of(user) AS domain FROM (
    SELECT e.id, e.host_id, coalesce(e.time, (SELECT p.time FROM beside_it p WHERE p.event = e.id)) AS time,
        field(e.data, 'TaskName') AS task,
        nullif(CASE e.event_id WHEN 105 THEN field(e.data, 'Context')        -- 311: "SID:DOMAIN\user:kind"
            WHEN 311 THEN rtrim(substr(field(e.data, 'TaskEngineName') || ':',
                instr(field(e.data, 'TaskEngineName'), ':') + 1, instr(substr(field(e.data, 'TaskEngineName') || ':',
                instr(field(e.data, 'TaskEngineName'), ':') + 1), ':')), ':')
            ELSE coalesce(field(e.data, 'UserContext'), field(e.data, 'UserName')) END, '') AS user,
        lower(nullif(coalesce(field(e.data, 'InstanceId'), field(e.data, 'TaskInstanceId')), '')) AS run,
            code(field(e.data, 'ResultCode'), 'hresult') AS code, e.file_id, e.file_off, e.boot, e.provider,
            e.event_id FROM event e
    WHERE e.provider = 'Microsoft-Windows-TaskScheduler' AND e.event_id IN (101, 103, 105, 126, 130, 146, 148, 151,
        203, 204, 311, 332, 333, 334, 406, 407, 704) AND coalesce(e.recovered, 0) = 0
        AND e.host_id IS NOT NULL) ORDER BY 2, 3, 1;
CREATE TEMP TABLE IF NOT EXISTS pair(id INTEGER, other INTEGER);
INSERT INTO pair        -- the domains agree, or one of the two names none; before the 101 rather than behind it
SELECT id, other FROM (SELECT s.id, coalesce(
    (SELECT l.id FROM logon104 l WHERE l.host_id = s.host_id AND l.account = s.account AND l.code IS s.code
        AND l.domain = s.domain COLLATE NOCASE AND l.time BETWEEN s.time - seconds(2) AND s.time
        ORDER BY l.time DESC, l.id LIMIT 1),
    (SELECT l.id FROM logon104 l WHERE l.host_id = s.host_id AND l.account = s.account AND l.code IS s.code
        AND l.domain = s.domain COLLATE NOCASE AND l.time BETWEEN s.time AND s.time + seconds(2)
        ORDER BY l.time, l.id LIMIT 1),
    (SELECT l.id FROM logon104 l WHERE s.domain IS NOT NULL AND l.host_id = s.host_id AND l.account = s.account
        AND l.code IS s.code AND l.domain IS NULL AND l.time BETWEEN s.time - seconds(2) AND s.time + seconds(2)
        ORDER BY l.time, l.id LIMIT 1),
    (SELECT l.id FROM logon104 l WHERE s.domain IS NULL AND l.host_id = s.host_id AND l.account = s.account
        AND l.code IS s.code AND l.time BETWEEN s.time - seconds(2) AND s.time + seconds(2)
        ORDER BY l.time, l.id LIMIT 1)) AS other
    FROM start101 s WHERE s.event_id = 101) WHERE other IS NOT NULL;
CREATE INDEX IF NOT EXISTS pair_id ON pair(id);
-- Two calls of one account with one code at that time: which of them was this task's, nobody can tell.
CREATE TEMP TABLE IF NOT EXISTS unsure(id INTEGER);
INSERT INTO unsure SELECT p.id FROM pair p JOIN start101 s ON s.id = p.id JOIN logon104 l ON l.id = p.other
WHERE EXISTS (SELECT 1 FROM (VALUES ('LogonUserExEx'), ('LogonUserS4U')) k
    CROSS JOIN logon104 o ON o.host_id = s.host_id AND o.account = s.account AND o.code IS l.code AND o.call = k.column1
    AND o.time BETWEEN s.time - seconds(2) AND s.time + seconds(2) WHERE k.column1 <> l.call);
-- What 101 says, 103, 126, 203, 204 and 332 to 334 say again of the same start: the same run, or within two seconds
-- where no run is named; and never another code. 105 and 311 name the account, and not always the task.
CREATE INDEX IF NOT EXISTS start101_run ON start101(host_id, run, event_id);
CREATE INDEX IF NOT EXISTS start101_who ON start101(host_id, account, code, domain COLLATE NOCASE, time)
    WHERE event_id = 101;
CREATE INDEX IF NOT EXISTS start101_what ON start101(host_id, task COLLATE NOCASE, event_id, time);
CREATE TEMP TABLE IF NOT EXISTS twin(id INTEGER, other INTEGER, file_id INTEGER, file_off INTEGER);
INSERT INTO twin
SELECT id, other, file_id, file_off FROM (SELECT s.id, s.file_id, s.file_off, coalesce(
    (SELECT w.id FROM start101 w WHERE w.host_id = s.host_id AND w.run = s.run AND w.event_id IN (101, 103)
        AND w.event_id < s.event_id AND w.task = s.task COLLATE NOCASE
        AND coalesce(s.code, w.code, '') = coalesce(w.code, s.code, '') ORDER BY w.event_id, w.time, w.id LIMIT 1),
    (SELECT w.id FROM start101 w WHERE w.host_id = s.host_id AND w.task = s.task COLLATE NOCASE AND w.event_id = 101
        AND w.time BETWEEN s.time - seconds(2) AND s.time + seconds(2) AND (w.run IS NULL OR s.run IS NULL)
        AND coalesce(s.code, w.code, '') = coalesce(w.code, s.code, '')
            AND (s.event_id NOT BETWEEN 332 AND 334 OR w.code = 0x800704DD) ORDER BY w.time, w.id LIMIT 1),
    (SELECT w.id FROM start101 w WHERE w.host_id = s.host_id AND w.task = s.task COLLATE NOCASE AND w.event_id = 103
        AND s.event_id IN (126, 203, 204) AND w.time BETWEEN s.time - seconds(2) AND s.time + seconds(2)
        AND (w.run IS NULL OR s.run IS NULL) AND coalesce(s.code, w.code, '') = coalesce(w.code, s.code, '')
            ORDER BY w.time, w.id LIMIT 1),
    (SELECT w.id FROM start101 w WHERE s.task IS NULL AND w.event_id = 101 AND w.host_id = s.host_id
        AND w.account = s.account AND w.code IS s.code AND coalesce(w.domain, s.domain, '') = coalesce(s.domain,
        w.domain, '') COLLATE NOCASE AND w.time BETWEEN s.time - seconds(2) AND s.time + seconds(2)
            ORDER BY w.time, w.id LIMIT 1)) AS other
    FROM start101 s WHERE s.event_id IN (103, 105, 126, 203, 204, 311, 332, 333, 334)) WHERE other IS NOT NULL;
-- 203 beside 103 beside 101
CREATE INDEX IF NOT EXISTS twin_id ON twin(id);
UPDATE twin SET other = coalesce((SELECT t.other FROM twin t WHERE t.id = twin.other), other);
CREATE INDEX IF NOT EXISTS twin_other ON twin(other);
INSERT INTO f
SELECT s.host_id, 'task', s.task, s.user, CASE WHEN s.id NOT IN (SELECT id FROM unsure) THEN l.call END, x.win32,
    x.value, x.raw, x.symbol, s.time, s.id, s.file_id, s.file_off, s.boot, s.provider, s.event_id, NULL,
    nullif(trim(CASE WHEN l.id IS NOT NULL THEN printf('f%d:0x%x', l.file_id, l.file_off)
        ELSE '' END || coalesce((SELECT group_concat(' ' || printf('f%d:0x%x', t.file_id, t.file_off), '')
        FROM twin t WHERE t.other = s.id), '')), ''), NULL
FROM start101 s LEFT JOIN error x ON x.event = s.id AND x.field = 'ResultCode' LEFT JOIN pair p ON p.id = s.id
    LEFT JOIN logon104 l ON l.id = p.other WHERE s.id NOT IN (SELECT id FROM twin)
UNION ALL
SELECT l.host_id, 'task', (SELECT t.path FROM only_task t WHERE t.host_id = l.host_id AND t.account = l.account
    AND (l.domain IS NULL OR t.domain IS NULL OR t.domain = l.domain COLLATE NOCASE)),
    l.user, l.call, x.win32, x.value, x.raw, x.symbol, l.time, l.id, l.file_id, l.file_off, l.boot, l.provider,
        l.event_id, NULL, NULL, NULL
FROM logon104 l LEFT JOIN error x ON x.event = l.id AND x.field = 'ResultCode'
    WHERE l.id NOT IN (SELECT other FROM pair)
    -- it has a task
    AND NOT EXISTS (SELECT 1 FROM start101 s WHERE s.event_id = 101 AND s.host_id = l.host_id
        AND s.account = l.account AND s.code IS l.code AND s.domain IS l.domain COLLATE NOCASE
        AND s.time BETWEEN l.time - seconds(2) AND l.time + seconds(2));

-- A task that could not be saved because its account was refused: no start, and no rule's that asks for one. 115 names
-- no task.
INSERT INTO f
SELECT e.host_id, 'task save', coalesce(nullif(field(e.data, 'TaskName'), ''), '(a task that was not saved)'),
    nullif(field(e.data, 'UserContext'), ''), NULL, x.win32, x.value, x.raw, x.symbol, e.time, e.id, e.file_id,
    e.file_off, e.boot, e.provider, e.event_id, NULL, NULL, NULL
FROM event e JOIN error x ON x.event = e.id AND x.field = 'ResultCode'
WHERE e.provider = 'Microsoft-Windows-TaskScheduler' AND e.event_id IN (115, 116) AND coalesce(e.recovered, 0) = 0
    AND e.host_id IS NOT NULL AND (code_in(x.win32, 'of-a-logon') OR code_in(x.value, 'of-a-logon-hresult'))
ORDER BY e.host_id, e.time, e.id;

-- What a task's program reported. Only HRESULTs and NTSTATUS values are errors; an exit code, 1312 say, is the
-- program's own affair.
CREATE TEMP TABLE IF NOT EXISTS ended(host_id INTEGER, task TEXT COLLATE NOCASE, action TEXT, value INTEGER,
    time INTEGER, id INTEGER, file_id INTEGER, file_off INTEGER, boot INTEGER, provider TEXT COLLATE NOCASE,
    event_id INTEGER);
INSERT INTO ended
SELECT e.host_id, field(e.data, 'TaskName') AS task, field(e.data, 'ActionName') AS action,
    num(field(e.data, 'ResultCode')) & 0xFFFFFFFF AS value, e.time, e.id, e.file_id, e.file_off, e.boot, e.provider,
    e.event_id
FROM event e WHERE e.provider = 'Microsoft-Windows-TaskScheduler' AND e.event_id IN (201, 202)
    AND coalesce(e.recovered, 0) = 0
UNION ALL
SELECT d.host_id, field(d.key, 'TaskName'), field(d.key, 'ActionName'), num(field(d.key, 'ResultCode')) & 0xFFFFFFFF,
    t.column1, NULL, d.file_id, t.column2,
    (SELECT s.boot FROM span s WHERE s.host_id = d.host_id AND s.from_time <= t.column1
        ORDER BY s.from_time DESC LIMIT 1), d.provider, d.event_id
FROM fold d JOIN (SELECT id, first_time AS column1, file_off AS column2 FROM fold WHERE event_id = 201
    UNION ALL SELECT id, last_time, last_off FROM fold WHERE event_id = 201 AND n > 1) t ON t.id = d.id
WHERE d.provider = 'Microsoft-Windows-TaskScheduler' AND d.event_id = 201;
INSERT INTO f
SELECT host_id, 'program', task, NULL, action, win32of(value, 'exit'), value, value,
    coalesce((SELECT s.symbol FROM symbol s WHERE s.value = ended.value),
        (SELECT s.symbol FROM win32_symbol s WHERE s.value = win32of(ended.value, 'exit')),
        win32_name(win32of(ended.value, 'exit'))), time, id, file_id,
            file_off, boot, provider, event_id, NULL, NULL, NULL
FROM ended WHERE (value BETWEEN 0x80000000 AND 0x8FFFFFFF OR value BETWEEN 0xC0000000 AND 0xDFFFFFFF)
    AND host_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS f_what ON f(kind, host_id, subject, value, time);
-- The last result in TaskCache is a second witness of a failure that the log has: of that code, the start within ten
-- seconds of the last run, the end of the program within three days
-- after it; without a time of the last run the latest of that code. It does not tell who failed: the scheduler, unless
-- the log says that it was the program, or that this run had started.
CREATE TEMP TABLE IF NOT EXISTS begun(host_id INTEGER, task TEXT COLLATE NOCASE, time INTEGER);
INSERT INTO begun
SELECT d.host_id, d.data ->> 'TaskName', t.column1 FROM fold d JOIN (SELECT id, first_time AS column1 FROM fold
    WHERE event_id IN (100, 129, 200) UNION ALL SELECT id, last_time FROM fold
    WHERE event_id IN (100, 129, 200) AND n > 1) t ON t.id = d.id
WHERE d.provider = 'Microsoft-Windows-TaskScheduler'
UNION ALL SELECT host_id, data ->> 'TaskName', time FROM event WHERE provider = 'Microsoft-Windows-TaskScheduler'
    AND event_id IN (100, 129, 200) AND coalesce(recovered, 0) = 0;
CREATE INDEX IF NOT EXISTS begun_when ON begun(host_id, task, time);
CREATE TEMP TABLE IF NOT EXISTS last_result(id INTEGER, host_id INTEGER, path TEXT COLLATE NOCASE, result INTEGER,
    last_run INTEGER, file_id INTEGER, file_off INTEGER, same INTEGER);
INSERT INTO last_result
SELECT t.id, t.host_id, t.path, t.result, t.last_run, t.file_id, t.file_off, coalesce(
    (SELECT p.rowid FROM f p WHERE p.kind = 'task' AND p.host_id = t.host_id AND p.subject = t.path
        AND p.value = t.result AND p.time BETWEEN t.last_run - seconds(10) AND t.last_run + seconds(10)
        ORDER BY p.time DESC, p.rowid LIMIT 1),
    (SELECT p.rowid FROM f p WHERE p.kind = 'program' AND p.host_id = t.host_id AND p.subject = t.path
        AND p.value = t.result AND p.time BETWEEN t.last_run - seconds(10) AND t.last_run + days(3)
        ORDER BY p.time, p.rowid LIMIT 1),
    CASE WHEN t.last_run IS NULL THEN coalesce(
        (SELECT p.rowid FROM f p WHERE p.kind = 'task' AND p.host_id = t.host_id AND p.subject = t.path
            AND p.value = t.result ORDER BY p.time DESC, p.rowid LIMIT 1),
        (SELECT p.rowid FROM f p WHERE p.kind = 'program' AND p.host_id = t.host_id AND p.subject = t.path
            AND p.value = t.result ORDER BY p.time DESC, p.rowid LIMIT 1)) END) AS same
FROM task t JOIN time_window w WHERE t.result BETWEEN 0x80000000 AND 0xDFFFFFFF
    -- of no known time: not in the time asked for
    AND (w.since IS NULL OR t.last_run >= w.since) AND (w.until IS NULL OR t.last_run <= w.until);
CREATE INDEX IF NOT EXISTS last_result_same ON last_result(same);
UPDATE f SET also = coalesce(also || ' ', '') || (SELECT printf('f%d:0x%x', r.file_id, r.file_off) FROM last_result r
    WHERE r.same = f.rowid ORDER BY r.id LIMIT 1) WHERE rowid IN (SELECT same FROM last_result);
-- Where the one task of its account names a refused logon (104), what names that one is cited beside it.
UPDATE f SET also = (SELECT printf('f%d:0x%x', t.file_id, t.file_off) FROM task t WHERE t.host_id = f.host_id
    AND t.path = f.subject) WHERE kind = 'task' AND event_id = 104 AND also IS NULL AND subject IS NOT NULL;
INSERT INTO f
SELECT t.host_id, CASE WHEN EXISTS (SELECT 1 FROM f p WHERE p.kind = 'program' AND p.host_id = t.host_id
    AND p.subject = t.path AND p.value = t.result)
        AND NOT EXISTS (SELECT 1 FROM f p WHERE p.kind = 'task' AND p.host_id = t.host_id AND p.subject = t.path
            AND p.value = t.result)
        OR EXISTS (SELECT 1 FROM begun b WHERE b.host_id = t.host_id AND b.task = t.path
            AND b.time BETWEEN t.last_run - seconds(10) AND t.last_run + seconds(10)) THEN 'program' ELSE 'task' END,
    t.path, coalesce(t.user, t.sid), NULL, coalesce(win32of(t.result, 'hresult'),
        (SELECT c.win32 FROM kb_code c WHERE c.space = 'task' AND c.value = t.result)), t.result, t.result,
        coalesce((SELECT s.symbol FROM symbol s WHERE s.value = t.result),
        (SELECT s.symbol FROM win32_symbol s WHERE s.value = win32of(t.result, 'hresult')),
        win32_name(win32of(t.result, 'hresult'))), t.last_run, NULL,
            t.file_id, t.file_off,
    (SELECT s.boot FROM span s WHERE s.host_id = t.host_id AND s.from_time <= t.last_run
        ORDER BY s.from_time DESC LIMIT 1), NULL, NULL, NULL, NULL, t.sid
FROM last_result r JOIN task t ON t.id = r.id WHERE r.same IS NULL;
