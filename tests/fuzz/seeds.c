/* seeds TARGET FOLDER: what a fuzz target begins with, of our own writer: whole evidence of every shape, the
 * same broken by name, and the values inside it. */
#include "parsers/registry/regf.h"
#include "run/frame.h"
#include "run/rereader.h"
#include "run/unpacker.h"
#include "run/worker.h"
#include "tests/build.h"
#include "tests/containers.h"
#include "tests/fuzz/fuzz.h"
#include <stdio.h>

static const char *folder;
static unsigned made;

static void put(const struct buf *b)
{
    char name[24];
    snprintf(name, sizeof name, "seed%05u", made++);
    write_file(folder, name, b);
}
static void put_str(const char *p, size_t n)
{
    struct buf b = {0};
    buf_put(&b, p, n), put(&b), buf_free(&b);
}
#define TEXT(lit) put_str(lit, sizeof(lit) - 1)

/* --- logs */

enum { CHUNK = 65536, HEAD = 4096 };

static void each_log(void (*fn)(const struct buf *))
{
    for (size_t k = 0; k < 3; k++) {
        struct buf b = {0};
        every_log(k, &b), fn(&b), buf_free(&b);
    }
    for (size_t i = 0; i < n_evtx_breakages; i++) {
        struct buf b = {0};
        every_log(i % 3, &b), evtx_break(&b, evtx_breakages[i].name), fn(&b), buf_free(&b);
    }
}
static void first_chunk(const struct buf *b)
{
    if (b->n >= HEAD + 2048)
        put_str(b->p + HEAD, b->n - HEAD < 20000 ? b->n - HEAD : 20000);
}
static void whole_log(const struct buf *b) { put_str(b->p, b->n < HEAD + CHUNK ? b->n : HEAD + CHUNK); }
static void header(const struct buf *b) { put_str(b->p, 128); }
static void records(const struct buf *b)
{
    if (b->n < HEAD + CHUNK)
        return;
    const uint8_t *c = (const uint8_t *)b->p + HEAD;
    for (size_t at = 512, i = 0; i < 8 && at + 28 < CHUNK && le32(c + at) == 0x2a2a && le32(c + at + 4) >= 28
                                 && le32(c + at + 4) < CHUNK - at;
         at += le32(c + at + 4), i++) {
        struct buf one = {0};
        buf_u16(&one, (uint16_t)(at + 24)), buf_u16(&one, (uint16_t)(le32(c + at + 4) - 28)),
            buf_put(&one, c, at + le32(c + at + 4));
        put(&one), buf_free(&one);
    }
}

static void logs(void) { each_log(whole_log); }
static void chunks(void) { each_log(first_chunk); }
static void headers(void) { each_log(header); }
static void binxml(void) { each_log(records); }

/* --- hives */

