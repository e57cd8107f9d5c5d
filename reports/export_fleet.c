/* Exports of a fleet: one file for all tickets of a run. JUnit: a suite a ticket, a test each for the ticket
 * itself, for the outcome of each of its hosts and for each finding. SARIF 2.1.0: one run, a result a
 * finding; its place is the folder of the ticket, where the case tells the bytes. What was ruled out is not
 * in a fleet. Rows go out as they are read: a suite, or a result, is all that is held at a time. */
#include "reports/export_priv.h"
#include "case/fleetdb.h"
#include "case/named.h"
#include <string.h>

enum { OF_TICKET, OF_HOST, OF_FINDING };

/* word: an outcome, or a verdict; text: why a ticket has no answer, or the title of a cause; code: what its
 * analysis ended with; n: files of a ticket not read to the end, failures of a finding */
struct row {
    int64_t what, code, n, first, last, ruled_out;
    struct str ticket, folder, host, word, text, cause, subject;
};
typedef enum status row_take(void *ctx, const struct row *r, struct err *e);

struct reading {
    row_take *take;
    void *ctx;
};

static int64_t cell_number(const struct cell *c) { return c->null ? NONE : c->i; }
static struct str cell_text(const struct cell *c) { return c->null ? (struct str){0} : c->s; }

static enum status read_row(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    const struct reading *of = ctx;
    (void)name, (void)n;
    struct row r = {.what = c[2].i,
                    .code = cell_number(&c[9]),
                    .n = cell_number(&c[10]),
                    .first = cell_number(&c[11]),
                    .last = cell_number(&c[12]),
                    .ruled_out = cell_number(&c[13]),
                    .ticket = c[0].s,
                    .folder = c[1].s,
                    .host = cell_text(&c[4]),
                    .word = cell_text(&c[5]),
                    .text = cell_text(&c[6]),
                    .cause = cell_text(&c[7]),
                    .subject = cell_text(&c[8])};
    return of->take(of->ctx, &r, e);
}

static enum status each_row(struct casedb *db, row_take *take, void *ctx, struct err *e)
{
    return case_named(db, Q_FLEET_ROWS, "", NULL, read_row, &(struct reading){take, ctx}, e);
}

static enum status no_room(struct err *e)
{
    return err_set(e, E_NOMEM, ERR_NO_OFF, "export", "out of memory");
}

static enum status hand_over(const struct export_to *to, struct buf *b, struct err *e)
{
    enum status st = b->bad ? no_room(e) : b->n ? to->put(to->ctx, buf_view(b), e) : OK;
    b->n = 0;
    return st;
}

/* The window that all tickets were asked for, as it was given: of "--since=2026-03-01 --until=2026-03-02
 * --strict". */
static enum status asked(struct casedb *db, struct arena *a, struct str *since, struct str *until,
                         struct err *e)
{
    static const char from[] = "--since=", to[] = "--until=";
    struct str rest;
    enum status st = fleet_meta(db, "options", a, &rest, e);
    while (st == OK && rest.n) {
        struct str word = str_cut(&rest, ' ');
        if (str_starts_ci(word, STR(from)))
            *since = str_skip(word, sizeof from - 1);
        else if (str_starts_ci(word, STR(to)))
            *until = str_skip(word, sizeof to - 1);
    }
    return st;
}

/* --- JUnit */

struct suites {
    const struct export_to *to;
    unsigned fail_on;
    struct junit_counts all, one;
    struct str ticket; /* of the suite in work */
    struct str since, until;
    struct buf name, tests, out;
    bool counting;
};

static enum junit_result result_of(const struct row *r, unsigned fail_on)
{
    enum outcome o = outcome_of(r->word);
    enum verdict v = verdict_of(r->word);
    if (r->what == OF_TICKET)
        return o == OUT_FAILED || o == OUT_NO_EVIDENCE ? JUNIT_ERRED : JUNIT_PASSED;
    if (r->what == OF_HOST)
        return fails_outcome(fail_on, r->word) ? JUNIT_FAILED : JUNIT_PASSED;
    bool fails = fails_verdict(fail_on, v);
    if (v == V_UNDETERMINED)
        return fails ? JUNIT_ERRED : JUNIT_SKIPPED;
    return fails ? JUNIT_FAILED : JUNIT_PASSED;
}

