/* test_advice: what reports say to do and how they say it: names filled in where they are known and plain,
 * the advice that fits the account, commands that can be pasted, numbers as Windows writes them, nothing left
 * empty. */
#include "tests/shell.h"
#include "diagnose/advice.h"

static const struct {
    const char *kind, *subject, *account, *text, *want;
} texts[] = {
    {"task", "\\Backup", "CORP\\svc", "schtasks /change /tn <task> /ru <account> /rp *",
     "schtasks /change /tn \\Backup /ru CORP\\svc /rp *"},
    {"task", "\\Finance\\Ledger Export", "CORP\\svc", "schtasks /run /tn <task>\n",
     "schtasks /run /tn \"\\Finance\\Ledger Export\""},
    {"task",
     "\\\xc3\x9c"
     "bung",
     NULL, "/tn <task> /ru <account>",
     "/tn \\\xc3\x9c"
     "bung /ru <account>"},
    {"task", "\\x\" & del c:", "a|b", "/tn <task> /ru <account>", "/tn <task> /ru <account>"},
    {"task", "\\x%PATH%", "$(id)`", "/tn <task> /ru <account>", "/tn <task> /ru <account>"},
    {"task", "\\x\xe2\x80\xaetxt", "a\nb", "/tn <task> /ru <account>", "/tn <task> /ru <account>"},
    {"task", "\\folder\\", "/active:no", "/tn <task> /ru <account>", "/tn <task> /ru <account>"},
    {"service", "SqlAgent", ".\\sql", "sc.exe start <service>; net user <name> *",
     "sc.exe start SqlAgent; net user sql *"},
    {"service", "SqlAgent", "sql@corp.example", "net user <name> for <task>", "net user sql for <task>"},
    {"share", "fs01", NULL, "net use \\\\<server>\\IPC$ as <computer>", "net use \\\\fs01\\IPC$ as PC1$"},
    {NULL, NULL, NULL, "a < b, <unknown>, <", "a < b, <unknown>, <"},
    {NULL, NULL, NULL, "", ""},
};

static struct str text(const char *z) { return z ? str_of(z) : (struct str){0}; }

Test(advice, names_are_filled_in_where_they_are_plain)
{
    for (size_t i = 0; i < LEN(texts); i++) {
        struct about a = {.kind = text(texts[i].kind),
                          .subject = text(texts[i].subject),
                          .account = text(texts[i].account),
                          .host = STR("PC1")};
        struct buf b = {0};
        advice_text(&b, str_of(texts[i].text), &a);
        buf_char(&b, 0);
        cr_expect_str_eq(b.p, texts[i].want, "%zu: %s", i, b.p);
        buf_free(&b);
    }
}

/* The task behind a share's failure, and no other than the one that failed itself. */
Test(advice, the_task_behind_a_share)
{
    static const char *const rows[][2] = {{"share", "/tn \\Copy"}, {"task", "/tn \\Move"}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct about a = {.kind = str_of(rows[i][0]), .subject = STR("\\Move"), .task = STR("\\Copy")};
        struct buf b = {0};
        advice_text(&b, STR("/tn <task>"), &a);
        buf_char(&b, 0);
        cr_expect_str_eq(b.p, rows[i][1], "%zu: %s", i, b.p);
        buf_free(&b);
    }
}

/* Of a computer in no domain other advice holds than of a member; what is not known is one. */
Test(advice, of_members_and_of_workgroups)
{
    static const char *const rows[][3] = {{"member", NULL, "fits"},
                                          {"workgroup", NULL, NULL},
                                          {"member", "workgroup", NULL},
                                          {"workgroup", "workgroup", "fits"},
                                          {"computer member", NULL, "fits"}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct remedy m = {.when = str_of(rows[i][0])};
        struct about a = {.standing = text(rows[i][1])};
        cr_expect_eq(advice_fits(&m, &a), rows[i][2] != NULL, "%zu", i);
    }
}

/* The own domain's name in DNS, where it is the own domain that is asked. */
Test(advice, the_domain_in_dns)
{
    static const char *const rows[][2] = {{NULL, "_msdcs.corp.example"},
                                          {"own domain", "_msdcs.corp.example"},
                                          {"other domain", "_msdcs.<dns-domain>"}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct about a = {.domain = STR("CORP"), .dns = STR("corp.example"), .realm = text(rows[i][0])};
        struct buf b = {0};
        advice_text(&b, STR("_msdcs.<dns-domain>"), &a);
        buf_char(&b, 0);
        cr_expect_str_eq(b.p, rows[i][1], "%zu: %s", i, b.p);
        buf_free(&b);
    }
}

