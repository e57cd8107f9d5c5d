#include "diagnose/witness.h"
#include "base/json.h"
#include "base/buf.h"
#include "base/limits.h"
#include "case/casedb.h"
#include "case/named.h"
#include "diagnose/diagnose.h"
#include "diagnose/rulelint.h"
#include "diagnose/ruletest.h"
#include <stdio.h>
#include <stdlib.h>

const char *const witness_kind_names[W_KINDS] = {"task", "service", "share", "bits", "logon"};

/* --- codes: one failure of each kind, on a host whose other evidence is missing; several codes on a host
 * each, whose names all end in its number: nobody has heard of another. subject: by which its finding is
 * known again; %u: that number, then the code, or the code in an HRESULT */
static const struct probe {
    const char *channel, *provider, *id, *subject, *data;
} probes[W_KINDS] = {
    [W_TASK] = {"Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "101",
                "\\witness%u",
                "{\"TaskName\":\"\\\\witness%u\",\"UserContext\":\"CORP\\\\who%u\",\"ResultCode\":%u}"},
    [W_SERVICE] = {"System", "Service Control Manager", "7000", "witness%u",
                   "{\"param1\":\"witness%u\",\"param0\":%u,\"param2\":\"%%%%%u\"}"},
    [W_SHARE] = {"Microsoft-Windows-SmbClient/Security", "Microsoft-Windows-SMBClient", "31001",
                 "witness%u.corp.example",
                 "{\"ServerName\":\"\\\\witness%u.corp.example\",\"UserName\":\"CORP\\\\who%u\","
                 "\"SecurityStatus\":%u}"},
    [W_BITS] = {"Microsoft-Windows-Bits-Client/Operational", "Microsoft-Windows-Bits-Client", "61", "job %u",
                "{\"name\":\"job %u\",\"Id\":\"%u\",\"hr\":%u}"},
    [W_LOGON] = {"Security", "Microsoft-Windows-Security-Auditing", "4625", "who%u",
                 "{\"TargetUserName\":\"who%u\",\"TargetDomainName\":\"CORP\",\"LogonType\":3,\"no\":%u,"
                 "\"Status\":%u,\"SubStatus\":0}"}};

enum { PROBE_FIELDS = 6, LOG_FIELDS = 4, TOGETHER = 32 };
struct one_host {
    char name[16], subject[W_KINDS][40], data[W_KINDS][256];
    struct test_field field[W_KINDS][PROBE_FIELDS], span[W_KINDS][LOG_FIELDS];
};
struct stage {
    struct one_host host[TOGETHER];
    struct test_fact fact[TOGETHER * 2 * W_KINDS];
    struct rule_test test;
};

static struct test_field text_field(const char *name, const char *value)
{
    return (struct test_field){str_of(name), str_of(value), false};
}

static void set_host(struct one_host *h, unsigned no, int64_t win32, struct test_fact *fact)
{
    unsigned hresult = 0x80070000u | (unsigned)(win32 & 0xffff);
    snprintf(h->name, sizeof h->name, "PC%u", no);
    for (size_t k = 0; k < W_KINDS; k++) {
        const struct probe *p = &probes[k];
        snprintf(h->subject[k], sizeof h->subject[k], p->subject, no);
        snprintf(h->data[k], sizeof h->data[k], p->data, no, no, k == W_SERVICE ? (unsigned)win32 : hresult);
        const struct test_field field[PROBE_FIELDS] = {text_field("host", h->name),
                                                       text_field("provider", p->provider),
                                                       text_field("channel", p->channel),
                                                       text_field("id", p->id),
                                                       text_field("time", "2026-03-02T09:10:00Z"),
                                                       text_field("data", h->data[k])};
        const struct test_field span[LOG_FIELDS] = {
            text_field("host", h->name), text_field("channel", p->channel), text_field("from", "2026-03-01"),
            text_field("to", "2026-03-09")};
        memcpy(h->field[k], field, sizeof field), memcpy(h->span[k], span, sizeof span);
        fact[2 * k] = (struct test_fact){STR("log"), h->span[k], LOG_FIELDS};
        fact[2 * k + 1] = (struct test_fact){STR("event"), h->field[k], PROBE_FIELDS};
    }
}

struct judge {
    const struct rule *rule;
    size_t n_rule, n_host;
    const struct stage *stage;
    struct witness_code *out; /* of the first host, then of the next */
    unsigned own[TOGETHER];   /* of the rule that is asked */
};

