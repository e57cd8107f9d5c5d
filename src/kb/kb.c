#include "kb/kb_priv.h"
#include "case/casedb.h"
#include "case/named.h"
#include "base/hash.h"
#include "base/limits.h"
#include "kb/kb_files.h"
#include "plat/plat.h"
#include <stdio.h>
#include <stdlib.h>

enum { KB_ARENA = 96 << 20, KB_SCRATCH = 96 << 20 }; /* reserved, touched only as far as used */

/* --- which files: the embedded ones, then the folder: the same name replaces, a new one adds */
static enum status put_source(struct kb *kb, const char *name, struct str text, bool embedded, struct err *e)
{
    for (size_t i = 0; i < kb->n_source; i++)
        if (!strcmp(kb->source[i].name, name))
            return kb->source[i].text = text, kb->source[i].embedded = embedded, OK;
    if (kb->n_source == LIM_KB_FILES)
        return err_set(e, E_LIMIT, ERR_NO_OFF, "knowledge", "more than %d files", LIM_KB_FILES);
    if (!(kb->source = kb_grow(kb, kb->source, kb->n_source, sizeof *kb->source)))
        return err_set(e, E_LIMIT, ERR_NO_OFF, "knowledge", "%s does not fit in memory", name);
    kb->source[kb->n_source++] = (struct source){name, text, embedded};
    return OK;
}

static enum status read_whole(struct kb *kb, const char *path, struct str *out, struct err *e)
{
    struct buf text = {0};
    enum status st = plat_read_file(path, LIM_KB_FILE, &text, e);
    if (st == OK && !(*out = arena_str(&kb->a, buf_view(&text))).p)
        st = err_set(e, E_LIMIT, ERR_NO_OFF, "knowledge", "%s does not fit in memory", path);
    buf_free(&text);
    return st;
}

/* The build embeds what reports need too (a style sheet, a schema): no knowledge, not in its sum. */
static bool is_knowledge(struct str name)
{
    return str_ends_ci(name, STR(".yml")) || str_ends_ci(name, STR(".sql")) || str_ends_ci(name, STR(".tsv"));
}

static enum status add_folder(struct kb *kb, const char *dir, const char *inside, struct err *e)
{
    struct str *names;
    size_t n;
    const char *here = arena_printf(&kb->a, "%s/%s", dir, inside);
    enum status st = here ? plat_list(here, &kb->a, &names, &n, e)
                          : err_set(e, E_LIMIT, ERR_NO_OFF, "knowledge", "folder %s", dir);
    for (size_t i = 0; st == OK && i < n; i++) {
        const char *name = arena_printf(&kb->a, "%s%.*s", inside, STR_ARG(names[i])),
                   *path = name ? arena_printf(&kb->a, "%s/%s", dir, name) : NULL;
        struct plat_stat ps;
        struct str text;
        if (!path)
            return err_set(e, E_LIMIT, ERR_NO_OFF, "knowledge", "folder %s", dir);
        if ((st = plat_stat(path, true, &ps, e)) != OK)
            break;
        bool hidden = names[i].p[0] == '.';
        if (ps.type == PLAT_DIR && !*inside && !hidden) {
            const char *sub = arena_printf(&kb->a, "%s/", name);
            st = sub ? add_folder(kb, dir, sub, e)
                     : err_set(e, E_LIMIT, ERR_NO_OFF, "knowledge", "folder %s", dir);
        } else if (ps.type == PLAT_FILE && is_knowledge(names[i]) && !hidden
                   && (st = read_whole(kb, path, &text, e)) == OK) {
            st = put_source(kb, name, text, false, e);
        }
    }
    return st;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct source *)a)->name, ((const struct source *)b)->name);
}

static enum status find_sources(struct kb *kb, const char *override_dir, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < kb_n_files && st == OK; i++)
        if (is_knowledge(str_of(kb_files[i].name)))
            st = put_source(kb, kb_files[i].name, (struct str){(const char *)kb_files[i].p, kb_files[i].n},
                            true, e);
    if (st == OK && override_dir)
        st = add_folder(kb, override_dir, "", e);
    if (st == OK && kb->n_source)
        qsort(kb->source, kb->n_source, sizeof *kb->source, by_name);
    return st;
}

/* Over several files names and sizes are hashed too: moving a byte from one file to the next must not keep
 * the sum. */
