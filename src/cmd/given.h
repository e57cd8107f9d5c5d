/* given: a case, or a fleet, that was given to us to read, and whose fault it is when a statement of ours
 * fails in it: ours, where the file is as we make them, else of who damaged or changed it. Owns nothing. It
 * refuses no case: it looks only when something has failed. */
#ifndef GIVEN_H
#define GIVEN_H
#include "base/err.h"
#include "case/casedb.h"

/* E_DB is E_FORMAT, and e says so, where the file is not what we write; any other status is itself. */
enum status given_blame(struct casedb *db, enum case_of kind, enum status st, struct err *e);
#endif
