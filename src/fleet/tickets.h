/* tickets: which tickets a run of many is about: one a path, or one a thing in a folder of tickets; what each
 * is called and where its results go. The caller owns the arena all texts live in. It refuses an empty list;
 * two tickets of one name get names apart. */
#ifndef TICKETS_H
#define TICKETS_H
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

struct ticket {
    struct str name;  /* the last part of its path; of a second one of that name with ~2, … */
    const char *path; /* as analyze takes it */
    char *folder;     /* the name as one of a folder on any system: others bytes than plain ones as %XX */
};
struct tickets {
    struct ticket *ticket; /* by name */
    size_t n, cap;
};

/* A folder is a ticket, or a folder of tickets, each thing in it one. AUTO: of several paths each is a
 * ticket; one folder alone holds tickets, unless event logs or hives lie right in it. */
enum tickets_as { TICKETS_AUTO, TICKETS_WHOLE, TICKETS_INSIDE };
enum status tickets_add(struct tickets *t, const char *const *path, size_t n, enum tickets_as as,
                        struct arena *a, struct err *e);
/* Sorts by name, and tells names apart. */
enum status tickets_settle(struct tickets *t, struct arena *a, struct err *e);
void tickets_free(struct tickets *t);
/* From 1 to n, by a hash of the name alone: the same on every machine. */
unsigned ticket_shard(struct str name, unsigned n);
#endif
