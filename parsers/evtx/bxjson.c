#include "parsers/evtx/bxjson.h"
#include "base/limits.h"
#include "base/hash.h"

enum { ENTRIES_MAX = 16384 };

static inline void put_blocks(struct buf *out, struct str s)
{
    if (!buf_room(out, s.n + BX_BLOCK))
        return;
    char *at = out->p + out->n;
    for (size_t i = 0; i < s.n; i += BX_BLOCK)
        memcpy(at + i, s.p + i, BX_BLOCK);
    out->n += s.n;
}

/* --- System */

enum shape { AS_NOTHING, AS_TEXT, AS_INT, AS_HEX };
/* In order. rare: left out when the record lacks it; the others are null then. */
static const struct shown {
    struct str key;
    enum bx_sys what;
    enum shape as;
    bool rare;
} system_members[] = {
#define KEY(name)                                     \
    {                                                 \
        ",\"" name "\":", sizeof ",\"" name "\":" - 1 \
    }
    {KEY("provider"), BXS_PROVIDER, AS_TEXT, false},
    {KEY("guid"), BXS_GUID, AS_TEXT, false},
    {KEY("source"), BXS_SOURCE, AS_TEXT, true},
    {KEY("event_id"), BXS_EVENT_ID, AS_INT, false},
    {KEY("qualifiers"), BXS_QUALIFIERS, AS_INT, false},
    {KEY("version"), BXS_VERSION, AS_INT, false},
    {KEY("level"), BXS_LEVEL, AS_INT, false},
    {KEY("task"), BXS_TASK, AS_INT, false},
    {KEY("opcode"), BXS_OPCODE, AS_INT, false},
    {KEY("keywords"), BXS_KEYWORDS, AS_HEX, false},
    {KEY("activity_id"), BXS_ACTIVITY, AS_TEXT, false},
    {KEY("related_activity_id"), BXS_RELATED, AS_TEXT, false},
    {KEY("pid"), BXS_PID, AS_INT, false},
    {KEY("tid"), BXS_TID, AS_INT, false},
    {KEY("processor_id"), BXS_PROCESSOR, AS_INT, true},
    {KEY("session_id"), BXS_SESSION, AS_INT, true},
    {KEY("kernel_time"), BXS_KERNEL_TIME, AS_INT, true},
    {KEY("user_time"), BXS_USER_TIME, AS_INT, true},
    {KEY("processor_time"), BXS_PROCESSOR_TIME, AS_INT, true},
    {KEY("channel"), BXS_CHANNEL, AS_TEXT, false},
    {KEY("computer"), BXS_COMPUTER, AS_TEXT, false},
    {KEY("sid"), BXS_SID, AS_TEXT, false},
#undef KEY
};

static inline bool is_unsigned64(struct bx_val v)
{
    return v.type == BX_UINT64 || v.type == BX_HEX64 || v.type == BX_SIZET || v.type == BX_HANDLE;
}

static inline void put_shown(struct buf *out, struct bx_val v, enum shape as)
{
    int64_t i;
    if (bx_is_absent(v) || bx_is_null(v) || (as != AS_TEXT && !bx_int(v, &i)))
        buf_put(out, "null", 4);
    else if (as == AS_INT && i < 0 && is_unsigned64(v))
        buf_u64(out, (uint64_t)i);
    else if (as == AS_INT)
        buf_i64(out, i);
    else if (as == AS_HEX)
        bx_json_hex(out, (uint64_t)i);
    else
        bx_json(out, v);
}

static inline bool left_out(bool rare, struct bx_val v) { return rare && (bx_is_absent(v) || bx_is_null(v)); }

void bx_put_system(struct buf *out, const struct bx_val all[BXS_FIELDS])
{
    for (const struct shown *m = system_members; m < system_members + LEN(system_members); m++)
        if (!left_out(m->rare, all[m->what]))
            buf_str(out, m->key), put_shown(out, all[m->what], m->as);
}

/* A line is text and the value behind it, again and again. What a template says itself is part of the text,
 * mostly provider, channel and computer. */
struct bx_step {
    struct str text;
    struct bx_src src;
    uint8_t as;
    bool rare;
};

/* A step ends: the value of src follows its text, or (NULL) nothing. */
static bool step_add(struct bx_plan *p, struct buf *text, const struct bx_src *src, enum shape as, bool rare,
                     struct arena *mem)
{
    struct bx_step *step = &p->line[p->n_line++];
    *step = (struct bx_step){bx_block_text(mem, text),
                             src ? *src : (struct bx_src){.slot = -1, .gate = -1, .literal = bx_absent_val()},
                             (uint8_t)as, rare};
    text->n = 0;
    return step->text.p != NULL;
}

