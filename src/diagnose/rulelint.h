/* rulelint: everything about a rule that the loader cannot know: header conventions, cause identifiers, kinds
 * of tests, SQL that compiles under the guard. The caller owns base (ruletest_base) and the text. It refuses
 * nothing: each problem is one line "FILE:LINE: what". */
#ifndef RULELINT_H
#define RULELINT_H
#include "base/buf.h"
#include "base/err.h"
#include "kb/kb.h"
struct casedb;

extern const char *const rule_causes[]; /* the stable identifiers, sorted; ends with NULL */
enum test_kind { TEST_POSITIVE, TEST_CONTRADICTED, TEST_MISSING, TEST_HOSTILE, TEST_KINDS };
extern const char *const test_kind_names[TEST_KINDS];
/* bits 1 << enum test_kind: what a test shows */
unsigned test_kinds(const struct rule_test *t);
/* What a run cannot do without: a stable cause, SQL that compiles and gives the columns every result must
 * have. E_FORMAT with the first problem. */
enum status rules_usable(const struct kb *kb, struct err *e);
/* number of problems */
size_t rulelint(const struct kb *kb, struct casedb *base, const struct rule *rule, struct buf *out);
#endif
