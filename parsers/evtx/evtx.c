#include "parsers/evtx/evtx.h"
#include "parsers/evtx/binxml.h"
#include "parsers/evtx/tally.h"
#include "base/hash.h"
#include "base/near.h"
#include "base/wintime.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CHUNK_HEADER = 512,
    RECORD_HEADER = 24,
    RECORD_LEAST = 28,
    RECORD_MAGIC = 0x2a2a,
    FLAG_DIRTY = 1,
    FLAG_FULL = 2,
    FLAG_NO_CRC = 4,
    MEND_BYTES = 4 * 65536, /* of a chunk, looked through for the ends of records whose marks are damaged */
    PUT_AT = 64 * 1024
};
static const uint8_t file_magic[8] = "ElfFile", chunk_magic[8] = "ElfChnk";

/* Who says what in records of a kind: the next one has the same source and count. */
struct seen {
    uint64_t kind; /* 0: none yet */
    uint32_t source, row;
};

struct walk {
    struct span file;
    uint64_t bytes; /* of the log when all of it is there */
    const struct want *want;
    fact_sink *sink; /* facts ... */
    evtx_put *put;
    int format; /* ... or text: enum evtx_format, EVTX_DATA */
    void *ctx;
    struct evtx_stats *stats;
    struct err *e;
    struct arena *scratch;
    struct bx *bx, **known; /* known: bx stays there */
    struct tally *tally;
    struct bx_event *ev;
    struct buf out, key, json, text, names;
    struct tally_source named; /* the strings in names */
    struct seen seen[BX_KINDS];
    uint64_t anomalies, limit_off;
    const char *limit; /* which limit was reached first, and where; NULL: none */
    bool full;         /* more records than are wanted: the walk ends */
    enum status st;    /* what the sink said */
};

/* In use; in use, but one of its marks (magic, size, copy of the size) is damaged; or left over from before.
 */
enum standing { IN_USE, MENDED, SLACK };

/* A record with what is known of it before anything is decoded. */
struct head {
    uint64_t off;
    uint32_t size, source, id;
    int64_t record_id, time;
    enum standing standing;
    bool sane;
};

/* --- Anomalies */

static void put_anomaly(struct walk *w, uint64_t off, const char *code, const char *what, const char *detail)
{
    struct fact f = {.kind = FACT_ANOMALY, .ref.off = off};
    f.v[AN_CODE] = val_s(str_of(code)), f.v[AN_WHAT] = val_s(str_of(what)),
    f.v[AN_DETAIL] = val_s(str_of(detail));
    if (w->st == OK && w->sink)
        w->st = w->sink(w->ctx, &f, w->e);
}

PRINTF_LIKE(5, 6)
static void anomaly(struct walk *w, uint64_t off, const char *code, const char *what, const char *fmt, ...)
{
    char detail[200];
    if (++w->anomalies > LIM_ANOMALIES)
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(detail, sizeof detail, fmt, ap);
    va_end(ap);
    put_anomaly(w, off, code, what, detail);
}

static void reached(struct walk *w, uint64_t off, const char *limit)
{
    if (!w->limit)
        w->limit = limit, w->limit_off = off;
}
static const char too_deep[] = "a record nests deeper than is allowed, and is not read",
                  too_many[] = "more records than are allowed: the rest is not read";
static bool going(const struct walk *w) { return w->st == OK && !w->full; }

/* --- Who speaks */

static uint32_t source_of(struct walk *w)
{
    static const enum bx_sys of[] = {BXS_COMPUTER, BXS_CHANNEL, BXS_PROVIDER};
    size_t end[3];
    w->names.n = 0;
    for (size_t i = 0; i < 3; i++)
        bx_text(&w->names, bx_sys(w->ev, of[i])), end[i] = w->names.n;
    const char *p = w->names.bad || !w->names.p ? "" : w->names.p;
    if (w->names.bad)
        end[0] = end[1] = end[2] = 0;
    w->named = (struct tally_source){.computer = {p, end[0]},
                                     .channel = {p + end[0], end[1] - end[0]},
                                     .provider = {p + end[1], end[2] - end[1]}};
    return tally_source(w->tally, w->named.computer, w->named.channel, w->named.provider);
}

/* The strings of a source; of one that did not fit into the tally, those of the record at hand. */
static const struct tally_source *names_of(const struct walk *w, uint32_t source)
{
    return source == TALLY_OTHERS ? &w->named : tally_source_at(w->tally, source);
}

/* --- What is wanted */

enum { WANT_UNKNOWN = -1, WANT_NOT = -2 };

static int32_t find_want(const struct walk *w, uint32_t source, uint32_t id)
{
    struct str provider = names_of(w, source)->provider, channel = names_of(w, source)->channel;
    int32_t any = WANT_NOT;
    for (size_t i = 0; i < w->want->n_event; i++) {
        const struct want_event *e = &w->want->event[i];
        bool wanted = e->any_id || (id != TALLY_NO_ID && (e->to ? id >= e->id && id <= e->to : id == e->id));
        if (!wanted || (e->channel.n && !str_eq_ci(e->channel, channel)))
            continue;
        if (e->provider.n && str_eq_ci(e->provider, provider))
            return (int32_t)i;
        if (!e->provider.n && any == WANT_NOT)
            any = (int32_t)i;
    }
    return any;
}

static uint8_t lower(uint8_t c) { return (uint8_t)small_letter((char)c); }

