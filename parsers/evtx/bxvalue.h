/* bxvalue: one value of binary XML as it lies in the chunk (type and bytes), and every way to show it: JSON,
 * XML, text, integer, time. Bytes are borrowed from the chunk or an arena. It refuses nothing: bytes that do
 * not fit their type are shown as hexadecimal, so nothing of the evidence is lost or made up. */
#ifndef BXVALUE_H
#define BXVALUE_H
#include "base/buf.h"
#include "base/span.h"
#include "base/str.h"

enum bx_type {
    BX_NULL,
    BX_STRING,
    BX_ANSI,
    BX_INT8,
    BX_UINT8,
    BX_INT16,
    BX_UINT16,
    BX_INT32,
    BX_UINT32,
    BX_INT64,
    BX_UINT64,
    BX_REAL32,
    BX_REAL64,
    BX_BOOL,
    BX_BINARY,
    BX_GUID,
    BX_SIZET,
    BX_FILETIME,
    BX_SYSTEMTIME,
    BX_SID,
    BX_HEX32,
    BX_HEX64,
    BX_HANDLE = 0x20,
    BX_XML = 0x21,
    BX_XMLTEXT = 0x23,
    BX_ARRAY = 0x80
};

/* What is no value of the file has a type beyond its byte: nothing at all, text of ours, and text whose
 * escaped forms were made once. */
enum bx_own_type { BXV_ABSENT = 0x100, BXV_TEXT, BXV_LITERAL };
struct bx_literal {
    struct str text, json, xml;
};
struct bx_val {
    union {
        const uint8_t *p;
        const char *text;
        const struct bx_literal *literal;
    };
    /* of one width, so that a value travels in two registers without being taken apart */
    uint32_t n, type;
};

static inline struct bx_val bx_text_val(struct str s)
{
    return (struct bx_val){.text = s.p, .n = (uint32_t)s.n, .type = BXV_TEXT};
}
static inline struct bx_val bx_null_val(void) { return (struct bx_val){.type = BX_NULL}; }
static inline struct bx_val bx_absent_val(void) { return (struct bx_val){.type = BXV_ABSENT}; }
static inline bool bx_is_absent(struct bx_val v) { return v.type == BXV_ABSENT; }
static inline bool bx_of_file(struct bx_val v) { return v.type < BXV_ABSENT; }
/* Nothing to substitute: drops its element when the substitution is optional. */
static inline bool bx_is_null(struct bx_val v) { return v.type == BX_NULL || (v.type == BX_XML && v.n == 0); }
static inline bool bx_is_array(struct bx_val v) { return v.type & BX_ARRAY; }
static inline bool bx_is_xml(struct bx_val v) { return v.type == BX_XML; }

/* one scalar, with quotes where JSON wants them; null is "" */
void bx_json(struct buf *out, struct bx_val v);
/* The same of a value of the file, neither ANSI nor empty, to at, which has room for bx_json_room bytes.
 * Returns the end. */
char *bx_json_at(char *at, struct bx_val v);
static inline size_t bx_json_room(uint32_t n) { return 3 * (size_t)n + 64; } /* \u0000 for each two */
void bx_json_hex(struct buf *out, uint64_t v);  /* "0x8020000000000000", as a HexInt64 is shown */
void bx_xml(struct buf *out, struct bx_val v);  /* one scalar, escaped */
void bx_text(struct buf *out, struct bx_val v); /* one scalar as plain UTF-8; arrays joined by ", " */
bool bx_each_item(struct bx_val *rest, struct bx_val *one);
size_t bx_count(struct bx_val v); /* how often bx_each answers true */
bool bx_any_int(struct bx_val v, int64_t *out);
bool bx_any_time(struct bx_val v, int64_t *out);

/* The next item of an array; of a scalar, the scalar once. Start with *rest = v. Most values are scalars: no
 * call for them. */
static inline bool bx_each(struct bx_val *rest, struct bx_val *one)
{
    if (bx_is_array(*rest))
        return bx_each_item(rest, one);
    *one = *rest, rest->type = BXV_ABSENT;
    return !bx_is_absent(*one);
}

/* Any integer type, boolean, or decimal/0x text. The types every record has come first, without a call. */
static inline bool bx_int(struct bx_val v, int64_t *out)
{
    if (v.type == BX_UINT16 && v.n == 2)
        return *out = le16(v.p), true;
    if ((v.type == BX_UINT64 || v.type == BX_HEX64) && v.n == 8)
        return *out = (int64_t)le64(v.p), true;
    if (v.type == BX_UINT8 && v.n == 1)
        return *out = v.p[0], true;
    if (v.type == BX_UINT32 && v.n == 4)
        return *out = le32(v.p), true;
    return bx_any_int(v, out);
}

/* FILETIME, SYSTEMTIME or RFC 3339 text. */
static inline bool bx_time(struct bx_val v, int64_t *out)
{
    if (v.type == BX_FILETIME && v.n == 8)
        return *out = (int64_t)le64(v.p), true;
    return bx_any_time(v, out);
}
#endif
