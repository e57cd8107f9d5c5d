/* Collectors' layouts: a small sample of each by its documented names. What it is its contents say; host,
 * drive, shadow copy and user come from the way; older copies stay older. And the patterns alone. */
#include "base/layout.h"
#include "tests/build.h"
#include "tests/containers.h"
#include "tests/shell.h"
#include <unistd.h>

/* --- patterns */

Test(layouts, patterns)
{
    static const struct {
        const char *path, *pattern, *find, *text; /* text NULL: it does not fit */
    } rows[] = {
        {"uploads/auto/C%3A/Windows/x", "**/uploads/*/<drive>/**", "drive", "C:"},
        {"a/b/uploads/ntfs/%5C%5C.%5Cd%3A/x", "**/uploads/*/<drive>/**", "drive", "D:"},
        {"a\\UPLOADS\\ntfs\\c\\x", "**/uploads/*/<drive>/**", "drive", "C:"},
        {"uploads/ntfs/CC/x", "**/uploads/*/<drive>/**", "drive", NULL},
        {"uploads/ntfs/%5C%5C.%5C%3A/x", "**/uploads/*/<drive>/**", "drive", NULL},
        {"u/%5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy12/x",
         "**/*HarddiskVolumeShadowCopy<shadow>/**", "shadow", "12"},
        {"u/HarddiskVolumeShadowCopy/x", "**/*HarddiskVolumeShadowCopy<shadow>/**", "shadow", NULL},
        {"Collection-SRV-01-2026-03-04T09_10_00Z.zip/x", "**/Collection-<host>-<year>-*.zip/**", "host",
         "SRV-01"},
        {"t/Collection-ws04.corp.example-2026-03-04.zip/data.zip/x", "**/Collection-<host>-<year>-*.zip/**",
         "host", "ws04.corp.example"},
        {"Collection--2026-03-04.zip/x", "**/Collection-<host>-<year>-*.zip/**", "host", NULL},
        {"SRV9_reg_SMB.txt", "**/<host>_reg_*", "host", "SRV9"},
        {"a_b_reg_SMB.txt", "**/<host>_reg_*", "host", NULL},
        {"Users/J%C3%B6rg/NTUSER.DAT", "**/Users/<user>/*", "user", "J\xc3\xb6rg"},
        {"Users/J%C3/NTUSER.DAT", "**/Users/<user>/*", "user", ""}, /* no UTF-8: no name */
        {"Users/a/b/NTUSER.DAT", "**/Users/<user>/*", "user", NULL},
        {"C/Windows/x", "**/<drive>/Windows/**", NULL, ""},
        {"C/Windows/x", "**/<drive>/Windows/**", "host", ""},
        {"Windows/x", "**/<drive>/Windows/**", NULL, NULL},
        {"a/b", "a/b", NULL, ""},
        {"a/b/c", "a/b", NULL, NULL},
        {"", "**", NULL, ""},
        {"x", "", NULL, NULL},
        {"50%/x", "50%/**", NULL, ""}, /* a percent sign that encodes nothing */
    };
    char text[LAYOUT_TEXT];
    for (size_t i = 0; i < LEN(rows); i++) {
        bool fits = layout_fits(str_of(rows[i].path), str_of(rows[i].pattern), rows[i].find, text);
        cr_expect(fits == (rows[i].text != NULL) && strcmp(text, fits ? rows[i].text : "") == 0,
                  "%s: %d '%s'", rows[i].path, fits, text);
    }
    /* what would take for ever does not fit, and is over soon */
    static char path[4000];
    for (size_t i = 0; i < sizeof path; i++)
        path[i] = i % 40 ? 'a' : '/';
    cr_expect(
        !layout_fits((struct str){path, sizeof path}, STR("**/*a*a*a*a*a*b/**/*a*a*a*b/**"), NULL, text));
    cr_expect(!layout_fits((struct str){path, sizeof path}, STR("**/**/**/**/**/x"), NULL, text));
    static const struct {
        const char *pattern;
        bool sound;
    } sound[] = {{"**/<drive>/x", true}, {"a<drive>", false}, {"<drive>a", false}, {"<nothing>", false},
                 {"a//b", false},        {"", false},         {"/a", false},       {"**/<host>_*", true}};
    for (size_t i = 0; i < LEN(sound); i++)
        cr_expect(layout_sound(str_of(sound[i].pattern)) == sound[i].sound, "%s", sound[i].pattern);
}

