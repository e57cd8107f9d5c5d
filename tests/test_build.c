/* What the writers write: checked byte by byte where the format says so, and by other readers (evtxexport,
 * regfexport) where installed. */
#include "tests/build.h"
#include "tests/mutate.h"
#include "base/hash.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Files, and what other programs say about them ---- */
static bool installed(const char *tool)
{
    char path[128];
    snprintf(path, sizeof path, "/usr/bin/%s", tool);
    if (access(path, X_OK) == 0)
        return true;
    cr_skip_test("skipped: %s is not installed", tool);
    return false;
}
/* Standard output of a command; *status as pclose gives it. */
static struct buf output(const char *command, int *status)
{
    struct buf b = {0};
    char part[4096];
    FILE *f = popen(command, "r");
    cr_assert(f);
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        buf_put(&b, part, n);
    *status = pclose(f);
    buf_char(&b, 0);
    return b;
}
static struct buf ask(const char *tool, const struct buf *file, int *status)
{
    char dir[] = "/tmp/test_build.XXXXXX", command[512];
    cr_assert(mkdtemp(dir));
    write_file(dir, "file", file);
    snprintf(command, sizeof command, "%s %s/file 2>/dev/null; s=$?; rm -r %s; exit $s", tool, dir, dir);
    return output(command, status);
}
static size_t count(const struct buf *b, const char *what)
{
    size_t n = 0;
    for (const char *p = b->p; (p = strstr(p, what)); p += strlen(what))
        n++;
    return n;
}

/* ---- Event logs ---- */
#define WHEN utc("2026-03-02T09:10:00.1234567Z")
static void every_shape(struct evtx *log)
{
    ev(log, WHEN, "Microsoft-Windows-TaskScheduler", 101, LEVEL(2), EVENTNAME("TaskStartFailedEvent"),
       USER("S-1-5-18"), PROCESS(1240, 2936), S("TaskName", "\\Backup"), S("UserContext", "CORP\\svc"),
       U32("ResultCode", 2147943712), END);
    ev(log, WHEN, "EventLog", 6009, D("10.00."), D("19045"), D(""), D("Multiprocessor Free"),
       BINARY("\1\2\3"), END);
    ev(log, WHEN, "EventLog", 6005, END);
    ev(log, WHEN, "Service Control Manager", 7036, S("param1", "Windows Update"), S("param2", "running"),
       BINARY("w\0u\0"), END);
    ev(log, WHEN, "Microsoft-Windows-Eventlog", 1102, USERDATA("LogFileCleared"),
       SID("SubjectUserSid", "S-1-5-21-1-2-3-500"), S("SubjectUserName", "bob"), END);
    ev(log, WHEN, "Types", 1, U8("u8", 255), U16("u16", 65535), I32("i32", 7), U64("u64", UINT64_MAX),
       BOOL("bool", 1), RAW(F_BOOL, "odd bool", "\4\0\0\0"), HEX32("hex32", 0xc000006d),
       HEX64("hex64", 0x3e7), GUID("guid", "{de7b24ea-73c8-4a09-985d-5bdadcfa9017}"),
       SID("sid", "S-1-5-32-544"), TIME("time", WHEN), SYSTIME("systime", WHEN), SIZET("size4", 16, 4),
       SIZET("size8", 32, 8), BIN("bin", "\xde\xad"), STRS("list", "one\ntwo"),
       RAW(F_U32 | F_ARRAY, "numbers", "\1\0\0\0\2\0\0\0"), ANSI("ansi", "plain"), S("empty", ""), NIL("nil"),
       GONE("gone"), S("text", "caf\xc3\xa9 \xf0\x9f\x98\x80 <&>"), END);
    ev(log, WHEN, "Microsoft-Windows-TaskScheduler", 100, FLAT, RENDERED("Task Scheduler started"),
       ACTIVITY("{00112233-4455-6677-8899-aabbccddeeff}"), S("TaskName", "\\Flat"), END);
}
enum { SHAPES = 7 };

