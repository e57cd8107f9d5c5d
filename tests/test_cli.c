/* The program as a user meets it: bad input, exit codes, a killed run, the public corpus. What samples must
 * say, test_golden holds. */
#include "case/casedb.h"
#include "tests/build.h"
#include "tests/shell.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t lines(void)
{
    size_t n = 0;
    for (const char *p = out; *p; p++)
        n += *p == '\n';
    return n;
}

/* Names, settings and values whose UTF-16 is broken, in a log and a hive whose own names are no UTF-8. */
static void broken_names(const char *dir)
{
    struct evtx log = {.computer = "WS\xed\xa0\x80X",
                       .channel = "Microsoft-Windows-TaskScheduler/Operational"};
    struct hive h = {.name = "SYSTEM", .now = utc("2026-03-01T08:00:00Z")};
    struct buf b = {0};
    for (int i = 0; i < 3; i++)
        ev(&log, utc("2026-03-02T09:10:00Z") + i, "Microsoft-Windows-TaskScheduler", 101, LEVEL(2),
           S("TaskName", "\\T\xed\xb0\x80y"), S("UserContext", "CORP\\a\xed\xa0\x80"),
           U32("ResultCode", 0x80070520), END);
    evtx_end(&log, &b),
        write_file(dir,
                   "a\xed\xa0\x80"
                   "b\xff.evtx",
                   &b),
        buf_free(&b);
    reg(&h, "Select", DW("Current", 1), END);
    reg(&h, "ControlSet001\\Control\\ComputerName\\ComputerName", SZ("ComputerName", "WS\xed\xa0\x80X"), END);
    reg(&h, "ControlSet001\\Services\\S\xed\xa0\x80", DW("Start", 2), SZ("ObjectName", "CORP\\b\xed\xb0\x80"),
        END);
    hive_write(&h, &b), hive_free(&h), write_file(dir, "SYST\xed\xb0\x80", &b), buf_free(&b);
}

/* Whatever evidence and file names hold, others read our JSON: valid UTF-8, and an unpaired surrogate as its
 * escape. found: strings with one, at least. */
Test(text, others_read_broken_names)
{
    static const struct {
        const char *command, *as;
        int found;
    } rows[] = {
        {"cat $DIR/out/report.json", "whole", 20},
        {"$W dump $DIR/in/*", "lines", 9},
        {"$W query --json $DIR/out/case.db 'SELECT * FROM v_event'", "whole", 3},
        {"$W query --json $DIR/out/case.db 'SELECT path FROM v_evidence'", "whole", 2},
        {"$W inspect --json $DIR/in/*", "lines", 2},
        {"$W export --format ecs $DIR/out/case.db", "lines", 0},
        {"$W export --format sarif $DIR/out/case.db", "whole", 0},
    };
    char in[300];
    const char *dir = scratch_in("broken", "names", in, sizeof in);
    PLAIN_ONLY();
    if (run("python3 -c ''") != 0)
        cr_skip_test("skipped: no python3 here");
    setenv("DIR", dir, 1), setenv("W", program(), 1);
    broken_names(in);
    cr_assert_eq(run("$W analyze --progress=none -o $DIR/out $DIR/in"), 0, "%s", out);
    for (size_t i = 0; i < LEN(rows); i++) {
        cr_expect_eq(run("%s | python3 tests/text.py %s", rows[i].command, rows[i].as), 0, "%s: %s",
                     rows[i].command, out);
        cr_expect_geq(atoi(out), rows[i].found, "%s: %s", rows[i].command, out);
    }
    cr_expect_eq(run("cat $DIR/out/report.html $DIR/out/report.md | iconv -f utf-8 -t utf-8 >$DIR/text"), 0,
                 "%s", out);
}

/* --- runs over samples */

/* A folder is one run's: who comes second says so in a line and leaves it alone. */
Test(samples, a_folder_in_use)
{
    const char *dir = scratch("lock"), *in = "samples/cases/credential-storage-policy";
    if (run("command -v flock") != 0)
        cr_skip_test("skipped: no flock here");
    cr_assert_eq(run("%s analyze -o %s/out %s", program(), dir, in), 0, "%s", out);
    cr_assert_eq(run("ls -l --time-style=full-iso %s/out > %s/before", dir, dir), 0);
    cr_expect_eq(run("flock -n %s/out %s analyze --force -o %s/out %s", dir, program(), dir, in), 6, "%s",
                 out);
    cr_expect(lines() == 1 && strstr(out, "in use"), "%s", out);
    cr_expect_eq(run("flock -n %s/out %s report --force %s/out/case.db", dir, program(), dir), 6, "%s", out);
    cr_expect(lines() == 1 && strstr(out, "in use"), "%s", out);
    cr_expect_eq(run("ls -l --time-style=full-iso %s/out | cmp - %s/before", dir, dir), 0, "%s", out);
    /* a link laid where a report will stand leads nowhere */
    cr_assert_eq(run("echo kept > %s/other && ln -sf %s/other %s/out/report.md", dir, dir, dir), 0);
    cr_expect_eq(run("%s analyze --force -o %s/out %s", program(), dir, in), 0, "%s", out);
    cr_expect_eq(run("grep -qx kept %s/other && test ! -h %s/out/report.md", dir, dir), 0, "%s", out);
}

Test(samples, evidence_id_leads_to_bytes)
{
    const char *dir = scratch("show");
    cr_assert_eq(run("%s analyze -o %s/out samples/cases/credential-storage-policy", program(), dir), 0, "%s",
                 out);
    cr_assert_eq(
        run("%s query --csv %s/out/case.db \"SELECT evidence_id FROM v_citation WHERE role='symptom' AND "
            "summary LIKE '%%TaskScheduler%%' LIMIT 1\" | tail -n 1 | tr -d '\"\r'",
            program(), dir),
        0);
    char id[64];
    cr_assert_eq(sscanf(out, "%63s", id), 1);
    cr_expect_eq(run("%s show %s/out/case.db %s", program(), dir, id), 0, "%s", out);
    cr_expect(strstr(out, "sha256") && strstr(out, "<Event ") && strstr(out, "2a 2a 00 00"), "%s", out);
    cr_expect_eq(run("%s show %s/out/case.db f1:0x3", program(), dir), 2);
    cr_expect_eq(run("%s show %s/out/case.db nonsense", program(), dir), 2);
    cr_expect_eq(lines(), 1, "%s", out);
}

Test(samples, same_bytes_whoever_works)
{
    const char *dir = scratch("same");
    static const int jobs[] = {1, 2, 32};
    for (int i = 0; i < 3; i++)
        cr_assert_eq(
            run("%s analyze -j %d -o %s/out%d samples/cases/two-hosts", program(), jobs[i], dir, i + 1), 0,
            "%s", out);
    cr_expect_eq(run("cd %s && for f in case.db report.html report.md report.json; do cmp out1/$f out2/$f && "
                     "cmp out1/$f out3/$f || exit 1; done",
                     dir),
                 0, "%s", out);
}

/* A log larger than one job, made of the chunks of a sample: its hash is known last. */
static void large_log(const char *path, uint16_t chunks)
{
    struct buf file = {0};
    FILE *in = fopen("samples/cases/credential-storage-policy/Security.evtx", "rb"), *to = fopen(path, "wb");
    cr_assert(in && to, "%s", path);
    char *bytes = malloc(1 << 20);
    size_t n = fread(bytes, 1, 1 << 20, in);
    cr_assert(n >= 4096 + 65536 && (n - 4096) % 65536 == 0);
    set16(bytes + 42, chunks), set64(bytes + 16, chunks - 1u);
    buf_put(&file, bytes, 4096);
    evtx_repair(&file);
    cr_assert_eq(fwrite(file.p, 1, file.n, to), 4096);
    for (size_t i = 0; i < chunks; i++)
        cr_assert_eq(fwrite(bytes + 4096 + i % ((n - 4096) / 65536) * 65536, 1, 65536, to), 65536);
    fclose(in), fclose(to), free(bytes), buf_free(&file);
}

/* Large logs: a copy is known as one, a log of its own size gets its hash while the rest is judged, and
 * nobody's work shows in the case. */
