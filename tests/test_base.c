/* The vocabulary everything else is written in: spans, text, time, escapers, hashes, facts on the wire. */
#include "base/arena.h"
#include "tests/dice.h"
#include "base/buf.h"
#include "base/fact.h"
#include "base/grow.h"
#include "base/hash.h"
#include "base/lookup.h"
#include "base/lanes.h"
#include "base/names.h"
#include "base/near.h"
#include "base/utf.h"
#include "base/want.h"
#include "base/wintime.h"
#include "base/zone.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Signs of ASCII alone, whatever the locale; an account without what stands before or behind it. */
Test(str, signs_and_accounts)
{
    static const struct {
        char c;
        bool digit, letter, word, word8;
    } signs[] = {{'/', 0, 0, 0, 0},   {'0', 1, 0, 1, 1}, {'9', 1, 0, 1, 1},    {':', 0, 0, 0, 0},
                 {'@', 0, 0, 0, 0},   {'A', 0, 1, 1, 1}, {'Z', 0, 1, 1, 1},    {'[', 0, 0, 0, 0},
                 {'_', 0, 0, 1, 1},   {'`', 0, 0, 0, 0}, {'a', 0, 1, 1, 1},    {'z', 0, 1, 1, 1},
                 {'{', 0, 0, 0, 0},   {0, 0, 0, 0, 0},   {'\x7f', 0, 0, 0, 0}, {'\xc3', 0, 0, 0, 1},
                 {'\xff', 0, 0, 0, 1}};
    for (size_t i = 0; i < LEN(signs); i++)
        cr_expect(is_digit(signs[i].c) == signs[i].digit && is_letter(signs[i].c) == signs[i].letter
                      && is_word(signs[i].c) == signs[i].word && is_word8(signs[i].c) == signs[i].word8,
                  "0x%02x", (unsigned char)signs[i].c);
    static const struct {
        const char *whole, *account;
    } rows[] = {{"svc", "svc"},
                {"CORP\\svc", "svc"},
                {"svc@corp.example", "svc"},
                {"CORP\\a@b", "a@b"},
                {"a\\b\\c", "c"},
                {"CORP\\", ""},
                {"@corp", ""},
                {"", ""}};
    for (size_t i = 0; i < LEN(rows); i++)
        cr_expect(str_eq(str_account(str_of(rows[i].whole)), str_of(rows[i].account)), "%s", rows[i].whole);
}

Test(span, reads_are_sticky)
{
    const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    for (size_t n = 0; n <= sizeof bytes; n++) { /* every row has its cut-short twins */
        struct span s = span_of(bytes, n, 100);
        uint8_t a = span_u8(&s);
        uint16_t b = span_u16(&s);
        uint32_t c = span_u32(&s);
        cr_expect_eq(a, n >= 1 ? 1 : 0, "%zu", n);
        cr_expect_eq(b, n >= 3 ? 0x0302 : 0, "%zu", n);
        cr_expect_eq(c, n >= 7 ? 0x07060504u : 0, "%zu", n);
        cr_expect_eq(s.bad, n < 7, "%zu", n);
        cr_expect_eq(s.off,
                     n >= 7   ? 107u
                     : n >= 3 ? 103u
                     : n >= 1 ? 101u
                              : 100u,
                     "%zu: stops where it failed", n);
    }
    struct span s = span_of(bytes, 8, 0);
    cr_expect_eq(span_u64(&s), 0x0807060504030201u);
    cr_expect(span_take(&s, 1).bad, "nothing left");
    cr_expect(span_at(span_of(bytes, 9, 0), 9, 1).bad);
    s = span_of(NULL, 0, 7); /* an empty file */
    cr_expect(span_need(&s, 0) == NULL && !s.bad && s.off == 7);
    cr_expect(span_at(span_of(bytes, 9, 0), SIZE_MAX, SIZE_MAX).bad);
    cr_expect_eq(span_at(span_of(bytes, 9, 50), 4, 2).off, 54u);
}

Test(str, numbers)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t want;
    } rows[] = {
        {"0", true, 0},
        {"1312", true, 1312},
        {"0x520", true, 0x520},
        {"0X80070520", true, 0x80070520},
        {"-2147023584", true, -2147023584},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"0xffffffffffffffff", true, -1},
        {"0x10000000000000000", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"0x", false, 0},
        {"12a", false, 0},
        {" 1", false, 0},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        int64_t v = 77;
        cr_expect_eq(str_i64(str_of(rows[i].text), &v), rows[i].ok, "%s", rows[i].text);
        cr_expect_eq(v, rows[i].ok ? rows[i].want : 77, "%s: %lld", rows[i].text, (long long)v);
    }
}

Test(str, cut_and_trim)
{
    struct str rest = STR("a\\bc\\");
    cr_expect(str_eq(str_cut(&rest, '\\'), STR("a")));
    cr_expect(str_eq(str_cut(&rest, '\\'), STR("bc")));
    cr_expect_eq(rest.n, 0);
    cr_expect(str_eq(str_trim(STR(" \tx y\r\n")), STR("x y")));
    cr_expect(str_contains(STR("abcab"), STR("cab")) && str_contains(STR("ab"), STR("ab"))
              && str_contains(STR("a"), STR("")));
    cr_expect(!str_contains(STR("abcab"), STR("cabx")) && !str_contains(STR_NONE, STR("a"))
              && str_contains(STR_NONE, STR_NONE));
    cr_expect(str_find(STR("abcab"), STR("ab")) == 0 && str_find(STR("aabab"), STR("abab")) == 1
              && str_find(STR("abcab"), STR("b")) == 1 && str_find(STR("xaab"), STR("ab")) == 2);
    cr_expect(str_find(STR("abcab"), STR("cabx")) == 5 && str_find(STR("ab"), STR("")) == 2
              && str_find(STR_NONE, STR("a")) == 0 && str_find(STR("a"), STR("ab")) == 1);
    cr_expect(str_eq(str_skip(STR("abc"), 1), STR("bc")) && str_skip(STR("abc"), 3).n == 0);
    cr_expect(str_skip(STR("abc"), 4).n == 0 && str_skip(STR_NONE, 1).n == 0);
    cr_expect(str_eq_ci(STR("LmCompat"), STR("lMcOMPAT")) && !str_eq_ci(STR("a"), STR("ab")));
    cr_expect(str_cmp_ci(STR("Backup"), STR("bACKUP")) == 0 && str_cmp_ci(STR("a"), STR("AB")) < 0);
    cr_expect(str_cmp_ci(STR("Z"), STR("a")) > 0 && str_cmp_ci(STR("_"), STR("A")) < 0); /* '_' < 'a' */
    cr_expect(str_cmp_ci(STR("a\xc3"), STR("az")) > 0 && str_cmp_ci(STR("\xc3\x84"), STR("\xc3\xa4")) < 0);
    cr_expect(str_is_blank(STR(" \t\r\n")) && str_is_blank(STR_NONE) && !str_is_blank(STR(" x")));
    cr_expect(small_letter('Q') == 'q' && small_letter('[') == '[' && small_letter('@') == '@');
    cr_expect(str_hash_ci(7, STR("LmCompat")) == str_hash_ci(7, STR("lMcOMPAT"))
              && str_hash_ci(7, STR("a")) != str_hash_ci(7, STR("b"))
              && str_hash_ci(7, STR("a")) != str_hash_ci(8, STR("a")));
    cr_expect_eq(str_hash_ci(str_hash_ci(str_hash(STR("")), STR("ab")), STR("c")), str_hash(STR("abc")));
}

