/* test_batch: many tickets as their users run them: which things are tickets, one folder each or nothing, the
 * same bytes after kills and however the work was cut. */
#include "tests/shell.h"
#include "tests/strict.h"
#include "fleet/arrivals.h"
#include "fleet/tickets.h"
#include <sqlite3.h>
#include <string.h>

/* tickets: two with an answer, one that is empty, one that is no evidence, one with an ugly name */
#define UGLY "<img src=x> 100%25's T$"
static const char *make_tickets(const char *name)
{
    const char *dir = scratch(name);
    cr_assert_eq(
        run("cd %s && mkdir -p in/empty in/sub && cp -r $OLDPWD/samples/cases/credential-storage-policy "
            "in/'A 1' && cp -r $OLDPWD/samples/cases/healthy-host \"in/%s\" && printf 'not a log' > "
            "in/letter.txt && touch in/.hidden && cp $OLDPWD/samples/cases/clock-skew/System.evtx in/sub/",
            dir, UGLY),
        0, "%s", out);
    return dir;
}

static sqlite3 *fleet(const char *dir, const char *folder)
{
    sqlite3 *db = NULL;
    char path[400];
    snprintf(path, sizeof path, "%s/%s/fleet.db", dir, folder);
    cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK, "%s", path);
    return db;
}

static const char *ask(sqlite3 *db, const char *sql)
{
    static char answer[4096];
    sqlite3_stmt *stmt = NULL;
    size_t n = 0;
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    answer[0] = 0;
    while (sqlite3_step(stmt) == SQLITE_ROW && n < sizeof answer - 200)
        for (int i = 0; i < sqlite3_column_count(stmt); i++)
            n += (size_t)snprintf(answer + n, sizeof answer - n, "%s%c",
                                  (const char *)sqlite3_column_text(stmt, i),
                                  i + 1 < sqlite3_column_count(stmt) ? '|' : ';');
    cr_assert_eq(sqlite3_finalize(stmt), SQLITE_OK);
    return answer;
}

#define EXPECTED \
    "explained|A 1|0;explained|sub|0;not_covered|" UGLY "|0;no_evidence|empty|4;no_evidence|letter.txt|4;"

Test(batch, a_folder_of_tickets, .timeout = 480)
{
    const char *dir = make_tickets("batch-folder");
    cr_assert_eq(run("cd %s && %s batch -o out in", dir, program()), 0, "%s", out);
    cr_expect_not_null(strstr(out, "no evidence  2 tickets\n"), "%s", out);
    sqlite3 *db = fleet(dir, "out");
    cr_expect_str_eq(ask(db, "SELECT outcome, ticket, exit FROM v_ticket"), EXPECTED);
    cr_expect_str_eq(ask(db, "SELECT cause, tickets, hosts FROM v_fleet_cause WHERE verdict = 'confirmed'"),
                     "clock-skew|1|1;credential-storage-policy|1|1;");
    cr_expect_str_eq(ask(db, "SELECT count(*) FROM v_fleet_failed WHERE reason LIKE '%no usable evidence%'"),
                     "2;");
    cr_expect_str_eq(ask(db, "SELECT count(*) FROM shard"), "0;");
    /* what the tickets say is what the fleet says */
    cr_expect_str_eq(ask(db, "SELECT count(*) FROM ticket_finding f WHERE verdict = 'ruled_out'"), "0;");
    sqlite3_close(db);
    cr_expect_eq(run("cd %s/out/tickets && ls -d * && ls 'A 1'", dir), 0);
    cr_expect_str_eq(
        out, "%3Cimg src=x%3E 100%2525's T$\nA 1\nempty\nletter.txt\nsub\ncase.db\nreport.html\nreport.json\n"
             "report.md\nticket.json\n");
    /* a ticket of many is what analyze makes of it alone, but for the path: it is below the same input */
    cr_assert_eq(
        run("cd %s && %s analyze -o alone 'in/A 1' && for f in case.db report.html report.md report.json; do "
            "cmp alone/$f 'out/tickets/A 1/'$f; done",
            dir, program()),
        0, "%s", out);
    cr_assert_eq(run("cat %s/out/fleet.json", dir), 0);
    const char *wrong = strict_json(str_of(out));
    cr_expect_null(wrong, "%s", wrong);
    cr_assert_eq(run("cat %s/out/fleet.html", dir), 0);
    cr_expect_null(strstr(out, "<img"), "a ticket's name is text");
    cr_expect_not_null(
        strstr(out, "href='tickets/%253Cimg%20src%3Dx%253E%20100%252525%27s%20T%24/report.html'"), "%.300s",
        strstr(out, "href='tickets/%253C") ? strstr(out, "href='tickets/%253C") : out);
    cr_expect_null(strstr(out, "href='#hosts'"), "a link to a part that is not there");
    cr_expect_not_null(strstr(out, "href='#tickets'"));
    cr_assert_eq(run("cat %s/out/fleet.md", dir), 0);
    cr_expect_null(strstr(out, "<img"));
    /* again: nothing is overwritten unasked */
    cr_expect_eq(run("cd %s && %s batch -o out in", dir, program()), 2);
    cr_expect_not_null(strstr(out, "--resume"), "%s", out);
    cr_expect_eq(run("cd %s && %s batch -o out/fleet.db/x in", dir, program()), 6, "%s", out);
    cr_expect_eq(run("cd %s && %s batch -o in/out in", dir, program()), 2, "output inside the evidence");
}

