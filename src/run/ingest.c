#include "run/ingest.h"
#include "parsers/evtx/evtx.h"
#include "base/hash.h"
#include "base/lanes.h"
#include "base/limits.h"
#include "run/frame.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include "run/worker.h"
#include <stddef.h>
#include <stdlib.h>

enum {
    WORKERS_MAX = 32,
    QUEUE = 64, /* jobs sent ahead to one worker */
    /* files sent ahead to all: the system counts descriptors under way, and refuses more than about a
     * thousand */
    IN_FLIGHT = 512,
    /* ... as long as they are small: a long one must not hold others behind it; but what is late, nobody
     * waits behind */
    AHEAD_BYTES = 4 << 20,
    /* smaller logs are hashed when they are read: a second job would cost more than is won */
    LATE_LEAST = 256 << 10,
    /* logs hashed after all has been read: so much is still in the page cache, and takes longer to hash than
     * the facts to judge */
    LATE_BYTES = 1 << 30,
    /* frames held for a job whose turn has not come; beyond it the worker waits */
    PENDING_BYTES = 16 << 20,
    /* a worker silent for so long on one job is ended: hashing reports every 4 MiB; --limits may be
     * stricter */
    STALL_MS = 120000,
    READ_BYTES = 256 * 1024,
    STILLBORN = 3,
};

enum job_state { READY, SENT, LOST, ENDED };

/* One job and what its worker said before its turn came. Facts enter the case in the order of jobs, whoever
 * finishes first. */
struct task {
    struct job job;
    size_t file[JOB_FILES];
    bool ordered; /* emits facts; hashing alone waits for nobody */
    /* may still run when the facts are judged: the hash of a log that is no copy */
    bool late;
    bool again; /* tried once before, alone or with others */
    bool split; /* ended without the hashes of its files: each is to be hashed alone */
    enum job_state state;
    uint64_t hashed; /* bytes of it in the progress */
    struct buf pending;
};

struct slot {
    struct proc *proc;
    bool jailed;            /* has said which layers hold it; no job before that */
    size_t queue[QUEUE], n; /* tasks sent, the running one first */
    uint64_t ahead, files;  /* of all tasks in the queue: bytes; files */
    struct buf in;          /* bytes not yet a whole frame */
    /* plat_clock_ms of the last frame or the job's start; of the job's start */
    uint64_t heard, began;
};

/* When a file is hashed: it has been (it may be a copy); when it is read; first of all, as the run waits for
 * it longest; without being read; or when all has been read. */
enum hash_when { HASH_DONE, HASH_WITH, HASH_FIRST, HASH_ONLY, HASH_LAST };

/* full: more facts or records than the limit, said once; copy: the same bytes as another file, which is read
 * instead */
struct file_sum {
    struct evtx_stats stats;
    uint64_t facts;
    enum hash_when when;
    bool hashed, full, copy;
    uint8_t hash[SHA256_BYTES];
};

struct ingest {
    struct casedb *db;
    const struct want *want;
    struct evidence *ev;
    struct ingest_options o;
    struct run_limits lim;
    uint64_t until; /* plat_clock_ms at which the run's time is over */
    struct ingest_result r;
    struct task *task;
    size_t n_task, cap_task, turn, next;
    bool planned;   /* what is to be read is in the list */
    size_t open[2]; /* tasks not ended: those the facts wait for, and late ones */
    struct slot slot[WORKERS_MAX];
    size_t n_slot;
    struct file_sum *sum;
    struct ingest_progress progress;
    uint64_t shown;
    unsigned stillborn; /* workers that ended before they said anything */
    uint8_t *read_buf;
};

/* --- limits */

/* most: what our own stack allows; 0: anything */
static const struct {
    const char *name;
    size_t at;
    int64_t most;
} limit_names[] = {
    {"memory", offsetof(struct run_limits, memory), 0},
    {"file-bytes", offsetof(struct run_limits, file_bytes), 0},
    {"run-bytes", offsetof(struct run_limits, run_bytes), 0},
    {"records", offsetof(struct run_limits, records), 0},
    {"facts", offsetof(struct run_limits, facts), 0},
    {"xml-depth", offsetof(struct run_limits, xml_depth), LIM_BINXML_ELEMENTS},
    {"key-depth", offsetof(struct run_limits, key_depth), LIM_REGF_DEPTH},
    {"file-seconds", offsetof(struct run_limits, file_seconds), 0},
    {"run-seconds", offsetof(struct run_limits, run_seconds), 0},
};

struct run_limits run_limits_default(void)
{
    return (struct run_limits){LIM_WORKER_BYTES, LIM_RUN_FILE_BYTES,   LIM_RUN_BYTES,
                               LIM_RUN_RECORDS,  LIM_RUN_FACTS,        LIM_BINXML_ELEMENTS,
                               LIM_REGF_DEPTH,   LIM_RUN_FILE_SECONDS, LIM_RUN_SECONDS};
}

enum status run_limits_parse(const char *text, struct run_limits *l, struct err *e)
{
    for (struct str rest = str_of(text); rest.n;) {
        struct str value = str_cut(&rest, ','), name = str_cut(&value, '=');
        static const char units[] = "kMGT";
        const char *unit = value.n ? memchr(units, value.p[value.n - 1], 4) : NULL;
        unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
        size_t i = 0;
        int64_t n;
        value.n -= unit != NULL;
        while (i < LEN(limit_names) && !str_eq(name, str_of(limit_names[i].name)))
            i++;
        if (i == LEN(limit_names))
            return err_set(e, E_USAGE, ERR_NO_OFF, "--limits",
                           "no limit '%.*s'; there are memory, file-bytes, run-bytes, records, facts, "
                           "xml-depth, key-depth, file-seconds, run-seconds",
                           STR_ARG(name));
        if (!str_i64(value, &n) || n <= 0 || n > INT64_MAX >> shift)
            return err_set(e, E_USAGE, ERR_NO_OFF, "--limits", "%s wants a number such as 100 or 2G",
                           limit_names[i].name);
        if (limit_names[i].most && n << shift > limit_names[i].most)
            return err_set(e, E_USAGE, ERR_NO_OFF, "--limits", "%s is %lld at most", limit_names[i].name,
                           (long long)limit_names[i].most);
        *(uint64_t *)(void *)((char *)l + limit_names[i].at) = (uint64_t)n << shift;
    }
    return OK;
}

