/* kb_read: the files of knowledge but the rules, each kind by its table of fields: what tree.c made of their
 * YAML becomes the arrays of kb_priv.h, in the arena of the knowledge. It refuses unknown, missing, mistyped
 * and duplicate keys, with file and line. */
#include "kb/kb_priv.h"
#include "base/buf.h"
#include "base/layout.h"
#include <stdarg.h>
#include <stdio.h>

enum status kb_refuse(const struct kb_reader *r, unsigned line, struct err *e, const char *fmt, ...)
{
    char why[sizeof e->why];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    return err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "%s:%u: %s", r->file, line, why);
}

enum status kb_full(const struct kb_reader *r, struct err *e)
{
    return err_set(e, E_LIMIT, ERR_NO_OFF, "knowledge", "%s does not fit in memory", r->file);
}

void *kb_grow(struct kb *kb, void *p, size_t n, size_t size)
{
    if (n && (n < 8 || (n & (n - 1))))
        return p;
    void *more = n > SIZE_MAX / 2 ? NULL : arena_alloc(&kb->a, size, n ? n * 2 : 8);
    if (more && n)
        memcpy(more, p, n * size);
    return more;
}

enum status kb_one_of(const struct kb_reader *r, unsigned line, const char *what, struct str s,
                      const char *words, struct err *e)
{
    for (struct str rest = str_of(words); rest.n;)
        if (str_eq(str_cut(&rest, ' '), s))
            return OK;
    return kb_refuse(r, line, e, "%s is '%.*s', expected one of: %s", what, (int)(s.n < 40 ? s.n : 40), s.p,
                     words);
}

enum status kb_list(const struct kb_reader *r, const struct node *list, const char *what, struct err *e)
{
    return list->kind == NODE_LIST ? OK : kb_refuse(r, list->line, e, "%s: expected a list", what);
}

static enum status keep_scalar(const struct kb_reader *r, const struct node *n, struct str *out,
                               struct err *e)
{
    if (n->kind != NODE_SCALAR)
        return kb_refuse(r, n->line, e, "%.40s: expected a text", n->key.p ? n->key.p : "entry");
    *out = arena_str(&r->kb->a, n->s);
    return out->p ? OK : kb_full(r, e);
}

static enum status keep_strs(const struct kb_reader *r, const struct node *n, struct strs *out, struct err *e)
{
    enum status st = kb_list(r, n, n->key.p ? n->key.p : "entry", e);
    if (st == OK && !(out->p = arena_alloc(&r->kb->a, sizeof *out->p, n->n + 1)))
        st = kb_full(r, e);
    for (const struct node *c = n->child; c && st == OK; c = c->next)
        st = keep_scalar(r, c, &out->p[out->n++], e);
    return st;
}

static enum status put_field(const struct kb_reader *r, const struct node *c, const struct field *f, void *at,
                             struct err *e)
{
    int64_t i;
    switch (f->kind) {
    case F_STR: return keep_scalar(r, c, at, e);
    case F_STRS: return keep_strs(r, c, at, e);
    case F_INT:
        if (c->kind != NODE_SCALAR || !str_i64(c->s, &i))
            return kb_refuse(r, c->line, e, "%s: expected a number (decimal or 0x)", f->name);
        *(struct number *)at = (struct number){true, i};
        return OK;
    case F_NODE: *(const struct node **)at = c; return OK;
    }
    return OK;
}

enum status kb_map(const struct kb_reader *r, const struct node *map, const char *what,
                   const struct field *field, size_t n, void *out, struct err *e)
{
    if (map->kind != NODE_MAP)
        return kb_refuse(r, map->line, e, "%s: expected a map", what);
    for (const struct node *c = map->child; c; c = c->next) {
        const struct field *f = field;
        while (f < field + n && !str_eq(c->key, str_of(f->name)))
            f++;
        if (f == field + n)
            return kb_refuse(r, c->line, e, "%s: unknown key '%.40s'", what, c->key.p);
        if (f->must && c->kind == NODE_SCALAR && !c->s.n)
            return kb_refuse(r, c->line, e, "%s: '%s' is empty", what, f->name);
        enum status st = put_field(r, c, f, (char *)out + f->at, e);
        if (st != OK)
            return st;
    }
    for (const struct field *f = field; f < field + n; f++)
        if (f->must && !tree_get(map, f->name))
            return kb_refuse(r, map->line, e, "%s: '%s' is missing", what, f->name);
    return OK;
}

