/* timeline: what happened on a host and when, as marks in lanes: failures by kind, changes, boots, the
 * sessions of the account concerned. Marks live in the report's arena; failures that fall on one spot of the
 * picture are one mark. Times that cannot be (1601, 9000) are no marks: their facts stay where they are
 * listed. */
#ifndef TIMELINE_H
#define TIMELINE_H
#include "reports/model.h"

/* Appends the host's marks to r->mark, in the order of time, and says what part of time they show. */
enum status timeline_build(struct report *r, struct r_host *h, struct arena *a, struct err *e);
/* What a mark stands for, in the words of its facts. */
void timeline_words(struct buf *b, const struct voice *v, const struct report *r, const struct r_mark *m);
/* "Task failures", "Changes" … */
extern const char *const lane_names[LANES];
/* The first cause or link of the headline that lies before the first failure; NONE: there is none. */
int64_t timeline_cause(const struct report *r, const struct r_host *h);
/* The headline cites a cause, and no moment of it is known. */
bool timeline_is_state(const struct report *r, const struct r_host *h);
/* Since when that state is so at the latest: the last write of the keys it lies in; NONE: not known of all.
 */
int64_t timeline_since(const struct report *r, const struct r_host *h);
/* "3 failures, 1 change": what the part of time that is shown leaves out; nothing: it leaves out none. */
void timeline_outside(struct buf *b, const struct voice *v, const struct r_host *h);
/* "21 h", "2 s", "3 days" */
void say_span(struct buf *b, int64_t ticks);
#endif
