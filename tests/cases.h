/* cases: what happened on the hosts of samples/MANIFEST.tsv. A case says only what is special about its host;
 * ordinary() tells the rest: five working days (2 to 6 March 2026) of a domain member. make_samples writes
 * them as they are, campaign_hosts many times over, changed as `scene` says (scene.h). */
#ifndef CASES_H
#define CASES_H
#include "tests/scene.h"

#define WIN32(code) (0x80070000u | (code))
enum win32 {
    NOT_LOGGED_ON = 1245,
    NO_LOGON_SERVERS = 1311,
    NO_SUCH_SESSION = 1312,
    LOGON_FAILURE = 1326,
    ACCOUNT_IS_DISABLED = 1331,
    TYPE_NOT_GRANTED = 1385,
    TRUST_FAILED = 1789
};
#define NT_ACCESS_DENIED        0xC0000022u
#define NT_NO_SUCH_SESSION      0xC000005Fu
#define NT_TOO_MANY_COMMANDS    0xC00000C1u
#define NT_REQUEST_NOT_ACCEPTED 0xC00000D0u
#define NT_TIME_DIFFERENCE      0xC0000133u
#define NT_CREDENTIAL_CONFLICT  0xC0000195u
#define NT_NO_SESSION_KEY       0xC0000202u

/* A task with a stored password that starts each morning at 09:10 and logs its account on. */
static void morning_run(struct host *h, const char *day, const char *path, struct who who)
{
    int64_t t = T(keep("%s 09:10", day));
    logon(h, t, 4, who, 0x73000 + (uint64_t)(t / MINUTE & 0xfff), SVCHOST_EXE, "-");
    task_ran(h, t, path, spelled(who), "C:\\Tools\\backup.exe", 0);
    logoff(h, t + 41 * SECOND, 4, who, 0x73000 + (uint64_t)(t / MINUTE & 0xfff));
}
/* Mended at that moment; three hours later it runs. */
static void runs_again(struct host *h, const char *path, struct who who, int64_t mended)
{
    int64_t t = mended + 180 * MINUTE;
    logon(h, t, 4, who, 0x78000, SVCHOST_EXE, "-");
    task_ran(h, t, path, spelled(who), "C:\\Tools\\backup.exe", 0);
    logoff(h, t + 41 * SECOND, 4, who, 0x78000);
}
static const struct who backup = {"CORP", "svc-backup", CORP_SID "-1105"};

/* \Backup under CORP\svc-backup: fine until a policy forbids stored passwords, 1312 from then on, and no
 * logon was tried. */
static void backup_refused(struct host *h, const char *path)
{
    ordinary(h);
    lsa_right(&h->hive[SECURITY_HIVE], backup.sid, RIGHT_BATCH);
    task(h, &(struct task_row){.path = path,
                               .sid = backup.sid,
                               .user = spelled(backup),
                               .logon = "Password",
                               .command = "C:\\Tools\\backup.exe",
                               .registered = utc("2026-02-10T10:00:00Z"),
                               .last_run = T("06 09:10"),
                               .last_ok = T("03 09:10:40"),
                               .result = WIN32(NO_SUCH_SESSION)});
    morning_run(h, "02", path, backup), morning_run(h, "03", path, backup);
    policy_applied(h, T("04 09:00"), true);
    for (unsigned day = 4; day <= 6; day++)
        task_failed(h, T(keep("%02u 09:10", day)), path, spelled(backup), "LogonUserExEx",
                    WIN32(NO_SUCH_SESSION));
}
static void forbid_stored_passwords(struct host *h)
{
    h->hive[SYSTEM_HIVE].now = T("04 09:00"); /* by the policy that was applied then */
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", 1), END);
}

static void credential_storage_policy(struct host *h)
{
    backup_refused(h, "\\Backup");
    if (!twin())
        forbid_stored_passwords(h);
    if (!repaired())
        return;
    h->hive[SYSTEM_HIVE].now = T("06 12:00");
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", 0), END);
    runs_again(h, "\\Backup", backup, T("06 12:00"));
}

/* The value is 0 in SYSTEM and 1 in a page that only SYSTEM.LOG2 holds: the hive was copied before it was
 * flushed. The twin has it the other way round. */
static void dirty_hive(const char *name)
{
    struct host h = member("WS24");
    struct hive *s = &h.hive[SYSTEM_HIVE];
    struct buf state[3] = {0}, log[2] = {0};
    char dir[1024];
    backup_refused(&h, "\\Backup");
    if (twin())
        forbid_stored_passwords(&h);
    hive_write(s, &state[0]);
    s->now = T("04 08:59"), reg(s, "ControlSet001\\Control\\Lsa", DW("LsaPid", 788), END),
    hive_write(s, &state[1]);
    s->now = T("04 09:00");
    reg(s, "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", !twin()), END);
    hive_write(s, &state[2]);
    log_begin(&log[0], &state[0], s->seq), log_entry(&log[0], &state[0], &state[1], s->seq);
    log_begin(&log[1], &state[1], s->seq + 1), log_entry(&log[1], &state[1], &state[2], s->seq + 1);
    hive_seq(&state[0], s->seq + 2, s->seq);
    h.lost_hive[SYSTEM_HIVE] = true; /* written here, dirty */
    collect(&h, name);
    folder(dir, sizeof dir, name);
    write_file(dir, "SYSTEM", &state[0]), write_file(dir, "SYSTEM.LOG1", &log[0]),
        write_file(dir, "SYSTEM.LOG2", &log[1]);
    for (size_t i = 0; i < 3; i++)
        buf_free(&state[i]), buf_free(&log[i % 2]);
}

static void missing_hive(struct host *h)
{
    backup_refused(h, "\\Backup");
    forbid_stored_passwords(h);
    h->lost_hive[SYSTEM_HIVE] = true;
}

/* The same failure on two hosts, whose files lie side by side; only one of them has the policy. */
static void two_hosts(const char *name)
{
    struct host one = member("WS22"), two = member("WS23");
    one.prefix = "WS22-", two.prefix = "WS23-";
    backup_refused(&one, "\\Backup"), backup_refused(&two, "\\Backup");
    forbid_stored_passwords(&one);
    collect(&one, name), collect(&two, name);
}

/* Everything a name can hold that a report must not run, render or reorder. */
#define HOSTILE "<script>alert('x')</script>|**bold** [a](javascript:1) \"q\" $(id)"
static void hostile_strings(struct host *h)
{
    backup_refused(h, "\\" HOSTILE);
    forbid_stored_passwords(h);
    service(h, &(struct service_row){.name = "=cmd|' /C calc'!A0",
                                     .display = "</td><img src=x onerror=alert(1)> \xe2\x80\xaegnp.exe",
                                     .account = "CORP\\svc<b>",
                                     .start = 2});
    service_failed(h, T("05 12:00"), "=cmd|' /C calc'!A0",
                   "</td><img src=x onerror=alert(1)> \xe2\x80\xaegnp.exe", "CORP\\svc<b>", "%%1326");
    task_failed(h, T("05 13:00"), "\\\xe2\x80\xaetxt.exe\xe2\x81\xa6 \x1b[31m`r`", "CORP\\`anna`",
                "LogonUserExEx", WIN32(LOGON_FAILURE));
}

static void task_interactive_no_session(struct host *h)
{
    ordinary(h);
    if (twin()) /* she stays, in a second session */
        session(h, T("02 17:40"), T("06 23:00"), anna, 0x59000, 9);
    task(h, &(struct task_row){.path = "\\Reports\\Nightly",
                               .sid = anna.sid,
                               .user = "CORP\\anna",
                               .logon = "InteractiveToken",
                               .command = "C:\\Reports\\nightly.cmd",
                               .registered = utc("2026-01-12T14:00:00Z"),
                               .last_run = T("06 02:00"),
                               .result = WIN32(NOT_LOGGED_ON)});
    for (unsigned day = 3; day <= 6; day++) { /* Anna works until 17:30 */
        int64_t t = T(keep("%02u 02:00", day));
        say(h, TASK_LOG, t, TASKS, 332, LEVEL(3), TASK(332), USER(SYSTEM_SID), PROCESS(1240, 2936),
            EVENTNAME("TaskStartFailedEventUserNotLoggedOn"), S("TaskName", "\\Reports\\Nightly"),
            S("UserName", "CORP\\anna"));
        task_failed(h, t, "\\Reports\\Nightly", "CORP\\anna", NULL, WIN32(NOT_LOGGED_ON));
    }
}

/* A deployment script comes in over WinRM (logon type 3) and asks BITS for a download. */
static void bits_noninteractive(struct host *h)
{
    struct who deploy = CORP("svc-deploy", 1109);
    const char *job = "{6B2F1F0C-8B0B-4F0E-9C6C-2F5B0D3A7E11}",
               *url = "https://updates.corp.example/tools.msi";
    ordinary(h);
    logon(h, T("04 13:00"), 3, deploy, 0x81a40, "-", "10.0.0.40"),
        logoff(h, T("04 13:05"), 3, deploy, 0x81a40);
    if (twin())
        session(h, T("04 12:00"), T("04 14:00"), deploy, 0x59000, 9);
    service(h, &(struct service_row){.name = "SENS", .account = "LocalSystem", .start = 2, .type = 0x20});
    say(h, BITS_LOG, T("04 13:00:05"), "Microsoft-Windows-Bits-Client", 3, VERSION(2), USER(deploy.sid),
        PROCESS(5120, 5144), S("jobTitle", "Tools download"), GUID("jobId", job),
        S("jobOwner", spelled(deploy)), S("processPath", "C:\\Windows\\System32\\wsmprovhost.exe"),
        U32("processId", 6024));
    say(h, BITS_LOG, T("04 13:00:06"), "Microsoft-Windows-Bits-Client", 61, VERSION(1), LEVEL(3),
        USER(SYSTEM_SID), PROCESS(5120, 5144), GUID("transferId", "{0A3D7B55-4E9C-4E05-8A3C-9A5E3D6B7F22}"),
        S("name", "Tools download"), GUID("Id", job), S("url", url), S("peer", ""),
        U32("hr", WIN32(NOT_LOGGED_ON)), TIME("fileTime", 0), U64("fileLength", UINT64_MAX),
        U64("bytesTotal", UINT64_MAX), U64("bytesTransferred", 0), S("proxy", ""),
        U64("peerProtocolFlags", 0), U64("bytesTransferredFromPeer", 0), U32("AdditionalInfoHr", 0),
        U32("PeerContextInfo", 0), U64("bandwidthLimit", UINT64_MAX), BOOL("ignoreBandwidthLimitsOnLan", 0));
}

/* The cached share goes offline at 10:00, an access fails with 1245, half an hour later it is back; a reset
 * of the cache is pending. */
static void offline_files_state(struct host *h)
{
    ordinary(h);
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Services\\CSC\\Parameters", DW("FormatDatabase", 1), END);
    reg(&h->hive[SOFTWARE_HIVE], "Policies\\Microsoft\\Windows\\NetCache", DW("Enabled", 1), END);
#define CSC(id, t, ...)                                                                                    \
    say(h, OFFLINE_LOG, T(t), "Microsoft-Windows-OfflineFiles", id, USER(SYSTEM_SID), PROCESS(1240, 6100), \
        S("Path", "\\\\FS01\\home\\anna"), __VA_ARGS__)
    CSC(twin() ? 10 : 9, "04 10:00", END);
    CSC(1001, "04 10:05", LEVEL(2), S("ResultCode", "0x800704DD"),
        S("Result", "The operation being requested was not performed because the user has not logged on to "
                    "the network. The specified service does not exist."));
    CSC(10, "04 10:30", END);
#undef CSC
}

