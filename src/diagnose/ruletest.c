#include "diagnose/ruletest.h"
#include "base/hash.h"
#include "base/wintime.h"
#include "case/casedb.h"
#include "case/named.h"
#include "diagnose/diagnose.h"
#include <stdio.h>
#include <string.h>

/* A file of the made-up evidence: a log of one host's channel, a hive of one host, or what a tool printed. */
enum file_is { A_LOG, A_HIVE, A_TEXT };
static const struct {
    const char *end, *kind;
    uint64_t first; /* where the first fact lies */
} files_are[] = {[A_LOG] = {".evtx", "evtx", 0x1200},
                 [A_HIVE] = {"", "hive", 0x1020},
                 [A_TEXT] = {".txt", "tool-text", 0x20}};
struct file {
    struct str host, name;
    enum file_is is;
    int64_t id;
    uint64_t next;
};
enum { FILES = 512 };

struct stage {
    struct casedb *db;
    const struct rule *rule;
    const struct rule_test *test;
    struct arena a;
    struct file file[FILES];
    size_t n_file;
    int64_t record;
};

static enum status refuse(const struct stage *s, const struct test_fact *f, const char *what, struct str word,
                          struct err *e)
{
    return err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "%.*s:%u: fact %.*s: %s '%.*s'",
                   STR_ARG(s->rule->file), s->test->line, STR_ARG(f->kind), what,
                   (int)(word.n < 40 ? word.n : 40), word.p);
}

static const struct test_field *field(const struct test_fact *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (str_eq(f->field[i].name, str_of(name)))
            return &f->field[i];
    return NULL;
}

static struct str field_text(const struct test_fact *f, const char *name, struct str otherwise)
{
    const struct test_field *t = field(f, name);
    return t ? t->value : otherwise;
}

/* --- fields to columns */
static bool hex_bytes(struct stage *s, struct str hex, struct str *out)
{
    char *p = arena_alloc(&s->a, 1, hex.n / 2 + 1);
    for (size_t i = 0; p && i + 1 < hex.n; i += 2) {
        int64_t v;
        char digits[4] = {'0', 'x', hex.p[i], hex.p[i + 1]};
        if (!str_i64((struct str){digits, 4}, &v))
            return false;
        p[i / 2] = (char)v;
    }
    *out = (struct str){p, hex.n / 2};
    return p && hex.n % 2 == 0;
}

static bool value_of(struct stage *s, enum col_type type, struct str text, struct value *v)
{
    v->null = false;
    switch (type) {
    case COL_INT: return str_i64(text, &v->i);
    case COL_TIME: return wintime_parse(text, &v->i) || str_i64(text, &v->i);
    case COL_BLOB: return hex_bytes(s, text, &v->s);
    default: return v->s = text, true;
    }
}

/* Names a test may use besides the columns of the kind's table; "" is read elsewhere. */
static const struct {
    const char *kind, *name, *column;
} aliases[] = {{"event", "host", "computer"}, {"event", "id", "event_id"},  {"fold", "host", "computer"},
               {"fold", "id", "event_id"},    {"hive", "host", "computer"}, {"log", "host", "computer"},
               {"log", "from", "first_time"}, {"log", "to", "last_time"},   {"log", "state", ""},
               {"log", "log_kind", ""},       {"log", "failed", ""},        {"log", "note", ""},
               {"log", "older", ""},          {"hive", "state", ""},        {"hive", "note", ""},
               {"hive", "older", ""}};

static enum status fill(struct stage *s, const struct test_fact *f, struct fact *out, struct err *e)
{
    const struct fact_desc *d = &fact_descs[out->kind];
    for (size_t i = 0; i < f->n; i++) {
        struct str name = f->field[i].name;
        for (size_t k = 0; k < LEN(aliases); k++)
            if (str_eq(name, str_of(aliases[k].name)) && str_eq(f->kind, str_of(aliases[k].kind)))
                name = str_of(aliases[k].column);
        size_t c = 0;
        while (c < FACT_COLS && d->col[c].name && !str_eq(name, str_of(d->col[c].name)))
            c++;
        bool known = c < FACT_COLS && d->col[c].name;
        if (!known && name.n && !str_eq(name, STR("host")))
            return refuse(s, f, "no field", name, e);
        if (known && !value_of(s, d->col[c].type, f->field[i].value, &out->v[c]))
            return refuse(s, f,
                          d->col[c].type == COL_TIME   ? "expected a time, found"
                          : d->col[c].type == COL_BLOB ? "expected hexadecimal bytes, found"
                                                       : "expected a number, found",
                          f->field[i].value, e);
    }
    return OK;
}

/* --- evidence files, made when first named */
static enum status put_made(struct stage *s, struct file *file, struct fact *f, struct err *e)
{
    const int64_t of[3] = {file->id, file->id, file->id};
    f->ref.off = file->next, file->next += 0x200;
    return case_put(s->db, of, f, e);
}

