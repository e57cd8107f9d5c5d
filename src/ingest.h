/* ingest: the parent side of the worker pool: jobs out, frames checked, facts into the case in a fixed order.
 * Owns workers and buffers during the call; the caller owns evidence and case.
 * It refuses nothing that evidence can cause: a worker that dies, hangs or breaks the frame costs its job and leaves a row. */
#ifndef INGEST_H
#define INGEST_H
#include "base/err.h"
#include "base/want.h"
#include "casedb.h"
#include "discover.h"

struct ingest_progress { uint64_t bytes, total; size_t files, n_files; uint64_t records; };
struct ingest_options {
    unsigned workers;                                                   /* 0: one per core */
    void (*progress)(void *ctx, const struct ingest_progress *p);       /* may be NULL; called about ten times a second */
    void *ctx;
    bool require_jail;                                                  /* a missing layer is E_UNSUPPORTED */
    const volatile int *stop;                                           /* set non-zero by a signal handler: E_STOP */
};
struct ingest_result { uint64_t files, logs, hives, records, unreadable, lost_jobs; bool limit; unsigned jail; };  /* jail: layers in force in every worker */

enum status ingest(struct casedb *db, const struct want *want, struct evidence *ev, const struct ingest_options *o,
                   struct ingest_result *r, struct err *e);
#endif
