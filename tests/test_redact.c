/* test_redact: no name of the case is left in what --redact writes; pseudonyms are the same wherever they
 * stand. */
#include "shell.h"
#include "base/str.h"
#include <string.h>

static void write_all(const char *at)
{
    cr_assert_eq(run("set -e; c=%s/out/case.db; %s report $c --redact -o %s; for f in timesketch plaso-jsonl "
                     "ecs sarif junit; "
                     "do %s export $c --redact --format $f -o %s/$f; done; for t in failures findings "
                     "coverage timeline; do %s "
                     "export $c --redact --format csv --table $t -o %s/csv-$t; done",
                     at, program(), at, program(), at, program(), at),
                 0, "%s", out);
}

static void look(const char *folders)
{
    if (run("python3 -c ''") != 0)
        cr_skip("skipped: no python3 here");
    cr_expect_eq(run("python3 tests/redacted.py %s", folders), 0, "%s", out);
}

Test(redact, no_name_is_left)
{
    const char *at = scratch("redact-samples");
    /* each costs eleven files: names of domain and local accounts, of shares, servers and controllers, of
     * several hosts, and some that are no words */
    static const char *const samples[] = {"two-hosts", "hostile-strings", "account-locked-by-stale-consumer",
                                          "unqualified-user", "secure-channel-broken"};
    char folder[500];
    for (size_t i = 0; i < LEN(samples); i++) {
        snprintf(folder, sizeof folder, "%s/%s", at, samples[i]);
        cr_assert_eq(run("%s analyze -o %s/out samples/cases/%s", program(), folder, samples[i]), 0, "%s",
                     out);
        write_all(folder);
    }
    snprintf(folder, sizeof folder, "%s/*", at);
    look(folder);
    /* and it would have found some */
    if (run("python3 -c ''") == 0) {
        cr_expect_eq(
            run("cp %s/two-hosts/out/report.md %s/two-hosts/ && python3 tests/redacted.py %s/two-hosts", at,
                at, at),
            1);
        cr_expect(strstr(out, "WS22") && strstr(out, "CORP"), "%s", out);
    }
}

/* The same name, the same pseudonym, in each output of the case; another in another case. */
Test(redact, pseudonyms_are_stable_and_of_the_case)
{
    const char *at = scratch("redact-stable");
    static const char *const cases[] = {"credential-storage-policy", "account-unusable"};
    char seen[2][64] = {{0}};
    for (size_t i = 0; i < LEN(cases); i++) {
        char folder[300];
        snprintf(folder, sizeof folder, "%s/%zu", at, i);
        cr_assert_eq(run("%s analyze -j1 -o %s/out samples/cases/%s", program(), folder, cases[i]), 0, "%s",
                     out);
        write_all(folder);
        if (!i) { /* a case made anew has the same */
            char other[320];
            snprintf(other, sizeof other, "%s/again", folder);
            cr_assert_eq(run("%s analyze -j2 -o %s/out samples/cases/%s", program(), other, cases[i]), 0,
                         "%s", out);
            write_all(other);
            cr_expect_eq(run("cd %s && for f in report.html report.md report.json timesketch sarif junit "
                             "csv-findings; do cmp $f again/$f || exit; done",
                             folder),
                         0, "%s", out);
        }
        /* the host of the report is that of the exports */
        cr_assert_eq(run("grep -o 'host-[0-9a-f]*' %s/report.md | head -n 1", folder), 0);
        out[strcspn(out, "\n")] = 0;
        snprintf(seen[i], sizeof seen[i], "%.60s", out);
        cr_expect_eq(run("cd %s && grep -l -- %s report.html report.md report.json timesketch plaso-jsonl "
                         "ecs sarif junit "
                         "csv-findings csv-failures csv-coverage | wc -l",
                         folder, seen[i]),
                     0);
        cr_expect_eq(atoi(out), 11, "%s: %s", seen[i], out);
    }
    /* 'corp' is the domain of both */
    cr_expect_eq(run("cat %s/0/report.json %s/1/report.json | grep -o '\"domain\": \"[^\"]*\", \"os\"' | "
                     "sort -u | wc -l",
                     at, at),
                 0);
    cr_expect_eq(atoi(out), 2, "%s", out);
}

