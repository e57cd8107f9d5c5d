/* test_query: questions to a case, by our own command and by SQLite as others have it. */
#include "shell.h"
#include "base/str.h"
#include <string.h>

static const char *analyzed(const char *name)
{
    const char *at = scratch(name);
    cr_assert_eq(run("%s analyze -o %s/out samples/cases/credential-storage-policy", program(), at), 0, "%s",
                 out);
    return at;
}

Test(query, times_are_iso_and_raw_on_demand)
{
    static const struct {
        const char *options, *sql, *want;
    } rows[] = {
        {"--csv", "SELECT min(time) FROM v_failure", "\"2026-03-04T09:10:00.0100000Z\"\r\n"},
        {"--json", "SELECT min(time) AS t FROM v_failure", "{\"t\":\"2026-03-04T09:10:00.0100000Z\"}"},
        {"", "SELECT min(first_seen), 5, NULL FROM v_finding", "2026-03-04T09:10:00.0100000Z\t5\t\n"},
        {"--raw", "SELECT min(time) FROM v_failure", "134170890000100000\n"},
        {"--raw --json", "SELECT min(time) AS t FROM v_failure", "{\"t\":134170890000100000}"},
        {"", "SELECT time(min(time)) || '' FROM v_failure", "2026-03-04T09:10:00.0100000Z\n"},
        {"--raw", "SELECT filetime('2026-03-04T10:10:00.01+01:00') = min(time) FROM v_failure", "1\n"},
        {"--raw", "SELECT filetime('2026-03-04 09:10:00'), filetime('2026-03-04')",
         "134170890000000000\t134170560000000000\n"},
        {"--raw",
         "SELECT filetime(134170890000000000), filetime('x') IS NULL, filetime(NULL) IS NULL, filetime('') "
         "IS NULL",
         "134170890000000000\t1\t1\t1\n"},
        /* SQLite's own goes on to work */
        {"",
         "SELECT time('12:30'), time('12:00', '+1 hour'), time(2460000.25), time(2460000), time(NULL) IS "
         "NULL",
         "12:30:00\t13:00:00\t18:00:00\t12:00:00\t1\n"},
        {"", "SELECT time('a''b') IS NULL, time('now') IS NOT NULL, date('2026-03-04', '+1 day')",
         "1\t1\t2026-03-05\n"},
        /* no times: what is no moment from 1990 to 2200, a mask, a real number */
        {"", "SELECT 0, 9223372036854775807, 122756255999999999, 1.5",
         "0\t9223372036854775807\t122756255999999999\t1.5\n"},
        {"", "SELECT 134170890000000000 AS keywords", "134170890000000000\n"},
    };
    const char *at = analyzed("query-times");
    for (size_t i = 0; i < LEN(rows); i++) {
        setenv("SQL", rows[i].sql, 1);
        cr_expect_eq(run("%s query %s %s/out/case.db \"$SQL\"", program(), rows[i].options, at), 0, "%s",
                     out);
        cr_expect(strstr(out, rows[i].want), "%s %s: %s", rows[i].options, rows[i].sql, out);
    }
}

/* Every view answers in SQLite as others have it, without our functions. */
Test(query, views_need_nothing_of_ours)
{
    const char *at = analyzed("query-stock");
    setenv("ASK",
           "SELECT 'SELECT ''' || name || ''', count(*) FROM (SELECT * FROM ' || name || ');' FROM "
           "sqlite_master "
           "WHERE type = 'view'",
           1);
    /* 3.26 (RHEL 8) reads a schema whole or not at all; the one here is newer, so look for what that has not
     */
    setenv("NEW",
           "SELECT name FROM sqlite_master WHERE sql LIKE '%FILTER (%' OR sql LIKE '%iif(%' OR sql LIKE "
           "'%->%' OR "
           "sql LIKE '%MATERIALIZED%' OR sql LIKE '%NULLS FIRST%' OR sql LIKE '%NULLS LAST%' OR sql LIKE "
           "'%IS DISTINCT%' "
           "OR sql LIKE '%IS NOT DISTINCT%' OR sql LIKE '%RIGHT JOIN%' OR sql LIKE '%) STRICT%' OR sql LIKE "
           "'%unixepoch(%' OR sql LIKE '%substring(%' OR sql LIKE '%format(%' OR sql LIKE '%FULL JOIN%'",
           1);
    if (run("command -v sqlite3") != 0)
        cr_skip("skipped: no sqlite3 here");
    cr_expect_eq(run("cd %s && sqlite3 -readonly out/case.db \"$ASK\" >ask && sqlite3 -bail -readonly "
                     "out/case.db <ask",
                     at),
                 0, "%s", out);
    size_t n = 0;
    for (const char *p = out; *p; p++)
        n += *p == '\n';
    cr_expect_gt(n, 60, "views: %s", out);
    cr_expect_eq(run("sqlite3 -readonly %s/out/case.db \"$NEW\"", at), 0, "%s", out);
    cr_expect_str_empty(out, "newer than SQLite 3.26: %s", out);
}
