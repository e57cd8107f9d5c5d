/* What Windows's tools print, in the forms that public outputs have: which tool, what it says, in every
 * encoding; what is cut short, in another language, or hostile. */
#include "parsers/sniff/sniff.h"
#include "parsers/tools/tooltext.h"
#include "base/lookup.h"
#include "tests/build.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* Every fact as one line: "whoami GROUP INFORMATION|Group|NT AUTHORITY\NETWORK|S-1-5-2 num= line 4 at 60" */
struct seen {
    struct buf b;
    struct lookup places;
    size_t facts, anomalies, n;
    bool bad_ref;
};

static enum status keep(void *ctx, const struct fact *f, struct err *e)
{
    struct seen *s = ctx;
    const struct value *v = f->v;
    (void)e;
    s->bad_ref |= f->ref.file || f->ref.off > s->n;
    if (f->kind == FACT_ANOMALY) {
        s->anomalies++;
        buf_printf(&s->b, "bad %.*s %.*s\n", STR_ARG(v[AN_CODE].s), STR_ARG(v[AN_DETAIL].s));
        return OK;
    }
    s->facts++;
    s->bad_ref |= lookup_has(&s->places, f->ref.off + 1);
    cr_assert(lookup_put(&s->places, f->ref.off + 1, 0));
    if (s->b.n > 1 << 20)
        return OK;
    buf_printf(&s->b, "%.*s %.*s|%.*s|%.*s|%.*s", STR_ARG(v[TS_TOOL].s), STR_ARG(v[TS_SECTION].s),
               STR_ARG(v[TS_NAME].s), STR_ARG(v[TS_VALUE].s), STR_ARG(v[TS_DETAIL].s));
    if (!v[TS_NUM].null)
        buf_printf(&s->b, " num=%lld", (long long)v[TS_NUM].i);
    if (!v[TS_TIME].null)
        buf_z(&s->b, " time="), buf_time(&s->b, v[TS_TIME].i);
    buf_printf(&s->b, " %.*s at %llu\n", STR_ARG(v[TS_ORIGIN].s), (unsigned long long)f->ref.off);
    return OK;
}

static struct seen read_bytes(const void *p, size_t n)
{
    struct seen s = {.n = n};
    struct err e = {0};
    uint8_t *own = malloc(n ? n : 1); /* exactly so long, for the address sanitizer */
    cr_assert_not_null(own);
    memcpy(own, p, n);
    enum status st = tooltext_read(span_of(own, n, 0), keep, &s, &e);
    cr_expect(st == OK || st == E_LIMIT, "%s", e.why);
    cr_expect(!s.bad_ref, "a place outside, or told twice");
    free(own), lookup_free(&s.places);
    buf_char(&s.b, 0);
    return s;
}
static struct seen read_text(const char *text) { return read_bytes(text, strlen(text)); }
static bool says(const struct seen *s, const char *what) { return s->b.p && strstr(s->b.p, what); }

#define RULE "+----------------------------------------------------------------------+\r\n"
#define DSREG                                                                                             \
    "\r\n" RULE "| Device State                                                         |\r\n" RULE       \
    "\r\n             AzureAdJoined : YES\r\n          EnterpriseJoined : NO\r\n"                         \
    "               Device Name : ws04.corp.example\r\n\r\n" RULE                                         \
    "| SSO State                                                            |\r\n" RULE                   \
    "\r\n                AzureAdPrt : NO\r\n      AzureAdPrtUpdateTime : 2026-02-24 19:15:26.000 UTC\r\n" \
    "    Executing Account Name : CORP\\anna, anna@corp.example\r\n"
#define SYSTEM(boot, locale)                                                                           \
    "\r\nHost Name:                 WS04\r\nOS Name:                   Microsoft Windows 11 Pro\r\n"   \
    "OS Version:                10.0.22631 N/A Build 22631\r\n"                                        \
    "OS Manufacturer:           Microsoft Corporation\r\n"                                             \
    "System Boot Time:          " boot "\r\nSystem Locale:             " locale "\r\n"                 \
    "Time Zone:                 (UTC-05:00) Eastern Time (US & Canada)\r\n"                            \
    "Domain:                    corp.example\r\nHotfix(s):                 1 Hotfix(s) Installed.\r\n" \
    "                           [01]: KB5012170\r\n"                                                   \
    "Network Card(s):           1 NIC(s) Installed.\r\n                           [01]: Intel\r\n"
