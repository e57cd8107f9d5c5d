/* diagnose: from facts to verdicts. derive() normalises facts into tables rules can join; coverage() says what the evidence covers;
 * diagnose() runs each rule's indicators and turns roles into findings with citations.
 * Everything is stored in the case; a finding without a citation cannot be stored.
 * A rule that fails to run is a row of rule_error and never silent. */
#ifndef DIAGNOSE_H
#define DIAGNOSE_H
#include "base/err.h"
struct casedb;
struct kb;

enum status derive(struct casedb *db, const struct kb *kb, struct err *e);      /* knowledge/derive.sql; hosts, boots, sessions, failures, ... */
enum status coverage(struct casedb *db, const struct kb *kb, struct err *e);    /* in coverage.c */
enum status diagnose(struct casedb *db, const struct kb *kb, struct err *e);    /* table finding, citation, finding_unknown */
#endif
