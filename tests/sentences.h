/* sentences: does every sentence of every indicator hold against the facts it cites: each value in it (names,
 * numbers, codes, times, states) stands in one of them. The caller owns the case, the knowledge and the count
 * (struct sentences begins empty; its buffers end with sentences_free). What does not hold fails the test,
 * with the sentence and its citation, but beside the wrong record: there it is counted. */
#ifndef SENTENCES_H
#define SENTENCES_H
#include "base/buf.h"
#include "base/wintime.h"
#include "case/casedb.h"
#include "kb/kb.h"
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* --- facts at a place, as text: "column=value" lines */
struct facts {
    struct casedb *db;
    struct buf text;
};
static struct told {
    char id[40];
    struct buf text;
} told[4096];
static size_t n_told; /* of this case */

static enum status tell(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct buf *b = ctx;
    (void)e;
    for (size_t i = 0; i < n; i++) {
        char when[WINTIME_TEXT];
        if (c[i].null || c[i].type == COL_BLOB)
            continue;
        buf_z(b, name[i]), buf_char(b, '='), buf_str(b, c[i].s), buf_char(b, '\n');
        if (c[i].type == COL_INT && wintime_sane(c[i].i))
            buf_z(b, wintime_text(c[i].i, when)), buf_char(b, '\n');
    }
    return OK;
}

PRINTF_LIKE(2, 3) static void add_facts(struct facts *f, const char *fmt, ...)
{
    char sql[1000];
    struct err e = {0};
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(sql, sizeof sql, fmt, ap);
    va_end(ap);
    cr_assert(case_query(f->db, sql, NULL, NULL, 0, tell, &f->text, &e) == OK, "%s: %s", sql, e.why);
}

/* What lies at a place, from the tables of facts alone: nothing that was concluded. What is read off a record
 * by rule counts as its own: the names of its codes, the step between its two times, the host it is of. */
static void tell_place(struct facts *to, struct str id)
{
    int64_t file, off;
    size_t k = 0;
    while (k < n_told && !str_eq(str_of(told[k].id), id))
        k++;
    if (k < n_told) {
        buf_str(&to->text, buf_view(&told[k].text));
        return;
    }
    struct facts here = {.db = to->db}, *f = &here;
    cr_assert(case_place(id, &file, &off), "%.*s", STR_ARG(id));
    long long at = file, o = off;
    static const char *const tables[] = {"event",       "reg_value",    "reg_key",        "secret",
                                         "logon_right", "audit_policy", "lsa_name",       "cached_logon",
                                         "task_cache",  "sam_account",  "lockout_policy", "tool_said"};
    for (size_t i = 0; i < LEN(tables); i++)
        add_facts(f, "SELECT '%s' AS \"table\", * FROM %s WHERE file_id = %lld AND file_off = %lld",
                  tables[i], tables[i], at, o);
    add_facts(f, "SELECT * FROM fold WHERE file_id = %lld AND (file_off = %lld OR last_off = %lld)", at, o,
              o);
    add_facts(f,
              "SELECT j.value FROM event e, json_each(e.data) j WHERE e.file_id = %lld AND e.file_off = %lld",
              at, o);
    add_facts(f,
              "SELECT j.value FROM fold e, json_each(e.data) j WHERE e.file_id = %lld AND (e.file_off = %lld "
              "OR e.last_off = %lld)",
              at, o, o);
    add_facts(f,
              "SELECT x.raw, x.value, x.win32, x.symbol FROM event e JOIN error x ON x.event = e.id "
              "WHERE e.file_id = %lld AND e.file_off = %lld",
              at, o);
    add_facts(f,
              "SELECT CAST(round((julianday(data ->> 'NewTime') - julianday(coalesce(data ->> 'OldTime', "
              "data ->> 'PreviousTime'))) * 86400) AS INTEGER) AS step FROM event WHERE file_id = %lld AND "
              "file_off = %lld",
              at, o);
    add_facts(f,
              "SELECT CASE WHEN flags & 1 THEN 'disabled' ELSE 'enabled' END AS state FROM sam_account "
              "WHERE file_id = %lld AND file_off = %lld",
              at, o);
    add_facts(f,
              "SELECT c.symbol FROM task_cache t JOIN kb_code c ON c.space = 'win32' AND c.value = "
              "t.result & 0xffff "
              "WHERE t.file_id = %lld AND t.file_off = %lld",
              at, o);
    add_facts(f, "SELECT h.name FROM evidence v JOIN host h ON h.id = v.host_id WHERE v.id = %lld", at);
    buf_str(&to->text, buf_view(&here.text));
    cr_assert_lt(n_told, LEN(told));
    snprintf(told[n_told].id, sizeof told[n_told].id, "%.*s", STR_ARG(id));
    told[n_told++].text = here.text;
}

