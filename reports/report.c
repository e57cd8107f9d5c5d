#include "reports/model.h"
#include "reports/timeline.h"
#include "reports/redact.h"
#include "reports/report.h"
#include "base/hash.h"
#include "base/lookup.h"
#include "base/wintime.h"
#include "case/casedb.h"
#include "case/named.h"
#include "kb/words.h"
#include <stdlib.h>
#include <string.h>

const struct report_format report_formats[] = {{"html", "report.html", write_html},
                                               {"md", "report.md", write_markdown},
                                               {"json", "report.json", write_json},
                                               {0}};

/* ---- views to rows: one table says how each list is read ---- */

struct column {
    const char *name;
    size_t at;
    bool text;
};
#define INT(type, field)                            \
    {                                               \
#field, offsetof(struct type, field), false \
    }
#define TEXT(type, field)                          \
    {                                              \
#field, offsetof(struct type, field), true \
    }
enum { COLUMNS = 25 };

/* knowledge/report.sql: each view has its columns named as the row's members, and place */
static const struct source {
    const char *view;
    size_t list, size, cap;
    struct column col[COLUMNS];
} sources[] = {
    {"v_report_meta",
     offsetof(struct report, meta),
     sizeof(struct r_pair),
     100,
     {TEXT(r_pair, key), TEXT(r_pair, value)}},
    {"v_report_status", offsetof(struct report, status), sizeof(struct r_pair), 32, {TEXT(r_pair, key)}},
    {"v_report_host",
     offsetof(struct report, host),
     sizeof(struct r_host),
     100000,
     {TEXT(r_host, host), TEXT(r_host, fqdn), TEXT(r_host, domain), TEXT(r_host, os), INT(r_host, build),
      TEXT(r_host, role), TEXT(r_host, time_zone), INT(r_host, bias), TEXT(r_host, zone_rule),
      TEXT(r_host, machine_sid), INT(r_host, joined), TEXT(r_host, word)}},
    {"v_report_finding",
     offsetof(struct report, finding),
     sizeof(struct r_finding),
     SIZE_MAX,
     {INT(r_finding, id), INT(r_finding, verdict), INT(r_finding, win32), TEXT(r_finding, hex),
      TEXT(r_finding, hresult), INT(r_finding, first), INT(r_finding, last), INT(r_finding, count),
      TEXT(r_finding, cause), TEXT(r_finding, rule), TEXT(r_finding, title), TEXT(r_finding, host),
      TEXT(r_finding, subject), TEXT(r_finding, symbol), TEXT(r_finding, explanation),
      TEXT(r_finding, reader)}},
    {"v_report_citation",
     offsetof(struct report, citation),
     sizeof(struct r_citation),
     SIZE_MAX,
     {INT(r_citation, finding), INT(r_citation, role), INT(r_citation, moment), INT(r_citation, fact_time),
      INT(r_citation, written), INT(r_citation, off), INT(r_citation, again), TEXT(r_citation, id),
      TEXT(r_citation, explain), TEXT(r_citation, path), TEXT(r_citation, sha256), TEXT(r_citation, summary),
      TEXT(r_citation, reader), TEXT(r_citation, reader_detail)}},
    {"v_report_unknown",
     offsetof(struct report, unknown),
     sizeof(struct r_unknown),
     SIZE_MAX,
     {INT(r_unknown, finding), TEXT(r_unknown, artifact), TEXT(r_unknown, collect)}},
    {"v_report_remedy",
     offsetof(struct report, remedy),
     sizeof(struct r_remedy),
     SIZE_MAX,
     {INT(r_remedy, finding), TEXT(r_remedy, text), TEXT(r_remedy, risk), TEXT(r_remedy, reversible),
      TEXT(r_remedy, verify)}},
    {"v_report_kind",
     offsetof(struct report, kind),
     sizeof(struct r_kind),
     SIZE_MAX,
     {TEXT(r_kind, host), TEXT(r_kind, kind), TEXT(r_kind, state), INT(r_kind, failures),
      INT(r_kind, from_time), INT(r_kind, to_time), TEXT(r_kind, needs)}},
    {"v_report_need",
     offsetof(struct report, need),
     sizeof(struct r_need),
     SIZE_MAX,
     {TEXT(r_need, host), TEXT(r_need, artifact), TEXT(r_need, state), TEXT(r_need, why),
      TEXT(r_need, collect), TEXT(r_need, kinds)}},
    {"v_report_unasked",
     offsetof(struct report, unasked),
     sizeof(struct r_unasked),
     SIZE_MAX,
     {TEXT(r_unasked, host), TEXT(r_unasked, artifact), TEXT(r_unasked, collect), INT(r_unasked, total),
      TEXT(r_unasked, causes)}},
    {"v_report_next",
     offsetof(struct report, next),
     sizeof(struct r_next),
     SIZE_MAX,
     {TEXT(r_next, host), TEXT(r_next, artifact), TEXT(r_next, collect), TEXT(r_next, subject),
      INT(r_next, subjects), TEXT(r_next, decides), TEXT(r_next, leaves)}},
    {"v_report_failure",
     offsetof(struct report, failure),
     sizeof(struct r_failure),
     100000,
     {TEXT(r_failure, host), TEXT(r_failure, kind), TEXT(r_failure, subject), TEXT(r_failure, principal),
      INT(r_failure, event_id), TEXT(r_failure, raw), INT(r_failure, win32), TEXT(r_failure, ntstatus),
      TEXT(r_failure, symbol), TEXT(r_failure, detail), INT(r_failure, concern), INT(r_failure, explained),
      INT(r_failure, time), TEXT(r_failure, id), TEXT(r_failure, also)}},
    {"v_report_evidence",
     offsetof(struct report, evidence),
     sizeof(struct r_evidence),
     SIZE_MAX,
     {INT(r_evidence, id),           TEXT(r_evidence, path),          TEXT(r_evidence, container),
      TEXT(r_evidence, kind),        TEXT(r_evidence, format),        TEXT(r_evidence, log_kind),
      TEXT(r_evidence, host),        INT(r_evidence, bytes),          TEXT(r_evidence, sha256),
      INT(r_evidence, seen),         INT(r_evidence, parsed),         INT(r_evidence, recovered),
      INT(r_evidence, failed),       INT(r_evidence, chunks),         TEXT(r_evidence, state),
      TEXT(r_evidence, note),        INT(r_evidence, duplicate_of),   INT(r_evidence, older),
      TEXT(r_evidence, hive_kind),   INT(r_evidence, dirty),          TEXT(r_evidence, replay),
      INT(r_evidence, members_seen), INT(r_evidence, members_wanted), INT(r_evidence, members_failed),
      TEXT(r_evidence, origin)}},
    {"v_report_anomaly",
     offsetof(struct report, anomaly),
     sizeof(struct r_anomaly),
     SIZE_MAX,
     {INT(r_anomaly, file), INT(r_anomaly, total), TEXT(r_anomaly, id), TEXT(r_anomaly, what),
      TEXT(r_anomaly, detail)}},
    {"v_report_coverage",
     offsetof(struct report, coverage),
     sizeof(struct r_coverage),
     SIZE_MAX,
     {TEXT(r_coverage, host), TEXT(r_coverage, artifact), TEXT(r_coverage, state), INT(r_coverage, from_time),
      INT(r_coverage, to_time), TEXT(r_coverage, path), TEXT(r_coverage, detail), INT(r_coverage, channel),
      INT(r_coverage, core)}},
    {"v_report_task",
     offsetof(struct report, task),
     sizeof(struct r_task),
     100000,
     {TEXT(r_task, host), TEXT(r_task, task), INT(r_task, event_id), TEXT(r_task, raw), INT(r_task, win32),
      TEXT(r_task, symbol), INT(r_task, time), TEXT(r_task, id)}},
    {"v_report_failed",
     offsetof(struct report, failed),
     sizeof(struct r_failed),
     20000,
     {INT(r_failed, logon), TEXT(r_failed, host), TEXT(r_failed, kind), TEXT(r_failed, subject),
      TEXT(r_failed, raw), INT(r_failed, win32), TEXT(r_failed, symbol), INT(r_failed, n),
      INT(r_failed, first), INT(r_failed, last), TEXT(r_failed, id), INT(r_failed, explained)}},
    {"v_report_service",
     offsetof(struct report, service),
     sizeof(struct r_service),
     100000,
     {INT(r_service, installed), TEXT(r_service, host), TEXT(r_service, service), INT(r_service, start),
      TEXT(r_service, account), TEXT(r_service, display), TEXT(r_service, id), TEXT(r_service, recovery)}},
    {"v_report_setting",
     offsetof(struct report, setting),
     sizeof(struct r_setting),
     100000,
     {INT(r_setting, smb), TEXT(r_setting, host), TEXT(r_setting, name), INT(r_setting, is_set),
      INT(r_setting, value), TEXT(r_setting, text), INT(r_setting, default_value),
      TEXT(r_setting, default_text), TEXT(r_setting, meaning), TEXT(r_setting, id)}},
    {"v_report_set",
     offsetof(struct report, set),
     sizeof(struct r_set),
     1000,
     {INT(r_set, good), TEXT(r_set, host), TEXT(r_set, set), TEXT(r_set, path), TEXT(r_set, name),
      TEXT(r_set, value), TEXT(r_set, current), TEXT(r_set, id)}},
    {"v_report_change",
     offsetof(struct report, change),
     sizeof(struct r_change),
     50000,
     {TEXT(r_change, host), TEXT(r_change, kind), TEXT(r_change, words), INT(r_change, time),
      TEXT(r_change, id)}},
    {"v_report_alike",
     offsetof(struct report, alike),
     sizeof(struct r_alike),
     20000,
     {TEXT(r_alike, part), TEXT(r_alike, what), TEXT(r_alike, value), TEXT(r_alike, detail), INT(r_alike, n),
      TEXT(r_alike, names)}},
    {"v_report_boot",
     offsetof(struct report, boot),
     sizeof(struct r_boot),
     50000,
     {TEXT(r_boot, host), INT(r_boot, from_time), INT(r_boot, to_time), INT(r_boot, clean), TEXT(r_boot, id),
      TEXT(r_boot, end_id)}},
    {"v_report_session",
     offsetof(struct report, session),
     sizeof(struct r_session),
     50000,
     {TEXT(r_session, host), TEXT(r_session, user), INT(r_session, logon_type), TEXT(r_session, ended),
      INT(r_session, from_time), INT(r_session, to_time), TEXT(r_session, id), TEXT(r_session, end_id)}},
    {"v_report_log",
     offsetof(struct report, log),
     sizeof(struct r_log),
     5000,
     {TEXT(r_log, host), INT(r_log, hosts), TEXT(r_log, channel), TEXT(r_log, path), INT(r_log, logs),
      INT(r_log, n), INT(r_log, first_time), INT(r_log, last_time), INT(r_log, gaps)}},
    {"v_report_counted",
     offsetof(struct report, counted),
     sizeof(struct r_counted),
     5000,
     {TEXT(r_counted, host), INT(r_counted, hosts), TEXT(r_counted, channel), TEXT(r_counted, provider),
      INT(r_counted, event_id), TEXT(r_counted, name), INT(r_counted, n), INT(r_counted, first_time),
      INT(r_counted, last_time)}},
    {"v_report_logon",
     offsetof(struct report, logon),
     sizeof(struct r_logon),
     5000,
     {TEXT(r_logon, host), INT(r_logon, hosts), INT(r_logon, refused), TEXT(r_logon, domain),
      TEXT(r_logon, account), INT(r_logon, type), TEXT(r_logon, type_name), TEXT(r_logon, code),
      TEXT(r_logon, symbol), TEXT(r_logon, meaning), INT(r_logon, n), INT(r_logon, first_time),
      INT(r_logon, last_time)}},
    {"v_report_total",
     offsetof(struct report, total),
     sizeof(struct r_total),
     SIZE_MAX,
     {TEXT(r_total, host), INT(r_total, n), INT(r_total, open), INT(r_total, other), INT(r_total, first),
      INT(r_total, last)}},
    {"v_report_collect",
     offsetof(struct report, collect),
     sizeof(struct r_collect),
     1000,
     {TEXT(r_collect, host), TEXT(r_collect, artifact), TEXT(r_collect, command), INT(r_collect, n)}},
    {"v_report_word",
     offsetof(struct report, word),
     sizeof(struct r_word),
     4000,
     {INT(r_word, kind), TEXT(r_word, key), TEXT(r_word, words)}},
    {"v_report_artifact",
     offsetof(struct report, artifact),
     sizeof(struct r_collect),
     200,
     {TEXT(r_collect, artifact), TEXT(r_collect, command)}},
    {"v_report_rule_error",
     offsetof(struct report, rule_error),
     sizeof(struct r_pair),
     1000,
     {TEXT(r_pair, key), TEXT(r_pair, value)}},
};

