#include "run/ingest.h"
#include "case/named.h"
#include "parsers/evtx/evtx.h"
#include "run/accept.h"
#include "run/ahead.h"
#include "run/frame.h"
#include "run/pool.h"
#include "run/unpack.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include <stdlib.h>
#include <string.h>

/* What was read of one file so far. full: more facts or records than the limit, told once */
struct file_sum {
    struct evtx_stats stats;
    uint64_t facts;
    bool full;
};

struct ingest {
    struct casedb *db;
    struct evidence *ev;
    struct ingest_options o;
    struct pool_options workers;
    struct original own; /* where the caller has none */
    struct plan plan;
    struct pool *pool;
    struct ahead *ahead; /* what was read while it was unpacked */
    struct ingest_result r;
    uint64_t until;          /* plat_clock_ms at which the run's time is over */
    unsigned unpackers_jail; /* layers in force in all who unpacked */
    uint64_t unpackers_lost;
    bool planned; /* what is to be read is in the plan */
    struct file_sum *sum;
    struct accept accept;
    struct ingest_progress progress;
    uint64_t shown;
};

/* --- what the case remembers of each file */

static int64_t row_id(size_t file) { return (int64_t)file + 1; }

static enum status add_anomaly(struct ingest *p, size_t file, uint64_t off, const char *code, struct str what,
                               struct str detail, struct err *e)
{
    struct fact f = {.kind = FACT_ANOMALY, .ref = {.off = off}};
    f.v[AN_CODE] = val_s(str_of(code)), f.v[AN_WHAT] = val_s(what), f.v[AN_DETAIL] = val_s(detail);
    return case_put(p->db, &(int64_t){row_id(file)}, &f, e);
}

/* Named as a log or a hive, and nothing in it: zeros, or no byte at all. An empty transaction log is usual.
 */
static bool holds_nothing(const struct file *f)
{
    static const char *const hives[] = {"SYSTEM", "SOFTWARE", "SECURITY", "SAM", "NTUSER.DAT"};
    bool zeros = f->is.format && strcmp(f->is.format, "zeros") == 0, empty = f->is.kind == KIND_EMPTY;
    struct str name = f->path;
    for (size_t i = f->path.n; i && name.n == f->path.n; i--)
        if (f->path.p[i - 1] == '/' || f->path.p[i - 1] == '\\')
            name = (struct str){f->path.p + i, f->path.n - i};
    if (f->skipped || (!zeros && !empty))
        return false;
    bool is = str_ends_ci(name, STR(".evtx"))
              || (zeros && (str_ends_ci(name, STR(".LOG1")) || str_ends_ci(name, STR(".LOG2"))));
    for (size_t i = 0; i < LEN(hives); i++)
        is |= str_eq_ci(name, str_of(hives[i]));
    return is;
}

/* What a reader of the list has to know of a file that was read without complaint. */
static struct str note_of(const struct file *f, bool alone)
{
    if (f->note.p)
        return f->note;
    if (holds_nothing(f))
        return f->is.kind == KIND_EMPTY
                   ? STR("empty, though named as evidence: collect it again")
                   : STR("holds nothing but zeros, as a copy leaves it that failed: collect it again");
    if (f->is.kind == KIND_REG_TEXT)
        return STR("text export: weaker evidence than a hive");
    if (file_is_tool_text(f))
        return STR("printed by a tool: weak evidence");
    return f->is.kind == KIND_HIVE_LOG && alone
               ? STR("transaction log without its hive: nothing was read from it")
               : (struct str){0};
}

/* Not even its kind is known: it could not be opened, or who was to look at it died. */
static bool unreadable(const struct file *f)
{
    return f->st != OK || (!f->skipped && !f->is.format) || holds_nothing(f);
}

/* A container is read when all of it was looked at, whatever was in it. */
static const char *state_of(const struct file *f)
{
    bool known = f->is.kind != KIND_UNKNOWN && f->is.kind != KIND_EMPTY;
    if (unreadable(f))
        return "unreadable";
    if (f->skipped || !known)
        return "skipped";
    if (f->is.kind == KIND_CONTAINER
        && (!f->in || !f->in->opened || (f->in->seen && f->in->locked == f->in->seen)))
        return "not opened";
    return f->damaged || (f->in && (f->in->failed || f->in->why[0] || f->note.p)) ? "partial" : "read";
}

