/* Hosts as a support engineer meets them: what their users told, what was collected, and what an expert would
 * sign. Most are look-alikes: of a cause that is none here, or the reverse. The real program judges them all
 * in one run. */
#include "tests/cases.h"
#include "tests/shell.h"

/* A task with a stored password that ran on day 2 and 3, and then fails at 09:10 on days 4 to 6. */
static void fails_daily(struct host *h, const char *path, struct who who, uint32_t status, uint32_t sub,
                        uint32_t win32)
{
    ordinary(h);
    stored_task(h, path, who, WIN32(win32));
    morning_run(h, "02", path, who), morning_run(h, "03", path, who);
    for (unsigned day = 4; day <= 6; day++) {
        int64_t t = T(keep("%02u 09:10", day));
        if (status)
            logon_failed(h, t, 4, who, status, sub, "%%2313", SVCHOST_EXE);
        task_failed(h, t, path, spelled(who), "LogonUserExEx", WIN32(win32));
    }
}
static void local_user(struct host *h, struct who who, unsigned rid, uint32_t more, int64_t password_set)
{
    sam_user(&h->hive[SAM_HIVE],
             &(struct user_row){
                 .name = who.user, .rid = rid, .flags = ACB_NORMAL | more, .password_set = password_set});
}
static void agent_service(struct host *h, const char *account, bool managed)
{
    service(h, &(struct service_row){.name = "AcmeAgent",
                                     .display = "Acme Agent",
                                     .account = account,
                                     .start = 2,
                                     .managed = managed,
                                     .image = "\"C:\\Program Files\\Acme\\agent.exe\""});
}
/* It had started at boot, and does not at noon of day 4. */
static void agent_fails(struct host *h, struct who who, uint32_t status, uint32_t sub, const char *code)
{
    logon(h, T("02 07:51"), 5, who, 0x1d0a2, SERVICES_EXE, "-");
    service_state(h, T("02 07:51:01"), "Acme Agent", "AcmeAgent", true);
    service_state(h, T("04 11:59"), "Acme Agent", "AcmeAgent", false);
    if (status)
        logon_failed(h, T("04 12:00"), 5, who, status, sub, "%%2313", SERVICES_EXE);
    service_failed(h, T("04 12:00"), "AcmeAgent", "Acme Agent", spelled(who), code);
}

/* --- passwords */
static void expired(struct host *h) { fails_daily(h, "\\Export", agent, 0xC000006E, 0xC0000071, 1330); }
static void must_change(struct host *h) { fails_daily(h, "\\Export", agent, 0xC000006E, 0xC0000224, 1907); }
static void locked_out(struct host *h) { fails_daily(h, "\\Export", agent, 0xC0000234, 0, 1909); }
static void wrong_workstation(struct host *h)
{
    fails_daily(h, "\\Export", agent, 0xC000006E, 0xC0000070, 1329);
}
/* Windows LAPS gives the local administrator a new password; a task still has the one of February. */
static void laps_rotates(struct host *h)
{
    struct who adm = local(h, "localadm", 1001);
    local_user(h, adm, 1001, ACB_NEVER_EXPIRES, T("03 12:00"));
    say(h, SECURITY_LOG, T("03 12:00"), AUDIT, 4724, SUCCESS, TASK(13824), PROCESS(764, 812), WHOM(adm),
        BY_SYSTEM(h));
    say(h, SECURITY_LOG, T("03 12:00"), AUDIT, 4738, SUCCESS, TASK(13824), PROCESS(764, 812), S("Dummy", "-"),
        WHOM(adm), BY_SYSTEM(h), ONLY_PASSWORD(shown(T("03 12:00"))));
    fails_daily(h, "\\Export", adm, 0xC000006D, 0xC000006A, 1326);
}
/* The account is the domain's, and no domain controller's log was collected. */
static void domain_password(struct host *h)
{
    fails_daily(h, "\\Export", agent, 0xC000006D, 0xC000006A, 1326);
}
/* A namesake of this computer got a new password. */
static void namesake_reset(struct host *h)
{
    struct who same = local(h, agent.user, 1020);
    local_user(h, same, 1020, 0, T("03 12:00"));
    password_reset(h, T("03 12:00"), same);
    domain_password(h);
}
/* Reset on day 3, and given its old password again on day 5: nobody saved the task anew, and it runs. */
static void reset_and_back(struct host *h)
{
    struct who svc = local(h, "svc-export", 1004);
    ordinary(h);
    local_user(h, svc, 1004, ACB_NEVER_EXPIRES, T("05 12:00"));
    stored_task(h, "\\Export", svc, 0);
    morning_run(h, "02", "\\Export", svc), morning_run(h, "03", "\\Export", svc);
    password_reset(h, T("03 12:00"), svc);
    for (unsigned day = 4; day <= 5; day++) {
        logon_failed(h, T(keep("%02u 09:10", day)), 4, svc, 0xC000006D, 0xC000006A, "%%2313", SVCHOST_EXE);
        task_failed(h, T(keep("%02u 09:10", day)), "\\Export", spelled(svc), "LogonUserExEx", WIN32(1326));
    }
    password_reset(h, T("05 12:00"), svc);
    morning_run(h, "06", "\\Export", svc);
}
/* She changes her own password at her workgroup PC; her task has the old one. */
static void own_change(struct host *h)
{
    struct who me = local(h, "anna", 1001);
    local_user(h, me, 1001, 0, T("03 12:00"));
    say(h, SECURITY_LOG, T("03 12:00"), AUDIT, 4723, SUCCESS, TASK(13824), PROCESS(764, 812), WHOM(me),
        SUBJECT(me.sid, me.user, me.domain, desk_luid(3)));
    say(h, SECURITY_LOG, T("03 12:00"), AUDIT, 4738, SUCCESS, TASK(13824), PROCESS(764, 812), S("Dummy", "-"),
        WHOM(me), SUBJECT(me.sid, me.user, me.domain, desk_luid(3)), ONLY_PASSWORD(shown(T("03 12:00"))));
    fails_daily(h, "\\Sync photos", me, 0xC000006D, 0xC000006A, 1326);
}
/* Somebody tried to change it (4723 that failed): nothing changed. */
static void change_refused(struct host *h)
{
    struct who me = local(h, "anna", 1001);
    local_user(h, me, 1001, 0, utc("2026-01-15T10:00:00Z"));
    say(h, SECURITY_LOG, T("03 12:00"), AUDIT, 4723, FAILURE, TASK(13824), PROCESS(764, 812), WHOM(me),
        SUBJECT(me.sid, me.user, me.domain, desk_luid(3)));
    fails_daily(h, "\\Sync photos", me, 0xC000006D, 0xC000006A, 1326);
}
/* It was reset because it failed: failures came first. */
static void reset_after(struct host *h)
{
    struct who svc = local(h, "svc-export", 1004);
    local_user(h, svc, 1004, 0, T("05 12:00"));
    password_reset(h, T("05 12:00"), svc);
    fails_daily(h, "\\Export", svc, 0xC000006D, 0xC000006A, 1326);
}
/* A sign-in to Entra: its password changed in the cloud, of which this computer does not hear. */
static const struct who entra = {"AzureAD", "anna@corp.example",
                                 "S-1-12-1-3172635461-1231347205-1847319942-2984013722"};
