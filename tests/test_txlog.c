/* Transaction logs: the public sets byte for byte, and what they do not cover with logs of our own. */
#include "parsers/registry/txlog.h"
#include "base/hash.h"
#include "tests/build.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define CORPUS "../shared/corpus/hive/"

static bool load(const char *name, struct buf *b)
{
    char path[256];
    snprintf(path, sizeof path, CORPUS "%s", name);
    FILE *f = fopen(path, "rb");
    char part[65536];
    if (!f)
        return false;
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        buf_put(b, part, n);
    fclose(f);
    return true;
}

static bool is_sha256(const void *p, size_t n, const char *want)
{
    uint8_t digest[SHA256_BYTES];
    char text[SHA256_TEXT];
    return sha256_of(p, n, digest) && !strcmp(sha256_text(digest, text), want);
}

static struct span view(const struct buf *b) { return span_of(b->p, b->n, 0); }

/* Whole file and bins as yarp recovers them; two of the sets equal what Windows itself made of them but for
 * the base block. */
static const struct corpus_row {
    const char *file[3];
    unsigned applied, pages;
    uint32_t last, bins;
    const char *whole, *sha;
    const char *text;
} corpus[] = {
    {{"yarp/NewDirtyHive1/NewDirtyHive", "yarp/NewDirtyHive1/NewDirtyHive.LOG1",
      "yarp/NewDirtyHive1/NewDirtyHive.LOG2"},
     4,
     49152,
     5,
     20480,
     "5634f8ff937c181beabb047433a8d89ebc1dc352e969f65a1ee2a46b1fe66b63",
     "d762fa532cd95f274afb9277ca269d9a4f711b34a3734898b060382d5bea9237",
     "LOG1+LOG2: 4 entries, sequence 2-5"},
    {{"yarp/NewDirtyHive2/NewDirtyHive", "yarp/NewDirtyHive2/NewDirtyHive.LOG1",
      "yarp/NewDirtyHive2/NewDirtyHive.LOG2"},
     3,
     28672,
     5,
     20480,
     "5634f8ff937c181beabb047433a8d89ebc1dc352e969f65a1ee2a46b1fe66b63",
     "d762fa532cd95f274afb9277ca269d9a4f711b34a3734898b060382d5bea9237",
     "LOG2: 3 entries, sequence 3-5; LOG1: older than the hive"},
    {{"yarp/OldDirtyHive/OldDirtyHive", "yarp/OldDirtyHive/OldDirtyHive.LOG1",
      "yarp/OldDirtyHive/OldDirtyHive.LOG2"},
     1,
     32768,
     0,
     487424,
     "89ad16ae7621dc675cbc64db0e32e593eefe0a7c2b947de20731d0eb99d4e1a5",
     "23c97d7cc7947d32b5b7dc7a3761bc1191e6d5b84797a53dea08084d4cb2b56f",
     "LOG1: old format, 64 pages"},
    {{"yarp/BadBaseBlockHive/BadBaseBlockHive", "yarp/BadBaseBlockHive/BadBaseBlockHive.LOG1",
      "yarp/BadBaseBlockHive/BadBaseBlockHive.LOG2"},
     1,
     32768,
     0,
     487424,
     "89ad16ae7621dc675cbc64db0e32e593eefe0a7c2b947de20731d0eb99d4e1a5",
     "23c97d7cc7947d32b5b7dc7a3761bc1191e6d5b84797a53dea08084d4cb2b56f",
     "base block from LOG1; LOG1: old format, 64 pages"},
    {{"real/SYSTEM_B", "real/SYSTEM_B.LOG1", "real/SYSTEM_B.LOG2"},
     24,
     2674688,
     2130,
     12591104,
     "734095bf043ea72300feb8bc380a585d8a9c925cdd5ffc190ca5ff6bc5a7c231",
     "b6e091176b3d00b7b97efdeaeef519b1adfbaa5f6d8118d5c44fa2dcfeb5029a",
     "LOG1+LOG2: 24 entries, sequence 2107-2130"},
    {{"real/transactions_NTUSER.DAT", "real/transactions_ntuser.dat.log1",
      "real/transactions_ntuser.dat.log2"},
     23,
     1032192,
     588,
     925696,
     "0a7a7b2d1eb24ab63455f5a83e554601d88fe558d0ba1c1068a7e1102c79a092",
     "9c5e83727e19ff8f7fd95b73ba006dbc20dffbeead9ace35a88753f3fc7e4299",
     "LOG1: 23 entries, sequence 566-588; LOG2: older than the hive"},
    {{"real/UsrClass.dat", "real/UsrClass.dat.LOG1", "real/UsrClass.dat.LOG2"},
     14,
     815104,
     300,
     2830336,
     "0c52ea278e8c524fd13c146b060f7801af7791a1cad5b04ae9e6e06617de0e3e",
     "ecc04a58aa3d2467871e80e393eb8469a5fdd425f37fc88f55308efc2f384930",
     NULL},
    {{"yarp/BadLogHive1/BadLogHive", "yarp/BadLogHive1/BadLogHive.LOG1", "yarp/BadLogHive1/BadLogHive.LOG2"},
     0,
     0,
     0,
     0,
     NULL,
     NULL,
     "dirty, no log applied; LOG1: header checksum wrong; LOG2: empty"},
    {{"yarp/BadLogHive2/BadLogHive", "yarp/BadLogHive2/BadLogHive.LOG1", "yarp/BadLogHive2/BadLogHive.LOG2"},
     0,
     0,
     0,
     0,
     NULL,
     NULL,
     "dirty, no log applied; LOG1: no dirty vector; LOG2: empty"},
    {{"yarp/BadLogHive3/BadLogHive", "yarp/BadLogHive3/BadLogHive.LOG1", "yarp/BadLogHive3/BadLogHive.LOG2"},
     0,
     0,
     0,
     0,
     NULL,
     NULL,
     "dirty, no log applied; LOG1: header checksum wrong; LOG2: header checksum wrong"},
};