/* What stands in the list for a container whose members were looked at. */
static struct str note_of_container(struct ingest *p, const struct file *f)
{
    struct arena *mem = &p->ev->mem;
    const struct container_sums *in = f->in;
    const char *links = "", *climb = "";
    if (!in)
        return f->note.p ? f->note : STR("nobody looked into it");
    struct str why = in->why[0] ? str_of(in->why) : f->note;
    if (!why.n && in->failed)
        why = str_of(arena_printf(mem, "%llu of its %llu files are damaged or could not be unpacked",
                                  (unsigned long long)in->failed, (unsigned long long)in->seen));
    if (in->links)
        links = arena_printf(mem, "%s%llu links or devices in it are not followed", why.n ? "; " : "",
                             (unsigned long long)in->links);
    if (in->climbing)
        climb = arena_printf(mem, "%s%llu names in it lead out of it and are only text here",
                             why.n || in->links ? "; " : "", (unsigned long long)in->climbing);
    if (!why.n && !in->links && !in->climbing)
        return (struct str){0};
    return str_of(arena_printf(mem, "%.*s%s%s", STR_ARG(why), links ? links : "", climb ? climb : ""));
}

static enum status store_files(struct ingest *p, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < p->ev->n && st == OK; i++) {
        const struct file *f = &p->ev->file[i];
        bool box = f->is.kind == KIND_CONTAINER && file_to_read(f);
        char sum[SHA256_TEXT];
        struct value v[] = {
            val_i(row_id(i)),
            val_s(f->path),
            val_s(str_of(kind_names[f->is.kind])),
            val_s(str_of(f->is.format ? f->is.format : "not read")),
            val_i((int64_t)f->bytes),
            val_s(str_of(state_of(f))),
            val_s(box ? note_of_container(p, f) : note_of(f, f->hive == i)),
            f->hive != i ? val_i(row_id(f->hive)) : val_null(),
            val_i(f->older),
            val_s(f->place),
            f->container ? val_i(row_id(f->container - 1)) : val_null(),
            f->container ? val_i(f->member) : val_null(),
            f->in ? val_i((int64_t)f->in->seen) : val_null(),
            f->in ? val_i((int64_t)f->in->wanted) : val_null(),
            f->in ? val_i((int64_t)f->in->failed) : val_null(),
            f->hashed ? val_s(str_of(sha256_text(f->sha256, sum))) : val_null(),
        };
        st = case_named(p->db, Q_FILE_PUT, "isssissiisiiiiis", v, NULL, NULL, e);
    }
    return st;
}

static enum status store_hash(struct ingest *p, size_t file, const uint8_t hash[32], struct err *e)
{
    char text[SHA256_TEXT];
    struct file_plan *f = &p->plan.file[file];
    if (f->hashed)
        return OK;
    f->hashed = true, memcpy(f->hash, hash, SHA256_BYTES);
    struct value v[] = {val_s(str_of(sha256_text(hash, text))), val_i(row_id(file))};
    return case_named(p->db, Q_FILE_HASH, "si", v, NULL, NULL, e);
}

static enum status store_sums(struct ingest *p, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < p->ev->n && st == OK; i++) {
        const struct evtx_stats *s = &p->sum[i].stats;
        const struct file *f = &p->ev->file[i];
        if (file_is_log(f) && !p->plan.file[i].copy) {
            bool none = s->seen > 0 && s->parsed == 0 && s->recovered == 0, cut = s->hints & EVTX_HINT_CUT;
            struct value v[] = {val_i((int64_t)s->seen),
                                val_i((int64_t)s->parsed),
                                val_i((int64_t)s->recovered),
                                val_i((int64_t)s->failed),
                                val_i((int64_t)s->chunks),
                                val_s(str_of(f->is.kind == KIND_EVTX_CARVED ? "carved" : evtx_log_kind(s))),
                                val_i(row_id(i)),
                                val_i(none),
                                val_i(cut)};
            st = case_named(p->db, Q_FILE_SUMS, "iiiiisiii", v, NULL, NULL, e);
            p->r.records += s->parsed;
        }
        p->r.logs += file_is_log(f);
        p->r.hives += file_is_registry(f);
        p->r.unreadable += unreadable(f);
        p->r.files++;
    }
    return st == OK ? case_named(p->db, Q_FILE_TWINS, "", NULL, NULL, NULL, e) : st;
}