static void s4u_account_unsupported(struct host *h)
{
    struct who entra = twin() ? local(h, "anna", 1001)
                              : (struct who){"AzureAD", "anna",
                                             "S-1-12-1-3172635461-1231347205-1847319942-2984013722"};
    ordinary(h);
    task_registered(h, T("03 10:00"), "\\Sync", spelled(entra));
    task(h, &(struct task_row){.path = "\\Sync",
                               .sid = entra.sid,
                               .user = spelled(entra),
                               .logon = "S4U",
                               .command = "C:\\Tools\\sync.exe",
                               .registered = T("03 10:00"),
                               .last_run = T("04 12:00"),
                               .result = WIN32(NO_SUCH_SESSION)});
    task_failed(h, T("03 12:00"), "\\Sync", spelled(entra), "LogonUserS4U", WIN32(NO_SUCH_SESSION));
    task_failed(h, T("04 12:00"), "\\Sync", spelled(entra), "LogonUserS4U", WIN32(NO_SUCH_SESSION));
}

/* The account's password is reset at noon; the task still has the old one. */
static void task_password_drift(struct host *h)
{
    struct who svc = local(h, "svc-export", 1004);
    ordinary(h);
    sam_user(&h->hive[SAM_HIVE], &(struct user_row){.name = svc.user,
                                                    .rid = 1004,
                                                    .flags = ACB_NORMAL | ACB_NEVER_EXPIRES,
                                                    .password_set = T("03 12:00"),
                                                    .last_bad = T("06 09:10"),
                                                    .bad_count = 3});
    lsa_right(&h->hive[SECURITY_HIVE], svc.sid, RIGHT_BATCH);
    task(h, &(struct task_row){.path = "\\ERP\\Export",
                               .sid = svc.sid,
                               .user = spelled(svc),
                               .logon = "Password",
                               .command = "C:\\ERP\\export.exe",
                               .registered = twin()       ? T("03 18:00") /* with the new password */
                                             : repaired() ? T("06 12:00")
                                                          : utc("2025-11-20T08:00:00Z"),
                               .last_run = T("06 09:10"),
                               .last_ok = T("03 09:10:40"),
                               .result = WIN32(LOGON_FAILURE)});
    morning_run(h, "02", "\\ERP\\Export", svc), morning_run(h, "03", "\\ERP\\Export", svc);
    password_reset(h, T("03 12:00"), svc);
    for (unsigned day = 4; day <= 6; day++) {
        int64_t t = T(keep("%02u 09:10", day));
        logon_failed(h, t, 4, svc, 0xC000006D, 0xC000006A, "%%2313", SVCHOST_EXE);
        task_failed(h, t, "\\ERP\\Export", spelled(svc), "LogonUserExEx", WIN32(LOGON_FAILURE));
    }
    if (repaired())
        runs_again(h, "\\ERP\\Export", svc, T("06 12:00"));
}

static void batch_right_missing(struct host *h)
{
    struct who svc = CORP("svc-report", 1110);
    ordinary(h);
    task(h, &(struct task_row){.path = "\\Reports\\Weekly",
                               .sid = svc.sid,
                               .user = spelled(svc),
                               .logon = "Password",
                               .command = "C:\\Reports\\weekly.cmd",
                               .registered = utc("2026-01-05T08:00:00Z"),
                               .last_run = T("05 09:10"),
                               .last_ok = T("03 09:10:40"),
                               .result = WIN32(TYPE_NOT_GRANTED)});
    morning_run(h, "03", "\\Reports\\Weekly", svc);
    policy_applied(h, T("04 07:30"), true);
    right_removed(h, T("04 07:30:02"), twin() ? scanner : svc, "SeBatchLogonRight");
    if (twin())
        lsa_right(&h->hive[SECURITY_HIVE], svc.sid, RIGHT_BATCH);
    for (unsigned day = 4; day <= 5; day++) {
        int64_t t = T(keep("%02u 09:10", day));
        logon_failed(h, t, 4, svc, 0xC000015B, 0, "%%2308", SVCHOST_EXE);
        task_failed(h, t, "\\Reports\\Weekly", spelled(svc), "LogonUserExEx", WIN32(TYPE_NOT_GRANTED));
    }
    if (!repaired())
        return;
    right_given(h, T("06 12:00"), svc, "SeBatchLogonRight");
    h->hive[SECURITY_HIVE].now = T("06 12:00");
    lsa_right(&h->hive[SECURITY_HIVE], svc.sid, RIGHT_BATCH);
    runs_again(h, "\\Reports\\Weekly", svc, T("06 12:00"));
}

/* The site's line is down all Wednesday. */
static void dc_unreachable(struct host *h)
{
    struct who svc = CORP("svc-inv", 1111);
    h->no_dc_from = T("04 05:00"), h->no_dc_to = T("04 20:00");
    ordinary(h);
    task(h, &(struct task_row){.path = "\\Inventory",
                               .sid = svc.sid,
                               .user = spelled(svc),
                               .logon = "Password",
                               .command = "C:\\Tools\\inventory.exe",
                               .registered = utc("2026-01-05T08:00:00Z"),
                               .last_run = T("05 09:10"),
                               .last_ok = T("05 09:10:40")});
    lsa_right(&h->hive[SECURITY_HIVE], svc.sid, RIGHT_BATCH);
    morning_run(h, "03", "\\Inventory", svc), morning_run(h, "05", "\\Inventory", svc);
    say(h, SYSTEM_LOG, T("04 09:04"), "Microsoft-Windows-DNS-Client", 1014, LEVEL(3), USER("S-1-5-20"),
        PROCESS(1732, 4100), S("QueryName", "_ldap._tcp.dc._msdcs.corp.example"), U32("AddressLength", 128),
        BIN("Address", "\x02\x00\x00\x35\x0a\x00\x00\x0a\x00\x00\x00\x00\x00\x00\x00\x00"));
    say(h, SYSTEM_LOG, T("04 09:05"), "NETLOGON", 5719, LEVEL(2), D("CORP"), D("%%1311"),
        BINARY("\x5e\x00\x00\xc0"));
    say(h, SYSTEM_LOG, T("04 09:06"), GPO, 1129, LEVEL(2), OPCODE(1), USER(SYSTEM_SID), PROCESS(1240, 5580),
        U32("SupportInfo1", 1), U32("SupportInfo2", 1866), U32("ProcessingMode", 0),
        U32("ProcessingTimeInMilliseconds", 2313), U32("ErrorCode", 1222),
        S("ErrorDescription", "The network is not present or not started."));
    if (twin()) { /* somebody looked at the password: the line was back */
        logon_failed(h, T("04 09:10"), 4, svc, 0xC000006D, 0xC000006A, "%%2313", SVCHOST_EXE);
        task_failed(h, T("04 09:10"), "\\Inventory", spelled(svc), "LogonUserExEx", WIN32(LOGON_FAILURE));
        return;
    }
    logon_failed(h, T("04 09:10"), 4, svc, 0xC000005E, 0, "%%2304", SVCHOST_EXE);
    task_failed(h, T("04 09:10"), "\\Inventory", spelled(svc), "LogonUserExEx", WIN32(NO_LOGON_SERVERS));
}

static void explicit_logon(struct host *h, int64_t t, struct who by, uint64_t luid, struct who as,
                           const char *server, const char *process)
{
    say(h, SECURITY_LOG, t, AUDIT, 4648, SUCCESS, TASK(12544), PROCESS(764, 812),
        SUBJECT(by.sid, by.user, by.domain, luid), GUID("LogonGuid", NO_GUID), S("TargetUserName", as.user),
        S("TargetDomainName", as.domain), GUID("TargetLogonGuid", NO_GUID), S("TargetServerName", server),
        S("TargetInfo", keep("cifs/%s", server)), HEX64("ProcessId", 0x1a2c), S("ProcessName", process),
        S("IpAddress", "-"), S("IpPort", "-"));
}

/* Anna has a drive on FS01 as one user and maps another as a second one. */
static void credential_conflict(struct host *h)
{
    struct who import = CORP("svc-import", 1112), archive = CORP("svc-archive", 1113);
    ordinary(h);
    explicit_logon(h, T("04 10:00"), anna, desk_luid(4), archive, twin() ? "FS02" : "FS01",
                   "C:\\Windows\\System32\\net.exe");
    explicit_logon(h, T("04 10:05"), anna, desk_luid(4), import, "FS01", "C:\\Windows\\System32\\net.exe");
    smb_failed(h, T("04 10:05"), "FS01", import, desk_luid(4), NT_CREDENTIAL_CONFLICT);
}

static void smb1_client(struct host *h)
{
    service(h, &(struct service_row){.name = "MRxSmb10",
                                     .display = "SMB 1.x MiniRedirector",
                                     .start = 2,
                                     .type = 2,
                                     .image = "system32\\DRIVERS\\mrxsmb10.sys"});
    service(h, &(struct service_row){.name = "LanmanWorkstation",
                                     .display = "Workstation",
                                     .account = "NT AUTHORITY\\NetworkService",
                                     .start = 2,
                                     .type = 0x20,
                                     .depends = "Bowser\nMRxSmb10\nMRxSmb20\nNSI"});
}

/* The share lies on a desktop Windows, which takes twenty connections and no more; both ends were collected.
 * The twin is a server, and has nothing to say of a limit. */
static void smb_limit_reached(const char *name)
{
    struct host client = member("WS11"), server = member("WKS31");
    client.prefix = "WS11-", server.prefix = "WKS31-";
    ordinary(&client), ordinary(&server);
    for (unsigned i = 0; i < 3; i++)
        say(&client, SMB_LOG, T(keep("04 10:%02u", 10 + i)), SMB, 31010, LEVEL(2), PROCESS(4, 7320),
            USER(SYSTEM_SID), U32("Reason", 9), U32("Status", NT_REQUEST_NOT_ACCEPTED),
            U16("ShareNameLength", strlen(server.name) + 7),
            S("ShareName", keep("\\\\%s\\Data", server.name)), U16("ObjectNameLength", 0),
            S("ObjectName", ""));
    if (twin())
        reg(&server.hive[SYSTEM_HIVE], "ControlSet001\\Control\\ProductOptions",
            SZ("ProductType", "ServerNT"), END);
    else
        say(&server, SYSTEM_LOG, T("04 10:12:30"), "Srv", 2022, LEVEL(2), D("\\Device\\LanmanServer"), D("3"),
            D("150"));
    collect(&client, name), collect(&server, name);
}

/* An old tuning guide: MaxCmds 2, and a NAS that speaks SMB1 only. */
static void redirector_limits_low(struct host *h)
{
    ordinary(h);
    smb1_client(h);
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Services\\LanmanWorkstation\\Parameters",
        DW("MaxCmds", twin() ? 50 : 2), DW("MaxThreads", twin() ? 17 : 2), END);
    smb_failed(h, T("04 10:05"), "NAS01", anna, desk_luid(4), NT_TOO_MANY_COMMANDS);
    smb_failed(h, T("05 10:05"), "NAS01", anna, desk_luid(5), NT_TOO_MANY_COMMANDS);
}

