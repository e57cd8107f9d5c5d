/* knowledge/CORRECTIONS.md: each cause, check and fix that the four articles name has its row, and what a row
 * names (rules, files, settings, views) is there. Where the articles themselves lie beside the project, what
 * the table below says of them is held against them too. */
#include "base/buf.h"
#include "base/str.h"
#include "kb/kb.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LANMAN, LOGGED_ON, SESSION, KEY, ARTICLES };
static const struct {
    const char *title, *file;
    size_t rows; /* of its table */
} articles[ARTICLES] = {
    [LANMAN] = {"Fix Windows NERR_AlreadyLoggedOn (0X00000898) Error", "already-logged-on.txt", 17},
    [LOGGED_ON] = {"Fixing ERROR_NOT_LOGGED_ON (0X000004DD) on Windows", "error-not-logged-on.txt", 21},
    [SESSION] = {"A Specified Logon Session Does Not Exist \xe2\x80\x93 Task Scheduler",
                 "logon-session-does-not-exist.txt", 23},
    [KEY] = {"Fix ERROR_NO_USER_SESSION_KEY (0x00000572) Fast", "no-user-session-key.txt", 19}};

/* What an article names, and the words of the row that answers it. */
static const struct {
    unsigned article;
    const char *names, *row;
} named[] = {
    {LANMAN, "sudden network drop, VPN disconnect", "network drop, VPN disconnect or switch to Wi-Fi"},
    {LANMAN, "net session", "check: `net session`"},
    {LANMAN, "net session \\\\YourComputerName /delete", "`net session \\\\Computer /delete`"},
    {LANMAN, "cmdkey /list", "`cmdkey /list"},
    {LANMAN, "net use * /delete", "`net use * /delete`"},
    {LANMAN, "Confirm with net use", "check: `net use`"},
    {LANMAN, "Windows Credentials Manager Mismatch", "cause: saved credentials out of step"},
    {LANMAN, "TERMSRV/ServerName", "`TERMSRV/Server`"},
    {LANMAN, "All of them that match the server", "remove all that match the server"},
    {LANMAN, "Restart the Workstation service", "restart the Workstation service"},
    {LANMAN, "Windows 11 23H2", "11 23H2"},
    {LANMAN, "internal session limit is hit", "internal session limit is hit"},
    {LANMAN, "Look for MaxCmds and MaxThreads", "check: MaxCmds and MaxThreads"},
    {LANMAN, "Default values should be 50 and 10", "default values should be 50 and 10"},
    {LANMAN, "Set it to 50 (decimal)", "set MaxCmds 50 and MaxThreads 10"},
    {LANMAN, "(or reboot)", "fix: reboot"},
    {LANMAN, "set MaxCmds to 2", "MaxCmds set to 2"},
    {LOGGED_ON, "Stale Credential Cache", "stale credential cache"},
    {LOGGED_ON, "60% of the time", "60 % of the time"},
    {LOGGED_ON, "mapping a drive", "mapping drives"},
    {LOGGED_ON, "MicrosoftAccount:user@domain", "MicrosoftAccount:user@domain"},
    {LOGGED_ON, "Yes, all of them", "remove all of them, reboot"},
    {LOGGED_ON, "klist purge -li 0x3e7", "klist purge -li 0x3e7"},
    {LOGGED_ON, "credential manager stores your logon tokens", "stores your logon tokens"},
    {LOGGED_ON, "log off and back on", "until log off and log on"},
    {LOGGED_ON, "DFS namespaces", "through DFS"},
    {LOGGED_ON, "database gets huge", "grown to gigabytes"},
    {LOGGED_ON, "Sync Center", "Sync Center, disable, reboot, enable"},
    {LOGGED_ON, "/v Start /t REG_DWORD /d 4", "CscService Start = 4"},
    {LOGGED_ON, "set it back to 2", "set it back to 2"},
    {LOGGED_ON, "shutdown /r /t 0", "shutdown /r /t 0"},
    {LOGGED_ON, "lost its network logon rights", "lost its network logon rights"},
    {LOGGED_ON, "NT AUTHORITY\\LOCAL SERVICE", "LOCAL SERVICE and NETWORK SERVICE"},
    {LOGGED_ON, "Enter the password twice", "password twice, restart"},
    {LOGGED_ON, "Run whether user is logged on or not", "Run whether user is logged on or not"},
    {LOGGED_ON, "Run with highest privileges", "Run with highest privileges"},
    {LOGGED_ON, "permissions on the UNC path", "permissions on the UNC path"},
    {LOGGED_ON, "KDC_ERR_C_PRINCIPAL_UNKNOWN", "KDC_ERR_C_PRINCIPAL_UNKNOWN"},
    {LOGGED_ON, "domain migration", "cause: domain migration"},
    {SESSION, "uses Credential Manager under the hood", "Credential Manager since Vista"},
    {SESSION, "as soon as you enter the account", "when the account is entered"},
    {SESSION, "2147943726", "2147943726"},
    {SESSION, "Do not allow storage of passwords", "Do not allow storage of passwords"},
    {SESSION, "Do not store password", "Do not store password"},
    {SESSION, "The account password changed", "cause: the password changed"},
    {SESSION, "disabled or locked", "disabled, locked or deleted"},
    {SESSION, "cannot reach a domain controller", "no domain controller"},
    {SESSION, "Run only when user is logged on", "check: run only when the user is logged on"},
    {SESSION, "Re-enter the password", "enter the password again"},
    {SESSION, "Check if the account is active", "is the account active"},
    {SESSION, "Enable task history", "enable history"},
    {SESSION, "secpol.msc", "secpol.msc"},
    {SESSION, "gpupdate /force", "gpupdate or restart"},
    {SESSION, "Group Policy Management Console", "Group Policy Management Console"},
    {SESSION, "reuse the interactive logon session", "fix: run only when the user is logged on"},
    {SESSION, "non-expiring password", "password that does not expire"},
    {SESSION, "Avoid mapped drives", "UNC paths instead of mapped drives"},
    {SESSION, "Grant direct access", "direct access"},
    {SESSION, "Tasks fail in background only", "tasks fail in the background only"},
    {SESSION, "account password age", "password age, lockout"},
    {SESSION, "Tasks and network logons fail together", "tasks and network logons fail together"},
    {SESSION, "security software, or certificate changes", "security software, certificates"},
    {SESSION, "Plan the account story", "plan the account of each task"},
    {SESSION, "Keep passwords stable", "keep passwords stable"},
    {SESSION, "Test after policy changes", "test after policy changes"},
    {SESSION, "Review event logs", "review logs"},
    {KEY, "In 90% of cases", "90 % of cases"},
    {KEY, "failed update or a forced shutdown", "failed updates or forced shutdowns"},
    {KEY, "network timeout", "network timeout"},
    {KEY, "connect to a network share", "at a share"},
    {KEY, "calls LsaLogonUser", "calls LsaLogonUser"},
    {KEY, "keymgr.dll,KRShowKeyMgr", "keymgr.dll,KRShowKeyMgr"},
    {KEY, "klist purge", "`klist purge`"},
    {KEY, "Restart the Server service", "restart the Server service"},
    {KEY, "reset the user profile", "reset the user profile"},
    {KEY, "Domain Password Change", "a domain password change"},
    {KEY, "log off and log back in", "log off and on with the new password"},
    {KEY, "restart the Netlogon service", "restart Netlogon"},
    {KEY, "internal token cache", "token cache (SQL Server, IIS)"},
    {KEY, "klist sessions", "`klist sessions`"},
    {KEY, "klist purge -li 0x3e7", "`klist purge -li <session>`"},
    {KEY, "Don't force shutdown", "forced shutdowns corrupt"},
    {KEY, "more than 5 minutes", "more than five minutes"},
    {KEY, "w32tm /resync", "w32tm /resync"},
    {KEY, "KB5006670", "KB5006670"},
    {KEY, "stagger user password changes", "stagger password changes"},
};