static void entra_password(struct host *h)
{
    ordinary(h);
    stored_task(h, "\\Export", entra, WIN32(1326));
    for (unsigned day = 4; day <= 6; day++) {
        logon_failed(h, T(keep("%02u 09:10", day)), 4, entra, 0xC000006D, 0xC000006A, "%%2313", SVCHOST_EXE);
        task_failed(h, T(keep("%02u 09:10", day)), "\\Export", spelled(entra), "LogonUserExEx", WIN32(1326));
    }
}
/* A task's S4U account needs no password: changing it changes nothing. */
static void s4u_and_reset(struct host *h)
{
    struct who svc = local(h, "svc-export", 1004);
    ordinary(h);
    local_user(h, svc, 1004, 0, T("03 12:00"));
    password_reset(h, T("03 12:00"), svc);
    task(h, &(struct task_row){.path = "\\Export",
                               .sid = svc.sid,
                               .user = spelled(svc),
                               .logon = "S4U",
                               .command = "C:\\Tools\\job.exe",
                               .registered = utc("2026-02-10T10:00:00Z"),
                               .last_run = T("05 09:10"),
                               .result = WIN32(1385)});
    logon_failed(h, T("05 09:10"), 4, svc, 0xC000015B, 0, "%%2308", SVCHOST_EXE);
    task_failed(h, T("05 09:10"), "\\Export", spelled(svc), "LogonUserS4U", WIN32(1385));
}

/* --- accounts that are no more what they were */
static void service_of(struct host *h, struct who who, uint32_t status, uint32_t sub, const char *code)
{
    ordinary(h);
    agent_service(h, spelled(who), false);
    lsa_secret(&h->hive[SECURITY_HIVE], "_SC_AcmeAgent", utc("2025-11-03T09:30:00Z"),
               utc("2025-11-03T09:30:00Z"));
    agent_fails(h, who, status, sub, code);
}
static void renamed_in_the_domain(struct host *h)
{
    service_of(h, agent, NT_LOGON_FAILURE, 0xC0000064, "%%1326");
}
static void deleted_locally(struct host *h)
{
    struct who svc = local(h, "svc-old", 1044);
    say(h, SECURITY_LOG, T("03 15:00"), AUDIT, 4726, SUCCESS, TASK(13824), PROCESS(764, 812), WHOM(svc),
        BY_ADMIN, S("PrivilegeList", "-"));
    fails_daily(h, "\\Export", svc, NT_LOGON_FAILURE, 0xC0000064, 1326);
}
static void no_mapping(struct host *h) { fails_daily(h, "\\Export", agent, 0, 0, 1332); }
static void disabled_since(struct host *h)
{
    struct who svc = local(h, "svc-agent", 1020);
    local_user(h, svc, 1020, ACB_DISABLED, utc("2025-09-01T08:00:00Z"));
    account_disabled(h, T("03 15:00"), svc);
    service_of(h, svc, 0xC000006E, 0xC0000072, "%%1331");
}
/* Its SID is of this computer, whose whole SAM has no such account. */
static void no_more_in_the_sam(struct host *h)
{
    struct who svc = local(h, "svc-old", 1044);
    say(h, SECURITY_LOG, T("03 15:00"), AUDIT, 4726, SUCCESS, TASK(13824), PROCESS(764, 812), WHOM(svc),
        BY_ADMIN, S("PrivilegeList", "-"));
    fails_daily(h, "\\Export", svc, 0, 0, 1326);
}
/* Disabled today, when everything was already mended: it failed for its password. */
static void disabled_later(struct host *h)
{
    struct who svc = local(h, "svc-agent", 1020);
    local_user(h, svc, 1020, ACB_DISABLED, T("04 10:00"));
    password_reset(h, T("04 10:00"), svc);
    account_disabled(h, T("06 15:00"), svc);
    service_of(h, svc, NT_LOGON_FAILURE, 0xC000006A, "%%1326");
}
static void account_expired(struct host *h)
{
    struct who svc = local(h, "svc-agent", 1020);
    sam_user(&h->hive[SAM_HIVE], &(struct user_row){.name = svc.user,
                                                    .rid = 1020,
                                                    .flags = ACB_NORMAL,
                                                    .password_set = utc("2025-09-01T08:00:00Z"),
                                                    .expires = T("04 00:00")});
    service_of(h, svc, 0xC000006E, 0xC0000193, "%%1793");
}

/* --- rights */
static void all_services_lost_it(struct host *h)
{
    struct who svc = {"NT SERVICE", "AcmeAgent",
                      "S-1-5-80-1234567890-1234567891-1234567892-1234567893-1234567894"};
    ordinary(h);
    agent_service(h, "NT SERVICE\\AcmeAgent", false);
    policy_applied(h, T("04 07:30"), true);
    right_removed(h, T("04 07:30:02"), (struct who){"", "", "S-1-5-80-0"}, "SeServiceLogonRight");
    lsa_right(&h->hive[SECURITY_HIVE], "S-1-5-80-0", 0);
    agent_fails(h, svc, 0xC000015B, 0, NULL);
}
/* The right had gone to a neighbour: not what happened here. */
static void right_of_another(struct host *h)
{
    policy_applied(h, T("04 07:30"), true);
    right_removed(h, T("04 07:30:02"), other, "SeServiceLogonRight");
    lsa_right(&h->hive[SECURITY_HIVE], agent.sid, RIGHT_SERVICE);
    service_of(h, agent, NT_LOGON_FAILURE, 0xC000006A, "%%1326");
}
static void denied_by_sid(struct host *h)
{
    lsa_right(&h->hive[SECURITY_HIVE], backup.sid, RIGHT_BATCH | DENY_BATCH);
    ordinary(h);
    task(h, &(struct task_row){.path = "\\Backup",
                               .sid = backup.sid,
                               .user = spelled(backup),
                               .logon = "Password",
                               .command = "C:\\Tools\\backup.exe",
                               .registered = utc("2026-02-10T10:00:00Z"),
                               .last_run = T("05 09:10"),
                               .result = WIN32(1385)});
    right_given(h, T("04 07:30"), backup, "SeDenyBatchLogonRight");
    logon_failed(h, T("05 09:10"), 4, backup, 0xC000015B, 0, "%%2308", SVCHOST_EXE);
    task_failed(h, T("05 09:10"), "\\Backup", spelled(backup), "LogonUserExEx", WIN32(1385));
}
/* The batch right went, and the task failed for its password. */
static void right_gone_password_wrong(struct host *h)
{
    struct who svc = local(h, "svc-export", 1004);
    local_user(h, svc, 1004, 0, T("03 12:00"));
    password_reset(h, T("03 12:00"), svc);
    right_removed(h, T("03 12:30"), svc, "SeBatchLogonRight");
    fails_daily(h, "\\Export", svc, 0xC000006D, 0xC000006A, 1326);
}
/* A gMSA may not log on as a service: its password is not what failed. */
static void gmsa_right(struct host *h)
{
    struct who g = {"CORP", "gweb$", CORP_SID "-1301"};
    ordinary(h);
    agent_service(h, "CORP\\gweb$", true);
    right_removed(h, T("04 07:30"), g, "SeServiceLogonRight");
    agent_fails(h, g, 0xC000015B, 0, NULL);
}

