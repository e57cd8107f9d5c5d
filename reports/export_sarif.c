/* SARIF 2.1.0: one result a finding. A verdict is a kind, so that "ruled out" is no warning: confirmed and
 * likely fail, possible is for review, undetermined is open, ruled out passes, latent informs. Places are
 * byte offsets; a log has no lines. */
#include "reports/export_priv.h"
#include "base/hash.h"
#include "base/wintime.h"
#include <string.h>

const struct sarif_words sarif_words[VERDICTS] = {
    [V_CONFIRMED] = {"fail", "error", 100},  [V_LIKELY] = {"fail", "warning", 75},
    [V_POSSIBLE] = {"review", "none", 50},   [V_LATENT] = {"informational", "none", 25},
    [V_UNDETERMINED] = {"open", "none", 10}, [V_RULED_OUT] = {"pass", "none", 0},
};

/* A time outside the years 1601..9999 is no date-time. */
static void sarif_time(struct buf *b, int64_t t)
{
    char out[WINTIME_TEXT];
    wintime_text(t, out);
    if (out[0] == 'i')
        buf_z(b, "null");
    else
        buf_printf(b, "\"%s\"", out);
}

/* Lone surrogates become U+FFFD: strict readers refuse them. */
static void text(struct buf *b, struct str s)
{
    struct buf one = {0};
    buf_str(&one, s);
    for (size_t i = 0; i + 2 < one.n; i++)
        if ((uint8_t)one.p[i] == 0xed && (uint8_t)one.p[i + 1] >= 0xa0)
            memcpy(one.p + i, "\xef\xbf\xbd", 3);
    buf_json(b, buf_view(&one));
    b->bad |= one.bad;
    buf_free(&one);
}

const struct voice sarif_voice = {text, sarif_time, "null", true, 0};

/* In a message braces are placeholders and brackets are links (3.11.5, 3.11.6): evidence gets neither. */
void sarif_add(struct buf *m, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '[' || c == ']')
            buf_char(m, '\\');
        if (c == '{' || c == '}')
            buf_char(m, c);
        buf_char(m, c);
    }
}

static void put_message(struct buf *b, struct buf *m)
{
    say(b, &sarif_voice, "'message': {'text': %s}", m->n ? buf_view(m) : STR(""));
    b->bad |= m->bad;
    buf_free(m);
}

/* RFC 3986: what is not unreserved is percent-encoded, so that no name is a scheme or leaves its place. */
void sarif_uri(struct buf *b, struct str path)
{
    struct buf uri = {0};
    for (size_t i = 0; i < path.n; i++) {
        char c = path.p[i];
        if (is_letter(c) || is_digit(c) || (c && strchr("/._-~", c)))
            buf_char(&uri, c);
        else
            buf_printf(&uri, "%%%02X", (unsigned)(uint8_t)c);
    }
    say(b, &sarif_voice, "'uri': %s", uri.n ? buf_view(&uri) : STR(""));
    b->bad |= uri.bad;
    buf_free(&uri);
}

/* Row of the file that an id such as f3:0x1200 or f3 names; NONE: of none. Rows are in the order of ids. */
static int64_t file_row(const struct report *r, struct str id)
{
    const struct r_evidence *e = r->evidence.row;
    int64_t n = 0;
    size_t lo = 0, hi = r->evidence.n;
    for (size_t i = 1; i < id.n && is_digit(id.p[i]) && n < INT32_MAX; i++)
        n = n * 10 + (id.p[i] - '0');
    while (lo < hi) {
        size_t half = lo + (hi - lo) / 2;
        if (e[half].id < n)
            lo = half + 1;
        else
            hi = half;
    }
    return lo < r->evidence.n && e[lo].id == n ? (int64_t)lo : NONE;
}

/* A member's place is that inside its container. parent: NONE where it lies in none. */
static void put_location(const struct report *r, int64_t row, int64_t *parent, struct buf *b)
{
    const struct r_evidence *e = r->evidence.row;
    struct str path = e[row].path;
    *parent = e[row].container.n ? file_row(r, e[row].container) : NONE;
    if (*parent != NONE) {
        struct str outer = e[*parent].path;
        if (path.n > outer.n && memcmp(path.p, outer.p, outer.n) == 0)
            path.p += outer.n, path.n -= outer.n;
    }
    sarif_uri(b, path);
}

