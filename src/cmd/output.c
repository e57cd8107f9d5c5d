#include "cmd/output.h"
#include "reports/report.h"
#include "case/casedb.h"
#include "plat/plat.h"
#include <stdlib.h>
#include <string.h>

/* address space for the model; pages are touched only when used */
enum { REPORT_BYTES = 256 << 20, FILES = 8 };

/* Files written, not yet under their names. */
struct staged {
    struct arena mem;
    const char *folder;
    struct {
        char *path, *tmp;
    } file[FILES];
    size_t n;
};

/* The names of one file more; NULL when memory is short. It is removed again unless it gets its final name.
 */
static char *stage(struct staged *s, const char *name, struct err *e)
{
    s->file[s->n].path = arena_printf(&s->mem, "%s/%s", s->folder, name);
    s->file[s->n].tmp = arena_printf(&s->mem, "%s/%s.tmp", s->folder, name);
    if (s->file[s->n].path && s->file[s->n].tmp)
        return s->file[s->n++].tmp;
    err_set(e, E_LIMIT, ERR_NO_OFF, "report", "does not fit");
    return NULL;
}

static enum status stage_reports(struct staged *s, struct casedb *db, struct err *e)
{
    struct report *rep = NULL;
    enum status st = report_build(db, &s->mem, &rep, e);
    for (const struct report_format *f = report_formats; f->name && st == OK; f++) {
        struct buf text = {0};
        const char *tmp = stage(s, f->file, e);
        st = tmp ? f->write(rep, &text, e) : E_LIMIT;
        if (st == OK)
            st = text.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "report", "out of memory")
                          : plat_write_file(tmp, buf_view(&text), e);
        buf_free(&text);
    }
    return st;
}

static enum status publish(struct staged *s, enum status st, struct err *e)
{
    size_t i = 0;
    while (i < s->n && st == OK && (st = plat_rename(s->file[i].tmp, s->file[i].path, e)) == OK)
        i++;
    for (; i < s->n; i++)
        plat_remove(s->file[i].tmp);
    if (e->path && (e->path < (char *)s->mem.end && e->path >= (char *)s->mem.base))
        e->path = s->folder; /* the longer path dies with the arena */
    arena_free(&s->mem);
    return st;
}

static enum status write_files(struct casedb *db, const char *folder, bool with_case, struct err *e)
{
    struct staged s = {.folder = folder};
    if (!arena_make(&s.mem, REPORT_BYTES))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "report", "out of memory");
    enum status st = stage_reports(&s, db, e);
    const char *tmp = with_case && st == OK ? stage(&s, "case.db", e) : NULL;
    if (with_case && st == OK)
        st = tmp ? case_save(db, tmp, e) : E_LIMIT;
    return publish(&s, st, e);
}

static enum status name_free(const char *folder, const char *name, struct arena *mem, struct err *e)
{
    struct plat_stat s;
    const char *path = arena_printf(mem, "%s/%s", folder, name);
    if (!path)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "output", "out of memory");
    if (plat_stat(path, false, &s, NULL) != OK)
        return OK;
    e->path = path;
    return err_set(e, E_USAGE, ERR_NO_OFF, "exists already",
                   "use --force to replace it, or -o for another folder");
}

enum status output_free(const char *folder, bool with_case, struct arena *mem, struct err *e)
{
    enum status st = with_case ? name_free(folder, "case.db", mem, e) : OK;
    for (const struct report_format *f = report_formats; f->name && st == OK; f++)
        st = name_free(folder, f->file, mem, e);
    return st;
}

enum status write_reports(struct casedb *db, const char *folder, struct err *e)
{
    return write_files(db, folder, false, e);
}
enum status write_case(struct casedb *db, const char *folder, struct err *e)
{
    return write_files(db, folder, true, e);
}

struct output_file {
    const char *path;
    char *tmp;
    plat_file f;
    uint64_t off;
};

enum status output_open(const char *path, bool force, struct output_file **file, struct err *e)
{
    struct plat_stat s;
    *file = NULL;
    e->path = path;
    if (plat_stat(path, true, &s, NULL) == OK && s.type != PLAT_FILE)
        return err_set(e, E_USAGE, ERR_NO_OFF, "no file", "a folder or a device lies there");
    if (!force && plat_stat(path, false, &s, NULL) == OK)
        return err_set(e, E_USAGE, ERR_NO_OFF, "exists already", "use --force to replace it");
    struct output_file *o = calloc(1, sizeof *o + strlen(path) + 8);
    if (!o)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "output", "out of memory");
    o->path = path, o->tmp = (char *)(o + 1);
    strcpy(o->tmp, path), strcat(o->tmp, ".tmp");
    enum status st = plat_make_file(o->tmp, &o->f, e);
    e->path = st == OK ? NULL : path;
    if (st == OK)
        *file = o;
    else
        free(o);
    return st;
}

enum status output_put(void *file, struct str part, struct err *e)
{
    struct output_file *o = file;
    enum status st = plat_write_at(o->f, o->off, part.p, part.n, e);
    o->off += part.n;
    return st;
}

enum status output_close(struct output_file *o, enum status st, struct err *e)
{
    st = plat_end_file(o->tmp, o->f, st, e);
    if (st == OK && (st = plat_rename(o->tmp, o->path, e)) != OK)
        plat_remove(o->tmp);
    if (st != OK && e->path == o->tmp)
        e->path = o->path; /* the other dies here */
    free(o);
    return st;
}
