/* model: the case as a reader wants it: ordered, grouped, counted; what every writer prints.
 * Everything lives in the arena given to report_build. Absent integers and times are NONE, absent text has .p
 * NULL. Nothing here is escaped: writers let text out only through say() with their voice (say.h). */
#ifndef MODEL_H
#define MODEL_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/zone.h"

#include "reports/say.h"

struct report;

enum verdict { V_CONFIRMED, V_LIKELY, V_POSSIBLE, V_LATENT, V_UNDETERMINED, V_RULED_OUT, VERDICTS };
struct verdict_word {
    const char *id, *label, *meaning;
};
extern const struct verdict_word verdict_words[VERDICTS];

/* in the order reports list them */
enum { R_SYMPTOM, R_CAUSE, R_LINK, R_COMPATIBLE, R_CONTRADICTS, ROLES_N };
extern const char *const role_labels[ROLES_N];

/* what a page shows; the rest is counted and named as SQL */
enum { SHOW_CARDS = 100, SHOW_CITES = 6, SHOW_ROWS = 500, SHOW_HOSTS = 40 };

/* Rows of one kind. more: rows that exist in the case beyond those kept here. */
struct list {
    void *row;
    size_t n, cap;
    uint64_t more;
};
struct slice {
    size_t at, n;
};
struct window {
    int64_t from, to;
};

/* Rows that belong to another row start with its key and are sorted by it. */
struct r_citation {
    /* time: of the row that cites; fact_time: of the fact itself, NONE for values of hives; again: 1 where
     * the finding cites the place before */
    int64_t finding, role, time, fact_time, off, again;
    struct str id, explain, path, sha256, summary, reader, reader_detail;
};
struct r_unknown {
    int64_t finding;
    struct str artifact, collect;
};
struct r_remedy {
    int64_t finding;
    struct str text, risk, reversible, verify;
};
struct r_anomaly {
    int64_t file, off, total;
    struct str id, what, detail;
};

struct r_finding {
    int64_t id, verdict, win32, first, last, count;
    struct str hex, hresult, cause, rule, title, host, subject, symbol, explanation, reader;
    struct slice cite[ROLES_N], unknown, remedy;
};
struct r_evidence {
    int64_t id, bytes, seen, parsed, recovered, failed, chunks, duplicate_of, older, dirty;
    int64_t members_seen, members_wanted, members_failed; /* of a container that was looked into, else NONE */
    struct str path, container, kind, format, log_kind, host, sha256, state, note, hive_kind, replay;
    struct slice anomaly;
};
struct r_coverage {
    int64_t from_time, to_time, channel, core;
    struct str host, artifact, state, path, detail;
};
/* One of six kinds of failure. state: failures, clear, not_covered; needs: artefacts, one a line */
struct r_kind {
    int64_t failures, from_time, to_time;
    struct str host, kind, state, needs;
};
/* What would tell of kinds that are not covered; kinds: their names */
struct r_need {
    struct str host, artifact, state, why, collect, kinds;
};
/* concern: of a logon, a session or an account; also: its other witnesses, with blanks
 * between */
struct r_failure {
    int64_t event_id, win32, time, concern;
    struct str host, kind, subject, principal, raw, ntstatus, symbol, detail, id, also;
};
struct r_task {
    int64_t event_id, win32, time;
    struct str host, task, raw, symbol, id;
};
/* failures alike; id: the last one; logon: of a logon, a session or an account */
struct r_failed {
    int64_t logon, win32, n, first, last;
    struct str host, kind, subject, raw, symbol, id;
};
/* installed: 1, 0, NONE: not known; recovery: what is done when it fails */
struct r_service {
    int64_t installed, start;
    struct str host, service, display, account, id, recovery;
};
struct r_setting {
    int64_t smb, is_set, value, default_value;
    struct str host, name, text, default_text, meaning, id;
};
/* another control set differs; good: the last known good one */
struct r_set {
    int64_t good;
    struct str host, set, path, name, value, current, id;
};
struct r_day {
    int64_t day, n;
    struct str host;
};
struct r_total {
    int64_t n, other, first, last;
    struct str host;
};
struct r_collect {
    int64_t n;
    struct str host, artifact, command;
};
/* meta; status words (key); rules that failed (rule, message) */
struct r_pair {
    struct str key, value;
};

