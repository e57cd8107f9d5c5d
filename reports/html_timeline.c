/* The timeline of a host: a picture for the eye, a caption and a list that say the same in words. Marks lead
 * to their facts in the list; the picture is hidden from readers of the text. */
#include "reports/timeline.h"
#include "reports/html.h"
#include "base/wintime.h"

/* units of the picture; a spot is one mark */
enum { WIDE = 1120, LEFT = 136, PLOT = WIDE - LEFT - 8, LOGS = 5, TICKS = 9, LIST = 300 };

#define SECOND WINTIME_SECOND
#define DAY    (86400 * SECOND)

struct picture {
    struct buf *b;
    const struct report *r;
    const struct r_host *h;
    int64_t y;
    size_t serial;
};

/* In tenths of a unit; what lies outside stands at the edge. */
static int64_t x_of(const struct picture *p, int64_t t)
{
    int64_t from = p->h->shown.from, to = p->h->shown.to, unit = (to - from) / (PLOT * 10) + 1;
    return LEFT * 10 + ((t < from ? from : t > to ? to : t) - from) / unit;
}

static void tenths(struct buf *b, int64_t x)
{
    buf_printf(b, "%lld.%lld", (long long)(x / 10), (long long)(x % 10));
}

static void label(struct picture *p, const char *name, int64_t tall)
{
    hsay(p->b, "<text x='%i' y='%i' text-anchor='end'>%z</text>", (int64_t)LEFT - 8, p->y + tall / 2 + 4,
         name);
}

static void lane(struct picture *p, const char *name, int64_t tall)
{
    label(p, name, tall);
    hsay(p->b, "<path class='lane' d='M%i %i.5h%i'/>\n", (int64_t)LEFT, p->y + tall, (int64_t)PLOT);
}

/* ---- axis ---- */

static int64_t step_of(int64_t span)
{
    static const int64_t steps[] = {
        SECOND,       2 * SECOND,    5 * SECOND,    15 * SECOND, 30 * SECOND, 60 * SECOND, 300 * SECOND,
        900 * SECOND, 1800 * SECOND, 3600 * SECOND, DAY / 8,     DAY / 4,     DAY / 2,     DAY,
        2 * DAY,      7 * DAY,       14 * DAY,      30 * DAY,    91 * DAY,    365 * DAY,   3650 * DAY};
    size_t i = 0;
    while (i < LEN(steps) - 1 && span / steps[i] > TICKS)
        i++;
    return steps[i];
}

static void axis(struct picture *p, int64_t bottom)
{
    int64_t from = p->h->shown.from, to = p->h->shown.to, step = step_of(to - from);
    for (int64_t t = (from / step + 1) * step; t <= to; t += step) {
        int64_t x = x_of(p, t);
        buf_z(p->b, "<path class='grid' d='M"), tenths(p->b, x), hsay(p->b, " 16V%i'/><text x='", bottom);
        tenths(p->b, x), buf_z(p->b, "' y='11' text-anchor='middle'>"), time_axis(p->b, t, step);
        buf_z(p->b, "</text>\n");
    }
    p->y = 18;
}

/* The moment the headline's cause stood at, through all lanes. */
static void cause_line(struct picture *p, int64_t bottom)
{
    int64_t t = timeline_cause(p->r, p->h);
    if (t == NONE || t < p->h->shown.from)
        return;
    buf_z(p->b, "<path class='cause-line' d='M"), tenths(p->b, x_of(p, t)), hsay(p->b, " 16V%i'/>\n", bottom);
}

/* ---- lanes ---- */

static void link_to(struct picture *p, size_t i)
{
    hsay(p->b, "<a href='#m-%i-%i' tabindex='-1'>", (int64_t)p->serial, (int64_t)i);
}

static void mark_title(struct picture *p, const struct r_mark *m)
{
    buf_z(p->b, "<title>");
    if (m->from != NONE)
        time_short(p->b, m->from), buf_char(p->b, ' ');
    timeline_words(p->b, h_plain(), p->r, m), buf_z(p->b, "</title>");
}

