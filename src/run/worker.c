#include "run/worker.h"
#include "parsers/evtx/evtx.h"
#include "parsers/registry/regf.h"
#include "parsers/registry/regtext.h"
#include "parsers/sniff/sniff.h"
#include "parsers/tools/tooltext.h"
#include "base/fact.h"
#include "base/hash.h"
#include "base/lanes.h"
#include "base/limits.h"
#include "run/frame.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include <string.h>

/* --- wire format */

unsigned job_says(enum job_op op)
{
    static const unsigned says[] = {[JOB_LOG] = OF_LOG,
                                    [JOB_SCAN] = OF_LOG,
                                    [JOB_HIVE] = OF_HIVE,
                                    [JOB_REG_TEXT] = OF_HIVE,
                                    [JOB_TOOL_TEXT] = OF_TOOL};
    return (size_t)op < LEN(says) ? says[op] : 0;
}

uint64_t job_room(const struct job_order *j)
{
    uint64_t bytes = 0;
    if (j->op == JOB_SNIFF || j->op == JOB_HASH)
        return 0;
    for (size_t i = 0; i < j->n_files && i < JOB_FILES; i++)
        bytes += j->bytes[i];
    if (j->op == JOB_SCAN)
        bytes = (uint64_t)j->count * EVTX_CHUNK;
    return bytes > UINT64_MAX / LIM_JOB_ROOM / 2 ? UINT64_MAX : LIM_JOB_FREE + bytes * LIM_JOB_ROOM;
}

void job_order_put(struct buf *out, const struct job_order *j)
{
    buf_char(out, (char)j->op), buf_char(out, (char)j->n_files), buf_u32(out, j->first),
        buf_u32(out, j->count), buf_u64le(out, j->front), buf_put(out, j->log_name, sizeof j->log_name);
    for (size_t i = 0; i < JOB_FILES; i++)
        buf_u64le(out, j->at[i]), buf_u64le(out, j->bytes[i]);
}

enum status job_order_get(struct span in, struct job_order *j, struct err *e)
{
    *j = (struct job_order){0};
    j->op = span_u8(&in), j->n_files = span_u8(&in), j->first = span_u32(&in), j->count = span_u32(&in);
    j->front = span_u64(&in);
    for (size_t i = 0; i < LEN(j->log_name); i++)
        j->log_name[i] = span_u8(&in) & 3;
    for (size_t i = 0; i < JOB_FILES; i++)
        j->at[i] = span_u64(&in), j->bytes[i] = span_u64(&in);
    if (in.bad || in.n || j->op > JOB_TOOL_TEXT || j->n_files < 1
        || j->n_files > (j->op == JOB_HASH ? JOB_FILES : HIVE_FILES)
        || (j->front && (j->op != JOB_SCAN || j->front > j->bytes[0])))
        return err_set(e, E_FORMAT, ERR_NO_OFF, "job frame", "malformed");
    return OK;
}

void done_put(struct buf *out, const struct done *d)
{
    buf_char(out, (char)d->status), buf_char(out, (char)d->has_hash), buf_put(out, d->hash, sizeof d->hash);
    buf_u64le(out, d->seen), buf_u64le(out, d->parsed), buf_u64le(out, d->recovered),
        buf_u64le(out, d->failed), buf_u64le(out, d->chunks);
    buf_u32(out, d->hints), buf_u64le(out, d->off);
    buf_u32(out, (uint32_t)d->what.n), buf_str(out, d->what), buf_u32(out, (uint32_t)d->why.n),
        buf_str(out, d->why);
}

static struct str take_str(struct span *in)
{
    struct span s = span_take(in, span_u32(in));
    return (struct str){s.p ? (const char *)s.p : "", s.n};
}

enum status done_get(struct span in, struct done *d, struct err *e)
{
    *d = (struct done){0};
    d->status = span_u8(&in), d->has_hash = span_u8(&in);
    struct span h = span_take(&in, sizeof d->hash);
    if (!h.bad)
        memcpy(d->hash, h.p, sizeof d->hash);
    d->seen = span_u64(&in), d->parsed = span_u64(&in), d->recovered = span_u64(&in),
    d->failed = span_u64(&in), d->chunks = span_u64(&in);
    d->hints = span_u32(&in), d->off = span_u64(&in);
    d->what = take_str(&in), d->why = take_str(&in);
    if (in.bad || in.n || d->status > E_STOP)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "done frame", "malformed");
    return OK;
}

void sniffed_put(struct buf *out, const struct sniffed *s)
{
    buf_char(out, (char)s->kind), buf_u32(out, s->seq1), buf_u32(out, s->seq2), buf_u32(out, s->bins),
        buf_u32(out, s->file_type);
    buf_char(out, s->checksum_ok), buf_u64le(out, s->rm);
    buf_u32(out, (uint32_t)strlen(s->name)), buf_z(out, s->name);
    buf_u32(out, (uint32_t)strlen(s->format)), buf_z(out, s->format);
}

