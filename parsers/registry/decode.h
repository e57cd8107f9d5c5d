/* decode: structures of SECURITY, SAM and TaskCache as facts, wherever their keys stand: in a hive's cells or
 * in the text of an export. Borrows keys and values from its source; text of a fact lives in the source's
 * arena during that fact. It refuses nothing: what does not add up is an anomaly, and what could be read of
 * it is a fact all the same. No secret is read, sizes and times are. */
#ifndef DECODE_H
#define DECODE_H
#include "parsers/registry/regf.h"

/* at: the source's own, where keys are no cells */
struct reg_node {
    struct regf_key key;
    const void *at;
};
struct reg_iter {
    uint32_t i;
    const void *at;
}; /* begins as zeros */

/* Keys and values to ask for. Paths are below the kind: "Policy\Secrets". Functions that return bool return
 * false at the end, or when there is none. */
struct reg_source {
    void *ctx;
    struct arena *a;
    /* from NULL: from the top */
    bool (*find)(void *ctx, const struct reg_node *from, struct str path, struct reg_node *out);
    bool (*get)(void *ctx, const struct reg_node *k, struct str value, struct regf_value *out);
    bool (*subkey)(void *ctx, const struct reg_node *k, struct reg_iter *it, struct reg_node *out);
    bool (*value)(void *ctx, const struct reg_node *k, struct reg_iter *it, struct regf_value *out);
    bool (*once)(void *ctx, const struct reg_node *k); /* false: met before */
    bool (*going)(void *ctx);                          /* false: the sink wants no more */
    /* off: of the key or value it rests on; sets its ref */
    void (*emit)(void *ctx, struct fact *f, uint64_t off);
    void (*anomaly)(void *ctx, uint64_t off, const char *what, const char *detail);
    /* the value that the last fact rests on; k: its key, path: that key's */
    void (*cite)(void *ctx, struct str path, const struct reg_node *k, const struct regf_value *v);
};

#define REG_TASK_CACHE "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache"
bool reg_decodes(struct str kind,
                 struct str path); /* is there something to decode in keys at or below this path? */
void reg_decode(const struct reg_source *s, struct str kind);
#endif
