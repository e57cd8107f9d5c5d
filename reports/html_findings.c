/* Findings: a card a cause with what supports it, what speaks against it, what could not be checked. */
#include "reports/html.h"
#include "base/verdict.h"
#include <stdio.h>

enum { OPEN_CITES = 2 }; /* citations of a role in sight; more are folded */
enum {
    FULL_BYTES = 130 << 10,
    BRIEF_SUBJECTS = 8
}; /* of many hosts: of cards in full; of a card that is not */

static void cite_item(struct buf *b, const struct report *r, const struct r_citation *c, bool role)
{
    buf_z(b, "<li>");
    if (role)
        hsay(b, "<span class='role'>%z</span>", role_labels[c->role]);
    hsay(b, "<bdi dir='auto'>%s</bdi>\n<div class='src'>", c->explain.n ? c->explain : c->summary);
    if (c->moment != NONE)
        hsay(b, "%t UTC \xc2\xb7 ", c->moment);
    hsay(b, "<bdi dir='auto'>%s</bdi>", base_name(c->path));
    if (c->off != NONE)
        buf_printf(b, " @ 0x%llx", (unsigned long long)c->off);
    buf_z(b, " \xc2\xb7 "), h_ref(b, r, c->id);
    if (c->reader.n)
        hsay(b, " \xc2\xb7 second reader: %s", c->reader);
    if (c->reader.n && !str_eq(c->reader, STR("agree")) && c->reader_detail.n)
        hsay(b, " (<bdi dir='auto'>%s</bdi>)", c->reader_detail);
    buf_z(b, "</div>");
    if (c->explain.n && c->summary.n)
        hsay(b, "<span class='raw' dir='auto'>%s</span>", c->summary);
    buf_z(b, "</li>\n");
}

/* The citations of one role: the first two, then some folded, then how to get the rest. */
static void cite_role(struct buf *b, const struct report *r, const struct r_finding *f, size_t role,
                      bool label)
{
    const struct r_citation *c = (const struct r_citation *)r->citation.row + f->cite[role].at;
    size_t n = f->cite[role].n, shown = n < show_cites(r) ? n : show_cites(r),
           open = shown < OPEN_CITES + 2 ? shown : OPEN_CITES;
    if (!n)
        return;
    buf_z(b, "<ul class='cites'>\n");
    for (size_t i = 0; i < open; i++)
        cite_item(b, r, c + i, label);
    buf_z(b, "</ul>\n");
    if (open < shown) {
        hsay(b, "<details class='more'><summary>%n more: %z</summary><ul class='cites'>\n",
             (int64_t)(shown - open), role_labels[role]);
        for (size_t i = open; i < shown; i++)
            cite_item(b, r, c + i, label);
        buf_z(b, "</ul>\n</details>\n");
    }
    if (n > shown)
        hsay(
            b,
            "<p class='src'>%n more in case.db: <kbd>SELECT * FROM v_citation WHERE finding = %i</kbd></p>\n",
            (int64_t)(n - shown), f->id);
}

static void unknown_list(struct buf *b, const struct report *r, const struct r_finding *f)
{
    const struct r_unknown *u = (const struct r_unknown *)r->unknown.row + f->unknown.at;
    buf_z(b, "<ul class='cites'>\n");
    size_t n = 0;
    for (; n < f->unknown.n && n < 2 * SHOW_CITES; n++)
        hsay(b, "<li><bdi dir='auto'>%s</bdi><div class='src'>Collect: <kbd>%s</kbd></div></li>\n",
             u[n].artifact, u[n].collect);
    if (n < f->unknown.n)
        hsay(b, "<li class='nil'>%n more: report.json</li>\n", (int64_t)(f->unknown.n - n));
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
        hsay(b, "<li>%s<small>Risk %s \xc2\xb7 reversible: %s", m[i].text, m[i].risk, m[i].reversible);
        if (m[i].verify.n)
            hsay(b, " \xc2\xb7 check: %s", m[i].verify);
        buf_z(b, "</small></li>\n");
    }
    buf_z(b, "</ol></div>\n");
}

