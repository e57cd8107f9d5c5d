/* second_io: hands bytes in memory to libbfio through callbacks of our own (its memory range reads past the
 * end of the buffer). The caller keeps struct second_io and the bytes alive until second_io_close(). It
 * refuses seeks before the start; a read past the end returns what is left. */
#ifndef SECOND_IO_H
#define SECOND_IO_H
#include "base/err.h"
#include "base/span.h"

/* two pieces, read as one file: a mended head and the evidence behind it */
struct second_io {
    struct span part[2];
    uint64_t at;
};
enum status second_io_open(struct second_io *io, intptr_t **handle, struct err *e);
void second_io_close(intptr_t **handle);
#endif
