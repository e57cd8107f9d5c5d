/* The parent against workers that die, hang up, lie and garble: each costs its job, the rest of the evidence
 * is read. This program is its own worker: the parent under test starts /proc/self/exe with --worker. */
#include "base/lanes.h"
#include "case/casedb.h"
#include "run/frame.h"
#include "run/ingest.h"
#include "run/original.h"
#include "run/plan.h"
#include "kb/kb.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include "run/worker.h"
#include "tests/own_main.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef TAKES_OPEN_FILES /* a file may be renamed, replaced and removed while somebody reads it */
#define TAKES_OPEN_FILES (void)0
#define STARTS_AT_ONCE   (void)0 /* a worker is there in much less than a second */
#endif

#ifndef SERVES_MANY /* a process may be copied */
#include <sys/wait.h>
#define SERVES_MANY  (void)0
#define NONE_IS_LEFT (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
#else
#define NONE_IS_LEFT true
#endif

/* --- the worker in the real one's stead. What it does is written in the file it is given: byte 8 of an event
 * log's header. */

static struct buf frame;

static void send_frame(uint8_t type, const void *body, size_t n, uint32_t claim)
{
    frame.n = 0;
    buf_u32(&frame, claim ? claim : (uint32_t)n + 1), buf_char(&frame, (char)type), buf_put(&frame, body, n);
    plat_child_send(frame.p, frame.n, NULL);
}

static void send_sniff(char first)
{
    struct buf b = {0};
    struct sniffed is = {.format = "fake"};
    is.kind = first == 'E'   ? KIND_EVTX
              : first == 'H' ? KIND_HIVE
              : first == 'L' ? KIND_HIVE_LOG
                             : KIND_UNKNOWN;
    buf_u64le(&b, 0), sniffed_put(&b, &is);
    send_frame(FRAME_SNIFF, b.p, b.n, 0);
    buf_free(&b);
}

static void send_event(const char *computer, uint8_t file)
{
    struct fact f = {.kind = FACT_EVENT, .ref = {.file = file, .off = 5120}};
    for (size_t i = 0; i < FACT_COLS; i++)
        f.v[i] = val_null();
    f.v[EV_COMPUTER] = val_s(str_of(computer)), f.v[EV_PROVIDER] = val_s(STR("P")),
    f.v[EV_EVENT_ID] = val_i(1), f.v[EV_TIME] = val_i(134169162111234567);
    f.v[EV_IDENTITY] = val_i((int64_t)str_hash(str_of(computer))), f.v[EV_RECORD_ID] = val_i(1),
    f.v[EV_DATA] = val_s(STR("{}"));
    struct buf b = {0};
    fact_put(&b, &f);
    send_frame(FRAME_FACT, b.p, b.n, 0);
    buf_free(&b);
}

static void send_hive(void)
{
    struct fact f = {.kind = FACT_HIVE};
    struct buf b = {0};
    fact_put(&b, &f);
    send_frame(FRAME_FACT, b.p, b.n, 0);
    buf_free(&b);
}

static void send_done(uint64_t parsed, bool hash)
{
    struct buf b = {0};
    struct done d = {.seen = parsed, .parsed = parsed, .has_hash = hash, .what = STR(""), .why = STR("")};
    done_put(&b, &d);
    send_frame(FRAME_DONE, b.p, b.n, 0);
    buf_free(&b);
}

static void send_events(size_t n, size_t bytes)
{
    char *data = malloc(bytes), name[32];
    for (size_t i = 0; data && i < n; i++) {
        memset(data, 'x', bytes), memcpy(data, "{\"a\":\"", 6), memcpy(data + bytes - 2, "\"}", 2);
        snprintf(name, sizeof name, "event-%zu", i);
        struct fact f = {.kind = FACT_EVENT, .ref = {.off = 6144 + 64 * (i % 900)}};
        for (size_t c = 0; c < FACT_COLS; c++)
            f.v[c] = val_null();
        f.v[EV_COMPUTER] = val_s(str_of(name)), f.v[EV_PROVIDER] = val_s(STR("P"));
        f.v[EV_EVENT_ID] = val_i(1), f.v[EV_TIME] = val_i(134169162111234567);
        f.v[EV_IDENTITY] = val_i((int64_t)(str_hash(str_of(name)) ^ (uint64_t)getpid())),
        f.v[EV_RECORD_ID] = val_i(1);
        f.v[EV_DATA] = val_s((struct str){data, bytes});
        struct buf b = {0};
        fact_put(&b, &f);
        send_frame(FRAME_FACT, b.p, b.n, 0);
        buf_free(&b);
    }
    free(data);
}

static void misbehave(char how)
{
    switch (how) {
    case 'k':
        send_event("before-the-end", 0);
        raise(SIGKILL);
        break;
    case 'x': _exit(3);
    case 'l': send_frame(FRAME_FACT, "abc", 3, 0x7fffffff); break; /* a length beyond every limit */
    case 'z': send_frame(FRAME_FACT, "abc", 3, 0); break;          /* not a fact */
    case 't': send_frame('?', "abc", 3, 0); break;
    case 'f': send_event("wrong-file", 2); break; /* cites a file the job has not */
    case 's': send_sniff('E'); break;             /* a sniff reply to a read job */
    case 'd': send_frame(FRAME_DONE, "abc", 3, 0); break;
    case 'u': usleep(300000); break;
    case 'U': usleep(1500000); break;
    case 'M': send_events(30, 200000); break;     /* as much as it may */
    case 'F': send_events(100000, 200000); break; /* without end */
    case 'P': send_frame(FRAME_PROGRESS, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 0); break;
    case 'D': send_done(UINT64_MAX, false); break;
    case 'L': send_frame(FRAME_DONE, NULL, 0, 1 << 20); break;
    default: break;
    }
}

