#include "parsers/evtx/bxplan.h"
#include "base/limits.h"
#include "base/utf.h"

struct str bx_block_text(struct arena *mem, const struct buf *b)
{
    char *p = b->bad ? NULL : arena_alloc(mem, BX_BLOCK, b->n / BX_BLOCK + 1);
    if (p && b->n)
        memcpy(p, b->p, b->n);
    return (struct str){p, b->n};
}

enum { UNIQUE_MAX = 64 };

/* --- A tree as an event */

/* One walk makes the plan of a template (slots stay slots) and reads the substituted tree of the general
 * lane. */
struct flat {
    struct bx_chunk *chunk;
    struct arena *mem;
    struct bx_plan *plan;
    bool keep, bad;
};

static size_t utf16_units(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        uint32_t u = utf8_next(s, &i);
        n += u != UTF_BAD && u > 0xffff ? 2 : 1;
    }
    return n;
}

static struct str value_text(struct flat *f, struct bx_val v)
{
    struct buf tmp = {0};
    bx_text(&tmp, v);
    struct str s = tmp.bad ? STR_NONE : arena_str(f->mem, buf_view(&tmp));
    buf_free(&tmp);
    f->bad |= !s.p;
    return s;
}

/* The text of a list as a reader has it that keeps one buffer and the lengths of the pieces in it: literal
 * text is put behind; a value replaces the buffer, and the one length there is becomes its own, but of
 * several lengths all stay, so that they cut it. A null that takes its element away leaves nothing. */
static struct bx_val replaced(struct flat *f, const struct bx_list *l)
{
    struct buf text = {0};
    size_t pieces = 0, units = 0; /* of UTF-16 in all pieces */
    for (const struct bx_node *n = l->first; n && !l->late; n = n->next) {
        if (n->kind == BXN_ELEMENT || n->kind == BXN_PI)
            continue;
        size_t from = text.n;
        if (n->kind == BXN_VALUE)
            text.n = from = 0;
        bx_text(&text, n->val);
        struct str s = {text.p ? text.p + from : "", text.n - from};
        if (n->kind != BXN_VALUE || pieces <= 1) {
            units = n->kind == BXN_VALUE ? utf16_units(s) : units + utf16_units(s);
            pieces += n->kind != BXN_VALUE ? 1u + n->slot : !pieces;
            continue;
        }
        size_t at = 0, u = 0;
        while (at < s.n && u < units) {
            uint32_t c = utf8_next(s, &at);
            u += c != UTF_BAD && c > 0xffff ? 2 : 1;
        }
        text.n = at;
    }
    struct str all = text.bad ? STR_NONE : arena_str(f->mem, buf_view(&text));
    f->bad |= !all.p;
    buf_free(&text);
    return bx_text_val(all);
}

/* What stands beside elements and processing instructions in a list. some: anything.
 * Several pieces are joined, unless one is a slot: not modelled. */
