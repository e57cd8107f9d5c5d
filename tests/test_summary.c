/* test_summary: what a case holds, against what the case has by other ways. */
#include "shell.h"
#include "base/str.h"
#include <dirent.h>
#include <string.h>

/* Logons and refused ones add up to the events of that number, events to the records of the logs, in every
 * sample. */
Test(summary, sums_are_those_of_the_case)
{
    const char *at = scratch("summary-sums");
    size_t n = 0;
    setenv(
        "SQL",
        "SELECT (SELECT coalesce(sum(n), 0) FROM v_summary_logon WHERE what = 'logon') = (SELECT "
        "coalesce(sum(n), 0) FROM "
        "v_event_count WHERE event_id = 4624 AND provider = 'Microsoft-Windows-Security-Auditing') AND "
        "(SELECT "
        "coalesce(sum(n), 0) FROM v_summary_logon WHERE what = 'refused') = (SELECT coalesce(sum(n), 0) FROM "
        "v_event_count "
        "WHERE event_id = 4625 AND provider = 'Microsoft-Windows-Security-Auditing') AND (SELECT sum(n) FROM "
        "v_summary_event) = (SELECT sum(n) FROM v_summary_log) AND (SELECT count(*) FROM v_summary_host) = "
        "(SELECT "
        "count(*) FROM v_host) AND NOT EXISTS (SELECT 1 FROM v_summary_logon WHERE what = 'refused' AND "
        "(symbol IS NULL OR "
        "meaning IS NULL)) AS ok",
        1);
    DIR *d = opendir("samples/cases");
    cr_assert(d, "make samples");
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        cr_assert_eq(
            run("rm -rf %s/out; %s analyze -o %s/out samples/cases/%s", at, program(), at, e->d_name), 0,
            "%s", out);
        cr_expect_eq(run("%s query %s/out/case.db \"$SQL\" | tail -n 1", program(), at), 0, "%s", out);
        cr_expect_str_eq(out, "1\n", "%s: %s", e->d_name, out);
        cr_expect_eq(run("%s summary %s/out/case.db", program(), at), 0, "%s: %s", e->d_name, out);
        cr_expect(strstr(out, "  logs  ") && strstr(out, "  events\n"), "%s: %s", e->d_name, out);
        n++;
    }
    closedir(d);
    cr_expect_gt(n, 20);
}

static const char *analyzed(const char *name, const char *sample)
{
    const char *at = scratch(name);
    cr_assert_eq(run("%s analyze -o %s/out samples/cases/%s", program(), at, sample), 0, "%s", out);
    return at;
}

Test(summary, in_words)
{
    static const char *const rows[] = {
        "WS18: explained\n",
        "  system       Windows 10 Enterprise 22H2, build 19045, domain CORP\n",
        "  time zone    W. Europe Standard Time\n",
        "  logs         2026-03-01 17:00:00 .. 2026-03-06 17:35:00 UTC\n",
        "  starts       1, the last 2026-03-02 07:50:00, up 4 days 9 hours until the logs end\n",
        "    Security  34 records  2026-03-01 17:00:00 .. 2026-03-06 17:30:02  0 gaps  Security.evtx\n",
        "          12  Microsoft-Windows-Security-Auditing 4624 logon  2026-03-01 17:00:00 .. 2026-03-06 "
        "10:00:00\n",
        "    ... 4 more: --json has them\n  refused logons (4625)\n",
        "           2  WS18\\svc-clean  type 4 (batch)  0xc0000072 STATUS_ACCOUNT_DISABLED, ",
        "           6  CORP\\anna  type 2 (interactive)  2026-03-01 17:00:00 .. 2026-03-06 08:30:00\n",
        "           5  CORP\\scan-fs  type 3 (network)  2026-03-02 10:00:00 .. 2026-03-06 10:00:00\n",
    };
    const char *at = analyzed("summary-words", "account-unusable");
    cr_expect_eq(run("%s summary %s/out/case.db", program(), at), 0, "%s", out);
    for (size_t i = 0; i < LEN(rows); i++)
        cr_expect(strstr(out, rows[i]), "%s is not in:\n%s", rows[i], out);
    cr_expect_eq(run("%s summary %s/out/report.md", program(), at), 2, "%s", out);
    cr_expect_eq(run("%s summary", program()), 2, "%s", out);
}

Test(summary, json_and_hostile_names)
{
    const char *at = analyzed("summary-json", "hostile-strings");
    cr_expect_eq(run("%s summary %s/out/case.db | LC_ALL=C grep -c \"$(printf '\\033\\|\\342\\200\\256')\"",
                     program(), at),
                 1, "controls reach the terminal: %s", out);
    if (run("python3 -c ''") != 0)
        cr_skip("skipped: no python3 here");
    cr_expect_eq(run("%s summary %s/out/case.db --json | python3 -c \"import json, sys; d = "
                     "json.load(sys.stdin); assert "
                     "list(d) == ['hosts', 'logs', 'events', 'logons'] and all(d.values()); assert "
                     "d['hosts'][0]['host'] == "
                     "'WS25<B>' + chr(34) + chr(39) + '&'; assert sum(r['n'] for r in d['events']) == "
                     "sum(r['n'] for r in "
                     "d['logs']); assert all(r['first_time'].endswith('Z') for r in d['logs'])\"",
                     program(), at),
                 0, "%s", out);
}
