#include "base/lanes.h"
#include <string.h>

enum {
    STEP = 4 << 20, /* bytes between two words of progress */
    BLOCK = 64,
};

/* FIPS 180-4, 4.2.2 and 5.3.3: fractional parts of the cube roots and square roots of the first primes. */
static const uint32_t first_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
#if defined __x86_64__
static const uint32_t _Alignas(16) round_key[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#include <cpuid.h>
#include <immintrin.h>

/* --- SHA extensions: one round pair waits four cycles for the one before; two streams fill the gap */

#define SHA_NI __attribute__((target("sha,sse4.1,ssse3")))

/* n is 1 or 2 and known where it is inlined, so that every loop is unrolled. Intel, "SHA Extensions" (2013):
 * the state lies as ABEF and CDGH; a message of four words makes the one sixteen words later. */
__attribute__((always_inline)) SHA_NI static inline void ni_blocks(uint32_t (*state)[8],
                                                                   const uint8_t *const *from, size_t blocks,
                                                                   const size_t n)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i abef[2], cdgh[2], was_abef[2], was_cdgh[2], w[2][4];
    const uint8_t *p[2];
    for (size_t s = 0; s < n; s++) {
        __m128i dcba = _mm_shuffle_epi32(_mm_loadu_si128((const void *)&state[s][0]), 0xb1);
        __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const void *)&state[s][4]), 0x1b);
        abef[s] = _mm_alignr_epi8(dcba, hgfe, 8);
        cdgh[s] = _mm_blend_epi16(hgfe, dcba, 0xf0);
        p[s] = from[s];
    }
    for (; blocks; blocks--) {
        for (size_t s = 0; s < n; s++) {
            was_abef[s] = abef[s];
            was_cdgh[s] = cdgh[s];
            for (size_t i = 0; i < 4; i++)
                w[s][i] = _mm_shuffle_epi8(_mm_loadu_si128((const void *)(p[s] + 16 * i)), swap);
            p[s] += BLOCK;
        }
#pragma GCC unroll 16
        for (size_t r = 0; r < 16; r++) {
            __m128i key = _mm_load_si128((const void *)&round_key[4 * r]);
            for (size_t s = 0; s < n; s++) {
                __m128i wk = _mm_add_epi32(w[s][r & 3], key);
                cdgh[s] = _mm_sha256rnds2_epu32(cdgh[s], abef[s], wk);
                abef[s] = _mm_sha256rnds2_epu32(abef[s], cdgh[s], _mm_shuffle_epi32(wk, 0x0e));
            }
            for (size_t s = 0; r < 12 && s < n; s++) {
                __m128i next = _mm_sha256msg1_epu32(w[s][r & 3], w[s][(r + 1) & 3]);
                next = _mm_add_epi32(next, _mm_alignr_epi8(w[s][(r + 3) & 3], w[s][(r + 2) & 3], 4));
                w[s][r & 3] = _mm_sha256msg2_epu32(next, w[s][(r + 3) & 3]);
            }
        }
        for (size_t s = 0; s < n; s++) {
            abef[s] = _mm_add_epi32(abef[s], was_abef[s]);
            cdgh[s] = _mm_add_epi32(cdgh[s], was_cdgh[s]);
        }
    }
    for (size_t s = 0; s < n; s++) {
        __m128i feba = _mm_shuffle_epi32(abef[s], 0x1b), dchg = _mm_shuffle_epi32(cdgh[s], 0xb1);
        _mm_storeu_si128((void *)&state[s][0], _mm_blend_epi16(feba, dchg, 0xf0));
        _mm_storeu_si128((void *)&state[s][4], _mm_alignr_epi8(dchg, feba, 8));
    }
}

SHA_NI static void ni_any(uint32_t (*state)[8], const uint8_t *const *p, size_t n, size_t blocks)
{
    if (n == 2)
        ni_blocks(state, p, blocks, 2);
    else
        ni_blocks(state, p, blocks, 1);
}

