#include "run/again.h"
#include "parsers/evtx/evtx.h"
#include "base/grow.h"
#include "base/hash.h"
#include "base/lookup.h"
#include "case/named.h"
#include "run/accept.h"
#include "run/pool.h"
#include <stdlib.h>
#include <string.h>

enum { NEAR = 16 }; /* slots between two cited ones that are read along: a process costs more than so many */

enum found { FOUND, NOT_THERE, NOT_KNOWN };
static const char *const found_words[] = {"yes", "no", "unknown"};

/* Of a fold the first and the last record are cited, and derived again as two; how many lie between them is
 * not: that would be to read the whole log. */
enum { FOLD_LAST = FACT_KINDS };

/* One cited fact. kind: enum fact_kind or FOLD_LAST. */
struct item {
    size_t unit; /* index of the evidence: the log, or the hive; SIZE_MAX: not of this list */
    uint8_t kind, file;
    uint64_t off;
    int64_t row; /* of the evidence the place is in */
    enum found found;
    uint8_t sum[SHA256_BYTES];
};

struct again {
    struct casedb *db;
    struct evidence *ev;
    struct item *item;
    size_t n, cap;
    struct lookup by_place;
    struct plan plan;
    struct buf wire, names;
};

static enum status no_memory(struct err *e)
{
    return err_set(e, E_NOMEM, ERR_NO_OFF, "verify", "out of memory");
}

/* --- facts as sums of what a worker sends */

static void lower(struct buf *b, struct value *v)
{
    size_t from = b->n;
    buf_str(b, v->s);
    for (size_t i = from; i < b->n; i++)
        b->p[i] = small_letter(b->p[i]);
}

/* The side of a fold that kind names. Folds whose names differ in case are one row of the case, spelled as
 * the first of them. */
static struct fact side_of(const struct fact *f, unsigned kind, struct buf *names)
{
    static const uint8_t text[] = {FO_COMPUTER, FO_CHANNEL, FO_PROVIDER};
    struct fact side = *f;
    size_t at[LEN(text) + 1] = {0};
    names->n = 0;
    for (size_t i = 0; i < LEN(text); i++)
        lower(names, &side.v[text[i]]), at[i + 1] = names->n;
    for (size_t i = 0; i < LEN(text) && !names->bad && names->p; i++)
        side.v[text[i]] = val_s((struct str){names->p + at[i], at[i + 1] - at[i]});
    side.v[FO_N] = val_null();
    if (kind == FACT_FOLD) {
        side.v[FO_LAST_TIME] = side.v[FO_LAST_OFF] = val_null();
    } else {
        side.ref.off = (uint64_t)f->v[FO_LAST_OFF].i;
        side.v[FO_FIRST_TIME] = side.v[FO_DATA] = val_null();
    }
    return side;
}

static enum status sum_of(struct again *g, const struct fact *f, unsigned kind, uint8_t sum[SHA256_BYTES],
                          struct err *e)
{
    struct fact side = f->kind == FACT_FOLD ? side_of(f, kind, &g->names) : *f;
    g->wire.n = 0;
    fact_put(&g->wire, &side);
    return !g->wire.bad && !g->names.bad && sha256_of(g->wire.p, g->wire.n, sum) ? OK : no_memory(e);
}

static uint64_t place_hash(size_t unit, unsigned kind, unsigned file, uint64_t off)
{
    return ((uint64_t)unit * 0x9e3779b97f4a7c15u ^ (uint64_t)kind << 56 ^ (uint64_t)file << 48) + off;
}

/* --- what is cited */

/* Which of the unit's files, in the order its job has them; -1: none. */
static int file_of(const struct again *g, size_t unit, int64_t row)
{
    const struct file *f = &g->ev->file[unit];
    if (row == (int64_t)unit + 1)
        return 0;
    for (size_t l = 0; l < f->n_log; l++)
        if (row == (int64_t)f->log[l] + 1)
            return (int)l + 1;
    return -1;
}

