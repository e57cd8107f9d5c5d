/* Silence, kind by kind: what must have been read, recorded and whole before a host may be called clear, and
 * what is asked for where it was not. Facts are rows, the knowledge is ours. */
#include "case/casedb.h"
#include "diagnose/diagnose.h"
#include "kb/kb.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define D     864000000000LL
#define MARCH 134167968000000000LL /* 2026-03-01 */

static struct kb *kb;
static struct casedb *db;

static void setup(void)
{
    struct err e = {0};
    cr_assert(kb_load(NULL, &kb, &e) == OK, "%s", e.why);
}
static void teardown(void)
{
    case_close(db), kb_free(kb);
    db = NULL;
}
TestSuite(kinds, .init = setup, .fini = teardown);

static enum status take(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)e;
    for (size_t i = 0; i < n; i++)
        buf_z(ctx, i ? " " : ""), buf_str(ctx, c[i].null ? STR("-") : c[i].s);
    buf_char(ctx, ';');
    return OK;
}

static const char *ask(const char *text)
{
    static struct buf b;
    struct err e = {0};
    b.n = 0;
    if (case_query(db, text, NULL, NULL, 0, take, &b, &e) != OK)
        buf_printf(&b, "error: %s", e.why);
    buf_char(&b, 0);
    return b.p;
}

/* at(3) in SQL: day 3 of March 2026. */
static void sql(const char *text)
{
    struct buf b = {0};
    struct err e = {0};
    for (const char *p = text; *p; p++)
        if (!strncmp(p, "at(", 3) && p[3] >= '0' && p[3] <= '9' && p[4] == ')')
            buf_i64(&b, MARCH + (p[3] - '0') * D), p += 4;
        else
            buf_char(&b, *p);
    buf_char(&b, 0);
    cr_assert(case_exec(db, b.p, &e) == OK, "%s: %s", b.p, e.why);
    buf_free(&b);
}

/* What a complete collection of a healthy host holds: a file each, its id in this order. */
static const char *const logs[] = {"Security",
                                   "System",
                                   "Application",
                                   "Microsoft-Windows-TaskScheduler/Operational",
                                   "Microsoft-Windows-SmbClient/Security",
                                   "Microsoft-Windows-SmbClient/Connectivity",
                                   "Microsoft-Windows-Bits-Client/Operational"};
static const char *const hives[] = {"SYSTEM", "SOFTWARE", "SECURITY", "SAM"};
enum {
    SECURITY_FILE = 1,
    SYSTEM_FILE,
    APPLICATION_FILE,
    TASK_FILE,
    SMB_FILE,
    CONNECT_FILE,
    BITS_FILE,
    HIVE_FILE,
    SHELL_FILE = HIVE_FILE + 4, /* behind the hives */
    AAD_FILE,
    FILES
};
static const char *const others[] = {"Microsoft-Windows-PowerShell/Operational",
                                     "Microsoft-Windows-AAD/Operational"};

/* Days 1 to 9, file `without` left out (0: none). */
static void collected(int without)
{
    struct err e = {0};
    char text[1200];
    case_close(db);
    cr_assert(case_create(NULL, kb_file(kb, "schema.sql"), &db, &e) == OK && kb_store(kb, db, &e) == OK, "%s",
              e.why);
    for (int id = 1; id < FILES; id++) {
        const char *channel = id < HIVE_FILE    ? logs[id - 1]
                              : id < SHELL_FILE ? NULL
                                                : others[id - SHELL_FILE];
        if (!channel || id == without)
            continue;
        snprintf(
            text, sizeof text,
            "INSERT INTO evidence(id, path, kind, log_kind, seen, parsed) VALUES(%d, 'x/%d.evtx', 'evtx', "
            "'original', 10, 10);"
            "INSERT INTO log_span(file_id, file_off, computer, channel, n, first_id, last_id, first_time, "
            "last_time, gaps) VALUES(%d, 0, 'PC1', '%s', 10, 101, 110, at(1), at(9), 0)",
            id, id, id, channel);
        sql(text);
    }
    for (int i = 0; i < (int)LEN(hives); i++) {
        snprintf(text, sizeof text,
                 "INSERT INTO evidence(id, path, kind) VALUES(%d, 'x/%s', 'hive'); INSERT INTO hive(file_id, "
                 "file_off, kind, computer) VALUES(%d, 0, '%s', %s)",
                 HIVE_FILE + i, hives[i], HIVE_FILE + i, hives[i], i ? "NULL" : "'PC1'");
        if (HIVE_FILE + i != without)
            sql(text);
    }
    if (without != HIVE_FILE + 2)
        sql("INSERT INTO audit_policy(file_id, file_off, hive_id, subcategory, mask) VALUES(10, 64, 10, "
            "'Logon', 3)");
}

static void cover(void)
{
    struct err e = {0};
    cr_assert(derive(db, kb, &e) == OK && coverage(db, kb, &e) == OK, "%s: %s", e.what, e.why);
}

static void judge(void)
{
    struct err e = {0};
    cover();
    cr_assert(diagnose(db, kb, NULL, &e) == OK, "%s: %s", e.what, e.why);
}

#define EVENT(file, channel, provider, id, day, data)                                                      \
    "INSERT INTO event(file_id, file_off, computer, channel, provider, event_id, time, data) VALUES(" file \
    ", 4096 + " id " * 8 + at(" day ") % 7, 'PC1', '" channel "', '" provider "', " id ", at(" day         \
    "), '" data "');"
#define AUDITED(id, day, data) EVENT("1", "Security", "Microsoft-Windows-Security-Auditing", id, day, data)
#define SWITCHED(day, change)                                                  \
    AUDITED("4719", day,                                                       \
            "{\"SubcategoryGuid\":\"{0CCE9215-69AE-11D9-BED3-505054503030}\"," \
            "\"AuditPolicyChanges\":\"" change "\"}")
#define ENABLED(channel, num)                                                                    \
    "INSERT INTO reg_value(file_id, file_off, hive_id, path, name, type, num) VALUES(9, 64, 9, " \
    "'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\" channel "', 'Enabled', 4, " num ");"
#define TYPED_WRONG(type, status)                                                    \
    "{\"TargetUserName\":\"anna\",\"TargetDomainName\":\"CORP\",\"LogonType\":" type \
    ",\"Status\":\"0xc000006d\",\"SubStatus\":\"" status "\",\"ProcessName\":\"x\"}"
#define TYPED_AGAIN(type) AUDITED("4625", "4", TYPED_WRONG(type, "0xc000006a"))
#define THRICE(type)      TYPED_AGAIN(type) TYPED_AGAIN(type) TYPED_AGAIN(type)
#define BOOTED(day)                                                           \
    EVENT("2", "System", "Microsoft-Windows-Kernel-General", "12", day, "{}") \
    EVENT("2", "System", "EventLog", "6009", day, "{}")
#define CLASSIC(id, day)                 EVENT("2", "System", "EventLog", id, day, "{}")
#define LOG_SAYS(file, channel, id, day) EVENT(file, channel, "Microsoft-Windows-Eventlog", id, day, "{}")
#define TASK_EVENT(id, day)                                                                               \
    EVENT("4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", id, day, \
          "{}")
#define OFF_BY_ITSELF(day) TASK_EVENT("719", day)
#define BUILD(n)                                                                                  \
    "INSERT INTO reg_value(file_id, file_off, hive_id, path, name, type, text) VALUES(9, 96, 9, " \
    "'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion', 'CurrentBuild', 1, '" n "');"
#define NO_POLICY "DELETE FROM audit_policy;"

#define LEFT_OUT_OF(sid, day, change)                                                                        \
    AUDITED("4912", day,                                                                                     \
            "{\"TargetUserSid\":\"" sid "\",\"SubcategoryGuid\":\"{0CCE9215-69AE-11D9-BED3-505054503030}\"," \
            "\"AuditPolicyChanges\":\"" change "\"}")
#define LEFT_OUT(day, change)  LEFT_OUT_OF("S-1-5-21-1-2-3-1104", day, change)
#define WITH_THEIR_OWN(day, n) AUDITED("4902", day, "{\"PuaCount\":" n ",\"PuaPolicyId\":\"0x703e\"}")
#define OF_THEIR_OWN                                                                                        \
    "INSERT INTO reg_value(file_id, file_off, hive_id, path, name, type, data) VALUES(8, 640, 8, "          \
    "'SYSTEM\\CurrentControlSet\\Control\\Lsa\\Audit\\PerUserAuditing\\System', 'S-1-5-21-1-2-3-1104', 3, " \
    "x'0008000000000000');"
/* PC1's own log is not there, a collector's is */
#define COLLECTED(name)                                                                                      \
    "DELETE FROM log_span WHERE channel = '" name "'; INSERT INTO evidence(id, path, kind, log_kind, seen, " \
    "parsed) VALUES(20, 'x/ForwardedEvents.evtx', 'evtx', 'original', 10, 10); INSERT INTO "                 \
    "log_span(file_id, file_off, computer, channel, n, first_id, last_id, first_time, last_time, gaps) "     \
    "VALUES(20, 0, 'PC1', '" name "', 2, 101, 102, at(1), at(9), 0), (20, 8, 'PC7', 'Security', 2, 5, 6, "   \
    "at(1), at(9), 0);"
#define COM_SERVER(day)                                                    \
    EVENT("2", "System", "Microsoft-Windows-DistributedCOM", "10004", day, \
          "{\"param1\":\"1326\",\"param2\":\"CORP\",\"param3\":\"svc\",\"param4\":\"{1A2B}\"}")
#define POOL(id, day, code) \
    EVENT("2", "System", "Microsoft-Windows-WAS", id, day, "{\"AppPoolID\":\"Web\",\"Binary\":\"" code "\"}")
#define WAITED(who, other, code, day)                            \
    EVENT("2", "System", "Service Control Manager", "7001", day, \
          "{\"param1\":\"" who "\",\"param2\":\"" other "\",\"param3\":\"%%" code "\"}")
#define WAITS_FOR(other, day) WAITED("Top", other, "1069", day)
#define LSA_MET(id, more) \
    EVENT("2", "System", "LsaSrv", id, "4", "{\"Target\":\"cifs/fs01\",\"Protocol\":\"Kerberos\"," more "}")
#define POLICY(id, code) \
    EVENT("2", "System", "Microsoft-Windows-GroupPolicy", id, "4", "{\"ErrorCode\":" code "}")
#define POLICY_READ(day) \
    EVENT("2", "System", "Microsoft-Windows-GroupPolicy", "1500", day, "{\"DCName\":\"DC1\"}")
