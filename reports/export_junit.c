/* JUnit's XML: a suite a host, a test a finding, and one for the host's outcome; one suite for the evidence.
 * A test that fails is one that --fail-on names; undetermined ones are skipped unless named, then errors,
 * since a skip passes every gate. Each test has one of failure, error, skipped, or nothing. */
#include "reports/export_priv.h"

static void junit_time(struct buf *b, int64_t t) { time_short(b, t), buf_z(b, " UTC"); }

const struct voice junit_voice = {buf_xml, junit_time, "", false, 0};

const char *const junit_tags[JUNIT_RESULTS] = {NULL, "failure", "error", "skipped"};

static enum junit_result result_of(const struct r_finding *f, unsigned fail_on)
{
    if (f->verdict == V_UNDETERMINED)
        return fails_verdict(fail_on, f->verdict) ? JUNIT_ERRED : JUNIT_SKIPPED;
    return fails_verdict(fail_on, f->verdict) ? JUNIT_FAILED : JUNIT_PASSED;
}

static void put_finding(const struct report *r, const struct r_finding *f, enum junit_result result,
                        struct buf *b)
{
    const struct r_unknown *u = (const struct r_unknown *)r->unknown.row + f->unknown.at;
    say(b, &junit_voice, "    <testcase classname=\"%s.%s\" name=\"%s\" time=\"0\">", f->host, f->cause,
        f->subject.n ? f->subject : f->host);
    if (result != JUNIT_PASSED)
        say(b, &junit_voice, "<%z message=\"%z: %s\"", junit_tags[result], verdict_words[f->verdict].id,
            f->title);
    if (result == JUNIT_FAILED || result == JUNIT_ERRED)
        say(b, &junit_voice, " type=\"%z\">%s", verdict_words[f->verdict].id, f->explanation);
    if (result == JUNIT_SKIPPED)
        buf_z(b, ">");
    for (size_t i = 0; result != JUNIT_PASSED && i < f->unknown.n; i++)
        say(b, &junit_voice, " Collect %s: %s", u[i].artifact, u[i].collect);
    for (size_t role = 0; result == JUNIT_FAILED && role < ROLES; role++) {
        const struct r_citation *c = first_cite(r, f, role);
        if (c)
            say(b, &junit_voice, " %z: %s (%s, %s).", role_labels[role],
                c->explain.n ? c->explain : c->summary, c->path, c->id);
    }
    if (result != JUNIT_PASSED)
        say(b, &junit_voice, "</%z>", junit_tags[result]);
    else
        say(b, &junit_voice, "<system-out>%z: %s</system-out>", verdict_words[f->verdict].id, f->title);
    buf_z(b, "</testcase>\n");
}

static void put_outcome(const struct r_host *h, bool fails, struct buf *b)
{
    struct str host = h->host;
    say(b, &junit_voice, "    <testcase classname=\"%s\" name=\"outcome\" time=\"0\">", host);
    if (fails)
        say(b, &junit_voice,
            "<failure message=\"%s\" type=\"%s\">%i of %i failures that count have no cause at or "
            "above possible.</failure>",
            h->word, h->word, h->open, h->failures);
    else
        say(b, &junit_voice, "<system-out>%s: %z</system-out>", h->word, outcome_labels[h->judged]);
    buf_z(b, "</testcase>\n");
}

void junit_begin(const struct junit_counts *all, struct buf *b)
{
    say(b, &junit_voice,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"whylogon\" tests=\"%i\" "
        "failures=\"%i\" "
        "errors=\"%i\" skipped=\"%i\" time=\"0\">\n",
        (int64_t)(all->n[JUNIT_PASSED] + all->n[JUNIT_FAILED] + all->n[JUNIT_ERRED] + all->n[JUNIT_SKIPPED]),
        (int64_t)all->n[JUNIT_FAILED], (int64_t)all->n[JUNIT_ERRED], (int64_t)all->n[JUNIT_SKIPPED]);
}

