/* near: numbers and texts of evidence as JSON, straight to where they belong, sixteen letters at a time. Owns
 * nothing, knows no end: what is written covers up to NEAR_ROOM bytes more than it returns, and text is read
 * up to NEAR_BEHIND bytes behind its end; the caller has looked that both are there, and what is read there
 * means nothing. Each function of vectors has a twin of plain C, which processors without SSE2 use. */
#ifndef NEAR_H
#define NEAR_H
#include "base/buf.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { NEAR_ROOM = 32, NEAR_BEHIND = 32, NEAR_SUMS = 3 };

/* A unit of UTF-16 that JSON does not print as it is, or not as one byte. */
static inline bool near_odd(unsigned u) { return u < 0x20 || u > 0x7e || u == '"' || u == '\\'; }

/* Sixteen units of UTF-16LE at p as so many letters at at. Which of them JSON does not print as they are: bit
 * i stands for unit i. */
static inline unsigned near_sixteen_twin(char *at, const uint8_t *p)
{
    unsigned odd = 0;
    for (unsigned i = 0; i < 16; i++) {
        unsigned u = le16(p + 2 * i);
        odd |= (unsigned)near_odd(u) << i;
        at[i] = (char)u;
    }
    return odd;
}

/* The sixteen digits of v, a to f small. */
static inline void near_digits_twin(char *at, uint64_t v)
{
    at_hex_eight(at, (uint32_t)(v >> 32), 'a'), at_hex_eight(at + 8, (uint32_t)v, 'a');
}

/* What values of a template begin with, n times u16 size, u8 type, u8 0, as n + 1 offsets: each the sum of
 * the sizes before it. True: the type is one of them. */
static inline bool near_sums_twin(const uint8_t *desc, uint32_t n, uint32_t *off, uint8_t type)
{
    uint32_t sum = 0;
    bool found = false;
    for (uint32_t i = 0; i < n; i++) {
        off[i] = sum;
        sum += le16(desc + 4 * i);
        found |= desc[4 * i + 2] == type;
    }
    off[n] = sum;
    return found;
}

/* Are fours times sixteen bytes at p, where mask, as want? key: mask and want in turn, sixteen bytes each, on
 * a boundary of sixteen. */
static inline bool near_like_twin(const uint8_t *p, const uint8_t *key, size_t fours)
{
    uint64_t differ = 0;
    for (size_t i = 0; i < fours; i++)
        for (size_t k = 0; k < 16; k += 8)
            differ |= (le64(p + 16 * i + k) & le64(key + 32 * i + k)) ^ le64(key + 32 * i + 16 + k);
    return differ == 0;
}

/* n bytes and up to NEAR_ROOM more. */
static inline void near_copy(char *at, const uint8_t *p, size_t n)
{
    memcpy(at, p, NEAR_BEHIND);
    for (size_t i = NEAR_BEHIND; i < n; i += NEAR_BEHIND)
        memcpy(at + i, p + i, NEAR_BEHIND);
}

/* Which of sixteen bytes stand for more than themselves in a text of JSON, or may not stand there: bit i is
 * byte i. */
static inline unsigned near_marks_twin(const char *p)
{
    unsigned marks = 0;
    for (unsigned i = 0; i < 16; i++)
        marks |= (unsigned)((unsigned char)p[i] < 0x20 || p[i] == '"' || p[i] == '\\') << i;
    return marks;
}

#ifdef __SSE2__
static inline unsigned near_marks(const char *p)
{
    __m128i text = _mm_loadu_si128((const __m128i *)(const void *)p),
            odd = _mm_cmpeq_epi8(_mm_min_epu8(text, _mm_set1_epi8(0x1f)), text);
    odd = _mm_or_si128(odd, _mm_or_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8('"')),
                                         _mm_cmpeq_epi8(text, _mm_set1_epi8('\\'))));
    return (unsigned)_mm_movemask_epi8(odd);
}

