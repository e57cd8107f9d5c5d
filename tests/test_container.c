/* Containers through the reader alone: every format whole, cut at every place, locked, damaged, too large,
 * named to climb, of 70,000 members. */
#include "base/limits.h"
#include "base/utf.h"
#include "parsers/container/container.h"
#include "parsers/container/name.h"
#include "plat/plat.h"
#include "tests/build.h"
#include "tests/containers.h"
#include <criterion/criterion.h>

/* --- what a reader said, as one text: a line a member */

struct heard {
    struct buf text;
    struct buf data;
    struct buf inner; /* the last container among them */
    uint64_t room;
    uint32_t n;
};

static void expect(void *ctx, const struct sniffed *is, uint64_t bytes) { (void)ctx, (void)is, (void)bytes; }

static enum status take_data(void *ctx, const void *p, size_t n, struct err *e)
{
    struct heard *h = ctx;
    if (h->data.n + n > h->room)
        return err_set(e, E_LIMIT, ERR_NO_OFF, "spool", "no room left");
    buf_put(&h->data, p, n);
    return OK;
}

static void take_back(void *ctx) { ((struct heard *)ctx)->data.n = 0; }

static enum status take_member(void *ctx, const struct member *m, struct err *e)
{
    static const char *const words[MEMBER_STATES] = {"whole", "damaged", "failed", "locked", "named"};
    struct heard *h = ctx;
    (void)e;
    bool given = m->state == MEMBER_WHOLE || m->state == MEMBER_DAMAGED;
    cr_expect(!given || m->bytes == h->data.n, "%.*s: told %zu bytes, given %zu", STR_ARG(m->name),
              (size_t)m->bytes, h->data.n);
    cr_expect(given || !h->data.n, "%.*s: bytes given of a member that is not handed on", STR_ARG(m->name));
    buf_printf(&h->text, "%u %s %.*s %s %08x%s%s%.*s\n", m->ordinal, words[m->state], STR_ARG(m->name),
               kind_names[m->is.kind], given ? crc32_add(0, h->data.p, h->data.n) : 0,
               m->climbs ? " climbs" : "", m->why.n ? ": " : "", STR_ARG(m->why));
    if (given && m->is.kind == KIND_CONTAINER)
        h->inner.n = 0, buf_put(&h->inner, h->data.p, h->data.n);
    h->data.n = 0, h->n++;
    return OK;
}

static enum status take_progress(void *ctx, uint64_t in, struct err *e)
{
    (void)ctx, (void)in, (void)e;
    return OK;
}

static struct container_sums sums;
static struct err said;
static struct heard h;

/* Reads all of file and returns what was told. */
static const char *hear(struct str file, const char *name, const struct container_ask *more)
{
    struct arena scratch;
    struct container_sink sink = {expect, take_data, take_back, take_member, take_progress, &h};
    struct container_ask ask = more ? *more : (struct container_ask){0};
    ask.file = span_of(file.p, file.n, 0), ask.name = str_of(name);
    ask.most = ask.most ? ask.most : 1ull << 40,
    ask.member_most = ask.member_most ? ask.member_most : 1ull << 40;
    buf_free(&h.text), buf_free(&h.data), buf_free(&h.inner);
    h = (struct heard){.room = 1ull << 40};
    cr_assert(plat_neutral(&said) == OK && arena_make(&scratch, 8 << 20));
    said = (struct err){0};
    container_read(&ask, &sink, &scratch, &sums, &said);
    arena_free(&scratch);
    buf_char(&h.text, 0);
    return h.text.p;
}

/* --- members: two logs and a text between them */

static struct buf log_a, log_b;
static struct str A, B;
static const struct str text = {"nothing of Windows\n", 19};
static char line_a[64], line_b[64];

static void make_logs(void)
{
    every_log(0, &log_a), every_log(1, &log_b);
    A = buf_view(&log_a), B = buf_view(&log_b);
    snprintf(line_a, sizeof line_a, "whole logs/System.evtx evtx %08x", crc32_add(0, A.p, A.n));
    snprintf(line_b, sizeof line_b, "whole logs/Security.evtx evtx %08x", crc32_add(0, B.p, B.n));
}
#define THREE                                                                                    \
    {                                                                                            \
        {"logs/System.evtx", A, 0}, {"logs/readme.txt", text, 0}, { "logs/Security.evtx", B, 0 } \
    }

enum { SUMS = 1, LOCKS = 2, FRONT = 4 };
/* name: what the container is called, and the one inside it; SUMS: the format has sums of its members, FRONT:
 * of the whole alone, which comes too late. Of zstd, none where LibArchive wrote it. */
static const struct {
    const char *what, *name, *format, *filter, *options;
    unsigned can;
} kinds[] = {
    {"zip, deflate", "data.zip", "zip", "none", NULL, SUMS | LOCKS},
    {"zip, stored", "data.zip", "zip", "none", "zip:compression=store", SUMS | LOCKS},
    {"zip64", "data.zip", "zip", "none", "zip:zip64", SUMS | LOCKS},
    {"zip, streamed", "data.zip", "zip by hand", NULL, NULL, SUMS | LOCKS},
    {"7z, lzma", "data.7z", "7zip", "none", NULL, SUMS},
    {"7z, lzma2", "data.7z", "7zip", "none", "7zip:compression=lzma2", SUMS},
    {"7z, bzip2", "data.7z", "7zip", "none", "7zip:compression=bzip2", SUMS},
    {"7z, deflate", "data.7z", "7zip", "none", "7zip:compression=deflate", SUMS},
    {"7z, ppmd", "data.7z", "7zip", "none", "7zip:compression=ppmd", SUMS},
    {"7z, stored", "data.7z", "7zip", "none", "7zip:compression=store", SUMS},
    {"tar", "data.tar", "ustar", "none", NULL, 0},
    {"tar, pax", "data.tar", "pax", "none", NULL, 0},
    {"tar.gz", "data.tar.gz", "ustar", "gzip", NULL, FRONT},
    {"tar.bz2", "data.tar.bz2", "ustar", "bzip2", NULL, SUMS},
    {"tar.xz", "data.tar.xz", "ustar", "xz", NULL, SUMS},
    {"tar.zst", "data.tar.zst", "ustar", "zstd", NULL, 0},
    {"iso", "data.iso", "iso9660", "none", NULL, 0},
    {"cab", "data.cab", "cab by hand", NULL, NULL, 0},
    {"gz", "System.evtx.gz", "raw", "gzip", NULL, SUMS},
    {"bz2", "System.evtx.bz2", "raw", "bzip2", NULL, SUMS},
    {"xz", "System.evtx.xz", "raw", "xz", NULL, SUMS},
    {"zst", "System.evtx.zst", "raw", "zstd", NULL, 0},
};

