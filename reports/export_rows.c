/* Exports of rows: one table a format says which column goes where and how it looks. Timesketch and plaso
 * take one JSON object a line, Elastic documents too; csv is for spreadsheets, its timeline for Timesketch.
 */
#include "reports/export_priv.h"
#include "reports/redact.h"
#include "base/wintime.h"
#include "case/casedb.h"
#include "case/named.h"

/* AS_TIME: RFC 3339 with six digits; AS_MICRO: µs since 1970; AS_ID: a number as text, so that no reader
 * rounds it; AS_LIST: an array of texts, char(30) between; AS_WORD: ours, value is not asked */
enum as { AS_TEXT, AS_INT, AS_ID, AS_TIME, AS_MICRO, AS_LIST, AS_WORD };

/* One output field. key: dots part nested objects; sql: what to ask for it. */
struct field {
    const char *key, *sql;
    enum as as;
};
enum { FIELDS = 40 };

/* The view that the fields come from, with its order. */
struct table {
    const char *from;
    struct field field[FIELDS];
};

#define MESSAGE  "substr(title || coalesce(': ' || nullif(replace(data, char(30), ', '), ''), ''), 1, 4000)"
#define TIMELINE "v_timeline ORDER BY time, what, evidence_id, moment, title, data"
/* what plaso and those who read it call the parts of a log's record */
#define RECORD                                                                      \
    {"computer_name", "computer", AS_TEXT}, {"source_name", "provider", AS_TEXT},   \
        {"event_identifier", "event_id", AS_INT}, {"event_level", "level", AS_INT}, \
        {"record_number", "record_id", AS_ID}, {"channel", "channel", AS_TEXT},     \
        {"user_sid", "sid", AS_TEXT},                                               \
    {                                                                               \
        "strings", "CASE WHEN channel IS NOT NULL THEN data END", AS_LIST           \
    }
#define OURS                                                                                           \
    {"host", "host", AS_TEXT}, {"kind", "kind", AS_TEXT}, {"subject", "subject", AS_TEXT},             \
        {"username", "principal", AS_TEXT}, {"win32", "win32", AS_INT}, {"symbol", "symbol", AS_TEXT}, \
        {"cause", "cause", AS_TEXT}, {"verdict", "verdict", AS_TEXT},                                  \
        {"count", "CASE WHEN n > 1 THEN n END", AS_INT}, {"evidence_id", "evidence_id", AS_TEXT},      \
        {"filename", "path", AS_TEXT},                                                                 \
    {                                                                                                  \
        "sha256_hash", "sha256", AS_TEXT                                                               \
    }
#define DATA_TYPE "CASE what WHEN 'event' THEN 'windows:evtx:record' ELSE 'whylogon:' || what END"

/* Timesketch's importer asks for message, datetime and timestamp_desc, and checks timestamp against nothing.
 */
static const struct table timesketch = {TIMELINE,
                                        {{"message", MESSAGE, AS_TEXT},
                                         {"datetime", "time", AS_TIME},
                                         {"timestamp", "time", AS_MICRO},
                                         {"timestamp_desc", "moment", AS_TEXT},
                                         {"data_type", DATA_TYPE, AS_TEXT},
                                         RECORD,
                                         OURS}};

/* psort's json_line names its containers and where an event comes from. */
static const struct table plaso = {TIMELINE,
                                   {{"__container_type__", "event", AS_WORD},
                                    {"__type__", "AttributeContainer", AS_WORD},
                                    {"data_type", DATA_TYPE, AS_TEXT},
                                    {"date_time.__class_name__", "Filetime", AS_WORD},
                                    {"date_time.__type__", "DateTimeValues", AS_WORD},
                                    {"date_time.timestamp", "time", AS_INT},
                                    {"datetime", "time", AS_TIME},
                                    {"timestamp", "time", AS_MICRO},
                                    {"timestamp_desc", "moment", AS_TEXT},
                                    {"message", MESSAGE, AS_TEXT},
                                    {"parser", "whylogon", AS_WORD},
                                    {"display_name", "path", AS_TEXT},
                                    RECORD,
                                    OURS}};

