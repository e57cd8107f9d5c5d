/* make_samples OUTDIR: writes the sample cases of samples/MANIFEST.tsv, each a folder as a responder would collect it.
 * A case says only what is special about its host; ordinary() tells the rest: five working days (2 to 6 March 2026) of a domain member.
 * Same program, same bytes. */
#include "build.h"
#include "../src/base/hash.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* ---- One host and what is collected from it ---- */
enum log { SYSTEM_LOG, SECURITY_LOG, TASK_LOG, BITS_LOG, OFFLINE_LOG, SMB_LOG, LOGS };
enum { SYSTEM_HIVE, SECURITY_HIVE, SOFTWARE_HIVE, SAM_HIVE, HIVES };
static const struct { const char *file, *channel; uint64_t first_id; } logs[LOGS] = {
    [SYSTEM_LOG] = {"System.evtx", "System", 18231},
    [SECURITY_LOG] = {"Security.evtx", "Security", 90417},
    [TASK_LOG] = {"Microsoft-Windows-TaskScheduler%4Operational.evtx", "Microsoft-Windows-TaskScheduler/Operational", 5120},
    [BITS_LOG] = {"Microsoft-Windows-Bits-Client%4Operational.evtx", "Microsoft-Windows-Bits-Client/Operational", 733},
    [OFFLINE_LOG] = {"Microsoft-Windows-OfflineFiles%4Operational.evtx", "Microsoft-Windows-OfflineFiles/Operational", 1},
    [SMB_LOG] = {"Microsoft-Windows-SmbClient%4Security.evtx", "Microsoft-Windows-SmbClient/Security", 1},
};
static const char *const hives[HIVES] = {"SYSTEM", "SECURITY", "SOFTWARE", "SAM"};

struct happened { enum log log; size_t seq; int64_t time; const char *provider; unsigned id; struct field *fields; };
struct host {
    const char *name, *prefix;          /* NetBIOS name; in front of file names, where two hosts share a folder */
    bool workgroup, lost[LOGS], lost_hive[HIVES];
    int64_t no_dc_from, no_dc_to;       /* nothing that needs a domain controller succeeds in between */
    int64_t no_time_from, no_time_to;   /* nor a time source */
    struct hive hive[HIVES];
    struct happened *events;
    size_t n;
    char fqdn[128];
};
static const char *out_dir;

/* "03 02:00" or "03 02:00:05": March 2026, UTC. */
static int64_t T(const char *day)
{
    char text[32];
    snprintf(text, sizeof text, "2026-03-%.2sT%s%sZ", day, day + 3, strlen(day) > 8 ? "" : ":00");
    return utc(text);
}
#define SECOND WINTIME_SECOND
#define MINUTE (60 * SECOND)
static bool within(int64_t t, int64_t from, int64_t to) { return from && t >= from && t <= to; }

