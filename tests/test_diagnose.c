#include "base/limits.h"
#include "base/wintime.h"
#include "case/casedb_priv.h"
#include "diagnose/diagnose.h"
#include "kb/kb.h"
#include "kb/kb_files.h"
#include "diagnose/rulelint.h"
#include "diagnose/ruletest.h"
#include "diagnose/witness.h"
#include "tests/build_knowledge.h"
#include "tests/plain_only.h"
#include "tests/scale.h"
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

/* Knowledge of these tests: an event of provider Probe is a row of an indicator. Its data say which: role,
 * subject, evidence. So what a rule concludes from its rows is tested without what rows mean. Evidence 1 is
 * the log of the Security channel, and so on; a day is 1000. */
#define D     864000000000LL
#define MARCH 134167968000000000LL /* 2026-03-01 */
static const char derive_sql[] =
    "INSERT INTO host(name) SELECT DISTINCT host_of(computer) FROM (SELECT computer FROM event UNION SELECT "
    "computer FROM log_span UNION SELECT computer FROM hive) WHERE computer > '' ORDER BY 1;"
    "UPDATE event SET host_id = (SELECT id FROM host WHERE name = host_of(computer));"
    "UPDATE evidence SET host_id = coalesce((SELECT h.id FROM hive v JOIN host h ON h.name = "
    "host_of(v.computer) WHERE v.file_id = evidence.id),"
    "    (SELECT h.id FROM log_span s JOIN host h ON h.name = host_of(s.computer) WHERE s.file_id = "
    "evidence.id LIMIT 1));";
static const char views_sql[] =
    "CREATE VIEW v_probe AS SELECT CASE WHEN json_extract(e.data, '$.nowhere') THEN NULL ELSE "
    "printf('f%d:0x%x', e.file_id, e.file_off) END AS evidence_id, h.name AS host,"
    " json_extract(e.data, '$.s') AS subject, e.time, json_extract(e.data, '$.r') AS role, "
    "json_extract(e.data, '$.w') AS win32, json_extract(e.data, '$.also') AS also"
    " FROM event e LEFT JOIN host h ON h.id = e.host_id WHERE e.provider = 'Probe';"
    /* what advice asks of an account */
    "CREATE VIEW v_consumer AS SELECT 0 AS consumer, 0 AS gone WHERE 0;"
    "CREATE VIEW v_before AS SELECT 0 AS failure, '' AS topic, 0 AS stands WHERE 0;";
#define INDICATOR(r)                                                                        \
    "    - {role: " r ", sql: \"SELECT * FROM v_probe WHERE role = '" r "'\", explain: '" r \
    " of {subject} at {time}'}\n"
#define HEAD(name, id, cause)                                                                            \
    "title: Probe\nid: 11111111-2222-4333-8444-5555555555" id "\nname: " name                            \
    "\nstatus: stable\nlevel: low\ndescription: d\nreferences: [r]\nauthor: a\ndate: 2026-03-01\ntags: " \
    "[t]\ncause: " cause "\n"
static const char probe_rule[] = HEAD(
    "probe", "55",
    "boot-race") "requires:\n    - {artifact: System, for: symptom}\n    - {any_of: [Security, SYSTEM], for: "
                 "cause}\n    - {artifact: SAM, for: link}\n    - {artifact: 'Security:Logon failure', for: "
                 "contradicts}\n"
                 "indicators:\n" INDICATOR("symptom") INDICATOR("cause") INDICATOR("link")
                     INDICATOR("compatible") INDICATOR(
                         "contradicts") "explanation: '{subject} on {host} {nobody}'\ncollect: [{artifact: "
                                        "SAM, command: fetch SAM}]\nremediation: [{text: mend, risk: low, "
                                        "reversible: yes, verify: look}]\n";
static const char broken_rule[] = HEAD(
    "broken", "56",
    "clock-skew") "requires: [{artifact: System, for: symptom}, {any_of: [Probe/Operational, 'Security:Probe "
                  "success'], for: contradicts}]\nindicators:\n" INDICATOR("symptom")
                      INDICATOR("cause") "    - {role: contradicts, sql: 'SELECT * FROM event', explain: "
                                         "x}\nexplanation: e\n";

/* A folder of knowledge where events of provider Probe, and nothing else, make hosts and rows: its n rules,
 * and views of them. */
static char *probe_folder(const struct knowledge_file *rule, size_t n)
{
    struct knowledge_file file[64] = {{"derive/10-hosts.sql", derive_sql}, {"views.sql", views_sql}};
    size_t used = 2;
    for (size_t i = 0; i < n; i++)
        file[used++] = rule[i];
    for (size_t i = 0; i < kb_n_files; i++)
        if (!strncmp(kb_files[i].name, "derive/", 7) && strcmp(kb_files[i].name, file[0].name) > 0
            && strcmp(kb_files[i].name, "derive/80") < 0) {
            cr_assert_lt(used, LEN(file));
            file[used++] = (struct knowledge_file){kb_files[i].name, "SELECT 1;"};
        }
    return knowledge_folder(file, used);
}

static const struct knowledge_file knowledge[] = {{"rules/probe.yml", probe_rule},
                                                  {"rules/broken.yml", broken_rule}};

static struct kb *kb;
static struct casedb *db;
static int64_t record;

static void setup(void)
{
    struct err e = {0};
    char *dir = probe_folder(knowledge, LEN(knowledge));
    cr_assert(kb_load(dir, &kb, &e) == OK, "%s", e.why);
    knowledge_gone(dir);
}

static void teardown(void)
{
    case_close(db), kb_free(kb);
    db = NULL;
}
TestSuite(diagnose, .init = setup, .fini = teardown);

static void fresh(void)
{
    struct err e = {0};
    case_close(db);
    record = 0;
    cr_assert(case_create(NULL, kb_file(kb, "schema.sql"), &db, &e) == OK && kb_store(kb, db, &e) == OK, "%s",
              e.why);
}

static void sql(const char *text)
{
    struct err e = {0};
    cr_assert(case_exec(db, text, &e) == OK, "%s: %s", text, e.why);
}

static const struct rule *rule_named(const char *name)
{
    size_t n;
    const struct rule *r = kb_rules(kb, &n);
    while (n && !str_eq(r->name, str_of(name)))
        r++, n--;
    return n ? r : NULL;
}

static enum status take(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)e;
    for (size_t i = 0; i < n; i++)
        buf_z(ctx, i ? " " : ""), buf_str(ctx, c[i].null ? STR("-") : c[i].s);
    buf_char(ctx, ';');
    return OK;
}

static const char *ask(const char *text)
{
    static struct buf b;
    struct err e = {0};
    b.n = 0;
    if (case_query(db, text, NULL, NULL, 0, take, &b, &e) != OK)
        buf_printf(&b, "error: %s", e.why);
    buf_char(&b, 0);
    return b.p;
}

/* "symptom:A@3" : a row of that role for subject A ("" or none: the whole host) on day 3; words apart by
 * blanks. "/PC2" behind: of that host. */
static void rows(const char *text)
{
    for (struct str rest = str_of(text); rest.n;) {
        struct str word = str_trim(str_cut(&rest, ' ')), day = word, data = str_cut(&day, '@'), host = day;
        int64_t d = 0;
        if (!word.n)
            continue;
        day = str_cut(&host, '/');
        cr_assert(str_i64(day, &d), "%.*s", STR_ARG(word));
        struct str subject = data, role = str_cut(&subject, ':');
        char json[200];
        snprintf(json, sizeof json,
                 subject.n ? "{\"r\":\"%.*s\",\"s\":\"%.*s\",\"w\":1312}" : "{\"r\":\"%.*s\"}", STR_ARG(role),
                 STR_ARG(subject));
        struct value v[] = {val_i(++record), val_s(host.n ? host : STR("PC1")), val_i(MARCH + d * D),
                            val_s(str_of(json))};
        struct err e = {0};
        cr_assert(case_run(db,
                           "INSERT INTO event(file_id, file_off, computer, provider, event_id, time, data) "
                           "VALUES(90, ?1, ?2, 'Probe', 1, ?3, ?4)",
                           v, (enum col_type[]){COL_INT, COL_TEXT, COL_TIME, COL_TEXT}, 4, &e)
                      == OK,
                  "%s", e.why);
    }
}

/* What was read: "System Security@2-9 SYSTEM SAM" : channels with the days they cover (0-9 when not said),
 * hives in capitals. */
static void read(const char *text)
{
    int64_t id = 0;
    struct err e = {0};
    for (struct str rest = str_of(text); rest.n; id++) {
        struct str days = str_cut(&rest, ' '), name = str_cut(&days, '@'), from = str_cut(&days, '-');
        bool hive = str_eq(name, STR("SYSTEM")) || str_eq(name, STR("SAM")) || str_eq(name, STR("SECURITY"));
        int64_t a = 0, b = 9;
        str_i64(from, &a), str_i64(days, &b);
        struct value v[] = {val_i(id + 1), val_s(name), val_i(MARCH + a * D), val_i(MARCH + b * D)};
        const enum col_type t[] = {COL_INT, COL_TEXT, COL_TIME, COL_TIME};
        cr_assert(
            case_run(
                db,
                "INSERT INTO evidence(id, path, kind, state, seen) VALUES(?1, 'PC1/' || ?2, 'x', 'read', 1)",
                v, t, 2, &e)
                == OK,
            "%s", e.why);
        if (hive)
            cr_assert(case_run(db,
                               "INSERT INTO hive(file_id, file_off, kind, computer) VALUES(?1, 0, ?2, 'PC1')",
                               v, t, 2, &e)
                          == OK,
                      "%s", e.why);
        else
            cr_assert(case_run(db,
                               "INSERT INTO log_span(file_id, computer, channel, first_time, last_time) "
                               "VALUES(?1, 'PC1', ?2, ?3, ?4)",
                               v, t, 4, &e)
                          == OK,
                      "%s", e.why);
    }
}

static void judge(const char *name)
{
    struct err e = {0};
    cr_assert(derive(db, kb, &e) == OK && coverage(db, kb, &e) == OK
                  && diagnose_rules(db, kb, rule_named(name), 1, &e) == OK,
              "%s: %s", e.what, e.why);
}

#define ALL "System Security SYSTEM SAM SECURITY"
static const struct {
    const char *name, *read, *rows, *want;
} verdicts[] = {
    /* want: subject verdict, then what is unknown */
    {"nothing", ALL, "", ""},
    {"all three", ALL, "symptom:A@3 cause:A@2 link:A@3", "A confirmed;"},
    {"all three, contradicted", ALL, "symptom:A@3 cause:A@2 link:A@3 contradicts:A@3", "A ruled_out;"},
    {"contradicted for another subject", ALL, "symptom:A@3 cause:A@2 link:A@3 contradicts:B@3",
     "A confirmed;"},
    {"contradicted for the whole host", ALL, "symptom:A@3 cause:A@2 link:A@3 contradicts@3", "A ruled_out;"},
    {"failed before the cause", ALL, "symptom:A@1 cause:A@2 symptom:A@3 link:A@3", "A likely;"},
    {"failed before one cause of two", ALL, "symptom:A@2 cause:A@1 symptom:A@4 cause:A@3 link:A@3",
     "A confirmed;"},
    {"another failed before", ALL, "symptom:B@1 symptom:A@3 cause:A@2 link:A@3", "A confirmed;"},
    {"no link", ALL, "symptom:A@3 cause:A@2", "A likely;"},
    {"no link, its artefact missing", "System Security SYSTEM", "symptom:A@3 cause:A@2", "A likely (SAM);"},
    {"link without cause", ALL, "symptom:A@3 link:A@3", ""},
    {"cause of another subject", ALL, "symptom:A@3 cause:B@2 link:A@3", ""},
    {"cause of the whole host", ALL, "symptom:A@3 cause@2 link:A@3", "A confirmed;"},
    {"compatible", ALL, "symptom:A@3 compatible:A@3", "A possible;"},
    {"compatible with the host", ALL, "symptom:A@3 compatible@3", "A possible;"},
    {"a symptom alone", ALL, "symptom:A@3", ""},
    {"cause not readable", "System SAM", "symptom:A@3",
     "A undetermined (Security, SYSTEM, Security:Logon failure);"},
    {"cause not readable, compatible", "System SAM", "symptom:A@3 compatible:A@3",
     "A undetermined (Security, SYSTEM, Security:Logon failure);"},
    {"cause not readable, contradicted", "System SAM", "symptom:A@3 contradicts:A@3", "A ruled_out;"},
    {"one of the artefacts serves", "System Security SAM", "symptom:A@3 compatible:A@3", "A possible;"},
    {"the log begins later", "System Security@5-9 SAM", "symptom:A@3 compatible:A@3",
     "A undetermined (Security, SYSTEM, Security:Logon failure);"},
    {"the log begins in time", "System Security@3-9 SAM", "symptom:A@3 compatible:A@3", "A possible;"},
    {"the log ends before", "System Security@0-2 SAM", "symptom:A@3 compatible:A@3",
     "A undetermined (Security, SYSTEM, Security:Logon failure);"},
    {"one symptom of two covered", "System Security@5-9 SAM", "symptom:A@3 symptom:A@6 compatible:A@3",
     "A possible;"},
    {"a hive covers any time", "System SYSTEM SAM", "symptom:A@3 compatible:A@3",
     "A possible (Security:Logon failure);"},
    {"cause alone", ALL, "cause:A@3", "A latent;"},
    {"cause alone, contradicted", ALL, "cause:A@3 contradicts:A@3", ""},
    {"cause alone, symptoms not readable", "Security SYSTEM SAM", "cause:A@3", "A undetermined (System);"},
    {"cause of the host alone", ALL, "cause@3", "- latent;"},
    {"cause of the host and of subjects", ALL, "cause@3 cause:B@3 cause:A@4", "A latent;B latent;"},
    {"symptom of the host", ALL, "symptom@3 cause@3 link@3", "- confirmed;"},
    {"symptom of the host, cause of a subject", ALL, "symptom@3 cause:A@3", ""},
    {"other subjects' causes when there are symptoms", ALL, "symptom:A@3 cause:A@3 cause:B@3", "A likely;"},
    {"names compare without case", ALL, "symptom:task@3 cause:TASK@2 link:Task@3", "task confirmed;"},
    {"subjects in order", ALL, "symptom:b@3 symptom:a@5 symptom:C@4 cause@1", "a likely;b likely;C likely;"},
    {"compatible alone", ALL, "compatible:A@3", ""},
};