static bool is_alone(size_t i) { return strcmp(kinds[i].format, "raw") == 0; }

static void pack_as(size_t i, struct buf *out, const struct packed *m, size_t n)
{
    if (strcmp(kinds[i].format, "cab by hand") == 0) {
        cab(out, m, n);
    } else if (strcmp(kinds[i].format, "zip by hand") == 0) {
        struct zip_hand z = {0};
        for (size_t k = 0; k < n; k++)
            zip_add(&z, str_of(m[k].name), 0, ZIP_STREAMED, m[k].data, m[k].data, false);
        zip_end(&z, out);
    } else {
        pack(out, kinds[i].format, kinds[i].filter, kinds[i].options, NULL, m, is_alone(i) ? 1 : n);
    }
}

static void write_three(size_t i, struct buf *out)
{
    const struct packed three[] = THREE, as_windows[] = {{"logs\\System.evtx", A, 0},
                                                         {"logs\\readme.txt", text, 0},
                                                         {"logs\\Security.evtx", B, 0}};
    pack_as(i, out, strcmp(kinds[i].what, "cab") == 0 ? as_windows : three, 3);
}

Test(container, every_format_whole, .init = make_logs)
{
    for (size_t i = 0; i < LEN(kinds); i++) {
        struct buf b = {0};
        if (is_alone(i))
            continue;
        write_three(i, &b);
        const char *told = hear(buf_view(&b), "x", NULL);
        cr_expect(said.code == OK && strstr(told, line_a) && strstr(told, line_b), "%s: %s %s\n%s",
                  kinds[i].what, said.why, sums.why, told);
        cr_expect(sums.seen == 3 && sums.wanted == 2 && sums.failed == 0 && sums.opened && !sums.why[0],
                  "%s: %d %d %d %s", kinds[i].what, (int)sums.seen, (int)sums.wanted, (int)sums.failed,
                  sums.why);
        buf_free(&b);
    }
}

/* What is cut short says so, whatever is left of it; what it says is whole is what was packed. */
Test(container, every_format_cut_short, .init = make_logs, .timeout = 480)
{
    for (size_t i = 0; i < LEN(kinds); i++) {
        struct buf b = {0};
        if (is_alone(i))
            continue;
        write_three(i, &b);
        for (unsigned part = 1; part < 40; part++) {
            size_t n = b.n * part / 40;
            const char *told = hear((struct str){b.p, n}, "x", NULL);
            bool both = strstr(told, line_a) && strstr(told, line_b),
                 quiet = !sums.why[0] && !sums.failed && said.code == OK;
            cr_expect(!quiet || both, "%s cut to %zu of %zu says nothing of it:\n%s", kinds[i].what, n, b.n,
                      told);
            for (const char *at = told; (at = strstr(at, "whole logs/S")); at++)
                cr_expect(strncmp(at, line_a, strlen(line_a)) == 0
                              || strncmp(at, line_b, strlen(line_b)) == 0,
                          "%s cut to %zu of %zu: wrong bytes called whole\n%s", kinds[i].what, n, b.n, told);
        }
        buf_free(&b);
    }
}

