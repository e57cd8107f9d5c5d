#include "kb/words.h"
#include "reports/timeline.h"
#include "base/wintime.h"
#include <stdlib.h>

const char *const lane_names[LANES] = {
    [LANE_TASK] = "Task failures",   [LANE_SERVICE] = "Service failures",
    [LANE_SHARE] = "Share failures", [LANE_BITS] = "BITS failures",
    [LANE_LOGON] = "Logon failures", [LANE_APPLICATION] = "Application failures",
    [LANE_CHANGE] = "Changes",       [LANE_BOOT] = "Up",
    [LANE_SESSION] = "Logged on",
};
static const char *const kind_ids[] = {"task", "service", "share", "bits", "logon", "application"};

#define HOUR (3600 * WINTIME_SECOND)
#define DAY  (24 * HOUR)
enum { SPOTS = 180 }; /* what falls on one of these is one mark */

static enum lane lane_of(struct str kind)
{
    enum lane lane = LANE_TASK;
    while (lane < LANE_CHANGE && !str_eq(kind, str_of(kind_ids[lane])))
        lane++;
    return lane;
}

/* ---- which part of time ---- */

static struct window widened(struct window w, int64_t t)
{
    if (!wintime_sane(t))
        return w;
    return (struct window){w.from == NONE || t < w.from ? t : w.from, w.to == NONE || t > w.to ? t : w.to};
}

/* What has no words of its own stands beside a fact that has. */
static bool dated(const struct r_citation *c) { return c->explain.n && wintime_sane(c->moment); }

/* What a finding rests on: the first of its causes or links before that moment; nothing where only links are
 * cited. */
static int64_t cause_of(const struct report *r, const struct r_finding *f, int64_t first)
{
    const struct r_citation *c = r->citation.row;
    int64_t best = NONE;
    for (size_t role = ROLE_CAUSE; f->cite[ROLE_CAUSE].n && role <= ROLE_LINK; role++)
        for (size_t i = f->cite[role].at; i < f->cite[role].at + f->cite[role].n; i++)
            if (dated(c + i) && (first == NONE || c[i].moment < first)
                && (best == NONE || (role == ROLE_CAUSE && c[i].moment > best)))
                best = c[i].moment;
    return best;
}

/* Of a finding that is no more than possible: the last event before that moment which makes it so. */
static int64_t hint_of(const struct report *r, const struct r_finding *f, int64_t first)
{
    const struct slice cited = f->cite[ROLE_COMPATIBLE];
    const struct r_citation *c = (const struct r_citation *)r->citation.row + cited.at;
    int64_t best = NONE;
    for (size_t i = 0; f->verdict == V_POSSIBLE && i < cited.n; i++)
        if (wintime_sane(c[i].fact_time) && c[i].fact_time < first && c[i].fact_time > best)
            best = c[i].fact_time;
    return best;
}

int64_t timeline_cause(const struct report *r, const struct r_host *h)
{
    const struct r_finding *f = headline(r, h);
    return f ? cause_of(r, f, h->top->first) : NONE;
}

bool timeline_is_state(const struct report *r, const struct r_host *h)
{
    const struct r_finding *f = headline(r, h);
    const struct r_citation *c = r->citation.row;
    const struct r_mark *mark = (const struct r_mark *)r->mark.row + h->mark.at;
    bool state = f && f->cite[ROLE_CAUSE].n;
    for (size_t i = 0; state && i < f->cite[ROLE_CAUSE].n; i++)
        state = !dated(c + f->cite[ROLE_CAUSE].at + i);
    for (size_t i = 0; state && i < h->mark.n; i++)
        state = !mark[i].cause;
    return state;
}

int64_t timeline_since(const struct report *r, const struct r_host *h)
{
    const struct slice cited = headline(r, h)->cite[ROLE_CAUSE];
    const struct r_citation *c = (const struct r_citation *)r->citation.row + cited.at;
    int64_t since = NONE;
    for (size_t i = 0; i < cited.n; i++) {
        if (!wintime_sane(c[i].written))
            return NONE;
        since = since == NONE || c[i].written > since ? c[i].written : since;
    }
    return since;
}

/* All that logs and failures of the host span. */
static struct window whole(const struct report *r, const struct r_host *h)
{
    struct window w = log_window(r, h);
    w = widened(w, h->first), w = widened(w, h->last);
    if (h->top && headline(r, h))
        w = widened(w, h->top->first), w = widened(w, h->top->last);
    return w;
}

/* Widened by a moment, unless it lies too far from what has to be shown. */
static struct window near(struct window w, struct window core, int64_t t, int64_t far)
{
    return t != NONE && t >= core.from - far && t <= core.to + far ? widened(w, t) : w;
}