static void put_test(const struct row *r, enum junit_result result, struct buf *b)
{
    const char *tag = junit_tags[result];
    if (r->what == OF_FINDING)
        say(b, &junit_voice, "    <testcase classname=\"%s.%s.%s\" name=\"%s\" time=\"0\">", r->ticket,
            r->host, r->cause, r->subject.n ? r->subject : r->host);
    else if (r->what == OF_HOST)
        say(b, &junit_voice, "    <testcase classname=\"%s.%s\" name=\"outcome\" time=\"0\">", r->ticket,
            r->host);
    else
        say(b, &junit_voice, "    <testcase classname=\"%s\" name=\"ticket was read\" time=\"0\">",
            r->ticket);
    struct str message = r->text.n ? r->text : r->word;
    if (tag)
        say(b, &junit_voice, "<%z message=\"%s: %s\" type=\"%s\">tickets/%s</%z>", tag, r->word, message,
            r->word, r->folder, tag);
    else if (r->what == OF_TICKET)
        say(b, &junit_voice, "<system-out>%s, exit code %i, %i ruled out</system-out>", r->word, r->code,
            r->ruled_out == NONE ? (int64_t)0 : r->ruled_out);
    else
        say(b, &junit_voice, "<system-out>%s: %s</system-out>", r->word, message);
    buf_z(b, "</testcase>\n");
}

static enum status end_suite(struct suites *s, struct err *e)
{
    if (!s->name.n)
        return OK;
    junit_suite(&s->one, buf_view(&s->name), &s->out), junit_asked(s->since, s->until, &s->out);
    buf_str(&s->out, buf_view(&s->tests)), buf_z(&s->out, "  </testsuite>\n");
    s->out.bad |= s->name.bad || s->tests.bad;
    s->name.n = s->tests.n = 0, s->one = (struct junit_counts){0};
    return hand_over(s->to, &s->out, e);
}

/* Every ticket's own row comes first. */
static enum status take_test(void *ctx, const struct row *r, struct err *e)
{
    struct suites *s = ctx;
    enum junit_result result = result_of(r, s->fail_on);
    if (s->counting)
        return s->all.n[result]++, OK;
    enum status st = r->what == OF_TICKET ? end_suite(s, e) : OK;
    if (r->what == OF_TICKET)
        buf_str(&s->name, r->ticket);
    s->one.n[result]++;
    put_test(r, result, &s->tests);
    return st;
}

static enum status fleet_junit(struct casedb *db, const struct export_options *o, const struct export_to *to,
                               struct err *e)
{
    struct suites s = {.to = to, .fail_on = o->fail_on, .counting = true};
    struct arena a;
    if (!arena_make(&a, 1 << 16))
        return no_room(e);
    enum status st = asked(db, &a, &s.since, &s.until, e);
    st = st == OK ? each_row(db, take_test, &s, e) : st;
    if (st == OK) {
        s.counting = false;
        junit_begin(&s.all, &s.out);
        st = hand_over(to, &s.out, e);
    }
    st = st == OK ? each_row(db, take_test, &s, e) : st;
    st = st == OK ? end_suite(&s, e) : st;
    buf_z(&s.out, "</testsuites>\n");
    st = st == OK ? hand_over(to, &s.out, e) : st;
    buf_free(&s.name), buf_free(&s.tests), buf_free(&s.out), arena_free(&a);
    return st;
}

/* --- SARIF */

struct run {
    const struct export_to *to;
    struct buf out, message;
    uint64_t n;
    struct str version, knowledge, since, until;
};

static enum status take_rule(void *ctx, const struct cell *c, const char *const *name, size_t n,
                             struct err *e)
{
    struct run *s = ctx;
    (void)name, (void)n;
    say(&s->out, &sarif_voice, s->n++ ? ",\n            %z" : "\n            %z", ""),
        say(&s->out, &sarif_voice, "{'id': %s, 'shortDescription': {'text': %s}}", c[0].s, c[1].s);
    return hand_over(s->to, &s->out, e);
}

