/* `whylogon dump` of real hives against hivex: every key with its time and place, every value with its type
 * and data, whoever lists them first. Skipped where libhivex or the public corpus is missing. */
#include "base/buf.h"
#include "base/str.h"
#include "tests/hivex_lib.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* One line per fact, both sides alike: "K path written offset" and "V path name type data" with JSON strings.
 */
struct lines {
    char **line;
    size_t n, cap, masked;
};

static void add(struct lines *l, struct buf *b)
{
    if (l->n == l->cap)
        l->line = realloc(l->line, (l->cap = l->cap ? l->cap * 2 : 4096) * sizeof *l->line);
    cr_assert(l->line && !b->bad);
    l->line[l->n++] = strndup(b->p, b->n);
    b->n = 0;
}
static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static const char *types[] = {"REG_NONE",
                              "REG_SZ",
                              "REG_EXPAND_SZ",
                              "REG_BINARY",
                              "REG_DWORD",
                              "REG_DWORD_BIG_ENDIAN",
                              "REG_LINK",
                              "REG_MULTI_SZ",
                              "REG_RESOURCE_LIST",
                              "REG_FULL_RESOURCE_DESCRIPTOR",
                              "REG_RESOURCE_REQUIREMENTS_LIST",
                              "REG_QWORD"};

static void walk(const struct hivex *x, void *h, size_t node, const char *path, struct lines *l,
                 struct buf *b, unsigned depth)
{
    size_t *v = x->node_values(h, node), *c = x->node_children(h, node);
    buf_z(b, "K "), buf_json(b, str_of(path)),
        buf_printf(b, " %lld %zu", (long long)x->node_timestamp(h, node), node), add(l, b);
    for (size_t i = 0; v && v[i]; i++) {
        int type;
        size_t n;
        char *key = x->value_key(h, v[i]), *data = x->value_value(h, v[i], &type, &n);
        cr_assert(key && data, "hivex cannot read a value of %s", path);
        buf_z(b, "V "), buf_json(b, str_of(path)), buf_char(b, ' '), buf_json(b, str_of(key)),
            buf_printf(b, " %s ", (size_t)type < LEN(types) ? types[type] : "REG_UNKNOWN");
        buf_hex(b, data, n), add(l, b);
        free(key), free(data);
    }
    for (size_t i = 0; c && c[i]; i++) {
        char *name = x->node_name(h, c[i]), *below = NULL;
        cr_assert(name && depth < 100 && asprintf(&below, "%s\\%s", path, name) > 0);
        walk(x, h, c[i], below, l, b, depth + 1);
        free(name), free(below);
    }
    free(v), free(c);
}

static const char *between(const char *line, const char *from, const char *to, size_t *n)
{
    const char *p = strstr(line, from), *end = p ? strstr(p + strlen(from), to) : NULL;
    cr_assert(end, "no %s in %.200s", from, line);
    p += strlen(from), *n = (size_t)(end - p);
    return p;
}

static long long filetime(const char *text)
{
    struct tm t = {0};
    long long part = 0;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &t);
    if (!rest || sscanf(rest, ".%lldZ", &part) != 1)
        return strncmp(text, "invalid(0x", 10) == 0 ? strtoll(text + 8, NULL, 16) : 0;
    return ((long long)timegm(&t) + 11644473600LL) * 10000000 + part;
}

/* Quotes inside a JSON string are escaped, so the marks between members cannot be forged. */
static void dumped(const char *line, struct lines *l, struct buf *b)
{
    size_t n, size;
    bool value = strstr(line, ",\"type\":\"REG_");
    const char *p = between(line, "\"path\":", value ? ",\"name\":" : ",\"written\":", &n);
    buf_put(b, value ? "V " : "K ", 2), buf_put(b, p, n), buf_char(b, ' ');
    if (!value) {
        p = between(line, ",\"written\":\"", "\"", &n);
        buf_printf(b, "%lld ", filetime(p));
        p = between(line, ",\"offset\":", "}", &n);
        buf_put(b, p, n), add(l, b);
        return;
    }
    p = between(line, ",\"name\":", ",\"type\":\"REG_", &n), buf_put(b, p, n), buf_char(b, ' ');
    p = between(line, ",\"type\":\"", "\"", &n), buf_put(b, p, n), buf_char(b, ' ');
    size = strtoull(between(line, ",\"size\":", ",\"data\":\"", &n), NULL, 10);
    p = between(line, ",\"data\":\"", "\"", &n), buf_put(b, p, n);
    l->masked += size > 0 && n == 0;
    add(l, b);
}

