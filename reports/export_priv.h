/* What the writers of exports share: the report as a struct, for formats that tell of findings. */
#ifndef EXPORT_PRIV_H
#define EXPORT_PRIV_H
#include "reports/export.h"
#include "reports/model.h"
#include "base/hash.h"
#include "base/verdict.h"
#include "reports/say.h"

enum status export_timesketch(struct casedb *db, const struct export_options *o, const struct export_to *to,
                              struct err *e);
enum status export_plaso(struct casedb *db, const struct export_options *o, const struct export_to *to,
                         struct err *e);
enum status export_ecs(struct casedb *db, const struct export_options *o, const struct export_to *to,
                       struct err *e);
enum status export_csv(struct casedb *db, const struct export_options *o, const struct export_to *to,
                       struct err *e);
/* of one report, which the caller built */
enum status export_sarif(const struct report *r, const struct export_options *o, struct buf *b,
                         struct err *e);
enum status export_junit(const struct report *r, const struct export_options *o, struct buf *b,
                         struct err *e);
/* What both JUnit exports share: of a case, of a fleet. */
enum junit_result { JUNIT_PASSED, JUNIT_FAILED, JUNIT_ERRED, JUNIT_SKIPPED, JUNIT_RESULTS };
extern const char *const junit_tags[JUNIT_RESULTS]; /* NULL: passed */
extern const struct voice junit_voice;
struct junit_counts {
    uint64_t n[JUNIT_RESULTS];
};
void junit_begin(const struct junit_counts *all, struct buf *b);
void junit_suite(const struct junit_counts *c, struct str name, struct buf *b);
/* --since and --until: what passes in this suite passes for that time alone. */
void junit_asked(struct str since, struct str until, struct buf *b);
/* And both of SARIF. add: text of a message, uri: of a path, as RFC 3986 has it; begin: up to the rules. */
struct sarif_words {
    const char *kind, *level;
    int64_t rank;
};
extern const struct sarif_words sarif_words[VERDICTS];
extern const struct voice sarif_voice;
void sarif_add(struct buf *m, struct str s);
void sarif_uri(struct buf *b, struct str path);
void sarif_begin(struct buf *b, struct str tool, struct str version);
/* What has the same n parts has the same name, in another run too. False: libcrypto cannot. */
bool sarif_fingerprint(const struct str *part, size_t n, char out[SHA256_TEXT]);
/* Is a finding of this verdict, a host of this outcome, named by fail_on? */
bool fails_verdict(unsigned fail_on, int64_t verdict);
bool fails_outcome(unsigned fail_on, struct str outcome);
#endif
