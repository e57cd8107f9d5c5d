#include "parsers/registry/regtree.h"
#include "base/limits.h"
#include "base/utf.h"

bool regtree_make(struct regtree *t, struct arena a, uint64_t steps)
{
    *t = (struct regtree){.a = a, .steps = steps};
    t->bucket = arena_alloc(&t->a, sizeof *t->bucket, REGTREE_BUCKETS);
    return t->bucket != NULL;
}

static struct reg_tree_key **bucket_of(struct regtree *t, const struct reg_tree_key *up, struct str name)
{
    uint64_t h = 14695981039346656037u ^ up->id;
    for (size_t i = 0; i < name.n;)
        h = (h ^ utf_upcase(utf8_next(name, &i))) * 1099511628211u;
    return &t->bucket[(h ^ h >> 29) % REGTREE_BUCKETS];
}

static struct reg_tree_key *child(struct regtree *t, const struct reg_tree_key *up, struct str name)
{
    for (struct reg_tree_key *k = *bucket_of(t, up, name); k && t->steps; k = k->chain) {
        t->steps--;
        if (k->up == up && utf8_eq_ci(k->name, name))
            return k;
    }
    return NULL;
}

struct reg_tree_key *regtree_find(struct regtree *t, const struct reg_tree_key *from, struct str path)
{
    struct reg_tree_key *k = (struct reg_tree_key *)(uintptr_t)from;
    while (k && path.n)
        k = child(t, k, str_cut(&path, '\\'));
    return k;
}

struct reg_tree_key *regtree_key(struct regtree *t, struct str path, uint64_t off)
{
    struct reg_tree_key *k = &t->top;
    for (unsigned depth = 0; path.n; depth++) {
        struct str name = str_cut(&path, '\\');
        struct reg_tree_key *below = child(t, k, name);
        if (!below) {
            below = depth < LIM_REGF_DEPTH && t->steps ? arena_alloc(&t->a, sizeof *below, 1) : NULL;
            struct str copy = below ? arena_str(&t->a, name) : (struct str){0};
            if (!copy.p)
                return NULL;
            struct reg_tree_key **b = bucket_of(t, k, name);
            *below = (struct reg_tree_key){.name = copy, .off = off, .id = ++t->keys, .up = k, .chain = *b};
            *b = below;
            *(k->last ? &k->last->next : &k->child) = below;
            k->last = below;
        }
        k = below;
    }
    if (k != &t->top && !k->value)
        k->off = off; /* its own line, not that of the first key below it */
    return k;
}

struct reg_tree_value *regtree_put(struct regtree *t, struct reg_tree_key *k, const struct reg_tree_value *v)
{
    struct reg_tree_value *own = arena_alloc(&t->a, sizeof *own, 1);
    uint8_t *data = own ? arena_alloc(&t->a, 1, v->data.n + 1) : NULL;
    struct str name = data ? arena_str(&t->a, v->name) : (struct str){0};
    if (!name.p)
        return NULL;
    if (v->data.n)
        memcpy(data, v->data.p, v->data.n);
    *own = *v;
    own->name = name, own->data = span_of(data, v->data.n, v->off), own->next = NULL;
    *(k->last_value ? &k->last_value->next : &k->value) = own;
    return k->last_value = own;
}

struct reg_tree_value *regtree_get(struct regtree *t, const struct reg_tree_key *k, struct str name)
{
    struct reg_tree_value *v = k->value;
    while (v && t->steps && !utf8_eq_ci(v->name, name))
        v = v->next, t->steps--;
    return t->steps ? v : NULL;
}
