#include "run/plan.h"
#include "parsers/evtx/evtx.h"
#include "base/grow.h"
#include "base/lanes.h"
#include <stdlib.h>
#include <string.h>

enum {
    /* smaller logs are hashed with many others, while facts are read */
    LATE_LEAST = 256 << 10,
    /* logs hashed after all has been read: so much is still in the page cache, and takes longer to hash than
     * the facts to judge */
    LATE_BYTES = 1 << 30,
    /* small files hashed together behind those read: they still lie in the page cache */
    SOON_BYTES = 256 << 20,
    SNIFF_COST = 4096, /* bytes */
};

enum status plan_more_files(struct plan *p, struct err *e)
{
    size_t n = p->ev->n ? p->ev->n : 1;
    struct file_plan *more = realloc(p->file, n * sizeof *more);
    if (!more)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "job list", "out of memory");
    p->file = more;
    if (n > p->n_file)
        memset(more + p->n_file, 0, (n - p->n_file) * sizeof *more);
    p->n_file = n;
    return OK;
}

enum status plan_begin(struct plan *p, struct evidence *ev, size_t workers, struct err *e)
{
    *p = (struct plan){.ev = ev, .workers = workers};
    return plan_more_files(p, e);
}

void plan_clear(struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        buf_free(&p->job[i]->held);
        free(p->job[i]);
    }
    p->n = p->open[0] = p->open[1] = 0;
}

void plan_free(struct plan *p)
{
    plan_clear(p);
    free(p->job), free(p->file);
    *p = (struct plan){0};
}

bool job_reads(const struct job *j) { return j->order.op != JOB_SNIFF && j->order.op != JOB_HASH; }
bool job_is_group(const struct job *j) { return j->order.op == JOB_HASH && j->order.n_files > 1; }

uint64_t job_time_ms(const struct job *j, uint64_t file_seconds)
{
    return file_seconds * 1000 * (job_is_group(j) ? j->order.n_files : 1);
}

uint64_t job_bytes(const struct job *j)
{
    if (j->order.op == JOB_SNIFF)
        return SNIFF_COST;
    if (j->order.op == JOB_SCAN)
        return (uint64_t)j->order.count * EVTX_CHUNK;
    uint64_t sum = 0;
    for (size_t i = 0; i < j->order.n_files; i++)
        sum += j->order.bytes[i];
    return sum;
}

/* --- one job */

static struct job new_job(const struct plan *p, size_t file, enum job_op op)
{
    return (struct job){.order = {.op = (uint8_t)op,
                                  .n_files = 1,
                                  .at = {p->ev->file[file].at},
                                  .bytes = {p->ev->file[file].bytes}},
                        .file = {file}};
}

static void add_file(const struct plan *p, struct job *j, size_t file)
{
    size_t at = j->order.n_files++;
    j->file[at] = file;
    j->order.at[at] = p->ev->file[file].at, j->order.bytes[at] = p->ev->file[file].bytes;
}

static enum status add_job(struct plan *p, struct job j, struct err *e)
{
    struct job **more = grow(p->job, sizeof *more, p->n, &p->cap), *own = malloc(sizeof *own);
    p->job = more ? more : p->job;
    if (!more || !own) {
        free(own);
        return err_set(e, E_NOMEM, ERR_NO_OFF, "job list", "out of memory");
    }
    *own = j, own->at = p->n, own->room = job_room(&j.order);
    p->job[p->n++] = own, p->open[j.late]++;
    return OK;
}

/* --- files that may be copies of each other */

/* A file by what it may have in common with others. */
struct likeness {
    uint64_t bytes, start_hash;
    const struct file_plan *plan;
    size_t file;
    bool log;
};

static int by_likeness(const void *a, const void *b)
{
    const struct likeness *x = a, *y = b;
    int hash = memcmp(x->plan->hash, y->plan->hash, SHA256_BYTES);
    return x->bytes != y->bytes             ? (x->bytes < y->bytes ? -1 : 1)
           : x->start_hash != y->start_hash ? (x->start_hash < y->start_hash ? -1 : 1)
           : hash                           ? hash
           : x->file < y->file              ? -1
                                            : x->file > y->file;
}

/* As far as is known without their hashes. */
static bool may_be_alike(const struct likeness *a, const struct likeness *b)
{
    return a->log && b->log && a->bytes == b->bytes && a->start_hash == b->start_hash;
}

