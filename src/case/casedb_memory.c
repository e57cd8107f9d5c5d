/* casedb_memory: where SQLite's small pieces come from. To compile a statement takes some hundred of them,
 * and a small case is compiling and hardly anything else; they lie in blocks here, by size, and who frees one
 * puts it on the list of its size. What is large is malloc's. Counts what is in use, which the budget of
 * rules asks for. One thread: SQLite is told so, and asks for no locks. It owns its blocks until the process
 * ends. */
#include "case/casedb_priv.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum {
    GRAIN = 32,
    SMALL = 32, /* lists of pieces up to 1 KiB, heads and all, a grain apart */
    STEP = 512, /* and those of larger ones: pages, and what is opened with them */
    LISTS = SMALL + 14,
    BLOCK = 64 << 10,
    STATEMENT = 120 << 10
};
#if defined(__SANITIZE_ADDRESS__) /* looks at each piece of malloc's */
static bool has_list(size_t class) { return (void)class, false; }
#else
static bool has_list(size_t class) { return class < LISTS; }
#endif
enum { LARGE = LISTS };
/* Before each piece: its class, or LARGE, and how much may be used of it. */
struct head {
    uint32_t class, room;
};
struct piece {
    struct piece *next;
};
static struct piece *unused[LISTS];
static char *block;
static size_t left;
static int64_t used;

static struct head *head_of(void *p) { return (struct head *)p - 1; }

static void *carve(size_t n)
{
    if (left < n) { /* what is left of the old one is lost: less than a piece */
        char *more = malloc(BLOCK);
        if (!more)
            return NULL;
        block = more, left = BLOCK;
    }
    left -= n;
    return block + left;
}

/* *size: of the piece, head and all. */
static size_t class_of(size_t n, size_t *size)
{
    size_t class = (n + sizeof(struct head) - 1) / GRAIN;
    *size = (class + 1) * GRAIN;
    if (class < SMALL)
        return class;
    class = SMALL + (n + sizeof(struct head) - 1 - SMALL * GRAIN) / STEP;
    *size = SMALL * GRAIN + (class - SMALL + 1) * STEP;
    return class;
}

static void *take(int n)
{
    size_t size, class = class_of((size_t)n, &size);
    struct head *h;
    if (has_list(class) && unused[class]) {
        struct piece *p = unused[class];
        unused[class] = p->next;
        used += head_of(p)->room;
        return p;
    }
    if (!has_list(class))
        class = LARGE, size = (((size_t)n + 7) & ~(size_t)7) + sizeof *h;
    if (!(h = class != LARGE ? carve(size) : malloc(size)))
        return NULL;
    *h = (struct head){(uint32_t) class, (uint32_t)(size - sizeof *h)};
    used += h->room;
    return h + 1;
}

static void give(void *p)
{
    struct head *h = head_of(p);
    used -= h->room;
    if (h->class == LARGE) {
        free(h);
        return;
    }
    struct piece *piece = p;
    piece->next = unused[h->class], unused[h->class] = piece;
}

static int room(void *p) { return p ? (int)head_of(p)->room : 0; }

static void *change(void *p, int n)
{
    struct head *h = head_of(p);
    if (h->class != LARGE && (size_t)n <= h->room)
        return p;
    if (h->class == LARGE && (size_t)n > SMALL * GRAIN + (LISTS - SMALL) * STEP) {
        size_t size = (((size_t)n + 7) & ~(size_t)7) + sizeof *h;
        uint32_t was = h->room;
        struct head *more = realloc(h, size);
        if (!more)
            return NULL;
        h = more, h->room = (uint32_t)(size - sizeof *h);
        used += (int64_t)h->room - was;
        return h + 1;
    }
    void *to = take(n);
    if (to)
        memcpy(to, p, (size_t)n < h->room ? (size_t)n : h->room), give(p);
    return to;
}

static int rounded(int n) { return (n + 7) & ~7; }
static int ready(void *ctx) { return (void)ctx, SQLITE_OK; }
static void over(void *ctx) { (void)ctx; }

void case_memory(void)
{
    static const sqlite3_mem_methods ours = {take, give, change, room, rounded, ready, over, NULL};
    static bool told;
    if (told)
        return;
    told = true;
    /* fails where SQLite runs already, and then goes on as it is */
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
    /* a page at a time: most tables of a statement have two, and twenty would be taken for each */
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
    /* what undoes a statement lies in memory for longer than 64 KiB; it is then written at once, and SQLite
     * writes less than 128 KiB at once (os_unix.c, seekAndWriteFd) */
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, STATEMENT);
}

int64_t case_memory_used(void) { return used ? used : sqlite3_memory_used(); }
