/* Hives: what the reader finds in the public ones, look-ups, damage by name, mutants, and what hive_read
 * emits. */
#include "parsers/registry/regf.h"
#include "base/limits.h"
#include "tests/build.h"
#include "tests/mutate.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#undef S
#define CORPUS "../shared/corpus/hive/"
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
#define SLOW 1
#else
#define SLOW 0
#endif

static bool load(const char *name, struct buf *b)
{
    char path[256], part[65536];
    snprintf(path, sizeof path, CORPUS "%s", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        buf_put(b, part, n);
    fclose(f);
    return true;
}

static struct span view(const struct buf *b) { return span_of(b->p, b->n, 0); }
static struct image image_of(const struct buf *b)
{
    return (struct image){.bytes = (const uint8_t *)b->p, .n = b->n, .hive = view(b)};
}

/* Facts as lines: "reg_value f0 path=... name=... num=..."; what is NULL is left out. */
static enum status take(void *ctx, const struct fact *f, struct err *e)
{
    struct buf *b = ctx;
    const struct fact_desc *d = &fact_descs[f->kind];
    (void)e;
    buf_printf(b, "%s f%u", d->table, f->ref.file);
    for (size_t i = 0; i < FACT_COLS && d->col[i].name; i++) {
        const struct value *v = &f->v[i];
        enum col_type t = d->col[i].type;
        if (v->null || ((t == COL_TEXT || t == COL_BLOB) && !v->s.p))
            continue;
        buf_printf(b, " %s=", d->col[i].name);
        if (t == COL_TEXT)
            buf_str(b, v->s);
        else if (t == COL_BLOB)
            buf_hex(b, v->s.p, v->s.n);
        else if (t == COL_TIME)
            buf_time(b, v->i);
        else
            buf_i64(b, v->i);
    }
    buf_char(b, '\n');
    return OK;
}

static bool says(const struct buf *lines, const char *text)
{
    char *z = malloc(lines->n + 1);
    cr_assert(z);
    size_t n = 0;
    for (size_t i = 0; i < lines->n; i++) /* names of evidence may hold NULs */
        z[n++] = lines->p[i] ? lines->p[i] : '.';
    z[n] = 0;
    bool found = strstr(z, text) != NULL;
    free(z);
    return found;
}

static unsigned count_of(const struct buf *lines, const char *text)
{
    unsigned n = 0;
    size_t len = strlen(text);
    for (size_t i = 0; i + len <= lines->n; i++)
        n += memcmp(lines->p + i, text, len) == 0;
    return n;
}

/* One open hive over bytes; anomalies as lines. */
struct opened {
    struct arena a;
    struct image img;
    struct regf *r;
    struct regf_key top;
    struct buf lines;
    bool has_top;
};

static void open_hive(struct opened *o, const struct buf *b)
{
    struct err e = {0};
    *o = (struct opened){.img = image_of(b)};
    cr_assert(arena_make(&o->a, 16 << 20));
    cr_assert_eq(regf_open(&o->img, &o->a, take, &o->lines, &o->r, &e), OK);
    o->has_top = regf_root(o->r, &o->top);
}

static void close_hive(struct opened *o)
{
    arena_free(&o->a);
    buf_free(&o->lines);
}

/* ---- the public hives */

/* Keys and values as yarp counts them; damaged: at least so many, and anomalies tell. */
static const struct {
    const char *file;
    uint64_t keys, values;
    bool damaged;
} counts[] = {
    {"real/SAM", 65, 70, false},
    {"real/SECURITY", 100, 109, false},
    {"real/SYSTEM", 30756, 73456, false},
    {"real/SYSTEM_B", 33123, 74957, false},
    {"real/SYSTEM_WIN_10_1709", 43211, 90307, false},
    {"real/transactions_NTUSER.DAT", 2590, 4119, false},
    {"yarp/BadBaseBlockHive/BadBaseBlockHive", 0, 0, true},
    {"yarp/BadListHive", 6, 0, true},
    {"yarp/BadLogHive1/BadLogHive", 5003, 0, false},
    {"yarp/BadLogHive2/BadLogHive", 5003, 0, false},
    {"yarp/BadLogHive3/BadLogHive", 5, 2, false},
    {"yarp/BadSubkeyHive", 6, 0, true},
    {"yarp/BigDataHive", 2, 2, false},
    {"yarp/BogusKeyNamesHive", 3, 0, false},
    {"yarp/CompHive", 4, 0, false},
    {"yarp/DeletedDataHive", 2, 1, false},
    {"yarp/DeletedTreeHive", 3, 0, false},
    {"yarp/DupNameHive", 2, 0, false},
    {"yarp/DuplicateSubkeysHive", 5003, 0, false},
    {"yarp/EffectiveSizeHive", 5003, 0, true},
    {"yarp/EmptyHive", 1, 0, false},
    {"yarp/ExtendedASCIIHive", 2, 1, false},
    {"yarp/GarbageHive", 1, 0, true},
    {"yarp/HealedHive", 4, 1, false},
    {"yarp/InvalidParentHive", 5003, 0, true},
    {"yarp/ManySubkeysHive", 5003, 0, false},
    {"yarp/MultiSzHive", 2, 2, false},
    {"yarp/NewDirtyHive1/NewDirtyHive", 5, 2, false},
    {"yarp/NewDirtyHive1/RecoveredHive_Windows10", 5, 1, false},
    {"yarp/NewDirtyHive2/NewDirtyHive", 5, 2, false},
    {"yarp/NewFlagsHive", 3, 0, false},
    {"yarp/OldDirtyHive/OldDirtyHive", 5003, 0, false},
    {"yarp/OldDirtyHive/RecoveredHive_Windows7", 5003, 1, false},
    {"yarp/ReallocValueHive", 2, 1, false},
    {"yarp/RemnantsHive", 1, 0, false},
    {"yarp/SlackHive", 5003, 0, false},
    {"yarp/StringValuesHive", 2, 4, false},
    {"yarp/TruncatedDirtyHive", 2, 0, true},
    {"yarp/TruncatedHive", 2, 0, true},
    {"yarp/TruncatedHiveBin", 0, 0, true},
    {"yarp/TruncatedNameHive", 2, 0, true},
    {"yarp/UnicodeHive", 3, 0, false},
    {"yarp/UpcaseHive", 4, 0, false},
    {"yarp/ValuesOrderHive", 1, 3, false},
    {"yarp/WrongOrderHive", 11, 0, false},
};

Test(regf, corpus_counts)
{
    size_t missing = 0;
    for (size_t i = 0; i < LEN(counts); i++) {
        struct buf b = {0};
        struct opened o;
        struct regf_totals t;
        if (!load(counts[i].file, &b)) {
            missing++;
            continue;
        }
        open_hive(&o, &b);
        regf_count(o.r, &t);
        cr_expect(counts[i].damaged ? t.keys >= counts[i].keys && t.values >= counts[i].values
                                    : t.keys == counts[i].keys && t.values == counts[i].values,
                  "%s: %llu/%llu", counts[i].file, (unsigned long long)t.keys, (unsigned long long)t.values);
        cr_expect_eq(t.anomalies != 0, counts[i].damaged, "%s: %llu anomalies", counts[i].file,
                     (unsigned long long)t.anomalies);
        close_hive(&o), buf_free(&b);
    }
    if (missing)
        cr_skip_test("skipped: %zu public files are not here (../shared/corpus)", missing);
}

/* The index interface, recursively, finds what the counting pass finds. */
static void walk(struct regf *r, struct arena *a, const struct regf_key *k, unsigned depth, uint64_t *keys,
                 uint64_t *values, uint64_t *bytes)
{
    struct regf_key sub;
    struct regf_value v;
    struct arena was = *a;
    ++*keys;
    for (uint32_t i = 0; regf_value_at(r, k, i, &v); i++, *a = was)
        ++*values, *bytes += v.data.n;
    for (uint32_t i = 0; depth < 64 && regf_subkey(r, k, i, &sub); i++, *a = was)
        walk(r, a, &sub, depth + 1, keys, values, bytes);
}

Test(regf, walk_by_index)
{
    size_t missing = 0;
    static const struct {
        const char *file;
        uint64_t keys, values;
    } rows[] = {
        {"real/SYSTEM_WIN_10_1709", 43211, 90307}, {"yarp/ManySubkeysHive", 5003, 0}, {"real/SAM", 65, 70}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf b = {0};
        struct opened o;
        uint64_t n[3] = {0};
        if (!load(rows[i].file, &b)) {
            missing++;
            continue;
        }
        open_hive(&o, &b);
        walk(o.r, &o.a, &o.top, 0, &n[0], &n[1], &n[2]);
        cr_expect(n[0] == rows[i].keys && n[1] == rows[i].values, "%s: %llu/%llu", rows[i].file,
                  (unsigned long long)n[0], (unsigned long long)n[1]);
        close_hive(&o), buf_free(&b);
    }
    if (missing)
        cr_skip_test("skipped: %zu public files are not here (../shared/corpus)", missing);
}

static double ms_since(const struct timespec *t)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - t->tv_sec) * 1e3 + (double)(now.tv_nsec - t->tv_nsec) / 1e6;
}

