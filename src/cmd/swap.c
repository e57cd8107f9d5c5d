#include "cmd/swap.h"
#include "plat/plat.h"

char *swap_made(const struct swap *s, const char *name)
{
    return arena_printf(s->mem, "%s/%s", s->own, name);
}

char *swap_add(struct swap *s, const char *name, struct err *e)
{
    struct swap_file *f = s->n < SWAP_FILES ? &s->file[s->n] : NULL;
    if (f)
        *f = (struct swap_file){.path = arena_printf(s->mem, "%s/%s", s->folder, name),
                                .made = swap_made(s, name),
                                .was = arena_printf(s->mem, "%s/%s.was", s->own, name)};
    if (f && f->path && f->made && f->was)
        return s->n++, f->made;
    err_set(e, E_NOMEM, ERR_NO_OFF, "output", "out of memory");
    return NULL;
}

/* Nothing is begun that cannot be ended: no name is taken by what is no file, or held by another program. */
static enum status check_target(const char *path, struct err *e)
{
    struct plat_stat at;
    struct err held = {0};
    if (plat_stat(path, false, &at, NULL) != OK)
        return OK;
    if (at.type == PLAT_DIR)
        return err_set(e, E_IO, ERR_NO_OFF, "cannot replace", "%s is a folder", path);
    return plat_replaceable(path, &held) == OK
               ? OK
               : err_set(e, E_IO, ERR_NO_OFF, "cannot replace", "%s: %.120s", path, held.why);
}

static enum status replace(struct swap_file *f, struct err *e)
{
    struct plat_stat at;
    f->old = plat_stat(f->path, false, &at, NULL) == OK;
    enum status st = f->old ? plat_set_aside(f->path, f->was, e) : OK;
    if (st != OK)
        return f->old = false, st;
    st = plat_rename(f->made, f->path, e);
    f->replaced = st == OK;
    return st;
}

/* What was there comes back, if it is not there still: who could not replace it, for somebody holds it open
 * on Windows, could not rename to it either. False: it could not, and lies where was says. */
static bool take_back(struct swap_file *f)
{
    struct plat_stat at;
    if (f->old && (f->replaced || plat_stat(f->path, false, &at, NULL) != OK))
        return plat_rename(f->was, f->path, NULL) == OK;
    if (f->replaced)
        plat_remove(f->path);
    return true;
}

enum status swap_all(struct swap *s, bool *lost, struct err *e)
{
    enum status st = OK;
    size_t i = 0;
    *lost = false;
    for (size_t k = 0; k < s->n && st == OK; k++)
        st = check_target(s->file[k].path, e);
    while (i < s->n && st == OK && (st = replace(&s->file[i], e)) == OK)
        i++;
    if (st == OK)
        return OK;
    for (size_t k = 0; k <= i && k < s->n; k++)
        *lost |= !take_back(&s->file[k]);
    if (*lost)
        snprintf(e->why, sizeof e->why, "and what was there lies in %.100s now", s->own);
    return st;
}
