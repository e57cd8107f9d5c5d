/* explain: what a code, an event, a setting or a cause means, in whatever spelling somebody met it: its
 * siblings, the fields that matter, defaults, and which causes it speaks for and against. Those are asked of
 * the rules (diagnose/witness.h). A text has several readings: all are shown. */
#include "base/buf.h"
#include "case/casedb.h"
#include "cmd/cmd.h"
#include "diagnose/ruletest.h"
#include "diagnose/witness.h"
#include "kb/kb.h"
#include "kb/readings.h"
#include "kb/words.h"
#include <stdlib.h>

enum { WIDE = 108, FEW = 12, FIELDS = 24, NEAR = 5 };

struct telling {
    const struct kb *kb;
    struct casedb *base; /* made when first asked for */
    struct buf *b;
    bool json;
    enum reading_kind kind; /* JSON: the list that is open */
    size_t told;
    struct witness_code *code;
    int64_t coded; /* the Win32 code of which code[] tells */
    struct witness_cited *cited;
    enum status st;
    struct err e;
};

/* --- "label      a, b, c", broken where the line is full */
struct row {
    struct buf *b;
    const char *label;
    size_t n, at;
};

static void put_item(struct row *r, struct str item, const char *note)
{
    size_t n = item.n + strlen(note) + 2;
    if (!r->n++) {
        buf_printf(r->b, "  %-12s ", r->label), r->at = 15;
    } else {
        buf_char(r->b, ','), r->at++;
        if (r->at + n > WIDE)
            buf_printf(r->b, "\n%15s", ""), r->at = 15;
        else
            buf_char(r->b, ' '), r->at++;
    }
    buf_term(r->b, item), buf_z(r->b, note), r->at += n - 2;
}

static void end_row(struct row *r)
{
    if (r->n)
        buf_char(r->b, '\n');
}

/* Words that run on: broken at blanks. */
static void put_words(struct buf *b, const char *label, struct str text)
{
    size_t at = WIDE;
    text = str_trim(text);
    for (bool first = true; text.n; first = false) {
        struct str line = text, word = str_cut(&line, ' ');
        if (first)
            buf_printf(b, *label ? "  %-12s " : "%s  ", label), at = *label ? 15 : 2;
        else if (at + word.n + 1 > WIDE)
            buf_printf(b, *label ? "\n%15s" : "\n%2s", ""), at = *label ? 15 : 2;
        else
            buf_char(b, ' '), at++;
        buf_term(b, word), at += word.n, text = line;
    }
    buf_char(b, '\n');
}

static void json_text(struct buf *b, const char *name, struct str s)
{
    buf_printf(b, ",\"%s\":", name);
    if (s.p)
        buf_json(b, s);
    else
        buf_z(b, "null");
}

/* --- causes */
static bool new_cause(const struct rule *r, size_t i) { return !i || !str_eq(r[i].cause, r[i - 1].cause); }

/* Rules that have a code among their tags, "code.1312". */
static bool tagged(const struct rule *r, int64_t win32)
{
    char tag[32];
    int n = snprintf(tag, sizeof tag, "code.%lld", (long long)win32);
    for (size_t i = 0; i < r->n_tag; i++)
        if (str_eq(r->tag[i], (struct str){tag, (size_t)n}))
            return true;
    return false;
}

static void put_tagged(struct telling *t, int64_t win32)
{
    size_t n;
    const struct rule *r = kb_rules(t->kb, &n);
    struct row row = {t->b, "causes", 0, 0};
    const char *comma = "";
    buf_z(t->b, t->json ? ",\"causes\":[" : "");
    for (size_t i = 0; i < n; i++) {
        if (win32 < 0 || !tagged(&r[i], win32) || !new_cause(r, i))
            continue;
        if (t->json)
            buf_z(t->b, comma), buf_json(t->b, r[i].cause), comma = ",";
        else
            put_item(&row, r[i].cause, "");
    }
    if (t->json)
        buf_char(t->b, ']');
    else
        end_row(&row);
}

/* "task, service" of bits */
static void kinds_text(unsigned bits, bool json, char *to, size_t cap)
{
    size_t n = 0;
    to[0] = 0;
    for (unsigned k = 0; k < W_KINDS; k++)
        if (bits & 1u << k)
            n += (size_t)snprintf(to + n, cap - n, json ? "%s\"%s\"" : "%s%s", n ? json ? "," : ", " : "",
                                  witness_kind_names[k]);
}

static void put_code_list(struct telling *t, const char *label, const char *name, bool against)
{
    size_t n;
    const struct rule *r = kb_rules(t->kb, &n);
    struct row row = {t->b, label, 0, 0};
    const char *comma = "";
    if (t->json)
        buf_printf(t->b, ",\"%s\":[", name);
    for (size_t i = 0; i < n; i++) {
        unsigned bits = against ? t->code[i].against : t->code[i].speaks_for;
        char kinds[96], note[112];
        if (!bits)
            continue;
        kinds_text(bits, t->json, kinds, sizeof kinds);
        snprintf(note, sizeof note, " (%s)", kinds);
        if (t->json)
            buf_printf(t->b, "%s{\"cause\":", comma), buf_json(t->b, r[i].cause),
                buf_printf(t->b, ",\"kinds\":[%s]}", kinds), comma = ",";
        else
            put_item(&row, r[i].cause, note);
    }
    if (t->json)
        buf_char(t->b, ']');
    else
        end_row(&row);
}

