#include "tests/build.h"
#include "base/hash.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_HEAD = 4096, CHUNK = 65536, CHUNK_HEAD = 512, NAMES = 128, TEMPLATES = 384, RECORD_HEAD = 24 };
enum {
    T_EOF,
    T_OPEN,
    T_CLOSE_START,
    T_CLOSE_EMPTY,
    T_END,
    T_VALUE,
    T_ATTRIBUTE,
    T_CDATA,
    T_CHARREF,
    T_ENTITY,
    T_PI_TARGET,
    T_PI_DATA,
    T_TEMPLATE,
    T_SLOT,
    T_OPTIONAL,
    T_FRAGMENT,
    MORE = 0x40,
    BINXML = 0x21,
    NO_DEP = 0xffff
};

/* How Windows' own providers identify themselves. source: written by the old event API too, so name and
 * channel are literals of the template; no guid: a classic provider, whose strings travel as one array. */
static const struct provider {
    const char *name, *guid, *source;
} providers[] = {
    {"Microsoft-Windows-TaskScheduler", "{de7b24ea-73c8-4a09-985d-5bdadcfa9017}", NULL},
    {"Microsoft-Windows-Security-Auditing", "{54849625-5478-4994-a5ba-3e3b0328c30d}", NULL},
    {"Microsoft-Windows-Eventlog", "{fc65ddd8-d6ef-4962-83d5-6e5cfe9ce148}", NULL},
    {"Microsoft-Windows-Kernel-General", "{a68ca8b7-004f-d7b6-a698-07e2de0f1f5d}", NULL},
    {"Microsoft-Windows-Kernel-Power", "{331c3b3a-2005-44c2-ac5e-77220c37d6b4}", NULL},
    {"Microsoft-Windows-GroupPolicy", "{aea1b4fa-97d1-45f2-a64c-4d69fffd92c9}", NULL},
    {"Microsoft-Windows-Time-Service", "{06edcfeb-0fd1-4e53-acca-a6f8bbf81bcb}", NULL},
    {"Microsoft-Windows-SMBClient", "{988c59c5-0a1c-45b6-a555-0c62276e327d}", NULL},
    {"Microsoft-Windows-Bits-Client", "{ef1cc15b-46c1-414e-bb95-e76b077bd51e}", NULL},
    {"Microsoft-Windows-OfflineFiles", "{95353826-4fbe-41d4-9c42-f521c6e86360}", NULL},
    {"Microsoft-Windows-Winlogon", "{dbe9b383-7cf3-4331-91cc-a3cb16a3b538}", NULL},
    {"Microsoft-Windows-Security-Kerberos", "{98e6cfcb-ee0a-41e0-a57b-622d4e1b30b1}", NULL},
    {"Microsoft-Windows-DNS-Client", "{1c95126e-7eea-49a9-a3fe-a378b03ddb4d}", NULL},
    {"Microsoft-Windows-User Profiles Service", "{89b1e9f0-5aff-44a6-9b44-0a07a7ce5845}", NULL},
    {"Service Control Manager", "{555908d1-a6d7-4695-8e1e-26931d2012f4}", "Service Control Manager"},
    {"LsaSrv", "{199fe037-2b82-40a9-82ac-e1d46c792b99}", "LsaSrv"},
};

/* ---- Bytes into the open chunk; what does not fit sets .over and the record is written again in the next
 * one ---- */
static void put(struct evtx *l, const void *p, size_t n)
{
    if (n > CHUNK - l->at)
        l->over = true;
    else if (n)
        memcpy(l->chunk + l->at, p, n), l->at += n;
}
static void put8(struct evtx *l, unsigned v) { put(l, &(uint8_t){(uint8_t)v}, 1); }
static void put16(struct evtx *l, unsigned v) { put8(l, v & 0xff), put8(l, v >> 8 & 0xff); }
static void put32(struct evtx *l, uint32_t v) { put16(l, v & 0xffff), put16(l, v >> 16); }
static void put64(struct evtx *l, uint64_t v) { put32(l, (uint32_t)v), put32(l, (uint32_t)(v >> 32)); }
static void patch32(struct evtx *l, size_t at, size_t v)
{
    if (!l->over)
        set32(l->chunk + at, (uint32_t)v);
}

/* Names and template GUIDs are found through the same hash: 65599 over 16-bit units. */
static uint32_t hash65599(const void *p, size_t n)
{
    uint32_t h = 0;
    for (size_t i = 0; i + 1 < n; i += 2)
        h = h * 65599 + le16((const uint8_t *)p + i);
    return h;
}

/* The offset of a name; at its first use in the chunk the name itself follows, hung in front of its bucket.
 */
static void name(struct evtx *l, const char *text)
{
    struct buf u = {0};
    put_utf16(&u, text);
    uint32_t hash = hash65599(u.p, u.n);
    uint8_t *bucket = l->chunk + NAMES + 4 * (hash % 64);
    uint32_t old = le32(bucket), at = old;
    while (at && !(le16(l->chunk + at + 6) * 2u == u.n && memcmp(l->chunk + at + 8, u.p, u.n) == 0))
        at = le32(l->chunk + at);
    put32(l, at ? at : (uint32_t)l->at + 4);
    if (!at) {
        set32(bucket, (uint32_t)l->at);
        put32(l, old), put16(l, hash & 0xffff), put16(l, (unsigned)u.n / 2), put(l, u.p, u.n), put16(l, 0);
    }
    buf_free(&u);
}