/* want: state, days from and to, what is needed */
static const struct {
    const char *name, *facts, *kind, *want;
} rows[] = {
    {"all was read", "", "logon", "clear 1 9 [];"},
    {"the hive with the audit policy is missing", NO_POLICY "DELETE FROM hive WHERE kind = 'SECURITY';",
     "logon", "not_covered - - [\"SECURITY\"];"},
    {"the hive is missing, but a failed logon was recorded",
     NO_POLICY AUDITED("4625", "4", TYPED_WRONG("2", "0xc000006a")), "logon", "clear 1 9 [];"},
    {"failed logons are not audited", "UPDATE audit_policy SET mask = 1;", "logon",
     "not_covered - - [\"Security:Logon failure\"];"},
    {"audited since day 3", SWITCHED("3", "%%8451"), "logon", "clear 3 9 [];"},
    {"audited since day 3, success before", SWITCHED("3", "%%8449, %%8451"), "logon", "clear 3 9 [];"},
    {"only success was switched", SWITCHED("3", "%%8448"), "logon", "clear 1 9 [];"},
    {"audited until day 3", NO_POLICY SWITCHED("3", "%%8450"), "logon",
     "not_covered - - [\"Security:Logon failure\"];"},
    {"off on day 3, on again on day 5", SWITCHED("3", "%%8450") SWITCHED("5", "%%8451"), "logon",
     "clear 5 9 [];"},
    {"another subcategory was switched",
     AUDITED("4719", "3",
             "{\"SubcategoryGuid\":\"{0CCE9216-69AE-11D9-BED3-505054503030}\","
             "\"AuditPolicyChanges\":\"%%8450\"}"),
     "logon", "clear 1 9 [];"},
    {"switched on, and the hive says that it is off now",
     "UPDATE audit_policy SET mask = 1;" SWITCHED("3", "%%8451"), "logon",
     "not_covered - - [\"Security:Logon failure\"];"},
    {"the log was cleared",
     EVENT("1", "Security", "Microsoft-Windows-Eventlog", "1102", "4",
           "{}") "UPDATE log_span SET first_time = at(4) WHERE file_id = 1;",
     "logon", "not_covered - - [\"Security\"];"},
    {"another log was cleared",
     EVENT("2", "System", "Microsoft-Windows-Eventlog", "104", "4", "{\"Channel\":\"Setup\"}"), "logon",
     "clear 1 9 [];"},
    {"cleared, an archive goes on to that moment",
     EVENT("1", "Security", "Microsoft-Windows-Eventlog", "1102", "4",
           "{}") "UPDATE log_span SET first_time = at(4) WHERE file_id = 1;"
                 "INSERT INTO evidence(id, path, kind, log_kind, seen, parsed) VALUES(20, 'x/Archive.evtx', "
                 "'evtx', 'original', "
                 "10, 10); INSERT INTO log_span(file_id, file_off, computer, channel, n, first_id, last_id, "
                 "first_time, "
                 "last_time, gaps) VALUES(20, 0, 'PC1', 'Security', 10, 91, 100, at(2), at(3), 0);",
     "logon", "clear 2 9 [];"},
    {"it begins half a minute after a start, with its first record ever",
     BOOTED("2") "UPDATE log_span SET first_time = at(2) + 300000000, first_id = 1, last_id = 10 WHERE "
                 "file_id = 1;",
     "logon", "clear 2 9 [];"},
    {"it begins half a minute after a start, and older records were overwritten",
     BOOTED("2") "UPDATE log_span SET first_time = at(2) + 300000000 WHERE file_id = 1;", "logon",
     "clear 2+ 9 [];"},
    {"the same, but that start is in it",
     BOOTED("2") "UPDATE log_span SET first_time = at(2) + 300000000 WHERE file_id = 1;"
                 "UPDATE event SET file_id = 1, channel = 'Security', provider = "
                 "'Microsoft-Windows-Security-Auditing', event_id = 4608, time = time + 300000000 "
                 "WHERE event_id = 6009;",
     "logon", "clear 2 9 [];"},
    {"it was emptied half a minute after a start",
     BOOTED("2")
         EVENT("1", "Security", "Microsoft-Windows-Eventlog", "1102", "2",
               "{}") "UPDATE log_span SET first_time = at(2) + 300000000, first_id = 1, last_id = 10 "
                     "WHERE file_id = 1; UPDATE event SET time = time + 300000000 WHERE event_id = 1102;",
     "logon", "not_covered - - [\"Security\"];"},
    {"the event log service stopped, and its next record is of day 6",
     LOG_SAYS("1", "Security", "1100", "4") AUDITED("4672", "6", "{}"), "logon", "clear 6 9 [];"},
    {"it stopped with Windows", LOG_SAYS("1", "Security", "1100", "4") BOOTED("6") AUDITED("4672", "7", "{}"),
     "logon", "clear 1 9 [];"},
    {"it stopped, Windows did not: something was recorded before it started",
     LOG_SAYS("1", "Security", "1100", "4") CLASSIC("6013", "5") BOOTED("6") AUDITED("4672", "7", "{}"),
     "logon", "clear 7 9 [];"},
    {"then any other log goes on with what is recorded anywhere",
     LOG_SAYS("1", "Security", "1100", "4") CLASSIC("6013", "5") BOOTED("6") AUDITED("4672", "7", "{}"),
     "task", "clear 5 9 [];"},
    {"it was started again, and Windows was not",
     CLASSIC("6006", "4") CLASSIC("6005", "5") AUDITED("4672", "7", "{}"), "logon", "clear 5 9 [];"},
    {"it stopped, and no log says more", CLASSIC("6006", "4") "UPDATE log_span SET last_time = at(4);",
     "service", "clear 1 4 [];"},
    {"it stopped, and others went on",
     CLASSIC("6006", "4")
         AUDITED("4672", "6", "{}") "UPDATE log_span SET last_time = at(4) WHERE file_id = 2;",
     "service", "not_covered - - [\"System\"];"},
    {"audit events were dropped since the record before",
     AUDITED("4672", "3", "{}") LOG_SAYS("1", "Security", "1101", "5"), "logon", "clear 5+ 9 [];"},
    {"events were dropped", LOG_SAYS("1", "Security", "1106", "5"), "logon", "clear 5+ 9 [];"},
    {"audit events were discarded", AUDITED("4672", "3", "{}") AUDITED("4612", "5", "{}"), "logon",
     "clear 5+ 9 [];"},
    {"of that the log of tasks says nothing", AUDITED("4612", "5", "{}"), "task", "clear 1 9 [];"},
    {"the log was full", LOG_SAYS("1", "Security", "1104", "4") AUDITED("4672", "6", "{}"), "logon",
     "clear 6 9 [];"},
    {"full, and its last record says so",
     LOG_SAYS("1", "Security", "1104", "5") "UPDATE log_span SET last_time = at(5) WHERE file_id = 1;",
     "logon", "not_covered - - [\"Security\"];"},
    {"the scheduler turned its log off, somebody on again", OFF_BY_ITSELF("4") TASK_EVENT("140", "6"), "task",
     "clear 6 9 [];"},
    {"off to the end, whatever the hive says",
     OFF_BY_ITSELF("5") ENABLED("Microsoft-Windows-TaskScheduler/Operational",
                                "1") "UPDATE log_span SET last_time = at(5) WHERE file_id = 4;",
     "task", "not_covered - - [\"Microsoft-Windows-TaskScheduler/Operational\"];"},
#define SINCE(day) "UPDATE time_window SET since = at(" day ");"
    {"only since day 5 was asked for", SINCE("5"), "logon", "clear 5 9 [];"},
    {"the log service had stopped before, its next record is of day 6",
     SINCE("5") LOG_SAYS("1", "Security", "1100", "4") AUDITED("4672", "6", "{}"), "logon", "clear 6 9 [];"},
    {"the same of any other log", SINCE("5") CLASSIC("6006", "4") AUDITED("4672", "6", "{}"), "task",
     "clear 6 9 [];"},
    {"it was started again before", SINCE("5") CLASSIC("6006", "3") CLASSIC("6005", "4"), "service",
     "clear 5 9 [];"},
    {"it had stopped with Windows", SINCE("5") CLASSIC("6006", "4") BOOTED("6"), "logon", "clear 5 9 [];"},
    {"it had, and both were on again", SINCE("5") CLASSIC("6006", "3") BOOTED("4"), "logon", "clear 5 9 [];"},
    {"the scheduler had turned its log off", SINCE("5") OFF_BY_ITSELF("4") TASK_EVENT("140", "6"), "task",
     "clear 6 9 [];"},
    {"audit events were dropped since a record that is not told",
     "UPDATE time_window SET until = at(5);" LOG_SAYS("1", "Security", "1101", "6"), "logon",
     "not_covered - - [\"Security\"];"},
    {"a log fell silent before the service stopped",
     LOG_SAYS("1", "Security", "1100", "4") AUDITED("4672", "6", "{}")
         ENABLED("Microsoft-Windows-TaskScheduler/Operational",
                 "1") "UPDATE log_span SET last_time = at(3) WHERE file_id = 4;",
     "task", "not_covered - - [\"Microsoft-Windows-TaskScheduler/Operational\"];"},
    {"the service stopped, and it is the last that is known",
     CLASSIC("6006", "6") ENABLED("Microsoft-Windows-TaskScheduler/Operational",
                                  "1") "UPDATE log_span SET last_time = at(6); UPDATE log_span SET last_time "
                                       "= at(3) WHERE file_id = 4;",
     "task", "clear 1 6 [];"},
    {"quiet, the service stopped, and then that time was asked for",
     SINCE("5") LOG_SAYS("1", "Security", "1100", "4") AUDITED("4672", "6", "{}")
         ENABLED("Microsoft-Windows-TaskScheduler/Operational",
                 "1") "UPDATE log_span SET last_time = at(3) WHERE file_id = 4;",
     "task", "not_covered - - [\"Microsoft-Windows-TaskScheduler/Operational\"];"},
    {"sign-ins to Entra are told in a log of their own", "DELETE FROM log_span WHERE file_id = 13;",
     "application", "not_covered - - [\"Microsoft-Windows-AAD/Operational\"];"},
    {"Windows 7 has none", "DELETE FROM log_span WHERE file_id = 13;" BUILD("7601"), "application",
     "clear 1 9 [];"},
    {"scripts too", "DELETE FROM log_span WHERE file_id = 12;", "application",
     "not_covered - - [\"Microsoft-Windows-PowerShell/Operational\"];"},
    {"a filtered export", "UPDATE evidence SET log_kind = 'filtered' WHERE id = 2;", "service",
     "not_covered - - [\"System\"];"},
    {"records that could not be read", "UPDATE evidence SET failed = 1 WHERE id = 2;", "service",
     "not_covered - - [\"System\"];"},
    {"not read to its end", "UPDATE evidence SET state = 'partial' WHERE id = 2;", "service",
     "not_covered - - [\"System\"];"},
    {"one record is no stretch", "UPDATE log_span SET first_time = at(9) WHERE file_id = 2;", "service",
     "not_covered - - [\"System\"];"},
    {"an old copy of one log",
     "UPDATE log_span SET last_time = at(5) WHERE file_id = 2; UPDATE evidence SET path = "
     "'y/2.evtx' WHERE id = 2;",
     "service", "not_covered - - [\"System\"];"},
    {"quiet beside busy logs, and always on", "UPDATE log_span SET last_time = at(5) WHERE file_id = 2;",
     "service", "clear 1 9 [];"},
    {"turned off", ENABLED("Microsoft-Windows-TaskScheduler/Operational", "0"), "task",
     "not_covered - - [\"Microsoft-Windows-TaskScheduler/Operational\"];"},
    {"silent for days, nobody knows whether it is on",
     "UPDATE log_span SET last_time = at(5) WHERE file_id = 4;", "task",
     "not_covered - - [\"Microsoft-Windows-TaskScheduler/Operational\"];"},
    {"and the hive that would tell is missing",
     "UPDATE log_span SET last_time = at(5) WHERE file_id = 4; DELETE FROM hive WHERE kind = 'SOFTWARE';",
     "task", "not_covered - - [\"Microsoft-Windows-TaskScheduler/Operational\",\"SOFTWARE\"];"},
    {"silent for days, and on",
     "UPDATE log_span SET last_time = at(5) WHERE file_id = 4;" ENABLED(
         "Microsoft-Windows-TaskScheduler/Operational", "1"),
     "task", "clear 1 9 [];"},
    {"two logs, one of them short", "UPDATE log_span SET first_time = at(6) WHERE file_id = 5;", "share",
     "clear 6 9 [];"},
    {"a task failed",
     EVENT("4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "101", "4",
           "{\"TaskName\":\"\\\\A\",\"UserContext\":\"CORP\\\\anna\",\"ResultCode\":2147943712}"),
     "task", "failures 1 9 [];"},
    {"a task failed for reasons of its own",
     EVENT("4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "101", "4",
           "{\"TaskName\":\"\\\\A\",\"UserContext\":\"CORP\\\\anna\",\"ResultCode\":2147942402}"),
     "task", "clear 1 9 [];"},
    {"a password mistyped at the desk", AUDITED("4625", "4", TYPED_WRONG("2", "0xc000006a")), "logon",
     "clear 1 9 [];"},
    {"five times, or over remote desktop",
     AUDITED("4625", "4", TYPED_WRONG("10", "0xc0000064")) THRICE("2") TYPED_AGAIN("2"), "logon",
     "clear 1 9 [];"},
    {"six times within the hour", THRICE("2") THRICE("10"), "logon", "failures 1 9 [];"},
    {"six times, by two people",
     THRICE("2") THRICE("2") "UPDATE event SET data = replace(data, 'anna', 'bert') "
                             "WHERE event_id = 4625 AND id % 2;",
     "logon", "clear 1 9 [];"},
    {"a password mistyped by a service", AUDITED("4625", "4", TYPED_WRONG("5", "0xc000006a")), "logon",
     "failures 1 9 [];"},
    {"a password refused over the network", AUDITED("4625", "4", TYPED_WRONG("3", "0xc000006a")), "logon",
     "failures 1 9 [];"},
    {"or in clear text", AUDITED("4625", "4", TYPED_WRONG("8", "0xc000006a")), "logon", "failures 1 9 [];"},
    {"a logon type refused is no mistyped password", AUDITED("4625", "4", TYPED_WRONG("3", "0xc000015b")),
     "logon", "failures 1 9 [];"},
    {"nor is a disabled account", AUDITED("4625", "4", TYPED_WRONG("10", "0xc0000072")), "logon",
     "failures 1 9 [];"},
    {"a COM server's account is refused", COM_SERVER("4"), "application", "failures 1 9 [];"},
    {"COM servers are told of in System", "DELETE FROM log_span WHERE file_id = 2;", "application",
     "not_covered - - [\"System\"];"},
    {"a task could not be saved",
     EVENT("4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "115", "4",
           "{\"ResultCode\":2147943726}"),
     "task", "failures 1 9 [];"},
    {"a service waited for one whose logon failed", WAITS_FOR("Agent", "4"), "service", "failures 1 9 [];"},
    {"LSA was refused somewhere", LSA_MET("40960", "\"Error\":\"(0xc0000234)\""), "logon",
     "failures 1 9 [];"},
    {"LSA found no domain controller", LSA_MET("40960", "\"Error\":\"(0xc000005e)\""), "logon",
     "not_covered - - [\"Security\"];"},
    {"and one answered later", LSA_MET("40960", "\"Error\":\"(0xc000005e)\"") POLICY_READ("5"), "logon",
     "clear 1 9 [];"},
    {"or had answered before", LSA_MET("40960", "\"Error\":\"(0xc000005e)\"") POLICY_READ("3"), "logon",
     "not_covered - - [\"Security\"];"},
    {"no package could authenticate", LSA_MET("40961", "\"x\":0"), "logon",
     "not_covered - - [\"Security\"];"},
    {"a server's ticket was encrypted for another",
     EVENT("2", "System", "Microsoft-Windows-Security-Kerberos", "4", "4", "{\"Server\":\"fs01$\"}"), "logon",
     "not_covered - - [\"Security\"];"},
    {"whoever answers later",
     EVENT("2", "System", "Microsoft-Windows-Security-Kerberos", "4", "4", "{\"Server\":\"fs01$\"}")
         POLICY_READ("5"),
     "logon", "not_covered - - [\"Security\"];"},
    {"a stored password is none any more, whoever answers later",
     EVENT("2", "System", "Microsoft-Windows-Security-Kerberos", "14", "4", "{\"Username\":\"jo\"}")
         POLICY_READ("5"),
     "logon", "not_covered - - [\"Security\"];"},
    {"policy found no domain controller", POLICY("1053", "1355"), "logon", "not_covered - - [\"Security\"];"},
    {"policy was refused", POLICY("1006", "49"), "logon", "failures 1 9 [];"},
    {"signs of other kinds say nothing of tasks", LSA_MET("40961", "\"x\":0"), "task", "clear 1 9 [];"},
    {"one user's failures are no longer recorded", LEFT_OUT("3", "%%8459"), "logon",
     "not_covered - - [\"Security:Logon failure\"];"},
    {"his successes are not", LEFT_OUT("3", "%%8455"), "logon", "clear 1 9 [];"},
    {"nobody is left out since day 5", LEFT_OUT("3", "%%8459") LEFT_OUT("5", "%%8458"), "logon",
     "clear 5 9 [];"},
    {"another one still is", LEFT_OUT_OF("S-1-5-21-1-2-3-1109", "3", "%%8459") LEFT_OUT("5", "%%8458"),
     "logon", "not_covered - - [\"Security:Logon failure\"];"},
    {"nobody is, and whether failures are audited nobody knows", NO_POLICY LEFT_OUT("5", "%%8458"), "logon",
     "not_covered - - [\"SECURITY\"];"},
    {"he had been before the log begins", LEFT_OUT("5", "%%8458"), "logon", "clear 5 9 [];"},
    {"one is, and policy turns failures on again", LEFT_OUT("3", "%%8459") SWITCHED("5", "%%8451"), "logon",
     "not_covered - - [\"Security:Logon failure\"];"},
    {"at a start users have an audit policy of their own", WITH_THEIR_OWN("3", "1"), "logon",
     "not_covered - - [\"Security:Logon failure\"];"},
    {"at the next none has", WITH_THEIR_OWN("3", "2") WITH_THEIR_OWN("5", "0"), "logon", "clear 5 9 [];"},
    {"nor has he who was left out", LEFT_OUT("3", "%%8459") WITH_THEIR_OWN("5", "0"), "logon",
     "clear 5 9 [];"},
    {"none has at any start", WITH_THEIR_OWN("3", "0") WITH_THEIR_OWN("5", "0"), "logon", "clear 1 9 [];"},
    {"SYSTEM shows one", OF_THEIR_OWN, "logon", "not_covered - - [\"Security:Logon failure\"];"},
    {"of tasks that says nothing", OF_THEIR_OWN WITH_THEIR_OWN("3", "1"), "task", "clear 1 9 [];"},
};

