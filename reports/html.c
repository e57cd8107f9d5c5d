/* report.html: one file, no script, no network. The first screen answers why, since when, how sure, what now;
 * the rest proves it. */
#include "reports/model.h"
#include "base/hash.h"
#include "base/wintime.h"
#include "kb/kb_files.h"
#include <stdio.h>

enum {
    PAGE_BYTES = 8 << 20, /* rows stop here: a page stays under 10 MB whatever the evidence holds */
    OPEN_CITES = 2,       /* citations of a role in sight; more are folded */
};

static void html_time(struct buf *b, int64_t t)
{
    buf_z(b, "<time datetime='"), buf_time(b, t), buf_z(b, "'>"), time_short(b, t), buf_z(b, "</time>");
}

static const struct voice html = {buf_html, html_time, "<span class='nil'>\xe2\x80\x93</span>", false, 1500};

static void h(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsay(b, &html, fmt, ap);
    va_end(ap);
}

static bool room(const struct buf *b) { return b->n < PAGE_BYTES; }

/* ---- small parts ---- */

static const char symbols[] =
    "<svg class='defs' aria-hidden='true' focusable='false'>"
    "<symbol id='g-confirmed' viewBox='0 0 16 16'><circle class='glyph-on' cx='8' cy='8' r='7.4'/><path "
    "class='glyph-cut' d='M4.6 8.3l2.4 2.4 4.5-5'/></symbol>"
    "<symbol id='g-likely' viewBox='0 0 16 16'><circle cx='8' cy='8' r='6.5'/><path class='glyph-on' d='M8 "
    "1.5a6.5 6.5 0 0 0 0 13z'/></symbol>"
    "<symbol id='g-possible' viewBox='0 0 16 16'><circle cx='8' cy='8' r='6.5'/></symbol>"
    "<symbol id='g-latent' viewBox='0 0 16 16'><path d='M8 1.6L14.4 8 8 14.4 1.6 8z'/></symbol>"
    "<symbol id='g-undetermined' viewBox='0 0 16 16'><rect x='1.6' y='1.6' width='12.8' height='12.8' "
    "rx='2.5'/><path d='M6 6.3a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.4v.9'/></symbol>"
    "<symbol id='g-ruled_out' viewBox='0 0 16 16'><circle cx='8' cy='8' r='6.5'/><path d='M3.6 "
    "12.4l8.8-8.8'/></symbol>"
    "<symbol id='g-good' viewBox='0 0 16 16'><path d='M2.5 8.6l3.6 3.6 7.4-8'/></symbol>"
    "</svg>\n";

static void glyph(struct buf *b, const char *name)
{
    h(b, "<svg class='glyph' aria-hidden='true'><use href='#g-%z'/></svg>", name);
}

static void ref(struct buf *b, const struct report *r, struct str id)
{
    if (id.p && is_cited(r, id))
        h(b, "<a class='id' href='#e-%s'>%s</a>", id, id);
    else
        h(b, "<span class='id'>%s</span>", id);
}

static void local(struct buf *b, const struct r_host *host, int64_t t)
{
    if (host && host->bias != NONE && t != NONE)
        buf_z(b, "<small>"), time_local(b, t, host->bias), buf_z(b, "</small>");
}

static void plural(struct buf *b, int64_t n, const char *one, const char *many)
{
    h(b, "%n %z", n, n == 1 ? one : many);
}

/* A column of hosts says nothing when there is one. */
static void table_open(struct buf *b, const struct report *r, const char *caption, const char *hint,
                       const char *const *head)
{
    h(b,
      "<div class='scroll' tabindex='0' role='region' aria-label='%z'><table><caption>%z "
      "<small>%z</small></caption><thead><tr>",
      caption, caption, hint);
    for (; *head; head++)
        if (r->host.n != 1 || strcmp(*head, "Host") != 0)
            h(b, **head == '#' ? "<th scope='col' class='num'>%z</th>" : "<th scope='col'>%z</th>",
              *head + (**head == '#'));
    buf_z(b, "</tr></thead><tbody>\n");
}

static void host_cell(struct buf *b, const struct report *r, struct str host)
{
    if (r->host.n != 1)
        h(b, "<td class='host-name'><bdi dir='auto'>%s</bdi></td>", host);
}

static void table_close(struct buf *b, uint64_t more, const char *sql)
{
    buf_z(b, "</tbody></table>");
    if (more)
        h(b, "<p class='left'>%n more in case.db: <kbd>whylogon query case.db '%z'</kbd></p>", (int64_t)more,
          sql);
    buf_z(b, "</div>\n");
}

static size_t cites(const struct report *r, const struct r_finding *f, size_t from, size_t to)
{
    const struct r_citation *c = r->citation.row;
    size_t n = 0;
    for (size_t role = from; role < to; role++)
        for (size_t i = 0; i < f->cite[role].n; i++)
            n += c[f->cite[role].at + i].again != 1;
    return n;
}

static const struct r_citation *first_cite(const struct report *r, const struct r_finding *f, size_t role)
{
    return f->cite[role].n ? (const struct r_citation *)r->citation.row + f->cite[role].at : NULL;
}

static const char *reader_words(struct str reader)
{
    static const struct {
        const char *id, *words;
    } table[] = {
        {"agree", "The second reader agrees on every cited fact."},
        {"differ", "The second reader differs on a cited fact: see the citations."},
        {"unreadable", "The second reader could not read a cited fact."},
    };
    for (size_t i = 0; i < LEN(table); i++)
        if (str_eq(reader, str_of(table[i].id)))
            return table[i].words;
    return "No second reader applies to what is cited.";
}

/* ---- the first screen ---- */

static void strip(struct buf *b, const struct r_host *host)
{
    bool any = false;
    buf_z(b, "<ul class='strip' aria-label='Verdicts'>");
    for (size_t v = 0; v < VERDICTS; v++) {
        if (!host->groups[v])
            continue;
        any = true;
        h(b, "<li class='%z'>", verdict_words[v].id), glyph(b, verdict_words[v].id);
        h(b, "<span><b>%n</b> %z", (int64_t)host->groups[v],
          v == V_RULED_OUT ? "ruled out" : verdict_words[v].id);
        if (host->findings[v] > host->groups[v])
            h(b, " <small>(%n subjects)</small>", (int64_t)host->findings[v]);
        buf_z(b, "</span></li>");
    }
    if (!any || host->outcome == OUT_HEALTHY) {
        const struct outcome_words *o = &outcome_words[host->outcome];
        h(b, "<li class='%z'>", o->hue), glyph(b, host->outcome == OUT_HEALTHY ? "good" : "undetermined"),
            h(b, "<span>%z</span></li>", o->brief);
    }
    buf_z(b, "</ul>");
}

/* As people meet it: 1312 is 0x80070520 in logs and dialogs. */
static int64_t hresult(int64_t win32) { return win32 >= 0 && win32 <= 0xffff ? 0x80070000 | win32 : win32; }

static void code_words(struct buf *b, const struct r_finding *f)
{
    if (f->win32 != NONE)
        h(b, "%i <span class='mono'>%x</span>%z<span class='mono'>%s</span>", f->win32, hresult(f->win32),
          f->symbol.p ? " " : "", f->symbol.p ? f->symbol : STR(""));
}

static void eyebrow(struct buf *b, const struct r_finding *f, size_t subjects)
{
    h(b, "<p class='eyebrow'>"), glyph(b, verdict_words[f->verdict].id),
        h(b, "%z", verdict_words[f->verdict].label);
    if (f->subject.p)
        h(b, " <bdi dir='auto'>%s</bdi>", f->subject);
    if (subjects > 1)
        h(b, " <span>and %n more</span>", (int64_t)subjects - 1);
    if (f->win32 != NONE)
        buf_z(b, " <span class='code'>error "), code_words(b, f), buf_z(b, "</span>");
    buf_z(b, "</p>\n");
}

static void ledger_cite(struct buf *b, const struct report *r, const struct r_finding *f, size_t role)
{
    const struct r_citation *c = first_cite(r, f, role);
    if (!c)
        return;
    h(b, "<div><dt>%z</dt><dd><bdi dir='auto'>%s</bdi> ", role_labels[role],
      c->explain.n ? c->explain : c->summary);
    ref(b, r, c->id);
    buf_z(b, "</dd></div>\n");
}

/* The causes of one verdict on this host, by title. */
static void ledger_causes(struct buf *b, const struct report *r, const struct r_host *host, enum verdict v,
                          const char *label)
{
    const struct r_finding *f = r->finding.row;
    const struct r_group *g = r->group.row;
    size_t n = 0;
    for (size_t i = 0; i < r->group.n; i++) {
        const struct r_finding *one = f + g[i].at;
        if (one->verdict != (int64_t)v || !str_eq(one->host, host->host))
            continue;
        if (n++ < 3)
            h(b, n == 1 ? "<div><dt>%z</dt><dd>" : "; ", label), h(b, "<bdi dir='auto'>%s</bdi>", one->title);
    }
    if (n > 3)
        h(b, "; <a href='#findings'>%n more</a>", (int64_t)n - 3);
    if (n)
        buf_z(b, "</dd></div>\n");
}