/* ---- XML ---- */
struct element {
    size_t size_at, attributes_at;
};

/* dep: the slot whose null drops the element. Fragments outside templates have no such field. */
static struct element open_element(struct evtx *l, const char *n, unsigned dep, bool attributes)
{
    struct element e = {0};
    put8(l, attributes ? T_OPEN | MORE : T_OPEN);
    if (!l->plain)
        put16(l, dep);
    e.size_at = l->at, put32(l, 0);
    name(l, n);
    if (attributes)
        e.attributes_at = l->at, put32(l, 0);
    return e;
}
static void end_element(struct evtx *l, const struct element *e)
{
    put8(l, T_END), patch32(l, e->size_at, l->at - e->size_at - 4);
}
static void close_start(struct evtx *l, const struct element *e, bool empty)
{
    if (e->attributes_at)
        patch32(l, e->attributes_at, l->at - e->attributes_at - 4);
    put8(l, empty ? T_CLOSE_EMPTY : T_CLOSE_START);
    if (empty)
        patch32(l, e->size_at, l->at - e->size_at - 4);
}
static void attribute(struct evtx *l, const char *n, bool more)
{
    put8(l, more ? T_ATTRIBUTE | MORE : T_ATTRIBUTE), name(l, n);
}
static void slot(struct evtx *l, unsigned token, unsigned index, int type)
{
    put8(l, token), put16(l, index), put8(l, (unsigned)type);
}
static void counted(struct evtx *l, const char *text)
{
    struct buf u = {0};
    put_utf16(&u, text);
    put16(l, (unsigned)u.n / 2), put(l, u.p, u.n);
    buf_free(&u);
}
static void literal(struct evtx *l, const char *text) { put8(l, T_VALUE), put8(l, F_S), counted(l, text); }
static void fragment(struct evtx *l) { put8(l, T_FRAGMENT), put8(l, 1), put8(l, 1), put8(l, 0); }

static void text_element(struct evtx *l, const char *n, const char *text)
{
    struct element e = open_element(l, n, NO_DEP, false);
    close_start(l, &e, false);
    literal(l, text);
    end_element(l, &e);
}

/* ---- Values ---- */
static void put_systemtime(struct buf *b, int64_t t)
{
    char text[WINTIME_TEXT];
    int y, mo, d, h, mi, s, us;
    int n = sscanf(wintime_text(t, text), "%d-%d-%dT%d:%d:%d.%d", &y, &mo, &d, &h, &mi, &s, &us);
    assert(n == 7);
    uint16_t weekday = (uint16_t)((t / WINTIME_SECOND / 86400 + 1) % 7); /* 1601-01-01 was a Monday */
    uint16_t v[8] = {(uint16_t)y, (uint16_t)mo, weekday,     (uint16_t)d,
                     (uint16_t)h, (uint16_t)mi, (uint16_t)s, (uint16_t)(us / 10000)};
    for (size_t i = 0; i < LEN(v); i++)
        buf_u16(b, v[i]);
}

static const uint8_t width[] = {
    [F_I8] = 1,  [F_U8] = 1,  [F_I16] = 2, [F_U16] = 2,  [F_I32] = 4,  [F_U32] = 4,   [F_I64] = 8,
    [F_U64] = 8, [F_F32] = 4, [F_F64] = 8, [F_BOOL] = 4, [F_TIME] = 8, [F_HEX32] = 4, [F_HEX64] = 8};

static void encode(struct buf *b, const struct field *f)
{
    if (f->bytes)
        buf_put(b, f->bytes, f->n);
    else if (f->type == F_S)
        put_utf16(b, f->text);
    else if (f->type == F_ANSI)
        buf_z(b, f->text);
    else if (f->type == F_SID)
        put_sid(b, f->text);
    else if (f->type == F_GUID)
        put_guid(b, f->text);
    else if (f->type == F_SYSTIME)
        put_systemtime(b, (int64_t)f->num);
    else if (f->type == (F_S | F_ARRAY))
        for (struct str rest = str_of(f->text), line = str_cut(&rest, '\n'); line.p;
             line = rest.n ? str_cut(&rest, '\n') : (struct str){0}) {
            char z[512];
            snprintf(z, sizeof z, "%.*s", STR_ARG(line));
            put_utf16(b, z), buf_u16(b, 0);
        }
    else {
        uint8_t v[8];
        set64(v, f->num);
        buf_put(b, v, f->type == F_SIZET ? f->n : width[f->type]);
    }
}

/* The same as text, for records without a template. */
static void render(struct buf *b, const struct field *f)
{
    if (f->text)
        buf_z(b, f->text);
    else if (f->type == F_HEX32 || f->type == F_HEX64)
        buf_printf(b, "0x%llx", (unsigned long long)f->num);
    else if (f->type == F_TIME || f->type == F_SYSTIME)
        buf_time(b, (int64_t)f->num);
    else if (f->bytes)
        buf_hex(b, f->bytes, f->n);
    else
        buf_i64(b, (int64_t)f->num);
}

static size_t values_begin(struct evtx *l, size_t n)
{
    put32(l, (uint32_t)n);
    size_t table = l->at;
    for (size_t i = 0; i < n; i++)
        put32(l, 0);
    return table;
}
/* Describes value i, which begins at from and ends here. */
static void value_done(struct evtx *l, size_t table, size_t i, int type, size_t from)
{
    assert(l->at - from < CHUNK);
    patch32(l, table + 4 * i, (l->at - from) | (size_t)type << 16);
}
static void value(struct evtx *l, size_t table, size_t i, const struct field *f)
{
    struct buf b = {0};
    size_t from = l->at;
    if (f->type != F_NULL)
        encode(&b, f), put(l, b.p, b.n);
    value_done(l, table, i, f->type, from);
    buf_free(&b);
}

