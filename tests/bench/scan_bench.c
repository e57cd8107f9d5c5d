/* scan_bench LOG: reads a log in this process as a worker does, wanting nothing: what an unwanted record
 * costs. Prints records and seconds; run under `valgrind --tool=callgrind` it gives instructions. */
#include "parsers/evtx/evtx.h"
#include "plat/plat.h"
#include <stdio.h>

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
    struct want nothing = {.until = INT64_MAX};
    if (argc != 2) {
        fprintf(stderr, "usage: scan_bench LOG\n");
        return 2;
    }
    if (plat_open(argv[1], &file, &bytes, &e) != OK || plat_map(file, 0, bytes, &map, &e) != OK
        || !arena_make(&scratch, 24 << 20)) {
        fprintf(stderr, "scan_bench: %s: %s\n", argv[1], e.why);
        return 1;
    }
    uint64_t began = plat_clock_ms();
    enum status st = evtx_read(span_of(map.p, map.n, 0), 0, evtx_slots(map.n), &nothing, &scratch, ignore,
                               NULL, &stats, &e);
    printf("%llu %.3f\n", (unsigned long long)stats.seen, (double)(plat_clock_ms() - began) / 1000);
    plat_unmap(&map), plat_close(file), arena_free(&scratch);
    return st == OK ? 0 : 1;
}
