/* What one process tells the other: the first byte chooses the message. What is understood can be said again,
 * and then always in the same bytes. */
#include "base/limits.h"
#include "run/accept.h"
#include "run/discover.h"
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

/* What a worker says of its job, which the second byte chooses: what is taken lies within the job, once. */
static void take(struct span s)
{
    struct job j = {.order = {.op = (uint8_t)(span_u8(&s) % (JOB_TOOL_TEXT + 1)),
                              .n_files = 2,
                              .count = 1,
                              .bytes = {70000, 9000}},
                    .file = {0, 1}};
    struct file file[2] = {{.is = {.kind = KIND_EVTX}}, {.is = {.kind = KIND_HIVE_LOG}}};
    const struct evidence ev = {.file = file, .n = 2};
    struct accept a = {0};
    struct fact f;
    struct done d;
    struct err e = {0};
    if (accept_fact(&a, &ev, &j, s, &f, &e) == OK) {
        bool many = f.kind == FACT_ANOMALY;
        CHECK(fact_descs[f.kind].from & job_says((enum job_op)j.order.op));
        CHECK(f.ref.file < 2 && (many || f.ref.off < j.order.bytes[f.ref.file]));
        CHECK(accept_alone(&ev, &j, s, &f, NULL) == OK);
        CHECK(accept_fact(&a, &ev, &j, s, &f, NULL) == (many ? OK : E_FORMAT));
    }
    if (accept_done(&j, s, &d, NULL) == OK)
        CHECK(d.seen <= 79000 && d.parsed <= 79000 && d.chunks <= 79000 && d.why.n <= LIM_FACT_NAME);
    accept_free(&a);
}

/* What a file is said to be: its name ends, and is said again in the same bytes. */
static void look(struct span s)
{
    struct sniffed is;
    struct str format;
    struct buf b = {0};
    struct span all = s;
    if (sniffed_get(&s, &is, &format, NULL) == OK && !memchr(format.p, 0, format.n)) {
        char name[256];
        CHECK(format.n < sizeof name && memchr(is.name, 0, sizeof is.name));
        memcpy(name, format.p, format.n), name[format.n] = 0;
        is.format = name, sniffed_put(&b, &is);
        CHECK(b.n == all.n - s.n && memcmp(b.p, all.p, b.n) == 0);
    }
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span s = span_of(data, size, 0), body;
    struct buf once = {0}, twice = {0};
    uint8_t type, what = span_u8(&s) % 8;
    enum status how = OK;
    if (what == 5) {
        while (frame_next(&s, &type, &body, &how))
            CHECK(body.p >= data && body.n <= size);
    } else if (what == 6) {
        take(s);
    } else if (what == 7) {
        look(s);
    } else if (say(what, s, &once) == OK) {
        CHECK(say(what, span_of(once.p, once.n, 0), &twice) == OK);
        CHECK(once.n == twice.n && memcmp(once.p, twice.p, once.n) == 0);
    }
    buf_free(&once), buf_free(&twice);
    return 0;
}
