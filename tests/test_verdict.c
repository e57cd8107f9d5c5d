/* The words of verdicts, roles and outcomes: that each is found again by its word, and that SQL sorts by the
 * order that C has. */
#include "base/verdict.h"
#include "case/casedb.h"
#include "case/named.h"
#include <criterion/criterion.h>
#include <string.h>

Test(verdict, words)
{
    for (enum verdict v = 0; v < VERDICTS; v++)
        cr_expect(verdict_of(str_of(verdict_words[v].id)) == v && verdict_words[v].label[0]
                      && verdict_words[v].meaning[0] && strstr(verdict_choices, verdict_words[v].id),
                  "%s", verdict_words[v].id);
    for (enum outcome o = 0; o < OUTCOMES; o++)
        cr_expect(outcome_of(str_of(outcome_ids[o])) == o, "%s", outcome_ids[o]);
    static const char *const none[] = {"", "none", "Confirmed", "confirmed ", "ruled-out", "green"};
    for (size_t i = 0; i < LEN(none); i++)
        cr_expect(verdict_of(str_of(none[i])) == VERDICTS && outcome_of(str_of(none[i])) == OUTCOMES, "%s",
                  none[i]);
}

static enum status line(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)n, (void)e;
    buf_str(ctx, c[0].s), buf_char(ctx, ' ');
    return OK;
}

Test(verdict, order_in_sql)
{
    static const struct {
        const char *sql, *want;
    } rows[] = {
        {"SELECT verdict FROM verdict_order ORDER BY place",
         "confirmed likely possible latent undetermined ruled_out "},
        {"SELECT verdict FROM verdict_order WHERE claims ORDER BY place", "confirmed likely possible "},
        {"SELECT role FROM role_order ORDER BY against, place", "symptom cause link compatible contradicts "},
        {"SELECT role FROM role_order WHERE against", "contradicts "},
        {"SELECT outcome FROM outcome_order ORDER BY place",
         "failed unexplained explained latent not_covered no_evidence clear "},
    };
    struct casedb *db = NULL;
    struct err e = {0};
    cr_assert(case_create(NULL, STR("PRAGMA user_version = 0"), &db, &e) == OK);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf b = {0};
        cr_expect(case_query(db, rows[i].sql, NULL, NULL, 0, line, &b, &e) == OK);
        buf_char(&b, 0);
        cr_expect_str_eq(b.p, rows[i].want);
        buf_free(&b);
    }
    case_close(db);
}
