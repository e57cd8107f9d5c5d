/* scene: the words in which a case is told: one host, what happens on it, and what is collected from it.
 * Everything is static and for one program; a struct host is ended by collect(), which frees it. Times are
 * days of March 2026, UTC: T("04 09:10"). A word that Windows would not say so is an error of the sample. */
#ifndef SCENE_H
#define SCENE_H
#include "tests/build.h"
#include "base/hash.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* ---- One host and what is collected from it ---- */
enum log {
    SYSTEM_LOG,
    SECURITY_LOG,
    TASK_LOG,
    BITS_LOG,
    OFFLINE_LOG,
    SMB_LOG,
    APPLICATION_LOG,
    CONNECT_LOG,
    NTLM_LOG,
    NETLOGON_LOG,
    AAD_LOG,
    SHELL_LOG,
    LOGS
};
enum { SYSTEM_HIVE, SECURITY_HIVE, SOFTWARE_HIVE, SAM_HIVE, HIVES };
static const struct {
    const char *file, *channel;
    uint64_t first_id;
} logs[LOGS] = {
    [SYSTEM_LOG] = {"System.evtx", "System", 18231},
    [SECURITY_LOG] = {"Security.evtx", "Security", 90417},
    [TASK_LOG] = {"Microsoft-Windows-TaskScheduler%4Operational.evtx",
                  "Microsoft-Windows-TaskScheduler/Operational", 5120},
    [BITS_LOG] = {"Microsoft-Windows-Bits-Client%4Operational.evtx",
                  "Microsoft-Windows-Bits-Client/Operational", 733},
    [OFFLINE_LOG] = {"Microsoft-Windows-OfflineFiles%4Operational.evtx",
                     "Microsoft-Windows-OfflineFiles/Operational", 1},
    [SMB_LOG] = {"Microsoft-Windows-SmbClient%4Security.evtx", "Microsoft-Windows-SmbClient/Security", 1},
    [APPLICATION_LOG] = {"Application.evtx", "Application", 6420},
    [CONNECT_LOG] = {"Microsoft-Windows-SmbClient%4Connectivity.evtx",
                     "Microsoft-Windows-SmbClient/Connectivity", 210},
    [NTLM_LOG] = {"Microsoft-Windows-NTLM%4Operational.evtx", "Microsoft-Windows-NTLM/Operational", 30},
    [NETLOGON_LOG] = {"Microsoft-Windows-Security-Netlogon%4Operational.evtx",
                      "Microsoft-Windows-Security-Netlogon/Operational", 1},
    [AAD_LOG] = {"Microsoft-Windows-AAD%4Operational.evtx", "Microsoft-Windows-AAD/Operational", 880},
    [SHELL_LOG] = {"Microsoft-Windows-PowerShell%4Operational.evtx",
                   "Microsoft-Windows-PowerShell/Operational", 1},
};
static const char *const hives[HIVES] = {"SYSTEM", "SECURITY", "SOFTWARE", "SAM"};

struct happened {
    enum log log;
    size_t seq;
    int64_t time;
    const char *provider;
    unsigned id;
    struct field *fields;
};
struct host {
    /* NetBIOS name; in front of file names, where two hosts share a folder */
    const char *name, *prefix;
    bool workgroup, seven /* Windows 7 */, lived, lost[LOGS], lost_hive[HIVES];
    int64_t no_dc_from, no_dc_to;     /* nothing that needs a domain controller succeeds in between */
    int64_t no_time_from, no_time_to; /* nor a time source */
    struct hive hive[HIVES];
    struct printed { /* what a tool printed into a file; wide: as PowerShell writes it */
        const char *file, *text;
        bool wide;
    } printed[4];
    size_t n_printed;
    struct happened *events;
    size_t n;
    char fqdn[128];
};
static const char *out_dir;

/* How a case is told: as it is (all zero), or as one of many. later: everything happens so much later;
 * prefix: in front of the name of each host. */
enum how {
    AS_IT_IS,
    TWIN,    /* the same failures, but one fact contradicts the cause */
    REPAIRED /* the cause is taken away afterwards, and what failed works again */
};
static struct {
    enum how how;
    int64_t later;
    const char *prefix;
    void (*beside)(struct host *, int64_t, const char *user); /* what else fails then; NULL: nothing */
} telling;
static bool twin(void) { return telling.how == TWIN; }
static bool repaired(void) { return telling.how == REPAIRED; }
static void beside(struct host *h, int64_t t, const char *user)
{
    void (*more)(struct host *, int64_t, const char *) = telling.beside;
    telling.beside = NULL; /* what it tells has nothing beside it */
    if (more && *user)
        more(h, t, user);
    telling.beside = more;
}

/* "03 02:00" or "03 02:00:05": March 2026, UTC. */
static int64_t T(const char *day)
{
    char text[32];
    snprintf(text, sizeof text, "2026-03-%.2sT%s%sZ", day, day + 3, strlen(day) > 8 ? "" : ":00");
    return utc(text) + telling.later;
}
#define SECOND WINTIME_SECOND
#define MINUTE (60 * SECOND)
static bool within(int64_t t, int64_t from, int64_t to) { return from && t >= from && t <= to; }