/* --- samples: the files of one host, called as each collector calls them */

static const char *dir;
static char in[300];

static const char *ask(const char *sql)
{
    setenv("SQL", sql, 1);
    cr_assert_eq(run("%s query --csv %s/out/case.db \"$SQL\" | tail -n +2 | tr -d '\\r\"'", program(), dir),
                 0, "%s", out);
    return out;
}

static struct str sample(const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "samples/cases/credential-storage-policy/%s", name);
    FILE *f = fopen(path, "rb");
    cr_assert_not_null(f, "%s: build the samples first", path);
    struct buf b = {0};
    char piece[65536];
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_put(&b, piece, n);
    fclose(f);
    cr_assert(!b.bad);
    return buf_view(&b);
}

#define LSA_QUERY                                                         \
    "\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Lsa\r\n" \
    "    disabledomaincreds    REG_DWORD    0x1\r\n\r\n"
#define LSA_REG                                                                                      \
    "Windows Registry Editor Version 5.00\r\n\r\n"                                                   \
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Lsa]\r\n\"disabledomaincreds\"=dword:" \
    "00000001\r\n"

/* from: a file of the sample; "@" a user's hive, "?" what reg query, "." what reg export says of the policy;
 * else the text itself. Names with a percent sign stay as they are. */
struct entry {
    const char *name, *from;
};
#define TASKS "Microsoft-Windows-TaskScheduler%4Operational.evtx"
#define LOGS(where, prefix, tasks)                                                \
    {where prefix tasks, TASKS}, {where prefix "Security.evtx", "Security.evtx"}, \
    {                                                                             \
        where prefix "System.evtx", "System.evtx"                                 \
    }
#define HIVES(where)                                                                      \
    {where "SAM", "SAM"}, {where "SECURITY", "SECURITY"}, {where "SOFTWARE", "SOFTWARE"}, \
    {                                                                                     \
        where "SYSTEM", "SYSTEM"                                                          \
    }

static struct str user_hive(void)
{
    struct hive h = {.name = "\\??\\C:\\Users\\anna\\ntuser.dat", .now = utc("2026-03-01T08:00:00Z")};
    struct buf b = {0};
    reg(&h, "Software\\Microsoft\\Windows", SZ("x", "y"), END);
    reg(&h, "Control Panel\\Desktop", SZ("x", "y"), END);
    hive_write(&h, &b), hive_free(&h);
    return buf_view(&b);
}

static struct str bytes_of(const char *from)
{
    if (strcmp(from, "@") == 0)
        return user_hive();
    return strcmp(from, "?") == 0   ? STR(LSA_QUERY)
           : strcmp(from, ".") == 0 ? STR(LSA_REG)
           : strpbrk(from, "\n ")   ? str_of(from)
                                    : sample(from);
}

static void put_file(const char *name, struct str s)
{
    char path[900];
    snprintf(path, sizeof path, "%s/%s", in, name);
    for (char *p = path + strlen(in) + 1; (p = strchr(p, '/')); *p++ = '/') {
        *p = 0;
        setenv("P", path, 1);
        cr_assert_eq(run("mkdir -p \"$P\""), 0, "%s", out);
    }
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(s.p, 1, s.n, f) == s.n && fclose(f) == 0, "%s", path);
}

