#include "run/dumper.h"
#include "parsers/evtx/evtx.h"
#include "parsers/registry/regf.h"
#include "parsers/registry/regtext.h"
#include "base/limits.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "run/frame.h"
#include "plat/jail.h"
#include <stdio.h>

enum { SCRATCH = 64 << 20, PIECE = 64 << 10 };

struct dumper {
    struct want want;
    enum evtx_format format;
    struct map map[3];
    struct span file[3];
    uint8_t name[3]; /* enum log_name of each; of the hive nothing */
    size_t n;
    uint8_t what; /* enum dump_what */
    bool turn;    /* text may be written */
    struct arena want_mem, scratch;
    struct buf text, line, out, body;
    enum status wrote; /* E_STOP, E_DB: nobody takes the text any more */
};

static enum status await_turn(struct dumper *d, struct err *e)
{
    uint8_t type;
    enum status st = d->turn ? OK : frame_recv(&d->body, &type, NULL, NULL, e);
    if (st == OK && !d->turn && type != DUMP_GO)
        st = err_set(e, E_FORMAT, ERR_NO_OFF, "dumper", "frame out of order");
    d->turn = d->turn || st == OK;
    return st;
}

static enum status write_text(struct dumper *d, const char *p, size_t n, struct err *e)
{
    enum status st = await_turn(d, e);
    return st == OK ? d->wrote = plat_write_stdout(p, n, e) : st;
}

static enum status write_held(struct dumper *d, struct err *e)
{
    enum status st = d->text.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "dumper", "out of memory")
                                 : write_text(d, d->text.p, d->text.n, e);
    d->text.n = 0;
    return st;
}

/* In turn, text flows, gathered to pieces only where it comes in drops; out of turn it is held, so that parts
 * are made side by side. */
static enum status put_text(void *ctx, const char *p, size_t n, struct err *e)
{
    struct dumper *d = ctx;
    if (d->turn && !d->text.n && n >= PIECE)
        return write_text(d, p, n, e);
    buf_put(&d->text, p, n);
    return d->turn && d->text.n >= PIECE ? write_held(d, e)
           : d->text.bad                 ? err_set(e, E_NOMEM, ERR_NO_OFF, "dumper", "out of memory")
                                         : OK;
}

static enum status note(struct dumper *d, const struct fact *f, struct err *e)
{
    size_t at = frame_begin(&d->out, DUMP_NOTE);
    buf_u64le(&d->out, f->ref.off);
    buf_str(&d->out, f->v[AN_WHAT].s), buf_z(&d->out, ": "), buf_str(&d->out, f->v[AN_DETAIL].s);
    frame_end(&d->out, at);
    return frame_send(&d->out, e);
}

static void member(struct buf *b, const char *name)
{
    buf_char(b, b->n > 1 ? ',' : ' '), buf_json(b, str_of(name)), buf_char(b, ':');
}

/* What a decoder found, after the keys and values: its columns by name. */
static void put_decoded(struct buf *b, const struct fact *f)
{
    const struct fact_desc *d = &fact_descs[f->kind];
    member(b, "fact"), buf_json(b, str_of(d->table));
    for (size_t i = 0; i < FACT_COLS && d->col[i].name; i++) {
        const struct value *v = &f->v[i];
        bool text = d->col[i].type == COL_TEXT || d->col[i].type == COL_BLOB;
        if (v->null || (text && !v->s.p))
            continue;
        member(b, d->col[i].name);
        if (text)
            buf_json(b, v->s);
        else if (d->col[i].type == COL_TIME)
            buf_char(b, '"'), buf_time(b, v->i), buf_char(b, '"');
        else
            buf_i64(b, v->i);
    }
    member(b, "file"), buf_u64(b, f->ref.file);
    member(b, "offset"), buf_u64(b, f->ref.off);
    buf_z(b, "}\n");
}

