#include "diagnose/diagnose.h"
#include "base/grow.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/wintime.h"
#include "case/casedb.h"
#include "case/named.h"
#include "diagnose/advice.h"
#include "diagnose/hits.h"
#include "kb/kb.h"
#include "plat/plat.h"
#include <stdio.h>
#include <stdlib.h>

#define TOLD_LATE \
    (INT64_C(10) * 60 * 10000000) /* a cause may be told so long after the failure it explains */
enum {
    MANY_SUBJECTS = 10000,
    ENGINE_ARENA = 64 << 20
}; /* hosts and what covers them; touched only as far as used */
/* What a rule's explanation states is so only where the evidence shows it; before all other verdicts stand
 * these words. */
static const char *const verdict_leads[VERDICTS] = {
    [V_POSSIBLE] = "This would explain it, and nothing shows it: ",
    [V_LATENT] = "Nothing failed of it in what was read: ",
    [V_RULED_OUT] = "This is not what happened: ",
    [V_UNDETERMINED] = "Whether this is so cannot be told from what was read: "};

/* a row of temp.reach that covers something */
struct reach {
    int64_t host, file;
    struct str artifact;
    bool any_time, has_file, stale;
    int64_t from, to;
};
struct host {
    int64_t id;
    struct str name;
    const struct reach *reach; /* its rows */
    size_t n_reach;
};
/* Hosts by name without case, to find them. */
struct host_name {
    struct str name;
    size_t host;
};

struct engine {
    struct casedb *db;
    const struct kb *kb;
    struct arena a;
    struct host *host;
    struct host_name *host_name;
    size_t n_host, room_host;
    struct reach *reach; /* by host */
    size_t n_reach, room_reach;
    /* files of older copies of hives (RegBack, Windows.old) and of dirty ones without logs, ascending: what
     * they say need not be so any more; and of what tools printed, which anybody may have edited */
    struct files {
        int64_t *id;
        size_t n, room;
    } stale, weak;
    struct known *known; /* KNOWN of them, by what was asked; their texts */
    struct arena known_mem;
    const struct rule *rule;
    const struct indicator *ind;
    bool *spoke; /* of each indicator of the rule, where asked: did it say anything that counts? */
    struct hits hits;
    size_t no_host, no_evidence; /* rows that say nothing provable */
};

static enum status no_room(struct err *e)
{
    return err_set(e, E_LIMIT, ERR_NO_OFF, "diagnosis", "hosts and coverage do not fit in memory");
}

static int by_number(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static bool is_one_of(const struct files *f, int64_t file)
{
    return f->n && bsearch(&file, f->id, f->n, sizeof *f->id, by_number);
}

static enum status keep_doubtful(void *ctx, const struct cell *c, const char *const *name, size_t n,
                                 struct err *e)
{
    struct engine *g = ctx;
    struct files *f = c[1].i ? &g->weak : &g->stale;
    int64_t *room = arena_grow(&g->a, f->id, sizeof *room, f->n, &f->room);
    (void)name, (void)n;
    if (!room)
        return no_room(e);
    f->id = room, f->id[f->n++] = c[0].i;
    return OK;
}

/* Does one of these ids ("f3:0x10 f4:0x20") lie in such a file? */
static bool lies_in(const struct files *f, struct str ids)
{
    while (f->n && ids.n) {
        struct str rest = str_cut(&ids, ' '), file = str_cut(&rest, ':');
        int64_t id;
        if (file.n > 1 && str_i64((struct str){file.p + 1, file.n - 1}, &id) && is_one_of(f, id))
            return true;
    }
    return false;
}
static bool rests_on(const struct files *f, struct str evidence, struct str also)
{
    return lies_in(f, evidence) || lies_in(f, also);
}

/* What speaks about one subject of one host: its own rows and those about the whole host. */
struct subject {
    size_t host;
    struct str name;
    const struct group *own[ROLES], *all[ROLES];
    const struct hit *hit[ROLES][2 * HITS_KEPT];
    size_t n[ROLES];
};

/* --- {column} in texts */
static bool is_time_name(struct str s)
{
    return str_eq_ci(s, STR("time")) || str_ends_ci(s, STR("_time")) || str_ends_ci(s, STR("_at"));
}

static void put_time(struct buf *b, int64_t t) /* to the second: the citation beside it has the rest */
{
    char text[WINTIME_TEXT], *dot = strchr(wintime_text(t, text), '.');
    if (dot)
        dot[0] = 'Z', dot[1] = 0;
    buf_z(b, text);
}

/* As Windows writes it: an HRESULT, an NTSTATUS, a logon session in hex, whatever the log has. */
static void put_as_windows(struct buf *b, struct str name, const struct cell *c)
{
    int64_t v;
    bool number = str_i64(c->s, &v) && c->s.p[0] != '+';
    if (number && v >= -0x80000000LL && v <= -0x70000000LL)
        v += 0x100000000LL;
    if (number && (v & ~0x7fffffffLL) == 0x80000000LL)
        buf_printf(b, "0x%08llX", (unsigned long long)v);
    else if (number && v > 0 && str_eq_ci(name, STR("luid")))
        buf_printf(b, "0x%llx", (unsigned long long)v);
    else
        buf_str(b, c->s);
}

static void put_cell(struct buf *b, struct str name, const struct cell *c, struct str host)
{
    if (c->null || (c->type == COL_TEXT && !c->s.n))
        buf_str(b, str_eq_ci(name, STR("subject")) ? host : STR("(not recorded)"));
    else if (c->type == COL_INT && is_time_name(name))
        put_time(b, c->i);
    else if (c->type == COL_BLOB)
        buf_hex(b, c->s.p, c->s.n < 64 ? c->s.n : 64);
    else
        put_as_windows(b, name, c);
}

/* Unknown names stay as they are: lint refuses them. */
static void render(struct buf *b, struct str text, const struct cell *cell, const char *const *name, size_t n,
                   struct str host)
{
    while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == ' ')) /* folded in YAML */
        text.n--;
    while (text.n) {
        struct str head = str_cut(&text, '{');
        buf_str(b, head);
        const char *end = text.n ? memchr(text.p, '}', text.n) : NULL;
        if (!end) {
            if (text.n)
                buf_char(b, '{'), buf_str(b, text);
            break;
        }
        struct str word = {text.p, (size_t)(end - text.p)};
        size_t i = 0;
        while (i < n && !str_eq_ci(str_of(name[i]), word))
            i++;
        if (i < n)
            put_cell(b, word, &cell[i], host);
        else
            buf_char(b, '{'), buf_str(b, word), buf_char(b, '}');
        text.p = end + 1, text.n -= word.n + 1;
    }
}