/* Elastic Common Schema 8.11: only fields that it defines, what is ours below whylogon. */
static const struct table ecs = {
    TIMELINE,
    {{"@timestamp", "time", AS_TIME},
     {"message", MESSAGE, AS_TEXT},
     {"ecs.version", "8.11.0", AS_WORD},
     {"event.kind", "CASE what WHEN 'finding' THEN 'alert' WHEN 'state' THEN 'state' ELSE 'event' END",
      AS_TEXT},
     {"event.category",
      "CASE WHEN what = 'failure' AND kind = 'logon' THEN 'authentication' WHEN what = 'change' THEN "
      "'configuration' WHEN what = 'state' AND kind = 'key' THEN 'registry' ELSE 'host' END",
      AS_LIST},
     {"event.type",
      "CASE WHEN what = 'change' OR what = 'state' AND kind = 'key' THEN 'change' WHEN what = 'boot' THEN "
      "CASE WHEN moment LIKE 'Start%' THEN 'start' ELSE 'end' END ELSE 'info' END",
      AS_LIST},
     {"event.outcome", "CASE what WHEN 'failure' THEN 'failure' END", AS_TEXT},
     {"event.action", "moment", AS_TEXT},
     {"event.module", "whylogon", AS_WORD},
     {"event.dataset", "'whylogon.' || what", AS_TEXT},
     {"event.provider", "provider", AS_TEXT},
     {"event.code", "event_id", AS_ID},
     {"host.name", "host", AS_TEXT},
     {"user.name", "principal", AS_TEXT},
     {"user.id", "sid", AS_TEXT},
     {"error.code", "win32", AS_ID},
     {"error.type", "symbol", AS_TEXT},
     {"rule.name", "cause", AS_TEXT},
     {"file.path", "path", AS_TEXT},
     {"file.hash.sha256", "sha256", AS_TEXT},
     {"winlog.channel", "channel", AS_TEXT},
     {"winlog.provider_name", "provider", AS_TEXT},
     {"winlog.event_id", "event_id", AS_ID},
     {"winlog.record_id", "record_id", AS_ID},
     {"winlog.computer_name", "computer", AS_TEXT},
     {"whylogon.what", "what", AS_TEXT},
     {"whylogon.kind", "kind", AS_TEXT},
     {"whylogon.subject", "subject", AS_TEXT},
     {"whylogon.verdict", "verdict", AS_TEXT},
     {"whylogon.count", "CASE WHEN n > 1 THEN n END", AS_INT},
     {"whylogon.evidence_id", "evidence_id", AS_TEXT},
     {"whylogon.data", "CASE WHEN channel IS NOT NULL THEN data END", AS_LIST}}};