/* Text that lives until the case is written. */
static char pool[2048][96];
static size_t pooled;
static const char *keep(const char *fmt, ...) PRINTF_LIKE(1, 2);
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
struct who {
    const char *domain, *user, *sid;
};
#define CORP_SID        "S-1-5-21-3623811015-3361044348-30300820"
#define CORP(user, rid) ((struct who){"CORP", (user), CORP_SID "-" #rid})
static const char *machine_sid(const struct host *h)
{
    uint64_t id = hash64(h->name, strlen(h->name));
    return keep("S-1-5-21-%u-%u-%u", (unsigned)(id & 0x7fffffff), (unsigned)(id >> 20 & 0x7fffffff),
                (unsigned)(id >> 33));
}
static struct who local(const struct host *h, const char *user, unsigned rid)
{
    return (struct who){h->name, user, keep("%s-%u", machine_sid(h), rid)};
}
static const char *spelled(struct who who) { return keep("%s\\%s", who.domain, who.user); }
#define SYSTEM_SID "S-1-5-18"

/* Events wait here, in any order; collect() writes each log in the order of time. */
static void queue(struct host *h, enum log log, int64_t time, const char *provider, unsigned id,
                  const struct field *f)
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
#define say(h, log, time, provider, id, ...) \
    queue(h, log, time, provider, id, (const struct field[]){__VA_ARGS__, END})

/* ---- What Windows says: one function per thing that happens ---- */
#define TASKS   "Microsoft-Windows-TaskScheduler"
#define AUDIT   "Microsoft-Windows-Security-Auditing"
#define SCM     "Service Control Manager"
#define GPO     "Microsoft-Windows-GroupPolicy"
#define SMB     "Microsoft-Windows-SMBClient"
#define SUCCESS KEYWORDS(0x8020000000000000), LEVEL(0)
#define FAILURE KEYWORDS(0x8010000000000000), LEVEL(0)
#define SUBJECT(sid, name, of, luid)                                                    \
    SID("SubjectUserSid", sid), S("SubjectUserName", name), S("SubjectDomainName", of), \
        HEX64("SubjectLogonId", luid)
#define BY_SYSTEM(h) SUBJECT(SYSTEM_SID, machine(h), domain(h), 0x3e7)
#define BY_ADMIN     SUBJECT(CORP_SID "-1001", "it-admin", "CORP", 0x5a1c3)
#define BY_NOBODY    SUBJECT(NOBODY, "-", "-", 0)
#define NOBODY       "S-1-0-0"
#define NO_GUID      "{00000000-0000-0000-0000-000000000000}"

/* the computer account */
static const char *machine(const struct host *h) { return keep("%s$", h->name); }
static const char *domain(const struct host *h) { return h->workgroup ? "WORKGROUP" : "CORP"; }
static const char *dns_domain(const struct host *h) { return h->workgroup ? "" : "corp.example"; }

static void logon(struct host *h, int64_t t, unsigned type, struct who who, uint64_t luid,
                  const char *process, const char *ip)
{
    bool network = type == 3, service = type == 5 || type == 4,
         kerberos = network || (service && strcmp(who.domain, "CORP") == 0);
#define CREATED                                                                                              \
    SID("TargetUserSid", who.sid), S("TargetUserName", who.user), S("TargetDomainName", who.domain),         \
        HEX64("TargetLogonId", luid), U32("LogonType", type),                                                \
        S("LogonProcessName", network   ? "Kerberos"                                                         \
                              : service ? "Advapi  "                                                         \
                                        : "User32 "),                                                        \
        S("AuthenticationPackageName", kerberos ? "Kerberos" : "Negotiate"),                                 \
        S("WorkstationName", network ? "-" : h->name), GUID("LogonGuid", NO_GUID),                           \
        S("TransmittedServices", "-"), S("LmPackageName", "-"), U32("KeyLength", 0),                         \
        HEX64("ProcessId", network ? 0 : 0x2bc), S("ProcessName", process), S("IpAddress", ip),              \
        S("IpPort", "0"), S("ImpersonationLevel", "%%1833"), S("RestrictedAdminMode", "-"),                  \
        S("TargetOutboundUserName", "-"), S("TargetOutboundDomainName", "-"), S("VirtualAccount", "%%1843"), \
        HEX64("TargetLinkedLogonId", 0), S("ElevatedToken", "%%1842")
    if (network)
        say(h, SECURITY_LOG, t, AUDIT, 4624, SUCCESS, VERSION(2), TASK(12544), PROCESS(764, 812), BY_NOBODY,
            CREATED);
    else
        say(h, SECURITY_LOG, t, AUDIT, 4624, SUCCESS, VERSION(2), TASK(12544), PROCESS(764, 812),
            BY_SYSTEM(h), CREATED);
#undef CREATED
}
static void logoff(struct host *h, int64_t t, unsigned type, struct who who, uint64_t luid)
{
    say(h, SECURITY_LOG, t, AUDIT, 4634, SUCCESS, TASK(12545), PROCESS(764, 812),
        SID("TargetUserSid", who.sid), S("TargetUserName", who.user), S("TargetDomainName", who.domain),
        HEX64("TargetLogonId", luid), U32("LogonType", type));
}
static void logon_failed(struct host *h, int64_t t, unsigned type, struct who who, uint32_t status,
                         uint32_t sub, const char *reason, const char *process)
{
    say(h, SECURITY_LOG, t, AUDIT, 4625, FAILURE, TASK(12544), PROCESS(764, 812), BY_SYSTEM(h),
        SID("TargetUserSid", NOBODY), S("TargetUserName", who.user), S("TargetDomainName", who.domain),
        HEX32("Status", status), S("FailureReason", reason), HEX32("SubStatus", sub), U32("LogonType", type),
        S("LogonProcessName", "Advapi  "), S("AuthenticationPackageName", "Negotiate"),
        S("WorkstationName", type == 3 ? "-" : h->name), S("TransmittedServices", "-"),
        S("LmPackageName", "-"), U32("KeyLength", 0), HEX64("ProcessId", 0x4d8), S("ProcessName", process),
        S("IpAddress", "-"), S("IpPort", "-"));
}
#define SERVICES_EXE "C:\\Windows\\System32\\services.exe"
#define SVCHOST_EXE  "C:\\Windows\\System32\\svchost.exe"
#define WINLOGON_EXE "C:\\Windows\\System32\\winlogon.exe"

