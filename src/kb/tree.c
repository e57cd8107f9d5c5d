#include "kb/tree.h"
#include "base/limits.h"
#include <yaml.h>

struct tree_builder {
    const char *file;
    struct arena *a;
    struct node *open[LIM_YAML_DEPTH]; /* containers being filled, outermost first */
    struct node *last[LIM_YAML_DEPTH]; /* their newest child */
    struct str key[LIM_YAML_DEPTH];    /* key waiting for its value; .p NULL: none */
    size_t depth, nodes;
    struct node *root;
};

static enum status refuse(struct tree_builder *r, size_t line, struct err *e, const char *why)
{
    return err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "%s:%zu: %s", r->file, line + 1, why);
}

static enum status attach(struct tree_builder *r, struct node *n, struct err *e)
{
    if (!r->depth) {
        r->root = n;
        return OK;
    }
    struct node *in = r->open[r->depth - 1], **last = &r->last[r->depth - 1];
    struct str *key = &r->key[r->depth - 1];
    if (in->kind == NODE_MAP) {
        n->key = *key;
        *key = (struct str){0};
        for (const struct node *c = in->child; c; c = c->next)
            if (str_eq(c->key, n->key))
                return err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge",
                               "%s:%u: key '%.60s' twice (before on line %u)", r->file, n->line, n->key.p,
                               c->line);
    }
    if (*last)
        (*last)->next = n;
    else
        in->child = n;
    *last = n;
    if (++in->n > LIM_YAML_KEYS && in->kind == NODE_MAP)
        return refuse(r, n->line - 1, e, "too many keys in one map");
    return OK;
}

static enum status take_event(struct tree_builder *r, const yaml_event_t *ev, enum node_kind kind,
                              struct err *e)
{
    size_t line = ev->start_mark.line;
    if (++r->nodes > LIM_YAML_NODES)
        return refuse(r, line, e, "too many nodes");
    bool in_map = r->depth && r->open[r->depth - 1]->kind == NODE_MAP;
    struct str s = {0};
    if (kind == NODE_SCALAR) {
        s = arena_str(r->a, (struct str){(const char *)ev->data.scalar.value, ev->data.scalar.length});
        if (!s.p)
            return err_set(e, E_LIMIT, ERR_NO_OFF, "knowledge", "%s does not fit in memory", r->file);
        if (memchr(s.p, 0, s.n))
            return refuse(r, line, e, "a NUL character in a text");
    }
    if (in_map && !r->key[r->depth - 1].p) {
        if (kind != NODE_SCALAR)
            return refuse(r, line, e, "a key that is not a plain word");
        r->key[r->depth - 1] = s;
        return OK;
    }
    struct node *n = arena_alloc(r->a, sizeof *n, 1);
    if (!n)
        return err_set(e, E_LIMIT, ERR_NO_OFF, "knowledge", "%s does not fit in memory", r->file);
    *n = (struct node){.kind = kind, .line = (unsigned)line + 1, .s = s};
    n->plain = kind == NODE_SCALAR && ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    enum status st = attach(r, n, e);
    if (st != OK || kind == NODE_SCALAR)
        return st;
    if (r->depth == LIM_YAML_DEPTH)
        return refuse(r, line, e, "nested too deep");
    r->open[r->depth] = n, r->last[r->depth] = NULL, r->key[r->depth] = (struct str){0};
    r->depth++;
    return OK;
}

static bool decorated(const yaml_event_t *ev)
{
    return ev->type == YAML_SCALAR_EVENT ? ev->data.scalar.anchor || ev->data.scalar.tag
           : ev->type == YAML_SEQUENCE_START_EVENT
               ? ev->data.sequence_start.anchor || ev->data.sequence_start.tag
               : ev->data.mapping_start.anchor || ev->data.mapping_start.tag;
}

static enum status one_event(struct tree_builder *r, const yaml_event_t *ev, struct err *e)
{
    switch (ev->type) {
    case YAML_ALIAS_EVENT:
        return refuse(r, ev->start_mark.line, e, "aliases (*name) are not read: write the thing out");
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        if (decorated(ev))
            return refuse(r, ev->start_mark.line, e, "anchors and tags are not read");
        return take_event(r, ev,
                          ev->type == YAML_SCALAR_EVENT          ? NODE_SCALAR
                          : ev->type == YAML_MAPPING_START_EVENT ? NODE_MAP
                                                                 : NODE_LIST,
                          e);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: r->depth--; return OK;
    case YAML_DOCUMENT_START_EVENT:
        return r->root ? refuse(r, ev->start_mark.line, e, "a second document") : OK;
    default: return OK;
    }
}

enum status tree_read(struct str text, const char *file, struct arena *a, struct node **out, struct err *e)
{
    struct tree_builder r = {.file = file, .a = a};
    yaml_parser_t p;
    if (!yaml_parser_initialize(&p))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "knowledge", "%s", file);
    yaml_parser_set_input_string(&p, (const unsigned char *)text.p, text.n);
    yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
    enum status st = OK;
    for (bool done = false; !done && st == OK;) {
        yaml_event_t ev;
        if (!yaml_parser_parse(&p, &ev)) {
            st = err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "%s:%zu: %s", file, p.problem_mark.line + 1,
                         p.problem ? p.problem : "not YAML");
            break;
        }
        st = one_event(&r, &ev, e);
        done = ev.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&ev);
    }
    yaml_parser_delete(&p);
    if (st == OK && !r.root && (r.root = arena_alloc(a, sizeof *r.root, 1)))
        *r.root = (struct node){.kind = NODE_MAP, .line = 1};
    if (st == OK && !r.root)
        st = err_set(e, E_LIMIT, ERR_NO_OFF, "knowledge", "%s does not fit in memory", file);
    *out = st == OK ? r.root : NULL;
    return st;
}

const struct node *tree_get(const struct node *map, const char *key)
{
    for (const struct node *c = map->kind == NODE_MAP ? map->child : NULL; c; c = c->next)
        if (str_eq(c->key, str_of(key)))
            return c;
    return NULL;
}