/* ---- Templates: a definition at its first use in the chunk, its offset afterwards. signature: everything
 * the definition depends on. ---- */
/* 0: already there; else where the size belongs */
static size_t template_begin(struct evtx *l, const struct buf *signature)
{
    uint8_t guid[16];
    set64(guid, hash64(signature->p, signature->n)), set64(guid + 8, marvin32(signature->p, signature->n));
    uint8_t *bucket = l->chunk + TEMPLATES + 4 * (hash65599(guid, sizeof guid) % 32);
    uint32_t old = le32(bucket), at = old;
    while (at && memcmp(l->chunk + at + 4, guid, sizeof guid) != 0)
        at = le32(l->chunk + at);
    put8(l, T_TEMPLATE), put8(l, 1), put32(l, le32(guid)), put32(l, at ? at : (uint32_t)l->at + 4);
    if (at)
        return 0;
    set32(bucket, (uint32_t)l->at);
    put32(l, old), put(l, guid, sizeof guid), put32(l, 0);
    fragment(l);
    return l->at - 8;
}
static void template_end(struct evtx *l, size_t size_at)
{
    put8(l, T_EOF), patch32(l, size_at, l->at - size_at - 4);
}

/* ---- The record ---- */
/* Slots of the System element in the order of Windows' own template, one for the event data, one for a
 * rendered message; then what is always a literal. */
enum {
    SL_LEVEL,
    SL_OPCODE,
    SL_TASK,
    SL_ID,
    SL_QUALIFIERS,
    SL_KEYWORDS,
    SL_TIME,
    SL_ACTIVITY,
    SL_PID,
    SL_TID,
    SL_RECORD,
    SL_VERSION,
    SL_USER,
    SL_RELATED,
    SL_PROVIDER,
    SL_GUID,
    SL_CHANNEL,
    SL_EVENT,
    SL_MESSAGE,
    SLOTS,
    SL_SOURCE = SLOTS,
    SL_COMPUTER,
    SL_ALL
};
static const uint8_t slot_type[SL_ALL] = {
    [SL_LEVEL] = F_U8,       [SL_OPCODE] = F_U8,      [SL_TASK] = F_U16,   [SL_ID] = F_U16,
    [SL_QUALIFIERS] = F_U16, [SL_KEYWORDS] = F_HEX64, [SL_TIME] = F_TIME,  [SL_ACTIVITY] = F_GUID,
    [SL_PID] = F_U32,        [SL_TID] = F_U32,        [SL_RECORD] = F_U64, [SL_VERSION] = F_U8,
    [SL_USER] = F_SID,       [SL_RELATED] = F_GUID,   [SL_PROVIDER] = F_S, [SL_GUID] = F_GUID,
    [SL_CHANNEL] = F_S,      [SL_EVENT] = BINXML,     [SL_MESSAGE] = F_S,  [SL_SOURCE] = F_S,
    [SL_COMPUTER] = F_S,
};
/* Where a field of the description goes. */
static const struct {
    int field, slot;
} places[] = {
    {F_VERSION, SL_VERSION},   {F_LEVEL, SL_LEVEL},       {F_TASK, SL_TASK},
    {F_OPCODE, SL_OPCODE},     {F_KEYWORDS, SL_KEYWORDS}, {F_QUALIFIERS, SL_QUALIFIERS},
    {F_USER, SL_USER},         {F_COMPUTER, SL_COMPUTER}, {F_CHANNEL, SL_CHANNEL},
    {F_ACTIVITY, SL_ACTIVITY}, {F_RECORD, SL_RECORD},     {F_RENDERED, SL_MESSAGE},
};

struct head {
    struct field slot[SL_ALL]; /* F_NULL: absent */
    const char *userdata, *eventname;
    bool plain, flat, array, literal; /* literal: provider and channel stand in the template */
};

static bool is_data(const struct field *f)
{
    return (f->type >= 0 && f->type < F_DATA) || f->type >= F_ENTITY;
}
static void fill(struct head *h, int slot, const char *text, uint64_t num)
{
    h->slot[slot] = FIELD(
        text || !(slot_type[slot] == F_S || slot_type[slot] == F_GUID || slot_type[slot] == F_SID)
            ? slot_type[slot]
            : F_NULL,
        .text = text, .num = num);
}