bool bx_line_make(struct bx_plan *p, struct arena *mem)
{
    struct buf text = {0};
    bool ok = true;
    p->line = arena_alloc(mem, sizeof *p->line, 2 * LEN(system_members) + 1);
    p->n_line = 0;
    for (size_t i = 0; i < LEN(system_members) && p->line && ok; i++) {
        const struct shown *m = &system_members[i];
        const struct bx_src *src = &p->sys[m->what];
        bool known = src->slot < 0 && src->gate < 0;
        if (known && left_out(m->rare, src->literal))
            continue;
        if (m->rare && !known) /* its key comes and goes with it */
            ok = step_add(p, &text, NULL, AS_NOTHING, false, mem);
        buf_str(&text, m->key);
        if (known)
            put_shown(&text, src->literal, m->as);
        else
            ok = ok && step_add(p, &text, src, m->as, m->rare, mem);
    }
    ok = ok && p->line && step_add(p, &text, NULL, AS_NOTHING, false, mem);
    if (!ok)
        p->line = NULL;
    buf_free(&text);
    return ok;
}

void bx_put_line(struct buf *out, const struct bx_plan *p, const struct bx_slots *s)
{
    for (const struct bx_step *step = p->line, *end = step + p->n_line; step < end; step++) {
        struct bx_val v = bx_value_of(&step->src, s);
        if (left_out(step->rare, v))
            continue;
        put_blocks(out, step->text);
        if (step->as != AS_NOTHING)
            put_shown(out, v, step->as);
    }
}

/* --- Data */

/* Order counts, and where one text ends and the next begins. */
static void mix(uint64_t *hash, const void *p, size_t n)
{
    if (!hash)
        return;
    uint64_t h = (*hash ^ hash64(p, n)) * 0x9E3779B97F4A7C15u;
    *hash = h ^ h >> 32;
}

static inline void put_value(struct buf *out, struct bx_val v, uint64_t *hash)
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

static void put_unnamed(struct buf *out, struct bx_val v, uint64_t *number, size_t most, uint64_t *hash)
{
    for (struct bx_val one, rest = v; bx_each(&rest, &one) && out->n <= most;) {
        size_t from = out->n + 2;
        buf_put(out, ",\"param", 7), buf_u64(out, ++*number), buf_put(out, "\":", 2);
        if (!out->bad)
            mix(hash, out->p + from, out->n - from - 2);
        put_value(out, one, hash);
    }
}

bool bx_put_plain(struct buf *out, const struct bx_plan *p, const struct bx_slots *s, uint64_t *hash)
{
    size_t most = out->n + LIM_EVENT_JSON;
    uint64_t unnamed = 0;
    for (size_t i = 0, n = p->n; i < n; i++) {
        const struct bx_field *f = &p->field[i];
        struct bx_val v = bx_value_of(&f->src, s);
        if (bx_is_absent(v))
            continue;
        if (f->kind == BX_UNNAMED) {
            put_unnamed(out, v, &unnamed, most, hash);
        } else {
            put_blocks(out, f->key);
            mix(hash, f->name.p, f->name.n);
            put_values(out, v, hash);
        }
        if (out->bad || out->n > most)
            return false;
    }
    return true;
}

/* Names may repeat: all values of a name under its first place, as an array when there are several. */
struct entry {
    struct str name;
    struct bx_val val;
    uint32_t next, last;
    bool first;
};

static size_t list_entries(const struct bx_item *item, size_t n_item, struct arena *mem, struct entry *entry,
                           size_t cap)
{
    size_t n = 0;
    uint64_t unnamed = 0;
    for (size_t i = 0; i < n_item; i++) {
        struct bx_val one, rest = item[i].val;
        bool is_unnamed = item[i].field->kind == BX_UNNAMED;
        if (!is_unnamed && bx_is_array(rest) && rest.n == 0)
            rest = bx_null_val(); /* an empty array leaves its element, empty */
        while (bx_each(&rest, &one)) {
            struct str name = is_unnamed ? bx_param_name(mem, ++unnamed) : item[i].field->name;
            if (n == cap || !name.p)
                return SIZE_MAX;
            entry[n++] = (struct entry){.name = name, .val = one};
        }
    }
    return n;
}

bool bx_put_grouped(struct buf *out, const struct bx_item *item, size_t n_item, struct arena *mem,
                    uint64_t *hash)
{
    size_t cap = 0, slots = 16, start = out->n;
    for (size_t i = 0; i < n_item && cap <= ENTRIES_MAX; i++)
        cap += bx_count(item[i].val) + 1;
    if (cap > ENTRIES_MAX)
        cap = ENTRIES_MAX;
    while (slots < 2 * cap)
        slots *= 2;
    struct entry *entry = arena_alloc(mem, sizeof *entry, cap + 1);
    uint32_t *table = arena_alloc(mem, sizeof *table, slots); /* 1 + first entry of a name */
    size_t n = entry && table ? list_entries(item, n_item, mem, entry, cap) : SIZE_MAX;
    if (n == SIZE_MAX)
        return false;
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
    for (size_t i = 0; i < n; i++) {
        if (!entry[i].first)
            continue;
        buf_char(out, ','), buf_json(out, entry[i].name), buf_char(out, ':');
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