Test(container, packed_alone, .init = make_logs)
{
    static const struct {
        const char *filter, *name, *member;
    } rows[] = {
        {"gzip", "in/System.evtx.gz", "1 whole System.evtx evtx"},
        {"bzip2", "System.evtx.bz2", "1 whole System.evtx evtx"},
        {"xz", "a\\System.evtx.xz", "1 whole System.evtx evtx"},
        {"zstd", "System.evtx.zst", "1 whole System.evtx evtx"},
        {"gzip", "System", "1 whole data evtx"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf b = {0};
        pack(&b, "raw", rows[i].filter, NULL, NULL, &(struct packed){"x", A, 0}, 1);
        const char *told = hear(buf_view(&b), rows[i].name, NULL);
        cr_expect(strncmp(told, rows[i].member, strlen(rows[i].member)) == 0 && sums.wanted == 1
                      && !sums.why[0],
                  "%s: %s\n%s", rows[i].name, sums.why, told);
        told = hear((struct str){b.p, b.n - 9}, rows[i].name, NULL);
        cr_expect(strstr(told, "1 damaged") ? sums.failed == 1 : strstr(sums.why, "cannot be opened") != NULL,
                  "%s cut short: %s\n%s", rows[i].name, sums.why, told);
        buf_free(&b);
        pack(&b, "raw", rows[i].filter, NULL, NULL, &(struct packed){"x", STR(""), 0}, 1);
        told = hear(buf_view(&b), rows[i].name, NULL);
        cr_expect(!sums.wanted && !sums.failed, "%s, nothing packed: %s\n%s", rows[i].name, sums.why, told);
        buf_free(&b);
    }
}

/* A gzip's sums: cut, changed, several one behind the other, something behind it. */
Test(container, gzip_keeps_its_sums, .init = make_logs)
{
    struct buf b = {0}, two = {0};
    pack(&b, "raw", "gzip", NULL, NULL, &(struct packed){"x", A, 0}, 1);
    b.p[b.n - 6] ^= 1; /* its CRC-32 */
    const char *told = hear(buf_view(&b), "System.evtx.gz", NULL);
    cr_expect(strstr(told, "1 damaged System.evtx evtx") && strstr(told, "gzip: incorrect data check")
                  && sums.failed == 1,
              "%s %s", told, sums.why);
    b.p[b.n - 6] ^= 1, b.p[b.n - 2] ^= 1; /* its length */
    told = hear(buf_view(&b), "System.evtx.gz", NULL);
    cr_expect(strstr(told, "1 damaged System.evtx evtx") && strstr(told, "gzip: incorrect length check"),
              "%s", told);
    b.p[b.n - 2] ^= 1;
    told = hear((struct str){b.p, b.n - 8}, "System.evtx.gz", NULL);
    cr_expect(strstr(told, "1 damaged System.evtx evtx") && strstr(told, "cut short"), "%s", told);
    buf_put(&b, "\0\0padding", 9);
    told = hear(buf_view(&b), "System.evtx.gz", NULL);
    cr_expect(strstr(told, "1 whole System.evtx evtx") && !sums.failed, "%s", told);
    buf_free(&b);
    for (size_t i = 0; i < 2; i++) { /* as pigz and cat make them */
        pack(&b, "raw", "gzip", NULL, NULL,
             &(struct packed){"x", i ? (struct str){A.p + 5000, A.n - 5000} : (struct str){A.p, 5000}, 0}, 1);
        buf_put(&two, b.p, b.n), buf_free(&b);
    }
    told = hear(buf_view(&two), "System.evtx.gz", NULL);
    char want[64];
    snprintf(want, sizeof want, "1 whole System.evtx evtx %08x", crc32_add(0, A.p, A.n));
    cr_expect(strncmp(told, want, strlen(want)) == 0 && !sums.failed, "%s, not %s", told, want);
    buf_free(&two);
    /* in a tar the sum comes behind all members: what they are called was too early */
    const struct packed three[] = THREE;
    pack(&b, "ustar", "gzip", NULL, NULL, three, 3);
    b.p[b.n - 6] ^= 1;
    told = hear(buf_view(&b), "x", NULL);
    cr_expect(strstr(told, line_a) && strstr(sums.why, "incorrect data check"), "%s\n%s", sums.why, told);
    buf_free(&b);
}

Test(container, what_is_no_file_is_left_out, .init = make_logs)
{
    const struct packed rows[] = {{"logs", {0}, 'd'},
                                  {"logs/System.evtx", A, 0},
                                  {"to/passwd", STR("/etc/passwd"), 'l'},
                                  {"again.evtx", STR("logs/System.evtx"), 'h'},
                                  {"null", {0}, 'c'},
                                  {"../../etc/cron.d/x.evtx", B, 0},
                                  {"/abs/y.evtx", A, 0}};
    struct buf b = {0};
    pack(&b, "ustar", "none", NULL, NULL, rows, LEN(rows));
    const char *told = hear(buf_view(&b), "x", NULL);
    cr_expect(sums.seen == 3 && sums.wanted == 3 && sums.links == 3 && sums.climbing == 1, "%d %d %d %d",
              (int)sums.seen, (int)sums.wanted, (int)sums.links, (int)sums.climbing);
    cr_expect(strstr(told, "whole %2E%2E/%2E%2E/etc/cron.d/x.evtx evtx") && strstr(told, "climbs\n")
                  && strstr(told, "whole abs/y.evtx"),
              "%s", told);
    buf_free(&b);
}

/* Stored in a stream, with a zip inside a zip: who skips instead of seeking lists the inner one's members as
 * the outer one's. */
Test(container, a_stored_streamed_zip_in_a_zip, .init = make_logs)
{
    struct zip_hand inner = {0}, outer = {0};
    struct buf in, out;
    zip_add(&inner, STR("Application.evtx"), 0, ZIP_STREAMED, A, A, false),
        zip_add(&inner, STR("x.evtx"), 0, ZIP_STREAMED, B, B, false);
    zip_end(&inner, &in);
    zip_add(&outer, STR("first.txt"), 0, ZIP_STREAMED, text, text, false),
        zip_add(&outer, STR("inner.zip"), 0, ZIP_STREAMED, buf_view(&in), buf_view(&in), false);
    zip_add(&outer, STR("logs\\System.evtx"), 0, ZIP_STREAMED, A, A, false);
    zip_end(&outer, &out);
    const char *told = hear(buf_view(&out), "x", NULL);
    cr_expect(strstr(told, "2 whole inner.zip container") && strstr(told, line_a)
                  && !strstr(told, "Application"),
              "%s", told);
    /* Without its directory it can only be read from the front: the same members, and a word about it. */
    told = hear((struct str){out.p, out.n - 60}, "x", NULL);
    cr_expect(strstr(told, "whole inner.zip container") && strstr(told, line_a)
                  && !strstr(told, "Application") && strstr(sums.why, "from the front"),
              "%s\n%s", sums.why, told);
    buf_free(&in), buf_free(&out);
}

Test(container, a_damaged_member_between_two_good_ones, .init = make_logs)
{
    const struct packed three[] = {
        {"logs/System.evtx", A, 0}, {"logs/bad.evtx", A, 0}, {"logs/Security.evtx", B, 0}};
    struct zip_hand z = {0};
    struct buf b = {0};
    /* another sum than the bytes have */
    zip_add(&z, STR("logs/System.evtx"), 0, 0, A, A, false),
        zip_add(&z, STR("logs/bad.evtx"), 0, 0, A, A, true),
        zip_add(&z, STR("logs/Security.evtx"), 0, 0, B, B, false);
    zip_end(&z, &b);
    const char *told = hear(buf_view(&b), "x", NULL);
    cr_expect(strstr(told, line_a) && strstr(told, line_b) && strstr(told, "2 damaged logs/bad.evtx evtx")
                  && strstr(told, "bad CRC") && sums.failed == 1 && sums.wanted == 3,
              "%s", told);
    buf_free(&b);
    /* a method nobody here reads */
    zip_add(&z, STR("logs/System.evtx"), 0, 0, A, A, false),
        zip_add(&z, STR("logs/bad.evtx"), 9, 0, A, A, false),
        zip_add(&z, STR("logs/Security.evtx"), 0, 0, B, B, false);
    zip_end(&z, &b);
    told = hear(buf_view(&b), "x", NULL);
    cr_expect(strstr(told, line_a) && strstr(told, line_b)
                  && strstr(told, "2 failed logs/bad.evtx unknown 00000000: unpack it with 7zz x: "
                                  "Unsupported ZIP compression method (9: deflation-64-bit)"),
              "%s", told);
    buf_free(&b);
    /* its header is gone: the directory leads to nothing, and the rest is found from the front */
    zip_add(&z, STR("logs/System.evtx"), 0, 0, A, A, false);
    size_t at = z.out.n;
    zip_add(&z, STR("logs/bad.evtx"), 0, 0, text, text, false),
        zip_add(&z, STR("logs/Security.evtx"), 0, 0, B, B, false);
    zip_end(&z, &b);
    memset(b.p + at, 'x', 4);
    told = hear(buf_view(&b), "x", NULL);
    cr_expect(strstr(told, line_a) && strstr(told, line_b) && strstr(sums.why, "header in it is damaged"),
              "%s\n%s", sums.why, told);
    buf_free(&b);
    /* deflate that breaks in the middle */
    pack(&b, "zip", "none", NULL, NULL, three, 3);
    char *second = memmem(b.p, b.n, "logs/bad.evtx", 13);
    memset(second + 600, 0xff, 200);
    told = hear(buf_view(&b), "x", NULL);
    cr_expect(strstr(told, line_a) && strstr(told, line_b)
                  && strstr(told, "2 failed logs/bad.evtx unknown 00000000: ZIP decompression failed")
                  && sums.failed == 1,
              "%s\n%s", sums.why, told);
    buf_free(&b);
}

Test(container, locked, .init = make_logs)
{
    static const struct {
        const char *options;
    } rows[] = {{"zip:encryption=zipcrypt"}, {"zip:encryption=aes128"}, {"zip:encryption=aes256"}};
    const struct str wrong[] = {STR("nothing"), STR("infected"), STR("")}, right[] = {STR("nothing"),
                                                                                      STR("Ma\xc3\x9f"
                                                                                          "krug"),
                                                                                      STR("infected")};
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct packed three[] = THREE;
        struct buf b = {0};
        pack(&b, "zip", "none", rows[i].options,
             "Ma\xc3\x9f"
             "krug",
             three, 3);
        const char *told = hear(buf_view(&b), "x", NULL);
        cr_expect(sums.seen == 3 && sums.locked == 3 && sums.failed == 3 && !sums.wanted
                      && strstr(sums.why, "3 of its files need a passphrase: --password-file"),
                  "%s: %s\n%s", rows[i].options, sums.why, told);
        cr_expect(strstr(told, "1 locked logs/System.evtx") && strstr(told, "3 locked logs/Security.evtx"),
                  "%s", told);
        told = hear(buf_view(&b), "x", &(struct container_ask){.password = wrong, .n_password = LEN(wrong)});
        cr_expect(sums.locked == 3 && !sums.wanted
                      && strstr(told, "no passphrase of --password-file opens it"),
                  "%s: %s\n%s", rows[i].options, sums.why, told);
        told = hear(buf_view(&b), "x", &(struct container_ask){.password = right, .n_password = LEN(right)});
        cr_expect(sums.locked == 0 && sums.wanted == 2 && !sums.failed && !sums.why[0] && strstr(told, line_a)
                      && strstr(told, line_b),
                  "%s: %s\n%s", rows[i].options, sums.why, told);
        buf_free(&b);
    }
}

