#include "diagnose/witness.h"
#include "base/json.h"
#include "base/limits.h"
#include "case/casedb.h"
#include "case/named.h"
#include "diagnose/diagnose.h"
#include "diagnose/rulelint.h"
#include "diagnose/ruletest.h"
#include <stdio.h>

const char *const witness_kind_names[W_KINDS] = {"task", "service", "share", "bits", "logon"};

/* --- codes: one failure of each kind, on a host whose other evidence is missing. subject: by which its
 * finding is known again; %u: the code, %x: in an HRESULT */
static const struct probe {
    const char *channel, *provider, *id, *subject, *data;
} probes[W_KINDS] = {
    [W_TASK] = {"Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "101",
                "\\witness",
                "{\"TaskName\":\"\\\\witness\",\"UserContext\":\"CORP\\\\who\",\"ResultCode\":%u}"},
    [W_SERVICE] = {"System", "Service Control Manager", "7000", "witness",
                   "{\"param1\":\"witness\",\"param2\":\"%%%%%u\"}"},
    [W_SHARE] =
        {"Microsoft-Windows-SmbClient/Security", "Microsoft-Windows-SMBClient", "31001",
         "witness.corp.example",
         "{\"ServerName\":\"\\\\witness.corp.example\",\"UserName\":\"CORP\\\\who\",\"SecurityStatus\":%u}"},
    [W_BITS] = {"Microsoft-Windows-Bits-Client/Operational", "Microsoft-Windows-Bits-Client", "61", "the job",
                "{\"name\":\"the job\",\"Id\":\"1\",\"hr\":%u}"},
    [W_LOGON] = {"Security", "Microsoft-Windows-Security-Auditing", "4625", "who",
                 "{\"TargetUserName\":\"who\",\"TargetDomainName\":\"CORP\",\"LogonType\":3,\"Status\":%u,"
                 "\"SubStatus\":0}"}};

enum { PROBE_FIELDS = 5, LOG_FIELDS = 3 };
struct stage {
    char data[W_KINDS][256];
    struct test_field field[W_KINDS][PROBE_FIELDS], span[W_KINDS][LOG_FIELDS];
    struct test_fact fact[2 * W_KINDS];
    struct rule_test test;
};

static struct test_field text(const char *name, const char *value)
{
    return (struct test_field){str_of(name), str_of(value), false};
}

static void set_stage(struct stage *s, int64_t win32)
{
    unsigned hresult = 0x80070000u | (unsigned)(win32 & 0xffff);
    for (size_t k = 0; k < W_KINDS; k++) {
        const struct probe *p = &probes[k];
        snprintf(s->data[k], sizeof s->data[k], p->data, k == W_SERVICE ? (unsigned)win32 : hresult);
        const struct test_field field[PROBE_FIELDS] = {
            text("provider", p->provider), text("channel", p->channel), text("id", p->id),
            text("time", "2026-03-02T09:10:00Z"), text("data", s->data[k])};
        const struct test_field span[LOG_FIELDS] = {text("channel", p->channel), text("from", "2026-03-01"),
                                                    text("to", "2026-03-09")};
        memcpy(s->field[k], field, sizeof field), memcpy(s->span[k], span, sizeof span);
        s->fact[2 * k] = (struct test_fact){STR("log"), s->span[k], LOG_FIELDS};
        s->fact[2 * k + 1] = (struct test_fact){STR("event"), s->field[k], PROBE_FIELDS};
    }
    s->test = (struct rule_test){.name = STR("witness"), .fact = s->fact, .n_fact = LEN(s->fact)};
}

struct judge {
    const struct rule *rule;
    size_t n_rule;
    struct witness_code *out;
    unsigned own; /* of the rule that is asked */
};

static unsigned kind_of(struct str subject)
{
    for (unsigned k = 0; k < W_KINDS; k++)
        if (str_eq_ci(subject, str_of(probes[k].subject)))
            return 1u << k;
    return 0;
}

/* A symptom without a column `own` is its own. */
static enum status take_symptom(void *ctx, const struct cell *c, const char *const *name, size_t n,
                                struct err *e)
{
    struct judge *j = ctx;
    struct str subject = {0};
    bool own = true;
    (void)e;
    for (size_t i = 0; i < n; i++) {
        if (str_eq_ci(str_of(name[i]), STR("subject")) && !c[i].null)
            subject = c[i].s;
        if (str_eq_ci(str_of(name[i]), STR("own")))
            own = !c[i].null && c[i].i;
    }
    j->own |= own ? kind_of(subject) : 0;
    return OK;
}

/* rule, subject, verdict */
static enum status take_verdict(void *ctx, const struct cell *c, const char *const *name, size_t n,
                                struct err *e)
{
    struct judge *j = ctx;
    (void)name, (void)n, (void)e;
    for (size_t i = 0; i < j->n_rule; i++)
        if (str_eq(j->rule[i].name, c[0].s) && str_eq(c[2].s, STR("ruled_out")))
            j->out[i].against |= kind_of(c[1].s);
    return OK;
}

enum status witness_code(const struct kb *kb, struct casedb *base, int64_t win32, struct witness_code *out,
                         struct err *e)
{
    struct judge j = {.out = out};
    struct stage stage;
    j.rule = kb_rules(kb, &j.n_rule);
    memset(out, 0, j.n_rule * sizeof *out);
    if (!j.n_rule || win32 <= 0 || win32 > UINT16_MAX)
        return OK;
    set_stage(&stage, win32);
    enum status st = case_mark(base, e), undone;
    if (st != OK)
        return st;
    if ((st = ruletest_facts(base, &j.rule[0], &stage.test, e)) == OK
        && (st = derive_tables(base, kb, e)) == OK && (st = coverage(base, kb, e)) == OK
        && (st = diagnose_rules(base, kb, j.rule, j.n_rule, e)) == OK)
        st = case_named(base, Q_VERDICTS, "", NULL, take_verdict, &j, e);
    for (size_t i = 0; i < j.n_rule && st == OK; i++) {
        j.own = 0;
        for (size_t k = 0; k < j.rule[i].n_ind && st == OK; k++)
            if (j.rule[i].ind[k].role == ROLE_SYMPTOM)
                st = case_guarded(base, j.rule[i].ind[k].sql, LIM_RULE_STEPS, take_symptom, &j, e);
        out[i].speaks_for = j.own & ~out[i].against;
    }
    undone = case_rewind(base, st == OK ? e : NULL);
    return st == OK ? undone : st;
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
