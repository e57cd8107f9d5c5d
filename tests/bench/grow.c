/* grow: evidence with N of one thing, to see what it costs: grow WHAT N DIR. The folder is made; same
 * numbers, same bytes. Without arguments it lists what it can write. */
#include "tests/build.h"
#include "base/str.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TASKS       "Microsoft-Windows-TaskScheduler"
#define AUDIT       "Microsoft-Windows-Security-Auditing"
#define SID_OF_HOST "S-1-5-21-1085031214-1563985344"
static int64_t begin_time; /* 2026-03-01T08:00:00Z */
static const char *dir;
static unsigned n;

static int64_t second(unsigned i) { return begin_time + i * WINTIME_SECOND; }

/* Texts of the event in work. */
static char text[4][128];
static const char *numbered(unsigned slot, const char *fmt, unsigned i) __attribute__((format(printf, 2, 0)));
static const char *numbered(unsigned slot, const char *fmt, unsigned i)
{
    snprintf(text[slot], sizeof text[slot], fmt, i);
    return text[slot];
}

static void save_log(struct evtx *log, const char *name)
{
    struct buf file = {0};
    evtx_end(log, &file), write_file(dir, name, &file), buf_free(&file);
}

static void save_hive(struct hive *h, const char *folder, const char *name)
{
    struct buf file = {0};
    hive_write(h, &file), write_file(folder, name, &file), buf_free(&file), hive_free(h);
}

static const char *subfolder(const char *fmt, unsigned i)
{
    static char path[4096];
    int at = snprintf(path, sizeof path, "%s/", dir);
    snprintf(path + at, sizeof path - (size_t)at, "%s", numbered(3, fmt, i));
    if (mkdir(path, 0777) && errno != EEXIST)
        perror(path), exit(1);
    return path;
}

static void failed_task(struct evtx *log, unsigned i, const char *computer, const char *task,
                        const char *user)
{
    static const uint32_t codes[] = {0x8007052e, 0x80070520, 0x80070002, 0x80070569, 0x800704dd};
    ev(log, second(i), TASKS, 101, LEVEL(2), COMPUTER(computer), USER("S-1-5-18"), S("TaskName", task),
       S("UserContext", user), U32("ResultCode", codes[i % LEN(codes)]), END);
}

/* --- logs */

/* A collector's log: each record from another computer. */
static void computers(void)
{
    struct evtx log = {.channel = "Application"};
    for (unsigned i = 0; i < n; i++)
        ev(&log, second(i), "Prov", 7, COMPUTER(numbered(0, "PC%06u", i)), S("x", "y"), END);
    save_log(&log, "ForwardedEvents.evtx");
}

static void failing_hosts(void)
{
    struct evtx log = {.channel = TASKS "/Operational"};
    for (unsigned i = 0; i < n; i++)
        failed_task(&log, i, numbered(0, "PC%06u.corp.example", i), "\\Backup", "CORP\\svc-backup");
    save_log(&log, "ForwardedEvents.evtx");
}

static void failing_tasks(void)
{
    struct evtx log = {.computer = "WS01.corp.example", .channel = TASKS "/Operational"};
    for (unsigned i = 0; i < n; i++)
        failed_task(&log, i, log.computer, numbered(0, "\\T%u", i), numbered(1, "CORP\\svc%u", i % 200));
    save_log(&log, "TaskScheduler.evtx");
}

/* Of one task, a minute apart. */
static void failures(void)
{
    struct evtx log = {.computer = "WS01.corp.example", .channel = TASKS "/Operational"};
    for (unsigned i = 0; i < n; i++)
        ev(&log, second(60 * i), TASKS, 101, LEVEL(2), S("TaskName", "\\Backup"),
           S("UserContext", "CORP\\svc-backup"), U32("ResultCode", 0x80070520), END);
    save_log(&log, "TaskScheduler.evtx");
}