/* --- what the case remembers of each file */

static bool to_read(const struct file *f) { return f->st == OK && !f->skipped; }
static bool is_log(const struct file *f) { return f->is.kind == KIND_EVTX || f->is.kind == KIND_EVTX_CARVED; }
static int64_t row_id(size_t file) { return (int64_t)file + 1; }

static enum status run(struct ingest *p, const char *sql, size_t n, const struct value *arg,
                       const char *types, struct err *e)
{
    enum col_type type[16];
    for (size_t i = 0; i < n; i++)
        type[i] = types[i] == 'i' ? COL_INT : COL_TEXT;
    return case_run(p->db, sql, arg, type, n, e);
}

static enum status add_anomaly(struct ingest *p, size_t file, uint64_t off, const char *code, struct str what,
                               struct str detail, struct err *e)
{
    struct fact f = {.kind = FACT_ANOMALY, .ref = {.off = off}};
    f.v[AN_CODE] = val_s(str_of(code)), f.v[AN_WHAT] = val_s(what), f.v[AN_DETAIL] = val_s(detail);
    return case_put(p->db, &(int64_t){row_id(file)}, &f, e);
}

/* What a reader of the list has to know of a file that was read without complaint. */
static struct str note_of(const struct file *f, bool alone)
{
    if (f->note.p)
        return f->note;
    if (f->is.kind == KIND_REG_TEXT)
        return STR("text export: weaker evidence than a hive");
    return f->is.kind == KIND_HIVE_LOG && alone
               ? STR("transaction log without its hive: nothing was read from it")
               : (struct str){0};
}

/* Not even its kind is known: it could not be opened, or who was to look at it died. */
static bool unreadable(const struct file *f) { return f->st != OK || (!f->skipped && !f->is.format); }

static enum status store_files(struct ingest *p, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < p->ev->n && st == OK; i++) {
        const struct file *f = &p->ev->file[i];
        bool known = f->is.kind != KIND_UNKNOWN && f->is.kind != KIND_EMPTY;
        const char *state = unreadable(f) ? "unreadable" : f->skipped || !known ? "skipped" : "read";
        struct value v[] = {
            val_i(row_id(i)),
            val_s(f->path),
            val_s(str_of(kind_names[f->is.kind])),
            val_s(str_of(f->is.format ? f->is.format : "not read")),
            val_i((int64_t)f->bytes),
            val_s(str_of(state)),
            val_s(note_of(f, f->hive == i)),
            f->hive != i ? val_i(row_id(f->hive)) : val_null(),
            val_i(f->older),
            val_s(f->place),
        };
        st = run(p,
                 "INSERT INTO evidence(id, path, kind, format, bytes, state, note, unit, older, place) "
                 "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
                 LEN(v), v, "isssissiis", e);
    }
    return st;
}

static enum status store_hash(struct ingest *p, size_t file, const uint8_t hash[32], struct err *e)
{
    char text[SHA256_TEXT];
    if (p->sum[file].hashed)
        return OK;
    p->sum[file].hashed = true, memcpy(p->sum[file].hash, hash, SHA256_BYTES);
    struct value v[] = {val_s(str_of(sha256_text(hash, text))), val_i(row_id(file))};
    return run(p, "UPDATE evidence SET sha256=?1 WHERE id=?2", LEN(v), v, "si", e);
}

static enum status store_sums(struct ingest *p, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < p->ev->n && st == OK; i++) {
        const struct evtx_stats *s = &p->sum[i].stats;
        const struct file *f = &p->ev->file[i];
        if (is_log(f) && !p->sum[i].copy) {
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
            st = run(
                p,
                "UPDATE evidence SET seen=?1, parsed=?2, recovered=?3, failed=?4, chunks=?5, log_kind=?6,"
                " state=CASE WHEN ?8 THEN 'unreadable' WHEN ?9 THEN 'partial' ELSE state END,"
                " note=CASE WHEN ?8 THEN 'no record of ' || ?1 || ' could be read' WHEN ?9 THEN "
                "coalesce(note, 'the file is cut short: its end is missing') ELSE note END WHERE id=?7",
                LEN(v), v, "iiiiisiii", e);
            p->r.records += s->parsed;
        }
        p->r.logs += is_log(f);
        p->r.hives += f->is.kind == KIND_HIVE || f->is.kind == KIND_REG_TEXT;
        p->r.unreadable += unreadable(f);
        p->r.files++;
    }
    return st == OK ? case_exec(p->db,
                                "UPDATE evidence SET duplicate_of = f.id FROM (SELECT id, sha256, "
                                "row_number() OVER (PARTITION BY sha256 ORDER BY older, id) AS place"
                                " FROM evidence WHERE sha256 IS NOT NULL AND bytes > 0) f WHERE f.place = 1 "
                                "AND f.sha256 = evidence.sha256 AND f.id <> evidence.id",
                                e)
                    : st;
}

/* Of a copy is said what was read from the first of its kind. */
static enum status store_copies(struct ingest *p, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < p->ev->n && st == OK; i++) {
        struct value v[] = {val_i(row_id(i))};
        if (p->sum[i].copy)
            st = run(p,
                     "UPDATE evidence SET (seen, parsed, recovered, failed, chunks, log_kind, state, note) ="
                     " (SELECT seen, parsed, recovered, failed, chunks, log_kind, state, note FROM evidence "
                     "o WHERE o.id = evidence.duplicate_of) WHERE id=?1",
                     LEN(v), v, "i", e);
    }
    return st;
}

/* --- tasks */

