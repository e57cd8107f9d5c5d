#include "diagnose/rulelint.h"
#include "base/utf.h"
#include "case/casedb.h"
#include "case/named.h"
#include "diagnose/diagnose.h"
#include "diagnose/ruletest.h"
#include <stdarg.h>
#include <stdio.h>

struct lint {
    const struct kb *kb;
    struct casedb *base;
    const struct rule *rule;
    struct buf *out;
    size_t problems;
};

static void PRINTF_LIKE(3, 4) problem(struct lint *l, unsigned line, const char *fmt, ...)
{
    char why[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    buf_printf(l->out, "%.*s:%u: ", STR_ARG(l->rule->file), line);
    buf_term(l->out, str_of(why)), buf_char(l->out, '\n');
    l->problems++;
}

static bool among(struct str s, const char *const *words)
{
    for (; *words; words++)
        if (str_eq(s, str_of(*words)))
            return true;
    return false;
}

/* --- header */
static bool is_uuid4(struct str s)
{
    static const char form[] = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
    for (size_t i = 0; i < s.n && s.n == sizeof form - 1; i++) {
        bool hex = is_digit(s.p[i]) || (s.p[i] >= 'a' && s.p[i] <= 'f');
        if (form[i] == 'x' ? !hex : form[i] == 'y' ? !s.p[i] || !strchr("89ab", s.p[i]) : s.p[i] != form[i])
            return false;
    }
    return s.n == sizeof form - 1;
}

static bool is_snake(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || is_digit(s.p[i]) || s.p[i] == '_'))
            return false;
    return s.n > 0;
}

