#include "parsers/evtx/binxml.h"
#include "parsers/evtx/bxjson.h"
#include "base/wintime.h"
#include "tests/dice.h"
#include "tests/build_binxml.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* --- Values */

static struct bx_val file_val(uint8_t type, const char *p, size_t n)
{
    return (struct bx_val){.p = (const uint8_t *)p, .n = (uint32_t)n, .type = type};
}

static struct str shown(struct buf *b, void put(struct buf *, struct bx_val), struct bx_val v)
{
    b->n = 0;
    put(b, v);
    buf_char(b, 0);
    return (struct str){b->p, b->n - 1};
}

#define B(literal) literal, sizeof literal - 1
static const struct {
    const char *name;
    uint8_t type;
    const char *p;
    size_t n;
    const char *json, *xml, *cut;
} values[] = {
    {"null", BX_NULL, B(""), "\"\"", "", NULL},
    {"string", BX_STRING, B("a\0<\0\"\0"), "\"a<\\\"\"", "a&lt;&quot;", "\"a<\""},
    {"string with NULs inside and behind", BX_STRING, B("a\0\0\0b\0\0\0\0\0"), "\"a\\u0000b\"",
     "a\xe2\x9f\xa6U+0000\xe2\x9f\xa7"
     "b",
     "\"a\\u0000b\""},
    {"lone surrogate", BX_STRING, B("\x3d\xd8!\0"), "\"\\ud83d!\"", "\xe2\x9f\xa6U+D83D\xe2\x9f\xa7!",
     "\"\\ud83d\""},
    {"surrogate pair", BX_STRING, B("\x3e\xd8\x86\xdd"), "\"\xf0\x9f\xa6\x86\"", "\xf0\x9f\xa6\x86",
     "\"\\ud83e\""},
    {"long string", BX_STRING, B("C\0:\0\\\0W\0i\0n\0d\0o\0w\0s\0\\\0x\0&\0y\0.\0e\0x\0e\0"),
     "\"C:\\\\Windows\\\\x&y.exe\"", "C:\\Windows\\x&amp;y.exe", "\"C:\\\\Windows\\\\x&y.ex\""},
    {"code page", BX_ANSI, B("gr\xfcn\0"), "\"gr\xc3\xbcn\"", "gr\xc3\xbcn", "\"gr\xc3\xbcn\""},
    {"code page, all ASCII", BX_ANSI, B("a\"b\nlonger than eight\x7f"),
     "\"a\\\"b\\nlonger than eight\\u007f\"", "a&quot;b&#10;longer than eight&#x7F;",
     "\"a\\\"b\\nlonger than eight\""},
    {"int8", BX_INT8, B("\xff"), "-1", "-1", "\"\""},
    {"uint8", BX_UINT8, B("\xff"), "255", "255", "\"\""},
    {"int16", BX_INT16, B("\xfe\xff"), "-2", "-2", "\"fe\""},
    {"uint16", BX_UINT16, B("\xfe\xff"), "65534", "65534", "\"fe\""},
    {"int32", BX_INT32, B("\x26\x05\x07\x80"), "-2147023578", "-2147023578", "\"260507\""},
    {"uint32", BX_UINT32, B("\x20\x05\x07\x80"), "2147943712", "2147943712", "\"200507\""},
    {"int64", BX_INT64, B("\0\0\0\0\0\0\0\x80"), "-9223372036854775808", "-9223372036854775808",
     "\"00000000000000\""},
    {"uint64", BX_UINT64, B("\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615",
     "18446744073709551615", "\"ffffffffffffff\""},
    {"real32", BX_REAL32, B("\0\0\xc0\x3f"), "1.5", "1.5", "\"0000c0\""},
    {"real64", BX_REAL64, B("\0\0\0\0\0\0\xf8\x3f"), "1.5", "1.5",
     "\"0000000000"
     "00f8\""},
    {"no number", BX_REAL64, B("\0\0\0\0\0\0\xf8\x7f"), "\"NaN\"", "NaN", NULL},
    {"infinity", BX_REAL32, B("\0\0\x80\xff"), "\"-INF\"", "-INF", NULL},
    {"boolean", BX_BOOL, B("\x01\0\0\0"), "true", "true", "\"010000\""},
    {"boolean neither 0 nor 1", BX_BOOL, B("\0\x7f\0\0"), "true", "true", NULL},
    {"boolean of one byte", BX_BOOL, B("\0"), "false", "false", "\"\""},
    {"binary", BX_BINARY, B("\x01\xab\xff"), "\"01abff\"", "01ABFF", "\"01ab\""},
    {"guid", BX_GUID, B("\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff"),
     "\"{00112233-4455-6677-8899-AABBCCDDEEFF}\"", "{00112233-4455-6677-8899-AABBCCDDEEFF}",
     "\"33221100554477668899aabbccddee\""},
    {"size of 4 bytes", BX_SIZET, B("\x4c\x02\0\0"), "\"0x24c\"", "0x24c", "\"4c0200\""},
    {"size of 8 bytes", BX_SIZET, B("\0\0\0\0\x01\0\0\0"), "\"0x100000000\"", "0x100000000",
     "\"00000000010000\""},
    {"file time", BX_FILETIME, B("\0\x80\x3e\xd5\xde\xb1\x9d\x01"), "\"1970-01-01T00:00:00.0000000Z\"",
     "1970-01-01T00:00:00.0000000Z", "\"00803ed5deb19d\""},
    {"file time of no calendar", BX_FILETIME, B("\xff\xff\xff\xff\xff\xff\xff\xff"),
     "\"invalid(0xffffffffffffffff)\"", "invalid(0xffffffffffffffff)", NULL},
    {"system time", BX_SYSTEMTIME, B("\xea\x07\x03\0\x01\0\x02\0\x09\0\x0a\0\x00\0\x07\0"),
     "\"2026-03-02T09:10:00.0070000Z\"", "2026-03-02T09:10:00.0070000Z",
     "\"ea0703000100020009000a00000007\""},
    {"system time of no calendar", BX_SYSTEMTIME, B("\xea\x07\x0d\0\x01\0\x02\0\x09\0\x0a\0\x00\0\x07\0"),
     "\"invalid(0xea070d000100020009000a0000000700)\"", "invalid(0xea070d000100020009000a0000000700)", NULL},
    {"sid", BX_SID, B("\x01\x02\0\0\0\0\0\x05\x20\0\0\0\x20\x02\0\0"), "\"S-1-5-32-544\"", "S-1-5-32-544",
     "\"0102000000000005200000002002"
     "00\""},
    {"sid of a large authority", BX_SID, B("\x01\x01\x12\x34\x56\x78\x9a\xbc\x07\0\0\0"),
     "\"S-1-0x123456789abc-7\"", "S-1-0x123456789abc-7",
     "\"010112345678"
     "9abc070000\""},
    {"sid of a large authority with zeros in front", BX_SID, B("\x01\x01\0\x01\0\0\0\x0f\x07\0\0\0"),
     "\"S-1-0x00010000000f-7\"", "S-1-0x00010000000f-7", NULL},
    {"hex32", BX_HEX32, B("\x6d\0\0\xc0"), "\"0xc000006d\"", "0xc000006d", "\"6d0000\""},
    {"hex64", BX_HEX64, B("\0\0\0\0\0\0\x20\x80"), "\"0x8020000000000000\"", "0x8020000000000000",
     "\"00000000000020\""},
    {"type nobody knows", 0x5a, B("\x01\x02"), "\"0102\"", "0102", "\"01\""},
};

Test(bxvalue, each_type)
{
    struct buf b = {0};
    for (size_t i = 0; i < LEN(values); i++) {
        struct bx_val v = file_val(values[i].type, values[i].p, values[i].n);
        cr_expect(str_eq(shown(&b, bx_json, v), str_of(values[i].json)), "%s: JSON %s", values[i].name, b.p);
        cr_expect(str_eq(shown(&b, bx_xml, v), str_of(values[i].xml)), "%s: XML %s", values[i].name, b.p);
        if (values[i].cut) {
            v.n--;
            cr_expect(str_eq(shown(&b, bx_json, v), str_of(values[i].cut)), "%s, a byte short: %s",
                      values[i].name, b.p);
        }
    }
    buf_free(&b);
}

static const struct {
    const char *name;
    uint8_t type;
    const char *p;
    size_t n, items;
    const char *text;
} arrays[] = {
    {"strings", BX_STRING, B("a\0\0\0\0\0b\0c\0\0\0"), 3, "a, , bc"},
    {"strings, the last without its NUL", BX_STRING, B("a\0\0\0b\0"), 2, "a, b"},
    {"no strings", BX_STRING, B(""), 0, ""},
    {"code page strings", BX_ANSI, B("a\0bc\0"), 2, "a, bc"},
    {"uint32", BX_UINT32, B("\1\0\0\0\2\0\0\0"), 2, "1, 2"},
    {"uint32, odd bytes", BX_UINT32, B("\1\0\0\0\2\0"), 2, "1, 0200"},
    {"sids", BX_SID, B("\x01\x01\0\0\0\0\0\x05\x12\0\0\0\x01\x01\0\0\0\0\0\x01\0\0\0\0"), 2,
     "S-1-5-18, S-1-1-0"},
    {"guids, none whole", BX_GUID, B("\1\2"), 1, "0102"},
    {"sizes of 8", BX_SIZET, B("\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"), 2, "0x1, 0x2"},
    {"sizes of 4", BX_SIZET, B("\1\0\0\0\2\0\0\0\3\0\0\0"), 3, "0x1, 0x2, 0x3"},
};

Test(bxvalue, arrays)
{
    struct buf b = {0};
    for (size_t i = 0; i < LEN(arrays); i++)
        for (size_t cut = 0; cut <= arrays[i].n; cut++) {
            struct bx_val v = file_val(arrays[i].type | BX_ARRAY, arrays[i].p, arrays[i].n - cut);
            size_t n = bx_count(v);
            cr_expect(n <= arrays[i].n, "%s, %zu bytes short: %zu items", arrays[i].name, cut, n);
            shown(&b, bx_text, v);
            if (!cut)
                cr_expect(n == arrays[i].items && strcmp(b.p, arrays[i].text) == 0, "%s: %zu items, %s",
                          arrays[i].name, n, b.p);
        }
    buf_free(&b);
}

Test(bxvalue, integers_and_times)
{
    static const struct {
        uint8_t type;
        const char *p;
        size_t n;
        bool is;
        int64_t want;
    } ints[] = {{BX_UINT32, B("\x20\x05\x07\x80"), true, 2147943712},
                {BX_INT32, B("\x20\x05\x07\x80"), true, -2147023584},
                {BX_HEX32, B("\x6d\0\0\xc0"), true, 0xc000006d},
                {BX_STRING,
                 B("1\0"
                   "3\0"
                   "1\0"
                   "2\0"),
                 true, 1312},
                {BX_STRING,
                 B("0\0x\0"
                   "1\0"
                   "0\0"),
                 true, 16},
                {BX_STRING,
                 B("-\0"
                   "5\0"),
                 true, -5},
                {BX_STRING, B("x\0"), false, 0},
                {BX_UINT32, B("\x20\x05\x07"), false, 0},
                {BX_BOOL, B("\2\0\0\0"), true, 1},
                {BX_STRING, B("1\0\xac\x20"), false, 0},
                {BX_NULL, B(""), false, 0},
                {BX_UINT64, B("\1\0\0\0\0\0\0\x80"), true, INT64_MIN + 1}};
    int64_t got;
    for (size_t i = 0; i < LEN(ints); i++) {
        got = 0;
        bool is = bx_int(file_val(ints[i].type, ints[i].p, ints[i].n), &got);
        cr_expect(is == ints[i].is && got == ints[i].want, "row %zu: %d %lld", i, is, (long long)got);
    }
    cr_expect(bx_time(file_val(BX_FILETIME, B("\0\x80\x3e\xd5\xde\xb1\x9d\x01")), &got)
              && got == WINTIME_UNIX_EPOCH);
    cr_expect(bx_time(bx_text_val(STR("1970-01-01T00:00:00.000000000Z")), &got) && got == WINTIME_UNIX_EPOCH);
    cr_expect(!bx_time(file_val(BX_FILETIME, B("\0\x80\x3e\xd5\xde\xb1\x9d")), &got));
    cr_expect(!bx_time(bx_text_val(STR("yesterday")), &got));
}

/* The two 16-bit escapers write what the UTF-8 escapers write: all lengths around the vector's, all
 * characters in all places. */
Test(bxvalue, utf16_escapers_agree)
{
    static const uint16_t odd[] = {'"',    '\\',   '&',    '<',    '>',    '\'',   0,     9,
                                   10,     13,     0x1f,   0x7f,   0x80,   0x9f,   0xa0,  0xe9,
                                   0x200b, 0x2028, 0x20ac, 0xd800, 0xdc00, 0xfffe, 0xffff};
    struct buf narrow = {0}, wide = {0}, text = {0};
    for (size_t n = 0; n <= 26; n++)
        for (size_t at = 0; at <= n; at++)
            for (size_t k = 0; k < LEN(odd); k++) {
                uint8_t p[64];
                for (size_t i = 0; i < n; i++)
                    p[2 * i] = (uint8_t)(i == at ? odd[k] : 'a' + i),
                          p[2 * i + 1] = (uint8_t)(i == at ? odd[k] >> 8 : 0);
                if (at + 1 < n && k % 3 == 0) /* a pair, or one broken */
                    p[2 * at + 2] = 0x86, p[2 * at + 3] = 0xdd;
                narrow.n = wide.n = text.n = 0;
                bx_text(&text, file_val(BX_XMLTEXT, (const char *)p, 2 * n));
                if (n && at == n - 1 && odd[k] == 0)
                    continue; /* a last NUL is cut from values, not by escapers */
                buf_json(&narrow, buf_view(&text)), buf_xml(&narrow, buf_view(&text));
                buf_char(&wide, '"'), buf_json16(&wide, p, 2 * n), buf_char(&wide, '"'),
                    buf_xml16(&wide, p, 2 * n);
                cr_assert(str_eq(buf_view(&narrow), buf_view(&wide)), "%zu units, U+%04X at %zu", n, odd[k],
                          at);
            }
    buf_free(&narrow), buf_free(&wide), buf_free(&text);
}

/* --- Lines */

enum { LINE_SLOTS = 24 };
struct line {
    uint64_t seed;
    uint8_t desc[4 * LINE_SLOTS + NEAR_BEHIND], *val;
    uint32_t off[LINE_SLOTS + 1];
    struct bx_slots s;
};

static unsigned random_below(struct line *l, unsigned limit) { return (unsigned)random_31(&l->seed) % limit; }

/* A value of a type, mostly of its width, now and then one that no log should hold. Returns its bytes. */
static uint32_t random_value(struct line *l, uint8_t type, uint8_t *p)
{
    static const uint8_t width[0x22] = {
        [BX_INT8] = 1,   [BX_UINT8] = 1, [BX_INT16] = 2,  [BX_UINT16] = 2,   [BX_INT32] = 4,
        [BX_UINT32] = 4, [BX_INT64] = 8, [BX_UINT64] = 8, [BX_REAL32] = 4,   [BX_REAL64] = 8,
        [BX_BOOL] = 4,   [BX_GUID] = 16, [BX_SIZET] = 8,  [BX_FILETIME] = 8, [BX_SYSTEMTIME] = 16,
        [BX_HEX32] = 4,  [BX_HEX64] = 8, [BX_HANDLE] = 8};
    static const uint16_t odd[] = {0,    10,     0x1f,   '"',    '\\',   0x7f,  0x80,
                                   0xe9, 0x20ac, 0xd83e, 0xdd86, 0xd800, 0xffff};
    uint32_t n = random_below(l, 9) == 0 ? random_below(l, 40) : type < LEN(width) ? width[type] : 0;
    if (!n)
        n = random_below(l, 8) ? random_below(l, 90) : 0;
    for (uint32_t i = 0, big = random_below(l, 4); i < n; i++)
        p[i] = (uint8_t)(big == 0 ? 0xff : big == 1 && i ? 0 : random_below(l, 256));
    if (type == BX_SID && random_below(l, 8)) { /* of a few accounts */
        unsigned subs = random_below(l, 7);
        n = 8 + 4 * subs + (random_below(l, 16) == 0);
        memset(p, 0, n), p[0] = 1, p[1] = (uint8_t)subs, p[7] = 5;
        for (unsigned i = 0; i < subs; i++)
            p[8 + 4 * i] = (uint8_t)random_below(l, 3), p[11 + 4 * i] = (uint8_t)(random_below(l, 2) * 0xff);
    }
    if ((type & 0x7f) == BX_STRING)
        for (uint32_t i = 0, strange = random_below(l, 3); i + 1 < n; i += 2) {
            unsigned u = random_below(l, 8) < strange ? odd[random_below(l, LEN(odd))]
                                                      : 0x20 + random_below(l, 95);
            p[i] = (uint8_t)u, p[i + 1] = (uint8_t)(u >> 8);
        }
    return n;
}

/* behind: bytes that may be read behind the values. */
static void random_line(struct line *l, const uint8_t *type, uint32_t n, size_t behind)
{
    uint8_t all[LINE_SLOTS * 128];
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t t = random_below(l, 12) == 0 ? BX_NULL : type[i];
        uint32_t bytes = t == BX_NULL && random_below(l, 4) ? 0 : random_value(l, t, all + sum);
        l->desc[4 * i] = (uint8_t)bytes, l->desc[4 * i + 1] = 0, l->desc[4 * i + 2] = t,
                    l->desc[4 * i + 3] = 0;
        l->off[i] = sum, sum += bytes;
    }
    l->off[n] = sum;
    free(l->val);
    l->val = malloc(sum + behind + 1);
    cr_assert(l->val);
    memcpy(l->val, all, sum), memset(l->val + sum, 0x5a, behind);
    l->s = (struct bx_slots){l->desc, l->val, n, false, l->off};
}