/* Of the memory for a report, in hundredths: what each list finds free, whatever those before it take (others
 * OTHER); and what lists leave for what is made of them. In the order of sources: what findings say comes
 * before what is merely listed, and takes the most. */
enum { KEPT_FREE = 20 };
#define OTHER 0.5
static const struct {
    const char *view;
    double share;
} shares[] = {{"v_report_finding", 10}, {"v_report_citation", 20}, {"v_report_host", 5},
              {"v_report_unknown", 5},  {"v_report_remedy", 5},    {"v_report_kind", 3},
              {"v_report_need", 3},     {"v_report_evidence", 5},  {"v_report_failure", 5},
              {"v_report_coverage", 4}};

/* Texts of the last rows: causes, paths and remedies are the same for most, and lie in the arena once. */
enum { TEXTS = 4096 };
struct texts {
    struct arena *a;
    struct str lately[TEXTS]; /* by hash */
};

static struct texts *texts_make(struct arena *a, struct err *e)
{
    struct texts *t = calloc(1, sizeof *t);
    if (t)
        t->a = a;
    else
        err_set(e, E_NOMEM, ERR_NO_OFF, "report", "out of memory");
    return t;
}

/* .p NULL: the arena is used up. */
static struct str keep_text(struct texts *t, struct str s)
{
    struct str *at = &t->lately[hash64(s.p, s.n) % TEXTS];
    if (at->p && str_eq(*at, s))
        return *at;
    struct str copy = arena_str(t->a, s);
    return copy.p ? *at = copy : copy;
}