Test(samples, large_logs_are_hashed_to_the_end, .timeout = 480)
{
    const char *dir = scratch("large");
    char path[300];
    cr_assert_eq(run("mkdir %s/in", dir), 0);
    snprintf(path, sizeof path, "%s/in/a.evtx", dir), large_log(path, 600);
    snprintf(path, sizeof path, "%s/in/c.evtx", dir), large_log(path, 520);
    cr_assert_eq(
        run("cp %s/in/a.evtx %s/in/b.evtx && printf x >> %s/in/b.evtx && cp %s/in/a.evtx %s/in/d.evtx", dir,
            dir, dir, dir, dir),
        0);
    for (int jobs = 1; jobs <= 3; jobs++)
        cr_assert_eq(run("cd %s && %s analyze --progress=none -j %d -o out%d in", dir, program(), jobs, jobs),
                     0, "%s", out);
    cr_expect_eq(run("cd %s && cmp out1/case.db out2/case.db && cmp out1/case.db out3/case.db", dir), 0, "%s",
                 out);
    cr_expect_eq(run("cd %s && (cd in && sha256sum *.evtx) | sort > sums; %s query --csv out1/case.db "
                     "\"SELECT sha256 || '  ' || path FROM v_evidence\" |"
                     " tail -n +2 | tr -d '\\042\\015' | sort | diff - sums",
                     dir, program()),
                 0, "%s", out);
    cr_assert_eq(run("%s query --csv %s/out1/case.db \"SELECT group_concat(path) FROM v_evidence WHERE "
                     "duplicate_of IS NOT NULL\" | tail -n 1",
                     program(), dir),
                 0);
    cr_expect(strstr(out, "\"d.evtx\"") && !strchr(out, ','), "%s", out);
}

/* What stands under a and what under b; whether b counts as a copy, and whether it is read itself. */
static const struct {
    const char *what, *b;
    uint16_t chunks;
    const char *change;
    bool copy, read;
} twins[] = {
    {"small", "b.evtx", 1, "true", true, false},
    {"hashed late", "b.evtx", 70, "true", true, false},
    {"in several jobs", "b.evtx", 600, "true", true, false},
    {"in another folder", "x/a.evtx", 70, "true", true, false},
    {"in a folder of older files", "Windows.old/a.evtx", 1, "true", true, true},
    {"same size and header, another last byte", "b.evtx", 70,
     "printf x | dd of=%s bs=1 seek=4591615 conv=notrunc status=none", false, true},
    {"one byte longer", "b.evtx", 70, "printf x >> %s", false, true},
};

Test(samples, copies_of_a_log_are_read_once, .timeout = 480)
{
    for (size_t i = 0; i < LEN(twins); i++) {
        const char *dir = scratch("twins"), *what = twins[i].what;
        char a[300], b[300], change[700];
        cr_assert_eq(run("mkdir -p %s/in/x %s/in/Windows.old", dir, dir), 0);
        snprintf(a, sizeof a, "%s/in/a.evtx", dir), snprintf(b, sizeof b, "%s/in/%s", dir, twins[i].b);
        large_log(a, twins[i].chunks);
        snprintf(change, sizeof change, twins[i].change, b);
        cr_assert_eq(run("cp %s %s; %s", a, b, change), 0, "%s", out);
        for (int jobs = 1; jobs <= 3; jobs++)
            cr_assert_eq(
                run("cd %s && %s analyze --progress=none -j %d -o out%d in", dir, program(), jobs, jobs), 0,
                "%s: %s", what, out);
        cr_expect_eq(run("cd %s && cmp out1/case.db out2/case.db && cmp out1/case.db out3/case.db", dir), 0,
                     "%s: %s", what, out);
        cr_assert_eq(run("%s query --csv %s/out1/case.db \"SELECT b.duplicate_of IS NOT NULL, (SELECT "
                         "count(*) > 0 FROM v_log_span s WHERE s.file_id = b.file_id),"
                         " b.seen = a.seen AND b.seen = b.parsed + b.recovered + b.failed AND b.seen > 0, "
                         "b.state, b.host IS a.host, length(b.sha256)"
                         " FROM v_evidence a, v_evidence b WHERE a.path = 'a.evtx' AND b.path <> a.path\" | "
                         "tail -n 1 | tr -d '\042\015'",
                         program(), dir),
                     0, "%s: %s", what, out);
        char expected[80];
        snprintf(expected, sizeof expected, "%d,%d,1,read,1,64\n", twins[i].copy, twins[i].read);
        cr_expect_str_eq(out, expected, "%s", what);
        cr_expect_eq(run("cd %s && %s verify out1/case.db", dir, program()), 0, "%s: %s", what, out);
    }
}

/* Its last chunk, or a part of it, is gone: what is left reads well, but the log is not whole. */
static const struct {
    const char *what;
    unsigned bytes;
    int code;
    const char *state;
} cuts[] = {{"whole", 4096 + 3 * 65536, 0, "read"},
            {"one byte short", 4096 + 3 * 65536 - 1, 3, "partial"},
            {"one chunk short", 4096 + 2 * 65536, 3, "partial"}};

Test(samples, a_log_that_is_cut_short_is_partial)
{
    for (size_t i = 0; i < LEN(cuts); i++) {
        const char *dir = scratch("cut");
        char path[300];
        cr_assert_eq(run("mkdir %s/in", dir), 0);
        snprintf(path, sizeof path, "%s/in/a.evtx", dir), large_log(path, 3);
        cr_assert_eq(run("truncate -s %u %s", cuts[i].bytes, path), 0);
        cr_expect_eq(run("%s analyze --strict --progress=none -o %s/out %s/in", program(), dir, dir),
                     cuts[i].code, "%s: %s", cuts[i].what, out);
        cr_expect_eq(strstr(out, "partial      1 of 1 file could not be read to the end") != NULL,
                     cuts[i].code == 3, "%s: %s", cuts[i].what, out);
        cr_assert_eq(run("%s query --csv %s/out/case.db \"SELECT state || failed FROM v_evidence\" | tail -n "
                         "1 | tr -d '\042\015'",
                         program(), dir),
                     0);
        cr_expect(str_starts_ci(str_of(out), str_of(cuts[i].state)) && strstr(out, "0\n"), "%s: %s",
                  cuts[i].what, out);
    }
}

/* Descriptors that the program was started with are not the workers': they hold as many files as ever. */
Test(samples, whatever_else_is_open)
{
    const char *dir = scratch("open-files");
    cr_assert_eq(run("bash -c 'for i in {3..40}; do eval \"exec $i</dev/null\"; done; %s analyze --strict -o "
                     "%s/out samples/cases/dirty-hive'",
                     program(), dir),
                 0, "%s", out);
    cr_assert_eq(run("%s query --csv %s/out/case.db \"SELECT count(*) FROM v_evidence WHERE sha256 IS NULL "
                     "OR state <> 'read'\" | tail -n 1",
                     program(), dir),
                 0);
    cr_expect_eq(out[0], '0', "%s", out);
}

/* A rule of the user's own whose query fails when it is run is told on stderr and in the status; the others
 * judge. */
Test(samples, a_rule_that_fails_is_told)
{
    const char *dir = scratch("broken-rule");
    cr_assert_eq(run("mkdir -p %s/kb/rules && sed -e \"0,/SELECT/s//SELECT json_extract('{', '$.a'),/\" "
                     "knowledge/rules/clock_skew.yml > %s/kb/rules/clock_skew.yml",
                     dir, dir),
                 0, "%s", out);
    for (int strict = 0; strict <= 1; strict++) {
        cr_expect_eq(
            run("%s analyze --force %s --knowledge %s/kb -o %s/out samples/cases/credential-storage-policy",
                program(), strict ? "--strict" : "", dir, dir),
            strict ? 3 : 0, "%s", out);
        cr_expect(strstr(out, "1 rule could not be judged to the end")
                      && strstr(out, "confirmed    credential-storage-policy"),
                  "%s", out);
        cr_expect_eq(run("grep -q '\"status\": *\\[\"rule_error\"\\]' %s/out/report.json", dir), 0, "%s",
                     out);
    }
}

/* A rule file that cannot be right is refused before anything is read: exit 2, one line with its file and
 * line. */
static const struct {
    const char *what, *change, *says;
} wrong_rules[] = {
    {"no such function", "0,/SELECT/s//SELECT no_such_function(1),/", "no such function"},
    {"a table that is no view", "0,/v_symptom/s//failure/", "clock_skew.yml:"},
    {"a column too few", "0,/SELECT evidence_id/s//SELECT NULL/", "no column evidence_id"},
    {"no stable cause", "s/^cause: .*/cause: sunspots/", "'sunspots' is none of the stable identifiers"},
    {"no YAML", "1s/^/{/", "clock_skew.yml:"},
};