/* A person at the console. */
static void session(struct host *h, int64_t from, int64_t to, struct who who, uint64_t luid, unsigned number)
{
    /* cached, when no domain controller answers */
    unsigned type = within(from, h->no_dc_from, h->no_dc_to) ? 11 : 2;
    logon(h, from, type, who, luid, WINLOGON_EXE, "127.0.0.1");
    say(h, SYSTEM_LOG, from + SECOND, "Microsoft-Windows-Winlogon", 7001, TASK(1101), PROCESS(620, 640),
        USER(SYSTEM_SID), U32("TSId", number), SID("UserSid", who.sid));
    say(h, SECURITY_LOG, to, AUDIT, 4647, SUCCESS, TASK(12545), PROCESS(764, 812),
        SID("TargetUserSid", who.sid), S("TargetUserName", who.user), S("TargetDomainName", who.domain),
        HEX64("TargetLogonId", luid));
    say(h, SYSTEM_LOG, to, "Microsoft-Windows-Winlogon", 7002, TASK(1102), PROCESS(620, 640),
        USER(SYSTEM_SID), U32("TSId", number), SID("UserSid", who.sid));
    logoff(h, to + 2 * SECOND, type, who, luid);
}

/* Passwords and rights. */
#define WHOM(who) \
    S("TargetUserName", (who).user), S("TargetDomainName", (who).domain), SID("TargetSid", (who).sid)
/* 4738 and 4742: of all properties only the time of the password changed. */
#define ONLY_PASSWORD(when)                                                                                  \
    S("PrivilegeList", "-"), S("SamAccountName", "-"), S("DisplayName", "-"), S("UserPrincipalName", "-"),   \
        S("HomeDirectory", "-"), S("HomePath", "-"), S("ScriptPath", "-"), S("ProfilePath", "-"),            \
        S("UserWorkstations", "-"), S("PasswordLastSet", when), S("AccountExpires", "-"),                    \
        S("PrimaryGroupId", "-"), S("AllowedToDelegateTo", "-"), S("OldUacValue", "-"),                      \
        S("NewUacValue", "-"), S("UserAccountControl", "-"), S("UserParameters", "-"), S("SidHistory", "-"), \
        S("LogonHours", "-")
/* "3/4/2026 10:00:00 AM", as the security log writes times in texts */
static const char *shown(int64_t t)
{
    char text[WINTIME_TEXT];
    int y, mo, d, h, mi, s;
    int n = sscanf(wintime_text(t, text), "%d-%d-%dT%d:%d:%d", &y, &mo, &d, &h, &mi, &s);
    assert(n == 6);
    return keep("%d/%d/%d %d:%02d:%02d %s", mo, d, y, h % 12 ? h % 12 : 12, mi, s, h < 12 ? "AM" : "PM");
}
static void password_reset(struct host *h, int64_t t, struct who who)
{
    say(h, SECURITY_LOG, t, AUDIT, 4724, SUCCESS, TASK(13824), PROCESS(764, 812), WHOM(who), BY_ADMIN);
    say(h, SECURITY_LOG, t, AUDIT, 4738, SUCCESS, TASK(13824), PROCESS(764, 812), S("Dummy", "-"), WHOM(who),
        BY_ADMIN, ONLY_PASSWORD(shown(t)));
}
static void computer_reset(struct host *dc, int64_t t, struct who computer)
{
    say(dc, SECURITY_LOG, t, AUDIT, 4742, SUCCESS, TASK(13825), PROCESS(764, 812),
        S("ComputerAccountChange", "-"), WHOM(computer), BY_ADMIN, ONLY_PASSWORD(shown(t)),
        S("DnsHostName", "-"), S("ServicePrincipalNames", "-"));
}
static void account_disabled(struct host *h, int64_t t, struct who who)
{
    say(h, SECURITY_LOG, t, AUDIT, 4725, SUCCESS, TASK(13824), PROCESS(764, 812), WHOM(who), BY_ADMIN);
}
static void right_removed(struct host *h, int64_t t, struct who who, const char *right)
{
    say(h, SECURITY_LOG, t, AUDIT, 4718, SUCCESS, TASK(13569), PROCESS(764, 812), BY_SYSTEM(h),
        SID("TargetSid", who.sid), S("AccessRemoved", right));
}

static void right_given(struct host *h, int64_t t, struct who who, const char *right)
{
    say(h, SECURITY_LOG, t, AUDIT, 4717, SUCCESS, TASK(13569), PROCESS(764, 812), BY_SYSTEM(h),
        SID("TargetSid", who.sid), S("AccessGranted", right));
}
static void account_enabled(struct host *h, int64_t t, struct who who)
{
    say(h, SECURITY_LOG, t, AUDIT, 4722, SUCCESS, TASK(13824), PROCESS(764, 812), WHOM(who), BY_ADMIN);
}