static struct head gather(const struct evtx *l, int64_t time, const char *name, unsigned id,
                          const struct field *f)
{
    struct provider by = {.name = name};
    struct head h = {0};
    bool named = false;
    for (size_t i = 0; i < LEN(providers); i++)
        if (strcmp(name, providers[i].name) == 0)
            by = providers[i];
    h.literal = by.source || !by.guid;
    fill(&h, SL_PROVIDER, by.name, 0), fill(&h, SL_GUID, by.guid, 0), fill(&h, SL_SOURCE, by.source, 0);
    fill(&h, SL_CHANNEL, l->channel, 0), fill(&h, SL_COMPUTER, l->computer, 0);
    fill(&h, SL_ID, NULL, id), fill(&h, SL_TIME, NULL, (uint64_t)time),
        fill(&h, SL_RECORD, NULL, (l->first_id ? l->first_id : 1) + l->n);
    fill(&h, SL_KEYWORDS, NULL, h.literal ? 0x80000000000000 : 0x8000000000000000);
    fill(&h, SL_LEVEL, NULL, 4), fill(&h, SL_TASK, NULL, 0), fill(&h, SL_OPCODE, NULL, 0),
        fill(&h, SL_VERSION, NULL, 0);
    fill(&h, SL_PID, NULL, 4), fill(&h, SL_TID, NULL, 8);
    for (; f->type != F_END; f++) {
        for (size_t i = 0; i < LEN(places); i++)
            if (places[i].field == f->type)
                fill(&h, places[i].slot, f->text, f->num);
        if (f->type == F_PROCESS)
            fill(&h, SL_PID, NULL, f->num), fill(&h, SL_TID, NULL, f->n);
        h.userdata = f->type == F_USERDATA ? f->text : h.userdata,
        h.eventname = f->type == F_EVENTNAME ? f->text : h.eventname;
        h.plain = h.plain || f->type == F_PLAIN, h.flat = h.flat || f->type == F_FLAT,
        h.array = h.array || f->type == F_DATA;
        named = named || (f->type < F_DATA && f->name);
    }
    h.array = h.array || (!by.guid && !named);
    if (h.literal && h.slot[SL_QUALIFIERS].type == F_NULL)
        fill(&h, SL_QUALIFIERS, NULL, !by.source ? 0x8000 : h.slot[SL_LEVEL].num == 4 ? 0x4000 : 0xc000);
    return h;
}

/* In a template values are slots; without one, and where Windows fixes them, they are text. */
static bool is_literal(const struct head *h, int slot)
{
    return h->plain || slot >= SLOTS
           || (h->literal && (slot == SL_PROVIDER || slot == SL_GUID || slot == SL_CHANNEL));
}
static void say(struct evtx *l, const struct head *h, int i)
{
    struct buf text = {0};
    if (!is_literal(h, i)) {
        slot(l, T_OPTIONAL, (unsigned)i, slot_type[i]);
        return;
    }
    render(&text, &h->slot[i]), buf_char(&text, 0);
    literal(l, text.p);
    buf_free(&text);
}

/* The System element: what each child says in its attributes and, with no attribute named, as its text.
 * Classic providers know less. */
static const struct part {
    const char *element, *attribute;
    int slot;
    bool classic;
} parts[] = {
    {"Provider", "Name", SL_PROVIDER, true},
    {"Provider", "Guid", SL_GUID, true},
    {"Provider", "EventSourceName", SL_SOURCE, true},
    {"EventID", "Qualifiers", SL_QUALIFIERS, true},
    {"EventID", NULL, SL_ID, true},
    {"Version", NULL, SL_VERSION, false},
    {"Level", NULL, SL_LEVEL, true},
    {"Task", NULL, SL_TASK, true},
    {"Opcode", NULL, SL_OPCODE, false},
    {"Keywords", NULL, SL_KEYWORDS, true},
    {"TimeCreated", "SystemTime", SL_TIME, true},
    {"EventRecordID", NULL, SL_RECORD, true},
    {"Correlation", "ActivityID", SL_ACTIVITY, false},
    {"Correlation", "RelatedActivityID", SL_RELATED, false},
    {"Execution", "ProcessID", SL_PID, false},
    {"Execution", "ThreadID", SL_TID, false},
    {"Channel", NULL, SL_CHANNEL, true},
    {"Computer", NULL, SL_COMPUTER, true},
    {"Security", "UserID", SL_USER, true},
};

static void system_element(struct evtx *l, const struct head *h)
{
    struct element s = open_element(l, "System", NO_DEP, false);
    close_start(l, &s, false);
    for (size_t i = 0, next; i < LEN(parts); i = next) {
        size_t attributes = 0;
        int text = -1;
        for (next = i; next < LEN(parts) && strcmp(parts[next].element, parts[i].element) == 0; next++) {
            bool there = !is_literal(h, parts[next].slot) || h->slot[parts[next].slot].type != F_NULL;
            attributes += there && parts[next].attribute;
            text = parts[next].attribute ? text : parts[next].slot;
        }
        if (h->slot[SL_GUID].type == F_NULL && !parts[i].classic)
            continue;
        struct element e = open_element(
            l, parts[i].element, text < 0 || is_literal(h, text) ? NO_DEP : (unsigned)text, attributes > 0);
        for (size_t k = i; k < next; k++)
            if (parts[k].attribute
                && (!is_literal(h, parts[k].slot) || h->slot[parts[k].slot].type != F_NULL))
                attribute(l, parts[k].attribute, --attributes > 0), say(l, h, parts[k].slot);
        close_start(l, &e, text < 0);
        if (text >= 0)
            say(l, h, text), end_element(l, &e);
    }
    end_element(l, &s);
}

static void rendering_info(struct evtx *l, const struct head *h)
{
    static const char *const levels[] = {"Information", "Critical",    "Error",
                                         "Warning",     "Information", "Verbose"};
    struct element e = open_element(l, "RenderingInfo", NO_DEP, true), m;
    attribute(l, "Culture", false), literal(l, "en-US");
    close_start(l, &e, false);
    m = open_element(l, "Message", h->plain ? NO_DEP : SL_MESSAGE, false), close_start(l, &m, false);
    say(l, h, SL_MESSAGE), end_element(l, &m);
    text_element(l, "Level", levels[h->slot[SL_LEVEL].num % LEN(levels)]), text_element(l, "Opcode", "Info");
    text_element(l, "Channel", h->slot[SL_CHANNEL].text),
        text_element(l, "Provider", h->slot[SL_PROVIDER].text);
    end_element(l, &e);
}

