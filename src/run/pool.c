#include "run/pool.h"
#include "plat/jail.h"
#include "run/child.h"
#include "run/frame.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUEUE = 64, /* jobs sent ahead to one worker */
    /* files sent ahead to all: the system counts descriptors under way, and refuses more than about a
     * thousand */
    IN_FLIGHT = 512,
    /* ... as long as they are small: a long one must not hold others behind it; but what is late, nobody
     * waits behind */
    AHEAD_BYTES = 4 << 20,
    /* a worker silent for so long on one job is ended: hashing reports every 4 MiB; --limits may be
     * stricter */
    STALL_MS = 120000,
    READ_BYTES = 256 * 1024,
    STILLBORN = 3,
    AHEAD = 4, /* readers asked for while others read */
    WAIT_MS = 200,
    /* of each: who looks, who reads, who is ready to read next */
    WORKERS_MAX = POOL_WORKERS * 3,
};
_Static_assert((int)WORKERS_MAX + (int)POOL_ALSO <= (int)PLAT_WAIT, "all are waited for at once");

static const char WORKER_LOST[] = "worker lost while reading", MALFORMED[] = "sent a malformed frame";

/* A worker as seen from here. One that looks (at what files are, and hashes them) interprets nothing of them,
 * so it serves many; one that reads is of one job: a file that took it over must have nothing to say of
 * another. */
struct worker {
    struct proc *proc; /* NULL: not needed yet */
    bool reads;
    bool jailed;                       /* has said which layers hold it; no job before that */
    bool broken;                       /* sent what no worker of ours sends: to be replaced */
    struct job *queue[QUEUE];          /* jobs sent, the running one first */
    size_t n;                          /* of queue */
    uint64_t ahead_bytes, ahead_files; /* of all jobs in the queue */
    struct buf in;                     /* bytes not yet a whole frame */
    /* plat_clock_ms of the last frame or the job's start; of the job's start */
    uint64_t heard, began;
};

struct pool {
    struct plan *plan;
    struct pool_options o;
    struct pool_calls call;
    struct original *original, own; /* what workers are copies of: the caller's, or own */
    struct worker worker[WORKERS_MAX];
    size_t n_worker;   /* first those that look, then those that read */
    size_t turn, next; /* jobs before turn have ended, those before next are not ready */
    uint64_t until;    /* plat_clock_ms at which the run's time is over */
    uint64_t hashed, lost;
    uint64_t held; /* bytes of memory for frames of jobs whose turn has not come */
    unsigned jail;
    unsigned stillborn; /* workers that ended before they said anything */
    bool scarce;        /* the system has once refused a process: there are to be no more than needed */
    uint8_t *read_buf;
};

unsigned pool_workers(unsigned wanted)
{
    unsigned n = wanted ? wanted : plat_cores();
    return n > POOL_WORKERS ? POOL_WORKERS : n;
}

uint64_t pool_hashed(const struct pool *p) { return p->hashed; }
uint64_t pool_lost(const struct pool *p) { return p->lost; }
unsigned pool_jail(const struct pool *p) { return p->jail; }

/* Nothing of the case is harmed by it: the same as if there were no process. */
static enum status out_of_memory(const char *what, struct err *e)
{
    return err_set(e, E_PROC, ERR_NO_OFF, what, "out of memory");
}

/* --- turns */

static void drop_held(struct pool *p, struct job *j)
{
    p->held -= j->held.cap;
    buf_free(&j->held);
}

static void end_job(struct pool *p, struct job *j)
{
    j->state = JOB_ENDED;
    drop_held(p, j);
    p->plan->open[j->late]--;
}

static enum status hash_alone(struct pool *p, const struct job *j, struct err *e)
{
    p->hashed -= j->hashed;
    return plan_hash_alone(p->plan, j, e);
}

static enum status end_done_job(struct pool *p, struct job *j, struct err *e)
{
    end_job(p, j);
    return j->split ? hash_alone(p, j, e) : OK;
}

