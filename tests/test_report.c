/* Reports from views filled by hand: what is said, in which words, and that no evidence text becomes markup
 * in any of the three formats. */
#include "reports/model.h"
#include "reports/report.h"
#include "base/hash.h"
#include "base/wintime.h"
#include "case/casedb.h"
#include "kb/kb_files.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct str embedded(const char *name)
{
    size_t i = 0;
    while (i < kb_n_files && strcmp(kb_files[i].name, name) != 0)
        i++;
    if (i == kb_n_files) /* what reports need besides knowledge has its whole path */
        for (i = 0; i < kb_n_files && !str_ends_ci(str_of(kb_files[i].name), str_of(name));)
            i++;
    cr_assert_lt(i, kb_n_files, "%s is not embedded", name);
    return (struct str){(const char *)kb_files[i].p, kb_files[i].n};
}

/* The columns that rows of these tests fill, in this order; what a view has besides is NULL. */
static const struct {
    const char *table, *columns;
} filled[] = {
    {"v_verification", "evidence_id, result, detail, reader"},
    {"v_rule_error", "rule, cause, title, role, message"},
    {"kb_artifact", "name, kind, collect, meaning"},
    {"kb_account", "name, sid"},
    {"v_evidence",
     "file_id, file, path, container, kind, format, log_kind, host, bytes, sha256, seen, parsed, recovered, "
     "failed, chunks, state, note, duplicate_of, older, hive_kind, dirty, replay, members_seen, "
     "members_wanted, "
     "members_failed"},
    {"v_anomaly", "evidence_id, file_id, path, code, what, detail"},
    {"v_host", "host, fqdn, domain, os, build, role, time_zone, bias, machine_sid, joined, zone_rule"},
    {"v_kind", "host, kind, state, failures, from_time, to_time, needs, ord"},
    {"v_kind_need", "host, artifact, state, why, collect, kinds, ord"},
    {"v_boot", "host, boot, from_time, to_time, clean, evidence_id, end_evidence_id"},
    {"v_presence", "presence, host, how, who, from_time, to_time, logon_type, boot, user, sid, evidence_id, "
                   "end_evidence_id, ended, began_id, began_time, began_type"},
    {"v_password_change", "change, evidence_id, host, account, domain, sid, time, how"},
    {"v_task_saved", "evidence_id, host, task, time, how"},
    {"v_landmark", "landmark, evidence_id, host, topic, who, time"},
    {"v_event", "evidence_id, host, provider, event_id, time, data"},
    {"v_coverage", "host, artifact, state, from_time, to_time, file_id, path, detail"},
    {"v_failure", "evidence_id, host, kind, subject, principal, sid, call, win32, value, raw, symbol, time, "
                  "boot, event_id"},
    {"v_task_result", "evidence_id, host, task, raw, win32, symbol, time, failure_id"},
    {"v_task", "evidence_id, host, task, guid, sid, user, logon, flags, registered, last_run, last_ok, "
               "result, command, unc"},
    {"v_service", "evidence_id, host, service, display, start, account, delayed, managed, depends, image"},
    {"v_service_recovery", "evidence_id, host, service, actions"},
    {"v_setting",
     "evidence_id, host, section, name, value, text, is_set, default_value, default_text, meaning, path"},
    {"v_control_set_difference",
     "host, control_set, last_known_good, path, name, other_value, current_value, evidence_id, current_id"},
    {"v_finding", "finding, cause, rule, title, verdict, host, subject, win32, hex, hresult, symbol, "
                  "first_seen, last_seen, count, explanation, second_reader"},
    {"v_citation",
     "finding, role, ord, evidence_id, time, explain, file_id, path, sha256, file_off, summary, fact_time"},
    {"v_finding_unknown", "finding, ord, artifact, collect"},
    {"v_unasked", "host, artifact, collect, causes, total, ord"},
    {"v_next_step", "host, ord, artifact, collect, decides, leaves, subject, subjects"},
    {"v_finding_remedy", "finding, ord, text, risk, reversible, verify"},
};

static enum status add_table(void *ctx, const struct cell *c, const char *const *name, size_t n,
                             struct err *e)
{
    (void)name, (void)n, (void)e;
    buf_printf(ctx, "CREATE TABLE %.*s(%.*s);", STR_ARG(c[0].s), STR_ARG(c[1].s));
    return OK;
}

/* The documented views as tables of the same columns: the views of report.sql know nothing else of a case. */
static struct casedb *empty_case(void)
{
    static struct buf sql;
    struct casedb *db = NULL;
    struct err e = {0};
    if (!sql.n) {
        cr_assert_eq(case_create(NULL, embedded("schema.sql"), &db, &e), OK, "%s", e.why);
        cr_assert_eq(case_exec(db, embedded("views.sql").p, &e), OK, "%s", e.why);
        cr_assert_eq(
            case_query(db,
                       "SELECT m.name, group_concat('\"' || p.name || '\"') FROM sqlite_schema m, "
                       "pragma_table_info(m.name) p WHERE (m.name GLOB 'v_*' OR m.name GLOB 'kb_*' OR "
                       "m.name = 'meta') AND m.type IN ('view', 'table') AND m.name <> 'v_logon_failure' "
                       "GROUP BY 1 ORDER BY 1",
                       NULL, NULL, 0, add_table, &sql, &e),
            OK, "%s", e.why);
        buf_z(&sql,
              "CREATE VIEW v_logon_failure AS SELECT * FROM v_failure WHERE kind IN ('task', 'service', "
              "'share');"),
            buf_z(&sql, embedded("report.sql").p), buf_char(&sql, 0);
        case_close(db);
    }
    cr_assert_eq(case_create(NULL, str_of(sql.p), &db, &e), OK, "%s", e.why);
    return db;
}

/* "INSERT INTO v_host VALUES ..." with the columns of filled[]. */
static void fill(struct casedb *db, const char *sql)
{
    static const char into[] = "INSERT INTO ";
    struct buf b = {0};
    struct err e = {0};
    while (*sql) {
        size_t n = strncmp(sql, into, strlen(into)) ? 0 : strcspn(sql + strlen(into), " (");
        buf_put(&b, sql, n ? strlen(into) + n : 1);
        for (size_t i = 0; n && i < LEN(filled); i++)
            if (strlen(filled[i].table) == n && !memcmp(filled[i].table, sql + strlen(into), n)
                && sql[strlen(into) + n] == ' ')
                buf_printf(&b, "(%s)", filled[i].columns);
        sql += n ? strlen(into) + n : 1;
    }
    buf_char(&b, 0);
    cr_assert_eq(case_exec(db, b.p, &e), OK, "%s", e.why);
    buf_free(&b);
}

#define MARCH_2 "134168874000000000" /* 2026-03-02T01:10:00Z */
#define MARCH_5 "134171466000000000" /* 2026-03-05T01:10:00Z */
#define PC1                                                                                                 \
    "INSERT INTO v_host VALUES('PC1', 'pc1.corp.example', 'CORP', 'Windows 10', 19045, 'workstation', 'W. " \
    "Europe Standard Time', -60, 'S-1-5-21-1-2-3', 1, '-60 -120 M3.5.0/02:00:00 M10.5.0/03:00:00');"
#define LOG                                                                                            \
    "INSERT INTO v_coverage VALUES('PC1', 'System', 'present', " MARCH_2 ", " MARCH_5                  \
    ", 'f1', 'System.evtx', NULL); INSERT INTO kb_artifact VALUES('System', 'channel', 'wevtutil epl " \
    "System', '');"
#define OUTCOME(what) "UPDATE v_host SET outcome = '" what "';"
#define CLEAR                                                                                                \
    OUTCOME("clear")                                                                                         \
    "INSERT INTO v_kind(host, kind, state, failures, from_time, to_time, needs, ord) VALUES('PC1', 'task', " \
    "'clear', 0, " MARCH_2 ", " MARCH_5 ", '[]', 1);"
#define NOT_COVERED                                                                                         \
    OUTCOME("not_covered")                                                                                  \
    "INSERT INTO v_kind(host, kind, state, failures, needs, ord) VALUES('PC1', 'share', 'not_covered', 0, " \
    "'[\"SmbClient\"]', 3); INSERT INTO v_kind_need(host, artifact, state, why, collect, kinds, ord) "      \
    "VALUES('PC1', 'SmbClient', 'missing', 'it was not collected', 'wevtutil epl SmbClient a.evtx', "       \
    "'share', 1);"
#define FILE1                                                                                                \
    "INSERT INTO v_evidence VALUES('f1', 1, 'a/System.evtx', NULL, 'evtx', NULL, 'original', 'PC1', 69632, " \
    "NULL, 10, 9, 0, 1, 1, 'read', NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL);"
#define FAILED(subject, win32)                                           \
    "INSERT INTO v_failure VALUES('f1:0x1200', 'PC1', 'task', '" subject \
    "', 'CORP\\svc', NULL, NULL, " win32 ", 1, '2147943712', 'SYMBOL', " MARCH_2 ", 1, 101);"
#define FINDING(id, verdict)                                                                          \
    "INSERT INTO v_finding VALUES(" id ", 'credential-storage-policy', 'r', 'The title', '" verdict   \
    "', 'PC1', '\\Backup', 1312, '0x00000520', '0x80070520', 'ERROR_NO_SUCH_LOGON_SESSION', " MARCH_2 \
    ", " MARCH_5 ", 7, 'Because.', 'agree');"

enum { HTML, MD, JSON, FORMATS };
struct made {
    struct casedb *db;
    struct arena a;
    struct report *r;
    struct buf text[FORMATS];
};

static void render(struct made *m)
{
    struct err e = {0};
    char line[400];
    cr_assert(arena_make(&m->a, 256u << 20));
    cr_assert_eq(report_build(m->db, &m->a, &m->r, &e), OK, "%s", err_line(&e, line, sizeof line));
    for (size_t i = 0; i < FORMATS; i++)
        cr_assert_eq(report_formats[i].write(m->r, &m->text[i], &e), OK, "%s",
                     err_line(&e, line, sizeof line));
    for (size_t i = 0; i < FORMATS; i++)
        buf_char(&m->text[i], 0), m->text[i].n--;
}

/* Failures of these tests are of a kind, and count when a task, a service or a share failed. */
static void render_filled(struct made *m)
{
    fill(m->db,
         "UPDATE v_failure SET shown = CASE kind WHEN 'program' THEN 'application' ELSE kind END, concern = "
         "kind IN ('task', 'service', 'share'), explained = coalesce(explained, 0) WHERE shown IS NULL;");
    render(m);
}

static struct made make(const char *sql)
{
    struct made m = {.db = empty_case()};
    fill(m.db, sql);
    render_filled(&m);
    return m;
}

static void drop(struct made *m)
{
    for (size_t i = 0; i < FORMATS; i++)
        buf_free(&m->text[i]);
    arena_free(&m->a);
    case_close(m->db);
}

static bool has(const struct made *m, size_t format, const char *what)
{
    return strstr(m->text[format].p, what) != NULL;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)); text += strlen(what))
        n++;
    return n;
}

static enum status first_cell(void *ctx, const struct cell *cell, const char *const *name, size_t n,
                              struct err *e)
{
    (void)name, (void)n, (void)e;
    struct buf *b = ctx;
    b->n = 0;
    buf_str(b, cell[0].null ? STR("NULL") : cell[0].s), buf_char(b, 0);
    return OK;
}

/* One value of report.json, as SQLite's JSON reader sees it: an independent parser. sql: an expression over
 * ?1. */
static char *json(struct made *m, const char *sql, struct buf *b)
{
    char query[600];
    struct err e = {0};
    struct value v[] = {val_s((struct str){m->text[JSON].p, m->text[JSON].n})};
    snprintf(query, sizeof query, "SELECT %s", sql);
    cr_assert_eq(case_query(m->db, query, v, (enum col_type[]){COL_TEXT}, 1, first_cell, b, &e), OK, "%s: %s",
                 sql, e.why);
    return b->p;
}

