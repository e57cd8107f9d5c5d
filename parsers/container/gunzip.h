/* gunzip: gzip as a stream that keeps its sums: libarchive takes what it unpacks from a gzip for right and
 * never compares it with the CRC-32 and the length behind it. The caller owns the struct and ends with
 * gunzip_end(). It refuses, after what came before was handed out, bytes that do not fit their sum and a
 * stream that is cut. */
#ifndef GUNZIP_H
#define GUNZIP_H
#include "base/span.h"
#include <stdbool.h>
#include <stddef.h>

struct gunzip;
/* NULL: no memory. file: borrowed; one gzip, or several one behind the other. */
struct gunzip *gunzip_begin(struct span file);
/* The next bytes, in the stream's own room: until the next call. 0: the end, or what *why says. */
size_t gunzip_next(struct gunzip *g, const void **p, const char **why);
uint64_t gunzip_taken(const struct gunzip *g); /* bytes of the file that are behind it */
void gunzip_end(struct gunzip *g);
#endif