static void forget_places(void)
{
    while (n_told)
        buf_free(&told[--n_told].text);
}

/* --- values */
static const char *find(const char *text, const char *what, size_t n)
{
    for (; *text; text++)
        if (!strncasecmp(text, what, n))
            return text;
    return NULL;
}

static bool number(const char *p, size_t n, int64_t *v)
{
    char text[32], *end;
    if (!n || n >= sizeof text)
        return false;
    memcpy(text, p, n), text[n] = 0;
    bool hex = !strncasecmp(text, "0x", 2);
    *v = hex ? (int64_t)strtoull(text, &end, 16) : strtoll(text, &end, 10);
    return !*end && end > text;
}

static bool has_number(const char *text, int64_t want)
{
    for (const char *p = text; *p;) {
        if (!isalnum((unsigned char)*p)) {
            p++;
            continue;
        }
        const char *start = p > text && p[-1] == '-' ? p - 1 : p;
        int64_t v;
        while (isalnum((unsigned char)*p))
            p++;
        if (number(start, (size_t)(p - start), &v) && (v == want || (uint32_t)v == (uint32_t)want))
            return true;
        if (*start == '-' && number(start + 1, (size_t)(p - start - 1), &v) && v == want)
            return true;
    }
    return false;
}

/* Our own words, and what of a record they stand for: a text, or #number. "": they claim no more than that
 * nothing stands there. */
static const struct {
    const char *word, *is;
} words[] = {
    {"share", "SMBClient"},
    {"share", "OfflineFiles"},
    {"task", "TaskScheduler"},
    {"task", "task_cache"},
    {"service", "Service Control Manager"},
    {"service", "\\Services\\"},
    {"logon", "NETLOGON"},
    {"LocalSystem", "#999"},
    {"NetworkService", "#996"},
    {"LocalService", "#997"},
    {"anonymous", "#997"},
    {"A logon without a stored password (S4U)", "S4U"},
    {"SAM", "sam_account"},
    {"disabled", "#4725"},
    {"took", "#4718"},
    {"gave", "#4717"},
    {"from", "#4718"},
    {"to", "#4717"},
    {"Log on as a service", "SeServiceLogonRight"},
    {"Deny log on as a service", "SeDenyServiceLogonRight"},
    {"is set to", "reg_value"},
    {"is not set, which means", ""},
    {"is not set", ""},
    {"none", ""},
    {"nobody", ""},
    {"no code", ""},
    {"(not recorded)", ""},
    {"another user", ""},
    {"the caller", ""},
    {"an unknown time", ""},
    {"ERROR_NOT_LOGGED_ON", "#332"},
    {"ERROR_SMB_GUEST_LOGON_BLOCKED", "#31017"},
    {"ERROR_NTLM_BLOCKED", "#31023"},
    {"ERROR_LOGON_TYPE_NOT_GRANTED", "#7041"},
    {"ERROR_NO_USER_SESSION_KEY", "0x80070572"}, /* in the text of a program */
    {"since", "#4624"},
    {"since", "#7001"},
    {"older than its log, ended", "#4634"},
    {"older than its log, ended", "#4647"},
    {"older than its log, ended", "#7002"},
    {"older than its log, seen until", ""},
};

static bool word_holds(const char *text, const char *v, size_t n)
{
    for (size_t i = 0; i < LEN(words); i++)
        if (strlen(words[i].word) == n && !memcmp(words[i].word, v, n)) {
            const char *is = words[i].is;
            if (*is == '#' ? has_number(text, atoi(is + 1)) : !*is || find(text, is, strlen(is)))
                return true;
        }
    return false;
}

