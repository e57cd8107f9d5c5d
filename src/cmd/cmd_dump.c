/* dump: every record or value on standard output, streaming. Jailed children turn parts of a log into text
 * side by side; this process prints it in the order of the evidence and looks at no byte of a file. Who reads
 * a file reads no other, so one that takes its reader over can lie about itself alone. */
#include "parsers/evtx/evtx.h"
#include "base/grow.h"
#include "cmd/cmd.h"
#include "kb/kb.h"
#include "kb/words.h"
#include "run/discover.h"
#include "run/dumpers.h"
#include "run/ingest.h"
#include "run/unpack.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include <stdlib.h>
#include <string.h>

enum { CHILDREN = 32 };

/* gone: its file could not be opened, or a child died of it */
struct part {
    size_t file;
    uint32_t first, count;
    bool gone;
};
/* file: the one it reads, + 1; part: those it was asked for, n of them */
struct part_reader {
    struct dump_child c;
    size_t file, part[DUMP_AHEAD], n;
};

struct dump {
    struct want want;
    size_t cap_event;
    struct dumpers dumpers;
    unsigned jobs;
    const struct str *password;
    size_t n_password;
    struct evidence ev;
    struct part *part;
    size_t n_part, cap_part, next, turn; /* parts before next are with a reader, those before turn printed */
    struct part_reader reader[CHILDREN];
    size_t n_reader;
    uint64_t seen, failed; /* of the file whose turn it is */
    /* --words: what is said of numbers; a line that is not whole yet; lines with words, to be printed */
    bool in_words;
    struct words words;
    struct buf line, said;
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
        bool whole = file_is_registry(f) || file_is_tool_text(f);
        if (whole && d->want.all_events) /* a filter for events wants events */
            st = add_part(d, (struct part){.file = i}, e);
        for (uint32_t at = 0; at < slots && st == OK; at += DUMP_SLOTS)
            st = add_part(d,
                          (struct part){.file = i,
                                        .first = at,
                                        .count = slots - at < DUMP_SLOTS ? slots - at : DUMP_SLOTS},
                          e);
        if (!slots && !whole && f->hive == i && f->is.format && !f->in && f->st == OK)
            complain_text(0, "%s: %s, %s", f->place.p, f->is.format,
                          file_is_log(f) ? "without a single chunk" : "not an event log or hive");
    }
    return st;
}

static void tell_file(void *ctx, size_t file, const char *why)
{
    struct dump *d = ctx;
    d->code = exit_worst(d->code, complain_text(EXIT_PARTIAL, "%s: %s", d->ev.file[file].place.p, why));
}

/* --- parts out */

static enum status order_part(struct part_reader *r, const struct dump *d, size_t index, struct err *e)
{
    const struct part *p = &d->part[index];
    struct buf b = {0};
    buf_u32(&b, p->first), buf_u32(&b, p->count);
    enum status st = b.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "dump", "out of memory")
                           : dumper_ask(&r->c, DUMP_PART, b.p, b.n, e);
    buf_free(&b);
    return st;
}

/* A new process for the file of the part. One that cannot be opened is told and passed over. */
static enum status open_for(struct dump *d, struct part_reader *r, size_t file, struct err *e)
{
    struct err why = {0};
    dumper_end(&r->c, true, NULL);
    r->file = 0;
    enum status st = dumper_start(&d->dumpers, &r->c, e);
    if (st != OK || (st = dumper_open(&r->c, &d->ev, file, &why)) == OK) {
        r->file = st == OK ? file + 1 : 0;
        return st;
    }
    if (st == E_NOMEM)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "dump", "out of memory");
    tell_file(d, file, why.why);
    for (size_t i = d->next; i < d->n_part && d->part[i].file == file; i++)
        d->part[i].gone = true;
    return OK;
}

/* The next part to the reader, if it may have it. */
static enum status give_part(struct dump *d, struct part_reader *r, struct err *e)
{
    enum status st = OK;
    while (d->next < d->n_part && d->part[d->next].gone)
        d->next++;
    if (d->next == d->n_part || (r->n && r->file != d->part[d->next].file + 1))
        return OK;
    if (r->file != d->part[d->next].file + 1)
        st = open_for(d, r, d->part[d->next].file, e);
    if (st != OK || !r->file)
        return st;
    r->part[r->n++] = d->next;
    return order_part(r, d, d->next++, e);
}

