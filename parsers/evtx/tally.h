/* tally: what a walk over a log adds up: sources (computer, channel, provider), counts per channel, provider
 * and event id, spans, folds. It owns copies of all text; callers get pointers that live until tally_free,
 * rows until the next call that adds one. It refuses to grow without end: sources and counts beyond
 * LIM_COUNTS are one "others" row; full folds are emitted and begun anew. */
#ifndef TALLY_H
#define TALLY_H
#include "base/fact.h"
#include "base/limits.h"

/* the source of all that did not fit; the id of a record without one */
enum { TALLY_OTHERS = 0, TALLY_NO_ID = 0x10000 };

/* what: the row that counts for channel and provider. */
struct tally_source {
    struct str computer, channel, provider;
    uint32_t span, what;
};
/* before: id of the record before; of_break: which break of the walk it was seen after. */
struct tally_span {
    struct str computer, channel;
    uint64_t n, gaps, off;
    int64_t first_id, last_id, before, first, last;
    uint32_t of_break;
};
/* want: the caller's note; -1 at first */
struct tally_count {
    uint32_t source, id;
    uint64_t n, off;
    int64_t first, last;
    int32_t want;
};
/* What one more record of it asks for stands together, before the key: mostly in one or two lines of the
 * processor's cache. */
struct tally_fold {
    size_t json, n_json, data, n_data; /* in the tally's text */
    int64_t day;
    uint64_t off;
    uint32_t source, id;
    int64_t first, last;
    uint64_t n, last_off;
    size_t n_key;
    char key[];
};

struct tally;
struct tally *tally_new(void); /* NULL: no memory */
void tally_free(struct tally *t);

uint32_t tally_source(struct tally *t, struct str computer, struct str channel, struct str provider);
const struct tally_source *tally_source_at(const struct tally *t, uint32_t source);
/* that row, made if need be; NULL: no memory */
struct tally_count *tally_count(struct tally *t, uint32_t source, uint32_t id);
/* to find it again after others were added */
uint32_t tally_row(const struct tally *t, const struct tally_count *c);
struct tally_count *tally_count_at(struct tally *t, uint32_t row);
/* One record more. time: INT64_MIN when it is not sane; counts: it lies in the time asked for (spans hold all
 * records, counts those). */
void tally_add(struct tally *t, struct tally_count *c, uint32_t source, int64_t time, int64_t record_id,
               uint64_t off, bool counts);
/* records were lost here: ids that skip next are no gaps of the log */
void tally_break(struct tally *t);
size_t tally_channels(const struct tally *t); /* distinct channels seen, up to 2 */
uint64_t tally_gaps(const struct tally *t);   /* of all spans */
bool tally_full(const struct tally *t);       /* something went to "others" */

/* The fold of this key (any bytes), or NULL. key must hold all that tells folds apart. */
struct tally_fold *tally_fold_find(struct tally *t, struct str key);
/* A new one: f without its texts. Emits and empties all folds first when they are too many. */
enum status tally_fold_add(struct tally *t, const struct tally_fold *f, struct str key, struct str json,
                           struct str data, fact_sink *sink, void *ctx, struct err *e);
void tally_fold_data(struct tally *t, struct tally_fold *f, struct str data); /* replaces the data */

/* FOLD, COUNT, SPAN in the order first seen */
enum status tally_emit(struct tally *t, fact_sink *sink, void *ctx, struct err *e);
#endif
