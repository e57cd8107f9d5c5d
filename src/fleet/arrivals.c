#include "fleet/arrivals.h"
#include "base/arena.h"
#include "base/grow.h"
#include "base/lookup.h"
#include "plat/plat.h"
#include <stdlib.h>

/* QUIET_MS: longer than any copier rests between two files; LOOK_MS: folders of other machines tell nothing.
 */
enum { QUIET_MS = 2000, TICK_MS = 250, IDLE_MS = 1000, LOOK_MS = 60000, POLL_MS = 1000, DEEPEST = 32 };
enum { WALK_NAMES = 4 << 20 };

struct arrival {
    uint64_t sum, since; /* what it looked like, and since when */
    bool whole;
};
struct arrivals {
    const char **path;
    size_t n, n_known, cap;
    struct watch *watch; /* NULL: nobody tells */
    struct arrival *known;
    struct lookup index; /* by the hash of its path */
    uint64_t looked;     /* when */
    bool waiting;        /* something is not whole yet */
    bool ready;          /* something became so since */
};

static uint64_t mix(uint64_t h, uint64_t v) { return (h ^ v) * 0x100000001b3u; }

/* What it looks like: names, sizes and times of all in it. */
static uint64_t looks(const char *path, unsigned depth)
{
    struct plat_stat s;
    struct arena a = {0};
    struct str *name;
    size_t n = 0;
    if (plat_stat(path, false, &s, NULL) != OK)
        return 0;
    uint64_t h = mix(mix(mix(0xcbf29ce484222325u, s.type), s.bytes), s.changed);
    if (s.type != PLAT_DIR || depth == DEEPEST || !arena_make(&a, WALK_NAMES))
        return h;
    if (plat_list(path, &a, &name, &n, NULL) != OK)
        n = 0;
    for (size_t i = 0; i < n; i++) {
        struct arena was = a;
        const char *one = arena_printf(&a, "%s/%.*s", path, STR_ARG(name[i]));
        h = mix(h, str_hash(name[i]));
        h = one ? mix(h, looks(one, depth + 1)) : h;
        a = was;
    }
    arena_free(&a);
    return h;
}

static struct arrival *known_of(struct arrivals *a, uint64_t hash)
{
    size_t at = a->index.cap ? lookup_at(&a->index, hash) : 0;
    uint32_t row = lookup_next(&a->index, hash, &at);
    if (row != LOOKUP_NONE)
        return &a->known[row];
    struct arrival *more = grow(a->known, sizeof *more, a->n_known, &a->cap);
    if (!more)
        return NULL;
    a->known = more;
    if (!lookup_put(&a->index, hash, (uint32_t)a->n_known))
        return NULL;
    a->known[a->n_known] = (struct arrival){0};
    return &a->known[a->n_known++];
}

static uint64_t key_of(const char *path) { return str_hash(str_of(path)); }

/* A name in folder `dir`, as tickets are called there. */
static void take_whole(void *ctx, size_t dir, struct str name)
{
    struct arrivals *a = ctx;
    struct arena mem;
    const char *in = a->path[dir];
    size_t n = strlen(in);
    if (!arena_make(&mem, 1 << 16))
        return;
    const char *path = arena_printf(&mem, n && plat_slash(in[n - 1]) ? "%s%.*s" : "%s/%.*s", in,
                                    STR_ARG(name));
    struct arrival *one = path ? known_of(a, key_of(path)) : NULL;
    if (one)
        one->whole = a->ready = true;
    arena_free(&mem);
}

enum status arrivals_begin(const char *const *path, size_t n, struct arrivals **out, struct err *e)
{
    struct arrivals *a = *out = calloc(1, sizeof *a);
    struct err why = {0};
    if (!a || !(a->path = calloc(n ? n : 1, sizeof *a->path)))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "watch", "no memory");
    for (size_t i = 0; i < n; i++) {
        struct plat_stat s;
        if (plat_stat(path[i], true, &s, NULL) == OK && s.type == PLAT_DIR)
            a->path[a->n++] = path[i];
    }
    if (plat_watch_begin(a->path, a->n, &a->watch, &why) != OK)
        a->watch = NULL;
    return OK;
}

bool arrivals_told(const struct arrivals *a) { return a->watch != NULL; }

enum status arrivals_wait(struct arrivals *a, bool *look, struct err *e)
{
    uint64_t most = a->watch ? LOOK_MS : POLL_MS;
    bool changed = false;
    unsigned ms = a->waiting || !a->watch ? TICK_MS : IDLE_MS;
    enum status st = a->watch ? plat_watch_wait(a->watch, ms, &changed, take_whole, a, e)
                              : plat_wait(NULL, 0, ms, NULL, e);
    *look = changed || a->ready || a->waiting || plat_clock_ms() - a->looked >= most;
    if (*look)
        a->looked = plat_clock_ms(), a->waiting = a->ready = false;
    return st;
}

bool arrivals_whole(struct arrivals *a, const char *path)
{
    struct arrival *one = known_of(a, key_of(path));
    uint64_t now = plat_clock_ms();
    if (!one || one->whole)
        return true;
    uint64_t sum = looks(path, 0);
    if (!one->since || sum != one->sum)
        one->sum = sum, one->since = now ? now : 1;
    one->whole = now - one->since >= QUIET_MS;
    a->waiting |= !one->whole;
    return one->whole;
}

void arrivals_end(struct arrivals *a)
{
    if (!a)
        return;
    plat_watch_end(a->watch);
    lookup_free(&a->index);
    free(a->known), free(a->path), free(a);
}