static struct bx_src random_src(struct line *l, uint32_t n, const struct bx_literal *literal)
{
    struct bx_src src = {.slot = (int32_t)random_below(l, n + 1), .gate = -1, .optional = random_below(l, 2)};
    if (random_below(l, 6) == 0)
        src.gate = random_below(l, 2) ? src.slot : (int32_t)random_below(l, n);
    if (random_below(l, 6) == 0) {
        src.slot = -1, src.literal = bx_absent_val();
        if (random_below(l, 3))
            src.literal = (struct bx_val){.literal = literal, .n = 3, .type = BXV_LITERAL};
    }
    return src;
}

/* What is compiled, and remembers, writes what the table writes, value by value: of random templates with
 * random values, with and without room to read behind them, several records each. */
Test(bxjson, compiled_lines_agree_with_plain_ones_at_random)
{
    static const uint8_t types[] = {BX_STRING,
                                    BX_STRING,
                                    BX_STRING,
                                    BX_ANSI,
                                    BX_INT8,
                                    BX_UINT8,
                                    BX_INT16,
                                    BX_UINT16,
                                    BX_INT32,
                                    BX_UINT32,
                                    BX_UINT32,
                                    BX_INT64,
                                    BX_UINT64,
                                    BX_REAL32,
                                    BX_REAL64,
                                    BX_BOOL,
                                    BX_BINARY,
                                    BX_GUID,
                                    BX_SIZET,
                                    BX_FILETIME,
                                    BX_SYSTEMTIME,
                                    BX_SID,
                                    BX_SID,
                                    BX_HEX32,
                                    BX_HEX64,
                                    BX_HEX64,
                                    BX_HANDLE,
                                    BX_XMLTEXT,
                                    0x22,
                                    0x7f,
                                    BX_STRING | BX_ARRAY,
                                    BX_UINT32 | BX_ARRAY};
    static const struct bx_literal literal = {STR("a\"b"), STR("\"a\\\"b\""), STR("a&quot;b")};
    static const char *const names[] = {"A", "SubjectUserSid",
                                        "A name that is longer than thirty-two letters"};
    struct arena mem = {0};
    struct bx_memo *memo = calloc(1, sizeof *memo);
    struct line l = {.seed = 20261129};
    struct buf quick = {0}, plain = {0}, key = {0};
    size_t remembered = 0, shaped = 0;
    cr_assert(memo && arena_make(&mem, 1 << 20));
    for (size_t round = 0; round < 2000; round++) {
        struct arena own = mem;
        uint8_t type[LINE_SLOTS];
        uint32_t n = 1 + random_below(&l, LINE_SLOTS);
        struct bx_plan p = {.ok = true, .plain = true};
        p.n = random_below(&l, 2 * LINE_SLOTS), p.field = arena_alloc(&own, sizeof *p.field, p.n + 1);
        for (uint32_t i = 0; i < n; i++)
            type[i] = types[random_below(&l, LEN(types))];
        for (size_t i = 0; i < p.n; i++) {
            struct str name = str_of(names[random_below(&l, LEN(names))]);
            key.n = 0, buf_char(&key, ','), buf_json(&key, name), buf_char(&key, ':');
            p.field[i] = (struct bx_field){name, bx_block_text(&own, &key), random_src(&l, n, &literal),
                                           BX_NAMED, 0};
        }
        for (size_t i = 0; i < BXS_FIELDS; i++)
            p.sys[i] = random_src(&l, n, &literal);
        struct bx_said said = {0};
        for (size_t record = 0; record < 8; record++) {
            size_t behind = random_below(&l, 4) ? NEAR_BEHIND : random_below(&l, NEAR_BEHIND);
            if (record % 3 != 2) /* else once more */
                random_line(&l, type, n, behind), said.n_text = 0;
            else
                behind = 0;
            const uint8_t *end = l.val + l.off[n] + behind;
            struct bx_val all[BXS_FIELDS];
            for (size_t i = 0; i < BXS_FIELDS; i++)
                all[i] = bx_value_of(&p.sys[i], &l.s);
            quick.n = plain.n = 0;
            bx_put_system(&plain, all), bx_put_line(&quick, &p, &l.s, end, &own, memo, &said);
            remembered += said.n_text != 0;
            cr_assert(str_eq(buf_view(&quick), buf_view(&plain)), "round %zu.%zu:\n%.*s\n%.*s", round, record,
                      STR_ARG(buf_view(&quick)), STR_ARG(buf_view(&plain)));
            quick.n = plain.n = 0;
            cr_assert(bx_put_plain(&plain, &p, &l.s, NULL));
            cr_assert(bx_put_quick(&quick, &p, &l.s, end, &own, memo));
            cr_assert(str_eq(buf_view(&quick), buf_view(&plain)), "round %zu.%zu:\n%.*s\n%.*s", round, record,
                      STR_ARG(buf_view(&quick)), STR_ARG(buf_view(&plain)));
        }
        shaped += p.line.shape || p.data.shape;
        cr_assert(p.line.made && p.data.made);
    }
    cr_expect(remembered > 200 && shaped > 300, "%zu, %zu", remembered, shaped);
    free(l.val), free(memo), arena_free(&mem);
    buf_free(&quick), buf_free(&plain), buf_free(&key);
}