Test(wintime, both_ways)
{
    static const struct {
        const char *in, *out;
        int64_t t;
    } rows[] = {
        {"1601-01-01T00:00:00Z", "1601-01-01T00:00:00.0000000Z", 0},
        {"1970-01-01", "1970-01-01T00:00:00.0000000Z", 116444736000000000},
        {"2026-03-02T09:10:11.1234567Z", "2026-03-02T09:10:11.1234567Z", 134169162111234567},
        {"2026-03-02T10:10:11.1234567+01:00", "2026-03-02T09:10:11.1234567Z", 134169162111234567},
        {"2000-02-29T23:59:59Z", "2000-02-29T23:59:59.0000000Z", 125963423990000000},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        int64_t t = -1;
        char text[WINTIME_TEXT];
        cr_expect(wintime_parse(str_of(rows[i].in), &t), "%s", rows[i].in);
        cr_expect_eq(t, rows[i].t, "%s: %lld", rows[i].in, (long long)t);
        cr_expect_str_eq(wintime_text(t, text), rows[i].out);
    }
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-02-29",
                                      "2026-13-01",
                                      "2026-03-02T25:00:00Z",
                                      "2026-03-02T09:10:11",
                                      "2026-03-02 09:10:11+0100",
                                      "2026-03-02T09:10Zx",
                                      "1600-01-01"};
    for (size_t i = 0; i < LEN(bad); i++) {
        int64_t t;
        cr_expect_not(wintime_parse(str_of(bad[i]), &t), "%s", bad[i]);
    }
    char text[WINTIME_TEXT];
    cr_expect_str_eq(wintime_text(-1, text), "invalid(0xffffffffffffffff)");
    cr_expect_not(wintime_sane(0));
    const uint8_t st[16] = {0xea, 0x07, 3, 0, 1, 0, 2, 0, 9, 0, 10, 0, 11, 0, 123, 0};
    int64_t t;
    cr_expect(wintime_from_systemtime(st, &t));
    cr_expect_str_eq(wintime_text(t, text), "2026-03-02T09:10:11.1230000Z");
}

#ifdef _WIN32
/* Its C library knows the zone of its user alone. */
static bool libc_bias(const char *tz, int64_t t, long *minutes, bool *daylight)
{
    (void)tz, (void)t, (void)minutes, (void)daylight;
    cr_skip_test("Windows' C library knows no rules of zones");
}
#else
static bool libc_bias(const char *tz, int64_t t, long *minutes, bool *daylight)
{
    struct tm tm;
    time_t u = (time_t)((t - WINTIME_UNIX_EPOCH) / WINTIME_SECOND);
    if (tz)
        setenv("TZ", tz, 1), tzset();
    if (!localtime_r(&u, &tm))
        return false;
    *minutes = -tm.tm_gmtoff / 60, *daylight = tm.tm_isdst > 0;
    return tm.tm_gmtoff % 60 == 0;
}
#endif

