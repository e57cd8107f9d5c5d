-- When a task was registered or changed: TaskCache's last registration, events 106 and 140, 4698 and 4702. Not where
-- it was only disabled or enabled (142, 4700, 4701 within two seconds), for which
-- nobody is asked for a password; how says 'perhaps' where the log shows it disabled and then updated, which may be no
-- more than that.
CREATE TEMP TABLE IF NOT EXISTS touched(host_id INTEGER, task TEXT COLLATE NOCASE, time INTEGER, event_id INTEGER,
    file_id INTEGER, file_off INTEGER);
INSERT INTO touched SELECT e.host_id, e.data ->> 'TaskName', e.time, e.event_id, e.file_id, e.file_off FROM event e
WHERE (e.provider = 'Microsoft-Windows-TaskScheduler' AND e.event_id IN (106, 140, 142)
    OR e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id IN (4698, 4700, 4701, 4702))
    AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL AND e.data ->> 'TaskName' IS NOT NULL;
CREATE TEMP TABLE IF NOT EXISTS switched(host_id INTEGER, task TEXT COLLATE NOCASE, time INTEGER, event_id INTEGER);
INSERT INTO switched SELECT host_id, task, time, event_id FROM touched WHERE event_id IN (142, 4700, 4701);
CREATE INDEX IF NOT EXISTS switched_when ON switched(host_id, task, time);
DELETE FROM touched WHERE event_id IN (140, 4702) AND EXISTS (SELECT 1 FROM switched d
    WHERE d.host_id = touched.host_id AND d.task = touched.task
    AND d.time BETWEEN touched.time - seconds(2) AND touched.time + seconds(2));
INSERT INTO task_saved
SELECT host_id, task, time, 'event ' || event_id || CASE WHEN perhaps THEN ' (perhaps only enabled again)' ELSE '' END,
    NOT perhaps, file_id, file_off
FROM (SELECT *, coalesce(event_id IN (140, 4702) AND last IN (142, 4701), 0) AS perhaps FROM (
    SELECT *, lag(event_id) OVER (PARTITION BY host_id, task ORDER BY time, file_id, file_off) AS last FROM touched))
WHERE event_id NOT IN (142, 4700, 4701) ORDER BY 1, 2, 3, 6, 7;
CREATE INDEX IF NOT EXISTS task_saved_what ON task_saved(host_id, task, time);
INSERT INTO task_saved
SELECT host_id, path, registered, 'TaskCache' || CASE WHEN perhaps THEN ' (perhaps only enabled again)' ELSE '' END,
    NOT perhaps, file_id, file_off
FROM (SELECT t.*, EXISTS (SELECT 1 FROM task_saved w WHERE w.host_id = t.host_id AND w.task = t.path AND NOT w.sure
        AND w.time BETWEEN t.registered - seconds(2) AND t.registered + seconds(2)) AS perhaps
    FROM task t JOIN time_window z WHERE t.registered > 0 AND t.registered <= coalesce(z.until, t.registered)
        AND NOT EXISTS (SELECT 1 FROM switched d WHERE d.host_id = t.host_id
        AND d.task = t.path AND d.time BETWEEN t.registered - seconds(2) AND t.registered + seconds(2)))
ORDER BY 1, 2, 3, 6, 7;
DELETE FROM touched; DELETE FROM switched;
