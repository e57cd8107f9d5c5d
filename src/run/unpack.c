#include "run/unpack.h"
#include "base/grow.h"
#include "base/limits.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include "run/ahead.h"
#include "run/frame.h"
#include "run/unpacker.h"
#include <stdlib.h>

enum {
    CHILDREN = 16,
    STALL_MS = 120000, /* a child silent for so long is ended: it speaks every 4 MiB */
    STILLBORN = 3,
    READ_BYTES = 64 * 1024,
};
_Static_assert(2 * CHILDREN <= (int)POOL_ALSO, "all are waited for with those who read ahead");
/* In memory at most, all children together: tickets stay below, and nothing of them is left on a disk. */
#define MEMORY_BYTES (512ull << 20)

/* One container and where it stands. Those inside an outermost one are opened one after the other: what may
 * come out is its own, and so the same in every run. */
struct box {
    size_t file, root; /* index in the list; of its outermost container here */
    unsigned depth;
    enum { WAITS, OPEN, SHUT } state;
    bool busy;     /* root: one inside it is open */
    uint64_t left; /* root: bytes that may still come out of it */
    uint64_t told; /* bytes of members told so far */
};

/* Hashes the members that a child unpacks while it writes them: what is large enough to be worth it. */
enum { FOLLOW_LEAST = 8 << 20, FOLLOWED = 64 };
struct follower {
    struct proc *proc;
    struct buf in;
    bool jailed, on; /* on: a member is being followed: spool, at */
    unsigned spool;
    uint64_t at, heard;
    size_t wait[FOLLOWED], n; /* files whose hashes are still to come, the next one first */
};

struct child {
    struct proc *proc;
    struct follower follower;
    bool jailed, busy;
    size_t box;
    unsigned spool[SPOOLS]; /* 1 + index in the list's; 0: none */
    uint64_t from[SPOOLS], end[SPOOLS], most[SPOOLS];
    struct buf in;
    uint64_t heard, began, passed; /* passed: bytes of its container in the progress */
};

struct unpack {
    struct evidence *ev;
    const struct unpack_options *o;
    struct unpack_result *r;
    struct box *box;
    size_t n_box, cap_box, first; /* first: boxes before it are shut */
    struct child child[CHILDREN];
    size_t n_child, open;
    unsigned stillborn;
    uint64_t done, all; /* bytes of containers */
    uint8_t *read;
};

static enum status no_memory(struct err *e)
{
    return err_set(e, E_NOMEM, ERR_NO_OFF, "containers", "out of memory");
}

/* --- what is to be opened */

static bool is_box(const struct file *f)
{
    return f->is.kind == KIND_CONTAINER && f->st == OK && !f->skipped;
}

/* What is known of a container when it is shut. */
static enum status shut(struct unpack *u, size_t file, const struct container_sums *sums, struct err *e)
{
    struct container_sums *keep = arena_alloc(&u->ev->mem, sizeof *keep, 1);
    if (!keep)
        return no_memory(e);
    *keep = *sums;
    u->ev->file[file].in = keep;
    return OK;
}

static enum status add_box(struct unpack *u, size_t file, const struct box *in, struct err *e)
{
    const struct file *f = &u->ev->file[file];
    const char *next = container_next_step(f->is.format);
    unsigned depth = in ? in->depth + 1 : 1;
    if (next || depth > LIM_CONTAINER_DEPTH) {
        struct container_sums sums = {.limit = !next};
        if (next)
            snprintf(sums.why, sizeof sums.why, "%s is not opened here: %s", f->is.format, next);
        else
            snprintf(sums.why, sizeof sums.why, "not opened: it lies more than %d containers deep",
                     LIM_CONTAINER_DEPTH);
        u->r->limit |= !next;
        return shut(u, file, &sums, e);
    }
    struct box *more = grow(u->box, sizeof *more, u->n_box, &u->cap_box);
    if (!more)
        return no_memory(e);
    u->box = more;
    uint64_t most = f->bytes > (UINT64_MAX - LIM_CONTAINER_FREE) / LIM_CONTAINER_RATIO
                        ? UINT64_MAX
                        : LIM_CONTAINER_FREE + f->bytes * LIM_CONTAINER_RATIO;
    u->box[u->n_box] = (struct box){
        .file = file, .root = in ? in->root : u->n_box, .depth = depth, .left = most};
    u->n_box++, u->open++, u->all += f->bytes;
    return OK;
}

