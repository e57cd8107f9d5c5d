#include "run/dumper.h"
#include "parsers/evtx/evtx.h"
#include "parsers/registry/regf.h"
#include "parsers/registry/regtext.h"
#include "parsers/sniff/sniff.h"
#include "parsers/tools/tooltext.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "run/frame.h"
#include "run/worker.h"
#include "plat/jail.h"
#include <stdio.h>

/* NOTE: bytes of a note's text */
enum { SCRATCH = 64 << 20, NOTE = 1024 };
enum { HEX_BYTES = 512 }; /* raw bytes shown; records reach 64 KiB, the first lines tell the tale */

struct dumper {
    struct want want;
    enum evtx_format format;
    struct map map[3];
    struct span file[3];
    uint8_t name[3]; /* enum log_name of each; of the hive nothing */
    size_t n;
    uint8_t what;           /* enum dump_what */
    char *spool;            /* DUMP_AREAS of them */
    unsigned area;          /* being filled */
    size_t used;            /* of it */
    bool given[DUMP_AREAS]; /* with the parent */
    struct arena want_mem, scratch;
    struct bx *known;
    struct buf line, out, body;
    bool queued; /* body of the part to come lies in next */
    struct buf next;
};

/* --- text to the parent */

static enum status give_area(struct dumper *d, struct err *e)
{
    if (!d->used)
        return OK;
    size_t at = frame_begin(&d->out, DUMP_TEXT);
    buf_char(&d->out, (char)d->area), buf_u32(&d->out, (uint32_t)d->used);
    frame_end(&d->out, at);
    d->given[d->area] = true, d->used = 0;
    return frame_send(&d->out, e);
}

static enum status take_back(struct dumper *d, struct span in, struct err *e)
{
    unsigned area = span_u8(&in);
    if (in.bad || in.n || area >= DUMP_AREAS || !d->given[area])
        return err_set(e, E_FORMAT, ERR_NO_OFF, "dumper", "malformed request");
    return d->given[area] = false, OK;
}

/* All areas may still be with the parent; what it asks for meanwhile is done later. */
static enum status await_area(struct dumper *d, struct err *e)
{
    enum status st = OK;
    while (st == OK && d->given[d->area]) {
        unsigned unused = 0; /* the first: the one printed longest ago is no longer in the cache */
        while (unused < DUMP_AREAS && d->given[unused])
            unused++;
        if (unused < DUMP_AREAS)
            return d->area = unused, OK;
        uint8_t type;
        if ((st = frame_recv(&d->body, &type, NULL, NULL, e)) != OK)
            break;
        if (type == DUMP_TAKEN) {
            st = take_back(d, span_of(d->body.p, d->body.n, 0), e);
        } else if (type == DUMP_PART && !d->queued) {
            d->queued = true, d->next.n = 0;
            buf_put(&d->next, d->body.p, d->body.n);
            st = d->next.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "dumper", "out of memory") : OK;
        } else {
            st = err_set(e, E_FORMAT, ERR_NO_OFF, "dumper", "frame out of order");
        }
    }
    return st;
}

static enum status spool_text(struct dumper *d, const char *p, size_t n, struct err *e)
{
    enum status st = OK;
    while (n && st == OK) {
        size_t some = DUMP_AREA - d->used < n ? DUMP_AREA - d->used : n;
        if ((st = await_area(d, e)) != OK)
            return st;
        memcpy(d->spool + (size_t)d->area * DUMP_AREA + d->used, p, some);
        p += some, n -= some, d->used += some;
        if (d->used == DUMP_AREA)
            st = give_area(d, e);
    }
    return st;
}

/* Records are written where the parent reads them. A long one that did not fit is copied there. */
static enum status put_records(void *ctx, struct buf *text, struct err *e)
{
    enum { LEAST = 128 << 10 };
    struct dumper *d = ctx;
    enum status st = OK;
    if (!text->lent)
        st = spool_text(d, text->p, text->n, e), buf_free(text);
    else
        d->used += text->n;
    if (st == OK && DUMP_AREA - d->used < LEAST)
        st = give_area(d, e);
    st = st == OK ? await_area(d, e) : st;
    *text = (struct buf){
        .p = d->spool + (size_t)d->area * DUMP_AREA + d->used, .cap = DUMP_AREA - d->used, .lent = true};
    return st;
}

