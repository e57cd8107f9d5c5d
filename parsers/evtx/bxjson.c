#include "parsers/evtx/bxjson.h"
#include "base/limits.h"
#include "base/hash.h"

enum { ENTRIES_MAX = 16384 };

/* Texts of bx_block_text: whole blocks may be read, and are written. */
static inline char *copy_blocks(char *at, const char *text, size_t n)
{
    memcpy(at, text, BX_BLOCK);
    for (size_t i = BX_BLOCK; i < n; i += BX_BLOCK)
        memcpy(at + i, text + i, BX_BLOCK);
    return at + n;
}

static inline void put_blocks(struct buf *out, struct str s)
{
    if (buf_room(out, s.n + BX_BLOCK))
        out->n = (size_t)(copy_blocks(out->p + out->n, s.p, s.n) - out->p);
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

/* --- Data */

/* Order counts, and where one text ends and the next begins. */
static void mix(uint64_t *hash, const void *p, size_t n)
{
    if (!hash)
        return;
    uint64_t h = (*hash ^ hash64(p, n)) * 0x9E3779B97F4A7C15u;
    *hash = h ^ h >> 32;
}

static inline char *put_string(char *at, const uint8_t *p, uint32_t n)
{
    for (n &= ~1u; n && !le16(p + n - 2);)
        n -= 2;
    *at = '"', at = near_json16(at + 1, p, n), *at = '"';
    return at + 1;
}

/* end: of the chunk, NULL: not known. */
static inline void put_value(struct buf *out, struct bx_val v, const uint8_t *end, uint64_t *hash)
{
    size_t from = out->n;
    if (v.type == BX_STRING && v.n && end && (size_t)(end - v.p) >= v.n + (size_t)NEAR_BEHIND
        && buf_room(out, bx_json_room(v.n)))
        out->n = (size_t)(put_string(out->p + out->n, v.p, v.n) - out->p);
    else
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
        put_value(out, one, NULL, hash);
        return;
    }
    for (char c = '['; bx_each(&rest, &one); c = ',')
        buf_char(out, c), put_value(out, one, NULL, hash);
    buf_char(out, ']');
}

