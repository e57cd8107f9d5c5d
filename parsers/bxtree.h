/* bxtree: tokens of binary XML to a tree; the one reader of tokens, for template definitions and for whole records.
 * The tree lies in the caller's arena; file values borrow the chunk.
 * It refuses unknown tokens, text that leaves its fragment, nesting beyond LIM_BINXML_* and work beyond the chunk's budget: false, and why. */
#ifndef BXTREE_H
#define BXTREE_H
#include "../src/base/arena.h"
#include "../src/base/span.h"
#include "binxml.h"

enum bx_node_kind { BXN_VALUE, BXN_LITERAL, BXN_SLOT, BXN_ELEMENT, BXN_PI };    /* value: substituted; slot: still to be substituted */
struct bx_elem;
struct bx_node {
    struct bx_node *next;
    enum bx_node_kind kind;
    bool optional;                  /* slot: a null one drops its element or attribute */
    uint16_t slot;
    struct bx_val val;              /* value, literal; PI: its text */
    struct bx_elem *elem;
    struct str target;              /* PI */
};
/* tag: name with what XML forbids in names replaced by '_'. */
struct bx_attr { struct bx_attr *next; struct str name, tag; struct bx_list value; };
struct bx_elem {
    struct str name, tag;
    struct bx_attr *attr, *last_attr;
    struct bx_list content;
    bool empty;                     /* <a/> in the original */
    struct str open;                /* made by whoever keeps the tree: "<a b='c'" when no attribute has a slot */
};

struct bx_chunk { const uint8_t *p; size_t n; uint32_t work; };     /* work: what is left of the budget */

/* Where a definition names something by offset, so that the same definition in another chunk can be recognised. */
struct bx_ref { uint32_t pos; uint16_t name; bool inside; };        /* pos of the u32 in the definition; inside: the name follows it */
struct bx_refs { struct bx_ref *ref; struct span *name; size_t n, cap, n_name; bool full; };    /* name: hash, count, characters in the chunk */

/* What a reader of tokens knows. slots: substitutes at once; NULL: leaves BXN_SLOT nodes. definition: elements carry dependency ids.
 * refs: not NULL while a definition is compiled; nested template instances are refused then. */
struct bx_parse {
    struct bx_chunk *chunk;
    struct arena *mem;
    const struct bx_slots *slots;
    struct bx_refs *refs;
    bool definition, *odd;
    unsigned level, open;
    uint32_t base;                  /* offset of the definition's data in the chunk, for refs */
    const char **why;
};
bool bx_parse(const struct bx_parse *q, struct span s, struct bx_list *to);     /* s.off: its offset in the chunk */
bool bx_work(struct bx_chunk *c, uint32_t n);                                   /* false: the budget is used up */

/* A template instance behind its 0x0c token: where its definition lies, with s left at the values. */
bool bx_instance(struct span *s, uint32_t *def, uint32_t *id);                  /* false: cut short */
struct span bx_definition(const struct bx_chunk *c, uint32_t def);              /* 24 bytes of header and the data; .bad when it leaves the chunk */
/* The values. off: room for cap + 1 offsets. False: truncated, or more than cap. */
bool bx_slots(struct span *s, uint32_t *off, uint32_t cap, struct bx_slots *out);

static inline struct bx_val bx_slot(const struct bx_slots *s, uint32_t i)
{
    if (i >= s->n)
        return bx_null_val();       /* more places than values: as null */
    return (struct bx_val){.p = s->val + s->off[i], .n = s->off[i + 1] - s->off[i], .kind = BXV_FILE, .type = s->desc[4 * i + 2]};
}
#endif