static bool sum(const struct source *s, size_t n, bool named, char out[SHA256_TEXT])
{
    struct sha256 h;
    uint8_t bytes[SHA256_BYTES];
    if (!sha256_begin(&h))
        return false;
    for (size_t i = 0; i < n; i++) {
        char size[32];
        int len = snprintf(size, sizeof size, "\n%zu\n", s[i].text.n);
        if (named)
            sha256_add(&h, s[i].name, strlen(s[i].name)), sha256_add(&h, size, (size_t)len);
        sha256_add(&h, s[i].text.p, s[i].text.n);
    }
    if (!sha256_end(&h, bytes))
        return false;
    sha256_text(bytes, out);
    return true;
}

static enum status sum_rules(struct kb *kb, struct err *e)
{
    for (size_t i = 0; i < kb->n_rule; i++) {
        char text[SHA256_TEXT];
        const struct source s = {kb->rule[i].name.p, kb->rule[i].text, false};
        kb->rule[i].sha256 = sum(&s, 1, false, text) ? arena_str(&kb->a, str_of(text)) : (struct str){0};
        if (!kb->rule[i].sha256.p)
            return err_set(e, E_NOMEM, ERR_NO_OFF, "knowledge", "no SHA-256");
    }
    return OK;
}

/* --- order and duplicates: one table, each array sorted by its key, equal neighbours refused */
static int cmp_i64(int64_t a, int64_t b) { return (a > b) - (a < b); }
static int cmp_code(const void *a, const void *b)
{
    const struct kb_code *x = a, *y = b;
    int c = str_cmp(x->space, y->space);
    return c ? c : cmp_i64(x->value, y->value);
}
static int cmp_event(const void *a, const void *b)
{
    const struct kb_event *x = a, *y = b;
    int c = str_cmp_ci(x->provider, y->provider);
    return c ? c : cmp_i64(x->id, y->id);
}
static int cmp_event_field(const void *a, const void *b)
{
    const struct kb_event_field *x = a, *y = b;
    int c = str_cmp_ci(x->provider, y->provider);
    return c ? c : x->id != y->id ? cmp_i64(x->id, y->id) : str_cmp(x->field, y->field);
}
static int cmp_setting(const void *a, const void *b)
{
    return str_cmp_ci(((const struct kb_setting *)a)->name, ((const struct kb_setting *)b)->name);
}
/* With case: Security is a channel, SECURITY a hive. */
static int cmp_artifact(const void *a, const void *b)
{
    return str_cmp(((const struct kb_artifact *)a)->name, ((const struct kb_artifact *)b)->name);
}
static int cmp_account(const void *a, const void *b)
{
    return str_cmp_ci(((const struct kb_account *)a)->name, ((const struct kb_account *)b)->name);
}
static int cmp_cause(const void *a, const void *b)
{
    return str_cmp(((const struct kb_cause *)a)->name, ((const struct kb_cause *)b)->name);
}
static int cmp_family(const void *a, const void *b)
{
    return str_cmp(((const struct kb_family *)a)->name, ((const struct kb_family *)b)->name);
}
static int cmp_tool_field(const void *a, const void *b)
{
    return str_cmp_ci(((const struct kb_tool_field *)a)->name, ((const struct kb_tool_field *)b)->name);
}
static int cmp_rule_name(const void *a, const void *b)
{
    return str_cmp_ci(((const struct rule *)a)->name, ((const struct rule *)b)->name);
}
static int cmp_rule_id(const void *a, const void *b)
{
    return str_cmp_ci(((const struct rule *)a)->id, ((const struct rule *)b)->id);
}
static int cmp_rule(const void *a, const void *b)
{
    const struct rule *x = a, *y = b;
    int c = str_cmp(x->cause, y->cause);
    return c ? c : str_cmp(x->name, y->name);
}
static int cmp_want_event(const void *a, const void *b)
{
    const struct want_event *x = a, *y = b;
    int c = str_cmp_ci(x->provider, y->provider);
    return c ? c : cmp_i64(x->id, y->id);
}

/* Of two rows that are one, the later in the files, or by its bytes, is there again: whichever of them qsort
 * leaves first. Each begins with its place. */
