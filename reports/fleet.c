#include "reports/fleet.h"
#include "base/verdict.h"
#include "base/wintime.h"
#include "case/fleetdb.h"
#include "reports/html.h"
#include <string.h>

/* How a column of a view is shown. C_HIDE: in json alone. */
enum column_is { C_HIDE, C_TEXT, C_NUMBER, C_TIME, C_OUTCOME, C_VERDICT, C_TICKET };
enum { COLUMNS = 14, TOP = 50, TICKETS_SHOWN = 2000, MD_TICKETS = 200 };

struct column {
    const char *name, *head;
    enum column_is is;
};
static const struct section {
    const char *key, *view, *title, *hint;
    unsigned most; /* rows in html */
    struct column column[COLUMNS];
} sections[] = {
    {"outcomes",
     "v_fleet_outcome",
     "By outcome",
     "of tickets, the gravest of their hosts",
     0,
     {{"outcome", "Outcome", C_OUTCOME}, {"tickets", "#Tickets", C_NUMBER}, {"hosts", "#Hosts", C_NUMBER}}},
    {"causes",
     "v_fleet_cause",
     "By cause",
     "surest first; the example is a ticket to read first",
     200,
     {{"verdict", "Verdict", C_VERDICT},
      {"title", "Cause", C_TEXT},
      {"cause", "Identifier", C_TEXT},
      {"tickets", "#Tickets", C_NUMBER},
      {"hosts", "#Hosts", C_NUMBER},
      {"failures", "#Failures", C_NUMBER},
      {"first_seen", "First seen", C_TIME},
      {"last_seen", "Last seen", C_TIME},
      {"example", "Example", C_TICKET}}},
    {"hosts",
     "v_fleet_host",
     "Hosts in several tickets",
     "by name and domain",
     TOP,
     {{"host", "Host", C_TEXT},
      {"domain", "Domain", C_TEXT},
      {"tickets", "#Tickets", C_NUMBER},
      {"which", "Some of them", C_TEXT}}},
    {"collect",
     "v_fleet_collect",
     "What to collect next time",
     "artefacts that would have told more, most often missing first",
     TOP,
     {{"artifact", "Artefact", C_TEXT},
      {"tickets", "#Tickets", C_NUMBER},
      {"hosts", "#Hosts", C_NUMBER},
      {"collect", "How", C_TEXT}}},
    {"failed",
     "v_fleet_failed",
     "Tickets without a whole answer",
     "and why",
     200,
     {{"ticket", "Ticket", C_TICKET},
      {"outcome", "Outcome", C_OUTCOME},
      {"exit", "#Exit", C_NUMBER},
      {"reason", "Reason", C_TEXT}}},
    {"largest",
     "v_fleet_largest",
     "Largest tickets",
     "by the bytes that were read",
     10,
     {{"ticket", "Ticket", C_TICKET},
      {"bytes", "#Bytes", C_NUMBER},
      {"records", "#Records", C_NUMBER},
      {"files", "#Files", C_NUMBER}}},
    {"tickets",
     "v_ticket",
     "All tickets",
     "gravest first",
     TICKETS_SHOWN,
     {{"outcome", "Outcome", C_OUTCOME},
      {"ticket", "Ticket", C_TICKET},
      {"verdict", "Verdict", C_VERDICT},
      {"cause", "Surest cause", C_TEXT},
      {"hosts", "#Hosts", C_NUMBER},
      {"records", "#Records", C_NUMBER},
      {"partial", "#Files in part", C_NUMBER}}}};

/* The colours of tickets' outcomes; of one of no known kind, behind them. */
static const char *const hues[OUTCOMES + 1] = {
    [OUT_FAILED] = W_CONFIRMED, [OUT_UNEXPLAINED] = W_CONFIRMED, [OUT_EXPLAINED] = W_LIKELY,
    [OUT_LATENT] = W_LATENT,    [OUT_NOT_COVERED] = W_POSSIBLE,  [OUT_NO_EVIDENCE] = W_UNDETERMINED,
    [OUT_CLEAR] = "good",       [OUTCOMES] = W_UNDETERMINED,
};
static const char *in_words(enum outcome o) { return o < OUTCOMES ? outcome_said[o] : "of no known kind"; }

static const struct cell *cell_of(const struct cell *c, const char *const *name, size_t n, const char *want)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name[i], want) == 0)
            return &c[i];
    return NULL;
}

