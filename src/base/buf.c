#include "buf.h"
#include "utf.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_free(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

bool buf_room(struct buf *b, size_t more)
{
    if (b->bad)
        return false;
    if (more <= b->cap - b->n)
        return true;
    size_t cap = b->cap ? b->cap : 256;
    while (cap - b->n < more) {
        if (cap > SIZE_MAX / 4)
            return b->bad = true, false;
        cap *= 2;
    }
    char *p = realloc(b->p, cap);
    if (!p)
        return b->bad = true, false;
    b->p = p, b->cap = cap;
    return true;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    char small[512];
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n < 0)
        b->bad = true;
    else if ((size_t)n < sizeof small)
        buf_put(b, small, (size_t)n);
    else if (buf_room(b, (size_t)n + 1)) {
        vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void buf_u64(struct buf *b, uint64_t v)
{
    char tmp[20];
    size_t at = sizeof tmp;
    do
        tmp[--at] = (char)('0' + v % 10);
    while (v /= 10);
    buf_put(b, tmp + at, sizeof tmp - at);
}

void buf_i64(struct buf *b, int64_t v)
{
    if (v < 0)
        buf_char(b, '-');
    buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void buf_hex(struct buf *b, const void *p, size_t n)
{
    static const char digit[] = "0123456789abcdef";
    const uint8_t *at = p;
    if (n > SIZE_MAX / 2 || !buf_room(b, n * 2))
        return;
    for (size_t i = 0; i < n; i++)
        b->p[b->n++] = digit[at[i] >> 4], b->p[b->n++] = digit[at[i] & 15];
}

void buf_u16(struct buf *b, uint16_t v) { buf_put(b, (uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8)}, 2); }
void buf_u32(struct buf *b, uint32_t v) { buf_u16(b, (uint16_t)v), buf_u16(b, (uint16_t)(v >> 16)); }
void buf_u64le(struct buf *b, uint64_t v) { buf_u32(b, (uint32_t)v), buf_u32(b, (uint32_t)(v >> 32)); }

static void json_one(struct buf *b, uint32_t u)
{
    char text[4];
    if (u == '"' || u == '\\')
        buf_char(b, '\\'), buf_char(b, (char)u);
    else if ((u >= 0x20 && u < 0x7f) || (u >= 0xa0 && !(u >= 0xd800 && u <= 0xdfff) && u != 0x2028 && u != 0x2029))
        buf_put(b, text, utf8_put(text, u));
    else if (u == '\n')
        buf_put(b, "\\n", 2);
    else if (u == '\r')
        buf_put(b, "\\r", 2);
    else if (u == '\t')
        buf_put(b, "\\t", 2);
    else
        buf_printf(b, "\\u%04x", (unsigned)u);
}

void buf_json(struct buf *b, struct str s)
{
    buf_char(b, '"');
    size_t run = 0;
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            i++;
            continue;
        }
        size_t from = i;
        uint32_t u = utf8_next(s, &i);
        if (u >= 0xa0 && !(u >= 0xd800 && u <= 0xdfff) && u != 0x2028 && u != 0x2029 && u != UTF_BAD)
            continue;
        buf_put(b, s.p + run, from - run), run = i;
        json_one(b, u == UTF_BAD ? 0xfffd : u);
    }
    if (s.n > run)
        buf_put(b, s.p + run, s.n - run);
    buf_char(b, '"');
}

/* What would lie to the eye or break the terminal: shown, not printed. */
static bool unsafe_to_show(uint32_t u)
{
    return u < 0x20 || (u >= 0x7f && u < 0xa0) || (u >= 0x200b && u <= 0x200f) || (u >= 0x2028 && u <= 0x202e) ||
           (u >= 0x2060 && u <= 0x2069) || u == 0xfeff || u == 0xad || u == 0x061c || (u >= 0xd800 && u <= 0xdfff) ||
           (u >= 0xfff9 && u <= 0xfffb) || (u >= 0xe0000 && u <= 0xe007f) || (u & 0xfffe) == 0xfffe || u == UTF_BAD;
}

static void show(struct buf *b, uint32_t u) { buf_printf(b, "\xe2\x9f\xa6U+%04X\xe2\x9f\xa7", u == UTF_BAD ? 0xfffdu : (unsigned)u); }

/* One walk for all text escapers: what each one replaces is its table of ASCII replacements. */
struct escape { const char *ascii[128]; bool keep_breaks; };