/* What a setting that is not set means, below, at and above the build that changed it, and where what decides
 * is not known of the host: value, is it because of the host that nobody knows. */
Test(diagnose, defaults_by_build)
{
    static const struct {
        const char *build, *edition, *role, *setting, *want;
    } rows[] = {
        {"26099", "'Enterprise'", "'workstation'", "RequireSecuritySignature", "- 0;"}, /* a preview */
        {"22631", "'Enterprise'", "'workstation'", "RequireSecuritySignature", "0 0;"},
        {"26100", "'Enterprise'", "'workstation'", "RequireSecuritySignature", "1 0;"},
        {"26200", "'enterprise'", "'workstation'", "RequireSecuritySignature", "1 0;"},
        {"26200", "'Core'", "'workstation'", "RequireSecuritySignature", "0 0;"},
        {"26100", "NULL", "'workstation'", "RequireSecuritySignature", "- 1;"},
        {"19045", "NULL", "'workstation'", "RequireSecuritySignature", "0 0;"}, /* the edition decides not */
        {"19045", "NULL", "NULL", "RequireSecuritySignature", "0 0;"},
        {"NULL", "'Enterprise'", "'workstation'", "RequireSecuritySignature", "- 1;"},
        {"NULL", "NULL", "NULL", "RequireSecuritySignature", "- 1;"},
        {"26100", "'ServerStandard'", "'server'", "RequireSecuritySignature", "1 0;"},
        {"25398", "'ServerDatacenter'", "'server'", "RequireSecuritySignature", "0 0;"},
        {"20348", "NULL", "'domain controller'", "RequireSecuritySignature", "0 0;"},
        {"26100", "NULL", "'domain controller'", "RequireSecuritySignature", "1 0;"},
        {"26100", "'ServerStandard'", "'server'", "Server RequireSecuritySignature", "0 0;"},
        {"20348", "'ServerStandard'", "'domain controller'", "Server RequireSecuritySignature", "- 0;"},
        {"26100", "'Professional'", "'workstation'", "Server RequireSecuritySignature", "1 0;"},
        {"16298", "'Enterprise'", "'workstation'", "AllowInsecureGuestAuth", "1 0;"},
        {"16299", "'Enterprise'", "'workstation'", "AllowInsecureGuestAuth", "0 0;"},
        {"22631", "'Professional'", "'workstation'", "AllowInsecureGuestAuth", "1 0;"},
        {"26100", "'Professional'", "'workstation'", "AllowInsecureGuestAuth", "0 0;"},
        {"26100", "'Core'", "'workstation'", "AllowInsecureGuestAuth", "- 0;"},
        {"9600", "'ServerStandard'", "'server'", "AllowInsecureGuestAuth", "1 0;"},
        {"14393", "'ServerStandard'", "'server'", "AllowInsecureGuestAuth", "- 0;"},
        {"17763", "'ServerStandard'", "'server'", "AllowInsecureGuestAuth", "0 0;"},
        {"22000", "'Enterprise'", "'workstation'", "LsaCfgFlags", "0 0;"},
        {"22621", "'Enterprise'", "'workstation'", "LsaCfgFlags", "- 0;"},
        {"25398", "'ServerStandard'", "'server'", "LsaCfgFlags", "0 0;"},
        {"26100", "'ServerStandard'", "'server'", "LsaCfgFlags", "- 0;"},
        {"26100", "'ServerStandard'", "'server'", "RunAsPPL", "0 0;"},
        {"NULL", "NULL", "'server'", "RunAsPPL", "0 0;"}, /* no build of a server decides */
        {"9200", "NULL", "NULL", "UseLogonCredential", "1 0;"},
        {"9600", "NULL", "NULL", "UseLogonCredential", "0 0;"},
        {"7601", "NULL", "NULL", "NtlmMinClientSec", "536870912 0;"},
        {"6003", "NULL", "NULL", "NtlmMinClientSec", "0 0;"},
        {"9200", "NULL", "'server'", "MaxConcurrentApi", "10 0;"},
        {"7601", "NULL", "'server'", "MaxConcurrentApi", "2 0;"},
        {"7601", "NULL", "'domain controller'", "MaxConcurrentApi", "1 0;"},
        {"7601", "NULL", "NULL", "MaxConcurrentApi", "- 1;"},
        {"14393", "NULL", "'server'", "CscService start", "4 0;"},
        {"19045", "'Professional'", "'workstation'", "CscService start", "3 0;"},
        {"7601", "'Ultimate'", "'workstation'", "CscService start", "2 0;"},
        {"19045", "'Core'", "'workstation'", "CscService start", "- 0;"},
    };
    struct kb *own = NULL; /* with derive/ as it is */
    struct err e = {0};
    cr_assert(kb_load(NULL, &own, &e) == OK, "%s", e.why);
    fresh();
    for (size_t i = 0; i < LEN(rows); i++) {
        char text[300];
        sql("DELETE FROM host; DELETE FROM host_default");
        snprintf(text, sizeof text, "INSERT INTO host(name, build, edition, role) VALUES('PC1', %s, %s, %s)",
                 rows[i].build, rows[i].edition, rows[i].role);
        sql(text), sql(kb_file(own, "derive/22-defaults.sql").p);
        snprintf(text, sizeof text, "SELECT value || '', unsure || '' FROM host_default WHERE setting = '%s'",
                 rows[i].setting);
        const char *got = ask(text);
        cr_expect_str_eq(got, rows[i].want, "%s %s %s %s: %s", rows[i].build, rows[i].edition, rows[i].role,
                         rows[i].setting, got);
    }
    kb_free(own);
}

Test(diagnose, verdicts)
{
    for (size_t i = 0; i < LEN(verdicts); i++) {
        fresh();
        read(verdicts[i].read), rows(verdicts[i].rows), judge("probe");
        const char *got = ask(
            "SELECT f.subject, f.verdict || coalesce(' (' || (SELECT group_concat(artifact, ', ') FROM "
            "finding_unknown WHERE finding = f.id) || ')', '') FROM finding f ORDER BY f.id");
        cr_expect_str_eq(got, verdicts[i].want, "%s: %s", verdicts[i].name, got);
        cr_expect_str_eq(ask("SELECT count(*) FROM finding f WHERE NOT EXISTS (SELECT 1 FROM citation WHERE "
                             "finding = f.id)"),
                         "0;", "%s: a finding without citation", verdicts[i].name);
        cr_expect_str_eq(ask("SELECT count(*) FROM rule_error"), "0;", "%s: %s", verdicts[i].name,
                         ask("SELECT * FROM rule_error"));
    }
}

/* Rows that cite an older copy of a hive (file 90 of these tests): a cause may be gone, a contradiction says
 * nothing, and the copy covers nothing. */
Test(diagnose, older_copies_neither_confirm_nor_rule_out)
{
    static const struct {
        const char *read, *rows, *want;
    } cases[] = {{ALL, "symptom:A@3 cause:A@2 link:A@3", "A likely;"},
                 {ALL, "symptom:A@3 cause:A@2 link:A@3 contradicts:A@3", "A likely;"},
                 {ALL, "symptom:A@3 contradicts:A@3", ""},
                 {"System SAM", "symptom:A@3 contradicts:A@3", "A undetermined;"},
                 {ALL, "cause:A@3", "A latent;"}};
    for (size_t i = 0; i < LEN(cases); i++)
        /* an older log tells of its own time: nothing changes */
        for (size_t log = 0; log < 2; log++) {
            fresh();
            read(cases[i].read), rows(cases[i].rows);
            sql(log ? "INSERT INTO evidence(id, path, kind, older) VALUES(90, 'Windows.old/System.evtx', "
                      "'evtx', 1)"
                    : "INSERT INTO evidence(id, path, kind, older) VALUES(90, 'RegBack/SYSTEM', 'hive', 1)");
            judge("probe");
            const char *got = ask("SELECT subject, verdict FROM finding");
            cr_expect_str_eq(got,
                             !log     ? cases[i].want
                             : i == 0 ? "A confirmed;"
                             : i == 4 ? "A latent;"
                                      : "A ruled_out;",
                             "%zu, %zu: %s", i, log, got);
        }
}

/* When the time was over before coverage was known no kind is clear; once it is known, what it says stands.
 */
Test(diagnose, no_kind_is_clear_that_was_not_looked_at)
{
    static const char *const want[] = {"not_covered;", "not_covered;", "clear;"};
    for (unsigned phase = 0; phase < LEN(want); phase++) {
        struct err e = {0};
        fresh();
        sql("INSERT INTO host(id, name, outcome) VALUES(1, 'PC1', 'clear'); INSERT INTO kind(host_id, kind, "
            "state, failures) VALUES(1, 'task', 'clear', 0)");
        cr_assert(case_begin(db, &e) == OK, "%s", e.why);
        cr_expect(diagnose_cut_short(db, kb, phase, phase > 0, &e) == OK, "%s", e.why);
        cr_expect_str_eq(ask("SELECT DISTINCT state FROM kind"), want[phase], "phase %u", phase);
        size_t n;
        char told[40];
        kb_rules(kb, &n);
        snprintf(told, sizeof told, "%zu %zu;", n - (phase > 0), n - (phase > 0));
        cr_expect_str_eq(ask("SELECT count(*), count(rule) FROM rule_error WHERE message LIKE '%not asked'"),
                         told, "phase %u", phase);
    }
}

/* However many older copies there are, and wherever among them the one that is cited stands. */
Test(diagnose, one_older_copy_of_many)
{
    static const char *const others[] = {"(80), (81), (82)", "(95), (96), (97)", "(81), (95)",
                                         "(80), (81), (95), (96), (97), (98)"};
    for (size_t i = 0; i < LEN(others); i++)
        for (int older = 0; older < 2; older++) {
            char text[400];
            fresh();
            read(ALL), rows("symptom:A@3 cause:A@2 link:A@3");
            snprintf(text, sizeof text,
                     "WITH n(id) AS (VALUES %s) INSERT INTO evidence(id, path, kind, older) SELECT id, "
                     "'RegBack/' || id, 'hive', 1 FROM n; INSERT INTO evidence(id, path, kind, older) "
                     "VALUES(90, 'SYSTEM', 'hive', %d)",
                     others[i], older);
            sql(text), judge("probe");
            cr_expect_str_eq(ask("SELECT verdict FROM finding"), older ? "likely;" : "confirmed;", "%s, %d",
                             others[i], older);
        }
}

/* The failures of the whole host count for each subject, and so do their times. */
Test(diagnose, seen_from_the_first_to_the_last)
{
    static const struct {
        const char *rows, *want;
    } cases[] = {{"symptom@5 symptom:A@3 symptom:A@4 cause@1", "3 5;"},
                 {"symptom@2 symptom:A@3 symptom:A@6 cause@1", "2 6;"},
                 {"symptom@2 symptom@8 symptom:A@3 cause@1", "2 8;"},
                 {"symptom@4 symptom:A@2 symptom:A@8 cause@1", "2 8;"}};
    for (size_t i = 0; i < LEN(cases); i++) {
        fresh();
        read(ALL), rows(cases[i].rows), judge("probe");
        cr_expect_str_eq(ask("SELECT (first_seen - 134167968000000000) / 864000000000, (last_seen - "
                             "134167968000000000) / 864000000000 FROM finding WHERE subject = 'A'"),
                         cases[i].want, "%s", cases[i].rows);
    }
}

Test(diagnose, what_a_finding_says)
{
    fresh();
    read("System Security@1-9 SYSTEM");
    rows("symptom:A@5 symptom:A@3 symptom:A@4 cause:A@2");
    sql("UPDATE event SET data = '{\"r\":\"symptom\",\"s\":\"A\",\"w\":1326}' WHERE file_off = 1; INSERT "
        "INTO event(file_id, file_off, computer, provider, time, data)"
        " VALUES(90, 2, 'PC1', 'Probe', 134167968000000000, "
        "'{\"r\":\"symptom\",\"s\":\"A\",\"w\":1312,\"also\":\"f90:0x99 f90:0x9a f90:0x2 f90:0x99\"}')");
    judge("probe");
    cr_expect_str_eq(
        ask("SELECT cause, rule, title, verdict, subject, win32, (first_seen - 134167968000000000) / "
            "864000000000, (last_seen - 134167968000000000) / 864000000000, count, explanation FROM finding"),
        "boot-race probe Probe likely A 1312 0 5 3 A on PC1 {nobody} It had failed like this at "
        "2026-03-01T00:00:00Z already, before what is cited as the cause, which does not explain that.;",
        "%s", ask("SELECT * FROM finding"));
    cr_expect_str_eq(ask("SELECT role, ord, evidence_id, explain FROM citation ORDER BY role DESC, ord"),
                     "symptom 0 f90:0x2 symptom of A at 2026-03-01T00:00:00Z;symptom 1 f90:0x99 -;symptom 2 "
                     "f90:0x9a -;symptom 3 f90:0x2 symptom of A at 2026-03-04T00:00:00Z;"
                     "symptom 4 f90:0x3 symptom of A at 2026-03-05T00:00:00Z;symptom 5 f90:0x1 symptom of A "
                     "at 2026-03-06T00:00:00Z;cause 0 f90:0x4 cause of A at 2026-03-03T00:00:00Z;",
                     "%s",
                     ask("SELECT role, ord, evidence_id, explain FROM citation ORDER BY role DESC, ord"));
    cr_expect_str_eq(ask("SELECT artifact, collect FROM finding_unknown ORDER BY ord"), "SAM fetch SAM;",
                     "%s", ask("SELECT * FROM finding_unknown"));
    cr_expect_str_eq(ask("SELECT text, risk, reversible, verify FROM finding_remedy"), "mend low yes look;");
    cr_expect_str_eq(ask("SELECT count(*) FROM finding WHERE second_reader = 'not_applicable'"), "1;");
}