/* Clocks of the world, held against the C library's at every half hour around each change, and once a day. */
Test(zone, as_the_c_library)
{
    static const struct {
        const char *rule, *tz;
    } rows[] = {
        {"300 240 M3.2.0/02:00:00 M11.1.0/02:00:00", "EST5EDT,M3.2.0,M11.1.0"},
        {"-60 -120 M3.5.0/02:00:00 M10.5.0/03:00:00", "CET-1CEST,M3.5.0,M10.5.0/3"},
        {"-600 -660 M10.1.0/02:00:00 M4.1.0/03:00:00", "AEST-10AEDT,M10.1.0,M4.1.0/3"},
        {"-630 -660 M10.1.0/02:00:00 M4.1.0/02:00:00", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"},
        {"240 180 M9.1.6/23:59:59 M4.1.6/23:59:59", "<-04>4<-03>,M9.1.6/23:59:59,M4.1.6/23:59:59"},
        {"-330", "IST-5:30"},
        {"0", "UTC0"},
    };
    int64_t from, to;
    cr_assert(wintime_parse(STR("2019-12-01"), &from) && wintime_parse(STR("2029-02-01"), &to));
    for (size_t i = 0; i < LEN(rows); i++) {
        struct zone z;
        struct buf text = {0};
        cr_assert(zone_parse(str_of(rows[i].rule), &z), "%s", rows[i].rule);
        zone_text(&z, &text), buf_char(&text, 0);
        cr_expect_str_eq(text.p, rows[i].rule);
        buf_free(&text);
        unsigned wrong = 0;
        for (int64_t t = from; t < to && wrong < 3; t += 1800 * WINTIME_SECOND) {
            bool daylight, summer;
            int32_t bias = zone_bias(&z, t, &daylight);
            long minutes;
            char shown[WINTIME_TEXT];
            bool same = libc_bias(t == from ? rows[i].tz : NULL, t, &minutes, &summer) && bias == minutes
                        && daylight == summer;
            cr_expect(same, "%s at %s: %d minutes, not %ld", rows[i].rule, wintime_text(t, shown), bias,
                      minutes);
            wrong += !same;
        }
    }
}

Test(zone, values_of_the_registry)
{
    static const struct {
        const char *what;
        uint8_t bytes[18];
        size_t n;
        bool ok;
        struct zone_when want;
    } rows[] = {
        {"second Sunday in March at two", {0, 0, 3, 0, 2, 0, 2}, 16, true, {0, 3, 2, 0, 2, 0, 0}},
        {"last Saturday in October",
         {0, 0, 10, 0, 5, 0, 23, 0, 59, 0, 59, 0, 231, 3, 6},
         16,
         true,
         {0, 10, 5, 6, 23, 59, 59}},
        {"one day of one year", {0xea, 7, 3, 0, 29, 0, 1}, 16, true, {2026, 3, 29, 0, 1, 0, 0}},
        {"never", {0}, 16, true, {0}},
        {"a byte short", {0, 0, 3, 0, 2, 0, 2}, 15, false, {0}},
        {"a byte long", {0, 0, 3, 0, 2, 0, 2}, 17, false, {0}},
        {"month 13", {0, 0, 13, 0, 2, 0, 2}, 16, false, {0}},
        {"sixth week", {0, 0, 3, 0, 6, 0, 2}, 16, false, {0}},
        {"week 0", {0, 0, 3, 0, 0, 0, 2}, 16, false, {0}},
        {"weekday 7", {0, 0, 3, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 7}, 16, false, {0}},
        {"hour 24", {0, 0, 3, 0, 1, 0, 24}, 16, false, {0}},
        {"month 259", {0, 0, 3, 1, 1, 0, 2}, 16, false, {0}},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct zone_when w;
        cr_expect_eq(zone_when_read(rows[i].bytes, rows[i].n, &w), rows[i].ok, "%s", rows[i].what);
        cr_expect(!rows[i].ok || !memcmp(&w, &rows[i].want, sizeof w), "%s", rows[i].what);
    }
    static const char *const bad[] = {"",
                                      "x",
                                      "300 240",
                                      "300 240 M3.2.0/02:00:00",
                                      "1441",
                                      "300 240 M3.2.0/02:00:00 M13.1.0/02:00:00",
                                      "300 240 M3.2.0/02:00:00 M11.1.0/02:00:00 x",
                                      "300 240 M3.2.0/02:00 M11.1.0/02:00:00"};
    struct zone z;
    for (size_t i = 0; i < LEN(bad); i++)
        cr_expect_not(zone_parse(str_of(bad[i]), &z), "%s", bad[i]);
    int64_t t;
    bool summer;
    cr_assert(zone_parse(STR("0 -60 2026-03-29/01:00:00 2026-10-25/02:00:00"), &z));
    cr_expect(wintime_parse(STR("2026-07-01"), &t) && zone_bias(&z, t, &summer) == -60 && summer);
    cr_expect(wintime_parse(STR("2025-07-01"), &t) && zone_bias(&z, t, &summer) == 0 && !summer,
              "a rule of one year says nothing of another");
}

static void expect_text(const char *what, void (*put)(struct buf *, struct str), struct str in,
                        const char *want)
{
    struct buf b = {0};
    put(&b, in);
    cr_expect(str_eq(buf_view(&b), str_of(want)), "%s: got %.*s, want %s", what, (int)b.n, b.p ? b.p : "",
              want);
    buf_free(&b);
}

Test(buf, escapers)
{
    struct str evil = STR("<script>\"'&`\x1b[31m\n\xe2\x80\xae|*_[x](y)\xed\xa0\x80\xff\0z");
    expect_text("json", buf_json, evil,
                "\"<script>\\\"'&`\\u001b[31m\\n\\u202e|*_[x](y)\\ud800\\ufffd\\u0000z\"");
    expect_text("html", buf_html, evil,
                "&lt;script&gt;&quot;&#39;&amp;&#96;\xe2\x9f\xa6U+001B\xe2\x9f\xa7[31m\n\xe2\x9f\xa6U+"
                "202E\xe2\x9f\xa7|*_[x](y)\xe2\x9f\xa6U+D800\xe2\x9f\xa7\xe2\x9f\xa6U+"
                "FFFD\xe2\x9f\xa7\xe2\x9f\xa6U+0000\xe2\x9f\xa7z");
    expect_text(
        "xml", buf_xml, evil,
        "&lt;script&gt;&quot;&apos;&amp;`\xe2\x9f\xa6U+001B\xe2\x9f\xa7[31m&#10;&#x202E;|*_[x](y)"
        "\xe2\x9f\xa6U+D800\xe2\x9f\xa7\xe2\x9f\xa6U+FFFD\xe2\x9f\xa7\xe2\x9f\xa6U+0000\xe2\x9f\xa7z");
    expect_text("xml, what it allows", buf_xml,
                STR("\t\x7f\xc2\x85\xc2\xad\xe2\x80\x8e\xef\xbb\xbf\xef\xbf\xbe\xf0\x9f\xbf\xbf"),
                "&#9;&#x7F;&#x85;&#xAD;&#x200E;&#xFEFF;\xe2\x9f\xa6U+FFFE\xe2\x9f\xa7&#x1FFFF;");
    expect_text("md", buf_md, STR("a|b\n<i>`x`*"), "a\\|b &lt;i&gt;\\`x\\`\\*");
    static const struct {
        const char *in, *out;
    } md[] = {{"\\Backup on WS04$: ERROR_NO_SUCH (0x520), 9.3-1.",
               "\\Backup on WS04$: ERROR_NO_SUCH (0x520), 9.3-1."},
              {"\\\\srv\\share\\", "\\\\\\srv\\share\\\\"},
              {"\\*a", "\\\\\\*a"},
              {"_a_ b__c", "\\_a\\_ b\\_\\_c"},
              {"- x", "\\- x"},
              {"1. x 2. y", "1\\. x 2. y"},
              {"12) x", "12\\) x"},
              {"0.1.0", "0.1.0"},
              {"1.\tx", "1\\. x"},
              {"1.", "1\\."},
              {"# x #", "\\# x \\#"},
              {"a#b #1", "a#b \\#1"},
              {"=", "\\="},
              {"+", "\\+"},
              {"http://a.b", "http&#58;//a.b"},
              {"c:", "c&#58;"},
              {"WWW.a.b", "WWW\\.a.b"},
              {"a@b.c", "a&#64;b.c"},
              {"$x$ a$$b", "\\$x$ a\\$\\$b"},
              {"![a](b)", "!\\[a\\](b)"},
              {"{{x}} ~~y~~", "\\{\\{x\\}\\} \\~\\~y\\~\\~"},
              {".", "."},
              {")", ")"},
              {"-", "\\-"}};
    for (size_t i = 0; i < LEN(md); i++)
        expect_text(md[i].in, buf_md, str_of(md[i].in), md[i].out);
    expect_text("csv", buf_csv, STR("a \"b\""), "\"a \"\"b\"\"\"");
    expect_text("csv, a formula", buf_csv, STR("=1+2"), "\"'=1+2\"");
    expect_text(
        "csv, what a terminal would obey", buf_csv,
        STR("a\x1b[31m\xe2\x80\xae\xff\xed\xa0\x80"
            "b\nc"),
        "\"a\xe2\x9f\xa6U+001B\xe2\x9f\xa7[31m\xe2\x9f\xa6U+202E\xe2\x9f\xa7\xe2\x9f\xa6U+FFFD\xe2\x9f\xa7"
        "\xe2\x9f\xa6U+D800\xe2\x9f\xa7"
        "b\nc\"");
    expect_text("csv, empty", buf_csv, STR(""), "\"\"");
    expect_text("term", buf_term, STR("a\x1b]0;x\x07\nb"),
                "a\xe2\x9f\xa6U+001B\xe2\x9f\xa7]0;x\xe2\x9f\xa6U+0007\xe2\x9f\xa7 b");
    expect_text(
        "what is not seen, in json", buf_json,
        STR("\xc2\xad \xe2\x80\x8b \xe2\x81\xa6 \xef\xbb\xbf \xf3\xa0\x81\x81 \xf0\x9f\x98\x80 \xc3\xa9"),
        "\"\\u00ad \\u200b \\u2066 \\ufeff \\udb40\\udc41 \xf0\x9f\x98\x80 \xc3\xa9\"");
    expect_text("empty json", buf_json, (struct str){0}, "\"\"");
    expect_text("plain", buf_html, STR("caf\xc3\xa9"), "caf\xc3\xa9");
}

/* Digits by twos and by eights say what printf says: around each power of ten and of two, and for each length
 * of bytes. */
/* Lent memory is filled and never freed or grown: what does not fit moves out, and what lay there is as it
 * was behind it. */
Test(buf, lent_memory_stays_anothers)
{
    char area[64];
    memset(area, '#', sizeof area);
    struct buf b = {.p = area + 8, .cap = 16, .lent = true};
    buf_z(&b, "twelve bytes");
    cr_expect(b.p == area + 8 && b.lent && !b.bad);
    buf_z(&b, "more");
    cr_expect(b.p == area + 8 && b.n == 16, "it is full");
    buf_z(&b, " and what is too much");
    cr_expect(b.p != area + 8 && !b.lent);
    cr_expect(str_eq(buf_view(&b), STR("twelve bytesmore and what is too much")));
    cr_expect(memcmp(area, "########twelve bytesmore########", 32) == 0);
    buf_free(&b);
    b = (struct buf){.p = area, .cap = 4, .lent = true};
    buf_free(&b);
    cr_expect(!b.p && area[0] == '#');
}

/* What is remembered of the last time is no part of the next. */
Test(wintime, one_after_the_other)
{
    static const struct {
        int64_t t;
        const char *text;
    } rows[] = {{0, "1601-01-01T00:00:00.0000000Z"},
                {9999999, "1601-01-01T00:00:00.9999999Z"},
                {10000000, "1601-01-01T00:00:01.0000000Z"},
                {863999999999, "1601-01-01T23:59:59.9999999Z"},
                {864000000000, "1601-01-02T00:00:00.0000000Z"},
                {133497504001234567, "2024-01-15T00:00:00.1234567Z"},
                {133497504011234567, "2024-01-15T00:00:01.1234567Z"},
                {133497504001234567, "2024-01-15T00:00:00.1234567Z"},
                {0, "1601-01-01T00:00:00.0000000Z"}};
    for (size_t i = 0; i < LEN(rows); i++)
        cr_expect_str_eq(wintime_text(rows[i].t, (char[WINTIME_TEXT]){0}), rows[i].text, "row %zu", i);
}

Test(buf, numbers)
{
    uint64_t ten = 1;
    struct buf b = {0};
    char want[32], eight[9] = "";
    for (unsigned i = 0; i < 64; i++, ten = i < 20 ? ten * 10 : 0)
        for (unsigned k = 0; k < 6; k++) {
            uint64_t v = (k < 3 ? ten : (uint64_t)1 << i) + k % 3 - 1;
            snprintf(want, sizeof want, "%llu", (unsigned long long)v);
            b.n = 0, buf_u64(&b, v);
            cr_expect(str_eq(buf_view(&b), str_of(want)), "%s: %.*s", want, STR_ARG(buf_view(&b)));
            snprintf(want, sizeof want, "%08X", (unsigned)v);
            at_hex_eight(eight, (uint32_t)v, 'A');
            cr_expect_str_eq(eight, want);
        }
    static const uint8_t bytes[] = {0x00, 0x9a, 0xff, 0x0f, 0xf0, 0xa9, 0x12, 0xcd, 0x3e};
    for (size_t n = 0; n <= sizeof bytes; n++) {
        b.n = 0, buf_hex(&b, bytes, n);
        cr_expect(str_eq(buf_view(&b), (struct str){"009aff0ff0a912cd3e", 2 * n}), "%zu bytes", n);
    }
    buf_free(&b);
}

static uint64_t random_word(uint64_t *seed)
{
    uint64_t high = random_31(seed);
    return high << 33 ^ random_31(seed);
}

/* Each writer of sixteen letters at once beside its twin and the one that knows no vectors; what is read ends
 * with its memory, what is written stays within the room that is said. */
Test(near, vectors_agree_with_plain_c_at_random)
{
    static const uint16_t odd[] = {0,      9,      10,     0x1f,   0x20,   '"',    '\\',   0x7e,   0x7f,
                                   0x80,   0x9f,   0xa0,   0xff,   0x100,  0x122,  0x15c,  0x2028, 0x7fff,
                                   0x8000, 0xd83e, 0xdd86, 0xd800, 0xdc00, 0xff22, 0xff5c, 0xfffe, 0xffff};
    uint64_t seed = 20261129;
    for (size_t round = 0; round < 20000; round++) {
        size_t units = random_31(&seed) % 70, bytes = 2 * units + NEAR_BEHIND;
        uint8_t *text = malloc(bytes);
        cr_assert(text);
        for (size_t i = 0, strange = random_31(&seed) % 4; i < bytes / 2; i++) {
            unsigned u = random_31(&seed) % 8 < strange ? odd[random_31(&seed) % LEN(odd)]
                                                        : 0x20 + (unsigned)(random_31(&seed) % 0x5f);
            text[2 * i] = (uint8_t)u, text[2 * i + 1] = (uint8_t)(u >> 8);
        }
        char *near = malloc(6 * units + NEAR_ROOM), *plain = malloc(6 * units + NEAR_ROOM);
        cr_assert(near && plain);
        size_t n = (size_t)(near_json16(near, text, 2 * units) - near);
        cr_assert_eq((size_t)(at_json16(plain, text, 2 * units) - plain), n, "round %zu", round);
        cr_assert(memcmp(near, plain, n) == 0, "round %zu", round);
        unsigned mask = near_sixteen(near, text);
        cr_assert_eq(near_sixteen_twin(plain, text), mask, "round %zu", round);
        for (unsigned i = 0; i < 16; i++)
            cr_assert(mask >> i & 1 || near[i] == plain[i], "round %zu", round);

        cr_assert_eq(near_marks((const char *)text), near_marks_twin((const char *)text), "round %zu", round);
        uint32_t twin[36], count = (uint32_t)units / 2;
        uint32_t *sum = malloc((count + 1 + NEAR_SUMS) * sizeof *sum);
        cr_assert(sum);
        uint8_t type = text[2 + 4 * (random_31(&seed) % (count + 2))]; /* maybe of one that lies behind */
        bool found = near_sums(text, count, sum, type);
        cr_assert_eq(near_sums_twin(text, count, twin, type), found, "round %zu", round);
        cr_assert_arr_eq(sum, twin, (count + 1) * sizeof *sum, "round %zu", round);
        cr_assert(!near_sums(text, 0, sum, type) && sum[0] == 0);

        _Alignas(16) uint8_t like[10 * 32];
        size_t fours = bytes / 16, differs = 16 * fours;
        for (size_t i = 0; i < 16 * fours; i++) {
            uint8_t *at = &like[i / 16 * 32 + i % 16];
            at[0] = random_31(&seed) % 2 ? 0xff : 0, at[16] = text[i] & at[0];
            differs = at[0] && random_31(&seed) % 64 == 0 ? i : differs;
        }
        cr_assert(near_like(text, like, fours) && near_like_twin(text, like, fours), "round %zu", round);
        if (differs < 16 * fours) {
            like[differs / 16 * 32 + 16 + differs % 16] ^= 1;
            cr_assert(!near_like(text, like, fours) && !near_like_twin(text, like, fours), "round %zu",
                      round);
        }

        size_t some = random_31(&seed) % (2 * units + 1);
        uint8_t *copy = malloc(bytes);
        cr_assert(copy);
        memcpy(copy, text, bytes), copy[some] ^= 1;
        cr_assert(near_same(copy, text, some), "round %zu", round);
        cr_assert(some == 2 * units || !near_same(copy, text, some + 1), "round %zu", round);
        near_copy(near, text, some);
        cr_assert(memcmp(near, text, some) == 0, "round %zu", round);
        copy[some] ^= 1;
        uint64_t hash = hash_quick(memcpy(copy + bytes - some, text, some), some);
        cr_assert_eq(hash_quick(text, some), hash, "round %zu", round);
        if (some) {
            copy[bytes - 1 - random_31(&seed) % some] ^= (uint8_t)(1 + random_31(&seed) % 255);
            cr_assert_neq(hash_quick(copy + bytes - some, some), hash, "round %zu", round);
        }
        free(text), free(near), free(plain), free(copy), free(sum);
    }
    uint64_t ten = 1;
    for (unsigned i = 0; i < 20000; i++, ten = i < 20 ? ten * 10 : 0) {
        uint64_t v = i < 20   ? ten + i % 3 - 1
                     : i < 84 ? ((uint64_t)1 << (i - 20)) - i % 2
                     : i < 90 ? UINT64_MAX - (i - 84)
                              : random_word(&seed) >> i % 64;
        char near[32 + NEAR_ROOM], want[64];
        *near_u64(near, v) = 0, snprintf(want, sizeof want, "%llu", (unsigned long long)v);
        cr_assert_str_eq(near, want);
        *near_u32(near, (uint32_t)v) = 0, snprintf(want, sizeof want, "%u", (unsigned)v);
        cr_assert_str_eq(near, want);
        *near_hex(near, v) = 0, snprintf(want, sizeof want, "0x%llx", (unsigned long long)v);
        cr_assert_str_eq(near, want);
        near_digits_twin(near, v), near[16] = 0;
        snprintf(want, sizeof want, "%016llx", (unsigned long long)v);
        cr_assert_str_eq(near, want);
    }
}

Test(utf, utf16)
{
    struct arena a;
    cr_assert(arena_make(&a, 4096));
    static const struct {
        const char *name;
        uint8_t in[8];
        size_t n;
        const char *out;
    } rows[] = {
        {"ascii", {'A', 0, 'b', 0}, 4, "Ab"},
        {"odd last byte", {'A', 0, 'b'}, 3, "A"},
        {"pair", {0x3e, 0xd8, 0x86, 0xdd}, 4, "\xf0\x9f\xa6\x86"},
        {"lone high", {0x00, 0xd8, 'x', 0}, 4, "\xed\xa0\x80x"},
        {"lone low at the end", {0x00, 0xdc}, 2, "\xed\xb0\x80"},
        {"half a pair", {0x3e, 0xd8}, 2, "\xed\xa0\xbe"},
    };
    for (size_t i = 0; i < LEN(rows); i++)
        cr_expect(str_eq(utf16_str(&a, span_of(rows[i].in, rows[i].n, 0)), str_of(rows[i].out)), "%s",
                  rows[i].name);
    cr_expect(utf8_eq_ci(STR("\xd0\x9f\xd1\x80\xd0\xb8"), STR("\xd0\xbf\xd0\xa0\xd0\x98")), "Cyrillic folds");
    cr_expect(utf8_eq_ci(STR("\xc3\x8b"), STR("\xc3\xab")), "Latin-1 folds");
    cr_expect_not(utf8_eq_ci(STR("\xc3\x97"), STR("\xc3\xb7")),
                  "multiplication and division signs are no pair");
    cr_expect_eq(utf_upcase(0x101), 0x100u);
    cr_expect_eq(utf_upcase(0x100), 0x100u);
    cr_expect_eq(utf_upcase(0x17a), 0x179u);
    cr_expect_eq(utf_upcase(0x17b), 0x17bu);
    arena_free(&a);
}

Test(arena, exhausted_is_null)
{
    struct arena a;
    cr_assert(arena_make(&a, 64));
    cr_expect_not_null(arena_alloc(&a, 1, 16));
    cr_expect_null(arena_alloc(&a, SIZE_MAX / 2, 4));
    cr_expect_null(arena_alloc(&a, 1, 64));
    cr_expect_null(arena_str(&a, (struct str){"", SIZE_MAX}).p);
    arena_free(&a);
    cr_expect_null(arena_alloc(&a, 1, 1));
}

Test(hash, vectors)
{
    struct sha256 h;
    uint8_t out[SHA256_BYTES];
    char text[SHA256_TEXT];
    cr_assert(sha256_begin(&h));
    sha256_add(&h, "abc", 3);
    cr_assert(sha256_end(&h, out));
    cr_expect_str_eq(sha256_text(out, text),
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    cr_expect_eq(crc32_add(0, "123456789", 9), 0xcbf43926u);
    cr_expect_eq(crc32_add(crc32_add(0, "1234", 4), "56789", 5), 0xcbf43926u);
    cr_expect_neq(hash64("abcdefgh", 8), hash64("abcdefgi", 8));
    cr_expect_neq(hash64("", 0), hash64("\0", 1));
    cr_expect_neq(hash_quick("", 0), hash_quick("\0", 1));
}

static enum status add_up(void *ctx, uint64_t bytes, struct err *e)
{
    (void)e;
    *(uint64_t *)ctx += bytes;
    return OK;
}

/* Whatever lies side by side, each file's sum is what it is alone. Lengths: around a block and its padding,
 * around a step of progress, nothing. */
Test(hash, lanes_agree_with_plain_sums)
{
    static const size_t lengths[] = {0,
                                     1,
                                     55,
                                     56,
                                     63,
                                     64,
                                     65,
                                     119,
                                     120,
                                     127,
                                     128,
                                     4095,
                                     4096,
                                     65537,
                                     (4 << 20) / LANES - 1,
                                     (4 << 20) / LANES + 64,
                                     (9 << 20) + 5};
    static uint8_t text[(9 << 20) + 5 + LANES];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t n = 0; n <= LANES; n++)
        for (size_t first = 0; first < LEN(lengths); first++) {
            struct span file[LANES];
            uint8_t many[LANES][SHA256_BYTES], alone[SHA256_BYTES];
            uint64_t said = 0, bytes = 0;
            for (size_t i = 0; i < n; i++)
                file[i] = span_of(text + i, lengths[(first + i * 5) % LEN(lengths)], 0), bytes += file[i].n;
            cr_assert_eq(sha256_lanes(file, n, add_up, &said, many, NULL), OK);
            cr_expect_eq(said, bytes);
            for (size_t i = 0; i < n; i++) {
                cr_assert(sha256_of(file[i].p, file[i].n, alone));
                cr_expect_arr_eq(many[i], alone, sizeof alone, "%zu bytes, lane %zu of %zu", file[i].n, i, n);
            }
        }
}

static enum status refuse(void *ctx, uint64_t bytes, struct err *e)
{
    (void)ctx, (void)bytes;
    return err_set(e, E_STOP, ERR_NO_OFF, "stop", "told");
}

Test(hash, lanes_end_when_told)
{
    static uint8_t text[100];
    struct span file[LANES];
    uint8_t sum[LANES][SHA256_BYTES];
    for (size_t i = 0; i < LANES; i++)
        file[i] = span_of(text, sizeof text, 0);
    for (size_t n = 1; n <= LANES; n++)
        cr_expect_eq(sha256_lanes(file, n, refuse, NULL, sum, NULL), E_STOP, "%zu", n);
}

/* Where the processor can, a kernel is in use; each that it can gives the sums of the library. */
Test(hash, lanes_are_here)
{
    size_t n = 0;
    for (const struct lanes_kernel *k = lanes_kernels; k->name; k++)
        n += k->here();
    if (!n)
        cr_skip_test("no SHA extensions and no AVX2 here");
    cr_expect(lanes_here());
}

static size_t from_hex(const char *text, uint8_t *out, size_t room)
{
    unsigned byte;
    size_t n = 0;
    for (; n < room && sscanf(text + 2 * n, "%2x", &byte) == 1; n++)
        out[n] = (uint8_t)byte;
    return n;
}

/* NIST's vectors of the Cryptographic Algorithm Validation Program (SHA-2, byte oriented), eight at once. */
Test(hash, lanes_give_the_sums_of_nist)
{
    for (const struct lanes_kernel *k = lanes_kernels; k->name; k++) {
        FILE *f = fopen("tests/vectors/SHA256ShortMsg.rsp", "r");
        char line[256];
        uint8_t text[LANES][64], want[LANES][SHA256_BYTES], sum[LANES][SHA256_BYTES];
        struct span file[LANES];
        size_t len = 0, n = 0, all = 0;
        cr_assert(f);
        while (k->here() && fgets(line, sizeof line, f)) {
            sscanf(line, "Len = %zu", &len);
            if (strncmp(line, "Msg = ", 6) == 0)
                cr_assert(from_hex(line + 6, text[n], sizeof *text) >= len / 8);
            if (strncmp(line, "MD = ", 5) != 0)
                continue;
            cr_assert_eq(from_hex(line + 5, want[n], SHA256_BYTES), SHA256_BYTES);
            file[n] = span_of(text[n], len / 8, 0);
            n++, all++;
            if (n < LANES && all < 65)
                continue;
            uint64_t said = 0;
            cr_assert_eq(sha256_lanes_by(k, file, n, add_up, &said, sum, NULL), OK);
            for (size_t i = 0; i < n; i++)
                cr_expect_arr_eq(sum[i], want[i], SHA256_BYTES, "%s: %zu bytes", k->name, file[i].n);
            n = 0;
        }
        cr_expect(!k->here() || all == 65, "%s: %zu vectors", k->name, all);
        fclose(f);
    }
}

/* The same program's Monte Carlo test: 100 times 1,000 sums, each over the three before it. */
Test(hash, lanes_give_the_monte_carlo_sums_of_nist)
{
    for (const struct lanes_kernel *k = lanes_kernels; k->name; k++) {
        FILE *f = fopen("tests/vectors/SHA256Monte.rsp", "r");
        char line[256];
        uint8_t seed[SHA256_BYTES], want[SHA256_BYTES], three[3 * SHA256_BYTES];
        uint64_t said = 0;
        size_t rounds = 0;
        cr_assert(f);
        while (k->here() && fgets(line, sizeof line, f)) {
            if (strncmp(line, "Seed = ", 7) == 0)
                from_hex(line + 7, seed, sizeof seed);
            if (strncmp(line, "MD = ", 5) != 0)
                continue;
            from_hex(line + 5, want, sizeof want);
            for (size_t i = 0; i < 3; i++)
                memcpy(three + i * SHA256_BYTES, seed, sizeof seed);
            for (size_t i = 0; i < 1000; i++) {
                struct span file = span_of(three, sizeof three, 0);
                cr_assert_eq(sha256_lanes_by(k, &file, 1, add_up, &said, &seed, NULL), OK);
                memmove(three, three + SHA256_BYTES, 2 * SHA256_BYTES);
                memcpy(three + 2 * SHA256_BYTES, seed, sizeof seed);
            }
            cr_expect_arr_eq(seed, want, sizeof want, "%s: round %zu", k->name, rounds);
            rounds++;
        }
        cr_expect(!k->here() || rounds == 100, "%s: %zu rounds", k->name, rounds);
        fclose(f);
    }
}

/* 10,000 groups of random numbers of files of random lengths, beside the library's sums. */
Test(hash, lanes_agree_with_plain_sums_at_random)
{
    static uint8_t text[4096];
    uint64_t seed = 20261128;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)((seed = seed * 6364136223846793005u + 1442695040888963407u) >> 40);
    for (const struct lanes_kernel *k = lanes_kernels; k->name; k++)
        for (size_t round = 0; k->here() && round < 10000; round++) {
            struct span file[LANES];
            uint8_t many[LANES][SHA256_BYTES], alone[SHA256_BYTES];
            uint64_t said = 0, bytes = 0;
            size_t n = 1 + round % LANES;
            for (size_t i = 0; i < n; i++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                size_t at = seed >> 40 & 1023, most = round % 3 ? 256 : 3000;
                file[i] = span_of(text + at, (size_t)(seed >> 20 & 0xfffff) % most, 0);
                bytes += file[i].n;
            }
            cr_assert_eq(sha256_lanes_by(k, file, n, add_up, &said, many, NULL), OK);
            cr_assert_eq(said, bytes, "%s: round %zu", k->name, round);
            for (size_t i = 0; i < n; i++) {
                sha256_of(file[i].p, file[i].n, alone);
                cr_assert_arr_eq(many[i], alone, sizeof alone, "%s: round %zu lane %zu", k->name, round, i);
            }
        }
}