/* The same on Windows 7, whose redirector says itself that it ran out of commands. */
static void redirector_limits_7(struct host *h)
{
    h->seven = true;
    ordinary(h);
    reg(&h->hive[SOFTWARE_HIVE], "Microsoft\\Windows NT\\CurrentVersion",
        SZ("ProductName", "Windows 7 Enterprise"), SZ("CurrentVersion", "6.1"), SZ("CurrentBuild", "7601"),
        SZ("CurrentBuildNumber", "7601"), SZ("DisplayVersion", ""), END);
    smb1_client(h);
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Services\\LanmanWorkstation\\Parameters",
        DW("MaxCmds", twin() ? 50 : 2), END);
    say(h, SYSTEM_LOG, T("04 10:04:58"), "MRxSmb", 3021, LEVEL(3), D("\\Device\\LanmanRedirector"));
    say(h, SYSTEM_LOG, T("04 10:05"), SCM, 7023, LEVEL(2), PROCESS(696, 3164), S("param1", "Acme Archive"),
        S("param2", "%%56"));
}

/* A NAS that lets everyone in as guest: no password, so no session key, and this client wants signed
 * sessions. */
static void guest_session_no_key(struct host *h)
{
    ordinary(h);
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Services\\LanmanWorkstation\\Parameters",
        DW("RequireSecuritySignature", 1), DW("AllowInsecureGuestAuth", 0), END);
    for (unsigned i = 0; i < 2; i++) {
        say(h, SMB_LOG, T(keep("04 10:%02u", 20 + i)), SMB, 31017, LEVEL(2), PROCESS(4, 7320),
            USER(SYSTEM_SID), U16("UserNameLength", 0), S("UserName", ""), U16("ServerNameLength", 5),
            S("ServerName", twin() ? "NAS02" : "NAS01"));
        smb_failed(h, T(keep("04 10:%02u:01", 20 + i)), "NAS01", anna, desk_luid(4), NT_NO_SESSION_KEY);
    }
}

/* On Wednesday at 08:30 someone resets the computer account in the directory; the domain controller's
 * Security log was collected too. In the twin it is another computer's, and this one reads its policy on. */
static void secure_channel_broken(const char *name)
{
    struct host h = member("WS14"), dc = member("DC01");
    if (!twin())
        h.no_dc_from = T("04 08:31"), h.no_dc_to = T("06 23:00");
    h.prefix = "WS14-", dc.prefix = "DC01-";
    ordinary(&h), boot(&dc, T("02 06:00"));
    computer_reset(&dc, T("04 08:30"),
                   (struct who){"CORP", twin() ? "WS15$" : machine(&h), CORP_SID "-1203"});
    logon(&dc, T("06 17:00"), 3, anna, 0x9d1e0, "-", "10.0.0.55");
    task(&h, &(struct task_row){.path = "\\Archive",
                                .sid = backup.sid,
                                .user = spelled(backup),
                                .logon = "Password",
                                .command = "C:\\Tools\\archive.exe",
                                .registered = utc("2026-02-10T10:00:00Z"),
                                .last_run = T("06 09:10"),
                                .last_ok = T("03 09:10:40"),
                                .result = WIN32(TRUST_FAILED)});
    lsa_right(&h.hive[SECURITY_HIVE], backup.sid, RIGHT_BATCH);
    morning_run(&h, "02", "\\Archive", backup), morning_run(&h, "03", "\\Archive", backup);
    for (unsigned day = 4; day <= 6; day++) {
        int64_t t = T(keep("%02u 09:10", day));
        if (!twin())
            say(&h, SYSTEM_LOG, t - 25 * MINUTE, "NETLOGON", 3210, LEVEL(2), D("CORP"),
                D("\\\\DC01.corp.example"), BINARY("\x22\x00\x00\xc0"));
        logon_failed(&h, t, 4, backup, 0xC000018D, 0, "%%2304", SVCHOST_EXE);
        task_failed(&h, t, "\\Archive", spelled(backup), "LogonUserExEx", WIN32(TRUST_FAILED));
    }
    collect(&h, name);
    lose_all_but(&dc, SECURITY_LOG, -1);
    collect(&dc, name);
}

/* Someone sets the clock eleven minutes ahead by hand; Kerberos refuses until the next morning's
 * synchronisation. */
static void clock_skew(struct host *h)
{
    h->no_time_from = T("04 00:00"), h->no_time_to = T("04 23:00");
    ordinary(h);
    clock_set(h, T("04 10:00"), T("04 10:11"), anna, "rundll32.exe");
    clock_set(h, T("05 08:13"), T("05 08:02"), (struct who){"NT AUTHORITY", "LOCAL SERVICE", "S-1-5-19"},
              "svchost.exe");
    for (unsigned i = 0; i < 2; i++) {
        if (!twin())
            say(h, SYSTEM_LOG, T(keep("04 10:%02u", 20 + i)), "Microsoft-Windows-Security-Kerberos", 3,
                LEVEL(2), PROCESS(764, 812), S("LogonSession", "CORP.EXAMPLE\\anna"), S("ClientTime", ""),
                S("ServerTime", "9:10:0.0000 3/4/2026 Z"), S("ErrorCode", "0x25"),
                S("ErrorMessage", "KRB_AP_ERR_SKEW"), S("ExtendedError", "0xc0000133 KLIN(0)"),
                S("ClientRealm", ""), S("ClientName", ""), S("ServerRealm", "CORP.EXAMPLE"),
                S("ServerName", "cifs/FS01"), S("TargetName", "cifs/FS01@CORP.EXAMPLE"), S("ErrorText", ""),
                S("File", "onecore\\ds\\security\\protocols\\kerberos\\client2\\logonapi.cxx"),
                S("Line", "e0a"));
        smb_failed(h, T(keep("04 10:%02u", 20 + i)), "FS01", anna, desk_luid(4),
                   twin() ? NT_ACCESS_DENIED : NT_TIME_DIFFERENCE);
    }
}

/* A service under a local account: last stored password of November, reset on 4 March at 10:00. */
static void acme_service(struct host *h, struct who svc, int64_t stored)
{
    ordinary(h);
    service(h, &(struct service_row){.name = "AcmeSync",
                                     .display = "Acme Synchronisation",
                                     .account = keep(".\\%s", svc.user),
                                     .start = 2,
                                     .image = "\"C:\\Program Files\\Acme\\sync.exe\""});
    sam_user(&h->hive[SAM_HIVE], &(struct user_row){.name = svc.user,
                                                    .rid = 1005,
                                                    .flags = ACB_NORMAL | ACB_NEVER_EXPIRES,
                                                    .password_set = T("04 10:00"),
                                                    .last_bad = T("04 12:00"),
                                                    .bad_count = 1});
    lsa_right(&h->hive[SECURITY_HIVE], svc.sid, RIGHT_SERVICE);
    lsa_secret(&h->hive[SECURITY_HIVE], "_SC_AcmeSync", stored, utc("2025-11-03T09:30:00Z"));
    logon(h, T("02 07:51"), 5, svc, 0x1d0a2, SERVICES_EXE, "-");
    service_state(h, T("02 07:51:01"), "Acme Synchronisation", "AcmeSync", true);
    password_reset(h, T("04 10:00"), svc);
    service_state(h, T("04 11:59"), "Acme Synchronisation", "AcmeSync", false);
    logon_failed(h, T("04 12:00"), 5, svc, 0xC000006D, 0xC000006A, "%%2313", SERVICES_EXE);
    service_failed(h, T("04 12:00"), "AcmeSync", "Acme Synchronisation", keep(".\\%s", svc.user), "%%1326");
}
static void service_password_drift(struct host *h)
{
    acme_service(h, local(h, "svc-acme", 1005), twin() ? T("04 10:05") : utc("2025-11-03T09:30:00Z"));
}
/* The same, but someone had entered a password after the reset: what is stored is not the old one. */
static void service_password_reentered(struct host *h)
{
    acme_service(h, local(h, "svc-acme", 1005), T("04 10:05"));
}

static void account_unusable(struct host *h)
{
    struct who svc = local(h, "svc-clean", 1006);
    ordinary(h);
    sam_user(&h->hive[SAM_HIVE], &(struct user_row){.name = svc.user,
                                                    .rid = 1006,
                                                    .flags = ACB_NORMAL | ACB_DISABLED | ACB_NEVER_EXPIRES,
                                                    .password_set = utc("2025-09-01T08:00:00Z")});
    lsa_right(&h->hive[SECURITY_HIVE], svc.sid, RIGHT_BATCH);
    task(h, &(struct task_row){.path = "\\Cleanup",
                               .sid = svc.sid,
                               .user = spelled(svc),
                               .logon = "Password",
                               .command = "C:\\Tools\\cleanup.cmd",
                               .registered = utc("2025-09-01T08:30:00Z"),
                               .last_run = T("05 09:10"),
                               .last_ok = T("03 09:10:40"),
                               .result = twin() ? WIN32(LOGON_FAILURE) : WIN32(ACCOUNT_IS_DISABLED)});
    morning_run(h, "03", "\\Cleanup", svc);
    account_disabled(h, T("03 15:00"), svc);
    for (unsigned day = 4; day <= 5; day++) {
        int64_t t = T(keep("%02u 09:10", day));
        if (twin())
            logon_failed(h, t, 4, svc, 0xC000006D, 0xC000006A, "%%2313", SVCHOST_EXE);
        else
            logon_failed(h, t, 4, svc, 0xC000006E, 0xC0000072, "%%2310", SVCHOST_EXE);
        task_failed(h, t, "\\Cleanup", spelled(svc), "LogonUserExEx",
                    twin() ? WIN32(LOGON_FAILURE) : WIN32(ACCOUNT_IS_DISABLED));
    }
    if (!repaired())
        return;
    account_enabled(h, T("06 12:00"), svc);
    sam_user(&h->hive[SAM_HIVE], &(struct user_row){.name = svc.user,
                                                    .rid = 1006,
                                                    .flags = ACB_NORMAL | ACB_NEVER_EXPIRES,
                                                    .password_set = utc("2025-09-01T08:00:00Z")});
    runs_again(h, "\\Cleanup", svc, T("06 12:00"));
}

static void service_right_missing(struct host *h)
{
    struct who svc = CORP("svc-index", 1114);
    ordinary(h);
    service(h, &(struct service_row){.name = "AcmeIndex",
                                     .display = "Acme Indexer",
                                     .account = spelled(svc),
                                     .start = 2,
                                     .image = "\"C:\\Program Files\\Acme\\index.exe\""});
    lsa_secret(&h->hive[SECURITY_HIVE], "_SC_AcmeIndex", utc("2025-11-03T09:30:00Z"),
               utc("2025-11-03T09:30:00Z"));
    logon(h, T("02 07:51"), 5, svc, 0x1d0b4, SERVICES_EXE, "-");
    service_state(h, T("02 07:51:01"), "Acme Indexer", "AcmeIndex", true);
    policy_applied(h, T("04 07:30"), true);
    right_removed(h, T("04 07:30:02"), svc, "SeServiceLogonRight");
    service_state(h, T("04 11:59"), "Acme Indexer", "AcmeIndex", false);
    if (twin()) { /* another reason, nobody asked for the right */
        logon_failed(h, T("04 12:00"), 5, svc, 0xC000006D, 0xC000006A, "%%2313", SERVICES_EXE);
        service_failed(h, T("04 12:00"), "AcmeIndex", "Acme Indexer", spelled(svc), "%%1326");
        return;
    }
    logon_failed(h, T("04 12:00"), 5, svc, 0xC000015B, 0, "%%2308", SERVICES_EXE);
    service_failed(h, T("04 12:00"), "AcmeIndex", "Acme Indexer", spelled(svc), NULL);
    if (!repaired())
        return;
    right_given(h, T("05 12:00"), svc, "SeServiceLogonRight");
    h->hive[SECURITY_HIVE].now = T("05 12:00");
    lsa_right(&h->hive[SECURITY_HIVE], svc.sid, RIGHT_SERVICE);
    logon(h, T("05 12:10"), 5, svc, 0x1d0c4, SERVICES_EXE, "-");
    service_state(h, T("05 12:10:01"), "Acme Indexer", "AcmeIndex", true);
}

