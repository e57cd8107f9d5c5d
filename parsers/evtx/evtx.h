/* evtx: walks event logs (file header, 64 KiB chunks, records) and emits facts: events, folds, counts, spans,
 * anomalies. The caller owns file bytes and scratch; facts are valid during the sink call. It refuses nothing
 * but a full sink: damage is an anomaly with its offset, and the walk goes on. E_LIMIT at the end: want's
 * records or depth were reached. */
#ifndef EVTX_H
#define EVTX_H
#include "base/arena.h"
#include "base/fact.h"
#include "base/want.h"

enum { EVTX_HEADER = 4096, EVTX_CHUNK = 65536 };

/* What a walk found; sums of parts give the whole file. records: seen == parsed + recovered + failed. */
struct evtx_stats {
    uint64_t seen, parsed, recovered, failed;
    uint64_t chunks, bad_chunks;
    uint32_t hints; /* EVTX_HINT_*, OR-ed */
};
enum {
    EVTX_HINT_HEADER_BAD = 1, /* no usable file header */
    EVTX_HINT_DIRTY = 2,
    EVTX_HINT_FULL = 4,
    EVTX_HINT_GAPS = 8,         /* record ids skip inside the file */
    EVTX_HINT_RENDERED = 16,    /* RenderingInfo seen: forwarded or exported with text */
    EVTX_HINT_RENUMBERED = 32,  /* chunk or record numbering as exports write it */
    EVTX_HINT_MORE_CHUNKS = 64, /* chunks beyond the header's count */
    EVTX_HINT_MIXED = 128,      /* more than one channel: a collector's log, or a custom view */
    EVTX_HINT_CUT = 256,        /* the file ends inside a chunk, or holds fewer than a sound header counts */
};
/* Of a whole log: "original", "exported", "filtered", "carved". */
const char *evtx_log_kind(const struct evtx_stats *s);

/* Slots of 64 KiB behind the file header (a partial last one counts). 0 for a file without room for one. */
uint32_t evtx_slots(uint64_t file_bytes);

/* Reads slots first .. first+count-1 of the file. The file header is looked at when first is 0.
 * scratch is reset at each chunk (4 MiB suffice). Emits EVENT and FOLD as want asks, ANOMALY, and at the end
 * COUNT and SPAN. */
enum status evtx_read(struct span file, uint32_t first, uint32_t count, const struct want *want,
                      struct arena *scratch, fact_sink *sink, void *ctx, struct evtx_stats *stats,
                      struct err *e);
/* The same of a log that will be bytes long and of which only the front is there yet: what evtx_read says of
 * these slots when all of it is. E_TRUNC: one of them is not there. */
enum status evtx_read_front(struct span front, uint64_t bytes, uint32_t first, uint32_t count,
                            const struct want *want, struct arena *scratch, fact_sink *sink, void *ctx,
                            struct evtx_stats *stats, struct err *e);

/* Every record as one JSON line, or as Windows' XML, in file order; filters of want (provider+id pairs when
 * n_event > 0, since, until) apply before decoding. put receives finished text in pieces of at least some
 * KiB, and before the first an empty one: it may lend memory of its own for the next (buf.lent), or leave
 * text as it is. */
enum evtx_format { EVTX_JSONL, EVTX_XML };
/* Of one record, its data alone, as in EVENT facts; and as a reader shows them that puts a substitution in
 * the place of the text before it (bx_replacing). */
enum { EVTX_DATA = 2, EVTX_DATA_REPLACED };
typedef enum status evtx_put(void *ctx, struct buf *text, struct err *e);
/* What was learnt of templates, for the next part of the same file (and the same scratch): *known NULL at
 * first; evtx_forget ends it. known NULL: for this part only. The text is the same. */
struct bx;
void evtx_forget(struct bx **known);
enum status evtx_dump(struct span file, uint32_t first, uint32_t count, const struct want *want,
                      enum evtx_format format, struct arena *scratch, struct bx **known, evtx_put *put,
                      void *ctx, struct evtx_stats *stats, struct err *e);

/* One record by its file offset, decoded: out gets JSON (same shape as dump), XML, or its data. E_FORMAT: no
 * record there. size: its bytes. */
enum status evtx_record(struct span file, uint64_t off, int format, struct arena *scratch, struct buf *out,
                        uint32_t *size, struct err *e);
#endif
