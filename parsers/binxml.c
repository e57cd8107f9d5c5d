#include "binxml.h"
#include "bxtree.h"
#include "../src/base/hash.h"
#include "../src/base/utf.h"
#include <stdlib.h>

enum { BUCKETS = 1024, CHAIN = 32, TOUCHED = 2048, CHUNK_MAX = 65536, ENTRIES_MAX = 16384, XML_MAX = 4 << 20, NAMES_SEEN = 64 };

/* ---- What a template knows ------------------------------------------------------------------------------------------------------------ */

/* Where a value comes from. slot < 0: literal; gate >= 0: when that slot is null the whole element is gone. */
struct src { int32_t slot, gate; bool optional; struct bx_val literal; };

enum field_kind { NAMED, UNNAMED, PAYLOAD };
struct bx_field {
    struct str name, key;           /* key: "name": as JSON; made once in plans */
    struct src src;
    enum field_kind kind;
    uint8_t context;                /* PAYLOAD: what its fragment stands in */
};

/* The same fragment means other things in other places. */
enum context { AT_RECORD, IN_EVENT, IN_USERDATA, CONTEXTS };

/* A template (or a tree) seen as an event: which slot is which field. ok false: not modelled, the general lane reads it. */
struct plan {
    bool ok, unique, unnamed, rendered;
    struct src sys[BXS_FIELDS];
    struct bx_field *field;
    size_t n, cap;
    const void *who;                /* bx_named's last list, and where its names are; UINT16_MAX: not here */
    uint16_t where[BX_NAMES];
};

struct bx_tmpl {
    const uint8_t *raw;             /* header (24 bytes) and data as first seen */
    uint32_t bytes;
    struct bx_refs refs;            /* names lie in our copies, not in a chunk */
    struct bx_list tree;
    bool compiled, odd;             /* odd: a name's hash is wrong */
    uint16_t index;                 /* in bx->tmpl */
    struct plan *plan[CONTEXTS];
    struct bx_tmpl *next;
};

struct bx {
    struct bx_chunk chunk;
    struct arena *scratch, mem, keep;
    struct bx_tmpl *bucket[BUCKETS], **tmpl;
    size_t n_tmpl, n_touched;
    uint16_t *at, touched[TOUCHED]; /* at[offset of a definition]: 1 + its template in this chunk */
    struct bx_item *item;
    size_t cap_item;
    struct bx_stats stats;
};

struct bx *bx_new(struct arena *scratch)
{
    struct bx *bx = calloc(1, sizeof *bx);
    if (!bx)
        return NULL;
    bx->scratch = scratch;
    bx->at = calloc(CHUNK_MAX, sizeof *bx->at);
    bx->tmpl = calloc(LIM_TEMPLATES, sizeof(struct bx_tmpl *));
    if (!arena_make(&bx->keep, LIM_TEMPLATE_BYTES) || !bx->at || !bx->tmpl)
        bx_free(bx), bx = NULL;
    return bx;
}

void bx_free(struct bx *bx)
{
    if (!bx)
        return;
    arena_free(&bx->keep);
    free(bx->at), free(bx->tmpl), free(bx->item), free(bx);
}

const struct bx_stats *bx_statistics(const struct bx *bx) { return &bx->stats; }

static void forget_offsets(struct bx *bx)
{
    if (bx->n_touched > TOUCHED)
        memset(bx->at, 0, CHUNK_MAX * sizeof *bx->at);
    else
        for (size_t i = 0; i < bx->n_touched; i++)
            bx->at[bx->touched[i]] = 0;
    bx->n_touched = 0;
}

void bx_chunk(struct bx *bx, const uint8_t *p, size_t n)
{
    bx->chunk = (struct bx_chunk){p, n < CHUNK_MAX ? n : CHUNK_MAX, LIM_BINXML_WORK};
    forget_offsets(bx);
}

static void flush_templates(struct bx *bx)
{
    bx->keep.at = bx->keep.base, bx->n_tmpl = 0, bx->stats.flushed++;
    memset(bx->bucket, 0, sizeof bx->bucket);
    forget_offsets(bx);
}

/* ---- Recognising a definition --------------------------------------------------------------------------------------------------------- */

/* Is the definition at def, with these bytes, the one t was made from? Equal but for name offsets, which must lead to equal names.
 * So a template is compiled once per content, wherever in a chunk it stands and whatever stood there before. */
static bool same_definition(struct bx *bx, const struct bx_tmpl *t, struct span body, uint32_t def)
{
    uint32_t seen[NAMES_SEEN] = {0}, at = 4;        /* the first 4 bytes chain definitions of a bucket: never followed */
    if (t->bytes != body.n || memcmp(t->raw + 4, body.p + 4, 20) != 0 || !bx_work(&bx->chunk, 1 + (uint32_t)(t->refs.n + body.n / 64)))
        return false;
    for (size_t i = 0; i < t->refs.n; i++) {
        const struct bx_ref *r = &t->refs.ref[i];
        const struct span name = t->refs.name[r->name];
        uint32_t pos = 24 + r->pos, off = le32(body.p + pos), own = def + pos + 4;
        if (memcmp(t->raw + at, body.p + at, pos - at) != 0 || (off == own) != r->inside)
            return false;
        at = pos + (r->inside ? 8 : 4);             /* an inline name's own chain link is not its content */
        if (r->inside || (r->name < NAMES_SEEN && seen[r->name] == off && off))
            continue;
        if (off > bx->chunk.n || bx->chunk.n - off < 4 + name.n || memcmp(bx->chunk.p + off + 4, name.p, name.n) != 0)
            return false;
        if (r->name < NAMES_SEEN)
            seen[r->name] = off;
    }
    return memcmp(t->raw + at, body.p + at, t->bytes - at) == 0;
}

/* ---- Compiling ------------------------------------------------------------------------------------------------------------------------ */

static struct str kept(struct bx *bx, struct buf *b)
{
    struct str s = b->bad ? (struct str){0} : arena_str(&bx->keep, buf_view(b));
    b->n = 0;
    return s;
}

