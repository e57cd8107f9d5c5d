/* Registry text, everything of it and what the built-in knowledge asks for: facts lie in the file, and what
 * is wanted is a part of everything. */
#include "parsers/registry/regtext.h"
#include "kb/kb.h"
#include "tests/fuzz/fuzz.h"

struct seen {
    size_t size, n;
};

static enum status count(void *ctx, const struct fact *f, struct err *e)
{
    struct seen *s = ctx;
    CHECK(f->ref.file == 0 && f->ref.off <= s->size);
    s->n += f->kind == FACT_REG_VALUE || f->kind == FACT_REG_KEY;
    return fuzz_sink(NULL, f, e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct kb *kb;
    struct seen all = {size, 0}, some = {size, 0}, few = {size, 0};
    struct err e = {0};
    CHECK(kb || kb_load(NULL, &kb, &e) == OK);
    struct want want = fuzz_want;
    struct arena a = fuzz_arena(0);
    enum status st = regtext_read(span_of(data, size, 0), &want, &a, count, &all, &e);
    CHECK(st == OK || st == E_LIMIT);
    a = fuzz_arena(0), e = (struct err){0};
    st = regtext_read(span_of(data, size, 0), kb_want(kb), &a, count, &some, &e);
    CHECK((st == OK || st == E_LIMIT) && some.n <= all.n);
    want.records = 3, want.key_depth = 4;
    a = fuzz_arena(0), e = (struct err){0};
    st = regtext_read(span_of(data, size, 0), &want, &a, count, &few, &e);
    CHECK((st == OK || st == E_LIMIT) && few.n <= 3 && few.n <= all.n);
    return 0;
}
