#include "base/buf.h"
#include "base/utf.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_free(struct buf *b)
{
    if (!b->lent)
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
    char *p = b->lent ? malloc(cap) : realloc(b->p, cap);
    if (!p)
        return b->bad = true, false;
    if (b->lent && b->n)
        memcpy(p, b->p, b->n);
    b->p = p, b->cap = cap, b->lent = false;
    return true;
}

void buf_pass(struct buf *b)
{
    enum { PART = 1 << 20 };
    if (!b->to || b->bad || b->n < PART)
        return;
    b->bad = !b->to->put(b->to->ctx, buf_view(b));
    b->n = 0;
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

const char digits_two[] = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940"
                          "4142434445464748495051525354555657585960616263646566676869"
                          "707172737475767778798081828384858687888990919293949596979899";

/* How many decimal digits v has: the number of its bits says so but for one, which a comparison decides. */
static inline unsigned count_digits(uint64_t v)
{
    static const uint64_t power[] = {0,
                                     10,
                                     100,
                                     1000,
                                     10000,
                                     100000,
                                     1000000,
                                     10000000,
                                     100000000,
                                     1000000000,
                                     10000000000,
                                     100000000000,
                                     1000000000000,
                                     10000000000000,
                                     100000000000000,
                                     1000000000000000,
                                     10000000000000000,
                                     100000000000000000,
                                     1000000000000000000,
                                     10000000000000000000u};
    /* 1233/4096 is log10(2) */
    unsigned bits = 64 - (unsigned)__builtin_clzll(v | 1), n = bits * 1233 >> 12;
    return n + (v >= power[n]);
}

char *at_u64(char *at, uint64_t v)
{
    if (v < 10)
        return *at = (char)('0' + v), at + 1;
    unsigned n = count_digits(v);
    char *left = at + n;
    for (; v >= 10; v /= 100)
        left -= 2, memcpy(left, digits_two + 2 * (v % 100), 2);
    if (n % 2)
        *at = (char)('0' + v);
    return at + n;
}

void buf_u64(struct buf *b, uint64_t v)
{
    if (buf_room(b, 20))
        b->n = (size_t)(at_u64(b->p + b->n, v) - b->p);
}

char *at_i64(char *at, int64_t v)
{
    if (v >= 0)
        return at_u64(at, (uint64_t)v);
    *at = '-';
    return at_u64(at + 1, 0 - (uint64_t)v);
}

void buf_i64(struct buf *b, int64_t v)
{
    if (buf_room(b, 20))
        b->n = (size_t)(at_i64(b->p + b->n, v) - b->p);
}

char *at_hex(char *at, const uint8_t *p, size_t n)
{
    static const char digit[] = "0123456789abcdef";
    for (; n >= 4; p += 4, n -= 4, at += 8)
        at_hex_eight(at, be32(p), 'a');
    for (; n; p++, n--)
        *at++ = digit[*p >> 4], *at++ = digit[*p & 15];
    return at;
}

void buf_hex(struct buf *b, const void *p, size_t n)
{
    if (n && n <= SIZE_MAX / 2 && buf_room(b, n * 2))
        b->n = (size_t)(at_hex(b->p + b->n, p, n) - b->p);
}

/* What would lie to the eye or break the terminal: shown, not printed. */
static bool unsafe_to_show(uint32_t u)
{
    return u < 0x20 || (u >= 0x7f && u < 0xa0) || (u >= 0x200b && u <= 0x200f) || (u >= 0x2028 && u <= 0x202e)
           || (u >= 0x2060 && u <= 0x2069) || u == 0xfeff || u == 0xad || u == 0x061c
           || (u >= 0xd800 && u <= 0xdfff) || (u >= 0xfff9 && u <= 0xfffb) || (u >= 0xe0000 && u <= 0xe007f)
           || (u & 0xfffe) == 0xfffe || u == UTF_BAD;
}

static char *json_unit(char *at, uint32_t u)
{
    static const char digit[] = "0123456789abcdef";
    memcpy(at, "\\u", 2);
    for (unsigned i = 0; i < 4; i++)
        at[2 + i] = digit[u >> (12 - 4 * i) & 15];
    return at + 6;
}

/* What JSON writes for one character, at at (12 bytes at most): the one place that knows. JSON too may be
 * read on a terminal. Returns its end. */
static char *json_one(char *at, uint32_t u)
{
    static const char letter[] = {['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\'};
    if (u < sizeof letter && letter[u])
        return *at++ = '\\', *at++ = letter[u], at;
    if (!unsafe_to_show(u))
        return at + utf8_put(at, u);
    if (u == UTF_BAD)
        u = 0xfffd;
    if (u < 0x10000)
        return json_unit(at, u);
    return json_unit(json_unit(at, 0xd7c0 + (u >> 10)), 0xdc00 + (u & 0x3ff));
}

/* The compiler's portable vectors. Evidence is little-endian, and so are the machines we run on. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "lanes are read in memory order");
typedef int8_t bytes8 __attribute__((vector_size(8)));
typedef int8_t bytes16 __attribute__((vector_size(16)));

static inline uint64_t word(bytes8 v)
{
    uint64_t w;
    return memcpy(&w, &v, sizeof w), w;
}

/* Which of eight bytes JSON does not print as they are. */
static inline uint64_t odd_ones(const char *p)
{
    bytes8 v;
    memcpy(&v, p, sizeof v);
    /* signed: what is above 0x7f is below 0x20 */
    return word((v < 0x20) | (v == 0x7f) | (v == '"') | (v == '\\'));
}

/* Are there such among sixteen? */
static inline bool any_odd(const char *p)
{
    bytes16 v;
    uint64_t half[2];
    memcpy(&v, p, sizeof v);
    v = (v < 0x20) | (v == 0x7f) | (v == '"') | (v == '\\');
    return memcpy(half, &v, sizeof half), half[0] | half[1];
}

/* Goes from at over ASCII that JSON prints as it is, many bytes at once; of less than eight in all none. */
static inline size_t skip_plain(struct str s, size_t at)
{
    while (s.n - at >= 16 && !any_odd(s.p + at))
        at += 16;
    for (; s.n - at >= 8; at += 8) {
        uint64_t odd = odd_ones(s.p + at);
        if (odd)
            return at + (unsigned)__builtin_ctzll(odd) / 8;
    }
    if (at == s.n || s.n < 8)
        return at;
    uint64_t odd = odd_ones(s.p + s.n - 8) >> 8 * (8 - (s.n - at)); /* the last ones, some of them again */
    return odd ? at + (unsigned)__builtin_ctzll(odd) / 8 : s.n;
}

void buf_json(struct buf *b, struct str s)
{
    buf_char(b, '"');
    size_t run = 0;
    for (size_t i = 0; (i = skip_plain(s, i)) < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            i++;
            continue;
        }
        size_t from = i;
        uint32_t u = utf8_next(s, &i);
        if (u >= 0x80 && !unsafe_to_show(u))
            continue;
        buf_put(b, s.p + run, from - run), run = i;
        if (buf_room(b, 12))
            b->n = (size_t)(json_one(b->p + b->n, u) - b->p);
    }
    if (s.n > run)
        buf_put(b, s.p + run, s.n - run);
    buf_char(b, '"');
}

static void put_codepoint(struct buf *b, uint32_t u)
{
    buf_printf(b, "\xe2\x9f\xa6U+%04X\xe2\x9f\xa7", u == UTF_BAD ? 0xfffdu : (unsigned)u);
}

/* One walk for all text escapers: what each one replaces is its table of ASCII replacements. */
struct escape {
    const char *ascii[128];
    bool keep_breaks, references;
    bool (*harmless)(struct str s, size_t at);
};

/* XML has a way to name what must not be seen, and forbids some characters even so. */
static void show_xml(struct buf *b, uint32_t u)
{
    if (u < 0x20 || (u >= 0xd800 && u <= 0xdfff) || u == 0xfffe || u == 0xffff || u == UTF_BAD)
        put_codepoint(b, u);
    else
        buf_printf(b, "&#x%X;", (unsigned)u);
}

static void escape(struct buf *b, struct str s, const struct escape *e)
{
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        while (i < s.n && s.p[i] >= 0x20 && s.p[i] < 0x7f && !e->ascii[(unsigned)s.p[i]])
            i++;
        buf_put(b, s.p + from, i - from);
        if (i == s.n)
            return;
        from = i;
        uint32_t u = utf8_next(s, &i);
        if (u < 128 && e->ascii[u] && !(e->harmless && e->harmless(s, from)))
            buf_z(b, e->ascii[u]);
        else if (e->keep_breaks && (u == '\n' || u == '\t'))
            buf_char(b, (char)u);
        else if (unsafe_to_show(u) && e->references)
            show_xml(b, u);
        else if (unsafe_to_show(u))
            put_codepoint(b, u);
        else
            buf_put(b, s.p + from, i - from);
    }
}

static const struct escape html_escape = {.ascii = {['&'] = "&amp;",
                                                    ['<'] = "&lt;",
                                                    ['>'] = "&gt;",
                                                    ['"'] = "&quot;",
                                                    ['\''] = "&#39;",
                                                    ['`'] = "&#96;"},
                                          .keep_breaks = true};
static const struct escape xml_escape = {.ascii = {['&'] = "&amp;",
                                                   ['<'] = "&lt;",
                                                   ['>'] = "&gt;",
                                                   ['"'] = "&quot;",
                                                   ['\''] = "&apos;",
                                                   ['\r'] = "&#13;",
                                                   ['\n'] = "&#10;",
                                                   ['\t'] = "&#9;"},
                                         .references = true};

static bool word_at(struct str s, size_t i)
{
    return i < s.n && (is_digit(s.p[i]) || ((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z'));
}
/* the end: nobody knows what follows */
static bool mark_at(struct str s, size_t i)
{
    return i >= s.n || (s.p[i] > ' ' && s.p[i] < 0x7f && !word_at(s, i));
}

/* Where it stands this one begins nothing, in CommonMark and with GitHub's additions: names such as \Backup
 * or ERROR_NO_SUCH stay readable as they are. */
static bool md_harmless(struct str s, size_t i)
{
    size_t digits = 0;
    switch (s.p[i]) {
    case '\\': return !mark_at(s, i + 1);
    case '_': return i > 0 && word_at(s, i - 1) && word_at(s, i + 1);
    case '$': return i > 0 && word_at(s, i - 1) && (i + 1 == s.n || s.p[i + 1] != '$');
    case ':': return i + 1 < s.n && s.p[i + 1] != '/';
    /* #12 becomes a link in some places */
    case '#': return i > 0 && i + 1 < s.n && !is_digit(s.p[i + 1]);
    case '+':
    case '-':
    case '=': return i > 0;
    case '.':
    case ')':
        while (digits < i && is_digit(s.p[digits]))
            digits++;
        return (digits < i || digits == 0 || (i + 1 < s.n && s.p[i + 1] > ' '))
               && !(i >= 3 && str_starts_ci((struct str){s.p + i - 3, 3}, STR("www")));
    default: return false;
    }
}
static const struct escape md_escape = {
    .ascii = {['\\'] = "\\\\", ['`'] = "\\`",   ['*'] = "\\*", ['_'] = "\\_", ['{'] = "\\{",
              ['}'] = "\\}",   ['['] = "\\[",   [']'] = "\\]", [')'] = "\\)", ['#'] = "\\#",
              ['+'] = "\\+",   ['-'] = "\\-",   ['|'] = "\\|", ['~'] = "\\~", ['<'] = "&lt;",
              ['>'] = "&gt;",  ['&'] = "&amp;", ['\n'] = " ",  ['\r'] = " ",  ['\t'] = " ",
              [':'] = "&#58;", ['@'] = "&#64;", ['.'] = "\\.", ['='] = "\\=", ['$'] = "\\$"},
    .harmless = md_harmless};
static const struct escape term_escape = {.ascii = {['\n'] = " ", ['\t'] = " "}};

void buf_html(struct buf *b, struct str s) { escape(b, s, &html_escape); }
void buf_xml(struct buf *b, struct str s) { escape(b, s, &xml_escape); }
void buf_md(struct buf *b, struct str s) { escape(b, s, &md_escape); }
void buf_term(struct buf *b, struct str s) { escape(b, s, &term_escape); }

/* "&#x26;", "&amp;" at the start of s: its character, and how long it is; 0: none of those. */
static size_t reference(struct str s, uint32_t *u)
{
    static const struct {
        struct str name;
        uint32_t u;
    } known[] = {
        {{"amp", 3}, '&'}, {{"lt", 2}, '<'}, {{"gt", 2}, '>'}, {{"quot", 4}, '"'}, {{"apos", 4}, '\''}};
    struct str name = {s.p, s.n < 12 ? s.n : 12}; /* the longest is &#x0010ffff; */
    size_t end = str_find(name, STR(";"));
    if (s.p[0] != '&' || end == name.n)
        return 0;
    name = str_skip((struct str){name.p, end}, 1);
    for (size_t i = 0; i < LEN(known); i++)
        if (str_eq(name, known[i].name))
            return *u = known[i].u, end + 1;
    bool hex = str_starts_ci(name, STR("#x")) && name.p[1] == 'x';
    struct str digits = str_skip(name, hex ? 2 : 1);
    if (!name.n || name.p[0] != '#' || digits.n > 8)
        return 0;
    *u = 0;
    for (size_t i = 0; i < digits.n; i++) {
        unsigned d = hex_value(digits.p[i]);
        if (d >= (hex ? 16 : 10))
            return 0;
        *u = *u * (hex ? 16 : 10) + d;
    }
    return *u && *u <= 0x10ffff ? end + 1 : 0;
}

/* A pair of surrogates written as two numbers is one character. */
void buf_unxml(struct buf *b, struct str s)
{
    while (s.n) {
        uint32_t u, low;
        char out[4];
        size_t n = str_find(s, STR("&"));
        buf_put(b, s.p, n), s = str_skip(s, n);
        if (!s.n)
            return;
        if (!(n = reference(s, &u))) {
            buf_char(b, '&'), s = str_skip(s, 1);
            continue;
        }
        s = str_skip(s, n);
        if (u >> 10 == 0x36 && s.n && (n = reference(s, &low)) && low >> 10 == 0x37)
            u = 0x10000 + ((u & 0x3ff) << 10) + (low & 0x3ff), s = str_skip(s, n);
        buf_put(b, out, utf8_put(out, u));
    }
}

/* Eight UTF-16 units at once. */
typedef int16_t units8 __attribute__((vector_size(16)));
typedef uint64_t halves2 __attribute__((vector_size(16)));

/* The units of n < 16 bytes at p, zeros behind them; what lies behind them in memory may belong to nobody. */
static inline units8 last_units(const uint8_t *p, size_t n)
{
    if (n >= 8)
        /* two steps: 64 at once is not defined */
        return (units8)(halves2){le64(p), le64(p + n - 8) >> 4 * (16 - n) >> 4 * (16 - n)};
    return (units8)(halves2){n >= 4 ? le32(p) | (uint64_t)le32(p + n - 4) << 8 * (n - 4)
                             : n    ? le16(p)
                                    : 0,
                             0};
}

/* Copies the plain units at the start of n bytes at p to at, which has room for n/2 + 8: ASCII that JSON
 * (XML, when xml) prints as it is. Returns how many. */
__attribute__((always_inline)) static inline size_t copy_plain(char *at, const uint8_t *p, size_t n, bool xml)
{
    for (size_t done = 0;; p += 16, n -= 16, done += 8) {
        units8 v;
        if (n >= 16)
            memcpy(&v, p, sizeof v);
        else
            v = last_units(p, n);
        units8 odd = (v < 0x20) | (v > 0x7e) | (v == '"'); /* signed: what is above 0x7fff is below 0x20 */
        odd |= xml ? (v == '&') | (v == '<') | (v == '>') | (v == '\'') : (v == '\\');
        uint64_t eight = word(__builtin_convertvector(v, bytes8)),
                 mask = word(__builtin_convertvector(odd, bytes8));
        memcpy(at + done, &eight, sizeof eight);
        if (mask)
            return done + (unsigned)__builtin_ctzll(mask) / 8; /* behind the last unit zeros are odd */
    }
}

static uint32_t utf16_next(const uint8_t **p, size_t *n)
{
    uint32_t u = le16(*p), lo = *n >= 4 ? le16(*p + 2) : 0;
    bool pair = u >= 0xd800 && u <= 0xdbff && lo >= 0xdc00 && lo <= 0xdfff;
    *p += pair ? 4 : 2, *n -= pair ? 4 : 2;
    return pair ? 0x10000 + ((u - 0xd800) << 10) + (lo - 0xdc00) : u;
}

char *at_json16(char *at, const uint8_t *p, size_t n)
{
    for (n &= ~(size_t)1;;) {
        size_t plain = copy_plain(at, p, n, false);
        at += plain, p += 2 * plain, n -= 2 * plain;
        if (!n)
            return at;
        do
            at = json_one(at, utf16_next(&p, &n));
        while (n && le16(p) >= 0x80); /* other scripts come in runs */
    }
}

void buf_json16(struct buf *b, const uint8_t *p, size_t n)
{
    if (n <= SIZE_MAX / 8 && buf_room(b, 3 * n + 8))
        b->n = (size_t)(at_json16(b->p + b->n, p, n) - b->p);
}

static void xml_one(struct buf *b, uint32_t u)
{
    char text[4];
    if (u < 128 && xml_escape.ascii[u])
        buf_z(b, xml_escape.ascii[u]);
    else if (!unsafe_to_show(u))
        buf_put(b, text, utf8_put(text, u));
    else
        show_xml(b, u);
}

void buf_xml16(struct buf *b, const uint8_t *p, size_t n)
{
    for (n &= ~(size_t)1; n && buf_room(b, n / 2 + 8);) {
        size_t plain = copy_plain(b->p + b->n, p, n, true);
        b->n += plain, p += 2 * plain, n -= 2 * plain;
        if (n)
            xml_one(b, utf16_next(&p, &n));
    }
}

void buf_csv(struct buf *b, struct str s)
{
    /* a cell may have lines */
    static const struct escape csv_escape = {
        .ascii = {['"'] = "\"\"", ['\n'] = "\n", ['\r'] = "\r", ['\t'] = "\t"}};
    buf_char(b, '"');
    if (s.n && s.p[0] && strchr("=+-@\t\r", s.p[0]))
        buf_char(b, '\'');
    escape(b, s, &csv_escape);
    buf_char(b, '"');
}
