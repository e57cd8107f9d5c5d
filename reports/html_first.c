/* The first screen of one host: why, since when, how sure, what now. */
#include "reports/html.h"
#include "base/verdict.h"
#include "base/wintime.h"

static void ledger_cite(struct buf *b, const struct report *r, const struct r_finding *f, size_t role)
{
    const struct r_citation *c = first_cite(r, f, role);
    if (!c)
        return;
    hsay(b, "<div><dt>%z</dt><dd><bdi dir='auto'>%s</bdi> ", role_labels[role],
         c->explain.n ? c->explain : c->summary);
    h_ref(b, r, c->id);
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
            hsay(b, n == 1 ? "<div><dt>%z</dt><dd>" : "; ", label),
                hsay(b, "<bdi dir='auto'>%s</bdi>", one->title);
    }
    if (n > 3)
        hsay(b, "; <a href='#findings'>%n more under Findings</a>", (int64_t)n - 3);
    if (n)
        buf_z(b, "</dd></div>\n");
}

/* Causes that could not be asked, and what would tell. */
static void ledger_unasked(struct buf *b, const struct report *r, const struct r_host *host)
{
    const struct r_unasked *x = (const struct r_unasked *)r->unasked.row + host->unasked.at;
    if (!host->unasked.n || !is_quiet(host))
        return;
    hsay(b, "<div><dt>Not asked</dt><dd>%n known cause%+, for want of ", count_unasked(r, host));
    for (size_t i = 0; i < host->unasked.n && i < 3; i++)
        hsay(b, i ? ", <bdi dir='auto'>%s</bdi>" : "<bdi dir='auto'>%s</bdi>", x[i].artifact);
    if (host->unasked.n > 3)
        hsay(b, " and %n more", (int64_t)host->unasked.n - 3);
    buf_z(b, ": <a href='#unasked'>which</a></dd></div>\n");
}

static void ledger(struct buf *b, const struct report *r, const struct r_host *host,
                   const struct r_finding *f)
{
    const struct r_unknown *u = r->unknown.row;
    buf_z(b, "<dl class='ledger'>\n");
    for (size_t role = ROLE_SYMPTOM; role <= ROLE_LINK; role++)
        ledger_cite(b, r, f, role);
    if (f->verdict == V_POSSIBLE)
        ledger_cite(b, r, f, ROLE_COMPATIBLE);
    if (f->cite[ROLE_CONTRADICTS].n)
        ledger_cite(b, r, f, ROLE_CONTRADICTS);
    else
        buf_z(b, "<div><dt>Against</dt><dd>Nothing in the evidence speaks against it.</dd></div>\n");
    if (f->unknown.n) {
        buf_z(b, "<div><dt>Not checked</dt><dd>");
        for (size_t i = 0; i < f->unknown.n && i < 3; i++)
            hsay(b, i ? ", <bdi dir='auto'>%s</bdi>" : "<bdi dir='auto'>%s</bdi>",
                 u[f->unknown.at + i].artifact);
        if (f->unknown.n > 3)
            hsay(b, " and %n more", (int64_t)f->unknown.n - 3);
        buf_z(b, "</dd></div>\n");
    }
    h_failed(b, r, host, 2, "<div><dt>No cause</dt><dd>", "</dd></div>\n");
    ledger_causes(b, r, host, V_RULED_OUT, "Ruled out"), ledger_unasked(b, r, host);
    buf_z(b, "</dl>\n");
}

void h_what_now(struct buf *b, const struct report *r, const struct r_finding *f, const char *level)
{
    const struct r_remedy *m = (const struct r_remedy *)r->remedy.row + f->remedy.at;
    hsay(b, "<div class='tile now'><%z>What now</%z>", level, level);
    if (!f->remedy.n)
        hsay(b, "<p class='do'>No remedy is recorded for this cause.</p>");
    else {
        hsay(b, "<p class='do'>%s</p>", m->text);
        if (m->verify.n)
            hsay(b, "<p class='then'>Then check: %s</p>", m->verify);
        hsay(b, "<p class='meta'>Risk %s \xc2\xb7 reversible: %s", m->risk, m->reversible);
        if (f->remedy.n > 1)
            hsay(b, " \xc2\xb7 <a href='#f-%i'>%n more step%z under Findings</a>", f->id,
                 (int64_t)f->remedy.n - 1, f->remedy.n > 2 ? "s" : "");
        buf_z(b, "</p>");
    }
    buf_z(b, "</div>\n");
}