static enum status note(struct dumper *d, const struct fact *f, struct err *e)
{
    size_t at = frame_begin(&d->out, DUMP_NOTE);
    struct str what = f->v[AN_WHAT].s, detail = f->v[AN_DETAIL].s;
    what.n = what.n < NOTE ? what.n : NOTE, detail.n = detail.n < NOTE ? detail.n : NOTE;
    buf_u64le(&d->out, f->ref.off);
    buf_str(&d->out, what), buf_z(&d->out, ": "), buf_str(&d->out, detail);
    frame_end(&d->out, at);
    return frame_send(&d->out, e);
}

/* --- facts as lines */

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
    if (f->kind > FACT_REG_VALUE || f->kind == FACT_HIVE || f->kind == FACT_TOOL_SAID) {
        (f->kind == FACT_HIVE ? put_hive : put_decoded)(b, f);
        return b->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "dumper", "out of memory")
                      : spool_text(d, b->p, b->n, e);
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
    return b->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "dumper", "out of memory") : spool_text(d, b->p, b->n, e);
}

/* --- what is asked */

static enum status malformed(struct err *e)
{
    return err_set(e, E_FORMAT, ERR_NO_OFF, "dumper", "malformed request");
}

static enum status look(struct dumper *d, struct span in, plat_file fd, struct err *e)
{
    struct map m = {0};
    uint64_t at = span_u64(&in), bytes = span_u64(&in);
    enum status st = in.bad || in.n ? malformed(e)
                                    : plat_map(fd, at, bytes < SNIFF_FAR ? bytes : SNIFF_FAR, &m, e);
    if (st != OK)
        return st;
    struct sniffed s = sniff(span_of(m.p, m.n, 0));
    plat_unmap(&m);
    size_t frame = frame_begin(&d->out, DUMP_KIND);
    sniffed_put(&d->out, &s);
    frame_end(&d->out, frame);
    return frame_send(&d->out, e);
}

/* Once: who reads a file reads no other. */
static enum status open_files(struct dumper *d, struct span in, const plat_file *fd, size_t n_fd,
                              struct err *e)
{
    d->what = span_u8(&in);
    size_t n = span_u8(&in);
    if (d->n || n < 1 || n > LEN(d->map) || n + 1 != n_fd)
        return malformed(e);
    enum status st = OK;
    for (size_t i = 0; i < n && st == OK; i++) {
        uint64_t at = span_u64(&in), bytes = span_u64(&in);
        d->name[i] = span_u8(&in) & 3;
        st = plat_map(fd[i], at, bytes, &d->map[i], e);
        d->file[i] = span_of(d->map[i].p, d->map[i].n, 0);
    }
    if (st == OK && in.bad)
        st = malformed(e);
    d->spool = st == OK ? plat_map_spool(fd[n], DUMP_AREAS * DUMP_AREA, e) : NULL;
    d->n = n;
    return d->spool ? OK : e->code;
}

/* What is left of the text, and how it ended: st, why. */
static enum status say_done(struct dumper *d, const struct evtx_stats *stats, enum status how,
                            const char *why, struct err *e)
{
    enum status st = give_area(d, e);
    if (st != OK)
        return st;
    size_t at = frame_begin(&d->out, DUMP_DONE);
    buf_u64le(&d->out, stats->seen), buf_u64le(&d->out, stats->failed), buf_char(&d->out, (char)how),
        buf_z(&d->out, why);
    frame_end(&d->out, at);
    return frame_send(&d->out, e);
}