static void expect_json(struct made *m, const char *sql, const char *want)
{
    struct buf b = {0};
    cr_expect_str_eq(json(m, sql, &b), want, "%s", sql);
    buf_free(&b);
}

/* ---- what is said ---- */

Test(report, first_sentence)
{
    static const struct {
        const char *name, *sql, *html, *md, *status;
    } rows[] = {
        {"nothing at all", "", "<h1>No usable evidence was found.</h1>", "# No usable evidence was found.",
         "no_evidence"},
        {"nothing at all, and what to collect",
         "INSERT INTO kb_artifact VALUES('A', 'channel', 'fetch A', ''), ('B', 'channel', 'fetch B', '');",
         "as administrator:</p><p class='then'><kbd>fetch A</kbd></p><p class='then'><kbd>fetch "
         "B</kbd></p></div>",
         "# No usable evidence was found.", "no_evidence"},
        {"a file that is no evidence",
         "INSERT INTO v_evidence VALUES('f1', 1, 'a.txt', NULL, 'unknown', NULL, NULL, NULL, 3, NULL, 0, 0, "
         "0, 0, 0, 'skipped', 'text', NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL);",
         "1 file was looked at; it holds nothing a host can be judged by", "- **Files:** 0 of 1;",
         "no_evidence"},
        {"clear", PC1 FILE1 LOG CLEAR, "<h1>Nothing failed on PC1 for want of a logon session.</h1>",
         "# Nothing failed on PC1 for want of a logon session.", "complete"},
        {"clear is green, with nothing to mend", PC1 FILE1 LOG CLEAR, "<li class='outcome good'>",
         "**How sure:** A failure inside the time covered would have been recorded", "complete"},
        {"a kind that is not covered is no health", PC1 FILE1 LOG CLEAR NOT_COVERED,
         "<h1>No failure is known on PC1, but not every kind could have been seen.</h1>",
         "# No failure is known on PC1, but not every kind could have been seen.", "complete"},
        {"what would tell, with the command", PC1 FILE1 LOG CLEAR NOT_COVERED,
         "<p class='then'><bdi dir='auto'>SmbClient</bdi> <small>(share)</small><br><kbd>wevtutil epl "
         "SmbClient "
         "a.evtx</kbd></p>",
         "- **Collect** SmbClient (share): ` wevtutil epl SmbClient a.evtx `", "complete"},
        {"kind by kind", PC1 FILE1 LOG CLEAR NOT_COVERED,
         "<dt>shares</dt><dd><span class='state undetermined'>not covered</span></dd>",
         "- **Not covered:** shares\n", "complete"},
        {"a mistyped password is everyday",
         PC1 FILE1 LOG "INSERT INTO v_failure VALUES('f1:0x1200', 'PC1', 'logon', 'u', 'u', NULL, NULL, "
                       "1326, 1, '0xc000006d', 'S', " MARCH_2 ", 1, 101);",
         "1 failure</a> for reasons of their own", "- **Other:** 1 failure for reasons of their own",
         "complete"},
        {"a mistyped password is everyday, the headline",
         PC1 FILE1 LOG "INSERT INTO v_failure VALUES('f1:0x1200', 'PC1', 'logon', 'u', 'u', NULL, NULL, "
                       "1326, 1, '0xc000006d', 'S', " MARCH_2 ", 1, 101);",
         "1 failure</a> for reasons of their own",
         "# No failure is known on PC1, but not every kind could have been seen.", "complete"},
        {"latent", PC1 FILE1 LOG FINDING("1", "latent") OUTCOME("latent"),
         "<h1><bdi dir='auto'>The title</bdi></h1>", "# PC1: The title\n\nLatent \xc2\xb7 1 latent\n",
         "complete"},
        {"undecided",
         PC1 FILE1 LOG FAILED("\\B", "1312") FINDING("1", "undetermined")
             OUTCOME("unexplained") "INSERT INTO v_finding_unknown VALUES(1, 0, 'SYSTEM', 'reg save "
                                    "HKLM\\SYSTEM a');",
         "<h1>Logons failed on PC1; the evidence that decides why is missing.</h1>",
         "- **Collect** SYSTEM: ` reg save HKLM\\SYSTEM a `", "complete"},
        {"five that it could be, and five of what to collect",
         PC1 FILE1 LOG FAILED("\\B", "1312") FINDING("1", "undetermined") FINDING(
             "2", "undetermined") FINDING("3", "undetermined") FINDING("4", "undetermined")
             FINDING("5", "undetermined") FINDING("6", "undetermined") FINDING("7", "undetermined") OUTCOME(
                 "unexplained") "UPDATE v_finding SET cause = 'c' || finding; INSERT INTO v_finding_unknown "
                                "VALUES(1, 0, 'A', 'a'), (1, 1, 'B', 'b'), (1, 2, 'C', 'c'), (1, 3, 'D', "
                                "'d'), (1, 4, 'E', 'e');",
         "<h1>Logons failed on PC1; the evidence that decides why is missing.</h1>",
         "- **Could be:** The title\n- and 2 more causes: see report.html\n", "complete"},
        {"of five to collect two are counted",
         PC1 FILE1 LOG FAILED("\\B", "1312") FINDING("1", "undetermined")
             OUTCOME("unexplained") "INSERT INTO v_finding_unknown VALUES(1, 0, 'A', 'a'), (1, 1, 'B', 'b'), "
                                    "(1, 2, 'C', 'c'), (1, 3, 'D', 'd'), (1, 4, 'E', 'e');",
         "<h1>Logons failed on PC1; the evidence that decides why is missing.</h1>",
         "- **Collect** C: ` c `\n- and 2 more to collect: see report.html\n", "complete"},
        {"three to collect, the rest counted",
         PC1 FILE1 LOG FAILED("\\B", "1312") FINDING("1", "undetermined")
             OUTCOME("unexplained") "INSERT INTO v_finding_unknown VALUES(1, 0, 'A', 'a'), (1, 1, 'B', 'b'), "
                                    "(1, 2, 'C', "
                                    "'c'), (1, 3, 'D', 'd'), (1, 4, 'E', 'e');",
         "<p class='then'>Then <bdi dir='auto'>C</bdi>: <kbd>c</kbd></p><p class='meta'><a "
         "href='#coverage'>2 more "
         "under Coverage</a></p>",
         "- **Collect** A: ` a `", "complete"},
        {"undecided although one is latent",
         PC1 FILE1 LOG FAILED("\\B", "1312") FINDING("1", "undetermined") FINDING("2", "latent")
             OUTCOME("unexplained"),
         "<h1>Logons failed on PC1; the evidence that decides why is missing.</h1>",
         "1 latent \xc2\xb7 1 undetermined", "complete"},
        {"unexplained", PC1 FILE1 LOG FAILED("\\B", "1312") FINDING("1", "ruled_out") OUTCOME("unexplained"),
         "<h1>Logons failed on PC1, and no cause that could be asked explains them.</h1>", "1 ruled out",
         "complete"},
        {"a program's own exit code is no logon failure",
         PC1 FILE1 LOG
         "INSERT INTO v_task VALUES('f2:0x90', 'PC1', '\\T', NULL, NULL, NULL, NULL, 0, 0, " MARCH_2
         ", 0, 1312, NULL, 0);",
         "<h1>No failure is known on PC1, but not every kind could have been seen.</h1>",
         "# No failure is known on PC1, but not every kind could have been seen.", "complete"},
        {"confirmed", PC1 FILE1 LOG FAILED("\\B", "1312") FINDING("1", "confirmed"),
         "<h1><bdi dir='auto'>The title</bdi></h1>", "**Confirmed:** Because.", "complete"},
        {"confirmed goes before what is only likely",
         PC1 FILE1 LOG FINDING("1", "likely") FINDING("2", "confirmed"), "<div class='why confirmed'>",
         "1 confirmed \xc2\xb7 1 likely", "complete"},
        {"from a moment on", PC1 FILE1 LOG CLEAR "INSERT INTO meta VALUES('since', '" MARCH_2 "');",
         "<p class='window' role='note'>Only records from <time "
         "datetime='2026-03-02T01:10:00.0000000Z'>2026-03-02 01:10:00</time> on (UTC) were asked for",
         "# Nothing failed on PC1", "complete"},
        {"up to a moment", PC1 FILE1 LOG CLEAR "INSERT INTO meta VALUES('until', '" MARCH_5 "');",
         "<p class='window' role='note'>Only records up to <time "
         "datetime='2026-03-05T01:10:00.0000000Z'>2026-03-05 01:10:00</time> (UTC) were asked for",
         "# Nothing failed on PC1", "complete"},
        {"words of the run", PC1 FILE1 "INSERT INTO meta VALUES('status', '[\"partial\", \"limit\"]');",
         "Status partial, limit", "# No failure is known on PC1", "partial"},
        {"a broken status is shown, not trusted", PC1 FILE1 "INSERT INTO meta VALUES('status', 'oops');",
         "Status oops", "# No failure is known on PC1", "oops"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct made m = make(rows[i].sql);
        cr_expect(has(&m, HTML, rows[i].html), "%s: html\n%.400s", rows[i].name,
                  strstr(m.text[HTML].p, "<main"));
        cr_expect(has(&m, MD, rows[i].md), "%s: md\n%.600s", rows[i].name, m.text[MD].p);
        cr_expect_eq(count(m.text[HTML].p, "<h1"), 1, "%s: one h1", rows[i].name);
        expect_json(&m, "json_valid(?1)", "1");
        expect_json(&m, "json_extract(?1, '$.status[0]')", rows[i].status);
        drop(&m);
    }
}

/* A cause that could not be asked is none that is not in place. */
Test(report, what_could_not_be_asked)
{
    static const char unasked[] =
        "INSERT INTO v_unasked VALUES('PC1', 'SYSTEM', 'reg save x', "
        "'[\"a-cause\",\"<b>\"]', 3, 1), ('PC1', 'A or B', 'reg save y', '[\"c\"]', 3, 2);",
                      none[] = "No known cause of such failures is in place.";
    static const struct {
        const char *facts, *html, *md;
        bool none;
    } rows[] = {
        {CLEAR, "shows none. No known cause of such", "shows none. No known cause of such", true},
        {CLEAR "@", " 3 known causes of such failures could not be asked; of the others none is in place.",
         "- **Not asked:** a-cause and &lt;b&gt;, for want of SYSTEM: ` reg save x `\n", false},
        {FINDING("1", "latent") OUTCOME("latent") "@",
         "<dt>Not asked</dt><dd>3 known causes, for want of <bdi dir='auto'>SYSTEM</bdi>, <bdi dir='auto'>A "
         "or B</bdi>: "
         "<a href='#unasked'>which</a>",
         "- **Not asked:** c, for want of A or B: ` reg save y `\n", false},
        {FAILED("\\B", "1312") OUTCOME("unexplained") "@", "no cause that could be asked", "Unexplained",
         false},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        char sql[6000];
        size_t n = strcspn(rows[i].facts, "@");
        snprintf(sql, sizeof sql, "%s%.*s%s", PC1 FILE1 LOG, (int)n, rows[i].facts,
                 rows[i].facts[n] ? unasked : "");
        struct made m = make(sql);
        bool told = rows[i].facts[n] && i < 3;
        cr_expect(has(&m, HTML, rows[i].html), "row %zu: html", i);
        cr_expect(has(&m, MD, rows[i].md), "row %zu: md: %.900s", i, m.text[MD].p);
        cr_expect_eq(has(&m, HTML, none), rows[i].none, "row %zu", i);
        cr_expect_eq(has(&m, MD, none), rows[i].none, "row %zu", i);
        cr_expect_eq(has(&m, HTML, "<td>a-cause, &lt;b&gt;</td><td><kbd>reg save x</kbd></td>"), told,
                     "row %zu: all", i);
        expect_json(&m, "json_array_length(?1, '$.hosts[0].unasked')", rows[i].facts[n] ? "2" : "0");
        drop(&m);
    }
}

/* A picture where there is something to draw: failures, or what a log covers. */
Test(report, no_picture_of_nothing)
{
    static const struct {
        const char *sql;
        bool drawn;
    } rows[] = {{PC1 FILE1, false}, {PC1 FILE1 LOG CLEAR, true}, {PC1 FILE1 LOG FAILED("\\B", "1312"), true}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct made m = make(rows[i].sql);
        cr_expect_eq(has(&m, HTML, "<figure class='timeline'"), rows[i].drawn, "row %zu", i);
        drop(&m);
    }
}

/* A picture says what it leaves out, and speaks of a state without a moment only where it cites one. */
Test(report, what_a_picture_leaves_out)
{
#define CITED(finding, role, explain, fact_time)                                                       \
    "INSERT INTO v_citation VALUES(" finding ", '" role "', 0, 'f7:0x99', NULL, '" explain "', 'f7', " \
    "'a/x', 'aa', 153, 'Fact', " fact_time ");"
#define WRITTEN(when)  "UPDATE v_citation SET written = " when ";"
#define DAYS_BEFORE(n) MARCH_2 " - " n " * 864000000000"
#define UPDATE(when)                                                                                  \
    "INSERT INTO v_event VALUES('f7:0x99', 'PC1', 'Microsoft-Windows-WindowsUpdateClient', 19, " when \
    ", '{\"updateTitle\":\"KB5\"}');"
    static const char state[] = "the cause is a state: when it began is not recorded",
                      installed[] = "<bdi dir='auto'>installed: KB5</bdi>",
                      one[] = "Outside the picture: 1 change";
    static const struct {
        const char *name, *sql, *says, *never;
    } rows[] = {
        {"a cause with no time", FINDING("1", "confirmed") CITED("1", "cause", "It is so.", "NULL"), state,
         "class='cause-row'"},
        {"a value whose key tells",
         FINDING("1", "confirmed") CITED("1", "cause", "It is so.", "NULL") WRITTEN(DAYS_BEFORE("1")),
         "the cause is a state: it is so since <time datetime='2026-03-01T01:10:00.0000000Z'>2026-03-01 "
         "01:10:00"
         "</time> at the latest (last write of its key). ",
         "is not recorded"},
        {"a key written at an impossible time",
         FINDING("1", "confirmed") CITED("1", "cause", "It is so.", "NULL") WRITTEN("1"), state,
         "at the latest"},
        {"two values, one of them without a key's time",
         FINDING("1", "confirmed") CITED("1", "cause", "It is so.", "NULL") WRITTEN(DAYS_BEFORE("1"))
             CITED("1", "cause", "And so.", "NULL"),
         state, "at the latest"},
        {"a cause after the first failure",
         FINDING("1", "confirmed") CITED("1", "cause", "It is so.", MARCH_5), "class='cause-row'", state},
        {"no cause is cited", FINDING("1", "possible"), "First failure", state},
        {"a change long before", FINDING("1", "confirmed") UPDATE(DAYS_BEFORE("50")), one, installed},
        {"a change that a lesser finding rests on",
         FINDING("1", "likely")
             FINDING("2", "possible") "UPDATE v_finding SET cause = 'other' WHERE finding = 2;" UPDATE(
                 DAYS_BEFORE("5")) CITED("2", "compatible", "Then.", DAYS_BEFORE("5")),
         installed, one},
        {"the same, cited by none", FINDING("1", "likely") UPDATE(DAYS_BEFORE("5")), one, installed},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        char sql[4000];
        snprintf(sql, sizeof sql, "%s%s",
                 PC1 FILE1 LOG FAILED("\\Backup",
                                      "1312") "UPDATE v_coverage SET from_time = " DAYS_BEFORE("300") ";",
                 rows[i].sql);
        struct made m = make(sql);
        cr_expect(has(&m, HTML, rows[i].says), "%s: no '%s'", rows[i].name, rows[i].says);
        cr_expect(!has(&m, HTML, rows[i].never), "%s: '%s'", rows[i].name, rows[i].never);
        cr_expect_eq(has(&m, MD, "- Outside this time: 1 change (v_timeline of case.db)\n"),
                     rows[i].says == one, "%s: md", rows[i].name);
        drop(&m);
    }
}

/* Neighbours: what one artefact tells apart, in words; names of causes are text, whoever wrote the rules. */
Test(report, what_tells_the_causes_apart)
{
    struct made m = make(
        PC1 FILE1 LOG FAILED("\\B", "1312") FINDING("1", "undetermined") FINDING("2", "undetermined")
            OUTCOME("unexplained") "UPDATE v_finding SET cause = 'b-cause', title = 'Second' WHERE "
                                   "finding = 2;"
                                   "INSERT INTO v_finding_unknown VALUES(1, 0, 'SYSTEM', 'reg save x'); "
                                   "INSERT INTO v_next_step VALUES('PC1', 1, 'SYSTEM', 'reg save x', "
                                   "'[\"b-cause\"]', '[\"c1\",\"<c2>\",\"c3\",\"c4\",\"c5\"]', "
                                   "'\\B', 3), ('PC1', 2, 'SAM', 'reg save y', '[\"d1\",\"d2\"]', "
                                   "'[]', '\\C', 1), ('PC1', 6, 'six', 'z', '[\"x\"]', '[]', NULL, 1);");
    cr_expect(
        has(&m, HTML,
            "Collect <bdi dir='auto'>SYSTEM</bdi>: it separates b-cause from c1, &lt;c2&gt;, c3 and 2 more "
            "<small>(<bdi dir='auto'>\\B</bdi> and 2 more)</small>"));
    cr_expect(has(&m, HTML, "Collect <bdi dir='auto'>SAM</bdi>: it decides between d1 and d2 "));
    cr_expect(has(&m, HTML, "<p class='meta'>It separates b-cause from c1"), "the first screen says why");
    cr_expect(!has(&m, HTML, "and 2 more, <bdi"), "of one host it is not said which");
    cr_expect(has(&m, MD, "\n- Collect SYSTEM: it separates b-cause from c1, "), "%.2000s", m.text[MD].p);
    cr_expect(has(&m, MD, "\n- Collect SAM: it decides between d1 and d2 (\\C): ` reg save y `\n"));
    cr_expect(!has(&m, MD, "Collect six") && !has(&m, HTML, "six</bdi>"), "five a host");
    expect_json(
        &m, "json_extract(?1, '$.hosts[0].next')",
        "[{\"artifact\":\"SYSTEM\",\"collect\":\"reg save "
        "x\",\"subject\":\"\\\\B\",\"subjects\":3,\"decides\":"
        "[\"b-cause\"],\"leaves\":[\"c1\",\"<c2>\",\"c3\",\"c4\",\"c5\"]},{\"artifact\":\"SAM\",\"collect\":"
        "\"reg save y\",\"subject\":\"\\\\C\",\"subjects\":1,\"decides\":[\"d1\",\"d2\"],\"leaves\":[]}]");
    expect_json(&m, "json_extract(?1, '$.findings[0].cause')",
                "b-cause"); /* what it tells apart comes first */
    drop(&m);
    m = make(PC1 FILE1 LOG FAILED("\\B", "1312") FINDING("1", "undetermined") FINDING("2", "undetermined")
                 OUTCOME("unexplained") "INSERT INTO v_host(host, outcome) VALUES('PC2', 'not_covered');"
                                        "UPDATE v_finding SET cause = 'b-cause' WHERE finding = 2;"
                                        "INSERT INTO v_next_step VALUES('PC1', 1, 'A', 'a', '[\"b-cause\"]', "
                                        "'[\"c1\"]', NULL, 1), ('PC1', 2, 'B', 'b', '[\"b-cause\"]', "
                                        "'[\"c1\"]', '\\B', 1);");
    cr_expect(has(&m, HTML, " <small>(<bdi dir='auto'>PC1</bdi>)</small>"),
              "a host as a whole is named once");
    cr_expect(has(&m, HTML, " <small>(<bdi dir='auto'>\\B</bdi>, <bdi dir='auto'>PC1</bdi>)</small>"));
    drop(&m);
}

Test(report, times_and_proof)
{
    struct made m = make(PC1 FILE1 LOG FAILED("\\Backup", "1312") FINDING("1", "confirmed") FINDING(
        "2", "confirmed") "UPDATE v_finding SET subject = '\\Sync', first_seen = first_seen - 36000000000, "
                          "count = 5 WHERE finding = 2;"
                          "INSERT INTO v_citation VALUES(1, 'symptom', 0, 'f1:0x1200', " MARCH_2
                          ", 'It failed.', 'f1', 'a/System.evtx', 'aa', 4608, 'Event 101', " MARCH_5 ");"
                          "INSERT INTO v_citation VALUES(1, 'cause', 0, 'f2:0x40', NULL, 'It is on.', 'f2', "
                          "'a/SYSTEM', 'bb', 64, 'Value', NULL);"
                          "INSERT INTO v_citation VALUES(1, 'link', 0, 'f1:0x1200', " MARCH_2
                          ", 'In order.', 'f1', 'a/System.evtx', 'aa', 4608, 'Event 101', " MARCH_5 ");"
                          "INSERT INTO v_citation VALUES(1, 'contradicts', 0, 'f1:0x1200', " MARCH_2
                          ", 'But.', 'f1', 'a/System.evtx', 'aa', 4608, 'Event 101', " MARCH_5 ");"
                          "INSERT INTO v_verification VALUES('f2:0x40', 'differ', 'type 4 and 1', 'libregf');"
                          "INSERT INTO v_finding_remedy VALUES(1, 0, 'Do this.', 'low', 'yes', 'See that.'); "
                          "INSERT INTO v_finding_unknown VALUES(1, 0, 'SECURITY', 'reg save');");
    static const char *const html[] = {
        "2026-03-02 00:10:00</time> UTC<small>2026-03-02 01:10:00 +01:00</small>", /* the group's first, in
                                                                                      both zones */
        "<dd>12</dd>", /* failures of both subjects */
        "and 1 more</span>",
        "<a class='id' href='#e-f1:0x1200'>f1:0x1200</a>",
        /* the fact's own time, whoever cites it */
        "<tr id='e-f1:0x1200'><th scope='row' class='id'>f1:0x1200</th><td><time "
        "datetime='2026-03-05T01:10:00.0000000Z'>",
        "<tr id='e-f2:0x40'>",
        "a/SYSTEM</bdi> @ 0x40",
        "second reader: differ (<bdi dir='auto'>type 4 and 1</bdi>)",
        "<p class='do'>Do this.</p>",
        "Then check: See that.",
        "2 cited facts support it, 1 speaks against it, 1 could not be checked.",
        "1312 <span class='mono'>0x80070520</span>",
        "The same on 1 more subject<",
        "datetime='2026-03-02T01:10:00.0000000Z'",
    };
    for (size_t i = 0; i < LEN(html); i++)
        cr_expect(has(&m, HTML, html[i]), "%s", html[i]);
    static const char *const md[] = {
        "- **First seen:** 2026-03-02 00:10:00 UTC (2026-03-02 01:10:00 +01:00 on the host)",
        "- **Failures:** 12", "SYSTEM @ 0x40, `f2:0x40`", "- **What now:** Do this."};
    for (size_t i = 0; i < LEN(md); i++)
        cr_expect(has(&m, MD, md[i]), "%s", md[i]);
    expect_json(&m, "json_extract(?1, '$.findings[0].supports')", "[\"f1:0x1200\",\"f2:0x40\"]");
    expect_json(&m, "json_extract(?1, '$.findings[0].contradicts')", "[\"f1:0x1200\"]");
    expect_json(&m, "json_extract(?1, '$.findings[0].code')",
                "{\"win32\":1312,\"hex\":\"0x00000520\",\"hresult\":\"0x80070520\",\"symbol\":\"ERROR_NO_"
                "SUCH_LOGON_SESSION\"}");
    expect_json(&m, "json_extract(?1, '$.findings[0].first_seen')", "2026-03-02T01:10:00.0000000Z");
    expect_json(&m, "json_extract(?1, '$.findings[0].unknown')",
                "[{\"artifact\":\"SECURITY\",\"collect\":\"reg save\"}]");
    expect_json(&m, "json_extract(?1, '$.findings[1].subject')", "\\Sync");
    drop(&m);
}

Test(report, services)
{
    struct made m = make(
        PC1 "INSERT INTO v_coverage VALUES('PC1', 'SYSTEM', 'present', NULL, NULL, 'f2', 'SYSTEM', NULL), "
            "('PC2', 'SYSTEM', 'unreadable', NULL, NULL, 'f3', 'SYSTEM', NULL);"
            "INSERT INTO kb_account VALUES('LocalSystem', 'S-1-5-18'), ('NT AUTHORITY\\NetworkService', "
            "'S-1-5-20');"
            "INSERT INTO v_service VALUES('f2:0x10', 'PC1', 'lanmanworkstation', NULL, 2, 'NT "
            "AUTHORITY\\NetworkService', 0, 0, NULL, NULL), ('f2:0x20', 'PC1', 'VaultSvc', NULL, 4, "
            "'LocalSystem', 0, 0, NULL, NULL),"
            "('f2:0x30', 'PC1', 'Agent', NULL, 2, 'CORP\\svc', 0, 0, NULL, NULL), ('f2:0x40', 'PC1', 'Dhcp', "
            "NULL, 2, 'localsystem', 0, 0, NULL, NULL), ('f2:0x50', 'PC1', 'drv', NULL, 1, '\\Driver\\drv', "
            "0, 0, NULL, NULL),"
            "('f2:0x60', 'PC1', 'virt', NULL, 1, 'nt service\\virt', 0, 0, NULL, NULL), ('f2:0x70', 'PC1', "
            "'Broken', NULL, 2, 'LocalSystem', 0, 0, NULL, NULL), ('f2:0x80', 'PC1', 'NoAcc', NULL, 2, NULL, "
            "0, 0, NULL, NULL);"
            "INSERT INTO v_reg(host, path, name, text) VALUES('PC1', "
            "'SYSTEM\\CurrentControlSet\\services\\BROKEN', "
            "'FailureActions', 'restart after 60 s');"
            "INSERT INTO v_failure VALUES('f1:0x1200', 'PC1', 'service', 'broken', NULL, NULL, NULL, 1069, "
            "1, '1069', 'S', " MARCH_2 ", 1, 101);");
    expect_json(&m,
                "(SELECT group_concat(json_extract(value, '$.service') || '=' || "
                "coalesce(json_extract(value, '$.start'), 'null') || coalesce(json_extract(value, '$.ref'), "
                "'')) FROM json_each(?1, '$.facts.services'))",
                "Agent=2f2:0x30,Broken=2f2:0x70,CscService=null,LanmanWorkstation=2f2:0x10,Netlogon=null,"
                "Schedule=null,VaultSvc=4f2:0x20");
    expect_json(&m, "json_extract(?1, '$.facts.services[2]')",
                "{\"host\":\"PC1\",\"service\":\"CscService\",\"installed\":false,\"start\":null,\"account\":"
                "null,\"recovery\":null,\"ref\":null}");
    expect_json(&m, "json_extract(?1, '$.facts.services[1].recovery')", "restart after 60 s");
    cr_expect(has(&m, HTML, "<small>when it fails: restart after 60 s</small>")
              && has(&m, MD, "| LocalSystem | restart after 60 s | `f2:0x70` |"));
    cr_expect(has(&m, HTML, "<span class='nil'>not installed</span>")
              && has(&m, HTML, "disabled <span class='src'>(4)</span>"));
    drop(&m);
    m = make(PC1 FILE1 LOG);
    expect_json(&m,
                "(SELECT group_concat(json_extract(value, '$.host') || '.' || json_extract(value, "
                "'$.service') || '=' || coalesce(json_extract(value, '$.installed'), 'null')) FROM "
                "json_each(?1, '$.facts.services'))",
                "PC1.CscService=null,PC1.LanmanWorkstation=null,PC1.Netlogon=null,PC1.Schedule=null,PC1."
                "VaultSvc=null");
    cr_expect(has(&m, HTML, "No SYSTEM hive was read"));
    drop(&m);
}

Test(report, task_failures)
{
    struct made m = make(PC1 FAILED(
        "\\Backup",
        "1312") "INSERT INTO v_failure VALUES('f1:0x1400', 'PC1', 'service', 'Agent', NULL, NULL, NULL, "
                "1326, 1, '%%1326', 'S', " MARCH_2 ", 1, 101);"
                "INSERT INTO v_failure VALUES('f2:0x90', 'PC1', 'task', '\\Wrong password', NULL, NULL, "
                "NULL, 1326, 2147943726, '2147943726', 'ERROR_LOGON_FAILURE', 0, NULL, NULL);"
                "INSERT INTO v_task VALUES('f2:0x90', 'PC1', '\\Wrong password', NULL, NULL, NULL, NULL, 0, "
                "0, 0, 0, 2147943726, NULL, 0), ('f2:0xa0', 'PC1', '\\Exit 1312', NULL, NULL, NULL, NULL, 0, "
                "0, " MARCH_5 ", 0, 1312, NULL, 0),"
                "('f2:0xb0', 'PC1', '\\Never ran', NULL, NULL, NULL, NULL, 0, 0, 0, 0, 267011, NULL, 0), "
                "('f2:0xc0', 'PC1', '\\Fine', NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, NULL, 0),"
                "('f2:0xe0', 'PC1', '\\No result', NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, 0);");
    static const char *const rows[] = {
        "{\"host\":\"PC1\",\"task\":\"\\\\Wrong "
        "password\",\"event_id\":null,\"code_raw\":\"2147943726\",\"win32\":1326,\"time\":null,\"ref\":\"f2:"
        "0x90\"}",
        "{\"host\":\"PC1\",\"task\":\"\\\\Backup\",\"event_id\":101,\"code_raw\":\"2147943712\",\"win32\":"
        "1312,\"time\":\"2026-03-02T01:10:00.0000000Z\",\"ref\":\"f1:0x1200\"}",
        "{\"host\":\"PC1\",\"task\":\"\\\\Exit "
        "1312\",\"event_id\":null,\"code_raw\":\"1312\",\"win32\":null,\"time\":\"2026-03-05T01:10:00."
        "0000000Z\",\"ref\":\"f2:0xa0\"}",
    };
    expect_json(&m, "json_array_length(?1, '$.facts.task_failures')", "3");
    for (size_t i = 0; i < LEN(rows); i++) {
        char path[80];
        snprintf(path, sizeof path, "json_extract(?1, '$.facts.task_failures[%zu]')", i);
        expect_json(&m, path, rows[i]);
    }
    cr_expect(has(&m, HTML, "ERROR_LOGON_FAILURE") && has(&m, HTML, "Agent"));
    drop(&m);
}

Test(report, settings)
{
    struct made m = make(
        PC1 "INSERT INTO v_setting VALUES('f2:0x10', 'PC1', 'smb_client', 'MaxCmds', 15, NULL, 1, 50, NULL, "
            "'Requests', 'p'), (NULL, 'PC1', 'smb_client', 'MaxThreads', NULL, NULL, 0, 17, NULL, 'Threads', "
            "'p'),"
            "('f2:0x20', 'PC1', 'smb_client', 'Named', NULL, 'on', 1, NULL, 'off', 'Text', 'p'), ('f2:0x30', "
            "'PC1', 'credential_policy', 'DisableDomainCreds', 1, NULL, 1, 0, NULL, 'Refused', 'p'),"
            "('f2:0x40', 'PC1', 'credential_policy', 'LsaCfgFlags', NULL, NULL, 0, 0, NULL, 'Off', 'p'), "
            "('f2:0x50', 'PC1', 'host', 'Other', 1, NULL, 1, 0, NULL, 'x', 'p');");
    expect_json(
        &m, "json_extract(?1, '$.facts.smb_client')",
        "[{\"host\":\"PC1\",\"name\":\"MaxCmds\",\"value\":15,\"default\":50,\"ref\":\"f2:0x10\"},{\"host\":"
        "\"PC1\",\"name\":\"MaxThreads\",\"value\":null,\"default\":17,\"ref\":null},"
        "{\"host\":\"PC1\",\"name\":\"Named\",\"value\":\"on\",\"default\":\"off\",\"ref\":\"f2:0x20\"}]");
    expect_json(&m, "json_extract(?1, '$.facts.credential_policy')",
                "[{\"host\":\"PC1\",\"name\":\"DisableDomainCreds\",\"value\":1,\"meaning\":\"Refused\","
                "\"ref\":\"f2:0x30\"},{\"host\":\"PC1\",\"name\":\"LsaCfgFlags\",\"value\":null,\"meaning\":"
                "\"Off\",\"ref\":\"f2:0x40\"}]");
    drop(&m);
    m = make(PC1
             "INSERT INTO v_setting SELECT NULL, h.column1, 'smb_client', s.column1, NULL, NULL, 0, NULL, "
             "NULL, NULL, 'p' FROM (VALUES('PC1'), ('PC2')) h, (VALUES('MaxCmds'), ('MaxThreads')) s;");
    cr_expect(has(&m, MD,
                  "\n- SMB client, not set on PC1: MaxCmds, MaxThreads\n- SMB client, not set on PC2: "
                  "MaxCmds, MaxThreads\n"),
              "%s", m.text[MD].p);
    drop(&m);
}

Test(report, two_hosts)
{
    struct made m = make(
        PC1
        "INSERT INTO v_host VALUES('ALPHA', NULL, NULL, NULL, NULL, NULL, NULL, 300, NULL, NULL, NULL);" FILE1
            LOG FINDING("1", "likely")
                FAILED("\\Backup", "1312") "INSERT INTO v_failure SELECT 'f1:0x9', host, kind, subject, "
                                           "principal, sid, call, win32, value, raw, symbol, " MARCH_5
                                           ", boot, event_id FROM v_failure;");
    cr_expect(has(&m, HTML, "<h1>2 hosts: 1 explained, 1 not covered</h1>"));
    cr_expect(m.r->coverage.n > 0 && !m.r->alike.n, "what few hosts have alike is not asked: none says it");
    cr_expect(strstr(m.text[HTML].p, "Diagnosis of PC1") < strstr(m.text[HTML].p, "Diagnosis of ALPHA"),
              "the gravest host first");
    cr_expect(has(&m, MD, "# 2 hosts") && has(&m, MD, "## PC1: The title")
              && has(&m, MD, "## No failure is known on ALPHA"));
    expect_json(&m, "json_extract(?1, '$.hosts[1]')",
                "{\"host\":\"ALPHA\",\"fqdn\":null,\"domain\":null,\"os\":null,\"build\":null,\"role\":null,"
                "\"time_zone\":null,\"bias_minutes\":300,\"machine_sid\":null,\"domain_joined\":null,"
                "\"outcome\":null,"
                "\"kinds\":[],\"next\":[],\"unasked\":[]}");
    drop(&m);
}

/* Times that cannot be stay with their fact, marked, and are never first, last or part of a timeline. */
Test(report, impossible_times)
{
    struct made m = make(PC1 FILE1 LOG FAILED("\\B", "1312") OUTCOME(
        "unexplained") "INSERT INTO v_failure SELECT 'f1:0x1400', host, kind, '\\Early', principal, sid, "
                       "call, "
                       "win32, value, raw, symbol, 1, boot, event_id FROM v_failure;"
                       "INSERT INTO v_failure SELECT 'f1:0x1600', host, kind, '\\Late', principal, sid, "
                       "call, "
                       "win32, value, raw, symbol, 2334746304000000000, boot, event_id FROM v_failure "
                       "WHERE evidence_id = 'f1:0x1200';");
    cr_expect(has(&m, MD, "- **First seen:** 2026-03-02 01:10:00 UTC")
              && has(&m, MD, "- **Last seen:** 2026-03-02"));
    cr_expect(has(&m, MD, "- **Failures:** 3"), "they count");
    cr_expect(has(&m, HTML, "In the order of time: 1 fact<"));
    expect_json(&m, "json_extract(?1, '$.facts.failures[0].time')", "1601-01-01T00:00:00.0000001Z");
    expect_json(&m, "json_array_length(?1, '$.facts.failures')", "3");
    drop(&m);
    m = make(PC1 FILE1 LOG FINDING(
        "1", "confirmed") "INSERT INTO v_citation VALUES(1, 'symptom', 0, 'f1:0x1200', 1, 'It "
                          "failed.', 'f1', 'a/System.evtx', 'aa', 4608, 'Event 101', 1);");
    cr_expect(has(&m, HTML, "1601-01-01 00:00:00</time> <small class='odd'>impossible</small>"));
    drop(&m);
}

#define HOSTS(n)                                                                                             \
    "WITH i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < " n                                      \
    ") INSERT INTO v_host(host, outcome) "                                                                   \
    "SELECT printf('H%03d', i), CASE WHEN i % 4 = 0 THEN 'not_covered' WHEN i % 4 = 3 THEN 'unexplained' "   \
    "ELSE "                                                                                                  \
    "'explained' END FROM i;"                                                                                \
    "INSERT INTO v_failure(evidence_id, host, kind, subject, principal, win32, value, raw, symbol, time, "   \
    "event_id, explained) SELECT 'f1:0x' || substr(host, 2), host, 'task', '\\T', 'u', 1312, 1, '1', "       \
    "'S', " MARCH_2 ", 101, outcome = 'explained' FROM v_host WHERE outcome <> 'not_covered';"               \
    "INSERT INTO v_finding(finding, cause, title, verdict, host, subject, win32, hex, hresult, symbol, "     \
    "first_seen, last_seen, count, explanation) SELECT CAST(substr(host, 2) AS INTEGER), 'boot-race', 'The " \
    "race', "                                                                                                \
    "'confirmed', "                                                                                          \
    "host, '\\T', 1312, 'h', 'r', 'S', " MARCH_2 ", " MARCH_2 ", 1, 'Because.' FROM v_host WHERE outcome = " \
    "'explained';"                                                                                           \
    "INSERT INTO v_citation(finding, role, ord, evidence_id, time, explain, file_off) SELECT finding, "      \
    "'cause', 0, "                                                                                           \
    "'f1:0x' || substr(host, 2), first_seen - CASE WHEN finding % 2 THEN 36000000000 ELSE 72000000000 + "    \
    "finding * "                                                                                             \
    "600000000 END, 'It was so.', 1 FROM v_finding; UPDATE v_citation SET fact_time = time;"                 \
    "INSERT INTO v_kind_need(host, artifact, state, why, collect, kinds, ord) SELECT host, 'SmbClient', "    \
    "'missing', "                                                                                            \
    "'', 'wevtutil epl SmbClient', 'share', 1 FROM v_host WHERE outcome = 'not_covered';"

/* Sixty causes, each with as many citations, remedies and words as findings of samples have. */
#define DIFFERENT                                                                                          \
    "UPDATE v_finding SET cause = 'cause-' || finding, explanation = "                                     \
    "replace(hex(zeroblob(160)), "                                                                         \
    "'00', 'w '); INSERT INTO v_citation(finding, role, ord, evidence_id, time, explain, file_off, path, " \
    "sha256, summary, fact_time) SELECT f.finding, r.column1, o.column1, printf('f2:0x%x', f.finding * "   \
    "4096 "                                                                                                \
    "+ o.column1 * 64 + length(r.column1)), first_seen, replace(hex(zeroblob(90)), '00', 'x '), 1, "       \
    "'host/Security.evtx', hex(zeroblob(32)), replace(hex(zeroblob(40)), '00', 'y '), first_seen FROM "    \
    "v_finding f, (VALUES('symptom'), ('link'), ('compatible')) r, (VALUES(0), (1), (2), (3), (4), (5), "  \
    "(6), (7)) o WHERE r.column1 = 'symptom' OR o.column1 < 3; "                                           \
    "INSERT INTO v_finding_remedy SELECT finding, o.column1, replace(hex(zeroblob(120)), '00', 'z '), "    \
    "'low', "                                                                                              \
    "'yes', 'see' FROM v_finding, (VALUES(0), (1), (2)) o;"

/* Of many hosts: causes with their hosts, each host of its own line and outcome, what would tell of the rest.
 */
Test(report, many_hosts)
{
    struct made m = make(HOSTS("8"));
    static const char *const html[] = {
        "<h1>8 hosts: 2 unexplained, 4 explained, 2 not covered</h1>",
        /* four hosts, the cause at the same minute on two; hosts of that cause alone */
        "The race</bdi></a><small>Confirmed</small></th><td class='num'><b>4</b></td><td class='which'><bdi "
        "dir='auto'>H001</bdi>, <bdi "
        "dir='auto'>H002</bdi>, <bdi dir='auto'>H005</bdi> and 1 more</td><td class='num'>4</td>",
        "<td>2 at <time datetime='2026-03-02T00:10:00.0000000Z'>",
        " No cause known<small>Unexplained</small></th><td class='num'><b>2</b></td><td class='which'><bdi "
        "dir='auto'>H003</bdi>, <bdi "
        "dir='auto'>H007</bdi></td><td class='num'>2</td>",
        "2 hosts are not covered <small>",
        "<p class='names'><bdi dir='auto'>H004</bdi>, <bdi dir='auto'>H008</bdi></p>",
        "SmbClient</bdi></th><td><kbd>wevtutil epl SmbClient</kbd></td><td class='num'>2</td><td "
        "class='which'><bdi "
        "dir='auto'>H004, H008</bdi></td>",
        "The same on 3 more hosts: 3 more subjects<",
    };
    cr_expect(m.r->alike.n > 0);
    for (size_t i = 0; i < LEN(html); i++)
        cr_expect(has(&m, HTML, html[i]), "%s", html[i]);
    cr_expect_eq(count(m.text[HTML].p, "<article class='card"), 1, "one card a cause");
    cr_expect(!has(&m, HTML, "'SELECT * FROM v_finding'"), "no cause is left out of the table");
    cr_expect(!has(&m, HTML, "what each one covers"), "of many hosts what is missing, not what each has");
    cr_expect_eq(count(m.text[HTML].p, "<details class='host panel'>"), 6,
                 "a line for each with something to tell");
    cr_expect(strstr(m.text[HTML].p, "Diagnosis of H007") < strstr(m.text[HTML].p, "Diagnosis of H001"),
              "unexplained first");
    static const char *const md[] = {
        "| The race | Confirmed | 4 | H001, H002, H005 and 1 more | 4 |", "| H003 | Unexplained |  | 1 | 1 |",
        "| H001 | Explained | The race | 1 | 0 |", "| H008 | Not covered |  | 0 | 0 |",
        "| SmbClient | wevtutil epl SmbClient | 2 | H004, H008 |"};
    for (size_t i = 0; i < LEN(md); i++)
        cr_expect(has(&m, MD, md[i]), "%s", md[i]);
    drop(&m);
    m = make(
        HOSTS("8") "UPDATE v_finding SET cause = 'c-open', title = 'Open', verdict = 'undetermined' WHERE "
                   "finding = 2; INSERT INTO v_citation(finding, role, ord, evidence_id, explain) "
                   "VALUES(2, 'symptom', 0, 'f1:0xfa11', 'It failed.');");
    const char *open = strstr(m.text[HTML].p, "Causes that could not be decided");
    cr_assert(open, "a table of what is open");
    const char *failed = strstr(open, ">f1:0xfa11<"), *end = strstr(open, "</table>");
    cr_expect(failed && failed < end, "with the failure");
    const char *causes = strstr(m.text[HTML].p, "Cause at the same minute");
    cr_assert(causes, "a table of causes");
    size_t rows = (size_t)(strstr(causes, "</table>") - causes);
    cr_expect(memmem(causes, rows, ">The race<", 10) && !memmem(causes, rows, ">Open<", 6),
              "what could not be decided is none: %.*s", (int)rows, causes);
    drop(&m);
    /* a failure without a cause shows before the cause of another */
    m = make(HOSTS("8") "UPDATE v_host SET outcome = 'unexplained' WHERE host = 'H001';");
    cr_expect(has(&m, HTML, "H001</bdi></b></span><span class='pill undetermined'>")
                  && has(&m, HTML, "H002</bdi></b></span><span class='pill confirmed'>"),
              "%s", strstr(m.text[HTML].p, "H001</bdi></b>"));
    drop(&m);
    /* from the first to the last of them, whichever host comes first; three by name */
    m = make(HOSTS(
        "16") "UPDATE v_failure SET time = time + 36000000000 WHERE host = 'H003';"
              "INSERT INTO v_failure(evidence_id, host, kind, subject, principal, win32, value, raw, symbol, "
              "time, event_id, explained) SELECT 'f2:0x' || substr(host, 2), host, kind, subject, principal, "
              "win32, value, raw, symbol, CASE host WHEN 'H011' THEN " MARCH_5
              " ELSE time + 72000000000 END, event_id, "
              "explained FROM v_failure;");
    const char *open_row = strstr(m.text[HTML].p, " No cause known<small>");
    cr_assert(open_row, "a row of what is unexplained");
    static const char open_cells[] =
        "<bdi dir='auto'>H011</bdi> and 1 more</td><td class='num'>8</td><td><time "
        "datetime='2026-03-02T01:10:00.0000000Z'>2026-03-02 01:10:00</time></td><td><time "
        "datetime='2026-03-05T01:10:00.0000000Z'>";
    const char *cells = strstr(open_row, open_cells);
    cr_expect(cells && cells < strstr(open_row, "</tr>"), "%.900s", open_row);
    drop(&m);
    m = make(HOSTS("120") DIFFERENT);
    cr_expect(m.text[HTML].n <= 1000000, "%zu bytes", m.text[HTML].n);
    cr_expect(count(m.text[HTML].p, "<") - count(m.text[HTML].p, "</") <= 25000, "%zu elements",
              count(m.text[HTML].p, "<") - count(m.text[HTML].p, "</"));
    size_t full = count(m.text[HTML].p, "<h4>Supports it</h4>"), lines = count(m.text[HTML].p, "line-only'");
    cr_expect(full >= 10 && full <= 30, "%zu told in full", full);
    cr_expect_eq(count(m.text[HTML].p, "What supports it and how to mend it: <kbd>"), 60 - full);
    cr_expect_eq(count(m.text[HTML].p, "more in case.db: <kbd>SELECT * FROM v_citation WHERE finding ="),
                 full);
    cr_expect(lines > 0 && has(&m, HTML, "The hosts below are a line each."), "%zu hosts of a line", lines);
    cr_expect(has(&m, MD, " more in case.db (v_citation, finding ") && m.text[MD].n <= 60000);
    cr_expect(!has(&m, HTML, "<td>1 at <time") && !has(&m, MD, " | 1 at "),
              "one host alone is no minute of many");
    drop(&m);
    m = make(HOSTS("120"));
    cr_expect(m.text[HTML].n <= 1000000, "%zu bytes", m.text[HTML].n);
    cr_expect_eq(count(m.text[HTML].p, "<details class='host panel'>"), 40,
                 "the gravest open, others are a line");
    cr_expect(count(m.text[HTML].p, "<") - count(m.text[HTML].p, "</") <= 25000, "elements");
    cr_expect(m.text[MD].n <= 60000 && has(&m, MD, "| H120 | Not covered |")
              && has(&m, MD, "| H119 | Unexplained |"));
    drop(&m);
}

/* Each row counts its own hosts; a time that is open at one end is told as that. */
Test(report, rows_of_their_own)
{
    struct made m = make(
        HOSTS("40") "INSERT INTO v_kind_need(host, artifact, state, why, collect, kinds, ord) "
                    "VALUES('H004', 'Security', 'missing', '', 'wevtutil epl Security', 'task', 1);");
    cr_expect(has(&m, MD, "| Security | wevtutil epl Security | 1 | H004 |\n"));
    cr_expect(has(&m, MD, "| SmbClient | wevtutil epl SmbClient | 10 | H004, H008, ")
              && has(&m, MD, " and 4 more |\n"));
    drop(&m);
    m = make(PC1 FILE1 LOG CLEAR "INSERT INTO meta VALUES('since', '" MARCH_2 "');");
    expect_json(&m,
                "json_extract(?1, '$.window.since') || coalesce(json_extract(?1, '$.window.until'), ' on')",
                "2026-03-02T01:10:00.0000000Z on");
    drop(&m);
}

/* Of kinds of events the most frequent of a host; all the others are counted, also those no page holds. */
Test(report, events_beyond_the_summary)
{
    struct made m = make(PC1 FILE1
                         "INSERT INTO v_log_span(host, channel, n, evidence_id) VALUES('PC1', 'System', "
                         "5003, 'f1:0x0'); WITH i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < "
                         "5003) INSERT INTO v_event_count(host, channel, provider, event_id, n) SELECT "
                         "'PC1', 'System', 'P', i, 1 FROM i;");
    cr_expect(has(&m, HTML,
                  "<p class='left'>4,983 more in case.db: <kbd>whylogon query case.db 'SELECT * FROM "
                  "v_summary_event'"),
              "5003 kinds, 20 shown");
    expect_json(&m, "json_extract(?1, '$.summary.omitted.events')", "3");
    drop(&m);
}

/* A host nobody named is called by its files: three of them, the rest counted. */
Test(report, host_without_a_name)
{
    static const struct {
        const char *files, *html, *not ;
    } rows[] = {
        {"3", "<small><bdi dir='auto'>F1</bdi>, <bdi dir='auto'>F2</bdi>, <bdi dir='auto'>F3</bdi></small>",
         " more</small>"},
        {"4", "<bdi dir='auto'>F3</bdi> and 1 more</small>", "F4</bdi></small>"},
        {"6", "<bdi dir='auto'>F3</bdi> and 3 more</small>", "F4</bdi></small>"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf sql = {0};
        buf_printf(
            &sql,
            "INSERT INTO v_host(host, outcome) VALUES('(unnamed)', 'not_covered'), ('B', 'not_covered');"
            "WITH i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < %s) INSERT INTO "
            "v_evidence(file_id, file, path, kind, host, state) SELECT 'f' || i, i, 'F' || i, 'evtx', "
            "'(unnamed)', 'read' FROM i;",
            rows[i].files);
        buf_char(&sql, 0);
        struct made m = make(sql.p);
        cr_expect(has(&m, HTML, rows[i].html), "%s files: %s", rows[i].files, m.text[HTML].p);
        cr_expect(!has(&m, HTML, rows[i].not ), "%s files: %s", rows[i].files, rows[i].not );
        drop(&m), buf_free(&sql);
    }
}

/* Damage is shown where it is; a file as a whole has no place. */
Test(report, damage_and_where)
{
    struct made m = make(PC1 FILE1 LOG CLEAR
                         "INSERT INTO v_anomaly VALUES('f1:0x1200', 'f1', 'p', 'c', 'torn', "
                         "NULL), ('f1', 'f1', 'p', 'c', 'cut', 'short');");
    cr_expect(has(&m, HTML, "<td class='mono'>0x1200</td><td><bdi dir='auto'>torn</bdi>"));
    cr_expect(
        has(&m, HTML, "<td class='mono'></td><td><bdi dir='auto'>cut</bdi>: <bdi dir='auto'>short</bdi>"));
    drop(&m);
}

/* A table of the evidence has 500 rows, and says where the others are. */
Test(report, tables_of_evidence_have_an_end)
{
    struct made m = make(
        PC1 FILE1 LOG CLEAR
        "CREATE TEMP TABLE i AS WITH i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i "
        "< 503) SELECT i FROM i; INSERT INTO v_anomaly SELECT printf('f%d:0x%x', i % 3 + 1, i), "
        "'f' || (i % 3 + 1), 'p', 'c', 'torn ' || i, NULL FROM i; INSERT INTO v_coverage SELECT "
        "'PC1', 'part ' || i, 'partial', NULL, NULL, NULL, NULL, NULL FROM i; INSERT INTO "
        "v_coverage SELECT 'PC1', 'gone ' || i, 'missing', NULL, NULL, NULL, NULL, NULL FROM i;");
    static const struct {
        const char *row, *more, *view;
        size_t rows;
    } tables[] = {{"</td><td><bdi dir='auto'>torn ", "3", "v_anomaly", 500},
                  {"<tr><th scope='row'><bdi dir='auto'>part ", "4", "v_coverage", 499},
                  {"<tr><th scope='row'><bdi dir='auto'>gone ", "3", "v_coverage", 500}};
    for (size_t i = 0; i < LEN(tables); i++) {
        char more[200];
        size_t n = count(m.text[HTML].p, tables[i].row);
        snprintf(more, sizeof more,
                 "<p class='left'>%s more in case.db: <kbd>whylogon query case.db 'SELECT * FROM %s'",
                 tables[i].more, tables[i].view);
        cr_expect(n == tables[i].rows && has(&m, HTML, more), "%s: %zu", tables[i].row, n);
    }
    drop(&m);
}

/* However long the texts are: what does not fit on the page is counted. */
Test(report, long_texts_leave_a_page)
{
    struct made m = make(
        PC1 FILE1 LOG
        "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO "
        "v_finding SELECT i, 'cause-' || i || x, 'r', x, 'ruled_out', 'PC1', i || x, 1312, 'x', 'y', "
        "'S', " MARCH_2 ", " MARCH_5 ", 1, x, 'agree' FROM n, (SELECT replace(hex(zeroblob(4000)), '0', "
        "'<') AS x); INSERT INTO v_citation SELECT finding, 'contradicts', 1, printf('f1:0x%x', 4608 + "
        "finding), " MARCH_2 ", title, 'f1', 'a/System.evtx', 'aa', 1, title, NULL FROM v_finding;");
    cr_expect(m.text[HTML].n > 8000000 && m.text[HTML].n < 10000000, "%zu", m.text[HTML].n);
    cr_expect(has(&m, HTML, " more in case.db: <kbd>"));
    drop(&m);
}

/* What a second reader says, with why where it did not agree. */
Test(report, second_reader)
{
    static const struct {
        const char *result, *detail, *want, *not ;
    } rows[] = {{"agree", "'of no use'", "second reader: agree", "of no use"},
                {"differ", "'1 and 4'", "second reader: differ (<bdi dir='auto'>1 and 4</bdi>)", "differ</"},
                {"unreadable", "NULL", "second reader: unreadable", "unreadable ("}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf sql = {0};
        buf_printf(&sql,
                   "%sINSERT INTO v_citation VALUES(1, 'cause', 0, 'f1:0x40', NULL, 'It is on.', 'f1', 'a', "
                   "'b', 64, "
                   "'Value', NULL); INSERT INTO v_verification VALUES('f1:0x40', '%s', %s, 'libevtx');",
                   PC1 FILE1 LOG FAILED("\\B", "1312") FINDING("1", "confirmed"), rows[i].result,
                   rows[i].detail);
        buf_char(&sql, 0);
        struct made m = make(sql.p);
        cr_expect(has(&m, HTML, rows[i].want), "%s", rows[i].want);
        cr_expect(!has(&m, HTML, rows[i].not ), "%s", rows[i].not );
        drop(&m), buf_free(&sql);
    }
}

/* What decides is listed to a dozen, the rest counted; what other control sets hold stands beside what is in
 * force. */
Test(report, lists_with_an_end)
{
    struct made m = make(PC1 FILE1 LOG FAILED("\\B", "1312") FINDING(
        "1", "likely") "WITH i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < 14) INSERT INTO "
                       "v_finding_unknown SELECT 1, i, 'artefact-' || i, 'collect ' || i FROM i;"
                       "INSERT INTO v_control_set_difference VALUES('PC1', 'ControlSet002', 1, 'Lsa', 'x', "
                       "NULL, '7', "
                       "'f2:0x40', 'f2:0x80');");
    cr_expect(has(&m, HTML, "Collect: <kbd>collect 12</kbd>")
              && !has(&m, HTML, "Collect: <kbd>collect 13</kbd>"));
    cr_expect(has(&m, HTML, "<li class='nil'>2 more: report.json</li>"));
    cr_expect(has(&m, MD, "- **Not checked:** artefact-3: ")
              && !has(&m, MD, "- **Not checked:** artefact-4: ")
              && has(&m, MD, "- and 11 more: see report.html\n"));
    cr_expect(
        has(&m, HTML,
            "<td>ControlSet002<small>last known good</small></td><td><span class='nil'>not set</span></td>"
            "<td class='val'><bdi dir='auto'>7</bdi></td><td><span class='id'>f2:0x40<"));
    drop(&m);
}

/* ---- hostile text ---- */

static const char hostile[] =
    "<script>alert(1)</script>\"'><img src=x onerror=1>`````|a|\r\n# h\n- x\n\n    "
    "y\t\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8b\xef\xbb\xbf\xed\xa0\x80\x01\x1b[31m\x7f\xff"
    " ]]> [x](javascript:1) ![i](http://e.vil) --> {{7*7}} ${x} *b* _i_ ~s~ &lt; \\";
static const char benign[] = "Aaa";

/* Every column of every view: x text under test, the rest what links rows. */
static const struct {
    const char *table, *columns;
} everything[] = {
    {"meta", "Tx"},
    {"meta", "Vx"},
    {"meta", "Kx"},
    {"meta", "Mx"},
    {"meta", "Ux"},
    {"v_verification", "xxxx"},
    {"v_rule_error", "xxxxx"},
    {"kb_artifact", "xCxx"},
    {"v_evidence", "f1xxxxxx1x11111xxn1x1x111"},
    {"v_anomaly", "xfxxxx"},
    {"v_host", "xxxx1xx1x1x"},
    {"v_coverage", "xxxnnfxx"},
    {"v_coverage", "xSpttfxx"},
    {"v_failure", "xxkxxxx11xxt11"},
    {"v_failure", "xxkxxxx11xxu1n"},
    {"v_task", "xxxxxxx1ttt1x1"},
    {"v_kind", "xkN1ttE1"},
    {"v_kind_need", "xxxxxx1"},
    {"v_boot", "x1tt1xx"},
    {"v_presence", "1xxxtt11xxxxxxt1"},
    {"v_password_change", "1xxxxxtx"},
    {"v_task_saved", "xxxtx"},
    {"v_landmark", "1xxLxt"},
    {"v_event", "xxGPtJ"},
    {"v_service", "xxxx1x11xx"},
    {"v_setting", "xxexnx1nxxx"},
    {"v_setting", "xxqxnx1nxxx"},
    {"v_finding", "1xxxcxx1xxxtt1xx"},
    {"v_finding", "2xxxoxx1xxxtt1xx"},
    {"v_finding", "3xxxdxx1xxxtt1xx"},
    {"v_finding", "4xxxcyx1xxxtt1xx"},
    {"v_citation", "1s1xtxfxx1xt"},
    {"v_citation", "1a1xtxfxx1xt"},
    {"v_citation", "1l1xtxfxx1xt"},
    {"v_citation", "1b1xtxfxx1xt"},
    {"v_citation", "2b1xtxfxx1xt"},
    {"v_citation", "3s1xtxfxx1xt"},
    {"v_finding_unknown", "11xx"},
    {"v_finding_unknown", "31xx"},
    {"v_finding_remedy", "11xxxx"},
    {"v_finding_remedy", "12xxxx"},
};
static const char *const words[128] = {['N'] = "not_covered",
                                       ['E'] = "[]",
                                       ['L'] = "account-disabled",
                                       ['G'] = "Microsoft-Windows-GroupPolicy",
                                       ['J'] = "{\"DCName\":\"<b>`|\"}",
                                       ['T'] = "tool",
                                       ['V'] = "version",
                                       ['K'] = "knowledge_sha256",
                                       ['M'] = "stamp",
                                       ['U'] = "status",
                                       ['C'] = "channel",
                                       ['f'] = "f1",
                                       ['S'] = "SYSTEM",
                                       ['p'] = "present",
                                       ['k'] = "task",
                                       ['y'] = "OTHER",
                                       ['e'] = "smb_client",
                                       ['q'] = "credential_policy",
                                       ['c'] = "confirmed",
                                       ['o'] = "ruled_out",
                                       ['d'] = "undetermined",
                                       ['s'] = "symptom",
                                       ['a'] = "cause",
                                       ['l'] = "link",
                                       ['b'] = "contradicts"};

static struct made make_everything(struct str text)
{
    struct made m = {.db = empty_case()};
    struct err e = {0};
    for (size_t i = 0; i < LEN(everything); i++) {
        struct value v[32];
        enum col_type type[32];
        struct buf sql = {0};
        size_t n = strlen(everything[i].columns);
        const char *columns = "";
        for (size_t k = 0; k < LEN(filled); k++)
            if (!strcmp(filled[k].table, everything[i].table))
                columns = filled[k].columns;
        buf_printf(&sql, *columns ? "INSERT INTO %s(%s) VALUES(" : "INSERT INTO %s%s VALUES(",
                   everything[i].table, columns);
        for (size_t k = 0; k < n; k++) {
            char c = everything[i].columns[k];
            const char *word = words[(unsigned char)c];
            v[k] = c == 'x'   ? val_s(text)
                   : word     ? val_s(str_of(word))
                   : c == 'n' ? val_null()
                              : val_i(c == 'P'   ? 1502
                                      : c == 't' ? 134168874000000000
                                      : c == 'u' ? 134171466000000000
                                                 : c - '0');
            type[k] = c == 'x' || word ? COL_TEXT : COL_INT;
            buf_printf(&sql, "%s?%zu", k ? ", " : "", k + 1);
        }
        buf_z(&sql, ")"), buf_char(&sql, 0);
        cr_assert_eq(case_run(m.db, sql.p, v, type, n, &e), OK, "%s: %s", sql.p, e.why);
        buf_free(&sql);
    }
    render_filled(&m);
    return m;
}

/* The tags of a page without what is quoted in them: what a browser would build. */
static struct buf skeleton(const char *p)
{
    struct buf b = {0};
    for (char quote = 0; *p; p++) {
        if (*p != '<')
            continue;
        for (; *p && (quote || *p != '>'); p++) {
            if (quote ? *p == quote : *p == '"' || *p == '\'')
                quote = quote ? 0 : *p;
            else if (!quote)
                buf_char(&b, *p);
        }
        buf_char(&b, '\n');
        if (!*p)
            break;
    }
    buf_char(&b, 0);
    return b;
}

Test(report, hostile_html)
{
    struct made bad = make_everything(str_of(hostile)), good = make_everything(str_of(benign));
    struct buf x = skeleton(strstr(bad.text[HTML].p, "<body>")),
               y = skeleton(strstr(good.text[HTML].p, "<body>"));
    cr_expect_str_eq(x.p, y.p, "hostile text changes no tag and no attribute");
    static const char *const raw[] = {"<script", "<img", "\xe2\x80\xae", "\xe2\x81\xa6", "\xed\xa0\x80",
                                      "\x01",    "\x1b", "\x7f",         "\xff",         "\r"};
    for (size_t i = 0; i < LEN(raw); i++)
        cr_expect(!has(&bad, HTML, raw[i]), "%zu is out in the raw", i);
    cr_expect(has(&bad, HTML, "&lt;script&gt;") && has(&bad, HTML, "\xe2\x9f\xa6U+202E\xe2\x9f\xa7")
              && has(&bad, HTML, "\xe2\x9f\xa6U+D800\xe2\x9f\xa7"));
    buf_free(&x), buf_free(&y), drop(&bad), drop(&good);
}

static size_t pipes(const char *line, size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++)
        if (line[i] == '\\')
            i++;
        else
            sum += line[i] == '|';
    return sum;
}

/* What a Markdown reader sees as text: code spans are taken out, each to the closing run of as many
 * backticks. */
static struct buf outside_code(const char *p)
{
    struct buf b = {0};
    while (*p) {
        size_t n = strspn(p, "`");
        const char *end = n ? p + n : NULL;
        while (end && *end && strspn(end, "`") != n)
            end += strspn(end, "`") ? strspn(end, "`") : 1;
        if (end && *end)
            p = end + n;
        else if (*p == '\\' && p[1])
            p += 2;
        else
            buf_char(&b, *p++);
    }
    buf_char(&b, 0);
    return b;
}

Test(report, hostile_markdown)
{
    struct made bad = make_everything(str_of(hostile));
    size_t columns = 0, rows = 0;
    for (const char *p = bad.text[MD].p; *p; p += strcspn(p, "\n") + 1) {
        size_t n = strcspn(p, "\n");
        cr_expect(!n || strchr("#-|*123456789WHNCEUIL", *p), "a line begins with words of ours: %.*s", (int)n,
                  p);
        if (*p != '|')
            columns = 0;
        else if (!columns)
            columns = pipes(p, n), rows++;
        else
            cr_expect_eq(pipes(p, n), columns, "one row is one line: %.*s", (int)n, p);
    }
    cr_expect_gt(rows, 5, "tables");
    static const char *const raw[] = {"\r", "\xe2\x80\xae", "\x01", "\x1b", "\xff", "\xed\xa0\x80"};
    for (size_t i = 0; i < LEN(raw); i++)
        cr_expect(!has(&bad, MD, raw[i]), "%zu is out in the raw", i);
    struct buf text = outside_code(bad.text[MD].p);
    static const char *const markup[] = {"<", "](", "{{", "http:", "**b"};
    for (size_t i = 0; i < LEN(markup); i++)
        cr_expect(!strstr(text.p, markup[i]), "%s is markup", markup[i]);
    cr_expect(has(&bad, MD, "`````` <script>"), "a command's fence is longer than its backticks");
    buf_free(&text), drop(&bad);
}

Test(report, hostile_json)
{
    struct made m = make_everything(str_of(hostile));
    static const char *const path[] = {"tool.name",
                                       "status[0]",
                                       "evidence[0].path",
                                       "evidence[0].container",
                                       "hosts[0].host",
                                       "hosts[0].os",
                                       "coverage[0].host",
                                       "findings[0].title",
                                       "findings[0].subject",
                                       "findings[0].explanation",
                                       "findings[0].supports[0]",
                                       "findings[0].unknown[0].collect",
                                       "findings[0].remediation[1].verify",
                                       "facts.task_failures[0].task",
                                       "facts.services[0].service",
                                       "facts.smb_client[0].default",
                                       "facts.credential_policy[0].meaning"};
    struct buf b = {0};
    expect_json(&m, "json_valid(?1)", "1");
    for (size_t i = 0; i < LEN(path); i++) {
        char sql[120];
        snprintf(sql, sizeof sql, "json_extract(?1, '$.%s')", path[i]);
        json(&m, sql, &b);
        cr_expect(strncmp(b.p, hostile, 60) == 0, "%s comes back as it was: %.80s", path[i], b.p);
    }
    cr_expect(has(&m, JSON, "\\ud800") && !has(&m, JSON, "\xed\xa0\x80") && !has(&m, JSON, "\x01")
              && !has(&m, JSON, "\x7f"));
    buf_free(&b), drop(&m);
}

/* ---- form, size, limits ---- */

/* The real views, empty: every column a report asks for is there. */
/* The documented views themselves, over an empty case. */
static struct casedb *real_case(void)
{
    struct casedb *db = NULL;
    struct err e = {0};
    cr_assert_eq(case_create(NULL, embedded("schema.sql"), &db, &e), OK, "%s", e.why);
    cr_assert_eq(case_exec(db, embedded("views.sql").p, &e), OK, "%s", e.why);
    cr_assert_eq(case_exec(db, embedded("report.sql").p, &e), OK, "%s", e.why);
    for (size_t i = 0; i < kb_n_files; i++)
        if (!strncmp(kb_files[i].name, "derive/8", 8))
            cr_assert_eq(case_exec(db, (const char *)kb_files[i].p, &e), OK, "%s: %s", kb_files[i].name,
                         e.why);
    return db;
}

/* Views order hosts without case, where PC_1 comes before PCA: bytes have it the other way. */
Test(report, hosts_keep_their_rows_in_whatever_order)
{
    struct made m = {.db = real_case()};
    struct err e = {0};
    cr_assert_eq(
        case_exec(m.db,
                  "INSERT INTO host(id, name) VALUES(1, 'PCA'), (2, 'PC_1'), (3, 'PCB'), (4, 'PC_2'), "
                  "(5, 'PC^'); INSERT INTO kind(host_id, kind, state, failures, from_time, to_time) "
                  "SELECT id, 'task', 'clear', 0, " MARCH_2 ", " MARCH_5 " FROM host;",
                  &e),
        OK, "%s", e.why);
    render(&m);
    expect_json(&m,
                "(SELECT count(*) FROM json_each(?1, '$.hosts') h WHERE json_array_length(h.value, "
                "'$.kinds') = 1)",
                "5");
    drop(&m);
}

Test(report, real_views)
{
    struct made m = {.db = real_case()};
    struct err e = {0};
    cr_assert_eq(
        case_exec(
            m.db,
            "INSERT INTO host(id, name, bias) VALUES(1, 'PC1', -60); INSERT INTO evidence(id, path, kind, "
            "host_id, seen, parsed) VALUES(1, 'a/SYSTEM', 'hive', 1, NULL, NULL), (2, 'b', 'evtx', 1, 9, 9), "
            "(3, 'c', 'evtx', 1, 9, 9);"
            "UPDATE evidence SET duplicate_of = 1 WHERE id = 2; INSERT INTO anomaly(file_id, file_off, code, "
            "what) VALUES(2, 4096, 'x', 'torn');"
            "INSERT INTO kb_artifact(name, kind) VALUES('System', 'channel'), ('SYSTEM', 'hive'); INSERT "
            "INTO coverage(host_id, artifact, state, from_time, to_time) VALUES(1, 'System', "
            "'present', " MARCH_2 ", " MARCH_5 ");"
            "INSERT INTO finding(id, cause, title, verdict, host_id, win32, count) VALUES(1, 'boot-race', "
            "'T', 'likely', 1, 1311, 1); INSERT INTO citation(finding, role, ord, evidence_id, "
            "file_id, file_off, time, explain) VALUES(1, 'symptom', 0, 'f2:0x1200', 2, 4608, " MARCH_2
            ", 'It failed.');",
            &e),
        OK, "%s", e.why);
    render(&m);
    expect_json(&m, "json_extract(?1, '$.evidence[1].anomalies')", "[{\"offset\":4096,\"what\":\"torn\"}]");
    expect_json(&m, "json_extract(?1, '$.findings[0].supports[0]')", "f2:0x1200");
    /* the System log is no SYSTEM hive */
    expect_json(&m, "json_type(?1, '$.facts.services[0].installed')", "null");
    cr_expect(has(&m, HTML, "b @ 0x1200") || has(&m, HTML, "b</bdi> @ 0x1200"));
    cr_expect(has(&m, HTML, "same bytes as f1") && has(&m, HTML, "1 file is a copy")
              && has(&m, MD, "records: 9, hives") && has(&m, MD, ", copies of others: 1\n"));
    drop(&m);
}

/* Each object of the report has the keys of its schema, all of them, no others, in one order. */
Test(report, keys_are_those_of_the_schema)
{
    static const struct {
        const char *def, *path;
    } rows[] = {
        {"", "$"},
        {"properties.tool", "$.tool"},
        {"properties.facts", "$.facts"},
        {"\"$defs\".evidence", "$.evidence[0]"},
        {"\"$defs\".evidence.properties.records", "$.evidence[0].records"},
        {"\"$defs\".evidence.properties.members", "$.evidence[0].members"},
        {"\"$defs\".evidence.properties.anomalies.items", "$.evidence[0].anomalies[0]"},
        {"\"$defs\".host", "$.hosts[0]"},
        {"\"$defs\".kind", "$.hosts[0].kinds[0]"},
        {"\"$defs\".coverage", "$.coverage[0]"},
        {"\"$defs\".finding", "$.findings[0]"},
        {"\"$defs\".finding.properties.code", "$.findings[0].code"},
        {"\"$defs\".finding.properties.unknown.items", "$.findings[0].unknown[0]"},
        {"\"$defs\".finding.properties.remediation.items", "$.findings[0].remediation[0]"},
        {"\"$defs\".failure", "$.facts.failures[0]"},
        {"\"$defs\".task_failure", "$.facts.task_failures[0]"},
        {"\"$defs\".service", "$.facts.services[0]"},
        {"\"$defs\".smb_client", "$.facts.smb_client[0]"},
        {"\"$defs\".credential_policy", "$.facts.credential_policy[0]"},
    };
    struct made m = make_everything(str_of(benign));
    struct str schema = embedded("report.schema.json");
    struct value v[] = {val_s((struct str){m.text[JSON].p, m.text[JSON].n}), val_s(schema)};
    struct buf b = {0};
    struct err e = {0};
    for (size_t i = 0; i < LEN(rows); i++) {
        char sql[400];
        snprintf(sql, sizeof sql,
                 "SELECT (SELECT group_concat(key) FROM json_each(?1, '%s')) = (SELECT group_concat(value) "
                 "FROM json_each(?2, '$.%s%srequired')) AND "
                 "(SELECT group_concat(key) FROM json_each(?1, '%s')) = (SELECT group_concat(key) FROM "
                 "json_each(?2, '$.%s%sproperties'))",
                 rows[i].path, rows[i].def, *rows[i].def ? "." : "", rows[i].path, rows[i].def,
                 *rows[i].def ? "." : "");
        cr_assert_eq(case_query(m.db, sql, v, (enum col_type[]){COL_TEXT, COL_TEXT}, 2, first_cell, &b, &e),
                     OK, "%s", e.why);
        cr_expect_str_eq(b.p, "1", "%s", rows[i].path);
    }
    buf_free(&b), drop(&m);
}

/* The style sheet cannot take the words of verdicts from verdict.h: it has a colour, a wash and a class of
 * each. */
Test(report, each_verdict_has_its_colour)
{
    struct str css = embedded("style.css");
    static const char *const forms[] = {"--%s: #", "--%s-wash: #", ".%s {", ".%s,"};
    for (enum verdict v = 0; v < VERDICTS; v++) {
        bool found[LEN(forms)];
        for (size_t i = 0; i < LEN(forms); i++) {
            char text[80];
            snprintf(text, sizeof text, forms[i], verdict_words[v].id);
            found[i] = strstr(css.p, text) != NULL;
        }
        cr_expect(found[0] && found[1] && (found[2] || found[3]), "%s", verdict_words[v].id);
    }
}

Test(report, page_runs_nothing)
{
    struct made m = make(PC1 FILE1 LOG);
    struct str css = embedded("style.css");
    uint8_t sum[SHA256_BYTES];
    char policy[200], base64[48];
    cr_assert(sha256_of(css.p, css.n, sum));
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t bit = 0, n = 0; n < 43; n++, bit += 6) {
        unsigned two = (unsigned)sum[bit / 8] << 8 | (bit / 8 + 1 < 32 ? sum[bit / 8 + 1] : 0);
        base64[n] = digit[two >> (10 - bit % 8) & 63], base64[n + 1] = 0;
    }
    snprintf(policy, sizeof policy,
             "content=\"default-src 'none'; style-src 'sha256-%s='; img-src data:; base-uri 'none'; "
             "form-action 'none'\"",
             base64);
    cr_expect(has(&m, HTML, policy), "%s", policy);
    struct buf exact = {0};
    buf_z(&exact, "<style>"), buf_str(&exact, css), buf_z(&exact, "</style>"), buf_char(&exact, 0);
    cr_expect(has(&m, HTML, exact.p), "the hashed text is the text between the tags");
    cr_expect_eq(css.n, strlen(css.p));
    cr_expect(!strstr(css.p, "</") && !strstr(css.p, "url(") && !strstr(css.p, "@import"));
    static const char *const never[] = {
        "<script", " style=", "http:", "https:", " src=", "onclick", "javascript"};
    for (size_t i = 0; i < LEN(never); i++)
        cr_expect(!has(&m, HTML, never[i]), "%s", never[i]);
    buf_free(&exact), drop(&m);
}

