#include "parsers/evtx/tally.h"
#include "base/grow.h"
#include "base/hash.h"
#include "base/lookup.h"
#include "base/wintime.h"
#include <stdlib.h>

enum { TEXT_MAX = 64 << 20, BLOCK = 1 << 18 };

struct block {
    struct block *next;
    size_t n;
    char text[];
};

struct tally {
    struct tally_source *source;
    struct tally_span *span;
    struct tally_count *count;
    struct tally_fold **fold;
    size_t n_source, n_span, n_count, n_fold, cap_source, cap_span, cap_count, cap_fold, text, channels;
    size_t fold_keys;   /* bytes of them */
    struct str channel; /* the first one */
    struct lookup by_source, by_span, by_count, by_fold;
    struct block *blocks;
    struct buf fold_text;
    uint32_t breaks;
    bool full;
};

static struct str keep_text(struct tally *t, struct str s)
{
    struct block *b = t->blocks;
    if (s.n > TEXT_MAX || t->text > TEXT_MAX - s.n)
        return STR_NONE;
    if (!b || BLOCK - b->n < s.n) {
        b = malloc(sizeof *b + (s.n > BLOCK ? s.n : BLOCK));
        if (!b)
            return STR_NONE;
        b->next = t->blocks, b->n = 0, t->blocks = b;
    }
    char *p = b->text + b->n;
    if (s.n)
        memcpy(p, s.p, s.n);
    b->n += s.n, t->text += s.n;
    return (struct str){p, s.n};
}

static uint64_t hash_texts(const struct str *s, size_t n)
{
    uint64_t h = n;
    for (size_t i = 0; i < n; i++)
        h = (h ^ hash64(s[i].p, s[i].n)) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 32;
}

/* One span per computer and channel; UINT32_MAX when there is no room. */
static uint32_t span_of_source(struct tally *t, struct str computer, struct str channel)
{
    struct str key[] = {computer, channel};
    uint64_t h = hash_texts(key, 2);
    size_t at = lookup_at(&t->by_span, h);
    for (uint32_t row; (row = lookup_next(&t->by_span, h, &at)) != LOOKUP_NONE;)
        if (str_eq(t->span[row].computer, computer) && str_eq(t->span[row].channel, channel))
            return row;
    struct tally_span *rows = t->n_span < LIM_COUNTS ? grow(t->span, sizeof *rows, t->n_span, &t->cap_span)
                                                     : NULL;
    if (!rows)
        return UINT32_MAX;
    t->span = rows;
    if (!lookup_put(&t->by_span, h, (uint32_t)t->n_span))
        return UINT32_MAX;
    t->span[t->n_span] = (struct tally_span){
        .computer = computer, .channel = channel, .before = INT64_MIN, .first = INT64_MAX, .last = INT64_MIN};
    return (uint32_t)t->n_span++;
}

/* Stands for any computer in the row that counts for a channel and provider; no UTF-8 text is this byte. */
static const struct str any_computer = {"\xff", 1};

uint32_t tally_source(struct tally *t, struct str computer, struct str channel, struct str provider)
{
    struct str key[] = {computer, channel, provider};
    uint64_t h = hash_texts(key, 3);
    size_t at = lookup_at(&t->by_source, h);
    for (uint32_t row; (row = lookup_next(&t->by_source, h, &at)) != LOOKUP_NONE;) {
        const struct tally_source *s = &t->source[row];
        if (str_eq(s->computer, computer) && str_eq(s->channel, channel) && str_eq(s->provider, provider))
            return row;
    }
    struct tally_source s = {keep_text(t, computer), keep_text(t, channel), keep_text(t, provider), 0,
                             (uint32_t)t->n_source};
    if (!s.computer.p || !s.channel.p || !s.provider.p)
        return t->full = true, TALLY_OTHERS;
    if (!str_eq(computer, any_computer)) {
        s.what = tally_source(t, any_computer, s.channel, s.provider);
        if (t->channels == 0)
            t->channel = s.channel, t->channels = 1;
        else if (t->channels == 1 && !str_eq(t->channel, s.channel))
            t->channels = 2;
    }
    struct tally_source *rows = t->n_source < LIM_COUNTS
                                    ? grow(t->source, sizeof s, t->n_source, &t->cap_source)
                                    : NULL;
    if (rows)
        t->source = rows;
    if (!rows || (s.span = span_of_source(t, s.computer, s.channel)) == UINT32_MAX
        || !lookup_put(&t->by_source, h, (uint32_t)t->n_source))
        return t->full = true, TALLY_OTHERS;
    t->source[t->n_source] = s;
    return (uint32_t)t->n_source++;
}

struct tally *tally_new(void)
{
    struct tally *t = calloc(1, sizeof *t);
    if (t && tally_source(t, any_computer, STR(""), STR("(others)")) == TALLY_OTHERS && !t->full)
        return t;
    tally_free(t);
    return NULL;
}

