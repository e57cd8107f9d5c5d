/* batch: many tickets in one run: a folder of results each, side by side, and what they have in common as a
 * fleet. A ticket is done when its folder has its final name; one that goes wrong costs itself. */
#include "base/grow.h"
#include "case/fleetdb.h"
#include "cmd/cmd.h"
#include "cmd/fleet_out.h"
#include "cmd/ticket.h"
#include "diagnose/rulelint.h"
#include "fleet/arrivals.h"
#include "fleet/crew.h"
#include "fleet/folder.h"
#include "fleet/tickets.h"
#include "kb/kb.h"
#include "plat/plat.h"
#include "run/discover.h"
#include "reports/export.h"
#include "run/progress.h"
#include <stdlib.h>
#include <string.h>

static const char *const keep_words[] = {"all", "case", "reports", "none", NULL};
static const char *const keep_letters[] = {"cr", "c", "r", ""};
static const char *const as_words[] = {"auto", "whole", "inside", NULL};
enum { NAMES_BYTES = 512 << 20 };

struct batch_options {
    const char *out, *knowledge, *stamp, *limits, *fail_on, *passwords, *shard, *since, *until;
    unsigned jobs, progress, keep, as;
    bool force, resume, strict, recovered, require_jail, watch;
};

enum state { WAITS, IS_DONE, WENT_WRONG };
struct batch {
    struct batch_options o;
    unsigned part, parts; /* --shard */
    struct arena mem;
    struct tickets tickets;
    struct {
        enum state state;
        unsigned tries;
    } * at; /* of tickets.ticket */
    struct buf ready, options;
    struct kb *kb;
    struct crew *crew;
    struct arrivals *arrivals; /* --watch */
    plat_file lock;
    size_t todo, done, before, wrong; /* before: by an earlier run */
    int code;
    uint64_t started, shown;
    bool drawn;
};

static enum status no_room(struct err *e)
{
    return err_set(e, E_NOMEM, ERR_NO_OFF, "batch", "out of memory");
}

/* --- how far it is */
static void show_progress(struct batch *b, bool now)
{
    enum progress_mode mode = (enum progress_mode)b->o.progress;
    uint64_t t = plat_clock_ms(), spent = t - b->started;
    if (mode == PROGRESS_AUTO)
        mode = plat_is_terminal(stderr) ? PROGRESS_BAR : PROGRESS_NONE;
    if (mode == PROGRESS_NONE || (!now && t - b->shown < (mode == PROGRESS_BAR ? 200 : 1000)))
        return;
    size_t ran = b->done - b->before;
    double rate = spent ? (double)ran * 1000 / (double)spent : 0;
    unsigned long long left = rate > 0 ? (unsigned long long)((double)(b->todo - b->done) / rate + 0.5) : 0;
    b->shown = t;
    if (mode == PROGRESS_JSON)
        fprintf(stderr,
                "{\"phase\":\"tickets\",\"done\":%zu,\"total\":%zu,\"failed\":%zu,\"per_second\":%.2f,"
                "\"left_s\":%llu}\n",
                b->done, b->todo, b->wrong, rate, left);
    else
        fprintf(stderr, "\r\033[K%zu of %zu tickets  %.1f/s  %llu:%02llu left", b->done, b->todo, rate,
                left / 60, left % 60),
            fflush(stderr), b->drawn = true;
}

static void wipe(struct batch *b)
{
    if (b->drawn)
        fprintf(stderr, "\r\033[K");
    b->drawn = false;
}

/* --- what analyze is told for every ticket */
static void arg(struct batch *b, const char *text, bool matters)
{
    crew_text(&b->ready, str_of(text));
    if (matters)
        buf_z(&b->options, b->options.n ? " " : ""), buf_z(&b->options, text);
}

static void with(struct batch *b, const char *name, const char *value, bool matters)
{
    char text[4200];
    if (!value)
        return;
    snprintf(text, sizeof text, "--%s=%s", name, value);
    arg(b, text, matters);
}