static void corpus_set(const struct corpus_row *row, const struct buf *file, const unsigned *order)
{
    struct span s[3] = {view(&file[0]), view(&file[order[0]]), view(&file[order[1]])};
    struct image img;
    struct replay r;
    struct err e = {0};
    cr_expect(txlog_recover(s, 3, &img, &r, &e) == OK && r.dirty, "%s: %s", row->file[0], e.why);
    cr_expect(r.applied == row->applied && r.pages * HIVE_PAGE == row->pages, "%s: %u entries, %u pages",
              row->file[0], r.applied, r.pages);
    if (row->sha) {
        struct hive_header h = hive_header(span_of(img.bytes, img.n, 0));
        cr_expect(h.checksum_ok && h.seq1 == h.seq2 && h.bins == row->bins
                      && (!row->last || r.last_seq == row->last),
                  "%s: base block", row->file[0]);
        cr_expect(is_sha256(img.bytes + HIVE_BASE, h.bins, row->sha), "%s: bins", row->file[0]);
        cr_expect(is_sha256(img.bytes, img.n, row->whole), "%s: whole file", row->file[0]);
        /* every page is where image_ref says */
        for (uint64_t off = HIVE_PAGE; off < img.n; off += HIVE_PAGE) {
            struct ref ref = image_ref(&img, off, NULL);
            const struct span *from = &s[ref.file];
            cr_assert(from->n >= ref.off + HIVE_PAGE
                          && memcmp(from->p + ref.off, img.bytes + off, HIVE_PAGE) == 0,
                      "%s: page at 0x%llx", row->file[0], (unsigned long long)off);
        }
    } else {
        cr_expect(img.bytes == s[0].p && !img.page, "%s: the file itself", row->file[0]);
    }
    if (order[0] == 1 && row->text)
        cr_expect_str_eq(r.text, row->text);
    cr_expect_str_eq(r.lack, row->applied ? "" : "changes still in its transaction logs are missing",
                     "%s: %s", row->file[0], r.lack);
    image_free(&img);
}

Test(txlog, corpus)
{
    size_t missing = 0;
    for (size_t i = 0; i < LEN(corpus); i++) {
        struct buf file[3] = {0};
        if (load(corpus[i].file[0], &file[0]) && load(corpus[i].file[1], &file[1])
            && load(corpus[i].file[2], &file[2])) {
            corpus_set(&corpus[i], file, (const unsigned[]){1, 2});
            corpus_set(&corpus[i], file, (const unsigned[]){2, 1});
        } else {
            missing++;
        }
        for (size_t k = 0; k < 3; k++)
            buf_free(&file[k]);
    }
    if (missing)
        cr_skip_test("skipped: %zu public files are not here (../shared/corpus)", missing);
}

/* ---- sets of our own: states 0..4 of one hive, each a larger value */

enum { STATES = 5 };
struct set {
    struct buf state[STATES];
};

static void set_make(struct set *s)
{
    struct hive h = {.name = "SYSTEM", .now = utc("2026-03-01T08:00:00Z"), .seq = 10};
    char text[4096] = "";
    *s = (struct set){0};
    for (unsigned i = 0; i < STATES; i++) {
        reg(&h, "Select", DW("Current", i), END);
        memset(text, 'a' + (int)i, 1000 * i);
        reg(&h, "Setup", SZ("Text", text), END); /* the hive grows by a bin now and then */
        hive_write(&h, &s->state[i]);
    }
    hive_free(&h);
}

static void set_free(struct set *s)
{
    for (unsigned i = 0; i < STATES; i++)
        buf_free(&s->state[i]);
}