/* The arena of a report while it is loaded: texts from its beginning, and rows from its middle, where the
 * list in work can grow without moving. Both together take half of it at most: the rest is addresses. */
struct room {
    struct arena text, row;
    size_t bytes;
};

static struct room room_in(const struct arena *a)
{
    size_t half = (size_t)(a->end - a->at) / 32 * 16;
    return (struct room){.text = {.base = a->at, .at = a->at, .end = a->at + half},
                         .row = {.base = a->at + half, .at = a->at + half, .end = a->end},
                         .bytes = half};
}

static size_t left(const struct room *m)
{
    size_t used = (size_t)(m->text.at - m->text.base) + (size_t)(m->row.at - m->row.base);
    return used < m->bytes ? m->bytes - used : 0;
}

/* floor: bytes of the room that the list leaves */
struct load {
    const struct source *src;
    struct list *list;
    struct room *room;
    struct texts *texts;
    size_t floor;
};

static double share_of(const struct source *src)
{
    for (size_t i = 0; i < LEN(shares); i++)
        if (strcmp(shares[i].view, src->view) == 0)
            return shares[i].share;
    return OTHER;
}

static void set_floor(struct load *l, size_t whole)
{
    double keep = KEPT_FREE;
    for (const struct source *s = l->src + 1; s < sources + LEN(sources); s++)
        keep += share_of(s);
    l->floor = (size_t)((double)whole * keep / 100);
}

static bool has_room(const struct load *l)
{
    return left(l->room) > l->floor && list_room(l->list, l->src->size, &l->room->row);
}

