/* test_stop: whoever wants the end of a run gets it, whatever the run is at: SIGINT, SIGTERM, its own time.
 */
#include "tests/shell.h"
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HOSTS = 300, GUARD = 20 /* seconds: for a machine with other things to do; a second is meant */ };

static const char *evidence(const char *dir, unsigned hosts)
{
    static char in[300];
    const char *build = getenv("BUILD");
    snprintf(in, sizeof in, "%s/in", dir);
    cr_assert_eq(run("%s/grow failing-hosts %u %s", build ? build : "build", hosts, in), 0, "%s", out);
    return in;
}

/* Starts a run and signals it a moment after it has said that phase begins; *seconds: what it took from then
 * on. *late: it had said the next one by then. */
static int signalled(const char *dir, const char *in, const char *phase, int sig, double *seconds)
{
    char said[400], line[200], want[64];
    int p[2], status;
    snprintf(said, sizeof said, "%s/out", dir);
    cr_assert_eq(pipe(p), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(p[1], 2), close(p[0]), close(p[1]), fclose(stdout);
        execl(program(), "whylogon", "analyze", "--force", "--progress=json", "-o", said, in, (char *)NULL);
        _exit(99);
    }
    close(p[1]);
    FILE *f = fdopen(p[0], "r");
    snprintf(want, sizeof want, "\"phase\":\"%s\"", phase);
    while (fgets(line, sizeof line, f) && !strstr(line, want))
        ;
    struct timespec from, to;
    nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
    clock_gettime(CLOCK_MONOTONIC, &from);
    kill(pid, sig);
    while (fgets(line, sizeof line, f))
        snprintf(out, sizeof out, "%s", line);
    fclose(f);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    clock_gettime(CLOCK_MONOTONIC, &to);
    *seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Test(stop, a_signal_in_the_middle_of_each_phase, .timeout = 1200)
{
    static const char *const phases[] = {"read",   "derive", "coverage", "diagnose",
                                         "verify", "hash",   "report"};
    const char *dir = scratch("stop-phases"), *in = evidence(dir, HOSTS);
    unsigned stopped = 0;
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        double seconds;
        int sig = i % 2 ? SIGTERM : SIGINT, code = signalled(dir, in, phases[i], sig, &seconds);
        cr_expect(code == 128 + sig || code == 0, "%s: %d: %s", phases[i], code, out);
        stopped += code == 128 + sig;
        cr_expect(code == 0 || strstr(out, "interrupted: the run was stopped"), "%s: %s", phases[i], out);
        cr_expect(seconds < GUARD, "%s: %.1f s", phases[i], seconds);
        cr_expect_eq(run("test -z \"$(ls -A %s/out)\"", dir), code == 0 ? 1 : 0, "%s: nothing is left",
                     phases[i]);
        run("rm -rf %s/out", dir);
    }
    cr_expect_geq(stopped, 5, "%u", stopped);
}

/* Results so far are there, and say how far that is; what was not tried twice proves nothing. */
Test(stop, a_run_out_of_time_keeps_what_it_has, .timeout = 1200)
{
    const char *dir = scratch("stop-time"), *in = evidence(dir, 1500);
    cr_assert_eq(run("%s analyze --limits run-seconds=2 -o %s/out %s", program(), dir, in), 5, "%s", out);
    cr_expect(strstr(out, "limit        the time of the run (run-seconds) was over in the phase"), "%s", out);
    cr_expect_eq(run("ls %s/out | tr '\\n' ' '", dir), 0);
    cr_expect_str_eq(out, "case.db report.html report.json report.md ");
    cr_expect_eq(run("grep -A3 '\"status\"' %s/out/report.json | head -4", dir), 0);
    cr_expect(strstr(out, "limit") && strstr(out, "partial") && !strstr(out, "complete"), "%s", out);
    cr_expect_eq(
        run("%s query %s/out/case.db \"SELECT count(*) FROM v_finding WHERE verdict = 'confirmed' UNION "
            "ALL SELECT count(*) FROM v_host WHERE outcome = 'clear'\" | tail -n +2 | tr '\\n' ' '",
            program(), dir),
        0, "%s", out);
    cr_expect_str_eq(out, "0 0 ");
}

/* One rule that never ends costs its own verdict: the others judge, and the run does not pass for complete.
 */
