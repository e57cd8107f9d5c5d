/* zone: the rule of a host's clock, as its TimeZoneInformation key has it: what UTC and local time differ by
 * at a given moment, not on the day the registry was collected. Values only, nothing is owned. It refuses
 * rules that no clock can follow (month 13, a sixth week): then a host has no rule, and nobody guesses one.
 */
#ifndef ZONE_H
#define ZONE_H
#include "base/buf.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

/* When clocks change: in each year the week-th weekday of month (week 5: the last; weekday 0: Sunday), or on
 * one day of one year (year > 0: week is the day of the month). month 0: never. */
struct zone_when {
    uint16_t year;
    uint8_t month, week, weekday, hour, minute, second;
};
/* Minutes; UTC = local + bias. Daylight time from to_daylight (in standard time) to to_standard (in daylight
 * time). */
struct zone {
    int32_t standard, daylight;
    struct zone_when to_standard, to_daylight;
};

/* A value StandardStart or DaylightStart: u16 year, month, week or day, hour, minute, second, millisecond,
 * weekday (TIME_FIELDS, not SYSTEMTIME). False: no such moment. */
bool zone_when_read(const uint8_t *p, size_t n, struct zone_when *out);

/* As text: "300", or "300 240 M3.2.0/02:00:00 M11.1.0/02:00:00": bias of standard time and of daylight time,
 * begin of daylight time and of standard time, as POSIX writes them in TZ; or "2026-03-08/02:00:00". */
void zone_text(const struct zone *z, struct buf *out);
bool zone_parse(struct str text, struct zone *out);

/* The bias at a moment (FILETIME, UTC); daylight, if not NULL: is it daylight time? */
int32_t zone_bias(const struct zone *z, int64_t utc, bool *daylight);
#endif