/* --- domain controllers, trust, boot */
static void workgroup_with_domain_task(struct host *h)
{
    fails_daily(h, "\\Export", agent, 0xC000005E, 0, 1311);
}
static void vpn_laptop(struct host *h)
{
    struct who svc = local(h, "svc-agent", 1020);
    local_user(h, svc, 1020, ACB_NEVER_EXPIRES, T("01 17:30"));
    password_reset(h, T("01 17:30"), svc);
    ordinary(h);
    agent_service(h, ".\\svc-agent", false);
    lsa_secret(&h->hive[SECURITY_HIVE], "_SC_AcmeAgent", utc("2025-11-03T09:30:00Z"),
               utc("2025-11-03T09:30:00Z"));
    say(h, SYSTEM_LOG, T("02 07:50:20"), "NETLOGON", 5719, LEVEL(2), D("CORP"), D("%%1311"),
        BINARY("\x5e\x00\x00\xc0"));
    logon_failed(h, T("02 07:50:25"), 5, svc, NT_LOGON_FAILURE, 0xC000006A, "%%2313", SERVICES_EXE);
    service_failed(h, T("02 07:50:25"), "AcmeAgent", "Acme Agent", ".\\svc-agent", "%%1326");
}
/* The snapshot of January was restored: the machine's password is an old one. */
static void snapshot(struct host *h)
{
    lsa_secret(&h->hive[SECURITY_HIVE], "$MACHINE.ACC", utc("2026-01-02T03:00:00Z"),
               utc("2025-12-03T03:00:00Z"));
    h->no_dc_from = T("02 00:00"), h->no_dc_to = T("06 23:00");
    ordinary(h);
    say(h, SYSTEM_LOG, T("02 07:51"), "NETLOGON", 3210, LEVEL(2), D("CORP"), D("\\\\DC01.corp.example"),
        BINARY("\x22\x00\x00\xc0"));
    stored_task(h, "\\Export", agent, WIN32(1789));
    logon_failed(h, T("04 09:10"), 4, agent, 0xC000018D, 0, "%%2304", SVCHOST_EXE);
    refused(h, "04 09:10", "\\Export", agent, 1789);
}
static void netlogon_not_started(struct host *h)
{
    ordinary(h);
    stored_task(h, "\\Export", agent, WIN32(1792));
    logon_failed(h, T("04 09:10"), 4, agent, 0xC0000192, 0, "%%2306", SVCHOST_EXE);
    refused(h, "04 09:10", "\\Export", agent, 1792);
}
static void timeouts_only(struct host *h)
{
    ordinary(h);
    say(h, SYSTEM_LOG, T("04 12:00"), SCM, 7009, LEVEL(2), PROCESS(696, 3164), S("param1", "30000"),
        S("param2", "Acme Agent"));
    say(h, SYSTEM_LOG, T("04 12:00"), SCM, 7000, LEVEL(2), PROCESS(696, 3164), S("param1", "Acme Agent"),
        S("param2", "%%1053"));
    say(h, SYSTEM_LOG, T("05 12:00"), SCM, 7001, LEVEL(2), PROCESS(696, 3164), S("param1", "Acme Agent"),
        S("param2", "DHCP Client"), S("param3", "%%1058"));
}

/* --- who is logged on */
static void her_task(struct host *h, const char *path, struct who who, const char *at)
{
    task(h, &(struct task_row){.path = path,
                               .sid = who.sid,
                               .user = spelled(who),
                               .logon = "InteractiveToken",
                               .command = "C:\\Tools\\show.exe",
                               .registered = utc("2026-02-10T10:00:00Z"),
                               .last_run = T(at),
                               .result = WIN32(NOT_LOGGED_ON)});
    say(h, TASK_LOG, T(at), TASKS, 332, LEVEL(3), TASK(332), USER(SYSTEM_SID), PROCESS(1240, 2936),
        EVENTNAME("TaskStartFailedEventUserNotLoggedOn"), S("TaskName", path), S("UserName", spelled(who)));
    task_failed(h, T(at), path, spelled(who), NULL, WIN32(NOT_LOGGED_ON));
}
static const struct who berta = {"CORP", "berta", CORP_SID "-1131"};
/* A kiosk logs on by itself a minute after the start; its task is due before. */
static void kiosk_too_early(struct host *h)
{
    struct who kiosk = local(h, "kiosk", 1010);
    ordinary(h);
    local_user(h, kiosk, 1010, ACB_NEVER_EXPIRES, utc("2025-09-01T08:00:00Z"));
    reg(&h->hive[SOFTWARE_HIVE], "Microsoft\\Windows NT\\CurrentVersion\\Winlogon", SZ("AutoAdminLogon", "1"),
        SZ("DefaultUserName", "kiosk"), SZ("DefaultDomainName", h->name), END);
    lsa_secret(&h->hive[SECURITY_HIVE], "DefaultPassword", utc("2025-09-01T08:05:00Z"),
               utc("2025-09-01T08:05:00Z"));
    shutdown(h, T("05 00:55")), boot(h, T("05 01:00"));
    her_task(h, "\\Kiosk\\Show", kiosk, "05 01:00:30");
    session(h, T("05 01:01"), T("05 23:00"), kiosk, 0x59000, 2);
}
/* Terminal server: she is there, in a session that she disconnected. */
static void disconnected(struct host *h)
{
    ordinary(h);
    logon(h, T("04 07:40"), 10, berta, 0x59000, WINLOGON_EXE, "10.0.0.61");
    say(h, SYSTEM_LOG, T("04 07:40:01"), "Microsoft-Windows-Winlogon", 7001, TASK(1101), PROCESS(620, 640),
        USER(SYSTEM_SID), U32("TSId", 7), SID("UserSid", berta.sid));
    say(h, SECURITY_LOG, T("04 09:00"), AUDIT, 4779, SUCCESS, TASK(12551), PROCESS(764, 812),
        S("AccountName", berta.user), S("AccountDomain", berta.domain), HEX64("LogonID", 0x59000),
        S("SessionName", "RDP-Tcp#4"), S("ClientName", "THIN7"), S("ClientAddress", "10.0.0.61"));
    her_task(h, "\\Berta", berta, "04 12:00");
    logoff(h, T("04 17:00"), 10, berta, 0x59000);
    say(h, SYSTEM_LOG, T("04 17:00"), "Microsoft-Windows-Winlogon", 7002, TASK(1102), PROCESS(620, 640),
        USER(SYSTEM_SID), U32("TSId", 7), SID("UserSid", berta.sid));
}
/* Only "run as" had her credentials: no desktop is hers. */
static void run_as_only(struct host *h)
{
    ordinary(h);
    say(h, SECURITY_LOG, T("04 11:00"), AUDIT, 4624, SUCCESS, VERSION(2), TASK(12544), PROCESS(764, 812),
        BY_SYSTEM(h), SID("TargetUserSid", berta.sid), S("TargetUserName", berta.user),
        S("TargetDomainName", berta.domain), HEX64("TargetLogonId", 0x59000), U32("LogonType", 2),
        S("LogonProcessName", "seclogo"), S("AuthenticationPackageName", "Negotiate"),
        S("ProcessName", SVCHOST_EXE), S("IpAddress", "::1"));
    her_task(h, "\\Berta", berta, "04 12:00");
    logoff(h, T("04 13:00"), 2, berta, 0x59000);
}
static void cached_logon(struct host *h)
{
    h->no_dc_from = T("04 00:00"), h->no_dc_to = T("04 23:00");
    ordinary(h);
    session(h, T("04 11:00"), T("04 13:00"), berta, 0x59000, 5);
    her_task(h, "\\Berta", berta, "04 12:00");
}
/* Only over the network and as a service is she known here. */
static void network_only(struct host *h)
{
    ordinary(h);
    logon(h, T("04 11:00"), 3, berta, 0x59000, "-", "10.0.0.61");
    her_task(h, "\\Berta", berta, "04 12:00");
    logoff(h, T("04 13:00"), 3, berta, 0x59000);
}
/* Somebody else's desktop is no presence of hers, and the Security log begins on day 5 only. */
static void security_wrapped(struct host *h)
{
    ordinary(h);
    her_task(h, "\\Berta", berta, "03 12:00");
    size_t n = 0;
    for (size_t i = 0; i < h->n; i++)
        if (h->events[i].log != SECURITY_LOG || h->events[i].time >= T("05 00:00"))
            h->events[n++] = h->events[i];
    h->n = n;
}

