-- Names of files and folders, and how a value came to be what it is where its hive as it lies there does not say it: in
-- words, for reports.
UPDATE evidence SET file = file_of(path), folder = coalesce(container, '') || '|' || folder_of(path);
UPDATE reg_value AS r SET provenance = (SELECT CASE e.kind
        WHEN 'reg-text' THEN r.origin || ' of a registry text export, weaker evidence'
        ELSE coalesce(value_words(r.type, r.path, r.before) || ' in the hive, ' || coalesce(value_time(r.path, r.data),
                r.num, '''' || substr(r.text, 1, 80) || '''', nullif(value_words(3, r.path, r.data), ''), 'empty')
                || ' ', '')
            || 'after ' || CASE e.kind WHEN 'hive-log' THEN e.file || ' ' || replace(r.origin, 'log ', '')
                ELSE 'its transaction log, ' || r.origin END END
    FROM evidence e WHERE e.id = r.file_id)
WHERE origin IS NOT NULL AND coalesce(recovered, 0) = 0;