static void drop_folds(struct tally *t)
{
    for (size_t i = 0; i < t->n_fold; i++)
        free(t->fold[i]);
    t->n_fold = t->fold_keys = 0;
}

void tally_free(struct tally *t)
{
    if (!t)
        return;
    while (t->blocks) {
        struct block *next = t->blocks->next;
        free(t->blocks);
        t->blocks = next;
    }
    struct lookup *x[] = {&t->by_source, &t->by_span, &t->by_count, &t->by_fold};
    for (size_t i = 0; i < LEN(x); i++)
        lookup_free(x[i]);
    drop_folds(t), buf_free(&t->fold_text);
    free(t->source), free(t->span), free(t->count), free(t->fold), free(t);
}

const struct tally_source *tally_source_at(const struct tally *t, uint32_t source)
{
    return &t->source[source];
}
void tally_break(struct tally *t) { t->breaks++; }
size_t tally_channels(const struct tally *t) { return t->channels; }

uint64_t tally_gaps(const struct tally *t)
{
    uint64_t gaps = 0;
    for (size_t i = 0; i < t->n_span; i++)
        gaps += t->span[i].gaps;
    return gaps;
}

bool tally_full(const struct tally *t) { return t->full; }

struct tally_count *tally_count(struct tally *t, uint32_t source, uint32_t id)
{
    source = t->source[source].what;
    uint64_t key = (uint64_t)source << 17 | id, h = key * 0x9E3779B97F4A7C15u;
    h ^= h >> 29;
    size_t at = lookup_at(&t->by_count, h);
    for (uint32_t row; (row = lookup_next(&t->by_count, h, &at)) != LOOKUP_NONE;)
        if (t->count[row].source == source && t->count[row].id == id)
            return &t->count[row];
    if (t->n_count >= LIM_COUNTS && !(source == TALLY_OTHERS && id == TALLY_NO_ID))
        return t->full = true, tally_count(t, TALLY_OTHERS, TALLY_NO_ID);
    struct tally_count *rows = grow(t->count, sizeof *rows, t->n_count, &t->cap_count);
    if (rows)
        t->count = rows;
    if (!rows || !lookup_put(&t->by_count, h, (uint32_t)t->n_count))
        return NULL;
    t->count[t->n_count] = (struct tally_count){
        .source = source, .id = id, .first = INT64_MAX, .last = INT64_MIN, .want = -1};
    return &t->count[t->n_count++];
}

uint32_t tally_row(const struct tally *t, const struct tally_count *c) { return (uint32_t)(c - t->count); }
struct tally_count *tally_count_at(struct tally *t, uint32_t row) { return &t->count[row]; }

void tally_add(struct tally *t, struct tally_count *c, uint32_t source, int64_t time, int64_t record_id,
               uint64_t off, bool counts)
{
    struct tally_span *s = &t->span[t->source[source].span];
    if (counts && c->n++ == 0)
        c->off = off;
    if (s->n++ == 0)
        s->off = off, s->first_id = s->last_id = record_id;
    else if (record_id > s->before && (uint64_t)record_id - (uint64_t)s->before > 1
             && s->of_break == t->breaks)
        s->gaps++;
    s->before = record_id, s->of_break = t->breaks;
    s->first_id = record_id < s->first_id ? record_id : s->first_id;
    s->last_id = record_id > s->last_id ? record_id : s->last_id;
    if (time == INT64_MIN)
        return;
    if (counts)
        c->first = time < c->first ? time : c->first, c->last = time > c->last ? time : c->last;
    s->first = time < s->first ? time : s->first, s->last = time > s->last ? time : s->last;
}

/* --- Folds */

static struct str fold_text(const struct tally *t, size_t at, size_t n)
{
    return (struct str){t->fold_text.p + at, n};
}

struct tally_fold *tally_fold_find(struct tally *t, struct str key)
{
    uint64_t h = hash_quick(key.p, key.n);
    size_t at = lookup_at(&t->by_fold, h);
    for (uint32_t row; (row = lookup_next(&t->by_fold, h, &at)) != LOOKUP_NONE;) {
        struct tally_fold *f = t->fold[row];
        if (str_eq((struct str){f->key, f->n_key}, key))
            return f;
    }
    return NULL;
}

static size_t add_text(struct tally *t, struct str s)
{
    size_t at = t->fold_text.n;
    buf_str(&t->fold_text, s);
    return at;
}