/* The empty case in which rules are asked, made when first needed. */
static struct casedb *base_of(struct telling *t)
{
    if (t->st == OK && !t->base)
        t->st = ruletest_base(t->kb, &t->base, &t->e);
    return t->st == OK ? t->base : NULL;
}

/* What the code alone says to the rules, as a failure of each kind. */
static void put_code_witness(struct telling *t, int64_t win32)
{
    size_t n;
    kb_rules(t->kb, &n);
    if (t->coded != win32 && !witness_known(t->kb, win32, t->code) && base_of(t))
        t->st = witness_code(t->kb, t->base, win32, t->code, &t->e);
    t->coded = win32;
    if (t->st != OK)
        return;
    put_code_list(t, "speaks for", "for", false);
    put_code_list(t, "against", "against", true);
}

/* --- codes */
static const struct {
    const char *space, *title;
} spaces[] = {{"win32", "Win32 error"},         {"nerr", "network error (NERR)"},
              {"ntstatus", "NTSTATUS"},         {"sspi", "SSPI status"},
              {"kerberos", "Kerberos error"},   {"task", "Task Scheduler status"},
              {"message", "message-table text"}};

static bool is_space(struct str s, const char *space) { return str_eq(s, str_of(space)); }

static const char *title_of(struct str space)
{
    for (size_t i = 0; i < LEN(spaces); i++)
        if (is_space(space, spaces[i].space))
            return spaces[i].title;
    return "code";
}

static void put_word(struct buf *b, uint32_t v)
{
    buf_printf(b, "0x%08X = %u = %d", (unsigned)v, (unsigned)v, (int)(int32_t)v);
}

static void put_shapes(struct buf *b, struct str space, bool win32, uint32_t v)
{
    if (win32) {
        buf_printf(b, "  as number    %u = 0x%X, in messages %%%%%u\n  as HRESULT   ", (unsigned)v,
                   (unsigned)v, (unsigned)v);
        put_word(b, 0x80070000u | (v & 0xffff)), buf_char(b, '\n');
    } else if (v > 0xffff) {
        buf_z(b, "  as number    "), put_word(b, v), buf_char(b, '\n');
        if (is_space(space, "ntstatus"))
            buf_z(b, "  as HRESULT   "), put_word(b, v | 0x10000000u), buf_char(b, '\n');
    } else {
        buf_printf(b, is_space(space, "message") ? "  as number    %%%%%u\n" : "  as number    %u = 0x%X\n",
                   (unsigned)v, (unsigned)v);
    }
}

/* The same failure in other spaces: what becomes this Win32 code, or what this one becomes. */
static bool is_sibling(const struct kb_code *c, const struct kb_code *of, int64_t win32)
{
    return c != of && win32 >= 0 && code_win32(c) == win32;
}

static void put_siblings(struct telling *t, const struct kb_code *of, int64_t win32)
{
    size_t n, out = 0;
    const struct kb_code *all = kb_codes(t->kb, &n);
    struct buf *b = t->b;
    buf_z(b, t->json ? ",\"siblings\":[" : "");
    for (size_t i = 0; i < n; i++) {
        const struct kb_code *c = &all[i];
        uint32_t v = (uint32_t)c->value;
        if (!is_sibling(c, of, win32))
            continue;
        if (t->json) {
            buf_z(b, out++ ? "," : ""), buf_z(b, "{\"space\":"), buf_json(b, c->space),
                buf_z(b, ",\"symbol\":"), buf_json(b, c->symbol);
            buf_printf(b, ",\"value\":%u,\"hex\":\"0x%X\",\"signed\":%d}", (unsigned)v, (unsigned)v,
                       (int)(int32_t)v);
            continue;
        }
        buf_z(b, "  same as      "), buf_term(b, c->symbol), buf_printf(b, "  %s ", title_of(c->space));
        if (code_is_win32(c))
            buf_printf(b, "%u, HRESULT ", (unsigned)v), put_word(b, 0x80070000u | v);
        else
            put_word(b, v);
        buf_char(b, '\n');
    }
    buf_z(b, t->json ? "]" : "");
}