/* LocalService goes out on the network as nobody. */
static void builtin_account_on_network(struct host *h)
{
    ordinary(h);
    service(h, &(struct service_row){
                   .name = "ScanMover",
                   .display = "Scan Mover",
                   .account = twin() ? "CORP\\scan-fs" : "NT AUTHORITY\\LocalService",
                   .start = 2,
                   .image = "\"C:\\Program Files\\ScanMover\\mover.exe\" --to \\\\FS01\\scans"});
    for (unsigned day = 3; day <= 5; day++) {
        int64_t t = T(keep("%02u 12:00", day));
        service_state(h, t - 2 * SECOND, "Scan Mover", "ScanMover", true);
        smb_failed(h, t, "FS01", twin() ? scanner : (struct who){"", "", ""}, twin() ? 0x62000 : 0x3e5,
                   NT_ACCESS_DENIED);
        say(h, SYSTEM_LOG, t + SECOND, SCM, 7023, LEVEL(2), PROCESS(696, 3164), S("param1", "Scan Mover"),
            S("param2", "%%5"));
        service_state(h, t + SECOND, "Scan Mover", "ScanMover", false);
    }
}

/* An agent keeps the token of a remote session that has ended. */
static void token_outlived_session(struct host *h)
{
    struct who admin = CORP("it-admin", 1001);
    ordinary(h);
    logon(h, T("04 09:00"), 10, admin, 0x7c1f2, WINLOGON_EXE, "10.0.0.55");
    logoff(h, twin() ? T("04 18:00") : T("04 10:00"), 10, admin, 0x7c1f2);
    smb_failed(h, T("04 10:40"), "FS01", admin, 0x7c1f2, NT_NO_SUCH_SESSION);
    smb_failed(h, T("04 10:50"), "FS01", admin, 0x7c1f2, NT_NO_SUCH_SESSION);
}

/* Twice the service is quicker than the network: it fails at boot and starts three minutes later. The twin
 * fails the same way hours after the boot. */
static void boot_race(struct host *h)
{
    struct who svc = CORP("svc-poll", 1115);
    ordinary(h);
    service(h, &(struct service_row){.name = "AcmePoll",
                                     .display = "Acme Poller",
                                     .account = spelled(svc),
                                     .start = 2,
                                     .image = "\"C:\\Program Files\\Acme\\poll.exe\""});
    lsa_secret(&h->hive[SECURITY_HIVE], "_SC_AcmePoll", utc("2025-11-03T09:30:00Z"),
               utc("2025-11-03T09:30:00Z"));
    lsa_right(&h->hive[SECURITY_HIVE], svc.sid, RIGHT_SERVICE);
    shutdown(h, T("05 07:45")), boot(h, T("05 07:50"));
    for (unsigned i = 0; i < 2; i++) {
        int64_t t = (i ? T("05 07:50") : T("02 07:50")) + (twin() ? 4 * 60 * MINUTE : 0);
        say(h, SYSTEM_LOG, t + 20 * SECOND, "NETLOGON", 5719, LEVEL(2), D("CORP"), D("%%1311"),
            BINARY("\x5e\x00\x00\xc0"));
        logon_failed(h, t + 25 * SECOND, 5, svc, 0xC000005E, 0, "%%2304", SERVICES_EXE);
        service_failed(h, t + 25 * SECOND, "AcmePoll", "Acme Poller", spelled(svc), "%%1311");
        logon(h, t + 180 * SECOND, 5, svc, 0x2e0a0 + i, SERVICES_EXE, "-");
        service_state(h, t + 181 * SECOND, "Acme Poller", "AcmePoll", true);
    }
}

static void healthy_host(struct host *h)
{
    struct who svc = CORP("svc-sync", 1106);
    ordinary(h);
    service(h, &(struct service_row){.name = "AcmeSync",
                                     .display = "Acme Synchronisation",
                                     .account = spelled(svc),
                                     .start = 2,
                                     .image = "\"C:\\Program Files\\Acme\\sync.exe\""});
    lsa_secret(&h->hive[SECURITY_HIVE], "_SC_AcmeSync", utc("2025-11-03T09:30:00Z"),
               utc("2025-11-03T09:30:00Z"));
    lsa_right(&h->hive[SECURITY_HIVE], svc.sid, RIGHT_SERVICE),
        lsa_right(&h->hive[SECURITY_HIVE], backup.sid, RIGHT_BATCH);
    logon(h, T("02 07:51"), 5, svc, 0x1d0a2, SERVICES_EXE, "-");
    service_state(h, T("02 07:51:01"), "Acme Synchronisation", "AcmeSync", true);
    task(h, &(struct task_row){.path = "\\Backup",
                               .sid = backup.sid,
                               .user = spelled(backup),
                               .logon = "Password",
                               .command = "C:\\Tools\\backup.exe",
                               .registered = utc("2026-02-10T10:00:00Z"),
                               .last_run = T("06 09:10"),
                               .last_ok = T("06 09:10:40")});
    for (unsigned day = 2; day <= 6; day++)
        morning_run(h, keep("%02u", day), "\\Backup", backup);
}

/* The program itself ends with 1312, as it may: the scheduler reports an exit code, not a logon error. */
static void exit_code_collision(struct host *h)
{
    ordinary(h);
    lsa_right(&h->hive[SECURITY_HIVE], backup.sid, RIGHT_BATCH);
    task(h, &(struct task_row){.path = "\\Convert",
                               .sid = backup.sid,
                               .user = spelled(backup),
                               .logon = "Password",
                               .command = "C:\\Tools\\convert.exe",
                               .registered = utc("2026-02-10T10:00:00Z"),
                               .last_run = T("05 13:00"),
                               .last_ok = T("05 13:00:40"),
                               .result = NO_SUCH_SESSION});
    for (unsigned day = 3; day <= 5; day++) {
        int64_t t = T(keep("%02u 13:00", day));
        logon(h, t, 4, backup, 0x74000 + day, SVCHOST_EXE, "-");
        task_ran(h, t, "\\Convert", spelled(backup), "C:\\Tools\\convert.exe", NO_SUCH_SESSION);
        logoff(h, t + 41 * SECOND, 4, backup, 0x74000 + day);
    }
}

/* All that was sent is System.evtx, and the record that names the reason has rolled out of it; nor does it
 * say whether the share client failed when an old program told 2200. */
static void only_the_system_log(struct host *h)
{
    ordinary(h);
    say(h, SYSTEM_LOG, T("04 12:00"), SCM, 7000, LEVEL(2), PROCESS(696, 3164), S("param1", "AcmeSync"),
        S("param2", "%%1069"));
    say(h, SYSTEM_LOG, T("05 10:00"), SCM, 7024, LEVEL(2), PROCESS(696, 3164), S("param1", "OldAgent"),
        S("param2", "%%2200"));
    lose_all_but(h, SYSTEM_LOG, -1);
}

/* ---- One host for each further cause: what its rule was written for, in a week like any other ---- */
#define NT_LOGON_FAILURE   0xC000006Du
#define NT_DUPLICATE_NAME  0xC00000BDu
#define NT_NO_LOGON_SERVER 0xC000005Eu
#define NT_NO_SUCH_SHARE   0xC00000CCu
#define NT_NTLM_BLOCKED    0xC0000418u
#define BY_SERVICES        PROCESS(696, 3164), LEVEL(2)

/* A task with a stored password; its account may log on as a batch job. */
static void stored_task(struct host *h, const char *path, struct who who, uint32_t result)
{
    lsa_right(&h->hive[SECURITY_HIVE], who.sid, RIGHT_BATCH);
    task(h, &(struct task_row){.path = path,
                               .sid = who.sid,
                               .user = spelled(who),
                               .logon = "Password",
                               .command = "C:\\Tools\\job.exe",
                               .registered = utc("2026-02-10T10:00:00Z"),
                               .last_run = T("05 09:10"),
                               .result = result});
}
static void refused(struct host *h, const char *at, const char *path, struct who who, uint32_t win32)
{
    task_failed(h, T(at), path, spelled(who), "LogonUserExEx", WIN32(win32));
}
/* The program of that task ends with an error of the system. */
static void program_ends(struct host *h, const char *at, const char *path, struct who who, uint32_t win32)
{
    ordinary(h);
    stored_task(h, path, who, WIN32(win32));
    logon(h, T(at), 4, who, 0x79100, SVCHOST_EXE, "-");
    task_ran(h, T(at), path, spelled(who), "C:\\Windows\\System32\\cmd.exe", WIN32(win32));
    logoff(h, T(at) + 41 * SECOND, 4, who, 0x79100);
}
/* The log of shares goes on, and tells of no failure. */
static void smb_fine(struct host *h)
{
    say(h, SMB_LOG, T("03 12:00"), SMB, 31022, LEVEL(4), USER(SYSTEM_SID));
    say(h, SMB_LOG, T("05 12:00"), SMB, 31022, LEVEL(4), USER(SYSTEM_SID));
}
static void service_ended(struct host *h, const char *at, const char *display, const char *code)
{
    say(h, SYSTEM_LOG, T(at), SCM, 7024, BY_SERVICES, S("param1", display), S("param2", code));
}
static const struct who agent = {"CORP", "svc-agent", CORP_SID "-1120"},
                        other = {"CORP", "svc-other", CORP_SID "-1121"};

