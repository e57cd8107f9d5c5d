/* swap: files that belong together get their names all at once, or none does. Each is written in a folder of
 * ours first; when one cannot take its name, those that were there come back. Owns the rows; names live in
 * the caller's arena, folders are the caller's. It replaces no folder. */
#ifndef SWAP_H
#define SWAP_H
#include "base/arena.h"
#include "base/err.h"
#include <stdbool.h>

enum { SWAP_FILES = 8 };
struct swap {
    struct arena *mem;
    const char *folder, *own; /* where they are to be; where they are made */
    struct swap_file {
        char *path, *made, *was; /* was: where the one that was there lies meanwhile */
        bool replaced;           /* path is made now */
        bool old;                /* was is there */
    } file[SWAP_FILES];
    size_t n;
};
/* Where to write one more, which is called name in the end; NULL: memory is short. */
char *swap_add(struct swap *s, const char *name, struct err *e);
char *swap_made(const struct swap *s, const char *name); /* the same place; it is not one of them */
/* lost: something could not come back and lies in `own`, as e says: that folder stays. */
enum status swap_all(struct swap *s, bool *lost, struct err *e);
#endif