/* --- stored credentials, 1312 */
static void policy_too_late(struct host *h)
{
    fails_daily(h, "\\Export", backup, 0, 0, NO_SUCH_SESSION);
    h->hive[SYSTEM_HIVE].now = T("05 15:00");
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", 1), END);
}
static void policy_and_s4u(struct host *h)
{
    struct who svc = local(h, "svc-export", 1004);
    ordinary(h);
    local_user(h, svc, 1004, 0, utc("2025-09-01T08:00:00Z"));
    forbid_stored_passwords(h);
    policy_applied(h, T("04 09:00"), true);
    task(h, &(struct task_row){.path = "\\Export",
                               .sid = svc.sid,
                               .user = spelled(svc),
                               .logon = "S4U",
                               .command = "C:\\Tools\\job.exe",
                               .registered = utc("2026-02-10T10:00:00Z"),
                               .last_run = T("05 09:10"),
                               .result = WIN32(NO_SUCH_SESSION)});
    task_failed(h, T("05 09:10"), "\\Export", spelled(svc), "LogonUserS4U", WIN32(NO_SUCH_SESSION));
}
static void policy_other_code(struct host *h)
{
    struct who svc = local(h, "svc-export", 1004);
    local_user(h, svc, 1004, 0, T("03 12:00"));
    password_reset(h, T("03 12:00"), svc);
    forbid_stored_passwords(h);
    fails_daily(h, "\\Export", svc, 0xC000006D, 0xC000006A, 1326);
}
static void vault_off_later(struct host *h)
{
    fails_daily(h, "\\Export", agent, 0, 0, NO_SUCH_SESSION);
    h->hive[SYSTEM_HIVE].now = T("06 15:00");
    service(h,
            &(struct service_row){
                .name = "VaultSvc", .display = "Credential Manager", .account = "LocalSystem", .start = 4});
}
static void lsass_and_password(struct host *h)
{
    struct who svc = local(h, "svc-export", 1004);
    local_user(h, svc, 1004, 0, T("03 12:00"));
    password_reset(h, T("03 12:00"), svc);
    say(h, APPLICATION_LOG, T("04 09:05"), "Application Error", 1000, LEVEL(2), S("param1", "lsass.exe"),
        S("param2", "10.0.19041.5854"), S("param4", "ntdll.dll"));
    fails_daily(h, "\\Export", svc, 0xC000006D, 0xC000006A, 1326);
}

/* --- shares */
static void limit_not_client(struct host *h)
{
    ordinary(h);
    smb1_client(h);
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Services\\LanmanWorkstation\\Parameters", DW("MaxCmds", 2),
        DW("MaxThreads", 2), END);
    for (unsigned i = 0; i < 3; i++)
        smb_failed(h, T(keep("04 10:%02u", 10 + i)), "NAS01", anna, desk_luid(4), NT_REQUEST_NOT_ACCEPTED);
}
static void conflict_by_alias(struct host *h)
{
    ordinary(h);
    explicit_logon(h, T("04 10:00"), anna, desk_luid(4), agent, "fs01.corp.example",
                   "C:\\Windows\\System32\\net.exe");
    explicit_logon(h, T("04 10:05"), anna, desk_luid(4), other, "FS01", "C:\\Windows\\System32\\net.exe");
    smb_failed(h, T("04 10:05"), "FS01", other, desk_luid(4), NT_CREDENTIAL_CONFLICT);
}
static void wrong_password_at_share(struct host *h)
{
    ordinary(h);
    explicit_logon(h, T("04 10:05"), anna, desk_luid(4), other, "FS01", "C:\\Windows\\System32\\net.exe");
    smb_failed(h, T("04 10:05"), "FS01", other, desk_luid(4), NT_LOGON_FAILURE);
}
static void denied_at_share(struct host *h)
{
    ordinary(h);
    smb_failed(h, T("04 10:05"), "FS01", anna, desk_luid(4), NT_ACCESS_DENIED);
}
static void system_at_share(struct host *h)
{
    ordinary(h);
    agent_service(h, "LocalSystem", false);
    smb_failed(h, T("04 10:05"), "NAS01", (struct who){"", "", ""}, 0x3e7, NT_ACCESS_DENIED);
}
static void remoting(struct host *h)
{
    ordinary(h);
    logon(h, T("04 10:30"), 3, agent, 0x7c1f2, "C:\\Windows\\System32\\wsmprovhost.exe", "10.0.0.55");
    smb_failed(h, T("04 10:40"), "FS01", agent, 0x7c1f2, NT_ACCESS_DENIED);
}
/* The token's session goes on; the share does not exist. */
static void open_session_no_share(struct host *h)
{
    ordinary(h);
    logon(h, T("04 09:00"), 10, agent, 0x7c1f2, WINLOGON_EXE, "10.0.0.55");
    smb_failed(h, T("04 10:40"), "FS01", agent, 0x7c1f2, NT_NO_SUCH_SHARE);
    logoff(h, T("04 12:00"), 10, agent, 0x7c1f2);
}

/* --- what Windows does not record, and partial collections */
static void audit_off(struct host *h)
{
    ordinary(h);
    lsa_audit(&h->hive[SECURITY_HIVE], (struct audit_row[]){{AUDIT_LOGON, 0}, {AUDIT_USER_ACCOUNT, 3}}, 2);
}
static void scheduler_log_alone(struct host *h)
{
    domain_password(h);
    lose_all_but(h, TASK_LOG, -1);
}
static void security_log_alone(struct host *h)
{
    struct who svc = local(h, "svc-export", 1004);
    password_reset(h, T("03 12:00"), svc);
    fails_daily(h, "\\Export", svc, 0xC000006D, 0xC000006A, 1326);
    lose_all_but(h, SECURITY_LOG, -1);
}
static void pre_authentication(struct host *h)
{
    ordinary(h);
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Control\\ProductOptions", SZ("ProductType", "LanmanNT"), END);
    for (unsigned i = 0; i < 4; i++)
        say(h, SECURITY_LOG, T(keep("04 10:%02u", 10 + i)), AUDIT, 4771, FAILURE, TASK(14339),
            PROCESS(764, 812), S("TargetUserName", agent.user), SID("TargetSid", agent.sid),
            S("ServiceName", "krbtgt/CORP"), HEX32("TicketOptions", 0x40810010), HEX32("Status", 0x18),
            S("PreAuthType", "2"), S("IpAddress", "::ffff:10.0.0.77"), S("IpPort", "51021"));
}
static void script_not_logged_on(struct host *h)
{
    ordinary(h);
    say(h, SHELL_LOG, T("04 10:00"), "Microsoft-Windows-PowerShell", 4100, LEVEL(3), USER(anna.sid),
        S("ContextInfo", "Severity = Warning"), S("UserData", ""),
        S("Payload",
          "Error Message = The operation being requested was not performed because the user has not "
          "logged on to the network. (Exception from HRESULT: 0x800704DD)"));
}
static void mistyped(struct host *h)
{
    struct who me = local(h, "anna", 1001);
    ordinary(h);
    for (unsigned i = 0; i < 2; i++)
        logon_failed(h, T(keep("04 12:%02u", 10 + i)), 2, me, NT_LOGON_FAILURE, 0xC000006A, "%%2313",
                     WINLOGON_EXE);
}
static void autologon_expired(struct host *h)
{
    struct who kiosk = local(h, "kiosk", 1010);
    ordinary(h);
    local_user(h, kiosk, 1010, 0, utc("2025-11-01T08:00:00Z"));
    reg(&h->hive[SOFTWARE_HIVE], "Microsoft\\Windows NT\\CurrentVersion\\Winlogon", SZ("AutoAdminLogon", "1"),
        SZ("DefaultUserName", "kiosk"), SZ("DefaultDomainName", h->name), END);
    lsa_secret(&h->hive[SECURITY_HIVE], "DefaultPassword", utc("2025-11-01T08:05:00Z"),
               utc("2025-11-01T08:05:00Z"));
    shutdown(h, T("05 00:55")), boot(h, T("05 01:00"));
    logon_failed(h, T("05 01:01"), 2, kiosk, 0xC000006E, 0xC0000071, "%%2309", WINLOGON_EXE);
    her_task(h, "\\Kiosk\\Show", kiosk, "05 02:00");
}