/* Failed and successful logons of as many accounts. */
static void logons(void)
{
    struct evtx log = {.computer = "WS01.corp.example", .channel = "Security"};
    for (unsigned i = 0; i < n; i++) {
        const char *user = numbered(0, "user%06u", i), *sid = numbered(1, SID_OF_HOST "-%u", 10000 + i);
        ev(&log, second(2 * i), AUDIT, 4625, KEYWORDS(0x8010000000000000), LEVEL(0), TASK(12544),
           SID("TargetUserSid", "S-1-0-0"), S("TargetUserName", user), S("TargetDomainName", "CORP"),
           HEX32("Status", 0xc000006d), HEX32("SubStatus", 0xc000006a), U32("LogonType", 4), END);
        ev(&log, second(2 * i + 1), AUDIT, 4624, KEYWORDS(0x8020000000000000), LEVEL(0), TASK(12544),
           SID("TargetUserSid", sid), S("TargetUserName", user), S("TargetDomainName", "CORP"),
           HEX64("TargetLogonId", 0x50000 + i), U32("LogonType", 2), END);
    }
    save_log(&log, "Security.evtx");
}

static void providers(void)
{
    struct evtx log = {.computer = "WS01.corp.example", .channel = "Application"};
    for (unsigned i = 0; i < n; i++)
        ev(&log, second(i), numbered(0, "Provider-%u", i), 7, S("x", "y"), END);
    save_log(&log, "Application.evtx");
}

/* Rows that folding leaves: a task of its own each time. */
static void folded_groups(void)
{
    struct evtx log = {.computer = "WS01.corp.example", .channel = TASKS "/Operational"};
    for (unsigned i = 0; i < n; i++)
        ev(&log, second(i), TASKS, 100, S("TaskName", numbered(0, "\\T%u", i)),
           S("UserContext", "CORP\\svc-backup"), GUID("InstanceId", "{00000000-0000-0000-0000-000000000000}"),
           END);
    save_log(&log, "TaskScheduler.evtx");
}

/* Of every event that knowledge wants (standard input: channel, provider, id, a line each, by channel) n,
 * with the fields that derivation and rules ask for, whichever event has them: what is slow with one kind of
 * event alone is in here. */
static const struct {
    const char *name, *as; /* %u: which of its event */
    unsigned every;        /* counted through up to it: so many records share a value */
} asked[] = {
    {"TargetUserName", "user%u", 6},
    {"TargetDomainName", "CORP", 1},
    {"TargetUserSid", SID_OF_HOST "-%u", 6},
    {"TargetSid", SID_OF_HOST "-%u", 6},
    {"TargetLogonId", "0x5%05u", 0},
    {"TargetLinkedLogonId", "0x0", 1},
    {"SubjectUserName", "WS01$", 1},
    {"SubjectDomainName", "CORP", 1},
    {"SubjectUserSid", "S-1-5-18", 1},
    {"SubjectLogonId", "0x3e7", 1},
    {"LogonID", "0x5%05u", 0},
    {"LogonType", "%u", 12},
    {"LogonProcessName", "User32", 1},
    {"AuthenticationPackageName", "Negotiate", 1},
    {"Status", "0xc000006d", 1},
    {"SubStatus", "0xc000006a", 1},
    {"IpAddress", "10.0.0.%u", 6},
    {"WorkstationName", "PC%u", 6},
    {"Workstation", "PC%u", 6},
    {"ProcessName", "C:\\Program Files\\p%u.exe", 6},
    {"TaskName", "\\Task%u", 6},
    {"Path", "\\Task%u", 6},
    {"UserContext", "CORP\\user%u", 6},
    {"UserName", "CORP\\user%u", 6},
    {"User", "CORP\\user%u", 6},
    {"ResultCode", "2147943712", 1},
    {"ErrorCode", "2147943712", 1},
    {"InstanceId", "{00000000-0000-0000-0000-0000000%05u}", 0},
    {"TaskInstanceId", "{00000000-0000-0000-0000-0000000%05u}", 0},
    {"ServerName", "\\\\srv%u", 6},
    {"TargetServerName", "srv%u", 6},
    {"ShareName", "\\\\srv%u\\data", 6},
    {"TargetName", "cifs/srv%u", 6},
    {"AccountName", "user%u", 6},
    {"AccountDomain", "CORP", 1},
    {"SessionID", "%u", 6},
    {"TSId", "%u", 6},
    {"UserSid", SID_OF_HOST "-%u", 6},
    {"Address", "10.0.0.%u", 6},
    {"AuditPolicyChanges", "%%%%8449", 1},
    {"jobOwner", "CORP\\user%u", 6},
    {"jobId", "{00000000-0000-0000-0000-0000000%05u}", 0},
    {"name", "job%u", 6},
    {"hr", "0x80070520", 1},
    {"Error", "0x80070520", 1},
    {"param1", "svc%u", 6},
    {"param2", "%%%%1069", 1},
    {"param3", "CORP\\user%u", 6},
    {"param4", "svc%u", 6},
    {"Payload", "error 0x80070520 of %u", 0},
    {"ContextInfo", "error 0x80070520 of %u", 0},
};

