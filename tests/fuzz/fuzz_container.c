/* Containers through libarchive: the first byte says how many passphrases, the rest is the container. What is
 * told of a member fits what was given of it, the sums fit what was told, and no limit is passed. */
#include "parsers/container/container.h"
#include "plat/plat.h"
#include "tests/fuzz/fuzz.h"

enum { MOST = 1 << 20, MEMBER_MOST = 1 << 18 };
struct heard {
    uint64_t given, wanted, failed, locked;
    uint32_t ordinal;
};

static void expect(void *ctx, const struct sniffed *is, uint64_t bytes) { (void)ctx, (void)is, (void)bytes; }

static enum status take_data(void *ctx, const void *p, size_t n, struct err *e)
{
    struct heard *h = ctx;
    volatile uint8_t sum = 0;
    (void)e;
    for (size_t i = 0; i < n; i++)
        sum = (uint8_t)(sum + ((const uint8_t *)p)[i]);
    h->given += n;
    return OK;
}

static void take_back(void *ctx) { ((struct heard *)ctx)->given = 0; }

static enum status take_member(void *ctx, const struct member *m, struct err *e)
{
    struct heard *h = ctx;
    bool given = m->state == MEMBER_WHOLE || m->state == MEMBER_DAMAGED;
    (void)e;
    CHECK(m->state < MEMBER_STATES && m->ordinal && m->name.n && m->is.format);
    CHECK(given ? m->bytes == h->given && m->bytes <= MEMBER_MOST && m->bytes : !h->given);
    CHECK(m->state == MEMBER_WHOLE || m->why.n);
    h->wanted += given, h->failed += m->state != MEMBER_WHOLE && m->state != MEMBER_NAMED;
    h->locked += m->state == MEMBER_LOCKED, h->given = 0;
    return OK;
}

static enum status take_progress(void *ctx, uint64_t in, struct err *e)
{
    (void)ctx, (void)in, (void)e;
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str words[] = {{"a", 1}, {"", 0}, {"infected", 8}};
    struct arena a = fuzz_arena(0);
    struct span s = span_of(data, size, 0);
    struct heard h = {0};
    struct container_sink sink = {expect, take_data, take_back, take_member, take_progress, &h};
    struct container_sums sums;
    struct err e = {0};
    uint8_t n = span_u8(&s);
    CHECK(plat_neutral(&e) == OK);
    /* libarchive 3.6.2 itself dies of some damaged cabinets, in cab_checksum_cfdata: an unpacker that does
     * costs its container (test_unpack), and there is nothing of ours to be found behind it */
    if (size > 4 && memmem(data, size, "MSCF", 4))
        return 0;
    struct container_ask ask = {.file = s,
                                .name = STR("x.gz"),
                                .password = words,
                                .n_password = n % 4u,
                                .most = MOST,
                                .member_most = MEMBER_MOST,
                                .only = n > 128 ? n - 128u : CONTAINER_ALL};
    enum status st = s.bad ? OK : container_read(&ask, &sink, &a, &sums, &e);
    CHECK(st == OK || st == E_LIMIT);
    if (s.bad)
        return 0;
    CHECK(sums.wanted == h.wanted && sums.failed == h.failed && sums.locked == h.locked);
    CHECK(memchr(sums.why, 0, sizeof sums.why) && (sums.opened || sums.why[0]));
    return 0;
}