static char *whole(const char *path)
{
    struct buf b = {0};
    FILE *f = fopen(path, "rb");
    for (int c; f && (c = fgetc(f)) != EOF;)
        buf_char(&b, (char)c);
    if (f)
        fclose(f);
    buf_char(&b, 0);
    return b.p;
}

/* The part of the page under "## "title"", to the next heading. */
static struct str section(const char *page, const char *title)
{
    char head[160];
    snprintf(head, sizeof head, "\n## \"%s\"\n", title);
    const char *at = strstr(page, head), *end;
    cr_assert_not_null(at, "%s", title);
    at += strlen(head), end = strstr(at, "\n## ");
    return (struct str){at, end ? (size_t)(end - at) : strlen(at)};
}

static bool has(struct str s, const char *what)
{
    size_t n = strlen(what);
    for (size_t i = 0; i + n <= s.n; i++)
        if (!memcmp(s.p + i, what, n))
            return true;
    return false;
}

/* A row's three cells. */
static bool cells(struct str line, struct str cell[3])
{
    size_t n = 0, from = 2;
    if (!str_starts_ci(line, STR("| ")) || str_starts_ci(line, STR("| it says")))
        return false;
    for (size_t i = 2; i < line.n && n < 3; i++)
        if (line.p[i] == '|' && line.p[i - 1] != '\\')
            cell[n++] = str_trim((struct str){line.p + from, i - from}), from = i + 1;
    return n == 3;
}