Test(samples, a_rule_that_cannot_be_right_is_refused)
{
    const char *dir = scratch("wrong-rule");
    cr_assert_eq(run("%s analyze -o %s/case samples/cases/credential-storage-policy && mkdir -p %s/kb/rules",
                     program(), dir, dir),
                 0, "%s", out);
    for (size_t i = 0; i < LEN(wrong_rules); i++) {
        cr_assert_eq(run("sed -e '%s' knowledge/rules/clock_skew.yml > %s/kb/rules/clock_skew.yml && ! cmp "
                         "-s knowledge/rules/clock_skew.yml %s/kb/rules/clock_skew.yml",
                         wrong_rules[i].change, dir, dir),
                     0, "%s", out);
        cr_expect_eq(run("%s analyze --knowledge %s/kb -o %s/out samples/cases/credential-storage-policy",
                         program(), dir, dir),
                     2, "%s: %s", wrong_rules[i].what, out);
        cr_expect(strstr(out, wrong_rules[i].says) && strstr(out, "clock_skew.yml:") && lines() == 1,
                  "%s: %s", wrong_rules[i].what, out);
        cr_expect_eq(run("%s report --knowledge %s/kb -o %s/out %s/case/case.db", program(), dir, dir, dir),
                     2, "%s: %s", wrong_rules[i].what, out);
        cr_expect(strstr(out, wrong_rules[i].says) && lines() == 1, "%s: %s", wrong_rules[i].what, out);
        cr_expect_eq(run("ls %s/out", dir), 2, "%s: %s", wrong_rules[i].what, out);
    }
}