/* Names do not travel to workers: this one looks where the file it was handed lies. */
static void name_of(plat_file f, char *name, size_t cap)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", (int)f);
    ssize_t n = readlink(path, name, cap - 1);
    if (n <= 0)
        _exit(70);
    name[n] = 0;
}

/* Dies of the first hash it is asked for in a run, or of each; sleeps over each, or over what it is to hash
 * with others. */
static void die_of_hash(plat_file f, char how, size_t n)
{
    char name[256], mark[280];
    name_of(f, name, sizeof name), snprintf(mark, sizeof mark, "%s.died", name);
    int fd = how == 'h' ? open(mark, O_CREAT | O_EXCL | O_WRONLY, 0600) : -1;
    if (how == 'H' || fd >= 0)
        raise(SIGKILL);
    if (how == 'T' && n > 1) { /* a byte for each time */
        snprintf(mark, sizeof mark, "%s.together", name);
        int together = open(mark, O_CREAT | O_APPEND | O_WRONLY, 0600);
        if (together < 0 || write(together, "", 1) != 1)
            _exit(70);
    }
    if (how == 'S' || (how == 'T' && n > 1))
        pause();
    if (how == 'h')
        unlink(mark);
}

/* The file grows as soon as it has been looked at, or is gone. */
static void change(plat_file f, char how)
{
    char name[256];
    name_of(f, name, sizeof name);
    int fd = how == 'c' ? open(name, O_WRONLY | O_APPEND) : -1;
    if (how == 'r' || how == 'y') { /* another file of that size comes in its place, or a link to one */
        char from[300];
        static char other[70000] = "ElfFile";
        struct stat s;
        if (stat(name, &s) != 0)
            _exit(70);
        snprintf(from, sizeof from, "%s.other", name);
        int made = open(from, O_WRONLY | O_CREAT, 0600);
        if (write(made, other, (unsigned)s.st_size) != s.st_size || close(made) != 0
            || (how == 'r' ? rename(from, name) : unlink(name) || symlink(from, name)))
            _exit(70);
        return;
    }
    if (how == 'c' ? fd < 0 || write(fd, "x", 1) != 1 || close(fd) != 0 : unlink(name) != 0)
        _exit(70);
}

static int fake_worker(void)
{
    size_t jobs = 0; /* of this process */
    bool has_read = false;
    for (bool first = true;; first = false) {
        uint8_t head[FRAME_HEAD], body[1 << 16];
        plat_file fd[JOB_FILES];
        size_t n = JOB_FILES, got;
        struct err e = {0};
        struct job_order j;
        if (plat_child_recv(head, sizeof head, fd, &n, &e) != OK || le32(head) - 1 > sizeof body
            || plat_child_recv(body, le32(head) - 1, NULL, NULL, &e) != OK)
            return 0;
        if (first) {
            if (plat_child_copies(&e) != OK)
                return 0;
            send_frame(FRAME_JAIL, (uint8_t[]){JAIL_ALL & 0xff, JAIL_ALL >> 8, 0, 0}, 4, 0);
            continue;
        }
        char text[9] = "";
        if (job_order_get(span_of(body, le32(head) - 1, 0), &j, &e) != OK
            || plat_read_at(fd[0], 0, text, 9, &got, &e) != OK)
            return 1;
        bool reads = j.op != JOB_SNIFF && j.op != JOB_HASH;
        if (has_read || (reads && jobs))
            send_event("served another file before", 0);
        jobs++, has_read |= reads;
        if (j.op == JOB_SNIFF && text[8] == 'w')
            raise(SIGKILL);
        if (j.op == JOB_SNIFF && text[8] == 'p')
            pause();
        if (j.op == JOB_SNIFF && strchr("cvry", text[8]) && text[8])
            change(fd[0], text[8]);
        if (j.op == JOB_SNIFF) {
            send_sniff(text[0]);
        } else if (j.op == JOB_HASH) {
            for (size_t i = 0; i < n; i++)
                if (plat_read_at(fd[i], 0, text, 9, &got, &e) == OK)
                    send_frame(FRAME_PROGRESS, &j.bytes[i], 8, 0), die_of_hash(fd[i], text[8], n);
        } else {
            misbehave(text[8]);
            if (j.op == JOB_HIVE)
                send_hive();
            else
                send_event(text[8] == 'g' ? "good" : "after", 0);
        }
        send_done(j.op == JOB_LOG, text[8] == 'n' || (j.op == JOB_HASH && text[8] == 'i'));
        for (size_t i = 0; i < n; i++)
            plat_close(fd[i]);
    }
}

/* --- the test */

static enum status count_cb(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)n, (void)e;
    *(int64_t *)ctx = c[0].i;
    return OK;
}

static int64_t count(struct casedb *db, const char *sql)
{
    int64_t v = -1;
    struct err e = {0};
    cr_expect_eq(case_query(db, sql, NULL, NULL, 0, count_cb, &v, &e), OK, "%s", e.why);
    return v;
}

/* Its first byte says what it is: E a log, H a hive, L a hive's log. */
static void put_kind(const char *dir, const char *name, char kind, char how, size_t n)
{
    static char text[600000] = "ElfFile";
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    text[0] = kind, text[8] = how;
    FILE *f = fopen(path, "wb");
    cr_assert_not_null(f);
    cr_assert_eq(fwrite(text, 1, n, f), n);
    fclose(f);
}