/* Tasks. */
static void task_ran(struct host *h, int64_t t, const char *task, const char *user, const char *program,
                     uint32_t result)
{
    char instance[48];
    uint64_t id = hash64(task, strlen(task)) ^ (uint64_t)t;
    snprintf(instance, sizeof instance, "{%08X-1F2E-4C3D-9B4A-%012llX}", (unsigned)id,
             (unsigned long long)(id >> 16));
#define RUN LEVEL(4), USER(SYSTEM_SID), PROCESS(1240, 2936), S("TaskName", task)
    say(h, TASK_LOG, t, TASKS, 107, TASK(107), EVENTNAME("TimeTrigger"), RUN, GUID("InstanceId", instance));
    say(h, TASK_LOG, t, TASKS, 129, TASK(129), EVENTNAME("CreatedTaskProcess"), RUN, S("Path", program),
        U32("ProcessID", 4312), U32("Priority", 16384));
    say(h, TASK_LOG, t, TASKS, 100, TASK(100), EVENTNAME("TaskStartEvent"), RUN, S("UserContext", user),
        GUID("InstanceId", instance));
    say(h, TASK_LOG, t, TASKS, 200, TASK(200), VERSION(1), EVENTNAME("ActionStart"), RUN,
        S("ActionName", program), GUID("TaskInstanceId", instance), U32("EnginePID", 4312));
    say(h, TASK_LOG, t + 40 * SECOND, TASKS, 201, TASK(201), VERSION(2), EVENTNAME("ActionSuccess"), RUN,
        GUID("TaskInstanceId", instance), S("ActionName", program), U32("ResultCode", result),
        U32("EnginePID", 4312));
    say(h, TASK_LOG, t + 40 * SECOND, TASKS, 102, TASK(102), EVENTNAME("TaskSuccessEvent"), RUN,
        S("UserContext", user), GUID("InstanceId", instance));
#undef RUN
}
/* call: which logon call failed, or NULL when none was made. */
static void task_failed(struct host *h, int64_t t, const char *task, const char *user, const char *call,
                        uint32_t code)
{
    beside(h, t, user);
    if (call)
        say(h, TASK_LOG, t, TASKS, 104, LEVEL(2), TASK(104), USER(SYSTEM_SID), PROCESS(1240, 2936),
            EVENTNAME("LogonFailure"), S("UserName", user), S("ErrorDescription", call),
            U32("ResultCode", code));
    say(h, TASK_LOG, t + SECOND / 100, TASKS, 101, LEVEL(2), TASK(101), USER(SYSTEM_SID), PROCESS(1240, 2936),
        EVENTNAME("TaskStartFailedEvent"), S("TaskName", task), S("UserContext", user),
        U32("ResultCode", code));
}
static void task_registered(struct host *h, int64_t t, const char *task, const char *user)
{
    say(h, TASK_LOG, t, TASKS, 106, TASK(106), USER(SYSTEM_SID), PROCESS(1240, 2936),
        EVENTNAME("TaskRegisteredEvent"), S("TaskName", task), S("UserContext", user));
}
/* The task as the SOFTWARE hive keeps it. */
static void task(struct host *h, const struct task_row *t) { cached_task(&h->hive[SOFTWARE_HIVE], t); }

/* Services. */
static void service_state(struct host *h, int64_t t, const char *display, const char *key, bool running)
{
    struct buf b = {0};
    put_utf16(&b, key), put_utf16(&b, running ? "/4" : "/1"), buf_u16(&b, 0);
    say(h, SYSTEM_LOG, t, SCM, 7036, PROCESS(696, 3164), S("param1", display),
        S("param2", running ? "running" : "stopped"), FIELD(F_BINARY, .bytes = b.p, .n = b.n));
    buf_free(&b);
}
/* 7038 (or 7041 without a code) names the service by its key, 7000 by its display name. */
static void service_failed(struct host *h, int64_t t, const char *key, const char *display,
                           const char *account, const char *code)
{
    beside(h, t, account);
    if (code)
        say(h, SYSTEM_LOG, t, SCM, 7038, LEVEL(2), PROCESS(696, 3164), S("param1", key), S("param2", account),
            S("param3", code));
    else
        say(h, SYSTEM_LOG, t, SCM, 7041, LEVEL(2), PROCESS(696, 3164), S("param1", key),
            S("param2", account));
    say(h, SYSTEM_LOG, t, SCM, 7000, LEVEL(2), PROCESS(696, 3164), S("param1", display),
        S("param2", "%%1069"));
}
static void service(struct host *h, const struct service_row *s) { service_key(&h->hive[SYSTEM_HIVE], s); }

/* The network. */
static void policy_applied(struct host *h, int64_t t, bool changed)
{
#define APPLIED                                                                                          \
    OPCODE(1), PROCESS(1240, 5580), USER(SYSTEM_SID), U32("SupportInfo1", 1), U32("SupportInfo2", 4311), \
        U32("ProcessingMode", 0), U32("ProcessingTimeInMilliseconds", 1547),                             \
        S("DCName", "\\\\DC01.corp.example")
    if (changed)
        say(h, SYSTEM_LOG, t, GPO, 1502, APPLIED, U32("NumberOfGroupPolicyObjects", 4));
    else
        say(h, SYSTEM_LOG, t, GPO, 1500, APPLIED);
#undef APPLIED
}
static void smb_failed(struct host *h, int64_t t, const char *server, struct who who, uint64_t luid,
                       uint32_t status)
{
    char principal[128];
    int n = snprintf(principal, sizeof principal, "cifs/%s", server);
    const char *user = who.user[0] ? spelled(who) : "";
    beside(h, t, user);
    say(h, SMB_LOG, t, SMB, 31001, LEVEL(2), PROCESS(4, 7320), USER(SYSTEM_SID), U32("Reason", 3),
        U32("Status", status), U32("SecurityStatus", 0), U64("LogonId", luid),
        U16("ServerNameLength", strlen(server)), S("ServerName", server), U16("PrincipalNameLength", n),
        S("PrincipalName", principal), U16("UserNameLength", strlen(user)), S("UserName", user));
}