static void account_locked(struct host *h)
{
    ordinary(h);
    service(h, &(struct service_row){
                   .name = "AcmeAgent", .display = "Acme Agent", .account = spelled(agent), .start = 2});
    stored_task(h, "\\Agent\\Report", agent, twin() ? WIN32(ACCOUNT_IS_DISABLED) : WIN32(1909));
    logon_failed(h, T("04 09:00"), 5, agent, NT_LOGON_FAILURE, 0xC000006A, "%%2313", SERVICES_EXE);
    service_failed(h, T("04 09:00"), "AcmeAgent", "Acme Agent", spelled(agent), "%%1326");
    say(h, SECURITY_LOG, T("04 09:05"), AUDIT, 4740, SUCCESS, TASK(13824), PROCESS(764, 812),
        S("TargetUserName", agent.user), S("TargetDomainName", h->name), SID("TargetSid", agent.sid),
        SUBJECT(SYSTEM_SID, "DC01$", "CORP", 0x3e7));
    logon_failed(h, T("04 09:10"), 4, agent, twin() ? 0xC000006E : 0xC0000234, twin() ? 0xC0000072 : 0,
                 "%%2307", SVCHOST_EXE);
    refused(h, "04 09:10", "\\Agent\\Report", agent, twin() ? ACCOUNT_IS_DISABLED : 1909);
}
static void autologon_broken(struct host *h)
{
    struct who kiosk = local(h, "kiosk", 1010);
    ordinary(h);
    reg(&h->hive[SOFTWARE_HIVE], "Microsoft\\Windows NT\\CurrentVersion\\Winlogon", SZ("AutoAdminLogon", "1"),
        SZ("DefaultUserName", "kiosk"), END);
    sam_user(
        &h->hive[SAM_HIVE],
        &(struct user_row){.name = "kiosk", .rid = 1010, .flags = ACB_NORMAL, .password_set = T("04 16:20")});
    lsa_secret(&h->hive[SECURITY_HIVE], "DefaultPassword",
               twin() ? T("04 16:30") : utc("2026-02-10T10:05:00Z"), utc("2026-02-10T10:05:00Z"));
    shutdown(h, T("05 00:55")), boot(h, T("05 01:00"));
    logon_failed(h, T("05 01:01"), 2, twin() ? local(h, "kids", 1012) : kiosk, NT_LOGON_FAILURE, 0xC000006A,
                 "%%2313", WINLOGON_EXE);
    task(h, &(struct task_row){.path = "\\Kiosk\\Show",
                               .sid = kiosk.sid,
                               .user = spelled(kiosk),
                               .logon = "InteractiveToken",
                               .command = "C:\\Kiosk\\show.exe",
                               .registered = utc("2026-02-10T10:00:00Z"),
                               .last_run = T("05 02:00"),
                               .result = WIN32(NOT_LOGGED_ON)});
    task_failed(h, T("05 02:00"), "\\Kiosk\\Show", spelled(kiosk), NULL, WIN32(NOT_LOGGED_ON));
}
static void bits_sens_disabled(struct host *h)
{
    const char *job = "{7C2F1F0C-8B0B-4F0E-9C6C-2F5B0D3A7E12}";
    ordinary(h);
    service(h, &(struct service_row){
                   .name = "SENS", .account = "LocalSystem", .start = twin() ? 2 : 4, .type = 0x20});
    say(h, BITS_LOG, T("04 10:00"), "Microsoft-Windows-Bits-Client", 3, VERSION(2), USER(anna.sid),
        S("jobTitle", "Update"), GUID("jobId", job), S("jobOwner", spelled(anna)));
    say(h, BITS_LOG, T("04 10:10"), "Microsoft-Windows-Bits-Client", 61, VERSION(1), LEVEL(3),
        USER(SYSTEM_SID), S("name", "Update"), GUID("Id", job), U32("hr", WIN32(NOT_LOGGED_ON)));
}
static void blank_password(struct host *h)
{
    struct who svc = local(h, "svc-till", 1011);
    ordinary(h);
    sam_user(&h->hive[SAM_HIVE],
             &(struct user_row){.name = svc.user,
                                .rid = 1011,
                                .flags = twin() ? ACB_NORMAL : ACB_NORMAL | ACB_NO_PASSWORD,
                                .password_set = twin() ? utc("2025-09-01T08:00:00Z") : 0,
                                .blank = !twin()});
    stored_task(h, "\\Till\\Close", svc, WIN32(1327));
    logon_failed(h, T("04 09:10"), 4, svc, 0xC000006E, 0xC000006E, "%%2304", SVCHOST_EXE);
    refused(h, "04 09:10", "\\Till\\Close", svc, 1327);
}
static void certificate_binding(struct host *h)
{
    const char *day = twin() ? "03 02" : "04 02"; /* a day before, another one's */
    say(h, SYSTEM_LOG, T(keep("%s:00:02", day)), "Microsoft-Windows-HttpEvent", 15301, LEVEL(3),
        S("DeviceObject", "\\Device\\Http\\ReqQueue"), S("Endpoint", "0.0.0.0:443"));
    say(h, SYSTEM_LOG, T(keep("%s:00:03", day)), "Schannel", 36870, LEVEL(2), S("Type", "server"),
        S("ErrorCode", "0x8009030D"), S("ErrorStatus", "10001"));
    program_ends(h, "04 02:00", "\\RenewCert", agent, NO_SUCH_SESSION);
}
static void credential_guard_change(struct host *h)
{
    ordinary(h);
    say(h, SYSTEM_LOG, T("02 07:50:05"), "Microsoft-Windows-Wininit", 14, U32("Config", 0), U32("Status", 0));
    say(h, CONNECT_LOG, T("04 10:00"), SMB, 30808, LEVEL(4), USER(SYSTEM_SID), S("ServerName", "FS01"));
    shutdown(h, T("05 06:00")), boot(h, T("05 06:05"));
    if (twin()) /* off, as before */
        say(h, SYSTEM_LOG, T("05 06:05:05"), "Microsoft-Windows-Wininit", 14, U32("Config", 0),
            U32("Status", 0));
    else
        say(h, SYSTEM_LOG, T("05 06:05:05"), "Microsoft-Windows-Wininit", 13, LEVEL(4), USER(SYSTEM_SID));
    smb_failed(h, T("05 10:40"), "FS01", anna, desk_luid(5), NT_NO_SUCH_SESSION);
}
static void credential_service_disabled(struct host *h)
{
    ordinary(h);
    service(h, &(struct service_row){.name = "VaultSvc",
                                     .display = "Credential Manager",
                                     .account = "LocalSystem",
                                     .start = twin() ? 3 : 4});
    stored_task(h, "\\Collect", agent, WIN32(NO_SUCH_SESSION));
    say(h, SYSTEM_LOG, T("04 09:09"), SCM, 7000, BY_SERVICES,
        S("param1", twin() ? "Fax" : "Credential Manager"), S("param2", "%%1058"));
    refused(h, "04 09:10", "\\Collect", agent, NO_SUCH_SESSION);
}
static void credman_from_network_logon(struct host *h)
{
    ordinary(h);
    logon(h, T("04 10:30"), twin() ? 2 : 8, agent, 0x7c1f2, "C:\\Windows\\System32\\OpenSSH\\sshd.exe",
          "10.0.0.55");
    say(h, SECURITY_LOG, T("04 10:40"), AUDIT, 5379, FAILURE, TASK(13824), PROCESS(764, 812),
        SUBJECT(agent.sid, agent.user, agent.domain, 0x7c1f2),
        S("TargetName", "LegacyGeneric:target=git:https://git.corp.example"), U32("Type", 0),
        U32("CountOfCredentialsReturned", 0), S("ReadOperation", "%%8100"),
        U32("ReturnCode", NT_NO_SUCH_SESSION));
}
static void cross_user_launch(struct host *h)
{
    struct who admin = CORP("it-admin", 1001);
    ordinary(h);
    if (!twin()) {
        explicit_logon(h, T("04 10:30"), anna, desk_luid(4), admin, "localhost", "C:\\Windows\\explorer.exe");
        logon(h, T("04 10:30"), 2, admin, 0x9aaaa, SVCHOST_EXE, "::1");
    }
    say(h, AAD_LOG, T("04 10:40"), "Microsoft-Windows-AAD", 1098, LEVEL(2), USER(admin.sid),
        U32("Error", WIN32(NO_SUCH_SESSION)), S("ErrorMessage", "A specified logon session does not exist."));
}
/* The System log of the file server was collected too: FS01 is its name, and no alias. */
static void duplicate_computer_name(const char *name)
{
    struct host h = member("WS49"), server = member("FS01");
    h.prefix = "WS49-", server.prefix = "FS01-";
    ordinary(&h), boot(&server, T("02 06:00"));
    say(&h, SYSTEM_LOG, T("02 07:51"), "NetBT", 4321, LEVEL(2), S("param1", ""),
        S("param2", keep("%-15s:20", twin() ? "CORP" : h.name)), S("param3", "10.0.0.5"),
        S("param4", "10.0.0.9"));
    smb_failed(&h, T("02 10:40"), "FS01", anna, desk_luid(2), twin() ? NT_ACCESS_DENIED : NT_DUPLICATE_NAME);
    collect(&h, name);
    lose_all_but(&server, SYSTEM_LOG, -1);
    collect(&server, name);
}
static void encryption_type_mismatch(struct host *h)
{
    ordinary(h);
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Control\\Lsa\\Kerberos\\Parameters",
        DW("SupportedEncryptionTypes", twin() ? 28 : 24), END);
    say(h, SYSTEM_LOG, T("04 10:39:59"), "Microsoft-Windows-Security-Kerberos", 3, LEVEL(2),
        PROCESS(764, 812), S("ErrorCode", twin() ? "0x7" : "0xE"),
        S("ErrorMessage", twin() ? "KDC_ERR_S_PRINCIPAL_UNKNOWN" : "KDC_ERR_ETYPE_NOSUPP"),
        S("ServerName", "cifs/FS01"));
    smb_failed(h, T("04 10:40"), "FS01", anna, desk_luid(4), NT_NO_SESSION_KEY);
}
static void gmsa_retrieval(struct host *h)
{
    ordinary(h);
    service(
        h,
        &(struct service_row){
            .name = "AcmeWeb", .display = "Acme Web", .account = "CORP\\gweb$", .start = 2, .managed = true});
    say(h, NETLOGON_LOG, T("04 09:09:58"), "Microsoft-Windows-Security-Netlogon", 9002, LEVEL(2),
        S("Account", twin() ? "gother$" : "gweb$"), U32("Status", NT_ACCESS_DENIED));
    service_failed(h, T("04 09:10"), "AcmeWeb", "Acme Web", "CORP\\gweb$", "%%1326");
}
static void legacy_lanman_caller(struct host *h)
{
    ordinary(h);
    smb_fine(h);
    if (twin()) /* the share failed then, and says why */
        smb_failed(h, T("04 09:59"), "FS01", anna, desk_luid(4), NT_ACCESS_DENIED);
    service_ended(h, "04 10:00", "OldAgent", "%%2200");
}
static void logon_restricted(struct host *h)
{
    ordinary(h);
    stored_task(h, "\\Night", agent, twin() ? WIN32(LOGON_FAILURE) : WIN32(1328));
    logon_failed(h, T("04 22:10"), 4, agent, twin() ? NT_LOGON_FAILURE : 0xC000006E,
                 twin() ? 0xC000006A : 0xC000006F, "%%2311", SVCHOST_EXE);
    refused(h, "04 22:10", "\\Night", agent, twin() ? LOGON_FAILURE : 1328);
}
static void loopback_check(struct host *h)
{
    ordinary(h);
    say(h, SYSTEM_LOG, T("04 10:40"), "LsaSrv", 6037, LEVEL(3), USER(SYSTEM_SID), S("Program", "System"),
        U32("PID", 4), S("TargetName", twin() ? "cifs/elsewhere" : "cifs/files"));
    smb_failed(h, T("04 10:40"), "files", anna, desk_luid(4), NT_LOGON_FAILURE);
}
static void lsass_instability(struct host *h)
{
    static const char *const paths[] = {"\\A", "\\B", "\\C"};
    ordinary(h);
    say(h, APPLICATION_LOG, T("04 09:05"), "Application Error", 1000, LEVEL(2),
        S("param1", twin() ? "notepad.exe" : "lsass.exe"), S("param2", "10.0.19041.5854"),
        S("param4", "ntdll.dll"));
    for (size_t i = 0; i < LEN(paths); i++)
        stored_task(h, paths[i], i ? other : agent, WIN32(NO_SUCH_SESSION)),
            refused(h, "04 09:10", paths[i], i ? other : agent, NO_SUCH_SESSION);
}
static void network_logon_no_credentials(struct host *h)
{
    ordinary(h);
    logon(h, T("04 10:30"), twin() ? 2 : 3, agent, 0x7c1f2, "C:\\Windows\\System32\\wsmprovhost.exe",
          "10.0.0.55");
    smb_failed(h, T("04 10:40"), "FS01", agent, 0x7c1f2, NT_NO_SUCH_SESSION);
}

