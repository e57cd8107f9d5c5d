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
    if (what.kind == KIND_TOOL_TEXT && size > 1) { /* its last line may be what it is known by */
        static const char ends[][2] = {{'\n', 'x'}, {'\n', 0}, {0, '\n'}};
        memcpy(longer + size,
               ends[data[0] == 0xff && data[1] == 0xfe   ? 1
                    : data[0] == 0xfe && data[1] == 0xff ? 2
                                                         : 0],
               2);
    }
    struct sniffed again = sniff(span_of(longer, size + 64, 0));
    CHECK(size < 512 || what.kind == KIND_UNKNOWN || again.kind == what.kind);
    free(longer);
    return 0;
}