static enum status do_part(struct dumper *d, struct span in, struct err *e)
{
    uint32_t first = span_u32(&in), count = span_u32(&in);
    struct evtx_stats stats = {0};
    struct arena scratch = d->scratch;
    struct err why = {0};
    enum status st;
    if (in.bad || in.n || !d->n)
        return malformed(e);
    if (d->what == DUMP_HIVE)
        st = hive_read_named(d->file, d->name + 1, d->n, &d->want, &scratch, put_fact, d, &why);
    else if (d->what == DUMP_REG_TEXT)
        st = regtext_read(d->file[0], &d->want, &scratch, put_fact, d, &why);
    else if (d->what == DUMP_TOOL_TEXT)
        st = tooltext_read(d->file[0], put_fact, d, &why);
    else
        st = evtx_dump(d->file[0], first, count, &d->want, d->format, &d->scratch, &d->known, put_records, d,
                       &stats, &why),
        plat_forget(&d->map[0], EVTX_HEADER + (uint64_t)first * EVTX_CHUNK, (uint64_t)count * EVTX_CHUNK);
    return say_done(d, &stats, st, why.why, e);
}

/* --- one place of the file */

static void put_hex(struct buf *b, const uint8_t *p, size_t n, uint64_t off)
{
    for (size_t at = 0; at < n; at += 16) {
        buf_printf(b, "  %08llx ", (unsigned long long)off + at);
        for (size_t i = 0; i < 16; i++)
            buf_printf(b, at + i < n ? "%s%02x" : "%s  ", i == 8 ? "  " : " ", at + i < n ? p[at + i] : 0u);
        buf_z(b, "  ");
        for (size_t i = 0; i < 16 && at + i < n; i++)
            buf_char(b, p[at + i] >= 0x20 && p[at + i] < 0x7f ? (char)p[at + i] : '.');
        buf_char(b, '\n');
    }
}

/* Where in its container's own terms: chunk and record, or the cell as the hive counts. */
static void put_place(struct buf *b, struct span file, uint64_t off)
{
    uint64_t slot = off < EVTX_HEADER ? 0 : (off - EVTX_HEADER) / EVTX_CHUNK,
             chunk = EVTX_HEADER + slot * EVTX_CHUNK;
    if (off < EVTX_HEADER)
        return;
    if (chunk + 8 <= file.n && memcmp(file.p + chunk, "ElfChnk", 8) == 0)
        buf_printf(b, "\nplace\n  chunk %llu at 0x%llx, record at 0x%llx in it\n", (unsigned long long)slot,
                   (unsigned long long)chunk, (unsigned long long)(off - chunk));
    else if (memcmp(file.p, "regf", 4) == 0 && le32(file.p + 28) == 0)
        buf_printf(b, "\nplace\n  cell 0x%llx of the hive's bins\n", (unsigned long long)(off - EVTX_HEADER));
}

static enum status put_record(struct dumper *d, uint64_t off, size_t *n, struct err *why)
{
    struct buf xml = {0};
    struct err bad = {0};
    struct arena scratch = d->scratch;
    uint32_t size = 0;
    enum status st = evtx_record(d->file[0], off, EVTX_XML, &scratch, &xml, &size, &bad);
    if (st == OK) {
        buf_printf(&d->line, "\nrecord as XML (%u bytes)\n", size);
        buf_str(&d->line, buf_view(&xml)), buf_char(&d->line, '\n');
        *n = size < *n ? size : *n;
    } else if (st == E_NOMEM) {
        *why = bad;
    } else {
        buf_printf(&d->line, "\nrecord as XML: %s: %s\n", bad.what, bad.why);
    }
    d->line.bad |= xml.bad;
    buf_free(&xml);
    return st == E_NOMEM ? st : OK;
}

/* Is it still the file that was read? A whole file is hashed for a few bytes of it: they are worth nothing
 * without. */