Test(samples, verify_tells_what_changed, .timeout = 300)
{
    static const struct {
        const char *what, *harm;
        int code;
        const char *says;
    } rows[] = {
        {"nothing", "true", 0, "0 changed, 0 missing"},
        {"a byte in a cited record",
         "printf x | dd of=in/Microsoft-Windows-TaskScheduler%4Operational.evtx bs=1 seek=23130 conv=notrunc",
         1, "changed  Microsoft-Windows-TaskScheduler%4Operational.evtx  (read from in/Microsoft-"},
        {"a byte nobody cites", "printf x | dd of=in/SAM bs=1 seek=8000 conv=notrunc", 1,
         "changed  SAM  (read from in/SAM)"},
        {"a file is gone", "rm in/SAM", 3, "missing  SAM  (read from in/SAM)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *dir = scratch("verify");
        cr_assert_eq(
            run("cp -r samples/cases/credential-storage-policy %s/in && cd %s && %s analyze -o out in", dir,
                dir, program()),
            0, "%s", out);
        setenv("HARM", rows[i].harm, 1);
        cr_assert_eq(run("cd %s && sh -c \"$HARM\"", dir), 0, "%s", out);
        cr_expect_eq(run("cd %s && %s verify out/case.db", dir, program()), rows[i].code, "%s: %s",
                     rows[i].what, out);
        cr_expect(strstr(out, rows[i].says), "%s: %s", rows[i].what, out);
    }
}

Test(samples, the_same_knowledge_judges_the_same)
{
    const char *dir = scratch("again");
    cr_assert_eq(run("%s analyze -o %s/out samples/cases/dirty-hive && %s report -o %s/as-it-was "
                     "%s/out/case.db && %s report --knowledge knowledge -o %s/again %s/out/case.db",
                     program(), dir, program(), dir, dir, program(), dir, dir),
                 0, "%s", out);
    cr_expect_eq(
        run("cmp %s/out/report.json %s/as-it-was/report.json && cmp %s/out/report.json %s/again/report.json",
            dir, dir, dir, dir),
        0, "%s", out);
}

/* --- what is shown of the evidence's paths does not depend on where it lies */

/* a/in: SAM and sub/SAM; all others: SAM; c besides: a SYSTEM with a log, and a link to a/in; b: a link to a
 * file. */
static const char tree[] =
    "mkdir -p a/in/sub b/in c 'd/in (2)' e/IN 'f/IN (2)' && for d in a/in a/in/sub b/in c 'd/in (2)' e/IN "
    "'f/IN (2)'; do cp $SAMPLE/SAM \"$d\" || exit 1; done;"
    " cp $SAMPLE/SYSTEM c && echo log > c/SYSTEM.LOG1 && ln -s ../a/in c/link && ln -s in/SAM b/file";

/* at: the folder the user is in; what is shown with a question mark is a link that was not followed. */
static const struct {
    const char *what, *at, *inputs, *shown;
} shown[] = {
    {"a folder", ".", "a/in", "SAM | sub/SAM"},
    {"with a slash behind", ".", "a/in//", "SAM | sub/SAM"},
    {"absolute", ".", "$TREE/a/in", "SAM | sub/SAM"},
    {"round about", ".", "./a/../a/in/.", "SAM | sub/SAM"},
    {"from inside", "a/in", ".", "SAM | sub/SAM"},
    {"from below", "a/in/sub", "..", "SAM | sub/SAM"},
    {"through a link", ".", "c/link", "SAM | sub/SAM"},
    {"a file", ".", "a/in/SAM", "SAM"},
    {"a file here", "a/in", "SAM", "SAM"},
    {"a file here, with its dot", "a/in", "./SAM", "SAM"},
    {"a hive brings its log", ".", "c/SYSTEM", "SYSTEM | SYSTEM.LOG1"},
    {"files of one folder", ".", "c/SAM $TREE/c/SYSTEM", "SAM | SYSTEM | SYSTEM.LOG1"},
    {"files of two folders", ".", "a/in/SAM c/SAM", "c/SAM | in/SAM"},
    {"files of two folders of one name", ".", "a/in/SAM b/in/SAM", "in (2)/SAM | in/SAM"},
    {"a file here and one elsewhere", "a/in", "SAM ../../c/SAM", "c/SAM | in/SAM"},
    {"two folders", ".", "a/in c", "c/SAM | c/SYSTEM | c/SYSTEM.LOG1 | c/link? | in/SAM | in/sub/SAM"},
    {"two folders of one name", ".", "a/in b/in", "in (2)/SAM | in/SAM | in/sub/SAM"},
    {"in the other order", ".", "b/in a/in", "in (2)/SAM | in (2)/sub/SAM | in/SAM"},
    {"spelled in other ways", "b", "$TREE/a/./in/ ../b/in/../in", "in (2)/SAM | in/SAM | in/sub/SAM"},
    {"without a name of their own", "a/in", ". ../../b/in", "in (2)/SAM | in/SAM | in/sub/SAM"},
    {"a name already taken", ".", "a/in b/in 'd/in (2)'",
     "in (2) (2)/SAM | in (2)/SAM | in/SAM | in/sub/SAM"},
    {"names that differ in case only", ".", "b/in e/IN", "IN (2)/SAM | in/SAM"},
    {"a name taken but for the case", ".", "'f/IN (2)' a/in b/in",
     "IN (2)/SAM | in (3)/SAM | in/SAM | in/sub/SAM"},
    {"a name that is not needed", ".", "a/in/SAM b/in", "SAM | in/SAM"},
    {"a folder and a file", ".", "a/in c/SAM", "SAM | in/SAM | in/sub/SAM"},
    {"a link beside", ".", "c/link b", "b/file? | b/in/SAM | link/SAM | link/sub/SAM"},
    {"the same folder again", ".", "a/in ./a/in/ $TREE/a/in", "SAM | sub/SAM"},
    {"a file of it again", ".", "a/in a/in/SAM", "SAM | sub/SAM"},
    {"a folder of it again", ".", "a/in/sub a/in", "in/SAM | in/sub/SAM"},
    {"a link to a file that is given itself", ".", "b b/file", "file | in/SAM"},
    {"a link to a folder that is given itself", ".", "c/SAM c/link", "SAM | link/SAM | link/sub/SAM"},
};

Test(places, what_is_shown, .timeout = 480)
{
    const char *dir = scratch("shown");
    cr_assert_eq(run("export SAMPLE=$PWD/samples/cases/credential-storage-policy; cd %s && %s", dir, tree), 0,
                 "%s", out);
    setenv("TREE", dir, 1);
    for (size_t i = 0; i < LEN(shown); i++) {
        const char *what = shown[i].what;
        cr_assert_eq(run("cd %s/%s && %s analyze --force --progress=none -o %s/out %s", dir, shown[i].at,
                         program(), dir, shown[i].inputs),
                     0, "%s: %s", what, out);
        cr_assert_eq(run("%s query --csv %s/out/case.db \"SELECT group_concat(path || iif(note LIKE "
                         "'symbolic link%%', '?', ''), ' | ') FROM (SELECT path, note FROM v_evidence ORDER "
                         "BY file_id)\" | tail -n 1 | tr -d '\\042\\015\\n'",
                         program(), dir),
                     0);
        cr_expect_str_eq(out, shown[i].shown, "%s: %s", what, out);
        cr_expect_eq(run("cd %s/%s && %s verify %s/out/case.db", dir, shown[i].at, program(), dir), 0,
                     "%s: %s", what, out);
        cr_expect(strstr(out, " 0 changed, 0 missing"), "%s: %s", what, out);
    }
}

/* The case with nothing in the one column that may differ. */
static void forget_places(const char *dir, size_t i)
{
    char from[300], to[300];
    struct casedb *db = NULL, *copy = NULL;
    struct err e = {0};
    snprintf(from, sizeof from, "%s/out%zu/case.db", dir, i),
        snprintf(to, sizeof to, "%s/out%zu/placeless.db", dir, i);
    cr_assert(case_open(from, &db, &e) == OK && case_copy(db, &copy, &e) == OK
                  && case_exec(copy, "UPDATE evidence SET place = ''", &e) == OK
                  && case_save(copy, to, &e) == OK,
              "%s", e.why);
    case_close(copy), case_close(db);
}

static const struct {
    const char *what, *at, *inputs;
} ways[] = {
    {"as it is", "a", "in"},
    {"elsewhere", "b/deeper", "in"},
    {"absolute", "a", "$TREE/b/deeper/in/"},
    {"round about", ".", "./a/../b/deeper/in/."},
    {"from inside", "a/in", "."},
    {"under another name", ".", "c"},
};

Test(places, the_same_reports_wherever_it_lies, .timeout = 300)
{
    const char *dir = scratch("wherever");
    cr_assert_eq(run("mkdir -p %s/a %s/b/deeper && cp -r samples/cases/two-hosts %s/a/in && cp -r "
                     "samples/cases/two-hosts %s/b/deeper/in && cp -r samples/cases/two-hosts %s/c",
                     dir, dir, dir, dir, dir),
                 0, "%s", out);
    setenv("TREE", dir, 1);
    for (size_t i = 0; i < LEN(ways); i++) {
        cr_assert_eq(run("cd %s/%s && %s analyze --progress=none -o %s/out%zu %s", dir, ways[i].at, program(),
                         dir, i, ways[i].inputs),
                     0, "%s: %s", ways[i].what, out);
        forget_places(dir, i);
        cr_expect_eq(run("cd %s && for f in report.html report.md report.json placeless.db; do cmp out0/$f "
                         "out%zu/$f || exit 1; done",
                         dir, i),
                     0, "%s: %s", ways[i].what, out);
        cr_expect_eq(run("cd %s && grep -lF -e %s -e deeper out%zu/report.*", dir, dir, i), 1,
                     "%s: names folders around the evidence: %s", ways[i].what, out);
    }
}

/* Logs and hives of two hosts: files given singly stay with those of their own folder. */
Test(places, files_given_singly_are_those_of_their_folder)
{
    const char *dir = scratch("singly");
    cr_assert_eq(run("for h in WS22 WS23; do mkdir -p %s/$h && for f in samples/cases/two-hosts/$h-*; do cp "
                     "$f %s/$h/${f##*/$h-} || exit 1; done; done",
                     dir, dir),
                 0, "%s", out);
    cr_assert_eq(run("for h in WS22 WS23; do cp samples/cases/dirty-hive/SYSTEM %s/$h/D && cp "
                     "samples/cases/dirty-hive/SYSTEM.LOG1 %s/$h/D.LOG1 || exit 1; done",
                     dir, dir),
                 0, "%s", out);
    cr_assert_eq(run("cd %s && %s analyze -o whole WS22 WS23 && %s analyze -o singly WS23/* %s/WS22/*", dir,
                     program(), program(), dir),
                 0, "%s", out);
    cr_expect_eq(
        run("cd %s && for f in report.html report.md report.json; do cmp whole/$f singly/$f || exit 1; done",
            dir),
        0, "%s", out);
    cr_assert_eq(
        run("%s query --csv %s/singly/case.db \"SELECT group_concat(l.path || ' ' || h.path, ', ') FROM "
            "v_evidence l JOIN v_evidence h ON h.file_id = l.unit WHERE l.path LIKE '%%/D.LOG1'\""
            " | tail -n 1 | tr -d '\\042\\015\\n'",
            program(), dir),
        0, "%s", out);
    cr_expect_str_eq(out, "WS22/D.LOG1 WS22/D, WS23/D.LOG1 WS23/D", "%s", out);
}

/* Older copies are known by the folders in the input, and by those around it however it is named. */
static const struct {
    const char *at, *inputs;
    int older;
} older[] = {
    {".", "x", 1},
    {"x", ".", 1},
    {"x", "Windows.old", 1},
    {"x/Windows.old", ".", 1},
    {"x/Windows.old", "config", 1},
    {".", "x/Windows.old/config", 1},
    {".", "$TREE/x/Windows.old/config/SAM", 1},
    {".", "y/RegBack", 1},
    {"y/RegBack", "SAM", 1},
    {"y", "RegBack/SAM", 1},
    {".", "y/SAM", 0},
    {".", "x y", 1},
    {"x", "Windows.old/config ../y/RegBack", 1},
    {".", "y/HarddiskVolumeShadowCopy3", 1},
};

Test(places, older_copies_are_known, .timeout = 300)
{
    const char *dir = scratch("older");
    cr_assert_eq(run("mkdir -p %s/x/Windows.old/config %s/y/RegBack %s/y/HarddiskVolumeShadowCopy3 && for d "
                     "in x/Windows.old/config y/RegBack y/HarddiskVolumeShadowCopy3 y; do"
                     " cp samples/cases/credential-storage-policy/SAM %s/$d || exit 1; done",
                     dir, dir, dir, dir),
                 0, "%s", out);
    setenv("TREE", dir, 1);
    for (size_t i = 0; i < LEN(older); i++) {
        cr_assert_eq(run("cd %s/%s && %s analyze --force --progress=none -o %s/out %s", dir, older[i].at,
                         program(), dir, older[i].inputs),
                     0, "%s: %s", older[i].inputs, out);
        cr_assert_eq(run("%s query --csv %s/out/case.db \"SELECT min(older) FROM v_evidence WHERE path NOT "
                         "LIKE 'y/SAM'\" | tail -n 1 | tr -d '\\015\\n'",
                         program(), dir),
                     0, "%s", out);
        cr_expect_eq(atoi(out), older[i].older, "%s in %s: %s", older[i].inputs, older[i].at, out);
    }
}

/* verify and show find the evidence where it was given, and when it lies there no more, name it as reports do
 * and where it was looked for. */
static const struct {
    const char *what, *inputs, *then, *at;
    int code;
    const char *verify, *show;
    int show_code;
} again[] = {
    {"from where it was analyzed", "in", "true", ".", 0, " 0 changed, 0 missing", "\nraw bytes\n", 0},
    {"an absolute path, from elsewhere", "$TREE/in", "true", "elsewhere", 0, " 0 changed, 0 missing",
     "\nraw bytes\n", 0},
    {"several, from elsewhere", "$TREE/elsewhere $TREE/in", "true", "elsewhere", 0, " 0 changed, 0 missing",
     "\nraw bytes\n", 0},
    {"a relative path, from elsewhere", "in", "true", "elsewhere", 3,
     "missing  SYSTEM  (read from in/SYSTEM)", "raw bytes: in/", 0},
    {"evidence that was moved", "in", "mv in moved", ".", 3, "missing  SYSTEM  (read from in/SYSTEM)",
     "raw bytes: in/", 0},
    {"one of several moved", "elsewhere $TREE/in", "mv in moved", ".", 3, "missing  in/SYSTEM  (read from /",
     "raw bytes: /", 0},
    {"a case that was moved", "$TREE/in", "mv out in/other && ln -s in/other out", "elsewhere", 0,
     " 0 changed, 0 missing", "\nraw bytes\n", 0},
    {"evidence that was changed since", "in", "for f in in/*; do printf x >> $f; done", ".", 1,
     "changed  SYSTEM", "it has changed, its sha256 is now ", 3},
};

Test(places, evidence_is_found_again, .timeout = 300)
{
    for (size_t i = 0; i < LEN(again); i++) {
        const char *dir = scratch("found"), *what = again[i].what;
        setenv("TREE", dir, 1), setenv("THEN", again[i].then, 1);
        cr_assert_eq(run("mkdir %s/elsewhere && cp samples/cases/credential-storage-policy/SAM %s/elsewhere "
                         "&& cp -r samples/cases/credential-storage-policy %s/in && cd %s &&"
                         " %s analyze --progress=none -o out %s && sh -c \"$THEN\"",
                         dir, dir, dir, dir, program(), again[i].inputs),
                     0, "%s: %s", what, out);
        cr_expect_eq(run("cd %s/%s && %s verify %s/out/case.db", dir, again[i].at, program(), dir),
                     again[i].code, "%s: %s", what, out);
        cr_expect(strstr(out, again[i].verify), "%s: %s", what, out);
        cr_assert_eq(run("%s query --csv %s/out/case.db \"SELECT evidence_id FROM v_citation WHERE "
                         "role='symptom' LIMIT 1\" | tail -n 1 | tr -d '\"\r'",
                         program(), dir),
                     0);
        char id[64];
        cr_assert_eq(sscanf(out, "%63s", id), 1);
        cr_expect_eq(run("cd %s/%s && %s show %s/out/case.db %s", dir, again[i].at, program(), dir, id),
                     again[i].show_code, "%s: %s", what, out);
        cr_expect(strstr(out, again[i].show) && strstr(out, "\n  file         ")
                      && strstr(out, "\n  read from    "),
                  "%s: %s", what, out);
    }
}

/* --- bad input: one clear line, the right code, nothing lost */

#if defined(__SANITIZE_ADDRESS__)
enum { LIMIT_MEMORY = 0 }; /* the sanitizer's own memory would count, so no limit is set */
#else
enum { LIMIT_MEMORY = 5 };
#endif

static const struct {
    const char *name, *make, *args;
    int code;
    const char *says;
} bad[] = {
    {"empty folder", "mkdir in", "-o out in", 4, "no usable evidence"},
    {"text named System.evtx", "mkdir in && echo hello > in/System.evtx", "-o out in", 4, "text"},
    {"what tools printed, alone",
     "mkdir in && printf 'USER INFORMATION\\n----\\n\\nName SID\\n==== ====\\na S-1-5-2\\n' >in/w.txt && "
     "echo '<html gpmc_reportInitialized=\"false\">' >in/g.html",
     "-o out in", 4,
     "none readable as log or hive: 1 HTML report, as gpresult /h writes: not read; gpresult /x FILE writes "
     "what is, "
     "1 text printed by whoami; what a tool printed tells nothing by itself: add a log or a hive of its "
     "host"},
    {"hive named notes.txt", "mkdir in && cp $SAMPLE/SYSTEM in/notes.txt", "-o out in", 0, NULL},
    {"log cut in its second half", "mkdir in && head -c 40000 $SAMPLE/System.evtx > in/System.evtx",
     "-o out in", 0, NULL},
    {"log cut in its header, strict",
     "mkdir in && cp $SAMPLE/SYSTEM in && head -c 3000 $SAMPLE/System.evtx > in/x.evtx", "--strict -o out in",
     3, NULL},
    {"nothing of that name", "true", "-o out in", 2, "in"},
    {"output inside the evidence", "mkdir in && cp $SAMPLE/SYSTEM in", "-o in/out in", 2,
     "inside the evidence"},
    {"output of one letter inside it", "cp $SAMPLE/SYSTEM .", "-o o .", 2, "inside the evidence"},
    {"output is the evidence", "mkdir in && cp $SAMPLE/SYSTEM in", "-o in in", 2, "inside the evidence"},
    {"output folder under a file", "mkdir in && cp $SAMPLE/SYSTEM in && echo x > file", "-o file/out in", 6,
     "file/out"},
    {"case exists already", "mkdir in out && cp $SAMPLE/SYSTEM in && echo old > out/case.db", "-o out in", 2,
     "--force"},
    {"report.html exists already", "mkdir in out && cp $SAMPLE/SYSTEM in && echo old > out/report.html",
     "-o out in", 2, "out/report.html: exists already"},
    {"report.md exists already", "mkdir in out && cp $SAMPLE/SYSTEM in && echo old > out/report.md",
     "-o out in", 2, "out/report.md: exists already"},
    {"report.json exists already", "mkdir in out && cp $SAMPLE/SYSTEM in && ln -s nowhere out/report.json",
     "-o out in", 2, "out/report.json: exists already"},
    {"since behind until", "mkdir in && cp $SAMPLE/SYSTEM in",
     "--since 2026-03-02 --until 2026-03-01 -o out in", 2, "--since lies behind --until"},
    {"unknown option", "mkdir in", "--frobnicate in", 2, "--frobnicate"},
    {"bad time", "mkdir in", "--since yesterday -o out in", 2, "yesterday"},
    {"unknown knowledge folder", "mkdir in && cp $SAMPLE/SYSTEM in", "--knowledge nowhere -o out in", 2,
     "nowhere"},
    {"finding at the bar", "cp -r $SAMPLE in", "--fail-on likely -o out in", 1, NULL},
    {"outcome named", "mkdir in && cp $SAMPLE/SYSTEM in", "--fail-on unexplained,not_covered -o out in", 1,
     NULL},
    {"outcome not named", "cp -r $SAMPLE in", "--fail-on unexplained,not_covered -o out in", 0, NULL},
    {"outcome or finding", "cp -r $SAMPLE in", "--fail-on not_covered,confirmed -o out in", 1, NULL},
    {"no such outcome", "mkdir in && cp $SAMPLE/SYSTEM in", "--fail-on likely,green -o out in", 2,
     "several by comma"},
    {"full disk", "cp -r $SAMPLE in", "FULL 64", 6, "report.html"},
    {"full disk, later", "cp -r $SAMPLE in", "FULL 600", 6, "case.db"},
    {"limit of facts", "cp -r $SAMPLE in", "--limits facts=5 -o out in", 5, NULL},
    {"limit of file size", "cp -r $SAMPLE in", "--limits file-bytes=20k -o out in", 5, NULL},
    {"limit of the run's bytes", "cp -r $SAMPLE in", "--limits run-bytes=100k,facts=1M -o out in", 5, NULL},
    {"limit of memory", "cp -r $SAMPLE in", "--limits memory=1M -o out in", LIMIT_MEMORY, NULL},
    {"no such limit", "mkdir in", "--limits bytes=5 -o out in", 2, "file-bytes"},
    {"limit without a number", "mkdir in", "--limits facts=many -o out in", 2, "facts"},
    {"symbolic link is not followed", "mkdir in && cp $SAMPLE/SYSTEM in && ln -s /etc in/link", "-o out in",
     0, NULL},
};

Test(bad_input, one_line_and_the_right_code, .timeout = 480)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *dir = scratch("bad");
        cr_assert_eq(
            run("export SAMPLE=$PWD/samples/cases/credential-storage-policy; cd %s && %s", dir, bad[i].make),
            0, "%s: %s", bad[i].name, out);
        unsigned blocks = 0; /* of 512 bytes, at most in a file */
        bool full = sscanf(bad[i].args, "FULL %u", &blocks) == 1;
        char limit[32] = "";
        if (full)
            snprintf(limit, sizeof limit, "ulimit -f %u; ", blocks);
        int code = run("cd %s && %s%s analyze %s >stdout", dir, limit, program(),
                       full ? "-o out in" : bad[i].args);
        cr_expect_eq(code, bad[i].code, "%s: exit %d: %s", bad[i].name, code, out);
        cr_expect(!bad[i].says || strstr(out, bad[i].says), "%s says: %s", bad[i].name, out);
        cr_expect(bad[i].code == 0 || bad[i].code == 1 || bad[i].code == 5 || lines() == 1,
                  "%s: one line, not: %s", bad[i].name, out);
        cr_expect_eq(run("grep -q '^limit  ' %s/stdout", dir) == 0, code == 5,
                     "%s: the summary says so when a limit was reached", bad[i].name);
        cr_expect_eq(run("ls -A %s/out 2>/dev/null | grep -v -e '^case.db$' -e '^report[.]'", dir), 1,
                     "%s left behind: %s", bad[i].name, out);
    }
}

