/* big_log FILE BYTES FROM PART: a log of its own out of the PARTth (from 0) so many bytes of chunks of
 * another. big_log FILE BYTES: a Security log of ordinary noise, as large as wanted: network logons,
 * privileges, processes and logoffs of 200 accounts, services that SYSTEM starts, one scheduled task in a
 * hundred logons, one person at the screen in five hundred, one failure in two thousand records. Each record
 * is its own; only 16 MiB are in memory at a time. Same size, same bytes. */
#include "tests/build.h"
#include "base/str.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AUDIT   "Microsoft-Windows-Security-Auditing"
#define SUCCESS KEYWORDS(0x8020000000000000), LEVEL(0), PROCESS(764, 812)
#define CORP    "S-1-5-21-1085031214-1563985344-725345543"
enum {
    ACCOUNTS = 200,
    FILE_HEAD = 4096,
    CHUNK = 65536,
    PART = 16 << 20,
    MILLISECOND = 10000,
    SECOND = 10000000
};

struct noise {
    struct evtx log;
    uint64_t rand, luid;
    int64_t now;
    char user[32], sid[96], ip[32];
};

static unsigned below(struct noise *n, unsigned limit)
{
    return (unsigned)((n->rand = n->rand * 6364136223846793005u + 1442695040888963407u) >> 33) % limit;
}

static void failed(struct noise *n)
{
    ev(&n->log, n->now, AUDIT, 4625, KEYWORDS(0x8010000000000000), LEVEL(0), TASK(12544), PROCESS(764, 812),
       SID("SubjectUserSid", "S-1-0-0"), S("SubjectUserName", "-"), S("SubjectDomainName", "-"),
       HEX64("SubjectLogonId", 0), SID("TargetUserSid", "S-1-0-0"), S("TargetUserName", n->user),
       S("TargetDomainName", "CORP"), HEX32("Status", 0xc000006d), S("FailureReason", "%%2313"),
       HEX32("SubStatus", 0xc000006a), U32("LogonType", 3), S("LogonProcessName", "NtLmSsp "),
       S("AuthenticationPackageName", "NTLM"), S("WorkstationName", "WS07"), S("TransmittedServices", "-"),
       S("LmPackageName", "-"), U32("KeyLength", 0), HEX64("ProcessId", 0), S("ProcessName", "-"),
       S("IpAddress", n->ip), S("IpPort", "49832"), END);
}

static void process(struct noise *n)
{
    static const char *const image[] = {
        "C:\\Windows\\System32\\conhost.exe", "C:\\Windows\\System32\\svchost.exe",
        "C:\\Program Files\\Agent\\agent.exe", "C:\\Windows\\System32\\cmd.exe"};
    ev(&n->log, n->now, AUDIT, 4688, SUCCESS, VERSION(2), TASK(13312), SID("SubjectUserSid", "S-1-5-18"),
       S("SubjectUserName", "FILES01$"), S("SubjectDomainName", "CORP"), HEX64("SubjectLogonId", 0x3e7),
       HEX64("NewProcessId", 0x1000 + below(n, 60000)), S("NewProcessName", image[below(n, 4)]),
       S("TokenElevationType", "%%1936"), HEX64("ProcessId", 0x2bc), S("CommandLine", ""),
       SID("TargetUserSid", "S-1-0-0"), S("TargetUserName", "-"), S("TargetDomainName", "-"),
       HEX64("TargetLogonId", 0), S("ParentProcessName", image[1]), SID("MandatoryLabel", "S-1-16-16384"),
       END);
}

static void session(struct noise *n)
{
    unsigned kind = below(n, 500), type = kind < 1 ? 10 : kind < 6 ? 4 : kind < 30 ? 5 : 3;
    uint64_t luid = type == 5 ? 0x3e7 : (n->luid += 0x40 + below(n, 0x400));
    if (type == 5)
        strcpy(n->user, "SYSTEM"), strcpy(n->sid, "S-1-5-18");
    ev(&n->log, n->now, AUDIT, 4624, SUCCESS, VERSION(2), TASK(12544), SID("SubjectUserSid", "S-1-0-0"),
       S("SubjectUserName", "-"), S("SubjectDomainName", "-"), HEX64("SubjectLogonId", 0),
       SID("TargetUserSid", n->sid), S("TargetUserName", n->user), S("TargetDomainName", "CORP"),
       HEX64("TargetLogonId", luid), U32("LogonType", type), S("LogonProcessName", "Kerberos"),
       S("AuthenticationPackageName", "Kerberos"), S("WorkstationName", "-"),
       GUID("LogonGuid", "{00000000-0000-0000-0000-000000000000}"), S("TransmittedServices", "-"),
       S("LmPackageName", "-"), U32("KeyLength", 0), HEX64("ProcessId", 0), S("ProcessName", "-"),
       S("IpAddress", n->ip), S("IpPort", "50112"), S("ImpersonationLevel", "%%1833"),
       S("RestrictedAdminMode", "-"), S("TargetOutboundUserName", "-"), S("TargetOutboundDomainName", "-"),
       S("VirtualAccount", "%%1843"), HEX64("TargetLinkedLogonId", 0), S("ElevatedToken", "%%1842"), END);
    if (below(n, 3) == 0)
        ev(&n->log, n->now, AUDIT, 4672, SUCCESS, TASK(12548), SID("SubjectUserSid", n->sid),
           S("SubjectUserName", n->user), S("SubjectDomainName", "CORP"), HEX64("SubjectLogonId", luid),
           S("PrivilegeList", "SeSecurityPrivilege\n\t\t\tSeBackupPrivilege\n\t\t\tSeRestorePrivilege"), END);
    if (type != 5)
        ev(&n->log, n->now + SECOND, AUDIT, 4634, SUCCESS, TASK(12545), SID("TargetUserSid", n->sid),
           S("TargetUserName", n->user), S("TargetDomainName", "CORP"), HEX64("TargetLogonId", luid),
           U32("LogonType", type), END);
}