static enum status again(const char *what, const char *a, const char *b, size_t name_at, struct err *e)
{
    const struct kb_place *x = (const void *)a, *y = (const void *)b;
    int c = strcmp(x->file, y->file);
    c = c ? c : cmp_i64(x->line, y->line);
    c = c ? c
          : str_cmp(*(const struct str *)(const void *)(a + name_at),
                    *(const struct str *)(const void *)(b + name_at));
    if (c > 0)
        return again(what, b, a, name_at, e);
    const struct str *name = (const void *)(b + name_at);
    return err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "%s:%u: %s '%.*s' again (also at %s:%u)", y->file,
                   y->line, what, (int)(name->n < 40 ? name->n : 40), name->p, x->file, x->line);
}

static enum status order(const char *what, void *p, size_t n, size_t size, size_t name_at,
                         int (*cmp)(const void *, const void *), struct err *e)
{
    if (n)
        qsort(p, n, size, cmp);
    for (size_t i = 1; i < n; i++) {
        const char *b = (const char *)p + i * size;
        if (cmp(b - size, b) == 0)
            return again(what, b - size, b, name_at, e);
    }
    return OK;
}

static bool is_cause(const struct kb *kb, struct str name)
{
    size_t i = 0;
    while (i < kb->n_cause && !str_eq(kb->cause[i].name, name))
        i++;
    return i < kb->n_cause;
}

static enum status fields_cite_causes(const struct kb *kb, struct err *e)
{
    for (size_t i = 0; i < kb->n_tool_field; i++) {
        const struct kb_tool_field *f = &kb->tool_field[i];
        for (size_t k = 0; k < f->n_for + f->n_against; k++) {
            struct str cause = k < f->n_for ? f->speaks_for[k] : f->against[k - f->n_for];
            if (!is_cause(kb, cause))
                return err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "%s:%u: causes.yml has no cause '%.*s'",
                               f->at.file, f->at.line, (int)(cause.n < 40 ? cause.n : 40), cause.p);
        }
    }
    return OK;
}

#define ROWS(what, array, count, type, member, cmp)                                         \
    {                                                                                       \
        what, kb->array, kb->count, sizeof(struct type), offsetof(struct type, member), cmp \
    }
static enum status settle(struct kb *kb, struct err *e)
{
    const struct {
        const char *what;
        void *p;
        size_t n, size, name_at;
        int (*cmp)(const void *, const void *);
    } rows[] = {ROWS("code", code, n_code, kb_code, symbol, cmp_code),
                ROWS("event", event, n_event, kb_event, name, cmp_event),
                ROWS("event field", event_field, n_event_field, kb_event_field, field, cmp_event_field),
                ROWS("setting", setting, n_setting, kb_setting, name, cmp_setting),
                ROWS("artifact", artifact, n_artifact, kb_artifact, name, cmp_artifact),
                ROWS("account", account, n_account, kb_account, name, cmp_account),
                ROWS("cause", cause, n_cause, kb_cause, name, cmp_cause),
                ROWS("family", family, n_family, kb_family, name, cmp_family),
                ROWS("field", tool_field, n_tool_field, kb_tool_field, name, cmp_tool_field),
                ROWS("rule id", rule, n_rule, rule, id, cmp_rule_id),
                ROWS("rule", rule, n_rule, rule, name, cmp_rule_name),
                ROWS("rule", rule, n_rule, rule, name, cmp_rule)};
    enum status st = OK;
    for (size_t i = 0; i < LEN(rows) && st == OK; i++)
        st = order(rows[i].what, rows[i].p, rows[i].n, rows[i].size, rows[i].name_at, rows[i].cmp, e);
    if (st == OK)
        st = fields_cite_causes(kb, e);
    if (st == OK && kb->want.n_event)
        qsort(kb->want.event, kb->want.n_event, sizeof *kb->want.event, cmp_want_event);
    return st;
}

/* One that processes copied from this one need not load again. */
static struct {
    struct kb *kb;
    const char *dir;
} kept;

void kb_keep(struct kb *kb, const char *override_dir) { kept.kb = kb, kept.dir = override_dir; }

static enum status read_text(struct kb *kb, struct err *e)
{
    struct arena scratch = {0};
    if (!arena_make(&scratch, KB_SCRATCH))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "knowledge", "no memory");
    enum status st = OK;
    for (size_t i = 0; i < kb->n_source && st == OK; i++)
        if (str_ends_ci(str_of(kb->source[i].name), STR(".yml")))
            st = kb_read_file(kb, &kb->source[i], scratch, e);
    if (st == OK && !sum(kb->source, kb->n_source, true, kb->sha256))
        st = err_set(e, E_NOMEM, ERR_NO_OFF, "knowledge", "no SHA-256");
    if (st == OK && (st = settle(kb, e)) == OK)
        st = sum_rules(kb, e);
    arena_free(&scratch);
    return st;
}