/* --since and --until cut everything alike: coverage, counts, first and last seen, failures of logs and of
 * the TaskCache; and every report says so. The sample's log begins on 2 March; its task fails daily from 4 to
 * 6 March, and the TaskCache knows of the last time. */
static const struct {
    const char *window, *files;
    int failures;
    const char *from, *to; /* of v_coverage, System */
} windows[] = {
    {"", "*", 3, "2026-03-01T17:00:01", "2026-03-06T17:35:00"},
    {"--since 2026-03-05", "*", 2, "2026-03-05T00:00:00", "2026-03-06T17:35:00"},
    {"--until 2026-03-05", "*", 1, "2026-03-01T17:00:01", "2026-03-05T00:00:00"},
    {"--since 2026-03-04T09:10:00Z --until 2026-03-04T10:00:00Z", "*", 1, "2026-03-04T09:10:00",
     "2026-03-04T10:00:00"},
    {"--since 2026-03-02 --until 2026-03-03", "*", 0, "2026-03-02T00:00:00", "2026-03-03T00:00:00"},
    {"--since 2026-03-07", "*", 0, "-", "-"},
    {"--until 2026-02-01", "*", 0, "-", "-"},
    {"", "S[OY]*", 1, "-", "-"},
    {"--until 2026-03-05", "S[OY]*", 0, "-", "-"},
    {"--since 2026-03-06", "S[OY]*", 1, "-", "-"},
    {"--since 2026-03-07", "S[OY]*", 0, "-", "-"},
};

/* How exports that pass or list things name it, as regular expressions around the day. */
static const struct {
    const char *format, *end[2][2];
} window_of[] = {
    {"junit", {{"name=.since. value=.", " "}, {"name=.until. value=.", " "}}},
    {"sarif", {{".properties.: .*.since.: .", "T"}, {".properties.: .*.until.: .", "T"}}},
    {"csv --table coverage", {{",.", "T[^,]*,[^,]*$"}, {",[^,]*,.", "T[^,]*$"}}},
};

