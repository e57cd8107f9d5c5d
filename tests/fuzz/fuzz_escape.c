/* The escapers: what they write is read back with a small parser of that format and must be the text again,
 * its odd characters shown. */
#include "base/utf.h"
#include "tests/fuzz/fuzz.h"
#include <ctype.h>
#include <stdio.h>

/* The next character of a JSON string's inside. */
static uint32_t json_next(struct str s, size_t *i)
{
    static const char from[] = "\"\\nrt", to[] = "\"\\\n\r\t";
    uint32_t u = utf8_next(s, i);
    CHECK(u != UTF_BAD && u != '"' && u >= 0x20 && !(u >= 0x7f && u < 0xa0) && !(u >= 0xd800 && u < 0xe000)
          && !(u >= 0x200b && u <= 0x200f) && !(u >= 0x2028 && u <= 0x202e) && !(u >= 0x2066 && u <= 0x2069));
    if (u != '\\')
        return u;
    CHECK(*i < s.n);
    char c = s.p[(*i)++];
    const char *at = strchr(from, c);
    if (c != 'u') {
        CHECK(c && at);
        return (uint32_t)to[at - from];
    }
    char hex[5] = {0}, *end;
    CHECK(s.n - *i >= 4);
    memcpy(hex, s.p + *i, 4), *i += 4;
    u = (uint32_t)strtoul(hex, &end, 16);
    CHECK(end == hex + 4);
    return u;
}