/* What this side knows of a job that no worker will answer, as the worker's own words would have been. */
static void put_answer(struct buf *out, enum status how, const char *what, const char *why)
{
    struct done d = {.status = (uint8_t)how, .off = ERR_NO_OFF, .what = str_of(what), .why = str_of(why)};
    size_t at = frame_begin(out, FRAME_DONE);
    done_put(out, &d);
    frame_end(out, at);
}

static enum status answer_now(struct pool *p, struct job *j, enum status how, const char *what,
                              const char *why, struct err *e)
{
    struct buf frame = {0};
    put_answer(&frame, how, what, why);
    enum status st = frame.bad ? out_of_memory("job", e) : OK;
    j->state = JOB_ANSWERED;
    if (st == OK) {
        struct span body = span_of(frame.p + FRAME_HEAD, frame.n - FRAME_HEAD, 0);
        st = p->call.frame(p->call.ctx, j, FRAME_DONE, body, e);
    }
    buf_free(&frame);
    return st;
}

/* What was held for the job is not what a worker of ours sends. One that still runs the job is replaced,
 * which ends the job; else it ends here. */
static enum status refuse_held(struct pool *p, struct job *j, bool *done, struct err *e)
{
    for (size_t i = 0; i < p->n_worker; i++)
        if (p->worker[i].n && p->worker[i].queue[0] == j)
            return p->worker[i].broken = true, OK;
    *done = true;
    p->lost++;
    return answer_now(p, j, E_IO, WORKER_LOST, MALFORMED, e);
}

/* The frames held for the job, up to its last; *done: it has come. */
static enum status take_held(struct pool *p, struct job *j, bool *done, struct err *e)
{
    struct span in = span_of(j->held.p, j->held.n, 0), body;
    enum status st = OK;
    struct err bad = {0};
    uint8_t type;
    for (*done = false; st == OK && !*done && frame_next(&in, &type, &body, &st);) {
        st = p->call.frame(p->call.ctx, j, type, body, &bad);
        *done = st == OK && type == FRAME_DONE;
    }
    drop_held(p, j);
    if (st == E_FORMAT)
        return refuse_held(p, j, done, e);
    if (st != OK)
        *e = bad;
    return st;
}

/* What was held for the job whose turn it is, then for the next one that has any. */
static enum status take_turns(struct pool *p, struct err *e)
{
    for (; p->turn < p->plan->n; p->turn++) {
        struct job *j = p->plan->job[p->turn];
        bool done;
        if (!j->in_turn || j->state == JOB_ENDED)
            continue;
        enum status st = take_held(p, j, &done, e);
        if (st != OK || !done)
            return st;
        if ((st = end_done_job(p, j, e)) != OK)
            return st;
    }
    return OK;
}

/* The job ends when its turn comes, or now if it has none. */
static enum status answer_for(struct pool *p, struct job *j, enum status how, const char *what,
                              const char *why, struct err *e)
{
    if (!j->in_turn) {
        enum status st = answer_now(p, j, how, what, why, e);
        end_job(p, j);
        return st;
    }
    size_t before = j->held.cap;
    j->state = JOB_ANSWERED;
    put_answer(&j->held, how, what, why);
    p->held += j->held.cap - before;
    return j->held.bad ? out_of_memory("job", e) : take_turns(p, e);
}

/* --- workers */

/* What the knowledge wants. */
static enum status tell_original(struct pool *p, struct err *e)
{
    struct buf frame = {0};
    size_t at = frame_begin(&frame, FRAME_WANT);
    buf_u64le(&frame, p->o.lim.memory);
    struct want want = *p->o.want;
    want.records = p->o.lim.records;
    want.xml_depth = (uint32_t)p->o.lim.xml_depth, want.key_depth = (uint32_t)p->o.lim.key_depth;
    want_put(&frame, &want);
    frame_end(&frame, at);
    bool bad = frame.bad;
    original_tell(p->original, &frame);
    return bad ? out_of_memory("worker", e) : OK;
}

static enum status start_worker(struct pool *p, struct worker *w, struct err *e)
{
    enum status st = original_copy(p->original, &w->proc, e);
    w->heard = w->began = plat_clock_ms();
    w->n = 0, w->ahead_bytes = w->ahead_files = 0, w->in.n = 0, w->jailed = w->broken = false;
    return st;
}

