/* The first screen of many hosts: causes and how many have them, then a line a host, gravest first; what
 * there is to tell of a host opens on demand. Hosts without failure or cause are told together. */
#include "reports/html.h"
#include "base/verdict.h"
#include "base/wintime.h"

enum { DETAIL_BYTES = 200 << 10, NAMES = 3 }; /* of hosts' details on the page; of hosts in a cell */

/* ---- causes ---- */

static void hosts_of(struct buf *b, const struct report *r, const struct r_card *c)
{
    const struct r_group *const *order = (const struct r_group *const *)r->order.row + c->at;
    const struct r_finding *f = r->finding.row;
    for (size_t i = 0; i < c->n && i < NAMES; i++)
        hsay(b, i ? ", <bdi dir='auto'>%s</bdi>" : "<bdi dir='auto'>%s</bdi>", f[order[i]->at].host);
    if (c->n > NAMES)
        hsay(b, " and %n more", (int64_t)(c->n - NAMES));
}

static void cause_row(struct buf *b, const struct report *r, const struct r_card *c)
{
    const struct r_finding *f = card_finding(r, c);
    hsay(b, "<tr class='%z'><th scope='row'>", verdict_words[c->verdict].id);
    h_glyph(b, verdict_words[c->verdict].id);
    hsay(b,
         " <a href='#f-%i'><bdi dir='auto'>%s</bdi></a><small>%z</small></th><td "
         "class='num'><b>%n</b></td><td class='which'>",
         f->id, f->title, verdict_words[c->verdict].label, (int64_t)c->hosts);
    hosts_of(b, r, c);
    hsay(b, "</td><td class='num'>%n</td><td>%t</td><td>%t</td><td>", c->count, c->first, c->last);
    if (c->same > 1)
        hsay(b, "%n at %t", (int64_t)c->same, c->moment);
    buf_z(b, "</td></tr>\n");
}

static void unexplained_row(struct buf *b, const struct report *r)
{
    const struct r_host *h = r->host.row;
    int64_t hosts = 0, open = 0, first = NONE, last = NONE;
    for (size_t i = 0; i < r->host.n; i++) {
        if (!h[i].open)
            continue;
        hosts++, open += h[i].open;
        first = first == NONE || (h[i].first != NONE && h[i].first < first) ? h[i].first : first;
        last = h[i].last > last ? h[i].last : last; /* NONE is before all */
    }
    if (!hosts)
        return;
    buf_z(b, "<tr class='" W_UNDETERMINED "'><th scope='row'>"), h_glyph(b, W_UNDETERMINED);
    hsay(b, " No cause known<small>Unexplained</small></th><td class='num'><b>%n</b></td><td class='which'>",
         hosts);
    for (size_t i = 0, n = 0; i < r->host.n && n < NAMES; i++)
        if (h[i].open)
            hsay(b, n++ ? ", <bdi dir='auto'>%s</bdi>" : "<bdi dir='auto'>%s</bdi>", h[i].host);
    if (hosts > NAMES)
        hsay(b, " and %n more", hosts - NAMES);
    hsay(b, "</td><td class='num'>%n</td><td>%t</td><td>%t</td><td></td></tr>\n", open, first, last);
}

static void cause_table(struct buf *b, const struct report *r)
{
    static const char *const head[] = {
        "Cause", "#Hosts", "Which", "#Failures", "Since (UTC)", "Last (UTC)", "Cause at the same minute",
        NULL};
    const struct r_card *c = r->card.row;
    size_t n = 0;
    h_table(b, r, "Causes", "what concerns most hosts first", head);
    for (size_t i = 0; i < r->card.n; i++)
        if (c[i].verdict <= V_LATENT && n++ < SHOW_CARDS)
            cause_row(b, r, c + i);
    unexplained_row(b, r);
    h_table_end(b, n > SHOW_CARDS ? n - SHOW_CARDS : 0, "v_finding");
}

/* ---- hosts ---- */

static void host_line(struct buf *b, const struct report *r, const struct r_host *host)
{
    const struct r_finding *f = headline(r, host);
    const struct outcome_words *o = outcome_in_words(host);
    hsay(b, "<span class='who'><b>"), h_host_name(b, r, host);
    /* a cause of some is no sign for a host with others that have none */
    const char *hue = f && host->judged != OUT_UNEXPLAINED ? verdict_words[f->verdict].id : o->hue;
    hsay(b, "</b></span><span class='pill %z'>", hue), h_glyph(b, hue);
    hsay(b, "%z</span><span class='what'>", outcome_labels[host->judged]);
    if (f)
        hsay(b, "<bdi dir='auto'>%s</bdi>", f->title);
    else if (!h_failed(b, r, host, 1, "", ""))
        hsay(b, "<span class='nil'>%z</span>", outcome_labels[host->judged]);
    buf_z(b, "</span><span class='many'>");
    if (host->failures)
        h_plural(b, host->failures, "failure", "failures");
    if (host->open && f)
        hsay(b, ", %n unexplained", host->open);
    hsay(b, "</span><span class='last'>");
    if (host->last != NONE)
        hsay(b, "%t", host->last);
    buf_z(b, "</span>");
}

