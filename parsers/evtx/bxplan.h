/* bxplan: a tree of binary XML seen as an event: which value is which field of System, which datum, where a
 * fragment goes. Plans lie in the caller's arena; of a template (slots stay slots) as long as the template,
 * of a substituted tree as long as the record. It refuses what it does not model (text mixed with a slot,
 * data named by a slot, a System in a payload): not ok, and the general lane reads it. */
#ifndef BXPLAN_H
#define BXPLAN_H
#include "parsers/evtx/bxtree.h"

/* Where a value comes from. slot < 0: literal; gate >= 0: when that slot is null the whole element is gone.
 */
struct bx_src {
    int32_t slot, gate;
    bool optional;
    struct bx_val literal;
};

/* A line compiled: text and the value behind it, again and again (bxjson). text: its bytes in all; slots:
 * values an instance must have; refs: how often a value is shown at most. The first same steps show what
 * records of one kind have in common. shape: the steps behind those, for the types of value that were met;
 * shapes: how many were made, or tried. */
struct bx_step;
struct bx_shape;
struct bx_steps {
    struct bx_step *step;
    size_t n, same, text;
    uint32_t slots, refs;
    struct bx_shape *shape;
    unsigned shapes;
    bool made; /* step NULL: cannot be compiled */
};

enum bx_field_kind { BX_NAMED, BX_UNNAMED, BX_PAYLOAD };
struct bx_field {
    struct str name, key; /* key: ,"name": as JSON (bx_block_text); only in plans that are kept */
    struct bx_src src;
    enum bx_field_kind kind;
    uint8_t context; /* BX_PAYLOAD: what its fragment stands in */
};

/* The same fragment means other things in other places. */
enum bx_context { BX_AT_RECORD, BX_IN_EVENT, BX_IN_USERDATA, BX_CONTEXTS };

/* What records of one kind have in common: the values of System that tell who says what and how, in runs of
 * slots. open: the slot of the payload, behind them all; name: the provider's, if it has one. open 0:
 * there is no such thing. */
enum { BX_RUNS = 8 };
struct bx_common {
    struct bx_run {
        uint16_t first, behind;
    } run[BX_RUNS];
    uint32_t n_run, open, name;
};

/* A template (or a tree) seen as an event: which slot is which field. ok false: not modelled, the general
 * lane reads it. */
struct bx_plan {
    bool ok, unnamed, payload, rendered;
    bool plain;                    /* names differ, and no datum is a payload: straight from slots to JSON */
    struct bx_src sys[BXS_FIELDS]; /* of a record; a payload has none */
    /* where id, number and time of a record are, when they always are there: as u16, u64 and FILETIME */
    struct bx_usual {
        uint16_t id, record, time, slots; /* slots: how many there must be; 0: they are not */
    } usual;
    struct bx_common common; /* of a record's template */
    uint32_t id_at;          /* where in its values the event's number was, in a record of a new kind */
    struct bx_field *field;
    size_t n, cap;
    struct bx_steps line, data; /* System and the data as JSON, when first asked for */
    const void *who;            /* bx_named's last list, and where its values are; NULL: not here */
    const struct bx_src *where[BX_NAMES];
    uint16_t
        slot[BX_NAMES]; /* the same, where slots alone say it; slots: how many there must be then, 0: never */
    uint32_t slots;
};

/* Text that is copied whole blocks at a time, which is quicker than its length: what is behind it may be
 * read. */
enum { BX_BLOCK = 32 };
struct str bx_block_text(struct arena *mem, const struct buf *b); /* .p NULL: no memory */

/* Reads tree into p, all zero before. keep: for a template, with keys made beforehand. Returns p->ok. */
bool bx_plan_read(struct bx_plan *p, const struct bx_list *tree, enum bx_context context, bool keep,
                  struct arena *mem, struct bx_chunk *chunk);

/* Inline, as bx_slot: every value of every record passes here. */
__attribute__((always_inline)) static inline struct bx_val bx_value_of(const struct bx_src *src,
                                                                       const struct bx_slots *s)
{
    if (src->gate >= 0 && bx_is_null(bx_slot(s, (uint32_t)src->gate)))
        return bx_absent_val();
    if (src->slot < 0)
        return src->literal;
    struct bx_val v = bx_slot(s, (uint32_t)src->slot);
    if (src->optional && bx_is_null(v))
        v.type = BXV_ABSENT;
    return v;
}

struct str bx_param_name(struct arena *a, uint64_t number); /* unnamed data: param1, param2, ... */
#endif