/* Logs of the scheduler and of the SMB client alone, and what four tools printed: no hive and no Security log
 * tells of the policy and of the session. systeminfo was printed of this host, dsregcmd of another. */
static void tools_printed(struct host *h)
{
    ordinary(h);
    smb_failed(h, T("04 10:40"), "FS01", agent, 0x7c1f2, NT_NO_SUCH_SESSION);
    task_failed(h, T("04 09:10"), "\\Agent\\Report", spelled(agent), "LogonUserExEx", WIN32(NO_SUCH_SESSION));
    for (int i = 0; i < LOGS; i++)
        h->lost[i] = i != TASK_LOG && i != SMB_LOG;
    for (int i = 0; i < HIVES; i++)
        h->lost_hive[i] = true;
    printed(h, "whoami.txt", true,
            "\r\nUSER INFORMATION\r\n----------------\r\n\r\nUser Name      SID\r\n"
            "============== ===========================\r\ncorp\\svc-agent " CORP_SID "-1120\r\n\r\n\r\n"
            "GROUP INFORMATION\r\n-----------------\r\n\r\n"
            "Group Name                       Type             SID          Attributes\r\n"
            "================================ ================ ============ ===============\r\n"
            "Everyone                         Well-known group S-1-1-0      Mandatory group, Enabled by "
            "default\r\n"
            "NT AUTHORITY\\NETWORK             Well-known group S-1-5-2      Mandatory group, Enabled by "
            "default\r\n"
            "NT AUTHORITY\\Authenticated Users Well-known group S-1-5-11     Mandatory group, Enabled by "
            "default\r\n");
    printed(
        h, "gpresult.txt", false,
        "\r\nMicrosoft (R) Windows (R) Operating System Group Policy Result tool v2.0\r\n\r\n"
        "Created on 3/4/2026 at 11:02:10 AM\r\n\r\nRSOP data for CORP\\anna on WS82 : Logging Mode\r\n"
        "------------------------------------------\r\n\r\nOS Configuration:            Member "
        "Workstation\r\n"
        "OS Version:                  10.0.22631\r\n\r\nCOMPUTER SETTINGS\r\n------------------\r\n"
        "    Group Policy was applied from:      DC01.corp.example\r\n\r\n"
        "    Applied Group Policy Objects\r\n    -----------------------------\r\n        Baseline 2.3.10\r\n"
        "        Default Domain Policy\r\n\r\n    Resultant Set Of Policies for Computer\r\n"
        "    ---------------------------------------\r\n\r\n        Security Options\r\n"
        "        ----------------\r\n            GPO: Baseline 2.3.10\r\n"
        "                Policy:            @wsecedit.dll,-59039\r\n                ValueName:         "
        "MACHINE\\System\\CurrentControlSet\\Control\\Lsa\\DisableDomainCreds\r\n"
        "                Computer Setting:  1\r\n\r\n");
    printed(h, "systeminfo.txt", false,
            "\r\nHost Name:                 WS82\r\nOS Name:                   Microsoft Windows 11 "
            "Enterprise\r\n"
            "OS Version:                10.0.22631 N/A Build 22631\r\n"
            "OS Manufacturer:           Microsoft Corporation\r\nOS Configuration:          Member "
            "Workstation\r\n"
            "System Boot Time:          3/2/2026, 7:50:00 AM\r\n"
            "System Locale:             en-us;English (United States)\r\n"
            "Time Zone:                 (UTC) Coordinated Universal Time\r\nDomain:                    "
            "corp.example\r\n"
            "Logon Server:              \\\\DC01\r\nHotfix(s):                 1 Hotfix(s) Installed.\r\n"
            "                           [01]: KB5034123\r\n");
    printed(h, "dsregcmd.txt", false,
            "\r\n+----------------------------------------------------------------------+\r\n"
            "| Device State                                                         |\r\n"
            "+----------------------------------------------------------------------+\r\n\r\n"
            "             AzureAdJoined : NO\r\n              DomainJoined : YES\r\n"
            "                DomainName : CORP\r\n               Device Name : other-pc.corp.example\r\n");
}
static void newcredentials_session(struct host *h)
{
    ordinary(h);
    logon(h, T("04 08:40"), twin() ? 2 : 9, anna, 0x7c1f2, SVCHOST_EXE, "::1");
    smb_failed(h, T("04 10:40"), "FS01", anna, 0x7c1f2, NT_LOGON_FAILURE);
}
static void no_such_account(struct host *h)
{
    struct who gone = CORP("svc-gone", 1130);
    ordinary(h);
    service(h, &(struct service_row){
                   .name = "AcmeOld", .display = "Acme Old", .account = spelled(gone), .start = 2});
    logon_failed(h, T("04 09:10"), 5, gone, NT_LOGON_FAILURE, twin() ? 0xC000006A : 0xC0000064, "%%2313",
                 SERVICES_EXE);
    service_failed(h, T("04 09:10"), "AcmeOld", "Acme Old", spelled(gone), "%%1326");
}
static void ntlm_blocked(struct host *h)
{
    ordinary(h);
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Control\\Lsa\\MSV1_0", DW("RestrictSendingNTLMTraffic", 2),
        END);
    if (twin()) {
        smb_failed(h, T("04 10:40"), "FS01", anna, desk_luid(4), NT_NO_SUCH_SHARE);
        return;
    }
    say(h, SMB_LOG, T("04 10:40"), SMB, 31023, LEVEL(2), USER(SYSTEM_SID), S("ServerName", "FS01"),
        S("UserName", spelled(agent)));
}
static void ntlm_bottleneck(struct host *h)
{
    ordinary(h);
    say(h, SYSTEM_LOG, T(twin() ? "03 10:38" : "04 10:38"), "NETLOGON", 5817, LEVEL(2), D("12"), D("CORP"));
    smb_failed(h, T("04 10:40"), "FS01", anna, desk_luid(4), NT_NO_LOGON_SERVER);
}
static void s4u_needs_network(struct host *h)
{
    ordinary(h);
    task(h, &(struct task_row){.path = "\\Copy",
                               .sid = agent.sid,
                               .user = spelled(agent),
                               .logon = twin() ? "Password" : "S4U",
                               .command = "C:\\Tools\\copy.cmd",
                               .registered = utc("2026-02-10T10:00:00Z"),
                               .last_run = T("04 10:39:58"),
                               .last_ok = T("04 10:41")});
    logon(h, T("04 10:39:58"), 4, agent, 0x7c1f2, SVCHOST_EXE, "-");
    task_ran(h, T("04 10:39:58"), "\\Copy", spelled(agent), "C:\\Tools\\copy.cmd", 0);
    smb_failed(h, T("04 10:40"), "FS01", agent, 0x7c1f2, NT_NO_SUCH_SESSION);
}
static void sam_rpc_no_session_key(struct host *h)
{
    if (!twin()) /* nobody was to get a password */
        password_reset(h, T("04 01:59:30"), CORP("new.hire", 1400));
    program_ends(h, "04 01:59:25", "\\HR\\Sync", agent, 1394);
}
static void session0_user_activation(struct host *h)
{
    program_ends(h, "04 02:00", "\\Winget", agent, twin() ? 1394 : NOT_LOGGED_ON);
}
static void session_lost_at_reboot(struct host *h)
{
    ordinary(h);
    logon(h, T(twin() ? "05 10:00" : "04 20:00"), 3, agent, 0x7c1f2, "-", "10.0.0.55");
    shutdown(h, T("05 06:00")), boot(h, T("05 06:05"));
    smb_failed(h, T("05 10:40"), "FS01", agent, 0x7c1f2, NT_NO_SUCH_SESSION);
}
static void session_security_mismatch(struct host *h)
{
    ordinary(h);
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Control\\Lsa\\MSV1_0",
        DW("NtlmMinClientSec", twin() ? 0 : 0x20080000), END);
    say(h, NTLM_LOG, T(twin() ? "03 10:39:59" : "04 10:39:59"), "Microsoft-Windows-NTLM", 4010, LEVEL(3),
        USER(SYSTEM_SID), U32("NegotiatedSecurity", 0), U32("RequiredSecurity", 0x20000000));
    smb_failed(h, T("04 10:40"), "FS01", anna, desk_luid(4), NT_NO_SESSION_KEY);
}
static void stale_drive_mapping(struct host *h)
{
    ordinary(h);
    say(h, CONNECT_LOG, T(twin() ? "05 09:00" : "04 09:00"), SMB, 30811, LEVEL(4), USER(SYSTEM_SID),
        S("Name", "vpn"));
    service_ended(h, "04 10:00", "OldAgent", "%%2200");
}
static void system_credential_store_damaged(struct host *h)
{
    ordinary(h);
    say(h, TASK_LOG, T(twin() ? "05 06:00" : "04 06:00"), TASKS, 406, LEVEL(2), TASK(406), USER(SYSTEM_SID),
        PROCESS(1240, 2936), U32("ResultCode", 0x8009000B));
    stored_task(h, "\\A", agent, WIN32(NO_SUCH_SESSION)),
        stored_task(h, "\\B", other, WIN32(NO_SUCH_SESSION));
    refused(h, "04 09:10", "\\A", agent, NO_SUCH_SESSION),
        refused(h, "04 09:20", "\\B", other, NO_SUCH_SESSION);
}
static void task_principal_mismatch(struct host *h)
{
    char profile[160];
    struct who old = CORP("berta", 1131),
               now = {"CORP", "berta", "S-1-12-1-3172635461-1231347205-1847319942-2984013729"};
    ordinary(h);
    snprintf(profile, sizeof profile, "Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\%s", now.sid);
    reg(&h->hive[SOFTWARE_HIVE], profile, EXPAND("ProfileImagePath", "C:\\Users\\berta"), END);
    logon(h, T(twin() ? "04 03:00" : "04 01:00"), 2, now, 0x7c1f2, WINLOGON_EXE, "127.0.0.1");
    task(h, &(struct task_row){.path = "\\Report",
                               .sid = old.sid,
                               .user = spelled(old),
                               .logon = "InteractiveToken",
                               .command = "C:\\Tools\\report.exe",
                               .registered = utc("2026-02-10T10:00:00Z"),
                               .last_run = T("04 02:00"),
                               .result = WIN32(NOT_LOGGED_ON)});
    task_failed(h, T("04 02:00"), "\\Report", spelled(old), NULL, WIN32(NOT_LOGGED_ON));
}
static void task_session_locked(struct host *h)
{
    ordinary(h);
    task(h, &(struct task_row){.path = "\\Remind",
                               .sid = anna.sid,
                               .user = spelled(anna),
                               .logon = "InteractiveToken",
                               .command = "C:\\Tools\\remind.exe",
                               .registered = utc("2026-02-10T10:00:00Z"),
                               .last_run = T("04 12:00"),
                               .result = WIN32(NOT_LOGGED_ON)});
    if (!twin())
        say(h, TASK_LOG, T("04 12:00"), TASKS, 333, LEVEL(3), TASK(333), USER(SYSTEM_SID),
            PROCESS(1240, 2936), S("TaskName", "\\Remind"), GUID("TaskInstanceId", NO_GUID),
            S("UserName", spelled(anna)));
    task_failed(h, T("04 12:00"), "\\Remind", spelled(anna), NULL, WIN32(NOT_LOGGED_ON));
}
static void uac_linked_session(struct host *h)
{
    struct who dora = CORP("dora", 1132);
    ordinary(h);
    if (twin())
        reg(&h->hive[SOFTWARE_HIVE], "Microsoft\\Windows\\CurrentVersion\\Policies\\System",
            DW("EnableLinkedConnections", 1), END);
    for (unsigned i = 0; i < 2; i++)
        say(h, SECURITY_LOG, T("04 12:00"), AUDIT, 4624, SUCCESS, VERSION(2), TASK(12544), PROCESS(764, 812),
            BY_SYSTEM(h), SID("TargetUserSid", dora.sid), S("TargetUserName", dora.user),
            S("TargetDomainName", dora.domain), HEX64("TargetLogonId", i ? 0x51299 : 0x51234),
            U32("LogonType", 2), S("LogonProcessName", "User32 "), S("ProcessName", WINLOGON_EXE),
            HEX64("TargetLinkedLogonId", i ? 0x51234 : 0x51299), S("ElevatedToken", i ? "%%1842" : "%%1843"));
    explicit_logon(h, T("04 12:10"), dora, 0x51234, CORP("svc-map", 1133), "FS01",
                   "C:\\Windows\\System32\\net.exe");
    smb_failed(h, T("04 12:40"), "FS01", dora, 0x51299, NT_NO_SUCH_SHARE);
}
/* The server's log was collected too: it looked for a user of its own. In the twin the name has its domain,
 * and the password is wrong. */