static bool ni_here(void)
{
    unsigned a, b, c, d;
    return __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

/* --- AVX2: word i of eight streams in one register. Not on Windows: its compilers align no stack to 32. */

#ifndef _WIN32
#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i ror(__m256i v, int n)
{
    return _mm256_or_si256(_mm256_srli_epi32(v, n), _mm256_slli_epi32(v, 32 - n));
}

AVX2 static inline __m256i xor3(__m256i a, __m256i b, __m256i c)
{
    return _mm256_xor_si256(_mm256_xor_si256(a, b), c);
}

/* Eight rows of eight words become eight columns. */
AVX2 static inline void turn(__m256i v[8])
{
    __m256i a[8], b[8];
    for (size_t i = 0; i < 8; i += 2) {
        a[i] = _mm256_unpacklo_epi32(v[i], v[i + 1]);
        a[i + 1] = _mm256_unpackhi_epi32(v[i], v[i + 1]);
    }
    for (size_t i = 0; i < 8; i += 4)
        for (size_t j = 0; j < 2; j++) {
            b[i + 2 * j] = _mm256_unpacklo_epi64(a[i + j], a[i + 2 + j]);
            b[i + 2 * j + 1] = _mm256_unpackhi_epi64(a[i + j], a[i + 2 + j]);
        }
    for (size_t i = 0; i < 4; i++) {
        v[i] = _mm256_permute2x128_si256(b[i], b[i + 4], 0x20);
        v[i + 4] = _mm256_permute2x128_si256(b[i], b[i + 4], 0x31);
    }
}

/* FIPS 180-4, 6.2.2. v: a .. h; the names turn instead of the values. */
AVX2 static inline void one_round(__m256i v[8], size_t r, __m256i w)
{
    __m256i *a = &v[(8 - r) & 7], *b = &v[(9 - r) & 7], *c = &v[(10 - r) & 7], *d = &v[(11 - r) & 7];
    __m256i *e = &v[(12 - r) & 7], *f = &v[(13 - r) & 7], *g = &v[(14 - r) & 7], *h = &v[(15 - r) & 7];
    __m256i ch = _mm256_xor_si256(*g, _mm256_and_si256(*e, _mm256_xor_si256(*f, *g)));
    __m256i maj = _mm256_or_si256(_mm256_and_si256(*a, *b), _mm256_and_si256(*c, _mm256_or_si256(*a, *b)));
    __m256i t = _mm256_add_epi32(*h, xor3(ror(*e, 6), ror(*e, 11), ror(*e, 25)));
    t = _mm256_add_epi32(_mm256_add_epi32(t, ch), w);
    *d = _mm256_add_epi32(*d, t);
    *h = _mm256_add_epi32(_mm256_add_epi32(t, maj), xor3(ror(*a, 2), ror(*a, 13), ror(*a, 22)));
}

AVX2 static void avx2_blocks(uint32_t (*state)[8], const uint8_t *const *from, size_t n, size_t blocks)
{
    const __m256i swap = _mm256_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203, 0x0c0d0e0f08090a0b,
                                           0x0405060700010203);
    __m256i h[8], v[8], w[16];
    const uint8_t *p[8];
    for (size_t s = 0; s < 8; s++) { /* lanes without a stream repeat the first; nobody reads them */
        h[s] = _mm256_loadu_si256((const void *)state[s < n ? s : 0]);
        p[s] = from[s < n ? s : 0];
    }
    turn(h);
    for (; blocks; blocks--) {
        for (size_t half = 0; half < 2; half++) {
            for (size_t s = 0; s < 8; s++)
                w[8 * half + s] = _mm256_loadu_si256((const void *)(p[s] + 32 * half));
            turn(&w[8 * half]);
        }
        for (size_t i = 0; i < 16; i++)
            w[i] = _mm256_shuffle_epi8(w[i], swap);
        for (size_t s = 0; s < 8; s++) {
            v[s] = h[s];
            p[s] += BLOCK;
        }
        for (size_t r = 0; r < 64; r += 16) {
#pragma GCC unroll 16
            for (size_t i = 0; i < 16; i++) {
                if (r) {
                    __m256i x = w[(i + 1) & 15], y = w[(i + 14) & 15];
                    __m256i s0 = xor3(ror(x, 7), ror(x, 18), _mm256_srli_epi32(x, 3));
                    __m256i s1 = xor3(ror(y, 17), ror(y, 19), _mm256_srli_epi32(y, 10));
                    w[i] = _mm256_add_epi32(_mm256_add_epi32(w[i], s0),
                                            _mm256_add_epi32(w[(i + 9) & 15], s1));
                }
                one_round(v, i, _mm256_add_epi32(w[i], _mm256_set1_epi32((int)round_key[r + i])));
            }
        }
        for (size_t s = 0; s < 8; s++)
            h[s] = _mm256_add_epi32(h[s], v[s]);
    }
    turn(h);
    for (size_t s = 0; s < n; s++)
        _mm256_storeu_si256((void *)state[s], h[s]);
}

