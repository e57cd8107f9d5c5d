-- The logon attempt of a failure of a task or a service: the failed logon (4625) that 64 gave it.
-- account '-': it names nobody. value, win32, symbol: its SubStatus where that is not zero, else its Status.
INSERT INTO attempt(failure, time, logon_type, account, domain, process, value, win32, symbol, file_id, file_off)
SELECT f.id, e.time, num(e.data ->> 'LogonType'), coalesce(account_of(e.data ->> 'TargetUserName'), '-'),
    nullif(nullif(e.data ->> 'TargetDomainName', '-'), ''),
    nullif(nullif(trim(e.data ->> 'LogonProcessName'), ''), '-'), x.value, x.win32, x.symbol, e.file_id, e.file_off
FROM logon_failure f JOIN event e ON e.id = f.tried LEFT JOIN error x ON x.id = (SELECT y.id FROM error y
    WHERE y.event = e.id AND y.field IN ('Status', 'SubStatus') ORDER BY y.field DESC LIMIT 1)
WHERE f.sample AND f.kind IN ('task', 'service') ORDER BY f.id;