static uint8_t *at(struct buf *b, size_t off) { return (uint8_t *)b->p + off; }

/* The image shows this state: all of its bins (files of ours have no slack). */
static bool shows(const struct image *img, const struct buf *state)
{
    uint32_t bins = le32((const uint8_t *)state->p + 40);
    return img->n >= HIVE_BASE + bins && le32(img->bytes + 40) == bins
           && memcmp(img->bytes + HIVE_BASE, state->p + HIVE_BASE, bins) == 0;
}

/* A log of entries from state a to b, numbered from seq. */
static void make_log(struct buf *log, const struct set *s, unsigned a, unsigned b, uint32_t seq)
{
    log->n = 0;
    log_begin(log, &s->state[a], seq);
    for (unsigned i = a; i < b; i++)
        log_entry(log, &s->state[i], &s->state[i + 1], seq + (i - a));
}

static const struct pair_row {
    const char *name;
    uint32_t hive[2]; /* sequence numbers of the hive */
    bool bad_header;
    struct {
        unsigned from, to;
        uint32_t seq;
    } log[2]; /* from == to: no such log (an empty file) */
    unsigned shows, applied;
    const char *text, *lack;
} pairs[] = {
    {"one log",
     {11, 10},
     false,
     {{0, 2, 11}, {0, 0, 0}},
     2,
     2,
     "LOG1: 2 entries, sequence 11-12",
     "changes in its LOG2 are missing: empty"},
    {"the second log alone",
     {11, 10},
     false,
     {{0, 0, 0}, {0, 3, 10}},
     3,
     3,
     "LOG2: 3 entries, sequence 10-12",
     "changes in its LOG1 are missing: empty"},
    {"LOG2 goes on where LOG1 ends",
     {11, 10},
     false,
     {{0, 2, 11}, {2, 4, 13}},
     4,
     4,
     "LOG1+LOG2: 4 entries, sequence 11-14",
     ""},
    {"LOG1 goes on where LOG2 ends",
     {11, 10},
     false,
     {{2, 4, 13}, {0, 2, 11}},
     4,
     4,
     "LOG2+LOG1: 4 entries, sequence 11-14",
     ""},
    {"a gap between them",
     {11, 10},
     false,
     {{0, 2, 11}, {2, 4, 14}},
     2,
     2,
     "LOG1: 2 entries, sequence 11-12; LOG2: does not follow the other log",
     "changes in its LOG2 are missing: does not follow the other log"},
    {"far ahead of the hive",
     {11, 10},
     false,
     {{0, 2, 500}, {0, 0, 0}},
     2,
     2,
     "LOG1: 2 entries, sequence 500-501",
     "changes in its LOG2 are missing: empty"},
    {"older than the hive",
     {11, 10},
     false,
     {{0, 2, 8}, {0, 0, 0}},
     0,
     0,
     "dirty, no log applied; LOG1: older than the hive; LOG2: empty",
     "changes still in its transaction logs are missing"},
    {"the older one is left out",
     {11, 10},
     false,
     {{0, 1, 8}, {0, 2, 11}},
     2,
     2,
     "LOG2: 2 entries, sequence 11-12; LOG1: older than the hive",
     ""},
    {"numbers wrap inside a log",
     {0xffffffff, 0xfffffffe},
     false,
     {{0, 3, 0xfffffffe}, {0, 0, 0}},
     3,
     3,
     "LOG1: 3 entries, sequence 4294967294-0",
     "changes in its LOG2 are missing: empty"},
    {"numbers wrap between logs",
     {0xffffffff, 0xfffffffe},
     false,
     {{2, 4, 0}, {0, 2, 0xfffffffe}},
     4,
     4,
     "LOG2+LOG1: 4 entries, sequence 4294967294-1",
     ""},
    {"bad base block: the later log alone",
     {11, 10},
     true,
     {{0, 1, 11}, {0, 4, 13}},
     4,
     4,
     "base block from LOG2; LOG2: 4 entries, sequence 13-16; LOG1: older than the other log",
     ""},
    {"bad base block, one log",
     {11, 10},
     true,
     {{0, 2, 3}, {0, 0, 0}},
     2,
     2,
     "base block from LOG1; LOG1: 2 entries, sequence 3-4",
     "changes in its LOG2 are missing: empty"},
    {"clean",
     {10, 10},
     false,
     {{0, 2, 11}, {0, 0, 0}},
     0,
     0,
     "clean; LOG1 is ahead of it (sequence 12), not applied",
     ""},
    {"clean, old log", {10, 10}, false, {{0, 2, 8}, {0, 0, 0}}, 0, 0, "clean", ""},
};

