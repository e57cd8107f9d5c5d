#include "tests/build.h"
#include "base/utf.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

int64_t utc(const char *rfc3339)
{
    int64_t t = 0;
    if (!wintime_parse(str_of(rfc3339), &t)) {
        fprintf(stderr, "not a time: %s\n", rfc3339);
        abort();
    }
    return t;
}

void set16(void *p, uint16_t v) { memcpy(p, (uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8)}, 2); }
void set32(void *p, uint32_t v) { set16(p, (uint16_t)v), set16((uint8_t *)p + 2, (uint16_t)(v >> 16)); }
void set64(void *p, uint64_t v) { set32(p, (uint32_t)v), set32((uint8_t *)p + 4, (uint32_t)(v >> 32)); }

void put_utf16(struct buf *b, const char *utf8)
{
    struct str s = str_of(utf8);
    for (size_t i = 0; i < s.n;) {
        uint32_t u = utf8_next(s, &i);
        assert(u != UTF_BAD);
        if (u >= 0x10000)
            buf_u16(b, (uint16_t)(0xd800 + ((u - 0x10000) >> 10))), u = 0xdc00 + ((u - 0x10000) & 0x3ff);
        buf_u16(b, (uint16_t)u);
    }
}

void put_sid(struct buf *b, const char *text)
{
    uint8_t sid[8 + 4 * 15] = {1};
    const char *p = text;
    assert(strncmp(p, "S-1-", 4) == 0);
    p += 4;
    char *end;
    uint64_t authority = strtoull(p, &end, 0);
    for (unsigned i = 0; i < 6; i++)
        sid[2 + i] = (uint8_t)(authority >> (8 * (5 - i)));
    for (p = end; *p; p = end) {
        assert(*p == '-' && sid[1] < 15);
        set32(sid + 8 + 4 * sid[1]++, (uint32_t)strtoul(p + 1, &end, 10));
    }
    buf_put(b, sid, 8 + 4u * sid[1]);
}

void put_guid(struct buf *b, const char *text)
{
    static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    uint8_t guid[16] = {0};
    unsigned n = 0;
    for (const char *p = text; *p; p++) {
        const char *hex = strchr("0123456789abcdef", *p | 0x20);
        if (*p == '{' || *p == '}' || *p == '-')
            continue;
        assert(hex && n < 32);
        uint8_t *at = &guid[order[n / 2]];
        *at = (uint8_t)(*at << 4 | (hex - "0123456789abcdef"));
        n++;
    }
    assert(n == 32);
    buf_put(b, guid, sizeof guid);
}

void write_file(const char *dir, const char *name, const struct buf *b)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = n > 0 && (size_t)n < sizeof path ? fopen(path, "wb") : NULL;
    if (!f || b->bad || fwrite(b->p, 1, b->n, f) != b->n || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}