#define WHO                                                                                               \
    "\r\nUSER INFORMATION\r\n----------------\r\n\r\nUser Name SID\r\n========= ====================\r\n" \
    "corp\\anna S-1-5-21-1-2-3-1001\r\n\r\n\r\nGROUP INFORMATION\r\n-----------------\r\n\r\n"            \
    "Group Name             Type             SID          Attributes\r\n"                                 \
    "====================== ================ ============ ===============\r\n"                            \
    "Everyone               Well-known group S-1-1-0      Mandatory group, Enabled by default\r\n"        \
    "BUILTIN\\Administrators Alias            S-1-5-32-544 Group used for deny only\r\n"                  \
    "NT AUTHORITY\\NETWORK   Well-known group S-1-5-2      Mandatory group, Enabled by default\r\n\r\n"   \
    "PRIVILEGES INFORMATION\r\n----------------------\r\n\r\nPrivilege Name      Description          "   \
    "State\r\n"                                                                                           \
    "=================== ==================== ========\r\n"                                               \
    "SeShutdownPrivilege Shut down the system Disabled\r\n"
#define WHO_GERMAN                                                                                          \
    "\r\nBENUTZERINFORMATIONEN\r\n---------------------\r\n\r\nBenutzername SID\r\n"                        \
    "============ ====================\r\ncorp\\j\xc3\xbcrgen  S-1-5-21-1-2-3-1001\r\n\r\n\r\n"             \
    "GRUPPENINFORMATIONEN\r\n--------------------\r\n\r\n"                                                  \
    "Gruppenname                  Typ              SID          Attribute\r\n"                              \
    "============================ ================ ============ =====================\r\n"                  \
    "Jeder                        Bekannte Gruppe  S-1-1-0      Verbindliche Gruppe, Aktivierte Gruppe\r\n" \
    "VORDEFINIERT\\B\xc3\xbcro            Alias            S-1-5-32-544 Gruppe, die nur zum Verweigern "    \
    "ist\r\n"                                                                                               \
    "NT-AUTORIT\xc3\x84T\\NETZWERK       Bekannte Gruppe S-1-5-2      Verbindliche Gruppe\r\n\r\n"          \
    "BERECHTIGUNGSINFORMATIONEN\r\n--------------------------\r\n\r\n"                                      \
    "Berechtigungsname   Beschreibung               Status\r\n"                                             \
    "=================== ========================== ===========\r\n"                                        \
    "SeShutdownPrivilege Herunterfahren des Systems Deaktiviert\r\n\r\nx S-1-5-4\r\n"
#define POLICY                                                                                          \
    "RSOP data for CORP\\anna on WS04 : Logging Mode\r\n-----------------------\r\n\r\n"                \
    "COMPUTER SETTINGS\r\n------------------\r\n"                                                       \
    "    Group Policy was applied from:      DC1.corp.example\r\n\r\n"                                  \
    "    Applied Group Policy Objects\r\n    -----------------------------\r\n        Baseline\r\n\r\n" \
    "        User Rights\r\n        -----------\r\n            GPO: Baseline\r\n"                       \
    "                Policy:            DenyBatchLogonRight\r\n"                                        \
    "                Computer Setting:  CORP\\svc\r\n"                                                  \
    "                                   *S-1-5-32-546\r\n\r\n"                                          \
    "        Security Options\r\n        ----------------\r\n            GPO: Baseline\r\n"             \
    "                Policy:            @wsecedit.dll,-59039\r\n"                                       \
    "                ValueName:         "                                                               \
    "MACHINE\\System\\CurrentControlSet\\Control\\Lsa\\DisableDomainCreds\r\n"                          \
    "                Computer Setting:  1\r\n\r\n"                                                      \
    "USER SETTINGS\r\n--------------\r\n    Applied Group Policy Objects\r\n    ------\r\n        N/A\r\n"