/* Text that lives until the case is written. */
static char pool[2048][96];
static size_t pooled;
static const char *keep(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *keep(const char *fmt, ...)
{
    va_list ap;
    assert(pooled < LEN(pool));
    va_start(ap, fmt);
    int n = vsnprintf(pool[pooled], sizeof pool[0], fmt, ap);
    va_end(ap);
    assert(n >= 0 && (size_t)n < sizeof pool[0]);
    return pool[pooled++];
}

/* An account: in words and by its SID. */
struct who { const char *domain, *user, *sid; };
#define CORP_SID "S-1-5-21-3623811015-3361044348-30300820"
#define CORP(user, rid) ((struct who){"CORP", (user), CORP_SID "-" #rid})
static const char *machine_sid(const struct host *h)
{
    uint64_t id = hash64(h->name, strlen(h->name));
    return keep("S-1-5-21-%u-%u-%u", (unsigned)(id & 0x7fffffff), (unsigned)(id >> 20 & 0x7fffffff), (unsigned)(id >> 33));
}
static struct who local(const struct host *h, const char *user, unsigned rid) { return (struct who){h->name, user, keep("%s-%u", machine_sid(h), rid)}; }
static const char *spelled(struct who who) { return keep("%s\\%s", who.domain, who.user); }
#define SYSTEM_SID "S-1-5-18"

/* Events wait here, in any order; save() writes each log in the order of time. */
static void queue(struct host *h, enum log log, int64_t time, const char *provider, unsigned id, const struct field *f)
{
    size_t n = 1;
    while (f[n - 1].type != F_END)
        n++;
    struct field *copy = calloc(n, sizeof *copy);
    h->events = realloc(h->events, (h->n + 1) * sizeof *h->events);
    assert(copy && h->events);
    for (size_t i = 0; i < n; i++) {
        copy[i] = f[i];
        copy[i].text = f[i].text ? strdup(f[i].text) : NULL;
        copy[i].bytes = f[i].bytes ? memcpy(calloc(1, f[i].n + 1), f[i].bytes, f[i].n) : NULL;
    }
    h->events[h->n] = (struct happened){log, h->n, time, provider, id, copy};
    h->n++;
}
#define say(h, log, time, provider, id, ...) queue(h, log, time, provider, id, (const struct field[]){__VA_ARGS__, END})

/* ---- What Windows says: one function per thing that happens ---- */
#define TASKS "Microsoft-Windows-TaskScheduler"
#define AUDIT "Microsoft-Windows-Security-Auditing"
#define SCM "Service Control Manager"
#define GPO "Microsoft-Windows-GroupPolicy"
#define SMB "Microsoft-Windows-SMBClient"
#define SUCCESS KEYWORDS(0x8020000000000000), LEVEL(0)
#define FAILURE KEYWORDS(0x8010000000000000), LEVEL(0)
#define BY_SYSTEM(h) SID("SubjectUserSid", SYSTEM_SID), S("SubjectUserName", machine(h)), S("SubjectDomainName", domain(h)), HEX64("SubjectLogonId", 0x3e7)
#define BY_ADMIN SID("SubjectUserSid", CORP_SID "-1001"), S("SubjectUserName", "it-admin"), S("SubjectDomainName", "CORP"), HEX64("SubjectLogonId", 0x5a1c3)
#define NOBODY "S-1-0-0"
#define NO_GUID "{00000000-0000-0000-0000-000000000000}"

static const char *machine(const struct host *h) { return keep("%s$", h->name); }     /* the computer account */
static const char *domain(const struct host *h) { return h->workgroup ? "WORKGROUP" : "CORP"; }

static void logon(struct host *h, int64_t t, unsigned type, struct who who, uint64_t luid, const char *process, const char *ip)
{
    bool kerberos = strcmp(who.domain, "CORP") == 0, service = type == 5 || type == 4;
    say(h, SECURITY_LOG, t, AUDIT, 4624, SUCCESS, VERSION(2), TASK(12544), PROCESS(764, 812), BY_SYSTEM(h), SID("TargetUserSid", who.sid), S("TargetUserName", who.user),
        S("TargetDomainName", who.domain), HEX64("TargetLogonId", luid), U32("LogonType", type), S("LogonProcessName", type == 3 ? "Kerberos" : service ? "Advapi  " : "User32 "),
        S("AuthenticationPackageName", type == 3 || (kerberos && service) ? "Kerberos" : "Negotiate"), S("WorkstationName", type == 3 ? "-" : h->name), GUID("LogonGuid", NO_GUID), S("TransmittedServices", "-"),
        S("LmPackageName", "-"), U32("KeyLength", 0), SIZET("ProcessId", type == 3 ? 0 : 0x2bc, 8), S("ProcessName", process), S("IpAddress", ip), S("IpPort", "0"),
        S("ImpersonationLevel", "%%1833"), S("RestrictedAdminMode", "-"), S("TargetOutboundUserName", "-"), S("TargetOutboundDomainName", "-"), S("VirtualAccount", "%%1843"),
        HEX64("TargetLinkedLogonId", 0), S("ElevatedToken", "%%1842"));
}
static void logoff(struct host *h, int64_t t, unsigned type, struct who who, uint64_t luid)
{
    say(h, SECURITY_LOG, t, AUDIT, 4634, SUCCESS, TASK(12545), PROCESS(764, 812), SID("TargetUserSid", who.sid), S("TargetUserName", who.user), S("TargetDomainName", who.domain),
        HEX64("TargetLogonId", luid), U32("LogonType", type));
}
static void logon_failed(struct host *h, int64_t t, unsigned type, struct who who, uint32_t status, uint32_t sub, const char *reason, const char *process)
{
    say(h, SECURITY_LOG, t, AUDIT, 4625, FAILURE, TASK(12544), PROCESS(764, 812), BY_SYSTEM(h), SID("TargetUserSid", NOBODY), S("TargetUserName", who.user), S("TargetDomainName", who.domain),
        HEX32("Status", status), S("FailureReason", reason), HEX32("SubStatus", sub), U32("LogonType", type), S("LogonProcessName", "Advapi  "),
        S("AuthenticationPackageName", "Negotiate"), S("WorkstationName", h->name), S("TransmittedServices", "-"), S("LmPackageName", "-"), U32("KeyLength", 0), SIZET("ProcessId", 0x4d8, 8),
        S("ProcessName", process), S("IpAddress", "-"), S("IpPort", "-"));
}
#define SERVICES_EXE "C:\\Windows\\System32\\services.exe"
#define SVCHOST_EXE "C:\\Windows\\System32\\svchost.exe"
#define WINLOGON_EXE "C:\\Windows\\System32\\winlogon.exe"

/* A person at the console. */
static void session(struct host *h, int64_t from, int64_t to, struct who who, uint64_t luid, unsigned number)
{
    unsigned type = within(from, h->no_dc_from, h->no_dc_to) ? 11 : 2;         /* cached, when no domain controller answers */
    logon(h, from, type, who, luid, WINLOGON_EXE, "127.0.0.1");
    say(h, SYSTEM_LOG, from + SECOND, "Microsoft-Windows-Winlogon", 7001, TASK(1101), PROCESS(620, 640), USER(SYSTEM_SID), U32("TSId", number), SID("UserSid", who.sid));
    say(h, SECURITY_LOG, to, AUDIT, 4647, SUCCESS, TASK(12545), PROCESS(764, 812), SID("TargetUserSid", who.sid), S("TargetUserName", who.user), S("TargetDomainName", who.domain),
        HEX64("TargetLogonId", luid));
    say(h, SYSTEM_LOG, to, "Microsoft-Windows-Winlogon", 7002, TASK(1102), PROCESS(620, 640), USER(SYSTEM_SID), U32("TSId", number), SID("UserSid", who.sid));
    logoff(h, to + 2 * SECOND, type, who, luid);
}

/* Passwords and rights. */
static void password_reset(struct host *h, int64_t t, struct who who)
{
    say(h, SECURITY_LOG, t, AUDIT, 4724, SUCCESS, TASK(13824), PROCESS(764, 812), S("TargetUserName", who.user), S("TargetDomainName", who.domain), SID("TargetSid", who.sid), BY_ADMIN);
    char when[40], text[WINTIME_TEXT];
    wintime_text(t, text);
    snprintf(when, sizeof when, "%.2s/%.2s/%.4s %.8s", text + 5, text + 8, text, text + 11);
    say(h, SECURITY_LOG, t, AUDIT, 4738, SUCCESS, TASK(13824), PROCESS(764, 812), S("Dummy", "-"), S("TargetUserName", who.user), S("TargetDomainName", who.domain), SID("TargetSid", who.sid), BY_ADMIN,
        S("PrivilegeList", "-"), S("SamAccountName", "-"), S("DisplayName", "-"), S("UserPrincipalName", "-"), S("HomeDirectory", "-"), S("HomePath", "-"), S("ScriptPath", "-"),
        S("ProfilePath", "-"), S("UserWorkstations", "-"), S("PasswordLastSet", when), S("AccountExpires", "-"), S("PrimaryGroupId", "-"), S("AllowedToDelegateTo", "-"), S("OldUacValue", "-"),
        S("NewUacValue", "-"), S("UserAccountControl", "-"), S("UserParameters", "-"), S("SidHistory", "-"), S("LogonHours", "-"));
}
static void account_disabled(struct host *h, int64_t t, struct who who)
{
    say(h, SECURITY_LOG, t, AUDIT, 4725, SUCCESS, TASK(13824), PROCESS(764, 812), S("TargetUserName", who.user), S("TargetDomainName", who.domain), SID("TargetSid", who.sid), BY_ADMIN);
}
static void right_removed(struct host *h, int64_t t, struct who who, const char *right)
{
    say(h, SECURITY_LOG, t, AUDIT, 4718, SUCCESS, TASK(13569), PROCESS(764, 812), BY_SYSTEM(h), SID("TargetSid", who.sid), S("AccessRemoved", right));
}

/* Tasks. */
static void task_ran(struct host *h, int64_t t, const char *task, const char *user, const char *program, uint32_t result)
{
    char instance[48];
    uint64_t id = hash64(task, strlen(task)) ^ (uint64_t)t;
    snprintf(instance, sizeof instance, "{%08X-1F2E-4C3D-9B4A-%012llX}", (unsigned)id, (unsigned long long)(id >> 16));
#define RUN LEVEL(4), USER(SYSTEM_SID), PROCESS(1240, 2936), S("TaskName", task)
    say(h, TASK_LOG, t, TASKS, 107, TASK(107), EVENTNAME("TimeTrigger"), RUN, GUID("InstanceId", instance));
    say(h, TASK_LOG, t, TASKS, 129, TASK(129), EVENTNAME("CreatedTaskProcess"), RUN, S("Path", program), U32("ProcessID", 4312), U32("Priority", 16384));
    say(h, TASK_LOG, t, TASKS, 100, TASK(100), EVENTNAME("TaskStartEvent"), RUN, S("UserContext", user), GUID("InstanceId", instance));
    say(h, TASK_LOG, t, TASKS, 200, TASK(200), VERSION(1), EVENTNAME("ActionStart"), RUN, S("ActionName", program), GUID("TaskInstanceId", instance), U32("EnginePID", 4312));
    say(h, TASK_LOG, t + 40 * SECOND, TASKS, 201, TASK(201), VERSION(2), EVENTNAME("ActionSuccess"), RUN, GUID("TaskInstanceId", instance), S("ActionName", program), U32("ResultCode", result), U32("EnginePID", 4312));
    say(h, TASK_LOG, t + 40 * SECOND, TASKS, 102, TASK(102), EVENTNAME("TaskSuccessEvent"), RUN, S("UserContext", user), GUID("InstanceId", instance));
#undef RUN
}
/* call: which logon call failed, or NULL when none was made. */
static void task_failed(struct host *h, int64_t t, const char *task, const char *user, const char *call, uint32_t code)
{
    if (call)
        say(h, TASK_LOG, t, TASKS, 104, LEVEL(2), TASK(104), USER(SYSTEM_SID), PROCESS(1240, 2936), EVENTNAME("LogonFailure"), S("UserName", user), S("ErrorDescription", call), U32("ResultCode", code));
    say(h, TASK_LOG, t + SECOND / 100, TASKS, 101, LEVEL(2), TASK(101), USER(SYSTEM_SID), PROCESS(1240, 2936), EVENTNAME("TaskStartFailedEvent"), S("TaskName", task), S("UserContext", user), U32("ResultCode", code));
}
static void task_registered(struct host *h, int64_t t, const char *task, const char *user)
{
    say(h, TASK_LOG, t, TASKS, 106, TASK(106), USER(SYSTEM_SID), PROCESS(1240, 2936), EVENTNAME("TaskRegisteredEvent"), S("TaskName", task), S("UserContext", user));
}
/* The task as the SOFTWARE hive keeps it. */
static void task(struct host *h, const struct task_row *t) { cached_task(&h->hive[SOFTWARE_HIVE], t); }

/* Services. */
static void service_state(struct host *h, int64_t t, const char *display, const char *key, bool running)
{
    struct buf b = {0};
    put_utf16(&b, key), put_utf16(&b, running ? "/4" : "/1"), buf_u16(&b, 0);
    say(h, SYSTEM_LOG, t, SCM, 7036, PROCESS(696, 3164), S("param1", display), S("param2", running ? "running" : "stopped"), FIELD(F_BINARY, .bytes = b.p, .n = b.n));
    buf_free(&b);
}
/* 7038 (or 7041 without a code) names the service by its key, 7000 by its display name. */
static void service_failed(struct host *h, int64_t t, const char *key, const char *display, const char *account, const char *code)
{
    if (code)
        say(h, SYSTEM_LOG, t, SCM, 7038, LEVEL(2), PROCESS(696, 3164), S("param1", key), S("param2", account), S("param3", code));
    else
        say(h, SYSTEM_LOG, t, SCM, 7041, LEVEL(2), PROCESS(696, 3164), S("param1", key), S("param2", account));
    say(h, SYSTEM_LOG, t, SCM, 7000, LEVEL(2), PROCESS(696, 3164), S("param1", display), S("param2", "%%1069"));
}
static void service(struct host *h, const struct service_row *s) { service_key(&h->hive[SYSTEM_HIVE], s); }

/* The network. */
static void policy_applied(struct host *h, int64_t t, bool changed)
{
#define APPLIED TASK(0), OPCODE(1), PROCESS(1240, 5580), USER(SYSTEM_SID), U32("SupportInfo1", 1), U32("SupportInfo2", 4311), U32("ProcessingMode", 0), U32("ProcessingTimeInMilliseconds", 1547), S("DCName", "\\\\DC01.corp.example")
    if (changed)
        say(h, SYSTEM_LOG, t, GPO, 1502, APPLIED, U32("NumberOfGroupPolicyObjects", 4));
    else
        say(h, SYSTEM_LOG, t, GPO, 1500, APPLIED);
#undef APPLIED
}
static void smb_failed(struct host *h, int64_t t, const char *server, struct who who, uint64_t luid, uint32_t status)
{
    char principal[128];
    int n = snprintf(principal, sizeof principal, "cifs/%s", server);
    const char *user = who.user[0] ? spelled(who) : "";
    say(h, SMB_LOG, t, SMB, 31001, LEVEL(2), PROCESS(4, 7320), USER(SYSTEM_SID), U32("Reason", 3), U32("Status", status), U32("SecurityStatus", 0), U64("LogonId", luid),
        U16("ServerNameLength", strlen(server)), S("ServerName", server), U16("PrincipalNameLength", n), S("PrincipalName", principal), U16("UserNameLength", strlen(user)), S("UserName", user));
}

/* ---- The ordinary rest ---- */
static const struct who anna = {"CORP", "anna", CORP_SID "-1104"}, scanner = {"CORP", "scan-fs", CORP_SID "-1107"};
static struct who person(const struct host *h) { return h->workgroup ? local(h, "anna", 1001) : anna; }     /* who works here */
static uint64_t desk_luid(unsigned day) { return 0x51000 + day * 0x1100; }                                  /* the session of that day */

static void boot(struct host *h, int64_t t)
{
    say(h, SYSTEM_LOG, t, "Microsoft-Windows-Kernel-General", 12, TASK(1), USER(SYSTEM_SID), U32("MajorVersion", 10), U32("MinorVersion", 0), U32("BuildVersion", 19045), U32("QfeVersion", 5854),
        U16("ServiceVersion", 0), U32("BootMode", 0), TIME("StartTime", t));
    say(h, SYSTEM_LOG, t + 12 * SECOND, "EventLog", 6009, D("10.00."), D("19045"), D(""), D("Multiprocessor Free"), D("0"));
    say(h, SYSTEM_LOG, t + 12 * SECOND, "EventLog", 6005, END);
    say(h, SECURITY_LOG, t + 11 * SECOND, AUDIT, 4608, SUCCESS, TASK(12288), PROCESS(764, 768));
    static const struct { const char *display, *key; } start[] = {{"Workstation", "LanmanWorkstation"}, {"Task Scheduler", "Schedule"}, {"Netlogon", "Netlogon"}, {"Server", "LanmanServer"}};
    for (size_t i = 0; i < LEN(start); i++)
        if (!h->workgroup || i != 2)
            service_state(h, t + (int64_t)(15 + i) * SECOND, start[i].display, start[i].key, true);
}
static void shutdown(struct host *h, int64_t t)
{
    say(h, SYSTEM_LOG, t, "EventLog", 6006, END);
    say(h, SYSTEM_LOG, t + 3 * SECOND, "Microsoft-Windows-Kernel-General", 13, TASK(2), USER(SYSTEM_SID), TIME("StopTime", t + 3 * SECOND));
    uint8_t stopped[8];
    set64(stopped, (uint64_t)(t + 3 * SECOND));
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Control\\Windows", BYTES("ShutdownTime", stopped, sizeof stopped), END);
}

static void ordinary_day(struct host *h, unsigned day)
{
    char text[16];
    snprintf(text, sizeof text, "%02u 00:00", day);
    int64_t midnight = T(text), hour = 60 * MINUTE;
    task_ran(h, midnight + 3 * hour, "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag", "NT AUTHORITY\\SYSTEM", "%windir%\\system32\\defrag.exe", 0);
    session(h, midnight + 8 * hour + 30 * MINUTE, midnight + 17 * hour + 30 * MINUTE, person(h), desk_luid(day), day);
    service_state(h, midnight + 11 * hour, "Windows Update", "wuauserv", true);
    service_state(h, midnight + 11 * hour + 20 * MINUTE, "Windows Update", "wuauserv", false);
    if (h->workgroup)
        return;
    int64_t visit = midnight + 10 * hour;
    if (!within(visit, h->no_dc_from, h->no_dc_to))
        logon(h, visit, 3, scanner, 0x62000 + day * 0x100, "-", "10.0.0.21"), logoff(h, visit + 30 * SECOND, 3, scanner, 0x62000 + day * 0x100);
    for (int64_t t = midnight + 8 * hour + 5 * MINUTE; t < midnight + 18 * hour; t += 95 * MINUTE)
        if (!within(t, h->no_dc_from, h->no_dc_to))
            policy_applied(h, t, false);
    int64_t sync = midnight + 8 * hour + 2 * MINUTE;
    if (!within(sync, h->no_dc_from, h->no_dc_to) && !within(sync, h->no_time_from, h->no_time_to))
        say(h, SYSTEM_LOG, sync, "Microsoft-Windows-Time-Service", 37, USER("S-1-5-19"), S("TimeSource", "DC01.corp.example (ntp.d|0.0.0.0:123->10.0.0.10:123)"));
}

static void ordinary_system(struct host *h)
{
    struct hive *s = &h->hive[SYSTEM_HIVE];
    reg(s, "Select", DW("Current", 1), DW("Default", 1), DW("Failed", 0), DW("LastKnownGood", 1), END);
    reg(s, "ControlSet001\\Control\\ComputerName\\ComputerName", SZ("ComputerName", h->name), END);
    reg(s, "ControlSet001\\Control\\TimeZoneInformation", DW("Bias", -60), DW("ActiveTimeBias", -60), DW("DaylightBias", -60), DW("StandardBias", 0), SZ("TimeZoneKeyName", "W. Europe Standard Time"), END);
    reg(s, "ControlSet001\\Control\\ProductOptions", SZ("ProductType", "WinNT"), END);
    reg(s, "ControlSet001\\Control\\NetworkProvider\\Order", SZ("ProviderOrder", "RDPNP,LanmanWorkstation,webclient"), END);
    reg(s, "ControlSet001\\Control\\Lsa", DW("auditbasedirectories", 0), DW("auditbaseobjects", 0), DW("crashonauditfail", 0), DW("disabledomaincreds", 0), DW("everyoneincludesanonymous", 0),
        DW("forceguest", 0), DW("LimitBlankPasswordUse", 1), DW("LsaCfgFlagsDefault", 0), DW("LsaPid", 764), DW("NoLmHash", 1), DW("restrictanonymous", 0), DW("restrictanonymoussam", 1),
        DW("SecureBoot", 1), MULTI("Authentication Packages", "msv1_0"), MULTI("Notification Packages", "scecli"), MULTI("Security Packages", "\"\""), END);
    reg(s, "ControlSet001\\Control\\Lsa\\MSV1_0", DW("NtlmMinClientSec", 0x20000000), DW("NtlmMinServerSec", 0x20000000), END);
    reg(s, "ControlSet001\\Control\\Lsa\\FipsAlgorithmPolicy", DW("Enabled", 0), END);
    hive_key(s, "ControlSet001\\Control\\Lsa\\Kerberos\\Parameters");
    static const struct service_row rows[] = {
        {.name = "BITS", .display = "Background Intelligent Transfer Service", .account = "LocalSystem", .start = 3, .type = 0x20, .depends = "RpcSs"},
        {.name = "CSC", .display = "Offline Files Driver", .start = 1, .type = 1, .image = "system32\\drivers\\csc.sys"},
        {.name = "CscService", .display = "Offline Files", .account = "LocalSystem", .start = 3, .type = 0x20, .depends = "RpcSs"},
        {.name = "Dnscache", .display = "DNS Client", .account = "NT AUTHORITY\\NetworkService", .start = 2, .type = 0x20},
        {.name = "EventLog", .display = "Windows Event Log", .account = "NT AUTHORITY\\LocalService", .start = 2, .type = 0x20},
        {.name = "KeyIso", .display = "CNG Key Isolation", .account = "LocalSystem", .start = 3, .type = 0x20, .depends = "RpcSs", .image = "%SystemRoot%\\system32\\lsass.exe"},
        {.name = "LanmanServer", .display = "Server", .account = "LocalSystem", .start = 2, .type = 0x20, .depends = "SamSS\nSrv2"},
        {.name = "LanmanWorkstation", .display = "Workstation", .account = "NT AUTHORITY\\NetworkService", .start = 2, .type = 0x20, .depends = "Bowser\nMRxSmb20\nNSI"},
        {.name = "RpcSs", .display = "Remote Procedure Call (RPC)", .account = "NT AUTHORITY\\NetworkService", .start = 2, .type = 0x20},
        {.name = "Schedule", .display = "Task Scheduler", .account = "LocalSystem", .start = 2, .type = 0x20, .depends = "RPCSS\nSystemEventsBroker"},
        {.name = "seclogon", .display = "Secondary Logon", .account = "LocalSystem", .start = 3, .type = 0x20},
        {.name = "VaultSvc", .display = "Credential Manager", .account = "LocalSystem", .start = 3, .type = 0x20, .depends = "rpcss", .image = "%SystemRoot%\\system32\\lsass.exe"},
        {.name = "W32Time", .display = "Windows Time", .account = "NT AUTHORITY\\LocalService", .start = 3, .type = 0x20},
        {.name = "WebClient", .display = "WebClient", .account = "NT AUTHORITY\\LocalService", .start = 3, .type = 0x20, .depends = "MRxDAV"},
        {.name = "wuauserv", .display = "Windows Update", .account = "LocalSystem", .start = 3, .type = 0x20, .depends = "rpcss"},
    };
    for (size_t i = 0; i < LEN(rows); i++)
        service(h, &rows[i]);
    service(h, &(struct service_row){.name = "Netlogon", .display = "Netlogon", .account = "LocalSystem", .start = h->workgroup ? 3 : 2, .type = 0x20, .depends = "LanmanWorkstation", .image = "%SystemRoot%\\system32\\lsass.exe"});
    reg(s, "ControlSet001\\Services\\LanmanWorkstation\\Parameters", DW("EnablePlainTextPassword", 0), DW("EnableSecuritySignature", 1), DW("RequireSecuritySignature", 0), END);
    reg(s, "ControlSet001\\Services\\LanmanServer\\Parameters", DW("EnableSecuritySignature", 0), DW("RequireSecuritySignature", 0), DW("RestrictNullSessAccess", 1), END);
    reg(s, "ControlSet001\\Services\\Netlogon\\Parameters", DW("DisablePasswordChange", 0), DW("MaximumPasswordAge", 30), DW("RequireSignOrSeal", 1), DW("RequireStrongKey", 1), DW("SealSecureChannel", 1),
        DW("SignSecureChannel", 1), END);
    reg(s, "ControlSet001\\Services\\W32Time\\Parameters", SZ("Type", h->workgroup ? "NTP" : "NT5DS"), SZ("NtpServer", "time.windows.com,0x9"), END);
    reg(s, "ControlSet001\\Services\\W32Time\\Config", DW("MaxNegPhaseCorrection", h->workgroup ? 54000 : 0xffffffff), DW("MaxPosPhaseCorrection", h->workgroup ? 54000 : 0xffffffff), END);
    reg(s, "ControlSet001\\Services\\Tcpip\\Parameters", SZ("Hostname", h->name), SZ("NV Hostname", h->name), SZ("Domain", h->workgroup ? "" : "corp.example"), SZ("NV Domain", h->workgroup ? "" : "corp.example"),
        SZ("DhcpNameServer", "10.0.0.10"), END);
}

static void ordinary_security(struct host *h)
{
    struct hive *s = &h->hive[SECURITY_HIVE];
    int64_t installed = utc("2025-06-10T09:00:00Z"), changed = utc("2026-02-20T03:12:41Z");
    static const struct { const char *sid; uint32_t mask; } rights[] = {
        {"S-1-1-0", RIGHT_NETWORK}, {"S-1-5-32-544", RIGHT_INTERACTIVE | RIGHT_NETWORK | RIGHT_BATCH | RIGHT_REMOTE}, {"S-1-5-32-545", RIGHT_INTERACTIVE | RIGHT_NETWORK},
        {"S-1-5-32-551", RIGHT_INTERACTIVE | RIGHT_NETWORK | RIGHT_BATCH}, {"S-1-5-32-555", RIGHT_REMOTE}, {"S-1-5-32-559", RIGHT_BATCH}, {"S-1-5-80-0", RIGHT_SERVICE},
    };
    reg(s, "Policy\\PolRevision", TYPED(V_NONE, "", "\x12\0\1\0", 4), END);
    lsa_name(s, "PolAcDmN", h->name), lsa_sid(s, "PolAcDmS", machine_sid(h));
    lsa_name(s, "PolPrDmN", domain(h)), lsa_sid(s, "PolPrDmS", h->workgroup ? NULL : CORP_SID);
    lsa_name(s, "PolDnDDN", h->workgroup ? "" : "corp.example"), lsa_name(s, "PolDnTrN", h->workgroup ? "" : "corp.example");
    lsa_audit(s, (struct audit_row[]){{AUDIT_LOGON, 3}, {AUDIT_USER_ACCOUNT, 3}, {AUDIT_VALIDATION, 3}}, 3);
    for (size_t i = 0; i < LEN(rights); i++)
        lsa_right(s, rights[i].sid, rights[i].mask);
    lsa_right(s, local(h, "Guest", 501).sid, RIGHT_INTERACTIVE | DENY_INTERACTIVE | DENY_NETWORK);
    lsa_secret(s, "DPAPI_SYSTEM", installed, installed), lsa_secret(s, "NL$KM", installed, installed);
    lsa_cache(s, 10);
    if (!h->workgroup) {
        lsa_secret(s, "$MACHINE.ACC", changed, utc("2026-01-21T03:12:40Z"));
        lsa_cached(s, 1, T("06 08:30"), 1104), lsa_cached(s, 2, utc("2026-02-12T09:15:00Z"), 1001);
    }
}

static void ordinary_software(struct host *h)
{
    struct hive *s = &h->hive[SOFTWARE_HIVE];
    char path[256];
    reg(s, "Microsoft\\Windows NT\\CurrentVersion", SZ("ProductName", "Windows 10 Enterprise"), SZ("EditionID", "Enterprise"), SZ("CurrentBuild", "19045"), SZ("CurrentBuildNumber", "19045"),
        SZ("DisplayVersion", "22H2"), DW("UBR", 5854), DW("InstallDate", 1749546000), END);
    reg(s, "Microsoft\\Windows NT\\CurrentVersion\\Winlogon", SZ("AutoAdminLogon", "0"), SZ("CachedLogonsCount", "10"), END);
    reg(s, "Microsoft\\Windows\\CurrentVersion\\Policies\\System", DW("EnableLUA", 1), END);
    for (size_t i = TASK_LOG; i < LOGS; i++) {
        snprintf(path, sizeof path, "Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\%s", logs[i].channel);
        reg(s, path, DW("Enabled", 1), DW("MaxSize", 0xa00000), END);
    }
    snprintf(path, sizeof path, "Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\%s", person(h).sid);
    reg(s, path, EXPAND("ProfileImagePath", "C:\\Users\\anna"), DW("State", 0), END);
    task(h, &(struct task_row){.path = "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag", .sid = SYSTEM_SID, .logon = "ServiceAccount", .command = "%windir%\\system32\\defrag.exe",
             .arguments = "-c -h -o", .registered = utc("2025-06-10T09:00:00Z"), .last_run = T("06 03:00"), .last_ok = T("06 03:00:40")});
}

static void ordinary_sam(struct host *h)
{
    struct hive *s = &h->hive[SAM_HIVE];
    int64_t installed = utc("2025-06-10T09:00:00Z");
    sam_domain(s, machine_sid(h), 10);
    sam_user(s, &(struct user_row){.name = "Administrator", .rid = 500, .flags = ACB_NORMAL | ACB_DISABLED | ACB_NEVER_EXPIRES, .password_set = installed});
    sam_user(s, &(struct user_row){.name = "Guest", .rid = 501, .flags = ACB_NORMAL | ACB_DISABLED | ACB_NO_PASSWORD | ACB_NEVER_EXPIRES, .blank = true});
    sam_user(s, &(struct user_row){.name = h->workgroup ? "anna" : "localadm", .rid = 1001, .flags = ACB_NORMAL | ACB_NEVER_EXPIRES, .password_set = utc("2026-01-15T10:00:00Z"), .last_logon = T("06 08:30")});
}

static struct host machine_named(const char *name, bool workgroup)
{
    static const char *const paths[HIVES] = {"\\SystemRoot\\System32\\Config\\SYSTEM", "\\SystemRoot\\System32\\Config\\SECURITY", "\\SystemRoot\\System32\\Config\\SOFTWARE",
                                             "\\SystemRoot\\System32\\Config\\SAM"};
    struct host h = {.name = name, .workgroup = workgroup};
    snprintf(h.fqdn, sizeof h.fqdn, "%s%s", name, workgroup ? "" : ".corp.example");
    for (size_t i = 0; i < HIVES; i++)
        h.hive[i] = (struct hive){.name = paths[i], .now = T("02 07:50"), .seq = 411 + (uint32_t)i};
    ordinary_system(&h), ordinary_security(&h), ordinary_software(&h), ordinary_sam(&h);
    return h;
}
static struct host member(const char *name) { return machine_named(name, false); }
static struct host standalone(const char *name) { return machine_named(name, true); }

/* The days around the case: a Sunday evening, a boot on Monday, work until Friday. */
static void ordinary(struct host *h)
{
    session(h, T("01 17:00"), T("01 18:00"), person(h), 0x41f00, 1);
    shutdown(h, T("01 18:05"));
    boot(h, T("02 07:50"));
    for (unsigned day = 2; day <= 6; day++)
        ordinary_day(h, day);
}

/* ---- Writing ---- */
static int by_time(const void *a, const void *b)
{
    const struct happened *x = a, *y = b;
    return x->time < y->time ? -1 : x->time > y->time ? 1 : x->seq < y->seq ? -1 : 1;
}

static void folder(char *path, size_t cap, const char *name)
{
    int n = snprintf(path, cap, "%s/%s", out_dir, name);
    assert(n > 0 && (size_t)n < cap);
    mkdir(out_dir, 0777);
    mkdir(path, 0777);
}

/* Each log in the order of time, then the hives; what was lost is left out. */
static void collect(struct host *h, const char *name)
{
    char dir[1024], file[256];
    folder(dir, sizeof dir, name);
    qsort(h->events, h->n, sizeof *h->events, by_time);
    for (size_t i = 0; i < LOGS; i++) {
        struct evtx log = {.computer = h->fqdn, .channel = logs[i].channel, .first_id = logs[i].first_id};
        struct buf b = {0};
        for (size_t k = 0; k < h->n; k++)
            if (h->events[k].log == i)
                evtx_event(&log, h->events[k].time, h->events[k].provider, h->events[k].id, h->events[k].fields);
        bool any = log.n > 0;
        evtx_end(&log, &b);
        snprintf(file, sizeof file, "%s%s", h->prefix ? h->prefix : "", logs[i].file);
        if (any && !h->lost[i])
            write_file(dir, file, &b);
        buf_free(&b);
    }
    for (size_t i = 0; i < HIVES; i++) {
        struct buf b = {0};
        hive_write(&h->hive[i], &b);
        snprintf(file, sizeof file, "%s%s", h->prefix ? h->prefix : "", hives[i]);
        if (!h->lost_hive[i])
            write_file(dir, file, &b);
        buf_free(&b), hive_free(&h->hive[i]);
    }
    for (size_t k = 0; k < h->n; k++) {
        for (struct field *f = h->events[k].fields; f->type != F_END; f++)
            free((char *)(uintptr_t)f->text), free((void *)(uintptr_t)f->bytes);
        free(h->events[k].fields);
    }
    free(h->events);
}

static void lose_all_but(struct host *h, enum log kept_log, int kept_hive)
{
    for (int i = 0; i < LOGS; i++)
        h->lost[i] = i != (int)kept_log;
    for (int i = 0; i < HIVES; i++)
        h->lost_hive[i] = i != kept_hive;
}

/* ==== The cases ==== */
#define WIN32(code) (0x80070000u | (code))
enum { NOT_LOGGED_ON = 1245, NO_LOGON_SERVERS = 1311, NO_SUCH_SESSION = 1312, LOGON_FAILURE = 1326, ACCOUNT_IS_DISABLED = 1331, TYPE_NOT_GRANTED = 1385 };
#define NT_ACCESS_DENIED 0xC0000022u
#define NT_NO_SUCH_SESSION 0xC000005Fu
#define NT_TOO_MANY_COMMANDS 0xC00000C1u
#define NT_REQUEST_NOT_ACCEPTED 0xC00000D0u
#define NT_TIME_DIFFERENCE 0xC0000133u
#define NT_CREDENTIAL_CONFLICT 0xC0000195u
#define NT_NO_SESSION_KEY 0xC0000202u

/* A task with a stored password that starts each morning at 09:10 and logs its account on. */
static void morning_run(struct host *h, const char *day, const char *path, struct who who)
{
    int64_t t = T(keep("%s 09:10", day));
    logon(h, t, 4, who, 0x73000 + (uint64_t)(t / MINUTE & 0xfff), SVCHOST_EXE, "-");
    task_ran(h, t, path, spelled(who), "C:\\Tools\\backup.exe", 0);
    logoff(h, t + 41 * SECOND, 4, who, 0x73000 + (uint64_t)(t / MINUTE & 0xfff));
}
static const struct who backup = {"CORP", "svc-backup", CORP_SID "-1105"};

/* \Backup under CORP\svc-backup: fine until a policy forbids stored passwords, 1312 from then on, and no logon was tried. */
static void backup_refused(struct host *h, const char *path)
{
    ordinary(h);
    lsa_right(&h->hive[SECURITY_HIVE], backup.sid, RIGHT_BATCH);
    task(h, &(struct task_row){.path = path, .sid = backup.sid, .user = spelled(backup), .logon = "Password", .command = "C:\\Tools\\backup.exe", .registered = utc("2026-02-10T10:00:00Z"),
             .last_run = T("06 09:10"), .last_ok = T("03 09:10:40"), .result = WIN32(NO_SUCH_SESSION)});
    morning_run(h, "02", path, backup), morning_run(h, "03", path, backup);
    policy_applied(h, T("04 09:00"), true);
    for (unsigned day = 4; day <= 6; day++)
        task_failed(h, T(keep("%02u 09:10", day)), path, spelled(backup), "LogonUserExEx", WIN32(NO_SUCH_SESSION));
}
static void forbid_stored_passwords(struct host *h) { reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", 1), END); }

static void credential_storage_policy(const char *name)
{
    struct host h = member("WS04");
    backup_refused(&h, "\\Backup");
    forbid_stored_passwords(&h);
    collect(&h, name);
}

/* The value is 0 in SYSTEM and 1 in a page that only SYSTEM.LOG2 holds: the hive was copied before it was flushed. */
static void dirty_hive(const char *name)
{
    struct host h = member("WS24");
    struct hive *s = &h.hive[SYSTEM_HIVE];
    struct buf state[3] = {0}, log[2] = {0};
    char dir[1024];
    backup_refused(&h, "\\Backup");
    hive_write(s, &state[0]);
    s->now = T("04 08:59"), reg(s, "ControlSet001\\Control\\Lsa", DW("LsaPid", 788), END), hive_write(s, &state[1]);
    s->now = T("04 09:00"), forbid_stored_passwords(&h), hive_write(s, &state[2]);
    log_begin(&log[0], &state[0], s->seq), log_entry(&log[0], &state[0], &state[1], s->seq);
    log_begin(&log[1], &state[1], s->seq + 1), log_entry(&log[1], &state[1], &state[2], s->seq + 1);
    hive_seq(&state[0], s->seq + 2, s->seq);
    h.lost_hive[SYSTEM_HIVE] = true;            /* written here, dirty */
    collect(&h, name);
    folder(dir, sizeof dir, name);
    write_file(dir, "SYSTEM", &state[0]), write_file(dir, "SYSTEM.LOG1", &log[0]), write_file(dir, "SYSTEM.LOG2", &log[1]);
    for (size_t i = 0; i < 3; i++)
        buf_free(&state[i]), buf_free(&log[i % 2]);
}

static void missing_hive(const char *name)
{
    struct host h = member("WS21");
    backup_refused(&h, "\\Backup");
    forbid_stored_passwords(&h);
    h.lost_hive[SYSTEM_HIVE] = true;
    collect(&h, name);
}

/* The same failure on two hosts, whose files lie side by side; only one of them has the policy. */
static void two_hosts(const char *name)
{
    struct host one = member("WS22"), two = member("SRV23");
    one.prefix = "WS22-", two.prefix = "SRV23-";
    backup_refused(&one, "\\Backup"), backup_refused(&two, "\\Backup");
    forbid_stored_passwords(&one);
    collect(&one, name), collect(&two, name);
}

/* Everything a name can hold that a report must not run, render or reorder. */
#define HOSTILE "<script>alert('x')</script>|**bold** [a](javascript:1) \"q\" $(id)"
static void hostile_strings(const char *name)
{
    struct host h = member("WS25<B>\"'&");
    backup_refused(&h, "\\" HOSTILE);
    forbid_stored_passwords(&h);
    service(&h, &(struct service_row){.name = "=cmd|' /C calc'!A0", .display = "</td><img src=x onerror=alert(1)> \xe2\x80\xaegnp.exe", .account = "CORP\\svc<b>", .start = 2});
    service_failed(&h, T("05 12:00"), "=cmd|' /C calc'!A0", "</td><img src=x onerror=alert(1)> \xe2\x80\xaegnp.exe", "CORP\\svc<b>", "%%1326");
    task_failed(&h, T("05 13:00"), "\\\xe2\x80\xaetxt.exe\xe2\x81\xa6 \x1b[31m`r`", "CORP\\`anna`", "LogonUserExEx", WIN32(LOGON_FAILURE));
    collect(&h, name);
}

static void task_interactive_no_session(const char *name)
{
    struct host h = member("WS02");
    ordinary(&h);
    task(&h, &(struct task_row){.path = "\\Reports\\Nightly", .sid = anna.sid, .user = "CORP\\anna", .logon = "InteractiveToken", .command = "C:\\Reports\\nightly.cmd",
              .registered = utc("2026-01-12T14:00:00Z"), .last_run = T("06 02:00"), .result = WIN32(NOT_LOGGED_ON)});
    for (unsigned day = 3; day <= 6; day++) {           /* Anna works until 17:30 */
        int64_t t = T(keep("%02u 02:00", day));
        say(&h, TASK_LOG, t, TASKS, 332, LEVEL(3), TASK(332), USER(SYSTEM_SID), PROCESS(1240, 2936), EVENTNAME("TaskStartFailedEventUserNotLoggedOn"), S("TaskName", "\\Reports\\Nightly"), S("UserName", "CORP\\anna"));
        task_failed(&h, t, "\\Reports\\Nightly", "CORP\\anna", NULL, WIN32(NOT_LOGGED_ON));
    }
    collect(&h, name);
}

/* A deployment script comes in over WinRM (logon type 3) and asks BITS for a download. */
static void bits_noninteractive(const char *name)
{
    struct host h = member("WS03");
    struct who deploy = CORP("svc-deploy", 1109);
    const char *job = "{6B2F1F0C-8B0B-4F0E-9C6C-2F5B0D3A7E11}", *url = "https://updates.corp.example/tools.msi";
    ordinary(&h);
    logon(&h, T("04 13:00"), 3, deploy, 0x81a40, "-", "10.0.0.40"), logoff(&h, T("04 13:05"), 3, deploy, 0x81a40);
    say(&h, BITS_LOG, T("04 13:00:05"), "Microsoft-Windows-Bits-Client", 3, VERSION(2), USER(deploy.sid), PROCESS(5120, 5144), S("jobTitle", "Tools download"), GUID("jobId", job), S("jobOwner", spelled(deploy)),
        S("processPath", "C:\\Windows\\System32\\wsmprovhost.exe"), U32("processId", 6024));
    say(&h, BITS_LOG, T("04 13:00:06"), "Microsoft-Windows-Bits-Client", 61, VERSION(1), LEVEL(3), USER(SYSTEM_SID), PROCESS(5120, 5144), GUID("transferId", "{0A3D7B55-4E9C-4E05-8A3C-9A5E3D6B7F22}"),
        S("name", "Tools download"), GUID("Id", job), S("url", url), S("peer", ""), U32("hr", WIN32(NOT_LOGGED_ON)), TIME("fileTime", 0), U64("fileLength", UINT64_MAX), U64("bytesTotal", UINT64_MAX),
        U64("bytesTransferred", 0), S("proxy", ""), U64("peerProtocolFlags", 0), U64("bytesTransferredFromPeer", 0), U32("AdditionalInfoHr", 0), U32("PeerContextInfo", 0), U64("bandwidthLimit", UINT64_MAX),
        BOOL("ignoreBandwidthLimitsOnLan", 0));
    collect(&h, name);
}

/* The cached share goes offline at 10:00, an access fails with 1245, half an hour later it is back; a reset of the cache is pending. */
static void offline_files_state(const char *name)
{
    struct host h = member("WS05");
    ordinary(&h);
    reg(&h.hive[SYSTEM_HIVE], "ControlSet001\\Services\\CSC\\Parameters", DW("FormatDatabase", 1), END);
    reg(&h.hive[SOFTWARE_HIVE], "Policies\\Microsoft\\Windows\\NetCache", DW("Enabled", 1), END);
#define CSC(id, t, ...) say(&h, OFFLINE_LOG, T(t), "Microsoft-Windows-OfflineFiles", id, USER(SYSTEM_SID), PROCESS(1240, 6100), S("Path", "\\\\FS01\\home\\anna"), __VA_ARGS__)
    CSC(9, "04 10:00", END);
    CSC(1001, "04 10:05", LEVEL(2), S("ResultCode", "0x800704DD"), S("Result", "The operation being requested was not performed because the user has not logged on to the network. The specified service does not exist."));
    CSC(10, "04 10:30", END);
#undef CSC
    collect(&h, name);
}

static void s4u_account_unsupported(const char *name)
{
    struct host h = standalone("WS06");
    struct who entra = {"AzureAD", "anna", "S-1-12-1-3172635461-1231347205-1847319942-2984013722"};
    ordinary(&h);
    task_registered(&h, T("03 10:00"), "\\Sync", "AzureAD\\anna");
    task(&h, &(struct task_row){.path = "\\Sync", .sid = entra.sid, .user = spelled(entra), .logon = "S4U", .command = "C:\\Tools\\sync.exe", .registered = T("03 10:00"), .last_run = T("04 12:00"),
              .result = WIN32(NO_SUCH_SESSION)});
    task_failed(&h, T("03 12:00"), "\\Sync", "AzureAD\\anna", "LogonUserS4U", WIN32(NO_SUCH_SESSION));
    task_failed(&h, T("04 12:00"), "\\Sync", "AzureAD\\anna", "LogonUserS4U", WIN32(NO_SUCH_SESSION));
    collect(&h, name);
}

/* The account's password is reset at noon; the task still has the old one. */
static void task_password_drift(const char *name)
{
    struct host h = member("WS07");
    struct who svc = local(&h, "svc-export", 1004);
    ordinary(&h);
    sam_user(&h.hive[SAM_HIVE], &(struct user_row){.name = svc.user, .rid = 1004, .flags = ACB_NORMAL | ACB_NEVER_EXPIRES, .password_set = T("03 12:00"), .last_bad = T("06 09:10"), .bad_count = 3});
    lsa_right(&h.hive[SECURITY_HIVE], svc.sid, RIGHT_BATCH);
    task(&h, &(struct task_row){.path = "\\ERP\\Export", .sid = svc.sid, .user = spelled(svc), .logon = "Password", .command = "C:\\ERP\\export.exe", .registered = utc("2025-11-20T08:00:00Z"),
              .last_run = T("06 09:10"), .last_ok = T("03 09:10:40"), .result = WIN32(LOGON_FAILURE)});
    morning_run(&h, "02", "\\ERP\\Export", svc), morning_run(&h, "03", "\\ERP\\Export", svc);
    password_reset(&h, T("03 12:00"), svc);
    for (unsigned day = 4; day <= 6; day++) {
        int64_t t = T(keep("%02u 09:10", day));
        logon_failed(&h, t, 4, svc, 0xC000006D, 0xC000006A, "%%2313", SVCHOST_EXE);
        task_failed(&h, t, "\\ERP\\Export", spelled(svc), "LogonUserExEx", WIN32(LOGON_FAILURE));
    }
    collect(&h, name);
}

static void batch_right_missing(const char *name)
{
    struct host h = member("WS08");
    struct who svc = CORP("svc-report", 1110);
    ordinary(&h);
    task(&h, &(struct task_row){.path = "\\Reports\\Weekly", .sid = svc.sid, .user = spelled(svc), .logon = "Password", .command = "C:\\Reports\\weekly.cmd", .registered = utc("2026-01-05T08:00:00Z"),
              .last_run = T("05 09:10"), .last_ok = T("03 09:10:40"), .result = WIN32(TYPE_NOT_GRANTED)});
    morning_run(&h, "03", "\\Reports\\Weekly", svc);
    policy_applied(&h, T("04 07:30"), true);
    right_removed(&h, T("04 07:30:02"), svc, "SeBatchLogonRight");
    for (unsigned day = 4; day <= 5; day++) {
        int64_t t = T(keep("%02u 09:10", day));
        logon_failed(&h, t, 4, svc, 0xC000015B, 0, "%%2308", SVCHOST_EXE);
        task_failed(&h, t, "\\Reports\\Weekly", spelled(svc), "LogonUserExEx", WIN32(TYPE_NOT_GRANTED));
    }
    collect(&h, name);
}

/* The site's line is down all Wednesday. */
static void dc_unreachable(const char *name)
{
    struct host h = member("WS09");
    struct who svc = CORP("svc-inv", 1111);
    h.no_dc_from = T("04 05:00"), h.no_dc_to = T("04 20:00");
    ordinary(&h);
    task(&h, &(struct task_row){.path = "\\Inventory", .sid = svc.sid, .user = spelled(svc), .logon = "Password", .command = "C:\\Tools\\inventory.exe", .registered = utc("2026-01-05T08:00:00Z"),
              .last_run = T("05 09:10"), .last_ok = T("05 09:10:40")});
    lsa_right(&h.hive[SECURITY_HIVE], svc.sid, RIGHT_BATCH);
    morning_run(&h, "03", "\\Inventory", svc), morning_run(&h, "05", "\\Inventory", svc);
    say(&h, SYSTEM_LOG, T("04 09:04"), "Microsoft-Windows-DNS-Client", 1014, LEVEL(3), USER("S-1-5-20"), PROCESS(1732, 4100), S("QueryName", "_ldap._tcp.dc._msdcs.corp.example"), U32("AddressLength", 128),
        BIN("Address", "\x02\x00\x00\x35\x0a\x00\x00\x0a\x00\x00\x00\x00\x00\x00\x00\x00"));
    say(&h, SYSTEM_LOG, T("04 09:05"), "NETLOGON", 5719, LEVEL(2), D("CORP"), D("%%1311"), BINARY("\x5e\x00\x00\xc0"));
    say(&h, SYSTEM_LOG, T("04 09:06"), GPO, 1129, LEVEL(2), OPCODE(1), USER(SYSTEM_SID), PROCESS(1240, 5580), U32("SupportInfo1", 1), U32("SupportInfo2", 1866), U32("ProcessingMode", 0),
        U32("ProcessingTimeInMilliseconds", 2313), U32("ErrorCode", 1222), S("ErrorDescription", "The network is not present or not started."));
    logon_failed(&h, T("04 09:10"), 4, svc, 0xC000005E, 0, "%%2304", SVCHOST_EXE);
    task_failed(&h, T("04 09:10"), "\\Inventory", spelled(svc), "LogonUserExEx", WIN32(NO_LOGON_SERVERS));
    collect(&h, name);
}

static void explicit_logon(struct host *h, int64_t t, struct who by, uint64_t luid, struct who as, const char *server, const char *process)
{
    say(h, SECURITY_LOG, t, AUDIT, 4648, SUCCESS, TASK(12544), PROCESS(764, 812), SID("SubjectUserSid", by.sid), S("SubjectUserName", by.user), S("SubjectDomainName", by.domain), HEX64("SubjectLogonId", luid),
        GUID("LogonGuid", NO_GUID), S("TargetUserName", as.user), S("TargetDomainName", as.domain), GUID("TargetLogonGuid", NO_GUID), S("TargetServerName", server),
        S("TargetInfo", keep("cifs/%s", server)), SIZET("ProcessId", 0x1a2c, 8), S("ProcessName", process), S("IpAddress", "-"), S("IpPort", "-"));
}

/* Anna has a drive on FS01 as one user and maps another as a second one. */
static void credential_conflict(const char *name)
{
    struct host h = member("WS10");
    struct who import = CORP("svc-import", 1112), archive = CORP("svc-archive", 1113);
    ordinary(&h);
    explicit_logon(&h, T("04 10:00"), anna, desk_luid(4), archive, "FS01", "C:\\Windows\\System32\\net.exe");
    explicit_logon(&h, T("04 10:05"), anna, desk_luid(4), import, "FS01", "C:\\Windows\\System32\\net.exe");
    smb_failed(&h, T("04 10:05"), "FS01", import, desk_luid(4), NT_CREDENTIAL_CONFLICT);
    collect(&h, name);
}

static void smb1_client(struct host *h)
{
    service(h, &(struct service_row){.name = "MRxSmb10", .display = "SMB 1.x MiniRedirector", .start = 2, .type = 2, .image = "system32\\DRIVERS\\mrxsmb10.sys"});
    service(h, &(struct service_row){.name = "LanmanWorkstation", .display = "Workstation", .account = "NT AUTHORITY\\NetworkService", .start = 2, .type = 0x20, .depends = "Bowser\nMRxSmb10\nMRxSmb20\nNSI"});
}

/* The share lies on a desktop Windows, which takes twenty connections and no more. */
static void smb_limit_reached(const char *name)
{
    struct host h = member("WS11");
    ordinary(&h);
    for (unsigned i = 0; i < 3; i++)
        say(&h, SMB_LOG, T(keep("04 10:%02u", 10 + i)), SMB, 31010, LEVEL(2), PROCESS(4, 7320), USER(SYSTEM_SID), U32("Reason", 9), U32("Status", NT_REQUEST_NOT_ACCEPTED), U16("ShareNameLength", 11),
            S("ShareName", "\\\\WKS07\\Data"), U16("ObjectNameLength", 0), S("ObjectName", ""));
    collect(&h, name);
}

/* An old tuning guide: MaxCmds 2, and a NAS that speaks SMB1 only. */
static void redirector_limits_low(const char *name)
{
    struct host h = member("WS12");
    ordinary(&h);
    smb1_client(&h);
    reg(&h.hive[SYSTEM_HIVE], "ControlSet001\\Services\\LanmanWorkstation\\Parameters", DW("MaxCmds", 2), DW("MaxThreads", 2), END);
    smb_failed(&h, T("04 10:05"), "NAS01", anna, desk_luid(4), NT_TOO_MANY_COMMANDS);
    smb_failed(&h, T("05 10:05"), "NAS01", anna, desk_luid(5), NT_TOO_MANY_COMMANDS);
    collect(&h, name);
}

/* A NAS that lets everyone in as guest: no password, so no session key, and this client wants signed sessions. */
static void guest_session_no_key(const char *name)
{
    struct host h = member("WS13");
    ordinary(&h);
    reg(&h.hive[SYSTEM_HIVE], "ControlSet001\\Services\\LanmanWorkstation\\Parameters", DW("RequireSecuritySignature", 1), DW("AllowInsecureGuestAuth", 0), END);
    for (unsigned i = 0; i < 2; i++) {
        say(&h, SMB_LOG, T(keep("04 10:%02u", 20 + i)), SMB, 31017, LEVEL(2), PROCESS(4, 7320), USER(SYSTEM_SID), U16("UserNameLength", 0), S("UserName", ""), U16("ServerNameLength", 5), S("ServerName", "NAS01"));
        smb_failed(&h, T(keep("04 10:%02u:01", 20 + i)), "NAS01", anna, desk_luid(4), NT_NO_SESSION_KEY);
    }
    collect(&h, name);
}

/* The virtual machine was set back to a snapshot twelve days old: its computer password with it. */
static void secure_channel_broken(const char *name)
{
    struct host h = member("WS14");
    h.no_dc_from = T("04 08:40"), h.no_dc_to = T("06 23:00");
    ordinary(&h);
    lsa_secret(&h.hive[SECURITY_HIVE], "$MACHINE.ACC", utc("2026-01-21T03:12:40Z"), utc("2025-12-22T03:12:39Z"));
    say(&h, SYSTEM_LOG, T("04 08:40"), "Microsoft-Windows-Kernel-General", 1, TASK(5), USER(SYSTEM_SID), VERSION(1), TIME("NewTime", T("04 08:40")), TIME("OldTime", utc("2026-02-20T08:40:00Z")), U32("Reason", 1));
    for (unsigned day = 4; day <= 6; day++) {
        say(&h, SYSTEM_LOG, T(keep("%02u 08:45", day)), "NETLOGON", 3210, LEVEL(2), D("CORP"), D("\\\\DC01.corp.example"), BINARY("\x22\x00\x00\xc0"));
        smb_failed(&h, T(keep("%02u 09:00", day)), "FS01", (struct who){"CORP", "WS14$", ""}, 0x3e7, NT_NO_SESSION_KEY);
    }
    collect(&h, name);
}

/* Someone sets the clock eleven minutes ahead by hand; Kerberos refuses until the next synchronisation. */
static void clock_skew(const char *name)
{
    struct host h = member("WS15");
    h.no_time_from = T("04 00:00"), h.no_time_to = T("04 23:00");
    ordinary(&h);
    reg(&h.hive[SYSTEM_HIVE], "ControlSet001\\Services\\W32Time\\Parameters", SZ("Type", "NoSync"), END);
    say(&h, SYSTEM_LOG, T("04 10:11"), "Microsoft-Windows-Kernel-General", 1, TASK(5), USER(anna.sid), VERSION(2), TIME("NewTime", T("04 10:11")), TIME("OldTime", T("04 10:00")), U32("Reason", 1),
        S("ProcessName", "\\Device\\HarddiskVolume3\\Windows\\System32\\rundll32.exe"), U32("ProcessID", 7716));
    for (unsigned i = 0; i < 2; i++) {
        say(&h, SYSTEM_LOG, T(keep("04 10:%02u", 20 + i)), "Microsoft-Windows-Security-Kerberos", 3, LEVEL(2), PROCESS(764, 812), S("LogonSession", "CORP.EXAMPLE\\anna"), S("ClientTime", ""), S("ServerTime", "9:10:0.0000 3/4/2026 Z"),
            S("ErrorCode", "0x25"), S("ErrorMessage", "KRB_AP_ERR_SKEW"), S("ExtendedError", "0xc0000133 KLIN(0)"), S("ClientRealm", ""), S("ClientName", ""), S("ServerRealm", "CORP.EXAMPLE"),
            S("ServerName", "cifs/FS01"), S("TargetName", "cifs/FS01@CORP.EXAMPLE"), S("ErrorText", ""), S("File", "onecore\\ds\\security\\protocols\\kerberos\\client2\\logonapi.cxx"), S("Line", "e0a"));
        smb_failed(&h, T(keep("04 10:%02u", 20 + i)), "FS01", anna, desk_luid(4), NT_TIME_DIFFERENCE);
    }
    collect(&h, name);
}

/* A service under a local account: last stored password of November, reset on 4 March at 10:00. */
static void acme_service(struct host *h, struct who svc, int64_t stored)
{
    ordinary(h);
    service(h, &(struct service_row){.name = "AcmeSync", .display = "Acme Synchronisation", .account = keep(".\\%s", svc.user), .start = 2, .image = "\"C:\\Program Files\\Acme\\sync.exe\""});
    sam_user(&h->hive[SAM_HIVE], &(struct user_row){.name = svc.user, .rid = 1005, .flags = ACB_NORMAL | ACB_NEVER_EXPIRES, .password_set = T("04 10:00"), .last_bad = T("04 12:00"), .bad_count = 1});
    lsa_right(&h->hive[SECURITY_HIVE], svc.sid, RIGHT_SERVICE);
    lsa_secret(&h->hive[SECURITY_HIVE], "_SC_AcmeSync", stored, utc("2025-11-03T09:30:00Z"));
    logon(h, T("02 07:51"), 5, svc, 0x1d0a2, SERVICES_EXE, "-");
    service_state(h, T("02 07:51:01"), "Acme Synchronisation", "AcmeSync", true);
    password_reset(h, T("04 10:00"), svc);
    service_state(h, T("04 11:59"), "Acme Synchronisation", "AcmeSync", false);
    logon_failed(h, T("04 12:00"), 5, svc, 0xC000006D, 0xC000006A, "%%2313", SERVICES_EXE);
    service_failed(h, T("04 12:00"), "AcmeSync", "Acme Synchronisation", keep(".\\%s", svc.user), "%%1326");
}
static void service_password_drift(const char *name)
{
    struct host h = member("WS16");
    acme_service(&h, local(&h, "svc-acme", 1005), utc("2025-11-03T09:30:00Z"));
    collect(&h, name);
}
/* The same, but someone had entered a password after the reset: what is stored is not the old one. */
static void service_password_reentered(const char *name)
{
    struct host h = member("WS17");
    acme_service(&h, local(&h, "svc-acme", 1005), T("04 10:05"));
    collect(&h, name);
}

static void account_unusable(const char *name)
{
    struct host h = member("WS18");
    struct who svc = local(&h, "svc-clean", 1006);
    ordinary(&h);
    sam_user(&h.hive[SAM_HIVE], &(struct user_row){.name = svc.user, .rid = 1006, .flags = ACB_NORMAL | ACB_DISABLED | ACB_NEVER_EXPIRES, .password_set = utc("2025-09-01T08:00:00Z")});
    lsa_right(&h.hive[SECURITY_HIVE], svc.sid, RIGHT_BATCH);
    task(&h, &(struct task_row){.path = "\\Cleanup", .sid = svc.sid, .user = spelled(svc), .logon = "Password", .command = "C:\\Tools\\cleanup.cmd", .registered = utc("2025-09-01T08:30:00Z"),
              .last_run = T("05 09:10"), .last_ok = T("03 09:10:40"), .result = WIN32(ACCOUNT_IS_DISABLED)});
    morning_run(&h, "03", "\\Cleanup", svc);
    account_disabled(&h, T("03 15:00"), svc);
    for (unsigned day = 4; day <= 5; day++) {
        int64_t t = T(keep("%02u 09:10", day));
        logon_failed(&h, t, 4, svc, 0xC000006E, 0xC0000072, "%%2310", SVCHOST_EXE);
        task_failed(&h, t, "\\Cleanup", spelled(svc), "LogonUserExEx", WIN32(ACCOUNT_IS_DISABLED));
    }
    collect(&h, name);
}

static void service_right_missing(const char *name)
{
    struct host h = member("WS19");
    struct who svc = CORP("svc-index", 1114);
    ordinary(&h);
    service(&h, &(struct service_row){.name = "AcmeIndex", .display = "Acme Indexer", .account = spelled(svc), .start = 2, .image = "\"C:\\Program Files\\Acme\\index.exe\""});
    lsa_secret(&h.hive[SECURITY_HIVE], "_SC_AcmeIndex", utc("2025-11-03T09:30:00Z"), utc("2025-11-03T09:30:00Z"));
    logon(&h, T("02 07:51"), 5, svc, 0x1d0b4, SERVICES_EXE, "-");
    service_state(&h, T("02 07:51:01"), "Acme Indexer", "AcmeIndex", true);
    policy_applied(&h, T("04 07:30"), true);
    right_removed(&h, T("04 07:30:02"), svc, "SeServiceLogonRight");
    service_state(&h, T("04 11:59"), "Acme Indexer", "AcmeIndex", false);
    logon_failed(&h, T("04 12:00"), 5, svc, 0xC000015B, 0, "%%2308", SERVICES_EXE);
    service_failed(&h, T("04 12:00"), "AcmeIndex", "Acme Indexer", spelled(svc), NULL);
    collect(&h, name);
}

/* LocalService goes out on the network as nobody. */
static void builtin_account_on_network(const char *name)
{
    struct host h = member("WS20");
    ordinary(&h);
    service(&h, &(struct service_row){.name = "ScanMover", .display = "Scan Mover", .account = "NT AUTHORITY\\LocalService", .start = 2, .image = "\"C:\\Program Files\\ScanMover\\mover.exe\" --to \\\\FS01\\scans"});
    for (unsigned day = 3; day <= 5; day++) {
        int64_t t = T(keep("%02u 12:00", day));
        smb_failed(&h, t, "FS01", (struct who){"", "", ""}, 0x3e5, NT_ACCESS_DENIED);
        say(&h, SYSTEM_LOG, t + SECOND, SCM, 7023, LEVEL(2), PROCESS(696, 3164), S("param1", "Scan Mover"), S("param2", "%%5"));
    }
    collect(&h, name);
}

/* An agent keeps the token of a remote session that has ended. */
static void token_outlived_session(const char *name)
{
    struct host h = member("SRV26");
    struct who admin = CORP("it-admin", 1001);
    ordinary(&h);
    logon(&h, T("04 09:00"), 10, admin, 0x7c1f2, WINLOGON_EXE, "10.0.0.55");
    logoff(&h, T("04 10:00"), 10, admin, 0x7c1f2);
    smb_failed(&h, T("04 10:40"), "FS01", admin, 0x7c1f2, NT_NO_SUCH_SESSION);
    smb_failed(&h, T("04 10:50"), "FS01", admin, 0x7c1f2, NT_NO_SUCH_SESSION);
    collect(&h, name);
}

/* Twice the service is quicker than the network: it fails at boot and starts three minutes later. */
static void boot_race(const char *name)
{
    struct host h = member("WS27");
    struct who svc = CORP("svc-poll", 1115);
    ordinary(&h);
    service(&h, &(struct service_row){.name = "AcmePoll", .display = "Acme Poller", .account = spelled(svc), .start = 2, .image = "\"C:\\Program Files\\Acme\\poll.exe\""});
    lsa_secret(&h.hive[SECURITY_HIVE], "_SC_AcmePoll", utc("2025-11-03T09:30:00Z"), utc("2025-11-03T09:30:00Z"));
    lsa_right(&h.hive[SECURITY_HIVE], svc.sid, RIGHT_SERVICE);
    shutdown(&h, T("04 18:05")), boot(&h, T("05 07:50"));
    for (unsigned i = 0; i < 2; i++) {
        int64_t t = i ? T("05 07:50") : T("02 07:50");
        say(&h, SYSTEM_LOG, t + 20 * SECOND, "NETLOGON", 5719, LEVEL(2), D("CORP"), D("%%1311"), BINARY("\x5e\x00\x00\xc0"));
        logon_failed(&h, t + 25 * SECOND, 5, svc, 0xC000005E, 0, "%%2304", SERVICES_EXE);
        service_failed(&h, t + 25 * SECOND, "AcmePoll", "Acme Poller", spelled(svc), "%%1311");
        logon(&h, t + 180 * SECOND, 5, svc, 0x2e0a0 + i, SERVICES_EXE, "-");
        service_state(&h, t + 181 * SECOND, "Acme Poller", "AcmePoll", true);
    }
    collect(&h, name);
}

static void healthy_host(const char *name)
{
    struct host h = member("WS01");
    struct who svc = CORP("svc-sync", 1106);
    ordinary(&h);
    service(&h, &(struct service_row){.name = "AcmeSync", .display = "Acme Synchronisation", .account = spelled(svc), .start = 2, .image = "\"C:\\Program Files\\Acme\\sync.exe\""});
    lsa_secret(&h.hive[SECURITY_HIVE], "_SC_AcmeSync", utc("2025-11-03T09:30:00Z"), utc("2025-11-03T09:30:00Z"));
    lsa_right(&h.hive[SECURITY_HIVE], svc.sid, RIGHT_SERVICE), lsa_right(&h.hive[SECURITY_HIVE], backup.sid, RIGHT_BATCH);
    logon(&h, T("02 07:51"), 5, svc, 0x1d0a2, SERVICES_EXE, "-");
    service_state(&h, T("02 07:51:01"), "Acme Synchronisation", "AcmeSync", true);
    task(&h, &(struct task_row){.path = "\\Backup", .sid = backup.sid, .user = spelled(backup), .logon = "Password", .command = "C:\\Tools\\backup.exe", .registered = utc("2026-02-10T10:00:00Z"),
              .last_run = T("06 09:10"), .last_ok = T("06 09:10:40")});
    for (unsigned day = 2; day <= 6; day++)
        morning_run(&h, keep("%02u", day), "\\Backup", backup);
    collect(&h, name);
}

/* The program itself ends with 1312, as it may: the scheduler reports an exit code, not a logon error. */
static void exit_code_collision(const char *name)
{
    struct host h = member("WS28");
    ordinary(&h);
    lsa_right(&h.hive[SECURITY_HIVE], backup.sid, RIGHT_BATCH);
    task(&h, &(struct task_row){.path = "\\Convert", .sid = backup.sid, .user = spelled(backup), .logon = "Password", .command = "C:\\Tools\\convert.exe", .registered = utc("2026-02-10T10:00:00Z"),
              .last_run = T("05 13:00"), .last_ok = T("05 13:00:40"), .result = NO_SUCH_SESSION});
    for (unsigned day = 3; day <= 5; day++) {
        int64_t t = T(keep("%02u 13:00", day));
        logon(&h, t, 4, backup, 0x74000 + day, SVCHOST_EXE, "-");
        task_ran(&h, t, "\\Convert", spelled(backup), "C:\\Tools\\convert.exe", NO_SUCH_SESSION);
        logoff(&h, t + 41 * SECOND, 4, backup, 0x74000 + day);
    }
    collect(&h, name);
}

/* All that was sent is System.evtx, and the record that names the reason has rolled out of it. */
static void only_the_system_log(const char *name)
{
    struct host h = member("WS29");
    ordinary(&h);
    say(&h, SYSTEM_LOG, T("04 12:00"), SCM, 7000, LEVEL(2), PROCESS(696, 3164), S("param1", "AcmeSync"), S("param2", "%%1069"));
    lose_all_but(&h, SYSTEM_LOG, -1);
    collect(&h, name);
}

static const struct { const char *name; void (*write)(const char *name); } cases[] = {
    {"healthy-host", healthy_host},
    {"task-interactive-no-session", task_interactive_no_session},
    {"bits-noninteractive", bits_noninteractive},
    {"credential-storage-policy", credential_storage_policy},
    {"offline-files-state", offline_files_state},
    {"s4u-account-unsupported", s4u_account_unsupported},
    {"task-password-drift", task_password_drift},
    {"batch-right-missing", batch_right_missing},
    {"dc-unreachable", dc_unreachable},
    {"credential-conflict", credential_conflict},
    {"smb-limit-reached", smb_limit_reached},
    {"redirector-limits-low", redirector_limits_low},
    {"guest-session-no-key", guest_session_no_key},
    {"secure-channel-broken", secure_channel_broken},
    {"clock-skew", clock_skew},
    {"service-password-drift", service_password_drift},
    {"service-password-reentered", service_password_reentered},
    {"account-unusable", account_unusable},
    {"service-right-missing", service_right_missing},
    {"builtin-account-on-network", builtin_account_on_network},
    {"missing-hive", missing_hive},
    {"two-hosts", two_hosts},
    {"dirty-hive", dirty_hive},
    {"hostile-strings", hostile_strings},
    {"token-outlived-session", token_outlived_session},
    {"boot-race", boot_race},
    {"exit-code-collision", exit_code_collision},
    {"only-system-log", only_the_system_log},
};

int main(int argc, char **argv)
{
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: make_samples OUTDIR\n");
        return 2;
    }
    out_dir = argv[1];
    for (size_t i = 0; i < LEN(cases); i++)
        cases[i].write(cases[i].name), pooled = 0;
    return 0;
}
