#include "base/want.h"

static void put_str(struct buf *out, struct str s) { buf_u32(out, (uint32_t)s.n), buf_str(out, s); }

static struct str get_str(struct span *in)
{
    struct span s = span_take(in, span_u32(in));
    return (struct str){s.p ? (const char *)s.p : "", s.n};
}

void want_put(struct buf *out, const struct want *w)
{
    buf_u64le(out, (uint64_t)w->since), buf_u64le(out, (uint64_t)w->until);
    buf_char(out, w->all_events), buf_char(out, w->all_keys), buf_char(out, w->recovered),
        buf_char(out, w->as_stored), buf_char(out, w->reveal);
    buf_u64le(out, w->records), buf_u32(out, w->xml_depth), buf_u32(out, w->key_depth);
    buf_u32(out, (uint32_t)w->n_event);
    for (size_t i = 0; i < w->n_event; i++) {
        const struct want_event *v = &w->event[i];
        put_str(out, v->provider), buf_u16(out, v->id), buf_u16(out, v->to), buf_char(out, v->any_id),
            buf_char(out, (char)v->how);
        buf_char(out, (char)v->n_key), buf_char(out, (char)v->n_keep), buf_char(out, (char)v->n_fold);
        for (size_t k = 0; k < v->n_key; k++)
            put_str(out, v->key[k]);
        put_str(out, v->keep_field);
        for (size_t k = 0; k < v->n_keep; k++)
            buf_u64le(out, (uint64_t)v->keep[k]);
        put_str(out, v->fold_field);
        for (size_t k = 0; k < v->n_fold; k++)
            put_str(out, v->fold[k]);
        put_str(out, v->channel), buf_char(out, (char)v->n_holding);
        for (size_t k = 0; k < v->n_holding; k++)
            put_str(out, v->holding[k]);
    }
    buf_u32(out, (uint32_t)w->n_key);
    for (size_t i = 0; i < w->n_key; i++)
        put_str(out, w->key[i].hive), put_str(out, w->key[i].path), put_str(out, w->key[i].value);
}

/* The strings of w point into in, which must outlive w. */
enum status want_get(struct span in, struct arena *a, struct want *w, struct err *e)
{
    *w = (struct want){0};
    w->since = (int64_t)span_u64(&in);
    w->until = (int64_t)span_u64(&in);
    w->all_events = span_u8(&in), w->all_keys = span_u8(&in), w->recovered = span_u8(&in),
    w->as_stored = span_u8(&in), w->reveal = span_u8(&in);
    w->records = span_u64(&in), w->xml_depth = span_u32(&in), w->key_depth = span_u32(&in);
    size_t n = span_u32(&in);
    if (in.bad || n > in.n)
        return err_set(e, E_FORMAT, in.off, "wanted events", "%zu in %zu bytes", n, in.n);
    if (!(w->event = arena_alloc(a, sizeof *w->event, n)))
        return err_set(e, E_LIMIT, in.off, "wanted events", "%zu do not fit", n);
    for (w->n_event = 0; w->n_event < n && !in.bad; w->n_event++) {
        struct want_event *v = &w->event[w->n_event];
        v->provider = get_str(&in), v->id = span_u16(&in), v->to = span_u16(&in), v->any_id = span_u8(&in),
        v->how = span_u8(&in);
        v->n_key = span_u8(&in), v->n_keep = span_u8(&in), v->n_fold = span_u8(&in);
        if (v->n_key > WANT_KEYS || v->n_keep > WANT_ONLY || v->n_fold > WANT_ONLY)
            return err_set(e, E_FORMAT, in.off, "wanted events", "%u keys, %u and %u values", v->n_key,
                           v->n_keep, v->n_fold);
        for (size_t k = 0; k < v->n_key; k++)
            v->key[k] = get_str(&in);
        v->keep_field = get_str(&in);
        for (size_t k = 0; k < v->n_keep; k++)
            v->keep[k] = (int64_t)span_u64(&in);
        v->fold_field = get_str(&in);
        for (size_t k = 0; k < v->n_fold; k++)
            v->fold[k] = get_str(&in);
        v->channel = get_str(&in), v->n_holding = span_u8(&in);
        if (v->n_holding > WANT_HOLDING)
            return err_set(e, E_FORMAT, in.off, "wanted events", "%u texts", v->n_holding);
        for (size_t k = 0; k < v->n_holding; k++)
            v->holding[k] = get_str(&in);
    }
    n = span_u32(&in);
    if (in.bad || n > in.n)
        return err_set(e, E_FORMAT, in.off, "wanted keys", "%zu in %zu bytes", n, in.n);
    if (!(w->key = arena_alloc(a, sizeof *w->key, n)))
        return err_set(e, E_LIMIT, in.off, "wanted keys", "%zu do not fit", n);
    for (w->n_key = 0; w->n_key < n && !in.bad; w->n_key++) {
        struct want_key *k = &w->key[w->n_key];
        k->hive = get_str(&in), k->path = get_str(&in), k->value = get_str(&in);
    }
    return in.bad ? err_set(e, E_FORMAT, in.off, "wanted things", "cut short") : OK;
}
