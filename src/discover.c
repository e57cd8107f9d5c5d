#include "discover.h"
#include "base/limits.h"
#include "plat/plat.h"
#include <stdlib.h>

static enum status add(struct evidence *ev, struct file f, struct err *e)
{
    if (ev->n == LIM_FILES)
        return err_set(e, E_LIMIT, ERR_NO_OFF, "too many files", "more than %d; give a folder further down", LIM_FILES);
    if (ev->n == ev->cap) {
        size_t cap = ev->cap ? ev->cap * 2 : 64;
        struct file *more = realloc(ev->file, cap * sizeof *more);
        if (!more)
            return err_set(e, E_NOMEM, ERR_NO_OFF, "file list", "out of memory");
        ev->file = more, ev->cap = cap;
    }
    ev->file[ev->n++] = f;
    return OK;
}

static bool has_folder(struct str path, const char *name)
{
    for (struct str rest = path; rest.n;) {
        const char *from = rest.p;
        while (rest.n && rest.p[0] != '/' && rest.p[0] != '\\')
            rest.p++, rest.n--;
        if (rest.n && str_starts_ci((struct str){from, (size_t)(rest.p - from)}, str_of(name)))
            return true;
        if (rest.n)
            rest.p++, rest.n--;
    }
    return false;
}

static struct file unreadable(struct str path, struct evidence *ev, struct err *why)
{
    struct str note = arena_str(&ev->mem, str_of(why->why));
    return (struct file){.path = path, .st = E_IO, .note = note.p ? note : STR("unreadable")};
}

static enum status walk(struct evidence *ev, struct str path, unsigned depth, bool top, struct err *e)
{
    struct plat_stat s;
    struct err why = {0};
    if (plat_stat(path.p, top, &s, &why) != OK)
        return add(ev, unreadable(path, ev, &why), e);
    if (s.type == PLAT_FILE) {
        bool older = has_folder(path, "RegBack") || has_folder(path, "Windows.old") || has_folder(path, "HarddiskVolumeShadowCopy");
        return add(ev, (struct file){.path = path, .bytes = s.bytes, .older = older}, e);
    }
    if (s.type != PLAT_DIR)
        return add(ev, (struct file){.path = path, .skipped = true, .note = STR("symbolic link or special file, not followed")}, e);
    if (depth > LIM_PATH_DEPTH)
        return add(ev, (struct file){.path = path, .skipped = true, .note = STR("folder nested too deep, not entered")}, e);
    struct str *name;
    size_t n;
    enum status st = plat_list(path.p, &ev->mem, &name, &n, &why);
    if (st == E_NOMEM)              /* says nothing about the folder */
        return err_set(e, E_NOMEM, ERR_NO_OFF, "file list", "out of memory");
    if (st != OK)
        return add(ev, unreadable(path, ev, &why), e);
    bool slash = path.n && (path.p[path.n - 1] == '/' || path.p[path.n - 1] == '\\');
    for (size_t i = 0; i < n && st == OK; i++) {
        char *below = arena_printf(&ev->mem, "%s%s%s", path.p, slash ? "" : "/", name[i].p);
        st = below ? walk(ev, str_of(below), depth + 1, false, e) : err_set(e, E_LIMIT, ERR_NO_OFF, "file list", "too many names");
    }
    return st;
}

/* A hive named singly brings the transaction logs beside it: without them it says what was no longer true. */
static enum status add_logs_of(struct evidence *ev, struct str path, struct err *e)
{
    static const char *const ends[] = {".LOG1", ".LOG2", ".LOG"};
    struct plat_stat s;
    enum status st = OK;
    if (plat_stat(path.p, true, &s, NULL) != OK || s.type != PLAT_FILE)
        return OK;
    for (size_t i = 0; i < LEN(ends) && st == OK; i++) {
        char *log = arena_printf(&ev->mem, "%s%s", path.p, ends[i]);
        if (log && plat_stat(log, false, &s, NULL) == OK && s.type == PLAT_FILE)
            st = walk(ev, str_of(log), 0, false, e);
    }
    return st;
}

static int by_path(const void *a, const void *b) { return str_cmp(((const struct file *)a)->path, ((const struct file *)b)->path); }

enum status discover(const char *const *inputs, size_t n, struct evidence *out, struct err *e)
{
    *out = (struct evidence){0};
    if (!arena_make(&out->mem, 512u << 20))     /* address space; pages are touched as names arrive */
        return err_set(e, E_NOMEM, ERR_NO_OFF, "file list", "out of memory");
    enum status st = OK;
    for (size_t i = 0; i < n && st == OK; i++) {
        struct str path = arena_str(&out->mem, str_of(inputs[i]));
        st = path.p ? walk(out, path, 0, true, e) : err_set(e, E_LIMIT, ERR_NO_OFF, "file list", "too many names");
        if (st == OK)
            st = add_logs_of(out, path, e);
    }
    if (st != OK)
        return st;
    if (out->n)
        qsort(out->file, out->n, sizeof *out->file, by_path);
    size_t kept = 0;                            /* the same path given twice is one file */
    for (size_t i = 0; i < out->n; i++)
        if (kept == 0 || !str_eq(out->file[kept - 1].path, out->file[i].path))
            out->file[kept++] = out->file[i];
    out->n = kept;
    for (size_t i = 0; i < kept; i++)
        out->file[i].hive = i;
    return OK;
}

