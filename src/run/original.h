/* original: a child that was told what it has to know and has seen no evidence. Who does is a copy of it, or,
 * where the system makes none, one that starts anew. Owns the process and what it is told. It refuses
 * nothing: one that is gone is started again. */
#ifndef ORIGINAL_H
#define ORIGINAL_H
#include "run/child.h"

enum { ORIGINAL_AHEAD = 16 };
struct original {
    const char *child; /* the argument that makes this program one of them */
    struct proc_limits limits;
    struct buf told;                    /* a frame, or nothing */
    struct proc *proc;                  /* NULL: not there yet, or not any more */
    bool untold;                        /* it waits for what it is told */
    struct proc *ahead[ORIGINAL_AHEAD]; /* copies asked for before somebody wants them */
    size_t n_ahead;
    struct leaving gone; /* copies that have done what they were for */
};
/* The originals of an analysis, or of several, one after the other. */
struct originals {
    struct original worker, second;
};
void originals_end(struct originals *o);

/* The process begins, before it is known what to tell it. Where it cannot that is found out later. */
void original_begin(struct original *o);
/* From the next copy on; frame is emptied. One that was told the same stays. */
void original_tell(struct original *o, struct buf *frame);
/* So many copies are going to be wanted soon: they come to be while the caller does something else. Where
 * that is not possible it is found out when they are. */
void original_ahead(struct original *o, size_t n);
/* E_PROC: the system gives no process. */
enum status original_copy(struct original *o, struct proc **out, struct err *e);
void original_end(struct original *o);
/* Nobody is going to want more of them: they end while others go on. */
void originals_dismiss(struct originals *o);
#endif
