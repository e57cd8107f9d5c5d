#include "diagnose.h"
#include "base/limits.h"
#include "base/wintime.h"
#include "casedb.h"
#include "kb.h"
#include <stdlib.h>

enum { RULE_ARENA = 256 << 20 };        /* reserved for one rule's rows, touched only as far as used */
enum verdict { NOTHING, CONFIRMED, LIKELY, POSSIBLE, LATENT, RULED_OUT, UNDETERMINED };
static const char *const verdict_names[] = {[NOTHING] = "none", [CONFIRMED] = "confirmed", [LIKELY] = "likely", [POSSIBLE] = "possible",
                                            [LATENT] = "latent", [RULED_OUT] = "ruled_out", [UNDETERMINED] = "undetermined"};

/* One row of an indicator. subject.p NULL: it speaks about the whole host. */
struct hit {
    enum role role;
    size_t host;
    struct str subject, evidence, also, explain;
    bool has_time, has_win32;
    int64_t time, win32;
};
struct host { int64_t id; struct str name; };
struct reach { int64_t host, file; struct str artifact; bool covers, any_time, has_file; int64_t from, to; };      /* a row of temp.reach */

struct engine {
    struct casedb *db;
    const struct kb *kb;
    struct arena a;                     /* hosts and reach; then, reset per rule, its rows */
    struct host *host; size_t n_host;
    struct reach *reach; size_t n_reach;
    const struct rule *rule;
    const struct indicator *ind;
    struct hit *hit; size_t n_hit, cap_hit;
    const struct hit **view;            /* as many as hits: the subject at hand, by role */
    size_t no_host, no_evidence;        /* rows that say nothing provable */
};

/* What speaks about one subject of one host. */
struct subject { size_t host; struct str name; const struct hit **hit[ROLES]; size_t n[ROLES]; };

static enum status no_room(struct err *e) { return err_set(e, E_LIMIT, ERR_NO_OFF, "diagnosis", "the rows of one rule do not fit in memory"); }
static enum status put(struct engine *g, const char *sql, const struct value *v, const char *types, struct err *e)
{
    enum col_type t[16];
    size_t n = strlen(types);
    for (size_t i = 0; i < n; i++)
        t[i] = types[i] == 'i' ? COL_INT : COL_TEXT;
    return case_run(g->db, sql, v, t, n, e);
}

/* --- order: by bytes, names without case, a missing time last */
static int cmp_i64(int64_t a, int64_t b) { return (a > b) - (a < b); }
static int cmp_ci(struct str a, struct str b)
{
    for (size_t i = 0; i < a.n && i < b.n; i++) {
        int x = a.p[i] >= 'A' && a.p[i] <= 'Z' ? a.p[i] + 32 : (unsigned char)a.p[i], y = b.p[i] >= 'A' && b.p[i] <= 'Z' ? b.p[i] + 32 : (unsigned char)b.p[i];
        if (x != y)
            return x - y;
    }
    return (a.n > b.n) - (a.n < b.n);
}
static int cmp_subject(struct str a, struct str b) { return !a.p || !b.p ? (a.p != NULL) - (b.p != NULL) : cmp_ci(a, b); }
static int cmp_moment(const struct hit *x, const struct hit *y)
{
    int c = x->has_time != y->has_time ? y->has_time - x->has_time : cmp_i64(x->time, y->time);
    c = c ? c : str_cmp(x->evidence, y->evidence);
    c = c ? c : str_cmp(x->also, y->also);
    return c ? c : str_cmp(x->explain, y->explain);
}
static int by_place(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;
    int c = x->host != y->host ? (x->host > y->host) - (x->host < y->host) : (int)x->role - (int)y->role;
    c = c ? c : cmp_subject(x->subject, y->subject);
    c = c ? c : cmp_moment(x, y);
    return c ? c : str_cmp(x->subject, y->subject);
}
static int by_moment(const void *a, const void *b) { return cmp_moment(*(const struct hit *const *)a, *(const struct hit *const *)b); }
static int by_evidence(const void *a, const void *b) { return str_cmp((*(const struct hit *const *)a)->evidence, (*(const struct hit *const *)b)->evidence); }
static int by_number(const void *a, const void *b) { return cmp_i64(*(const int64_t *)a, *(const int64_t *)b); }

