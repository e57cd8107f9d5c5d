#include "base/utf.h"

uint32_t utf8_next(struct str s, size_t *at)
{
    const unsigned char *p = (const unsigned char *)s.p + *at;
    size_t left = s.n - *at;
    unsigned c = p[0];
    if (c < 0x80)
        return ++*at, c;
    unsigned n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    uint32_t u = c & (0x7fu >> n), least = n == 2 ? 0x80 : n == 3 ? 0x800 : 0x10000;
    if (c < 0xc2 || c > 0xf4 || left < n)
        return ++*at, UTF_BAD;
    for (unsigned i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return ++*at, UTF_BAD;
        u = u << 6 | (p[i] & 0x3f);
    }
    if (u < least || u > 0x10ffff)
        return ++*at, UTF_BAD;
    *at += n;
    return u;
}

bool utf8_is(struct str s)
{
    for (size_t i = 0; i < s.n;) {
        uint64_t eight;
        while (i + 8 <= s.n && (memcpy(&eight, s.p + i, 8), !(eight & 0x8080808080808080u)))
            i += 8;
        if (i < s.n && utf8_next(s, &i) == UTF_BAD)
            return false;
    }
    return true;
}

size_t utf8_put(char out[4], uint32_t u)
{
    if (u < 0x80)
        return out[0] = (char)u, 1;
    if (u < 0x800)
        return out[0] = (char)(0xc0 | u >> 6), out[1] = (char)(0x80 | (u & 63)), 2;
    if (u < 0x10000)
        return out[0] = (char)(0xe0 | u >> 12), out[1] = (char)(0x80 | (u >> 6 & 63)),
               out[2] = (char)(0x80 | (u & 63)), 3;
    out[0] = (char)(0xf0 | u >> 18), out[1] = (char)(0x80 | (u >> 12 & 63)),
    out[2] = (char)(0x80 | (u >> 6 & 63)), out[3] = (char)(0x80 | (u & 63));
    return 4;
}

size_t utf16_to_utf8(char *out, const uint8_t *p, size_t n)
{
    char *at = out;
    for (size_t i = 0; i + 1 < n; i += 2) {
        uint32_t u = le16(p + i);
        if (u < 0x80) {
            *at++ = (char)u;
            continue;
        }
        if (u >= 0xd800 && u <= 0xdbff && i + 3 < n) {
            uint32_t lo = le16(p + i + 2);
            if (lo >= 0xdc00 && lo <= 0xdfff)
                u = 0x10000 + ((u - 0xd800) << 10) + (lo - 0xdc00), i += 2;
        }
        at += utf8_put(at, u);
    }
    return (size_t)(at - out);
}

struct str utf16_str(struct arena *a, struct span s)
{
    char *p = arena_alloc(a, 3, s.n / 2 + 1);
    return p ? (struct str){p, utf16_to_utf8(p, s.p, s.n)} : (struct str){0};
}

struct str utf16_strz(struct arena *a, struct span s)
{
    size_t n = 0;
    while (n + 1 < s.n && (s.p[n] | s.p[n + 1]))
        n += 2;
    s.n = n;
    return utf16_str(a, s);
}

struct str latin1_str(struct arena *a, struct span s)
{
    char *p = arena_alloc(a, 2, s.n + 1);
    if (!p)
        return (struct str){0};
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += utf8_put(p + n, s.p[i]);
    return (struct str){p, n};
}

/* Pairs of the blocks in which Windows' upcase table folds: even/odd neighbours or a fixed distance. */
static const struct {
    uint32_t from, to;
    int32_t step;
    bool odd_only;
} upcase_runs[] = {
    {0x61, 0x7a, -32, false},     {0xe0, 0xf6, -32, false},     {0xf8, 0xfe, -32, false},
    {0xff, 0xff, 121, false},     {0x101, 0x12f, -1, true},     {0x133, 0x137, -1, true},
    {0x13a, 0x148, -1, false},    {0x14b, 0x177, -1, true},     {0x17a, 0x17e, -1, false},
    {0x1ce, 0x1dc, -1, false},    {0x1df, 0x1ef, -1, true},     {0x1f9, 0x21f, -1, true},
    {0x223, 0x233, -1, true},     {0x3ac, 0x3ac, -38, false},   {0x3ad, 0x3af, -37, false},
    {0x3b1, 0x3c1, -32, false},   {0x3c2, 0x3c2, -31, false},   {0x3c3, 0x3cb, -32, false},
    {0x3cc, 0x3cc, -64, false},   {0x3cd, 0x3ce, -63, false},   {0x3d9, 0x3ef, -1, true},
    {0x430, 0x44f, -32, false},   {0x450, 0x45f, -80, false},   {0x461, 0x481, -1, true},
    {0x48b, 0x4bf, -1, true},     {0x4c2, 0x4ce, -1, false},    {0x4d1, 0x513, -1, true},
    {0x561, 0x586, -48, false},   {0x1e01, 0x1e95, -1, true},   {0x1ea1, 0x1ef9, -1, true},
    {0x24d0, 0x24e9, -26, false}, {0xff41, 0xff5a, -32, false},
};

uint32_t utf_upcase(uint32_t u)
{
    if (u < 0x80)
        return u >= 'a' && u <= 'z' ? u - 32 : u;
    for (size_t i = 0; i < LEN(upcase_runs); i++) {
        if (u < upcase_runs[i].from)
            return u;
        if (u > upcase_runs[i].to)
            continue;
        bool odd = u & 1, even_run = upcase_runs[i].from % 2 == 0 && upcase_runs[i].step == -1;
        if (upcase_runs[i].odd_only && !odd)
            return u;
        if (even_run && odd)
            return u;
        return (uint32_t)((int32_t)u + upcase_runs[i].step);
    }
    return u;
}

bool utf8_eq_ci(struct str a, struct str b)
{
    size_t i = 0, j = 0;
    while (i < a.n && j < b.n)
        if (utf_upcase(utf8_next(a, &i)) != utf_upcase(utf8_next(b, &j)))
            return false;
    return i == a.n && j == b.n;
}