/* Sums, numbers and offsets of headers, from the bytes alone. */
static void check_log(const struct buf *b, size_t chunks, uint64_t records)
{
    const uint8_t *p = (const uint8_t *)b->p;
    uint64_t n = 0;
    cr_assert_eq(b->n, 4096 + chunks * 65536);
    cr_expect_eq(le32(p + 124), crc32_add(0, p, 120));
    cr_expect_eq(le16(p + 42), chunks);
    for (const uint8_t *c = p + 4096; c < p + b->n; c += 65536) {
        uint32_t end = le32(c + 48), at = 512, last = 0;
        cr_expect(memcmp(c, "ElfChnk", 8) == 0);
        cr_expect_eq(le32(c + 52), crc32_add(0, c + 512, end - 512));
        cr_expect_eq(le32(c + 124), crc32_add(crc32_add(0, c, 120), c + 128, 384));
        uint64_t here = 0;
        for (; at < end; at += le32(c + at + 4), here++) {
            cr_assert_eq(le32(c + at), 0x2a2a);
            cr_assert_eq(le32(c + at + 4) % 8, 0);
            cr_assert_eq(le32(c + at + le32(c + at + 4) - 4), le32(c + at + 4));
            cr_expect_eq(le64(c + at + 8), le64(c + 24) + here);
            last = at;
        }
        cr_expect_eq(at, end);
        cr_expect_eq(le32(c + 44), last);
        cr_expect_eq(le64(c + 16) - le64(c + 8) + 1, here);
        n += here;
    }
    cr_expect_eq(n, records);
}

static void built_log(struct buf *b, unsigned rounds)
{
    struct evtx log = {.computer = "PC1.corp.example", .channel = "System", .first_id = 41};
    for (unsigned i = 0; i < rounds; i++)
        every_shape(&log);
    evtx_end(&log, b);
}

Test(build_evtx, headers_and_records)
{
    struct buf b = {0};
    built_log(&b, 2);
    check_log(&b, 1, 2 * SHAPES);
    buf_free(&b);
    built_log(&b, 60);
    cr_assert(b.n > 4096 + 65536);
    check_log(&b, (b.n - 4096) / 65536, 60 * SHAPES);
    buf_free(&b);
    struct evtx none = {.computer = "PC1", .channel = "System"};
    evtx_end(&none, &b);
    check_log(&b, 0, 0);
    buf_free(&b);
}

