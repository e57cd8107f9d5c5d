/* hostile_qsort: every qsort of the program, by the linker's --wrap, with ties in an order of their own.
 * The rows are shuffled, then sorted: what rests on the order in which equal rows came shows in the output.
 * QSORT_SEED chooses the order; it refuses nothing that qsort takes. */
#include <stdint.h>
#include <stdlib.h>

typedef int compare_fn(const void *a, const void *b);
void __real_qsort(void *p, size_t n, size_t size, compare_fn *cmp);
void __wrap_qsort(void *p, size_t n, size_t size, compare_fn *cmp);

static void swap(uint8_t *a, uint8_t *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t t = a[i];
        a[i] = b[i], b[i] = t;
    }
}

void __wrap_qsort(void *p, size_t n, size_t size, compare_fn *cmp)
{
    const char *seed = getenv("QSORT_SEED");
    uint64_t x = 0x9e3779b97f4a7c15u * (1 + (seed ? strtoull(seed, NULL, 10) : 0));
    for (size_t i = n; i > 1; i--) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        swap((uint8_t *)p + (i - 1) * size, (uint8_t *)p + x % i * size, size);
    }
    __real_qsort(p, n, size, cmp);
}
