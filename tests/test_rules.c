/* test_rules: what `rules list`, `show`, `matrix` and `explain` print, as text and as JSON: the same facts
 * both ways, all of them, and text of a foreign rule escaped. JSON is read by SQLite, which shares nothing
 * with the writers. */
#include "tests/shell.h"
#include "tests/strict.h"
#include "base/buf.h"
#include "kb/kb.h"
#include <sqlite3.h>
#include <string.h>

static sqlite3 *db;

/* The last command's output as ?1 of a query: its rows, "a|b;". */
static const char *ask(const char *sql)
{
    static char answer[1 << 16];
    sqlite3_stmt *stmt = NULL;
    size_t n = 0;
    const char *wrong = strict_json(str_of(out));
    cr_assert_null(wrong, "%s: %.300s", wrong, out);
    if (!db)
        cr_assert_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_bind_text(stmt, 1, out, -1, SQLITE_TRANSIENT);
    answer[0] = 0;
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++)
            n += (size_t)snprintf(answer + n, sizeof answer - n, "%s%s", i ? "|" : "",
                                  sqlite3_column_type(stmt, i) == SQLITE_NULL
                                      ? "-"
                                      : (const char *)sqlite3_column_text(stmt, i));
        n += (size_t)snprintf(answer + n, sizeof answer - n, ";");
        cr_assert(n < sizeof answer);
    }
    cr_assert_eq(sqlite3_finalize(stmt), SQLITE_OK, "%s", sqlite3_errmsg(db));
    return answer;
}

#define ONE_RULE                                                                                             \
    "title: \"A title with \\\"quotes\\\" and a \\x1b control\"\nid: 0d9c6a52-6a5e-4c8e-9d5c-0a4f5a1d7b99\n" \
    "name: legacy_caller\nstatus: experimental\nlevel: low\ndescription: one\nreferences: "                  \
    "[https://a.example]\n"                                                                                  \
    "author: t\ndate: 2026-03-01\ntags: [code.2200, logon.share]\ncause: "                                   \
    "duplicate-computer-name\nrequires:\n"                                                                   \
    "    - {any_of: [System, SYSTEM], for: symptom}\n    - {artifact: System, for: cause}\nindicators:\n"    \
    "    - {role: symptom, sql: 'SELECT evidence_id, host, subject, time FROM v_failure', explain: x}\n"     \
    "    - {role: cause, sql: 'SELECT evidence_id, host, subject, time FROM v_failure', explain: x}\n"       \
    "    - {role: link, sql: 'SELECT evidence_id, host, subject, time FROM v_failure', explain: x}\n"        \
    "    - {role: contradicts, sql: 'SELECT evidence_id, host, subject, time FROM v_failure', explain: x}\n" \
    "explanation: e\ncollect: []\nremediation:\n"                                                            \
    "    - {text: t, risk: low, reversible: yes, verify: v}\n"                                               \
    "tests:\n    - {name: one, facts: [], expect: []}\n"

/* A folder of knowledge with one rule more, for a cause that has none of ours or replaces it. */
static const char *knowledge(const char *name)
{
    const char *dir = scratch(name);
    char path[300];
    cr_assert_eq(run("mkdir -p %s/rules && rm -f %s/rules/*", dir, dir), 0, "%s", out);
    snprintf(path, sizeof path, "%s/rules/legacy_caller.yml", dir);
    FILE *f = fopen(path, "w");
    cr_assert(f && fputs(ONE_RULE, f) >= 0 && fclose(f) == 0);
    return dir;
}

static size_t lines(void)
{
    size_t n = 0;
    for (const char *p = out; *p; p++)
        n += *p == '\n';
    return n;
}

