/* crew: processes that take tickets, side by side, each one after the other, copied from one that is ready
 * (plat_child_copies). Owns the original and those that are there; the caller owns tickets. One that dies
 * costs its ticket: it is tried again, alone, and then told. It refuses nothing. */
#ifndef CREW_H
#define CREW_H
#include "base/buf.h"
#include "base/err.h"
#include "plat/plat.h"

enum { CREW_TRIES = 3 };
struct crew;
/* child: the argument that makes this program the original; ready: what it is told first, as crew_text. */
enum status crew_start(const char *child, const struct buf *ready, unsigned workers, struct crew **out,
                       struct err *e);
/* Texts one behind the other for a child, and how it reads them: at most cap, pointers into *b. */
void crew_text(struct buf *b, struct str text);
enum status crew_recv(struct buf *b, char **text, size_t cap, size_t *n, struct err *e);
/* Child: the ticket is done, and it waits for another; who leaves instead says it by its exit code. */
enum status crew_done_with(int code, struct err *e);

bool crew_has_room(const struct crew *c);
size_t crew_at_work(const struct crew *c);
/* To one that waits, or a new one. What it receives is order behind a text of ours: not empty where it is to
 * leave after this ticket. alone: it has had no other and gets none. */
enum status crew_give(struct crew *c, size_t ticket, const struct buf *order, bool alone, struct err *e);
/* How one ended; of who goes on how->code alone is said. */
typedef enum status crew_done(void *ctx, size_t ticket, const struct exit_info *how, struct err *e);
/* Waits at most ms for some to end, and tells of each. */
enum status crew_wait(struct crew *c, unsigned ms, crew_done *done, void *ctx, struct err *e);
void crew_free(struct crew *c); /* kills those that are there */
#endif
