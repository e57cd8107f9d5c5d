/* Binary XML of one record: u16 where it begins in its chunk, u16 its bytes, then the chunk. Both lanes:
 * where both read it, both say the same data. */
#include "parsers/evtx/binxml.h"
#include "tests/fuzz/fuzz.h"

FUZZ_MUTATOR(MUTATE_RAW)

static struct bx_event ev;

static bool read_lane(const uint8_t *p, size_t n, size_t at, size_t bytes, enum bx_lane lane,
                      struct buf *json, struct buf *xml)
{
    struct arena a = fuzz_arena(0);
    struct bx *bx = bx_new(&a);
    CHECK(bx);
    bx_chunk(bx, p, n);
    bool read = bx_open(bx, at, bytes, lane, &ev);
    CHECK(read || ev.why);
    if (read) {
        struct bx_head head;
        struct bx_val all[BXS_FIELDS], v[2];
        const struct str names[2] = {STR("TaskName"), STR("ResultCode")};
        int64_t i;
        bx_head(&ev, &head), bx_system(&ev, all);
        for (size_t k = 0; k < BXS_FIELDS; k++)
            bx_int(all[k], &i), bx_time(all[k], &i), bx_count(all[k]);
        bx_system_json(bx, &ev, xml), xml->n = 0;
        read = bx_data_json(bx, &ev, json, NULL) && !ev.why;
        if (bx_named(bx, &ev, names, names, 2, v))
            bx_text(xml, v[0]), bx_text(xml, v[1]), xml->n = 0;
        bx_event_xml(bx, &ev, xml);
    }
    bx_free(bx);
    return read;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span s = span_of(data, size, 0);
    uint16_t at = span_u16(&s), bytes = span_u16(&s);
    struct buf json[2] = {{0}}, xml[2] = {{0}};
    bool read[2] = {read_lane(s.p, s.n, at, bytes, BX_ANY_LANE, &json[0], &xml[0]),
                    read_lane(s.p, s.n, at, bytes, BX_GENERAL_LANE, &json[1], &xml[1])};
    if (read[0] && read[1])
        CHECK(json[0].n == json[1].n && memcmp(json[0].p, json[1].p, json[0].n) == 0);
    for (int i = 0; i < 2; i++)
        buf_free(&json[i]), buf_free(&xml[i]);
    return 0;
}