static enum status add_task(struct ingest *p, struct task t, struct err *e)
{
    if (p->n_task == p->cap_task) {
        size_t cap = p->cap_task ? p->cap_task * 2 : 256;
        struct task *more = realloc(p->task, cap * sizeof *more);
        if (!more)
            return err_set(e, E_NOMEM, ERR_NO_OFF, "job list", "out of memory");
        p->task = more, p->cap_task = cap;
    }
    p->task[p->n_task++] = t, p->open[t.late]++;
    return OK;
}

/* Files in the order of what they may have in common. */
struct twin {
    uint64_t bytes, head;
    const struct file_sum *sum;
    size_t file;
    bool log;
};

static int by_likeness(const void *a, const void *b)
{
    const struct twin *x = a, *y = b;
    int hash = memcmp(x->sum->hash, y->sum->hash, SHA256_BYTES);
    return x->bytes != y->bytes ? (x->bytes < y->bytes ? -1 : 1)
           : x->head != y->head ? (x->head < y->head ? -1 : 1)
           : hash               ? hash
           : x->file < y->file  ? -1
                                : 1;
}

static bool alike(const struct twin *a, const struct twin *b)
{
    return a->log && b->log && a->bytes == b->bytes && a->head == b->head
           && memcmp(a->sum->hash, b->sum->hash, SHA256_BYTES) == 0;
}

/* All files that are to be read, by_likeness; the caller frees them. */
static enum status files_by_likeness(const struct ingest *p, struct twin **out, size_t *n, struct err *e)
{
    struct twin *t = *out = malloc((p->ev->n ? p->ev->n : 1) * sizeof *t);
    *n = 0;
    if (!t)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "ingest", "out of memory");
    for (size_t i = 0; i < p->ev->n; i++) {
        const struct file *f = &p->ev->file[i];
        if (to_read(f))
            t[(*n)++] = (struct twin){f->bytes, f->head, &p->sum[i], i, is_log(f)};
    }
    qsort(t, *n, sizeof *t, by_likeness);
    return OK;
}

static struct task task_of(const struct ingest *p, size_t i, enum job_op op)
{
    return (struct task){.job = {.op = (uint8_t)op, .n_files = 1, .bytes = {p->ev->file[i].bytes}},
                         .file = {i}};
}

static void task_takes(const struct ingest *p, struct task *t, size_t file)
{
    size_t at = t->job.n_files++;
    t->file[at] = file, t->job.bytes[at] = p->ev->file[file].bytes;
}

/* Hashes of file[0..n), as many to a job as cost less together, as long as every worker has some. Files of
 * like sizes lie side by side. */
static enum status add_hashes(struct ingest *p, const struct twin *file, size_t n, bool late, struct err *e)
{
    enum status st = OK;
    size_t share = n / p->n_slot, most = share < LANES_LEAST || !lanes_here() ? 1
                                         : share < JOB_FILES                  ? share
                                                                              : JOB_FILES;
    /* the largest first: what ends last should be short */
    for (size_t left = n; left > 0 && st == OK;) {
        struct task t = task_of(p, file[--left].file, JOB_HASH);
        t.late = late;
        while (left > 0 && t.job.n_files < most)
            task_takes(p, &t, file[--left].file);
        st = add_task(p, t, e);
    }
    return st;
}

/* Logs that may be copies of each other are hashed before anything is read; all others' hashes can come late,
 * as nothing concluded depends on them. */
static enum status plan_twins(struct ingest *p, struct err *e)
{
    struct twin *t;
    size_t n, twins = 0;
    enum status st = files_by_likeness(p, &t, &n, e);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && alike(&t[i], &t[end]);)
            end++;
        for (size_t k = i; end > i + 1 && k < end; k++)
            t[twins++] = t[k];
    }
    st = st == OK ? add_hashes(p, t, twins, false, e) : st;
    free(t);
    return st;
}

/* Of logs with the same bytes the first is read; but what an older copy says is kept apart from what is so
 * now. */
static enum status find_copies(struct ingest *p, struct err *e)
{
    struct twin *t;
    size_t n;
    enum status st = files_by_likeness(p, &t, &n, e);
    for (size_t i = 0, first = 0; i < n && st == OK; i++) {
        first = i > 0 && alike(&t[i - 1], &t[i]) ? first : i;
        for (size_t k = first; k < i && p->sum[t[i].file].hashed && !p->sum[t[i].file].copy; k++)
            p->sum[t[i].file].copy = !p->sum[t[k].file].copy
                                     && p->ev->file[t[k].file].older == p->ev->file[t[i].file].older;
    }
    free(t);
    return st;
}

static bool has_reader(const struct file *f)
{
    return is_log(f) || f->is.kind == KIND_HIVE || f->is.kind == KIND_REG_TEXT;
}

static void decide_hashing(struct ingest *p)
{
    uint64_t total = 0, behind = 0;
    for (size_t i = 0; i < p->ev->n; i++)
        total += to_read(&p->ev->file[i]) ? p->ev->file[i].bytes : 0;
    for (size_t i = p->ev->n; i-- > 0;) {
        const struct file *f = &p->ev->file[i];
        if (!to_read(f))
            continue;
        behind += f->bytes;
        p->sum[i].when = p->sum[i].hashed                      ? HASH_DONE
                         : f->hive == i && !has_reader(f)      ? HASH_ONLY
                         : !is_log(f) || f->bytes < LATE_LEAST ? HASH_WITH
                         : f->bytes >= total / p->n_slot       ? HASH_FIRST
                         : behind <= LATE_BYTES                ? HASH_LAST
                                                               : HASH_WITH;
    }
}

static enum status plan_hashes(struct ingest *p, enum hash_when when, bool late, struct err *e)
{
    struct twin *t;
    size_t n, picked = 0;
    enum status st = files_by_likeness(p, &t, &n, e);
    for (size_t i = 0; i < n; i++)
        if (p->sum[t[i].file].when == when)
            t[picked++] = t[i];
    st = st == OK ? add_hashes(p, t, picked, late, e) : st;
    free(t);
    return st;
}