/* Are n bytes the same? Bytes behind both are read. */
static inline bool near_same(const uint8_t *a, const uint8_t *b, size_t n)
{
    for (;; a += 16, b += 16, n -= 16) {
        unsigned differ = ~(unsigned)_mm_movemask_epi8(
                              _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)a),
                                             _mm_loadu_si128((const __m128i *)(const void *)b)))
                          & 0xffff;
        if (n <= 16)
            return !(differ & ((1u << n) - 1));
        if (differ)
            return false;
    }
}

static inline bool near_like(const uint8_t *p, const uint8_t *key, size_t fours)
{
    const __m128i *at = (const __m128i *)(const void *)p, *with = (const __m128i *)(const void *)key;
    __m128i differ = _mm_setzero_si128();
    for (; fours; fours--, at++, with += 2)
        differ = _mm_or_si128(differ, _mm_xor_si128(_mm_and_si128(_mm_loadu_si128(at), with[0]), with[1]));
    return _mm_movemask_epi8(_mm_cmpeq_epi8(differ, _mm_setzero_si128())) == 0xffff;
}

static inline unsigned near_sixteen(char *at, const uint8_t *p)
{
    __m128i low = _mm_loadu_si128((const __m128i *)(const void *)p),
            high = _mm_loadu_si128((const __m128i *)(const void *)(p + 16)),
            /* what is no byte becomes 0 or 0xff, and both are odd */
        text = _mm_packus_epi16(low, high);
    _mm_storeu_si128((__m128i *)(void *)at, text);
    /* signed: what is above 0x7f is below 0x20 */
    __m128i odd = _mm_or_si128(
        _mm_or_si128(_mm_cmplt_epi8(text, _mm_set1_epi8(0x20)), _mm_cmpeq_epi8(text, _mm_set1_epi8(0x7f))),
        _mm_or_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8('"')), _mm_cmpeq_epi8(text, _mm_set1_epi8('\\'))));
    return (unsigned)_mm_movemask_epi8(odd);
}

static inline void near_digits(char *at, uint64_t v)
{
    const __m128i half = _mm_set1_epi8(15);
    __m128i bytes = _mm_cvtsi64_si128((long long)__builtin_bswap64(v)),
            digit = _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16(bytes, 4), half),
                                      _mm_and_si128(bytes, half)),
            letter = _mm_and_si128(_mm_cmpgt_epi8(digit, _mm_set1_epi8(9)), _mm_set1_epi8('a' - '0' - 10));
    _mm_storeu_si128((__m128i *)(void *)at, _mm_add_epi8(_mm_add_epi8(digit, _mm_set1_epi8('0')), letter));
}

/* Four of them. sum: of those before, in all four. Which are of the type. */
static inline __m128i near_four_sums(const uint8_t *desc, uint32_t *behind, uint8_t type, __m128i *sum)
{
    __m128i four = _mm_loadu_si128((const __m128i *)(const void *)desc),
            size = _mm_and_si128(four, _mm_set1_epi32(0xffff)),
            upto = _mm_add_epi32(size, _mm_slli_si128(size, 4)); /* sums of two, of four */
    upto = _mm_add_epi32(_mm_add_epi32(upto, _mm_slli_si128(upto, 8)), *sum);
    _mm_storeu_si128((__m128i *)(void *)behind, upto);
    *sum = _mm_shuffle_epi32(upto, 0xff);
    return _mm_cmpeq_epi32(_mm_and_si128(four, _mm_set1_epi32(0xff0000)), _mm_set1_epi32(type << 16));
}

