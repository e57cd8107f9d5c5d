/* child: how a child process ends, and what it said on the way. Owns nothing. It refuses to let a child write
 * where people read: what it wrote to its standard error is hostile, so it is told line by line, escaped, and
 * not without end. */
#ifndef CHILD_H
#define CHILD_H
#include "plat/plat.h"

/* As plat_proc_end. Of what one child wrote some lines are told on stderr, of all children some dozens. */
void child_end(struct proc *p, struct exit_info *how);
/* What else there is to do while children are waited for, a millisecond at a time; false: nothing any more.
 */
struct meanwhile {
    bool (*some)(void *ctx);
    void *ctx;
};
/* As plat_wait. m may be NULL. */
enum status children_wait(struct proc *const *p, size_t n, unsigned ms, bool *ready,
                          const struct meanwhile *m, struct err *e);
/* Those that are about to end, killed or hung up on: while they do, nobody waits. */
struct leaving {
    struct proc *proc[16];
    size_t n;
};
void child_leaves(struct leaving *l, struct proc *p); /* NULL: nobody. Of many the first is waited for */
void children_end(struct leaving *l);
#endif
