/* regf: reads a registry hive (replayed image): keys, values, lists, big data, class names, through bounds-checked cells.
 * Views into the image are borrowed; decoded names live in the caller's arena.
 * It refuses no hive for damage: what cannot be read is an anomaly with its offset, the rest is read. */
#ifndef REGF_H
#define REGF_H
#include "../src/base/arena.h"
#include "../src/base/fact.h"
#include "../src/base/want.h"
#include "txlog.h"

enum reg_type { REG_NONE, REG_SZ, REG_EXPAND_SZ, REG_BINARY, REG_DWORD, REG_DWORD_BE, REG_LINK, REG_MULTI_SZ, REG_QWORD = 11 };
const char *reg_type_name(uint32_t type);       /* "REG_DWORD"; "REG_0x1234" style names are static for unknown: "REG_UNKNOWN" */

struct regf;                                    /* one open hive: image, bounds, visited bitmap, anomaly sink */
struct regf_key { uint64_t off; struct str name; int64_t written; uint32_t n_subkeys, n_values; uint16_t flags; };     /* off: of the nk cell in the image */
struct regf_value { uint64_t off; struct str name; uint32_t type, size; struct span data; };        /* size: as declared; data: what is there */

enum status regf_open(const struct image *img, struct arena *a, fact_sink *anomalies, void *ctx, struct regf **out, struct err *e);
bool regf_root(struct regf *h, struct regf_key *out);
/* Path relative to key, components split at '\', compared as Windows does. False: not there (or unreadable: an anomaly tells). */
bool regf_find(struct regf *h, const struct regf_key *from, struct str path, struct regf_key *out);
bool regf_get(struct regf *h, const struct regf_key *key, struct str value, struct regf_value *out);    /* "" is the default value */
/* Iterate; each returns false at the end. i starts at 0. */
bool regf_subkey(struct regf *h, const struct regf_key *key, uint32_t i, struct regf_key *out);
bool regf_value_at(struct regf *h, const struct regf_key *key, uint32_t i, struct regf_value *out);
struct span regf_class(struct regf *h, const struct regf_key *key);

/* hive.c: the whole job of one hive. files[0] the hive, then its logs. Emits HIVE first, then ANOMALY, REG_KEY, REG_VALUE as wanted
 * (paths as "SYSTEM\CurrentControlSet\Services\CscService": hive kind, then the path in it, the current control set under that name),
 * then what lsa/sam/taskcache decode. */
enum status hive_read(const struct span *files, size_t n, const struct want *want, struct arena *a, fact_sink *sink, void *ctx, struct err *e);
#endif