/* Of which host's probe is it? n_host: of none. */
static size_t host_of(const struct judge *j, struct str host, struct str subject, unsigned *kind)
{
    for (size_t i = 0; i < j->n_host; i++)
        for (unsigned k = 0; k < W_KINDS && str_eq_ci(host, str_of(j->stage->host[i].name)); k++)
            if (str_eq_ci(subject, str_of(j->stage->host[i].subject[k])))
                return *kind = 1u << k, i;
    return j->n_host;
}

/* A symptom without a column `own` is its own. */
static enum status take_symptom(void *ctx, const struct cell *c, const char *const *name, size_t n,
                                struct err *e)
{
    struct judge *j = ctx;
    struct str subject = {0}, host = {0};
    unsigned kind;
    bool own = true;
    (void)e;
    for (size_t i = 0; i < n; i++) {
        if (str_eq_ci(str_of(name[i]), STR("host")) && !c[i].null)
            host = c[i].s;
        if (str_eq_ci(str_of(name[i]), STR("subject")) && !c[i].null)
            subject = c[i].s;
        if (str_eq_ci(str_of(name[i]), STR("own")))
            own = !c[i].null && c[i].i;
    }
    size_t at = host_of(j, host, subject, &kind);
    if (own && at < j->n_host)
        j->own[at] |= kind;
    return OK;
}

/* rule, subject, verdict, host */
static enum status take_verdict(void *ctx, const struct cell *c, const char *const *name, size_t n,
                                struct err *e)
{
    struct judge *j = ctx;
    unsigned kind;
    (void)name, (void)n, (void)e;
    size_t at = host_of(j, c[3].s, c[1].s, &kind);
    for (size_t i = 0; i < j->n_rule && at < j->n_host; i++)
        if (str_eq(j->rule[i].name, c[0].s) && verdict_of(c[2].s) == V_RULED_OUT)
            j->out[at * j->n_rule + i].against |= kind;
    return OK;
}

static enum status ask_codes(const struct kb *kb, struct casedb *base, struct judge *j, struct err *e)
{
    enum status st = case_mark(base, e), undone;
    if (st != OK)
        return st;
    if ((st = ruletest_facts(base, &j->rule[0], &j->stage->test, e)) == OK
        && (st = derive_tables(base, kb, e)) == OK && (st = coverage(base, kb, e)) == OK
        && (st = diagnose_rules(base, kb, j->rule, j->n_rule, e)) == OK)
        st = case_named(base, Q_VERDICTS, "", NULL, take_verdict, j, e);
    for (size_t i = 0; i < j->n_rule && st == OK; i++) {
        memset(j->own, 0, sizeof j->own);
        for (size_t k = 0; k < j->rule[i].n_ind && st == OK; k++)
            if (j->rule[i].ind[k].role == ROLE_SYMPTOM)
                st = case_guarded(base, j->rule[i].ind[k].sql, LIM_RULE_STEPS, take_symptom, j, e);
        for (size_t h = 0; h < j->n_host; h++) {
            struct witness_code *out = &j->out[h * j->n_rule + i];
            out->speaks_for = j->own[h] & ~out->against;
        }
    }
    undone = case_rewind(base, st == OK ? e : NULL);
    return st == OK ? undone : st;
}

/* n codes of 1..65535, TOGETHER at most; out: of each one for every rule. */
static enum status witness_codes(const struct kb *kb, struct casedb *base, const int64_t *win32, size_t n,
                                 struct witness_code *out, struct err *e)
{
    struct judge j = {.out = out, .n_host = n};
    struct stage *stage = calloc(1, sizeof *stage);
    j.rule = kb_rules(kb, &j.n_rule), j.stage = stage;
    memset(out, 0, n * j.n_rule * sizeof *out);
    if (!stage)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "witness", "no memory");
    for (size_t i = 0; i < n; i++)
        set_host(&stage->host[i], (unsigned)i + 1, win32[i], stage->fact + i * 2 * W_KINDS);
    stage->test = (struct rule_test){.name = STR("witness"), .fact = stage->fact, .n_fact = n * 2 * W_KINDS};
    enum status st = n && j.n_rule ? ask_codes(kb, base, &j, e) : OK;
    free(stage);
    return st;
}

enum status witness_code(const struct kb *kb, struct casedb *base, int64_t win32, struct witness_code *out,
                         struct err *e)
{
    return witness_codes(kb, base, &win32, win32 > 0 && win32 <= UINT16_MAX, out, e);
}

/* --- what the build has asked: how many rules, then of each code its value and two bytes a rule */
static size_t row_of(size_t n_rule) { return sizeof(uint16_t) + 2 * n_rule; }

