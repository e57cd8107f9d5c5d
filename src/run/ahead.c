#include "run/ahead.h"
#include "base/grow.h"
#include "parsers/evtx/evtx.h"
#include "plat/jail.h"
#include "run/accept.h"
#include "run/frame.h"
#include <stdlib.h>

enum {
    WAIT_MS = 200,
    HELD_BYTES =
        64 << 20, /* what is kept of all that was read ahead: a log of 1 GB of much to tell gives a third */
};

/* A log that arrives: next: the first slot that is in no part yet. */
struct log {
    uint64_t here;
    uint32_t next;
    bool undone; /* something else lies there by now */
};

/* What was said of one job of the plan. */
struct part {
    struct buf said; /* frames, up to the last */
    bool whole;      /* the last has come, and nothing went wrong */
    bool refused;    /* it is too much, or not sound: nobody listens any more */
};

struct ahead {
    const struct evidence *of;
    struct pool_options o;
    struct evidence list; /* the logs, as files */
    struct log *log;      /* ... by the same index */
    size_t cap_log;
    struct plan plan;
    struct part *part; /* of each job of the plan */
    size_t n_part, cap_part;
    struct pool *pool; /* NULL: nothing to read yet, or not any more */
    uint64_t held;
    unsigned jail;
    bool over;
};

struct ahead *ahead_new(const struct evidence *of, const struct pool_options *o, size_t workers)
{
    struct ahead *a = calloc(1, sizeof *a);
    struct err none = {0};
    if (!a)
        return NULL;
    *a = (struct ahead){.of = of, .o = *o, .jail = JAIL_ALL};
    if (plan_begin(&a->plan, &a->list, workers, &none) == OK)
        return a;
    ahead_free(a);
    return NULL;
}

/* No more workers here; what they said to its end stays. */
static void stop(struct ahead *a)
{
    a->over = true;
    if (a->pool)
        a->jail &= pool_jail(a->pool);
    pool_free(a->pool), a->pool = NULL;
}

/* --- what the pool asks and tells */

static enum status open_log(void *ctx, size_t file, plat_file *out, struct err *why)
{
    const struct ahead *a = ctx;
    return plat_twin(a->of->spool[a->list.file[file].spool - 1], out, why);
}

static const char *unopened(void *ctx, const struct job *j, size_t at, const struct err *why)
{
    return (void)ctx, (void)j, (void)at, why->why;
}

static bool passed_over(void *ctx, const struct job *j)
{
    const struct ahead *a = ctx;
    return a->over || a->log[j->file[0]].undone || a->held >= HELD_BYTES;
}

static void refuse(struct ahead *a, struct part *part)
{
    part->refused = true, a->held -= part->said.cap;
    buf_free(&part->said);
}

/* What may wait for its turn: the same is asked of it as of any other job's (pool_calls.sound). */
static enum status take_frame(void *ctx, struct job *j, uint8_t type, struct span body, struct err *e)
{
    struct ahead *a = ctx;
    struct part *part = &a->part[j->at];
    struct fact f;
    struct done d = {0};
    enum status st = type == FRAME_FACT   ? accept_alone(&a->list, j, body, &f, e)
                     : type == FRAME_DONE ? accept_done(j, body, &d, e)
                                          : E_FORMAT;
    if (st != OK || part->refused)
        return st;
    size_t before = part->said.cap;
    buf_put(&part->said, body.p - FRAME_HEAD, body.n + FRAME_HEAD);
    a->held += part->said.cap - before;
    part->whole = type == FRAME_DONE && j->state == JOB_SENT && d.status == OK;
    if (part->said.bad || part->said.n > LIM_HELD_BYTES || (type == FRAME_DONE && !part->whole))
        refuse(a, part);
    return OK;
}

static void tick(void *ctx) { (void)ctx; }

/* --- parts */