/* Does the record hold one of the texts that are asked for? */
static bool holds(const struct want_event *e, const uint8_t *p, size_t n)
{
    _Static_assert(WANT_HOLDING <= 64, "a bit each");
    uint64_t first[256] = {0}; /* which of them begin with a letter */
    for (size_t k = 0; k < e->n_holding; k++)
        if (e->holding[k].n)
            first[lower((uint8_t)e->holding[k].p[0])] |= (uint64_t)1 << k;
    for (size_t i = 0; i + 1 < n; i++)
        for (uint64_t some = p[i + 1] == 0 ? first[lower(p[i])] : 0; some; some &= some - 1) {
            struct str t = e->holding[__builtin_ctzll(some)];
            size_t same = 0;
            while (same < t.n && i + 2 * same + 1 < n && p[i + 2 * same + 1] == 0
                   && lower(p[i + 2 * same]) == lower((uint8_t)t.p[same]))
                same++;
            if (t.n && same == t.n)
                return true;
        }
    return false;
}

/* Times of a record are unsigned: one beyond all calendars is late, not early. */
static bool in_time(const struct want *want, int64_t time)
{
    bool bound = want->until != 0 && want->until != INT64_MAX;
    return (uint64_t)time >= (uint64_t)want->since && (!bound || (uint64_t)time <= (uint64_t)want->until);
}

/* --- Facts */

static struct value int_or_null(const struct bx_event *ev, enum bx_sys what)
{
    int64_t i;
    return bx_int(bx_sys(ev, what), &i) ? val_i(i) : val_null();
}

/* A buffer that could not grow says less than it should: nothing is told from it, and the file is not read to
 * its end. */
static bool sound(struct walk *w, uint64_t off)
{
    if (w->st == OK && (w->names.bad || w->key.bad || w->json.bad || w->text.bad))
        w->st = err_set(w->e, E_NOMEM, off, "event", "out of memory");
    return w->st == OK;
}

/* Who said it, when and what, as text: the same for a record and its export. */
static uint64_t identity_seed(struct walk *w, const struct head *h)
{
    const struct tally_source *s = names_of(w, h->source);
    w->key.n = 0;
    buf_u32(&w->key, (uint32_t)s->computer.n), buf_str(&w->key, s->computer);
    buf_u32(&w->key, (uint32_t)s->channel.n), buf_str(&w->key, s->channel);
    buf_u32(&w->key, (uint32_t)s->provider.n), buf_str(&w->key, s->provider);
    buf_u64le(&w->key, (uint64_t)h->record_id), buf_u64le(&w->key, (uint64_t)h->time);
    return hash64(w->key.p, w->key.n);
}

/* Says why a record's data are not all there. */
static void data_lost(struct walk *w, const struct head *h)
{
    if (w->ev->why && bx_too_deep(w->bx))
        reached(w, h->off, too_deep);
    if (w->ev->why)
        anomaly(w, h->off, "record-binxml", "the data of a record cannot be decoded", "%s", w->ev->why);
    else
        anomaly(w, h->off, "event-cut", "the data of a record are cut short", "more than %d bytes of JSON",
                LIM_EVENT_JSON);
}

/* The data of the record in w->out. */
static void make_data(struct walk *w, const struct head *h, uint64_t *hash)
{
    w->out.n = 0;
    bool whole = bx_data_json(w->bx, w->ev, &w->out, hash);
    if (w->out.bad && w->st == OK)
        w->st = err_set(w->e, E_NOMEM, h->off, "event data", "JSON of a record of %u bytes", h->size);
    else if (!whole)
        data_lost(w, h);
}

static void emit_event(struct walk *w, const struct head *h)
{
    uint64_t identity = identity_seed(w, h);
    make_data(w, h, &identity);
    if (w->st != OK)
        return;
    const struct tally_source *s = names_of(w, h->source);
    struct bx_val sid = bx_sys(w->ev, BXS_SID);
    w->text.n = 0;
    bx_text(&w->text, sid);
    if (!sound(w, h->off))
        return;
    struct fact f = {.kind = FACT_EVENT, .ref.off = h->off};
    f.v[EV_COMPUTER] = val_s(s->computer), f.v[EV_CHANNEL] = val_s(s->channel),
    f.v[EV_PROVIDER] = val_s(s->provider);
    f.v[EV_EVENT_ID] = h->id == TALLY_NO_ID ? val_null() : val_i(h->id);
    f.v[EV_QUALIFIERS] = int_or_null(w->ev, BXS_QUALIFIERS),
    f.v[EV_VERSION] = int_or_null(w->ev, BXS_VERSION), f.v[EV_LEVEL] = int_or_null(w->ev, BXS_LEVEL);
    f.v[EV_TIME] = val_i(h->time), f.v[EV_RECORD_ID] = val_i(h->record_id),
    f.v[EV_PID] = int_or_null(w->ev, BXS_PID);
    f.v[EV_SID] = w->text.n ? val_s(buf_view(&w->text)) : val_null();
    f.v[EV_RECOVERED] = val_i(h->standing == SLACK), f.v[EV_IDENTITY] = val_i((int64_t)identity);
    f.v[EV_DATA] = val_s(buf_view(&w->out)), f.v[EV_SIZE] = val_i(h->size),
    f.v[EV_KEYWORDS] = int_or_null(w->ev, BXS_KEYWORDS);
    w->st = w->sink(w->ctx, &f, w->e);
}

/* A value with bytes, and NEAR_BEHIND more may be read? */
static inline bool is_near(const struct walk *w, const struct bx_val *v)
{
    return bx_of_file(*v) && v->n && (size_t)(w->file.p + w->file.n - v->p) >= v->n + (size_t)NEAR_BEHIND;
}

/* Bytes that tell one fold from another: source, event, day, and the key values as they lie in the record,
 * each behind its size and type. */