/* Literal text leaves the chunk and gets its escaped forms, once. */
static bool keep_literals(struct bx *bx, struct bx_list *l, struct buf *tmp)
{
    for (struct bx_node *n = l->first; n; n = n->next) {
        if (n->kind == BXN_PI) {
            bx_text(tmp, n->val);
            n->val = bx_text_val(kept(bx, tmp));
            if (!n->val.text)
                return false;
        }
        if (n->kind != BXN_LITERAL)
            continue;
        struct bx_literal *lit = arena_alloc(&bx->keep, sizeof *lit, 1);
        if (!lit)
            return false;
        bx_text(tmp, n->val);
        lit->text = kept(bx, tmp);
        buf_json(tmp, lit->text);
        lit->json = kept(bx, tmp);
        buf_xml(tmp, lit->text);
        lit->xml = kept(bx, tmp);
        if (!lit->text.p || !lit->json.p || !lit->xml.p)
            return false;
        n->val = (struct bx_val){.literal = lit, .n = (uint32_t)lit->text.n, .kind = BXV_LITERAL};
    }
    return true;
}

static bool all_literal(const struct bx_elem *e)
{
    for (const struct bx_attr *a = e->attr; a; a = a->next)
        for (const struct bx_node *n = a->value.first; n; n = n->next)
            if (n->kind != BXN_LITERAL)
                return false;
    return true;
}

static void put_attribute(struct buf *out, const struct bx_attr *a, const struct bx_slots *s);

static bool keep_element(struct bx *bx, struct bx_elem *e, struct buf *tmp)
{
    for (struct bx_attr *a = e->attr; a; a = a->next)
        if (!keep_literals(bx, &a->value, tmp))
            return false;
    for (struct bx_node *n = e->content.first; n; n = n->next)
        if (n->kind == BXN_ELEMENT && !keep_element(bx, n->elem, tmp))
            return false;
    if (!keep_literals(bx, &e->content, tmp))
        return false;
    if (!all_literal(e))
        return true;
    buf_char(tmp, '<'), buf_str(tmp, e->tag);
    for (const struct bx_attr *a = e->attr; a; a = a->next)
        put_attribute(tmp, a, NULL);
    e->open = kept(bx, tmp);
    return e->open.p != NULL;
}

/* The tree of a definition, in memory that outlives the chunk. A definition that is no good is remembered too, so it is not tried again. */
static struct bx_tmpl *compile(struct bx *bx, struct span body, uint32_t def)
{
    const char *why = NULL;
    struct arena tmp_mem = bx->mem;
    if (!bx_work(&bx->chunk, (uint32_t)body.n / 16))
        return NULL;
    struct bx_tmpl *t = arena_alloc(&bx->keep, sizeof *t, 1);
    struct bx_refs refs = {.cap = body.n / 5 < UINT16_MAX ? body.n / 5 : UINT16_MAX};
    refs.ref = arena_alloc(&tmp_mem, sizeof *refs.ref, refs.cap + 1);
    refs.name = arena_alloc(&tmp_mem, sizeof *refs.name, refs.cap + 1);
    t = t && (t->raw = (const uint8_t *)arena_str(&bx->keep, (struct str){(const char *)body.p, body.n}).p) ? t : NULL;
    if (!t || !refs.ref || !refs.name)
        return NULL;
    bx->stats.compiled++;
    t->bytes = (uint32_t)body.n;
    struct bx_parse q = {.chunk = &bx->chunk, .mem = &bx->keep, .refs = &refs, .definition = true, .odd = &t->odd, .base = def + 24, .why = &why};
    if (!bx_parse(&q, span_at(body, 24, body.n - 24), &t->tree))
        return t;
    t->refs = (struct bx_refs){.n = refs.n, .n_name = refs.n_name};
    t->refs.ref = arena_alloc(&bx->keep, sizeof *refs.ref, refs.n);
    t->refs.name = arena_alloc(&bx->keep, sizeof *refs.name, refs.n_name);
    if (!t->refs.ref || !t->refs.name)
        return t;
    memcpy(t->refs.ref, refs.ref, refs.n * sizeof *refs.ref);
    for (size_t i = 0; i < refs.n_name; i++) {
        struct str copy = arena_str(&bx->keep, (struct str){(const char *)refs.name[i].p, refs.name[i].n});
        if (!copy.p)
            return t;
        t->refs.name[i] = span_of(copy.p, copy.n, 0);
    }
    struct buf tmp = {0};
    bool ok = keep_literals(bx, &t->tree, &tmp);
    for (struct bx_node *n = t->tree.first; n && ok; n = n->next)
        ok = n->kind != BXN_ELEMENT || keep_element(bx, n->elem, &tmp);
    buf_free(&tmp);
    t->compiled = ok;
    return t;
}

/* The first time a definition is met in a chunk: known already, or compiled now. */
__attribute__((noinline)) static struct bx_tmpl *template_new(struct bx *bx, uint32_t def)
{
    struct bx_tmpl *t;
    struct span body = bx_definition(&bx->chunk, def);
    if (body.bad || bx->n_tmpl == LIM_TEMPLATES)
        return NULL;
    struct bx_tmpl **bucket = &bx->bucket[(hash64(body.p + 4, 20) ^ body.n) % BUCKETS];
    unsigned tried = 0;
    for (t = *bucket; t && tried < CHAIN && !same_definition(bx, t, body, def); tried++)
        t = t->next;
    if (t && tried < CHAIN) {
        bx->stats.matched++;
    } else {
        t = compile(bx, body, def);
        if (!t)
            return NULL;
        t->index = (uint16_t)bx->n_tmpl, bx->tmpl[bx->n_tmpl++] = t;
        if (t->compiled)
            t->next = *bucket, *bucket = t;
    }
    bx->at[def] = (uint16_t)(t->index + 1);
    if (bx->n_touched < TOUCHED)
        bx->touched[bx->n_touched] = (uint16_t)def;
    bx->n_touched++;
    return t->compiled ? t : NULL;
}

/* The template whose definition is at offset def of the chunk; NULL: not compiled, the general lane reads it. */
static inline struct bx_tmpl *template_at(struct bx *bx, uint32_t def)
{
    if (def >= bx->chunk.n || !bx->at[def])
        return template_new(bx, def);
    struct bx_tmpl *t = bx->tmpl[bx->at[def] - 1];
    return t->compiled ? t : NULL;
}

/* ---- A tree as an event --------------------------------------------------------------------------------------------------------------- */

/* One walk makes the plan of a template (slots stay slots) and reads the substituted tree of the general lane. */
struct flat { struct bx *bx; struct arena *mem; struct plan *plan; bool keep, bad; };

