/* The first screen of many hosts: a line each, a panel for those with something to tell. */
#include "reports/html.h"

static void host_panel(struct buf *b, const struct report *r, const struct r_host *host, size_t serial)
{
    const struct r_finding *f = headline(r, host);
    hsay(b,
         "<section class='host panel' id='h-%i' aria-label='Diagnosis of %s'>\n<div class='name'><b><bdi "
         "dir='auto'>%s</bdi></b><span>",
         (int64_t)serial, host->host, host->host);
    h_host_words(b, host, "");
    buf_z(b, "</span>"), h_strip(b, host), buf_z(b, "</div>\n<div class='hero'>\n");
    if (f) {
        hsay(b, "<div class='why %z'>\n", verdict_words[f->verdict].id), h_eyebrow(b, f, host->top->n);
        hsay(b,
             "<h2><a href='#f-%i'><bdi dir='auto'>%s</bdi></a></h2>\n<p class='lead'><bdi "
             "dir='auto'>%s</bdi></p>\n</div>\n",
             f->id, f->title, f->explanation);
    } else
        h_outcome(b, r, host, "h2", true);
    h_since(b, r, host, f, "h3");
    if (f)
        h_what_now(b, r, f, "h3");
    else
        h_collect_now(b, r, host, "h3");
    buf_z(b, "</div>\n</section>\n");
}

/* More hosts than one screen holds: a line each, before their panels. */
static void host_table(struct buf *b, const struct report *r)
{
    static const char *const head[] = {"Computer",  "Verdicts",        "Diagnosis",
                                       "#Failures", "Last seen (UTC)", NULL};
    const struct r_host *host = r->host.row;
    size_t n = 0;
    h_table(b, r, "Hosts", "gravest first", head);
    for (; n < r->host.n && n < SHOW_ROWS && h_room(b); n++, host++) {
        const struct r_finding *f = headline(r, host);
        hsay(b,
             n < SHOW_HOSTS && !few_words(r, host)
                 ? "<tr><th scope='row'><a href='#h-%i'><bdi dir='auto'>%s</bdi></a></th><td>"
                 : "<tr><th scope='row'><span id='h-%i'><bdi dir='auto'>%s</bdi></span></th><td>",
             (int64_t)n, host->host);
        h_strip(b, host), buf_z(b, "</td><td>");
        if (f)
            hsay(b, "<bdi dir='auto'>%s</bdi>", f->title);
        else if (host->failures > 0)
            h_failed(b, r, host, 1, "", "");
        else
            hsay(b, "<span class='nil'>%z</span>", outcome_in_words(host)->brief);
        if (host->other && !f)
            hsay(b, " <a href='#facts'>%n other failure%z</a>", host->other, host->other == 1 ? "" : "s");
        hsay(b, "</td><td class='num'>%n</td><td>%t</td></tr>\n", host->failures, host->last);
    }
    h_table_end(b, r->host.n - n, "SELECT * FROM v_host");
}

void h_many_hosts(struct buf *b, const struct report *r)
{
    const struct r_host *host = r->host.row;
    size_t sum[OUTCOMES] = {0}, n = 0;
    for (size_t i = 0; i < r->host.n; i++)
        sum[host[i].judged % OUT_UNDECIDED]++;
    hsay(b, "<section class='overview' aria-label='Overview'>\n<h1>%n hosts", (int64_t)r->host.n);
    const char *sep = ": ";
    for (size_t i = 0; i < OUT_UNDECIDED; i++)
        if (sum[i])
            hsay(b, "%z%n ", sep, (int64_t)sum[i]), h_lower(b, outcome_words[i].brief), sep = ", ";
    buf_z(b, "</h1>\n");
    h_case_line(b, r);
    buf_z(b, "</section>\n");
    if (r->host.n > 3)
        host_table(b, r);
    for (; n < r->host.n && n < SHOW_HOSTS && !few_words(r, host + n) && h_room(b); n++)
        host_panel(b, r, host + n, n);
    if (r->host.n > n && !few_words(r, host + n))
        hsay(b,
             "<p class='left'>%n more hosts in case.db: <kbd>whylogon query case.db 'SELECT * FROM "
             "v_host'</kbd></p>\n",
             (int64_t)(r->host.n - n));
    buf_z(b, "<section class='host' aria-label='What was read'><div class='foot'>\n"),
        h_what_was_read(b, r, NULL), buf_z(b, "</div></section>\n");
}