/* Values that are shown again and again by one template: what is too long is cut at the same place. */
Test(bxjson, long_data_are_cut_alike)
{
    struct arena mem = {0};
    struct bx_memo *memo = calloc(1, sizeof *memo);
    struct buf quick = {0}, plain = {0}, key = {0};
    cr_assert(memo && arena_make(&mem, 4 << 20));
    buf_z(&key, ",\"A\":");
    for (uint32_t bytes = 0; bytes < 60000; bytes = bytes * 2 + 100)
        for (unsigned array = 0; array < 2; array++) {
            struct arena own = mem;
            struct bx_plan p = {.ok = true, .plain = true, .n = 60};
            p.field = arena_alloc(&own, sizeof *p.field, p.n);
            for (size_t i = 0; i < p.n; i++)
                p.field[i] = (struct bx_field){
                    STR("A"), bx_block_text(&own, &key), {.slot = 0, .gate = -1}, BX_NAMED, 0};
            uint8_t *val = calloc(1, bytes + NEAR_BEHIND);
            cr_assert(val && p.field);
            for (uint32_t i = 0; i < bytes; i += 2)
                val[i] = array && i % 16 == 14 ? 0 : (uint8_t)('a' + i % 7);
            const uint8_t desc[4 + NEAR_BEHIND] = {(uint8_t)bytes, (uint8_t)(bytes >> 8),
                                                   (uint8_t)(BX_STRING | array * BX_ARRAY)};
            const uint32_t off[2] = {0, bytes};
            struct bx_slots s = {desc, val, 1, false, off};
            quick.n = plain.n = 0;
            bool whole = bx_put_plain(&plain, &p, &s, NULL);
            cr_expect_eq(whole, bytes < 10000, "%u", bytes);
            cr_expect_eq(bx_put_quick(&quick, &p, &s, val + bytes + NEAR_BEHIND, &own, memo), whole, "%u",
                         bytes);
            cr_expect(str_eq(buf_view(&quick), buf_view(&plain)), "%u bytes, %u", bytes, array);
            free(val);
        }
    free(memo), arena_free(&mem);
    buf_free(&quick), buf_free(&plain), buf_free(&key);
}

/* --- Records */

enum { AT = 512 + 24, CHUNK = 65536 };
#define XMLNS       "@xmlns \"ns\" "
#define SYS         "<System > <Provider+ @Name \"P\" /> <EventID > \"7\" </ <Channel > \"C\" </ </ "
#define XSYS        "<System><Provider Name='P'/><EventID>7</EventID><Channel>C</Channel></System>"
#define EVENT(data) "F <Event > " SYS data "</ Z"
/* A whole event as one template whose data is substitution 0. */
#define T_EVENT "F T(11 F <Event > " SYS "?0 </ Z ) "
/* EventData as a template of its own, as Windows writes it. */
#define T_DATA(def, values) "{F T(22 F <EventData > " def " </ Z ) V( " values " ) Z }"

