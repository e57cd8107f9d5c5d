#include "parsers/sniff/sniff.h"
#include "base/utf.h"
#include "parsers/registry/regtext.h"
#include "parsers/registry/txlog.h"
#include "parsers/tools/tooltext.h"

const char *const kind_names[KINDS] = {
    [KIND_UNKNOWN] = "unknown",     [KIND_EVTX] = "evtx",           [KIND_EVTX_CARVED] = "evtx-carved",
    [KIND_HIVE] = "hive",           [KIND_HIVE_LOG] = "hive-log",   [KIND_REG_TEXT] = "reg-text",
    [KIND_TOOL_TEXT] = "tool-text", [KIND_CONTAINER] = "container", [KIND_EMPTY] = "empty",
};

/* First match wins: longer or rarer signatures stand before those they contain. */
#define M(k, o, m, f)                                                                \
    {                                                                                \
        .kind = KIND_##k, .at = (o), .n = sizeof(m) - 1, .magic = (m), .format = (f) \
    }
static const struct magic {
    enum kind kind;
    uint16_t at;
    uint8_t n;
    const char *magic, *format;
} magics[] = {
    M(EVTX, 0, "ElfFile\0", "EVTX event log"),
    M(EVTX_CARVED, 0, "ElfChnk\0", "EVTX chunks without a file header"),
    M(HIVE, 0, "regf", "registry hive"), /* logs of hives are told apart by their file type */
    M(REG_TEXT, 0, "REGEDIT4", "registry text export (REGEDIT4)"),
    M(REG_TEXT, 0,
      "\xef\xbb\xbf"
      "REGEDIT4",
      "registry text export (REGEDIT4, UTF-8)"),
    M(REG_TEXT, 0, "Windows Registry Editor Version 5.00", "registry text export (UTF-8)"),
    M(REG_TEXT, 0,
      "\xef\xbb\xbf"
      "Windows Registry Editor Version 5.00",
      "registry text export (UTF-8)"),
    M(REG_TEXT, 0,
      "\xff\xfeW\0i\0n\0d\0o\0w\0s\0 \0R\0e\0g\0i\0s\0t\0r\0y\0 \0E\0d\0i\0t\0o\0r\0 \0V\0e\0r\0s\0i\0o\0n\0 "
      "\0"
      "5\0.\0"
      "0\0"
      "0\0",
      "registry text export (UTF-16)"),
    M(CONTAINER, 0, "PK\3\4", "ZIP archive"),
    M(CONTAINER, 0, "PK\5\6", "ZIP archive (empty)"),
    M(CONTAINER, 0, "PK\7\10", "ZIP archive (spanned)"),
    M(CONTAINER, 0, "7z\xbc\xaf\x27\x1c", "7-Zip archive"),
    M(CONTAINER, 0, "\x1f\x8b\x08", "gzip data"),
    M(CONTAINER, 0, "MSCF\0\0\0\0", "cabinet archive"),
    M(CONTAINER, 0, "BZh", "bzip2 data"),
    M(CONTAINER, 0,
      "\xfd"
      "7zXZ\0",
      "xz data"),
    M(CONTAINER, 0, "\x28\xb5\x2f\xfd", "Zstandard data"),
    M(CONTAINER, 0, "\x04\x22\x4d\x18", "LZ4 data"),
    M(CONTAINER, 0, "Rar!\x1a\x07", "RAR archive"),
    M(CONTAINER, 257, "ustar", "tar archive"),
    M(CONTAINER, 0, "MSWIM\0\0\0", "Windows image (WIM)"),
    M(CONTAINER, 0, "vhdxfile", "VHDX disk image"),
    M(CONTAINER, 0, "conectix", "VHD disk image"),
    M(CONTAINER, 0, "KDMV", "VMDK disk image"),
    M(CONTAINER, 0, "QFI\xfb", "QCOW disk image"),
    M(CONTAINER, 0, "EVF\x09\x0d\x0a\xff\0", "EnCase disk image (E01)"),
    M(CONTAINER, 0, "EVF2\x0d\x0a\x81\0", "EnCase disk image (Ex01)"),
    M(CONTAINER, 3, "NTFS    ", "NTFS volume image"),
    M(CONTAINER, 512, "EFI PART", "disk image (GPT)"),
    M(CONTAINER, 32769, "CD001", "ISO 9660 image"),
    M(UNKNOWN, 4, "LfLe", "legacy EVT log"),
    M(UNKNOWN, 4, "\xef\xcd\xab\x89", "ESE database"),
    M(UNKNOWN, 4, "SCCA", "prefetch file"),
    M(UNKNOWN, 0, "MAM\x04", "prefetch file (compressed)"),
    M(UNKNOWN, 0, "L\0\0\0\x01\x14\x02\0", "shell link"),
    M(UNKNOWN, 0, "SQLite format 3\0", "SQLite database"),
    M(UNKNOWN, 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "OLE compound file"),
    M(UNKNOWN, 0, "MDMP\x93\xa7", "process dump"),
    M(UNKNOWN, 0, "PAGEDU", "kernel dump"),
    M(UNKNOWN, 0, "!BDN", "Outlook data file"),
    M(UNKNOWN, 0, "%PDF-", "PDF document"),
    M(UNKNOWN, 0, "\x89PNG\r\n\x1a\n", "PNG image"),
    M(UNKNOWN, 0, "\xff\xd8\xff", "JPEG image"),
    M(UNKNOWN, 0,
      "\x7f"
      "ELF",
      "ELF program"),
    M(UNKNOWN, 0, "MZ", "Windows program"),
    M(UNKNOWN, 0, "<?xml", "XML text"),
    M(UNKNOWN, 0, "\xef\xbb\xbf<?xml", "XML text"),
    M(UNKNOWN, 0, "\xff\xfe<\0?\0x\0m\0l\0", "XML text (UTF-16)"),
    M(UNKNOWN, 0, "\xff\xfe", "text (UTF-16)"),
    M(EVTX_CARVED, 4096, "ElfChnk\0", "EVTX event log that lost its header"),
};
#undef M