/* From what claims rest on to the last failure, with some room; the whole where that is not much
 * more.
 */
static struct window zoom(const struct report *r, const struct r_host *h, struct window all)
{
    const struct r_finding *f = headline(r, h), *finding = r->finding.row;
    const struct r_group *g = r->group.row;
    struct window w = {NONE, NONE};
    w = widened(w, f ? h->top->first : h->first), w = widened(w, f ? h->top->last : h->last);
    if (w.from == NONE)
        return all;
    int64_t span = w.to - w.from, far = span > 10 * DAY ? 3 * span : 30 * DAY;
    struct window core = w;
    for (size_t i = 0; i < r->group.n; i++)
        if (g[i].verdict < V_LATENT && str_eq(finding[g[i].at].host, h->host)) {
            w = near(w, core, g[i].first, far), w = near(w, core, g[i].last, far);
            w = near(w, core, cause_of(r, finding + g[i].at, g[i].first), far);
            w = near(w, core, hint_of(r, finding + g[i].at, g[i].first), far);
        }
    span = w.to - w.from;
    int64_t pad = span ? span / 5 + WINTIME_SECOND : 12 * HOUR;
    w.from -= pad, w.to += pad;
    return all.from != NONE && (w.to - w.from) >= (all.to - all.from) / 3
               ? widened(widened(all, w.from + pad), w.to - pad)
               : w;
}

/* ---- marks ---- */

struct making {
    struct report *r;
    struct r_host *h;
    struct arena *a;
    size_t last[LANES]; /* the mark before in this lane, counted from 1 */
};

/* What began before the part that is shown stands at its edge. */
static int64_t spot(const struct r_host *h, int64_t t)
{
    int64_t unit = (h->shown.to - h->shown.from) / SPOTS + 1;
    return t < h->shown.from ? 0 : (t - h->shown.from) / unit;
}

/* Both spots begin at a known moment or neither does: one time stands before all that a mark holds. */
static bool same_spot(const struct making *m, const struct r_mark *mark, int64_t from)
{
    return (mark->from == NONE) == (from == NONE) && spot(m->h, mark->from) == spot(m->h, from);
}

/* The mark of a moment in a lane: the last one if it falls on the same spot, else a new one; NULL: no memory.
 */
static struct r_mark *mark_at(struct making *m, enum lane lane, int64_t from, int64_t to, bool alone)
{
    struct r_mark *mark = (struct r_mark *)m->r->mark.row + m->last[lane] - (m->last[lane] > 0);
    if (!alone && m->last[lane] && !mark->cause && same_spot(m, mark, from)) {
        mark->n++, mark->last = from;
        mark->to = mark->to == NONE || to == NONE ? NONE : to > mark->to ? to : mark->to;
        return mark;
    }
    if (!list_room(&m->r->mark, sizeof *mark, m->a))
        return NULL;
    mark = (struct r_mark *)m->r->mark.row + m->r->mark.n++;
    *mark = (struct r_mark){.lane = lane, .from = from, .to = to, .last = from, .n = 1};
    m->last[lane] = m->r->mark.n;
    return mark;
}

/* outside: of how many this is one where it is not; NULL: they are not counted */
static bool shown(struct making *m, int64_t t, size_t *outside)
{
    bool in = t >= m->h->shown.from && t <= m->h->shown.to;
    if (outside)
        *outside += !in;
    return in;
}

static bool mark_failures(struct making *m)
{
    const struct r_failure *f = (const struct r_failure *)m->r->failure.row + m->h->failure.at;
    for (size_t i = 0; i < m->h->failure.n; i++) {
        enum lane lane = lane_of(f[i].kind);
        if (f[i].concern != 1 || lane == LANE_CHANGE || !wintime_sane(f[i].time)
            || !shown(m, f[i].time, &m->h->failures_outside))
            continue;
        struct r_mark *mark = mark_at(m, lane, f[i].time, f[i].time, false);
        if (!mark)
            return false;
        if (mark->n == 1)
            mark->row = m->h->failure.at + i, mark->id = f[i].id;
    }
    return true;
}

static bool cited_as(const struct report *r, const struct r_finding *f, size_t from, size_t to, struct str id)
{
    const struct r_citation *c = r->citation.row;
    for (size_t role = from; f && role <= to; role++)
        for (size_t i = f->cite[role].at; i < f->cite[role].at + f->cite[role].n; i++)
            if (str_eq(c[i].id, id))
                return true;
    return false;
}

