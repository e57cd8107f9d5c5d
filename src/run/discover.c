#include "run/discover.h"
#include "base/grow.h"
#include "base/limits.h"
#include "parsers/registry/txlog.h"
#include "plat/plat.h"
#include <stdlib.h>

enum status evidence_add(struct evidence *ev, struct file f, struct err *e)
{
    if (ev->n == LIM_FILES)
        return err_set(e, E_LIMIT, ERR_NO_OFF, "too many files", "more than %d; give a folder further down",
                       LIM_FILES);
    struct file *more = grow(ev->file, sizeof f, ev->n, &ev->cap);
    if (!more)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "file list", "out of memory");
    ev->file = more, ev->file[ev->n++] = f;
    return OK;
}

bool file_to_read(const struct file *f) { return f->st == OK && !f->skipped; }
bool file_is_log(const struct file *f) { return f->is.kind == KIND_EVTX || f->is.kind == KIND_EVTX_CARVED; }

bool file_is_tool_text(const struct file *f) { return f->is.kind == KIND_TOOL_TEXT; }
bool file_is_registry(const struct file *f) { return f->is.kind == KIND_HIVE || f->is.kind == KIND_REG_TEXT; }

/* Is there a folder on the way whose name begins so, or (anywhere) has it in it? */
static bool in_folder(struct str path, const char *name, bool anywhere)
{
    for (struct str rest = path; rest.n;) {
        const char *from = rest.p;
        while (rest.n && rest.p[0] != '/' && rest.p[0] != '\\')
            rest.p++, rest.n--;
        for (; rest.n && from < rest.p; from += anywhere ? 1 : rest.p - from)
            if (str_starts_ci((struct str){from, (size_t)(rest.p - from)}, str_of(name)))
                return true;
        if (rest.n)
            rest.p++, rest.n--;
    }
    return false;
}

/* VSS1, VSS2, …: where KAPE puts what it finds in shadow copies */
static bool in_vss(struct str path)
{
    for (struct str rest = path; rest.n;) {
        struct str part = rest;
        while (rest.n && rest.p[0] != '/' && rest.p[0] != '\\')
            rest.p++, rest.n--;
        part.n -= rest.n;
        bool is = rest.n && part.n > 3 && str_starts_ci(part, STR("VSS"));
        for (size_t i = 3; i < part.n && is; i++)
            is = is_digit(part.p[i]);
        if (is)
            return true;
        if (rest.n)
            rest.p++, rest.n--;
    }
    return false;
}

bool lies_in_older(struct str path)
{
    /* collectors keep a device's name in one folder's:
     * %5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy1 */
    return in_folder(path, "RegBack", false) || in_folder(path, "Windows.old", false)
           || in_folder(path, "HarddiskVolumeShadowCopy", true) || in_vss(path);
}

/* --- inputs and how what lies there is shown: by the way below the input, so that the same evidence is shown
 * alike wherever it lies */

struct input {
    /* real: where the folder really is, a file's folder for a file; slashes between and behind */
    struct str given, real;
    /* prefix: stands before the way below; empty when nothing needs telling apart */
    struct str base, prefix;
    size_t first;     /* the first input in the same folder; what follows counts there */
    size_t cut;       /* bytes of a place before the way below */
    struct file gone; /* with a note when nothing could be found out about it */
    /* whole: a folder is given, not single files in it; many: not the only input */
    bool whole, older, many;
};

static struct file unreadable(struct evidence *ev, struct err *why)
{
    struct str note = arena_str(&ev->mem, str_of(why->why));
    return (struct file){.st = E_IO, .note = note.p ? note : STR("unreadable")};
}

static struct str last_part(struct str path)
{
    size_t n = path.n, from;
    while (n && plat_slash(path.p[n - 1]))
        n--;
    for (from = n; from && !plat_slash(path.p[from - 1]);)
        from--;
    return (struct str){path.p + from, n - from};
}