static struct kb_place place_of(const struct kb_reader *r, const struct node *n)
{
    return (struct kb_place){r->file, n->line};
}

/* --- codes/NAME.yml */
struct codes_file {
    struct str space, source;
    const struct node *codes;
};
static const struct field codes_fields[] = {FIELD(codes_file, space, F_STR, true, "space"),
                                            FIELD(codes_file, source, F_STR, true, "source"),
                                            FIELD(codes_file, codes, F_NODE, true, "codes")};
struct code_entry {
    struct number value, win32;
    struct str symbol, meaning, source;
};
static const struct field code_fields[] = {
    FIELD(code_entry, value, F_INT, true, "value"), FIELD(code_entry, symbol, F_STR, true, "symbol"),
    FIELD(code_entry, meaning, F_STR, true, "meaning"), FIELD(code_entry, win32, F_INT, false, "win32"),
    FIELD(code_entry, source, F_STR, false, "source")};

static enum status read_codes(const struct kb_reader *r, const struct node *root, struct err *e)
{
    struct codes_file file = {0};
    enum status st = kb_map(r, root, "codes file", codes_fields, LEN(codes_fields), &file, e);
    if (st == OK)
        st = kb_one_of(r, root->line, "space", file.space, "win32 ntstatus nerr task kerberos sspi message",
                       e);
    if (st == OK)
        st = kb_list(r, file.codes, "codes", e);
    for (const struct node *c = st == OK ? file.codes->child : NULL; c; c = c->next) {
        struct code_entry v = {0};
        if ((st = kb_map(r, c, "code", code_fields, LEN(code_fields), &v, e)) != OK)
            break;
        if (v.value.i < 0 || v.value.i > UINT32_MAX || v.win32.i < 0 || v.win32.i > UINT32_MAX)
            return kb_refuse(r, c->line, e, "code: expected 0..0xffffffff");
        struct kb *kb = r->kb;
        if (!(kb->code = kb_grow(kb, kb->code, kb->n_code, sizeof *kb->code)))
            return kb_full(r, e);
        kb->code[kb->n_code++] = (struct kb_code){
            place_of(r, c), file.space, v.symbol,     v.meaning, v.source.p ? v.source : file.source,
            v.value.i,      v.win32.i,  v.win32.given};
    }
    return st;
}

/* --- events/NAME.yml */
struct events_file {
    struct str provider, channel, source;
    const struct node *events;
};
static const struct field events_fields[] = {FIELD(events_file, provider, F_STR, true, "provider"),
                                             FIELD(events_file, channel, F_STR, true, "channel"),
                                             FIELD(events_file, source, F_STR, true, "source"),
                                             FIELD(events_file, events, F_NODE, true, "events")};
struct event_entry {
    struct number id;
    struct str name, meaning, how, keep_field, fold_field, channel, source;
    struct strs key, fold, holding;
    const struct node *keep, *codes;
};
static const struct field event_fields[] = {FIELD(event_entry, id, F_INT, true, "id"),
                                            FIELD(event_entry, name, F_STR, true, "name"),
                                            FIELD(event_entry, meaning, F_STR, true, "meaning"),
                                            FIELD(event_entry, how, F_STR, true, "how"),
                                            FIELD(event_entry, key, F_STRS, false, "key"),
                                            FIELD(event_entry, keep_field, F_STR, false, "keep_field"),
                                            FIELD(event_entry, keep, F_NODE, false, "keep"),
                                            FIELD(event_entry, codes, F_NODE, false, "codes"),
                                            FIELD(event_entry, fold_field, F_STR, false, "fold_field"),
                                            FIELD(event_entry, fold, F_STRS, false, "fold"),
                                            FIELD(event_entry, holding, F_STRS, false, "holding"),
                                            FIELD(event_entry, channel, F_STR, false, "channel"),
                                            FIELD(event_entry, source, F_STR, false, "source")};