Test(regf, speed)
{
    static const char *const places[][2] = {
        {"Control\\Lsa", "LimitBlankPasswordUse"},
        {"Control\\Lsa", "disabledomaincreds"},
        {"Control\\Lsa\\MSV1_0", "NtlmMinClientSec"},
        {"Services\\LanmanWorkstation", "Start"},
        {"Services\\LanmanWorkstation\\Parameters", "EnableSecuritySignature"},
        {"Services\\Netlogon\\Parameters", "RequireSignOrSeal"},
        {"Services\\Tcpip\\Parameters", "Hostname"},
        {"Services\\W32Time\\Parameters", "Type"},
        {"Control\\ComputerName\\ComputerName", "ComputerName"},
        {"Services\\VaultSvc", "Start"}};
    struct buf b = {0};
    struct opened o;
    struct regf_key set, k;
    struct regf_value v;
    struct timespec t0;
    double walk_ms = 1e9, find_ms = 1e9;
    if (SLOW || !load("real/SYSTEM_WIN_10_1709", &b))
        cr_skip_test("skipped: no optimised build or no corpus");
    for (unsigned round = 0; round < 20; round++) {
        struct regf_totals t;
        open_hive(&o, &b);
        clock_gettime(CLOCK_MONOTONIC, &t0);
        cr_assert(regf_find(o.r, &o.top, STR("ControlSet001"), &set));
        for (unsigned i = 0; i < 40; i++)
            cr_assert(regf_find(o.r, &set, str_of(places[i % 10][0]), &k)
                          && regf_get(o.r, &k, str_of(places[i % 10][1]), &v),
                      "%s", places[i % 10][0]);
        double ms = ms_since(&t0);
        find_ms = ms < find_ms ? ms : find_ms;
        clock_gettime(CLOCK_MONOTONIC, &t0);
        regf_count(o.r, &t);
        ms = ms_since(&t0);
        walk_ms = ms < walk_ms ? ms : walk_ms;
        close_hive(&o);
    }
    fprintf(stderr, "%.1f MB: walk %.2f ms (%.2f GB/s), 40 look-ups %.3f ms\n", (double)b.n / 1e6, walk_ms,
            (double)b.n / walk_ms / 1e6, find_ms);
    buf_free(&b);
}

/* ---- look-ups */

static void wide_hive(struct buf *b, const char *list, unsigned split)
{
    struct hive h = {.name = "WIDE", .now = utc("2026-03-01T08:00:00Z"), .list = list, .split = split};
    char path[64];
    for (unsigned i = 0; i < 300; i++) {
        snprintf(path, sizeof path, "Many\\Key %03u", i);
        reg(&h, path, DW("Number", i), END);
    }
    reg(&h, "ПРИВЕТ\\Ключ", SZ("Имя", "x"), END);
    reg(&h, "ËIGENAARDIG", SZ("ÿ", "x"), END);
    reg(&h, "\xf0\x9d\x84\x9e clef", SZ("", "default"), END);
    reg(&h, "half \xed\xa0\x80 pair", DW("a", 1), END);
    hive_write(&h, b);
    hive_free(&h);
}

Test(regf, names_compare_as_in_windows)
{
    static const struct {
        const char *path;
        bool there;
    } rows[] = {
        {"Many", true},
        {"MANY", true},
        {"many\\key 000", true},
        {"Many\\KEY 299", true},
        {"\\Many\\Key 150\\", true},
        {"Many\\\\Key 150", true},
        {"", true},
        {"Many\\Key 300", false},
        {"Man", false},
        {"Many\\Key 00", false},
        {"Many\\Key 0000", false},
        {"Many\\Key 000\\x", false},
        {"привет\\ключ", true},
        {"ПРИВЕТ\\КЛЮЧ", true},
        {"ëigenaardig", true},
        {"Eigenaardig", false},
        {"\xf0\x9d\x84\x9e CLEF", true},
        {"half \xed\xa0\x80 PAIR", true},
        {"half \xed\xa0\x81 pair", false},
        {"half \xff pair", false},
    };
    static const struct {
        const char *list;
        unsigned split;
    } shapes[] = {{"lh", 0}, {"lh", 20}, {"lf", 0}, {"lf", 7}, {"li", 0}, {"li", 40}};
    for (size_t s = 0; s < LEN(shapes); s++) {
        struct buf b = {0};
        struct opened o;
        struct regf_key k;
        struct regf_value v;
        wide_hive(&b, shapes[s].list, shapes[s].split);
        open_hive(&o, &b);
        for (size_t i = 0; i < LEN(rows); i++)
            cr_expect_eq(regf_find(o.r, &o.top, str_of(rows[i].path), &k), rows[i].there, "%s %u: %s",
                         shapes[s].list, shapes[s].split, rows[i].path);
        cr_expect(regf_find(o.r, &o.top, STR("привет\\ключ"), &k) && str_eq(k.name, STR("Ключ"))
                  && regf_get(o.r, &k, STR("ИМЯ"), &v) && str_eq(v.name, STR("Имя")));
        cr_expect(regf_find(o.r, &o.top, STR("Ëigenaardig"), &k) && regf_get(o.r, &k, STR("Ÿ"), &v),
                  "y with two dots folds out of Latin-1");
        cr_expect(regf_find(o.r, &o.top, STR("Many"), &k) && k.n_subkeys == 300);
        for (uint32_t i = 0; i < 300; i++) {
            struct regf_key sub;
            char name[16];
            snprintf(name, sizeof name, "Key %03u", i);
            cr_assert(regf_subkey(o.r, &k, i, &sub) && str_eq(sub.name, str_of(name)), "%s: %u",
                      shapes[s].list, i);
            cr_assert(i % 37 || (regf_subkey(o.r, &k, i / 2, &sub) && regf_subkey(o.r, &k, i, &sub)),
                      "any order");
        }
        struct regf_key sub;
        cr_expect(!regf_subkey(o.r, &k, 300, &sub) && !regf_subkey(o.r, &k, UINT32_MAX, &sub));
        struct regf_totals t;
        regf_count(o.r, &t);
        cr_expect(t.keys == 307 && t.values == 304 && !t.anomalies, "%s: %llu/%llu/%llu", shapes[s].list,
                  (unsigned long long)t.keys, (unsigned long long)t.values, (unsigned long long)t.anomalies);
        close_hive(&o), buf_free(&b);
    }
}

/* A hint may lie: the name decides. */
Test(regf, wrong_hash)
{
    struct buf b = {0};
    struct opened o;
    struct regf_key k;
    wide_hive(&b, "lh", 0);
    for (size_t i = 4096; i + 8 < b.n; i += 8)
        if (memcmp(b.p + i + 4, "lh", 2) == 0 && le16((uint8_t *)b.p + i + 6) > 100)
            for (unsigned n = 0; n < 300; n++)
                set32(b.p + i + 12 + 8 * n, 0x12345678);
    open_hive(&o, &b);
    cr_expect(regf_find(o.r, &o.top, STR("many\\key 222"), &k) && str_eq(k.name, STR("Key 222")));
    cr_expect(!regf_find(o.r, &o.top, STR("many\\key 333"), &k));
    close_hive(&o), buf_free(&b);
}

Test(regf, data_of_every_shape)
{
    static uint8_t big[100000];
    static const uint32_t sizes[] = {0,     1,     2,     3,     4,     5,     8,     4000,
                                     16343, 16344, 16345, 32688, 32689, 81725, 100000};
    struct hive h = {.name = "DATA", .now = utc("2026-03-01T08:00:00Z")};
    struct buf b = {0};
    struct opened o;
    struct regf_key k;
    struct regf_value v;
    char name[16];
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (uint8_t)(i * 7 + i / 251 + 1);
    for (size_t i = 0; i < LEN(sizes); i++) {
        snprintf(name, sizeof name, "%u", sizes[i]);
        reg(&h, "Data", BYTES(name, big, sizes[i]), END);
    }
    hive_write(&h, &b);
    open_hive(&o, &b);
    cr_assert(regf_find(o.r, &o.top, STR("Data"), &k));
    for (size_t i = 0; i < LEN(sizes); i++) {
        snprintf(name, sizeof name, "%u", sizes[i]);
        cr_assert(regf_get(o.r, &k, str_of(name), &v), "%s", name);
        cr_expect(v.size == sizes[i] && v.data.n == sizes[i] && v.type == REG_BINARY
                      && (!v.data.n || memcmp(v.data.p, big, sizes[i]) == 0),
                  "%s: %zu", name, v.data.n);
        cr_expect(v.data.n == 0 || sizes[i] > 16344 ? v.data.off == 0 || v.data.n == 0
                                                    : memcmp(b.p + v.data.off, big, sizes[i]) == 0,
                  "%s: its place", name);
    }
    cr_expect_eq(o.lines.n, 0, "%.*s", (int)o.lines.n, o.lines.p);
    struct regf_totals t;
    regf_count(o.r, &t);
    cr_expect(t.values == LEN(sizes) && !t.anomalies);
    o.a.at = o.a.end - 64; /* an exhausted arena is an anomaly, never a lie */
    cr_expect(regf_get(o.r, &k, STR("81725"), &v) && v.size == 81725 && v.data.n == 0
              && says(&o.lines, "no room"));
    close_hive(&o), buf_free(&b), hive_free(&h);
}