/* Says nothing by itself: ".", "..", a root, a drive. */
static bool no_name(struct str s)
{
    return s.n == 0 || str_eq(s, STR(".")) || str_eq(s, STR("..")) || s.p[s.n - 1] == ':';
}

static struct str base_of(struct str folder, struct str real)
{
    struct str base = last_part(folder);
    base = no_name(base) ? last_part(real) : base;
    base.n -= base.n && base.p[base.n - 1] == ':';
    return no_name(base) ? STR("root") : base;
}

/* "/a/b/" on every system, so that one can be seen to lie in another; what has no real place keeps the one
 * given. */
static struct str real_of(struct arena *mem, struct str folder)
{
    const char *real = folder.p ? plat_real(folder.p, mem) : NULL;
    char *at = folder.p ? arena_printf(mem, "%s/", real ? real : folder.p) : NULL;
    struct str s = str_of(at);
    for (size_t i = 0; i < s.n; i++)
        at[i] = plat_slash(at[i]) ? '/' : at[i];
    while (s.n > 1 && s.p[s.n - 2] == '/')
        at[--s.n] = 0;
    return s;
}

static bool look_at(struct evidence *ev, const char *given, struct input *in)
{
    struct arena *mem = &ev->mem;
    struct plat_stat s;
    struct err why = {0};
    in->given = arena_str(mem, str_of(given));
    if (!in->given.p)
        return false;
    if (plat_stat(in->given.p, true, &s, &why) != OK)
        in->gone = unreadable(ev, &why);
    in->whole = s.type == PLAT_DIR;
    in->cut = in->given.n;
    while (!in->whole && in->cut && !plat_slash(given[in->cut - 1]))
        in->cut--;
    struct str folder = in->cut ? arena_str(mem, (struct str){given, in->cut}) : STR(".");
    in->real = real_of(mem, folder);
    if (!in->real.p)
        return false;
    in->cut += in->whole && in->cut && !plat_slash(given[in->cut - 1]);
    in->base = base_of(folder, in->real), in->older = lies_in_older(in->real);
    return true;
}

static bool has_prefix(const struct input *in, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (in[i].first == i && str_eq_ci(in[i].prefix, name))
            return true;
    return false;
}

/* "in", "in (2)", "in (3)": in the order given, and different without case too. */
static struct str own_prefix(struct arena *mem, const struct input *in, size_t n)
{
    struct str name = {0};
    size_t k = 1;
    for (size_t i = 0; i < n; i++)
        k += in[i].first == i && in[i].prefix.n && str_eq_ci(in[i].base, in[n].base);
    for (bool taken = true; taken; k++) {
        name = k == 1 ? arena_str(mem, in[n].base)
                      : str_of(arena_printf(mem, "%.*s (%zu)", STR_ARG(in[n].base), k));
        taken = name.p && has_prefix(in, n, name);
    }
    return name;
}

/* One folder needs no prefix, nor do single files of one folder beside other folders. */
static bool name_inputs(struct arena *mem, struct input *in, size_t n)
{
    size_t folders = 0, loose = 0;
    for (size_t i = 0; i < n; i++) {
        size_t f = 0;
        while (!str_eq(in[f].real, in[i].real))
            f++;
        in[i].first = f, in[i].many = n > 1, in[f].whole |= in[i].whole;
    }
    for (size_t i = 0; i < n; i++)
        if (in[i].first == i)
            folders += in[i].whole, loose += !in[i].whole;
    for (size_t i = 0; i < n; i++) {
        bool told = in[i].first != i, plain = folders + loose == 1 || (!in[i].whole && loose == 1);
        in[i].prefix = told ? in[in[i].first].prefix : plain ? STR("") : own_prefix(mem, in, i);
        if (!in[i].prefix.p)
            return false;
    }
    return true;
}

/* --- from an input to its files */