/* Elements stay what they were while their array moves; a size that no memory holds leaves all as it was. */
Test(grow, one_by_one)
{
    static const size_t sizes[] = {1, 8, 96, 5000};
    for (size_t k = 0; k < LEN(sizes); k++) {
        char *p = NULL;
        size_t n = 0, cap = 0;
        for (; n < 3000; n++) {
            char *more = grow(p, sizes[k], n, &cap);
            cr_assert(more && cap > n, "%zu of %zu bytes", n, sizes[k]);
            p = more, p[n * sizes[k]] = (char)n, p[(n + 1) * sizes[k] - 1] = (char)n;
        }
        for (size_t i = 0; i < n; i++)
            cr_assert(p[i * sizes[k]] == (char)i && p[(i + 1) * sizes[k] - 1] == (char)i, "%zu", i);
        free(p);
    }
    char one;
    size_t cap = SIZE_MAX / 64;
    cr_expect_null(grow(&one, 64, cap, &cap));
    cr_expect_eq(cap, SIZE_MAX / 64);
}

/* Where it is the last thing of the arena it stays where it is; what is new is zero; a full arena changes
 * nothing. */
Test(grow, in_an_arena)
{
    static const size_t sizes[] = {1, 8, 96};
    for (size_t k = 0; k < LEN(sizes); k++)
        for (size_t between = 0; between < 2; between++) {
            struct arena a = {0};
            char *p = NULL;
            size_t n = 0, cap = 0, moved = 0;
            cr_assert(arena_make(&a, 1 << 18));
            for (char *more; (more = arena_grow(&a, p, sizes[k], n, &cap)) != NULL && n < 9000; n++) {
                cr_assert(cap > n, "%zu", n);
                moved += n && more != p, p = more;
                for (size_t i = 0; i < sizes[k]; i++)
                    cr_assert_eq(p[n * sizes[k] + i], 0);
                memset(p + n * sizes[k], (char)(n | 1), sizes[k]);
                if (between && n % 100 == 0)
                    arena_alloc(&a, 1, 1);
            }
            cr_expect((moved == 0) == !between, "%zu bytes, moved %zu times", sizes[k], moved);
            cr_expect(n < 9000 || n * sizes[k] < 1 << 18);
            for (size_t i = 0; i < n; i++)
                cr_assert_eq(p[i * sizes[k]], (char)(i | 1), "%zu", i);
            arena_free(&a);
        }
}

