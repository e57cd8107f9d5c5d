/* want: what the knowledge asks parsers for, as plain data. Built by kb in the parent, sent to workers as
 * their first frame. Arrays and strings belong to whoever built it and outlive every parse. An empty want
 * keeps nothing and counts everything. */
#ifndef WANT_H
#define WANT_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/str.h"

enum want_how { WANT_KEEP = 1, WANT_FOLD = 2, WANT_ALWAYS = 3 };
enum { WANT_KEYS = 6, WANT_ONLY = 12, WANT_HOLDING = 64 };

/* One wanted event. provider: as in the record, compared without case; "" means any provider of the given
 * channel. to: the last id of a range, 0: id alone; any_id: every id, and records that say none. WANT_FOLD:
 * records with the same values of key[] on the same UTC day become one FACT_FOLD (JSON of the key fields,
 * count, first and last time, first record's data); "keep" values of one field are kept as whole events
 * instead (logons: fold LogonType 3, keep 2, 10, 11, ...), unless "fold_field" has one of the "fold" texts
 * (logons of SYSTEM, of which there are thousands). WANT_ALWAYS: kept whatever time is asked for, as it tells
 * what the log recorded in that time. channel: "" any. holding: of a record that is kept, its
 * bytes must hold one of these ASCII texts as UTF-16, whatever their case: looked for before anything is
 * decoded. A provider's own entry comes before one for any provider. */
struct want_event {
    struct str provider;
    uint16_t id, to;
    bool any_id;
    uint8_t how, n_key, n_keep, n_fold;
    struct str key[WANT_KEYS]; /* data names */
    struct str keep_field;     /* "" : fold all */
    int64_t keep[WANT_ONLY];   /* integer values of keep_field, ascending */
    struct str fold_field;     /* "" : as keep_field says */
    struct str fold[WANT_ONLY];
    uint8_t n_holding;
    struct str channel, holding[WANT_HOLDING];
};

/* One wanted registry place. hive: SYSTEM, SECURITY, SOFTWARE, SAM, NTUSER, or * . path: relative to the
 * mapped root, one '*' stands for any one key name, a last "**" for the whole sub-tree; "<CCS>" for the
 * current control set. value: name, or "*" for all values, or "" for the key itself only. Compared without
 * case. */
struct want_key {
    struct str hive, path, value;
};

struct want {
    struct want_event *event;
    size_t n_event;
    struct want_key *key;
    size_t n_key;
    int64_t since, until;      /* FILETIME; 0 and INT64_MAX: no bound */
    bool all_events, all_keys; /* dump: everything */
    bool recovered;            /* also emit recovered records and deleted cells */
    /* dump: paths as the hive has them, not CurrentControlSet; secret values as well */
    bool as_stored, reveal;
    /* 0: no bound. More records of a log, or keys and values of a hive, are not read: E_LIMIT at the end */
    uint64_t records;
    uint32_t xml_depth, key_depth; /* 0: as deep as limits.h allows, never deeper */
};

void want_put(struct buf *out, const struct want *w);
enum status want_get(struct span in, struct arena *a, struct want *w, struct err *e);
#endif
