#include "diagnose/hits.h"
#include "base/grow.h"
#include "base/hash.h"
#include <stdlib.h>

static enum status no_memory(struct err *e) { return err_set(e, E_NOMEM, ERR_NO_OFF, "rule", "no memory"); }

/* --- order */
int hits_by_name(struct str a, struct str b)
{
    return a.p && b.p ? str_cmp_ci(a, b) : (a.p != NULL) - (b.p != NULL);
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
    return str_hash_ci(v, subject);
}

const struct group *hits_group(const struct hits *h, enum role role, size_t host, struct str subject)
{
    uint64_t hash = hash_of(role, host, subject);
    size_t at = lookup_at(&h->by_name, hash);
    for (uint32_t row; (row = lookup_next(&h->by_name, hash, &at)) != LOOKUP_NONE;) {
        const struct group *g = &h->group[row];
        if (g->role == role && g->host == host && !hits_by_name(g->subject, subject))
            return g;
    }
    return NULL;
}

static struct group *group_for(struct hits *h, const struct hit_row *row, struct err *e)
{
    const struct group *known = hits_group(h, row->role, row->host, row->subject);
    if (known)
        return &h->group[known - h->group];
    if (h->n == LIM_RULE_SUBJECTS) {
        err_set(e, E_LIMIT, ERR_NO_OFF, "rule", "more than %d subjects", LIM_RULE_SUBJECTS);
        return NULL;
    }
    struct group g = {.role = row->role, .host = row->host}, *more = grow(h->group, sizeof g, h->n, &h->cap);
    h->group = more ? more : h->group;
    if (!more || !(g.name = malloc(row->subject.n + 1))
        || !lookup_put(&h->by_name, hash_of(row->role, row->host, row->subject), (uint32_t)h->n)) {
        free(g.name);
        no_memory(e);
        return NULL;
    }
    if (row->subject.n)
        memcpy(g.name, row->subject.p, row->subject.n);
    g.subject = (struct str){row->subject.p ? g.name : NULL, row->subject.n};
    h->group[h->n] = g;
    return &h->group[h->n++];
}

/* --- what is counted of every row */
static bool count_evidence(struct group *g, struct str evidence)
{
    uint64_t hash = hash64(evidence.p, evidence.n);
    return lookup_has(&g->seen, hash) || lookup_put(&g->seen, hash, 0);
}

size_t hits_distinct(const struct group *a, const struct group *b)
{
    size_t n = (a ? a->seen.n : 0) + (b ? b->seen.n : 0);
    for (size_t i = 0; a && b && i < a->seen.cap; i++)
        n -= a->seen.slot[i] && lookup_has(&b->seen, a->seen.hash[i]);
    return n;
}

/* Most groups have one code: the list is as long as the next power of two. */
static bool add_code(struct group *g, int64_t win32)
{
    if (!(g->n_code & (g->n_code - 1))) {
        struct code_count *more = realloc(g->code, (g->n_code ? 2 * g->n_code : 1) * sizeof *more);
        if (!more)
            return false;
        g->code = more;
    }
    g->code[g->n_code++] = (struct code_count){.win32 = win32, .n = 1};
    return true;
}

static bool count_code(struct group *g, int64_t win32)
{
    for (size_t i = 0; i < g->n_code; i++)
        if (g->code[i].win32 == win32)
            return g->code[i].n++, true;
    return g->n_code == HITS_CODES || add_code(g, win32);
}

static bool count(struct group *g, const struct hit_row *row)
{
    if (row->has_time) {
        g->first = g->timed && g->first < row->time ? g->first : row->time;
        g->last = g->timed && g->last > row->time ? g->last : row->time;
        g->timed = true;
    }
    g->sure |= !row->weak;
    return (!row->has_win32 || count_code(g, row->win32))
           && (row->role != ROLE_SYMPTOM || count_evidence(g, row->evidence));
}

/* --- what is kept */
static struct str put_copy(char **at, struct str s)
{
    struct str copy = {s.p ? *at : NULL, s.n};
    if (s.n)
        memcpy(*at, s.p, s.n);
    *at += s.n;
    return copy;
}

static bool set_hit(struct hit *hit, const struct hit_row *row, struct str explain)
{
    size_t need = row->evidence.n + row->also.n + explain.n + 1;
    char *at = need <= hit->room ? hit->text : realloc(hit->text, need);
    if (!at)
        return false;
    hit->room = need <= hit->room ? hit->room : need, hit->text = at;
    hit->has_time = row->has_time, hit->afterwards = row->afterwards, hit->time = row->time;
    hit->evidence = put_copy(&at, row->evidence), hit->also = put_copy(&at, row->also);
    hit->explain = put_copy(&at, (struct str){explain.p ? explain.p : "", explain.n});
    return true;
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
    size_t cap = g->cap;
    struct hit *more = grow(g->hit, sizeof *more, g->n, &g->cap);
    if (!more)
        return false;
    g->hit = more;
    memset(g->hit + cap, 0, (g->cap - cap) * sizeof *more);
    /* an empty one, or one that was given up: its buffer serves again */
    struct hit fresh = g->hit[g->n];
    if (!set_hit(&fresh, row, buf_view(&h->text)))
        return false;
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
    g->n = g->n_code = 0;
    g->timed = false;
    lookup_clear(&g->seen);
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
            free(g->hit[k].text);
        free(g->hit), free(g->code), lookup_free(&g->seen), free(g->name);
    }
    h->n = h->kept = 0;
    lookup_clear(&h->by_name);
}

void hits_free(struct hits *h)
{
    hits_clear(h);
    free(h->group), lookup_free(&h->by_name), buf_free(&h->text);
    *h = (struct hits){0};
}