Test(stop, a_rule_that_never_ends, .timeout = 960)
{
    const char *dir = scratch("stop-rule");
    cr_assert_eq(
        run("mkdir -p %s/kb/rules && sed -e '0,/SELECT/s//SELECT (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
            "SELECT i + 1 FROM n) SELECT max(i) FROM n),/' knowledge/rules/clock_skew.yml > "
            "%s/kb/rules/clock_skew.yml",
            dir, dir),
        0, "%s", out);
    cr_expect_eq(run("%s analyze --knowledge %s/kb -o %s/out samples/cases/credential-storage-policy",
                     program(), dir, dir),
                 5, "%s", out);
    cr_expect(strstr(out, "limit        a rule used up")
                  && strstr(out, "confirmed    credential-storage-policy"),
              "%s", out);
    cr_expect_eq(run("grep '\"status\"' %s/out/report.json | grep '\"limit\"' | grep -v complete", dir), 0,
                 "%s", out);
}

#define ENDLESS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"

#define HOSTS_ENDLESS                                                                       \
    "ALTER TABLE host RENAME TO old; CREATE VIEW host AS SELECT * FROM old WHERE (" ENDLESS \
    " SELECT max(i) FROM n) > 0"

/* The file of a case or fleet, changed so. */
static void spoil(const char *path, const char *sql)
{
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "PRAGMA legacy_alter_table=1", NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* Its time ends such a command with 5, SIGTERM with 143, both soon; neither leaves a piece of a file. */
static void expect_ended(const char *dir, const char *command, const char *rest)
{
    static const struct {
        const char *before, *limit;
        int code;
    } ends[] = {{"", "--limits run-seconds=1", 5}, {"timeout --preserve-status -s TERM 1", "", 143}};
    setenv("OUT", dir, 1);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        time_t from = time(NULL);
        int code = run("%s %s %s %s %s", ends[i].before, program(), command, ends[i].limit, rest);
        cr_expect_eq(code, ends[i].code, "%s: %d: %.400s", command, code, out);
        cr_expect(time(NULL) - from < GUARD, "%s: %lld s", command, (long long)(time(NULL) - from));
        run("find %s -name 'left*' -o -name '*.tmp' -o -name '*.building' -o -path '*/merged/*'", dir);
        cr_expect_str_empty(out, "%s", command);
    }
}

/* A case may come from anyone: views that never end, end. */
Test(stop, a_case_that_never_ends, .timeout = 480)
{
    static const struct {
        const char *sql, *command, *args;
    } rows[] = {
        {"ALTER TABLE meta RENAME TO old; CREATE VIEW meta AS " ENDLESS " SELECT i AS key, i AS value FROM n "
         "WHERE i < 0",
         "report --force", ""},
        {"ALTER TABLE event RENAME TO old; CREATE VIEW event AS " ENDLESS
         " SELECT 1 AS file_id, 4608 AS file_off, "
         "i AS id FROM n WHERE i < 0",
         "show", "f1:0x1200"},
        {"ALTER TABLE meta RENAME TO old; CREATE VIEW meta AS " ENDLESS " SELECT i AS key, i AS value FROM n "
         "WHERE i < 0",
         "verify", ""},
        {"DROP VIEW v_host; CREATE VIEW v_host AS " ENDLESS " SELECT i FROM n WHERE i < 0", "query",
         "'SELECT * FROM v_host'"},
        {HOSTS_ENDLESS, "summary", ""},
        {HOSTS_ENDLESS, "export --format junit", ""},
        {HOSTS_ENDLESS, "export --format timesketch --redact", ""},
        {HOSTS_ENDLESS, "export --format csv --table coverage --force", "-o $OUT/left"},
    };
    const char *dir = scratch("stop-case");
    cr_assert_eq(run("%s analyze -o %s/out samples/cases/healthy-host", program(), dir), 0, "%s", out);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[300], rest[400];
        snprintf(path, sizeof path, "%s/case.db", dir);
        cr_assert_eq(run("cp %s/out/case.db %s", dir, path), 0);
        spoil(path, rows[i].sql);
        snprintf(rest, sizeof rest, "%s %s", path, rows[i].args);
        expect_ended(dir, rows[i].command, rest);
    }
}

/* And so may a fleet. */
Test(stop, a_fleet_that_never_ends, .timeout = 480)
{
    const char *dir = scratch("stop-fleet");
    char path[300], rest[700];
    cr_assert_eq(run("%s batch -o %s/part samples/cases/healthy-host", program(), dir), 0, "%s", out);
    snprintf(path, sizeof path, "%s/part/fleet.db", dir);
    spoil(path, "ALTER TABLE ticket RENAME TO old; CREATE VIEW ticket AS SELECT * FROM old WHERE (" ENDLESS
                " SELECT max(i) FROM n) > 0");
    snprintf(rest, sizeof rest, "--force -o %s/merged %s/part", dir, dir);
    expect_ended(dir, "merge", rest);
}