static enum status add_place(struct evidence *ev, const struct input *in, struct str place, struct file f,
                             struct err *e)
{
    struct str below = place.n > in->cut ? (struct str){place.p + in->cut, place.n - in->cut} : STR(".");
    f.place = place, f.older = in->older || lies_in_older(place), f.root = in->real.n;
    f.path = in->prefix.n ? str_of(arena_printf(&ev->mem, "%s/%s", in->prefix.p, below.p)) : below;
    f.real = in->many ? str_of(arena_printf(&ev->mem, "%s%s", in->real.p, below.p)) : below;
    return f.path.p && f.real.p ? evidence_add(ev, f, e)
                                : err_set(e, E_LIMIT, ERR_NO_OFF, "file list", "too many names");
}

/* What is under way: the list, and who may end it. */
struct walk {
    struct evidence *ev;
    case_halt *halt;
    void *ctx;
};

static enum status halted(const struct walk *w, struct err *e) { return w->halt ? w->halt(w->ctx, e) : OK; }

static enum status walk_folder(const struct walk *w, const struct input *in, struct str place, unsigned depth,
                               bool top, struct err *e)
{
    struct evidence *ev = w->ev;
    struct plat_stat s;
    struct err why = {0};
    enum status st = halted(w, e);
    if (st != OK)
        return st;
    if (plat_stat(place.p, top, &s, &why) != OK)
        return add_place(ev, in, place, unreadable(ev, &why), e);
    if (s.type == PLAT_FILE)
        return add_place(ev, in, place,
                         (struct file){.bytes = s.bytes, .device = s.device, .inode = s.inode, .linked = top},
                         e);
    if (s.type != PLAT_DIR)
        return add_place(
            ev, in, place,
            (struct file){.skipped = true, .note = STR("symbolic link or special file, not followed")}, e);
    if (depth > LIM_PATH_DEPTH)
        return add_place(ev, in, place,
                         (struct file){.skipped = true, .note = STR("folder nested too deep, not entered")},
                         e);
    struct str *name;
    size_t n;
    st = plat_list(place.p, &ev->mem, &name, &n, &why);
    if (st == E_NOMEM) /* says nothing about the folder */
        return err_set(e, E_NOMEM, ERR_NO_OFF, "file list", "out of memory");
    if (st != OK)
        return add_place(ev, in, place, unreadable(ev, &why), e);
    bool slash = place.n && plat_slash(place.p[place.n - 1]);
    for (size_t i = 0; i < n && st == OK; i++) {
        char *below = arena_printf(&ev->mem, "%s%s%s", place.p, slash ? "" : "/", name[i].p);
        st = below ? walk_folder(w, in, str_of(below), depth + 1, false, e)
                   : err_set(e, E_LIMIT, ERR_NO_OFF, "file list", "too many names");
    }
    return st;
}

/* A hive named singly brings the transaction logs beside it: without them it says what was no longer true. */
static enum status add_logs_of(const struct walk *w, const struct input *in, struct err *e)
{
    static const char *const ends[] = {".LOG1", ".LOG2", ".LOG"};
    struct plat_stat s;
    enum status st = OK;
    if (plat_stat(in->given.p, true, &s, NULL) != OK || s.type != PLAT_FILE)
        return OK;
    for (size_t i = 0; i < LEN(ends) && st == OK; i++) {
        char *log = arena_printf(&w->ev->mem, "%s%s", in->given.p, ends[i]);
        if (log && plat_stat(log, false, &s, NULL) == OK && s.type == PLAT_FILE)
            st = walk_folder(w, in, str_of(log), 0, false, e);
    }
    return st;
}

