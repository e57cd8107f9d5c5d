/* report.md: the same report for a ticket: at most 60 kB, one line a fact, no HTML, nothing that renders as
 * more than text. */
#include "reports/timeline.h"
#include "reports/model.h"
#include "base/wintime.h"
#include <stdio.h>

/* Bytes up to which each part may fill the file: a long part leaves room for those behind it. */
enum {
    END_TOP = 14000,
    END_FINDINGS = 36000,
    END_FACTS = 44000,
    END_SUMMARY = 46500,
    END_COVERAGE = 51000,
    END_EVIDENCE = 57500,
    END_METHOD = 60000
};
/* of many hosts: where their tables end, where the details of the gravest do */
enum {
    END_HOSTS = 26000,
    END_DETAILS = 34000,
    END_MANY_FINDINGS = 45000,
    END_MANY_FACTS = 49000,
    END_MANY_SUMMARY = 51000
};
enum { MARKS = 12, DETAILS = 10 }; /* of a host's timeline; hosts in detail, of many */

static void md_time(struct buf *b, int64_t t)
{
    time_short(b, t), buf_z(b, wintime_sane(t) ? "" : " (impossible)");
}

static const struct voice md = {buf_md, md_time, "\xe2\x80\x93", false, 300};

/* A line is made whole, then kept or counted. */
struct page {
    struct buf *out, line;
    size_t end, left;
};

static void m(struct page *p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsay(&p->line, &md, fmt, ap);
    va_end(ap);
}

static void line_end(struct page *p)
{
    if (p->out->n + p->line.n < p->end - 200)
        buf_put(p->out, p->line.p, p->line.n);
    else
        p->left++;
    p->out->bad |= p->line.bad;
    p->line.n = 0;
}

/* views: that have what was left out */
static void part_end(struct page *p, const char *views)
{
    if (p->left)
        buf_printf(p->out, "\n*%zu more lines are in case.db:* `whylogon query case.db 'SELECT * FROM %s'`\n",
                   p->left, views);
    p->left = 0;
}

/* Commands of the knowledge as a code span: its fence is longer than any run of backticks inside; never
 * inside a table. */
static void code(struct page *p, struct str s)
{
    size_t run = 0, most = 0;
    for (size_t i = 0; i < s.n && i < md.max; i++)
        run = s.p[i] == '`' ? run + 1 : 0, most = run > most ? run : most;
    for (size_t i = 0; i <= most; i++)
        buf_char(&p->line, '`');
    buf_char(&p->line, ' ');
    struct voice plain = md;
    plain.text = buf_term;
    say(&p->line, &plain, "%s", s);
    buf_char(&p->line, ' ');
    for (size_t i = 0; i <= most; i++)
        buf_char(&p->line, '`');
}

/* Evidence ids are ours, f3:0x1200; whatever else stands there is text. */
static void id(struct page *p, struct str s)
{
    bool plain = s.n > 0 && s.n < 40;
    for (size_t i = 0; i < s.n && plain; i++)
        plain = (s.p[i] >= 'a' && s.p[i] <= 'z') || is_digit(s.p[i]) || s.p[i] == ':';
    if (plain)
        buf_char(&p->line, '`'), buf_str(&p->line, s), buf_char(&p->line, '`');
    else
        m(p, "%s", s);
}

static void local(struct page *p, const struct r_host *host, int64_t t)
{
    if (host && host->zoned && wintime_sane(t))
        buf_z(&p->line, " ("), time_local(&p->line, t, &host->zone), buf_z(&p->line, " on the host)");
}

static void where(struct page *p, const struct r_citation *c)
{
    m(p, " \xe2\x80\x94 %s", base_name(c->path));
    if (c->off != NONE)
        buf_printf(&p->line, " @ 0x%llx", (unsigned long long)c->off);
    m(p, ", "), id(p, c->id), m(p, "\n");
}

static struct str words_of(const struct r_citation *c) { return c->explain.n ? c->explain : c->summary; }

/* ---- the top ---- */

static void counts(struct page *p, const struct r_host *host)
{
    const char *sep = " \xc2\xb7 ";
    m(p, "%z", outcome_labels[host->judged]);
    for (size_t v = 0; v < VERDICTS; v++)
        if (host->groups[v]) {
            m(p, "%z%n %z", sep, (int64_t)host->groups[v],
              v == V_RULED_OUT ? "ruled out" : verdict_words[v].id),
                sep = " \xc2\xb7 ";
            if (host->findings[v] > host->groups[v])
                m(p, " (%n subjects)", (int64_t)host->findings[v]);
        }
    m(p, "\n\n"), line_end(p);
}

static void span_lines(struct page *p, const struct r_host *host, int64_t first, int64_t last, int64_t n)
{
    if (first != NONE)
        m(p, "- **First seen:** %t UTC", first), local(p, host, first), m(p, "\n"), line_end(p);
    if (last != NONE)
        m(p, "- **Last seen:** %t UTC", last), local(p, host, last), m(p, "\n"), line_end(p);
    if (n > 0)
        m(p, "- **Failures:** %n\n", n), line_end(p);
}

