/* plain_only: what a test says that need not be asked under sanitizers too. It is counted there as skipped.
 */
#ifndef PLAIN_ONLY_H
#define PLAIN_ONLY_H
#include <criterion/criterion.h>

/* First in a test whose answer no sanitizer changes, and whose C other tests run: it is given by the plain
 * build alone. */
#ifdef __SANITIZE_ADDRESS__
#define PLAIN_ONLY() cr_skip_test("the plain build answers")
#else
#define PLAIN_ONLY() ((void)0)
#endif

#endif