static struct str host_label(struct str host) { return str_cut(&host, '.'); }

/* describe: the "hive" or "log" row of the test, or NULL. */
static enum status file_for(struct stage *s, struct str host, struct str name, enum file_is is,
                            const struct test_fact *describe, struct file **out, struct err *e)
{
    static const struct test_fact nothing = {.kind = {"fact", 4}};
    const struct test_fact *d = describe ? describe : &nothing;
    for (size_t i = 0; i < s->n_file; i++)
        if (s->file[i].is == is && str_eq(s->file[i].name, name)
            && str_eq_ci(host_label(s->file[i].host), host_label(host)) && !field(d, "older"))
            return *out = &s->file[i], OK;
    if (s->n_file == FILES)
        return refuse(s, d, "too many files with", name, e);
    struct buf path = {0};
    buf_str(&path, host_label(host)), buf_char(&path, '/');
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '/')
            buf_z(&path, "%4");
        else
            buf_char(&path, name.p[i]);
    buf_z(&path, files_are[is].end);
    struct file *file = *out = &s->file[s->n_file++];
    *file = (struct file){host, name, is, (int64_t)s->n_file, files_are[is].first};
    int64_t failed = 0;
    struct str bad = field_text(d, "failed", STR("0"));
    if (!str_i64(bad, &failed))
        return buf_free(&path), refuse(s, d, "expected a number, found", bad, e);
    struct value v[] = {val_i(file->id),
                        val_s(buf_view(&path)),
                        val_s(str_of(files_are[is].kind)),
                        val_s(field_text(d, "state", STR("read"))),
                        val_s(field_text(d, "log_kind", (struct str){0})),
                        val_i(failed),
                        val_s(field_text(d, "note", (struct str){0})),
                        val_i(field(d, "older") != NULL)};
    enum status st = case_named(s->db, Q_FILE_TESTED, "issssisi", v, NULL, NULL, e);
    buf_free(&path);
    if (st != OK || is != A_HIVE || str_eq(v[3].s, STR("unreadable")))
        return st;
    struct fact f = {.kind = FACT_HIVE};
    for (size_t i = 0; i < FACT_COLS; i++)
        f.v[i].null = true;
    if (describe && (st = fill(s, describe, &f, e)) != OK)
        return st;
    f.v[HV_KIND] = val_s(name), f.v[HV_COMPUTER] = val_s(host);
    if (f.v[HV_DIRTY].null)
        f.v[HV_DIRTY] = val_i(0);
    return put_made(s, file, &f, e);
}

/* --- kinds of facts. where: the hive that holds such facts; NULL: the first component of path, or a log */
static const struct kind {
    const char *name;
    enum fact_kind fact;
    const char *where;
} kinds[] = {{"event", FACT_EVENT, NULL},
             {"fold", FACT_FOLD, NULL},
             {"log", FACT_SPAN, NULL},
             {"hive", FACT_HIVE, NULL},
             {"value", FACT_REG_VALUE, NULL},
             {"key", FACT_REG_KEY, NULL},
             {"secret", FACT_SECRET, "SECURITY"},
             {"right", FACT_RIGHT, "SECURITY"},
             {"audit", FACT_AUDIT, "SECURITY"},
             {"lsa", FACT_LSA_NAME, "SECURITY"},
             {"cached_logon", FACT_CACHED_LOGON, "SECURITY"},
             {"account", FACT_ACCOUNT, "SAM"},
             {"lockout", FACT_LOCKOUT, "SAM"},
             {"task", FACT_TASK, "SOFTWARE"},
             {"said", FACT_TOOL_SAID, NULL}};

static const struct kind *kind_of(struct str name)
{
    for (size_t i = 0; i < LEN(kinds); i++)
        if (str_eq(name, str_of(kinds[i].name)))
            return &kinds[i];
    return NULL;
}

/* The channel or hive that a fact lies in. */
static struct str place_of(const struct test_fact *t, const struct kind *k)
{
    struct str path = field_text(t, "path", STR(""));
    if (k->fact == FACT_EVENT || k->fact == FACT_FOLD || k->fact == FACT_SPAN)
        return field_text(t, "channel", STR(""));
    if (k->fact == FACT_HIVE)
        return field_text(t, "kind", STR(""));
    if (k->fact == FACT_TOOL_SAID)
        return field_text(t, "tool", STR(""));
    return k->where ? str_of(k->where) : str_cut(&path, '\\');
}