/* Failures alike that no cause explains, the last ones. */
static void not_explained(struct page *p, const struct report *r, const struct r_host *host, const char *word)
{
    const struct r_failed *t = r->failed.row;
    size_t n = 0;
    for (size_t i = 0; i < r->failed.n && host->open && n < 5; i++)
        if (t[i].logon == 1 && t[i].explained != 1 && str_eq(t[i].host, host->host)) {
            m(p, "- **%z:** %s %s, %n times", word, t[i].kind, t[i].subject, t[i].n), n++;
            if (t[i].win32 != NONE)
                m(p, ": %i %s", t[i].win32, t[i].symbol.p ? t[i].symbol : STR(""));
            m(p, "\n"), line_end(p);
        }
}

/* Causes that could not be asked where nothing failed, artefact by artefact. */
static void not_asked(struct page *p, const struct report *r, const struct r_host *host)
{
    enum { MOST = 4 };
    const struct r_unasked *x = (const struct r_unasked *)r->unasked.row + host->unasked.at;
    for (size_t i = 0; i < host->unasked.n && i < MOST && is_quiet(host); i++) {
        struct buf words = {0};
        unasked_words(&words, x + i);
        m(p, "- **Not asked:** %s, for want of %s: ", buf_view(&words), x[i].artifact);
        code(p, x[i].collect), m(p, "\n"), line_end(p);
        p->out->bad |= words.bad, buf_free(&words);
    }
    if (host->unasked.n > MOST && is_quiet(host))
        m(p, "- **Not asked:** %n known cause%+ in all: see report.html, Coverage\n", count_unasked(r, host)),
            line_end(p);
}

static void top_finding(struct page *p, const struct report *r, const struct r_host *host)
{
    const struct r_finding *f = (const struct r_finding *)r->finding.row + host->top->at;
    const struct r_citation *c = r->citation.row;
    const struct r_unknown *u = (const struct r_unknown *)r->unknown.row + f->unknown.at;
    const struct r_remedy *fix = (const struct r_remedy *)r->remedy.row + f->remedy.at;
    m(p, "**%z:** %s\n\n", verdict_words[f->verdict].label, f->explanation), line_end(p);
    if (f->subject.p) {
        m(p, "- **Subject:** %s", f->subject);
        m(p, host->top->n > 1 ? " and %n more\n" : "\n", (int64_t)host->top->n - 1), line_end(p);
    }
    if (f->win32 != NONE)
        m(p, "- **Error:** %i %s (hex %s, hresult %s)\n", f->win32, f->symbol.p ? f->symbol : STR(""), f->hex,
          f->hresult),
            line_end(p);
    span_lines(p, host, host->top->first, host->top->last, host->top->count);
    for (size_t role = ROLE_SYMPTOM; role < ROLES; role++)
        if (f->cite[role].n && (role != ROLE_COMPATIBLE || f->verdict == V_POSSIBLE))
            m(p, "- **%z:** %s", role_labels[role], words_of(c + f->cite[role].at)),
                where(p, c + f->cite[role].at), line_end(p);
    if (!f->cite[ROLE_CONTRADICTS].n)
        m(p, "- **Against:** nothing in the evidence\n"), line_end(p);
    for (size_t i = 0; i < f->unknown.n && i < 3; i++)
        m(p, "- **Not checked:** %s: ", u[i].artifact), code(p, u[i].collect), m(p, "\n"), line_end(p);
    if (f->unknown.n > 3)
        m(p, "- and %n more: see report.html\n", (int64_t)f->unknown.n - 3), line_end(p);
    not_explained(p, r, host, "No cause"), not_asked(p, r, host);
    m(p, "- **How sure:** %z\n", verdict_words[f->verdict].meaning), line_end(p);
    if (f->remedy.n) {
        m(p, "- **What now:** %s (risk %s; reversible: %s)\n", fix->text, fix->risk, fix->reversible),
            line_end(p);
        if (fix->verify.n)
            m(p, "- **Then check:** %s\n", fix->verify), line_end(p);
    }
}

/* A kind is clear or not covered as a host is. */
static void kinds_in(struct page *p, const struct report *r, const struct r_host *host, enum outcome state)
{
    const struct r_kind *k = (const struct r_kind *)r->kind.row + host->kind.at;
    size_t n = 0;
    for (size_t i = 0; i < host->kind.n; i++)
        if (outcome_of(k[i].state) == state) {
            if (!n++)
                m(p, "- **%z:** %z", outcome_labels[state], kind_words(k[i].kind));
            else
                m(p, ", %z", kind_words(k[i].kind));
            if (k[i].from_time != NONE)
                m(p, " (%t to %t)", k[i].from_time, k[i].to_time);
        }
    if (n)
        m(p, "\n"), line_end(p);
}

