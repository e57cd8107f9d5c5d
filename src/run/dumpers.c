#include "run/dumpers.h"
#include "base/limits.h"
#include "run/child.h"
#include "run/frame.h"
#include "run/worker.h"
#include "plat/jail.h"
#include <string.h>

enum { READ_BYTES = 16 << 10, TRIES = 2, WAIT_MS = 200 };

static enum status out_of_memory(struct err *e)
{
    return err_set(e, E_NOMEM, ERR_NO_OFF, "dump", "out of memory");
}

/* --- processes */

static enum status start_original(struct dumpers *d, struct err *e)
{
    static const char *const args[] = {"whylogon", "--dump", NULL};
    enum status st = plat_spawn_self(args, &(struct proc_limits){0}, &d->original, e);
    if (st != OK)
        return st;
    struct buf frame = {0};
    struct err gone = {0}; /* one that has died already is found out when it is to be copied */
    size_t at = frame_begin(&frame, DUMP_WANT);
    buf_char(&frame, d->xml), want_put(&frame, d->want);
    frame_end(&frame, at);
    st = frame_to(d->original, &frame, NULL, 0, &gone) == E_NOMEM ? out_of_memory(e) : OK;
    buf_free(&frame);
    return st;
}

void dumpers_end(struct dumpers *d)
{
    struct exit_info x;
    plat_proc_kill(d->original);
    child_end(d->original, &x);
    d->original = NULL;
}

enum status dumper_start(struct dumpers *d, struct dump_child *c, struct err *e)
{
    struct err why = {0};
    *c = (struct dump_child){.spool = -1};
    for (unsigned tries = 0; tries < TRIES; tries++) {
        enum status st = d->original ? OK : start_original(d, e);
        if (st != OK)
            return st;
        why = (struct err){0};
        st = plat_proc_copy(d->original, &c->proc, &why);
        if (st == E_UNSUPPORTED) /* it serves itself */
            c->proc = d->original, d->original = NULL;
        if (st == OK || st == E_UNSUPPORTED)
            return OK;
        dumpers_end(d);
    }
    return err_set(e, E_NOMEM, ERR_NO_OFF, "cannot start a reader", "%s", why.why);
}

void dumper_end(struct dump_child *c, bool at_once, struct exit_info *how)
{
    struct exit_info x;
    if (at_once)
        plat_proc_kill(c->proc);
    child_end(c->proc, how ? how : &x);
    buf_free(&c->in);
    plat_unmap(&c->text), plat_close(c->spool);
    *c = (struct dump_child){.spool = -1};
}

/* --- requests */

static enum status send_frame(struct dump_child *c, struct buf *frame, const plat_file *fd, size_t n,
                              struct err *e)
{
    struct err gone = {0};
    enum status st = frame_to(c->proc, frame, fd, n, &gone);
    buf_free(frame);
    return st == E_NOMEM ? out_of_memory(e) : OK;
}

enum status dumper_ask(struct dump_child *c, uint8_t type, const void *bytes, size_t n, struct err *e)
{
    struct buf frame = {0};
    size_t at = frame_begin(&frame, type);
    buf_put(&frame, bytes, n);
    frame_end(&frame, at);
    return send_frame(c, &frame, NULL, 0, e);
}

/* Long enough from the start: what is mapped here stays there, as the child cannot shorten it. */
static enum status make_spool(struct dump_child *c, struct err *e)
{
    enum { ALL = DUMP_AREAS * DUMP_AREA };
    enum status st = plat_spool(true, &c->spool, NULL);
    if (st != OK)
        st = plat_spool(false, &c->spool, e);
    st = st == OK ? plat_write_at(c->spool, ALL - 1, "", 1, e) : st;
    return st == OK ? plat_map(c->spool, 0, ALL, &c->text, e) : st;
}

enum status dumper_open(struct dump_child *c, const struct evidence *ev, size_t file, struct err *e)
{
    const struct file *f = &ev->file[file];
    size_t of[3] = {file, f->n_log > 0 ? f->log[0] : 0, f->n_log > 1 ? f->log[1] : 0}, n = 0;
    plat_file fd[4];
    uint64_t place[3], bytes[3];
    enum status st = make_spool(c, e);
    while (st == OK && n < 1u + f->n_log) {
        st = evidence_open(ev, of[n], &fd[n], &place[n], &bytes[n], e);
        n += st == OK;
    }
    if (st == OK) {
        struct buf frame = {0};
        size_t at = frame_begin(&frame, DUMP_OPEN);
        buf_char(&frame, f->is.kind == KIND_HIVE       ? DUMP_HIVE
                         : f->is.kind == KIND_REG_TEXT ? DUMP_REG_TEXT
                         : file_is_tool_text(f)        ? DUMP_TOOL_TEXT
                                                       : DUMP_LOG),
            buf_char(&frame, (char)n);
        for (size_t i = 0; i < n; i++)
            buf_u64le(&frame, place[i]), buf_u64le(&frame, bytes[i]),
                buf_char(&frame, (char)hive_log_name(ev->file[of[i]].path));
        frame_end(&frame, at);
        fd[n] = c->spool;
        st = send_frame(c, &frame, fd, n + 1, e);
        c->open = true;
    }
    for (size_t i = 0; i < n; i++)
        plat_close(fd[i]);
    return st;
}

