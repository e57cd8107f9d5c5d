#include "arena.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool arena_make(struct arena *a, size_t bytes)
{
    a->base = a->at = malloc(bytes);
    a->end = a->base ? a->base + bytes : NULL;
    return a->base != NULL;
}

void arena_free(struct arena *a)
{
    free(a->base);
    *a = (struct arena){0};
}

void *arena_alloc(struct arena *a, size_t size, size_t count)
{
    if (!a->at)
        return NULL;
    size_t left = (size_t)(a->end - a->at);
    size_t pad = (16 - ((uintptr_t)a->at & 15)) & 15;
    if (left < pad || (size && count > (left - pad) / size))
        return NULL;
    uint8_t *p = a->at + pad;
    a->at = p + size * count;
    return memset(p, 0, size * count);
}

struct str arena_str(struct arena *a, struct str s)
{
    char *p = s.n < SIZE_MAX ? arena_alloc(a, 1, s.n + 1) : NULL;
    if (!p)
        return (struct str){0};
    if (s.n)
        memcpy(p, s.p, s.n);
    return (struct str){p, s.n};
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = n < 0 ? NULL : arena_alloc(a, 1, (size_t)n + 1);
    if (p)
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}