/* What would decide, then what would tell. */
static void to_collect(struct page *p, const struct report *r, const struct r_host *host)
{
    const struct r_collect *c = r->collect.row;
    const struct r_need *need = (const struct r_need *)r->need.row + host->need.at;
    size_t n = 0;
    for (size_t i = 0; i < r->collect.n; i++)
        if (host->judged != OUT_NOT_COVERED && str_eq(c[i].host, host->host) && n++ < 3)
            m(p, "- **Collect** %s: ", c[i].artifact), code(p, c[i].command), m(p, "\n"), line_end(p);
    if (n > 3)
        m(p, "- and %n more to collect: see report.html\n", (int64_t)n - 3), line_end(p);
    for (size_t i = 0; i < host->need.n && !n && i < 8; i++) {
        m(p, "- **Collect** %s (%s): ", need[i].artifact, need[i].kinds);
        code(p, need[i].collect.n ? need[i].collect : need[i].why), m(p, "\n"), line_end(p);
    }
}

static void outcome(struct page *p, const struct report *r, const struct r_host *host)
{
    const struct r_finding *f = r->finding.row;
    const struct r_group *g = r->group.row;
    size_t could = 0;
    m(p, "%z", outcome_in_words(host)->lead);
    m(p, host->judged == OUT_CLEAR && !host->unasked.n ? " No known cause of such failures is in place.\n\n"
                                                       : "\n\n"),
        line_end(p);
    span_lines(p, host, host->first, host->last, host->failures);
    if (host->other)
        m(p, "- **Other:** %n failure%+ for reasons of their own, such as mistyped passwords: see Facts\n",
          host->other),
            line_end(p);
    not_explained(p, r, host, "Failed");
    for (size_t i = 0; i < r->group.n; i++)
        if (f[g[i].at].verdict == V_UNDETERMINED && str_eq(f[g[i].at].host, host->host) && could++ < 5)
            m(p, "- **Could be:** %s\n", f[g[i].at].title), line_end(p);
    if (could > 5)
        m(p, "- and %n more causes: see report.html\n", (int64_t)could - 5), line_end(p);
    kinds_in(p, r, host, OUT_CLEAR), kinds_in(p, r, host, OUT_NOT_COVERED);
    not_asked(p, r, host), to_collect(p, r, host);
    m(p, "- **How sure:** %z\n", outcome_in_words(host)->sure), line_end(p);
}

/* The picture of report.html in words: what happened when, the cause marked. */
static void timeline(struct page *p, const struct report *r, const struct r_host *host)
{
    const struct r_mark *mark = (const struct r_mark *)r->mark.row + host->mark.at;
    size_t n = 0;
    if (!host->mark.n)
        return;
    m(p, "\nWhat stood or happened between %t and %t (UTC), in the order of time:\n\n", host->shown.from,
      host->shown.to),
        line_end(p);
    for (size_t i = 0; i < host->mark.n; i++) {
        if (n >= MARKS && !mark[i].cause)
            continue;
        if (mark[i].from == NONE)
            m(p, "- earlier, ");
        else
            m(p, "- %t ", mark[i].from);
        m(p, "%z: ", mark[i].cause ? "Cause" : lane_names[mark[i].lane]), n++;
        timeline_words(&p->line, &md, r, mark + i), m(p, " ("), id(p, mark[i].id), m(p, ")\n"), line_end(p);
    }
    if (n < host->mark.n)
        m(p, "- and %n more: see report.html\n", (int64_t)(host->mark.n - n)), line_end(p);
    if (host->failures_outside + host->changes_outside) {
        m(p, "- Outside this time: "), timeline_outside(&p->line, &md, host);
        m(p, " (v_timeline of case.db)\n"), line_end(p);
    }
}

static void gaps(struct page *p, const struct report *r)
{
    const struct r_coverage *c = r->coverage.row;
    size_t n = 0, left = 0;
    for (size_t i = 0; i < r->coverage.n; i++) {
        if (str_eq(c[i].state, STR("present")))
            continue;
        if (n < 6 && c[i].core > 0)
            m(p, n++ ? ", %s (%s)" : "- **Missing or incomplete:** %s (%s)", c[i].artifact, c[i].state);
        else
            left++;
    }
    if (left)
        m(p, n ? ", and %n more" : "- **Missing or incomplete:** %n artefacts that not every judgement needs",
          (int64_t)left);
    if (n + left)
        m(p, ": see Coverage\n"), line_end(p);
}