Test(txlog, order_of_logs)
{
    struct set s;
    set_make(&s);
    for (size_t i = 0; i < LEN(pairs); i++) {
        const struct pair_row *p = &pairs[i];
        struct buf hive = {0}, log[2] = {0};
        buf_put(&hive, s.state[0].p, s.state[0].n);
        hive_seq(&hive, p->hive[0], p->hive[1]);
        if (p->bad_header)
            hive.p[16] ^= 1;
        for (unsigned k = 0; k < 2; k++)
            if (p->log[k].to)
                make_log(&log[k], &s, p->log[k].from, p->log[k].to, p->log[k].seq);
        struct span files[3] = {view(&hive), view(&log[0]), view(&log[1])};
        struct image img;
        struct replay r;
        struct err e = {0};
        cr_expect_eq(txlog_recover(files, 3, &img, &r, &e), OK, "%s", p->name);
        cr_expect(r.applied == p->applied && r.header_repaired == p->bad_header, "%s: %u applied", p->name,
                  r.applied);
        cr_expect_str_eq(r.text, p->text, "%s: %s", p->name, r.text);
        cr_expect_str_eq(r.lack, p->lack, "%s: %s", p->name, r.lack);
        cr_expect(p->bad_header && !p->applied ? true : shows(&img, &s.state[p->shows]), "%s: wrong state",
                  p->name);
        cr_expect(p->applied ? img.page && img.owned : img.bytes == files[0].p && !img.page, "%s", p->name);
        if (p->applied)
            cr_expect(le32(img.bytes + 4) == r.last_seq && le32(img.bytes + 8) == r.last_seq
                          && hive_header(span_of(img.bytes, img.n, 0)).checksum_ok,
                      "%s", p->name);
        image_free(&img);
        buf_free(&hive), buf_free(&log[0]), buf_free(&log[1]);
    }
    set_free(&s);
}

Test(txlog, old_logs)
{
    static const struct {
        const char *name;
        int minutes[2];
        bool bad_header;
        unsigned applied;
        const char *text;
    } rows[] = {
        {"same time as the hive", {0, -1000}, false, 1, "LOG1: old format"},
        {"later than the hive", {5, -1000}, false, 1, "LOG1: old format"},
        {"older than the hive",
         {-5, -1000},
         false,
         0,
         "dirty, no log applied; LOG1: older than the hive; LOG2: empty"},
        {"the later of two", {1, 2}, false, 1, "LOG2: old format"},
        {"the first of two equals", {2, 2}, false, 1, "LOG1: old format"},
        {"bad base block", {3, -1000}, true, 1, "base block from LOG1; LOG1: old format"},
        {"bad base block, older than the first bin",
         {-3, -1000},
         true,
         0,
         "dirty, no log applied; LOG1: older than the hive; LOG2: empty"},
    };
    struct set s;
    set_make(&s);
    int64_t now = utc("2026-03-01T08:00:00Z");
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf hive = {0}, log[2] = {0};
        buf_put(&hive, s.state[0].p, s.state[0].n);
        hive_stamp(&hive, now), hive_seq(&hive, 11, 10);
        if (rows[i].bad_header)
            hive.p[30] ^= 1;
        for (unsigned k = 0; k < 2; k++)
            if (rows[i].minutes[k] > -1000)
                log_old(&log[k], &s.state[0], &s.state[3], now + rows[i].minutes[k] * 60 * WINTIME_SECOND);
        struct span files[3] = {view(&hive), view(&log[0]), view(&log[1])};
        struct image img;
        struct replay r;
        cr_expect_eq(txlog_recover(files, 3, &img, &r, NULL), OK, "%s", rows[i].name);
        cr_expect(r.applied == rows[i].applied, "%s: %s", rows[i].name, r.text);
        cr_expect(!strncmp(r.text, rows[i].text, strlen(rows[i].text)), "%s: %s", rows[i].name, r.text);
        unsigned pages = 0;
        for (size_t k = 0; img.page && k < img.n / HIVE_PAGE; k++)
            pages += img.page[k].file != 0;
        /* the base block of a log is none of its pages */
        cr_expect_eq(r.pages + rows[i].bad_header * r.applied, pages, "%s: %u pages, %u told", rows[i].name,
                     pages, r.pages);
        cr_expect(!r.applied || pages > 1, "%s", rows[i].name);
        if (rows[i].bad_header && r.applied) {
            uint32_t entry = 9;
            struct ref base = image_ref(&img, 40, &entry);
            cr_expect(base.file == 1 && base.off == 40 && !entry, "%s: where its base block lies",
                      rows[i].name);
        }
        if (r.applied) { /* bytes 20.. of the first bin hold a time that hive_stamp set */
            hive_stamp(&s.state[3], now);
            cr_expect(shows(&img, &s.state[3]), "%s", rows[i].name);
        }
        image_free(&img);
        buf_free(&hive), buf_free(&log[0]), buf_free(&log[1]);
    }
    set_free(&s);
}

