/* unpack: every container of the evidence list is looked into by a jailed child, and what is worth reading
 * inside joins the list. The list owns the spools that hold the unpacked bytes; evidence_free() closes them.
 * It refuses nothing that a container can cause: a child that dies, hangs or lies costs its container, a bomb
 * what is left of it. */
#ifndef UNPACK_H
#define UNPACK_H
#include "base/err.h"
#include "parsers/container/container.h"
#include "run/discover.h"

struct ahead;
struct unpack_options {
    unsigned workers;           /* children at once; 0: one per core */
    const struct str *password; /* candidates */
    size_t n_password;
    uint64_t file_bytes, file_seconds,
        until;            /* of one member; of one container; plat_clock_ms at which the run's time is over */
    uint64_t spool_bytes; /* on disk, all containers together */
    bool require_jail;
    unsigned *jail;                                           /* layers all had, as jail_seen keeps them */
    const volatile int *stop;                                 /* E_STOP when it becomes non-zero */
    void (*progress)(void *ctx, uint64_t done, uint64_t all); /* bytes of containers; may be NULL */
    void *ctx;
    struct ahead *ahead; /* who reads large logs meanwhile; NULL: nobody */
    /* Only this way through containers in containers, ordinals from the outermost on; NULL: all. */
    const uint32_t *only;
    size_t n_only;
};
struct unpack_result {
    bool limit;         /* something was left out because a limit was reached */
    uint64_t lost;      /* children that died or were ended over a container */
    char shortage[200]; /* what the system gave too little of, so that not all was unpacked; "": nothing */
};

/* ev has been sniffed (file.is). Containers get .in, their members follow as files of their own, sniffed as
 * well; then all are sorted anew. */
enum status unpack(struct evidence *ev, const struct unpack_options *o, struct unpack_result *r,
                   struct err *e);

/* --password-file: one candidate a line, blanks are part of it. The texts lie in a. E_USAGE: it cannot be
 * read, or has more than LIM_PASSWORDS lines. */
enum status passwords_read(const char *path, struct arena *a, struct str **out, size_t *n, struct err *e);
#endif