static bool mark_changes(struct making *m)
{
    const struct r_change *c = (const struct r_change *)m->r->change.row + m->h->change.at;
    const struct r_finding *f = headline(m->r, m->h);
    for (size_t i = 0; i < m->h->change.n; i++) {
        bool cause = cited_as(m->r, f, ROLE_CAUSE, ROLE_LINK, c[i].id);
        if (!shown(m, c[i].time, &m->h->changes_outside))
            continue;
        struct r_mark *mark = mark_at(m, LANE_CHANGE, c[i].time, c[i].time, cause);
        if (!mark)
            return false;
        if (mark->n == 1 || cause)
            mark->row = m->h->change.at + i, mark->id = c[i].id, mark->cause = cause;
    }
    return true;
}

/* What the headline cites as its cause, where no change stands for it already. */
static bool mark_causes(struct making *m)
{
    const struct r_finding *f = headline(m->r, m->h);
    const struct r_citation *c = m->r->citation.row;
    size_t begin = m->h->mark.at, end = m->r->mark.n, n = 0;
    struct slice cited = f ? f->cite[ROLE_CAUSE] : (struct slice){0};
    for (size_t i = cited.at; i < cited.at + cited.n && n < SHOW_CITES; i++) {
        bool there = !dated(c + i) || !shown(m, c[i].moment, NULL)
                     || cited_as(m->r, f, ROLE_SYMPTOM, ROLE_SYMPTOM,
                                 c[i].id); /* the failure itself, no change */
        const struct r_mark *mark = m->r->mark.row;
        for (size_t k = begin; k < end && !there; k++)
            there = mark[k].cause && (mark[k].from == c[i].moment || str_eq(mark[k].id, c[i].id));
        if (there)
            continue;
        struct r_mark *made = mark_at(m, LANE_CHANGE, c[i].moment, c[i].moment, true);
        if (!made)
            return false;
        made->cause = true, made->cite = c + i, made->id = c[i].id, made->row = i;
        end = m->r->mark.n, n++;
    }
    return true;
}

/* A stretch, its ends NONE where they are not known; false: nothing of it is shown. Its times stay its own:
 * only the picture cuts them. */
static bool stretch(const struct r_host *h, int64_t *from, int64_t *to)
{
    *from = wintime_sane(*from) ? *from : NONE, *to = wintime_sane(*to) ? *to : NONE;
    return *from <= h->shown.to && (*to == NONE || (*to >= h->shown.from && *to >= *from));
}

static bool mark_boots(struct making *m)
{
    const struct r_boot *boot = (const struct r_boot *)m->r->boot.row + m->h->boot.at;
    for (size_t i = 0; i < m->h->boot.n; i++) {
        int64_t from = boot[i].from_time, to = boot[i].to_time;
        if (!(boot[i].id.p || boot[i].end_id.p) || !stretch(m->h, &from, &to))
            continue;
        struct r_mark *mark = mark_at(m, LANE_BOOT, from, to, true);
        if (!mark)
            return false;
        mark->row = m->h->boot.at + i, mark->id = boot[i].id.p ? boot[i].id : boot[i].end_id;
    }
    return true;
}

/* The account behind the failures that the first screen speaks of. */
static struct str principal(const struct report *r, const struct r_host *h)
{
    const struct r_failure *f = (const struct r_failure *)r->failure.row + h->failure.at;
    const struct r_finding *top = headline(r, h);
    for (size_t i = 0; i < h->failure.n; i++)
        if (f[i].concern == 1 && f[i].principal.n
            && (!top || !top->subject.p || str_eq_ci(top->subject, f[i].subject)))
            return str_account(f[i].principal);
    return (struct str){0};
}

static bool mark_sessions(struct making *m)
{
    const struct r_session *s = (const struct r_session *)m->r->session.row + m->h->session.at;
    m->h->principal = principal(m->r, m->h);
    for (size_t i = 0; i < m->h->session.n; i++) {
        int64_t from = s[i].from_time, to = s[i].to_time;
        if (!str_eq_ci(str_account(s[i].user), m->h->principal) || !stretch(m->h, &from, &to))
            continue;
        struct r_mark *mark = mark_at(m, LANE_SESSION, from, to, false);
        if (!mark)
            return false;
        if (mark->n == 1)
            mark->row = m->h->session.at + i, mark->id = s[i].id;
    }
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct r_mark *x = a, *y = b;
    const int64_t d[][2] = {{x->from, y->from},
                            {!x->cause, !y->cause},
                            {x->lane, y->lane},
                            {x->cite != NULL, y->cite != NULL},
                            {(int64_t)x->row, (int64_t)y->row}};
    for (size_t i = 0; i < LEN(d); i++)
        if (d[i][0] != d[i][1])
            return d[i][0] < d[i][1] ? -1 : 1;
    return 0; /* no two marks of a lane begin with one row */
}