static void put_code(struct telling *t, const struct kb_code *of, struct str space, struct str symbol,
                     struct str meaning, int64_t value, int64_t win32, struct str source)
{
    struct buf *b = t->b;
    uint32_t v = (uint32_t)value;
    bool is_win32 = win32 == value && (is_space(space, "win32") || is_space(space, "nerr"));
    if (t->json) {
        buf_z(b, "{\"space\":"), buf_json(b, space), json_text(b, "symbol", symbol),
            json_text(b, "meaning", meaning);
        buf_printf(b, ",\"value\":%u,\"hex\":\"0x%X\",\"signed\":%d", (unsigned)v, (unsigned)v,
                   (int)(int32_t)v);
        if (win32 >= 0) {
            uint32_t h = 0x80070000u | ((uint32_t)win32 & 0xffff);
            buf_printf(b, ",\"win32\":%u,\"hresult\":{\"hex\":\"0x%08X\",\"unsigned\":%u,\"signed\":%d}",
                       (unsigned)win32, (unsigned)h, (unsigned)h, (int)(int32_t)h);
        }
    } else {
        buf_term(b, symbol), buf_printf(b, "  (%s)\n", title_of(space));
        put_words(b, "", meaning);
        put_shapes(b, space, is_win32, v);
    }
    put_siblings(t, of, win32), put_tagged(t, win32);
    if (win32 >= 0)
        put_code_witness(t, win32);
    if (t->json)
        json_text(b, "source", source), buf_char(b, '}');
    else
        put_words(b, "source", source), buf_char(b, '\n');
}

static void put_name(struct telling *t, struct name_row r)
{
    static const char no_story[] =
        "only its name is known here: 'net helpmsg' with the number, on a Windows host, "
        "prints what Windows says of it";
    bool nerr = str_starts_ci(r.name, STR("NERR_"));
    put_code(t, NULL, nerr ? STR("nerr") : STR("win32"), r.name, STR(no_story), r.value, r.value,
             nerr ? STR("lmerr.h (mingw-w64)") : STR("winerror.h (mingw-w64)"));
}

/* --- events and settings: what rules cite them for in their own tests */
static const struct {
    const char *label, *name;
    unsigned roles;
} lists[] = {{"symptom of", "symptom", 1u << ROLE_SYMPTOM},
             {"speaks for", "for", 1u << ROLE_CAUSE | 1u << ROLE_LINK | 1u << ROLE_COMPATIBLE},
             {"against", "against", 1u << ROLE_CONTRADICTS}};

/* " where 1, 2" */
static void values_note(const struct witness_cited *w, bool against, char *to, size_t cap)
{
    size_t n = 0;
    to[0] = 0;
    for (size_t i = 0; i < w->n_value[against] && n < cap; i++)
        n += (size_t)snprintf(to + n, cap - n, "%s%s", i ? ", " : " where ", w->value[against][i]);
}

static void put_lists(struct telling *t)
{
    size_t n;
    const struct rule *r = kb_rules(t->kb, &n);
    for (size_t l = 0; l < LEN(lists); l++) {
        struct row row = {t->b, lists[l].label, 0, 0};
        bool against = lists[l].roles == 1u << ROLE_CONTRADICTS;
        size_t more = 0;
        const char *comma = "";
        if (t->json)
            buf_printf(t->b, ",\"%s\":[", lists[l].name);
        for (size_t i = 0; i < n; i++) {
            const struct witness_cited *w = &t->cited[i];
            char note[160];
            if (!(w->roles & lists[l].roles) || (l && w->roles & lists[0].roles))
                continue; /* of a symptom its code decides, not that it is there */
            values_note(w, against, note, sizeof note);
            if (t->json) {
                buf_printf(t->b, "%s{\"cause\":", comma), buf_json(t->b, r[i].cause),
                    buf_z(t->b, ",\"where\":["), comma = ",";
                for (size_t k = 0; k < w->n_value[against]; k++)
                    buf_z(t->b, k ? "," : ""), buf_json(t->b, str_of(w->value[against][k]));
                buf_z(t->b, "]}");
            } else if (row.n < FEW || l) {
                put_item(&row, r[i].cause, note);
            } else {
                more++;
            }
        }
        if (t->json)
            buf_char(t->b, ']');
        else if (more)
            buf_printf(t->b, " and %zu more (--json lists them)", more);
        if (!t->json)
            end_row(&row);
    }
}

static void put_cited(struct telling *t, const struct kb_event *event, const struct kb_setting *setting)
{
    struct casedb *base = base_of(t);
    if (base)
        t->st = event ? witness_event(t->kb, base, event, t->cited, &t->e)
                      : witness_setting(t->kb, base, setting, t->cited, &t->e);
    if (t->st == OK)
        put_lists(t);
}

static const struct want_event *want_of(const struct kb *kb, const struct kb_event *e)
{
    const struct want *w = kb_want(kb);
    for (size_t i = 0; i < w->n_event; i++)
        if (w->event[i].id == e->id && str_eq_ci(w->event[i].provider, e->provider))
            return &w->event[i];
    return NULL;
}

enum { NOTE = 40 };

/* A list of texts, in JSON by its name; note[i] behind each for people, NULL: none. */
static void put_list(struct telling *t, const char *label, const char *name, const struct str *item,
                     const char (*note)[NOTE], size_t n)
{
    struct row row = {t->b, label, 0, 0};
    if (t->json)
        buf_printf(t->b, ",\"%s\":[", name);
    for (size_t i = 0; i < n; i++)
        if (t->json)
            buf_z(t->b, i ? "," : ""), buf_json(t->b, item[i]);
        else
            put_item(&row, item[i], note ? note[i] : "");
    if (t->json)
        buf_char(t->b, ']');
    else
        end_row(&row);
}

