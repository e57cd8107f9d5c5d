/* wintime: FILETIME integers (100 ns since 1601-01-01 UTC), the only time the core knows.
 * No local-time call exists here; zones are data of the case.
 * Times outside the sane window are kept by callers but never used as a log's first or last. */
#ifndef WINTIME_H
#define WINTIME_H
#include "base/buf.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

#define WINTIME_SECOND     10000000LL
#define WINTIME_UNIX_EPOCH 116444736000000000LL /* 1970-01-01 */
enum { WINTIME_TEXT = 40 };                     /* longest text of wintime_text, with its NUL */

static inline bool wintime_sane(int64_t t) /* 1990-01-01 .. 2200-01-01 */
{
    return t >= 122752800000000000LL && t < 189022464000000000LL;
}
/* RFC 3339 UTC with 7 digits, "2026-11-21T03:04:05.1234567Z"; out-of-range values as "invalid(0x…)".
 * Returns out. */
char *wintime_text(int64_t t, char out[WINTIME_TEXT]);
void buf_time(struct buf *b, int64_t t);
char *at_time(char *out, int64_t t); /* room for WINTIME_TEXT; returns the end */
/* RFC 3339 with Z or an offset; a date alone means midnight UTC. False: not such a time. */
bool wintime_parse(struct str s, int64_t *out);
int64_t wintime_of_date(int64_t year, unsigned month, unsigned day); /* midnight UTC */
int64_t wintime_year(int64_t t);
/* u16 year, month, weekday, day, hour, minute, second, ms */
bool wintime_from_systemtime(const uint8_t p[16], int64_t *out);
#endif