/* One data field. base: slot of the first field; index counts only fields that have a value. */
static void data_element(struct evtx *l, const struct head *h, const struct field *f, unsigned index)
{
    if (f->type == F_NULL && h->plain && f->num)
        return;
    if (f->type == F_PI) {
        put8(l, T_PI_TARGET), name(l, f->name), put8(l, T_PI_DATA), counted(l, f->text);
        return;
    }
    if (f->type == F_DEEP) {
        struct element e = open_element(l, "Deep", NO_DEP, false);
        close_start(l, &e, f->num == 0);
        if (f->num)
            data_element(l, h, &FIELD(F_DEEP, .num = f->num - 1), index), end_element(l, &e);
        return;
    }
    bool array = f->type & F_ARRAY && f->type < F_DATA, gone = (f->type == F_NULL && f->num) || array;
    const char *element = h->userdata ? f->name : f->type == F_BINARY ? "Binary" : "Data";
    bool named = !h->userdata && f->name;
    struct element e = open_element(l, element, gone ? index : NO_DEP, named);
    if (named)
        attribute(l, "Name", false), literal(l, f->name);
    close_start(l, &e, false);
    struct buf text = {0};
    if (f->type == F_ENTITY)
        put8(l, T_ENTITY), name(l, f->text);
    else if (f->type == F_CHARREF)
        put8(l, T_CHARREF), put16(l, (unsigned)f->num);
    else if (f->type == F_CDATA)
        put8(l, T_CDATA), counted(l, f->text);
    else if (!h->plain)
        slot(l, gone || f->type == F_NULL ? T_OPTIONAL : T_SLOT, index,
             f->type == F_BINARY                      ? F_BIN
             : f->type == F_NULL || f->type == F_DATA ? F_S
                                                      : f->type);
    else if (f->type != F_NULL)
        render(&text, f), buf_char(&text, 0), literal(l, text.p);
    buf_free(&text);
    end_element(l, &e);
}

/* EventData (or what stands under UserData) with slots base, base+1, ... */
static void data_elements(struct evtx *l, const struct head *h, const struct field *f, unsigned base)
{
    bool titled = h->userdata || h->eventname;
    struct element e = open_element(l, h->userdata ? h->userdata : "EventData", NO_DEP, titled);
    if (titled)
        attribute(l, h->userdata ? "xmlns" : "Name", false),
            literal(l, h->userdata ? "http://manifests.microsoft.com/win/2004/08/windows/eventlog"
                                   : h->eventname);
    close_start(l, &e, false);
    if (h->array && !h->plain) {
        static const struct field strings = {.type = F_S | F_ARRAY};
        data_element(l, h, &strings, base);
        struct element bin = open_element(l, "Binary", base + 2, false);
        close_start(l, &bin, false);
        slot(l, T_OPTIONAL, base + 2, F_BIN);
        end_element(l, &bin);
    } else
        for (; f->type != F_END; f++)
            if (is_data(f) || f->type == F_DATA || f->type == F_BINARY)
                data_element(l, h, f, base++);
    end_element(l, &e);
}

static size_t data_count(const struct head *h, const struct field *f)
{
    size_t n = 0;
    if (h->array)
        return 3; /* strings, length of the binary, binary */
    for (; f->type != F_END; f++)
        n += is_data(f) || f->type == F_BINARY;
    return n;
}

static void data_values(struct evtx *l, const struct head *h, const struct field *f, size_t table, size_t i)
{
    if (!h->array) {
        for (; f->type != F_END; f++)
            if (is_data(f) || f->type == F_BINARY)
                value(l, table, i++,
                      &FIELD(f->type == F_BINARY ? F_BIN : f->type, .text = f->text, .num = f->num,
                             .bytes = f->bytes, .n = f->n));
        return;
    }
    struct field binary = {0};
    size_t from = l->at;
    for (; f->type != F_END; f++) {
        if (f->type == F_BINARY)
            binary = FIELD(F_BIN, .bytes = f->bytes, .n = f->n);
        struct buf b = {0};
        if (f->type == F_DATA)
            put_utf16(&b, f->text), buf_u16(&b, 0), put(l, b.p, b.n);
        buf_free(&b);
    }
    value_done(l, table, i, l->at > from ? F_S | F_ARRAY : F_NULL, from);
    value(l, table, i + 1, &U32("", binary.n));
    value(l, table, i + 2, &binary);
}

/* Everything a definition depends on, as text: equal signature, equal definition. */
static void sign(struct buf *b, const struct head *h, const struct field *f, bool data, bool whole)
{
    bool rendered = h->slot[SL_MESSAGE].type != F_NULL;
    buf_z(b, whole ? "event" : "data");
    if (whole)
        buf_printf(b, "|%d|%s", rendered, h->slot[SL_COMPUTER].text);
    if (whole && (h->literal || rendered))
        buf_printf(b, "|%d|%s|%s|%d", h->literal, h->slot[SL_PROVIDER].text, h->slot[SL_CHANNEL].text,
                   rendered ? (int)h->slot[SL_LEVEL].num : 0);
    buf_printf(b, "|%s|%s|%s", h->userdata ? "user" : "", data && h->userdata ? h->userdata : "",
               data && h->eventname ? h->eventname : "");
    for (; data && f->type != F_END; f++)
        if (is_data(f) || f->type == F_BINARY)
            buf_printf(b, "|%d:%d:%s", h->array ? 0 : f->type, f->type == F_NULL && f->num,
                       f->name && !h->array ? f->name : "");
    if (data && h->array)
        buf_z(b, "|array");
}