static void clock_set(struct host *h, int64_t from, int64_t to, struct who by, const char *program)
{
    say(h, SYSTEM_LOG, to, "Microsoft-Windows-Kernel-General", 1, TASK(5), USER(by.sid), VERSION(2),
        TIME("NewTime", to), TIME("OldTime", from), U32("Reason", 1),
        S("ProcessName", keep("\\Device\\HarddiskVolume3\\Windows\\System32\\%s", program)),
        U32("ProcessID", 7716));
}

/* ---- The ordinary rest ---- */
static const struct who anna = {"CORP", "anna", CORP_SID "-1104"},
                        scanner = {"CORP", "scan-fs", CORP_SID "-1107"};
/* who works here */
static struct who person(const struct host *h) { return h->workgroup ? local(h, "anna", 1001) : anna; }
/* the session of that day */
static uint64_t desk_luid(unsigned day) { return 0x51000 + day * 0x1100; }

static void boot(struct host *h, int64_t t)
{
    say(h, SYSTEM_LOG, t, "Microsoft-Windows-Kernel-General", 12, TASK(1), USER(SYSTEM_SID),
        U32("MajorVersion", h->seven ? 6 : 10), U32("MinorVersion", h->seven),
        U32("BuildVersion", h->seven ? 7601 : 19045), U32("QfeVersion", h->seven ? 24214 : 5854),
        U16("ServiceVersion", 0), U32("BootMode", 0), TIME("StartTime", t));
    say(h, SYSTEM_LOG, t + 12 * SECOND, "EventLog", 6009, D(h->seven ? "6.01." : "10.00."),
        D(h->seven ? "7601" : "19045"), D(h->seven ? "Service Pack 1" : ""), D("Multiprocessor Free"),
        D("0"));
    say(h, SYSTEM_LOG, t + 12 * SECOND, "EventLog", 6005, END);
    say(h, SECURITY_LOG, t + 11 * SECOND, AUDIT, 4608, SUCCESS, TASK(12288), PROCESS(764, 768));
    service_state(h, t + 15 * SECOND, "Workstation", "LanmanWorkstation", true);
    service_state(h, t + 16 * SECOND, "Task Scheduler", "Schedule", true);
    if (!h->workgroup)
        service_state(h, t + 17 * SECOND, "Netlogon", "Netlogon", true);
    service_state(h, t + 18 * SECOND, "Server", "LanmanServer", true);
}
static void shutdown(struct host *h, int64_t t)
{
    say(h, SYSTEM_LOG, t, "EventLog", 6006, END);
    say(h, SYSTEM_LOG, t + 3 * SECOND, "Microsoft-Windows-Kernel-General", 13, TASK(2), USER(SYSTEM_SID),
        TIME("StopTime", t + 3 * SECOND));
    uint8_t stopped[8];
    set64(stopped, (uint64_t)(t + 3 * SECOND));
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Control\\Windows",
        BYTES("ShutdownTime", stopped, sizeof stopped), END);
}

static void ordinary_day(struct host *h, unsigned day)
{
#define AT(time) T(keep("%02u " time, day))
    /* on the first day the computer was off until 07:50 */
    task_ran(h, day == 2 ? AT("08:00") : AT("03:00"), "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag",
             "NT AUTHORITY\\SYSTEM", "%windir%\\system32\\defrag.exe", 0);
    session(h, AT("08:30"), AT("17:30"), person(h), desk_luid(day), day);
    service_state(h, AT("11:00"), "Windows Update", "wuauserv", true),
        service_state(h, AT("11:20"), "Windows Update", "wuauserv", false);
    if (h->workgroup)
        return;
    bool dc_at_8 = !within(AT("08:02"), h->no_dc_from, h->no_dc_to),
         time_at_8 = !within(AT("08:02"), h->no_time_from, h->no_time_to);
    if (dc_at_8 && time_at_8)
        say(h, SYSTEM_LOG, AT("08:02"), "Microsoft-Windows-Time-Service", 37, USER("S-1-5-19"),
            S("TimeSource", "DC01.corp.example (ntp.d|0.0.0.0:123->10.0.0.10:123)"));
    if (!within(AT("10:00"), h->no_dc_from, h->no_dc_to)) {
        logon(h, AT("10:00"), 3, scanner, 0x62000 + day * 0x100, "-", "10.0.0.21");
        logoff(h, AT("10:00:30"), 3, scanner, 0x62000 + day * 0x100);
    }
    for (int64_t t = AT("08:05"); t < AT("18:00"); t += 95 * MINUTE)
        if (!within(t, h->no_dc_from, h->no_dc_to))
            policy_applied(h, t, false);
#undef AT
}

