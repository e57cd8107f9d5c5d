/* Names of members: whatever bytes stand for one, what comes out is text without a way out, and says the same
 * when it is read again. */
#include "base/limits.h"
#include "base/utf.h"
#include "parsers/container/name.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = fuzz_arena(0);
    struct str raw = {(const char *)data, size};
    bool climbs, again;
    struct str name = member_name(raw, &a, &climbs), packed = packed_name(raw);
    CHECK(name.p && name.n && name.n <= LIM_MEMBER_NAME);
    CHECK(packed.n && !memchr(packed.p, '/', packed.n) && !memchr(packed.p, '\\', packed.n));
    for (size_t at = 0; at < name.n;)
        CHECK(utf8_next(name, &at) != UTF_BAD);
    CHECK(name.p[0] != '/' && name.p[name.n - 1] != '/' && !memchr(name.p, '\\', name.n));
    for (struct str rest = name; rest.n;) {
        struct str part = str_cut(&rest, '/');
        CHECK(part.n && !str_eq(part, STR(".")) && !str_eq(part, STR("..")));
    }
    struct str once_more = member_name(name, &a, &again);
    CHECK(!again && (name.n > LIM_MEMBER_NAME - 4 || str_eq(once_more, name)));
    return 0;
}