static bool alike(const struct likeness *a, const struct likeness *b)
{
    return may_be_alike(a, b) && memcmp(a->plan->hash, b->plan->hash, SHA256_BYTES) == 0;
}

/* Those of files from..to that are to be read, by_likeness; the caller frees them. */
static enum status sort_by_likeness(const struct plan *p, struct likeness **out, size_t *n, size_t from,
                                    size_t to, struct err *e)
{
    struct likeness *t = *out = malloc((to - from + 1) * sizeof *t);
    *n = 0;
    if (!t)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "job list", "out of memory");
    for (size_t i = from; i < to; i++) {
        const struct file *f = &p->ev->file[i];
        if (file_to_read(f))
            t[(*n)++] = (struct likeness){f->bytes, f->start_hash, &p->file[i], i, file_is_log(f)};
    }
    qsort(t, *n, sizeof *t, by_likeness);
    return OK;
}

/* Hashes of file[0..n), as many to a job as cost less together, as long as every worker has some. Files of
 * like sizes lie side by side. */
static enum status add_hashes(struct plan *p, const struct likeness *file, size_t n, bool late, struct err *e)
{
    enum status st = OK;
    size_t share = n / p->workers, most = share < LANES_LEAST || !lanes_here() ? 1
                                          : share < JOB_FILES                  ? share
                                                                               : JOB_FILES;
    /* the largest first: what ends last should be short */
    for (size_t left = n; left > 0 && st == OK;) {
        struct job j = new_job(p, file[--left].file, JOB_HASH);
        j.late = late;
        while (left > 0 && j.order.n_files < most)
            add_file(p, &j, file[--left].file);
        st = add_job(p, j, e);
    }
    return st;
}

enum status plan_twins(struct plan *p, struct err *e)
{
    struct likeness *t;
    size_t n, twins = 0;
    enum status st = sort_by_likeness(p, &t, &n, 0, p->ev->n, e);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && may_be_alike(&t[i], &t[end]);)
            end++;
        for (size_t k = i; end > i + 1 && k < end; k++)
            if (!t[k].plan->hashed)
                t[twins++] = t[k];
    }
    st = st == OK ? add_hashes(p, t, twins, false, e) : st;
    free(t);
    return st;
}

/* Of logs with the same bytes the first is read; but what an older copy says is kept apart from what is so
 * now. */
static enum status find_copies(struct plan *p, struct err *e)
{
    struct likeness *t;
    size_t n;
    enum status st = sort_by_likeness(p, &t, &n, 0, p->ev->n, e);
    for (size_t i = 0, first = 0; i < n && st == OK; i++) {
        first = i > 0 && alike(&t[i - 1], &t[i]) ? first : i;
        struct file_plan *f = &p->file[t[i].file];
        for (size_t k = first; k < i && f->hashed && !f->copy; k++)
            f->copy = !p->file[t[k].file].copy
                      && p->ev->file[t[k].file].older == p->ev->file[t[i].file].older;
    }
    free(t);
    return st;
}

/* --- what is hashed when */

static bool has_reader(const struct file *f)
{
    return file_is_log(f) || file_is_registry(f) || file_is_tool_text(f);
}

static void decide_hashing(struct plan *p)
{
    uint64_t total = 0, behind = 0;
    for (size_t i = 0; i < p->ev->n; i++)
        total += file_to_read(&p->ev->file[i]) ? p->ev->file[i].bytes : 0;
    for (size_t i = p->ev->n; i-- > 0;) {
        const struct file *f = &p->ev->file[i];
        if (!file_to_read(f))
            continue;
        behind += f->bytes;
        p->file[i].when = p->file[i].tried || p->file[i].hashed      ? HASH_DONE
                          : !file_is_log(f) || f->bytes < LATE_LEAST ? HASH_SOON
                          : f->bytes >= total / p->workers           ? HASH_FIRST
                          : behind <= LATE_BYTES                     ? HASH_LAST
                                                                     : HASH_BESIDE;
    }
}

/* Those of files from..to that are hashed then. */
static enum status plan_hashes(struct plan *p, enum hash_when when, size_t from, size_t to, bool late,
                               struct err *e)
{
    struct likeness *t;
    size_t n, picked = 0;
    enum status st = sort_by_likeness(p, &t, &n, from, to, e);
    for (size_t i = 0; i < n; i++)
        if (t[i].plan->when == when)
            t[picked++] = t[i];
    st = st == OK ? add_hashes(p, t, picked, late, e) : st;
    free(t);
    return st;
}

