#include "base/lines.h"
#include "base/utf.h"

struct lines lines_of(struct span file, uint32_t odd, size_t most, struct line_cursor *at)
{
    bool wide = file.n >= 2 && file.p[0] == 0xff && file.p[1] == 0xfe,
         marked = file.n >= 3 && memcmp(file.p, "\xef\xbb\xbf", 3) == 0;
    *at = (struct line_cursor){.at = wide ? 2 : marked ? 3 : 0};
    return (struct lines){file, wide, odd, most};
}

/* False: other bytes than these, as they are no UTF-8. */
static bool put_narrow(struct buf *raw, const uint8_t *p, size_t n, uint32_t odd)
{
    if (utf8_is((struct str){(const char *)p, n})) {
        buf_put(raw, p, n);
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        char c[4];
        buf_put(raw, c, utf8_put(c, odd && p[i] >= 0x80 ? odd : p[i]));
    }
    return false;
}

bool line_take(const struct lines *t, struct line_cursor *at, struct buf *raw, struct line *l)
{
    const uint8_t *p = t->file.p + at->at;
    size_t unit = t->wide ? 2 : 1, left = (t->file.n - at->at) / unit * unit, n = 0;
    if (!left)
        return false;
    *l = (struct line){.at = at->at, .place = at->at, .number = ++at->line};
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
        l->same = put_narrow(raw, p, n, t->odd);
    else if (n && buf_room(raw, n / 2 * 3))
        raw->n += utf16_to_utf8(raw->p + raw->n, p, n);
    return !raw->bad;
}

size_t line_place(const struct lines *t, struct line *l, struct str text, size_t n)
{
    if (l->same)
        return l->at + n;
    if (n < l->looked)
        l->looked = 0, l->place = l->at;
    while (l->looked < n && l->looked < text.n) {
        uint32_t u = utf8_next(text, &l->looked);
        l->place += t->wide ? (u > 0xffff && u != UTF_BAD ? 4 : 2) : 1;
    }
    return l->place;
}
