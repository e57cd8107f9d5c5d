/* Each of --limits: reaching it keeps what was read, marks the file partial and ends with 5; without it the
 * same evidence is read whole. For limits of time this program is its own worker (--worker), which never
 * answers. The binary comes from $WHYLOGON (tests/run.sh sets it). */
#include "case/casedb.h"
#include "run/discover.h"
#include "run/frame.h"
#include "run/ingest.h"
#include "kb/kb.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include "run/worker.h"
#include "tests/build.h"
#include "tests/own_main.h"
#include "tests/shell.h"
#include <unistd.h>

static const char *dir;
static char in[220];

static void fresh(const char *name) { dir = scratch_in("limits", name, in, sizeof in); }

/* --- evidence: five records, or a few keys */

static void put(const char *name, struct buf *b) { write_file(in, name, b), buf_free(b); }

static void some_events(struct evtx *log, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        ev(log, utc("2026-03-02T09:10:00Z") + i, "Microsoft-Windows-TaskScheduler", 101,
           S("TaskName", "\\Backup"), U32("ResultCode", 2147943712), END);
}
static void log_of_five(void)
{
    struct evtx log = {.computer = "PC1", .channel = "Microsoft-Windows-TaskScheduler/Operational"};
    struct buf b = {0};
    some_events(&log, 5), evtx_end(&log, &b), put("log", &b);
}
/* Two records in the first part of a large log and three in its second. */
static void log_in_parts(void)
{
    enum { SLOT = 65536, AT = 520 };
    struct evtx log = {.computer = "PC1", .channel = "Microsoft-Windows-TaskScheduler/Operational"};
    struct buf b = {0};
    some_events(&log, 2), evtx_next_chunk(&log), some_events(&log, 3), evtx_end(&log, &b);
    cr_assert(b.n == 4096 + 2 * SLOT && buf_room(&b, AT * SLOT));
    memset(b.p + b.n, 0, AT * SLOT - SLOT);
    memcpy(b.p + 4096 + AT * SLOT, b.p + 4096 + SLOT, SLOT), memset(b.p + 4096 + SLOT, 0, SLOT);
    b.n = 4096 + (AT + 1) * SLOT;
    put("log", &b);
}
static void deep_log(void)
{
    struct evtx log = {.computer = "PC1", .channel = "System"};
    struct buf b = {0};
    some_events(&log, 4);
    ev(&log, utc("2026-03-02T09:10:00Z"), "Text", 1, PLAIN, DEEP(40), S("s", "t"), END);
    evtx_end(&log, &b), put("log", &b);
}
static void system_hive(void)
{
    struct hive h = {.name = "SYSTEM", .now = utc("2026-03-01T08:00:00Z")};
    struct buf b = {0};
    reg(&h, "Select", DW("Current", 1), END);
    reg(&h, "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", 1), DW("LmCompatibilityLevel", 3), END);
    reg(&h, "ControlSet001\\Control\\ComputerName\\ComputerName", SZ("ComputerName", "PC1"), END);
    reg(&h, "ControlSet001\\Services\\CscService", DW("Start", 2), END);
    hive_write(&h, &b), hive_free(&h), put("SYSTEM", &b);
}
static void reg_text(void)
{
    struct buf b = {0};
    buf_z(&b,
          "Windows Registry Editor Version "
          "5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Lsa]"
          "\r\n\"disabledomaincreds\"=dword:00000001\r\n"
          "\"LmCompatibilityLevel\"=dword:00000003\r\n\r\n[HKEY_LOCAL_"
          "MACHINE\\SYSTEM\\CurrentControlSet\\Services\\CscService]\r\n\"Start\"=dword:00000004\r\n\r\n");
    put("lsa.reg", &b);
}

#define RECORDS "SELECT sum(parsed) FROM v_evidence"
#define FACTS   "SELECT count(*) FROM v_event"
#define LSA                                                                                   \
    "SELECT count(*) FROM v_reg WHERE path LIKE '%\\Lsa' AND name IN ('disabledomaincreds', " \
    "'LmCompatibilityLevel')"
static const struct {
    const char *name;
    void (*make)(void);
    const char *limits;
    const char *sql;
    int kept, whole;
    const char *says;
} rows[] = {
    {"records", log_of_five, "records=3", RECORDS, 3, 5, "more records"},
    {"records, as many as there are", log_of_five, "records=5", RECORDS, 5, 5, NULL},
    {"records of a log in parts", log_in_parts, "records=2", RECORDS, 2, 5, "more records"},
    {"records of a log in parts, inside the second", log_in_parts, "records=4", RECORDS, 5, 5, NULL},
    {"keys and values", system_hive, "records=1", LSA, 0, 2, "more keys and values"},
    {"keys and values of a text", reg_text, "records=2", LSA, 1, 2, "more keys and values"},
    {"facts", log_of_five, "facts=2", FACTS, 2, 5, "more facts"},
    {"facts of a log in parts", log_in_parts, "facts=3", FACTS, 2, 5,
     "more facts"}, /* the third is the first part's count */
    {"depth of binary XML", deep_log, "xml-depth=20", RECORDS, 4, 5, "nests deeper"},
    {"depth of keys", system_hive, "key-depth=2", LSA, 0, 2, "nest deeper"},
    {"depth of keys in a text", reg_text, "key-depth=2", LSA, 0, 2, "nest deeper"},
    {"bytes of a file", log_of_five, "file-bytes=60k", RECORDS, 0, 5, NULL},
    {"bytes of the run", log_of_five, "run-bytes=60k", RECORDS, 0, 5, NULL},
};

