/* dump: every record or value on standard output, streaming. Jailed children turn parts of a log into text
 * side by side and write it when their turn comes, so the order is the evidence's; this process sees no
 * evidence byte. */
#include "parsers/evtx/evtx.h"
#include "parsers/sniff/sniff.h"
#include "base/grow.h"
#include "cmd/cmd.h"
#include "run/discover.h"
#include "run/dumper.h"
#include "run/child.h"
#include "run/frame.h"
#include "run/ingest.h"
#include "run/unpack.h"
#include "plat/plat.h"
#include <stdlib.h>
#include <string.h>

enum { CHILDREN = 32 };

struct part {
    size_t file;
    uint32_t first, count;
};
/* open: file it has open + 1 */
struct child {
    struct proc *proc;
    struct buf in;
    size_t part, open;
    bool busy, gone;
};

struct dump {
    struct want want;
    bool xml;
    unsigned jobs;
    const struct str *password;
    size_t n_password;
    struct evidence ev;
    struct part *part;
    size_t n_part, cap_part, next, turn;
    struct child child[CHILDREN];
    size_t n_child;
    uint64_t seen, failed; /* of the file whose turn it is */
    struct buf out;
    int code;
};

static enum status add_part(struct dump *d, struct part p, struct err *e)
{
    struct part *more = grow(d->part, sizeof p, d->n_part, &d->cap_part);
    if (!more)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "dump", "out of memory");
    d->part = more, d->part[d->n_part++] = p;
    return OK;
}

static enum status plan(struct dump *d, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < d->ev.n && st == OK; i++) {
        const struct file *f = &d->ev.file[i];
        uint32_t slots = file_is_log(f) ? evtx_slots(f->bytes) : 0;
        if (file_is_registry(f) && d->want.all_events) /* a filter for events wants events */
            st = add_part(d, (struct part){.file = i}, e);
        for (uint32_t at = 0; at < slots && st == OK; at += DUMP_SLOTS)
            st = add_part(d, (struct part){i, at, slots - at < DUMP_SLOTS ? slots - at : DUMP_SLOTS}, e);
        if (!slots && !file_is_registry(f) && f->hive == i && f->is.format && !f->in && f->st == OK)
            complain_text(0, "%s: %s, %s", f->place.p, f->is.format,
                          file_is_log(f) ? "without a single chunk" : "not an event log or hive");
    }
    return st;
}

/* --- children */

static enum status start(struct dump *d, struct child *c, struct err *e)
{
    static const char *const args[] = {"whylogon", "--dump", NULL};
    enum status st = plat_spawn_self(args, &(struct proc_limits){.keep_stdout = true}, &c->proc, e);
    if (st != OK)
        return st;
    d->out.n = 0;
    size_t at = frame_begin(&d->out, DUMP_WANT);
    buf_char(&d->out, d->xml);
    want_put(&d->out, &d->want);
    frame_end(&d->out, at);
    c->open = 0, c->busy = false, c->in.n = 0;
    return frame_to(c->proc, &d->out, NULL, 0, e);
}

/* Opens the part's file in the child if it has another one open, and asks for the part, saying whether its
 * turn is now. A file that cannot be opened is passed over. */
static enum status ask(struct dump *d, struct child *c, size_t index, struct err *e)
{
    const struct part *p = &d->part[index];
    const struct file *f = &d->ev.file[p->file];
    size_t of[3] = {p->file, f->n_log > 0 ? f->log[0] : 0, f->n_log > 1 ? f->log[1] : 0}, n = 0;
    plat_file fd[3];
    uint64_t place[3], bytes[3];
    enum status st = OK;
    d->out.n = 0;
    if (c->open != p->file + 1) {
        struct err why = {0};
        while (n < 1u + f->n_log && evidence_open(&d->ev, of[n], &fd[n], &place[n], &bytes[n], &why) == OK)
            n++;
        size_t at = frame_begin(&d->out, DUMP_OPEN);
        buf_char(&d->out, f->is.kind == KIND_HIVE ? DUMP_HIVE
                          : file_is_log(f)        ? DUMP_LOG
                                                  : DUMP_REG_TEXT),
            buf_char(&d->out, (char)n);
        for (size_t i = 0; i < n; i++)
            buf_u64le(&d->out, place[i]), buf_u64le(&d->out, bytes[i]),
                buf_char(&d->out, (char)hive_log_name(d->ev.file[of[i]].path));
        frame_end(&d->out, at);
        if (n == 0)
            st = err_set(e, E_IO, ERR_NO_OFF, "cannot open", "%s", why.why);
        else
            st = frame_to(c->proc, &d->out, fd, n, e);
        for (size_t i = 0; i < n; i++)
            plat_close(fd[i]);
        c->open = p->file + 1;
    }
    size_t at = frame_begin(&d->out, DUMP_PART);
    buf_u32(&d->out, p->first), buf_u32(&d->out, p->count), buf_char(&d->out, index == d->turn);
    frame_end(&d->out, at);
    c->part = index, c->busy = true;
    return st == OK ? frame_to(c->proc, &d->out, NULL, 0, e) : st;
}