static enum status load(const char *override_dir, struct str image, struct kb **out, struct err *e)
{
    struct kb *kb = calloc(1, sizeof *kb);
    enum status st = OK;
    if (!kb || !arena_make(&kb->a, KB_ARENA)) {
        st = err_set(e, E_NOMEM, ERR_NO_OFF, "knowledge", "no memory");
        goto out;
    }
    kb->want.until = INT64_MAX;
    if ((st = find_sources(kb, override_dir, e)) == OK)
        st = image.n ? kb_image_get(image, kb, e) : read_text(kb, e);
    if (st == OK)
        kb->of_image = image.n, *out = kb, kb = NULL;
out:
    if (st != OK && e && e->path)
        /* the longer name dies with the arena; errors inside files say it in their text */
        e->path = override_dir;
    kb_free(kb);
    return st;
}

enum status kb_load(const char *override_dir, struct kb **out, struct err *e)
{
    bool same = override_dir && kept.dir ? strcmp(override_dir, kept.dir) == 0 : override_dir == kept.dir;
    struct str image = {(const char *)kb_image.p, kb_image.n};
    if (kept.kb && same)
        return *out = kept.kb, OK;
    return load(override_dir, override_dir ? STR_NONE : image, out, e);
}

enum status kb_load_text(struct kb **out, struct err *e) { return load(NULL, STR_NONE, out, e); }

static struct str made(const struct kb *kb, const struct kb_image *image)
{
    return kb->of_image ? (struct str){(const char *)image->p, image->n} : STR_NONE;
}

struct str kb_case(const struct kb *kb) { return made(kb, &kb_case_image); }
struct str kb_scratch(const struct kb *kb) { return made(kb, &kb_scratch_image); }
struct str kb_stage(const struct kb *kb) { return made(kb, &kb_stage_image); }
struct str kb_witness(const struct kb *kb) { return made(kb, &kb_witness_image); }

void kb_free(struct kb *kb)
{
    if (kb && kb != kept.kb)
        arena_free(&kb->a), free(kb);
}

struct str kb_file(const struct kb *kb, const char *name)
{
    struct source key = {.name = name},
                  *s = kb->n_source ? bsearch(&key, kb->source, kb->n_source, sizeof key, by_name) : NULL;
    return s ? s->text : (struct str){0};
}

struct str kb_part(const struct kb *kb, const char *prefix, size_t i, const char **name)
{
    for (size_t k = 0; k < kb->n_source; k++)
        if (!strncmp(kb->source[k].name, prefix, strlen(prefix)) && !i--)
            return *name = kb->source[k].name, kb->source[k].text;
    return (struct str){0};
}

struct str kb_names(const struct kb *kb) { return kb_file(kb, "codes/win32-names.tsv"); }
const char *kb_sha256(const struct kb *kb) { return kb->sha256; }
const struct want *kb_want(const struct kb *kb) { return &kb->want; }
const struct rule *kb_rules(const struct kb *kb, size_t *n) { return *n = kb->n_rule, kb->rule; }
const struct kb_code *kb_codes(const struct kb *kb, size_t *n) { return *n = kb->n_code, kb->code; }
const struct kb_cause *kb_causes(const struct kb *kb, size_t *n) { return *n = kb->n_cause, kb->cause; }
const struct kb_artifact *kb_artifacts(const struct kb *kb, size_t *n)
{
    return *n = kb->n_artifact, kb->artifact;
}

const struct kb_event *kb_events(const struct kb *kb, size_t *n) { return *n = kb->n_event, kb->event; }
const struct kb_event_field *kb_event_fields(const struct kb *kb, size_t *n)
{
    return *n = kb->n_event_field, kb->event_field;
}
const struct kb_setting *kb_settings(const struct kb *kb, size_t *n)
{
    return *n = kb->n_setting, kb->setting;
}
const struct kb_family *kb_families(const struct kb *kb, size_t *n) { return *n = kb->n_family, kb->family; }
const struct kb_tool_field *kb_tool_fields(const struct kb *kb, size_t *n)
{
    return *n = kb->n_tool_field, kb->tool_field;
}