static void put_bytes(const char *dir, const char *name, char how, size_t n)
{
    put_kind(dir, name, 'E', how, n);
}
static void put_file(const char *dir, const char *name, char how) { put_bytes(dir, name, how, 70000); }

struct run {
    char dir[64];
    struct evidence ev;
    struct kb *kb;
    struct casedb *db;
    struct ingest_result result;
};

static void begin(struct run *r)
{
    struct err e = {0};
    unsetenv("BXFI_MAP"); /* the test runner's own mark on its children: ours are none of them */
    strcpy(r->dir, "/tmp/whylogon-ingest-XXXXXX");
    cr_assert_not_null(mkdtemp(r->dir));
    cr_assert_eq(kb_load(NULL, &r->kb, &e), OK, "%s", e.why);
    cr_assert_eq(case_create(NULL, kb_file(r->kb, "schema.sql"), &r->db, &e), OK, "%s", e.why);
}

static void read_with(struct run *r, const struct ingest_options *o)
{
    struct err e = {0};
    cr_assert_eq(discover(&(const char *){r->dir}, 1, NULL, NULL, &r->ev, &e), OK, "%s", e.why);
    cr_expect_eq(ingest(r->db, &(struct want){0}, &r->ev, o, &r->result, &e), OK, "%s %s", e.what, e.why);
}

static void read_all(struct run *r, unsigned workers)
{
    read_with(r, &(struct ingest_options){.workers = workers});
}

static const char *const names[] = {"a", "b", "c", "a.LOG1", "a.LOG2", "b.LOG1"};

static void finish(struct run *r)
{
    char path[80];
    case_close(r->db), evidence_free(&r->ev), kb_free(r->kb);
    for (size_t i = 0; i < LEN(names); i++)
        snprintf(path, sizeof path, "%s/%s", r->dir, names[i]), unlink(path);
    rmdir(r->dir);
}

static const struct {
    char how;
    const char *what;
    int64_t events;
} rows[] = {
    {'k', "killed in the middle: what it sent stays", 1},
    {'x', "exits", 0},
    {'l', "frame longer than the limit", 0},
    {'z', "malformed fact", 0},
    {'t', "unknown frame type", 0},
    {'f', "fact about a file that is not the job's", 0},
    {'s', "reply of another kind of job", 0},
    {'d', "malformed end", 0},
    {'D', "more records than there are bytes", 0},
    {'L', "an end as long as a fact may be", 0},
    {'P', "progress in what is not hashed", 0},
};

Test(ingest, bad_workers_cost_their_job_only, .timeout = 300)
{
    for (size_t i = 0; i < LEN(rows); i++)
        for (unsigned workers = 1; workers <= 2; workers++) {
            struct run r = {0};
            begin(&r);
            put_file(r.dir, "a", 'g'), put_file(r.dir, "b", rows[i].how), put_file(r.dir, "c", 'g');
            read_all(&r, workers);
            cr_expect_eq(r.result.lost_jobs, 1, "%s: %d jobs lost", rows[i].what, (int)r.result.lost_jobs);
            cr_expect_eq(count(r.db, "SELECT count(*) FROM event_source WHERE file_id IN (1, 3)")
                             + count(r.db, "SELECT count(*) FROM event WHERE computer = 'good'"),
                         2, "%s: neighbours are read", rows[i].what);
            cr_expect_eq(count(r.db, "SELECT count(*) FROM event WHERE file_id = 2"), rows[i].events, "%s",
                         rows[i].what);
            cr_expect_eq(count(r.db, "SELECT count(*) FROM evidence WHERE id = 2 AND state = 'partial' AND "
                                     "note LIKE 'worker lost%'"),
                         1, "%s leaves a row", rows[i].what);
            cr_expect_eq(count(r.db, "SELECT count(*) FROM anomaly WHERE file_id = 2"), 1,
                         "%s leaves an anomaly", rows[i].what);
            finish(&r);
        }
}

/* The most memory this process has had, in bytes. */
static uint64_t peak(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (uint64_t)u.ru_maxrss * 1024;
}

/* What a sanitizer keeps of freed memory, to see it used again, is none of ours. */
#if defined(__SANITIZE_ADDRESS__)
enum { QUARANTINE = 256 << 20 };
#else
enum { QUARANTINE = 0 };
#endif

/* Whatever workers send, and however long the first of them takes: what waits for its turn is bounded. */
Test(ingest, what_workers_send_is_bounded, .timeout = 300)
{
    static const struct {
        char how;
        int64_t lost, events;
    } floods[] = {{'M', 0, 40 * 31}, {'F', 40, -1}};
    for (size_t i = 0; i < LEN(floods); i++) {
        struct run r = {0};
        char name[16], rm[80], file[80];
        struct err e = {0};
        begin(&r);
        case_close(r.db), snprintf(file, sizeof file, "%s.db", r.dir);
        cr_assert_eq(case_create(file, kb_file(r.kb, "schema.sql"), &r.db, &e), OK, "%s", e.why);
        put_bytes(r.dir, "a", 'U', 70000);
        for (unsigned n = 0; n < 40; n++)
            snprintf(name, sizeof name, "b%02u", n), put_bytes(r.dir, name, floods[i].how, 70001 + n);
        uint64_t before = peak();
        read_all(&r, 4);
        cr_expect_lt(peak() - before, (110u << 20) + QUARANTINE, "%c: %llu MB more", floods[i].how,
                     (unsigned long long)(peak() - before) >> 20);
        cr_expect_eq((int64_t)r.result.lost_jobs, floods[i].lost, "%c: %d", floods[i].how,
                     (int)r.result.lost_jobs);
        if (floods[i].events >= 0)
            cr_expect_eq(count(r.db, "SELECT count(*) FROM event WHERE file_id > 1")
                             + count(r.db, "SELECT count(*) FROM event_source WHERE file_id > 1"),
                         floods[i].events);
        snprintf(rm, sizeof rm, "rm -rf %s*", r.dir);
        cr_expect_eq(system(rm), 0);
        finish(&r);
    }
}