static void write_entries(const char *box, const char *password, const struct entry *e, size_t n)
{
    struct packed m[24];
    struct buf b = {0};
    cr_assert_leq(n, LEN(m));
    for (size_t i = 0; i < n; i++)
        m[i] = (struct packed){e[i].name, bytes_of(e[i].from), 0};
    if (!box) {
        for (size_t i = 0; i < n; i++)
            put_file(m[i].name, m[i].data);
        return;
    }
    struct str name = str_of(box);
    if (str_ends_ci(name, STR(".cab"))) {
        cab(&b, m, n);
    } else if (str_ends_ci(name, STR(".7z"))) { /* as DFIR-ORC does: archives in one archive */
        struct buf inner[2] = {0};
        struct packed both[2] = {{"Event.7z", {0}, 0}, {"SystemHives.7z", {0}, 0}};
        for (size_t i = 0; i < 2; i++)
            pack(&inner[i], "7zip", "none", NULL, NULL, m + (i ? 3 : 0), i ? n - 3 : 3),
                both[i].data = buf_view(&inner[i]);
        pack(&b, "7zip", "none", NULL, NULL, both, 2);
    } else if (str_ends_ci(name, STR(".tar.gz"))) {
        pack(&b, "ustar", "gzip", NULL, NULL, m, n);
    } else if (password) { /* as Velociraptor does: nothing but data.zip in what is encrypted */
        struct buf inner = {0};
        pack(&inner, "zip", "none", NULL, NULL, m, n);
        pack(&b, "zip", "none", "zip:encryption=aes256", password,
             &(struct packed){"data.zip", buf_view(&inner), 0}, 1);
    } else {
        pack(&b, "zip", "none", NULL, NULL, m, n);
    }
    put_file(box, buf_view(&b));
}

static const struct entry kape[] = {
    LOGS("WS04/C/Windows/System32/winevt/", "Logs/", TASKS),
    HIVES("WS04/C/Windows/System32/config/"),
    {"WS04/C/Windows/System32/config/RegBack/SYSTEM", "SYSTEM"},
    {"WS04/C/Windows.old/Windows/System32/config/SYSTEM", "SYSTEM"},
    {"WS04/VSS1/Windows/System32/config/SYSTEM", "SYSTEM"},
    {"WS04/C/Users/anna/NTUSER.DAT", "@"},
    {"2026-03-04T091500_CopyLog.csv", "CopiedTimestamp,SourceFile,DestinationFile \n"},
};
#define RAWDRIVE "uploads/ntfs/%5C%5C.%5CC%3A/"
#define SHADOW   "uploads/ntfs/%5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy3/"
static const struct entry velociraptor[] = {
    LOGS("uploads/auto/C%3A/Windows/System32/winevt/Logs/", "",
         "Microsoft-Windows-TaskScheduler%254Operational.evtx"),
    HIVES(RAWDRIVE "Windows/System32/config/"),
    {SHADOW "Windows/System32/config/SYSTEM", "SYSTEM"},
    {RAWDRIVE "Users/J%C3%B6rg/NTUSER.DAT", "@"},
    {"uploads.json", "{\"vfs_path\": \"C:/Windows\"} \n"},
    {"client_info.json", "{\"hostname\": \"WS04\"} \n"},
};
static const struct entry cylr[] = {LOGS("C/Windows/System32/winevt/Logs/", "", TASKS),
                                    HIVES("C/Windows/System32/config/"),
                                    {"D/Users/anna/NTUSER.DAT", "@"}};
#define ORC "_{00000000-0000-0000-0000-000000000000}.data"
static const struct entry orc[] = {{"000200000001A2B3_1_" TASKS ORC, TASKS},
                                   {"000200000001A2B4_1_Security.evtx" ORC, "Security.evtx"},
                                   {"000200000001A2B5_1_System.evtx" ORC, "System.evtx"},
                                   {"000100000000C001_SAM" ORC, "SAM"},
                                   {"000100000000C002_SECURITY" ORC, "SECURITY"},
                                   {"000100000000C003_SOFTWARE" ORC, "SOFTWARE"},
                                   {"000100000000C004_SYSTEM" ORC, "SYSTEM"}};
static const struct entry uac[] = {
    LOGS("uac-WS04-windows-20260304091500/[root]/Windows/System32/winevt/Logs/", "", TASKS),
    HIVES("uac-WS04-windows-20260304091500/[root]/Windows/System32/config/")};
