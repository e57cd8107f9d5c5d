/* What a file is, by its first bytes: every signature, every signature cut one byte short, hives told from
 * their logs. */
#include "parsers/sniff/sniff.h"
#include "tests/build.h"
#include <criterion/criterion.h>

#define ROW(k, o, m, f)                        \
    {                                          \
        KIND_##k, (o), sizeof(m) - 1, (m), (f) \
    }
static const struct {
    enum kind kind;
    size_t at, n;
    const char *magic, *format;
} rows[] = {
    ROW(EVTX, 0, "ElfFile\0", "EVTX event log"),
    ROW(EVTX_CARVED, 0, "ElfChnk\0", "EVTX chunks without a file header"),
    ROW(HIVE, 0, "regf", "registry hive"),
    ROW(REG_TEXT, 0, "REGEDIT4", "registry text export (REGEDIT4)"),
    ROW(REG_TEXT, 0,
        "\xef\xbb\xbf"
        "REGEDIT4",
        "registry text export (REGEDIT4, UTF-8)"),
    ROW(REG_TEXT, 0, "Windows Registry Editor Version 5.00", "registry text export (UTF-8)"),
    ROW(REG_TEXT, 0, "\xef\xbb\xbfWindows Registry Editor Version 5.00", "registry text export (UTF-8)"),
    ROW(REG_TEXT, 0, "\r\nHKEY_LOCAL_MACHINE\\", "registry text, printed by reg query"),
    ROW(REG_TEXT, 0, "! REG.EXE VERSION ", "registry text, printed by reg query"),
    ROW(CONTAINER, 0, "PK\3\4", "ZIP archive"),
    ROW(CONTAINER, 0, "PK\5\6", "ZIP archive (empty)"),
    ROW(CONTAINER, 0, "7z\xbc\xaf\x27\x1c", "7-Zip archive"),
    ROW(CONTAINER, 0, "\x1f\x8b\x08", "gzip data"),
    ROW(CONTAINER, 0, "MSCF\0\0\0\0", "cabinet archive"),
    ROW(CONTAINER, 0, "BZh", "bzip2 data"),
    ROW(CONTAINER, 0,
        "\xfd"
        "7zXZ\0",
        "xz data"),
    ROW(CONTAINER, 0, "\x28\xb5\x2f\xfd", "Zstandard data"),
    ROW(CONTAINER, 0, "Rar!\x1a\x07", "RAR archive"),
    ROW(CONTAINER, 257, "ustar", "tar archive"),
    ROW(CONTAINER, 0, "MSWIM\0\0\0", "Windows image (WIM)"),
    ROW(CONTAINER, 0, "vhdxfile", "VHDX disk image"),
    ROW(CONTAINER, 0, "conectix", "VHD disk image"),
    ROW(CONTAINER, 0, "EVF\x09\x0d\x0a\xff\0", "EnCase disk image (E01)"),
    ROW(CONTAINER, 0, "EVF2\x0d\x0a\x81\0", "EnCase disk image (Ex01)"),
    ROW(CONTAINER, 3, "NTFS    ", "NTFS volume image"),
    ROW(CONTAINER, 512, "EFI PART", "disk image (GPT)"),
    ROW(CONTAINER, 32769, "CD001", "ISO 9660 image"),
    ROW(UNKNOWN, 4, "LfLe", "legacy EVT log"),
    ROW(UNKNOWN, 4, "\xef\xcd\xab\x89", "ESE database"),
    ROW(UNKNOWN, 0, "SQLite format 3\0", "SQLite database"),
    ROW(UNKNOWN, 0, "<?xml", "XML text"),
    ROW(UNKNOWN, 0, "\xff\xfe<\0?\0x\0m\0l\0", "XML text (UTF-16)"),
    ROW(UNKNOWN, 0,
        "\xff\xfe"
        "a\0",
        "text (UTF-16)"),
    ROW(UNKNOWN, 0, "%PDF-", "PDF document"),
    ROW(UNKNOWN, 0, "hello\r\n\tworld \xc3\xbc", "text"),
    ROW(UNKNOWN, 0, "\0\0\0\0\0\0", "zeros"),
    ROW(UNKNOWN, 0, "\x01\x02\x03\x04", "unknown data"),
    ROW(EMPTY, 0, "", "empty"),
    ROW(EVTX_CARVED, 4096, "ElfChnk\0", "EVTX event log that lost its header"),
};