static void every_event(void)
{
    static struct field f[LEN(asked) + 3];
    static char value[LEN(asked)][64];
    char line[512], channel[200], provider[200], last[200] = "", file[64];
    struct evtx log = {0};
    unsigned id, logs = 0;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%199[^\t]\t%199[^\t]\t%u", channel, provider, &id) != 3)
            continue; /* names of columns */
        if (strcmp(channel, last)) {
            if (*last)
                save_log(&log, file);
            log = (struct evtx){.computer = "WS01.corp.example", .channel = strcpy(last, channel)};
            snprintf(file, sizeof file, "log%u.evtx", logs++);
        }
        for (unsigned i = 0; i < n; i++) {
            for (size_t k = 0; k < LEN(asked); k++) {
                snprintf(value[k], sizeof value[k], asked[k].as, asked[k].every ? i % asked[k].every : i);
                f[k] = S(asked[k].name, value[k]);
            }
            f[LEN(asked)] = LEVEL(2), f[LEN(asked) + 1] = END;
            evtx_event(&log, second(60 * i + id % 60), provider, id, f);
        }
    }
    if (*last)
        save_log(&log, file);
}

/* --- hives */

static void system_of(const char *folder, unsigned i)
{
    struct hive h = {.name = "SYSTEM", .now = begin_time};
    reg(&h, "Select", DW("Current", 1), END);
    reg(&h, "ControlSet001\\Control\\ComputerName\\ComputerName",
        SZ("ComputerName", numbered(0, "PC%06u", i)), END);
    reg(&h, "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", i % 2), END);
    service_key(&h, &(struct service_row){.name = "Agent", .account = "CORP\\svc-agent", .start = 2});
    save_hive(&h, folder, "SYSTEM");
}

static void sam_of(const char *folder, const char *name, unsigned i)
{
    struct hive h = {.name = "SAM", .now = begin_time};
    sam_domain(&h, numbered(0, SID_OF_HOST "-%u", 1000000 + i), 0);
    sam_user(&h, &(struct user_row){.name = "Administrator", .rid = 500, .password_set = begin_time});
    save_hive(&h, folder, name);
}

/* One folder for each host: SYSTEM and the others beside it, which do not say whose they are. */
static void folders(void)
{
    for (unsigned i = 0; i < n; i++) {
        const char *folder = subfolder("host%u", i);
        system_of(folder, i), sam_of(folder, "SAM", i);
        struct hive h = {.name = "SOFTWARE", .now = begin_time};
        cached_task(&h, &(struct task_row){.path = "\\Backup",
                                           .sid = SID_OF_HOST "-1105",
                                           .user = "CORP\\svc-backup",
                                           .logon = "Password",
                                           .registered = begin_time,
                                           .last_run = begin_time,
                                           .result = 0x80070520});
        save_hive(&h, folder, "SOFTWARE");
    }
}

static void sams(void)
{
    for (unsigned i = 0; i < n; i++)
        sam_of(dir, numbered(2, "SAM-%u", i), i);
}

