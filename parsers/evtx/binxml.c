#include "parsers/evtx/binxml.h"
#include "parsers/evtx/bxjson.h"
#include "base/grow.h"
#include "base/hash.h"
#include <stdlib.h>

enum {
    BUCKETS = 1024,
    CHAIN = 32,
    TOUCHED = 2048,
    CHUNK_MAX = 65536,
    XML_MAX = 4 << 20,
    NAMES_SEEN = 64,
    NAME_BYTES = 128 << 10,
    INSTANCE = 18, /* of a record that begins as nearly all do: bytes before its values' descriptors */
    KIND_SLOTS = 32,
    KIND_BLOCKS = 32 /* of 16 bytes */
};

struct bx_tmpl {
    const uint8_t *raw; /* header (24 bytes) and data as first seen */
    uint32_t bytes;
    struct bx_refs refs; /* names lie in our copies, not in a chunk */
    struct bx_list tree;
    bool compiled, odd; /* odd: a name's hash is wrong */
    uint16_t index;     /* in bx->tmpl */
    uint32_t cost;      /* of the chunk's budget, to compile it */
    uint64_t met;       /* the chunk it was last met in */
    struct bx_plan *plan[BX_CONTEXTS];
    struct bx_tmpl *next;
};

/* Records of one kind: the same template, descriptors of values but for the payload's size, and bytes of the
 * values in plan->common. key: those, for near_like. off: where values begin, as in the record last met.
 * number: of the kind. */
struct bx_kind {
    const struct bx_tmpl *t;
    uint64_t number;
    uint32_t id, n, open, blocks, off[KIND_SLOTS + 1];
    bool fragments, usual;
    uint16_t event_id, record, time; /* usual: what it is, and where they lie */
    struct bx_said said;
    _Alignas(16) uint8_t key[32 * KIND_BLOCKS];
};

struct bx {
    struct bx_chunk chunk;
    struct arena *scratch, mem, keep;
    struct bx_tmpl *bucket[BUCKETS], **tmpl;
    size_t n_tmpl, n_touched;
    uint64_t n_chunk;
    uint16_t touched[TOUCHED];
    struct bx_item *item;
    size_t cap_item;
    struct bx_stats stats;
    struct bx_memo memo;
    struct bx_names names;
    uint16_t *at;   /* [offset of a definition]: 1 + its template in this chunk */
    uint32_t parts; /* of at, a bit each: those that were wiped, as definitions came to lie there */
    uint64_t n_kind;
    struct bx_kind *kind[BX_KINDS]; /* made in keep when first met; NULL: none yet */
};
enum { AT_PARTS = 32, AT_PART = CHUNK_MAX / AT_PARTS };

struct bx *bx_new(struct arena *scratch)
{
    struct bx *bx = calloc(1, sizeof *bx);
    if (!bx)
        return NULL;
    bx->scratch = scratch;
    bx_depth(bx, 0);
    bx->at = malloc(CHUNK_MAX * sizeof *bx->at);
    bx->tmpl = malloc(LIM_TEMPLATES * sizeof(struct bx_tmpl *));
    if (!arena_make(&bx->keep, LIM_TEMPLATE_BYTES) || !arena_make(&bx->names.mem, NAME_BYTES) || !bx->at
        || !bx->tmpl)
        bx_free(bx), bx = NULL;
    return bx;
}

void bx_free(struct bx *bx)
{
    if (!bx)
        return;
    arena_free(&bx->keep), arena_free(&bx->names.mem);
    free(bx->at), free(bx->tmpl), free(bx->item), free(bx);
}

const struct bx_stats *bx_statistics(const struct bx *bx) { return &bx->stats; }

static void forget_offsets(struct bx *bx)
{
    if (bx->n_touched > TOUCHED)
        bx->parts = 0;
    else
        for (size_t i = 0; i < bx->n_touched; i++)
            bx->at[bx->touched[i]] = 0;
    bx->n_touched = 0;
}

static void flush_templates(struct bx *bx);