/* --- followers. One that fails is forgotten: what has no hash by then is hashed like any file. */

static void follower_end(struct follower *f, bool at_once)
{
    struct exit_info x;
    if (at_once)
        plat_proc_kill(f->proc);
    plat_proc_end(f->proc, &x);
    buf_free(&f->in);
    *f = (struct follower){0};
}

static void tell_follower(struct follower *f, uint8_t type, const uint64_t *n, const plat_file *fd)
{
    struct buf frame = {0};
    struct err gone = {0};
    size_t at = frame_begin(&frame, type);
    if (n)
        buf_u64le(&frame, *n);
    frame_end(&frame, at);
    if (f->proc && frame_to(f->proc, &frame, fd, fd != NULL, &gone) != OK)
        follower_end(f, true);
    buf_free(&frame);
}

static bool follower_start(struct follower *f)
{
    static const char *const args[] = {"whylogon", "--unpack", NULL};
    struct unpack_setup setup = {.memory = LIM_UNPACK_BYTES, .file_bytes = SPOOL_ALIGN};
    struct err why = {0};
    struct buf frame = {0};
    if (plat_spawn_self(args, &(struct proc_limits){0}, &f->proc, &why) != OK)
        return f->proc = NULL, false;
    size_t at = frame_begin(&frame, UNPACK_SETUP);
    unpack_setup_put(&frame, &setup);
    frame_end(&frame, at);
    if (frame_to(f->proc, &frame, NULL, 0, &why) != OK)
        follower_end(f, true);
    buf_free(&frame);
    f->heard = plat_clock_ms();
    return f->proc != NULL;
}

static enum status on_grows(struct unpack *u, struct child *c, struct span in, struct err *e)
{
    struct follower *f = &c->follower;
    unsigned spool = span_u8(&in);
    uint64_t at = span_u64(&in), bytes = span_u64(&in);
    unsigned kind = span_u8(&in);
    uint64_t claim = span_u64(&in);
    if (in.bad || in.n || spool >= SPOOLS || at < c->from[spool] || bytes > c->end[spool]
        || at > c->end[spool] - bytes || at % SPOOL_ALIGN || kind >= KINDS)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "frame", "malformed");
    if (u->o->ahead && kind == KIND_EVTX && c->spool[spool])
        ahead_grows(u->o->ahead, c->spool[spool], at, claim, bytes);
    if (f->on && (f->spool != spool || f->at != at || !bytes))
        f->on = false, tell_follower(f, UNPACK_DROP, NULL, NULL);
    if (bytes < FOLLOW_LEAST || f->n == FOLLOWED || !c->spool[spool] || (!f->proc && !follower_start(f)))
        return OK;
    if (!f->on) {
        f->on = true, f->spool = spool, f->at = at;
        tell_follower(f, UNPACK_FOLLOW, &at, &u->ev->spool[c->spool[spool] - 1]);
    }
    tell_follower(f, UNPACK_MORE, &bytes, NULL);
    return OK;
}

/* The member told is the one that is followed, or the one that is followed is none. */
static void follow_to_end(struct unpack *u, struct child *c, const struct unpacked *m, size_t file)
{
    struct follower *f = &c->follower;
    if (!f->on)
        return;
    f->on = false;
    if (!u->ev->file[file].spool || f->spool != m->spool || f->at != m->at) {
        tell_follower(f, UNPACK_DROP, NULL, NULL);
        return;
    }
    f->wait[f->n++] = file;
    tell_follower(f, UNPACK_END, &m->m.bytes, NULL);
}