static enum status plan_log(struct ingest *p, size_t i, struct err *e)
{
    uint32_t slots = evtx_slots(p->ev->file[i].bytes);
    bool with = p->sum[i].when == HASH_WITH, whole = with && slots <= LIM_JOB_CHUNKS;
    struct task t = task_of(p, i, whole ? JOB_LOG : JOB_SCAN);
    t.ordered = true;
    enum status st = with && !whole ? add_hashes(p, &(struct twin){.file = i}, 1, true, e) : OK;
    for (uint32_t first = 0; st == OK && (first < slots || first == 0); first += LIM_JOB_CHUNKS) {
        if (!whole)
            t.job.first = first,
            t.job.count = slots - first < LIM_JOB_CHUNKS ? slots - first : LIM_JOB_CHUNKS;
        st = add_task(p, t, e);
    }
    return st;
}

/* A hive with its logs, or a text. */
static enum status plan_registry(struct ingest *p, size_t i, struct err *e)
{
    const struct file *f = &p->ev->file[i];
    struct task t = task_of(p, i, f->is.kind == KIND_HIVE ? JOB_HIVE : JOB_REG_TEXT);
    t.ordered = true;
    for (size_t l = 0; t.job.op == JOB_HIVE && l < f->n_log; l++)
        task_takes(p, &t, f->log[l]);
    return add_task(p, t, e);
}

static enum status plan_files(struct ingest *p, struct err *e)
{
    enum status st = find_copies(p, e);
    decide_hashing(p);
    st = st == OK ? plan_hashes(p, HASH_FIRST, true, e) : st;
    for (size_t i = 0; i < p->ev->n && st == OK; i++) {
        const struct file *f = &p->ev->file[i];
        if (to_read(f) && has_reader(f) && !p->sum[i].copy)
            st = is_log(f) ? plan_log(p, i, e) : plan_registry(p, i, e);
    }
    st = st == OK ? plan_hashes(p, HASH_ONLY, false, e) : st;
    return st == OK ? plan_hashes(p, HASH_LAST, true, e) : st;
}

/* Files that --limits leaves out: too large, or behind the bytes the run may read. */
static void leave_out(struct ingest *p)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < p->ev->n; i++) {
        struct file *f = &p->ev->file[i];
        if (!to_read(f))
            continue;
        bool large = f->bytes > p->lim.file_bytes, late = !large && f->bytes > p->lim.run_bytes - sum;
        sum += large || late ? 0 : f->bytes;
        if (large || late)
            f->skipped = p->r.limit = true, f->note = large ? STR("larger than --limits file-bytes, not read")
                                                            : STR("beyond --limits run-bytes, not read");
    }
}

static enum status plan_sniffs(struct ingest *p, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < p->ev->n && st == OK; i++)
        st = to_read(&p->ev->file[i]) ? add_task(p, task_of(p, i, JOB_SNIFF), e) : OK;
    return st;
}

/* --- frames */

static enum status on_sniff(struct ingest *p, struct task *t, struct span in, struct err *e)
{
    struct file *f = &p->ev->file[t->file[0]];
    struct sniffed s = {0};
    unsigned kind = span_u8(&in);
    s.seq1 = span_u32(&in), s.seq2 = span_u32(&in), s.bins = span_u32(&in), s.file_type = span_u32(&in),
    s.checksum_ok = span_u8(&in), s.rm = span_u64(&in);
    f->head = span_u64(&in);
    struct span name = span_take(&in, span_u32(&in)), format = span_take(&in, span_u32(&in));
    if (in.bad || in.n || kind >= KINDS || name.n >= sizeof s.name || format.n > 64)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "sniff frame", "malformed");
    s.kind = (enum kind)kind;
    memcpy(s.name, name.p, name.n);
    struct str copy = arena_str(&p->ev->mem, (struct str){(const char *)format.p, format.n});
    s.format = copy.p ? copy.p : "unknown data";
    f->is = s;
    return OK;
}

static enum status one_too_many(struct ingest *p, size_t file, const char *what, const char *detail,
                                const char *note, struct err *e)
{
    if (p->sum[file].full)
        return OK;
    p->sum[file].full = p->r.limit = true;
    enum status st = add_anomaly(p, file, 0, "limit", str_of(what), str_of(detail), e);
    struct value v[] = {val_i(row_id(file)), val_s(str_of(note))};
    return st == OK ? run(p, "UPDATE evidence SET state='partial', note=?2 WHERE id=?1", LEN(v), v, "is", e)
                    : st;
}

static bool hashes(const struct task *t) { return t->job.op != JOB_SNIFF && t->job.op != JOB_SCAN; }
static bool is_group(const struct task *t) { return t->job.op == JOB_HASH && t->job.n_files > 1; }

/* Parts of a large log know their own records only: what comes behind a part that reached the limit is not
 * taken. */
static bool enough_records(const struct ingest *p, const struct task *t)
{
    return t->job.op == JOB_SCAN && p->sum[t->file[0]].stats.seen >= p->lim.records;
}

static enum status on_done(struct ingest *p, struct task *t, struct span in, struct err *e)
{
    struct done d;
    enum status st = done_get(in, &d, e);
    if (st != OK)
        return st;
    for (size_t i = 0; i < t->job.n_files && d.has_hash && hashes(t) && st == OK; i++)
        st = store_hash(p, t->file[i], d.hash[i], e);
    t->split = t->state == SENT && hashes(t) && !d.has_hash && t->job.n_files > 1;
    if (st == OK && t->split && is_group(t))
        return OK;
    if (st == OK && enough_records(p, t))
        return one_too_many(p, t->file[0], "records", "more records than the limit: what follows is not read",
                            "more records than --limits allows; the first are read", e);
    struct evtx_stats *s = &p->sum[t->file[0]].stats;
    s->seen += d.seen, s->parsed += d.parsed, s->recovered += d.recovered, s->failed += d.failed,
        s->chunks += d.chunks, s->hints |= d.hints;
    p->progress.records += d.parsed;
    /* memory that is not there is memory beyond the limit */
    p->r.limit |= d.status == E_LIMIT || d.status == E_NOMEM;
    if (st != OK || d.status == OK)
        return st;
    if (t->job.op == JOB_SNIFF) { /* the case has no row of it yet */
        struct file *f = &p->ev->file[t->file[0]];
        const char *note = f->note.p
                               ? NULL
                               : arena_printf(&p->ev->mem, "%.*s: %.*s", STR_ARG(d.what), STR_ARG(d.why));
        f->note = note ? str_of(note) : f->note.p ? f->note : STR("nobody could say what it is");
        return OK;
    }
    /* of a hive's job the hive speaks for its logs */
    for (size_t i = 0; i < (t->job.op == JOB_HASH ? t->job.n_files : 1) && st == OK; i++) {
        struct value v[] = {val_i(row_id(t->file[i])), val_s(d.what), val_s(d.why)};
        st = add_anomaly(p, t->file[i], d.off == ERR_NO_OFF ? 0 : d.off, "not-read-to-end", d.what, d.why, e);
        st = st == OK ? run(p,
                            "UPDATE evidence SET state='partial', note=?2 || ': ' || ?3 WHERE id=?1 AND "
                            "state <> 'unreadable'",
                            LEN(v), v, "iss", e)
                      : st;
    }
    return st;
}