Test(rules, list_as_text_and_json)
{
    const char *kb = knowledge("rules-list");
    cr_assert_eq(run("%s rules list --knowledge %s", program(), kb), 0, "%s", out);
    size_t n = lines();
    cr_expect_not_null(strstr(out, "duplicate-computer-name"), "%s", out);
    cr_expect_null(strchr(out, 0x1b), "a control reaches the terminal");
    cr_assert_eq(run("%s rules list --json --knowledge %s", program(), kb), 0, "%s", out);
    char count[32];
    snprintf(count, sizeof count, "%zu;", n);
    cr_expect_str_eq(ask("SELECT count(*) FROM json_each(?1)"), count);
    cr_expect_str_eq(
        ask("SELECT value ->> 'cause', value ->> 'name', value ->> 'id', value ->> 'title', value ->> "
            "'status', "
            "value ->> 'level', value ->> 'description', value -> 'references', value -> 'tags', "
            "value -> 'requires', value ->> 'tests', length(value ->> 'sha256') FROM json_each(?1) "
            "WHERE value ->> 'name' = 'legacy_caller'"),
        "duplicate-computer-name|legacy_caller|0d9c6a52-6a5e-4c8e-9d5c-0a4f5a1d7b99|A title with \"quotes\" "
        "and "
        "a \x1b control|experimental|low|one|[\"https://a.example\"]|[\"code.2200\",\"logon.share\"]|"
        "[{\"for\":\"symptom\",\"any_of\":[\"System\",\"SYSTEM\"]},{\"for\":\"cause\",\"any_of\":[\"System\"]"
        "}]"
        "|1|64;");
    cr_assert_eq(run("%s rules list --json --knowledge %s legacy_caller", program(), kb), 0, "%s", out);
    cr_expect_str_eq(ask("SELECT count(*) FROM json_each(?1)"), "1;", "a name asks for one");
    cr_assert_eq(run("%s rules list --json --knowledge %s legacy_caller dc_unreachable", program(), kb), 0);
    cr_expect_str_eq(ask("SELECT count(*) FROM json_each(?1)"), "2;");
    cr_expect_eq(run("%s rules list nothing-of-the-kind", program()), 2);
}

Test(rules, show_prints_the_file)
{
    const char *kb = knowledge("rules-show");
    static const char *const by[] = {"legacy_caller", "0d9c6a52-6a5e-4c8e-9d5c-0a4f5a1d7b99"};
    for (size_t i = 0; i < LEN(by); i++) {
        cr_assert_eq(run("%s rules show --knowledge %s %s", program(), kb, by[i]), 0, "%s", out);
        cr_expect_str_eq(out, ONE_RULE, "by %s", by[i]);
    }
    cr_assert_eq(run("%s rules show --knowledge %s duplicate-computer-name", program(), kb), 0, "%s", out);
    cr_expect_not_null(strstr(out, ONE_RULE), "by its cause, which may have a rule of ours too");
    cr_expect_eq(run("%s rules show dc_unreachable > %s/a && cmp %s/a knowledge/rules/dc_unreachable.yml",
                     program(), kb, kb),
                 0, "%s", out);
    cr_expect_eq(run("%s rules show", program()), 2);
    cr_expect_not_null(strstr(out, "which one"), "%s", out);
    cr_expect_eq(run("%s rules show no_such_rule", program()), 2);
}

