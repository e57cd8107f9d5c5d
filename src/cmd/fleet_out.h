/* fleet_out: the fleet into a folder: fleet.db, fleet.html, fleet.md, fleet.json, all or none. The caller
 * owns the casedb. It refuses to leave half a file under its final name. */
#ifndef FLEET_OUT_H
#define FLEET_OUT_H
#include "base/arena.h"
#include "case/fleetdb.h"
struct kb;

/* Can one be written there? E_IO: the path is longer than SQLite takes. */
enum status fleet_fits(const char *folder, struct arena *a, struct err *e);
/* A new fleet that is built in folder under another name. */
enum status fleet_begin(const char *folder, const struct kb *kb, const struct fleet_terms *terms,
                        struct arena *a, struct casedb **out, struct err *e);
/* Writes all, prints the summary; *code: the worst exit code of the tickets. whole: parts that are not in
 * here are named. */
enum status fleet_publish(struct casedb *db, const char *folder, bool whole, int *code, struct err *e);
#endif