Test(sniff, table)
{
    for (size_t i = 0; i < LEN(rows); i++) {
        uint8_t head[SNIFF_FAR];
        memset(head, rows[i].at ? 0xee : 0, sizeof head);
        memcpy(head + rows[i].at, rows[i].magic, rows[i].n);
        struct sniffed s = sniff(span_of(head, rows[i].at + rows[i].n, 0));
        cr_expect(s.kind == rows[i].kind && !strcmp(s.format, rows[i].format), "row %zu %s: %s, %s", i,
                  rows[i].format, kind_names[s.kind], s.format);
        if (rows[i].n < 3 || rows[i].kind == KIND_UNKNOWN)
            continue;
        s = sniff(span_of(head, rows[i].at + rows[i].n - 1, 0));
        cr_expect(s.kind == KIND_UNKNOWN, "row %zu %s cut short: %s", i, rows[i].format, kind_names[s.kind]);
    }
    for (size_t k = 0; k < KINDS; k++)
        cr_expect(kind_names[k] && *kind_names[k]);
}

Test(sniff, utf16_export)
{
    struct buf b = {0};
    buf_put(&b, "\xff\xfe", 2),
        put_utf16(&b, "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM]\r\n");
    cr_expect_eq(sniff(span_of(b.p, b.n, 0)).kind, KIND_REG_TEXT);
    cr_expect_eq(sniff(span_of(b.p, 2 + 2 * 36 - 1, 0)).kind, KIND_UNKNOWN, "one byte short");
    buf_free(&b);
}

/* A text cut in the middle of a character is still text; a stray byte makes it data. */
Test(sniff, text_or_not)
{
    static const struct {
        const char *bytes, *format;
    } texts[] = {{"gr\xc3\xbc\xc3", "text"},
                 {"a\xf0\x9f\x98", "text"},
                 {"gr\xfc\xdf"
                  "e, long enough",
                  "unknown data"},
                 {"bell\a", "unknown data"},
                 {"{\"json\": 1}\n", "text"}};
    for (size_t i = 0; i < LEN(texts); i++)
        cr_expect_str_eq(sniff(span_of(texts[i].bytes, strlen(texts[i].bytes), 0)).format, texts[i].format,
                         "row %zu", i);
}

Test(sniff, hives_and_their_logs)
{
    struct hive h = {
        .name = "\\SystemRoot\\System32\\Config\\SYSTEM", .now = utc("2026-03-01T08:00:00Z"), .seq = 7};
    struct buf a = {0}, b = {0}, log = {0}, old = {0};
    reg(&h, "Select", DW("Current", 1), END);
    hive_write(&h, &a);
    reg(&h, "Select", DW("Current", 2), END);
    hive_write(&h, &b);
    log_begin(&log, &a, 8), log_entry(&log, &a, &b, 8);
    log_old(&old, &a, &b, h.now);
    const struct {
        struct buf *b;
        enum kind kind;
        uint32_t type;
    } files[] = {{&a, KIND_HIVE, 0}, {&log, KIND_HIVE_LOG, 6}, {&old, KIND_HIVE_LOG, 1}};
    for (size_t i = 0; i < LEN(files); i++) {
        struct sniffed s = sniff(span_of(files[i].b->p, files[i].b->n < 4096 ? files[i].b->n : 4096, 0));
        cr_expect(s.kind == files[i].kind && s.file_type == files[i].type && s.checksum_ok && s.bins >= 4096
                      && s.bins % 4096 == 0,
                  "%zu: %s", i, s.format);
        cr_expect(!strcmp(s.name + strlen(s.name) - 6, "SYSTEM"), "%s", s.name);
    }
    struct sniffed s = sniff(span_of(a.p, 512, 0));
    cr_expect(s.seq1 == 7 && s.seq2 == 7);
    s = sniff(span_of(a.p, 511, 0));
    cr_expect(s.kind == KIND_HIVE && !s.checksum_ok && !s.bins && !*s.name, "one byte short of a base block");
    a.p[100] ^= 1;
    cr_expect(!sniff(span_of(a.p, 4096, 0)).checksum_ok);
    buf_free(&a), buf_free(&b), buf_free(&log), buf_free(&old), hive_free(&h);
}
