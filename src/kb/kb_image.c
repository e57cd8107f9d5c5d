/* kb_image: the knowledge as bytes, and back: kb_image_put() of kb.h, kb_image_get() of kb_priv.h. What it
 * reads lives in kb->a and in the image. It refuses bytes that are cut short, or of other files: E_FORMAT. */
#include "base/buf.h"
#include "base/grow.h"
#include "base/lookup.h"
#include "kb/kb_priv.h"
#include <stdlib.h>

/* --- what a struct of the knowledge is made of: one table each, for writing and for reading */
enum kind {
    TEXT,  /* struct str */
    WHOLE, /* integer, enum or bool of `size` bytes */
    PLACE, /* struct kb_place */
    MANY,  /* pointer to as many elements as the member at n_at says */
    SOME   /* the first of an array inside the struct; their number is a byte at n_at */
};
struct shape;
struct member {
    enum kind kind;
    size_t at, size, n_at;
    const struct shape *of; /* of an element */
};
struct shape {
    size_t size;
    const struct member *m;
    size_t n;
};
#define AT(type, member)   offsetof(struct type, member)
#define SIZE(type, member) sizeof(((struct type *)NULL)->member)
#define TEXT_AT(t, m)              \
    {                              \
        TEXT, AT(t, m), 0, 0, NULL \
    }
#define WHOLE_AT(t, m)                       \
    {                                        \
        WHOLE, AT(t, m), SIZE(t, m), 0, NULL \
    }
#define PLACE_AT(t, m)              \
    {                               \
        PLACE, AT(t, m), 0, 0, NULL \
    }
#define MANY_AT(t, m, n, s)             \
    {                                   \
        MANY, AT(t, m), 0, AT(t, n), &s \
    }
#define SOME_AT(t, m, n, s)             \
    {                                   \
        SOME, AT(t, m), 0, AT(t, n), &s \
    }
#define SHAPE(name, type, members) static const struct shape name = {sizeof(type), members, LEN(members)}

static const struct member text_members[] = {{TEXT, 0, 0, 0, NULL}};
SHAPE(text_shape, struct str, text_members);
static const struct member number_members[] = {{WHOLE, 0, sizeof(int64_t), 0, NULL}};
SHAPE(number_shape, int64_t, number_members);

static const struct member code_members[] = {
    PLACE_AT(kb_code, at),    TEXT_AT(kb_code, space),  TEXT_AT(kb_code, symbol), TEXT_AT(kb_code, meaning),
    TEXT_AT(kb_code, source), WHOLE_AT(kb_code, value), WHOLE_AT(kb_code, win32), WHOLE_AT(kb_code, maps)};
SHAPE(code_shape, struct kb_code, code_members);
static const struct member event_members[] = {PLACE_AT(kb_event, at),     TEXT_AT(kb_event, provider),
                                              TEXT_AT(kb_event, channel), TEXT_AT(kb_event, name),
                                              TEXT_AT(kb_event, meaning), TEXT_AT(kb_event, source),
                                              WHOLE_AT(kb_event, id)};
SHAPE(event_shape, struct kb_event, event_members);
static const struct member event_field_members[] = {
    PLACE_AT(kb_event_field, at), TEXT_AT(kb_event_field, provider), TEXT_AT(kb_event_field, field),
    TEXT_AT(kb_event_field, shape), WHOLE_AT(kb_event_field, id)};
SHAPE(event_field_shape, struct kb_event_field, event_field_members);
static const struct member default_members[] = {TEXT_AT(kb_default, product), TEXT_AT(kb_default, editions),
                                                TEXT_AT(kb_default, text),    WHOLE_AT(kb_default, from),
                                                WHOLE_AT(kb_default, number), WHOLE_AT(kb_default, numeric)};