/* What does not fit is counted: a limit is no error. */
static enum status load_row(void *ctx, const struct cell *cell, const char *const *name, size_t n,
                            struct err *e)
{
    struct load *l = ctx;
    (void)name, (void)e;
    bool full = l->list->left || !has_room(l);
    if (full || l->list->n >= l->src->cap)
        return l->list->more++, l->list->left += full, OK;
    uint8_t *row = (uint8_t *)l->list->row + l->list->n * l->src->size;
    for (size_t i = 0; i < n; i++) {
        void *at = row + l->src->col[i].at;
        if (!l->src->col[i].text)
            *(int64_t *)at = cell[i].null ? NONE : cell[i].i;
        else if (!cell[i].null && !(*(struct str *)at = keep_text(l->texts, cell[i].s)).p)
            return memset(row, 0, l->src->size), l->list->more++, l->list->left++, OK;
    }
    l->list->n++;
    return OK;
}

static void put_columns(struct buf *list, const struct source *src)
{
    for (const struct column *c = src->col; c < src->col + COLUMNS && c->name; c++)
        buf_printf(list, "%s\"%s\"", list->n ? ", " : "", c->name);
    buf_char(list, 0);
}

bool report_ahead(struct casedb *db, size_t i)
{
    struct buf list = {0};
    if (i >= LEN(sources))
        return false;
    put_columns(&list, &sources[i]);
    if (!list.bad && sources[i].list != offsetof(struct report, alike))
        case_named_ahead(db, Q_REPORT, sources[i].view, list.p);
    buf_free(&list);
    return true;
}

static enum status load_list(struct casedb *db, struct load *l, struct err *e)
{
    struct buf list = {0};
    put_columns(&list, l->src);
    enum status st = list.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, l->src->view, "out of memory")
                              : case_named_in(db, Q_REPORT, l->src->view, list.p, "", NULL, load_row, l, e);
    buf_free(&list);
    return st;
}

/* ---- rows to what a reader asks ---- */

/* Rows whose first member is key; the list is sorted by it. */
static struct slice children(const struct list *l, size_t size, int64_t key)
{
    const uint8_t *row = l->row;
    size_t at = 0, n = l->n;
    while (n) {
        size_t half = n / 2;
        if (*(const int64_t *)(const void *)(row + (at + half) * size) < key)
            at += half + 1, n -= half + 1;
        else
            n = half;
    }
    struct slice s = {.at = at};
    while (at + s.n < l->n && *(const int64_t *)(const void *)(row + (at + s.n) * size) == key)
        s.n++;
    return s;
}

static void link_findings(struct report *r)
{
    const struct r_citation *cite = r->citation.row;
    for (size_t i = 0; i < r->finding.n; i++) {
        struct r_finding *f = (struct r_finding *)r->finding.row + i;
        struct slice all = children(&r->citation, sizeof *cite, f->id);
        for (size_t role = 0, at = all.at; role < ROLES; role++) {
            f->cite[role].at = at;
            while (at < all.at + all.n && cite[at].role == (int64_t)role)
                at++;
            f->cite[role].n = at - f->cite[role].at;
        }
        f->unknown = children(&r->unknown, sizeof(struct r_unknown), f->id);
        f->remedy = children(&r->remedy, sizeof(struct r_remedy), f->id);
    }
}

static int sign(int64_t d) { return (d > 0) - (d < 0); }

static int64_t pick(int64_t a, int64_t b, bool larger)
{
    return a == NONE || (b != NONE && (larger ? b > a : b < a)) ? b : a;
}

static enum status group_findings(struct report *r, struct arena *a, struct err *e)
{
    const struct r_finding *f = r->finding.row;
    for (size_t i = 0; i < r->finding.n; i++) {
        struct r_group *g = r->group.n ? (struct r_group *)r->group.row + r->group.n - 1 : NULL;
        const struct r_finding *was = g ? f + g->at : NULL;
        if (!was || was->verdict != f[i].verdict || !str_eq(was->host, f[i].host)
            || !str_eq(was->cause, f[i].cause)) {
            if (!list_room(&r->group, sizeof *g, a))
                return err_set(e, E_LIMIT, ERR_NO_OFF, "report",
                               "memory for the report is used up after %zu findings", i);
            g = (struct r_group *)r->group.row + r->group.n++;
            *g = (struct r_group){
                .at = i, .verdict = f[i].verdict, .cause = f[i].cause, .first = NONE, .last = NONE};
        }
        g->n++, g->first = pick(g->first, f[i].first, false), g->last = pick(g->last, f[i].last, true),
                g->count += f[i].count > 0 ? f[i].count : 0;
    }
    return OK;
}

/* Of citations of one place, the first in their own order. */
static int by_id_and_row(const void *a, const void *b)
{
    const struct r_citation *x = *(const struct r_citation *const *)a,
                            *y = *(const struct r_citation *const *)b;
    int id = order_ids(a, b);
    return id ? id : (x > y) - (x < y);
}

static enum status cite(struct report *r, struct arena *a, const struct r_finding *f, size_t most,
                        struct err *e)
{
    const struct r_citation *c = r->citation.row;
    for (size_t role = 0; role < ROLES; role++)
        for (size_t i = 0; i < f->cite[role].n && i < most; i++) {
            if (!list_room(&r->cited, sizeof c, a))
                return err_set(e, E_LIMIT, ERR_NO_OFF, "report",
                               "memory for the report is used up after %zu citations", r->cited.n);
            ((const struct r_citation **)r->cited.row)[r->cited.n++] = c + f->cite[role].at + i;
        }
    return OK;
}