static void ordinary_system(struct host *h)
{
    struct hive *s = &h->hive[SYSTEM_HIVE];
    reg(s, "Select", DW("Current", 1), DW("Default", 1), DW("Failed", 0), DW("LastKnownGood", 1), END);
    reg(s, "ControlSet001\\Control\\ComputerName\\ComputerName", SZ("ComputerName", h->name), END);
    reg(s, "ControlSet001\\Control\\TimeZoneInformation", DW("Bias", -60), DW("ActiveTimeBias", -60),
        DW("DaylightBias", -60), DW("StandardBias", 0), SZ("TimeZoneKeyName", "W. Europe Standard Time"),
        END);
    reg(s, "ControlSet001\\Control\\ProductOptions", SZ("ProductType", "WinNT"), END);
    reg(s, "ControlSet001\\Control\\NetworkProvider\\Order",
        SZ("ProviderOrder", "RDPNP,LanmanWorkstation,webclient"), END);
    reg(s, "ControlSet001\\Control\\Lsa", DW("auditbasedirectories", 0), DW("auditbaseobjects", 0),
        DW("crashonauditfail", 0), DW("disabledomaincreds", 0), DW("everyoneincludesanonymous", 0),
        DW("forceguest", 0), DW("LimitBlankPasswordUse", 1), DW("LsaCfgFlagsDefault", 0), DW("LsaPid", 764),
        DW("NoLmHash", 1), DW("restrictanonymous", 0), DW("restrictanonymoussam", 1), DW("SecureBoot", 1),
        MULTI("Authentication Packages", "msv1_0"), MULTI("Notification Packages", "scecli"),
        MULTI("Security Packages", "\"\""), END);
    reg(s, "ControlSet001\\Control\\Lsa\\MSV1_0", DW("NtlmMinClientSec", 0x20000000),
        DW("NtlmMinServerSec", 0x20000000), END);
    reg(s, "ControlSet001\\Control\\Lsa\\FipsAlgorithmPolicy", DW("Enabled", 0), END);
    hive_key(s, "ControlSet001\\Control\\Lsa\\Kerberos\\Parameters");
    static const struct service_row rows[] = {
        {.name = "BITS",
         .display = "Background Intelligent Transfer Service",
         .account = "LocalSystem",
         .start = 3,
         .type = 0x20,
         .depends = "RpcSs"},
        {.name = "CSC",
         .display = "Offline Files Driver",
         .start = 1,
         .type = 1,
         .image = "system32\\drivers\\csc.sys"},
        {.name = "CscService",
         .display = "Offline Files",
         .account = "LocalSystem",
         .start = 3,
         .type = 0x20,
         .depends = "RpcSs"},
        {.name = "Dnscache",
         .display = "DNS Client",
         .account = "NT AUTHORITY\\NetworkService",
         .start = 2,
         .type = 0x20},
        {.name = "EventLog",
         .display = "Windows Event Log",
         .account = "NT AUTHORITY\\LocalService",
         .start = 2,
         .type = 0x20},
        {.name = "KeyIso",
         .display = "CNG Key Isolation",
         .account = "LocalSystem",
         .start = 3,
         .type = 0x20,
         .depends = "RpcSs",
         .image = "%SystemRoot%\\system32\\lsass.exe"},
        {.name = "LanmanServer",
         .display = "Server",
         .account = "LocalSystem",
         .start = 2,
         .type = 0x20,
         .depends = "SamSS\nSrv2"},
        {.name = "LanmanWorkstation",
         .display = "Workstation",
         .account = "NT AUTHORITY\\NetworkService",
         .start = 2,
         .type = 0x20,
         .depends = "Bowser\nMRxSmb20\nNSI"},
        {.name = "RpcSs",
         .display = "Remote Procedure Call (RPC)",
         .account = "NT AUTHORITY\\NetworkService",
         .start = 2,
         .type = 0x20},
        {.name = "Schedule",
         .display = "Task Scheduler",
         .account = "LocalSystem",
         .start = 2,
         .type = 0x20,
         .depends = "RPCSS\nSystemEventsBroker"},
        {.name = "seclogon",
         .display = "Secondary Logon",
         .account = "LocalSystem",
         .start = 3,
         .type = 0x20},
        {.name = "VaultSvc",
         .display = "Credential Manager",
         .account = "LocalSystem",
         .start = 3,
         .type = 0x20,
         .depends = "rpcss",
         .image = "%SystemRoot%\\system32\\lsass.exe"},
        {.name = "W32Time",
         .display = "Windows Time",
         .account = "NT AUTHORITY\\LocalService",
         .start = 3,
         .type = 0x20},
        {.name = "WebClient",
         .display = "WebClient",
         .account = "NT AUTHORITY\\LocalService",
         .start = 3,
         .type = 0x20,
         .depends = "MRxDAV"},
        {.name = "wuauserv",
         .display = "Windows Update",
         .account = "LocalSystem",
         .start = 3,
         .type = 0x20,
         .depends = "rpcss"},
    };
    for (size_t i = 0; i < LEN(rows); i++)
        service(h, &rows[i]);
    service(h, &(struct service_row){.name = "Netlogon",
                                     .display = "Netlogon",
                                     .account = "LocalSystem",
                                     .start = h->workgroup ? 3 : 2,
                                     .type = 0x20,
                                     .depends = "LanmanWorkstation",
                                     .image = "%SystemRoot%\\system32\\lsass.exe"});
    reg(s, "ControlSet001\\Services\\LanmanWorkstation\\Parameters", DW("EnablePlainTextPassword", 0),
        DW("EnableSecuritySignature", 1), DW("RequireSecuritySignature", 0), END);
    reg(s, "ControlSet001\\Services\\LanmanServer\\Parameters", DW("EnableSecuritySignature", 0),
        DW("RequireSecuritySignature", 0), DW("RestrictNullSessAccess", 1), END);
    reg(s, "ControlSet001\\Services\\Netlogon\\Parameters", DW("DisablePasswordChange", 0),
        DW("MaximumPasswordAge", 30), DW("RequireSignOrSeal", 1), DW("RequireStrongKey", 1),
        DW("SealSecureChannel", 1), DW("SignSecureChannel", 1), END);
    reg(s, "ControlSet001\\Services\\W32Time\\Parameters", SZ("Type", h->workgroup ? "NTP" : "NT5DS"),
        SZ("NtpServer", "time.windows.com,0x9"), END);
    reg(s, "ControlSet001\\Services\\W32Time\\Config",
        DW("MaxNegPhaseCorrection", h->workgroup ? 54000 : 0xffffffff),
        DW("MaxPosPhaseCorrection", h->workgroup ? 54000 : 0xffffffff), END);
    reg(s, "ControlSet001\\Services\\Tcpip\\Parameters", SZ("Hostname", h->name), SZ("NV Hostname", h->name),
        SZ("Domain", dns_domain(h)), SZ("NV Domain", dns_domain(h)), SZ("DhcpNameServer", "10.0.0.10"), END);
}

