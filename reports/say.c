#include "reports/say.h"
#include "base/utf.h"
#include "base/wintime.h"
#include <stdio.h>

static void say_text(struct buf *b, const struct voice *v, struct str s)
{
    size_t n = v->max && s.n > v->max ? v->max : s.n;
    while (n < s.n && n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    v->text(b, (struct str){s.p, n});
    if (n < s.n)
        buf_printf(b, "\xe2\x80\xa6 (%zu bytes more)", s.n - n);
}

static void say_grouped(struct buf *b, int64_t v)
{
    char digit[24];
    int n = snprintf(digit, sizeof digit, "%lld", (long long)v);
    for (int i = 0; i < n; i++) {
        buf_char(b, digit[i]);
        if (digit[i] != '-' && (n - i - 1) % 3 == 0 && i < n - 1)
            buf_char(b, ',');
    }
}

void vsay(struct buf *b, const struct voice *v, const char *fmt, va_list ap)
{
    int64_t i = 0;
    for (const char *p = fmt; *p; p++) {
        if (*p != '%') {
            buf_char(b, v->json && *p == '\'' ? '"' : *p);
            continue;
        }
        struct str s;
        switch (*++p) {
        case 's':
            s = va_arg(ap, struct str);
            if (s.p)
                say_text(b, v, s);
            else
                buf_z(b, v->none);
            break;
        case 'z': buf_z(b, va_arg(ap, const char *)); break;
        case '%': buf_char(b, '%'); break;
        case '+': buf_z(b, i == 1 ? "" : "s"); break;
        default:
            i = va_arg(ap, int64_t);
            if (i == NONE)
                buf_z(b, v->none);
            else if (*p == 't')
                v->time(b, i);
            else if (*p == 'x')
                buf_printf(b, "0x%08X", (unsigned)(uint32_t)i);
            else if (*p == 'n' && !v->json)
                say_grouped(b, i);
            else
                buf_i64(b, i);
        }
    }
}

void say(struct buf *b, const struct voice *v, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsay(b, v, fmt, ap);
    va_end(ap);
}

struct str base_name(struct str path)
{
    for (size_t i = path.n; i-- > 0;)
        if (path.p[i] == '/' || path.p[i] == '\\')
            return (struct str){path.p + i + 1, path.n - i - 1};
    return path;
}

static void time_part(struct buf *b, int64_t t, size_t n)
{
    char text[WINTIME_TEXT];
    wintime_text(t, text);
    if (text[0] != 'i' && strlen(text) > n)
        text[n] = 0, text[10] = n > 10 ? ' ' : 0;
    buf_z(b, text);
}

void time_short(struct buf *b, int64_t t) { time_part(b, t, 19); }
void time_axis(struct buf *b, int64_t t, int64_t step)
{
    const int64_t minute = 60 * WINTIME_SECOND, day = 1440 * minute;
    struct buf whole = {0};
    time_part(&whole, t, 19);
    size_t from = step >= day ? 0 : step >= minute ? 5 : 11, to = step >= day ? 10 : step >= minute ? 16 : 19;
    if (whole.n == 19)
        buf_put(b, whole.p + from, to - from);
    b->bad |= whole.bad;
    buf_free(&whole);
}

void time_local(struct buf *b, int64_t t, const struct zone *z)
{
    if (!wintime_sane(t))
        return;
    int64_t bias = zone_bias(z, t, NULL), east = bias < 0 ? -bias : bias;
    time_short(b, t - bias * 60 * WINTIME_SECOND);
    buf_printf(b, " %c%02d:%02d", bias > 0 ? '-' : '+', (int)(east / 60), (int)(east % 60));
}
