/* What enters the case is bounded by the job it came from. This program is its own worker, and that worker
 * lies: what it says of a file is written in the file itself, the rest of the evidence stays as it is. */
#include "base/limits.h"
#include "case/casedb.h"
#include "kb/kb.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include "run/again.h"
#include "run/frame.h"
#include "run/ingest.h"
#include "run/worker.h"
#include "tests/own_main.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- the lying worker. A file begins with the letter of what it passes for, then the job in which the worker
 * lies (enum job_op as a letter from 'a'), then the lie and its argument. */
enum { IS = 0, WHEN = 1, LIE = 2, ARG = 3, HEAD = 4 };

static void send_frame(uint8_t type, const struct buf *body)
{
    struct buf b = {0};
    size_t at = frame_begin(&b, type);
    buf_put(&b, body->p, body->n), frame_end(&b, at);
    plat_child_send(b.p, b.n, NULL);
    buf_free(&b);
}

static void send_fact(const struct fact *f)
{
    struct buf b = {0};
    fact_put(&b, f);
    send_frame(FRAME_FACT, &b);
    buf_free(&b);
}

static struct fact fact_of(enum fact_kind kind, uint8_t file, uint64_t off)
{
    struct fact f = {.kind = kind, .ref = {.file = file, .off = off}};
    for (size_t i = 0; i < FACT_COLS; i++)
        f.v[i] = (struct value){.i = 1, .s = STR("{}")};
    return f;
}

static void send_sniff(char is)
{
    static const enum kind kinds[] = {['E'] = KIND_EVTX,
                                      ['H'] = KIND_HIVE,
                                      ['L'] = KIND_HIVE_LOG,
                                      ['R'] = KIND_REG_TEXT,
                                      ['T'] = KIND_TOOL_TEXT};
    struct buf b = {0};
    struct sniffed s = {.format = "fake"};
    s.kind = (enum kind)((size_t)is < LEN(kinds) ? kinds[(size_t)is] : KIND_UNKNOWN);
    buf_u64le(&b, 0), sniffed_put(&b, &s);
    send_frame(FRAME_SNIFF, &b);
    buf_free(&b);
}

/* A fact whose text is longer than any that fact_put writes. */
static void send_long(enum fact_kind kind, size_t col)
{
    struct fact f = fact_of(kind, 0, 64);
    struct buf b = {0};
    for (size_t i = 0; i < FACT_COLS; i++)
        f.v[i] = val_null();
    fact_put(&b, &f);
    size_t most = fact_descs[kind].col[col].most + 1;
    struct buf whole = {0};
    /* kind, file, offset; one byte for each column that is not there */
    buf_put(&whole, b.p, 10 + col), buf_char(&whole, 1), buf_u32(&whole, (uint32_t)most);
    for (size_t i = 0; i < most; i++)
        buf_char(&whole, 'A');
    buf_put(&whole, b.p + 10 + col + 1, b.n - 10 - col - 1);
    send_frame(FRAME_FACT, &whole);
    buf_free(&b), buf_free(&whole);
}

static void send_done(struct done d)
{
    struct buf b = {0};
    d.what = d.what.p ? d.what : STR(""), d.why = d.why.p ? d.why : STR("");
    done_put(&b, &d);
    send_frame(FRAME_DONE, &b);
    buf_free(&b);
}

static void send_number(enum fact_kind kind, size_t col, int64_t n)
{
    struct fact f = fact_of(kind, 0, 64);
    f.v[col].i = n;
    send_fact(&f);
}