/* One that has read is not asked again. */
static void retire(struct pool *p, struct worker *w)
{
    plat_proc_kill(w->proc);
    child_leaves(&p->original->gone, w->proc);
    w->proc = NULL;
}

/* Is anybody at work, or there for such work? */
static bool goes_on(const struct pool *p, bool reads)
{
    bool does = false;
    for (size_t i = 0; i < p->n_worker && !does; i++)
        does = p->worker[i].proc && (p->worker[i].n || p->worker[i].reads == reads);
    return does;
}

/* Where the system refuses another process, those that are there go on alone; those of the other kind that
 * have nothing to do make room. */
static enum status start_if_needed(struct pool *p, struct worker *w, struct err *e)
{
    if (p->scarce && goes_on(p, w->reads))
        return OK;
    struct err why = {0};
    enum status st = start_worker(p, w, &why);
    if (st == E_PROC && goes_on(p, w->reads))
        return p->scarce = true, OK;
    for (size_t i = 0; i < p->n_worker && st == E_PROC; i++) {
        struct worker *other = &p->worker[i];
        if (other->reads == w->reads || !other->proc || other->n)
            continue;
        retire(p, other), children_end(&p->original->gone);
        p->scarce = true, why = (struct err){0}, st = start_worker(p, w, &why);
    }
    return st == OK ? OK : err_set(e, st, why.off, why.what, "%s", why.why);
}

/* No more readers than there is to read. */
static enum status start_readers(struct pool *p, struct err *e)
{
    size_t unread = 0, idle = 0;
    enum status st = OK;
    for (size_t i = p->next; i < p->plan->n && unread < p->n_worker; i++)
        unread += p->plan->job[i]->state == JOB_READY && job_reads(p->plan->job[i]);
    for (size_t i = 0; i < p->n_worker; i++)
        idle += p->worker[i].reads && p->worker[i].proc && !p->worker[i].n;
    for (size_t i = 0; i < p->n_worker && st == OK && idle < unread; i++)
        if (p->worker[i].reads && !p->worker[i].proc)
            st = start_if_needed(p, &p->worker[i], e), idle++;
    if (st == OK && idle < unread && !p->scarce)
        original_ahead(p->original, unread - idle < AHEAD ? unread - idle : AHEAD);
    return st;
}

static enum status start_lookers(struct pool *p, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < p->n_worker && st == OK; i++)
        if (!p->worker[i].reads && !p->worker[i].proc)
            st = start_if_needed(p, &p->worker[i], e);
    return st;
}

/* Jobs sent behind the running one go back. */
static void take_back_queue(struct pool *p, struct worker *w)
{
    for (size_t i = 1; i < w->n; i++) {
        w->queue[i]->state = JOB_READY;
        p->next = w->queue[i]->at < p->next ? w->queue[i]->at : p->next;
    }
}

/* The job's worker is gone. Hashes are tried again, each file alone: of several the bad one is not known, and
 * one that was ended by itself (not by us) may have died of something else. */
static enum status lose_job(struct pool *p, struct job *j, enum status how, const char *why, bool by_us,
                            struct err *e)
{
    if (job_is_group(j) || (j->order.op == JOB_HASH && !j->again && !by_us)) {
        end_job(p, j);
        return hash_alone(p, j, e);
    }
    p->lost++;
    return answer_for(p, j, how, WORKER_LOST, why, e);
}

/* Ends the worker, which is gone (killed_for NULL) or has to go; how: what its running job is told to have
 * met. A new one takes its place. */
static enum status replace_worker(struct pool *p, struct worker *w, enum status how, const char *killed_for,
                                  struct err *e)
{
    struct exit_info x;
    char why[EXIT_WORDS];
    plat_proc_kill(killed_for ? w->proc : NULL);
    child_end(w->proc, &x);
    w->proc = NULL;
    if (killed_for)
        snprintf(why, sizeof why, "%s", killed_for);
    else
        plat_exit_text(&x, why, sizeof why);
    take_back_queue(p, w);
    enum status st = w->n ? lose_job(p, w->queue[0], how, why, killed_for != NULL, e) : OK;
    if (st == OK && !w->jailed && ++p->stillborn > STILLBORN)
        st = err_set(e, E_PROC, ERR_NO_OFF, "workers do not start", "%s", why);
    return st == OK ? start_if_needed(p, w, e) : st;
}

