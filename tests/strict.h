/* strict: checkers of text that the product wrote, which share no line with its writers: JSON (RFC 8259), XML
 * (tags, characters), WTF-8. Nothing is owned; each returns NULL when the text is sound, else what is wrong,
 * as static text. They refuse more than readers do: raw controls, overlong UTF-8, numbers like 01, unknown
 * entities, a tag closed by another name. */
#ifndef STRICT_H
#define STRICT_H
#include "base/str.h"

enum { STRICT_DEPTH = 128 };

/* One character of UTF-8 at p; its length, or 0. surrogates: their three-byte form passes. */
static inline size_t strict_char(const char *text, size_t n, bool surrogates)
{
    const unsigned char *p = (const unsigned char *)text;
    if (n >= 1 && p[0] < 0x80)
        return 1;
    size_t len = p[0] >= 0xc2 && p[0] < 0xe0   ? 2
                 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
                 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                               : 0;
    if (!len || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90),
         surrogate = p[0] == 0xed && p[1] >= 0xa0, beyond = p[0] == 0xf4 && p[1] >= 0x90;
    return overlong || beyond || (surrogate && !surrogates) ? 0 : len;
}

static inline const char *strict_wtf8(struct str s)
{
    for (size_t i = 0, n; i < s.n; i += n)
        if (!(n = strict_char(s.p + i, s.n - i, true)))
            return "not WTF-8";
    return NULL;
}

/* --- JSON */

struct strict {
    const char *p, *end, *bad;
};

static inline void strict_fail(struct strict *s, const char *why)
{
    s->bad = s->bad ? s->bad : why;
    s->p = s->end;
}
static inline bool strict_is(struct strict *s, char c)
{
    return s->p < s->end && *s->p == c ? s->p++, true : false;
}
static inline void strict_blank(struct strict *s)
{
    while (s->p < s->end && strchr(" \t\r\n", *s->p) && *s->p)
        s->p++;
}

static inline void strict_string(struct strict *s)
{
    if (!strict_is(s, '"')) {
        strict_fail(s, "JSON: a string is missing");
        return;
    }
    while (s->p < s->end && *s->p != '"') {
        size_t n = strict_char(s->p, (size_t)(s->end - s->p), false);
        if (*s->p == '\\') {
            bool u = s->end - s->p >= 6 && s->p[1] == 'u';
            for (int i = 2; u && i < 6; i++)
                u = s->p[i] && strchr("0123456789abcdefABCDEF", s->p[i]);
            n = u ? 6 : s->end - s->p >= 2 && s->p[1] && strchr("\"\\/bfnrt", s->p[1]) ? 2 : 0;
        }
        if (!n || (unsigned char)*s->p < 0x20) {
            strict_fail(s, "JSON: a string with a raw control, a bad escape or no UTF-8");
            return;
        }
        s->p += n;
    }
    if (!strict_is(s, '"'))
        strict_fail(s, "JSON: a string without end");
}

static inline size_t strict_digits(struct strict *s)
{
    size_t n = 0;
    for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; n++)
        s->p++;
    return n;
}
static inline void strict_number(struct strict *s)
{
    strict_is(s, '-');
    bool zero = s->p < s->end && *s->p == '0', ok = true;
    size_t n = strict_digits(s);
    ok = n && (!zero || n == 1);
    if (ok && strict_is(s, '.'))
        ok = strict_digits(s) > 0;
    if (ok && (strict_is(s, 'e') || strict_is(s, 'E'))) {
        if (!strict_is(s, '+'))
            strict_is(s, '-');
        ok = strict_digits(s) > 0;
    }
    if (!ok)
        strict_fail(s, "JSON: no value, or no number");
}

static inline void strict_value(struct strict *s, unsigned depth)
{
    static const char *const word[] = {"true", "false", "null"};
    strict_blank(s);
    bool object = s->p < s->end && *s->p == '{', array = s->p < s->end && *s->p == '[';
    if (depth > STRICT_DEPTH) {
        strict_fail(s, "JSON: nested without end");
    } else if (object || array) {
        char close = object ? '}' : ']';
        s->p++, strict_blank(s);
        if (strict_is(s, close))
            return;
        do {
            strict_blank(s);
            if (object) {
                strict_string(s), strict_blank(s);
                if (!strict_is(s, ':'))
                    strict_fail(s, "JSON: a colon is missing");
            }
            strict_value(s, depth + 1), strict_blank(s);
        } while (strict_is(s, ','));
        if (!strict_is(s, close))
            strict_fail(s, "JSON: a bracket is missing");
    } else if (s->p < s->end && *s->p == '"') {
        strict_string(s);
    } else {
        for (size_t i = 0; i < LEN(word); i++)
            if ((size_t)(s->end - s->p) >= strlen(word[i]) && memcmp(s->p, word[i], strlen(word[i])) == 0) {
                s->p += strlen(word[i]);
                return;
            }
        strict_number(s);
    }
}