Test(kinds, silence)
{
    char question[600];
    for (size_t i = 0; i < LEN(rows); i++) {
        collected(0);
        sql(rows[i].facts), cover();
        snprintf(question, sizeof question,
                 "SELECT state, ((from_time - %lld) / %lld) || CASE WHEN (from_time - %lld) %% %lld THEN '+' "
                 "ELSE '' "
                 "END, (to_time - %lld) / %lld, needs FROM v_kind WHERE "
                 "host = "
                 "'PC1' AND kind = '%s'",
                 MARCH, D, MARCH, D, MARCH, D, rows[i].kind);
        const char *got = ask(question);
        cr_expect_str_eq(got, rows[i].want, "%s: %s", rows[i].name, got);
        cr_expect_str_eq(ask("SELECT count(*) FROM v_kind"), "6;", "%s", rows[i].name);
        cr_expect_str_eq(ask("SELECT count(*) FROM v_kind WHERE (state = 'not_covered') <> (needs <> '[]')"),
                         "0;", "%s: %s", rows[i].name, ask("SELECT kind, state, needs FROM v_kind"));
    }
}

/* What tells that a log was not recorded is kept whatever time is asked for, and so is what ends it. */
Test(kinds, kept_outside_of_the_window)
{
    static const struct {
        const char *provider;
        unsigned id;
    } kept[] = {{"EventLog", 6005},
                {"EventLog", 6006},
                {"Microsoft-Windows-Kernel-General", 12},
                {"Microsoft-Windows-Security-Auditing", 4608},
                {"Microsoft-Windows-Security-Auditing", 4612},
                {"Microsoft-Windows-Security-Auditing", 4719},
                {"Microsoft-Windows-Security-Auditing", 4902},
                {"Microsoft-Windows-Security-Auditing", 4912},
                {"Microsoft-Windows-Eventlog", 1100},
                {"Microsoft-Windows-Eventlog", 1101},
                {"Microsoft-Windows-Eventlog", 1104},
                {"Microsoft-Windows-Eventlog", 1106},
                {"Microsoft-Windows-Eventlog", 1107},
                {"Microsoft-Windows-Eventlog", 1108},
                {"Microsoft-Windows-TaskScheduler", 719}};
    const struct want *w = kb_want(kb);
    for (size_t i = 0; i < LEN(kept); i++) {
        bool always = false;
        for (size_t k = 0; k < w->n_event; k++)
            always |= w->event[k].id == kept[i].id && w->event[k].how == WANT_ALWAYS
                      && str_eq_ci(w->event[k].provider, str_of(kept[i].provider));
        cr_expect(always, "%s %u", kept[i].provider, kept[i].id);
    }
}

/* Records were lost so often that it cannot be told apart when not: one stretch, and few rows. */
Test(kinds, lost_all_the_time)
{
    collected(0);
    sql("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 600) INSERT INTO "
        "event(file_id, file_off, computer, channel, provider, event_id, time, data) SELECT 1, 4096 + i * 8, "
        "'PC1', 'Security', 'Microsoft-Windows-Security-Auditing', CASE i % 2 WHEN 0 THEN 4672 ELSE 4612 "
        "END, "
        "at(2) + i * 3000000000, '{}' FROM n;");
    cover();
    cr_expect_str_eq(ask("SELECT state, detail, (to_time - from_time) / 864000000000 FROM v_coverage WHERE "
                         "artifact = 'Security'"),
                     "present - 0;partial audit events were discarded (4612) 2;present - 4;", "%s",
                     ask("SELECT count(*) FROM v_coverage WHERE artifact = 'Security'"));
}

/* Of a collector's log nobody knows what it left out, also where the numbers in it go on without a gap. */
Test(kinds, forwarded)
{
    static const char *const changes[] = {"", "UPDATE log_span SET computer = 'PC1' WHERE file_id = 20",
                                          "UPDATE log_span SET channel = 'System' WHERE file_id = 20"};
    for (size_t i = 0; i < LEN(changes); i++) {
        collected(0);
        sql(COLLECTED("System")), sql(changes[i]), cover();
        cr_expect_str_eq(ask("SELECT state FROM v_kind WHERE host = 'PC1' AND kind = 'service'"),
                         "not_covered;", "%zu", i);
        cr_expect_str_eq(ask("SELECT count(*) FROM v_kind WHERE host = 'PC7' AND state <> 'not_covered'"),
                         "0;", "%zu", i);
    }
}

/* Each file left out, and each file alone: what it records is not clear without it, and the host is not
 * either. */
Test(kinds, a_file_left_out)
{
    static const struct {
        int without;
        const char *lost;
    } out[] = {{0, ""},
               {SECURITY_FILE, "logon;application;"},
               {SYSTEM_FILE, "service;application;"},
               {APPLICATION_FILE, "application;"},
               {SHELL_FILE, "application;"},
               {AAD_FILE, "application;"},
               {TASK_FILE, "task;application;"},
               {SMB_FILE, "share;"},
               {CONNECT_FILE, "share;"},
               {BITS_FILE, "bits;"},
               {HIVE_FILE, ""},
               {HIVE_FILE + 1, ""},
               {HIVE_FILE + 2, "logon;"},
               {HIVE_FILE + 3, ""}};
    for (size_t i = 0; i < LEN(out); i++) {
        collected(out[i].without), judge();
        const char *got = ask("SELECT kind FROM v_kind WHERE state <> 'clear' AND host = 'PC1' ORDER BY ord");
        cr_expect_str_eq(got, out[i].lost, "without %d: %s", out[i].without, got);
        cr_expect_str_eq(ask("SELECT outcome FROM v_host WHERE host = 'PC1'"),
                         out[i].lost[0] ? "not_covered;" : "clear;", "without %d", out[i].without);
        cr_expect_str_eq(
            ask("SELECT count(*) FROM v_kind_need WHERE coalesce(collect, '') = '' OR why IS NULL"), "0;",
            "without %d", out[i].without);
    }
    for (int keep = 1; keep < FILES; keep++) {
        char text[300];
        collected(0);
        snprintf(
            text, sizeof text,
            "DELETE FROM evidence WHERE id <> %d; DELETE FROM log_span WHERE file_id <> %d; DELETE FROM hive "
            "WHERE file_id <> %d; DELETE FROM audit_policy WHERE hive_id <> %d; UPDATE hive SET computer = "
            "'PC1'",
            keep, keep, keep, keep);
        sql(text), judge();
        cr_expect_str_eq(ask("SELECT outcome FROM v_host"), "not_covered;", "%d alone", keep);
        snprintf(text, sizeof text, "%s;",
                 keep == SYSTEM_FILE ? "service"
                 : keep == TASK_FILE ? "task"
                 : keep == BITS_FILE ? "bits"
                                     : "");
        cr_expect_str_eq(ask("SELECT kind FROM v_kind WHERE state = 'clear'"), strlen(text) > 1 ? text : "",
                         "%d alone: %s", keep, ask("SELECT kind, state FROM v_kind"));
    }
}

