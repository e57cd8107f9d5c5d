/* mutate: damages a buffer, the same way for the same seed: bit flips, edited lengths, truncations, moved
 * runs. The caller owns the buffer; it may shrink or grow by some bytes. With a repair mode the checksums are
 * made right again, so that the damage reaches the code behind them. */
#ifndef MUTATE_H
#define MUTATE_H
#include "base/buf.h"

enum mutate_repair { MUTATE_RAW, MUTATE_EVTX, MUTATE_HIVE, MUTATE_LOG, MUTATE_MODES };

void mutate(struct buf *b, uint64_t seed, enum mutate_repair repair); /* one to four edits */
/* the first edit of that seed, for messages */
const char *mutate_name(uint64_t seed);
#endif