static enum status do_show(struct dumper *d, struct span in, struct err *e)
{
    uint64_t off = span_u64(&in);
    bool record = span_u8(&in), cell = span_u8(&in);
    struct span then = span_take(&in, SHA256_TEXT - 1);
    uint8_t sum[SHA256_BYTES];
    char now[SHA256_TEXT] = "not known";
    struct err why = {0};
    if (in.bad || in.n || !d->n)
        return malformed(e);
    struct span file = d->file[0];
    if (!sha256_of(file.p, file.n, sum) || memcmp(sha256_text(sum, now), then.p, then.n) != 0) {
        err_set(&why, E_IO, ERR_NO_OFF, "changed", "it has changed, its sha256 is now %s", now);
    } else if (off >= file.n) {
        err_set(&why, E_TRUNC, ERR_NO_OFF, "offset", "lies beyond its end");
    } else {
        size_t n = file.n - (size_t)off < HEX_BYTES ? file.n - (size_t)off : HEX_BYTES;
        d->line.n = 0;
        enum status st = record ? put_record(d, off, &n, &why) : OK;
        /* a cell begins with its size, negative when in use */
        uint32_t size = cell && n >= 4 ? 0 - le32(file.p + off) : 0;
        n = size >= 8 && size < n ? size : n;
        put_place(&d->line, file, off);
        buf_z(&d->line, "\nraw bytes\n");
        put_hex(&d->line, file.p + off, n, off);
        if (d->line.bad)
            return err_set(e, E_NOMEM, ERR_NO_OFF, "dumper", "out of memory");
        if (st == OK && (st = spool_text(d, d->line.p, d->line.n, e)) != OK)
            return st;
    }
    return say_done(d, &(struct evtx_stats){0}, why.code, why.why, e);
}

/* --- the process */

/* What libraries would open or look up later is done now, once for all copies. */
static enum status prepare(struct jail_limits *lim, struct err *e)
{
    uint8_t out[SHA256_BYTES];
    *lim = (struct jail_limits){.files = LIM_WORKER_FILES, .may_share = true};
#if !defined(__SANITIZE_ADDRESS__) /* its shadow memory would count */
    lim->memory_bytes = LIM_WORKER_BYTES;
#endif
    if (!sha256_of("", 0, out) || crc32_add(0, out, sizeof out) == 0)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "dumper", "no hash library");
    plat_jail_ahead(lim);
    return OK;
}

static enum status enter_jail(struct dumper *d, const struct jail_limits *lim, struct err *e)
{
    unsigned layers = plat_jail(lim);
    size_t at = frame_begin(&d->out, DUMP_JAIL);
    buf_u32(&d->out, layers);
    frame_end(&d->out, at);
    return frame_send(&d->out, e);
}

static enum status serve(struct dumper *d, uint8_t type, struct span in, const plat_file *fd, size_t n,
                         struct err *e)
{
    switch (type) {
    case DUMP_LOOK: return n == 1 ? look(d, in, fd[0], e) : malformed(e);
    case DUMP_OPEN: return open_files(d, in, fd, n, e);
    case DUMP_PART: return do_part(d, in, e);
    case DUMP_SHOW: return do_show(d, in, e);
    case DUMP_TAKEN: return take_back(d, in, e);
    default: return malformed(e);
    }
}

int dumper_main(void)
{
    struct dumper d = {0};
    struct jail_limits lim;
    struct buf request = {0};
    struct err e = {0};
    uint8_t type;
    if (!arena_make(&d.want_mem, 16 << 20) || !arena_make(&d.scratch, SCRATCH)
        || frame_recv(&request, &type, NULL, NULL, &e) != OK || type != DUMP_WANT || request.n < 1)
        return 70;
    d.format = request.p[0] ? EVTX_XML : EVTX_JSONL;
    struct buf want = request; /* it borrows from there */
    request = (struct buf){0};
    if (want_get(span_of(want.p + 1, want.n - 1, 0), &d.want_mem, &d.want, &e) != OK
        || prepare(&lim, &e) != OK)
        return 70;
    enum status copy = plat_child_copies(&e);
    if (copy != OK) /* the original has made copies and is not needed any more */
        return copy == E_TRUNC ? 0 : 70;
    if (enter_jail(&d, &lim, &e) != OK)
        return 70;
    for (;;) {
        plat_file fd[4];
        size_t n = d.queued ? 0 : LEN(fd);
        enum status st = OK;
        if (d.queued) {
            struct buf was = request;
            request = d.next, d.next = was;
            type = DUMP_PART, d.queued = false;
        } else {
            st = frame_recv(&request, &type, fd, &n, &e);
        }
        if (st == OK)
            st = serve(&d, type, span_of(request.p, request.n, 0), fd, n, &e);
        for (size_t i = 0; i < n; i++)
            plat_close(fd[i]);
        if (st != OK) /* memory goes with the process */
            return st == E_TRUNC ? 0 : 70;
    }
}