/* --- jobs out */

/* File at of the job cannot be opened. A hive is not read without one of its logs. */
static enum status answer_unopened(struct pool *p, struct job *j, size_t at, const struct err *why,
                                   struct err *e)
{
    if (job_is_group(j)) {
        end_job(p, j);
        return hash_alone(p, j, e);
    }
    const char *said = p->call.unopened(p->call.ctx, j, at, why);
    return answer_for(p, j, why->code == E_NOMEM ? E_NOMEM : E_IO, why->what, said, e);
}

static enum status hand_over(struct worker *w, struct job *j, const plat_file *fd, struct err *e)
{
    struct buf frame = {0};
    struct err gone = {0};
    size_t at = frame_begin(&frame, FRAME_JOB);
    job_order_put(&frame, &j->order);
    frame_end(&frame, at);
    enum status sent = frame_to(w->proc, &frame, fd, j->order.n_files, &gone);
    buf_free(&frame);
    if (sent == OK) {
        j->state = JOB_SENT;
        if (w->n == 0)
            w->heard = w->began = plat_clock_ms();
        w->queue[w->n++] = j;
        w->ahead_bytes += job_bytes(j), w->ahead_files += j->order.n_files;
    } /* else: the child has died; its end is read later and the job stays ready */
    return sent == E_NOMEM ? out_of_memory("job", e) : OK;
}

/* answer: somebody listens to what becomes of a job whose file cannot be opened; else it stays ready. */
static enum status send_job(struct pool *p, struct worker *w, struct job *j, bool answer, struct err *e)
{
    plat_file fd[JOB_FILES];
    struct err why = {0};
    size_t open = 0, n = j->order.n_files;
    while (open < n && p->call.open(p->call.ctx, j->file[open], &fd[open], &why) == OK)
        open++;
    enum status st = open == n ? hand_over(w, j, fd, e) : answer ? answer_unopened(p, j, open, &why, e) : OK;
    for (size_t i = 0; i < open; i++)
        plat_close(fd[i]);
    return st;
}

static size_t busy(const struct pool *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_worker; i++)
        n += p->worker[i].n > 0;
    return n;
}

/* Of those that look the one with the least before it that may take the job too; NULL: none. */
static struct worker *looker_for(struct pool *p, const struct job *j)
{
    struct worker *best = NULL;
    bool one_more = busy(p) < p->plan->workers;
    for (size_t i = 0; i < p->n_worker; i++) {
        struct worker *w = &p->worker[i];
        bool short_enough = w->n == 0 ? one_more : j->late || w->ahead_bytes + job_bytes(j) <= AHEAD_BYTES,
             few_enough = (w->ahead_files + j->order.n_files) * p->plan->workers <= IN_FLIGHT;
        if (!w->reads && w->proc && w->jailed && w->n < QUEUE && few_enough && short_enough
            && (!best || w->ahead_bytes < best->ahead_bytes))
            best = w;
    }
    return best;
}

/* Of those that read one that has seen nothing yet. A short job may begin while as many as there are cores
 * are at work: this side may be busy when one of them ends. */
static struct worker *reader_for(struct pool *p, const struct job *j)
{
    size_t most = p->plan->workers * (job_bytes(j) <= AHEAD_BYTES ? 2 : 1);
    for (size_t i = 0; i < p->n_worker && busy(p) < most; i++)
        if (p->worker[i].reads && p->worker[i].proc && p->worker[i].jailed && p->worker[i].n == 0)
            return &p->worker[i];
    return NULL;
}