static void unqualified_user(const char *name)
{
    struct host client = member("WS77"), server = member("FS78");
    client.prefix = "WS77-", server.prefix = "FS78-";
    ordinary(&client), boot(&server, T("02 06:00"));
    if (!twin())
        smb_failed(&client, T("04 10:40"), server.name, (struct who){"", "", ""}, desk_luid(4),
                   NT_LOGON_FAILURE);
    say(&client, SMB_LOG, T("04 10:41"), SMB, 31001, LEVEL(2), USER(SYSTEM_SID), U32("Reason", 3),
        U32("Status", NT_LOGON_FAILURE), U64("LogonId", desk_luid(4)), S("ServerName", server.name),
        S("UserName", twin() ? "CORP\\svc-scan" : "svc-scan"));
    logon_failed(&server, T("04 10:41"), 3, (struct who){twin() ? "CORP" : server.name, "svc-scan", ""},
                 NT_LOGON_FAILURE, twin() ? 0xC000006A : 0xC0000064, "%%2313", "-");
    logon(&server, T("06 17:00"), 3, anna, 0x9d1e0, "-", "10.0.0.55");
    collect(&client, name);
    lose_all_but(&server, SECURITY_LOG, -1);
    collect(&server, name);
}
static void unrelated_component_code(struct host *h)
{
    program_ends(h, "04 02:00", "\\Fax", agent, 1394);
    smb_fine(h);
    if (twin()) /* a share failed with that code too */
        smb_failed(h, T("04 02:00:10"), "FS01", agent, 0x79100, NT_NO_SESSION_KEY);
}
static void update_correlated(struct host *h)
{
    ordinary(h);
    stored_task(h, "\\A", agent, WIN32(NO_SUCH_SESSION)),
        stored_task(h, "\\B", other, WIN32(NO_SUCH_SESSION));
    morning_run(h, "03", "\\A", agent), morning_run(h, "03", "\\B", other);
    say(h, SYSTEM_LOG, T(twin() ? "05 23:00" : "04 03:00"), "Microsoft-Windows-WindowsUpdateClient", 19,
        LEVEL(4), USER(SYSTEM_SID), S("updateTitle", "2026-03 Cumulative Update for Windows 10 (KB5000000)"));
    refused(h, "04 09:10", "\\A", agent, NO_SUCH_SESSION),
        refused(h, "04 09:20", "\\B", other, NO_SUCH_SESSION);
}
/* The twin's service starts, and what failed says something else. */
static void workstation_service_down(struct host *h)
{
    ordinary(h);
    service(h, &(struct service_row){.name = "LanmanWorkstation",
                                     .display = "Workstation",
                                     .account = "NT AUTHORITY\\NetworkService",
                                     .start = twin() ? 2 : 4,
                                     .type = 0x20});
    service_ended(h, "04 09:10", "Computer Browser", twin() ? "%%2200" : "%%2138");
}

/* Everything failed, and of all that would tell why nothing was sent: logs of tasks, shares and BITS alone.
 */
static void few_files(struct host *h)
{
    static const uint32_t codes[] = {
        NOT_LOGGED_ON, NO_LOGON_SERVERS,    NO_SUCH_SESSION,  LOGON_FAILURE, 1327,
        1328,          ACCOUNT_IS_DISABLED, TYPE_NOT_GRANTED, 1398,          TRUST_FAILED,
        1909};
    static const uint32_t statuses[] = {NT_ACCESS_DENIED,       NT_NO_SUCH_SESSION, NT_TOO_MANY_COMMANDS,
                                        NT_TIME_DIFFERENCE,     NT_NO_SESSION_KEY,  NT_LOGON_FAILURE,
                                        NT_DUPLICATE_NAME,      NT_NO_LOGON_SERVER, NT_NO_SUCH_SHARE,
                                        NT_CREDENTIAL_CONFLICT, NT_NTLM_BLOCKED};
    static const uint32_t exits[] = {NOT_LOGGED_ON, NO_SUCH_SESSION, 1394};
    ordinary(h);
    for (size_t i = 0; i < LEN(codes); i++)
        task_failed(h, T(keep("04 09:%02zu", 10 + i)), keep("\\T%u", codes[i]), spelled(agent),
                    i ? "LogonUserExEx" : NULL, WIN32(codes[i]));
    task_failed(h, T("04 09:30"), "\\S4U", spelled(agent), "LogonUserS4U", WIN32(NO_SUCH_SESSION));
    for (size_t i = 0; i < LEN(exits); i++) /* its program ends so */
        task_ran(h, T(keep("04 09:%02zu", 40 + i)), keep("\\P%u", exits[i]), spelled(agent),
                 "C:\\Windows\\System32\\cmd.exe", WIN32(exits[i]));
    for (size_t i = 0; i < LEN(statuses); i++)
        smb_failed(h, T(keep("04 10:%02zu", 10 + i)), keep("SRV%zu", i), agent, 0x7c1f2, statuses[i]);
    say(h, BITS_LOG, T("04 11:00"), "Microsoft-Windows-Bits-Client", 61, VERSION(1), LEVEL(3),
        USER(SYSTEM_SID), S("name", "Update"), GUID("Id", "{7C2F1F0C-8B0B-4F0E-9C6C-2F5B0D3A7E12}"),
        U32("hr", WIN32(NOT_LOGGED_ON)));
    for (int i = 0; i < LOGS; i++)
        h->lost[i] = i != TASK_LOG && i != SMB_LOG && i != BITS_LOG;
    for (int i = 0; i < HIVES; i++)
        h->lost_hive[i] = true;
}

/* The same the other way round: what failed stands in the cache of tasks and in the logs that were sent, and
 * the logs of tasks, of the security of shares and of logons were not. */
static void other_files(struct host *h)
{
    static const uint32_t statuses[] = {NT_NO_SESSION_KEY, NT_LOGON_FAILURE, NT_ACCESS_DENIED};
    ordinary(h);
    stored_task(h, "\\T1245", agent, WIN32(NOT_LOGGED_ON));
    stored_task(h, "\\T1312", agent, WIN32(NO_SUCH_SESSION));
    for (size_t i = 0; i < LEN(statuses); i++)
        say(h, CONNECT_LOG, T(keep("04 10:%02zu", 10 + i)), SMB, 30829, LEVEL(2), USER(SYSTEM_SID),
            U32("Status", statuses[i]), U64("SessionId", 0), S("ServerName", keep("SRV%zu", i)));
    say(h, AAD_LOG, T("04 11:10"), "Microsoft-Windows-AAD", 1098, LEVEL(2), USER(anna.sid),
        U32("Error", WIN32(NO_SUCH_SESSION)), S("ErrorMessage", "A specified logon session does not exist."));
    say(h, APPLICATION_LOG, T("04 11:20"), "AcmeFax", 7, LEVEL(2), D("Sending failed: 0x80070572"));
    for (int i = 0; i < LOGS; i++)
        h->lost[i] = i != SYSTEM_LOG && i != CONNECT_LOG && i != AAD_LOG && i != APPLICATION_LOG;
    for (int i = 0; i < HIVES; i++)
        h->lost_hive[i] = i != SOFTWARE_HIVE;
}

/* A program of hers goes on after she logged off, and asks for stored credentials and for a token. */
static void after_log_off(struct host *h)
{
    ordinary(h);
    say(h, SECURITY_LOG, T("04 17:40"), AUDIT, 5379, FAILURE, TASK(13824), PROCESS(764, 812),
        SUBJECT(anna.sid, anna.user, anna.domain, desk_luid(4)),
        S("TargetName", "LegacyGeneric:target=git:https://git.corp.example"), U32("Type", 0),
        U32("CountOfCredentialsReturned", 0), S("ReadOperation", "%%8100"),
        U32("ReturnCode", NT_NO_SUCH_SESSION));
    say(h, AAD_LOG, T("04 17:41"), "Microsoft-Windows-AAD", 1098, LEVEL(2), USER(anna.sid),
        U32("Error", WIN32(NO_SUCH_SESSION)), S("ErrorMessage", "A specified logon session does not exist."));
}