/* What a frame that has to wait must be, so that its turn cannot bring surprises. */
static bool frame_sound(const struct task *t, uint8_t type, struct span body)
{
    struct fact f;
    struct done d;
    if (type == FRAME_DONE)
        return done_get(body, &d, NULL) == OK;
    return type == FRAME_FACT && fact_get(body, &f, NULL) == OK && f.ref.file < t->job.n_files;
}

static enum status on_frame(struct ingest *p, struct task *t, uint8_t type, struct span body, struct err *e)
{
    switch (type) {
    case FRAME_DONE: return on_done(p, t, body, e);
    case FRAME_SNIFF:
        return t->job.op == JOB_SNIFF ? on_sniff(p, t, body, e)
                                      : err_set(e, E_FORMAT, ERR_NO_OFF, "worker frame", "unexpected");
    case FRAME_FACT: {
        struct fact f;
        int64_t of[JOB_FILES];
        for (size_t i = 0; i < t->job.n_files; i++)
            of[i] = row_id(t->file[i]);
        if (enough_records(p, t))
            return OK;
        if (p->sum[t->file[0]].facts >= p->lim.facts)
            return one_too_many(p, t->file[0], "facts",
                                "more facts than the limit: the rest of this file is counted, not kept",
                                "more facts than --limits allows; the first are kept", e);
        p->sum[t->file[0]].facts++;
        enum status st = t->ordered ? fact_get(body, &f, e)
                                    : err_set(e, E_FORMAT, ERR_NO_OFF, "worker frame", "unexpected");
        if (st == OK && f.ref.file >= t->job.n_files)
            st = err_set(e, E_FORMAT, ERR_NO_OFF, "worker frame", "file %u of %u", f.ref.file,
                         t->job.n_files);
        return st == OK ? case_put(p->db, of, &f, e) : st;
    }
    default: return err_set(e, E_FORMAT, ERR_NO_OFF, "worker frame", "type 0x%02x", type);
    }
}

static void task_end(struct ingest *p, struct task *t)
{
    t->state = ENDED;
    buf_free(&t->pending);
    p->open[t->late]--;
}

/* Each file alone. A file is named by its hash, whatever became of the rest: what died of something else may
 * have been near by. */
static enum status hash_again(struct ingest *p, size_t lost, struct err *e)
{
    enum status st = OK;
    p->progress.bytes -= p->task[lost].hashed;
    for (size_t i = 0; i < p->task[lost].job.n_files && hashes(&p->task[lost]) && st == OK; i++) {
        struct task t = task_of(p, p->task[lost].file[i], JOB_HASH);
        t.again = true, t.late = p->task[lost].late;
        st = add_task(p, t, e);
    }
    return st;
}

/* The frames kept for the task at turn, then the next one that has any. */
static enum status take_turns(struct ingest *p, struct err *e)
{
    for (; p->turn < p->n_task; p->turn++) {
        struct task *t = &p->task[p->turn];
        if (!t->ordered || t->state == ENDED)
            continue;
        struct span in = span_of(t->pending.p, t->pending.n, 0), body;
        uint8_t type;
        enum status st = OK;
        bool done = false;
        while (!done && frame_next(&in, &type, &body, &st)) {
            if ((st = on_frame(p, t, type, body, e)) != OK)
                return st;
            done = type == FRAME_DONE;
        }
        t->pending.n = 0;
        if (!done)
            return OK;
        task_end(p, t);
        if (t->split && (st = hash_again(p, p->turn, e)) != OK)
            return st;
    }
    return OK;
}

/* --- workers */

static enum status slot_start(struct ingest *p, struct slot *s, struct err *e)
{
    const char *const args[] = {"whylogon", "--worker", NULL};
    struct buf frame = {0};
    enum status st = plat_spawn_self(args, &(struct proc_limits){0}, &s->proc, e);
    if (st != OK)
        return st;
    size_t at = frame_begin(&frame, FRAME_WANT);
    buf_u64le(&frame, p->lim.memory);
    struct want want = *p->want;
    want.records = p->lim.records, want.xml_depth = (uint32_t)p->lim.xml_depth,
    want.key_depth = (uint32_t)p->lim.key_depth;
    want_put(&frame, &want);
    frame_end(&frame, at);
    struct err gone = {0};
    if ((st = frame_to(s->proc, &frame, NULL, 0, &gone)) == E_NOMEM)
        err_set(e, E_NOMEM, ERR_NO_OFF, "worker", "out of memory");
    else if (st != OK) /* one that has died already, or may as well: its end is read below */
        plat_proc_kill(s->proc), st = OK;
    buf_free(&frame);
    s->heard = s->began = plat_clock_ms();
    s->n = 0, s->ahead = s->files = 0, s->in.n = 0, s->jailed = false;
    return st;
}

