-- Which failures concern a logon, a session or an account, and the kind that reports give them. Of tasks, services and
-- BITS jobs the code says
-- it, or an event that tells of nothing else (104, 332 to 334; 7013, 7038, 7041); of shares every failure counts; of
-- the computer's own account 3210.
-- A wrong password or a name that does not exist, given where a person logs on (4625 of type 2, 7, 10 or 11), is a slip
-- and no failure of this host as long as there are few: no more than five of one name in an hour. Over the network it
-- is a program as often as not, so that counts, as every other refusal of a logon does.
CREATE TEMP TABLE IF NOT EXISTS slip(id INTEGER PRIMARY KEY);
INSERT INTO slip SELECT id FROM (SELECT id, count(*) OVER (PARTITION BY host_id, principal ORDER BY time
        RANGE BETWEEN 36000000000 PRECEDING AND 36000000000 FOLLOWING) AS n
    FROM failure WHERE kind = 'logon' AND event_id = 4625 AND value IN (0xC0000064, 0xC000006A, 0xC000006D)
        AND call IN ('logon type 2', 'logon type 7', 'logon type 10', 'logon type 11')) WHERE n <= 5;
UPDATE failure SET shown = CASE kind WHEN 'program' THEN 'application'
    WHEN 'task save' THEN 'task'
    WHEN 'domain' THEN NULL ELSE kind END,
    concern = CASE kind WHEN 'share' THEN 1 WHEN 'application' THEN 1 WHEN 'task save' THEN 1
        -- LDAP's own 49: the credentials of the session are not valid
        WHEN 'domain' THEN event_id = 3210 OR provider = 'Microsoft-Windows-GroupPolicy'
            AND (code_in(win32, 'of-a-logon') AND NOT code_in(win32, 'no-controller')
                OR event_id = 1006 AND value = 49)
        WHEN 'task' THEN code_in(win32, 'of-a-logon') OR code_in(value, 'of-a-logon-hresult')
            OR coalesce(event_id IN (104, 332, 333, 334), 0)
        WHEN 'service' THEN (code_in(win32, 'of-a-logon') OR code_in(value, 'of-a-logon-hresult')
                OR event_id IN (7013, 7038, 7041))
            AND NOT (event_id IN (7023, 7024) AND code_in(win32, 'of-the-own-account'))
        WHEN 'logon' THEN id NOT IN (SELECT id FROM slip)
        ELSE code_in(win32, 'of-a-logon') OR code_in(value, 'of-a-logon-hresult') END;
UPDATE failure SET concern = 0 WHERE concern IS NULL;
UPDATE failure SET shown = 'logon' WHERE kind = 'domain' AND concern;
DELETE FROM slip;