/* A REG_MULTI_SZ as an array, so that "a|b" is not "a", "b". Its terminators are no strings. */
static void put_strings(struct buf *b, struct str data)
{
    const uint8_t *p = (const uint8_t *)data.p;
    size_t n = data.n & ~(size_t)1;
    while (n >= 2 && !(p[n - 2] | p[n - 1]))
        n -= 2;
    buf_char(b, '[');
    for (size_t at = 0; at < n; at += 2) {
        size_t end = at;
        while (end < n && (p[end] | p[end + 1]))
            end += 2;
        struct buf text = {0};
        if (buf_room(&text, (end - at) / 2 * 3 + 4))
            text.n = utf16_to_utf8(text.p, p + at, end - at);
        b->bad |= text.bad;
        buf_z(b, at ? "," : ""), buf_json(b, text.p ? buf_view(&text) : STR(""));
        buf_free(&text);
        at = end;
    }
    buf_char(b, ']');
}

static void put_hive(struct buf *b, const struct fact *f)
{
    put_decoded(b, f);
    if (f->v[HV_CONTROL_SET].null || b->n < 2)
        return;
    b->n -= 2; /* the end of the line */
    char name[24];
    snprintf(name, sizeof name, "ControlSet%03u", (unsigned)f->v[HV_CONTROL_SET].i % 1000);
    member(b, "current_control_set"), buf_json(b, str_of(name)), buf_z(b, "}\n");
}

/* One JSON line per key and value of a hive, and per fact decoded from them. */
static enum status put_fact(void *ctx, const struct fact *f, struct err *e)
{
    struct dumper *d = ctx;
    struct buf *b = &d->line;
    const struct value *v = f->v;
    bool key = f->kind == FACT_REG_KEY;
    if (f->kind == FACT_ANOMALY)
        return note(d, f, e);
    b->n = 0;
    buf_char(b, '{');
    if (f->kind > FACT_REG_VALUE || f->kind == FACT_HIVE) {
        (f->kind == FACT_HIVE ? put_hive : put_decoded)(b, f);
        return b->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "dumper", "out of memory")
                      : put_text(d, b->p, b->n, e);
    }
    if (!key && f->kind != FACT_REG_VALUE)
        return OK;
    member(b, "path"), buf_json(b, v[key ? RK_PATH : RV_PATH].s);
    if (!key) {
        member(b, "name"), buf_json(b, v[RV_NAME].s);
        const char *type = reg_type_name((uint32_t)v[RV_TYPE].i);
        member(b, "type"), buf_json(b, str_of(type));
        if (strcmp(type, "REG_UNKNOWN") == 0)
            member(b, "type_number"), buf_i64(b, v[RV_TYPE].i);
        bool strings = v[RV_TYPE].i == REG_MULTI_SZ && !v[RV_DATA].null && v[RV_DATA].s.p;
        if (strings)
            member(b, "text"), put_strings(b, v[RV_DATA].s);
        if (!v[RV_NUM].null)
            member(b, "num"), buf_i64(b, v[RV_NUM].i);
        if (!strings && !v[RV_TEXT].null && v[RV_TEXT].s.p)
            member(b, "text"), buf_json(b, v[RV_TEXT].s);
        if (!v[RV_WITHHELD].null && v[RV_WITHHELD].i)
            member(b, "withheld"), buf_z(b, "true");
        member(b, "size"), buf_i64(b, v[RV_SIZE].i);
        member(b, "data"), buf_char(b, '"'), buf_hex(b, v[RV_DATA].s.p, v[RV_DATA].s.n), buf_char(b, '"');
    }
    const struct value *written = &v[key ? RK_WRITTEN : RV_WRITTEN];
    if (!written->null)
        member(b, "written"), buf_char(b, '"'), buf_time(b, written->i), buf_char(b, '"');
    member(b, "file"), buf_u64(b, f->ref.file);
    member(b, "offset"), buf_u64(b, f->ref.off);
    const struct value *origin = &v[key ? RK_ORIGIN : RV_ORIGIN];
    if (!origin->null && origin->s.p)
        member(b, "origin"), buf_json(b, origin->s);
    if (v[key ? RK_RECOVERED : RV_RECOVERED].i)
        member(b, "recovered"), buf_z(b, "true");
    buf_z(b, "}\n");
    return b->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "dumper", "out of memory") : put_text(d, b->p, b->n, e);
}