static enum status gather_options(struct batch *b, struct err *e)
{
    struct buf head = {0}, rest = {0};
    arg(b, "--progress=none", false), arg(b, "--jobs=1", false), arg(b, "--force", false);
    with(b, "knowledge", b->o.knowledge, false), with(b, "password-file", b->o.passwords, false);
    with(b, "since", b->o.since, true), with(b, "until", b->o.until, true);
    with(b, "limits", b->o.limits, true), with(b, "stamp", b->o.stamp, true);
    with(b, "fail-on", b->o.fail_on, true);
    if (b->o.strict)
        arg(b, "--strict", true);
    if (b->o.recovered)
        arg(b, "--recovered", true);
    if (b->o.require_jail)
        arg(b, "--require-jail", false);
    /* TICKET_KNOWLEDGE and TICKET_OPTIONS come first */
    crew_text(&head, str_of(b->o.knowledge ? b->o.knowledge : ""));
    crew_text(&head, buf_view(&b->options));
    rest = b->ready, buf_put(&head, rest.p, rest.n), head.bad |= rest.bad;
    buf_free(&rest);
    b->ready = head;
    return b->ready.bad || b->options.bad ? no_room(e) : OK;
}

/* --- which tickets */
static enum status read_list(struct batch *b, struct err *e)
{
    char line[8192];
    enum status st = OK;
    while (st == OK && fgets(line, sizeof line, stdin)) {
        struct str path = str_trim(str_of(line));
        if (strlen(line) == sizeof line - 1)
            return err_set(e, E_USAGE, ERR_NO_OFF, "standard input", "a line is too long for a path");
        if (!path.n)
            continue;
        const char *one = arena_str(&b->mem, path).p;
        st = one ? tickets_add(&b->tickets, &one, 1, TICKETS_WHOLE, &b->mem, e) : no_room(e);
    }
    return st;
}

/* What is still being put there is no ticket yet. */
static void leave_unfinished(struct batch *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->tickets.n; i++)
        if (arrivals_whole(b->arrivals, b->tickets.ticket[i].path))
            b->tickets.ticket[n++] = b->tickets.ticket[i];
    b->tickets.n = n;
}

static enum status choose(struct batch *b, const char *const *path, size_t n, struct err *e)
{
    bool list = n == 1 && strcmp(path[0], "-") == 0;
    enum status st = list ? read_list(b, e)
                          : tickets_add(&b->tickets, path, n, (enum tickets_as)b->o.as, &b->mem, e);
    if (st == OK && b->arrivals)
        leave_unfinished(b);
    if (st == OK && (st = tickets_settle(&b->tickets, &b->mem, e)) != OK)
        return st;
    size_t mine = 0;
    for (size_t i = 0; i < b->tickets.n && st == OK; i++)
        if (b->parts <= 1 || ticket_shard(b->tickets.ticket[i].name, b->parts) == b->part)
            b->tickets.ticket[mine++] = b->tickets.ticket[i];
    b->tickets.n = mine;
    free(b->at);
    b->at = calloc(mine ? mine : 1, sizeof *b->at);
    b->todo = mine, b->done = b->before = 0;
    return st != OK ? st : b->at ? OK : no_room(e);
}

/* --- folders */
static char *place(struct batch *b, size_t i, const char *end)
{
    return arena_printf(&b->mem, "%s/tickets/%s%s", b->o.out, b->tickets.ticket[i].folder, end);
}

/* Does a ticket's file say that it was made as this run would make it? */
static bool as_now(struct batch *b, struct str json)
{
    struct buf want = {0};
    bool ok = true;
    const struct {
        const char *key;
        struct str value;
    } must[] = {{"version", str_of(WHYLOGON_VERSION)},
                {"knowledge_sha256", str_of(kb_sha256(b->kb))},
                {"options", buf_view(&b->options)}};
    for (size_t i = 0; i < LEN(must) && ok; i++) {
        want.n = 0;
        buf_printf(&want, "\"%s\":", must[i].key), buf_json(&want, must[i].value.p ? must[i].value : STR(""));
        ok = !want.bad && str_contains((struct str){json.p, json.n < 4096 ? json.n : 4096}, buf_view(&want));
    }
    buf_free(&want);
    return ok;
}

