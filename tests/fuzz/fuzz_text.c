/* Times and numbers: what is written is read back the same. */
#include "base/wintime.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = {(const char *)data, size};
    char text[WINTIME_TEXT];
    struct buf b = {0};
    int64_t t, u;
    if (wintime_parse(s, &t) && wintime_sane(t))
        CHECK(wintime_parse(str_of(wintime_text(t, text)), &u) && u == t);
    if (size >= 8) {
        t = (int64_t)le64(data);
        wintime_text(t, text), buf_time(&b, t);
        CHECK(str_eq(buf_view(&b), str_of(text))
              && (!wintime_sane(t) || (wintime_parse(buf_view(&b), &u) && u == t)));
        b.n = 0, buf_i64(&b, t);
        CHECK(str_i64(buf_view(&b), &u) && u == t);
    }
    if (size >= 16 && wintime_from_systemtime(data, &t))
        wintime_text(t, text);
    if (str_i64(s, &t)) {
        b.n = 0, buf_i64(&b, t);
        CHECK(str_i64(buf_view(&b), &u) && u == t);
    }
    buf_free(&b);
    return 0;
}