/* --- {column} in texts */
static bool is_time_name(struct str s) { return str_eq_ci(s, STR("time")) || str_ends_ci(s, STR("_time")) || str_ends_ci(s, STR("_at")); }

static void put_time(struct buf *b, int64_t t)      /* to the second: the citation beside it has the rest */
{
    char text[WINTIME_TEXT], *dot = strchr(wintime_text(t, text), '.');
    if (dot)
        dot[0] = 'Z', dot[1] = 0;
    buf_z(b, text);
}

static void put_cell(struct buf *b, struct str name, const struct cell *c, struct str host)
{
    if (c->null)
        buf_str(b, str_eq_ci(name, STR("subject")) ? host : STR("(not recorded)"));
    else if (c->type == COL_INT && is_time_name(name))
        put_time(b, c->i);
    else if (c->type == COL_BLOB)
        buf_hex(b, c->s.p, c->s.n < 64 ? c->s.n : 64);
    else
        buf_str(b, c->s);
}

/* Unknown names stay as they are: lint refuses them. */
static struct str render(struct arena *a, struct str text, const struct cell *cell, const char *const *name, size_t n, struct str host)
{
    struct buf b = {0};
    while (text.n) {
        struct str head = str_cut(&text, '{');
        buf_str(&b, head);
        const char *end = text.n ? memchr(text.p, '}', text.n) : NULL;
        if (!end) {
            if (text.n)
                buf_char(&b, '{'), buf_str(&b, text);
            break;
        }
        struct str word = {text.p, (size_t)(end - text.p)};
        size_t i = 0;
        while (i < n && !str_eq_ci(str_of(name[i]), word))
            i++;
        if (i < n)
            put_cell(&b, word, &cell[i], host);
        else
            buf_char(&b, '{'), buf_str(&b, word), buf_char(&b, '}');
        text.p = end + 1, text.n -= word.n + 1;
    }
    struct str out = b.bad ? (struct str){0} : arena_str(a, b.p ? buf_view(&b) : STR(""));
    buf_free(&b);
    return out;
}

/* --- hosts and coverage */
static enum status keep_host(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct engine *g = ctx;
    (void)name, (void)n;
    if (!(g->n_host & (g->n_host - 1)) || !g->host) {
        struct host *more = arena_alloc(&g->a, sizeof *more, g->n_host ? g->n_host * 2 : 1);
        if (!more)
            return no_room(e);
        if (g->n_host)
            memcpy(more, g->host, g->n_host * sizeof *more);
        g->host = more;
    }
    g->host[g->n_host++] = (struct host){c[0].i, arena_str(&g->a, c[1].s)};
    return OK;
}

static enum status keep_reach(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct engine *g = ctx;
    (void)name, (void)n;
    if (!(g->n_reach & (g->n_reach - 1)) || !g->reach) {
        struct reach *more = arena_alloc(&g->a, sizeof *more, g->n_reach ? g->n_reach * 2 : 1);
        if (!more)
            return no_room(e);
        if (g->n_reach)
            memcpy(more, g->reach, g->n_reach * sizeof *more);
        g->reach = more;
    }
    bool any_time = c[4].i, gone = str_eq(c[2].s, STR("missing")) || str_eq(c[2].s, STR("unreadable"));
    g->reach[g->n_reach++] = (struct reach){.host = c[0].i, .artifact = arena_str(&g->a, c[1].s), .covers = !gone && (any_time || !c[5].null), .any_time = any_time,
                                            .has_file = !c[3].null, .file = c[3].i, .from = c[5].i, .to = c[6].i};
    return OK;
}