Test(samples, a_window_cuts_everything_alike, .timeout = 480)
{
    const char *dir = scratch("window");
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        const char *w = windows[i].window;
        cr_assert_eq(
            run("rm -rf %s/in && mkdir %s/in && cp samples/cases/credential-storage-policy/%s %s/in && rm "
                "-f %s/in/%s",
                dir, dir, windows[i].files, dir, dir, windows[i].files[1] ? "*.evtx" : "none"),
            0, "%s", out);
        cr_assert_eq(run("%s analyze --force %s -o %s/out %s/in", program(), w, dir, dir), 0, "%s: %s", w,
                     out);
        cr_expect_eq(!strstr(out, "window       only records"), !*w, "%s: the summary: %s", w, out);
        run("%s query --csv %s/out/case.db \"SELECT (SELECT count(*) FROM v_failure WHERE kind = 'task') || "
            "' ' || "
            "(SELECT coalesce(strftime('%%Y-%%m-%%dT%%H:%%M:%%S', min(from_time) / 10000000 - 11644473600, "
            "'unixepoch'), '-') || ' ' || coalesce(strftime('%%Y-%%m-%%dT%%H:%%M:%%S', max(to_time) / "
            "10000000 - "
            "11644473600, 'unixepoch'), '-') FROM v_coverage WHERE artifact = 'System') AS t\" | tail -n 1 | "
            "tr -d "
            "'\"\r\n'",
            program(), dir);
        char want[128];
        snprintf(want, sizeof want, "%d %s %s", windows[i].failures, windows[i].from, windows[i].to);
        cr_expect_str_eq(out, want, "%s of %s: %s", w, windows[i].files, out);
        cr_expect_eq(
            run("%s query --csv %s/out/case.db \"SELECT count(*) AS n FROM v_event_count, v_time_window "
                "WHERE first_time < since OR last_time > until\" | tail -n 1 | tr -d '\\r' | grep -qx 0",
                program(), dir),
            0, "%s: counts", w);
        cr_expect_eq(
            run("%s query --csv %s/out/case.db \"SELECT count(*) AS n FROM v_finding, v_time_window WHERE "
                "first_seen < since OR last_seen > until\" | tail -n 1 | tr -d '\\r' | grep -qx 0",
                program(), dir),
            0, "%s: first and last seen", w);
        static const char *const dated[][2] = {{"v_success", "time"},
                                               {"v_landmark", "time"},
                                               {"v_boot", "from_time"},
                                               {"v_session", "from_time"}};
        for (size_t k = 0; k < LEN(dated); k++)
            cr_expect_eq(
                run("%s query --csv %s/out/case.db \"SELECT count(*) AS n FROM %s, v_time_window WHERE "
                    "%s < since OR %s > until\" | tail -n 1 | tr -d '\\r' | grep -qx 0",
                    program(), dir, dated[k][0], dated[k][1], dated[k][1]),
                0, "%s: %s", w, dated[k][0]);
        static const char *const known[] = {"v_password_change", "v_task_saved"};
        for (size_t k = 0; k < LEN(known); k++)
            cr_expect_eq(
                run("%s query --csv %s/out/case.db \"SELECT count(*) AS n FROM %s, v_time_window WHERE "
                    "time > until\" | tail -n 1 | tr -d '\\r' | grep -qx 0",
                    program(), dir, known[k]),
                0, "%s: %s", w, known[k]);
        static const char *const reports[] = {"md", "html"};
        for (size_t k = 0; k < 2; k++)
            cr_expect_eq(run("grep -q 'were asked for' %s/out/report.%s", dir, reports[k]) == 0, *w != 0,
                         "%s: %s", w, reports[k]);
        cr_expect_eq(run("grep -q '\"window\": null' %s/out/report.json", dir) != 0, *w != 0, "%s: JSON", w);
        for (size_t k = 0; k < LEN(window_of) * 2; k++) {
            const char *given = strstr(w, k % 2 ? "--until " : "--since "), *const *around = window_of[k / 2]
                                                                                                 .end[k % 2];
            int code = run("%s export %s/out/case.db --format %s | tr -d '\\r' | grep -Eq '%s%.10s%s'",
                           program(), dir, window_of[k / 2].format, around[0],
                           given ? given + strlen("--since ") : "....-..-..", around[1]);
            cr_expect_eq(code == 0, given != NULL, "%s: %s", w, window_of[k / 2].format);
        }
    }
}

/* A hive tells of later, too: a password that was reset behind the window is no cause that is in place in it.
 */
Test(bad_input, a_reset_behind_the_window)
{
    static const struct {
        const char *until;
        bool latent;
    } cases[] = {{"2026-03-02T12:00:00Z", false}, {"2026-03-03T20:00:00Z", true}};
    const char *dir = scratch("until");
    for (size_t i = 0; i < LEN(cases); i++) {
        cr_assert_eq(run("%s analyze --force --until %s -o %s/out samples/cases/task-password-drift",
                         program(), cases[i].until, dir),
                     0, "%s", out);
        cr_expect_eq(strstr(out, "latent       task-password-drift") != NULL, cases[i].latent, "%s: %s",
                     cases[i].until, out);
    }
}

/* Nothing is overwritten without --force: all outputs are looked at before the first is written. */
Test(bad_input, report_overwrites_nothing_unasked)
{
    static const char *const files[] = {"report.html", "report.md", "report.json"};
    const char *dir = scratch("overwrite");
    cr_assert_eq(run("%s analyze -o %s/case samples/cases/healthy-host", program(), dir), 0, "%s", out);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        cr_assert_eq(run("rm -rf %s/out && mkdir %s/out && echo old > %s/out/%s", dir, dir, dir, files[i]),
                     0);
        cr_expect_eq(run("%s report -o %s/out %s/case/case.db", program(), dir, dir), 2, "%s: %s", files[i],
                     out);
        cr_expect(strstr(out, files[i]) && strstr(out, "--force") && lines() == 1, "%s: %s", files[i], out);
        cr_expect_eq(run("test $(ls %s/out | wc -l) = 1 && grep -q old %s/out/%s", dir, dir, files[i]), 0,
                     "%s is as it was, and alone", files[i]);
        cr_expect_eq(run("%s report --force -o %s/out %s/case/case.db && ! grep -qx old %s/out/%s", program(),
                         dir, dir, dir, files[i]),
                     0, "%s: %s", files[i], out);
    }
    cr_expect_eq(run("%s report %s/case/case.db", program(), dir), 2, "the case's own reports stay: %s", out);
    cr_expect_eq(run("%s dump --since 2026-03-02 --until 2026-03-01 samples/cases/healthy-host", program()),
                 2, "%s", out);
}

Test(bad_input, unreadable_file_is_named)
{
    const char *dir = scratch("unreadable");
    cr_assert_eq(run("mkdir -m 755 %s/in && cp samples/cases/credential-storage-policy/SYSTEM "
                     "samples/cases/credential-storage-policy/System.evtx %s/in && chmod 000 "
                     "%s/in/System.evtx && chmod 777 %s",
                     dir, dir, dir, dir),
                 0);
    char as[128] = "";
    if (getuid() == 0) {
        snprintf(as, sizeof as, "setpriv --reuid=65534 --regid=65534 --clear-groups ");
        if (run("%s%s --version", as, program()) != 0)
            cr_skip_test("skipped: cannot run the program as another user here");
    }
    cr_expect_eq(run("%s%s analyze -o %s/out %s/in", as, program(), dir, dir), 0, "%s", out);
    cr_assert_eq(run("%s query --csv %s/out/case.db \"SELECT state, note FROM v_evidence WHERE path LIKE "
                     "'%%System.evtx'\" | tail -n 1",
                     program(), dir),
                 0);
    cr_expect(strstr(out, "unreadable") && strstr(out, "Permission denied"), "%s", out);
    cr_expect_eq(run("%s%s analyze --strict -o %s/out2 %s/in", as, program(), dir, dir), 3, "%s", out);
}

Test(bad_input, old_case_survives_a_killed_run, .timeout = 300)
{
    const char *dir = scratch("killed");
    cr_assert_eq(run("%s analyze -o %s/out samples/cases/healthy-host", program(), dir), 0, "%s", out);
    cr_assert_eq(run("sha256sum %s/out/case.db > %s/before", dir, dir), 0);
    for (int i = 1; i <= 12; i++) {
        run("%s analyze --force -o %s/out samples/cases/two-hosts & sleep 0.0%d; kill -9 $!; wait", program(),
            dir, i * 7 % 10);
        cr_expect_eq(run("%s query %s/out/case.db 'SELECT count(*) FROM v_evidence'", program(), dir), 0,
                     "%s", out);
    }
    cr_expect_eq(run("%s analyze --force -o %s/out samples/cases/healthy-host && sha256sum -c %s/before",
                     program(), dir, dir),
                 0, "%s", out);
}

/* Ctrl-C reaches the program and its workers alike, whatever they are at: one line, 130, and the folder as it
 * was. */
