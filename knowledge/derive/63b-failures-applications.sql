-- What applications tell of stored credentials and sign-ins.
-- Credential Manager answered a session that has no credential set (5379, 5382 with 0xC000005F). luid: whose.
-- Not found (0xC0000225) is what a look-up ordinarily answers, and no failure.
INSERT INTO f(host_id, kind, subject, principal, call, win32, value, raw, symbol, time, event, file_id, file_off, boot,
    provider, event_id, luid, sid)
SELECT e.host_id, 'application',
    coalesce(nullif(e.data ->> 'TargetName', ''), nullif(e.data ->> 'Resource', ''), 'Credential Manager'),
    coalesce(nullif(e.data ->> 'SubjectDomainName', '-') || '\', '') || (e.data ->> 'SubjectUserName'), NULL,
    x.win32, x.value, x.raw, x.symbol, e.time, e.id, e.file_id, e.file_off, e.boot, e.provider, e.event_id,
    nullif(num(e.data ->> 'SubjectLogonId'), 0), nullif(e.data ->> 'SubjectUserSid', '-')
FROM event e JOIN error x ON x.event = e.id AND x.field = 'ReturnCode' AND x.win32 = 1312
WHERE e.provider = 'Microsoft-Windows-Security-Auditing' AND e.event_id IN (5379, 5382)
    AND coalesce(e.recovered, 0) = 0 AND e.host_id IS NOT NULL;

-- Sign-in of applications by the token broker: Microsoft Entra (AAD 1098).
INSERT INTO f(host_id, kind, subject, principal, call, win32, value, raw, symbol, time, event, file_id, file_off, boot,
    provider, event_id)
SELECT e.host_id, 'application', e.provider, NULL, NULL, x.win32, x.value, x.raw, x.symbol, e.time, e.id, e.file_id,
    e.file_off, e.boot, e.provider, e.event_id
FROM event e JOIN error x ON x.event = e.id AND x.field = 'Error' AND code_in(x.win32, 'of-a-logon')
WHERE e.provider = 'Microsoft-Windows-AAD' AND e.event_id = 1098 AND coalesce(e.recovered, 0) = 0
    AND e.host_id IS NOT NULL;
