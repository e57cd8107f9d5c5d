/* grow: the one way an array gets longer, on the heap or in an arena; kb_grow (knowledge) is for arrays that
 * come out of an image without a room beside their count, hits.c's for many that hold one thing each. The
 * array, its count and its room are the caller's. It refuses sizes that do not fit in memory or in the arena:
 * NULL, and the old array stays as it was. */
#ifndef GROW_H
#define GROW_H
#include "base/arena.h"

/* Room for one more element of that size behind the n that p holds: p itself, or where it has moved to, with
 * *cap as large as it is now. What is new is not cleared. */
void *grow(void *p, size_t size, size_t n, size_t *cap);
/* The same in an arena, whose last thing grows where it lies. What is new is zero. */
void *arena_grow(struct arena *a, void *p, size_t size, size_t n, size_t *cap);
#endif