/* Does this value stand in the facts? A time to the second; a number in whatever base; a name whole, or each
 * part of DOMAIN\name. */
static bool holds(struct casedb *db, const char *text, const char *v, size_t n)
{
    int64_t want;
    if (!n)
        return false;
    if (n == 20 && v[10] == 'T' && v[19] == 'Z')
        return find(text, v, 19) != NULL;
    if (number(v, n, &want))
        return has_number(text, want);
    if (find(text, v, n) || word_holds(text, v, n))
        return true;
    if (n > 6 && !memcmp(v, "event ", 6) && number(v + 6, n - 6, &want))
        return has_number(text, want);
    const char *open = memchr(v, '(', n); /* "reset (4724)" */
    if (open && v[n - 1] == ')' && number(open + 1, (size_t)(v + n - open) - 2, &want))
        return has_number(text, want);
    if (memchr(v, '\\', n)) {
        const char *end = v + n;
        bool all = true;
        for (const char *p = v; p < end; p++) {
            const char *stop = memchr(p, '\\', (size_t)(end - p));
            stop = stop ? stop : end;
            if (stop > p && !(stop == p + 1 && *p == '.'))
                all &= find(text, p, (size_t)(stop - p)) != NULL;
            p = stop;
        }
        if (all)
            return true;
    }
    struct facts item = {.db = db}; /* a setting, told by the name of its value */
    struct err why = {0};
    struct value setting = val_s((struct str){v, n});
    cr_assert(case_query(db, "SELECT value FROM kb_setting WHERE name = ?1", &setting,
                         (enum col_type[]){COL_TEXT}, 1, tell, &item.text, &why)
              == OK);
    bool named = item.text.n > 7 && find(text, item.text.p + 6, item.text.n - 7) != NULL;
    buf_free(&item.text);
    if (named)
        return true;
    struct facts sid = {.db = db}; /* an account, told by its SID: a built-in one, or whose session it was */
    struct err e = {0};
    struct value name = val_s((struct str){v, n});
    cr_assert(case_query(db,
                         "SELECT sid FROM kb_account WHERE name = ?1 UNION ALL SELECT sid FROM session WHERE "
                         "user = ?1 AND sid > '' LIMIT 1",
                         &name, (enum col_type[]){COL_TEXT}, 1, tell, &sid.text, &e)
              == OK);
    const char *is = sid.text.n > 5 ? sid.text.p + 4 : NULL;
    bool so = is && find(text, is, sid.text.n - 5) != NULL;
    buf_free(&sid.text);
    return so;
}

/* Does a sentence come of this template, with values that all hold? n: how many it has. */
static bool comes_of(struct casedb *db, const char *text, struct str tpl, struct str said, size_t *n)
{
    while (tpl.n && *tpl.p != '{') {
        if (!said.n || *tpl.p != *said.p)
            return false;
        tpl.p++, tpl.n--, said.p++, said.n--;
    }
    if (!tpl.n)
        return !said.n;
    const char *end = memchr(tpl.p, '}', tpl.n);
    cr_assert(end);
    struct str rest = {end + 1, tpl.n - (size_t)(end + 1 - tpl.p)};
    for (size_t k = 1; k <= said.n; k++) {
        if (rest.n && *rest.p != '{' && (k == said.n || said.p[k] != *rest.p))
            continue;
        size_t more = 0;
        if (comes_of(db, text, rest, (struct str){said.p + k, said.n - k}, &more)
            && holds(db, text, said.p, k))
            return *n = more + 1, true;
    }
    return false;
}

/* --- sentences of a case */
struct sentence {
    char finding[24], rule[80], role[16];
    struct buf ids, said;
};
struct sentences {
    struct casedb *db;
    const struct kb *kb;
    struct sentence last;
    bool wrong_record; /* beside the first record of another provider */
    const char *name;
    size_t sentences, values, held, turn, rows;
};

static enum status next_record(void *ctx, const struct cell *c, const char *const *name, size_t n,
                               struct err *e)
{
    (void)name, (void)n, (void)e;
    buf_str(ctx, c[0].s), buf_char(ctx, ' ');
    return OK;
}