static void failures(struct picture *p, enum lane which, int64_t tall)
{
    const struct r_mark *m = (const struct r_mark *)p->r->mark.row + p->h->mark.at;
    lane(p, lane_names[which], tall);
    for (size_t i = 0; i < p->h->mark.n; i++) {
        if (m[i].lane != which)
            continue;
        int64_t high = m[i].n == 1 ? 11 : m[i].n < 4 ? 13 : m[i].n < 16 ? 16 : 19;
        link_to(p, i), buf_z(p->b, "<rect class='fail' x='"), tenths(p->b, x_of(p, m[i].from) - 20);
        hsay(p->b, "' y='%i' width='4' height='%i'>", p->y + tall - high, high);
        mark_title(p, m + i), buf_z(p->b, "</rect></a>\n");
    }
    p->y += tall + 2;
}

static void changes(struct picture *p, int64_t tall)
{
    const struct r_mark *m = (const struct r_mark *)p->r->mark.row + p->h->mark.at;
    lane(p, lane_names[LANE_CHANGE], tall);
    for (size_t i = 0; i < p->h->mark.n; i++) {
        if (m[i].lane != LANE_CHANGE)
            continue;
        int64_t y = p->y + tall / 2;
        link_to(p, i);
        if (m[i].cause) {
            buf_z(p->b, "<path class='cause' d='M"), tenths(p->b, x_of(p, m[i].from));
            hsay(p->b, " %il8 8-8 8-8-8z'>", y - 8);
        } else {
            buf_z(p->b, "<path class='change' d='M"), tenths(p->b, x_of(p, m[i].from));
            hsay(p->b, " %il4 4-4 4-4-4z'>", y - 4);
        }
        mark_title(p, m + i), buf_z(p->b, "</path></a>\n");
    }
    p->y += tall + 2;
}

static void stretches(struct picture *p, enum lane which, const char *class, int64_t tall)
{
    const struct r_mark *m = (const struct r_mark *)p->r->mark.row + p->h->mark.at;
    lane(p, lane_names[which], tall);
    for (size_t i = 0; i < p->h->mark.n; i++) {
        if (m[i].lane != which)
            continue;
        int64_t x = x_of(p, m[i].from), w = x_of(p, m[i].to == NONE ? INT64_MAX : m[i].to) - x;
        link_to(p, i), hsay(p->b, "<rect class='%z' x='", class), tenths(p->b, x), buf_z(p->b, "' y='");
        hsay(p->b, "%i' height='%i' width='", p->y + 2, tall - 4), tenths(p->b, w < 20 ? 20 : w),
            buf_z(p->b, "'>");
        mark_title(p, m + i), buf_z(p->b, "</rect></a>\n");
    }
    p->y += tall + 2;
}

/* "TaskScheduler" of Microsoft-Windows-TaskScheduler/Operational */
static struct str short_log(struct str name)
{
    static const struct str before = STR("Microsoft-Windows-"), behind = STR("/Operational");
    if (str_starts_ci(name, before))
        name.p += before.n, name.n -= before.n;
    if (str_ends_ci(name, behind))
        name.n -= behind.n;
    return name;
}

static bool is_log(const struct r_coverage *c)
{
    return c->channel == 1 && wintime_sane(c->from_time) && wintime_sane(c->to_time)
           && !memchr(c->artifact.p, ':', c->artifact.n);
}

static size_t logs(const struct picture *p)
{
    const struct r_coverage *c = (const struct r_coverage *)p->r->coverage.row + p->h->coverage.at;
    size_t n = 0;
    for (size_t i = 0; i < p->h->coverage.n; i++)
        n += is_log(c + i) && (!i || !str_eq(c[i].artifact, c[i - 1].artifact));
    return n;
}