bool witness_known(const struct kb *kb, int64_t win32, struct witness_code *out)
{
    struct str image = kb_witness(kb);
    struct span s = span_of(image.p, image.n, 0);
    size_t n_rule, row;
    kb_rules(kb, &n_rule);
    row = row_of(n_rule);
    if (!image.n || span_u16(&s) != n_rule)
        return false;
    while (s.n >= row) {
        struct span one = span_take(&s, row);
        if (span_u16(&one) != win32)
            continue;
        for (size_t i = 0; i < n_rule; i++)
            out[i].speaks_for = span_u8(&one), out[i].against = span_u8(&one);
        return true;
    }
    return false;
}

static int by_code(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static size_t codes_of(const struct kb *kb, int64_t *code)
{
    size_t n_code, n = 0, m = 0;
    const struct kb_code *c = kb_codes(kb, &n_code);
    for (size_t i = 0; i < n_code; i++) {
        bool own = str_eq(c[i].space, STR("win32")) || str_eq(c[i].space, STR("nerr"));
        int64_t v = own ? c[i].value : c[i].maps ? c[i].win32 : 0;
        if (v > 0 && v <= UINT16_MAX)
            code[n++] = v;
    }
    qsort(code, n, sizeof *code, by_code);
    for (size_t i = 0; i < n; i++)
        if (!m || code[m - 1] != code[i])
            code[m++] = code[i];
    return m;
}

enum status witness_image(const struct kb *kb, struct casedb *base, struct buf *out, struct err *e)
{
    size_t n_rule, n_code;
    kb_rules(kb, &n_rule), kb_codes(kb, &n_code);
    int64_t *code = calloc(n_code + 1, sizeof *code);
    struct witness_code *w = calloc(TOGETHER * n_rule + 1, sizeof *w);
    enum status st = code && w ? OK : err_set(e, E_NOMEM, ERR_NO_OFF, "witness", "no memory");
    size_t n = st == OK ? codes_of(kb, code) : 0, together;
    buf_u16(out, (uint16_t)n_rule);
    for (size_t i = 0; i < n && st == OK; i += together) {
        together = n - i < TOGETHER ? n - i : TOGETHER;
        st = witness_codes(kb, base, code + i, together, w, e);
        for (size_t k = 0; k < together && st == OK; k++) {
            buf_u16(out, (uint16_t)code[i + k]);
            for (const struct witness_code *r = w + k * n_rule; r < w + (k + 1) * n_rule; r++)
                buf_char(out, (char)r->speaks_for), buf_char(out, (char)r->against);
        }
    }
    free(code), free(w);
    return st == OK && out->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "witness", "no memory") : st;
}

/* --- events and settings: the tests of rules */
static struct str value_of(const struct test_fact *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (str_eq(f->field[i].name, str_of(name)))
            return f->field[i].value;
    return (struct str){0};
}

static bool is_event(const struct test_fact *f, const struct kb_event *e)
{
    int64_t id;
    return (str_eq(f->kind, STR("event")) || str_eq(f->kind, STR("fold")))
           && str_eq_ci(value_of(f, "provider"), e->provider) && str_i64(value_of(f, "id"), &id)
           && id == e->id;
}

/* "SYSTEM\CurrentControlSet\…" of a fact, hive and path of a setting; '*' stands for one key. */
static bool is_at(struct str path, const struct kb_setting *s)
{
    struct str at = s->path;
    if (!str_eq_ci(str_cut(&path, '\\'), s->hive))
        return false;
    while (at.n && path.n) {
        struct str want = str_cut(&at, '\\'), have = str_cut(&path, '\\');
        if (!str_eq(want, STR("*")) && !str_eq_ci(want, have))
            return false;
    }
    return !at.n && !path.n;
}

static bool is_value(const struct test_fact *f, const struct kb_setting *s)
{
    return str_eq(f->kind, STR("value")) && str_eq_ci(value_of(f, "name"), s->value)
           && is_at(value_of(f, "path"), s);
}

struct cites {
    struct casedb *base;
    const struct kb *kb;
    const struct kb_event *event;
    const struct kb_setting *setting;
    struct witness_cited *out;
};

static bool occurs(const struct cites *w, const struct rule_test *t)
{
    for (size_t k = 0; k < t->n_fact; k++)
        if (w->event ? is_event(&t->fact[k], w->event) : is_value(&t->fact[k], w->setting))
            return true;
    return false;
}