static void ordinary_security(struct host *h)
{
    struct hive *s = &h->hive[SECURITY_HIVE];
    int64_t installed = utc("2025-06-10T09:00:00Z"), changed = utc("2026-02-20T03:12:41Z");
    static const struct {
        const char *sid;
        uint32_t mask;
    } rights[] = {
        {"S-1-1-0", RIGHT_NETWORK},
        {"S-1-5-32-544", RIGHT_INTERACTIVE | RIGHT_NETWORK | RIGHT_BATCH | RIGHT_REMOTE},
        {"S-1-5-32-545", RIGHT_INTERACTIVE | RIGHT_NETWORK},
        {"S-1-5-32-551", RIGHT_INTERACTIVE | RIGHT_NETWORK | RIGHT_BATCH},
        {"S-1-5-32-555", RIGHT_REMOTE},
        {"S-1-5-32-559", RIGHT_BATCH},
        {"S-1-5-80-0", RIGHT_SERVICE},
    };
    reg(s, "Policy\\PolRevision", TYPED(V_NONE, "", "\x12\0\1\0", 4), END);
    lsa_name(s, "PolAcDmN", h->name), lsa_sid(s, "PolAcDmS", machine_sid(h));
    lsa_name(s, "PolPrDmN", domain(h)), lsa_sid(s, "PolPrDmS", h->workgroup ? NULL : CORP_SID);
    lsa_name(s, "PolDnDDN", dns_domain(h)), lsa_name(s, "PolDnTrN", dns_domain(h));
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
    reg(s, "Microsoft\\Windows NT\\CurrentVersion", SZ("ProductName", "Windows 10 Enterprise"),
        SZ("EditionID", "Enterprise"), SZ("CurrentBuild", "19045"), SZ("CurrentBuildNumber", "19045"),
        SZ("DisplayVersion", "22H2"), DW("UBR", 5854), DW("InstallDate", 1749546000), END);
    reg(s, "Microsoft\\Windows NT\\CurrentVersion\\Winlogon", SZ("AutoAdminLogon", "0"),
        SZ("CachedLogonsCount", "10"), END);
    reg(s, "Microsoft\\Windows\\CurrentVersion\\Policies\\System", DW("EnableLUA", 1), END);
    for (size_t i = TASK_LOG; i <= SMB_LOG; i++) {
        snprintf(path, sizeof path, "Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\%s",
                 logs[i].channel);
        reg(s, path, DW("Enabled", 1), DW("MaxSize", 0xa00000), END);
    }
    snprintf(path, sizeof path, "Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\%s", person(h).sid);
    reg(s, path, EXPAND("ProfileImagePath", "C:\\Users\\anna"), DW("State", 0), END);
    task(h, &(struct task_row){.path = "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag",
                               .sid = SYSTEM_SID,
                               .logon = "ServiceAccount",
                               .command = "%windir%\\system32\\defrag.exe",
                               .arguments = "-c -h -o",
                               .registered = utc("2025-06-10T09:00:00Z"),
                               .last_run = T("06 03:00"),
                               .last_ok = T("06 03:00:40")});
}

static void ordinary_sam(struct host *h)
{
    struct hive *s = &h->hive[SAM_HIVE];
    int64_t installed = utc("2025-06-10T09:00:00Z");
    sam_domain(s, machine_sid(h), 10);
    sam_user(s, &(struct user_row){.name = "Administrator",
                                   .rid = 500,
                                   .flags = ACB_NORMAL | ACB_DISABLED | ACB_NEVER_EXPIRES,
                                   .password_set = installed});
    sam_user(s, &(struct user_row){.name = "Guest",
                                   .rid = 501,
                                   .flags = ACB_NORMAL | ACB_DISABLED | ACB_NO_PASSWORD | ACB_NEVER_EXPIRES,
                                   .blank = true});
    sam_user(s, &(struct user_row){.name = h->workgroup ? "anna" : "localadm",
                                   .rid = 1001,
                                   .flags = ACB_NORMAL | ACB_NEVER_EXPIRES,
                                   .password_set = utc("2026-01-15T10:00:00Z"),
                                   .last_logon = T("06 08:30")});
}