/* Which causes an artefact separates; else how many findings it bears on. */
static void what_it_tells(struct buf *b, const struct report *r, const struct r_host *host,
                          const struct r_collect *c)
{
    const struct r_next *x = (const struct r_next *)r->next.row + host->next.at;
    for (size_t i = 0; i < host->next.n; i++) {
        struct buf words = {0};
        if (!str_eq(x[i].artifact, c->artifact))
            continue;
        next_words(&words, x + i);
        if (words.n) /* a sentence of its own */
            words.p[0] = 'I';
        hsay(b, "<p class='meta'>%s.</p>", buf_view(&words));
        b->bad |= words.bad, buf_free(&words);
        return;
    }
    hsay(b, "<p class='meta'>It bears on %n finding%+.</p>", c->n);
}

/* What would decide findings, then what would tell of kinds that are not covered: command by command. */
static size_t collect_decisive(struct buf *b, const struct report *r, const struct r_host *host, size_t most)
{
    const struct r_collect *c = r->collect.row;
    size_t n = 0, left = 0;
    for (size_t i = 0; i < r->collect.n; i++) {
        if (!str_eq(c[i].host, host->host))
            continue;
        if (n == most) {
            left++;
            continue;
        }
        hsay(b,
             n++ ? "<p class='then'>Then <bdi dir='auto'>%s</bdi>: <kbd>%s</kbd></p>"
                 : "<p class='do'>Collect <bdi dir='auto'>%s</bdi>:</p><p class='then'><kbd>%s</kbd></p>",
             c[i].artifact, c[i].command);
        if (n == 1)
            what_it_tells(b, r, host, c + i);
    }
    if (left)
        hsay(b, "<p class='meta'><a href='#coverage'>%n more under Coverage</a></p>", (int64_t)left);
    return n;
}

static size_t collect_needed(struct buf *b, const struct report *r, const struct r_host *host, size_t most)
{
    const struct r_need *need = (const struct r_need *)r->need.row + host->need.at;
    size_t n = host->need.n < most ? host->need.n : most;
    if (n)
        buf_z(b, "<p class='do'>Collect, most telling first:</p>");
    for (size_t i = 0; i < n; i++) {
        hsay(b, "<p class='then'><bdi dir='auto'>%s</bdi> <small>(%s)</small>", need[i].artifact,
             need[i].kinds);
        hsay(b, need[i].collect.n ? "<br><kbd>%s</kbd></p>" : "%s</p>", need[i].collect);
    }
    if (host->need.n > n)
        hsay(b, "<p class='meta'><a href='#coverage'>%n more under Coverage</a></p>",
             (int64_t)(host->need.n - n));
    return n;
}

static void nothing_to_mend(struct buf *b, const struct report *r, const struct r_host *host)
{
    const struct r_unasked *x = (const struct r_unasked *)r->unasked.row + host->unasked.at;
    buf_z(b, "<p class='do'>Nothing has to be mended.</p>");
    if (host->unasked.n && x->collect.n)
        hsay(b, "<p class='then'>To ask what was not asked: <kbd>%s</kbd></p>", x->collect);
    buf_z(b, "<p class='then'>If a failure is known, collect the log of the time it happened: see "
             "<a href='#coverage'>Coverage</a>.</p>");
}

void h_collect_now(struct buf *b, const struct report *r, const struct r_host *host, const char *level)
{
    bool clear = host->judged == OUT_CLEAR;
    hsay(b, "<div class='tile now%z'><%z>What now</%z>", clear ? "" : " ask", level, level);
    if (clear)
        nothing_to_mend(b, r, host);
    else if (!(host->judged != OUT_NOT_COVERED && collect_decisive(b, r, host, 3))
             && !collect_needed(b, r, host, 3))
        buf_z(b, "<p class='do'>Read the failures under <a href='#facts'>Facts</a>: their codes and times "
                 "are what is "
                 "known.</p>");
    buf_z(b, "</div>\n");
}