/* What pages show: the first citations of each card's first finding, of what a host's own screen says, and of
 * findings in a table the first one of each role. */
static enum status collect_cited(struct report *r, struct arena *a, struct err *e)
{
    const struct r_finding *f = r->finding.row;
    const struct r_card *card = r->card.row;
    const struct r_host *h = r->host.row;
    size_t cards = 0, rows[VERDICTS] = {0};
    enum status st = OK;
    for (size_t i = 0; i < r->card.n && st == OK; i++)
        if (card[i].verdict <= V_LATENT && cards++ < full_cards(r))
            st = cite(r, a, card_finding(r, card + i), show_cites(r), e);
        else if (card[i].verdict > V_LATENT && is_many(r))
            st = cite(r, a, card_finding(r, card + i), 1, e);
    for (size_t i = 0; i < r->finding.n && !is_many(r) && st == OK; i++)
        if (f[i].verdict > V_LATENT && rows[f[i].verdict]++ < SHOW_ROWS)
            st = cite(r, a, f + i, 1, e);
    for (size_t i = 0; i < r->host.n && i < SHOW_HOSTS && st == OK; i++)
        if (headline(r, h + i))
            st = cite(r, a, headline(r, h + i), 1, e);
    const struct r_citation **all = r->cited.row;
    size_t n = 0;
    if (r->cited.n)
        qsort(all, r->cited.n, sizeof *all, by_id_and_row);
    for (size_t i = 0; i < r->cited.n; i++)
        if (all[i]->id.p && (!n || order_ids(&all[n - 1], &all[i]) != 0))
            all[n++] = all[i];
    r->cited.n = n;
    return st;
}

/* ---- cards ---- */

/* Group pointers of one verdict and cause side by side, those with most failures first. */
static int by_cause(const void *a, const void *b)
{
    const struct r_group *x = *(const struct r_group *const *)a, *y = *(const struct r_group *const *)b;
    int c = sign(x->verdict - y->verdict);
    c = c ? c : str_cmp(x->cause, y->cause);
    c = c ? c : sign(y->count - x->count);
    return c ? c : (x > y) - (x < y);
}

/* By verdict; what concerns most hosts first. */
static int by_weight(const void *a, const void *b)
{
    const struct r_card *x = a, *y = b;
    int c = sign(x->verdict - y->verdict);
    c = c ? c : sign((int64_t)y->hosts - (int64_t)x->hosts);
    c = c ? c : sign(y->count - x->count);
    return c ? c : (x->at > y->at) - (x->at < y->at);
}

static int by_value(const void *a, const void *b) { return sign(*(const int64_t *)a - *(const int64_t *)b); }

/* At which minute the cause stood on most hosts. */
static bool common_moment(const struct report *r, struct r_card *card, struct arena scratch)
{
    const struct r_group *const *order = (const struct r_group *const *)r->order.row + card->at;
    int64_t *minute = arena_alloc(&scratch, sizeof *minute, card->n), unit = 60 * WINTIME_SECOND;
    size_t n = 0, run = 0;
    if (!minute)
        return false;
    for (size_t i = 0; i < card->n; i++) {
        const struct r_citation *c = first_cite(r, (const struct r_finding *)r->finding.row + order[i]->at,
                                                ROLE_CAUSE);
        if (c && wintime_sane(c->moment))
            minute[n++] = c->moment / unit;
    }
    qsort(minute, n, sizeof *minute, by_value);
    for (size_t i = 0; i < n; i++) {
        run = i && minute[i] == minute[i - 1] ? run + 1 : 1;
        if (run > card->same)
            card->same = run, card->moment = minute[i] * unit;
    }
    return true;
}

static enum status make_cards(struct report *r, struct arena *a, struct err *e)
{
    const struct r_group *g = r->group.row;
    for (size_t i = 0; i < r->group.n; i++) {
        if (!list_room(&r->order, sizeof g, a))
            return err_set(e, E_LIMIT, ERR_NO_OFF, "report", "memory for the report is used up");
        ((const struct r_group **)r->order.row)[r->order.n++] = g + i;
    }
    const struct r_group **order = r->order.row;
    if (is_many(r) && r->order.n)
        qsort(order, r->order.n, sizeof *order, by_cause);
    for (size_t i = 0; i < r->order.n; i++) {
        struct r_card *card = r->card.n ? (struct r_card *)r->card.row + r->card.n - 1 : NULL;
        if (!card || !is_many(r) || order[i]->verdict != order[card->at]->verdict
            || !str_eq(order[i]->cause, order[card->at]->cause)) {
            if (!list_room(&r->card, sizeof *card, a))
                return err_set(e, E_LIMIT, ERR_NO_OFF, "report", "memory for the report is used up");
            card = (struct r_card *)r->card.row + r->card.n++;
            *card = (struct r_card){
                .at = i, .verdict = order[i]->verdict, .first = NONE, .last = NONE, .moment = NONE};
        }
        card->n++, card->hosts++, card->subjects += order[i]->n, card->count += order[i]->count;
        card->first = pick(card->first, order[i]->first, false),
        card->last = pick(card->last, order[i]->last, true);
    }
    for (size_t i = 0; i < r->card.n; i++)
        if (!common_moment(r, (struct r_card *)r->card.row + i, *a))
            return err_set(e, E_LIMIT, ERR_NO_OFF, "report", "memory for the report is used up");
    if (is_many(r) && r->card.n)
        qsort(r->card.row, r->card.n, sizeof(struct r_card), by_weight);
    return OK;
}