/* --- hosts and coverage */
static enum status keep_host(void *ctx, const struct cell *c, const char *const *name, size_t n,
                             struct err *e)
{
    struct engine *g = ctx;
    struct host *room = arena_grow(&g->a, g->host, sizeof *room, g->n_host, &g->room_host);
    (void)name, (void)n;
    if (!room)
        return no_room(e);
    g->host = room;
    g->host[g->n_host++] = (struct host){.id = c[0].i, .name = arena_str(&g->a, c[1].s)};
    return OK;
}

static int by_host_name(const void *a, const void *b)
{
    const struct host_name *x = a, *y = b;
    int c = hits_by_name(x->name, y->name);
    return c ? c : (x->host > y->host) - (x->host < y->host);
}

static enum status name_hosts(struct engine *g, struct err *e)
{
    g->host_name = arena_alloc(&g->a, sizeof *g->host_name, g->n_host);
    if (!g->host_name)
        return no_room(e);
    for (size_t i = 0; i < g->n_host; i++)
        g->host_name[i] = (struct host_name){g->host[i].name, i};
    if (g->n_host)
        qsort(g->host_name, g->n_host, sizeof *g->host_name, by_host_name);
    return OK;
}

/* n_host: none is called so. */
static size_t host_named(const struct engine *g, struct str name)
{
    size_t lo = 0, hi = g->n_host;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (hits_by_name(g->host_name[mid].name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < g->n_host && !hits_by_name(g->host_name[lo].name, name) ? g->host_name[lo].host : g->n_host;
}

static enum status keep_reach(void *ctx, const struct cell *c, const char *const *name, size_t n,
                              struct err *e)
{
    struct engine *g = ctx;
    struct reach *room = arena_grow(&g->a, g->reach, sizeof *room, g->n_reach, &g->room_reach);
    (void)name, (void)n;
    if (!room)
        return no_room(e);
    g->reach = room;
    g->reach[g->n_reach++] = (struct reach){.host = c[0].i,
                                            .artifact = arena_str(&g->a, c[1].s),
                                            .file = c[2].i,
                                            .has_file = !c[2].null,
                                            .stale = !c[2].null && is_one_of(&g->stale, c[2].i),
                                            .any_time = c[3].i,
                                            .from = c[4].i,
                                            .to = c[5].i};
    return OK;
}

static void share_reach(struct engine *g)
{
    for (size_t i = 0; i < g->n_host; i++) {
        struct host *h = &g->host[i];
        size_t lo = 0, hi = g->n_reach;
        while (lo < hi) {
            size_t mid = (lo + hi) / 2;
            if (g->reach[mid].host < h->id)
                lo = mid + 1;
            else
                hi = mid;
        }
        h->reach = g->reach + lo;
        while (lo + h->n_reach < g->n_reach && h->reach[h->n_reach].host == h->id)
            h->n_reach++;
    }
}

/* Does what was read of the artefact cover one of these moments (none given: anything at all)? */
static bool covers(const struct host *h, struct str artifact, const struct hit *const *at, size_t n)
{
    for (size_t i = 0; i < h->n_reach; i++) {
        const struct reach *r = &h->reach[i];
        if (r->stale || !str_eq(r->artifact, artifact))
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
        if (covers(&g->host[s->host], q->artifact[i], s->hit[ROLE_SYMPTOM], s->n[ROLE_SYMPTOM]))
            return true;
    return false;
}

/* What a row without bytes of its own (a value that is not set) cites: the file that was read to know that.
 */
static struct str file_of_role(const struct engine *g, size_t host, enum role role, char text[32])
{
    const struct host *h = &g->host[host];
    for (size_t i = 0; i < g->rule->n_require; i++) {
        const struct requirement *q = &g->rule->require[i];
        for (size_t k = 0; k < q->n && q->for_role == role; k++)
            for (size_t j = 0; j < h->n_reach; j++)
                if (h->reach[j].has_file && str_eq(h->reach[j].artifact, q->artifact[k])) {
                    snprintf(text, 32, "f%lld:0x0", (long long)h->reach[j].file);
                    return str_of(text);
                }
    }
    return (struct str){0};
}

/* --- rows of an indicator */
static const struct cell *column(const struct cell *cell, const char *const *name, size_t n, const char *want)
{
    for (size_t i = 0; i < n; i++)
        if (!cell[i].null && str_eq_ci(str_of(name[i]), str_of(want)))
            return &cell[i];
    return NULL;
}

static struct str cell_text(const struct cell *c) { return c && c->s.n ? c->s : (struct str){0}; }

struct row {
    const struct engine *g;
    size_t host;
    const struct cell *cell;
    const char *const *name;
    size_t n;
};

static void explain(void *ctx, struct buf *out)
{
    const struct row *r = ctx;
    render(out, r->g->ind->explain, r->cell, r->name, r->n, r->g->host[r->host].name);
}

static enum status keep_hit(void *ctx, const struct cell *cell, const char *const *name, size_t n,
                            struct err *e)
{
    struct engine *g = ctx;
    const struct cell *host = column(cell, name, n, "host"), *time = column(cell, name, n, "time"),
                      *win32 = column(cell, name, n, "win32"), *own = column(cell, name, n, "own"),
                      *afterwards = column(cell, name, n, "afterwards");
    struct hit_row h = {.role = g->ind->role,
                        .subject = cell_text(column(cell, name, n, "subject")),
                        .evidence = cell_text(column(cell, name, n, "evidence_id")),
                        .also = cell_text(column(cell, name, n, "also")),
                        /* a time that cannot be (1601, 9000) orders nothing: the row is cited without one */
                        .has_time = time && time->type == COL_INT && wintime_sane(time->i),
                        .has_win32 = win32 && win32->type == COL_INT,
                        .lesser = own && own->type == COL_INT && !own->i,
                        .afterwards = afterwards && afterwards->type == COL_INT && afterwards->i};
    char file[32];
    h.host = host ? host_named(g, host->s) : g->n_host;
    if (h.host == g->n_host)
        return g->no_host++, OK;
    if (!h.evidence.p && !(h.evidence = file_of_role(g, h.host, h.role, file)).p)
        return g->no_evidence++, OK;
    h.weak = rests_on(&g->weak, h.evidence, h.also);
    if (h.role != ROLE_SYMPTOM && h.role != ROLE_CAUSE && rests_on(&g->stale, h.evidence, h.also))
        /* an older or outdated copy of a hive neither rules out nor links */
        return OK;
    if (h.weak && (h.role == ROLE_SYMPTOM || h.role == ROLE_LINK))
        return OK; /* what a tool printed is no failure, and links nothing */
    h.time = h.has_time ? time->i : 0, h.win32 = h.has_win32 ? win32->i : 0;
    if (g->spoke)
        g->spoke[g->ind - g->rule->ind] = true;
    return hits_add(&g->hits, &h, explain, &(struct row){g, h.host, cell, name, n}, e);
}

static enum status rule_error(struct engine *g, const char *role, const char *message, struct err *e)
{
    struct value v[] = {val_s(g->rule->name), val_s(str_of(role)), val_s(str_of(message))};
    return case_named(g->db, Q_ERROR_PUT, "sss", v, NULL, NULL, e);
}

/* Does the indicator belong to what is asked first? */
static bool asked_first(const struct indicator *ind)
{
    return ind->role == ROLE_SYMPTOM || ind->role == ROLE_CAUSE;
}

static enum status run_indicator(struct engine *g, const struct indicator *ind, bool *usable, struct err *e)
{
    struct err why = {0};
    char line[300];
    g->ind = ind, g->no_host = g->no_evidence = 0;
    if (g->rule->embedded
        && case_barren(g->db, ind->sql)) /* one of a user's is run all the same: is it wrong? */
        return OK;
    enum status st = case_guarded(g->db, ind->sql, LIM_RULE_STEPS, keep_hit, g, &why);
    if (st == E_NOMEM || st == E_IO || st == E_STOP || st == E_TIME) {
        if (e)
            *e = why;
        return st;
    }
    if (st != OK) {
        *usable = false;
        /* a budget of ours that was used up is told from a rule that is wrong */
        size_t head = (size_t)snprintf(line, sizeof line, "%s", st == E_LIMIT ? RULE_LIMIT : "");
        err_line(&why, line + head, sizeof line - head);
        return rule_error(g, role_names[ind->role], line, e);
    }
    if (g->no_host)
        return rule_error(g, role_names[ind->role], "a row without a known host was left out", e);
    return g->no_evidence ? rule_error(g, role_names[ind->role], "a row that cites nothing was left out", e)
                          : OK;
}

/* Symptoms and causes first: where nothing shows either there is nothing to judge, and most rules of most
 * cases end there. A rule that fails is noted and skipped whole: half its roles could make a wrong verdict.
 * What fails for want of memory or of the disk, or is stopped, is no fault of the rule: the run ends. */
static enum status gather(struct engine *g, bool *usable, struct err *e)
{
    enum status st;
    for (unsigned first = 2; first-- > 0;) {
        if (!first && *usable && !g->hits.n)
            break;
        for (size_t i = 0; i < g->rule->n_ind; i++)
            if (asked_first(&g->rule->ind[i]) == (bool)first
                && (st = run_indicator(g, &g->rule->ind[i], usable, e)) != OK)
                return st;
    }
    return OK;
}

/* --- from rows to a verdict */

static int by_moment(const void *a, const void *b)
{
    return hits_by_moment(*(const struct hit *const *)a, *(const struct hit *const *)b);
}

static size_t append_hits(const struct hit **to, size_t n, const struct group *g)
{
    for (size_t i = 0; g && i < g->n; i++)
        to[n++] = &g->hit[i];
    return n;
}

static void look_at(const struct engine *g, size_t host, struct str name, struct subject *s)
{
    s->host = host, s->name = name;
    for (unsigned r = 0; r < ROLES; r++) {
        s->all[r] = hits_group(&g->hits, (enum role)r, host, (struct str){0});
        s->own[r] = name.p ? hits_group(&g->hits, (enum role)r, host, name) : NULL;
        s->n[r] = append_hits(s->hit[r], append_hits(s->hit[r], 0, s->all[r]), s->own[r]);
        qsort(s->hit[r], s->n[r], sizeof *s->hit[r], by_moment);
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

/* A cause that only an older or outdated copy of a hive shows may be gone; one that only a tool's text shows
 * may never have been. */
static bool is_fresh(const struct engine *g, const struct subject *s)
{
    for (size_t i = 0; i < s->n[ROLE_CAUSE]; i++) {
        const struct hit *h = s->hit[ROLE_CAUSE][i];
        if (!rests_on(&g->stale, h->evidence, h->also) && !rests_on(&g->weak, h->evidence, h->also))
            return true;
    }
    return false;
}

/* A tool's text alone rules nothing out: it only keeps a finding from being confirmed. */
static bool is_refuted(const struct subject *s)
{
    const struct group *own = s->own[ROLE_CONTRADICTS], *all = s->all[ROLE_CONTRADICTS];
    return (own && own->sure) || (all && all->sure);
}

/* Did it fail before any cause was there? Such failures have another one, and what mixes them is not
 * confirmed. at: the first failure. A cause without a time may have been there always; what logs tell late is
 * no order. */
static bool failed_before(const struct subject *s, int64_t *at)
{
    bool timed = false;
    int64_t first = 0;
    for (size_t i = 0; i < s->n[ROLE_CAUSE]; i++) {
        const struct hit *h = s->hit[ROLE_CAUSE][i];
        if (!h->has_time || h->afterwards)
            return false;
        first = timed && first < h->time ? first : h->time, timed = true;
    }
    *at = 0;
    bool failed = false;
    for (size_t i = 0; i < s->n[ROLE_SYMPTOM]; i++) {
        const struct hit *h = s->hit[ROLE_SYMPTOM][i];
        if (h->has_time)
            *at = failed && *at < h->time ? *at : h->time, failed = true;
    }
    return timed && failed && *at < first - TOLD_LATE;
}

/* Did the clock of the host show both moments twice (coverage.sql)? */
static bool came_twice(const struct host *host, int64_t a, int64_t b)
{
    for (size_t i = 0; i < host->n_reach; i++) {
        const struct reach *r = &host->reach[i];
        if (str_eq(r->artifact, STR("(twice)")) && a >= r->from && a <= r->to && b >= r->from && b <= r->to)
            return true;
    }
    return false;
}

/* Is there no failure that is known to come after a cause, because the clock was set back between the two? */
static bool order_in_doubt(const struct engine *g, const struct subject *s)
{
    bool timed = false;
    for (size_t i = 0; i < s->n[ROLE_CAUSE]; i++) {
        const struct hit *c = s->hit[ROLE_CAUSE][i];
        if (!c->has_time || c->afterwards)
            return false;
        for (size_t k = 0; k < s->n[ROLE_SYMPTOM]; k++) {
            const struct hit *f = s->hit[ROLE_SYMPTOM][k];
            if (f->has_time && !came_twice(&g->host[s->host], c->time, f->time))
                return false;
            timed |= f->has_time;
        }
    }
    return timed;
}

static enum verdict verdict_of_roles(const struct engine *g, const struct subject *s)
{
    const size_t *n = s->n;
    int64_t at;
    bool proven = n[ROLE_CAUSE] && n[ROLE_LINK] && !n[ROLE_CONTRADICTS] && is_fresh(g, s);
    if (n[ROLE_SYMPTOM])
        return is_refuted(s)                                               ? V_RULED_OUT
               : proven && !failed_before(s, &at) && !order_in_doubt(g, s) ? V_CONFIRMED
               : n[ROLE_CAUSE]                                             ? V_LIKELY
               : lacks(g, s, ROLE_CAUSE, false)                            ? V_UNDETERMINED
               : n[ROLE_COMPATIBLE]                                        ? V_POSSIBLE
                                                                           : V_NOTHING;
    return is_refuted(s) || !n[ROLE_CAUSE]   ? V_NOTHING
           : lacks(g, s, ROLE_SYMPTOM, true) ? V_UNDETERMINED
                                             : V_LATENT;
}

/* --- storing */

/* The code met most often; of equals the smallest. */
static struct value common_code(const struct subject *s)
{
    struct code_count best = {0};
    const struct group *const from[] = {s->all[ROLE_SYMPTOM], s->own[ROLE_SYMPTOM]};
    for (size_t k = 0; k < LEN(from); k++)
        for (size_t i = 0; from[k] && i < from[k]->n_code; i++) {
            struct code_count c = from[k]->code[i];
            for (size_t j = 0; k && from[0] && j < from[0]->n_code; j++)
                c.n += from[0]->code[j].win32 == c.win32 ? from[0]->code[j].n : 0;
            if (c.n > best.n || (c.n == best.n && c.win32 < best.win32))
                best = c;
        }
    return best.n ? val_i(best.win32) : val_null();
}

static struct value moment(const struct subject *s, bool last)
{
    struct value v = val_null();
    const struct group *const from[] = {s->all[ROLE_SYMPTOM], s->own[ROLE_SYMPTOM]};
    for (size_t k = 0; k < LEN(from); k++)
        if (from[k] && from[k]->timed && (v.null || (last ? from[k]->last > v.i : from[k]->first < v.i)))
            v = val_i(last ? from[k]->last : from[k]->first);
    return v;
}

static enum status put_finding(struct engine *g, const struct subject *s, enum verdict verdict, int64_t *id,
                               struct err *e)
{
    const struct host *host = &g->host[s->host];
    const struct cell cell[] = {{.type = COL_TEXT, .null = !s->name.p, .s = s->name},
                                {.type = COL_TEXT, .s = host->name}};
    struct buf words = {0};
    if (verdict < LEN(verdict_leads) && verdict_leads[verdict])
        buf_z(&words, verdict_leads[verdict]);
    render(&words, g->rule->explanation, cell, (const char *const[]){"subject", "host"}, 2, host->name);
    int64_t at;
    while (words.n && words.p[words.n - 1] == ' ')
        words.n--;
    if (verdict == V_LIKELY && failed_before(s, &at)) {
        buf_z(&words, " It had failed like this at "), put_time(&words, at);
        buf_z(&words, " already, before what is cited as the cause, which does not explain that.");
    }
    if (verdict == V_LIKELY && order_in_doubt(g, s))
        buf_z(&words, " The clock was set back meanwhile: which of the two was first, the logs do not tell.");
    if (g->rule->would_prove.n && verdict == rule_ceiling(g->rule)) {
        buf_z(&words, " Files prove no more of this cause. What would: "),
            buf_str(&words, str_trim(g->rule->would_prove));
    }
    size_t count = hits_distinct(s->all[ROLE_SYMPTOM], s->own[ROLE_SYMPTOM]);
    struct value v[] = {val_s(g->rule->cause),  val_s(g->rule->name),
                        val_s(g->rule->title),  val_s(str_of(verdict_words[verdict].id)),
                        val_i(host->id),        val_s(s->name),
                        common_code(s),         moment(s, false),
                        moment(s, true),        val_i((int64_t)count),
                        val_s(buf_view(&words))};
    enum status st = words.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "diagnosis", "no memory")
                               : case_named(g->db, Q_FINDING_PUT, "ssssisiiiis", v, NULL, NULL, e);
    *id = case_last_id(g->db);
    buf_free(&words);
    return st;
}

static enum status put_citation(struct engine *g, int64_t finding, enum role role, int64_t *ord,
                                const struct hit *h, struct str evidence, struct str explain, struct err *e)
{
    int64_t file, off;
    bool named = case_place(evidence, &file, &off);
    struct value v[] = {val_i(finding),
                        val_s(str_of(role_names[role])),
                        val_i((*ord)++),
                        val_s(evidence),
                        h->has_time ? val_i(h->time) : val_null(),
                        val_s(explain),
                        named ? val_i(file) : val_null(),
                        named ? val_i(off) : val_null()};
    return case_named(g->db, Q_CITATION_PUT, "isisisii", v, NULL, NULL, e);
}

/* Is it one of these ids? */
static bool is_among(struct str ids, struct str id)
{
    while (ids.n)
        if (str_eq(str_cut(&ids, ' '), id))
            return true;
    return false;
}

/* A row that speaks about the host and about the subject alike is cited once; of too many the earliest and
 * the latest stay. */
static enum status put_citations(struct engine *g, struct subject *s, int64_t finding, struct err *e)
{
    enum status st = OK;
    for (unsigned r = 0; r < ROLES; r++) {
        size_t n = 0;
        for (size_t i = 0; i < s->n[r]; i++)
            if (!i || hits_by_moment(s->hit[r][i], s->hit[r][n - 1]))
                s->hit[r][n++] = s->hit[r][i];
        int64_t ord = 0;
        for (size_t i = 0; i < n && st == OK; i++) {
            if (n > LIM_CITATIONS && i == LIM_CITATIONS / 2)
                i = n - LIM_CITATIONS / 2;
            const struct hit *h = s->hit[r][i];
            st = put_citation(g, finding, (enum role)r, &ord, h, h->evidence, h->explain, e);
            for (struct str rest = h->also, id; st == OK && rest.n;) /* ids with blanks between, each once */
                if ((id = str_cut(&rest, ' ')).n && !str_eq(id, h->evidence)
                    && !is_among((struct str){h->also.p, (size_t)(id.p - h->also.p)}, id))
                    st = put_citation(g, finding, (enum role)r, &ord, h, id, (struct str){0}, e);
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
    /* "Security:Logon failure" is collected as Security */
    for (struct str name = artifact; name.n; name = str_cut(&artifact, ':'))
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
            struct value v[] = {val_i(finding), val_i(ord++), val_s(q->artifact[k]),
                                val_s(collect_for(g, q->artifact[k]))};
            st = case_named(g->db, Q_UNKNOWN_PUT, "iiss", v, NULL, NULL, e);
        }
    }
    return st;
}

/* What is known of what failed, whichever rule asks: most name the same few subjects. */
enum { KNOWN = 512, KNOWN_BYTES = 256 << 10 };
struct known {
    struct arena *a; /* of its texts; NULL: nothing is known here */
    size_t host;
    struct str name;
    struct about about;
};

static enum status keep_about(void *ctx, const struct cell *c, const char *const *name, size_t n,
                              struct err *e)
{
    struct known *k = ctx;
    struct str *const to[] = {&k->about.kind,   &k->about.account,  &k->about.domain, &k->about.controller,
                              &k->about.caller, &k->about.realm,    &k->about.task,   &k->about.shipped,
                              &k->about.dns,    &k->about.standing, &k->about.state};
    (void)name;
    for (size_t i = 0; i < n && i < LEN(to); i++)
        if (!c[i].null && c[i].s.n && !(*to[i] = arena_str(k->a, c[i].s)).p)
            return no_room(e);
    return OK;
}

static enum status ask_about(struct engine *g, const struct subject *s, struct arena *a, struct known *k,
                             struct err *e)
{
    struct value v[] = {val_i(g->host[s->host].id), val_s(s->name)};
    *k = (struct known){.a = a, .host = s->host};
    if (s->name.p && !(k->name = arena_str(a, s->name)).p)
        return no_room(e);
    return case_named(g->db, Q_REMEDY_ABOUT, "is", v, keep_about, k, e);
}

/* scratch: for what is too long to be kept. */
static enum status about_subject(struct engine *g, const struct subject *s, struct arena *scratch,
                                 struct about *about, struct err *e)
{
    struct known *k = &g->known[(hash64(s->name.p ? s->name.p : "", s->name.n) + s->host) % KNOWN], one = {0};
    struct err why = {0};
    enum status st = OK;
    if (k->a && k->host == s->host && !k->name.p == !s->name.p && str_eq(k->name, s->name))
        return *about = k->about, OK;
    if ((size_t)(g->known_mem.end - g->known_mem.at) < KNOWN_BYTES / 2)
        g->known_mem.at = g->known_mem.base, memset(g->known, 0, KNOWN * sizeof *k);
    if ((st = ask_about(g, s, &g->known_mem, k, &why)) != OK) {
        k->a = NULL, k = &one;
        st = st == E_LIMIT ? ask_about(g, s, scratch, k, e) : (*e = why, st);
    }
    return *about = k->about, st;
}

static enum status put_remedy(struct engine *g, int64_t finding, int64_t ord, const struct remedy *m,
                              const struct about *about, struct err *e)
{
    const struct str texts[] = {m->text, m->reversible, m->verify};
    struct buf b[LEN(texts)] = {{0}};
    bool bad = false;
    for (size_t i = 0; i < LEN(texts); i++)
        advice_text(&b[i], texts[i], about), bad |= b[i].bad;
    struct value v[] = {val_i(finding),         val_i(ord),
                        val_s(buf_view(&b[0])), val_s(m->risk),
                        val_s(buf_view(&b[1])), val_s(buf_view(&b[2]))};
    enum status st = bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "diagnosis", "no memory")
                         : case_named(g->db, Q_REMEDY_PUT, "iissss", v, NULL, NULL, e);
    for (size_t i = 0; i < LEN(texts); i++)
        buf_free(&b[i]);
    return st;
}

static enum status put_remedies(struct engine *g, const struct subject *s, enum verdict verdict,
                                int64_t finding, struct err *e)
{
    struct arena scratch = g->a; /* what is told here is forgotten */
    struct about about;
    enum status st = about_subject(g, s, &scratch, &about, e);
    about.subject = s->name, about.host = g->host[s->host].name, about.confirmed = verdict == V_CONFIRMED,
    about.win32 = common_code(s).i;
    int64_t ord = 0;
    for (size_t i = 0; i < g->rule->n_remedy && st == OK; i++)
        if (advice_fits(&g->rule->remedy[i], &about))
            st = put_remedy(g, finding, ord++, &g->rule->remedy[i], &about, e);
    return st;
}

static enum status judge_subject(struct engine *g, size_t host, struct str name, struct err *e)
{
    struct subject s;
    int64_t id;
    look_at(g, host, name, &s);
    enum verdict verdict = verdict_of_roles(g, &s);
    if (verdict == V_NOTHING)
        return OK;
    enum status st = put_finding(g, &s, verdict, &id, e);
    if (st == OK && verdict != V_RULED_OUT)
        st = put_unknown(g, &s, id, e);
    if (st == OK && (st = put_remedies(g, &s, verdict, id, e)) == OK)
        st = put_citations(g, &s, id, e);
    return st;
}

/* Groups of symptoms and causes by host, role and name: their order is the order of findings. */
static int by_place(const void *a, const void *b)
{
    const struct group *x = *(const struct group *const *)a, *y = *(const struct group *const *)b;
    int c = x->host != y->host ? (x->host > y->host) - (x->host < y->host) : (int)x->role - (int)y->role;
    return c ? c : hits_by_name(x->subject, y->subject);
}

/* Subjects of the symptoms; without symptoms those of the causes; the host itself when no row names a
 * subject. place[0..n): one host and role. */
static enum status judge_groups(struct engine *g, const struct group *const *place, size_t n, struct err *e)
{
    enum status st = OK;
    for (size_t i = n > 1 && !place[0]->subject.p; i < n && st == OK; i++)
        st = judge_subject(g, place[i]->host, place[i]->subject, e);
    return st;
}

static enum status judge_all(struct engine *g, struct err *e)
{
    size_t n = 0, end;
    enum status st = OK;
    const struct group **place = malloc((g->hits.n + 1) * sizeof *place);
    if (!place)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "diagnosis", "no memory");
    for (size_t i = 0; i < g->hits.n; i++)
        if (g->hits.group[i].role <= ROLE_CAUSE)
            place[n++] = &g->hits.group[i];
    qsort(place, n, sizeof *place, by_place);
    for (size_t i = 0; i < n && st == OK; i = end) {
        for (end = i + 1; end < n && place[end]->host == place[i]->host && place[end]->role == place[i]->role;
             end++)
            ;
        st = judge_groups(g, place + i, end - i, e);
        while (end < n && place[end]->host == place[i]->host) /* causes, when there were symptoms */
            end++;
    }
    free(place);
    return st;
}

static enum status judge_rule(struct engine *g, const struct rule *rule, struct err *e)
{
    bool usable = true;
    g->rule = rule;
    enum status st = gather(g, &usable, e);
    if (st == OK && usable)
        st = judge_all(g, e);
    hits_clear(&g->hits);
    return st;
}

static enum status engine_begin(struct engine *g, struct casedb *db, const struct kb *kb, struct err *e)
{
    *g = (struct engine){.db = db, .kb = kb};
    if (!arena_make(&g->a, ENGINE_ARENA))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "diagnosis", "no memory");
    enum status st = case_named(db, Q_HOSTS, "", NULL, keep_host, g, e);
    if (st == OK)
        st = case_named(db, Q_DOUBTFUL, "", NULL, keep_doubtful, g, e);
    if (st == OK)
        st = name_hosts(g, e);
    if (st == OK)
        st = case_named(db, Q_REACH, "", NULL, keep_reach, g, e);
    if (st == OK)
        share_reach(g);
    uint8_t *room = NULL;
    if (st == OK
        && (!(g->known = arena_alloc(&g->a, sizeof *g->known, KNOWN))
            || !(room = arena_room(&g->a, 1, KNOWN_BYTES))))
        st = no_room(e);
    g->known_mem = (struct arena){.at = room, .base = room, .end = room ? room + KNOWN_BYTES : NULL};
    return st == OK ? case_script(db, S_FINDINGS_CLEAR, e) : st;
}

/* Each rule is a transaction of its own where own is set: what was judged stands when the time is over. */
static enum status judge_one(struct engine *g, const struct rule *rule, bool own, struct err *e)
{
    enum status st = own ? case_begin(g->db, e) : OK;
    st = st == OK ? judge_rule(g, rule, e) : st;
    return st == OK && own ? case_commit(g->db, e) : st;
}

static enum status judge_rules(struct casedb *db, const struct kb *kb, const struct rule *rule, size_t n,
                               size_t *judged, bool *spoke, struct err *e)
{
    struct engine g;
    enum status st = engine_begin(&g, db, kb, e);
    g.spoke = spoke;
    bool staged = st == OK && !case_keeps(db); /* else all is compiled already */
    st = staged ? case_stage(db, kb_stage(kb), e) : st;
    for (size_t i = 0; i < n && st == OK; i++) {
        st = judge_one(&g, &rule[i], judged != NULL, e);
        if (judged)
            *judged += st == OK;
    }
    enum status gone = staged ? case_unstage(db, st == OK ? e : NULL) : OK;
    st = st == OK ? gone : st;
    bool many = g.hits.cap >= MANY_SUBJECTS;
    hits_free(&g.hits);
    arena_free(&g.a);
    if (many)
        plat_give_back();
    return st;
}

enum status diagnose_rules(struct casedb *db, const struct kb *kb, const struct rule *rule, size_t n,
                           struct err *e)
{
    return judge_rules(db, kb, rule, n, NULL, NULL, e);
}

enum status diagnose_rule(struct casedb *db, const struct kb *kb, const struct rule *rule, bool *spoke,
                          struct err *e)
{
    return judge_rules(db, kb, rule, 1, NULL, spoke, e);
}

enum status diagnose(struct casedb *db, const struct kb *kb, size_t *judged, struct err *e)
{
    size_t n, done = 0;
    const struct rule *rule = kb_rules(kb, &n);
    enum status st = judge_rules(db, kb, rule, n, &done, NULL, e);
    if (judged)
        *judged = done;
    return st == OK ? run_knowledge(db, kb, "outcome.sql", e) : st;
}

enum status diagnose_cut_short(struct casedb *db, const struct kb *kb, unsigned phase, size_t judged,
                               struct err *e)
{
    static const char *const during[] = {
        RULE_LIMIT "the time of the run was over while facts were derived: not asked",
        RULE_LIMIT "the time of the run was over while coverage was looked at: not asked",
        RULE_LIMIT "the time of the run was over while rules were asked: not asked"};
    size_t n;
    struct engine g = {.db = db, .kb = kb};
    const struct rule *rule = kb_rules(kb, &n);
    enum status st = case_undo(db, e);
    st = st == OK ? case_begin(db, e) : st;
    for (size_t i = judged; i < n && st == OK; i++)
        g.rule = &rule[i], st = rule_error(&g, "time", during[phase], e);
    if (st == OK && (st = run_knowledge(db, kb, "outcome.sql", e)) == OK)
        st = case_named(db, Q_HOSTS_UNSEEN, "", NULL, NULL, NULL, e);
    if (st == OK && phase < 2)
        st = case_script(db, S_KINDS_UNSEEN, e);
    return st == OK ? case_commit(db, e) : st;
}

/* --- derive */
struct drops {
    struct buf sql;
    struct str schema;
};

static enum status drop(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct drops *d = ctx;
    (void)name, (void)n, (void)e;
    for (size_t i = 0; i + c[1].s.n <= d->schema.n; i++) /* an index of the schema stays */
        if (str_eq((struct str){d->schema.p + i, c[1].s.n}, c[1].s))
            return OK;
    named_drop(&d->sql, c[2].s, c[0].s);
    return OK;
}

/* Views and the indexes that derive/ adds are made anew, so that a case of an older program can be judged by
 * other rules. */
enum status derive_views(struct casedb *db, const struct kb *kb, struct err *e)
{
    struct str sql = kb_file(kb, "views.sql");
    struct drops d = {.schema = kb_file(kb, "schema.sql")};
    if (!sql.p)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "views.sql is missing");
    enum status st = case_named(db, Q_MADE, "", NULL, drop, &d, e);
    buf_char(&d.sql, 0);
    if (st == OK && d.sql.bad)
        st = err_set(e, E_NOMEM, ERR_NO_OFF, "views.sql", "no memory");
    if (st == OK && (st = case_exec(db, d.sql.p, e)) == OK)
        st = err_in(e, case_exec(db, sql.p, e), "views.sql");
    sql = kb_file(kb, "report.sql"); /* stands on the others */
    if (st == OK && sql.p)
        st = err_in(e, case_exec(db, sql.p, e), "report.sql");
    buf_free(&d.sql);
    return st;
}