#define XML(precedence)                                                                                 \
    "<?xml version=\"1.0\" encoding=\"utf-16\"?>\r\n"                                                   \
    "<Rsop xmlns=\"http://www.microsoft.com/GroupPolicy/Rsop\">\r\n"                                    \
    "  <ReadTime>2026-03-02T19:17:49.7941964Z</ReadTime>\r\n  <ComputerResults>\r\n"                    \
    "    <Name>CORP\\WS04$</Name>\r\n    "                                                              \
    "<GPO><Name>Baseline</Name><Path><Identifier>{31B2}</Identifier></Path>\r\n"                        \
    "      <Link><AppliedOrder>1</AppliedOrder></Link></GPO>\r\n"                                       \
    "    <GPO><Name>Refused</Name><Link><AppliedOrder>0</AppliedOrder></Link></GPO>\r\n"                \
    "    <e><q1:SecurityOptions>\r\n"                                                                   \
    "      <GPO><Identifier>{31B2}</Identifier></GPO><Precedence>" precedence "</Precedence>\r\n"       \
    "      "                                                                                            \
    "<q1:KeyName>MACHINE\\System\\CurrentControlSet\\Control\\Lsa\\DisableDomainCreds</q1:KeyName>\r\n" \
    "      <q1:SettingNumber>1</q1:SettingNumber></q1:SecurityOptions>\r\n"                             \
    "    <q1:UserRightsAssignment><q1:Name>SeBatchLogonRight</q1:Name>\r\n"                             \
    "      "                                                                                            \
    "<q1:Member><SID>S-1-1-0</SID><Name>CORP\\svc</Name></q1:Member></q1:UserRightsAssignment></e>\r\n" \
    "  </ComputerResults>\r\n</Rsop>\r\n"
#define CSV_SYSTEM                                                                                   \
    "\"Host Name\",\"OS Name\",\"OS Version\",\"System Boot Time\",\"System Locale\",\"Domain\"\r\n" \
    "\"WS04\",\"Microsoft Windows 11 Pro\",\"10.0.22631 N/A Build 22631\",\"3/2/2026, 8:00:02 "      \
    "AM\",\"en-us;English\",\"corp\"\r\n"
#define CSV_WHO                                                                               \
    "\r\n\"User Name\",\"SID\"\r\n\"corp\\anna\",\"S-1-5-21-1-2-3-1001\"\r\n\r\n"             \
    "\"Group Name\",\"Type\",\"SID\",\"Attributes\"\r\n\"NT AUTHORITY\\BATCH\",\"Well-known " \
    "group\",\"S-1-5-3\",\"Mandatory, group\"\r\n"
#define LIST_WHO                                                                                   \
    "\r\nUSER INFORMATION\r\n----------------\r\n\r\nUser Name: corp\\anna\r\nSID:       "         \
    "S-1-5-21-1-2-3-1001\r\n\r\n"                                                                  \
    "GROUP INFORMATION\r\n-----------------\r\n\r\nGroup Name: NT AUTHORITY\\INTERACTIVE\r\n"      \
    "Type:       Well-known group\r\nSID:        S-1-5-4\r\nAttributes: Mandatory group\r\n"       \
    "\r\nGroup Name: BUILTIN\\Administrators\r\nType:       Alias\r\nSID:        S-1-5-32-544\r\n" \
    "Attributes: Group used for deny only\r\n"

