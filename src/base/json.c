#include "base/json.h"
#include "base/near.h"
#include "base/utf.h"
#include <string.h>

/* what may come next */
enum { VALUE, FIRST, NEXT, NOTHING, BROKEN };

void json_of(struct json *j, struct str s) { j->s = s, j->at = 0, j->depth = 0, j->due = VALUE; }

/* The next byte that is no blank; -1: none. */
static int peek(struct json *j)
{
    for (; j->at < j->s.n; j->at++) {
        char c = j->s.p[j->at];
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
            return (unsigned char)c;
    }
    return -1;
}

static enum json_kind broken(struct json *j) { return j->due = BROKEN, JSON_BAD; }

static bool quoted(struct json *j, struct str *raw)
{
    size_t from = ++j->at;
    for (size_t i = from; i < j->s.n;) {
        unsigned marks = j->s.n - i >= 16 ? near_marks(j->s.p + i) : 1;
        i += marks ? (unsigned)__builtin_ctz(marks) : 16;
        if (!marks)
            continue;
        if (j->s.p[i] == '"')
            return *raw = (struct str){j->s.p + from, i - from}, j->at = i + 1, true;
        i += j->s.p[i] == '\\' ? 2 : 1;
    }
    return false;
}

static bool is_bare(char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '+' || c == '.'; }

/* A word or a number. */
static enum json_kind bare(struct json *j, struct str *raw)
{
    size_t from = j->at;
    while (j->at < j->s.n && is_bare(j->s.p[j->at]))
        j->at++;
    *raw = (struct str){j->s.p + from, j->at - from};
    if (!raw->n)
        return broken(j);
    if (raw->p[0] == '-' || is_digit(raw->p[0]))
        return JSON_NUMBER;
    return str_eq(*raw, STR("true")) || str_eq(*raw, STR("false")) ? JSON_BOOL
           : str_eq(*raw, STR("null"))                             ? JSON_NULL
                                                                   : broken(j);
}

static enum json_kind value(struct json *j, int c, struct str *raw)
{
    if (c == '{' || c == '[') {
        if (j->depth == JSON_DEPTH)
            return broken(j);
        *raw = (struct str){j->s.p + j->at++, 1};
        j->open[j->depth++] = (char)c, j->due = FIRST;
        return c == '{' ? JSON_OBJECT : JSON_ARRAY;
    }
    j->due = j->depth ? NEXT : NOTHING;
    if (c == '"')
        return quoted(j, raw) ? JSON_TEXT : broken(j);
    return bare(j, raw);
}

enum json_kind json_next(struct json *j, struct str *raw)
{
    int c = peek(j);
    *raw = STR_NONE;
    if (j->due == NOTHING)
        return c < 0 ? JSON_END : broken(j);
    if (c < 0 || j->due == BROKEN)
        return broken(j);
    if (j->due == VALUE)
        return value(j, c, raw);
    bool object = j->open[j->depth - 1] == '{';
    if (c == (object ? '}' : ']')) {
        *raw = (struct str){j->s.p + j->at++, 1};
        j->due = --j->depth ? NEXT : NOTHING;
        return JSON_CLOSE;
    }
    if (j->due == NEXT) {
        if (c != ',')
            return broken(j);
        j->at++, c = peek(j);
    }
    if (!object)
        return value(j, c, raw);
    if (c != '"' || !quoted(j, raw) || peek(j) != ':')
        return broken(j);
    j->at++, j->due = VALUE;
    return JSON_NAME;
}

bool json_skip(struct json *j, enum json_kind first)
{
    struct str raw;
    if (first != JSON_OBJECT && first != JSON_ARRAY)
        return first != JSON_BAD;
    for (unsigned outside = j->depth - 1; j->depth > outside;)
        if (json_next(j, &raw) == JSON_BAD)
            return false;
    return true;
}

static bool hex4(struct str s, size_t at, uint32_t *u)
{
    *u = 0;
    if (at > s.n || s.n - at < 4)
        return false;
    for (size_t i = at; i < at + 4; i++) {
        unsigned d = hex_value(s.p[i]);
        if (d > 15)
            return false;
        *u = *u << 4 | d;
    }
    return true;
}

/* What the escape at s.p[*at] stands for; *at moves behind it. UTF_BAD: it is none. */
static uint32_t escape(struct str s, size_t *at)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    uint32_t u, low;
    if (++*at >= s.n)
        return UTF_BAD;
    char c = s.p[(*at)++];
    const char *known = c ? strchr(from, c) : NULL;
    if (known)
        return (unsigned char)to[known - from];
    if (c != 'u' || !hex4(s, *at, &u))
        return UTF_BAD;
    *at += 4;
    if (u >> 10 == 0x36 && s.n - *at >= 6 && s.p[*at] == '\\' && s.p[*at + 1] == 'u' && hex4(s, *at + 2, &low)
        && low >> 10 == 0x37)
        u = 0x10000 + ((u & 0x3ff) << 10) + (low & 0x3ff), *at += 6;
    return u;
}

size_t json_text(char *out, struct str raw, bool *whole)
{
    size_t n = 0;
    *whole = true;
    for (size_t at = 0; at < raw.n;) {
        if (raw.p[at] != '\\') {
            out[n++] = raw.p[at++];
            continue;
        }
        uint32_t u = escape(raw, &at);
        char utf[4];
        size_t wide = utf8_put(utf, u == UTF_BAD ? 0xfffd : u);
        *whole &= u != UTF_BAD;
        memcpy(out + n, utf, wide), n += wide;
    }
    return n;
}