static void ledger(struct buf *b, const struct report *r, const struct r_host *host,
                   const struct r_finding *f)
{
    const struct r_unknown *u = r->unknown.row;
    buf_z(b, "<dl class='ledger'>\n");
    for (size_t role = R_SYMPTOM; role <= R_LINK; role++)
        ledger_cite(b, r, f, role);
    if (f->verdict == V_POSSIBLE)
        ledger_cite(b, r, f, R_COMPATIBLE);
    if (f->cite[R_CONTRADICTS].n)
        ledger_cite(b, r, f, R_CONTRADICTS);
    else
        buf_z(b, "<div><dt>Against</dt><dd>Nothing in the evidence speaks against it.</dd></div>\n");
    if (f->unknown.n) {
        buf_z(b, "<div><dt>Not checked</dt><dd>");
        for (size_t i = 0; i < f->unknown.n && i < 3; i++)
            h(b, i ? ", <bdi dir='auto'>%s</bdi>" : "<bdi dir='auto'>%s</bdi>",
              u[f->unknown.at + i].artifact);
        if (f->unknown.n > 3)
            h(b, " and %n more", (int64_t)f->unknown.n - 3);
        buf_z(b, "</dd></div>\n");
    }
    ledger_causes(b, r, host, V_RULED_OUT, "Ruled out");
    buf_z(b, "</dl>\n");
}

static void what_now(struct buf *b, const struct report *r, const struct r_finding *f, const char *level)
{
    const struct r_remedy *m = (const struct r_remedy *)r->remedy.row + f->remedy.at;
    h(b, "<div class='tile now'><%z>What now</%z>", level, level);
    if (!f->remedy.n)
        h(b, "<p class='do'>No remedy is recorded for this cause.</p>");
    else {
        h(b, "<p class='do'>%s</p>", m->text);
        if (m->verify.n)
            h(b, "<p class='then'>Then check: %s</p>", m->verify);
        h(b, "<p class='meta'>Risk %s \xc2\xb7 reversible: %s", m->risk, m->reversible);
        if (f->remedy.n > 1)
            h(b, " \xc2\xb7 <a href='#f-%i'>%n more step%z</a>", f->id, (int64_t)f->remedy.n - 1,
              f->remedy.n > 2 ? "s" : "");
        buf_z(b, "</p>");
    }
    buf_z(b, "</div>\n");
}

static void collect_now(struct buf *b, const struct report *r, const struct r_host *host, const char *level)
{
    const struct r_collect *c = r->collect.row;
    size_t n = 0;
    h(b, "<div class='tile now'><%z>What now</%z>", level, level);
    for (size_t i = 0; i < r->collect.n && n < 3; i++)
        if (str_eq(c[i].host, host->host)) {
            h(b,
              n++ ? "<p class='then'>Then <bdi dir='auto'>%s</bdi>: <kbd>%s</kbd></p>"
                  : "<p class='do'>Collect <bdi dir='auto'>%s</bdi>:</p><p class='then'><kbd>%s</kbd></p>",
              c[i].artifact, c[i].command);
            if (n == 1)
                h(b, "<p class='meta'>It bears on %n finding%z.</p>", c[i].n, c[i].n == 1 ? "" : "s");
        }
    if (!n)
        h(b, "<p class='do'>%z</p>",
          host->outcome == OUT_HEALTHY ? "Nothing has to be mended."
          : host->outcome == OUT_UNEXPLAINED
              ? "Read the failures under Facts: their codes and times are what is known."
              : "Collect the Security, System and TaskScheduler/Operational logs and the SYSTEM hive.");
    if (host->outcome == OUT_HEALTHY)
        buf_z(b, "<p class='then'>If a failure is known, collect the log of the time it happened: see <a "
                 "href='#coverage'>Coverage</a>.</p>");
    buf_z(b, "</div>\n");
}

struct window {
    int64_t from, to;
};

static struct window log_window(const struct report *r, struct str host)
{
    const struct r_coverage *c = r->coverage.row;
    struct window w = {NONE, NONE};
    for (size_t i = 0; i < r->coverage.n; i++)
        if (c[i].channel == 1 && c[i].from != NONE && c[i].to != NONE && str_eq(c[i].host, host)) {
            w.from = w.from == NONE || c[i].from < w.from ? c[i].from : w.from;
            w.to = w.to == NONE || c[i].to > w.to ? c[i].to : w.to;
        }
    return w;
}

#define DAY (86400 * WINTIME_SECOND)
enum { CHART_WIDE = 340, CHART_BASE = 44, CHART_DAYS = 90 };

static void chart_text(struct buf *b, int x, const char *anchor, int64_t day)
{
    h(b, "<text x='%i' y='62' text-anchor='%z'>", (int64_t)x, anchor), time_day(b, day), buf_z(b, "</text>");
}

/* Failures per day; the strong base line is what the logs cover, a triangle the day of a cause. */
static void chart(struct buf *b, const struct report *r, const struct r_host *host, const struct r_finding *f,
                  size_t serial)
{
    const struct r_day *day = (const struct r_day *)r->day.row + host->day.at;
    size_t n = host->day.n;
    if (n < 2)
        return;
    const struct r_citation *cause = f ? first_cite(r, f, R_CAUSE) : NULL;
    struct window w = log_window(r, host->host);
    int64_t lo = day[0].day, hi = day[n - 1].day, max = 0, most = lo, all = 0,
            mark = cause && cause->time != NONE ? cause->time / DAY : NONE;
    if (w.to != NONE && w.to / DAY > hi)
        hi = w.to / DAY > hi + 14 ? hi + 14 : w.to / DAY;
    if (mark != NONE && mark < lo && mark >= lo - 30)
        lo = mark;
    lo = hi - lo >= CHART_DAYS ? hi - CHART_DAYS + 1 : lo;
    for (size_t i = 0; i < n; i++)
        if (day[i].day >= lo) {
            all += day[i].n;
            if (day[i].n > max)
                max = day[i].n, most = day[i].day;
        }
    int64_t slot = CHART_WIDE / (hi - lo + 1),
            wide = slot > 26  ? 24
                   : slot > 2 ? slot - 1
                              : 2,
            x0 = (CHART_WIDE - slot * (hi - lo + 1)) / 2;
    h(b,
      "<svg class='days' viewBox='0 0 %i 66' role='img' aria-labelledby='ct-%i cd-%i'><title "
      "id='ct-%i'>Failures per day on %s, ",
      (int64_t)CHART_WIDE, (int64_t)serial, (int64_t)serial, (int64_t)serial, host->host);
    time_day(b, lo), buf_z(b, " to "), time_day(b, hi);
    h(b, "</title><desc id='cd-%i'>%n failures; most on ", (int64_t)serial, all), time_day(b, most),
        h(b, ": %n.</desc>", max);
    h(b, "<path class='base' d='M0 %i.5h%i'/>", (int64_t)CHART_BASE, (int64_t)CHART_WIDE);
    if (w.from != NONE && w.to / DAY >= lo && w.from / DAY <= hi) {
        int64_t from = w.from / DAY < lo ? lo : w.from / DAY, to = w.to / DAY > hi ? hi : w.to / DAY;
        h(b, "<path class='seen' d='M%i %ih%i'><title>covered by logs</title></path>",
          x0 + (from - lo) * slot, (int64_t)CHART_BASE + 1, (to - from + 1) * slot);
    }
    for (size_t i = 0; i < n; i++) {
        if (day[i].day < lo)
            continue;
        int64_t tall = 2 + day[i].n * 29 / max;
        h(b, "<rect class='bar-day' x='%i' y='%i' width='%i' height='%i' rx='1'><title>",
          x0 + (day[i].day - lo) * slot + (slot - wide) / 2, CHART_BASE - tall, wide, tall);
        time_day(b, day[i].day), h(b, ": %n</title></rect>", day[i].n);
    }
    if (mark != NONE && mark >= lo && mark <= hi) {
        h(b, "<path class='mark' d='M%i 47l4 6h-8z'><title>cause: ", x0 + (mark - lo) * slot + slot / 2),
            time_day(b, mark), buf_z(b, "</title></path>");
    }
    int64_t at = x0 + (most - lo) * slot + slot / 2;
    h(b, "<text x='%i' y='10' text-anchor='%z'>%n a day</text>", at,
      at < 30                ? "start"
      : at > CHART_WIDE - 30 ? "end"
                             : "middle",
      max);
    chart_text(b, 0, "start", lo), chart_text(b, CHART_WIDE, "end", hi);
    buf_z(b, "</svg>");
}