static enum status hear_follower(struct unpack *u, struct follower *f, struct err *e)
{
    size_t got;
    bool eof = false;
    enum status framing = OK, st = plat_proc_read(f->proc, u->read, READ_BYTES, &got, &eof, e);
    struct span in, body;
    uint8_t type;
    buf_put(&f->in, u->read, st == OK ? got : 0);
    if (st != OK || f->in.bad)
        return st != OK ? st : no_memory(e);
    in = span_of(f->in.p, f->in.n, 0), f->heard = plat_clock_ms();
    bool broken = eof;
    while (st == OK && !broken && frame_next(&in, &type, &body, &framing)) {
        if (type == UNPACK_JAIL && !f->jailed) {
            f->jailed = true, st = jail_seen(span_u32(&body), u->o->require_jail, u->o->jail, e);
        } else if (type == UNPACK_HASH && f->n && body.n == sizeof u->ev->file->sha256) {
            struct file *file = &u->ev->file[f->wait[0]];
            memcpy(file->sha256, body.p, body.n), file->hashed = true;
            memmove(f->wait, f->wait + 1, --f->n * sizeof *f->wait);
        } else {
            broken = true;
        }
    }
    if (in.n)
        memmove(f->in.p, f->in.p + (f->in.n - in.n), in.n);
    f->in.n = in.n;
    if (st == OK && (broken || framing != OK))
        follower_end(f, true);
    return st;
}

/* Of the hashes that are still to come: is anything heard of them? */
static bool hashing(struct unpack *u)
{
    bool any = false;
    for (size_t i = 0; i < u->n_child; i++) {
        struct follower *f = &u->child[i].follower;
        if (f->n && plat_clock_ms() - f->heard > STALL_MS)
            follower_end(f, true);
        any |= f->n > 0;
    }
    return any;
}

/* --- members */

static enum status one_too_many(struct unpack *u, struct box *b, const char *what)
{
    struct file *f = &u->ev->file[b->file];
    f->note = f->note.p ? f->note : str_of(what);
    u->r->limit = true;
    return OK;
}

/* Its bytes lie where the child may write, and no two of its members overlap. */
static bool place_sound(const struct child *c, const struct unpacked *m)
{
    return m->at % SPOOL_ALIGN == 0 && m->at >= c->from[m->spool] && m->m.bytes
           && m->m.bytes <= c->end[m->spool] && m->at <= c->end[m->spool] - m->m.bytes;
}

static enum status on_member(struct unpack *u, struct child *c, struct span in, struct err *e)
{
    struct unpacked m;
    struct str format;
    enum status st = unpacked_get(in, &m, &format, e);
    if (st != OK)
        return st;
    struct box *b = &u->box[c->box];
    const struct file *box = &u->ev->file[b->file];
    struct arena *mem = &u->ev->mem;
    bool given = m.m.state == MEMBER_WHOLE || m.m.state == MEMBER_DAMAGED;
    if (given && !place_sound(c, &m))
        return err_set(e, E_FORMAT, ERR_NO_OFF, "member frame", "not where it may lie");
    struct file f = {.path = str_of(arena_printf(mem, "%.*s/%.*s", STR_ARG(box->path), STR_ARG(m.m.name))),
                     .place = str_of(arena_printf(mem, "%.*s/%.*s", STR_ARG(box->place), STR_ARG(m.m.name))),
                     .bytes = m.m.bytes,
                     .is = m.m.is,
                     .start_hash = m.m.head,
                     .container = b->file + 1,
                     .member = m.m.ordinal,
                     .damaged = m.m.state == MEMBER_DAMAGED};
    struct str kind = arena_str(mem, format);
    f.is.format = kind.p, f.note = m.m.why.n ? arena_str(mem, m.m.why) : (struct str){0};
    if (!f.path.p || !f.place.p || !kind.p)
        return one_too_many(u, b, "more members than a list of files holds");
    f.older = box->older || lies_in_older(f.path);
    f.st = m.m.state == MEMBER_FAILED ? E_FORMAT : m.m.state == MEMBER_LOCKED ? E_UNSUPPORTED : OK;
    f.skipped = m.m.state == MEMBER_NAMED;
    if (given) {
        f.spool = c->spool[m.spool], f.at = m.at, b->told += m.m.bytes;
        c->from[m.spool] = (m.at + m.m.bytes + SPOOL_ALIGN - 1) / SPOOL_ALIGN * SPOOL_ALIGN;
    }
    struct err full = {0};
    if ((st = evidence_add(u->ev, f, &full)) == E_LIMIT)
        return one_too_many(u, b, "more members than files in one run");
    if (st != OK)
        return err_set(e, st, ERR_NO_OFF, "file list", "%s", full.why);
    follow_to_end(u, c, &m, u->ev->n - 1);
    struct box inside = *b; /* the list may grow */
    return is_box(&f) ? add_box(u, u->ev->n - 1, &inside, e) : OK;
}

