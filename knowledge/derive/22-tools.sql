-- What tools printed (dsregcmd, systeminfo, whoami, gpresult): whose it is, and where it says something else than hives
-- and logs do: these hold, and the difference stands beside the file. Nothing is derived from it: release and domain of
-- a host that only such a text tells are for readers of reports (v_tool_host).

-- A text that names its computer is that computer's, where something better knows of it; else nobody's. So is one
-- whose collector surely names a host. One of which nobody says a name is that of its folder, as with hives.
INSERT OR IGNORE INTO tool_name
SELECT l.file_id, lower(l.host), substr(lower(l.host), 1, instr(l.host || '.', '.') - 1), NULL
FROM layout l JOIN evidence e ON e.id = l.file_id AND e.kind = 'tool-text' WHERE l.host_sure AND l.host > ''
    ORDER BY l.file_id;
UPDATE evidence SET host_id = coalesce(
    (SELECT n.host_id FROM tool_name t JOIN host_name n ON n.name = t.name WHERE t.file_id = evidence.id),
    (SELECT max(h.id) FROM tool_name t JOIN host h ON h.name = t.label OR h.fqdn = t.name WHERE t.file_id = evidence.id
        HAVING count(DISTINCT h.id) = 1),
    (SELECT max(h.id) FROM tool_name t JOIN name n ON n.label = t.label JOIN host h ON h.fqdn = n.root
        WHERE t.file_id = evidence.id HAVING count(DISTINCT h.id) = 1))
WHERE kind = 'tool-text' AND id IN (SELECT file_id FROM tool_name);
UPDATE evidence SET host_id = coalesce((SELECT f.host_id FROM folder_host f WHERE f.folder = evidence.folder),
    (SELECT max(id) FROM host HAVING count(*) = 1))
WHERE kind = 'tool-text' AND id NOT IN (SELECT file_id FROM tool_name);
DELETE FROM folder_host;

-- What the texts of a host say with one voice.
CREATE TEMP TABLE IF NOT EXISTS tool_host(host_id INTEGER, what TEXT, value TEXT COLLATE NOCASE, num INTEGER,
    file_id INTEGER, PRIMARY KEY(host_id, what)) WITHOUT ROWID;
INSERT INTO tool_host
SELECT host_id, what, min(value), min(num), min(file_id) FROM (
    SELECT e.host_id, t.file_id, CASE t.name WHEN 'OS Version' THEN 'build' WHEN 'OS Name' THEN 'os' ELSE 'domain' END
        AS what, CASE t.name WHEN 'OS Version' THEN CAST(t.num AS TEXT) ELSE t.value END AS value, t.num
    FROM tool_said t JOIN evidence e ON e.id = t.file_id AND e.host_id IS NOT NULL AND NOT coalesce(e.older, 0)
    WHERE t.tool = 'systeminfo' AND (t.name = 'OS Name' OR t.name = 'OS Version' AND t.num IS NOT NULL
        OR t.name = 'Domain' AND NOT EXISTS (SELECT 1 FROM tool_said c WHERE c.file_id = t.file_id
            AND c.tool = 'systeminfo' AND c.name = 'OS Configuration' AND c.value LIKE 'Standalone%')))
GROUP BY host_id, what HAVING count(DISTINCT value) = 1 ORDER BY host_id, what;

-- Differences, a line each.
CREATE TEMP TABLE IF NOT EXISTS tool_note(file_id INTEGER, ord INTEGER, said TEXT);
INSERT INTO tool_note
SELECT DISTINCT t.file_id, 1, 'it is of ' || t.name || ', of which nothing else here tells: nothing is taken from it'
FROM tool_name t JOIN evidence e ON e.id = t.file_id WHERE e.host_id IS NULL ORDER BY 1;
INSERT INTO tool_note
SELECT t.file_id, 2, 'build ' || t.num || ' here, ' || h.build || ' in what hives and logs say, which holds'
FROM tool_host t JOIN host h ON h.id = t.host_id WHERE t.what = 'build' AND h.build <> t.num ORDER BY 1;
INSERT INTO tool_note
SELECT t.file_id, 3, 'domain ' || t.value || ' here, ' || h.domain || ' in what hives and logs say, which holds'
FROM tool_host t JOIN host h ON h.id = t.host_id WHERE t.what = 'domain' AND h.domain > ''
    AND h.domain <> t.value COLLATE NOCASE AND (instr(h.domain, '.') > 0) = (instr(t.value, '.') > 0) ORDER BY 1;
INSERT INTO tool_note
SELECT t.file_id, 4, 'DomainJoined ' || t.value || ' here, and the hive says otherwise, which holds'
FROM tool_said t JOIN evidence e ON e.id = t.file_id JOIN host h ON h.id = e.host_id AND h.joined <> t.num
WHERE t.tool = 'dsregcmd' AND t.name = 'DomainJoined' AND t.num IS NOT NULL ORDER BY t.id;
INSERT INTO tool_note
SELECT t.file_id, 5, v.name || ' ' || t.num || ' by policy here, ' || v.num || ' in the hive, which holds'
FROM tool_said t JOIN evidence e ON e.id = t.file_id JOIN mine m ON m.host_id = e.host_id AND m.kind = 'SYSTEM'
JOIN reg_value v ON v.hive_id = m.hive_id AND v.path || '\' || v.name = substr(t.name, 9) COLLATE NOCASE
    AND v.num <> t.num AND coalesce(v.recovered, 0) = 0
WHERE t.tool = 'gpresult' AND t.section = 'Security Options' AND t.name LIKE 'MACHINE\System\CurrentControlSet\%'
    AND t.num IS NOT NULL ORDER BY t.id;

-- What reports show of a host from a text alone.
INSERT INTO tool_note
SELECT t.file_id, 6, 'what reports say of the release of ' || h.name || ' is taken from it'
FROM tool_host t JOIN host h ON h.id = t.host_id WHERE t.what = 'os'
    AND coalesce(h.os, 'Windows build ') LIKE 'Windows build %'
    AND NOT EXISTS (SELECT 1 FROM tool_host b WHERE b.host_id = h.id AND b.what = 'build' AND b.num <> h.build)
ORDER BY 1;
INSERT INTO tool_note
SELECT t.file_id, 7, 'what reports say of the domain of ' || h.name || ' is taken from it'
FROM tool_host t JOIN host h ON h.id = t.host_id WHERE t.what = 'domain' AND coalesce(h.domain, '') = '' ORDER BY 1;

UPDATE evidence SET note = 'printed by a tool: weak evidence' || coalesce((SELECT '; ' || group_concat(said, '; ')
    FROM (SELECT DISTINCT n.ord, n.said FROM tool_note n WHERE n.file_id = evidence.id ORDER BY n.ord, n.said)), '')
WHERE kind = 'tool-text' AND (note IS NULL OR note LIKE 'printed by a tool: weak evidence%');
DELETE FROM tool_name;
DELETE FROM tool_host;
DELETE FROM tool_note;