static void when(struct buf *b, const struct r_host *host, const char *label, int64_t t)
{
    if (t == NONE)
        return;
    hsay(b, "<dt>%z</dt><dd>%t UTC", label, t), h_local(b, host, t), buf_z(b, "</dd>");
}

void h_since(struct buf *b, const struct report *r, const struct r_host *host, const struct r_finding *f,
             const char *level)
{
    struct window w = log_window(r, host);
    bool seen = f ? host->top->first != NONE : host->failures > 0;
    int64_t n = f ? host->top->count : host->failures;
    hsay(b, "<div class='tile %z'><%z>%z</%z><dl class='when'>",
         f ? verdict_words[f->verdict].id : W_RULED_OUT, level, seen ? "Since when" : "Time covered", level);
    if (seen) {
        when(b, host, "First seen", f ? host->top->first : host->first),
            when(b, host, "Last seen", f ? host->top->last : host->last);
        hsay(b, "<dt>Failures</dt><dd>%n", n);
        if (f && host->failures > n)
            hsay(b, " of %n on this host", host->failures);
        buf_z(b, "</dd>");
    } else {
        when(b, host, "Logs from", w.from), when(b, host, "to", w.to);
        if (w.from == NONE)
            buf_z(b, "<dt>Logs</dt><dd>none</dd>");
    }
    buf_z(b, "</dl>");
    buf_z(b, "</div>\n");
}

static const char *reader_words(struct str reader)
{
    static const struct {
        const char *id, *words;
    } table[] = {
        {"agree", "The second reader agrees on every cited fact that it can read."},
        {"differ", "The second reader differs on a cited fact: see the citations."},
        {"unreadable", "The second reader could not read a cited fact."},
    };
    for (size_t i = 0; i < LEN(table); i++)
        if (str_eq(reader, str_of(table[i].id)))
            return table[i].words;
    return "No second reader applies to what is cited.";
}

static void how_sure(struct buf *b, const struct report *r, const struct r_finding *f)
{
    size_t for_it = count_cites(r, f, ROLE_SYMPTOM, ROLE_CONTRADICTS),
           against = count_cites(r, f, ROLE_CONTRADICTS, ROLES);
    hsay(b, "<div class='tile'><h2>How sure</h2><p><b>%z.</b> %z ", verdict_words[f->verdict].label,
         verdict_words[f->verdict].meaning);
    h_plural(b, (int64_t)for_it, "cited fact supports it", "cited facts support it");
    hsay(b, ", "), h_plural(b, (int64_t)against, "speaks", "speak"), hsay(b, " against it, "),
        h_plural(b, (int64_t)f->unknown.n, "could", "could");
    hsay(b, " not be checked. %z</p></div>\n", reader_words(f->reader));
}

/* "services, logons" of one state. */
static size_t kinds_in(struct buf *b, const struct report *r, const struct r_host *host, enum outcome state,
                       const char *open)
{
    const struct r_kind *k = (const struct r_kind *)r->kind.row + host->kind.at;
    size_t n = 0;
    for (size_t i = 0; i < host->kind.n; i++)
        if (outcome_of(k[i].state) == state)
            hsay(b, "%z%z", n++ ? ", " : open, kind_words(k[i].kind));
    return n;
}

/* What silence says, kind by kind; and what findings ask for. */
static void gaps(struct buf *b, const struct report *r, const struct r_host *host)
{
    const struct r_coverage *c = (const struct r_coverage *)r->coverage.row + host->coverage.at;
    size_t n = 0, left = 0;
    if (kinds_in(b, r, host, OUT_NOT_COVERED, "Failures of these could not have been seen: <b>"))
        buf_z(b, "</b>. ");
    for (size_t i = 0; i < host->coverage.n; i++) {
        if (str_eq(c[i].state, STR("present")))
            continue;
        if (n < 3 && is_wanted(r, c + i))
            hsay(b,
                 n++ ? ", <bdi dir='auto'>%s</bdi> (%s)"
                     : "Missing or incomplete: <bdi dir='auto'>%s</bdi> (%s)",
                 c[i].artifact, c[i].state);
        else
            left++;
    }
    if (left)
        hsay(b, n ? ", and %n more" : "%n artefacts are missing or incomplete", (int64_t)left);
    hsay(b, n + left ? ": <a href='#coverage'>coverage</a>."
                     : "Nothing that was looked for is missing: <a href='#coverage'>coverage</a>.");
}