/* Code fields with their shape first, then what groups are made by, then what tests give. */
static void put_fields(struct telling *t, const struct kb_event *e)
{
    struct str field[FIELDS];
    char note[FIELDS][NOTE];
    size_t n_code, known = 0;
    const struct kb_event_field *f = kb_event_fields(t->kb, &n_code);
    for (size_t i = 0; i < n_code && known < FIELDS; i++)
        if (f[i].id == e->id && str_eq_ci(f[i].provider, e->provider)) {
            snprintf(note[known], sizeof note[known], " (a code: %.*s)",
                     (int)(f[i].shape.n < 20 ? f[i].shape.n : 20), f[i].shape.p);
            field[known++] = f[i].field;
        }
    const struct want_event *w = want_of(t->kb, e);
    struct str more[FIELDS];
    size_t n_more = 0;
    for (size_t i = 0; w && i < w->n_key && n_more < FIELDS; i++)
        more[n_more++] = w->key[i];
    n_more += witness_fields(t->kb, e, more + n_more, FIELDS - n_more);
    for (size_t i = 0; i < n_more && known < FIELDS; i++) {
        size_t at = 0;
        while (at < known && !str_eq_ci(field[at], more[i]))
            at++;
        if (at == known)
            note[known][0] = 0, field[known++] = more[i];
    }
    put_list(t, "fields", "fields", field, (const char(*)[NOTE])note, known);
}

static void put_event(struct telling *t, const struct kb_event *e)
{
    struct buf *b = t->b;
    const struct want_event *w = want_of(t->kb, e);
    const char *how = !w ? "count" : w->how == WANT_FOLD ? "fold" : "keep";
    if (t->json) {
        buf_z(b, "{\"provider\":"), buf_json(b, e->provider), json_text(b, "channel", e->channel);
        buf_printf(b, ",\"id\":%lld", (long long)e->id);
        json_text(b, "name", e->name), json_text(b, "meaning", e->meaning);
        buf_printf(b, ",\"how\":\"%s\"", how);
    } else {
        buf_printf(b, "event %lld  ", (long long)e->id), buf_term(b, e->name), buf_z(b, "  (");
        buf_term(b, e->provider);
        if (!str_eq_ci(e->provider, e->channel))
            buf_z(b, ", in "), buf_term(b, e->channel);
        buf_z(b, ")\n"), put_words(b, "", e->meaning);
    }
    put_fields(t, e);
    put_cited(t, e, NULL);
    if (t->json)
        json_text(b, "source", e->source), buf_char(b, '}');
    else
        put_words(b, "source", e->source), buf_char(b, '\n');
}

/* {"0":"off","1":"on"}: 0 off; 1 on. Made by our own loader: names and texts alternate. */
static void put_meanings(struct buf *b, struct str json)
{
    bool quoted = false;
    size_t texts = 0;
    for (size_t i = 0; i < json.n; i++) {
        char c = json.p[i];
        if (c == '"') {
            quoted = !quoted;
            if (quoted)
                buf_z(b, !texts ? "  values       " : texts % 2 ? " " : "; "), texts++;
        } else if (quoted) {
            i += c == '\\';
            buf_term(b, (struct str){json.p + i, i < json.n});
        }
    }
    buf_z(b, texts ? "\n" : "");
}

/* "client, from build 26100 on, Professional Enterprise": which hosts a default is for. */
static void put_whom(struct buf *b, const struct kb_default *d)
{
    const char *comma = "";
    if (d->product.n)
        buf_str(b, d->product), comma = ", ";
    if (d->from)
        buf_printf(b, "%sfrom build %lld on", comma, (long long)d->from), comma = ", ";
    if (d->editions.n)
        buf_z(b, comma), buf_str(b, str_trim(d->editions)), comma = ", ";
    if (!*comma)
        buf_z(b, "any other");
}

static void put_defaults(struct telling *t, const struct kb_setting *s)
{
    for (size_t i = 0; i < s->n_by_build; i++) {
        const struct kb_default *d = &s->by_build[i];
        struct buf line = {0};
        buf_str(&line, d->text.p ? d->text : STR("not known")), buf_z(&line, ": "), put_whom(&line, d);
        put_words(t->b, i ? " " : "default", buf_view(&line));
        buf_free(&line);
    }
    if (s->n_by_build)
        put_words(t->b, " ", STR("(the first that fits the host; SOFTWARE tells its build and edition)"));
    else
        put_words(t->b, "default",
                  s->default_text.n ? s->default_text : STR("not known; not set in most hives"));
}