/* A file may take over the process that reads it: it must be one that reads nothing else, and has not even
 * looked at another file. */
Test(ingest, who_has_read_a_file_is_asked_no_more, .timeout = 300)
{
    for (unsigned workers = 1; workers <= 2; workers++) {
        struct run r = {0};
        begin(&r);
        put_bytes(r.dir, "a", 'g', 70000), put_bytes(r.dir, "b", 'g', 80000),
            put_bytes(r.dir, "c", 'g', 70000);
        put_kind(r.dir, "a.LOG1", 'H', 'g', 5000), put_kind(r.dir, "b.LOG1", 'H', 'g', 6000);
        read_all(&r, workers);
        cr_expect_eq(r.result.lost_jobs, 0);
        cr_expect_eq(count(r.db, "SELECT count(*) FROM event WHERE computer LIKE 'served%'"), 0, "%u",
                     workers);
        cr_expect_eq(count(r.db, "SELECT count(*) FROM event_source")
                         + count(r.db, "SELECT count(*) FROM event"),
                     3, "%u", workers);
        finish(&r);
    }
}

/* All three files may be copies, so they are hashed first: one by one for two workers, together for one. A
 * worker that dies of it is followed by another; who was hashed together is then hashed alone; one that dies
 * again is told. */
Test(ingest, a_hash_is_tried_twice, .timeout = 300)
{
    static const struct {
        char how;
        uint64_t lost;
        const char *state;
    } hashes[] = {{'h', 0, "read"}, {'H', 1, "partial"}};
    for (size_t i = 0; i < 2 * LEN(hashes); i++) {
        const size_t row = i / 2;
        char sql[120];
        struct run r = {0};
        begin(&r);
        put_file(r.dir, "a", 'g'), put_file(r.dir, "b", hashes[row].how), put_file(r.dir, "c", 'g');
        read_all(&r, 1 + i % 2);
        cr_expect_eq(r.result.lost_jobs, hashes[row].lost, "%c: %d jobs lost", hashes[row].how,
                     (int)r.result.lost_jobs);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM evidence WHERE id = 2 AND state = '%s'",
                 hashes[row].state);
        cr_expect_eq(count(r.db, sql), 1, "%c", hashes[row].how);
        cr_expect_eq(count(r.db, "SELECT count(*) FROM event_source WHERE file_id IN (1, 3)")
                         + count(r.db, "SELECT count(*) FROM event WHERE computer = 'good'"),
                     2, "%c: neighbours are read", hashes[row].how);
        cr_expect_eq(count(r.db, "SELECT count(*) FROM event WHERE file_id = 2"), 1,
                     "%c: its facts are there", hashes[row].how);
        finish(&r);
    }
}

/* Of files that have been read and were being hashed together when the run's time was over, each says so;
 * where nothing is hashed together, the last has been. */
Test(ingest, time_ends_for_every_file, .timeout = 300)
{
    STARTS_AT_ONCE;
    struct run_limits lim = run_limits_default();
    struct run r = {0};
    begin(&r);
    lim.run_seconds = 1;
    /* no copies: hashed last */
    put_bytes(r.dir, "a", 'g', 500000), put_bytes(r.dir, "b", 'S', 500001),
        put_bytes(r.dir, "c", 'g', 500002);
    read_with(&r, &(struct ingest_options){.workers = 1, .limits = lim});
    cr_expect(r.result.limit);
    cr_expect_eq(count(r.db, "SELECT count(*) FROM evidence WHERE state = 'partial' AND note LIKE 'not "
                             "hashed: the run''s time was over%'"),
                 lanes_here() ? 3 : 2);
    cr_expect_eq(count(r.db, "SELECT count(*) FROM anomaly WHERE what = 'not hashed'"), lanes_here() ? 3 : 2);
    cr_expect_eq(count(r.db, "SELECT count(DISTINCT file_id) FROM event_source")
                     + count(r.db, "SELECT count(*) FROM event"),
                 3);
    finish(&r);
}

/* What it was when the run began is what is judged: a file that changes under the run is not read on, and
 * says so. */
Test(ingest, a_file_that_grows, .timeout = 300)
{
    struct run r = {0};
    begin(&r);
    put_file(r.dir, "a", 'g'), put_file(r.dir, "b", 'c');
    read_all(&r, 1);
    cr_expect_eq(count(r.db, "SELECT count(*) FROM evidence WHERE id = 2 AND state = 'partial' AND note = "
                             "'changed: it had 70000 bytes when the run began and has 70001 now'"),
                 1);
    cr_expect_eq(count(r.db, "SELECT count(*) FROM anomaly WHERE file_id = 2 AND what = 'changed'"), 1);
    cr_expect_eq(count(r.db, "SELECT count(*) FROM event WHERE file_id = 2"), 0);
    cr_expect_eq(count(r.db, "SELECT count(*) FROM event WHERE computer = 'good'"), 1);
    finish(&r);
}

