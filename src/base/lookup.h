/* lookup: the one hash table: which rows have a hash. Rows and what they are compared by are the caller's, so
 * is the struct, which begins empty ({0}) and ends with lookup_free(). A hash may have several rows; rows are
 * never taken out singly. It refuses a row when there is no memory: false, and what was there stays. */
#ifndef LOOKUP_H
#define LOOKUP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lookup {
    uint32_t *slot; /* 1 + row; 0: empty */
    uint64_t *hash;
    size_t cap, n;
};
enum { LOOKUP_NONE = 0xffffffff };

/* Where to begin to look for a hash: a weak one will do. */
static inline size_t lookup_at(const struct lookup *x, uint64_t hash)
{
    hash *= 0x9e3779b97f4a7c15u;
    return (size_t)(hash ^ hash >> 32) & (x->cap - 1);
}

/* The next row with this hash; *at goes on from lookup_at(). LOOKUP_NONE: no more. */
static inline uint32_t lookup_next(const struct lookup *x, uint64_t hash, size_t *at)
{
    while (x->cap) {
        size_t i = *at;
        if (!x->slot[i])
            break;
        *at = (i + 1) & (x->cap - 1);
        if (x->hash[i] == hash)
            return x->slot[i] - 1;
    }
    return LOOKUP_NONE;
}

static inline bool lookup_has(const struct lookup *x, uint64_t hash)
{
    size_t at = lookup_at(x, hash);
    return lookup_next(x, hash, &at) != LOOKUP_NONE;
}

bool lookup_put(struct lookup *x, uint64_t hash, uint32_t row);
void lookup_clear(struct lookup *x); /* empty, its memory kept */
void lookup_free(struct lookup *x);
#endif
