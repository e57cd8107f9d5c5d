/* One knowledge file: the first byte says which kind. What is refused is refused with a line: "FILE:LINE:
 * why". */
#include "kb/kb_priv.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const name[] = {"rules/one.yml",    "codes/one.yml", "events/one.yml",
                                       "registry/one.yml", "artifacts.yml", "accounts.yml"};
    struct span s = span_of(data, size, 0);
    struct kb kb = {.a = fuzz_arena(0)};
    struct err e = {0};
    struct source file = {.name = name[span_u8(&s) % LEN(name)], .text = {(const char *)s.p, s.n}};
    enum status st = kb_read_file(&kb, &file, fuzz_arena(1), &e);
    CHECK(st == OK || (st == e.code && e.why[0]));
    CHECK(st != OK || kb.n_rule <= 1);
    return 0;
}
