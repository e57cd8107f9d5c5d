/* A hive with two logs: u8 flags, u24 bytes of the hive, u24 bytes of the first log, then the three files.
 * Flags 1, 2, 4: checksums of that file made right. */
#include "parsers/registry/regf.h"
#include "tests/build.h"
#include "tests/fuzz/fuzz.h"

FUZZ_MUTATOR(MUTATE_RAW)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size, 0), part[3];
    struct buf file[3] = {{0}};
    unsigned flags = span_u8(&in);
    for (int i = 0; i < 3; i++) {
        uint32_t n = i < 2 ? span_u16(&in) : 0;
        n |= i < 2 ? (uint32_t)span_u8(&in) << 16 : 0;
        file[i].cap = n; /* remembered until all lengths are read */
    }
    for (int i = 0; i < 3; i++) {
        struct span s = span_take(&in, i < 2 && file[i].cap < in.n ? file[i].cap : in.n);
        file[i].cap = 0;
        if (!s.bad)
            buf_put(&file[i], s.p, s.n);
        if (flags >> i & 1 && file[i].n >= 512)
            (i ? log_repair : hive_repair)(&file[i]);
        part[i] = span_of(file[i].p, file[i].n, 0);
    }
    struct image img;
    struct replay r;
    struct err e = {0};
    txlog_recover(part, 3, &img, &r, &e);
    CHECK(img.n == 0 || img.bytes);
    CHECK(r.dirty || (img.n == part[0].n && (!img.n || memcmp(img.bytes, part[0].p, img.n) == 0)));
    for (uint64_t at = 0; at < img.n; at += 512) {
        struct ref from = image_ref(&img, at, NULL);
        CHECK(from.file < 3 && from.off <= part[from.file].n);
    }
    image_free(&img);
    struct arena a = fuzz_arena(0);
    e = (struct err){0};
    hive_read(part, 3, size % 2 ? &fuzz_want : fuzz_ours(), &a, fuzz_sink, NULL, &e);
    for (int i = 0; i < 3; i++)
        buf_free(&file[i]);
    return 0;
}
