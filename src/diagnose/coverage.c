/* coverage: what the evidence covers, before any rule is asked: which artefacts there are to look for, then
 * coverage.sql and kinds.sql. Owns nothing. It refuses nothing: what is missing is a row. */
#include "case/casedb.h"
#include "case/named.h"
#include "diagnose/diagnose.h"
#include "kb/kb.h"

/* The artefacts to look for: those of artifacts.yml and those rules ask for. A name with a colon asks for
 * audit policy as well. Names keep their case: Security is a channel, SECURITY a hive. */
static enum status want_artifact(struct casedb *db, struct str name, struct str kind, struct err *e)
{
    struct value v[] = {val_s(name), val_s(name.n && memchr(name.p, ':', name.n) ? STR("audit") : kind)};
    return case_named(db, Q_ARTIFACT_PUT, "ss", v, NULL, NULL, e);
}

/* What artifacts.yml does not know is taken for a channel. */
static struct str kind_of(const struct kb_artifact *a, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(a[i].name, name))
            return a[i].kind;
    return STR("channel");
}

static enum status some(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)c, (void)name, (void)n, (void)e;
    return *(bool *)ctx = true, OK;
}

/* Of the knowledge alone: filled once in a case. */
static enum status want_artifacts(struct casedb *db, const struct kb *kb, struct err *e)
{
    size_t n, n_rule;
    const struct kb_artifact *a = kb_artifacts(kb, &n);
    const struct rule *rule = kb_rules(kb, &n_rule);
    bool filled = false;
    enum status st = case_named(db, Q_ARTIFACTS_MAKE, "", NULL, NULL, NULL, e);
    if (st == OK)
        st = case_named(db, Q_ARTIFACTS_ANY, "", NULL, some, &filled, e);
    if (st != OK || filled)
        return st;
    for (size_t i = 0; i < n && st == OK; i++)
        st = want_artifact(db, a[i].name, a[i].kind, e);
    for (size_t i = 0; i < n_rule && st == OK; i++)
        for (size_t k = 0; k < rule[i].n_require && st == OK; k++)
            for (size_t j = 0; j < rule[i].require[k].n && st == OK; j++)
                st = want_artifact(db, rule[i].require[k].artifact[j],
                                   kind_of(a, n, rule[i].require[k].artifact[j]), e);
    return st;
}

enum status run_knowledge(struct casedb *db, const struct kb *kb, const char *name, struct err *e)
{
    struct str sql = kb_file(kb, name);
    if (!sql.p)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "%s is missing", name);
    return err_in(e, case_exec(db, sql.p, e), name);
}

enum status coverage(struct casedb *db, const struct kb *kb, struct err *e)
{
    enum status st = want_artifacts(db, kb, e);
    st = st == OK ? run_knowledge(db, kb, "coverage.sql", e) : st;
    return st == OK ? run_knowledge(db, kb, "kinds.sql", e) : st;
}