static void lie(char how, char arg)
{
    static char text[LIM_FACT_NAME + 1];
    struct fact f = fact_of(FACT_EVENT, 0, 64);
    switch (how) {
    case 'k': /* a fact of the kind that arg names */ f.kind = (enum fact_kind)(arg - 'a'); break;
    case 'f': f.ref.file = 1; break;
    case 'p': f.ref.off = 1 << 30; break;
    case 'q': f.ref.off = (uint64_t)(LIM_JOB_CHUNKS + 1) * 65536; break; /* another job's part */
    case 'h': f.ref.off = 16; break;                                     /* the header of a log */
    case 't':
        f.ref.off = 5000, send_fact(&f), f.v[EV_IDENTITY].i = 2, f.v[EV_DATA].s = STR("{\"a\":1}");
        break;
    case 'a': f = fact_of(FACT_AUDIT, 0, 64), send_fact(&f); break;
    case 'r': f = fact_of(FACT_REG_VALUE, 0, 64), send_fact(&f), f.v[RV_TEXT].s = STR("other"); break;
    case 'n': send_number(FACT_SPAN, SP_N, INT64_MAX); return;
    case 'm': send_number(FACT_COUNT, CO_N, -1); return;
    case 'o': send_number(FACT_FOLD, FO_LAST_OFF, 1 << 30); return;
    case 'O': send_number(FACT_FOLD, FO_LAST_OFF, -1); return;
    case 'v': send_number(FACT_HIVE, HV_KEYS, INT64_MAX); return;
    case 'l': send_long(FACT_EVENT, EV_COMPUTER); return;
    case 'L': send_long(FACT_EVENT, EV_DATA); return;
    case 'B': send_long(FACT_REG_VALUE, RV_DATA); return;
    case 'd': send_done((struct done){.seen = UINT64_MAX}); return;
    case 'w': memset(text, 'A', sizeof text), send_done((struct done){.why = {text, sizeof text}}); return;
    case 's': send_sniff('E'); return;
    default: return;
    }
    send_fact(&f);
}

/* Has the worker that read this file before not left its mark? Lies that are told once only. */
static bool is_first_time(char arg)
{
    char mark[160];
    snprintf(mark, sizeof mark, "%s-%c", getenv("WHYLOGON_TEST_MARK"), arg);
    int fd = open(mark, O_CREAT | O_EXCL | O_WRONLY, 0600);
    return fd >= 0 && close(fd) == 0;
}

/* What each file truly holds: one event, or one key. A worker that lies about it (A), or dies when it is
 * asked again (K), does so in the first facts it tells. */
static void tell_truth(const struct job_order *j, const char *head)
{
    struct fact event = fact_of(FACT_EVENT, 0, 4200), key = fact_of(FACT_REG_KEY, 0, 16),
                fold = fact_of(FACT_FOLD, 0, 4300);
    bool first = (head[LIE] == 'A' || head[LIE] == 'K') && is_first_time(head[ARG]);
    if (head[LIE] == 'K' && !first)
        raise(SIGKILL);
    event.v[EV_EVENT_ID].i = first ? 4625 : 4624,
    key.v[RK_PATH].s = first ? STR("SYSTEM\\A") : STR("SYSTEM\\B");
    fold.v[FO_LAST_OFF].i = 4400, fold.v[FO_LAST_TIME].i = first ? 7 : 8;
    fold.v[FO_N].i = 2;
    if (j->op == JOB_LOG || j->op == JOB_SCAN)
        send_fact(&fold);
    if (j->op == JOB_LOG || (j->op == JOB_SCAN && j->first == 0))
        send_fact(&event);
    else if (j->op == JOB_HIVE || j->op == JOB_REG_TEXT)
        send_fact(&key);
}

static void do_job(const struct job_order *j, const char *head)
{
    struct buf b = {0};
    struct done d = {.what = STR(""), .why = STR("")};
    if (j->op == JOB_SNIFF)
        send_sniff(head[IS]);
    else if (j->op != JOB_HASH && !j->first)
        tell_truth(j, head);
    if (head[WHEN] == 'a' + j->op && !j->first)
        lie(head[LIE], head[ARG]);
    done_put(&b, &d);
    send_frame(FRAME_DONE, &b);
    buf_free(&b);
}

static int lying_worker(void)
{
    struct buf body = {0}, jail = {0};
    uint8_t type;
    struct err e = {0};
    if (frame_recv(&body, &type, NULL, NULL, &e) != OK || type != FRAME_WANT)
        return 70;
    if (plat_child_copies(&e) != OK)
        return 0;
    buf_u32(&jail, JAIL_ALL), send_frame(FRAME_JAIL, &jail);
    for (;;) {
        plat_file fd[JOB_FILES];
        size_t n = JOB_FILES, got;
        struct job_order j;
        char head[HEAD] = "";
        if (frame_recv(&body, &type, fd, &n, &e) != OK)
            return 0;
        if (type != FRAME_JOB || job_order_get(span_of(body.p, body.n, 0), &j, &e) != OK || n != j.n_files
            || plat_read_at(fd[0], 0, head, HEAD, &got, &e) != OK)
            return 71;
        do_job(&j, head);
        for (size_t i = 0; i < n; i++)
            plat_close(fd[i]);
    }
}