static enum status want_event(const struct kb_reader *r, const struct node *c, const struct events_file *file,
                              const struct event_entry *v, struct err *e)
{
    bool fold = str_eq(v->how, STR("fold")), always = str_eq(v->how, STR("always")),
         any = str_eq(file->provider, STR("*"));
    struct want_event w = {.provider = any ? STR("") : file->provider,
                           .channel = any ? file->channel : STR(""),
                           .id = (uint16_t)v->id.i,
                           .any_id = any,
                           .how = fold     ? WANT_FOLD
                                  : always ? WANT_ALWAYS
                                           : WANT_KEEP,
                           .keep_field = v->keep_field.p ? v->keep_field : STR("")};
    if (fold ? !v->key.n : v->key.n || v->keep_field.n || v->keep || v->fold_field.n || v->fold.n)
        return kb_refuse(r, c->line, e,
                         fold ? "fold: 'key' is missing"
                              : "key, keep_field, keep, fold_field and fold belong to 'how: fold'");
    if (!v->keep_field.n != !v->keep || !v->fold_field.n != !v->fold.n || (v->fold.n && !v->keep))
        return kb_refuse(r, c->line, e,
                         "keep_field and keep, fold_field and fold: expected both or none; fold is an "
                         "exception from keep");
    if ((fold && v->holding.n) || (any && !v->holding.n) || v->holding.n > WANT_HOLDING)
        return kb_refuse(r, c->line, e,
                         "holding: belongs to 'how: keep', at most %d texts; any provider ('*') needs it",
                         WANT_HOLDING);
    if (v->fold.n > WANT_ONLY)
        return kb_refuse(r, c->line, e, "fold: expected at most %d values", WANT_ONLY);
    if (v->key.n > WANT_KEYS || (v->keep && (kb_list(r, v->keep, "keep", e) != OK || v->keep->n > WANT_ONLY)))
        return kb_refuse(r, c->line, e, "expected at most %d key fields and %d kept values", WANT_KEYS,
                         WANT_ONLY);
    for (size_t i = 0; i < v->key.n; i++)
        w.key[w.n_key++] = v->key.p[i];
    w.fold_field = v->fold_field.p ? v->fold_field : STR("");
    for (size_t i = 0; i < v->fold.n; i++)
        w.fold[w.n_fold++] = v->fold.p[i];
    for (size_t i = 0; i < v->holding.n; i++)
        w.holding[w.n_holding++] = v->holding.p[i];
    for (const struct node *k = v->keep ? v->keep->child : NULL; k; k = k->next) {
        int64_t i;
        size_t at = w.n_keep;
        if (k->kind != NODE_SCALAR || !str_i64(k->s, &i))
            return kb_refuse(r, k->line, e, "keep: expected numbers");
        for (; at && w.keep[at - 1] > i; at--)
            w.keep[at] = w.keep[at - 1];
        w.keep[at] = i, w.n_keep++;
    }
    struct want *want = &r->kb->want;
    if (!(want->event = kb_grow(r->kb, want->event, want->n_event, sizeof w)))
        return kb_full(r, e);
    want->event[want->n_event++] = w;
    return OK;
}

static enum status read_event(const struct kb_reader *r, const struct node *c, const struct events_file *file,
                              struct err *e)
{
    struct kb *kb = r->kb;
    struct event_entry v = {0};
    enum status st = kb_map(r, c, "event", event_fields, LEN(event_fields), &v, e);
    if (st == OK)
        st = kb_one_of(r, c->line, "how", v.how, "keep always fold count", e);
    if (st == OK && (v.id.i < 0 || v.id.i > UINT16_MAX))
        st = kb_refuse(r, c->line, e, "id: expected 0..65535");
    if (st == OK && (!str_eq(v.how, STR("count")) || v.key.n || v.keep))
        st = want_event(r, c, file, &v, e);
    if (st != OK)
        return st;
    if (!(kb->event = kb_grow(kb, kb->event, kb->n_event, sizeof *kb->event)))
        return kb_full(r, e);
    kb->event[kb->n_event++] = (struct kb_event){
        place_of(r, c), file->provider, v.channel.p ? v.channel : file->channel,
        v.name,         v.meaning,      v.source.p ? v.source : file->source,
        v.id.i};
    if (v.codes && v.codes->kind != NODE_MAP)
        return kb_refuse(r, v.codes->line, e, "codes: expected a map of field: shape");
    for (const struct node *f = v.codes ? v.codes->child : NULL; f && st == OK; f = f->next) {
        struct kb_event_field row = {.at = place_of(r, f),
                                     .provider = file->provider,
                                     .field = arena_str(&kb->a, f->key),
                                     .id = v.id.i};
        if ((st = keep_scalar(r, f, &row.shape, e)) == OK)
            st = kb_one_of(r, f->line, "shape", row.shape, "hresult ntstatus win32 exit mixed text binary",
                           e);
        if (st == OK
            && (!row.field.p
                || !(kb->event_field = kb_grow(kb, kb->event_field, kb->n_event_field, sizeof row))))
            st = kb_full(r, e);
        if (st == OK)
            kb->event_field[kb->n_event_field++] = row;
    }
    return st;
}

