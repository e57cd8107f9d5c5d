/* arrivals: which of the tickets that lie there are whole, while others are still being copied: a file that
 * was closed after writing, what was moved there, and anything that has not changed for a while. Owns what it
 * remembers; arrivals_end() releases it. It refuses nothing: where a system tells of no changes it looks
 * again from time to time. */
#ifndef ARRIVALS_H
#define ARRIVALS_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

struct arrivals;
/* path: what is watched; those that are folders may get more tickets. */
enum status arrivals_begin(const char *const *path, size_t n, struct arrivals **out, struct err *e);
bool arrivals_told(const struct arrivals *a); /* does the system tell of changes, in each folder? */
/* Waits until it may be worth to look again, or a second at most: then *look is false. A signal ends it. */
enum status arrivals_wait(struct arrivals *a, bool *look, struct err *e);
/* Is what lies there whole? What is not is asked for again. */
bool arrivals_whole(struct arrivals *a, const char *path);
void arrivals_end(struct arrivals *a);
#endif