Test(build_evtx, same_description_same_bytes)
{
    struct buf a = {0}, b = {0};
    built_log(&a, 3), built_log(&b, 3);
    cr_expect(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    buf_free(&a), buf_free(&b);
}

Test(build_evtx, evtxexport_shows_the_same)
{
    static const char *const lines[] = {
        "<Data Name=\"ResultCode\">2147943712</Data>",
        "<EventData Name=\"TaskStartFailedEvent\">",
        "<Security UserID=\"S-1-5-18\"/>",
        "<Execution ProcessID=\"1240\" ThreadID=\"2936\"/>",
        "<EventRecordID>41</EventRecordID>",
        "SystemTime=\"2026-03-02T09:10:00.123456700Z\"",
        "<Data>Multiprocessor Free</Data>",
        "<Binary>010203</Binary>",
        "EventSourceName=\"Service Control Manager\"",
        "<EventID Qualifiers=\"16384\">7036</EventID>",
        "<SubjectUserSid>S-1-5-21-1-2-3-500</SubjectUserSid>",
        "<Data Name=\"u64\">18446744073709551615</Data>",
        "<Data Name=\"odd bool\">true</Data>",
        "<Data Name=\"hex32\">0xc000006d</Data>",
        "<Data Name=\"hex64\">0x00000000000003e7</Data>",
        "<Data Name=\"guid\">{DE7B24EA-73C8-4A09-985D-5BDADCFA9017}</Data>",
        "<Data Name=\"sid\">S-1-5-32-544</Data>",
        "<Data Name=\"time\">2026-03-02T09:10:00.123456700Z</Data>",
        "<Data Name=\"systime\">2026-03-02T09:10:00.123Z</Data>",
        "<Data Name=\"size4\">16</Data>",
        "<Data Name=\"size8\">32</Data>",
        "<Data Name=\"bin\">DEAD</Data>",
        "<Data Name=\"list\">two</Data>",
        "<Data Name=\"numbers\">2</Data>",
        "<Data Name=\"ansi\">plain</Data>",
        "<Data Name=\"empty\"/>",
        "caf\xc3\xa9",
        "<RenderingInfo Culture=\"en-US\">",
        "<Message>Task Scheduler started</Message>",
        "<Correlation ActivityID=\"{00112233-4455-6677-8899-AABBCCDDEEFF}\"/>",
        "<Data Name=\"TaskName\">\\Flat</Data>",
    };
    struct buf b = {0};
    int status;
    if (!installed("evtxexport"))
        return;
    built_log(&b, 60);
    struct buf xml = ask("evtxexport -f xml", &b, &status);
    cr_expect_eq(status, 0);
    cr_expect_eq(count(&xml, "<Event "), 60 * SHAPES);
    for (size_t i = 0; i < LEN(lines); i++)
        cr_expect(strstr(xml.p, lines[i]), "%s", lines[i]);
    cr_expect_not(strstr(xml.p, "\"gone\""));
    buf_free(&b), buf_free(&xml);
}

/* Windows fills a chunk to its last byte; libevtx is known to lose that record. */
Test(build_evtx, a_full_chunk)
{
    struct evtx log = {.computer = "PC1", .channel = "Application"};
    struct buf b = {0};
    every_shape(&log);
    evtx_fill(&log, WHEN);
    every_shape(&log);
    evtx_end(&log, &b);
    check_log(&b, 2, 2 * SHAPES + 1);
    cr_expect_eq(le32((const uint8_t *)b.p + 4096 + 48), 65536);
    buf_free(&b);
}

Test(build_evtx, numbers_of_exports_and_gaps)
{
    struct evtx kept = {.computer = "PC1", .channel = "System", .first_id = 500},
                cut = {.computer = "PC1", .channel = "System", .first_id = 500, .exported = true};
    struct buf a = {0}, b = {0};
    ev(&kept, WHEN, "EventLog", 6005, END);
    ev(&kept, WHEN, "EventLog", 6006, RECORD(510), END);
    ev(&kept, WHEN, "EventLog", 6005, END);
    evtx_end(&kept, &a);
    ev(&cut, WHEN, "EventLog", 6005, RECORD(777), END);
    evtx_end(&cut, &b);
    const uint8_t *r = (const uint8_t *)a.p + 4096 + 512, *s = (const uint8_t *)b.p + 4096 + 512;
    cr_expect_eq(le64(r + 8), 500);
    r += le32(r + 4);
    cr_expect_eq(le64(r + 8), 510);
    r += le32(r + 4);
    cr_expect_eq(le64(r + 8), 511);
    cr_expect_eq(le64(s + 8), 1, "an export numbers from 1");
    buf_free(&a), buf_free(&b);
}

/* A record without a template: no dependency fields, no slots, everything text. */
Test(build_evtx, plain_records)
{
    struct evtx log = {.computer = "PC1", .channel = "Application"};
    struct buf b = {0};
    ev(&log, WHEN, "MSExchange CmdletLogs", 1, PLAIN, QUALIFIERS(16384), D("Set-Mailbox"), ENTITY("e", "lt"),
       CHARREF("c", 0x41), CDATA("cd", "<x>"), PI("target", "data"), DEEP(5), NIL("nil"), GONE("gone"),
       HEX32("h", 0x3e7), TIME("t", WHEN), END);
    evtx_end(&log, &b);
    check_log(&b, 1, 1);
    const uint8_t *fragment = (const uint8_t *)b.p + 4096 + 512 + 24;
    cr_expect(memcmp(fragment, "\x0f\1\1\0\x41", 5) == 0);
    cr_expect_eq(le32(fragment + 9), 512 + 24 + 13, "the first name follows its offset");
    buf_free(&b);
}

/* Each breakage changes the bytes; with repair every sum is right again, so that readers get to the damage
 * itself. */
Test(build_evtx, breakages)
{
    for (size_t i = 0; i < n_evtx_breakages; i++) {
        struct buf whole = {0}, b = {0};
        const uint8_t *p;
        built_log(&whole, 12), built_log(&b, 12);
        evtx_break(&b, evtx_breakages[i].name);
        p = (const uint8_t *)b.p;
        cr_expect(b.n != whole.n || memcmp(b.p, whole.p, b.n) != 0, "%s changes nothing",
                  evtx_breakages[i].name);
        if (evtx_breakages[i].repair) {
            cr_expect_eq(le32(p + 124), crc32_add(0, p, 120), "%s", evtx_breakages[i].name);
            cr_expect_eq(le32(p + 4096 + 124), crc32_add(crc32_add(0, p + 4096, 120), p + 4096 + 128, 384),
                         "%s", evtx_breakages[i].name);
        }
        buf_free(&whole), buf_free(&b);
    }
}

/* ---- Hives ---- */
static void every_value(struct hive *h)
{
    static char big[40000];
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)i;
    *h = (struct hive){.name = "\\SystemRoot\\System32\\Config\\SYSTEM",
                       .now = utc("2026-03-01T08:00:00Z"),
                       .list = h->list,
                       .split = h->split,
                       .minor = h->minor};
    reg(h, "Select", DW("Current", 1), DW("LastKnownGood", 1), END);
    reg(h, "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", 0), MULTI("Packages", "msv1_0\nschannel"),
        BYTES("Bounds", "\0\x30\0\0\0\x20\0", 8), END);
    reg(h, "Values", SZ("", "default"), EXPAND("expand", "%SystemRoot%"), QW("quad", 0x1122334455667788),
        TYPED(V_DWORD_BE, "be", "\0\0\0\1", 4), TYPED(0x1234, "odd", "zz", 2), BYTES("one", "a", 1),
        BYTES("two", "ab", 2), BYTES("three", "abc", 3), BYTES("none", "", 0), BYTES("big", big, sizeof big),
        SZ("caf\xc3\xa9", "latin"), SZ("\xd0\x9f\xd1\x80", "cyrillic"), END);
    hive_class(h, "ControlSet001\\Control\\Lsa\\JD", "9e3626b3");
    for (unsigned i = 0; i < 1200; i++) {
        char path[32];
        snprintf(path, sizeof path, "Many\\key%04u", i * 7 % 1200);
        reg(h, path, DW("n", i), END);
    }
}
enum { KEYS = 1 + 1 + 4 + 1 + 1 + 1200 };