static void when(struct buf *b, const struct r_host *host, const char *label, int64_t t)
{
    if (t == NONE)
        return;
    h(b, "<dt>%z</dt><dd>%t UTC", label, t), local(b, host, t), buf_z(b, "</dd>");
}

static void since(struct buf *b, const struct report *r, const struct r_host *host, const struct r_finding *f,
                  size_t serial, const char *level)
{
    struct window w = log_window(r, host->host);
    bool seen = f ? host->top->first != NONE : host->failures > 0;
    int64_t n = f ? host->top->count : host->failures;
    h(b, "<div class='tile %z'><%z>%z</%z><dl class='when'>", f ? verdict_words[f->verdict].id : "ruled_out",
      level, seen ? "Since when" : "Time covered", level);
    if (seen) {
        when(b, host, "First seen", f ? host->top->first : host->first),
            when(b, host, "Last seen", f ? host->top->last : host->last);
        h(b, "<dt>Failures</dt><dd>%n", n);
        if (f && host->failures > n)
            h(b, " of %n on this host", host->failures);
        buf_z(b, "</dd>");
    } else {
        when(b, host, "Logs from", w.from), when(b, host, "to", w.to);
        if (w.from == NONE)
            buf_z(b, "<dt>Logs</dt><dd>none</dd>");
    }
    buf_z(b, "</dl>");
    chart(b, r, host, f, serial);
    buf_z(b, "</div>\n");
}

static void how_sure(struct buf *b, const struct report *r, const struct r_finding *f)
{
    size_t for_it = cites(r, f, R_SYMPTOM, R_CONTRADICTS), against = cites(r, f, R_CONTRADICTS, ROLES_N);
    h(b, "<div class='tile'><h2>How sure</h2><p><b>%z.</b> %z ", verdict_words[f->verdict].label,
      verdict_words[f->verdict].meaning);
    plural(b, (int64_t)for_it, "cited fact supports it", "cited facts support it");
    h(b, ", "), plural(b, (int64_t)against, "speaks", "speak"), h(b, " against it, "),
        plural(b, (int64_t)f->unknown.n, "could", "could");
    h(b, " not be checked. %z</p></div>\n", reader_words(f->reader));
}

static bool wanted(const struct report *r, const struct r_coverage *c)
{
    const struct r_collect *k = r->collect.row;
    for (size_t i = 0; i < r->collect.n; i++)
        if (str_eq(k[i].artifact, c->artifact) && str_eq(k[i].host, c->host))
            return true;
    return c->core > 0;
}

/* What weakens every "not seen" of this report: artefacts that findings ask for and those every judgement
 * needs, by name; others by number. */
static void gaps(struct buf *b, const struct report *r, const struct r_host *host)
{
    const struct r_coverage *c = r->coverage.row;
    size_t n = 0, left = 0;
    for (size_t i = 0; i < r->coverage.n; i++) {
        if (str_eq(c[i].state, STR("present")) || !str_eq(c[i].host, host->host))
            continue;
        if (n < 4 && wanted(r, c + i))
            h(b,
              n++ ? ", <bdi dir='auto'>%s</bdi> (%s)"
                  : "Missing or incomplete: <bdi dir='auto'>%s</bdi> (%s)",
              c[i].artifact, c[i].state);
        else
            left++;
    }
    if (left)
        h(b,
          n ? ", and %n more"
            : "All that every judgement needs is there; %n other artefacts are missing or incomplete",
          (int64_t)left);
    h(b, n + left ? ": <a href='#coverage'>coverage</a>."
                  : "Nothing that was looked for is missing: <a href='#coverage'>coverage</a>.");
}

static void what_was_read(struct buf *b, const struct report *r, const struct r_host *host)
{
    const struct r_read *x = &r->read;
    h(b, "<div class='tile'><h2>What was read</h2><p><b>%n of ", (int64_t)x->read),
        plural(b, (int64_t)x->files, "file", "files"), buf_z(b, "</b>: ");
    plural(b, (int64_t)x->logs, "event log", "event logs"), h(b, " with "),
        plural(b, (int64_t)x->records, "record", "records"), buf_z(b, ", ");
    plural(b, (int64_t)x->hives, "hive", "hives");
    if (x->dirty)
        h(b, " (%n dirty)", (int64_t)x->dirty);
    buf_z(b, ". ");
    if (x->copies)
        plural(b, (int64_t)x->copies, "file is a copy", "files are copies"),
            buf_z(b, " of others and count once. ");
    if (x->failed)
        plural(b, (int64_t)x->failed, "record", "records"), buf_z(b, " could not be read. ");
    if (x->damaged)
        plural(b, (int64_t)x->damaged, "file has", "files have"),
            buf_z(b, " <a href='#evidence'>anomalies</a>. ");
    if (host)
        gaps(b, r, host);
    else
        buf_z(b, "What each host lacks: <a href='#coverage'>coverage</a>.");
    if (r->rule_error.n)
        buf_z(b, " <b>"), plural(b, (int64_t)r->rule_error.n, "check", "checks"),
            buf_z(b, " could not run</b>: <a href='#method'>method</a>.");
    buf_z(b, "</p></div>\n");
}

static void case_line(struct buf *b, const struct report *r)
{
    const struct r_pair *word = r->status.row;
    buf_z(b, "<p class='case'><span>Status ");
    for (size_t i = 0; i < r->status.n; i++)
        h(b, i ? ", %s" : "%s", word[i].key);
    if (!r->status.n)
        buf_z(b, r->read.read ? "complete" : "no_evidence");
    h(b, "</span><span>Evidence set <span class='mono'>%s</span></span>",
      (struct str){r->read.set_sha256, 16});
    h(b, "<span>%s %s</span>", r->tool, r->version.p ? r->version : STR(""));
    if (r->knowledge.n)
        h(b, "<span>knowledge <span class='mono'>%s</span></span>",
          (struct str){r->knowledge.p, r->knowledge.n < 12 ? r->knowledge.n : 12});
    if (r->stamp.n)
        h(b, "<span>%s</span>", r->stamp);
    buf_z(b, "</p>\n");
}

static void host_words(struct buf *b, const struct r_host *x, const char *dot)
{
    const struct str word[] = {x->domain, x->os, x->role};
    char build[24];
    snprintf(build, sizeof build, "%lld", (long long)x->build);
    for (size_t i = 0; i < LEN(word); i++)
        if (word[i].n) {
            h(b, "%z<bdi dir='auto'>%s</bdi>", dot, word[i]), dot = " \xc2\xb7 ";
            if (i == 1 && x->build != NONE && !str_ends_ci(word[i], str_of(build)))
                h(b, " (%z)", build);
        }
}

/* The finding the first screen speaks of, or NULL when the outcome speaks for itself. */
static const struct r_finding *headline(const struct report *r, const struct r_host *host)
{
    return host->outcome == OUT_FOUND || host->outcome == OUT_LATENT
               ? (const struct r_finding *)r->finding.row + host->top->at
               : NULL;
}

/* What failed, last first, at most that many, each between open and close. */
static size_t failed_words(struct buf *b, const struct report *r, const struct r_host *host, size_t most,
                           const char *open, const char *close)
{
    const struct r_failed *t = r->failed.row;
    size_t n = 0;
    for (size_t i = 0; i < r->failed.n && n < most; i++)
        if (t[i].logon == 1 && str_eq(t[i].host, host->host)) {
            h(b, "%z%s <bdi dir='auto'>%s</bdi>, %n\xc3\x97", open, t[i].kind,
              t[i].subject.p ? t[i].subject : STR("of unknown name"), t[i].n),
                n++;
            if (t[i].win32 != NONE)
                h(b, ": %i %s", t[i].win32, t[i].symbol.p ? t[i].symbol : STR(""));
            buf_char(b, ' '), ref(b, r, t[i].id), buf_z(b, close);
        }
    return n;
}

/* Without a finding the ledger says what failed, and what the logs cover; in brief, only what failed. */
static void outcome_ledger(struct buf *b, const struct report *r, const struct r_host *host, bool brief)
{
    const struct r_coverage *c = r->coverage.row;
    buf_z(b, "<dl class='ledger'>\n");
    size_t n = failed_words(b, r, host, brief ? 2 : 4, "<div><dt>Failed</dt><dd>", "</dd></div>\n");
    ledger_causes(b, r, host, V_UNDETERMINED, "Could be");
    if (!brief)
        ledger_causes(b, r, host, V_RULED_OUT, "Ruled out");
    if (host->other)
        h(b,
          "<div><dt>Other</dt><dd><a href='#facts'>%n failure%z</a> for reasons of their own, such as "
          "mistyped passwords</dd></div>\n",
          host->other, host->other == 1 ? "" : "s");
    for (size_t i = 0; i < r->coverage.n && n < 6 && !brief; i++)
        if (c[i].channel == 1 && c[i].from != NONE && str_eq(c[i].host, host->host))
            h(b,
              "<div><dt>Covered</dt><dd><bdi dir='auto'>%s</bdi> <span class='src'>%t \xe2\x80\x93 "
              "%t</span></dd></div>\n",
              c[i].artifact, c[i].from, c[i].to),
                n++;
    buf_z(b, "</dl>\n");
}