void h_what_was_read(struct buf *b, const struct report *r, const struct r_host *host)
{
    const struct r_read *x = &r->read;
    hsay(b, "<div class='tile'><h2>What was read</h2><p><b>%n of ", (int64_t)x->read),
        h_plural(b, (int64_t)x->files, "file", "files"), buf_z(b, "</b>: ");
    h_plural(b, (int64_t)x->logs, "event log", "event logs"), hsay(b, " with "),
        h_plural(b, (int64_t)x->records, "record", "records"), buf_z(b, ", ");
    h_plural(b, (int64_t)x->hives, "hive", "hives");
    if (x->dirty)
        hsay(b, " (%n dirty)", (int64_t)x->dirty);
    buf_z(b, ". ");
    if (x->copies)
        h_plural(b, (int64_t)x->copies, "file is a copy", "files are copies"),
            buf_z(b, " of others and count once. ");
    if (x->failed)
        h_plural(b, (int64_t)x->failed, "record", "records"), buf_z(b, " could not be read. ");
    if (x->damaged)
        h_plural(b, (int64_t)x->damaged, "file has", "files have"),
            buf_z(b, " <a href='#evidence'>anomalies</a>. ");
    if (host)
        gaps(b, r, host);
    else
        buf_z(b, "What each host lacks: <a href='#coverage'>coverage</a>.");
    if (r->rule_error.n)
        buf_z(b, " <b>"), h_plural(b, (int64_t)r->rule_error.n, "check", "checks"),
            buf_z(b, " could not run</b>: <a href='#method'>method</a>.");
    buf_z(b, "</p></div>\n");
}

/* Kind by kind: what was seen, what is clear and over which time, what would tell. */
static void kind_ledger(struct buf *b, const struct report *r, const struct r_host *host)
{
    const struct r_kind *k = (const struct r_kind *)r->kind.row + host->kind.at;
    for (size_t i = 0; i < host->kind.n; i++) {
        hsay(b, "<div><dt>%z</dt><dd>", kind_words(k[i].kind));
        if (outcome_of(k[i].state) == OUT_CLEAR)
            hsay(b, "<span class='state good'>clear</span> <span class='src'>%t \xe2\x80\x93 %t</span>",
                 k[i].from_time, k[i].to_time);
        else if (str_eq(k[i].state, STR("failures")))
            h_plural(b, k[i].failures, "failure", "failures");
        else
            buf_z(b, "<span class='state " W_UNDETERMINED "'>not covered</span>");
        buf_z(b, "</dd></div>\n");
    }
}

/* Without a finding the ledger says what failed, else kind by kind what is known. */
static void outcome_ledger(struct buf *b, const struct report *r, const struct r_host *host)
{
    buf_z(b, "<dl class='ledger'>\n");
    h_failed(b, r, host, 4, "<div><dt>Failed</dt><dd>", "</dd></div>\n");
    ledger_causes(b, r, host, V_UNDETERMINED, "Could be");
    ledger_causes(b, r, host, V_RULED_OUT, "Ruled out");
    if (host->other)
        hsay(b,
             "<div><dt>Other</dt><dd><a href='#facts'>%n failure%+</a> for reasons of their own, such as "
             "mistyped passwords</dd></div>\n",
             host->other);
    if (!host->failures)
        kind_ledger(b, r, host);
    ledger_unasked(b, r, host);
    buf_z(b, "</dl>\n");
}

static void outcome_sure(struct buf *b, const struct report *r, const struct r_host *host)
{
    hsay(b, "<div class='tile'><h2>How sure</h2><p>%z", outcome_in_words(host)->sure);
    if (r->rule_error.n)
        hsay(b, " <b>%n check%+ could not run</b>, so a known cause may have been overlooked.",
             (int64_t)r->rule_error.n);
    buf_z(b, "</p></div>\n");
}