/* Everybody has one before anybody has two. */
static enum status give_all(struct dump *d, struct err *e)
{
    enum status st = OK;
    for (size_t most = 1; most <= DUMP_AHEAD; most++)
        for (size_t i = 0; i < d->n_reader && st == OK; i++)
            if (d->reader[i].n < most)
                st = give_part(d, &d->reader[i], e);
    return st;
}

/* --- text in */

/* The part at turn is finished: its file's sums are told with its last part. */
static void end_part(struct dump *d)
{
    const struct part *p = &d->part[d->turn];
    bool last = d->turn + 1 == d->n_part || p[1].file != p->file;
    if (last && d->failed)
        complain_text(0, "%s: %llu of %llu records could not be read", d->ev.file[p->file].place.p,
                      (unsigned long long)d->failed, (unsigned long long)d->seen);
    if (last)
        d->seen = d->failed = 0;
    d->turn++;
}

static void shift(struct part_reader *r) { memmove(r->part, r->part + 1, --r->n * sizeof *r->part); }

/* Whole lines get their words; the last one waits for its end. */
static enum status print_words(struct dump *d, struct str text, bool end, struct err *e)
{
    enum words_as as = d->dumpers.xml ? WORDS_XML : WORDS_JSON;
    enum status st = OK;
    buf_str(&d->line, text);
    struct str rest = buf_view(&d->line);
    for (const char *nl; rest.n && st == OK && ((nl = memchr(rest.p, '\n', rest.n)) || end);) {
        size_t n = nl ? (size_t)(nl - rest.p) + 1 : rest.n;
        words_put(&d->said, &d->words, as, (struct str){rest.p, n});
        rest.p += n, rest.n -= n;
        if (d->said.n > 1 << 16)
            st = plat_write_stdout(d->said.p, d->said.n, e), d->said.n = 0;
    }
    if (st == OK && (d->line.bad || d->said.bad))
        st = err_set(e, E_NOMEM, ERR_NO_OFF, "dump", "out of memory");
    if (st == OK && d->said.n)
        st = plat_write_stdout(d->said.p, d->said.n, e);
    if (rest.n)
        memmove(d->line.p, rest.p, rest.n);
    d->line.n = rest.n, d->said.n = 0;
    return st;
}

static enum status print_text(struct dump *d, struct part_reader *r, struct span body, struct err *e)
{
    uint8_t area;
    struct str text;
    enum status st = dumper_text(&r->c, body, &area, &text);
    if (st == OK)
        st = d->in_words ? print_words(d, text, false, e) : plat_write_stdout(text.p, text.n, e);
    if (st == OK)
        st = dumper_ask(&r->c, DUMP_TAKEN, &area, 1, e);
    return st;
}

static enum status on_frame(struct dump *d, struct part_reader *r, uint8_t type, struct span in,
                            struct err *e)
{
    const char *place = d->ev.file[d->part[d->turn].file].place.p;
    if (type == DUMP_TEXT)
        return print_text(d, r, in, e);
    uint64_t a = span_u64(&in);
    if (type == DUMP_NOTE) {
        complain_text(0, "%s at 0x%llx: %.*s", place, (unsigned long long)a, (int)in.n, (const char *)in.p);
        return in.bad ? E_FORMAT : OK;
    }
    uint64_t failed = span_u64(&in);
    unsigned st = span_u8(&in);
    if (type != DUMP_DONE || in.bad)
        return E_FORMAT;
    d->seen += a, d->failed += failed;
    if (st != OK)
        d->code = exit_worst(d->code,
                             complain_text(EXIT_PARTIAL, "%s: %.*s", place, (int)in.n, (const char *)in.p));
    shift(r), end_part(d);
    return d->in_words ? print_words(d, (struct str){0}, true, e) : OK;
}