/* A wrong word whose check byte fits, one of 256, is no reason to believe what comes out. */
Test(container, a_wrong_word_that_looks_right, .init = make_logs)
{
    static char word[600][8];
    static struct str many[601];
    struct buf b = {0};
    pack(&b, "zip", "none", "zip:encryption=zipcrypt", "right", &(struct packed){"logs/System.evtx", A, 0},
         1);
    for (size_t i = 0; i < 600; i++)
        snprintf(word[i], sizeof word[i], "no%zu", i), many[i] = str_of(word[i]);
    many[600] = STR("right");
    const char *told = hear(buf_view(&b), "x", &(struct container_ask){.password = many, .n_password = 600});
    cr_expect(sums.locked == 1 && !sums.wanted, "%s", told);
    told = hear(buf_view(&b), "x", &(struct container_ask){.password = many, .n_password = 601});
    cr_expect(strstr(told, line_a) && !sums.failed, "%s\n%s", sums.why, told);
    buf_free(&b);
}

Test(container, bombs, .init = make_logs)
{
    static const char *const packs[][2] = {
        {"zip", "none"}, {"7zip", "none"}, {"ustar", "gzip"}, {"ustar", "xz"}, {"ustar", "zstd"}};
    struct buf big = {0}, b = {0};
    cr_assert(buf_room(&big, 64u << 20));
    memset(big.p, 0, 64u << 20), memcpy(big.p, A.p, A.n), big.n = 64u << 20;
    const struct packed rows[] = {
        {"logs/System.evtx", A, 0}, {"logs/big.evtx", buf_view(&big), 0}, {"logs/Security.evtx", B, 0}};
    for (size_t i = 0; i < LEN(packs); i++) {
        pack(&b, packs[i][0], packs[i][1], NULL, NULL, rows, 3);
        const char *told = hear(buf_view(&b), "x", &(struct container_ask){.most = 8u << 20});
        cr_expect(said.code == E_LIMIT && sums.wanted == 1 && sums.failed == 1 && sums.out < 9u << 20,
                  "%s: %s, %d out\n%s", packs[i][0], said.why, (int)sums.out, told);
        cr_expect(strstr(told, line_a) && strstr(told, "failed logs/big.evtx"), "%s", told);
        /* one member too large costs itself */
        told = hear(buf_view(&b), "x", &(struct container_ask){.member_most = 8u << 20});
        cr_expect(said.code == OK && sums.wanted == 2 && sums.failed == 1 && strstr(told, line_b)
                      && strstr(told, "larger than --limits file-bytes"),
                  "%s: %s\n%s", packs[i][0], sums.why, told);
        buf_free(&b);
    }
    /* what does not say how large it is, is stopped on the way */
    pack(&b, "raw", "gzip", NULL, NULL, &rows[1], 1);
    const char *told = hear(buf_view(&b), "big.evtx.gz", &(struct container_ask){.most = 8u << 20});
    cr_expect(said.code == E_LIMIT && sums.failed == 1 && !sums.wanted && sums.out < 9u << 20, "%s", told);
    told = hear(buf_view(&b), "big.evtx.gz", &(struct container_ask){.member_most = 8u << 20});
    cr_expect(said.code == OK && sums.failed == 1 && strstr(told, "larger than --limits file-bytes"), "%s",
              told);
    buf_free(&b), buf_free(&big);
}