static bool blank(struct str s) { return str_trim(s).n == 0; }

static struct str text_of(struct flat *f, struct bx_val v)
{
    struct buf tmp = {0};
    bx_text(&tmp, v);
    struct str s = tmp.bad ? (struct str){0} : arena_str(f->mem, buf_view(&tmp));
    buf_free(&tmp);
    f->bad |= !s.p;
    return s;
}

/* What stands beside elements and processing instructions in a list. some: anything.
 * Several pieces are joined, unless one is a slot: not modelled. */
static struct src source_of(struct flat *f, const struct bx_list *l, bool *some)
{
    struct src s = {.slot = -1, .gate = -1, .literal = bx_null_val()};
    struct buf tmp = {0};
    size_t pieces = 0;
    for (const struct bx_node *n = l->first; n; n = n->next) {
        if (n->kind == BXN_ELEMENT || n->kind == BXN_PI)
            continue;
        bool slot = n->kind == BXN_SLOT;
        if (pieces++ == 0) {
            s.slot = slot ? n->slot : -1, s.optional = n->optional;
            if (!slot)
                s.literal = n->val;
            continue;
        }
        f->bad |= slot || s.slot >= 0;
        if (pieces == 2)
            bx_text(&tmp, s.literal);
        if (!slot)
            bx_text(&tmp, n->val);
    }
    if (pieces > 1) {
        struct str joined = tmp.bad ? (struct str){0} : arena_str(f->mem, buf_view(&tmp));
        f->bad |= !joined.p;
        s.literal = bx_text_val(joined);
    }
    buf_free(&tmp);
    return *some = pieces > 0, s;
}

/* An element that is nothing but one optional slot goes when the slot is null. */
static int32_t gate_of(const struct bx_elem *e)
{
    const struct bx_node *n = e->content.first;
    return n && !n->next && n->kind == BXN_SLOT && n->optional ? n->slot : -1;
}

/* The gate of a value in e; none where the value is that slot and says the same. */
static int32_t gate_for(const struct bx_elem *e, const struct src *s)
{
    int32_t gate = gate_of(e);
    return s->optional && s->slot == gate ? -1 : gate;
}

static void add(struct flat *f, enum field_kind kind, struct str name, struct src src)
{
    struct plan *p = f->plan;
    if (p->n == p->cap && !f->bad) {
        size_t cap = p->cap ? 2 * p->cap : 16;
        struct bx_field *more = arena_alloc(f->mem, sizeof *more, cap);
        if (more && p->n)
            memcpy(more, p->field, p->n * sizeof *more);
        f->bad |= !more;
        p->field = more, p->cap = cap;
    }
    if (f->bad || !bx_work(&f->bx->chunk, 1)) {
        f->bad = true;
        return;
    }
    struct bx_field *field = &p->field[p->n++];
    *field = (struct bx_field){.name = name, .src = src, .kind = kind};
    p->unnamed |= kind == UNNAMED;
    if (!f->keep || kind != NAMED)
        return;
    struct buf key = {0};
    buf_json(&key, name), buf_char(&key, ':');
    field->key = kept(f->bx, &key);
    f->bad |= !field->key.p;
    buf_free(&key);
}

/* any: the element was written with attributes, there now or not; without content it then is no datum of its own. */
static void add_attributes(struct flat *f, const struct bx_elem *e, struct str key, bool data, bool *any)
{
    *any = e->lost;
    for (const struct bx_attr *a = e->attr; a && !f->bad; a = a->next) {
        if ((data && str_eq(a->name, STR("Name"))) || bx_is_xmlns(a->name))
            continue;
        bool some;
        struct src s = source_of(f, &a->value, &some);
        char *name = arena_alloc(f->mem, 1, key.n + 1 + a->name.n);
        s.gate = gate_for(e, &s);
        f->bad |= !name;
        if (!name)
            return;
        memcpy(name, key.p, key.n), name[key.n] = '.', memcpy(name + key.n + 1, a->name.p, a->name.n);
        add(f, NAMED, (struct str){name, key.n + 1 + a->name.n}, s), *any = true;
    }
}

static bool has_elements(const struct bx_elem *e)
{
    for (const struct bx_node *n = e->content.first; n; n = n->next)
        if (n->kind == BXN_ELEMENT)
            return true;
    return false;
}

static void add_item(struct flat *f, const struct bx_elem *e);

/* Child elements as items, and what text stands between them under the element's own name. */
static void add_children(struct flat *f, const struct bx_elem *e, struct str name, void child(struct flat *, const struct bx_elem *))
{
    bool some;
    for (const struct bx_node *n = e->content.first; n && !f->bad; n = n->next)
        if (n->kind == BXN_ELEMENT)
            child(f, n->elem);
    struct src s = source_of(f, &e->content, &some);
    f->bad |= s.slot >= 0;
    if (some && !f->bad && !blank(text_of(f, s.literal)))
        add(f, NAMED, name, s);
}

/* <Data Name='x'>v</Data> is x: v; <Data>v</Data> is param1, param2, ...; any other element is its name; attributes are name.attribute. */
static void add_item(struct flat *f, const struct bx_elem *e)
{
    bool plain = str_eq(e->name, STR("Data")), data = plain || str_eq(e->name, STR("ComplexData")), named = false, any = false, some;
    struct str name = e->name;
    for (const struct bx_attr *a = e->attr; a && data && !named; a = a->next)
        if (str_eq(a->name, STR("Name"))) {
            struct src s = source_of(f, &a->value, &named);
            f->bad |= s.slot >= 0;
            name = named && !f->bad ? text_of(f, s.literal) : name;
        }
    add_attributes(f, e, name, data, &any);
    if (has_elements(e)) {
        add_children(f, e, name, add_item);
        return;
    }
    struct src s = source_of(f, &e->content, &some);
    s.gate = gate_for(e, &s);
    if (some || !any)
        add(f, plain && !named ? UNNAMED : NAMED, name, s);
}

/* A child of UserData, or any child of Event we have no better name for: _element says which, its children follow. */
static void add_user(struct flat *f, const struct bx_elem *e)
{
    bool any = false, some;
    struct src s = {.slot = -1, .gate = gate_of(e), .literal = bx_text_val(e->name)};
    add(f, NAMED, STR("_element"), s);
    add_attributes(f, e, e->name, false, &any);
    if (has_elements(e)) {
        add_children(f, e, e->name, add_item);
        return;
    }
    s = source_of(f, &e->content, &some);
    s.gate = gate_for(e, &s);
    if (some)
        add(f, NAMED, e->name, s);
}