/* What became of a host: a slip at a keyboard is nothing, a service's is; a cause makes it explained; the
 * gravest word wins. */
Test(kinds, outcome)
{
    static const struct {
        const char *name, *facts, *want;
    } ends[] = {
        {"nothing failed", "", "clear;"},
        {"a slip at the keyboard", AUDITED("4625", "4", TYPED_WRONG("2", "0xc000006a")), "clear;"},
        {"a name that does not exist, over remote desktop",
         AUDITED("4625", "4", TYPED_WRONG("10", "0xc0000064")), "clear;"},
        {"a service was refused", AUDITED("4625", "4", TYPED_WRONG("5", "0xc000006a")), "unexplained;"},
        {"the same, and the log of services is missing",
         AUDITED("4625", "4", TYPED_WRONG("5", "0xc000006a")) "DELETE FROM log_span WHERE file_id = 2;",
         "unexplained;"},
        {"a code nobody knows at a share",
         EVENT("5", "Microsoft-Windows-SmbClient/Security", "Microsoft-Windows-SMBClient", "31010", "4",
               "{\"ShareName\":\"\\\\\\\\FS01\\\\x\",\"Status\":3221225506}"),
         "unexplained;"},
        {"a policy that forbids what tasks need, and no failure",
         "INSERT INTO reg_value(file_id, file_off, hive_id, path, name, type, num, written) VALUES(8, 64, 8, "
         "'SYSTEM\\CurrentControlSet\\Control\\Lsa', 'disabledomaincreds', 4, 1, at(1));",
         "latent;"},
        {"and the log of shares is missing",
         "INSERT INTO reg_value(file_id, file_off, hive_id, path, name, type, num, written) VALUES(8, 64, 8, "
         "'SYSTEM\\CurrentControlSet\\Control\\Lsa', 'disabledomaincreds', 4, 1, at(1)); DELETE FROM "
         "log_span WHERE "
         "file_id = 5;",
         "latent;"},
        {"and a task fails so",
         "INSERT INTO reg_value(file_id, file_off, hive_id, path, name, type, num, written) VALUES(8, 64, 8, "
         "'SYSTEM\\CurrentControlSet\\Control\\Lsa', 'disabledomaincreds', 4, 1, "
         "at(1));" EVENT(
             "4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "101",
             "4", "{\"TaskName\":\"\\\\A\",\"UserContext\":\"CORP\\\\anna\",\"ResultCode\":2147943712}"),
         "explained;"},
        {"and another for a reason of its own, of which nothing is known",
         "INSERT INTO reg_value(file_id, file_off, hive_id, path, name, type, num, written) VALUES(8, 64, 8, "
         "'SYSTEM\\CurrentControlSet\\Control\\Lsa', 'disabledomaincreds', 4, 1, "
         "at(1));" EVENT(
             "4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "101",
             "4", "{\"TaskName\":\"\\\\A\",\"UserContext\":\"CORP\\\\anna\",\"ResultCode\":2147943712}")
             AUDITED("4625", "6", TYPED_WRONG("5", "0xc0000234")),
         "unexplained;"},
    };
    for (size_t i = 0; i < LEN(ends); i++) {
        collected(0);
        sql(ends[i].facts), judge();
        const char *got = ask("SELECT outcome FROM v_host WHERE host = 'PC1'");
        cr_expect_str_eq(got, ends[i].want, "%s: %s; %s", ends[i].name, got,
                         ask("SELECT cause, verdict FROM v_finding WHERE verdict <> 'ruled_out'"));
    }
}

/* Less evidence is never greener: a cause whose artefact is not there is told as not asked, with what would
 * tell; one that was asked, or of which something is known, is not. */
Test(kinds, what_could_not_be_asked)
{
#define FORBIDDEN                                                                                         \
    "INSERT INTO reg_value(file_id, file_off, hive_id, path, name, type, num, written) VALUES(8, 64, 8, " \
    "'SYSTEM\\CurrentControlSet\\Control\\Lsa', 'disabledomaincreds', 4, 1, at(1));"
    static const char of[] =
        "SELECT u.artifact FROM v_unasked u, json_each(u.causes) j WHERE u.host = 'PC1' AND "
        "j.value = 'credential-storage-policy'";
    static const struct {
        const char *facts, *outcome, *want;
    } sent[] = {{"", "clear;", ""},
                {FORBIDDEN, "latent;", ""},
                {FORBIDDEN "DELETE FROM reg_value; DELETE FROM reg_key; DELETE FROM hive WHERE file_id = 8; "
                           "DELETE FROM evidence WHERE id = 8;",
                 "clear;", "SYSTEM;"}};
    for (size_t i = 0; i < LEN(sent); i++) {
        collected(0);
        sql(sent[i].facts), judge();
        cr_expect_str_eq(ask("SELECT outcome FROM v_host WHERE host = 'PC1'"), sent[i].outcome, "row %zu", i);
        cr_expect_str_eq(ask(of), sent[i].want, "row %zu: %s", i,
                         ask("SELECT artifact, causes FROM v_unasked"));
        cr_expect_str_eq(ask("SELECT 1 FROM v_unasked WHERE coalesce(collect, '') = '' OR total < "
                             "json_array_length(causes)"),
                         "", "row %zu: a command, and how many", i);
    }
}

/* --- every failure is one, and counts once */
#define APPLICATION(provider, id, day, text) \
    EVENT("3", "Application", provider, id, day, "{\"Data\":[" text "]}")
#define SHELL(id, day, payload)                                                                      \
    EVENT("12", "Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-PowerShell", id, day, \
          "{\"ContextInfo\":\"        Severity = Warning\\r\\n        Script Name = "                \
          "C:\\\\ops\\\\copy.ps1\\r\\n"                                                              \
          "        User = CORP\\\\svc\\r\\n\",\"UserData\":\"\",\"Payload\":\"" payload "\"}")
#define REFUSED(id, day, data) \
    AUDITED(id, day, "{\"TargetUserName\":\"svc\",\"TargetDomainName\":\"CORP\"," data "}")
#define BATCH                                                                                             \
    REFUSED("4625", "4",                                                                                  \
            "\"LogonType\":4,\"Status\":\"0xc000006d\",\"SubStatus\":\"0xc000006a\",\"ProcessName\":\"C:" \
            "\\\\x.exe\"")
#define SERVICE_OF(name, id)                                                                                 \
    "INSERT INTO reg_value(file_id, file_off, hive_id, path, name, type, num, text) VALUES(8, " id "00, 8, " \
    "'SYSTEM\\CurrentControlSet\\Services\\" name "', 'Start', 4, 2, NULL), (8, " id "08, 8, "               \
    "'SYSTEM\\CurrentControlSet\\Services\\" name "', 'ObjectName', 1, NULL, 'CORP\\svc');"
#define TASK_SAYS(id, who, code)                                                                          \
    EVENT("4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", id, "4", \
          "{\"TaskName\":\"\\\\A\"," who "\"ResultCode\":" code "}")