/* Tickets that stand already, as --resume, --force or neither would have it. */
static enum status look(struct batch *b, struct err *e)
{
    struct buf json = {0};
    enum status st = OK;
    for (size_t i = 0; i < b->tickets.n && st == OK; i++) {
        struct arena scratch = b->mem;
        char *final = arena_printf(&scratch, "%s/tickets/%s", b->o.out, b->tickets.ticket[i].folder);
        char *file = arena_printf(&scratch, "%s/" TICKET_FILE, final ? final : "");
        struct plat_stat s;
        if (!final || !file)
            st = no_room(e);
        else if (plat_stat(final, false, &s, NULL) != OK)
            continue;
        else if (!b->o.resume && !b->o.force)
            st = err_set(e, E_USAGE, ERR_NO_OFF, "exists already",
                         "ticket %s has results: --resume keeps them, --force makes them anew",
                         b->tickets.ticket[i].folder);
        else if (json.n = 0, b->o.resume && plat_read_file(file, TICKET_FILE_MOST, &json, NULL) == OK
                                 && as_now(b, buf_view(&json)))
            b->at[i].state = IS_DONE, b->done++, b->before++;
    }
    buf_free(&json);
    return st;
}

static enum status give_ticket(struct batch *b, size_t i, struct err *e)
{
    struct arena was = b->mem; /* what a ticket's paths take is given back when it is handed over */
    const struct ticket *t = &b->tickets.ticket[i];
    char *part = place(b, i, ".part"), *final = place(b, i, "");
    struct buf order = {0};
    if (!part || !final)
        return no_room(e);
    enum status st = folder_remove(part, e);
    st = st == OK ? folder_remove(final, e) : st;
    crew_text(&order, t->name), crew_text(&order, str_of(t->path)), crew_text(&order, str_of(part));
    crew_text(&order, str_of(final)), crew_text(&order, str_of(keep_letters[b->o.keep]));
    b->at[i].tries++;
    st = st == OK ? crew_give(b->crew, i, &order, b->at[i].tries > 1, e) : st;
    buf_free(&order);
    b->mem = was;
    return st;
}

/* One that could not be brought to an end is told as such: its folder holds the reason. */
static enum status give_up_on(struct batch *b, size_t i, const struct exit_info *how, struct err *e)
{
    struct arena was = b->mem;
    struct buf json = {0};
    char why[160], words[EXIT_WORDS];
    char *part = place(b, i, ".part"), *final = place(b, i, ""), *file = place(b, i, ".part/" TICKET_FILE);
    if (!part || !final || !file)
        return no_room(e);
    snprintf(why, sizeof why, "its process %s, %d times", plat_exit_text(how, words, sizeof words),
             CREW_TRIES);
    fleet_no_ticket(b->tickets.ticket[i].name, EXIT_BUG, str_of(why), &json);
    enum status st = json.bad ? no_room(e) : folder_remove(part, e);
    st = st == OK ? plat_mkdir(part, e) : st;
    st = st == OK ? plat_write_file(file, buf_view(&json), e) : st;
    st = st == OK ? plat_rename(part, final, e) : st;
    buf_free(&json);
    b->mem = was;
    return st;
}