static int by_sha256(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The set's name: SHA-256 over the files' hashes, sorted, one a line: the same files give the same name
 * whatever their paths. */
static enum status name_set(struct report *r, struct arena scratch, struct err *e)
{
    const struct r_evidence *ev = r->evidence.row;
    struct str *hash = arena_alloc(&scratch, sizeof *hash, r->evidence.n + 1);
    struct sha256 h;
    uint8_t out[SHA256_BYTES];
    size_t n = 0;
    if (!hash)
        return err_set(e, E_LIMIT, ERR_NO_OFF, "report", "memory for the report is used up");
    for (size_t i = 0; i < r->evidence.n; i++)
        if (ev[i].sha256.n)
            hash[n++] = ev[i].sha256;
    qsort(hash, n, sizeof *hash, by_sha256);
    bool ok = sha256_begin(&h);
    for (size_t i = 0; ok && i < n; i++)
        sha256_add(&h, hash[i].p, hash[i].n), sha256_add(&h, "\n", 1);
    if (!sha256_end(&h, out))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "report", "SHA-256 is not available");
    sha256_text(out, r->read.set_sha256);
    return OK;
}

static uint64_t positive(int64_t v) { return v > 0 ? (uint64_t)v : 0; }

static void count_services(struct report *r)
{
    const struct r_service *s = r->service.row;
    while (r->services_known < r->service.n && s[r->services_known].installed != NONE)
        r->services_known++;
}

static void count_evidence(struct report *r)
{
    for (size_t i = 0; i < r->anomaly.n; i++) {
        struct r_anomaly *an = (struct r_anomaly *)r->anomaly.row + i;
        an->off = id_offset(an->id);
    }
    for (size_t i = 0; i < r->evidence.n; i++) {
        struct r_evidence *ev = (struct r_evidence *)r->evidence.row + i;
        bool read = str_eq(ev->state, STR("read")) || str_eq(ev->state, STR("partial"));
        ev->anomaly = children(&r->anomaly, sizeof(struct r_anomaly), ev->id);
        r->read.files++, r->read.read += read;
        r->read.logs += read && str_eq(ev->kind, STR("evtx")),
            r->read.hives += read && str_eq(ev->kind, STR("hive"));
        /* a copy's records are those of the file it is a copy of */
        if (ev->duplicate_of == NONE)
            r->read.records += positive(ev->parsed) + positive(ev->recovered),
                r->read.failed += positive(ev->failed);
        else
            r->read.copies++;
        r->read.dirty += ev->dirty == 1, r->read.damaged += ev->anomaly.n > 0;
    }
}

/* ---- hosts and their rows */

