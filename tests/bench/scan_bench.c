/* scan_bench LOG [wanted] [TIMES]: reads a log in this process as a worker does, wanting nothing: what an
 * unwanted record costs; or what an analysis wants. Prints records and seconds; run under `valgrind
 * --tool=callgrind` it gives instructions. A small log read many times does not wait for memory. */
#include "parsers/evtx/evtx.h"
#include "kb/kb.h"
#include "plat/plat.h"
#include <stdio.h>
#include <stdlib.h>

static enum status ignore(void *ctx, const struct fact *f, struct err *e)
{
    return (void)ctx, (void)f, (void)e, OK;
}

int main(int argc, char **argv)
{
    plat_file file;
    uint64_t bytes = 0;
    struct map map = {0};
    struct arena scratch = {0};
    struct err e = {0};
    struct evtx_stats stats = {0};
    struct kb *kb = NULL;
    struct want want = {0};
    bool wanted = argc > 2 && strcmp(argv[2], "wanted") == 0;
    if (argc < 2 || argc > 3 + wanted) {
        fprintf(stderr, "usage: scan_bench LOG [wanted] [TIMES]\n");
        return 2;
    }
    if (wanted && kb_load(NULL, &kb, &e) == OK)
        want = *kb_want(kb);
    want.until = INT64_MAX;
    if (plat_open(argv[1], &file, &bytes, &e) != OK || plat_map(file, 0, bytes, &map, &e) != OK
        || !arena_make(&scratch, 24 << 20)) {
        fprintf(stderr, "scan_bench: %s: %s\n", argv[1], e.why);
        return 1;
    }
    uint64_t began = plat_clock_ms();
    enum status st = OK;
    for (int times = argc > 2 + wanted ? atoi(argv[2 + wanted]) : 1; times > 0 && st == OK; times--)
        st = evtx_read(span_of(map.p, map.n, 0), 0, evtx_slots(map.n), &want, &scratch, ignore, NULL, &stats,
                       &e);
    printf("%llu %.3f\n", (unsigned long long)stats.seen, (double)(plat_clock_ms() - began) / 1000);
    plat_unmap(&map), plat_close(file), arena_free(&scratch), kb_free(kb);
    return st == OK ? 0 : 1;
}
