#include "output.h"
#include "../reports/report.h"
#include "plat/plat.h"

enum { REPORT_BYTES = 256 << 20 };      /* address space for the model; pages are touched only when used */

enum status write_reports(struct casedb *db, const char *folder, struct err *e)
{
    struct arena mem;
    struct report *rep = NULL;
    if (!arena_make(&mem, REPORT_BYTES))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "report", "out of memory");
    enum status st = report_build(db, &mem, &rep, e);
    for (const struct report_format *f = report_formats; f->name && st == OK; f++) {
        struct buf text = {0};
        char *path = arena_printf(&mem, "%s/%s", folder, f->file);
        st = path ? f->write(rep, &text, e) : err_set(e, E_LIMIT, ERR_NO_OFF, "report", "does not fit");
        if (st == OK)
            st = text.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "report", "out of memory") : plat_write_file(path, buf_view(&text), e);
        buf_free(&text);
    }
    if (e->path && (e->path < (char *)mem.end && e->path >= (char *)mem.base))
        e->path = folder;               /* the longer path dies with the arena */
    arena_free(&mem);
    return st;
}
