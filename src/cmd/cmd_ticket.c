/* ticket: some of many tickets, one after the other: analyze in a process copied from one that has the
 * knowledge ready; then what the fleet wants to know of each. Its results lie under a name that is not final
 * until all are whole. */
#include "case/fleetdb.h"
#include "cmd/cmd.h"
#include "cmd/ticket.h"
#include "diagnose/diagnose.h"
#include "fleet/crew.h"
#include "fleet/folder.h"
#include "kb/kb.h"
#include "plat/plat.h"
#include "reports/report.h"
#include <stdlib.h>
#include <string.h>

/* db: what was analyzed into it, where a case of that was written. */
static enum status ticket_json(struct casedb *db, const struct kb *kb, char *const *order,
                               const char *options, int code, struct buf *json, struct arena *a,
                               struct err *e)
{
    const char *path = arena_printf(a, "%s/case.db", order[TICKET_PART]);
    struct str name = str_of(order[TICKET_NAME]), why = {0};
    struct plat_stat s;
    if (!path)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "ticket", "out of memory");
    if (code != EXIT_DONE && code != EXIT_FINDING && complained()[0])
        why = str_of(complained());
    if (plat_stat(path, false, &s, NULL) != OK) {
        fleet_no_ticket(name, code, why.p ? why : STR("no case was written"), json);
        return json->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "ticket", "out of memory") : OK;
    }
    return fleet_ticket(db, kb_file(kb, "fleet/ticket.sql"), name, code, why, str_of(options), json, e);
}

/* keep: all, or the letters of what is kept: c(ase), r(eports). */
static enum status publish(char *const *order, struct buf *json, struct arena *a, struct err *e)
{
    static const struct {
        char keep;
        const char *file;
    } files[] = {{'c', "case.db"}, {'r', "report.html"}, {'r', "report.md"}, {'r', "report.json"}};
    const char *part = order[TICKET_PART], *path = arena_printf(a, "%s/" TICKET_FILE, part);
    struct plat_stat s;
    enum status st = plat_mkdir(part, e);
    if (st == OK)
        st = path ? plat_write_file(path, buf_view(json), e) : E_NOMEM;
    for (size_t i = 0; i < LEN(files) && st == OK; i++) {
        const char *file = arena_printf(a, "%s/%s", part, files[i].file);
        if (!file)
            st = err_set(e, E_NOMEM, ERR_NO_OFF, "ticket", "out of memory");
        else if (!strchr(order[TICKET_KEEP], files[i].keep))
            plat_remove(file);
        else if (plat_stat(file, false, &s, NULL) == OK)
            st = plat_sync(file, e);
    }
    st = st == OK ? plat_sync(path, e) : st;
    return st == OK ? plat_rename(part, order[TICKET_FINAL], e) : st;
}

/* The arguments analyze gets: those of the run, then the ticket's own. */
static int analyze(char **ready, size_t n_ready, char *const *order)
{
    char *argv[TICKET_ARGS + 8];
    int argc = 0;
    argv[argc++] = (char[]){"analyze"};
    for (size_t i = TICKET_READY; i < n_ready && argc < TICKET_ARGS; i++)
        argv[argc++] = ready[i];
    argv[argc++] = (char[]){"-o"}, argv[argc++] = order[TICKET_PART];
    argv[argc++] = (char[]){"--"}, argv[argc++] = order[TICKET_PATH], argv[argc] = NULL;
    return cmd_analyze.run(argc, argv);
}

/* What every ticket of this process needs. */
struct server {
    struct casedb *db;
    const struct kb *kb;
    char *ready[TICKET_ARGS];
    size_t n_ready;
    bool leaves; /* takes no other ticket */
};

static bool was_stopped(int code) { return code == EXIT_INTERRUPTED || code == EXIT_TERMINATED; }

/* The case it fills is emptied behind it. What goes wrong where others went before, or undoes the case
 * unasked, is not told: the ticket is tried again in a process of its own. */