static const struct entry sdp[] = {
    LOGS("", "WS04_evt_", "TaskScheduler-Operational.evtx"),
    {"WS04_CurrentControlSet.Hiv", "SYSTEM"},
    {"WS04_reg_CurrentVersion.HIV", "SOFTWARE"},
    {"WS04_CurrentControlSet_Reg.txt", "?"},
    {"WS04_schtasks.txt", "Folder: \\ \n"},
};
static const struct entry tss[] = {
    LOGS("MS_DATA/TSS_260304-091500_WS04_CollectLog/", "WS04_evt_", "TaskScheduler-Operational.evtx"),
    HIVES("MS_DATA/TSS_260304-091500_WS04_CollectLog/WS04_"),
};
static const struct entry defender[] = {LOGS("", "", "TaskScheduler-Operational.evtx"),
                                        {"MPRegistry.txt", "Current configuration options \n"},
                                        {"system.hiv", "SYSTEM"}};
static const struct entry intune[] = {LOGS("(3) Events ", "", "TaskScheduler_Operational.evtx"),
                                      {"(1) RegistryKey Lsa/export.reg", "."}};
static const struct entry network[] = {LOGS("config/", "", "TaskScheduler.evtx"),
                                       {"config/Reg/AllCred.reg.txt", "."},
                                       {"config/osinfo.txt", "OS Name: \n"}};
static const struct entry saved[] = {LOGS("", "WS04_", "TaskScheduler.evtx"),
                                     {"WS04_SYSTEM.hiv", "SYSTEM"},
                                     {"WS04_SOFTWARE.hiv", "SOFTWARE"},
                                     {"WS04_Lsa.txt", "?"},
                                     {"backup_Lsa.reg", "."}};

static const char told[] =
    "SELECT coalesce(collector, '.') || ' ' || coalesce(host_by_name, '.') || ' ' || "
    "coalesce(drive, '.') || ' ' || "
    "coalesce(shadow, '.') || ' ' || coalesce(user, '.') AS it, count(*), sum(older), "
    "sum(coalesce(main, 0)) FROM "
    "v_evidence WHERE kind IN ('evtx', 'hive', 'reg-text') GROUP BY 1 UNION ALL SELECT DISTINCT 'host ' || "
    "coalesce(host, '?'), NULL, NULL, NULL FROM v_evidence WHERE kind <> 'container' AND state "
    "<> 'skipped' UNION ALL SELECT verdict, NULL, NULL, NULL FROM v_finding WHERE cause = "
    "'credential-storage-policy'";

/* box: what it is packed in; NULL: a folder. want: collector, host, drive, shadow copy, user of its files:
 * how many, how many of them older, how many speak for their host. */
#define ROW(what, box, password, entries, verdict, want)          \
    {                                                             \
        what, box, password, entries, LEN(entries), verdict, want \
    }
static const struct {
    const char *what, *box, *password;
    const struct entry *entry;
    size_t n;
    const char *verdict, *want;
} layouts[] = {
    ROW("KAPE", NULL, NULL, kape, "confirmed", ". . C: . .,9,2,4\n. . C: . anna,1,0,1\nKAPE . . 1 .,1,1,0\n"),
    ROW("KAPE, zip", "2026-03-04T091500_WS04.zip", NULL, kape, "confirmed",
        ". . C: . .,9,2,4\n. . C: . anna,1,0,1\nKAPE . . 1 .,1,1,0\n"),
    ROW("Velociraptor", "Collection-WS04-2026-03-04T09_15_00Z.zip", NULL, velociraptor, "confirmed",
        "Velociraptor WS04 . 3 .,1,1,0\nVelociraptor WS04 C: . .,7,0,4\n"
        "Velociraptor WS04 C: . J\xc3\xb6rg,1,0,1\n"),
    ROW("Velociraptor, password", "Collection-WS04-2026-03-04T09_15_00Z.zip", "infected", velociraptor,
        "confirmed",
        "Velociraptor WS04 . 3 .,1,1,0\nVelociraptor WS04 C: . .,7,0,4\n"
        "Velociraptor WS04 C: . J\xc3\xb6rg,1,0,1\n"),
    ROW("CyLR", "WS04.zip", NULL, cylr, "confirmed", ". . C: . .,7,0,4\n. . D: . anna,1,0,1\n"),
    ROW("DFIR-ORC", "DFIR-ORC_WorkStation_WS04_Main.7z", NULL, orc, "confirmed",
        "DFIR-ORC WS04 . . .,7,0,4\n"),
    ROW("UAC", "uac.tar.gz", NULL, uac, "confirmed", "UAC WS04 . . .,7,0,4\n"),
    ROW("MSDT, SDP", "WS04_SDP.cab", NULL, sdp, "likely", "Microsoft support diagnostics WS04 . . .,6,0,2\n"),
    ROW("TSS", "TSS_WS04.zip", NULL, tss, "confirmed",
        "Microsoft support diagnostics WS04 . . .,3,0,0\nTSS . . . .,4,0,4\n"),
    ROW("MpSupportFiles", "MpSupportFiles.cab", NULL, defender, "likely",
        "Microsoft Defender . . . .,4,0,1\n"),
    ROW("Intune", "DiagLogs-WS04-20260304T091500Z.zip", NULL, intune, "likely",
        "Intune diagnostics WS04 . . .,4,0,1\n"),
    ROW("GatherNetworkInfo", "NetTrace.cab", NULL, network, "likely",
        ". . . . .,3,0,0\ngatherNetworkInfo . . . .,1,0,1\n"),
    ROW("wevtutil epl, reg save, reg query", NULL, NULL, saved, "likely", ". . . . .,7,0,2\n"),
};

