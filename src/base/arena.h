/* arena: memory with a lifetime instead of an owner per string. Pass by pointer: results stay; pass by value:
 * scratch. Whoever made the block frees it with arena_free(); nothing inside is freed singly. An exhausted
 * arena returns NULL: E_LIMIT for the thing at hand. Sizes are checked by division. */
#ifndef ARENA_H
#define ARENA_H
#include "base/attr.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena {
    uint8_t *at, *end, *base;
};

/* false: out of memory. Pages are touched only when used. */
bool arena_make(struct arena *a, size_t bytes);
void arena_free(struct arena *a); /* accepts an empty one */
/* copy with a NUL behind it; .p NULL when exhausted */
struct str arena_str(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Aligned to 16; NULL when exhausted. Inline: where the size is known, zeroing is a few instructions. room:
 * what is in it means nothing. */
static inline void *arena_room(struct arena *a, size_t size, size_t count)
{
    if (!a->at)
        return NULL;
    size_t left = (size_t)(a->end - a->at);
    size_t pad = (16 - ((uintptr_t)a->at & 15)) & 15;
    if (left < pad || (size && count > (left - pad) / size))
        return NULL;
    uint8_t *p = a->at + pad;
    a->at = p + size * count;
    return p;
}
static inline void *arena_alloc(struct arena *a, size_t size, size_t count)
{
    void *p = arena_room(a, size, count);
    return p ? memset(p, 0, size * count) : NULL;
}
#endif