static enum status ended(void *ctx, size_t i, const struct exit_info *how, struct err *e)
{
    struct batch *b = ctx;
    struct arena was = b->mem;
    struct plat_stat s;
    char *final = place(b, i, "");
    bool stands = final && plat_stat(final, false, &s, NULL) == OK;
    b->mem = was;
    if (*stop_flag())
        return OK;
    if (!stands && b->at[i].tries < CREW_TRIES)
        return give_ticket(b, i, e);
    int code = stands ? how->code : EXIT_BUG;
    enum status st = stands ? OK : give_up_on(b, i, how, e);
    b->at[i].state = stands ? IS_DONE : WENT_WRONG, b->done++;
    b->wrong += code == EXIT_BUG || code == EXIT_OUTPUT || code == EXIT_USAGE;
    show_progress(b, b->done == b->todo);
    return st;
}

static enum status interrupted(struct err *e)
{
    return err_set(e, E_STOP, ERR_NO_OFF, "interrupted", "the run was stopped; --resume goes on");
}

static enum status work(struct batch *b, struct err *e)
{
    unsigned workers = b->o.jobs ? b->o.jobs : plat_cores();
    size_t next = 0;
    enum status st = OK;
    if (!b->crew)
        st = crew_start("--ticket", &b->ready, workers, &b->crew, e);
    while (st == OK && !*stop_flag()) {
        while (next < b->tickets.n && b->at[next].state != WAITS)
            next++;
        if (next < b->tickets.n && crew_has_room(b->crew))
            st = give_ticket(b, next++, e);
        else if (crew_at_work(b->crew))
            st = crew_wait(b->crew, 100, ended, b, e), show_progress(b, false);
        else
            break;
    }
    if (!*stop_flag())
        return st;
    *e = (struct err){0}; /* who stops us stops all that we started too: their going is no error */
    return interrupted(e);
}

/* --- the fleet */
static enum status add_one(struct batch *b, struct casedb *fleet, size_t i, struct buf *json, struct err *e)
{
    const struct ticket *t = &b->tickets.ticket[i];
    struct arena was = b->mem;
    char *file = place(b, i, "/" TICKET_FILE);
    enum status st = file ? OK : no_room(e);
    json->n = 0;
    st = st == OK ? plat_read_file(file, TICKET_FILE_MOST, json, e) : st;
    st = st == OK ? fleet_add(fleet, kb_file(b->kb, "fleet/add.sql"), t->name, str_of(t->folder),
                              buf_view(json), e)
                  : st;
    b->mem = was;
    if (e->path == file)
        e->path = NULL;
    return st;
}

static enum status conclude(struct batch *b, struct err *e)
{
    struct fleet_terms terms = {str_of(WHYLOGON_VERSION), str_of(kb_sha256(b->kb)),
                                b->options.n ? buf_view(&b->options) : STR("")};
    struct casedb *fleet = NULL;
    struct buf json = {0};
    enum status st = fleet_begin(b->o.out, b->kb, &terms, &b->mem, &fleet, e);
    for (size_t i = 0; i < b->tickets.n && st == OK; i++)
        st = *stop_flag() ? interrupted(e) : add_one(b, fleet, i, &json, e);
    if (st == OK && b->parts > 1)
        st = fleet_shard(fleet, b->part, b->parts, e);
    wipe(b);
    st = st == OK ? fleet_publish(fleet, b->o.out, false, &b->code, e) : st;
    case_close(fleet);
    buf_free(&json);
    return st;
}

/* --- watching a folder: what is new and whole is a ticket */
static enum status watch(struct batch *b, const char *const *path, size_t n, struct arena empty,
                         struct err *e)
{
    enum status st = OK;
    b->o.resume = true;
    while (st == OK && !*stop_flag()) {
        bool again = false;
        st = arrivals_wait(b->arrivals, &again, e);
        if (st != OK || !again)
            continue;
        size_t before = b->tickets.n;
        tickets_free(&b->tickets);
        b->mem = empty; /* nothing but names of tickets was in it */
        st = choose(b, path, n, e);
        if (st == OK && b->tickets.n > before && (st = look(b, e)) == OK && (st = work(b, e)) == OK)
            st = conclude(b, e);
    }
    return st == OK ? interrupted(e) : st;
}