/* Does what was read of the artefact cover one of these moments (none given: anything at all)? */
static bool covers(const struct engine *g, int64_t host, struct str artifact, const struct hit *const *at, size_t n)
{
    for (size_t i = 0; i < g->n_reach; i++) {
        const struct reach *r = &g->reach[i];
        if (!r->covers || r->host != host || !str_eq(r->artifact, artifact))
            continue;
        if (r->any_time || !n)
            return true;
        for (size_t k = 0; k < n; k++)
            if (!at[k]->has_time || (at[k]->time >= r->from && at[k]->time <= r->to))
                return true;
    }
    return false;
}

static bool satisfied(const struct engine *g, const struct requirement *q, const struct subject *s)
{
    for (size_t i = 0; i < q->n; i++)
        if (covers(g, g->host[s->host].id, q->artifact[i], s->hit[ROLE_SYMPTOM], s->n[ROLE_SYMPTOM]))
            return true;
    return false;
}

/* What a row without bytes of its own (a value that is not set) cites: the file that was read to know that. */
static struct str file_of_role(struct engine *g, size_t host, enum role role)
{
    for (size_t i = 0; i < g->rule->n_require; i++) {
        const struct requirement *q = &g->rule->require[i];
        for (size_t k = 0; k < q->n && q->for_role == role; k++)
            for (size_t j = 0; j < g->n_reach; j++)
                if (g->reach[j].covers && g->reach[j].has_file && g->reach[j].host == g->host[host].id && str_eq(g->reach[j].artifact, q->artifact[k])) {
                    char *text = arena_printf(&g->a, "f%lld:0x0", (long long)g->reach[j].file);
                    return str_of(text);
                }
    }
    return (struct str){0};
}

/* --- rows of an indicator */
static const struct cell *column(const struct cell *cell, const char *const *name, size_t n, const char *want)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_ci(str_of(name[i]), str_of(want)))
            return cell[i].null ? NULL : &cell[i];
    return NULL;
}

static struct str copy(struct engine *g, const struct cell *c) { return c && c->s.n ? arena_str(&g->a, c->s) : (struct str){0}; }

static enum status keep_hit(void *ctx, const struct cell *cell, const char *const *name, size_t n, struct err *e)
{
    struct engine *g = ctx;
    const struct cell *host = column(cell, name, n, "host"), *time = column(cell, name, n, "time"), *win32 = column(cell, name, n, "win32");
    struct hit h = {.role = g->ind->role};
    while (h.host < g->n_host && !(host && str_eq_ci(g->host[h.host].name, host->s)))
        h.host++;
    if (h.host == g->n_host)
        return g->no_host++, OK;
    h.subject = copy(g, column(cell, name, n, "subject")), h.evidence = copy(g, column(cell, name, n, "evidence_id")), h.also = copy(g, column(cell, name, n, "also"));
    if (!h.evidence.p)
        h.evidence = file_of_role(g, h.host, h.role);
    if (!h.evidence.p)
        return g->no_evidence++, OK;
    h.has_time = time && time->type == COL_INT, h.time = h.has_time ? time->i : 0;
    h.has_win32 = win32 && win32->type == COL_INT, h.win32 = h.has_win32 ? win32->i : 0;
    h.explain = render(&g->a, g->ind->explain, cell, name, n, g->host[h.host].name);
    if (g->n_hit == LIM_RULE_ROWS)
        return err_set(e, E_LIMIT, ERR_NO_OFF, "rule", "more than %d rows", LIM_RULE_ROWS);
    if (g->n_hit == g->cap_hit) {
        size_t cap = g->cap_hit ? g->cap_hit * 2 : 256;
        struct hit *more = arena_alloc(&g->a, sizeof *more, cap);
        if (!more)
            return no_room(e);
        if (g->n_hit)
            memcpy(more, g->hit, g->n_hit * sizeof *more);
        g->hit = more, g->cap_hit = cap;
    }
    if (!h.explain.p)
        return no_room(e);
    g->hit[g->n_hit++] = h;
    return OK;
}