static enum status read_events(const struct kb_reader *r, const struct node *root, struct err *e)
{
    struct events_file file = {0};
    enum status st = kb_map(r, root, "events file", events_fields, LEN(events_fields), &file, e);
    if (st == OK)
        st = kb_list(r, file.events, "events", e);
    for (const struct node *c = st == OK ? file.events->child : NULL; c && st == OK; c = c->next)
        st = read_event(r, c, &file, e);
    return st;
}

/* --- registry/NAME.yml */
struct registry_file {
    struct str section, source;
    const struct node *keys;
};
static const struct field registry_fields[] = {FIELD(registry_file, section, F_STR, true, "section"),
                                               FIELD(registry_file, source, F_STR, true, "source"),
                                               FIELD(registry_file, keys, F_NODE, true, "keys")};
struct key_entry {
    struct str hive, path, value, name, type, default_text, meaning, source;
    struct number since;
    const struct node *meanings, *defaults;
};
static const struct field key_fields[] = {FIELD(key_entry, hive, F_STR, true, "hive"),
                                          FIELD(key_entry, path, F_STR, true, "path"),
                                          FIELD(key_entry, value, F_STR, false, "value"),
                                          FIELD(key_entry, name, F_STR, false, "name"),
                                          FIELD(key_entry, type, F_STR, false, "type"),
                                          FIELD(key_entry, default_text, F_STR, false, "default"),
                                          FIELD(key_entry, defaults, F_NODE, false, "defaults"),
                                          FIELD(key_entry, since, F_INT, false, "since"),
                                          FIELD(key_entry, meaning, F_STR, false, "meaning"),
                                          FIELD(key_entry, meanings, F_NODE, false, "meanings"),
                                          FIELD(key_entry, source, F_STR, false, "source")};
struct default_entry {
    struct number from;
    struct str product, value;
    struct strs editions;
};
static const struct field default_fields[] = {FIELD(default_entry, from, F_INT, false, "from"),
                                              FIELD(default_entry, product, F_STR, false, "product"),
                                              FIELD(default_entry, editions, F_STRS, false, "editions"),
                                              FIELD(default_entry, value, F_STR, false, "value")};

/* " Professional Enterprise ": each with a blank before and behind it. */
static struct str words_of(struct kb *kb, const struct strs *list)
{
    struct buf b = {0};
    for (size_t i = 0; i < list->n; i++)
        buf_z(&b, i ? "" : " "), buf_str(&b, list->p[i]), buf_char(&b, ' ');
    struct str s = b.bad ? STR_NONE : arena_str(&kb->a, buf_view(&b));
    buf_free(&b);
    return s;
}

