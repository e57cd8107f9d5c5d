/* test_summary: what a case holds, against what the case has by other ways. */
#include "shell.h"
#include "base/str.h"
#include <string.h>

/* Logons and refused ones add up to the events of that number, events to the records of the logs. */
static const char sums[] =
    "SELECT (SELECT coalesce(sum(n), 0) FROM v_summary_logon WHERE what = 'logon') = (SELECT "
    "coalesce(sum(n), "
    "0) FROM v_event_count WHERE event_id = 4624 AND provider = 'Microsoft-Windows-Security-Auditing') AND "
    "(SELECT coalesce(sum(n), 0) FROM v_summary_logon WHERE what = 'refused') = (SELECT coalesce(sum(n), 0) "
    "FROM v_event_count WHERE event_id = 4625 AND provider = 'Microsoft-Windows-Security-Auditing') AND "
    "(SELECT sum(n) FROM v_summary_event) = (SELECT sum(n) FROM v_summary_log) AND (SELECT count(*) FROM "
    "v_summary_host) = (SELECT count(*) FROM v_host) AND NOT EXISTS (SELECT 1 FROM v_summary_logon WHERE "
    "what = 'refused' AND (symbol IS NULL OR meaning IS NULL)) AND (SELECT sum(n) FROM v_report_log) = "
    "(SELECT sum(n) FROM v_summary_log) AND (SELECT sum(n) FROM v_report_counted) = (SELECT sum(n) FROM "
    "v_summary_event) AND coalesce((SELECT sum(n) FROM v_report_logon), 0) = coalesce((SELECT sum(n) FROM "
    "v_summary_logon), 0) AND (SELECT count(DISTINCT host) FROM v_report_log) = CASE WHEN (SELECT count(*) "
    "FROM v_host) > 3 THEN 0 ELSE (SELECT count(*) FROM v_host) END AS ok";

/* Samples with folded logons, refused ones of several reasons, one log, two hosts, other names than words;
 * four hosts at once. */
Test(summary, sums_are_those_of_the_case)
{
    static const char *const rows[] = {"account-locked-by-stale-consumer",
                                       "logon-restricted",
                                       "only-system-log",
                                       "two-hosts",
                                       "hostile-strings",
                                       "four"};
    const char *at = scratch("summary-sums");
    cr_assert_eq(run("mkdir %s/four && cp -r samples/cases/two-hosts samples/cases/account-unusable "
                     "samples/cases/few-files samples/cases/boot-race %s/four",
                     at, at),
                 0, "%s", out);
    setenv("SQL", sums, 1);
    for (size_t i = 0; i < LEN(rows); i++) {
        const char *in = strcmp(rows[i], "four") ? "samples/cases" : at;
        cr_assert_eq(run("%s analyze -o %s/out-%s %s/%s", program(), at, rows[i], in, rows[i]), 0, "%s", out);
        cr_expect_eq(run("%s query %s/out-%s/case.db \"$SQL\" | tail -n 1", program(), at, rows[i]), 0, "%s",
                     out);
        cr_expect_str_eq(out, "1\n", "%s: %s", rows[i], out);
        cr_expect_eq(run("%s summary %s/out-%s/case.db", program(), at, rows[i]), 0, "%s: %s", rows[i], out);
        cr_expect(strstr(out, "  logs  ") && strstr(out, "  events\n"), "%s: %s", rows[i], out);
        /* every report has it, each row once, and nothing of it is lost without a word */
        cr_expect_eq(run("grep -c \"id='summary'\" %s/out-%s/report.html; grep -c '## Summary of the logs' "
                         "%s/out-%s/report.md; grep -c '\"summary\": {' %s/out-%s/report.json",
                         at, rows[i], at, rows[i], at, rows[i]),
                     0, "%s", out);
        cr_expect_str_eq(out, "1\n1\n1\n", "%s: %s", rows[i], out);
    }
    if (run("python3 -c ''") != 0)
        return;
    /* of several hosts each row says whose it is; of many, of how many */
    cr_expect_eq(
        run("cd %s && python3 -c \"import json; two = "
            "json.load(open('out-two-hosts/report.json'))['summary']; "
            "four = json.load(open('out-four/report.json'))['summary']; assert {r['host'] for r in "
            "two['logs']} == {'WS22', 'WS23'}; assert {r['hosts'] for r in two['events']} == {1}; assert "
            "{r['host'] for k in ('logs', 'events', 'logons') for r in four[k]} == {None}; assert "
            "max(r['hosts'] for r in four['logs']) > 3; assert any(r['refused'] for r in four['logons'])\"",
            at),
        0, "%s", out);
    cr_expect_eq(run("grep -c \"aria-label='Refused logons'\" %s/out-four/report.html", at), 0, "%s", out);
    cr_expect_eq(run("grep -c 'svc-clean.*4 batch.*the account is disabled (STATUS_ACCOUNT_DISABLED) | 2 |' "
                     "%s/out-four/report.md",
                     at),
                 0, "%s", out);
}

static const char *analyzed(const char *name, const char *sample)
{
    const char *at = scratch(name);
    cr_assert_eq(run("cp -r %s %s/out", case_of(sample), at), 0, "%s", out);
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

/* Of a part of the time no word is said without saying so, and JUnit's suites say it too. */
Test(summary, window)
{
    const char *at = scratch("summary-window");
    cr_assert_eq(run("%s analyze --since 2026-03-03T00:00:00Z -o %s/out samples/cases/account-unusable",
                     program(), at),
                 0, "%s", out);
    cr_expect_eq(run("%s summary %s/out/case.db", program(), at), 0, "%s", out);
    cr_expect(strstr(out, "only records of 2026-03-03 00:00:00 .. - UTC"), "%s", out);
    cr_expect_eq(run("%s summary --json %s/out/case.db", program(), at), 0, "%s", out);
    cr_expect(strstr(out, "\"window\": {\"since\": \"2026-03-03T00:00:00.0000000Z\", \"until\": null},"),
              "%.200s", out);
    cr_expect_eq(run("%s export --format junit %s/out/case.db", program(), at), 0, "%s", out);
    cr_expect(strstr(out, "<property name=\"since\" value=\"2026-03-03 00:00:00 UTC\"/></properties>"),
              "%.900s", out);
    at = analyzed("summary-whole", "account-unusable");
    cr_expect_eq(run("%s summary --json %s/out/case.db", program(), at), 0, "%s", out);
    cr_expect(strstr(out, "\"window\": null,"), "%.200s", out);
    cr_expect_eq(run("%s summary %s/out/case.db", program(), at), 0, "%s", out);
    cr_expect(!strncmp(out, "WS18: ", 6), "%.200s", out);
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
                     "list(d) == ['window', 'hosts', 'logs', 'events', 'logons'] and "
                     "all(list(d.values())[1:]); assert "
                     "d['hosts'][0]['host'] == "
                     "'WS25<B>' + chr(34) + chr(39) + '&'; assert sum(r['n'] for r in d['events']) == "
                     "sum(r['n'] for r in "
                     "d['logs']); assert all(r['first_time'].endswith('Z') for r in d['logs'])\"",
                     program(), at),
                 0, "%s", out);
}