/* --- the parent */

struct run {
    char dir[64];
    struct evidence ev;
    struct kb *kb;
    struct casedb *db;
    struct ingest_result result;
};

/* A log of more than one job is as large as that, and empty. */
static void put_file(const char *dir, const char *name, const char head[HEAD], enum job_op op)
{
    char path[96];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(head, 1, HEAD, f) == HEAD);
    cr_assert_eq(ftruncate(fileno(f), op == JOB_SCAN ? (off_t)(LIM_JOB_CHUNKS + 4) * 65536 : 9000), 0);
    fclose(f);
}

static void begin(struct run *r)
{
    struct err e = {0};
    unsetenv("BXFI_MAP"); /* the test runner's own mark on its children: ours are none of them */
    strcpy(r->dir, "/tmp/whylogon-accept-XXXXXX");
    cr_assert_not_null(mkdtemp(r->dir));
    cr_assert_eq(kb_load(NULL, &r->kb, &e), OK, "%s", e.why);
    cr_assert_eq(case_create(NULL, kb_file(r->kb, "schema.sql"), &r->db, &e), OK, "%s", e.why);
}

static void read_all(struct run *r, unsigned workers)
{
    struct err e = {0};
    cr_assert_eq(discover(&(const char *){r->dir}, 1, NULL, NULL, &r->ev, &e), OK, "%s", e.why);
    cr_expect_eq(ingest(r->db, &(struct want){0}, &r->ev, &(struct ingest_options){.workers = workers},
                        &r->result, &e),
                 OK, "%s %s", e.what, e.why);
}

static void finish(struct run *r)
{
    char path[96];
    for (size_t i = 0; i < r->ev.n; i++)
        snprintf(path, sizeof path, "%s/%.*s", r->dir, STR_ARG(r->ev.file[i].path)), unlink(path);
    case_close(r->db), evidence_free(&r->ev), kb_free(r->kb);
    rmdir(r->dir);
}

static enum status keep_number(void *ctx, const struct cell *c, const char *const *name, size_t n,
                               struct err *e)
{
    (void)name, (void)n, (void)e;
    *(int64_t *)ctx = c[0].i;
    return OK;
}

static int64_t count(struct run *r, const char *sql)
{
    int64_t n = -1;
    struct err e = {0};
    cr_expect_eq(case_query(r->db, sql, NULL, NULL, 0, keep_number, &n, &e), OK, "%s", e.why);
    return n;
}

/* A file in which the worker lies, and how many such. */
struct lies {
    char head[32][HEAD], what[32][80];
    size_t n;
};

static void add_lie(struct lies *l, char is, enum job_op op, char how, char arg, const char *what)
{
    memcpy(l->head[l->n], (char[HEAD]){is, (char)('a' + op), how, arg}, HEAD);
    snprintf(l->what[l->n++], sizeof l->what[0], "%s", what);
}

/* A log before them and a hive behind them hold what they are said to hold: each lie costs its job and its
 * file, those two lose nothing. */
static void expect_refused(const struct lies *l, enum job_op op, unsigned workers)
{
    struct run r = {0};
    char name[24];
    begin(&r);
    put_file(r.dir, "a", (char[HEAD]){'E'}, JOB_LOG), put_file(r.dir, "z", (char[HEAD]){'H'}, JOB_HIVE);
    for (size_t i = 0; i < l->n; i++)
        snprintf(name, sizeof name, "b%02zu", i), put_file(r.dir, name, l->head[i], op);
    read_all(&r, workers);
    cr_expect_eq(r.result.lost_jobs, l->n, "%d of %d jobs lost", (int)r.result.lost_jobs, (int)l->n);
    for (size_t i = 0; i < l->n; i++) {
        char sql[160];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM evidence WHERE path = 'b%02zu' AND %s", i,
                 op == JOB_SNIFF ? "note LIKE 'worker lost%'" : "state = 'partial'");
        cr_expect_eq(count(&r, sql), 1, "%s", l->what[i]);
    }
    cr_expect_eq(count(&r, "SELECT count(*) FROM event WHERE file_id = 1"), 1);
    cr_expect_eq(count(&r, "SELECT count(*) FROM reg_key k JOIN evidence e ON e.id = k.file_id"
                           " WHERE e.path = 'z'"),
                 1);
    cr_expect_eq(count(&r, "SELECT count(*) FROM evidence WHERE state = 'read' AND path IN ('a', 'z')"), 2);
    finish(&r);
}

