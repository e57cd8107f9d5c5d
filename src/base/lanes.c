#include "base/lanes.h"
#include <string.h>

enum { STEP = 4 << 20 }; /* bytes between two words of progress */

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

#ifdef _WIN32
bool lanes_here(void) { return false; }
#else
#define OPENSSL_SUPPRESS_DEPRECATED  /* SHA256_CTX: the one door through which a sum's state goes in and out \
                                      */
#include <openssl/sha.h>

/* libcrypto's own, not in its headers; source: crypto/sha/asm/sha256-mb-x86_64.pl. Hashes whole blocks of 4 *
 * quads inputs; state[word][lane]. Absent: null. */
struct input {
    const uint8_t *p;
    int blocks;
};
extern void sha256_multi_block(uint32_t (*state)[LANES], const struct input *in, int quads)
    __attribute__((weak));

enum { BLOCK = SHA256_CBLOCK };

struct lane {
    SHA256_CTX sum;
    const uint8_t *p;
    size_t left;
};

/* The next blocks of every lane that has any; returns the bytes hashed, 0 when so few lanes are left that
 * plain sums are faster. */
static size_t together(struct lane *lane, size_t n)
{
    _Alignas(64) uint32_t state[8][LANES] = {{0}};
    struct input in[LANES] = {{0}};
    struct lane *at[LANES];
    size_t lanes = 0, blocks = STEP / LANES / BLOCK;
    for (size_t i = 0; i < n; i++) {
        if (lane[i].left < BLOCK)
            continue;
        blocks = lane[i].left / BLOCK < blocks ? lane[i].left / BLOCK : blocks;
        at[lanes++] = &lane[i];
    }
    if (lanes < LANES_LEAST)
        return 0;
    for (size_t i = 0; i < lanes; i++) {
        in[i] = (struct input){at[i]->p, (int)blocks};
        for (size_t w = 0; w < 8; w++)
            state[w][i] = at[i]->sum.h[w];
    }
    sha256_multi_block(state, in, lanes > 4 ? 2 : 1);
    for (size_t i = 0; i < lanes; i++) {
        uint64_t bits = ((uint64_t)at[i]->sum.Nh << 32 | at[i]->sum.Nl) + blocks * BLOCK * 8;
        for (size_t w = 0; w < 8; w++)
            at[i]->sum.h[w] = state[w][i];
        at[i]->sum.Nl = (uint32_t)bits, at[i]->sum.Nh = (uint32_t)(bits >> 32);
        at[i]->p += blocks * BLOCK, at[i]->left -= blocks * BLOCK;
    }
    return lanes * blocks * BLOCK;
}

static enum status in_lanes(const struct span *file, size_t n, lanes_progress *progress, void *ctx,
                            uint8_t out[][SHA256_BYTES], struct err *e)
{
    struct lane lane[LANES];
    enum status st = OK;
    for (size_t i = 0; i < n; i++) {
        lane[i].p = file[i].p, lane[i].left = file[i].n;
        SHA256_Init(&lane[i].sum);
    }
    for (size_t done; st == OK && (done = together(lane, n));)
        st = progress(ctx, done, e);
    for (size_t i = 0; i < n; i++) {
        while (lane[i].left && st == OK) {
            size_t now = lane[i].left < STEP ? lane[i].left : STEP;
            SHA256_Update(&lane[i].sum, lane[i].p, now);
            lane[i].p += now, lane[i].left -= now;
            st = progress(ctx, now, e);
        }
        SHA256_Final(out[i], &lane[i].sum);
    }
    return st;
}

static enum status silent(void *ctx, uint64_t bytes, struct err *e)
{
    (void)ctx, (void)bytes, (void)e;
    return OK;
}

/* What is not in a header may change: eight inputs of eight lengths must come out as they do one by one. */
static bool agrees(void)
{
    uint8_t text[LANES * 4 * BLOCK], many[LANES][SHA256_BYTES], plain[SHA256_BYTES];
    struct span file[LANES];
    bool same = true;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 37 + i / 256);
    for (size_t i = 0; i < LANES; i++)
        file[i] = span_of(text + i, sizeof text / LANES * (i + 1) - i, 0);
    in_lanes(file, LANES, silent, NULL, many, NULL);
    for (size_t i = 0; i < LANES; i++)
        same &= sha256_of(file[i].p, file[i].n, plain) && memcmp(plain, many[i], sizeof plain) == 0;
    return same;
}

bool lanes_here(void)
{
    static int here = -1;
    if (here < 0)
        here = sha256_multi_block && agrees();
    return here;
}
#endif

enum status sha256_lanes(const struct span *file, size_t n, lanes_progress *progress, void *ctx,
                         uint8_t out[][SHA256_BYTES], struct err *e)
{
#ifndef _WIN32
    if (n >= LANES_LEAST && lanes_here())
        return in_lanes(file, n, progress, ctx, out, e);
#endif
    enum status st = OK;
    for (size_t i = 0; i < n && st == OK; i++)
        st = one(file[i], progress, ctx, out[i], e);
    return st;
}