Test(bad_input, an_interrupt_leaves_the_folder_as_it_was, .timeout = 300)
{
    const char *dir = scratch("interrupt");
    unsigned stopped = 0;
    cr_assert_eq(run("%s analyze --stamp old -o %s/out samples/cases/two-hosts && cp -r %s/out %s/old",
                     program(), dir, dir, dir),
                 0, "%s", out);
    for (int i = 0; i < 20; i++) {
        int code = run(
            "cd %s && setsid sh -c 'trap : INT; %s analyze --force --stamp new --progress=none -o out "
            "'$OLDPWD'/samples/cases/two-hosts >stdout & p=$!; sleep 0.%02d; kill -INT -$$; wait $p'",
            dir, program(), i);
        bool said = strcmp(out, "whylogon: interrupted: the run was stopped\n") == 0;
        stopped += said;
        cr_expect(code == 0 || (code == 128 + SIGINT && (said || !out[0])), "%d: %s", code,
                  out); /* silent: before it could listen */
        cr_expect(code == 0 || run("diff -r %s/old %s/out", dir, dir) == 0, "%s", out);
        cr_expect_eq(run("ls -A %s/out | grep -v -e '^case.db$' -e '^report[.]'", dir), 1, "left behind: %s",
                     out);
        cr_assert_eq(run("rm -r %s/out && cp -r %s/old %s/out", dir, dir, dir), 0, "%s", out);
    }
    cr_expect_geq(stopped, 3, "%u", stopped);
}

/* Two runs into one folder: what stands there is of one of them, whoever was first, whoever was turned away.
 */
#ifdef __SANITIZE_ADDRESS__
enum { ROUNDS = 10 };
#else
enum { ROUNDS = 60 };
#endif
Test(bad_input, two_runs_never_mix, .timeout = 960)
{
    const char *dir = scratch("two-runs");
    unsigned turned_away = 0;
    cr_assert_eq(run("mkdir %s/in && cp samples/cases/healthy-host/System.evtx %s/in", dir, dir), 0);
    for (int i = 0; i < ROUNDS; i++) {
        cr_expect_eq(
            run("cd %s && for s in first second; do (%s analyze --force --progress=none --stamp stamp-$s -o "
                "out in "
                ">$s.out 2>&1; echo $? >$s.code) & done; wait; cat first.code second.code | tr '\\n' ' '",
                dir, program()),
            0);
        bool both = strcmp(out, "0 0 ") == 0, one = strcmp(out, "0 6 ") == 0 || strcmp(out, "6 0 ") == 0;
        turned_away += one;
        cr_expect(both || one, "round %d: %s", i, out);
        cr_expect_eq(run("cd %s && for f in report.html report.md report.json case.db; do grep -ao "
                         "'stamp-[a-z]*' out/$f "
                         "| head -1; done | sort -u | wc -l && ls -A out | wc -l",
                         dir),
                     0);
        cr_expect_str_eq(out, "1\n4\n", "round %d", i);
    }
    cr_expect_geq(turned_away, 1, "%u", turned_away);
}

/* A folder behind a link is the user's own; a link at a name that is written is nobody's. */
Test(bad_input, a_folder_behind_a_link)
{
    const char *dir = scratch("behind");
    cr_assert_eq(run("mkdir %s/real && ln -s real %s/link && cp -r samples/cases/healthy-host %s/ticket", dir,
                     dir, dir),
                 0);
    cr_expect_eq(run("%s analyze -o %s/link/out %s/ticket", program(), dir, dir), 0, "%s", out);
    cr_expect_eq(
        run("%s batch -o %s/link/all %s/ticket && test -s %s/real/all/fleet.db", program(), dir, dir, dir), 0,
        "%s", out);
}

/* Nothing is renamed when one name is taken by what cannot be replaced. */
Test(bad_input, all_names_are_looked_at_first)
{
    const char *dir = scratch("names");
    cr_assert_eq(run("%s analyze --stamp old -o %s/out samples/cases/healthy-host && mv %s/out/case.db "
                     "%s/kept && mkdir "
                     "%s/out/case.db && cp -r %s/out %s/was",
                     program(), dir, dir, dir, dir, dir, dir),
                 0, "%s", out);
    cr_expect_eq(run("%s analyze --force --stamp new -o %s/out samples/cases/healthy-host", program(), dir),
                 6, "%s", out);
    cr_expect(lines() == 1 && strstr(out, "case.db is a folder"), "%s", out);
    cr_expect_eq(run("diff -r %s/out %s/was", dir, dir), 0, "%s", out);
}

/* Of many hosts the terminal shows some findings: the surest, whatever their causes are called. */
Test(commands, the_surest_findings_come_first)
{
    static const char *const words[] = {"confirmed", "likely", "possible", "latent", "undetermined"};
    const char *at = scratch("cli-surest");
    cr_assert_eq(
        run("cd samples/cases && %s analyze --progress=none -o %s/out two-hosts healthy-host "
            "update-correlated service-password-drift exit-code-collision missing-hive only-system-log "
            "task-password-drift",
            program(), at),
        0, "%s", out);
    size_t last = 0, n = 0, kinds = 0;
    for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n"))
        for (size_t i = 0; i < LEN(words); i++)
            if (!strncmp(line, words[i], strlen(words[i]))) {
                cr_expect_geq(i, last, "%s stands behind %s", line, words[last]);
                kinds += !n || i != last, last = i, n++;
            }
    cr_expect_eq(n, 20);
    cr_expect_gt(kinds, 1, "one verdict alone");
}