static const struct {
    const char *name, *words, *json, *xml, *why;
} records[] = {
    {"plain", EVENT("<EventData > <Data+ @Name \"a\" > \"1\" </ </ "), "{\"a\":\"1\"}",
     "<EventData><Data Name='a'>1</Data></EventData>", NULL},
    {"no data", EVENT(""), "{}", "", NULL},
    {"empty elements", EVENT("<EventData > <Data+ @Name \"a\" /> <Data+ @Name \"b\" > </ </ "),
     "{\"a\":\"\",\"b\":\"\"}", "<EventData><Data Name='a'/><Data Name='b'></Data></EventData>", NULL},
    {"unnamed", EVENT("<EventData > <Data > \"x\" </ <Data > \"y\" </ <Binary > \"00FF\" </ </ "),
     "{\"param1\":\"x\",\"param2\":\"y\",\"Binary\":\"00FF\"}",
     "<EventData><Data>x</Data><Data>y</Data><Binary>00FF</Binary></EventData>", NULL},
    {"names twice",
     EVENT("<EventData > <Data+ @Name \"a\" > \"1\" </ <Data+ @Name \"b\" > \"2\" </ <Data+ @Name \"a\" > "
           "\"3\" </ </ "),
     "{\"a\":[\"1\",\"3\"],\"b\":\"2\"}",
     "<EventData><Data Name='a'>1</Data><Data Name='b'>2</Data><Data Name='a'>3</Data></EventData>", NULL},
    {"a name like a number of the unnamed",
     EVENT("<EventData > <Data > \"x\" </ <Data+ @Name \"param1\" > \"y\" </ </ "),
     "{\"param1\":[\"x\",\"y\"]}", "<EventData><Data>x</Data><Data Name='param1'>y</Data></EventData>", NULL},
    {"text in pieces", EVENT("<EventData > <Data > \"a\" &amp \"b\" #60 [c>] &lt &nope </ </ "),
     "{\"param1\":\"a&b<c><&nope;\"}", "<EventData><Data>a&amp;b&lt;c&gt;&lt;&amp;nope;</Data></EventData>",
     NULL},
    {"literal number", EVENT("<EventData > <Data > x050805000000 </ </ "), "{\"param1\":\"5\"}",
     "<EventData><Data>5</Data></EventData>", NULL},
    {"literal number in a template",
     T_EVENT "V( " T_DATA("<Data > x050805000000 </ <Data > %0 </", "s:x") " ) Z",
     "{\"param1\":\"5\",\"param2\":\"x\"}", "<EventData><Data>5</Data><Data>x</Data></EventData>", NULL},
    {"processing instruction", EVENT("<EventData > !pi ~do_it <Data > \"x\" </ </ "), "{\"param1\":\"x\"}",
     "<EventData><?pi do it?><Data>x</Data></EventData>", NULL},
    {"user data",
     EVENT("<UserData > <Cleared+ " XMLNS
           "> <Name > \"me\" </ <Who+ @id \"4\" /> <In > <Deep > \"d\" </ </ </ </ "),
     "{\"_element\":\"Cleared\",\"Name\":\"me\",\"Who.id\":\"4\",\"Deep\":\"d\"}",
     "<UserData><Cleared xmlns='ns'><Name>me</Name><Who id='4'/><In><Deep>d</Deep></In></Cleared></UserData>",
     NULL},
    {"user data without children", EVENT("<UserData > <Down /> </ "), "{\"_element\":\"Down\"}",
     "<UserData><Down/></UserData>", NULL},
    {"user data that is text", EVENT("<UserData > <Down > \"t\" </ </ "),
     "{\"_element\":\"Down\",\"Down\":\"t\"}", "<UserData><Down>t</Down></UserData>", NULL},
    {"processing error",
     EVENT("<ProcessingErrorData > <ErrorCode > \"15003\" </ <EventPayload > \"00\" </ </ "),
     "{\"_element\":\"ProcessingErrorData\",\"ErrorCode\":\"15003\",\"EventPayload\":\"00\"}",
     "<ProcessingErrorData><ErrorCode>15003</ErrorCode><EventPayload>00</EventPayload></ProcessingErrorData>",
     NULL},
    {"named event data", EVENT("<EventData+ @Name \"E\" > <Data+ @Name \"a\" @Unit \"s\" > \"1\" </ </ "),
     "{\"EventData.Name\":\"E\",\"a.Unit\":\"s\",\"a\":\"1\"}",
     "<EventData Name='E'><Data Name='a' Unit='s'>1</Data></EventData>", NULL},
    {"rendering",
     EVENT("<EventData > <Data > \"x\" </ </ <RenderingInfo+ @Culture \"en\" > <Message > \"m\" </ </ "),
     "{\"param1\":\"x\"}",
     "<EventData><Data>x</Data></EventData><RenderingInfo Culture='en'><Message>m</Message></RenderingInfo>",
     NULL},
    {"template with flat data",
     "F T(11 F <Event > " SYS "<EventData > <Data+ @Name \"a\" > %0 </ <Data+ @Name \"b\" > ?1 </ <Data+ "
     "@Name \"c\" > %2 </ </ </ Z ) V( s:x 0 0 ) Z",
     "{\"a\":\"x\",\"c\":\"\"}", "<EventData><Data Name='a'>x</Data><Data Name='c'></Data></EventData>",
     NULL},
    {"template in a template",
     T_EVENT "V( " T_DATA("<Data+ @Name \"a\" > %0 </ <Data+ @Name \"b\" > %1 </", "08:20050780 e") " ) Z",
     "{\"a\":2147943712,\"b\":\"\"}",
     "<EventData><Data Name='a'>2147943712</Data><Data Name='b'></Data></EventData>", NULL},
    {"null payload", T_EVENT "V( 0 ) Z", "{}", "", NULL},
    {"plain fragment as payload", T_EVENT "V( {<EventData > <Data > \"x\" </ </ } ) Z", "{\"param1\":\"x\"}",
     "<EventData><Data>x</Data></EventData>", NULL},
    {"payload in an element",
     "F T(11 F <Event > " SYS "<UserData > ?0 </ </ Z ) V( {F T(22 F <X > <a > %0 </ </ Z ) V( s:1 ) Z } ) Z",
     "{\"_element\":\"X\",\"a\":\"1\"}", "<UserData><X><a>1</a></X></UserData>", NULL},
    {"null payload in an element", "F T(11 F <Event > " SYS "<UserData > ?0 </ </ Z ) V( 0 ) Z", "{}", "",
     NULL},
    {"payload that is text", "F T(11 F <Event > " SYS "<UserData > ?0 </ </ Z ) V( s:t ) Z",
     "{\"UserData\":\"t\"}", "<UserData>t</UserData>", NULL},
    {"binary XML where text is expected",
     "F T(11 F <Event > " SYS "<EventData > <Data+ @Name \"a\" > %0 </ </ </ Z ) V( {<q > \"1\" </ } ) Z",
     "{\"q\":\"1\"}", "<EventData><Data Name='a'><q>1</q></Data></EventData>", NULL},
    {"string array repeats its element",
     T_EVENT "V( " T_DATA("<Data > ?0 </ <Binary > ?1 </", "81:61000000620000006300 0e:0aff") " ) Z",
     "{\"param1\":\"a\",\"param2\":\"b\",\"param3\":\"c\",\"Binary\":\"0aff\"}",
     "<EventData><Data>a</Data><Data>b</Data><Data>c</Data><Binary>0AFF</Binary></EventData>", NULL},
    {"array under a name", T_EVENT "V( " T_DATA("<Data+ @Name \"n\" > %0 </", "86:01000200") " ) Z",
     "{\"n\":[1,2]}", "<EventData><Data Name='n'>1</Data><Data Name='n'>2</Data></EventData>", NULL},
    {"array of one", T_EVENT "V( " T_DATA("<Data+ @Name \"n\" > %0 </", "86:0100") " ) Z", "{\"n\":1}",
     "<EventData><Data Name='n'>1</Data></EventData>", NULL},
    {"array of none", T_EVENT "V( " T_DATA("<Data+ @Name \"n\" > %0 </ <Data > %0 </", "81:") " ) Z",
     "{\"n\":\"\"}", "<EventData><Data Name='n'></Data><Data></Data></EventData>", NULL},
    {"array in an attribute",
     T_EVENT "V( " T_DATA("<Data+ @Name \"n\" @list %0 > \"x\" </", "86:01000200") " ) Z",
     "{\"n.list\":[1,2],\"n\":\"x\"}", "<EventData><Data Name='n' list='1, 2'>x</Data></EventData>", NULL},
    {"optional attributes",
     T_EVENT "V( " T_DATA("<Data+ @Name \"n\" @one ?0 @two ?1 > \"x\" </", "0 s:2") " ) Z",
     "{\"n.two\":\"2\",\"n\":\"x\"}", "<EventData><Data Name='n' two='2'>x</Data></EventData>", NULL},
    {"a null takes an element with attributes",
     T_EVENT "V( " T_DATA("<Data+ @Name \"n\" @one \"1\" > ?0 </ <Data > \"x\" </", "0") " ) Z",
     "{\"param1\":\"x\"}", "<EventData><Data>x</Data></EventData>", NULL},
    {"text and substitution",
     T_EVENT "V( " T_DATA("<Data+ @Name \"n\" > \"<\" %0 \">\" </", "06:0700") " ) Z", "{\"n\":\"<7>\"}",
     "<EventData><Data Name='n'>&lt;7&gt;</Data></EventData>", NULL},
    {"two substitutions, one null",
     T_EVENT "V( " T_DATA("<Data+ @Name \"n\" > ?0 ?1 </ <Data+ @Name \"m\" > ?0 ?0 </", "0 s:b") " ) Z",
     "{\"n\":\"b\"}", "<EventData><Data Name='n'>b</Data></EventData>", NULL},
    {"name of data is a substitution", T_EVENT "V( " T_DATA("<Data+ @Name %0 > %1 </", "s:n s:v") " ) Z",
     "{\"n\":\"v\"}", "<EventData><Data Name='n'>v</Data></EventData>", NULL},
    {"substitution beyond the values",
     T_EVENT "V( " T_DATA("<Data+ @Name \"a\" > %0 </ <Data+ @Name \"b\" > %9 </ <Data+ @Name \"c\" > ?9 </",
                          "s:x") " ) Z",
     "{\"a\":\"x\",\"b\":\"\"}", "<EventData><Data Name='a'>x</Data><Data Name='b'></Data></EventData>",
     NULL},
    {"complex data", EVENT("<EventData > <ComplexData+ @Name \"a\" > \"1\" </ </ "), "{\"a\":\"1\"}",
     "<EventData><ComplexData Name='a'>1</ComplexData></EventData>", NULL},
    {"data with children and text", EVENT("<EventData > <Data+ @Name \"a\" > \"t\" <b > \"1\" </ </ </ "),
     "{\"b\":\"1\",\"a\":\"t\"}", "<EventData><Data Name='a'>t<b>1</b></Data></EventData>", NULL},
    {"hostile names", EVENT("<EventData > <a'b<c> > \"1\" </ <Data+ @x/y \"2\" > \"3\" </ </ "),
     "{\"a'b<c>\":\"1\",\"Data.x/y\":\"2\",\"param1\":\"3\"}",
     "<EventData><a_b_c_>1</a_b_c_><Data x_y='2'>3</Data></EventData>", NULL},
    {"hostile text", EVENT("<EventData > <Data+ @Name \"'/><x\" > \"</Data>\" </ </ "),
     "{\"'/><x\":\"</Data>\"}", "<EventData><Data Name='&apos;/&gt;&lt;x'>&lt;/Data&gt;</Data></EventData>",
     NULL},
    {"breaks in attributes",
     T_EVENT "V( " T_DATA("<Data+ @Name \"n\" @u %0 @v #10 > %0 </ <Data+ @Name #9 > \"x\" </",
                          "01:61000a00620009006300") " ) Z",
     "{\"n.u\":\"a\\nb\\tc\",\"n.v\":\"\\n\",\"n\":\"a\\nb\\tc\",\"\\t\":\"x\"}",
     "<EventData><Data Name='n' u='a&#10;b&#9;c' v='&#10;'>a&#10;b&#9;c</Data><Data "
     "Name='&#9;'>x</Data></EventData>",
     NULL},
    {"no event", "F <Evil > " SYS "</ Z", NULL, NULL, "no Event element"},
    {"unknown token", EVENT("x1f "), NULL, NULL, "unknown token"},
    {"end too often", "F </ Z", NULL, NULL, "end of an element that is not open"},
    {"attribute outside a start", EVENT("@a \"x\" "), NULL, NULL, "unknown token"},
    {"name outside the chunk", EVENT("x0100000000ffff0000 "), NULL, NULL, "name outside the chunk"},
    {"text of an unknown type", EVENT("x05600100 "), NULL, NULL, "text of an unknown type"},
    {"another template where the record's own should be",
     "F T(11 F <Event > " SYS "</ Z ) V( ) F x0c014411111126020000 V( ) Z", NULL, NULL,
     "another template where the record's own should be"},
    {"another template where that of the data should be",
     T_EVENT
     "V( {F T(22 F <EventData > <Data > %0 </ </ Z ) V( s:x ) F x0c011122222226020000 V( s:y ) Z } ) Z",
     NULL, NULL, "another template where the record's own should be"},
    {"definition outside the chunk", "F x0c0111111111f0ff0000 V( ) Z", NULL, NULL,
     "template definition outside the chunk"},
};