static struct bx_src source_of(struct flat *f, const struct bx_list *l, bool *some)
{
    struct bx_src s = {.slot = -1, .gate = -1, .literal = bx_null_val()};
    const struct bx_node *one = l->first;
    if (*some = one, !one) /* most lists are one value, or empty */
        return s;
    if (!one->next && !l->gone && (one->kind == BXN_LITERAL || one->kind == BXN_VALUE))
        return s.optional = one->optional, s.literal = one->val, s;
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
    if (pieces + l->gone > 1 && f->chunk->replacing && !f->bad) {
        s.literal = replaced(f, l);
    } else if (pieces > 1) {
        struct str joined = tmp.bad ? STR_NONE : arena_str(f->mem, buf_view(&tmp));
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
static int32_t gate_for(const struct bx_elem *e, const struct bx_src *s)
{
    int32_t gate = gate_of(e);
    return s->optional && s->slot == gate ? -1 : gate;
}

static void add(struct flat *f, enum bx_field_kind kind, struct str name, struct bx_src src)
{
    struct bx_plan *p = f->plan;
    if (p->n == p->cap && !f->bad) {
        size_t cap = p->cap ? 2 * p->cap : 16;
        struct bx_field *more = arena_room(f->mem, sizeof *more, cap);
        if (more && p->n)
            memcpy(more, p->field, p->n * sizeof *more);
        f->bad |= !more;
        p->field = more, p->cap = cap;
    }
    /* what is kept is made once, of a tree whose nodes were counted */
    if (f->bad || (!f->keep && !bx_work(f->chunk, 1))) {
        f->bad = true;
        return;
    }
    struct bx_field *field = &p->field[p->n++];
    *field = (struct bx_field){.name = name, .src = src, .kind = kind};
    p->unnamed |= kind == BX_UNNAMED, p->payload |= kind == BX_PAYLOAD;
    if (!f->keep || kind != BX_NAMED)
        return;
    struct buf key = {0};
    buf_char(&key, ','), buf_json(&key, name), buf_char(&key, ':');
    field->key = bx_block_text(f->mem, &key);
    f->bad |= !field->key.p;
    buf_free(&key);
}

/* any: the element was written with attributes, there now or not; without content it then is no datum of its
 * own. */
static void add_attributes(struct flat *f, const struct bx_elem *e, struct str key, bool data, bool *any)
{
    *any = e->lost;
    for (const struct bx_attr *a = e->attr; a && !f->bad; a = a->next) {
        if ((data && str_eq(a->name, STR("Name"))) || bx_is_xmlns(a->name))
            continue;
        bool some;
        struct bx_src s = source_of(f, &a->value, &some);
        char *name = arena_alloc(f->mem, 1, key.n + 1 + a->name.n);
        s.gate = gate_for(e, &s);
        f->bad |= !name;
        if (!name)
            return;
        memcpy(name, key.p, key.n), name[key.n] = '.', memcpy(name + key.n + 1, a->name.p, a->name.n);
        add(f, BX_NAMED, (struct str){name, key.n + 1 + a->name.n}, s), *any = true;
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
static void add_children(struct flat *f, const struct bx_elem *e, struct str name,
                         void child(struct flat *, const struct bx_elem *))
{
    bool some;
    for (const struct bx_node *n = e->content.first; n && !f->bad; n = n->next)
        if (n->kind == BXN_ELEMENT)
            child(f, n->elem);
    struct bx_src s = source_of(f, &e->content, &some);
    f->bad |= s.slot >= 0;
    if (some && !f->bad && !str_is_blank(value_text(f, s.literal)))
        add(f, BX_NAMED, name, s);
}

/* <Data Name='x'>v</Data> is x: v; <Data>v</Data> is param1, param2, ...; any other element is its name;
 * attributes are name.attribute. */
static void add_item(struct flat *f, const struct bx_elem *e)
{
    bool plain = str_eq(e->name, STR("Data")), data = plain || str_eq(e->name, STR("ComplexData")),
         named = false, any = false, some;
    struct str name = e->name;
    for (const struct bx_attr *a = e->attr; a && data && !named; a = a->next)
        if (str_eq(a->name, STR("Name"))) {
            struct bx_src s = source_of(f, &a->value, &named);
            f->bad |= s.slot >= 0;
            name = named && !f->bad ? value_text(f, s.literal) : name;
        }
    add_attributes(f, e, name, data, &any);
    if (has_elements(e)) {
        add_children(f, e, name, add_item);
        return;
    }
    struct bx_src s = source_of(f, &e->content, &some);
    s.gate = gate_for(e, &s);
    if (some || !any)
        add(f, plain && !named ? BX_UNNAMED : BX_NAMED, name, s);
}

/* A child of UserData, or any child of Event we have no better name for: _element says which, its children
 * follow. */
static void add_user(struct flat *f, const struct bx_elem *e)
{
    bool any = false, some;
    struct bx_src s = {.slot = -1, .gate = gate_of(e), .literal = bx_text_val(e->name)};
    add(f, BX_NAMED, STR("_element"), s);
    add_attributes(f, e, e->name, false, &any);
    if (has_elements(e)) {
        add_children(f, e, e->name, add_item);
        return;
    }
    s = source_of(f, &e->content, &some);
    s.gate = gate_for(e, &s);
    if (some)
        add(f, BX_NAMED, e->name, s);
}

static void add_payload(struct flat *f, const struct bx_list *l, enum bx_context context)
{
    for (const struct bx_node *n = l->first; n; n = n->next)
        if (n->kind == BXN_SLOT) {
            add(f, BX_PAYLOAD, STR(""),
                (struct bx_src){.slot = n->slot, .gate = -1, .optional = n->optional});
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
            add_payload(f, &e->content, BX_IN_USERDATA);
    } else if (str_eq(e->name, STR("System"))) {
        f->bad = true; /* one in a payload: only the whole tree shows what it is */
    } else {
        add_user(f, e);
    }
}

/* Where System keeps its fields. */
static const struct {
    struct str element, attribute;
    enum bx_sys what;
} system_fields[] = {
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
            struct bx_src *to = &f->plan->sys[system_fields[i].what];
            if (!str_eq(n->elem->name, system_fields[i].element) || to->slot >= 0
                || !bx_is_absent(to->literal))
                continue;
            const struct bx_list *l = system_list(n->elem, system_fields[i].attribute);
            bool some = false;
            struct bx_src s = l ? source_of(f, l, &some) : *to;
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
    add_payload(f, event, BX_IN_EVENT);
}

static void read_payload(struct flat *f, const struct bx_list *tree, enum bx_context context)
{
    for (const struct bx_node *n = tree->first; n && !f->bad; n = n->next) {
        if (n->kind == BXN_ELEMENT && context == BX_IN_EVENT)
            add_top(f, n->elem);
        else if (n->kind == BXN_ELEMENT)
            add_user(f, n->elem);
        else
            f->bad |= n->kind != BXN_PI;
    }
}

static struct bx_usual usual_of(const struct bx_plan *p)
{
    static const enum bx_sys of[] = {BXS_EVENT_ID, BXS_RECORD_ID, BXS_TIME};
    uint16_t slot[LEN(of)], most = 0;
    for (size_t i = 0; i < LEN(of); i++) {
        const struct bx_src *src = &p->sys[of[i]];
        if (src->slot < 0 || src->slot >= UINT16_MAX || (src->gate >= 0 && src->gate != src->slot))
            return (struct bx_usual){0};
        slot[i] = (uint16_t)src->slot, most = slot[i] >= most ? (uint16_t)(slot[i] + 1) : most;
    }
    return (struct bx_usual){slot[0], slot[1], slot[2], most};
}

/* Of templates whose only datum is a payload behind all of System's values. */
static struct bx_common common_of(const struct bx_plan *p)
{
    static const enum bx_sys of[] = {BXS_PROVIDER,   BXS_GUID,     BXS_SOURCE,  BXS_EVENT_ID,
                                     BXS_QUALIFIERS, BXS_VERSION,  BXS_LEVEL,   BXS_TASK,
                                     BXS_OPCODE,     BXS_KEYWORDS, BXS_CHANNEL, BXS_COMPUTER};
    bool used[LIM_BINXML_SLOTS] = {false};
    int32_t name = p->sys[BXS_PROVIDER].slot;
    struct bx_common c = {.open = p->n == 1 && p->payload ? (uint32_t)p->field[0].src.slot : 0,
                          .name = name > 0 ? (uint32_t)name : 0};
    if (c.open >= LEN(used) || p->usual.slots > c.open)
        return (struct bx_common){0};
    for (size_t i = 0; i < 2 * LEN(of); i++) {
        const struct bx_src *src = &p->sys[of[i / 2]];
        int32_t slot = i % 2 ? src->gate : src->slot;
        if (slot >= (int32_t)c.open)
            return (struct bx_common){0};
        if (slot >= 0)
            used[slot] = true;
    }
    for (uint32_t i = 0; i < c.open; i++) {
        struct bx_run *last = c.n_run ? &c.run[c.n_run - 1] : NULL;
        if (!used[i])
            continue;
        if (last && last->behind == i)
            last->behind++;
        else if (c.n_run < BX_RUNS)
            c.run[c.n_run++] = (struct bx_run){(uint16_t)i, (uint16_t)(i + 1)};
        else
            return (struct bx_common){0};
    }
    return c.n_run ? c : (struct bx_common){0};
}

static bool names_differ(const struct bx_plan *p)
{
    if (p->n > UNIQUE_MAX)
        return false;
    for (size_t i = 0; i < p->n; i++) {
        if (p->unnamed && p->field[i].kind == BX_NAMED && str_starts_ci(p->field[i].name, STR("param")))
            return false;
        for (size_t j = 0; j < i; j++)
            if (p->field[i].kind == BX_NAMED && p->field[j].kind == BX_NAMED
                && str_eq(p->field[i].name, p->field[j].name))
                return false;
    }
    return true;
}

bool bx_plan_read(struct bx_plan *p, const struct bx_list *tree, enum bx_context context, bool keep,
                  struct arena *mem, struct bx_chunk *chunk)
{
    struct flat f = {chunk, mem, p, keep, false};
    for (size_t i = 0; i < BXS_FIELDS && context == BX_AT_RECORD; i++)
        p->sys[i] = (struct bx_src){.slot = -1, .gate = -1, .literal = bx_absent_val()};
    if (context == BX_AT_RECORD)
        read_event(&f, tree);
    else
        read_payload(&f, tree, context);
    p->ok = !f.bad;
    if (context == BX_AT_RECORD && p->ok)
        p->usual = usual_of(p), p->common = common_of(p);
    p->plain = keep && p->ok && !p->payload && names_differ(p);
    return p->ok;
}

struct str bx_param_name(struct arena *a, uint64_t number)
{
    struct buf b = {.p = arena_alloc(a, 1, 32), .cap = 32};
    if (b.p)
        buf_put(&b, "param", 5), buf_u64(&b, number);
    return buf_view(&b);
}