static void compare(const struct hivex *x, const char *file, const char *kind)
{
    static char program[4096];
    char dir[128], command[8192], *line = NULL;
    size_t cap = 0;
    struct lines ours = {0}, theirs = {0};
    struct buf b = {0};
    const char *w = getenv("WHYLOGON");
    cr_assert(realpath(w ? w : "build/whylogon", program));
    /* a copy by itself: hivex knows no logs */
    snprintf(dir, sizeof dir, "/tmp/whylogon-test-%d-hivex", (int)getuid());
    snprintf(command, sizeof command,
             "rm -rf %s && mkdir -p %s && cp ../shared/corpus/hive/%s %s/h && %s dump %s/h 2>/dev/null", dir,
             dir, file, dir, program, dir);
    FILE *p = popen(command, "r");
    cr_assert(p);
    while (getline(&line, &cap, p) > 0)
        if (strncmp(line, "{ \"fact\"", 8) != 0) /* what is decoded stands behind what is read */
            dumped(line, &ours, &b);
    cr_assert_eq(pclose(p), 0);
    snprintf(command, sizeof command, "%s/h", dir);
    void *h = x->open(command, 0);
    cr_assert(h, "hivex cannot open %s", file);
    walk(x, h, x->root(h), kind, &theirs, &b, 0);
    x->close(h);
    qsort(ours.line, ours.n, sizeof *ours.line, by_text),
        qsort(theirs.line, theirs.n, sizeof *theirs.line, by_text);
    size_t i = 0, k = 0, only_ours = 0, only_theirs = 0, shown = 0;
    const char *show[6];
    while (i < ours.n || k < theirs.n) {
        int order = i == ours.n ? 1 : k == theirs.n ? -1 : strcmp(ours.line[i], theirs.line[k]);
        if (order && shown < LEN(show))
            show[shown++] = order < 0 ? ours.line[i] : theirs.line[k];
        only_ours += order<0, only_theirs += order> 0;
        i += order <= 0, k += order >= 0;
    }
    for (size_t j = 0; j < shown && (only_ours != ours.masked || only_theirs != ours.masked); j++)
        fprintf(stderr, "one side only: %.300s\n", show[j]);
    cr_expect(only_ours == ours.masked && only_theirs == ours.masked,
              "%s: %zu of dump and %zu of hivex differ, %zu are secrets that stay in", file, only_ours,
              only_theirs, ours.masked);
    fprintf(stderr, "%s: %zu keys and values alike, %zu secrets left out\n", file, ours.n - only_ours,
            ours.masked);
    for (size_t j = 0; j < ours.n; j++)
        free(ours.line[j]);
    for (size_t j = 0; j < theirs.n; j++)
        free(theirs.line[j]);
    free(ours.line), free(theirs.line), free(line), buf_free(&b);
}

Test(dump, equals_hivex, .timeout = 480)
{
    static const struct {
        const char *file, *kind;
    } rows[] = {{"real/SYSTEM", "SYSTEM"},
                {"real/SYSTEM_B", "SYSTEM"},
                {"real/SYSTEM_WIN_10_1709", "SYSTEM"},
                {"real/transactions_NTUSER.DAT", "NTUSER"},
                {"real/SAM", "SAM"},
                {"real/SECURITY", "SECURITY"},
                {"yarp/BigDataHive", "UNKNOWN"},
                {"yarp/StringValuesHive", "UNKNOWN"},
                {"yarp/MultiSzHive", "UNKNOWN"},
                {"yarp/ManySubkeysHive", "UNKNOWN"},
                {"yarp/ExtendedASCIIHive", "UNKNOWN"},
                {"yarp/ValuesOrderHive", "UNKNOWN"},
                {"yarp/NewDirtyHive1/RecoveredHive_Windows10", "UNKNOWN"},
                {"yarp/OldDirtyHive/RecoveredHive_Windows7", "UNKNOWN"}};
    struct hivex x;
    struct stat s;
    bool lib = hivex_load(&x);
    if (!lib || stat("../shared/corpus/hive/real", &s) != 0)
        cr_skip_test("skipped: no %s", lib ? "corpus" : "libhivex");
    for (size_t i = 0; i < LEN(rows); i++)
        compare(&x, rows[i].file, rows[i].kind);
}