static bool avx2_here(void) { return __builtin_cpu_supports("avx2"); }
#endif
#endif

const struct lanes_kernel lanes_kernels[] = {
#if defined __x86_64__
    {"SHA extensions, two streams", 2, 1, ni_here, ni_any},
#ifndef _WIN32
    {"AVX2, eight streams", 8, 3, avx2_here, avx2_blocks},
#endif
#endif
    {0},
};

/* --- Streams of unlike lengths through a kernel */

/* One file under way. tail: what follows its last whole block, with the padding and the length in bits. */
struct lane {
    uint32_t *state;
    const uint8_t *p;
    size_t blocks, n_tail;
    uint8_t tail[2 * BLOCK];
    bool in_tail;
};

static void lane_begin(struct lane *l, struct span file, uint32_t state[8])
{
    size_t rest = file.n % BLOCK;
    *l = (struct lane){.state = state, .p = file.p, .blocks = file.n / BLOCK, .n_tail = rest < 56 ? 1 : 2};
    memcpy(state, first_state, sizeof first_state);
    if (rest)
        memcpy(l->tail, file.p + (file.n - rest), rest);
    l->tail[rest] = 0x80;
    for (size_t i = 0; i < 8; i++)
        l->tail[l->n_tail * BLOCK - 1 - i] = (uint8_t)((uint64_t)file.n * 8 >> 8 * i);
}

/* Has it blocks left? Goes over to its tail. */
static bool lane_ready(struct lane *l)
{
    if (!l->blocks && !l->in_tail) {
        l->in_tail = true;
        l->p = l->tail;
        l->blocks = l->n_tail;
    }
    return l->blocks > 0;
}

/* The next blocks of up to a kernel's width of streams, longest first: those that end together leave none
 * behind alone. Returns the blocks taken of each of *n streams; 0: all have ended. */
static size_t take_blocks(const struct lanes_kernel *k, struct lane *lane, size_t n_lane, size_t *n)
{
    struct lane *at[LANES] = {0};
    uint32_t state[LANES][8];
    const uint8_t *p[LANES];
    size_t blocks = STEP / k->width / BLOCK;
    *n = 0;
    for (size_t i = 0; i < n_lane; i++) {
        if (!lane_ready(&lane[i]))
            continue;
        size_t to = *n;
        for (; to > 0 && at[to - 1]->blocks < lane[i].blocks; to--)
            at[to] = at[to - 1];
        at[to] = &lane[i];
        ++*n;
    }
    *n = *n < k->width ? *n : k->width;
    for (size_t i = 0; i < *n; i++) {
        memcpy(state[i], at[i]->state, sizeof state[i]);
        p[i] = at[i]->p;
        blocks = at[i]->blocks < blocks ? at[i]->blocks : blocks;
    }
    if (!*n)
        return 0;
    k->blocks(state, p, *n, blocks);
    for (size_t i = 0; i < *n; i++) {
        memcpy(at[i]->state, state[i], sizeof state[i]);
        at[i]->p += blocks * BLOCK;
        at[i]->blocks -= blocks;
    }
    return blocks;
}

