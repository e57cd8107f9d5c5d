/* fuzz: what the targets share: memory that starts afresh for each input, and sinks that read whatever they
 * are given. Nothing outlives an input but the arenas. A broken promise of the code under test is a failed
 * assertion: CHECK. */
#ifndef FUZZ_H
#define FUZZ_H
#include "base/arena.h"
#include "base/fact.h"
#include "base/want.h"
#include "tests/mutate.h"
#include <stdlib.h>

#define CHECK(x)     \
    do {             \
        if (!(x))    \
            abort(); \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline struct arena fuzz_arena(int which)
{
    static struct arena a[2];
    if (!a[which].base)
        CHECK(arena_make(&a[which], 64 << 20));
    return a[which];
}

/* Every fact goes over the wire and comes back the same. */
static inline enum status fuzz_sink(void *ctx, const struct fact *f, struct err *e)
{
    struct buf once = {0}, twice = {0};
    struct fact back;
    (void)ctx;
    fact_put(&once, f);
    CHECK(fact_get(span_of(once.p, once.n, 0), &back, e) == OK);
    fact_put(&twice, &back);
    CHECK(once.n == twice.n && memcmp(once.p, twice.p, once.n) == 0);
    buf_free(&once), buf_free(&twice);
    return OK;
}
/* Structure-aware damage: every other input is libFuzzer's own, the rest are edits that keep numbers aligned,
 * with checksums made right (mutate.h). */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
#define FUZZ_MUTATOR(how)                                                                  \
    size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) \
    {                                                                                      \
        struct buf b = {0};                                                                \
        if (seed % 2 || size < 16)                                                         \
            return LLVMFuzzerMutate(data, size, most);                                     \
        buf_put(&b, data, size), mutate(&b, seed, how);                                    \
        size = b.n < most ? b.n : most;                                                    \
        memcpy(data, b.p, size), buf_free(&b);                                             \
        return size;                                                                       \
    }
static const struct want fuzz_want = {
    .all_events = true, .all_keys = true, .recovered = true, .until = INT64_MAX};

/* What knowledge asks for, in small: folds with and without exceptions, keys by name and by pattern; and
 * limits that are reached. */
#define Z(literal)                   \
    {                                \
        literal, sizeof(literal) - 1 \
    }
static inline const struct want *fuzz_ours(void)
{
    static struct want_event event[] = {
        {.provider = Z("Microsoft-Windows-Security-Auditing"),
         .id = 4624,
         .how = WANT_FOLD,
         .n_key = 2,
         .key = {Z("TargetUserName"), Z("Missing")},
         .keep_field = Z("LogonType"),
         .n_keep = 1,
         .keep = {2}},
        {.provider = Z("Types"),
         .id = 1,
         .how = WANT_FOLD,
         .n_key = 3,
         .key = {Z("list"), Z("nil"), Z("sid")}},
        {.provider = Z("EventLog"), .id = 6009, .how = WANT_FOLD, .n_key = 1, .key = {Z("param1")}},
        {.provider = Z(""), .id = 101, .how = WANT_KEEP},
        {.provider = Z("Text"), .id = 2, .how = WANT_FOLD},
    };
    static struct want_key key[] = {
        {Z("SYSTEM"), Z("<CCS>\\Control\\Lsa"), Z("*")},
        {Z("SYSTEM"), Z("<CCS>\\Services\\*"), Z("Start")},
        {Z("SYSTEM"), Z("Select"), Z("Current")},
        {Z("SECURITY"), Z("Policy\\Secrets\\**"), Z("")},
        {Z("*"), Z("**"), Z("DefaultPassword")},
        {Z("SYSTEM"), Z("*\\*\\A\\B\\C"), Z("x")},
        {Z("SOFTWARE"), Z("Microsoft\\Windows NT\\**"), Z("*")},
        {Z("SAM"), Z("SAM\\Domains\\Account\\Users\\*"), Z("F")},
    };
    static const struct want ours = {.event = event,
                                     .n_event = LEN(event),
                                     .key = key,
                                     .n_key = LEN(key),
                                     .recovered = true,
                                     .until = INT64_MAX,
                                     .records = 40,
                                     .xml_depth = 12,
                                     .key_depth = 5};
    return &ours;
}
#undef Z
#endif