/* What it means where it is not set, by build, product and edition: the first that fits a host counts. */
static enum status read_defaults(const struct kb_reader *r, const struct node *list, struct kb_setting *s,
                                 struct err *e)
{
    enum status st = kb_list(r, list, "defaults", e);
    if (st == OK && !list->n)
        return kb_refuse(r, list->line, e, "defaults: expected at least one");
    if (st == OK && !(s->by_build = arena_alloc(&r->kb->a, sizeof *s->by_build, list->n)))
        return kb_full(r, e);
    for (const struct node *c = st == OK ? list->child : NULL; c && st == OK; c = c->next) {
        struct default_entry v = {0};
        st = kb_map(r, c, "default", default_fields, LEN(default_fields), &v, e);
        if (st == OK && v.product.p)
            st = kb_one_of(r, c->line, "product", v.product, "client server domain-controller", e);
        if (st == OK && (v.from.i < 0 || v.from.i > UINT16_MAX))
            st = kb_refuse(r, c->line, e, "from: expected a build, 0..65535");
        if (st != OK)
            return st;
        struct kb_default d = {.from = v.from.i, .product = v.product, .text = v.value};
        d.numeric = d.text.p && str_i64(d.text, &d.number);
        if (v.editions.n && !(d.editions = words_of(r->kb, &v.editions)).p)
            return kb_full(r, e);
        s->by_build[s->n_by_build++] = d;
    }
    return st;
}

/* Paths of facts name the current control set as Windows links it. */
static struct str fact_path(struct kb *kb, struct str path)
{
    static const struct str mark = STR("<CCS>");
    if (!str_starts_ci(path, mark))
        return path;
    const char *p = arena_printf(&kb->a, "CurrentControlSet%.*s", (int)(path.n - mark.n), path.p + mark.n);
    return str_of(p);
}

static enum status meanings_json(const struct kb_reader *r, const struct node *map, struct str *out,
                                 struct err *e)
{
    if (!map)
        return OK;
    if (map->kind != NODE_MAP)
        return kb_refuse(r, map->line, e, "meanings: expected a map of value: text");
    struct buf b = {0};
    for (const struct node *c = map->child; c; c = c->next) {
        if (c->kind != NODE_SCALAR)
            return buf_free(&b), kb_refuse(r, c->line, e, "meanings: expected a text");
        buf_char(&b, c == map->child ? '{' : ','), buf_json(&b, c->key), buf_char(&b, ':'),
            buf_json(&b, c->s);
    }
    buf_z(&b, map->child ? "}" : "{}");
    *out = b.bad ? STR_NONE : arena_str(&r->kb->a, buf_view(&b));
    buf_free(&b);
    return out->p ? OK : kb_full(r, e);
}

static enum status read_key(const struct kb_reader *r, const struct node *c, const struct registry_file *file,
                            struct err *e)
{
    struct kb *kb = r->kb;
    struct key_entry v = {0};
    enum status st = kb_map(r, c, "registry key", key_fields, LEN(key_fields), &v, e);
    if (st == OK)
        st = kb_one_of(r, c->line, "hive", v.hive, "SYSTEM SECURITY SOFTWARE SAM NTUSER *", e);
    if (st != OK)
        return st;
    if (!(kb->want.key = kb_grow(kb, kb->want.key, kb->want.n_key, sizeof *kb->want.key)))
        return kb_full(r, e);
    kb->want.key[kb->want.n_key++] = (struct want_key){v.hive, v.path, v.value.p ? v.value : STR("")};
    if (!v.name.n)
        return v.type.p || v.default_text.p || v.meanings || v.defaults
                   ? kb_refuse(r, c->line, e, "type, default, defaults and meanings need a 'name'")
                   : OK;
    if (!v.value.n || !v.meaning.n || !v.type.n)
        return kb_refuse(r, c->line, e, "setting %.40s: expected value, type and meaning", v.name.p);
    if (v.default_text.p && v.defaults)
        return kb_refuse(r, c->line, e, "setting %.40s: either default or defaults", v.name.p);
    if (v.since.i < 0 || v.since.i > UINT16_MAX)
        return kb_refuse(r, c->line, e, "since: expected a build, 0..65535");
    struct kb_setting s = {.name = v.name,
                           .section = file->section,
                           .hive = v.hive,
                           .path = fact_path(kb, v.path),
                           .value = v.value,
                           .type = v.type,
                           .default_text = v.default_text,
                           .meaning = v.meaning,
                           .source = v.source.p ? v.source : file->source,
                           .since = v.since.i,
                           .at = place_of(r, c)};
    s.numeric = s.default_text.p && str_i64(s.default_text, &s.number);
    if ((st = meanings_json(r, v.meanings, &s.meanings, e)) != OK
        || (v.defaults && (st = read_defaults(r, v.defaults, &s, e)) != OK))
        return st;
    if (!s.path.p || !(kb->setting = kb_grow(kb, kb->setting, kb->n_setting, sizeof s)))
        return kb_full(r, e);
    kb->setting[kb->n_setting++] = s;
    return OK;
}

