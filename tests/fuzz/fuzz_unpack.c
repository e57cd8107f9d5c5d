/* What who unpacks and its parent tell each other: the first byte chooses the message. What is understood can
 * be said again, and then always in the same bytes; what is refused has a reason. */
#include "base/limits.h"
#include "plat/plat.h"
#include "run/unpacker.h"
#include "tests/fuzz/fuzz.h"

static enum status say(unsigned what, struct span s, struct buf *b)
{
    struct arena a = fuzz_arena(0);
    struct err e = {0};
    struct unpack_setup setup;
    struct unpack_job job;
    struct unpacked u;
    struct unpack_done done;
    struct str format;
    enum status st;
    switch (what) {
    case 0:
        if ((st = unpack_setup_get(s, &a, &setup, &e)) == OK)
            unpack_setup_put(b, &setup);
        break;
    case 1:
        if ((st = unpack_job_get(s, &job, &e)) == OK) {
            CHECK(job.from[0] <= job.end[0] && job.from[1] <= job.end[1] && job.at % SPOOL_ALIGN == 0);
            unpack_job_put(b, &job);
        }
        break;
    case 2:
        if ((st = unpacked_get(s, &u, &format, &e)) == OK) {
            char word[SNIFF_FORMAT + 1] = "";
            CHECK(u.m.state < MEMBER_STATES && u.spool < SPOOLS && u.m.ordinal && u.m.name.n
                  && u.m.name.n <= LIM_MEMBER_NAME);
            CHECK(format.n < sizeof word && strlen(u.m.is.name) < sizeof u.m.is.name);
            memcpy(word, format.p, format.n);
            if (memchr(format.p, 0, format.n))
                return E_FORMAT; /* of ours none has one, and it is shown up to there */
            u.m.is.format = word;
            unpacked_put(b, &u);
        }
        break;
    default:
        if ((st = unpack_done_get(s, &done, &e)) == OK)
            unpack_done_put(b, &done);
        break;
    }
    CHECK(st == OK || (st == e.code && e.what));
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span s = span_of(data, size, 0);
    struct buf once = {0}, twice = {0};
    uint8_t what = span_u8(&s) % 4;
    if (say(what, s, &once) == OK) {
        CHECK(once.n == s.n && (!s.n || memcmp(once.p, s.p, s.n) == 0));
        CHECK(say(what, span_of(once.p, once.n, 0), &twice) == OK);
        CHECK(once.n == twice.n && memcmp(once.p, twice.p, once.n) == 0);
    }
    buf_free(&once), buf_free(&twice);
    return 0;
}