/* Weak hashes, equal hashes, hash 0: every row is found under its own, in the order it came, and no other. */
Test(lookup, rows_of_a_hash)
{
    enum { ROWS = 5000, HASHES = 1000 };
    struct lookup x = {0};
    size_t at = lookup_at(&x, 7);
    cr_expect(lookup_next(&x, 7, &at) == LOOKUP_NONE && !lookup_has(&x, 7), "empty");
    for (int turn = 0; turn < 2; turn++) {
        for (uint32_t i = 0; i < ROWS; i++)
            cr_assert(lookup_put(&x, (uint64_t)(i % HASHES) << 32, i));
        cr_expect_eq(x.n, (size_t)ROWS);
        for (uint64_t h = 0; h < HASHES; h++) {
            unsigned found = 0;
            at = lookup_at(&x, h << 32);
            for (uint32_t row, last = 0; (row = lookup_next(&x, h << 32, &at)) != LOOKUP_NONE; last = row)
                cr_assert(row % HASHES == h && (!found++ || row > last), "hash %d, row %u", (int)h, row);
            cr_assert_eq(found, ROWS / HASHES, "hash %d: %u rows", (int)h, found);
        }
        cr_expect(!lookup_has(&x, (uint64_t)HASHES << 32) && !lookup_put(&x, 1, LOOKUP_NONE));
        lookup_clear(&x);
        cr_expect(!lookup_has(&x, 0) && !x.n);
    }
    lookup_free(&x);
}

