/* casedb_fold: folds of one log come in parts, one of each job that read a stretch of it; parts of one fold
 * meet here in memory, and the table is told once of each. Only between case_begin and case_commit, which
 * ends it; what it holds is bounded: when that is full all of it is told, and it begins anew. It refuses no
 * fold: one that it cannot hold is told at once, after those before it. */
#include "base/grow.h"
#include "case/casedb_priv.h"
#include <stdlib.h>

enum { TEXTS = 4 << 20, ROWS = 1 << 13 };
static const int names[] = {FO_COMPUTER, FO_CHANNEL, FO_PROVIDER, FO_KEY}, numbers[] = {FO_EVENT_ID, FO_DAY},
                 sums[] = {FO_N, FO_FIRST_TIME, FO_LAST_TIME, FO_LAST_OFF};

static uint64_t hash_of(int64_t file, const struct fact *f)
{
    uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)file;
    for (size_t i = 0; i < LEN(numbers); i++)
        h = (h ^ (uint64_t)f->v[numbers[i]].i) * 0x100000001b3u;
    for (size_t i = 0; i < LEN(names); i++)
        h = case_mix(h, &f->v[names[i]]);
    return h;
}

/* Those that differ in case alone meet in the table. */
static bool same(const struct fact *a, const struct fact *b)
{
    for (size_t i = 0; i < LEN(numbers); i++)
        if (a->v[numbers[i]].i != b->v[numbers[i]].i)
            return false;
    for (size_t i = 0; i < LEN(names); i++)
        if (!str_eq(a->v[names[i]].s, b->v[names[i]].s))
            return false;
    return true;
}

static bool before(int64_t time, int64_t off, int64_t than, int64_t than_off)
{
    return time != than ? time < than : off < than_off;
}

/* What a case does with a row that is there already (casedb_facts.c), done to the row that waits. */
static bool meet(struct folds *x, struct fact *f, const struct fact *part)
{
    struct value *v = f->v;
    const struct value *w = part->v;
    int64_t n;
    bool first = before(w[FO_FIRST_TIME].i, (int64_t)part->ref.off, v[FO_FIRST_TIME].i, (int64_t)f->ref.off);
    struct value data = w[FO_DATA];
    if (__builtin_add_overflow(v[FO_N].i, w[FO_N].i, &n))
        return false;
    if (first && !data.null && !(data.s = arena_str(&x->text, data.s)).p)
        return false;
    if (first)
        f->ref.off = part->ref.off, v[FO_FIRST_TIME] = w[FO_FIRST_TIME], v[FO_DATA] = data;
    if (before(v[FO_LAST_TIME].i, v[FO_LAST_OFF].i, w[FO_LAST_TIME].i, w[FO_LAST_OFF].i))
        v[FO_LAST_TIME] = w[FO_LAST_TIME], v[FO_LAST_OFF] = w[FO_LAST_OFF];
    v[FO_N].i = n;
    return true;
}

static bool add(struct folds *x, uint64_t hash, int64_t file, const struct fact *part)
{
    static const int texts[] = {FO_COMPUTER, FO_CHANNEL, FO_PROVIDER, FO_KEY, FO_DATA};
    struct fold_part *rows = x->n < ROWS ? grow(x->row, sizeof *rows, x->n, &x->cap) : NULL;
    if (!rows || (!x->text.base && !arena_make(&x->text, TEXTS)))
        return false;
    x->row = rows;
    rows[x->n] = (struct fold_part){file, *part};
    for (size_t i = 0; i < LEN(texts); i++) {
        struct value *v = &rows[x->n].fact.v[texts[i]];
        if (!v->null && !(v->s = arena_str(&x->text, v->s)).p)
            return false;
    }
    return lookup_put(&x->by_key, hash, (uint32_t)x->n) && ++x->n;
}

static bool take(struct folds *x, int64_t file, const struct fact *part)
{
    uint64_t hash = hash_of(file, part);
    size_t at = lookup_at(&x->by_key, hash);
    for (uint32_t row; (row = lookup_next(&x->by_key, hash, &at)) != LOOKUP_NONE;)
        if (x->row[row].file == file && same(&x->row[row].fact, part))
            return meet(x, &x->row[row].fact, part);
    return add(x, hash, file, part);
}

enum status folds_tell(struct casedb *db, struct err *e)
{
    struct folds *x = &db->folds;
    enum status st = OK;
    for (size_t i = 0; i < x->n && st == OK; i++) {
        x->row[i].fact.ref.file = 0;
        st = case_put_now(db, &x->row[i].file, &x->row[i].fact, e);
    }
    x->n = 0, lookup_clear(&x->by_key), arena_free(&x->text);
    return st;
}

enum status folds_take(struct casedb *db, int64_t file, const struct fact *part, bool *taken, struct err *e)
{
    bool whole = true;
    for (size_t i = 0; i < LEN(numbers); i++)
        whole &= !part->v[numbers[i]].null;
    for (size_t i = 0; i < LEN(sums); i++)
        whole &= !part->v[sums[i]].null;
    if (whole && take(&db->folds, file, part))
        return *taken = true, OK;
    enum status st = folds_tell(db, e);
    *taken = st == OK && whole && take(&db->folds, file, part);
    return st;
}

void folds_free(struct folds *x)
{
    lookup_free(&x->by_key), arena_free(&x->text), free(x->row);
    *x = (struct folds){0};
}