/* Tells the child that was asked for the part whose turn it is now. */
static enum status go(struct dump *d, struct err *e)
{
    for (size_t i = 0; i < d->n_child; i++)
        if (d->child[i].busy && d->child[i].part == d->turn) {
            d->out.n = 0;
            frame_end(&d->out, frame_begin(&d->out, DUMP_GO));
            return frame_to(d->child[i].proc, &d->out, NULL, 0, e);
        }
    return OK;
}

/* The part at turn is finished: its file's sums are told with its last part. */
static enum status part_done(struct dump *d, struct child *c, struct err *e)
{
    const struct part *p = &d->part[d->turn];
    bool last = d->turn + 1 == d->n_part || p[1].file != p->file;
    if (last && d->failed) {
        complain_text(0, "%s: %llu of %llu records could not be read", d->ev.file[p->file].place.p,
                      (unsigned long long)d->failed, (unsigned long long)d->seen);
        d->code = exit_worst(d->code, EXIT_DONE);
    }
    if (last)
        d->seen = d->failed = 0;
    c->busy = false;
    d->turn++;
    return go(d, e);
}

static enum status on_frame(struct dump *d, struct child *c, uint8_t type, struct span in, struct err *e)
{
    uint64_t a = span_u64(&in);
    if (type == DUMP_NOTE) {
        complain_text(0, "%s at 0x%llx: %.*s", d->ev.file[d->part[c->part].file].place.p,
                      (unsigned long long)a, (int)in.n, (const char *)in.p);
        return in.bad ? E_FORMAT : OK;
    }
    uint64_t failed = span_u64(&in);
    unsigned st = span_u8(&in);
    if (type != DUMP_DONE || in.bad || !c->busy || c->part != d->turn)
        return E_FORMAT;
    d->seen += a, d->failed += failed;
    if (st != OK)
        d->code = exit_worst(d->code, complain_text(EXIT_PARTIAL, "%s: %.*s",
                                                    d->ev.file[d->part[c->part].file].place.p, (int)in.n,
                                                    (const char *)in.p));
    return part_done(d, c, e);
}

/* A child that ended took the rest of its part with it; the others go on. Standard output that nobody takes
 * ends everything. */
static enum status on_end(struct dump *d, struct child *c, struct err *e)
{
    struct exit_info how;
    child_end(c->proc, &how);
    c->proc = NULL;
    if (how.code == DUMPER_ENOUGH)
        return E_STOP;
    if (how.code == EXIT_OUTPUT)
        return err_set(e, E_DB, ERR_NO_OFF, "standard output", "cannot be written");
    if (c->busy)
        d->code = exit_worst(
            d->code,
            complain_text(EXIT_PARTIAL, "%s: its reader ended (%s %d) at slot %u; going on behind it",
                          d->ev.file[d->part[c->part].file].place.p, how.signal ? "signal" : "code",
                          how.signal ? how.signal : how.code, d->part[c->part].first));
    bool mine = c->busy && c->part == d->turn, later = c->busy && !mine;
    c->busy = false;
    if (later)
        c->gone = true; /* skipped when its turn comes */
    else if (mine)
        d->turn++;
    enum status st = start(d, c, e);
    return st == OK && mine ? go(d, e) : st;
}

