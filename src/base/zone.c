#include "base/zone.h"
#include "base/span.h"
#include "base/wintime.h"

enum { BIAS_MOST = 24 * 60 };

/* A moment without a year stands in every year. */
static bool when_ok(const struct zone_when *w)
{
    if (!w->month)
        return true;
    bool day = w->year ? w->week >= 1 && w->week <= 31 : w->week >= 1 && w->week <= 5;
    return day && w->month <= 12 && w->weekday <= 6 && w->hour <= 23 && w->minute <= 59 && w->second <= 59
           && (!w->year || (w->year >= 1601 && w->year <= 9999));
}

bool zone_when_read(const uint8_t *p, size_t n, struct zone_when *out)
{
    *out = (struct zone_when){0};
    if (n != 16)
        return false;
    for (unsigned i = 2; i < 16; i += 2)
        if (i != 12 && le16(p + i) > UINT8_MAX) /* milliseconds are of no use here */
            return false;
    if (!le16(p + 2))
        return true;
    *out = (struct zone_when){le16(p),
                              (uint8_t)le16(p + 2),
                              (uint8_t)le16(p + 4),
                              (uint8_t)le16(p + 14),
                              (uint8_t)le16(p + 6),
                              (uint8_t)le16(p + 8),
                              (uint8_t)le16(p + 10)};
    return when_ok(out);
}

/* --- as text */

static void when_text(const struct zone_when *w, struct buf *out)
{
    if (w->year)
        buf_printf(out, " %04u-%02u-%02u", (unsigned)w->year, (unsigned)w->month, (unsigned)w->week);
    else
        buf_printf(out, " M%u.%u.%u", (unsigned)w->month, (unsigned)w->week, (unsigned)w->weekday);
    buf_printf(out, "/%02u:%02u:%02u", (unsigned)w->hour, (unsigned)w->minute, (unsigned)w->second);
}

void zone_text(const struct zone *z, struct buf *out)
{
    buf_printf(out, "%d", (int)z->standard);
    if (!z->to_daylight.month)
        return;
    buf_printf(out, " %d", (int)z->daylight);
    when_text(&z->to_daylight, out), when_text(&z->to_standard, out);
}

static bool number_within(struct str s, int64_t least, int64_t most, int64_t *out)
{
    return str_i64(s, out) && *out >= least && *out <= most;
}

static bool when_parse(struct str s, struct zone_when *out)
{
    struct str clock = s, date = str_cut(&clock, '/');
    bool every = date.n && date.p[0] == 'M';
    char by = every ? '.' : '-';
    int64_t a, b, c, h, m, sec;
    if (every)
        date.p++, date.n--;
    struct str part[6];
    for (unsigned i = 0; i < 3; i++)
        part[i] = str_cut(&date, by);
    for (unsigned i = 3; i < 6; i++)
        part[i] = str_cut(&clock, ':');
    if (date.n || clock.n || !number_within(part[0], 1, 9999, &a) || !number_within(part[1], 1, 31, &b)
        || !number_within(part[2], 0, 31, &c) || !number_within(part[3], 0, 23, &h)
        || !number_within(part[4], 0, 59, &m) || !number_within(part[5], 0, 59, &sec) || (every && a > 12))
        return false;
    *out = (struct zone_when){.year = every ? 0 : (uint16_t)a,
                              .month = (uint8_t)(every ? a : b),
                              .week = (uint8_t)(every ? b : c),
                              .weekday = (uint8_t)(every ? c : 0),
                              .hour = (uint8_t)h,
                              .minute = (uint8_t)m,
                              .second = (uint8_t)sec};
    return when_ok(out);
}

bool zone_parse(struct str text, struct zone *out)
{
    struct str rest = text, standard = str_cut(&rest, ' '), daylight = str_cut(&rest, ' '),
               first = str_cut(&rest, ' ');
    int64_t s, d = 0;
    *out = (struct zone){0};
    if (!number_within(standard, -BIAS_MOST, BIAS_MOST, &s))
        return false;
    out->standard = out->daylight = (int32_t)s;
    if (!daylight.n)
        return !first.n && !rest.n;
    if (!number_within(daylight, -BIAS_MOST, BIAS_MOST, &d) || !when_parse(first, &out->to_daylight)
        || !when_parse(rest, &out->to_standard))
        return false;
    out->daylight = (int32_t)d;
    return true;
}

/* --- at a moment */

/* Local time of a change in a year; false: clocks do not change so in that year. */
static bool change_in(const struct zone_when *w, int64_t year, int64_t *local)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (!w->month || (w->year && w->year != year))
        return false;
    int64_t first = wintime_of_date(year, w->month, 1), day = 86400 * WINTIME_SECOND,
            month = days[w->month - 1];
    month += w->month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0);
    int64_t at = w->week;
    if (!w->year) {
        int64_t weekday = (first / day + 1) % 7; /* 1601-01-01 was a Monday */
        at = 1 + (w->weekday - weekday + 7) % 7 + 7 * (w->week - 1);
        while (at > month)
            at -= 7;
    } else if (at > month) {
        return false;
    }
    *local = first + (at - 1) * day + (w->hour * 3600 + w->minute * 60 + w->second) * WINTIME_SECOND;
    return true;
}

int32_t zone_bias(const struct zone *z, int64_t utc, bool *daylight)
{
    const int64_t minute = 60 * WINTIME_SECOND;
    int64_t year = wintime_year(utc - z->standard * minute), begin, end;
    bool on = change_in(&z->to_daylight, year, &begin) && change_in(&z->to_standard, year, &end);
    if (on) {
        begin += z->standard * minute, end += z->daylight * minute;
        on = begin < end ? utc >= begin && utc < end : !(utc >= end && utc < begin);
    }
    if (daylight)
        *daylight = on;
    return on ? z->daylight : z->standard;
}
