/* say: templates of ours with evidence in them, one voice a format; and times as reports write them.
 * Appends to the caller's buf; owns nothing.
 * No evidence text gets past the voice's escaper; a value that is not there (NONE, .p NULL) is the voice's
 * word for nothing. */
#ifndef SAY_H
#define SAY_H
#include "base/buf.h"
#include "base/str.h"
#include "base/zone.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#define NONE INT64_MIN

/* How text, times and gaps look in one format. */
typedef void escape_fn(struct buf *b, struct str s);
struct voice {
    escape_fn *text;
    void (*time)(struct buf *b, int64_t t);
    const char *none; /* for absent values */
    /* ' in templates stands for ", numbers have no separators */
    bool json;
    /* longer text is cut, and the cut is shown; 0: never */
    size_t max;
};
/* %s struct str, escaped; %z const char *, ours, as it is; %n int64_t, grouped by thousands; %i int64_t; %t
 * int64_t time; %x int64_t as 0x%08X; %+ an s, unless the number before it was 1; %% */
void say(struct buf *b, const struct voice *v, const char *fmt, ...);
void vsay(struct buf *b, const struct voice *v, const char *fmt, va_list ap);

struct str base_name(struct str path);     /* behind the last / or \ */
void time_short(struct buf *b, int64_t t); /* 2026-03-02 09:10:00 */
/* 2026-03-02 10:10:00 +01:00: by the clock of the host, the offset is that of the moment */
void time_local(struct buf *b, int64_t t, const struct zone *z);
/* as much of it as ticks that far apart need: 2026-03-02, 03-02 09:10, 09:10:05 */
void time_axis(struct buf *b, int64_t t, int64_t step);
#endif