static enum status read_registry(const struct kb_reader *r, const struct node *root, struct err *e)
{
    struct registry_file file = {0};
    enum status st = kb_map(r, root, "registry file", registry_fields, LEN(registry_fields), &file, e);
    if (st == OK)
        st = kb_list(r, file.keys, "keys", e);
    for (const struct node *c = st == OK ? file.keys->child : NULL; c && st == OK; c = c->next)
        st = read_key(r, c, &file, e);
    return st;
}

/* --- artifacts.yml, accounts.yml: one list each */
static const struct field artifact_fields[] = {
    FIELD(kb_artifact, name, F_STR, true, "name"), FIELD(kb_artifact, kind, F_STR, true, "kind"),
    FIELD(kb_artifact, collect, F_STR, true, "collect"), FIELD(kb_artifact, meaning, F_STR, true, "meaning")};
static const struct field account_fields[] = {FIELD(kb_account, name, F_STR, true, "name"),
                                              FIELD(kb_account, sid, F_STR, true, "sid")};
struct list_file {
    const struct node *list;
};

static enum status read_artifacts(const struct kb_reader *r, const struct node *root, struct err *e)
{
    struct list_file file = {0};
    static const struct field fields[] = {FIELD(list_file, list, F_NODE, true, "artifacts")};
    enum status st = kb_map(r, root, "artifacts file", fields, 1, &file, e);
    if (st == OK)
        st = kb_list(r, file.list, "artifacts", e);
    for (const struct node *c = st == OK ? file.list->child : NULL; c && st == OK; c = c->next) {
        struct kb_artifact v = {.at = place_of(r, c)};
        if ((st = kb_map(r, c, "artifact", artifact_fields, LEN(artifact_fields), &v, e)) == OK)
            st = kb_one_of(r, c->line, "kind", v.kind, "channel hive audit", e);
        if (st == OK && !(r->kb->artifact = kb_grow(r->kb, r->kb->artifact, r->kb->n_artifact, sizeof v)))
            st = kb_full(r, e);
        if (st == OK)
            r->kb->artifact[r->kb->n_artifact++] = v;
    }
    return st;
}

static enum status read_accounts(const struct kb_reader *r, const struct node *root, struct err *e)
{
    struct list_file file = {0};
    static const struct field fields[] = {FIELD(list_file, list, F_NODE, true, "accounts")};
    enum status st = kb_map(r, root, "accounts file", fields, 1, &file, e);
    if (st == OK)
        st = kb_list(r, file.list, "accounts", e);
    for (const struct node *c = st == OK ? file.list->child : NULL; c && st == OK; c = c->next) {
        struct kb_account v = {.at = place_of(r, c)};
        st = kb_map(r, c, "account", account_fields, LEN(account_fields), &v, e);
        if (st == OK && !(r->kb->account = kb_grow(r->kb, r->kb->account, r->kb->n_account, sizeof v)))
            st = kb_full(r, e);
        if (st == OK)
            r->kb->account[r->kb->n_account++] = v;
    }
    return st;
}

/* --- causes.yml: what a rule may name */
struct cause_entry {
    struct str name, means;
    struct number of;
};
static const struct field cause_fields[] = {FIELD(cause_entry, name, F_STR, true, "name"),
                                            FIELD(cause_entry, of, F_INT, true, "of"),
                                            FIELD(cause_entry, means, F_STR, true, "means")};

