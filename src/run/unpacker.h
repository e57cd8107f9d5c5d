/* unpacker: the jailed child that opens a container and writes the members worth reading into files it was
 * handed. Also the wire both sides share. The container and the spools arrive as descriptors with their job
 * and are closed with it; the spools keep what was written. It refuses malformed frames by ending; damage,
 * locks and bombs are told of the member or the container, and it goes on. */
#ifndef UNPACKER_H
#define UNPACKER_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "parsers/container/container.h"

enum unpack_frame {
    UNPACK_SETUP = 'W', /* to the child, first: struct unpack_setup */
    UNPACK_JOB =
        'J', /* to the child: struct unpack_job; descriptors of the container and the spools come along */
    UNPACK_JAIL = 'L',     /* to the parent, first: u32 layers in force */
    UNPACK_MEMBER = 'M',   /* to the parent: struct unpacked */
    UNPACK_PROGRESS = 'P', /* to the parent: u64 bytes of the container behind it */
    UNPACK_DONE = 'D',     /* to the parent: struct unpack_done */
    /* to the parent, now and then: u8 spool, u64 at, u64 bytes: what of the member at hand has been written;
     * u8 kind, u64 claim: what it is, and how long it will be if its container is right (0: it does not say).
     * 0 bytes: all was taken back. */
    UNPACK_GROWS = 'G',
    /* A child that unpacks nothing may instead hash what another one writes. */
    UNPACK_FOLLOW = 'F', /* to the child: u64 at; the spool comes along */
    UNPACK_MORE = 'M',   /* to the child: u64 bytes that are there by now */
    UNPACK_END = 'E',    /* to the child: u64 bytes of the whole; it hashes the rest and answers */
    UNPACK_DROP = 'X',   /* to the child: it was taken back, no answer */
    UNPACK_HASH = 'H',   /* to the parent: u8[32] */
};

/* In memory, and in the folder for temporary files: what no longer fits into the first goes to the second. */
enum { SPOOL_MEMORY, SPOOL_DISK, SPOOLS };

struct unpack_setup {
    uint64_t memory, file_bytes; /* private memory; no file it writes grows beyond */
    size_t n_password;
    struct str *password; /* in the arena given */
};
struct unpack_job {
    uint64_t at, bytes;                 /* the container in what was handed over */
    uint64_t from[SPOOLS], end[SPOOLS]; /* room in each spool */
    uint64_t most, member_most;         /* container.h */
    uint32_t only;
    struct str name;
};
/* spool, at: where m.bytes lie, if the member's state says that it was handed on */
struct unpacked {
    struct member m;
    uint8_t spool;
    uint64_t at;
};
/* limit: something was left out because a limit was reached */
struct unpack_done {
    uint8_t status, limit;
    struct container_sums sums;
};

void unpack_setup_put(struct buf *out, const struct unpack_setup *s);
enum status unpack_setup_get(struct span in, struct arena *a, struct unpack_setup *s, struct err *e);
void unpack_job_put(struct buf *out, const struct unpack_job *j);
enum status unpack_job_get(struct span in, struct unpack_job *j, struct err *e);
void unpacked_put(struct buf *out, const struct unpacked *u);
/* Texts are borrowed from in; what it was sniffed as, m.is.format, goes to format. */
enum status unpacked_get(struct span in, struct unpacked *u, struct str *format, struct err *e);
void unpack_done_put(struct buf *out, const struct unpack_done *d);
enum status unpack_done_get(struct span in, struct unpack_done *d, struct err *e);

int unpacker_main(void); /* returns the process's exit code */
#endif