static void json_defaults(struct buf *b, const struct kb_setting *s)
{
    for (size_t i = 0; i < s->n_by_build; i++) {
        const struct kb_default *d = &s->by_build[i];
        buf_printf(b, "%s{\"from\":%lld", i ? "," : ",\"defaults\":[", (long long)d->from);
        json_text(b, "product", d->product), json_text(b, "editions", str_trim(d->editions)),
            json_text(b, "value", d->text);
        buf_z(b, i + 1 < s->n_by_build ? "}" : "}]");
    }
}

static void put_setting(struct telling *t, const struct kb_setting *s)
{
    struct buf *b = t->b;
    if (t->json) {
        buf_z(b, "{\"name\":"), buf_json(b, s->name), json_text(b, "section", s->section),
            json_text(b, "hive", s->hive), json_text(b, "path", s->path), json_text(b, "value", s->value),
            json_text(b, "type", s->type), json_text(b, "default", s->default_text),
            json_text(b, "meaning", s->meaning);
        json_defaults(b, s);
        buf_z(b, ",\"meanings\":"), buf_str(b, s->meanings.n ? s->meanings : STR("{}"));
    } else {
        buf_term(b, s->name), buf_z(b, "  (setting)\n"), put_words(b, "", s->meaning);
        buf_z(b, "  where        "), buf_term(b, s->hive), buf_char(b, '\\'), buf_term(b, s->path),
            buf_z(b, ": ");
        buf_term(b, s->value), buf_z(b, ", "), buf_term(b, s->type), buf_char(b, '\n');
        put_defaults(t, s);
        if (s->since)
            buf_printf(b, "  read         from build %lld on\n", (long long)s->since);
        put_meanings(b, s->meanings);
    }
    put_cited(t, NULL, s);
    if (t->json)
        json_text(b, "source", s->source), buf_char(b, '}');
    else
        put_words(b, "source", s->source), buf_char(b, '\n');
}

/* --- causes and rules */
static void put_reliance(struct telling *t, const struct rule *r, enum reliance which, const char *label)
{
    size_t n;
    const struct kb_artifact *a = kb_artifacts(t->kb, &n);
    struct row row = {t->b, label, 0, 0};
    const char *comma = "";
    if (t->json)
        buf_printf(t->b, ",\"%s\":[", label);
    for (size_t i = 0; i < n; i++) {
        if (rule_relies(r, a[i].name) != which)
            continue;
        if (t->json)
            buf_z(t->b, comma), buf_json(t->b, a[i].name), comma = ",";
        else
            put_item(&row, a[i].name, "");
    }
    if (t->json)
        buf_char(t->b, ']');
    else
        end_row(&row);
}

static void put_codes(struct telling *t, const struct rule *r)
{
    struct row row = {t->b, "codes", 0, 0};
    const char *comma = "";
    if (t->json)
        buf_z(t->b, ",\"codes\":[");
    for (size_t i = 0; i < r->n_tag; i++) {
        struct str tag = r->tag[i], head = str_cut(&tag, '.');
        int64_t code;
        char note[80] = "";
        if (!str_eq(head, STR("code")) || !str_i64(tag, &code))
            continue;
        struct str name = names_find(kb_names(t->kb), code).name;
        if (name.n && name.n < 60)
            snprintf(note, sizeof note, " %.*s", STR_ARG(name));
        if (t->json)
            buf_printf(t->b, "%s%lld", comma, (long long)code), comma = ",";
        else
            put_item(&row, tag, note);
    }
    if (t->json)
        buf_char(t->b, ']');
    else
        end_row(&row);
}

static void put_remedies(struct telling *t, const struct rule *r)
{
    struct buf *b = t->b;
    buf_z(b, t->json ? ",\"remediation\":[" : "");
    for (size_t i = 0; i < r->n_remedy; i++) {
        const struct remedy *m = &r->remedy[i];
        if (t->json) {
            buf_z(b, i ? ",{\"text\":" : "{\"text\":"), buf_json(b, str_trim(m->text)),
                json_text(b, "risk", m->risk), json_text(b, "reversible", m->reversible),
                json_text(b, "verify", str_trim(m->verify)), buf_char(b, '}');
            continue;
        }
        put_words(b, i ? " " : "remedy", m->text);
        struct buf more = {0};
        buf_printf(&more, "(risk %.*s, reversible: %.*s; verify: ", STR_ARG(m->risk), STR_ARG(m->reversible));
        buf_str(&more, str_trim(m->verify)), buf_char(&more, ')');
        put_words(b, " ", buf_view(&more)), b->bad |= more.bad, buf_free(&more);
    }
    buf_z(b, t->json ? "]" : "");
}

/* How sure files can be of it, and what would prove more. */
static void put_ceiling(struct telling *t, const struct rule *r)
{
    struct buf *b = t->b;
    const char *surest = verdict_words[rule_ceiling(r)].id;
    if (t->json) {
        buf_z(b, ",\"ceiling\":\""), buf_z(b, surest), buf_char(b, '"');
        if (r->would_prove.n)
            json_text(b, "would_prove", str_trim(r->would_prove));
    } else if (r->would_prove.n) {
        struct buf more = {0};
        buf_printf(&more, "%s from files alone; what would prove it: ", surest),
            buf_str(&more, str_trim(r->would_prove));
        put_words(b, "at most", buf_view(&more)), b->bad |= more.bad, buf_free(&more);
    }
}

