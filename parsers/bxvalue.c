#include "bxvalue.h"
#include "../src/base/utf.h"
#include "../src/base/wintime.h"

/* How one type looks: its width (0: any) and its ASCII text. Strings have none: their bytes go through an escaper. */
typedef void put_fn(struct buf *out, const uint8_t *p, uint32_t n);
struct bx_look { put_fn *put; uint8_t width, or_width; bool bare; };    /* bare: JSON prints it without quotes */

static void put_hex_number(struct buf *out, uint64_t v)
{
    static const char digit[] = "0123456789abcdef";
    char text[18];
    size_t at = sizeof text;
    do
        text[--at] = digit[v & 15];
    while (v >>= 4);
    text[--at] = 'x', text[--at] = '0';
    buf_put(out, text + at, sizeof text - at);
}

static uint64_t le_n(const uint8_t *p, uint32_t n) { return n == 1 ? p[0] : n == 2 ? le16(p) : n == 4 ? le32(p) : le64(p); }
static int64_t le_sn(const uint8_t *p, uint32_t n)
{
    uint64_t v = le_n(p, n);
    return n == 1 ? (int8_t)v : n == 2 ? (int16_t)v : n == 4 ? (int32_t)v : (int64_t)v;
}

static void put_unsigned(struct buf *out, const uint8_t *p, uint32_t n) { buf_u64(out, le_n(p, n)); }
static void put_signed(struct buf *out, const uint8_t *p, uint32_t n) { buf_i64(out, le_sn(p, n)); }
static void put_hex(struct buf *out, const uint8_t *p, uint32_t n) { put_hex_number(out, le_n(p, n)); }
static void put_time(struct buf *out, const uint8_t *p, uint32_t n) { (void)n, buf_time(out, (int64_t)le64(p)); }
static void put_bytes(struct buf *out, const uint8_t *p, uint32_t n) { buf_hex(out, p, n); }