/* off: room for NEAR_SUMS more. */
static inline bool near_sums(const uint8_t *desc, uint32_t n, uint32_t *off, uint8_t type)
{
    __m128i sum = _mm_setzero_si128(), found = sum;
    uint32_t i = 0;
    off[0] = 0;
    for (; i + 4 <= n; i += 4)
        found = _mm_or_si128(found, near_four_sums(desc + 4 * i, off + i + 1, type, &sum));
    unsigned rest = 0;
    if (i < n)
        rest = (unsigned)_mm_movemask_epi8(near_four_sums(desc + 4 * i, off + i + 1, type, &sum))
               & ((1u << 4 * (n - i)) - 1);
    return rest || _mm_movemask_epi8(found) != 0;
}
#else
static inline unsigned near_marks(const char *p) { return near_marks_twin(p); }
static inline bool near_same(const uint8_t *a, const uint8_t *b, size_t n) { return memcmp(a, b, n) == 0; }
static inline bool near_like(const uint8_t *p, const uint8_t *key, size_t fours)
{
    return near_like_twin(p, key, fours);
}
static inline unsigned near_sixteen(char *at, const uint8_t *p) { return near_sixteen_twin(at, p); }
static inline void near_digits(char *at, uint64_t v) { near_digits_twin(at, v); }
static inline bool near_sums(const uint8_t *desc, uint32_t n, uint32_t *off, uint8_t type)
{
    return near_sums_twin(desc, n, off, type);
}
#endif

/* Eight digits of v < 10^8, the first in the lowest byte: halves, then pairs, then digits, all at once. */
static inline uint64_t near_eight(uint32_t v)
{
    uint64_t w = v / 10000 | (uint64_t)(v % 10000) << 32, high = (w * 10486 >> 20) & 0x0000007f0000007f;
    w = high | (w - high * 100) << 16;
    high = (w * 103 >> 10) & 0x000f000f000f000f;
    return high | (w - high * 10) << 8;
}

static inline char *near_u32(char *at, uint32_t v)
{
    if (__builtin_expect(v >= 100000000, 0)) {
        uint32_t high = v / 100000000; /* 42 at most */
        *at = (char)('0' + high / 10), at += high >= 10;
        *at++ = (char)('0' + high % 10);
        uint64_t low = near_eight(v % 100000000) + 0x3030303030303030;
        return memcpy(at, &low, sizeof low), at + 8;
    }
    uint64_t w = near_eight(v);
    unsigned zeros = (unsigned)__builtin_ctzll(w | (uint64_t)1 << 56) / 8;
    w = (w + 0x3030303030303030) >> 8 * zeros;
    return memcpy(at, &w, sizeof w), at + 8 - zeros;
}

static inline char *near_u64(char *at, uint64_t v)
{
    return v >> 32 ? at_u64(at, v) : near_u32(at, (uint32_t)v);
}

/* 0x and its digits, at least one. */
static inline char *near_hex(char *at, uint64_t v)
{
    unsigned n = (67 - (unsigned)__builtin_clzll(v | 1)) / 4;
    memcpy(at, "0x", 2), near_digits(at + 2, v << (64 - 4 * n));
    return at + 2 + n;
}

/* UTF-16LE, n bytes (even), as JSON without the quotes: as at_json16, which takes over at the first letter
 * that is neither ASCII nor escaped by a backslash before it. */
__attribute__((always_inline)) static inline char *near_json16(char *at, const uint8_t *p, size_t n)
{
    static const char letter[] = {['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\'};
    for (;;) {
        unsigned odd = near_sixteen(at, p);
        if (n <= 32) {
            odd &= (1u << n / 2) - 1;
            if (!odd)
                return at + n / 2;
        }
        unsigned plain = odd ? (unsigned)__builtin_ctz(odd) : 16;
        at += plain, p += 2 * plain, n -= 2 * plain;
        if (!odd)
            continue;
        for (unsigned u; n && (u = le16(p)) < sizeof letter && letter[u]; p += 2, n -= 2)
            *at++ = '\\', *at++ = letter[u];
        if (!n)
            return at;
        if (near_odd(le16(p)))
            return at_json16(at, p, n);
    }
}
#endif
