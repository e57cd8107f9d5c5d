/* kb_rule: a rule's file as struct rule, its tests and their facts with it, in the arena of the knowledge. It
 * refuses what kb_read refuses; whether a rule makes sense is rulelint's to say. */
#include "kb/kb_priv.h"
#include "base/buf.h"
#include "base/limits.h"

static enum status role_of(const struct kb_reader *r, unsigned line, struct str s, enum role *out,
                           struct err *e)
{
    for (unsigned i = 0; i < ROLES; i++)
        if (str_eq(s, str_of(role_names[i])))
            return *out = (enum role)i, OK;
    return kb_refuse(r, line, e, "role '%.*s', expected one of: symptom cause link compatible contradicts",
                     (int)(s.n < 40 ? s.n : 40), s.p);
}

/* Array of one element per child of a list (none: not given), filled by the loop that asked. */
static enum status array_for(const struct kb_reader *r, const struct node *list, const char *what,
                             size_t size, void *out, struct err *e)
{
    if (!list)
        return OK;
    enum status st = kb_list(r, list, what, e);
    if (st == OK && !(*(void **)out = arena_alloc(&r->kb->a, size, list->n + 1)))
        st = kb_full(r, e);
    return st;
}

static const struct node *first_of(const struct node *list) { return list ? list->child : NULL; }

struct require_entry {
    struct str artifact, for_role;
    struct strs any_of;
};
static const struct field require_fields[] = {FIELD(require_entry, artifact, F_STR, false, "artifact"),
                                              FIELD(require_entry, any_of, F_STRS, false, "any_of"),
                                              FIELD(require_entry, for_role, F_STR, true, "for")};

static enum status read_requires(const struct kb_reader *r, const struct node *list, struct rule *rule,
                                 struct err *e)
{
    enum status st = array_for(r, list, "requires", sizeof *rule->require, &rule->require, e);
    for (const struct node *c = first_of(list); c && st == OK; c = c->next) {
        struct require_entry v = {0};
        struct requirement *q = &rule->require[rule->n_require];
        if ((st = kb_map(r, c, "requirement", require_fields, LEN(require_fields), &v, e)) != OK
            || (st = role_of(r, c->line, v.for_role, &q->for_role, e)) != OK)
            break;
        if (!v.artifact.n == !v.any_of.n)
            return kb_refuse(r, c->line, e, "requirement: expected either artifact or any_of");
        q->artifact = v.any_of.p, q->n = v.any_of.n;
        if (v.artifact.n) {
            if (!(q->artifact = arena_alloc(&r->kb->a, sizeof *q->artifact, 1)))
                return kb_full(r, e);
            *q->artifact = v.artifact, q->n = 1;
        }
        rule->n_require++;
    }
    return st;
}

struct indicator_entry {
    struct str role, sql, explain;
};
static const struct field indicator_fields[] = {FIELD(indicator_entry, role, F_STR, true, "role"),
                                                FIELD(indicator_entry, sql, F_STR, true, "sql"),
                                                FIELD(indicator_entry, explain, F_STR, true, "explain")};

static enum status read_indicators(const struct kb_reader *r, const struct node *list, struct rule *rule,
                                   struct err *e)
{
    enum status st = array_for(r, list, "indicators", sizeof *rule->ind, &rule->ind, e);
    for (const struct node *c = first_of(list); c && st == OK; c = c->next) {
        struct indicator_entry v = {0};
        struct indicator *ind = &rule->ind[rule->n_ind++];
        if ((st = kb_map(r, c, "indicator", indicator_fields, LEN(indicator_fields), &v, e)) == OK)
            st = role_of(r, c->line, v.role, &ind->role, e);
        ind->sql = v.sql, ind->explain = v.explain, ind->line = c->line;
    }
    return st == OK && !rule->n_ind ? kb_refuse(r, list->line, e, "indicators: expected at least one") : st;
}

static const struct field collect_fields[] = {FIELD(collect, artifact, F_STR, true, "artifact"),
                                              FIELD(collect, command, F_STR, true, "command")};
static const struct field remedy_fields[] = {
    FIELD(remedy, text, F_STR, true, "text"), FIELD(remedy, risk, F_STR, true, "risk"),
    FIELD(remedy, reversible, F_STR, true, "reversible"), FIELD(remedy, verify, F_STR, true, "verify"),
    FIELD(remedy, when, F_STR, false, "when")};