/* What was recognised of each; the table is printed for whoever asks for it (LAYOUTS=1). */
Test(layouts, each_collector, .timeout = 900)
{
    for (size_t i = 0; i < LEN(layouts); i++) {
        dir = scratch_in("layouts", "each", in, sizeof in);
        write_entries(layouts[i].box, layouts[i].password, layouts[i].entry, layouts[i].n);
        put_file("../words", STR("infected\n"));
        cr_assert_eq(run("%s analyze -o %s/out --password-file %s/words %s", program(), dir, dir, in), 0,
                     "%s: %s", layouts[i].what, out);
        char want[600];
        snprintf(want, sizeof want, "%shost WS04,,,\n%s,,,\n", layouts[i].want, layouts[i].verdict);
        cr_expect_str_eq(ask(told), want, "%s", layouts[i].what);
        if (getenv("LAYOUTS"))
            fprintf(stderr, "%s\n%s", layouts[i].what, out);
    }
}

/* --- what tools printed, inside collectors' packages */
#define TOLD_POLICY(host)                                                                                \
    "RSOP data for CORP\\anna on " host                                                                  \
    " : Logging Mode\r\n--------------------\r\n\r\nCOMPUTER SETTINGS\r\n"                               \
    "-----------------\r\n\r\n        Security Options\r\n        ----------------\r\n            GPO: " \
    "Base\r\n"                                                                                           \
    "                ValueName:         "                                                                \
    "MACHINE\\System\\CurrentControlSet\\Control\\Lsa\\DisableDomainCreds\r\n"                           \
    "                Computer Setting:  1\r\n\r\n"
#define TOLD_SYSTEM(host)                                                                                \
    "\r\nHost Name:                 " host "\r\nOS Name:                   Microsoft Windows 11 Pro\r\n" \
    "OS Version:                10.0.22631 N/A Build 22631\r\n"
#define TOLD_WHO                                                                               \
    "\r\nUSER INFORMATION\r\n----------------\r\n\r\nUser Name SID\r\n========= =========\r\n" \
    "corp\\anna S-1-5-21-1-2-3-1001\r\n\r\n"
#define TOLD_DEVICE                                                                                  \
    "\r\n+--------------+\r\n| Device State |\r\n+--------------+\r\n\r\n    AzureAdJoined : NO\r\n" \
    "    DomainJoined : YES\r\n"

static const struct entry told_sdp[] = {LOGS("", "WS04_evt_", "TaskScheduler-Operational.evtx"),
                                        {"WS04_OS_GPResult.txt", TOLD_POLICY("WS04")},
                                        {"WS04_Whoami.txt", TOLD_WHO},
                                        {"WS04_SystemInfo.txt", TOLD_SYSTEM("WS04")},
                                        {"WS04_DSRegCmd.txt", TOLD_DEVICE},
                                        {"SRV8_Whoami.txt", TOLD_WHO},
                                        {"WS04_Hotfixes.txt", TOLD_SYSTEM("SRV8")}};
