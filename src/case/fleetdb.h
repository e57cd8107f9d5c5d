/* fleetdb: what many tickets have in common, as a SQLite file: tickets in, merged, and the views of
 * knowledge/fleet/schema.sql out. The caller owns the casedb. It refuses a second ticket of a name that says
 * something else, and parts that were made with other knowledge, another version or another cut. */
#ifndef FLEETDB_H
#define FLEETDB_H
#include "base/arena.h"
#include "base/buf.h"
#include "case/casedb.h"

/* A ticket as the fleet sees it, in JSON (knowledge/fleet/ticket.sql). */
enum status fleet_ticket(struct casedb *db, struct str sql, struct str name, int code, struct str reason,
                         struct str options, struct buf *out, struct err *e);
/* The same of a run that left no case. */
void fleet_no_ticket(struct str name, int code, struct str reason, struct buf *out);

/* What a run must share with those it is merged with. options: those that change results, as given. */
struct fleet_terms {
    struct str version, knowledge_sha256, options;
};
enum status fleet_create(const char *path, struct str schema, const struct fleet_terms *terms,
                         struct casedb **db, struct err *e);
/* add: knowledge/fleet/add.sql. known: a ticket of this name and these bytes is there already. */
enum status fleet_add(struct casedb *db, struct str add, struct str name, struct str folder, struct str json,
                      struct err *e);
/* Part i of n (1 of 1: all) is in here. */
enum status fleet_shard(struct casedb *db, unsigned i, unsigned n, struct err *e);
/* All of another fleet's tickets and parts. path: how it is called in errors. */
enum status fleet_merge(struct casedb *db, struct casedb *from, const char *path, struct err *e);
/* When every part is there they are forgotten: a whole fleet is the same however it was cut. */
enum status fleet_settle(struct casedb *db, struct err *e);

/* Before its views are read, when nothing is added any more. */
enum status fleet_work_out(struct casedb *db, struct err *e);

/* Rows of a view, the first most of them; 0: all. */
enum status fleet_rows(struct casedb *db, const char *view, unsigned most, row_fn *fn, void *ctx,
                       struct err *e);
enum status fleet_count(struct casedb *db, const char *view, int64_t *n, struct err *e);
/* A value of meta into the arena; .p NULL: none. */
enum status fleet_meta(struct casedb *db, const char *key, struct arena *a, struct str *out, struct err *e);
#endif