/* Findings of one verdict, host and cause: one card, several subjects. */
/* findings at .. at + n - 1; seen first and last, and failures, over all of them */
struct r_group {
    size_t at, n;
    int64_t first, last, count;
};

/* What the first screen says about a host, gravest first. */
enum outcome {
    OUT_FOUND,
    OUT_UNDECIDED,
    OUT_UNEXPLAINED,
    OUT_LATENT,
    OUT_BLIND,
    OUT_PARTIAL,
    OUT_HEALTHY,
    OUTCOMES
};
/* %s: the host's name; hue: a class of style.css */
struct outcome_words {
    const char *headline, *lead, *brief, *hue, *sure;
};
extern const struct outcome_words outcome_words[OUTCOMES];

struct r_host {
    int64_t build, bias, joined;
    /* word: unexplained, explained, latent, not_covered, clear */
    struct str host, fqdn, domain, os, role, time_zone, zone_rule, machine_sid, word;
    /* of zone_rule; bias is that of the day of collection */
    struct zone zone;
    bool zoned;
    size_t groups[VERDICTS], findings[VERDICTS];
    /* NULL: nothing confirmed, likely, possible or latent */
    const struct r_group *top;
    enum outcome outcome;
    /* of logons, sessions and accounts, explained or not */
    int64_t failures, first, last;
    /* mistyped passwords, services that stopped for reasons of their own */
    int64_t other;
    /* kind: its six; need: what would tell of those that are not covered */
    struct slice day, kind, need;
};

/* Of many hosts those without failure or cause: a line is enough. */
bool few_words(const struct report *r, const struct r_host *host);

struct r_read {
    uint64_t files, read, logs, hives, copies, records, failed, damaged, dirty;
    char set_sha256[65];
};

struct report {
    struct list meta, status, host, evidence, anomaly, coverage, finding, citation, unknown, remedy, task,
        failed, service, kind, need, failure, setting, set, day, total, collect, rule_error;
    /* struct r_collect without host: what the knowledge can use */
    struct list artifact;
    struct list group;
    /* const struct r_citation *, one per evidence id that a page shows, sorted by id */
    struct list cited;
    struct str tool, version, knowledge, stamp;
    struct window asked; /* --since, --until; NONE: no bound */
    struct r_read read;
    /* of service: those of hosts with a SYSTEM hive come first */
    size_t services_known;
};

bool is_cited(const struct report *r, struct str id);
const struct r_host *find_host(const struct report *r, struct str name);
/* Facts cited for roles from..to-1, each place once. */
size_t count_cites(const struct report *r, const struct r_finding *f, size_t from, size_t to);
const struct r_citation *first_cite(const struct report *r, const struct r_finding *f, size_t role);
/* The finding the first screen speaks of, or NULL when the outcome speaks for itself. */
const struct r_finding *headline(const struct report *r, const struct r_host *host);
/* From the first to the last moment any log of the host covers; NONE without one. */
struct window log_window(const struct report *r, struct str host);
/* An artefact that a finding asks for, or that every judgement needs. */
bool is_wanted(const struct report *r, const struct r_coverage *c);
/* of f3:0x1200: 0x1200, or NONE */
int64_t id_offset(struct str id);
/* for qsort and bsearch over const struct r_citation *: by file, then offset */
int order_ids(const void *a, const void *b);

enum status write_html(const struct report *r, struct buf *b, struct err *e);
enum status write_markdown(const struct report *r, struct buf *b, struct err *e);
enum status write_json(const struct report *r, struct buf *b, struct err *e);
#endif