static struct fact sample_fact(void)
{
    struct fact f = {.kind = FACT_EVENT, .ref = {.file = 2, .off = 0x11c00}};
    for (size_t i = 0; i < FACT_COLS && fact_descs[f.kind].col[i].name; i++)
        f.v[i] = val_null();
    f.v[EV_COMPUTER] = val_s(STR("PC1")), f.v[EV_EVENT_ID] = val_i(101), f.v[EV_TIME] = val_i(-5),
    f.v[EV_DATA] = val_s(STR("{}"));
    return f;
}

/* Texts are cut to what their class allows, between characters, and say so; as long as that they stay whole;
 * nobody may send more. */
Test(fact, texts_longer_than_their_class)
{
    static char text[LIM_FACT_NAME + 8];
    for (size_t n = LIM_FACT_NAME - 4; n <= sizeof text; n++)
        for (size_t wide = 0; wide < 4; wide++) {
            struct fact f = sample_fact(), g;
            struct buf b = {0};
            struct err e = {0};
            memset(text, 'A', sizeof text);
            for (size_t i = wide; i + 2 < n && wide; i += 3)
                memcpy(text + i, "\xe2\x82\xac", 3);
            f.v[EV_COMPUTER] = val_s((struct str){text, n});
            fact_put(&b, &f);
            cr_assert_eq(fact_get(span_of(b.p, b.n, 0), &g, &e), OK, "%zu: %s", n, e.why);
            struct str s = g.v[EV_COMPUTER].s;
            cr_expect(n <= LIM_FACT_NAME ? str_eq(s, f.v[EV_COMPUTER].s)
                                         : s.n <= LIM_FACT_NAME && s.n > LIM_FACT_NAME - 6
                                               && str_ends_ci(s, STR("\xe2\x80\xa6")),
                      "%zu bytes become %zu", n, s.n);
            for (size_t i = 0; i < s.n;)
                cr_assert(utf8_next(s, &i) != UTF_BAD, "%zu, %zu", n, wide);
            buf_free(&b);
        }
}