static int ask(const char *sql)
{
    setenv("SQL", sql, 1);
    cr_assert_eq(run("%s query --csv %s/out/case.db \"$SQL\" | tail -n 1 | tr -d '\\r\"'", program(), dir), 0,
                 "%s", out);
    return atoi(out);
}

Test(limits, each_keeps_what_was_read, .timeout = 480)
{
    for (size_t i = 0; i < LEN(rows); i++) {
        fresh("each");
        rows[i].make();
        bool reached = rows[i].kept != rows[i].whole || rows[i].says;
        for (int jobs = 1; jobs <= 2; jobs++) {
            int code = run("%s analyze --force --progress=none -j %d --limits %s -o %s/out %s", program(),
                           jobs, rows[i].limits, dir, in);
            cr_expect_eq(code, reached ? 5 : 0, "%s: exit %d: %s", rows[i].name, code, out);
            cr_expect_eq(ask(rows[i].sql), rows[i].kept, "%s: kept %s", rows[i].name, out);
            cr_expect(!rows[i].says || ask("SELECT count(*) FROM v_evidence WHERE state = 'partial'") == 1,
                      "%s: marked partial", rows[i].name);
            if (rows[i].says) {
                run("%s query --csv %s/out/case.db 'SELECT note FROM v_evidence'", program(), dir);
                cr_expect(strstr(out, rows[i].says), "%s: %s", rows[i].name, out);
                cr_expect_eq(run("grep -q '\"limit\"' %s/out/report.json", dir), 0, "%s: the report says so",
                             rows[i].name);
            }
        }
        int code = run("%s analyze --force --progress=none -o %s/out %s", program(), dir, in);
        cr_expect_eq(code, 0, "%s: whole: exit %d: %s", rows[i].name, code, out);
        cr_expect_eq(ask(rows[i].sql), rows[i].whole, "%s: whole: %s", rows[i].name, out);
    }
    cr_expect_eq(run("rm -rf %s", dir), 0);
}

Test(limits, what_is_no_limit)
{
    static const struct {
        const char *text;
        bool good;
    } words[] = {
        {"records=1", true},
        {"records=0", false},
        {"records", false},
        {"xml-depth=512", true},
        {"xml-depth=513", false},
        {"xml-depth=1k", false},
        {"key-depth=512", true},
        {"key-depth=513", false},
        {"memory=1G,facts=7", true},
        {"memory=1G,,facts=7", false},
        {"facts=-1", false},
        {"facts=9999999T", false},
        {"", true},
    };
    for (size_t i = 0; i < LEN(words); i++) {
        struct run_limits l = run_limits_default();
        cr_expect_eq(run_limits_parse(words[i].text, &l, NULL) == OK, words[i].good, "%s", words[i].text);
    }
}

/* --- time: a worker that takes a file and is never heard of again */

static int deaf_worker(void)
{
    struct buf b = {0};
    uint8_t type;
    struct err e = {0};
    if (frame_recv(&b, &type, NULL, NULL, &e) != OK)
        return 70;
    if (plat_child_copies(&e) != OK)
        return 0;
    b.n = 0;
    size_t at = frame_begin(&b, FRAME_JAIL);
    buf_u32(&b, JAIL_ALL);
    frame_end(&b, at);
    frame_send(&b, &e);
    while (frame_recv(&b, &type, NULL, NULL, &e) == OK)
        ;
    buf_free(&b);
    return 0;
}

static enum status number(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)n, (void)e;
    *(int64_t *)ctx = c[0].i;
    return OK;
}

Test(limits, time, .timeout = 300)
{
    static const struct {
        const char *limits, *note;
    } times[] = {{"file-seconds=1", "%longer than --limits allows for one file%"},
                 {"run-seconds=1", "%run-seconds%"}};
    /* the test runner's own mark on its children: ours are none of them */
    unsetenv("BXFI_MAP");
    for (size_t i = 0; i < LEN(times); i++) {
        struct evidence evidence;
        struct kb *kb = NULL;
        struct casedb *db = NULL;
        struct ingest_result r;
        struct err e = {0};
        struct want want = {0};
        struct ingest_options o = {.workers = 1, .limits = run_limits_default()};
        int64_t found = 0;
        fresh("time");
        log_of_five();
        const char *path = in;
        cr_assert_eq(run_limits_parse(times[i].limits, &o.limits, &e), OK, "%s", e.why);
        cr_assert(kb_load(NULL, &kb, &e) == OK && case_create(NULL, kb_file(kb, "schema.sql"), &db, &e) == OK
                      && discover(&path, 1, NULL, NULL, &evidence, &e) == OK,
                  "%s", e.why);
        cr_expect_eq(ingest(db, &want, &evidence, &o, &r, &e), OK, "%s: %s %s", times[i].limits, e.what,
                     e.why);
        cr_expect(r.limit, "%s", times[i].limits);
        struct value note = val_s(str_of(times[i].note));
        cr_assert_eq(
            case_query(
                db, "SELECT count(*) FROM evidence WHERE state IN ('unreadable', 'partial') AND note LIKE ?1",
                &note, (enum col_type[]){COL_TEXT}, 1, number, &found, &e),
            OK);
        cr_expect_eq(found, 1, "%s", times[i].limits);
        case_close(db), evidence_free(&evidence), kb_free(kb);
    }
    cr_expect_eq(run("rm -rf %s", dir), 0);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--worker") == 0)
        return deaf_worker();
    return run_tests(argc, argv);
}
