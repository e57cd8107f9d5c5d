#include "run/original.h"
#include "run/child.h"
#include "run/frame.h"
#include <stdio.h>
#include <string.h>

/* Those there are: where the system gives no process to one, others do without. */
static struct original *all[8];

static void list(struct original *o)
{
    size_t i = 0;
    while (i < LEN(all) && all[i] && all[i] != o)
        i++;
    if (i < LEN(all))
        all[i] = o;
}

static void unlist(const struct original *o)
{
    for (size_t i = 0, n = 0; i < LEN(all); i++) {
        struct original *x = all[i];
        all[i] = NULL;
        if (x && x != o)
            all[n++] = x;
    }
}

static enum status spawn(struct original *o, struct err *e)
{
    list(o);
    return plat_spawn_self((const char *const[]){"whylogon", o->child, NULL}, &o->limits, &o->proc, e);
}

static enum status start(struct original *o, struct err *e)
{
    struct buf frame = {0};
    struct err gone = {0};
    enum status st = o->proc ? OK : spawn(o, e);
    if (st != OK || !o->told.n)
        return st;
    buf_put(&frame, o->told.p, o->told.n);
    st = frame_to(o->proc, &frame, NULL, 0, &gone);
    buf_free(&frame);
    o->untold = false;
    /* one that has died already is found out when it is to be copied */
    return st == E_NOMEM ? err_set(e, E_NOMEM, ERR_NO_OFF, "worker", "out of memory") : OK;
}

void original_begin(struct original *o)
{
    struct err why = {0};
    o->untold |= !o->proc && spawn(o, &why) == OK;
}

/* Is it there, with what it has to know? */
static bool stands(const struct original *o) { return o->proc && !o->untold; }

/* All of them, and only then one after the other is waited for. A copy that its original has begun is heard
 * of first: else nobody would know it. */
static void kill_all(struct original *o)
{
    size_t n = 0;
    for (size_t i = 0; i < o->n_ahead; i++)
        if (plat_proc_there(o->ahead[i], &(struct err){0}) == OK)
            o->ahead[n++] = o->ahead[i];
        else
            plat_proc_kill(o->proc); /* who does not answer once is not waited for again */
    o->n_ahead = n;
    for (size_t i = 0; i < n; i++)
        plat_proc_kill(o->ahead[i]);
    plat_proc_kill(o->proc);
}

static void end_process(struct original *o, char why[EXIT_WORDS])
{
    struct exit_info x;
    kill_all(o);
    while (o->n_ahead)
        child_end(o->ahead[--o->n_ahead], &x);
    child_end(o->proc, &x); /* ends nothing where there is none */
    o->proc = NULL, o->untold = false;
    plat_exit_text(&x, why, EXIT_WORDS);
}

/* Whoever is not at work makes room, and comes again when it is wanted. */
static void make_room(const struct original *o)
{
    for (size_t i = 0; i < LEN(all) && all[i]; i++) {
        if (all[i] != o)
            end_process(all[i], (char[EXIT_WORDS]){0});
        children_end(&all[i]->gone);
    }
}

void original_ahead(struct original *o, size_t n)
{
    struct err why = {0};
    if (o->n_ahead >= n || (!stands(o) && start(o, &why) != OK))
        return;
    while (o->n_ahead < n && o->n_ahead < ORIGINAL_AHEAD
           && plat_proc_ask(o->proc, &o->ahead[o->n_ahead], &why) == OK)
        o->n_ahead++;
}

/* One that was asked for, or is now. */
static enum status copy(struct original *o, struct proc **out, struct err *e)
{
    if (!o->n_ahead)
        return plat_proc_copy(o->proc, out, e);
    struct proc *p = o->ahead[0];
    memmove(o->ahead, o->ahead + 1, --o->n_ahead * sizeof o->ahead[0]);
    enum status st = plat_proc_there(p, e);
    if (st == OK)
        *out = p;
    return st;
}

void original_tell(struct original *o, struct buf *frame)
{
    if ((!o->untold && !str_eq(buf_view(&o->told), buf_view(frame))) || frame->bad)
        end_process(o, (char[EXIT_WORDS]){0});
    buf_free(&o->told);
    o->told = *frame, *frame = (struct buf){0};
}

enum status original_copy(struct original *o, struct proc **out, struct err *e)
{
    char how[EXIT_WORDS] = "";
    for (unsigned tries = 0; tries < 2; tries++) {
        struct err why = {0};
        enum status st = stands(o) ? OK : start(o, &why);
        if (st != OK && !tries) {
            make_room(o);
            continue;
        }
        if (st != OK)
            return err_set(e, E_PROC, ERR_NO_OFF, why.what, "%s", why.why);
        st = copy(o, out, &why);
        if (st == E_UNSUPPORTED) /* it serves itself */
            *out = o->proc, o->proc = NULL;
        if (st == OK || st == E_UNSUPPORTED)
            return OK;
        end_process(o, how), make_room(o);
        if (why.code == E_NOMEM) /* it answered: the system gives no process */
            snprintf(how, sizeof how, "%.95s", why.why);
    }
    return err_set(e, E_PROC, ERR_NO_OFF, "workers do not start", "%s", how);
}

void original_end(struct original *o)
{
    end_process(o, (char[EXIT_WORDS]){0});
    children_end(&o->gone), unlist(o);
    buf_free(&o->told);
}

void originals_dismiss(struct originals *o) { kill_all(&o->worker), kill_all(&o->second); }

void originals_end(struct originals *o)
{
    originals_dismiss(o);
    original_end(&o->worker), original_end(&o->second);
}
