/* What the evidence covers, the facts cited, the files read, and how to do it again. */
#include "reports/html.h"
#include "base/verdict.h"
#include "base/wintime.h"

static void span_bar(struct buf *b, const struct r_coverage *c, struct window all)
{
    if (c->from_time == NONE || c->to_time == NONE || all.from == NONE || all.to <= all.from
        || c->to_time < c->from_time || !wintime_sane(all.from) || !wintime_sane(all.to))
        return;
    int64_t unit = (all.to - all.from) / 1000 + 1, x = (c->from_time - all.from) / unit,
            w = (c->to_time - c->from_time) / unit;
    if (x >= 0 && x <= 1000)
        hsay(b,
             "<svg class='span' viewBox='0 0 1010 80' preserveAspectRatio='none' aria-hidden='true'><rect "
             "class='all' width='1010' height='80'/><rect x='%i' width='%i' height='80'/></svg>",
             x, w < 10 ? (int64_t)10 : w);
}

static struct window host_window(const struct report *r, struct str name)
{
    const struct r_host *h = find_host(r, name);
    return h ? log_window(r, h) : (struct window){NONE, NONE};
}

/* Missing artefacts that no finding asks for and not every judgement needs are folded away. */
static bool folded_away(const struct report *r, const struct r_coverage *c)
{
    return str_eq(c->state, STR("missing")) && !is_wanted(r, c);
}

static void coverage_table(struct buf *b, const struct report *r, bool away, size_t all)
{
    static const char *const head[] = {"Artefact", "Host",   "State",  "From (UTC)",
                                       "To (UTC)", "Covers", "Detail", NULL};
    const struct r_coverage *c = r->coverage.row;
    size_t n = 0;
    h_table(b, r, away ? "Missing artefacts" : "Artefacts",
            away ? "nothing found asks for them" : "what each one covers", head);
    for (size_t i = 0; i < r->coverage.n && n < h_rows(r) && h_room(b); i++, c++) {
        if (folded_away(r, c) != away)
            continue;
        hsay(b, "<tr><th scope='row'><bdi dir='auto'>%s</bdi></th>", c->artifact), h_host_cell(b, r, c->host),
            buf_z(b, "<td>"), h_state(b, c->state);
        hsay(b, "</td><td>%t</td><td>%t</td><td>", c->from_time, c->to_time),
            span_bar(b, c, host_window(r, c->host));
        hsay(b, "</td><td><bdi dir='auto'>%s</bdi></td></tr>\n", c->detail), n++;
    }
    h_table_end(b, all - n, "v_coverage");
}

static void collect_table(struct buf *b, const struct report *r)
{
    static const char *const head[] = {"Artefact", "Host", "#Findings", "Command", NULL};
    const struct r_collect *k = r->collect.row;
    size_t n = 0;
    h_table(b, r, "What to collect next", "what bears on most undecided findings first", head);
    for (; n < r->collect.n && n < h_rows(r) && h_room(b); n++) {
        hsay(b, "<tr><th scope='row'><bdi dir='auto'>%s</bdi></th>", k[n].artifact),
            h_host_cell(b, r, k[n].host);
        hsay(b, "<td class='num'>%n</td><td><kbd>%s</kbd></td></tr>\n", k[n].n, k[n].command);
    }
    h_table_end(b, r->collect.n - n + r->collect.more, "v_finding_unknown");
}

/* Causes of which nothing is known on hosts where nothing failed. */
static void unasked(struct buf *b, const struct report *r)
{
    static const char *const head[] = {"Artefact", "Host", "Causes", "Command", NULL};
    const struct r_host *h = r->host.row;
    const struct r_unasked *x = r->unasked.row;
    static const char *const of_many[] = {"Artefact", "Command, causes", "#Hosts", "Which", NULL};
    size_t n = 0, all = 0;
    for (size_t i = 0; i < r->host.n; i++)
        all += is_quiet(h + i) ? h[i].unasked.n : 0;
    if (!all)
        return;
    buf_z(b, "<div id='unasked'>\n");
    if (is_many(r)) {
        h_alike(b, r, "unasked", "Causes that could not be asked",
                "where nothing failed; what tells of them was not read", of_many);
        buf_z(b, "</div>\n");
        return;
    }
    h_table(b, r, "Causes that could not be asked", "what tells of them was not read", head);
    for (size_t i = 0; i < r->host.n; i++)
        for (size_t k = h[i].unasked.at; is_quiet(h + i) && k < h[i].unasked.at + h[i].unasked.n; k++) {
            if (n == h_rows(r) || !h_room(b))
                break;
            hsay(b, "<tr><th scope='row'><bdi dir='auto'>%s</bdi></th>", x[k].artifact),
                h_host_cell(b, r, x[k].host), buf_z(b, "<td>");
            const char *sep = "";
            for (struct str rest = x[k].causes; rest.n; sep = ", ")
                buf_z(b, sep), hsay(b, "%s", str_cut(&rest, '\n'));
            hsay(b, "</td><td><kbd>%s</kbd></td></tr>\n", x[k].collect), n++;
        }
    h_table_end(b, all - n + r->unasked.more, "v_unasked"), buf_z(b, "</div>\n");
}

