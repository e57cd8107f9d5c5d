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

bool buf_grow(struct buf *b, size_t more)
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
    unsigned n = 1;
    if (!buf_room(b, 20))
        return;
    for (uint64_t least = 10; n < 20 && v >= least; least *= 10)
        n++;
    b->n += n;
    char *at = b->p + b->n;
    for (; v >= 10; v /= 10)
        *--at = (char)('0' + v % 10);
    *--at = (char)('0' + v);
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

/* What JSON writes for one character, at at (6 bytes at most): the one place that knows. Returns its end. */
static char *json_one(char *at, uint32_t u)
{
    static const char digit[] = "0123456789abcdef", letter[] = {['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\'};
    if (u < sizeof letter && letter[u])
        return *at++ = '\\', *at++ = letter[u], at;
    if ((u >= 0x20 && u < 0x7f) || (u >= 0xa0 && !(u >= 0xd800 && u <= 0xdfff) && u != 0x2028 && u != 0x2029 && u != UTF_BAD))
        return at + utf8_put(at, u);
    if (u == UTF_BAD)
        u = 0xfffd;
    memcpy(at, "\\u", 2);
    for (unsigned i = 0; i < 4; i++)
        at[2 + i] = digit[u >> (12 - 4 * i) & 15];
    return at + 6;
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
        if (buf_room(b, 6))
            b->n = (size_t)(json_one(b->p + b->n, u) - b->p);
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
struct escape { const char *ascii[128]; bool keep_breaks; bool (*harmless)(struct str s, size_t at); };

static void escape(struct buf *b, struct str s, const struct escape *e)
{
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        uint32_t u = utf8_next(s, &i);
        if (u < 128 && e->ascii[u] && !(e->harmless && e->harmless(s, from)))
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

static bool word_at(struct str s, size_t i) { return i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || ((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z')); }
static bool mark_at(struct str s, size_t i) { return i >= s.n || (s.p[i] > ' ' && s.p[i] < 0x7f && !word_at(s, i)); }       /* the end: nobody knows what follows */

/* Where it stands this one begins nothing, in CommonMark and with GitHub's additions: names such as \Backup or ERROR_NO_SUCH stay readable as they are. */
static bool md_harmless(struct str s, size_t i)
{
    size_t digits = 0;
    switch (s.p[i]) {
    case '\\': return !mark_at(s, i + 1);
    case '_':  return i > 0 && word_at(s, i - 1) && word_at(s, i + 1);
    case '$':  return i > 0 && word_at(s, i - 1) && (i + 1 == s.n || s.p[i + 1] != '$');
    case ':':  return i + 1 < s.n && s.p[i + 1] != '/';
    case '#':  return i > 0 && i + 1 < s.n && !(s.p[i + 1] >= '0' && s.p[i + 1] <= '9');        /* #12 becomes a link in some places */
    case '+': case '-': case '=':
        return i > 0;
    case '.': case ')':
        while (digits < i && s.p[digits] >= '0' && s.p[digits] <= '9')
            digits++;
        return (digits < i || digits == 0 || (i + 1 < s.n && s.p[i + 1] > ' ')) && !(i >= 3 && str_starts_ci((struct str){s.p + i - 3, 3}, STR("www")));
    default: return false;
    }
}
static const struct escape md_escape = {
    .ascii = {['\\'] = "\\\\", ['`'] = "\\`", ['*'] = "\\*", ['_'] = "\\_", ['{'] = "\\{", ['}'] = "\\}", ['['] = "\\[", [']'] = "\\]",
              [')'] = "\\)", ['#'] = "\\#", ['+'] = "\\+", ['-'] = "\\-", ['|'] = "\\|", ['~'] = "\\~", ['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;",
              ['\n'] = " ", ['\r'] = " ", ['\t'] = " ", [':'] = "&#58;", ['@'] = "&#64;", ['.'] = "\\.", ['='] = "\\=", ['$'] = "\\$"},
    .harmless = md_harmless};
static const struct escape term_escape = {.ascii = {['\n'] = " ", ['\t'] = " "}};

void buf_html(struct buf *b, struct str s) { escape(b, s, &html_escape); }
void buf_xml(struct buf *b, struct str s) { escape(b, s, &xml_escape); }
void buf_md(struct buf *b, struct str s) { escape(b, s, &md_escape); }
void buf_term(struct buf *b, struct str s) { escape(b, s, &term_escape); }

/* Eight UTF-16 units at once, with the compiler's portable vectors. Evidence is little-endian, and so are the machines we run on. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "lanes are read in memory order");
typedef uint16_t units8 __attribute__((vector_size(16)));
typedef uint8_t bytes8 __attribute__((vector_size(8)));

static inline uint64_t word(bytes8 v)
{
    uint64_t w;
    return memcpy(&w, &v, sizeof w), w;
}

/* The eight units at p as bytes, and a mask with a byte set for each unit that is not ASCII which JSON (XML, when xml) prints as it is.
 * First unit in the lowest byte of both. */
static inline uint64_t eight_at(const uint8_t *p, bool xml, uint64_t *odd)
{
    units8 v;
    memcpy(&v, p, sizeof v);
    units8 bad = (units8)(v - 0x20 > 0x5e) | (units8)(v == '"');
    bad |= xml ? (units8)(v == '&') | (units8)(v == '<') | (units8)(v == '>') | (units8)(v == '\'') : (units8)(v == '\\');
    return *odd = word(__builtin_convertvector(bad, bytes8)), word(__builtin_convertvector(v, bytes8));
}

/* Copies the plain units at the start of what is left (n bytes at p, of a string that began at start) to at, which has room for n/2 + 8.
 * Returns how many. The last few are read together with what stands before them; a string of less than eight units is not worth it: 0. */
static inline size_t copy_plain(char *at, const uint8_t *p, size_t n, const uint8_t *start, bool xml)
{
    uint64_t odd;
    size_t done = 0;
    for (; n >= 16; p += 16, n -= 16, done += 8) {
        uint64_t eight = eight_at(p, xml, &odd);
        memcpy(at + done, &eight, sizeof eight);
        if (odd)
            return done + (unsigned)__builtin_ctzll(odd) / 8;
    }
    if (n == 0 || (size_t)(p - start) + n < 16)
        return done;
    uint64_t eight = eight_at(p - (16 - n), xml, &odd) >> 8 * (8 - n / 2);
    odd >>= 8 * (8 - n / 2);
    memcpy(at + done, &eight, sizeof eight);
    return done + (odd ? (unsigned)__builtin_ctzll(odd) / 8 : n / 2);
}

static uint32_t utf16_next(const uint8_t **p, size_t *n)
{
    uint32_t u = le16(*p), lo = *n >= 4 ? le16(*p + 2) : 0;
    bool pair = u >= 0xd800 && u <= 0xdbff && lo >= 0xdc00 && lo <= 0xdfff;
    *p += pair ? 4 : 2, *n -= pair ? 4 : 2;
    return pair ? 0x10000 + ((u - 0xd800) << 10) + (lo - 0xdc00) : u;
}

void buf_json16(struct buf *b, const uint8_t *p, size_t n)
{
    const uint8_t *start = p;
    n &= ~(size_t)1;
    if (n > SIZE_MAX / 8 || !buf_room(b, 3 * n + 8))
        return;
    char *at = b->p + b->n;
    while (n) {
        size_t plain = copy_plain(at, p, n, start, false);
        at += plain, p += 2 * plain, n -= 2 * plain;
        if (!n)
            break;
        uint32_t u = le16(p);
        if (u >= 0x20 && u < 0x7f && u != '"' && u != '\\')
            *at++ = (char)u, p += 2, n -= 2;
        else
            at = json_one(at, utf16_next(&p, &n));
    }
    b->n = (size_t)(at - b->p);
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

void buf_xml16(struct buf *b, const uint8_t *p, size_t n)
{
    const uint8_t *start = p;
    for (n &= ~(size_t)1; n && buf_room(b, n / 2 + 8);) {
        size_t plain = copy_plain(b->p + b->n, p, n, start, true);
        b->n += plain, p += 2 * plain, n -= 2 * plain;
        if (n)
            xml_one(b, utf16_next(&p, &n));
    }
}

void buf_csv(struct buf *b, struct str s)
{
    buf_char(b, '"');
    if (s.n && s.p[0] && strchr("=+-@\t\r", s.p[0]))
        buf_char(b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_char(b, '"');
        buf_char(b, s.p[i] ? s.p[i] : ' ');
    }
    buf_char(b, '"');
}