/* What libregf 20201007 gives wrongly: data of one to three bytes inside the value, strings that hold a NUL,
 * strings that end without one. Here they are what is there. */
Test(regf, where_libregf_errs)
{
    static const struct {
        const char *name;
        size_t n;
        const char *data;
    } rows[] = {{"one", 1, "\x11"},           {"two", 2, "\xfe\x01"},   {"three", 3, "\x11\x22\x33"},
                {"cut", 8, "a\0\0\0b\0\0\0"}, {"open", 6, "a\0b\0c\0"}, {"odd", 5, "a\0b\0c"},
                {"two inside", 4, "a\0b\0"}};
    struct hive h = {.name = "X", .now = utc("2026-03-01T08:00:00Z")};
    struct buf b = {0}, sam = {0};
    struct opened o;
    struct regf_key k;
    struct regf_value v;
    reg(&h, "K", TYPED(V_BINARY, "one", "\x11", 1), TYPED(V_BINARY, "two", "\xfe\x01", 2),
        TYPED(V_BINARY, "three", "\x11\x22\x33", 3), TYPED(V_SZ, "cut", "a\0\0\0b\0\0\0", 8),
        TYPED(V_SZ, "open", "a\0b\0c\0", 6), TYPED(V_SZ, "odd", "a\0b\0c", 5),
        TYPED(V_SZ, "two inside", "a\0b\0", 4), END);
    hive_write(&h, &b);
    open_hive(&o, &b);
    cr_assert(regf_find(o.r, &o.top, STR("K"), &k));
    for (size_t i = 0; i < LEN(rows); i++)
        cr_expect(regf_get(o.r, &k, str_of(rows[i].name), &v) && v.size == rows[i].n && v.data.n == rows[i].n
                      && !memcmp(v.data.p, rows[i].data, rows[i].n),
                  "%s: %zu bytes", rows[i].name, v.data.n);
    close_hive(&o), buf_free(&b), hive_free(&h);
    if (!load("real/SAM", &sam))
        cr_skip_test("skipped: " CORPUS "real/SAM is not here");
    open_hive(&o, &sam);
    cr_expect(regf_find(o.r, &o.top, STR("SAM"), &k) && regf_get(o.r, &k, STR("ServerDomainUpdates"), &v)
              && v.data.n == 2 && v.data.p[0] == 0xfe && v.data.p[1] == 1);
    close_hive(&o), buf_free(&sam);
}

Test(regf, class_names_and_types)
{
    struct hive h = {.name = "CLASS", .now = utc("2026-03-01T08:00:00Z")};
    struct buf b = {0};
    struct opened o;
    struct regf_key k;
    reg(&h, "A", DW("x", 1), END);
    hive_class(&h, "A", "9e3626b3");
    hive_write(&h, &b);
    open_hive(&o, &b);
    cr_assert(regf_find(o.r, &o.top, STR("A"), &k));
    struct span c = regf_class(o.r, &k);
    cr_expect(c.n == 16 && memcmp(c.p, "9\0e\0003\0006\0002\0006\0b\0003\0", 16) == 0);
    cr_expect_eq(regf_class(o.r, &o.top).n, 0);
    uint64_t nk = k.off;
    /* a predefined handle stands where the values would */
    set16(b.p + nk + 6, (uint16_t)(le16((uint8_t *)b.p + nk + 6) | 0x40));
    struct regf_value v;
    cr_expect(regf_find(o.r, &o.top, STR("A"), &k) && k.n_values == 0 && !regf_get(o.r, &k, STR("x"), &v)
              && !regf_value_at(o.r, &k, 0, &v));
    cr_expect_str_eq(reg_type_name(4), "REG_DWORD");
    cr_expect_str_eq(reg_type_name(11), "REG_QWORD");
    cr_expect_str_eq(reg_type_name(0x1234), "REG_UNKNOWN");
    close_hive(&o), buf_free(&b), hive_free(&h);
}

/* ---- damage */

static void damage_hive(struct buf *b)
{
    static uint8_t big[40000];
    struct hive h = {.name = "DAMAGE", .now = utc("2026-03-01T08:00:00Z"), .split = 8};
    char path[64];
    b->n = 0;
    for (unsigned i = 0; i < 20; i++) {
        snprintf(path, sizeof path, "Key %02u\\Sub", i);
        reg(&h, path, SZ("Name", "a text of its own"), DW("Number", i), END);
    }
    reg(&h, "Key 03", BYTES("Big", big, sizeof big), END);
    hive_class(&h, "Key 04", "class");
    hive_write(&h, b);
    hive_free(&h);
}

/* Whatever is broken: anomalies tell, the rest is read. keys: at least so many of the 41. */
Test(regf, breakages)
{
    static const struct {
        const char *name;
        uint64_t keys;
        const char *says;
    } rows[] = {
        {"checksum", 41, "base block detail=checksum wrong"},
        {"magic", 41, "signature is not regf"},
        {"dirty", 41, NULL},
        {"root-offset", 41, "root"},
        {"root-cell", 1, "root"},
        {"bins-zero", 41, NULL},
        {"bins-huge", 41, "code=bin"},
        {"bin-magic", 41, "no bin header here"},
        {"bin-zero", 41, "no bin header here"},
        {"bin-huge", 41, "code=bin"},
        {"cell-zero", 20, "code=cell"},
        {"cell-free", 20, "cell is free"},
        {"cell-odd", 20, "code=cell"},
        {"cell-huge", 20, "code=cell"},
        {"parent", 41, "code=parent"},
        {"list-loop", 20, "code=loop"},
        {"list-count", 20, "code=list"},
        {"list-bad", 20, "code=cell"},
        {"ri-self", 1, "code=list"},
        {"subkey-count", 41, "code=count"},
        {"name-length", 41, "code=name"},
        {"class", 41, NULL},
        {"value-count", 41, "code=list"},
        {"value-name", 41, "code=name"},
        {"value-data", 41, "code=cell"},
        {"value-size", 41, "code=data"},
        {"inline-size", 41, "5 bytes in a field of 4"},
        {"db-count", 41, "code=list"},
        {"db-list", 41, NULL},
        {"truncated", 1, "code=bin"},
        {"header-only", 0, "root key cannot be read"},
        {"no-bins", 0, "root key cannot be read"},
    };
    for (size_t i = 0; i < n_hive_breakages; i++) {
        size_t r = 0;
        while (r < LEN(rows) && strcmp(rows[r].name, hive_breakages[i].name) != 0)
            r++;
        cr_assert(r < LEN(rows), "no row for %s", hive_breakages[i].name);
        struct buf b = {0};
        struct opened o;
        struct regf_totals t;
        damage_hive(&b);
        hive_break(&b, rows[r].name);
        open_hive(&o, &b);
        regf_count(o.r, &t);
        cr_expect(t.keys >= rows[r].keys && t.keys <= 41, "%s: %llu keys", rows[r].name,
                  (unsigned long long)t.keys);
        cr_expect(!rows[r].says || says(&o.lines, rows[r].says), "%s: %.*s", rows[r].name, (int)o.lines.n,
                  o.lines.p ? o.lines.p : "");
        if (o.has_top) {
            uint64_t n[3] = {0};
            walk(o.r, &o.a, &o.top, 56, &n[0], &n[1], &n[2]); /* the index interface ends too */
        }
        close_hive(&o), buf_free(&b);
    }
}

static enum status farthest(void *ctx, const struct fact *f, struct err *e)
{
    (void)e;
    uint64_t *off = ctx;
    *off = f->kind == FACT_ANOMALY && f->ref.off > *off ? f->ref.off : *off;
    return OK;
}

/* An offset that leads out of the file is told at the file's end: a place that nobody can look at is no
 * evidence. */
Test(regf, anomalies_lie_in_the_file)
{
    struct hive h = {.name = "SYSTEM", .now = utc("2026-03-01T08:00:00Z")};
    struct buf b = {0};
    struct arena a;
    reg(&h, "Select", DW("Current", 1), END), hive_write(&h, &b), hive_free(&h);
    const uint32_t roots[] = {0xfff8, 0x7ffffff8, 0xfffffff8}, root = le32((const uint8_t *)b.p + 36);
    for (size_t i = 0; i < LEN(roots); i++) {
        uint64_t off = 0;
        struct span s = view(&b);
        set32(b.p + HIVE_BASE + root + 4 + 28, roots[i]); /* the root's list of subkeys */
        cr_assert(arena_make(&a, 1 << 20));
        cr_assert_eq(
            hive_read(&s, 1, &(struct want){.all_keys = true, .until = INT64_MAX}, &a, farthest, &off, NULL),
            OK);
        cr_expect_eq(off, b.n, "0x%llx for a list at 0x%x", (unsigned long long)off, roots[i]);
        arena_free(&a);
    }
    buf_free(&b);
}