/* Lists whose rows of one host lie side by side, in whatever order hosts are. */
#define HOSTED(list, slice)                                                                      \
    {                                                                                            \
        offsetof(struct report, list), sizeof(struct r_##list), offsetof(struct r_##list, host), \
            offsetof(struct r_host, slice)                                                       \
    }
static const struct hosted {
    size_t list, size, name, slice;
} hosted[] = {HOSTED(kind, kind),        HOSTED(need, need),       HOSTED(next, next),
              HOSTED(unasked, unasked),  HOSTED(failure, failure), HOSTED(change, change),
              HOSTED(boot, boot),        HOSTED(session, session), HOSTED(total, total),
              HOSTED(coverage, coverage)};

static struct r_host *host_in(const struct report *r, const struct lookup *names, struct str name)
{
    uint64_t hash = str_hash(name);
    size_t at = lookup_at(names, hash);
    for (uint32_t row; (row = lookup_next(names, hash, &at)) != LOOKUP_NONE;) {
        struct r_host *h = (struct r_host *)r->host.row + row;
        if (str_eq(h->host, name))
            return h;
    }
    return NULL;
}

static void share_rows(const struct report *r, const struct lookup *names, const struct hosted *of)
{
    const struct list *l = (const struct list *)(const void *)((const uint8_t *)r + of->list);
    struct r_host *h = NULL;
    for (size_t i = 0; i < l->n; i++) {
        const struct str *name = (const void *)((const uint8_t *)l->row + i * of->size + of->name);
        if (!h || !str_eq(h->host, *name))
            h = host_in(r, names, *name);
        if (!h)
            continue;
        struct slice *s = (struct slice *)(void *)((uint8_t *)h + of->slice);
        s->at = s->n ? s->at : i, s->n += i == s->at + s->n;
    }
}

static void count_groups(const struct report *r, const struct lookup *names)
{
    const struct r_finding *f = r->finding.row;
    const struct r_group *g = r->group.row;
    for (size_t i = 0; i < r->group.n; i++) {
        int64_t v = f[g[i].at].verdict;
        struct r_host *h = host_in(r, names, f[g[i].at].host);
        if (!h)
            continue;
        h->groups[v]++, h->findings[v] += g[i].n, h->undecided |= v == V_UNDETERMINED && g[i].count > 0;
        if (!h->top && v <= V_LATENT)
            h->top = g + i;
    }
}

/* As the case says; of a host that only findings name, as they do. */
static enum outcome judged(const struct report *r, const struct r_host *h)
{
    int64_t top = h->top ? ((const struct r_finding *)r->finding.row)[h->top->at].verdict : VERDICTS;
    enum outcome o = outcome_of(h->word);
    return o < OUTCOMES && outcome_words[o].headline ? o
           : top < V_LATENT                          ? OUT_EXPLAINED
           : top == V_LATENT                         ? OUT_LATENT
                                                     : OUT_NOT_COVERED;
}

static void judge_host(const struct report *r, struct r_host *h)
{
    const struct r_total *t = (const struct r_total *)r->total.row + h->total.at;
    h->zoned = zone_parse(h->zone_rule, &h->zone);
    h->first = h->last = NONE, h->failures = h->open = h->other = 0;
    if (h->total.n)
        h->failures = t->n, h->open = t->open, h->other = t->other, h->first = t->first, h->last = t->last;
    h->judged = judged(r, h), h->undecided &= h->judged == OUT_UNEXPLAINED;
}

/* Gravest first: by outcome; by the surest verdict, most failures, and name. */
static int by_gravity(const void *a, const void *b)
{
    const struct r_host *x = a, *y = b;
    int c = sign((int64_t)x->judged - (int64_t)y->judged);
    for (size_t v = 0; v < V_LATENT && !c; v++)
        c = sign((y->groups[v] > 0) - (x->groups[v] > 0));
    c = c ? c : sign(y->failures - x->failures);
    c = c ? c : sign(y->other - x->other);
    return c ? c : str_cmp(x->host, y->host);
}

static enum status judge_hosts(struct report *r, struct err *e)
{
    struct lookup names = {0};
    struct r_host *h = r->host.row;
    for (size_t i = 0; i < r->host.n; i++)
        if (!lookup_put(&names, str_hash(h[i].host), (uint32_t)i))
            return lookup_free(&names), err_set(e, E_NOMEM, ERR_NO_OFF, "report", "out of memory");
    for (size_t i = 0; i < LEN(hosted); i++)
        share_rows(r, &names, &hosted[i]);
    count_groups(r, &names);
    for (size_t i = 0; i < r->host.n; i++)
        judge_host(r, &h[i]);
    if (r->host.n)
        qsort(h, r->host.n, sizeof *h, by_gravity);
    lookup_free(&names);
    return OK;
}

static struct str meta(const struct report *r, const char *key)
{
    const struct r_pair *m = r->meta.row;
    for (size_t i = 0; i < r->meta.n; i++)
        if (str_eq(m[i].key, str_of(key)))
            return m[i].value;
    return (struct str){0};
}

/* "findings", "12" */
static enum status note_cut(struct report *r, const struct load *l, struct err *e)
{
    struct r_pair *p = list_room(&r->cut, sizeof *p, l->texts->a) ? (struct r_pair *)r->cut.row + r->cut.n
                                                                  : NULL;
    const char *n = p ? arena_printf(l->texts->a, "%llu", (unsigned long long)l->list->left) : NULL;
    if (!n)
        return err_set(e, E_LIMIT, ERR_NO_OFF, "report", "memory for the report is used up");
    r->cut.n++;
    *p = (struct r_pair){str_of(l->src->view), str_of(n)};
    return OK;
}

/* The case was judged before its report was written. */
static enum status note_limit(struct report *r, struct arena *a, struct err *e)
{
    struct r_pair *w = r->status.row;
    for (size_t i = 0; i < r->status.n; i++) {
        if (str_eq(w[i].key, STR("limit")))
            return OK;
        if (str_eq(w[i].key, STR("complete")))
            return w[i].key = STR("limit"), OK;
    }
    if (!list_room(&r->status, sizeof *w, a))
        return err_set(e, E_LIMIT, ERR_NO_OFF, "report", "memory for the report is used up");
    ((struct r_pair *)r->status.row)[r->status.n++] = (struct r_pair){.key = STR("limit")};
    return OK;
}

/* Sentences, and what is said of cited facts: numbers get their words. What does not fit stays as it was. */
static const struct {
    const char *view, *column;
} sentences[] = {{"v_report_finding", "explanation"},
                 {"v_report_citation", "explain"},
                 {"v_report_citation", "summary"},
                 {"v_report_change", "words"},
                 {"v_report_failure", "detail"}};

static bool is_sentence(const char *view, const char *column)
{
    for (size_t i = 0; i < LEN(sentences); i++)
        if (strcmp(sentences[i].view, view) == 0 && strcmp(sentences[i].column, column) == 0)
            return true;
    return false;
}

static void say_more(struct report *r, const struct words *w, const struct source *src, size_t at,
                     struct texts *texts)
{
    const struct list *l = (const struct list *)(void *)((uint8_t *)r + src->list);
    struct buf b = {0};
    for (size_t row = 0; row < l->n && !b.bad; row++) {
        struct str *s = (struct str *)(void *)((uint8_t *)l->row + row * src->size + at), more;
        b.n = 0, words_put(&b, w, WORDS_TEXT, *s);
        if (b.bad || b.n == s->n)
            continue;
        if ((more = keep_text(texts, buf_view(&b))).p)
            *s = more;
    }
    buf_free(&b);
}

static enum status numbers_in_words(struct report *r, struct texts *texts, struct err *e)
{
    const struct r_word *x = r->word.row;
    struct words w = {0};
    bool ok = true;
    for (size_t i = 0; i < r->word.n && ok; i++)
        ok = words_add(&w, (enum word_kind)x[i].kind, x[i].key, x[i].words);
    if (ok)
        words_sort(&w);
    for (size_t i = 0; i < LEN(sources) && ok; i++)
        for (const struct column *c = sources[i].col; c < sources[i].col + COLUMNS && c->name; c++)
            if (is_sentence(sources[i].view, c->name))
                say_more(r, &w, &sources[i], c->at, texts);
    words_free(&w);
    return ok ? OK : err_set(e, E_NOMEM, ERR_NO_OFF, "report", "out of memory");
}

bool report_is_cut(const struct report *r) { return r->late || r->cut.n; }

static enum status load_lists(struct casedb *db, struct report *r, struct room *room, struct texts *texts,
                              struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; st == OK && i < LEN(sources); i++) {
        if (sources[i].list == offsetof(struct report, alike) && !is_many(r))
            continue; /* of few hosts no report says what they have alike */
        struct load l = {&sources[i], (struct list *)(void *)((uint8_t *)r + sources[i].list), room, texts,
                         0};
        set_floor(&l, room->bytes);
        st = load_list(db, &l, e);
        if (st == E_TIME)
            r->late = true, st = OK, *e = (struct err){0};
        if (st == OK && l.list->left)
            st = note_cut(r, &l, e);
    }
    if (st == OK && (r->late || r->cut.n))
        st = note_limit(r, texts->a, e);
    return st == OK ? numbers_in_words(r, texts, e) : st;
}