Test(build_regf, regfexport_shows_the_same)
{
    static const struct {
        const char *list;
        unsigned split;
        uint32_t minor;
    } kinds[] = {{"lh", 0, 5}, {"lf", 0, 3}, {"li", 0, 5}, {"lh", 10, 5}, {"lf", 1, 5}};
    static const char *const lines[] = {
        "Key path: ROOT\\ControlSet001\\Control\\Lsa\n",
        "Class name: 9e3626b3",
        "disabledomaincreds\nType: 32-bit integer little-endian (REG_DWORD_LITTLE_ENDIAN)\nData size: "
        "4\nData: 0\n",
        "Data: %SystemRoot%",
        "Data: 1234605616436508552",
        "caf\xc3\xa9\nType: string (REG_SZ)",
        "\xd0\x9f\xd1\x80\nType: string (REG_SZ)",
        "Data size: 40000",
        "Type: unknown: 0x00001234",
    };
    int status;
    if (!installed("regfexport"))
        return;
    for (size_t k = 0; k < LEN(kinds); k++) {
        struct hive h = {.list = kinds[k].list, .split = kinds[k].split, .minor = kinds[k].minor};
        struct buf b = {0};
        every_value(&h), hive_write(&h, &b);
        struct buf text = ask("regfexport", &b, &status);
        cr_expect_eq(status, 0, "%s/%u", kinds[k].list, kinds[k].split);
        cr_expect_eq(count(&text, "\nKey: "), KEYS, "%s/%u: %zu keys", kinds[k].list, kinds[k].split,
                     count(&text, "\nKey: "));
        for (size_t i = 0; i < LEN(lines); i++)
            cr_expect(strstr(text.p, lines[i]), "%s/%u: %s", kinds[k].list, kinds[k].split, lines[i]);
        hive_free(&h), buf_free(&b), buf_free(&text);
    }
}

