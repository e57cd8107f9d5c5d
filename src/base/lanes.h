/* lanes: SHA-256 of up to eight files at once in one thread. One stream leaves a processor waiting for its
 * own result; two interleaved (SHA extensions) or eight side by side (AVX2) do not. Owns nothing. The kernels
 * are ours and are tried against libcrypto's plain sums in every process before they count. It refuses no
 * length; without a kernel, or for fewer files than pay, it hashes one file after the other. */
#ifndef LANES_H
#define LANES_H
#include "base/err.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/span.h"

/* LANES: files of one call. LANES_LEAST: from so many on a job of several files pays with either kernel. */
enum { LANES = LIM_JOB_FILES, LANES_LEAST = 3 };

/* A way to take whole blocks of 64 bytes of several streams. */
struct lanes_kernel {
    const char *name;
    size_t width, least; /* streams it takes at once; fewer than least are quicker one by one */
    bool (*here)(void);  /* does this processor have it? */
    /* state[stream][word], in and out; p: where each stream goes on; n: streams, 1 .. width */
    void (*blocks)(uint32_t (*state)[8], const uint8_t *const *p, size_t n, size_t blocks);
};
/* Quickest first; ends with name NULL. All of them, for tests; lanes_kernel: the one in use, NULL: none. */
extern const struct lanes_kernel lanes_kernels[];
const struct lanes_kernel *lanes_kernel(void);

/* bytes hashed since the last call; not OK ends the work */
typedef enum status lanes_progress(void *ctx, uint64_t bytes, struct err *e);

bool lanes_here(
    void); /* is there a kernel, and does it agree with the plain sums? Costs a trial the first time */
/* n: LANES at most */
enum status sha256_lanes(const struct span *file, size_t n, lanes_progress *progress, void *ctx,
                         uint8_t out[][SHA256_BYTES], struct err *e);
/* The same by this kernel, whatever is in use; it must be here. */
enum status sha256_lanes_by(const struct lanes_kernel *k, const struct span *file, size_t n,
                            lanes_progress *progress, void *ctx, uint8_t out[][SHA256_BYTES], struct err *e);
#endif