static enum status read_advice(const struct kb_reader *r, const struct node *collect,
                               const struct node *remedies, struct rule *rule, struct err *e)
{
    enum status st = array_for(r, collect, "collect", sizeof *rule->collect, &rule->collect, e);
    for (const struct node *c = first_of(collect); c && st == OK; c = c->next)
        st = kb_map(r, c, "collect", collect_fields, LEN(collect_fields), &rule->collect[rule->n_collect++],
                    e);
    if (st == OK)
        st = array_for(r, remedies, "remediation", sizeof *rule->remedy, &rule->remedy, e);
    for (const struct node *c = first_of(remedies); c && st == OK; c = c->next) {
        struct remedy *v = &rule->remedy[rule->n_remedy++];
        if ((st = kb_map(r, c, "remedy", remedy_fields, LEN(remedy_fields), v, e)) == OK)
            st = kb_one_of(r, c->line, "risk", v->risk, "low medium high", e);
        for (struct str rest = v->when; rest.n && st == OK;)
            st = kb_one_of(
                r, c->line, "when", str_cut(&rest, ' '),
                "unconfirmed computer localservice member workgroup local domain own-domain elsewhere "
                "disabled expired must-change deleted netlogon-stopped shipped made task service",
                e);
    }
    return st;
}

/* --- tests */
static bool is_decimal(struct str s)
{
    size_t at = s.n && s.p[0] == '-';
    bool leading_zero = s.n > at + 1 && s.p[at] == '0';
    int64_t i;
    return s.n > at && is_digit(s.p[at]) && !leading_zero && str_i64(s, &i);
}

/* The data of an event as the parsers write it: unquoted decimals are numbers, true and false are booleans,
 * all else is text. */
static void put_json(struct buf *b, const struct node *n, unsigned depth)
{
    bool word = n->plain
                && (str_eq(n->s, STR("true")) || str_eq(n->s, STR("false")) || str_eq(n->s, STR("null")));
    if (n->kind == NODE_SCALAR && (word || (n->plain && is_decimal(n->s)))) {
        buf_str(b, n->s);
    } else if (n->kind == NODE_SCALAR) {
        buf_json(b, n->s);
    } else if (depth < LIM_YAML_DEPTH) {
        bool map = n->kind == NODE_MAP;
        buf_char(b, map ? '{' : '[');
        for (const struct node *c = n->child; c; c = c->next) {
            if (c != n->child)
                buf_char(b, ',');
            if (map)
                buf_json(b, c->key), buf_char(b, ':');
            put_json(b, c, depth + 1);
        }
        buf_char(b, map ? '}' : ']');
    } else {
        b->bad = true;
    }
}

static enum status read_fields(const struct kb_reader *r, const struct node *map, struct test_fact *f,
                               struct err *e)
{
    if (map->kind != NODE_MAP)
        return kb_refuse(r, map->line, e, "fact %.20s: expected a map of its fields", f->kind.p);
    if (!(f->field = arena_alloc(&r->kb->a, sizeof *f->field, map->n + 1)))
        return kb_full(r, e);
    for (const struct node *c = map->child; c; c = c->next) {
        struct test_field *t = &f->field[f->n++];
        struct buf b = {0};
        int64_t i;
        if (c->kind == NODE_SCALAR)
            buf_str(&b, c->s), t->number = c->plain && str_i64(c->s, &i);
        else
            put_json(&b, c, 0);
        t->name = arena_str(&r->kb->a, c->key),
        t->value = b.bad ? STR_NONE : arena_str(&r->kb->a, buf_view(&b));
        buf_free(&b);
        if (!t->name.p || !t->value.p)
            return kb_full(r, e);
    }
    return OK;
}

static enum status read_facts(const struct kb_reader *r, const struct node *list, struct rule_test *t,
                              struct err *e)
{
    enum status st = array_for(r, list, "facts", sizeof *t->fact, &t->fact, e);
    for (const struct node *c = first_of(list); c && st == OK; c = c->next) {
        struct test_fact *f = &t->fact[t->n_fact++];
        if (c->kind != NODE_MAP || c->n != 1)
            return kb_refuse(r, c->line, e, "fact: expected one 'kind: {fields}'");
        if (!(f->kind = arena_str(&r->kb->a, c->child->key)).p)
            return kb_full(r, e);
        st = kb_one_of(
            r, c->line, "fact", f->kind,
            "event fold log hive value key secret right audit lsa account lockout cached_logon task said", e);
        if (st == OK)
            st = read_fields(r, c->child, f, e);
    }
    return st;
}

static const struct field expect_fields[] = {
    FIELD(test_expect, host, F_STR, false, "host"), FIELD(test_expect, subject, F_STR, false, "subject"),
    FIELD(test_expect, verdict, F_STR, true, "verdict"), FIELD(test_expect, code, F_STR, false, "code"),
    FIELD(test_expect, count, F_STR, false, "count")};