static uint32_t sum(const struct buf *b)
{
    uint32_t x = 0;
    for (size_t i = 0; i < 508; i += 4)
        x ^= le32((const uint8_t *)b->p + i);
    return x;
}

Test(build_regf, bins_and_cells_add_up)
{
    struct hive h = {0};
    struct buf b = {0};
    every_value(&h), hive_write(&h, &b);
    const uint8_t *p = (const uint8_t *)b.p;
    cr_expect_eq(le32(p + 508), sum(&b));
    cr_expect_eq(le32(p + 40), b.n - 4096);
    for (size_t at = 4096; at < b.n; at += le32(p + at + 8)) {
        cr_assert(memcmp(p + at, "hbin", 4) == 0);
        cr_assert_eq(le32(p + at + 4), at - 4096);
        size_t cell = at + 32, end = at + le32(p + at + 8);
        while (cell < end) {
            int32_t size = (int32_t)le32(p + cell);
            cr_assert(size && size % 8 == 0);
            cell += (size_t)(size < 0 ? -size : size);
        }
        cr_assert_eq(cell, end);
    }
    hive_free(&h), buf_free(&b);
}

Test(build_regf, values_are_replaced_and_dropped)
{
    struct hive h = {.name = "X", .now = utc("2026-03-01T08:00:00Z")};
    struct buf a = {0}, b = {0};
    reg(&h, "A\\B", DW("Keep", 1), END);
    hive_write(&h, &a);
    reg(&h, "a\\b", DW("keep", 2), SZ("gone", "x"), END);
    reg(&h, "A\\C", DW("n", 1), END);
    hive_drop(&h, "A\\C", NULL), hive_drop(&h, "A\\B", "GONE");
    reg(&h, "A\\B", DW("Keep", 1), END);
    hive_write(&h, &b);
    cr_expect(a.n == b.n && memcmp(a.p, b.p, a.n) == 0, "the same content gives the same bytes");
    hive_free(&h), buf_free(&a), buf_free(&b);
}

Test(build_regf, breakages)
{
    for (size_t i = 0; i < n_hive_breakages; i++) {
        struct hive h = {0};
        struct buf whole = {0}, b = {0};
        every_value(&h), hive_write(&h, &whole), hive_write(&h, &b);
        hive_break(&b, hive_breakages[i].name);
        cr_expect(b.n != whole.n || memcmp(b.p, whole.p, b.n) != 0, "%s changes nothing",
                  hive_breakages[i].name);
        if (hive_breakages[i].repair)
            cr_expect_eq(le32((const uint8_t *)b.p + 508), sum(&b), "%s", hive_breakages[i].name);
        hive_free(&h), buf_free(&whole), buf_free(&b);
    }
}

/* ---- Transaction logs ---- */
struct states {
    struct buf before, after;
};
static struct states two_states(void)
{
    struct states s = {0};
    struct hive h = {0};
    every_value(&h), hive_write(&h, &s.before);
    reg(&h, "ControlSet001\\Control\\Lsa", DW("disabledomaincreds", 1), END), hive_write(&h, &s.after);
    hive_free(&h);
    return s;
}
static void free_states(struct states *s) { buf_free(&s->before), buf_free(&s->after); }