/* The next character of text in which entities (and, in Markdown, backslashes) stand for others. */
static uint32_t text_next(struct str s, size_t *i, bool md)
{
    static const struct {
        const char *from;
        char to;
    } refs[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    if (s.p[*i] == '&')
        for (size_t k = 0; k < LEN(refs); k++) {
            size_t n = strlen(refs[k].from);
            if (s.n - *i >= n && memcmp(s.p + *i, refs[k].from, n) == 0)
                return *i += n, (uint32_t)refs[k].to;
        }
    if (s.p[*i] == '&') { /* &#96; or &#x202E; */
        char digits[12] = "", *end;
        CHECK(s.n - *i >= 4 && s.p[*i + 1] == '#');
        memcpy(digits, s.p + *i + 2, s.n - *i - 2 < sizeof digits - 1 ? s.n - *i - 2 : sizeof digits - 1);
        bool hex = digits[0] == 'x';
        unsigned long named = strtoul(digits + hex, &end, hex ? 16 : 10);
        CHECK(end > digits + hex && *end == ';');
        CHECK(named == 9 || named == 10 || named == 13 || (named >= 0x20 && named < 0xd800)
              || (named >= 0xe000 && named <= 0xfffd) || (named >= 0x10000 && named < 0x110000));
        return *i += 3 + (size_t)(end - digits), (uint32_t)named;
    }
    uint32_t u = utf8_next(s, i);
    CHECK(u != UTF_BAD && u != '&' && u != '<' && u != '>');
    if (!md)
        return u;
    size_t at = *i - 1;
    CHECK(u > 127 || !strchr("`*{}[]|~\n\r\t@", (int)u));
    CHECK(!strchr("#+-=", (int)u) || u > 127 || at > 0);
    CHECK(u != '_'
          || (at > 0 && isalnum((unsigned char)s.p[at - 1]) && *i < s.n && isalnum((unsigned char)s.p[*i])));
    CHECK(u != ':' || (*i < s.n && s.p[*i] != '/'));
    if (u != '\\')
        return u;
    CHECK(*i < s.n); /* before a letter it is itself, before a mark it is not there */
    return ispunct((unsigned char)s.p[*i]) ? (uint32_t)s.p[(*i)++] : u;
}

static void check_text(struct str in, struct str out, bool md, const char *may, const char *space)
{
    size_t i = 0, k = 0;
    while (i < in.n) {
        uint32_t u = utf8_next(in, &i), v;
        char shown[24];
        CHECK(k < out.n);
        size_t at = k;
        v = text_next(out, &k, md);
        if (u != UTF_BAD && v == u && (u >= 0x20 || (u && strchr(may, (int)u))))
            continue;
        if (u && u < 128 && strchr(space, (int)u) && v == ' ')
            continue;
        int n = snprintf(shown, sizeof shown, "\xe2\x9f\xa6U+%04X\xe2\x9f\xa7",
                         u == UTF_BAD ? 0xfffd : (unsigned)u);
        CHECK(n > 0 && out.n - at >= (size_t)n);
        /* in Markdown the plus sign may be escaped or not: compare what it reads as */
        k = at;
        for (size_t j = 0; j < (size_t)n;) {
            CHECK(k < out.n);
            CHECK(utf8_next((struct str){shown, (size_t)n}, &j) == text_next(out, &k, md));
        }
    }
    CHECK(k == out.n);
}

static void check_json(struct str in, struct str out)
{
    CHECK(out.n >= 2 && out.p[0] == '"' && out.p[out.n - 1] == '"');
    out.p++, out.n -= 2;
    size_t i = 0, k = 0;
    while (i < in.n) {
        uint32_t u = utf8_next(in, &i);
        CHECK(k < out.n);
        uint32_t got = json_next(out, &k);
        if (u >= 0x10000 && u != UTF_BAD && got >> 10 == 0x36)
            got = 0x10000 + ((got & 0x3ff) << 10) + (json_next(out, &k) & 0x3ff);
        CHECK(got == (u == UTF_BAD ? 0xfffd : u));
    }
    CHECK(k == out.n);
}

/* RFC 4180: within the quotes each quote is doubled. Nothing that a spreadsheet would run comes first. */
static void check_csv(struct str in, struct str out)
{
    CHECK(out.n >= 2 && out.p[0] == '"' && out.p[out.n - 1] == '"');
    out.p++, out.n -= 2;
    CHECK(!out.n || !out.p[0] || !strchr("=+-@\t\r", out.p[0]));
    CHECK(!in.n || !in.p[0] || !strchr("=+-@\t\r", in.p[0]) || out.p[0] == '\'');
    size_t quotes = 0, doubled = 0;
    for (size_t i = 0; i < in.n; i++)
        quotes += in.p[i] == '"';
    for (size_t i = 0; i < out.n;) {
        uint32_t u = utf8_next(out, &i);
        CHECK(u != UTF_BAD && (u >= 0x20 || u == '\n' || u == '\r' || u == '\t') && !(u >= 0x7f && u < 0xa0));
        CHECK(!(u >= 0x202a && u <= 0x202e) && !(u >= 0xd800 && u <= 0xdfff));
        if (u == '"') {
            CHECK(i < out.n && out.p[i] == '"');
            i++, doubled++;
        }
    }
    CHECK(quotes == doubled);
}

/* The short ways from UTF-16 say what the long ones say. */
static void check_utf16(const uint8_t *data, size_t size)
{
    char *text = malloc(size / 2 * 3 + 1);
    struct buf a = {0}, b = {0};
    CHECK(text);
    struct str s = {text, utf16_to_utf8(text, data, size)};
    buf_char(&a, '"'), buf_json16(&a, data, size), buf_char(&a, '"');
    buf_json(&b, s);
    CHECK(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    a.n = b.n = 0;
    buf_xml16(&a, data, size), buf_xml(&b, s);
    CHECK(a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0));
    buf_free(&a), buf_free(&b), free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        void (*put)(struct buf *, struct str);
        bool md;
        const char *may, *space;
    } ways[] = {{buf_html, false, "\n\t", ""}, {buf_xml, false, "\n\t\r", ""}, {buf_md, true, "", "\n\r\t"}};
    struct str in = {(const char *)data, size};
    struct buf b = {0};
    buf_json(&b, in);
    check_json(in, buf_view(&b));
    b.n = 0, buf_csv(&b, in);
    check_csv(in, buf_view(&b));
    for (size_t i = 0; i < LEN(ways); i++) {
        b.n = 0;
        ways[i].put(&b, in);
        check_text(in, buf_view(&b), ways[i].md, ways[i].may, ways[i].space);
    }
    b.n = 0;
    buf_term(&b, in);
    for (size_t i = 0; i < b.n;) {
        uint32_t u = utf8_next(buf_view(&b), &i);
        CHECK(u != UTF_BAD && u >= 0x20 && !(u >= 0x7f && u < 0xa0) && !(u >= 0x202a && u <= 0x202e));
    }
    buf_free(&b);
    check_utf16(data, size);
    return 0;
}
