/* file: small files read and written whole, by the calls of plat.h, the same on every system. It owns no file
 * beyond a call. It refuses to read more than it is told to. */
#include "plat/plat.h"

enum status plat_write_file(const char *path, struct str bytes, struct err *e)
{
    plat_file f = -1;
    enum status st = plat_make_file(path, &f, e);
    if (st != OK)
        return st;
    if ((st = plat_write_at(f, 0, bytes.p, bytes.n, e)) != OK && e && !e->path)
        e->path = path;
    return plat_end_file(path, f, st, e);
}

enum status plat_read_file(const char *path, size_t most, struct buf *out, struct err *e)
{
    plat_file f;
    uint64_t bytes;
    size_t got = 0;
    enum status st = plat_open(path, &f, &bytes, e);
    if (st != OK)
        return st;
    if (bytes > most
        || !buf_room(out, (size_t)bytes + 1)) /* where there is nothing to read there is a place */
        st = err_set(e, E_LIMIT, ERR_NO_OFF, "file", "%s: %llu bytes, at most %zu are read", path,
                     (unsigned long long)bytes, most);
    else if ((st = plat_read_at(f, 0, out->p + out->n, (size_t)bytes, &got, e)) == OK && got != bytes)
        st = err_set(e, E_IO, ERR_NO_OFF, "file", "%s: %zu bytes of %llu read", path, got,
                     (unsigned long long)bytes);
    out->n += got;
    plat_close(f);
    return st;
}