/* Temporary tables of derive/, dropped when all is derived; where the connection keeps what it prepared they
 * stay, and are emptied with the case. A small case has those of the build and keeps them: to make 130 tables
 * and their indexes, and drop them, takes longer than to fill them. A large one makes its own, with indexes
 * on what is filled already, and wants the room back. */
enum { SMALL_PAGES = 2048 };
static enum status list_scratch(void *ctx, const struct cell *c, const char *const *name, size_t n,
                                struct err *e)
{
    (void)name, (void)n, (void)e;
    named_drop(ctx, STR("TABLE temp."), c[0].s);
    return OK;
}

static enum status drop_scratch(struct casedb *db, struct err *e)
{
    struct buf sql = {0};
    enum status st = case_named(db, Q_MADE_SCRATCH, "", NULL, NULL, NULL, e);
    st = st == OK ? case_named(db, Q_SCRATCH, "", NULL, list_scratch, &sql, e) : st;
    named_drop(&sql, STR("TABLE temp."), STR("scratch")), buf_char(&sql, 0);
    if (st == OK)
        st = sql.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "derive", "no memory") : case_exec(db, sql.p, e);
    buf_free(&sql);
    return st;
}

/* Do they stand, and stay? */
static enum status scratch_stands(struct casedb *db, bool *stands, struct err *e)
{
    int64_t pages = 0;
    *stands = case_keeps(db);
    if (*stands || !case_has_scratch(db))
        return OK;
    enum status st = case_named(db, Q_PAGES, "", NULL, case_first, &pages, e);
    *stands = pages <= SMALL_PAGES;
    return st == OK && !*stands ? drop_scratch(db, e) : st;
}