static void logged_hives(void) /* hives with their transaction logs, side by side */
{
    for (unsigned i = 0; i < n; i++) {
        struct hive h = {.name = "SAM", .now = begin_time};
        struct buf before = {0}, after = {0}, log = {0};
        sam_domain(&h, numbered(0, SID_OF_HOST "-%u", 1000000 + i), 0), hive_write(&h, &before);
        sam_domain(&h, text[0], 7), hive_write(&h, &after);
        log_begin(&log, &before, 1), log_entry(&log, &before, &after, 1);
        hive_seq(&before, 2, 1);
        write_file(dir, numbered(0, "SAM-%u", i), &before);
        write_file(dir, numbered(0, "SAM-%u.LOG1", i), &log);
        buf_free(&before), buf_free(&after), buf_free(&log), hive_free(&h);
    }
}

static void cached_tasks(void)
{
    struct hive h = {.name = "SOFTWARE", .now = begin_time};
    for (unsigned i = 0; i < n; i++)
        cached_task(&h, &(struct task_row){.path = numbered(0, "\\T%u", i),
                                           .sid = numbered(1, SID_OF_HOST "-%u", 1000 + i % 200),
                                           .user = numbered(2, "CORP\\svc%u", i % 200),
                                           .logon = "Password",
                                           .registered = begin_time,
                                           .last_run = begin_time,
                                           .result = 0x80070520});
    save_hive(&h, dir, "SOFTWARE");
    system_of(dir, 0);
}

static void accounts(void)
{
    struct hive h = {.name = "SAM", .now = begin_time};
    sam_domain(&h, SID_OF_HOST "-7", 0);
    for (unsigned i = 0; i < n; i++)
        sam_user(&h, &(struct user_row){.name = numbered(0, "user%06u", i),
                                        .rid = 1000 + i,
                                        .password_set = begin_time,
                                        .flags = i % 3 ? ACB_NORMAL : ACB_DISABLED | ACB_NORMAL});
    save_hive(&h, dir, "SAM");
    system_of(dir, 0);
}

static void services(void)
{
    struct hive h = {.name = "SYSTEM", .now = begin_time};
    reg(&h, "Select", DW("Current", 1), END);
    reg(&h, "ControlSet001\\Control\\ComputerName\\ComputerName", SZ("ComputerName", "WS01"), END);
    for (unsigned i = 0; i < n; i++)
        service_key(&h, &(struct service_row){.name = numbered(0, "svc%u", i),
                                              .display = numbered(1, "Service %u", i),
                                              .account = numbered(2, "CORP\\svc%u", i % 200),
                                              .start = 2});
    save_hive(&h, dir, "SYSTEM");
}

static const struct {
    const char *name;
    void (*write)(void);
    const char *what;
} things[] = {
    {"computers", computers, "distinct computers in one log"},
    {"failing-hosts", failing_hosts, "hosts with a failure each"},
    {"failing-tasks", failing_tasks, "tasks of one host that fail once each"},
    {"failures", failures, "failures of one task"},
    {"logons", logons, "accounts that fail to log on and then do"},
    {"providers", providers, "distinct providers in one log"},
    {"folded-groups", folded_groups, "rows that folding leaves"},
    {"every-event", every_event, "records of every event that is asked for (standard input says which)"},
    {"folders", folders, "folders with the hives of a host each"},
    {"sams", sams, "SAM hives in one folder"},
    {"logged-hives", logged_hives, "hives with transaction logs in one folder"},
    {"cached-tasks", cached_tasks, "tasks in TaskCache that failed last"},
    {"accounts", accounts, "accounts in a SAM hive"},
    {"services", services, "services in a SYSTEM hive"},
};

int main(int argc, char **argv)
{
    int64_t count;
    size_t k = 0;
    while (argc == 4 && k < LEN(things) && strcmp(things[k].name, argv[1]))
        k++;
    if (argc != 4 || k == LEN(things) || !str_i64(str_of(argv[2]), &count) || count < 1 || count > 1 << 24) {
        for (k = 0; k < LEN(things); k++)
            printf("%s\t%s\n", things[k].name, things[k].what);
        return argc == 1 ? 0 : 2;
    }
    begin_time = utc("2026-03-01T08:00:00Z"), n = (unsigned)count, dir = argv[3];
    if (mkdir(dir, 0777) && errno != EEXIST)
        return perror(dir), 1;
    things[k].write();
    return 0;
}
