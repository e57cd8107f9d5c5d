/* buf: bytes that grow, and the only ways a string reaches an output format.
 * The caller owns it and calls buf_free(). A failed growth is sticky: .bad, and everything after it is
 * dropped; check once. Every escaper takes evidence text (UTF-8, maybe with lone surrogates or controls) and
 * refuses nothing: it shows what it cannot print. */
#ifndef BUF_H
#define BUF_H
#include "base/attr.h"
#include "base/span.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

/* Where a long text goes meanwhile. False: it went wrong. */
struct buf_to {
    bool (*put)(void *ctx, struct str part);
    void *ctx;
};
struct buf {
    char *p;
    size_t n, cap;
    bool bad, lent;          /* lent: p is another's, and stays so; what does not fit there moves out */
    const struct buf_to *to; /* NULL: all of it stays */
};

void buf_free(struct buf *b);
bool buf_grow(struct buf *b, size_t more);
static inline bool buf_room(struct buf *b, size_t more) /* false and .bad when memory is short */
{
    return !b->bad && more <= b->cap - b->n ? true : buf_grow(b, more);
}
static inline void buf_put(struct buf *b, const void *p, size_t n)
{
    if (n && buf_room(b, n))
        memcpy(b->p + b->n, p, n), b->n += n;
}
/* For a writer that does not look back: what is there may go on to where the text goes. */
void buf_pass(struct buf *b);
static inline void buf_char(struct buf *b, char c) { buf_put(b, &c, 1); }
static inline void buf_str(struct buf *b, struct str s) { buf_put(b, s.p, s.n); }
static inline void buf_z(struct buf *b, const char *z) { buf_put(b, z, strlen(z)); }
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_u64(struct buf *b, uint64_t v); /* decimal */
void buf_i64(struct buf *b, int64_t v);
void buf_hex(struct buf *b, const void *p, size_t n); /* lower case, no blanks */
/* Little-endian bytes, for frames and keys: each a piece of memory at once. */
static inline void buf_u16(struct buf *b, uint16_t v)
{
    buf_put(b, (uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8)}, 2);
}
static inline void buf_u32(struct buf *b, uint32_t v)
{
    const uint8_t p[] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
    buf_put(b, p, sizeof p);
}
static inline void buf_u64le(struct buf *b, uint64_t v)
{
    uint8_t p[8];
    for (unsigned i = 0; i < sizeof p; i++)
        p[i] = (uint8_t)(v >> 8 * i);
    buf_put(b, p, sizeof p);
}

/* JSON string with its quotes. What must not be seen as it is (controls, bidi controls, zero-width; lone
 * surrogates) becomes \uXXXX; other text stays UTF-8. */
void buf_json(struct buf *b, struct str s);
/* HTML text or attribute (double-quoted). Controls, bidi controls, zero-width and lone surrogates become
 * visible: ⟦U+202E⟧. */
void buf_html(struct buf *b, struct str s);
/* XML text or attribute. Of what buf_html makes visible, characters XML 1.0 forbids become ⟦U+XXXX⟧, the
 * others references (&#x202E;), and so do breaks and tabs, which a reader of attributes would make blanks of:
 * no value is changed, and all stays on one line. */
void buf_xml(struct buf *b, struct str s);
/* What XML text means: references as the characters they stand for; what is no reference stays. */
void buf_unxml(struct buf *b, struct str s);
/* Markdown text inside a line or a table cell: no construct survives, no line break, no HTML. */
void buf_md(struct buf *b, struct str s);
/* One line for a terminal: controls, escapes, bidi controls shown as ⟦U+XXXX⟧. */
void buf_term(struct buf *b, struct str s);

/* CSV field (RFC 4180) with its quotes. A spreadsheet runs what begins like a formula: such text gets an
 * apostrophe in front; NUL becomes a blank. */
void buf_csv(struct buf *b, struct str s);

/* The same characters from UTF-16LE (n bytes, an odd last one ignored), for the many strings of a log. JSON:
 * without the quotes. */
void buf_json16(struct buf *b, const uint8_t *p, size_t n);
void buf_xml16(struct buf *b, const uint8_t *p, size_t n);

/* The same straight to at, where there is room: 20 bytes for a number, 2n, 3n + 8. They return the end of
 * what they wrote. */
static inline char *at_text(char *at, const char *z) { return memcpy(at, z, strlen(z)), at + strlen(z); }
char *at_u64(char *at, uint64_t v);
char *at_i64(char *at, int64_t v);
char *at_hex(char *at, const uint8_t *p, size_t n);
char *at_json16(char *at, const uint8_t *p, size_t n);
/* The eight hexadecimal digits of v; ten: 'a' or 'A'. All at once: bytes spread over the word, then their
 * halves, then the halves as letters. */
static inline void at_hex_eight(char *at, uint32_t v, char ten)
{
    uint64_t w = __builtin_bswap32(v);
    w = (w | w << 16) & 0x0000ffff0000ffff;
    w = (w | w << 8) & 0x00ff00ff00ff00ff;
    w = (w >> 4 | w << 8) & 0x0f0f0f0f0f0f0f0f;
    uint64_t letters = (w + 0x0606060606060606) >> 4 & 0x0101010101010101;
    w += 0x3030303030303030 + letters * (uint64_t)(ten - '0' - 10);
    memcpy(at, &w, sizeof w);
}
extern const char digits_two[]; /* "000102...99" */

static inline struct str buf_view(const struct buf *b) { return (struct str){b->p, b->n}; }
#endif