static enum status rule_error(struct engine *g, const char *role, const char *message, struct err *e)
{
    struct value v[] = {val_s(g->rule->name), val_s(str_of(role)), val_s(str_of(message))};
    return put(g, "INSERT INTO rule_error(rule, role, message) VALUES(?1, ?2, ?3)", v, "sss", e);
}

/* Runs all indicators. A rule that fails is noted and skipped whole: half its roles could make a wrong verdict. */
static enum status gather(struct engine *g, bool *usable, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < g->rule->n_ind && st == OK; i++) {
        struct err why = {0};
        char line[300];
        g->ind = &g->rule->ind[i], g->no_host = g->no_evidence = 0;
        if (case_guarded(g->db, g->ind->sql, LIM_RULE_STEPS, keep_hit, g, &why) != OK) {
            *usable = false;
            st = rule_error(g, role_names[g->ind->role], err_line(&why, line, sizeof line), e);
        } else if (g->no_host) {
            st = rule_error(g, role_names[g->ind->role], "a row without a known host was left out", e);
        } else if (g->no_evidence) {
            st = rule_error(g, role_names[g->ind->role], "a row that cites nothing was left out", e);
        }
    }
    if (g->n_hit)
        qsort(g->hit, g->n_hit, sizeof *g->hit, by_place);
    return st;
}

/* --- from rows to a verdict */