bool ruletest_reads(const struct rule_test *test, struct str artifact)
{
    for (size_t i = 0; i < test->n_fact; i++) {
        const struct kind *k = kind_of(test->fact[i].kind);
        struct str place = k ? place_of(&test->fact[i], k) : (struct str){0};
        bool hive = str_eq(artifact, STR("SYSTEM"))
                    || str_eq(artifact, STR("SECURITY")); /* channels are called alike */
        bool log = k && (k->fact == FACT_EVENT || k->fact == FACT_FOLD || k->fact == FACT_SPAN);
        if (hive || !log ? str_eq(place, artifact) : str_eq_ci(place, artifact))
            return true;
    }
    return false;
}

/* What parsers always give, so that tests need not. */
static enum status put_event(struct stage *s, struct file *file, struct fact *f, struct err *e)
{
    struct fact count = {.kind = FACT_COUNT};
    s->record++;
    if (f->v[EV_RECORD_ID].null)
        f->v[EV_RECORD_ID] = val_i(1000 + s->record);
    if (f->v[EV_DATA].null)
        f->v[EV_DATA] = val_s(STR("{}"));
    if (f->v[EV_RECOVERED].null)
        f->v[EV_RECOVERED] = val_i(0);
    f->v[EV_IDENTITY] = val_i((int64_t)hash64(&s->record, sizeof s->record));
    count.v[CO_CHANNEL] = f->v[EV_CHANNEL], count.v[CO_PROVIDER] = f->v[EV_PROVIDER],
    count.v[CO_EVENT_ID] = f->v[EV_EVENT_ID], count.v[CO_N] = val_i(1);
    count.v[CO_FIRST_TIME] = count.v[CO_LAST_TIME] = f->v[EV_TIME];
    enum status st = put_made(s, file, f, e);
    return st == OK ? put_made(s, file, &count, e) : st;
}

static void default_value(const struct test_fact *t, struct fact *f)
{
    if (f->v[RV_NAME].null)
        f->v[RV_NAME] = val_s(STR(""));
    if (f->v[RV_TYPE].null)
        f->v[RV_TYPE] = val_i(field(t, "num") ? 4 : 1);
    if (f->v[RV_RECOVERED].null)
        f->v[RV_RECOVERED] = val_i(0);
}

static enum status put_fact(struct stage *s, const struct test_fact *t, struct err *e)
{
    const struct kind *k = kind_of(t->kind);
    struct fact f = {.kind = k->fact};
    struct file *file = NULL;
    for (size_t i = 0; i < FACT_COLS; i++)
        f.v[i].null = true;
    enum status st = fill(s, t, &f, e);
    if (st != OK)
        return st;
    struct str host = field_text(t, "host", STR("PC1")), where = place_of(t, k);
    bool log = k->fact == FACT_EVENT || k->fact == FACT_FOLD || k->fact == FACT_SPAN;
    static const char *const must[] = {
        [FACT_EVENT] = "time",   [FACT_SPAN] = "channel", [FACT_FOLD] = "channel",  [FACT_REG_VALUE] = "path",
        [FACT_REG_KEY] = "path", [FACT_HIVE] = "kind",    [FACT_TOOL_SAID] = "tool"};
    if (k->fact < LEN(must) && must[k->fact] && !field(t, must[k->fact]))
        return refuse(s, t, "missing field", str_of(must[k->fact]), e);
    if (k->fact == FACT_EVENT && (!field(t, "channel") || !field(t, "provider") || f.v[EV_EVENT_ID].null))
        return refuse(s, t, "missing field", STR("channel, provider or id"), e);
    if ((st = file_for(s, host, where,
                       log                         ? A_LOG
                       : k->fact == FACT_TOOL_SAID ? A_TEXT
                                                   : A_HIVE,
                       k->fact == FACT_SPAN || k->fact == FACT_HIVE ? t : NULL, &file, e))
            != OK
        || k->fact == FACT_HIVE)
        return st;
    if (log && f.v[0].null)
        f.v[0] = val_s(host); /* computer is the first column of all three */
    if (k->fact == FACT_EVENT)
        return put_event(s, file, &f, e);
    if (k->fact == FACT_SPAN && f.v[SP_FIRST_TIME].null)
        return OK; /* a file without a readable record */
    if (k->fact == FACT_REG_VALUE)
        default_value(t, &f);
    return put_made(s, file, &f, e);
}

/* Rows that describe files come first, whatever their place in the test. */
enum status ruletest_facts(struct casedb *db, const struct rule *rule, const struct rule_test *test,
                           struct err *e)
{
    struct stage s = {.db = db, .rule = rule, .test = test};
    enum status st = arena_make(&s.a, 1 << 20) ? OK
                                               : err_set(e, E_NOMEM, ERR_NO_OFF, "rule test", "no memory");
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < test->n_fact && st == OK; i++) {
            const struct test_fact *t = &test->fact[i];
            bool file = str_eq(t->kind, STR("log")) || str_eq(t->kind, STR("hive"));
            if (file == !pass)
                st = put_fact(&s, t, e);
        }
    arena_free(&s.a);
    return st;
}

