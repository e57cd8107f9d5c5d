/* test_growth: what twice as much costs. The whole program, built to count its steps (steps.c), reads n, 2n
 * and 4n of one thing; the second difference of a linear cost is twice the first, of a quadratic one four
 * times. */
#include "tests/shell.h"
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

static const struct {
    const char *name; /* of bench/grow.c */
    unsigned n;
} rows[] = {
    {"computers", 300}, {"failing-tasks", 100}, {"failures", 200}, {"logons", 200},
    {"providers", 300}, {"folded-groups", 300}, {"sams", 50},      {"logged-hives", 30},
    {"accounts", 200},  {"failing-hosts", 60},  {"folders", 20},   {"cached-tasks", 100},
    {"services", 200},
};
enum { TWICE = 250, /* hundredths */ NOISE = 200000 };

/* Steps of SQLite and blocks of ours; a step of SQLite is some ten times dearer, a block ours to answer for.
 */
static void cost(const char *name, unsigned n, const char *dir, uint64_t steps[2])
{
    const char *build = getenv("BUILD");
    cr_assert_eq(run("%s/grow %s %u %s/in%u", build ? build : "build", name, n, dir, n), 0, "%s", out);
    cr_assert_eq(run("STEPS=%s/steps%u %s/steps/whylogon analyze --progress=none -o %s/out%u %s/in%u", dir, n,
                     build ? build : "build", dir, n, dir, n),
                 0, "%s %u: %s", name, n, out);
    char path[300];
    snprintf(path, sizeof path, "%s/steps%u", dir, n);
    FILE *f = fopen(path, "rb");
    cr_assert(f && fread(steps, sizeof *steps, 2, f) == 2 && steps[0] && steps[1]);
    fclose(f);
}

static void grows(size_t row)
{
    static const char *const of[] = {"our own code", "SQLite"};
    uint64_t s[3][2];
    char name[64];
    snprintf(name, sizeof name, "growth-%s", rows[row].name);
    const char *dir = scratch(name);
    for (unsigned i = 0; i < 3; i++)
        cost(rows[row].name, rows[row].n << i, dir, s[i]);
    for (unsigned k = 0; k < 2; k++) {
        uint64_t first = s[1][k] - s[0][k], second = s[2][k] - s[1][k];
        cr_expect(s[1][k] < s[0][k] || second * 100 <= first * TWICE + NOISE * 100,
                  "%s: steps of %s for %u, %u, %u: %" PRIu64 ", %" PRIu64 ", %" PRIu64, rows[row].name, of[k],
                  rows[row].n, rows[row].n * 2, rows[row].n * 4, s[0][k], s[1][k], s[2][k]);
    }
    run("rm -rf %s", dir);
}
#define GROWS(name, row) \
    Test(growth, name) { grows(row); }
GROWS(computers, 0)
GROWS(failing_tasks, 1)
GROWS(failures, 2)
GROWS(logons, 3)
GROWS(providers, 4)
GROWS(folded_groups, 5)
GROWS(sams, 6)
GROWS(logged_hives, 7)
GROWS(accounts, 8)
GROWS(failing_hosts, 9)
GROWS(folders, 10)
GROWS(cached_tasks, 11)
GROWS(services, 12)

/* More findings than reports hold: all is written, the cut is said, and memory has an end. */
Test(growth, of_what_does_not_fit_reports_say_so)
{
    enum { TASKS = 1600, MOST_MB = 128 };
    const char *dir = scratch("growth-cut"), *build = getenv("BUILD");
    struct rusage used;
    cr_assert_eq(run("%s/grow failing-tasks %d %s/in", build ? build : "build", TASKS, dir), 0, "%s", out);
    cr_expect_eq(run("%s analyze --progress=none -o %s/out %s/in", program(), dir, dir), 5, "%s", out);
    cr_expect(strstr(out, "they say what is left out"), "%s", out);
    getrusage(RUSAGE_CHILDREN, &used);
    cr_expect(used.ru_maxrss < MOST_MB << 10, "%ld MB", used.ru_maxrss >> 10);
    cr_expect_eq(
        run("cd %s/out && grep -q 'This report is cut' report.html && grep -q '\\*\\*Cut:' report.md "
            "&& grep -q '\"limit\"' report.json && %s query case.db "
            "\"SELECT count(*) FROM v_finding\"",
            dir, program()),
        0, "%s", out);
    run("rm -rf %s", dir);
}
