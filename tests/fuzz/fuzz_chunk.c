/* One chunk behind a good file header: its magic, checksums, and the copies of its records' sizes are made
 * right, so that damage reaches binary XML. */
#include "tests/build.h"
#include "tests/fuzz/events.h"

FUZZ_MUTATOR(MUTATE_RAW)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf file = {0};
    size_t have = size < EVTX_CHUNK ? size : EVTX_CHUNK;
    CHECK(buf_room(&file, EVTX_HEADER + EVTX_CHUNK));
    file.n = EVTX_HEADER + EVTX_CHUNK;
    memset(file.p, 0, file.n);
    char *head = file.p, *c = file.p + EVTX_HEADER;
    memcpy(head, "ElfFile", 8), set32(head + 32, 128), set32(head + 36, 3u << 16 | 1),
        set32(head + 40, 1u << 16 | EVTX_HEADER);
    memcpy(c, data, have);
    memcpy(c, "ElfChnk", 8), set32(c + 40, 128);
    for (size_t at = 512; at + 28 <= EVTX_CHUNK && le32((uint8_t *)c + at) == 0x2a2a;) {
        uint32_t n = le32((uint8_t *)c + at + 4);
        if (n < 28 || n > EVTX_CHUNK - at)
            break;
        set32(c + at + n - 4, n);
        at += n;
    }
    evtx_repair(&file);
    fuzz_events(span_of(file.p, file.n, 0), size % 2);
    buf_free(&file);
    return 0;
}