/* What is the matter: the finding, or what became of the host. */
static void diagnosis(struct buf *b, const struct report *r, const struct r_host *host, const char *level)
{
    const struct r_finding *f = headline(r, host);
    const struct outcome_words *o = outcome_in_words(host);
    hsay(b, "<div class='why %z'>\n", f ? verdict_words[f->verdict].id : o->hue);
    if (f) {
        h_eyebrow(b, f, host->top->n);
        hsay(b, "<%z><bdi dir='auto'>%s</bdi></%z>\n<p class='lead'><bdi dir='auto'>%s</bdi></p>\n", level,
             f->title, level, f->explanation);
    } else {
        hsay(b, "<%z>", level), hsay(b, o->headline, host->host), hsay(b, "</%z>\n", level);
        hsay(b, "<p class='lead'>%z", o->lead);
        if (host->judged == OUT_CLEAR && !host->unasked.n)
            buf_z(b, " No known cause of such failures is in place.");
        else if (host->judged == OUT_CLEAR)
            hsay(b, " %n known cause%+ of such failures could not be asked; of the others none is in place.",
                 count_unasked(r, host));
        buf_z(b, "</p>\n");
    }
    buf_z(b, "</div>\n");
}

void h_hero(struct buf *b, const struct report *r, const struct r_host *host, const char *level,
            const char *below)
{
    const struct r_finding *f = headline(r, host);
    buf_z(b, "<div class='hero'>\n"), diagnosis(b, r, host, level), buf_z(b, "<div class='side'>\n");
    if (f)
        h_what_now(b, r, f, below);
    else
        h_collect_now(b, r, host, below);
    h_since(b, r, host, f, below);
    hsay(b, "</div>\n<div class='proof %z'>\n",
         f ? verdict_words[f->verdict].id : outcome_in_words(host)->hue);
    if (f)
        ledger(b, r, host, f);
    else
        outcome_ledger(b, r, host);
    buf_z(b, "</div>\n</div>\n");
}

void h_one_host(struct buf *b, const struct report *r, const struct r_host *host)
{
    const struct r_finding *f = headline(r, host);
    buf_z(b, "<section class='host' aria-label='Diagnosis'>\n"), h_strip(b, host), buf_z(b, "\n");
    h_hero(b, r, host, "h1", "h2"), h_timeline(b, r, host, 0), buf_z(b, "<div class='foot'>\n");
    if (f)
        how_sure(b, r, f);
    else
        outcome_sure(b, r, host);
    h_what_was_read(b, r, host);
    buf_z(b, "</div>\n</section>\n");
    h_case_line(b, r);
}

void h_no_host(struct buf *b, const struct report *r)
{
    const struct r_collect *a = r->artifact.row;
    buf_z(b, "<section class='host' aria-label='Diagnosis'>\n<div class='hero'>\n<div class='why "
             "undetermined'>\n<p class='eyebrow'>"),
        h_glyph(b, W_UNDETERMINED);
    buf_z(b, "No evidence</p>\n<h1>No usable evidence was found.</h1>\n<p class='lead'>");
    if (r->read.files)
        h_plural(b, (int64_t)r->read.files, "file was looked at; it holds",
                 "files were looked at; none holds"),
            hsay(b, " %z a host can be judged by: see <a href='#evidence'>Evidence</a> for what each one is.",
                 r->read.files == 1 ? "nothing" : "anything");
    else
        buf_z(b, "No file was found in what was given.");
    buf_z(b, "</p>\n</div>\n<div class='side'><div class='tile now'><h2>What now</h2><p class='do'>Collect "
             "event logs and registry hives on the host, as administrator:</p>");
    if (!r->artifact.n)
        buf_z(b, "<p class='then'><kbd>wevtutil epl Security Security.evtx</kbd></p><p class='then'><kbd>reg "
                 "save HKLM\\SYSTEM SYSTEM.hiv</kbd></p>");
    for (size_t i = 0; i < r->artifact.n && i < 6; i++)
        hsay(b, "<p class='then'><kbd>%s</kbd></p>", a[i].command);
    buf_z(b, "</div></div>\n</div>\n</section>\n");
    h_case_line(b, r);
}