struct writing {
    struct buf *b;
    const struct section *s;
    size_t rows;
};

/* A few texts of meta for the head. */
struct head {
    struct arena a;
    struct str version, knowledge, options;
    int64_t tickets, missing;
};

static enum status head_read(struct casedb *db, struct head *h, struct err *e)
{
    if (!arena_make(&h->a, 1 << 20))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "fleet", "out of memory");
    enum status st = fleet_meta(db, "version", &h->a, &h->version, e);
    st = st == OK ? fleet_meta(db, "knowledge_sha256", &h->a, &h->knowledge, e) : st;
    st = st == OK ? fleet_meta(db, "options", &h->a, &h->options, e) : st;
    st = st == OK ? fleet_count(db, "v_ticket", &h->tickets, e) : st;
    return st == OK ? fleet_count(db, "v_fleet_missing", &h->missing, e) : st;
}

static enum status done(struct head *h, const struct buf *b, enum status st, struct err *e)
{
    arena_free(&h->a);
    return st == OK && b->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "fleet", "out of memory") : st;
}

/* --- json: every row of every view, by the names of its columns */
static enum status json_row(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct writing *w = ctx;
    struct buf *b = w->b;
    (void)e;
    buf_z(b, w->rows++ ? ",\n    {" : "\n    {");
    for (size_t i = 0; i < n; i++) {
        char text[WINTIME_TEXT];
        buf_z(b, i ? ", " : ""), buf_json(b, str_of(name[i])), buf_z(b, ": ");
        if (c[i].null)
            buf_z(b, "null");
        else if (c[i].type != COL_INT)
            buf_json(b, c[i].s);
        else if (str_ends_ci(str_of(name[i]), STR("_seen")))
            buf_json(b, str_of(wintime_text(c[i].i, text)));
        else
            buf_i64(b, c[i].i);
    }
    buf_char(b, '}');
    return OK;
}

static enum status json_missing(void *ctx, const struct cell *c, const char *const *name, size_t n,
                                struct err *e)
{
    struct writing *w = ctx;
    (void)name, (void)n, (void)e;
    buf_z(w->b, w->rows++ ? ", " : ""), buf_json(w->b, c[0].s);
    return OK;
}

static enum status write_json_fleet(struct casedb *db, struct buf *b, struct err *e)
{
    struct head h = {0};
    struct writing w = {.b = b};
    enum status st = head_read(db, &h, e);
    buf_z(b, "{\n  \"schema\": \"whylogon-fleet/1\",\n  \"tool\": {\"name\": \"whylogon\", \"version\": ");
    buf_json(b, h.version), buf_z(b, ", \"knowledge_sha256\": "), buf_json(b, h.knowledge);
    buf_z(b, "},\n  \"options\": "), buf_json(b, h.options), buf_z(b, ",\n  \"missing_shards\": [");
    st = st == OK ? fleet_rows(db, "v_fleet_missing", 0, json_missing, &w, e) : st;
    buf_z(b, "]");
    for (size_t i = 0; i < LEN(sections) && st == OK; i++) {
        w.rows = 0;
        buf_printf(b, ",\n  \"%s\": [", sections[i].key);
        st = fleet_rows(db, sections[i].view, 0, json_row, &w, e);
        buf_z(b, w.rows ? "\n  ]" : "]");
    }
    buf_z(b, "\n}\n");
    return done(&h, b, st, e);
}

/* --- html */
/* A way below the page: every byte that is not plain as %XX. A name that holds % is twice that. */
static void put_href(struct buf *b, struct str folder)
{
    buf_z(b, "tickets/");
    for (size_t i = 0; i < folder.n; i++) {
        char c = folder.p[i];
        bool plain = is_letter(c) || is_digit(c) || (c && strchr("._-~", c));
        if (plain)
            buf_char(b, c);
        else
            buf_printf(b, "%%%02X", (unsigned char)c);
    }
    buf_z(b, "/report.html");
}