/* A log in the format of Windows 7 beside one of today is left over from before. */
Test(txlog, old_log_beside_a_newer)
{
    struct set s;
    set_make(&s);
    for (unsigned k = 0; k < 2; k++) {
        struct buf hive = {0}, log[2] = {0};
        struct image img;
        struct replay r;
        buf_put(&hive, s.state[0].p, s.state[0].n);
        hive_seq(&hive, 11, 10);
        make_log(&log[k], &s, 0, 2, 11);
        log_old(&log[!k], &s.state[0], &s.state[3], utc("2026-03-01T09:00:00Z"));
        struct span files[3] = {view(&hive), view(&log[0]), view(&log[1])};
        cr_expect(txlog_recover(files, 3, &img, &r, NULL) == OK && r.applied == 2, "%u: %s", k, r.text);
        cr_expect(
            strstr(r.text, k ? "LOG1: old format beside a newer log" : "LOG2: old format beside a newer log"),
            "%u: %s", k, r.text);
        cr_expect(shows(&img, &s.state[2]), "%u", k);
        image_free(&img);
        buf_free(&hive), buf_free(&log[0]), buf_free(&log[1]);
    }
    set_free(&s);
}

/* Each breakage of the first entry leaves the hive alone; of a later one, what came before it stays applied.
 */
Test(txlog, broken_logs)
{
    static const struct {
        const char *name, *text;
    } why[] = {
        {"checksum", "LOG1: header checksum wrong"},
        {"magic", "LOG1: not a log"},
        {"sequence", "LOG1: its sequence numbers differ"},
        {"type", "LOG1: unknown file type"},
        {"header-only", "LOG1: no entry of its sequence number"},
        {"entry-magic", "LOG1: no entry of its sequence number"},
        {"entry-hash1", "LOG1: hash wrong"},
        {"entry-hash2", "LOG1: hash wrong"},
        {"entry-size", "LOG1: size wrong"},
        {"entry-size-odd", "LOG1: size wrong"},
        {"entry-seq", "LOG1: no entry of its sequence number"},
        {"entry-count", "LOG1: page count wrong"},
        {"entry-none", "LOG1: page count wrong"},
        {"entry-offset", "LOG1: page outside"},
        {"entry-offset-odd", "LOG1: page outside"},
        {"entry-length-odd", "LOG1: page outside"},
        {"entry-bins", "LOG1: hive size wrong"},
        {"entry-cut", "LOG1: size wrong"},
        {"old-magic", "LOG1: no dirty vector"},
    };
    struct set s;
    set_make(&s);
    for (size_t i = 0; i < LEN(why); i++) {
        struct buf hive = {0}, log = {0};
        struct image img;
        struct replay r;
        buf_put(&hive, s.state[0].p, s.state[0].n);
        hive_seq(&hive, 11, 10);
        if (strncmp(why[i].name, "old-", 4) == 0)
            log_old(&log, &s.state[0], &s.state[1], utc("2026-03-01T08:00:00Z"));
        else
            make_log(&log, &s, 0, 1, 11);
        log_break(&log, why[i].name);
        cr_expect(txlog_recover((struct span[]){view(&hive), view(&log)}, 2, &img, &r, NULL) == OK
                      && !r.applied && r.rejected == 1 && !img.page,
                  "%s", why[i].name);
        cr_expect(strstr(r.text, why[i].text), "%s: %s", why[i].name, r.text);
        cr_expect_str_eq(r.lack, "changes still in its transaction logs are missing", "%s", why[i].name);
        image_free(&img);
        buf_free(&hive), buf_free(&log);
    }
    set_free(&s);
}

/* One byte short at the end of every entry: that entry is not applied, the ones before it are. */
Test(txlog, cut_short)
{
    struct set s;
    struct buf hive = {0}, log = {0};
    struct image img;
    struct replay r;
    set_make(&s);
    buf_put(&hive, s.state[0].p, s.state[0].n);
    hive_seq(&hive, 11, 10);
    make_log(&log, &s, 0, 4, 11);
    size_t end = HIVE_PAGE, whole = log.n;
    for (unsigned i = 0; i < 4; i++) {
        end += le32(at(&log, end + 4));
        for (unsigned cut = 0; cut < 2; cut++) {
            struct span part = span_of(log.p, end - cut, 0);
            cr_expect_eq(txlog_recover((struct span[]){view(&hive), part}, 2, &img, &r, NULL), OK);
            cr_expect_eq(r.applied, i + 1 - cut, "%u cut %u: %s", i, cut, r.text);
            cr_expect(shows(&img, &s.state[i + 1 - cut]), "%u cut %u", i, cut);
            image_free(&img);
        }
    }
    cr_expect_eq(end, whole);
    for (size_t n = 0; n < 600; n++) { /* heads of every length */
        cr_expect(
            txlog_recover((struct span[]){span_of(hive.p, n, 0), span_of(log.p, n, 0)}, 2, &img, &r, NULL)
                == OK
            && !r.applied);
        image_free(&img);
    }
    size_t second = HIVE_PAGE + le32(at(&log, HIVE_PAGE + 4));
    log.p[second + 60] ^= 1;
    cr_expect(txlog_recover((struct span[]){view(&hive), view(&log)}, 2, &img, &r, NULL) == OK
              && r.applied == 1 && r.rejected == 1);
    cr_expect_str_eq(r.text, "LOG1: 1 entries, sequence 11-11; LOG1: entry 12: hash wrong");
    cr_expect_str_eq(r.lack, "changes at the end of its LOG1 are missing: hash wrong");
    image_free(&img);
    buf_free(&hive), buf_free(&log), set_free(&s);
}