#define ENGINE(code)                                                                                         \
    EVENT("4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "311", "4", \
          "{\"TaskEngineName\":\"S-1-5-21-7:CORP\\\\x:Interactive:Highest\",\"ResultCode\":" code "}")
#define LOST(file) "DELETE FROM log_span WHERE file_id = " file ";"
static const struct {
    const char *name, *facts, *want;
} failures[] = {
    /* kind, subject, code, event, concern, witnesses */
    {"a batch logon, no log of tasks", BATCH LOST("4"), "logon svc 86 4625 1 -;"},
    {"a service logon, no log of services, one service of that account",
     REFUSED("4625", "4", "\"LogonType\":5,\"Status\":\"0xc000015b\",\"SubStatus\":\"0x0\"") LOST("2")
         SERVICE_OF("Agent", "3"),
     "service Agent 1385 4625 1 1;"},
    {"a refused logon of the scheduler, one task of that account",
     "INSERT INTO task_cache(file_id, file_off, hive_id, path, user, logon, registered) VALUES(9, 640, 9, "
     "'\\A', 'CORP\\svc', 'Password', at(1));" EVENT(
         "4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "104", "4",
         "{\"UserName\":\"CORP\\\\svc\",\"ResultCode\":2147943726,\"ErrorDescription\":\"LogonUserExEx\"}"),
     "task \\A 1326 104 1 1;"},
    {"two services of that account",
     REFUSED("4625", "4", "\"LogonType\":5,\"Status\":\"0xc000015b\",\"SubStatus\":\"0x0\"") LOST("2")
         SERVICE_OF("Agent", "3") SERVICE_OF("Other", "4"),
     "logon svc 1385 4625 1 -;"},
    {"a service logon that the log of services knows nothing of",
     REFUSED("4625", "4", "\"LogonType\":5,\"Status\":\"0xc000015b\",\"SubStatus\":\"0x0\"")
         SERVICE_OF("Agent", "3"),
     "logon svc 1385 4625 1 -;"},
    {"a service and its logon are one failure",
     REFUSED("4625", "4", "\"LogonType\":5,\"Status\":\"0xc000006d\",\"SubStatus\":\"0xc000006a\"")
         EVENT("2", "System", "Service Control Manager", "7038", "4",
               "{\"param1\":\"Agent\",\"param2\":\"CORP\\\\svc\",\"param3\":\"%%1326\"}")
             EVENT("2", "System", "Service Control Manager", "7000", "4",
                   "{\"param1\":\"Agent\",\"param2\":\"%%1069\"}") SERVICE_OF("Agent", "3"),
     "service Agent 1326 7038 1 2;"},
    {"refused at the KDC: disabled",
     REFUSED("4768", "4", "\"Status\":\"0x12\",\"IpAddress\":\"::ffff:10.0.0.5\""), "logon svc - 4768 1 -;"},
    {"refused at the KDC: pre-authentication", REFUSED("4771", "4", "\"Status\":\"0x18\""),
     "logon svc - 4771 1 -;"},
    {"a service ticket", REFUSED("4769", "4", "\"Status\":\"0x25\""), "logon svc - 4769 1 -;"},
    {"a service without SPN is no refusal of an account", REFUSED("4769", "4", "\"Status\":\"0x7\""), ""},
    {"nor is a ticket that expired", REFUSED("4769", "4", "\"Status\":\"0x20\""), ""},
    {"a ticket that was given", REFUSED("4768", "4", "\"Status\":\"0x0\""), ""},
    {"NTLM", REFUSED("4776", "4", "\"Status\":\"0xc0000234\",\"Workstation\":\"PC7\""),
     "logon svc 1909 4776 1 -;"},
    {"NTLM and the logon it was for",
     REFUSED("4776", "4", "\"Status\":\"0xc0000234\",\"Workstation\":\"PC7\"")
         REFUSED("4625", "4", "\"LogonType\":3,\"Status\":\"0xc0000234\",\"SubStatus\":\"0x0\""),
     "logon svc 1909 4625 1 1;"},
    {"an HRESULT in a message of any program",
     APPLICATION("Acme Sync", "7", "4", "\"upload\",\"Exception from HRESULT: 0x800704DD)\""),
     "application Acme Sync 1245 7 1 -;"},
    {"signed decimal", APPLICATION("Acme Sync", "7", "4", "\"error -2147023584 came\""),
     "application Acme Sync 1312 7 1 -;"},
    {"NTSTATUS, and a second code behind it",
     APPLICATION("Acme Sync", "7", "4", "\"status (c0000202), 0x8007052E\""),
     "application Acme Sync 1394 7 1 -;"},
    {"a domain that does not answer", APPLICATION("Acme Sync", "7", "4", "\"failed with 0x8007054B\""),
     "application Acme Sync 1355 7 1 -;"},
    {"a wrong password, in signed decimal", APPLICATION("Acme Sync", "7", "4", "\"failed with -2147023570\""),
     "application Acme Sync 1326 7 1 -;"},
    {"and unsigned", APPLICATION("Acme Sync", "7", "4", "\"failed with 2147943726\""),
     "application Acme Sync 1326 7 1 -;"},
    {"an account that does not exist, as NTSTATUS",
     APPLICATION("Acme Sync", "7", "4", "\"status 0xC0000064\""), "application Acme Sync 1317 7 1 -;"},
    {"the number that .NET tells",
     APPLICATION("Acme Sync", "7", "4", "\"System.ComponentModel.Win32Exception (1312): it does not exist\""),
     "application Acme Sync 1312 7 1 -;"},
    {"a number of .NET that is no logon's",
     APPLICATION("Acme Sync", "7", "4", "\"System.ComponentModel.Win32Exception (5): denied\""), ""},
    {"another exception's number", APPLICATION("Acme Sync", "7", "4", "\"SocketException (1312): x\""), ""},
    {"the symbol", APPLICATION("Acme Sync", "7", "4", "\"ended in ERROR_LOGON_FAILURE.\""),
     "application Acme Sync 1326 7 1 -;"},
    {"a symbol that goes on", APPLICATION("Acme Sync", "7", "4", "\"ERROR_LOGON_FAILURE_X\""), ""},
    {"a security package's code", APPLICATION("Acme Sync", "7", "4", "\"failed with 0x80090322\""),
     "application Acme Sync - 7 1 -;"},
    {"the system's words in a script",
     SHELL("4100", "4", "Error Message = A specified logon session does not exist. It may already have been"),
     "application C:\\ops\\copy.ps1 1312 4100 1 -;"},
    {"the number that Python tells",
     APPLICATION("Acme Sync", "7", "4", "\"OSError: [WinError 1326] refused\""),
     "application Acme Sync 1326 7 1 -;"},
    {"and Rust", APPLICATION("Acme Sync", "7", "4", "\"refused (os error 1385)\""),
     "application Acme Sync 1385 7 1 -;"},
    {"what a domain controller tells who binds to it",
     APPLICATION("Acme Sync", "7", "4",
                 "\"80090308: LdapErr: DSID-0C09, comment: AcceptSecurityContext error, data 775, v4563\""),
     "application Acme Sync 1909 7 1 -;"},
    {"an error of an installer's own",
     APPLICATION("MsiInstaller", "11327", "4", "\"Error 1327. Invalid Drive\""), ""},
    {"a GUID that looks like the code behind it",
     APPLICATION("Acme Sync", "7", "4", "\"{80070520-1F2E-4C3D-9B4A-000000000000}: 0x80070520\""),
     "application Acme Sync 1312 7 1 -;"},
    {"the same without braces, and a code of no logon",
     APPLICATION("Acme Sync", "7", "4", "\"80070520-1F2E-4C3D-9B4A-000000000000: 0x80070002\""), ""},
    {"a code and a dash", APPLICATION("Acme Sync", "7", "4", "\"0x80070520-refused\""),
     "application Acme Sync 1312 7 1 -;"},
    {"a symbol that begins a line",
     APPLICATION("Acme Sync", "7", "4", "\"refused\\r\\nERROR_LOGON_FAILURE\""),
     "application Acme Sync 1326 7 1 -;"},
    {"a folder whose name ends so", APPLICATION("Acme Sync", "7", "4", "\"C:\\\\nERROR_LOGON_FAILURE\""), ""},
    {"in 64 bits", APPLICATION("Acme Sync", "7", "4", "\"hr=0xFFFFFFFF8007052E\""),
     "application Acme Sync 1326 7 1 -;"},
    {"in 64 bits of which others are set", APPLICATION("Acme Sync", "7", "4", "\"0x000000018007052E\""), ""},
    {"NTSTATUS in signed decimal", APPLICATION("Acme Sync", "7", "4", "\"status -1073741715\""),
     "application Acme Sync 1326 7 1 -;"},
    {"and unsigned", APPLICATION("Acme Sync", "7", "4", "\"status 3221225581\""),
     "application Acme Sync 1326 7 1 -;"},
    {"no credentials, in signed decimal", APPLICATION("Acme Sync", "7", "4", "\"returned -2146893042\""),
     "application Acme Sync - 7 1 -;"},
    {"and unsigned", APPLICATION("Acme Sync", "7", "4", "\"returned 2148074254\""),
     "application Acme Sync - 7 1 -;"},
    {"part of a GUID", APPLICATION("Acme Sync", "7", "4", "\"{80070520-1F2E-4C3D-9B4A-000000000000}\""), ""},
    {"digits that go on", APPLICATION("Acme Sync", "7", "4", "\"80070520214702358421\""), ""},
    {"a code of no logon", APPLICATION("Acme Sync", "7", "4", "\"0x80070002\""), ""},
    {"a number behind the word error", APPLICATION("Acme Sync", "7", "4", "\"sync: Error 1326 at logon\""),
     "application Acme Sync 1326 7 1 -;"},
    {"behind an error code", APPLICATION("Acme Sync", "7", "4", "\"error code: 1385\""),
     "application Acme Sync 1385 7 1 -;"},
    {"a native error code", APPLICATION("Acme Sync", "7", "4", "\"NativeErrorCode : 1326\""),
     "application Acme Sync 1326 7 1 -;"},
    {"an exit code is a program's own", APPLICATION("Acme Sync", "7", "4", "\"exit code 1326, no error\""),
     ""},
    {"an error's number that goes on", APPLICATION("Acme Sync", "7", "4", "\"error 13260\""), ""},
    {"an error of no logon", APPLICATION("Acme Sync", "7", "4", "\"error 1603\""), ""},
    {"a Win32 code in hexadecimal", APPLICATION("Acme Sync", "7", "4", "\"result 0x52e\""),
     "application Acme Sync 1326 7 1 -;"},
    {"with zeros in front", APPLICATION("Acme Sync", "7", "4", "\"result 0x0000052E\""),
     "application Acme Sync 1326 7 1 -;"},
    {"which goes on", APPLICATION("Acme Sync", "7", "4", "\"at 0x52e0\""), ""},
    {"a name of Kerberos", APPLICATION("Acme Sync", "7", "4", "\"KDC_ERR_PREAUTH_FAILED (24)\""),
     "application Acme Sync - 7 1 -;"},
    {"an ordinary step of Kerberos", APPLICATION("Acme Sync", "7", "4", "\"KDC_ERR_PREAUTH_REQUIRED\""), ""},
    {"a COM server's account is refused", COM_SERVER("4"), "application {1A2B} 1326 10004 1 -;"},
    {"and the failed logon is its witness",
     COM_SERVER("4")
         REFUSED("4625", "4", "\"LogonType\":4,\"Status\":\"0xc000006d\",\"SubStatus\":\"0xc000006a\""),
     "application {1A2B} 1326 10004 1 1;"},
    {"a web application pool's account is refused", POOL("5021", "4", "69050780"),
     "application Web 1385 5021 1 -;"},
    {"it is disabled for that", POOL("5021", "4", "2e050780") POOL("5057", "4", ""),
     "application Web 1326 5021 1 -;"},
    {"of which the log does not tell any more", POOL("5057", "4", ""), "application Web - 5057 1 -;"},
    {"and the failed logon is its witness",
     POOL("5021", "4", "2e050780")
         REFUSED("4625", "4", "\"LogonType\":4,\"Status\":\"0xc000006d\",\"SubStatus\":\"0xc000006a\""),
     "application Web 1326 5021 1 1;"},
    {"a task could not be saved, its account was refused", TASK_SAYS("115", "", "2147943726"),
     "task \\A 1326 115 1 -;"},
    {"or for a reason of its own", TASK_SAYS("115", "", "2147942405"), ""},
    {"a task is started again after its logon failed", TASK_SAYS("126", "", "2147943726"),
     "task \\A 1326 126 1 -;"},
    {"which its start said before",
     TASK_SAYS("126", "", "2147943726") TASK_SAYS("101", "\"UserContext\":\"CORP\\\\x\",", "2147943726"),
     "task \\A 1326 101 1 1;"},
    {"a service waits for one whose logon failed", WAITS_FOR("Agent", "4"), "service Agent 1069 7001 1 -;"},
    {"two wait for it", WAITS_FOR("Agent", "4") WAITS_FOR("Agent", "4"), "service Agent 1069 7001 1 1;"},
    {"and others for these",
     WAITS_FOR("Agent", "4") WAITED("Roof", "Top", "1068", "4") WAITED("Cock", "Roof", "1068", "4")
         WAITED("Other", "Else", "1068", "4"),
     "service Agent 1069 7001 1 2;"},
    {"to the failure at the end of the chain",
     WAITED("Cock", "Roof", "1068", "4") WAITED("Roof", "Top", "1068", "4") WAITS_FOR("Agent", "4")
         EVENT("2", "System", "Service Control Manager", "7000", "4",
               "{\"param1\":\"Agent\",\"param2\":\"%%1069\"}"),
     "service Agent 1069 7000 1 3;"},
    {"two that wait for each other, and one for itself",
     WAITED("A", "B", "1068", "4") WAITED("B", "A", "1068", "4") WAITED("C", "C", "1068", "4"), ""},
    {"that waited on another day", WAITS_FOR("Agent", "4") WAITED("Roof", "Top", "1068", "5"),
     "service Agent 1069 7001 1 -;"},
    {"which that said itself",
     WAITS_FOR("Agent", "4") EVENT("2", "System", "Service Control Manager", "7000", "4",
                                   "{\"param1\":\"Agent\",\"param2\":\"%%1069\"}"),
     "service Agent 1069 7000 1 1;"},
    {"a service waits for one that failed for its own reasons",
     EVENT("2", "System", "Service Control Manager", "7001", "4",
           "{\"param1\":\"Top\",\"param2\":\"Agent\",\"param3\":\"%%2\"}"),
     ""},
    {"a ticket refused to this device", REFUSED("4820", "4", "\"Status\":\"0xc\",\"DeviceName\":\"PC7$\""),
     "logon svc - 4820 1 -;"},
    {"which 4768 says as well",
     REFUSED("4820", "4", "\"Status\":\"0xc\"") REFUSED("4768", "4", "\"Status\":\"0xc\""),
     "logon svc - 4768 1 1;"},
    {"NTLM refused to a protected user",
     AUDITED("4822", "4", "{\"AccountName\":\"svc\",\"DeviceName\":\"PC7\",\"Status\":\"0xc000006e\"}"),
     "logon svc 1327 4822 1 -;"},
    {"LSA was refused somewhere", LSA_MET("40960", "\"Error\":\"The account is locked (0xc0000234)\""),
     "logon cifs/fs01 1909 40960 1 -;"},
    {"LSA found no domain controller", LSA_MET("40960", "\"Error\":\"none (0xc000005e)\""), ""},
    {"policy: credentials of the session are not valid", POLICY("1006", "49"), "logon - 49 1006 1 -;"},
    {"policy: the user is refused", POLICY("1053", "1326"), "logon - 1326 1053 1 -;"},
    {"policy: no domain controller", POLICY("1053", "1355"), "- - 1355 1053 0 -;"},
    {"a message that is no error",
     APPLICATION("Acme Sync", "7", "4", "\"0x80070520\"") "UPDATE event SET level = 4;", ""},
    {"an event that is known tells its own story",
     APPLICATION("Microsoft-Windows-User Profiles Service", "1508", "4", "\"0x80070520\""), ""},
    {"an error of a script", SHELL("4100", "4", "Error Message = no session (0x80070520)"),
     "application C:\\ops\\copy.ps1 1312 4100 1 -;"},
    {"and the command that met it are one failure",
     SHELL("4100", "4", "Error Message = no session (0x80070520)")
         SHELL("4103", "4", "TerminatingError(Copy-Item): no session (0x80070520)"),
     "application C:\\ops\\copy.ps1 1312 4100 1 1;"},
    {"a command that met it, alone", SHELL("4103", "4", "NonTerminatingError(Copy-Item): 0x80070898"),
     "application C:\\ops\\copy.ps1 2200 4103 1 -;"},
    {"a command that prints a code", SHELL("4103", "4", "ParameterBinding(Out-File): value=0x80070520"), ""},
    {"a slip at the desk is told, and concerns nobody",
     REFUSED("4625", "4", "\"LogonType\":2,\"Status\":\"0xc000006d\",\"SubStatus\":\"0xc000006a\""),
     "logon svc 86 4625 0 -;"},
    {"the account of a task does not exist", TASK_SAYS("101", "\"UserContext\":\"CORP\\\\x\",", "2147750672"),
     "task \\A 1332 101 1 -;"},
    {"its user is not logged on, as the scheduler spells it",
     TASK_SAYS("101", "\"UserContext\":\"CORP\\\\x\",", "2147750688"), "task \\A 1245 101 1 -;"},
    {"no account information is kept for it",
     TASK_SAYS("101", "\"UserContext\":\"CORP\\\\x\",", "2147750671"), "task \\A - 101 1 -;"},
    {"a security package has no credentials",
     TASK_SAYS("101", "\"UserContext\":\"CORP\\\\x\",", "2148074254"), "task \\A - 101 1 -;"},
    {"a task that is running already is its own affair",
     TASK_SAYS("101", "\"UserContext\":\"CORP\\\\x\",", "2147750687"), "task \\A - 101 0 -;"},
    {"the scheduler could not act as its user", TASK_SAYS("105", "\"Context\":\"CORP\\\\x\",", "2147943712"),
     "task \\A 1312 105 1 -;"},
    {"that and the start are one failure",
     TASK_SAYS("105", "\"Context\":\"CORP\\\\x\",", "2147943712")
         TASK_SAYS("101", "\"UserContext\":\"CORP\\\\x\",", "2147943712"),
     "task \\A 1312 101 1 1;"},
    {"an engine could not be started for its user", ENGINE("2147943726"), "task - 1326 311 1 -;"},
    {"that and the start are one failure too",
     ENGINE("2147943726") TASK_SAYS("101", "\"UserContext\":\"CORP\\\\x\",", "2147943726"),
     "task \\A 1326 101 1 1;"},
    {"the scheduler could not open its store of passwords",
     EVENT("4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "406", "4",
           "{\"ResultCode\":2147943712}"),
     "task - 1312 406 1 -;"},
    {"or for a reason of its own",
     EVENT("4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "407", "4",
           "{\"ResultCode\":2147942405}"),
     "task - 5 407 0 -;"},
    {"a service whose account is not valid",
     EVENT("2", "System", "Service Control Manager", "7000", "4",
           "{\"param1\":\"Agent\",\"param2\":\"%%1057\"}"),
     "service Agent 1057 7000 1 -;"},
    {"Offline Files met 1245 at a path",
     EVENT("7", "Microsoft-Windows-OfflineFiles/Operational", "Microsoft-Windows-OfflineFiles", "1001", "4",
           "{\"Path\":\"\\\\\\\\FS01\\\\home\\\\anna\",\"ResultCode\":\"0x800704DD\"}"),
     "share FS01 1245 1001 1 -;"},
    {"and something of its own there",
     EVENT("7", "Microsoft-Windows-OfflineFiles/Operational", "Microsoft-Windows-OfflineFiles", "1001", "4",
           "{\"Path\":\"\\\\\\\\FS01\\\\home\\\\anna\",\"ResultCode\":\"0x80070035\"}"),
     ""},
};

Test(kinds, failures)
{
    for (size_t i = 0; i < LEN(failures); i++) {
        collected(0);
        sql(failures[i].facts), cover();
        const char *got = ask(
            "SELECT shown, subject, win32, event_id, concern, CASE WHEN also <> '' THEN 1 + length(also) - "
            "length(replace(also, ' ', '')) END FROM v_failure ORDER BY time, subject");
        cr_expect_str_eq(got, failures[i].want, "%s: %s", failures[i].name, got);
    }
    collected(0);
    sql(BATCH LOST("4")), cover();
    cr_expect_str_eq(ask("SELECT detail FROM v_failure"),
                     "logon type 4 by C:\\x.exe, status 0xc000006d, sub-status 0xc000006a;");
}

/* Whatever the derivation understands, records are looked through for: each spelling holds one of the texts.
 */
static bool asked_for(struct str token, const struct want_event *w)
{
    for (size_t k = 0; k < w->n_holding; k++)
        for (size_t i = 0; i + w->holding[k].n <= token.n; i++)
            if (str_eq_ci((struct str){token.p + i, w->holding[k].n}, w->holding[k]))
                return true;
    return false;
}

static enum status spelled(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)n, (void)e;
    const struct want *want = kb_want(kb);
    size_t filters = 0;
    for (size_t i = 0; i < want->n_event; i++)
        if (want->event[i].n_holding) {
            filters++;
            cr_expect(asked_for(c[0].s, &want->event[i]), "%.*s: nothing asks for it in event %u",
                      (int)c[0].s.n, c[0].s.p, want->event[i].id);
        }
    cr_expect(filters == 3, "%zu", filters);
    ++*(size_t *)ctx;
    return OK;
}