/* A file that is swapped for another of the same size, or for a link, is not read, and is named. */
Test(ingest, a_file_that_is_swapped, .timeout = 300)
{
    TAKES_OPEN_FILES;
    static const struct {
        char how;
        const char *note;
    } swaps[] = {{'r', "changed: it is not the file that lay there when the run began"},
                 {'y', "changed: a link lies where the file was when the run began"}};
    for (size_t i = 0; i < LEN(swaps); i++) {
        struct run r = {0};
        char sql[200], other[80];
        begin(&r);
        put_file(r.dir, "a", 'g'), put_file(r.dir, "b", swaps[i].how);
        read_all(&r, 1);
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM evidence WHERE path = 'b' AND state = 'partial' AND note = '%s'",
                 swaps[i].note);
        cr_expect_eq(count(r.db, sql), 1, "%s", swaps[i].note);
        cr_expect_eq(count(r.db, "SELECT count(*) FROM event WHERE file_id = 2"), 0);
        cr_expect_eq(count(r.db, "SELECT count(*) FROM event WHERE computer = 'good'"), 1);
        snprintf(other, sizeof other, "%s/b.other", r.dir), unlink(other);
        finish(&r);
    }
}

/* Whoever looks at a file first may die of it: the file is unreadable and says why, which is no "skipped". */
Test(ingest, a_file_nobody_could_look_at, .timeout = 300)
{
    struct run r = {0};
    begin(&r);
    put_file(r.dir, "a", 'g'), put_file(r.dir, "b", 'w');
    read_all(&r, 1);
    cr_expect(r.result.lost_jobs == 1 && r.result.unreadable == 1);
    cr_expect_eq(count(r.db, "SELECT count(*) FROM evidence WHERE id = 2 AND state = 'unreadable' AND note = "
                             "'worker lost while reading: " KILLED "'"),
                 1);
    cr_expect_eq(count(r.db, "SELECT count(*) FROM event WHERE computer = 'good'"), 1);
    finish(&r);
}

/* A look at a file comes before the case: an answer that brings a hash with it is not believed. */
Test(ingest, a_hash_that_nobody_asked_for, .timeout = 300)
{
    struct run r = {0};
    begin(&r);
    put_file(r.dir, "a", 'g'), put_bytes(r.dir, "b", 'n', 500000);
    read_all(&r, 1);
    cr_expect_eq(count(r.db, "SELECT count(*) FROM event WHERE computer = 'good'"), 1);
    finish(&r);
}

/* Nobody looked at these files, for the run's time was over: they are unreadable and say so, whatever was to
 * come after. */
Test(ingest, time_ends_before_a_file_is_looked_at, .timeout = 300)
{
    struct run_limits lim = run_limits_default();
    struct run r = {0};
    begin(&r);
    lim.run_seconds = 1;
    put_file(r.dir, "a", 'p'), put_file(r.dir, "b", 'g'), put_file(r.dir, "c", 'g');
    read_with(&r, &(struct ingest_options){.workers = 1, .limits = lim});
    cr_expect(r.result.limit && r.result.unreadable == 3);
    cr_expect_eq(count(r.db, "SELECT count(*) FROM evidence WHERE state = 'unreadable' AND note LIKE 'not "
                             "read: the run''s time was over%'"),
                 3);
    finish(&r);
}

/* A hive is not read without a log that was there when the run began: it names the log, the log says so too,
 * and who is still there has a hash. */
Test(ingest, a_log_of_a_hive_that_goes, .timeout = 300)
{
    TAKES_OPEN_FILES;
    struct run r = {0};
    begin(&r);
    put_kind(r.dir, "a", 'H', 'i', 70000), put_kind(r.dir, "a.LOG1", 'L', 'v', 5000),
        put_kind(r.dir, "a.LOG2", 'L', 'i', 6000);
    read_all(&r, 1);
    cr_expect_eq(count(r.db, "SELECT count(*) FROM evidence WHERE path = 'a' AND state = 'partial' AND note "
                             "= 'cannot open: a.LOG1: No such file or directory'"),
                 1);
    cr_expect_eq(count(r.db, "SELECT count(*) FROM evidence WHERE path = 'a.LOG1' AND state = 'partial' AND "
                             "note = 'cannot open: No such file or directory'"),
                 1);
    cr_expect_eq(count(r.db, "SELECT count(*) FROM evidence WHERE path <> 'a.LOG1' AND sha256 IS NOT NULL"),
                 2);
    finish(&r);
}

/* A job that ends without hashes, whatever of it was read, is followed by one for each of its files: at once,
 * or when its turn comes behind a slower one. */
Test(ingest, a_hive_without_hashes, .timeout = 300)
{
    for (unsigned workers = 1; workers <= 2; workers++) {
        struct run r = {0};
        begin(&r);
        put_file(r.dir, "a", 'u'), put_kind(r.dir, "b", 'H', 'i', 70000),
            put_kind(r.dir, "b.LOG1", 'L', 'i', 5000);
        read_all(&r, workers);
        cr_expect_eq(count(r.db, "SELECT count(*) FROM evidence WHERE path LIKE 'b%' AND state = 'read' AND "
                                 "sha256 IS NOT NULL"),
                     2, "%u", workers);
        cr_expect_eq(count(r.db, "SELECT count(*) FROM event") + count(r.db, "SELECT count(*) FROM hive"), 2,
                     "%u", workers);
        finish(&r);
    }
}

static void keep_last(void *ctx, const struct ingest_progress *p) { *(struct ingest_progress *)ctx = *p; }