static void host_detail(struct buf *b, const struct report *r, const struct r_host *host, size_t serial,
                        bool open)
{
    hsay(b, open ? "<details class='host panel' open><summary>" : "<details class='host panel'><summary>");
    host_line(b, r, host);
    hsay(b, "</summary>\n<section id='h-%i' aria-label='Diagnosis of %s'>\n<p class='name'>", (int64_t)serial,
         host->host);
    h_host_words(b, host, ""), buf_z(b, "</p>"), h_strip(b, host), buf_z(b, "\n");
    h_hero(b, r, host, "h2", "h3"), h_timeline(b, r, host, serial);
    buf_z(b, "</section></details>\n");
}

static void host_lines(struct buf *b, const struct report *r)
{
    const struct r_host *host = r->host.row;
    size_t n = 0, begin = b->n;
    bool brief = false;
    buf_z(b,
          "<section class='hosts' aria-labelledby='h-hosts'>\n<h2 id='h-hosts'>Hosts, gravest first</h2>\n");
    for (; n < r->host.n && n < SHOW_ROWS && !few_words(r, host + n) && h_room(b); n++)
        if (n < SHOW_HOSTS && b->n - begin < DETAIL_BYTES)
            host_detail(b, r, host + n, n, !is_many(r));
        else {
            if (!brief)
                buf_z(b,
                      "<p class='left'>The hosts below are a line each. What was found on one: <kbd>whylogon "
                      "query case.db \"SELECT * FROM v_finding WHERE host = 'NAME'\"</kbd></p>\n");
            brief = true;
            buf_z(b, "<div class='host line-only'>"), host_line(b, r, host + n), buf_z(b, "</div>\n");
        }
    if (r->host.n > n && !few_words(r, host + n))
        hsay(b,
             "<p class='left'>%n more hosts in case.db: <kbd>whylogon query case.db 'SELECT * FROM "
             "v_host'</kbd></p>\n",
             (int64_t)(r->host.n - n));
    buf_z(b, "</section>\n");
}

/* ---- hosts without failure or cause ---- */

static bool quiet(const struct report *r, const struct r_host *host, enum outcome what)
{
    return few_words(r, host) && host->judged == what;
}

static void host_names(struct buf *b, const struct report *r, enum outcome what)
{
    const struct r_host *h = r->host.row;
    size_t n = 0;
    for (size_t i = 0; i < r->host.n && n < SHOW_ROWS; i++)
        if (quiet(r, h + i, what)) {
            buf_z(b, n++ ? ", " : "<p class='names'>"), h_host_name(b, r, h + i);
            if (h[i].other)
                hsay(b, " (<a href='#facts'>%n other failure%+</a>)", h[i].other);
            if (h[i].unasked.n && what == OUT_CLEAR)
                hsay(b, " (<a href='#unasked'>%n cause%+ not asked</a>)", count_unasked(r, h + i));
        }
    buf_z(b, n ? "</p>\n" : "");
}

/* One line for all of them; their names, and what would tell, on demand. */
static void quiet_hosts(struct buf *b, const struct report *r, enum outcome what)
{
    static const char *const head[] = {"Artefact", "Command", "#Hosts", "Which", NULL};
    const struct r_host *h = r->host.row;
    const struct outcome_words *o = &outcome_words[what];
    size_t n = 0;
    for (size_t i = 0; i < r->host.n; i++)
        n += quiet(r, h + i, what);
    if (!n)
        return;
    hsay(b, "<details class='fold %z'><summary>", o->hue), h_glyph(b, what == OUT_CLEAR ? "good" : o->hue);
    h_plural(b, (int64_t)n, "host is ", "hosts are ");
    hsay(b, "%z <small>%z</small></summary>\n", outcome_said[what], o->lead), host_names(b, r, what);
    if (what == OUT_NOT_COVERED)
        h_alike(b, r, "need", "What would tell", "what most of these hosts lack first", head);
    buf_z(b, "</details>\n");
}

void h_many_hosts(struct buf *b, const struct report *r)
{
    const struct r_host *host = r->host.row;
    size_t sum[OUTCOMES] = {0};
    for (size_t i = 0; i < r->host.n; i++)
        sum[host[i].judged]++;
    hsay(b, "<section class='overview' aria-label='Overview'>\n<h1>%n hosts", (int64_t)r->host.n);
    const char *sep = ": ";
    for (size_t i = 0; i < OUTCOMES; i++)
        if (sum[i])
            hsay(b, "%z%n %z", sep, (int64_t)sum[i], outcome_said[i]), sep = ", ";
    buf_z(b, "</h1>\n");
    h_case_line(b, r);
    buf_z(b, "</section>\n");
    if (is_many(r))
        cause_table(b, r);
    host_lines(b, r);
    quiet_hosts(b, r, OUT_NOT_COVERED), quiet_hosts(b, r, OUT_CLEAR);
    buf_z(b, "<section class='host' aria-label='What was read'><div class='foot'>\n"),
        h_what_was_read(b, r, NULL), buf_z(b, "</div></section>\n");
}