/* A hive that was replayed in part says so: a log that is missing, refused or torn may hold later changes.
 * What is by its own word of an older round holds nothing new. Logs are called after their files. */
Test(txlog, used_in_part)
{
    enum { WHOLE, GONE, EMPTY, ZEROS, ONE_BYTE, HEADER, CUT, HEAD_ONLY, TAIL };
    static const struct {
        const char *what;
        uint8_t name[2], state[2];
        bool second_older, rm;
        uint32_t hive[3]; /* its sequence numbers; 1: its base block is damaged */
        const char *lack, *text;
    } rows[] = {
        {"both", {LOG_1, LOG_2}, {WHOLE, WHOLE}, false, false, {15, 10}, "", "LOG1+LOG2: 4"},
        {"the older one alone",
         {LOG_1},
         {WHOLE, GONE},
         false,
         false,
         {15, 10},
         "only LOG1 is at hand, and LOG2 may hold later changes",
         "LOG1: 2"},
        {"a lone LOG2",
         {LOG_2},
         {WHOLE, GONE},
         false,
         false,
         {15, 10},
         "only LOG2 is at hand, and LOG1 may hold later changes",
         "LOG2: 2"},
        {"a lone log of another name",
         {LOG_PLAIN},
         {WHOLE, GONE},
         false,
         false,
         {15, 10},
         "only one of its logs is at hand, and the other may hold later changes",
         "LOG: 2"},
        {"named the other way round",
         {LOG_2, LOG_1},
         {WHOLE, WHOLE},
         false,
         false,
         {15, 10},
         "",
         "LOG2+LOG1: 4"},
        {"newer empty",
         {LOG_1, LOG_2},
         {WHOLE, EMPTY},
         false,
         false,
         {15, 10},
         "changes in its LOG2 are missing: empty",
         "LOG1: 2"},
        {"newer of zeros",
         {LOG_1, LOG_2},
         {WHOLE, ZEROS},
         false,
         false,
         {15, 10},
         "changes in its LOG2 are missing: not a log",
         "LOG1: 2"},
        {"newer with a bad byte",
         {LOG_1, LOG_2},
         {WHOLE, ONE_BYTE},
         false,
         false,
         {15, 10},
         "changes in its LOG2 are missing: hash wrong",
         "LOG1: 2"},
        {"newer with a bad header",
         {LOG_1, LOG_2},
         {WHOLE, HEADER},
         false,
         false,
         {15, 10},
         "changes in its LOG2 are missing: header checksum wrong",
         "LOG1: 2"},
        {"newer cut to 1,024 bytes",
         {LOG_1, LOG_2},
         {WHOLE, CUT},
         false,
         false,
         {15, 10},
         "changes in its LOG2 are missing: size wrong",
         "LOG1: 2"},
        {"newer cut to its header",
         {LOG_1, LOG_2},
         {WHOLE, HEAD_ONLY},
         false,
         false,
         {15, 10},
         "changes in its LOG2 are missing: no entry of its sequence number",
         "LOG1: 2"},
        {"newer torn at its end",
         {LOG_1, LOG_2},
         {WHOLE, TAIL},
         false,
         false,
         {15, 10},
         "changes at the end of its LOG2 are missing: hash wrong",
         "LOG1+LOG2: 3"},
        {"older with a bad byte",
         {LOG_1, LOG_2},
         {ONE_BYTE, WHOLE},
         false,
         false,
         {15, 10},
         "changes in its LOG1 are missing: hash wrong",
         "LOG2: 2"},
        {"the other is of an older round",
         {LOG_1, LOG_2},
         {WHOLE, WHOLE},
         true,
         false,
         {15, 10},
         "",
         "LOG1: 2"},
        {"... and damaged", {LOG_1, LOG_2}, {WHOLE, ONE_BYTE}, true, false, {15, 10}, "", "LOG1: 2"},
        {"... and cut", {LOG_1, LOG_2}, {WHOLE, HEAD_ONLY}, true, false, {15, 10}, "", "LOG1: 2"},
        {"... with a bad header: who knows",
         {LOG_1, LOG_2},
         {WHOLE, HEADER},
         true,
         false,
         {15, 10},
         "changes in its LOG2 are missing: header checksum wrong",
         "LOG1: 2"},
        {"... damaged, and the hive's numbers as well: who knows",
         {LOG_1, LOG_2},
         {WHOLE, ONE_BYTE},
         true,
         false,
         {15, 10, 1},
         "changes in its LOG2 are missing: hash wrong",
         "base block from LOG1; LOG1: 2"},
        {"clean, and its logs are not ahead",
         {LOG_1, LOG_2},
         {WHOLE, WHOLE},
         false,
         true,
         {14, 14},
         "",
         "clean"},
        {"clean, and its own log is ahead",
         {LOG_1, LOG_2},
         {WHOLE, WHOLE},
         false,
         true,
         {12, 12},
         "LOG2 holds later changes than this copy",
         "clean; LOG2 is ahead"},
        {"clean, and a stranger is ahead",
         {LOG_1, LOG_2},
         {WHOLE, WHOLE},
         false,
         false,
         {12, 12},
         "",
         "clean; LOG2 is ahead"},
        {"clean, no logs", {LOG_1}, {GONE, GONE}, false, false, {12, 12}, "", "clean"},
    };
    struct set s;
    set_make(&s);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf hive = {0}, log[2] = {0};
        buf_put(&hive, s.state[0].p, s.state[0].n);
        hive_seq(&hive, rows[i].hive[0], rows[i].hive[1]);
        make_log(&log[0], &s, 0, 2, 11), make_log(&log[1], &s, 2, 4, rows[i].second_older ? 7 : 13);
        if (rows[i].rm) {
            set64(hive.p + 112, 77), hive_repair(&hive);
            for (unsigned k = 0; k < 2; k++)
                set64(log[k].p + 112, 77), log_repair(&log[k]);
        }
        hive.p[60] ^= (char)rows[i].hive[2];
        struct span files[3] = {view(&hive)};
        size_t n = 1, refused = 0;
        for (unsigned k = 0; k < 2; k++) {
            size_t second = HIVE_PAGE + le32(at(&log[k], HIVE_PAGE + 4));
            switch (rows[i].state[k]) {
            case EMPTY: log[k].n = 0; break;
            case ZEROS: memset(log[k].p, 0, log[k].n); break;
            case ONE_BYTE: log[k].p[700] ^= 1; break;
            case HEADER: log[k].p[60] ^= 1; break;
            case CUT: log[k].n = 1024; break;
            case HEAD_ONLY: log[k].n = HIVE_PAGE; break;
            case TAIL: log[k].p[second + 60] ^= 1; break;
            }
            refused += rows[i].state[k] > EMPTY || (k && rows[i].second_older && rows[i].state[k] == WHOLE);
            if (rows[i].state[k] != GONE)
                files[n++] = view(&log[k]);
        }
        struct image img;
        struct replay r;
        cr_expect_eq(txlog_recover_named(files, rows[i].name, n, &img, &r, NULL), OK, "%s", rows[i].what);
        cr_expect_str_eq(r.lack, rows[i].lack, "%s: %s", rows[i].what, r.lack);
        cr_expect_eq(r.rejected, refused, "%s: %u refused", rows[i].what, r.rejected);
        cr_expect(!strncmp(r.text, rows[i].text, strlen(rows[i].text)), "%s: %s", rows[i].what, r.text);
        image_free(&img);
        buf_free(&hive), buf_free(&log[0]), buf_free(&log[1]);
    }
    set_free(&s);
}

