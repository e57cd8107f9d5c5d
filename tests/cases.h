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
 * flushed. */
static void dirty_hive(const char *name)
{
    struct host h = member("WS24");
    struct hive *s = &h.hive[SYSTEM_HIVE];
    struct buf state[3] = {0}, log[2] = {0};
    char dir[1024];
    backup_refused(&h, "\\Backup");
    hive_write(s, &state[0]);
    s->now = T("04 08:59"), reg(s, "ControlSet001\\Control\\Lsa", DW("LsaPid", 788), END),
    hive_write(s, &state[1]);
    s->now = T("04 09:00"), forbid_stored_passwords(&h), hive_write(s, &state[2]);
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
 */
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
 * Security log was collected too. */
static void secure_channel_broken(const char *name)
{
    struct host h = member("WS14"), dc = member("DC01");
    h.no_dc_from = T("04 08:31"), h.no_dc_to = T("06 23:00");
    h.prefix = "WS14-", dc.prefix = "DC01-";
    ordinary(&h), boot(&dc, T("02 06:00"));
    computer_reset(&dc, T("04 08:30"), (struct who){"CORP", machine(&h), CORP_SID "-1203"});
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

/* Twice the service is quicker than the network: it fails at boot and starts three minutes later. */
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
        int64_t t = i ? T("05 07:50") : T("02 07:50");
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

/* All that was sent is System.evtx, and the record that names the reason has rolled out of it. */
static void only_the_system_log(struct host *h)
{
    ordinary(h);
    say(h, SYSTEM_LOG, T("04 12:00"), SCM, 7000, LEVEL(2), PROCESS(696, 3164), S("param1", "AcmeSync"),
        S("param2", "%%1069"));
    lose_all_but(h, SYSTEM_LOG, -1);
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
    {.name = "smb-limit-reached", .write = smb_limit_reached, .cause = "smb-limit-reached"},
    {.name = "redirector-limits-low",
     .host = "WS12",
     .tell = redirector_limits_low,
     .cause = "redirector-limits-low smb-limit-reached",
     .subject = "NAS01",
     .joins = true,
     .twin = "smb-limit-reached"},
    {.name = "guest-session-no-key",
     .host = "WS13",
     .tell = guest_session_no_key,
     .cause = "guest-session-no-key",
     .subject = "NAS01",
     .twin = "guest-session-no-key@NAS02"},
    {.name = "secure-channel-broken", .write = secure_channel_broken, .cause = "secure-channel-broken"},
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
    {.name = "dirty-hive", .write = dirty_hive, .cause = "credential-storage-policy", .subject = "\\Backup"},
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
     .subject = "AcmePoll"},
    {.name = "exit-code-collision", .host = "WS28", .tell = exit_code_collision},
    {.name = "only-system-log", .host = "WS29", .tell = only_the_system_log},
};
#endif
