-- Errors: every code in every field the knowledge names. Zero is no error.

-- symbol, win32_symbol say nothing of the evidence: they are filled once, and stay.
-- of values that are not Win32 codes: NTSTATUS, Task Scheduler, SSPI
CREATE TEMP TABLE IF NOT EXISTS symbol(value INTEGER PRIMARY KEY, symbol TEXT);
INSERT OR IGNORE INTO symbol SELECT value, symbol FROM kb_code WHERE space IN ('task', 'sspi', 'ntstatus')
    AND NOT EXISTS (SELECT 1 FROM symbol)
    ORDER BY space DESC, value;
CREATE TEMP TABLE IF NOT EXISTS win32_symbol(value INTEGER PRIMARY KEY, symbol TEXT);
INSERT OR IGNORE INTO win32_symbol SELECT value, symbol FROM kb_code WHERE space IN ('win32', 'nerr')
    AND NOT EXISTS (SELECT 1 FROM win32_symbol)
    ORDER BY space DESC, value;
CREATE TEMP TABLE IF NOT EXISTS raw(host_id INTEGER, event INTEGER, field TEXT, raw, shape TEXT, nerr INTEGER);
INSERT INTO raw
SELECT * FROM (SELECT e.host_id, e.id AS event, k.field, field(e.data, k.field) AS raw, k.shape,
    k.provider = 'Service Control Manager' AND k.event_id = 7024 AS nerr
    FROM kb_event_field k CROSS JOIN event e ON e.provider = k.provider AND e.event_id = k.event_id
        WHERE coalesce(e.recovered, 0) = 0) WHERE raw <> ''
-- Kerberos numbers are neither NTSTATUS nor Win32; nerr: network services end with NERR codes of their own (7024)
UNION ALL
SELECT e.host_id, e.id, k.column3, field(e.data, k.column3), 'kerberos', 0
    FROM (VALUES ('Microsoft-Windows-Security-Auditing', 4768, 'Status'),
    ('Microsoft-Windows-Security-Auditing', 4769, 'Status'), ('Microsoft-Windows-Security-Auditing', 4771, 'Status'),
    ('Microsoft-Windows-Security-Auditing', 4820, 'Status'), ('Microsoft-Windows-Security-Auditing', 4821, 'Status'),
    ('Microsoft-Windows-Security-Auditing', 4824, 'Status'),
        ('Microsoft-Windows-Security-Kerberos', 3, 'ErrorCode')) k
CROSS JOIN event e ON e.provider = k.column1 AND e.event_id = k.column2 WHERE coalesce(e.recovered, 0) = 0;
CREATE TEMP TABLE IF NOT EXISTS spelt(raw, shape TEXT, nerr INTEGER, value INTEGER, win32 INTEGER, symbol TEXT);
INSERT INTO spelt        -- a code is read once, however often it occurs
SELECT raw, shape, nerr, value, win32, CASE WHEN shape = 'kerberos' THEN (SELECT c.symbol FROM kb_code c
    WHERE c.space = 'kerberos' AND c.value = x.value)
    ELSE coalesce((SELECT s.symbol FROM symbol s WHERE s.value = x.value),
        (SELECT s.symbol FROM win32_symbol s WHERE s.value = x.win32), win32_name(x.win32)) END AS symbol
FROM (SELECT raw, shape, nerr, CASE shape WHEN 'kerberos' THEN num(raw) ELSE code(raw, shape) END AS value,
        CASE WHEN shape = 'kerberos' THEN NULL WHEN nerr AND num(raw) IN (SELECT value FROM kb_code
            WHERE space = 'nerr') THEN num(raw) ELSE coalesce(nullif(win32of(raw, shape), 0), CASE shape
            WHEN 'hresult' THEN (SELECT c.win32 FROM kb_code c WHERE c.space = 'task'        -- 0x80041320 is 1245
                AND c.value = code(raw, shape)) END) END AS win32
    FROM (SELECT DISTINCT raw, shape, nerr FROM raw)) x WHERE value <> 0;
CREATE INDEX IF NOT EXISTS spelt_raw ON spelt(raw, shape, nerr);
INSERT INTO error(host_id, event, field, raw, value, shape, win32, symbol)
SELECT r.host_id, r.event, r.field, r.raw, s.value, r.shape, s.win32, s.symbol FROM raw r
    JOIN spelt s ON s.raw = r.raw AND s.shape = r.shape AND s.nerr = r.nerr ORDER BY r.event, r.field;
DELETE FROM spelt;
CREATE INDEX IF NOT EXISTS error_event ON error(event);
CREATE INDEX IF NOT EXISTS error_win32 ON error(win32);
DELETE FROM raw;