static void put_bool(struct buf *out, const uint8_t *p, uint32_t n)
{
    bool set = false;       /* any byte: real logs hold 4-byte booleans that are neither 0 nor 1 */
    for (uint32_t i = 0; i < n; i++)
        set |= p[i] != 0;
    buf_z(out, set ? "true" : "false");
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

static void put_real(struct buf *out, const uint8_t *p, uint32_t n)
{
    double d = real_of(p, n);
    if (is_finite(d))
        buf_printf(out, n == 4 ? "%.9g" : "%.17g", d);
    else
        buf_z(out, d != d ? "NaN" : d < 0 ? "-INF" : "INF");
}

static void put_guid(struct buf *out, const uint8_t *p, uint32_t n)
{
    static const char digit[] = "0123456789ABCDEF";
    static const uint8_t place[16] = {7, 5, 3, 1, 12, 10, 17, 15, 20, 22, 25, 27, 29, 31, 33, 35};     /* of each byte in the text */
    (void)n;
    if (!buf_room(out, 38))
        return;
    char *at = out->p + out->n;
    memcpy(at, "{        -    -    -    -            }", 38);
    for (size_t i = 0; i < sizeof place; i++)
        at[place[i]] = digit[p[i] >> 4], at[place[i] + 1] = digit[p[i] & 15];
    out->n += 38;
}

static void put_systemtime(struct buf *out, const uint8_t *p, uint32_t n)
{
    int64_t t;
    if (wintime_from_systemtime(p, &t))
        buf_time(out, t);
    else
        buf_z(out, "invalid(0x"), buf_hex(out, p, n), buf_char(out, ')');
}

static void put_sid(struct buf *out, const uint8_t *p, uint32_t n)
{
    if (n < 8 || n - 8 < 4u * p[1]) {
        buf_hex(out, p, n);
        return;
    }
    uint64_t authority = (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 | (uint64_t)p[6] << 8 | p[7];
    buf_put(out, "S-", 2), buf_u64(out, p[0]), buf_char(out, '-');
    if (authority >> 32)
        put_hex_number(out, authority);
    else
        buf_u64(out, authority);
    for (unsigned i = 0; i < p[1]; i++)
        buf_char(out, '-'), buf_u64(out, le32(p + 8 + 4 * i));
}

/* Sources: MS-EVEN6 2.2.12.3 and 3.1.4.7.3; parsers/FORMAT-binxml.md "Values". */
static const struct bx_look looks[0x22] = {
    [BX_INT8] = {put_signed, 1, 1, true},      [BX_UINT8] = {put_unsigned, 1, 1, true},   [BX_INT16] = {put_signed, 2, 2, true},
    [BX_UINT16] = {put_unsigned, 2, 2, true},  [BX_INT32] = {put_signed, 4, 4, true},     [BX_UINT32] = {put_unsigned, 4, 4, true},
    [BX_INT64] = {put_signed, 8, 8, true},     [BX_UINT64] = {put_unsigned, 8, 8, true},  [BX_REAL32] = {put_real, 4, 4, true},
    [BX_REAL64] = {put_real, 8, 8, true},      [BX_BOOL] = {put_bool, 4, 1, true},        [BX_BINARY] = {put_bytes, 0, 0, false},
    [BX_GUID] = {put_guid, 16, 16, false},   [BX_SIZET] = {put_hex, 8, 4, false},       [BX_FILETIME] = {put_time, 8, 8, false},
    [BX_SYSTEMTIME] = {put_systemtime, 16, 16, false}, [BX_SID] = {put_sid, 0, 0, false}, [BX_HEX32] = {put_hex, 4, 4, false},
    [BX_HEX64] = {put_hex, 8, 8, false},       [BX_HANDLE] = {put_hex, 8, 4, false},
};
static const struct bx_look bytes_look = {put_bytes, 0, 0, false};

/* The look of a value that is no string; bytes that do not fit the type's width are just bytes. */
static const struct bx_look *look_of(struct bx_val v)
{
    const struct bx_look *l = v.type < LEN(looks) && looks[v.type].put ? &looks[v.type] : &bytes_look;
    return l->width == 0 || v.n == l->width || v.n == l->or_width ? l : &bytes_look;
}

static size_t trim16(struct bx_val v)
{
    size_t n = v.n & ~1u;
    while (n && !(v.p[n - 1] | v.p[n - 2]))
        n -= 2;
    return n;
}

/* Code page strings: the log does not name the code page; ASCII is itself, the rest is read as Latin-1. */
static void put_ansi(struct buf *out, struct bx_val v, void put16(struct buf *, const uint8_t *, size_t))
{
    uint8_t wide[512];
    while (v.n && !v.p[v.n - 1])
        v.n--;
    while (v.n) {
        uint32_t n = v.n < sizeof wide / 2 ? v.n : (uint32_t)sizeof wide / 2;
        for (uint32_t i = 0; i < n; i++)
            wide[2 * i] = v.p[i], wide[2 * i + 1] = 0;
        put16(out, wide, 2 * (size_t)n);
        v.p += n, v.n -= n;
    }
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

static bool is_string(struct bx_val v) { return v.type == BX_STRING || v.type == BX_XMLTEXT || v.type == BX_ANSI; }

void bx_json_hex(struct buf *out, uint64_t v) { buf_char(out, '"'), put_hex_number(out, v), buf_char(out, '"'); }

void bx_json(struct buf *out, struct bx_val v)
{
    if (v.kind == BXV_LITERAL) {
        buf_str(out, v.literal->json);
        return;
    }
    if (v.kind == BXV_TEXT) {
        buf_json(out, (struct str){v.text, v.n});
        return;
    }
    bool some = v.kind == BXV_FILE && v.n && v.type;
    if (!some || is_string(v)) {
        buf_char(out, '"');
        if (some)
            put_string(out, v, buf_json16);
        buf_char(out, '"');
        return;
    }
    const struct bx_look *l = look_of(v);
    bool bare = l->bare && !(l->put == put_real && !is_finite(real_of(v.p, v.n)));
    if (!bare)
        buf_char(out, '"');
    l->put(out, v.p, v.n);
    if (!bare)
        buf_char(out, '"');
}

void bx_xml(struct buf *out, struct bx_val v)
{
    if (v.kind == BXV_LITERAL)
        buf_str(out, v.literal->xml);
    else if (v.kind == BXV_TEXT)
        buf_xml(out, (struct str){v.text, v.n});
    else if (v.kind == BXV_FILE && v.n && v.type && !put_string(out, v, buf_xml16)) {
        const struct bx_look *l = look_of(v);
        size_t from = out->n;
        l->put(out, v.p, v.n);
        for (size_t i = from; l->put == put_bytes && i < out->n; i++)       /* Windows writes bytes in upper case */
            out->p[i] = (char)(out->p[i] >= 'a' ? out->p[i] - 32 : out->p[i]);
    }
}

void bx_text(struct buf *out, struct bx_val v)
{
    struct bx_val one, rest = v;
    if (v.kind == BXV_LITERAL)
        buf_str(out, v.literal->text);
    else if (v.kind == BXV_TEXT)
        buf_put(out, v.text, v.n);
    else if (v.kind == BXV_FILE)
        for (bool first = true; bx_each(&rest, &one); first = false) {
            if (!first)
                buf_put(out, ", ", 2);
            if (one.n && one.type && !put_string(out, one, put_text16))
                look_of(one)->put(out, one.p, one.n);
        }
}

/* Bytes of the first item of an array of that type. */
static uint32_t item_bytes(uint8_t type, const uint8_t *p, uint32_t n)
{
    uint32_t unit = type == BX_STRING ? 2 : 1, at = 0;
    if (type == BX_STRING || type == BX_ANSI) {
        while (at + unit <= n && (p[at] | p[at + unit - 1]))
            at += unit;
        return at + unit <= n ? at + unit : n;      /* with its NUL; the last one may lack it */
    }
    if (type == BX_SID)
        return n >= 8 && 8 + 4u * p[1] <= n ? 8 + 4u * p[1] : n;
    uint32_t width = type < LEN(looks) ? looks[type].width : 0;
    return width && width < n ? width : n;
}

bool bx_each(struct bx_val *rest, struct bx_val *one)
{
    if (rest->kind == BXV_ABSENT)
        return false;
    *one = *rest;
    if (!bx_is_array(*rest)) {
        rest->kind = BXV_ABSENT;
        return true;
    }
    if (rest->n == 0)
        return false;
    if (rest->type == (BX_SIZET | BX_ARRAY) && rest->n % 8)
        rest->type = BX_HEX32 | BX_ARRAY;           /* sizes of a 32-bit machine: they look the same */
    one->type = rest->type & 0x7f;
    one->n = item_bytes(one->type, rest->p, rest->n);
    rest->p += one->n, rest->n -= one->n;
    if (rest->n == 0)
        rest->kind = BXV_ABSENT;
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
    if (v.kind == BXV_LITERAL)
        *s = v.literal->text;
    else if (v.kind == BXV_TEXT)
        *s = (struct str){v.text, v.n};
    else if (v.kind == BXV_FILE && v.type == BX_STRING && v.n <= 128) {
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
    if (v.kind == BXV_FILE && v.type < LEN(looks)) {
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
    if (v.kind == BXV_FILE && v.type == BX_SYSTEMTIME && v.n == 16)
        return wintime_from_systemtime(v.p, out);
    char text[64];
    struct str s;
    return short_text(v, text, &s) && wintime_parse(str_trim(s), out);
}
