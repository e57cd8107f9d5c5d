#include "parsers/second/second_io.h"
#include <libbfio.h>
#include <stdio.h>
#include <string.h>

static uint64_t io_bytes(const struct second_io *io) { return (uint64_t)io->part[0].n + io->part[1].n; }

static int io_free(intptr_t **io, libbfio_error_t **e)
{
    (void)e;
    return *io = NULL, 1;
}
static int io_clone(intptr_t **to, intptr_t *from, libbfio_error_t **e)
{
    (void)to, (void)from, (void)e;
    return -1;
}
static int io_open(intptr_t *io, int access, libbfio_error_t **e)
{
    (void)io, (void)e;
    return access == LIBBFIO_ACCESS_FLAG_READ ? 1 : -1;
}
static int io_close(intptr_t *io, libbfio_error_t **e)
{
    (void)io, (void)e;
    return 0;
}
static int io_true(intptr_t *io, libbfio_error_t **e)
{
    (void)io, (void)e;
    return 1;
}
static ssize_t io_write(intptr_t *io, const uint8_t *p, size_t n, libbfio_error_t **e)
{
    (void)io, (void)p, (void)n, (void)e;
    return -1;
}

static ssize_t io_read(intptr_t *h, uint8_t *out, size_t n, libbfio_error_t **e)
{
    struct second_io *io = (struct second_io *)h;
    size_t done = 0;
    (void)e;
    for (int i = 0; i < 2; i++) {
        uint64_t start = i ? io->part[0].n : 0, end = start + io->part[i].n;
        if (io->at < start || io->at >= end)
            continue;
        size_t have = (size_t)(end - io->at), take = n - done < have ? n - done : have;
        memcpy(out + done, io->part[i].p + (io->at - start), take);
        io->at += take, done += take;
    }
    return (ssize_t)done;
}

static off64_t io_seek(intptr_t *h, off64_t off, int whence, libbfio_error_t **e)
{
    struct second_io *io = (struct second_io *)h;
    off64_t from = whence == SEEK_SET   ? 0
                   : whence == SEEK_CUR ? (off64_t)io->at
                   : whence == SEEK_END ? (off64_t)io_bytes(io)
                                        : -1,
            to;
    (void)e;
    if (from < 0 || __builtin_add_overflow(from, off, &to) || to < 0)
        return -1;
    return io->at = (uint64_t)to, to;
}

static int io_size(intptr_t *h, size64_t *size, libbfio_error_t **e)
{
    (void)e;
    return *size = io_bytes((struct second_io *)h), 1;
}

enum status second_io_open(struct second_io *io, intptr_t **handle, struct err *e)
{
    io->at = 0, *handle = NULL;
    if (libbfio_handle_initialize(
            handle, (intptr_t *)io, io_free, io_clone, io_open, io_close, io_read, io_write, io_seek, io_true,
            io_true, io_size, LIBBFIO_FLAG_IO_HANDLE_NON_MANAGED | LIBBFIO_FLAG_IO_HANDLE_CLONE_BY_FUNCTION,
            NULL)
        != 1)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "second reader", "libbfio gives no handle");
    return OK;
}

void second_io_close(intptr_t **handle)
{
    if (*handle)
        libbfio_handle_free(handle, NULL);
}