/* What a file must pass for, so that such a job is made of it. */
static const struct {
    enum job_op op;
    char is;
    const char *what;
    unsigned says;
} ops[] = {{JOB_SNIFF, 'E', "sniffing", 0},
           {JOB_HASH, '?', "hashing", 0},
           {JOB_LOG, 'E', "a log", OF_LOG},
           {JOB_SCAN, 'E', "a part of a log", OF_LOG},
           {JOB_HIVE, 'H', "a hive", OF_HIVE},
           {JOB_REG_TEXT, 'R', "a registry text", OF_HIVE},
           {JOB_TOOL_TEXT, 'T', "a tool's text", OF_TOOL}};

Test(accept, a_job_says_facts_of_its_kinds_only, .timeout = 480)
{
    for (size_t i = 0; i < LEN(ops); i++) {
        struct lies l = {0};
        cr_expect_eq(job_says(ops[i].op), ops[i].says, "%s", ops[i].what);
        for (size_t k = 0; k < FACT_KINDS; k++) {
            char what[80];
            snprintf(what, sizeof what, "%s says %s", ops[i].what, fact_descs[k].table);
            if (!(fact_descs[k].from & ops[i].says))
                add_lie(&l, ops[i].is, ops[i].op, 'k', (char)('a' + k), what);
        }
        cr_assert_gt(l.n, 0);
        expect_refused(&l, ops[i].op, 1 + i % 2);
    }
}

/* What each kind of job might say that it cannot know. */
static const struct {
    enum job_op op;
    char is, how;
    const char *what;
} lies[] = {
    {JOB_SNIFF, 'E', 's', "what a file is, twice"},
    {JOB_LOG, 'E', 'f', "a fact about a file that is not the job's"},
    {JOB_LOG, 'E', 'p', "an event outside of the file"},
    {JOB_LOG, 'E', 't', "two events of one place"},
    {JOB_LOG, 'E', 'n', "more records than bytes"},
    {JOB_LOG, 'E', 'm', "fewer records than none"},
    {JOB_LOG, 'E', 'o', "a fold that ends outside of the file"},
    {JOB_LOG, 'E', 'O', "a fold that ends before the file"},
    {JOB_LOG, 'E', 'l', "a name longer than any"},
    {JOB_LOG, 'E', 'L', "data longer than any"},
    {JOB_LOG, 'E', 'd', "an end with more records than bytes"},
    {JOB_LOG, 'E', 'w', "a reason longer than any"},
    {JOB_SCAN, 'E', 'q', "an event of another part of the log"},
    {JOB_SCAN, 'E', 'h', "an event in the header of the log"},
    {JOB_SCAN, 'E', 't', "two events of one place, in a part"},
    {JOB_HIVE, 'H', 'f', "a fact about a log that the hive has not"},
    {JOB_HIVE, 'H', 'a', "one audit policy twice"},
    {JOB_HIVE, 'H', 'r', "two values of one place"},
    {JOB_HIVE, 'H', 'v', "more keys than bytes"},
    {JOB_HIVE, 'H', 'B', "a value longer than any"},
    {JOB_REG_TEXT, 'R', 'r', "two values of one line"},
};

Test(accept, lies_cost_their_job_only, .timeout = 480)
{
    static const enum job_op all[] = {JOB_SNIFF, JOB_LOG, JOB_SCAN, JOB_HIVE, JOB_REG_TEXT};
    for (size_t k = 0; k < LEN(all); k++)
        for (unsigned workers = 1; workers <= 2; workers++) {
            struct lies l = {0};
            for (size_t i = 0; i < LEN(lies); i++)
                if (lies[i].op == all[k])
                    add_lie(&l, lies[i].is, lies[i].op, lies[i].how, 0, lies[i].what);
            expect_refused(&l, all[k], workers);
        }
}

/* --- what was told once is not there when it is read again */

