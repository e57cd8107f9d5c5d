#include "base/lines.h"
#include "base/utf.h"

struct lines lines_of(struct span file, uint32_t odd, size_t most, struct line_cursor *at)
{
    bool wide = file.n >= 2 && file.p[0] == 0xff && file.p[1] == 0xfe,
         marked = file.n >= 3 && memcmp(file.p, "\xef\xbb\xbf", 3) == 0;
    *at = (struct line_cursor){.at = wide ? 2 : marked ? 3 : 0};
    return (struct lines){file, wide, odd, most};
}

static void put_narrow(struct buf *raw, const uint8_t *p, size_t n, uint32_t odd)
{
    if (utf8_is((struct str){(const char *)p, n})) {
        buf_put(raw, p, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        char c[4];
        buf_put(raw, c, utf8_put(c, odd && p[i] >= 0x80 ? odd : p[i]));
    }
}

bool line_take(const struct lines *t, struct line_cursor *at, struct buf *raw, struct line *l)
{
    const uint8_t *p = t->file.p + at->at;
    size_t unit = t->wide ? 2 : 1, left = (t->file.n - at->at) / unit * unit, n = 0;
    if (!left)
        return false;
    *l = (struct line){.at = at->at, .number = ++at->line};
    if (t->wide) {
        while (n < left && le16(p + n) != '\n')
            n += 2;
    } else {
        const uint8_t *lf = memchr(p, '\n', left);
        n = lf ? (size_t)(lf - p) : left;
    }
    l->ended = n < left;
    at->at += n + (l->ended ? unit : 0);
    if (n > t->most)
        n = t->most, l->ended = false, l->cut = true;
    if (n >= unit && p[n - unit] == '\r' && (!t->wide || !p[n - 1]))
        n -= unit;
    if (!t->wide)
        put_narrow(raw, p, n, t->odd);
    else if (n && buf_room(raw, n / 2 * 3))
        raw->n += utf16_to_utf8(raw->p + raw->n, p, n);
    return !raw->bad;
}

size_t line_place(const struct lines *t, const struct line *l, struct str text, size_t n)
{
    const char *own = (const char *)t->file.p + l->at;
    size_t left = t->file.n - l->at, at = l->at;
    if (!t->wide && left >= text.n && memcmp(own, text.p, text.n) == 0)
        return l->at + n; /* it was UTF-8 */
    for (size_t i = 0; i < n && i < text.n;) {
        uint32_t u = utf8_next(text, &i);
        at += t->wide ? (u > 0xffff && u != UTF_BAD ? 4 : 2) : 1;
    }
    return at;
}
