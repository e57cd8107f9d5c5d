#include "diagnose/hits.h"
#include "base/hash.h"
#include <stdlib.h>

static enum status no_memory(struct err *e) { return err_set(e, E_NOMEM, ERR_NO_OFF, "rule", "no memory"); }
static unsigned char low(char c) { return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c); }

/* --- order */
int hits_by_name(struct str a, struct str b)
{
    if (!a.p || !b.p)
        return (a.p != NULL) - (b.p != NULL);
    for (size_t i = 0; i < a.n && i < b.n; i++)
        if (low(a.p[i]) != low(b.p[i]))
            return low(a.p[i]) - low(b.p[i]);
    return (a.n > b.n) - (a.n < b.n);
}

static int by_moment(const struct hit *a, bool has_time, int64_t time, struct str evidence, struct str also)
{
    int c = a->has_time != has_time ? has_time - a->has_time : (a->time > time) - (a->time < time);
    c = c ? c : str_cmp(a->evidence, evidence);
    return c ? c : str_cmp(a->also, also);
}

int hits_by_moment(const struct hit *a, const struct hit *b)
{
    int c = by_moment(a, b->has_time, b->time, b->evidence, b->also);
    return c ? c : str_cmp(a->explain, b->explain);
}

/* --- groups, by hash of role, host and name */
static uint64_t hash_of(enum role role, size_t host, struct str subject)
{
    uint64_t v = 0xcbf29ce484222325u ^ (uint64_t)role ^ (uint64_t)host << 8
                 ^ (uint64_t)(subject.p != NULL) << 7;
    return str_hash_ci(v, subject) * 0x9e3779b97f4a7c15u >> 16;
}

/* Where the group is, or where it would be put; slots hold index + 1. */
static size_t *slot_of(const struct hits *h, enum role role, size_t host, struct str subject)
{
    size_t i = hash_of(role, host, subject) & (h->slots - 1);
    for (; h->slot[i]; i = (i + 1) & (h->slots - 1)) {
        const struct group *g = &h->group[h->slot[i] - 1];
        if (g->role == role && g->host == host && !hits_by_name(g->subject, subject))
            break;
    }
    return &h->slot[i];
}

const struct group *hits_group(const struct hits *h, enum role role, size_t host, struct str subject)
{
    size_t at = h->slots ? *slot_of(h, role, host, subject) : 0;
    return at ? &h->group[at - 1] : NULL;
}

static bool widen(struct hits *h)
{
    size_t slots = h->slots ? h->slots * 2 : 64, cap = slots / 2;
    size_t *slot = calloc(slots, sizeof *slot), *old = h->slot;
    struct group *group = slot ? realloc(h->group, cap * sizeof *group) : NULL;
    if (!group) {
        free(slot);
        return false;
    }
    h->group = group, h->cap = cap, h->slot = slot, h->slots = slots;
    for (size_t i = 0; i < h->n; i++)
        *slot_of(h, group[i].role, group[i].host, group[i].subject) = i + 1;
    free(old);
    return true;
}

static struct group *group_for(struct hits *h, const struct hit_row *row, struct err *e)
{
    size_t *slot = h->slots ? slot_of(h, row->role, row->host, row->subject) : NULL;
    if (slot && *slot)
        return &h->group[*slot - 1];
    if (h->n == LIM_RULE_SUBJECTS) {
        err_set(e, E_LIMIT, ERR_NO_OFF, "rule", "more than %d subjects", LIM_RULE_SUBJECTS);
        return NULL;
    }
    struct group g = {.role = row->role, .host = row->host};
    if ((h->n == h->cap && !widen(h)) || !(g.name = malloc(row->subject.n + 1))) {
        no_memory(e);
        return NULL;
    }
    if (row->subject.n)
        memcpy(g.name, row->subject.p, row->subject.n);
    g.subject = (struct str){row->subject.p ? g.name : NULL, row->subject.n};
    *slot_of(h, row->role, row->host, row->subject) = h->n + 1;
    h->group[h->n] = g;
    return &h->group[h->n++];
}

/* --- what is counted of every row */
static bool see(uint64_t *seen, size_t cap, uint64_t v)
{
    size_t i = (size_t)v & (cap - 1);
    for (; seen[i]; i = (i + 1) & (cap - 1))
        if (seen[i] == v)
            return false;
    seen[i] = v;
    return true;
}

static bool has_seen(const struct group *g, uint64_t v)
{
    size_t i = (size_t)v & (g->cap_seen - 1);
    while (g->seen[i] && g->seen[i] != v)
        i = (i + 1) & (g->cap_seen - 1);
    return g->seen[i] != 0;
}

static bool count_evidence(struct group *g, struct str evidence)
{
    if (g->n_seen * 2 >= g->cap_seen) {
        size_t cap = g->cap_seen ? g->cap_seen * 2 : 16;
        uint64_t *more = calloc(cap, sizeof *more);
        if (!more)
            return false;
        for (size_t i = 0; i < g->cap_seen; i++)
            if (g->seen[i])
                see(more, cap, g->seen[i]);
        free(g->seen);
        g->seen = more, g->cap_seen = cap;
    }
    g->n_seen += see(g->seen, g->cap_seen, hash64(evidence.p, evidence.n) | 1);
    return true;
}