/* A part of derive/ that fails is told by its name, whatever comes behind it. */
Test(diagnose, a_part_that_cannot_be_derived)
{
    static const struct knowledge_file broken[] = {{"rules/probe.yml", probe_rule},
                                                   {"derive/10-hosts.sql", "SELECT nothing FROM nowhere;"}};
    struct err e = {0};
    struct kb *own = NULL;
    char *dir = probe_folder(broken, LEN(broken));
    cr_assert(kb_load(dir, &own, &e) == OK, "%s", e.why);
    knowledge_gone(dir);
    fresh();
    cr_expect(derive(db, own, &e) != OK && strstr(e.what, "10-hosts"), "%s: %s", e.what, e.why);
    case_close(db), db = NULL, kb_free(own);
}

Test(diagnose, many_rows_are_counted_and_few_are_stored)
{
    fresh();
    read(ALL);
    sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO "
        "event(file_id, file_off, computer, provider, time, data)"
        " SELECT 90, i, 'PC1', 'Probe', 134167968000000000 + i * 10000000, '{\"r\":\"symptom\",\"s\":\"A\"}' "
        "FROM n");
    /* a join met them twice */
    sql("INSERT INTO event(file_id, file_off, computer, provider, time, data) SELECT file_id, file_off, "
        "computer, provider, time, data FROM event WHERE file_off < 10");
    rows("cause:A@1");
    judge("probe");
    cr_expect_str_eq(ask("SELECT count FROM finding"), "1000;");
    char want[32];
    snprintf(want, sizeof want, "%d 0x1 0x19 0x3d0 0x3e8;", LIM_CITATIONS);
    cr_expect_str_eq(
        ask("SELECT count(*), max(substr(evidence_id, 5)) FILTER (WHERE ord = 0), max(substr(evidence_id, "
            "5)) FILTER (WHERE ord = 24), max(substr(evidence_id, 5)) FILTER (WHERE ord = 25),"
            " max(substr(evidence_id, 5)) FILTER (WHERE ord = 49) FROM citation WHERE role = 'symptom'"),
        want, "%s", ask("SELECT ord, evidence_id FROM citation"));
}

/* What is known of a subject is asked once for all rules, and told of no other, however many there are. */
Test(diagnose, each_subject_has_its_own_account)
{
#define MENDS(name, id)                                                                                     \
    HEAD(name, id, "boot-race")                                                                             \
    "requires: [{artifact: System, for: symptom}]\nindicators:\n" INDICATOR("symptom")                      \
        INDICATOR("cause") "explanation: e\nremediation: [{text: 'mend <account>', risk: low, reversible: " \
                           "yes, verify: look}]\n"
    static const struct knowledge_file file[] = {{"rules/one.yml", MENDS("one", "57")},
                                                 {"rules/two.yml", MENDS("two", "58")}};
    struct err e = {0};
    size_t n = 0;
    char *dir = probe_folder(file, LEN(file));
    kb_free(kb);
    cr_assert(kb_load(dir, &kb, &e) == OK, "%s", e.why);
    knowledge_gone(dir);
    fresh();
    read(ALL);
    sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1501) INSERT INTO "
        "event(file_id, file_off, computer, provider, time, data)"
        " SELECT 90, i, 'PC' || min(i, 750), 'Probe', 134167968000000000, "
        "json_object('r', r.column1, 's', 's' || max(i, 750)) FROM n, (VALUES ('symptom'), ('cause')) r "
        "WHERE i > 1");
    cr_assert(derive(db, kb, &e) == OK && coverage(db, kb, &e) == OK, "%s: %s", e.what, e.why);
    sql("INSERT INTO consumer(host_id, kind, subject, principal) SELECT DISTINCT h.id, 'task', "
        "json_extract(e.data, '$.s'), h.name || json_extract(e.data, '$.s') || "
        "CASE WHEN e.file_off % 7 THEN '' ELSE printf('%0190d', 0) END FROM event e JOIN host h ON h.id = "
        "e.host_id");
    const struct rule *rule = kb_rules(kb, &n);
    cr_assert(diagnose_rules(db, kb, rule, n, &e) == OK, "%s: %s", e.what, e.why);
    cr_expect_str_eq(ask("SELECT count(*), sum(r.text LIKE 'mend ' || h.name || f.subject || '%'), "
                         "count(DISTINCT r.text) FROM finding_remedy r JOIN finding f ON f.id = r.finding "
                         "JOIN host h ON h.id = f.host_id"),
                     "3000 3000 1500;");
}

Test(diagnose, rows_that_prove_nothing)
{
    fresh();
    read("System SYSTEM SAM SECURITY");
    sql("INSERT INTO event(file_id, file_off, computer, provider, time, data) VALUES"
        "(90, 1, 'PC1', 'Probe', 134167968000000000, '{\"r\":\"symptom\",\"s\":\"A\"}'), (90, 2, 'PC1', "
        "'Probe', NULL, '{\"r\":\"cause\",\"s\":\"A\",\"nowhere\":1}'),"
        "(90, 3, 'PC1', 'Probe', NULL, '{\"r\":\"contradicts\",\"s\":\"A\",\"nowhere\":1}'), (90, 4, NULL, "
        "'Probe', 1, '{\"r\":\"contradicts\",\"s\":\"A\"}')");
    judge("probe");
    /* A value that is not set cites the hive that was read; a row that can cite nothing, and a row of no
     * host, decide nothing and are told. */
    cr_expect_str_eq(ask("SELECT verdict FROM finding"), "likely;");
    cr_expect_str_eq(ask("SELECT evidence_id FROM citation WHERE role = 'cause'"), "f2:0x0;");
    cr_expect_str_eq(ask("SELECT rule, role, message FROM rule_error"),
                     "probe contradicts a row without a known host was left out;", "%s",
                     ask("SELECT * FROM rule_error"));
}

Test(diagnose, a_broken_rule_is_told_and_the_others_go_on)
{
    struct err e = {0};
    fresh();
    read(ALL), rows("symptom:A@3 cause:A@2");
    cr_assert(derive(db, kb, &e) == OK && coverage(db, kb, &e) == OK && diagnose(db, kb, NULL, &e) == OK,
              "%s: %s", e.what, e.why);
    cr_expect_str_eq(ask("SELECT rule, verdict FROM finding WHERE rule IN ('probe', 'broken')"),
                     "probe likely;", "no half of a rule decides");
    cr_expect_str_eq(ask("SELECT role, message FROM rule_error WHERE rule = 'broken'"),
                     "contradicts query: access to event.id is prohibited;", "%s",
                     ask("SELECT * FROM rule_error WHERE rule = 'broken'"));
}

Test(diagnose, the_same_facts_in_another_order)
{
    static const char *const orders[] = {
        "symptom:b@3 symptom:a@5 cause@1 link:a@2 contradicts:b@7 symptom:a@5",
        "contradicts:b@7 link:a@2 symptom:a@5 cause@1 symptom:a@5 symptom:b@3"};
    char first[4000] = "";
    for (size_t i = 0; i < LEN(orders); i++) {
        fresh();
        read(ALL), rows(orders[i]);
        sql("UPDATE event SET file_off = 1 + (time / 864000000000) % 7 + length(data)");
        judge("probe");
        const char *got = ask(
            "SELECT f.id, f.subject, f.verdict, f.count, c.role, c.ord, c.evidence_id, c.explain FROM "
            "finding f JOIN citation c ON c.finding = f.id ORDER BY 1, 5, 6");
        if (i)
            cr_expect_str_eq(got, first);
        else
            snprintf(first, sizeof first, "%s", got);
    }
}

Test(diagnose, again_is_the_same)
{
    fresh();
    read(ALL), rows("symptom:A@3 cause:A@2"), judge("probe");
    struct err e = {0};
    cr_expect(coverage(db, kb, &e) == OK && diagnose_rules(db, kb, rule_named("probe"), 1, &e) == OK, "%s",
              e.why);
    cr_expect_str_eq(ask("SELECT count(*) FROM finding"), "1;");
}