static enum status read_causes(const struct kb_reader *r, const struct node *root, struct err *e)
{
    struct list_file file = {0};
    struct kb *kb = r->kb;
    static const struct field fields[] = {FIELD(list_file, list, F_NODE, true, "causes")};
    enum status st = kb_map(r, root, "causes file", fields, 1, &file, e);
    if (st == OK)
        st = kb_list(r, file.list, "causes", e);
    for (const struct node *c = st == OK ? file.list->child : NULL; c && st == OK; c = c->next) {
        struct cause_entry v = {0};
        st = kb_map(r, c, "cause", cause_fields, LEN(cause_fields), &v, e);
        if (st == OK && !(kb->cause = kb_grow(kb, kb->cause, kb->n_cause, sizeof *kb->cause)))
            st = kb_full(r, e);
        if (st == OK)
            kb->cause[kb->n_cause++] = (struct kb_cause){
                .at = place_of(r, c), .name = v.name, .means = v.means, .of = v.of.i};
    }
    return st;
}

/* --- families.yml: Win32 codes that say one thing, by a name that rules use */
struct family_entry {
    struct str name, means, source;
    const struct node *codes;
};
static const struct field family_fields[] = {
    FIELD(family_entry, name, F_STR, true, "name"), FIELD(family_entry, means, F_STR, true, "means"),
    FIELD(family_entry, codes, F_NODE, true, "codes"), FIELD(family_entry, source, F_STR, true, "source")};

static enum status family_codes(const struct kb_reader *r, const struct node *list, struct kb_family *out,
                                struct err *e)
{
    if (!(out->code = arena_alloc(&r->kb->a, sizeof *out->code, list->n)))
        return kb_full(r, e);
    for (const struct node *k = list->child; k; k = k->next) {
        int64_t code;
        if (k->kind != NODE_SCALAR || !str_i64(k->s, &code) || code < 0 || code > UINT32_MAX)
            return kb_refuse(r, k->line, e, "family %.40s: expected numbers of 0..0xffffffff", out->name.p);
        for (size_t i = 0; i < out->n; i++)
            if (out->code[i] == code)
                return kb_refuse(r, k->line, e, "family %.40s: %lld again", out->name.p, (long long)code);
        out->code[out->n++] = code;
    }
    return OK;
}

static enum status read_families(const struct kb_reader *r, const struct node *root, struct err *e)
{
    struct list_file file = {0};
    struct kb *kb = r->kb;
    static const struct field fields[] = {FIELD(list_file, list, F_NODE, true, "families")};
    enum status st = kb_map(r, root, "families file", fields, 1, &file, e);
    if (st == OK)
        st = kb_list(r, file.list, "families", e);
    for (const struct node *c = st == OK ? file.list->child : NULL; c && st == OK; c = c->next) {
        struct family_entry v = {0};
        if ((st = kb_map(r, c, "family", family_fields, LEN(family_fields), &v, e)) == OK)
            st = kb_list(r, v.codes, "codes", e);
        if (st == OK && !v.codes->n)
            st = kb_refuse(r, c->line, e, "family %.40s: expected at least one code", v.name.p);
        struct kb_family f = {.at = place_of(r, c), .name = v.name, .means = v.means, .source = v.source};
        if (st == OK && (st = family_codes(r, v.codes, &f, e)) == OK
            && !(kb->family = kb_grow(kb, kb->family, kb->n_family, sizeof f)))
            st = kb_full(r, e);
        if (st == OK)
            kb->family[kb->n_family++] = f;
    }
    return st;
}

/* --- tools.yml: what fields of tools' texts mean */
struct tool_field_entry {
    struct str name, tool, meaning, source;
    struct strs speaks_for, against;
};
static const struct field tool_field_fields[] = {FIELD(tool_field_entry, name, F_STR, true, "name"),
                                                 FIELD(tool_field_entry, tool, F_STR, true, "tool"),
                                                 FIELD(tool_field_entry, meaning, F_STR, true, "meaning"),
                                                 FIELD(tool_field_entry, speaks_for, F_STRS, false, "for"),
                                                 FIELD(tool_field_entry, against, F_STRS, false, "against"),
                                                 FIELD(tool_field_entry, source, F_STR, true, "source")};