static const struct {
    const char *what, *file;
    char head[HEAD];
    const char *id, *verdict, *want;
} cites[] = {
    {"an event that is there", "a", {'E'}, "f1:0x1068", "confirmed", "confirmed"},
    {"an event that was another", "b", {'E', 0, 'A', 'b'}, "f2:0x1068", "confirmed", "undetermined"},
    {"a key that was another", "c", {'H', 0, 'A', 'c'}, "f3:0x10", "likely", "undetermined"},
    {"an event that speaks against", "d", {'E', 0, 'A', 'd'}, "f4:0x1068", "ruled_out", "undetermined"},
    {"a reader that dies", "e", {'E', 0, 'K', 'e'}, "f5:0x1068", "confirmed", "likely"},
    {"a place of which nothing was told", "f", {'E'}, "f6:0x1234", "confirmed", "undetermined"},
    {"a file as a whole", "g", {'E'}, "f7:0x0", "confirmed", "confirmed"},
    {"a key that is there", "h", {'R'}, "f8:0x10", "latent", "latent"},
    {"a fold that is there", "i", {'E'}, "f9:0x10cc", "confirmed", "confirmed"},
    {"its last record", "j", {'E'}, "f10:0x1130", "confirmed", "confirmed"},
    {"a fold whose first record is as told", "k", {'E', 0, 'A', 'k'}, "f11:0x10cc", "confirmed", "confirmed"},
    {"its last record was told otherwise",
     "l",
     {'E', 0, 'A', 'l'},
     "f12:0x1130",
     "confirmed",
     "undetermined"},
};

static void cite(struct run *r, size_t i)
{
    int64_t file, off;
    char sql[400];
    struct err e = {0};
    cr_assert(case_place(str_of(cites[i].id), &file, &off) && file == (int64_t)i + 1, "%s", cites[i].what);
    snprintf(sql, sizeof sql,
             "INSERT INTO finding(id, cause, verdict) VALUES(%d, 'x', '%s');"
             "INSERT INTO citation(finding, role, ord, evidence_id, file_id, file_off)"
             " VALUES(%d, 'cause', 0, '%s', %d, %d)",
             (int)i + 1, cites[i].verdict, (int)i + 1, cites[i].id, (int)file, (int)off);
    cr_assert_eq(case_exec(r->db, sql, &e), OK, "%s", e.why);
}

Test(accept, what_is_not_there_again_proves_nothing, .timeout = 480)
{
    struct run r = {0};
    struct err e = {0};
    unsigned jail = JAIL_ALL;
    char mark[96], sql[160];
    begin(&r);
    snprintf(mark, sizeof mark, "%s-mark", r.dir), setenv("WHYLOGON_TEST_MARK", mark, 1);
    for (size_t i = 0; i < LEN(cites); i++)
        put_file(r.dir, cites[i].file, cites[i].head, JOB_LOG);
    read_all(&r, 2);
    cr_expect_eq(r.result.lost_jobs, 0);
    for (size_t i = 0; i < LEN(cites); i++)
        cite(&r, i);
    cr_assert_eq(
        again(r.db, &r.ev, &(struct again_options){.want = &(struct want){0}, .workers = 2}, &jail, &e), OK,
        "%s: %s", e.what, e.why);
    for (size_t i = 0; i < LEN(cites); i++) {
        bool lowered = strcmp(cites[i].want, cites[i].verdict) != 0;
        snprintf(sql, sizeof sql, "SELECT count(*) FROM finding WHERE id = %d AND verdict = '%s'", (int)i + 1,
                 cites[i].want);
        cr_expect_eq(count(&r, sql), 1, "%s", cites[i].what);
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM finding_unknown WHERE finding = %d AND artifact = '%s'", (int)i + 1,
                 cites[i].file);
        cr_expect_eq(count(&r, sql), lowered, "%s: what to collect", cites[i].what);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM evidence WHERE id = %d AND state = 'partial'",
                 (int)i + 1);
        cr_expect_eq(count(&r, sql), strcmp(cites[i].want, "undetermined") == 0, "%s: its file",
                     cites[i].what);
        snprintf(sql, sizeof sql, "%s-%c", mark, cites[i].head[ARG]), unlink(sql);
    }
    finish(&r);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--worker") == 0)
        return lying_worker();
    return run_tests(argc, argv);
}
