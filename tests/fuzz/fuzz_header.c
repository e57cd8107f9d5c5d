/* The first 128 bytes of a log in front of good chunks; an odd last byte: with the checksum made right.
 * Whatever the header says, every record is read. */
#include "tests/build.h"
#include "parsers/evtx/evtx.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct buf good;
    static uint64_t records;
    struct arena a = fuzz_arena(0);
    struct evtx_stats s = {0};
    struct err e = {0};
    if (!good.n) {
        every_log(1, &good);
        CHECK(evtx_read(span_of(good.p, good.n, 0), 0, evtx_slots(good.n), &fuzz_want, &a, fuzz_sink, NULL,
                        &s, &e)
                  == OK
              && s.parsed > 100);
        records = s.parsed, s = (struct evtx_stats){0};
    }
    struct buf file = {0};
    buf_put(&file, good.p, good.n);
    memset(file.p, 0, 128), memcpy(file.p, data, size < 128 ? size : 128);
    if (size && data[size - 1] % 2)
        evtx_repair(&file);
    a = fuzz_arena(0);
    CHECK(
        evtx_read(span_of(file.p, file.n, 0), 0, evtx_slots(file.n), &fuzz_want, &a, fuzz_sink, NULL, &s, &e)
            == OK
        && s.parsed == records && s.failed == 0);
    evtx_log_kind(&s);
    buf_free(&file);
    return 0;
}
