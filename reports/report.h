/* report: the case's views read once into struct report, and writers of the same struct: html, md, json.
 * report_build allocates in the caller's arena, and leaves out what does not fit, the least of findings
 * first; writers only append to their buf. No evidence string reaches a writer's output but through buf_html,
 * buf_md or buf_json. */
#ifndef REPORT_H
#define REPORT_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
struct casedb;
struct redact;
struct report;

/* The i-th of the statements that report_build is going to ask is compiled now; false: there are no more. */
bool report_ahead(struct casedb *db, size_t i);
enum status report_build(struct casedb *db, struct arena *a, struct report **out, struct err *e);
/* Not all that the case holds is in it: for want of memory, or because the time was over (E_TIME of the
 * case). */
bool report_is_cut(const struct report *r);
/* Names in every text of a report become pseudonyms; ids of evidence and words of ours stay. */
enum status report_redact(struct report *r, const struct redact *names, struct arena *a, struct err *e);
/* out may have passed on what it held before (buf_pass), and .bad tells that it could not. */
typedef enum status report_fn(const struct report *r, struct buf *out, struct err *e);
/* {"html", "report.html", write_html} */
struct report_format {
    const char *name, *file;
    report_fn *write;
};
extern const struct report_format report_formats[]; /* ends with name NULL */
#endif