Test(kinds, every_spelling)
{
    struct err e = {0};
    size_t n = 0;
    collected(0);
    struct str all = kb_file(kb, "derive/63b-failures-applications.sql");
    const char *from = strstr(all.p, "CREATE TEMP TABLE IF NOT EXISTS a_spelled"),
               *to = strstr(all.p, "CREATE TEMP TABLE IF NOT EXISTS a_said");
    cr_assert(from && to > from);
    struct buf filled = {0};
    buf_str(&filled, (struct str){from, (size_t)(to - from)}), buf_char(&filled, 0);
    cr_assert(case_exec(db, filled.p, &e) == OK, "%s", e.why);
    buf_free(&filled);
    sql("CREATE TEMP VIEW v_spelled AS SELECT token FROM temp.a_spelled;");
    cr_assert(case_query(db, "SELECT token FROM v_spelled", NULL, NULL, 0, spelled, &n, &e) == OK, "%s",
              e.why);
    cr_expect(n > 200, "%zu", n);
}

/* --- presence: sessions known by their end or by a sign only, and groups as principals */
#define ANNA "S-1-5-21-1-2-3-1104"
#define TASK_OF(sid, logon)                                                                                  \
    "INSERT INTO task_cache(file_id, file_off, hive_id, path, sid, user, logon, registered) VALUES(9, 640, " \
    "9, '\\A', '" sid "', NULL, '" logon "', at(1));"
#define RECORDED(day)                                                                                        \
    AUDITED("4624", day,                                                                                     \
            "{\"LogonType\":5,\"TargetLogonId\":\"0x9\",\"TargetUserName\":\"svc\",\"TargetUserSid\":\"S-1-" \
            "5-21-1-2-3-1\"}")
#define ENDED(day)                                                                                           \
    AUDITED(                                                                                                 \
        "4634", day,                                                                                         \
        "{\"LogonType\":2,\"TargetLogonId\":\"0x111\",\"TargetUserName\":\"anna\",\"TargetUserSid\":\"" ANNA \
        "\"}")
#define LEFT(day) \
    EVENT("2", "System", "Microsoft-Windows-Winlogon", "7002", day, "{\"TSId\":1,\"UserSid\":\"" ANNA "\"}")
#define CAME(day) \
    EVENT("2", "System", "Microsoft-Windows-Winlogon", "7001", day, "{\"TSId\":1,\"UserSid\":\"" ANNA "\"}")
