#include "reports/export.h"
#include "reports/export_priv.h"
#include "reports/report.h"
#include "case/casedb.h"
#include "case/named.h"

enum { REPORT_BYTES = 256 << 20 };

const char *const export_fail_words[] = {[FAIL_NEVER] = "never",
                                         [FAIL_POSSIBLE] = W_POSSIBLE,
                                         [FAIL_LIKELY] = W_LIKELY,
                                         [FAIL_CONFIRMED] = W_CONFIRMED,
                                         [FAIL_UNEXPLAINED] = W_UNEXPLAINED,
                                         [FAIL_NOT_COVERED] = W_NOT_COVERED,
                                         [FAIL_UNDETERMINED] = W_UNDETERMINED,
                                         NULL};

static enum status of_report(enum status (*write)(const struct report *, const struct export_options *,
                                                  struct buf *, struct err *),
                             struct casedb *db, const struct export_options *o, const struct export_to *to,
                             struct err *e)
{
    struct arena mem;
    struct report *r = NULL;
    struct buf b = {0};
    if (!arena_make(&mem, REPORT_BYTES))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "export", "out of memory");
    enum status st = report_build(db, &mem, &r, e);
    if (st == OK && o->names)
        st = report_redact(r, o->names, &mem, e);
    if (st == OK)
        st = write(r, o, &b, e);
    if (st == OK)
        st = b.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "export", "out of memory")
                   : to->put(to->ctx, buf_view(&b), e);
    buf_free(&b);
    arena_free(&mem);
    return st;
}

static enum status sarif(struct casedb *db, const struct export_options *o, const struct export_to *to,
                         struct err *e)
{
    return of_report(export_sarif, db, o, to, e);
}

static enum status junit(struct casedb *db, const struct export_options *o, const struct export_to *to,
                         struct err *e)
{
    return of_report(export_junit, db, o, to, e);
}

const struct export_format export_formats[] = {{"timesketch", export_timesketch},
                                               {"plaso-jsonl", export_plaso},
                                               {"ecs", export_ecs},
                                               {"sarif", sarif},
                                               {"junit", junit},
                                               {"csv", export_csv},
                                               {0}};

/* ---- what a job fails on ---- */

static bool named(unsigned fail_on, enum export_fail word) { return fail_on >> word & 1; }

/* Of those that claim a cause the word means: at or above. */
bool fails_verdict(unsigned fail_on, int64_t verdict)
{
    static const enum export_fail words[VERDICTS] = {[V_CONFIRMED] = FAIL_CONFIRMED,
                                                     [V_LIKELY] = FAIL_LIKELY,
                                                     [V_POSSIBLE] = FAIL_POSSIBLE,
                                                     [V_UNDETERMINED] = FAIL_UNDETERMINED};
    for (int64_t v = verdict; v == verdict || (v < VERDICTS && verdict_words[v].claims); v++)
        if (words[v] != FAIL_NEVER && named(fail_on, words[v]))
            return true;
    return false;
}

bool fails_outcome(unsigned fail_on, struct str outcome)
{
    enum outcome o = outcome_of(outcome);
    return (named(fail_on, FAIL_UNEXPLAINED) && o == OUT_UNEXPLAINED)
           || (named(fail_on, FAIL_NOT_COVERED) && o == OUT_NOT_COVERED);
}

struct asked {
    unsigned fail_on;
    bool failed;
};

static enum status note_conclusion(void *ctx, const struct cell *cell, const char *const *name, size_t n,
                                   struct err *e)
{
    struct asked *a = ctx;
    (void)name, (void)n, (void)e;
    enum verdict v = cell[0].i == 0 ? verdict_of(cell[1].s) : VERDICTS;
    if (v < VERDICTS)
        a->failed |= fails_verdict(a->fail_on, v);
    if (cell[0].i == 1)
        a->failed |= fails_outcome(a->fail_on, cell[1].s);
    return OK;
}

static enum status conclusions_fail(struct casedb *db, enum query q, unsigned fail_on, bool *failed,
                                    struct err *e)
{
    struct asked a = {.fail_on = fail_on};
    enum status st = case_named(db, q, "", NULL, note_conclusion, &a, e);
    *failed = a.failed;
    return st;
}

enum status export_fails(struct casedb *db, unsigned fail_on, bool *failed, struct err *e)
{
    return conclusions_fail(db, Q_CONCLUSIONS, fail_on, failed, e);
}

enum status export_fleet_fails(struct casedb *db, unsigned fail_on, bool *failed, struct err *e)
{
    return conclusions_fail(db, Q_FLEET_CONCLUSIONS, fail_on, failed, e);
}
