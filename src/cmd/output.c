#include "cmd/output.h"
#include "cmd/swap.h"
#include "reports/report.h"
#include "case/named.h"
#include "case/casedb.h"
#include "plat/plat.h"
#include <stdlib.h>
#include <string.h>

/* addresses for the model, of which half are used at most: with the cache of the case a whole run stays below
 * 128 MB */
enum { REPORT_BYTES = 128 << 20, PATH = 4096 };

/* Files are written in a folder of our own inside the user's, then get their names there. */
struct output {
    struct arena mem;
    const char *folder; /* the user's */
    char own[PATH];     /* ours; "": not made */
    const char *real;   /* the same without links on the way: SQLite follows none */
    plat_file lock;
    struct swap files;
    bool cut;   /* reports hold less than the case */
    bool alone; /* the folder is ours */
    const struct redact *names;
};

static enum status does_not_fit(struct err *e)
{
    return err_set(e, E_NOMEM, ERR_NO_OFF, "output", "out of memory");
}

/* A file that is written in parts. */
struct output_file {
    const char *path;
    char *tmp;
    plat_file f;
    uint64_t off;
};

enum status output_put(void *file, struct str part, struct err *e)
{
    struct output_file *o = file;
    enum status st = plat_write_at(o->f, o->off, part.p, part.n, e);
    o->off += part.n;
    return st;
}

struct parts {
    struct output_file file;
    enum status st;
    struct err *e;
};

static bool put_part(void *ctx, struct str part)
{
    struct parts *to = ctx;
    to->st = to->st == OK ? output_put(&to->file, part, to->e) : to->st;
    return to->st == OK;
}

static enum status write_report(const struct report *rep, const struct report_format *f, const char *tmp,
                                struct err *e)
{
    struct parts to = {.e = e};
    const struct buf_to parts = {put_part, &to};
    struct buf text = {.to = &parts};
    struct err why = {0};
    enum status st = plat_make_file(tmp, &to.file.f, e);
    if (st != OK)
        return st;
    st = f->write(rep, &text, &why);
    if (st == OK)
        put_part(&to, buf_view(&text));
    else if (to.st == OK)
        *e = why;
    buf_free(&text);
    return plat_end_file(tmp, to.file.f, to.st != OK ? to.st : st, e);
}

static enum status stage_report(struct output *o, const struct report *rep, const struct report_format *f,
                                struct err *e)
{
    const char *tmp = swap_add(&o->files, f->file, e);
    enum status st = tmp ? write_report(rep, f, tmp, e) : E_NOMEM;
    if (st != E_IO)
        return st;
    struct err was = *e; /* the path is one for the time being, and ends with us */
    *e = (struct err){0};
    return err_set(e, E_IO, ERR_NO_OFF, "cannot write", "%s: %.120s", f->file, was.why);
}

static enum status stage_reports(struct output *o, struct casedb *db, struct err *e)
{
    struct arena mem;
    struct report *rep = NULL;
    if (!arena_make(&mem, REPORT_BYTES))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "report", "out of memory");
    enum status st = report_build(db, &mem, &rep, e);
    o->cut = st == OK && report_is_cut(rep);
    if (st == OK && o->names)
        st = report_redact(rep, o->names, &mem, e);
    for (const struct report_format *f = report_formats; f->name && st == OK; f++)
        st = stage_report(o, rep, f, e);
    arena_free(&mem);
    return st;
}

bool output_cut(const struct output *o) { return o->cut; }

/* The case says what its reports say. */
static enum status mark_limit(struct casedb *db, struct err *e)
{
    return case_named(db, Q_META_LIMIT, "", NULL, NULL, NULL, e);
}

/* What was written while reports were made; anew where that could not be, or they hold less and it is to say
 * so. */
static enum status end_case(struct output *o, struct casedb *db, struct case_saving *saving, enum status st,
                            struct err *e)
{
    struct err why = {0};
    bool keep = st == OK && !o->cut;
    enum status saved = saving ? case_save_end(saving, keep, &why) : E_UNSUPPORTED;
    if (keep && saved != OK && saved != E_UNSUPPORTED)
        return *e = why, saved;
    st = st == OK && o->cut ? mark_limit(db, e) : st;
    const char *tmp = st == OK ? swap_add(&o->files, "case.db", e) : NULL;
    if (st != OK || (keep && saved == OK && tmp))
        return st;
    return tmp ? case_save(db, tmp, e) : E_NOMEM;
}

enum status output_write(struct output *o, struct casedb *db, bool with_case, uint64_t *until, struct err *e)
{
    const char *made = with_case ? swap_made(&o->files, "case.db") : NULL;
    struct case_saving *saving = made ? case_save_begin(db, made) : NULL;
    enum status st = stage_reports(o, db, e);
    *until = 0; /* what was reached is kept */
    st = with_case ? end_case(o, db, saving, st, e) : st;
    bool lost = false;
    if (!o->alone)
        st = st == OK ? swap_all(&o->files, &lost, e) : st;
    for (size_t i = 0; i < o->files.n && o->alone && st != OK; i++)
        plat_remove(o->files.file[i].made);
    if (lost)
        o->own[0] = 0; /* it stays */
    if (st != OK)
        e->path = st == E_STOP ? NULL : o->folder; /* the longer one ends with us */
    return st;
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

static enum status output_free(const char *folder, bool with_case, struct arena *mem, struct err *e)
{
    enum status st = with_case ? name_free(folder, "case.db", mem, e) : OK;
    for (const struct report_format *f = report_formats; f->name && st == OK; f++)
        st = name_free(folder, f->file, mem, e);
    return st;
}

enum status output_begin(const char *folder, bool force, bool with_case, bool alone, struct output **out,
                         struct err *e)
{
    struct output *o = *out = calloc(1, sizeof *o);
    if (!o || !arena_make(&o->mem, 256 << 10)) {
        free(o);
        return *out = NULL, does_not_fit(e);
    }
    o->folder = folder, o->lock = -1, o->alone = alone;
    enum status st = force ? OK : output_free(folder, with_case, &o->mem, e);
    st = st == OK ? plat_mkdir(folder, e) : st;
    st = st == OK ? plat_lock(folder, &o->lock, e) : st;
    /* looked at again: a run that has just ended may have written */
    st = st == OK && !force ? output_free(folder, with_case, &o->mem, e) : st;
    if (st == OK && !alone && (st = plat_fresh_folder(folder, o->own, sizeof o->own, e)) != OK)
        o->own[0] = 0;
    if (st == OK && !(o->real = plat_real(alone ? folder : o->own, &o->mem)))
        st = err_set(e, E_IO, ERR_NO_OFF, "cannot write", "the folder for what is not finished is gone");
    const char *work = st == OK && with_case ? output_work(o) : NULL;
    st = work ? case_name_fits(work, e) : st;
    o->files = (struct swap){.mem = &o->mem, .folder = folder, .own = o->real};
    return st;
}

const char *output_work(struct output *o) { return arena_printf(&o->mem, "%s/case.db.building", o->real); }

void output_end(struct output *o)
{
    if (!o)
        return;
    if (o->own[0])
        plat_drop_folder(o->own);
    plat_close(o->lock);
    arena_free(&o->mem), free(o);
}

void output_redact(struct output *o, const struct redact *names) { o->names = names; }

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