Test(build_log, new_entries_hash_and_apply)
{
    struct states s = two_states();
    struct buf log = {0};
    log_begin(&log, &s.before, UINT32_MAX), log_entry(&log, &s.before, &s.after, UINT32_MAX),
        log_entry(&log, &s.after, &s.before, 0);
    const uint8_t *p = (const uint8_t *)log.p, *e = p + 512;
    cr_expect_eq(le32(p + 28), 6);
    cr_expect_eq(le32(p + 508), sum(&log));
    for (unsigned i = 0; i < 2; i++, e += le32(e + 4)) {
        cr_assert(memcmp(e, "HvLE", 4) == 0);
        cr_expect_eq(le32(e + 4) % 512, 0);
        cr_expect_eq(le32(e + 12), i ? 0 : UINT32_MAX, "numbers wrap");
        cr_expect_eq(le64(e + 24), marvin32(e + 40, le32(e + 4) - 40u));
        cr_expect_eq(le64(e + 32), marvin32(e, 32));
    }
    e = p + 512;
    const uint8_t *page = e + 40 + 8 * le32(e + 20);
    for (uint32_t i = 0; i < le32(e + 20); i++) {
        uint32_t off = le32(e + 40 + 8 * i), n = le32(e + 44 + 8 * i);
        memcpy(s.before.p + 4096 + off, page, n), page += n;
    }
    cr_expect(memcmp(s.before.p + 4096, s.after.p + 4096, s.after.n - 4096) == 0,
              "pages of the entry turn one state into the other");
    free_states(&s), buf_free(&log);
}

Test(build_log, old_vector_applies)
{
    struct states s = two_states();
    struct buf log = {0};
    log_old(&log, &s.before, &s.after, utc("2026-03-01T09:00:00Z"));
    const uint8_t *p = (const uint8_t *)log.p;
    uint32_t bins = le32(p + 40), page = (516 + bins / 4096 + 511) / 512 * 512, hits = 0;
    cr_expect_eq(le32(p + 28), 1);
    cr_expect(memcmp(p + 512, "DIRT", 4) == 0);
    for (uint32_t i = 0; i < bins / 512; i++)
        if (p[516 + i / 8] >> (i % 8) & 1)
            memcpy(s.before.p + 4096 + i * 512, p + page + 512 * hits++, 512);
    cr_expect_eq(log.n, page + 512 * hits);
    cr_expect(memcmp(s.before.p + 4096, s.after.p + 4096, s.after.n - 4096) == 0);
    free_states(&s), buf_free(&log);
}

Test(build_log, breakages)
{
    struct states s = two_states();
    for (size_t i = 0; i < n_log_breakages; i++) {
        struct buf whole = {0}, b = {0};
        bool old = strncmp(log_breakages[i].name, "old-", 4) == 0;
        for (unsigned k = 0; k < 2; k++) {
            struct buf *log = k ? &b : &whole;
            if (old)
                log_old(log, &s.before, &s.after, 0);
            else
                log_begin(log, &s.before, 7), log_entry(log, &s.before, &s.after, 7),
                    log_entry(log, &s.after, &s.before, 8);
        }
        log_break(&b, log_breakages[i].name);
        cr_expect(b.n != whole.n || memcmp(b.p, whole.p, b.n) != 0, "%s changes nothing",
                  log_breakages[i].name);
        buf_free(&whole), buf_free(&b);
    }
    free_states(&s);
}

/* ---- Mutation ---- */
Test(mutate, same_seed_same_damage)
{
    unsigned changed = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct buf a = {0}, b = {0}, whole = {0};
        built_log(&a, 2), built_log(&b, 2), built_log(&whole, 2);
        mutate(&a, seed, MUTATE_EVTX), mutate(&b, seed, MUTATE_EVTX);
        cr_expect(a.n == b.n && memcmp(a.p, b.p, a.n) == 0, "seed %u (%s)", (unsigned)seed,
                  mutate_name(seed));
        changed += a.n != whole.n || memcmp(a.p, whole.p, a.n) != 0;
        if (a.n >= 128)
            cr_expect_eq(le32((const uint8_t *)a.p + 124), crc32_add(0, a.p, 120), "seed %u", (unsigned)seed);
        buf_free(&a), buf_free(&b), buf_free(&whole);
    }
    cr_expect(changed > 150, "%u of 200", changed);
}

Test(mutate, small_buffers_and_every_repair)
{
    for (size_t n = 0; n < 64; n++)
        for (uint64_t seed = 0; seed < 40; seed++) {
            struct buf b = {0};
            for (size_t i = 0; i < n; i++)
                buf_char(&b, (char)i);
            mutate(&b, seed, (enum mutate_repair)(seed % MUTATE_MODES));
            cr_expect_not(b.bad);
            buf_free(&b);
        }
}