Test(commands, exit_codes)
{
    static const struct {
        const char *args;
        int code;
        const char *says;
    } rows[] = {
        {"--version", 0, "whylogon "},
        {"--help", 0, "analyze"},
        {"help dump", 0, "--since"},
        {"analyze --help", 0, "examples:"},
        {"", 2, "usage"},
        {"frobnicate", 2, "frobnicate"},
        {"explain 0x80070520", 0, "ERROR_NO_SUCH_LOGON_SESSION"},
        {"explain -2147023584", 0, "ERROR_NO_SUCH_LOGON_SESSION"},
        {"explain 2147943726", 0, "ERROR_LOGON_FAILURE"},
        {"explain %%1312", 0, "1312"},
        {"explain STATUS_NO_SUCH_LOGON_SESSION", 0, "0xc000005f"},
        {"explain DenyBatchLogonRight", 0, "SeDenyBatchLogonRight  (logon right, as gpresult shows it)"},
        {"explain --json azureadprt", 0,
         "\"tool_fields\":[\n  {\"name\":\"AzureAdPrt\",\"tool\":\"dsregcmd\""},
        {"explain zebra", 2, "zebra"},
        {"rules list", 0, "credential-storage-policy"},
        {"rules lint", 0, NULL},
        {"rules test", 0, NULL},
        {"query /nonexistent 'SELECT 1'", 2, "/nonexistent"},
        {"dump Makefile", 4, "Makefile"},
        {"dump --id= samples/cases/two-hosts", 2, "--id wants"},
        {"dump --id=4624- samples/cases/two-hosts", 2, "--id wants"},
        {"dump --id=,1 samples/cases/two-hosts", 2, "--id wants"},
        {"dump --id=1-70000 samples/cases/two-hosts", 2, "--id wants"},
        {"inspect samples/cases/healthy-host", 0, "hive"},
        {"show /nonexistent f1:0x1", 2, "/nonexistent"},
        {"verify /nonexistent", 2, "/nonexistent"},
        {"inspect --jail", 0, "seccomp"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int code = run("%s %s", program(), rows[i].args);
        cr_expect_eq(code, rows[i].code, "%s: %d: %.400s", rows[i].args, code, out);
        cr_expect(!rows[i].says || strcasestr(out, rows[i].says), "%s: %.400s", rows[i].args, out);
    }
}

static enum status first_cell(void *ctx, const struct cell *c, const char *const *name, size_t n,
                              struct err *e)
{
    (void)name, (void)n, (void)e;
    snprintf(ctx, 200, "%.*s", STR_ARG(c[0].s));
    return OK;
}

/* What is known of a cause, a rule, a family of codes and a code of which only the name is, in words and as
 * JSON that another reader understands. */
Test(commands, explain_in_words_and_as_json)
{
    static const struct {
        const char *of, *says[3], *sql, *value;
    } rows[] = {
        {"clock-skew",
         {"clock-skew  (cause)\n", "  asked for    1398 ERROR_TIME_SKEW, and others\n",
          "(risk low, reversible: yes; verify: offset below 1 s)\n"},
         "json_extract(?1, '$[0].causes[0].rules[0].codes') || json_extract(?1, "
         "'$[0].causes[0].rules[0].remediation[1].verify') || json_extract(?1, "
         "'$[0].causes[0].rules[0].decides')",
         "[1398,1394]offset below 1 s[\"System\"]"},
        {"CERTIFICATE_BINDING",
         {"certificate-binding  (cause)\n", "  rule         certificate_binding: ",
          "  at most      likely from files alone; what would prove it: "},
         "json_extract(?1, '$[0].causes[0].rules[0].ceiling') || (json_extract(?1, "
         "'$[0].causes[0].rules[0].would_prove') > '')",
         "likely1"},
        {"F7D2A1B3-5c48-4d7f-9e90-6a1b7c3d8e17",
         {"account_unusable  (rule)\n", "  cause        account-unusable\n", "  remedy  "},
         "json_extract(?1, '$[0].rules[0].rule') || json_array_length(?1, '$[0].causes')",
         "account_unusable0"},
        {"logon-type-refused",
         {"logon-type-refused  (codes that say one thing)\n",
          "  codes        1380 ERROR_LOGON_NOT_GRANTED, 1385 ERROR_LOGON_TYPE_NOT_GRANTED\n", "  source  "},
         "json_extract(?1, '$[0].families[0].codes') || json_extract(?1, '$[0].families[0].family')",
         "[1380,1385]logon-type-refused"},
        {"1223",
         {"ERROR_CANCELLED  (Win32 error)\n  only its name is known here", "1223 = 0x4C7", "0x800704C7"},
         "json_extract(?1, '$[0].matches[0].symbol') || json_extract(?1, '$[0].matches[0].hresult.signed')",
         "ERROR_CANCELLED-2147023673"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct casedb *db;
        struct err e = {0};
        char query[500], got[200] = "";
        cr_assert_eq(run("%s explain %s", program(), rows[i].of), 0, "%s", out);
        for (size_t k = 0; k < LEN(rows[i].says); k++)
            cr_expect(strstr(out, rows[i].says[k]), "%s: %s", rows[i].says[k], out);
        cr_assert_eq(run("%s explain --json %s", program(), rows[i].of), 0, "%s", out);
        struct value json = val_s(str_of(out));
        snprintf(query, sizeof query, "SELECT %s", rows[i].sql);
        cr_assert_eq(case_create(NULL, STR("CREATE TABLE none(x)"), &db, &e), OK, "%s", e.why);
        cr_assert_eq(case_query(db, query, &json, (enum col_type[]){COL_TEXT}, 1, first_cell, got, &e), OK,
                     "%s: %s", query, e.why);
        cr_expect_str_eq(got, rows[i].value, "%s: %s", rows[i].of, out);
        case_close(db);
    }
}

/* A hive whose last write was finished may still be damaged: inspect does not call it clean and leave it at
 * that. */
Test(commands, inspect_tells_damage)
{
    const char *dir = scratch("inspect");
    cr_assert_eq(run("cp samples/cases/credential-storage-policy/SYSTEM %s && %s inspect %s/SYSTEM", dir,
                     program(), dir),
                 0);
    cr_expect(strstr(out, " values, clean\n") && !strstr(out, "anomal"), "%s", out);
    cr_assert_eq(run("truncate -s 12000 %s/SYSTEM && %s inspect %s/SYSTEM", dir, program(), dir), 0);
    cr_expect(strstr(out, " values, clean but damaged\n") && strstr(out, "anomalies:\n"), "%s", out);
}

Test(commands, dump_is_the_same_whoever_writes_it)
{
    const char *dir = scratch("dump");
    for (int jobs = 1; jobs <= 3; jobs++)
        cr_assert_eq(run("%s dump -j %d samples/cases/two-hosts > %s/%d", program(), jobs, dir, jobs), 0,
                     "%s", out);
    cr_expect_eq(run("cmp %s/1 %s/2 && cmp %s/1 %s/3", dir, dir, dir, dir), 0, "%s", out);
    cr_assert_eq(run("%s inspect --json samples/cases/healthy-host | sed -n "
                     "'s/.*\"parsed\":\\([0-9]*\\).*/\\1/p' | awk '{s += $1} END {print s}' > %s/n; %s dump "
                     "samples/cases/healthy-host | grep -c record_id | cmp - %s/n",
                     program(), dir, program(), dir),
                 0, "%s", out);
    cr_expect_eq(
        run("%s dump --id 101 samples/cases/credential-storage-policy | grep -vc '\"event_id\":101,'",
            program()),
        1);
    cr_expect(strncmp(out, "0", 1) == 0, "a filter filters: %s", out);
    cr_expect_eq(run("for p in Microsoft-Windows-TaskScheduler Microsoft-Windows-Security-Auditing 'Service "
                     "Control Manager'; do "
                     "%s dump samples/cases | grep -F \"\\\"provider\\\":\\\"$p\\\"\" > %s/n; %s dump "
                     "--provider \"$p\" samples/cases | cmp - %s/n && test -s %s/n || exit 1; done",
                     program(), dir, program(), dir, dir),
                 0, "a provider alone: %s", out);
    cr_expect_eq(run("%s dump samples/cases/credential-storage-policy | head -n 1 >/dev/null", program()), 0);
    cr_expect_str_eq(out, "", "a reader that has had enough is no error: %s", out);
    cr_assert_eq(run("awk 'BEGIN {print \"Windows Registry Editor Version "
                     "5.00\\n\\n[HKEY_LOCAL_MACHINE\\\\SYSTEM\\\\Select]\"; for (i = 0; i < 20000; i++) "
                     "printf \"\\\"v%%d\\\"=dword:00000001\\n\", i}' > %s/long.reg",
                     dir),
                 0, "%s", out);
    cr_expect_eq(run("%s dump %s/long.reg | head -n 1 >/dev/null", program(), dir), 0);
    cr_expect_str_eq(out, "", "nor in the middle of a file: %s", out);
    cr_expect_eq(run("%s dump %s/long.reg >/dev/full", program(), dir), 6, "%s", out);
}

Test(commands, query_refuses_everything_but_reading)
{
    const char *dir = scratch("query");
    cr_assert_eq(run("%s analyze -o %s/out samples/cases/healthy-host", program(), dir), 0, "%s", out);
    static const char *const refused[] = {
        "DELETE FROM v_event",  "SELECT * FROM event",         "PRAGMA user_version=3",
        "ATTACH '/tmp/x' AS x", "SELECT 1; SELECT 2",          "SELECT load_extension('x')",
        "CREATE TABLE t(a)",    "SELECT * FROM sqlite_master", "SELECT writefile('/tmp/x', 'y')"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        cr_expect_eq(run("%s query %s/out/case.db \"%s\"", program(), dir, refused[i]), 2, "%s: %s",
                     refused[i], out);
    cr_expect_eq(run("%s query %s/out/case.db 'SELECT count(*) FROM v_event'", program(), dir), 0, "%s", out);
}

/* --- the public corpus, where it is present: every file listed, nothing lost */

Test(corpus, everything_in_one_run, .timeout = 1200)
{
    if (access("../shared/corpus/MANIFEST.tsv", R_OK) != 0)
        cr_skip_test("skipped: ../shared/corpus is not here");
    const char *dir = scratch("corpus");
    cr_assert_eq(run("%s analyze -o %s/out ../shared/corpus", program(), dir), 0, "%s", out);
    cr_assert_eq(
        run("%s query --csv %s/out/case.db \"SELECT path, sha256 FROM v_evidence ORDER BY path\" > %s/list; "
            "tail -n +2 ../shared/corpus/MANIFEST.tsv | cut -f1,3 |"
            " while IFS='\t' read -r p h; do grep -qF \"$p\\\",\\\"$h\" %s/list || echo \"$p\"; done",
            program(), dir, dir, dir),
        0);
    cr_expect_str_eq(out, "", "not listed with its hash: %s", out);
    cr_assert_eq(run("%s query --csv %s/out/case.db \"SELECT count(*) FROM v_evidence WHERE seen <> parsed + "
                     "recovered + failed\" | tail -n 1",
                     program(), dir),
                 0);
    cr_expect(strncmp(out, "0", 1) == 0, "records unaccounted for in %s files", out);
    static const struct {
        const char *what, *sql;
    } rows[] = {
        {"TaskScheduler names",
         "SELECT count(*) > 0 FROM v_event WHERE provider = 'Microsoft-Windows-TaskScheduler' AND "
         "json_extract(data, '$.TaskName') IS NOT NULL"},
        {"4698 names",
         "SELECT count(*) > 0 FROM v_event WHERE event_id IN (4698, 4702) AND json_extract(data, "
         "'$.TaskName') IS NOT NULL AND json_extract(data, '$.SubjectUserName') IS NOT NULL"},
        {"control sets", "SELECT count(*) >= 3 FROM v_service WHERE service = 'CscService'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_assert_eq(run("%s query --csv %s/out/case.db \"%s\" | tail -n 1", program(), dir, rows[i].sql), 0,
                     "%s", out);
        cr_expect(strncmp(out, "1", 1) == 0, "%s: %s", rows[i].what, out);
    }
}
