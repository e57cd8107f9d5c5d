/* Key paths: kind, path, pattern and value, divided by NULs. Patterns against a second matcher; what a path
 * means does not depend on its letters' case. */
#include "parsers/registry/regpath.h"
#include "base/utf.h"
#include "tests/fuzz/fuzz.h"

/* The same question, name by name and recursively. */
static bool fits(struct str path, struct str pattern)
{
    if (!pattern.n)
        return !path.n;
    struct str want = str_cut(&pattern, '\\');
    if (str_eq(want, STR("**")))
        return true;
    if (!path.n)
        return false;
    struct str part = str_cut(&path, '\\');
    return (str_eq(want, STR("*")) || utf8_eq_ci(want, part)) && fits(path, pattern);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = {(const char *)data, size}, kind = str_cut(&rest, 0), path = str_cut(&rest, 0),
               pattern = str_cut(&rest, 0), value = rest, below;
    struct reg_secrets own = reg_secrets_of(kind), any = reg_secrets_of(STR("UNKNOWN"));
    struct arena a = fuzz_arena(0);
    CHECK(reg_path_fits(path, pattern) == fits(path, pattern));
    CHECK(own.n <= any.n && any.n <= REG_SECRETS);
    bool secret = reg_is_secret(&own, path, value);
    struct str up = arena_str(&a, path);
    for (size_t i = 0; up.p && i < up.n; i++)
        if (up.p[i] >= 'a' && up.p[i] <= 'z')
            ((char *)(uintptr_t)up.p)[i] = (char)(up.p[i] - 32);
    CHECK(reg_is_secret(&own, up, value) == secret);
    if (reg_below(path, kind, &below)) {
        CHECK(below.n <= path.n && (!below.n || below.p + below.n == path.p + path.n));
        CHECK(kind.n == 0 || str_starts_ci(path, kind));
    }
    CHECK(!reg_is_control_set(path) || path.n == 13);
    return 0;
}