static const struct {
    const char *text, *format, *says[8];
} rows[] = {
    {DSREG,
     "text printed by dsregcmd /status",
     {"dsregcmd Device State|AzureAdJoined|YES| num=1 line 6", "|EnterpriseJoined|NO| num=0",
      "|Device Name|ws04.corp.example|", "dsregcmd SSO State|AzureAdPrt|NO| num=0",
      "|AzureAdPrtUpdateTime|2026-02-24 19:15:26.000 UTC| time=2026-02-24T19:15:26.0000000Z",
      "|Executing Account Name|CORP\\anna, anna@corp.example|"}},
    {SYSTEM("3/2/2026, 8:00:02 AM", "en-us;English (United States)"),
     "text printed by systeminfo",
     {"systeminfo |Host Name|WS04| line 2 at 2", "|OS Version|10.0.22631 N/A Build 22631| num=22631",
      "|System Boot Time|3/2/2026, 8:00:02 AM| num=134169120020000000",
      "|Time Zone|(UTC-05:00) Eastern Time (US & Canada)| num=-300", "|Domain|corp.example|",
      "|Hotfix|KB5012170|"}},
    {WHO,
     "text printed by whoami",
     {"whoami USER INFORMATION|User|corp\\anna|S-1-5-21-1-2-3-1001 line 7", "|Group|Everyone|S-1-1-0",
      "|Group for deny only|BUILTIN\\Administrators|S-1-5-32-544", "|Group|NT AUTHORITY\\NETWORK|S-1-5-2",
      "|Privilege|SeShutdownPrivilege|Disabled"}},
    {WHO_GERMAN,
     "text printed by whoami in another language",
     {"whoami USER INFORMATION|User|corp\\j\xc3\xbcrgen|S-1-5-21-1-2-3-1001 line 7",
      "whoami GROUP INFORMATION|Group, or for deny only|Jeder|S-1-1-0 line 15",
      "|Group, or for deny only|VORDEFINIERT\\B\xc3\xbcro|S-1-5-32-544",
      "|Group|S-1-5-2|S-1-5-2", /* its columns are not where the rule says */
      "PRIVILEGES INFORMATION|Privilege|SeShutdownPrivilege| line 24"}},
    {LIST_WHO,
     "text printed by whoami",
     {"USER INFORMATION|User|corp\\anna|S-1-5-21-1-2-3-1001 line 6",
      "GROUP INFORMATION|Group|NT AUTHORITY\\INTERACTIVE|S-1-5-4",
      "GROUP INFORMATION|Group for deny only|BUILTIN\\Administrators|S-1-5-32-544"}},
    {CSV_WHO,
     "table printed by whoami /fo csv",
     {"|User|corp\\anna|S-1-5-21-1-2-3-1001 line 3", "|Group|NT AUTHORITY\\BATCH|S-1-5-3 line 6"}},
    {CSV_SYSTEM,
     "table printed by systeminfo /fo csv",
     {"|Host Name|WS04| line 2", "|OS Version|10.0.22631 N/A Build 22631| num=22631",
      "|System Boot Time|3/2/2026, 8:00:02 AM| num=", "|Domain|corp|"}},
    {POLICY,
     "text printed by gpresult",
     {"gpresult |User|CORP\\anna| line 1 at 14", "gpresult |Computer|WS04| line 1 at 27",
      "|Group Policy was applied from|DC1.corp.example|", "|Applied GPO|Baseline|computer",
      "gpresult User Rights|DenyBatchLogonRight|CORP\\svc|Baseline line",
      "User Rights|DenyBatchLogonRight|*S-1-5-32-546|Baseline line",
      "|MACHINE\\System\\CurrentControlSet\\Control\\Lsa\\DisableDomainCreds|1|Baseline num=1"}},
    {XML("1"),
     "policy report of gpresult /x",
     {"|ReadTime|2026-03-02T19:17:49.7941964Z| time=2026-03-02T19:17:49.7941964Z", "|Computer|CORP\\WS04$|",
      "|Applied GPO|Baseline|{31B2} num=1 line 6",
      "Security Options|MACHINE\\System\\CurrentControlSet\\Control\\Lsa\\DisableDomainCreds|1|{31B2} num=1",
      "User Rights|SeBatchLogonRight|CORP\\svc|"}},
};