/* Of a copy is said what was read from the first of its kind. */
static enum status store_copies(struct ingest *p, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < p->ev->n && st == OK; i++) {
        struct value v[] = {val_i(row_id(i))};
        if (p->plan.file[i].copy)
            st = case_named(p->db, Q_FILE_COPY, "i", v, NULL, NULL, e);
    }
    return st;
}

/* --- frames */

static enum status take_sniffed(struct ingest *p, const struct job *j, struct span in, struct err *e)
{
    struct file *f = &p->ev->file[j->file[0]];
    struct sniffed s;
    struct str format;
    uint64_t start_hash = span_u64(&in);
    if (f->is.format)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "sniff frame", "a second one");
    enum status st = sniffed_get(&in, &s, &format, e);
    if (st != OK || in.n)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "sniff frame", "malformed");
    struct str copy = arena_str(&p->ev->mem, format);
    s.format = copy.p ? copy.p : "unknown data";
    f->is = s, f->start_hash = start_hash;
    return OK;
}

/* More of something than --limits allows: told once for each file. */
static enum status mark_full(struct ingest *p, size_t file, const char *what, const char *detail,
                             const char *note, struct err *e)
{
    if (p->sum[file].full)
        return OK;
    p->sum[file].full = p->r.limit = true;
    enum status st = add_anomaly(p, file, 0, "limit", str_of(what), str_of(detail), e);
    struct value v[] = {val_i(row_id(file)), val_s(str_of(note))};
    return st == OK ? case_named(p->db, Q_FILE_FULL, "is", v, NULL, NULL, e) : st;
}

/* Parts of a large log know their own records only: what comes behind a part that reached the limit is not
 * taken. */
static bool enough_records(const struct ingest *p, const struct job *j)
{
    return j->order.op == JOB_SCAN && p->sum[j->file[0]].stats.seen >= p->o.limits.records;
}

static void add_stats(struct evtx_stats *s, const struct done *d)
{
    s->seen += d->seen, s->parsed += d->parsed, s->recovered += d->recovered, s->failed += d->failed;
    s->chunks += d->chunks, s->hints |= d->hints;
}

/* The case has no row of a file yet when it is sniffed. */
static void note_not_sniffed(struct ingest *p, size_t file, const struct done *d)
{
    struct file *f = &p->ev->file[file];
    if (f->note.p)
        return;
    const char *note = arena_printf(&p->ev->mem, "%.*s: %.*s", STR_ARG(d->what), STR_ARG(d->why));
    f->note = note ? str_of(note) : STR("nobody could say what it is");
}

static enum status store_not_read(struct ingest *p, size_t file, const struct done *d, struct err *e)
{
    struct value v[] = {val_i(row_id(file)), val_s(d->what), val_s(d->why)};
    uint64_t off = d->off == ERR_NO_OFF ? 0 : d->off;
    enum status st = add_anomaly(p, file, off, "not-read-to-end", d->what, d->why, e);
    return st == OK ? case_named(p->db, Q_FILE_BROKEN, "iss", v, NULL, NULL, e) : st;
}