/* Templates are dropped here while one chunk's have room, so that it reads alike whatever was read before. */
void bx_chunk(struct bx *bx, const uint8_t *p, size_t n)
{
    if (bx->n_tmpl > LIM_TEMPLATES / 4 || (size_t)(bx->keep.at - bx->keep.base) > LIM_TEMPLATE_BYTES / 2)
        flush_templates(bx);
    if (bx->names.some)
        bx->names.some = false, bx->names.mem.at = bx->names.mem.base,
        memset(bx->names.known, 0, sizeof bx->names.known);
    bx->chunk = (struct bx_chunk){p,
                                  n < CHUNK_MAX ? n : CHUNK_MAX,
                                  &bx->names,
                                  LIM_BINXML_WORK,
                                  .elements = bx->chunk.elements,
                                  .levels = bx->chunk.levels};
    forget_offsets(bx);
    bx->n_chunk++;
}

void bx_depth(struct bx *bx, unsigned most)
{
    bx->chunk.elements = most && most < LIM_BINXML_ELEMENTS ? most : LIM_BINXML_ELEMENTS;
    bx->chunk.levels = most && most < LIM_BINXML_DEPTH ? most : LIM_BINXML_DEPTH;
}
void bx_replacing(struct bx *bx, bool on) { bx->chunk.replacing = on; }
bool bx_too_deep(const struct bx *bx) { return bx->chunk.deep; }

static void flush_templates(struct bx *bx)
{
    bx->keep.at = bx->keep.base, bx->n_tmpl = 0, bx->stats.flushed++;
    memset(bx->bucket, 0, sizeof bx->bucket);
    memset(bx->kind, 0, sizeof bx->kind);
    forget_offsets(bx);
}

/* --- Recognising a definition */

/* Is the definition at def, with these bytes, the one t was made from? Equal but for name offsets, which must
 * lead to equal names. So a template is compiled once per content, wherever in a chunk it stands and whatever
 * stood there before. */
static bool same_definition(struct bx *bx, const struct bx_tmpl *t, struct span body, uint32_t def)
{
    /* the first 4 bytes chain definitions of a bucket: never followed */
    uint32_t seen[NAMES_SEEN] = {0}, at = 4;
    if (t->bytes != body.n || memcmp(t->raw + 4, body.p + 4, 20) != 0)
        return false;
    for (size_t i = 0; i < t->refs.n; i++) {
        const struct bx_ref *r = &t->refs.ref[i];
        const struct span name = t->refs.name[r->name];
        uint32_t pos = 24 + r->pos, off = le32(body.p + pos), own = def + pos + 4;
        if (memcmp(t->raw + at, body.p + at, pos - at) != 0 || (off == own) != r->inside)
            return false;
        at = pos + (r->inside ? 8 : 4); /* an inline name's own chain link is not its content */
        if (r->inside || (r->name < NAMES_SEEN && seen[r->name] == off && off))
            continue;
        if (off > bx->chunk.n || bx->chunk.n - off < 4 + name.n
            || memcmp(bx->chunk.p + off + 4, name.p, name.n) != 0)
            return false;
        if (r->name < NAMES_SEEN)
            seen[r->name] = off;
    }
    return memcmp(t->raw + at, body.p + at, t->bytes - at) == 0;
}

/* --- Compiling */