/* Lists shared by all keys, keys listed ten thousand times: time stays within the size of the hive. */
Test(regf, sharing_costs_nothing, .timeout = 300)
{
    struct buf b = {0};
    struct opened o;
    struct regf_totals t;
    wide_hive(&b, "li", 0);
    uint32_t list = 0;
    for (size_t i = 4096; i + 8 < b.n && !list; i += 8)
        if (memcmp(b.p + i + 4, "li", 2) == 0 && le16((uint8_t *)b.p + i + 6) == 300)
            list = (uint32_t)(i - 4096);
    cr_assert(list);
    for (size_t i = 4096; i + 80 < b.n; i += 8)
        if (memcmp(b.p + i + 4, "nk", 2) == 0)
            set32(b.p + i + 24, 0x40000000), set32(b.p + i + 32, list), set32(b.p + i + 40, 0x40000000),
                set32(b.p + i + 44, list);
    open_hive(&o, &b);
    regf_count(o.r, &t);
    cr_expect(t.keys <= 307, "%llu", (unsigned long long)t.keys);
    uint64_t n[3] = {0};
    struct regf_key k;
    for (unsigned i = 0; i < 3000; i++)
        regf_find(o.r, &o.top, STR("Key 001\\Key 002\\Key 003\\None"), &k), o.a.at = o.a.base + (1 << 20);
    walk(o.r, &o.a, &o.top, 61, &n[0], &n[1], &n[2]);
    cr_expect(n[0] <= 307 && n[1] <= 307, "%llu keys, %llu values", (unsigned long long)n[0],
              (unsigned long long)n[1]);
    close_hive(&o), buf_free(&b);
}

Test(regf, heads_of_every_length)
{
    struct buf b = {0};
    damage_hive(&b);
    for (size_t n = 0; n < 4096 + 600; n += n < 600 || n > 4090 ? 1 : 97) {
        struct buf part = {.p = malloc(n ? n : 1), .n = n};
        struct opened o;
        struct regf_totals t;
        memcpy(part.p, b.p, n);
        open_hive(&o, &part);
        regf_count(o.r, &t);
        cr_expect(t.anomalies > 0 && t.keys <= 2, "%zu", n);
        close_hive(&o), free(part.p);
    }
    buf_free(&b);
}

/* ---- hive_read */

static void read_lines(const struct buf *files, size_t n, const struct want *w, struct buf *lines)
{
    struct span s[3];
    struct arena a;
    struct err e = {0};
    for (size_t i = 0; i < n; i++)
        s[i] = view(&files[i]);
    lines->n = 0;
    cr_assert(arena_make(&a, 8 << 20));
    cr_expect_eq(hive_read(s, n, w, &a, take, lines, &e), OK, "%s", e.why);
    arena_free(&a);
}

#define WANT(hive_, path_, value_)          \
    {                                       \
        STR(hive_), STR(path_), STR(value_) \
    }
#define WANTS(keys_) ((struct want){.key = (keys_), .n_key = LEN(keys_)})

static void system_hive(struct hive *h, struct buf *b)
{
    *h = (struct hive){.name = "\\SystemRoot\\System32\\Config\\SYSTEM", .now = utc("2026-03-01T08:00:00Z")};
    reg(h, "Select", DW("Current", 2), DW("Default", 2), DW("LastKnownGood", 1), END);
    reg(h, "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", 1), END);
    reg(h, "ControlSet001\\Services\\Gone", DW("Start", 4), END);
    reg(h, "ControlSet002\\Control\\ComputerName\\ComputerName", SZ("ComputerName", "PC1"), END);
    reg(h, "ControlSet002\\Control\\Lsa", DW("disabledomaincreds", 0),
        MULTI("Security Packages", "kerberos\nmsv1_0\nschannel"), TYPED(REG_DWORD_BE, "Big", "\0\0\1\2", 4),
        QW("Quad", 0x123456789), EXPAND("Expand", "%SystemRoot%\\x"), TYPED(REG_DWORD, "Short", "\1\2", 2),
        TYPED(REG_SZ, "Cut", "a\0b", 3), END);
    reg(h, "ControlSet002\\Control\\Lsa\\JD", TYPED(REG_BINARY, "Lookup", "\1\2\3\4\5\6", 6), END);
    hive_class(h, "ControlSet002\\Control\\Lsa\\JD", "5ec4e7cb");
    hive_class(h, "ControlSet002\\Control\\Lsa", "harmless");
    reg(h, "ControlSet002\\Services\\CscService", DW("Start", 4), EXPAND("ImagePath", "svchost.exe"), END);
    reg(h, "ControlSet002\\Services\\Schedule", DW("Start", 2), END);
    reg(h, "ControlSet002\\Services\\Schedule\\Parameters", DW("Deep", 1), END);
    hive_write(h, b);
}

Test(hive_read, wanted_places)
{
    static struct want_key keys[] = {WANT("SYSTEM", "<CCS>\\Control\\Lsa", "DisableDomainCreds"),
                                     WANT("SYSTEM", "<CCS>\\Services\\*", "Start"),
                                     WANT("SYSTEM", "CurrentControlSet\\Services\\CscService", "*"),
                                     WANT("*", "Select", ""),
                                     WANT("SYSTEM", "<CCS>\\Nowhere", "x"),
                                     WANT("SYSTEM", "<CCS>\\Control\\Lsa", "NotSet"),
                                     WANT("SOFTWARE", "Microsoft", "*")};
    struct hive h;
    struct buf b = {0}, lines = {0};
    system_hive(&h, &b);
    read_lines(&b, 1, &WANTS(keys), &lines);
    cr_expect(
        !strncmp(lines.p,
                 "hive f0 kind=SYSTEM root=SYSTEM computer=PC1 seq1=1 seq2=1 dirty=0 replay=clean keys=", 80),
        "%.*s", (int)lines.n, lines.p);
    cr_expect(says(&lines, "control_set=2 name=\\SystemRoot\\System32\\Config\\SYSTEM\n")
              || says(&lines, "control_set=2 name="));
    static const char *const there[] = {
        "reg_key f0 path=SYSTEM\\CurrentControlSet\\Control\\Lsa written=2026-03-01T08:00:00.0000000Z "
        "class=harmless subkeys=1 values_n=7 recovered=0\n",
        "reg_value f0 path=SYSTEM\\CurrentControlSet\\Control\\Lsa name=disabledomaincreds type=4 num=0 "
        "data=00000000 size=4 written=2026-03-01T08:00:00.0000000Z recovered=0 key_off=",
        "path=SYSTEM\\CurrentControlSet\\Services\\CscService name=Start type=4 num=4 ",
        "path=SYSTEM\\CurrentControlSet\\Services\\Schedule name=Start type=4 num=2 ",
        "path=SYSTEM\\CurrentControlSet\\Services\\CscService name=ImagePath type=2 text=svchost.exe data=",
        "reg_key f0 path=SYSTEM\\Select ",
    };
    for (size_t i = 0; i < LEN(there); i++)
        cr_expect(says(&lines, there[i]), "%s\n%.*s", there[i], (int)lines.n, lines.p);
    static const char *const absent[] = {"ControlSet001", "ControlSet002", "Gone",   "name=Current ",
                                         "Parameters",    "SOFTWARE",      "anomaly"};
    for (size_t i = 0; i < LEN(absent); i++)
        cr_expect(!says(&lines, absent[i]), "%s\n%.*s", absent[i], (int)lines.n, lines.p);
    cr_expect_eq(count_of(&lines, "CscService name=Start "), 1, "two patterns, one fact");
    buf_free(&b), buf_free(&lines), hive_free(&h);
}

Test(hive_read, shapes_of_values)
{
    static struct want_key keys[] = {WANT("SYSTEM", "<CCS>\\Control\\**", "*")};
    static const char *const there[] = {
        "name=Big type=5 num=258 data=00000102 ",
        "name=Quad type=11 num=4886718345 data=8967452301000000 ",
        "name=Expand type=2 text=%SystemRoot%\\x data=",
        "name=Security Packages type=7 text=kerberos|msv1_0|schannel data=",
        "name=Short type=4 data=0102 size=2 ",
        "name=Cut type=1 text=a data=610062 size=3 ",
        "path=SYSTEM\\CurrentControlSet\\Control\\Lsa\\JD name=Lookup type=3 size=6 written", /* no bytes of
                                                                                                 the boot key
                                                                                               */
        "reg_key f0 path=SYSTEM\\CurrentControlSet\\Control\\Lsa\\JD written=2026-03-01T08:00:00.0000000Z "
        "subkeys=0",
    };
    struct hive h;
    struct buf b = {0}, lines = {0};
    system_hive(&h, &b);
    read_lines(&b, 1, &WANTS(keys), &lines);
    for (size_t i = 0; i < LEN(there); i++)
        cr_expect(says(&lines, there[i]), "%s\n%.*s", there[i], (int)lines.n, lines.p);
    cr_expect(!says(&lines, "5ec4e7cb"));
    buf_free(&b), buf_free(&lines), hive_free(&h);
}