/* The matrix has every cause once, in order; what it counts is what the rules carry. */
Test(rules, matrix)
{
    const char *kb = knowledge("rules-matrix");
    struct kb *catalogue = NULL;
    struct err e = {0};
    size_t causes = 0;
    cr_assert(kb_load(NULL, &catalogue, &e) == OK, "%s", e.why);
    const struct kb_cause *cause = kb_causes(catalogue, &causes);
    cr_assert_eq(run("%s rules matrix --knowledge %s", program(), kb), 0, "%s", out);
    cr_expect_eq(lines(), causes + 1);
    char *save = NULL, *copy = strdup(out);
    size_t i = 0;
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save), i++) {
        size_t columns = 1;
        for (const char *p = line; *p; p++)
            columns += *p == '\t';
        cr_expect_eq(columns, 10, "%s", line);
        if (i > 0)
            cr_expect(str_starts_ci(str_of(line), cause[i - 1].name), "%s", line);
    }
    free(copy);
    kb_free(catalogue);
    char all[40];
    cr_assert_eq(run("%s rules matrix --json --knowledge %s", program(), kb), 0, "%s", out);
    snprintf(all, sizeof all, "%zu|%zu;", causes, causes);
    cr_expect_str_eq(ask("SELECT count(*), count(DISTINCT value ->> 'cause') FROM json_each(?1)"), all);
    cr_expect_str_eq(ask("SELECT count(*) FROM json_each(?1) WHERE (value ->> 'rule') <> '-' AND "
                         "(value ->> 'tests') < 1"),
                     "0;", "a rule without a test");
    cr_expect_str_eq(ask("SELECT count(*) FROM json_each(?1) WHERE (value ->> 'rule') = '-' AND (value ->> "
                         "'tests') + json_array_length(value -> 'artefacts') > 0"),
                     "0;", "no rule, yet tests");
    cr_expect_str_eq(ask("SELECT count(*) FROM json_each(?1) j, json_each(j.value -> 'artefacts') a GROUP BY "
                         "j.key, a.value HAVING count(*) > 1"),
                     "", "an artefact is named twice");
    /* every artefact is one of the three to every cause; with a rule, something decides */
    cr_expect_str_eq(
        ask("SELECT count(DISTINCT json_array_length(value, '$.decides') + json_array_length(value, "
            "'$.helps') + json_array_length(value, '$.silent')) FROM json_each(?1)"),
        "1;");
    cr_expect_str_eq(
        ask("SELECT group_concat(value ->> 'cause') FROM json_each(?1) WHERE (value ->> 'rule') <> '-' "
            "AND json_array_length(value, '$.decides') = 0"),
        "-;", "an empty row");
    cr_expect_str_eq(
        ask("SELECT count(*) FROM json_each(?1) WHERE value ->> 'cause' = 'duplicate-computer-name' AND "
            "value -> 'decides' = '[\"System\"]'"),
        "1;", "as the rule's requires say");
    /* the same numbers as the list has, rule by rule */
    cr_assert_eq(
        run("%s rules list --json --knowledge %s > %s/list && %s rules matrix --json --knowledge %s > "
            "%s/matrix && printf '{\"list\":' && cat %s/list && printf ',\"matrix\":' && cat %s/matrix "
            "&& printf '}'",
            program(), kb, kb, program(), kb, kb, kb, kb),
        0, "%s", out);
    cr_expect_str_eq(
        ask("SELECT count(*) FROM json_each(?1, '$.matrix') m JOIN json_each(?1, '$.list') l ON l.value ->> "
            "'name' = m.value ->> 'rule' WHERE l.value ->> 'tests' <> m.value ->> 'tests'"),
        "0;");
}

/* The page in knowledge/ is what the rules say now (make matrix). */
Test(rules, the_page_is_current)
{
    cr_expect_eq(run("%s rules matrix --markdown | cmp - knowledge/MATRIX.md", program()), 0,
                 "make matrix: %s", out);
}

