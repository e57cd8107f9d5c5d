#include "tests/build.h"
#include <stdio.h>

/* Every shape the writer knows, in one log. */
void every_log(size_t k, struct buf *file)
{
    const int64_t when = utc("2026-03-02T09:10:00.1234567Z");
    static const char *const host[] = {"PC1.corp.example", "SRV\xe2\x82\xac", ""};
    struct evtx log = {.computer = host[k],
                       .channel = k == 1 ? "Security" : "System",
                       .first_id = 41 + k,
                       .exported = k == 2};
    for (unsigned i = 0; i < 3 + 40 * (k == 1); i++) {
        ev(&log, when, "Microsoft-Windows-TaskScheduler", 101, LEVEL(2), EVENTNAME("TaskStartFailedEvent"),
           USER("S-1-5-18"), PROCESS(1240, 2936), S("TaskName", "\\Backup"), S("UserContext", "CORP\\svc"),
           U32("ResultCode", 2147943712), END);
        ev(&log, when, "EventLog", 6009, D("10.00."), D("19045"), D(""), BINARY("\1\2\3"), END);
        ev(&log, when, "Microsoft-Windows-Eventlog", 1102, USERDATA("LogFileCleared"),
           SID("SubjectUserSid", "S-1-5-21-1-2-3-500"), S("SubjectUserName", "bob"), END);
        ev(&log, when, "Types", 1, U8("u8", 255), U16("u16", 65535), I32("i32", 7), U64("u64", UINT64_MAX),
           BOOL("bool", 1), RAW(F_BOOL, "odd bool", "\4\0\0\0"), HEX32("hex32", 0xc000006d),
           HEX64("hex64", 0x3e7), GUID("guid", "{de7b24ea-73c8-4a09-985d-5bdadcfa9017}"),
           SID("sid", "S-1-5-32-544"), TIME("time", when), SYSTIME("systime", when), SIZET("size4", 16, 4),
           SIZET("size8", 32, 8), BIN("bin", "\xde\xad"), STRS("list", "one\ntwo"),
           RAW(F_U32 | F_ARRAY, "numbers", "\1\0\0\0\2\0\0\0"), RAW(F_F64, "double", "\0\0\0\0\0\0\xf0\x3f"),
           RAW(F_F32, "float", "\0\0\x80\x3f"), ANSI("ansi", "plain"), S("empty", ""), NIL("nil"),
           GONE("gone"), S("text", "caf\xc3\xa9 \xf0\x9f\x98\x80 <&>"), END);
        ev(&log, when, "Microsoft-Windows-TaskScheduler", 100, FLAT, RENDERED("Task Scheduler started"),
           ACTIVITY("{00112233-4455-6677-8899-aabbccddeeff}"), S("TaskName", "\\Flat"), END);
        ev(&log, when, "Text", 2, PLAIN, ENTITY("e", "amp"), CHARREF("c", 0x20ac), CDATA("d", "a<b]]>"),
           PI("xml-target", "data"), DEEP(12), S("s", "t"), END);
        ev(&log, when, "Microsoft-Windows-Security-Auditing", 4624, U32("LogonType", 3),
           S("TargetUserName", "svc"), HEX64("TargetLogonId", 0x3e7 + i), END);
    }
    evtx_end(&log, file);
}

/* Every shape of lists and values; dirty, with the logs that say what is new. Returns how many files. */
size_t every_hive(size_t k, struct buf file[3])
{
    static const char *const list[] = {"lh", "lf", "li"};
    struct buf big = {0}, after = {0}, last = {0}, *before = &file[0];
    for (unsigned i = 0; i < 40000; i++)
        buf_char(&big, (char)i);
    struct hive h = {.name = "SYSTEM",
                     .now = utc("2026-03-01T08:00:00Z"),
                     .list = list[k],
                     .split = 5,
                     .minor = k == 1 ? 3 : 5};
    reg(&h, "Select", DW("Current", 1), END);
    for (unsigned i = 0; i < 24; i++) {
        char path[64];
        snprintf(path, sizeof path, "ControlSet001\\Services\\Service%u", i);
        reg(&h, path, SZ("ImagePath", "C:\\x.exe"), DW("Start", 2), MULTI("DependOnService", "one\ntwo"),
            QW("q", 7), BYTES("b", "\1\2\3", 3), EXPAND("", "%SystemRoot%"), END);
    }
    reg(&h, "Big", BYTES("data", big.p, k ? big.n : 100), SZ("caf\xc3\xa9\xf0\x9f\x98\x80", "caf\xc3\xa9"),
        END);
    hive_class(&h, "Big", "class");
    hive_write(&h, before);
    h.now = utc("2026-03-01T09:00:00Z"),
    reg(&h, "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", 1), END),
    hive_drop(&h, "ControlSet001\\Services\\Service3", NULL), hive_write(&h, &after);
    reg(&h, "ControlSet001\\Control\\Lsa", DW("more", 1), END), hive_write(&h, &last);
    if (k == 1) {
        log_old(&file[1], before, &after, h.now);
    } else {
        log_begin(&file[1], before, 1), log_entry(&file[1], before, &after, 1);
        log_begin(&file[2], &after, 2), log_entry(&file[2], &after, &last, 2);
    }
    hive_seq(before, k == 1 ? 2 : 3, 1);
    buf_free(&after), buf_free(&last), buf_free(&big), hive_free(&h);
    return k == 1 ? 2 : 3;
}
