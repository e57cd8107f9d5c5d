/* txlog: applies a hive's transaction logs (LOG1/LOG2, old DIRT and new HvLE formats) onto a copy of the hive
 * in memory. image_free() releases what txlog_recover allocated; the input files stay untouched. It refuses
 * logs that Windows would refuse (each with its reason as text) and never changes a clean hive. */
#ifndef TXLOG_H
#define TXLOG_H
#include "base/err.h"
#include "base/fact.h"
#include "base/span.h"

/* base block; unit of logging and of provenance; bytes of the embedded name */
enum { HIVE_BASE = 4096, HIVE_PAGE = 512, HIVE_NAME = 64 };

/* The base block, or the same fields at the start of a log. All zero but regf when the file is shorter than
 * 512 bytes. */
struct hive_header {
    bool regf, checksum_ok;
    uint32_t seq1, seq2, major, minor, file_type, root, bins, flags;
    int64_t written;
    /* first half of the resource manager's GUID, which a hive and its logs share; 0: none */
    uint64_t rm;
    const uint8_t *name; /* HIVE_NAME bytes, UTF-16LE; never NULL */
};
struct hive_header hive_header(struct span file);

/* The hive as Windows would see it after loading. Without replay bytes points into the file and page is NULL.
 */
/* file 0: the hive itself; entry: sequence number, 0 for an old log */
struct page_origin {
    uint8_t file;
    uint32_t entry;
    uint64_t off;
};
struct image {
    const uint8_t *bytes;
    size_t n; /* base block (4096) and bins */
    /* one per 512 bytes of bytes; NULL: all from file 0 at the same offset */
    struct page_origin *page;
    void *owned;      /* what image_free releases */
    struct span hive; /* the hive file as it was, for values before replay */
};
struct replay {
    /* by the hive's own header: sequence numbers differ or checksum wrong */
    bool dirty;
    bool header_repaired;
    /* log entries (an old log counts as one); logs not used (empty ones aside) and torn entries; 512-byte
     * pages replaced */
    unsigned applied, rejected, pages;
    uint32_t first_seq, last_seq;
    /* one line for people: "LOG1+LOG2: 24 entries, sequence 2107-2130", "LOG1: header checksum wrong" */
    char text[200];
    /* "": this is the hive as Windows would see it; else why it may be an older state of it: "only LOG1 is at
     * hand, and LOG2 may hold later changes" */
    char lack[120];
};

/* How a log is called: by the end of its file's name. By place: the first is LOG1, the second LOG2. */
enum log_name { LOG_BY_PLACE, LOG_1, LOG_2, LOG_PLAIN };

/* files[0]: the hive; others: its logs, in any order (n <= 3). Always leaves a readable image: when memory is
 * short (E_NOMEM) or nothing can be applied it is the hive file itself. */
enum status txlog_recover(const struct span *files, size_t n, struct image *out, struct replay *r,
                          struct err *e);
/* name[0..n-1): how the logs are called (enum log_name); NULL: by place. */
enum status txlog_recover_named(const struct span *files, const uint8_t *name, size_t n, struct image *out,
                                struct replay *r, struct err *e);
void image_free(struct image *img);
/* Where the byte at image offset off really lies. */
struct ref image_ref(const struct image *img, uint64_t off, uint32_t *entry);
#endif