static int one_ticket(struct server *s, char *const *order, struct err *e)
{
    struct buf json = {0};
    struct arena a = {0};
    bool alone = order[TICKET_LAST][0];
    complain_nothing();
    enum status st = alone ? OK : case_mark(s->db, e);
    if (st == OK && !arena_make(&a, 1 << 20))
        st = err_set(e, E_NOMEM, ERR_NO_OFF, "ticket", "out of memory");
    int code = st == OK ? analyze(s->ready, s->n_ready, order) : EXIT_BUG;
    enum case_since since = case_since_mark(s->db);
    bool told = alone || (since != CASE_UNDONE && code != EXIT_BUG);
    if (st == OK && told && !was_stopped(code)
        && (st = ticket_json(s->db, s->kb, order, s->ready[TICKET_OPTIONS], code, &json, &a, e)) == OK)
        st = publish(order, &json, &a, e);
    if (st != OK)
        code = complain(e, exit_for(st));
    s->leaves |= st != OK || !told || was_stopped(code) || *stop_flag() || since != CASE_MARKED
                 || case_rewind(s->db, e) != OK;
    buf_free(&json);
    arena_free(&a);
    return code;
}

/* One ticket after the other; where one leaves something behind that ought to be gone, it ends with this
 * process, and so does what all of them leave. */
static int serve(struct server *s, struct err *e)
{
    enum { TICKETS = 64 };
    struct buf in = {0};
    int code = EXIT_DONE;
    for (unsigned i = 0; !s->leaves; i++) {
        char *order[TICKET_TEXTS];
        size_t n;
        enum status st = i ? crew_done_with(code, e) : OK;
        st = st == OK ? crew_recv(&in, order, TICKET_TEXTS, &n, e) : st;
        if (st != OK || n != TICKET_TEXTS)
            return st == E_TRUNC ? EXIT_DONE : EXIT_BUG;
        s->leaves = i + 1 == TICKETS;
        code = one_ticket(s, order, e);
    }
    return code; /* the case goes with the process */
}

/* What reports and fleets ask is prepared as well; of an empty case they say little. */
static enum status rehearse_reports(struct casedb *db, const struct kb *kb, struct err *e)
{
    struct arena a = {0};
    struct report *rep = NULL;
    struct buf text = {0};
    enum status st = arena_make(&a, 16 << 20) ? OK : err_set(e, E_NOMEM, ERR_NO_OFF, "ticket", "no memory");
    st = st == OK ? report_build(db, &a, &rep, e) : st;
    st = st == OK ? fleet_ticket(db, kb_file(kb, "fleet/ticket.sql"), STR(""), 0, STR(""), STR(""), &text, e)
                  : st;
    for (const struct report_format *f = report_formats; f->name && st == OK; f++)
        st = f->write(rep, &text, e);
    buf_free(&text);
    arena_free(&a);
    return st;
}

int ticket_main(void)
{
    struct server s = {0};
    struct kb *kb = NULL;
    struct buf in = {0};
    struct err e = {0};
    if (crew_recv(&in, s.ready, TICKET_ARGS, &s.n_ready, &e) != OK || s.n_ready < TICKET_READY)
        return EXIT_BUG;
    const char *dir = s.ready[TICKET_KNOWLEDGE][0] ? s.ready[TICKET_KNOWLEDGE] : NULL;
    if (kb_load(dir, &kb, &e) != OK)
        return complain(&e, e.code == E_NOMEM ? EXIT_LIMIT : EXIT_USAGE);
    kb_keep(kb, dir);
    if (diagnose_ready(kb, &s.db, &e) != OK || rehearse_reports(s.db, kb, &e) != OK)
        return complain(&e, exit_with(e.code, dir));
    enum status copy = plat_child_copies(&e);
    if (copy != OK)
        return copy == E_TRUNC ? EXIT_DONE : complain(&e, exit_for(copy));
    case_copied();
    plat_hold_memory();
    plat_sync_later();
    s.kb = kb;
    analyze_into(s.db);
    return serve(&s, &e);
}