static enum status read_views(struct casedb *db, struct report *r, struct arena *a, struct err *e)
{
    struct room room = room_in(a);
    struct texts *texts = texts_make(&room.text, e);
    enum status st = texts ? load_lists(db, r, &room, texts, e) : E_NOMEM;
    a->at = room.row.at;
    free(texts);
    return st;
}

enum status report_build(struct casedb *db, struct arena *a, struct report **out, struct err *e)
{
    struct report *r = arena_alloc(a, sizeof *r, 1);
    enum status st = r ? read_views(db, r, a, e)
                       : err_set(e, E_LIMIT, ERR_NO_OFF, "report", "memory for the report is used up");
    if (st != OK || (st = group_findings(r, a, e)) != OK || (st = name_set(r, *a, e)) != OK)
        return st;
    link_findings(r);
    count_evidence(r), count_services(r);
    if ((st = judge_hosts(r, e)) != OK || (st = make_cards(r, a, e)) != OK
        || (st = collect_cited(r, a, e)) != OK)
        return st;
    for (size_t i = 0; i < r->host.n && i < SHOW_HOSTS; i++)
        if ((st = timeline_build(r, (struct r_host *)r->host.row + i, a, e)) != OK)
            return st;
    r->tool = meta(r, "tool"), r->version = meta(r, "version"), r->knowledge = meta(r, "knowledge_sha256"),
    r->stamp = meta(r, "stamp");
    r->asked = (struct window){NONE, NONE};
    if (!str_i64(meta(r, "since"), &r->asked.from))
        r->asked.from = NONE;
    if (!str_i64(meta(r, "until"), &r->asked.to))
        r->asked.to = NONE;
    *out = r;
    return OK;
}

/* Columns that hold no name of anybody: ids, sums, words of ours. */
static bool is_ours(const char *column)
{
    static const char *const ours[] = {"id",        "end_id", "also",     "sha256",   "hex",   "hresult",
                                       "cause",     "symbol", "word",     "role",     "state", "log_kind",
                                       "zone_rule", "kind",   "key",      "verdict",  "ended", "hive_kind",
                                       "risk",      "reader", "ntstatus", "type_name"};
    for (size_t i = 0; i < LEN(ours); i++)
        if (strcmp(ours[i], column) == 0)
            return true;
    return false;
}

static bool redact_one(const struct redact *names, struct str *s, struct buf *b, struct texts *texts)
{
    if (!s->n)
        return true;
    b->n = 0;
    redact_text(names, *s, b);
    if (b->bad)
        return false;
    if (!str_eq(buf_view(b), *s))
        *s = keep_text(texts, buf_view(b));
    return s->p;
}

static bool redact_list(const struct report *r, const struct source *src, const struct redact *names,
                        struct buf *b, struct texts *texts)
{
    const struct list *l = (const struct list *)(const void *)((const uint8_t *)r + src->list);
    bool ok = true;
    for (size_t row = 0; row < l->n && ok; row++)
        for (const struct column *c = src->col; c < src->col + COLUMNS && c->name && ok; c++)
            if (c->text && !is_ours(c->name))
                ok = redact_one(names, (struct str *)(void *)((uint8_t *)l->row + row * src->size + c->at), b,
                                texts);
    return ok;
}

enum status report_redact(struct report *r, const struct redact *names, struct arena *a, struct err *e)
{
    struct buf b = {0};
    struct texts *texts = texts_make(a, e);
    if (!texts)
        return E_NOMEM;
    bool ok = redact_one(names, &r->stamp, &b, texts);
    for (size_t i = 0; i < LEN(sources) && ok; i++)
        ok = redact_list(r, &sources[i], names, &b, texts);
    for (size_t i = 0; i < r->host.n && ok; i++)
        ok = redact_one(names, &((struct r_host *)r->host.row)[i].principal, &b, texts);
    buf_free(&b), free(texts);
    return ok ? OK : err_set(e, E_LIMIT, ERR_NO_OFF, "report", "memory for the report is used up");
}