/* An independent validator, for a fleet, for one of which parts are missing, and for one that cannot be
 * right. */
/* Where one file of the fleet cannot take its name the others keep what they were. */
Test(batch, a_fleet_is_replaced_whole, .timeout = 480)
{
    const char *dir = make_tickets("batch-whole");
    cr_assert_eq(run("cd %s && %s batch --keep=none -o out in/sub in/empty", dir, program()), 0, "%s", out);
    cr_assert_eq(
        run("cd %s/out && rm fleet.md && mkdir fleet.md && touch fleet.md/x && sha256sum fleet.* > ../was; "
            "cd .. && %s batch --force --keep=none -o out in/sub in/letter.txt",
            dir, program()),
        6, "%s", out);
    cr_expect(strstr(out, "fleet.md is a folder"), "%s", out);
    cr_expect_eq(run("cd %s/out && sha256sum fleet.* 2>/dev/null | cmp - ../was", dir), 0, "%s", out);
    cr_expect_eq(run("cd %s/out && ls -A | grep -v '^fleet\\.[a-z]*$\\|^tickets$'", dir), 1, "%s", out);
    cr_assert_eq(
        run("cd %s && rm -r out/fleet.md && %s batch --force --keep=none -o out in/sub in/letter.txt", dir,
            program()),
        0, "%s", out);
    cr_expect_eq(run("grep -q letter.txt %s/out/fleet.md && grep -q letter.txt %s/out/fleet.json", dir, dir),
                 0);
}

Test(batch, fleet_json_is_valid, .timeout = 480)
{
    static const char *const pythons[] = {"python3", "/usr/bin/python3"};
    const char *dir = make_tickets("batch-schema");
    cr_assert_eq(
        run("cd %s && %s batch --keep=none -o out in && %s batch --keep=none --shard 1/3 -o part in; %s "
            "merge -o merged part; ls merged/fleet.json",
            dir, program(), program(), program()),
        0, "%s", out);
    cr_assert_eq(run("cd %s && sed 's/\"explained\"/\"explain\"/' out/fleet.json >bad.json && grep -q '3/3' "
                     "merged/fleet.json",
                     dir),
                 0, "%s", out);
    for (size_t i = 0; i < LEN(pythons); i++) {
        int code = run("%s tests/schema.py reports/fleet.schema.json %s/bad.json", pythons[i], dir);
        if (code == 77)
            continue;
        cr_expect(code == 1 && strstr(out, "'explain' is not one of"), "%s", out);
        cr_expect_eq(
            run("%s tests/schema.py reports/fleet.schema.json %s/out/fleet.json %s/merged/fleet.json",
                pythons[i], dir, dir),
            0, "%s", out);
        return;
    }
    cr_skip("skipped: no JSON Schema validator here (python3-jsonschema)");
}

