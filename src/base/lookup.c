#include "base/lookup.h"
#include <stdlib.h>
#include <string.h>

enum { LEAST = 8 }; /* of many tables most stay small */

static void put_slot(struct lookup *x, uint64_t hash, uint32_t slot)
{
    size_t at = lookup_at(x, hash);
    while (x->slot[at])
        at = (at + 1) & (x->cap - 1);
    x->slot[at] = slot, x->hash[at] = hash, x->n++;
}

static bool widen(struct lookup *x)
{
    size_t cap = x->cap ? 2 * x->cap : LEAST;
    struct lookup more = {calloc(cap, sizeof *more.slot), malloc(cap * sizeof *more.hash), cap, 0};
    if (!more.slot || !more.hash) {
        lookup_free(&more);
        return false;
    }
    for (size_t i = 0; i < x->cap; i++)
        if (x->slot[i])
            put_slot(&more, x->hash[i], x->slot[i]);
    lookup_free(x);
    *x = more;
    return true;
}

bool lookup_put(struct lookup *x, uint64_t hash, uint32_t row)
{
    if (row == LOOKUP_NONE || (4 * (x->n + 1) > 3 * x->cap && !widen(x)))
        return false;
    put_slot(x, hash, row + 1);
    return true;
}

void lookup_clear(struct lookup *x)
{
    if (x->cap)
        memset(x->slot, 0, x->cap * sizeof *x->slot);
    x->n = 0;
}

void lookup_free(struct lookup *x)
{
    free(x->slot), free(x->hash);
    *x = (struct lookup){0};
}