static struct str fold_key(struct walk *w, const struct head *h, const struct bx_val *v, size_t n)
{
    struct buf *k = &w->key;
    size_t room = 0;
    for (size_t i = 0; i < n; i++)
        room += sizeof(uint64_t) + v[i].n + NEAR_BEHIND;
    uint32_t head[] = {h->source, h->id, (uint32_t)((uint64_t)h->time / (86400 * WINTIME_SECOND)), 0};
    k->n = 0;
    if (!buf_room(k, sizeof head + room))
        return STR_NONE;
    char *at = k->p;
    memcpy(at, head, sizeof head), at += sizeof head;
    for (size_t i = 0; i < n; i++) {
        uint64_t what = (uint64_t)v[i].type << 32 | v[i].n;
        memcpy(at, &what, sizeof what), at += sizeof what;
        if (is_near(w, &v[i]))
            near_copy(at, v[i].p, v[i].n);
        else if (v[i].n)
            memcpy(at, v[i].type == BXV_LITERAL ? v[i].literal->text.p : v[i].text, v[i].n);
        at += v[i].n;
    }
    k->n = (size_t)(at - k->p);
    return buf_view(k);
}

/* {"name":value,...}; a value that is not there is null, an array an array. */
static struct str fold_json(struct walk *w, const struct want_event *e, const struct bx_val *v)
{
    struct buf *j = &w->json;
    j->n = 0;
    for (size_t i = 0; i < e->n_key; i++) {
        buf_char(j, i ? ',' : '{'), buf_json(j, e->key[i]), buf_char(j, ':');
        if (bx_is_absent(v[i])) {
            buf_z(j, "null");
        } else if (bx_is_array(v[i])) {
            struct buf text = {0};
            bx_text(&text, v[i]), buf_json(j, buf_view(&text)), buf_free(&text);
        } else {
            bx_json(j, v[i]);
        }
    }
    buf_z(j, e->n_key ? "}" : "{}");
    return buf_view(j);
}

/* key: the value of keep_field, that of fold_field. */
static bool kept_whole(struct walk *w, const struct want_event *e, const struct bx_val *key)
{
    int64_t i;
    size_t at = 0;
    if (!e->keep_field.n || !bx_int(key[0], &i))
        return false;
    while (at < e->n_keep && e->keep[at] < i)
        at++;
    if (at == e->n_keep || e->keep[at] != i)
        return false;
    w->text.n = 0;
    if (e->n_fold)
        bx_text(&w->text, key[1]);
    for (size_t k = 0; k < e->n_fold; k++)
        if (str_eq(buf_view(&w->text), e->fold[k]))
            return false;
    return true;
}

/* The values of e's key, then those of keep_field and fold_field. */
static bool fold_values(struct walk *w, const struct want_event *e, struct bx_val *v)
{
    size_t n = e->n_key;
    if (bx_named_again(w->bx, w->ev, e, n + 2, v))
        return true;
    struct str name[WANT_KEYS + 2];
    memcpy(name, e->key, sizeof e->key);
    name[n] = e->keep_field, name[n + 1] = e->fold_field;
    return bx_named(w->bx, w->ev, e, name, n + 2, v);
}

static void fold_event(struct walk *w, const struct head *h, const struct want_event *e)
{
    struct bx_val v[WANT_KEYS + 2];
    size_t n = e->n_key;
    if (!h->sane || h->source == TALLY_OTHERS || !fold_values(w, e, v) || kept_whole(w, e, v + n)) {
        emit_event(w, h);
        return;
    }
    struct str key = fold_key(w, h, v, n);
    struct tally_fold *f = key.p && !w->text.bad ? tally_fold_find(w->tally, key) : NULL;
    if (f) {
        f->n++;
        if (h->time > f->last)
            f->last = h->time, f->last_off = h->off;
        if (h->time >= f->first)
            return;
        f->first = h->time, f->off = h->off; /* an earlier one: its data speaks for the fold */
        make_data(w, h, NULL);
        tally_fold_data(w->tally, f, buf_view(&w->out));
        return;
    }
    struct tally_fold fresh = {.source = h->source,
                               .id = h->id,
                               .day = h->time / (86400 * WINTIME_SECOND),
                               .n = 1,
                               .first = h->time,
                               .last = h->time,
                               .off = h->off,
                               .last_off = h->off};
    struct str json = fold_json(w, e, v);
    make_data(w, h, NULL);
    if (sound(w, h->off))
        w->st = tally_fold_add(w->tally, &fresh, key, json, buf_view(&w->out), w->sink, w->ctx, w->e);
}

/* --- Text */

static bool put_line(struct walk *w, const struct head *h)
{
    enum { ROOM = 128 }; /* of what stands before System, and behind it */
    struct buf *out = &w->out;
    if (!buf_room(out, ROOM))
        return false;
    char *at = near_u64(at_text(out->p + out->n, "{\"record_id\":"), (uint64_t)h->record_id);
    at = at_text(at_time(at_text(at, ",\"time\":\""), h->time), "\"");
    out->n = (size_t)(at - out->p);
    bx_system_json(w->bx, w->ev, out);
    if (!buf_room(out, ROOM))
        return false;
    at = near_u64(at_text(out->p + out->n, ",\"offset\":"), h->off);
    if (h->standing != IN_USE)
        at = at_text(at, ",\"recovered\":true");
    out->n = (size_t)(at_text(at, ",\"data\":") - out->p);
    bool whole = bx_data_json(w->bx, w->ev, out, NULL);
    buf_char(out, '}');
    return whole;
}