enum status sha256_lanes_by(const struct lanes_kernel *k, const struct span *file, size_t n,
                            lanes_progress *progress, void *ctx, uint8_t out[][SHA256_BYTES], struct err *e)
{
    struct lane lane[LANES];
    uint32_t state[LANES][8];
    uint64_t left = 0;
    enum status st = OK;
    for (size_t i = 0; i < n; i++) {
        lane_begin(&lane[i], file[i], state[i]);
        left += file[i].n;
    }
    for (size_t streams, blocks; st == OK && (blocks = take_blocks(k, lane, n, &streams));) {
        uint64_t done = blocks * BLOCK * streams; /* with tails, which are padding in part */
        done = done < left ? done : left;
        left -= done;
        st = done ? progress(ctx, done, e) : OK;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t b = 0; b < SHA256_BYTES; b++)
            out[i][b] = (uint8_t)(state[i][b / 4] >> (24 - 8 * (b % 4)));
    return st;
}

/* --- Which of them */

static enum status one(struct span file, lanes_progress *progress, void *ctx, uint8_t out[SHA256_BYTES],
                       struct err *e)
{
    struct sha256 h;
    if (!sha256_begin(&h))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "sha256", "the library refused");
    enum status st = OK;
    for (size_t done = 0; done < file.n && st == OK;) {
        size_t n = file.n - done < STEP ? file.n - done : STEP;
        sha256_add(&h, file.p + done, n);
        done += n;
        st = progress(ctx, n, e);
    }
    return sha256_end(&h, out) ? st : err_set(e, E_NOMEM, ERR_NO_OFF, "sha256", "the library failed");
}

static enum status no_progress(void *ctx, uint64_t bytes, struct err *e)
{
    (void)ctx, (void)bytes, (void)e;
    return OK;
}

/* Eight inputs of eight lengths must come out as they do one by one, by the library. */
static bool agrees(const struct lanes_kernel *k)
{
    uint8_t text[LANES * 4 * BLOCK], many[LANES][SHA256_BYTES], plain[SHA256_BYTES];
    struct span file[LANES];
    bool same = true;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 37 + i / 256);
    for (size_t i = 0; i < LANES; i++)
        file[i] = span_of(text + i, sizeof text / LANES * (i + 1) - i, 0);
    sha256_lanes_by(k, file, LANES, no_progress, NULL, many, NULL);
    for (size_t i = 0; i < LANES; i++)
        same &= sha256_of(file[i].p, file[i].n, plain) && memcmp(plain, many[i], sizeof plain) == 0;
    return same;
}

const struct lanes_kernel *lanes_kernel(void)
{
    static const struct lanes_kernel *chosen;
    static bool tried;
    for (const struct lanes_kernel *k = lanes_kernels; !tried && k->name && !chosen; k++)
        if (k->here() && agrees(k))
            chosen = k;
    tried = true;
    return chosen;
}

bool lanes_here(void) { return lanes_kernel() != NULL; }

enum status sha256_lanes(const struct span *file, size_t n, lanes_progress *progress, void *ctx,
                         uint8_t out[][SHA256_BYTES], struct err *e)
{
    const struct lanes_kernel *k = n > 1 ? lanes_kernel() : NULL;
    if (k && n >= k->least)
        return sha256_lanes_by(k, file, n, progress, ctx, out, e);
    enum status st = OK;
    for (size_t i = 0; i < n && st == OK; i++)
        st = one(file[i], progress, ctx, out[i], e);
    return st;
}
