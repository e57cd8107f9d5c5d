#include "parsers/evtx/bxvalue.h"
#include "base/near.h"
#include "base/utf.h"
#include "base/wintime.h"
#include <stdio.h>

/* How one type looks: its width (0: any) and its ASCII text. Strings have none: their bytes go through an
 * escaper. A put_fn writes at at, where there is room for a value of n bytes, and returns the end. */
typedef char *put_fn(char *at, const uint8_t *p, uint32_t n);
/* bare: JSON prints it without quotes */
struct bx_look {
    put_fn *put;
    uint8_t width, or_width;
    bool bare;
};

static char *put_hex_number(char *at, uint64_t v)
{
    unsigned n = (67 - (unsigned)__builtin_clzll(v | 1)) / 4; /* digits */
    v <<= 64 - 4 * n;
    memcpy(at, "0x", 2), at_hex_eight(at + 2, (uint32_t)(v >> 32), 'a'),
        at_hex_eight(at + 10, (uint32_t)v, 'a');
    return at + 2 + n;
}

static uint64_t le_n(const uint8_t *p, uint32_t n)
{
    return n == 1 ? p[0] : n == 2 ? le16(p) : n == 4 ? le32(p) : le64(p);
}
static int64_t le_sn(const uint8_t *p, uint32_t n)
{
    uint64_t v = le_n(p, n);
    return n == 1 ? (int8_t)v : n == 2 ? (int16_t)v : n == 4 ? (int32_t)v : (int64_t)v;
}

static char *put_unsigned(char *at, const uint8_t *p, uint32_t n) { return at_u64(at, le_n(p, n)); }
static char *put_signed(char *at, const uint8_t *p, uint32_t n) { return at_i64(at, le_sn(p, n)); }
static char *put_hex(char *at, const uint8_t *p, uint32_t n) { return put_hex_number(at, le_n(p, n)); }
static char *put_time(char *at, const uint8_t *p, uint32_t n)
{
    return (void)n, at_time(at, (int64_t)le64(p));
}
static char *put_bytes(char *at, const uint8_t *p, uint32_t n) { return at_hex(at, p, n); }

static char *put_bool(char *at, const uint8_t *p, uint32_t n)
{
    bool set = false; /* any byte: real logs hold 4-byte booleans that are neither 0 nor 1 */
    for (uint32_t i = 0; i < n; i++)
        set |= p[i] != 0;
    return at_text(at, set ? "true" : "false");
}

static double real_of(const uint8_t *p, uint32_t n)
{
    double d;
    float f;
    if (n == 4)
        return memcpy(&f, &(uint32_t){le32(p)}, 4), (double)f;
    return memcpy(&d, &(uint64_t){le64(p)}, 8), d;
}

static bool is_finite(double d) { return d - d == 0; }

static char *put_real(char *at, const uint8_t *p, uint32_t n)
{
    double d = real_of(p, n);
    if (is_finite(d))
        return at + snprintf(at, 32, n == 4 ? "%.9g" : "%.17g", d);
    return at_text(at, d != d ? "NaN" : d < 0 ? "-INF" : "INF");
}

static char *put_guid(char *at, const uint8_t *p, uint32_t n)
{
    (void)n; /* each piece covers what the one before wrote too much */
    *at = '{', at_hex_eight(at + 1, le32(p), 'A');
    at[9] = '-', at_hex_eight(at + 10, (uint32_t)le16(p + 4) << 16, 'A');
    at[14] = '-', at_hex_eight(at + 15, (uint32_t)le16(p + 6) << 16, 'A');
    at[19] = '-', at_hex_eight(at + 20, be32(p + 8), 'A');
    at[24] = '-', at_hex_eight(at + 25, be32(p + 10), 'A'), at_hex_eight(at + 29, be32(p + 12), 'A');
    at[37] = '}';
    return at + 38;
}

static char *put_systemtime(char *at, const uint8_t *p, uint32_t n)
{
    int64_t t;
    if (wintime_from_systemtime(p, &t))
        return at_time(at, t);
    return at_text(at_hex(at_text(at, "invalid(0x"), p, n), ")");
}

