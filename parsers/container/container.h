/* container: what lies in a zip, 7z, cab, tar, iso or a packed file: every member looked at by its first
 * bytes, those worth reading handed on whole. Owns nothing after the call; bytes, names and reasons given to
 * the sink are valid during the call to it. It refuses nothing by dying: damage costs a member, a bomb its
 * container, and both are told. It opens no file, runs no program, follows no link. */
#ifndef CONTAINER_H
#define CONTAINER_H
#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "base/str.h"
#include "parsers/sniff/sniff.h"

/* Names are read as text is at that moment: UTF-8 in a process that has called plat_neutral. */

enum member_state {
    MEMBER_WHOLE,   /* handed on; checked against the container's own sum where it has one */
    MEMBER_DAMAGED, /* handed on, but cut short or not what the container says; why */
    MEMBER_FAILED,  /* nothing of it could be had; why */
    MEMBER_LOCKED,  /* no passphrase given opens it */
    MEMBER_NAMED,   /* not handed on, but worth a word: zeros where a file should be */
    MEMBER_STATES
};
struct member {
    enum member_state state;
    uint32_t ordinal; /* from 1: its place among all entries of the container; what `only` asks for */
    struct str name;  /* name.h */
    bool climbs;      /* the name would have left the container */
    uint64_t bytes;   /* handed on; of others what the container says, or 0 */
    struct sniffed is;
    uint64_t head; /* hash64 of what it was sniffed from, the first SNIFF_BYTES at most */
    struct str why;
};

/* Calls come in this order for each member told: data*, then member; or data*, then undo, when what came was
 * not it after all. A data call that returns E_LIMIT costs that member (what err says is told of it); any
 * other error ends the walk. */
struct container_sink {
    /* before the first data: what the member is, and how many bytes the container says it has; 0: nothing */
    void (*expect)(void *ctx, const struct sniffed *is, uint64_t bytes);
    enum status (*data)(void *ctx, const void *p, size_t n, struct err *e);
    void (*undo)(void *ctx);
    enum status (*member)(void *ctx, const struct member *m, struct err *e);
    enum status (*progress)(
        void *ctx, uint64_t in,
        struct err *e); /* bytes of the container behind us; about every 4 MiB that come out */
    void *ctx;
};

#define CONTAINER_ALL 0u
struct container_ask {
    struct span file;
    struct str name; /* its own: "System.evtx.gz" says what its one member is called */
    const struct str *password;
    size_t n_password;          /* candidates; one is tried after the other, never two at once */
    uint64_t most, member_most; /* bytes that may come out of it, out of one member */
    uint32_t only;              /* ordinal of the one member asked for, or CONTAINER_ALL */
};

/* seen: files in it, links and devices aside; wanted: handed on; failed: damaged, failed or locked. */
struct container_sums {
    uint64_t seen, wanted, failed, locked, links, climbing, out;
    bool opened;   /* at least its list of members could be read */
    bool limit;    /* something was left out because it was too large, or found no room */
    char why[320]; /* what is wrong with the container as a whole, and the next step; empty: nothing */
};

/* scratch: 8 MiB are enough. OK whenever the sink lived: what went wrong inside is in sums. E_LIMIT: it grew
 * beyond most or LIM_MEMBERS; sums hold until then. */
enum status container_read(const struct container_ask *ask, const struct container_sink *sink,
                           struct arena *scratch, struct container_sums *sums, struct err *e);

/* What else opens a container of this sniffed format, as a command with FILE and OUT in it; NULL:
 * container_read does, or it is no container. */
const char *container_next_step(const char *format);
bool container_wants(const struct sniffed *s);
#endif
