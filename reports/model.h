/* model: the case as a reader wants it: ordered, grouped, counted; what every writer prints.
 * Everything lives in the arena given to report_build. Absent integers and times are NONE, absent text has .p
 * NULL. Nothing here is escaped: writers let text out only through say() with their voice (say.h). */
#ifndef MODEL_H
#define MODEL_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/verdict.h"
#include "base/zone.h"

#include "reports/say.h"

struct report;

/* what a page shows; the rest is counted and named as SQL */
enum { SHOW_CARDS = 100, SHOW_CITES = 6, SHOW_ROWS = 500, SHOW_HOSTS = 40, SHOW_COUNTS = 20 };

/* Rows of one kind. more: rows that exist in the case beyond those kept here; left: of these, for want of
 * memory. */
struct list {
    void *row;
    size_t n, cap;
    uint64_t more, left;
};
struct slice {
    size_t at, n;
};
struct window {
    int64_t from, to;
};

/* Rows that belong to another row start with its key and are sorted by it. */
struct r_citation {
    /* fact_time: of the event cited, NONE for values of hives; moment: that, or a time the value itself
     * has; written: of the key that a value lies in; again: 1 where the finding cites the place before */
    int64_t finding, role, moment, fact_time, written, off, again;
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
    struct slice cite[ROLES], unknown, remedy;
};
struct r_evidence {
    int64_t id, bytes, seen, parsed, recovered, failed, chunks, duplicate_of, older, dirty;
    int64_t members_seen, members_wanted, members_failed; /* of a container that was looked into, else NONE */
    struct str path, container, kind, format, log_kind, host, sha256, state, note, hive_kind, replay, origin;
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
/* What would let causes be asked that were not; causes: one a line; total: how many the host's rows name */
struct r_unasked {
    int64_t total;
    struct str host, artifact, collect, causes;
};
/* What separates the causes that are left of something that failed; decides, leaves: causes, one a line */
struct r_next {
    int64_t subjects;
    struct str host, artifact, collect, subject, decides, leaves;
};
/* concern: of a logon, a session or an account; explained: by a cause at or above possible; also: its other
 * witnesses, with blanks between */
struct r_failure {
    int64_t event_id, win32, time, concern, explained;
    struct str host, kind, subject, principal, raw, ntstatus, symbol, detail, id, also;
};
struct r_task {
    int64_t event_id, win32, time;
    struct str host, task, raw, symbol, id;
};
/* failures alike; id: the last one; logon: they count */
struct r_failed {
    int64_t logon, win32, n, first, last, explained;
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
/* open: without a cause at or above possible */
struct r_total {
    int64_t n, open, other, first, last;
    struct str host;
};
/* What logs hold: a log, how often an event was recorded, logons (4624) and refused ones (4625). Of many
 * hosts without host, the sum of all; hosts: of how many. */
struct r_log {
    int64_t hosts, logs, n, first_time, last_time, gaps;
    struct str host, channel, path;
};
struct r_counted {
    int64_t hosts, event_id, n, first_time, last_time;
    struct str host, channel, provider, name;
};
struct r_logon {
    int64_t hosts, refused, type, n, first_time, last_time;
    struct str host, domain, account, type_name, code, symbol, meaning;
};
/* What a timeline is made of. */
struct r_change {
    int64_t time;
    struct str host, kind, words, id;
};
struct r_boot {
    int64_t from_time, to_time, clean;
    struct str host, id, end_id;
};
/* from_time NONE: older than the log; ended: logoff, boot, sign (seen until then) */
struct r_session {
    int64_t logon_type, from_time, to_time;
    struct str host, user, ended, id, end_id;
};
struct r_collect {
    int64_t n;
    struct str host, artifact, command;
};
/* meta; status words (key); rules that failed (rule, message) */
struct r_pair {
    struct str key, value;
};

/* What numbers in sentences stand for (kb/words.h): kind, the number as written, the words. */
struct r_word {
    int64_t kind;
    struct str key, words;
};

/* Findings of one verdict, host and cause: one card, several subjects. */
/* findings at .. at + n - 1; seen first and last, and failures, over all of them */
struct r_group {
    size_t at, n;
    int64_t verdict, first, last, count;
    struct str cause;
};

/* One card of the page: a group; of many hosts, all groups of one verdict and cause. order[at .. at + n - 1];
 * moment: at which the cause stood on most hosts, on that many */
struct r_card {
    size_t at, n, hosts, subjects, same;
    int64_t verdict, first, last, count, moment;
};
/* What many hosts have alike. part: smb, policy, service, coverage; n: hosts; names: of some */
struct r_alike {
    int64_t n;
    struct str part, what, value, detail, names;
};

/* How an outcome of a host is told; UNDECIDED: unexplained, and what would decide is known.
 * headline: %s is the host's name, NULL: of tickets alone; hue: a class of style.css */
enum { OUT_UNDECIDED = OUTCOMES, TOLD_OUTCOMES };
struct outcome_words {
    const char *headline, *lead, *hue, *sure;
};
extern const struct outcome_words outcome_words[TOLD_OUTCOMES];

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
    enum outcome judged;
    bool undecided; /* unexplained, and what would decide is known */
    /* failures that count; of those, without a cause; others: slips at a desk, services with reasons of their
     * own */
    int64_t failures, open, other, first, last;
    struct slice kind, need, next, unasked, failure, change, boot, session, total, coverage;
    /* its timeline, where the page shows one: what logs and failures span, what is shown of it, failures
     * and changes outside that, the account behind what the first screen speaks of */
    struct window spanned, shown;
    size_t failures_outside, changes_outside;
    struct str principal;
    struct slice mark;
};

enum lane {
    LANE_TASK,
    LANE_SERVICE,
    LANE_SHARE,
    LANE_BITS,
    LANE_LOGON,
    LANE_APPLICATION,
    LANE_CHANGE,
    LANE_BOOT,
    LANE_SESSION,
    LANES
};
/* A spot of a timeline. row: of the lane's list; from, to: as its facts say, NONE: not known, whatever part
 * of time is shown; n: how many like it, the last of them from last on; cause: the headline rests on it;
 * cite: on this, where no row stands for it; id: the evidence of the first */
struct r_mark {
    enum lane lane;
    size_t row;
    int64_t from, to, last, n;
    bool cause;
    const struct r_citation *cite;
    struct str id;
};

/* Cards that are told in full; of many hosts fewer: a page stays readable. */
size_t full_cards(const struct report *r);
/* Citations of a role that a card tells. */
size_t show_cites(const struct report *r);
/* More than a reader takes in one by one: causes and facts are told together. */
bool is_many(const struct report *r);
/* The first finding of a card. */
const struct r_finding *card_finding(const struct report *r, const struct r_card *c);
/* Of many hosts those without failure or cause: a line is enough. */
bool few_words(const struct report *r, const struct r_host *host);

struct r_read {
    uint64_t files, read, logs, hives, copies, records, failed, damaged, dirty;
    char set_sha256[65];
};

struct report {
    struct list alike, meta, status, host, evidence, anomaly, coverage, finding, citation, unknown, remedy,
        task, failed, service, kind, need, next, unasked, failure, setting, set, total, collect, rule_error,
        change, boot, session, mark, log, counted, logon, word;
    /* struct r_collect without host: what the knowledge can use */
    struct list artifact;
    /* struct r_pair: the view, and how many of its rows had no room */
    struct list cut;
    bool late; /* the time was over before all was read */
    struct list group;
    /* const struct r_group *, as cards take them; struct r_card */
    struct list order, card;
    /* const struct r_citation *, one per evidence id that a page shows, sorted by id */
    struct list cited;
    struct str tool, version, knowledge, stamp;
    struct window asked; /* --since, --until; NONE: no bound */
    struct r_read read;
    /* of service: those of hosts with a SYSTEM hive come first */
    size_t services_known;
};

/* arena_grow() for a list: room for one row more; false: the arena is used up. */
bool list_room(struct list *l, size_t size, struct arena *a);
bool is_cited(const struct report *r, struct str id);
const struct r_host *find_host(const struct report *r, struct str name);
/* Facts cited for roles from..to-1, each place once. */
size_t count_cites(const struct report *r, const struct r_finding *f, size_t from, size_t to);
/* All anomalies of a file: only its first 200 are listed. */
int64_t count_anomalies(const struct report *r, const struct r_evidence *e);
const struct r_citation *first_cite(const struct report *r, const struct r_finding *f, size_t role);
/* "separates A and B from C": plain text, names as they are; of each side at most four are named. */
void next_words(struct buf *out, const struct r_next *x);
/* How many causes could not be asked on that host. */
int64_t count_unasked(const struct report *r, const struct r_host *host);
/* Those of one artefact: "A, B and 3 more", as next_words. */
void unasked_words(struct buf *out, const struct r_unasked *x);
/* A host on which nothing failed: what could not be asked there is part of the answer. */
bool is_quiet(const struct r_host *host);
/* task: tasks */
const char *kind_words(struct str kind);
/* In words: what became of the host. */
const struct outcome_words *outcome_in_words(const struct r_host *host);
/* The finding the first screen speaks of, or NULL when the outcome speaks for itself. */
const struct r_finding *headline(const struct report *r, const struct r_host *host);
/* From the first to the last moment any log of the host covers; NONE without one. */
struct window log_window(const struct report *r, const struct r_host *host);
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