static char *put_sid(char *at, const uint8_t *p, uint32_t n)
{
    if (n < 8 || n - 8 < 4u * p[1])
        return at_hex(at, p, n);
    uint64_t authority = (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 | be32(p + 4);
    at = at_u64(at_text(at, "S-"), p[0]);
    *at++ = '-';
    /* twelve digits: MS-DTYP 2.4.2.1 */
    at = authority >> 32 ? at_hex(at_text(at, "0x"), p + 2, 6) : at_u64(at, authority);
    for (unsigned i = 0; i < p[1]; i++)
        *at++ = '-', at = near_u32(at, le32(p + 8 + 4 * i));
    return at;
}

/* Sources: MS-EVEN6 2.2.12.3 and 3.1.4.7.3; parsers/evtx/FORMAT-binxml.md "Values". */
static const struct bx_look looks[0x22] = {
    [BX_INT8] = {put_signed, 1, 1, true},    [BX_UINT8] = {put_unsigned, 1, 1, true},
    [BX_INT16] = {put_signed, 2, 2, true},   [BX_UINT16] = {put_unsigned, 2, 2, true},
    [BX_INT32] = {put_signed, 4, 4, true},   [BX_UINT32] = {put_unsigned, 4, 4, true},
    [BX_INT64] = {put_signed, 8, 8, true},   [BX_UINT64] = {put_unsigned, 8, 8, true},
    [BX_REAL32] = {put_real, 4, 4, true},    [BX_REAL64] = {put_real, 8, 8, true},
    [BX_BOOL] = {put_bool, 4, 1, true},      [BX_BINARY] = {put_bytes, 0, 0, false},
    [BX_GUID] = {put_guid, 16, 16, false},   [BX_SIZET] = {put_hex, 8, 4, false},
    [BX_FILETIME] = {put_time, 8, 8, false}, [BX_SYSTEMTIME] = {put_systemtime, 16, 16, false},
    [BX_SID] = {put_sid, 0, 0, false},       [BX_HEX32] = {put_hex, 4, 4, false},
    [BX_HEX64] = {put_hex, 8, 8, false},     [BX_HANDLE] = {put_hex, 8, 4, false},
};
static const struct bx_look bytes_look = {put_bytes, 0, 0, false};

/* The look of a value that is no string; bytes that do not fit the type's width are just bytes. */
static const struct bx_look *look_of(struct bx_val v)
{
    const struct bx_look *l = v.type < LEN(looks) && looks[v.type].put ? &looks[v.type] : &bytes_look;
    return l->width == 0 || v.n == l->width || v.n == l->or_width ? l : &bytes_look;
}

static void put_look(struct buf *out, const struct bx_look *l, struct bx_val v)
{
    if (buf_room(out, bx_json_room(v.n)))
        out->n = (size_t)(l->put(out->p + out->n, v.p, v.n) - out->p);
}

static size_t trim16(struct bx_val v)
{
    size_t n = v.n & ~1u;
    while (n && !(v.p[n - 1] | v.p[n - 2]))
        n -= 2;
    return n;
}

/* Latin-1 as UTF-16, four letters at once where there are four. */
static void widen(uint8_t *wide, const uint8_t *p, uint32_t n)
{
    for (; n >= 4; p += 4, n -= 4, wide += 8) {
        uint64_t w = le32(p);
        w = (w | w << 16) & 0x0000ffff0000ffff;
        w = (w | w << 8) & 0x00ff00ff00ff00ff;
        memcpy(wide, &w, sizeof w);
    }
    for (; n; p++, n--, wide += 2)
        wide[0] = *p, wide[1] = 0;
}

/* Code page strings: the log does not name the code page; ASCII is itself, the rest is read as Latin-1. */
static void put_ansi(struct buf *out, struct bx_val v, void put16(struct buf *, const uint8_t *, size_t))
{
    uint8_t wide[512];
    while (v.n && !v.p[v.n - 1])
        v.n--;
    while (v.n) {
        uint32_t n = v.n < sizeof wide / 2 ? v.n : (uint32_t)sizeof wide / 2;
        widen(wide, v.p, n);
        put16(out, wide, 2 * (size_t)n);
        v.p += n, v.n -= n;
    }
}

/* As JSON: ASCII needs no detour. */
static void json_ansi(struct buf *out, struct bx_val v)
{
    uint64_t high = 0;
    uint32_t i = 0;
    while (v.n && !v.p[v.n - 1])
        v.n--;
    for (; v.n - i >= 8; i += 8)
        high |= le64(v.p + i);
    for (; i < v.n; i++)
        high |= v.p[i];
    if (high & 0x8080808080808080)
        buf_char(out, '"'), put_ansi(out, v, buf_json16), buf_char(out, '"');
    else
        buf_json(out, (struct str){v.text, v.n});
}

static void put_text16(struct buf *out, const uint8_t *p, size_t n)
{
    if (buf_room(out, n / 2 * 3 + 1))
        out->n += utf16_to_utf8(out->p + out->n, p, n);
}

/* A string of either width through one of the 16-bit writers; false: v is no string. */
static bool put_string(struct buf *out, struct bx_val v, void put16(struct buf *, const uint8_t *, size_t))
{
    if (v.type == BX_STRING || v.type == BX_XMLTEXT)
        put16(out, v.p, trim16(v));
    else if (v.type == BX_ANSI)
        put_ansi(out, v, put16);
    else
        return false;
    return true;
}

void bx_json_hex(struct buf *out, uint64_t v)
{
    if (!buf_room(out, 20))
        return;
    char *at = out->p + out->n;
    *at = '"', at = put_hex_number(at + 1, v), *at++ = '"';
    out->n = (size_t)(at - out->p);
}

char *bx_json_at(char *at, struct bx_val v)
{
    bool wide = v.type == BX_STRING || v.type == BX_XMLTEXT;
    const struct bx_look *l = wide ? NULL : look_of(v);
    bool bare = l && l->bare && !(l->put == put_real && !is_finite(real_of(v.p, v.n)));
    if (!bare)
        *at++ = '"';
    at = wide ? at_json16(at, v.p, trim16(v)) : l->put(at, v.p, v.n);
    if (!bare)
        *at++ = '"';
    return at;
}

void bx_json(struct buf *out, struct bx_val v)
{
    if (v.type == BXV_LITERAL)
        buf_str(out, v.literal->json);
    else if (v.type == BXV_TEXT)
        buf_json(out, (struct str){v.text, v.n});
    else if (!bx_of_file(v) || !v.n || !v.type)
        buf_put(out, "\"\"", 2);
    else if (v.type == BX_ANSI)
        json_ansi(out, v);
    else if (buf_room(out, bx_json_room(v.n)))
        out->n = (size_t)(bx_json_at(out->p + out->n, v) - out->p);
}

void bx_xml(struct buf *out, struct bx_val v)
{
    if (v.type == BXV_LITERAL)
        buf_str(out, v.literal->xml);
    else if (v.type == BXV_TEXT)
        buf_xml(out, (struct str){v.text, v.n});
    else if (bx_of_file(v) && v.n && v.type && !put_string(out, v, buf_xml16)) {
        const struct bx_look *l = look_of(v);
        size_t from = out->n;
        put_look(out, l, v);
        /* Windows writes bytes in upper case */
        for (size_t i = from; l->put == put_bytes && i < out->n; i++)
            out->p[i] = (char)(out->p[i] >= 'a' ? out->p[i] - 32 : out->p[i]);
    }
}

void bx_text(struct buf *out, struct bx_val v)
{
    struct bx_val one, rest = v;
    if (v.type == BXV_LITERAL)
        buf_str(out, v.literal->text);
    else if (v.type == BXV_TEXT)
        buf_put(out, v.text, v.n);
    else if (bx_of_file(v))
        for (bool first = true; bx_each(&rest, &one); first = false) {
            if (!first)
                buf_put(out, ", ", 2);
            if (one.n && one.type && !put_string(out, one, put_text16))
                put_look(out, look_of(one), one);
        }
}

/* Bytes of the first item of an array of that type. */
static uint32_t item_bytes(uint32_t type, const uint8_t *p, uint32_t n)
{
    uint32_t unit = type == BX_STRING ? 2 : 1, at = 0;
    if (type == BX_STRING || type == BX_ANSI) {
        while (at + unit <= n && (p[at] | p[at + unit - 1]))
            at += unit;
        return at + unit <= n ? at + unit : n; /* with its NUL; the last one may lack it */
    }
    if (type == BX_SID)
        return n >= 8 && 8 + 4u * p[1] <= n ? 8 + 4u * p[1] : n;
    uint32_t width = type < LEN(looks) ? looks[type].width : 0;
    return width && width < n ? width : n;
}

bool bx_each_item(struct bx_val *rest, struct bx_val *one)
{
    *one = *rest;
    if (rest->n == 0)
        return false;
    if (rest->type == (BX_SIZET | BX_ARRAY) && rest->n % 8)
        rest->type = BX_HEX32 | BX_ARRAY; /* sizes of a 32-bit machine: they look the same */
    one->type = rest->type & 0x7f;
    one->n = item_bytes(one->type, rest->p, rest->n);
    rest->p += one->n, rest->n -= one->n;
    if (rest->n == 0)
        rest->type = BXV_ABSENT;
    return true;
}

size_t bx_count(struct bx_val v)
{
    size_t n = 0;
    for (struct bx_val one; bx_each(&v, &one);)
        n++;
    return n;
}

/* The value as ASCII if it is a short string. */
static bool short_text(struct bx_val v, char out[64], struct str *s)
{
    *s = (struct str){out, 0};
    if (v.type == BXV_LITERAL)
        *s = v.literal->text;
    else if (v.type == BXV_TEXT)
        *s = (struct str){v.text, v.n};
    else if (v.type == BX_STRING && v.n <= 128) {
        for (size_t i = 0, n = trim16(v); i < n; i += 2) {
            if (v.p[i + 1] || v.p[i] >= 0x80)
                return false;
            out[s->n++] = (char)v.p[i];
        }
    } else {
        return false;
    }
    return true;
}

bool bx_any_int(struct bx_val v, int64_t *out)
{
    if (v.type < LEN(looks)) {
        const struct bx_look *l = look_of(v);
        if (l->put == put_signed)
            return *out = le_sn(v.p, v.n), true;
        if (l->put == put_unsigned || l->put == put_hex)
            return *out = (int64_t)le_n(v.p, v.n), true;
        if (l->put == put_bool)
            return *out = (v.n == 4 ? le32(v.p) : v.p[0]) != 0, true;
    }
    char text[64];
    struct str s;
    return short_text(v, text, &s) && str_i64(str_trim(s), out);
}

bool bx_any_time(struct bx_val v, int64_t *out)
{
    if (v.type == BX_SYSTEMTIME && v.n == 16)
        return wintime_from_systemtime(v.p, out);
    char text[64];
    struct str s;
    return short_text(v, text, &s) && wintime_parse(str_trim(s), out);
}