static enum status send_jobs(struct pool *p, bool answer, struct err *e)
{
    enum status st = OK;
    while (st == OK && p->next < p->plan->n) {
        struct job *j = p->plan->job[p->next];
        if (j->state != JOB_READY) {
            p->next++;
        } else if (p->call.passed_over(p->call.ctx, j)) {
            st = answer_for(p, j, E_LIMIT, "records", "", e);
        } else {
            st = job_reads(j) ? start_readers(p, e) : start_lookers(p, e);
            struct worker *w = st != OK ? NULL : job_reads(j) ? reader_for(p, j) : looker_for(p, j);
            st = w ? send_job(p, w, j, answer, e) : st;
            if (!w || j->state == JOB_READY)
                break;
        }
    }
    return st;
}

void pool_send_ahead(struct pool *p) { send_jobs(p, false, NULL); }

/* --- frames in */

static enum status hold_frame(struct pool *p, struct job *j, uint8_t type, struct span body, struct err *e)
{
    size_t before = j->held.cap;
    if (!p->call.sound(p->call.ctx, j, type, body))
        return E_FORMAT;
    buf_put(&j->held, body.p - FRAME_HEAD, body.n + FRAME_HEAD);
    p->held += j->held.cap - before;
    return j->held.bad ? out_of_memory("frames", e) : OK;
}

/* The worker's running job has ended: the next one runs now. */
static void shift_queue(struct worker *w)
{
    w->ahead_bytes -= job_bytes(w->queue[0]), w->ahead_files -= w->queue[0]->order.n_files;
    memmove(w->queue, w->queue + 1, --w->n * sizeof *w->queue);
    w->began = w->heard;
}

/* More bytes of its files: no more than they have. */
static enum status add_progress(struct pool *p, struct job *j, struct span body)
{
    uint64_t more = span_u64(&body);
    if (body.bad || body.n || j->order.op != JOB_HASH || more > job_bytes(j) - j->hashed)
        return E_FORMAT;
    j->hashed += more, p->hashed += more;
    return OK;
}

/* A frame from a worker: for the job it runs, which hears it at once or when its turn has come. */
static enum status take_frame(struct pool *p, struct worker *w, uint8_t type, struct span body, struct err *e)
{
    if (!w->jailed && type == FRAME_JAIL) {
        w->jailed = true;
        return jail_seen(span_u32(&body), p->o.require_jail, &p->jail, e);
    }
    if (w->n == 0)
        return E_FORMAT;
    struct job *j = w->queue[0];
    struct err bad = {0};
    enum status st = OK;
    if (type == FRAME_PROGRESS)
        return add_progress(p, j, body);
    if (type == FRAME_FACT && body.n + FRAME_HEAD > j->room)
        return E_FORMAT;
    j->room -= type == FRAME_FACT ? body.n + FRAME_HEAD : 0;
    bool waits = j->in_turn && p->turn != j->at, done = type == FRAME_DONE;
    st = waits ? hold_frame(p, j, type, body, &bad) : p->call.frame(p->call.ctx, j, type, body, &bad);
    if (st != OK || !done)
        return st == OK || st == E_FORMAT ? st : (*e = bad, st);
    shift_queue(w);
    if (waits)
        return OK;
    st = end_done_job(p, j, e);
    return st == OK ? take_turns(p, e) : st;
}

/* Is the next frame, as far as it is here, longer than one of its type may be? */
static bool too_long(const struct worker *w, struct span in)
{
    bool fact = in.n >= FRAME_HEAD && in.p[4] == FRAME_FACT && w->reads;
    return in.n >= FRAME_HEAD && le32(in.p) > 1u + (fact ? LIM_FRAME : LIM_FRAME_SMALL);
}

/* Every whole frame of what has arrived. E_FORMAT: one was not sound. */
static enum status take_frames(struct pool *p, struct worker *w, struct err *e)
{
    struct span in = span_of(w->in.p, w->in.n, 0), body;
    uint8_t type;
    enum status st = OK, framing = OK;
    while (st == OK && !too_long(w, in) && frame_next(&in, &type, &body, &framing)) {
        w->heard = plat_clock_ms();
        st = take_frame(p, w, type, body, e);
        if (st == OK && w->reads && type == FRAME_DONE)
            return retire(p, w), start_readers(p, e); /* with all that it may have to say still */
    }
    if (st == OK && (too_long(w, in) || framing != OK))
        st = E_FORMAT;
    size_t left = in.bad || st == E_FORMAT ? 0 : in.n;
    if (left)
        memmove(w->in.p, w->in.p + (w->in.n - left), left);
    w->in.n = left;
    if (!left && w->in.cap > 2 * READ_BYTES)
        buf_free(&w->in);
    return st;
}