static void box_done(struct unpack *u, struct child *c, uint64_t out)
{
    if (c->follower.on)
        c->follower.on = false, tell_follower(&c->follower, UNPACK_DROP, NULL, NULL);
    struct box *b = &u->box[c->box], *root = &u->box[b->root];
    root->left -= out < root->left ? out : root->left;
    root->busy = false, b->state = SHUT, c->busy = false;
    u->open--;
    uint64_t bytes = u->ev->file[b->file].bytes;
    u->done += bytes > c->passed ? bytes - c->passed : 0;
}

static enum status on_done(struct unpack *u, struct child *c, struct span in, struct err *e)
{
    struct unpack_done d;
    enum status st = unpack_done_get(in, &d, e);
    if (st != OK)
        return st;
    u->r->limit |= d.limit;
    st = shut(u, u->box[c->box].file, &d.sums, e);
    box_done(u, c, d.sums.out);
    return st;
}

static enum status on_frame(struct unpack *u, struct child *c, uint8_t type, struct span body, struct err *e)
{
    if (type == UNPACK_JAIL && !c->jailed) {
        c->jailed = true;
        return jail_seen(span_u32(&body), u->o->require_jail, u->o->jail, e);
    }
    if (!c->busy)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "frame", "unexpected");
    if (type == UNPACK_MEMBER)
        return on_member(u, c, body, e);
    if (type == UNPACK_GROWS)
        return on_grows(u, c, body, e);
    if (type == UNPACK_DONE)
        return on_done(u, c, body, e);
    if (type != UNPACK_PROGRESS)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "frame", "type 0x%02x", type);
    uint64_t now = span_u64(&body), bytes = u->ev->file[u->box[c->box].file].bytes;
    now = now < bytes ? now : bytes;
    u->done += now > c->passed ? now - c->passed : 0, c->passed = now > c->passed ? now : c->passed;
    return OK;
}

/* --- children */

static enum status give_spools(struct unpack *u, struct child *c, struct err *e)
{
    const uint64_t most[SPOOLS] = {MEMORY_BYTES / u->n_child, u->o->spool_bytes / u->n_child};
    for (unsigned i = 0; i < SPOOLS; i++) {
        plat_file fd;
        struct err why = {0};
        if (c->spool[i] || !most[i] || plat_spool(i == SPOOL_MEMORY, &fd, &why) != OK)
            continue; /* of one that died the next goes on with what is left; without room members say so */
        plat_file *more = grow(u->ev->spool, sizeof *more, u->ev->n_spool, &u->ev->cap_spool);
        if (!more)
            return plat_close(fd), no_memory(e);
        u->ev->spool = more, more[u->ev->n_spool++] = fd;
        c->spool[i] = (unsigned)u->ev->n_spool, c->from[i] = SPOOL_ALIGN, c->end[i] = SPOOL_ALIGN + most[i];
    }
    return OK;
}

static enum status start(struct unpack *u, struct child *c, struct err *e)
{
    static const char *const args[] = {"whylogon", "--unpack", NULL};
    enum status st = give_spools(u, c, e);
    st = st == OK ? plat_spawn_self(args, &(struct proc_limits){0}, &c->proc, e) : st;
    if (st != OK)
        return st;
    uint64_t most = c->end[0] > c->end[1] ? c->end[0] : c->end[1];
    struct unpack_setup setup = {LIM_UNPACK_BYTES, most ? most : SPOOL_ALIGN, u->o->n_password,
                                 (struct str *)(uintptr_t)u->o->password};
    struct buf frame = {0};
    size_t at = frame_begin(&frame, UNPACK_SETUP);
    unpack_setup_put(&frame, &setup);
    frame_end(&frame, at);
    struct err gone = {0};
    if ((st = frame_to(c->proc, &frame, NULL, 0, &gone)) == E_NOMEM)
        err_set(e, E_NOMEM, ERR_NO_OFF, "containers", "out of memory");
    else if (st != OK) /* it has died already: its end is read below */
        plat_proc_kill(c->proc), st = OK;
    buf_free(&frame);
    c->in.n = 0, c->jailed = c->busy = false;
    c->heard = c->began = plat_clock_ms();
    return st;
}