void h_coverage(struct buf *b, const struct report *r)
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
    unasked(b, r);
    if (!r->coverage.n)
        buf_z(b, "<p class='nil'>Nothing was covered.</p>\n");
    if (n[0] && !is_many(r))
        coverage_table(b, r, false, n[0]);
    if (is_many(r)) {
        static const char *const head[] = {"Artefact", "State", "#Hosts", "Which", NULL};
        h_alike(b, r, "coverage", "Missing or incomplete", "how many hosts lack what", head);
    } else if (n[1]) {
        buf_z(b, "<details class='fold " W_UNDETERMINED "'><summary>"), h_glyph(b, W_UNDETERMINED);
        hsay(b, "Missing artefacts: %n <small>no finding asks for them</small></summary>", (int64_t)n[1]);
        coverage_table(b, r, true, n[1]), buf_z(b, "</details>\n");
    }
    buf_z(b, "</section>\n");
}

void h_cited(struct buf *b, const struct report *r)
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
    h_table(b, r, "Facts by file and byte", "every one that a finding above cites", head);
    for (; n < r->cited.n && h_room(b); n++) {
        hsay(b,
             "<tr id='e-%s'><th scope='row' class='id'>%s</th><td>%t</td><td><bdi "
             "dir='auto'>%s</bdi></td><td><bdi dir='auto'>%s</bdi>",
             c[n]->id, c[n]->id, c[n]->fact_time, c[n]->summary.n ? c[n]->summary : c[n]->explain,
             c[n]->path);
        if (c[n]->off != NONE)
            buf_printf(b, " @ 0x%llx", (unsigned long long)c[n]->off);
        hsay(b, "<span class='hash'>%s</span></td></tr>\n", c[n]->sha256);
    }
    h_table_end(b, r->cited.n - n, "v_citation");
    buf_z(b, "</section>\n");
}

static void anomalies(struct buf *b, const struct report *r)
{
    static const char *const head[] = {"File", "Offset", "What", NULL};
    const struct r_anomaly *an = r->anomaly.row;
    size_t n = 0;
    int64_t all = 0; /* also those that are not listed */
    if (!r->anomaly.n)
        return;
    for (size_t i = 0; i < r->anomaly.n; i++)
        all += i && an[i].file == an[i - 1].file ? 0 : an[i].total;
    hsay(b, "<details class='fold " W_LIKELY "'><summary>"), h_glyph(b, W_LIKELY),
        hsay(b, "Damage and anomalies: %n</summary>", all);
    h_table(b, r, "Damage and anomalies", "reading went on behind each of them", head);
    for (; n < r->anomaly.n && n < h_rows(r) && h_room(b); n++) {
        hsay(b, "<tr><th scope='row' class='id'>f%i</th><td class='mono'>", an[n].file);
        if (an[n].off != NONE)
            buf_printf(b, "0x%llx", (unsigned long long)an[n].off);
        hsay(b, "</td><td><bdi dir='auto'>%s</bdi>%z<bdi dir='auto'>%s</bdi></td></tr>\n", an[n].what,
             an[n].detail.n ? ": " : "", an[n].detail.n ? an[n].detail : STR(""));
    }
    h_table_end(b, (uint64_t)all - n, "v_anomaly");
    buf_z(b, "</details>\n");
}

