/* arena: memory with a lifetime instead of an owner per string. Pass by pointer: results stay; pass by value: scratch.
 * Whoever made the block frees it with arena_free(); nothing inside is freed singly.
 * An exhausted arena returns NULL: E_LIMIT for the thing at hand. Sizes are checked by division. */
#ifndef ARENA_H
#define ARENA_H
#include "attr.h"
#include "str.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena { uint8_t *at, *end, *base; };

bool  arena_make(struct arena *a, size_t bytes);                    /* false: out of memory. Pages are touched only when used. */
void  arena_free(struct arena *a);                                  /* accepts an empty one */
void *arena_alloc(struct arena *a, size_t size, size_t count);      /* zeroed, aligned to 16; NULL when exhausted */
struct str arena_str(struct arena *a, struct str s);                /* copy with a NUL behind it; .p NULL when exhausted */
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
#endif
