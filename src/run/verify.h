/* verify: reads what findings cite a second time, with readers that share no code with ours, and stores what
 * they say. Opens the files of the list the case was made from; the evidence is not changed. It refuses to
 * call agreement what it could not read: unreadable is an answer with its reason. */
#ifndef VERIFY_H
#define VERIFY_H
#include "base/err.h"
#include "run/child.h"
#include <stdbool.h>
struct casedb;
struct evidence;
struct original;

/* Fills verification and finding.second_reader. Every stored citation is read again, LIM_CITATIONS per
 * finding and role at most. original: what second readers are copies of; NULL: one of its own. m: what to do
 * while they are waited for; may be NULL. Of *jail stay
 * the layers (plat/jail.h) that all second readers had too; E_UNSUPPORTED where one is missing and
 * require_jail is set, E_PROC where no second reader can be started: what was read again by then is stored.
 */
enum status verify(struct casedb *db, const struct evidence *ev, bool require_jail, struct original *original,
                   const struct meanwhile *m, unsigned *jail, struct err *e);
/* Second readers are going to be wanted: they come to be while the caller does something else. */
void verify_ahead(struct original *original);
/* How the detail of a place begins whose second reader did not live to tell. */
#define SECOND_DIED "the second reader "
/* After E_TIME or E_PROC: what was not read again by then is unreadable, and why. */
enum status verify_give_up(struct casedb *db, const char *why, struct err *e);
/* Only the second half: for findings made anew over places that were read again before. */
enum status verify_conclude(struct casedb *db, struct err *e);
#endif