/* Which logs go with which hive: by name, then by what the base blocks say, never across folders. */
Test(discover, hives_and_their_logs)
{
    struct seen {
        const char *path;
        bool hive, bad; /* its checksum is wrong */
        uint64_t rm;
        const char *name; /* in its base block */
        uint32_t seq, bins;
    };
#define HIVE(...)                         \
    {                                     \
        .hive = true, .path = __VA_ARGS__ \
    }
#define LOG(...)            \
    {                       \
        .path = __VA_ARGS__ \
    }
    /* together: the last is a log of the first */
    static const struct {
        bool together;
        struct seen file[3];
    } sets[] = {
        {true, {HIVE("SYSTEM"), LOG("SYSTEM.LOG")}},
        {true, {HIVE("SYSTEM"), LOG("SYSTEM.LOG1")}},
        {true, {HIVE("SYSTEM"), LOG("system.log2")}},
        {true, {HIVE("a/SYSTEM"), HIVE("b/SYSTEM"), LOG("a/SYSTEM.LOG2")}},
        {true, {HIVE("SYSTEM", .rm = 7), LOG("SYSTEM.LOG1", .rm = 7)}},
        {true, {HIVE("SYSTEM"), LOG("SYSTEM.LOG1", .rm = 7)}},
        {true, {HIVE("SYSTEM", .rm = 7), LOG("SYSTEM.LOG1")}},
        {true, {HIVE("SYSTEM", .rm = 7), LOG("SYSTEM.LOG1", .bad = true, .rm = 8)}},
        {true, {HIVE("SYSTEM", .bad = true, .rm = 7), LOG("SYSTEM.LOG1", .rm = 8)}},
        {true, {HIVE("f1", .rm = 7), HIVE("f2", .rm = 8), LOG("f3", .rm = 7)}},
        {true, {HIVE("f1", .name = "SYSTEM"), HIVE("f2", .name = "SAM"), LOG("f3", .name = "system")}},
        {true,
         {HIVE("f1", .name = "x", .bins = 9), HIVE("f2", .name = "x"), LOG("f3", .name = "x", .bins = 9)}},
        {false, {HIVE("SYSTEM"), LOG("SYSTEM.LOG3")}},
        {false, {HIVE("SYSTEM"), LOG("SYSTEM.LOG1.txt")}},
        {false, {HIVE("SYSTEM"), LOG("SAM.LOG1")}},
        {false, {HIVE("SYSTEM"), LOG("b/SYSTEM.LOG1")}},
        {false, {HIVE("SYSTEM", .rm = 7), LOG("SYSTEM.LOG1", .rm = 8)}},
        {false, {HIVE("f1", .rm = 7), LOG("f2", .rm = 8)}},
        {false, {HIVE("f1"), LOG("f2")}},
        {false, {HIVE("f1", .name = "x", .seq = 9), LOG("f2", .name = "x", .seq = 8)}},
        {false, {HIVE("f1", .name = "x"), HIVE("f2", .name = "x"), LOG("f3", .name = "x")}},
        {false, {HIVE("f1", .rm = 7), HIVE("f2", .rm = 7), LOG("f3", .rm = 7)}},
    };
#undef HIVE
#undef LOG
    for (size_t i = 0; i < LEN(sets); i++) {
        struct file file[3] = {0};
        struct evidence ev = {.file = file};
        for (const struct seen *s = sets[i].file; ev.n < LEN(file) && s->path; s++, ev.n++) {
            struct file *f = &file[ev.n];
            f->path = str_of(s->path), f->hive = ev.n;
            f->is = (struct sniffed){.kind = s->hive ? KIND_HIVE : KIND_HIVE_LOG,
                                     .checksum_ok = !s->bad,
                                     .rm = s->rm,
                                     .seq1 = s->seq,
                                     .seq2 = s->seq,
                                     .bins = s->bins};
            snprintf(f->is.name, sizeof f->is.name, "%s", s->name ? s->name : "");
        }
        group_hives(&ev);
        size_t last = ev.n - 1;
        bool together = file[last].hive == 0 && file[0].n_log == 1 && file[0].log[0] == last,
             apart = file[last].hive == last && !file[0].n_log;
        cr_expect(sets[i].together ? together : apart, "set %zu: %s", i, sets[i].file[last].path);
    }
}

/* --limits file-seconds is the time of one file: files that are hashed together have more, and who takes too
 * long is tried alone before anything is lost. */
Test(plan, files_together_have_the_time_of_all)
{
    static const struct {
        enum job_op op;
        uint8_t files;
        uint64_t ms;
    } waits[] = {{JOB_HASH, 1, 7000}, {JOB_HASH, 3, 21000}, {JOB_LOG, 1, 7000}, {JOB_HIVE, 3, 7000}};
    for (size_t i = 0; i < LEN(waits); i++) {
        struct job j = {.order = {.op = (uint8_t)waits[i].op, .n_files = waits[i].files}};
        cr_expect_eq(job_time_ms(&j, 7), waits[i].ms, "row %zu", i);
    }
}

Test(ingest, who_takes_longer_is_hashed_alone, .timeout = 300)
{
    struct run_limits lim = run_limits_default();
    struct ingest_progress last = {0};
    struct run r = {0};
    begin(&r);
    lim.file_seconds = 1;
    put_file(r.dir, "a", 'g'), put_file(r.dir, "b", 'T'), put_file(r.dir, "c", 'g');
    read_with(&r, &(struct ingest_options){.workers = 1, .limits = lim, .progress = keep_last, .ctx = &last});
    char mark[300];
    struct stat together = {0};
    snprintf(mark, sizeof mark, "%s/b.together", r.dir);
    stat(mark, &together), unlink(mark);
    cr_expect_eq(together.st_size, lanes_here() ? 1 : 0, "hashed with others once, then alone");
    cr_expect(!r.result.limit && !r.result.lost_jobs, "nothing is lost");
    cr_expect_eq(count(r.db, "SELECT count(*) FROM anomaly"), 0);
    cr_expect_eq(last.bytes, last.total, "what is hashed again counts once: %llu of %llu",
                 (unsigned long long)last.bytes, (unsigned long long)last.total);
    finish(&r);
}