Test(report, many_findings_stay_readable)
{
    struct made m = make(
        PC1 FILE1 LOG
        "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) INSERT INTO "
        "v_finding SELECT i, 'cause-' || (i % 700), 'r', 'Title ' || i, "
        "CASE i % 7 WHEN 0 THEN 'ruled_out' WHEN 1 THEN 'undetermined' ELSE 'possible' END, "
        "'PC1', '\\Task ' || i, 1312, 'x', 'y', 'S', " MARCH_2 ", " MARCH_5
        ", i, replace(hex(zeroblob(500)), '0', '<'), 'agree' FROM n;"
        "INSERT INTO v_citation SELECT finding, 'symptom', o, printf('f1:0x%x', 4608 + finding "
        "* 64 + o), " MARCH_2
        ", 'It failed.', 'f1', 'a/System.evtx', 'aa', 1, replace(hex(zeroblob(400)), '0', '|'), NULL "
        "FROM v_finding, (SELECT 0 o UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT "
        "4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7);"
        "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO "
        "v_anomaly SELECT printf('f1:0x%x', i), 'f1', 'p', 'c', 'what', 'detail' FROM n;");
    cr_expect(m.text[HTML].n < 10000000, "%zu", m.text[HTML].n);
    cr_expect(m.text[MD].n <= 60000, "%zu", m.text[MD].n);
    cr_expect(has(&m, HTML, "more causes in case.db")
              && has(&m, HTML, "more in case.db: <kbd>SELECT * FROM v_citation WHERE finding ="));
    cr_expect(has(&m, MD, "more lines are in case.db:* `whylogon query case.db 'SELECT * FROM v_f")
                  && has(&m, MD, "## Method"),
              "a long part leaves room for the others");
    cr_expect(has(&m, HTML, "Damage and anomalies: 300</summary>")
                  && has(&m, HTML,
                         "<p class='left'>100 more in case.db: <kbd>whylogon query case.db 'SELECT * FROM "
                         "v_anomaly'"),
              "of 300 anomalies 200 are listed, and 300 told");
    expect_json(&m, "json_array_length(?1, '$.findings')", "4000");
    expect_json(&m,
                "json_array_length(?1, '$.evidence[0].anomalies') || '/' || json_extract(?1, "
                "'$.evidence[0].anomaly_count')",
                "200/300");
    expect_json(&m, "json_extract(?1, '$.evidence[0].anomalies[199]')",
                "{\"offset\":200,\"what\":\"what: detail\"}");
    drop(&m);
}

