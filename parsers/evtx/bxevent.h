/* bxevent: the parts of an event that trees, plans and records speak of: System's fields, values in slots,
 * lists of nodes, items of data. Types only. Everything borrows the chunk or the arena of whoever filled it
 * in. It refuses nothing: whoever reads bytes into these checks them. */
#ifndef BXEVENT_H
#define BXEVENT_H
#include "parsers/evtx/bxvalue.h"

struct bx_field;
enum { BX_NAMES = 8 }; /* how many values bx_named finds at once */

/* The fields of Event/System. */
enum bx_sys {
    BXS_PROVIDER,
    BXS_GUID,
    BXS_SOURCE,
    BXS_EVENT_ID,
    BXS_QUALIFIERS,
    BXS_VERSION,
    BXS_LEVEL,
    BXS_TASK,
    BXS_OPCODE,
    BXS_KEYWORDS,
    BXS_TIME,
    BXS_RECORD_ID,
    BXS_ACTIVITY,
    BXS_RELATED,
    BXS_PID,
    BXS_TID,
    BXS_PROCESSOR,
    BXS_SESSION,
    BXS_KERNEL_TIME,
    BXS_USER_TIME,
    BXS_PROCESSOR_TIME,
    BXS_CHANNEL,
    BXS_COMPUTER,
    BXS_SID,
    BXS_FIELDS
};

/* Values of one template instance: located, not decoded. desc: n times u16 size, u8 type, u8 0. Value i is
 * val[off[i]] .. val[off[i+1]]. fragments: some are binary XML. */
struct bx_slots {
    const uint8_t *desc, *val;
    uint32_t n;
    bool fragments;
    const uint32_t *off;
};

/* What stands in an element or an attribute, in order. gone: a null optional substitution stood there; late:
 * no other substitution stands behind it. */
struct bx_node;
struct bx_list {
    struct bx_node *first, *last;
    bool gone, late;
};

/* One datum of an event. field: how it is named. */
struct bx_item {
    const struct bx_field *field;
    struct bx_val val;
};
#endif