static void put_rule_body(struct telling *t, const struct rule *r)
{
    struct buf *b = t->b;
    if (!t->json) {
        buf_z(b, "  rule         "), buf_term(b, r->name), buf_z(b, ": "), buf_term(b, r->title),
            buf_char(b, '\n');
        put_words(b, " ", r->description);
    }
    put_ceiling(t, r);
    put_codes(t, r);
    put_reliance(t, r, DECIDES, "decides"), put_reliance(t, r, HELPS, "helps");
    put_remedies(t, r);
    struct row row = {b, "source", 0, 0};
    buf_z(b, t->json ? ",\"source\":[" : "");
    for (size_t i = 0; i < r->n_reference; i++)
        if (t->json)
            buf_z(b, i ? "," : ""), buf_json(b, r->reference[i]);
        else
            put_item(&row, r->reference[i], "");
    if (t->json)
        buf_char(b, ']');
    else
        end_row(&row);
}

static void put_rule(struct telling *t, const struct rule *r)
{
    struct buf *b = t->b;
    if (t->json) {
        buf_z(b, "{\"rule\":"), buf_json(b, r->name), json_text(b, "title", r->title),
            json_text(b, "cause", r->cause), json_text(b, "description", str_trim(r->description));
        put_rule_body(t, r), buf_char(b, '}');
        return;
    }
    buf_term(b, r->name), buf_z(b, "  (rule)\n"), put_words(b, "cause", r->cause);
    put_rule_body(t, r), buf_char(b, '\n');
}

static void put_cause(struct telling *t, const struct kb_cause *c)
{
    struct buf *b = t->b;
    size_t n, shown = 0;
    const struct rule *r = kb_rules(t->kb, &n);
    struct str symbol = names_find(kb_names(t->kb), c->of).name;
    if (t->json) {
        buf_z(b, "{\"cause\":"), buf_json(b, c->name), json_text(b, "means", c->means);
        buf_printf(b, ",\"of\":%lld,\"rules\":[", (long long)c->of);
    } else {
        buf_term(b, c->name), buf_z(b, "  (cause)\n"), put_words(b, "", c->means);
        buf_printf(b, "  asked for    %lld ", (long long)c->of), buf_term(b, symbol),
            buf_z(b, ", and others\n");
    }
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(r[i].cause, c->name))
            continue;
        if (t->json)
            buf_z(b, shown++ ? "," : ""), put_rule(t, &r[i]);
        else
            put_rule_body(t, &r[i]);
    }
    buf_z(b, t->json ? "]}" : "\n");
}

static void put_family(struct telling *t, const struct kb_family *f)
{
    struct buf *b = t->b;
    struct row row = {b, "codes", 0, 0};
    if (t->json)
        buf_z(b, "{\"family\":"), buf_json(b, f->name), json_text(b, "means", f->means),
            buf_z(b, ",\"codes\":[");
    else
        buf_term(b, f->name), buf_z(b, "  (codes that say one thing)\n"), put_words(b, "", f->means);
    for (size_t i = 0; i < f->n; i++) {
        char text[24];
        struct str name = names_find(kb_names(t->kb), f->code[i]).name;
        int len = snprintf(text, sizeof text, "%lld", (long long)f->code[i]);
        char note[80] = "";
        if (name.n && name.n < 60)
            snprintf(note, sizeof note, " %.*s", STR_ARG(name));
        if (t->json)
            buf_printf(b, "%s%s", i ? "," : "", text);
        else
            put_item(&row, (struct str){text, (size_t)len}, note);
    }
    if (t->json)
        buf_char(b, ']'), json_text(b, "source", f->source), buf_char(b, '}');
    else
        end_row(&row), put_words(b, "source", f->source), buf_char(b, '\n');
}

/* What a tool prints is text that anybody can edit: what it speaks for is never more than likely by it. */
static void put_tool_field(struct telling *t, const struct kb_tool_field *f)
{
    struct buf *b = t->b;
    bool right = str_starts_ci(f->name, STR("Se")) && str_ends_ci(f->name, STR("Right"));
    if (t->json) {
        buf_z(b, "{\"name\":"), buf_json(b, f->name), json_text(b, "tool", f->tool),
            json_text(b, "meaning", f->meaning);
    } else {
        buf_term(b, f->name), buf_z(b, right ? "  (logon right, as " : "  (field of "), buf_term(b, f->tool);
        buf_z(b, right ? " shows it)\n" : ")\n"), put_words(b, "", f->meaning);
    }
    put_list(t, "speaks for", "for", f->speaks_for, NULL, f->n_for);
    put_list(t, "against", "against", f->against, NULL, f->n_against);
    if (!t->json)
        put_words(b, "weak", STR("in a tool's text: it confirms nothing and rules nothing out by itself"));
    if (t->json)
        json_text(b, "source", f->source), buf_char(b, '}');
    else
        put_words(b, "source", f->source), buf_char(b, '\n');
}

