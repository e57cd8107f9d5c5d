/* What a text that somebody met may be: every spelling of a code is that code, an event is found with and
 * without its provider, and what is nothing known has its neighbours. */
#include "kb/readings.h"
#include "base/buf.h"
#include <criterion/criterion.h>
#include <stdio.h>

static struct kb *kb;
static void load(void)
{
    struct err e = {0};
    cr_assert(kb_load(NULL, &kb, &e) == OK, "%s", e.why);
}
static void drop(void) { kb_free(kb); }
TestSuite(readings, .init = load, .fini = drop);

/* "code X;event P 104;" */
static void take(void *ctx, const struct reading *r)
{
    struct buf *b = ctx;
    switch (r->kind) {
    case READ_CODE: buf_z(b, "code "), buf_str(b, r->is.code->symbol); break;
    case READ_NAME: buf_z(b, "name "), buf_str(b, r->is.name.name); break;
    case READ_EVENT:
        buf_z(b, "event "), buf_str(b, r->is.event->provider);
        buf_printf(b, " %lld", (long long)r->is.event->id);
        break;
    case READ_SETTING: buf_z(b, "setting "), buf_str(b, r->is.setting->name); break;
    case READ_CAUSE: buf_z(b, "cause "), buf_str(b, r->is.cause->name); break;
    case READ_RULE: buf_z(b, "rule "), buf_str(b, r->is.rule->name); break;
    case READ_FAMILY: buf_z(b, "family "), buf_str(b, r->is.family->name); break;
    case READ_TOOL: buf_z(b, "field "), buf_str(b, r->is.tool_field->name); break;
    }
    buf_char(b, ';');
}

static const char *read_as(const char *text)
{
    static char said[1 << 16];
    struct buf b = {0};
    struct question q = question_of(str_of(text));
    size_t n = readings(kb, &q, take, &b), told = 0;
    for (size_t i = 0; i < b.n; i++)
        told += b.p[i] == ';';
    cr_expect_eq(n, told, "%s", text);
    cr_expect_eq(readings(kb, &q, NULL, NULL), n);
    snprintf(said, sizeof said, "%.*s", (int)b.n, b.p ? b.p : "");
    buf_free(&b);
    return said;
}

#define SESSION "code ERROR_NO_SUCH_LOGON_SESSION;"
#define STATUS  "code STATUS_NO_SUCH_LOGON_SESSION;"
static const struct {
    const char *text, *want;
    bool first; /* there may be more readings */
} rows[] = {
    {"1312", SESSION, false},
    {"0x520", SESSION, false},
    {"520h", SESSION, false},
    {"80070520H", SESSION, false},
    {"80070520", SESSION, false},
    {"0x80070520", SESSION, false},
    {" (0x80070520), ", SESSION, false},
    {"0xC0070520", SESSION, false},
    {"-2147023584", SESSION, false},
    {"-2147024843", "code ERROR_BAD_NETPATH;", false},
    {"2147943712", SESSION, false},
    {"%%1312", SESSION, false},
    {"error 1312", SESSION, false},
    {"error_no_such_logon_session", SESSION, false},
    {"0xC000005F", STATUS, false},
    {"0xD000005F", STATUS, false},
    {"c000005f", STATUS, false},
    {"C000005Fh", STATUS, false},
    {"-1073741729", STATUS, false},
    {"3221225567", STATUS, false},
    {"%%3221225567", STATUS, false},
    {"NERR_AlreadyLoggedOn", "code NERR_AlreadyLoggedOn;", false},
    {"2200", "code NERR_AlreadyLoggedOn;", false},
    {"ERROR_BAD_USERNAME", "code NERR_BadUsername;", false},
    {"14", "code KDC_ERR_ETYPE_NOSUPP;", true}, /* the bare name stands last */
    {"7038", "event Service Control Manager 7038;", true},
    {"0", "code ERROR_SUCCESS;", true},
    {"Kerberos 0x18", "code KDC_ERR_PREAUTH_FAILED;", true},
    {"ntstatus 0xC0000064", "code STATUS_NO_SUCH_USER;", false},
    {"%%14", "name ERROR_OUTOFMEMORY;", false},
    {"0x8007000E", "name ERROR_OUTOFMEMORY;", false},
    {"ERROR_OUTOFMEMORY", "name ERROR_OUTOFMEMORY;", false},
    {"WSAETIMEDOUT", "name WSAETIMEDOUT;", false},
    {"10060", "name WSAETIMEDOUT;", false},
    {"4625", "event Microsoft-Windows-Security-Auditing 4625;", false},
    {"event 1312", "", false},
    {"Event ID 4625", "event Microsoft-Windows-Security-Auditing 4625;", false},
    {"TaskScheduler 104", "event Microsoft-Windows-TaskScheduler 104;", false},
    {"taskscheduler event 104", "event Microsoft-Windows-TaskScheduler 104;", false},
    {"Microsoft-Windows-TaskScheduler 0x68", "event Microsoft-Windows-TaskScheduler 104;", false},
    {"Microsoft-Windows-TaskScheduler/Operational 104", "event Microsoft-Windows-TaskScheduler 104;", false},
    {"TaskScheduler/Operational 104", "event Microsoft-Windows-TaskScheduler 104;", false},
    {"SmbClient/Security 31001", "event Microsoft-Windows-SMBClient 31001;", false},
    {"SmbClient/Connectivity 31001", "", false},
    {"Service Control Manager 7000", "event Service Control Manager 7000;", false},
    {"Security 4625", "event Microsoft-Windows-Security-Auditing 4625;", false},
    {"task-logon-failed", "event Microsoft-Windows-TaskScheduler 104;", false},
    {"TaskScheduler", "event Microsoft-Windows-TaskScheduler 100;", true},
    {"Scheduler", "", false},
    {"MaxCmds", "setting MaxCmds;", false},
    {"disabledomaincreds", "setting DisableDomainCreds;", false},
    {"HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\DisableDomainCreds", "setting DisableDomainCreds;",
     false},
    {"HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsb\\DisableDomainCreds", "", false},
    {"clock-skew", "cause clock-skew;", false},
    {"clock_skew", "cause clock-skew;", false},
    {"Clock-Skew", "cause clock-skew;", false},
    {"not-logged-on", "family not-logged-on;", false},
    {"AzureAdPrt", "field AzureAdPrt;", false},
    {"executing account name", "field Executing Account Name;", false},
    {"SeDenyBatchLogonRight", "field SeDenyBatchLogonRight;", false},
    {"DenyBatchLogonRight", "field SeDenyBatchLogonRight;", false},
    {"BatchLogonRight", "field SeBatchLogonRight;", false},
    {"rver", "", false},
    {"", "", false},
    {"%%", "", false},
    {"0x", "", false},
    {"-", "", false},
    {"h", "", false},
    {"0x1FFFFFFFF", "", false},
    {"-2147483649", "", false},
    {"4294967296", "", false},
    {"event", "", false},
    {"event event event", "", false},
    {"\x01\xff\xfe", "", false},
};

