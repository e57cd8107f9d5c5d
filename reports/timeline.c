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

int64_t timeline_cause(const struct report *r, const struct r_host *h)
{
    const struct r_finding *f = headline(r, h);
    const struct r_citation *c = r->citation.row;
    int64_t best = NONE;
    for (size_t role = ROLE_CAUSE; f && role <= ROLE_LINK; role++)
        for (size_t i = f->cite[role].at; i < f->cite[role].at + f->cite[role].n; i++)
            if (wintime_sane(c[i].time) && (h->top->first == NONE || c[i].time < h->top->first)
                && (best == NONE || (role == ROLE_CAUSE && c[i].time > best)))
                best = c[i].time;
    return best;
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

/* From the cause to the last failure, with some room; the whole where that is not much more. */
static struct window zoom(const struct report *r, const struct r_host *h, struct window all)
{
    const struct r_finding *f = headline(r, h);
    struct window w = {NONE, NONE};
    w = widened(w, f ? h->top->first : h->first), w = widened(w, f ? h->top->last : h->last);
    if (w.from == NONE)
        return all;
    int64_t cause = timeline_cause(r, h), span = w.to - w.from, far = span > 10 * DAY ? 3 * span : 30 * DAY;
    if (cause != NONE && cause >= w.from - far)
        w.from = cause;
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

static int64_t spot(const struct r_host *h, int64_t t)
{
    int64_t unit = (h->shown.to - h->shown.from) / SPOTS + 1;
    return (t - h->shown.from) / unit;
}

/* The mark of a moment in a lane: the last one if it falls on the same spot, else a new one; NULL: no memory.
 */
static struct r_mark *mark_at(struct making *m, enum lane lane, int64_t from, int64_t to, bool alone)
{
    struct r_mark *mark = (struct r_mark *)m->r->mark.row + m->last[lane] - (m->last[lane] > 0);
    if (!alone && m->last[lane] && !mark->cause && spot(m->h, mark->from) == spot(m->h, from)) {
        mark->n++, mark->to = to;
        return mark;
    }
    if (!list_room(&m->r->mark, sizeof *mark, m->a))
        return NULL;
    mark = (struct r_mark *)m->r->mark.row + m->r->mark.n++;
    *mark = (struct r_mark){.lane = lane, .from = from, .to = to, .n = 1};
    m->last[lane] = m->r->mark.n;
    return mark;
}

static bool shown(struct making *m, int64_t t, bool count)
{
    m->h->earlier += count && t < m->h->shown.from, m->h->later += count && t > m->h->shown.to;
    return t >= m->h->shown.from && t <= m->h->shown.to;
}

static bool mark_failures(struct making *m)
{
    const struct r_failure *f = (const struct r_failure *)m->r->failure.row + m->h->failure.at;
    for (size_t i = 0; i < m->h->failure.n; i++) {
        enum lane lane = lane_of(f[i].kind);
        if (f[i].concern != 1 || lane == LANE_CHANGE || !wintime_sane(f[i].time)
            || !shown(m, f[i].time, true))
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
        if (!shown(m, c[i].time, false))
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
        bool there = !wintime_sane(c[i].time) || !shown(m, c[i].time, false)
                     || cited_as(m->r, f, ROLE_SYMPTOM, ROLE_SYMPTOM,
                                 c[i].id); /* the failure itself, no change */
        const struct r_mark *mark = m->r->mark.row;
        for (size_t k = begin; k < end && !there; k++)
            there = mark[k].cause && (mark[k].from == c[i].time || str_eq(mark[k].id, c[i].id));
        if (there)
            continue;
        struct r_mark *made = mark_at(m, LANE_CHANGE, c[i].time, c[i].time, true);
        if (!made)
            return false;
        made->cause = true, made->cite = c + i, made->id = c[i].id, made->row = i;
        end = m->r->mark.n, n++;
    }
    return true;
}

/* A stretch with open ends, cut to what is shown; false: it lies outside. */
static bool stretch(const struct r_host *h, int64_t *from, int64_t *to)
{
    int64_t a = wintime_sane(*from) ? *from : NONE, b = wintime_sane(*to) ? *to : INT64_MAX;
    if (a > h->shown.to || b < h->shown.from || b < a)
        return false;
    *from = a < h->shown.from ? h->shown.from : a, *to = b > h->shown.to ? h->shown.to : b;
    return true;
}

static bool mark_boots(struct making *m)
{
    const struct r_boot *boot = (const struct r_boot *)m->r->boot.row + m->h->boot.at;
    for (size_t i = 0; i < m->h->boot.n; i++) {
        int64_t from = boot[i].from_time, to = boot[i].to_time;
        if (!stretch(m->h, &from, &to))
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
    say(b, v, "%s logged on", s->user);
    if (s->logon_type != NONE)
        say(b, v, words ? " (logon type %i, %z)" : " (logon type %i)", s->logon_type, words);
    if (s->to_time != NONE)
        say(b, v, ", off at %t", s->to_time);
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
        say(b, v, ", and %n more until %t", m->n - 1, m->to);
}
