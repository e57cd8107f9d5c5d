/* What logs hold, before any question: the logs, events by number, logons and refused ones by account and
 * type. Folded: whoever wants it opens it. Of many hosts the sum of all; of each host, or of all, the rows
 * with the highest counts. */
#include "reports/html.h"
#include "base/verdict.h"

static void span(struct buf *b, int64_t first, int64_t last)
{
    hsay(b, "<td>%t</td><td>%t</td></tr>\n", first, last);
}

/* The next row of a host that has shown SHOW_COUNTS is left out. */
struct counted {
    struct str host;
    size_t n, left;
};

static bool shows(struct counted *c, struct str host, const struct buf *b)
{
    if (!str_eq(c->host, host))
        c->host = host, c->n = 0;
    bool yes = c->n++ < SHOW_COUNTS && h_room(b);
    c->left += !yes;
    return yes;
}

/* Of one, two, three hosts: its name; of many: how many. */
static void whose(struct buf *b, const struct report *r, struct str host, int64_t hosts)
{
    if (is_many(r))
        hsay(b, "<td class='num'>%n</td>", hosts);
    else
        h_host_cell(b, r, host);
}

static void logs(struct buf *b, const struct report *r)
{
    static const char *const one[] = {"Log", "Host", "#Records", "#Gaps", "First (UTC)", "Last (UTC)", NULL},
                             *const many[] = {"Log",         "#Hosts",     "#Records", "#Gaps",
                                              "First (UTC)", "Last (UTC)", NULL};
    const struct r_log *l = r->log.row;
    struct counted c = {0};
    h_table(b, r, "Logs", "gaps: of record numbers", is_many(r) ? many : one);
    for (size_t i = 0; i < r->log.n; i++, l++) {
        if (!shows(&c, l->host, b))
            continue;
        hsay(b, "<tr><th scope='row'><bdi dir='auto'>%s</bdi>",
             l->channel.n ? l->channel : STR("(no channel)"));
        if (l->path.n)
            hsay(b, "<small><bdi dir='auto'>%s</bdi></small>", l->path);
        buf_z(b, "</th>"), whose(b, r, l->host, l->hosts);
        hsay(b, "<td class='num'>%n</td><td class='num'>%n</td>", l->n, l->gaps);
        span(b, l->first_time, l->last_time);
    }
    h_table_end(b, c.left + r->log.more, "v_summary_log");
}

static void events(struct buf *b, const struct report *r)
{
    static const char *const one[] = {"Event", "Host", "#Times", "First (UTC)", "Last (UTC)", NULL},
                             *const many[] = {"Event", "#Hosts", "#Times", "First (UTC)", "Last (UTC)", NULL};
    const struct r_counted *e = r->counted.row;
    struct counted c = {0};
    if (!r->counted.n)
        return;
    h_table(b, r, "Events", "what was recorded most, also where no cause asks for it",
            is_many(r) ? many : one);
    for (size_t i = 0; i < r->counted.n; i++, e++) {
        if (!shows(&c, e->host, b))
            continue;
        hsay(b, "<tr><th scope='row'>%i", e->event_id);
        if (e->name.n)
            hsay(b, " %s", e->name);
        hsay(b, "<small><bdi dir='auto'>%s</bdi></small></th>", e->provider), whose(b, r, e->host, e->hosts);
        hsay(b, "<td class='num'>%n</td>", e->n), span(b, e->first_time, e->last_time);
    }
    h_table_end(b, c.left + r->counted.more, "v_summary_event");
}

static void reason(struct buf *b, const struct r_logon *l)
{
    if (l->meaning.n)
        hsay(b, "<td>%s<small class='mono'>%s %s</small></td>", l->meaning, l->code,
             l->symbol.p ? l->symbol : STR(""));
    else
        hsay(b, "<td class='mono'>%s %s</td>", l->code.p ? l->code : STR(""),
             l->symbol.p ? l->symbol : STR(""));
}

static void logons(struct buf *b, const struct report *r, bool refused)
{
    static const char *const head[2][2][9] = {
        {{"Account", "Host", "Logon type", "#Times", "First (UTC)", "Last (UTC)", NULL},
         {"Account", "#Hosts", "Logon type", "#Times", "First (UTC)", "Last (UTC)", NULL}},
        {{"Account", "Host", "Logon type", "Why", "#Times", "First (UTC)", "Last (UTC)", NULL},
         {"Account", "#Hosts", "Logon type", "Why", "#Times", "First (UTC)", "Last (UTC)", NULL}}};
    const struct r_logon *l = r->logon.row;
    struct counted c = {0};
    size_t all = 0;
    for (size_t i = 0; i < r->logon.n; i++)
        all += (l[i].refused == 1) == refused;
    if (!all)
        return;
    h_table(b, r, refused ? "Refused logons" : "Logons",
            refused ? "event 4625 of the Security log" : "event 4624 of the Security log",
            head[refused][is_many(r)]);
    for (size_t i = 0; i < r->logon.n; i++, l++) {
        if ((l->refused == 1) != refused || !shows(&c, l->host, b))
            continue;
        bool realm = l->domain.n && !str_eq(l->domain, STR("-"));
        hsay(b, "<tr><th scope='row'><bdi dir='auto'>%s%z%s</bdi></th>", realm ? l->domain : STR(""),
             realm ? "\\" : "", l->account.n ? l->account : STR("(no name)")),
            whose(b, r, l->host, l->hosts);
        hsay(b, l->type_name.n ? "<td class='nowrap'>%i <small>%s</small></td>" : "<td>%i</td>", l->type,
             l->type_name);
        if (refused)
            reason(b, l);
        hsay(b, "<td class='num'>%n</td>", l->n), span(b, l->first_time, l->last_time);
    }
    h_table_end(b, c.left + r->logon.more, "v_summary_logon");
}

void h_summary(struct buf *b, const struct report *r)
{
    const struct r_log *l = r->log.row;
    int64_t n = 0, refused = 0;
    if (!r->log.n)
        return;
    for (size_t i = 0; i < r->log.n; i++)
        n += l[i].n;
    for (size_t i = 0; i < r->logon.n; i++)
        refused += ((const struct r_logon *)r->logon.row)[i].refused == 1
                       ? ((const struct r_logon *)r->logon.row)[i].n
                       : 0;
    buf_z(b, "<section class='part' id='summary' aria-labelledby='h-summary'>\n<h2 id='h-summary'>Summary of "
             "the logs"
             "</h2>\n<p class='hint'>What they hold, before any question is asked.</p>\n"
             "<details class='fold " W_RULED_OUT "'><summary>");
    h_plural(b, n, "record", "records");
    hsay(b, " <small>logs, events by number, logons%z by account and type</small></summary>\n",
         refused ? " and refused logons" : "");
    logs(b, r), logons(b, r, true), logons(b, r, false), events(b, r);
    buf_z(b, "</details>\n</section>\n");
}
