/* plan: what becomes a job, and in which order. Owns the list of jobs and what it decided about each file;
 * the caller owns the evidence, which may grow. Knows neither processes nor the case. It refuses no file:
 * those that limits leave out are marked so. */
#ifndef PLAN_H
#define PLAN_H
#include "base/buf.h"
#include "base/hash.h"
#include "run/discover.h"
#include "run/run_limits.h"
#include "run/worker.h"

/* JOB_ANSWERED: by this side, no worker is asked; its end has come, or is held until its turn */
enum job_state { JOB_READY, JOB_SENT, JOB_ANSWERED, JOB_ENDED };

/* One job of the run and what its worker sent before its turn came. */
struct job {
    struct job_order order;
    size_t file[JOB_FILES]; /* indices of the evidence */
    size_t at;              /* its own place in the list: its turn */
    bool in_turn;           /* emits facts; hashing alone waits for nobody */
    bool late;              /* may still run when the facts are judged: the hash of a log that is no copy */
    bool again;             /* tried once before, alone or with others */
    bool split;             /* ended without the hashes of its files: each is to be hashed alone */
    enum job_state state;
    uint64_t hashed; /* bytes of it in the progress */
    uint64_t room;   /* bytes of facts that its worker may still send */
    struct buf held;
};

/* When a file is hashed: it has been (it may be a copy); first of all, as the run waits for it longest; just
 * before it is read; soon after it was read, or when others were; or when all has been read. */
enum hash_when { HASH_DONE, HASH_FIRST, HASH_BESIDE, HASH_SOON, HASH_LAST };

/* tried: a job to hash it has ended, with a hash or without; copy: the same bytes as another file, which is
 * read instead */
struct file_plan {
    enum hash_when when;
    bool hashed, tried, copy;
    uint8_t hash[SHA256_BYTES];
};

struct plan {
    struct evidence *ev;
    size_t workers;
    struct file_plan *file; /* of each file of ev */
    size_t n_file;
    struct job **job; /* each stays where it is while the list grows */
    size_t n, cap;
    size_t open[2]; /* jobs not ended: those the facts wait for, and late ones */
};

/* Each may be called again when more files have come. */
enum status plan_begin(struct plan *p, struct evidence *ev, size_t workers, struct err *e);
enum status plan_more_files(struct plan *p, struct err *e); /* ev has grown: room in file */
/* Files that limits leave out, too large or behind the bytes the run may read; were there any? */
bool plan_leave_out(struct plan *p, const struct run_limits *lim);
enum status plan_sniffs(struct plan *p, struct err *e);
/* Hashes of logs that may be copies of each other, before anything is read. */
enum status plan_twins(struct plan *p, struct err *e);
/* All the rest: what is read, and every other hash. Wants the hashes of twins. */
enum status plan_reading(struct plan *p, struct err *e);
/* Each file of a job that hashes hashed alone: what died may have been near by. */
enum status plan_hash_alone(struct plan *p, const struct job *of, struct err *e);
/* A file read again, without turn: of a log count slots from first, a hive with its logs, a text. */
enum status plan_part(struct plan *p, size_t file, uint32_t first, uint32_t count, struct err *e);
/* Forgets all jobs, keeps what is known of files. */
void plan_clear(struct plan *p);
void plan_free(struct plan *p);

bool job_reads(const struct job *j);    /* interprets what files say; others look only, or hash */
bool job_is_group(const struct job *j); /* hashes several files that have nothing else in common */
/* How long it may take: files hashed together have the time of all. */
uint64_t job_time_ms(const struct job *j, uint64_t file_seconds);
uint64_t job_bytes(const struct job *j);
#endif