static void read_lines(struct page *p, const struct report *r)
{
    const struct r_read *x = &r->read;
    m(p,
      "\nWhat was read:\n\n- **Files:** %n of %n; event logs: %n, records: %n, hives: %n; unreadable "
      "records: %n, files with anomalies: %n",
      (int64_t)x->read, (int64_t)x->files, (int64_t)x->logs, (int64_t)x->records, (int64_t)x->hives,
      (int64_t)x->failed, (int64_t)x->damaged);
    if (x->copies)
        m(p, ", copies of others: %n", (int64_t)x->copies);
    m(p, "\n"), line_end(p);
    if (r->host.n == 1)
        gaps(p, r);
    if (r->rule_error.n)
        m(p, "- **Checks that could not run:** %n, see Method\n", (int64_t)r->rule_error.n), line_end(p);
    m(p, "- **Case:** evidence set %z, %s %s", r->read.set_sha256, r->tool, r->version);
    if (r->stamp.n)
        m(p, ", %s", r->stamp);
    m(p, "\n"), line_end(p);
}

static void window_line(struct page *p, const struct report *r)
{
    if (r->asked.from == NONE && r->asked.to == NONE)
        return;
    m(p, "\n**Only records");
    if (r->asked.from != NONE)
        m(p, " from %t on", r->asked.from);
    if (r->asked.to != NONE)
        m(p, " up to %t", r->asked.to);
    m(p,
      " (UTC) were asked for** (--since, --until): coverage, counts, first and last seen are those of this "
      "time, and nothing is said of any other.\n\n"),
        line_end(p);
}

static void one_host(struct page *p, const struct report *r, const struct r_host *host, const char *level)
{
    bool found = headline(r, host) != NULL;
    m(p, "%z ", level);
    if (found)
        m(p, "%s: %s\n\n", host->host, ((const struct r_finding *)r->finding.row)[host->top->at].title);
    else
        m(p, outcome_in_words(host)->headline, host->host), m(p, "\n\n");
    line_end(p);
    if (r->host.n == 1)
        window_line(p, r);
    counts(p, host);
    if (found)
        top_finding(p, r, host);
    else
        outcome(p, r, host);
    timeline(p, r, host);
}

/* ---- many hosts ---- */

static void table(struct page *p, size_t n, const char *title, const char *head);

static void cause_table(struct page *p, const struct report *r)
{
    const struct r_card *c = r->card.row;
    const struct r_group *const *order = r->order.row;
    const struct r_finding *f = r->finding.row;
    table(p, r->card.n, "Causes",
          "Cause | Verdict | Hosts | Which | Failures | Since (UTC) | Last (UTC) | At the same minute");
    for (size_t i = 0; i < r->card.n; i++) {
        if (c[i].verdict > V_LATENT)
            continue;
        m(p, "| %s | %z | %n | ", card_finding(r, c + i)->title, verdict_words[c[i].verdict].label,
          (int64_t)c[i].hosts);
        for (size_t k = 0; k < c[i].n && k < 3; k++)
            m(p, k ? ", %s" : "%s", f[order[c[i].at + k]->at].host);
        m(p, c[i].n > 3 ? " and %n more | %n | %t | %t | " : " | ", (int64_t)c[i].n - 3, c[i].count,
          c[i].first, c[i].last);
        if (c[i].n <= 3)
            m(p, "%n | %t | %t | ", c[i].count, c[i].first, c[i].last);
        m(p, c[i].same > 1 ? "%n at %t |\n" : " |\n", (int64_t)c[i].same, c[i].moment), line_end(p);
    }
}

/* Every host a line; a host without a name names a file. */
static void host_table(struct page *p, const struct report *r)
{
    const struct r_host *h = r->host.row;
    const struct r_evidence *e = r->evidence.row;
    table(p, r->host.n, "All hosts",
          "Host | Outcome | Diagnosis | Failures | Without a cause | First (UTC) | Last (UTC)");
    for (size_t i = 0; i < r->host.n; i++) {
        const struct r_finding *f = headline(r, h + i);
        size_t k = 0;
        m(p, "| %s", h[i].host);
        while (h[i].host.n && h[i].host.p[0] == '(' && k < r->evidence.n && !str_eq(e[k].host, h[i].host))
            k++;
        if (h[i].host.n && h[i].host.p[0] == '(' && k < r->evidence.n)
            m(p, " %s", e[k].path);
        m(p, " | %z | %s | %n | %n | %t | %t |\n", outcome_labels[h[i].judged], f ? f->title : STR(""),
          h[i].failures, h[i].open, h[i].first, h[i].last),
            line_end(p);
    }
}

static void alike(struct page *p, const struct report *r, const char *part, const char *title,
                  const char *head)
{
    const struct r_alike *k = r->alike.row;
    size_t n = 0;
    for (size_t i = 0; i < r->alike.n; i++) {
        if (!str_eq(k[i].part, str_of(part)))
            continue;
        table(p, !n++, title, head);
        m(p, k[i].n > 6 ? "| %s | %s | %n | %s and %n more |\n" : "| %s | %s | %n | %s |\n", k[i].what,
          k[i].value, k[i].n, k[i].names, k[i].n - 6),
            line_end(p);
    }
}