/* The text itself, as UTF-16 and with a mark: the same facts, each where it lies. */
Test(tooltext, what_they_say)
{
    for (size_t i = 0; i < LEN(rows); i++) {
        struct seen s = read_text(rows[i].text);
        size_t n = strlen(rows[i].text);
        struct sniffed is = sniff(span_of(rows[i].text, n, 0));
        cr_expect(is.kind == KIND_TOOL_TEXT && !strcmp(is.format, rows[i].format), "%s: %s", rows[i].format,
                  is.format);
        for (size_t k = 0; k < LEN(rows[i].says) && rows[i].says[k]; k++)
            cr_expect(says(&s, rows[i].says[k]), "%s does not say %s:\n%s", rows[i].format, rows[i].says[k],
                      s.b.p);
        cr_expect_eq(s.anomalies, 0, "%s", s.b.p);
        struct buf wide = {0}, mark = {0};
        buf_put(&wide, "\xff\xfe", 2), put_utf16(&wide, rows[i].text);
        buf_put(&mark, "\xef\xbb\xbf", 3), buf_put(&mark, rows[i].text, n);
        is = sniff(span_of(wide.p, wide.n, 0));
        cr_expect(is.kind == KIND_TOOL_TEXT, "%s as UTF-16: %s", rows[i].format, is.format);
        struct seen w = read_bytes(wide.p, wide.n), m = read_bytes(mark.p, mark.n);
        cr_expect(w.facts == s.facts && m.facts == s.facts && s.facts, "%zu, %zu, %zu", s.facts, w.facts,
                  m.facts);
        const char *own = strstr(s.b.p, " at "), *far = strstr(w.b.p, " at "), *near = strstr(m.b.p, " at ");
        cr_assert(own && far && near);
        cr_expect_eq(atoll(far + 4), 2 * atoll(own + 4) + 2, "%s", rows[i].format);
        cr_expect_eq(atoll(near + 4), atoll(own + 4) + 3, "%s", rows[i].format);
        buf_free(&wide), buf_free(&mark), buf_free(&s.b), buf_free(&w.b), buf_free(&m.b);
    }
}

/* What is not to be had from them. */
Test(tooltext, what_they_do_not_say)
{
    struct seen s = read_text(POLICY);
    cr_expect(!says(&s, "N/A") && !says(&s, "wsecedit"), "%s", s.b.p);
    buf_free(&s.b), s = read_text(XML("2")); /* another policy wins */
    cr_expect(!says(&s, "DisableDomainCreds") && !says(&s, "Refused"), "%s", s.b.p);
    buf_free(&s.b), s = read_text(SYSTEM("3/2/2026, 8:00:02 AM", "en-gb;English (United Kingdom)"));
    cr_expect(says(&s, "|System Boot Time|3/2/2026, 8:00:02 AM| line"), "day or month: %s", s.b.p);
    buf_free(&s.b), s = read_text(SYSTEM("03/02/2026, 08:00:02", "en-us;English"));
    cr_expect(says(&s, "|System Boot Time|03/02/2026, 08:00:02| line"), "day or month: %s", s.b.p);
    buf_free(&s.b), s = read_text(SYSTEM("25/02/2026, 08:00:02", "en-gb;English"));
    cr_expect(says(&s, "|System Boot Time|25/02/2026, 08:00:02| num="), "%s", s.b.p);
    buf_free(&s.b), s = read_text(SYSTEM("2026-02-03, 08:00:02", "sv;Swedish"));
    cr_expect(says(&s, "|System Boot Time|2026-02-03, 08:00:02| num="), "%s", s.b.p);
    buf_free(&s.b), s = read_text(SYSTEM("25/02/2026, 08:00:61", "en-gb;English"));
    cr_expect(says(&s, "|System Boot Time|25/02/2026, 08:00:61| line"), "%s", s.b.p);
    cr_expect(!says(&s, "Intel"), "%s", s.b.p);
    buf_free(&s.b);
    /* of a code page nobody names: one sign a byte, and the place is right */
    s = read_text(
        "\r\nHost Name:                 B\x81RO\r\nOS Name:                   Microsoft Windows 11 Pro\r\n"
        "OS Version:                10.0.1 N/A Build 1\r\nDomain:                    b\x81ro\r\n");
    cr_expect(says(&s, "|Host Name|B\xef\xbf\xbdRO| line 2 at 2"), "%s", s.b.p);
    cr_expect(says(&s, "|Domain|b\xef\xbf\xbdro| line 5 at 135"), "%s", s.b.p);
    buf_free(&s.b);
}

/* What would be said twice of one place is said once: a policy object called like a label, an element in its
 * like. And a label without a value says nothing. */