static void system_and_more(void (*fn)(struct hive *))
{
    struct hive h = {.name = "SYSTEM", .now = utc("2026-03-01T08:00:00Z")};
    reg(&h, "Select", DW("Current", 1), END),
        reg(&h, "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", 1), END);
    reg(&h, "ControlSet001\\Control\\ComputerName\\ComputerName", SZ("ComputerName", "PC1"), END);
    service_key(&h, &(struct service_row){.name = "CscService",
                                          .display = "Offline Files",
                                          .account = "LocalSystem",
                                          .image = "x.exe",
                                          .depends = "RpcSs\nLanman",
                                          .start = 2,
                                          .type = 32,
                                          .delayed = true});
    fn(&h), hive_free(&h);
    h = (struct hive){.name = "SECURITY", .now = utc("2026-03-01T08:00:00Z"), .list = "lf"};
    lsa_name(&h, "PolAcDmN", "PC1"), lsa_name(&h, "PolPrDmN", "CORP"),
        lsa_name(&h, "PolDnDDN", "corp.example"), lsa_sid(&h, "PolAcDmS", "S-1-5-21-1-2-3"),
        lsa_sid(&h, "PolPrDmS", NULL);
    lsa_secret(&h, "_SC_X", h.now, h.now - 1), lsa_secret(&h, "NL$KM", h.now, 0),
        lsa_right(&h, "S-1-5-32-544", RIGHT_BATCH | DENY_NETWORK);
    lsa_audit(&h, &(struct audit_row){AUDIT_LOGON, 3}, 1), lsa_cache(&h, 3), lsa_cached(&h, 1, h.now, 1101);
    fn(&h), hive_free(&h);
    h = (struct hive){.name = "SAM", .now = utc("2026-03-01T08:00:00Z"), .list = "li"};
    sam_user(&h, &(struct user_row){.name = "svc",
                                    .rid = 1001,
                                    .flags = ACB_NORMAL,
                                    .password_set = h.now,
                                    .last_bad = h.now,
                                    .bad_count = 3});
    sam_user(
        &h,
        &(struct user_row){.name = "old", .rid = 1002, .flags = ACB_DISABLED, .blank = true, .old = true}),
        sam_domain(&h, "S-1-5-21-1-2-3", 5);
    fn(&h), hive_free(&h);
    h = (struct hive){.name = "SOFTWARE", .now = utc("2026-03-01T08:00:00Z"), .split = 2};
    cached_task(&h, &(struct task_row){.path = "\\Backup",
                                       .sid = "S-1-5-21-1-2-3-1001",
                                       .user = "CORP\\svc",
                                       .logon = "Password",
                                       .command = "\\\\FS01\\x.cmd",
                                       .arguments = "-a",
                                       .folder = "Z:\\",
                                       .registered = h.now,
                                       .last_run = h.now,
                                       .last_ok = h.now,
                                       .state = 3,
                                       .result = 2147943712});
    cached_task(
        &h,
        &(struct task_row){
            .path = "\\A\\B", .sid = "S-1-5-18", .logon = "ServiceAccount", .command = "x", .vista = true});
    fn(&h), hive_free(&h);
}

static void write_hive(struct hive *h)
{
    struct buf b = {0};
    hive_write(h, &b), put(&b), buf_free(&b);
}

static void hives(void)
{
    system_and_more(write_hive);
    for (size_t k = 0; k < 3 + n_hive_breakages; k++) {
        const char *harm = k < 3 ? NULL : hive_breakages[k - 3].name;
        struct buf file[3] = {{0}};
        /* large data are in the last, lists of "lh" in the first */
        size_t n = every_hive(k < 3 ? k : strncmp(harm, "db-", 3) == 0 ? 2 : 0, file);
        if (harm)
            hive_break(&file[0], harm);
        put(&file[0]);
        for (size_t i = 0; i < n; i++)
            buf_free(&file[i]);
    }
}

static void with_logs(void)
{
    for (size_t k = 0; k < 3; k++)
        for (unsigned flags = 0; flags < 8; flags += 7) {
            struct buf file[3] = {{0}}, all = {0};
            every_hive(k, file);
            buf_char(&all, (char)flags);
            for (size_t i = 0; i < 2; i++)
                buf_u16(&all, (uint16_t)file[i].n), buf_char(&all, (char)(file[i].n >> 16));
            for (size_t i = 0; i < 3; i++)
                buf_put(&all, file[i].p, file[i].n), buf_free(&file[i]);
            put(&all), buf_free(&all);
        }
}