Test(fact, round_trip_and_every_cut)
{
    struct buf b = {0};
    struct fact f = sample_fact(), g;
    fact_put(&b, &f);
    struct err e = {0};
    cr_assert_eq(fact_get(span_of(b.p, b.n, 0), &g, &e), OK, "%s", e.why);
    cr_expect(g.ref.off == 0x11c00 && g.ref.file == 2 && str_eq(g.v[EV_COMPUTER].s, STR("PC1"))
              && g.v[EV_TIME].i == -5 && g.v[EV_LEVEL].null);
    for (size_t n = 0; n < b.n; n++) {
        e = (struct err){0};
        cr_expect_eq(fact_get(span_of(b.p, n, 0), &g, &e), E_FORMAT, "cut to %zu", n);
    }
    buf_char(&b, 0);
    e = (struct err){0};
    cr_expect_eq(fact_get(span_of(b.p, b.n, 0), &g, &e), E_FORMAT, "one byte too many");
    b.p[0] = FACT_KINDS;
    e = (struct err){0};
    cr_expect_eq(fact_get(span_of(b.p, b.n, 0), &g, &e), E_FORMAT, "unknown kind");
    buf_free(&b);
}

Test(want, round_trip_and_every_cut)
{
    struct want_event ev = {.provider = STR("P"),
                            .id = 4624,
                            .how = WANT_FOLD,
                            .n_key = 1,
                            .n_keep = 2,
                            .key = {STR("LogonType")},
                            .keep_field = STR("LogonType"),
                            .keep = {2, 10},
                            .to = 4634,
                            .any_id = true,
                            .fold_field = STR("Sid"),
                            .n_fold = 1,
                            .fold = {STR("S-1-5-18")},
                            .channel = STR("Application"),
                            .n_holding = 2,
                            .holding = {STR("800704DD"), STR("C0000202")}};
    struct want_key key = {STR("SYSTEM"), STR("<CCS>\\Control\\Lsa"), STR("*")};
    struct want w = {.event = &ev,
                     .n_event = 1,
                     .key = &key,
                     .n_key = 1,
                     .until = INT64_MAX,
                     .recovered = true},
                got;
    struct buf b = {0};
    struct arena a;
    struct err e = {0};
    want_put(&b, &w);
    cr_assert(arena_make(&a, 65536));
    cr_assert_eq(want_get(span_of(b.p, b.n, 0), &a, &got, &e), OK, "%s", e.why);
    cr_expect(got.n_event == 1 && got.event[0].id == 4624 && got.event[0].to == 4634 && got.event[0].any_id
              && got.event[0].keep[1] == 10 && str_eq(got.event[0].key[0], STR("LogonType")));
    cr_expect(str_eq(got.event[0].channel, STR("Application")) && got.event[0].n_holding == 2
              && str_eq(got.event[0].holding[1], STR("C0000202")));
    cr_expect(got.n_key == 1 && str_eq(got.key[0].path, key.path) && got.until == INT64_MAX && got.recovered
              && !got.all_events);
    for (size_t n = 0; n < b.n; n++) {
        struct arena scratch = a;
        e = (struct err){0};
        cr_expect_neq(want_get(span_of(b.p, n, 0), &scratch, &got, &e), OK, "cut to %zu", n);
    }
    arena_free(&a);
    buf_free(&b);
}

