#include "base/str.h"

bool str_eq_ci(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (small_letter(a.p[i]) != small_letter(b.p[i]))
            return false;
    return true;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

int str_cmp_ci(struct str a, struct str b)
{
    for (size_t i = 0; i < a.n && i < b.n; i++) {
        unsigned char x = (unsigned char)small_letter(a.p[i]), y = (unsigned char)small_letter(b.p[i]);
        if (x != y)
            return x - y;
    }
    return (a.n > b.n) - (a.n < b.n);
}

bool str_starts_ci(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq_ci((struct str){s.p, prefix.n}, prefix);
}

bool str_ends_ci(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq_ci((struct str){s.p + (s.n - suffix.n), suffix.n}, suffix);
}

size_t str_find(struct str s, struct str part)
{
    for (size_t i = 0; part.n && s.n - i >= part.n; i++) {
        const char *at = memchr(s.p + i, part.p[0], s.n - i - part.n + 1);
        if (!at)
            return s.n;
        i = (size_t)(at - s.p);
        if (memcmp(at, part.p, part.n) == 0)
            return i;
    }
    return s.n;
}

bool str_contains(struct str s, struct str part) { return !part.n || str_find(s, part) < s.n; }

struct str str_cut(struct str *rest, char sep)
{
    const char *at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
    struct str head = *rest;
    if (!at) {
        *rest = (struct str){rest->p ? rest->p + rest->n : NULL, 0};
        return head;
    }
    head.n = (size_t)(at - rest->p);
    *rest = (struct str){at + 1, rest->n - head.n - 1};
    return head;
}

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

struct str str_trim(struct str s)
{
    while (s.n && blank(s.p[0]))
        s.p++, s.n--;
    while (s.n && blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

bool str_is_blank(struct str s) { return str_trim(s).n == 0; }

struct str str_account(struct str s)
{
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == '\\')
            return str_skip(s, i);
    return str_cut(&s, '@');
}

uint64_t str_hash(struct str s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    return h;
}

uint64_t str_hash_ci(uint64_t h, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)small_letter(s.p[i])) * 0x100000001b3u;
    return h;
}

bool str_i64(struct str s, int64_t *out)
{
    bool neg = s.n && s.p[0] == '-';
    if (neg || (s.n && s.p[0] == '+'))
        s.p++, s.n--;
    unsigned base = 10;
    if (s.n > 2 && s.p[0] == '0' && (s.p[1] | 32) == 'x')
        s.p += 2, s.n -= 2, base = 16;
    if (!s.n)
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned d = hex_value(s.p[i]);
        if (d >= base || v > (UINT64_MAX - d) / base)
            return false;
        v = v * base + d;
    }
    if (base == 10 && v > (uint64_t)INT64_MAX + neg)
        return false;
    *out = neg ? (int64_t)(0 - v) : (int64_t)v; /* a 64-bit hexadecimal keeps its bits */
    return true;
}