/* What --limits leaves out is no work to be done. */
Test(ingest, progress_ends_at_its_total, .timeout = 300)
{
    struct run_limits lim = run_limits_default();
    struct ingest_progress last = {0};
    struct run r = {0};
    begin(&r);
    lim.file_bytes = 400000;
    put_bytes(r.dir, "a", 'g', 300000), put_bytes(r.dir, "b", 'g', 400001),
        put_bytes(r.dir, "c", 'g', 300001);
    read_with(&r, &(struct ingest_options){.workers = 1, .limits = lim, .progress = keep_last, .ctx = &last});
    cr_expect(last.total == 600001 && last.bytes == last.total, "%llu of %llu",
              (unsigned long long)last.bytes, (unsigned long long)last.total);
    finish(&r);
}

/* The true worker, given files of other sizes than the job says: they have changed since they were opened. */
/* Of large files and of small ones: what has its hash since it was unpacked is read and not hashed again. */
Test(plan, what_has_a_hash_is_not_hashed_again)
{
    struct file file[4] = {
        {.bytes = 100 << 10}, {.bytes = 64 << 20}, {.bytes = 100 << 10}, {.bytes = 64 << 20}};
    struct evidence ev = {.file = file, .n = LEN(file), .cap = LEN(file)};
    struct plan p;
    struct err e = {0};
    size_t hashed[LEN(file)] = {0}, read[LEN(file)] = {0};
    for (size_t i = 0; i < LEN(file); i++)
        file[i].is.kind = KIND_EVTX, file[i].start_hash = i;
    cr_assert_eq(plan_begin(&p, &ev, 2, &e), OK);
    p.file[0].hashed = p.file[1].hashed = true;
    cr_assert_eq(plan_reading(&p, &e), OK, "%s", e.why);
    for (size_t i = 0; i < p.n; i++)
        for (size_t k = 0; k < p.job[i]->order.n_files; k++)
            (p.job[i]->order.op == JOB_HASH ? hashed : read)[p.job[i]->file[k]]++;
    cr_expect(!hashed[0] && !hashed[1] && hashed[2] == 1 && hashed[3] == 1, "%zu %zu %zu %zu", hashed[0],
              hashed[1], hashed[2], hashed[3]);
    cr_expect(read[0] && read[1] && read[2] && read[3]);
    plan_free(&p);
}

Test(worker, what_changes_while_it_is_hashed_has_no_hash, .timeout = 300)
{
    TAKES_OPEN_FILES;
    static const struct {
        unsigned claims[3], is[3];
        size_t n;
        const char *says;
    } files[] = {
        {{3000}, {3000}, 1, NULL},
        {{3000}, {100}, 1, "fewer"},
        {{3000}, {2999}, 1, "fewer"},
        {{3000}, {3001}, 1, "more"},
        {{4096}, {4096}, 1, NULL},
        {{0}, {0}, 1, NULL},
        {{3000, 9000, 64}, {3000, 9000, 64}, 3, NULL},
        {{3000, 9000, 64}, {3000, 8999, 64}, 3, "fewer"},
        {{3000, 9000, 64}, {3000, 9000, 65}, 3, "more"},
    };
    unsetenv("BXFI_MAP");
    for (size_t i = 0; i < LEN(files); i++) {
        struct proc *original, *p;
        struct err e = {0};
        struct buf b = {0}, in = {0};
        struct job_order j = {.op = JOB_HASH, .n_files = (uint8_t)files[i].n};
        struct done d = {.status = E_STOP};
        struct exit_info how;
        plat_file fd[JOB_FILES];
        cr_assert_eq(plat_spawn_self((const char *const[]){"test", "--true-worker", NULL},
                                     &(struct proc_limits){0}, &original, &e),
                     OK, "%s", e.why);
        size_t at = frame_begin(&b, FRAME_WANT);
        buf_u64le(&b, 1 << 30), want_put(&b, &(struct want){0}), frame_end(&b, at);
        cr_assert_eq(frame_to(original, &b, NULL, 0, &e), OK, "%s", e.why);
        cr_assert_eq(plat_proc_copy(original, &p, &e), OK, "%s", e.why);
        for (size_t k = 0; k < files[i].n; k++) {
            char name[] = "/tmp/whylogon-ingest-XXXXXX";
            fd[k] = mkstemp(name), j.bytes[k] = files[i].claims[k];
            cr_assert(fd[k] >= 0 && unlink(name) == 0 && ftruncate((int)fd[k], (off_t)files[i].is[k]) == 0);
        }
        at = frame_begin(&b, FRAME_JOB), job_order_put(&b, &j), frame_end(&b, at);
        cr_assert_eq(frame_to(p, &b, fd, files[i].n, &e), OK, "%s", e.why);
        for (bool eof = false, done = false; !done && !eof;) {
            uint8_t bytes[4096], type;
            size_t got;
            bool ready;
            enum status st;
            cr_assert(plat_wait(&p, 1, 1000, &ready, &e) == OK
                          && plat_proc_read(p, bytes, sizeof bytes, &got, &eof, &e) == OK,
                      "%s", e.why);
            buf_put(&in, bytes, got);
            struct span all = span_of(in.p, in.n, 0), body;
            while (!done && frame_next(&all, &type, &body, &st))
                done = type == FRAME_DONE && done_get(body, &d, &e) == OK;
        }
        cr_expect_eq(d.status, files[i].says ? E_IO : OK, "%zu: %.*s", i, STR_ARG(d.why));
        cr_expect_eq(d.has_hash, !files[i].says, "%zu", i);
        cr_expect(!files[i].says || strstr(d.why.p, files[i].says), "%zu: %.*s", i, STR_ARG(d.why));
        for (size_t k = 0; k < files[i].n; k++)
            plat_close(fd[k]);
        buf_free(&b), buf_free(&in), plat_proc_end(p, &how), plat_proc_end(original, &how);
    }
}