/* A member nobody wants may be of any size: of a zip it costs nothing, and what must be read to get past it
 * counts. */
Test(container, zeros_nobody_wants, .init = make_logs)
{
    struct buf big = {0}, b = {0};
    cr_assert(buf_room(&big, 64u << 20));
    memset(big.p, 0, 64u << 20), big.n = 64u << 20;
    const struct packed rows[] = {{"zeros.evtx", buf_view(&big), 0}, {"logs/System.evtx", A, 0}};
    pack(&b, "zip", "none", NULL, NULL, rows, 2);
    const char *told = hear(buf_view(&b), "x", &(struct container_ask){.most = 8u << 20});
    cr_expect(said.code == OK && sums.wanted == 1
                  && strstr(told, "1 named zeros.evtx unknown 00000000: zeros where its contents should be")
                  && strstr(told, line_a),
              "%s %s\n%s", said.why, sums.why, told);
    buf_free(&b);
    pack(&b, "ustar", "gzip", NULL, NULL, rows, 2);
    hear(buf_view(&b), "x", &(struct container_ask){.most = 8u << 20});
    cr_expect(said.code == E_LIMIT, "%s", sums.why);
    buf_free(&b), buf_free(&big);
}

Test(container, seventy_thousand_members, .init = make_logs, .timeout = 480)
{
    struct zip_hand z = {0};
    struct buf b;
    char name[32];
    for (unsigned i = 0; i < 70000; i++) {
        bool log = i == 3 || i == 69999;
        int n = snprintf(name, sizeof name, "d\\f%u.txt", i);
        zip_add(&z, (struct str){name, (size_t)n}, 0, 0, log ? A : text, log ? A : text, false);
    }
    zip_end(&z, &b); /* its end record counts modulo 65,536 */
    const char *told = hear(buf_view(&b), "x", NULL);
    cr_expect(sums.seen == 70000 && sums.wanted == 2 && !sums.why[0] && strstr(told, "4 whole d/f3.txt evtx")
                  && strstr(told, "70000 whole d/f69999.txt evtx"),
              "%d %s\n%s", (int)sums.seen, sums.why, told);
    told = hear(buf_view(&b), "x", &(struct container_ask){.only = 70000});
    cr_expect(strncmp(told, "70000 whole", 11) == 0 && sums.wanted == 1, "%s", told);
    buf_free(&b);
}

/* --- every format against everything that may be wrong with it: what is said then stands in containers.tsv
 * (TABLE=1 writes it anew, and asks the slow ones too) */
enum { WHOLE, CUT, LOCKED, BOMB, CLIMBS, MANY, NESTED, BETWEEN, DAMAGED, WRONGS };
static const char *const wrong_words[WRONGS] = {
    "whole",      "cut in half",          "wrong passphrase",
    "bomb",       "names that climb",     "70,000 members",
    "three deep", "one of three damaged", "damaged in the middle"};

/* A stored 7z whose header says that its members are encrypted with AES. */
static void lock_7z(struct buf *b)
{
    static const char copied[] = "\x0b\1\0\1\1\0\x0c", aes[] = "\x0b\1\0\1\x24\6\xf1\7\1\1\x13\x0c";
    struct buf all = {0};
    char *coder = memmem(b->p, b->n, copied, 7);
    cr_assert(coder);
    size_t at = (size_t)(coder - b->p), header = 32 + (size_t)le32((const uint8_t *)b->p + 12);
    buf_put(&all, b->p, at), buf_put(&all, aes, 12), buf_put(&all, coder + 7, b->n - at - 7);
    set32(all.p + 20, (uint32_t)(all.n - header));
    set32(all.p + 28, crc32_add(0, all.p + header, all.n - header));
    set32(all.p + 8, crc32_add(0, all.p + 12, 20));
    buf_free(b), *b = all;
}