static enum status begin_watch(struct batch *b, const char *const *path, size_t n, struct err *e)
{
    enum status st = arrivals_begin(path, n, &b->arrivals, e);
    if (st == OK && !arrivals_told(b->arrivals))
        fprintf(stderr, "whylogon: this folder does not tell of changes: it is looked at every second\n");
    return st;
}

static enum status may_write(struct batch *b, struct err *e)
{
    struct plat_stat s;
    const char *fleet = arena_printf(&b->mem, "%s/fleet.db", b->o.out),
               *tickets = arena_printf(&b->mem, "%s/tickets", b->o.out);
    if (!fleet || !tickets)
        return no_room(e);
    enum status st = plat_mkdir(tickets, e);
    st = st == OK ? plat_lock(b->o.out, &b->lock, e) : st;
    st = st == OK ? fleet_fits(b->o.out, &b->mem, e) : st;
    if (st == OK && !b->o.force && !b->o.resume && plat_stat(fleet, false, &s, NULL) == OK) {
        e->path = fleet;
        return err_set(e, E_USAGE, ERR_NO_OFF, "exists already",
                       "--resume goes on, --force replaces it, -o names another folder");
    }
    return st;
}

static int run_tickets(struct batch *b, const char *const *path, size_t n)
{
    struct err e = {0};
    if (!arena_make(&b->mem, NAMES_BYTES))
        return complain_text(EXIT_LIMIT, "out of memory");
    enum status st = kb_load(b->o.knowledge, &b->kb, &e);
    if (st == OK && b->o.knowledge)
        st = rules_usable(b->kb, &e);
    if (st == OK && strcmp(path[0], "-") != 0)
        st = output_outside(b->o.out, path, n, &e);
    struct arena empty = b->mem;
    if (st == OK && b->o.watch)
        st = begin_watch(b, path, n, &e);
    if (st != OK || (st = gather_options(b, &e)) != OK || (st = choose(b, path, n, &e)) != OK)
        return complain(&e, e.code == E_NOMEM ? EXIT_LIMIT : EXIT_USAGE);
    if (!b->tickets.n && b->parts <= 1 && !b->o.watch)
        return complain_text(EXIT_USAGE, "batch: no tickets there");
    b->started = plat_clock_ms();
    if ((st = may_write(b, &e)) == OK && (st = look(b, &e)) == OK && (st = work(b, &e)) == OK)
        st = conclude(b, &e);
    if (st == OK && b->o.watch)
        st = watch(b, path, n, empty, &e);
    wipe(b);
    return st == OK ? b->code : complain(&e, exit_with(st, b->o.knowledge));
}

/* "2/7" */
static bool shard_of(struct batch *b)
{
    struct str n = str_of(b->o.shard), i = str_cut(&n, '/');
    int64_t part, parts;
    if (!b->o.shard)
        return true;
    if (!str_i64(i, &part) || !str_i64(n, &parts) || part < 1 || parts < part || parts > 100000)
        return false;
    b->part = (unsigned)part, b->parts = (unsigned)parts;
    return true;
}

