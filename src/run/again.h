/* again: what findings cite is derived a second time, each fact and not its place alone, by our own readers
 * in processes that have read nothing else, and compared byte by byte with what the case holds. A worker that
 * was taken over while it read one file can have said anything of that file.
 * Stores what came of it; the caller owns evidence and case. It refuses to leave a finding as it is that
 * rests on a fact which is not there: undetermined, with what to collect. */
#ifndef AGAIN_H
#define AGAIN_H
#include "base/want.h"
#include "case/casedb.h"
#include "run/child.h"
#include "run/discover.h"
#include "run/run_limits.h"

struct original;
/* want and limits: those the evidence was read with. */
struct again_options {
    const struct want *want;
    struct run_limits limits;
    unsigned workers;
    bool require_jail;
    const volatile int *stop;   /* may be NULL */
    uint64_t until;             /* plat_clock_ms at which the run's time is over; 0: limits say */
    struct meanwhile meanwhile; /* while workers are waited for */
    struct original *original;  /* what workers are copies of; NULL: one of its own */
};
enum { AGAIN_AHEAD = 4 }; /* workers that may be asked for before it is known how many it takes */
enum status again(struct casedb *db, struct evidence *ev, const struct again_options *o, unsigned *jail,
                  struct err *e);
/* After E_TIME or E_PROC: what was not derived again by then is not known, and proves nothing to the end. */
enum status again_give_up(struct casedb *db, struct err *e);
/* Was anything not found again? Else the findings stand as they were, and what was concluded from them. */
enum status again_doubts(struct casedb *db, bool *any, struct err *e);
/* Only the second half: for findings made anew over places that were derived again before. */
enum status again_conclude(struct casedb *db, struct err *e);
#endif