enum status sniffed_get(struct span *in, struct sniffed *s, struct str *format, struct err *e)
{
    unsigned kind = span_u8(in), ok;
    *s = (struct sniffed){.seq1 = span_u32(in)};
    s->seq2 = span_u32(in), s->bins = span_u32(in), s->file_type = span_u32(in);
    ok = span_u8(in), s->rm = span_u64(in);
    struct str name = take_str(in);
    *format = take_str(in);
    if (in->bad || kind >= KINDS || ok > 1 || name.n >= sizeof s->name || memchr(name.p, 0, name.n)
        || format->n > SNIFF_FORMAT)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "what a file is", "malformed");
    s->kind = (enum kind)kind, s->checksum_ok = ok;
    memcpy(s->name, name.p, name.n);
    return OK;
}

/* --- the child */

/* This worker. */
struct self {
    struct buf out; /* frames not yet sent */
    struct want want;
    uint64_t memory;                /* bytes of private memory the jail allows */
    uint64_t room;                  /* bytes of facts that the job may still send */
    struct arena want_mem, scratch; /* scratch: SCRATCH_BYTES, reset for each job */
};

enum { SEND_AT = 128 * 1024, SCRATCH_BYTES = 24 << 20 };

/* Ends the frame begun at at; what has gathered is sent now, or when it is much. */
static enum status finish_frame(struct self *w, size_t at, bool now, struct err *e)
{
    frame_end(&w->out, at);
    return now || w->out.n >= SEND_AT || w->out.bad ? frame_send(&w->out, e) : OK;
}

static enum status send_fact(void *ctx, const struct fact *f, struct err *e)
{
    struct self *w = ctx;
    size_t at = frame_begin(&w->out, FRAME_FACT);
    fact_put(&w->out, f);
    if (w->out.n - at > w->room || w->out.n - at > FRAME_HEAD + LIM_FRAME) {
        w->out.n = at;
        return err_set(e, E_LIMIT, ERR_NO_OFF, "facts", "more than %d bytes of them per byte of the file",
                       LIM_JOB_ROOM);
    }
    w->room -= w->out.n - at;
    return finish_frame(w, at, false, e);
}

static enum status progress(void *ctx, uint64_t bytes, struct err *e)
{
    struct self *w = ctx;
    size_t at = frame_begin(&w->out, FRAME_PROGRESS);
    buf_u64le(&w->out, bytes);
    return finish_frame(w, at, true, e);
}

static enum status read_log(struct self *w, struct span front, uint64_t bytes, uint32_t first, uint32_t count,
                            struct done *d, struct err *e)
{
    struct evtx_stats stats = {0};
    enum status st = evtx_read_front(front, bytes, first, count, &w->want, &w->scratch, send_fact, w, &stats,
                                     e);
    d->seen = stats.seen, d->parsed = stats.parsed, d->recovered = stats.recovered, d->failed = stats.failed;
    d->chunks = stats.chunks, d->hints = stats.hints;
    return st;
}

static enum status send_sniffed(struct self *w, struct span file, struct err *e)
{
    struct span head = span_at(file, 0, file.n < SNIFF_BYTES ? file.n : SNIFF_BYTES);
    struct sniffed s = sniff(file);
    size_t at = frame_begin(&w->out, FRAME_SNIFF);
    buf_u64le(&w->out, hash64(head.p, head.n)), sniffed_put(&w->out, &s);
    return finish_frame(w, at, false, e);
}

static enum status run_op(struct self *w, const struct job_order *j, const struct span *files, struct done *d,
                          struct err *e)
{
    enum status st = OK;
    switch ((enum job_op)j->op) {
    case JOB_SNIFF: return send_sniffed(w, files[0], e);
    case JOB_SCAN: return read_log(w, files[0], j->bytes[0], j->first, j->count, d, e);
    case JOB_LOG: return read_log(w, files[0], j->bytes[0], 0, evtx_slots(files[0].n), d, e);
    case JOB_HIVE:
        return hive_read_named(files, j->log_name, j->n_files, &w->want, &w->scratch, send_fact, w, e);
    case JOB_REG_TEXT: return regtext_read(files[0], &w->want, &w->scratch, send_fact, w, e);
    case JOB_TOOL_TEXT: return tooltext_read(files[0], send_fact, w, e);
    case JOB_HASH: break;
    }
    st = sha256_lanes(files, j->n_files, progress, w, d->hash, e);
    d->has_hash = st == OK;
    return st;
}

/* The end of a file that has shrunk reads as zeros up to its last page. What is unpacked, behind the first
 * SPOOL_ALIGN of a spool, is ours. */