static void add_value(struct witness_cited *o, unsigned which, struct str value)
{
    char text[WITNESS_TEXT];
    snprintf(text, sizeof text, "%.*s", (int)(value.n < sizeof text ? value.n : sizeof text - 1),
             value.n ? value.p : "");
    for (size_t i = 0; i < o->n_value[which]; i++)
        if (!strcmp(o->value[which][i], text))
            return;
    if (o->n_value[which] < WITNESS_VALUES)
        memcpy(o->value[which][o->n_value[which]++], text, sizeof text);
}

/* role, provider or path, id or name, value */
static enum status take_cited(void *ctx, const struct cell *c, const char *const *name, size_t n,
                              struct err *e)
{
    struct cites *w = ctx;
    unsigned role = 0;
    (void)name, (void)n, (void)e;
    if (w->event ? !str_eq_ci(c[1].s, w->event->provider) || c[2].i != w->event->id
                 : !is_at(c[1].s, w->setting) || !str_eq_ci(c[2].s, w->setting->value))
        return OK;
    while (role < ROLES && !str_eq(c[0].s, str_of(role_names[role])))
        role++;
    if (role == ROLES)
        return OK;
    w->out->roles |= 1u << role;
    if (w->setting && role != ROLE_SYMPTOM)
        add_value(w->out, role == ROLE_CONTRADICTS, c[3].s);
    return OK;
}

static enum status run_test(struct cites *w, const struct rule *r, const struct rule_test *t, struct err *e)
{
    enum status st = case_mark(w->base, e), undone;
    if (st != OK)
        return st;
    if ((st = ruletest_facts(w->base, r, t, e)) == OK && (st = derive_tables(w->base, w->kb, e)) == OK
        && (st = coverage(w->base, w->kb, e)) == OK && (st = diagnose_rules(w->base, w->kb, r, 1, e)) == OK)
        st = case_named(w->base, w->event ? Q_CITED_EVENTS : Q_CITED_VALUES, "", NULL, take_cited, w, e);
    undone = case_rewind(w->base, st == OK ? e : NULL);
    return st == OK ? undone : st;
}

enum {
    OF_A_KIND = 2
}; /* tests of a rule that are run, of those that end in the cause and of those that rule it out */

static enum status cited(const struct kb *kb, struct casedb *base, const struct kb_event *event,
                         const struct kb_setting *setting, struct witness_cited *out, struct err *e)
{
    size_t n;
    const struct rule *r = kb_rules(kb, &n);
    struct cites w = {.base = base, .kb = kb, .event = event, .setting = setting};
    enum status st = OK;
    for (size_t i = 0; i < n && st == OK; i++) {
        size_t tried[2] = {0};
        out[i] = (struct witness_cited){0}, w.out = &out[i];
        for (size_t t = 0; t < r[i].n_test && st == OK; t++) {
            unsigned kinds = test_kinds(&r[i].test[t]);
            bool against = kinds & 1u << TEST_CONTRADICTED;
            if (!(kinds & (1u << TEST_POSITIVE | 1u << TEST_CONTRADICTED)) || !occurs(&w, &r[i].test[t])
                || tried[against]++ >= OF_A_KIND)
                continue;
            st = run_test(&w, &r[i], &r[i].test[t], e);
        }
    }
    return st;
}

enum status witness_event(const struct kb *kb, struct casedb *base, const struct kb_event *event,
                          struct witness_cited *out, struct err *e)
{
    return cited(kb, base, event, NULL, out, e);
}

enum status witness_setting(const struct kb *kb, struct casedb *base, const struct kb_setting *setting,
                            struct witness_cited *out, struct err *e)
{
    return cited(kb, base, NULL, setting, out, e);
}

size_t witness_fields(const struct kb *kb, const struct kb_event *event, struct str *out, size_t cap)
{
    size_t n, found = 0;
    const struct rule *r = kb_rules(kb, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t t = 0; t < r[i].n_test; t++)
            for (size_t k = 0; k < r[i].test[t].n_fact; k++) {
                const struct test_fact *f = &r[i].test[t].fact[k];
                struct json j;
                struct str name;
                if (!is_event(f, event))
                    continue;
                json_of(&j, value_of(f, str_eq(f->kind, STR("fold")) ? "key" : "data"));
                for (enum json_kind kind; found < cap && (kind = json_next(&j, &name)) > JSON_END;) {
                    size_t at = 0;
                    if (kind != JSON_NAME)
                        continue;
                    while (at < found && !str_eq_ci(out[at], name))
                        at++;
                    if (at == found)
                        out[found++] = name;
                }
            }
    return found;
}