/* --- answers */

enum status dumper_read(struct dump_child *c, bool *eof, struct err *e)
{
    size_t got = 0;
    if (c->at)
        memmove(c->in.p, c->in.p + c->at, c->in.n - c->at), c->in.n -= c->at, c->at = 0;
    if (!buf_room(&c->in, READ_BYTES))
        return out_of_memory(e);
    enum status st = plat_proc_read(c->proc, c->in.p + c->in.n, READ_BYTES, &got, eof, e);
    c->in.n += got;
    return st;
}

bool dumper_frame(struct dumpers *d, struct dump_child *c, uint8_t *type, struct span *body, enum status *st,
                  struct err *e)
{
    struct span in = span_of(c->in.p, c->in.n, 0);
    (void)span_take(&in, c->at);
    *st = OK;
    while (*st == OK) {
        if (in.n >= FRAME_HEAD && le32(in.p) > 1u + LIM_FRAME_SMALL)
            return *st = E_FORMAT, false;
        if (!frame_next(&in, type, body, st))
            return false;
        c->at = c->in.n - in.n;
        if (c->jailed)
            return *type != DUMP_JAIL || (*st = E_FORMAT, false);
        c->jailed = true;
        *st = *type == DUMP_JAIL ? jail_seen(span_u32(body), d->require_jail, &d->jail, e) : E_FORMAT;
    }
    return false;
}

enum status dumper_text(const struct dump_child *c, struct span body, uint8_t *area, struct str *text)
{
    *area = span_u8(&body);
    size_t n = span_u32(&body);
    if (body.bad || body.n || !c->open || *area >= DUMP_AREAS || n > DUMP_AREA || c->text.n == 0)
        return E_FORMAT;
    *text = (struct str){(const char *)c->text.p + (size_t)*area * DUMP_AREA, n};
    return OK;
}

enum status dumper_await(struct dumpers *d, struct dump_child *c, uint8_t *type, struct span *body,
                         bool *gone, struct err *e)
{
    enum status st = OK;
    for (*gone = false; !*gone;) {
        bool ready = false;
        if (dumper_frame(d, c, type, body, &st, e))
            return OK;
        if (st == E_FORMAT)
            return *gone = true, OK;
        if (st == OK && d->until && plat_clock_ms() > d->until)
            st = err_set(e, E_TIME, ERR_NO_OFF, "stopped", "the time of the run is over (run-seconds)");
        if (st != OK)
            return st;
        if ((st = plat_wait(&c->proc, 1, WAIT_MS, &ready, e)) != OK
            || (ready && (st = dumper_read(c, gone, e)) != OK))
            return st;
    }
    return OK;
}

/* --- what files are */

static enum status ask_kind(struct dump_child *c, const struct evidence *ev, size_t file, struct err *why,
                            struct err *e)
{
    plat_file fd;
    uint64_t at, bytes;
    enum status st = evidence_open(ev, file, &fd, &at, &bytes, why);
    if (st != OK)
        return st;
    struct buf frame = {0};
    size_t begun = frame_begin(&frame, DUMP_LOOK);
    buf_u64le(&frame, at), buf_u64le(&frame, bytes);
    frame_end(&frame, begun);
    st = send_frame(c, &frame, &fd, 1, e);
    plat_close(fd);
    return st;
}

static bool keep_kind(struct evidence *ev, struct file *f, uint8_t type, struct span body)
{
    struct sniffed s;
    struct str format;
    if (type != DUMP_KIND || sniffed_get(&body, &s, &format, NULL) != OK || body.n)
        return false;
    struct str copy = arena_str(&ev->mem, format);
    s.format = copy.p ? copy.p : "unknown data";
    return f->is = s, true;
}

enum status dumpers_look(struct dumpers *d, struct evidence *ev, void *ctx,
                         void (*tell)(void *ctx, size_t file, const char *why), struct err *e)
{
    struct dump_child c = {.spool = -1};
    enum status st = OK;
    for (size_t i = 0; i < ev->n && st == OK; i++) {
        struct err why = {0};
        struct span body;
        uint8_t type;
        bool gone = false;
        if (!file_to_read(&ev->file[i]) || ev->file[i].is.format)
            continue;
        st = c.proc ? OK : dumper_start(d, &c, e);
        if (st == OK && ask_kind(&c, ev, i, &why, e) != OK) {
            if (why.code == OK)
                st = e->code;
            else
                tell(ctx, i, why.why);
            continue;
        }
        st = st == OK ? dumper_await(d, &c, &type, &body, &gone, e) : st;
        if (st == OK && (gone || !keep_kind(ev, &ev->file[i], type, body))) {
            tell(ctx, i, "who was to say what it is has ended");
            dumper_end(&c, true, NULL);
        }
    }
    dumper_end(&c, st != OK, NULL);
    return st;
}