const char *const export_tables[] = {"failures", "findings", "coverage", "timeline", NULL};
/* v_time_window: what --since and --until asked for; a table of a window tells of no other time. */
static const struct table csv_tables[] = {
    {"v_report_failure, v_time_window ORDER BY place",
     {{"host", "host", AS_TEXT},
      {"kind", "kind", AS_TEXT},
      {"time", "time", AS_TIME},
      {"subject", "subject", AS_TEXT},
      {"principal", "principal", AS_TEXT},
      {"event_id", "event_id", AS_INT},
      {"code_raw", "raw", AS_TEXT},
      {"win32", "win32", AS_INT},
      {"ntstatus", "ntstatus", AS_TEXT},
      {"symbol", "symbol", AS_TEXT},
      {"detail", "detail", AS_TEXT},
      {"concerns_logon", "concern", AS_INT},
      {"explained", "explained", AS_INT},
      {"ref", "id", AS_TEXT},
      {"also", "also", AS_TEXT},
      {"window_since", "since", AS_TIME},
      {"window_until", "until", AS_TIME}}},
    {"v_report_finding_row, v_time_window ORDER BY place",
     {{"verdict", "word", AS_TEXT},
      {"cause", "cause", AS_TEXT},
      {"title", "title", AS_TEXT},
      {"host", "host", AS_TEXT},
      {"subject", "subject", AS_TEXT},
      {"win32", "win32", AS_INT},
      {"hex", "hex", AS_TEXT},
      {"hresult", "hresult", AS_TEXT},
      {"symbol", "symbol", AS_TEXT},
      {"first_seen", "first", AS_TIME},
      {"last_seen", "last", AS_TIME},
      {"count", "coalesce(count, 0)", AS_INT},
      {"explanation", "explanation", AS_TEXT},
      {"supports", "supports", AS_TEXT},
      {"contradicts", "contradicts", AS_TEXT},
      {"collect", "collect", AS_TEXT},
      {"second_reader", "coalesce(reader, 'not_applicable')", AS_TEXT},
      {"window_since", "since", AS_TIME},
      {"window_until", "until", AS_TIME}}},
    {"v_report_coverage, v_time_window ORDER BY place",
     {{"host", "host", AS_TEXT},
      {"artifact", "artifact", AS_TEXT},
      {"state", "state", AS_TEXT},
      {"from", "from_time", AS_TIME},
      {"to", "to_time", AS_TIME},
      {"path", "path", AS_TEXT},
      {"detail", "detail", AS_TEXT},
      {"window_since", "since", AS_TIME},
      {"window_until", "until", AS_TIME}}},
    {TIMELINE,
     {{"message", MESSAGE, AS_TEXT},
      {"datetime", "time", AS_TIME},
      {"timestamp", "time", AS_MICRO},
      {"timestamp_desc", "moment", AS_TEXT},
      {"data_type", DATA_TYPE, AS_TEXT},
      {"computer_name", "computer", AS_TEXT},
      {"source_name", "provider", AS_TEXT},
      {"event_identifier", "'id ' || event_id", AS_TEXT},
      {"record_number", "'record ' || record_id", AS_TEXT},
      {"channel", "channel", AS_TEXT},
      {"user_sid", "sid", AS_TEXT},
      {"host", "host", AS_TEXT},
      {"kind", "kind", AS_TEXT},
      {"subject", "subject", AS_TEXT},
      {"username", "principal", AS_TEXT},
      {"symbol", "symbol", AS_TEXT},
      {"cause", "cause", AS_TEXT},
      {"verdict", "verdict", AS_TEXT},
      {"evidence_id", "evidence_id", AS_TEXT},
      {"filename", "path", AS_TEXT},
      {"sha256_hash", "sha256", AS_TEXT}}},
};

struct writer {
    const struct table *t;
    const struct export_to *to;
    struct buf b, one;
    const struct redact *names;
    bool csv;
};

/* Text of a record with a lone surrogate is no UTF-8, which strict importers refuse with its whole line: each
 * becomes U+FFFD. What else a format cannot hold is escaped. */
static void put_escaped(struct writer *w, struct str s)
{
    w->one.n = 0;
    if (w->names)
        redact_text(w->names, s, &w->one);
    else
        buf_str(&w->one, s);
    for (size_t i = 0; i + 2 < w->one.n; i++)
        if ((uint8_t)w->one.p[i] == 0xed && (uint8_t)w->one.p[i + 1] >= 0xa0)
            memcpy(w->one.p + i, "\xef\xbf\xbd", 3);
    if (w->csv)
        buf_csv(&w->b, buf_view(&w->one));
    else
        buf_json(&w->b, buf_view(&w->one));
    w->b.bad |= w->one.bad;
}

/* 2026-03-02T09:10:00.123456+00:00 */
static void time_text(int64_t t, char out[WINTIME_TEXT])
{
    wintime_text(t, out);
    if (out[0] != 'i')
        memcpy(out + 26, "+00:00", 7);
}

static void put_list(struct writer *w, struct str s)
{
    buf_char(&w->b, '[');
    for (size_t n = 0; s.n; n++) {
        struct str one = str_cut(&s, 30);
        buf_z(&w->b, n ? ", " : "");
        put_escaped(w, one);
    }
    buf_char(&w->b, ']');
}

/* An impossible time is told in a table; timelines have none. */
static void put_value(struct writer *w, const struct field *f, const struct cell *c)
{
    char text[WINTIME_TEXT];
    struct str s = c->s;
    if (f->as == AS_LIST && !w->csv) {
        put_list(w, s);
        return;
    }
    if (f->as == AS_INT || f->as == AS_MICRO) {
        int64_t us = (c->i - WINTIME_UNIX_EPOCH) / 10;
        buf_i64(&w->b, f->as == AS_INT ? c->i : us);
        return;
    }
    if (f->as == AS_TIME)
        time_text(c->i, text), s = str_of(text);
    if (f->as == AS_WORD)
        s = str_of(f->sql);
    put_escaped(w, s);
}

