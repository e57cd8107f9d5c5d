/* span: a window on evidence bytes that cannot be overrun and knows its file offset.
 * Borrowed: it lives as long as the mapping it looks at and is never freed.
 * It refuses silently and for good: a read past the end returns 0, sets .bad and leaves .off at the read that
 * failed. */
#ifndef SPAN_H
#define SPAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
    const uint8_t *p;
    size_t n;
    uint64_t off;
    bool bad;
};

static inline struct span span_of(const void *p, size_t n, uint64_t off)
{
    return (struct span){.p = p, .n = n, .off = off};
}

/* Little-endian reads from bytes that are known to be there: the only place where bytes become integers. */
static inline uint16_t le16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
static inline uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t le64(const uint8_t *p) { return (uint64_t)le32(p) | (uint64_t)le32(p + 4) << 32; }
static inline uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The next n bytes, or NULL with .bad set. Compares with what is left, so nothing can overflow. */
static inline const uint8_t *span_need(struct span *s, size_t n)
{
    if (s->bad || s->n < n) {
        s->bad = true, s->n = 0;
        return NULL;
    }
    const uint8_t *p = s->p;
    if (n) /* an empty span may point nowhere, and nowhere plus 0 is not defined */
        s->p = p + n, s->n -= n, s->off += n;
    return p;
}

static inline uint8_t span_u8(struct span *s)
{
    const uint8_t *p = span_need(s, 1);
    return p ? *p : 0;
}
static inline uint16_t span_u16(struct span *s)
{
    const uint8_t *p = span_need(s, 2);
    return p ? le16(p) : 0;
}
static inline uint32_t span_u32(struct span *s)
{
    const uint8_t *p = span_need(s, 4);
    return p ? le32(p) : 0;
}
static inline uint64_t span_u64(struct span *s)
{
    const uint8_t *p = span_need(s, 8);
    return p ? le64(p) : 0;
}

/* The next n bytes as a child; a child of bad is bad. */
static inline struct span span_take(struct span *s, size_t n)
{
    uint64_t off = s->off;
    const uint8_t *p = span_need(s, n);
    return p ? (struct span){.p = p, .n = n, .off = off} : (struct span){.off = off, .bad = true};
}

/* n bytes at distance at from the start of s, without moving s. */
static inline struct span span_at(struct span s, size_t at, size_t n)
{
    (void)span_need(&s, at);
    return span_take(&s, n);
}
#endif