static const struct {
    const char *when, *kind, *caller, *realm;
    bool confirmed, fits;
    int64_t win32;
} fits[] = {
    {NULL, NULL, NULL, NULL, true, true, 0},
    {"unconfirmed", NULL, NULL, NULL, true, false, 0},
    {"unconfirmed", NULL, NULL, NULL, false, true, 0},
    {"localservice", "share", "LocalService", NULL, false, true, 0},
    {"localservice", "share", "computer", NULL, false, false, 0},
    {"computer", "share", "LocalService", NULL, false, false, 0},
    {"computer", "share", "computer", NULL, false, true, 0},
    {"computer", "share", NULL, NULL, false, true, 0},
    {"local", "task", NULL, "local", false, true, 0},
    {"local", "task", NULL, "own domain", false, false, 0},
    {"domain", "task", NULL, "local", false, false, 0},
    {"domain", "task", NULL, NULL, false, true, 0},
    {"task", "service", NULL, NULL, false, false, 0},
    {"task", "task", NULL, NULL, false, true, 0},
    {"service", NULL, NULL, NULL, false, true, 0},
    {"own-domain", "task", NULL, "own domain", false, true, 0},
    {"own-domain", "task", NULL, "other domain", false, false, 0},
    {"own-domain", "task", NULL, NULL, false, false, 0},
    {"elsewhere", "task", NULL, "own domain", false, false, 0},
    {"elsewhere", "task", NULL, "other domain", false, true, 0},
    {"elsewhere", "task", NULL, NULL, false, true, 0},
    {"task elsewhere", "task", NULL, "local", false, true, 0},
    {"task elsewhere", "service", NULL, "local", false, false, 0},
    {"task elsewhere", "task", NULL, "own domain", false, false, 0},
    {"disabled", "task", NULL, "local", false, true, 1331},
    {"disabled", "task", NULL, "local", false, true, 0},
    {"disabled", "task", NULL, "local", false, false, 1793},
    {"disabled", "task", NULL, "local", false, false, 1907},
    {"expired", "task", NULL, "local", false, true, 1793},
    {"expired", "task", NULL, "local", false, false, 1331},
    {"must-change", "task", NULL, "local", false, true, 1330},
    {"must-change", "task", NULL, "local", false, true, 1907},
    {"must-change", "task", NULL, "local", false, false, 0},
    {"deleted", "task", NULL, "local", false, true, 1317},
    {"deleted", "task", NULL, "local", false, false, 1331},
    {"disabled", "task", NULL, "local", false, false, 1332},
    {"netlogon-stopped", "task", NULL, NULL, false, true, 1792},
    {"netlogon-stopped", "task", NULL, NULL, false, false, 0},
};

Test(advice, fits_what_is_known)
{
    for (size_t i = 0; i < LEN(fits); i++) {
        struct remedy m = {.when = text(fits[i].when)};
        struct about a = {.kind = text(fits[i].kind),
                          .caller = text(fits[i].caller),
                          .realm = text(fits[i].realm),
                          .confirmed = fits[i].confirmed,
                          .win32 = fits[i].win32};
        cr_expect_eq(advice_fits(&m, &a), fits[i].fits, "%zu", i);
    }
}

/* What is known of the account's state counts where the code does not name one; an account that is gone,
 * always. */
Test(advice, of_the_state_of_an_account)
{
    static const struct {
        const char *state, *fits;
        int64_t win32;
    } rows[] = {{"deleted", "deleted", 1326},         {"deleted", "deleted", 1331},
                {"disabled", "expired", 1793},        {"expired", "expired", 1326},
                {"must-change", "must-change", 1069}, {NULL, "disabled", 1326},
                {"disabled", "disabled", 1326}};
    static const char *const words[] = {"deleted", "disabled", "expired", "must-change"};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct about a = {.state = text(rows[i].state), .win32 = rows[i].win32};
        for (size_t w = 0; w < LEN(words); w++) {
            struct remedy m = {.when = str_of(words[w])};
            cr_expect_eq(advice_fits(&m, &a), !strcmp(words[w], rows[i].fits), "%zu: %s", i, words[w]);
        }
    }
}

/* Guest and Administrator, and what was made by somebody or of which nothing is known. */
Test(advice, what_comes_with_windows)
{
    static const struct {
        const char *when, *shipped;
        bool fits;
    } rows[] = {{"made", NULL, true}, {"made", "1", false}, {"shipped", NULL, false}, {"shipped", "1", true}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct remedy m = {.when = text(rows[i].when)};
        struct about a = {.shipped = text(rows[i].shipped)};
        cr_expect_eq(advice_fits(&m, &a), rows[i].fits, "%zu", i);
    }
}

#define SAID                                                                                                \
    "WITH s(cause, subject, verdict, said) AS (SELECT f.cause, f.subject, f.verdict, c.explain FROM "       \
    "v_finding f "                                                                                          \
    "JOIN v_citation c ON c.finding = f.finding WHERE c.explain IS NOT NULL UNION SELECT cause, subject, "  \
    "verdict, "                                                                                             \
    "explanation FROM v_finding UNION SELECT f.cause, f.subject, f.verdict, j.value FROM v_finding f JOIN " \
    "v_finding_remedy r ON r.finding = f.finding, json_each(json_array(r.text, r.reversible, r.verify)) j) "
