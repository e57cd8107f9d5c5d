/* Large logs in containers are read while they are unpacked: what the case then holds is what it would hold
 * if nobody had, whatever the container claimed and whatever became of the member. This program is its own
 * worker and its own unpacker, the true ones. */
#include "run/ahead.h"
#include "case/casedb.h"
#include "kb/kb.h"
#include "parsers/evtx/evtx.h"
#include "run/ingest.h"
#include "run/unpacker.h"
#include "run/worker.h"
#include "tests/build.h"
#include "tests/containers.h"
#include "tests/own_main.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* How many parts were taken; nobody: none may be. */
static size_t taken;
static bool nobody;
bool __real_ahead_take(struct ahead *a, const struct job *j, struct buf *out);
bool __wrap_ahead_take(struct ahead *a, const struct job *j, struct buf *out);
bool __wrap_ahead_take(struct ahead *a, const struct job *j, struct buf *out)
{
    bool is = !nobody && __real_ahead_take(a, j, out);
    taken += is;
    return is;
}

/* Whatever the machine has to do besides: who was faster is no part of the test. */
void __real_ahead_end(struct ahead *a);
void __wrap_ahead_end(struct ahead *a);
void __wrap_ahead_end(struct ahead *a)
{
    struct err e = {0};
    while (!ahead_idle(a))
        cr_assert_eq(ahead_listen(a, NULL, 0, NULL, &e), OK, "%s", e.why);
    __real_ahead_end(a);
}

/* --- evidence */

enum { SLOTS = 1200 }; /* 75 MiB: three jobs; of the last some bytes come with the end alone */

/* A sample's chunk now and then, between chunks never used; of two such logs each has its own number of them.
 */
static void make_log(struct buf *out, size_t slots, size_t every)
{
    static char zeros[EVTX_CHUNK], log[EVTX_HEADER + EVTX_CHUNK];
    FILE *f = fopen("samples/cases/only-system-log/System.evtx", "rb");
    cr_assert(f && fread(log, 1, sizeof log, f) == sizeof log && fclose(f) == 0, "build the samples first");
    buf_put(out, log, EVTX_HEADER);
    for (size_t i = 0; i < slots; i++)
        buf_put(out, i % every ? zeros : log + EVTX_HEADER, EVTX_CHUNK);
}

struct seen {
    struct buf rows; /* of all tables that hold what was read */
    size_t taken;
};

static enum status put_rows(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)e;
    for (size_t i = 0; i < n; i++)
        buf_printf(ctx, "%lld %.*s|", (long long)c[i].i, c[i].s.p ? (int)c[i].s.n : 0,
                   c[i].s.p ? c[i].s.p : "");
    buf_char(ctx, '\n');
    return OK;
}

static void look(struct casedb *db, const char *sql, struct buf *out)
{
    struct err e = {0};
    cr_assert_eq(case_query(db, sql, NULL, NULL, 0, put_rows, out, &e), OK, "%s: %s", sql, e.why);
}

static void read_box(const struct buf *box, const char *password, bool without, struct seen *out)
{
    char dir[] = "/tmp/whylogon-ahead-XXXXXX", path[80];
    struct evidence ev = {0};
    struct kb *kb;
    struct casedb *db;
    struct ingest_result r;
    struct err e = {0};
    struct str word = str_of(password ? password : "");
    const struct want all = {.until = INT64_MAX, .all_events = true};
    unsetenv("BXFI_MAP"); /* the test runner's own mark on its children: ours are none of them */
    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/t.zip", dir);
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(box->p, 1, box->n, f) == box->n && fclose(f) == 0);
    cr_assert_eq(kb_load(NULL, &kb, &e), OK, "%s", e.why);
    cr_assert_eq(case_create(NULL, kb_file(kb, "schema.sql"), &db, &e), OK, "%s", e.why);
    cr_assert_eq(discover(&(const char *){dir}, 1, NULL, NULL, &ev, &e), OK, "%s", e.why);
    taken = 0, nobody = without;
    const struct ingest_options o = {.workers = 2, .password = &word, .n_password = password ? 1 : 0};
    cr_assert_eq(ingest(db, &all, &ev, &o, &r, &e), OK, "%s %s", e.what, e.why);
    *out = (struct seen){.taken = taken};
    look(db,
         "SELECT path, kind, bytes, sha256, state, note, seen, parsed, failed, chunks, log_kind, "
         "members_seen, "
         "members_failed FROM evidence ORDER BY id",
         &out->rows);
    look(db, "SELECT * FROM event_source", &out->rows);
    for (size_t i = 0; i < FACT_KINDS; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY id", fact_descs[i].table);
        look(db, sql, &out->rows);
    }
    case_close(db), evidence_free(&ev), kb_free(kb);
    unlink(path), rmdir(dir);
}

