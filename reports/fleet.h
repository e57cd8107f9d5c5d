/* fleet: what many tickets have in common, for people and scripts: the same sections as html, md and json,
 * each a view of knowledge/fleet/schema.sql. Writers append to the caller's buf. Nothing of evidence gets
 * past the escaper of a format; long lists are cut in html and md, and the cut is said: json has all. */
#ifndef FLEET_H
#define FLEET_H
#include "base/buf.h"
#include "base/err.h"
struct casedb;

typedef enum status fleet_fn(struct casedb *db, struct buf *out, struct err *e);
struct fleet_format {
    const char *name, *file;
    fleet_fn *write;
};
extern const struct fleet_format fleet_formats[]; /* ends with name NULL */
#endif