static enum status take_result(void *ctx, const struct row *r, struct err *e)
{
    struct run *s = ctx;
    struct buf *b = &s->out, *m = &s->message;
    char print[SHA256_TEXT];
    enum verdict v = r->what == OF_FINDING ? verdict_of(r->word) : VERDICTS;
    if (v == VERDICTS)
        return OK;
    if (!sarif_fingerprint((const struct str[]){r->ticket, r->cause, r->host, r->subject}, 4, print))
        return no_room(e);
    m->n = 0;
    buf_z(m, verdict_words[v].label), buf_z(m, ": "), sarif_add(m, r->text);
    if (r->subject.n)
        buf_z(m, ", "), sarif_add(m, r->subject);
    buf_z(m, " on "), sarif_add(m, r->host), buf_z(m, ", ticket "), sarif_add(m, r->ticket), buf_char(m, '.');
    const struct sarif_words *w = &sarif_words[v];
    buf_z(b, s->n++ ? ",\n        " : "\n        ");
    say(b, &sarif_voice,
        "{'ruleId': %s, 'kind': '%z', 'level': '%z', 'rank': %i,\n          'message': {'text': %s},\n",
        r->cause, w->kind, w->level, w->rank, m->n ? buf_view(m) : STR(""));
    m->n = 0;
    buf_z(m, "tickets/"), buf_str(m, r->folder), buf_char(m, '/');
    buf_z(b, "          \"locations\": [{\"physicalLocation\": {\"artifactLocation\": {");
    sarif_uri(b, buf_view(m));
    say(b, &sarif_voice, "}}}],\n          'fingerprints': {'whylogon/ticket-finding/v1': '%z'},\n", print);
    say(b, &sarif_voice,
        "          'properties': {'verdict': %s, 'ticket': %s, 'host': %s, 'subject': %s, 'firstSeen': %t, "
        "'lastSeen': %t, 'count': %i}}",
        r->word, r->ticket, r->host, r->subject, r->first, r->last, r->n == NONE ? (int64_t)0 : r->n);
    b->bad |= m->bad;
    return hand_over(s->to, b, e);
}

static enum status take_notice(void *ctx, const struct row *r, struct err *e)
{
    struct run *s = ctx;
    if (r->what != OF_TICKET || result_of(r, 0) == JUNIT_PASSED)
        return OK;
    s->message.n = 0;
    sarif_add(&s->message, r->ticket), buf_z(&s->message, ": "),
        sarif_add(&s->message, r->text.n ? r->text : r->word);
    say(&s->out, &sarif_voice,
        s->n++ ? ", {'level': 'warning', 'message': {'text': %s}}"
               : "{'level': 'warning', 'message': {'text': %s}}",
        buf_view(&s->message));
    s->out.bad |= s->message.bad;
    return hand_over(s->to, &s->out, e);
}

static enum status fleet_sarif(struct casedb *db, const struct export_options *o, const struct export_to *to,
                               struct err *e)
{
    struct run s = {.to = to};
    struct arena a;
    (void)o;
    if (!arena_make(&a, 1 << 16))
        return no_room(e);
    enum status st = fleet_meta(db, "version", &a, &s.version, e);
    st = st == OK ? fleet_meta(db, "knowledge_sha256", &a, &s.knowledge, e) : st;
    st = st == OK ? asked(db, &a, &s.since, &s.until, e) : st;
    sarif_begin(&s.out, STR("whylogon"), s.version);
    buf_z(&s.out, "          \"rules\": [");
    st = st == OK ? case_named(db, Q_FLEET_RULES, "", NULL, take_rule, &s, e) : st;
    buf_z(&s.out, "]\n        }\n      },\n      \"invocations\": [{\"executionSuccessful\": true, "
                  "\"toolExecutionNotifications\": [");
    s.n = 0;
    st = st == OK ? each_row(db, take_notice, &s, e) : st;
    say(&s.out, &sarif_voice, "]}],\n      'properties': {'knowledge_sha256': %s", s.knowledge);
    if (s.since.n)
        say(&s.out, &sarif_voice, ", 'since': %s", s.since);
    if (s.until.n)
        say(&s.out, &sarif_voice, ", 'until': %s", s.until);
    say(&s.out, &sarif_voice, "},\n      'results': [%z", "");
    s.n = 0;
    st = st == OK ? each_row(db, take_result, &s, e) : st;
    buf_z(&s.out, s.n ? "\n      ]\n    }\n  ]\n}\n" : "]\n    }\n  ]\n}\n");
    st = st == OK ? hand_over(to, &s.out, e) : st;
    buf_free(&s.out), buf_free(&s.message), arena_free(&a);
    return st;
}

const struct export_format export_fleet_formats[] = {{"sarif", fleet_sarif}, {"junit", fleet_junit}, {0}};