/* ---- The sample cases, as they lie on disk after `make samples` ---- */
#define CASES "samples/cases"
static struct buf whole_file(const char *path)
{
    struct buf b = {0};
    char part[65536];
    FILE *f = fopen(path, "rb");
    cr_assert(f, "%s", path);
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        buf_put(&b, part, n);
    fclose(f);
    return b;
}
static bool made(void)
{
    struct stat st;
    bool there = stat(CASES, &st) == 0;
    if (!there)
        cr_skip_test("skipped: run make samples");
    return there;
}

static uint64_t records_of(const struct buf *b)
{
    uint64_t n = 0;
    for (size_t at = 4096; at + 65536 <= b->n; at += 65536)
        n += le64((const uint8_t *)b->p + at + 16) - le64((const uint8_t *)b->p + at + 8) + 1;
    return n;
}

static void check_file(const char *path)
{
    char command[1024];
    int status;
    struct buf b = whole_file(path);
    bool log = memcmp(b.p, "ElfFile", 8) == 0,
         hive = memcmp(b.p, "regf", 4) == 0 && le32((const uint8_t *)b.p + 28) == 0;
    snprintf(command, sizeof command, "%s '%s' 2>/dev/null", log ? "evtxexport -f xml" : "regfexport", path);
    if (log || hive) {
        struct buf text = output(command, &status);
        cr_expect_eq(status, 0, "%s", path);
        cr_expect(count(&text, log ? "<Event " : "\nKey: ") == records_of(&b) || hive, "%s", path);
        buf_free(&text);
    }
    buf_free(&b);
}

static void each_file(const char *dir, void (*check)(const char *path))
{
    DIR *d = opendir(dir);
    cr_assert(d, "%s", dir);
    for (struct dirent *e; (e = readdir(d));) {
        char path[1024];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (e->d_name[0] == '.' || stat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode))
            each_file(path, check);
        else
            check(path);
    }
    closedir(d);
}

Test(samples, other_readers_read_every_file)
{
    if (made() && installed("evtxexport") && installed("regfexport"))
        each_file(CASES, check_file);
}

/* Each case has its rows, each row its case; words are those of the contract. */
Test(samples, manifest)
{
    static const char *const verdicts[] = {"confirmed", "likely",       "possible", "latent",
                                           "ruled_out", "undetermined", "none"};
    struct buf b = whole_file("samples/MANIFEST.tsv");
    size_t rows = 0;
    struct str rest = buf_view(&b), line;
    cr_assert(str_starts_ci(rest, STR("case\thost\tcause\tsubject\tverdict\twhat it shows\n")));
    for (str_cut(&rest, '\n'); rest.n; rows++) {
        struct str cell[6], tail = line = str_cut(&rest, '\n');
        bool known = false;
        for (size_t i = 0; i < LEN(cell); i++) {
            cell[i] = i < 5 ? str_cut(&tail, '\t') : tail;
            cr_expect(cell[i].n, "column %zu is empty: %.*s", i, STR_ARG(line));
        }
        for (size_t i = 0; i < LEN(verdicts); i++)
            known = known || str_eq(cell[4], str_of(verdicts[i]));
        cr_expect(known, "%.*s", STR_ARG(line));
        cr_expect_eq(str_eq(cell[2], STR("-")), str_eq(cell[4], STR("none")), "%.*s", STR_ARG(line));
        char path[512];
        struct stat st;
        snprintf(path, sizeof path, CASES "/%.*s", STR_ARG(cell[0]));
        cr_expect(!made() || stat(path, &st) == 0, "no such case: %.*s", STR_ARG(cell[0]));
    }
    cr_expect(rows >= 20);
    DIR *d = made() ? opendir(CASES) : NULL;
    for (struct dirent *e; d && (e = readdir(d));) {
        char start[512];
        snprintf(start, sizeof start, "\n%s\t", e->d_name);
        buf_room(&b, 1), b.p[b.n] = 0;
        cr_expect(e->d_name[0] == '.' || strstr(b.p, start), "%s has no row in samples/MANIFEST.tsv",
                  e->d_name);
    }
    if (d)
        closedir(d);
    buf_free(&b);
}