struct bench {
    struct arena scratch;
    struct bx *bx;
    uint8_t *chunk;
    struct buf words, json, xml;
    struct bx_event *ev;
};

static void begin(struct bench *t)
{
    *t = (struct bench){.chunk = calloc(1, CHUNK), .ev = calloc(1, sizeof(struct bx_event))};
    cr_assert(arena_make(&t->scratch, 4 << 20));
    cr_assert((t->bx = bx_new(&t->scratch)) && t->chunk && t->ev);
}

static void end(struct bench *t)
{
    bx_free(t->bx), arena_free(&t->scratch), free(t->chunk), free(t->ev);
    buf_free(&t->words), buf_free(&t->json), buf_free(&t->xml);
}

static void place(struct bench *t, const char *words)
{
    t->words.n = 0;
    bx_asm(&t->words, AT, words);
    cr_assert(AT + t->words.n <= CHUNK);
    memset(t->chunk, 0, CHUNK);
    memcpy(t->chunk + AT, t->words.p, t->words.n);
    bx_chunk(t->bx, t->chunk, CHUNK);
}

/* JSON of the data and XML of the event, NUL-terminated. */
static bool read_one(struct bench *t, size_t n, enum bx_lane lane, uint64_t *hash)
{
    t->json.n = t->xml.n = 0;
    bool ok = bx_open(t->bx, AT, n, lane, t->ev) && bx_event_xml(t->bx, t->ev, &t->xml);
    ok = ok && bx_open(t->bx, AT, n, lane, t->ev) && bx_data_json(t->bx, t->ev, &t->json, hash);
    buf_char(&t->json, 0), buf_char(&t->xml, 0);
    return ok;
}

Test(binxml, records_in_both_lanes)
{
    struct bench t;
    begin(&t);
    for (size_t i = 0; i < LEN(records); i++) {
        char xml[1024];
        uint64_t hash[2] = {1, 1};
        snprintf(xml, sizeof xml, "<Event>" XSYS "%s</Event>", records[i].xml ? records[i].xml : "");
        for (enum bx_lane lane = BX_ANY_LANE; lane <= BX_GENERAL_LANE; lane++) {
            place(&t, records[i].words);
            bool ok = read_one(&t, t.words.n, lane, &hash[lane]);
            cr_expect(ok == !records[i].why, "%s, lane %d: %s", records[i].name, lane,
                      ok ? "read" : t.ev->why);
            if (!ok && records[i].why)
                cr_expect_str_eq(t.ev->why, records[i].why, "%s, lane %d: %s", records[i].name, lane,
                                 t.ev->why);
            if (ok && !records[i].why) {
                cr_expect_str_eq(t.json.p, records[i].json, "%s, lane %d: %s", records[i].name, lane,
                                 t.json.p);
                cr_expect_str_eq(t.xml.p, xml, "%s, lane %d: %s", records[i].name, lane, t.xml.p);
            }
        }
        cr_expect(hash[0] == hash[1], "%s: the lanes hash alike", records[i].name);
    }
    end(&t);
}

/* Every record cut short anywhere before its last end token fails, in both lanes, and touches nothing behind
 * its end (run under ASan). */
Test(binxml, cut_short)
{
    struct bench t;
    begin(&t);
    for (size_t i = 0; i < LEN(records); i++)
        for (enum bx_lane lane = BX_ANY_LANE; lane <= BX_GENERAL_LANE && !records[i].why; lane++) {
            place(&t, records[i].words);
            for (size_t n = 0; n + 1 < t.words.n; n++)
                cr_expect(!read_one(&t, n, lane, NULL), "%s, lane %d: %zu of %zu bytes", records[i].name,
                          lane, n, t.words.n);
            uint8_t *tight = malloc(AT + t.words.n - 1); /* the chunk ends with the record */
            memcpy(tight, t.chunk, AT + t.words.n - 1);
            bx_chunk(t.bx, tight, AT + t.words.n - 1);
            cr_expect(read_one(&t, t.words.n - 1, lane, NULL),
                      "%s, lane %d: only the end of the fragment is missing", records[i].name, lane);
            free(tight);
        }
    end(&t);
}