static void many_hosts(struct page *p, const struct report *r)
{
    const struct r_host *h = r->host.row;
    size_t n = 0, quiet = 0;
    p->end = END_HOSTS;
    cause_table(p, r), host_table(p, r), part_end(p, "v_host");
    p->end = END_DETAILS;
    for (; n < r->host.n && n < DETAILS && !few_words(r, h + n) && p->out->n + 3000 < p->end; n++)
        m(p, "\n"), one_host(p, r, h + n, "##");
    for (size_t i = 0; i < r->host.n; i++)
        quiet += few_words(r, h + i);
    if (n + quiet < r->host.n)
        m(p, "\n*Details of %n more hosts: report.html, report.json and case.db.*\n",
          (int64_t)(r->host.n - n - quiet)),
            line_end(p);
    alike(p, r, "need", "What would tell of hosts that are not covered",
          "Artefact | Command | Hosts | Which");
}

static void top(struct page *p, const struct report *r)
{
    const struct r_host *host = r->host.row;
    const struct r_collect *a = r->artifact.row;
    if (!r->host.n) {
        m(p, "# No usable evidence was found.\n\nCollect event logs and registry hives on the host, as "
             "administrator:\n\n"),
            line_end(p);
        for (size_t i = 0; i < r->artifact.n && i < 6; i++)
            m(p, "- "), code(p, a[i].command), m(p, "\n"), line_end(p);
    }
    if (r->host.n > 1) {
        size_t sum[OUTCOMES] = {0};
        for (size_t i = 0; i < r->host.n; i++)
            sum[host[i].judged]++;
        m(p, "# %n hosts", (int64_t)r->host.n);
        const char *sep = ": ";
        for (size_t i = 0; i < OUTCOMES; i++)
            if (sum[i])
                m(p, "%z%n %z", sep, (int64_t)sum[i], outcome_ids[i]), sep = ", ";
        m(p, "\n"), line_end(p), window_line(p, r);
    }
    if (is_many(r))
        many_hosts(p, r);
    for (size_t i = 0; i < r->host.n && !is_many(r); i++)
        m(p, r->host.n > 1 ? "\n" : ""), one_host(p, r, host + i, r->host.n > 1 ? "##" : "#");
    p->end += 1500, read_lines(p, r), part_end(p, "v_evidence");
}

/* ---- findings ---- */

/* g: the card's first group, whose finding is told in full */
static void card(struct page *p, const struct report *r, const struct r_card *whole)
{
    const struct r_group *g = ((const struct r_group *const *)r->order.row)[whole->at];
    const struct r_finding *f = card_finding(r, whole);
    const struct r_citation *c = r->citation.row;
    const struct r_unknown *u = (const struct r_unknown *)r->unknown.row + f->unknown.at;
    const struct r_remedy *fix = (const struct r_remedy *)r->remedy.row + f->remedy.at;
    m(p, "\n### %z: %s\n\n", verdict_words[f->verdict].label, f->title), line_end(p);
    m(p, "Why: %s\n\n", f->explanation), line_end(p);
    m(p, "- **Host:** %s", f->host);
    if (whole->hosts > 1)
        m(p, " and %n more", (int64_t)whole->hosts - 1);
    m(p, "\n- **Cause:** %s\n", f->cause), line_end(p);
    for (size_t i = 0; i < g->n && i < 10; i++)
        if (f[i].subject.p)
            m(p, "- **Subject:** %s\n", f[i].subject), line_end(p);
    if (g->n > 10)
        m(p, "- and %n more subjects\n", (int64_t)g->n - 10), line_end(p);
    span_lines(p, find_host(r, f->host), whole->first, whole->last, whole->count);
    for (size_t role = 0; role < ROLES; role++) {
        for (size_t i = 0; i < f->cite[role].n && i < SHOW_CITES / 2; i++)
            m(p, "- %z: %s", role_labels[role], words_of(c + f->cite[role].at + i)),
                where(p, c + f->cite[role].at + i), line_end(p);
        if (f->cite[role].n > SHOW_CITES / 2)
            m(p, "- %z: %n more in case.db (v_citation, finding %i)\n", role_labels[role],
              (int64_t)f->cite[role].n - SHOW_CITES / 2, f->id),
                line_end(p);
    }
    for (size_t i = 0; i < f->unknown.n && i < SHOW_CITES; i++)
        m(p, "- Could not be checked: %s: ", u[i].artifact), code(p, u[i].collect), m(p, "\n"), line_end(p);
    m(p, "- Second reader: %s\n", f->reader.p ? f->reader : STR("not_applicable")), line_end(p);
    for (size_t i = 0; i < f->remedy.n && i < 10; i++)
        m(p, "%z%i. %s (risk %s; reversible: %s; check: %s)\n", i ? "" : "\nHow to mend it:\n\n",
          (int64_t)i + 1, fix[i].text, fix[i].risk, fix[i].reversible, fix[i].verify),
            line_end(p);
}

static void table(struct page *p, size_t n, const char *title, const char *head)
{
    if (!n)
        return;
    m(p, "\n### %z\n\n| %z |\n|", title, head);
    for (const char *at = head; *at; at++)
        if (*at == '|')
            m(p, "---|");
    m(p, "---|\n"), line_end(p);
}