static void escape(struct buf *b, struct str s, const struct escape *e)
{
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        uint32_t u = utf8_next(s, &i);
        if (u < 128 && e->ascii[u])
            buf_z(b, e->ascii[u]);
        else if (e->keep_breaks && (u == '\n' || u == '\t'))
            buf_char(b, (char)u);
        else if (unsafe_to_show(u))
            show(b, u);
        else
            buf_put(b, s.p + from, i - from);
    }
}

static const struct escape html_escape = {
    .ascii = {['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;", ['`'] = "&#96;"}, .keep_breaks = true};
static const struct escape xml_escape = {
    .ascii = {['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&apos;", ['\r'] = "&#13;"}, .keep_breaks = true};
static const struct escape md_escape = {
    .ascii = {['\\'] = "\\\\", ['`'] = "\\`", ['*'] = "\\*", ['_'] = "\\_", ['{'] = "\\{", ['}'] = "\\}", ['['] = "\\[", [']'] = "\\]",
              ['('] = "\\(", [')'] = "\\)", ['#'] = "\\#", ['+'] = "\\+", ['-'] = "\\-", ['!'] = "\\!", ['|'] = "\\|", ['~'] = "\\~",
              ['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['\n'] = " ", ['\r'] = " ", ['\t'] = " ", [':'] = "&#58;", ['@'] = "&#64;",
              ['.'] = "\\.", ['='] = "\\=", ['^'] = "\\^", ['$'] = "\\$"}};
static const struct escape term_escape = {.ascii = {['\n'] = " ", ['\t'] = " "}};

void buf_html(struct buf *b, struct str s) { escape(b, s, &html_escape); }
void buf_xml(struct buf *b, struct str s) { escape(b, s, &xml_escape); }
void buf_md(struct buf *b, struct str s) { escape(b, s, &md_escape); }
void buf_term(struct buf *b, struct str s) { escape(b, s, &term_escape); }

/* Four UTF-16 units at once: true when each is ASCII that JSON and XML print as it is (0x20..0x7e without " & ' < > \).
 * Lanes are 16 bits wide, so a subtraction that borrows shows in bit 15; a false alarm only takes the slow way. */
static inline bool plain4(uint64_t v)
{
    const uint64_t one = 0x0001000100010001u;
    uint64_t odd = (v - 0x20 * one) | ((v ^ 0x22 * one) - one) | ((v ^ 0x5c * one) - one) | ((v ^ 0x3c * one) - one) | ((v ^ 0x3e * one) - one) |
                   (((v & ~one) ^ 0x26 * one) - one);
    return !((v & 0xff80 * one) | (odd & 0x8000 * one) | ((v + one) & 0x80 * one));
}

/* Both 16-bit escapers: runs of plain text here, the rest one character at a time through the escaper of UTF-8. */
static void escape16(struct buf *b, const uint8_t *p, size_t n, void odd_one(struct buf *, uint32_t))
{
    n &= ~(size_t)1;
    while (n) {
        if (!buf_room(b, n / 2 + 4))
            return;
        char *at = b->p + b->n;
        for (; n >= 8 && plain4(le64(p)); p += 8, n -= 8, at += 4) {
            uint64_t v = le64(p);
            v = (v | v >> 8) & 0x0000ffff0000ffffu;
            uint32_t four = (uint32_t)(v | v >> 16);
            memcpy(at, (uint8_t[]){(uint8_t)four, (uint8_t)(four >> 8), (uint8_t)(four >> 16), (uint8_t)(four >> 24)}, 4);
        }
        b->n = (size_t)(at - b->p);
        for (unsigned i = 0; i < 4 && n; i++) {
            uint32_t u = le16(p), lo = n >= 4 ? le16(p + 2) : 0;
            bool pair = u >= 0xd800 && u <= 0xdbff && lo >= 0xdc00 && lo <= 0xdfff;
            if (pair)
                u = 0x10000 + ((u - 0xd800) << 10) + (lo - 0xdc00);
            p += pair ? 4 : 2, n -= pair ? 4 : 2;
            odd_one(b, u);
        }
    }
}

static void xml_one(struct buf *b, uint32_t u)
{
    char text[4];
    if (u < 128 && xml_escape.ascii[u])
        buf_z(b, xml_escape.ascii[u]);
    else if (u == '\n' || u == '\t' || !unsafe_to_show(u))
        buf_put(b, text, utf8_put(text, u));
    else
        show(b, u);
}

void buf_json16(struct buf *b, const uint8_t *p, size_t n) { escape16(b, p, n, json_one); }
void buf_xml16(struct buf *b, const uint8_t *p, size_t n) { escape16(b, p, n, xml_one); }