static struct host machine_named(const char *name, bool workgroup)
{
    static const char *const paths[HIVES] = {
        "\\SystemRoot\\System32\\Config\\SYSTEM", "\\SystemRoot\\System32\\Config\\SECURITY",
        "\\SystemRoot\\System32\\Config\\SOFTWARE", "\\SystemRoot\\System32\\Config\\SAM"};
    struct host h = {.name = keep("%s%s", telling.prefix ? telling.prefix : "", name),
                     .workgroup = workgroup};
    snprintf(h.fqdn, sizeof h.fqdn, "%s%s", h.name, workgroup ? "" : ".corp.example");
    for (size_t i = 0; i < HIVES; i++)
        h.hive[i] = (struct hive){.name = paths[i], .now = T("02 07:50"), .seq = 411 + (uint32_t)i};
    ordinary_system(&h), ordinary_security(&h), ordinary_software(&h), ordinary_sam(&h);
    return h;
}
static struct host member(const char *name) { return machine_named(name, false); }

/* The days around the case: a Sunday evening, a boot on Monday, work until Friday. */
static void ordinary(struct host *h)
{
    if (h->lived) /* another case of the same host told it */
        return;
    h->lived = true;
    session(h, T("01 17:00"), T("01 18:00"), person(h), 0x41f00, 1);
    shutdown(h, T("01 18:05"));
    boot(h, T("02 07:50"));
    for (unsigned day = 2; day <= 6; day++)
        ordinary_day(h, day);
}

/* All logs that silence is judged by go on to the end of the week, and nothing in them is a failure. */
static inline void quiet(struct host *h)
{
    static const struct {
        enum log log;
        const char *provider;
        unsigned id;
    } rows[] = {{APPLICATION_LOG, "Microsoft-Windows-Security-SPP", 16384},
                {CONNECT_LOG, "Microsoft-Windows-SMBClient", 30811},
                {SMB_LOG, "Microsoft-Windows-SMBClient", 31022},
                {BITS_LOG, "Microsoft-Windows-Bits-Client", 5},
                {AAD_LOG, "Microsoft-Windows-AAD", 1025},
                {SHELL_LOG, "Microsoft-Windows-PowerShell", 40961}};
    for (size_t i = 0; i < LEN(rows); i++)
        for (unsigned day = 1; day <= 6; day++)
            say(h, rows[i].log, T(keep("%02u 17:%02u", day, 40 + (unsigned)i)), rows[i].provider, rows[i].id,
                LEVEL(4), USER(SYSTEM_SID));
    for (unsigned i = 0; i < 2; i++)
        reg(&h->hive[SOFTWARE_HIVE],
            keep("Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\%s",
                 logs[i ? CONNECT_LOG : APPLICATION_LOG].channel),
            DW("Enabled", 1), END);
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

/* Writes a file, or takes away what an earlier run left there. */
static void deliver(const struct host *h, const char *dir, const char *name, bool wanted, const struct buf *b)
{
    const char *file = keep("%s%s", h->prefix ? h->prefix : "", name);
    char path[1400];
    snprintf(path, sizeof path, "%s/%s", dir, file);
    if (wanted)
        write_file(dir, file, b);
    else
        remove(path);
}

/* Each log in the order of time, then the hives; what was lost is left out. */
static void collect(struct host *h, const char *name)
{
    char dir[1024];
    folder(dir, sizeof dir, name);
    qsort(h->events, h->n, sizeof *h->events, by_time);
    for (size_t i = 0; i < LOGS; i++) {
        struct evtx log = {.computer = h->fqdn, .channel = logs[i].channel, .first_id = logs[i].first_id};
        struct buf b = {0};
        for (size_t k = 0; k < h->n; k++)
            if (h->events[k].log == i)
                evtx_event(&log, h->events[k].time, h->events[k].provider, h->events[k].id,
                           h->events[k].fields);
        bool any = log.n > 0;
        evtx_end(&log, &b);
        deliver(h, dir, logs[i].file, any && !h->lost[i], &b);
        buf_free(&b);
    }
    for (size_t i = 0; i < HIVES; i++) {
        struct buf b = {0};
        hive_write(&h->hive[i], &b);
        deliver(h, dir, hives[i], !h->lost_hive[i], &b);
        buf_free(&b), hive_free(&h->hive[i]);
    }
    for (size_t i = 0; i < h->n_printed; i++) {
        struct buf b = {0};
        if (h->printed[i].wide)
            buf_put(&b, "\xff\xfe", 2), put_utf16(&b, h->printed[i].text);
        else
            buf_z(&b, h->printed[i].text);
        deliver(h, dir, h->printed[i].file, true, &b);
        buf_free(&b);
    }
    for (size_t k = 0; k < h->n; k++) {
        for (struct field *f = h->events[k].fields; f->type != F_END; f++)
            free((char *)(uintptr_t)f->text), free((void *)(uintptr_t)f->bytes);
        free(h->events[k].fields);
    }
    free(h->events);
}

static void printed(struct host *h, const char *file, bool wide, const char *text)
{
    assert(h->n_printed < LEN(h->printed));
    h->printed[h->n_printed++] = (struct printed){file, text, wide};
}

static void lose_all_but(struct host *h, enum log kept_log, int kept_hive)
{
    for (int i = 0; i < LOGS; i++)
        h->lost[i] = i != (int)kept_log;
    for (int i = 0; i < HIVES; i++)
        h->lost_hive[i] = i != kept_hive;
}
#endif
