/* ahead: large logs in containers are read while the rest of them is still being unpacked, by workers like
 * any others, from as much as has arrived. Owns these workers and what they said of each part, until that is
 * taken for the very job which the plan makes of the same bytes. It refuses nothing: what goes wrong here, or
 * is of a member that did not become what its container said, is forgotten, and read like any other file. */
#ifndef AHEAD_H
#define AHEAD_H
#include "run/pool.h"

struct ahead;
/* of: the list whose spools hold the members. o: of its own workers, o->like is needed. NULL: out of memory.
 */
struct ahead *ahead_new(const struct evidence *of, const struct pool_options *o, size_t workers);
/* A log that begins at `at` of this spool (1 + index in the list) and will be bytes long, if its container is
 * right; so much of it is there. */
void ahead_grows(struct ahead *a, unsigned spool, uint64_t at, uint64_t bytes, uint64_t here);
/* Listens, as pool_step does. */
enum status ahead_listen(struct ahead *a, struct proc *const *also, size_t n, bool *ready, struct err *e);
bool ahead_idle(const struct ahead *a); /* no part that has arrived is still to be read */
/* Nothing more arrives: what is being read is waited for, and its workers are ended. */
void ahead_end(struct ahead *a);
/* Has all that j is to say been heard already? Then it is moved to out. */
bool ahead_take(struct ahead *a, const struct job *j, struct buf *out);
unsigned ahead_jail(const struct ahead *a); /* as pool_jail */
void ahead_free(struct ahead *a);
#endif