/* First hit of (host, role) whose subject is not before s; hits are sorted by host, role, subject (the whole host first). */
static size_t lower(const struct engine *g, size_t host, enum role role, struct str s, bool after)
{
    size_t from = 0, to = g->n_hit;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        const struct hit *h = &g->hit[mid];
        int c = h->host != host ? (h->host > host) - (h->host < host) : h->role != role ? (int)h->role - (int)role : cmp_subject(h->subject, s);
        if (c < 0 || (c == 0 && after))
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

static size_t add_range(struct engine *g, size_t at, size_t host, enum role role, struct str s)
{
    size_t to = lower(g, host, role, s, true);
    for (size_t i = lower(g, host, role, s, false); i < to; i++)
        g->view[at++] = &g->hit[i];
    return at;
}

static void look_at(struct engine *g, size_t host, struct str name, struct subject *s)
{
    *s = (struct subject){.host = host, .name = name};
    for (unsigned r = 0, at = 0; r < ROLES; r++) {
        size_t end = add_range(g, at, host, (enum role)r, (struct str){0});
        if (name.p)
            end = add_range(g, end, host, (enum role)r, name);
        s->hit[r] = g->view + at, s->n[r] = end - at;
        if (s->n[r])
            qsort(s->hit[r], s->n[r], sizeof *s->hit[r], by_moment);
        at = (unsigned)end;
    }
}

static bool lacks(const struct engine *g, const struct subject *s, enum role role, bool any)
{
    size_t asked = 0, there = 0;
    for (size_t i = 0; i < g->rule->n_require; i++)
        if (g->rule->require[i].for_role == role)
            asked++, there += satisfied(g, &g->rule->require[i], s);
    return any ? asked && !there : there < asked;
}

static enum verdict judge(const struct engine *g, const struct subject *s)
{
    const size_t *n = s->n;
    if (n[ROLE_SYMPTOM])
        return n[ROLE_CONTRADICTS]              ? RULED_OUT
               : n[ROLE_CAUSE] && n[ROLE_LINK]  ? CONFIRMED
               : n[ROLE_CAUSE]                  ? LIKELY
               : lacks(g, s, ROLE_CAUSE, false) ? UNDETERMINED
               : n[ROLE_COMPATIBLE]             ? POSSIBLE
                                                : NOTHING;
    return n[ROLE_CONTRADICTS] || !n[ROLE_CAUSE] ? NOTHING : lacks(g, s, ROLE_SYMPTOM, true) ? UNDETERMINED : LATENT;
}

/* --- storing */
static bool common_code(const struct subject *s, struct arena a, int64_t *out)
{
    size_t n = 0, best = 0, run = 0;
    int64_t *code = arena_alloc(&a, sizeof *code, s->n[ROLE_SYMPTOM] + 1);
    for (size_t i = 0; code && i < s->n[ROLE_SYMPTOM]; i++)
        if (s->hit[ROLE_SYMPTOM][i]->has_win32)
            code[n++] = s->hit[ROLE_SYMPTOM][i]->win32;
    if (n)
        qsort(code, n, sizeof *code, by_number);
    for (size_t i = 0; i < n; i++) {
        run = i && code[i] == code[i - 1] ? run + 1 : 1;
        if (run > best)
            best = run, *out = code[i];
    }
    return n > 0;
}

static int64_t distinct(const struct subject *s, struct arena a)
{
    size_t n = s->n[ROLE_SYMPTOM];
    int64_t count = 0;
    const struct hit **h = arena_alloc(&a, sizeof *h, n + 1);
    if (!h || !n)
        return (int64_t)n;
    memcpy(h, s->hit[ROLE_SYMPTOM], n * sizeof *h);
    qsort(h, n, sizeof *h, by_evidence);
    for (size_t i = 0; i < n; i++)
        count += !i || !str_eq(h[i]->evidence, h[i - 1]->evidence);
    return count;
}

static enum status put_finding(struct engine *g, const struct subject *s, enum verdict verdict, int64_t *id, struct err *e)
{
    struct value first = val_null(), last = val_null(), code = val_null();
    for (size_t i = 0; i < s->n[ROLE_SYMPTOM]; i++)
        if (s->hit[ROLE_SYMPTOM][i]->has_time)
            last = val_i(s->hit[ROLE_SYMPTOM][i]->time), first = first.null ? last : first;
    if (common_code(s, g->a, &code.i))
        code.null = false;
    const struct host *host = &g->host[s->host];
    const struct cell cell[] = {{.type = COL_TEXT, .null = !s->name.p, .s = s->name}, {.type = COL_TEXT, .s = host->name}};
    struct str words = render(&g->a, g->rule->explanation, cell, (const char *const[]){"subject", "host"}, 2, host->name);
    struct value v[] = {val_s(g->rule->cause), val_s(g->rule->name), val_s(g->rule->title), val_s(str_of(verdict_names[verdict])), val_i(host->id),
                        val_s(s->name), code, first, last, val_i(distinct(s, g->a)), val_s(words)};
    enum status st = put(g, "INSERT INTO finding(cause, rule, title, verdict, host_id, subject, win32, first_seen, last_seen, count, explanation)"
                            " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)", v, "ssssisiiiis", e);
    *id = case_last_id(g->db);
    return st;
}

static enum status put_citation(struct engine *g, int64_t finding, enum role role, int64_t *ord, const struct hit *h, struct str evidence, struct str explain, struct err *e)
{
    struct value v[] = {val_i(finding), val_s(str_of(role_names[role])), val_i((*ord)++), val_s(evidence), h->has_time ? val_i(h->time) : val_null(), val_s(explain)};
    return put(g, "INSERT INTO citation(finding, role, ord, evidence_id, time, explain) VALUES(?1, ?2, ?3, ?4, ?5, ?6)", v, "isisis", e);
}

/* The earliest and the latest half of what is allowed: a reader wants the beginning and the present state. */
static enum status put_citations(struct engine *g, const struct subject *s, int64_t finding, struct err *e)
{
    enum status st = OK;
    for (unsigned r = 0; r < ROLES; r++) {
        size_t n = 0;
        for (size_t i = 0; i < s->n[r]; i++)            /* the same row again (a join met it twice) says nothing more */
            if (!i || cmp_moment(s->hit[r][i], s->hit[r][n - 1]))
                s->hit[r][n++] = s->hit[r][i];
        int64_t ord = 0;
        for (size_t i = 0; i < n && st == OK; i++) {
            const struct hit *h = s->hit[r][i];
            if (n > LIM_CITATIONS && i == LIM_CITATIONS / 2)
                i = n - LIM_CITATIONS / 2, h = s->hit[r][i];
            st = put_citation(g, finding, (enum role)r, &ord, h, h->evidence, h->explain, e);
            if (st == OK && h->also.p && !str_eq(h->also, h->evidence))
                st = put_citation(g, finding, (enum role)r, &ord, h, h->also, (struct str){0}, e);
        }
    }
    return st;
}

static struct str collect_for(const struct engine *g, struct str artifact)
{
    size_t n;
    const struct kb_artifact *known = kb_artifacts(g->kb, &n);
    for (size_t i = 0; i < g->rule->n_collect; i++)
        if (str_eq(g->rule->collect[i].artifact, artifact))
            return g->rule->collect[i].command;
    for (struct str name = artifact; name.n; name = str_cut(&artifact, ':'))      /* "Security:Logon failure" is collected as Security */
        for (size_t i = 0; i < n; i++)
            if (str_eq(known[i].name, name))
                return known[i].collect;
    return STR("");
}

static enum status put_unknown(struct engine *g, const struct subject *s, int64_t finding, struct err *e)
{
    enum status st = OK;
    int64_t ord = 0;
    for (size_t i = 0; i < g->rule->n_require; i++) {
        const struct requirement *q = &g->rule->require[i];
        if (satisfied(g, q, s))
            continue;
        for (size_t k = 0; k < q->n && st == OK; k++) {
            struct value v[] = {val_i(finding), val_i(ord++), val_s(q->artifact[k]), val_s(collect_for(g, q->artifact[k]))};
            st = put(g, "INSERT INTO finding_unknown(finding, ord, artifact, collect) VALUES(?1, ?2, ?3, ?4)", v, "iiss", e);
        }
    }
    return st;
}

static enum status put_remedies(struct engine *g, int64_t finding, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < g->rule->n_remedy && st == OK; i++) {
        const struct remedy *m = &g->rule->remedy[i];
        struct value v[] = {val_i(finding), val_i((int64_t)i), val_s(m->text), val_s(m->risk), val_s(m->reversible), val_s(m->verify)};
        st = put(g, "INSERT INTO finding_remedy(finding, ord, text, risk, reversible, verify) VALUES(?1, ?2, ?3, ?4, ?5, ?6)", v, "iissss", e);
    }
    return st;
}