static bool is_date(struct str s)
{
    for (size_t i = 0; i < s.n && s.n == 10; i++)
        if (i == 4 || i == 7 ? s.p[i] != '-' : s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n == 10;
}

static void header(struct lint *l)
{
    static const char *const status[] = {"stable", "test", "experimental", NULL}, *const level[] = {
                                                                                      "informational", "low",
                                                                                      "medium",        "high",
                                                                                      "critical",      NULL};
    const struct rule *r = l->rule;
    char name[256];
    snprintf(name, sizeof name, "rules/%.*s.yml", STR_ARG(r->name));
    if (!is_uuid4(r->id))
        problem(l, r->at.line, "id: expected a lower-case UUID of version 4");
    if (!is_snake(r->name) || !str_eq(r->file, str_of(name)))
        problem(l, 1, "name: expected lower case with underscores, and the file to be rules/<name>.yml");
    if (!among(r->status, status))
        problem(l, 1, "status: expected stable, test or experimental");
    if (!among(r->level, level))
        problem(l, 1, "level: expected informational, low, medium, high or critical");
    if (!is_date(r->date) || (r->modified.n && !is_date(r->modified)))
        problem(l, 1, "date, modified: expected YYYY-MM-DD");
    if (!r->author.n || !r->n_reference || !r->n_tag)
        problem(l, 1, "author, references and tags: expected all three");
}

static void cause(struct lint *l)
{
    size_t n;
    const struct kb_cause *c = kb_causes(l->kb, &n);
    for (size_t i = 0; i < n; i++)
        if (str_eq(c[i].name, l->rule->cause))
            return;
    problem(l, l->rule->line_cause, "cause: '%.*s' is none of the stable identifiers (causes.yml)",
            STR_ARG(l->rule->cause));
}

/* --- artefacts and advice */
static bool known_artifact(const struct lint *l, struct str name)
{
    size_t n;
    const struct kb_artifact *a = kb_artifacts(l->kb, &n);
    for (size_t i = 0; i < n; i++)
        if (str_eq(a[i].name, name))
            return true;
    struct str rest = name, channel = str_cut(&rest, ':'); /* "Security:Logon failure" */
    return rest.n && known_artifact(l, channel);
}

static void advice(struct lint *l)
{
    const struct rule *r = l->rule;
    if (!r->n_require)
        problem(l, 1, "requires: expected at least one artefact");
    for (size_t i = 0; i < r->n_require; i++)
        for (size_t k = 0; k < r->require[i].n; k++)
            if (!known_artifact(l, r->require[i].artifact[k]))
                problem(l, 1, "requires: artefact '%.*s' is not in artifacts.yml",
                        STR_ARG(r->require[i].artifact[k]));
    for (size_t i = 0; i < r->n_collect; i++)
        if (!known_artifact(l, r->collect[i].artifact))
            problem(l, 1, "collect: artefact '%.*s' is not in artifacts.yml",
                    STR_ARG(r->collect[i].artifact));
    if (!r->n_remedy)
        problem(l, 1, "remediation: expected at least one");
}

/* --- SQL */
static bool reads_clock(struct str sql)
{
    static const char *const words[] = {"'now'",      "current_time", "current_date", "julianday()",
                                        "datetime()", "date()",       "time()",       "unixepoch()"};
    for (size_t i = 0; i < sql.n; i++)
        for (size_t k = 0; k < LEN(words); k++)
            if (str_starts_ci((struct str){sql.p + i, sql.n - i}, str_of(words[k])))
                return true;
    return false;
}

/* --- a rule that comes with the program is read by people: short lines, and the words of rules
 * (knowledge/README.md) */
enum { COLUMNS = 120, TICKS = 8, LONG_SQL = 12 };

static void lines(struct lint *l)
{
    unsigned line = 1;
    for (struct str rest = l->rule->text; rest.n; line++) {
        struct str s = str_cut(&rest, '\n');
        size_t n = 0;
        for (size_t i = 0; i < s.n; n++)
            utf8_next(s, &i);
        if (n > COLUMNS)
            problem(l, line, "a line of %zu columns, at most %d", n, COLUMNS);
    }
}

/* The next token of SQL that is neither blank nor comment: a name or number, a literal with its quotes, or
 * one character. Empty at the end. */

static struct str token(struct str *s)
{
    while (s->n && (strchr(" \t\r\n", s->p[0]) || str_starts_ci(*s, STR("--"))))
        if (s->p[0] == '-')
            str_cut(s, '\n');
        else
            s->p++, s->n--;
    struct str t = {s->p, 0};
    if (s->n && s->p[0] == '\'') {
        do
            t.n++;
        while (t.n < s->n && s->p[t.n] != '\'');
        t.n += t.n < s->n;
    } else {
        while (t.n < s->n && is_word(s->p[t.n]))
            t.n++;
        t.n += !t.n && s->n;
    }
    s->p += t.n, s->n -= t.n;
    return t;
}

static bool is_number(struct str t) { return t.n && is_digit(t.p[0]); }

static enum status found_one(void *ctx, const struct cell *c, const char *const *name, size_t n,
                             struct err *e)
{
    (void)c, (void)name, (void)n, (void)e;
    return *(bool *)ctx = true, OK;
}

static bool known_family(const struct lint *l, struct str quoted)
{
    struct value v = val_s((struct str){quoted.p + 1, quoted.n - 2});
    bool found = false;
    case_named(l->base, Q_FAMILY, "s", &v, found_one, &found, NULL);
    return found;
}

/* Numbers of ticks, lists of codes, families nobody knows, and printf, which makes a number of NULL. */
static void words(struct lint *l, const struct indicator *ind)
{
    struct str rest = ind->sql, last[4] = {{0}};
    const char *role = role_names[ind->role];
    bool family = false;
    for (struct str t; (t = token(&rest)).n;
         memmove(last + 1, last, sizeof last - sizeof *last), last[0] = t) {
        struct str what = str_eq_ci(last[2], STR("NOT")) ? last[3] : last[2];
        bool listed = str_eq(last[0], STR("(")) && str_eq_ci(last[1], STR("IN"));
        if (is_number(t) && t.n >= TICKS)
            problem(l, ind->line, "%s: %.*s: expected seconds(), minutes(), hours() or days()", role,
                    STR_ARG(t));
        if (listed && is_number(t) && str_eq_ci(what, STR("win32")))
            problem(l, ind->line, "%s: a list of codes: expected code_in(win32, 'family') of families.yml",
                    role);
        if (str_eq_ci(t, STR("printf")) || str_eq_ci(t, STR("format")))
            problem(l, ind->line, "%s: printf says 0x0 for NULL: expected hex_of()", role);
        family |= str_eq_ci(t, STR("code_in"));
        if (family && t.p[0] == '\'') {
            family = false;
            if (!known_family(l, t))
                problem(l, ind->line, "%s: families.yml has no family %.*s", role, STR_ARG(t));
        }
    }
}

size_t rulelint_long(const struct rule *rule)
{
    size_t n = 0;
    for (size_t k = 0; k < rule->n_ind; k++) {
        struct str sql = str_trim(rule->ind[k].sql);
        size_t lines = 1;
        for (size_t i = 0; i < sql.n; i++)
            lines += sql.p[i] == '\n';
        n += lines >= LONG_SQL;
    }
    return n;
}

enum { MAX_NAMES = 24 };

/* Names between braces, with a NUL behind each in text. */
static size_t template_names(struct str s, char *text, size_t cap, const char **name, size_t max)
{
    size_t n = 0, at = 0;
    while (s.n && n < max) {
        str_cut(&s, '{');
        struct str rest = s, word = str_cut(&rest, '}');
        if (word.n == s.n || at + word.n + 1 > cap)
            break;
        name[n++] = text + at;
        memcpy(text + at, word.p, word.n), at += word.n, text[at++] = 0;
        s = rest;
    }
    return n;
}

/* The columns a result must have; does the query compile, and which of n names does it give? */
static const char *const must[] = {"evidence_id", "host", "subject", "time"};
static bool compiles(struct lint *l, const struct indicator *ind, const char *const *name, bool *has,
                     size_t n)
{
    char line[300];
    struct err e = {0};
    if (case_check(l->base, ind->sql, name, has, n, &e) != OK)
        return problem(l, ind->line, "%s: %s", role_names[ind->role], err_line(&e, line, sizeof line)), false;
    for (size_t i = 0; i < LEN(must); i++)
        if (!has[i])
            problem(l, ind->line, "%s: the result has no column %s", role_names[ind->role], name[i]);
    return true;
}

static void one_indicator(struct lint *l, const struct indicator *ind)
{
    const char *name[LEN(must) + MAX_NAMES];
    bool has[LEN(must) + MAX_NAMES];
    char text[1024];
    memcpy(name, must, sizeof must);
    size_t n = LEN(must) + template_names(ind->explain, text, sizeof text, name + LEN(must), MAX_NAMES);
    if (!compiles(l, ind, name, has, n))
        return;
    for (size_t i = LEN(must); i < n; i++)
        if (!has[i])
            problem(l, ind->line, "%s: explain names {%s}, which is no column of the result",
                    role_names[ind->role], name[i]);
    if (reads_clock(ind->sql))
        problem(l, ind->line, "%s: the answer must not depend on the clock", role_names[ind->role]);
    if (l->rule->embedded)
        words(l, ind);
}

static void indicators(struct lint *l)
{
    bool seen[ROLES] = {false};
    for (size_t i = 0; i < l->rule->n_ind; i++) {
        seen[l->rule->ind[i].role] = true;
        one_indicator(l, &l->rule->ind[i]);
    }
    /* a cause that files cannot prove has compatible rows alone: it never rises above possible */
    seen[ROLE_CAUSE] |= seen[ROLE_COMPATIBLE];
    static const enum role roles[] = {ROLE_SYMPTOM, ROLE_CAUSE, ROLE_CONTRADICTS};
    for (size_t i = 0; i < LEN(roles); i++)
        if (!seen[roles[i]])
            problem(l, l->rule->ind[0].line, "indicators: none with role %s", role_names[roles[i]]);
    bool proves = rule_ceiling(l->rule) == V_CONFIRMED;
    if (proves == (l->rule->would_prove.n > 0) && (proves || l->rule->embedded))
        problem(l, 1, "would_prove: expected %s",
                proves ? "none, a link is what proves" : "what would prove it, as no indicator is a link");
    const char *name[MAX_NAMES];
    char text[1024];
    size_t n = template_names(l->rule->explanation, text, sizeof text, name, MAX_NAMES);
    for (size_t i = 0; i < n; i++)
        if (strcmp(name[i], "subject") != 0 && strcmp(name[i], "host") != 0)
            problem(l, 1, "explanation: {%s}, expected {subject} or {host}", name[i]);
}

/* --- tests */
const char *const test_kind_names[TEST_KINDS] = {"positive",     "contradicted", "missing evidence",
                                                 "hostile text", "two hosts",    "two boots"};

/* Markup, control characters or what turns text around. */
static bool is_hostile(struct str s)
{
    for (size_t i = 0; i < s.n;) {
        uint32_t u = utf8_next(s, &i);
        if (u == '<' || u < 0x20 || u == 0x7f || (u >= 0x202a && u <= 0x202e) || (u >= 0x2066 && u <= 0x2069))
            return true;
        /* the same inside the JSON of an event's data */
        if (u == '\\' && i + 1 < s.n && s.p[i] == 'u' && s.p[i + 1] == '0')
            return true;
    }
    return false;
}

static struct str fact_field(const struct test_fact *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (str_eq(f->field[i].name, str_of(name)))
            return f->field[i].value;
    return (struct str){0};
}

/* Windows starts: Kernel-General 12, EventLog 6005, 6008, 6009, Security 4608. */
static bool is_start(const struct test_fact *f)
{
    static const struct {
        const char *provider;
        int64_t id;
    } rows[] = {{"Microsoft-Windows-Kernel-General", 12},
                {"EventLog", 6005},
                {"EventLog", 6008},
                {"EventLog", 6009},
                {"Microsoft-Windows-Security-Auditing", 4608}};
    int64_t id;
    for (size_t i = 0; i < LEN(rows); i++)
        if (str_eq(f->kind, STR("event")) && str_eq_ci(fact_field(f, "provider"), str_of(rows[i].provider))
            && str_i64(fact_field(f, "id"), &id) && id == rows[i].id)
            return true;
    return false;
}

static struct str host_in(const struct test_fact *f)
{
    struct str host = fact_field(f, "host");
    return host.n ? str_cut(&host, '.') : STR("PC1");
}

/* A start with events of that host on both sides, or an earlier start. */
static bool two_boots(const struct rule_test *t, const struct test_fact *start)
{
    struct str at = fact_field(start, "time"), host = host_in(start);
    bool before = false, behind = false;
    for (size_t i = 0; i < t->n_fact; i++) {
        const struct test_fact *f = &t->fact[i];
        if (!str_eq(f->kind, STR("event")) || !str_eq_ci(host_in(f), host))
            continue;
        int order = str_cmp(fact_field(f, "time"), at); /* RFC 3339 */
        before |= order<0, behind |= order> 0;
        if (order < 0 && is_start(f))
            return true;
    }
    return before && behind;
}

unsigned test_kinds(const struct rule_test *t)
{
    unsigned bits = 0;
    for (size_t i = 0; i < t->n_expect; i++) {
        enum verdict v = verdict_of(t->expect[i].verdict);
        bits |= v == V_RULED_OUT                          ? 1u << TEST_CONTRADICTED
                : v == V_UNDETERMINED                     ? 1u << TEST_MISSING
                : v < VERDICTS && verdict_words[v].claims ? 1u << TEST_POSITIVE
                                                          : 0;
    }
    for (size_t i = 0; i < t->n_fact; i++)
        for (size_t k = 0; k < t->fact[i].n; k++)
            if (is_hostile(t->fact[i].field[k].value))
                bits |= 1u << TEST_HOSTILE;
    for (size_t i = 0; i < t->n_fact; i++) {
        bits |= is_start(&t->fact[i]) && two_boots(t, &t->fact[i]) ? 1u << TEST_BOOTS : 0;
        bits |= str_eq_ci(host_in(&t->fact[i]), host_in(&t->fact[0])) ? 0 : 1u << TEST_HOSTS;
    }
    return bits;
}

/* For each requirement that decides a test in which nothing of it was read, and the cause undetermined. */
static void missing(struct lint *l)
{
    for (size_t i = 0; i < l->rule->n_require; i++) {
        const struct requirement *q = &l->rule->require[i];
        bool shown = q->for_role != ROLE_CAUSE;
        for (size_t t = 0; t < l->rule->n_test && !shown; t++) {
            const struct rule_test *test = &l->rule->test[t];
            shown = test_kinds(test) >> TEST_MISSING & 1;
            for (size_t k = 0; k < q->n && shown; k++) {
                struct str name = q->artifact[k]; /* "Security:Logon failure" is of Security */
                shown = !ruletest_reads(test, str_cut(&name, ':'));
            }
        }
        if (!shown)
            problem(l, l->rule->line_tests, "tests: none of kind 'missing evidence' without %.*s",
                    STR_ARG(q->artifact[0]));
    }
}

static void tests(struct lint *l)
{
    unsigned bits = 0, against = 0;
    for (size_t i = 0; i < l->rule->n_test; i++) {
        bits |= test_kinds(&l->rule->test[i]);
        against += test_kinds(&l->rule->test[i]) >> TEST_CONTRADICTED & 1;
        if (l->rule->test[i].n_expect > 64)
            problem(l, l->rule->test[i].line, "test: at most 64 expectations are compared");
        for (size_t k = 0; k < i; k++)
            if (str_eq(l->rule->test[k].name, l->rule->test[i].name))
                problem(l, l->rule->test[i].line, "test: the name '%.*s' again",
                        (int)(l->rule->test[i].name.n < 80 ? l->rule->test[i].name.n : 80),
                        l->rule->test[i].name.p);
    }
    for (unsigned k = 0; k < (l->rule->embedded ? TEST_KINDS : TEST_ASKED); k++)
        if (!(bits & 1u << k))
            problem(l, l->rule->line_tests, "tests: none of kind '%s'", test_kind_names[k]);
    if (l->rule->embedded && against == 1)
        problem(l, l->rule->line_tests,
                "tests: one of kind 'contradicted', expected the twin and what looks alike");
    if (l->rule->embedded)
        missing(l);
}

size_t rulelint(const struct kb *kb, struct casedb *base, const struct rule *rule, struct buf *out)
{
    struct lint l = {kb, base, rule, out, 0};
    header(&l), cause(&l), advice(&l), indicators(&l), tests(&l);
    if (rule->embedded)
        lines(&l);
    return l.problems;
}

enum status rules_usable(const struct kb *kb, struct err *e)
{
    struct casedb *base = NULL;
    struct buf out = {0};
    size_t n = 0;
    const struct rule *rule = kb_rules(kb, &n);
    enum status st = ruletest_base(kb, &base, e);
    for (size_t i = 0; i < n && st == OK; i++) {
        struct lint l = {kb, base, &rule[i], &out, 0};
        bool has[LEN(must)];
        cause(&l);
        for (size_t k = 0; k < rule[i].n_ind; k++)
            compiles(&l, &rule[i].ind[k], must, has, LEN(must));
        struct str rest = buf_view(&out), first = str_cut(&rest, '\n');
        if (l.problems)
            st = err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "%.*s", STR_ARG(first));
    }
    buf_free(&out);
    case_close(base);
    return st;
}