/* Every value of every hive, under each of the structures it could be taken for. */
static void value_seeds(const uint8_t *p, size_t n)
{
    for (unsigned which = 0; which < 17; which++) {
        struct buf b = {0};
        buf_char(&b, (char)which), buf_put(&b, p, n), put(&b), buf_free(&b);
    }
}
static void under(struct regf *h, const struct regf_key *key, unsigned depth)
{
    struct regf_value v;
    struct regf_key sub;
    for (uint32_t i = 0; regf_value_at(h, key, i, &v); i++)
        if (v.data.n && v.data.n < 2000)
            value_seeds(v.data.p, v.data.n);
    for (uint32_t i = 0; depth < 16 && regf_subkey(h, key, i, &sub); i++)
        under(h, &sub, depth + 1);
}
static void values_of(struct hive *made_up)
{
    struct buf b = {0};
    hive_write(made_up, &b);
    struct span s = span_of(b.p, b.n, 0);
    struct image img = {.bytes = s.p, .n = s.n, .hive = s};
    struct arena a = fuzz_arena(0);
    struct regf *h;
    struct regf_key root;
    struct err e = {0};
    CHECK(regf_open(&img, &a, fuzz_sink, NULL, &h, &e) == OK && regf_root(h, &root));
    under(h, &root, 0);
    buf_free(&b);
}
#define WORDS(kind, path, name, data) TEXT("\17" kind "\0" path "\0" name "\0" data)
static void words(void)
{
    WORDS("SYSTEM", "CurrentControlSet\\Services\\A", "FailureActions",
          "\x80\x51\1\0\0\0\0\0\0\0\0\0\2\0\0\0\x14\0\0\0\1\0\0\0\x60\xea\0\0\4\0\0\0\0\0\0\0");
    WORDS("SYSTEM", "CurrentControlSet\\Services\\A", "FailureActions",
          "\xff\xff\xff\xff\0\0\0\0\0\0\0\0\x14\0\0\0\x14\0\0\0\1\0\0\0");
    WORDS("SYSTEM", "CurrentControlSet\\Services\\A\\TriggerInfo\\0", "GUID",
          "\xba\x0a\xe2\x1c\x51\x98\x21\x44\x94\x30\x1d\xde\xb7\x66\xe8\x09");
    WORDS("SYSTEM", "CurrentControlSet\\Control\\Windows", "ShutdownTime", "\0\x80\x3e\xd5\xde\xb1\x9d\1");
    WORDS("SYSTEM", "CurrentControlSet\\Services\\W32Time\\Config", "LastKnownGoodTime",
          "\0\x80\x3e\xd5\xde\xb1\x9d\1");
    WORDS("SYSTEM", "CurrentControlSet\\Services\\Tcpip\\Parameters\\Interfaces\\X", "LeaseObtainedTime",
          "\1\2\3\x60");
    WORDS("SOFTWARE", "Microsoft\\Windows NT\\CurrentVersion", "InstallDate", "\1\2\3\x60");
    WORDS("SOFTWARE", "Microsoft\\Windows NT\\CurrentVersion", "InstallTime", "\0\x80\x3e\xd5\xde\xb1\x9d\1");
    WORDS("SOFTWARE", "Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\S-1-5-21-1-2-3-1001", "Sid",
          "\1\1\0\0\0\0\0\5\x12\0\0\0");
}
static void values(void)
{
    words(), system_and_more(values_of), value_seeds((const uint8_t *)"000001F4", 8),
        value_seeds((const uint8_t *)"00000G00", 8);
}

/* --- messages */

static void frames(void)
{
    struct fact f = {.kind = FACT_EVENT, .ref = {.off = 5120}};
    struct want_event event = {.provider = STR("P"),
                               .id = 4624,
                               .how = WANT_FOLD,
                               .n_key = 1,
                               .n_keep = 1,
                               .key = {STR("TargetUserName")},
                               .keep_field = STR("LogonType"),
                               .keep = {2}};
    struct want_key key = {STR("SYSTEM"), STR("<CCS>\\Control\\Lsa"), STR("x")};
    struct want w = {.event = &event, .n_event = 1, .key = &key, .n_key = 1, .until = INT64_MAX};
    struct job_order j = {.op = JOB_HIVE, .n_files = 3, .bytes = {1, 2, 3}};
    struct done d = {.status = E_TRUNC, .has_hash = 1, .seen = 9, .what = STR("what"), .why = STR("why")};
    struct reread_item it = {
        .file = 1, .off = 4096, .key = STR("Select"), .value = STR("Current"), .fact = STR("x")};
    struct sniffed is = {.kind = KIND_HIVE, .format = "registry hive", .seq1 = 2, .name = "SYSTEM"};
    struct buf b[8] = {{0}};
    for (size_t i = 0; i < LEN(b); i++)
        buf_char(&b[i], (char)i);
    for (size_t i = 0; i < FACT_COLS; i++)
        f.v[i] = val_null();
    f.v[EV_COMPUTER] = val_s(STR("PC1")), f.v[EV_TIME] = val_i(1), f.v[EV_DATA] = val_s(STR("{}"));
    fact_put(&b[0], &f), want_put(&b[1], &w), job_order_put(&b[2], &j), done_put(&b[3], &d),
        reread_item_put(&b[4], &it);
    size_t at = frame_begin(&b[5], FRAME_FACT);
    fact_put(&b[5], &f), frame_end(&b[5], at);
    buf_char(&b[6], JOB_LOG), fact_put(&b[6], &f), sniffed_put(&b[7], &is);
    for (size_t i = 0; i < LEN(b); i++)
        put(&b[i]), buf_free(&b[i]);
}