/* The same data as text without a template, and typed through templates: one identity. */
Test(binxml, hash_is_of_what_is_said)
{
    static const char *same[] = {
        EVENT("<EventData > <Data+ @Name \"a\" > \"0x3e7\" </ <Data+ @Name \"b\" > \"5\" </ <Data+ @Name "
              "\"c\" > \"x\" </ </ "),
        T_EVENT
        "V( " T_DATA("<Data+ @Name \"a\" > %0 </ <Data+ @Name \"b\" > %1 </ <Data+ @Name \"c\" > %2 </",
                     "15:e703000000000000 08:05000000 s:x") " ) Z",
        T_EVENT
        "V( " T_DATA("<Data+ @Name \"a\" > %2 </ <Data+ @Name \"b\" > %0 </ <Data+ @Name \"c\" > %1 </",
                     "04:05 s:x 14:e7030000") " ) Z"};
    static const char *other[] = {EVENT("<EventData > <Data+ @Name \"a\" > \"0x3e7\" </ <Data+ @Name \"b\" > "
                                        "\"5,c\" </ <Data+ @Name \"c\" > \"x\" </ </ "),
                                  EVENT("<EventData > <Data+ @Name \"b\" > \"0x3e7\" </ <Data+ @Name \"a\" > "
                                        "\"5\" </ <Data+ @Name \"c\" > \"x\" </ </ "),
                                  EVENT("<EventData > <Data+ @Name \"a\" > \"0x3e7\" </ <Data+ @Name \"b\" > "
                                        "\"5\" </ <Data+ @Name \"c\" > \"\" </ </ ")};
    struct bench t;
    begin(&t);
    uint64_t first = 0;
    for (size_t i = 0; i < LEN(same) + LEN(other); i++) {
        uint64_t hash = 1;
        place(&t, i < LEN(same) ? same[i] : other[i - LEN(same)]);
        cr_assert(read_one(&t, t.words.n, BX_ANY_LANE, &hash), "row %zu: %s", i, t.ev->why);
        first = i ? first : hash;
        cr_expect((hash == first) == (i < LEN(same)), "row %zu", i);
    }
    end(&t);
}

Test(binxml, system_fields)
{
    struct bench t;
    begin(&t);
    place(&t, "F T(11 F <Event+ " XMLNS "> <System > <Provider+ @Name ?0 @Guid ?1 @EventSourceName ?2 /> d03 "
              "<EventID+ @Qualifiers ?4 > ?3 </ <Version > ?5 </ <Level > ?6 </ "
              "<Execution+ @ProcessID ?7 @ThreadID ?8 @ProcessorID ?10 /> <Channel > \"Setup\" </ <Security+ "
              "@UserID ?9 /> </ </ Z ) "
              "V( s:Prov 0f:33221100554477668899aabbccddeeff 0 06:1005 06:0400 0 04:02 08:10000000 "
              "08:20000000 13:010100000000000512000000 04:03 ) Z");
    for (enum bx_lane lane = BX_ANY_LANE; lane <= BX_GENERAL_LANE; lane++) {
        static const struct {
            enum bx_sys what;
            const char *text;
        } want[] = {{BXS_PROVIDER, "Prov"}, {BXS_GUID, "{00112233-4455-6677-8899-AABBCCDDEEFF}"},
                    {BXS_EVENT_ID, "1296"}, {BXS_QUALIFIERS, "4"},
                    {BXS_LEVEL, "2"},       {BXS_PID, "16"},
                    {BXS_TID, "32"},        {BXS_SID, "S-1-5-18"},
                    {BXS_SOURCE, NULL},     {BXS_VERSION, NULL},
                    {BXS_CHANNEL, "Setup"}, {BXS_TIME, NULL}};
        struct bx_val all[BXS_FIELDS];
        cr_assert(bx_open(t.bx, AT, t.words.n, lane, t.ev), "%s", t.ev->why);
        cr_expect((t.ev->t != NULL) == (lane == BX_ANY_LANE), "lane %d is the lane that was asked for", lane);
        bx_system(t.ev, all);
        t.json.n = 0, bx_system_json(t.bx, t.ev, &t.json);
        cr_expect(str_eq(buf_view(&t.json),
                         STR(",\"provider\":\"Prov\",\"guid\":\"{00112233-4455-6677-8899-AABBCCDDEEFF}\","
                             "\"event_id\":1296,\"qualifiers\":4,\"version\":null,\"level\":2,"
                             "\"task\":null,\"opcode\":null,\"keywords\":null,\"activity_id\":null,\"related_"
                             "activity_id\":null,\"pid\":16,\"tid\":32,\"processor_id\":3,"
                             "\"channel\":\"Setup\",\"computer\":null,\"sid\":\"S-1-5-18\"")),
                  "lane %d: %.*s", lane, STR_ARG(buf_view(&t.json)));
        for (size_t i = 0; i < LEN(want); i++) {
            struct bx_val v = bx_sys(t.ev, want[i].what);
            shown(&t.json, bx_text, v);
            cr_expect((!bx_is_absent(v)) == (want[i].text != NULL)
                          && (!want[i].text || strcmp(t.json.p, want[i].text) == 0),
                      "field %zu: %s", i, t.json.p);
            cr_expect(all[want[i].what].type == v.type && all[want[i].what].p == v.p);
        }
    }
    end(&t);
}

/* --- Records of one kind */

#define KIND_OUTER(guid, computer)                                                                    \
    "F T(" guid " F <Event > <System > <Provider+ @Name ?0 /> <EventID > ?1 </ <Level > ?2 </ "       \
    "<TimeCreated+ @SystemTime ?3 /> <EventRecordID > ?4 </ <Channel > ?5 </ <Computer > \"" computer \
    "\" </ "                                                                                          \
    "<Security+ @UserID ?7 /> </ ?6 </ Z ) "
#define KIND_INNER(guid, name) \
    "{F T(" guid " F <EventData > <Data+ @Name \"" name "\" > %0 </ </ Z ) V( s:x ) Z }"
#define KIND_DATA "{F T=22 V( s:x ) Z }"
#define KIND_SID  "13:010100000000000512000000"
#define KIND_FIRST                                                                                          \
    "F T=11 V( s:Prov 06:1012 04:04 11:0000000000e1dc01 0a:0100000000000000 s:Chan " KIND_DATA " " KIND_SID \
    " ) Z"

/* The words of a record behind the first one of its kind, and whether it is of that kind. */
static const struct {
    const char *name, *words;
    bool alike, bad;
} kinds[] = {
#define ROW(name, alike, provider, id, level, time, number, channel, data, sid)                             \
    {                                                                                                       \
        name,                                                                                               \
            "F T=11 V( " provider " " id " " level " " time " " number " " channel " " data " " sid " ) Z", \
            alike, false                                                                                    \
    }
#define TIME   "11:0100000000e1dc01"
#define NUMBER "0a:0200000000000000"
    {"the same", KIND_FIRST, true, false},
    ROW("time, number", true, "s:Prov", "06:1012", "04:04", TIME, NUMBER, "s:Chan", KIND_DATA, KIND_SID),
    ROW("longer data, so that what is behind them moves", true, "s:Prov", "06:1012", "04:04", TIME, NUMBER,
        "s:Chan", "{F T=22 V( s:more_than_before ) Z }", KIND_SID),
    ROW("data of another template", true, "s:Prov", "06:1012", "04:04", TIME, NUMBER, "s:Chan",
        "{F T=33 V( s:x ) Z }", KIND_SID),
    ROW("empty data", true, "s:Prov", "06:1012", "04:04", TIME, NUMBER, "s:Chan", "21:", KIND_SID),
    ROW("null data", false, "s:Prov", "06:1012", "04:04", TIME, NUMBER, "s:Chan", "0", KIND_SID),
    ROW("text as data", false, "s:Prov", "06:1012", "04:04", TIME, NUMBER, "s:Chan", "s:x", KIND_SID),
    ROW("provider", false, "s:Prow", "06:1012", "04:04", TIME, NUMBER, "s:Chan", KIND_DATA, KIND_SID),
    ROW("longer provider", false, "s:Provi", "06:1012", "04:04", TIME, NUMBER, "s:Chan", KIND_DATA, KIND_SID),
    ROW("no provider", false, "0", "06:1012", "04:04", TIME, NUMBER, "s:Chan", KIND_DATA, KIND_SID),
    ROW("event", false, "s:Prov", "06:1112", "04:04", TIME, NUMBER, "s:Chan", KIND_DATA, KIND_SID),
    ROW("event of another type", false, "s:Prov", "05:1012", "04:04", TIME, NUMBER, "s:Chan", KIND_DATA,
        KIND_SID),
    ROW("level", false, "s:Prov", "06:1012", "04:05", TIME, NUMBER, "s:Chan", KIND_DATA, KIND_SID),
    ROW("time of another type", false, "s:Prov", "06:1012", "04:04", "0a:0100000000e1dc01", NUMBER, "s:Chan",
        KIND_DATA, KIND_SID),
    ROW("no time", false, "s:Prov", "06:1012", "04:04", "0", NUMBER, "s:Chan", KIND_DATA, KIND_SID),
    ROW("short number", false, "s:Prov", "06:1012", "04:04", TIME, "08:02000000", "s:Chan", KIND_DATA,
        KIND_SID),
    ROW("channel", false, "s:Prov", "06:1012", "04:04", TIME, NUMBER, "s:Chin", KIND_DATA, KIND_SID),
    ROW("account", true, "s:Prov", "06:1012", "04:04", TIME, NUMBER, "s:Chan", KIND_DATA,
        "13:010100000000000513000000"),
    ROW("longer account", false, "s:Prov", "06:1012", "04:04", TIME, NUMBER, "s:Chan", KIND_DATA,
        "13:01020000000000051200000001000000"),
    ROW("no account", false, "s:Prov", "06:1012", "04:04", TIME, NUMBER, "s:Chan", KIND_DATA, "0"),
    ROW("one value more", false, "s:Prov", "06:1012", "04:04", TIME, NUMBER, "s:Chan", KIND_DATA,
        KIND_SID " s:y"),
#define MOST "s:Prov 06:1012 04:04 " TIME " " NUMBER " s:Chan " KIND_DATA
    {"one value less", "F T=11 V( " MOST " ) Z", false, false},
    {"another template", "F T=44 V( " MOST " " KIND_SID " ) Z", false, false},
    {"no fragment header", "T=11 V( " MOST " " KIND_SID " ) Z", false, false},
    {"more behind it", "F T=11 V( " MOST " " KIND_SID " ) F Z", false, false},
    {"another name for the template", "F x0c011111114426020000 V( " MOST " " KIND_SID " ) Z", false, true},
    {"as long by its own word, with one value less",
     "F x0c01111111112602000007000000 x0800010002000600010004000800110008000a0008000100000021000c001300"
     " x500072006f0076001012040100000000e1dc0102000000000000004300680061006e00"
     " x010100000000000512000000 Z",
     false, true},
#undef MOST
#undef ROW
#undef TIME
#undef NUMBER
};

