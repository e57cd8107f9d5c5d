#include "parsers/evtx/bxtree.h"
#include "base/limits.h"
#include "base/utf.h"

enum token {
    T_EOF,
    T_OPEN,
    T_CLOSE_START,
    T_CLOSE_EMPTY,
    T_END,
    T_VALUE,
    T_ATTRIBUTE,
    T_CDATA,
    T_CHAR_REF,
    T_ENTITY,
    T_PI_TARGET,
    T_PI_DATA,
    T_TEMPLATE,
    T_SLOT,
    T_OPTIONAL_SLOT,
    T_FRAGMENT,
    T_KINDS,
    T_MORE = 0x40
};
enum place { IN_FRAGMENT, IN_ELEMENT, IN_ATTRIBUTE };

static const char no_work[] = "work budget of the chunk used up";
static bool fail(const struct bx_parse *q, const char *why)
{
    if (!*q->why)
        *q->why = why;
    return false;
}

static bool too_deep(const struct bx_parse *q, const char *why)
{
    q->chunk->deep = true;
    return fail(q, why);
}

static struct bx_node *node_add(const struct bx_parse *q, struct bx_list *to, enum bx_node_kind kind)
{
    struct bx_node *n = bx_work(q->chunk, 1) ? arena_alloc(q->mem, sizeof *n, 1) : NULL;
    if (!n)
        return fail(q, q->chunk->work ? "too large for memory" : no_work), NULL;
    n->kind = kind;
    if (to->last)
        to->last->next = n;
    else
        to->first = n;
    return to->last = n;
}

/* Literal text; neighbours become one, so that "a" + "&amp;" + "b" is one value. */
static bool literal_add(const struct bx_parse *q, struct bx_list *to, struct bx_val v)
{
    struct bx_node *last = to->last;
    if (!bx_work(q->chunk, v.n / 16))
        return fail(q, no_work);
    if (!last || last->kind != BXN_LITERAL) {
        struct bx_node *n = node_add(q, to, BXN_LITERAL);
        return n ? n->val = v, true : false;
    }
    if (!bx_work(q->chunk, 1 + (last->val.n + v.n) / 16))
        return fail(q, no_work);
    struct buf both = {0};
    bx_text(&both, last->val), bx_text(&both, v);
    struct str s = both.bad ? STR_NONE : arena_str(q->mem, buf_view(&both));
    buf_free(&both);
    last->val = bx_text_val(s), last->slot = (uint16_t)(last->slot + (last->slot < UINT16_MAX));
    return s.p ? true : fail(q, "too large for memory");
}

static uint16_t name_hash(const uint8_t *p, size_t n)
{
    uint32_t h = 0;
    for (size_t i = 0; i < n; i++)
        h = h * 65599 + le16(p + 2 * i);
    return (uint16_t)h;
}

/* For a definition that is kept: where the name was named. Names of one offset are one name. */
static bool name_note(const struct bx_parse *q, uint32_t pos, struct span name, bool inside)
{
    struct bx_refs *r = q->refs;
    size_t i = 0;
    while (i < r->n_name && (r->name[i].p != name.p || r->name[i].n != name.n))
        i++;
    if (!bx_work(q->chunk, 1 + (uint32_t)i / 32) || r->n == r->cap)
        return fail(q, "too many names in a template");
    if (i == r->n_name)
        r->name[r->n_name++] = name;
    r->ref[r->n++] = (struct bx_ref){pos, (uint16_t)i, inside};
    return true;
}

/* What XML forbids in a name becomes '_', so that hostile names cannot break the markup. */
static bool tag_make(struct arena *mem, struct str name, struct str *tag)
{
    char *copy = NULL;
    *tag = name.n ? name : STR("_");
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':'
            || (i && (is_digit(c) || c == '-' || c == '.')))
            continue;
        if (!copy) {
            copy = arena_alloc(mem, 1, name.n);
            if (!copy)
                return false;
            memcpy(copy, name.p, name.n);
            tag->p = copy;
        }
        copy[i] = '_';
    }
    return true;
}

static bool name_make(struct arena *mem, struct span text, struct bx_name *n)
{
    n->name = utf16_str(mem, text);
    return n->name.p && tag_make(mem, n->name, &n->tag);
}

/* Where the name at off is noted, or would be. A definition that is kept has names of its own. */
static struct bx_name *name_known(const struct bx_parse *q, uint32_t off)
{
    struct bx_names *all = q->refs ? NULL : q->chunk->names;
    return all ? &all->known[off * 0x9E3779B1u >> 24] : NULL;
}