/* Whatever way the paths come. One folder with logs right in it is a ticket. */
Test(batch, what_is_a_ticket, .timeout = 480)
{
    const char *dir = make_tickets("batch-what");
    static const struct {
        const char *command, *names;
    } rows[] = {
        {"batch --keep=none -o o%d in/sub", "sub;"},
        {"batch --keep=none -o o%d in/sub in/empty in/letter.txt", "empty;letter.txt;sub;"},
        {"batch --keep=none -o o%d --tickets=whole in", "in;"},
        {"batch --keep=none -o o%d --tickets=inside in/sub in/empty", "System.evtx;"},
        {"batch --keep=none -o o%d in/empty in/letter.txt in/./empty/", "empty;empty~2;letter.txt;"},
    };
    for (int i = 0; i < (int)LEN(rows); i++) {
        char command[300];
        snprintf(command, sizeof command, rows[i].command, i);
        cr_assert_lt(run("cd %s && %s %s", dir, program(), command), 5, "%s: %s", command, out);
        char folder[16];
        snprintf(folder, sizeof folder, "o%d", i);
        sqlite3 *db = fleet(dir, folder);
        cr_expect_str_eq(ask(db, "SELECT ticket FROM v_ticket ORDER BY ticket"), rows[i].names, "%s",
                         command);
        sqlite3_close(db);
    }
    cr_assert_eq(run("cd %s && printf 'in/sub\\n\\n  in/empty\\r\\n' | %s batch --keep=none -o list -", dir,
                     program()),
                 0, "%s", out);
    sqlite3 *db = fleet(dir, "list");
    cr_expect_str_eq(ask(db, "SELECT ticket FROM v_ticket ORDER BY ticket"), "empty;sub;");
    sqlite3_close(db);
    static const struct {
        const char *args;
        int code;
    } refused[] = {{"batch -o p in/nothing", 2},
                   {"batch -o p", 2},
                   {"batch -o p --shard=0/3 in", 2},
                   {"batch -o p --shard=4/3 in", 2},
                   {"batch -o p --shard=x in", 2},
                   {"batch -o p --keep=some in", 2},
                   {"batch -o p in/empty", 2},
                   {"merge -o p", 2},
                   {"merge -o p in", 2},
                   {"merge -o p in/nothing", 2}};
    for (size_t i = 0; i < LEN(refused); i++)
        cr_expect_eq(run("cd %s && %s %s", dir, program(), refused[i].args), refused[i].code, "%s: %s",
                     refused[i].args, out);
}

Test(batch, what_stays_and_what_it_ends_with, .timeout = 480)
{
    const char *dir = make_tickets("batch-keep");
    static const struct {
        const char *options, *files;
        int code;
    } rows[] = {
        {"--keep=none", "ticket.json\n", 0},
        {"--keep=case", "case.db\nticket.json\n", 0},
        {"--keep=reports --fail-on=confirmed", "report.html\nreport.json\nreport.md\nticket.json\n", 1},
        {"--keep=none --fail-on=unexplained", "ticket.json\n", 0}};
    for (size_t i = 0; i < LEN(rows); i++) {
        cr_assert_eq(run("cd %s && %s batch --force -o out %s in", dir, program(), rows[i].options),
                     rows[i].code, "%s: %s", rows[i].options, out);
        cr_assert_eq(run("ls '%s/out/tickets/A 1'", dir), 0);
        cr_expect_str_eq(out, rows[i].files, "%s", rows[i].options);
    }
    cr_expect_eq(run("cd %s && %s batch -o none in/empty in/letter.txt", dir, program()), 4,
                 "nothing to read anywhere: %s", out);
}