static void outcome_text(struct buf *b, const struct report *r, const struct r_host *host, const char *level,
                         bool brief)
{
    h(b, "<div class='why %z'>\n<%z>", outcome_words[host->outcome].hue, level);
    h(b, outcome_words[host->outcome].headline, host->host);
    h(b, "</%z>\n", level);
    if (!brief)
        h(b, "<p class='lead'>%z</p>\n", outcome_words[host->outcome].lead);
    outcome_ledger(b, r, host, brief);
    buf_z(b, "</div>\n");
}

static void outcome_sure(struct buf *b, const struct report *r, const struct r_host *host)
{
    h(b, "<div class='tile'><h2>How sure</h2><p>%z", outcome_words[host->outcome].sure);
    if (r->rule_error.n)
        h(b, " <b>%n check%z could not run</b>, so a known cause may have been overlooked.",
          (int64_t)r->rule_error.n, r->rule_error.n == 1 ? "" : "s");
    buf_z(b, "</p></div>\n");
}

static void single_host(struct buf *b, const struct report *r, const struct r_host *host)
{
    const struct r_finding *f = headline(r, host);
    buf_z(b, "<section class='host' aria-label='Diagnosis'>\n"), strip(b, host),
        buf_z(b, "\n<div class='hero'>\n");
    if (f) {
        h(b, "<div class='why %z'>\n", verdict_words[f->verdict].id);
        eyebrow(b, f, host->top->n);
        h(b, "<h1><bdi dir='auto'>%s</bdi></h1>\n<p class='lead'><bdi dir='auto'>%s</bdi></p>\n", f->title,
          f->explanation);
        ledger(b, r, host, f);
        buf_z(b, "</div>\n");
    } else
        outcome_text(b, r, host, "h1", false);
    buf_z(b, "<div class='side'>\n");
    if (f)
        what_now(b, r, f, "h2");
    else
        collect_now(b, r, host, "h2");
    since(b, r, host, f, 0, "h2");
    buf_z(b, "</div>\n</div>\n<div class='foot'>\n");
    if (f)
        how_sure(b, r, f);
    else
        outcome_sure(b, r, host);
    what_was_read(b, r, host);
    buf_z(b, "</div>\n</section>\n");
    case_line(b, r);
}

static void host_panel(struct buf *b, const struct report *r, const struct r_host *host, size_t serial)
{
    const struct r_finding *f = headline(r, host);
    h(b,
      "<section class='host panel' id='h-%i' aria-label='Diagnosis of %s'>\n<div class='name'><b><bdi "
      "dir='auto'>%s</bdi></b><span>",
      (int64_t)serial, host->host, host->host);
    host_words(b, host, "");
    buf_z(b, "</span>"), strip(b, host), buf_z(b, "</div>\n<div class='hero'>\n");
    if (f) {
        h(b, "<div class='why %z'>\n", verdict_words[f->verdict].id), eyebrow(b, f, host->top->n);
        h(b,
          "<h2><a href='#f-%i'><bdi dir='auto'>%s</bdi></a></h2>\n<p class='lead'><bdi "
          "dir='auto'>%s</bdi></p>\n</div>\n",
          f->id, f->title, f->explanation);
    } else
        outcome_text(b, r, host, "h2", true);
    since(b, r, host, f, serial, "h3");
    if (f)
        what_now(b, r, f, "h3");
    else
        collect_now(b, r, host, "h3");
    buf_z(b, "</div>\n</section>\n");
}

/* More hosts than one screen holds: a line each, before their panels. */
static void host_table(struct buf *b, const struct report *r)
{
    static const char *const head[] = {"Computer",  "Verdicts",        "Diagnosis",
                                       "#Failures", "Last seen (UTC)", NULL};
    const struct r_host *host = r->host.row;
    size_t n = 0;
    table_open(b, r, "Hosts", "gravest first", head);
    for (; n < r->host.n && n < SHOW_ROWS && room(b); n++, host++) {
        const struct r_finding *f = headline(r, host);
        h(b,
          n < SHOW_HOSTS && !few_words(r, host)
              ? "<tr><th scope='row'><a href='#h-%i'><bdi dir='auto'>%s</bdi></a></th><td>"
              : "<tr><th scope='row'><span id='h-%i'><bdi dir='auto'>%s</bdi></span></th><td>",
          (int64_t)n, host->host);
        strip(b, host), buf_z(b, "</td><td>");
        if (f)
            h(b, "<bdi dir='auto'>%s</bdi>", f->title);
        else if (host->failures > 0)
            failed_words(b, r, host, 1, "", "");
        else
            h(b, "<span class='nil'>%z</span>", outcome_words[host->outcome].brief);
        if (host->other && !f)
            h(b, " <a href='#facts'>%n other failure%z</a>", host->other, host->other == 1 ? "" : "s");
        h(b, "</td><td class='num'>%n</td><td>%t</td></tr>\n", host->failures, host->last);
    }
    table_close(b, r->host.n - n, "SELECT * FROM v_host");
}

static void many_hosts(struct buf *b, const struct report *r)
{
    const struct r_host *host = r->host.row;
    static const char *const words[] = {"cause found on %n",     "possible cause on %n",
                                        "cause not found on %n", "cause without failure on %n",
                                        "logs missing of %n",    "no such failure on %n"};
    static const uint8_t which[OUTCOMES] = {1, 2, 2, 3, 4, 4, 5};
    size_t sum[LEN(words)] = {0}, n = 0;
    for (size_t i = 0; i < r->host.n; i++)
        sum[host[i].groups[V_CONFIRMED] + host[i].groups[V_LIKELY] > 0 ? 0 : which[host[i].outcome]]++;
    h(b, "<section class='overview' aria-label='Overview'>\n<h1>%n hosts", (int64_t)r->host.n);
    const char *sep = ": ";
    for (size_t i = 0; i < LEN(words); i++)
        if (sum[i])
            buf_z(b, sep), h(b, words[i], (int64_t)sum[i]), sep = ", ";
    buf_z(b, "</h1>\n");
    case_line(b, r);
    buf_z(b, "</section>\n");
    if (r->host.n > 3)
        host_table(b, r);
    for (; n < r->host.n && n < SHOW_HOSTS && !few_words(r, host + n) && room(b); n++)
        host_panel(b, r, host + n, n);
    if (r->host.n > n && !few_words(r, host + n))
        h(b,
          "<p class='left'>%n more hosts in case.db: <kbd>whylogon query case.db 'SELECT * FROM "
          "v_host'</kbd></p>\n",
          (int64_t)(r->host.n - n));
    buf_z(b, "<section class='host' aria-label='What was read'><div class='foot'>\n"),
        what_was_read(b, r, NULL), buf_z(b, "</div></section>\n");
}

static void no_host(struct buf *b, const struct report *r)
{
    const struct r_collect *a = r->artifact.row;
    buf_z(b, "<section class='host' aria-label='Diagnosis'>\n<div class='hero'>\n<div class='why "
             "undetermined'>\n<p class='eyebrow'>"),
        glyph(b, "undetermined");
    buf_z(b, "No evidence</p>\n<h1>No usable evidence was found.</h1>\n<p class='lead'>");
    if (r->read.files)
        plural(b, (int64_t)r->read.files, "file was looked at; it holds", "files were looked at; none holds"),
            h(b, " %z a host can be judged by: see <a href='#evidence'>Evidence</a> for what each one is.",
              r->read.files == 1 ? "nothing" : "anything");
    else
        buf_z(b, "No file was found in what was given.");
    buf_z(b, "</p>\n</div>\n<div class='side'><div class='tile now'><h2>What now</h2><p class='do'>Collect "
             "event logs and registry hives on the host, as administrator:</p>");
    if (!r->artifact.n)
        buf_z(b, "<p class='then'><kbd>wevtutil epl Security Security.evtx</kbd></p><p class='then'><kbd>reg "
                 "save HKLM\\SYSTEM SYSTEM.hiv</kbd></p>");
    for (size_t i = 0; i < r->artifact.n && i < 6; i++)
        h(b, "<p class='then'><kbd>%s</kbd></p>", a[i].command);
    buf_z(b, "</div></div>\n</div>\n</section>\n");
    case_line(b, r);
}

/* ---- findings ---- */