static enum status read_worker(struct pool *p, struct worker *w, struct err *e)
{
    bool eof = false;
    size_t got;
    enum status st = plat_proc_read(w->proc, p->read_buf, READ_BYTES, &got, &eof, e);
    if (st == OK && got) {
        buf_put(&w->in, p->read_buf, got);
        st = w->in.bad ? out_of_memory("frames", e) : take_frames(p, w, e);
        if (st == E_FORMAT)
            w->broken = true, st = OK;
    }
    return st == OK && eof && !w->broken ? replace_worker(p, w, E_IO, NULL, e) : st;
}

/* A worker that says nothing, or takes longer over one job than --limits allows, is ended. Files hashed
 * together have the time of all, and a time of their own when it is not enough: no limit is reached yet. */
static enum status check_patience(struct pool *p, struct worker *w, struct err *e)
{
    uint64_t now = plat_clock_ms();
    if (w->n && now - w->began > job_time_ms(w->queue[0], p->o.lim.file_seconds))
        return replace_worker(p, w, E_LIMIT, "took longer than --limits allows for one file", e);
    return now - w->heard > STALL_MS ? replace_worker(p, w, E_IO, "said nothing for 120 s", e) : OK;
}

enum status pool_give_up(struct pool *p, const char *why, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < p->n_worker; i++)
        p->worker[i].n = 0, plat_proc_kill(p->worker[i].proc);
    for (size_t i = 0; i < p->plan->n && st == OK; i++) {
        struct job *j = p->plan->job[i];
        if (j->state == JOB_READY || j->state == JOB_SENT)
            st = answer_for(p, j, E_LIMIT, j->order.op == JOB_HASH ? "not hashed" : "not read", why, e);
    }
    return st;
}

/* Bytes of memory that hold what workers have sent. */
static uint64_t bytes_in_flight(const struct pool *p)
{
    uint64_t sum = p->held;
    for (size_t i = 0; i < p->n_worker; i++)
        sum += p->worker[i].in.cap;
    return sum;
}

/* Whose turn it is, is always heard, and so is who has little to say; others as long as there is room: what
 * they send then waits in the channel, and they with it. */
static bool may_read(const struct pool *p, const struct worker *w)
{
    const struct job *j = w->n ? w->queue[0] : NULL;
    if (!w->proc || w->broken)
        return false;
    return !j || !j->in_turn || p->turn == j->at
           || (j->held.n < LIM_HELD_BYTES && bytes_in_flight(p) < LIM_POOL_BYTES);
}

/* also, also_ready: others' processes, heard by the caller. */
static enum status listen(struct pool *p, struct proc *const *also, size_t n_also, bool *also_ready,
                          struct err *e)
{
    struct proc *wait[PLAT_WAIT];
    bool ready[PLAT_WAIT] = {0};
    for (size_t i = 0; i < p->n_worker; i++)
        wait[i] = may_read(p, &p->worker[i]) ? p->worker[i].proc : NULL;
    for (size_t i = 0; i < n_also; i++)
        wait[p->n_worker + i] = also[i];
    enum status st = children_wait(wait, p->n_worker + n_also, WAIT_MS, ready, &p->o.meanwhile, e);
    for (size_t i = 0; i < n_also; i++)
        also_ready[i] = ready[p->n_worker + i];
    for (size_t i = 0; i < p->n_worker && st == OK; i++) {
        struct worker *w = &p->worker[i];
        if (ready[i] && may_read(p, w))
            st = read_worker(p, w, e);
        if (st == OK && w->broken)
            st = replace_worker(p, w, E_IO, MALFORMED, e);
        else if (st == OK && (w->n || !w->jailed) && wait[i])
            st = check_patience(p, w, e);
    }
    return st;
}