static void html_cell(struct buf *b, const struct column *k, const struct cell *c, const struct cell *folder)
{
    bool nothing = !c || c->null;
    enum outcome o = nothing ? OUTCOMES : outcome_of(c->s);
    if (k->is == C_NUMBER)
        hsay(b, "<td class='num'>%n</td>", nothing ? NONE : c->i);
    else if (nothing)
        hsay(b, "<td>%s</td>", (struct str){0});
    else if (k->is == C_TIME)
        hsay(b, "<td>%t</td>", c->i);
    else if (k->is == C_OUTCOME)
        hsay(b, "<td><span class='pill %z'>%z</span></td>", hues[o], in_words(o));
    else if (k->is == C_VERDICT)
        hsay(b, "<td><span class='pill %s'>%s</span></td>", c->s, c->s);
    else if (k->is == C_TICKET && folder && !folder->null)
        buf_z(b, "<td><a href='"), put_href(b, folder->s),
            hsay(b, "'><bdi dir='auto'>%s</bdi></a></td>", c->s);
    else
        hsay(b, "<td><bdi dir='auto'>%s</bdi></td>", c->s);
}

static enum status html_row(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct writing *w = ctx;
    (void)e;
    if (!h_room(w->b))
        return OK;
    w->rows++;
    buf_z(w->b, "<tr>");
    for (const struct column *k = w->s->column; k->name; k++)
        html_cell(w->b, k, cell_of(c, name, n, k->name), cell_of(c, name, n, "folder"));
    buf_z(w->b, "</tr>\n");
    return OK;
}

static enum status html_section(struct casedb *db, struct buf *b, const struct section *s, struct err *e)
{
    struct writing w = {b, s, 0};
    int64_t all;
    enum status st = fleet_count(db, s->view, &all, e);
    if (st != OK || !all)
        return st;
    hsay(b,
         "<section class='part' id='%z'><h2>%z</h2><p class='hint'>%z</p>\n<div class='scroll' tabindex='0' "
         "role='region' aria-label='%z'><table><thead><tr>",
         s->key, s->title, s->hint, s->title);
    for (const struct column *k = s->column; k->name; k++)
        hsay(b, k->head[0] == '#' ? "<th scope='col' class='num'>%z</th>" : "<th scope='col'>%z</th>",
             k->head + (k->head[0] == '#'));
    buf_z(b, "</tr></thead><tbody>\n");
    st = fleet_rows(db, s->view, s->most, html_row, &w, e);
    buf_z(b, "</tbody></table>");
    if (st == OK && (uint64_t)all > w.rows)
        hsay(b, "<p class='left'>%n more in fleet.json</p>", all - (int64_t)w.rows);
    buf_z(b, "</div></section>\n");
    return st;
}

/* The picture: one bar of all tickets, and a legend that says the same in words. */
struct picture {
    struct buf bars, legend;
    double at, of;
};
static enum status draw_outcome(void *ctx, const struct cell *c, const char *const *name, size_t n,
                                struct err *e)
{
    struct picture *p = ctx;
    enum outcome o = outcome_of(c[0].s);
    (void)name, (void)n, (void)e;
    if (!c[1].i || o == OUTCOMES)
        return OK;
    double wide = 1000 * (double)c[1].i / p->of;
    buf_printf(&p->bars, "<rect class='of-%s' x='%.1f' y='0' width='%.1f' height='26'/>", outcome_ids[o],
               p->at, wide > 1.5 ? wide - 1 : wide);
    p->at += wide;
    hsay(&p->legend, "<li class='%z'><span class='of of-%z'></span><b>%n</b> %z</li>", hues[o],
         outcome_ids[o], c[1].i, in_words(o));
    return OK;
}

