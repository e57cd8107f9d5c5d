#include "run/run_limits.h"
#include "base/limits.h"
#include "base/str.h"
#include <stddef.h>
#include <string.h>

/* most: what our own stack allows; 0: anything */
static const struct {
    const char *name;
    size_t at;
    int64_t most;
} names[] = {
    {"memory", offsetof(struct run_limits, memory), 0},
    {"file-bytes", offsetof(struct run_limits, file_bytes), 0},
    {"run-bytes", offsetof(struct run_limits, run_bytes), 0},
    {"records", offsetof(struct run_limits, records), 0},
    {"facts", offsetof(struct run_limits, facts), 0},
    {"xml-depth", offsetof(struct run_limits, xml_depth), LIM_BINXML_ELEMENTS},
    {"key-depth", offsetof(struct run_limits, key_depth), LIM_REGF_DEPTH},
    {"file-seconds", offsetof(struct run_limits, file_seconds), 0},
    {"run-seconds", offsetof(struct run_limits, run_seconds), 0},
    {"spool-bytes", offsetof(struct run_limits, spool_bytes), 0},
};

struct run_limits run_limits_default(void)
{
    return (struct run_limits){.memory = LIM_WORKER_BYTES,
                               .file_bytes = LIM_RUN_FILE_BYTES,
                               .run_bytes = LIM_RUN_BYTES,
                               .records = LIM_RUN_RECORDS,
                               .facts = LIM_RUN_FACTS,
                               .xml_depth = LIM_BINXML_ELEMENTS,
                               .key_depth = LIM_REGF_DEPTH,
                               .file_seconds = LIM_RUN_FILE_SECONDS,
                               .run_seconds = LIM_RUN_SECONDS,
                               .spool_bytes = LIM_RUN_SPOOL_BYTES};
}

enum status run_limits_parse(const char *text, struct run_limits *l, struct err *e)
{
    for (struct str rest = str_of(text); rest.n;) {
        struct str value = str_cut(&rest, ','), name = str_cut(&value, '=');
        static const char units[] = "kMGT";
        const char *unit = value.n ? memchr(units, value.p[value.n - 1], 4) : NULL;
        unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
        size_t i = 0;
        int64_t n;
        value.n -= unit != NULL;
        while (i < LEN(names) && !str_eq(name, str_of(names[i].name)))
            i++;
        if (i == LEN(names))
            return err_set(e, E_USAGE, ERR_NO_OFF, "--limits",
                           "no limit '%.*s'; there are memory, file-bytes, run-bytes, records, facts, "
                           "xml-depth, key-depth, file-seconds, run-seconds, spool-bytes",
                           STR_ARG(name));
        if (!str_i64(value, &n) || n <= 0 || n > INT64_MAX >> shift)
            return err_set(e, E_USAGE, ERR_NO_OFF, "--limits", "%s wants a number such as 100 or 2G",
                           names[i].name);
        if (names[i].most && n << shift > names[i].most)
            return err_set(e, E_USAGE, ERR_NO_OFF, "--limits", "%s is %lld at most", names[i].name,
                           (long long)names[i].most);
        *(uint64_t *)(void *)((char *)l + names[i].at) = (uint64_t)n << shift;
    }
    return OK;
}