/* EventData as a template instance of its own, which the value of one slot holds. */
static void nested_event(struct evtx *l, const struct head *h, const struct field *f)
{
    struct buf signature = {0};
    sign(&signature, h, f, true, false);
    fragment(l);
    size_t size_at = template_begin(l, &signature);
    if (size_at)
        data_elements(l, h, f, 0), template_end(l, size_at);
    data_values(l, h, f, values_begin(l, data_count(h, f)), 0);
    put8(l, T_EOF);
    buf_free(&signature);
}

static void event_element(struct evtx *l, const struct head *h, const struct field *f)
{
    struct element e = open_element(l, "Event", NO_DEP, true);
    attribute(l, "xmlns", false), literal(l, "http://schemas.microsoft.com/win/2004/08/events/event");
    close_start(l, &e, false);
    system_element(l, h);
    struct element user = {0};
    if (h->userdata)
        user = open_element(l, "UserData", NO_DEP, false), close_start(l, &user, false);
    if (h->plain || h->flat)
        data_elements(l, h, f, SLOTS);
    else
        slot(l, T_OPTIONAL, SL_EVENT, BINXML);
    if (h->userdata)
        end_element(l, &user);
    if (h->slot[SL_MESSAGE].type != F_NULL)
        rendering_info(l, h);
    end_element(l, &e);
}

static void event_values(struct evtx *l, const struct head *h, const struct field *f)
{
    size_t t = values_begin(l, SLOTS + (h->flat ? data_count(h, f) : 0));
    for (int i = 0; i < SLOTS; i++) {
        size_t from = l->at;
        if (i == SL_EVENT && !h->flat)
            nested_event(l, h, f), value_done(l, t, SL_EVENT, BINXML, from);
        else
            value(l, t, (size_t)i, is_literal(h, i) ? &(struct field){0} : &h->slot[i]);
    }
    if (h->flat)
        data_values(l, h, f, t, SLOTS);
}

static void record(struct evtx *l, const struct head *h, const struct field *f, uint64_t id)
{
    size_t from = l->at;
    put32(l, 0x2a2a), put32(l, 0), put64(l, id), put64(l, h->slot[SL_TIME].num);
    fragment(l);
    l->plain = h->plain;
    if (h->plain)
        event_element(l, h, f);
    else {
        struct buf signature = {0};
        sign(&signature, h, f, h->flat, true);
        size_t size_at = template_begin(l, &signature);
        if (size_at)
            event_element(l, h, f), template_end(l, size_at);
        event_values(l, h, f);
        buf_free(&signature);
    }
    put8(l, T_EOF);
    while ((l->at + 4) % 8 && !l->over)
        put8(l, 0);
    put32(l, (uint32_t)(l->at + 4 - from));
    patch32(l, from + 4, l->at - from);
    l->last = from;
}

/* ---- Chunks and the file ---- */
static uint64_t number(const struct evtx *l, uint64_t n)
{
    return l->exported ? n + 1 : (l->first_id ? l->first_id : 1) + n;
}

void evtx_next_chunk(struct evtx *l)
{
    uint8_t *c = l->chunk;
    if (c && l->at > CHUNK_HEAD) {
        memcpy(c, "ElfChnk", 8);
        set64(c + 8, l->chunk_first + 1), set64(c + 16, l->n), set64(c + 24, number(l, l->chunk_first)),
            set64(c + 32, number(l, l->n - 1));
        set32(c + 40, 128), set32(c + 44, (uint32_t)l->last), set32(c + 48, (uint32_t)l->at),
            set32(c + 120, 1);
        set32(c + 52, crc32_add(0, c + CHUNK_HEAD, l->at - CHUNK_HEAD));
        set32(c + 124, crc32_add(crc32_add(0, c, 120), c + 128, CHUNK_HEAD - 128));
        buf_put(&l->done, c, CHUNK);
    }
    if (!c)
        c = l->chunk = malloc(CHUNK), l->before = malloc(CHUNK);
    assert(c && l->before);
    memset(c, 0, CHUNK);
    l->at = CHUNK_HEAD, l->chunk_first = l->n;
}

void evtx_event(struct evtx *l, int64_t time, const char *provider, unsigned id, const struct field *f)
{
    struct head h = gather(l, time, provider, id, f);
    if (!l->chunk)
        evtx_next_chunk(l);
    if (!l->exported)
        /* RECORD lets numbers jump, as after lost records */
        l->first_id = h.slot[SL_RECORD].num - l->n;
    memcpy(l->before, l->chunk, CHUNK);
    size_t at = l->at, last = l->last;
    record(l, &h, f, number(l, l->n));
    if (l->over) {
        memcpy(l->chunk, l->before, CHUNK);
        l->at = at, l->last = last, l->over = false;
        evtx_next_chunk(l);
        record(l, &h, f, number(l, l->n));
    }
    assert(!l->over);
    l->n++;
}