/* A name is found from whole tables and from cut ones, or not at all: never another's. */
Test(names, bisection_in_a_text)
{
    static const char table[] =
        "# a comment\n# another, 7\tSEVEN\n1\tONE\n5\tFIVE\n5\tQUINQUE\n14\tFOURTEEN\n"
        "1312\tMANY\n70000\tMOST\n";
    static const struct {
        int64_t value;
        const char *name;
    } rows[] = {{1, "ONE"},   {5, "FIVE"},   {14, "FOURTEEN"}, {1312, "MANY"}, {70000, "MOST"},
                {0, NULL},    {2, NULL},     {7, NULL},        {6, NULL},      {15, NULL},
                {1313, NULL}, {70001, NULL}, {-1, NULL}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct name_row r = names_find(STR(table), rows[i].value);
        cr_expect(rows[i].name ? r.value == rows[i].value && str_eq(r.name, str_of(rows[i].name)) : !r.name.p,
                  "%lld: %.*s", (long long)rows[i].value, STR_ARG(r.name));
        for (size_t n = 0; n < sizeof table; n++) {
            char *cut = malloc(n + !n); /* of its own, so that a read past its end shows */
            memcpy(cut, table, n);
            r = names_find((struct str){cut, n}, rows[i].value);
            cr_expect(!r.name.p || (rows[i].name && str_starts_ci(str_of(rows[i].name), r.name)),
                      "%lld of %zu", (long long)rows[i].value, n);
            free(cut);
        }
    }
    cr_expect_eq(names_called(STR(table), STR("quinque")).value, 5);
    cr_expect_null(names_called(STR(table), STR("SEVEN")).name.p);
    cr_expect_null(names_find((struct str){0}, 1).name.p);
    cr_expect_null(names_find(STR("\n\n\t\n5\n"), 5).name.p);
    struct str at = STR(table);
    struct name_row r;
    size_t n = 0;
    while (names_next(&at, &r))
        n++;
    cr_expect_eq(n, 6);
}

Test(err, first_wins_and_stays_one_line)
{
    struct err e = {.path = "a\nb"};
    char line[128];
    err_set(&e, E_TRUNC, 0x1200, "chunk header", "need %d, have %d", 512, 40);
    err_set(&e, E_FORMAT, 1, "later", "ignored");
    cr_expect_str_eq(err_line(&e, line, sizeof line), "a?b: chunk header at 0x1200: need 512, have 40");
    cr_expect_eq(err_set(NULL, E_IO, 0, "x", "y"), E_IO);
}
