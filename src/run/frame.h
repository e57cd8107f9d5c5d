/* frame: the shape of every message between the parent and its workers: u32 length of what follows, u8 type,
 * body. Frames are built in the caller's buf; a received body lives in the caller's buf or span. It refuses
 * lengths beyond LIM_FRAME: E_FORMAT, and the channel is not to be used any more. */
#ifndef FRAME_H
#define FRAME_H
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "plat/plat.h"
#include <stdbool.h>

enum { FRAME_HEAD = 5 };

/* A frame is begun, filled by the caller, and ended: its length is known only then. */
size_t frame_begin(struct buf *out, uint8_t type);
void frame_end(struct buf *out, size_t begun);

/* Parent: the next whole frame of what has arrived. False: not whole yet (*st OK), or never will be (*st
 * E_FORMAT). */
bool frame_next(struct span *in, uint8_t *type, struct span *body, enum status *st);
/* sends and empties frames */
enum status frame_to(struct proc *p, struct buf *frames, const plat_file *files, size_t n_files,
                     struct err *e);

/* Child. recv: E_TRUNC when the parent is done with us. */
enum status frame_send(struct buf *frames, struct err *e);
enum status frame_recv(struct buf *body, uint8_t *type, plat_file *files, size_t *n_files, struct err *e);
#endif