static bool four_times(void *ctx) { return ++*(unsigned *)ctx < 4; }

/* Copies that are asked for ahead are those that are wanted later: in their order, each on a channel of its
 * own; none is left when their original ends, and one that dies before costs nothing but time. */
Test(original, copies_asked_for_ahead, .timeout = 300)
{
    static const struct {
        size_t ahead, again, taken, left;
        bool dies, begun;
    } given[] = {{0, 0, 2, 0, false, true},
                 {3, 3, 2, 1, false, true},
                 {2, 4, 2, 2, false, false},
                 {1, 0, 3, 0, false, false},
                 {0, 0, 0, 0, false, true},
                 {3, 0, 2, 0, true, false},
                 {99, 0, 1, ORIGINAL_AHEAD - 1, false, false}};
    SERVES_MANY;
    unsetenv("BXFI_MAP");
    for (size_t i = 0; i < LEN(given); i++) {
        struct original o = {.child = "--true-worker"};
        struct buf b = {0};
        struct err e = {0};
        struct leaving gone = {.n = 0};
        size_t at = frame_begin(&b, FRAME_WANT), jailed = 0;
        buf_u64le(&b, 1 << 30), want_put(&b, &(struct want){0}), frame_end(&b, at);
        if (given[i].begun)
            original_begin(&o); /* before it is known what to tell it */
        if (given[i].taken)
            original_tell(&o, &b);
        buf_free(&b);
        original_ahead(&o, given[i].ahead), original_ahead(&o, given[i].again);
        if (given[i].dies)
            plat_proc_kill(o.proc);
        for (size_t k = 0; k < given[i].taken; k++) {
            struct proc *p = NULL;
            uint8_t bytes[FRAME_HEAD + 4];
            bool ready = false, eof = false;
            size_t got = 0;
            cr_assert_eq(original_copy(&o, &p, &e), OK, "row %zu: %s", i, e.why);
            while (!ready)
                cr_assert_eq(plat_wait(&p, 1, 1000, &ready, &e), OK);
            /* what there is to do meanwhile waits for who has something to say */
            unsigned done = 0, idle = 0;
            bool nobody = true;
            cr_expect(children_wait(&p, 1, 1, &ready, &(struct meanwhile){four_times, &done}, &e) == OK
                      && ready && !done);
            cr_expect(children_wait(&(struct proc *){NULL}, 1, 1, &nobody,
                                    &(struct meanwhile){four_times, &idle}, &e)
                          == OK
                      && !nobody && idle == 4);
            cr_expect_eq(plat_proc_read(p, bytes, sizeof bytes, &got, &eof, &e), OK);
            jailed += got == sizeof bytes && bytes[4] == FRAME_JAIL;
            plat_proc_hang_up(p), child_leaves(&gone, p);
        }
        cr_expect_eq(jailed, given[i].taken, "row %zu", i);
        cr_expect(o.n_ahead <= given[i].left && (given[i].dies || o.n_ahead == given[i].left), "row %zu: %zu",
                  i, o.n_ahead);
        children_end(&gone), original_end(&o);
        cr_expect_eq(gone.n + o.n_ahead, 0, "row %zu", i);
        cr_expect(NONE_IS_LEFT, "row %zu", i);
    }
}

Test(wire, jobs_and_ends_cut_short)
{
    struct buf b = {0};
    struct job_order j = {.op = JOB_HIVE, .n_files = 3, .bytes = {1, 2, 3}}, k;
    struct done d = {.status = E_TRUNC, .has_hash = 1, .seen = 9, .what = STR("what"), .why = STR("why")}, f;
    struct err e = {0};
    job_order_put(&b, &j);
    cr_expect(job_order_get(span_of(b.p, b.n, 0), &k, &e) == OK && k.bytes[2] == 3 && k.op == JOB_HIVE);
    for (size_t n = 0; n < b.n; n++)
        cr_expect_neq(job_order_get(span_of(b.p, n, 0), &k, &(struct err){0}), OK, "job cut to %zu", n);
    for (unsigned op = 0; op <= JOB_TOOL_TEXT;
         op++) { /* only of a part of a log less may be there than all */
        j = (struct job_order){.op = (uint8_t)op, .n_files = 1, .front = 5, .bytes = {5}};
        b.n = 0, job_order_put(&b, &j);
        cr_expect_eq(job_order_get(span_of(b.p, b.n, 0), &k, &(struct err){0}) == OK && k.front == 5,
                     op == JOB_SCAN);
        j.front = 6, b.n = 0, job_order_put(&b, &j);
        cr_expect_neq(job_order_get(span_of(b.p, b.n, 0), &k, &(struct err){0}), OK, "more than all");
    }
    b.n = 0, done_put(&b, &d);
    cr_expect(done_get(span_of(b.p, b.n, 0), &f, &e) == OK && f.seen == 9 && str_eq(f.why, STR("why")));
    for (size_t n = 0; n < b.n; n++)
        cr_expect_neq(done_get(span_of(b.p, n, 0), &f, &(struct err){0}), OK, "end cut to %zu", n);
    buf_free(&b);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--worker") == 0)
        return fake_worker();
    if (argc == 2 && strcmp(argv[1], "--true-worker") == 0)
        return worker_main();
    return run_tests(argc, argv);
}
