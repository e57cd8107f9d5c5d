/* dumpers: the parent's side of the children of `dump` and `show`: one is prepared, its copies look at files
 * or read one each, in a jail, and what they have to say comes as text in a spool of their own. Owns
 * processes and spools; evidence is the caller's, and no byte of it is looked at here. It refuses what no
 * child of ours sends: E_FORMAT, and the child is to be ended. */
#ifndef DUMPERS_H
#define DUMPERS_H
#include "base/span.h"
#include "base/want.h"
#include "run/discover.h"
#include "run/dumper.h"

/* want: until the last has ended. jail: layers all had so far (plat/jail.h), JAIL_ALL to begin with. */
struct dumpers {
    const struct want *want;
    bool xml, require_jail; /* a missing layer is E_UNSUPPORTED */
    unsigned jail;
    uint64_t until;        /* plat_clock_ms after which nobody is waited for: E_TIME; 0: no such time */
    struct proc *original; /* what children are copies of */
};
/* spool, text: what it prints into, as mapped here; at: of in, taken already */
struct dump_child {
    struct proc *proc;
    struct buf in;
    size_t at;
    bool jailed, open;
    plat_file spool;
    struct map text;
};

enum status dumper_start(struct dumpers *d, struct dump_child *c, struct err *e);
void dumper_end(struct dump_child *c, bool at_once, struct exit_info *how); /* how may be NULL */
void dumpers_end(struct dumpers *d);
/* Hands over the file with a hive's logs, once in a child's life. E_IO: one of them cannot be opened. */
enum status dumper_open(struct dump_child *c, const struct evidence *ev, size_t file, struct err *e);
/* A request whose body is bytes; one to a child that has died is lost, and its end is read later. */
enum status dumper_ask(struct dump_child *c, uint8_t type, const void *bytes, size_t n, struct err *e);
/* What has arrived: then frames as long as there are whole ones. *st E_FORMAT: it was none of ours. */
enum status dumper_read(struct dump_child *c, bool *eof, struct err *e);
bool dumper_frame(struct dumpers *d, struct dump_child *c, uint8_t *type, struct span *body, enum status *st,
                  struct err *e);
/* The text a DUMP_TEXT names; the child writes there again after DUMP_TAKEN with the same area. */
enum status dumper_text(const struct dump_child *c, struct span body, uint8_t *area, struct str *text);
/* Waits for the next frame. *gone: there is none, it has ended or said what it may not. */
enum status dumper_await(struct dumpers *d, struct dump_child *c, uint8_t *type, struct span *body,
                         bool *gone, struct err *e);

/* What each file that is to be read is (file.is). One that nobody could look at is told and skipped. */
enum status dumpers_look(struct dumpers *d, struct evidence *ev, void *ctx,
                         void (*tell)(void *ctx, size_t file, const char *why), struct err *e);
#endif
