/* ingest: facts into the case: what workers find out is checked and stored, and so is what became of each
 * file. Owns the plan and the pool of workers during a run; the caller owns evidence and case. It refuses
 * nothing that evidence can cause: a job that is lost leaves a row. */
#ifndef INGEST_H
#define INGEST_H
#include "base/err.h"
#include "base/want.h"
#include "case/casedb.h"
#include "run/discover.h"
#include "run/original.h"
#include "run/run_limits.h"

struct ingest_progress {
    uint64_t bytes, total;
    size_t n_files;
    uint64_t records;
};
struct ingest_options {
    unsigned workers; /* 0: one per core */
    /* may be NULL; called about ten times a second */
    void (*progress)(void *ctx, const struct ingest_progress *p);
    void *ctx;
    struct run_limits limits; /* all zero: run_limits_default() */
    bool require_jail;        /* a missing layer is E_UNSUPPORTED */
    /* set non-zero by a signal handler: E_STOP */
    const volatile int *stop;
    uint64_t until; /* plat_clock_ms at which the run's time is over; 0: limits.run_seconds from now */
    struct original *original;  /* what workers are copies of; NULL: one of its own */
    const struct str *password; /* candidates for containers */
    size_t n_password;
};
/* jail: layers in force in every worker */
struct ingest_result {
    uint64_t files, logs, hives, records, unreadable, lost_jobs;
    bool limit;
    unsigned jail;
    char shortage[200]; /* what the system gave too little of, so that not all was read; "": nothing */
};

/* In four steps, so that the case is made while workers come to be, and what needs no hash is done while logs
 * are still being hashed: start begins workers; look looks at every file, then lets them read; facts returns
 * when all facts are in the case. Logs that may be copies of each other (size and first 4 KiB are equal) have
 * been hashed before, and the same bytes are read once; finish waits for the other hashes. Any step's error
 * ends the run. Always free; want and ev must live until then. */
struct ingest;
enum status ingest_start(const struct want *want, struct evidence *ev, const struct ingest_options *o,
                         struct ingest **out, struct err *e);
enum status ingest_look(struct ingest *p, struct err *e);
enum status ingest_facts(struct ingest *p, struct casedb *db, struct err *e);
enum status ingest_finish(struct ingest *p, struct ingest_result *r, struct err *e);
void ingest_free(struct ingest *p);
/* All four. */
enum status ingest(struct casedb *db, const struct want *want, struct evidence *ev,
                   const struct ingest_options *o, struct ingest_result *r, struct err *e);
#endif