/* The record at offset at of the chunk, n bytes of binary XML; all of it as text. */
static bool read_kind(struct bench *t, size_t at, size_t n, enum bx_lane lane)
{
    struct bx_head h = {0};
    t->json.n = 0;
    if (!bx_open(t->bx, at, n, lane, t->ev))
        return false;
    bx_head(t->ev, &h);
    for (int i = 0; i < BXS_FIELDS; i++)
        bx_text(&t->json, bx_sys(t->ev, (enum bx_sys)i)), buf_char(&t->json, '|');
    buf_printf(&t->json, "%lld %lld %lld %d%d%d", (long long)h.event_id, (long long)h.record_id,
               (long long)h.time, h.has_event_id, h.has_record_id, h.has_time);
    bx_system_json(t->bx, t->ev, &t->json);
    return bx_data_json(t->bx, t->ev, &t->json, NULL) && bx_open(t->bx, at, n, lane, t->ev)
           && bx_event_xml(t->bx, t->ev, &t->json);
}

/* A chunk of five records: two that hold definitions, the first of a kind, one like it or not, the first
 * again. */
struct kind_log {
    struct raw_log log;
    uint8_t *chunk;
    size_t at[5], size[5];
};

static void make_kinds(struct kind_log *k, const char *words, bool other)
{
#define DEFINITION(computer) \
    KIND_OUTER("11", computer) "V( s:P 06:0100 04:00 0 0 s:C " KIND_INNER("22", "a") " 0 ) Z"
    const char *const all[] = {
        other ? DEFINITION("PC3") : DEFINITION("PC1"),
        KIND_OUTER("44", "PC2") "V( s:P 06:0100 04:00 0 0 s:C " KIND_INNER("33", "b") " 0 ) Z", KIND_FIRST,
        words, KIND_FIRST};
#undef DEFINITION
    raw_begin(&k->log);
    for (size_t i = 0; i < LEN(all); i++)
        k->at[i] = raw_record(&k->log, 0, all[i]);
    raw_end(&k->log);
    k->chunk = (uint8_t *)k->log.file.p + 4096;
    for (size_t i = 0; i < LEN(all); i++)
        k->at[i] -= 4096, k->size[i] = le32(k->chunk + k->at[i] + 4) - 28, k->at[i] += 24;
}

/* Begins the chunk and reads its first records. */
static void read_first(struct bench *t, const struct kind_log *k, size_t n)
{
    bx_chunk(t->bx, k->chunk, CHUNK);
    for (size_t i = 0; i < n; i++)
        cr_assert(read_kind(t, k->at[i], k->size[i], BX_ANY_LANE), "%s", t->ev->why);
}

static void expect_twin(const struct bench *t, struct bench *twin, const struct kind_log *k, size_t n,
                        enum bx_lane lane, bool ok, const char *name)
{
    bx_free(twin->bx), twin->bx = bx_new(&twin->scratch);
    read_first(twin, k, 2);
    cr_expect_eq(read_kind(twin, k->at[3], n, lane), ok, "%s, %zu bytes", name, n);
    cr_expect(!ok || str_eq(buf_view(&t->json), buf_view(&twin->json)), "%s:\n%.*s\n%.*s", name,
              STR_ARG(buf_view(&t->json)), STR_ARG(buf_view(&twin->json)));
}

/* What is remembered of a kind changes nothing: each record reads as it does where nothing is remembered, and
 * as the general lane reads it, whole and cut short anywhere, and in the next chunk, where the template at
 * the same place says something else. */
Test(binxml, records_of_one_kind)
{
    for (size_t i = 0; i < LEN(kinds); i++) {
        const char *name = kinds[i].name;
        struct bench t, twin;
        struct kind_log k, other;
        begin(&t), begin(&twin);
        make_kinds(&k, kinds[i].words, false), make_kinds(&other, kinds[i].words, true);
        for (enum bx_lane lane = BX_ANY_LANE; lane <= BX_STRICT; lane += BX_STRICT) {
            read_first(&t, &k, 3);
            for (size_t n = 0; n < k.size[3]; n++)
                expect_twin(&t, &twin, &k, n, lane, read_kind(&t, k.at[3], n, lane), name);
            cr_assert(read_kind(&t, k.at[2], k.size[2], lane) && t.ev->kind && t.ev->kind_at < BX_KINDS);
            uint64_t kind = t.ev->kind;
            bool ok = read_kind(&t, k.at[3], k.size[3], lane);
            cr_expect_eq(ok, !kinds[i].bad, "%s, lane %d", name, (int)lane);
            cr_expect((t.ev->kind == kind) == kinds[i].alike, "%s, lane %d", name, (int)lane);
            expect_twin(&t, &twin, &k, k.size[3], lane, ok, name);
            expect_twin(&t, &twin, &k, k.size[3], BX_GENERAL_LANE, ok, name);
            cr_expect(read_kind(&t, k.at[4], k.size[4], lane), "%s: the first again", name);
            read_first(&t, &other, 2);
            ok = read_kind(&t, other.at[3], other.size[3], lane);
            cr_expect(ok == !kinds[i].bad && t.ev->kind != kind, "%s, lane %d, next chunk", name, (int)lane);
            expect_twin(&t, &twin, &other, other.size[3], lane, ok, name);
        }
        end(&t), end(&twin), buf_free(&k.log.file), buf_free(&other.log.file);
    }
}

/* More kinds than there are places for: each says who it is of. */
Test(binxml, kinds_that_share_a_place)
{
    struct bench t;
    struct kind_log k;
    begin(&t), make_kinds(&k, KIND_FIRST, false);
    uint8_t *name = memmem(k.chunk, CHUNK, "P\0C\0001", 5);
    cr_assert(name);
    uint64_t alike = bx_statistics(t.bx)->alike;
    for (unsigned i = 0; i < 2 * BX_KINDS; i++) {
        name[0] = (uint8_t)('A' + i % 32), name[2] = (uint8_t)('A' + i / 32);
        read_first(&t, &k, 5);
        shown(&t.json, bx_text, bx_sys(t.ev, BXS_COMPUTER));
        cr_expect(t.json.p[0] == name[0] && t.json.p[1] == name[2], "round %u: %s", i, t.json.p);
    }
    cr_expect_gt(bx_statistics(t.bx)->alike - alike, BX_KINDS);
    end(&t), buf_free(&k.log.file);
}

