#include "fleet/crew.h"
#include <stdlib.h>
#include <string.h>

enum { CREW_MOST = PLAT_WAIT, TEXT_MOST = 1 << 20 };

/* One that is there: at work on a ticket, or waiting for one. */
struct member {
    struct proc *proc; /* NULL: nobody */
    size_t ticket;
    bool busy, last;
    uint8_t said[4]; /* the code of its ticket, as far as it has come */
    size_t n_said;
};

struct crew {
    struct proc *original;
    struct member at[CREW_MOST];
    size_t room;
    const char *child;
    struct buf ready;
    bool copies;
};

void crew_text(struct buf *b, struct str text) { buf_str(b, text), buf_char(b, 0); }

static enum status send(struct proc *p, const struct buf *texts, struct err *e)
{
    struct buf b = {0};
    buf_u32(&b, (uint32_t)texts->n), buf_put(&b, texts->p, texts->n);
    enum status st = texts->bad || b.bad || texts->n > TEXT_MOST
                         ? err_set(e, E_LIMIT, ERR_NO_OFF, "ticket", "names and options do not fit")
                         : plat_proc_send(p, b.p, b.n, NULL, 0, e);
    buf_free(&b);
    return st;
}

enum status crew_recv(struct buf *b, char **text, size_t cap, size_t *n, struct err *e)
{
    uint8_t head[4];
    enum status st = plat_child_recv(head, sizeof head, NULL, NULL, e);
    size_t bytes = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    b->n = 0, *n = 0;
    if (st != OK)
        return st;
    if (bytes > TEXT_MOST || !buf_room(b, bytes + 1))
        return err_set(e, E_LIMIT, ERR_NO_OFF, "ticket", "names and options do not fit");
    if ((st = plat_child_recv(b->p, bytes, NULL, NULL, e)) != OK)
        return st;
    b->n = bytes, b->p[bytes] = 0;
    for (size_t at = 0; at < bytes && *n < cap; at += strlen(b->p + at) + 1)
        text[(*n)++] = b->p + at;
    return OK;
}

enum status crew_done_with(int code, struct err *e)
{
    const uint32_t n = (uint32_t)code;
    return plat_child_send(
        (const uint8_t[]){(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)}, sizeof n,
        e);
}

static enum status start_child(struct crew *c, struct proc **out, struct err *e)
{
    enum status st = plat_spawn_self((const char *const[]){"whylogon", c->child, NULL},
                                     &(struct proc_limits){.free = true}, out, e);
    return st == OK ? send(*out, &c->ready, e) : st;
}

enum status crew_start(const char *child, const struct buf *ready, unsigned workers, struct crew **out,
                       struct err *e)
{
    struct crew *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "batch", "no memory");
    *out = c;
    c->child = child, c->room = workers < CREW_MOST ? workers : CREW_MOST, c->copies = true;
    buf_put(&c->ready, ready->p, ready->n);
    return start_child(c, &c->original, e);
}

size_t crew_at_work(const struct crew *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->room; i++)
        n += c->at[i].busy;
    return n;
}

bool crew_has_room(const struct crew *c) { return crew_at_work(c) < c->room; }

static void dismiss(struct member *m, struct exit_info *how)
{
    plat_proc_end(m->proc, how);
    *m = (struct member){0};
}

/* A copy of the original; where there are none, or it is gone, one that starts anew. */
static enum status hire(struct crew *c, struct proc **out, struct err *e)
{
    struct err why = {0};
    enum status st = c->copies ? plat_proc_copy(c->original, out, &why) : E_UNSUPPORTED;
    if (st == OK)
        return OK;
    if (st != E_UNSUPPORTED) {
        struct exit_info how;
        plat_proc_end(c->original, &how);
        c->original = NULL;
        if ((st = start_child(c, &c->original, e)) != OK)
            return st;
        return plat_proc_copy(c->original, out, e);
    }
    c->copies = false;
    return start_child(c, out, e);
}

/* Somebody who waits, unless it is to be a new one; else where there is room for one. Who waits there makes
 * room. */
static struct member *place_for(struct crew *c, bool alone)
{
    struct member *idle = NULL, *none = NULL;
    struct exit_info how;
    for (size_t i = c->room; i-- > 0;)
        if (!c->at[i].proc)
            none = &c->at[i];
        else if (!c->at[i].busy)
            idle = &c->at[i];
    if (idle && !alone)
        return idle;
    if (!none && idle)
        dismiss(none = idle, &how);
    return none;
}

enum status crew_give(struct crew *c, size_t ticket, const struct buf *order, bool alone, struct err *e)
{
    struct member *m = place_for(c, alone);
    struct buf whole = {0};
    struct err gone = {0};
    enum status st = !m        ? err_set(e, E_LIMIT, ERR_NO_OFF, "ticket", "nobody is free")
                     : m->proc ? OK
                               : hire(c, &m->proc, e);
    if (st != OK)
        return st;
    m->last = alone || !c->copies;
    crew_text(&whole, m->last ? STR("last") : STR("")), buf_put(&whole, order->p, order->n);
    whole.bad |= order->bad;
    st = send(m->proc, &whole, &gone);
    buf_free(&whole);
    /* one that is gone before it could be told has ended like any other: crew_wait tells how */
    if (st == OK || st == E_IO) {
        m->ticket = ticket, m->busy = true;
        return OK;
    }
    struct exit_info how;
    plat_proc_kill(m->proc), dismiss(m, &how);
    return err_set(e, st, ERR_NO_OFF, gone.what, "%s", gone.why);
}

/* *over: its ticket is done, or it is gone. */
static enum status hear(struct member *m, bool *over, struct exit_info *how, struct err *e)
{
    bool eof = false;
    size_t got = 0;
    enum status st = plat_proc_read(m->proc, m->said + m->n_said, sizeof m->said - m->n_said, &got, &eof, e);
    m->n_said += m->last ? 0 : got;
    *over = st == OK && (eof || m->n_said == sizeof m->said);
    if (!*over)
        return st;
    if (eof || !m->busy) { /* who waits has nothing to say */
        dismiss(m, how);
        return OK;
    }
    *how = (struct exit_info){.code = (int)(m->said[0] | m->said[1] << 8 | m->said[2] << 16)};
    m->busy = false, m->n_said = 0;
    return OK;
}

enum status crew_wait(struct crew *c, unsigned ms, crew_done *done, void *ctx, struct err *e)
{
    struct proc *p[CREW_MOST];
    bool ready[CREW_MOST];
    for (size_t i = 0; i < c->room; i++)
        p[i] = c->at[i].proc;
    enum status st = plat_wait(p, c->room, ms, ready, e);
    for (size_t i = 0; i < c->room && st == OK; i++) {
        struct exit_info how;
        struct member *m = &c->at[i];
        bool over, busy = m->busy;
        size_t ticket = m->ticket;
        if (ready[i] && m->proc && (st = hear(m, &over, &how, e)) == OK && over && busy)
            st = done(ctx, ticket, &how, e); /* who may give, to anybody who waits */
    }
    return st;
}

void crew_free(struct crew *c)
{
    struct exit_info how;
    if (!c)
        return;
    for (size_t i = 0; i < c->room; i++)
        plat_proc_kill(c->at[i].proc);
    for (size_t i = 0; i < c->room; i++)
        plat_proc_end(c->at[i].proc, &how);
    if (c->original)
        plat_proc_kill(c->original), plat_proc_end(c->original, &how);
    buf_free(&c->ready);
    free(c);
}