static void add_payload(struct flat *f, const struct bx_list *l, enum context context)
{
    for (const struct bx_node *n = l->first; n; n = n->next)
        if (n->kind == BXN_SLOT) {
            add(f, PAYLOAD, STR(""), (struct src){.slot = n->slot, .gate = -1, .optional = n->optional});
            if (!f->bad)
                f->plan->field[f->plan->n - 1].context = (uint8_t)context;
        }
}

static bool has_slots(const struct bx_list *l)
{
    const struct bx_node *n = l->first;
    while (n && n->kind != BXN_SLOT)
        n = n->next;
    return n != NULL;
}

/* A child of Event. */
static void add_top(struct flat *f, const struct bx_elem *e)
{
    bool any = false;
    if (str_eq(e->name, STR("RenderingInfo"))) {
        f->plan->rendered = true;
    } else if (str_eq(e->name, STR("EventData"))) {
        add_attributes(f, e, e->name, false, &any);
        add_children(f, e, e->name, add_item);
    } else if (str_eq(e->name, STR("UserData"))) {
        add_attributes(f, e, e->name, false, &any);
        if (!has_slots(&e->content))
            add_children(f, e, e->name, add_user);
        else if (has_elements(e))
            f->bad = true;
        else
            add_payload(f, &e->content, IN_USERDATA);
    } else if (str_eq(e->name, STR("System"))) {
        f->bad = true;              /* one in a payload: only the whole tree shows what it is */
    } else {
        add_user(f, e);
    }
}

/* Where System keeps its fields. */
static const struct { struct str element, attribute; enum bx_sys what; } system_fields[] = {
    {{"Provider", 8}, {"Name", 4}, BXS_PROVIDER},
    {{"Provider", 8}, {"Guid", 4}, BXS_GUID},
    {{"Provider", 8}, {"EventSourceName", 15}, BXS_SOURCE},
    {{"EventID", 7}, {0}, BXS_EVENT_ID},
    {{"EventID", 7}, {"Qualifiers", 10}, BXS_QUALIFIERS},
    {{"Version", 7}, {0}, BXS_VERSION},
    {{"Level", 5}, {0}, BXS_LEVEL},
    {{"Task", 4}, {0}, BXS_TASK},
    {{"Opcode", 6}, {0}, BXS_OPCODE},
    {{"Keywords", 8}, {0}, BXS_KEYWORDS},
    {{"TimeCreated", 11}, {"SystemTime", 10}, BXS_TIME},
    {{"EventRecordID", 13}, {0}, BXS_RECORD_ID},
    {{"Correlation", 11}, {"ActivityID", 10}, BXS_ACTIVITY},
    {{"Correlation", 11}, {"RelatedActivityID", 17}, BXS_RELATED},
    {{"Execution", 9}, {"ProcessID", 9}, BXS_PID},
    {{"Execution", 9}, {"ThreadID", 8}, BXS_TID},
    {{"Execution", 9}, {"ProcessorID", 11}, BXS_PROCESSOR},
    {{"Execution", 9}, {"SessionID", 9}, BXS_SESSION},
    {{"Execution", 9}, {"KernelTime", 10}, BXS_KERNEL_TIME},
    {{"Execution", 9}, {"UserTime", 8}, BXS_USER_TIME},
    {{"Execution", 9}, {"ProcessorTime", 13}, BXS_PROCESSOR_TIME},
    {{"Channel", 7}, {0}, BXS_CHANNEL},
    {{"Computer", 8}, {0}, BXS_COMPUTER},
    {{"Security", 8}, {"UserID", 6}, BXS_SID},
};

static const struct bx_list *system_list(const struct bx_elem *e, struct str attribute)
{
    if (!attribute.p)
        return &e->content;
    for (const struct bx_attr *a = e->attr; a; a = a->next)
        if (str_eq(a->name, attribute))
            return &a->value;
    return NULL;
}

static void read_system(struct flat *f, const struct bx_elem *system)
{
    for (const struct bx_node *n = system->content.first; n && !f->bad; n = n->next)
        for (size_t i = 0; i < LEN(system_fields) && n->kind == BXN_ELEMENT; i++) {
            struct src *to = &f->plan->sys[system_fields[i].what];
            if (!str_eq(n->elem->name, system_fields[i].element) || to->slot >= 0 || to->literal.kind != BXV_ABSENT)
                continue;
            const struct bx_list *l = system_list(n->elem, system_fields[i].attribute);
            bool some = false;
            struct src s = l ? source_of(f, l, &some) : *to;
            s.gate = gate_for(n->elem, &s);
            if (some)
                *to = s;
        }
}

/* The first Event element of a record. */
static void read_event(struct flat *f, const struct bx_list *tree)
{
    const struct bx_node *n = tree->first;
    while (n && !(n->kind == BXN_ELEMENT && str_eq(n->elem->name, STR("Event"))))
        n = n->next;
    if (!n) {
        f->bad = true;
        return;
    }
    const struct bx_list *event = &n->elem->content;
    bool system = false;
    for (n = event->first; n && !f->bad; n = n->next) {
        if (n->kind != BXN_ELEMENT)
            continue;
        bool is_system = str_eq(n->elem->name, STR("System"));
        if (is_system && !system)
            read_system(f, n->elem), system = true;
        else if (!is_system)
            add_top(f, n->elem);
    }
    add_payload(f, event, IN_EVENT);
}

static void read_payload(struct flat *f, const struct bx_list *tree, enum context context)
{
    for (const struct bx_node *n = tree->first; n && !f->bad; n = n->next) {
        if (n->kind == BXN_ELEMENT && context == IN_EVENT)
            add_top(f, n->elem);
        else if (n->kind == BXN_ELEMENT)
            add_user(f, n->elem);
        else
            f->bad |= n->kind != BXN_PI;
    }
}

static bool names_differ(const struct plan *p)
{
    if (p->n > NAMES_SEEN)
        return false;
    for (size_t i = 0; i < p->n; i++) {
        if (p->unnamed && p->field[i].kind == NAMED && str_starts_ci(p->field[i].name, STR("param")))
            return false;
        for (size_t j = 0; j < i; j++)
            if (p->field[i].kind == NAMED && p->field[j].kind == NAMED && str_eq(p->field[i].name, p->field[j].name))
                return false;
    }
    return true;
}

