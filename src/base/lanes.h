/* lanes: SHA-256 of up to eight files at once in one thread. One file cannot fill a vector register, eight
 * can: on AVX2 they cost a third of one after the other. Owns nothing. The sums are libcrypto's, plain and in
 * lanes; lanes come from its static library (x86-64), and only if a trial agrees with the plain ones. It
 * refuses no length; without lanes, or for fewer files than pay, it hashes one file after the other. */
#ifndef LANES_H
#define LANES_H
#include "base/err.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/span.h"

/* four lanes cost what two and a half files cost one after the other (AVX2; more where there is less) */
enum { LANES = LIM_JOB_FILES, LANES_LEAST = 3 };

/* bytes hashed since the last call; not OK ends the work */
typedef enum status lanes_progress(void *ctx, uint64_t bytes, struct err *e);

bool lanes_here(void); /* are there any? Costs a trial the first time */
/* n: LANES at most */
enum status sha256_lanes(const struct span *file, size_t n, lanes_progress *progress, void *ctx,
                         uint8_t out[][SHA256_BYTES], struct err *e);
#endif