static void cite_item(struct buf *b, const struct report *r, const struct r_citation *c, bool role)
{
    buf_z(b, "<li>");
    if (role)
        h(b, "<span class='role'>%z</span>", role_labels[c->role]);
    h(b, "<bdi dir='auto'>%s</bdi>\n<div class='src'>", c->explain.n ? c->explain : c->summary);
    if (c->time != NONE)
        h(b, "%t UTC \xc2\xb7 ", c->time);
    h(b, "<bdi dir='auto'>%s</bdi>", base_name(c->path));
    if (c->off != NONE)
        buf_printf(b, " @ 0x%llx", (unsigned long long)c->off);
    buf_z(b, " \xc2\xb7 "), ref(b, r, c->id);
    if (c->reader.n)
        h(b, " \xc2\xb7 second reader: %s", c->reader);
    if (c->reader.n && !str_eq(c->reader, STR("agree")) && c->reader_detail.n)
        h(b, " (<bdi dir='auto'>%s</bdi>)", c->reader_detail);
    buf_z(b, "</div>");
    if (c->explain.n && c->summary.n)
        h(b, "<span class='raw' dir='auto'>%s</span>", c->summary);
    buf_z(b, "</li>\n");
}

/* The citations of one role: the first two, then some folded, then how to get the rest. */
static void cite_role(struct buf *b, const struct report *r, const struct r_finding *f, size_t role,
                      bool label)
{
    const struct r_citation *c = (const struct r_citation *)r->citation.row + f->cite[role].at;
    size_t n = f->cite[role].n, shown = n < SHOW_CITES ? n : SHOW_CITES,
           open = shown < OPEN_CITES + 2 ? shown : OPEN_CITES;
    if (!n)
        return;
    buf_z(b, "<ul class='cites'>\n");
    for (size_t i = 0; i < open; i++)
        cite_item(b, r, c + i, label);
    buf_z(b, "</ul>\n");
    if (open < shown) {
        h(b, "<details class='more'><summary>%n more: %z</summary><ul class='cites'>\n", (int64_t)(n - open),
          role_labels[role]);
        for (size_t i = open; i < shown; i++)
            cite_item(b, r, c + i, label);
        buf_z(b, "</ul>\n");
        if (n > shown)
            h(b,
              "<p class='src'>%n more in case.db: <kbd>SELECT * FROM v_citation WHERE finding = "
              "%i</kbd></p>\n",
              (int64_t)(n - shown), f->id);
        buf_z(b, "</details>\n");
    }
}

static void unknown_list(struct buf *b, const struct report *r, const struct r_finding *f)
{
    const struct r_unknown *u = (const struct r_unknown *)r->unknown.row + f->unknown.at;
    buf_z(b, "<ul class='cites'>\n");
    for (size_t i = 0; i < f->unknown.n && i < 2 * SHOW_CITES; i++)
        h(b, "<li><bdi dir='auto'>%s</bdi><div class='src'>Collect: <kbd>%s</kbd></div></li>\n",
          u[i].artifact, u[i].collect);
    buf_z(b, "</ul>\n");
    if (!f->unknown.n)
        buf_z(b, "<p class='nil'>Everything this cause needs was read.</p>\n");
}

static void fix_list(struct buf *b, const struct report *r, const struct r_finding *f)
{
    const struct r_remedy *m = (const struct r_remedy *)r->remedy.row + f->remedy.at;
    if (!f->remedy.n)
        return;
    buf_z(b, "<div class='fix'><h4>How to mend it</h4><ol>\n");
    for (size_t i = 0; i < f->remedy.n && i < 20; i++) {
        h(b, "<li>%s<small>Risk %s \xc2\xb7 reversible: %s", m[i].text, m[i].risk, m[i].reversible);
        if (m[i].verify.n)
            h(b, " \xc2\xb7 check: %s", m[i].verify);
        buf_z(b, "</small></li>\n");
    }
    buf_z(b, "</ol></div>\n");
}

static void stat_time(struct buf *b, const struct r_host *host, const char *label, int64_t t)
{
    if (t != NONE)
        h(b, "<div><dt>%z</dt><dd>%t UTC", label, t), local(b, host, t), buf_z(b, "</dd></div>");
}

static void stats(struct buf *b, const struct r_finding *f, const struct r_group *g,
                  const struct r_host *host)
{
    buf_z(b, "<dl class='stats'>");
    h(b, "<div><dt>Host</dt><dd><bdi dir='auto'>%s</bdi></dd></div>", f->host);
    stat_time(b, host, "First seen", g->first), stat_time(b, host, "Last seen", g->last);
    h(b, "<div><dt>Failures</dt><dd>%n</dd></div>", g->count);
    h(b,
      "<div><dt>Cause</dt><dd class='mono'>%s</dd></div><div><dt>Second reader</dt><dd>%s</dd></div></dl>\n",
      f->cause, f->reader.p ? f->reader : STR("not_applicable"));
}

static void same_on(struct buf *b, const struct report *r, const struct r_finding *f, size_t n)
{
    static const char *const head[] = {"Subject", "Code", "First seen (UTC)", "Last seen (UTC)", "#Failures",
                                       "Symptom", NULL};
    if (n < 2)
        return;
    char caption[60];
    snprintf(caption, sizeof caption, "Subjects of finding %lld", (long long)f->id);
    h(b, "<details><summary>The same on %n more subject%z</summary>", (int64_t)n - 1, n == 2 ? "" : "s");
    table_open(b, r, caption, "same host, same cause, same verdict", head);
    size_t i = 1;
    for (; i < n && i < SHOW_ROWS && room(b); i++) {
        const struct r_citation *c = first_cite(r, f + i, R_SYMPTOM);
        h(b, "<tr id='f-%i'><th scope='row'><bdi dir='auto'>%s</bdi></th><td>", f[i].id, f[i].subject),
            code_words(b, f + i);
        h(b, "</td><td>%t</td><td>%t</td><td class='num'>%n</td><td>", f[i].first, f[i].last, f[i].count),
            ref(b, r, c ? c->id : (struct str){0});
        buf_z(b, "</td></tr>\n");
    }
    table_close(b, n - i, "SELECT * FROM v_finding");
    buf_z(b, "</details>\n");
}

static void card(struct buf *b, const struct report *r, const struct r_group *g)
{
    const struct r_finding *f = (const struct r_finding *)r->finding.row + g->at;
    h(b, "<article class='card %z' id='f-%i' aria-labelledby='t-%i'>\n", verdict_words[f->verdict].id, f->id,
      f->id);
    eyebrow(b, f, g->n);
    h(b, "<h3 id='t-%i'><bdi dir='auto'>%s</bdi></h3>\n<p class='lead'><bdi dir='auto'>%s</bdi></p>\n", f->id,
      f->title, f->explanation);
    stats(b, f, g, find_host(r, f->host));
    h(b, "<div class='scales%z'>\n<div><h4>Supports it</h4>",
      f->cite[R_CONTRADICTS].n + f->unknown.n ? "" : " clear");
    for (size_t role = 0; role < R_CONTRADICTS; role++)
        cite_role(b, r, f, role, true);
    buf_z(b, "</div>\n<div><h4>Speaks against it</h4>"), cite_role(b, r, f, R_CONTRADICTS, false);
    buf_z(b, f->cite[R_CONTRADICTS].n ? "" : "<p class='nil'>Nothing in the evidence.</p>\n");
    buf_z(b, "</div>\n<div><h4>Could not be checked</h4>"), unknown_list(b, r, f);
    buf_z(b, "</div>\n</div>\n"), fix_list(b, r, f), same_on(b, r, f, g->n);
    buf_z(b, "</article>\n");
}

/* Undetermined and ruled out: one row a finding, with the fact that decides or the artefact that would. */
static void folded(struct buf *b, const struct report *r, enum verdict v)
{
    static const char *const head_out[] = {"Cause",    "Host", "Subject", "Why it is ruled out",
                                           "Evidence", NULL};
    static const char *const head_open[] = {"Cause",   "Host", "Subject", "What would decide it",
                                            "Symptom", NULL};
    const struct r_finding *f = r->finding.row;
    const struct r_unknown *u = r->unknown.row;
    size_t total = 0, n = 0;
    for (size_t i = 0; i < r->finding.n; i++)
        total += f[i].verdict == (int64_t)v;
    if (!total)
        return;
    h(b, "<details class='fold %z'><summary>", verdict_words[v].id), glyph(b, verdict_words[v].id);
    h(b, "%z: %n <small>%z</small></summary>", verdict_words[v].label, (int64_t)total,
      verdict_words[v].meaning);
    table_open(b, r, v == V_RULED_OUT ? "Causes that are ruled out" : "Causes that could not be decided", "",
               v == V_RULED_OUT ? head_out : head_open);
    for (size_t i = 0; i < r->finding.n && n < SHOW_ROWS && room(b); i++) {
        if (f[i].verdict != (int64_t)v)
            continue;
        const struct r_citation *c = first_cite(r, f + i, v == V_RULED_OUT ? R_CONTRADICTS : R_SYMPTOM);
        h(b, "<tr id='f-%i'><th scope='row'><bdi dir='auto'>%s</bdi><small class='mono'>%s</small></th>",
          f[i].id, f[i].title, f[i].cause),
            host_cell(b, r, f[i].host);
        h(b, "<td><bdi dir='auto'>%s</bdi></td><td>", f[i].subject);
        if (v == V_RULED_OUT && c)
            h(b, "<bdi dir='auto'>%s</bdi>", c->explain.n ? c->explain : c->summary);
        for (size_t k = 0; v != V_RULED_OUT && k < f[i].unknown.n && k < 3; k++)
            h(b, "<bdi dir='auto'>%s</bdi><small><kbd>%s</kbd></small>", u[f[i].unknown.at + k].artifact,
              u[f[i].unknown.at + k].collect);
        buf_z(b, "</td><td>"), ref(b, r, c ? c->id : (struct str){0}), buf_z(b, "</td></tr>\n");
        n++;
    }
    table_close(b, total - n,
                v == V_RULED_OUT ? "SELECT * FROM v_finding WHERE verdict = \"ruled_out\""
                                 : "SELECT * FROM v_finding WHERE verdict = \"undetermined\"");
    buf_z(b, "</details>\n");
}

