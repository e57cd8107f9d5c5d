/* dice: numbers as if drawn by lot, the same for the same seed. Owns nothing, refuses nothing. */
#ifndef DICE_H
#define DICE_H
#include <stdint.h>

static inline uint64_t random_31(uint64_t *seed)
{
    return (*seed = *seed * 6364136223846793005u + 1442695040888963407u) >> 33;
}
#endif