static void read_tree(struct flat *f, const struct bx_list *tree, enum context context)
{
    for (size_t i = 0; i < BXS_FIELDS; i++)
        f->plan->sys[i] = (struct src){.slot = -1, .gate = -1};
    if (context == AT_RECORD)
        read_event(f, tree);
    else
        read_payload(f, tree, context);
    f->plan->ok = !f->bad;
}

__attribute__((noinline)) static struct plan *plan_new(struct bx *bx, struct bx_tmpl *t, enum context context)
{
    struct plan *p = t->plan[context] = arena_alloc(&bx->keep, sizeof *p, 1);
    if (!p)
        return NULL;
    struct flat f = {bx, &bx->keep, p, true, false};
    read_tree(&f, &t->tree, context);
    p->unique = p->ok && names_differ(p);
    return p->ok ? p : NULL;
}

/* What a template is in this place; NULL: not modelled. */
static inline struct plan *plan_of(struct bx *bx, struct bx_tmpl *t, enum context context)
{
    struct plan *p = t->plan[context];
    return !p ? plan_new(bx, t, context) : p->ok ? p : NULL;
}

/* ---- Records -------------------------------------------------------------------------------------------------------------------------- */

static inline struct bx_val value_of(const struct src *src, const struct bx_slots *s)
{
    if (src->gate >= 0 && bx_is_null(bx_slot(s, (uint32_t)src->gate)))
        return (struct bx_val){.kind = BXV_ABSENT};
    if (src->slot < 0)
        return src->literal;
    struct bx_val v = bx_slot(s, (uint32_t)src->slot);
    if (src->optional && bx_is_null(v))
        v.kind = BXV_ABSENT;
    return v;
}

/* Items of the record at hand: one array for all records, so that none is made anew. */
static struct bx_item *item_add(struct bx *bx, struct bx_event *ev)
{
    if (ev->n_item == bx->cap_item) {
        size_t cap = bx->cap_item ? 2 * bx->cap_item : 64;
        struct bx_item *more = realloc(bx->item, cap * sizeof *more);
        if (!more)
            return NULL;
        bx->item = more, bx->cap_item = cap;
    }
    ev->item = bx->item;
    return &bx->item[ev->n_item++];
}

static bool fail_event(struct bx_event *ev, const char *why)
{
    if (!ev->why)
        ev->why = why;
    return false;
}

static bool open_general(struct bx *bx, struct bx_event *ev)
{
    bx->mem = *bx->scratch;
    ev->t = NULL, ev->tree = (struct bx_list){0}, ev->n_item = 0, ev->odd = ev->unique = false, ev->ready = true;
    bx->stats.general++;
    struct bx_parse q = {.chunk = &bx->chunk, .mem = &bx->mem, .odd = &ev->odd, .why = &ev->why};
    if (!bx_parse(&q, ev->bytes, &ev->tree))
        return false;
    struct plan p = {0};
    struct flat f = {bx, &bx->mem, &p, false, false};
    read_tree(&f, &ev->tree, AT_RECORD);
    if (f.bad)
        return fail_event(ev, p.n ? "too many data for memory" : "no Event element");
    ev->rendered = p.rendered;
    for (size_t i = 0; i < BXS_FIELDS; i++)
        ev->sys[i] = p.sys[i].literal;
    for (size_t i = 0; i < p.n; i++) {
        struct bx_item *item = item_add(bx, ev);
        if (!item)
            return fail_event(ev, "too many data for memory");
        *item = (struct bx_item){&p.field[i], p.field[i].src.literal};
    }
    return true;
}

/* Is s one template instance and nothing else, of a template we compiled? off: room for LIM_BINXML_SLOTS + 1, or NULL: from the record's memory.
 * odd: set when the definition is not the one the instance means. */
static inline struct bx_tmpl *instance_of(struct bx *bx, struct span s, uint32_t *off, struct bx_slots *slots, bool *odd)
{
    uint32_t def, id;
    if (s.n >= 4 && s.p[0] == 0x0f)
        span_take(&s, 4);
    if (span_u8(&s) != 0x0c || !bx_instance(&s, &def, &id))
        return NULL;
    uint32_t n = s.n >= 4 ? le32(s.p) : UINT32_MAX;
    if (n > LIM_BINXML_SLOTS || (!off && !(off = arena_alloc(&bx->mem, sizeof *off, (size_t)n + 1))))
        return NULL;
    if (!bx_slots(&s, off, n, slots) || (s.n && s.p[0] != 0))
        return NULL;
    struct bx_tmpl *t = template_at(bx, def);
    *odd |= !t || t->odd || le32(t->raw + 4) != id;
    return t;
}

static const char odd_why[] = "names or templates overwritten";

bool bx_open(struct bx *bx, size_t at, size_t n, enum bx_lane lane, struct bx_event *ev)
{
    ev->why = NULL, ev->t = NULL, ev->odd = false;
    if (at > bx->chunk.n || n > bx->chunk.n - at)
        return fail_event(ev, "outside the chunk");
    ev->bytes = span_of(bx->chunk.p + at, n, at);
    if (lane == BX_GENERAL_LANE)
        return open_general(bx, ev);
    if (bx->n_tmpl > LIM_TEMPLATES - 512 || (size_t)(bx->keep.at - bx->keep.base) > LIM_TEMPLATE_BYTES / 4 * 3)
        flush_templates(bx);
    bx->mem = *bx->scratch;
    struct bx_tmpl *t = instance_of(bx, ev->bytes, ev->room, &ev->s, &ev->odd);
    struct plan *p = t ? plan_of(bx, t, AT_RECORD) : NULL;
    if (lane == BX_STRICT && ev->odd)
        return fail_event(ev, odd_why);
    if (!p)
        return open_general(bx, ev) && (lane != BX_STRICT || !ev->odd || fail_event(ev, odd_why));
    ev->t = t, ev->n_item = 0, ev->ready = false, ev->rendered = p->rendered;
    return lane != BX_STRICT || (bx_items(bx, ev) && !ev->odd) || fail_event(ev, odd_why);
}