/* --- findings against expectations */
struct compare {
    const struct rule *rule;
    const struct rule_test *test;
    struct buf *why;
    uint64_t met;
};

static void say_difference(const struct compare *c, struct str host, struct str subject, struct str expected,
                           struct str got)
{
    struct buf *b = c->why;
    buf_printf(b, "%.*s:%u: ", STR_ARG(c->rule->file), c->test->line);
    buf_term(b, c->test->name), buf_z(b, ": "), buf_term(b, host), buf_char(b, ' ');
    buf_term(b, subject.n ? subject : STR("(host)"));
    buf_z(b, ": expected "), buf_str(b, expected), buf_z(b, ", got "), buf_term(b, got), buf_char(b, '\n');
}

static bool as_told(struct str wanted, struct str got) { return !wanted.p || str_eq(wanted, got); }

/* host, subject, verdict, what it rests on, code, count */
static enum status compare_finding(void *ctx, const struct cell *cell, const char *const *name, size_t n,
                                   struct err *e)
{
    struct compare *c = ctx;
    (void)name, (void)n, (void)e;
    struct str got = cell[2].s, wanted = STR("none");
    bool asked = false;
    for (size_t i = 0; i < c->test->n_expect && i < 64; i++) {
        const struct test_expect *x = &c->test->expect[i];
        if (!str_eq_ci(x->host, cell[0].s) || !str_eq_ci(x->subject, cell[1].s))
            continue;
        c->met |= 1ull << i, wanted = x->verdict, asked = x->code.p || x->count.p;
        if (str_eq(x->verdict, got) && as_told(x->code, cell[4].s) && as_told(x->count, cell[5].s))
            return OK;
    }
    struct buf line = {0};
    buf_str(&line, got), buf_char(&line, ' '), buf_str(&line, cell[3].s);
    if (asked)
        buf_z(&line, ", code "), buf_str(&line, cell[4].s), buf_z(&line, ", count "),
            buf_str(&line, cell[5].s);
    say_difference(c, cell[0].s, cell[1].s, wanted, buf_view(&line));
    buf_free(&line);
    return OK;
}

static enum status say_rule_error(void *ctx, const struct cell *cell, const char *const *name, size_t n,
                                  struct err *e)
{
    struct compare *c = ctx;
    (void)name, (void)n, (void)e;
    buf_printf(c->why, "%.*s:%u: ", STR_ARG(c->rule->file), c->test->line);
    buf_term(c->why, c->test->name), buf_printf(c->why, ": %.*s: ", STR_ARG(cell[0].s)),
        buf_term(c->why, cell[1].s), buf_char(c->why, '\n');
    return OK;
}

static enum status compare_all(struct casedb *db, const struct rule *rule, const struct rule_test *test,
                               struct buf *why, struct err *e)
{
    struct compare c = {rule, test, why, 0};
    enum status st = case_named(db, Q_FOUND, "", NULL, compare_finding, &c, e);
    for (size_t i = 0; i < test->n_expect && i < 64; i++) {
        const struct test_expect *x = &test->expect[i];
        if (!(c.met & 1ull << i) && !str_eq(x->verdict, STR("none")))
            say_difference(&c, x->host, x->subject, x->verdict, STR("none"));
    }
    return st == OK ? case_named(db, Q_ERRORS, "", NULL, say_rule_error, &c, e) : st;
}

enum status ruletest_base(const struct kb *kb, struct casedb **out, struct err *e)
{
    return diagnose_empty(kb, NULL, out, e);
}

size_t ruletest_silent(const struct rule *rule, const bool *spoke, struct buf *why)
{
    size_t n = 0;
    for (size_t k = 0; k < rule->n_ind; k++) {
        if (spoke[k])
            continue;
        buf_printf(why, "%.*s:%u: ", STR_ARG(rule->file), rule->ind[k].line);
        buf_printf(why, "this %s speaks in no test\n", role_names[rule->ind[k].role]);
        n++;
    }
    return n;
}

enum status ruletest_run(const struct kb *kb, struct casedb *base, const struct rule *rule,
                         const struct rule_test *test, bool *spoke, struct buf *why, struct err *e)
{
    enum status st = case_mark(base, e), undone;
    if (st != OK)
        return st;
    if ((st = ruletest_facts(base, rule, test, e)) == OK && (st = derive_tables(base, kb, e)) == OK
        && (st = coverage(base, kb, e)) == OK && (st = diagnose_rule(base, kb, rule, spoke, e)) == OK)
        st = compare_all(base, rule, test, why, e);
    undone = case_rewind(base, st == OK ? e : NULL);
    return st == OK ? undone : st;
}