static enum status read_tools(const struct kb_reader *r, const struct node *root, struct err *e)
{
    struct list_file file = {0};
    struct kb *kb = r->kb;
    static const struct field fields[] = {FIELD(list_file, list, F_NODE, true, "fields")};
    enum status st = kb_map(r, root, "tools file", fields, 1, &file, e);
    if (st == OK)
        st = kb_list(r, file.list, "fields", e);
    for (const struct node *c = st == OK ? file.list->child : NULL; c && st == OK; c = c->next) {
        struct tool_field_entry v = {0};
        if ((st = kb_map(r, c, "field", tool_field_fields, LEN(tool_field_fields), &v, e)) == OK)
            st = kb_one_of(r, c->line, "tool", v.tool, "dsregcmd systeminfo whoami gpresult", e);
        if (st == OK
            && !(kb->tool_field = kb_grow(kb, kb->tool_field, kb->n_tool_field, sizeof *kb->tool_field)))
            st = kb_full(r, e);
        if (st == OK)
            kb->tool_field[kb->n_tool_field++] = (struct kb_tool_field){.at = place_of(r, c),
                                                                        .name = v.name,
                                                                        .tool = v.tool,
                                                                        .meaning = v.meaning,
                                                                        .source = v.source,
                                                                        .speaks_for = v.speaks_for.p,
                                                                        .n_for = v.speaks_for.n,
                                                                        .against = v.against.p,
                                                                        .n_against = v.against.n};
    }
    return st;
}

/* --- layouts.yml: ways to files, in the order in which they are asked */
struct layout_entry {
    struct str path, collector, host, source;
};
static const struct field layout_fields[] = {
    FIELD(layout_entry, path, F_STR, true, "path"), FIELD(layout_entry, collector, F_STR, false, "collector"),
    FIELD(layout_entry, host, F_STR, false, "host"), FIELD(layout_entry, source, F_STR, true, "source")};

static enum status read_layouts(const struct kb_reader *r, const struct node *root, struct err *e)
{
    struct list_file file = {0};
    struct kb *kb = r->kb;
    static const struct field fields[] = {FIELD(list_file, list, F_NODE, true, "layouts")};
    enum status st = kb_map(r, root, "layouts file", fields, 1, &file, e);
    if (st == OK)
        st = kb_list(r, file.list, "layouts", e);
    for (const struct node *c = st == OK ? file.list->child : NULL; c && st == OK; c = c->next) {
        struct layout_entry v = {0};
        st = kb_map(r, c, "layout", layout_fields, LEN(layout_fields), &v, e);
        if (st == OK && v.host.p)
            st = kb_one_of(r, c->line, "host", v.host, "sure guess", e);
        if (st == OK && !layout_sound(v.path))
            st = kb_refuse(r, c->line, e, "layout %.60s: not a pattern", v.path.p);
        if (st == OK && !(kb->layout = kb_grow(kb, kb->layout, kb->n_layout, sizeof *kb->layout)))
            st = kb_full(r, e);
        if (st == OK)
            kb->layout[kb->n_layout++] = (struct kb_layout){.at = place_of(r, c),
                                                            .path = v.path,
                                                            .collector = v.collector,
                                                            .source = v.source,
                                                            .sure = str_eq(v.host, STR("sure"))};
    }
    return st;
}

typedef enum status read_fn(const struct kb_reader *r, const struct node *root, struct err *e);
static const struct {
    const char *prefix;
    read_fn *read;
} readers[] = {{"codes/", read_codes},          {"events/", read_events},
               {"registry/", read_registry},    {"artifacts.yml", read_artifacts},
               {"accounts.yml", read_accounts}, {"families.yml", read_families},
               {"causes.yml", read_causes},     {"layouts.yml", read_layouts},
               {"tools.yml", read_tools},       {"rules/", NULL}};

enum status kb_read_file(struct kb *kb, const struct source *s, struct arena scratch, struct err *e)
{
    struct kb_reader r = {kb, s->name};
    struct node *root;
    size_t i = 0;
    while (i < LEN(readers) && !str_starts_ci(str_of(s->name), str_of(readers[i].prefix)))
        i++;
    if (i == LEN(readers))
        return kb_refuse(
            &r, 1, e,
            "expected artifacts.yml, accounts.yml, causes.yml, families.yml, layouts.yml, tools.yml "
            "or a file in codes/, events/, registry/ or rules/");
    enum status st = tree_read(s->text, s->name, &scratch, &root, e);
    if (st != OK)
        return st;
    return readers[i].read ? readers[i].read(&r, root, e) : kb_read_rule(&r, root, s, e);
}