static bool all_zero(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i])
            return false;
    return true;
}

/* UTF-8 without control characters; a character cut by the end of head is fine. */
static bool is_text(struct span head)
{
    struct str s = {(const char *)head.p, head.n};
    for (size_t at = 0; at < s.n;) {
        size_t was = at;
        uint32_t u = utf8_next(s, &at);
        if (u == UTF_BAD)
            return s.n - was < 4 && was > 0;
        if (u < 0x20 && u != '\t' && u != '\n' && u != '\r' && u != '\f')
            return false;
    }
    return true;
}

static void base_block(struct span head, struct sniffed *s)
{
    struct hive_header h = hive_header(head);
    s->seq1 = h.seq1, s->seq2 = h.seq2, s->bins = h.bins, s->file_type = h.file_type,
    s->checksum_ok = h.checksum_ok, s->rm = h.rm;
    size_t n = 0;
    while (n < HIVE_NAME && (h.name[n] | h.name[n + 1]))
        n += 2;
    s->name[utf16_to_utf8(s->name, h.name, n)] = 0; /* 32 units make at most 96 bytes */
    if (h.file_type == 1 || h.file_type == 2)
        s->kind = KIND_HIVE_LOG, s->format = "registry transaction log (old format)";
    else if (h.file_type == 6)
        s->kind = KIND_HIVE_LOG, s->format = "registry transaction log";
}

/* Text that a tool of Windows printed: files without a signature, or with one of any text. */
static bool of_a_tool(struct span head, struct sniffed *s)
{
    const char *what;
    bool reads = tooltext_is(head, &what);
    if (what)
        s->kind = reads ? KIND_TOOL_TEXT : KIND_UNKNOWN, s->format = what;
    return what;
}

struct sniffed sniff(struct span head)
{
    struct sniffed s = {.kind = KIND_UNKNOWN, .format = "unknown data"};
    if (head.bad || head.n == 0)
        return s.kind = KIND_EMPTY, s.format = "empty", s;
    if (regtext_is_query(head))
        return s.kind = KIND_REG_TEXT, s.format = "registry text, printed by reg query", s;
    for (size_t i = 0; i < LEN(magics); i++) {
        const struct magic *m = &magics[i];
        if (head.n < (size_t)m->at + m->n || memcmp(head.p + m->at, m->magic, m->n) != 0)
            continue;
        s.kind = m->kind, s.format = m->format;
        if (s.kind == KIND_HIVE)
            base_block(head, &s);
        if (s.kind == KIND_UNKNOWN)
            of_a_tool(head, &s);
        return s;
    }
    head.n = head.n > SNIFF_BYTES ? SNIFF_BYTES : head.n;
    if (all_zero(head))
        s.format = "zeros";
    else if (!of_a_tool(head, &s) && is_text(head))
        s.format = "text";
    return s;
}