Test(report, same_case_same_bytes_and_short_memory)
{
    struct made m = make_everything(str_of(hostile)), again = make_everything(str_of(hostile));
    for (size_t i = 0; i < FORMATS; i++)
        cr_expect(str_eq(buf_view(&m.text[i]), buf_view(&again.text[i])), "%s", report_formats[i].name);
    size_t short_ones = 0, cut_ones = 0;
    for (size_t bytes = 0; bytes < 1 << 20; bytes += bytes < 4096 ? 64 : bytes < 65536 ? 512 : 32768) {
        struct arena a = {0};
        struct report *r = NULL;
        struct err e = {0};
        cr_assert(arena_make(&a, bytes ? bytes : 1));
        enum status st = report_build(m.db, &a, &r, &e);
        cr_expect(st == OK || (st == E_LIMIT && !r), "%zu", bytes);
        short_ones += st == E_LIMIT;
        cut_ones += st == OK && report_is_cut(r);
        /* what does not fit is left out, and every report says so */
        for (size_t i = 0; i < FORMATS && st == OK; i++) {
            static const char *const says[] = {"This report is cut", "**Cut:**", "\"limit\""};
            struct buf text = {0};
            cr_expect_eq(report_formats[i].write(r, &text, &e), OK, "%zu %s", bytes, report_formats[i].name);
            buf_char(&text, 0);
            cr_expect_eq(report_is_cut(r), strstr(text.p, says[i]) != NULL, "%zu %s", bytes,
                         report_formats[i].name);
            buf_free(&text);
        }
        arena_free(&a);
    }
    cr_expect(short_ones > 10 && cut_ones > 10, "%zu %zu", short_ones, cut_ones);
    drop(&m), drop(&again);
}