void junit_suite(const struct junit_counts *c, struct str name, struct buf *b)
{
    uint64_t all = c->n[JUNIT_PASSED] + c->n[JUNIT_FAILED] + c->n[JUNIT_ERRED] + c->n[JUNIT_SKIPPED];
    say(b, &junit_voice,
        "  <testsuite name=\"%s\" tests=\"%i\" failures=\"%i\" errors=\"%i\" skipped=\"%i\" time=\"0\">\n",
        name, (int64_t)all, (int64_t)c->n[JUNIT_FAILED], (int64_t)c->n[JUNIT_ERRED],
        (int64_t)c->n[JUNIT_SKIPPED]);
}

void junit_asked(struct str since, struct str until, struct buf *b)
{
    if (!since.n && !until.n)
        return;
    buf_z(b, "    <properties>");
    if (since.n)
        say(b, &junit_voice, "<property name=\"since\" value=\"%s\"/>", since);
    if (until.n)
        say(b, &junit_voice, "<property name=\"until\" value=\"%s\"/>", until);
    buf_z(b, "</properties>\n");
}

static void put_asked(const struct report *r, struct buf *b)
{
    struct buf since = {0}, until = {0};
    if (r->asked.from != NONE)
        junit_time(&since, r->asked.from);
    if (r->asked.to != NONE)
        junit_time(&until, r->asked.to);
    junit_asked(buf_view(&since), buf_view(&until), b);
    b->bad |= since.bad || until.bad;
    buf_free(&since), buf_free(&until);
}

static void put_host(const struct report *r, const struct r_host *h, unsigned fail_on,
                     struct junit_counts *all, struct buf *b)
{
    const struct r_finding *f = r->finding.row;
    struct junit_counts c = {0};
    bool fails = fails_outcome(fail_on, h->word);
    c.n[fails ? JUNIT_FAILED : JUNIT_PASSED]++;
    for (size_t i = 0; i < r->finding.n; i++)
        if (str_eq(f[i].host, h->host))
            c.n[result_of(f + i, fail_on)]++;
    junit_suite(&c, h->host, b), put_asked(r, b);
    put_outcome(h, fails, b);
    for (size_t i = 0; i < r->finding.n; i++)
        if (str_eq(f[i].host, h->host))
            put_finding(r, f + i, result_of(f + i, fail_on), b);
    buf_z(b, "  </testsuite>\n");
    for (size_t i = 0; i < JUNIT_RESULTS; i++)
        all->n[i] += c.n[i];
}

static void put_evidence(const struct report *r, struct junit_counts *all, struct buf *b)
{
    const struct r_pair *word = r->status.row;
    struct junit_counts c = {0};
    enum junit_result result = r->read.read ? JUNIT_PASSED : JUNIT_ERRED;
    c.n[result]++, all->n[result]++;
    junit_suite(&c, STR("evidence"), b);
    buf_z(b, "    <testcase classname=\"whylogon\" name=\"evidence was read\" time=\"0\">");
    if (result == JUNIT_ERRED)
        buf_z(b, "<error message=\"no usable evidence\" type=\"no_evidence\"></error>");
    else
        buf_z(b, "<system-out>");
    for (size_t i = 0; result == JUNIT_PASSED && i < r->status.n; i++)
        say(b, &junit_voice, i ? " %s" : "%s", word[i].key);
    buf_z(b, result == JUNIT_PASSED ? "</system-out></testcase>\n  </testsuite>\n"
                                    : "</testcase>\n  </testsuite>\n");
}

enum status export_junit(const struct report *r, const struct export_options *o, struct buf *b, struct err *e)
{
    const struct r_host *h = r->host.row;
    struct junit_counts all = {0};
    struct buf suites = {0};
    put_evidence(r, &all, &suites);
    for (size_t i = 0; i < r->host.n; i++)
        put_host(r, h + i, o->fail_on, &all, &suites);
    junit_begin(&all, b);
    buf_str(b, buf_view(&suites)), buf_z(b, "</testsuites>\n");
    b->bad |= suites.bad;
    buf_free(&suites);
    return b->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "export", "out of memory") : OK;
}