/* A reader that ended took the rest of its part with it; another goes on behind it. */
static enum status on_end(struct dump *d, struct part_reader *r, bool at_once, struct err *e)
{
    struct exit_info how;
    char words[EXIT_WORDS];
    size_t file = r->file - 1;
    dumper_end(&r->c, at_once, &how);
    r->file = 0;
    d->code = exit_worst(d->code,
                         complain_text(EXIT_PARTIAL, "%s: its reader %s at slot %u; going on behind it",
                                       d->ev.file[file].place.p, plat_exit_text(&how, words, sizeof words),
                                       d->part[d->turn].first));
    shift(r), end_part(d);
    enum status st = d->in_words ? print_words(d, (struct str){0}, true, e) : OK;
    st = st == OK && r->n ? open_for(d, r, file, e) : st;
    if (!r->file)
        for (; r->n; r->n--) /* it cannot be opened any more */
            d->part[r->part[r->n - 1]].gone = true;
    for (size_t i = 0; i < r->n && st == OK; i++)
        st = order_part(r, d, r->part[i], e);
    return st;
}

/* What has come of the part whose turn it is. */
static enum status hear_frames(struct dump *d, struct part_reader *r, bool *some, struct err *e)
{
    enum status st = OK;
    struct span body;
    uint8_t type;
    while (st == OK && r->n && r->part[0] == d->turn
           && dumper_frame(&d->dumpers, &r->c, &type, &body, &st, e))
        *some = true, st = on_frame(d, r, type, body, e);
    return st;
}

/* Whose turn it is, is heard; the others fill their spools meanwhile. What came with the end of the part
 * before is here already, and nothing may follow it. */
static enum status hear(struct dump *d, struct part_reader *r, struct err *e)
{
    bool ready = false, eof = false, some = false;
    enum status st = hear_frames(d, r, &some, e);
    if (st == OK && !some && (st = plat_wait(&r->c.proc, 1, 200, &ready, e)) == OK && ready
        && (st = dumper_read(&r->c, &eof, e)) == OK)
        st = hear_frames(d, r, &some, e);
    bool broken = st == E_FORMAT && e->code == OK;
    if (!broken && (st != OK || !eof))
        return st;
    if (r->n) /* one whose turn is over, with a part ahead, is heard of again */
        return r->part[0] == d->turn ? on_end(d, r, broken, e) : OK;
    dumper_end(&r->c, true, NULL);
    r->file = 0;
    return OK;
}

static struct part_reader *at_turn(struct dump *d)
{
    for (size_t i = 0; i < d->n_reader; i++)
        if (d->reader[i].n && d->reader[i].part[0] == d->turn)
            return &d->reader[i];
    return NULL;
}

static enum status run_all(struct dump *d, struct err *e)
{
    enum status st = OK;
    d->n_reader = d->jobs ? d->jobs : plat_cores();
    d->n_reader = d->n_reader > CHILDREN ? CHILDREN : d->n_reader > d->n_part ? d->n_part : d->n_reader;
    for (size_t i = 0; i < d->n_reader; i++)
        d->reader[i].c.spool = -1;
    while (st == OK && d->turn < d->n_part) {
        if ((st = give_all(d, e)) != OK)
            break;
        while (d->turn < d->n_part && d->part[d->turn].gone)
            end_part(d);
        struct part_reader *r = at_turn(d);
        st = r ? hear(d, r, e) : st;
    }
    for (size_t i = 0; i < d->n_reader; i++)
        dumper_end(&d->reader[i].c, st != OK, NULL);
    return st;
}

static bool want_add(struct dump *d, struct want_event e)
{
    struct want *w = &d->want;
    struct want_event *more = grow(w->event, sizeof *more, w->n_event, &d->cap_event);
    if (!more)
        return false;
    w->event = more;
    return w->event[w->n_event++] = e, true;
}

/* "4624,4625-4634" into wanted events of any provider (or the one given). */
static bool parse_ids(const char *text, struct str provider, struct dump *d)
{
    struct str rest = str_of(text);
    do {
        struct str to = str_cut(&rest, ','), all = to, from = str_cut(&to, '-');
        int64_t a, b;
        if (!str_i64(from, &a) || (from.n < all.n ? !str_i64(to, &b) : (b = a, false)) || a < 0 || b > 65535
            || b < a)
            return false;
        if (!want_add(d, (struct want_event){
                             .provider = provider, .id = (uint16_t)a, .to = (uint16_t)b, .how = WANT_KEEP}))
            return false;
    } while (rest.n);
    return true;
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
                               .require_jail = d->dumpers.require_jail,
                               .jail = &d->dumpers.jail};
    enum status st = unpack(&d->ev, &o, &r, e);
    for (size_t i = 0; i < d->ev.n && st == OK; i++) {
        const struct file *f = &d->ev.file[i];
        if (f->container && f->note.p)
            d->code = exit_worst(d->code, complain_text(EXIT_PARTIAL, "%s: %s", f->place.p, f->note.p));
        if (f->in && f->in->why[0])
            d->code = exit_worst(d->code, complain_text(EXIT_PARTIAL, "%s: %s", f->place.p, f->in->why));
    }
    d->code = exit_worst(d->code, r.shortage[0] ? EXIT_LIMIT : EXIT_DONE);
    return st;
}