SHAPE(default_shape, struct kb_default, default_members);
static const struct member setting_members[] = {PLACE_AT(kb_setting, at),
                                                TEXT_AT(kb_setting, name),
                                                TEXT_AT(kb_setting, section),
                                                TEXT_AT(kb_setting, hive),
                                                TEXT_AT(kb_setting, path),
                                                TEXT_AT(kb_setting, value),
                                                TEXT_AT(kb_setting, type),
                                                TEXT_AT(kb_setting, default_text),
                                                TEXT_AT(kb_setting, meaning),
                                                TEXT_AT(kb_setting, meanings),
                                                TEXT_AT(kb_setting, source),
                                                WHOLE_AT(kb_setting, number),
                                                WHOLE_AT(kb_setting, numeric),
                                                WHOLE_AT(kb_setting, since),
                                                MANY_AT(kb_setting, by_build, n_by_build, default_shape)};
SHAPE(setting_shape, struct kb_setting, setting_members);
static const struct member artifact_members[] = {PLACE_AT(kb_artifact, at), TEXT_AT(kb_artifact, name),
                                                 TEXT_AT(kb_artifact, kind), TEXT_AT(kb_artifact, collect),
                                                 TEXT_AT(kb_artifact, meaning)};
SHAPE(artifact_shape, struct kb_artifact, artifact_members);
static const struct member account_members[] = {PLACE_AT(kb_account, at), TEXT_AT(kb_account, name),
                                                TEXT_AT(kb_account, sid)};
SHAPE(account_shape, struct kb_account, account_members);
static const struct member cause_members[] = {PLACE_AT(kb_cause, at), TEXT_AT(kb_cause, name),
                                              TEXT_AT(kb_cause, means), WHOLE_AT(kb_cause, of)};
SHAPE(cause_shape, struct kb_cause, cause_members);
static const struct member family_members[] = {PLACE_AT(kb_family, at), TEXT_AT(kb_family, name),
                                               TEXT_AT(kb_family, means), TEXT_AT(kb_family, source),
                                               MANY_AT(kb_family, code, n, number_shape)};
SHAPE(family_shape, struct kb_family, family_members);

static const struct member tool_field_members[] = {PLACE_AT(kb_tool_field, at),
                                                   TEXT_AT(kb_tool_field, name),
                                                   TEXT_AT(kb_tool_field, tool),
                                                   TEXT_AT(kb_tool_field, meaning),
                                                   TEXT_AT(kb_tool_field, source),
                                                   MANY_AT(kb_tool_field, speaks_for, n_for, text_shape),
                                                   MANY_AT(kb_tool_field, against, n_against, text_shape)};
SHAPE(tool_field_shape, struct kb_tool_field, tool_field_members);
static const struct member layout_members[] = {PLACE_AT(kb_layout, at), TEXT_AT(kb_layout, path),
                                               TEXT_AT(kb_layout, collector), TEXT_AT(kb_layout, source),
                                               WHOLE_AT(kb_layout, sure)};
SHAPE(layout_shape, struct kb_layout, layout_members);
static const struct member requirement_members[] = {MANY_AT(requirement, artifact, n, text_shape),
                                                    WHOLE_AT(requirement, for_role)};
SHAPE(requirement_shape, struct requirement, requirement_members);
static const struct member indicator_members[] = {WHOLE_AT(indicator, role), TEXT_AT(indicator, sql),
                                                  TEXT_AT(indicator, explain), WHOLE_AT(indicator, line)};
SHAPE(indicator_shape, struct indicator, indicator_members);
static const struct member collect_members[] = {TEXT_AT(collect, artifact), TEXT_AT(collect, command)};
SHAPE(collect_shape, struct collect, collect_members);
static const struct member remedy_members[] = {TEXT_AT(remedy, text), TEXT_AT(remedy, risk),
                                               TEXT_AT(remedy, reversible), TEXT_AT(remedy, verify),
                                               TEXT_AT(remedy, when)};
SHAPE(remedy_shape, struct remedy, remedy_members);
static const struct member test_field_members[] = {TEXT_AT(test_field, name), TEXT_AT(test_field, value),
                                                   WHOLE_AT(test_field, number)};