/* What each log covers: one bar a stretch, so that gaps show. */
static void covers(struct picture *p, int64_t tall)
{
    const struct r_coverage *c = (const struct r_coverage *)p->r->coverage.row + p->h->coverage.at;
    struct str was = {0};
    size_t n = 0;
    for (size_t i = 0; i < p->h->coverage.n; i++) {
        if (!is_log(c + i))
            continue;
        if (!str_eq(was, c[i].artifact)) {
            if (n++ == LOGS)
                break;
            p->y += was.p ? tall : 0, was = c[i].artifact;
            hsay(p->b, "<text x='%i' y='%i' text-anchor='end' class='log'>%s</text>", (int64_t)LEFT - 8,
                 p->y + tall / 2 + 4, short_log(was));
        }
        if (c[i].to_time < p->h->shown.from || c[i].from_time > p->h->shown.to)
            continue;
        int64_t x = x_of(p, c[i].from_time), w = x_of(p, c[i].to_time) - x;
        buf_z(p->b, "<a href='#coverage' tabindex='-1'><rect class='cover' x='"), tenths(p->b, x);
        hsay(p->b, "' y='%i' height='%i' width='", p->y + tall / 2 - 2, (int64_t)4),
            tenths(p->b, w < 10 ? 10 : w);
        buf_z(p->b, "'><title>"),
            say(p->b, h_plain(), "%s covers %t to %t", c[i].artifact, c[i].from_time, c[i].to_time);
        buf_z(p->b, "</title></rect></a>\n");
    }
    p->y += tall;
}

static size_t marks_of(const struct picture *p, enum lane which)
{
    const struct r_mark *m = (const struct r_mark *)p->r->mark.row + p->h->mark.at;
    size_t n = 0;
    for (size_t i = 0; i < p->h->mark.n; i++)
        n += m[i].lane == which;
    return n;
}

enum { FAIL_TALL = 20, CHANGE_TALL = 18, BAR_TALL = 12, LOG_TALL = 12 };

static int64_t height(const struct picture *p)
{
    size_t n = logs(p);
    int64_t y = 18;
    for (enum lane l = LANE_TASK; l < LANE_CHANGE; l++)
        y += marks_of(p, l) ? FAIL_TALL + 2 : 0;
    y += marks_of(p, LANE_CHANGE) ? CHANGE_TALL + 2 : 0;
    y += marks_of(p, LANE_SESSION) ? BAR_TALL + 2 : 0;
    y += marks_of(p, LANE_BOOT) ? BAR_TALL + 2 : 0;
    return y + (int64_t)(n < LOGS ? n : LOGS) * LOG_TALL + 2;
}

static void draw(struct picture *p)
{
    int64_t bottom = height(p);
    hsay(p->b, "<svg class='line' viewBox='0 0 %i %i' aria-hidden='true' focusable='false'>\n", (int64_t)WIDE,
         bottom);
    axis(p, bottom);
    for (enum lane l = LANE_TASK; l < LANE_CHANGE; l++)
        if (marks_of(p, l))
            failures(p, l, FAIL_TALL);
    if (marks_of(p, LANE_CHANGE))
        changes(p, CHANGE_TALL);
    if (marks_of(p, LANE_SESSION))
        stretches(p, LANE_SESSION, "on", BAR_TALL);
    if (marks_of(p, LANE_BOOT))
        stretches(p, LANE_BOOT, "up", BAR_TALL);
    covers(p, LOG_TALL);
    cause_line(p, bottom);
    buf_z(p->b, "</svg>");
}

/* ---- words ---- */

/* The picture in a sentence or three. */
static void caption(struct picture *p)
{
    const struct r_host *h = p->h;
    const struct r_finding *f = headline(p->r, h);
    int64_t cause = timeline_cause(p->r, h), first = f ? h->top->first : h->first;
    if (cause != NONE && first != NONE) {
        hsay(p->b, "<b>Cause %t", cause), buf_z(p->b, ", "), say_span(p->b, first - cause);
        hsay(p->b, " before the first failure</b> (%t). ", first);
    } else if (first != NONE) {
        bool state = timeline_is_state(p->r, h);
        int64_t since = state ? timeline_since(p->r, h) : NONE;
        hsay(p->b, state ? "First failure %t; the cause is a state: " : "First failure %t. ", first);
        if (since != NONE)
            hsay(p->b, "it is so since %t at the latest (last write of its key). ", since);
        else if (state)
            buf_z(p->b, "when it began is not recorded. ");
    }
    if (h->shown.from > h->spanned.from || h->shown.to < h->spanned.to)
        hsay(p->b, "Shown: %t to %t of what is covered, %t to %t. ", h->shown.from, h->shown.to,
             h->spanned.from, h->spanned.to);
    if (h->failures_outside + h->changes_outside) {
        buf_z(p->b, "Outside the picture: "), timeline_outside(p->b, h_voice(), h);
        buf_z(p->b, " (v_timeline of case.db). ");
    }
    size_t n = logs(p);
    if (n > LOGS)
        hsay(p->b, "%n more logs: <a href='#coverage'>coverage</a>. ", (int64_t)(n - LOGS));
}

