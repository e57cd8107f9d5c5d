/* dump_bench LOG [TIMES]: turns a log into JSON lines in this process as a child of `dump` does, part by
 * part, and keeps nothing of them: what the reader costs without processes and pipes. Prints records, bytes
 * of text and seconds; run under `valgrind --tool=callgrind` it gives instructions. */
#include "parsers/evtx/evtx.h"
#include "run/dumper.h"
#include "plat/plat.h"
#include <stdio.h>
#include <stdlib.h>

struct count {
    uint64_t bytes;
};

static enum status count_text(void *ctx, struct buf *text, struct err *e)
{
    struct count *c = ctx;
    return (void)e, c->bytes += text->n, OK;
}

int main(int argc, char **argv)
{
    plat_file file;
    uint64_t bytes = 0;
    struct map map = {0};
    struct arena scratch = {0};
    struct err e = {0};
    struct evtx_stats stats = {0};
    struct want all = {.until = INT64_MAX, .all_events = true, .as_stored = true};
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: dump_bench LOG [TIMES]\n");
        return 2;
    }
    if (plat_open(argv[1], &file, &bytes, &e) != OK || plat_map(file, 0, bytes, &map, &e) != OK
        || !arena_make(&scratch, 64 << 20)) {
        fprintf(stderr, "dump_bench: %s: %s\n", argv[1], e.why);
        return 1;
    }
    struct count count = {0};
    struct bx *known = NULL;
    enum status st = OK;
    uint64_t began = plat_clock_ms();
    for (int times = argc > 2 ? atoi(argv[2]) : 1; times > 0 && st == OK; times--)
        for (uint32_t at = 0, slots = evtx_slots(map.n); at < slots && st == OK; at += DUMP_SLOTS)
            st = evtx_dump(span_of(map.p, map.n, 0), at, DUMP_SLOTS, &all, EVTX_JSONL, &scratch, &known,
                           count_text, &count, &stats, &e);
    printf("%llu %llu %.3f\n", (unsigned long long)stats.seen, (unsigned long long)count.bytes,
           (double)(plat_clock_ms() - began) / 1000);
    evtx_forget(&known);
    plat_unmap(&map), plat_close(file), arena_free(&scratch);
    return st == OK ? 0 : 1;
}
