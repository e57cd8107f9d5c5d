#include "base/grow.h"
#include <stdlib.h>

enum { FIRST = 256 }; /* bytes of the first block; two elements at least: of many arrays most stay small */

void *grow(void *p, size_t size, size_t n, size_t *cap)
{
    if (n < *cap)
        return p;
    size_t more = *cap ? 2 * *cap : size > FIRST / 2 ? 2 : FIRST / size;
    void *q = *cap > SIZE_MAX / 2 / size ? NULL : realloc(p, more * size);
    if (q)
        *cap = more;
    return q;
}

/* What ends where the arena is full to needs no other place. */
static bool grow_in_place(struct arena *a, const void *p, size_t size, size_t *cap)
{
    size_t more = *cap / 8 + 16;
    if (!*cap || (const uint8_t *)p + *cap * size != a->at || (size_t)(a->end - a->at) / size < more)
        return false;
    memset(a->at, 0, more * size);
    a->at += more * size, *cap += more;
    return true;
}

void *arena_grow(struct arena *a, void *p, size_t size, size_t n, size_t *cap)
{
    if (n < *cap || grow_in_place(a, p, size, cap))
        return p;
    size_t more = *cap ? 2 * *cap : 16;
    void *q = *cap > SIZE_MAX / 2 ? NULL : arena_alloc(a, size, more);
    if (q && n)
        memcpy(q, p, n * size);
    if (q)
        *cap = more;
    return q;
}
