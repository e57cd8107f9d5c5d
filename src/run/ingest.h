/* ingest: the parent side of the worker pool: jobs out, frames checked, facts into the case in a fixed order.
 * Owns workers and buffers during the call; the caller owns evidence and case.
 * It refuses nothing that evidence can cause: a worker that dies, hangs or breaks the frame costs its job and
 * leaves a row. */
#ifndef INGEST_H
#define INGEST_H
#include "base/err.h"
#include "base/want.h"
#include "case/casedb.h"
#include "run/discover.h"

/* --limits: what one run may cost. Reaching one keeps what was read, marks the file partial and sets
 * ingest_result.limit. */
struct run_limits {
    uint64_t memory, file_bytes, run_bytes, records, facts, xml_depth, key_depth, file_seconds, run_seconds;
};
struct run_limits run_limits_default(void);
/* "memory=512M,file-bytes=2G,facts=100000,file-seconds=60": k, M, G, T are powers of 1024. E_USAGE names the
 * word it does not know. */
enum status run_limits_parse(const char *text, struct run_limits *l, struct err *e);

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
};
/* jail: layers in force in every worker */
struct ingest_result {
    uint64_t files, logs, hives, records, unreadable, lost_jobs;
    bool limit;
    unsigned jail;
};

/* In three steps, so that what needs no hash is done while logs are still being hashed:
 * start looks at every file, then lets workers begin; facts returns when all facts are in the case. Logs that
 * may be copies of each other (size and first 4 KiB are equal) have been hashed before, and the same bytes
 * are read once; finish waits for the other hashes. Any step's error ends the run. Always free; want and ev
 * must live until then. */
struct ingest;
enum status ingest_start(const struct want *want, struct evidence *ev, const struct ingest_options *o,
                         struct ingest **out, struct err *e);
enum status ingest_facts(struct ingest *p, struct casedb *db, struct err *e);
enum status ingest_finish(struct ingest *p, struct ingest_result *r, struct err *e);
void ingest_free(struct ingest *p);
/* All three. */
enum status ingest(struct casedb *db, const struct want *want, struct evidence *ev,
                   const struct ingest_options *o, struct ingest_result *r, struct err *e);
/* Starts one worker, asks which layers of its jail are in force (plat/jail.h), ends it. */
enum status ingest_jail(unsigned *layers, struct err *e);
#endif