void evidence_free(struct evidence *ev)
{
    arena_free(&ev->mem);
    free(ev->file);
    *ev = (struct evidence){0};
}

static size_t folder_length(struct str path)
{
    size_t n = path.n;
    while (n && path.p[n - 1] != '/' && path.p[n - 1] != '\\')
        n--;
    return n;
}

static bool same_folder(const struct file *a, const struct file *b)
{
    size_t n = folder_length(a->path);
    return n == folder_length(b->path) && str_eq((struct str){a->path.p, n}, (struct str){b->path.p, n});
}

static bool named_for(const struct file *log, const struct file *hive)
{
    static const struct str ends[] = {{".LOG1", 5}, {".LOG2", 5}, {".LOG", 4}};
    for (size_t i = 0; i < LEN(ends); i++)
        if (log->path.n == hive->path.n + ends[i].n && str_starts_ci(log->path, hive->path) && str_ends_ci(log->path, ends[i]))
            return true;
    return false;
}

/* Both say which hive they belong to, and it is not the same one: another host's, whatever the names. */
static bool strangers(const struct file *log, const struct file *hive)
{
    return log->is.checksum_ok && hive->is.checksum_ok && log->is.rm && hive->is.rm && log->is.rm != hive->is.rm;
}

/* How well a log goes with a hive by what their base blocks say; 0: not at all. */
static unsigned likeness(const struct file *log, const struct file *hive)
{
    bool named = log->is.name[0] && str_eq_ci(str_of(log->is.name), str_of(hive->is.name)), newer = (int32_t)(log->is.seq1 - hive->is.seq2) >= 0;
    if (!newer || log->is.rm != hive->is.rm)
        return 0;
    return log->is.rm ? 3 : !named ? 0 : log->is.bins == hive->is.bins ? 2 : 1;
}

void group_hives(struct evidence *ev)
{
    for (int by_name = 1; by_name >= 0; by_name--)
        for (size_t l = 0; l < ev->n; l++) {
            struct file *log = &ev->file[l];
            if (log->is.kind != KIND_HIVE_LOG || log->hive != l)
                continue;
            size_t found = l, candidates = 0;
            unsigned best = 0;
            for (size_t h = 0; h < ev->n; h++) {
                struct file *hive = &ev->file[h];
                bool fits = hive->is.kind == KIND_HIVE && hive->n_log < LEN(hive->log) && same_folder(log, hive) && !strangers(log, hive);
                unsigned like = !fits ? 0 : by_name ? named_for(log, hive) : likeness(log, hive);
                candidates = like > best ? 1 : candidates + (like && like == best);
                if (like > best)
                    best = like, found = h;
            }
            if (candidates != 1)
                continue;
            struct file *hive = &ev->file[found];
            log->hive = found;
            hive->log[hive->n_log++] = l;
        }
}

enum status output_outside(const char *out, const char *const *inputs, size_t n, struct err *e)
{
    struct arena mem;
    enum status st = OK;
    if (!arena_make(&mem, 1 << 16))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "output folder", "out of memory");
    /* The folder may not exist yet: judge the nearest part of its path that does. */
    struct str at = str_of(out);
    char *real = NULL;
    for (bool last = false; !real && !last;) {
        struct str z = arena_str(&mem, at.n ? at : STR("."));
        last = at.n == 0;
        real = z.p ? plat_real(z.p, &mem) : NULL;
        while (at.n && at.p[at.n - 1] != '/' && at.p[at.n - 1] != '\\')
            at.n--;
        while (at.n > 1 && (at.p[at.n - 1] == '/' || at.p[at.n - 1] == '\\'))
            at.n--;
    }
    for (size_t i = 0; real && i < n && st == OK; i++) {
        struct plat_stat s;
        char *in = plat_real(inputs[i], &mem);
        if (!in || plat_stat(in, true, &s, NULL) != OK || s.type != PLAT_DIR)
            continue;
        size_t k = strlen(in);
        if (strncmp(real, in, k) == 0 && (real[k] == 0 || real[k] == '/' || real[k] == '\\' || k == 1)) {
            st = err_set(e, E_USAGE, ERR_NO_OFF, "output folder lies inside the evidence", "choose another place with -o");
            if (e)
                e->path = out;
        }
    }
    arena_free(&mem);
    return st;
}
