#include "tests/mutate.h"
#include "tests/build.h"

/* splitmix64: every seed gives an independent sequence. */
static uint64_t next(uint64_t *s)
{
    uint64_t x = *s += 0x9E3779B97F4A7C15;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}
static size_t below(uint64_t *s, size_t n) { return n ? (size_t)(next(s) % n) : 0; }

/* Numbers that tell a checked length from an unchecked one. */
static const uint32_t edges[] = {0,       1,          2,          7,          8,          24,
                                 28,      512,        4096,       0x7fff,     0x8000,     0xffff,
                                 0x10000, 0x7fffffff, 0x80000000, 0xc0000000, 0xfffffff8, 0xffffffff};

static void bit(struct buf *b, uint64_t *s)
{
    size_t i = below(s, b->n);
    b->p[i] = (char)(b->p[i] ^ 1 << below(s, 8));
}
static void byte(struct buf *b, uint64_t *s) { b->p[below(s, b->n)] = (char)next(s); }
static void edge16(struct buf *b, uint64_t *s)
{
    size_t i = below(s, b->n / 2) * 2;
    set16(b->p + i, (uint16_t)edges[below(s, LEN(edges))]);
}
static void edge32(struct buf *b, uint64_t *s)
{
    size_t i = below(s, b->n / 4) * 4;
    set32(b->p + i, edges[below(s, LEN(edges))]);
}
static void nudge32(struct buf *b, uint64_t *s) /* offsets and lengths that are off by little */
{
    size_t i = below(s, b->n / 4) * 4;
    set32(b->p + i, le32((const uint8_t *)b->p + i) + (uint32_t)below(s, 33) - 16);
}
/* a number from elsewhere in the file: offsets that point at real structures */
static void borrow32(struct buf *b, uint64_t *s)
{
    size_t from = below(s, b->n / 4) * 4, to = below(s, b->n / 4) * 4;
    memmove(b->p + to, b->p + from, 4);
}
static void zero(struct buf *b, uint64_t *s)
{
    size_t i = below(s, b->n), n = 1 + below(s, 64);
    memset(b->p + i, 0, n < b->n - i ? n : b->n - i);
}
static void move(struct buf *b, uint64_t *s)
{
    size_t n = 1 + below(s, b->n < 512 ? b->n : 512), from = below(s, b->n - n + 1),
           to = below(s, b->n - n + 1);
    memmove(b->p + to, b->p + from, n);
}
static void drop(struct buf *b, uint64_t *s)
{
    size_t n = 1 + below(s, b->n < 64 ? b->n : 64), i = below(s, b->n - n + 1);
    memmove(b->p + i, b->p + i + n, b->n - i - n);
    b->n -= n;
}
static void insert(struct buf *b, uint64_t *s)
{
    size_t n = 1 + below(s, 64), i = below(s, b->n);
    if (!buf_room(b, n))
        return;
    memmove(b->p + i + n, b->p + i, b->n - i);
    b->n += n;
    for (size_t k = 0; k < n; k++)
        b->p[i + k] = (char)next(s);
}
static void cut(struct buf *b, uint64_t *s) { b->n = below(s, b->n + 1); }

/* weight: how often; edits that move everything behind them are rare, or nothing behind them is ever tested.
 */
static const struct {
    const char *name;
    void (*apply)(struct buf *, uint64_t *);
    unsigned weight;
} edits[] = {
    {"bit", bit, 6},         {"byte", byte, 4},         {"edge16", edge16, 5}, {"edge32", edge32, 6},
    {"nudge32", nudge32, 4}, {"borrow32", borrow32, 4}, {"zero", zero, 2},     {"move", move, 2},
    {"drop", drop, 1},       {"insert", insert, 1},     {"cut", cut, 1},
};
enum { WEIGHTS = 6 + 4 + 5 + 6 + 4 + 4 + 2 + 2 + 1 + 1 + 1 };

static size_t pick(uint64_t *s)
{
    size_t at = below(s, WEIGHTS), i = 0;
    while (at >= edits[i].weight)
        at -= edits[i++].weight;
    return i;
}

const char *mutate_name(uint64_t seed) { return edits[pick(&seed)].name; }

void mutate(struct buf *b, uint64_t seed, enum mutate_repair repair)
{
    static void (*const repairs[MUTATE_MODES])(struct buf *) = {
        [MUTATE_EVTX] = evtx_repair, [MUTATE_HIVE] = hive_repair, [MUTATE_LOG] = log_repair};
    uint64_t s = seed;
    size_t first = pick(&s), n = 1 + below(&s, 4);
    for (size_t i = 0; i < n && b->n >= 8; i++)
        edits[i ? pick(&s) : first].apply(b, &s);
    if (repairs[repair])
        repairs[repair](b);
}