static int run_batch(int argc, char **argv)
{
    struct batch b = {.lock = -1, .o = {.out = "whylogon-batch"}};
    struct batch_options *o = &b.o;
    int code;
    const struct opt opts[] = {
        {"out", 'o', OPT_FOLDER, &o->out, "OUT", "folder for all results (default: whylogon-batch)", NULL},
        {"shard", 0, OPT_TEXT, &o->shard, "I/N",
         "only the I-th of N parts of the tickets, by a hash of their names; see 'whylogon merge --help'",
         NULL},
        {"tickets", 0, OPT_CHOICE, &o->as, "auto|whole|inside",
         "is a folder one ticket (whole) or does it hold tickets (inside)? auto: of several paths each is "
         "one; "
         "one folder holds them, unless logs or hives lie right in it",
         as_words},
        {"keep", 0, OPT_CHOICE, &o->keep, "all|case|reports|none", "what stays of each ticket (default: all)",
         keep_words},
        {"resume", 0, OPT_FLAG, &o->resume, NULL,
         "keep tickets that are done, by the same version, knowledge and options", NULL},
        {"force", 0, OPT_FLAG, &o->force, NULL, "do all tickets anew", NULL},
        {"watch", 0, OPT_FLAG, &o->watch, NULL,
         "go on with tickets that are put there later, until stopped: a file when it is closed, anything "
         "else "
         "when it was moved there or has not changed for two seconds",
         NULL},
        {"knowledge", 0, OPT_TEXT, &o->knowledge, "DIR",
         "rules and codes of your own, same layout as knowledge/", NULL},
        {"jobs", 'j', OPT_UINT, &o->jobs, "N", "tickets side by side (default: one per core)", NULL},
        {"since", 0, OPT_TEXT, &o->since, "TIME", "only records from this time on", NULL},
        {"until", 0, OPT_TEXT, &o->until, "TIME", "only records up to this time", NULL},
        {"recovered", 0, OPT_FLAG, &o->recovered, NULL, "also keep records and cells recovered from slack",
         NULL},
        {"fail-on", 0, OPT_TEXT, &o->fail_on, EXPORT_FAIL_CHOICES,
         "exit 1 when a ticket has a finding at or above this verdict, or a host of this outcome", NULL},
        {"strict", 0, OPT_FLAG, &o->strict, NULL, "exit 3 when some evidence could only be read in part",
         NULL},
        {"require-jail", 0, OPT_FLAG, &o->require_jail, NULL,
         "stop when a layer of the workers' jail is missing on this system", NULL},
        {"limits", 0, OPT_TEXT, &o->limits, "NAME=N,…", "limits of each ticket, as of analyze", NULL},
        {"password-file", 0, OPT_TEXT, &o->passwords, "FILE",
         "passphrases for locked containers, one candidate a line", NULL},
        {"stamp", 0, OPT_TEXT, &o->stamp, "TEXT", "text to keep in every case and report", NULL},
        {"progress", 0, OPT_CHOICE, &o->progress, "auto|bar|json|none", "progress on stderr", progress_modes},
        {0},
    };
    const struct command *c = &cmd_batch;
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    if (argc < 2) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    if (!shard_of(&b))
        return complain_text(EXIT_USAGE, "batch: --shard wants I/N, I from 1 to N, not '%s'", o->shard);
    stop_listen();
    code = run_tickets(&b, (const char *const *)argv + 1, (size_t)argc - 1);
    crew_free(b.crew);
    arrivals_end(b.arrivals);
    plat_close(b.lock);
    tickets_free(&b.tickets);
    free(b.at);
    kb_free(b.kb);
    buf_free(&b.ready), buf_free(&b.options);
    arena_free(&b.mem);
    return code;
}

const struct command cmd_batch = {
    .name = "batch",
    .summary = "many tickets: a case and reports each, and what they have in common",
    .usage = "-o OUT [options] TICKETS…",
    .help =
        "A ticket is a folder, an archive or a file. Given one folder, each thing in it is a ticket; given "
        "several paths, or a\n"
        "list of paths on standard input ('-'), each of them is. A ticket that cannot be read costs "
        "itself.\n\n"
        "OUT then holds fleet.html (open it first), fleet.md, fleet.json and fleet.db, and for each ticket "
        "tickets/NAME/ with its\n"
        "case.db and reports. A ticket is done when that folder is there: after a kill or a power cut "
        "--resume goes on.\n\n"
        "examples:\n"
        "  whylogon batch -o out tickets/\n"
        "  find /srv/tickets -name '*.zip' | whylogon batch -o out --keep=reports -\n"
        "  whylogon batch -o part2 --shard 2/7 tickets/      on one of seven machines; then: whylogon merge "
        "-o "
        "all part1 … part7\n",
    .run = run_batch};