Test(tooltext, one_fact_a_place)
{
    struct seen s = read_text(
        "RSOP data for CORP\\anna on WS04 : Logging Mode\r\n-----\r\n\r\nCOMPUTER SETTINGS\r\n-----\r\n"
        "    Domain Name:\r\n    Applied Group Policy Objects\r\n    -----\r\n        Domain Name: "
        "x\r\n\r\n");
    cr_expect(says(&s, "|Applied GPO|Domain Name: x|") && !says(&s, "|Domain Name|"), "%s", s.b.p);
    buf_free(&s.b);
    s = read_text("<?xml version=\"1.0\"?>\r\n<Rsop "
                  "xmlns=\"http://www.microsoft.com/GroupPolicy/Rsop\">\r\n<ComputerResults>\r\n"
                  "<SecurityOptions><SecurityOptions><KeyName>a</KeyName><SettingNumber>1</SettingNumber></"
                  "SecurityOptions>\r\n"
                  "<KeyName>b</KeyName><SettingNumber>2</SettingNumber></SecurityOptions>\r\n</"
                  "ComputerResults></Rsop>\r\n");
    cr_expect_eq(s.facts, 1, "%s", s.b.p);
    buf_free(&s.b);
}

#define RSOP(inside)                                                                             \
    "<Rsop xmlns=\"http://www.microsoft.com/GroupPolicy/Rsop\">\r\n<ComputerResults>\r\n" inside \
    "</ComputerResults>\r\n</Rsop>\r\n"
#define RIGHT(inside) \
    "<UserRightsAssignment><Name>SeBatchLogonRight</Name>" inside "</UserRightsAssignment>\r\n"

/* Names are meant, not written; a text over two lines is none; an element whose end was cut away ends with
 * what it lies in, and an end of nothing ends nothing. */
Test(tooltext, elements_of_gpresult)
{
    static const struct {
        const char *text, *says;
        size_t facts;
    } docs[] = {
        {RSOP(RIGHT("<Member><Name>R&amp;D\\svc&#x21;</Name></Member>")),
         "User Rights|SeBatchLogonRight|R&D\\svc!| line 3 at", 1},
        {RSOP("<GPO><Name>a &lt;b&gt;</Name><Link><AppliedOrder>1</AppliedOrder></Link></GPO>\r\n"),
         "|Applied GPO|a <b>| num=1", 1},
        {RSOP(RIGHT("<Member><Name>CORP\r\n\\svc</Name></Member>")), NULL, 0},
        {RSOP("<a>" RIGHT("<Member><Name>CORP\\svc</Name></Member>") "</a>"), "|CORP\\svc|", 1},
        {RSOP("<a><UserRightsAssignment><Name>SeBatchLogonRight</Name><Member><x>\r\n"
              "</UserRightsAssignment></a>\r\n"
              "<b><Member><Name>CORP\\svc</Name></Member></b>\r\n"),
         NULL, 0},
        {RSOP("</x></x></x>" RIGHT("</x><Member><Name>CORP\\svc</Name></Member>")), "|CORP\\svc|", 1},
    };
    for (size_t i = 0; i < LEN(docs); i++) {
        struct seen s = read_text(docs[i].text);
        cr_expect(s.facts == docs[i].facts && (!docs[i].says || says(&s, docs[i].says)), "row %zu: %s", i,
                  s.b.p ? s.b.p : "nothing");
        buf_free(&s.b);
    }
}

/* A group that is called like another is the one whose SID stands last; where attributes are missing it is
 * not known whether it only denies. */
Test(tooltext, groups_of_whoami)
{
    struct seen s = read_text("GROUP INFORMATION\r\n-----------------\r\n\r\n"
                              "CORP\\x S-1-5-32-544 y Group S-1-5-21-1-2-3-1105 Mandatory group\r\n");
    cr_expect(says(&s, "|Group|CORP\\x S-1-5-32-544 y|S-1-5-21-1-2-3-1105") && s.facts == 1, "%s", s.b.p);
    buf_free(&s.b);
    s = read_text("\"Group Name\",\"Type\",\"SID\",\"Attributes\"\r\n\"a\",\"Group\",\"S-1-5-2\"\r\n");
    cr_expect_eq(s.facts, 0, "%s", s.b.p);
    buf_free(&s.b);
    static const char *const whole[] = {WHO, WHO_GERMAN};
    static const size_t told[] = {5, 5};
    for (size_t i = 0; i < LEN(whole); i++) { /* below its last table stands something else */
        struct buf b = {0};
        buf_z(&b, whole[i]), buf_z(&b, "\r\nName SID\r\nx    S-1-5-4\r\n");
        s = read_bytes(b.p, b.n);
        cr_expect(s.facts == told[i] && !says(&s, "S-1-5-4"), "%s", s.b.p);
        buf_free(&s.b), buf_free(&b);
    }
    /* as the console writes it: a byte a character */
    s = read_text("Nom     Type   ID     Attributs\r\n======= ====== ====== ======\r\n"
                  "B\x81ro\\\x8e\x8e Groupe S-1-4 ?\r\n");
    cr_expect(says(&s, "|B\xef\xbf\xbdro\\\xef\xbf\xbd\xef\xbf\xbd|S-1-4 line 3"), "%s", s.b.p);
    buf_free(&s.b);
}

