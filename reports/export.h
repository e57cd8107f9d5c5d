/* export: a case in the formats of tools that responders and CI jobs already use. Rows go out as they are
 * read; nothing is allocated beyond the rows of one report. Evidence text reaches an output only through the
 * escaper of its format; times that cannot be are in no timeline. It refuses nothing: what a format has no
 * room for stays in the case. */
#ifndef EXPORT_H
#define EXPORT_H
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/verdict.h"
struct casedb;
struct redact;

/* Takes the next part of the output; anything but OK ends the export with this status. */
struct export_to {
    enum status (*put)(void *ctx, struct str part, struct err *e);
    void *ctx;
};

/* What a test run fails on, a bit each: FAIL_POSSIBLE and so on; verdicts stand for those above them too. */
enum export_fail {
    FAIL_NEVER,
    FAIL_POSSIBLE,
    FAIL_LIKELY,
    FAIL_CONFIRMED,
    FAIL_UNEXPLAINED,
    FAIL_NOT_COVERED,
    FAIL_UNDETERMINED
};
#define EXPORT_FAIL_CHOICES \
    W_POSSIBLE "|" W_LIKELY "|" W_CONFIRMED "|" W_UNEXPLAINED "|" W_NOT_COVERED "|" W_UNDETERMINED "|never"
/* in the order above, ends with NULL */
extern const char *const export_fail_words[];
/* tables of csv: failures, findings, coverage, timeline; ends with NULL */
extern const char *const export_tables[];

/* names: NULL, or they become pseudonyms */
struct export_options {
    unsigned table, fail_on;
    const struct redact *names;
};

struct export_format {
    const char *name;
    enum status (*write)(struct casedb *db, const struct export_options *o, const struct export_to *to,
                         struct err *e);
};
extern const struct export_format export_formats[]; /* ends with name NULL */

/* The same of a fleet: sarif, junit; ends with name NULL. */
extern const struct export_format export_fleet_formats[];

/* failed: whether the case, or any ticket of the fleet, has what fail_on names. */
enum status export_fails(struct casedb *db, unsigned fail_on, bool *failed, struct err *e);
enum status export_fleet_fails(struct casedb *db, unsigned fail_on, bool *failed, struct err *e);
#endif