static void stat_time(struct buf *b, const struct r_host *host, const char *label, int64_t t)
{
    if (t != NONE)
        hsay(b, "<div><dt>%z</dt><dd>%t UTC", label, t), h_local(b, host, t), buf_z(b, "</dd></div>");
}

static void stats(struct buf *b, const struct r_finding *f, const struct r_card *g, const struct r_host *host)
{
    buf_z(b, "<dl class='stats'>");
    hsay(b, "<div><dt>Host</dt><dd><bdi dir='auto'>%s</bdi>", f->host);
    if (g->hosts > 1)
        hsay(b, " <small>and %n more</small>", (int64_t)g->hosts - 1);
    buf_z(b, "</dd></div>");
    stat_time(b, host, "First seen", g->first), stat_time(b, host, "Last seen", g->last);
    hsay(b, "<div><dt>Failures</dt><dd>%n</dd></div>", g->count);
    if (f->win32 != NONE)
        hsay(b, "<div><dt>Code</dt><dd>%i<small class='mono'>hex %s, hresult %s</small></dd></div>", f->win32,
             f->hex, f->hresult);
    hsay(b,
         "<div><dt>Cause</dt><dd class='mono'>%s</dd></div><div><dt>Second "
         "reader</dt><dd>%s</dd></div></dl>\n",
         f->cause, f->reader.p ? f->reader : STR("not_applicable"));
}

/* The other subjects of a card, on whatever host. */
static void same_on(struct buf *b, const struct report *r, const struct r_card *card, size_t rows)
{
    static const char *const head[] = {"Subject",         "Host",      "Code",    "First seen (UTC)",
                                       "Last seen (UTC)", "#Failures", "Symptom", NULL};
    const struct r_group *const *order = (const struct r_group *const *)r->order.row + card->at;
    const struct r_finding *f = r->finding.row;
    size_t n = 0;
    if (card->subjects < 2)
        return;
    char caption[60];
    snprintf(caption, sizeof caption, "Subjects of finding %lld", (long long)f[order[0]->at].id);
    hsay(b, "<details><summary>The same on ");
    if (card->hosts > 1)
        h_plural(b, (int64_t)card->hosts - 1, "more host: ", "more hosts: ");
    h_plural(b, (int64_t)card->subjects - 1, "more subject", "more subjects"), buf_z(b, "</summary>");
    h_table(b, r, caption, "same cause, same verdict", head);
    for (size_t i = 0; i < card->n; i++)
        for (size_t k = order[i]->at + (i == 0); k < order[i]->at + order[i]->n; k++) {
            const struct r_citation *c = first_cite(r, f + k, ROLE_SYMPTOM);
            if (n >= rows || !h_room(b))
                continue;
            hsay(b, "<tr id='f-%i'><th scope='row'><bdi dir='auto'>%s</bdi></th>", f[k].id, f[k].subject);
            h_host_cell(b, r, f[k].host), buf_z(b, "<td>"), h_code(b, f + k);
            hsay(b, "</td><td>%t</td><td>%t</td><td class='num'>%n</td><td>", f[k].first, f[k].last,
                 f[k].count);
            h_ref(b, r, c ? c->id : (struct str){0}), buf_z(b, "</td></tr>\n"), n++;
        }
    h_table_end(b, card->subjects - 1 - n, "v_finding");
    buf_z(b, "</details>\n");
}