static void wrong_sum(struct buf *b) /* of the last member, in the directory and before its bytes */
{
    char *local = memmem(b->p, b->n, "PK\3\4", 4), *central = memmem(b->p, b->n, "PK\1\2", 4);
    cr_assert(local && central);
    local[14] ^= 1, central[16] ^= 1;
}
static void cut(struct buf *b) { b->n = b->n * 2 / 3; }
/* It says of its member that it is longer than it is. */
static void long_claim(struct buf *b)
{
    char *local = memmem(b->p, b->n, "PK\3\4", 4), *central = memmem(b->p, b->n, "PK\1\2", 4);
    cr_assert(local && central);
    local[24]++, central[26]++; /* a multiple of 64 KiB */
}

static const struct {
    const char *name, *format, *filter, *options, *password;
    void (*change)(struct buf *b);
    size_t taken;
} rows[] = {
    {"zip", "zip", "none", NULL, NULL, NULL, 2},
    {"zip, stored", "zip", "none", "zip:compression=store", NULL, NULL, 2},
    {"zip, encrypted", "zip", "none", "zip:encryption=aes256", "word", NULL, 2},
    {"7z", "7zip", "none", NULL, NULL, NULL, 2},
    {"tar.gz", "ustar", "gzip", NULL, NULL, NULL, 2},
    {"gz: nothing says how long it will be", "raw", "gzip", NULL, NULL, NULL, 0},
    {"zip, another sum: damaged, and what was read of it is what it says", "zip", "none", NULL, NULL,
     wrong_sum, 2},
    {"zip, cut: shorter than it says", "zip", "none", "zip:compression=store", NULL, cut, 0},
    {"zip, another length than it says", "zip", "none", NULL, NULL, long_claim, 0},
};

Test(ahead, the_same_as_if_nobody_had_read_it, .timeout = 1200)
{
    struct buf log = {0};
    make_log(&log, SLOTS, 16);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf box = {0};
        struct seen with, without;
        pack(&box, rows[i].format, rows[i].filter, rows[i].options, rows[i].password,
             &(struct packed){"System.evtx", buf_view(&log), 0}, 1);
        if (rows[i].change)
            rows[i].change(&box);
        read_box(&box, rows[i].password, false, &with);
        read_box(&box, rows[i].password, true, &without);
        cr_expect(with.rows.n == without.rows.n && memcmp(with.rows.p, without.rows.p, with.rows.n) == 0,
                  "%s: %zu bytes of rows, %zu when nobody reads ahead", rows[i].name, with.rows.n,
                  without.rows.n);
        cr_expect(with.rows.n > 2000 && !without.taken, "%s", rows[i].name);
        cr_expect_eq(with.taken, rows[i].taken, "%s: %zu parts", rows[i].name, with.taken);
        buf_free(&box), buf_free(&with.rows), buf_free(&without.rows);
    }
    buf_free(&log);
}

/* The second of three is damaged, so that its passphrase does not prove right: what was hashed and read of it
 * is not the third one's, which lies where it lay. */
Test(ahead, what_is_taken_back, .timeout = 480)
{
    struct buf log[4] = {{0}};
    const size_t slots[] = {1, SLOTS, 1, SLOTS}; /* first, second, and twice a third */
    for (size_t i = 0; i < LEN(log); i++)
        make_log(&log[i], slots[i], 16 + i);
    for (size_t third = 2; third < LEN(log); third++) {
        const struct packed m[] = {{"a.evtx", buf_view(&log[0]), 0},
                                   {"b.evtx", buf_view(&log[1]), 0},
                                   {"c.evtx", buf_view(&log[third]), 0}};
        struct buf box = {0};
        struct seen with, without;
        uint8_t sum[SHA256_BYTES];
        char text[SHA256_TEXT];
        pack(&box, "zip", "none", "zip:encryption=zipcrypt,zip:compression=store", "word", m, LEN(m));
        char *c = memmem(box.p, box.n, "c.evtx", 6);
        cr_assert_not_null(c);
        c[-1000] ^= 1;
        read_box(&box, "word", false, &with);
        read_box(&box, "word", true, &without);
        cr_expect(with.rows.n == without.rows.n && memcmp(with.rows.p, without.rows.p, with.rows.n) == 0);
        cr_assert(sha256_of(log[third].p, log[third].n, sum));
        buf_char(&with.rows, 0);
        cr_expect(strstr(with.rows.p, sha256_text(sum, text)), "c.evtx has another hash: %.900s",
                  with.rows.p);
        cr_expect(strstr(with.rows.p, "no passphrase"), "%.900s", with.rows.p);
        cr_expect_eq(with.taken, third == 3 ? 2 : 0);
        buf_free(&box), buf_free(&with.rows), buf_free(&without.rows);
    }
    for (size_t i = 0; i < LEN(log); i++)
        buf_free(&log[i]);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--unpack") == 0)
        return unpacker_main();
    if (argc == 2 && strcmp(argv[1], "--worker") == 0)
        return worker_main();
    return run_tests(argc, argv);
}