static uint64_t task_bytes(const struct task *t)
{
    if (t->job.op == JOB_SNIFF)
        return 4096;
    if (t->job.op == JOB_SCAN)
        return (uint64_t)t->job.count * EVTX_CHUNK;
    uint64_t sum = 0;
    for (size_t i = 0; i < t->job.n_files; i++)
        sum += t->job.bytes[i];
    return sum;
}

/* What this side knows of a task that will not answer, as the worker's own words would have been. */
static enum status say_for(struct ingest *p, struct task *t, enum status status, const char *what,
                           const char *why, struct err *e)
{
    struct buf frame = {0};
    struct done d = {.status = (uint8_t)status, .off = ERR_NO_OFF, .what = str_of(what), .why = str_of(why)};
    size_t at = frame_begin(&frame, FRAME_DONE);
    done_put(&frame, &d);
    frame_end(&frame, at);
    enum status st = frame.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "job", "out of memory") : OK;
    t->state = LOST;
    if (st == OK && t->ordered) {
        buf_put(&t->pending, frame.p, frame.n);
        st = take_turns(p, e);
    } else if (st == OK) {
        st = on_done(p, t, span_of(frame.p + FRAME_HEAD, frame.n - FRAME_HEAD, 0), e);
        task_end(p, t);
    }
    buf_free(&frame);
    return st;
}

/* The worker is gone: its running task is lost, what was queued behind goes back. */
static enum status slot_lost(struct ingest *p, struct slot *s, const char *how, struct err *e)
{
    struct exit_info x;
    char why[96];
    plat_proc_kill(how ? s->proc : NULL);
    plat_proc_end(s->proc, &x);
    s->proc = NULL;
    if (how)
        snprintf(why, sizeof why, "%s", how);
    else if (x.signal)
        snprintf(why, sizeof why, "ended by signal %d", x.signal);
    else
        snprintf(why, sizeof why, "ended with code %d", x.code);
    for (size_t i = 1; i < s->n; i++)
        p->task[s->queue[i]].state = READY, p->next = s->queue[i] < p->next ? s->queue[i] : p->next;
    enum status st = OK;
    if (s->n) {
        size_t lost = s->queue[0];
        bool retry = is_group(&p->task[lost])
                     || (p->task[lost].job.op == JOB_HASH && !p->task[lost].again && !how);
        st = retry || p->task[lost].ordered ? hash_again(p, lost, e) : OK;
        if (st == OK && retry) {
            task_end(p, &p->task[lost]); /* nothing is lost yet */
        } else if (st == OK) {
            p->r.lost_jobs++;
            st = say_for(p, &p->task[lost], E_IO, "worker lost while reading", why, e);
        }
    }
    if (st == OK && !s->jailed && ++p->stillborn > STILLBORN)
        st = err_set(e, E_NOMEM, ERR_NO_OFF, "workers do not start", "%s", why);
    return st == OK ? slot_start(p, s, e) : st;
}

/* Each job opens its files anew: what has another size by then is not what was looked at. */
static enum status open_again(const struct file *f, plat_file *fd, struct err *why)
{
    uint64_t bytes;
    enum status st = plat_open(f->place.p, fd, &bytes, why);
    if (st != OK || bytes == f->bytes)
        return st;
    plat_close(*fd);
    return err_set(why, E_IO, ERR_NO_OFF, "changed", "it had %llu bytes when the run began and has %llu now",
                   (unsigned long long)f->bytes, (unsigned long long)bytes);
}

/* File at of the task cannot be opened. */
static enum status not_opened(struct ingest *p, size_t index, size_t at, const struct err *why, struct err *e)
{
    struct task *t = &p->task[index];
    struct file *f = &p->ev->file[t->file[at]];
    if (is_group(t)) {
        task_end(p, t);
        return hash_again(p, index, e);
    }
    /* there is no case yet to tell it to: the task stays ready */
    if (!p->db && t->job.op != JOB_SNIFF)
        return OK;
    /* a hive is not read without one of its logs; what became of each file is told by its hash */
    if (t->job.n_files > 1) {
        const char *which = arena_printf(&p->ev->mem, "%.*s: %s", STR_ARG(f->path), why->why);
        enum status st = hash_again(p, index, e);
        return st == OK ? say_for(p, &p->task[index], E_IO, why->what, at && which ? which : why->why, e)
                        : st;
    }
    struct str note = arena_str(&p->ev->mem, str_of(why->why));
    f->st = E_IO, f->note = note.p ? note : STR("cannot open");
    return say_for(p, t, E_IO, why->what, why->why, e);
}

static enum status hand_over(struct ingest *p, struct slot *s, size_t index, const plat_file *fd,
                             struct err *e)
{
    struct task *t = &p->task[index];
    struct buf frame = {0};
    struct err gone = {0};
    size_t at = frame_begin(&frame, FRAME_JOB);
    job_put(&frame, &t->job);
    frame_end(&frame, at);
    enum status sent = frame_to(s->proc, &frame, fd, t->job.n_files, &gone);
    buf_free(&frame);
    if (sent == OK) {
        t->state = SENT;
        if (s->n == 0)
            s->heard = s->began = plat_clock_ms();
        s->queue[s->n++] = index, s->ahead += task_bytes(t), s->files += t->job.n_files;
    } /* else: the child has died; its end is read below and the task stays ready */
    return sent == E_NOMEM ? err_set(e, E_NOMEM, ERR_NO_OFF, "job", "out of memory") : OK;
}

static enum status send_task(struct ingest *p, struct slot *s, size_t index, struct err *e)
{
    const struct task *t = &p->task[index];
    plat_file fd[JOB_FILES];
    struct err why = {0};
    size_t open = 0, n = t->job.n_files;
    while (open < n && open_again(&p->ev->file[t->file[open]], &fd[open], &why) == OK)
        open++;
    enum status st = open < n ? not_opened(p, index, open, &why, e) : hand_over(p, s, index, fd, e);
    for (size_t i = 0; i < open; i++)
        plat_close(fd[i]);
    return st;
}