static enum status open_box(struct unpack *u, const struct box *b, plat_file *fd, uint64_t *at,
                            struct err *why)
{
    const struct file *f = &u->ev->file[b->file];
    uint64_t bytes;
    enum status st = evidence_open(u->ev, b->file, fd, at, &bytes, why);
    if (st != OK || bytes == f->bytes)
        return st;
    plat_close(*fd);
    return err_set(why, E_IO, ERR_NO_OFF, "changed", "it had %llu bytes when the run began and has %llu now",
                   (unsigned long long)f->bytes, (unsigned long long)bytes);
}

static uint32_t only_of(const struct unpack *u, const struct box *b)
{
    return !u->o->only ? CONTAINER_ALL : b->depth <= u->o->n_only ? u->o->only[b->depth - 1] : UINT32_MAX;
}

static enum status send_job(struct unpack *u, struct child *c, size_t index, struct err *e)
{
    struct box *b = &u->box[index];
    const struct file *f = &u->ev->file[b->file];
    struct unpack_job j = {.bytes = f->bytes,
                           .most = u->box[b->root].left,
                           .member_most = u->o->file_bytes,
                           .only = only_of(u, b),
                           .name = f->path};
    plat_file fd[1 + SPOOLS] = {-1, -1, -1};
    struct err why = {0};
    if (open_box(u, b, &fd[0], &j.at, &why) != OK) {
        struct container_sums sums = {0};
        snprintf(sums.why, sizeof sums.why, "%s: %s", why.what, why.why);
        b->state = SHUT, u->open--;
        u->r->limit |= why.code == E_NOMEM;
        return shut(u, b->file, &sums, e);
    }
    for (unsigned i = 0; i < SPOOLS; i++) /* who has no spool gets one without room */
        fd[1 + i] = c->spool[i] ? u->ev->spool[c->spool[i] - 1] : fd[0], j.from[i] = c->from[i],
               j.end[i] = c->end[i] > c->from[i] ? c->end[i] : c->from[i];
    struct buf frame = {0};
    size_t at = frame_begin(&frame, UNPACK_JOB);
    unpack_job_put(&frame, &j);
    frame_end(&frame, at);
    struct err gone = {0};
    enum status st = frame_to(c->proc, &frame, fd, 1 + SPOOLS, &gone);
    buf_free(&frame);
    plat_close(fd[0]);
    if (st == E_NOMEM)
        return no_memory(e);
    if (st != OK)
        return OK; /* the child has died; its end is read below and the box waits */
    b->state = OPEN, u->box[b->root].busy = true;
    c->busy = true, c->box = index, c->passed = 0, c->heard = c->began = plat_clock_ms();
    return OK;
}

/* What was not opened to its end stays as it is, and says why. */
static enum status shut_all_unread(struct unpack *u, const char *why, struct err *e)
{
    struct container_sums sums = {0};
    enum status st = OK;
    snprintf(sums.why, sizeof sums.why, "not unpacked to its end: %s", why);
    u->r->limit = true;
    for (size_t i = 0; i < u->n_box && st == OK; i++)
        if (u->box[i].state != SHUT)
            sums.opened = u->box[i].state == OPEN, st = shut(u, u->box[i].file, &sums, e);
    u->open = 0;
    return st;
}

