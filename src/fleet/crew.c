#include "fleet/crew.h"
#include <stdlib.h>
#include <string.h>

enum { CREW_MOST = PLAT_WAIT, TEXT_MOST = 1 << 20 };

struct crew {
    struct proc *original;
    struct {
        struct proc *proc;
        size_t ticket;
    } at[CREW_MOST];
    size_t n, room;
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

bool crew_has_room(const struct crew *c) { return c->n < c->room; }
size_t crew_at_work(const struct crew *c) { return c->n; }

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

enum status crew_give(struct crew *c, size_t ticket, const struct buf *order, struct err *e)
{
    struct proc *p = NULL;
    struct err gone = {0};
    enum status st = hire(c, &p, e);
    /* one that is gone before it could be told has ended like any other: crew_wait tells how */
    if (st == OK && ((st = send(p, order, &gone)) == OK || st == E_IO)) {
        c->at[c->n].proc = p, c->at[c->n++].ticket = ticket;
        return OK;
    }
    if (p) {
        struct exit_info how;
        plat_proc_kill(p), plat_proc_end(p, &how);
    }
    return gone.code == OK ? st : err_set(e, st, ERR_NO_OFF, gone.what, "%s", gone.why);
}

enum status crew_wait(struct crew *c, unsigned ms, crew_done *done, void *ctx, struct err *e)
{
    struct proc *p[CREW_MOST];
    bool ready[CREW_MOST];
    for (size_t i = 0; i < c->n; i++)
        p[i] = c->at[i].proc;
    enum status st = plat_wait(p, c->n, ms, ready, e);
    for (size_t i = c->n; i-- > 0 && st == OK;) {
        struct exit_info how;
        size_t ticket = c->at[i].ticket;
        if (!ready[i])
            continue;
        plat_proc_end(c->at[i].proc, &how);
        c->at[i] = c->at[--c->n];
        st = done(ctx, ticket, &how, e);
    }
    return st;
}

void crew_free(struct crew *c)
{
    struct exit_info how;
    if (!c)
        return;
    for (size_t i = 0; i < c->n; i++)
        plat_proc_kill(c->at[i].proc);
    for (size_t i = 0; i < c->n; i++)
        plat_proc_end(c->at[i].proc, &how);
    if (c->original)
        plat_proc_kill(c->original), plat_proc_end(c->original, &how);
    buf_free(&c->ready);
    free(c);
}
