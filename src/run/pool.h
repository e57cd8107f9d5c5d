/* pool: worker processes and whose turn it is: jobs out, frames in, those that facts come from in the order
 * of jobs, whoever finishes first. Owns workers and what they sent too early; plan and callbacks are the
 * caller's. Knows neither evidence nor case: files are indices. It refuses nothing that evidence can cause: a
 * worker that dies, hangs or breaks the frame costs its job, for which the pool answers. */
#ifndef POOL_H
#define POOL_H
#include "base/want.h"
#include "plat/plat.h"
#include "run/original.h"
#include "run/plan.h"

/* Called by the pool, in this process. Each E_FORMAT: no worker of ours sends that; it costs the job. Any
 * other error ends the run. */
struct pool_calls {
    void *ctx;
    /* opens a file anew for a job */
    enum status (*open)(void *ctx, size_t file, plat_file *out, struct err *why);
    /* file[at] of the job could not be opened, and the job is lost: what is to be said of it? */
    const char *(*unopened)(void *ctx, const struct job *j, size_t at, const struct err *why);
    /* may this frame wait for its turn? What is taken now must bring no surprise then */
    bool (*sound)(void *ctx, const struct job *j, uint8_t type, struct span body);
    /* a frame of a job whose turn it is (of one without turn: at once); FRAME_DONE comes for every job, from
     * its worker or from the pool, and last */
    enum status (*frame)(void *ctx, struct job *j, uint8_t type, struct span body, struct err *e);
    /* nothing more is wanted of its file: it is not even sent */
    bool (*passed_over)(void *ctx, const struct job *j);
    void (*tick)(void *ctx); /* while it runs, at least five times a second */
};

struct pool;
/* want must live as long as the pool. stop may be NULL: set non-zero by a signal handler, E_STOP. */
struct pool_options {
    const struct want *want;
    struct run_limits lim;
    bool require_jail; /* a missing layer is E_UNSUPPORTED */
    const volatile int *stop;
    uint64_t until; /* plat_clock_ms at which the run's time is over; 0: lim.run_seconds from now */
    struct original *original;  /* what workers are copies of, which outlives this; NULL: one of its own */
    struct meanwhile meanwhile; /* while workers are waited for */
    size_t readers;             /* how many files there may be to read, where the plan does not say yet */
};

enum { POOL_WORKERS = 32 };
unsigned pool_workers(unsigned wanted); /* 0: one per core */
/* Workers are going to be wanted. */
void pool_ahead(struct original *o);
/* What workers are copies of begins, and some of them with it; nobody waits for them before there is a job.
 * Free after an error too. */
enum status pool_start(struct plan *p, const struct pool_options *o, const struct pool_calls *c,
                       struct pool **out, struct err *e);
/* Hands out what can be handed out now, and listens to nobody; what cannot be is by pool_run. */
void pool_send_ahead(struct pool *p);
/* Hands out what can be handed out, and listens to its workers and n others of the caller's (POOL_ALSO at
 * most; NULL among them is nobody) until one of them has something to say: ready. For who waits for both. */
enum { POOL_ALSO = 32 };
enum status pool_step(struct pool *p, struct proc *const *also, size_t n, bool *ready, struct err *e);
/* What a job's worker would send, all of it, is known already: taken when its turn comes. answer is emptied.
 */
void pool_know(struct pool *p, struct job *j, struct buf *answer);
/* Until every job has ended, or every one that is not late; when the run's time is over, all have. E_PROC:
 * the system gives not one process, or no memory for what they say; what was told stands. */
enum status pool_run(struct pool *p, bool late, struct err *e);
/* What was not begun stays undone, what runs is ended; why is said of each. */
enum status pool_give_up(struct pool *p, const char *why, struct err *e);
/* Forgets all jobs, of which none is running. */
void pool_clear(struct pool *p);
/* Nobody listened for a while: that was not the workers' fault. */
void pool_excuse(struct pool *p);
uint64_t pool_hashed(const struct pool *p); /* bytes */
uint64_t pool_lost(const struct pool *p);   /* jobs */
unsigned pool_jail(const struct pool *p);   /* layers in force in every worker so far (plat/jail.h) */
/* There will be no more to do: they end while others go on. */
void pool_dismiss(struct pool *p);
void pool_free(struct pool *p);

/* Starts one worker, asks which layers of its jail are in force, ends it. */
enum status pool_ask_jail(unsigned *layers, struct err *e);
#endif