#define PLAIN " AND subject NOT GLOB '*[^a-zA-Z0-9 ._\\-]*' "

/* Over all samples but those made of hostile text; what each must not say. */
static const struct {
    const char *what, *sql;
} never[] = {
    {"an HRESULT or NTSTATUS in decimal",
     SAID "SELECT said FROM s WHERE said GLOB '*2147[0-9][0-9][0-9][0-9][0-9][0-9]*' OR said GLOB "
          "'*3221[0-9][0-9][0-9][0-9][0-9][0-9]*' OR said GLOB '*-2147[0-9][0-9][0-9][0-9][0-9][0-9]*'"},
    {"nothing where a name should stand",
     SAID "SELECT said FROM s WHERE said LIKE '%  %' AND said NOT LIKE 'The name % :%' OR said LIKE "
          "'%''''%' OR said LIKE '%of ,%' OR said LIKE '%()%' "
          "OR said LIKE '% .' OR said LIKE '% ' OR said = ''"},
    {"a placeholder for the task that failed",
     SAID "SELECT said FROM s WHERE verdict <> 'ruled_out' AND subject LIKE '\\%'" PLAIN
          "AND said LIKE '%<task>%'"},
    {"sc, which PowerShell takes for Set-Content",
     SAID "SELECT said FROM s WHERE ' ' || said GLOB '*[^a-zA-Z.]sc [a-z]*'"},
    {"capitals that stand for a name",
     SAID "SELECT said FROM s WHERE said GLOB '*[ /]NAME*' OR said GLOB "
          "'*[ /]SERIAL*' OR said GLOB '*[ /]ALIAS*' OR said GLOB '* SERVER[) ]*'"},
    {"a command with words behind it", "SELECT collect FROM v_finding_unknown WHERE collect NOT GLOB "
                                       "'wevtutil epl [A-Z]* *.evtx*' AND collect NOT GLOB "
                                       "'reg save HK* *.hiv*' OR collect LIKE '%(%'"},
    {"more failures than there are", "SELECT f.cause || ' ' || f.count FROM v_finding f WHERE f.subject IS "
                                     "NOT NULL AND f.count > (SELECT count(*) "
                                     "FROM v_failure v WHERE v.host = f.host AND v.subject = f.subject) AND "
                                     "EXISTS (SELECT 1 FROM v_failure v WHERE "
                                     "v.host = f.host AND v.subject = f.subject)"},
    {"confirm on the live host, where it is confirmed",
     SAID "SELECT said FROM s WHERE verdict = 'confirmed' AND said LIKE '%on the live host%'"},
    {"rights of the computer account, for LocalService",
     "SELECT r.text FROM v_finding f JOIN v_finding_remedy r ON r.finding = f.finding JOIN v_citation c ON "
     "c.finding "
     "= f.finding WHERE f.cause = 'builtin-account-on-network' AND c.explain LIKE '%was LocalService%' AND "
     "r.text "
     "LIKE 'Give the computer account%'"},
};

Test(advice, what_no_report_says, .timeout = 1200)
{
    const char *dir = scratch("advice");
    cr_assert_eq(
        run("mkdir %s/in && for c in samples/cases/*; do case $c in *hostile*) ;; *) cp -r $c %s/in;; esac; "
            "done && %s analyze --progress=none -o %s/out %s/in",
            dir, dir, program(), dir, dir),
        0, "%s", out);
    cr_assert_eq(
        run("%s query --csv %s/out/case.db \"SELECT count(*) FROM v_finding_remedy WHERE text LIKE "
            "'%%schtasks /change /tn _Finance%%' OR text LIKE '%%schtasks /change /tn %%'\" | tail -1",
            program(), dir),
        0);
    cr_expect_gt(atoi(out), 5, "names are filled in at all: %s", out);
    for (size_t i = 0; i < LEN(never); i++) {
        cr_assert_eq(run("cat >%s/q.sql <<'END'\n%s\nEND\n%s query --csv %s/out/case.db \"$(cat %s/q.sql)\" "
                         "| tail -n +2 "
                         "| cut -c1-300 | head -5",
                         dir, never[i].sql, program(), dir, dir),
                     0, "%s", out);
        cr_expect_str_eq(out, "", "%s: %s", never[i].what, out);
    }
}

/* A number stands beside its own name: a Win32 code beside one of winerror.h, a status in hex. */
Test(advice, a_number_has_its_own_name)
{
    cr_expect_eq(run("grep -hEo '(^|[ |])[0-9]+ STATUS_[A-Z_]*' samples/golden/*/report.md"), 1, "%s", out);
    cr_expect_eq(run("grep -hEo '[|] (2147|3221)[0-9]{6} [|]' samples/golden/*/report.md"), 1,
                 "a status in decimal: %s", out);
    cr_expect_eq(
        run("grep -hEoq '[0-9]+ ERROR_[A-Z_]* [|] 0x8007[0-9A-F]{4} [|]' samples/golden/*/report.md"), 0,
        "there is none to look at");
}
