#include "run/frame.h"
#include "base/limits.h"

size_t frame_begin(struct buf *out, uint8_t type)
{
    size_t at = out->n;
    buf_u32(out, 0), buf_char(out, (char)type);
    return at;
}

void frame_end(struct buf *out, size_t begun)
{
    if (out->bad)
        return;
    uint32_t n = (uint32_t)(out->n - begun - 4);
    for (size_t i = 0; i < 4; i++)
        out->p[begun + i] = (char)(n >> (8 * i));
}

bool frame_next(struct span *in, uint8_t *type, struct span *body, enum status *st)
{
    *st = OK;
    if (in->n < FRAME_HEAD)
        return false;
    size_t n = le32(in->p);
    if (n < 1 || n - 1 > LIM_FRAME)
        return *st = E_FORMAT, false;
    if (in->n - 4 < n)
        return false;
    (void)span_u32(in);
    *type = span_u8(in);
    *body = span_take(in, n - 1);
    return true;
}

enum status frame_to(struct proc *p, struct buf *frames, const plat_file *files, size_t n_files,
                     struct err *e)
{
    if (frames->bad)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "worker", "out of memory");
    enum status st = plat_proc_send(p, frames->p, frames->n, files, n_files, e);
    frames->n = 0;
    return st;
}

enum status frame_send(struct buf *frames, struct err *e)
{
    if (frames->bad)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "worker", "out of memory");
    enum status st = frames->n ? plat_child_send(frames->p, frames->n, e) : OK;
    frames->n = 0;
    return st;
}

enum status frame_recv(struct buf *body, uint8_t *type, plat_file *files, size_t *n_files, struct err *e)
{
    uint8_t head[FRAME_HEAD];
    enum status st = plat_child_recv(head, sizeof head, files, n_files, e);
    if (st != OK)
        return st;
    size_t n = le32(head);
    *type = head[4];
    if (n < 1 || n - 1 > LIM_FRAME)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "channel to the parent", "frame of %zu bytes", n);
    body->n = 0;
    if (!buf_room(body, n - 1))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "channel to the parent", "out of memory");
    body->n = n - 1;
    return body->n ? plat_child_recv(body->p, body->n, NULL, NULL, e) : OK;
}