static enum status judge_subject(struct engine *g, size_t host, struct str name, struct err *e)
{
    struct subject s;
    int64_t id;
    look_at(g, host, name, &s);
    enum verdict verdict = judge(g, &s);
    if (verdict == NOTHING)
        return OK;
    enum status st = put_finding(g, &s, verdict, &id, e);
    if (st == OK && verdict != RULED_OUT)
        st = put_unknown(g, &s, id, e);
    if (st == OK && (st = put_remedies(g, id, e)) == OK)
        st = put_citations(g, &s, id, e);
    return st;
}

/* Subjects of the symptoms; without symptoms those of the causes; the host itself when no row names a subject. */
static enum status judge_host(struct engine *g, size_t host, struct err *e)
{
    enum status st = OK;
    for (enum role r = ROLE_SYMPTOM; r <= ROLE_CAUSE; r++) {
        struct str none = {0}, last = {0};
        size_t from = lower(g, host, r, none, false), named = lower(g, host, r, none, true), i = named;
        for (; i < g->n_hit && g->hit[i].host == host && g->hit[i].role == r && st == OK; i++)
            if (i == named || cmp_subject(g->hit[i].subject, last))
                last = g->hit[i].subject, st = judge_subject(g, host, last, e);
        if (i == named && named > from)
            st = judge_subject(g, host, none, e);
        if (i > from)
            break;
    }
    return st;
}

static enum status judge_rule(struct engine *g, const struct rule *rule, struct err *e)
{
    struct arena before = g->a;
    bool usable = true;
    g->rule = rule, g->hit = NULL, g->n_hit = g->cap_hit = 0;
    enum status st = gather(g, &usable, e);
    if (st == OK && usable && g->n_hit && !(g->view = arena_alloc(&g->a, sizeof *g->view, g->n_hit)))
        st = no_room(e);
    for (size_t h = 0; h < g->n_host && st == OK && usable && g->n_hit; h++)
        st = judge_host(g, h, e);
    g->a = before;
    return st;
}

