#include "fleet/folder.h"
#include "plat/plat.h"

/* Deep enough for what a run leaves: its folder for what is not finished lies in that of its results. */
enum { DEEPEST = 3 };

static enum status remove_at(const char *path, unsigned depth, struct err *e)
{
    struct arena a = {0};
    struct plat_stat s;
    struct str *name;
    size_t n = 0;
    if (plat_stat(path, false, &s, NULL) != OK)
        return OK;
    if (s.type != PLAT_DIR)
        return plat_remove(path), OK;
    if (depth == DEEPEST)
        return err_set(e, E_IO, ERR_NO_OFF, "cannot remove a folder", "%s is not of ours", path);
    if (!arena_make(&a, 1 << 20))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "cannot remove a folder", "no memory");
    enum status st = plat_list(path, &a, &name, &n, e);
    for (size_t i = 0; i < n && st == OK; i++) {
        const char *one = arena_printf(&a, "%s/%.*s", path, STR_ARG(name[i]));
        st = one ? remove_at(one, depth + 1, e) : E_NOMEM;
    }
    arena_free(&a);
    return st == OK ? plat_rmdir(path, e) : st;
}

enum status folder_remove(const char *path, struct err *e) { return remove_at(path, 0, e); }