SHAPE(test_field_shape, struct test_field, test_field_members);
static const struct member test_fact_members[] = {TEXT_AT(test_fact, kind),
                                                  MANY_AT(test_fact, field, n, test_field_shape)};
SHAPE(test_fact_shape, struct test_fact, test_fact_members);
static const struct member test_expect_members[] = {TEXT_AT(test_expect, host), TEXT_AT(test_expect, subject),
                                                    TEXT_AT(test_expect, verdict), TEXT_AT(test_expect, code),
                                                    TEXT_AT(test_expect, count)};
SHAPE(test_expect_shape, struct test_expect, test_expect_members);
static const struct member rule_test_members[] = {
    TEXT_AT(rule_test, name), MANY_AT(rule_test, fact, n_fact, test_fact_shape),
    MANY_AT(rule_test, expect, n_expect, test_expect_shape), WHOLE_AT(rule_test, line)};
SHAPE(rule_test_shape, struct rule_test, rule_test_members);
/* file and text are those of its place */
static const struct member rule_members[] = {PLACE_AT(rule, at),
                                             TEXT_AT(rule, id),
                                             TEXT_AT(rule, name),
                                             TEXT_AT(rule, title),
                                             TEXT_AT(rule, status),
                                             TEXT_AT(rule, level),
                                             TEXT_AT(rule, description),
                                             TEXT_AT(rule, author),
                                             TEXT_AT(rule, date),
                                             TEXT_AT(rule, modified),
                                             TEXT_AT(rule, cause),
                                             TEXT_AT(rule, explanation),
                                             TEXT_AT(rule, would_prove),
                                             TEXT_AT(rule, sha256),
                                             MANY_AT(rule, reference, n_reference, text_shape),
                                             MANY_AT(rule, tag, n_tag, text_shape),
                                             MANY_AT(rule, require, n_require, requirement_shape),
                                             MANY_AT(rule, ind, n_ind, indicator_shape),
                                             MANY_AT(rule, collect, n_collect, collect_shape),
                                             MANY_AT(rule, remedy, n_remedy, remedy_shape),
                                             MANY_AT(rule, test, n_test, rule_test_shape),
                                             WHOLE_AT(rule, line_cause),
                                             WHOLE_AT(rule, line_tests)};
SHAPE(rule_shape, struct rule, rule_members);

static const struct member want_event_members[] = {TEXT_AT(want_event, provider),
                                                   TEXT_AT(want_event, channel),
                                                   TEXT_AT(want_event, keep_field),
                                                   TEXT_AT(want_event, fold_field),
                                                   WHOLE_AT(want_event, id),
                                                   WHOLE_AT(want_event, to),
                                                   WHOLE_AT(want_event, any_id),
                                                   WHOLE_AT(want_event, how),
                                                   SOME_AT(want_event, key, n_key, text_shape),
                                                   SOME_AT(want_event, keep, n_keep, number_shape),
                                                   SOME_AT(want_event, fold, n_fold, text_shape),
                                                   SOME_AT(want_event, holding, n_holding, text_shape)};
SHAPE(want_event_shape, struct want_event, want_event_members);
static const struct member want_key_members[] = {TEXT_AT(want_key, hive), TEXT_AT(want_key, path),
                                                 TEXT_AT(want_key, value)};
SHAPE(want_key_shape, struct want_key, want_key_members);

static const struct member kb_members[] = {MANY_AT(kb, code, n_code, code_shape),
                                           MANY_AT(kb, event, n_event, event_shape),
                                           MANY_AT(kb, event_field, n_event_field, event_field_shape),
                                           MANY_AT(kb, setting, n_setting, setting_shape),
                                           MANY_AT(kb, artifact, n_artifact, artifact_shape),
                                           MANY_AT(kb, account, n_account, account_shape),
                                           MANY_AT(kb, cause, n_cause, cause_shape),
                                           MANY_AT(kb, family, n_family, family_shape),
                                           MANY_AT(kb, tool_field, n_tool_field, tool_field_shape),
                                           MANY_AT(kb, layout, n_layout, layout_shape),
                                           MANY_AT(kb, rule, n_rule, rule_shape),
                                           MANY_AT(kb, want.event, want.n_event, want_event_shape),
                                           MANY_AT(kb, want.key, want.n_key, want_key_shape)};