/* Of many hosts one row a cause. */
static void folded_alike(struct page *p, const struct report *r, enum verdict v)
{
    const struct r_card *c = r->card.row;
    size_t n = 0;
    for (size_t i = 0; i < r->card.n; i++)
        if (c[i].verdict == (int64_t)v) {
            table(p, !n++, verdict_words[v].label, "Cause | Hosts | Subjects | For one");
            m(p, "| %s | %n | %n | %s |\n", card_finding(r, c + i)->cause, (int64_t)c[i].hosts,
              (int64_t)c[i].subjects, card_finding(r, c + i)->host),
                line_end(p);
        }
}

static void folded(struct page *p, const struct report *r, enum verdict v)
{
    if (is_many(r)) {
        folded_alike(p, r, v);
        return;
    }
    const struct r_finding *f = r->finding.row;
    const struct r_citation *c = r->citation.row;
    const struct r_unknown *u = r->unknown.row;
    size_t n = 0;
    for (size_t i = 0; i < r->finding.n; i++) {
        if (f[i].verdict != (int64_t)v)
            continue;
        if (!n++)
            table(p, 1, verdict_words[v].label,
                  v == V_RULED_OUT ? "Cause | Host | Subject | Why it is ruled out | Evidence"
                                   : "Cause | Host | Subject | What would decide it | Symptom");
        size_t role = v == V_RULED_OUT ? ROLE_CONTRADICTS : ROLE_SYMPTOM;
        const struct r_citation *one = f[i].cite[role].n ? c + f[i].cite[role].at : NULL;
        struct str why = v == V_RULED_OUT ? (one ? words_of(one) : (struct str){0})
                         : f[i].unknown.n ? u[f[i].unknown.at].artifact
                                          : (struct str){0};
        m(p, "| %s | %s | %s | %s | ", f[i].cause, f[i].host, f[i].subject, why),
            id(p, one ? one->id : (struct str){0}), m(p, " |\n"), line_end(p);
    }
}

/* Neighbours: the one artefact that tells most of the causes apart that are left. */
static void neighbours(struct page *p, const struct report *r)
{
    const struct r_next *x = r->next.row;
    if (!r->next.n || is_many(r))
        return;
    m(p, "\n### What would tell the causes apart that are left\n\n"), line_end(p);
    for (size_t i = 0; i < r->next.n; i++) {
        struct buf words = {0};
        next_words(&words, x + i);
        m(p, "- Collect %s: %s (%s", x[i].artifact, buf_view(&words),
          x[i].subject.p ? x[i].subject : x[i].host);
        p->out->bad |= words.bad, buf_free(&words);
        if (x[i].subjects > 1)
            m(p, " and %n more", x[i].subjects - 1);
        if (r->host.n > 1 && x[i].subject.p)
            m(p, ", %s", x[i].host);
        m(p, "): "), code(p, x[i].collect), m(p, "\n"), line_end(p);
    }
}

static void findings(struct page *p, const struct report *r)
{
    const struct r_card *c = r->card.row;
    if (is_many(r))
        p->end = END_MANY_FINDINGS - 3000;
    m(p, "\n## Findings\n"), line_end(p);
    for (size_t i = 0; i < r->card.n; i++)
        if (c[i].verdict <= V_LATENT)
            card(p, r, c + i);
    if (!r->finding.n)
        m(p, "\nNo cause has anything to say about what was read.\n"), line_end(p);
    p->end += 1500, neighbours(p, r), folded(p, r, V_UNDETERMINED);
    p->end += 1500, folded(p, r, V_RULED_OUT);
    part_end(p, "v_finding");
}

/* ---- facts, coverage, evidence, method ---- */

static void settings(struct page *p, const struct report *r, bool smb)
{
    const struct r_setting *s = r->setting.row;
    size_t n = 0, unset = 0;
    for (size_t i = 0; i < r->setting.n; i++) {
        if ((s[i].smb == 1) != smb || s[i].is_set != 1)
            continue;
        if (!n++)
            table(p, 1, smb ? "SMB client" : "Credential policy",
                  "Setting | Host | Value | Default | Meaning | Evidence");
        m(p, "| %s | %s | ", s[i].name, s[i].host);
        if (s[i].value != NONE)
            m(p, "%i", s[i].value);
        else
            m(p, "%s", s[i].text);
        if (s[i].default_value != NONE)
            m(p, " | %i", s[i].default_value);
        else
            m(p, " | %s", s[i].default_text);
        m(p, " | %s | ", s[i].meaning), id(p, s[i].id), m(p, " |\n"), line_end(p);
    }
    struct str host = {0};
    for (size_t i = 0; i < r->setting.n && unset < 60; i++) {
        if ((s[i].smb == 1) != smb || s[i].is_set == 1)
            continue;
        if (!unset++ || !str_eq(host, s[i].host))
            m(p, "\n- %z, not set on %s: %s", smb ? "SMB client" : "Credential policy", host = s[i].host,
              s[i].name);
        else
            m(p, ", %s", s[i].name);
    }
    if (unset)
        m(p, "\n"), line_end(p);
}