static inline const char *strict_json(struct str text)
{
    struct strict s = {.p = text.p, .end = text.p + text.n};
    strict_value(&s, 0), strict_blank(&s);
    return s.bad ? s.bad : s.p < s.end ? "JSON: something behind the value" : NULL;
}

/* --- XML: a sequence of elements, each closed by its own name; attributes quoted, known entities, characters
 * XML 1.0 allows */

/* &#9; or &#x202E; naming a character that XML 1.0 allows (production 2); 0: none */
static inline size_t strict_reference(const char *p, size_t left)
{
    bool hex = left > 3 && p[2] == 'x';
    size_t first = hex ? 3 : 2, i = first;
    unsigned long u = 0;
    if (left < 4 || p[1] != '#')
        return 0;
    for (; i < left && u < 0x110000 && ((p[i] >= '0' && p[i] <= '9') || (hex && p[i] >= 'A' && p[i] <= 'F'));
         i++)
        u = u * (hex ? 16 : 10) + (unsigned long)(p[i] <= '9' ? p[i] - '0' : p[i] - 'A' + 10);
    bool allowed = u == 9 || u == 10 || u == 13 || (u >= 0x20 && u < 0xd800) || (u >= 0xe000 && u <= 0xfffd)
                   || (u >= 0x10000 && u < 0x110000);
    return i > first && i < left && p[i] == ';' && allowed ? i + 1 : 0;
}

static inline size_t strict_xml_char(struct strict *s)
{
    static const char *const entity[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    size_t left = (size_t)(s->end - s->p), n = strict_char(s->p, left, false);
    const unsigned char *p = (const unsigned char *)s->p;
    if (*p == '&') {
        for (size_t i = 0; i < LEN(entity); i++)
            if (left >= strlen(entity[i]) && memcmp(s->p, entity[i], strlen(entity[i])) == 0)
                return strlen(entity[i]);
        return strict_reference(s->p, left);
    }
    return (*p < 0x20 && *p != '\t' && *p != '\n' && *p != '\r')
                   || (n == 3 && p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe)
               ? 0
               : n;
}

static inline struct str strict_name(struct strict *s)
{
    const char *from = s->p;
    while (s->p < s->end
           && ((unsigned char)*s->p >= 0x80 || (*s->p >= '0' && *s->p <= '9')
               || (*s->p >= 'a' && *s->p <= 'z') || (*s->p >= 'A' && *s->p <= 'Z')
               || (*s->p && strchr("_-.:", *s->p))))
        s->p++;
    struct str name = {from, (size_t)(s->p - from)};
    if (!name.n || strchr("-.0123456789", name.p[0]))
        strict_fail(s, "XML: no name");
    return name;
}

static inline void strict_tag(struct strict *s, struct str *open, size_t *depth)
{
    s->p++;
    if (strict_is(s, '?')) {
        strict_name(s);
        while (s->p < s->end && *s->p != '?' && *s->p != '<')
            s->p++;
        if (!strict_is(s, '?') || !strict_is(s, '>'))
            strict_fail(s, "XML: a processing instruction without end");
        return;
    }
    if (strict_is(s, '/')) {
        struct str name = strict_name(s);
        if (!*depth || !str_eq(open[*depth - 1], name) || !strict_is(s, '>'))
            strict_fail(s, "XML: an end tag of another name");
        else
            --*depth;
        return;
    }
    open[*depth] = strict_name(s);
    while (!s->bad) {
        bool blank = strict_is(s, ' ');
        while (strict_is(s, ' ') || strict_is(s, '\n'))
            ;
        if (strict_is(s, '>')) {
            if (++*depth == STRICT_DEPTH * 8)
                strict_fail(s, "XML: nested without end");
            return;
        }
        if (strict_is(s, '/')) {
            if (!strict_is(s, '>'))
                strict_fail(s, "XML: a slash inside a tag");
            return;
        }
        if (!blank)
            strict_fail(s, "XML: attributes without a blank between them");
        strict_name(s);
        char quote = strict_is(s, '=') && s->p < s->end ? *s->p++ : 0;
        if (quote != '"' && quote != '\'')
            strict_fail(s, "XML: an attribute without a quoted value");
        while (s->p < s->end && *s->p != quote) {
            size_t n = *s->p == '<' ? 0 : strict_xml_char(s);
            if (!n)
                strict_fail(s, "XML: an attribute's value");
            s->p += n;
        }
        if (!strict_is(s, quote))
            strict_fail(s, "XML: an attribute without end");
    }
}

static inline const char *strict_xml(struct str text)
{
    struct str open[STRICT_DEPTH * 8];
    size_t depth = 0;
    struct strict s = {.p = text.p, .end = text.p + text.n};
    while (s.p < s.end) {
        if (*s.p == '<') {
            strict_tag(&s, open, &depth);
            continue;
        }
        size_t n = strict_xml_char(&s);
        if (!n)
            strict_fail(&s, "XML: a character or entity");
        s.p += n;
    }
    return s.bad ? s.bad : depth ? "XML: an element without end" : NULL;
}
#endif