static enum status begin(struct engine *g, struct casedb *db, const struct kb *kb, struct err *e)
{
    *g = (struct engine){.db = db, .kb = kb};
    if (!arena_make(&g->a, RULE_ARENA))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "diagnosis", "no memory");
    enum status st = case_query(db, "SELECT id, name FROM host WHERE name IS NOT NULL ORDER BY name", NULL, NULL, 0, keep_host, g, e);
    if (st == OK)
        st = case_query(db, "SELECT host_id, artifact, state, file_id, any_time, from_time, to_time FROM temp.reach ORDER BY host_id, artifact, from_time, to_time, file_id", NULL, NULL, 0, keep_reach, g, e);
    return st == OK ? case_exec(db, "DELETE FROM finding; DELETE FROM citation; DELETE FROM finding_unknown; DELETE FROM finding_remedy; DELETE FROM rule_error", e) : st;
}

enum status diagnose_rules(struct casedb *db, const struct kb *kb, const struct rule *rule, size_t n, struct err *e)
{
    struct engine g;
    enum status st = begin(&g, db, kb, e);
    for (size_t i = 0; i < n && st == OK; i++)
        st = judge_rule(&g, &rule[i], e);
    arena_free(&g.a);
    return st;
}

enum status diagnose(struct casedb *db, const struct kb *kb, struct err *e)
{
    size_t n;
    const struct rule *rule = kb_rules(kb, &n);
    enum status st = case_begin(db, e);
    if (st == OK && (st = diagnose_rules(db, kb, rule, n, e)) == OK)
        st = case_commit(db, e);
    return st;
}

/* --- derive */
struct drops { struct buf sql; struct str schema; };

static enum status drop(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct drops *d = ctx;
    (void)name, (void)n, (void)e;
    for (size_t i = 0; i + c[1].s.n <= d->schema.n; i++)        /* an index of the schema stays */
        if (str_eq((struct str){d->schema.p + i, c[1].s.n}, c[1].s))
            return OK;
    buf_printf(&d->sql, "DROP %.*s \"%.*s\";", STR_ARG(c[2].s), STR_ARG(c[0].s));
    return OK;
}

/* Views and the indexes that derive.sql adds are made anew, so that a case of an older program can be judged by other rules. */
enum status derive_views(struct casedb *db, const struct kb *kb, struct err *e)
{
    struct str sql = kb_file(kb, "views.sql");
    struct drops d = {.schema = kb_file(kb, "schema.sql")};
    if (!sql.p)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "views.sql is missing");
    enum status st = case_query(db, "SELECT name, sql, type FROM sqlite_schema WHERE type IN ('view', 'index') AND sql IS NOT NULL AND name NOT LIKE '%\"%' ORDER BY type, name", NULL, NULL, 0, drop, &d, e);
    buf_char(&d.sql, 0);
    if (st == OK && d.sql.bad)
        st = err_set(e, E_NOMEM, ERR_NO_OFF, "views.sql", "no memory");
    if (st == OK && (st = case_exec(db, d.sql.p, e)) == OK && (st = case_exec(db, sql.p, e)) != OK && e)
        e->what = "views.sql";
    buf_free(&d.sql);
    return st;
}

enum status derive_tables(struct casedb *db, const struct kb *kb, struct err *e)
{
    static const char *const files[] = {"derive.sql", "consumers.sql"};
    enum status st = OK;
    for (size_t i = 0; i < LEN(files) && st == OK; i++) {
        struct str sql = kb_file(kb, files[i]);
        if (!sql.p)
            return err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "%s is missing", files[i]);
        if ((st = case_exec(db, sql.p, e)) != OK && e)
            e->what = files[i];
    }
    return st;
}

enum status derive(struct casedb *db, const struct kb *kb, struct err *e)
{
    enum status st = derive_views(db, kb, e);
    return st == OK ? derive_tables(db, kb, e) : st;
}
