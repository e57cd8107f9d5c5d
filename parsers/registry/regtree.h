/* regtree: keys and values of a text export in memory, so that they can be asked for like those of a hive
 * (decode.h). Everything is copied into an arena of its own; keys are found by hash, whatever their number.
 * It refuses what finds no room: the caller tells. Of two values of one name the first counts. */
#ifndef REGTREE_H
#define REGTREE_H
#include "parsers/registry/decode.h"

enum { REGTREE_BUCKETS = 1 << 14 };
/* told: as a fact of its own */
struct reg_tree_value {
    struct str name;
    uint32_t type, size, line;
    struct span data;
    uint64_t off;
    bool told;
    struct reg_tree_value *next;
};
struct reg_tree_key {
    struct str name;
    uint64_t off;
    uint32_t id;
    bool met;
    const struct reg_tree_key *up;
    struct reg_tree_key *child, *last, *next, *chain;
    struct reg_tree_value *value, *last_value;
};
/* steps: comparisons left; without any nothing is found */
struct regtree {
    struct arena a;
    struct reg_tree_key top, **bucket;
    uint64_t steps;
    uint32_t keys;
};

bool regtree_make(struct regtree *t, struct arena a, uint64_t steps);
/* The key at this path, made if missing. NULL: no room, or a path too long to be real. */
struct reg_tree_key *regtree_key(struct regtree *t, struct str path, uint64_t off);
struct reg_tree_key *regtree_find(struct regtree *t, const struct reg_tree_key *from, struct str path);
/* copies name and data; NULL: no room */
struct reg_tree_value *regtree_put(struct regtree *t, struct reg_tree_key *k, const struct reg_tree_value *v);
struct reg_tree_value *regtree_get(struct regtree *t, const struct reg_tree_key *k, struct str name);
#endif