/* --- coverage: facts in SQL, rows of one artefact out: state from-to in days (file) */
static const struct {
    const char *name, *facts, *artifact, *want;
} covers[] = {
    {"present",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'); INSERT INTO log_span(file_id, computer, channel, "
     "first_time, last_time) VALUES(1, 'PC1', 'Security', at(1), at(5))",
     "Security", "present 1 5;"},
    {"channels compare without case",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'); INSERT INTO log_span(file_id, computer, channel, "
     "first_time, last_time) VALUES(1, 'PC1', 'SECURITY', at(1), at(5))",
     "Security", "present 1 5;"},
    {"missing beside another",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'); INSERT INTO log_span(file_id, computer, channel, "
     "first_time, last_time) VALUES(1, 'PC1', 'Security', at(1), at(5))",
     "System", "missing - -;"},
    {"parts of one log",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'); INSERT INTO log_span(file_id, computer, channel, "
     "first_time, last_time, gaps) VALUES(1, 'PC1', 'Security', at(1), at(2), 0), (1, 'PC1', 'Security', "
     "at(4), at(5), 0)",
     "Security", "present 1 5;"},
    {"files that overlap",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'), (2, 'b'); INSERT INTO log_span(file_id, computer, "
     "channel, first_time, last_time) VALUES(1, 'PC1', 'Security', at(1), at(3)), (2, 'PC1', 'Security', "
     "at(2), at(5))",
     "Security", "present 1 5;"},
    {"files with a gap",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'), (2, 'b'); INSERT INTO log_span(file_id, computer, "
     "channel, first_time, last_time, first_id, last_id) VALUES(1, 'PC1', 'Security', at(1), at(2), 10, 20), "
     "(2, 'PC1', 'Security', at(4), at(5), 22, 30)",
     "Security", "present 1 2;present 4 5;"},
    {"files that follow each other",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'), (2, 'b'); INSERT INTO log_span(file_id, computer, "
     "channel, first_time, last_time, first_id, last_id) VALUES(1, 'PC1', 'Security', at(1), at(2), 10, 20), "
     "(2, 'PC1', 'Security', at(4), at(5), 21, 30)",
     "Security", "present 1 5;"},
    {"a duplicate adds nothing",
     "INSERT INTO evidence(id, path, duplicate_of) VALUES(1, 'a', NULL), (2, 'b', 1); INSERT INTO "
     "log_span(file_id, computer, channel, first_time, last_time) VALUES(1, 'PC1', 'Security', at(1), "
     "at(3)), (2, 'PC1', 'Security', at(1), at(9))",
     "Security", "present 1 3;"},
    {"insane times",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'); INSERT INTO log_span(file_id, computer, channel, "
     "first_time, last_time) VALUES(1, 'PC1', 'Security', 5, at(3)), (1, 'PC1', 'Security', at(2), "
     "9000000000000000000)",
     "Security", "present 2 3;"},
    {"filtered",
     "INSERT INTO evidence(id, path, log_kind) VALUES(1, 'a', 'filtered'); INSERT INTO log_span(file_id, "
     "computer, channel, first_time, last_time) VALUES(1, 'PC1', 'Security', at(1), at(3))",
     "Security", "partial 1 3;"},
    {"filtered inside a whole one",
     "INSERT INTO evidence(id, path, log_kind) VALUES(1, 'a', 'filtered'), (2, 'b', 'original'); INSERT INTO "
     "log_span(file_id, computer, channel, first_time, last_time) VALUES(1, 'PC1', 'Security', at(2), "
     "at(3)), (2, 'PC1', 'Security', at(1), at(4))",
     "Security", "present 1 4;"},
    {"records failed",
     "INSERT INTO evidence(id, path, failed, seen) VALUES(1, 'a', 2, 9); INSERT INTO log_span(file_id, "
     "computer, channel, first_time, last_time) VALUES(1, 'PC1', 'Security', at(1), at(3))",
     "Security", "partial 1 3;"},
    {"read in part",
     "INSERT INTO evidence(id, path, state) VALUES(1, 'a', 'partial'); INSERT INTO log_span(file_id, "
     "computer, channel, first_time, last_time) VALUES(1, 'PC1', 'Security', at(1), at(3))",
     "Security", "partial 1 3;"},
    {"a minute after a start: that start is whole",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'); INSERT INTO log_span(file_id, computer, channel, "
     "first_time, last_time) VALUES(1, 'PC1', 'Security', at(2), at(5)); INSERT INTO boot(host_id, boot, "
     "from_time) VALUES(1, 1, at(2) - 600000000)",
     "Security", "present 1 5;"},
    {"an hour after a start",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'); INSERT INTO log_span(file_id, computer, channel, "
     "first_time, last_time) VALUES(1, 'PC1', 'Security', at(2), at(5)); INSERT INTO boot(host_id, boot, "
     "from_time) VALUES(1, 1, at(2) - 36000000000)",
     "Security", "present 2 5;"},
    {"cleared",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'); INSERT INTO log_span(file_id, computer, channel, "
     "first_time, last_time) VALUES(1, 'PC1', 'Security', at(2), at(5));"
     "INSERT INTO event(file_id, computer, provider, event_id, time) VALUES(1, 'PC1', "
     "'Microsoft-Windows-Eventlog', 1102, at(2))",
     "Security", "cleared 2 5;"},
    {"cleared, an archive before",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'), (2, 'b'); INSERT INTO log_span(file_id, computer, "
     "channel, first_time, last_time, first_id, last_id) VALUES(1, 'PC1', 'Security', at(4), at(5), 21, 30), "
     "(2, 'PC1', 'Security', at(1), at(3), 1, 20);"
     "INSERT INTO event(file_id, computer, provider, event_id, time) VALUES(1, 'PC1', "
     "'Microsoft-Windows-Eventlog', 1102, at(4))",
     "Security", "present 1 4;cleared 4 5;"},
    {"cleared inside one file, another begins later",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'), (2, 'b'); INSERT INTO log_span(file_id, computer, "
     "channel, first_time, last_time) VALUES(1, 'PC1', 'Security', at(1), at(4)), (2, 'PC1', 'Security', "
     "at(6), at(8));"
     "INSERT INTO event(file_id, computer, provider, event_id, time) VALUES(1, 'PC1', "
     "'Microsoft-Windows-Eventlog', 1102, at(3))",
     "Security", "present 1 3;cleared 3 4;present 6 8;"},
    {"cleared twice",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'), (2, 'b'); INSERT INTO log_span(file_id, computer, "
     "channel, first_time, last_time) VALUES(1, 'PC1', 'Security', at(1), at(2)), (2, 'PC1', 'Security', "
     "at(5), at(8));"
     "INSERT INTO event(file_id, computer, provider, event_id, time) VALUES(1, 'PC1', "
     "'Microsoft-Windows-Eventlog', 1102, at(1)), (2, 'PC1', 'Microsoft-Windows-Eventlog', 1102, at(5))",
     "Security", "cleared 1 2;cleared 5 8;"},
    {"another channel cleared",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'), (2, 'b'); INSERT INTO log_span(file_id, computer, "
     "channel, first_time, last_time) VALUES(1, 'PC1', 'Application', at(3), at(5)), (2, 'PC1', 'System', "
     "at(1), at(5));"
     "INSERT INTO event(file_id, computer, provider, event_id, time, data) VALUES(2, 'PC1', "
     "'Microsoft-Windows-Eventlog', 104, at(2), '{\"SubjectUserName\":\"x\",\"Channel\":\"application\"}')",
     "Application", "cleared 2 5;"},
    {"and the log that tells is whole",
     "INSERT INTO evidence(id, path) VALUES(2, 'b'); INSERT INTO log_span(file_id, computer, channel, "
     "first_time, last_time) VALUES(2, 'PC1', 'System', at(1), at(5));"
     "INSERT INTO event(file_id, computer, provider, event_id, time, data) VALUES(2, 'PC1', "
     "'Microsoft-Windows-Eventlog', 104, at(2), '{\"Channel\":\"Application\"}')",
     "System", "present 1 5;"},
    {"copied before it was cleared",
     "INSERT INTO evidence(id, path) VALUES(1, 'a'); INSERT INTO log_span(file_id, computer, channel, "
     "first_time, last_time) VALUES(1, 'PC1', 'Security', at(1), at(3));"
     "INSERT INTO event(file_id, computer, provider, event_id, time) VALUES(1, 'PC1', "
     "'Microsoft-Windows-Eventlog', 1102, at(7))",
     "Security", "present 1 3;"},
    {"turned off",
     "INSERT INTO evidence(id, path) VALUES(1, 'SOFTWARE'); INSERT INTO hive(file_id, kind, computer) "
     "VALUES(1, 'SOFTWARE', 'PC1');"
     "INSERT INTO reg_value(hive_id, path, name, num) VALUES(1, "
     "'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\Microsoft-Windows-TaskScheduler/"
     "Operational', 'enabled', 0)",
     "Microsoft-Windows-TaskScheduler/Operational", "disabled - -;"},
    {"turned off later",
     "INSERT INTO evidence(id, path) VALUES(1, 'SOFTWARE'), (2, 'x'); INSERT INTO hive(file_id, kind, "
     "computer) VALUES(1, 'SOFTWARE', 'PC1');"
     "INSERT INTO log_span(file_id, computer, channel, first_time, last_time) VALUES(2, 'PC1', "
     "'Microsoft-Windows-TaskScheduler/Operational', at(1), at(3));"
     "INSERT INTO reg_value(hive_id, path, name, num) VALUES(1, "
     "'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\Microsoft-Windows-TaskScheduler/"
     "Operational', 'Enabled', 0)",
     "Microsoft-Windows-TaskScheduler/Operational", "disabled 1 3;"},
    {"turned on",
     "INSERT INTO evidence(id, path) VALUES(1, 'SOFTWARE'); INSERT INTO hive(file_id, kind, computer) "
     "VALUES(1, 'SOFTWARE', 'PC1');"
     "INSERT INTO reg_value(hive_id, path, name, num) VALUES(1, "
     "'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\Microsoft-Windows-TaskScheduler/"
     "Operational', 'Enabled', 1)",
     "Microsoft-Windows-TaskScheduler/Operational", "missing - -;"},
    {"empty log",
     "INSERT INTO evidence(id, path) VALUES(1, 'x/SYSTEM'), (2, "
     "'x/Microsoft-Windows-TaskScheduler%4Operational.evtx'); INSERT INTO hive(file_id, kind, computer) "
     "VALUES(1, 'SYSTEM', 'PC1')",
     "Microsoft-Windows-TaskScheduler/Operational", "partial - -;"},
    {"unreadable log",
     "INSERT INTO evidence(id, path, state) VALUES(1, 'x/SYSTEM', 'read'), (2, 'x\\security.EVTX', "
     "'unreadable'); INSERT INTO hive(file_id, kind, computer) VALUES(1, 'SYSTEM', 'PC1')",
     "Security", "unreadable - -;"},
    {"a file that only ends alike",
     "INSERT INTO evidence(id, path, state) VALUES(1, 'x/SYSTEM', 'read'), (2, 'x/NotSecurity.evtx', "
     "'unreadable'); INSERT INTO hive(file_id, kind, computer) VALUES(1, 'SYSTEM', 'PC1')",
     "Security", "missing - -;"},
    {"hive",
     "INSERT INTO evidence(id, path) VALUES(1, 'SYSTEM'); INSERT INTO hive(file_id, kind, computer, "
     "last_written) VALUES(1, 'SYSTEM', 'PC1', at(4))",
     "SYSTEM", "present - 4;"},
    {"hive, dirty and not replayed",
     "INSERT INTO evidence(id, path) VALUES(1, 'SYSTEM'); INSERT INTO hive(file_id, kind, computer, dirty) "
     "VALUES(1, 'SYSTEM', 'PC1', 1)",
     "SYSTEM", "partial - -;"},
    {"hive, replayed",
     "INSERT INTO evidence(id, path) VALUES(1, 'SYSTEM'); INSERT INTO hive(file_id, kind, computer, dirty, "
     "replay) VALUES(1, 'SYSTEM', 'PC1', 1, 'LOG1: 3 entries, sequence 7-9')",
     "SYSTEM", "present - -;"},
    {"only an old hive",
     "INSERT INTO evidence(id, path, older) VALUES(1, 'RegBack/SYSTEM', 1); INSERT INTO hive(file_id, kind, "
     "computer) VALUES(1, 'SYSTEM', 'PC1')",
     "SYSTEM", "partial - -;"},
    {"an old hive beside",
     "INSERT INTO evidence(id, path, older) VALUES(1, 'RegBack/SYSTEM', 1), (2, 'SYSTEM', 0); INSERT INTO "
     "hive(file_id, kind, computer) VALUES(1, 'SYSTEM', 'PC1'), (2, 'SYSTEM', 'PC1')",
     "SYSTEM", "present - -;"},
    {"Security is not SECURITY",
     "INSERT INTO evidence(id, path) VALUES(1, 'SECURITY'); INSERT INTO hive(file_id, kind, computer) "
     "VALUES(1, 'SECURITY', 'PC1')",
     "Security", "missing - -;"},
    {"audited",
     "INSERT INTO evidence(id, path) VALUES(1, 'SECURITY'), (2, 'x'); INSERT INTO hive(file_id, kind, "
     "computer) VALUES(1, 'SECURITY', 'PC1'); INSERT INTO audit_policy(hive_id, subcategory, mask) VALUES(1, "
     "'logon', 2);"
     "INSERT INTO log_span(file_id, computer, channel, first_time, last_time) VALUES(2, 'PC1', 'Security', "
     "at(1), at(5))",
     "Security:Logon failure", "present 1 5;"},
    {"not audited",
     "INSERT INTO evidence(id, path) VALUES(1, 'SECURITY'), (2, 'x'); INSERT INTO hive(file_id, kind, "
     "computer) VALUES(1, 'SECURITY', 'PC1'); INSERT INTO audit_policy(hive_id, subcategory, mask) VALUES(1, "
     "'Logon', 1);"
     "INSERT INTO log_span(file_id, computer, channel, first_time, last_time) VALUES(2, 'PC1', 'Security', "
     "at(1), at(5))",
     "Security:Logon failure", "disabled - -;"},
    {"audit policy unknown",
     "INSERT INTO evidence(id, path) VALUES(2, 'x'); INSERT INTO log_span(file_id, computer, channel, "
     "first_time, last_time) VALUES(2, 'PC1', 'Security', at(1), at(5))",
     "Security:Logon failure", "partial 1 5;"},
    {"audited, no log",
     "INSERT INTO evidence(id, path) VALUES(1, 'SECURITY'); INSERT INTO hive(file_id, kind, computer) "
     "VALUES(1, 'SECURITY', 'PC1'); INSERT INTO audit_policy(hive_id, subcategory, mask) VALUES(1, 'Logon', "
     "3)",
     "Security:Logon failure", "missing - -;"},
};

/* at(3): day 3 of March 2026 as a number */
static void facts(const char *text)
{
    struct buf b = {0};
    for (const char *p = text; *p; p++)
        if (!strncmp(p, "at(", 3) && p[3] >= '0' && p[3] <= '9' && p[4] == ')')
            buf_i64(&b, MARCH + (p[3] - '0') * D), p += 4;
        else
            buf_char(&b, *p);
    buf_char(&b, 0);
    sql(b.p);
    buf_free(&b);
}

Test(diagnose, coverage)
{
    for (size_t i = 0; i < LEN(covers); i++) {
        char question[512];
        struct err e = {0};
        fresh();
        facts(covers[i].facts);
        cr_assert(derive(db, kb, &e) == OK && coverage(db, kb, &e) == OK, "%s: %s %s", covers[i].name, e.what,
                  e.why);
        snprintf(question, sizeof question,
                 "SELECT state, (from_time - %lld) / %lld, (to_time - %lld) / %lld FROM coverage WHERE "
                 "artifact = '%s' ORDER BY id",
                 MARCH, D, MARCH, D, covers[i].artifact);
        const char *got = ask(question);
        cr_expect_str_eq(got, covers[i].want, "%s: %s", covers[i].name, got);
        cr_expect_str_eq(ask("SELECT count(*) FROM kb_artifact a WHERE NOT EXISTS (SELECT 1 FROM coverage c "
                             "WHERE c.artifact = a.name)"),
                         "0;", "%s: an artefact without a row", covers[i].name);
        cr_expect_str_eq(ask("SELECT count(DISTINCT artifact) FROM coverage WHERE artifact IN "
                             "('Probe/Operational', 'Security:Probe success')"),
                         "2;", "%s: an artefact that a rule alone asks for", covers[i].name);
    }
}

/* A quiet log lies beside a busy one: it covers as long as the busy one, unless it is filtered, archived or
 * from elsewhere. */
Test(diagnose, silence_counts_until_the_copy)
{
    static const struct {
        const char *name, *log_kind, *folder, *want;
    } quiet[] = {{"original", "'original'", "x/", "9;"},  {"exported", "'exported'", "x/", "9;"},
                 {"filtered", "'filtered'", "x/", "3;"},  {"carved", "'carved'", "x/", "3;"},
                 {"elsewhere", "'original'", "y/", "3;"}, {"kind not known", "NULL", "x/", "3;"}};
    for (size_t i = 0; i < LEN(quiet); i++) {
        char text[800], question[200];
        struct err e = {0};
        fresh();
        snprintf(text, sizeof text,
                 "INSERT INTO evidence(id, path, log_kind) VALUES(1, 'x/System.evtx', 'original'), (2, "
                 "'%sSecurity.evtx', %s);"
                 "INSERT INTO log_span(file_id, computer, channel, first_time, last_time) VALUES(1, 'PC1', "
                 "'System', at(1), at(9)), (2, 'PC1', 'Security', at(1), at(3))",
                 quiet[i].folder, quiet[i].log_kind);
        facts(text);
        cr_assert(derive(db, kb, &e) == OK && coverage(db, kb, &e) == OK, "%s", e.why);
        snprintf(question, sizeof question,
                 "SELECT (to_time - %lld) / %lld FROM temp.reach WHERE artifact = 'Security'", MARCH, D);
        cr_expect_str_eq(ask(question), quiet[i].want, "%s: %s", quiet[i].name, ask(question));
        snprintf(question, sizeof question,
                 "SELECT (to_time - %lld) / %lld FROM coverage WHERE artifact = 'Security'", MARCH, D);
        cr_expect_str_eq(ask(question), "3;", "what is shown is what was read");
    }
}

/* --- the tests inside rules, and lint */
#define FACTS                                                                                             \
    "          - log: {channel: System, from: 2026-03-01, to: 2026-03-09}\n          - log: {channel: "   \
    "Security, from: 2026-03-01, to: 2026-03-09}\n          - hive: {kind: SYSTEM}\n"                     \
    "          - event: {provider: Probe, channel: System, id: 1, time: 2026-03-03T10:00:00Z, data: {r: " \
    "symptom, s: A}}\n"
static const struct {
    const char *name, *facts, *expect, *want;
    enum status st;
} ruletests[] = {
    {"as expected",
     FACTS "          - event: {provider: Probe, channel: System, id: 1, time: 2026-03-02, data: {r: cause, "
           "s: A}}\n",
     "[{subject: A, verdict: likely}]", "", OK},
    {"host given",
     FACTS "          - event: {host: pc1.corp.example, provider: Probe, channel: System, id: 1, time: "
           "2026-03-02, data: {r: cause, s: A}}\n",
     "[{host: PC1, subject: a, verdict: likely}]", "", OK},
    {"another verdict", FACTS, "[{subject: A, verdict: likely}]",
     "rules/extra.yml:20: t: PC1 A: expected likely, got none\n", OK},
    {"more than expected",
     FACTS "          - event: {provider: Probe, channel: System, id: 1, time: 2026-03-02, data: {r: cause, "
           "s: A}}\n",
     "[]", "rules/extra.yml:20: t: PC1 A: expected none, got likely (cause 1, symptom 1; unknown: SAM)\n",
     OK},
    {"none, and nothing came", FACTS, "[{subject: A, verdict: none}]", "", OK},
    {"another host",
     FACTS "          - event: {provider: Probe, channel: System, id: 1, time: 2026-03-02, data: {r: cause, "
           "s: A}}\n",
     "[{host: PC2, subject: A, verdict: likely}, {subject: A, verdict: likely}]",
     "rules/extra.yml:20: t: PC2 A: expected likely, got none\n", OK},
    {"unknown field", "          - event: {colour: red}\n", "[]",
     "rules/extra.yml:20: fact event: no field 'colour'", E_FORMAT},
    {"no time", "          - event: {provider: P, channel: C, id: 1, time: soon}\n", "[]",
     "rules/extra.yml:20: fact event: expected a time, found 'soon'", E_FORMAT},
    {"no number", "          - value: {path: SYSTEM\\A, name: B, num: many}\n", "[]",
     "rules/extra.yml:20: fact value: expected a number, found 'many'", E_FORMAT},
    {"no bytes", "          - value: {path: SYSTEM\\A, name: B, data: abc}\n", "[]",
     "rules/extra.yml:20: fact value: expected hexadecimal bytes, found 'abc'", E_FORMAT},
    {"no provider", "          - event: {channel: C, id: 1, time: 2026-03-01}\n", "[]",
     "rules/extra.yml:20: fact event: missing field 'channel, provider or id'", E_FORMAT},
};

