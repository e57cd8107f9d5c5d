/* What a file is, by its first bytes: something is always said of it, and the same of a longer head, where a
 * base block is whole. */
#include "parsers/sniff/sniff.h"
#include "parsers/evtx/evtx.h"
#include "base/utf.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sniffed what = sniff(span_of(data, size, 0));
    CHECK(what.kind < KINDS && what.format && strlen(what.format) <= SNIFF_FORMAT
          && memchr(what.name, 0, sizeof what.name) && (what.kind == KIND_EMPTY) == (size == 0));
    struct str name = str_of(what.name);
    for (size_t i = 0; i < name.n;)
        CHECK(utf8_next(name, &i) != UTF_BAD);
    uint8_t *longer = malloc(size + 64);
    CHECK(longer);
    if (size)
        memcpy(longer, data, size);
    memset(longer + size, 'x', 64);
    /* its last line may be what tool's text it is known by: it ends, in one of the ways lines do */
    static const char ends[][2] = {{'x', 'x'}, {'\n', 'x'}, {'\n', 0}, {0, '\n'}};
    bool same = false;
    for (size_t i = 0; i < (what.kind == KIND_TOOL_TEXT ? LEN(ends) : 1); i++) {
        memcpy(longer + size, ends[i], 2);
        same |= sniff(span_of(longer, size + 64, 0)).kind == what.kind;
    }
    CHECK(size < 512 || what.kind == KIND_UNKNOWN || same);
    free(longer);
    return 0;
}