/* A heading whose marks share a blank names nobody; one without a computer names the user. */
Test(tooltext, heading_of_gpresult)
{
    static const struct {
        const char *heading, *user, *computer;
    } headings[] = {
        {"RSOP data for CORP\\anna on WS04 : Logging Mode", "|User|CORP\\anna|", "|Computer|WS04|"},
        {"RSOP data for CORP\\anna on  : Logging Mode", "|User|CORP\\anna|", NULL},
        {"RSOP data for CORP\\anna on : Logging Mode", NULL, NULL},
        {"RSOP data for CORP\\anna on ", NULL, NULL},
        {"RSOP data for a : b on WS04 : Logging Mode", "|User|a : b|", "|Computer|WS04|"},
    };
    for (size_t i = 0; i < LEN(headings); i++) {
        char text[256];
        snprintf(text, sizeof text, "%s\r\n-----\r\n\r\nCOMPUTER SETTINGS\r\n-----\r\n", headings[i].heading);
        struct seen s = read_text(text);
        cr_expect(says(&s, headings[i].user ? headings[i].user : "|User|") == !!headings[i].user,
                  "row %zu: %s", i, s.b.p);
        cr_expect(says(&s, headings[i].computer ? headings[i].computer : "|Computer|")
                      == !!headings[i].computer,
                  "row %zu: %s", i, s.b.p);
        buf_free(&s.b);
    }
}

/* All in one file, as scripts write them, and behind a prompt. */
Test(tooltext, one_behind_the_other)
{
    struct seen s = read_text("C:\\>systeminfo\r\n" SYSTEM(
        "3/2/2026, 8:00:02 AM", "en-us;English") "\r\nC:\\>whoami /all\r\n" WHO
                                                 "\r\nC:\\>dsregcmd /status\r\n" DSREG "\r\n" POLICY
                                                 "\r\n" CSV_WHO);
    cr_expect(says(&s, "systeminfo |Host Name|") && says(&s, "whoami USER") && says(&s, "dsregcmd SSO")
                  && says(&s, "gpresult User Rights") && says(&s, "|NT AUTHORITY\\BATCH|"),
              "%s", s.b.p);
    buf_free(&s.b);
}

static const struct {
    const char *text, *format;
} unread[] = {
    {"\r\nHostname:                  WS04\r\nBetriebssystemname:        Microsoft Windows 11 Pro\r\n"
     "Betriebssystemversion:     10.0.22631 Nicht zutreffend Build 22631\r\nBetriebssystemhersteller:  "
     "Microsoft Corporation\r\n",
     "text of systeminfo in another language: not read"},
    {"\r\nBENUTZERINFORMATIONEN\r\n---------------------\r\n\r\nBenutzername: corp\\anna\r\nSID:          "
     "S-1-5-21-1-2-3-1001\r\n",
     "text"},
    {"==== ==== ====\r\na    b    S-1-5-2\r\n", "text"},
    {"==== =======\r\na    S-1-5-2 b\r\n", "text"},
    {"==== ==== ====\r\nSe b Privilege\r\n", "text"},
    {"\r\nMicrosoft (R) Windows (R)-Betriebssystem-Gruppenrichtlinienergebnistool v2.0\r\n\r\nRSOP-Daten f?r "
     "CORP\\anna auf WS04\r\n",
     "text of gpresult in another language: not read"},
    {"<html dir=\"ltr\" gpmc_reportInitialized=\"false\">\r\n<head><title>CORP\\anna on "
     "CORP\\WS04</title>\r\n",
     "HTML report, as gpresult /h writes: not read; gpresult /x FILE writes what is"},
    {"Windows IP Configuration\r\n\r\n   Host Name . . . . . . . . . . . . : WS04\r\n", "text"},
    {"<?xml version=\"1.0\"?>\r\n<Task xmlns=\"x\">\r\n", "XML text"},
    {"======= =======\r\nno sid here\r\n", "text"},
};