Test(diagnose, tests_inside_rules)
{
    for (size_t i = 0; i < LEN(ruletests); i++) {
        struct buf rule = {0}, why = {0};
        struct err e = {0};
        struct casedb *base = NULL;
        buf_z(&rule, HEAD("extra", "57",
                          "boot-race") "requires:\n    - {artifact: System, for: symptom}\n    - {any_of: "
                                       "[Security, SYSTEM], for: cause}\n    - {artifact: SAM, for: link}\n  "
                                       "  - {artifact: 'Security:Logon failure', for: contradicts}\n"
                                       "explanation: e\nindicators: ["
                                       "{role: symptom, sql: \"SELECT * FROM v_probe WHERE role = "
                                       "'symptom'\", explain: x}, {role: cause, sql: \"SELECT * FROM v_probe "
                                       "WHERE role = 'cause'\", explain: x}]\n"
                                       "tests:\n    - name: t\n      facts:\n");
        buf_z(&rule, ruletests[i].facts), buf_printf(&rule, "      expect: %s\n", ruletests[i].expect),
            buf_char(&rule, 0);
        const struct knowledge_file file[] = {{"rules/extra.yml", rule.p}};
        char *dir = probe_folder(file, LEN(file));
        kb_free(kb);
        cr_assert(kb_load(dir, &kb, &e) == OK, "%s: %s", ruletests[i].name, e.why);
        knowledge_gone(dir);
        const struct rule *r = rule_named("extra");
        cr_assert(ruletest_base(kb, &base, &e) == OK, "%s", e.why);
        enum status st = ruletest_run(kb, base, r, &r->test[0], NULL, &why, &e);
        buf_char(&why, 0);
        const char *got = st == OK ? why.p : e.why;
        cr_expect(st == ruletests[i].st, "%s: status %d, %s", ruletests[i].name, st, e.why);
        cr_expect_str_eq(got, ruletests[i].want, "%s: %s", ruletests[i].name, got);
        case_close(base), buf_free(&rule), buf_free(&why);
    }
}

static enum status one_more(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)c, (void)name, (void)n, (void)e;
    ++*(size_t *)ctx;
    return OK;
}

/* --- indicators say something in one of their rule's own tests: `rules test` fails where one does not. */
Test(diagnose, a_silent_indicator_is_told)
{
    struct casedb *base = NULL;
    struct err e = {0};
    struct buf why = {0};
    bool spoke[64] = {false};
    kb_free(kb);
    cr_assert(kb_load(NULL, &kb, &e) == OK && ruletest_base(kb, &base, &e) == OK, "%s", e.why);
    const struct rule *r = rule_named("blank_password");
    cr_assert(r->n_ind < LEN(spoke) && r->n_test > 1);
    cr_expect_eq(ruletest_silent(r, spoke, &why), r->n_ind);
    cr_assert(ruletest_run(kb, base, r, &r->test[0], spoke, &why, &e) == OK, "%s", e.why);
    why.n = 0;
    size_t left = ruletest_silent(r, spoke, &why);
    cr_expect(left > 0 && left < r->n_ind, "%zu of %zu", left, r->n_ind);
    buf_char(&why, 0);
    cr_expect(strstr(why.p, "rules/blank_password.yml:")
                  && strstr(why.p, ": this contradicts speaks in no test\n"),
              "%s", why.p);
    for (size_t t = 1; t < r->n_test; t++)
        cr_assert(ruletest_run(kb, base, r, &r->test[t], spoke, &why, &e) == OK, "%s", e.why);
    cr_expect_eq(ruletest_silent(r, spoke, &why), 0, "all of them speak");
    case_close(base), buf_free(&why);
}

Test(diagnose, every_kind_of_test_fact)
{
    static const struct {
        const char *fact, *question, *want;
    } kinds[] = {
        {"value: {path: 'SYSTEM\\A', name: B, num: 5}",
         "SELECT hive_id = file_id, path, name, type, num FROM reg_value", "1 SYSTEM\\A B 4 5;"},
        {"value: {path: 'SYSTEM\\A', name: B, text: '5'}", "SELECT type, num, text FROM reg_value", "1 - 5;"},
        {"value: {path: 'SYSTEM\\A', name: B, type: 3, data: 00ff}", "SELECT type, hex(data) FROM reg_value",
         "3 00FF;"},
        {"key: {path: 'SOFTWARE\\A', written: 2026-03-01}",
         "SELECT r.written, h.kind, h.computer FROM reg_key r JOIN hive h ON h.file_id = r.hive_id",
         "134167968000000000 SOFTWARE PC1;"},
        {"secret: {host: PC2, name: _SC_X, cupd: 2026-03-01}",
         "SELECT s.name, h.kind, h.computer FROM secret s JOIN hive h ON h.file_id = s.hive_id",
         "_SC_X SECURITY PC2;"},
        {"right: {sid: S-1-5-20, mask: 4}", "SELECT sid, mask FROM logon_right", "S-1-5-20 4;"},
        {"audit: {subcategory: Logon, mask: 3}", "SELECT subcategory, mask FROM audit_policy", "Logon 3;"},
        {"lsa: {what: domain_name, value: CORP}", "SELECT what, value FROM lsa_name", "domain_name CORP;"},
        {"account: {name: svc, rid: 1001, flags: 16}",
         "SELECT a.name, h.kind FROM sam_account a JOIN hive h ON h.file_id = a.hive_id", "svc SAM;"},
        {"lockout: {threshold: 5}", "SELECT threshold FROM lockout_policy", "5;"},
        {"cached_logon: {slot: 1, rid: 7}", "SELECT slot, rid FROM cached_logon", "1 7;"},
        {"task: {path: '\\A', sid: S-1-5-18, result: 0x80070520}",
         "SELECT t.path, t.result, h.kind FROM task_cache t JOIN hive h ON h.file_id = t.hive_id",
         "\\A 2147943712 SOFTWARE;"},
        {"fold: {host: PC1, channel: Security, provider: P, id: 4624, day: 5, key: {LogonType: 3}, n: 7, "
         "first_time: 2026-03-01, last_time: 2026-03-02}",
         "SELECT computer, event_id, key, n FROM fold", "PC1 4624 {\"LogonType\":3} 7;"},
        {"log: {channel: A/B, from: 2026-03-01, to: 2026-03-02, log_kind: filtered, failed: 3}",
         "SELECT e.path, e.log_kind, e.failed, s.computer FROM log_span s JOIN evidence e ON e.id = "
         "s.file_id",
         "PC1/A%4B.evtx filtered 3 PC1;"},
        {"log: {channel: A/B, state: unreadable}",
         "SELECT path, state, (SELECT count(*) FROM log_span) FROM evidence", "PC1/A%4B.evtx unreadable 0;"},
        {"hive: {kind: SAM, host: PC7, last_written: 2026-03-01, dirty: 1}",
         "SELECT kind, computer, dirty, last_written FROM hive", "SAM PC7 1 134167968000000000;"},
        {"hive: {kind: SAM, state: unreadable}",
         "SELECT path, state, (SELECT count(*) FROM hive) FROM evidence", "PC1/SAM unreadable 0;"},
        {"event: {provider: P, channel: C, id: 7, time: 2026-03-01, sid: S-1-5-18, pid: 4}",
         "SELECT e.computer, e.event_id, e.sid, e.data, c.n FROM event e JOIN event_count c ON c.provider = "
         "e.provider",
         "PC1 7 S-1-5-18 {} 1;"}};
    for (size_t i = 0; i < LEN(kinds); i++) {
        struct err e = {0};
        struct casedb *base = NULL;
        char text[1200];
        snprintf(text, sizeof text,
                 HEAD("extra", "57", "boot-race") "requires: []\nexplanation: e\nindicators: [{role: "
                                                  "symptom, sql: SELECT, explain: x}]\ntests:\n    - name: "
                                                  "t\n      facts:\n          - %s\n      expect: []\n",
                 kinds[i].fact);
        const struct knowledge_file file[] = {{"rules/extra.yml", text}};
        char *dir = probe_folder(file, LEN(file));
        kb_free(kb), kb = NULL;
        cr_assert(kb_load(dir, &kb, &e) == OK, "%s: %s", kinds[i].fact, e.why);
        knowledge_gone(dir);
        const struct rule *r = rule_named("extra");
        cr_assert(ruletest_base(kb, &base, &e) == OK, "%s", e.why);
        case_close(db), db = base;
        cr_expect(ruletest_facts(db, r, &r->test[0], &e) == OK, "%s: %s", kinds[i].fact, e.why);
        cr_expect_str_eq(ask(kinds[i].question), kinds[i].want, "%s: %s", kinds[i].fact,
                         ask(kinds[i].question));
    }
}

#define SHORT(r) \
    "    - {role: " r ", sql: \"SELECT * FROM v_probe WHERE role = '" r "'\", explain: '" r " {subject}'}\n"
#define X40 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LOOKS_ALIKE(verdict)                                                                               \
    "    - {name: five, facts: [{event: {host: A, time: 2026-03-01}}, {event: {host: B}}, {event: {host: " \
    "A,\n"                                                                                                 \
    "        provider: EventLog, id: 6005, time: 2026-03-02}}, {event: {host: A, time: 2026-03-03}}],\n"   \
    "        expect: [{verdict: " verdict "}]}\n"

static const struct {
    const char *name, *from, *to, *want; /* "ours: ...": as if it came with the program */
} lints[] = {
    /* one change to a sound rule */
    {"sound", "", "", ""},
    {"id", "-5555", "-555", "2: id: expected a lower-case UUID of version 4"},
    {"version", "-4333-", "-1333-", "2: id: expected a lower-case UUID of version 4"},
    {"name", "name: extra", "name: Extra", "1: name: expected lower case"},
    {"file", "name: extra", "name: extra_two",
     "1: name: expected lower case with underscores, and the file to be rules/<name>.yml"},
    {"status", "status: stable", "status: good", "1: status: expected"},
    {"level", "level: low", "level: 3", "1: level: expected"},
    {"date", "date: 2026-03-01", "date: March", "1: date, modified: expected YYYY-MM-DD"},
    {"author", "author: a\n", "", "1: author, references and tags"},
    {"cause", "cause: boot-race", "cause: bad-luck",
     "11: cause: 'bad-luck' is none of the stable identifiers"},
    {"artefact", "artifact: System", "artifact: Systems",
     "1: requires: artefact 'Systems' is not in artifacts.yml"},
    {"collect", "artifact: SAM, command", "artifact: XAM, command", "1: collect: artefact 'XAM'"},
    {"remedies", "remediation: [{text: mend, risk: low, reversible: yes, verify: look}]\n", "",
     "1: remediation: expected at least one"},
    {"table", "SELECT * FROM v_probe WHERE role = 'link'", "SELECT * FROM event",
     "18: link: query: access to event.id is prohibited"},
    {"syntax", "SELECT * FROM v_probe WHERE role = 'link'", "SELEKT",
     "18: link: query: near \"SELEKT\": syntax error"},
    {"column", "SELECT * FROM v_probe WHERE role = 'link'", "SELECT evidence_id, host, time FROM v_probe",
     "18: link: the result has no column subject"},
    {"template", "link {subject}", "link {object}",
     "18: link: explain names {object}, which is no column of the result"},
    {"explanation", "'{subject} on {host}'", "'{subject} at {time}'",
     "1: explanation: {time}, expected {subject} or {host}"},
    {"clock", "SELECT * FROM v_probe WHERE role = 'link'",
     "SELECT * FROM v_probe WHERE time < julianday('now')",
     "18: link: the answer must not depend on the clock"},
    {"no contradiction", "role: contradicts", "role: compatible",
     "16: indicators: none with role contradicts"},
    {"no positive test", "verdict: likely", "verdict: none", "23: tests: none of kind 'positive'"},
    {"no contradicted test", "verdict: ruled_out}]}\n" LOOKS_ALIKE("ruled_out"),
     "verdict: none}]}\n" LOOKS_ALIKE("none"), "23: tests: none of kind 'contradicted'"},
    {"ours: one that rules it out", LOOKS_ALIKE("ruled_out"), LOOKS_ALIKE("none"),
     "23: tests: one of kind 'contradicted', expected the twin and what looks alike"},
    {"a user's own: one is enough", LOOKS_ALIKE("ruled_out"), "", ""},
    {"ours: one host", "{host: B}", "{host: A}", "23: tests: none of kind 'two hosts'"},
    {"ours: no start", "id: 6005", "id: 6006", "23: tests: none of kind 'two boots'"},
    {"ours: nothing before the start", "time: 2026-03-01", "time: 2026-03-04",
     "23: tests: none of kind 'two boots'"},
    {"ours: nothing behind it", "time: 2026-03-03", "time: 2026-03-01",
     "23: tests: none of kind 'two boots'"},
    {"ours: nothing was read of what decides", "{artifact: System, for: symptom}",
     "{artifact: System, for: symptom}, {artifact: SAM, for: cause}", ""},
    {"no test without evidence", "verdict: undetermined", "verdict: none",
     "23: tests: none of kind 'missing evidence'"},
    {"no hostile text", "<b>", "b", "23: tests: none of kind 'hostile text'"},
    {"test names", "name: two", "name: one", "24: test: the name 'one' again"},
    /* what is asked of rules that come with the program alone */
    {"ours: a line of 120", "explanation: '{subject} on {host}'",
     "explanation: '{subject} on {host}' #" X40 X40 "xxxx", ""},
    {"ours: a line of 121", "explanation: '{subject} on {host}'",
     "explanation: '{subject} on {host}' #" X40 X40 "xxxxx", "14: a line of 121 columns, at most 120"},
    {"ours: columns, not bytes", "explanation: '{subject} on {host}'",
     "explanation: '{subject} on {host}' #" X40 X40 "\u00e4\u00e4\u00e4x", ""},
    {"a user's own long line", "explanation: '{subject} on {host}'",
     "explanation: '{subject} on {host}' #" X40 X40 X40, ""},
    {"ours: ticks", "SELECT * FROM v_probe WHERE role = 'link'",
     "SELECT * FROM v_probe WHERE time > 6000000000",
     "18: link: 6000000000: expected seconds(), minutes(), hours() or days()"},
    {"a user's own ticks", "SELECT * FROM v_probe WHERE role = 'link'",
     "SELECT * FROM v_probe WHERE time > 6000000000", ""},
    {"ours: ticks in a text", "SELECT * FROM v_probe WHERE role = 'link'",
     "SELECT * FROM v_probe WHERE role = '6000000000'", ""},
    {"ours: a list of codes", "SELECT * FROM v_probe WHERE role = 'link'",
     "SELECT * FROM v_probe f WHERE f.win32 IN (1380, 1385)",
     "18: link: a list of codes: expected code_in(win32, 'family') of families.yml"},
    {"ours: a list of other codes", "SELECT * FROM v_probe WHERE role = 'link'",
     "SELECT * FROM v_probe WHERE win32 not in(56)", "18: link: a list of codes"},
    {"ours: a list of events", "SELECT * FROM v_probe WHERE role = 'link'",
     "SELECT * FROM v_probe WHERE role IN (100, 129)", ""},
    {"ours: a family", "SELECT * FROM v_probe WHERE role = 'link'",
     "SELECT * FROM v_probe WHERE code_in(win32, 'limit-reached')", ""},
    {"ours: no family", "SELECT * FROM v_probe WHERE role = 'link'",
     "SELECT * FROM v_probe WHERE code_in(win32, 'limits')", "18: link: families.yml has no family 'limits'"},
    {"ours: printf", "SELECT * FROM v_probe WHERE role = 'link'",
     "SELECT *, printf('0x%x', win32) AS x FROM v_probe",
     "18: link: printf says 0x0 for NULL: expected hex_of()"},
};

