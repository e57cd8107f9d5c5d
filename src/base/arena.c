#include "base/arena.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) /* its malloc marks every page of a block, touched or not, when it is made \
                                     and when it is freed */
#include <sys/mman.h>
enum { LARGE = 4 << 20 };
static void *block(size_t bytes)
{
    void *p = bytes < LARGE ? malloc(bytes)
                            : mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}
static void unblock(struct arena *a)
{
    size_t bytes = (size_t)(a->end - a->base);
    if (bytes < LARGE)
        free(a->base);
    else
        munmap(a->base, bytes);
}
#else
static void *block(size_t bytes) { return malloc(bytes); }
static void unblock(struct arena *a) { free(a->base); }
#endif

bool arena_make(struct arena *a, size_t bytes)
{
    a->base = a->at = block(bytes);
    a->end = a->base ? a->base + bytes : NULL;
    return a->base != NULL;
}

void arena_free(struct arena *a)
{
    unblock(a);
    *a = (struct arena){0};
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