static enum status child_read(struct dump *d, struct child *c, struct err *e)
{
    char chunk[16384];
    size_t got;
    bool eof;
    uint8_t type;
    struct span body;
    enum status framing, st = plat_proc_read(c->proc, chunk, sizeof chunk, &got, &eof, e);
    if (st != OK)
        return st;
    buf_put(&c->in, chunk, got);
    if (c->in.bad)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "dump", "out of memory");
    struct span in = span_of(c->in.p, c->in.n, 0);
    while (st == OK && frame_next(&in, &type, &body, &framing))
        st = on_frame(d, c, type, body, e);
    memmove(c->in.p ? c->in.p : chunk, in.p ? in.p : (const uint8_t *)chunk, in.n);
    c->in.n = in.n;
    if (st == E_FORMAT && e->code == OK)
        plat_proc_kill(c->proc), st = OK;
    return st == OK && eof ? on_end(d, c, e) : st;
}

static enum status run_all(struct dump *d, struct err *e)
{
    enum status st = OK;
    d->n_child = d->jobs ? d->jobs : plat_cores();
    d->n_child = d->n_child > CHILDREN ? CHILDREN : d->n_child > d->n_part ? d->n_part : d->n_child;
    for (size_t i = 0; i < d->n_child && st == OK; i++)
        st = start(d, &d->child[i], e);
    while (st == OK && d->turn < d->n_part) {
        struct proc *wait[CHILDREN];
        bool ready[CHILDREN] = {0};
        for (size_t i = 0; i < d->n_child && st == OK; i++) {
            struct child *c = &d->child[i];
            if (c->gone && c->part == d->turn)
                c->gone = false, d->turn++, st = go(d, e);
            if (st == OK && !c->busy && !c->gone && d->next < d->n_part) {
                size_t index = d->next++;
                st = ask(d, c, index, e);
            }
            wait[i] = c->proc;
        }
        st = st == OK ? plat_wait(wait, d->n_child, 200, ready, e) : st;
        for (size_t i = 0; i < d->n_child && st == OK; i++)
            if (ready[i])
                st = child_read(d, &d->child[i], e);
    }
    for (size_t i = 0; i < d->n_child; i++) {
        struct exit_info how;
        if (st != OK)
            plat_proc_kill(d->child[i].proc);
        child_end(d->child[i].proc, &how);
        buf_free(&d->child[i].in);
    }
    return st;
}

static bool want_add(struct want *w, struct want_event e)
{
    struct want_event *more = realloc(w->event, (w->n_event + 1) * sizeof *more);
    if (!more)
        return false;
    w->event = more;
    return w->event[w->n_event++] = e, true;
}

/* "4624,4625-4634" into wanted events of any provider (or the one given). */
static bool parse_ids(const char *text, struct str provider, struct want *w)
{
    struct str rest = str_of(text);
    do {
        struct str to = str_cut(&rest, ','), all = to, from = str_cut(&to, '-');
        int64_t a, b;
        if (!str_i64(from, &a) || (from.n < all.n ? !str_i64(to, &b) : (b = a, false)) || a < 0 || b > 65535
            || b < a)
            return false;
        if (!want_add(w, (struct want_event){
                             .provider = provider, .id = (uint16_t)a, .to = (uint16_t)b, .how = WANT_KEEP}))
            return false;
    } while (rest.n);
    return true;
}

/* What each file is: the parent looks at magics only. */
static void sniff_all(struct dump *d)
{
    for (size_t i = 0; i < d->ev.n; i++) {
        struct err why = {0};
        if (!d->ev.file[i].skipped && evidence_sniff(&d->ev, i, &why) != OK)
            d->code = exit_worst(d->code, complain(&why, EXIT_PARTIAL));
    }
}

/* What lies in containers, and what could not be had of it. */
static enum status open_containers(struct dump *d, struct err *e)
{
    struct run_limits lim = run_limits_default();
    struct unpack_result r;
    struct unpack_options o = {.workers = d->jobs,
                               .password = d->password,
                               .n_password = d->n_password,
                               .file_bytes = lim.file_bytes,
                               .file_seconds = lim.file_seconds,
                               .until = UINT64_MAX,
                               .spool_bytes = lim.spool_bytes,
                               .jail = &(unsigned){0}};
    enum status st = unpack(&d->ev, &o, &r, e);
    for (size_t i = 0; i < d->ev.n && st == OK; i++) {
        const struct file *f = &d->ev.file[i];
        if (f->container && f->note.p)
            d->code = exit_worst(d->code, complain_text(EXIT_PARTIAL, "%s: %s", f->place.p, f->note.p));
        if (f->in && f->in->why[0])
            d->code = exit_worst(d->code, complain_text(EXIT_PARTIAL, "%s: %s", f->place.p, f->in->why));
    }
    return st;
}