/* Where the system refuses a child, those that are there go on alone. */
static enum status start_if_needed(struct unpack *u, struct child *c, struct err *e)
{
    struct err why = {0};
    enum status st = start(u, c, &why);
    for (size_t i = 0; i < u->n_child && st == E_NOMEM; i++)
        if (u->child[i].proc)
            st = OK;
    if (st != E_NOMEM)
        return st == OK ? OK : err_set(e, st, why.off, why.what, "%s", why.why);
    snprintf(u->r->shortage, sizeof u->r->shortage, "%s: %s", why.what, why.why);
    return shut_all_unread(u, u->r->shortage, e);
}

/* The child is gone, and with it what its container had still to say. */
static enum status lost(struct unpack *u, struct child *c, const char *how, struct err *e)
{
    struct exit_info x;
    char words[EXIT_WORDS];
    struct container_sums sums = {0};
    plat_proc_kill(how ? c->proc : NULL);
    plat_proc_end(c->proc, &x);
    c->proc = NULL;
    if (how)
        snprintf(sums.why, sizeof sums.why, "who unpacked it was ended: it %s", how);
    else
        snprintf(sums.why, sizeof sums.why, "who unpacked it %s", plat_exit_text(&x, words, sizeof words));
    enum status st = OK;
    if (c->busy) {
        sums.opened = u->box[c->box].told > 0;
        const struct box *b = &u->box[c->box];
        for (size_t i = 0; i < u->ev->n; i++)
            if (u->ev->file[i].container == b->file + 1)
                sums.seen++, sums.wanted += u->ev->file[i].spool != 0,
                    sums.failed += u->ev->file[i].st != OK || u->ev->file[i].damaged;
        u->r->lost++;
        st = shut(u, b->file, &sums, e);
        box_done(u, c, b->told);
    } else if (!c->jailed && ++u->stillborn > STILLBORN) {
        st = err_set(e, E_NOMEM, ERR_NO_OFF, "workers do not start", "%s", sums.why);
    }
    return st == OK && u->open ? start_if_needed(u, c, e) : st;
}

static enum status hear(struct unpack *u, struct child *c, struct err *e)
{
    size_t got;
    bool eof = false, broken = false;
    enum status framing = OK, st = plat_proc_read(c->proc, u->read, READ_BYTES, &got, &eof, e);
    if (st != OK)
        return st;
    buf_put(&c->in, u->read, got);
    if (c->in.bad)
        return no_memory(e);
    struct span in = span_of(c->in.p, c->in.n, 0), body;
    uint8_t type;
    while (st == OK && !broken && frame_next(&in, &type, &body, &framing)) {
        struct err bad = {0};
        c->heard = plat_clock_ms();
        st = on_frame(u, c, type, body, &bad);
        broken = st == E_FORMAT;
        if (st != OK && !broken)
            *e = bad;
    }
    st = broken ? OK : st;
    if (in.n)
        memmove(c->in.p, c->in.p + (c->in.n - in.n), in.n);
    c->in.n = in.n;
    if (st == OK && (eof || broken || framing != OK))
        st = lost(u, c, eof ? NULL : "sent a malformed frame", e);
    return st;
}

static enum status patience(struct unpack *u, struct child *c, struct err *e)
{
    uint64_t now = plat_clock_ms();
    if (c->busy && now - c->began > u->o->file_seconds * 1000) {
        u->r->limit = true;
        return lost(u, c, "took longer than --limits file-seconds", e);
    }
    return (c->busy || !c->jailed) && now - c->heard > STALL_MS ? lost(u, c, "said nothing for 120 s", e)
                                                                : OK;
}

static enum status dispatch(struct unpack *u, struct err *e)
{
    enum status st = OK;
    while (u->first < u->n_box && u->box[u->first].state == SHUT)
        u->first++;
    for (size_t i = 0, at = u->first; i < u->n_child && st == OK; i++) {
        struct child *c = &u->child[i];
        if (!c->proc || !c->jailed || c->busy)
            continue;
        while (at < u->n_box && (u->box[at].state != WAITS || u->box[u->box[at].root].busy))
            at++;
        if (at < u->n_box)
            st = send_job(u, c, at, e);
    }
    return st;
}