static enum status take_done(struct ingest *p, struct job *j, struct span in, struct err *e)
{
    struct done d;
    enum status st = accept_done(j, in, &d, e);
    p->accept.job = NULL;
    if (st != OK)
        return st;
    j->split = j->state == JOB_SENT && job_is_group(j) && !d.has_hash;
    if (j->split)
        return OK;
    for (size_t i = 0; i < j->order.n_files && j->order.op == JOB_HASH && st == OK; i++) {
        p->plan.file[j->file[i]].tried = true;
        st = d.has_hash ? store_hash(p, j->file[i], d.hash[i], e) : OK;
    }
    if (st != OK)
        return st;
    if (enough_records(p, j))
        return mark_full(p, j->file[0], "records", "more records than the limit: what follows is not read",
                         "more records than --limits allows; the first are read", e);
    add_stats(&p->sum[j->file[0]].stats, &d);
    p->progress.records += d.parsed;
    /* memory that is not there is memory beyond the limit */
    p->r.limit |= d.status == E_LIMIT || d.status == E_NOMEM;
    if (d.status == OK)
        return OK;
    if (j->order.op == JOB_SNIFF)
        return note_not_sniffed(p, j->file[0], &d), OK;
    /* of a hive's job the hive speaks for its logs */
    for (size_t i = 0; i < (j->order.op == JOB_HASH ? j->order.n_files : 1) && st == OK; i++)
        st = store_not_read(p, j->file[i], &d, e);
    return st;
}

static enum status take_fact(struct ingest *p, const struct job *j, struct span body, struct err *e)
{
    struct fact f;
    int64_t of[JOB_FILES];
    struct file_sum *sum = &p->sum[j->file[0]];
    enum status st = accept_fact(&p->accept, p->ev, j, body, &f, e);
    if (st != OK || enough_records(p, j))
        return st;
    if (sum->facts >= p->o.limits.facts)
        return mark_full(p, j->file[0], "facts",
                         "more facts than the limit: the rest of this file is counted, not kept",
                         "more facts than --limits allows; the first are kept", e);
    sum->facts++;
    for (size_t i = 0; i < j->order.n_files; i++)
        of[i] = row_id(j->file[i]);
    return case_put(p->db, of, &f, e);
}

/* --- what the pool asks and tells */

static enum status open_file(void *ctx, size_t file, plat_file *fd, struct err *why)
{
    const struct ingest *p = ctx;
    uint64_t bytes, at;
    return evidence_open(p->ev, file, fd, &at, &bytes, why);
}

/* Of several files the one is named that keeps the job's first from being read. */
static const char *note_unopened(void *ctx, const struct job *j, size_t at, const struct err *why)
{
    struct ingest *p = ctx;
    struct file *f = &p->ev->file[j->file[at]];
    if (j->order.n_files > 1) {
        const char *which = at ? arena_printf(&p->ev->mem, "%.*s: %s", STR_ARG(f->path), why->why) : NULL;
        return which ? which : why->why;
    }
    struct str note = arena_str(&p->ev->mem, str_of(why->why));
    f->st = E_IO, f->note = note.p ? note : STR("cannot open");
    return why->why;
}

static bool sound(void *ctx, const struct job *j, uint8_t type, struct span body)
{
    const struct ingest *p = ctx;
    struct fact f;
    struct done d;
    if (type == FRAME_DONE)
        return accept_done(j, body, &d, NULL) == OK;
    return type == FRAME_FACT && accept_alone(p->ev, j, body, &f, NULL) == OK;
}

static enum status take_frame(void *ctx, struct job *j, uint8_t type, struct span body, struct err *e)
{
    struct ingest *p = ctx;
    if (type == FRAME_DONE)
        return take_done(p, j, body, e);
    if (type == FRAME_FACT)
        return take_fact(p, j, body, e);
    if (type == FRAME_SNIFF && j->order.op == JOB_SNIFF)
        return take_sniffed(p, j, body, e);
    return err_set(e, E_FORMAT, ERR_NO_OFF, "worker frame", "unexpected type 0x%02x", type);
}

static bool passed_over(void *ctx, const struct job *j) { return enough_records(ctx, j); }

static void show_progress(struct ingest *p, bool last)
{
    uint64_t now = plat_clock_ms();
    if (p->o.progress && (last || now - p->shown >= 100)) {
        p->progress.bytes = pool_hashed(p->pool);
        p->o.progress(p->o.ctx, &p->progress);
        p->shown = now;
    }
}