static enum status add_item(void *ctx, const struct cited *c, struct err *e)
{
    struct again *g = ctx;
    struct item *more = grow(g->item, sizeof *more, g->n, &g->cap);
    if (!more)
        return no_memory(e);
    g->item = more;
    struct item *it = &more[g->n++];
    bool known = c->unit > 0 && (uint64_t)c->unit <= g->ev->n,
         last = c->fact.kind == FACT_FOLD && c->at != c->fact.ref.off;
    *it = (struct item){.unit = known ? (size_t)c->unit - 1 : SIZE_MAX,
                        .kind = last ? FOLD_LAST : (uint8_t)c->fact.kind,
                        .off = c->at,
                        .row = c->file,
                        .found = NOT_KNOWN};
    int file = known ? file_of(g, it->unit, c->file) : -1;
    if (file < 0)
        return it->unit = SIZE_MAX, OK;
    struct fact f = c->fact;
    f.ref.file = it->file = (uint8_t)file, it->found = NOT_THERE;
    return sum_of(g, &f, it->kind, it->sum, e);
}

static int by_place(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return x->unit != y->unit   ? (x->unit < y->unit ? -1 : 1)
           : x->kind != y->kind ? (x->kind < y->kind ? -1 : 1)
           : x->file != y->file ? (x->file < y->file ? -1 : 1)
           : x->off != y->off   ? (x->off < y->off ? -1 : 1)
                                : memcmp(x->sum, y->sum, SHA256_BYTES);
}

static enum status collect(struct again *g, struct err *e)
{
    enum status st = OK;
    for (unsigned k = 0; k < FACT_KINDS && st == OK; k++)
        if (k != FACT_ANOMALY)
            st = case_cited(g->db, (enum fact_kind)k, add_item, g, e);
    if (g->n)
        qsort(g->item, g->n, sizeof *g->item, by_place);
    for (size_t i = 0; i < g->n && st == OK; i++) {
        const struct item *it = &g->item[i];
        if (it->unit != SIZE_MAX
            && !lookup_put(&g->by_place, place_hash(it->unit, it->kind, it->file, it->off), (uint32_t)i))
            st = no_memory(e);
    }
    return st;
}

/* --- which jobs: a registry whole, of a log what is cited */

/* In carved data the first slot may begin anywhere in the first 64 KiB: one slot more on either side. */
static enum status plan_slots(struct again *g, size_t unit, uint64_t from, uint64_t to, struct err *e)
{
    uint32_t slots = evtx_slots(g->ev->file[unit].bytes);
    uint32_t first = (uint32_t)(from / EVTX_CHUNK), last = (uint32_t)(to / EVTX_CHUNK);
    first -= first > 0;
    last = last < slots ? last : slots - 1;
    return plan_part(&g->plan, unit, first, last - first + 1, e);
}

/* What sums up a part of a log is said by the job that read this part: it is planned once for all that it
 * says. item[0..n): of one log and one such kind, by offset. */
static enum status plan_parts(struct again *g, const struct item *item, size_t n, struct err *e)
{
    const uint32_t slots = evtx_slots(g->ev->file[item->unit].bytes);
    const uint64_t part = (uint64_t)LIM_JOB_CHUNKS * EVTX_CHUNK;
    uint32_t last = UINT32_MAX;
    enum status st = OK;
    for (size_t i = 0; i < n && st == OK; i++) {
        uint64_t base = item[i].off > EVTX_HEADER ? item[i].off - EVTX_HEADER : 0;
        uint32_t first = slots <= LIM_JOB_CHUNKS ? 0 : (uint32_t)(base / part) * LIM_JOB_CHUNKS;
        uint32_t left = slots > first ? slots - first : 0;
        if (first != last)
            st = plan_part(&g->plan, item->unit, first, left < LIM_JOB_CHUNKS ? left : LIM_JOB_CHUNKS, e);
        last = first;
    }
    return st;
}

/* item[0..n): of one log and one kind, by offset. */
static enum status plan_log(struct again *g, const struct item *item, size_t n, struct err *e)
{
    const uint64_t near = (uint64_t)NEAR * EVTX_CHUNK;
    enum status st = OK;
    if (item->kind == FACT_SPAN || item->kind == FACT_COUNT)
        return plan_parts(g, item, n, e);
    for (size_t i = 0, end; i < n && st == OK; i = end) {
        for (end = i + 1; end < n && item[end].off - item[end - 1].off < near;)
            end++;
        st = plan_slots(g, item->unit, item[i].off, item[end - 1].off, e);
    }
    return st;
}

