/* test_stop: whoever wants the end of a run gets it, whatever the run is at: SIGINT, SIGTERM, its own time.
 */
#include "tests/shell.h"
#include <glob.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* HOSTS makes a case that SQLite writes, not we. "Within a second" is asked of the processor's time after the
 * signal, which other work on the machine does not lengthen; who waits without end meets the test's own. */
enum { HOSTS = 600 };

static const char *evidence(const char *dir, unsigned hosts)
{
    static char in[300];
    const char *build = getenv("BUILD");
    snprintf(in, sizeof in, "%s/in", dir);
    cr_assert_eq(run("%s/grow failing-hosts %u %s", build ? build : "build", hosts, in), 0, "%s", out);
    return in;
}

/* Seconds of processor time of a process, its end not yet waited for; with those of its children that have
 * ended. */
static double processor_time(pid_t pid, bool children)
{
    char path[64], line[1024] = "";
    unsigned long long t[4] = {0};
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    cr_assert(f && fgets(line, sizeof line, f), "%s", path);
    fclose(f);
    cr_assert_eq(sscanf(strrchr(line, ')') + 1, " %*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%llu%llu%llu%llu", &t[0],
                        &t[1], &t[2], &t[3]),
                 4, "%s", line);
    return (double)(t[0] + t[1] + (children ? t[2] + t[3] : 0)) / (double)sysconf(_SC_CLK_TCK);
}

static bool has_ended(pid_t pid, int wait)
{
    siginfo_t how = {0};
    cr_assert_eq(waitid(P_PID, (id_t)pid, &how, WEXITED | WNOWAIT | wait), 0);
    return how.si_pid == pid;
}

/* Has the run a child of that role? */
static bool has_child(pid_t pid, const char *role)
{
    char path[64], word[2][32] = {"", ""};
    int child;
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *all = fopen(path, "r"), *one;
    while (all && !found && fscanf(all, "%d", &child) == 1) {
        snprintf(path, sizeof path, "/proc/%d/cmdline", child);
        if (!(one = fopen(path, "r")))
            continue;
        size_t n = fread(word, 1, sizeof word - 1, one);
        for (size_t i = 0; i < n && !found; i += strlen(&word[0][0] + i) + 1)
            found = strcmp(&word[0][0] + i, role) == 0;
        fclose(one);
    }
    if (all)
        fclose(all);
    return found;
}

/* A moment in a run: it says that a phase begins, has made a file in its own folder ("": that folder), or has
 * started a child. */
struct moment {
    enum { SAYS, MAKES, STARTS } how;
    const char *what, *in;
};

static bool has_come(const struct moment *m, pid_t pid, const char *folder)
{
    char pattern[600];
    glob_t g;
    if (m->how == STARTS)
        return has_child(pid, m->what);
    snprintf(pattern, sizeof pattern, "%s/.whylogon-*/%s", folder, m->what);
    bool found = glob(pattern, 0, NULL, &g) == 0;
    globfree(&g);
    return found;
}

static void await(const struct moment *m, pid_t pid, const char *folder, FILE *said)
{
    char line[200], want[64];
    snprintf(want, sizeof want, "\"phase\":\"%s\"", m->what);
    while (m->how == SAYS && fgets(line, sizeof line, said) && !strstr(line, want))
        ;
    while (m->how != SAYS && !has_come(m, pid, folder) && !has_ended(pid, WNOHANG))
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    if (m->how != MAKES)
        nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
}