/* --- more look-alikes */
static void workgroup_system(struct host *h) { system_at_share(h); }
/* Somebody entered a password after the reset, and mistyped it: what is stored is newer than the change. */
static void entered_wrongly(struct host *h)
{
    struct who svc = local(h, "svc-agent", 1020);
    local_user(h, svc, 1020, ACB_NEVER_EXPIRES, T("03 12:00"));
    password_reset(h, T("03 12:00"), svc);
    ordinary(h);
    agent_service(h, ".\\svc-agent", false);
    lsa_secret(&h->hive[SECURITY_HIVE], "_SC_AcmeAgent", T("03 12:30"), utc("2025-11-03T09:30:00Z"));
    h->hive[SECURITY_HIVE].now = T("03 12:30");
    agent_fails(h, svc, NT_LOGON_FAILURE, 0xC000006A, "%%1326");
}
/* The SAM shows the mending: the password was set when all had failed. No Security log tells of it. */
static void sam_of_the_mending(struct host *h)
{
    struct who svc = local(h, "svc-export", 1004);
    local_user(h, svc, 1004, ACB_NEVER_EXPIRES, T("06 15:00"));
    fails_daily(h, "\\Export", svc, 0, 0, 1326);
    h->lost[SECURITY_LOG] = true;
}
/* Controllers restart in their patch window, and the night's task meets it. */
static void patch_window(struct host *h)
{
    h->no_dc_from = T("04 01:50"), h->no_dc_to = T("04 02:20");
    ordinary(h);
    stored_task(h, "\\Export", agent, 0);
    morning_run(h, "03", "\\Export", agent), morning_run(h, "05", "\\Export", agent);
    say(h, SYSTEM_LOG, T("04 02:00"), "NETLOGON", 5719, LEVEL(2), D("CORP"), D("%%1311"),
        BINARY("\x5e\x00\x00\xc0"));
    logon_failed(h, T("04 02:00:30"), 4, agent, 0xC000005E, 0, "%%2304", SVCHOST_EXE);
    task_failed(h, T("04 02:00:30"), "\\Export", spelled(agent), "LogonUserExEx", WIN32(1311));
    policy_applied(h, T("04 02:30"), false);
}
/* The usual 5719 of a slow start, days and many answers before. */
static void old_5719(struct host *h)
{
    ordinary(h);
    say(h, SYSTEM_LOG, T("02 07:50:20"), "NETLOGON", 5719, LEVEL(2), D("CORP"), D("%%1311"),
        BINARY("\x5e\x00\x00\xc0"));
    stored_task(h, "\\Export", agent, WIN32(1311));
    logon_failed(h, T("04 09:10"), 4, agent, 0xC000005E, 0, "%%2304", SVCHOST_EXE);
    refused(h, "04 09:10", "\\Export", agent, 1311);
}
/* Another session was given the number of one that had ended before the restart. */
static void number_given_anew(struct host *h)
{
    ordinary(h);
    logon(h, T("04 09:00"), 10, agent, 0x7c1f2, WINLOGON_EXE, "10.0.0.55");
    logoff(h, T("04 10:00"), 10, agent, 0x7c1f2);
    shutdown(h, T("05 06:00")), boot(h, T("05 06:05"));
    logon(h, T("05 09:00"), 2, berta, 0x7c1f2, WINLOGON_EXE, "127.0.0.1");
    smb_failed(h, T("05 10:40"), "FS01", berta, 0x7c1f2, NT_NO_SUCH_SESSION);
    logoff(h, T("05 17:00"), 2, berta, 0x7c1f2);
}
/* "Password not required" is set, and the account has one. */
static void not_required_but_set(struct host *h)
{
    struct who svc = local(h, "svc-till", 1011);
    ordinary(h);
    sam_user(&h->hive[SAM_HIVE], &(struct user_row){.name = svc.user,
                                                    .rid = 1011,
                                                    .flags = ACB_NORMAL | ACB_NO_PASSWORD,
                                                    .password_set = utc("2025-09-01T08:00:00Z")});
    stored_task(h, "\\Till", svc, WIN32(1327));
    logon_failed(h, T("04 09:10"), 4, svc, 0xC000006E, 0xC000006E, "%%2304", SVCHOST_EXE);
    refused(h, "04 09:10", "\\Till", svc, 1327);
}
/* On a domain controller the SAM's Administrator is that of the restore mode: nobody's task is his. */
static void restore_mode(struct host *h)
{
    struct who adm = {"CORP", "Administrator", CORP_SID "-500"};
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Control\\ProductOptions", SZ("ProductType", "LanmanNT"), END);
    sam_user(&h->hive[SAM_HIVE], &(struct user_row){.name = "Administrator",
                                                    .rid = 500,
                                                    .flags = ACB_NORMAL | ACB_NEVER_EXPIRES,
                                                    .password_set = T("03 12:00")});
    fails_daily(h, "\\Export", adm, 0xC000006D, 0xC000006A, 1326);
}
/* She logs off, and her download goes on without a session. */
static void bits_job(struct host *h, const char *at)
{
    const char *job = "{7C2F1F0C-8B0B-4F0E-9C6C-2F5B0D3A7E12}";
    ordinary(h);
    service(h, &(struct service_row){.name = "SENS", .account = "LocalSystem", .start = 2, .type = 0x20});
    say(h, BITS_LOG, T("04 10:00"), "Microsoft-Windows-Bits-Client", 3, VERSION(2), USER(anna.sid),
        S("jobTitle", "Update"), GUID("jobId", job), S("jobOwner", spelled(anna)));
    say(h, BITS_LOG, T(at), "Microsoft-Windows-Bits-Client", 61, VERSION(1), LEVEL(3), USER(SYSTEM_SID),
        S("name", "Update"), GUID("Id", job), U32("hr", WIN32(NOT_LOGGED_ON)));
}
static void bits_after_logoff(struct host *h) { bits_job(h, "04 18:40"); }
static void bits_at_the_desk(struct host *h) { bits_job(h, "04 11:00"); }
static void smb2_only(struct host *h)
{
    ordinary(h);
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Services\\LanmanWorkstation\\Parameters", DW("MaxCmds", 2),
        END);
    smb_failed(h, T("04 10:05"), "NAS01", anna, desk_luid(4), NT_TOO_MANY_COMMANDS);
}
/* First its password had expired, then the new one was entered, and the right was gone. */
static void one_after_the_other(struct host *h)
{
    ordinary(h);
    stored_task(h, "\\Export", agent, WIN32(1385));
    morning_run(h, "02", "\\Export", agent);
    logon_failed(h, T("04 09:10"), 4, agent, 0xC000006E, 0xC0000071, "%%2309", SVCHOST_EXE);
    refused(h, "04 09:10", "\\Export", agent, 1330);
    right_removed(h, T("04 12:00"), agent, "SeBatchLogonRight");
    logon_failed(h, T("05 09:10"), 4, agent, 0xC000015B, 0, "%%2308", SVCHOST_EXE);
    refused(h, "05 09:10", "\\Export", agent, 1385);
}
static void blocked_but_denied(struct host *h)
{
    ordinary(h);
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Control\\Lsa\\MSV1_0", DW("RestrictSendingNTLMTraffic", 2),
        END);
    smb_failed(h, T("04 10:40"), "FS01", anna, desk_luid(4), NT_ACCESS_DENIED);
}
static void by_address(struct host *h)
{
    ordinary(h);
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Control\\Lsa\\MSV1_0", DW("RestrictSendingNTLMTraffic", 2),
        END);
    smb_failed(h, T("04 10:40"), "10.0.0.21", anna, desk_luid(4), NT_NTLM_BLOCKED);
}
/* Refused once, and it started an hour later with what was stored all along: the old password it was not. */
static void refused_once(struct host *h)
{
    struct who svc = local(h, "svc-agent", 1020);
    local_user(h, svc, 1020, ACB_NEVER_EXPIRES, T("03 12:00"));
    password_reset(h, T("03 12:00"), svc);
    service_of(h, svc, NT_LOGON_FAILURE, 0xC000006A, "%%1326");
    logon(h, T("04 13:00"), 5, svc, 0x1d0b2, SERVICES_EXE, "-");
    service_state(h, T("04 13:00:01"), "Acme Agent", "AcmeAgent", true);
}
/* At the desk and over the network: no slip of a finger. */
static void outside_her_hours(struct host *h)
{
    ordinary(h);
    logon_failed(h, T("04 22:10"), 2, berta, 0xC000006E, 0xC000006F, "%%2311", WINLOGON_EXE);
}
static void disabled_at_the_desk(struct host *h)
{
    ordinary(h);
    logon_failed(h, T("04 08:10"), 2, berta, 0xC000006E, 0xC0000072, "%%2310", WINLOGON_EXE);
}
static void no_remote_desktop(struct host *h)
{
    ordinary(h);
    logon_failed(h, T("04 08:10"), 10, berta, 0xC000015B, 0, "%%2308", SVCHOST_EXE);
}
static void no_network_logon(struct host *h)
{
    ordinary(h);
    logon_failed(h, T("04 08:10"), 3, berta, 0xC000015B, 0, "%%2308", "-");
}
static void pool_identity(struct host *h)
{
    ordinary(h);
    say(h, SYSTEM_LOG, T("04 08:10"), "Microsoft-Windows-WAS", 5021, LEVEL(3), S("AppPoolID", "Intranet"),
        BINARY("\x2e\x05\x07\x80"));
}
/* The scheduler's log is off; the cache of tasks knows of its last run. */
static void history_off(struct host *h)
{
    char path[160];
    fails_daily(h, "\\Export", agent, 0xC000006D, 0xC000006A, 1326);
    snprintf(path, sizeof path, "Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\%s",
             logs[TASK_LOG].channel);
    reg(&h->hive[SOFTWARE_HIVE], path, DW("Enabled", 0), END);
    h->lost[TASK_LOG] = true;
}
/* The computer was renamed; its services still name the old one. */
static void renamed_computer(struct host *h)
{
    struct who svc = {"OLDPC", "svc-agent", "S-1-5-21-11-12-13-1020"};
    say(h, SYSTEM_LOG, T("02 07:50:12"), "EventLog", 6011, D("OLDPC"), D(h->name));
    service_of(h, svc, NT_LOGON_FAILURE, 0xC0000064, "%%1326");
}
/* LUAFV: a member of Administrators over the network as a local account gets a filtered token: denied. */
static void kept_locked(struct host *h)
{
    ordinary(h);
    for (unsigned day = 4; day <= 6; day++)
        logon_failed(h, T(keep("%02u 09:00", day)), 2, berta, 0xC0000234, 0, "%%2307", WINLOGON_EXE);
}
static void s4u_dc_down(struct host *h)
{
    h->no_dc_from = T("04 05:00"), h->no_dc_to = T("04 20:00");
    ordinary(h);
    task(h, &(struct task_row){.path = "\\Export",
                               .sid = agent.sid,
                               .user = spelled(agent),
                               .logon = "S4U",
                               .command = "C:\\Tools\\job.exe",
                               .registered = utc("2026-02-10T10:00:00Z"),
                               .last_run = T("04 09:10"),
                               .result = WIN32(1311)});
    say(h, SYSTEM_LOG, T("04 09:05"), "NETLOGON", 5719, LEVEL(2), D("CORP"), D("%%1311"),
        BINARY("\x5e\x00\x00\xc0"));
    logon_failed(h, T("04 09:10"), 4, agent, 0xC000005E, 0, "%%2304", SVCHOST_EXE);
    task_failed(h, T("04 09:10"), "\\Export", spelled(agent), "LogonUserS4U", WIN32(1311));
}
static void system_task(struct host *h)
{
    ordinary(h);
    task(h, &(struct task_row){.path = "\\Sys",
                               .sid = SYSTEM_SID,
                               .logon = "ServiceAccount",
                               .command = "C:\\Tools\\job.exe",
                               .registered = utc("2026-02-10T10:00:00Z"),
                               .last_run = T("04 09:10"),
                               .result = WIN32(NO_SUCH_SESSION)});
    forbid_stored_passwords(h);
    policy_applied(h, T("04 09:00"), true);
    task_failed(h, T("04 09:10"), "\\Sys", "NT AUTHORITY\\SYSTEM", NULL, WIN32(NO_SUCH_SESSION));
}

