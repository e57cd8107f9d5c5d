/* A hive, its base block's checksum made right: everything our reader and its decoders find in it. */
#include "parsers/registry/regf.h"
#include "tests/build.h"
#include "tests/fuzz/fuzz.h"

static bool deleted(void *ctx, struct str path, const struct regf_key *key, const struct regf_value *value,
                    const struct regf_key *of)
{
    (void)of;
    CHECK((key != NULL) != (value != NULL));
    return (*(size_t *)ctx += path.n + (value ? value->data.n : key->name.n)) < 1 << 24;
}

FUZZ_MUTATOR(MUTATE_HIVE)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf file = {0};
    buf_put(&file, data, size);
    if (size >= HIVE_BASE)
        hive_repair(&file);
    struct span s = span_of(file.p, file.n, 0);
    struct image img = {.bytes = s.p, .n = s.n, .hive = s};
    struct arena a = fuzz_arena(0);
    struct regf *h;
    struct err e = {0};
    if (regf_open(&img, &a, fuzz_sink, NULL, &h, &e) == OK) {
        struct regf_totals t;
        size_t n = 0;
        regf_count(h, &t);
        regf_deleted(h, deleted, &n);
    }
    a = fuzz_arena(1);
    e = (struct err){0};
    hive_read(&s, 1, &fuzz_want, &a, fuzz_sink, NULL, &e);
    a = fuzz_arena(1), e = (struct err){0};
    hive_read(&s, 1, fuzz_ours(), &a, fuzz_sink, NULL, &e);
    buf_free(&file);
    return 0;
}