Test(explain, json)
{
    static const struct {
        const char *code, *sql, *want;
    } rows[] = {
        {"1312",
         "SELECT value ->> '$.matches[0].symbol', value ->> '$.matches[0].space', value ->> "
         "'$.matches[0].hresult.hex', value ->> '$.matches[0].hresult.signed' FROM json_each(?1)",
         "ERROR_NO_SUCH_LOGON_SESSION|win32|0x80070520|-2147023584;"},
        {"-2147023584 0x80070520 2147943712 %%1312",
         "SELECT count(*), count(DISTINCT value ->> '$.matches[0].value'), min(value ->> "
         "'$.matches[0].value') FROM "
         "json_each(?1)",
         "4|1|1312;"},
        {"-2147023584", "SELECT value ->> 'query' FROM json_each(?1)", "-2147023584;"},
        {"STATUS_NO_SUCH_LOGON_SESSION",
         "SELECT value ->> '$.matches[0].value', value ->> '$.matches[0].signed', value ->> "
         "'$.matches[0].win32' FROM json_each(?1)",
         "3221225567|-1073741729|1312;"},
        {"1312",
         "SELECT s.value ->> 'symbol', s.value ->> 'hex' FROM json_each(?1) j, "
         "json_each(j.value -> '$.matches[0].siblings') s",
         "STATUS_NO_SUCH_LOGON_SESSION|0xC000005F;"},
        {"1312",
         "SELECT count(*) FROM json_each(?1) j, json_each(j.value -> '$.matches[0].causes') s WHERE s.value "
         "= "
         "'credential-storage-policy'",
         "1;"},
        {"2200", "SELECT value ->> '$.matches[0].space' FROM json_each(?1)", "nerr;"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        cr_assert_eq(run("%s explain --json -- %s", program(), rows[i].code), 0, "%s", out);
        cr_expect_str_eq(ask(rows[i].sql), rows[i].want, "%s", rows[i].code);
    }
    cr_expect_eq(run("%s explain --json zebra", program()), 2);
    cr_expect_eq(run("%s explain --json 0x8007fffe", program()), 2, "an HRESULT without a text");
    cr_expect_not_null(strstr(out, "net helpmsg 65534"), "%s", out);
}

/* What it speaks for and against is what the rules say, and no more. */
Test(explain, witnesses)
{
    static const struct {
        const char *asked, *sql, *want;
    } rows[] = {
        /* as a task's code 1312 is the policy's own, and rules out a wrong password */
        {"1312",
         "SELECT (SELECT value -> 'kinds' FROM json_each(?1, '$[0].matches[0].for') WHERE value ->> 'cause' "
         "= "
         "'credential-storage-policy'), (SELECT value -> 'kinds' FROM json_each(?1, "
         "'$[0].matches[0].against') "
         "WHERE value ->> 'cause' = 'task-password-drift')",
         "[\"task\"]|[\"task\"];"},
        {"1326",
         "SELECT (SELECT count(*) FROM json_each(?1, '$[0].matches[0].for') WHERE value ->> 'cause' IN "
         "('task-password-drift', 'service-password-drift')), (SELECT count(*) FROM json_each(?1, "
         "'$[0].matches[0].against') WHERE value ->> 'cause' = 'credential-storage-policy')",
         "2|1;"},
        /* the same status in another family of codes says the same */
        {"1312 0xC000005F", "SELECT count(DISTINCT value -> '$.matches[0].for') FROM json_each(?1)", "1;"},
        /* a code that has nothing to do with logons is nobody's own */
        {"267", "SELECT json_array_length(?1, '$[0].matches[0].for')", "0;"},
        {"DisableDomainCreds", "SELECT ?1 -> '$[0].settings[0].for' , ?1 -> '$[0].settings[0].against'",
         "[{\"cause\":\"credential-storage-policy\",\"where\":[\"1\"]}]|"
         "[{\"cause\":\"credential-storage-policy\",\"where\":[\"0\"]}];"},
        {"'TaskScheduler 104'",
         "SELECT count(*) FROM json_each(?1, '$[0].events[0].fields') WHERE value = 'ResultCode'", "1;"},
        {"5719",
         "SELECT count(*) > 0 FROM json_each(?1, '$[0].events') e, json_each(e.value -> 'for') w WHERE "
         "w.value ->> "
         "'cause' = 'dc-unreachable'",
         "1;"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        cr_assert_eq(run("%s explain --json %s", program(), rows[i].asked), 0, "%s", out);
        cr_expect_str_eq(ask(rows[i].sql), rows[i].want, "%s", rows[i].asked);
    }
}

/* Text says what JSON says; a line of standard input is a question; what is not known has neighbours, and 2.
 */
Test(explain, text_lines_and_neighbours)
{
    cr_assert_eq(run("printf '0x80070520\\n\\n TaskScheduler 104 \\r\\nMaxCmds' | %s explain -", program()),
                 0, "%s", out);
    cr_expect(strstr(out, "ERROR_NO_SUCH_LOGON_SESSION  (Win32 error)")
                  && strstr(out, "event 104  task-logon-failed") && strstr(out, "MaxCmds  (setting)")
                  && strstr(out, "default      15"),
              "%s", out);
    cr_assert_eq(run("%s explain UseLogonCredential BlockNTLM", program()), 0, "%s", out);
    cr_expect(strstr(out, "default      0: from build 9600 on\n               1: any other\n")
                  && strstr(out, "read         from build 26100 on\n"),
              "%s", out);
    cr_assert_eq(run("%s explain --json MaxConcurrentApi", program()), 0, "%s", out);
    cr_expect_str_eq(ask("SELECT json_extract(value, '$.from'), json_extract(value, '$.product'), "
                         "json_extract(value, '$.value') FROM json_each(?1, '$[0].settings[0].defaults') "
                         "LIMIT 1"),
                     "9200|server|10;");
    cr_assert_eq(run("printf '1312\\nzebra\\n1326\\n' | %s explain --json - 2>/dev/null", program()), 2);
    cr_expect_str_eq(ask("SELECT count(*), sum(json_array_length(value, '$.matches')) FROM json_each(?1)"),
                     "3|2;", "those behind an unknown one are answered");
    cr_assert_eq(run("%s explain --json - < /dev/null", program()), 0, "%s", out);
    cr_expect_str_eq(ask("SELECT json_array_length(?1)"), "0;");
    static const struct {
        const char *asked, *near;
    } rows[] = {
        {"ERROR_NO_SUCH_LOGON_SESION", "ERROR_NO_SUCH_LOGON_SESSION"},
        {"STATUS_WRONG_PASWORD", "STATUS_WRONG_PASSWORD"},
        {"NO_SUCH_LOGON", "STATUS_NO_SUCH_LOGON_SESSION"},
        {"clokc-skew", "clock-skew"},
        {"MaxCmd", "MaxCmds"},
        {"TaskShceduler", "TaskScheduler"},
        {"'TaskShceduler 104'", "TaskScheduler"},
        {"15998", "ERROR_API_UNAVAILABLE"},
        /* an event beside it; a digit too few, in each spelling; of a provider that is known its own */
        {"4626", "logon-failed"},
        {"0xC000006", "STATUS_LOGON_FAILURE"},
        {"0x8007052", "ERROR_LOGON_FAILURE"},
        {"214794371", "ERROR_NO_SUCH_LOGON_SESSION"},
        {"-214702358", "ERROR_NO_SUCH_LOGON_SESSION"},
        {"'TaskScheduler 99'", "task-started"}};
    for (size_t i = 0; i < LEN(rows); i++) {
        cr_expect_eq(run("%s explain %s", program(), rows[i].asked), 2, "%s", out);
        cr_expect_not_null(strstr(out, rows[i].near), "%s: %s", rows[i].asked, out);
        cr_assert_eq(run("%s explain --json %s 2>/dev/null", program(), rows[i].asked), 2);
        char sql[160], want[8] = "1;";
        snprintf(sql, sizeof sql, "SELECT count(*) FROM json_each(?1, '$[0].near') WHERE value = '%s'",
                 rows[i].near);
        cr_expect_str_eq(ask(sql), want, "%s", rows[i].asked);
    }
    cr_expect_eq(run("%s explain $(printf 'x\\033[2J%%0500d' 7)", program()), 2);
    cr_expect_null(strchr(out, 0x1b), "a control reaches the terminal");
    cr_expect_eq(run("%s explain ''", program()), 2, "%s", out);
    /* what stands in sentences */
    static const char *const said[][2] = {{"'Logon type 5'", "(service)"},
                                          {"S-1-5-20", "(NT AUTHORITY\\NetworkService)"}};
    for (size_t i = 0; i < LEN(said); i++) {
        cr_expect_eq(run("%s explain %s", program(), said[i][0]), 0, "%s", out);
        cr_expect_not_null(strstr(out, said[i][1]), "%s: %s", said[i][0], out);
        cr_expect_eq(run("%s explain --json %s", program(), said[i][0]), 0, "%s", out);
        char sql[100];
        snprintf(sql, sizeof sql, "SELECT instr(json_extract(?1, '$[0].words'), '%s') > 0", said[i][1]);
        cr_expect_str_eq(ask(sql), "1;", "%s", said[i][0]);
    }
    cr_expect_eq(run("%s explain 'TaskScheduler 60000' 'NoSuchLog 1'", program()), 2, "%s", out);
}

/* Every cause as sure as files can be in one sample, ruled out in another, undetermined in a third. That what
 * MANIFEST.tsv says comes out, test_cli holds. */
Test(rules, every_cause_three_ways_among_the_samples)
{
    struct err e = {0};
    struct kb *kb = NULL;
    size_t n, rows = 0;
    struct buf b = {0};
    char line[2048], want[3][300];
    cr_assert(kb_load(NULL, &kb, &e) == OK, "%s", e.why);
    FILE *f = fopen("samples/MANIFEST.tsv", "r");
    cr_assert_not_null(f);
    for (char cell[5][256]; fgets(line, sizeof line, f); rows++)
        if (sscanf(line, "%255[^\t]\t%255[^\t]\t%255[^\t]\t%255[^\t]\t%255[^\t]", cell[0], cell[1], cell[2],
                   cell[3], cell[4])
            == 5)
            buf_printf(&b, "%s %s\n", cell[2], cell[4]);
    fclose(f);
    buf_char(&b, 0);
    cr_assert(rows > 100 && !b.bad);
    const struct rule *r = kb_rules(kb, &n);
    for (size_t i = 0; i < n; i++) {
        const char *const verdicts[] = {verdict_words[rule_ceiling(&r[i])].id, "ruled_out", "undetermined"};
        for (size_t k = 0; k < LEN(verdicts); k++) {
            snprintf(want[k], sizeof want[k], "\n%.*s %s\n", STR_ARG(r[i].cause), verdicts[k]);
            cr_expect(strstr(b.p, want[k]), "samples/MANIFEST.tsv has no row %s", want[k]);
        }
    }
    cr_expect_geq(n, 55);
    buf_free(&b), kb_free(kb);
}

/* What is concluded of findings is concluded once where all that they cite was found again, else twice. */
Test(rules, concluded_again_only_where_something_is_in_doubt)
{
    static const char *const doubts[] = {"yes", "unknown", "no"};
    const char *dir = scratch("rules-concluded");
    cr_assert_eq(
        run("mkdir %s/kb && (cat knowledge/outcome.sql; echo \"UPDATE host SET os = coalesce(os, '') || "
            "'+';\") > "
            "%s/kb/outcome.sql && %s analyze --knowledge %s/kb -o %s/out samples/cases/blank-password",
            dir, dir, program(), dir, dir),
        0, "%s", out);
    cr_assert_eq(run("%s query %s/out/case.db 'SELECT os FROM v_host'", program(), dir), 0, "%s", out);
    cr_expect(strchr(out, '+') && strchr(out, '+') == strrchr(out, '+'), "analyze: %s", out);
    for (size_t i = 0; i < LEN(doubts); i++) {
        char path[300], sql[100];
        sqlite3 *one = NULL;
        snprintf(path, sizeof path, "%s/out/case.db", dir);
        snprintf(sql, sizeof sql, "UPDATE fact_again SET again = '%s'", doubts[i]);
        cr_assert_eq(sqlite3_open(path, &one), SQLITE_OK);
        cr_assert_eq(sqlite3_exec(one, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(one));
        cr_assert_gt(sqlite3_changes(one), 0);
        sqlite3_close(one);
        cr_assert_eq(
            run("%s report --force --knowledge %s/kb -o %s/%s %s", program(), dir, dir, doubts[i], path), 0,
            "%s", out);
        cr_assert_eq(run("grep -o '\"os\": [^,]*' %s/%s/report.json | head -n 1", dir, doubts[i]), 0, "%s",
                     out);
        bool once = strchr(out, '+') && strchr(out, '+') == strrchr(out, '+');
        cr_expect(strchr(out, '+') && once == (i == 0), "%s: %s", doubts[i], out);
    }
}