/* What LibArchive writes has passphrases as a zip only. */
static void pack_locked(size_t i, struct buf *out, const struct packed *m, size_t n)
{
    char options[100];
    if (!(kinds[i].can & LOCKS)) {
        pack(out, "7zip", "none", "7zip:compression=store", NULL, m, 1),
            lock_7z(out); /* one: else its header is packed */
        return;
    }
    snprintf(options, sizeof options, "%s%szip:encryption=%s", kinds[i].options ? kinds[i].options : "",
             kinds[i].options ? "," : "", i % 2 ? "zipcrypt" : "aes256");
    pack(out, "zip", "none", options, "right", m, n);
}

/* Three logs, and bytes of the second one changed where two containers that differ in its contents differ
 * longest. */
static void pack_between(size_t i, struct buf *out)
{
    struct buf bad[2] = {{0}}, other = {0};
    size_t best = 0, most = 0, n = 0;
    for (uint64_t x = 1, k = 0; k < 2; k++) {
        buf_put(&bad[k], A.p, 4096);
        for (size_t b = 0; b < 8192; b++)
            x = x * 6364136223846793005u + 1442695040888963407u, buf_u64le(&bad[k], x);
    }
    struct packed rows[] = {
        {"logs/System.evtx", A, 0}, {"logs/bad.evtx", buf_view(&bad[0]), 0}, {"logs/Security.evtx", B, 0}};
    pack_as(i, out, rows, 3);
    rows[1].data = buf_view(&bad[1]);
    pack_as(i, &other, rows, 3);
    for (size_t at = 0, from = 0, last = 0; at < out->n && at < other.n; at++) {
        if (out->p[at] == other.p[at])
            continue;
        from = at - last > 32 ? at : from, last = at;
        if (at - from > most)
            most = at - from, best = from;
    }
    cr_assert(most > 8192, "%s: %zu", kinds[i].what, most);
    for (n = 0; n < 32; n++)
        out->p[best + 4096 + n] = (char)~out->p[best + 4096 + n];
    buf_free(&bad[0]), buf_free(&bad[1]), buf_free(&other);
}

/* Each member's state, and what is wrong with it. */
static void put_members(struct buf *to, const char *told)
{
    for (struct str rest = str_of(told); rest.n;) {
        struct str line = str_cut(&rest, '\n'), state, name, kind;
        str_cut(&line, ' '), state = str_cut(&line, ' '), name = str_cut(&line, ' '),
                             kind = str_cut(&line, ' ');
        struct str why = line;
        str_cut(&why, ':');
        (void)kind;
        buf_z(to, to->n && to->p[to->n - 1] != '>' ? "; " : to->n ? " " : ""), buf_str(to, name);
        buf_char(to, ' '), buf_str(to, state);
        if (str_contains(line, STR(" climbs")))
            buf_z(to, ", climbs");
        if (why.n)
            buf_z(to, " ("), buf_str(to, str_trim(why)), buf_char(to, ')');
    }
}

static size_t count_whole(const char *told)
{
    size_t n = 0;
    for (; (told = strstr(told, " whole ")); told++)
        n++;
    return n;
}

static bool has_passphrases(size_t i) { return kinds[i].can & LOCKS || strcmp(kinds[i].format, "7zip") == 0; }