size_t hits_distinct(const struct group *a, const struct group *b)
{
    size_t n = (a ? a->n_seen : 0) + (b ? b->n_seen : 0);
    for (size_t i = 0; a && b && b->n_seen && i < a->cap_seen; i++)
        n -= a->seen[i] && has_seen(b, a->seen[i]);
    return n;
}

static void count_code(struct group *g, int64_t win32)
{
    size_t i = 0;
    while (i < g->n_code && g->code[i].win32 != win32)
        i++;
    if (i == HITS_CODES)
        return;
    if (i == g->n_code)
        g->code[g->n_code++] = (struct code_count){.win32 = win32};
    g->code[i].n++;
}

static bool count(struct group *g, const struct hit_row *row)
{
    if (row->has_time) {
        g->first = g->timed && g->first < row->time ? g->first : row->time;
        g->last = g->timed && g->last > row->time ? g->last : row->time;
        g->timed = true;
    }
    if (row->has_win32)
        count_code(g, row->win32);
    return row->role != ROLE_SYMPTOM || count_evidence(g, row->evidence);
}

/* --- what is kept */
static void set(struct hit *hit, const struct hit_row *row, struct str explain)
{
    hit->text.n = 0;
    buf_str(&hit->text, row->evidence), buf_str(&hit->text, row->also), buf_str(&hit->text, explain);
    if (hit->text.bad)
        return;
    const char *p = hit->text.p;
    hit->has_time = row->has_time, hit->time = row->time;
    hit->evidence = (struct str){p, row->evidence.n};
    hit->also = (struct str){row->also.p ? p + row->evidence.n : NULL, row->also.n};
    hit->explain = (struct str){p + row->evidence.n + row->also.n, explain.n};
}

/* A full group gives up its middle: what lies between the early and the late half says least. */
static bool keep(struct hits *h, struct group *g, const struct hit_row *row, hit_explain *explain, void *ctx)
{
    size_t most = h->kept < LIM_RULE_ROWS ? HITS_KEPT : 4, half = most / 2;
    bool full = g->n >= most;
    if (full && by_moment(&g->hit[half - 1], row->has_time, row->time, row->evidence, row->also) < 0
        && by_moment(&g->hit[g->n - half], row->has_time, row->time, row->evidence, row->also) > 0)
        return true;
    h->text.n = 0;
    explain(ctx, &h->text);
    if (h->text.bad)
        return false;
    if (g->n == g->cap) {
        size_t cap = g->cap ? g->cap * 2 : 2;
        struct hit *more = realloc(g->hit, cap * sizeof *more);
        if (!more)
            return false;
        memset(more + g->cap, 0, (cap - g->cap) * sizeof *more);
        g->hit = more, g->cap = cap;
    }
    /* an empty one, or one that was given up: its buffer serves again */
    struct hit fresh = g->hit[g->n];
    set(&fresh, row, buf_view(&h->text));
    if (fresh.text.bad)
        return g->hit[g->n] = fresh, false;
    size_t at = g->n;
    while (at > 0 && hits_by_moment(&g->hit[at - 1], &fresh) > 0)
        at--;
    if (at > 0 && !hits_by_moment(&g->hit[at - 1], &fresh))
        return g->hit[g->n] = fresh, true; /* the same row again: a join met it twice */
    memmove(g->hit + at + 1, g->hit + at, (g->n - at) * sizeof *g->hit);
    g->hit[at] = fresh, g->n++, h->kept++;
    if (full) {
        struct hit middle = g->hit[half];
        memmove(g->hit + half, g->hit + half + 1, (g->n - half - 1) * sizeof *g->hit);
        g->hit[--g->n] = middle, h->kept--;
    }
    return true;
}

/* Lesser rows give way: what they counted and cited is forgotten, their room serves again. */
static void start_again(struct hits *h, struct group *g)
{
    h->kept -= g->n;
    g->n = g->n_code = g->n_seen = 0;
    g->timed = false;
    if (g->seen)
        memset(g->seen, 0, g->cap_seen * sizeof *g->seen);
}

enum status hits_add(struct hits *h, const struct hit_row *row, hit_explain *explain, void *ctx,
                     struct err *e)
{
    struct group *g = group_for(h, row, e);
    if (!g)
        return e && e->code ? e->code : E_NOMEM;
    if (row->lesser && g->own)
        return OK;
    if (!row->lesser && !g->own)
        start_again(h, g), g->own = true;
    return count(g, row) && keep(h, g, row, explain, ctx) ? OK : no_memory(e);
}

void hits_clear(struct hits *h)
{
    for (size_t i = 0; i < h->n; i++) {
        struct group *g = &h->group[i];
        for (size_t k = 0; k < g->cap; k++)
            buf_free(&g->hit[k].text);
        free(g->hit), free(g->seen), free(g->name);
    }
    h->n = h->kept = 0;
    if (h->slots)
        memset(h->slot, 0, h->slots * sizeof *h->slot);
}

void hits_free(struct hits *h)
{
    hits_clear(h);
    free(h->group), free(h->slot), buf_free(&h->text);
    *h = (struct hits){0};
}