static void put_unnamed(struct buf *out, struct bx_val v, uint64_t *number, size_t most, uint64_t *hash)
{
    for (struct bx_val one, rest = v; bx_each(&rest, &one) && out->n <= most;) {
        size_t from = out->n + 2;
        buf_put(out, ",\"param", 7), buf_u64(out, ++*number), buf_put(out, "\":", 2);
        if (!out->bad)
            mix(hash, out->p + from, out->n - from - 2);
        put_value(out, one, NULL, hash);
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

/* --- Compiled */

/* Text and the value behind it. What a template says itself is part of the text: mostly provider, channel and
 * computer. gate: the value whose null takes this one away. */
enum { NO_SLOT = UINT16_MAX };
struct bx_step {
    const char *text; /* bx_block_text */
    uint32_t n_text;
    uint16_t slot, gate;
    uint8_t as;
    bool drops, gate_drops; /* null, or null at the gate: nothing is shown, no text either */
};
enum { STEP_ROOM = 128 }; /* what a step needs beyond its text and three times its value's bytes */

struct compiler {
    struct bx_steps *to;
    size_t cap;
    struct arena *mem;
    struct buf text;
    bool bad;
};

static void step_add(struct compiler *c, struct bx_step step)
{
    struct str text = bx_block_text(c->mem, &c->text);
    if (!text.p || c->to->n == c->cap) {
        c->bad = true;
        return;
    }
    step.text = text.p, step.n_text = (uint32_t)text.n;
    c->to->step[c->to->n++] = step;
    c->to->text += text.n, c->text.n = 0;
    for (unsigned i = 0; i < 2; i++) {
        uint16_t slot = i ? step.gate : step.slot;
        if (slot != NO_SLOT && slot >= c->to->slots)
            c->to->slots = slot + 1u;
    }
}

static bool compile_begin(struct compiler *c, struct bx_steps *to, size_t cap, struct arena *mem)
{
    *to = (struct bx_steps){.made = true, .step = arena_alloc(mem, sizeof *to->step, cap)};
    *c = (struct compiler){.to = to, .cap = cap, .mem = mem};
    return to->step != NULL;
}

/* The text behind the last value is a step as well. */
static void compile_end(struct compiler *c)
{
    step_add(c, (struct bx_step){.slot = NO_SLOT, .gate = NO_SLOT, .as = AS_NOTHING});
    struct bx_steps *to = c->to;
    for (size_t i = 0; i < to->n && !c->bad; i++) {
        uint32_t same = 0;
        for (size_t k = 0; k < to->n; k++)
            same += to->step[i].slot != NO_SLOT && to->step[k].slot == to->step[i].slot;
        to->refs = same > to->refs ? same : to->refs;
    }
    if (c->bad || c->text.bad)
        to->step = NULL;
    buf_free(&c->text);
}

static uint16_t slot_or_none(int32_t slot) { return slot >= 0 && slot < NO_SLOT ? (uint16_t)slot : NO_SLOT; }

/* A value that goes with its own null needs no gate. */
static struct bx_step step_of(const struct bx_src *src, enum shape as, bool drops, bool gate_drops)
{
    struct bx_step step = {.slot = slot_or_none(src->slot),
                           .gate = slot_or_none(src->gate),
                           .as = (uint8_t)as,
                           .drops = drops,
                           .gate_drops = gate_drops};
    if (step.gate != NO_SLOT && step.gate == step.slot)
        step.gate = NO_SLOT, step.drops |= gate_drops;
    return step;
}

static void compile_line(struct bx_plan *p, struct arena *mem)
{
    struct compiler c;
    if (!compile_begin(&c, &p->line, 2 * LEN(system_members) + 1, mem))
        return;
    for (size_t i = 0; i < LEN(system_members); i++) {
        const struct shown *m = &system_members[i];
        const struct bx_src *src = &p->sys[m->what];
        bool known = src->slot < 0 && src->gate < 0;
        if (m->what == BXS_ACTIVITY) /* what stands before it goes with the kind of event */
            c.to->same = c.to->n;
        if (known && left_out(m->rare, src->literal))
            continue;
        if (m->rare && !known && c.text.n) /* its key comes and goes with it */
            step_add(&c, (struct bx_step){.slot = NO_SLOT, .gate = NO_SLOT, .as = AS_NOTHING});
        buf_str(&c.text, m->key);
        if (known)
            put_shown(&c.text, src->literal, m->as);
        else if (src->slot < 0)
            c.bad = true; /* text that goes with a value */
        else
            step_add(&c, step_of(src, m->as, m->rare, m->rare));
    }
    compile_end(&c);
}

static void compile_data(struct bx_plan *p, struct arena *mem)
{
    struct compiler c;
    if (!compile_begin(&c, &p->data, 2 * p->n + 1, mem))
        return;
    for (size_t i = 0; i < p->n && !c.bad; i++) {
        const struct bx_field *f = &p->field[i];
        const struct bx_src *src = &f->src;
        if (f->kind != BX_NAMED || (src->slot < 0 && src->gate >= 0)) {
            c.bad = true;
        } else if (src->slot < 0) {
            if (!bx_is_absent(src->literal))
                buf_str(&c.text, f->key), put_values(&c.text, src->literal, NULL);
        } else {
            struct bx_step step = step_of(src, AS_TEXT, src->optional, true);
            if ((step.drops || step.gate != NO_SLOT) && c.text.n)
                step_add(&c, (struct bx_step){.slot = NO_SLOT, .gate = NO_SLOT, .as = AS_NOTHING});
            buf_str(&c.text, f->key);
            step_add(&c, step);
        }
    }
    compile_end(&c);
}

/* How much room a record takes at most; 0: it is none for its steps. */
static inline size_t steps_room(const struct bx_steps *all, const struct bx_slots *s, const uint8_t *end)
{
    if (!all->step || s->n < all->slots || !s->n)
        return 0;
    size_t bytes = s->off[s->n];
    if ((size_t)(end - s->val) < bytes + NEAR_BEHIND)
        return 0;
    return all->text + all->n * STEP_ROOM + 3 * all->refs * bytes;
}

/* Remembers its text up to the last number. */
__attribute__((noinline)) static char *put_new_sid(char *at, const uint8_t *p, uint32_t n,
                                                   struct bx_memo_sid *m)
{
    char *end = bx_json_at(at, (struct bx_val){.p = p, .n = n, .type = BX_SID}), *last = end;
    while (m && last[-1] != '-')
        last--;
    if (m && last - at <= BX_MEMO_TEXT) {
        m->n = (uint8_t)n, m->n_text = (uint8_t)(last - at);
        memcpy(m->sid, p, n - 4), memcpy(m->text, at, m->n_text);
    }
    return end;
}

/* The same few domains again and again, with other accounts. */
static inline char *put_sid(char *at, const uint8_t *p, uint32_t n, struct bx_memo *memo)
{
    if (n < 12 || n > BX_MEMO_SID || n - 8 != 4u * p[1])
        return put_new_sid(at, p, n, NULL);
    uint64_t hash = (le64(p) ^ le64(p + n - 12) >> 3) * 0xff51afd7ed558ccdu;
    struct bx_memo_sid *m = &memo->sid[hash >> (64 - BX_MEMO_BITS)];
    if (m->n != n || !near_same(m->sid, p, n - 4))
        return put_new_sid(at, p, n, m);
    memcpy(at, m->text, sizeof m->text);
    at = near_u32(at + m->n_text, le32(p + n - 4)), *at = '"';
    return at + 1;
}

static inline char *put_quoted_hex(char *at, uint64_t v)
{
    *at = '"', at = near_hex(at + 1, v), *at = '"';
    return at + 1;
}

/* A value that has bytes, as bx_json shows it. NULL: not without a buffer. */
__attribute__((always_inline)) static inline char *put_quick(char *at, uint32_t type, const uint8_t *p,
                                                             uint32_t n, struct bx_memo *memo)
{
    if (type == BX_STRING)
        return put_string(at, p, n);
    if (type == BX_HEX64 && n == 8)
        return put_quoted_hex(at, le64(p));
    if (type == BX_UINT32 && n == 4)
        return near_u32(at, le32(p));
    if (type == BX_SID)
        return put_sid(at, p, n, memo);
    if (type == BX_HEX32 && n == 4)
        return put_quoted_hex(at, le32(p));
    if (type == BX_UINT16 && n == 2)
        return near_u32(at, le16(p));
    if (type == BX_UINT64 && n == 8)
        return near_u64(at, le64(p));
    if (type == BX_ANSI || type & BX_ARRAY)
        return NULL;
    return bx_json_at(at, (struct bx_val){.p = p, .n = n, .type = type});
}

/* A value that is to be an integer. NULL: in another way. */
static inline char *put_quick_int(char *at, uint32_t type, const uint8_t *p, uint32_t n, enum shape as)
{
    if (as == AS_HEX)
        return n == 8 && (type == BX_HEX64 || type == BX_UINT64) ? put_quoted_hex(at, le64(p)) : NULL;
    return type == BX_UINT16 && n == 2   ? near_u32(at, le16(p))
           : type == BX_UINT8 && n == 1  ? near_u32(at, p[0])
           : type == BX_UINT32 && n == 4 ? near_u32(at, le32(p))
                                         : NULL;
}

static inline bool null_at(const struct bx_slots *s, uint32_t slot) { return bx_is_null(bx_slot(s, slot)); }

/* False: out of room, or what was shown in another way left less than room of most; out is then as before. */
__attribute__((always_inline)) static inline bool put_steps(struct buf *out, const struct bx_steps *all,
                                                            size_t first, size_t behind,
                                                            const struct bx_slots *s, struct bx_memo *memo,
                                                            size_t room, bool data)
{
    size_t start = out->n;
    if (!buf_room(out, room))
        return false;
    const uint8_t *const desc = s->desc, *const val = s->val;
    const uint32_t *const off = s->off;
    char *at = out->p + out->n;
    for (const struct bx_step *step = all->step + first, *end = all->step + behind; step < end; step++) {
        uint32_t type = BX_NULL, n = 0, slot = step->slot;
        const uint8_t *p = val;
        if (slot != NO_SLOT)
            type = desc[4 * slot + 2], p = val + off[slot], n = off[slot + 1] - off[slot];
        bool null = type == BX_NULL || (type == BX_XML && !n);
        if (step->gate != NO_SLOT && null_at(s, step->gate)) {
            if (step->gate_drops)
                continue;
            null = true;
        }
        if (null && step->drops)
            continue;
        at = copy_blocks(at, step->text, step->n_text);
        if (null || !n) {
            if (step->as == AS_TEXT && (data || !null))
                memcpy(at, "\"\"", 2), at += 2;
            else if (step->as != AS_NOTHING)
                memcpy(at, "null", 4), at += 4;
            continue;
        }
        char *to = data || step->as == AS_TEXT ? put_quick(at, type, p, n, memo)
                                               : put_quick_int(at, type, p, n, (enum shape)step->as);
        if (to) {
            at = to;
            continue;
        }
        out->n = (size_t)(at - out->p);
        struct bx_val v = bx_slot(s, slot);
        if (data)
            put_values(out, v, NULL);
        else
            put_shown(out, v, (enum shape)step->as);
        if ((data && out->n - start + room > LIM_EVENT_JSON) || !buf_room(out, room))
            return out->n = start, false;
        at = out->p + out->n;
    }
    out->n = (size_t)(at - out->p);
    return true;
}

/* --- By shape */

/* Records of one template mostly hold values of the same types, and of the same sizes where a type has one.
 * What to do with such is found out once: what is null is part of the text, and of the others it is known how
 * they look. key: of the slots' descriptors what must be the same (near_like). */
enum look {
    LOOK_TEXT,
    LOOK_STRING,
    LOOK_HEX64,
    LOOK_HEX32,
    LOOK_UINT64,
    LOOK_UINT32,
    LOOK_UINT16,
    LOOK_UINT8,
    LOOK_SID,
    LOOK_AT,
    LOOK_ANY
};
struct bx_part {
    const char *text; /* bx_block_text */
    uint32_t n_text;
    uint16_t slot;
    uint8_t look, as;
};
struct bx_shape {
    struct bx_shape *next;
    size_t fours, n;
    uint8_t *key;
    struct bx_part *part;
};
enum { SHAPES = 8 };

static bool any_size(uint8_t type)
{
    return type == BX_NULL || type == BX_STRING || type == BX_ANSI || type == BX_BINARY || type == BX_SID
           || type > BX_XML;
}

/* How a value looks that is not null. */
static enum look look_at(uint8_t type, uint32_t n, enum shape as, bool data)
{
    if (data || as == AS_TEXT)
        return type == BX_STRING                    ? LOOK_STRING
               : type == BX_HEX64 && n == 8         ? LOOK_HEX64
               : type == BX_HEX32 && n == 4         ? LOOK_HEX32
               : type == BX_UINT64 && n == 8        ? LOOK_UINT64
               : type == BX_UINT32 && n == 4        ? LOOK_UINT32
               : type == BX_UINT16 && n == 2        ? LOOK_UINT16
               : type == BX_SID                     ? LOOK_SID
               : type == BX_ANSI || type & BX_ARRAY ? LOOK_ANY
                                                    : LOOK_AT;
    if (as == AS_HEX)
        return n == 8 && (type == BX_HEX64 || type == BX_UINT64) ? LOOK_HEX64 : LOOK_ANY;
    return type == BX_UINT16 && n == 2   ? LOOK_UINT16
           : type == BX_UINT8 && n == 1  ? LOOK_UINT8
           : type == BX_UINT32 && n == 4 ? LOOK_UINT32
                                         : LOOK_ANY;
}

/* Of this slot's descriptor the type must be the same, and mostly the size. False: it is a fragment, null or
 * not by its size. */
static bool shape_slot(struct bx_shape *h, const struct bx_slots *s, uint16_t slot)
{
    const uint8_t *desc = s->desc + 4 * (size_t)slot;
    uint8_t *mask = h->key + 32 * (size_t)(slot / 4) + 4 * (slot % 4), *want = mask + 16;
    mask[2] = 0xff, want[2] = desc[2];
    if (!any_size(desc[2]))
        mask[0] = mask[1] = 0xff, want[0] = desc[0], want[1] = desc[1];
    return desc[2] != BX_XML;
}

static bool shape_part(struct bx_shape *h, const struct bx_step *step, const struct bx_slots *s, bool data,
                       struct buf *text, struct arena *mem)
{
    uint8_t type = BX_NULL;
    uint32_t n = 0;
    if (step->slot != NO_SLOT) {
        type = s->desc[4 * (size_t)step->slot + 2], n = le16(s->desc + 4 * (size_t)step->slot);
        if (!shape_slot(h, s, step->slot))
            return false;
    }
    bool null = type == BX_NULL;
    if (step->gate != NO_SLOT) {
        if (!shape_slot(h, s, step->gate))
            return false;
        if (null_at(s, step->gate) && step->gate_drops)
            return true;
        null |= null_at(s, step->gate);
    }
    if (null && step->drops)
        return true;
    buf_put(text, step->text, step->n_text);
    if (null || (!n && !any_size(type))) {
        if (step->as == AS_TEXT && (data || !null))
            buf_put(text, "\"\"", 2);
        else if (step->as != AS_NOTHING)
            buf_put(text, "null", 4);
        return true;
    }
    struct str own = bx_block_text(mem, text);
    text->n = 0;
    h->part[h->n++] = (struct bx_part){own.p, (uint32_t)own.n, step->slot,
                                       (uint8_t)look_at(type, n, (enum shape)step->as, data), step->as};
    return own.p;
}

/* NULL: too many shapes, or a shape that no two records need to have. */
__attribute__((noinline)) static struct bx_shape *shape_new(struct bx_steps *all, size_t first,
                                                            const struct bx_slots *s, bool data,
                                                            struct arena *mem)
{
    if (all->shapes == SHAPES)
        return NULL;
    all->shapes++;
    struct buf text = {0};
    struct bx_shape *h = arena_alloc(mem, sizeof *h, 1);
    if (!h)
        return NULL;
    h->fours = (all->slots + 3) / 4;
    h->key = arena_alloc(mem, 32, h->fours), h->part = arena_alloc(mem, sizeof *h->part, all->n - first + 1);
    bool ok = h->key && h->part;
    for (size_t i = first; i < all->n && ok; i++)
        ok = shape_part(h, &all->step[i], s, data, &text, mem);
    struct str last = ok ? bx_block_text(mem, &text) : STR_NONE;
    buf_free(&text);
    if (!last.p)
        return NULL;
    h->part[h->n++] = (struct bx_part){last.p, (uint32_t)last.n, 0, LOOK_TEXT, AS_NOTHING};
    h->next = all->shape, all->shape = h;
    return h;
}

/* The shape of a record, which has a room (steps_room). */
static inline const struct bx_shape *shape_of(struct bx_steps *all, size_t first, const struct bx_slots *s,
                                              bool data, struct arena *mem)
{
    for (const struct bx_shape *h = all->shape; h; h = h->next)
        if (near_like(s->desc, h->key, h->fours))
            return h;
    return shape_new(all, first, s, data, mem);
}

/* As put_steps. */
__attribute__((always_inline)) static inline bool put_shape(struct buf *out, const struct bx_shape *h,
                                                            const struct bx_slots *s, struct bx_memo *memo,
                                                            size_t room, bool data)
{
    size_t start = out->n;
    if (!buf_room(out, room))
        return false;
    const uint8_t *const val = s->val;
    const uint32_t *const off = s->off;
    char *at = out->p + out->n;
    for (const struct bx_part *part = h->part, *end = part + h->n; part < end; part++) {
        at = copy_blocks(at, part->text, part->n_text);
        const uint8_t *p = val + off[part->slot];
        uint32_t n = off[part->slot + 1] - off[part->slot];
        switch ((enum look)part->look) {
        case LOOK_TEXT: continue;
        case LOOK_STRING: at = put_string(at, p, n); continue;
        case LOOK_HEX64: at = put_quoted_hex(at, le64(p)); continue;
        case LOOK_HEX32: at = put_quoted_hex(at, le32(p)); continue;
        case LOOK_UINT64: at = near_u64(at, le64(p)); continue;
        case LOOK_UINT32: at = near_u32(at, le32(p)); continue;
        case LOOK_UINT16: at = near_u32(at, le16(p)); continue;
        case LOOK_UINT8: at = near_u32(at, p[0]); continue;
        case LOOK_SID:
            if (n) {
                at = put_sid(at, p, n, memo);
                continue;
            }
            break;
        case LOOK_AT:
            if (n) {
                at = bx_json_at(at, bx_slot(s, part->slot));
                continue;
            }
            break;
        case LOOK_ANY: break;
        }
        out->n = (size_t)(at - out->p);
        struct bx_val v = bx_slot(s, part->slot);
        if (data)
            put_values(out, v, NULL);
        else
            put_shown(out, v, (enum shape)part->as);
        if ((data && out->n - start + room > LIM_EVENT_JSON) || !buf_room(out, room))
            return out->n = start, false;
        at = out->p + out->n;
    }
    out->n = (size_t)(at - out->p);
    return true;
}

/* --- A record in one go */

/* Records of one kind begin alike: provider, event, level, task and so on are shown once. */
static bool put_same(struct buf *out, const struct bx_steps *all, const struct bx_slots *s,
                     struct bx_memo *memo, struct bx_said *said, size_t room)
{
    size_t start = out->n;
    if (said && said->n_text) {
        if (!buf_room(out, room + sizeof said->text))
            return false;
        out->n = (size_t)(copy_blocks(out->p + start, said->text, said->n_text) - out->p);
        return true;
    }
    if (!put_steps(out, all, 0, all->same, s, memo, room, false))
        return false;
    if (said && out->n - start <= sizeof said->text) {
        said->n_text = (uint32_t)(out->n - start);
        memcpy(said->text, out->p + start, said->n_text);
    }
    return true;
}

void bx_put_line(struct buf *out, struct bx_plan *p, const struct bx_slots *s, const uint8_t *end,
                 struct arena *mem, struct bx_memo *memo, struct bx_said *said)
{
    if (!p->line.made)
        compile_line(p, mem);
    size_t room = steps_room(&p->line, s, end), start = out->n;
    const struct bx_shape *h = room ? shape_of(&p->line, p->line.same, s, false, mem) : NULL;
    if (room && put_same(out, &p->line, s, memo, said, room)
        && (h ? put_shape(out, h, s, memo, room, false)
              : put_steps(out, &p->line, p->line.same, p->line.n, s, memo, room, false)))
        return;
    out->n = start;
    struct bx_val all[BXS_FIELDS];
    for (size_t i = 0; i < BXS_FIELDS; i++)
        all[i] = bx_value_of(&p->sys[i], s);
    bx_put_system(out, all);
}

bool bx_put_quick(struct buf *out, struct bx_plan *p, const struct bx_slots *s, const uint8_t *end,
                  struct arena *mem, struct bx_memo *memo)
{
    if (!p->data.made)
        compile_data(p, mem);
    size_t room = steps_room(&p->data, s, end);
    const struct bx_shape *h = room && room <= LIM_EVENT_JSON ? shape_of(&p->data, 0, s, true, mem) : NULL;
    if (h ? put_shape(out, h, s, memo, room, true)
          : room && room <= LIM_EVENT_JSON && put_steps(out, &p->data, 0, p->data.n, s, memo, room, true))
        return true;
    return bx_put_plain(out, p, s, NULL);
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

bool bx_put_grouped(struct buf *out, const struct bx_item *item, size_t n_item, const uint8_t *end,
                    struct arena *mem, uint64_t *hash)
{
    size_t cap = 0, slots = 16, start = out->n;
    for (size_t i = 0; i < n_item && cap <= ENTRIES_MAX; i++)
        cap += (bx_is_array(item[i].val) ? bx_count(item[i].val) : 1) + 1;
    if (cap > ENTRIES_MAX)
        cap = ENTRIES_MAX;
    while (slots < 2 * cap)
        slots *= 2;
    struct entry *entry = arena_room(mem, sizeof *entry, cap + 1);
    uint32_t *table = arena_alloc(mem, sizeof *table, slots); /* 1 + first entry of a name */
    size_t n = entry && table ? list_entries(item, n_item, mem, entry, cap) : SIZE_MAX;
    if (n == SIZE_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        size_t at = hash_quick(entry[i].name.p, entry[i].name.n) & (slots - 1);
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
            put_value(out, entry[at].val, end, hash);
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