/* --- nothing failed, and all was collected: what keeps a host from being clear */
static void healthy(struct host *h) { healthy_host(h), quiet(h); }
static void own_audit_policy(struct host *h)
{
    reg(&h->hive[SYSTEM_HIVE], "ControlSet001\\Control\\Lsa\\Audit\\PerUserAuditing\\System",
        BYTES(CORP_SID "-1104", "\x00\x08\x00\x00\x00\x00\x00\x00", 8), END);
    healthy(h);
}
static void audit_turned_off(struct host *h)
{
    say(h, SECURITY_LOG, T("05 15:00"), AUDIT, 4719, SUCCESS, TASK(13568), PROCESS(764, 812), BY_ADMIN,
        S("CategoryId", "%%8273"), S("SubcategoryId", "%%12544"),
        GUID("SubcategoryGuid", "{0CCE9215-69AE-11D9-BED3-505054503030}"), S("AuditPolicyChanges", "%%8450"));
    lsa_audit(&h->hive[SECURITY_HIVE], (struct audit_row[]){{AUDIT_LOGON, 1}, {AUDIT_USER_ACCOUNT, 3}}, 2);
    healthy(h);
}
static void log_service_stopped(struct host *h)
{
    say(h, SECURITY_LOG, T("06 12:00"), "Microsoft-Windows-Eventlog", 1100, LEVEL(4), PROCESS(1012, 1200));
    healthy(h);
}
static void web_pool(struct host *h)
{
    say(h, SYSTEM_LOG, T("04 08:10"), "Microsoft-Windows-WAS", 5021, LEVEL(3), S("AppPoolID", "Intranet"),
        BINARY("\x2e\x05\x07\x80"));
    healthy(h);
}
static void com_server(struct host *h)
{
    say(h, SYSTEM_LOG, T("04 08:10"), "Microsoft-Windows-DistributedCOM", 10004, LEVEL(2),
        S("param1", "1326"), S("param2", "CORP"), S("param3", "svc-com"),
        S("param4", "{0002DF01-0000-0000-C000-000000000046}"));
    healthy(h);
}
static void ticket_refused(struct host *h)
{
    say(h, SYSTEM_LOG, T("04 08:10"), "Microsoft-Windows-Security-Kerberos", 4, LEVEL(2),
        S("Server", "fs01$"), S("TargetRealm", "CORP.EXAMPLE"), S("Targetname", "cifs/fs01"),
        S("ClientRealm", "CORP.EXAMPLE"));
    healthy(h);
}