static enum status write_html_fleet(struct casedb *db, struct buf *b, struct err *e)
{
    struct head h = {0};
    struct picture p = {0};
    struct buf title = {0};
    enum status st = head_read(db, &h, e);
    hsay(&title, "%n ticket%+", h.tickets);
    st = st == OK ? h_page_begin(b, buf_view(&title), e) : st;
    if (st == OK && h.tickets) {
        p.of = (double)h.tickets;
        st = fleet_rows(db, "v_fleet_outcome", 0, draw_outcome, &p, e);
    }
    buf_z(b,
          "<header class='page'><div class='bar'><p class='brand'>whylogon</p><p class='who'>Many tickets</p>"
          "<nav aria-label='Parts of the page'>");
    for (size_t i = 1; i < LEN(sections) && st == OK; i++) {
        int64_t all; /* one without rows is not on the page */
        st = fleet_count(db, sections[i].view, &all, e);
        if (st == OK && all)
            hsay(b, "<a href='#%z'>%z</a>", sections[i].key, sections[i].title);
    }
    buf_z(b, "</nav></div></header>\n<main class='page'><div class='overview'><h1>"),
        buf_str(b, buf_view(&title));
    buf_z(b, "</h1>");
    if (h.missing)
        hsay(b,
             "<p class='window' role='note'>%n shard%z not in here yet: what follows is of the others.</p>",
             h.missing, h.missing == 1 ? " is" : "s are");
    if (p.bars.n) {
        buf_z(b, "<svg class='outcomes' viewBox='0 0 1000 26' preserveAspectRatio='none' aria-hidden='true' "
                 "focusable='false'>");
        buf_str(b, buf_view(&p.bars)), buf_z(b, "</svg><ul class='strip'>");
        buf_str(b, buf_view(&p.legend)), buf_z(b, "</ul>");
    }
    buf_z(b, "</div>\n");
    for (size_t i = 0; i < LEN(sections) && st == OK; i++)
        st = html_section(db, b, &sections[i], e);
    hsay(b,
         "</main>\n<footer class='page'><p class='end'>Made offline by whylogon %s, knowledge <span "
         "class='mono'>%s</span>. Links lead to the tickets' own reports in tickets/ beside this page. This "
         "file runs no script and loads nothing.</p></footer>\n</body>\n</html>\n",
         h.version, h.knowledge);
    b->bad |= p.bars.bad || p.legend.bad || title.bad;
    buf_free(&p.bars), buf_free(&p.legend), buf_free(&title);
    return done(&h, b, st, e);
}

/* --- markdown */
static void md_time(struct buf *b, int64_t t) { time_short(b, t); }
static const struct voice md = {buf_md, md_time, "\xe2\x80\x93", false, 300};

static enum status md_row(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct writing *w = ctx;
    (void)e;
    w->rows++;
    for (const struct column *k = w->s->column; k->name; k++) {
        const struct cell *v = cell_of(c, name, n, k->name);
        bool nothing = !v || v->null;
        if (k->is == C_NUMBER)
            say(w->b, &md, "| %n ", nothing ? NONE : v->i);
        else if (k->is == C_TIME)
            say(w->b, &md, "| %t ", nothing ? NONE : v->i);
        else
            say(w->b, &md, "| %s ",
                nothing              ? (struct str){0}
                : k->is == C_OUTCOME ? str_of(in_words(outcome_of(v->s)))
                                     : v->s);
    }
    buf_z(w->b, "|\n");
    return OK;
}

static enum status write_md_fleet(struct casedb *db, struct buf *b, struct err *e)
{
    struct head h = {0};
    enum status st = head_read(db, &h, e);
    say(b, &md, "# %n ticket%+\n", h.tickets);
    if (h.missing)
        say(b, &md, "\n%n shard%z not in here yet.\n", h.missing, h.missing == 1 ? " is" : "s are");
    for (size_t i = 0; i < LEN(sections) && st == OK; i++) {
        const struct section *s = &sections[i];
        struct writing w = {b, s, 0};
        int64_t all;
        if ((st = fleet_count(db, s->view, &all, e)) != OK || !all)
            continue;
        say(b, &md, "\n## %z\n\n%z\n\n", s->title, s->hint);
        for (const struct column *k = s->column; k->name; k++)
            say(b, &md, "| %z ", k->head + (k->head[0] == '#'));
        buf_z(b, "|\n");
        for (const struct column *k = s->column; k->name; k++)
            buf_z(b, k->head[0] == '#' ? "|--:" : "|---");
        buf_z(b, "|\n");
        st = fleet_rows(db, s->view, s->most > MD_TICKETS ? MD_TICKETS : s->most, md_row, &w, e);
        if (st == OK && (uint64_t)all > w.rows)
            say(b, &md, "\n*%n more are in fleet.json.*\n", all - (int64_t)w.rows);
    }
    say(b, &md, "\nMade offline by whylogon %s, knowledge `%s`.\n", h.version, h.knowledge);
    return done(&h, b, st, e);
}

const struct fleet_format fleet_formats[] = {{"html", "fleet.html", write_html_fleet},
                                             {"md", "fleet.md", write_md_fleet},
                                             {"json", "fleet.json", write_json_fleet},
                                             {NULL, NULL, NULL}};