/* full: with all that is cited; else where that is */
static void card(struct buf *b, const struct report *r, const struct r_card *c, bool full)
{
    const struct r_finding *f = card_finding(r, c);
    hsay(b, "<article class='card %z' id='f-%i' aria-labelledby='t-%i'>\n", verdict_words[f->verdict].id,
         f->id, f->id);
    h_eyebrow(b, f, c->subjects);
    hsay(b, "<h3 id='t-%i'><bdi dir='auto'>%s</bdi></h3>\n<p class='lead'><bdi dir='auto'>%s</bdi></p>\n",
         f->id, f->title, f->explanation);
    stats(b, f, c, find_host(r, f->host));
    if (!full) {
        hsay(
            b,
            "<p class='left'>What supports it and how to mend it: <kbd>whylogon query case.db 'SELECT * FROM "
            "v_citation WHERE finding = %i'</kbd>, <kbd>v_finding_remedy</kbd></p>\n",
            f->id);
        same_on(b, r, c, BRIEF_SUBJECTS), buf_z(b, "</article>\n");
        return;
    }
    hsay(b, "<div class='scales%z'>\n<div><h4>Supports it</h4>",
         f->cite[ROLE_CONTRADICTS].n + f->unknown.n ? "" : " clear");
    for (size_t role = 0; role < ROLE_CONTRADICTS; role++)
        cite_role(b, r, f, role, true);
    buf_z(b, "</div>\n<div><h4>Speaks against it</h4>"), cite_role(b, r, f, ROLE_CONTRADICTS, false);
    buf_z(b, f->cite[ROLE_CONTRADICTS].n ? "" : "<p class='nil'>Nothing in the evidence.</p>\n");
    buf_z(b, "</div>\n<div><h4>Could not be checked</h4>"), unknown_list(b, r, f);
    buf_z(b, "</div>\n</div>\n"), fix_list(b, r, f), same_on(b, r, c, h_rows(r));
    buf_z(b, "</article>\n");
}

/* Neighbours: where several causes are left of one failure, the one artefact that tells most of them apart.
 */
static void neighbours(struct buf *b, const struct report *r)
{
    const struct r_next *x = r->next.row;
    if (!r->next.n || is_many(r))
        return;
    buf_z(b, "<h3>What would tell the causes apart that are left</h3>\n<ul>\n");
    for (size_t i = 0; i < r->next.n && h_room(b); i++) {
        struct buf words = {0};
        next_words(&words, x + i);
        hsay(b, "<li>Collect <bdi dir='auto'>%s</bdi>: %s", x[i].artifact, buf_view(&words));
        b->bad |= words.bad, buf_free(&words);
        hsay(b, " <small>(<bdi dir='auto'>%s</bdi>", x[i].subject.p ? x[i].subject : x[i].host);
        if (x[i].subjects > 1)
            hsay(b, " and %n more", x[i].subjects - 1);
        if (r->host.n > 1 && x[i].subject.p)
            hsay(b, ", <bdi dir='auto'>%s</bdi>", x[i].host);
        hsay(b, ")</small><br><kbd>%s</kbd></li>\n", x[i].collect);
    }
    buf_z(b, "</ul>\n");
}

/* What is shown of a cause that is not proven: what speaks against it, or the failure it might explain. */
static const struct r_citation *deciding_cite(const struct report *r, const struct r_finding *f, size_t v)
{
    return first_cite(r, f, v == V_RULED_OUT ? ROLE_CONTRADICTS : ROLE_SYMPTOM);
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
    hsay(b, "<details class='fold %z'><summary>", verdict_words[v].id), h_glyph(b, verdict_words[v].id);
    hsay(b, "%z: %n <small>%z</small></summary>", verdict_words[v].label, (int64_t)total,
         verdict_words[v].meaning);
    h_table(b, r, v == V_RULED_OUT ? "Causes that are ruled out" : "Causes that could not be decided", "",
            v == V_RULED_OUT ? head_out : head_open);
    for (size_t i = 0; i < r->finding.n && n < h_rows(r) && h_room(b); i++) {
        if (f[i].verdict != (int64_t)v)
            continue;
        const struct r_citation *c = deciding_cite(r, f + i, v);
        hsay(b, "<tr id='f-%i'><th scope='row'><bdi dir='auto'>%s</bdi><small class='mono'>%s</small></th>",
             f[i].id, f[i].title, f[i].cause),
            h_host_cell(b, r, f[i].host);
        hsay(b, "<td><bdi dir='auto'>%s</bdi></td><td>", f[i].subject);
        if (v == V_RULED_OUT && c)
            hsay(b, "<bdi dir='auto'>%s</bdi>", c->explain.n ? c->explain : c->summary);
        for (size_t k = 0; v != V_RULED_OUT && k < f[i].unknown.n && k < 3; k++)
            hsay(b, "<bdi dir='auto'>%s</bdi><small><kbd>%s</kbd></small>", u[f[i].unknown.at + k].artifact,
                 u[f[i].unknown.at + k].collect);
        buf_z(b, "</td><td>"), h_ref(b, r, c ? c->id : (struct str){0}), buf_z(b, "</td></tr>\n");
        n++;
    }
    h_table_end(b, total - n,
                v == V_RULED_OUT ? "v_finding WHERE verdict = \"" W_RULED_OUT "\""
                                 : "v_finding WHERE verdict = \"" W_UNDETERMINED "\"");
    buf_z(b, "</details>\n");
}

