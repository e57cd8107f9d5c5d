#include "bxplan.h"
#include "../src/base/hash.h"

enum { ENTRIES_MAX = 16384, UNIQUE_MAX = 64 };

/* ---- A tree as an event --------------------------------------------------------------------------------------------------------------- */

/* One walk makes the plan of a template (slots stay slots) and reads the substituted tree of the general lane. */
struct flat { struct bx_chunk *chunk; struct arena *mem; struct bx_plan *plan; bool keep, bad; };

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
static struct bx_src source_of(struct flat *f, const struct bx_list *l, bool *some)
{
    struct bx_src s = {.slot = -1, .gate = -1, .literal = bx_null_val()};
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
        struct bx_field *more = arena_alloc(f->mem, sizeof *more, cap);
        if (more && p->n)
            memcpy(more, p->field, p->n * sizeof *more);
        f->bad |= !more;
        p->field = more, p->cap = cap;
    }
    if (f->bad || !bx_work(f->chunk, 1)) {
        f->bad = true;
        return;
    }
    struct bx_field *field = &p->field[p->n++];
    *field = (struct bx_field){.name = name, .src = src, .kind = kind};
    p->unnamed |= kind == BX_UNNAMED;
    if (!f->keep || kind != BX_NAMED)
        return;
    struct buf key = {0};
    buf_json(&key, name), buf_char(&key, ':');
    field->key = key.bad ? (struct str){0} : arena_str(f->mem, buf_view(&key));
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
static void add_children(struct flat *f, const struct bx_elem *e, struct str name, void child(struct flat *, const struct bx_elem *))
{
    bool some;
    for (const struct bx_node *n = e->content.first; n && !f->bad; n = n->next)
        if (n->kind == BXN_ELEMENT)
            child(f, n->elem);
    struct bx_src s = source_of(f, &e->content, &some);
    f->bad |= s.slot >= 0;
    if (some && !f->bad && !blank(text_of(f, s.literal)))
        add(f, BX_NAMED, name, s);
}

/* <Data Name='x'>v</Data> is x: v; <Data>v</Data> is param1, param2, ...; any other element is its name; attributes are name.attribute. */
static void add_item(struct flat *f, const struct bx_elem *e)
{
    bool plain = str_eq(e->name, STR("Data")), data = plain || str_eq(e->name, STR("ComplexData")), named = false, any = false, some;
    struct str name = e->name;
    for (const struct bx_attr *a = e->attr; a && data && !named; a = a->next)
        if (str_eq(a->name, STR("Name"))) {
            struct bx_src s = source_of(f, &a->value, &named);
            f->bad |= s.slot >= 0;
            name = named && !f->bad ? text_of(f, s.literal) : name;
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

/* A child of UserData, or any child of Event we have no better name for: _element says which, its children follow. */
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
            add(f, BX_PAYLOAD, STR(""), (struct bx_src){.slot = n->slot, .gate = -1, .optional = n->optional});
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
            struct bx_src *to = &f->plan->sys[system_fields[i].what];
            if (!str_eq(n->elem->name, system_fields[i].element) || to->slot >= 0 || to->literal.kind != BXV_ABSENT)
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

static bool names_differ(const struct bx_plan *p)
{
    if (p->n > UNIQUE_MAX)
        return false;
    for (size_t i = 0; i < p->n; i++) {
        if (p->unnamed && p->field[i].kind == BX_NAMED && str_starts_ci(p->field[i].name, STR("param")))
            return false;
        for (size_t j = 0; j < i; j++)
            if (p->field[i].kind == BX_NAMED && p->field[j].kind == BX_NAMED && str_eq(p->field[i].name, p->field[j].name))
                return false;
    }
    return true;
}

bool bx_plan_read(struct bx_plan *p, const struct bx_list *tree, enum bx_context context, bool keep, struct arena *mem, struct bx_chunk *chunk)
{
    struct flat f = {chunk, mem, p, keep, false};
    for (size_t i = 0; i < BXS_FIELDS; i++)
        p->sys[i] = (struct bx_src){.slot = -1, .gate = -1};
    if (context == BX_AT_RECORD)
        read_event(&f, tree);
    else
        read_payload(&f, tree, context);
    p->ok = !f.bad;
    p->unique = keep && p->ok && names_differ(p);
    return p->ok;
}

struct str bx_param_name(struct arena *a, uint64_t number)
{
    struct buf b = {.p = arena_alloc(a, 1, 32), .cap = 32};
    if (b.p)
        buf_put(&b, "param", 5), buf_u64(&b, number);
    return buf_view(&b);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------------------------- */

/* Order counts, and where one text ends and the next begins. */
static void mix(uint64_t *hash, const void *p, size_t n)
{
    if (!hash)
        return;
    uint64_t h = (*hash ^ hash64(p, n)) * 0x9E3779B97F4A7C15u;
    *hash = h ^ h >> 32;
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
bool bx_put_unique(const struct bx_item *item, size_t n, struct buf *out, uint64_t *hash)
{
    size_t start = out->n;
    uint64_t unnamed = 0;
    char comma = '{';
    for (size_t i = 0; i < n; i++) {
        const struct bx_field *f = item[i].field;
        struct bx_val one, rest = item[i].val;
        if (f->kind == BX_NAMED) {
            buf_char(out, comma), buf_str(out, f->key), comma = ',';
            mix(hash, f->name.p, f->name.n);
            put_values(out, rest, hash);
        }
        while (f->kind == BX_UNNAMED && bx_each(&rest, &one) && out->n - start <= LIM_EVENT_JSON) {
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

static size_t list_entries(const struct bx_item *item, size_t n_item, struct arena *mem, struct entry *entry, size_t cap)
{
    size_t n = 0;
    uint64_t unnamed = 0;
    for (size_t i = 0; i < n_item; i++) {
        struct bx_val one, rest = item[i].val;
        bool is_unnamed = item[i].field->kind == BX_UNNAMED;
        if (!is_unnamed && bx_is_array(rest) && rest.n == 0)
            rest = bx_null_val();                   /* an empty array leaves its element, empty */
        while (bx_each(&rest, &one)) {
            struct str name = is_unnamed ? bx_param_name(mem, ++unnamed) : item[i].field->name;
            if (n == cap || !name.p)
                return SIZE_MAX;
            entry[n++] = (struct entry){.name = name, .val = one};
        }
    }
    return n;
}

bool bx_put_grouped(const struct bx_item *item, size_t n_item, struct arena *mem, struct buf *out, uint64_t *hash)
{
    size_t cap = 0, slots = 16, start = out->n;
    for (size_t i = 0; i < n_item && cap <= ENTRIES_MAX; i++)
        cap += bx_count(item[i].val) + 1;
    if (cap > ENTRIES_MAX)
        cap = ENTRIES_MAX;
    while (slots < 2 * cap)
        slots *= 2;
    struct entry *entry = arena_alloc(mem, sizeof *entry, cap + 1);
    uint32_t *table = arena_alloc(mem, sizeof *table, slots);     /* 1 + first entry of a name */
    size_t n = entry && table ? list_entries(item, n_item, mem, entry, cap) : SIZE_MAX;
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

