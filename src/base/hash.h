/* hash: SHA-256 (identity of evidence), CRC-32 (chunks), Marvin32 (registry log entries), 64-bit payload
 * identity. Stateless but for struct sha256, which the caller ends with sha256_end(). SHA-256 and CRC-32 come
 * from the platform's libraries (libcrypto, libdeflate; CNG on Windows). */
#ifndef HASH_H
#define HASH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_TEXT = 65 };

struct sha256 {
    void *ctx;
    void *provider;
};
bool sha256_begin(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *p, size_t n);
/* also frees; safe after a failed begin (returns false) */
bool sha256_end(struct sha256 *h, uint8_t out[SHA256_BYTES]);
bool sha256_of(const void *p, size_t n, uint8_t out[SHA256_BYTES]); /* all three at once */
char *sha256_text(const uint8_t in[SHA256_BYTES], char out[SHA256_TEXT]);

/* start with 0; IEEE, as EVTX chunks use */
uint32_t crc32_add(uint32_t crc, const void *p, size_t n);
/* seed of registry logs: 82EF4D887A4E55C5 */
uint64_t marvin32(const void *data, size_t n);
/* payload identity; stable across versions: it is stored */
uint64_t hash64(const void *data, size_t n);
/* for tables in memory: three times as quick, another on another kind of processor */
uint64_t hash_quick(const void *data, size_t n);
#endif