/* --- texts */

static void regtext(void)
{
    TEXT("Windows Registry Editor Version "
         "5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\Select]\r\n\"Current\"=dword:00000001\r\n\r\n[HKEY_LOCAL_"
         "MACHINE\\SYSTEM\\ControlSet001\\Control\\Lsa]\r\n"
         "\"disabledomaincreds\"=dword:00000001\r\n\"Security Packages\"=hex(7):6b,00,65,00,\\\r\n  "
         "72,00,00,00,00,00\r\n@=\"a \\\"quoted\\\" \\\\ text\"\r\n\"q\"=hex(b):01,02,03,04,05,06,07,08\r\n"
         "\"e\"=hex(2):25,00,00,00\r\n\"b\"=hex:de,ad\r\n\"n\"=hex(0):\r\n; a comment\r\n");
    TEXT("REGEDIT4\n\n[HKEY_CURRENT_USER\\Software\\Microsoft]\n\"a\"=\"line\nfeed\"\n\"m\"=hex(7):61,00,62,"
         "00,00\n\"x\"=hex(2):25,53,00\n");
    TEXT("Windows Registry Editor Version "
         "5.00\r\n\r\n[-HKEY_LOCAL_MACHINE\\SOFTWARE\\X]\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Y]\r\n\"gone\"=-"
         "\r\n");
    TEXT("\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Lsa\r\n    disabledomaincreds    "
         "REG_DWORD    0x1\r\n    Notification Packages    REG_MULTI_SZ    scecli\\0rassfm\r\n"
         "    Bounds    REG_BINARY    0030000000200000\r\n    q    REG_QWORD    0x10\r\n    (Default)    "
         "REG_SZ    (value not set)\r\n    e    REG_EXPAND_SZ    %SystemRoot%\r\n    n    REG_NONE\r\n\r\n"
         "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\Kerberos\r\n\r\nEnd of search: 3 "
         "match(es) found.\r\n");
    TEXT("! REG.EXE VERSION "
         "3.0\r\n\r\nHKEY_LOCAL_"
         "MACHINE\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName\r\n\tComputerName\tREG_"
         "SZ\tPC1\r\n\r\n");
    TEXT("Windows Registry Editor Version "
         "5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SAM\\SAM\\Domains\\Account\\Users\\000003E9]\r\n\"F\"=hex:03,00,"
         "01,00\r\n\r\n[HKEY_LOCAL_MACHINE\\SECURITY\\Policy\\PolAcDmN]\r\n"
         "@=hex(0):06,00,08,00,08,00,00,00,50,00,43,00,31,00\r\n\r\n[HKEY_LOCAL_"
         "MACHINE\\SECURITY\\Policy\\Secrets\\X\\CupdTime]\r\n@=hex(0):00,80,3e,d5,de,b1,9d,01\r\n\r\n"
         "[HKEY_LOCAL_MACHINE\\SECURITY\\Policy\\Accounts\\S-1-5-32-544\\ActSysAc]\r\n@=hex(0):04,00,00,"
         "00\r\n\r\n[HKEY_USERS\\S-1-5-21-1-2-3-500_Classes\\X]\r\n[HKCR\\.txt]\r\n[HKU\\S-1-5-18\\E]\r\n");
    TEXT("\xff\xfeW\0i\0n\0d\0o\0w\0s\0 \0R\0e\0g\0i\0s\0t\0r\0y\0 \0E\0d\0i\0t\0o\0r\0 "
         "\0V\0e\0r\0s\0i\0o\0n\0 "
         "\0005\0.\0000\0000\0\r\0\n\0[\0H\0K\0C\0U\0]\0\r\0\n\0\"\0a\0\"\0=\0\"\0b\0\"\0\r\0\n\0");
}