static enum status add_part(struct ahead *a, size_t file, uint32_t first, uint32_t count, uint64_t here,
                            struct err *e)
{
    const struct pool_calls calls = {a, open_log, unopened, NULL, take_frame, passed_over, tick};
    struct part *more = grow(a->part, sizeof *more, a->n_part, &a->cap_part);
    if (!more)
        return E_NOMEM;
    a->part = more, a->part[a->n_part] = (struct part){0};
    enum status st = plan_part(&a->plan, file, first, count, e);
    if (st != OK)
        return st;
    a->plan.job[a->n_part++]->order.front = here;
    return a->pool ? OK : pool_start(&a->plan, &a->o, &calls, &a->pool, e);
}

/* Which of the logs it is. One of which less is there than was is another, that lies where the first one was
 * taken back. */
static enum status find(struct ahead *a, unsigned spool, uint64_t at, uint64_t bytes, uint64_t here,
                        size_t *out, struct err *e)
{
    for (size_t i = a->list.n; i-- > 0;) {
        const struct file *f = &a->list.file[i];
        if (a->log[i].undone || f->spool != spool || f->at != at)
            continue;
        if (f->bytes == bytes && here >= a->log[i].here)
            return *out = i, OK;
        a->log[i].undone = true;
    }
    struct log *more = grow(a->log, sizeof *more, a->list.n, &a->cap_log);
    if (!more)
        return E_NOMEM;
    a->log = more, a->log[a->list.n] = (struct log){0}, *out = a->list.n;
    struct file f = {
        .spool = spool, .at = at, .bytes = bytes, .is = {.kind = KIND_EVTX, .format = "EVTX event log"}};
    enum status st = evidence_add(&a->list, f, e);
    return st == OK ? plan_more_files(&a->plan, e) : st;
}

void ahead_grows(struct ahead *a, unsigned spool, uint64_t at, uint64_t bytes, uint64_t here)
{
    uint32_t slots = evtx_slots(bytes);
    struct err none = {0};
    size_t i;
    if (a->over || slots <= LIM_JOB_CHUNKS)
        return;
    enum status st = find(a, spool, at, bytes, here, &i, &none);
    while (st == OK && a->log[i].next < slots && here <= bytes) {
        uint32_t first = a->log[i].next, left = slots - first,
                 count = left < LIM_JOB_CHUNKS ? left : LIM_JOB_CHUNKS;
        uint64_t end = EVTX_HEADER + ((uint64_t)first + count) * EVTX_CHUNK;
        if (here < (end < bytes ? end : bytes))
            break;
        st = add_part(a, i, first, count, here, &none);
        a->log[i].next += count;
    }
    if (st != OK)
        stop(a);
    else
        a->log[i].here = here;
}

enum status ahead_listen(struct ahead *a, struct proc *const *also, size_t n, bool *ready, struct err *e)
{
    struct err mine = {0};
    if (!a->pool)
        return plat_wait(also, n, WAIT_MS, ready, e);
    if (pool_step(a->pool, also, n, ready, &mine) != OK)
        stop(a);
    return OK;
}

bool ahead_idle(const struct ahead *a) { return !a->pool || !a->plan.open[0]; }

void ahead_end(struct ahead *a)
{
    struct err none = {0};
    a->over = true;
    if (a->pool)
        pool_run(a->pool, true, &none);
    stop(a);
}

bool ahead_take(struct ahead *a, const struct job *j, struct buf *out)
{
    const struct file *f = &a->of->file[j->file[0]];
    for (size_t i = 0; f->spool && f->is.kind == KIND_EVTX && i < a->n_part; i++) {
        const struct job *k = a->plan.job[i];
        const struct file *g = &a->list.file[k->file[0]];
        bool same = g->spool == f->spool && g->at == f->at && g->bytes == f->bytes
                    && k->order.op == j->order.op && k->order.first == j->order.first
                    && k->order.count == j->order.count;
        if (!same || !a->part[i].whole || a->part[i].refused || a->log[k->file[0]].undone)
            continue;
        *out = a->part[i].said, a->part[i] = (struct part){0};
        return true;
    }
    return false;
}

unsigned ahead_jail(const struct ahead *a) { return a->jail; }

void ahead_free(struct ahead *a)
{
    if (!a)
        return;
    stop(a);
    for (size_t i = 0; i < a->n_part; i++)
        buf_free(&a->part[i].said);
    plan_free(&a->plan), evidence_free(&a->list);
    free(a->part), free(a->log), free(a);
}
