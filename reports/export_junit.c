/* JUnit's XML: a suite a host, a test a finding, and one for the host's outcome; one suite for the evidence.
 * A test that fails is one that --fail-on names; undetermined ones are skipped unless named, then errors,
 * since a skip passes every gate. Each test has one of failure, error, skipped, or nothing. */
#include "reports/export_priv.h"

static void junit_time(struct buf *b, int64_t t) { time_short(b, t), buf_z(b, " UTC"); }

static const struct voice xml = {buf_xml, junit_time, "", false, 0};

enum result { PASSED, FAILED, ERRED, SKIPPED, RESULTS };
static const char *const tags[RESULTS] = {NULL, "failure", "error", "skipped"};

struct counts {
    uint64_t n[RESULTS];
};

static enum result result_of(const struct r_finding *f, unsigned fail_on)
{
    if (f->verdict == V_UNDETERMINED)
        return fails_verdict(fail_on, f->verdict) ? ERRED : SKIPPED;
    return fails_verdict(fail_on, f->verdict) ? FAILED : PASSED;
}

static void put_finding(const struct report *r, const struct r_finding *f, enum result result, struct buf *b)
{
    const struct r_unknown *u = (const struct r_unknown *)r->unknown.row + f->unknown.at;
    say(b, &xml, "    <testcase classname=\"%s.%s\" name=\"%s\" time=\"0\">", f->host, f->cause,
        f->subject.n ? f->subject : f->host);
    if (result != PASSED)
        say(b, &xml, "<%z message=\"%z: %s\"", tags[result], verdict_words[f->verdict].id, f->title);
    if (result == FAILED || result == ERRED)
        say(b, &xml, " type=\"%z\">%s", verdict_words[f->verdict].id, f->explanation);
    if (result == SKIPPED)
        buf_z(b, ">");
    for (size_t i = 0; result != PASSED && i < f->unknown.n; i++)
        say(b, &xml, " Collect %s: %s", u[i].artifact, u[i].collect);
    for (size_t role = 0; result == FAILED && role < ROLES; role++) {
        const struct r_citation *c = first_cite(r, f, role);
        if (c)
            say(b, &xml, " %z: %s (%s, %s).", role_labels[role], c->explain.n ? c->explain : c->summary,
                c->path, c->id);
    }
    if (result != PASSED)
        say(b, &xml, "</%z>", tags[result]);
    else
        say(b, &xml, "<system-out>%z: %s</system-out>", verdict_words[f->verdict].id, f->title);
    buf_z(b, "</testcase>\n");
}

static void put_outcome(const struct r_host *h, bool fails, struct buf *b)
{
    const struct outcome_words *w = outcome_in_words(h);
    struct str host = h->host;
    say(b, &xml, "    <testcase classname=\"%s\" name=\"outcome\" time=\"0\">", host);
    if (fails)
        say(b, &xml,
            "<failure message=\"%s\" type=\"%s\">%i of %i failures that count have no cause at or "
            "above possible.</failure>",
            h->word, h->word, h->open, h->failures);
    else
        say(b, &xml, "<system-out>%s: %z</system-out>", h->word, w->brief);
    buf_z(b, "</testcase>\n");
}

static void put_suite(const struct counts *c, struct str name, struct buf *b)
{
    uint64_t all = c->n[PASSED] + c->n[FAILED] + c->n[ERRED] + c->n[SKIPPED];
    say(b, &xml,
        "  <testsuite name=\"%s\" tests=\"%i\" failures=\"%i\" errors=\"%i\" skipped=\"%i\" time=\"0\">\n",
        name, (int64_t)all, (int64_t)c->n[FAILED], (int64_t)c->n[ERRED], (int64_t)c->n[SKIPPED]);
}

static void put_host(const struct report *r, const struct r_host *h, unsigned fail_on, struct counts *all,
                     struct buf *b)
{
    const struct r_finding *f = r->finding.row;
    struct counts c = {0};
    bool fails = fails_outcome(fail_on, h->word);
    c.n[fails ? FAILED : PASSED]++;
    for (size_t i = 0; i < r->finding.n; i++)
        if (str_eq(f[i].host, h->host))
            c.n[result_of(f + i, fail_on)]++;
    put_suite(&c, h->host, b);
    put_outcome(h, fails, b);
    for (size_t i = 0; i < r->finding.n; i++)
        if (str_eq(f[i].host, h->host))
            put_finding(r, f + i, result_of(f + i, fail_on), b);
    buf_z(b, "  </testsuite>\n");
    for (size_t i = 0; i < RESULTS; i++)
        all->n[i] += c.n[i];
}

static void put_evidence(const struct report *r, struct counts *all, struct buf *b)
{
    const struct r_pair *word = r->status.row;
    struct counts c = {0};
    enum result result = r->read.read ? PASSED : ERRED;
    c.n[result]++, all->n[result]++;
    put_suite(&c, STR("evidence"), b);
    buf_z(b, "    <testcase classname=\"whylogon\" name=\"evidence was read\" time=\"0\">");
    if (result == ERRED)
        buf_z(b, "<error message=\"no usable evidence\" type=\"no_evidence\"></error>");
    else
        buf_z(b, "<system-out>");
    for (size_t i = 0; result == PASSED && i < r->status.n; i++)
        say(b, &xml, i ? " %s" : "%s", word[i].key);
    buf_z(b,
          result == PASSED ? "</system-out></testcase>\n  </testsuite>\n" : "</testcase>\n  </testsuite>\n");
}

enum status export_junit(const struct report *r, const struct export_options *o, struct buf *b, struct err *e)
{
    const struct r_host *h = r->host.row;
    struct counts all = {0};
    struct buf suites = {0};
    put_evidence(r, &all, &suites);
    for (size_t i = 0; i < r->host.n; i++)
        put_host(r, h + i, o->fail_on, &all, &suites);
    say(b, &xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"whylogon\" tests=\"%i\" "
        "failures=\"%i\" "
        "errors=\"%i\" skipped=\"%i\" time=\"0\">\n",
        (int64_t)(all.n[PASSED] + all.n[FAILED] + all.n[ERRED] + all.n[SKIPPED]), (int64_t)all.n[FAILED],
        (int64_t)all.n[ERRED], (int64_t)all.n[SKIPPED]);
    buf_str(b, buf_view(&suites)), buf_z(b, "</testsuites>\n");
    b->bad |= suites.bad;
    buf_free(&suites);
    return b->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "export", "out of memory") : OK;
}