enum status plan_hash_alone(struct plan *p, const struct job *of, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < of->order.n_files && st == OK; i++) {
        struct job j = new_job(p, of->file[i], JOB_HASH);
        j.again = true, j.late = of->late;
        st = add_job(p, j, e);
    }
    return st;
}

/* --- what is read */

static enum status plan_log(struct plan *p, size_t i, struct err *e)
{
    uint32_t slots = evtx_slots(p->ev->file[i].bytes);
    struct job j = new_job(p, i, slots <= LIM_JOB_CHUNKS ? JOB_LOG : JOB_SCAN);
    j.in_turn = true;
    enum status st = p->file[i].when == HASH_BESIDE ? add_hashes(p, &(struct likeness){.file = i}, 1, true, e)
                                                    : OK;
    for (uint32_t first = 0; st == OK && (first < slots || first == 0); first += LIM_JOB_CHUNKS) {
        if (j.order.op == JOB_SCAN) {
            j.order.first = first;
            j.order.count = slots - first < LIM_JOB_CHUNKS ? slots - first : LIM_JOB_CHUNKS;
        }
        st = add_job(p, j, e);
    }
    return st;
}

/* A hive with its logs, or a text. */
static struct job whole_job(const struct plan *p, size_t i)
{
    const struct file *f = &p->ev->file[i];
    struct job j = new_job(p, i,
                           f->is.kind == KIND_HIVE       ? JOB_HIVE
                           : f->is.kind == KIND_REG_TEXT ? JOB_REG_TEXT
                                                         : JOB_TOOL_TEXT);
    for (size_t l = 0; j.order.op == JOB_HIVE && l < f->n_log; l++)
        j.order.log_name[l] = hive_log_name(p->ev->file[f->log[l]].path), add_file(p, &j, f->log[l]);
    return j;
}

static enum status plan_whole(struct plan *p, size_t i, struct err *e)
{
    struct job j = whole_job(p, i);
    j.in_turn = true;
    return add_job(p, j, e);
}

enum status plan_part(struct plan *p, size_t file, uint32_t first, uint32_t count, struct err *e)
{
    if (!file_is_log(&p->ev->file[file]))
        return add_job(p, whole_job(p, file), e);
    struct job j = new_job(p, file, JOB_SCAN);
    j.order.first = first, j.order.count = count;
    return add_job(p, j, e);
}

enum status plan_reading(struct plan *p, struct err *e)
{
    enum status st = find_copies(p, e);
    size_t soon = 0; /* the first whose hash may not be planned yet */
    uint64_t behind = 0;
    decide_hashing(p);
    st = st == OK ? plan_hashes(p, HASH_FIRST, 0, p->ev->n, true, e) : st;
    for (size_t i = 0; i < p->ev->n && st == OK; i++) {
        const struct file *f = &p->ev->file[i];
        if (file_to_read(f) && has_reader(f) && !p->file[i].copy)
            st = file_is_log(f) ? plan_log(p, i, e) : plan_whole(p, i, e);
        behind += p->file[i].when == HASH_SOON ? f->bytes : 0;
        if (st == OK && (behind >= SOON_BYTES || i + 1 == p->ev->n)) {
            st = plan_hashes(p, HASH_SOON, soon, i + 1, false, e);
            soon = i + 1, behind = 0;
        }
    }
    return st == OK ? plan_hashes(p, HASH_LAST, 0, p->ev->n, true, e) : st;
}

enum status plan_sniffs(struct plan *p, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < p->ev->n && st == OK; i++)
        st = file_to_read(&p->ev->file[i]) ? add_job(p, new_job(p, i, JOB_SNIFF), e) : OK;
    return st;
}

bool plan_leave_out(struct plan *p, const struct run_limits *lim)
{
    uint64_t sum = 0;
    bool any = false;
    for (size_t i = 0; i < p->ev->n; i++) {
        struct file *f = &p->ev->file[i];
        if (!file_to_read(f))
            continue;
        bool large = f->bytes > lim->file_bytes, behind = !large && f->bytes > lim->run_bytes - sum;
        sum += large || behind ? 0 : f->bytes;
        if (large || behind) {
            f->skipped = any = true;
            f->note = large ? STR("larger than --limits file-bytes, not read")
                            : STR("beyond --limits run-bytes, not read");
        }
    }
    return any;
}