struct bx_val bx_sys(const struct bx_event *ev, enum bx_sys what)
{
    return ev->t ? value_of(&ev->t->plan[AT_RECORD]->sys[what], &ev->s) : ev->sys[what];
}

void bx_system(const struct bx_event *ev, struct bx_val all[BXS_FIELDS])
{
    if (!ev->t)
        memcpy(all, ev->sys, sizeof ev->sys);
    for (size_t i = 0; ev->t && i < BXS_FIELDS; i++)
        all[i] = value_of(&ev->t->plan[AT_RECORD]->sys[i], &ev->s);
}

void bx_head(const struct bx_event *ev, struct bx_head *h)
{
    if (!ev->t) {
        *h = (struct bx_head){ev->sys[BXS_COMPUTER], ev->sys[BXS_CHANNEL], ev->sys[BXS_PROVIDER], ev->sys[BXS_EVENT_ID], ev->sys[BXS_RECORD_ID],
            ev->sys[BXS_TIME]};
        return;
    }
    const struct src *sys = ev->t->plan[AT_RECORD]->sys;
    h->computer = value_of(&sys[BXS_COMPUTER], &ev->s), h->channel = value_of(&sys[BXS_CHANNEL], &ev->s),
        h->provider = value_of(&sys[BXS_PROVIDER], &ev->s);
    h->event_id = value_of(&sys[BXS_EVENT_ID], &ev->s), h->record_id = value_of(&sys[BXS_RECORD_ID], &ev->s),
        h->time = value_of(&sys[BXS_TIME], &ev->s);
}

static bool add_items(struct bx *bx, struct bx_event *ev, const struct plan *p, const struct bx_slots *s, unsigned level);

/* The fragment in a slot: a template instance by its plan, anything else through a tree of its own. False: only the whole record's tree will do. */
static bool add_fragment(struct bx *bx, struct bx_event *ev, struct bx_val v, enum context context, unsigned level)
{
    if (v.kind == BXV_ABSENT || bx_is_null(v))
        return true;
    if (!bx_is_xml(v) || level > LIM_BINXML_DEPTH)
        return false;
    struct span s = span_of(v.p, v.n, (uint64_t)(v.p - bx->chunk.p));
    struct bx_slots slots;
    struct bx_tmpl *t = instance_of(bx, s, NULL, &slots, &ev->odd);
    struct plan *p = t ? plan_of(bx, t, context) : NULL;
    if (p)
        return add_items(bx, ev, p, &slots, level);
    const char *why = NULL;
    struct bx_list tree = {0};
    struct plan own = {0};
    struct bx_parse q = {.chunk = &bx->chunk, .mem = &bx->mem, .level = level, .odd = &ev->odd, .why = &why};
    struct flat f = {bx, &bx->mem, &own, false, false};
    if (!bx_parse(&q, s, &tree))
        return false;
    read_tree(&f, &tree, context);
    ev->unique = false;
    return own.ok && add_items(bx, ev, &own, &slots, level);
}

static bool add_items(struct bx *bx, struct bx_event *ev, const struct plan *p, const struct bx_slots *s, unsigned level)
{
    ev->unique &= p->unique && (ev->n_item == 0 || p->n == 0);
    ev->rendered |= p->rendered;
    for (size_t i = 0; i < p->n; i++) {
        const struct bx_field *f = &p->field[i];
        struct bx_val v = value_of(&f->src, s);
        if (f->kind == PAYLOAD) {
            if (!add_fragment(bx, ev, v, f->context, level + 1))
                return false;
            ev->unique &= p->n == 1;
            continue;
        }
        if (v.kind == BXV_ABSENT)
            continue;
        if (bx_is_xml(v) && v.n)
            return false;
        struct bx_item *item = item_add(bx, ev);
        if (!item || !bx_work(&bx->chunk, 1))
            return false;
        *item = (struct bx_item){f, v};
    }
    return true;
}

bool bx_items(struct bx *bx, struct bx_event *ev)
{
    if (ev->ready)
        return true;
    ev->n_item = 0, ev->unique = true;
    ev->ready = add_items(bx, ev, ev->t->plan[AT_RECORD], &ev->s, 0);
    if (ev->ready)
        return true;
    const struct bx_tmpl *t = ev->t;
    if (open_general(bx, ev))
        return true;
    ev->t = t, ev->n_item = 0, ev->ready = false;       /* the head stays readable */
    return false;
}

/* ---- Values by name ------------------------------------------------------------------------------------------------------------------- */

/* Unnamed data have numbers, counted from 1. */
static struct str param_name(struct arena *a, uint64_t number)
{
    struct buf b = {.p = arena_alloc(a, 1, 32), .cap = 32};
    if (b.p)
        buf_put(&b, "param", 5), buf_u64(&b, number);
    return buf_view(&b);
}

static void find_names(struct plan *p, const void *who, const struct str *name, size_t n)
{
    p->who = who;
    for (size_t k = 0; k < n; k++) {
        p->where[k] = UINT16_MAX;
        for (size_t i = 0; i < p->n && p->where[k] == UINT16_MAX; i++)
            if (str_eq(p->field[i].name, name[k]))
                p->where[k] = (uint16_t)i;
    }
}

/* The usual record: one payload, one template, all names known and different. */
static bool named_in_slots(struct bx *bx, struct bx_event *ev, const void *who, const struct str *name, size_t n, struct bx_val *out)
{
    const struct plan *outer = ev->t ? ev->t->plan[AT_RECORD] : NULL;
    if (!outer || outer->n != 1 || outer->field[0].kind != PAYLOAD)
        return false;
    struct bx_val v = value_of(&outer->field[0].src, &ev->s);
    if (v.kind == BXV_ABSENT || !bx_is_xml(v))
        return false;
    struct bx_slots slots;
    struct bx_tmpl *t = instance_of(bx, span_of(v.p, v.n, (uint64_t)(v.p - bx->chunk.p)), NULL, &slots, &ev->odd);
    struct plan *p = t ? plan_of(bx, t, outer->field[0].context) : NULL;
    if (!p || !p->unique || p->unnamed)
        return false;
    if (p->who != who)
        find_names(p, who, name, n);
    for (size_t k = 0; k < n; k++) {
        out[k] = p->where[k] == UINT16_MAX ? (struct bx_val){.kind = BXV_ABSENT} : value_of(&p->field[p->where[k]].src, &slots);
        if (bx_is_xml(out[k]))
            return false;
    }
    return true;
}