/* How many leading objects of two keys are the same: "file.hash.sha256" and "file.path" share one. */
static size_t shared(const char *a, const char *b)
{
    size_t n = 0;
    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        n += a[i] == '.';
    return n;
}

static void put_object(struct writer *w, const struct cell *cell)
{
    const char *was = "";
    size_t open = 0;
    bool first = true;
    buf_char(&w->b, '{');
    for (size_t i = 0; i < FIELDS && w->t->field[i].key; i++) {
        const struct field *f = &w->t->field[i];
        if (f->as != AS_WORD && cell[i].null)
            continue;
        size_t keep = shared(was, f->key);
        for (; open > keep; open--)
            buf_char(&w->b, '}');
        buf_z(&w->b, first ? "" : ", ");
        struct str key = str_of(f->key);
        for (size_t depth = 0; memchr(key.p, '.', key.n); depth++) {
            struct str object = str_cut(&key, '.');
            if (depth < open)
                continue;
            buf_json(&w->b, object), buf_z(&w->b, ": {"), open++;
        }
        buf_json(&w->b, key), buf_z(&w->b, ": ");
        put_value(w, f, &cell[i]);
        was = f->key, first = false;
    }
    for (; open; open--)
        buf_char(&w->b, '}');
    buf_z(&w->b, "}\n");
}

static enum status flush(struct writer *w, size_t at_least, struct err *e)
{
    if (w->b.bad)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "export", "out of memory");
    if (w->b.n < at_least)
        return OK;
    enum status st = w->b.n ? w->to->put(w->to->ctx, buf_view(&w->b), e) : OK;
    w->b.n = 0;
    return st;
}

static enum status put_row(void *ctx, const struct cell *cell, const char *const *name, size_t n,
                           struct err *e)
{
    struct writer *w = ctx;
    (void)name;
    if (!w->csv) {
        put_object(w, cell);
        return flush(w, 64 << 10, e);
    }
    for (size_t i = 0; i < n; i++) {
        buf_z(&w->b, i ? "," : "");
        if (!cell[i].null)
            put_value(w, &w->t->field[i], &cell[i]);
    }
    buf_z(&w->b, "\r\n");
    return flush(w, 64 << 10, e);
}

static enum status put_table(struct casedb *db, const struct table *t, const struct redact *names, bool csv,
                             const struct export_to *to, struct err *e)
{
    struct writer w = {.t = t, .to = to, .names = names, .csv = csv};
    struct buf list = {0};
    for (size_t i = 0; i < FIELDS && t->field[i].key; i++) {
        const struct field *f = &t->field[i];
        buf_printf(&list, "%s%s", i ? ", " : "", f->as == AS_WORD ? "0" : f->sql);
        if (csv)
            buf_z(&w.b, i ? "," : ""), buf_csv(&w.b, str_of(f->key));
    }
    buf_char(&list, 0);
    buf_z(&w.b, csv ? "\r\n" : "");
    enum status st = list.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "export", "out of memory")
                              : case_named_in(db, Q_EXPORT, t->from, list.p, "", NULL, put_row, &w, e);
    if (st == OK)
        st = flush(&w, 0, e);
    buf_free(&list), buf_free(&w.b), buf_free(&w.one);
    return st;
}

enum status export_timesketch(struct casedb *db, const struct export_options *o, const struct export_to *to,
                              struct err *e)
{
    return put_table(db, &timesketch, o->names, false, to, e);
}

enum status export_plaso(struct casedb *db, const struct export_options *o, const struct export_to *to,
                         struct err *e)
{
    return put_table(db, &plaso, o->names, false, to, e);
}

enum status export_ecs(struct casedb *db, const struct export_options *o, const struct export_to *to,
                       struct err *e)
{
    return put_table(db, &ecs, o->names, false, to, e);
}

enum status export_csv(struct casedb *db, const struct export_options *o, const struct export_to *to,
                       struct err *e)
{
    return put_table(db, &csv_tables[o->table], o->names, true, to, e);
}