void h_evidence(struct buf *b, const struct report *r)
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
        h_table(b, r, "Evidence files", "with their SHA-256", head);
    for (; n < r->evidence.n && n < h_rows(r) && h_room(b); n++, e++) {
        hsay(b, "<tr id='f%i'><th scope='row' class='id'>f%i</th><td><bdi dir='auto'>%s</bdi>", e->id, e->id,
             e->path);
        if (e->container.n)
            hsay(b, "<small>in <bdi dir='auto'>%s</bdi></small>", e->container);
        hsay(b, "<span class='hash'>%s</span></td><td>%s", e->sha256, e->kind);
        if (e->log_kind.n)
            hsay(b, "<small>%s</small>", e->log_kind);
        hsay(b,
             "</td><td class='num'>%n</td><td class='num'>%n</td><td class='num'>%n</td><td "
             "class='num'>%n</td><td>",
             e->bytes, e->parsed, e->recovered, e->failed),
            h_state(b, e->state);
        if (e->hive_kind.n)
            hsay(b, "<small>%s%z</small>", e->hive_kind, e->dirty == 1 ? ", was dirty" : "");
        if (e->older == 1)
            buf_z(b, "<small>older copy</small>");
        if (e->origin.n)
            hsay(b, "<small><bdi dir='auto'>%s</bdi></small>", e->origin);
        if (e->replay.n)
            hsay(b, "<small><bdi dir='auto'>%s</bdi></small>", e->replay);
        if (e->note.n)
            hsay(b, "<small><bdi dir='auto'>%s</bdi></small>", e->note);
        if (e->members_seen != NONE)
            hsay(b, "<small>%n files inside: %n read, %n could not be had</small>", e->members_seen,
                 e->members_wanted, e->members_failed);
        if (e->duplicate_of != NONE)
            hsay(b, "<small>same bytes as f%i</small>", e->duplicate_of);
        if (e->anomaly.n)
            hsay(b, "<small>%n anomalies</small>",
                 ((const struct r_anomaly *)r->anomaly.row)[e->anomaly.at].total);
        buf_z(b, "</td></tr>\n");
    }
    if (r->evidence.n)
        h_table_end(b, r->evidence.n - n, "v_evidence");
    anomalies(b, r);
    buf_z(b, "</section>\n");
}

void h_method(struct buf *b, const struct report *r)
{
    const struct r_pair *x = r->rule_error.row;
    buf_z(b,
          "<section class='part' id='method' aria-labelledby='h-method'>\n<h2 id='h-method'>Method</h2>\n<p "
          "class='hint'>No live host, no network, no change to the evidence: files are read once, "
          "hashed and parsed in one pass; rules are read-only SQL over the case.</p>\n");
    if (r->rule_error.n) {
        buf_z(b, "<p class='label'>Rules that failed to run</p><dl class='words " W_CONFIRMED "'>\n");
        for (size_t i = 0; i < r->rule_error.n && h_room(b); i++)
            hsay(b, "<dt>%s</dt><dd>%s</dd>\n", x[i].key, x[i].value);
        buf_z(b, "</dl>\n");
    }
    buf_z(b, "<p class='label'>What the verdicts mean</p>\n<dl class='words'>\n");
    for (size_t v = 0; v < VERDICTS; v++) {
        hsay(b, "<dt class='%z'>", verdict_words[v].id), h_glyph(b, verdict_words[v].id);
        hsay(b, " %z</dt><dd>%z</dd>\n", verdict_words[v].label, verdict_words[v].meaning);
    }
    hsay(b,
         "</dl>\n<p class='label'>To reproduce</p>\n<dl class='words'>\n<dt>Tool</dt><dd>%s "
         "%s</dd>\n<dt>Knowledge</dt><dd class='mono'>sha256 %s</dd>\n",
         r->tool, r->version, r->knowledge);
    hsay(b,
         "<dt>Evidence set</dt><dd><span class='mono'>sha256 %z</span><br>over the files' SHA-256, sorted, "
         "one "
         "a line</dd>\n",
         r->read.set_sha256);
    buf_z(b, "<dt>Check</dt><dd><kbd>whylogon verify case.db</kbd> hashes the evidence again and reads every "
             "cited fact anew with both readers</dd>\n"
             "<dt>Times</dt><dd>UTC; beside it the host's own clock, by the rule in its registry: each "
             "offset is that of its moment</dd>\n"
             "<dt>Text</dt><dd>Evidence text is shown escaped: \xe2\x9f\xa6U+202E\xe2\x9f\xa7 stands for a "
             "character that would not show or would mislead</dd>\n</dl>\n</section>\n");
}