/* What patterns tell, in free text, and what only looks like it; names that no sample has are set. */
#define TEN(x) x x x x x x x x x x
#define LONG   TEN("0123456789012345678901234567890123456789")
Test(redact, patterns_in_text)
{
    static const struct {
        const char *text, *stays; /* stays: what is left of it; NULL: nothing */
    } rows[] = {
        {"from 10.1.2.3 port", NULL},
        {"[fe80::1ff:fe23:4567:890a]", NULL},
        {"2001:db8:0:0:0:0:0:17 x", NULL},
        {"version 10.0.19041.1 at 09:10:00 on", "version 10.0.19041.1 at 09:10:00 on"},
        {"127.0.0.1 and 6.1.7601.24384", "127.0.0.1 and 6.1.7601.24384"},
        {"S-1-5-21-11-22-33-1104 is it", NULL},
        {"S-1-12-1-1234-5678-9012-3456", NULL},
        {"S-1-5-32-544 S-1-5-18 S-1-5-80-956008885", "S-1-5-32-544 S-1-5-18 S-1-5-80-956008885"},
        {"see \\\\\\\\srv77\\\\payroll now", NULL},
        {"C:\\\\Users\\\\hidden.person\\\\x.txt", NULL},
        {"C:\\\\Users\\\\Public\\\\x.txt", "Users\\\\Public"},
        {"\\\\\\\\127.0.0.1\\\\ADMIN$", "ADMIN$"},
        {"ws04.CORP.example and Ws04$", NULL},
        {"xws04 ws04x ws041", "xws04 ws04x ws041"},
        {"corp\\\\ANNA, anna@corp.example", NULL},
        {"JÖRG, jörg and Jörg", NULL}, /* in any case, whatever their letters */
        {"JÖRGEN and xJÖRG", "JÖRGEN and xJÖRG"},
        {"\\\\\\\\ÜBER\\\\x of über", NULL},
        {"of LONGLONG" LONG "9", NULL},
    };
    static const char *const gone[] = {"10.1.2.3", "fe80",    "db8",    "11-22-33", "1104",  "1234-5678",
                                       "srv77",    "payroll", "hidden", "person",   "ws04.", "Ws04$",
                                       "ANNA",     "anna",    "corp",   "JÖRG",     "jörg",  "Jörg",
                                       "ÜBER",     "über",    "LONG"};
    const char *at = scratch("redact-patterns");
    if (run("command -v sqlite3") != 0)
        cr_skip("skipped: no sqlite3 here");
    cr_assert_eq(run("%s analyze -o %s/out samples/cases/credential-storage-policy", program(), at), 0, "%s",
                 out);
    /* one event each, all in one export */
    char sql[8000];
    size_t n = (size_t)snprintf(sql, sizeof sql,
                                "UPDATE host SET domain = 'LongLong" LONG "9'; UPDATE session SET user = "
                                "'Jörg', domain = 'Über' WHERE id = (SELECT min(id) FROM session);");
    for (size_t i = 0; i < LEN(rows); i++)
        n += (size_t)snprintf(
            sql + n, sizeof sql - n,
            "UPDATE event SET data = '{\"n\":\"<%zu>\",\"t\":\"%s\"}' WHERE id = (SELECT id FROM event "
            "ORDER BY id LIMIT 1 OFFSET %zu);",
            i, rows[i].text, i);
    cr_assert_lt(n, sizeof sql);
    setenv("SQL", sql, 1);
    cr_assert_eq(
        run("sqlite3 %s/out/case.db \"$SQL\" && %s export %s/out/case.db --redact --format timesketch | "
            "grep -o '\"strings\": \\[\"n: .*\"\\], \"host\"' >%s/rows",
            at, program(), at, at),
        0, "%s", out);
    for (size_t i = 0; i < LEN(rows); i++) {
        cr_assert_eq(run("grep -- '<%zu>' %s/rows", i, at), 0, "%s: %s", rows[i].text, out);
        if (rows[i].stays)
            cr_expect(strstr(out, rows[i].stays), "%s became %s", rows[i].text, out);
        for (size_t k = 0; k < LEN(gone) && !rows[i].stays; k++)
            cr_expect(!strstr(out, gone[k]), "%s became %s", rows[i].text, out);
    }
}