static void findings(struct buf *b, const struct report *r)
{
    const struct r_finding *f = r->finding.row;
    const struct r_group *g = r->group.row;
    size_t shown = 0, left = 0;
    buf_z(b, "<section class='part' id='findings' aria-labelledby='h-findings'>\n<h2 "
             "id='h-findings'>Findings</h2>\n<p class='hint'>");
    buf_z(b, r->finding.n ? "One card a cause: what supports it, what speaks against it, what could not be "
                            "checked. Every fact names the file and byte it was read from.</p>\n"
                          : "No cause has anything to say about what was read.</p>\n");
    for (size_t i = 0; i < r->group.n; i++)
        if (f[g[i].at].verdict <= V_LATENT) {
            if (shown < SHOW_CARDS && room(b))
                card(b, r, g + i), shown++;
            else
                left++;
        }
    if (left)
        h(b,
          "<p class='left'>%n more causes in case.db: <kbd>whylogon query case.db 'SELECT * FROM "
          "v_finding'</kbd></p>\n",
          (int64_t)left);
    folded(b, r, V_UNDETERMINED), folded(b, r, V_RULED_OUT);
    buf_z(b, "</section>\n");
}

/* ---- facts ---- */

static void win32(struct buf *b, int64_t code, struct str symbol)
{
    if (code == NONE)
        h(b, "<span class='nil'>none</span>");
    else
        h(b, "%i <small class='mono nowrap'>%s</small>", code, symbol.p ? symbol : STR(""));
}

static void failure_table(struct buf *b, const struct report *r, bool logon, size_t all)
{
    static const char *const head[] = {"Subject",          "Kind",   "Host",        "Windows error",
                                       "Code as recorded", "#Times", "First (UTC)", "Last (UTC)",
                                       "Last evidence",    NULL};
    const struct r_failed *t = r->failed.row;
    size_t n = 0;
    table_open(b, r, logon ? "Logon failures" : "Other failures",
               logon ? "tasks, services, shares and jobs that lacked a session or an account"
                     : "mistyped passwords, services that stopped, exit codes of programs",
               head);
    for (size_t i = 0; i < r->failed.n && n < SHOW_ROWS && room(b); i++, t++) {
        if ((t->logon == 1) != logon)
            continue;
        h(b, "<tr><th scope='row'><bdi dir='auto'>%s</bdi></th><td class='nowrap'>%s</td>", t->subject,
          t->kind),
            host_cell(b, r, t->host), buf_z(b, "<td>"), win32(b, t->win32, t->symbol);
        h(b, "</td><td class='mono'>%s</td><td class='num'>%n</td><td>%t</td><td>%t</td><td>", t->raw, t->n,
          t->first, t->last),
            ref(b, r, t->id), buf_z(b, "</td></tr>\n");
        n++;
    }
    table_close(b, all - n + r->failed.more,
                logon ? "SELECT * FROM v_logon_failure" : "SELECT * FROM v_failure");
}

static void failures(struct buf *b, const struct report *r)
{
    const struct r_failed *t = r->failed.row;
    size_t n[2] = {0};
    for (size_t i = 0; i < r->failed.n; i++)
        n[t[i].logon == 1]++;
    if (n[1])
        failure_table(b, r, true, n[1]);
    else
        buf_z(b, "<p class='nil'>No failure was recorded in what was read.</p>\n");
    if (!n[0])
        return;
    h(b,
      "<details class='fold ruled_out'><summary>Other failures: %n <small>for reasons of their "
      "own</small></summary>",
      (int64_t)n[0]);
    failure_table(b, r, false, n[0]), buf_z(b, "</details>\n");
}

static const char *start_word(int64_t start)
{
    static const char *const word[] = {"boot", "system", "automatic", "manual", "disabled"};
    return start >= 0 && start < (int64_t)LEN(word) ? word[start] : "unknown";
}

static void services(struct buf *b, const struct report *r)
{
    static const char *const head[] = {"Service", "Host", "Start", "Account", "Evidence", NULL};
    const struct r_service *s = r->service.row;
    size_t n = 0;
    if (!r->services_known)
        return;
    table_open(b, r, "Services",
               "those logon sessions depend on, those with an account of their own, those that failed", head);
    for (; n < r->services_known && n < SHOW_ROWS && room(b); n++, s++) {
        h(b, "<tr><th scope='row'><bdi dir='auto'>%s</bdi>", s->service);
        if (s->display.n && s->display.p[0] != '@' && !str_eq(s->display, s->service))
            h(b, "<small><bdi dir='auto'>%s</bdi></small>", s->display);
        buf_z(b, "</th>"), host_cell(b, r, s->host), buf_z(b, "<td>");
        if (s->start != NONE)
            h(b, "%z <span class='src'>(%i)</span>", start_word(s->start), s->start);
        else
            h(b, "<span class='nil'>%z</span>", s->installed ? "not set" : "not installed");
        if (s->recovery.n)
            h(b, "<small>when it fails: %s</small>", s->recovery);
        h(b, "</td><td><bdi dir='auto'>%s</bdi></td><td>", s->account), ref(b, r, s->id),
            buf_z(b, "</td></tr>\n");
    }
    table_close(b, r->services_known - n + r->service.more, "SELECT * FROM v_service");
}

static void setting_row(struct buf *b, const struct report *r, const struct r_setting *s)
{
    bool set = s->is_set == 1,
         changed = set
                   && (s->value != NONE ? s->default_value != NONE && s->value != s->default_value
                                        : s->default_text.p && !str_eq(s->text, s->default_text));
    h(b, "<tr><th scope='row'>%s</th>", s->name), host_cell(b, r, s->host);
    if (!set)
        buf_z(b, "<td><span class='nil'>not set</span>");
    else if (s->value != NONE)
        h(b, "<td class='val'><b>%i</b>", s->value);
    else
        h(b, "<td class='val'><b><bdi dir='auto'>%s</bdi></b>", s->text);
    buf_z(b, changed ? "<small class='changed'>changed</small></td>" : "</td>");
    if (s->default_value != NONE)
        h(b, "<td class='val'>%i", s->default_value);
    else
        h(b, "<td class='val'>%s", s->default_text);
    h(b, "</td><td>%s</td><td>", s->meaning), ref(b, r, s->id), buf_z(b, "</td></tr>\n");
}

static void setting_table(struct buf *b, const struct report *r, bool smb, bool set, size_t all)
{
    static const char *const head[] = {"Setting", "Host", "Value", "Default", "Meaning", "Evidence", NULL};
    const struct r_setting *s = r->setting.row;
    size_t n = 0;
    table_open(b, r,
               smb ? (set ? "SMB client" : "SMB client, not set")
                   : (set ? "Credential policy" : "Credential policy, not set"),
               smb ? "parameters of LanmanWorkstation" : "Lsa and related policies", head);
    for (size_t i = 0; i < r->setting.n && n < SHOW_ROWS && room(b); i++)
        if ((s[i].smb == 1) == smb && (s[i].is_set == 1) == set)
            setting_row(b, r, s + i), n++;
    table_close(b, all - n,
                smb ? "SELECT * FROM v_setting WHERE section = \"smb_client\""
                    : "SELECT * FROM v_setting WHERE section = \"credential_policy\"");
}

static void settings(struct buf *b, const struct report *r, bool smb)
{
    const struct r_setting *s = r->setting.row;
    size_t n[2] = {0};
    for (size_t i = 0; i < r->setting.n; i++)
        n[s[i].is_set == 1] += (s[i].smb == 1) == smb;
    if (n[1])
        setting_table(b, r, smb, true, n[1]);
    if (!n[0])
        return;
    h(b, "<details class='fold ruled_out'><summary>%z: %n not set <small>the default holds</small></summary>",
      smb ? "SMB client" : "Credential policy", (int64_t)n[0]);
    setting_table(b, r, smb, false, n[0]), buf_z(b, "</details>\n");
}