static size_t open_jobs(const struct pool *p, bool late)
{
    return p->plan->open[0] + (late ? p->plan->open[1] : 0);
}

enum status pool_run(struct pool *p, bool late, struct err *e)
{
    enum status st = take_turns(p, e);
    while (st == OK && open_jobs(p, late)) {
        if (p->o.stop && *p->o.stop)
            return err_set(e, E_STOP, ERR_NO_OFF, "interrupted", "the run was stopped");
        if (plat_clock_ms() > p->until)
            return pool_give_up(p, "the run's time was over (--limits run-seconds)", e);
        if ((st = send_jobs(p, true, e)) != OK || !open_jobs(p, late))
            break;
        st = listen(p, NULL, 0, NULL, e);
        p->call.tick(p->call.ctx);
    }
    return st;
}

enum status pool_step(struct pool *p, struct proc *const *also, size_t n, bool *ready, struct err *e)
{
    assert(n <= POOL_ALSO);
    enum status st = send_jobs(p, true, e);
    return st == OK ? listen(p, also, n, ready, e) : st;
}

void pool_know(struct pool *p, struct job *j, struct buf *answer)
{
    j->state = JOB_ANSWERED;
    j->held = *answer, p->held += answer->cap;
    *answer = (struct buf){0};
}

void pool_clear(struct pool *p)
{
    plan_clear(p->plan);
    p->turn = p->next = 0;
}

void pool_excuse(struct pool *p)
{
    for (size_t i = 0; i < p->n_worker; i++)
        p->worker[i].heard = p->worker[i].began = plat_clock_ms();
}

void pool_ahead(struct original *o) { o->child = "--worker", original_begin(o); }

enum status pool_start(struct plan *plan, const struct pool_options *o, const struct pool_calls *c,
                       struct pool **out, struct err *e)
{
    struct pool *p = *out = calloc(1, sizeof *p);
    if (!p)
        return out_of_memory("workers", e);
    *p = (struct pool){.plan = plan, .o = *o, .call = *c, .n_worker = plan->workers * 3, .jail = JAIL_ALL};
    p->original = o->original ? o->original : &p->own;
    p->original->child = "--worker";
    p->until = o->until ? o->until : plat_clock_ms() + o->lim.run_seconds * 1000;
    p->read_buf = malloc(READ_BYTES);
    enum status st = p->read_buf ? tell_original(p, e) : out_of_memory("workers", e);
    bool looks = !plan->n;
    for (size_t i = 0; i < plan->n && !looks; i++)
        looks = !job_reads(plan->job[i]);
    size_t read = plan->n ? plan->n : o->readers, most = plan->workers * 2;
    if (st == OK)
        original_ahead(p->original, (looks ? plan->workers : 0) + (read < most ? read : most));
    for (size_t i = plan->workers; i < p->n_worker; i++)
        p->worker[i].reads = true;
    return st;
}

void pool_dismiss(struct pool *p)
{
    for (size_t i = 0; i < p->n_worker; i++)
        if (open_jobs(p, true))
            plat_proc_kill(p->worker[i].proc);
        else
            plat_proc_hang_up(p->worker[i].proc);
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    pool_dismiss(p);
    for (size_t i = 0; i < p->n_worker; i++) {
        child_leaves(&p->original->gone, p->worker[i].proc);
        buf_free(&p->worker[i].in);
    }
    original_end(&p->own), free(p->read_buf), free(p);
}

enum status pool_ask_jail(unsigned *layers, struct err *e)
{
    struct want nothing = {0};
    struct plan none = {.workers = 1};
    struct pool_options o = {.want = &nothing, .lim = run_limits_default()};
    struct pool *p;
    enum status st = pool_start(&none, &o, &(struct pool_calls){0}, &p, e);
    st = st == OK ? start_lookers(p, e) : st;
    while (st == OK && !p->worker[0].jailed)
        if ((st = listen(p, NULL, 0, NULL, e)) == OK && p->stillborn)
            st = err_set(e, E_NOMEM, ERR_NO_OFF, "cannot start a worker", "it ended at once");
    *layers = p ? p->jail : 0;
    pool_free(p);
    return st;
}
