/* ruletest: runs the tests that rules carry: facts into an empty case, derive, coverage, the one rule, then
 * its findings against the expected ones. The caller owns base (made once by ruletest_base) and the text of
 * failures. It refuses facts it does not understand: E_FORMAT with the rule's file and line. */
#ifndef RULETEST_H
#define RULETEST_H
#include "base/buf.h"
#include <stdbool.h>
#include "base/err.h"
#include "kb/kb.h"
struct casedb;

/* an empty case with schema, knowledge, views and the tables of derive/: each test is undone in it */
enum status ruletest_base(const struct kb *kb, struct casedb **out, struct err *e);
/* Does a fact of the test lie in this channel or hive? */
bool ruletest_reads(const struct rule_test *test, struct str artifact);
/* The test's facts into db, an empty case with the schema. */
enum status ruletest_facts(struct casedb *db, const struct rule *rule, const struct rule_test *test,
                           struct err *e);
/* Appends one line per difference to why: what was expected, what came out. Nothing appended: passed. spoke:
 * NULL, or of each indicator of the rule; true where it said something. */
enum status ruletest_run(const struct kb *kb, struct casedb *base, const struct rule *rule,
                         const struct rule_test *test, bool *spoke, struct buf *why, struct err *e);
/* A line for each indicator that said nothing in any test; how many. */
size_t ruletest_silent(const struct rule *rule, const bool *spoke, struct buf *why);
#endif