static enum status run_all(struct unpack *u, struct err *e)
{
    enum status st = OK;
    while (st == OK && (u->open || hashing(u))) {
        struct proc *wait[2 * CHILDREN];
        bool ready[2 * CHILDREN] = {0};
        if (u->o->stop && *u->o->stop)
            return err_set(e, E_STOP, ERR_NO_OFF, "interrupted", "the run was stopped");
        if (plat_clock_ms() > u->o->until)
            return shut_all_unread(u, "the run's time was over (--limits run-seconds)", e);
        if ((st = dispatch(u, e)) != OK)
            break;
        for (size_t i = 0; i < u->n_child; i++)
            wait[2 * i] = u->child[i].proc, wait[2 * i + 1] = u->child[i].follower.proc;
        st = u->o->ahead ? ahead_listen(u->o->ahead, wait, 2 * u->n_child, ready, e)
                         : plat_wait(wait, 2 * u->n_child, 200, ready, e);
        for (size_t i = 0; i < u->n_child && st == OK; i++) {
            if (ready[2 * i + 1])
                st = hear_follower(u, &u->child[i].follower, e);
            if (st == OK && ready[2 * i])
                st = hear(u, &u->child[i], e);
            if (st == OK && u->child[i].proc)
                st = patience(u, &u->child[i], e);
        }
        if (u->o->progress)
            u->o->progress(u->o->ctx, u->done, u->all);
    }
    return st;
}

static void end_children(struct unpack *u, bool at_once)
{
    for (size_t i = 0; i < u->n_child; i++) {
        struct child *c = &u->child[i];
        struct exit_info x;
        if (at_once || c->busy)
            plat_proc_kill(c->proc);
        plat_proc_end(c->proc, &x);
        buf_free(&c->in);
        follower_end(&c->follower, at_once || c->follower.n || c->follower.on);
        if (c->spool[SPOOL_MEMORY])
            plat_seal(u->ev->spool[c->spool[SPOOL_MEMORY] - 1]);
    }
}

enum status unpack(struct evidence *ev, const struct unpack_options *o, struct unpack_result *r,
                   struct err *e)
{
    struct unpack u = {.ev = ev, .o = o, .r = r, .read = malloc(READ_BYTES)};
    enum status st = u.read ? OK : no_memory(e);
    *r = (struct unpack_result){0};
    for (size_t i = 0, n = ev->n; i < n && st == OK; i++)
        st = is_box(&ev->file[i]) ? add_box(&u, i, NULL, e) : OK;
    u.n_child = o->workers ? o->workers : plat_cores();
    u.n_child = u.n_child > CHILDREN ? CHILDREN : u.n_child > u.n_box ? u.n_box : u.n_child;
    for (size_t i = 0; i < u.n_child && u.open && st == OK; i++)
        st = start_if_needed(&u, &u.child[i], e);
    st = st == OK ? run_all(&u, e) : st;
    end_children(&u, st != OK);
    st = st == OK && u.n_box ? evidence_sort(ev, e) : st;
    free(u.box), free(u.read);
    return st;
}

enum status passwords_read(const char *path, struct arena *a, struct str **out, size_t *n, struct err *e)
{
    enum { MOST = 1 << 20 };
    struct buf whole = {0};
    *out = NULL, *n = 0;
    if (plat_read_file(path, MOST, &whole, e) != OK)
        return buf_free(&whole), e->code = E_USAGE;
    struct str rest = arena_str(a, buf_view(&whole));
    buf_free(&whole);
    *out = arena_alloc(a, sizeof **out, LIM_PASSWORDS);
    if (!rest.p || !*out)
        return no_memory(e);
    while (rest.n) {
        struct str line = str_cut(&rest, '\n');
        line.n -= line.n && line.p[line.n - 1] == '\r';
        if (memchr(line.p, 0, line.n))
            return err_set(e, E_USAGE, ERR_NO_OFF, "--password-file",
                           "a line holds a NUL: give UTF-8 text, one passphrase a line");
        if (line.n && *n == LIM_PASSWORDS)
            return err_set(e, E_USAGE, ERR_NO_OFF, "--password-file", "more than %d lines", LIM_PASSWORDS);
        if (line.n)
            (*out)[(*n)++] = line;
    }
    return OK;
}