SHAPE(kb_shape, struct kb, kb_members);

/* --- whole numbers of any width */
static uint64_t load(const void *p, size_t size)
{
    uint8_t one;
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (size) {
    case 1: return memcpy(&one, p, 1), one;
    case 2: return memcpy(&two, p, 2), two;
    case 4: return memcpy(&four, p, 4), four;
    default: return memcpy(&eight, p, 8), eight;
    }
}

static void store(void *p, size_t size, uint64_t v)
{
    const uint8_t one = (uint8_t)v;
    const uint16_t two = (uint16_t)v;
    const uint32_t four = (uint32_t)v;
    switch (size) {
    case 1: memcpy(p, &one, 1); break;
    case 2: memcpy(p, &two, 2); break;
    case 4: memcpy(p, &four, 4); break;
    default: memcpy(p, &v, 8);
    }
}

/* --- writing: strings, each once and with a NUL behind it, then numbers; in front how long the strings are
 */
struct writer {
    const struct kb *kb;
    struct buf text, body;
    struct lookup by_text;
    struct {
        size_t at, n;
    } * known;
    size_t n_known, cap;
};

static void put_number(struct writer *w, uint64_t v)
{
    for (; v > 0x7f; v >>= 7)
        buf_char(&w->body, (char)((v & 0x7f) | 0x80));
    buf_char(&w->body, (char)v);
}

static size_t place_of(struct writer *w, struct str s)
{
    uint64_t hash = str_hash(s);
    size_t at = w->by_text.cap ? lookup_at(&w->by_text, hash) : 0;
    uint32_t row;
    while ((row = lookup_next(&w->by_text, hash, &at)) != LOOKUP_NONE)
        if (str_eq(s, (struct str){w->text.p + w->known[row].at, w->known[row].n}))
            return w->known[row].at;
    void *more = grow(w->known, sizeof *w->known, w->n_known, &w->cap);
    if (!more)
        return w->body.bad = true, 0;
    w->known = more;
    size_t here = w->text.n;
    w->known[w->n_known].at = here, w->known[w->n_known].n = s.n;
    w->body.bad |= !lookup_put(&w->by_text, hash, (uint32_t)w->n_known++);
    buf_str(&w->text, s), buf_char(&w->text, 0);
    return here;
}

static void put_text(struct writer *w, struct str s)
{
    put_number(w, s.p ? s.n + 1 : 0);
    if (s.p)
        put_number(w, place_of(w, s));
}

static void put_place(struct writer *w, const struct kb_place *at)
{
    size_t i = 0;
    while (i < w->kb->n_source && strcmp(w->kb->source[i].name, at->file) != 0)
        i++;
    put_number(w, i), put_number(w, at->line);
}

static void put_struct(struct writer *w, const struct shape *s, const char *p)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct member *m = &s->m[i];
        const char *at = p + m->at;
        size_t n = m->kind == MANY ? load(p + m->n_at, sizeof n) : m->kind == SOME ? load(p + m->n_at, 1) : 0;
        switch (m->kind) {
        case TEXT: put_text(w, *(const struct str *)at); break;
        case WHOLE: put_number(w, load(at, m->size)); break;
        case PLACE: put_place(w, (const struct kb_place *)at); break;
        case MANY: at = *(const char *const *)at; /* fall through */
        case SOME:
            put_number(w, n);
            for (size_t k = 0; k < n; k++)
                put_struct(w, m->of, at + k * m->of->size);
        }
    }
}