#define TSS_FOLDER "MS_DATA/TSS_260304-091500_WS04_CollectLog/"
static const struct entry told_tss[] = {LOGS(TSS_FOLDER, "WS04_evt_", "TaskScheduler-Operational.evtx"),
                                        {TSS_FOLDER "WS04_GPResult-H.txt", TOLD_POLICY("WS04")},
                                        {TSS_FOLDER "WS04_Whoami.txt", TOLD_WHO},
                                        {TSS_FOLDER "WS04_SystemInfo.txt", TOLD_SYSTEM("WS04")},
                                        {TSS_FOLDER "WS04_DSRegCmd.txt", TOLD_DEVICE},
                                        {TSS_FOLDER "SRV8_DSRegCmd.txt", TOLD_DEVICE},
                                        {TSS_FOLDER "notes.log", TOLD_SYSTEM("SRV8")}};
static const struct entry told_defender[] = {LOGS("", "", "TaskScheduler-Operational.evtx"),
                                             {"MPRegistry.txt", "Current configuration options \n"},
                                             {"GPResult.log", TOLD_POLICY("WS04")},
                                             {"whoami", TOLD_WHO},
                                             {"SystemInfo.txt", TOLD_SYSTEM("WS04")},
                                             {"dsreg.bin", TOLD_DEVICE},
                                             {"peer.txt", TOLD_SYSTEM("SRV8")}};
static const struct entry told_network[] = {
    LOGS("config/", "", "TaskScheduler.evtx"),    {"config/osinfo.txt", TOLD_SYSTEM("WS04")},
    {"config/gpresult.txt", TOLD_POLICY("WS04")}, {"config/who.txt", TOLD_WHO},
    {"config/device.txt", TOLD_DEVICE},           {"config/peer.txt", TOLD_SYSTEM("SRV8")}};

#define OF_WS04 "printed by a tool: weak evidence"
#define BUILD   OF_WS04 "; build 22631 here, 19045 in what hives and logs say, which holds"
#define OF_SRV8 OF_WS04 "; it is of srv8, of which nothing else here tells: nothing is taken from it"
#define MSDT    ",Microsoft support diagnostics,"
/* name, host, collector, what the list says of it */
static const struct {
    const char *what, *box, *want;
    const struct entry *entry;
    size_t n;
} tellers[] = {
    {"MSDT, SDP", "WS04_SDP.cab",
     "SRV8_Whoami.txt,?" MSDT OF_SRV8 "\nWS04_DSRegCmd.txt,WS04" MSDT OF_WS04
     "\nWS04_Hotfixes.txt,?,," OF_SRV8 "\nWS04_OS_GPResult.txt,WS04" MSDT OF_WS04
     "\nWS04_SystemInfo.txt,WS04" MSDT BUILD "\nWS04_Whoami.txt,WS04" MSDT OF_WS04 "\n",
     told_sdp, LEN(told_sdp)},
    {"TSS", "TSS_WS04.zip",
     "SRV8_DSRegCmd.txt,?" MSDT OF_SRV8 "\nWS04_DSRegCmd.txt,WS04" MSDT OF_WS04
     "\nWS04_GPResult-H.txt,WS04" MSDT OF_WS04 "\nWS04_SystemInfo.txt,WS04" MSDT BUILD
     "\nWS04_Whoami.txt,WS04" MSDT OF_WS04 "\nnotes.log,?,TSS," OF_SRV8 "\n",
     told_tss, LEN(told_tss)},
    {"MpSupportFiles", "MpSupportFiles.cab",
     "GPResult.log,WS04,Microsoft Defender," OF_WS04 "\nSystemInfo.txt,WS04,Microsoft Defender," BUILD
     "\ndsreg.bin,WS04,Microsoft Defender," OF_WS04 "\npeer.txt,?,Microsoft Defender," OF_SRV8
     "\nwhoami,WS04,Microsoft Defender," OF_WS04 "\n",
     told_defender, LEN(told_defender)},
    {"GatherNetworkInfo", "NetTrace.cab",
     "device.txt,WS04,," OF_WS04 "\ngpresult.txt,WS04,," OF_WS04 "\nosinfo.txt,WS04,," BUILD
     "\npeer.txt,?,," OF_SRV8 "\nwho.txt,WS04,," OF_WS04 "\n",
     told_network, LEN(told_network)},
};