static void first_of_name(struct str is, struct bx_val v, const struct str *name, size_t n, struct bx_val *out)
{
    for (size_t k = 0; k < n; k++)
        if (out[k].kind == BXV_ABSENT && str_eq(is, name[k]))
            out[k] = v;
}

bool bx_named(struct bx *bx, struct bx_event *ev, const void *who, const struct str *name, size_t n, struct bx_val *out)
{
    if (!ev->ready && n <= BX_NAMES && named_in_slots(bx, ev, who, name, n, out))
        return true;
    if (!bx_items(bx, ev))
        return false;
    for (size_t k = 0; k < n; k++)
        out[k] = (struct bx_val){.kind = BXV_ABSENT};
    uint64_t unnamed = 0;
    for (size_t i = 0; i < ev->n_item; i++) {
        struct bx_val rest = ev->item[i].val, one;
        if (ev->item[i].field->kind == UNNAMED) {
            while (bx_each(&rest, &one))
                first_of_name(param_name(&bx->mem, ++unnamed), one, name, n, out);
        } else {
            first_of_name(ev->item[i].field->name, rest, name, n, out);
        }
    }
    return true;
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------------------------- */

static void mix(uint64_t *hash, const void *p, size_t n)
{
    if (!hash)
        return;
    uint8_t both[16];
    uint64_t two[2] = {*hash, hash64(p, n)};
    for (size_t i = 0; i < sizeof both; i++)
        both[i] = (uint8_t)(two[i / 8] >> (8 * (i % 8)));
    *hash = hash64(both, sizeof both);
}

static void put_value(struct buf *out, struct bx_val v, uint64_t *hash)
{
    size_t from = out->n;
    bx_json(out, v);
    if (!hash || out->bad)
        return;
    bool quoted = out->p[from] == '"';
    mix(hash, out->p + from + quoted, out->n - from - 2 * quoted);
}

static void put_values(struct buf *out, struct bx_val v, uint64_t *hash)
{
    struct bx_val one = v, rest = v;
    size_t n = bx_is_array(v) ? bx_count(v) : 1;
    if (n <= 1) {
        if (bx_is_array(v) && !bx_each(&rest, &one))
            one = bx_null_val();
        put_value(out, one, hash);
        return;
    }
    for (char c = '['; bx_each(&rest, &one); c = ',')
        buf_char(out, c), put_value(out, one, hash);
    buf_char(out, ']');
}

/* All names differ: straight from the items. */
static bool put_unique(struct bx_event *ev, struct buf *out, size_t start, uint64_t *hash)
{
    uint64_t unnamed = 0;
    char comma = '{';
    for (size_t i = 0; i < ev->n_item; i++) {
        const struct bx_field *f = ev->item[i].field;
        struct bx_val one, rest = ev->item[i].val;
        if (f->kind == NAMED) {
            buf_char(out, comma), buf_str(out, f->key), comma = ',';
            mix(hash, f->name.p, f->name.n);
            put_values(out, rest, hash);
        }
        while (f->kind == UNNAMED && bx_each(&rest, &one) && out->n - start <= LIM_EVENT_JSON) {
            buf_char(out, comma), comma = ',';
            size_t from = out->n + 1;
            buf_put(out, "\"param", 6), buf_u64(out, ++unnamed), buf_put(out, "\":", 2);
            if (!out->bad)
                mix(hash, out->p + from, out->n - from - 2);
            put_value(out, one, hash);
        }
        if (out->bad || out->n - start > LIM_EVENT_JSON)
            return false;
    }
    return true;
}

/* Names may repeat: all values of a name under its first place, as an array when there are several. */
struct entry { struct str name; struct bx_val val; uint32_t next, last; bool first; };

static size_t list_entries(struct bx *bx, const struct bx_event *ev, struct entry *entry, size_t cap)
{
    size_t n = 0;
    uint64_t unnamed = 0;
    for (size_t i = 0; i < ev->n_item; i++) {
        struct bx_val one, rest = ev->item[i].val;
        bool is_unnamed = ev->item[i].field->kind == UNNAMED;
        if (!is_unnamed && bx_is_array(rest) && rest.n == 0)
            rest = bx_null_val();                   /* an empty array leaves its element, empty */
        while (bx_each(&rest, &one)) {
            struct str name = is_unnamed ? param_name(&bx->mem, ++unnamed) : ev->item[i].field->name;
            if (n == cap || !name.p)
                return SIZE_MAX;
            entry[n++] = (struct entry){.name = name, .val = one};
        }
    }
    return n;
}

static bool put_grouped(struct bx *bx, struct bx_event *ev, struct buf *out, size_t start, uint64_t *hash)
{
    size_t cap = 0, slots = 16;
    for (size_t i = 0; i < ev->n_item && cap <= ENTRIES_MAX; i++)
        cap += bx_count(ev->item[i].val) + 1;
    if (cap > ENTRIES_MAX)
        cap = ENTRIES_MAX;
    while (slots < 2 * cap)
        slots *= 2;
    struct entry *entry = arena_alloc(&bx->mem, sizeof *entry, cap + 1);
    uint32_t *table = arena_alloc(&bx->mem, sizeof *table, slots);     /* 1 + first entry of a name */
    size_t n = entry && table ? list_entries(bx, ev, entry, cap) : SIZE_MAX;
    if (n == SIZE_MAX)
        return buf_char(out, '{'), false;
    for (size_t i = 0; i < n; i++) {
        size_t at = str_hash(entry[i].name) & (slots - 1);
        while (table[at] && !str_eq(entry[table[at] - 1].name, entry[i].name))
            at = (at + 1) & (slots - 1);
        struct entry *head = table[at] ? &entry[table[at] - 1] : &entry[i];
        if (!table[at])
            table[at] = (uint32_t)i + 1, head->first = true;
        else
            entry[head->last].next = (uint32_t)i;
        head->last = (uint32_t)i;
    }
    char comma = '{';
    for (size_t i = 0; i < n; i++) {
        if (!entry[i].first)
            continue;
        buf_char(out, comma), buf_json(out, entry[i].name), buf_char(out, ':'), comma = ',';
        mix(hash, entry[i].name.p, entry[i].name.n);
        if (entry[i].next)
            buf_char(out, '[');
        for (size_t at = i;; at = entry[at].next) {
            put_value(out, entry[at].val, hash);
            if (!entry[at].next || out->n - start > LIM_EVENT_JSON)
                break;
            buf_char(out, ',');
        }
        if (entry[i].next)
            buf_char(out, ']');
        if (out->bad || out->n - start > LIM_EVENT_JSON)
            return false;
    }
    return true;
}

bool bx_data_json(struct bx *bx, struct bx_event *ev, struct buf *out, uint64_t *hash)
{
    size_t start = out->n;
    if (!bx_items(bx, ev)) {
        buf_z(out, "{\"_unreadable\":true}");
        return false;
    }
    bool ok = ev->unique ? put_unique(ev, out, start, hash) : put_grouped(bx, ev, out, start, hash);
    if (out->n == start)
        buf_char(out, '{');
    if (!ok)
        buf_z(out, out->n - start > 1 ? ",\"_cut\":true" : "\"_cut\":true");
    buf_char(out, '}');
    bx_work(&bx->chunk, (uint32_t)(out->n - start) / 4);
    return ok && !out->bad;
}

/* ---- XML ------------------------------------------------------------------------------------------------------------------------------ */

struct xml { struct bx *bx; struct buf *out; size_t start; bool bad; };

static void put_scalars(struct buf *out, struct bx_val v)
{
    struct bx_val one, rest = v;
    for (bool first = true; bx_each(&rest, &one); first = false) {
        if (!first)
            buf_put(out, ", ", 2);
        bx_xml(out, one);
    }
}

/* A substitution in a list: null and optional is nothing at all. */
static struct bx_val node_value(const struct bx_node *n, const struct bx_slots *s)
{
    return n->kind == BXN_SLOT && s ? bx_slot(s, n->slot) : n->val;
}

/* Nothing but null optional substitutions. */
static bool list_gone(const struct bx_list *l, const struct bx_slots *s)
{
    for (const struct bx_node *n = l->first; n; n = n->next)
        if (n->kind != BXN_SLOT || !n->optional || !s || !bx_is_null(bx_slot(s, n->slot)))
            return false;
    return l->first != NULL;
}

static void put_attribute(struct buf *out, const struct bx_attr *a, const struct bx_slots *s)
{
    if (list_gone(&a->value, s))
        return;
    buf_char(out, ' '), buf_str(out, a->tag), buf_put(out, "='", 2);
    for (const struct bx_node *n = a->value.first; n; n = n->next)
        put_scalars(out, node_value(n, s));
    buf_char(out, '\'');
}

static void xml_list(struct xml *x, const struct bx_list *l, const struct bx_slots *s, unsigned depth);

static void xml_fragment(struct xml *x, struct bx_val v, unsigned depth)
{
    struct span s = span_of(v.p, v.n, (uint64_t)(v.p - x->bx->chunk.p));
    struct bx_slots slots;
    bool odd = false;
    struct bx_tmpl *t = instance_of(x->bx, s, NULL, &slots, &odd);
    if (t) {
        xml_list(x, &t->tree, &slots, depth);
        return;
    }
    const char *why = NULL;
    struct bx_list tree = {0};
    struct bx_parse q = {.chunk = &x->bx->chunk, .mem = &x->bx->mem, .open = depth, .why = &why};
    if (bx_parse(&q, s, &tree))
        xml_list(x, &tree, NULL, depth);
    else
        x->bad = true;
}

/* one: the array item this repetition shows, or NULL: the content as it is. */
static void xml_once(struct xml *x, const struct bx_elem *e, const struct bx_slots *s, const struct bx_val *one, unsigned depth)
{
    struct buf *out = x->out;
    if (e->open.p) {
        buf_str(out, e->open);
    } else {
        buf_char(out, '<'), buf_str(out, e->tag);
        for (const struct bx_attr *a = e->attr; a; a = a->next)
            put_attribute(out, a, s);
    }
    if (e->empty) {
        buf_put(out, "/>", 2);
        return;
    }
    buf_char(out, '>');
    if (one)
        bx_xml(out, *one);
    else
        xml_list(x, &e->content, s, depth);
    buf_put(out, "</", 2), buf_str(out, e->tag), buf_char(out, '>');
}

static void xml_element(struct xml *x, const struct bx_elem *e, const struct bx_slots *s, unsigned depth)
{
    if (depth > LIM_BINXML_ELEMENTS || x->out->n - x->start > XML_MAX || !bx_work(&x->bx->chunk, 1)) {
        x->bad = true;
        return;
    }
    if (list_gone(&e->content, s))
        return;
    const struct bx_node *only = e->content.first && !e->content.first->next ? e->content.first : NULL;
    struct bx_val one, rest = only && (only->kind == BXN_SLOT || only->kind == BXN_VALUE) ? node_value(only, s) : (struct bx_val){0};
    if (!bx_is_array(rest) || rest.n == 0) {
        xml_once(x, e, s, NULL, depth);
        return;
    }
    while (bx_each(&rest, &one) && x->out->n - x->start <= XML_MAX)     /* an array repeats its element */
        xml_once(x, e, s, &one, depth);
}

static void xml_list(struct xml *x, const struct bx_list *l, const struct bx_slots *s, unsigned depth)
{
    for (const struct bx_node *n = l->first; n && !x->bad; n = n->next) {
        struct bx_val v = node_value(n, s);
        if (n->kind == BXN_ELEMENT)
            xml_element(x, n->elem, s, depth + 1);
        else if (n->kind == BXN_PI)
            buf_put(x->out, "<?", 2), buf_str(x->out, n->target), buf_char(x->out, ' '), bx_xml(x->out, v), buf_put(x->out, "?>", 2);
        else if (n->kind == BXN_SLOT && bx_is_xml(v) && v.n)
            xml_fragment(x, v, depth + 1);
        else
            put_scalars(x->out, v);
    }
}

bool bx_event_xml(struct bx *bx, struct bx_event *ev, struct buf *out)
{
    struct xml x = {bx, out, out->n, false};
    if (ev->t)
        xml_list(&x, &ev->t->tree, &ev->s, 0);
    else
        xml_list(&x, &ev->tree, NULL, 0);
    bx_work(&bx->chunk, (uint32_t)(out->n - x.start) / 4);
    if (!x.bad && !out->bad)
        return true;
    out->n = x.start;
    return fail_event(ev, "too long or too deep to render");
}