static void tick(void *ctx) { show_progress(ctx, false); }

/* --- the steps */

static enum status ingest_begin(struct ingest *p, const struct want *want, struct err *e)
{
    p->sum = calloc(p->ev->n ? p->ev->n : 1, sizeof *p->sum);
    if (!p->sum)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "ingest", "out of memory");
    if (!p->o.limits.memory)
        p->o.limits = run_limits_default();
    p->until = p->o.until ? p->o.until : plat_clock_ms() + p->o.limits.run_seconds * 1000;
    p->unpackers_jail = JAIL_ALL;
    enum status st = plan_begin(&p->plan, p->ev, pool_workers(p->o.workers), e);
    if (st != OK)
        return st;
    p->workers = (struct pool_options){.want = want,
                                       .lim = p->o.limits,
                                       .require_jail = p->o.require_jail,
                                       .stop = p->o.stop,
                                       .until = p->until,
                                       .original = p->o.original ? p->o.original : &p->own,
                                       .readers = p->ev->n};
    return pool_start(&p->plan, &p->workers,
                      &(struct pool_calls){.ctx = p,
                                           .open = open_file,
                                           .unopened = note_unopened,
                                           .sound = sound,
                                           .frame = take_frame,
                                           .passed_over = passed_over,
                                           .tick = tick},
                      &p->pool, e);
}

/* What the system gives too little of for the rest, after some was read: that stays as it is. */
static enum status run_jobs(struct ingest *p, bool late, struct err *e)
{
    enum status st = pool_run(p->pool, late, e);
    if (st != E_PROC)
        return st;
    snprintf(p->r.shortage, sizeof p->r.shortage, "%s: %s", e->what, e->why);
    *e = (struct err){0};
    return pool_give_up(p->pool, p->r.shortage, e);
}

static enum status sniff_all(struct ingest *p, struct err *e)
{
    p->r.limit |= plan_leave_out(&p->plan, &p->o.limits);
    enum status st = plan_sniffs(&p->plan, e);
    st = st == OK ? pool_run(p->pool, true, e) : st;
    pool_clear(p->pool);
    return st;
}

static void show_unpacking(void *ctx, uint64_t done, uint64_t all)
{
    struct ingest *p = ctx;
    uint64_t now = plat_clock_ms();
    if (!p->o.progress || now - p->shown < 100)
        return;
    p->o.progress(p->o.ctx, &(struct ingest_progress){.bytes = done, .total = all, .n_files = p->ev->n});
    p->shown = now;
}

/* What lies in containers joins the list, sniffed already. */
static enum status open_containers(struct ingest *p, struct err *e)
{
    const struct run_limits *lim = &p->o.limits;
    struct unpack_result r;
    struct unpack_options o = {.workers = p->o.workers,
                               .password = p->o.password,
                               .n_password = p->o.n_password,
                               .file_bytes = lim->file_bytes,
                               .file_seconds = lim->file_seconds,
                               .until = p->until,
                               .spool_bytes = lim->spool_bytes,
                               .require_jail = p->o.require_jail,
                               .jail = &p->unpackers_jail,
                               .stop = p->o.stop,
                               .progress = show_unpacking,
                               .ctx = p};
    size_t before = p->ev->n;
    if (!(p->ahead = ahead_new(p->ev, &p->workers, p->plan.workers > 1 ? p->plan.workers - 1 : 1)))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "ingest", "out of memory");
    o.ahead = p->ahead;
    enum status st = unpack(p->ev, &o, &r, e);
    ahead_end(p->ahead);
    p->unpackers_jail &= ahead_jail(p->ahead);
    p->r.limit |= r.limit, p->unpackers_lost = r.lost;
    memcpy(p->r.shortage, r.shortage, sizeof r.shortage);
    if (st != OK || p->ev->n == before)
        return st;
    pool_excuse(p->pool);
    free(p->sum);
    p->sum = calloc(p->ev->n, sizeof *p->sum);
    st = p->sum ? plan_more_files(&p->plan, e) : err_set(e, E_NOMEM, ERR_NO_OFF, "ingest", "out of memory");
    for (size_t i = 0; i < p->ev->n && st == OK; i++) { /* large ones have been hashed on the way */
        const struct file *f = &p->ev->file[i];
        p->plan.file[i].hashed = f->hashed, memcpy(p->plan.file[i].hash, f->sha256, SHA256_BYTES);
    }
    return st;
}