Test(diagnose, lint)
{
    static const char sound[] = HEAD(
        "extra", "55",
        "boot-race") "requires: [{artifact: System, for: symptom}]\ncollect: [{artifact: SAM, command: c}]\n"
                     "explanation: '{subject} on {host}'\nindicators:\n" SHORT("symptom") SHORT("cause")
                         SHORT("link") SHORT("compatible") SHORT(
                             "contradicts") "remediation: [{text: mend, risk: low, reversible: yes, verify: "
                                            "look}]\ntests:\n"
                                            "    - {name: one, facts: [], expect: [{verdict: likely}]}\n"
                                            "    - {name: two, facts: [], expect: [{verdict: "
                                            "ruled_out}]}\n" LOOKS_ALIKE(
                                                "ruled_out") "    - {name: three, facts: [], expect: "
                                                             "[{verdict: undetermined}]}\n"
                                                             "    - {name: four, facts: [{event: {data: {s: "
                                                             "'<b>'}}}], expect: []}\n";
    for (size_t i = 0; i < LEN(lints); i++) {
        struct buf text = {0}, out = {0};
        struct err e = {0};
        struct casedb *base = NULL;
        const char *at = *lints[i].from ? strstr(sound, lints[i].from) : sound;
        cr_assert(at, "%s", lints[i].name);
        buf_put(&text, sound, (size_t)(at - sound)), buf_z(&text, lints[i].to),
            buf_z(&text, at + strlen(lints[i].from)), buf_char(&text, 0);
        const struct knowledge_file file[] = {{"rules/extra.yml", text.p}};
        char *dir = probe_folder(file, LEN(file));
        kb_free(kb), kb = NULL;
        cr_assert(kb_load(dir, &kb, &e) == OK, "%s: %s", lints[i].name, e.why);
        knowledge_gone(dir);
        cr_assert(ruletest_base(kb, &base, &e) == OK, "%s", e.why);
        const struct rule *r = rule_named("extra");
        r = r ? r : rule_named("Extra");
        struct rule as = *(r ? r : rule_named("extra_two"));
        as.embedded = !strncmp(lints[i].name, "ours: ", 6);
        size_t n = rulelint(kb, base, &as, &out);
        buf_char(&out, 0);
        cr_expect((n > 0) == (*lints[i].want != 0), "%s: %zu problems: %s", lints[i].name, n, out.p);
        cr_expect(!*lints[i].want || strstr(out.p, lints[i].want), "%s: %s", lints[i].name, out.p);
        case_close(base), buf_free(&text), buf_free(&out);
    }
}

/* Windows' names meet without regard to case: each column that holds one says so, in whatever table of facts,
 * of derive/ or of its scratch work. A left operand without a collation of its own compares byte by byte, and
 * CREATE TABLE AS makes such columns. */
static const char *const name_columns[] = {
    "user",     "account", "domain", "principal", "subject", "computer", "channel",
    "provider", "server",  "task",   "who",       "by_user", "realm",    "owner",
    "shown",    "service", "job",    "label",     "fqdn",    "grp",      "display"};
/* words of ours, and names of fields */
static const char *const no_names[] = {"failed.realm",  "failure.shown",   "presence.shown",
                                       "works.subject", "works.principal", "sign.who"};
static const char *const name_tables[] = {"reg_value", "secret", "sam_account", "account", "host",
                                          "service",   "name",   "seen",        "root",    "hive_name",
                                          "host_name", "hv",     "sv",          "host_key"};
static const char *const path_tables[] = {"reg_key", "reg_value",   "task", "task_cache",  "only_task",
                                          "cached",  "last_result", "hv",   "offline_path"};

static bool among(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(word, words[i]))
            return true;
    return false;
}

static enum status look_at_column(void *ctx, const struct cell *c, const char *const *name, size_t n,
                                  struct err *e)
{
    struct casedb *base = ctx;
    const char *type = NULL, *collation = NULL, *table = c[1].s.p, *column = c[2].s.p;
    (void)name, (void)n, (void)e;
    bool holds_name = among(column, name_columns, LEN(name_columns))
                      || (!strcmp(column, "name") && among(table, name_tables, LEN(name_tables)))
                      || (!strcmp(column, "path") && among(table, path_tables, LEN(path_tables)));
    char whole[100];
    snprintf(whole, sizeof whole, "%s.%s", table, column);
    if (!strncmp(table, "kb_", 3) || !holds_name || among(whole, no_names, LEN(no_names)))
        return OK;
    cr_assert(
        sqlite3_table_column_metadata(base->db, c[0].s.p, table, column, &type, &collation, NULL, NULL, NULL)
        == SQLITE_OK);
    cr_expect(!type || strcmp(type, "TEXT") || !strcmp(collation, "NOCASE"), "%s.%s compares byte by byte",
              table, column);
    return OK;
}

Test(diagnose, names_without_case)
{
    static const char columns[] = "SELECT 'main', m.name, x.name FROM sqlite_schema m JOIN "
                                  "pragma_table_info(m.name) x WHERE m.type = 'table' UNION "
                                  "ALL SELECT 'temp', m.name, x.name FROM sqlite_temp_schema m JOIN "
                                  "pragma_table_info(m.name, 'temp') x WHERE m.type "
                                  "= 'table'";
    struct casedb *base = NULL;
    struct err e = {0};
    kb_free(kb), kb = NULL;
    cr_assert(kb_load(NULL, &kb, &e) == OK && ruletest_base(kb, &base, &e) == OK, "%s", e.why);
    cr_assert(case_query(base, columns, NULL, NULL, 0, look_at_column, base, &e) == OK, "%s", e.why);
    case_close(base);
}

/* The same by what comes out: each test of every rule once more, every other fact of it spelt in small
 * letters where it names a key, a value, a file, a computer, an account, a task, a provider or a channel. */
static const char *const spelt[] = {"path", "name", "computer", "host", "channel", "provider", "user"};
static const char *const spelt_data[] = {
    "TaskName",   "UserContext",     "UserName", "TargetUserName", "TargetDomainName",
    "ServerName", "SubjectUserName", "jobOwner", "jobTitle",       "TargetServerName",
    "ShareName",  "WorkstationName", "param1",   "Channel",        "Path"};

/* from: bytes that stay. The first part of a registry path is the kind of its hive, which parsers say. */
static struct str small(struct str s, size_t from)
{
    char *p = malloc(s.n + 1);
    cr_assert(p);
    for (size_t i = 0; i < s.n; i++)
        p[i] = i >= from && s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i];
    p[s.n] = 0;
    return (struct str){p, s.n};
}

/* Up to the quote that ends it; what a backslash stands before stays. p ends with a quote or a NUL. */
static void small_until_quote(char *p)
{
    for (; *p && *p != '"'; p++) {
        if (*p == '\\' && p[1])
            p++;
        else if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + 32);
    }
}

/* The JSON of an event: values of the fields above; \\uXXXX and the like stay as they are. */
static struct str small_data(struct str json)
{
    struct str s = {memcpy(calloc(1, json.n + 1), json.p, json.n), json.n};
    for (size_t k = 0; k < LEN(spelt_data); k++) {
        char field[40];
        int n = snprintf(field, sizeof field, "\"%s\":\"", spelt_data[k]);
        for (size_t i = 0; i + (size_t)n < s.n; i++)
            if (!memcmp(s.p + i, field, (size_t)n))
                small_until_quote((char *)(uintptr_t)s.p + i + n);
    }
    return s;
}

Test(diagnose, rule_tests_in_small_letters)
{
    PLAIN_ONLY();
    struct casedb *base = NULL;
    struct err e = {0};
    struct buf why = {0};
    size_t n_rule, run = 0;
    kb_free(kb), kb = NULL;
    cr_assert(kb_load(NULL, &kb, &e) == OK && ruletest_base(kb, &base, &e) == OK, "%s", e.why);
    const struct rule *rule = kb_rules(kb, &n_rule);
    for (size_t i = 0; i < n_rule; i++)
        for (size_t k = 0; k < rule[i].n_test; k++)
            for (size_t odd = 0; odd < 2; odd++, run++) {
                struct rule_test *t = &rule[i].test[k];
                struct str was[2000];
                size_t changed = 0;
                for (size_t f = odd; f < t->n_fact; f += 2)
                    for (size_t x = 0; x < t->fact[f].n && changed < LEN(was); x++) {
                        struct test_field *field = &t->fact[f].field[x];
                        was[changed++] = field->value;
                        if (str_eq(field->name, STR("data")))
                            field->value = small_data(field->value);
                        else if (among(field->name.p, spelt, LEN(spelt)))
                            field->value = small(field->value, str_eq(field->name, STR("path"))
                                                                   ? strcspn(field->value.p, "\\")
                                                                   : 0);
                    }
                cr_assert_lt(changed, LEN(was));
                cr_expect(ruletest_run(kb, base, &rule[i], t, NULL, &why, &e) == OK, "%s", e.why);
                changed = 0;
                for (size_t f = odd; f < t->n_fact; f += 2)
                    for (size_t x = 0; x < t->fact[f].n; x++, changed++)
                        if (t->fact[f].field[x].value.p != was[changed].p) {
                            free((void *)(uintptr_t)t->fact[f].field[x].value.p);
                            t->fact[f].field[x].value = was[changed];
                        }
            }
    cr_expect(run > 1000 && !why.n, "%.*s", (int)why.n, why.p);
    buf_free(&why);
    case_close(base);
}

/* Rules of a small case are asked of tables instead of views, and some not at all: the same findings and
 * citations come out, and who is not asked would have said nothing. The first test of each rule, and every
 * sixteenth. */
static enum status put_row(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)e;
    for (size_t i = 0; i < n; i++)
        buf_str(ctx, c[i].null ? STR("-") : c[i].s), buf_char(ctx, i + 1 < n ? '|' : '\n');
    return OK;
}

static void judge_into(struct casedb *base, const struct rule *rule, struct buf *said)
{
    struct err e = {0};
    cr_assert(diagnose_rules(base, kb, rule, 1, &e) == OK, "%s", e.why);
    cr_assert(case_query(
                  base,
                  "SELECT f.verdict, h.name, f.subject, f.win32, f.first_seen, f.last_seen, f.count, "
                  "f.explanation, c.role, c.ord, c.evidence_id, c.time, c.explain FROM finding f JOIN host h "
                  "ON h.id = f.host_id LEFT JOIN citation c ON c.finding = f.id ORDER BY f.id, c.role, c.ord",
                  NULL, NULL, 0, put_row, said, &e)
                  == OK,
              "%s", e.why);
    cr_assert(case_query(base, "SELECT rule, role, message FROM rule_error", NULL, NULL, 0, put_row, said, &e)
              == OK);
}