Test(corrections, every_row_names_what_there_is)
{
    char *page = whole("knowledge/CORRECTIONS.md");
    struct kb *kb = NULL;
    struct err e = {0};
    size_t n_setting;
    cr_assert(kb_load(NULL, &kb, &e) == OK, "%s", e.why);
    const struct kb_setting *setting = kb_settings(kb, &n_setting);
    struct str views = kb_file(kb, "views.sql");
    for (size_t a = 0; a < ARTICLES; a++) {
        struct str rest = section(page, articles[a].title), cell[3];
        size_t rows = 0;
        while (rest.n) {
            if (!cells(str_cut(&rest, '\n'), cell))
                continue;
            rows++;
            bool right = str_eq(cell[1], STR("right")), partly = str_eq(cell[1], STR("partly")),
                 wrong = str_eq(cell[1], STR("wrong")), none = str_eq(cell[1], STR("no source"));
            cr_expect(right || partly || wrong || none, "%.*s: %.*s", STR_ARG(cell[0]), STR_ARG(cell[1]));
            cr_expect_gt(cell[2].n, 10, "%.*s", STR_ARG(cell[0]));
            size_t known = 0;
            for (struct str at = cell[2]; at.n;) {
                str_cut(&at, '`');
                struct str word = str_cut(&at, '`'), name = word, first = str_cut(&name, '/');
                char path[200];
                if ((str_eq(first, STR("rules")) || str_eq(first, STR("events"))
                     || str_eq(first, STR("registry")) || str_eq(first, STR("codes")))
                    && str_ends_ci(word, STR(".yml"))) {
                    snprintf(path, sizeof path, "knowledge/%.*s", STR_ARG(word));
                    cr_expect_eq(access(path, R_OK), 0, "%.*s: %s", STR_ARG(cell[0]), path);
                    known++;
                } else if (str_starts_ci(word, STR("v_"))) {
                    struct str view = word, head = str_cut(&view, '.');
                    snprintf(path, sizeof path, "CREATE VIEW %.*s AS", STR_ARG(head));
                    cr_expect(has(views, path), "%.*s: %s", STR_ARG(cell[0]), path);
                    known++;
                }
                for (size_t i = 0; i < n_setting; i++)
                    known += str_eq(setting[i].name, word);
            }
            /* what is taken over lives somewhere; what is not says why */
            cr_expect(known || wrong || none || has(cell[2], "above") || has(cell[2], "rule")
                          || has(cell[2], "remed"),
                      "%.*s: %.*s", STR_ARG(cell[0]), STR_ARG(cell[2]));
        }
        cr_expect_eq(rows, articles[a].rows, "%s: %zu rows", articles[a].title, rows);
    }
    kb_free(kb), free(page);
}

Test(corrections, all_that_the_articles_name)
{
    char *page = whole("knowledge/CORRECTIONS.md");
    size_t missing = 0;
    for (size_t a = 0; a < ARTICLES; a++) {
        char path[100];
        snprintf(path, sizeof path, "../shared/articles/%s", articles[a].file);
        bool here = access(path, R_OK) == 0;
        char *article = here ? whole(path) : NULL;
        struct str table = section(page, articles[a].title);
        missing += !here;
        for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
            if (named[i].article != a)
                continue;
            cr_expect(has(table, named[i].row), "%s: no row says '%s'", articles[a].title, named[i].row);
            cr_expect(!here || strstr(article, named[i].names), "%s does not say '%s'", path, named[i].names);
        }
        free(article);
    }
    free(page);
    if (missing)
        cr_skip_test("skipped: %zu articles are not here (../shared/articles)", missing);
}