/* tell: on one host of that name, alone; write: in a folder of that name, as many hosts as it takes. */
static const struct sample {
    const char *name, *host;
    const char *cause,
        *subject;     /* what is behind the failures of that subject; several words, cause@subject */
    const char *twin; /* and behind those of the twin: "" nothing known; NULL: it has no twin */
    void (*tell)(struct host *h);
    void (*write)(const char *name);
    bool workgroup;
    bool mends; /* has something to tell when repaired */
    bool joins; /* may be told together with another on one host */
} samples[] = {
    {.name = "healthy-host", .host = "WS01", .tell = healthy_host},
    {.name = "task-interactive-no-session",
     .host = "WS02",
     .tell = task_interactive_no_session,
     .cause = "task-interactive-no-session",
     .subject = "\\Reports\\Nightly",
     .joins = true,
     .twin = ""},
    {.name = "bits-noninteractive",
     .host = "WS03",
     .tell = bits_noninteractive,
     .cause = "bits-noninteractive",
     .subject = "Tools download",
     .twin = ""},
    {.name = "credential-storage-policy",
     .host = "WS04",
     .tell = credential_storage_policy,
     .cause = "credential-storage-policy",
     .subject = "\\Backup",
     .joins = true,
     .twin = "",
     .mends = true},
    {.name = "offline-files-state",
     .host = "WS05",
     .tell = offline_files_state,
     .cause = "offline-files-state",
     .subject = "FS01",
     .twin = ""},
    {.name = "s4u-account-unsupported",
     .host = "WS06",
     .tell = s4u_account_unsupported,
     .workgroup = true,
     .cause = "s4u-account-unsupported",
     .subject = "\\Sync",
     .twin = ""},
    {.name = "task-password-drift",
     .host = "WS07",
     .tell = task_password_drift,
     .cause = "task-password-drift",
     .subject = "\\ERP\\Export",
     .joins = true,
     .twin = "",
     .mends = true},
    {.name = "batch-right-missing",
     .host = "WS08",
     .tell = batch_right_missing,
     .cause = "batch-right-missing",
     .subject = "\\Reports\\Weekly",
     .joins = true,
     .twin = "",
     .mends = true},
    {.name = "dc-unreachable",
     .host = "WS09",
     .tell = dc_unreachable,
     .cause = "dc-unreachable",
     .subject = "\\Inventory",
     .twin = ""},
    {.name = "credential-conflict",
     .host = "WS10",
     .tell = credential_conflict,
     .cause = "credential-conflict",
     .subject = "FS01",
     .twin = ""},
    {.name = "smb-limit-reached", .write = smb_limit_reached, .cause = "smb-limit-reached", .twin = ""},
    {.name = "redirector-limits-low",
     .host = "WS12",
     .tell = redirector_limits_low,
     .cause = "redirector-limits-low smb-limit-reached",
     .subject = "NAS01",
     .joins = true,
     .twin = "smb-limit-reached"},
    {.name = "redirector-limits-7",
     .host = "WS82",
     .tell = redirector_limits_7,
     .cause = "redirector-limits-low",
     .subject = "Acme Archive",
     .twin = ""},
    {.name = "guest-session-no-key",
     .host = "WS13",
     .tell = guest_session_no_key,
     .cause = "guest-session-no-key",
     .subject = "NAS01",
     .twin = "guest-session-no-key@NAS02"},
    {.name = "secure-channel-broken",
     .write = secure_channel_broken,
     .cause = "secure-channel-broken",
     .twin = ""},
    {.name = "clock-skew",
     .host = "WS15",
     .tell = clock_skew,
     .cause = "clock-skew clock-skew@cifs/FS01",
     .subject = "FS01",
     .twin = ""},
    {.name = "service-password-drift",
     .host = "WS16",
     .tell = service_password_drift,
     .cause = "service-password-drift",
     .subject = "AcmeSync",
     .joins = true,
     .twin = ""},
    {.name = "service-password-reentered", .host = "WS17", .tell = service_password_reentered},
    {.name = "account-unusable",
     .host = "WS18",
     .tell = account_unusable,
     .cause = "account-unusable",
     .subject = "\\Cleanup",
     .joins = true,
     .twin = "",
     .mends = true},
    {.name = "service-right-missing",
     .host = "WS19",
     .tell = service_right_missing,
     .cause = "service-right-missing",
     .subject = "AcmeIndex",
     .joins = true,
     .twin = "",
     .mends = true},
    {.name = "builtin-account-on-network",
     .host = "WS20",
     .tell = builtin_account_on_network,
     .cause = "builtin-account-on-network",
     .subject = "FS01",
     .joins = true,
     .twin = ""},
    {.name = "missing-hive", .host = "WS21", .tell = missing_hive},
    {.name = "two-hosts", .write = two_hosts},
    {.name = "dirty-hive",
     .write = dirty_hive,
     .cause = "credential-storage-policy",
     .subject = "\\Backup",
     .twin = ""},
    {.name = "hostile-strings", .host = "WS25<B>\"'&", .tell = hostile_strings},
    {.name = "token-outlived-session",
     .host = "SRV26",
     .tell = token_outlived_session,
     .cause = "token-outlived-session",
     .subject = "FS01",
     .twin = ""},
    {.name = "boot-race",
     .host = "WS27",
     .tell = boot_race,
     .cause = "boot-race dc-unreachable",
     .subject = "AcmePoll",
     .twin = "dc-unreachable"},
    {.name = "exit-code-collision", .host = "WS28", .tell = exit_code_collision},
    {.name = "only-system-log", .host = "WS29", .tell = only_the_system_log},
    {.name = "account-locked-by-stale-consumer",
     .host = "WS40",
     .tell = account_locked,
     .cause = "account-locked-by-stale-consumer",
     .twin = "account-unusable",
     .subject = "\\Agent\\Report"},
    {.name = "autologon-broken",
     .host = "WS41",
     .tell = autologon_broken,
     .cause = "autologon-broken task-interactive-no-session",
     .twin = "task-interactive-no-session",
     .subject = "\\Kiosk\\Show"},
    {.name = "bits-sens-disabled",
     .host = "WS42",
     .tell = bits_sens_disabled,
     .cause = "bits-sens-disabled",
     .twin = "",
     .subject = "Update"},
    {.name = "blank-password",
     .host = "WS43",
     .tell = blank_password,
     .cause = "blank-password",
     .twin = "",
     .subject = "\\Till\\Close"},
    {.name = "certificate-binding",
     .host = "WS44",
     .tell = certificate_binding,
     .cause = "certificate-binding",
     .twin = "",
     .subject = "\\RenewCert"},
    {.name = "credential-guard-change",
     .host = "WS45",
     .tell = credential_guard_change,
     .cause = "credential-guard-change",
     .twin = "",
     .subject = "FS01"},
    {.name = "credential-service-disabled",
     .host = "WS46",
     .tell = credential_service_disabled,
     .cause = "credential-service-disabled",
     .twin = "",
     .subject = "\\Collect"},
    {.name = "credman-from-network-logon",
     .host = "WS47",
     .tell = credman_from_network_logon,
     .cause = "credman-from-network-logon",
     .twin = ""},
    {.name = "cross-user-launch",
     .host = "WS48",
     .tell = cross_user_launch,
     .cause = "cross-user-launch",
     .twin = ""},
    {.name = "duplicate-computer-name",
     .write = duplicate_computer_name,
     .cause = "duplicate-computer-name",
     .twin = ""},
    {.name = "encryption-type-mismatch",
     .host = "WS50",
     .tell = encryption_type_mismatch,
     .cause = "encryption-type-mismatch",
     .twin = "",
     .subject = "FS01"},
    {.name = "gmsa-retrieval",
     .host = "WS51",
     .tell = gmsa_retrieval,
     .cause = "gmsa-retrieval",
     .twin = "",
     .subject = "AcmeWeb"},
    {.name = "legacy-lanman-caller",
     .host = "WS52",
     .tell = legacy_lanman_caller,
     .cause = "legacy-lanman-caller",
     .twin = "",
     .subject = "OldAgent"},
    {.name = "logon-restricted",
     .host = "WS53",
     .tell = logon_restricted,
     .cause = "logon-restricted",
     .twin = "",
     .subject = "\\Night"},
    {.name = "loopback-check",
     .host = "WS54",
     .tell = loopback_check,
     .cause = "loopback-check",
     .twin = "",
     .subject = "files"},
    {.name = "lsass-instability",
     .host = "WS55",
     .tell = lsass_instability,
     .cause = "lsass-instability",
     .twin = ""},
    {.name = "network-logon-no-credentials",
     .host = "WS56",
     .tell = network_logon_no_credentials,
     .cause = "network-logon-no-credentials",
     .twin = "",
     .subject = "FS01"},
    {.name = "newcredentials-session",
     .host = "WS57",
     .tell = newcredentials_session,
     .cause = "newcredentials-session",
     .twin = "",
     .subject = "FS01"},
    {.name = "no-such-account",
     .host = "WS58",
     .tell = no_such_account,
     .cause = "no-such-account",
     .twin = "",
     .subject = "AcmeOld"},
    {.name = "ntlm-blocked",
     .host = "WS59",
     .tell = ntlm_blocked,
     .cause = "ntlm-blocked",
     .twin = "",
     .subject = "FS01"},
    {.name = "ntlm-bottleneck",
     .host = "WS60",
     .tell = ntlm_bottleneck,
     .cause = "ntlm-bottleneck",
     .twin = "",
     .subject = "FS01"},
    {.name = "s4u-needs-network",
     .host = "WS61",
     .tell = s4u_needs_network,
     .cause = "s4u-needs-network",
     .twin = "",
     .subject = "FS01"},
    {.name = "sam-rpc-no-session-key",
     .host = "WS62",
     .tell = sam_rpc_no_session_key,
     .cause = "sam-rpc-no-session-key",
     .twin = "",
     .subject = "\\HR\\Sync"},
    {.name = "session0-user-activation",
     .host = "WS63",
     .tell = session0_user_activation,
     .cause = "session0-user-activation",
     .twin = "",
     .subject = "\\Winget"},
    {.name = "session-lost-at-reboot",
     .host = "WS64",
     .tell = session_lost_at_reboot,
     .cause = "session-lost-at-reboot",
     .twin = "network-logon-no-credentials",
     .subject = "FS01"},
    {.name = "session-security-mismatch",
     .host = "WS65",
     .tell = session_security_mismatch,
     .cause = "session-security-mismatch",
     .twin = "",
     .subject = "FS01"},
    {.name = "stale-drive-mapping",
     .host = "WS66",
     .tell = stale_drive_mapping,
     .cause = "stale-drive-mapping",
     .twin = "",
     .subject = "OldAgent"},
    {.name = "system-credential-store-damaged",
     .host = "WS67",
     .tell = system_credential_store_damaged,
     .cause = "system-credential-store-damaged",
     .twin = ""},
    {.name = "task-principal-mismatch",
     .host = "WS68",
     .tell = task_principal_mismatch,
     .cause = "task-principal-mismatch",
     .twin = "task-interactive-no-session",
     .subject = "\\Report"},
    {.name = "task-session-locked",
     .host = "WS69",
     .tell = task_session_locked,
     .cause = "task-session-locked",
     .twin = "",
     .subject = "\\Remind"},
    {.name = "uac-linked-session",
     .host = "WS70",
     .tell = uac_linked_session,
     .cause = "uac-linked-session",
     .twin = "",
     .subject = "FS01"},
    {.name = "unqualified-user", .write = unqualified_user, .cause = "unqualified-user", .twin = ""},
    {.name = "unrelated-component-code",
     .host = "WS72",
     .tell = unrelated_component_code,
     .cause = "unrelated-component-code",
     .twin = "",
     .subject = "\\Fax"},
    {.name = "update-correlated",
     .host = "WS73",
     .tell = update_correlated,
     .cause = "update-correlated",
     .twin = ""},
    {.name = "workstation-service-down",
     .host = "WS74",
     .tell = workstation_service_down,
     .cause = "workstation-service-down",
     .subject = "Browser",
     .twin = ""},
    {.name = "few-files", .host = "WS79", .tell = few_files},
    {.name = "other-files", .host = "WS80", .tell = other_files},
    {.name = "after-log-off", .host = "WS81", .tell = after_log_off},
    {.name = "tools-printed", .host = "WS82", .tell = tools_printed},
};
#endif