enum status derive_tables(struct casedb *db, const struct kb *kb, struct err *e)
{
    const char *name;
    struct str sql = kb_part(kb, "derive/", 0, &name);
    if (!sql.p)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "derive/*.sql is missing");
    bool stands;
    enum status st = scratch_stands(db, &stands, e);
    st = st == OK && !stands ? case_named(db, Q_MADE_BEFORE, "", NULL, NULL, NULL, e) : st;
    for (size_t i = 1; sql.p && st == OK; sql = kb_part(kb, "derive/", i++, &name))
        st = err_in(e, case_exec(db, sql.p, e), name);
    return st == OK && !stands ? drop_scratch(db, e) : st;
}

enum status derive(struct casedb *db, const struct kb *kb, struct err *e)
{
    enum status st = case_keeps(db) ? OK : derive_views(db, kb, e);
    return st == OK ? derive_tables(db, kb, e) : st;
}

enum status diagnose_new(const struct kb *kb, const char *path, struct casedb **out, struct err *e)
{
    struct casedb *db = NULL;
    struct str schema = kb_file(kb, "schema.sql"), image = kb_case(kb);
    if (!schema.p)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "knowledge", "schema.sql is missing");
    enum status st = image.n ? case_create_from(path, image, &db, e) : case_create(path, schema, &db, e);
    if (st == OK && !image.n && (st = case_begin(db, e)) == OK && (st = kb_store(kb, db, e)) == OK
        && (st = derive_views(db, kb, e)) == OK)
        st = case_commit(db, e);
    if (st == OK && image.n)
        st = case_scratch_from(db, kb_scratch(kb), e);
    if (st == OK)
        case_names(db, kb_names(kb)), *out = db, db = NULL;
    case_close(db);
    return st;
}