/* --- a domain controller's log beside it */
static const struct who clu = {"CORP", "svc-clu", CORP_SID "-1300"};
static void dc_resets(struct host *dc) { password_reset(dc, T("03 12:00"), clu); }
static void told_by_its_controller(struct host *h)
{
    fails_daily(h, "\\Export", clu, 0xC000006D, 0xC000006A, 1326);
}
static void node_forgotten(struct host *h) { service_of(h, clu, NT_LOGON_FAILURE, 0xC000006A, "%%1326"); }
/* Of two nodes this one was given the new password. */
static void node_reentered(struct host *h)
{
    service_of(h, clu, NT_LOGON_FAILURE, 0xC000006A, "%%1326");
    h->hive[SECURITY_HIVE].now = T("03 12:30");
    lsa_secret(&h->hive[SECURITY_HIVE], "_SC_AcmeAgent", T("03 12:30"), utc("2025-11-03T09:30:00Z"));
}
static void dc_resets_namesake(struct host *dc)
{
    password_reset(dc, T("03 12:00"), (struct who){"OTHER", clu.user, "S-1-5-21-99-98-97-1300"});
}
static void dc_disables(struct host *dc) { account_disabled(dc, T("03 12:00"), clu); }
static void disabled_in_the_domain(struct host *h)
{
    fails_daily(h, "\\Export", clu, 0xC000006E, 0xC0000072, 1331);
}
static void disabled_but_wrong(struct host *h) { fails_daily(h, "\\Export", clu, 0xC000015B, 0, 1385); }

/* want: "cause verdict|verdict; cause@subject verdict", none: no such finding. What is not named there must
 * not be confirmed. */
static const struct story {
    const char *name;
    void (*tell)(struct host *h);
    const char *want, *outcome, *says, *never; /* a part of what a citation or a remedy says, or must not */
    bool workgroup;
    void (*dc)(struct host *dc); /* whose log was collected, too */
} stories[] = {
#define ROW(f, ...)                        \
    {                                      \
        .name = #f, .tell = f, __VA_ARGS__ \
    }
    ROW(expired, "account-unusable likely|confirmed; task-password-drift ruled_out"),
    ROW(must_change, "account-unusable likely|confirmed; task-password-drift ruled_out"),
    ROW(locked_out, "account-locked-by-stale-consumer possible; task-password-drift ruled_out"),
    ROW(wrong_workstation, "logon-restricted likely|confirmed; task-password-drift ruled_out"),
    ROW(laps_rotates, "task-password-drift confirmed"),
    ROW(domain_password, "task-password-drift possible|undetermined|likely; no-such-account ruled_out"),
    ROW(namesake_reset, "task-password-drift possible|undetermined|likely"),
    ROW(reset_and_back, "task-password-drift likely|confirmed"),
    ROW(own_change, "task-password-drift confirmed", .workgroup = true),
    ROW(change_refused, "task-password-drift possible|undetermined|ruled_out", .workgroup = true),
    ROW(reset_after, "task-password-drift possible|likely|undetermined"),
    ROW(entra_password, "task-password-drift possible|undetermined|likely"),
    ROW(s4u_and_reset, "task-password-drift ruled_out|none; batch-right-missing likely|confirmed|possible"),
    ROW(renamed_in_the_domain, "no-such-account likely|confirmed; service-password-drift ruled_out"),
    ROW(deleted_locally, "no-such-account confirmed; task-password-drift ruled_out"),
    ROW(no_mapping, "no-such-account possible|likely|confirmed; task-password-drift ruled_out|none"),
    ROW(disabled_since, "account-unusable confirmed; service-password-drift ruled_out",
        .says = "svc-agent /active:yes", .never = "managed service account"),
    ROW(disabled_later, "account-unusable ruled_out; service-password-drift confirmed"),
    ROW(no_more_in_the_sam, "account-unusable confirmed|likely", .says = "The account is gone",
        .never = "/active:yes"),
    ROW(account_expired, "account-unusable confirmed|likely"),
    ROW(all_services_lost_it, "service-right-missing confirmed|likely; service-password-drift ruled_out|none",
        .says = "The service logon of NT SERVICE\\AcmeAgent was refused", .never = "logon of S-1-5-80-0"),
    ROW(right_of_another, "service-right-missing ruled_out"),
    ROW(denied_by_sid, "batch-right-missing confirmed"),
    ROW(right_gone_password_wrong, "batch-right-missing ruled_out; task-password-drift confirmed"),
    ROW(gmsa_right, "service-right-missing confirmed; gmsa-retrieval ruled_out|none"),
    ROW(workgroup_with_domain_task, "dc-unreachable possible|likely|undetermined", .workgroup = true),
    ROW(vpn_laptop, "boot-race ruled_out; dc-unreachable ruled_out; service-password-drift confirmed"),
    ROW(snapshot, "secure-channel-broken@\\Export likely; task-password-drift ruled_out|none"),
    ROW(netlogon_not_started,
        "task-password-drift ruled_out|none; secure-channel-broken possible|none|ruled_out",
        .says = "Start-Service Netlogon"),
    ROW(timeouts_only, "service-password-drift none; boot-race none", .outcome = "not_covered"),
    ROW(kiosk_too_early, "task-interactive-no-session confirmed; autologon-broken ruled_out"),
    ROW(disconnected, "task-interactive-no-session ruled_out|possible; workstation-service-down ruled_out"),
    ROW(run_as_only, "task-interactive-no-session possible|likely|confirmed"),
    ROW(cached_logon, "task-interactive-no-session ruled_out"),
    ROW(network_only, "task-interactive-no-session likely|confirmed"),
    ROW(security_wrapped, "task-interactive-no-session confirmed"), /* the scheduler itself says it (332) */
    ROW(policy_too_late, "credential-storage-policy likely"),
    ROW(policy_and_s4u, "credential-storage-policy possible|ruled_out|likely"),
    ROW(policy_other_code, "credential-storage-policy ruled_out|none|latent; task-password-drift confirmed"),
    ROW(vault_off_later, "credential-service-disabled possible|likely"),
    ROW(lsass_and_password, "lsass-instability ruled_out|none|possible; task-password-drift confirmed"),
    ROW(limit_not_client, "redirector-limits-low latent; smb-limit-reached possible"),
    ROW(conflict_by_alias, "credential-conflict possible|likely|confirmed"),
    ROW(wrong_password_at_share, "credential-conflict ruled_out|none"),
    ROW(denied_at_share, ""),
    ROW(system_at_share, "builtin-account-on-network possible|likely|confirmed"),
    ROW(remoting, "network-logon-no-credentials possible"),
    ROW(open_session_no_share, "token-outlived-session ruled_out|none"),
    ROW(audit_off, "", .outcome = "not_covered"),
    ROW(scheduler_log_alone, "task-password-drift undetermined", .outcome = "unexplained"),
    ROW(security_log_alone, "", .outcome = "unexplained"),
    ROW(pre_authentication, "", .outcome = "unexplained"),
    ROW(script_not_logged_on, "session0-user-activation possible"),
    ROW(mistyped, "autologon-broken none", .outcome = "not_covered", .workgroup = true),
    ROW(workgroup_system, "builtin-account-on-network possible|likely", .workgroup = true),
    ROW(entered_wrongly, "service-password-drift ruled_out"),
    ROW(sam_of_the_mending, "task-password-drift possible|undetermined"),
    ROW(patch_window, "dc-unreachable confirmed|likely"),
    ROW(old_5719, "dc-unreachable possible"),
    ROW(number_given_anew,
        "token-outlived-session ruled_out|possible; session-lost-at-reboot ruled_out|possible"),
    ROW(not_required_but_set, "blank-password possible|ruled_out|undetermined"),
    ROW(restore_mode, "task-password-drift possible|undetermined"),
    ROW(bits_after_logoff, "bits-noninteractive possible|likely|confirmed"),
    ROW(bits_at_the_desk, "bits-noninteractive ruled_out"),
    ROW(smb2_only, "redirector-limits-low ruled_out|possible|latent"),
    ROW(one_after_the_other, "account-unusable confirmed|likely; batch-right-missing confirmed|likely"),
    ROW(blocked_but_denied, "ntlm-blocked ruled_out|none|possible|latent"),
    ROW(by_address, "ntlm-blocked likely|confirmed"),
    ROW(refused_once, "service-password-drift possible|ruled_out|likely"),
    ROW(outside_her_hours, "", .outcome = "unexplained"),
    ROW(disabled_at_the_desk, "", .outcome = "unexplained"),
    ROW(no_remote_desktop, "batch-right-missing none", .outcome = "unexplained"),
    ROW(no_network_logon, "batch-right-missing none", .outcome = "unexplained"),
    ROW(pool_identity, "", .outcome = "unexplained"),
    ROW(history_off, "task-password-drift possible"),
    ROW(renamed_computer, "no-such-account confirmed; service-password-drift ruled_out"),
    ROW(kept_locked, "", .outcome = "unexplained"),
    ROW(s4u_dc_down, "dc-unreachable confirmed|likely; task-password-drift ruled_out"),
    ROW(system_task, "credential-storage-policy ruled_out"),
    ROW(healthy, "", .outcome = "clear"),
    ROW(own_audit_policy, "", .outcome = "not_covered"),
    ROW(audit_turned_off, "", .outcome = "not_covered"),
    ROW(log_service_stopped, "", .outcome = "not_covered"),
    ROW(web_pool, "", .outcome = "unexplained"),
    ROW(com_server, "", .outcome = "unexplained"),
    ROW(ticket_refused, "", .outcome = "not_covered"),
    ROW(autologon_expired, "autologon-broken confirmed; task-interactive-no-session confirmed"),
    ROW(told_by_its_controller, "task-password-drift confirmed", .dc = dc_resets),
    ROW(node_forgotten, "service-password-drift confirmed", .dc = dc_resets),
    ROW(node_reentered, "service-password-drift possible|ruled_out", .dc = dc_resets),
    {.name = "a namesake's",
     .tell = told_by_its_controller,
     .want = "task-password-drift possible|undetermined",
     .dc = dc_resets_namesake},
    ROW(disabled_in_the_domain, "account-unusable confirmed", .dc = dc_disables),
    ROW(disabled_but_wrong, "account-unusable ruled_out; batch-right-missing likely|possible|confirmed",
        .dc = dc_disables),
};