static const char *go_wrong(size_t i, size_t how)
{
    static struct buf line;
    static struct packed many[70000];
    static char name[70000][16];
    const struct str wrong[] = {STR("wrong"), STR("right ")};
    struct container_ask ask = {
        .most = how == BOMB ? 8u << 20 : 0, .password = wrong, .n_password = how == LOCKED ? LEN(wrong) : 0};
    struct buf b = {0}, big = {0};
    const struct packed three[] = THREE;
    char path[80];
    bool locks = how == LOCKED && has_passphrases(i);
    if (how == BOMB) {
        cr_assert(buf_room(&big, 32u << 20));
        memset(big.p, 0, 32u << 20), memcpy(big.p, A.p, A.n), big.n = 32u << 20;
        const struct packed rows[] = {three[0], {"logs/big.evtx", buf_view(&big), 0}, three[2]};
        pack_as(i, &b, is_alone(i) ? rows + 1 : rows, 3);
    } else if (how == CLIMBS) {
        const struct packed rows[] = {{"../../etc/cron.d/x.evtx", A, 0}, {"/abs/../y.evtx", B, 0}};
        pack_as(i, &b, rows, 2);
    } else if (how == MANY) {
        size_t n = strcmp(kinds[i].what, "cab") != 0 ? LEN(many) : 65000; /* it counts with 16 bits */
        for (size_t k = 0; k < n; k++) {
            snprintf(name[k], sizeof name[k], "f%zu", k);
            many[k] = (struct packed){name[k], k == 3 || k + 1 == n ? A : STR("x"), 0};
        }
        pack_as(i, &b, many, n);
    } else if (how == BETWEEN) {
        pack_between(i, &b);
    } else if (locks) {
        pack_locked(i, &b, three, LEN(three));
    } else {
        pack_as(i, &b, three, LEN(three));
    }
    for (unsigned deep = 0; how == NESTED && deep < 2; deep++) {
        struct buf up = {0};
        pack_as(i, &up, &(struct packed){kinds[i].name, buf_view(&b), 0}, 1);
        buf_free(&b), b = up;
    }
    if (how == CUT)
        b.n /= 2;
    for (size_t k = 0; how == DAMAGED && k < 32; k++)
        b.p[b.n / 2 + k] = (char)~b.p[b.n / 2 + k];
    snprintf(path, sizeof path, "%s%s", how == CLIMBS ? "..\\..\\etc/" : "", kinds[i].name);
    if (how == NESTED && is_alone(i))
        snprintf(path, sizeof path, "System.evtx%s%s%s", kinds[i].name + 11, kinds[i].name + 11,
                 kinds[i].name + 11);
    const char *told = hear(buf_view(&b), path, &ask);
    line.n = 0;
    for (unsigned deep = 0; how == NESTED && deep < 2 && h.inner.n; deep++) {
        struct buf inner = h.inner;
        h.inner = (struct buf){0};
        put_members(&line, told), buf_z(&line, " >");
        struct str member = str_of(told);
        str_cut(&member, ' '), str_cut(&member, ' '), member = str_cut(&member, ' ');
        snprintf(path, sizeof path, "%.*s", STR_ARG(member));
        told = hear(buf_view(&inner), path, &ask);
        buf_free(&inner);
    }
    size_t whole = count_whole(told);
    if (how == MANY)
        buf_printf(&line, "%zu whole, %zu failed", whole, (size_t)sums.failed);
    else
        put_members(&line, told);
    buf_printf(&line, "%s%zu seen%s", line.n ? "; " : "", (size_t)sums.seen,
               said.code == E_LIMIT ? "; a limit was reached" : "");
    if (sums.why[0])
        buf_z(&line, "; of it all: "), buf_z(&line, sums.why);
    buf_char(&line, 0);
    /* whatever is wrong: what is called whole is what was packed, or the container says that its sum is not
     * right; a bare tar, an image and our cabinets hold no sums */
    bool kept = kinds[i].can & (SUMS | FRONT), look = how != CLIMBS && how != MANY
                                                      && ((how != DAMAGED && how != BETWEEN) || kept)
                                                      && !is_alone(i) && !strstr(sums.why, "its own sum");
    for (const char *at = told; look && (at = strstr(at, "whole logs/S")); at++)
        cr_expect(strncmp(at, line_a, strlen(line_a)) == 0 || strncmp(at, line_b, strlen(line_b)) == 0,
                  "%s, %s: wrong bytes called whole\n%s", kinds[i].what, wrong_words[how], told);
    size_t all = is_alone(i) ? 1 : 2;
    cr_expect(how != LOCKED || whole == (locks ? 0 : all), "%s, a wrong passphrase: %s", kinds[i].what, told);
    cr_expect((how != WHOLE && how != NESTED) || whole == all, "%s, %s: %s", kinds[i].what, wrong_words[how],
              told);
    bool quiet = !sums.why[0] && !sums.failed && said.code == OK;
    cr_expect(!quiet || how == WHOLE || how == CLIMBS || how == MANY
                  || ((how == DAMAGED || how == BETWEEN) && !kept) || whole == all,
              "%s, %s: nothing is said\n%s", kinds[i].what, wrong_words[how], told);
    buf_free(&b), buf_free(&big);
    return line.p;
}

/* Where a column has no meaning, why. */
static const char *senseless(size_t i, size_t how)
{
    if (is_alone(i) && (how == MANY || how == BETWEEN))
        return "none: it holds one file";
    return how == LOCKED && !has_passphrases(i) ? "none: the format has no passphrases" : NULL;
}

static bool is_slow(size_t i, size_t how)
{
    return how == MANY && strcmp(kinds[i].what, "7z, stored") != 0 && strcmp(kinds[i].what, "tar") != 0
           && strcmp(kinds[i].what, "cab") != 0 && strcmp(kinds[i].what, "zip, streamed") != 0;
}

static struct str said_before(struct str table, const char *what, const char *wrong)
{
    while (table.n) {
        struct str row = str_cut(&table, '\n'), a = str_cut(&row, '\t'), b = str_cut(&row, '\t');
        if (str_eq(a, str_of(what)) && str_eq(b, str_of(wrong)))
            return row;
    }
    return STR_NONE;
}

/* Its words are those of one release; of another, states and counts are looked at above. */
static bool same_words(void)
{
#ifdef _WIN32
    return false;
#else
    return archive_version_number() == 3006002;
#endif
}

Test(container, the_table, .init = make_logs, .timeout = 900)
{
    static const char path[] = "tests/containers.tsv";
    struct buf table = {0};
    struct err e = {0};
    FILE *out = getenv("TABLE") ? fopen(path, "w") : NULL;
    cr_assert(out || plat_read_file(path, 1 << 20, &table, &e) == OK, "%s", e.why);
    if (out)
        fputs("format\twhat is wrong\twhat is said\n", out);
    for (size_t i = 0; i < LEN(kinds); i++)
        for (size_t how = 0; how < WRONGS; how++) {
            const char *none = senseless(i, how), *now;
            if (is_slow(i, how) && !out)
                continue;
            now = none ? none : go_wrong(i, how);
            if (out)
                fprintf(out, "%s\t%s\t%s\n", kinds[i].what, wrong_words[how], now);
            else
                cr_expect(!same_words()
                              || str_eq(said_before(buf_view(&table), kinds[i].what, wrong_words[how]),
                                        str_of(now)),
                          "%s, %s: now %s", kinds[i].what, wrong_words[how], now);
        }
    if (out)
        fclose(out);
    buf_free(&table);
}

Test(container, one_member_of_each_format, .init = make_logs)
{
    for (size_t i = 0; i < LEN(kinds); i++) {
        struct buf b = {0};
        if (is_alone(i))
            continue;
        write_three(i, &b);
        const char *told = hear(buf_view(&b), "x", NULL), *at = strstr(told, line_b);
        cr_assert(at && at > told);
        while (at > told && at[-1] != '\n')
            at--;
        uint32_t ordinal = (uint32_t)strtoul(at, NULL, 10);
        told = hear(buf_view(&b), "x", &(struct container_ask){.only = ordinal});
        cr_expect(strstr(told, line_b) && !strstr(told, line_a) && sums.wanted == 1, "%s, member %u:\n%s",
                  kinds[i].what, ordinal, told);
        buf_free(&b);
    }
}

