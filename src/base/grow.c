#include "base/grow.h"
#include <stdint.h>
#include <stdlib.h>

enum { FIRST = 256 }; /* bytes of the first block; two elements at least: of many arrays most stay small */

void *grow(void *p, size_t size, size_t n, size_t *cap)
{
    if (n < *cap)
        return p;
    size_t more = *cap ? 2 * *cap : size > FIRST / 2 ? 2 : FIRST / size;
    void *q = *cap > SIZE_MAX / 2 / size ? NULL : realloc(p, more * size);
    if (q)
        *cap = more;
    return q;
}