Test(binxml, values_by_name)
{
    static const struct str names[] = {{"b", 1}, {"zz", 2}, {"a", 1}, {"param2", 6}};
    static const struct {
        const char *words, *want[4];
    } rows[] = {
        {T_EVENT
         "V( " T_DATA("<Data+ @Name \"a\" > %0 </ <Data+ @Name \"b\" > ?1 </", "s:x 08:07000000") " ) Z",
         {"7", NULL, "x", NULL}},
        {T_EVENT "V( " T_DATA("<Data+ @Name \"a\" > %0 </ <Data+ @Name \"b\" > ?1 </", "s:x 0") " ) Z",
         {NULL, NULL, "x", NULL}},
        {T_EVENT "V( " T_DATA("<Data > %0 </ <Data > %1 </ <Data+ @Name \"a\" > %0 </", "s:x s:y") " ) Z",
         {NULL, NULL, "x", "y"}},
        {T_EVENT "V( " T_DATA("<Data > %0 </", "81:610000006200") " ) Z", {NULL, NULL, NULL, "b"}},
        {EVENT("<EventData > <Data+ @Name \"b\" > \"1\" </ <Data+ @Name \"b\" > \"2\" </ </ "),
         {"1", NULL, NULL, NULL}}};
    struct bench t;
    begin(&t);
    for (size_t i = 0; i < LEN(rows); i++)
        for (int again = 0; again < 2; again++) {
            struct bx_val v[4];
            place(&t, rows[i].words);
            cr_assert(bx_open(t.bx, AT, t.words.n, BX_ANY_LANE, t.ev)
                          && bx_named(t.bx, t.ev, names, names, 4, v),
                      "row %zu: %s", i, t.ev->why);
            for (size_t k = 0; k < 4; k++) {
                shown(&t.json, bx_text, v[k]);
                cr_expect((!bx_is_absent(v[k])) == (rows[i].want[k] != NULL)
                              && (!rows[i].want[k] || strcmp(rows[i].want[k], t.json.p) == 0),
                          "row %zu, %.*s: %s", i, STR_ARG(names[k]), t.json.p);
            }
        }
    end(&t);
}

/* One content, one compilation: wherever the definition stands and whether its names are inline or known
 * already. Another name at the same offset is another template, though every byte of the definition is the
 * same. */
Test(binxml, templates_are_known_by_content)
{
    struct bench t;
    begin(&t);
    const char *words = "F T(11 F <Event > " SYS
                        "<EventData > <Data+ @Name \"a\" > %0 </ </ </ Z ) V( s:x ) Z";
    for (int chunk = 0; chunk < 3; chunk++) {
        place(&t, words);
        cr_assert(read_one(&t, t.words.n, BX_ANY_LANE, NULL));
        cr_expect_str_eq(t.json.p, "{\"a\":\"x\"}");
    }
    cr_expect(bx_statistics(t.bx)->compiled == 1 && bx_statistics(t.bx)->matched == 2, "%d compiled",
              (int)bx_statistics(t.bx)->compiled);
    bx_chunk(t.bx, t.chunk, CHUNK);
    for (size_t at = AT; at < AT + t.words.n; at++) /* Name -> Nama, wherever it stands inline */
        if (memcmp(t.chunk + at, "N\0a\0m\0e\0", 8) == 0)
            t.chunk[at + 6] = 'a';
    cr_assert(read_one(&t, t.words.n, BX_ANY_LANE, NULL));
    cr_expect_str_eq(t.json.p, "{\"Data.Nama\":\"a\",\"param1\":\"x\"}");
    cr_expect(bx_statistics(t.bx)->compiled == 2);
    cr_expect(bx_open(t.bx, AT, t.words.n, BX_STRICT, t.ev) == false,
              "a name that is not its hash is not believed in slack");
    end(&t);
}

Test(binxml, names_by_offset_are_compared)
{
    /* The first record names everything inline; the second, a template at another place, by offset only. Then
     * the name changes under it. */
    struct bench t;
    begin(&t);
    struct buf two = {0};
    bx_asm(&two, AT,
           "F <Event > " SYS "<EventData > <Data+ @Name \"a\" > \"x\" </ </ </ Z F T(11 F <Event > " SYS
           "<EventData > <Data+ @Name \"a\" > %0 </ </ </ Z ) V( s:y ) Z");
    memcpy(t.chunk + AT, two.p, two.n);
    size_t second = 0;
    for (size_t i = 1; i + 5 < two.n && !second; i++)
        second = memcmp(two.p + i, "\x0f\x01\x01\0\x0c\x01", 6) == 0 ? i : 0;
    for (int round = 0; round < 3; round++) {
        bx_chunk(t.bx, t.chunk, CHUNK);
        cr_assert(bx_open(t.bx, AT + second, two.n - second, BX_ANY_LANE, t.ev) && t.ev->t);
        t.json.n = 0;
        cr_assert(bx_data_json(t.bx, t.ev, &t.json, NULL));
        buf_char(&t.json, 0);
        cr_expect_str_eq(t.json.p,
                         round < 2 ? "{\"a\":\"y\"}"
                                   : "{\"_element\":\"EventDat_\",\"Dat_.Name\":\"a\",\"Dat_\":\"y\"}",
                         "%s", t.json.p);
        cr_expect(bx_statistics(t.bx)->compiled == (round < 2 ? 1 : 2), "round %d", round);
        for (size_t i = 0; round == 1 && i < second; i++)
            if (memcmp(two.p + i, "D\0a\0t\0a\0\0\0", 10) == 0)
                t.chunk[AT + i + 6] = '_';
    }
    buf_free(&two);
    end(&t);
}

/* A chunk has the same budget whatever was read before: a template known from another costs as if it were
 * new. */
Test(binxml, what_is_known_already_costs_the_same)
{
    struct bench t;
    struct buf w = {0};
    size_t read[3] = {0};
    begin(&t);
    buf_z(&w, "F T(11 F <Event > " SYS "<EventData > ");
    for (int i = 0; i < 200; i++)
        buf_z(&w, "<Data > \"x\" </ ");
    buf_z(&w, "<Data > %0 </ </ </ Z ) V( s:y ) Z"), buf_char(&w, 0);
    place(&t, w.p);
    for (size_t round = 0; round < LEN(read); round++) {
        bx_chunk(t.bx, t.chunk, CHUNK);
        for (bool ok = true; ok && read[round] < 100000; read[round] += ok)
            t.json.n = 0,
            ok = bx_open(t.bx, AT, t.words.n, BX_ANY_LANE, t.ev) && bx_data_json(t.bx, t.ev, &t.json, NULL);
        cr_expect(read[round] == read[0], "round %zu: %zu records, not %zu", round, read[round], read[0]);
    }
    cr_expect(bx_statistics(t.bx)->compiled == 1 && read[0] > 1 && read[0] < 10000, "%zu records", read[0]);
    buf_free(&w);
    end(&t);
}

/* Attacks: each must end soon and say why. */
Test(binxml, budgets)
{
    struct bench t;
    struct buf w = {0};
    begin(&t);
    /* a definition that contains an instance of itself */
    place(&t, "F T(11 F <Event > " SYS
              " x0c0111111111 x1e020000 V( ) x0c0111111111 x1e020000 V( ) </ Z ) V( ) Z");
    cr_expect(le32(t.chunk + AT + 10) == 0x226, "the definition lies where the test says");
    for (size_t i = AT + 14; i + 4 < AT + t.words.n; i++)
        if (le32(t.chunk + i) == 0x21e)
            t.chunk[i] = 0x26;
    cr_expect(!read_one(&t, t.words.n, BX_ANY_LANE, NULL) && t.ev->why, "a template in itself");
    cr_expect_str_eq(t.ev->why, "fragments nested too deeply");
    /* elements in elements */
    buf_z(&w, "F <Event > " SYS);
    for (int i = 0; i < LIM_BINXML_ELEMENTS; i++)
        buf_z(&w, "<a > ");
    for (int i = 0; i < LIM_BINXML_ELEMENTS; i++)
        buf_z(&w, "</ ");
    buf_z(&w, "</ Z"), buf_char(&w, 0);
    place(&t, w.p);
    cr_expect(!read_one(&t, t.words.n, BX_ANY_LANE, NULL));
    cr_expect_str_eq(t.ev->why, "elements nested too deeply");
    /* one long value named by many places: more text than an event may have */
    w.n = 0;
    buf_z(&w, "F T(11 F <Event > " SYS "<EventData > ");
    for (int i = 0; i < 300; i++)
        buf_z(&w, "<Data > %0 </ ");
    buf_z(&w, "</ </ Z ) V( s:");
    for (int i = 0; i < 10000; i++)
        buf_char(&w, 'x');
    buf_z(&w, " ) Z"), buf_char(&w, 0);
    place(&t, w.p);
    for (enum bx_lane lane = BX_ANY_LANE; lane <= BX_GENERAL_LANE; lane++) {
        t.json.n = 0;
        cr_assert(bx_open(t.bx, AT, t.words.n, lane, t.ev), "%s", t.ev->why);
        cr_expect(!bx_data_json(t.bx, t.ev, &t.json, NULL), "more than an event may hold");
        cr_expect(t.json.n < LIM_EVENT_JSON + 20000 && str_ends_ci(buf_view(&t.json), STR(",\"_cut\":true}")),
                  "%zu bytes", t.json.n);
    }
    /* the work of a chunk is limited, however many records ask for it */
    int records_read = 0;
    for (; records_read < 100000 && bx_open(t.bx, AT, t.words.n, BX_GENERAL_LANE, t.ev); records_read++) {}
    cr_expect(records_read < 5000, "%d records", records_read);
    cr_expect_str_eq(t.ev->why, "work budget of the chunk used up");
    buf_free(&w);
    end(&t);
}