static void legend(struct picture *p)
{
    static const struct {
        const char *mark, *words;
    } keys[] = {{"<rect class='fail' x='5' y='1' width='4' height='12'/>", "failure"},
                {"<path class='cause' d='M7 0l7 7-7 7-7-7z'/>", "cause"},
                {"<path class='change' d='M7 3l4 4-4 4-4-4z'/>", "change"},
                {"<rect class='cover' y='5' width='14' height='4'/>", "covered by a log"}};
    const struct r_mark *m = (const struct r_mark *)p->r->mark.row + p->h->mark.at;
    bool any[LEN(keys)] = {p->h->failures > 0, false, false, logs(p) > 0};
    for (size_t i = 0; i < p->h->mark.n; i++)
        if (m[i].lane == LANE_CHANGE)
            any[m[i].cause ? 1 : 2] = true;
    buf_z(p->b, "<span class='legend'>");
    for (size_t i = 0; i < LEN(keys); i++)
        if (any[i])
            hsay(p->b, "<span><svg class='key' viewBox='0 0 14 14' aria-hidden='true'>%z</svg>%z</span>",
                 keys[i].mark, keys[i].words);
    buf_z(p->b, "</span>");
}

/* The same in the order of time, each with its fact. */
static void events(struct picture *p)
{
    static const char *const head[] = {"Time (UTC)", "What", "Lane", "Evidence", NULL};
    const struct r_mark *m = (const struct r_mark *)p->r->mark.row + p->h->mark.at;
    size_t i = 0;
    hsay(p->b, "<details class='events'><summary>In the order of time: ");
    h_plural(p->b, (int64_t)p->h->mark.n, "fact", "facts"), legend(p), buf_z(p->b, "</summary>\n");
    h_table(p->b, p->r, "Timeline", "what the picture shows, first to last", head);
    for (; i < p->h->mark.n && i < LIST && h_room(p->b); i++) {
        hsay(p->b, m[i].cause ? "<tr id='m-%i-%i' class='cause-row'><td>" : "<tr id='m-%i-%i'><td>",
             (int64_t)p->serial, (int64_t)i);
        if (m[i].from == NONE)
            buf_z(p->b, "earlier");
        else
            hsay(p->b, "%t", m[i].from);
        buf_z(p->b, "</td><td><bdi dir='auto'>");
        timeline_words(p->b, h_voice(), p->r, m + i);
        hsay(p->b, "</bdi></td><td>%z</td><td>", m[i].cause ? "Cause" : lane_names[m[i].lane]);
        h_ref(p->b, p->r, m[i].id), buf_z(p->b, "</td></tr>\n");
    }
    h_table_end(p->b, p->h->mark.n - i, "v_timeline");
    buf_z(p->b, "</details>\n");
}

void h_timeline(struct buf *b, const struct report *r, const struct r_host *host, size_t serial)
{
    struct picture p = {.b = b, .r = r, .h = host, .serial = serial};
    if (!host->mark.n && !logs(&p))
        return;
    hsay(b,
         "<figure class='timeline' aria-labelledby='tl-%i'>\n<div class='wide' tabindex='0' role='region' "
         "aria-label='Timeline of %s'>",
         (int64_t)serial, host->host);
    draw(&p);
    hsay(b, "</div>\n<figcaption id='tl-%i'>", (int64_t)serial);
    caption(&p);
    if (!host->mark.n)
        legend(&p);
    buf_z(b, "</figcaption>\n");
    if (host->mark.n)
        events(&p);
    buf_z(b, "</figure>\n");
}