enum status timeline_build(struct report *r, struct r_host *h, struct arena *a, struct err *e)
{
    struct making m = {.r = r, .h = h, .a = a};
    h->spanned = whole(r, h);
    h->shown = zoom(r, h, h->spanned);
    h->mark = (struct slice){r->mark.n, 0};
    if (h->shown.from == NONE || h->shown.to <= h->shown.from)
        return OK;
    if (!mark_failures(&m) || !mark_changes(&m) || !mark_causes(&m) || !mark_boots(&m) || !mark_sessions(&m))
        return err_set(e, E_LIMIT, ERR_NO_OFF, "report", "memory for the report is used up after %zu marks",
                       r->mark.n);
    h->mark.n = r->mark.n - h->mark.at;
    if (h->mark.n)
        qsort((struct r_mark *)r->mark.row + h->mark.at, h->mark.n, sizeof(struct r_mark), by_time);
    return OK;
}

/* ---- words ---- */

void say_span(struct buf *b, int64_t ticks)
{
    static const struct {
        int64_t unit;
        const char *one, *many;
    } units[] = {{DAY, "day", "days"},
                 {HOUR, "h", "h"},
                 {60 * WINTIME_SECOND, "min", "min"},
                 {WINTIME_SECOND, "s", "s"}};
    size_t i = 0;
    while (i < LEN(units) - 1 && ticks < 2 * units[i].unit)
        i++;
    int64_t n = ticks / units[i].unit;
    if (n)
        buf_printf(b, "%lld %s", (long long)n, n == 1 ? units[i].one : units[i].many);
    else
        buf_z(b, "less than a second");
}

void timeline_outside(struct buf *b, const struct voice *v, const struct r_host *h)
{
    int64_t n[] = {(int64_t)h->failures_outside, (int64_t)h->changes_outside};
    if (n[0])
        say(b, v, "%n failure%+", n[0]);
    if (n[1])
        say(b, v, n[0] ? ", %n change%+" : "%n change%+", n[1]);
}

static void failure_words(struct buf *b, const struct voice *v, const struct r_failure *f)
{
    say(b, v, "%s %s failed", f->kind, f->subject.p ? f->subject : STR("of unknown name"));
    /* the number whose name follows: symbol is that of a status, where one was recorded */
    struct str name = f->symbol.p ? f->symbol : STR("");
    if (f->ntstatus.p)
        say(b, v, ": %s %s", f->ntstatus, name);
    else if (f->win32 != NONE)
        say(b, v, ": %i %s", f->win32, name);
}

static void boot_words(struct buf *b, const struct voice *v, const struct r_boot *boot)
{
    if (boot->from_time == NONE)
        buf_z(b, "up since before the logs begin");
    else
        buf_z(b, "started");
    if (boot->to_time != NONE)
        say(b, v, boot->clean == 0 ? ", ended without a shutdown at %t" : ", shut down at %t", boot->to_time);
}

static void session_words(struct buf *b, const struct voice *v, const struct r_session *s)
{
    const char *words = words_logon_type(s->logon_type);
    say(b, v, wintime_sane(s->from_time) ? "%s logged on" : "%s logged on since before the logs begin",
        s->user);
    if (s->logon_type != NONE)
        say(b, v, words ? " (logon type %i, %z)" : " (logon type %i)", s->logon_type, words);
    if (s->to_time != NONE)
        say(b, v, str_eq(s->ended, STR("sign")) ? ", seen until %t" : ", off at %t", s->to_time);
}

void timeline_words(struct buf *b, const struct voice *v, const struct report *r, const struct r_mark *m)
{
    if (m->cite)
        say(b, v, "%s", m->cite->explain.n ? m->cite->explain : m->cite->summary);
    else if (m->lane < LANE_CHANGE)
        failure_words(b, v, (const struct r_failure *)r->failure.row + m->row);
    else if (m->lane == LANE_CHANGE)
        say(b, v, "%s", ((const struct r_change *)r->change.row)[m->row].words);
    else if (m->lane == LANE_BOOT)
        boot_words(b, v, (const struct r_boot *)r->boot.row + m->row);
    else
        session_words(b, v, (const struct r_session *)r->session.row + m->row);
    if (m->n > 1)
        say(b, v, m->last == NONE ? ", and %n more" : ", and %n more until %t", m->n - 1, m->last);
}
