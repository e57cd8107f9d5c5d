/* events: one log through every door of evtx.h. */
#ifndef EVENTS_H
#define EVENTS_H
#include "parsers/evtx/evtx.h"
#include "tests/fuzz/fuzz.h"

static enum status fuzz_put(void *ctx, struct buf *text, struct err *e)
{
    (void)e;
    *(size_t *)ctx += text->n && memchr(text->p, 1, text->n) ? 1 : text->n;
    return OK;
}

static void fuzz_events(struct span file, bool xml)
{
    struct arena a = fuzz_arena(0);
    struct evtx_stats s = {0}, d = {0};
    struct err e = {0};
    size_t sum = 0;
    enum status st = evtx_read(file, 0, evtx_slots(file.n), &fuzz_want, &a, fuzz_sink, NULL, &s, &e);
    CHECK(st == OK || st == E_LIMIT);
    CHECK(s.seen == s.parsed + s.recovered + s.failed);
    evtx_log_kind(&s);
    a = fuzz_arena(0), e = (struct err){0};
    st = evtx_dump(file, 0, evtx_slots(file.n), &fuzz_want, xml ? EVTX_XML : EVTX_JSONL, &a, NULL, fuzz_put,
                   &sum, &d, &e);
    CHECK(st == OK || st == E_LIMIT);
    a = fuzz_arena(0), e = (struct err){0}, s = (struct evtx_stats){0};
    st = evtx_read(file, 0, evtx_slots(file.n), fuzz_ours(), &a, fuzz_sink, NULL, &s, &e);
    /* what a chunk counts and does not show has failed too: as many as fit into it */
    CHECK((st == OK || st == E_LIMIT) && s.seen == s.parsed + s.recovered + s.failed
          && s.parsed <= fuzz_ours()->records
          && s.failed <= fuzz_ours()->records + evtx_slots(file.n) * (EVTX_CHUNK / 24));
    for (uint64_t at = EVTX_HEADER + 512; at + 4 <= file.n && at < EVTX_HEADER + 2048; at += 4) {
        struct buf out = {0};
        uint32_t size = 0;
        a = fuzz_arena(0), e = (struct err){0};
        if (le32(file.p + at) == 0x2a2a
            && evtx_record(file, at, at % 16 ? EVTX_JSONL : EVTX_XML, &a, &out, &size, &e) == OK)
            CHECK(out.n > 2 && size <= file.n - at);
        buf_free(&out);
    }
}
#endif
