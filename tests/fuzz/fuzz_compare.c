/* What we say of an event against what a second reader says: JSON, then name and text pairs, divided by NULs.
 * A value always agrees with itself. */
#include "parsers/second/second.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = {(const char *)data, size}, json = str_cut(&rest, 0);
    struct arena a = fuzz_arena(0);
    struct second_field field[16];
    struct second_event theirs = {.field = field};
    struct fact ours = {.kind = FACT_EVENT};
    struct second_verdict v;
    struct buf text = {0};
    enum second_defect d;
    for (size_t i = 0; i < FACT_COLS; i++)
        ours.v[i] = theirs.v[i] = val_null();
    ours.v[EV_DATA] = val_s(json);
    while (rest.n && theirs.n_field < LEN(field)) {
        field[theirs.n_field].name = str_cut(&rest, 0);
        field[theirs.n_field++].text = str_cut(&rest, 0);
    }
    second_compare_event(&ours, &theirs, NULL, &a, &v);
    second_verdict_text(&v, &text);
    for (size_t i = 0; i < theirs.n_field; i++)
        CHECK(second_same_text(field[i].text, field[i].text, false, a, &d) && !d);
    buf_free(&text);
    return 0;
}