enum reliance rule_relies(const struct rule *r, struct str artifact)
{
    enum reliance best = SILENT;
    for (size_t i = 0; i < r->n_require; i++)
        for (size_t k = 0; k < r->require[i].n; k++) {
            struct str name = r->require[i].artifact[k], whole = name;
            if (!str_eq(whole, artifact) && !str_eq(str_cut(&name, ':'), artifact))
                continue;
            enum reliance here = r->require[i].for_role == ROLE_CAUSE ? DECIDES : HELPS;
            best = here > best ? here : best;
        }
    return best;
}

enum verdict rule_ceiling(const struct rule *r)
{
    enum role surest = ROLE_COMPATIBLE;
    for (size_t i = 0; i < r->n_ind; i++)
        if (r->ind[i].role == ROLE_LINK || (r->ind[i].role == ROLE_CAUSE && surest != ROLE_LINK))
            surest = r->ind[i].role;
    return surest == ROLE_LINK ? V_CONFIRMED : surest == ROLE_CAUSE ? V_LIKELY : V_POSSIBLE;
}

/* --- into the case: one INSERT per table, one function that fills its arguments from row i */
struct insert {
    const char *table, *types; /* of its columns, as case_named has them */
    size_t rows;
    void (*fill)(const struct kb *kb, size_t i, struct value *v);
};

static void set_text(struct value *v, struct str s) { *v = val_s(s); }
static void set_number(struct value *v, int64_t i, bool given) { *v = given ? val_i(i) : val_null(); }

static void fill_code(const struct kb *kb, size_t i, struct value *v)
{
    const struct kb_code *c = &kb->code[i];
    set_number(v, c->value, true), set_text(v + 1, c->space), set_text(v + 2, c->symbol),
        set_text(v + 3, c->meaning);
    set_number(v + 4, c->win32, c->maps), set_text(v + 5, c->source);
}
static void fill_event(const struct kb *kb, size_t i, struct value *v)
{
    const struct kb_event *c = &kb->event[i];
    set_text(v, c->provider), set_number(v + 1, c->id, true), set_text(v + 2, c->channel),
        set_text(v + 3, c->name), set_text(v + 4, c->meaning), set_text(v + 5, c->source);
}
static void fill_event_field(const struct kb *kb, size_t i, struct value *v)
{
    const struct kb_event_field *c = &kb->event_field[i];
    set_text(v, c->provider), set_number(v + 1, c->id, true), set_text(v + 2, c->field),
        set_text(v + 3, c->shape);
}
static void fill_setting(const struct kb *kb, size_t i, struct value *v)
{
    const struct kb_setting *c = &kb->setting[i];
    const struct str s[] = {c->name, c->section, c->hive, c->path, c->value, c->type};
    for (size_t k = 0; k < LEN(s); k++)
        set_text(v + k, s[k]);
    set_number(v + 6, c->number, c->numeric), set_text(v + 7, c->default_text), set_text(v + 8, c->meaning),
        set_text(v + 9, c->meanings), set_text(v + 10, c->source);
    set_number(v + 11, c->since, c->since > 0);
}

/* Row i of all settings' defaults by build together; editions: with a blank before and behind each. */
static void fill_default(const struct kb *kb, size_t i, struct value *v)
{
    const struct kb_setting *s = kb->setting;
    for (; i >= s->n_by_build; s++)
        i -= s->n_by_build;
    const struct kb_default *d = &s->by_build[i];
    set_text(v, s->name), set_number(v + 1, (int64_t)i, true), set_number(v + 2, d->from, true),
        set_text(v + 3, d->product);
    set_text(v + 4, d->editions), set_number(v + 5, d->number, d->numeric), set_text(v + 6, d->text);
}
static void fill_artifact(const struct kb *kb, size_t i, struct value *v)
{
    const struct kb_artifact *c = &kb->artifact[i];
    set_text(v, c->name), set_text(v + 1, c->kind), set_text(v + 2, c->collect), set_text(v + 3, c->meaning);
}
static void fill_account(const struct kb *kb, size_t i, struct value *v)
{
    set_text(v, kb->account[i].name), set_text(v + 1, kb->account[i].sid);
}
/* A rule's text up to its tests, which judge nothing and would be most of a small case; all of it where
 * something stands behind them. */