/* Two tries in one record: how much room is left around an empty text, then a text of that length. */
void evtx_fill(struct evtx *l, int64_t time)
{
    char *text = calloc(1, CHUNK);
    assert(text && l->chunk);
    struct evtx probe = *l;
    probe.chunk = malloc(CHUNK), probe.before = malloc(CHUNK);
    assert(probe.chunk && probe.before);
    memcpy(probe.chunk, l->chunk, CHUNK);
    probe.done = (struct buf){0};
    evtx_event(&probe, time, "Application Error", 1000, (const struct field[]){D(""), END});
    size_t room = probe.done.n ? 0 : CHUNK - probe.at;
    memset(text, 'x', room / 2);
    free(probe.chunk), free(probe.before), buf_free(&probe.done);
    evtx_event(l, time, "Application Error", 1000, (const struct field[]){D(text), END});
    assert(l->at == CHUNK);
    free(text);
}

void evtx_end(struct evtx *l, struct buf *file)
{
    uint8_t head[FILE_HEAD] = "ElfFile";
    evtx_next_chunk(l);
    size_t chunks = l->done.n / CHUNK;
    set64(head + 16, chunks ? chunks - 1 : 0), set64(head + 24, number(l, l->n));
    set32(head + 32, 128), set16(head + 36, 1), set16(head + 38, 3), set16(head + 40, FILE_HEAD),
        set16(head + 42, (uint16_t)chunks);
    set32(head + 124, crc32_add(0, head, 120));
    buf_put(file, head, sizeof head), buf_put(file, l->done.p, l->done.n);
    buf_free(&l->done), free(l->chunk), free(l->before);
    l->chunk = l->before = NULL, l->n = l->at = 0;
}

/* ---- Breaking ---- */
static uint8_t *chunk_at(struct buf *b, size_t i)
{
    assert(b->n >= FILE_HEAD + (i + 1) * CHUNK);
    return (uint8_t *)b->p + FILE_HEAD + i * CHUNK;
}
static uint8_t *last_chunk(struct buf *b) { return chunk_at(b, (b->n - FILE_HEAD) / CHUNK - 1); }
static uint8_t *record_at(struct buf *b, unsigned i) /* record i of the first chunk */
{
    uint8_t *c = chunk_at(b, 0), *r = c + CHUNK_HEAD;
    while (i--)
        r += le32(r + 4);
    assert(le32(r) == 0x2a2a);
    return r;
}
/* The first template of the first chunk, which its first record defines. */
enum { DEF_NEXT = 0, DEF_GUID = 4, DEF_SIZE = 20, DEF_BODY = 24, DEF_EVENT = 28 };
static uint8_t *definition(struct buf *b)
{
    uint8_t *instance = record_at(b, 0) + RECORD_HEAD + 4;
    assert(instance[0] == T_TEMPLATE);
    return instance + 10;
}
static uint8_t *values_of(struct buf *b) { return definition(b) + DEF_BODY + le32(definition(b) + DEF_SIZE); }
static uint32_t in_chunk(struct buf *b, const uint8_t *p) { return (uint32_t)(p - chunk_at(b, 0)); }

void evtx_repair(struct buf *b)
{
    uint8_t *p = (uint8_t *)b->p;
    if (b->n >= 128)
        set32(p + 124, crc32_add(0, p, 120));
    for (size_t at = FILE_HEAD; at + CHUNK <= b->n; at += CHUNK) {
        uint8_t *c = p + at;
        uint32_t end = le32(c + 48);
        set32(c + 52, crc32_add(0, c + CHUNK_HEAD,
                                (end < CHUNK_HEAD ? CHUNK_HEAD
                                 : end > CHUNK    ? CHUNK
                                                  : end)
                                    - CHUNK_HEAD));
        set32(c + 124, crc32_add(crc32_add(0, c, 120), c + 128, CHUNK_HEAD - 128));
    }
}