static void tooltext(void)
{
    TEXT("\r\n+------+\r\n| Device State     |\r\n+------+\r\n\r\n   AzureAdJoined : YES\r\n"
         "   AzureAdPrtUpdateTime : 2026-02-24 19:15:26.000 UTC\r\n");
    TEXT(
        "\r\nHost Name:                 WS04\r\nOS Name:                   Microsoft Windows 11 Pro\r\n"
        "OS Version:                10.0.22631 N/A Build 22631\r\nSystem Boot Time:          3/2/2026, "
        "8:00:02 "
        "AM\r\nSystem Locale:             en-us;English\r\nTime Zone:                 (UTC-05:00) Eastern\r\n"
        "Hotfix(s):                 1 Hotfix(s) Installed.\r\n                           [01]: "
        "KB5012170\r\n");
    TEXT("\"Host Name\",\"OS Name\",\"OS Version\",\"Domain\"\r\n\"WS04\",\"Microsoft Windows\",\"10.0.1 N/A "
         "Build "
         "1\",\"corp\"\r\n");
    TEXT("\r\nUSER INFORMATION\r\n----------------\r\n\r\nUser Name SID\r\n========= =====\r\ncorp\\anna "
         "S-1-5-21-1-2-3-1001\r\n\r\nGROUP INFORMATION\r\n-----------------\r\nGroup Name Type SID "
         "Attributes\r\n==== ==== ===\r\nNT AUTHORITY\\NETWORK Well-known group S-1-5-2 Mandatory "
         "group\r\n\r\nPRIVILEGES "
         "INFORMATION\r\n-----\r\nSeShutdownPrivilege Shut down the system Disabled\r\n");
    TEXT("Nom     Type   ID     Attributs\r\n======= ====== ====== ======\r\n"
         "B\x81ro\\\x8e\x8e Groupe S-1-4 ?\r\nx y S-1-5-2 z\r\n\r\na b\r\n=== ===\r\nx   S-1-5-21-1\r\n\r\n"
         "=== == ==\r\nSeXPrivilege b c\r\n");
    TEXT("\"User Name\",\"SID\"\r\n\"corp\\anna\",\"S-1-5-21-1\"\r\n\"Group "
         "Name\",\"Type\",\"SID\",\"Attributes\"\r\n\"a\",\"Alias\",\"S-1-5-2\",\"Group used for deny "
         "only\"\r\n");
    TEXT("RSOP data for CORP\\anna on WS04 : Logging Mode\r\n------\r\n\r\nCOMPUTER SETTINGS\r\n-----\r\n    "
         "Applied "
         "Group Policy Objects\r\n    -------\r\n        Baseline\r\n\r\n        User Rights\r\n        "
         "-----\r\n"
         "            GPO: Baseline\r\n                Policy:            BatchLogonRight\r\n                "
         "Computer "
         "Setting:  CORP\\svc\r\n                                   *S-1-5-32-544\r\n\r\n");
    TEXT("<?xml version=\"1.0\"?>\r\n<Rsop xmlns=\"http://www.microsoft.com/GroupPolicy/Rsop\">\r\n"
         "<ComputerResults><Name>CORP\\WS04$</Name><GPO><Name>B</Name><Link><AppliedOrder>1</AppliedOrder></"
         "Link></GPO>\r\n"
         "<e><q1:SecurityOptions><q1:KeyName>MACHINE\\a</q1:KeyName><q1:SettingNumber>1</q1:SettingNumber>"
         "</q1:SecurityOptions><x/><q1:UserRightsAssignment><q1:Name>SeBatchLogonRight</"
         "q1:Name><q1:Member><Name>a</Name>"
         "</q1:Member></q1:UserRightsAssignment></e></ComputerResults></Rsop>\r\n");
}

static void paths(void)
{
    TEXT("SECURITY\0Policy\\Secrets\\X\\CurrVal\0Policy\\Secrets\\*\\CupdTime\0x");
    TEXT("SAM\0SAM\\Domains\\Account\\Users\\000003E9\0SAM\\**\0F");
    TEXT("SYSTEM\0ControlSet001\\Control\\Lsa\\JD\0*\\Control\\Lsa\\*\0");
    TEXT("UNKNOWN\0\\a\\\\b\0**\0DefaultPassword");
}