static void control_sets(struct buf *b, const struct report *r)
{
    static const char *const head[] = {"Value", "Host", "Control set", "There", "Current", "Evidence", NULL};
    const struct r_set *s = r->set.row;
    size_t n = 0;
    if (!r->set.n)
        return;
    table_open(b, r, "Other control sets", "what they hold differently from the current one", head);
    for (; n < r->set.n && n < SHOW_ROWS && room(b); n++, s++) {
        h(b, "<tr><th scope='row'><bdi dir='auto'>%s</bdi><small><bdi dir='auto'>%s</bdi></small></th>",
          s->name, s->path),
            host_cell(b, r, s->host);
        h(b, "<td>%s%z</td>", s->set, s->good == 1 ? "<small>last known good</small>" : "");
        for (int i = 0; i < 2; i++) {
            struct str v = i ? s->current : s->value;
            if (v.p)
                h(b, "<td class='val'><bdi dir='auto'>%s</bdi></td>", v);
            else
                buf_z(b, "<td><span class='nil'>not set</span></td>");
        }
        buf_z(b, "<td>"), ref(b, r, s->id), buf_z(b, "</td></tr>\n");
    }
    table_close(b, r->set.n - n + r->set.more, "SELECT * FROM v_control_set_difference");
}

static void facts(struct buf *b, const struct report *r)
{
    buf_z(b, "<section class='part' id='facts' aria-labelledby='h-facts'>\n<h2 id='h-facts'>Facts</h2>\n<p "
             "class='hint'>State of the host as the evidence records it, whatever the verdicts.</p>\n");
    failures(b, r);
    if (!r->services_known && !r->setting.n)
        buf_z(b,
              "<p class='nil'>No SYSTEM hive was read: nothing is known about services and settings.</p>\n");
    services(b, r), settings(b, r, true), settings(b, r, false), control_sets(b, r);
    buf_z(b, "</section>\n");
}

/* ---- coverage, evidence, method ---- */

static void state_word(struct buf *b, struct str state)
{
    static const struct {
        const char *id, *hue, *glyph;
    } table[] = {
        {"present", "good", "good"},
        {"partial", "likely", "likely"},
        {"cleared", "confirmed", "ruled_out"},
        {"missing", "undetermined", "undetermined"},
        {"unreadable", "confirmed", "ruled_out"},
        {"disabled", "possible", "possible"},
        {"read", "good", "good"},
        {"skipped", "ruled_out", "ruled_out"},
    };
    size_t i = 0;
    while (i < LEN(table) - 1 && !str_eq(state, str_of(table[i].id)))
        i++;
    h(b, "<span class='state %z'>", table[i].hue), glyph(b, table[i].glyph), h(b, "%s</span>", state);
}

static void span_bar(struct buf *b, const struct r_coverage *c, struct window all)
{
    if (c->from == NONE || c->to == NONE || all.from == NONE || all.to <= all.from || c->to < c->from
        || !wintime_sane(all.from) || !wintime_sane(all.to))
        return;
    int64_t unit = (all.to - all.from) / 1000 + 1, x = (c->from - all.from) / unit,
            w = (c->to - c->from) / unit;
    if (x >= 0 && x <= 1000)
        h(b,
          "<svg class='span' viewBox='0 0 1010 80' preserveAspectRatio='none' aria-hidden='true'><rect "
          "class='all' width='1010' height='80'/><rect x='%i' width='%i' height='80'/></svg>",
          x, w < 10 ? (int64_t)10 : w);
}

/* Missing artefacts that no finding asks for and not every judgement needs are folded away. */
static bool folded_away(const struct report *r, const struct r_coverage *c)
{
    return str_eq(c->state, STR("missing")) && !wanted(r, c);
}

static void coverage_table(struct buf *b, const struct report *r, bool away, size_t all)
{
    static const char *const head[] = {"Artefact", "Host",   "State",  "From (UTC)",
                                       "To (UTC)", "Covers", "Detail", NULL};
    const struct r_coverage *c = r->coverage.row;
    size_t n = 0;
    table_open(b, r, away ? "Missing artefacts" : "Artefacts",
               away ? "nothing found asks for them" : "what each one covers", head);
    for (size_t i = 0; i < r->coverage.n && n < SHOW_ROWS && room(b); i++, c++) {
        if (folded_away(r, c) != away)
            continue;
        h(b, "<tr><th scope='row'><bdi dir='auto'>%s</bdi></th>", c->artifact), host_cell(b, r, c->host),
            buf_z(b, "<td>"), state_word(b, c->state);
        h(b, "</td><td>%t</td><td>%t</td><td>", c->from, c->to), span_bar(b, c, log_window(r, c->host));
        h(b, "</td><td><bdi dir='auto'>%s</bdi></td></tr>\n", c->detail), n++;
    }
    table_close(b, all - n, "SELECT * FROM v_coverage");
}

static void collect_table(struct buf *b, const struct report *r)
{
    static const char *const head[] = {"Artefact", "Host", "#Findings", "Command", NULL};
    const struct r_collect *k = r->collect.row;
    size_t n = 0;
    table_open(b, r, "What to collect next", "what bears on most undecided findings first", head);
    for (; n < r->collect.n && n < SHOW_ROWS && room(b); n++) {
        h(b, "<tr><th scope='row'><bdi dir='auto'>%s</bdi></th>", k[n].artifact), host_cell(b, r, k[n].host);
        h(b, "<td class='num'>%n</td><td><kbd>%s</kbd></td></tr>\n", k[n].n, k[n].command);
    }
    table_close(b, r->collect.n - n + r->collect.more, "SELECT * FROM v_finding_unknown");
}

static void coverage_part(struct buf *b, const struct report *r)
{
    size_t n[2] = {0};
    for (size_t i = 0; i < r->coverage.n; i++)
        n[folded_away(r, (const struct r_coverage *)r->coverage.row + i)]++;
    buf_z(b, "<section class='part' id='coverage' aria-labelledby='h-coverage'>\n<h2 "
             "id='h-coverage'>Coverage</h2>\n<p class='hint'>"
             "What the evidence can show at all. That an event is absent counts only where it would have "
             "been recorded.</p>\n");
    if (r->collect.n)
        collect_table(b, r);
    if (!r->coverage.n)
        buf_z(b, "<p class='nil'>Nothing was covered.</p>\n");
    if (n[0])
        coverage_table(b, r, false, n[0]);
    if (n[1]) {
        buf_z(b, "<details class='fold undetermined'><summary>"), glyph(b, "undetermined");
        h(b, "Missing artefacts: %n <small>no finding asks for them</small></summary>", (int64_t)n[1]);
        coverage_table(b, r, true, n[1]), buf_z(b, "</details>\n");
    }
    buf_z(b, "</section>\n");
}

static void cited_part(struct buf *b, const struct report *r)
{
    static const char *const head[] = {"Evidence id", "Time (UTC)", "What it says", "Where it lies", NULL};
    const struct r_citation *const *c = r->cited.row;
    size_t n = 0;
    if (!r->cited.n)
        return;
    buf_z(b,
          "<section class='part' id='cited' aria-labelledby='h-cited'>\n<h2 id='h-cited'>Cited facts</h2>\n"
          "<p class='hint'>Each fact by the bytes it was read from. <kbd>whylogon show case.db "
          "f3:0x1200</kbd> decodes one again, with its raw bytes and the second reader's view.</p>\n");
    table_open(b, r, "Facts by file and byte", "every one that a finding above cites", head);
    for (; n < r->cited.n && room(b); n++) {
        h(b,
          "<tr id='e-%s'><th scope='row' class='id'>%s</th><td>%t</td><td><bdi "
          "dir='auto'>%s</bdi></td><td><bdi dir='auto'>%s</bdi>",
          c[n]->id, c[n]->id, c[n]->time, c[n]->summary.n ? c[n]->summary : c[n]->explain, c[n]->path);
        if (c[n]->off != NONE)
            buf_printf(b, " @ 0x%llx", (unsigned long long)c[n]->off);
        h(b, "<span class='hash'>%s</span></td></tr>\n", c[n]->sha256);
    }
    table_close(b, r->cited.n - n, "SELECT * FROM v_citation");
    buf_z(b, "</section>\n");
}

static void anomalies(struct buf *b, const struct report *r)
{
    static const char *const head[] = {"File", "Offset", "What", NULL};
    const struct r_anomaly *an = r->anomaly.row;
    size_t n = 0;
    if (!r->anomaly.n)
        return;
    h(b, "<details class='fold likely'><summary>"), glyph(b, "likely"),
        h(b, "Damage and anomalies: %n</summary>", (int64_t)r->anomaly.n);
    table_open(b, r, "Damage and anomalies", "reading went on behind each of them", head);
    for (; n < r->anomaly.n && n < SHOW_ROWS && room(b); n++) {
        h(b, "<tr><th scope='row' class='id'>f%i</th><td class='mono'>", an[n].file);
        if (an[n].off != NONE)
            buf_printf(b, "0x%llx", (unsigned long long)an[n].off);
        h(b, "</td><td><bdi dir='auto'>%s</bdi>%z<bdi dir='auto'>%s</bdi></td></tr>\n", an[n].what,
          an[n].detail.n ? ": " : "", an[n].detail.n ? an[n].detail : STR(""));
    }
    table_close(b, r->anomaly.n - n, "SELECT * FROM v_anomaly");
    buf_z(b, "</details>\n");
}

