/* worker: the jailed child process that touches evidence bytes: jobs in, framed facts out. Also the wire
 * format both sides share. Files arrive as open descriptors with their job; the worker closes them when the
 * job is done. It refuses frames larger than LIM_FRAME and ends; a job that fails ends with a reason, the
 * worker goes on. */
#ifndef WORKER_H
#define WORKER_H
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/want.h"
#include "base/str.h"
#include <stdbool.h>

struct sniffed;

enum frame_type {
    FRAME_WANT = 'W', /* to the worker, first: u64 private memory it may use, want_put */
    FRAME_JOB = 'J',  /* to the worker: struct job_order */
    FRAME_JAIL = 'L', /* to the parent, first: u32 layers in force (plat/jail.h) */
    /* to the parent: hash64 of what the job's file was sniffed from, struct sniffed */
    FRAME_SNIFF = 'S',
    FRAME_FACT = 'F',     /* to the parent: one fact */
    FRAME_PROGRESS = 'P', /* to the parent: u64 bytes handled since the last one */
    FRAME_DONE = 'D',     /* to the parent: struct done */
};

enum job_op {
    JOB_SNIFF,    /* what is this file: reads its first SNIFF_BYTES */
    JOB_HASH,     /* sha256 of up to JOB_FILES whole files */
    JOB_LOG,      /* a small log: read it whole */
    JOB_SCAN,     /* slots first .. first+count-1 of a large log */
    JOB_HIVE,     /* a hive with up to two logs: replay, read */
    JOB_REG_TEXT, /* a text export of the registry: read it */
    JOB_TOOL_TEXT /* what a tool printed: read it */
};
enum { JOB_FILES = LIM_JOB_FILES, HIVE_FILES = 3 };
/* What a worker is told to do. */
struct job_order {
    uint8_t op, n_files;
    uint32_t first, count;
    uint64_t front; /* JOB_SCAN: bytes of the log that are there yet, enough for these slots; 0: all */
    uint8_t log_name[HIVE_FILES - 1]; /* JOB_HIVE: how its logs are called (enum log_name) */
    uint64_t at[JOB_FILES],
        bytes[JOB_FILES]; /* at: where it begins in what was handed over; not 0: a part of a spool */
};

/* How a job ended. */
struct done {
    uint8_t status, has_hash; /* enum status; hash[] is valid for every file of the job */
    uint8_t hash[JOB_FILES][32];
    uint64_t seen, parsed, recovered, failed, chunks;
    uint32_t hints;
    uint64_t off;
    struct str what, why; /* for status != OK; borrowed from the frame */
};

unsigned job_says(
    enum job_op op); /* whose facts such a job may send: OF_LOG, OF_HIVE, OF_TOOL, 0: nobody's */
/* Bytes of fact frames that such a job may send; more: the worker has E_LIMIT, its parent takes it for
 * broken. */
uint64_t job_room(const struct job_order *j);
void job_order_put(struct buf *out, const struct job_order *j);
enum status job_order_get(struct span in, struct job_order *j, struct err *e);
/* What a child saw of a file. get: from the front of in; the format is borrowed from there. */
void sniffed_put(struct buf *out, const struct sniffed *s);
enum status sniffed_get(struct span *in, struct sniffed *s, struct str *format, struct err *e);
void done_put(struct buf *out, const struct done *d);
enum status done_get(struct span in, struct done *d, struct err *e);

int worker_main(void); /* returns the process's exit code */
#endif