/* u32 offset of a name in the chunk: u32 next of its hash chain (never followed), u16 hash, u16 characters,
 * UTF-16, NUL. Inline at first use. */
static bool name_read(const struct bx_parse *q, struct span *s, struct str *name, struct str *tag)
{
    uint32_t pos = (uint32_t)s->off, off = span_u32(s);
    bool inside = off == s->off;
    struct bx_name *known = name_known(q, off), own;
    if (known && known->at == off + 1 && !inside && !s->bad) {
        if (q->odd && known->odd)
            *q->odd = true;
        *name = known->name, *tag = known->tag;
        return bx_work(q->chunk, known->work) || fail(q, no_work);
    }
    struct span chunk = span_of(q->chunk->p, q->chunk->n, 0),
                head = inside ? span_at(*s, 0, 8) : span_at(chunk, off, 8);
    if (s->bad || head.bad)
        return fail(q, "name outside the chunk");
    uint32_t bytes = 2u * le16(head.p + 6);
    struct span whole = inside ? span_take(s, 10 + bytes) : span_at(chunk, off, 8 + bytes);
    if (whole.bad)
        return fail(q, "name cut short");
    if (bytes > 2 * LIM_BINXML_NAME)
        return fail(q, "name too long");
    uint32_t work = 1 + bytes / 16;
    if (!bx_work(q->chunk, work))
        return fail(q, no_work);
    if (q->refs && !name_note(q, pos - q->base, span_of(whole.p + 4, 4 + bytes, 0), inside))
        return false;
    if (!known || known->at != off + 1) {
        struct span text = span_of(whole.p + 8, bytes, 0);
        own = (struct bx_name){
            off + 1, (uint16_t)work, name_hash(text.p, bytes / 2) != le16(whole.p + 4), {0}, {0}};
        if (known && name_make(&q->chunk->names->mem, text, &own))
            *known = own, q->chunk->names->some = true;
        else if (!name_make(q->mem, text, &own))
            return fail(q, "too large for memory");
        known = &own;
    }
    if (q->odd && known->odd)
        *q->odd = true;
    return *name = known->name, *tag = known->tag, true;
}

/* Text in a token: u8 type and a value. Strings carry a u16 count; numbers have the width of their type. */
static bool value_read(const struct bx_parse *q, struct span *s, struct bx_list *to)
{
    static const uint8_t width[] = {
        [BX_INT8] = 1,   [BX_UINT8] = 1, [BX_INT16] = 2,  [BX_UINT16] = 2,   [BX_INT32] = 4,
        [BX_UINT32] = 4, [BX_INT64] = 8, [BX_UINT64] = 8, [BX_REAL32] = 4,   [BX_REAL64] = 8,
        [BX_BOOL] = 4,   [BX_GUID] = 16, [BX_SIZET] = 8,  [BX_FILETIME] = 8, [BX_SYSTEMTIME] = 16,
        [BX_HEX32] = 4,  [BX_HEX64] = 8};
    uint8_t type = span_u8(s);
    uint32_t n = type < LEN(width) ? width[type] : 0;
    if (type == BX_STRING)
        n = 2u * span_u16(s);
    else if (type == BX_ANSI || type == BX_BINARY)
        n = span_u16(s);
    else if (type == BX_SID && s->n >= 2)
        n = 8 + 4u * s->p[1];
    else if (!n && type != BX_NULL)
        return fail(q, "text of an unknown type");
    struct span v = span_take(s, n);
    struct bx_val val = {.p = v.p, .n = n, .type = type};
    if (v.bad)
        return fail(q, "text cut short");
    if (type == BX_STRING || type == BX_ANSI)
        return literal_add(q, to, val);
    struct buf text = {0};
    bx_text(&text, val);
    /* a literal is text, whatever it was made of */
    struct str kept = text.bad ? STR_NONE : arena_str(q->mem, buf_view(&text));
    buf_free(&text);
    return kept.p ? literal_add(q, to, bx_text_val(kept)) : fail(q, "too large for memory");
}

static bool counted_text(const struct bx_parse *q, struct span *s, struct bx_val *out)
{
    uint32_t n = 2u * span_u16(s);
    struct span v = span_take(s, n);
    *out = (struct bx_val){.p = v.p, .n = n, .type = BX_STRING};
    return v.bad ? fail(q, "text cut short") : true;
}