static void evidence_part(struct buf *b, const struct report *r)
{
    static const char *const head[] = {"Id",         "File",    "Kind",  "#Bytes", "#Records",
                                       "#Recovered", "#Failed", "State", NULL};
    const struct r_evidence *e = r->evidence.row;
    size_t n = 0;
    buf_z(b, "<section class='part' id='evidence' aria-labelledby='h-evidence'>\n<h2 "
             "id='h-evidence'>Evidence</h2>\n<p class='hint'>Records seen are parsed, recovered or failed; "
             "none is dropped silently.</p>\n");
    if (!r->evidence.n)
        buf_z(b, "<p class='nil'>No file was found.</p>\n");
    else
        table_open(b, r, "Evidence files", "with their SHA-256", head);
    for (; n < r->evidence.n && n < SHOW_ROWS && room(b); n++, e++) {
        h(b, "<tr id='f%i'><th scope='row' class='id'>f%i</th><td><bdi dir='auto'>%s</bdi>", e->id, e->id,
          e->path);
        if (e->container.n)
            h(b, "<small>in <bdi dir='auto'>%s</bdi></small>", e->container);
        h(b, "<span class='hash'>%s</span></td><td>%s", e->sha256, e->kind);
        if (e->log_kind.n)
            h(b, "<small>%s</small>", e->log_kind);
        h(b,
          "</td><td class='num'>%n</td><td class='num'>%n</td><td class='num'>%n</td><td "
          "class='num'>%n</td><td>",
          e->bytes, e->parsed, e->recovered, e->failed),
            state_word(b, e->state);
        if (e->hive_kind.n)
            h(b, "<small>%s%z</small>", e->hive_kind, e->dirty == 1 ? ", was dirty" : "");
        if (e->older == 1)
            buf_z(b, "<small>older copy</small>");
        if (e->replay.n)
            h(b, "<small><bdi dir='auto'>%s</bdi></small>", e->replay);
        if (e->note.n)
            h(b, "<small><bdi dir='auto'>%s</bdi></small>", e->note);
        if (e->duplicate_of != NONE)
            h(b, "<small>same bytes as f%i</small>", e->duplicate_of);
        if (e->anomaly.n)
            h(b, "<small>%n anomalies</small>",
              ((const struct r_anomaly *)r->anomaly.row)[e->anomaly.at].total);
        buf_z(b, "</td></tr>\n");
    }
    if (r->evidence.n)
        table_close(b, r->evidence.n - n, "SELECT * FROM v_evidence");
    anomalies(b, r);
    buf_z(b, "</section>\n");
}

static void method_part(struct buf *b, const struct report *r)
{
    const struct r_pair *x = r->rule_error.row;
    buf_z(b,
          "<section class='part' id='method' aria-labelledby='h-method'>\n<h2 id='h-method'>Method</h2>\n<p "
          "class='hint'>No live host, no network, no change to the evidence: files are read once, "
          "hashed and parsed in one pass; rules are read-only SQL over the case.</p>\n");
    if (r->rule_error.n) {
        buf_z(b, "<p class='label'>Rules that failed to run</p><dl class='words confirmed'>\n");
        for (size_t i = 0; i < r->rule_error.n && room(b); i++)
            h(b, "<dt>%s</dt><dd>%s</dd>\n", x[i].key, x[i].value);
        buf_z(b, "</dl>\n");
    }
    buf_z(b, "<p class='label'>What the verdicts mean</p>\n<dl class='words'>\n");
    for (size_t v = 0; v < VERDICTS; v++) {
        h(b, "<dt class='%z'>", verdict_words[v].id), glyph(b, verdict_words[v].id);
        h(b, " %z</dt><dd>%z</dd>\n", verdict_words[v].label, verdict_words[v].meaning);
    }
    h(b,
      "</dl>\n<p class='label'>To reproduce</p>\n<dl class='words'>\n<dt>Tool</dt><dd>%s "
      "%s</dd>\n<dt>Knowledge</dt><dd class='mono'>sha256 %s</dd>\n",
      r->tool, r->version, r->knowledge);
    h(b,
      "<dt>Evidence set</dt><dd><span class='mono'>sha256 %z</span><br>over the files' SHA-256, sorted, one "
      "a line</dd>\n",
      r->read.set_sha256);
    buf_z(b,
          "<dt>Check</dt><dd><kbd>whylogon verify case.db</kbd> hashes the evidence again and reads every "
          "cited fact anew with both readers</dd>\n"
          "<dt>Times</dt><dd>UTC; host times use the offset in force when the registry was collected</dd>\n"
          "<dt>Text</dt><dd>Evidence text is shown escaped: \xe2\x9f\xa6U+202E\xe2\x9f\xa7 stands for a "
          "character that would not show or would mislead</dd>\n</dl>\n</section>\n");
}

/* ---- the page ---- */

static void base64(struct buf *b, const uint8_t *p, size_t n)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0)
                     | (i + 2 < n ? p[i + 2] : 0);
        for (size_t k = 0; k < 4; k++)
            buf_char(b, i + k > n ? '=' : digit[v >> (18 - 6 * k) & 63]);
    }
}

static struct str style(void)
{
    for (size_t i = 0; i < kb_n_files; i++)
        if (str_eq(base_name(str_of(kb_files[i].name)), STR("style.css")))
            return (struct str){(const char *)kb_files[i].p, kb_files[i].n};
    return (struct str){0};
}

static enum status head(const struct report *r, struct buf *b, struct err *e)
{
    struct str css = style();
    struct sha256 sha;
    uint8_t sum[SHA256_BYTES];
    const struct r_host *host = r->host.row;
    bool ok = css.p && sha256_begin(&sha);
    if (ok)
        sha256_add(&sha, css.p, css.n), ok = sha256_end(&sha, sum);
    if (!ok)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "report.html",
                       css.p ? "SHA-256 is not available" : "style.css is not embedded");
    buf_z(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
             "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
    base64(b, sum, sizeof sum);
    buf_z(b, "'; img-src data:; base-uri 'none'; form-action 'none'\">\n<meta name=\"referrer\" "
             "content=\"no-referrer\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta "
             "name=\"color-scheme\" content=\"light dark\">\n<title>");
    if (r->host.n == 1 && headline(r, host))
        h(b, "%s: %s", host->host, headline(r, host)->title);
    else if (r->host.n == 1)
        h(b, outcome_words[host->outcome].headline, host->host);
    else
        h(b, r->host.n ? "%n hosts" : "No usable evidence", (int64_t)r->host.n);
    buf_z(b, " \xc2\xb7 whylogon</title>\n<style>"), buf_str(b, css), buf_z(b, "</style>\n</head>\n");
    return OK;
}

static void bar(struct buf *b, const struct report *r)
{
    const struct r_host *host = r->host.row;
    buf_z(b, "<a class='skip' href='#findings'>Skip to the findings</a>\n<header class='page'><div "
             "class='bar'><p class='brand'>whylogon</p><p class='who'>");
    if (r->host.n == 1)
        h(b, "<b><bdi dir='auto'>%s</bdi></b>", host->host), host_words(b, host, " \xc2\xb7 ");
    else
        buf_z(b, "Why logons failed");
    buf_z(b, "</p><nav aria-label='Parts of the report'><a href='#findings'>Findings</a><a "
             "href='#facts'>Facts</a><a href='#coverage'>Coverage</a>");
    buf_z(b, r->cited.n ? "<a href='#cited'>Cited facts</a>" : "");
    buf_z(b, "<a href='#evidence'>Evidence</a><a href='#method'>Method</a></nav></div></header>\n");
}

enum status write_html(const struct report *r, struct buf *b, struct err *e)
{
    enum status st = head(r, b, e);
    if (st != OK)
        return st;
    buf_z(b, "<body>\n"), buf_z(b, symbols), bar(b, r), buf_z(b, "<main class='page'>\n");
    if (!r->host.n)
        no_host(b, r);
    else if (r->host.n == 1)
        single_host(b, r, r->host.row);
    else
        many_hosts(b, r);
    findings(b, r), facts(b, r), coverage_part(b, r), cited_part(b, r), evidence_part(b, r),
        method_part(b, r);
    h(b,
      "</main>\n<footer class='page'><p class='end'>Made offline by %s %s. This file runs no script and "
      "loads nothing.</p></footer>\n</body>\n</html>\n",
      r->tool, r->version);
    return b->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "report.html", "out of memory") : OK;
}