static void sniffs(void)
{
    system_and_more(write_hive), headers(), regtext(), tooltext();
    TEXT("PK\3\4"), TEXT("plain text\n"), TEXT("\0\0\0\0"), TEXT("\x30\0\0\0LfLe");
}

static void texts(void)
{
    TEXT("2026-03-02T09:10:00.1234567Z"), TEXT("2026-03-01"), TEXT("-9223372036854775808"),
        TEXT("0x80070520"), TEXT("\xea\7\3\0\1\0\2\0\x9\0\xa\0\0\0\1\0");
}

static void odd_texts(void)
{
    TEXT("<b>&amp;\"'`*_[]()#|~\\\r\n\t"),
        TEXT("\xe2\x80\xaetxt\xed\xa0\x80\xff\x1b[31m\xc2\x85\xe2\x80\xa8"),
        TEXT("<\0&\0\x2e\x20\0\xd8\0\xdc"), TEXT("https://x.y a@b.c :smile:"), TEXT("=cmd|' /C calc'!A0"),
        TEXT("\"a\" -1");
}

static void compared(void)
{
    TEXT("{\"a\":\"x\",\"b\":[1,\"0x3e7\",true]}\0a\0x\0b\0001\0b\000999\0b\0true"),
        TEXT("{\"x\":-5,\"t\":\"2025-04-01T12:00:00.1234567Z\"}\0x\0-123\0t\0002025-04-01T12:00:00."
             "123456700Z");
}

/* The program's own knowledge is what its readers know best. */
static void knowledge(void)
{
    static const char *const sample[] = {
        "\0title: T\nid: 11111111-1111-4111-8111-111111111111\nname: a_b\nstatus: test\nlevel: "
        "high\ndescription: d\nauthor: a\ndate: 2026-01-01\ncause: clock-skew\nrequires:\n    - {artifact: "
        "SYSTEM, for: cause}\n"
        "    - any_of: [A, B]\n      for: symptom\nindicators:\n    - role: symptom\n      sql: SELECT 1\n   "
        "   explain: \"x {host}\"\nexplanation: e\ncollect: [{artifact: SYSTEM, command: c}]\n"
        "remediation: [{text: t, risk: low, reversible: yes, verify: v}]\ntests:\n    - name: n\n      "
        "facts:\n          - hive: {kind: SYSTEM, host: PC1}\n          - event: {host: PC1, id: 1, data: "
        "{a: b}}\n      expect: [{host: PC1, verdict: none}]\n",
        "\1space: win32\nsource: s\ncodes: [{value: 1245, symbol: S, meaning: m}, {value: 0x10, symbol: T, "
        "meaning: m, win32: 5}]\n",
        "\2provider: P\nchannel: C\nsource: s\nevents: [{id: 101, name: n, meaning: m, how: fold, key: [a, "
        "b], keep_field: c, keep: [2, 4], codes: {R: hresult}}]\n",
        "\3section: s\nsource: s\nkeys: [{hive: SYSTEM, path: 'A\\B', value: v, name: N, type: dword, "
        "default: 0, meaning: m, meanings: {0: a, 1: b}}]\n",
        "\4artifacts: [{name: Security, kind: channel, collect: c, meaning: m}]\n",
        "\5accounts: [{name: 'NT AUTHORITY\\X', sid: S-1-5-20}]\n"};
    for (size_t i = 0; i < LEN(sample); i++)
        put_str(sample[i], 1 + strlen(sample[i] + 1));
}

