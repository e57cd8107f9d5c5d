/* What one process tells the other: the first byte chooses the message. What is understood can be said again,
 * and then always in the same bytes. */
#include "run/frame.h"
#include "run/rereader.h"
#include "run/worker.h"
#include "tests/fuzz/fuzz.h"

/* Reads a message and says it again into b. */
static enum status say(unsigned what, struct span s, struct buf *b)
{
    struct arena a = fuzz_arena(0);
    struct err e = {0};
    struct fact f;
    struct want w;
    struct job_order j;
    struct done d;
    struct reread_item it;
    enum status st;
    switch (what) {
    case 0:
        if ((st = fact_get(s, &f, &e)) == OK)
            fact_put(b, &f);
        break;
    case 1:
        if ((st = want_get(s, &a, &w, &e)) == OK)
            want_put(b, &w);
        break;
    case 2:
        if ((st = job_order_get(s, &j, &e)) == OK)
            job_order_put(b, &j);
        break;
    case 3:
        if ((st = done_get(s, &d, &e)) == OK)
            done_put(b, &d);
        break;
    default:
        if ((st = reread_item_get(s, &it, &e)) == OK)
            reread_item_put(b, &it);
        break;
    }
    CHECK(st == OK || (st == e.code && e.what));
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span s = span_of(data, size, 0), body;
    struct buf once = {0}, twice = {0};
    uint8_t type, what = span_u8(&s) % 6;
    enum status how = OK;
    if (what == 5) {
        while (frame_next(&s, &type, &body, &how))
            CHECK(body.p >= data && body.n <= size);
    } else if (say(what, s, &once) == OK) {
        CHECK(say(what, span_of(once.p, once.n, 0), &twice) == OK);
        CHECK(once.n == twice.n && memcmp(once.p, twice.p, once.n) == 0);
    }
    buf_free(&once), buf_free(&twice);
    return 0;
}
