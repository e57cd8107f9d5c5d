#include "base/wintime.h"
#include "base/span.h"
#include <stdio.h>
#include <string.h>

/* Days since 1601-01-01 to a civil date and back (proleptic Gregorian; 400-year eras of 146,097 days). */
static int64_t days_from_civil(int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    unsigned yoe = (unsigned)(y - era * 400), doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    return era * 146097 + (int64_t)(yoe * 365 + yoe / 4 - yoe / 100 + doy) - 584694;
}

static void civil_from_days(int64_t z, int64_t *y, unsigned *m, unsigned *d)
{
    z += 584694;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned doe = (unsigned)(z - era * 146097), yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    *d = doy - (153 * mp + 2) / 5 + 1, *m = mp < 10 ? mp + 3 : mp - 9,
    *y = (int64_t)yoe + era * 400 + (*m <= 2);
}

/* snprintf is ten times slower, and every record has a time. */
static void put_two(char *at, uint64_t v) { memcpy(at, digits_two + 2 * v, 2); }

static void put_second(char *out, int64_t second)
{
    static int64_t last = -1;
    static uint64_t y;
    static unsigned m, d;
    int64_t day = second / 86400;
    uint32_t s = (uint32_t)(second % 86400);
    if (day != last) {
        int64_t year;
        civil_from_days(day, &year, &m, &d), y = (uint64_t)year, last = day;
    }
    memcpy(out, "0000-00-00T00:00:00.0000000Z", 28);
    put_two(out, y / 100), put_two(out + 2, y % 100), put_two(out + 5, m), put_two(out + 8, d);
    put_two(out + 11, s / 3600), put_two(out + 14, s / 60 % 60), put_two(out + 17, s % 60);
}

char *at_time(char *out, int64_t t)
{
    static int64_t last = -1; /* records of a log come many a second */
    static char text[28];
    if (t < 0 || t >= 2650467744000000000LL) { /* year 10000 */
        return out + snprintf(out, WINTIME_TEXT, "invalid(0x%016llx)", (unsigned long long)t);
    }
    int64_t second = (int64_t)((uint64_t)t / WINTIME_SECOND);
    uint32_t sub = (uint32_t)(t - second * WINTIME_SECOND);
    if (second != last)
        put_second(text, second), last = second;
    memcpy(out, text, sizeof text);
    put_two(out + 20, sub / 100000), put_two(out + 22, sub / 1000 % 100), put_two(out + 24, sub / 10 % 100),
        out[26] = (char)('0' + sub % 10);
    return out + 28;
}

char *wintime_text(int64_t t, char out[WINTIME_TEXT])
{
    *at_time(out, t) = 0;
    return out;
}

void buf_time(struct buf *b, int64_t t)
{
    if (buf_room(b, WINTIME_TEXT))
        b->n = (size_t)(at_time(b->p + b->n, t) - b->p);
}

static bool digits(struct str *s, unsigned n, unsigned *out)
{
    if (s->n < n)
        return false;
    *out = 0;
    for (unsigned i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        *out = *out * 10 + (unsigned)(s->p[i] - '0');
    }
    s->p += n, s->n -= n;
    return true;
}

static bool eat(struct str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    s->p++, s->n--;
    return true;
}

static bool date_ok(unsigned y, unsigned m, unsigned d)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return y >= 1601 && m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1] + (unsigned)(m == 2 && leap);
}

bool wintime_parse(struct str s, int64_t *out)
{
    unsigned y, mo, d, h = 0, mi = 0, se = 0, oh = 0, om = 0;
    int64_t frac = 0, sign = 0;
    if (!digits(&s, 4, &y) || !eat(&s, '-') || !digits(&s, 2, &mo) || !eat(&s, '-') || !digits(&s, 2, &d)
        || !date_ok(y, mo, d))
        return false;
    if (s.n) {
        if (!(eat(&s, 'T') || eat(&s, 't') || eat(&s, ' ')) || !digits(&s, 2, &h) || !eat(&s, ':')
            || !digits(&s, 2, &mi))
            return false;
        if (eat(&s, ':') && !digits(&s, 2, &se))
            return false;
        if (eat(&s, '.')) {
            int64_t unit = WINTIME_SECOND / 10;
            unsigned one;
            if (!digits(&s, 1, &one))
                return false;
            do
                frac += one * unit, unit /= 10;
            while (digits(&s, 1, &one));
        }
        if (!eat(&s, 'Z') && !eat(&s, 'z')) {
            sign = eat(&s, '+') ? 1 : eat(&s, '-') ? -1 : 0;
            if (!sign || !digits(&s, 2, &oh) || !eat(&s, ':') || !digits(&s, 2, &om))
                return false;
        }
    }
    if (s.n || h > 23 || mi > 59 || se > 60 || oh > 23 || om > 59)
        return false;
    *out = (days_from_civil(y, mo, d) * 86400 + (int64_t)(h * 3600 + mi * 60 + se)
            - sign * (int64_t)(oh * 3600 + om * 60))
               * WINTIME_SECOND
           + frac;
    return true;
}

int64_t wintime_of_date(int64_t year, unsigned month, unsigned day)
{
    return days_from_civil(year, month, day) * 86400 * WINTIME_SECOND;
}

int64_t wintime_year(int64_t t)
{
    const int64_t day = 86400 * WINTIME_SECOND;
    int64_t y;
    unsigned m, d;
    civil_from_days(t / day - (t % day < 0), &y, &m, &d);
    return y;
}

bool wintime_from_systemtime(const uint8_t p[16], int64_t *out)
{
    unsigned y = le16(p), mo = le16(p + 2), d = le16(p + 6), h = le16(p + 8), mi = le16(p + 10),
             s = le16(p + 12), ms = le16(p + 14);
    if (!date_ok(y, mo, d) || y > 9999 || h > 23 || mi > 59 || s > 59 || ms > 999)
        return false;
    *out = (days_from_civil(y, mo, d) * 86400 + (int64_t)(h * 3600 + mi * 60 + s)) * WINTIME_SECOND
           + (int64_t)ms * 10000;
    return true;
}