Test(diagnose, staged_rules_say_the_same, .timeout = 1200)
{
    PLAIN_ONLY();
    struct casedb *base = NULL;
    struct err e = {0};
    size_t n_rule, barren = 0, asked = 0, spoke = 0;
    kb_free(kb), kb = NULL;
    cr_assert(kb_load(NULL, &kb, &e) == OK && ruletest_base(kb, &base, &e) == OK, "%s", e.why);
    const struct rule *rule = kb_rules(kb, &n_rule);
    for (size_t i = 0; i < n_rule; i++)
        for (size_t k = 0; k < rule[i].n_test; k += 16) {
            struct buf plain = {0}, staged = {0};
            const struct rule_test *t = &rule[i].test[k];
            cr_assert(case_mark(base, &e) == OK && ruletest_facts(base, &rule[i], t, &e) == OK
                          && derive_tables(base, kb, &e) == OK && coverage(base, kb, &e) == OK,
                      "%s", e.why);
            judge_into(base, &rule[i], &plain);
            cr_assert(case_stage(base, kb_stage(kb), &e) == OK, "%s", e.why);
            judge_into(base, &rule[i], &staged);
            for (size_t x = 0; x < rule[i].n_ind; x++, asked++) {
                size_t rows = 0;
                if (!case_barren(base, rule[i].ind[x].sql))
                    continue;
                cr_assert(case_guarded(base, rule[i].ind[x].sql, LIM_RULE_STEPS, one_more, &rows, &e) == OK,
                          "%s", e.why);
                cr_expect(!rows, "%s, line %u: %zu rows", rule[i].name.p, rule[i].ind[x].line, rows);
                barren++;
            }
            cr_assert(case_unstage(base, &e) == OK && case_rewind(base, &e) == OK, "%s", e.why);
            cr_expect(str_eq(buf_view(&plain), buf_view(&staged)), "%s, %s:\n%.*s\nstaged:\n%.*s",
                      rule[i].name.p, t->name.p, (int)plain.n, plain.p, (int)staged.n, staged.p);
            spoke += plain.n > 0;
            buf_free(&plain), buf_free(&staged);
        }
    cr_expect(spoke > 50 && barren * 10 > asked, "%zu of %zu are not asked, %zu tests have findings", barren,
              asked, spoke);
    case_close(base);
}

/* What the build asked of the rules, many codes in one case, is what they say of each alone. */
Test(diagnose, witness_of_the_build, .timeout = 600)
{
    static const int64_t codes[] = {5, 71, 1245, 1312, 1326, 1331, 1394, 1396, 1909};
    struct casedb *base = NULL;
    struct kb *text = NULL;
    struct err e = {0};
    size_t n, told = 0;
    kb_free(kb), kb = NULL;
    cr_assert(kb_load(NULL, &kb, &e) == OK && ruletest_base(kb, &base, &e) == OK, "%s", e.why);
    cr_assert(kb_load_text(&text, &e) == OK, "%s", e.why);
    const struct rule *rule = kb_rules(kb, &n);
    struct witness_code *built = calloc(n, sizeof *built), *asked = calloc(n, sizeof *asked);
    for (size_t i = 0; i < LEN(codes); i++) {
        cr_assert(witness_known(kb, codes[i], built), "%lld", (long long)codes[i]);
        cr_assert(witness_code(kb, base, codes[i], asked, &e) == OK, "%s", e.why);
        for (size_t r = 0; r < n; r++) {
            told += asked[r].speaks_for != 0;
            cr_expect(built[r].speaks_for == asked[r].speaks_for && built[r].against == asked[r].against,
                      "%lld, %s: %x %x, alone %x %x", (long long)codes[i], rule[r].name.p,
                      built[r].speaks_for, built[r].against, asked[r].speaks_for, asked[r].against);
        }
    }
    cr_expect_gt(told, LEN(codes));
    cr_expect(!witness_known(kb, 40000, built) && !witness_known(kb, 0, built)
              && !witness_known(text, 1312, built));
    free(built), free(asked);
    case_close(base), kb_free(text);
}

/* What a statement must be like to be empty for certain, on a case that has one failed task, 1312, a setting
 * that is not set, and no logon. */
static const struct {
    const char *sql;
    bool barren;
} barrens[] = {
    {"SELECT * FROM v_failed", false},
    {"SELECT * FROM v_attempt", true},
    {"SELECT * FROM v_failed f JOIN v_attempt a ON a.failure = f.failure", true},
    {"SELECT * FROM v_failed f, v_attempt a", true},
    {"SELECT * FROM v_failed f LEFT JOIN v_attempt a ON a.failure = f.failure", false},
    {"SELECT * FROM v_failed f LEFT JOIN v_attempt a ON a.failure = f.failure JOIN v_caller c", true},
    {"SELECT * FROM v_failed WHERE kind = 'task'", false},
    {"SELECT * FROM v_failed WHERE kind = 'TASK'", false},
    {"SELECT * FROM v_failed WHERE kind = 'service'", true},
    {"SELECT * FROM v_failed WHERE 'service' = kind", false},
    {"SELECT * FROM v_failed WHERE NOT kind = 'service'", false},
    {"SELECT * FROM v_failed WHERE kind <> 'service'", false},
    {"SELECT * FROM v_failed WHERE kind = 'service' OR same", false},
    {"SELECT * FROM v_failed WHERE (kind = 'service' OR same) AND kind = 'share'", true},
    {"SELECT * FROM v_failed WHERE kind IN ('service', 'share')", true},
    {"SELECT * FROM v_failed WHERE kind IN ('service', 'task')", false},
    {"SELECT * FROM v_failed WHERE kind IN (SELECT 'x')", false},
    {"SELECT * FROM v_failed WHERE kind = 'ser' || 'vice'", false},
    {"SELECT * FROM v_failed WHERE same BETWEEN 0 AND kind = 'service'", false},
    {"SELECT * FROM v_failed WHERE CASE WHEN same AND kind = 'service' THEN 1 ELSE 1 END", false},
    {"SELECT * FROM v_failed f JOIN v_failing g ON g.kind = 'service' AND f.kind = g.kind", true},
    {"SELECT * FROM v_failed f LEFT JOIN v_failing g ON g.kind = 'service'", false},
    {"SELECT * FROM v_failed f LEFT JOIN v_failing g ON 1 WHERE f.kind = 'service'", true},
    {"SELECT * FROM v_failed f JOIN v_failing g ON kind = 'service'", false},
    {"SELECT * FROM v_failed WHERE EXISTS (SELECT 1 FROM v_attempt)", false},
    {"SELECT * FROM (SELECT * FROM v_attempt) a", false},
    {"SELECT * FROM (SELECT * FROM v_attempt) a JOIN v_attempt b", true},
    {"SELECT count(*) FROM v_attempt", false},
    {"SELECT max(time) FROM v_attempt GROUP BY failure", true},
    {"SELECT * FROM v_attempt UNION ALL SELECT 1", false},
    {"SELECT * FROM v_failed WHERE kind = 'service' UNION SELECT 1", false},
    {"WITH a AS (SELECT 1) SELECT * FROM v_attempt", false},
    {"SELECT * FROM v_setting WHERE name = 'MaxCmds'", false},
    {"SELECT * FROM v_setting WHERE name = 'maxcmds'", false},
    {"SELECT * FROM v_setting WHERE name = 'no such'", true},
    {"SELECT * FROM v_setting AS s WHERE s.name = 'no such' ORDER BY 1", true},
    {"SELECT * FROM v_setting WHERE name = 'it''s'", false},
    {"SELECT * FROM v_setting -- \n WHERE name = 'no such'", false},
    {"SELECT * FROM v_host WHERE name = 'no such'", false},
    {"SELECT * FROM v_attempt WHERE (", false},
    {"SELECT * FROM v_attempt WHERE 'open", false},
    {"SELECT", false},
    {"", false}};

Test(diagnose, barren_statements)
{
    static const struct test_field field[] =
        {{STR("provider"), STR("Microsoft-Windows-TaskScheduler"), false},
         {STR("channel"), STR("Microsoft-Windows-TaskScheduler/Operational"), false},
         {STR("id"), STR("101"), true},
         {STR("time"), STR("2026-03-02T09:10:00Z"), false},
         {STR("data"),
          STR("{\"TaskName\":\"\\\\t\",\"UserContext\":\"CORP\\\\who\",\"ResultCode\":2147943712}"), false}},
                                   hive[] = {{STR("kind"), STR("SYSTEM"), false}};
    struct test_fact fact[] = {{STR("event"), (struct test_field *)(uintptr_t)field, LEN(field)},
                               {STR("hive"), (struct test_field *)(uintptr_t)hive, LEN(hive)}};
    const struct rule_test test = {.name = STR("t"), .fact = fact, .n_fact = LEN(fact)};
    struct casedb *base = NULL;
    struct err e = {0};
    size_t n_rule;
    kb_free(kb), kb = NULL;
    cr_assert(kb_load(NULL, &kb, &e) == OK && ruletest_base(kb, &base, &e) == OK, "%s", e.why);
    cr_assert(case_mark(base, &e) == OK && ruletest_facts(base, kb_rules(kb, &n_rule), &test, &e) == OK
                  && derive_tables(base, kb, &e) == OK && coverage(base, kb, &e) == OK,
              "%s", e.why);
    cr_expect(!case_barren(base, STR("SELECT * FROM v_attempt")), "nothing is staged");
    cr_assert(case_stage(base, STR_NONE, &e) == OK && !case_barren(base, STR("SELECT * FROM v_attempt")));
    cr_assert(case_stage(base, kb_stage(kb), &e) == OK, "%s", e.why);
    for (size_t i = 0; i < LEN(barrens); i++)
        cr_expect_eq(case_barren(base, str_of(barrens[i].sql)), barrens[i].barren, "%s", barrens[i].sql);
    cr_assert(case_unstage(base, &e) == OK && !case_barren(base, STR("SELECT * FROM v_attempt")), "%s",
              e.why);
    case_close(base);
}

/* What `report --knowledge` does: the knowledge of this program, its own derivation included, over a case
 * that was judged before. */
Test(diagnose, judged_again_by_the_real_knowledge)
{
    struct kb *own = NULL;
    struct casedb *copy = NULL;
    struct err e = {0};
    cr_assert(kb_load(NULL, &own, &e) == OK, "%s", e.why);
    fresh();
    for (int turn = 0; turn < 2; turn++) {
        cr_assert(case_exec(db, kb_file(own, "reset.sql").p, &e) == OK && kb_store(own, db, &e) == OK
                      && derive(db, own, &e) == OK && coverage(db, own, &e) == OK
                      && diagnose(db, own, NULL, &e) == OK,
                  "turn %d: %s: %s", turn, e.what, e.why);
        cr_expect_str_eq(ask("SELECT count(*) FROM rule_error"), "0;", "%s", ask("SELECT * FROM rule_error"));
        cr_assert(case_copy(db, &copy, &e) == OK, "%s", e.why);
        case_close(db), db = copy;
    }
    kb_free(own);
}

/* One failure is one row, whoever tells of it; what else tells of it is cited beside it. Events: "id@second
 * key=value,...": of task \T or service S under PC1\u. */
#define TASK(id, at, data)                                                                                   \
    "INSERT INTO event(file_id, file_off, computer, channel, provider, event_id, time, data) VALUES(1, " #id \
    " * 1000 + " #at ", 'PC1', 'T', 'Microsoft-Windows-TaskScheduler', " #id ", 134167968000000000 + " #at   \
    " * 10000000, json_object('TaskName', '\\T', 'UserContext', 'PC1\\u', 'UserName', 'PC1\\u'" data "));"
#define SCM(id, at, data)                                                                                    \
    "INSERT INTO event(file_id, file_off, computer, channel, provider, event_id, time, data) VALUES(2, " #id \
    " * 1000 + " #at ", 'PC1', 'System', 'Service Control Manager', " #id ", 134167968000000000 + " #at      \
    " * 10000000, json_object('param1', 'S'" data "));"
#define REFUSED_AS(type, at, name, domain)                                                               \
    "INSERT INTO event(file_id, file_off, computer, channel, provider, event_id, time, data) VALUES(3, " \
    "4625000 + " #at ", 'PC1', 'Security', 'Microsoft-Windows-Security-Auditing', 4625"                  \
    ", 134167968000000000 + " #at " * 10000000, json_object('TargetUserName', '" name                    \
    "', 'TargetDomainName', '" domain "', 'Status', '0xc000006d', "                                      \
    "'SubStatus', '0xc000006a', 'LogonType', " #type "));"
#define REFUSED(type, at) REFUSED_AS(type, at, "u", "PC1")
#define CACHE(at, result)                                                                                    \
    "INSERT INTO task_cache(file_id, file_off, hive_id, path, user, logon, last_run, result) VALUES(4, 99, " \
    "4, '\\T', 'PC1\\u', 'Password', " at ", " #result ");"
