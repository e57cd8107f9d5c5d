-- What a setting that is not set means on each host, where that differs by build, product or edition (kb_default): the
-- first row that fits the host counts. What is not known of the host makes neither yes nor no of a row: several may
-- count then, and where they say different things nobody knows (unsure).
INSERT INTO host_default(host_id, setting, value, text, unsure, among)
WITH asked(host_id, setting, ord, value, text, fits) AS (
    SELECT h.id, d.setting, d.ord, d.value, d.text,
        (d.from_build = 0 OR h.build >= d.from_build)
        AND (d.product IS NULL OR CASE d.product WHEN 'client' THEN h.role = 'workstation'
            WHEN 'server' THEN h.role <> 'workstation' ELSE h.role = 'domain controller' END)
        AND (d.editions IS NULL OR instr(lower(d.editions), ' ' || lower(h.edition) || ' ') > 0)
    FROM host h, kb_default d),
sure(host_id, setting, ord) AS (SELECT host_id, setting, min(ord) FROM asked WHERE fits GROUP BY 1, 2)
SELECT a.host_id, a.setting, CASE WHEN count(DISTINCT coalesce(a.text, '')) = 1 AND s.ord IS NOT NULL
        THEN max(a.value) END,
    CASE WHEN count(DISTINCT coalesce(a.text, '')) = 1 AND s.ord IS NOT NULL THEN max(a.text) END,
    count(DISTINCT coalesce(a.text, '')) > 1,
    CASE WHEN count(*) = count(a.value) AND s.ord IS NOT NULL THEN ' ' || group_concat(a.value, ' ') || ' ' END
FROM asked a LEFT JOIN sure s ON s.host_id = a.host_id AND s.setting = a.setting
WHERE coalesce(a.fits, 1) AND a.ord <= coalesce(s.ord, a.ord) GROUP BY 1, 2 ORDER BY 1, 2;