static void put_artifacts(const struct report *r, struct buf *b)
{
    const struct r_evidence *e = r->evidence.row;
    buf_z(b, "      \"artifacts\": [");
    for (size_t i = 0; i < r->evidence.n; i++) {
        int64_t parent;
        say(b, &sarif_voice, i ? ",\n        {'location': {" : "\n        {'location': {");
        put_location(r, (int64_t)i, &parent, b);
        buf_char(b, '}');
        if (parent != NONE)
            say(b, &sarif_voice, ", 'parentIndex': %i", parent);
        if (e[i].bytes != NONE)
            say(b, &sarif_voice, ", 'length': %i", e[i].bytes);
        if (e[i].sha256.n)
            say(b, &sarif_voice, ", 'hashes': {'sha-256': %s}", e[i].sha256);
        say(b, &sarif_voice,
            ", 'roles': ['analysisTarget'], 'properties': {'id': 'f%i', 'kind': %s, 'state': %s, 'host': "
            "%s}}",
            e[i].id, e[i].kind, e[i].state, e[i].host);
    }
    buf_z(b, r->evidence.n ? "\n      ],\n" : "],\n");
}

/* The rules' places: of each finding that of the first with its cause. first: the findings that name one. */
static size_t number_rules(const struct report *r, int64_t *rule, size_t *first)
{
    const struct r_finding *f = r->finding.row;
    size_t n = 0;
    for (size_t i = 0; i < r->finding.n; i++) {
        size_t k = 0;
        while (k < n && !str_eq(f[first[k]].cause, f[i].cause))
            k++;
        if (k == n)
            first[n++] = i;
        rule[i] = (int64_t)k;
    }
    return n;
}

static void put_rules(const struct report *r, const size_t *first, size_t n, struct buf *b)
{
    const struct r_finding *f = r->finding.row;
    buf_z(b, "          \"rules\": [");
    for (size_t i = 0; i < n; i++)
        say(b, &sarif_voice, i ? ",\n            %z" : "\n            %z", ""),
            say(b, &sarif_voice, "{'id': %s, 'shortDescription': {'text': %s}}", f[first[i]].cause,
                f[first[i]].title);
    buf_z(b, n ? "\n          ]\n" : "]\n");
}

static void put_place(const struct report *r, const struct r_citation *c, struct buf *b)
{
    int64_t row = file_row(r, c->id), off = id_offset(c->id);
    struct buf m = {0};
    buf_z(b, "{");
    if (row != NONE) {
        int64_t parent;
        buf_z(b, "\"physicalLocation\": {\"artifactLocation\": {");
        put_location(r, row, &parent, b);
        say(b, &sarif_voice, ", 'index': %i}", row);
        if (off != NONE)
            say(b, &sarif_voice, ", 'region': {'byteOffset': %i}", off);
        buf_z(b, "}, ");
    }
    buf_z(&m, role_labels[c->role]), buf_z(&m, ": ");
    sarif_add(&m, c->explain.n ? c->explain : c->summary);
    buf_z(&m, " ("), sarif_add(&m, c->id), buf_z(&m, ")");
    put_message(b, &m);
    buf_char(b, '}');
}

static bool is_place(const struct r_citation *c) { return c->again != 1 && c->id.n; }

static void put_places(const struct report *r, const struct r_finding *f, struct buf *b)
{
    const struct r_citation *c = r->citation.row, *main = NULL;
    size_t n = 0;
    for (size_t role = 0; role < ROLES && !main; role++)
        for (size_t i = f->cite[role].at; i < f->cite[role].at + f->cite[role].n && !main; i++)
            main = is_place(c + i) ? c + i : NULL;
    buf_z(b, "          \"locations\": [");
    if (main)
        put_place(r, main, b);
    buf_z(b, "],\n          \"relatedLocations\": [");
    for (size_t role = 0; role < ROLES; role++)
        for (size_t i = f->cite[role].at; i < f->cite[role].at + f->cite[role].n; i++)
            if (is_place(c + i) && c + i != main)
                buf_z(b, n++ ? ",\n            " : "\n            "), put_place(r, c + i, b);
    buf_z(b, n ? "\n          ],\n" : "],\n");
}

bool sarif_fingerprint(const struct str *part, size_t n, char out[SHA256_TEXT])
{
    struct sha256 h;
    uint8_t sum[SHA256_BYTES];
    if (sha256_begin(&h))
        for (size_t i = 0; i < n; i++)
            sha256_add(&h, part[i].n ? part[i].p : "", part[i].n), sha256_add(&h, "", 1);
    if (!sha256_end(&h, sum))
        return false;
    sha256_text(sum, out);
    return true;
}

