#include "cmd/fleet_out.h"
#include "cmd/swap.h"
#include "cmd/cmd.h"
#include "kb/kb.h"
#include "plat/plat.h"
#include "reports/fleet.h"
#include <string.h>

enum { CAUSES_SAID = 12 };

enum status fleet_fits(const char *folder, struct arena *a, struct err *e)
{
    const char *real = plat_real(folder, a);
    const char *made = real ? arena_printf(a, "%s/.whylogon-XXXXXX/fleet.db", real) : NULL;
    return made ? case_name_fits(made, e) : OK;
}

enum status fleet_begin(const char *folder, const struct kb *kb, const struct fleet_terms *terms,
                        struct arena *a, struct casedb **out, struct err *e)
{
    const char *path = arena_printf(a, "%s/fleet.db.building", folder);
    if (!path)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "fleet", "out of memory");
    plat_remove(path); /* what a killed run left */
    return fleet_create(path, kb_file(kb, "fleet/schema.sql"), terms, out, e);
}

static enum status say_outcome(void *ctx, const struct cell *c, const char *const *name, size_t n,
                               struct err *e)
{
    struct buf *b = ctx;
    (void)name, (void)n, (void)e;
    if (!c[1].i)
        return OK;
    enum outcome o = outcome_of(c[0].s);
    buf_printf(b, "%-12s %lld ticket%s", o < OUTCOMES ? outcome_said[o] : "", (long long)c[1].i,
               c[1].i == 1 ? "" : "s");
    if (c[2].i)
        buf_printf(b, ", %lld host%s", (long long)c[2].i, c[2].i == 1 ? "" : "s");
    buf_char(b, '\n');
    return OK;
}

/* cause, title, verdict, tickets, hosts … */
static enum status say_cause(void *ctx, const struct cell *c, const char *const *name, size_t n,
                             struct err *e)
{
    struct buf *b = ctx;
    (void)name, (void)n, (void)e;
    buf_printf(b, "%-12.*s %.*s  %lld ticket%s\n", STR_ARG(c[2].s), STR_ARG(c[0].s), (long long)c[3].i,
               c[3].i == 1 ? "" : "s");
    return OK;
}

/* The worst of all tickets; what only means that there was nothing to read, where all had nothing. */
struct codes {
    int worst;
    bool all_empty;
};
static enum status take_code(void *ctx, const struct cell *c, const char *const *name, size_t n,
                             struct err *e)
{
    struct codes *k = ctx;
    (void)name, (void)n, (void)e;
    int code = (int)c[2].i;
    if (code != EXIT_NO_EVIDENCE)
        k->all_empty = false, k->worst = exit_worst(k->worst, code == EXIT_USAGE ? EXIT_BUG : code);
    return OK;
}

static enum status say_missing(void *ctx, const struct cell *c, const char *const *name, size_t n,
                               struct err *e)
{
    struct buf *b = ctx;
    (void)name, (void)n, (void)e;
    buf_z(b, b->n ? ", " : ""), buf_str(b, c[0].s);
    return OK;
}

static enum status summarise(struct casedb *db, const char *folder, struct buf *said, struct buf *missing,
                             int *code, struct err *e)
{
    struct codes k = {EXIT_DONE, true};
    int64_t tickets;
    enum status st = fleet_count(db, "v_ticket", &tickets, e);
    st = st == OK ? fleet_rows(db, "v_fleet_outcome", 0, say_outcome, said, e) : st;
    st = st == OK ? fleet_rows(db, "v_fleet_cause", CAUSES_SAID, say_cause, said, e) : st;
    st = st == OK ? fleet_rows(db, "v_fleet_missing", 40, say_missing, missing, e) : st;
    st = st == OK ? fleet_rows(db, "v_ticket", 0, take_code, &k, e) : st;
    if (st != OK)
        return st;
    buf_printf(said, "report       %s/fleet.html\n", folder);
    *code = tickets && k.all_empty ? EXIT_NO_EVIDENCE : k.worst;
    return said->bad || missing->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "fleet", "out of memory") : OK;
}

static enum status write_one(struct casedb *db, const struct fleet_format *f, struct swap *files,
                             struct err *e)
{
    struct buf text = {0};
    const char *made = swap_add(files, f->name ? f->file : "fleet.db", e);
    enum status st = !made ? E_NOMEM : f->name ? f->write(db, &text, e) : case_save(db, made, e);
    if (st == OK && f->name)
        st = text.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "fleet", "out of memory")
                      : plat_write_file(made, buf_view(&text), e);
    buf_free(&text);
    return st;
}

/* The formats, then the fleet itself. */
static enum status write_all(struct casedb *db, const char *folder, struct err *e)
{
    struct arena a = {0};
    char own[4096];
    bool lost = false;
    struct swap files = {.mem = &a, .folder = folder, .own = own};
    enum status st = arena_make(&a, 1 << 20) ? OK : err_set(e, E_NOMEM, ERR_NO_OFF, "fleet", "out of memory");
    bool made = st == OK && (st = plat_fresh_folder(folder, own, sizeof own, e)) == OK;
    const struct fleet_format *f = fleet_formats;
    while (st == OK && (st = write_one(db, f, &files, e)) == OK && f->name)
        f++;
    st = st == OK ? swap_all(&files, &lost, e) : st;
    if (made && !lost)
        plat_drop_folder(own);
    if (e->path)
        e->path = folder; /* the longer path dies with the arena */
    arena_free(&a);
    return st;
}

enum status fleet_publish(struct casedb *db, const char *folder, bool whole, int *code, struct err *e)
{
    struct buf said = {0}, missing = {0};
    enum status st = fleet_settle(db, e);
    st = st == OK ? fleet_work_out(db, e) : st;
    st = st == OK ? summarise(db, folder, &said, &missing, code, e) : st;
    st = st == OK ? write_all(db, folder, e) : st;
    if (st == OK) {
        out_put(&said), said = (struct buf){0};
        fflush(stdout);
        if (missing.n && whole)
            complain_text(0, "shards not in here yet: %.*s", (int)missing.n, missing.p);
    }
    buf_free(&said), buf_free(&missing);
    return st;
}