static int dump_all(struct dump *d, const char *const *inputs, size_t n)
{
    struct err e = {0};
    enum status st = discover(inputs, n, NULL, NULL, &d->ev, &e);
    if (st == OK) {
        sniff_all(d);
        st = open_containers(d, &e);
    }
    if (st == OK) {
        group_hives(&d->ev);
        st = plan(d, &e);
    }
    if (st == OK && d->n_part == 0)
        d->code = exit_worst(
            d->code,
            complain_text(EXIT_NO_EVIDENCE, "nothing to dump: none of the files is an event log or a hive"));
    else if (st == OK)
        st = run_all(d, &e);
    return st == OK ? d->code : st == E_STOP ? EXIT_DONE : complain(&e, exit_for(st));
}

static int run_dump(int argc, char **argv)
{
    struct dump d = {.want = {.until = INT64_MAX, .all_keys = true}};
    const char *ids = NULL, *provider = NULL;
    struct passwords passwords = {0};
    int code;
    const struct opt opts[] = {
        {"xml", 0, OPT_FLAG, &d.xml, NULL, "events as XML, the form Windows itself writes", NULL},
        {"id", 0, OPT_TEXT, &ids, "N[,N-M]", "only these event ids", NULL},
        {"provider", 0, OPT_TEXT, &provider, "NAME", "only this provider (with --id, or all its ids without)",
         NULL},
        {"since", 0, OPT_TIME, &d.want.since, "TIME", "only records from this time on", NULL},
        {"until", 0, OPT_TIME, &d.want.until, "TIME", "only records up to this time", NULL},
        {"reveal", 0, OPT_FLAG, &d.want.reveal, NULL,
         "also print values of hives that are withheld as secret (LSA secrets, password hashes)", NULL},
        {"recovered", 0, OPT_FLAG, &d.want.recovered, NULL, "also records and cells recovered from slack",
         NULL},
        {"jobs", 'j', OPT_UINT, &d.jobs, "N",
         "reading processes (default: one per core); the order of records stays", NULL},
        PASSWORD_OPTION(passwords),
        {0},
    };
    const struct command *c = &cmd_dump;
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    if ((code = passwords_load(&passwords)) != EXIT_DONE)
        return code;
    if (argc < 2) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    if (d.want.since > d.want.until)
        return complain_text(EXIT_USAGE, "dump: --since lies behind --until: nothing is between them");
    d.password = passwords.list, d.n_password = passwords.n;
    struct str of = str_of(provider ? provider : "");
    if (ids ? !parse_ids(ids, of, &d.want)
            : provider
                  && !want_add(&d.want,
                               (struct want_event){.provider = of, .any_id = true, .how = WANT_KEEP}))
        return complain_text(EXIT_USAGE, "dump: --id wants numbers such as 4625 or 4624,4634-4647, not '%s'",
                             ids ? ids : "");
    d.want.all_events = d.want.n_event == 0, d.want.as_stored = true;
    if (d.want.reveal)
        complain_text(0,
                      "--reveal prints secrets of the hives as they lie there, password hashes among them: "
                      "mind who reads this output");
    code = dump_all(&d, (const char *const *)argv + 1, (size_t)argc - 1);
    evidence_free(&d.ev);
    buf_free(&d.out);
    arena_free(&passwords.mem);
    free(d.want.event), free(d.part);
    return code;
}

const struct command cmd_dump = {.name = "dump",
                                 .summary = "print every record or value as JSON lines",
                                 .usage = "[options] FILE…",
                                 .help = "examples:\n"
                                         "  whylogon dump Security.evtx | jq 'select(.event_id == 4625)'\n"
                                         "  whylogon dump --id 4625 --since 2026-03-01 --xml Security.evtx\n"
                                         "  whylogon dump SYSTEM\n",
                                 .run = run_dump};