static struct str without_tests(struct str text)
{
    const char *tests = NULL;
    for (struct str rest = text; rest.n;) {
        struct str line = str_cut(&rest, '\n');
        if (str_starts_ci(line, STR("tests:")))
            tests = line.p;
        else if (tests && line.n && !memchr(" #-\r", line.p[0], 4))
            return text;
    }
    return tests ? (struct str){text.p, (size_t)(tests - text.p)} : text;
}

static void fill_rule(const struct kb *kb, size_t i, struct value *v)
{
    const struct rule *c = &kb->rule[i];
    const struct str s[] = {c->cause, c->id, c->name, c->title, c->level, c->sha256, without_tests(c->text)};
    for (size_t k = 0; k < LEN(s); k++)
        set_text(v + k, s[k]);
}

/* Row i of all rules' requirements together, an artefact each. */
static void fill_need(const struct kb *kb, size_t i, struct value *v)
{
    const struct rule *r = kb->rule;
    size_t need = 0;
    for (;; need++) {
        while (need == r->n_require)
            r++, need = 0;
        if (i < r->require[need].n)
            break;
        i -= r->require[need].n;
    }
    set_text(v, r->name), set_number(v + 1, (int64_t)need, true),
        set_text(v + 2, r->require[need].artifact[i]),
        set_number(v + 3, r->require[need].for_role == ROLE_CAUSE, true);
}

/* Row i of all families' codes together. */
static void fill_family(const struct kb *kb, size_t i, struct value *v)
{
    const struct kb_family *f = kb->family;
    while (i >= f->n)
        i -= f++->n;
    set_text(v, f->name), set_number(v + 1, f->code[i], true);
    set_text(v + 2, f->means), set_text(v + 3, f->source);
}

static void fill_layout(const struct kb *kb, size_t i, struct value *v)
{
    const struct kb_layout *l = &kb->layout[i];
    set_number(v, (int64_t)i, true), set_text(v + 1, l->path), set_text(v + 2, l->collector);
    set_number(v + 3, l->sure, true), set_text(v + 4, l->source);
}

enum status kb_store(const struct kb *kb, struct casedb *db, struct err *e)
{
    case_names(db, kb_names(kb));
    size_t in_families = 0, needs = 0, defaults = 0;
    for (size_t i = 0; i < kb->n_family; i++)
        in_families += kb->family[i].n;
    for (size_t i = 0; i < kb->n_setting; i++)
        defaults += kb->setting[i].n_by_build;
    for (size_t i = 0; i < kb->n_rule; i++)
        for (size_t k = 0; k < kb->rule[i].n_require; k++)
            needs += kb->rule[i].require[k].n;
    const struct insert all[] = {{"kb_code", "isssis", kb->n_code, fill_code},
                                 {"kb_event", "sissss", kb->n_event, fill_event},
                                 {"kb_event_field", "siss", kb->n_event_field, fill_event_field},
                                 {"kb_setting", "ssssssissssi", kb->n_setting, fill_setting},
                                 {"kb_default", "siissis", defaults, fill_default},
                                 {"kb_artifact", "ssss", kb->n_artifact, fill_artifact},
                                 {"kb_account", "ss", kb->n_account, fill_account},
                                 {"kb_code_family", "siss", in_families, fill_family},
                                 {"kb_layout", "issis", kb->n_layout, fill_layout},
                                 {"kb_rule_need", "sisi", needs, fill_need},
                                 {"kb_rule", "sssssss", kb->n_rule, fill_rule}};
    enum status st = OK;
    for (size_t i = 0; i < LEN(all) && st == OK; i++) {
        struct value v[12];
        char list[2 * LEN(v)];
        snprintf(list, sizeof list, "%.*s", 2 * (int)strlen(all[i].types) - 1, "?,?,?,?,?,?,?,?,?,?,?,?");
        st = case_named_in(db, Q_KB_EMPTY, all[i].table, NULL, "", NULL, NULL, NULL, e);
        for (size_t k = 0; k < all[i].rows && st == OK; k++) {
            all[i].fill(kb, k, v);
            st = case_named_in(db, Q_KB_PUT, all[i].table, list, all[i].types, v, NULL, NULL, e);
        }
    }
    struct value sum_of_all[] = {val_s(STR("knowledge_sha256")), val_s(str_of(kb->sha256))};
    return st == OK ? case_named(db, Q_META_PUT, "ss", sum_of_all, NULL, NULL, e) : st;
}