#define STARTED(day) EVENT("2", "System", "Microsoft-Windows-Kernel-General", "12", day, "{}")
#define RAN(day)                                                                                             \
    EVENT("4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "100", day, \
          "{\"TaskName\":\"\\\\A\"}")
static const struct {
    const char *name, *facts, *want;
} stays[] = {
    {"it ended, and Winlogon says so too",
     TASK_OF(ANNA, "InteractiveToken") RECORDED("2") ENDED("5") LEFT("5"), "interactive 2 5;sure 2 5;"},
    {"it ended, and Winlogon says nothing: a program's",
     TASK_OF(ANNA, "InteractiveToken") RECORDED("2") ENDED("5"), "interactive 2 5;"},
    {"it ended, and nobody would have said so",
     TASK_OF(ANNA, "InteractiveToken") RECORDED("2") ENDED("5") LOST("2"), "interactive 2 5;sure 2 5;"},
    {"no logon was recorded before", TASK_OF(ANNA, "InteractiveToken") ENDED("5") RECORDED("6"), ""},
    {"the log holds the start of that boot",
     TASK_OF(ANNA, "InteractiveToken") STARTED("3") RECORDED("4") ENDED("5") LEFT("5"), ""},
    {"a filtered log lacks what it lacks",
     TASK_OF(ANNA, "InteractiveToken") RECORDED("2")
         ENDED("5") "UPDATE evidence SET log_kind = 'filtered' WHERE id = 1;",
     ""},
    {"it began as well",
     TASK_OF(ANNA, "InteractiveToken") RECORDED("2") AUDITED(
         "4624", "4",
         "{\"LogonType\":2,\"TargetLogonId\":\"0x111\",\"TargetUserName\":\"anna\",\"TargetUserSid\":\"" ANNA
         "\"}") ENDED("5"),
     "interactive 4 5;sure 4 5;"},
    {"Winlogon's end alone", TASK_OF(ANNA, "InteractiveToken") LEFT("5") LOST("1"),
     "interactive 1 5;sure 1 5;"},
    {"Winlogon's second end says nothing of the first",
     TASK_OF(ANNA, "InteractiveToken") CAME("3") LEFT("5") LOST("1"), "interactive 3 5;sure 3 5;"},
    {"unlocked",
     TASK_OF(ANNA, "InteractiveToken") RECORDED("2") AUDITED(
         "4624", "5",
         "{\"LogonType\":7,\"TargetLogonId\":\"0x222\",\"TargetUserName\":\"anna\",\"TargetUserSid\":\"" ANNA
         "\"}"),
     "interactive 2 -;sure 2 5;"},
    {"locked",
     TASK_OF(ANNA, "InteractiveToken") RECORDED("2") AUDITED(
         "4800", "5",
         "{\"SessionId\":1,\"TargetLogonId\":\"0x111\",\"TargetUserName\":\"anna\",\"TargetUserSid\":\"" ANNA
         "\"}"),
     "interactive 2 -;sure 2 5;"},
    {"disconnected: by name alone, and the task has name and SID",
     TASK_OF(ANNA, "InteractiveToken") "UPDATE task_cache SET user = 'CORP\\anna';" RECORDED("2")
         AUDITED("4779", "5",
                 "{\"AccountName\":\"anna\",\"AccountDomain\":\"CORP\",\"LogonID\":\"0x111\",\"SessionName\":"
                 "\"RDP-Tcp#1\"}"),
     "interactive 2 -;sure 2 5;"},
    {"a task ran in it, twice", TASK_OF(ANNA, "InteractiveToken") RAN("3") RAN("6"), "sign 3 6;"},
    {"a task ran in it, once", TASK_OF(ANNA, "InteractiveToken") RAN("3"), ""},
    {"a task with a password needs no session", TASK_OF(ANNA, "Password") RAN("3") RAN("6"), ""},
    {"a start between", TASK_OF(ANNA, "InteractiveToken") RAN("3") RAN("6") STARTED("5"), ""},
    {"a group all are in", TASK_OF("S-1-5-32-545", "Group") CAME("3") LEFT("6"), "interactive 3 6;sure 3 6;"},
    {"INTERACTIVE", TASK_OF("S-1-5-4", "Group") CAME("3") LEFT("6"), "interactive 3 6;sure 3 6;"},
    {"administrators: nobody knows", TASK_OF("S-1-5-32-544", "Group") CAME("3") LEFT("6"), "sign 3 6;"},
    {"a group of the domain", TASK_OF("S-1-5-21-9-9-9-1234", "Group") CAME("3") LEFT("6"), "sign 3 6;"},
};

Test(kinds, presence)
{
    char question[400];
    snprintf(question, sizeof question,
             "SELECT how, (from_time - %lld) / %lld, (to_time - %lld) / %lld FROM v_presence WHERE how <> "
             "'background' AND who LIKE 'S-1-%%' ORDER BY how, from_time",
             MARCH, D, MARCH, D);
    for (size_t i = 0; i < LEN(stays); i++) {
        collected(0);
        sql(stays[i].facts), cover();
        const char *got = ask(question);
        cr_expect_str_eq(got, stays[i].want, "%s: %s", stays[i].name, got);
    }
}

/* --- a time that cannot be dates nothing */
/* Who logged on and who was refused, by name without regard to case; a record without data says of nobody
 * that he did. */
Test(kinds, logons_summed_up)
{
    collected(0);
    sql(AUDITED("4624", "2", "{\"TargetUserName\":\"anna\",\"LogonType\":3}")
            AUDITED("4624", "3", "{\"TargetUserName\":\"ANNA\",\"LogonType\":3}")
                AUDITED("4624", "4", "{\"TargetUserName\":\"-\",\"LogonType\":3}")
                    AUDITED("4625", "5",
                            "{\"TargetUserName\":\"anna\",\"LogonType\":4,\"Status\":\"0xC000006D\","
                            "\"SubStatus\":\"0x0\"}"));
    sql("INSERT INTO event(file_id, file_off, computer, channel, provider, event_id, time) SELECT file_id, "
        "file_off + 1, "
        "computer, channel, provider, event_id, time FROM event WHERE event_id IN (4624, 4625)");
    cover();
    cr_expect_str_eq(ask("SELECT count(*) FROM event WHERE data IS NULL"), "4;",
                     "it has none afterwards either");
    const char *said = ask("SELECT what, lower(account), type, code, n FROM v_summary_logon ORDER BY place");
    cr_expect_str_eq(said, "refused anna 4 0xc000006d 1;logon anna 3 - 2;logon - 3 - 1;", "%s", said);
}

Test(kinds, impossible_times)
{
    static const char *const times[] = {
        "1", "0", "5000000000000000", "2650467743999999999", "9000000000000000000", "-5"};
    for (size_t i = 0; i < LEN(times); i++) {
        char text[1200];
        collected(0);
        sql(EVENT("4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler",
                  "101", "4",
                  "{\"TaskName\":\"\\\\A\",\"UserContext\":\"CORP\\\\svc\",\"ResultCode\":2147943712}")
                EVENT("4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler",
                      "101", "5",
                      "{\"TaskName\":\"\\\\A\",\"UserContext\":\"CORP\\\\svc\",\"ResultCode\":2147943712}")
                    EVENT("2", "System", "Microsoft-Windows-Kernel-General", "12", "5", "{}"));
        snprintf(text, sizeof text,
                 "UPDATE event SET time = %s WHERE time = at(5); UPDATE log_span SET last_time = %s WHERE "
                 "file_id = 4 AND %s > "
                 "last_time; UPDATE log_span SET first_time = %s WHERE file_id = 4 AND %s < first_time; "
                 "INSERT INTO "
                 "task_cache(file_id, file_off, hive_id, path, user, logon, registered, last_run, result) "
                 "VALUES(9, 640, 9, '\\B', "
                 "'CORP\\svc', 'Password', %s, %s, 2147943712);"
                 "INSERT INTO sam_account(file_id, file_off, hive_id, rid, name, flags, password_set) "
                 "VALUES(11, 64, 11, 1001, 'svc', "
                 "16, %s);",
                 times[i], times[i], times[i], times[i], times[i], times[i], times[i], times[i]);
        sql(text), judge();
        cr_expect_str_eq(ask("SELECT count(*), count(time) FROM v_failure WHERE kind = 'task'"), "3 1;",
                         "%s: %s", times[i], ask("SELECT subject, time FROM v_failure"));
        cr_expect_str_eq(ask("SELECT count(*) FROM v_finding WHERE sane(first_seen) IS NOT first_seen OR "
                             "sane(last_seen) IS NOT last_seen"),
                         "0;", "%s", times[i]);
        cr_expect_str_eq(ask("SELECT count(*) FROM coverage WHERE sane(from_time) IS NOT from_time OR "
                             "sane(to_time) IS NOT to_time"),
                         "0;", "%s", times[i]);
        cr_expect_str_eq(ask("SELECT count(*) FROM boot WHERE from_time IS NOT NULL"), "0;",
                         "%s: a boot at no time", times[i]);
        cr_expect_str_eq(ask("SELECT count(*) FROM v_password_change"), "0;", "%s", times[i]);
        snprintf(text, sizeof text, "%s;%s;", times[i], times[i]);
        cr_expect_str_eq(ask("SELECT odd_time FROM v_event WHERE time IS NULL"), text, "the fact stays");
    }
}

/* A record with an impossible time beside the one it belongs to is its witness still, and no second failure;
 * far from it, nobody can tell. */
#define SERVICE_ACME(a, b)                                                          \
    EVENT("2", "System", "Service Control Manager", "7038", a,                      \
          "{\"param1\":\"Acme\",\"param2\":\"CORP\\\\svc\",\"param3\":\"%%1326\"}") \
    EVENT("2", "System", "Service Control Manager", "7000", b, "{\"param1\":\"Acme\",\"param2\":\"%%1069\"}")
#define TASK_A(a, b)                                                                                         \
    EVENT("4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "104", a,   \
          "{\"UserName\":\"CORP\\\\svc\",\"ResultCode\":2147943726,\"ErrorDescription\":\"LogonUserExEx\"}") \
    EVENT("4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "101", b,   \
          "{\"TaskName\":\"\\\\A\",\"UserContext\":\"CORP\\\\svc\",\"ResultCode\":2147943726}")
#define LOGON_5(a, b)                                                                                      \
    EVENT("1", "Security", "Microsoft-Windows-Security-Auditing", "4648", a, "{\"TargetUserName\":\"x\"}") \
    EVENT("1", "Security", "Microsoft-Windows-Security-Auditing", "4625", b,                               \
          "{\"TargetUserName\":\"svc\",\"TargetDomainName\":\"CORP\",\"LogonType\":5,\"Status\":\""        \
          "0xc000006d\",\"SubStatus\":\"0xc000006a\"}")
static const struct {
    const char *name, *facts, *numbers, *want;
} placed[] = {
    {"7000 at no time", SERVICE_ACME("4", "5"), "id", "service Acme at(4) 1;"},
    {"7038 at no time", SERVICE_ACME("5", "4"), "id", "service Acme - 1;"},
    {"far from each other", SERVICE_ACME("4", "5"), "id * 50", "service Acme - 0;service Acme at(4) 0;"},
    {"without numbers", SERVICE_ACME("4", "5"), "NULL", "service Acme - 0;service Acme at(4) 0;"},
    {"104 at no time", TASK_A("5", "4"), "id", "task \\A at(4) 1;"},
    {"101 at no time", TASK_A("4", "5"), "id", "task \\A - 1;"},
    {"a failed logon at no time", SERVICE_ACME("4", "4") LOGON_5("4", "5"), "id", "service Acme at(4) 2;"},
};
Test(kinds, witnesses_at_no_time)
{
    for (size_t i = 0; i < LEN(placed); i++) {
        char text[300];
        collected(0);
        sql(placed[i].facts);
        snprintf(text, sizeof text,
                 "UPDATE event SET record_id = %s; UPDATE event SET time = 5 WHERE time = at(5)",
                 placed[i].numbers);
        sql(text), judge();
        snprintf(text, sizeof text,
                 "SELECT kind, subject, CASE time WHEN %lld THEN 'at(4)' ELSE time END, "
                 "length(coalesce(also, '')) - length(replace(coalesce(also, ''), ':', '')) FROM failure "
                 "ORDER BY time",
                 MARCH + 4 * D);
        cr_expect_str_eq(ask(text), placed[i].want, "%s: %s", placed[i].name, ask(text));
    }
}

/* --- collect.cmd, and what the README tells to collect, hold all that a diagnosis may ask for */

static char *text_of(const char *path)
{
    FILE *f = fopen(path, "rb");
    cr_assert_not_null(f, "%s", path);
    char *p = calloc(1, 1 << 18);
    size_t n = fread(p, 1, (1 << 18) - 1, f);
    cr_assert(n > 0 && n < (1 << 18) - 1);
    fclose(f);
    return p;
}

Test(kinds, collect_cmd_is_complete)
{
    char *script = text_of("samples/collect.cmd"), *readme = text_of("README.md"), line[300];
    size_t n, asked = 0;
    const struct kb_artifact *a = kb_artifacts(kb, &n);
    for (size_t i = 0; i < n; i++) {
        bool hive = str_eq(a[i].kind, STR("hive")), user = str_eq(a[i].name, STR("NTUSER"));
        snprintf(line, sizeof line,
                 user   ? "call :hive HKU\\%%%%s %.*s"
                 : hive ? "call :hive HKLM\\%.*s "
                        : "call :log \"%.*s\" ",
                 STR_ARG(a[i].name));
        cr_expect(strstr(script, line), "collect.cmd does not collect %.*s: %s", STR_ARG(a[i].name), line);
        snprintf(line, sizeof line, "`%.*s`", STR_ARG(a[i].name));
        cr_expect(strstr(readme, line), "README.md does not name %.*s", STR_ARG(a[i].name));
        cr_expect(str_starts_ci(a[i].collect, hive ? STR("reg save HK") : STR("wevtutil epl ")), "%.*s: %.*s",
                  STR_ARG(a[i].name), STR_ARG(a[i].collect));
        asked += !user;
    }
    size_t rules;
    const struct rule *r = kb_rules(kb, &rules);
    for (size_t i = 0; i < rules; i++)
        for (size_t k = 0; k < r[i].n_require; k++)
            for (size_t j = 0; j < r[i].require[k].n; j++) {
                struct str channel = r[i].require[k].artifact[j], whole = channel;
                channel = str_cut(&whole, ':'); /* Security:Logon failure */
                snprintf(line, sizeof line, "call :log \"%.*s\" ", STR_ARG(channel));
                bool collected = strstr(script, line) != NULL;
                snprintf(line, sizeof line, "call :hive HKLM\\%.*s ", STR_ARG(channel));
                cr_expect(collected || strstr(script, line) || str_eq(channel, STR("NTUSER")),
                          "%.*s requires %.*s", STR_ARG(r[i].name), STR_ARG(channel));
            }
    size_t calls = 0;
    for (const char *p = script; (p = strstr(p, "\r\ncall :")); p++)
        calls += strncmp(p + 8, "tool ", 5) != 0;
    static const char *const tools[] = {"systeminfo", "whoami /all", "dsregcmd /status"};
    for (size_t i = 0; i < LEN(tools); i++) {
        snprintf(line, sizeof line, "call :tool \"%s\" ", tools[i]);
        cr_expect(strstr(script, line) && strstr(readme, tools[i]), "%s", tools[i]);
    }
    cr_expect(strstr(script, "gpresult /scope computer /x ")
              && strstr(readme, "gpresult /scope computer /x "));
    cr_expect_eq(calls, asked, "collect.cmd asks for what no diagnosis uses");
    for (const char *p = script; *p; p++)
        cr_assert((unsigned char)*p < 0x80 && (*p != '\n' || p[-1] == '\r'),
                  "cmd.exe reads ASCII and CRLF: %.40s", p);
    free(script), free(readme);
}

/* A code of which no more is known than its name has that name wherever it shows: in failures, in findings,
 * and in the case's own table of codes. */
Test(kinds, a_code_without_a_story_has_its_name)
{
    collected(0);
    sql(EVENT("4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "101",
              "3", "{\"TaskName\":\"\\\\A\",\"UserContext\":\"CORP\\\\svc\",\"ResultCode\":2147942414}"));
    sql(EVENT("2", "System", "Service Control Manager", "7000", "3",
              "{\"param1\":\"Spooler\",\"param2\":\"%%1073\"}"));
    sql(EVENT("2", "System", "Service Control Manager", "7001", "4",
              "{\"param1\":\"Spooler\",\"param2\":\"%%15999\"}"));
    judge();
    cr_expect_str_eq(ask("SELECT win32, symbol FROM v_failure WHERE win32 IN (14, 1073) ORDER BY win32"),
                     "14 ERROR_OUTOFMEMORY;1073 ERROR_SERVICE_EXISTS;");
    sql("INSERT INTO finding(cause, rule, title, verdict, host_id, win32, count, explanation) "
        "SELECT 'c', 'r', 't', 'possible', id, 14, 1, 'e' FROM host");
    cr_expect_str_eq(ask("SELECT win32, symbol FROM v_finding WHERE cause = 'c'"), "14 ERROR_OUTOFMEMORY;");
    cr_expect_str_eq(
        ask("SELECT value, space, symbol FROM kb_code WHERE value IN (14, 15, 1073) AND space = 'win32'"),
        "14 win32 ERROR_OUTOFMEMORY;1073 win32 ERROR_SERVICE_EXISTS;");
}

/* --- a run whose time is over */
struct clock {
    unsigned asks, most;
};
static enum status ring(void *ctx, struct err *e)
{
    struct clock *c = ctx;
    return ++c->asks > c->most ? err_set(e, E_TIME, ERR_NO_OFF, "stopped", "over") : OK;
}

/* From facts to verdicts, until `most` looks at the clock; *phase: in which it was over, 3: in none. */
static enum status judge_until(unsigned most, unsigned *phase, struct err *e)
{
    struct clock c = {.most = most};
    size_t judged = 0;
    case_halt_when(db, ring, &c);
    *phase = 0;
    enum status st = case_undoable(db, e);
    if (st == OK && (st = derive(db, kb, e)) == OK && (*phase = 1, st = coverage(db, kb, e)) == OK)
        *phase = 2, st = diagnose(db, kb, &judged, e);
    case_halt_when(db, NULL, NULL);
    if (st != E_TIME)
        return *phase = 3, st;
    *e = (struct err){0};
    return diagnose_cut_short(db, kb, *phase, judged, e);
}

/* Wherever that is, the case is whole, and nothing that nobody looked at is clear. */
Test(kinds, what_is_not_judged_in_time_is_not_clear)
{
    unsigned met[4] = {0}, phase;
    for (unsigned most = 0; most < 400; most += most < 40 ? 1 : 19) {
        struct err e = {0};
        collected(0);
        cr_assert_eq(judge_until(most, &phase, &e), OK, "%u: %s: %s", most, e.what, e.why);
        met[phase]++;
        cr_expect_str_eq(ask("PRAGMA integrity_check"), "ok;", "%u", most);
        if (phase == 3) {
            cr_expect_str_eq(ask("SELECT outcome FROM host WHERE name = 'PC1'"), "clear;");
            break;
        }
        cr_expect_str_eq(ask("SELECT count(*) FROM host WHERE outcome = 'clear' OR outcome IS NULL"), "0;",
                         "%u", most);
        cr_expect_str_eq(ask("SELECT count(*) > 0 FROM rule_error WHERE role = 'time'"), "1;", "%u", most);
        if (phase < 2)
            cr_expect_str_eq(ask("SELECT count(*) FROM kind WHERE state = 'clear'"), "0;", "%u", most);
        cr_expect_str_eq(ask("SELECT count(*) FROM host h WHERE (SELECT count(*) FROM kind k WHERE k.host_id "
                             "= h.id) <> 6"),
                         "0;", "%u", most);
    }
    cr_expect(met[0] && met[2] && met[3], "%u %u %u %u", met[0], met[1], met[2], met[3]);
}

/* Neighbours: what is left of one failure, and the artefact that decides most of it, by what the rules wait
 * for. */
Test(kinds, what_tells_the_causes_apart)
{
#define FAILS_WITH(code)                                                                                     \
    EVENT("4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "101", "3", \
          "{\"TaskName\":\"\\\\A\",\"UserContext\":\"CORP\\\\svc\",\"ResultCode\":" code "}")
#define CAUSES_LEFT                                                                                \
    "SELECT group_concat(cause, ' ') FROM (SELECT DISTINCT cause FROM v_finding WHERE verdict IN " \
    "('undetermined', "                                                                            \
    "'possible', 'likely') AND subject = '\\A' ORDER BY cause)"
#define SAID                                                                                             \
    "SELECT (SELECT group_concat(value, ' ') FROM (SELECT value FROM json_each(n.decides) UNION SELECT " \
    "value FROM "                                                                                        \
    "json_each(n.leaves) ORDER BY 1)) FROM v_next_step n WHERE subject = '\\A'"
    char left[2000];
    collected(HIVE_FILE);
    sql(FAILS_WITH("2147943712"));
    judge();
    snprintf(left, sizeof left, "%s", ask(CAUSES_LEFT));
    cr_expect(strchr(left, ' '), "several causes of a 1312 are left without SYSTEM: %s", left);
    cr_expect_str_eq(ask(SAID), left, "what is decided and what is left are all of them");
    cr_expect_str_eq(ask("SELECT artifact, collect LIKE 'reg save HKLM_SYSTEM %', subjects FROM v_next_step"),
                     "SYSTEM 1 1;");
    cr_expect_str_eq(
        ask("SELECT 1 FROM v_next_step n, json_each(n.decides) WHERE value = 'credential-storage-policy'"),
        "1;");
    cr_expect_str_eq(
        ask("SELECT count(*) FROM v_next_step n, json_each(n.decides) d JOIN v_finding f ON f.cause = "
            "d.value "
            "AND f.subject = n.subject WHERE f.verdict <> 'undetermined' OR NOT EXISTS (SELECT 1 FROM "
            "v_finding_unknown u WHERE u.finding = f.finding AND u.artifact = n.artifact)"),
        "0;", "decided is only what waits for it");
    /* the artefact is there: it is no longer asked for */
    collected(0);
    sql(FAILS_WITH("2147943712"));
    judge();
    cr_expect_str_eq(ask("SELECT count(*) FROM v_next_step WHERE artifact = 'SYSTEM'"), "0;");
    /* where one cause is proven its neighbours are no question any more, and alone it is none either */
    sql("UPDATE finding SET verdict = 'undetermined' WHERE subject = '\\A';");
    sql("UPDATE finding SET verdict = 'confirmed' WHERE id = (SELECT min(id) FROM finding WHERE subject = "
        "'\\A')");
    struct err e = {0};
    cr_assert(run_knowledge(db, kb, "outcome.sql", &e) == OK, "%s", e.why);
    cr_expect_str_eq(ask("SELECT count(*) FROM v_next_step"), "0;");
    sql("UPDATE finding SET verdict = 'ruled_out' WHERE subject = '\\A' AND id > (SELECT min(id) FROM "
        "finding WHERE "
        "subject = '\\A'); UPDATE finding SET verdict = 'undetermined' WHERE id = (SELECT min(id) FROM "
        "finding WHERE "
        "subject = '\\A')");
    cr_assert(run_knowledge(db, kb, "outcome.sql", &e) == OK, "%s", e.why);
    cr_expect_str_eq(ask("SELECT count(*) FROM v_next_step"), "0;");
}

/* Two requirements of one rule: neither artefact alone decides it; any one of an alternative does. */
Test(kinds, an_artefact_alone_decides_only_what_waits_for_nothing_else)
{
    collected(0);
    cover();
    sql("DELETE FROM kb_rule_need; INSERT INTO kb_rule_need VALUES ('ra', 0, 'X', 1), ('ra', 1, 'Y', 1), "
        "('rb', 0, 'X', 1), "
        "('rb', 0, 'Z', 1), ('rc', 0, 'X', 0), ('rc', 1, 'Y', 1);"
        "INSERT INTO finding(id, cause, rule, title, verdict, host_id, subject, count, explanation) SELECT "
        "x.column1, "
        "x.column2, x.column3, 't', 'undetermined', h.id, 'S', 1, 'e' FROM host h, (VALUES (1, 'a', 'ra'), "
        "(2, 'b', 'rb'), "
        "(3, 'c', 'rc')) x;"
        "INSERT INTO finding_unknown VALUES (1, 0, 'X', 'get X'), (1, 1, 'Y', 'get Y'), (2, 0, 'X', 'get "
        "X'), "
        "(2, 1, 'Z', 'get Z'), (3, 0, 'X', 'get X'), (3, 1, 'Y', 'get Y')");
    struct err e = {0};
    cr_assert(run_knowledge(db, kb, "outcome.sql", &e) == OK, "%s", e.why);
    cr_expect_str_eq(ask("SELECT artifact, decides, leaves FROM v_next_step"), "X [\"b\"] [\"a\",\"c\"];");
    sql("INSERT INTO finding_unknown SELECT 2, 2, 'Y', 'get Y'; INSERT INTO kb_rule_need VALUES ('rb', 0, "
        "'Y', 1)");
    cr_assert(run_knowledge(db, kb, "outcome.sql", &e) == OK, "%s", e.why);
    cr_expect_str_eq(ask("SELECT artifact, decides, leaves FROM v_next_step"), "Y [\"b\",\"c\"] [\"a\"];");
}

/* What is to be done first, by whose account it is. */
#define SHARE_REFUSED(user)                                                                         \
    EVENT("5", "Microsoft-Windows-SmbClient/Security", "Microsoft-Windows-SMBClient", "31001", "4", \
          "{\"ServerName\":\"fs01\",\"Status\":3221225581,\"LogonId\":508402,\"UserName\":\"" user "\"}")
#define UNATTENDED(user, domain, sid)                                                                        \
    "INSERT INTO task_cache(file_id, file_off, hive_id, path, user, sid, logon, registered) VALUES(9, 700, " \
    "9, '\\Copy', '" domain "\\" user "', '" sid                                                             \
    "', 'S4U', at(1));" AUDITED("4624", "4",                                                                 \
                                "{\"TargetUserName\":\"" user "\",\"TargetDomainName\":\"" domain            \
                                "\",\"TargetUserSid\":\"" sid                                                \
                                "\",\"LogonType\":4,\"TargetLogonId\":\"0x7c1f2\"}")
#define DISABLED(name, rid)                                                                                \
    "INSERT INTO sam_account(file_id, file_off, hive_id, name, rid, flags) VALUES(11, 800, 11, '" name     \
    "', " rid ", 1);" EVENT(                                                                               \
        "4", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", "101", "4", \
        "{\"TaskName\":\"\\\\Scan\",\"UserContext\":\"PC1\\\\" name "\",\"ResultCode\":2147943731}")
static const struct {
    const char *name, *facts, *cause, *first, *never;
} steps[] = {
    {"Guest stays as it is", DISABLED("Gast", "501"), "account-unusable", "Leave it as it is:%",
     "%/active:yes%"},
    {"an account that somebody made", DISABLED("scan", "1005"), "account-unusable",
     "Put the account in order%/active:yes", "Leave it%"},
    {"an account of the domain, without a password, at a share",
     UNATTENDED("svc", "CORP", "S-1-5-21-7-8-9-1110") SHARE_REFUSED(""), "s4u-needs-network",
     "Give the task a stored password%/tn _Copy /ru CORP_svc %", "An account of this computer%"},
    {"a local account, without a password, at a share",
     UNATTENDED("svc", "PC1", "S-1-5-21-1-2-3-1005") SHARE_REFUSED(""), "s4u-needs-network",
     "An account of this computer alone is nobody to fs01%", "Give the task a stored%"},
};

Test(kinds, the_first_step_fits_the_account)
{
    for (size_t i = 0; i < LEN(steps); i++) {
        char text[400];
        collected(0);
        sql(steps[i].facts), judge();
        snprintf(
            text, sizeof text,
            "SELECT r.text FROM finding f JOIN finding_remedy r ON r.finding = f.id WHERE f.cause = '%s' "
            "AND (r.ord = 0 AND r.text NOT LIKE '%s' OR r.text LIKE '%s') UNION ALL SELECT 'none' WHERE NOT "
            "EXISTS (SELECT 1 FROM finding WHERE cause = '%s' AND verdict IN ('likely', 'confirmed'))",
            steps[i].cause, steps[i].first, steps[i].never, steps[i].cause);
        cr_expect_str_eq(ask(text), "", "%s: %s", steps[i].name, ask(text));
    }
}
