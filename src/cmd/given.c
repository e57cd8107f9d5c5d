#include "cmd/given.h"
#include "diagnose/diagnose.h"
#include "kb/kb.h"

/* One as we make them, with nothing in it. */
static enum status make_like(enum case_of kind, struct kb *kb, struct casedb **out, struct err *e)
{
    return kind == CASE_FLEET ? case_create_as(CASE_FLEET, NULL, kb_file(kb, "fleet/schema.sql"), out, e)
                              : diagnose_new(kb, NULL, out, e);
}

enum status given_blame(struct casedb *db, enum case_of kind, enum status st, struct err *e)
{
    struct casedb *ours = NULL;
    struct kb *kb = NULL;
    bool alike = true;
    if (st != E_DB || !db)
        return st;
    if (kb_load(NULL, &kb, NULL) == OK && make_like(kind, kb, &ours, NULL) == OK)
        alike = case_alike(db, ours);
    case_close(ours), kb_free(kb);
    if (alike)
        return st;
    e->what = kind == CASE_FLEET ? "the fleet is damaged, or somebody changed it"
                                 : "the case is damaged, or somebody changed it";
    return e->code = E_FORMAT;
}
