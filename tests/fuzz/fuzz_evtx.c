/* A whole log, as it is. */
#include "tests/fuzz/events.h"

FUZZ_MUTATOR(MUTATE_EVTX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_events(span_of(data, size, 0), size % 2);
    return 0;
}
