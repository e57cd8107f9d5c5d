/* The page around the screens: head, policy, style, navigation. */
#include "reports/html.h"
#include "base/hash.h"
#include "kb/kb_files.h"

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

enum status h_page_begin(struct buf *b, struct str title, struct err *e)
{
    struct str css = style();
    struct sha256 sha;
    uint8_t sum[SHA256_BYTES];
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
    buf_str(b, title);
    buf_z(b, " \xc2\xb7 whylogon</title>\n<style>"), buf_str(b, css), buf_z(b, "</style>\n</head>\n<body>\n");
    return OK;
}

static enum status head(const struct report *r, struct buf *b, struct err *e)
{
    const struct r_host *host = r->host.row;
    struct buf title = {0};
    if (r->host.n == 1 && headline(r, host))
        hsay(&title, "%s: %s", host->host, headline(r, host)->title);
    else if (r->host.n == 1)
        hsay(&title, outcome_in_words(host)->headline, host->host);
    else
        hsay(&title, r->host.n ? "%n hosts" : "No usable evidence", (int64_t)r->host.n);
    enum status st = h_page_begin(b, buf_view(&title), e);
    b->bad |= title.bad;
    buf_free(&title);
    return st;
}

static void bar(struct buf *b, const struct report *r)
{
    const struct r_host *host = r->host.row;
    buf_z(b, "<a class='skip' href='#findings'>Skip to the findings</a>\n<header class='page'><div "
             "class='bar'><p class='brand'>whylogon</p><p class='who'>");
    if (r->host.n == 1)
        hsay(b, "<b><bdi dir='auto'>%s</bdi></b>", host->host), h_host_words(b, host, " \xc2\xb7 ");
    else
        buf_z(b, "Why logons failed");
    buf_z(b, "</p><nav aria-label='Parts of the report'><a href='#findings'>Findings</a><a "
             "href='#facts'>Facts</a>");
    buf_z(b, r->log.n ? "<a href='#summary'>Summary</a>" : "");
    buf_z(b, "<a href='#coverage'>Coverage</a>");
    buf_z(b, r->cited.n ? "<a href='#cited'>Cited facts</a>" : "");
    buf_z(b, "<a href='#evidence'>Evidence</a><a href='#method'>Method</a></nav></div></header>\n");
}

/* What is not here, where all is asked. */
static void h_cut(struct buf *b, const struct report *r)
{
    const struct r_pair *p = r->cut.row;
    if (!r->late && !r->cut.n)
        return;
    buf_z(b, "<p class='window' role='note'>This report is cut: ");
    buf_z(b, r->late ? "the time of the run was over before all was read. "
                     : "not all that the case holds fits. ");
    for (size_t i = 0; i < r->cut.n; i++)
        hsay(b, i ? ", %s of %s" : "Left out: %s of %s", p[i].value, p[i].key);
    buf_z(b, r->cut.n ? ". case.db has them.</p>\n" : "case.db has the rest.</p>\n");
}

enum status write_html(const struct report *r, struct buf *b, struct err *e)
{
    enum status st = head(r, b, e);
    if (st != OK)
        return st;
    buf_z(b, h_symbols), bar(b, r), buf_z(b, "<main class='page'>\n");
    if (r->asked.from != NONE || r->asked.to != NONE) {
        buf_z(b, "<p class='window' role='note'>Only records");
        if (r->asked.from != NONE)
            hsay(b, " from %t on", r->asked.from);
        if (r->asked.to != NONE)
            hsay(b, " up to %t", r->asked.to);
        buf_z(b,
              " (UTC) were asked for (--since, --until): coverage, counts, first and last seen are those of "
              "this time, and nothing is said of any other.</p>\n");
    }
    h_cut(b, r);
    if (!r->host.n)
        h_no_host(b, r);
    else if (r->host.n == 1)
        h_one_host(b, r, r->host.row);
    else
        h_many_hosts(b, r);
    h_findings(b, r), h_facts(b, r), h_summary(b, r), h_coverage(b, r), h_cited(b, r), h_evidence(b, r),
        h_method(b, r);
    hsay(b,
         "</main>\n<footer class='page'><p class='end'>Made offline by %s %s. This file runs no script and "
         "loads nothing.</p></footer>\n</body>\n</html>\n",
         r->tool, r->version);
    return b->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "report.html", "out of memory") : OK;
}
