/* regf: reads a registry hive (replayed image): keys, values, lists, big data, class names, through
 * bounds-checked cells. Views into the image are borrowed; decoded names and joined big data live in the
 * arena given to regf_open (save and restore that one to let go of them), which also holds the visited bitmap
 * (1/64 of the hive). It refuses no hive for damage: what cannot be read is an anomaly with its offset, the
 * rest is read. */
#ifndef REGF_H
#define REGF_H
#include "base/arena.h"
#include "base/fact.h"
#include "base/want.h"
#include "parsers/registry/txlog.h"

enum reg_type {
    REG_NONE,
    REG_SZ,
    REG_EXPAND_SZ,
    REG_BINARY,
    REG_DWORD,
    REG_DWORD_BE,
    REG_LINK,
    REG_MULTI_SZ,
    REG_QWORD = 11
};
/* "REG_DWORD"; "REG_0x1234" style names are static for unknown: "REG_UNKNOWN" */
const char *reg_type_name(uint32_t type);

/* one open hive: image, bounds, visited bitmap, anomaly sink */
struct regf;
/* off: of the nk cell in the image */
struct regf_key {
    uint64_t off;
    struct str name;
    int64_t written;
    uint32_t n_subkeys, n_values;
    uint16_t flags;
};
/* size: as declared; data: what is there, .off in the image (0: joined from pieces) */
struct regf_value {
    uint64_t off;
    struct str name;
    uint32_t type, size;
    struct span data;
};

enum status regf_open(const struct image *img, struct arena *a, fact_sink *anomalies, void *ctx,
                      struct regf **out, struct err *e);
bool regf_root(struct regf *h, struct regf_key *out);
/* Path relative to key, components split at '\', compared as Windows does. False: not there (or unreadable:
 * an anomaly tells). */
bool regf_find(struct regf *h, const struct regf_key *from, struct str path, struct regf_key *out);
/* "" is the default value */
bool regf_get(struct regf *h, const struct regf_key *key, struct str value, struct regf_value *out);
/* Iterate; each returns false at the end. i starts at 0. What cannot be read is passed over; going on with
 * the next i is cheap. */
bool regf_subkey(struct regf *h, const struct regf_key *key, uint32_t i, struct regf_key *out);
bool regf_value_at(struct regf *h, const struct regf_key *key, uint32_t i, struct regf_value *out);
struct span regf_class(struct regf *h, const struct regf_key *key);

/* Everything that hangs on the root, each cell once, checked down to the bounds of every value's data: the
 * pass that finds the anomalies. */
/* newest: latest sane last-written time, or 0 */
struct regf_totals {
    uint64_t keys, values, anomalies;
    int64_t newest;
};
void regf_count(struct regf *h, struct regf_totals *out);
/* For walks of one's own: regf_pass() begins, regf_once() is false for a cell that was met before in this
 * pass. */
void regf_pass(struct regf *h);
bool regf_once(struct regf *h, uint64_t off);

/* What free cells still hold. Exactly one of key and value is set; path is the deleted key's, or that of the
 * value's key, with the names below the root as they stand there, or "?" in place of what is unknown. Values
 * come after their key. false stops. */
typedef bool regf_deleted_fn(void *ctx, struct str path, const struct regf_key *key,
                             const struct regf_value *value, const struct regf_key *of);
void regf_deleted(struct regf *h, regf_deleted_fn *fn, void *ctx);

/* hive.c: the whole job of one hive. files[0] the hive, then its logs. Emits HIVE first, then ANOMALY,
 * REG_KEY, REG_VALUE as wanted (paths as "SYSTEM\CurrentControlSet\Services\CscService": hive kind, then the
 * path in it, the current control set under that name), then what decode.h finds in it. An arena of 8 MiB and
 * a 16th of the hive suffices; what does not fit a smaller one is told. E_LIMIT at the end: all is told but
 * for what a limit (want's, or limits.h) cut off. */
enum status hive_read(const struct span *files, size_t n, const struct want *want, struct arena *a,
                      fact_sink *sink, void *ctx, struct err *e);
/* name[0..n-1): how the logs are called (enum log_name, txlog.h); NULL: by place. */
enum status hive_read_named(const struct span *files, const uint8_t *name, size_t n, const struct want *want,
                            struct arena *a, fact_sink *sink, void *ctx, struct err *e);
#endif