Test(hive_read, other_control_sets_by_name_only)
{
    static const struct {
        const char *path;
        bool old, current;
    } rows[] = {
        {"*\\Control\\Lsa", false, true},
        {"**", false, true},
        {"ControlSet001\\Control\\Lsa", true, false},
        {"ControlSet002\\Control\\Lsa", false, true},
        {"<CCS>\\Control\\**", false, true},
        {"ControlSet001\\**", true, false},
    };
    struct hive h;
    struct buf b = {0}, lines = {0};
    system_hive(&h, &b);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct want_key k = {STR("SYSTEM"), str_of(rows[i].path), STR("*")};
        read_lines(&b, 1, &(struct want){.key = &k, .n_key = 1}, &lines);
        cr_expect_eq(
            says(&lines, "path=SYSTEM\\ControlSet001\\Control\\Lsa name=disabledomaincreds type=4 num=1"),
            rows[i].old, "%s", rows[i].path);
        cr_expect_eq(
            says(&lines, "path=SYSTEM\\CurrentControlSet\\Control\\Lsa name=disabledomaincreds type=4 num=0"),
            rows[i].current, "%s", rows[i].path);
        cr_expect(!says(&lines, "path=SYSTEM\\ControlSet002"), "%s", rows[i].path);
    }
    read_lines(&b, 1, &(struct want){.all_keys = true}, &lines);
    cr_expect(says(&lines, "path=SYSTEM\\ControlSet001\\Services\\Gone")
              && says(&lines, "path=SYSTEM\\CurrentControlSet\\Services\\Schedule\\Parameters name=Deep"));
    struct regf_totals t;
    struct opened o;
    open_hive(&o, &b);
    regf_count(o.r, &t);
    cr_expect(count_of(&lines, "reg_key ") == t.keys && count_of(&lines, "reg_value ") == t.values,
              "a dump gives everything");
    close_hive(&o), buf_free(&b), buf_free(&lines), hive_free(&h);
}

Test(hive_read, select_is_missing)
{
    struct hive h;
    struct buf b = {0}, lines = {0};
    static struct want_key keys[] = {WANT("SYSTEM", "<CCS>\\Control\\Lsa", "disabledomaincreds")};
    system_hive(&h, &b);
    hive_drop(&h, "Select", NULL);
    b.n = 0, hive_write(&h, &b);
    read_lines(&b, 1, &WANTS(keys), &lines);
    cr_expect(says(&lines, "control_set=1") && says(&lines, "code=select")
                  && says(&lines, "name=disabledomaincreds type=4 num=1"),
              "%.*s", (int)lines.n, lines.p);
    reg(&h, "Select", DW("Current", 7), END);
    b.n = 0, hive_write(&h, &b);
    read_lines(&b, 1, &WANTS(keys), &lines);
    cr_expect(says(&lines, "control_set=1") && says(&lines, "code=select"));
    buf_free(&b), buf_free(&lines), hive_free(&h);
}