/* left: those events only that were not found. */
static enum status plan_units(struct again *g, bool left, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0, end; i < g->n && st == OK; i = end) {
        const struct item *it = &g->item[i];
        end = i + 1;
        if (it->unit == SIZE_MAX || (left && (it->kind != FACT_EVENT || it->found != NOT_THERE)))
            continue;
        bool log = file_is_log(&g->ev->file[it->unit]);
        while (end < g->n && g->item[end].unit == it->unit && (!log || g->item[end].kind == it->kind)
               && (!left || g->item[end].found == NOT_THERE))
            end++;
        st = log ? plan_log(g, it, end - i, e) : plan_part(&g->plan, it->unit, 0, 0, e);
    }
    return st;
}

/* --- what workers say now */

static enum status look_for(struct again *g, const struct job *j, const struct fact *f, unsigned kind,
                            uint64_t off, struct err *e)
{
    uint8_t sum[SHA256_BYTES];
    uint64_t hash = place_hash(j->file[0], kind, f->ref.file, off);
    size_t at = lookup_at(&g->by_place, hash);
    enum status st = OK;
    for (uint32_t row; st == OK && (row = lookup_next(&g->by_place, hash, &at)) != LOOKUP_NONE;) {
        struct item *it = &g->item[row];
        if (it->found != FOUND && it->unit == j->file[0] && it->kind == kind && it->file == f->ref.file
            && it->off == off && (st = sum_of(g, f, kind, sum, e)) == OK
            && memcmp(sum, it->sum, sizeof sum) == 0)
            it->found = FOUND;
    }
    return st;
}

static enum status take_fact(struct again *g, const struct job *j, struct span body, struct err *e)
{
    struct fact f;
    enum status st = accept_alone(g->ev, j, body, &f, e);
    if (st == OK && f.kind != FACT_ANOMALY)
        st = look_for(g, j, &f, f.kind, f.ref.off, e);
    if (st == OK && f.kind == FACT_FOLD)
        st = look_for(g, j, &f, FOLD_LAST, (uint64_t)f.v[FO_LAST_OFF].i, e);
    return st;
}

/* What was not found by a job that did not come to its end may be there. */
static void give_up_unit(struct again *g, size_t unit)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->item[i].unit == unit && g->item[i].found == NOT_THERE)
            g->item[i].found = NOT_KNOWN;
}

static enum status take_frame(void *ctx, struct job *j, uint8_t type, struct span body, struct err *e)
{
    struct again *g = ctx;
    struct done d;
    if (type == FRAME_FACT)
        return take_fact(g, j, body, e);
    if (type != FRAME_DONE)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "worker frame", "unexpected type 0x%02x", type);
    enum status st = accept_done(j, body, &d, e);
    if (st == OK && d.status != OK)
        give_up_unit(g, j->file[0]);
    return st;
}

static enum status open_file(void *ctx, size_t file, plat_file *fd, struct err *why)
{
    const struct again *g = ctx;
    uint64_t at, bytes;
    enum status st = evidence_open(g->ev, file, fd, &at, &bytes, why);
    if (st != OK || bytes == g->ev->file[file].bytes)
        return st;
    plat_close(*fd);
    return err_set(why, E_IO, ERR_NO_OFF, "changed", "it has another size now");
}

static const char *unopened(void *ctx, const struct job *j, size_t at, const struct err *why)
{
    (void)ctx, (void)j, (void)at;
    return why->why;
}
static bool sound(void *ctx, const struct job *j, uint8_t type, struct span body)
{
    (void)ctx, (void)j, (void)type, (void)body;
    return false; /* nobody has to wait for a turn */
}
static bool passed_over(void *ctx, const struct job *j) { return (void)ctx, (void)j, false; }
static void tick(void *ctx) { (void)ctx; }