static void next(struct noise *n)
{
    unsigned who = below(n, ACCOUNTS), what = below(n, 2000);
    n->now += (20 + below(n, 400)) * MILLISECOND;
    snprintf(n->user, sizeof n->user, "user%03u", who),
        snprintf(n->sid, sizeof n->sid, CORP "-%u", 1100 + who),
        snprintf(n->ip, sizeof n->ip, "10.0.%u.%u", who / 250, 10 + who % 200);
    if (what == 0)
        failed(n);
    else if (what < 500)
        process(n);
    else
        session(n);
}

static bool spill(struct buf *part, FILE *out, uint64_t *written)
{
    bool good = fwrite(part->p, 1, part->n, out) == part->n;
    *written += part->n, part->n = 0;
    return good;
}

/* The header of a log of so many chunks, at the start of log. */
static void set_head(struct buf *log, uint64_t chunks, uint64_t next_record)
{
    uint8_t *head = (uint8_t *)log->p;
    set64(head + 16, chunks - 1), set64(head + 24, next_record),
        set16(head + 42, (uint16_t)(chunks > UINT16_MAX ? UINT16_MAX : chunks));
    evtx_repair(log);
}

static int part(const char *to, int64_t bytes, const char *from, int64_t which)
{
    struct buf log = {0};
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    long count = (long)(bytes / CHUNK);
    uint8_t *chunk = malloc(CHUNK);
    bool good = in && out && chunk && fread(chunk, 1, FILE_HEAD, in) == FILE_HEAD;
    if (good)
        buf_put(&log, chunk, FILE_HEAD);
    good = good && fseek(in, FILE_HEAD + (long)which * count * CHUNK, SEEK_SET) == 0;
    for (long i = 0; good && i < count && fread(chunk, 1, CHUNK, in) == CHUNK; i++)
        buf_put(&log, chunk, CHUNK);
    uint64_t chunks = log.n / CHUNK;
    if (good && chunks && !log.bad)
        set_head(&log, chunks, le64((uint8_t *)log.p + log.n - CHUNK + 32) + 1);
    good = good && chunks && !log.bad && fwrite(log.p, 1, log.n, out) == log.n && fclose(out) == 0;
    buf_free(&log), free(chunk);
    if (!good)
        fprintf(stderr, "big_log: %s: %s\n", to, chunks ? strerror(errno) : "there is no such part");
    return !good;
}

int main(int argc, char **argv)
{
    int64_t bytes = 0, which = 0;
    if (argc == 5 && str_i64(str_of(argv[2]), &bytes) && bytes >= CHUNK && str_i64(str_of(argv[4]), &which)
        && which >= 0)
        return part(argv[1], bytes, argv[3], which);
    if (argc != 3 || !str_i64(str_of(argv[2]), &bytes) || bytes <= 0) {
        fprintf(stderr, "usage: big_log FILE BYTES [FROM PART]\n");
        return 2;
    }
    struct noise n = {.log = {.computer = "FILES01.corp.example", .channel = "Security"},
                      .rand = 1,
                      .luid = 0x50000,
                      .now = utc("2026-03-02T00:00:00Z")};
    FILE *out = fopen(argv[1], "wb");
    uint64_t written = FILE_HEAD;
    bool good = out && fseek(out, FILE_HEAD, SEEK_SET) == 0;
    while (good && written + n.log.done.n < (uint64_t)bytes) {
        next(&n);
        if (n.log.done.n >= PART)
            good = spill(&n.log.done, out, &written);
    }
    struct buf end = {0};
    uint64_t records = n.log.n;
    evtx_end(&n.log, &end); /* a header, and the chunks that are left */
    uint64_t chunks = (written - FILE_HEAD + end.n - FILE_HEAD) / CHUNK;
    set_head(&end, chunks, records + 1);
    const char *head = end.p;
    good = good && fwrite(head + FILE_HEAD, 1, end.n - FILE_HEAD, out) == end.n - FILE_HEAD
           && fseek(out, 0, SEEK_SET) == 0 && fwrite(head, 1, FILE_HEAD, out) == FILE_HEAD;
    good = out && fclose(out) == 0 && good;
    buf_free(&end);
    printf("%s: %llu records in %llu chunks\n", argv[1], (unsigned long long)records,
           (unsigned long long)chunks);
    return good ? 0 : (perror(argv[1]), 1);
}
