/* golden: reports as samples/golden keeps them. A line that many reports have stands once, in common.html or
 * common.json; in its place a report has the number of that line there, "@12", or those of a run, "@12-45".
 * Every report comes back of it byte by byte, whatever is in it. A line keeps its number while two reports
 * have it, and a number that is free goes to the next line that many have: a text that was edited shows as
 * one line changed, and no report's own file changes for it. The buffers are the caller's. */
#ifndef GOLDEN_H
#define GOLDEN_H
#include "base/buf.h"
#include "base/lookup.h"
#include <criterion/criterion.h>

enum { COMMON_LINES = 4000, ALL_LINES = 100000, MANY = 8 /* reports that have a common line */ };

struct golden_line {
    struct str text;
    unsigned in;      /* so many reports have it */
    const void *last; /* the last of them, while they are counted */
};
struct golden_lines {
    struct golden_line *line;
    size_t n, most;
    struct lookup by;
};

static inline struct golden_lines lines_for(size_t most)
{
    struct golden_lines l = {.line = calloc(most, sizeof *l.line), .most = most};
    cr_assert(l.line);
    return l;
}

static inline void lines_free(struct golden_lines *l) { free(l->line), lookup_free(&l->by); }

static inline struct golden_line *line_of(const struct golden_lines *l, struct str text)
{
    uint64_t hash = str_hash(text);
    size_t at = lookup_at(&l->by, hash);
    for (uint32_t i; (i = lookup_next(&l->by, hash, &at)) != LOOKUP_NONE;)
        if (str_eq(l->line[i].text, text))
            return &l->line[i];
    return NULL;
}

static inline struct golden_line *line_at(struct golden_lines *l, size_t i, struct str text)
{
    cr_assert_lt(i, l->most, "more lines than expected");
    cr_assert(!text.n || lookup_put(&l->by, str_hash(text), (uint32_t)i));
    l->line[i] = (struct golden_line){.text = text};
    l->n = i < l->n ? l->n : i + 1;
    return &l->line[i];
}

/* The next line of a text, without its end; false behind the last. ended: it has one. */
static inline bool next_line(struct str *rest, struct str *line, bool *ended)
{
    const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
    *ended = end;
    *line = (struct str){rest->p, end ? (size_t)(end - rest->p) : rest->n};
    bool any = rest->n > 0;
    rest->p += line->n + *ended, rest->n -= line->n + *ended;
    return any;
}

/* A file of common lines; a number that is free is an empty line. The text must outlive the lines. */
static inline struct golden_lines common_lines(struct str kept)
{
    struct golden_lines common = lines_for(COMMON_LINES);
    struct str line;
    bool ended;
    while (next_line(&kept, &line, &ended))
        line_at(&common, common.n, line);
    return common;
}

/* Those of before, as far as they are still common, and those that have become so. */
static inline struct golden_lines common_anew(const struct golden_lines *before, const struct buf *report,
                                              size_t n)
{
    struct golden_lines all = lines_for(ALL_LINES), common = lines_for(COMMON_LINES);
    struct str line;
    bool ended;
    for (size_t i = 0; i < n; i++)
        for (struct str rest = buf_view(&report[i]); next_line(&rest, &line, &ended);) {
            struct golden_line *l = line_of(&all, line);
            l = l ? l : line_at(&all, all.n, line);
            l->in += l->last != &report[i], l->last = &report[i];
        }
    for (size_t i = 0; i < before->n; i++) {
        const struct golden_line *l = line_of(&all, before->line[i].text);
        line_at(&common, i, l && l->in > 1 ? l->text : STR(""));
    }
    size_t unused = 0;
    for (size_t i = 0; i < all.n; i++)
        if (all.line[i].in >= MANY && all.line[i].text.n && !line_of(&common, all.line[i].text)) {
            while (unused < common.n && common.line[unused].text.n)
                unused++;
            line_at(&common, unused, all.line[i].text);
        }
    while (common.n && !common.line[common.n - 1].text.n)
        common.n--;
    lines_free(&all);
    return common;
}

static inline void put_numbers(struct buf *to, size_t from, size_t n)
{
    if (n)
        buf_printf(to, n == 1 ? "@%zu\n" : "@%zu-%zu\n", from + 1, from + n);
}

/* A report as it is kept. */
static inline struct buf folded(const struct golden_lines *common, struct str report)
{
    struct buf to = {0};
    struct str line;
    bool ended;
    size_t from = 0, n = 0; /* a run of common lines */
    while (next_line(&report, &line, &ended)) {
        const struct golden_line *l = ended && line.n ? line_of(common, line) : NULL;
        if (l && n && l == &common->line[from + n]) {
            n++;
            continue;
        }
        put_numbers(&to, from, n);
        n = l ? 1 : 0, from = l ? (size_t)(l - common->line) : 0;
        if (!l)
            buf_z(&to, line.n && *line.p == '@' ? "@" : ""), buf_str(&to, line),
                buf_z(&to, ended ? "\n" : "");
    }
    put_numbers(&to, from, n);
    return to;
}

/* The report whole, of what is kept. */
static inline struct buf unfolded(const struct golden_lines *common, struct str kept)
{
    struct buf to = {0};
    struct str line;
    bool ended;
    while (next_line(&kept, &line, &ended)) {
        if (line.n > 1 && line.p[0] == '@' && line.p[1] != '@') {
            char *end;
            size_t from = strtoul(line.p + 1, &end, 10),
                   last = *end == '-' ? strtoul(end + 1, &end, 10) : from;
            cr_assert(from && from <= last && last <= common->n, "%.*s: no such lines", STR_ARG(line));
            for (; from <= last; from++)
                buf_str(&to, common->line[from - 1].text), buf_char(&to, '\n');
        } else {
            bool doubled = line.n > 1 && line.p[0] == '@';
            buf_put(&to, line.p + doubled, line.n - doubled), buf_z(&to, ended ? "\n" : "");
        }
    }
    return to;
}
#endif