/* The same of many hosts: one row a cause, with the first host's reason. */
static void folded_alike(struct buf *b, const struct report *r, enum verdict v)
{
    static const char *const head_out[] = {"Cause",    "#Hosts", "#Subjects", "For one: why it is ruled out",
                                           "Evidence", NULL};
    static const char *const head_open[] = {"Cause",   "#Hosts", "#Subjects", "For one: what would decide it",
                                            "Symptom", NULL};
    const struct r_card *c = r->card.row;
    const struct r_unknown *u = r->unknown.row;
    size_t n = 0;
    for (size_t i = 0; i < r->card.n; i++)
        n += c[i].verdict == (int64_t)v;
    if (!n)
        return;
    hsay(b, "<details class='fold %z'><summary>", verdict_words[v].id), h_glyph(b, verdict_words[v].id);
    hsay(b, "%z: ", verdict_words[v].label), h_plural(b, (int64_t)n, "cause", "causes");
    hsay(b, " <small>%z</small></summary>", verdict_words[v].meaning);
    h_table(b, r, v == V_RULED_OUT ? "Causes that are ruled out" : "Causes that could not be decided",
            "each host's own: report.json", v == V_RULED_OUT ? head_out : head_open);
    for (size_t i = 0; i < r->card.n; i++) {
        const struct r_finding *f = card_finding(r, c + i);
        if (c[i].verdict != (int64_t)v)
            continue;
        const struct r_citation *one = deciding_cite(r, f, v);
        hsay(b, "<tr id='f-%i'><th scope='row'><bdi dir='auto'>%s</bdi><small class='mono'>%s</small></th>",
             f->id, f->title, f->cause);
        hsay(b, "<td class='num'>%n</td><td class='num'>%n</td><td><bdi dir='auto'>%s</bdi>",
             (int64_t)c[i].hosts, (int64_t)c[i].subjects, f->host);
        if (v == V_RULED_OUT && one)
            hsay(b, "<small><bdi dir='auto'>%s</bdi></small>", one->explain.n ? one->explain : one->summary);
        if (v != V_RULED_OUT && f->unknown.n)
            hsay(b, "<small><bdi dir='auto'>%s</bdi> <kbd>%s</kbd></small>", u[f->unknown.at].artifact,
                 u[f->unknown.at].collect);
        buf_z(b, "</td><td>"), h_ref(b, r, one ? one->id : (struct str){0}), buf_z(b, "</td></tr>\n");
    }
    h_table_end(b, 0, ""), buf_z(b, "</details>\n");
}

void h_findings(struct buf *b, const struct report *r)
{
    const struct r_card *c = r->card.row;
    size_t shown = 0, left = 0, begin = b->n;
    buf_z(b, "<section class='part' id='findings' aria-labelledby='h-findings'>\n<h2 "
             "id='h-findings'>Findings</h2>\n<p class='hint'>");
    buf_z(b, r->finding.n ? "One card a cause: what supports it, what speaks against it, what could not be "
                            "checked. Every fact names the file and byte it was read from.</p>\n"
                          : "No cause has anything to say about what was read.</p>\n");
    for (size_t i = 0; i < r->card.n; i++)
        if (c[i].verdict <= V_LATENT) {
            if (shown < SHOW_CARDS && h_room(b))
                card(b, r, c + i, shown < full_cards(r) && (!is_many(r) || b->n - begin < FULL_BYTES)),
                    shown++;
            else
                left++;
        }
    if (left)
        hsay(b,
             "<p class='left'>%n more causes in case.db: <kbd>whylogon query case.db 'SELECT * FROM "
             "v_finding'</kbd></p>\n",
             (int64_t)left);
    neighbours(b, r);
    for (enum verdict v = V_UNDETERMINED; v <= V_RULED_OUT; v++)
        if (is_many(r))
            folded_alike(b, r, v);
        else
            folded(b, r, v);
    buf_z(b, "</section>\n");
}