static void facts(struct page *p, const struct report *r)
{
    const struct r_failed *t = r->failed.row;
    const struct r_service *s = r->service.row;
    m(p, "\n## Facts\n"), line_end(p);
    for (size_t i = 0; i < r->failed.n; i++) {
        if (!i || t[i].logon != t[i - 1].logon)
            table(p, 1, t[i].logon == 1 ? "Logon failures" : "Other failures",
                  "Subject | Kind | Host | Windows error | Code as recorded | Times | First (UTC) | Last "
                  "(UTC) | Last evidence");
        m(p, "| %s | %s | %s | %i %s | %s | %n | %t | %t | ", t[i].subject, t[i].kind, t[i].host, t[i].win32,
          t[i].symbol.p ? t[i].symbol : STR(""), t[i].raw, t[i].n, t[i].first, t[i].last);
        id(p, t[i].id), m(p, " |\n"), line_end(p);
    }
    if (is_many(r)) {
        p->end = END_MANY_FACTS;
        alike(p, r, "service", "Services", "Service | Start | Hosts | Which");
        alike(p, r, "smb", "SMB client", "Setting | Value | Hosts | Which");
        alike(p, r, "policy", "Credential policy", "Setting | Value | Hosts | Which");
        part_end(p, "v_failure");
        return;
    }
    p->end += 2500, table(p, r->services_known, "Services",
                          "Service | Host | Start | Account | When it fails | Evidence");
    for (size_t i = 0; i < r->services_known; i++)
        m(p, "| %s | %s | %i | %s | %s | ", s[i].service, s[i].host, s[i].start, s[i].account, s[i].recovery),
            id(p, s[i].id), m(p, " |\n"), line_end(p);
    p->end += 2000, settings(p, r, true);
    p->end += 2000, settings(p, r, false);
    const struct r_set *d = r->set.row;
    p->end += 2000,
        table(p, r->set.n, "Other control sets", "Value | Host | Control set | There | Current | Evidence");
    for (size_t i = 0; i < r->set.n; i++) {
        m(p, "| %s (%s) | %s | %s%z | %s | %s | ", d[i].name, d[i].path, d[i].host, d[i].set,
          d[i].good == 1 ? ", last known good" : "", d[i].value.p ? d[i].value : STR("not set"),
          d[i].current.p ? d[i].current : STR("not set"));
        id(p, d[i].id), m(p, " |\n"), line_end(p);
    }
    part_end(p, "v_failure");
}

/* What logs hold, in a few lines: whose logons were refused most, and the logs. */
static void summary(struct page *p, const struct report *r)
{
    enum { LOGS = 12, REFUSED = 8 };
    const struct r_log *l = r->log.row;
    const struct r_logon *x = r->logon.row;
    size_t n = 0, more = 0;
    if (!r->log.n)
        return;
    if (is_many(r))
        p->end = END_MANY_SUMMARY;
    m(p, "\n## Summary of the logs\n\n"), line_end(p);
    for (size_t i = 0; i < r->log.n && i < LOGS; i++) {
        m(p, "- %s", l[i].channel.n ? l[i].channel : STR("(no channel)"));
        if (l[i].host.n && r->host.n > 1)
            m(p, " of %s", l[i].host);
        else if (is_many(r))
            m(p, " of %n host%+", l[i].hosts);
        m(p, ": %n record%+, %t to %t", l[i].n, l[i].first_time, l[i].last_time);
        m(p, l[i].gaps ? ", %n gap%+\n" : "\n", l[i].gaps), line_end(p);
    }
    for (size_t i = 0; i < r->logon.n; i++, x++) {
        if (x->refused != 1 || n >= REFUSED) {
            more += x->refused == 1;
            continue;
        }
        bool realm = x->domain.n && !str_eq(x->domain, STR("-"));
        table(p, !n++, "Refused logons (4625)",
              "Account | Host | Logon type | Why | Times | First (UTC) | Last (UTC)");
        m(p, "| %s%z%s | ", realm ? x->domain : STR(""), realm ? "\\\\" : "",
          x->account.n ? x->account : STR("(no name)"));
        if (is_many(r))
            m(p, "%n hosts", x->hosts);
        else
            m(p, "%s", x->host);
        m(p, " | %i %s | %s%z%s%z | %n | %t | %t |\n", x->type, x->type_name,
          x->meaning.n ? x->meaning : x->code, x->symbol.n ? " (" : "", x->symbol.p ? x->symbol : STR(""),
          x->symbol.n ? ")" : "", x->n, x->first_time, x->last_time),
            line_end(p);
    }
    if (r->log.n > LOGS || more + r->log.more + r->logon.more)
        m(p, "\n%n more logs, %n more refused logons: `whylogon summary case.db`\n",
          (int64_t)((r->log.n > LOGS ? r->log.n - LOGS : 0) + r->log.more), (int64_t)(more + r->logon.more)),
            line_end(p);
    part_end(p, "v_summary_event");
}