static bool put_record(struct walk *w, const struct head *h)
{
    if (w->format == EVTX_DATA || w->format == EVTX_DATA_REPLACED)
        return bx_data_json(w->bx, w->ev, &w->out, NULL);
    return w->format == EVTX_XML ? bx_event_xml(w->bx, w->ev, &w->out) : put_line(w, h);
}

static void flush_text(struct walk *w, size_t least)
{
    if (w->st == OK && w->out.bad)
        w->st = err_set(w->e, E_NOMEM, ERR_NO_OFF, "text of records", "%zu bytes", w->out.n);
    if (w->st == OK && w->out.n > least)
        w->st = w->put(w->ctx, &w->out, w->e), w->out.n = 0;
}

/* --- Records */

/* What a record says of itself before anything is decoded. */
static inline struct head read_head(const struct bx_head *from, const uint8_t *p, uint32_t size, uint64_t off,
                                    enum standing standing)
{
    bool id = from->has_event_id && from->event_id >= 0 && from->event_id <= 0xffff;
    int64_t time = from->has_time ? from->time : (int64_t)le64(p + 16);
    return (struct head){.off = off,
                         .size = size,
                         .id = id ? (uint32_t)from->event_id : TALLY_NO_ID,
                         .record_id = from->has_record_id ? from->record_id : (int64_t)le64(p + 8),
                         .time = time,
                         .standing = standing,
                         .sane = wintime_sane(time)};
}

/* False: nothing could be made of it. */
static bool deliver(struct walk *w, const struct head *h, int32_t want)
{
    const struct want_event *e = want >= 0 ? &w->want->event[want] : NULL;
    if ((!e && !w->want->all_events)
        || (!in_time(w->want, h->time) && (w->want->all_events || e->how != WANT_ALWAYS)))
        return true;
    if (w->put) {
        size_t before = w->out.n;
        put_record(w, h);
        if (w->out.n == before)
            return false;
        buf_char(&w->out, '\n');
        flush_text(w, PUT_AT);
    } else if (e && e->how == WANT_FOLD && h->standing != SLACK && !w->want->all_events) {
        fold_event(w, h, e);
    } else {
        emit_event(w, h);
    }
    return true;
}

/* Who says it and how often it was said: from what was seen before, or looked up. NULL: no memory. */
static inline struct tally_count *count_of(struct walk *w, struct head *h)
{
    const struct bx_event *ev = w->ev;
    struct seen *s = &w->seen[ev->kind_at];
    if (ev->kind && s->kind == ev->kind) {
        h->source = s->source;
        return tally_count_at(w->tally, s->row);
    }
    h->source = source_of(w);
    struct tally_count *c = tally_count(w->tally, h->source, h->id);
    if (!c || w->names.bad)
        return NULL;
    if (c->want == WANT_UNKNOWN || h->source == TALLY_OTHERS)
        c->want = find_want(w, h->source, h->id);
    if (ev->kind && h->source != TALLY_OTHERS)
        *s = (struct seen){ev->kind, h->source, tally_row(w->tally, c)};
    return c;
}

/* One record of size bytes at p, which is at distance at in the chunk. False: it cannot be read. */
static bool read_record(struct walk *w, const uint8_t *p, size_t at, uint32_t size, uint64_t off,
                        enum standing standing)
{
    struct bx_event *ev = w->ev;
    enum bx_lane lane = standing == IN_USE ? BX_ANY_LANE : BX_STRICT;
    if (!bx_open(w->bx, at + RECORD_HEADER, size - RECORD_LEAST, lane, ev))
        return false;
    struct bx_head from;
    bool counted = !w->put || w->want->n_event; /* else nobody asks who says how many */
    bx_head(ev, &from);
    struct head h = read_head(&from, p, size, off, standing);
    if (standing == SLACK && (!w->want->recovered || h.id == TALLY_NO_ID))
        return true;
    struct tally_count *c = counted ? count_of(w, &h) : NULL;
    if (counted && !c) {
        w->st = err_set(w->e, E_NOMEM, off, "event counts", "no room for another");
        return true;
    }
    int32_t want = c ? c->want : WANT_NOT;
    if (standing != SLACK) {
        if (c)
            tally_add(w->tally, c, h.source, h.sane ? h.time : INT64_MIN, h.record_id, off,
                      in_time(w->want, h.time));
        if (h.record_id != (int64_t)le64(p + 8))
            w->stats->hints |= EVTX_HINT_RENUMBERED;
    }
    if (!h.sane || !wintime_sane((int64_t)le64(p + 16)))
        anomaly(w, off, "time-insane", "a record's time is not believable",
                "created 0x%016llx, written 0x%016llx", (unsigned long long)h.time,
                (unsigned long long)le64(p + 16));
    if (want >= 0 && w->want->event[want].n_holding && !holds(&w->want->event[want], p, size))
        want = WANT_NOT;
    bool done = (want < 0 && !w->want->all_events) || deliver(w, &h, want);
    if (ev->rendered)
        w->stats->hints |= EVTX_HINT_RENDERED;
    return done;
}

/* Is there a whole record at at? Its size, or 0. */
static uint32_t record_size(const uint8_t *p, size_t n, size_t at)
{
    if (n - at < RECORD_LEAST || le32(p + at) != RECORD_MAGIC)
        return 0;
    uint32_t size = le32(p + at + 4);
    return size >= RECORD_LEAST && size <= n - at && le32(p + at + size - 4) == size ? size : 0;
}

/* --- Chunks */

/* free: where its records end by its own word (free_known), else its end. counted: how many records it has by
 * its own word, 0: it does not say; used: those met, read or not; skips: ids leave numbers out where nothing
 * is damaged. mend: bytes that may still be looked through for the end of a record. next: a whole chunk that
 * is read next, or NULL. */