static int by_path(const void *a, const void *b)
{
    return str_cmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

/* Of those that are the same: a link followed because it was given itself, then what is shown below the
 * outermost input. */
static int by_real(const void *a, const void *b)
{
    const struct file *x = a, *y = b;
    int real = str_cmp(x->real, y->real);
    if (real)
        return real;
    return x->skipped != y->skipped ? (x->skipped ? 1 : -1)
           : x->root != y->root     ? (x->root < y->root ? -1 : 1)
                                    : str_cmp(x->place, y->place);
}

/* A file that several inputs lead to is one file. */
static void keep_once(struct evidence *ev)
{
    size_t kept = 0;
    if (ev->n)
        qsort(ev->file, ev->n, sizeof *ev->file, by_real);
    for (size_t i = 0; i < ev->n; i++)
        if (kept == 0 || !str_eq(ev->file[kept - 1].real, ev->file[i].real))
            ev->file[kept++] = ev->file[i];
    ev->n = kept;
}

static void in_order(struct evidence *ev)
{
    if (ev->n)
        qsort(ev->file, ev->n, sizeof *ev->file, by_path);
    for (size_t i = 0; i < ev->n; i++)
        ev->file[i].hive = i;
}

static enum status evidence_begin(struct evidence *ev, struct err *e)
{
    *ev = (struct evidence){0}; /* address space; pages are touched as names arrive */
    return arena_make(&ev->mem, 512u << 20) ? OK
                                            : err_set(e, E_NOMEM, ERR_NO_OFF, "file list", "out of memory");
}

/* The time was over: what was listed stands, and a row says that it is not all. */
static enum status end_list(struct evidence *ev, const struct input *in, struct err *e)
{
    *e = (struct err){0};
    struct file left = {.skipped = true,
                        .cut = true,
                        .note = STR("the time of the run was over: not all that lies here is listed")};
    char *name = arena_printf(&ev->mem, "%s/...", in->given.p);
    return name ? add_place(ev, in, str_of(name), left, e)
                : err_set(e, E_LIMIT, ERR_NO_OFF, "file list", "too many names");
}

enum status discover(const char *const *inputs, size_t n, case_halt *halt, void *ctx, struct evidence *out,
                     struct err *e)
{
    const struct walk w = {out, halt, ctx};
    struct input *in = calloc(n ? n : 1, sizeof *in);
    bool fits = true;
    enum status st = evidence_begin(out, e);
    if (st == OK && !in)
        st = err_set(e, E_NOMEM, ERR_NO_OFF, "file list", "out of memory");
    for (size_t i = 0; i < n && st == OK && fits; i++)
        fits = look_at(out, inputs[i], &in[i]);
    if (st == OK && (!fits || !name_inputs(&out->mem, in, n)))
        st = err_set(e, E_LIMIT, ERR_NO_OFF, "file list", "too many names");
    for (size_t i = 0; i < n && st == OK; i++)
        if (in[i].gone.note.p)
            st = add_place(out, &in[i], in[i].given, in[i].gone, e);
        else if ((st = walk_folder(&w, &in[i], in[i].given, 0, true, e)) == OK)
            st = add_logs_of(&w, &in[i], e);
        else if (st == E_TIME)
            st = end_list(out, &in[i], e);
    free(in);
    if (st != OK)
        return st;
    if (n > 1)
        keep_once(out);
    in_order(out);
    return OK;
}

enum status discover_again(const struct file *listed, size_t n, struct evidence *out, struct err *e)
{
    enum status st = evidence_begin(out, e);
    for (size_t i = 0; i < n && st == OK; i++) {
        struct plat_stat s;
        if (plat_stat(listed[i].place.p, true, &s, NULL) == OK && s.type == PLAT_FILE)
            st = evidence_add(out,
                              (struct file){.path = listed[i].path,
                                            .place = listed[i].place,
                                            .older = listed[i].older,
                                            .bytes = s.bytes,
                                            .device = s.device,
                                            .inode = s.inode,
                                            .linked = true},
                              e);
    }
    in_order(out);
    return st;
}

/* Two members of one name: the later one says where it stands in its container. */
static enum status part_names(struct evidence *ev, bool *again, struct err *e)
{
    *again = false;
    for (size_t i = 1; i < ev->n; i++) {
        struct file *f = &ev->file[i];
        if (!f->container || !str_eq(f->path, ev->file[i - 1].path))
            continue;
        f->path = str_of(arena_printf(&ev->mem, "%.*s (%u)", STR_ARG(f->path), f->member));
        if (!f->path.p)
            return err_set(e, E_LIMIT, ERR_NO_OFF, "file list", "too many names");
        *again = true;
    }
    return OK;
}

static int by_path_and_member(const void *a, const void *b)
{
    const struct file *x = a, *y = b;
    int path = by_path(a, b);
    return path ? path : x->member < y->member ? -1 : x->member > y->member;
}

enum status evidence_sort(struct evidence *ev, struct err *e)
{
    enum { ROUNDS = 8 }; /* a name that was made stands already, as only a hostile one does */
    enum status st = OK;
    bool again = ev->n > 0;
    size_t *now = calloc(ev->n + 1, sizeof *now);
    if (!now)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "file list", "out of memory");
    for (size_t i = 0; i < ev->n; i++)
        ev->file[i].hive = i; /* where it was */
    for (unsigned round = 0; again && round < ROUNDS && st == OK; round++) {
        qsort(ev->file, ev->n, sizeof *ev->file, by_path_and_member);
        st = part_names(ev, &again, e);
    }
    for (size_t i = 0; i < ev->n; i++)
        now[ev->file[i].hive] = i;
    for (size_t i = 0; i < ev->n; i++) {
        struct file *f = &ev->file[i];
        f->container = f->container ? now[f->container - 1] + 1 : 0, f->hive = i;
    }
    free(now);
    return st;
}

