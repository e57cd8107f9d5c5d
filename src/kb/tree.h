/* tree: one YAML document as nodes that know their line; the only user of libyaml.
 * Nodes and strings live in the caller's arena.
 * It refuses anchors, aliases, tags, second documents, duplicate keys, deep nesting and floods of nodes:
 * knowledge is plain data. */
#ifndef TREE_H
#define TREE_H
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

/* A child of a map carries its key. plain: a scalar without quotes, so 12 may be a number and nothing may be
 * "not given". */
struct node {
    enum node_kind kind;
    bool plain;
    unsigned line;
    struct str key, s;
    struct node *child, *next;
    size_t n; /* children */
};

/* file names the text in messages: "FILE:LINE: why". An empty document is an empty map. */
enum status tree_read(struct str text, const char *file, struct arena *a, struct node **out, struct err *e);
const struct node *tree_get(const struct node *map, const char *key); /* NULL: not there */
#endif
