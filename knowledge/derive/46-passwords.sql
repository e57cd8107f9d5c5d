-- A new password: 4723 and 4724 are attempts, also such as fail (keyword 0x0010000000000000, failure audit); where the
-- log holds a 4738 at all, one with PasswordLastSet must bear them out (two seconds).
CREATE TEMP TABLE IF NOT EXISTS changed(host_id INTEGER, event_id INTEGER, time INTEGER, account TEXT COLLATE NOCASE,
    domain TEXT COLLATE NOCASE, sid TEXT, sets INTEGER, file_id INTEGER, file_off INTEGER);
INSERT INTO changed
SELECT host_id, event_id, time, field(data, 'TargetUserName') AS account, field(data, 'TargetDomainName') AS domain,
    field(data, 'TargetSid') AS sid,
    coalesce(field(data, 'PasswordLastSet'), '-') NOT IN ('-', '', '%%1793', '%%1794') AS sets, file_id, file_off
        FROM event
WHERE provider = 'Microsoft-Windows-Security-Auditing' AND event_id IN (4723, 4724, 4738, 4742)
    AND coalesce(keywords, 0) & 4503599627370496 = 0
    AND coalesce(recovered, 0) = 0 AND host_id IS NOT NULL ORDER BY 1, 3, 8, 9;
CREATE INDEX IF NOT EXISTS changed_who ON changed(host_id, event_id, account COLLATE NOCASE, sets, time);
INSERT INTO password_change(host_id, account, domain, sid, time, how, file_id, file_off)
SELECT * FROM (
    SELECT host_id, account, domain, sid, time, CASE event_id WHEN 4723 THEN 'changed by the user (4723)'
        ELSE 'reset (4724)' END, file_id, file_off FROM changed c
    WHERE event_id IN (4723, 4724) AND (EXISTS (SELECT 1 FROM changed d
        WHERE d.host_id = c.host_id AND d.event_id = 4738 AND d.account = c.account COLLATE NOCASE AND d.sets
            AND d.time BETWEEN c.time - seconds(2) AND c.time + seconds(2)) OR
                NOT EXISTS (SELECT 1 FROM changed d WHERE d.host_id = c.host_id AND d.event_id = 4738))
    UNION ALL
    SELECT host_id, account, domain, sid, time, 'new PasswordLastSet (' || event_id || ')', file_id, file_off
        FROM changed c
    WHERE event_id IN (4738, 4742) AND sets AND NOT EXISTS (SELECT 1 FROM changed d
        WHERE d.host_id = c.host_id AND d.event_id IN (4723, 4724) AND d.account = c.account COLLATE NOCASE
        AND d.time BETWEEN c.time - seconds(2) AND c.time + seconds(2))
    UNION ALL
    SELECT a.host_id, a.name, h.name, a.sid, a.password_set, 'SAM', a.file_id, a.file_off FROM account a
        JOIN host h ON h.id = a.host_id JOIN time_window w
        -- not behind --until
        WHERE sane(a.password_set) > 0 AND a.password_set <= coalesce(w.until, a.password_set))
ORDER BY 1, 5, 7, 8;