/* Of the old format only the later log counts; LOG2 is mostly empty, and before Vista there is but one. */
Test(txlog, old_log_used_in_part)
{
    static const struct {
        uint8_t name;
        bool empty_second, cut;
        const char *lack;
    } rows[] = {
        {LOG_PLAIN, false, false, ""},
        {LOG_1, true, false, ""},
        {LOG_1, false, false, "only LOG1 is at hand, and LOG2 may hold later changes"},
        {LOG_1, true, true, "changes at the end of its LOG1 are missing: cut short"},
    };
    struct set s;
    set_make(&s);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf hive = {0}, log = {0};
        buf_put(&hive, s.state[0].p, s.state[0].n);
        hive_stamp(&hive, utc("2026-03-01T08:00:00Z")), hive_seq(&hive, 11, 10);
        log_old(&log, &s.state[0], &s.state[3], utc("2026-03-01T08:00:00Z"));
        if (rows[i].cut)
            log.n -= HIVE_PAGE;
        struct image img;
        struct replay r;
        uint8_t name[2] = {rows[i].name, LOG_2};
        struct span files[3] = {view(&hive), view(&log), {.p = (const uint8_t *)""}};
        cr_expect_eq(txlog_recover_named(files, name, rows[i].empty_second ? 3 : 2, &img, &r, NULL), OK);
        cr_expect(r.applied == 1, "row %zu: %s", i, r.text);
        cr_expect_str_eq(r.lack, rows[i].lack, "row %zu: %s", i, r.lack);
        image_free(&img);
        buf_free(&hive), buf_free(&log);
    }
    set_free(&s);
}