static enum status open_files(struct dumper *d, struct span in, const plat_file *fd, size_t n_fd,
                              struct err *e)
{
    for (size_t i = 0; i < d->n; i++)
        plat_unmap(&d->map[i]);
    d->what = span_u8(&in), d->n = 0;
    size_t n = span_u8(&in);
    enum status st = n >= 1 && n <= 3 && n == n_fd
                         ? OK
                         : err_set(e, E_FORMAT, ERR_NO_OFF, "dumper", "malformed request");
    for (; d->n < n && st == OK; d->n++) {
        uint64_t at = span_u64(&in), bytes = span_u64(&in);
        d->name[d->n] = span_u8(&in) & 3;
        st = plat_map(fd[d->n], at, bytes, &d->map[d->n], e);
        d->file[d->n] = span_of(d->map[d->n].p, d->map[d->n].n, 0);
    }
    return st;
}

static enum status do_part(struct dumper *d, struct span in, struct err *e)
{
    uint32_t first = span_u32(&in), count = span_u32(&in);
    d->turn = span_u8(&in);
    struct evtx_stats stats = {0};
    struct arena scratch = d->scratch;
    struct err why = {0};
    enum status st = in.bad || !d->n ? err_set(e, E_FORMAT, ERR_NO_OFF, "dumper", "malformed request") : OK;
    if (st == OK && d->what != DUMP_LOG && (st = await_turn(d, e)) == OK)
        st = d->what == DUMP_HIVE
                 ? hive_read_named(d->file, d->name + 1, d->n, &d->want, &scratch, put_fact, d, &why)
                 : regtext_read(d->file[0], &d->want, &scratch, put_fact, d, &why);
    else if (st == OK)
        st = evtx_dump(d->file[0], first, count, &d->want, d->format, &scratch, put_text, d, &stats, &why);
    enum status written = d->wrote != OK ? d->wrote : e->code == OK ? write_held(d, e) : e->code;
    if (written != OK)
        return written;
    size_t at = frame_begin(&d->out, DUMP_DONE);
    buf_u64le(&d->out, stats.seen), buf_u64le(&d->out, stats.failed), buf_char(&d->out, (char)st),
        buf_z(&d->out, why.why);
    frame_end(&d->out, at);
    return frame_send(&d->out, e);
}

int dumper_main(void)
{
    struct dumper d = {0};
    struct buf first = {0}, body = {0};
    struct err e = {0};
    uint8_t type;
    if (!arena_make(&d.want_mem, 16 << 20) || !arena_make(&d.scratch, SCRATCH)
        || frame_recv(&first, &type, NULL, NULL, &e) != OK || type != DUMP_WANT || first.n < 1)
        return 70;
    d.format = first.p[0] ? EVTX_XML : EVTX_JSONL;
    if (want_get(span_of(first.p + 1, first.n - 1, 0), &d.want_mem, &d.want, &e) != OK)
        return 70;
    plat_jail(&(struct jail_limits){.files = LIM_WORKER_FILES, .may_write = true});
    for (;;) {
        plat_file fd[3];
        size_t n = 3;
        enum status st = frame_recv(&body, &type, fd, &n, &e);
        if (st == OK && type == DUMP_OPEN)
            st = open_files(&d, span_of(body.p, body.n, 0), fd, n, &e);
        else if (st == OK && type == DUMP_PART)
            st = do_part(&d, span_of(body.p, body.n, 0), &e);
        else if (st == OK && type != DUMP_GO)
            st = E_FORMAT;
        for (size_t i = 0; i < n; i++)
            plat_close(fd[i]);
        if (st != OK)
            /* memory goes with the process */
            return st == E_TRUNC ? 0 : st == E_DB ? 6 : st == E_STOP ? DUMPER_ENOUGH : 70;
    }
}