Test(tooltext, another_language_is_named)
{
    for (size_t i = 0; i < LEN(unread); i++) {
        struct sniffed is = sniff(span_of(unread[i].text, strlen(unread[i].text), 0));
        cr_expect(is.kind == KIND_UNKNOWN && !strcmp(is.format, unread[i].format), "row %zu: %s, %s", i,
                  kind_names[is.kind], is.format);
        cr_expect_leq(strlen(is.format), SNIFF_FORMAT, "row %zu: nobody takes it", i);
        struct seen s = read_text(unread[i].text);
        cr_expect_eq(s.facts, 0, "row %zu: %s", i, s.b.p);
        buf_free(&s.b);
    }
}

/* A line of the whole without its number and what stands behind: those may be known only with the rest. */
static void only_what_is_said(const struct seen *whole, struct seen *part, size_t n)
{
    for (char *line = strtok(part->b.p, "\n"); line; line = strtok(NULL, "\n")) {
        char *end = strstr(line, " num=");
        if (end || (end = strstr(line, " line ")))
            *end = 0;
        cr_expect(strncmp(line, "bad", 3) == 0 || strstr(whole->b.p, line), "prefix of %zu invents %s", n,
                  line);
    }
}

/* Every prefix says what the whole says, or less; every byte may be another. */
Test(tooltext, every_prefix_and_every_byte, .timeout = 300)
{
    for (size_t k = 0; k < LEN(rows); k++) {
        size_t n = strlen(rows[k].text);
        struct seen whole = read_text(rows[k].text);
        char own[4096];
        cr_assert_lt(n, sizeof own);
        for (size_t i = 0; i < n; i++) {
            struct seen s = read_bytes(rows[k].text, i);
            only_what_is_said(&whole, &s, i);
            buf_free(&s.b);
            memcpy(own, rows[k].text, n), own[i] = "\0\"<\n|\xff:="[i % 8];
            s = read_bytes(own, n);
            buf_free(&s.b);
        }
        struct seen cut = read_bytes(rows[k].text, n - 2); /* the last line without its end */
        cr_expect(cut.facts + (cut.anomalies > 0) <= whole.facts + 1 && cut.facts <= whole.facts, "%s",
                  rows[k].format);
        buf_free(&whole.b), buf_free(&cut.b);
    }
}

/* Lines without end, elements without end, more facts than any tool prints. */
Test(tooltext, hostile_sizes, .timeout = 300)
{
    struct buf b = {0};
    buf_z(&b, DSREG "    x : ");
    for (int i = 0; i < 3000000; i++)
        buf_char(&b, 'y');
    buf_z(&b, "\r\n    AzureAdPrtX : YES\r\n");
    struct seen s = read_bytes(b.p, b.n);
    cr_expect(says(&s, "bad limit") && says(&s, "|AzureAdPrtX|YES|"), "%zu", s.facts);
    buf_free(&s.b), b.n = 0, buf_z(&b, DSREG);
    for (int i = 0; i < 200000; i++)
        buf_z(&b, " a : b\r\n");
    s = read_bytes(b.p, b.n);
    cr_expect(s.facts == 50000 && s.anomalies == 1, "%zu, %zu", s.facts, s.anomalies);
    buf_free(&s.b), b.n = 0, buf_z(&b, "<Rsop xmlns=\"http://www.microsoft.com/GroupPolicy/Rsop\">\r\n");
    for (int i = 0; i < 400000; i++)
        buf_z(&b, i % 64 ? "<GPO><" : "<a></q>\r\n");
    s = read_bytes(b.p, b.n);
    cr_expect_eq(s.facts, 0);
    buf_free(&s.b), b.n = 0, buf_z(&b, POLICY "\r\n");
    for (int i = 0; i < 20000; i++)
        buf_z(&b, "Host Name: a\r\nUSER INFORMATION\r\nRSOP data for \r\n| Device State \r\n");
    s = read_bytes(b.p, b.n);
    cr_expect_lt(s.facts, 20);
    buf_free(&s.b), buf_free(&b);
}