/* Each finding stands in out: "\nHOST VERDICT CAUSE@SUBJECT|". */
static void judge(const struct story *s, const char *host)
{
    char want[400], *rest = want;
    snprintf(want, sizeof want, "%s", s->want);
    for (char *one; (one = strsep(&rest, ";")) != NULL;) {
        char cause[80] = "", allowed[80] = "", verdict[32], found[160];
        if (sscanf(one, " %79s %79s", cause, allowed) != 2)
            continue;
        size_t n = strlen(cause), met = 0;
        for (const char *p = out; (p = strstr(p, host)) != NULL; p++) {
            sscanf(p + strlen(host), "%31s %159[^|]", verdict, found);
            if (strncmp(found, cause, n) != 0 || (!strchr(cause, '@') && found[n] != '@'))
                continue;
            met++;
            cr_expect(strstr(allowed, verdict), "%s: %s is %s, and must be %s", s->name, found, verdict,
                      allowed);
        }
        cr_expect(met || strstr(allowed, "none"), "%s: nothing is said of %s", s->name, cause);
    }
    for (const char *p = out; (p = strstr(p, host)) != NULL; p++) {
        char verdict[32], cause[80];
        sscanf(p + strlen(host), "%31s %79[^@]", verdict, cause);
        cr_expect(strcmp(verdict, "confirmed") != 0 || strstr(s->want, cause), "%s: %s is confirmed", s->name,
                  cause);
    }
}

static void listen(const struct story *s, const char *host, const char *db)
{
    for (int wanted = 0; wanted < 2; wanted++) {
        const char *part = wanted ? s->says : s->never;
        if (!part)
            continue;
        cr_assert_eq(
            run("%s query --csv %s \"SELECT count(*) > 0 FROM v_finding f JOIN (SELECT finding, explain AS "
                "said FROM v_citation UNION ALL SELECT finding, text FROM v_finding_remedy) x ON x.finding "
                "= f.finding WHERE f.host = '%s' AND f.verdict <> 'ruled_out' AND instr(x.said, '%s')\" "
                "| tail -1",
                program(), db, host, part),
            0, "%s", out);
        cr_expect_eq(atoi(out), wanted, "%s: %s \"%s\"", s->name, wanted ? "nobody says" : "something says",
                     part);
    }
}

/* The stories from..to in one run of the program. */
static void judge_all(size_t from, size_t to, const char *dir)
{
    static char in[240];
    snprintf(in, sizeof in, "%s/in-%zu", dir, from), out_dir = in;
    for (size_t i = from; i < to; i++) {
        pooled = 0; /* nothing of the host before is asked for any more */
        struct host h = machine_named(keep("H%02zu", i), stories[i].workgroup);
        stories[i].tell(&h);
        collect(&h, stories[i].name);
        if (!stories[i].dc)
            continue;
        struct host dc = member("DC01");
        boot(&dc, T("02 06:00")), stories[i].dc(&dc);
        logon(&dc, T("06 17:00"), 3, anna, 0x9d1e0, "-", "10.0.0.55");
        lose_all_but(&dc, SECURITY_LOG, -1), dc.prefix = "DC01-";
        collect(&dc, stories[i].name);
    }
    cr_assert_eq(run("%s analyze --progress=none -o %s/out-%zu %s >/dev/null", program(), dir, from, in), 0,
                 "%s", out);
    cr_assert_eq(
        run("%s query --csv %s/out-%zu/case.db \"SELECT host || ' ' || outcome || ' ' FROM v_host ORDER "
            "BY 1\" | tr -d '\\r\\042'",
            program(), dir, from),
        0, "%s", out);
    for (size_t i = from; i < to; i++) {
        const char *line = strstr(out, keep("\nH%02zu ", i));
        char word[32];
        cr_assert(line && sscanf(line + 5, "%31s", word) == 1, "%s: no such host", stories[i].name);
        cr_expect(!stories[i].outcome || !strcmp(word, stories[i].outcome), "%s: the host is %s",
                  stories[i].name, word);
    }
    cr_assert_eq(
        run("%s query --csv %s/out-%zu/case.db \"SELECT host || ' ' || verdict || ' ' || cause || '@' || "
            "coalesce(subject, '') || '|' FROM v_finding\" | tr -d '\\r\\042'",
            program(), dir, from),
        0, "%s", out);
    for (size_t i = from; i < to; i++)
        judge(&stories[i], keep("\nH%02zu ", i));
    for (size_t i = from; i < to; i++)
        listen(&stories[i], keep("H%02zu", i), keep("%s/out-%zu/case.db", dir, from));
}

/* Those with a domain controller's log alone: what it tells of CORP would be told of all. */
Test(hosts, judged_as_experts_would, .timeout = 480)
{
    static char dir[200];
    snprintf(dir, sizeof dir, "%s", scratch("hosts"));
    for (size_t from = 0, to; from < LEN(stories); from = to) {
        for (to = from + 1; to < LEN(stories) && !stories[from].dc && !stories[to].dc;)
            to++;
        judge_all(from, to, dir);
    }
}