static bool cdata_read(const struct bx_parse *q, struct span *s, struct bx_list *to)
{
    struct bx_val v;
    return counted_text(q, s, &v) && literal_add(q, to, v);
}

static bool char_ref_read(const struct bx_parse *q, struct span *s, struct bx_list *to)
{
    struct span u = span_take(s, 2);
    struct bx_val v = {.p = u.p, .n = 2, .type = BX_STRING};
    return u.bad ? fail(q, "character reference cut short") : literal_add(q, to, v);
}

static bool entity_read(const struct bx_parse *q, struct span *s, struct bx_list *to)
{
    static const struct {
        struct str name, text;
    } known[] = {{{"amp", 3}, {"&", 1}},
                 {{"lt", 2}, {"<", 1}},
                 {{"gt", 2}, {">", 1}},
                 {{"quot", 4}, {"\"", 1}},
                 {{"apos", 4}, {"'", 1}}};
    struct str name, tag;
    if (!name_read(q, s, &name, &tag))
        return false;
    for (size_t i = 0; i < LEN(known); i++)
        if (str_eq(name, known[i].name))
            return literal_add(q, to, bx_text_val(known[i].text));
    char *p = arena_printf(q->mem, "&%.*s;", STR_ARG(name));
    return p ? literal_add(q, to, bx_text_val(str_of(p))) : fail(q, "too large for memory");
}

static bool pi_target_read(const struct bx_parse *q, struct span *s, struct bx_list *to)
{
    struct str name, tag;
    if (!name_read(q, s, &name, &tag))
        return false;
    struct bx_node *n = node_add(q, to, BXN_PI);
    return n ? n->target = tag, true : false;
}

static bool pi_data_read(const struct bx_parse *q, struct span *s, struct bx_list *to)
{
    struct bx_val v;
    if (!counted_text(q, s, &v))
        return false;
    if (!to->last || to->last->kind != BXN_PI)
        return fail(q, "processing instruction without a target");
    to->last->val = v;
    return true;
}

/* u16 index, u8 type as the definition says it; the value's own descriptor decides. */
static bool slot_read(const struct bx_parse *q, struct span *s, struct bx_list *to, bool optional,
                      enum place place)
{
    uint16_t i = span_u16(s);
    span_u8(s);
    if (s->bad)
        return fail(q, "substitution cut short");
    if (!q->slots) {
        struct bx_node *n = node_add(q, to, BXN_SLOT);
        return n ? n->slot = i, n->optional = optional, true : false;
    }
    struct bx_val v = bx_slot(q->slots, i);
    if (optional && bx_is_null(v))
        return to->late = to->gone = true;
    if (bx_is_xml(v) && v.n && place != IN_ATTRIBUTE) {
        struct bx_parse in = *q;
        in.slots = NULL, in.definition = false, in.level++;
        return bx_parse(&in, span_of(v.p, v.n, (uint64_t)(v.p - q->chunk->p)), to);
    }
    struct bx_node *n = node_add(q, to, BXN_VALUE);
    to->late = false;
    return n ? n->val = v, true : false;
}

struct span bx_definition(const struct bx_chunk *c, uint32_t def)
{
    struct span all = span_of(c->p, c->n, 0), head = span_at(all, def, 24);
    return head.bad ? head : span_at(all, def, 24 + (size_t)le32(head.p + 20));
}

static bool template_read(const struct bx_parse *q, struct span *s, struct bx_list *to)
{
    uint32_t def, id;
    if (q->refs)
        return fail(q, "template instance inside a template");
    if (!bx_instance(s, &def, &id))
        return fail(q, "template instance cut short");
    struct span body = bx_definition(q->chunk, def);
    if (body.bad)
        return fail(q, "template definition outside the chunk");
    if (le32(body.p + 4) != id)
        return fail(q, "another template where the record's own should be");
    uint32_t n = s->n >= 4 ? le32(s->p) : 0,
             *off = n <= s->n / 4 ? arena_alloc(q->mem, sizeof *off, (size_t)n + 1 + NEAR_SUMS) : NULL;
    struct bx_slots slots;
    if (!off || !bx_slots(s, off, n, &slots))
        return fail(q, "template values cut short");
    struct bx_parse in = *q;
    in.slots = &slots, in.definition = true, in.level++;
    span_take(&body, 24);
    return bx_parse(&in, body, to);
}

static bool content_read(const struct bx_parse *q, struct span *s, struct bx_list *to, enum place place);