static enum status dispatch(struct ingest *p, struct err *e)
{
    while (p->next < p->n_task) {
        if (p->task[p->next].state != READY) {
            p->next++;
            continue;
        }
        if (enough_records(p, &p->task[p->next])) {
            enum status said = say_for(p, &p->task[p->next], E_LIMIT, "records", "", e);
            if (said != OK)
                return said;
            continue;
        }
        struct slot *best = NULL;
        for (size_t i = 0; i < p->n_slot; i++) {
            struct slot *s = &p->slot[i];
            bool short_enough = s->n == 0 || p->task[p->next].late
                                || s->ahead + task_bytes(&p->task[p->next]) <= AHEAD_BYTES;
            if (s->proc && s->jailed && s->n < QUEUE
                && (s->files + p->task[p->next].job.n_files) * p->n_slot <= IN_FLIGHT && short_enough
                && (!best || s->ahead < best->ahead))
                best = s;
        }
        if (!best)
            return OK;
        size_t index = p->next;
        enum status st = send_task(p, best, index, e);
        if (st != OK || p->task[index].state == READY)
            return st;
    }
    return OK;
}

/* Hands each whole frame of s on: to the case when its task's turn has come, else into the task's own
 * keeping. */
static enum status slot_frames(struct ingest *p, struct slot *s, bool *broken, struct err *e)
{
    struct span in = span_of(s->in.p, s->in.n, 0), body;
    uint8_t type;
    enum status st = OK, framing = OK;
    while (st == OK && !*broken && frame_next(&in, &type, &body, &framing)) {
        s->heard = plat_clock_ms();
        if (!s->jailed && type == FRAME_JAIL) {
            s->jailed = true, st = jail_seen(span_u32(&body), p->o.require_jail, &p->r.jail, e);
            continue;
        }
        if (s->n == 0) {
            *broken = true;
            break;
        }
        size_t index = s->queue[0];
        struct task *t = &p->task[index];
        struct err bad = {0};
        uint64_t more;
        if (type == FRAME_PROGRESS)
            more = span_u64(&body), t->hashed += more, p->progress.bytes += more;
        else if (t->ordered && p->turn != index && !frame_sound(t, type, body))
            *broken = true;
        else if (t->ordered && p->turn != index)
            buf_put(&t->pending, body.p - FRAME_HEAD, body.n + FRAME_HEAD),
                st = t->pending.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "frames", "out of memory") : OK;
        else if ((st = on_frame(p, t, type, body, &bad)) == E_FORMAT)
            st = OK, *broken = true;
        else if (st != OK)
            *e = bad;
        else if (type == FRAME_DONE)
            task_end(p, t), st = take_turns(p, e);
        if (st == OK && !*broken && type == FRAME_DONE) {
            t = &p->task[index]; /* the list may have grown */
            s->ahead -= task_bytes(t), s->files -= t->job.n_files;
            memmove(s->queue, s->queue + 1, --s->n * sizeof *s->queue);
            s->began = s->heard;
            st = t->split && t->state == ENDED ? hash_again(p, index, e) : OK;
        }
    }
    *broken |= framing != OK;
    size_t left = in.bad ? 0 : in.n;
    if (left)
        memmove(s->in.p, s->in.p + (s->in.n - left), left);
    s->in.n = left;
    return st;
}

static enum status slot_read(struct ingest *p, struct slot *s, struct err *e)
{
    bool eof = false, broken = false;
    size_t got;
    enum status st = plat_proc_read(s->proc, p->read_buf, READ_BYTES, &got, &eof, e);
    if (st == OK && got) {
        buf_put(&s->in, p->read_buf, got);
        st = s->in.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "frames", "out of memory")
                       : slot_frames(p, s, &broken, e);
    }
    if (st == OK && (eof || broken))
        st = slot_lost(p, s, broken ? "sent a malformed frame" : NULL, e);
    return st;
}

/* A worker that says nothing, or takes longer over one job than --limits allows, is ended. Files hashed
 * together have the time of all, and a time of their own when it is not enough: no limit is reached yet. */
static enum status slot_patience(struct ingest *p, struct slot *s, struct err *e)
{
    uint64_t now = plat_clock_ms();
    bool group = s->n && is_group(&p->task[s->queue[0]]);
    if (now - s->began > p->lim.file_seconds * 1000 * (group ? p->task[s->queue[0]].job.n_files : 1)) {
        p->r.limit |= !group;
        return slot_lost(p, s, "took longer than --limits allows for one file", e);
    }
    return now - s->heard > STALL_MS ? slot_lost(p, s, "said nothing for 120 s", e) : OK;
}

/* The run's time is over: what was not begun stays unread, what runs is ended. */
static enum status give_up(struct ingest *p, struct err *e)
{
    enum status st = OK;
    p->r.limit = true;
    for (size_t i = 0; i < p->n_slot; i++)
        p->slot[i].n = 0, plat_proc_kill(p->slot[i].proc);
    for (size_t i = 0; i < p->n_task && st == OK; i++)
        if (p->task[i].state == READY || p->task[i].state == SENT)
            st = say_for(p, &p->task[i], E_LIMIT, p->task[i].job.op == JOB_HASH ? "not hashed" : "not read",
                         "the run's time was over (--limits run-seconds)", e);
    return st;
}

static bool may_read(const struct ingest *p, const struct slot *s)
{
    return s->proc && (s->n == 0 || p->turn == s->queue[0] || p->task[s->queue[0]].pending.n < PENDING_BYTES);
}

static void show(struct ingest *p, bool last)
{
    uint64_t now = plat_clock_ms();
    if (p->o.progress && (last || now - p->shown >= 100)) {
        p->o.progress(p->o.ctx, &p->progress);
        p->shown = now;
    }
}

static size_t open_tasks(const struct ingest *p, bool late) { return p->open[0] + (late ? p->open[1] : 0); }