static enum status unchanged(const struct job_order *j, const plat_file *fd, struct err *e)
{
    for (size_t i = 0; i < j->n_files; i++) {
        uint8_t end[2];
        size_t got;
        if (j->bytes[i] && !j->at[i]
            && (plat_read_at(fd[i], j->bytes[i] - 1, end, sizeof end, &got, e) != OK || got != 1))
            return err_set(e, E_IO, ERR_NO_OFF, "changed",
                           "it had %llu bytes when the run began and has %s now",
                           (unsigned long long)j->bytes[i], got ? "more" : "fewer");
    }
    return OK;
}

static enum status do_job(struct self *w, const struct job_order *j, const plat_file *fd, struct err *channel)
{
    struct map map[JOB_FILES] = {0};
    struct span files[JOB_FILES] = {0};
    struct err e = {0}, later = {0};
    struct done d = {0};
    struct arena scratch = w->scratch;
    enum status st = OK;
    w->room = job_room(j);
    for (size_t i = 0; i < j->n_files && st == OK; i++) {
        uint64_t want = j->op == JOB_SNIFF && j->bytes[i] > SNIFF_FAR ? SNIFF_FAR
                        : j->front                                    ? j->front
                                                                      : j->bytes[i];
        st = plat_map(fd[i], j->at[i], want, &map[i], &e);
        files[i] = span_of(map[i].p, map[i].n, 0);
    }
    if (st == OK)
        st = run_op(w, j, files, &d, &e);
    if (d.has_hash && unchanged(j, fd, st == OK ? &e : &later) != OK)
        d.has_hash = false, st = st == OK ? e.code : st;
    w->scratch = scratch;
    for (size_t i = 0; i < j->n_files; i++)
        plat_unmap(&map[i]);
    d.status = (uint8_t)st, d.off = e.off;
    d.what = str_of(e.what ? e.what : ""), d.why = str_of(e.why);
    size_t at = frame_begin(&w->out, FRAME_DONE);
    done_put(&w->out, &d);
    return finish_frame(w, at, true, channel);
}

/* What libraries would open or look up later is done now, once for all copies, and before anybody says what
 * is wanted. */
static bool load_libraries(void)
{
    uint8_t out[SHA256_BYTES];
    lanes_here();
    return sha256_of("", 0, out) && crc32_add(0, out, sizeof out) != 0;
}

static void prepare(struct self *w, struct jail_limits *lim)
{
    (void)w; /* where every call is looked at by a sanitizer, nothing is prepared */
    *lim = (struct jail_limits){.files = LIM_WORKER_FILES};
#if !defined(__SANITIZE_ADDRESS__) /* its shadow memory would count */
    lim->memory_bytes = w->memory;
#endif
    plat_jail_ahead(lim);
}

static enum status enter_jail(struct self *w, const struct jail_limits *lim, struct err *e)
{
    unsigned layers = plat_jail(lim);
    size_t at = frame_begin(&w->out, FRAME_JAIL);
    buf_u32(&w->out, layers);
    return finish_frame(w, at, true, e);
}

int worker_main(void)
{
    struct self w = {0};
    struct jail_limits lim;
    struct buf first = {0}, body = {0};
    struct err e = {0};
    uint8_t type;
    if (!arena_make(&w.want_mem, 1 << 20) || !arena_make(&w.scratch, SCRATCH_BYTES) || !load_libraries())
        return 70;
    if (frame_recv(&first, &type, NULL, NULL, &e) != OK || type != FRAME_WANT)
        return 70;
    struct span in = span_of(first.p, first.n, 0);
    w.memory = span_u64(&in);
    if (want_get(in, &w.want_mem, &w.want, &e) != OK)
        return 70;
    prepare(&w, &lim);
    plat_give_back(); /* each copy would write to what lies free between */
    enum status copy = plat_child_copies(&e);
    if (copy != OK) /* the original has made copies and is not needed any more */
        return copy == E_TRUNC ? 0 : 70;
    if (enter_jail(&w, &lim, &e) != OK)
        return 70;
    for (;;) {
        plat_file fd[JOB_FILES];
        size_t n = JOB_FILES;
        struct job_order j;
        enum status st = frame_recv(&body, &type, fd, &n, &e);
        if (st == E_TRUNC)
            break;
        if (st == OK && type == FRAME_JOB && job_order_get(span_of(body.p, body.n, 0), &j, &e) == OK
            && j.n_files == n)
            st = do_job(&w, &j, fd, &e);
        else
            st = E_FORMAT;
        for (size_t i = 0; i < n; i++)
            plat_close(fd[i]);
        if (st != OK)
            return 70;
    }
    buf_free(&first), buf_free(&body), buf_free(&w.out);
    arena_free(&w.want_mem), arena_free(&w.scratch);
    return 0;
}
