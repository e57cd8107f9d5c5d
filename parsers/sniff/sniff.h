/* sniff: what a file is, by its first bytes, whatever its name.
 * Looks at the caller's span only; owns nothing.
 * It refuses nothing: what it does not know is KIND_UNKNOWN, with a name for people where it recognises a
 * foreign format. */
#ifndef SNIFF_H
#define SNIFF_H
#include "base/span.h"
#include "base/str.h"

enum kind {
    KIND_UNKNOWN,
    KIND_EVTX,
    KIND_EVTX_CARVED,
    KIND_HIVE,
    KIND_HIVE_LOG,
    KIND_REG_TEXT,
    KIND_TOOL_TEXT,
    KIND_CONTAINER,
    KIND_EMPTY,
    KINDS
};
enum {
    SNIFF_BYTES = 4096 + 8, /* a log whose header was lost shows itself behind it */
    SNIFF_FORMAT = 96,      /* letters of a format's name at most: who reads it takes no more */
    SNIFF_FAR = 32768 + 8   /* an image of a disc behind sixteen sectors that are nobody's */
};
extern const char *const kind_names[KINDS]; /* "evtx", "hive", ... as reports print them */

struct sniffed {
    enum kind kind;
    /* static: "EVTX event log", "ZIP archive", "legacy EVT log", "text", "unknown data" */
    const char *format;
    /* hives and their logs: base block fields, for matching logs to hives (zero when not a hive) */
    uint32_t seq1, seq2, bins;
    uint32_t file_type; /* offset 28: 0 primary, 1 and 2 old log, 6 new log */
    bool checksum_ok;
    uint64_t rm;    /* of the resource manager's GUID: a hive and its logs have the same */
    char name[129]; /* tail of the embedded file name, UTF-8, NUL-terminated */
};

/* head: the first bytes of the file (SNIFF_BYTES are enough for all but images of discs, SNIFF_FAR for these
 * too; fewer if the file is shorter). */
struct sniffed sniff(struct span head);
#endif