static int dump_all(struct dump *d, const char *const *inputs, size_t n)
{
    struct err e = {0};
    enum status st = discover(inputs, n, NULL, NULL, &d->ev, &e);
    for (size_t i = 0; i < d->ev.n && st == OK; i++)
        if (d->ev.file[i].st != OK)
            tell_file(d, i, d->ev.file[i].note.p);
    st = st == OK ? dumpers_look(&d->dumpers, &d->ev, d, tell_file, &e) : st;
    st = st == OK ? open_containers(d, &e) : st;
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
    dumpers_end(&d->dumpers);
    if (st == OK || st == E_STOP)
        tell_jail(d->dumpers.jail);
    return st == OK ? d->code : st == E_STOP ? EXIT_DONE : complain(&e, exit_for(st));
}

static int run_dump(int argc, char **argv)
{
    struct dump d = {.want = {.until = INT64_MAX, .all_keys = true}, .dumpers = {.jail = JAIL_ALL}};
    const char *ids = NULL, *provider = NULL;
    struct passwords passwords = {0};
    int code;
    const struct opt opts[] = {
        {"xml", 0, OPT_FLAG, &d.dumpers.xml, NULL, "events as XML, the form Windows itself writes", NULL},
        {"words", 0, OPT_FLAG, &d.in_words, NULL,
         "beside %%2308, S-1-5-20, LogonType 5, 0xc0000072 and 2147943712 what they stand for; the number "
         "stays",
         NULL},
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
        JAIL_OPTION(d.dumpers.require_jail),
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
    if (ids ? !parse_ids(ids, of, &d)
            : provider
                  && !want_add(&d, (struct want_event){.provider = of, .any_id = true, .how = WANT_KEEP}))
        return complain_text(EXIT_USAGE, "dump: --id wants numbers such as 4625 or 4624,4634-4647, not '%s'",
                             ids ? ids : "");
    d.dumpers.want = &d.want;
    d.want.all_events = d.want.n_event == 0, d.want.as_stored = true;
    if (d.want.reveal)
        complain_text(0,
                      "--reveal prints secrets of the hives as they lie there, password hashes among them: "
                      "mind who reads this output");
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "-") == 0) {
            struct err e = {0};
            const char *path;
            if (plat_stdin_file(&path, &e) != OK)
                return complain(&e, exit_for(e.code));
            ((const char **)argv)[i] = path;
        }
    struct kb *kb = NULL;
    struct err e = {0};
    if (d.in_words && kb_load(NULL, &kb, &e) == OK && !words_of_kb(&d.words, kb))
        err_set(&e, E_NOMEM, ERR_NO_OFF, "dump", "out of memory");
    code = e.code != OK ? complain(&e, exit_for(e.code))
                        : dump_all(&d, (const char *const *)argv + 1, (size_t)argc - 1);
    words_free(&d.words), kb_free(kb), buf_free(&d.line), buf_free(&d.said);
    evidence_free(&d.ev);
    arena_free(&passwords.mem);
    free(d.want.event), free(d.part);
    return code;
}

const struct command cmd_dump = {.name = "dump",
                                 .summary = "print every record or value as JSON lines; - is standard input",
                                 .usage = "[options] FILE…",
                                 .help = "examples:\n"
                                         "  whylogon dump Security.evtx | jq 'select(.event_id == 4625)'\n"
                                         "  whylogon dump --id 4625 --since 2026-03-01 --xml Security.evtx\n"
                                         "  whylogon dump --words --id 4625 Security.evtx\n"
                                         "  whylogon dump SYSTEM\n"
                                         "  unzip -p ticket.zip System.evtx | whylogon dump -\n",
                                 .run = run_dump};