static void header_crc(struct buf *b) { b->p[124] ^= 1; }
static void header_magic(struct buf *b) { b->p[3] = 'X'; }
static void dirty(struct buf *b)
{
    set64(b->p + 16, 0), set64(b->p + 24, 1), set16(b->p + 42, 1), set32(b->p + 120, 1);
}
static void count_low(struct buf *b) { set16(b->p + 42, 0); }
static void count_high(struct buf *b) { set16(b->p + 42, 0xffff); }
static void truncated(struct buf *b) { b->n -= CHUNK / 2; }
static void header_only(struct buf *b) { b->n = 100; }
static void chunk_magic(struct buf *b) { chunk_at(b, 0)[5] = 'X'; }
static void chunk_crc(struct buf *b) { chunk_at(b, 0)[124] ^= 1; }
static void records_crc(struct buf *b)
{
    uint8_t *c = chunk_at(b, 0);
    c[52] ^= 1;
    set32(c + 124, crc32_add(crc32_add(0, c, 120), c + 128, CHUNK_HEAD - 128));
}
static void free_high(struct buf *b) { set32(chunk_at(b, 0) + 48, 0xffffffff); }
static void free_zero(struct buf *b) { set32(chunk_at(b, 0) + 48, 0); }
static void numbers_zero(struct buf *b) { memset(chunk_at(b, 0) + 8, 0, 32); }
static void slack(struct buf *b)
{
    uint8_t *c = last_chunk(b), *r = c + CHUNK_HEAD;
    uint32_t last = le32(c + 44), before = CHUNK_HEAD;
    for (; r < c + last; r += le32(r + 4))
        before = (uint32_t)(r - c);
    set32(c + 44, before), set32(c + 48, last), set64(c + 16, le64(c + 16) - 1),
        set64(c + 32, le64(c + 32) - 1);
}
static void record_magic(struct buf *b) { record_at(b, 1)[0] = 'X'; }
static void record_size_zero(struct buf *b) { set32(record_at(b, 1) + 4, 0); }
static void record_size_small(struct buf *b) { set32(record_at(b, 1) + 4, 28); }
static void record_size_huge(struct buf *b) { set32(record_at(b, 1) + 4, 3221225472); }
static void record_size_odd(struct buf *b) { set32(record_at(b, 1) + 4, le32(record_at(b, 1) + 4) + 3); }
static void record_copy(struct buf *b)
{
    uint8_t *r = record_at(b, 1);
    set32(r + le32(r + 4) - 4, le32(r + 4) + 8);
}
static void record_time(struct buf *b) { set64(record_at(b, 1) + 16, UINT64_MAX); }
static void name_loop(struct buf *b)
{
    uint8_t *c = chunk_at(b, 0);
    for (size_t i = 0; i < 64; i++)
        if (le32(c + NAMES + 4 * i))
            set32(c + le32(c + NAMES + 4 * i), le32(c + NAMES + 4 * i));
}
static void template_loop(struct buf *b) { set32(definition(b) + DEF_NEXT, in_chunk(b, definition(b))); }
static void template_self(struct buf *b)
{
    uint8_t *d = definition(b), *p = d + DEF_EVENT;
    p[0] = T_TEMPLATE, p[1] = 1;
    set32(p + 2, le32(d + DEF_GUID)), set32(p + 6, in_chunk(b, d));
}
static void template_offset(struct buf *b) { set32(record_at(b, 1) + RECORD_HEAD + 10, 0xfffffff0); }
static void template_size(struct buf *b) { set32(definition(b) + DEF_SIZE, 0x7fffffff); }
static void template_token(struct buf *b) { definition(b)[DEF_EVENT] = 0x3f; }
static void name_offset(struct buf *b) { set32(definition(b) + DEF_EVENT + 7, 0x00ffffff); }
static void nested_loop(struct buf *b) /* the event inside the event is the event again */
{
    uint8_t *v = values_of(b), *p = v + 4 + 4 * SLOTS;
    for (unsigned i = 0; i < SL_EVENT; i++)
        p += le16(v + 4 + 4 * i);
    set32(p + 4 + 6, in_chunk(b, definition(b)));
}
static void slot_count(struct buf *b) { set32(values_of(b), 0x7fffffff); }
static void value_size(struct buf *b) { set16(values_of(b) + 4 + 4 * SL_EVENT, 0xffff); }

const struct breakage evtx_breakages[] = {
    {"header-crc", "checksum of the file header wrong", header_crc, false},
    {"header-magic", "no ElfFile at the start", header_magic, true},
    {"dirty", "copied while in use: dirty flag, the header knows one chunk only", dirty, true},
    {"chunk-count-low", "header says no chunks", count_low, true},
    {"chunk-count-high", "header says 65535 chunks", count_high, true},
    {"truncated", "half of the last chunk missing", truncated, false},
    {"header-only", "the first 100 bytes of a log", header_only, false},
    {"chunk-magic", "first chunk without ElfChnk", chunk_magic, true},
    {"chunk-crc", "checksum of the first chunk's header wrong", chunk_crc, false},
    {"records-crc", "checksum of the first chunk's records wrong", records_crc, false},
    {"free-space-high", "free space begins at 4 GiB", free_high, true},
    {"free-space-zero", "free space begins at 0", free_zero, true},
    {"numbers-zero", "record numbers of the first chunk all zero", numbers_zero, true},
    {"slack", "the last record lies behind the free space offset", slack, true},
    {"record-magic", "second record without its magic", record_magic, true},
    {"record-size-zero", "second record 0 bytes long", record_size_zero, true},
    {"record-size-small", "second record 28 bytes long", record_size_small, true},
    {"record-size-huge", "second record 3 GB long", record_size_huge, true},
    {"record-size-odd", "second record's size no multiple of 8", record_size_odd, true},
    {"record-copy", "second record's two sizes differ", record_copy, true},
    {"record-time", "second record written in the year 60056", record_time, true},
    {"name-loop", "every name chain reaches itself", name_loop, true},
    {"template-loop", "the template chain reaches itself", template_loop, true},
    {"template-self", "a template that contains itself", template_self, true},
    {"template-offset", "second record's template lies outside the chunk", template_offset, true},
    {"template-size", "a definition of 2 GB", template_size, true},
    {"template-token", "unknown token in a definition", template_token, true},
    {"name-offset", "an element's name lies outside the chunk", name_offset, true},
    {"nested-loop", "the first record's event data is an instance of the event around it", nested_loop, true},
    {"slot-count", "first record has 2 G values", slot_count, true},
    {"value-size", "first record's event data is longer than the record", value_size, true},
};
const size_t n_evtx_breakages = LEN(evtx_breakages);

void breakage_apply(const struct breakage *rows, size_t n, const char *what, struct buf *b,
                    void (*repair)(struct buf *))
{
    size_t i = 0;
    while (i < n && strcmp(rows[i].name, what) != 0)
        i++;
    assert(i < n);
    rows[i].apply(b);
    if (rows[i].repair)
        repair(b);
}
void evtx_break(struct buf *b, const char *what)
{
    breakage_apply(evtx_breakages, n_evtx_breakages, what, b, evtx_repair);
}