/* What is read, and what has been read by now. */
static enum status plan_all(struct ingest *p, struct err *e)
{
    enum status st = plan_reading(&p->plan, e);
    for (size_t i = 0; i < p->plan.n && st == OK; i++) {
        struct job *j = p->plan.job[i];
        struct buf said;
        if (j->order.op == JOB_SCAN && ahead_take(p->ahead, j, &said))
            pool_know(p->pool, j, &said);
    }
    ahead_free(p->ahead), p->ahead = NULL;
    return st;
}

enum status ingest_start(const struct want *want, struct evidence *ev, const struct ingest_options *o,
                         struct ingest **out, struct err *e)
{
    struct ingest *p = *out = calloc(1, sizeof *p);
    if (!p)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "ingest", "out of memory");
    p->ev = ev, p->o = *o;
    return ingest_begin(p, want, e);
}

enum status ingest_look(struct ingest *p, struct err *e)
{
    struct evidence *ev = p->ev;
    enum status st = sniff_all(p, e);
    if (st != OK || (st = open_containers(p, e)) != OK)
        return st;
    group_hives(ev);
    for (size_t i = 0; i < ev->n; i++)
        p->r.limit |= ev->file[i].cut;
    for (size_t i = 0; i < ev->n; i++)
        p->progress.total += file_to_read(&ev->file[i]) && !ev->file[i].hashed ? ev->file[i].bytes : 0;
    p->progress.n_files = ev->n;
    st = plan_twins(&p->plan, e);
    if (st == OK && !p->plan.n)
        st = plan_all(p, e), p->planned = true;
    if (st == OK)
        pool_send_ahead(p->pool);
    return st;
}

/* What is to be read is known when those that may be copies have been hashed. */
static enum status plan_rest(struct ingest *p, struct err *e)
{
    if (p->planned)
        return OK;
    enum status st = run_jobs(p, false, e);
    pool_clear(p->pool);
    return st == OK ? plan_all(p, e) : st;
}

enum status ingest_facts(struct ingest *p, struct casedb *db, struct err *e)
{
    p->db = db;
    enum status st = case_begin(db, e);
    if (st == OK && (st = store_files(p, e)) == OK && (st = plan_rest(p, e)) == OK
        && (st = run_jobs(p, false, e)) == OK && (st = store_sums(p, e)) == OK
        && (st = store_copies(p, e)) == OK)
        st = case_commit(db, e);
    show_progress(p, true);
    return st;
}

enum status ingest_finish(struct ingest *p, struct ingest_result *r, struct err *e)
{
    pool_excuse(p->pool);
    enum status st = case_begin(p->db, e);
    if (st == OK && (st = run_jobs(p, true, e)) == OK)
        st = case_commit(p->db, e);
    pool_dismiss(p->pool);
    show_progress(p, true);
    p->r.jail = pool_jail(p->pool) & p->unpackers_jail;
    p->r.lost_jobs = pool_lost(p->pool) + p->unpackers_lost;
    *r = p->r;
    return st;
}

void ingest_free(struct ingest *p)
{
    if (!p)
        return;
    ahead_free(p->ahead), pool_free(p->pool);
    plan_free(&p->plan);
    accept_free(&p->accept);
    original_end(&p->own);
    free(p->sum), free(p);
}

enum status ingest(struct casedb *db, const struct want *want, struct evidence *ev,
                   const struct ingest_options *o, struct ingest_result *r, struct err *e)
{
    struct ingest *p;
    enum status st = ingest_start(want, ev, o, &p, e);
    if (st == OK && (st = ingest_look(p, e)) == OK && (st = ingest_facts(p, db, e)) == OK)
        st = ingest_finish(p, r, e);
    ingest_free(p);
    return st;
}
