/* What Windows's tools print: every fact begins in the file, behind the one before or at least at a place of
 * its own; nothing is said of what does not pass for such a text. */
#include "parsers/tools/tooltext.h"
#include "base/lookup.h"
#include "tests/fuzz/fuzz.h"

struct seen {
    size_t size, n;
    struct lookup places;
};

static enum status look(void *ctx, const struct fact *f, struct err *e)
{
    struct seen *s = ctx;
    CHECK(f->ref.file == 0 && f->ref.off <= s->size);
    if (f->kind == FACT_TOOL_SAID) {
        CHECK(f->ref.off < s->size && f->v[TS_NAME].s.n && f->v[TS_VALUE].s.n && f->v[TS_TOOL].s.n);
        CHECK(!lookup_has(&s->places, f->ref.off + 1) && lookup_put(&s->places, f->ref.off + 1, 0));
        s->n++;
    }
    return fuzz_sink(NULL, f, e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct seen s;
    struct err e = {0};
    const char *what;
    lookup_clear(&s.places), s.size = size, s.n = 0;
    bool is = tooltext_is(span_of(data, size, 0), &what);
    CHECK(!is || what);
    enum status st = tooltext_read(span_of(data, size, 0), look, &s, &e);
    CHECK(st == OK || st == E_LIMIT);
    return 0;
}