static enum status emit_folds(struct tally *t, fact_sink *sink, void *ctx, struct err *e)
{
    enum status st = t->fold_text.bad
                         ? err_set(e, E_NOMEM, ERR_NO_OFF, "folded events", "%zu of them", t->n_fold)
                         : OK;
    for (size_t i = 0; i < t->n_fold && st == OK; i++) {
        const struct tally_fold *f = t->fold[i];
        const struct tally_source *s = &t->source[f->source];
        struct fact fact = {.kind = FACT_FOLD, .ref.off = f->off};
        fact.v[FO_COMPUTER] = val_s(s->computer), fact.v[FO_CHANNEL] = val_s(s->channel),
        fact.v[FO_PROVIDER] = val_s(s->provider);
        fact.v[FO_EVENT_ID] = f->id == TALLY_NO_ID ? val_null() : val_i(f->id);
        fact.v[FO_DAY] = val_i(f->day), fact.v[FO_KEY] = val_s(fold_text(t, f->json, f->n_json)),
        fact.v[FO_N] = val_i((int64_t)f->n);
        fact.v[FO_FIRST_TIME] = val_i(f->first), fact.v[FO_LAST_TIME] = val_i(f->last),
        fact.v[FO_LAST_OFF] = val_i((int64_t)f->last_off);
        fact.v[FO_DATA] = val_s(fold_text(t, f->data, f->n_data));
        st = sink(ctx, &fact, e);
    }
    drop_folds(t), t->fold_text.n = 0; /* rows added later start from an empty text */
    lookup_clear(&t->by_fold);
    return st;
}

enum status tally_fold_add(struct tally *t, const struct tally_fold *f, struct str key, struct str json,
                           struct str data, fact_sink *sink, void *ctx, struct err *e)
{
    bool full = t->n_fold == LIM_FOLDS || t->fold_text.n + t->fold_keys > TEXT_MAX;
    enum status st = full ? emit_folds(t, sink, ctx, e) : OK;
    if (st != OK)
        return st;
    struct tally_fold *row = malloc(sizeof *row + key.n),
                      **rows = grow(t->fold, sizeof row, t->n_fold, &t->cap_fold);
    if (rows)
        t->fold = rows;
    size_t at_json = add_text(t, json), at_data = add_text(t, data);
    if (!row || !rows || t->fold_text.bad
        || !lookup_put(&t->by_fold, hash_quick(key.p, key.n), (uint32_t)t->n_fold)) {
        free(row);
        return err_set(e, E_NOMEM, f->off, "folded events", "%zu of them", t->n_fold);
    }
    *row = *f, row->json = at_json, row->n_json = json.n, row->data = at_data, row->n_data = data.n;
    row->n_key = key.n, t->fold_keys += key.n;
    if (key.n)
        memcpy(row->key, key.p, key.n);
    t->fold[t->n_fold++] = row;
    return OK;
}

void tally_fold_data(struct tally *t, struct tally_fold *f, struct str data)
{
    size_t at = f->data;
    if (data.n > f->n_data)
        at = add_text(t, data);
    else if (data.n)
        memcpy(t->fold_text.p + at, data.p, data.n);
    if (!t->fold_text.bad) /* else nothing was added; emit_folds tells */
        f->data = at, f->n_data = data.n;
}

/* --- The end of a walk */

static struct value time_value(int64_t t) { return t == INT64_MAX || t == INT64_MIN ? val_null() : val_i(t); }

static enum status emit_counts(const struct tally *t, fact_sink *sink, void *ctx, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < t->n_count && st == OK; i++) {
        const struct tally_count *c = &t->count[i];
        const struct tally_source *s = &t->source[c->source];
        if (!c->n)
            continue;
        struct fact fact = {.kind = FACT_COUNT, .ref.off = c->off};
        fact.v[CO_CHANNEL] = val_s(s->channel), fact.v[CO_PROVIDER] = val_s(s->provider),
        fact.v[CO_N] = val_i((int64_t)c->n);
        fact.v[CO_EVENT_ID] = c->id == TALLY_NO_ID ? val_null() : val_i(c->id);
        fact.v[CO_FIRST_TIME] = time_value(c->first), fact.v[CO_LAST_TIME] = time_value(c->last);
        st = sink(ctx, &fact, e);
    }
    return st;
}

static enum status emit_spans(const struct tally *t, fact_sink *sink, void *ctx, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < t->n_span && st == OK; i++) {
        const struct tally_span *s = &t->span[i];
        if (!s->n)
            continue;
        struct fact fact = {.kind = FACT_SPAN, .ref.off = s->off};
        fact.v[SP_COMPUTER] = str_eq(s->computer, any_computer) ? val_null() : val_s(s->computer);
        fact.v[SP_CHANNEL] = val_s(s->channel), fact.v[SP_N] = val_i((int64_t)s->n);
        fact.v[SP_FIRST_ID] = val_i(s->first_id), fact.v[SP_LAST_ID] = val_i(s->last_id),
        fact.v[SP_GAPS] = val_i((int64_t)s->gaps);
        fact.v[SP_FIRST_TIME] = time_value(s->first), fact.v[SP_LAST_TIME] = time_value(s->last);
        st = sink(ctx, &fact, e);
    }
    return st;
}

enum status tally_emit(struct tally *t, fact_sink *sink, void *ctx, struct err *e)
{
    enum status st = emit_folds(t, sink, ctx, e);
    if (st == OK)
        st = emit_counts(t, sink, ctx, e);
    return st == OK ? emit_spans(t, sink, ctx, e) : st;
}
