/* What the writers of exports share: the report as a struct, for formats that tell of findings. */
#ifndef EXPORT_PRIV_H
#define EXPORT_PRIV_H
#include "reports/export.h"
#include "reports/model.h"

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
/* Is a finding of this verdict, a host of this outcome, named by fail_on? */
bool fails_verdict(unsigned fail_on, int64_t verdict);
bool fails_outcome(unsigned fail_on, struct str outcome);
#endif
