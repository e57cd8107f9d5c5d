#include "base/layout.h"
#include "base/utf.h"
#include <stdio.h>

enum { PARTS = 128 };
struct search {
    struct str part[PARTS];
    size_t n;
    const char *find;
    char *text;
    unsigned steps;
};

/* --- a part as it was on the host: %XX is one byte. */
static char byte_at(struct str s, size_t *at)
{
    size_t i = *at;
    if (s.p[i] == '%' && i + 2 < s.n && hex_value(s.p[i + 1]) < 16 && hex_value(s.p[i + 2]) < 16)
        return *at = i + 3, (char)(hex_value(s.p[i + 1]) * 16 + hex_value(s.p[i + 2]));
    return *at = i + 1, s.p[i];
}

/* --- words */
static bool fits_host(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_digit(p[i]) && !is_letter(p[i]) && ((p[i] != '-' && p[i] != '.') || !i))
            return false;
    return true;
}

static bool fits_digits(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_digit(p[i]))
            return false;
    return true;
}

static bool fits_year(const char *p, size_t n)
{
    return n == 4 && p[0] == '2' && p[1] == '0' && fits_digits(p, n);
}

static bool fits_any(const char *p, size_t n) { return p && n; }

static bool fits_drive(const char *p, size_t n)
{
    if (n == 6 && memcmp(p, "\\\\.\\", 4) == 0)
        p += 4, n -= 4;
    return n && n <= 2 && is_letter(p[0]) && (n == 1 || p[1] == ':');
}

static const struct word {
    struct str name; /* with its brackets */
    bool (*fits)(const char *p, size_t n);
    bool whole; /* stands for a part alone */
} words[] = {{STR("<host>"), fits_host, false},
             {STR("<drive>"), fits_drive, true},
             {STR("<shadow>"), fits_digits, false},
             {STR("<user>"), fits_any, false},
             {STR("<year>"), fits_year, false}};

static const struct word *word_at(struct str pattern)
{
    for (size_t i = 0; i < LEN(words); i++)
        if (str_starts_ci(pattern, words[i].name))
            return &words[i];
    return NULL;
}

static void note_part(struct search *s, const struct word *w, const char *p, size_t n)
{
    struct str name = {w->name.p + 1, w->name.n - 2};
    if (!s->find || !str_eq(name, str_of(s->find)))
        return;
    if (w->whole) {
        p += n > 2 ? 4 : 0;
        snprintf(s->text, LAYOUT_TEXT, "%c:", *p >= 'a' ? *p - 32 : *p);
    } else {
        snprintf(s->text, LAYOUT_TEXT, "%.*s", (int)n, p);
    }
}

/* --- one part, whole */
static bool part_fits(struct search *s, struct str part, struct str pattern)
{
    if (s->steps++ >= LAYOUT_STEPS)
        return false;
    if (!pattern.n)
        return !part.n;
    struct str rest = {pattern.p + 1, pattern.n - 1};
    if (pattern.p[0] == '*') {
        for (size_t i = 0; i <= part.n; i++)
            if (part_fits(s, (struct str){part.p + i, part.n - i}, rest))
                return true;
        return false;
    }
    const struct word *w = pattern.p[0] == '<' ? word_at(pattern) : NULL;
    if (!w)
        return part.n && small_letter(part.p[0]) == small_letter(pattern.p[0])
               && part_fits(s, (struct str){part.p + 1, part.n - 1}, rest);
    rest = (struct str){pattern.p + w->name.n, pattern.n - w->name.n};
    for (size_t i = w->whole ? part.n : 1; i <= part.n && i; i++)
        if (w->fits(part.p, i) && part_fits(s, (struct str){part.p + i, part.n - i}, rest)) {
            note_part(s, w, part.p, i);
            return true;
        }
    return false;
}

static bool parts_fit(struct search *s, size_t at, struct str pattern)
{
    if (s->steps++ >= LAYOUT_STEPS)
        return false;
    if (!pattern.n)
        return at == s->n;
    struct str one = str_cut(&pattern, '/');
    if (!str_eq(one, STR("**")))
        return at < s->n && part_fits(s, s->part[at], one) && parts_fit(s, at + 1, pattern);
    for (size_t i = at; i <= s->n; i++)
        if (parts_fit(s, i, pattern))
            return true;
    return false;
}

bool layout_fits(struct str path, struct str pattern, const char *find, char text[LAYOUT_TEXT])
{
    char room[4096];
    struct search s = {.find = find, .text = text};
    size_t used = 0;
    text[0] = 0;
    for (size_t at = 0; at < path.n && s.n < PARTS; s.n++) {
        size_t from = used;
        while (at < path.n && path.p[at] != '/' && path.p[at] != '\\' && used < sizeof room)
            room[used++] = byte_at(path, &at);
        if (used == sizeof room)
            return false;
        s.part[s.n] = (struct str){room + from, used - from};
        at++;
    }
    if (s.n == PARTS || !parts_fit(&s, 0, pattern))
        return text[0] = 0, false;
    if (!utf8_is(str_of(text))) /* a character that was cut, or never was one */
        text[0] = 0;
    return true;
}

bool layout_sound(struct str pattern)
{
    bool any = false;
    while (pattern.n) {
        struct str one = str_cut(&pattern, '/');
        if (!one.n)
            return false;
        any = true;
        for (size_t i = 0; i < one.n; i++) {
            struct str rest = {one.p + i, one.n - i};
            const struct word *w = one.p[i] == '<' ? word_at(rest) : NULL;
            if (one.p[i] == '<' && (!w || (w->whole && (i || rest.n != w->name.n))))
                return false;
        }
    }
    return any;
}