Test(container, what_is_not_read_here_says_what_does)
{
    static const struct {
        const char *head;
        size_t n, size;
        const char *why;
    } rows[] = {
        {"vhdxfile", 8, 512, "VHDX disk image is not opened here: 7zz x FILE -oOUT"},
        {"Rar!\x1a\x07\x01", 7, 512, "RAR archive is not opened here: 7zz x FILE -oOUT"},
        {"EVF\x09\x0d\x0a\xff", 8, 512, "EnCase disk image (E01) is not opened here: ewfexport"},
        {"\x04\x22\x4d\x18", 4, 64, "LZ4 data is not opened here: lz4 -d FILE"},
        {"hello", 5, 5, "text is not opened here"},
        {"PK\3\4", 4, 40, "cannot be opened"},
        {"7z\xbc\xaf\x27\x1c", 6, 40, "cannot be opened"},
        {"MSCF\0\0\0\0", 8, 40, "cannot be opened"},
        {"\x1f\x8b\x08", 3, 20, "cannot be opened"},
        {"\xfd"
         "7zXZ\0",
         6, 20, "cannot be opened"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        char file[512];
        memset(file, 'x', sizeof file);
        memcpy(file, rows[i].head, rows[i].n);
        hear((struct str){file, rows[i].size}, "x", NULL);
        cr_expect(strstr(sums.why, rows[i].why) && !sums.wanted && said.code == OK, "row %zu: %s", i,
                  sums.why);
    }
    cr_expect(container_next_step("VHDX disk image") && !container_next_step("ZIP archive")
              && !container_next_step("text"));
}

Test(container, aff4_is_a_zip_that_is_not_one)
{
    struct zip_hand z = {0};
    struct buf b;
    zip_add(&z, STR("container.description"), 0, 0, text, text, false),
        zip_add(&z, STR("information.turtle"), 0, 0, text, text, false);
    zip_end(&z, &b);
    hear(buf_view(&b), "x", NULL);
    cr_expect(strstr(sums.why, "AFF4") && strstr(sums.why, "aff4imager"), "%s", sums.why);
    buf_free(&b);
}

/* A member whose name is none: of a method nobody reads, with a length of zero, with a NUL in front, or not
 * the UTF-8 it says it is. */
Test(container, members_without_a_name, .init = make_logs)
{
    struct zip_hand z = {0};
    struct buf b;
    zip_add(&z, STR(""), 0, 0, A, A, false), zip_add(&z, STR("\0x"), 0, 0, B, B, false);
    zip_add(&z, STR("\xff\xfe"), 0, ZIP_UTF8, A, A, false), zip_add(&z, STR(""), 9, 0, A, A, false);
    zip_end(&z, &b);
    const char *told = hear(buf_view(&b), "x", NULL);
    cr_expect(said.code == OK && sums.seen == 4 && sums.wanted == 3 && sums.failed == 1, "%s %s\n%s",
              said.why, sums.why, told);
    cr_expect(strstr(told, "1 whole (unnamed) evtx") && strstr(told, "2 whole (unnamed) evtx")
                  && strstr(told, "4 failed (unnamed)"),
              "%s", told);
    buf_free(&b);
}

/* --- names */

Test(container, names)
{
    static const struct {
        const char *raw, *name;
        bool climbs;
    } rows[] = {
        {"a/b.evtx", "a/b.evtx", false},
        {"a\\b\\c.evtx", "a/b/c.evtx", false},
        {"C:\\Windows\\x", "C:/Windows/x", false},
        {"/etc/passwd", "etc/passwd", false},
        {"./a/./b//c", "a/b/c", false},
        {"../x", "%2E%2E/x", true},
        {"a/..\\..\\x", "a/%2E%2E/%2E%2E/x", true},
        {"..", "%2E%2E", true},
        {"a...b/..c", "a...b/..c", false},
        {"", "(unnamed)", false},
        {"/\\/", "(unnamed)", false},
        {"Pr\xc3\xbc"
         "fung\\System.evtx",
         "Pr\xc3\xbc"
         "fung/System.evtx",
         false}, /* UTF-8 */
        {"Pr\x81"
         "fung\\System.evtx",
         "Pr\xc3\xbc"
         "fung/System.evtx",
         false},                             /* code pages 437 and 850 */
        {"a\x1b[31mb", "a\x1b[31mb", false}, /* escapers show it */
    };
    struct arena a;
    cr_assert(arena_make(&a, 1 << 20));
    for (size_t i = 0; i < LEN(rows); i++) {
        bool climbs;
        struct str s = member_name(str_of(rows[i].raw), &a, &climbs);
        cr_expect(str_eq(s, str_of(rows[i].name)) && climbs == rows[i].climbs, "%s: %.*s", rows[i].raw,
                  STR_ARG(s));
    }
    bool none;
    cr_expect(str_eq(member_name((struct str){0}, &a, &none), STR("(unnamed)")) && !none);
    static char longest[20000];
    memset(longest, 'a', sizeof longest);
    for (size_t shift = 0; shift < 4; shift++) {
        bool climbs;
        for (size_t i = shift; i + 1 < sizeof longest; i += 2)
            memcpy(longest + i, "\xc3\xbc", 2);
        struct str s = member_name((struct str){longest, sizeof longest - 1}, &a, &climbs);
        cr_expect(s.n <= LIM_MEMBER_NAME && s.n > LIM_MEMBER_NAME - 8 && str_ends_ci(s, STR("\xe2\x80\xa6")));
        size_t at = 0;
        while (at < s.n)
            cr_assert(utf8_next(s, &at) != UTF_BAD);
    }
    arena_free(&a);
}