static enum status read_all(struct again *g, const struct again_options *o, const struct want *want,
                            unsigned *jail, struct err *e)
{
    struct pool *pool = NULL;
    if (!g->plan.n)
        return OK;
    enum status st = pool_start(
        &g->plan,
        &(struct pool_options){.want = want,
                               .lim = o->limits.memory ? o->limits : run_limits_default(),
                               .require_jail = o->require_jail,
                               .until = o->until,
                               .stop = o->stop,
                               .meanwhile = o->meanwhile,
                               .original = want == o->want ? o->original : NULL},
        &(struct pool_calls){.ctx = g,
                             .open = open_file,
                             .unopened = unopened,
                             .sound = sound,
                             .frame = take_frame,
                             .passed_over = passed_over,
                             .tick = tick},
        &pool, e);
    if (st == OK && (st = pool_run(pool, true, e)) == OK)
        *jail &= pool_jail(pool);
    pool_free(pool);
    plan_clear(&g->plan);
    return st;
}

/* A log with more sources than are told apart keeps events that are folded elsewhere. */
static enum status read_unfolded(struct again *g, const struct again_options *o, unsigned *jail,
                                 struct err *e)
{
    struct want want = *o->want;
    enum status st = plan_units(g, true, e);
    if (st != OK || !g->plan.n)
        return st;
    struct want_event *all = malloc((want.n_event ? want.n_event : 1) * sizeof *all);
    if (!all)
        return no_memory(e);
    for (size_t i = 0; i < want.n_event; i++)
        all[i] = want.event[i], all[i].how = WANT_KEEP;
    want.event = all;
    st = read_all(g, o, &want, jail, e);
    free(all);
    return st;
}

/* --- what came of it */

static enum status store(struct again *g, struct err *e)
{
    enum status st = case_begin(g->db, e);
    st = st == OK ? case_named(g->db, Q_AGAIN_CLEAR, "", NULL, NULL, NULL, e) : st;
    for (size_t i = 0; i < g->n && st == OK; i++) {
        const struct item *it = &g->item[i];
        struct value v[] = {val_i(it->row), val_i((int64_t)it->off), val_s(str_of(found_words[it->found]))};
        st = case_named(g->db, Q_AGAIN_PUT, "iis", v, NULL, NULL, e);
    }
    st = st == OK ? case_named(g->db, Q_AGAIN_NOTHING, "", NULL, NULL, NULL, e) : st;
    return st == OK ? case_commit(g->db, e) : st;
}

enum status again_conclude(struct casedb *db, struct err *e)
{
    static const enum query steps[] = {Q_AGAIN_ASK, Q_AGAIN_DOUBT, Q_AGAIN_LOWER, Q_AGAIN_FILES};
    enum status st = OK;
    for (size_t i = 0; i < LEN(steps) && st == OK; i++)
        st = case_named(db, steps[i], "", NULL, NULL, NULL, e);
    return st;
}

static enum status one_row(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)c, (void)name, (void)n, (void)e;
    *(bool *)ctx = true;
    return OK;
}

enum status again_doubts(struct casedb *db, bool *any, struct err *e)
{
    *any = false;
    return case_named(db, Q_AGAIN_DOUBTS, "", NULL, one_row, any, e);
}

enum status again_give_up(struct casedb *db, struct err *e)
{
    enum status st = case_named(db, Q_AGAIN_UNKNOWN, "", NULL, NULL, NULL, e);
    return st == OK ? again_conclude(db, e) : st;
}

enum status again(struct casedb *db, struct evidence *ev, const struct again_options *o, unsigned *jail,
                  struct err *e)
{
    struct again g = {.db = db, .ev = ev};
    enum status st = plan_begin(&g.plan, ev, pool_workers(o->workers), e);
    if (st == OK && (st = collect(&g, e)) == OK && (st = plan_units(&g, false, e)) == OK
        && (st = read_all(&g, o, o->want, jail, e)) == OK && (st = read_unfolded(&g, o, jail, e)) == OK
        && (st = store(&g, e)) == OK)
        st = again_conclude(db, e);
    plan_free(&g.plan);
    lookup_free(&g.by_place), buf_free(&g.wire), buf_free(&g.names), free(g.item);
    return st;
}
