-- What the way to each file says of where it came from. Of several patterns that fit the first that knows a thing says
-- it; a host that a collector names goes before one that stands in front of a file's name, which says something of
-- registry files alone: logs name their computer themselves.
CREATE TEMP TABLE IF NOT EXISTS layout_fit(file_id INTEGER, ord INTEGER, collector TEXT, host TEXT, sure INTEGER,
    drive TEXT, shadow TEXT, user TEXT COLLATE NOCASE, PRIMARY KEY(file_id, ord)) WITHOUT ROWID;
INSERT INTO layout_fit
SELECT e.id, l.ord, l.collector, CASE WHEN l.sure OR e.kind IN ('hive', 'reg-text', 'tool-text')
        THEN path_part(e.path, l.path, 'host') END, l.sure,
    path_part(e.path, l.path, 'drive'), path_part(e.path, l.path, 'shadow'), path_part(e.path, l.path, 'user')
FROM evidence e CROSS JOIN kb_layout l WHERE path_part(e.path, l.path, NULL) ORDER BY e.id, l.ord;
INSERT INTO layout
SELECT f.file_id,
    (SELECT w.collector FROM layout_fit w WHERE w.file_id = f.file_id AND w.collector IS NOT NULL
        ORDER BY w.ord LIMIT 1),
    (SELECT w.host FROM layout_fit w WHERE w.file_id = f.file_id AND w.host IS NOT NULL
        ORDER BY w.sure DESC, w.ord LIMIT 1),
    (SELECT w.sure FROM layout_fit w WHERE w.file_id = f.file_id AND w.host IS NOT NULL
        ORDER BY w.sure DESC, w.ord LIMIT 1),
    (SELECT w.drive FROM layout_fit w WHERE w.file_id = f.file_id AND w.drive IS NOT NULL ORDER BY w.ord LIMIT 1),
    (SELECT w.shadow FROM layout_fit w WHERE w.file_id = f.file_id AND w.shadow IS NOT NULL ORDER BY w.ord LIMIT 1),
    (SELECT w.user FROM layout_fit w WHERE w.file_id = f.file_id AND w.user IS NOT NULL ORDER BY w.ord LIMIT 1)
FROM (SELECT DISTINCT file_id FROM layout_fit) f ORDER BY f.file_id;
DELETE FROM layout WHERE coalesce(collector, host, drive, shadow, user) IS NULL;
DELETE FROM layout_fit;