/* Until every task has ended, or every one that is not late. */
static enum status run_all(struct ingest *p, bool late, struct err *e)
{
    enum status st = take_turns(p, e);
    while (st == OK && open_tasks(p, late)) {
        struct proc *wait[WORKERS_MAX];
        bool ready[WORKERS_MAX] = {0};
        if (p->o.stop && *p->o.stop)
            return err_set(e, E_STOP, ERR_NO_OFF, "interrupted", "the run was stopped");
        if (plat_clock_ms() > p->until)
            return give_up(p, e);
        if ((st = dispatch(p, e)) != OK || !open_tasks(p, late))
            break;
        for (size_t i = 0; i < p->n_slot; i++)
            wait[i] = may_read(p, &p->slot[i]) ? p->slot[i].proc : NULL;
        st = plat_wait(wait, p->n_slot, 200, ready, e);
        for (size_t i = 0; i < p->n_slot && st == OK; i++) {
            struct slot *s = &p->slot[i];
            if (ready[i])
                st = slot_read(p, s, e);
            if (st == OK && (s->n || !s->jailed) && wait[i])
                st = slot_patience(p, s, e);
        }
        show(p, false);
    }
    return st;
}

static void reset_tasks(struct ingest *p)
{
    for (size_t i = 0; i < p->n_task; i++)
        buf_free(&p->task[i].pending);
    p->n_task = p->turn = p->next = p->open[0] = p->open[1] = 0;
}

enum status ingest_start(const struct want *want, struct evidence *ev, const struct ingest_options *o,
                         struct ingest **out, struct err *e)
{
    struct ingest *p = *out = calloc(1, sizeof *p);
    if (!p)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "ingest", "out of memory");
    *p = (struct ingest){.want = want, .ev = ev, .o = *o, .r = {.jail = JAIL_ALL}};
    p->lim = o->limits.memory ? o->limits : run_limits_default();
    p->until = plat_clock_ms() + p->lim.run_seconds * 1000;
    p->sum = calloc(ev->n ? ev->n : 1, sizeof *p->sum);
    p->read_buf = malloc(READ_BYTES);
    p->n_slot = o->workers ? o->workers : plat_cores();
    p->n_slot = p->n_slot > WORKERS_MAX ? WORKERS_MAX : p->n_slot;
    enum status st = p->sum && p->read_buf ? OK : err_set(e, E_NOMEM, ERR_NO_OFF, "ingest", "out of memory");
    for (size_t i = 0; i < p->n_slot && st == OK; i++)
        st = slot_start(p, &p->slot[i], e);
    leave_out(p);
    if (st == OK && (st = plan_sniffs(p, e)) == OK)
        st = run_all(p, true, e);
    reset_tasks(p);
    if (st != OK)
        return st;
    group_hives(ev);
    for (size_t i = 0; i < ev->n; i++)
        p->progress.total += to_read(&ev->file[i]) ? ev->file[i].bytes : 0;
    p->progress.n_files = ev->n;
    st = plan_twins(p, e);
    if (st == OK && !p->n_task)
        st = plan_files(p, e), p->planned = true;
    return st == OK ? dispatch(p, e) : st;
}

/* What is to be read is known when those that may be copies have been hashed. */
static enum status plan_rest(struct ingest *p, struct err *e)
{
    if (p->planned)
        return OK;
    enum status st = run_all(p, false, e);
    reset_tasks(p);
    return st == OK ? plan_files(p, e) : st;
}

enum status ingest_facts(struct ingest *p, struct casedb *db, struct err *e)
{
    p->db = db;
    enum status st = case_begin(db, e);
    if (st == OK && (st = store_files(p, e)) == OK && (st = plan_rest(p, e)) == OK
        && (st = run_all(p, false, e)) == OK && (st = store_sums(p, e)) == OK
        && (st = store_copies(p, e)) == OK)
        st = case_commit(db, e);
    show(p, true);
    return st;
}

enum status ingest_finish(struct ingest *p, struct ingest_result *r, struct err *e)
{
    for (size_t i = 0; i < p->n_slot; i++)
        p->slot[i].heard = p->slot[i].began = plat_clock_ms(); /* nobody listened meanwhile */
    enum status st = case_begin(p->db, e);
    if (st == OK && (st = run_all(p, true, e)) == OK)
        st = case_commit(p->db, e);
    show(p, true);
    *r = p->r;
    return st;
}

void ingest_free(struct ingest *p)
{
    for (size_t i = 0; p && i < p->n_slot; i++) {
        struct exit_info x;
        if (open_tasks(p, true))
            plat_proc_kill(p->slot[i].proc);
        plat_proc_end(p->slot[i].proc, &x);
        buf_free(&p->slot[i].in);
    }
    if (p)
        reset_tasks(p), free(p->task), free(p->sum), free(p->read_buf), free(p);
}

enum status ingest(struct casedb *db, const struct want *want, struct evidence *ev,
                   const struct ingest_options *o, struct ingest_result *r, struct err *e)
{
    struct ingest *p;
    enum status st = ingest_start(want, ev, o, &p, e);
    if (st == OK && (st = ingest_facts(p, db, e)) == OK)
        st = ingest_finish(p, r, e);
    ingest_free(p);
    return st;
}

enum status ingest_jail(unsigned *layers, struct err *e)
{
    struct want nothing = {0};
    struct ingest p = {.want = &nothing, .r = {.jail = JAIL_ALL}, .lim = run_limits_default(), .n_slot = 1};
    struct slot *s = &p.slot[0];
    struct exit_info how;
    uint8_t buf[READ_BYTES / 64];
    bool eof = false, broken = false;
    enum status st = slot_start(&p, s, e);
    for (uint64_t since = plat_clock_ms(); st == OK && !s->jailed;) {
        bool ready = false;
        size_t got = 0;
        st = plat_wait(&s->proc, 1, 200, &ready, e);
        if (st == OK && ready && (st = plat_proc_read(s->proc, buf, sizeof buf, &got, &eof, e)) == OK) {
            buf_put(&s->in, buf, got);
            st = slot_frames(&p, s, &broken, e);
        }
        if (st == OK && (eof || broken || plat_clock_ms() - since > STALL_MS))
            st = err_set(e, E_IO, ERR_NO_OFF, "worker", "does not start");
    }
    plat_proc_end(s->proc, &how);
    buf_free(&s->in);
    *layers = p.r.jail;
    return st;
}