/* The same bytes however it was cut, in any order, any part twice; what is missing is named. */
/* The reports fit, the case does not: none of them stays in a folder that tells of a failure. */
Test(batch, a_case_that_cannot_be_written, .timeout = 480)
{
    const char *dir = make_tickets("batch-full");
    cr_assert_eq(run("cd %s && (ulimit -f 1200; %s batch -o out in/'A 1')", dir, program()), 6, "%s", out);
    cr_expect_eq(run("cd %s/out/tickets && ls -a A*", dir), 0);
    cr_expect_str_eq(out, ".\n..\nticket.json\n", "%s", out);
    cr_expect_eq(run("cd %s/out/tickets && grep -c 'case: File too large' A*/ticket.json", dir), 0, "%s",
                 out);
    cr_assert_eq(run("cd %s && %s batch --force -o out in/'A 1' && ls out/tickets/A*", dir, program()), 0,
                 "%s", out);
    cr_expect_not_null(strstr(out, "case.db\nreport.html\nreport.json\nreport.md\nticket.json\n"), "%s", out);
}

Test(batch, shards, .timeout = 960)
{
    const char *dir = make_tickets("batch-shards");
    cr_assert_eq(run("cd %s && %s batch -o whole in", dir, program()), 0, "%s", out);
    cr_assert_eq(run("cd %s && for n in 3 7; do for i in $(seq $n); do %s batch --keep=none --shard $i/$n -o "
                     "s$n-$i in "
                     ">>log 2>&1 || [ $? = 4 ] || exit 1; done; done",
                     dir, program()),
                 0, "%s", out);
    static const char *const merges[] = {"s3-1 s3-2 s3-3", "s3-3 s3-2/fleet.db s3-1 s3-3",
                                         "s7-7 s7-6 s7-5 s7-1 s7-2 s7-3 s7-4", "whole whole"};
    for (size_t i = 0; i < LEN(merges); i++) {
        cr_assert_eq(run("cd %s && rm -rf m && %s merge -o m %s", dir, program(), merges[i]), 0, "%s", out);
        cr_expect_null(strstr(out, "not in here"), "%s", out);
        for (const char *const *f = (const char *const[]){"db", "html", "md", "json", NULL}; *f; f++)
            cr_expect_eq(run("cmp %s/m/fleet.%s %s/whole/fleet.%s", dir, *f, dir, *f), 0, "%s: %s", merges[i],
                         out);
    }
    cr_assert_eq(run("cd %s && rm -rf m && %s merge -o m s7-5 s7-2", dir, program()), 0);
    cr_expect_not_null(strstr(out, "not in here yet: 1/7, 3/7, 4/7, 6/7, 7/7"), "%s", out);
    cr_assert_eq(run("cd %s && %s merge -o m2 m s7-1 s7-3 s7-4 s7-6 s7-7 && cmp m2/fleet.db whole/fleet.db",
                     dir, program()),
                 0, "a part of a merge is a shard too: %s", out);
    /* what does not belong together */
    cr_expect_eq(run("cd %s && rm -rf m && %s merge -o m s3-1 s7-2", dir, program()), 2);
    cr_expect_not_null(strstr(out, "of 7"), "%s", out);
    cr_assert_eq(run("cd %s && %s batch --keep=none --stamp other --shard 2/3 -o other in", dir, program()),
                 0);
    cr_expect_eq(run("cd %s && %s merge -o m s3-1 other", dir, program()), 2);
    cr_expect_not_null(strstr(out, "options"), "%s", out);
    cr_assert_eq(run("cd %s && rm -rf in/sub/* && %s batch --keep=none -o later in", dir, program()), 0);
    cr_expect_neq(run("cd %s && %s merge -o m whole later", dir, program()), 0, "one name, two findings");
    cr_expect_not_null(strstr(out, "sub is there twice"), "%s", out);
    cr_expect_eq(run("ls %s/m 2>/dev/null | grep -c fleet", dir), 1, "nothing was left: %s", out);
}