/* --- readings: of JSON each kind is a list of its own, and all lists are there */
static const char *const json_lists[] = {
    [READ_CODE] = "matches", [READ_EVENT] = "events",    [READ_SETTING] = "settings", [READ_CAUSE] = "causes",
    [READ_RULE] = "rules",   [READ_FAMILY] = "families", [READ_TOOL] = "tool_fields"};

static void open_list(struct telling *t, enum reading_kind kind)
{
    while (t->kind < kind) {
        t->kind++;
        if (json_lists[t->kind])
            buf_printf(t->b, "],\"%s\":[", json_lists[t->kind]), t->told = 0;
    }
}

static void put_reading(void *ctx, const struct reading *r)
{
    struct telling *t = ctx;
    if (t->json) {
        open_list(t, r->kind == READ_NAME ? READ_CODE : r->kind);
        buf_z(t->b, t->told ? ",\n  " : "\n  ");
    }
    t->told++;
    switch (r->kind) {
    case READ_CODE: {
        const struct kb_code *c = r->is.code;
        put_code(t, c, c->space, c->symbol, c->meaning, c->value, code_win32(c), c->source);
        break;
    }
    case READ_NAME: put_name(t, r->is.name); break;
    case READ_EVENT: put_event(t, r->is.event); break;
    case READ_SETTING: put_setting(t, r->is.setting); break;
    case READ_CAUSE: put_cause(t, r->is.cause); break;
    case READ_RULE: put_rule(t, r->is.rule); break;
    case READ_FAMILY: put_family(t, r->is.family); break;
    case READ_TOOL: put_tool_field(t, r->is.tool_field); break;
    }
}

static int unknown(struct telling *t, const struct question *q)
{
    struct str near[NEAR];
    struct buf b = {0};
    size_t n = readings_near(t->kb, q, near, NEAR);
    uint32_t v = q->value, code = v & 0xffff;
    if (q->only_event && q->provider.n && names_provider(t->kb, q->provider))
        buf_printf(&b, "is event %u, which the knowledge does not read of that provider or log", (unsigned)v);
    else if (q->only_event && q->provider.n)
        buf_printf(&b, "is event %u of a provider or log that the knowledge does not read", (unsigned)v);
    else if (q->only_event)
        buf_printf(&b, "is event %u, which the knowledge does not read", (unsigned)v);
    else if (q->number && v >> 16 == 0x8007)
        buf_printf(
            &b,
            "is Win32 error %u in an HRESULT, which has no name here; 'net helpmsg %u' on a Windows host "
            "may have",
            (unsigned)code, (unsigned)code);
    else if (q->number && v >> 30 == 3)
        buf_printf(&b, "looks like an NTSTATUS (0x%08X), which the knowledge does not have", (unsigned)v);
    else if (q->number)
        buf_printf(&b, "is %u = 0x%X, which the knowledge does not have", (unsigned)v, (unsigned)v);
    else
        buf_z(&b, "is neither a number of 32 bits nor a known symbol, event, setting, cause or field");
    for (size_t i = 0; i < n; i++)
        buf_z(&b, i                                                                     ? ", "
                  : q->number && (!q->provider.n || names_provider(t->kb, q->provider)) ? "; near it: "
                                                                                        : "; did you mean "),
            buf_str(&b, near[i]);
    if (t->json) {
        buf_z(t->b, ",\"near\":[");
        for (size_t i = 0; i < n; i++)
            buf_z(t->b, i ? "," : ""), buf_json(t->b, near[i]);
        buf_char(t->b, ']');
    }
    int code_out = complain_text(EXIT_USAGE, "explain: '%.*s' %.*s", (int)(q->asked.n < 60 ? q->asked.n : 60),
                                 q->asked.p, (int)b.n, b.p ? b.p : "");
    buf_free(&b);
    return code_out;
}

/* Numbers that are neither codes nor events, as they stand in sentences: "logon type 5", "S-1-5-20". */
static bool in_words(struct telling *t, const struct question *q)
{
    struct words w = {0};
    struct buf said = {0};
    if (words_of_kb(&w, t->kb))
        words_put(&said, &w, WORDS_TEXT, q->asked);
    bool any = !said.bad && said.n > q->asked.n;
    if (any && t->json)
        json_text(t->b, "words", buf_view(&said));
    else if (any)
        buf_term(t->b, buf_view(&said)), buf_z(t->b, "\n\n");
    buf_free(&said), words_free(&w);
    return any;
}

static int answer(struct telling *t, struct question q, bool first)
{
    struct buf *b = t->b;
    int code = EXIT_DONE;
    t->kind = READ_CODE, t->told = 0, t->st = OK;
    if (t->json)
        buf_z(b, first ? "[" : ",\n"), buf_z(b, "{\"query\":"), buf_json(b, q.asked),
            buf_z(b, ",\"matches\":[");
    size_t found = readings(t->kb, &q, put_reading, t);
    if (t->json)
        open_list(t, READ_TOOL), buf_char(b, ']');
    if (!found && !in_words(t, &q))
        code = unknown(t, &q);
    if (t->json)
        buf_char(b, '}');
    return t->st == OK ? code : complain(&t->e, exit_for(t->st));
}

