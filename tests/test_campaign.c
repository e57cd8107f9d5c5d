/* A slice of each campaign (campaign.c), so that every build meets some damaged evidence; `make campaign`
 * runs more. */
#include "tests/shell.h"
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
enum { MUTANTS = 150, BATCHES = 2, KILLS = 5, HOSTS = 22 };
#else
enum { MUTANTS = 500, BATCHES = 3, KILLS = 10, HOSTS = 44 };
#endif

/* The program beside this one. */
static void campaign(unsigned seed, unsigned count, const char *mode)
{
    char self[3800];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    cr_assert_gt(n, 0);
    self[n] = 0, *strrchr(self, '/') = 0;
    cr_assert_eq(run("'%s/campaign' %u %u %s", self, seed, count, mode), 0, "%s", out);
    if (strstr(out, " 0 and 0 of them public"))
        cr_skip_test("skipped: public evidence (../shared/corpus)");
}

Test(campaign, damaged_logs, .timeout = 480) { campaign(1, MUTANTS, "logs"); }
Test(campaign, damaged_hives, .timeout = 480) { campaign(1, MUTANTS, "hives"); }
Test(campaign, damaged_neighbours, .timeout = 480) { campaign(1, BATCHES, "neighbours"); }
Test(campaign, killed_runs, .timeout = 480) { campaign(1, KILLS, "kills"); }

/* Whole hosts whose cause is known: none is confirmed that was not, none ruled out, none clear without cover.
 */
Test(campaign, known_hosts, .timeout = 480)
{
    char self[3800];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    cr_assert_gt(n, 0);
    self[n] = 0, *strrchr(self, '/') = 0;
    cr_assert_eq(run("'%s/campaign_hosts' 1 %d", self, HOSTS), 0, "%s", out);
    const char *all = strstr(out, "\nall ");
    unsigned hosts = 0, confirmed = 0;
    cr_assert(all && sscanf(all, " all %u %u", &hosts, &confirmed) == 2, "%s", out);
    cr_expect(hosts == HOSTS && confirmed >= HOSTS / 3, "hardly any cause is found: %s", out);
}

/* Of 120 hosts with stories of their own, most of them crowded, a page stays one that opens, every cut is
 * said, and names go out as pseudonyms alone. */
Test(campaign, many_hosts_on_one_page, .timeout = 480)
{
    PLAIN_ONLY();
    const char *at = scratch("campaign-page");
    char self[3800];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    cr_assert_gt(n, 0);
    self[n] = 0, *strrchr(self, '/') = 0;
    /* the evidence of each of its runs is put together */
    cr_assert_eq(
        run("cd %s && printf '#!/bin/sh\nfor in; do :; done\ncp -r \"$in\"/. %s/in && exec %s \"$@\"\n' "
            ">keep && chmod +x keep && mkdir in && '%s/campaign_hosts' 2 120 %s/keep && %s analyze "
            "--progress=none -o mix/out in",
            at, at, program(), self, at, program()),
        0, "%s", out);
    cr_assert_eq(run("cd %s/mix && ls ../in | wc -l && wc -c <out/report.html && wc -c <out/report.md && "
                     "grep -o '<[a-z]' out/report.html | wc -l",
                     at),
                 0);
    unsigned hosts = 0, html = 0, md = 0, elements = 0;
    cr_assert_eq(sscanf(out, "%u %u %u %u", &hosts, &html, &md, &elements), 4, "%s", out);
    cr_expect(hosts == 120 && html <= 1000000 && elements <= 25000 && md <= 60000,
              "%u hosts: %u bytes, %u elements; report.md %u bytes", hosts, html, elements, md);
    if (run("python3 -c ''") != 0)
        cr_skip("skipped: no python3 here");
    cr_assert_eq(
        run("cd %s/mix && set -e; c=out/case.db; %s report $c --redact -o r && mv r/* . && rmdir r; for f in "
            "ecs sarif junit; do %s export $c --redact --format $f -o $f; done; for t "
            "in failures findings coverage timeline; do %s export $c --redact --format csv --table $t -o "
            "csv-$t; done",
            at, program(), program(), program()),
        0, "%s", out);
    cr_expect_eq(run("python3 tests/redacted.py %s/mix", at), 0, "%s", out);
}

/* The same story with its deciding fact turned round: the cause is ruled out, or at least not confirmed. */
Test(campaign, twins_with_more_than_one_file_or_host, .timeout = 480)
{
    char self[3800];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    cr_assert_gt(n, 0);
    self[n] = 0, *strrchr(self, '/') = 0;
    cr_assert_eq(run("'%s/campaign_hosts' 1 0 '%s' smb-limit-reached secure-channel-broken unqualified-user "
                     "boot-race dirty-hive workstation-service-down redirector-limits-7",
                     self, program()),
                 0, "%s", out);
    cr_expect_not_null(strstr(out, "twin                  7         1         0"),
                       "one outage, and no other cause: %s", out);
}