static struct str kept(struct bx *bx, struct buf *b)
{
    struct str s = b->bad ? STR_NONE : arena_str(&bx->keep, buf_view(b));
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
        n->val = (struct bx_val){.literal = lit, .n = (uint32_t)lit->text.n, .type = BXV_LITERAL};
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

/* The tree of a definition, in memory that outlives the chunk. A definition that is no good is remembered
 * too, so it is not tried again. */
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
    t = t && (t->raw = (const uint8_t *)arena_str(&bx->keep, (struct str){(const char *)body.p, body.n}).p)
            ? t
            : NULL;
    if (!t || !refs.ref || !refs.name)
        return NULL;
    bx->stats.compiled++;
    t->bytes = (uint32_t)body.n;
    struct bx_parse q = {.chunk = &bx->chunk,
                         .mem = &bx->keep,
                         .refs = &refs,
                         .definition = true,
                         .odd = &t->odd,
                         .base = def + 24,
                         .why = &why};
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

/* The first time a definition is met in a chunk: known already, or compiled now. Of the chunk's budget both
 * take the same: what is read must not depend on what was read before. */
__attribute__((noinline)) static struct bx_tmpl *template_new(struct bx *bx, uint32_t def)
{
    struct bx_tmpl *t;
    struct span body = bx_definition(&bx->chunk, def);
    if (body.bad || bx->n_tmpl == LIM_TEMPLATES || !bx_work(&bx->chunk, 1 + (uint32_t)body.n / 2))
        return NULL;
    struct bx_tmpl **bucket = &bx->bucket[(hash64(body.p + 4, 20) ^ body.n) % BUCKETS];
    unsigned tried = 0;
    for (t = *bucket; t && tried < CHAIN && !same_definition(bx, t, body, def); tried++)
        t = t->next;
    if (t && tried < CHAIN) {
        if (t->met != bx->n_chunk && !bx_work(&bx->chunk, t->cost))
            return NULL;
        bx->stats.matched++;
    } else {
        uint32_t before = bx->chunk.work;
        t = compile(bx, body, def);
        if (!t)
            return NULL;
        t->cost = before - bx->chunk.work;
        t->index = (uint16_t)bx->n_tmpl, bx->tmpl[bx->n_tmpl++] = t;
        if (t->compiled)
            t->next = *bucket, *bucket = t;
    }
    t->met = bx->n_chunk;
    if (!(bx->parts >> def / AT_PART & 1))
        memset(bx->at + def / AT_PART * AT_PART, 0, AT_PART * sizeof *bx->at);
    bx->parts |= 1u << def / AT_PART;
    bx->at[def] = (uint16_t)(t->index + 1);
    if (bx->n_touched < TOUCHED)
        bx->touched[bx->n_touched] = (uint16_t)def;
    bx->n_touched++;
    return t->compiled ? t : NULL;
}

/* Was the definition at this offset met in this chunk? */
static inline bool is_met(const struct bx *bx, uint32_t def)
{
    return def < bx->chunk.n && bx->parts >> def / AT_PART & 1 && bx->at[def];
}

/* The template whose definition is at offset def of the chunk; NULL: not compiled, the general lane reads it.
 */
static inline struct bx_tmpl *template_at(struct bx *bx, uint32_t def)
{
    if (!is_met(bx, def))
        return template_new(bx, def);
    struct bx_tmpl *t = bx->tmpl[bx->at[def] - 1];
    return t->compiled ? t : NULL;
}

__attribute__((noinline)) static struct bx_plan *plan_new(struct bx *bx, struct bx_tmpl *t,
                                                          enum bx_context context)
{
    struct bx_plan *p = t->plan[context] = arena_alloc(&bx->keep, sizeof *p, 1);
    if (!p)
        return NULL;
    return bx_plan_read(p, &t->tree, context, true, &bx->keep, &bx->chunk) ? p : NULL;
}

/* What a template is in this place; NULL: not modelled. */
static inline struct bx_plan *plan_of(struct bx *bx, struct bx_tmpl *t, enum bx_context context)
{
    struct bx_plan *p = t->plan[context];
    return !p ? plan_new(bx, t, context) : p->ok ? p : NULL;
}

/* --- Records */

/* Items of the record at hand: one array for all records, so that none is made anew. */
static struct bx_item *item_add(struct bx *bx, struct bx_event *ev)
{
    struct bx_item *more = grow(bx->item, sizeof *more, ev->n_item, &bx->cap_item);
    if (!more)
        return NULL;
    ev->item = bx->item = more;
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
    ev->t = NULL, ev->tree = (struct bx_list){0}, ev->n_item = 0, ev->odd = false, ev->ready = true;
    bx->stats.general++;
    struct bx_parse q = {.chunk = &bx->chunk, .mem = &bx->mem, .odd = &ev->odd, .why = &ev->why};
    if (!bx_parse(&q, ev->bytes, &ev->tree))
        return false;
    struct bx_plan p = {0};
    if (!bx_plan_read(&p, &ev->tree, BX_AT_RECORD, false, &bx->mem, &bx->chunk))
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

/* Are size bytes at p one template instance and nothing else, of a template we compiled? off: room for
 * BX_ROOM offsets, or NULL: from the record's memory. odd: set when the definition is not the one the
 * instance means.
 */
static struct bx_tmpl *instance_of(struct bx *bx, const uint8_t *p, size_t size, uint32_t *off,
                                   struct bx_slots *slots, bool *odd)
{
    uint32_t def, id, n;
    size_t skip = size >= 4 && p[0] == 0x0f ? 4 : 0;
    if (size == skip || p[skip] != 0x0c)
        return NULL;
    p += skip + 1, size -= skip + 1;
    struct span s = span_of(p, size, (uint64_t)(p - bx->chunk.p));
    if (!bx_instance(&s, &def, &id) || s.n < 4 || (n = le32(s.p)) > LIM_BINXML_SLOTS
        || (!off && !(off = arena_alloc(&bx->mem, sizeof *off, (size_t)n + 1 + NEAR_SUMS))))
        return NULL;
    if (!bx_slots(&s, off, n, slots) || (s.n && s.p[0] != 0))
        return NULL;
    struct bx_tmpl *t = template_at(bx, def);
    /* another one stands there: the general lane says so */
    t = t && le32(t->raw + 4) == id ? t : NULL;
    *odd |= !t || t->odd;
    return t;
}

/* --- Records of one kind */

/* Where the kind of a record is noted, whose binary XML lies at p; BX_KINDS: it has none. */
static inline uint32_t kind_at(const struct bx *bx, const uint8_t *p, size_t size)
{
    uint32_t def = size >= INSTANCE && p[0] == 0x0f && p[4] == 0x0c ? le32(p + 10) : UINT32_MAX;
    if (!is_met(bx, def))
        return BX_KINDS;
    const struct bx_tmpl *t = bx->tmpl[bx->at[def] - 1];
    const struct bx_plan *plan = t->plan[BX_AT_RECORD];
    uint32_t n = le32(p + 14);
    /* the definition itself may lie where values lie otherwise */
    if (!plan || !plan->common.open || n <= plan->common.open || n > KIND_SLOTS
        || size < INSTANCE + 4 * (size_t)n + plan->id_at + 2 || p + 14 == bx->chunk.p + def)
        return BX_KINDS;
    /* numbers of events and sizes of names tell nearly all kinds apart */
    const uint8_t *desc = p + INSTANCE;
    uint32_t h = (uint32_t)le16(desc + 4 * plan->common.name) << 16 | le16(desc + 4 * n + plan->id_at);
    return (h + t->index * 0x10001u) * 0x9E3779B1u >> 24;
}

/* Is it of this kind? Where its values end goes to k. */
static inline bool is_alike(const struct bx *bx, struct bx_kind *k, const uint8_t *p, size_t size)
{
    uint32_t n = k->n, open = k->open;
    const uint8_t *desc = p + INSTANCE, *val = desc + 4 * (size_t)n;
    if (k->t != bx->tmpl[bx->at[le32(p + 10)] - 1] || k->id != le32(p + 6) || n != le32(p + 14)
        || (size_t)(bx->chunk.p + bx->chunk.n - desc) < 16 * (size_t)k->blocks
        || !near_like(desc, k->key, k->blocks))
        return false;
    size_t left = size - INSTANCE - 4 * (size_t)n;
    uint32_t shift = k->off[open] + le16(desc + 4 * open) - k->off[open + 1], end = k->off[n] + shift;
    if (end > left || (end < left && val[end]))
        return false;
    for (uint32_t i = open + 1; i <= n; i++)
        k->off[i] += shift;
    return true;
}

static void note_kind(struct bx_event *ev, struct bx_kind *k, uint32_t place)
{
    ev->like = k, ev->kind = k->number, ev->kind_at = place;
}

static bool usual_head(const struct bx_usual *u, const struct bx_slots *s, struct bx_head *h);

/* What a record must have in common with this one, from the descriptors of its values on. */
static void kind_key(uint8_t *key, const struct bx_slots *s, const struct bx_common *c, size_t blocks)
{
    uint8_t mask[16 * KIND_BLOCKS] = {0};
    for (size_t i = 0; i < s->n; i++)
        memcpy(mask + 4 * i, &(uint32_t){0xffffff}, 4);
    memset(mask + 4 * c->open, 0, 2);
    for (size_t i = 0; i < c->n_run; i++) {
        uint32_t from = s->off[c->run[i].first];
        memset(mask + 4 * s->n + from, 0xff, s->off[c->run[i].behind] - from);
    }
    for (size_t i = 0; i < 16 * blocks; i += 8) {
        uint64_t m, v;
        memcpy(&m, mask + i, 8), memcpy(&v, s->desc + i, 8), v &= m;
        memcpy(key + i / 16 * 32 + i % 16, &m, 8), memcpy(key + i / 16 * 32 + 16 + i % 16, &v, 8);
    }
}

/* The record at hand begins a kind, or not: its template, or what is said in it, is of no such form. */
__attribute__((noinline)) static void kind_new(struct bx *bx, struct bx_event *ev)
{
    const struct bx_slots *s = &ev->s;
    struct bx_plan *plan = ev->t->plan[BX_AT_RECORD];
    const struct bx_common *c = &plan->common;
    if (ev->t->odd || !c->open || s->n <= c->open)
        return;
    plan->id_at = plan->usual.slots ? s->off[plan->usual.id] : 0;
    uint32_t place = kind_at(bx, ev->bytes.p, ev->bytes.n);
    size_t values = 4 * (size_t)s->n, blocks = (values + s->off[c->run[c->n_run - 1].behind] + 15) / 16;
    if (place == BX_KINDS || blocks > KIND_BLOCKS
        || (size_t)(bx->chunk.p + bx->chunk.n - s->desc) < 16 * blocks
        || (!bx->kind[place] && !(bx->kind[place] = arena_room(&bx->keep, sizeof(struct bx_kind), 1))))
        return;
    struct bx_kind *k = bx->kind[place];
    struct bx_head h;
    k->t = ev->t, k->number = ++bx->n_kind, k->id = le32(ev->bytes.p + 6), k->n = s->n, k->open = c->open;
    k->blocks = (uint32_t)blocks, k->fragments = s->fragments, k->said.n_text = 0;
    k->usual = usual_head(&plan->usual, s, &h);
    memcpy(k->off, s->off, (s->n + 1) * sizeof *k->off), kind_key(k->key, s, c, blocks);
    if (k->usual)
        k->event_id = (uint16_t)h.event_id, k->record = (uint16_t)s->off[plan->usual.record],
        k->time = (uint16_t)s->off[plan->usual.time];
    note_kind(ev, k, place);
}

static const char odd_why[] = "names or templates overwritten";

bool bx_open(struct bx *bx, size_t at, size_t n, enum bx_lane lane, struct bx_event *ev)
{
    ev->why = NULL, ev->t = NULL, ev->odd = bx->chunk.deep = false, ev->like = NULL, ev->kind = 0;
    if (at > bx->chunk.n || n > bx->chunk.n - at)
        return fail_event(ev, "outside the chunk");
    /* one by one: a struct of words read as one vector waits until the words are written */
    ev->bytes.p = bx->chunk.p + at, ev->bytes.n = n, ev->bytes.off = at, ev->bytes.bad = false;
    if (lane == BX_GENERAL_LANE)
        return open_general(bx, ev);
    if (bx->n_tmpl > LIM_TEMPLATES - 512
        || (size_t)(bx->keep.at - bx->keep.base) > LIM_TEMPLATE_BYTES / 4 * 3)
        flush_templates(bx);
    bx->mem = *bx->scratch;
    const struct bx_tmpl *t;
    uint32_t place = kind_at(bx, ev->bytes.p, n);
    struct bx_kind *k = place < BX_KINDS ? bx->kind[place] : NULL;
    if (k && is_alike(bx, k, ev->bytes.p, n)) {
        const uint8_t *desc = ev->bytes.p + INSTANCE;
        t = k->t, bx->stats.alike++;
        ev->s.desc = desc, ev->s.val = desc + 4 * (size_t)k->n, ev->s.n = k->n, ev->s.off = k->off;
        ev->s.fragments = k->fragments;
        note_kind(ev, k, place);
    } else {
        struct bx_tmpl *known = instance_of(bx, ev->bytes.p, n, ev->room, &ev->s, &ev->odd);
        t = known && plan_of(bx, known, BX_AT_RECORD) ? known : NULL;
    }
    if (lane == BX_STRICT && ev->odd)
        return fail_event(ev, odd_why);
    if (!t)
        return open_general(bx, ev) && (lane != BX_STRICT || !ev->odd || fail_event(ev, odd_why));
    ev->t = t, ev->n_item = 0, ev->ready = false, ev->rendered = t->plan[BX_AT_RECORD]->rendered;
    if (!ev->like)
        kind_new(bx, ev);
    return lane != BX_STRICT || (bx_items(bx, ev) && !ev->odd) || fail_event(ev, odd_why);
}

struct bx_val bx_sys(const struct bx_event *ev, enum bx_sys what)
{
    return ev->t ? bx_value_of(&ev->t->plan[BX_AT_RECORD]->sys[what], &ev->s) : ev->sys[what];
}

void bx_system(const struct bx_event *ev, struct bx_val all[BXS_FIELDS])
{
    if (!ev->t)
        memcpy(all, ev->sys, sizeof ev->sys);
    for (size_t i = 0; ev->t && i < BXS_FIELDS; i++)
        all[i] = bx_value_of(&ev->t->plan[BX_AT_RECORD]->sys[i], &ev->s);
}

/* Is it of this type, and of its size? */
static inline const uint8_t *slot_like(const struct bx_slots *s, uint16_t slot, uint8_t type, uint16_t size)
{
    const uint8_t *desc = s->desc + 4 * (size_t)slot;
    return desc[2] == type && le16(desc) == size ? s->val + s->off[slot] : NULL;
}

/* The numbers of a record as nearly all have them. */
static bool usual_head(const struct bx_usual *u, const struct bx_slots *s, struct bx_head *h)
{
    if (!u->slots || s->n < u->slots)
        return false;
    const uint8_t *id = slot_like(s, u->id, BX_UINT16, 2), *record = slot_like(s, u->record, BX_UINT64, 8),
                  *time = slot_like(s, u->time, BX_FILETIME, 8);
    if (!id || !record || !time)
        return false;
    h->event_id = le16(id), h->record_id = (int64_t)le64(record), h->time = (int64_t)le64(time);
    h->has_event_id = h->has_record_id = h->has_time = true;
    return true;
}

void bx_head(const struct bx_event *ev, struct bx_head *h)
{
    const struct bx_kind *k = ev->like;
    if (k && k->usual) {
        h->event_id = k->event_id, h->record_id = (int64_t)le64(ev->s.val + k->record);
        h->time = (int64_t)le64(ev->s.val + k->time);
        h->has_event_id = h->has_record_id = h->has_time = true;
        return;
    }
    if (ev->t && usual_head(&ev->t->plan[BX_AT_RECORD]->usual, &ev->s, h))
        return;
    h->has_event_id = bx_int(bx_sys(ev, BXS_EVENT_ID), &h->event_id);
    h->has_record_id = bx_int(bx_sys(ev, BXS_RECORD_ID), &h->record_id);
    h->has_time = bx_time(bx_sys(ev, BXS_TIME), &h->time);
}

static bool add_items(struct bx *bx, struct bx_event *ev, const struct bx_plan *p, const struct bx_slots *s,
                      unsigned level);

/* The fragment in a slot: a template instance by its plan, anything else through a tree of its own. False:
 * only the whole record's tree will do. */
static bool add_fragment(struct bx *bx, struct bx_event *ev, struct bx_val v, enum bx_context context,
                         unsigned level)
{
    if (bx_is_absent(v) || bx_is_null(v))
        return true;
    if (!bx_is_xml(v) || level > bx->chunk.levels)
        return false;
    struct bx_slots slots;
    struct bx_tmpl *t = instance_of(bx, v.p, v.n, NULL, &slots, &ev->odd);
    struct bx_plan *p = t ? plan_of(bx, t, context) : NULL;
    if (p)
        return add_items(bx, ev, p, &slots, level);
    const char *why = NULL;
    struct bx_list tree = {0};
    struct bx_plan own = {0};
    struct bx_parse q = {.chunk = &bx->chunk, .mem = &bx->mem, .level = level, .odd = &ev->odd, .why = &why};
    if (!bx_parse(&q, span_of(v.p, v.n, (uint64_t)(v.p - bx->chunk.p)), &tree))
        return false;
    return bx_plan_read(&own, &tree, context, false, &bx->mem, &bx->chunk)
           && add_items(bx, ev, &own, &slots, level);
}

static bool add_items(struct bx *bx, struct bx_event *ev, const struct bx_plan *p, const struct bx_slots *s,
                      unsigned level)
{
    ev->rendered |= p->rendered;
    for (size_t i = 0; i < p->n; i++) {
        const struct bx_field *f = &p->field[i];
        struct bx_val v = bx_value_of(&f->src, s);
        if (f->kind == BX_PAYLOAD) {
            if (!add_fragment(bx, ev, v, f->context, level + 1))
                return false;
            continue;
        }
        if (bx_is_absent(v))
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
    ev->n_item = 0;
    ev->ready = add_items(bx, ev, ev->t->plan[BX_AT_RECORD], &ev->s, 0);
    if (ev->ready)
        return true;
    const struct bx_tmpl *t = ev->t;
    if (open_general(bx, ev))
        return true;
    ev->t = t, ev->n_item = 0, ev->ready = false; /* the head stays readable */
    return false;
}

/* The usual record: template in template, each the only datum of the one around it, down to one whose data
 * are plain. Then no items are needed. NULL: another kind of record. */
static struct bx_plan *plain_data(struct bx *bx, struct bx_event *ev, struct bx_slots *slots)
{
    struct bx_plan *p = ev->t ? ev->t->plan[BX_AT_RECORD] : NULL;
    *slots = ev->s;
    for (unsigned level = 0; p && p->payload; level++) {
        struct bx_val v = bx_value_of(&p->field[0].src, slots);
        if (p->n != 1 || !bx_is_xml(v) || level == bx->chunk.levels)
            return NULL;
        struct bx_tmpl *t = instance_of(bx, v.p, v.n, ev->inner_room, slots, &ev->odd);
        p = t ? plan_of(bx, t, p->field[0].context) : NULL;
        ev->rendered |= p && p->rendered;
    }
    return p && p->plain && !slots->fragments ? p : NULL;
}

/* --- Values by name */

static void find_names(struct bx_plan *p, const void *who, const struct str *name, size_t n)
{
    p->who = who;
    for (size_t k = 0; k < n; k++) {
        p->where[k] = NULL;
        for (size_t i = 0; i < p->n && !p->where[k]; i++)
            if (str_eq(p->field[i].name, name[k]))
                p->where[k] = &p->field[i].src;
    }
    p->slots = 1;
    for (size_t k = 0; k < n && p->slots; k++) {
        const struct bx_src *src = p->where[k];
        bool simple = !src || (src->slot >= 0 && src->slot < UINT16_MAX && src->gate < 0 && !src->optional);
        p->slot[k] = simple && src ? (uint16_t)src->slot : UINT16_MAX;
        p->slots = !simple ? 0 : src && (uint32_t)src->slot >= p->slots ? (uint32_t)src->slot + 1 : p->slots;
    }
}

/* name NULL: only if they were found before. */
static inline bool named_in_slots(struct bx *bx, struct bx_event *ev, const void *who, const struct str *name,
                                  size_t n, struct bx_val *out)
{
    struct bx_slots slots;
    struct bx_plan *p = plain_data(bx, ev, &slots);
    if (!p || p->unnamed || (p->who != who && !name))
        return false;
    if (p->who != who)
        find_names(p, who, name, n);
    if (p->slots && p->slots <= slots.n)
        for (size_t k = 0; k < n; k++)
            out[k] = p->slot[k] == UINT16_MAX ? bx_absent_val() : bx_slot(&slots, p->slot[k]);
    else
        for (size_t k = 0; k < n; k++)
            out[k] = p->where[k] ? bx_value_of(p->where[k], &slots) : bx_absent_val();
    return true;
}

bool bx_named_again(struct bx *bx, struct bx_event *ev, const void *who, size_t n, struct bx_val *out)
{
    return !ev->ready && n <= BX_NAMES && named_in_slots(bx, ev, who, NULL, n, out);
}

static void first_of_name(struct str is, struct bx_val v, const struct str *name, size_t n,
                          struct bx_val *out)
{
    for (size_t k = 0; k < n; k++)
        if (bx_is_absent(out[k]) && str_eq(is, name[k]))
            out[k] = v;
}

bool bx_named(struct bx *bx, struct bx_event *ev, const void *who, const struct str *name, size_t n,
              struct bx_val *out)
{
    if (!ev->ready && n <= BX_NAMES && named_in_slots(bx, ev, who, name, n, out))
        return true;
    if (!bx_items(bx, ev))
        return false;
    for (size_t k = 0; k < n; k++)
        out[k] = bx_absent_val();
    uint64_t unnamed = 0;
    for (size_t i = 0; i < ev->n_item; i++) {
        struct bx_val rest = ev->item[i].val, one;
        if (ev->item[i].field->kind == BX_UNNAMED) {
            while (bx_each(&rest, &one))
                first_of_name(bx_param_name(&bx->mem, ++unnamed), one, name, n, out);
        } else {
            first_of_name(ev->item[i].field->name, rest, name, n, out);
        }
    }
    return true;
}

void bx_system_json(struct bx *bx, struct bx_event *ev, struct buf *out)
{
    struct bx_plan *p = ev->t ? ev->t->plan[BX_AT_RECORD] : NULL;
    struct bx_val all[BXS_FIELDS];
    if (p)
        bx_put_line(out, p, &ev->s, bx->chunk.p + bx->chunk.n, &bx->keep, &bx->memo,
                    ev->like ? &ev->like->said : NULL);
    else
        bx_system(ev, all), bx_put_system(out, all);
}

bool bx_data_json(struct bx *bx, struct bx_event *ev, struct buf *out, uint64_t *hash)
{
    size_t start = out->n;
    struct bx_slots slots;
    struct bx_plan *plain = plain_data(bx, ev, &slots);
    if (plain && !bx_work(&bx->chunk, (uint32_t)plain->n))
        plain = NULL;
    if (!plain && !bx_items(bx, ev)) {
        buf_z(out, "{\"_unreadable\":true}");
        return false;
    }
    bool ok = plain && !hash
                  ? bx_put_quick(out, plain, &slots, bx->chunk.p + bx->chunk.n, &bx->keep, &bx->memo)
              : plain ? bx_put_plain(out, plain, &slots, hash)
                      : bx_put_grouped(out, ev->item, ev->n_item, bx->chunk.p + bx->chunk.n, &bx->mem, hash);
    if (!ok)
        buf_z(out, ",\"_cut\":true");
    if (out->n == start)
        buf_char(out, ',');
    if (!out->bad)
        out->p[start] = '{'; /* the comma before the first one */
    buf_char(out, '}');
    bx_work(&bx->chunk, (uint32_t)(out->n - start) / 4);
    return ok && !out->bad;
}

/* --- XML */

struct xml {
    struct bx *bx;
    struct buf *out;
    size_t start;
    bool bad;
    const char *why;
};

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
    struct bx_slots slots;
    bool odd = false;
    struct bx_tmpl *t = instance_of(x->bx, v.p, v.n, NULL, &slots, &odd);
    if (t) {
        xml_list(x, &t->tree, &slots, depth);
        return;
    }
    struct bx_list tree = {0};
    struct bx_parse q = {.chunk = &x->bx->chunk, .mem = &x->bx->mem, .open = depth, .why = &x->why};
    if (bx_parse(&q, span_of(v.p, v.n, (uint64_t)(v.p - x->bx->chunk.p)), &tree))
        xml_list(x, &tree, NULL, depth);
    else
        x->bad = true;
}

/* one: the array item this repetition shows, or NULL: the content as it is. */
static void xml_once(struct xml *x, const struct bx_elem *e, const struct bx_slots *s,
                     const struct bx_val *one, unsigned depth)
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
    struct bx_val one, rest = only && (only->kind == BXN_SLOT || only->kind == BXN_VALUE)
                                  ? node_value(only, s)
                                  : (struct bx_val){0};
    if (!bx_is_array(rest) || rest.n == 0) {
        xml_once(x, e, s, NULL, depth);
        return;
    }
    while (bx_each(&rest, &one) && x->out->n - x->start <= XML_MAX) /* an array repeats its element */
        xml_once(x, e, s, &one, depth);
}

static void xml_list(struct xml *x, const struct bx_list *l, const struct bx_slots *s, unsigned depth)
{
    for (const struct bx_node *n = l->first; n && !x->bad; n = n->next) {
        struct bx_val v = node_value(n, s);
        if (n->kind == BXN_ELEMENT)
            xml_element(x, n->elem, s, depth + 1);
        else if (n->kind == BXN_PI)
            buf_put(x->out, "<?", 2), buf_str(x->out, n->target), buf_char(x->out, ' '), bx_xml(x->out, v),
                buf_put(x->out, "?>", 2);
        else if (n->kind == BXN_SLOT && bx_is_xml(v) && v.n)
            xml_fragment(x, v, depth + 1);
        else
            put_scalars(x->out, v);
    }
}

bool bx_event_xml(struct bx *bx, struct bx_event *ev, struct buf *out)
{
    struct xml x = {bx, out, out->n, false, NULL};
    if (ev->t)
        xml_list(&x, &ev->t->tree, &ev->s, 0);
    else
        xml_list(&x, &ev->tree, NULL, 0);
    bx_work(&bx->chunk, (uint32_t)(out->n - x.start) / 4);
    if (!x.bad && !out->bad)
        return true;
    out->n = x.start;
    return fail_event(ev, x.why ? x.why : "too long or too deep to render");
}