/* Starts a run and signals it in that moment; *seconds: of the processor, from then on. */
static int signalled(const char *dir, const struct moment *m, int sig, double *seconds)
{
    char folder[400], in[400], line[200];
    int p[2], status;
    snprintf(folder, sizeof folder, "%s/out", dir), snprintf(in, sizeof in, "%s/%s", dir, m->in);
    cr_assert_eq(pipe(p), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(p[1], 2), close(p[0]), close(p[1]), fclose(stdout);
        execl(program(), "whylogon", "analyze", "--force", "--progress=json", "-o", folder, in, (char *)NULL);
        _exit(99);
    }
    close(p[1]);
    FILE *f = fdopen(p[0], "r");
    await(m, pid, folder, f);
    double before = processor_time(pid, m->how == STARTS);
    kill(pid, sig);
    while (fgets(line, sizeof line, f))
        snprintf(out, sizeof out, "%s", line);
    fclose(f);
    has_ended(pid, 0);
    *seconds = processor_time(pid, m->how == STARTS) - before;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Folders to list, and a container that takes a while. */
static void more_evidence(const char *dir)
{
    cr_assert_eq(
        run("mkdir %s/many && cd %s/many && seq 40 | xargs mkdir && for i in *; do (cd $i && seq 250 | xargs "
            "touch) done",
            dir, dir),
        0, "%s", out);
    cr_assert_eq(
        run("mkdir %s/box && gzip -1 <%s/in/ForwardedEvents.evtx >%s/box/log.gz && head -c 50M /dev/zero | "
            "gzip -1 >%s/more && for i in $(seq 40); do cat %s/more; done >>%s/box/log.gz",
            dir, dir, dir, dir, dir, dir),
        0, "%s", out);
}

Test(stop, a_signal_in_the_middle_of_each_phase, .timeout = 1200)
{
    static const struct moment moments[] = {
        {MAKES, "", "many"},      {STARTS, "--unpack", "box"}, {SAYS, "read", "in"},   {SAYS, "derive", "in"},
        {SAYS, "coverage", "in"}, {SAYS, "diagnose", "in"},    {SAYS, "verify", "in"}, {SAYS, "hash", "in"},
        {SAYS, "report", "in"},   {MAKES, "case.db", "in"},
    };
    static const int signals[] = {SIGINT, SIGTERM};
    const char *dir = scratch("stop-phases");
    unsigned stopped = 0;
    evidence(dir, HOSTS), more_evidence(dir);
    for (size_t i = 0; i < 2 * LEN(moments); i++) {
        const struct moment *m = &moments[i / 2];
        double seconds;
        int sig = signals[i % 2], code = signalled(dir, m, sig, &seconds);
        cr_expect(code == 128 + sig || code == 0, "%s: %d: %s", m->what, code, out);
        stopped += code == 128 + sig;
        cr_expect(code == 0 || strstr(out, "interrupted: the run was stopped"), "%s: %s", m->what, out);
        cr_expect(seconds < 1, "%s: %.2f s", m->what, seconds);
        cr_expect_eq(run("test -z \"$(ls -A %s/out)\"", dir), code == 0 ? 1 : 0, "%s: nothing is left",
                     m->what);
        run("rm -rf %s/out", dir);
    }
    cr_expect_geq(stopped, 16, "%u", stopped);
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

/* Its time ends such a command, which does not end else, with 5, SIGTERM with 143; neither leaves a piece of
 * a file. */
static void expect_ended(const char *dir, const char *command, const char *rest)
{
    static const struct {
        const char *before, *limit;
        int code;
    } ends[] = {{"", "--limits run-seconds=1", 5}, {"timeout --preserve-status -s TERM 1", "", 143}};
    setenv("OUT", dir, 1);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        int code = run("%s %s %s %s %s", ends[i].before, program(), command, ends[i].limit, rest);
        cr_expect_eq(code, ends[i].code, "%s: %d: %.400s", command, code, out);
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

/* One that says more than any memory holds does not fill it. */
Test(stop, a_case_of_long_texts, .timeout = 480)
{
    static const char *const commands[] = {"report --force", "report --force --knowledge knowledge",
                                           "export --format junit"};
#ifdef __SANITIZE_ADDRESS__
    enum { MOST_MB = 600 }; /* what was freed is kept for a while */
#else
    enum { MOST_MB = 200 };
#endif
    const char *dir = scratch("stop-long");
    char path[300];
    struct rusage used;
    cr_assert_eq(run("%s analyze -o %s/out samples/cases/healthy-host", program(), dir), 0, "%s", out);
    snprintf(path, sizeof path, "%s/out/case.db", dir);
    spoil(path,
          "ALTER TABLE meta RENAME TO old; CREATE VIEW meta AS SELECT key, CASE key WHEN 'version' THEN "
          "hex(zeroblob(300000000)) ELSE value END AS value FROM old; ALTER TABLE host RENAME TO was; CREATE "
          "VIEW host AS SELECT *, printf('%.*c', 600000000, 'x') AS long FROM was WHERE length(long) > 9");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        int code = run("%s %s %s", program(), commands[i], path);
        cr_expect(code == 2 && strstr(out, "whylogon: "), "%s: %d: %.300s", commands[i], code, out);
        getrusage(RUSAGE_CHILDREN, &used);
        cr_expect(used.ru_maxrss < MOST_MB << 10, "%s: %ld MB", commands[i], used.ru_maxrss >> 10);
    }
}

/* What fails in a case or fleet that somebody changed is no bug of ours, nor is it the output's. */
Test(stop, a_case_that_was_changed, .timeout = 480)
{
    static const char *const commands[] = {"report --force", "summary", "export --format junit",
                                           "query --csv"};
    const char *dir = scratch("stop-changed");
    char path[300];
    cr_assert_eq(run("%s batch -o %s/part samples/cases/healthy-host", program(), dir), 0, "%s", out);
    snprintf(path, sizeof path, "%s/part/tickets/healthy-host/case.db", dir);
    spoil(path, "DROP VIEW v_host");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        int code = run("%s %s %s %s", program(), commands[i], path,
                       strstr(commands[i], "query") ? "'SELECT * FROM v_host'" : "");
        cr_expect(code == 2 && strstr(out, "v_host"), "%s: %d: %.300s", commands[i], code, out);
    }
    snprintf(path, sizeof path, "%s/part/fleet.db", dir);
    spoil(path, "DROP TABLE shard");
    cr_expect_eq(run("%s merge -o %s/merged %s/part", program(), dir, dir), 2, "%s", out);
    cr_expect(strstr(out, "the fleet is damaged, or somebody changed it"), "%s", out);
}
