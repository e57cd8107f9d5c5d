-- What a fleet wants to know of a case: one JSON object. ?1 the ticket's name, ?2 the exit code of its analysis, ?3
-- what it complained of, ?4 the options that change results. Of many findings the first 1,000 are told, surest first.
SELECT json_object('schema', 'whylogon-ticket/1', 'name', ?1, 'version', (SELECT value FROM meta WHERE key = 'version'),
    'knowledge_sha256', (SELECT value FROM meta WHERE key = 'knowledge_sha256'), 'options', ?4,
    'exit', ?2, 'reason', ?3,
    'status', json((SELECT value FROM meta WHERE key = 'status')),
    'files', (SELECT count(*) FROM evidence), 'bytes', (SELECT coalesce(sum(bytes), 0) FROM evidence
        WHERE container IS NULL),
    'records', (SELECT coalesce(sum(seen), 0) FROM evidence WHERE duplicate_of IS NULL),
    'partial', (SELECT count(*) FROM evidence WHERE state IN ('partial', 'unreadable', 'not opened') OR failed > 0),
    'ruled_out', (SELECT count(*) FROM finding WHERE verdict = 'ruled_out'),
    'hosts', (SELECT json_group_array(json(host)) FROM (SELECT json_object('host', h.name, 'fqdn', h.fqdn,
        'domain', h.domain, 'os', h.os, 'machine_sid', h.machine_sid, 'outcome', h.outcome,
        'kinds', (SELECT json_group_array(json_object('kind', k.kind, 'state', k.state, 'failures', k.failures))
            FROM kind k WHERE k.host_id = h.id),
        'needs', (SELECT json_group_array(json_object('artifact', artifact, 'collect', collect))
            FROM (SELECT n.artifact, min(n.collect) AS collect FROM kind_need n WHERE n.host_id = h.id
                GROUP BY n.artifact ORDER BY min(n.ord), n.artifact))) AS host
        FROM host h ORDER BY h.name)),
    'findings', (SELECT json_group_array(json(finding)) FROM (SELECT json_object('cause', cause, 'title', title,
        'verdict', verdict, 'host', host, 'subject', subject, 'win32', win32, 'first_seen', first_seen,
        'last_seen', last_seen, 'count', count) AS finding
        FROM v_finding WHERE verdict <> 'ruled_out' ORDER BY finding LIMIT 1000))) AS ticket