#define AT(s)   "134167968000000000 + " #s " * 10000000"
#define CODE(c) ", 'ResultCode', " #c
static const struct {
    const char *name, *facts, *want;
} witnesses[] = {
    /* kind, event, seconds, witnesses */
    {"101 alone", TASK(101, 5, CODE(2147943726)), "task 101 5 -;"},
    {"101 and the hive", TASK(101, 5, CODE(2147943726)) CACHE(AT(5), 2147943726), "task 101 5 f4:0x63;"},
    {"101 and the hive, some seconds apart", TASK(101, 9, CODE(2147943726)) CACHE(AT(5), 2147943726),
     "task 101 9 f4:0x63;"},
    {"101 and the hive of another run", TASK(101, 500, CODE(2147943726)) CACHE(AT(5), 2147943726),
     "task - 5 -;task 101 500 -;"},
    {"101 and the hive with another code", TASK(101, 5, CODE(2147943726)) CACHE(AT(5), 2147943712),
     "task - 5 -;task 101 5 -;"},
    {"101 and a hive that does not say when",
     TASK(101, 5, CODE(2147943726)) TASK(101, 7, CODE(2147943726)) CACHE("0", 2147943726),
     "task 101 5 -;task 101 7 f4:0x63;"},
    {"the hive alone", CACHE(AT(5), 2147943726), "task - 5 -;"},
    {"the program's result an hour later, and the hive",
     TASK(201, 3600, CODE(2147942405)) CACHE(AT(5), 2147942405), "program 201 3600 f4:0x63;"},
    {"the program's result before the last run", TASK(201, 3, CODE(2147942405)) CACHE(AT(500), 2147942405),
     "program 201 3 -;program - 500 -;"},
    {"101, 104, 4625 and the hive",
     TASK(101, 5, CODE(2147943726)) TASK(104, 5, CODE(2147943726)) REFUSED(4, 5) CACHE(AT(5), 2147943726),
     "task 101 5 f1:0x19645 f4:0x63 f3:0x46926d;"},
    {"203 and 103 of one run",
     TASK(103, 6, CODE(2147942402) ", 'InstanceId', '{A}'")
         TASK(203, 5, CODE(2147942402) ", 'TaskInstanceId', '{a}'"),
     "task 103 6 f1:0x318fd;"},
    {"203 and 103 of two runs",
     TASK(103, 6, CODE(2147942402) ", 'InstanceId', '{A}'")
         TASK(203, 5, CODE(2147942402) ", 'TaskInstanceId', '{b}'"),
     "task 203 5 -;task 103 6 -;"},
    {"203, 103 and 101 without a run",
     TASK(101, 7, CODE(2147942402)) TASK(103, 6, CODE(2147942402)) TASK(203, 5, CODE(2147942402)),
     "task 101 7 f1:0x318fd f1:0x1925e;"},
    {"two 101 in one second are two",
     TASK(101, 5, CODE(2147943726)) "UPDATE event SET file_off = 1;" TASK(101, 5, CODE(2147943726)),
     "task 101 5 -;task 101 5 -;"},
    {"332 and 101 of one start", TASK(332, 5, "") TASK(101, 5, CODE(2147943645)), "task 101 5 f1:0x510e5;"},
    {"332 and a 101 that says something else", TASK(332, 5, "") TASK(101, 5, CODE(2147943726)),
     "task 101 5 -;task 332 5 -;"},
    {"7038, 7000 and 4625",
     SCM(7038, 5, ", 'param2', 'PC1\\u', 'param3', '%%1326'") SCM(7000, 5, ", 'param2', '%%1069'")
         REFUSED(5, 5),
     "service 7038 5 f2:0x6acfc5 f3:0x46926d;"},
    {"7041 and 7000", SCM(7041, 5, ", 'param2', 'PC1\\u'") SCM(7000, 6, ", 'param2', '%%1069'"),
     "service 7041 5 f2:0x6acfc6;"},
    {"7000 for another reason",
     SCM(7000, 5, ", 'param2', '%%1053'") SCM(7038, 300, ", 'param2', 'PC1\\u', 'param3', '%%1326'"),
     "service 7000 5 -;service 7038 300 -;"},
    {"a network logon is another matter", TASK(101, 5, CODE(2147943726)) REFUSED(3, 5),
     "logon 4625 5 -;task 101 5 -;"},
    {"the service's logon is not the task's", TASK(101, 5, CODE(2147943726)) REFUSED(5, 5),
     "logon 4625 5 -;task 101 5 -;"},
    {"a logon a minute later", TASK(101, 5, CODE(2147943726)) REFUSED(4, 65),
     "task 101 5 -;logon 4625 65 -;"},
    {"a namesake's logon is another failure",
     TASK(101, 5, CODE(2147943726)) REFUSED_AS(4, 4, "u", "CORP") REFUSED_AS(4, 6, "u@corp.example", ""),
     "logon 4625 4 -;task 101 5 -;logon 4625 6 -;"},
    {"of two logons the nearest is cited, and both are told",
     TASK(101, 5, CODE(2147943726)) REFUSED(4, 2) REFUSED(4, 6), "task 101 5 f3:0x46926e;"},
    {"a logon without a name, of the only one that failed",
     TASK(101, 5, CODE(2147943726)) REFUSED_AS(4, 4, "-", "-"), "task 101 5 f3:0x46926c;"},
    {"a logon without a name, and two failed",
     TASK(101, 5, CODE(2147943726)) "INSERT INTO event(file_id, file_off, computer, channel, provider, "
                                    "event_id, time, data) SELECT 1, 7, "
                                    "computer, channel, provider, event_id, time, json_set(data, "
                                    "'$.TaskName', '\\V', '$.UserContext', "
                                    "'PC1\\v') FROM event;" REFUSED_AS(4, 4, "-", "-"),
     "task 101 5 -;task 101 5 -;"},
    {"nobody knows whose service it is: the only logon there was",
     SCM(7000, 5, ", 'param2', '%%1069'") REFUSED_AS(5, 5, "x", "CORP"), "service 7000 5 f3:0x46926d;"},
    {"or one of two",
     SCM(7000, 5, ", 'param2', '%%1069'") REFUSED_AS(5, 5, "x", "CORP") REFUSED_AS(5, 6, "x", "OTHER"),
     "logon 4625 5 -;service 7000 5 -;logon 4625 6 -;"},
};

Test(diagnose, one_failure_one_row)
{
    struct kb *own = NULL;
    struct err e = {0};
    cr_assert(kb_load(NULL, &own, &e) == OK, "%s", e.why);
    for (size_t i = 0; i < LEN(witnesses); i++) {
        fresh();
        cr_assert(case_exec(db, kb_file(own, "reset.sql").p, &e) == OK && kb_store(own, db, &e) == OK, "%s",
                  e.why);
        sql("INSERT INTO evidence(id, path, kind, state) VALUES(1, 'T.evtx', 'evtx', 'read'), (2, "
            "'System.evtx', 'evtx', 'read'), (3, 'Security.evtx', 'evtx', 'read'), (4, 'SOFTWARE', 'hive', "
            "'read');"
            "INSERT INTO hive(file_id, kind, computer) VALUES(4, 'SOFTWARE', 'PC1')");
        sql(witnesses[i].facts);
        cr_assert(derive(db, own, &e) == OK, "%s: %s", e.what, e.why);
        const char *got = ask("SELECT kind, event_id, (time - 134167968000000000) / 10000000, also FROM "
                              "v_failure ORDER BY time, kind, event_id");
        cr_expect_str_eq(got, witnesses[i].want, "%s: %s", witnesses[i].name, got);
    }
    kb_free(own);
}

/* What a task is, from the XML that 4698 holds: an account that needs an entity is the account meant. A state
 * that the service control manager appends to a key name is no part of it. */
Test(diagnose, names_inside_what_events_hold)
{
    struct kb *own = NULL;
    struct err e = {0};
    cr_assert(kb_load(NULL, &own, &e) == OK, "%s", e.why);
    fresh();
    cr_assert(case_exec(db, kb_file(own, "reset.sql").p, &e) == OK && kb_store(own, db, &e) == OK, "%s",
              e.why);
    sql("INSERT INTO evidence(id, path, kind, state) VALUES(1, 'S.evtx', 'evtx', 'read')");
    sql("INSERT INTO event(file_id, file_off, computer, channel, provider, event_id, time, data) VALUES"
        "(1, 1, 'PC1', 'Security', 'Microsoft-Windows-Security-Auditing', 4698, 134167968000000000, "
        "json_object('TaskName', '\\A', 'TaskContent', '<Task><Triggers><LogonTrigger><UserId>X</UserId>"
        "</LogonTrigger></Triggers><Principals><Principal id=\"a\"><UserId>CORP\\R&amp;D</UserId>"
        "<LogonType>Password</LogonType></Principal></Principals><Actions><Exec><Command>\\\\fs\\a&amp;b.exe"
        "</Command><Arguments>1 &lt; 2</Arguments></Exec></Actions></Task>')),"
        "(1, 2, 'PC1', 'System', 'Service Control Manager', 7036, 134167968000000000, "
        "json_object('param1', 'Netzwerk', 'param2', 'x', 'Binary', '4e00650074002f0031000000')),"
        "(1, 3, 'PC1', 'System', 'Service Control Manager', 7000, 134167968000000000, "
        "json_object('param1', 'Netzwerk', 'param2', '%%1069'))");
    cr_assert(derive(db, own, &e) == OK, "%s: %s", e.what, e.why);
    cr_expect_str_eq(ask("SELECT path, user, logon, command, unc FROM task"),
                     "\\A CORP\\R&D Password \\\\fs\\a&b.exe 1 < 2 1;", "%s", ask("SELECT * FROM task"));
    cr_expect_str_eq(ask("SELECT subject FROM failure WHERE kind = 'service'"), "Net;");
    kb_free(own);
}

/* A damaged log says what it likes: a machine that started before there was time has not started. */
Test(diagnose, starts_at_no_time)
{
    struct kb *own = NULL;
    struct err e = {0};
    cr_assert(kb_load(NULL, &own, &e) == OK, "%s", e.why);
    fresh();
    sql("INSERT INTO evidence(id, path, kind, state) VALUES(1, 'System.evtx', 'evtx', 'read')");
    sql("INSERT INTO event(computer, channel, provider, event_id, time, record_id, identity, data, file_id, "
        "file_off) SELECT 'PC1', 'System', 'EventLog', 6005, column1, 1, column1, '{}', 1, 4608 + column1 % "
        "1000"
        " FROM (VALUES(0), (-1), (-9223372036854775807), (9223372036854775807), (134167968000000000))");
    cr_assert(derive(db, own, &e) == OK, "%s: %s", e.what, e.why);
    cr_expect_str_eq(ask("SELECT boot, from_time FROM boot ORDER BY boot"), "0 -;1 134167968000000000;");
    kb_free(own);
}

/* Rules stay linear in failures, events and sessions, however close together in time and whoever is behind
 * them. Steps, not seconds: those are the same on every machine. LIM_RULE_STEPS - db->steps is what a query
 * used, to 4000. What a query returns may grow with the facts: 50 steps a row. */
static enum status count_row(void *ctx, const struct cell *c, const char *const *name, size_t n,
                             struct err *e)
{
    (void)c, (void)name, (void)n, (void)e;
    return ++*(size_t *)ctx, OK;
}

Test(diagnose, rules_are_linear)
{
    PLAIN_ONLY();
    static const char *const scales[] = {"300 AS n, 36000000000 AS span, 200 AS accounts",
                                         "300 AS n, 25920000000000 AS span, 3 AS accounts"};
    static const char *const doubled[] = {"600 AS n, 36000000000 AS span, 200 AS accounts",
                                          "600 AS n, 25920000000000 AS span, 3 AS accounts"};
    static uint64_t steps[2][2000];
    struct kb *own = NULL;
    struct err e = {0};
    size_t n_rule, rows = 0, lines = 0;
    cr_assert(kb_load(NULL, &own, &e) == OK, "%s", e.why);
    const struct rule *rule = kb_rules(own, &n_rule);
    for (size_t s = 0; s < LEN(scales); s++)
        for (size_t twice = 0; twice < 2; twice++) {
            char set[120];
            fresh();
            snprintf(set, sizeof set, "CREATE TEMP TABLE scale AS SELECT %s", twice ? doubled[s] : scales[s]);
            sql(set), sql(scale_sql);
            cr_assert(case_exec(db, kb_file(own, "reset.sql").p, &e) == OK && kb_store(own, db, &e) == OK
                          && derive(db, own, &e) == OK && coverage(db, own, &e) == OK,
                      "%s: %s", e.what, e.why);
            lines = 0;
            for (size_t i = 0; i < n_rule; i++)
                for (size_t k = 0; k < rule[i].n_ind; k++, lines++) {
                    size_t before = rows;
                    cr_assert(lines < LEN(steps[0]));
                    cr_assert(case_guarded(db, rule[i].ind[k].sql, LIM_RULE_STEPS, count_row, &rows, &e)
                                  == OK,
                              "%.*s: %s", STR_ARG(rule[i].name), e.why);
                    steps[twice][lines] = LIM_RULE_STEPS - db->steps;
                    cr_expect(
                        !twice
                            || (steps[1][lines] < steps[0][lines] * 26 / 10 + 40000 + 50 * (rows - before)
                                && steps[1][lines] < 600 * 3000),
                        "%.*s %s %zu: %lu steps, then %lu", STR_ARG(rule[i].name),
                        role_names[rule[i].ind[k].role], k + 1, (unsigned long)steps[0][lines],
                        (unsigned long)steps[1][lines]);
                }
            cr_assert(diagnose_rules(db, own, rule, n_rule, &e) == OK, "%s: %s", e.what, e.why);
            cr_expect_str_eq(ask("SELECT count(*) FROM v_rule_error"), "0;", "%s",
                             ask("SELECT * FROM v_rule_error"));
            snprintf(set, sizeof set, "%zu;", n_rule);
            cr_expect_str_eq(ask("SELECT count(DISTINCT rule) FROM finding"), set,
                             "the facts reach every rule: %s",
                             ask("SELECT rule, verdict, count(*) FROM finding GROUP BY 1, 2"));
        }
    cr_expect(rows > 0 && lines < LEN(steps[0]));
    kb_free(own);
}

Test(diagnose, knowledge_without_its_sql)
{
    const struct rule *r = rule_named("probe");
    struct err e = {0};
    fresh();
    cr_expect(diagnose_rules(db, kb, r, 1, &e) == E_DB, "coverage comes first");
}

/* Of each kind that lint asks for, the rules that come with the program have a test: without those of a kind
 * lint says so, by the kind's name; so it does where one is left that rules the cause out, or where no test
 * lacks what decides. */
Test(rulelint, every_kind_of_test_is_asked_for)
{
    struct kb *own = NULL;
    struct casedb *base = NULL;
    struct err e = {0};
    size_t n;
    cr_assert(kb_load(NULL, &own, &e) == OK && ruletest_base(own, &base, &e) == OK, "%s", e.why);
    const struct rule *rule = kb_rules(own, &n);
    for (size_t i = 0; i < n; i += 6)
        for (unsigned kind = 0; kind <= TEST_KINDS; kind++) {
            struct rule_test *left = calloc(rule[i].n_test, sizeof *left);
            struct rule less = rule[i];
            struct buf said = {0};
            bool one = false;
            less.test = left, less.n_test = 0;
            for (size_t t = 0; t < rule[i].n_test; t++) {
                unsigned bits = test_kinds(&rule[i].test[t]);
                bool against = bits >> TEST_CONTRADICTED & 1;
                if (kind == TEST_KINDS ? against && one : bits >> kind & 1)
                    continue;
                one |= against, left[less.n_test++] = rule[i].test[t];
            }
            cr_expect_gt(rulelint(own, base, &less, &said), 0, "%.*s without kind %u", STR_ARG(rule[i].name),
                         kind);
            buf_char(&said, 0);
            cr_expect_not_null(
                strstr(said.p, kind == TEST_KINDS ? "expected the twin" : test_kind_names[kind]), "%s",
                said.p);
            if (kind == TEST_MISSING)
                cr_expect_not_null(strstr(said.p, "'missing evidence' without "), "%s", said.p);
            buf_free(&said), free(left);
        }
    case_close(base), kb_free(own);
}