/* Entries of an older round behind the last one are remnants, however good they look. */
Test(txlog, remnants_stay_out)
{
    struct set s;
    struct buf hive = {0}, log = {0};
    struct image img;
    struct replay r;
    set_make(&s);
    buf_put(&hive, s.state[0].p, s.state[0].n);
    hive_seq(&hive, 11, 10);
    make_log(&log, &s, 0, 2, 11);
    log_entry(&log, &s.state[0], &s.state[4], 5);
    cr_expect_eq(txlog_recover((struct span[]){view(&hive), view(&log)}, 2, &img, &r, NULL), OK);
    cr_expect(r.applied == 2 && r.rejected == 0 && shows(&img, &s.state[2]), "%s", r.text);
    image_free(&img);
    buf_free(&hive), buf_free(&log), set_free(&s);
}

/* Provenance: the last entry that wrote a page, to the byte; what no log touched lies in the hive. */
Test(txlog, where_bytes_lie)
{
    struct set s;
    struct buf hive = {0}, log = {0};
    struct image img;
    struct replay r;
    uint32_t entry;
    set_make(&s);
    buf_put(&hive, s.state[0].p, s.state[0].n);
    hive_seq(&hive, 11, 10);
    make_log(&log, &s, 0, 3, 11);
    cr_assert_eq(txlog_recover((struct span[]){view(&hive), view(&log)}, 2, &img, &r, NULL), OK);
    bool from_log = false;
    for (uint64_t off = HIVE_BASE; off < img.n; off += 8) {
        struct ref ref = image_ref(&img, off, &entry);
        const struct buf *b = ref.file ? &log : &hive;
        cr_assert(ref.file <= 1 && (ref.file ? entry >= 11 && entry <= 13 : entry == 0 && ref.off == off));
        cr_assert(ref.off + 8 > b->n || memcmp(b->p + ref.off, img.bytes + off, 8) == 0);
        from_log |= ref.file == 1;
    }
    cr_expect(from_log);
    cr_expect_eq(image_ref(&img, 4096 * 4096, NULL).off, 4096u * 4096, "behind the end: as it is");
    image_free(&img);
    image_free(&img); /* twice does no harm */
    buf_free(&hive), buf_free(&log), set_free(&s);
}

/* Evidence is mapped read-only: nothing is ever written to it, dirty or clean. */
Test(txlog, evidence_untouched)
{
    struct set s;
    struct buf log = {0};
    struct image img;
    struct replay r;
    set_make(&s);
    hive_seq(&s.state[0], 11, 10);
    make_log(&log, &s, 0, 3, 11);
    size_t n[2] = {s.state[0].n, log.n};
    uint8_t *p[2];
    for (unsigned i = 0; i < 2; i++) {
        p[i] = mmap(NULL, n[i], PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        cr_assert(p[i] != MAP_FAILED);
        memcpy(p[i], i ? log.p : s.state[0].p, n[i]);
        cr_assert_eq(mprotect(p[i], n[i], PROT_READ), 0);
    }
    cr_expect_eq(
        txlog_recover((struct span[]){span_of(p[0], n[0], 0), span_of(p[1], n[1], 0)}, 2, &img, &r, NULL),
        OK);
    cr_expect(r.applied == 3 && shows(&img, &s.state[3]));
    cr_expect(img.hive.p == p[0] && memcmp(p[0], s.state[0].p, n[0]) == 0);
    image_free(&img);
    for (unsigned i = 0; i < 2; i++)
        munmap(p[i], n[i]);
    buf_free(&log), set_free(&s);
}

Test(txlog, base_block)
{
    struct hive h = {.name = "SAM", .now = utc("2026-03-01T08:00:00Z"), .seq = 3, .minor = 3};
    struct buf b = {0};
    reg(&h, "A", DW("x", 1), END);
    hive_write(&h, &b);
    struct hive_header x = hive_header(span_of(b.p, 512, 0));
    cr_expect(x.regf && x.checksum_ok && x.seq1 == 3 && x.seq2 == 3 && x.major == 1 && x.minor == 3
              && x.file_type == 0 && x.written == h.now);
    x = hive_header(span_of(b.p, 511, 0));
    cr_expect(x.regf && !x.checksum_ok && !x.seq1 && !x.bins && x.name);
    x = hive_header(span_of(b.p, 3, 0));
    cr_expect(!x.regf);
    buf_free(&b), hive_free(&h);
}