enum status evidence_open(const struct evidence *ev, size_t file, plat_file *fd, uint64_t *at,
                          uint64_t *bytes, struct err *e)
{
    const struct file *f = &ev->file[file];
    *fd = -1, *at = f->at, *bytes = f->bytes;
    if (f->spool)
        return plat_twin(ev->spool[f->spool - 1], fd, e);
    const struct plat_stat seen = {.bytes = f->bytes, .device = f->device, .inode = f->inode};
    return plat_open_seen(f->place.p, f->linked, &seen, fd, e);
}

void evidence_free(struct evidence *ev)
{
    for (size_t i = 0; i < ev->n_spool; i++)
        plat_close(ev->spool[i]);
    free(ev->spool);
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
        if (log->path.n == hive->path.n + ends[i].n && str_starts_ci(log->path, hive->path)
            && str_ends_ci(log->path, ends[i]))
            return true;
    return false;
}

/* Both say which hive they belong to, and it is not the same one: another host's, whatever the names. */
static bool strangers(const struct file *log, const struct file *hive)
{
    return log->is.checksum_ok && hive->is.checksum_ok && log->is.rm && hive->is.rm
           && log->is.rm != hive->is.rm;
}

/* How well a log goes with a hive by what their base blocks say; 0: not at all. */
static unsigned likeness(const struct file *log, const struct file *hive)
{
    bool named = log->is.name[0] && str_eq_ci(str_of(log->is.name), str_of(hive->is.name)),
         newer = (int32_t)(log->is.seq1 - hive->is.seq2) >= 0;
    if (!newer || log->is.rm != hive->is.rm)
        return 0;
    return log->is.rm ? 3 : !named ? 0 : log->is.bins == hive->is.bins ? 2 : 1;
}

uint8_t hive_log_name(struct str path)
{
    return str_ends_ci(path, STR("LOG1")) ? LOG_1 : str_ends_ci(path, STR("LOG2")) ? LOG_2 : LOG_PLAIN;
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
                bool fits = hive->is.kind == KIND_HIVE && hive->n_log < LEN(hive->log)
                            && same_folder(log, hive) && !strangers(log, hive);
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
            st = err_set(e, E_USAGE, ERR_NO_OFF, "output folder lies inside the evidence",
                         "choose another place with -o");
            if (e)
                e->path = out;
        }
    }
    arena_free(&mem);
    return st;
}
