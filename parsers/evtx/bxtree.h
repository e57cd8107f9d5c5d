/* bxtree: tokens of binary XML to a tree; the one reader of tokens, for template definitions and for whole
 * records. The tree lies in the caller's arena; file values borrow the chunk. It refuses unknown tokens, text
 * that leaves its fragment, nesting and work beyond the chunk's budget: false, and why. */
#ifndef BXTREE_H
#define BXTREE_H
#include "base/arena.h"
#include "base/near.h"
#include "base/span.h"
#include "parsers/evtx/bxevent.h"

/* value: substituted; slot: still to be substituted */
enum bx_node_kind { BXN_VALUE, BXN_LITERAL, BXN_SLOT, BXN_ELEMENT, BXN_PI };
struct bx_elem;
struct bx_node {
    struct bx_node *next;
    enum bx_node_kind kind;
    bool optional;     /* slot: a null one drops its element or attribute */
    uint16_t slot;     /* literal: how many more were joined to it */
    struct bx_val val; /* value, literal; PI: its text */
    struct bx_elem *elem;
    struct str target; /* PI */
};
/* tag: name with what XML forbids in names replaced by '_'. */
struct bx_attr {
    struct bx_attr *next;
    struct str name, tag;
    struct bx_list value;
};
struct bx_elem {
    struct str name, tag;
    struct bx_attr *attr, *last_attr;
    struct bx_list content;
    bool empty, lost; /* <a/> in the original; an attribute went with a null */
    /* made by whoever keeps the tree: "<a b='c'" when no attribute has a slot */
    struct str open;
};

static inline bool bx_is_xmlns(struct str name)
{
    return str_eq(name, STR("xmlns")) || (name.n > 6 && memcmp(name.p, "xmlns:", 6) == 0);
}

/* Names of a chunk, by where they lie: at one more than that, 0: none. odd: its hash is wrong; work: what
 * reading it takes of the budget. */
enum { BX_NAMES_KNOWN = 256 };
struct bx_names {
    struct arena mem;
    bool some;
    struct bx_name {
        uint32_t at;
        uint16_t work;
        bool odd;
        struct str name, tag;
    } known[BX_NAMES_KNOWN];
};

/* names: for trees that are not kept; NULL: each is read. work: what is left of the budget. elements, levels:
 * how deep a record may nest; deep: one wanted to nest deeper. */
struct bx_chunk {
    const uint8_t *p;
    size_t n;
    struct bx_names *names;
    uint32_t work;
    unsigned elements, levels;
    bool deep;
    bool replacing; /* bx_replacing */
};

/* Where a definition names something by offset, so that the same definition in another chunk can be
 * recognised. */
/* pos of the u32 in the definition; inside: the name follows it */
struct bx_ref {
    uint32_t pos;
    uint16_t name;
    bool inside;
};
/* name: hash, count, characters in the chunk */
struct bx_refs {
    struct bx_ref *ref;
    struct span *name;
    size_t n, cap, n_name;
    bool full;
};

/* What a reader of tokens knows. slots: substitutes at once; NULL: leaves BXN_SLOT nodes. definition:
 * elements carry dependency ids. refs: not NULL while a definition is compiled; nested template instances are
 * refused then. */
struct bx_parse {
    struct bx_chunk *chunk;
    struct arena *mem;
    const struct bx_slots *slots;
    struct bx_refs *refs;
    bool definition, *odd;
    unsigned level, open;
    uint32_t base; /* offset of the definition's data in the chunk, for refs */
    const char **why;
};
/* s.off: its offset in the chunk */
bool bx_parse(const struct bx_parse *q, struct span s, struct bx_list *to);
/* false: the budget is used up */
static inline bool bx_work(struct bx_chunk *c, uint32_t n)
{
    bool enough = c->work >= n;
    c->work = enough ? c->work - n : 0;
    return enough;
}

/* 24 bytes of header and the data; .bad when it leaves the chunk */
struct span bx_definition(const struct bx_chunk *c, uint32_t def);

/* A template instance behind its 0x0c token: where its definition lies, with s left at the values. False: cut
 * short. Inline, as the next two: every record passes here. */
static inline bool bx_instance(struct span *s, uint32_t *def, uint32_t *id)
{
    const uint8_t *p = s->p;
    size_t n = s->n, skip = 9;
    if (n < skip)
        return false;
    *id = le32(p + 1), *def = le32(p + 5);
    if (*def == s->off + skip) { /* the definition itself, at its first use in the chunk */
        if (n - skip < 24 || n - skip - 24 < le32(p + skip + 20))
            return false;
        skip += 24 + (size_t)le32(p + skip + 20);
    }
    *s = span_of(p + skip, n - skip, s->off + skip);
    return true;
}

/* The values. off: room for cap + 1 + NEAR_SUMS offsets. False: cut short, or more than cap. */
static inline bool bx_slots(struct span *s, uint32_t *off, uint32_t cap, struct bx_slots *out)
{
    uint32_t n = s->n >= 4 ? le32(s->p) : UINT32_MAX;
    if (n > cap || n > (s->n - 4) / 4)
        return false;
    const uint8_t *desc = s->p + 4, *val = desc + 4 * (size_t)n;
    size_t left = s->n - 4 - 4 * (size_t)n;
    bool fragments = left >= NEAR_BEHIND ? near_sums(desc, n, off, BX_XML)
                                         : near_sums_twin(desc, n, off, BX_XML);
    if (off[n] > left)
        return false;
    *out = (struct bx_slots){desc, val, n, fragments, off};
    *s = span_of(val + off[n], left - off[n], s->off + (uint64_t)(val - s->p) + off[n]);
    return true;
}

static inline struct bx_val bx_slot(const struct bx_slots *s, uint32_t i)
{
    if (i >= s->n)
        return bx_null_val(); /* more places than values: as null */
    return (struct bx_val){
        .p = s->val + s->off[i], .n = s->off[i + 1] - s->off[i], .type = s->desc[4 * i + 2]};
}
#endif
