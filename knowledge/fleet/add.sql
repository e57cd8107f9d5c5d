-- One ticket.json into the fleet; it is the only row of temp.incoming(name, folder, sum, text), and a ticket of its
-- name is not there yet.
INSERT INTO ticket SELECT i.name, i.folder, i.sum, t.value ->> 'exit', (SELECT group_concat(value, ' ')
        FROM json_each(t.value -> 'status')),
    coalesce((SELECT o.outcome FROM json_each(t.value -> 'hosts') h
        JOIN outcome_order o ON o.outcome = h.value ->> 'outcome' ORDER BY o.place LIMIT 1),
        CASE WHEN t.value ->> 'version' IS NULL THEN 'failed' ELSE 'no_evidence' END),
    t.value ->> 'reason', t.value ->> 'files', t.value ->> 'bytes', t.value ->> 'records', t.value ->> 'partial',
    t.value ->> 'ruled_out'
FROM temp.incoming i, (SELECT json(text) AS value FROM temp.incoming) t;
INSERT INTO ticket_host SELECT i.name, h.key, h.value ->> 'host', h.value ->> 'fqdn', h.value ->> 'domain',
    h.value ->> 'os', h.value ->> 'machine_sid', h.value ->> 'outcome'
FROM temp.incoming i, json_each(i.text, '$.hosts') h;
INSERT OR IGNORE INTO ticket_kind SELECT i.name, h.key, k.value ->> 'kind', k.value ->> 'state', k.value ->> 'failures'
FROM temp.incoming i, json_each(i.text, '$.hosts') h, json_each(h.value, '$.kinds') k;
INSERT OR IGNORE INTO ticket_need SELECT i.name, h.key, n.value ->> 'artifact', n.value ->> 'collect'
FROM temp.incoming i, json_each(i.text, '$.hosts') h, json_each(h.value, '$.needs') n;
INSERT INTO ticket_finding SELECT i.name, f.key, f.value ->> 'cause', f.value ->> 'title', f.value ->> 'verdict',
    f.value ->> 'host', f.value ->> 'subject', f.value ->> 'win32', f.value ->> 'first_seen', f.value ->> 'last_seen',
    f.value ->> 'count'
FROM temp.incoming i, json_each(i.text, '$.findings') f;
DELETE FROM temp.incoming;