enum status diagnose_empty(const struct kb *kb, const char *path, struct casedb **out, struct err *e)
{
    struct casedb *db = NULL;
    enum status st = diagnose_new(kb, path, &db, e);
    /* With nothing in it: makes the tables and indexes that are filled, and emptied, from then on. */
    if (st == OK && (st = case_keep(db, e)) == OK && (st = derive_tables(db, kb, e)) == OK)
        st = coverage(db, kb, e);
    if (st == OK)
        *out = db, db = NULL;
    case_close(db);
    return st;
}

enum status diagnose_scratch(const struct kb *kb, struct buf *out, struct err *e)
{
    struct casedb *db = NULL;
    enum status st = diagnose_new(kb, NULL, &db, e);
    if (st == OK && (st = case_named(db, Q_MADE_BEFORE, "", NULL, NULL, NULL, e)) == OK /* none stood */
        && (st = case_keep(db, e)) == OK && (st = derive_tables(db, kb, e)) == OK
        && (st = coverage(db, kb, e)) == OK && (st = run_knowledge(db, kb, "outcome.sql", e)) == OK)
        st = case_scratch_image(db, out, e);
    case_close(db);
    return st;
}

static enum status leave_row(void *ctx, const struct cell *c, const char *const *name, size_t n,
                             struct err *e)
{
    (void)ctx, (void)c, (void)name, (void)n, (void)e;
    return OK;
}