static void plain_time(struct buf *b, int64_t t) { time_short(b, t); }

Test(report, templates)
{
    static const struct voice v = {buf_term, plain_time, "-", false, 4};
    static const struct {
        int64_t n;
        const char *want;
    } rows[] = {{0, "0"},
                {999, "999"},
                {1000, "1,000"},
                {-1000, "-1,000"},
                {-999, "-999"},
                {1234567, "1,234,567"},
                {INT64_MAX, "9,223,372,036,854,775,807"},
                {NONE, "-"}};
    struct buf b = {0};
    for (size_t i = 0; i < LEN(rows); i++) {
        b.n = 0, say(&b, &v, "%n", rows[i].n), buf_char(&b, 0);
        cr_expect_str_eq(b.p, rows[i].want);
    }
    b.n = 0,
    say(&b, &v, "%s|%s|%s|%x|%i%%|%z", STR("abcd"), STR("ab\xe2\x82\xac"), (struct str){0}, (int64_t)1312,
        (int64_t)-7, "z"),
    buf_char(&b, 0);
    cr_expect_str_eq(b.p, "abcd|ab\xe2\x80\xa6 (3 bytes more)|-|0x00000520|-7%|z",
                     "cut between characters, and said so");
    b.n = 0, say(&b, &v, "%n host%+, %n gap%+, %n log%+", (int64_t)1, (int64_t)0, (int64_t)2),
    buf_char(&b, 0);
    cr_expect_str_eq(b.p, "1 host, 0 gaps, 2 logs");
    /* each by the rule of that moment: Berlin in winter and in summer, Iran, Newfoundland */
    static const struct {
        const char *rule;
        int64_t t;
        const char *want;
    } clocks[] = {
        {"-60 -120 M3.5.0/02:00:00 M10.5.0/03:00:00", 134168874000000000, "2026-03-02 02:10:00 +01:00"},
        {"-60 -120 M3.5.0/02:00:00 M10.5.0/03:00:00", 134273418000000000, "2026-07-01 03:10:00 +02:00"},
        {"-210", 134168874000000000, "2026-03-02 04:40:00 +03:30"},
        {"210", 134168874000000000, "2026-03-01 21:40:00 -03:30"},
        {"210", -1, ""},
    };
    for (size_t i = 0; i < LEN(clocks); i++) {
        struct zone z;
        cr_assert(zone_parse(str_of(clocks[i].rule), &z), "%s", clocks[i].rule);
        b.n = 0, time_local(&b, clocks[i].t, &z), buf_char(&b, 0);
        cr_expect_str_eq(b.p, clocks[i].want);
    }
    b.n = 0, time_short(&b, -1), buf_char(&b, 0);
    cr_expect_str_eq(b.p, "invalid(0xffffffffffffffff)");
    cr_expect(str_eq(base_name(STR("a/b\\c.evtx")), STR("c.evtx")) && str_eq(base_name(STR("c")), STR("c"))
              && base_name(STR("c/")).n == 0);
    buf_free(&b);
}
