#include "base/hash.h"
#include "base/span.h"
#include <libdeflate.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#include <bcrypt.h>
bool sha256_begin(struct sha256 *h)
{
    h->ctx = h->provider = NULL;
    if (BCryptOpenAlgorithmProvider((BCRYPT_ALG_HANDLE *)&h->provider, BCRYPT_SHA256_ALGORITHM, NULL, 0) != 0)
        return h->provider = NULL, false;
    if (BCryptCreateHash(h->provider, (BCRYPT_HASH_HANDLE *)&h->ctx, NULL, 0, NULL, 0, 0) == 0)
        return true;
    BCryptCloseAlgorithmProvider(h->provider, 0);
    return h->ctx = h->provider = NULL, false;
}
void sha256_add(struct sha256 *h, const void *p, size_t n)
{
    for (const uint8_t *at = p; h->ctx && n;) {
        ULONG now = n > 0x40000000 ? 0x40000000 : (ULONG)n;
        BCryptHashData(h->ctx, (PUCHAR)(uintptr_t)at, now, 0);
        at += now, n -= now;
    }
}
bool sha256_end(struct sha256 *h, uint8_t out[SHA256_BYTES])
{
    if (!h->ctx)
        return false;
    bool ok = BCryptFinishHash(h->ctx, out, SHA256_BYTES, 0) == 0;
    BCryptDestroyHash(h->ctx);
    BCryptCloseAlgorithmProvider(h->provider, 0);
    h->ctx = h->provider = NULL;
    return ok;
}
#else
#include <openssl/crypto.h>
#include <openssl/evp.h>
/* Looked up once: to find it takes longer than to hash a fact. */
static const EVP_MD *method(void)
{
    static const EVP_MD *found;
    if (found)
        return found;
    /* a system's openssl.cnf may name providers that are not there: it is not read */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    return found = EVP_MD_fetch(NULL, "SHA256", NULL);
}

bool sha256_begin(struct sha256 *h)
{
    h->provider = NULL;
    h->ctx = method() ? EVP_MD_CTX_new() : NULL;
    if (h->ctx && EVP_DigestInit_ex(h->ctx, method(), NULL) == 1)
        return true;
    EVP_MD_CTX_free(h->ctx);
    h->ctx = NULL;
    return false;
}
void sha256_add(struct sha256 *h, const void *p, size_t n)
{
    if (h->ctx)
        EVP_DigestUpdate(h->ctx, p, n);
}
bool sha256_end(struct sha256 *h, uint8_t out[SHA256_BYTES])
{
    bool ok = h->ctx && EVP_DigestFinal_ex(h->ctx, out, NULL) == 1;
    EVP_MD_CTX_free(h->ctx);
    h->ctx = NULL;
    return ok;
}
#endif

bool sha256_of(const void *p, size_t n, uint8_t out[SHA256_BYTES])
{
    struct sha256 h;
    if (!sha256_begin(&h))
        return false;
    sha256_add(&h, p, n);
    return sha256_end(&h, out);
}

char *sha256_text(const uint8_t in[SHA256_BYTES], char out[SHA256_TEXT])
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_BYTES; i++)
        out[2 * i] = digit[in[i] >> 4], out[2 * i + 1] = digit[in[i] & 15];
    out[64] = 0;
    return out;
}

uint32_t crc32_add(uint32_t crc, const void *p, size_t n) { return libdeflate_crc32(crc, p, n); }

static uint32_t rol(uint32_t v, unsigned n) { return v << n | v >> (32 - n); }

/* Marvin32 as the kernel hashes HvLE entries; source: the layout in parsers/registry/FORMAT-txlog.md. */
uint64_t marvin32(const void *data, size_t n)
{
    const uint8_t *p = data;
    uint32_t lo = 0x7A4E55C5, hi = 0x82EF4D88, tail = 0x80;
    for (size_t left = n;; left -= 4, p += 4) {
        uint32_t v = 0;
        bool last = left < 4;
        if (last)
            for (size_t i = left; i-- > 0;)
                tail = tail << 8 | p[i];
        v = last ? tail : le32(p);
        for (unsigned round = 0; round < (last ? 2u : 1u); round++) {
            lo += round ? 0 : v, hi ^= lo;
            lo = rol(lo, 20) + hi, hi = rol(hi, 9) ^ lo;
            lo = rol(lo, 27) + hi, hi = rol(hi, 19);
        }
        if (last)
            return (uint64_t)hi << 32 | lo;
    }
}

uint64_t hash64(const void *data, size_t n)
{
    const uint8_t *p = data;
    uint64_t h = 0x9E3779B97F4A7C15u ^ (n * 0xff51afd7ed558ccdu);
    for (; n >= 8; p += 8, n -= 8)
        h = (h ^ le64(p)) * 0xff51afd7ed558ccdu, h ^= h >> 32;
    uint64_t last = 0;
    for (size_t i = 0; i < n; i++)
        last |= (uint64_t)p[i] << (8 * i);
    h = (h ^ last) * 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 29;
}

static inline uint64_t word(const uint8_t *p)
{
    uint64_t v;
    return memcpy(&v, p, sizeof v), v;
}

static inline uint64_t folded(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t hash_quick(const void *data, size_t n)
{
    const uint64_t one = 0x9E3779B97F4A7C15u, two = 0xc4ceb9fe1a85ec53u;
    const uint8_t *p = data;
    uint64_t h = n * one;
    uint8_t few[16] = {0};
    if (n < sizeof few)
        p = n ? memcpy(few, p, n) : few, n = sizeof few;
    for (; n > sizeof few; p += 16, n -= 16)
        h = folded(word(p) ^ h ^ one, word(p + 8) ^ two);
    p -= sizeof few - n; /* the last sixteen, some of them again */
    return folded(word(p) ^ h ^ two, word(p + 8) ^ one);
}
