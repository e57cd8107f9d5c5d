#include "parsers/container/name.h"
#include "base/limits.h"
#include "base/utf.h"

/* Code page 850, 0x80 to 0xff. Source: unicode.org/Public/MAPPINGS/VENDORS/MICSFT/PC/CP850.TXT */
static const uint16_t high[128] = {
    0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7, 0x00ea, 0x00eb, 0x00e8, 0x00ef, 0x00ee,
    0x00ec, 0x00c4, 0x00c5, 0x00c9, 0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2, 0x00fb, 0x00f9, 0x00ff, 0x00d6,
    0x00dc, 0x00f8, 0x00a3, 0x00d8, 0x00d7, 0x0192, 0x00e1, 0x00ed, 0x00f3, 0x00fa, 0x00f1, 0x00d1, 0x00aa,
    0x00ba, 0x00bf, 0x00ae, 0x00ac, 0x00bd, 0x00bc, 0x00a1, 0x00ab, 0x00bb, 0x2591, 0x2592, 0x2593, 0x2502,
    0x2524, 0x00c1, 0x00c2, 0x00c0, 0x00a9, 0x2563, 0x2551, 0x2557, 0x255d, 0x00a2, 0x00a5, 0x2510, 0x2514,
    0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x00e3, 0x00c3, 0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550,
    0x256c, 0x00a4, 0x00f0, 0x00d0, 0x00ca, 0x00cb, 0x00c8, 0x0131, 0x00cd, 0x00ce, 0x00cf, 0x2518, 0x250c,
    0x2588, 0x2584, 0x00a6, 0x00cc, 0x2580, 0x00d3, 0x00df, 0x00d4, 0x00d2, 0x00f5, 0x00d5, 0x00b5, 0x00fe,
    0x00de, 0x00da, 0x00db, 0x00d9, 0x00fd, 0x00dd, 0x00af, 0x00b4, 0x00ad, 0x00b1, 0x2017, 0x00be, 0x00b6,
    0x00a7, 0x00f7, 0x00b8, 0x00b0, 0x00a8, 0x00b7, 0x00b9, 0x00b3, 0x00b2, 0x25a0, 0x00a0,
};

static bool is_utf8(struct str s)
{
    for (size_t at = 0; at < s.n;)
        if (utf8_next(s, &at) == UTF_BAD)
            return false;
    return true;
}

/* Where a text may be cut at or before n without breaking a character. */
static size_t whole(const char *p, size_t n)
{
    while (n && ((unsigned char)p[n] & 0xc0) == 0x80)
        n--;
    return n;
}

static struct str from_cp850(struct str raw, struct arena *a)
{
    char *to = arena_alloc(a, 3, raw.n + 1);
    size_t n = 0;
    for (size_t i = 0; to && i < raw.n; i++) {
        uint8_t c = (uint8_t)raw.p[i];
        n += utf8_put(to + n, c < 128 ? c : high[c - 128]);
    }
    return (struct str){to, n};
}

/* The next part of a name; false: there is none. */
static bool next_part(struct str *rest, struct str *part)
{
    while (rest->n && (*rest->p == '/' || *rest->p == '\\'))
        rest->p++, rest->n--;
    *part = (struct str){rest->p, 0};
    while (rest->n && *rest->p != '/' && *rest->p != '\\')
        rest->p++, rest->n--, part->n++;
    return part->n > 0;
}

struct str member_name(struct str raw, struct arena *a, bool *climbs)
{
    static const char cut[] = "\xe2\x80\xa6";
    *climbs = false;
    raw = raw.p ? raw : STR(""); /* a member may have none */
    if (raw.n > LIM_MEMBER_NAME) /* a character of code page 850 takes up to three bytes, one of UTF-8 stays
                                    what it is: what is cut here would be cut below */
        raw.n = is_utf8(raw) ? whole(raw.p, LIM_MEMBER_NAME) : LIM_MEMBER_NAME;
    bool was_long = raw.n >= LIM_MEMBER_NAME - 3;
    struct str text = is_utf8(raw) ? raw : from_cp850(raw, a), part;
    char *to = text.p ? arena_alloc(a, 3, text.n + 4) : NULL; /* ".." and its slash become seven bytes */
    size_t n = 0;
    if (!to)
        return (struct str){0};
    while (next_part(&text, &part)) {
        bool up = str_eq(part, STR(".."));
        if (str_eq(part, STR(".")))
            continue;
        *climbs |= up;
        part = up ? STR("%2E%2E") : part;
        if (n)
            to[n++] = '/';
        memcpy(to + n, part.p, part.n), n += part.n;
    }
    if (n > LIM_MEMBER_NAME || was_long) {
        n = whole(to, n < LIM_MEMBER_NAME - 3 ? n : LIM_MEMBER_NAME - 3);
        memcpy(to + n, cut, 3), n += 3;
    }
    return n ? (struct str){to, n} : STR("(unnamed)");
}

struct str packed_name(struct str container)
{
    static const struct str ends[] = {{".gz", 3},  {".bz2", 4},  {".xz", 3},  {".zst", 4},
                                      {".lz4", 4}, {".gzip", 5}, {".zstd", 5}};
    size_t from = container.n;
    while (from && container.p[from - 1] != '/' && container.p[from - 1] != '\\')
        from--;
    struct str name = {container.p + from, container.n - from};
    for (size_t i = 0; i < LEN(ends); i++)
        if (name.n > ends[i].n && str_ends_ci(name, ends[i]))
            return name.n -= ends[i].n, name;
    return STR("data");
}