static bool attribute_read(const struct bx_parse *q, struct span *s, struct bx_elem *e)
{
    struct bx_attr *a = bx_work(q->chunk, 1) ? arena_alloc(q->mem, sizeof *a, 1) : NULL;
    if (!a)
        return fail(q, q->chunk->work ? "too large for memory" : no_work);
    if (!name_read(q, s, &a->name, &a->tag) || !content_read(q, s, &a->value, IN_ATTRIBUTE))
        return false;
    /* a null optional substitution takes its attribute along */
    if (a->value.gone && !a->value.first) {
        e->lost |= !bx_is_xmlns(a->name);
        return true;
    }
    if (e->last_attr)
        e->last_attr->next = a;
    else
        e->attr = a;
    e->last_attr = a;
    return true;
}

/* [u16 dependency id, in definitions only] u32 size (not needed), name, [u32 size of attributes], attributes,
 * close. */
static bool element_read(const struct bx_parse *outer, struct span *s, struct bx_list *to, bool attributes)
{
    struct bx_parse inner = *outer, *q = &inner;
    struct bx_elem *e = arena_alloc(q->mem, sizeof *e, 1);
    if (!e)
        return fail(q, "too large for memory");
    if (++q->open > q->chunk->elements)
        return too_deep(q, "elements nested too deeply");
    span_take(s, q->definition ? 6 : 4);
    if (!name_read(q, s, &e->name, &e->tag))
        return false;
    if (attributes)
        span_u32(s);
    while (s->n && (s->p[0] & ~T_MORE) == T_ATTRIBUTE) {
        span_u8(s);
        if (!attribute_read(q, s, e))
            return false;
    }
    uint8_t close = span_u8(s);
    e->empty = close == T_CLOSE_EMPTY;
    if (!e->empty && (close != T_CLOSE_START || s->bad))
        return fail(q, "element start without an end");
    if (!e->empty && !content_read(q, s, &e->content, IN_ELEMENT))
        return false;
    if (e->content.gone && !e->content.first)
        return true; /* nothing but null optional substitutions: no element */
    struct bx_node *n = node_add(q, to, BXN_ELEMENT);
    return n ? n->elem = e, true : false;
}

static inline bool is_text(uint8_t kind)
{
    return kind == T_VALUE || kind == T_CDATA || kind == T_CHAR_REF || kind == T_ENTITY || kind == T_SLOT
           || kind == T_OPTIONAL_SLOT;
}

/* Tokens up to the end of the place: end of element, end of fragment, or the first token that is no attribute
 * value. */
static bool content_read(const struct bx_parse *q, struct span *s, struct bx_list *to, enum place place)
{
    for (;;) {
        if (!s->n)
            return place == IN_FRAGMENT && !s->bad ? true : fail(q, "binary XML cut short");
        uint8_t token = s->p[0], kind = token & (uint8_t)~T_MORE;
        if (place == IN_ATTRIBUTE && !is_text(kind))
            return true;
        span_u8(s);
        bool ok;
        switch (kind) {
        case T_EOF: return place == IN_FRAGMENT ? true : fail(q, "end of fragment inside an element");
        case T_END: return place == IN_ELEMENT ? true : fail(q, "end of an element that is not open");
        case T_OPEN: ok = element_read(q, s, to, token & T_MORE); break;
        case T_VALUE: ok = value_read(q, s, to); break;
        case T_CDATA: ok = cdata_read(q, s, to); break;
        case T_CHAR_REF: ok = char_ref_read(q, s, to); break;
        case T_ENTITY: ok = entity_read(q, s, to); break;
        case T_PI_TARGET: ok = pi_target_read(q, s, to); break;
        case T_PI_DATA: ok = pi_data_read(q, s, to); break;
        case T_TEMPLATE: ok = template_read(q, s, to); break;
        case T_SLOT: ok = slot_read(q, s, to, false, place); break;
        case T_OPTIONAL_SLOT: ok = slot_read(q, s, to, true, place); break;
        case T_FRAGMENT: ok = !span_take(s, 3).bad || fail(q, "fragment header cut short"); break;
        default: ok = fail(q, "unknown token");
        }
        if (!ok)
            return false;
    }
}

bool bx_parse(const struct bx_parse *q, struct span s, struct bx_list *to)
{
    if (q->level > q->chunk->levels)
        return too_deep(q, "fragments nested too deeply");
    if (!bx_work(q->chunk, 1))
        return fail(q, no_work);
    return content_read(q, &s, to, IN_FRAGMENT);
}