/* Parts of hives, as reg save makes them, stand where they came from. */
Test(hive_read, what_hive_this_is)
{
    static const struct {
        const char *keys[3];
        const char *kind, *root;
        const char *path, *fact;
    } rows[] = {
        {{"Control\\Lsa", "Services\\Tcpip", NULL},
         "SYSTEM",
         "SYSTEM\\CurrentControlSet",
         "<CCS>\\Control\\Lsa",
         "SYSTEM\\CurrentControlSet\\Control\\Lsa"},
        {{"Control\\Windows", "Enum\\USB", NULL},
         "SYSTEM",
         "SYSTEM\\CurrentControlSet",
         "*\\Control\\*",
         "SYSTEM\\CurrentControlSet\\Control\\Windows"},
        {{"LanmanWorkstation\\Parameters", "Tcpip", NULL},
         "SYSTEM",
         "SYSTEM\\CurrentControlSet\\Services",
         "<CCS>\\Services\\LanmanWorkstation\\**",
         "SYSTEM\\CurrentControlSet\\Services\\LanmanWorkstation\\Parameters"},
        {{"MSV1_0", "Kerberos", NULL},
         "SYSTEM",
         "SYSTEM\\CurrentControlSet\\Control\\Lsa",
         "<CCS>\\Control\\Lsa\\MSV1_0",
         "SYSTEM\\CurrentControlSet\\Control\\Lsa\\MSV1_0"},
        {{"Select", "ControlSet001\\Control", NULL},
         "SYSTEM",
         "SYSTEM",
         "<CCS>\\Control",
         "SYSTEM\\CurrentControlSet\\Control"},
        {{"Policy\\Secrets\\NL$KM", NULL},
         "SECURITY",
         "SECURITY",
         "Policy\\Secrets\\*",
         "SECURITY\\Policy\\Secrets\\NL$KM"},
        {{"NL$KM\\CurrVal", NULL},
         "SECURITY",
         "SECURITY\\Policy\\Secrets",
         "Policy\\Secrets\\*",
         "SECURITY\\Policy\\Secrets\\NL$KM"},
        {{"SAM\\Domains\\Account", NULL}, "SAM", "SAM", "SAM\\Domains\\*", "SAM\\SAM\\Domains\\Account"},
        {{"Domains\\Account", NULL}, "SAM", "SAM\\SAM", "SAM\\Domains\\*", "SAM\\SAM\\Domains\\Account"},
        {{"Microsoft\\Windows NT\\CurrentVersion", NULL},
         "SOFTWARE",
         "SOFTWARE",
         "Microsoft\\*",
         "SOFTWARE\\Microsoft\\Windows NT"},
        {{"Winlogon", "ProfileList\\S-1-5-18", NULL},
         "SOFTWARE",
         "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion",
         "Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\*",
         "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\S-1-5-18"},
        {{"Software\\Microsoft\\Windows", "Control Panel", NULL},
         "NTUSER",
         "NTUSER",
         "Software\\Microsoft",
         "NTUSER\\Software\\Microsoft"},
        {{"Local Settings", NULL}, "USRCLASS", "USRCLASS", "Local Settings", "USRCLASS\\Local Settings"},
        {{"Something", NULL}, "UNKNOWN", "UNKNOWN", "Something", "UNKNOWN\\Something"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct hive h = {.name = "X", .now = utc("2026-03-01T08:00:00Z")};
        struct buf b = {0}, lines = {0};
        char head[160];
        for (size_t k = 0; k < 3 && rows[i].keys[k]; k++)
            hive_key(&h, rows[i].keys[k]);
        hive_write(&h, &b);
        struct want_key k = {STR("*"), str_of(rows[i].path), STR("")};
        read_lines(&b, 1, &(struct want){.key = &k, .n_key = 1}, &lines);
        snprintf(head, sizeof head, "hive f0 kind=%s root=%s ", rows[i].kind, rows[i].root);
        cr_expect(!strncmp(lines.p, head, strlen(head)), "row %zu: %.*s", i, (int)lines.n, lines.p);
        snprintf(head, sizeof head, "reg_key f0 path=%s written", rows[i].fact);
        cr_expect(says(&lines, head), "row %zu: %s\n%.*s", i, head, (int)lines.n, lines.p);
        buf_free(&b), buf_free(&lines), hive_free(&h);
    }
}

/* A value that a log put there says which entry, and what stood there before. */
Test(hive_read, values_from_logs)
{
    static struct want_key keys[] = {WANT("SYSTEM", "<CCS>\\Control\\Lsa", "disabledomaincreds"),
                                     WANT("SYSTEM", "<CCS>\\Services\\*", "Start")};
    struct hive h;
    struct buf file[2] = {{0}}, after = {0}, lines = {0};
    system_hive(&h, &file[0]);
    h.now = utc("2026-03-02T08:00:00Z");
    reg(&h, "ControlSet002\\Control\\Lsa", DW("disabledomaincreds", 1), END);
    hive_write(&h, &after);
    log_begin(&file[1], &file[0], 2113), log_entry(&file[1], &file[0], &after, 2113);
    hive_seq(&file[0], 2, 1);
    read_lines(file, 2, &WANTS(keys), &lines);
    cr_expect(says(&lines, "dirty=1 replay=LOG1: 1 entries, sequence 2113-2113 "), "%.*s", (int)lines.n,
              lines.p);
    cr_expect(says(&lines,
                   "reg_value f1 path=SYSTEM\\CurrentControlSet\\Control\\Lsa name=disabledomaincreds type=4 "
                   "num=1 data=01000000 size=4 "
                   "written=2026-03-02T08:00:00.0000000Z origin=log entry 2113 before=00000000 recovered=0"),
              "%.*s", (int)lines.n, lines.p);
    cr_expect(says(&lines, "name=Start type=4 num=4") && count_of(&lines, "before=") == 1, "%.*s",
              (int)lines.n, lines.p);
    read_lines(file, 1, &WANTS(keys), &lines);
    cr_expect(says(&lines, "dirty=1 replay=dirty, no logs ")
              && says(&lines, "disabledomaincreds type=4 num=0") && !says(&lines, "origin="));
    buf_free(&file[0]), buf_free(&file[1]), buf_free(&after), buf_free(&lines), hive_free(&h);
}

/* So does a structure that a log put there: the value it rests on stands beside it, unless that is a secret.
 */
Test(hive_read, structures_from_logs)
{
    struct hive h = {.name = "SECURITY", .now = utc("2026-03-01T08:00:00Z")};
    struct buf file[2] = {{0}}, after = {0}, lines = {0};
    lsa_right(&h, "S-1-5-21-1-2-3-1001", RIGHT_BATCH), lsa_secret(&h, "_SC_X", h.now, h.now),
        lsa_cache(&h, 1), lsa_cached(&h, 1, h.now, 1105);
    hive_write(&h, &file[0]);
    lsa_right(&h, "S-1-5-21-1-2-3-1001", DENY_BATCH), lsa_cached(&h, 1, h.now + 1, 1106);
    hive_write(&h, &after);
    log_begin(&file[1], &file[0], 7), log_entry(&file[1], &file[0], &after, 7);
    hive_seq(&file[0], 2, 1);
    read_lines(file, 2, &(struct want){0}, &lines);
    cr_expect(says(&lines, "logon_right f1 sid=S-1-5-21-1-2-3-1001 mask=256\nreg_value f1 "
                           "path=SECURITY\\Policy\\Accounts\\S-1-5-21-1-2-3-1001\\ActSysAc name= type=0 "
                           "data=00010000 size=4"),
              "%.*s", (int)lines.n, lines.p);
    cr_expect(says(&lines, "origin=log entry 7 before=04000000"), "%.*s", (int)lines.n, lines.p);
    cr_expect(says(&lines, "reg_value f1 path=SECURITY\\Cache name=NL$1 type=3 size=")
                  && !says(&lines, "NL$1 type=3 data="),
              "%.*s", (int)lines.n, lines.p);
    read_lines(file, 2, &(struct want){.all_keys = true}, &lines);
    cr_expect_eq(count_of(&lines, "ActSysAc name="), 1, "a value is told once\n%.*s", (int)lines.n, lines.p);
    read_lines(&after, 1, &(struct want){0}, &lines);
    cr_expect(says(&lines, "mask=256\n") && !says(&lines, "reg_value"), "%.*s", (int)lines.n, lines.p);
    buf_free(&file[0]), buf_free(&file[1]), buf_free(&after), buf_free(&lines), hive_free(&h);
}

/* Two keys with one list: its keys belong to the parent they name, whoever comes first. */
Test(hive_read, shared_lists)
{
    static const struct {
        const char *owner, *other;
    } rows[] = {{"A", "Z"}, {"Z", "A"}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct hive h = {.name = "X", .now = utc("2026-03-01T08:00:00Z")};
        struct buf b = {0}, lines = {0};
        struct opened o;
        struct regf_key mine, other;
        char path[64];
        snprintf(path, sizeof path, "%s\\child\\below", rows[i].owner);
        hive_key(&h, path), hive_key(&h, rows[i].other);
        hive_write(&h, &b);
        open_hive(&o, &b);
        cr_assert(regf_find(o.r, &o.top, str_of(rows[i].owner), &mine)
                  && regf_find(o.r, &o.top, str_of(rows[i].other), &other));
        set32(b.p + other.off + 24, 1), set32(b.p + other.off + 32, le32((uint8_t *)b.p + mine.off + 32));
        struct regf_totals t;
        regf_count(o.r, &t);
        cr_expect_eq(t.keys, 5);
        snprintf(path, sizeof path, "%s\\child", rows[i].other);
        cr_expect(!regf_find(o.r, &o.top, str_of(path), &other), "%s", path);
        close_hive(&o);
        read_lines(&b, 1, &(struct want){.all_keys = true}, &lines);
        snprintf(path, sizeof path, "path=UNKNOWN\\%s\\child\\below written", rows[i].owner);
        cr_expect(says(&lines, path) && count_of(&lines, "child\\below") == 1
                      && (says(&lines, "code=parent") || says(&lines, "code=list")),
                  "%.*s", (int)lines.n, lines.p);
        buf_free(&b), buf_free(&lines), hive_free(&h);
    }
}

/* No pattern gets at secret bytes, whatever part of the hive the file holds. */
Test(hive_read, secrets_stay_in)
{
    static const uint8_t secret[] = {0xde, 0xad, 0xbe, 0xef, 0xde, 0xad, 0xbe, 0xef};
    static const struct {
        const char *key, *value;
        bool visible;
    } rows[] = {
        {"Policy\\Secrets\\$MACHINE.ACC\\CurrVal", "", false},
        {"Policy\\Secrets\\$MACHINE.ACC\\OldVal", "", false},
        {"Policy\\Secrets\\$MACHINE.ACC\\CupdTime", "", true},
        {"Policy\\Secrets\\$MACHINE.ACC\\OupdTime", "", true},
        {"Policy\\Secrets\\$MACHINE.ACC\\Other", "x", false},
        {"Policy\\PolEKList", "", false},
        {"Policy\\PolAcDmN", "", true},
        {"Cache", "NL$1", false},
        {"Cache", "NL$Control", true},
        {"SAM\\Domains\\Account", "F", false},
        {"SAM\\Domains\\Account\\Users\\000001F4", "V", false},
        {"SAM\\Domains\\Account\\Users\\000001F4", "F", true},
        {"SAM\\Domains\\Account\\Users\\000001F4", "SupplementalCredentials", false},
        {"SAM\\Domains\\Account\\Users\\Names\\bob", "", true},
        {"Microsoft\\Windows NT\\CurrentVersion\\Winlogon", "DefaultPassword", false},
        {"Microsoft\\Windows NT\\CurrentVersion\\Winlogon", "DefaultUserName", true},
        {"ControlSet001\\Control\\Lsa\\Data", "Pattern", false},
        {"$MACHINE.ACC\\CurrVal", "", false},
        {"CurrVal", "", false},
        {"000001F4\\x", "V", true},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct hive h = {.name = "X", .now = utc("2026-03-01T08:00:00Z")};
        struct buf b = {0}, lines = {0};
        reg(&h, rows[i].key, BYTES(rows[i].value, secret, sizeof secret), END);
        hive_write(&h, &b);
        read_lines(&b, 1, &(struct want){.all_keys = true, .recovered = true}, &lines);
        cr_expect_eq(says(&lines, "deadbeef"), rows[i].visible, "%s %s\n%.*s", rows[i].key, rows[i].value,
                     (int)lines.n, lines.p);
        cr_expect(says(&lines, "type=3 ") && says(&lines, "size=8 "), "%s: its place is told", rows[i].key);
        buf_free(&b), buf_free(&lines), hive_free(&h);
    }
}

/* Deleted keys and values, only when asked for. */
Test(hive_read, free_cells)
{
    struct hive h;
    struct buf b = {0}, lines = {0};
    struct opened o;
    struct regf_key k, sub;
    system_hive(&h, &b);
    open_hive(&o, &b);
    cr_assert(regf_find(o.r, &o.top, STR("ControlSet002\\Services"), &k)
              && regf_find(o.r, &k, STR("CscService"), &sub));
    uint32_t list = le32((uint8_t *)b.p + k.off + 4 + 28), rel = (uint32_t)(sub.off - 4096);
    uint8_t *p = (uint8_t *)b.p + 4096 + list + 4;
    cr_assert(le16(p + 2) == 2 && (le32(p + 4) == rel || le32(p + 12) == rel));
    if (le32(p + 4) == rel)
        memmove(p + 4, p + 12, 8);
    set16(p + 2, 1), set32(b.p + k.off + 4 + 20, 1);
    uint64_t cells[8];
    size_t n = 0;
    struct regf_value v;
    cells[n++] = sub.off, cells[n++] = 4096 + (uint64_t)le32((uint8_t *)b.p + sub.off + 4 + 40);
    for (uint32_t i = 0; regf_value_at(o.r, &sub, i, &v); i++) {
        cells[n++] = v.off;
        if (v.data.off > v.off + 24)
            cells[n++] = v.data.off - 4;
    }
    for (size_t i = 0; i < n; i++)
        set32(b.p + cells[i], 0u - le32((uint8_t *)b.p + cells[i]));
    close_hive(&o);
    static struct want_key keys[] = {WANT("SYSTEM", "<CCS>\\Services\\*", "Start"),
                                     WANT("SYSTEM", "<CCS>\\Services\\CscService", "ImagePath")};
    struct want w = WANTS(keys);
    read_lines(&b, 1, &w, &lines);
    cr_expect(!says(&lines, "CscService") && !says(&lines, "anomaly"), "%.*s", (int)lines.n, lines.p);
    w.recovered = true;
    read_lines(&b, 1, &w, &lines);
    cr_expect(says(&lines, "reg_key f0 path=SYSTEM\\CurrentControlSet\\Services\\CscService "
                           "written=2026-03-01T08:00:00.0000000Z subkeys=0 values_n=2 recovered=1"),
              "%.*s", (int)lines.n, lines.p);
    cr_expect(says(&lines, "CscService name=Start type=4 num=4 data=04000000 size=4 "
                           "written=2026-03-01T08:00:00.0000000Z recovered=1"));
    cr_expect(says(&lines, "CscService name=ImagePath type=2 text=svchost.exe data="));
    buf_free(&b), buf_free(&lines), hive_free(&h);
}

/* What the three decoders make of whole hives. */
static void expect_lines(struct hive *h, const char *const *there, size_t n, const char *const *absent,
                         size_t m)
{
    struct buf b = {0}, lines = {0};
    hive_write(h, &b);
    read_lines(&b, 1, &(struct want){0}, &lines);
    for (size_t i = 0; i < n; i++)
        cr_expect(says(&lines, there[i]), "%s\n%.*s", there[i], (int)lines.n, lines.p);
    for (size_t i = 0; i < m; i++)
        cr_expect(!says(&lines, absent[i]), "%s\n%.*s", absent[i], (int)lines.n, lines.p);
    buf_free(&b), buf_free(&lines), hive_free(h);
}

Test(hive_read, security)
{
    static const char *const there[] = {
        "hive f0 kind=SECURITY root=SECURITY computer=PC1 ",
        "secret f0 name=$MACHINE.ACC cupd=2026-02-01T00:00:00.0000000Z oupd=2026-01-01T00:00:00.0000000Z "
        "size=124\n",
        "secret f0 name=_SC_Empty cupd=2026-02-01T00:00:00.0000000Z size=124\n",
        "logon_right f0 sid=S-1-5-21-1-2-3-1001 mask=4\n",
        "logon_right f0 sid=S-1-5-32-546 mask=384\n",
        "audit_policy f0 subcategory=Logon mask=3\n",
        "audit_policy f0 subcategory=Special Logon mask=1\n",
        "audit_policy f0 subcategory=Credential Validation mask=0\n",
        "lsa_name f0 what=machine_name value=PC1\n",
        "lsa_name f0 what=machine_sid value=S-1-5-21-1-2-3\n",
        "lsa_name f0 what=domain_name value=CORP\n",
        "lsa_name f0 what=dns_domain value=corp.example\n",
        "cached_logon f0 slot=2 written=2026-02-03T00:00:00.0000000Z rid=1105\n",
        "lsa_name f0 what=dns_forest value=corp.example\n",
        "lsa_name f0 what=cached_logon_slots value=3\n",
    };
    static const char *const absent[] = {"domain_sid", "slot=1", "slot=3", "anomaly", "reg_value"};
    struct hive h = {.name = "SECURITY", .now = utc("2026-03-01T08:00:00Z")};
    lsa_name(&h, "PolAcDmN", "PC1"), lsa_name(&h, "PolPrDmN", "CORP"),
        lsa_name(&h, "PolDnDDN", "corp.example"), lsa_name(&h, "PolDnTrN", "corp.example");
    lsa_sid(&h, "PolAcDmS", "S-1-5-21-1-2-3"), lsa_sid(&h, "PolPrDmS", NULL);
    lsa_secret(&h, "$MACHINE.ACC", utc("2026-02-01"), utc("2026-01-01")),
        lsa_secret(&h, "_SC_Empty", utc("2026-02-01"), 0);
    lsa_right(&h, "S-1-5-21-1-2-3-1001", RIGHT_BATCH),
        lsa_right(&h, "S-1-5-32-546", DENY_BATCH | DENY_NETWORK);
    lsa_audit(&h, (const struct audit_row[]){{AUDIT_LOGON, 3}}, 1);
    lsa_cache(&h, 3), lsa_cached(&h, 2, utc("2026-02-03"), 1105);
    expect_lines(&h, there, LEN(there), absent, LEN(absent));
}

Test(hive_read, sam)
{
    static const char *const there[] = {
        "sam_account f0 rid=500 name=Administrator flags=17 password_set=2026-01-01T00:00:00.0000000Z "
        "bad_count=0 blank=0 logons=0\n",
        ("sam_account f0 rid=1001 name=svc flags=1040 password_set=2026-01-02T00:00:00.0000000Z "
         "last_logon=2026-01-03T00:00:00.0000000Z last_bad=2026-01-04T00:00:00.0000000Z "
         "bad_count=7 expires=2027-01-01T00:00:00.0000000Z blank=0 logons=12\n"),
        "sam_account f0 rid=1002 name=M\xc3\xbcller flags=16 password_set=1601-01-01T00:00:00.0000000Z "
        "bad_count=0 blank=1 logons=0\n",
        "lockout_policy f0 threshold=5 duration=18000000000 window=18000000000 max_age=36288000000000 "
        "min_length=7 min_age=0 history=24 complex=1\n",
    };
    static const char *const absent[] = {"anomaly", "rid=0 ", "reg_value"};
    struct hive h = {.name = "SAM", .now = utc("2026-03-01T08:00:00Z")};
    sam_domain(&h, "S-1-5-21-1-2-3", 5);
    sam_user(&h, &(struct user_row){.name = "Administrator",
                                    .rid = 500,
                                    .flags = ACB_NORMAL | ACB_DISABLED,
                                    .password_set = utc("2026-01-01")});
    sam_user(&h, &(struct user_row){.name = "svc",
                                    .rid = 1001,
                                    .flags = ACB_NORMAL | ACB_LOCKED,
                                    .password_set = utc("2026-01-02"),
                                    .last_logon = utc("2026-01-03"),
                                    .last_bad = utc("2026-01-04"),
                                    .bad_count = 7,
                                    .expires = utc("2027-01-01"),
                                    .logons = 12});
    sam_user(&h, &(struct user_row){.name = "M\xc3\xbcller", .rid = 1002, .blank = true, .old = true});
    expect_lines(&h, there, LEN(there), absent, LEN(absent));
}

Test(hive_read, tasks)
{
    static const char *const there[] = {
        ("task_cache f0 guid={11111111-2222-3333-4444-555555555555} path=\\Backup sid=S-1-5-21-1-2-3-1001 "
         "user=PC1\\svc logon=Password flags=4456704 registered=2026-01-01T00:00:00.0000000Z "
         "last_run=2026-02-01T00:00:00.0000000Z last_ok=2026-01-15T00:00:00.0000000Z state=2147943467 "
         "result=2147943712 command=robocopy.exe \\\\srv\\share unc=1\n"),
        "path=\\Vendor\\Nightly sid=S-1-5-18 logon=ServiceAccount flags=4194560 "
        "registered=2026-01-01T00:00:00.0000000Z state=0 result=0 command=%windir%\\system32\\cmd.exe "
        "unc=0\n",
        "task_cache f0 guid={TREE-ONLY} path=\\Half\n",
        "task_cache f0 guid={TASKS-ONLY} path=\\Hidden state=267009 result=1 command=x.exe\n",
    };
    static const char *const absent[] = {"anomaly", "reg_value", "path=\\Vendor sid"};
    struct hive h = {.name = "SOFTWARE", .now = utc("2026-03-01T08:00:00Z")};
    const char *tree = "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree\\Half",
               *tasks = "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tasks\\{TASKS-ONLY}";
    cached_task(&h, &(struct task_row){.path = "\\Backup",
                                       .guid = "{11111111-2222-3333-4444-555555555555}",
                                       .sid = "S-1-5-21-1-2-3-1001",
                                       .user = "PC1\\svc",
                                       .logon = "Password",
                                       .command = "robocopy.exe",
                                       .arguments = "\\\\srv\\share",
                                       .registered = utc("2026-01-01"),
                                       .last_run = utc("2026-02-01"),
                                       .last_ok = utc("2026-01-15"),
                                       .state = 0x8007042b,
                                       .result = 0x80070520});
    cached_task(&h, &(struct task_row){.path = "\\Vendor\\Nightly",
                                       .sid = "S-1-5-18",
                                       .logon = "ServiceAccount",
                                       .registered = utc("2026-01-01"),
                                       .vista = true});
    reg(&h, tree, SZ("Id", "{TREE-ONLY}"), END);
    static const uint8_t dynamic[28] = {3, [20] = 0x01, 0x13, 0x04, 0, 1},
                         actions[] = {1,   0, 0x66, 0x66, 0, 0, 0, 0, 10, 0, 0, 0, 'x', 0, '.', 0, 'e',  0,
                                      'x', 0, 'e',  0,    0, 0, 0, 0, 6,  0, 0, 0, 'Z', 0, ':', 0, '\\', 0};
    reg(&h, tasks, SZ("Path", "\\Hidden"), BYTES("DynamicInfo", dynamic, sizeof dynamic),
        BYTES("Actions", actions, sizeof actions), END);
    expect_lines(&h, there, LEN(there), absent, LEN(absent));
}

/* Structures that do not add up are told, with the place of their value; what can be read of them is kept. */
Test(hive_read, structures_that_do_not_add_up)
{
    static const char *const there[] = {
        "code=decode what=audit policy", "code=decode what=logon rights", "code=decode what=LSA secret",
        "code=decode what=machine_sid",  "code=decode what=cached logon", "secret f0 name=X size=3",
    };
    struct hive h = {.name = "SECURITY", .now = utc("2026-03-01T08:00:00Z")};
    reg(&h, "Policy\\PolAdtEv", TYPED(V_NONE, "", "\0\1\0\0\t\0\0\0\x84", 9), END);
    reg(&h, "Policy\\Accounts\\S-1-1-0\\ActSysAc", TYPED(V_NONE, "", "\1\2\3", 3), END);
    reg(&h, "Policy\\Secrets\\X\\CupdTime", TYPED(V_NONE, "", "\1\2\3\4\5\6\7", 7), END);
    reg(&h, "Policy\\Secrets\\X\\CurrVal", TYPED(V_NONE, "", "\1\2\3", 3), END);
    reg(&h, "Policy\\PolAcDmS", TYPED(V_NONE, "", "\1\4\0\0\0\0\0\5", 8), END);
    reg(&h, "Cache", BYTES("NL$1", "\1\2\3", 3), END);
    expect_lines(&h, there, LEN(there), NULL, 0);
}

static enum status stop_at_two(void *ctx, const struct fact *f, struct err *e)
{
    (void)f;
    return ++*(unsigned *)ctx == 2 ? err_set(e, E_STOP, 0, "sink", "full") : OK;
}

Test(hive_read, a_full_sink_stops_it)
{
    struct hive h;
    struct buf b = {0};
    struct arena a;
    struct err e = {0};
    unsigned n = 0;
    system_hive(&h, &b);
    cr_assert(arena_make(&a, 8 << 20));
    struct want w = {.all_keys = true, .recovered = true};
    cr_expect_eq(hive_read(&(struct span){.p = (uint8_t *)b.p, .n = b.n}, 1, &w, &a, stop_at_two, &n, &e),
                 E_STOP);
    cr_expect(n == 2 && e.code == E_STOP);
    arena_free(&a), buf_free(&b), hive_free(&h);
}

/* Arenas of all sizes: limits are told, nothing breaks. */
Test(hive_read, small_arenas)
{
    struct hive h;
    struct buf b = {0}, lines = {0};
    system_hive(&h, &b);
    for (size_t bytes = 256; bytes < 1 << 20; bytes += bytes / 3) {
        struct arena a;
        struct err e = {0};
        lines.n = 0;
        cr_assert(arena_make(&a, bytes));
        enum status st = hive_read(&(struct span){.p = (uint8_t *)b.p, .n = b.n}, 1,
                                   &(struct want){.all_keys = true, .recovered = true}, &a, take, &lines, &e);
        cr_expect(st == OK || (st == E_LIMIT && e.code == E_LIMIT), "%zu: %d", bytes, st);
        arena_free(&a);
    }
    buf_free(&b), buf_free(&lines), hive_free(&h);
}

/* ---- mutants */

static uint64_t swallowed; /* facts of one mutant */
static enum status swallow(void *ctx, const struct fact *f, struct err *e)
{
    struct buf *b = ctx;
    (void)e;
    b->n = 0, swallowed++;
    fact_put(b, f);
    return OK;
}

static void mutants(const struct buf *base, size_t n, uint64_t seed, unsigned count)
{
    struct buf out = {0};
    struct arena a;
    cr_assert(arena_make(&a, 4 << 20));
    for (unsigned i = 0; i < count; i++, seed++) {
        struct buf file[3] = {{0}};
        struct span s[3];
        for (size_t k = 0; k < n; k++)
            buf_put(&file[k], base[k].p, base[k].n);
        size_t hit = i % n;
        mutate(&file[hit], seed, hit == 0 ? (i & 1 ? MUTATE_HIVE : MUTATE_RAW) : MUTATE_LOG);
        for (size_t k = 0; k < n; k++)
            s[k] = view(&file[k]);
        struct arena scratch = a;
        struct err e = {0};
        swallowed = 0;
        enum status st = hive_read(s, n, &(struct want){.all_keys = true, .recovered = true}, &scratch,
                                   swallow, &out, &e);
        cr_expect(st == OK || st == E_LIMIT, "seed %llu: %d", (unsigned long long)seed, st);
        uint64_t bytes = 0;
        for (size_t k = 0; k < n; k++)
            bytes += file[k].n;
        /* no cell is told over and over: a key, value or damage has eight bytes of its own */
        cr_expect(swallowed <= 64 + bytes / 8, "seed %llu (%s): %llu facts of %llu bytes",
                  (unsigned long long)seed, mutate_name(seed), (unsigned long long)swallowed,
                  (unsigned long long)bytes);
        for (size_t k = 0; k < n; k++)
            buf_free(&file[k]);
    }
    arena_free(&a), buf_free(&out);
}

Test(mutants, hives)
{
    struct buf b = {0};
    damage_hive(&b);
    mutants(&b, 1, 1, 700);
    b.n = 0;
    wide_hive(&b, "lh", 9);
    mutants(&b, 1, 10000, 500);
    buf_free(&b);
}

Test(mutants, security_sam_software)
{
    struct hive h = {.name = "ALL", .now = utc("2026-03-01T08:00:00Z")};
    struct buf b = {0};
    lsa_name(&h, "PolAcDmN", "PC1"), lsa_name(&h, "PolPrDmN", "CORP"),
        lsa_sid(&h, "PolAcDmS", "S-1-5-21-1-2-3"), lsa_sid(&h, "PolPrDmS", NULL);
    lsa_secret(&h, "$MACHINE.ACC", h.now, h.now), lsa_right(&h, "S-1-5-32-544", RIGHT_BATCH),
        lsa_audit(&h, NULL, 0), lsa_cache(&h, 3), lsa_cached(&h, 2, h.now, 1001);
    hive_write(&h, &b);
    mutants(&b, 1, 20000, 500);
    hive_free(&h);
    h = (struct hive){.name = "SAM", .now = utc("2026-03-01T08:00:00Z")};
    sam_user(&h, &(struct user_row){.name = "svc", .rid = 1001, .password_set = h.now}),
        sam_domain(&h, "S-1-5-21-1-2-3", 5);
    b.n = 0, hive_write(&h, &b);
    mutants(&b, 1, 30000, 300);
    hive_free(&h);
    h = (struct hive){.name = "SOFTWARE", .now = utc("2026-03-01T08:00:00Z")};
    cached_task(&h, &(struct task_row){.path = "\\Backup",
                                       .sid = "S-1-5-21-1-2-3-1001",
                                       .user = "PC1\\svc",
                                       .logon = "Password",
                                       .command = "robocopy.exe",
                                       .arguments = "\\\\srv\\share D:\\x",
                                       .registered = h.now,
                                       .last_run = h.now,
                                       .result = 0x80070520});
    b.n = 0, hive_write(&h, &b);
    mutants(&b, 1, 40000, 500);
    hive_free(&h), buf_free(&b);
}

Test(mutants, logs)
{
    struct hive h;
    struct buf file[3] = {{0}}, after = {0}, last = {0};
    system_hive(&h, &file[0]);
    reg(&h, "ControlSet002\\Control\\Lsa", DW("disabledomaincreds", 1), END);
    hive_write(&h, &after);
    reg(&h, "ControlSet002\\Services\\New", SZ("ObjectName", "CORP\\svc"), END);
    hive_write(&h, &last);
    log_begin(&file[1], &file[0], 5), log_entry(&file[1], &file[0], &after, 5);
    log_begin(&file[2], &after, 6), log_entry(&file[2], &after, &last, 6);
    hive_seq(&file[0], 5, 4);
    mutants(file, 3, 50000, 600);
    file[1].n = 0, log_old(&file[1], &file[0], &last, utc("2026-03-03T08:00:00Z"));
    mutants(file, 2, 60000, 300);
    for (size_t i = 0; i < 3; i++)
        buf_free(&file[i]);
    buf_free(&after), buf_free(&last), hive_free(&h);
}

/* Public hives too, where they are: their layouts are Windows' own. */
Test(mutants, corpus)
{
    size_t missing = 0;
    static const char *const files[] = {"real/SECURITY", "real/SAM", "yarp/BigDataHive",
                                        "yarp/DeletedTreeHive"};
    for (size_t i = 0; i < LEN(files); i++) {
        struct buf b = {0};
        if (load(files[i], &b))
            mutants(&b, 1, 70000 + 1000 * i, 200);
        else
            missing++;
        buf_free(&b);
    }
    if (missing)
        cr_skip_test("skipped: %zu public files are not here (../shared/corpus)", missing);
}
