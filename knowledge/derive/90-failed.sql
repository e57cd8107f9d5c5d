-- Which task or service a failure is of, and whether that is the one that failed: consumer, same.
-- same: 1 where the consumer, as hive or log show it, is the one that failed; 0 where it is another by now. Where the
-- failure itself names who failed (not 7000, not TaskCache), SIDs decide where both are known, else names; where one of
-- the two has none, the consumer counts if it was so then already (since_time).
UPDATE logon_failure SET consumer = (SELECT min(c.id) FROM consumer c WHERE c.host_id = logon_failure.host_id
    AND c.kind = logon_failure.kind AND c.subject = logon_failure.subject) WHERE kind IN ('task', 'service');
UPDATE logon_failure SET same = CASE WHEN f.named AND f.sid LIKE 'S-1-%' AND c.sid LIKE 'S-1-%' THEN f.sid = c.sid
    WHEN f.named AND f.account > '' AND f.account NOT LIKE 'S-1-%' AND c.account > '' AND c.account NOT LIKE 'S-1-%'
        THEN f.account = c.account AND coalesce(f.domain, c.domain, '') = coalesce(c.domain, f.domain, '')
    ELSE coalesce(c.since_time, 0) <= f.time END
FROM (SELECT id, consumer, account, domain, sid, time, event_id IS NOT NULL
        AND NOT (kind = 'service' AND event_id NOT IN (7038, 7041)) AS named FROM logon_failure) f
JOIN consumer c ON c.id = f.consumer WHERE f.id = logon_failure.id;

-- failed: a failure (the first and the last 16 of its like) and what surrounds it, found once.
-- owner_sid: the SID behind it; whose: that, else DOMAIN\USER.
-- realm: what kind of account: builtin, cloud (Entra, Microsoft), local, own domain, other domain; NULL: not known.
-- right_sid: whose logon rights decide: a service's own account (NT SERVICE\...) has those of NT SERVICE\ALL SERVICES.
-- server: the host of this case that a share's server is; a namesake in another domain is another one.
-- last_start, next_start: the last start of the same task or service before it, the first after it (table success).
-- last_saved: when its task was last saved before it, for sure; last_touched: or perhaps only enabled again;
-- next_saved: when it was first saved behind it, or perhaps only enabled.
INSERT INTO failed(failure, owner_sid, whose, realm, right_sid, server, last_start, next_start, last_saved,
    last_touched, next_saved)
SELECT f.id,
    coalesce(c.sid, f.sid), coalesce(c.sid, f.sid, coalesce(c.domain, h.name) || '\' || upper(c.account)),
    CASE WHEN f.owner IN ('S-1-5-18', 'S-1-5-19', 'S-1-5-20') OR c.builtin THEN 'builtin'
        WHEN f.owner LIKE 'S-1-12-1-%' OR f.realm IN ('AZUREAD', 'MICROSOFTACCOUNT') THEN 'cloud'
        WHEN f.realm = upper(h.name) OR f.owner LIKE h.machine_sid || '-%' THEN 'local'
        WHEN h.domain IS NULL OR f.realm IS NULL THEN NULL
        WHEN instr('.' || lower(h.domain) || '.', '.' || lower(f.realm) || '.') > 0
            OR instr('.' || lower(f.realm) || '.', '.' || lower(h.domain) || '.') > 0 THEN 'own domain'
        ELSE 'other domain' END,
    CASE WHEN c.principal LIKE 'NT SERVICE\%' THEN 'S-1-5-80-0' ELSE coalesce(c.sid, f.sid) END,
    CASE WHEN f.kind = 'share' THEN (SELECT o.id FROM host o
        WHERE o.name = upper(substr(f.subject, 1, instr(f.subject || '.', '.') - 1))
            AND (instr(f.subject, '.') = 0 OR o.fqdn IS NULL OR lower(rtrim(f.subject, '.')) = o.fqdn)) END,
    (SELECT s.id FROM success s WHERE s.host_id = f.host_id AND s.kind = f.kind AND s.subject = f.subject AND s.starts
        AND s.time < f.time ORDER BY s.time DESC LIMIT 1),
    (SELECT s.id FROM success s WHERE s.host_id = f.host_id AND s.kind = f.kind AND s.subject = f.subject AND s.starts
        AND s.time > f.time ORDER BY s.time LIMIT 1),
    CASE WHEN f.kind = 'task' THEN (SELECT w.time FROM task_saved w WHERE w.host_id = f.host_id AND w.task = f.subject
        AND w.sure AND w.time <= f.time ORDER BY w.time DESC LIMIT 1) END,
    CASE WHEN f.kind = 'task' THEN (SELECT w.time FROM task_saved w WHERE w.host_id = f.host_id AND w.task = f.subject
        AND w.time <= f.time ORDER BY w.time DESC LIMIT 1) END,
    CASE WHEN f.kind = 'task' THEN (SELECT min(w.time) FROM task_saved w WHERE w.host_id = f.host_id
        AND w.task = f.subject AND w.time > f.time) END
FROM (SELECT f.*, coalesce(f.sid, c.sid) AS owner, coalesce(f.domain, c.domain) AS realm
    FROM logon_failure f LEFT JOIN consumer c ON c.id = f.consumer WHERE f.sample) f
JOIN host h ON h.id = f.host_id LEFT JOIN consumer c ON c.id = f.consumer ORDER BY f.id;