bool kb_image_put(const struct kb *kb, struct buf *out)
{
    struct writer w = {.kb = kb};
    put_text(&w, str_of(kb->sha256));
    put_number(&w, kb->n_source);
    put_struct(&w, &kb_shape, (const char *)kb);
    buf_u32(out, (uint32_t)w.text.n);
    buf_str(out, buf_view(&w.text)), buf_str(out, buf_view(&w.body));
    bool good = !w.text.bad && !w.body.bad && !out->bad;
    buf_free(&w.text), buf_free(&w.body), lookup_free(&w.by_text), free(w.known);
    return good;
}

/* --- reading. What is cut short or out of bounds is sticky: .bad, and zeros from there on. */
struct reader {
    struct kb *kb;
    const uint8_t *at, *end;
    const char *text;
    size_t n_text;
    bool bad;
};

static uint64_t get_number(struct reader *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && r->at < r->end; shift += 7) {
        uint8_t b = *r->at++;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80)
            return v;
    }
    return r->bad = true, 0;
}

static struct str get_text(struct reader *r)
{
    uint64_t n = get_number(r);
    if (!n)
        return (struct str){0};
    uint64_t at = get_number(r);
    if (at > r->n_text || n > r->n_text - at)
        return r->bad = true, (struct str){0};
    return (struct str){r->text + at, (size_t)n - 1};
}

static struct kb_place get_place(struct reader *r)
{
    uint64_t file = get_number(r), line = get_number(r);
    if (file >= r->kb->n_source)
        return r->bad = true, (struct kb_place){"", 0};
    return (struct kb_place){r->kb->source[file].name, (unsigned)line};
}

static void get_struct(struct reader *r, const struct shape *s, char *p);

/* Every element takes a byte at least: more of them than bytes left are not there. */
static void get_many(struct reader *r, const struct member *m, char *p)
{
    uint64_t n = get_number(r);
    bool own = m->kind == SOME;
    char *at = p + m->at;
    if (n > (size_t)(r->end - r->at) || (own && n > UINT8_MAX)
        || (!own && n && !(at = arena_alloc(&r->kb->a, m->of->size, (size_t)n)))) {
        r->bad = true;
        return;
    }
    if (!own && n)
        memcpy(p + m->at, &at, sizeof at);
    store(p + m->n_at, own ? 1 : sizeof(size_t), n);
    for (size_t k = 0; k < n && !r->bad; k++)
        get_struct(r, m->of, at + k * m->of->size);
}

static void get_struct(struct reader *r, const struct shape *s, char *p)
{
    for (size_t i = 0; i < s->n && !r->bad; i++) {
        const struct member *m = &s->m[i];
        switch (m->kind) {
        case TEXT: *(struct str *)(p + m->at) = get_text(r); break;
        case WHOLE: store(p + m->at, m->size, get_number(r)); break;
        case PLACE: *(struct kb_place *)(p + m->at) = get_place(r); break;
        case MANY:
        case SOME: get_many(r, m, p);
        }
    }
}

enum status kb_image_get(struct str image, struct kb *kb, struct err *e)
{
    struct span head = span_of(image.p, image.n, 0);
    size_t n_text = span_u32(&head);
    if (head.bad || n_text > head.n)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "image: %zu bytes", image.n);
    struct reader r = {.kb = kb,
                       .text = (const char *)head.p,
                       .n_text = n_text,
                       .at = head.p + n_text,
                       .end = head.p + head.n};
    struct str sum = get_text(&r);
    if (sum.n != sizeof kb->sha256 - 1 || get_number(&r) != kb->n_source)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "image: not of the embedded files");
    memcpy(kb->sha256, sum.p, sum.n), kb->sha256[sum.n] = 0;
    get_struct(&r, &kb_shape, (char *)kb);
    for (size_t i = 0; i < kb->n_rule && !r.bad; i++)
        for (size_t k = 0; k < kb->n_source; k++)
            if (kb->source[k].name == kb->rule[i].at.file) {
                kb->rule[i].file = str_of(kb->source[k].name);
                kb->rule[i].text = kb->source[k].text;
                kb->rule[i].embedded = true;
            }
    return !r.bad && r.at == r.end
               ? OK
               : err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "image: cut short, or more");
}