/* They are known by what is in them, whatever they are called, and are the host's that they or their
 * collector name, else the package's; of another host nothing is taken. A setting that they alone show makes
 * a cause likely, and they cover nothing that logs do not cover without them. */
Test(layouts, tools_in_packages, .timeout = 900)
{
    for (size_t i = 0; i < LEN(tellers); i++) {
        static char covered[2][4096];
        for (size_t with = 0; with < 2; with++) {
            dir = scratch_in("layouts", "tools", in, sizeof in);
            write_entries(tellers[i].box, NULL, tellers[i].entry, with ? tellers[i].n : 3);
            cr_assert_eq(run("%s analyze -o %s/out %s", program(), dir, in), 0, "%s: %s", tellers[i].what,
                         out);
            snprintf(covered[with], sizeof covered[with], "%s",
                     ask("SELECT host, artifact FROM v_covered UNION ALL SELECT kind, state FROM v_kind "
                         "ORDER BY 1, 2"));
        }
        cr_expect_str_eq(covered[1], covered[0], "%s", tellers[i].what);
        cr_expect(strstr(covered[0], "WS04,System\n") != NULL, "%s: %s", tellers[i].what, covered[0]);
        cr_expect_str_eq(
            ask("SELECT replace(path, rtrim(path, replace(path, '/', '')), ''), coalesce(host, '?'), "
                "collector, note FROM v_evidence WHERE kind = 'tool-text' ORDER BY 1"),
            tellers[i].want, "%s", tellers[i].what);
        cr_expect_str_eq(ask("SELECT verdict FROM v_finding WHERE cause = 'credential-storage-policy'"),
                         "likely\n", "%s", tellers[i].what);
    }
}

/* Texts of two hosts side by side that do not say whose they are: their collector does. */
Test(layouts, whose_it_is, .timeout = 300)
{
    static const struct entry two[] = {{"SRV8_reg_Lsa.txt", "?"},
                                       {"SRV9_reg_Lsa.txt", "?"},
                                       {"WS04_evt_System.evtx", "System.evtx"},
                                       {"ws04_reg_Lsa.txt", "?"}};
    dir = scratch_in("layouts", "whose", in, sizeof in);
    write_entries("t.cab", NULL, two, LEN(two));
    cr_assert_eq(run("%s analyze -o %s/out %s", program(), dir, in), 0, "%s", out);
    cr_expect_str_eq(ask("SELECT substr(path, 7), host FROM v_evidence WHERE kind <> 'container'"),
                     "SRV8_reg_Lsa.txt,SRV8\nSRV9_reg_Lsa.txt,SRV9\nWS04_evt_System.evtx,WS04\n"
                     "ws04_reg_Lsa.txt,WS04\n");
    /* a name that somebody put in front makes no host */
    static const struct entry one[] = {{"backup_Lsa.txt", "?"}, {"WS04_System.evtx", "System.evtx"}};
    dir = scratch_in("layouts", "whose", in, sizeof in);
    write_entries(NULL, NULL, one, LEN(one));
    cr_assert_eq(run("%s analyze -o %s/out %s", program(), dir, in), 0, "%s", out);
    cr_expect_str_eq(ask("SELECT DISTINCT host FROM v_evidence"), "WS04\n");
    /* what a file says of itself goes before what its collector says of it */
    static const struct entry other[] = {{"SRV8_CurrentControlSet.Hiv", "SYSTEM"}};
    dir = scratch_in("layouts", "whose", in, sizeof in);
    write_entries(NULL, NULL, other, LEN(other));
    cr_assert_eq(run("%s analyze -o %s/out %s", program(), dir, in), 0, "%s", out);
    cr_expect_str_eq(ask("SELECT host, host_by_name FROM v_evidence"), "WS04,SRV8\n");
}
