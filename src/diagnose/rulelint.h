/* rulelint: everything about a rule that the loader cannot know: header conventions, cause identifiers, kinds
 * of tests, SQL that compiles under the guard. The caller owns base (ruletest_base) and the text. It refuses
 * nothing: each problem is one line "FILE:LINE: what". */
#ifndef RULELINT_H
#define RULELINT_H
#include "base/buf.h"
#include "base/err.h"
#include "kb/kb.h"
struct casedb;

/* The first four are asked of every rule; of those that come with the program all, two tests that rule the
 * cause out (the twin, and what looks alike), and for each artefact that decides one without it. */
enum test_kind {
    TEST_POSITIVE,
    TEST_CONTRADICTED,
    TEST_MISSING,
    TEST_HOSTILE,
    TEST_ASKED,
    TEST_HOSTS = TEST_ASKED,
    TEST_BOOTS,
    TEST_KINDS
};
extern const char *const test_kind_names[TEST_KINDS];
/* bits 1 << enum test_kind: what a test shows */
unsigned test_kinds(const struct rule_test *t);
/* What a run cannot do without: a stable cause, SQL that compiles and gives the columns every result must
 * have. E_FORMAT with the first problem. */
enum status rules_usable(const struct kb *kb, struct err *e);
/* Indicators whose SQL has 12 lines or more: paragraphs that may want to be two. No problem, a number to
 * watch. */
size_t rulelint_long(const struct rule *rule);
/* number of problems; short lines and the words of rules are asked of those that come with the program */
size_t rulelint(const struct kb *kb, struct casedb *base, const struct rule *rule, struct buf *out);
#endif