static void coverage(struct page *p, const struct report *r)
{
    const struct r_coverage *c = r->coverage.row;
    const struct r_collect *k = r->collect.row;
    m(p, "\n## Coverage\n"), line_end(p);
    for (size_t i = 0; i < r->collect.n && i < 10; i++)
        m(p, "%z- Collect %s of %s: ", i ? "" : "\n", k[i].artifact, k[i].host), code(p, k[i].command),
            m(p, " (bears on %n findings)\n", k[i].n), line_end(p);
    if (is_many(r)) {
        alike(p, r, "coverage", "Missing or incomplete", "Artefact | State | Hosts | Which");
        part_end(p, "v_coverage");
        return;
    }
    if (r->coverage.n)
        m(p, "\n| Artefact | Host | State | From (UTC) | To (UTC) | Detail |\n|---|---|---|---|---|---|\n"),
            line_end(p);
    for (size_t i = 0; i < r->coverage.n; i++)
        m(p, "| %s | %s | %s | %t | %t | %s |\n", c[i].artifact, c[i].host, c[i].state, c[i].from_time,
          c[i].to_time, c[i].detail),
            line_end(p);
    part_end(p, "v_coverage");
}

static void evidence(struct page *p, const struct report *r)
{
    const struct r_evidence *e = r->evidence.row;
    m(p, "\n## Evidence\n"), line_end(p);
    if (r->evidence.n)
        m(p, "\n| Id | File | Kind | State | Bytes | Records | Failed | Anomalies | SHA-256 "
             "|\n|---|---|---|---|---|---|---|---|---|\n"),
            line_end(p);
    for (size_t i = 0; i < r->evidence.n; i++) {
        bool box = e[i].members_seen != NONE || str_eq(e[i].state, STR("not opened"));
        bool printed = str_eq(e[i].kind, STR("tool-text"));
        bool note = (box || printed) && e[i].note.n, dirty = e[i].dirty == 1;
        m(p, "| f%i | %s | %s | %s%z%z%s%z%s%z%s | %n | %n | %n | %n | %s |\n", e[i].id, e[i].path, e[i].kind,
          e[i].state, e[i].older == 1 ? ", older copy" : "", e[i].origin.n ? ", " : "",
          e[i].origin.n ? e[i].origin : STR(""), dirty ? ", " : "", dirty ? e[i].replay : STR(""),
          note ? ": " : "", note ? e[i].note : STR(""), e[i].bytes, e[i].parsed, e[i].failed,
          count_anomalies(r, e + i), e[i].sha256),
            line_end(p);
    }
    part_end(p, "v_evidence");
}

static void method(struct page *p, const struct report *r)
{
    const struct r_pair *x = r->rule_error.row;
    m(p, "\n## Method\n\n"), line_end(p);
    const struct r_pair *cut = r->cut.row;
    if (r->late)
        m(p, "- **Cut:** the time of the run was over before all was read; case.db has the rest.\n"),
            line_end(p);
    for (size_t i = 0; i < r->cut.n; i++)
        m(p, "- **Cut:** %s rows of %s did not fit; case.db has them.\n", cut[i].value, cut[i].key),
            line_end(p);
    for (size_t i = 0; i < r->rule_error.n; i++)
        m(p, "- **Rule failed to run:** %s: %s\n", x[i].key, x[i].value), line_end(p);
    p->end += 1500;
    for (size_t v = 0; v < VERDICTS; v++)
        m(p, "- **%z:** %z\n", verdict_words[v].label, verdict_words[v].meaning), line_end(p);
    m(p,
      "- Knowledge sha256 %s. Times are UTC. `whylogon verify case.db` reads every cited fact anew with both "
      "readers.\n",
      r->knowledge),
        line_end(p);
    part_end(p, "v_rule_error");
}

enum status write_markdown(const struct report *r, struct buf *b, struct err *e)
{
    static const struct {
        void (*write)(struct page *p, const struct report *r);
        size_t from, to;
    } parts[] = {{top, END_TOP - 1500, END_TOP},         {findings, END_FINDINGS - 3000, END_FINDINGS},
                 {facts, END_FACTS - 6500, END_FACTS},   {summary, END_SUMMARY, END_SUMMARY},
                 {coverage, END_COVERAGE, END_COVERAGE}, {evidence, END_EVIDENCE, END_EVIDENCE},
                 {method, END_METHOD - 1500, END_METHOD}};
    struct page p = {.out = b};
    for (size_t i = 0; i < LEN(parts); i++)
        p.end = parts[i].from > b->n ? parts[i].from : b->n, parts[i].write(&p, r);
    buf_free(&p.line);
    return b->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "report.md", "out of memory") : OK;
}
