/* test_growth: what twice as much costs. The whole program, built to count its steps (steps.c), reads n, 2n
 * and 4n of one thing; the second difference of a linear cost is twice the first, of a quadratic one four
 * times. */
#include "tests/shell.h"
#include "tests/steps.h"
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
    {"services", 200},  {"every-event", 8},
};
enum { TWICE = 250, /* hundredths */ NOISE = 200000, NOISE_OF_ONE = 30000 };

static const char *build(void) { return getenv("BUILD") ? getenv("BUILD") : "build"; }

/* The events that knowledge wants, as grow's every-event reads them: any case says so. */
static void list_events(const char *dir)
{
    cr_assert_eq(run("%s/grow failures 1 %s/one && %s analyze --progress=none -o %s/of-one %s/one && "
                     "%s query %s/of-one/case.db \"SELECT channel, provider, event_id FROM kb_event "
                     "WHERE provider <> '*' ORDER BY 1, 2, 3\" >%s/list",
                     build(), dir, program(), dir, dir, program(), dir, dir),
                 0, "%s", out);
}

/* Steps of SQLite and blocks of ours; a step of SQLite is some ten times dearer, a block ours to answer for.
 */
static struct steps *cost(const char *name, unsigned n, const char *dir)
{
    struct steps *s = malloc(sizeof *s);
    char path[300];
    cr_assert_eq(run("%s/grow %s %u %s/in%u <%s/list", build(), name, n, dir, n, dir), 0, "%s", out);
    int code = run("STEPS=%s/steps%u %s/steps/whylogon analyze --progress=none -o %s/out%u %s/in%u", dir, n,
                   build(), dir, n, dir, n);
    cr_assert(code == 0 || code == 5, "%s %u: %s", name, n, out);
    snprintf(path, sizeof path, "%s/steps%u", dir, n);
    FILE *f = fopen(path, "rb");
    cr_assert(s && f && fread(s, sizeof *s, 1, f) == 1 && s->blocks && s->sql);
    fclose(f);
    return s;
}

static uint64_t of_statement(const struct steps *s, uint64_t hash)
{
    for (size_t i = 0; i < STEPS_STMTS; i++)
        if (s->stmt[(hash + i) % STEPS_STMTS].hash == hash)
            return s->stmt[(hash + i) % STEPS_STMTS].steps;
    return 0;
}

static void expect_growth(const char *name, const char *what, uint64_t noise, const uint64_t s[3])
{
    uint64_t first = s[1] - s[0], second = s[2] - s[1];
    cr_expect(s[2] < s[1] || second * 100 <= (s[1] < s[0] ? 0 : first) * TWICE + noise * 100,
              "%s: steps of %s: %" PRIu64 ", %" PRIu64 ", %" PRIu64, name, what, s[0], s[1], s[2]);
}

static void grows(size_t row)
{
    char name[64];
    snprintf(name, sizeof name, "growth-%s", rows[row].name);
    const char *dir = scratch(name);
    run("touch %s/list", dir);
    if (!strcmp(rows[row].name, "every-event"))
        list_events(dir);
    struct steps *s[3];
    for (unsigned i = 0; i < 3; i++)
        s[i] = cost(rows[row].name, rows[row].n << i, dir);
    expect_growth(rows[row].name, "our own code", NOISE,
                  (uint64_t[]){s[0]->blocks, s[1]->blocks, s[2]->blocks});
    expect_growth(rows[row].name, "SQLite", NOISE, (uint64_t[]){s[0]->sql, s[1]->sql, s[2]->sql});
    for (const struct steps_stmt *q = s[2]->stmt; q < s[2]->stmt + STEPS_STMTS; q++)
        if (q->hash)
            expect_growth(rows[row].name, q->text, NOISE_OF_ONE,
                          (uint64_t[]){of_statement(s[0], q->hash), of_statement(s[1], q->hash), q->steps});
    for (unsigned i = 0; i < 3; i++)
        free(s[i]);
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
GROWS(every_event, 13)

/* More findings than reports hold: all is written, the cut is said, and memory has an end. */
Test(growth, of_what_does_not_fit_reports_say_so)
{
    enum { TASKS = 1600, MOST_MB = 128 };
    const char *dir = scratch("growth-cut");
    struct rusage used;
    cr_assert_eq(run("%s/grow failing-tasks %d %s/in", build(), TASKS, dir), 0, "%s", out);
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