static void unpacking(void)
{
    struct str word[] = {STR("infected"), STR("a b")};
    struct unpack_setup setup = {1 << 30, 1 << 28, 2, word};
    struct unpack_job job = {65536,   4096, {65536, 65536}, {1 << 20, 1 << 24}, 1 << 30,
                             1 << 20, 7,    STR("t.zip")};
    struct unpacked member = {.m = {.state = MEMBER_DAMAGED,
                                    .ordinal = 3,
                                    .name = STR("logs/System.evtx"),
                                    .bytes = 69632,
                                    .is = {.kind = KIND_EVTX, .format = "EVTX event log", .name = "SYSTEM"},
                                    .why = STR("bad CRC")},
                              .spool = 1,
                              .at = 131072};
    struct unpack_done done = {
        .status = 0,
        .limit = 1,
        .sums = {.seen = 4, .wanted = 2, .failed = 1, .opened = true, .why = "cut short"}};
    for (unsigned what = 0; what < 4; what++) {
        struct buf b = {0};
        buf_char(&b, (char)what);
        if (what == 0)
            unpack_setup_put(&b, &setup);
        else if (what == 1)
            unpack_job_put(&b, &job);
        else if (what == 2)
            unpacked_put(&b, &member);
        else
            unpack_done_put(&b, &done);
        put(&b), buf_free(&b);
    }
}

static void member_names(void)
{
    TEXT("a/b\\C:\\x.evtx"), TEXT("..\\../%2E%2E/./x"),
        TEXT("Pr\x81"
             "fung/System.evtx.gz"),
        TEXT("Pr\xc3\xbc"
             "fung.zst"),
        TEXT("/\\/");
}

/* A log small enough to be packed: its header and one record. */
static void packed(void)
{
    static const char *const how[][3] = {{"zip", "none", NULL},
                                         {"zip", "none", "zip:compression=store"},
                                         {"zip", "none", "zip:encryption=aes256"},
                                         {"zip", "none", "zip:encryption=zipcrypt"},
                                         {"7zip", "none", NULL},
                                         {"7zip", "none", "7zip:compression=ppmd"},
                                         {"ustar", "none", NULL},
                                         {"pax", "gzip", NULL},
                                         {"ustar", "bzip2", NULL},
                                         {"ustar", "xz", NULL},
                                         {"raw", "zstd", NULL},
                                         {"raw", "gzip", NULL}};
    struct buf log = {0}, b = {0};
    struct zip_hand z = {0};
    every_log(0, &log);
    const struct packed m[] = {{"logs/System.evtx", {log.p, 6144}, 0},
                               {"readme.txt", STR("hello"), 0},
                               {"regf", STR("regf and little more"), 0}};
    for (size_t i = 0; i < LEN(how); i++) {
        buf_char(&b, 3);
        pack(&b, how[i][0], how[i][1], how[i][2],
             how[i][2] && strstr(how[i][2], "encryption") ? "infected" : NULL, m,
             strcmp(how[i][0], "raw") ? 3 : 1);
        put(&b), buf_free(&b);
    }
    buf_char(&b, 0), cab(&b, m, 3), put(&b), buf_free(&b);
    for (size_t i = 0; i < 3; i++)
        zip_add(&z, str_of(m[i].name), i == 1 ? 9 : 0, i == 2 ? ZIP_STREAMED : 0, m[i].data, m[i].data,
                i == 2);
    struct buf zip;
    zip_end(&z, &zip);
    buf_char(&b, 0), buf_str(&b, buf_view(&zip)), put(&b), b.n -= 60, put(&b), buf_free(&b), buf_free(&zip),
        buf_free(&log);
}

static const struct {
    const char *target;
    void (*make)(void);
} rows[] = {
    {"fuzz_unpack", unpacking},  {"fuzz_member_name", member_names},
    {"fuzz_container", packed},  {"fuzz_evtx", logs},
    {"fuzz_chunk", chunks},      {"fuzz_header", headers},
    {"fuzz_binxml", binxml},     {"fuzz_hive", hives},
    {"fuzz_txlog", with_logs},   {"fuzz_values", values},
    {"fuzz_frames", frames},     {"fuzz_regtext", regtext},
    {"fuzz_tooltext", tooltext}, {"fuzz_path", paths},
    {"fuzz_sniff", sniffs},      {"fuzz_text", texts},
    {"fuzz_escape", odd_texts},  {"fuzz_compare", compared},
    {"fuzz_rules", knowledge},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < LEN(rows); i++)
        if (strcmp(rows[i].target, argv[1]) == 0)
            return folder = argv[2], rows[i].make(), 0;
    fprintf(stderr, "usage: seeds TARGET FOLDER\n");
    return 2;
}
