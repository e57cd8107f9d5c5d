/* named: the SQL that other rooms ask of a case, by name: what stands in quotes is here and in knowledge/.
 * Nothing is owned. It refuses nothing of its own: errors are SQLite's. */
#ifndef NAMED_H
#define NAMED_H
#include "case/casedb.h"

enum query {
    /* facts that were derived again: all, one place (worst answer stays), places nothing was told of;
     * findings that rest on what is not there, on what could not be read; files it was first read from */
    Q_AGAIN_CLEAR,
    Q_AGAIN_PUT, /* file, offset, yes | no | unknown */
    Q_AGAIN_NOTHING,
    Q_AGAIN_UNKNOWN,
    Q_AGAIN_ASK,
    Q_AGAIN_DOUBT,
    Q_AGAIN_LOWER,
    Q_AGAIN_FILES,
    QUERIES
};

/* types: one letter an argument: i(nteger), s(tring), b(lob). fn may be NULL. */
enum status case_named(struct casedb *db, enum query q, const char *types, const struct value *arg,
                       row_fn *fn, void *ctx, struct err *e);
#endif