/* Without what folding in YAML leaves at the end. */
static struct str unfolded(struct str s)
{
    while (s.n && strchr(" \n", s.p[s.n - 1]))
        s.n--;
    return s;
}

static void judge_sentence(struct sentences *t)
{
    struct sentence *s = &t->last;
    if (!s->said.n || (t->wrong_record && t->turn++ % 3))
        return;
    struct facts f = {.db = t->db};
    struct buf ids = {0};
    for (struct str rest = buf_view(&s->ids), id; rest.n;) {
        if (!(id = str_cut(&rest, ' ')).n)
            continue;
        int64_t file, off;
        char sql[400];
        struct err e = {0};
        cr_assert(case_place(id, &file, &off));
        snprintf(sql, sizeof sql,
                 "SELECT printf('f%%d:0x%%x', file_id, file_off) FROM event WHERE provider <> coalesce("
                 "(SELECT provider FROM event WHERE file_id = %lld AND file_off = %lld), '') "
                 "ORDER BY file_id, file_off LIMIT 1",
                 (long long)file, (long long)off);
        if (!t->wrong_record)
            buf_str(&ids, id), buf_char(&ids, ' ');
        else
            cr_assert(case_query(t->db, sql, NULL, NULL, 0, next_record, &ids, &e) == OK);
    }
    for (struct str rest = buf_view(&ids), id; rest.n;)
        if ((id = str_cut(&rest, ' ')).n)
            tell_place(&f, id);
    buf_char(&f.text, 0);
    size_t n_rule, n = 0;
    const struct rule *rule = kb_rules(t->kb, &n_rule);
    bool known = false, held = false, any = false;
    for (size_t i = 0; i < n_rule; i++)
        for (size_t k = 0; str_eq(rule[i].name, str_of(s->rule)) && k < rule[i].n_ind; k++)
            if (!strcmp(role_names[rule[i].ind[k].role], s->role)) {
                known = true, any |= memchr(rule[i].ind[k].explain.p, '{', rule[i].ind[k].explain.n) != NULL;
                held |= comes_of(t->db, f.text.p, unfolded(rule[i].ind[k].explain), buf_view(&s->said), &n);
                if (held)
                    break;
            }
    cr_assert(known, "%s: no %s of %s", t->name, s->role, s->rule);
    if (!held && !t->wrong_record)
        cr_expect(held, "%s: %s, %s: does not stand in %.*s: %.*s", t->name, s->rule, s->role,
                  STR_ARG(buf_view(&s->ids)), STR_ARG(buf_view(&s->said)));
    if (any && (n || !held))
        t->sentences++, t->values += n, t->held += held;
    buf_free(&f.text), buf_free(&ids);
}

static enum status take_sentence(void *ctx, const struct cell *c, const char *const *name, size_t n,
                                 struct err *e)
{
    struct sentences *t = ctx;
    struct sentence *s = &t->last;
    (void)name, (void)n, (void)e;
    if (!c[4].null) {
        judge_sentence(t);
        s->ids.n = s->said.n = 0;
        snprintf(s->finding, sizeof s->finding, "%.*s", STR_ARG(c[0].s));
        snprintf(s->rule, sizeof s->rule, "%.*s", STR_ARG(c[1].s));
        snprintf(s->role, sizeof s->role, "%.*s", STR_ARG(c[2].s));
        buf_str(&s->said, c[4].s);
    }
    buf_str(&s->ids, c[3].s), buf_char(&s->ids, ' ');
    return OK;
}

/* Every sentence of a case. */
static void sentences_of(struct sentences *t, struct casedb *db)
{
    struct err e = {0};
    t->db = db;
    cr_assert(case_query(db,
                         "SELECT c.finding, f.rule, c.role, c.evidence_id, c.explain FROM citation c JOIN "
                         "finding f ON f.id = c.finding ORDER BY c.finding, c.role, c.ord",
                         NULL, NULL, 0, take_sentence, t, &e)
                  == OK,
              "%s", e.why);
    judge_sentence(t);
    t->last.said.n = 0;
    forget_places();
}

static void sentences_free(struct sentences *t) { buf_free(&t->last.ids), buf_free(&t->last.said); }
#endif