/* A hash of the name alone, the same on every machine and in every version. */
Test(batch, a_name_says_its_shard)
{
    static const struct {
        const char *name;
        unsigned of, is;
    } rows[] = {{"ticket-4711", 1, 1}, {"ticket-4711", 7, 2}, {"A 1", 3, 3}, {"", 5, 3}};
    for (size_t i = 0; i < LEN(rows); i++)
        cr_expect_eq(ticket_shard(str_of(rows[i].name), rows[i].of), rows[i].is, "%s: %u", rows[i].name,
                     ticket_shard(str_of(rows[i].name), rows[i].of));
    unsigned in[7] = {0};
    for (unsigned i = 0; i < 7000; i++) {
        char name[20];
        snprintf(name, sizeof name, "t%u", i);
        in[ticket_shard(str_of(name), 7) - 1]++;
    }
    for (unsigned i = 0; i < 7; i++)
        cr_expect(in[i] > 800 && in[i] < 1200, "%u", in[i]);
}

/* Killed at any moment, the parent or one of its tickets: --resume ends with the bytes of a run that nobody
 * disturbed. Stopped by a signal it says so, and nothing half lies under a final name. */
Test(batch, killed_and_resumed, .timeout = 1200)
{
    const char *dir = make_tickets("batch-resume");
    cr_assert_eq(run("cd %s && %s batch -o whole in", dir, program()), 0, "%s", out);
    for (int i = 0; i < 6; i++) {
        static const char *const how[] = {"-9", "-TERM", "-INT"};
        static const int code_of[] = {137, 143, 130};
        int code = run(
            "cd %s && %s batch -o out%d in 2>err >/dev/null & p=$!; sleep 0.%d; kill %s $p; wait $p", dir,
            program(), i, 1 + i, how[i % 3]);
        cr_expect(code == 0 || code == code_of[i % 3], "%d", code);
        cr_assert_eq(run("cd %s && for t in out%d/tickets/*; do case $t in *.part) ;; *'*') ;; *) cmp "
                         "\"$t/ticket.json\" "
                         "\"whole/tickets/${t##*/}/ticket.json\" || exit 1;; esac; done",
                         dir, i),
                     0, "%s", out);
        cr_assert_eq(
            run("cd %s && %s batch --resume -o out%d in && diff -r whole out%d", dir, program(), i, i), 0,
            "%s", out);
    }
    /* tickets that are done are not done again, unless they were done otherwise */
    cr_assert_eq(run("cd %s && touch -d @1 out0/tickets/sub/ticket.json && %s batch --resume -o out0 in && "
                     "stat -c %%Y "
                     "out0/tickets/sub/ticket.json",
                     dir, program()),
                 0);
    cr_expect(strstr(out, "\n1\n"), "%s", out);
    cr_assert_eq(
        run("cd %s && %s batch --resume --stamp x -o out0 in && stat -c %%Y out0/tickets/sub/ticket.json",
            dir, program()),
        0);
    cr_expect_null(strstr(out, "\n1\n"), "%s", out);
}

/* Killed again and again, it and those who have its tickets: tests/kills.sh; `make kills` does it 100 times.
 */
Test(batch, killed_again_and_again, .timeout = 3600)
{
    const char *dir = scratch("batch-kills"), *n = getenv("KILLS");
    cr_assert_eq(
        run("mkdir -p %s/in/empty && for t in 1 2; do cp -r samples/cases/only-system-log %s/in/t$t; done && "
            "cp -r samples/cases/few-files %s/in/",
            dir, dir, dir),
        0, "%s", out);
    cr_assert_eq(run("sh tests/kills.sh %s %s %s", program(), dir, n ? n : "4"), 0, "%s", out);
    cr_expect_not_null(strstr(out, "all the same bytes"), "%s", out);
    if (n)
        fprintf(stderr, "%s", out);
}

