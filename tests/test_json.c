/* The JSON reader: tokens of what is JSON, each in one letter with its text; where it stops at what is none;
 * every row also cut one byte short. */
#include "base/buf.h"
#include "base/json.h"
#include <criterion/criterion.h>

/* B bad, E end, O object, A array, C close, N name, T text, # number, ? bool, 0 null; the rest in [] */
static void tokens(struct str s, struct buf *b)
{
    static const char letters[] = "BEOACNT#?0";
    struct json j;
    struct str raw;
    json_of(&j, s);
    for (size_t i = 0; i < 1000; i++) {
        enum json_kind k = json_next(&j, &raw);
        buf_char(b, letters[k]);
        if (k >= JSON_NAME && k != JSON_NULL)
            buf_char(b, '['), buf_str(b, raw), buf_char(b, ']');
        if (k <= JSON_END)
            break;
    }
    cr_expect(j.at <= s.n && j.depth <= JSON_DEPTH);
    struct str again;
    enum json_kind last = json_next(&j, &again);
    cr_expect(last == (b->p[b->n - 1] == 'E' ? JSON_END : JSON_BAD), "it stays as it ended");
    buf_char(b, 0);
}

static const struct {
    const char *json, *want;
} rows[] = {
    {"{}", "OCE"},
    {"[]", "ACE"},
    {"\"x\"", "T[x]E"},
    {" 7 ", "#[7]E"},
    {"{\"a\":1,\"b\":\"x\"}", "ON[a]#[1]N[b]T[x]CE"},
    {" { \"a\" : [ 1 , { \"b\" : null } ] } ", "ON[a]A#[1]ON[b]0CCCE"},
    {"{\"a\":true,\"b\":false,\"c\":-1.5e+3}", "ON[a]?[true]N[b]?[false]N[c]#[-1.5e+3]CE"},
    {"{\"q\\\"\":\"\\\\\"}", "ON[q\\\"]T[\\\\]CE"},
    {"[[],{},\"\"]", "AACOCT[]CE"},
};

Test(json, tokens)
{
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf b = {0};
        tokens(str_of(rows[i].json), &b);
        cr_expect_str_eq(b.p, rows[i].want, "%s: %s", rows[i].json, b.p);
        buf_free(&b);
        struct str cut = str_trim(str_of(rows[i].json));
        cut.n--;
        tokens(cut, &b);
        cr_expect(cut.n == 0 || b.p[b.n - 2] == 'B' || rows[i].want[0] == '#', "%s, one byte short: %s",
                  rows[i].json, b.p);
        buf_free(&b);
    }
}

Test(json, what_is_none)
{
    static const char *const none[] = {
        "",          "{",    "}",     "{]",    "[}",   "{1:2}", "{\"a\"}", "{\"a\" 1}", "{\"a\":1,}",
        "[1,]",      "[,1]", "[1 2]", "{} {}", "1 2",  "nul",   "\"a",     "\"a\\\"",   "{\"a\":}",
        "[\"a\":1]", "'a'",  "[1}",   "tru",   "[+1]", "NaN",   ":",       "{,\"a\":1}"};
    for (size_t i = 0; i < LEN(none); i++) {
        struct buf b = {0};
        tokens(str_of(none[i]), &b);
        cr_expect(b.p[b.n - 2] == 'B', "%s: %s", none[i], b.p);
        buf_free(&b);
    }
}

Test(json, depth)
{
    for (size_t deep = JSON_DEPTH - 1; deep <= JSON_DEPTH + 1; deep++) {
        struct buf b = {0};
        struct json j;
        struct str raw;
        for (size_t i = 0; i < 2 * deep; i++)
            buf_char(&b, i < deep ? '[' : ']');
        json_of(&j, buf_view(&b));
        enum json_kind first = json_next(&j, &raw);
        bool held = json_skip(&j, first);
        cr_expect(held == (deep <= JSON_DEPTH), "%zu", deep);
        cr_expect(!held || json_next(&j, &raw) == JSON_END);
        buf_free(&b);
    }
}

Test(json, skip)
{
    static const struct {
        const char *json;
        bool whole;
    } skips[] = {{"[{\"x\":[1,2]},3]", true},
                 {"[[1,2,3],3]", true},
                 {"[\"]\",3]", true},
                 {"[{\"x\":[1,2},3]", false},
                 {"[[1,2", false}};
    for (size_t i = 0; i < LEN(skips); i++) {
        struct json j;
        struct str raw;
        json_of(&j, str_of(skips[i].json));
        cr_assert(json_next(&j, &raw) == JSON_ARRAY);
        cr_expect(json_skip(&j, json_next(&j, &raw)) == skips[i].whole, "%s", skips[i].json);
        cr_expect(!skips[i].whole || (json_next(&j, &raw) == JSON_NUMBER && str_eq(raw, STR("3"))));
    }
}

Test(json, escapes)
{
    static const struct {
        const char *raw, *text;
        bool whole;
    } texts[] = {{"", "", true},
                 {"plain", "plain", true},
                 {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", true},
                 {"\\u0041\\u00e4\\u20AC", "A\xc3\xa4\xe2\x82\xac", true},
                 {"\\ud83d\\ude00", "\xf0\x9f\x98\x80", true},
                 {"\\ud83d", "\xed\xa0\xbd", true},
                 {"\\ud83d\\u0041",
                  "\xed\xa0\xbd"
                  "A",
                  true},
                 {"\\ude00x", "\xed\xb8\x80x", true},
                 {"\\q", "\xef\xbf\xbd", false},
                 {"\\u12",
                  "\xef\xbf\xbd"
                  "12",
                  false},
                 {"a\\", "a\xef\xbf\xbd", false},
                 {"\\ud83d\\u12",
                  "\xed\xa0\xbd\xef\xbf\xbd"
                  "12",
                  false}};
    for (size_t i = 0; i < LEN(texts); i++) {
        char out[JSON_ROOM(40)];
        struct str raw = str_of(texts[i].raw);
        bool whole;
        size_t n = json_text(out, raw, &whole);
        cr_expect(n <= JSON_ROOM(raw.n) && str_eq((struct str){out, n}, str_of(texts[i].text))
                      && whole == texts[i].whole,
                  "%s", texts[i].raw);
    }
}
