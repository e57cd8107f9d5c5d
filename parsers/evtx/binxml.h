/* binxml: records of a chunk as events: templates compiled once per content, values located in slots, shown
 * as JSON or XML. struct bx (one per walk) owns the compiled templates; all about a record borrows the chunk
 * and the scratch arena until the next bx_open. It refuses work beyond its budget, nesting beyond bx_depth,
 * and bytes that are no binary XML: that record fails with a reason, nothing else. */
#ifndef BINXML_H
#define BINXML_H
#include "base/arena.h"
#include "base/limits.h"
#include "base/span.h"
#include "parsers/evtx/bxevent.h"

struct bx;
struct bx_tmpl;
struct bx_kind;
enum { BX_ROOM = LIM_BINXML_SLOTS + 4, BX_KINDS = 256 };

/* One record. t: its template when the compiled lane reads it; NULL: the general lane did, into tree and sys.
 * kind: records with the same number, not 0, have one template, and the same words in System but for time,
 * numbers, process and account; kind_at: below BX_KINDS, the same for the same kind. */
struct bx_event {
    const struct bx_tmpl *t;
    struct bx_slots s;
    struct span bytes; /* the record's binary XML; .off in its chunk */
    struct bx_list tree;
    struct bx_val sys[BXS_FIELDS];
    struct bx_item *item;
    size_t n_item;
    /* what is known of records of its kind, NULL: nothing; the kind's number, and where to note more of it */
    struct bx_kind *like;
    uint64_t kind;
    uint32_t kind_at;
    bool ready;         /* items are built */
    bool rendered, odd; /* has RenderingInfo; a template id or a name hash is wrong */
    const char *why;    /* static text after a false answer */
    uint32_t room[BX_ROOM], inner_room[BX_ROOM]; /* offsets of values */
};

/* NULL: no memory. scratch: the caller's; what is in it stays, what is free is used anew for each record. */
struct bx *bx_new(struct arena *scratch);
void bx_free(struct bx *bx);
/* begins a chunk of at most 65536 bytes; offsets in binary XML count from p */
void bx_chunk(struct bx *bx, const uint8_t *p, size_t n);
/* elements and fragments of one record open at once; 0: LIM_BINXML_*, never more */
void bx_depth(struct bx *bx, unsigned most);
bool bx_too_deep(const struct bx *bx); /* what failed of the record last opened nests deeper */

/* Data of several pieces as a reader shows them that puts a substitution in the place of what stands before
 * it in its element, instead of behind it: to name that defect of another reader. */
void bx_replacing(struct bx *bx, bool on);

/* General: no compiled templates, to compare the lanes. Strict, for slack: the data must decode too, and
 * every template id and name hash be right. */
enum bx_lane { BX_ANY_LANE, BX_GENERAL_LANE, BX_STRICT };
/* Locates one record: n bytes of binary XML at distance at in the chunk. False: ev->why says what is wrong.
 */
bool bx_open(struct bx *bx, size_t at, size_t n, enum bx_lane lane, struct bx_event *ev);
struct bx_val bx_sys(const struct bx_event *ev, enum bx_sys what); /* BXV_ABSENT: not there */
void bx_system(const struct bx_event *ev, struct bx_val all[BXS_FIELDS]);
/* What tells records apart, at once. has: the number is there. */
struct bx_head {
    int64_t event_id, record_id, time;
    bool has_event_id, has_record_id, has_time;
};
void bx_head(const struct bx_event *ev, struct bx_head *h);

/* The data (EventData, UserData, ...) as items in order. bx_named finds values by name, mostly without
 * building items; who: an address that stands for this list of at most BX_NAMES names, so that a template
 * remembers where they are. again: only where it was asked for this list last; else false. */
bool bx_items(struct bx *bx, struct bx_event *ev);
bool bx_named_again(struct bx *bx, struct bx_event *ev, const void *who, size_t n, struct bx_val *out);
bool bx_named(struct bx *bx, struct bx_event *ev, const void *who, const struct str *name, size_t n,
              struct bx_val *out);

/* The fields of System as JSON, each ,"name":value. */
void bx_system_json(struct bx *bx, struct bx_event *ev, struct buf *out);
/* The data as a JSON object. False: over LIM_EVENT_JSON, then the object is cut short and says "_cut":true;
 * or binary XML that cannot be decoded (ev->why), then it is {"_unreadable":true}. hash, if not NULL: mixes
 * in names and values as text, so the same data in another encoding (plain instead of template) gives the
 * same. */
bool bx_data_json(struct bx *bx, struct bx_event *ev, struct buf *out, uint64_t *hash);
/* The event as Windows renders it (EvtRender, EvtRenderEventXml), on one line. False: unreadable or over a
 * limit; out is as before. */
bool bx_event_xml(struct bx *bx, struct bx_event *ev, struct buf *out);

/* flushed: how often all compiled templates were dropped; alike: records of a kind met before. */
struct bx_stats {
    uint64_t compiled, matched, general, flushed, alike;
};
const struct bx_stats *bx_statistics(const struct bx *bx);
#endif