/* A process takes one ticket after the other, and nothing of one is in the next: the same bytes whoever had
 * it, behind whichever others, as when analyze makes them. */
Test(batch, whoever_takes_it, .timeout = 960)
{
    const char *dir = make_tickets("batch-whoever");
    cr_assert_eq(
        run("cd %s/in && for t in after-log-off boot-race healthy-host only-system-log clock-skew "
            "task-interactive-no-session; do cp -r $OLDPWD/samples/cases/$t $t && cp -r $t $t.2; done; "
            "for f in boot-race.2/*.evtx; do head -c 9000 \"$f\" >x && mv x \"$f\"; done; "
            "(cd clock-skew && tar czf ../clock.tgz *)",
            dir),
        0, "%s", out);
    cr_assert_eq(run("cd %s && %s batch --jobs=1 -o one in", dir, program()), 0, "%s", out);
    cr_assert_eq(run("cd %s && %s batch --jobs=3 -o three in && diff -r one three", dir, program()), 0, "%s",
                 out);
    cr_assert_eq(run("cd %s && for i in 1 2 3; do %s batch --jobs=1 --shard $i/3 -o part$i in >log || exit "
                     "1; for t in "
                     "part$i/tickets/*; do diff -r \"$t\" \"one/tickets/${t##*/}\" || exit 1; done; done",
                     dir, program()),
                 0, "%s", out);
    cr_assert_eq(
        run("cd %s && for t in in/*; do n=${t#in/}; case $n in '<'* | empty|letter.txt) continue;; esac; %s "
            "analyze --force -o "
            "alone \"$t\" >log 2>&1; for f in case.db report.html report.md report.json; do cmp alone/$f "
            "\"one/tickets/$n/$f\" || exit 1; done; done",
            dir, program()),
        0, "%s", out);
}

/* What is halted while it writes takes with it what others wrote before: such a ticket is tried again in a
 * process of its own, and says then what analyze says. The others are none the wiser. */
Test(batch, a_ticket_whose_time_is_over, .timeout = 480)
{
    const char *dir = make_tickets("batch-late");
    cr_assert_eq(run("mkdir -p %s/kb/derive && { cat knowledge/derive/94-rights.sql; echo '"
                     "CREATE TEMP TABLE IF NOT EXISTS slow(i); WITH RECURSIVE n(i) AS (SELECT 1 WHERE "
                     "(SELECT count(*) FROM "
                     "evidence) > 3 UNION ALL SELECT i + 1 FROM n) INSERT INTO slow SELECT max(i) FROM n;'; "
                     "} > %s/kb/derive/94-rights.sql",
                     dir, dir),
                 0, "%s", out);
    cr_expect_eq(
        run("cd %s && %s batch --jobs=1 --limits run-seconds=4 --knowledge kb -o out in", dir, program()), 5,
        "%s", out);
    cr_expect_eq(
        run("cd %s && %s analyze --limits run-seconds=4 --knowledge kb -o alone 'in/A 1'", dir, program()), 5,
        "%s", out);
    for (const char *const *f = (const char *const[]){"report.html", "report.md", "report.json", NULL}; *f;
         f++)
        cr_expect_eq(run("cmp %s/alone/%s '%s/out/tickets/A 1/%s'", dir, *f, dir, *f), 0, "%s", out);
    sqlite3 *db = fleet(dir, "out");
    cr_expect_str_eq(ask(db, "SELECT ticket, exit FROM v_ticket ORDER BY ticket"),
                     UGLY "|5;A 1|5;empty|4;letter.txt|4;sub|0;");
    sqlite3_close(db);
}

