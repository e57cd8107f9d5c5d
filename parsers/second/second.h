/* second: reads one cited record or registry value again with libevtx or libregf, and judges whether they see
 * what we saw. Results live in the caller's arena (a record: about 70 KiB plus five times its XML); a
 * second_hive borrows its image until second_hive_close(). It refuses nothing quietly: what a library cannot
 * read is E_FORMAT in the library's words. The libraries crash, leak and hog on hostile bytes: call these in
 * a child with limits on stack, memory and processor time. No file is opened by name; nothing must happen
 * before a jail is entered. System calls needed inside: brk, mmap, munmap, mremap (memory); write, exit_group
 * (the caller's own). */
#ifndef SECOND_H
#define SECOND_H
#include "base/arena.h"
#include "base/fact.h"

const char *second_version(void); /* "libevtx 20181227, libregf 20201007" */

/* Differences that are the library's own, each seen in public evidence. Texts: second_defect_text[],
 * explanations: FORMAT-second.md. */
enum second_defect {
    SECOND_NO_DEFECT,
    SECOND_INLINE,     /* libregf: data of 1 to 3 bytes is taken from the wrong end of its field */
    SECOND_STRING_END, /* both: a string is cut, or extended, at a NUL */
    /* both: characters beyond U+FFFF come out 0x3FF too low, lone surrogates as U+FFFD */
    SECOND_SURROGATE,
    SECOND_CODE_PAGE, /* both: Latin-1 text and compressed names are decoded as cp1252 */
    SECOND_NAME_CASE, /* libregf: look-up folds ASCII only; found by walking */
    /* libevtx: the record that fills a chunk to its last byte is lost; read from a mended copy */
    SECOND_LAST_RECORD,
    SECOND_MARK,      /* both: a byte order mark at the start of a string is dropped */
    SECOND_LINE_FEED, /* libevtx: a text that is one line feed is shown as none */
    /* libevtx: a negative integer is shown as minus its other bits, -1 of 8 bits as -127 */
    SECOND_SIGNED,
    /* libevtx: a substitution takes the place of what stands before it in its element */
    SECOND_PIECES,
    SECOND_DEFECTS
};
extern const char *const second_defect_text[SECOND_DEFECTS];

/* What libevtx says of a record. Columns of v are those of FACT_EVENT (EV_*), null where the record does not
 * say. */
struct second_field {
    struct str name, text;
}; /* named as in an event's JSON, in the record's order */
struct second_event {
    struct value v[FACT_COLS];
    /* of the record's own header; exports renumber it while EventRecordID stays */
    uint64_t header_id;
    int64_t header_time; /* 0: not known (last record of a full chunk) */
    struct second_field *field;
    size_t n_field;
    struct str xml;
    bool damaged; /* libevtx calls the chunk corrupt */
    /* static: what had to be mended in the copy it was given; NULL: the chunk as it is */
    const char *mended;
    enum second_defect defect; /* SECOND_LAST_RECORD when that was worked around */
};
/* libevtx gets a fresh file header and the one chunk with the record: the cost does not grow with the log. */
enum status second_event(struct span file, uint64_t record_off, struct second_event *out, struct arena *a,
                         struct err *e);

/* One hive, opened once for many values. A base block libregf would refuse (checksum, type) is mended in a
 * copy. */
struct second_hive;
enum status second_hive_open(struct span image, struct second_hive **out, struct err *e);
void second_hive_close(struct second_hive *h);               /* accepts NULL */
const char *second_hive_mended(const struct second_hive *h); /* static text, or NULL */

struct second_value {
    uint64_t key_off, off; /* cells in the image, as in struct regf_key and regf_value */
    int64_t written;
    bool has_value;
    uint32_t type;
    struct span data;
    /* the data lie in the value's cell itself: raw[4] is that field, read by us, to name the defect */
    bool in_place;
    uint8_t raw[4];
    enum second_defect defect; /* of the look-up */
};
/* path: of the key, below the root; a first step CurrentControlSet is resolved through Select. name.p NULL:
 * the key alone; "": its default value. */
enum status second_value(struct second_hive *h, struct str path, struct str name, struct second_value *out,
                         struct arena *a, struct err *e);

/* The judgement. SECOND_DEFECT: equal but for a difference that defect explains exactly. */
enum second_result { SECOND_AGREE, SECOND_DEFECT, SECOND_DIFFER, SECOND_UNREADABLE, SECOND_RESULTS };
/* "agree", "agree-with-defect", "differ", "unreadable" */
extern const char *const second_result_names[SECOND_RESULTS];
struct second_verdict {
    enum second_result result;
    enum second_defect defect;
    /* of the first difference; theirs .p NULL: not there. Unreadable: theirs is the reason */
    struct str field, ours, theirs;
};
/* ours: the fact of the case (FACT_EVENT; FACT_REG_VALUE or FACT_REG_KEY); null columns are not compared.
 * why: the error when the second reader failed, else NULL. Values are compared, not spellings: 0x3e7 and
 * 0x00000000000003e7, case of GUIDs and hexadecimal, forms of times. */
void second_compare_event(const struct fact *ours, const struct second_event *theirs, const struct err *why,
                          struct arena *a, struct second_verdict *out);
void second_compare_value(const struct fact *ours, const struct second_value *theirs, const struct err *why,
                          struct arena *a, struct second_verdict *out);
/* After a difference: data is what our reader makes of the record, replaced the same as a reader with
 * SECOND_PIECES has it. Where the case has data and theirs is the other, that defect explains it. */
void second_excuse_pieces(const struct fact *ours, struct str data, struct str replaced,
                          const struct second_event *theirs, struct arena *a, struct second_verdict *out);
/* One line: "TaskName: \"a\", second reader \"b\"", or the defect; empty for agreement. For a report's detail
 * column. */
void second_verdict_text(const struct second_verdict *v, struct buf *out);

/* Parts, shared by the two readers. Is theirs the text that we read as ours? fold: compared as Windows
 * compares names. *d: what explains it. */
bool second_same_text(struct str ours, struct str theirs, bool fold, struct arena scratch,
                      enum second_defect *d);
const char *second_evtx_version(void), *second_regf_version(void);
#endif