static enum status read_expects(const struct kb_reader *r, const struct node *list, struct rule_test *t,
                                struct err *e)
{
    enum status st = array_for(r, list, "expect", sizeof *t->expect, &t->expect, e);
    for (const struct node *c = first_of(list); c && st == OK; c = c->next) {
        struct test_expect *x = &t->expect[t->n_expect++];
        if ((st = kb_map(r, c, "expect", expect_fields, LEN(expect_fields), x, e)) == OK)
            st = kb_one_of(r, c->line, "verdict", x->verdict, verdict_choices, e);
        if (!x->host.p)
            x->host = STR("PC1");
    }
    return st;
}

struct test_entry {
    struct str name;
    const struct node *facts, *expect;
};
static const struct field test_fields[] = {FIELD(test_entry, name, F_STR, true, "name"),
                                           FIELD(test_entry, facts, F_NODE, true, "facts"),
                                           FIELD(test_entry, expect, F_NODE, true, "expect")};

static enum status read_tests(const struct kb_reader *r, const struct node *list, struct rule *rule,
                              struct err *e)
{
    enum status st = array_for(r, list, "tests", sizeof *rule->test, &rule->test, e);
    for (const struct node *c = first_of(list); c && st == OK; c = c->next) {
        struct test_entry v = {0};
        struct rule_test *t = &rule->test[rule->n_test++];
        if ((st = kb_map(r, c, "test", test_fields, LEN(test_fields), &v, e)) != OK)
            break;
        t->name = v.name, t->line = c->line;
        if ((st = read_facts(r, v.facts, t, e)) == OK)
            st = read_expects(r, v.expect, t, e);
    }
    return st;
}

/* --- the rule */
struct rule_entry {
    struct str title, id, name, status, level, description, author, date, modified, cause, explanation,
        would_prove;
    struct strs references, tags;
    const struct node *requires, *indicators, *collect, *remediation, *tests;
};
static const struct field rule_fields[] = {FIELD(rule_entry, title, F_STR, true, "title"),
                                           FIELD(rule_entry, id, F_STR, true, "id"),
                                           FIELD(rule_entry, name, F_STR, true, "name"),
                                           FIELD(rule_entry, status, F_STR, true, "status"),
                                           FIELD(rule_entry, level, F_STR, true, "level"),
                                           FIELD(rule_entry, description, F_STR, true, "description"),
                                           FIELD(rule_entry, references, F_STRS, false, "references"),
                                           FIELD(rule_entry, author, F_STR, false, "author"),
                                           FIELD(rule_entry, date, F_STR, false, "date"),
                                           FIELD(rule_entry, modified, F_STR, false, "modified"),
                                           FIELD(rule_entry, tags, F_STRS, false, "tags"),
                                           FIELD(rule_entry, cause, F_STR, true, "cause"),
                                           FIELD(rule_entry, requires, F_NODE, true, "requires"),
                                           FIELD(rule_entry, indicators, F_NODE, true, "indicators"),
                                           FIELD(rule_entry, explanation, F_STR, true, "explanation"),
                                           FIELD(rule_entry, would_prove, F_STR, false, "would_prove"),
                                           FIELD(rule_entry, collect, F_NODE, false, "collect"),
                                           FIELD(rule_entry, remediation, F_NODE, false, "remediation"),
                                           FIELD(rule_entry, tests, F_NODE, false, "tests")};

enum status kb_read_rule(const struct kb_reader *r, const struct node *root, const struct source *s,
                         struct err *e)
{
    struct kb *kb = r->kb;
    struct rule_entry v = {0};
    enum status st = kb_map(r, root, "rule", rule_fields, LEN(rule_fields), &v, e);
    if (st != OK)
        return st;
    struct rule rule = {.at = {r->file, tree_get(root, "id")->line},
                        .id = v.id,
                        .name = v.name,
                        .title = v.title,
                        .status = v.status,
                        .level = v.level,
                        .description = v.description,
                        .author = v.author,
                        .date = v.date,
                        .modified = v.modified,
                        .cause = v.cause,
                        .file = str_of(r->file),
                        .explanation = v.explanation,
                        .would_prove = v.would_prove,
                        .reference = v.references.p,
                        .n_reference = v.references.n,
                        .tag = v.tags.p,
                        .n_tag = v.tags.n,
                        .text = s->text,
                        .embedded = s->embedded,
                        .line_cause = tree_get(root, "cause")->line,
                        .line_tests = v.tests ? v.tests->line : root->line};
    if ((st = read_requires(r, v.requires, &rule, e)) != OK
        || (st = read_indicators(r, v.indicators, &rule, e)) != OK
        || (st = read_advice(r, v.collect, v.remediation, &rule, e)) != OK
        || (st = read_tests(r, v.tests, &rule, e)) != OK)
        return st;
    if (!(kb->rule = kb_grow(kb, kb->rule, kb->n_rule, sizeof rule)))
        return kb_full(r, e);
    kb->rule[kb->n_rule++] = rule;
    return OK;
}
