/* diagnose: from facts to verdicts. derive() normalises facts into tables rules can join; coverage() says
 * what the evidence covers; diagnose() runs each rule's indicators and turns roles into findings with
 * citations. Everything is stored in the case; a finding without a citation cannot be stored. A rule that
 * fails to run is a row of rule_error and never silent. */
#ifndef DIAGNOSE_H
#define DIAGNOSE_H
#include <stdbool.h>
#include "base/err.h"
#include <stddef.h>
struct casedb;
struct buf;
struct kb;
struct rule;

/* knowledge/derive/: hosts, boots, sessions, failures, ... */
enum status derive(struct casedb *db, const struct kb *kb, struct err *e);
/* its halves: views.sql, then derive/ */
enum status derive_views(struct casedb *db, const struct kb *kb, struct err *e);
enum status derive_tables(struct casedb *db, const struct kb *kb, struct err *e);
/* coverage.c, knowledge/coverage.sql and kinds.sql. Leaves a temporary table for diagnose: both run on one
 * connection, coverage first. */
enum status coverage(struct casedb *db, const struct kb *kb, struct err *e);
/* a file of the knowledge: trusted SQL, several statements */
enum status run_knowledge(struct casedb *db, const struct kb *kb, const char *name, struct err *e);
/* table finding, citation, finding_unknown, and what became of each host (knowledge/outcome.sql) */
/* E_TIME: *judged rules (may be NULL) were judged to the end, and stand */
enum status diagnose(struct casedb *db, const struct kb *kb, size_t *judged, struct err *e);
/* After E_TIME, in derive (phase 0), coverage (1) or diagnose (2): rules that were not asked are named, and
 * what nobody judged is neither clear nor covered. */
enum status diagnose_cut_short(struct casedb *db, const struct kb *kb, unsigned phase, size_t judged,
                               struct err *e);
/* A case with nothing in it but the knowledge and its views. path: as case_create's. */
enum status diagnose_new(const struct kb *kb, const char *path, struct casedb **out, struct err *e);
/* A case with nothing in it but the knowledge, its tables made and emptied: for many small cases, one after
 * the other. path: as case_create's. */
enum status diagnose_empty(const struct kb *kb, const char *path, struct casedb **out, struct err *e);
/* For the build: what kb_scratch() is made of, appended to out. */
enum status diagnose_scratch(const struct kb *kb, struct buf *out, struct err *e);
/* One that grows into a file, in which all that derive, coverage and the rules ask is
 * prepared and kept: the first of many is as quick as the others. */
enum status diagnose_ready(const struct kb *kb, struct casedb **out, struct err *e);
/* How the message of a rule_error begins where a rule was stopped at a limit, or not asked for want of time.
 */
#define RULE_LIMIT "limit: "
/* these only; in the caller's transaction */
enum status diagnose_rules(struct casedb *db, const struct kb *kb, const struct rule *rule, size_t n,
                           struct err *e);
/* One rule; spoke[k] becomes true where its indicator k says something that counts. */
enum status diagnose_rule(struct casedb *db, const struct kb *kb, const struct rule *rule, bool *spoke,
                          struct err *e);
#endif