static bool put_result(const struct report *r, const struct r_finding *f, int64_t rule, struct buf *b)
{
    char print[SHA256_TEXT];
    struct buf m = {0};
    const struct r_citation *c = NULL;
    for (size_t role = 0; role < ROLES && !c; role++)
        c = first_cite(r, f, role);
    /* on another copy of the evidence too */
    if (!sarif_fingerprint((const struct str[]){f->cause, f->host, f->subject}, 3, print))
        return false;
    buf_z(&m, verdict_words[f->verdict].label), buf_z(&m, ": "), sarif_add(&m, f->title);
    if (f->subject.n)
        buf_z(&m, ", "), sarif_add(&m, f->subject);
    buf_z(&m, " on "), sarif_add(&m, f->host), buf_z(&m, ". "), sarif_add(&m, f->explanation);
    if (c && c->id.n)
        buf_z(&m, " First evidence: "), sarif_add(&m, c->path), buf_z(&m, ", "), sarif_add(&m, c->id),
            buf_char(&m, '.');
    say(b, &sarif_voice,
        "{'ruleId': %s, 'ruleIndex': %i, 'kind': '%z', 'level': '%z', 'rank': %i,\n          ", f->cause,
        rule, sarif_words[f->verdict].kind, sarif_words[f->verdict].level, sarif_words[f->verdict].rank);
    put_message(b, &m), buf_z(b, ",\n");
    put_places(r, f, b);
    say(b, &sarif_voice, "          'fingerprints': {'whylogon/finding/v1': '%z'},\n", print);
    say(b, &sarif_voice,
        "          'properties': {'verdict': '%z', 'host': %s, 'subject': %s, 'win32': %i, 'hresult': %s, "
        "'symbol': %s, 'firstSeen': %t, 'lastSeen': %t, 'count': %i, 'secondReader': %s}}",
        verdict_words[f->verdict].id, f->host, f->subject, f->win32, f->hresult, f->symbol, f->first, f->last,
        f->count == NONE ? (int64_t)0 : f->count, f->reader.p ? f->reader : STR("not_applicable"));
    return true;
}

static void put_run(const struct report *r, struct buf *b)
{
    const struct r_pair *word = r->status.row;
    bool read = r->read.read > 0;
    say(b, &sarif_voice, "      'invocations': [{'executionSuccessful': %z, 'toolExecutionNotifications': [",
        read ? "true" : "false");
    for (size_t i = 0; i < r->status.n; i++) {
        struct buf m = {0};
        sarif_add(&m, word[i].key);
        say(b, &sarif_voice, i ? ", {'level': '%z', " : "{'level': '%z', ",
            str_eq(word[i].key, STR("complete")) ? "note" : "warning");
        put_message(b, &m), buf_char(b, '}');
    }
    say(b, &sarif_voice, "]}],\n      'properties': {'knowledge_sha256': %s, 'stamp': %s", r->knowledge,
        r->stamp);
    if (r->asked.from != NONE)
        say(b, &sarif_voice, ", 'since': %t", r->asked.from);
    if (r->asked.to != NONE)
        say(b, &sarif_voice, ", 'until': %t", r->asked.to);
    say(b, &sarif_voice, "},\n%z", "");
}

void sarif_begin(struct buf *b, struct str tool, struct str version)
{
    say(b, &sarif_voice,
        "{\n  '$schema': 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
        "sarif-schema-2.1.0.json',\n  'version': '2.1.0',\n  'runs': [\n    {\n      'tool': {\n        "
        "'driver': {\n          'name': %s,\n          'version': %s,\n          'semanticVersion': %s,\n",
        tool, version, version);
}

enum status export_sarif(const struct report *r, const struct export_options *o, struct buf *b, struct err *e)
{
    const struct r_finding *f = r->finding.row;
    struct arena mem;
    bool ok = true;
    (void)o;
    if (!arena_make(&mem, (r->finding.n + 4) * 2 * sizeof(int64_t)))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "export", "out of memory");
    int64_t *rule = arena_alloc(&mem, sizeof *rule, r->finding.n);
    size_t *first = arena_alloc(&mem, sizeof *first, r->finding.n);
    size_t rules = number_rules(r, rule, first);
    sarif_begin(b, r->tool, r->version);
    put_rules(r, first, rules, b);
    buf_z(b, "        }\n      },\n");
    put_run(r, b);
    put_artifacts(r, b);
    buf_z(b, "      \"results\": [");
    for (size_t i = 0; i < r->finding.n && ok; i++) {
        buf_z(b, i ? ",\n        " : "\n        ");
        ok = put_result(r, f + i, rule[i], b);
    }
    buf_z(b, r->finding.n ? "\n      ]\n    }\n  ]\n}\n" : "]\n    }\n  ]\n}\n");
    arena_free(&mem);
    return b->bad || !ok ? err_set(e, E_NOMEM, ERR_NO_OFF, "export", "out of memory") : OK;
}