struct chunk {
    const uint8_t *p, *next;
    size_t n;
    uint64_t off, counted, used;
    size_t free, mend;
    bool free_known, damaged, signature, skips;
};

static bool all_zero(const uint8_t *p, size_t n)
{
    return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* Of a header whose signature is as it should be. */
static uint32_t header_crc(const struct chunk *c)
{
    uint32_t crc = crc32_add(0, chunk_magic, sizeof chunk_magic);
    return crc32_add(crc32_add(crc, c->p + 8, 112), c->p + 128, CHUNK_HEADER - 128);
}

/* How many records the header counts, 0 where it says nothing that can be. */
static uint64_t counted(const struct chunk *c)
{
    uint64_t first = le64(c->p + 8), last = le64(c->p + 16);
    return last >= first && last - first < EVTX_CHUNK / RECORD_LEAST ? last - first + 1 : 0;
}

/* Checks of the header; none of them stops the walk. */
static void check_chunk(struct walk *w, struct chunk *c)
{
    uint32_t header = le32(c->p + 124), records = le32(c->p + 52), free_at = le32(c->p + 48),
             crc = header_crc(c);
    bool sound = crc == header;
    c->signature = memcmp(c->p, chunk_magic, 8) == 0;
    if (!c->signature) {
        anomaly(w, c->off, "chunk-magic", "a chunk without its signature", "begins with 0x%016llx%s",
                (unsigned long long)le64(c->p), sound ? "; its checksum proves the rest of its header" : "");
        c->damaged = true, c->signature = sound;
    }
    if (!c->signature)
        return;
    bool no_crc = le32(c->p + 120) & FLAG_NO_CRC, free_ok = free_at >= CHUNK_HEADER && free_at <= c->n;
    if (!no_crc && !sound) {
        anomaly(w, c->off, "chunk-header", "checksum of a chunk header is wrong",
                "stored %08x, computed %08x", header, crc);
        c->damaged = true;
    }
    c->counted = no_crc || sound ? counted(c) : 0;
    if (!free_ok && c->n == EVTX_CHUNK)
        anomaly(w, c->off + 48, "chunk-free", "free space of a chunk begins outside it", "at %u", free_at);
    if (free_ok) {
        c->free = free_at, c->free_known = true;
        crc = crc32_add(0, c->p + CHUNK_HEADER, free_at - CHUNK_HEADER);
        if (!no_crc && crc != records) {
            anomaly(w, c->off, "chunk-crc", "checksum of a chunk's records is wrong",
                    "stored %08x, computed %08x", records, crc);
            c->damaged = true;
        }
    }
    uint64_t number = le64(c->p + 8), id = le64(c->p + 24);
    if (number != id && number != UINT64_MAX && id != UINT64_MAX)
        w->stats->hints |= EVTX_HINT_RENUMBERED;
}

static void record_failed(struct walk *w, uint64_t off, const char *code, const char *what, const char *why)
{
    w->stats->failed++;
    tally_break(w->tally);
    anomaly(w, off, code, what, "%s", why);
}

/* The next record at an 8-byte boundary behind at, or n. */
static size_t next_record(const struct chunk *c, size_t at)
{
    for (at = (at | 7) + 1; at + RECORD_LEAST <= c->n; at += 8)
        if (record_size(c->p, c->n, at))
            return at;
    return c->n;
}

/* Can a record begin at at, or do records end there? It shows in its magic, its sizes or the free space. */
static bool may_begin(const struct chunk *c, size_t at)
{
    if (at == c->free || at + RECORD_LEAST > c->n)
        return at == c->free || at == c->n;
    uint32_t size = le32(c->p + at + 4);
    bool copy = size >= RECORD_LEAST && size <= c->n - at && le32(c->p + at + size - 4) == size;
    return copy || le32(c->p + at) == RECORD_MAGIC;
}

/* The size of a record one of whose marks is damaged, as the other two say; 0 where they do not agree. The
 * next whole record begins at next. */
static uint32_t mended_size(struct chunk *c, size_t at, size_t next)
{
    const uint8_t *p = c->p + at;
    if (c->n - at < RECORD_LEAST)
        return 0;
    uint32_t size = le32(p + 4);
    bool magic = le32(p) == RECORD_MAGIC, fits = size >= RECORD_LEAST && size <= c->n - at;
    if (fits && (magic ? may_begin(c, at + size) : le32(p + size - 4) == size))
        return size;
    for (size_t n = RECORD_LEAST; magic && n <= next - at && c->mend; n += 4, c->mend -= 4)
        if (le32(p + n - 4) == n && may_begin(c, at + n))
            return (uint32_t)n;
    return 0;
}

/* A stretch of the chunk where no whole record begins. The record it holds is read if two of its three marks
 * stand and all of it decodes. Returns where to go on; end: no whole record follows in use. */
static size_t walk_damage(struct walk *w, struct chunk *c, size_t at, uint64_t last, bool *end)
{
    bool magic = le32(c->p + at) == RECORD_MAGIC;
    const char *code = magic ? "record-size" : "record-magic";
    size_t next = next_record(c, at), most = next < c->n ? next : c->free;
    uint32_t size = mended_size(c, at, next);
    c->damaged = true;
    if (size && le64(c->p + at + 8) > last && read_record(w, c->p + at, at, size, c->off + at, MENDED)) {
        w->stats->seen++, w->stats->recovered++, c->used++;
        anomaly(w, c->off + at, code,
                magic ? "sizes of a record disagree" : "the mark of a record is damaged",
                "%u bytes, read as recovered", size);
        return at + size;
    }
    if (!going(w))
        return at;
    char why[80];
    snprintf(why, sizeof why, "%zu bytes skipped%s", most - at, next < c->n ? "" : ", no record behind them");
    /* without a word of the chunk itself, ids say how many are lost */
    uint64_t gap = next < c->n && last && !c->skips && !c->counted ? le64(c->p + next + 8) - last - 1 : 1;
    uint64_t lost = gap > 1 && gap <= (most - at) / RECORD_LEAST ? gap : 1;
    w->stats->seen += lost, w->stats->failed += lost - 1, c->used += lost;
    record_failed(w, c->off + at, code,
                  magic ? "sizes of a record disagree" : "no record where one should begin", why);
    *end = next >= c->n || next >= c->free;
    return next < c->n ? next : c->n;
}

/* What lies so far into the next chunk comes into the processor's cache while this record is read: the memory
 * takes longer to give a log than it takes to read it. */
static inline void fetch_ahead(const struct chunk *c, size_t at, uint32_t size)
{
    enum { LINE = 64, NEAR = 2 };
    for (size_t end = at + size; c->next && at < end; at += LINE)
        __builtin_prefetch(c->next + at, 0, NEAR);
}

/* Only what is mapped can be fetched; the system maps a page with its neighbours. */
static const uint8_t *next_mapped(const struct walk *w, uint64_t next, uint64_t end)
{
    if (next >= end || next > w->file.n || w->file.n - next < EVTX_CHUNK)
        return NULL;
    const volatile uint8_t *p = w->file.p + next;
    return (void)p[0], (void)p[EVTX_CHUNK - 1], w->file.p + next;
}

/* Records in use, from the header on. Returns where they end. */
static size_t walk_records(struct walk *w, struct chunk *c)
{
    size_t at = CHUNK_HEADER;
    uint64_t last = 0;
    bool end = false, lost = false;
    while (going(w) && !end && at + RECORD_LEAST <= c->n) {
        uint32_t size = record_size(c->p, c->n, at);
        uint64_t id = le64(c->p + at + 8);
        if (!size && (at >= c->free || all_zero(c->p + at, c->free - at)))
            break;
        if (size && at >= c->free && id != last + 1)
            /* behind the free space's begin: in use only if it goes on counting */
            break;
        if (w->want->records && w->stats->seen >= w->want->records) {
            w->full = true, reached(w, c->off + at, too_many);
            break;
        }
        if (!size) {
            uint64_t failed = w->stats->failed;
            at = walk_damage(w, c, at, last, &end);
            lost = w->stats->failed > failed;
            last = lost ? last : id;
            continue;
        }
        if (at == c->free)
            anomaly(w, c->off + 48, "chunk-free", "records go on behind the begin of free space",
                    "free space at %zu, next record %llu", c->free, (unsigned long long)id);
        fetch_ahead(c, at, size);
        w->stats->seen++, c->used++;
        bool read = read_record(w, c->p + at, at, size, c->off + at, IN_USE);
        if (!read && bx_too_deep(w->bx))
            reached(w, c->off + at, too_deep);
        if (read)
            w->stats->parsed++;
        else
            record_failed(w, c->off + at, "record-binxml", "a record cannot be decoded",
                          w->ev->why ? w->ev->why : "no reason");
        c->skips |= last && !lost && id != last + 1;
        at += size, last = id, lost = false;
    }
    return at;
}

/* A chunk knows how many records it holds: what was not met is lost, and counted. */
static void count_lost(struct walk *w, struct chunk *c)
{
    if (c->used >= c->counted || !going(w))
        return;
    uint64_t lost = c->counted - c->used;
    w->stats->seen += lost, w->stats->failed += lost;
    c->damaged = true;
    tally_break(w->tally);
    anomaly(w, c->off + 8, "records-lost", "records of a chunk are lost", "it counts %llu, %llu were met",
            (unsigned long long)c->counted, (unsigned long long)c->used);
}

/* Slack: what the chunk held before. Only records that decode without one wrong name or template count. */
static void walk_slack(struct walk *w, const struct chunk *c, size_t from)
{
    uint64_t found = 0, unreadable = 0;
    size_t first = 0;
    for (size_t at = from; going(w) && at + RECORD_LEAST <= c->n;) {
        uint32_t size = record_size(c->p, c->n, at);
        if (!size) {
            at = next_record(c, at);
            continue;
        }
        if (!found && !unreadable)
            first = at;
        if (read_record(w, c->p + at, at, size, c->off + at, SLACK))
            w->stats->seen++, w->stats->recovered++, found++;
        else
            unreadable++;
        at += size;
    }
    if (found + unreadable)
        anomaly(w, c->off + first, "slack-records", "older records behind the records in use",
                "%llu readable, %llu overwritten in part", (unsigned long long)found,
                (unsigned long long)unreadable);
}

/* end: of the chunks that are read. */
static void walk_chunk(struct walk *w, uint64_t off, size_t n, uint64_t end)
{
    struct chunk c = {.p = w->file.p + off, .n = n, .off = off, .free = n, .mend = MEND_BYTES};
    if (all_zero(c.p, n < 4096 ? n : 4096) && all_zero(c.p, n))
        return; /* never used: logs grow by 16 chunks at a time */
    w->stats->chunks++;
    if (n < EVTX_CHUNK) {
        anomaly(w, off, "partial-chunk", "the file ends inside a chunk", "%zu of %d bytes", n, EVTX_CHUNK);
        /* else something was put behind the log */
        w->stats->hints |= memcmp(c.p, chunk_magic, n < 8 ? n : 8) == 0 ? EVTX_HINT_CUT : 0u;
        c.damaged = true;
    }
    if (n > CHUNK_HEADER) {
        c.next = next_mapped(w, off + EVTX_CHUNK, end);
        bx_chunk(w->bx, c.p, n);
        check_chunk(w, &c);
        size_t used = c.signature || next_record(&c, CHUNK_HEADER - 8) < n ? walk_records(w, &c) : n;
        if (c.free_known && used < c.free && !c.damaged && going(w))
            anomaly(w, off + 48, "chunk-free", "free space of a chunk begins behind its last record",
                    "free space at %zu, records end at %zu", c.free, used);
        count_lost(w, &c);
        walk_slack(w, &c, used);
    }
    w->stats->bad_chunks += c.damaged;
    if (!c.signature)
        tally_break(w->tally);
}

/* --- The file */

uint32_t evtx_slots(uint64_t bytes)
{
    uint64_t n = bytes > EVTX_HEADER ? (bytes - EVTX_HEADER + EVTX_CHUNK - 1) / EVTX_CHUNK : 0;
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

const char *evtx_log_kind(const struct evtx_stats *s)
{
    /* a collector numbers what others numbered before */
    bool collector = s->hints & EVTX_HINT_RENDERED && s->hints & EVTX_HINT_MIXED;
    if (s->hints & EVTX_HINT_HEADER_BAD)
        return "carved";
    if (!(s->hints & EVTX_HINT_RENUMBERED) || collector)
        return "original";
    return s->hints & EVTX_HINT_GAPS ? "filtered" : "exported";
}

/* Where the first chunk lies: behind the header, or, in carved data, at the first signature on a sector
 * boundary. */
static uint64_t first_chunk(struct span file)
{
    if (file.n >= 8 && memcmp(file.p, file_magic, 8) == 0)
        return EVTX_HEADER;
    if (file.n >= EVTX_HEADER + 8 && memcmp(file.p + EVTX_HEADER, chunk_magic, 8) == 0)
        return EVTX_HEADER;
    for (size_t at = 0; at < EVTX_CHUNK && file.n >= at + 8; at += 512)
        if (memcmp(file.p + at, chunk_magic, 8) == 0)
            return at;
    return file.n > EVTX_HEADER ? EVTX_HEADER : file.n;
}

/* The header is looked at by whoever reads the first slot; what it says about chunks is checked by everybody.
 */
static void check_header(struct walk *w, uint64_t base, uint32_t slots, uint32_t first, uint32_t end)
{
    const uint8_t *p = w->file.p;
    if (w->file.n < 128 || memcmp(p, file_magic, 8) != 0) {
        w->stats->hints |= EVTX_HINT_HEADER_BAD;
        if (first == 0)
            anomaly(w, 0, "file-header", "no event log header", "%llu bytes, first chunk at %llu",
                    (unsigned long long)w->bytes, (unsigned long long)base);
        return;
    }
    uint32_t flags = le32(p + 120), crc = crc32_add(0, p, 120), count = le16(p + 42);
    w->stats->hints |= (flags & FLAG_DIRTY ? EVTX_HINT_DIRTY : 0u)
                       | (flags & FLAG_FULL ? EVTX_HINT_FULL : 0u);
    bool sound = flags & FLAG_NO_CRC || crc == le32(p + 124);
    w->stats->hints |= sound && slots < count ? EVTX_HINT_CUT : 0u;
    if (first == 0 && !sound)
        anomaly(w, 0, "header-crc", "checksum of the file header is wrong", "stored %08x, computed %08x",
                le32(p + 124), crc);
    if (first == 0 && slots < count)
        anomaly(w, 42, "header-count", "the header counts more chunks than the file holds", "%u of %u", slots,
                count);
    for (uint32_t i = first > count ? first : count; i < end; i++) {
        uint64_t at = base + (uint64_t)i * EVTX_CHUNK;
        if (w->file.n - at < 8 || memcmp(p + at, chunk_magic, 8) != 0)
            continue;
        w->stats->hints |= EVTX_HINT_MORE_CHUNKS;
        if (count < UINT16_MAX) /* a 16-bit count: longer logs cannot say more */
            anomaly(w, at, "header-count", "a chunk beyond the header's count", "chunk %u of %u", i + 1,
                    count);
        break;
    }
}

static bool walk_begin(struct walk *w)
{
    w->bx = w->known && *w->known ? *w->known : bx_new(w->scratch), w->tally = tally_new();
    if (w->known)
        *w->known = w->bx;
    w->ev = calloc(1, sizeof *w->ev);
    if (w->bx && w->tally && w->ev) {
        bx_depth(w->bx, w->want->xml_depth);
        return true;
    }
    w->st = err_set(w->e, E_NOMEM, ERR_NO_OFF, "event log", "no memory to begin");
    return false;
}

/* Frees what the walk held; E_LIMIT when all went well but for a limit. */
static enum status walk_end(struct walk *w)
{
    if (w->st == OK && w->limit)
        w->st = err_set(w->e, E_LIMIT, w->limit_off, "event log", "%s", w->limit);
    if (!w->known)
        bx_free(w->bx);
    tally_free(w->tally), free(w->ev);
    buf_free(&w->out), buf_free(&w->key), buf_free(&w->json), buf_free(&w->text), buf_free(&w->names);
    return w->st;
}

static void walk(struct walk *w, uint32_t first, uint32_t count)
{
    uint64_t base = first_chunk(w->file),
             n = w->bytes > base ? (w->bytes - base + EVTX_CHUNK - 1) / EVTX_CHUNK : 0;
    uint32_t slots = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
    uint32_t end = first >= slots || count >= slots - first || (uint64_t)first + count >= evtx_slots(w->bytes)
                       ? slots
                       : first + count;
    if (w->file.n < w->bytes
        && (w->file.n < 2 * EVTX_CHUNK || w->file.n < base + (uint64_t)end * EVTX_CHUNK)) {
        w->st = err_set(w->e, E_TRUNC, w->file.n, "event log", "not all of it is there yet");
        return;
    }
    check_header(w, base, slots, first, end);
    for (uint32_t i = first; i < end && going(w); i++) {
        uint64_t off = base + (uint64_t)i * EVTX_CHUNK, left = w->file.n - off;
        walk_chunk(w, off, left < EVTX_CHUNK ? (size_t)left : EVTX_CHUNK, base + (uint64_t)end * EVTX_CHUNK);
    }
    if (tally_channels(w->tally) > 1)
        w->stats->hints |= EVTX_HINT_MIXED;
    if (tally_gaps(w->tally))
        w->stats->hints |= EVTX_HINT_GAPS;
    if (tally_full(w->tally))
        anomaly(w, 0, "counts-limit", "too many kinds of events to count each",
                "the rest is one row without a provider's name");
    if (w->anomalies > LIM_ANOMALIES) {
        char detail[64];
        snprintf(detail, sizeof detail, "%llu in all, the first %d are listed",
                 (unsigned long long)w->anomalies, LIM_ANOMALIES);
        put_anomaly(w, 0, "anomalies-limit", "more damage than is listed", detail);
    }
}

enum status evtx_read(struct span file, uint32_t first, uint32_t count, const struct want *want,
                      struct arena *scratch, fact_sink *sink, void *ctx, struct evtx_stats *stats,
                      struct err *e)
{
    return evtx_read_front(file, file.n, first, count, want, scratch, sink, ctx, stats, e);
}

enum status evtx_read_front(struct span front, uint64_t bytes, uint32_t first, uint32_t count,
                            const struct want *want, struct arena *scratch, fact_sink *sink, void *ctx,
                            struct evtx_stats *stats, struct err *e)
{
    struct walk w = {.file = front,
                     .bytes = bytes,
                     .want = want,
                     .sink = sink,
                     .ctx = ctx,
                     .stats = stats,
                     .e = e,
                     .scratch = scratch};
    if (walk_begin(&w)) {
        walk(&w, first, count);
        if (w.st == OK)
            w.st = tally_emit(w.tally, sink, ctx, e);
    }
    return walk_end(&w);
}

void evtx_forget(struct bx **known) { bx_free(*known), *known = NULL; }

enum status evtx_dump(struct span file, uint32_t first, uint32_t count, const struct want *want,
                      enum evtx_format format, struct arena *scratch, struct bx **known, evtx_put *put,
                      void *ctx, struct evtx_stats *stats, struct err *e)
{
    struct want all = *want;
    all.all_events = want->all_events || want->n_event == 0;
    struct walk w = {.file = file,
                     .bytes = file.n,
                     .want = &all,
                     .put = put,
                     .format = (int)format,
                     .ctx = ctx,
                     .stats = stats,
                     .e = e,
                     .scratch = scratch,
                     .known = known};
    if (walk_begin(&w) && (w.st = put(ctx, &w.out, e)) == OK) {
        walk(&w, first, count);
        flush_text(&w, 0);
    }
    return walk_end(&w);
}

enum status evtx_record(struct span file, uint64_t off, int format, struct arena *scratch, struct buf *out,
                        uint32_t *size, struct err *e)
{
    uint64_t base = first_chunk(file), chunk = off >= base ? off - (off - base) % EVTX_CHUNK : 0,
             at = off - chunk;
    size_t n = chunk < file.n && file.n - chunk < EVTX_CHUNK ? (size_t)(file.n - chunk) : EVTX_CHUNK;
    enum standing standing = IN_USE;
    *size = 0;
    if (off >= base && off < file.n && at >= CHUNK_HEADER
        && !(*size = record_size(file.p + chunk, n, (size_t)at))) {
        struct chunk c = {.p = file.p + chunk, .n = n, .off = chunk, .mend = MEND_BYTES};
        uint32_t free_at = le32(c.p + 48);
        c.free = free_at >= CHUNK_HEADER && free_at <= n ? free_at : n;
        *size = mended_size(&c, (size_t)at, next_record(&c, (size_t)at)), standing = MENDED;
    }
    if (!*size)
        return err_set(e, E_FORMAT, off, "event record", "no record begins here");
    struct evtx_stats stats = {0};
    struct want none = {0};
    struct walk w = {
        .file = file, .want = &none, .format = format, .stats = &stats, .e = e, .scratch = scratch};
    if (walk_begin(&w)) {
        bx_chunk(w.bx, file.p + chunk, n), bx_replacing(w.bx, format == EVTX_DATA_REPLACED);
        enum bx_lane lane = standing == IN_USE ? BX_ANY_LANE : BX_STRICT;
        if (!bx_open(w.bx, (size_t)at + RECORD_HEADER, *size - RECORD_LEAST, lane, w.ev)) {
            w.st = err_set(e, E_FORMAT, off, "event record", "%s", w.ev->why);
        } else {
            struct bx_head from;
            bx_head(w.ev, &from);
            struct head h = read_head(&from, file.p + off, *size, off, standing);
            /* as in a dump: data that cannot be read are said to be so, the rest stands */
            if (!put_record(&w, &h) && !w.out.n)
                w.st = err_set(e, E_FORMAT, off, "event record", "%s",
                               w.ev->why ? w.ev->why : "cannot be shown");
            buf_put(out, w.out.p, w.out.n);
        }
    }
    return walk_end(&w);
}