/* All is done again with nothing in it, and undone: what was prepared before the last table was made is
 * prepared anew, and what the rules ask for the first time. */
static enum status rehearse(struct casedb *db, const struct kb *kb, struct err *e)
{
    size_t n;
    const struct rule *rule = kb_rules(kb, &n);
    enum status st = run_knowledge(db, kb, "outcome.sql", e), undone;
    st = st == OK ? case_mark(db, e) : st;
    if (st != OK)
        return st;
    st = derive_tables(db, kb, e);
    st = st == OK ? coverage(db, kb, e) : st;
    st = st == OK ? run_knowledge(db, kb, "outcome.sql", e) : st;
    st = st == OK ? diagnose_rules(db, kb, rule, n, e) : st;
    for (size_t i = 0; i < n && st == OK; i++) /* without symptoms the others are not asked */
        for (size_t k = 0; k < rule[i].n_ind && st == OK; k++)
            if (!asked_first(&rule[i].ind[k]))
                case_guarded(db, rule[i].ind[k].sql, LIM_RULE_STEPS, leave_row, NULL, NULL);
    undone = case_rewind(db, st == OK ? e : NULL);
    return st == OK ? undone : st;
}

enum status diagnose_ready(const struct kb *kb, struct casedb **out, struct err *e)
{
    struct casedb *db = NULL;
    enum status st = diagnose_empty(kb, "", &db, e);
    st = st == OK ? rehearse(db, kb, e) : st;
    if (st == OK)
        *out = db, db = NULL;
    case_close(db);
    return st;
}
