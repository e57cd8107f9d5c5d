/* grow: the one way an array of the heap gets longer; in an arena it is list_room (reports) and kb_grow
 * (knowledge). The array, its count and its room are the caller's. It refuses sizes that do not fit in
 * memory: NULL, and the old array stays as it was. */
#ifndef GROW_H
#define GROW_H
#include <stddef.h>

/* Room for one more element of that size behind the n that p holds: p itself, or where it has moved to, with
 * *cap as large as it is now. What is new is not cleared. */
void *grow(void *p, size_t size, size_t n, size_t *cap);
#endif