Test(readings, spellings)
{
    for (size_t i = 0; i < LEN(rows); i++) {
        const char *said = read_as(rows[i].text);
        cr_expect(rows[i].first ? str_starts_ci(str_of(said), str_of(rows[i].want))
                                : !strcmp(said, rows[i].want),
                  "'%s': %.200s", rows[i].text, said);
    }
}

/* Every code, event, setting, cause and rule of the catalogue is found by its own name and number. */
Test(readings, all_that_is_known)
{
    size_t n;
    char text[256], want[300];
    const struct kb_code *c = kb_codes(kb, &n);
    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, "0x%llx", (unsigned long long)c[i].value);
        snprintf(want, sizeof want, "code %.*s;", STR_ARG(c[i].symbol));
        cr_expect_not_null(strstr(read_as(text), want), "%s", text);
        snprintf(text, sizeof text, "%.*s", STR_ARG(c[i].symbol));
        cr_expect_not_null(strstr(read_as(text), want), "%s", text);
    }
    const struct kb_event *v = kb_events(kb, &n);
    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%.*s %lld", STR_ARG(v[i].provider), (long long)v[i].id);
        snprintf(want, sizeof want, "event %s;", text);
        cr_expect_str_eq(read_as(text), want);
        snprintf(text, sizeof text, "%s%lld", v[i].id ? "" : "* ", (long long)v[i].id);
        cr_expect_not_null(strstr(read_as(text), want), "%s", text);
    }
    const struct kb_setting *s = kb_settings(kb, &n);
    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%.*s", STR_ARG(s[i].name));
        snprintf(want, sizeof want, "setting %s;", text);
        cr_expect_not_null(strstr(read_as(text), want), "%s", text);
    }
    const struct kb_cause *k = kb_causes(kb, &n);
    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%.*s", STR_ARG(k[i].name));
        snprintf(want, sizeof want, "cause %s;", text);
        cr_expect_not_null(strstr(read_as(text), want), "%s", text);
    }
}

/* Nearest names: found again from any name with one letter dropped, changed or swapped. */
Test(readings, neighbours)
{
    static const struct {
        const char *text, *near;
    } cases[] = {{"ERROR_NO_SUCH_LOGON_SESION", "ERROR_NO_SUCH_LOGON_SESSION"},
                 {"NO_SUCH_LOGON", "ERROR_NO_SUCH_LOGON_SESSION"},
                 {"clokc-skew", "clock-skew"},
                 {"MaxCmd", "MaxCmds"},
                 {"TaskShceduler", "TaskScheduler"},
                 {"TaskShceduler 104", "TaskScheduler"},
                 {"15998", "ERROR_API_UNAVAILABLE"},
                 {"0x80073E7E", "ERROR_API_UNAVAILABLE"},
                 {"zebra", NULL},
                 {"q", NULL},
                 {"0xC0FFEE00", NULL}};
    for (size_t i = 0; i < LEN(cases); i++) {
        struct question q = question_of(str_of(cases[i].text));
        struct str near[8];
        size_t n = readings_near(kb, &q, near, LEN(near));
        bool found = false;
        cr_expect_eq(readings(kb, &q, NULL, NULL), 0, "%s", cases[i].text);
        for (size_t k = 0; k < n; k++)
            found |= cases[i].near && str_eq(near[k], str_of(cases[i].near));
        cr_expect(cases[i].near ? found : !n, "'%s': %zu, %.*s", cases[i].text, n, n ? (int)near[0].n : 0,
                  n ? near[0].p : "");
        cr_expect_leq(readings_near(kb, &q, near, 1), 1);
        cr_expect_eq(readings_near(kb, &q, near, 0), 0);
    }
}