/* --- what is asked: arguments, where a provider's name takes the ids behind it; "-": a line each of stdin */
enum { LINE = 4096 };

static int answer_lines(struct telling *t, bool *first)
{
    char line[LINE];
    int code = EXIT_DONE;
    while (fgets(line, sizeof line, stdin)) {
        struct str s = str_trim(str_of(line));
        if (!s.n)
            continue;
        code = exit_worst(code, answer(t, question_of(s), *first)), *first = false;
    }
    return ferror(stdin)
               ? exit_worst(code, complain_text(EXIT_USAGE, "explain: standard input cannot be read"))
               : code;
}

static bool is_id(const char *text, struct question *q)
{
    *q = question_of(str_of(text));
    return q->number && !q->percent && !q->provider.n && q->value <= UINT16_MAX;
}

static int answer_all(struct telling *t, char **arg)
{
    int code = EXIT_DONE;
    bool first = true;
    for (; *arg; arg++) {
        struct question q = question_of(str_of(*arg)), id;
        if (!strcmp(*arg, "-")) {
            code = exit_worst(code, answer_lines(t, &first));
            continue;
        }
        bool provider = !q.number && arg[1] && is_id(arg[1], &id) && names_provider(t->kb, q.text);
        if (!provider) {
            code = exit_worst(code, answer(t, q, first)), first = false;
            continue;
        }
        for (; arg[1] && is_id(arg[1], &id); arg++) {
            struct buf whole = {0};
            buf_str(&whole, q.text), buf_char(&whole, ' '), buf_z(&whole, arg[1]);
            code = exit_worst(code, answer(t, question_of(buf_view(&whole)), first)), first = false;
            buf_free(&whole);
        }
    }
    if (t->json)
        buf_z(t->b, first ? "[]\n" : "]\n");
    return code;
}

static const char help_text[] =
    "A code is taken in every spelling: 1312, 0x520, 520h, 80070520, 0x80070520, -2147023584, 2147943712,\n"
    "0xC000005F, %%1312, NERR_AlreadyLoggedOn, STATUS_NO_SUCH_LOGON_SESSION. An event by its id, with or "
    "without\n"
    "its provider or log; a setting, a cause, a rule by its name; a logon right, a field of dsregcmd, "
    "systeminfo,\n"
    "whoami or gpresult by its own; 'logon type 5', S-1-5-20. '-' reads standard input, a question a line.\n"
    "What is not known is answered with what lies near it: names alike, codes a digit away, events beside.\n"
    "What a code or an event speaks for and against is asked of the rules: of a code by judging a host whose "
    "logs\n"
    "show nothing else, of events and settings by running the rules' own tests: what does a rule cite them "
    "for?\n"
    "\n"
    "examples:\n"
    "  whylogon explain 0x80070520 0xc000006a\n"
    "  whylogon explain 4625\n"
    "  whylogon explain TaskScheduler 104\n"
    "  whylogon explain 'Kerberos 0x18'\n"
    "  whylogon explain MaxCmds clock-skew\n"
    "  whylogon explain AzureAdPrt SeBatchLogonRight 'System Boot Time'\n"
    "  grep -o '0x8007[0-9A-F]*' notes.txt | sort -u | whylogon explain --json -\n"
    "\n"
    "exit codes: 0 all were known, 2 one was not\n";

static int run_explain(int argc, char **argv)
{
    const char *knowledge = NULL;
    bool json = false;
    const struct opt opts[] = {
        {"knowledge", 0, OPT_TEXT, &knowledge, "DIR",
         "files of DIR replace the built-in ones of the same name or add to them", NULL},
        {"json", 0, OPT_FLAG, &json, NULL, "print JSON", NULL},
        {0},
    };
    const struct command *c = &cmd_explain;
    int code;
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    if (argc < 2) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    struct kb *kb = NULL;
    struct err e = {0};
    struct buf b = {0};
    struct telling t = {.b = &b, .json = json, .coded = -1};
    size_t n;
    if (kb_load(knowledge, &kb, &e) != OK)
        return complain(&e, EXIT_USAGE);
    t.kb = kb;
    kb_rules(kb, &n);
    t.code = calloc(n + 1, sizeof *t.code), t.cited = calloc(n + 1, sizeof *t.cited);
    code = t.code && t.cited ? answer_all(&t, argv + 1) : complain_text(EXIT_LIMIT, "out of memory");
    out_put(&b);
    free(t.code), free(t.cited);
    case_close(t.base);
    kb_free(kb);
    return code;
}

const struct command cmd_explain = {.name = "explain",
                                    .summary = "what does this code, event, setting or field mean",
                                    .usage = "CODE|EVENT|SETTING|FIELD|CAUSE…",
                                    .help = help_text,
                                    .run = run_explain};