/* What is still being written is no ticket yet; what was closed or moved there is one at once. */
Test(batch, arrivals, .timeout = 60)
{
    const char *dir = scratch("batch-arrivals");
    char in[300], path[400], quiet[400], moved[400];
    struct arrivals *a;
    struct err e = {0};
    snprintf(in, sizeof in, "%s/in", dir), snprintf(path, sizeof path, "%s/slow.zip", in);
    snprintf(quiet, sizeof quiet, "%s/folder", in), snprintf(moved, sizeof moved, "%s/moved", in);
    cr_assert_eq(run("mkdir -p %s %s/moved", in, dir), 0);
    cr_assert_eq(arrivals_begin(&(const char *){in}, 1, &a, &e), OK, "%s", e.why);
    cr_expect(arrivals_told(a));
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    bool look;
    for (unsigned i = 0; i < 15; i++) { /* longer than anything has to be quiet */
        cr_assert(fprintf(f, "some %u", i) > 0 && fflush(f) == 0);
        cr_assert_eq(arrivals_wait(a, &look, &e), OK);
        cr_expect(!arrivals_whole(a, path), "round %u", i);
        cr_assert_eq(run("sleep 0.2"), 0);
    }
    fclose(f);
    cr_assert_eq(arrivals_wait(a, &look, &e), OK);
    cr_expect(look && arrivals_whole(a, path), "it was closed");
    cr_assert_eq(run("mv %s/moved %s && mkdir -p %s/deep && touch %s/deep/x", dir, moved, quiet, quiet), 0);
    cr_assert_eq(arrivals_wait(a, &look, &e), OK);
    cr_expect(look && arrivals_whole(a, moved), "it was moved there");
    cr_expect(!arrivals_whole(a, quiet), "a folder that has just been made");
    unsigned rounds = 0;
    do {
        cr_assert_eq(arrivals_wait(a, &look, &e), OK);
        cr_expect(look, "something is not whole yet");
        if (++rounds == 4)
            cr_assert_eq(run("echo more >> %s/deep/x", quiet), 0);
    } while (rounds < 100 && !arrivals_whole(a, quiet));
    cr_expect(rounds > 8 && rounds < 100, "%u rounds", rounds);
    arrivals_end(a);
    /* a list of files, none a folder: nothing tells, nothing waits for ever */
    cr_assert_eq(arrivals_begin(&(const char *){path}, 1, &a, &e), OK);
    cr_assert_eq(arrivals_wait(a, &look, &e), OK);
    arrivals_end(a);
}

/* New tickets are taken as they come, each when it is whole, until somebody stops it. */
Test(batch, watch, .timeout = 480)
{
    const char *dir = make_tickets("batch-watch");
    cr_assert_eq(
        run("cd %s && mkdir box && mv in/sub box/ && (cd in/'A 1' && tar czf ../../t.tgz *) && "
            "{ %s batch --watch --keep=reports -o out box >log 2>&1 & p=$!; "
            "until_there() { n=0; until [ -d out/tickets/$1 ] || [ $n -ge 600 ]; do sleep 0.1; "
            "n=$((n+1)); done; }; "
            "until_there sub; cp -r in/empty box/; "
            "{ head -c 20000 t.tgz; sleep 3; tail -c +20001 t.tgz; } > box/slow.tgz; "
            "until_there empty; until_there slow.tgz; mv in/letter.txt box/; until_there letter.txt; "
            "n=0; until grep -q letter.txt out/fleet.json || [ $n -ge 300 ]; do sleep 0.1; "
            "n=$((n+1)); done; kill -TERM $p; wait $p; }",
            dir, program()),
        143, "%s", out);
    sqlite3 *db = fleet(dir, "out");
    cr_expect_str_eq(ask(db, "SELECT ticket, outcome FROM v_ticket ORDER BY ticket"),
                     "empty|no_evidence;letter.txt|no_evidence;slow.tgz|explained;sub|explained;");
    cr_expect_str_eq(ask(db, "SELECT count(*) FROM v_fleet_failed WHERE ticket = 'slow.tgz'"), "0;");
    sqlite3_close(db);
}
