/* show: one fact by its evidence id: what the case says of it, where it lies, what the second reader saw, the
 * record as XML, the raw bytes. Those a jailed child reads, which this process prints escaped. Bytes of a
 * file that is no longer the one that was read are not shown. */
#include "parsers/registry/regf.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/wintime.h"
#include "case/casedb.h"
#include "case/named.h"
#include "cmd/cmd.h"
#include "cmd/given.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include "run/dumpers.h"
#include "run/ingest.h"
#include "run/unpack.h"
#include <stdlib.h>
#include <string.h>

/* Tables that hold facts with a place of their own, and how they are called for people. */
static const struct {
    const char *table, *title;
} tables[] = {
    {"event", "event"},
    {"fold", "folded events (the first of them)"},
    {"reg_value", "registry value"},
    {"reg_key", "registry key"},
    {"secret", "LSA secret (times only)"},
    {"logon_right", "logon rights"},
    {"audit_policy", "audit policy"},
    {"lsa_name", "LSA name"},
    {"cached_logon", "cached logon"},
    {"sam_account", "SAM account"},
    {"lockout_policy", "lockout policy"},
    {"task_cache", "scheduled task"},
    {"tool_said", "said by a tool (weak evidence)"},
    {"hive", "hive"},
    {"anomaly", "damage"},
};

struct show {
    const char *title;
    struct str path, place, sha256, kind;
    struct passwords passwords;
    struct str outermost; /* of a member: where the container that holds it all lies */
    uint32_t way[LIM_CONTAINER_DEPTH];
    size_t n_way; /* its place in there, its place in that, ... */
    struct arena mem;
    struct want want;
    struct dumpers dumpers;
    bool found, event;
};

static bool is_one_of(const char *name, const char *const *of, size_t n)
{
    size_t i = 0;
    while (i < n && strcmp(of[i], name) != 0)
        i++;
    return i < n;
}

static bool is_time(const char *name)
{
    static const char *const times[] = {
        "time",       "written",  "cupd",    "oupd",       "first_time", "last_time", "password_set",
        "last_logon", "last_bad", "expires", "registered", "last_run",   "last_ok",   "last_written"};
    return is_one_of(name, times, LEN(times));
}

static bool is_plumbing(const char *name)
{
    static const char *const ours[] = {"id",      "file_id",  "file_off", "hive_id",
                                       "host_id", "identity", "size",     "key_off"};
    return is_one_of(name, ours, LEN(ours));
}

static enum status print_fact(void *ctx, const struct cell *c, const char *const *name, size_t n,
                              struct err *e)
{
    struct show *s = ctx;
    struct buf b = {0};
    (void)e;
    s->found = true;
    buf_printf(&b, "\n%s\n", s->title);
    for (size_t i = 0; i < n; i++) {
        if (c[i].null || is_plumbing(name[i]))
            continue;
        buf_printf(&b, "  %-12s ", name[i]);
        if (c[i].type == COL_BLOB)
            buf_hex(&b, c[i].s.p, c[i].s.n < 256 ? c[i].s.n : 256);
        else if (c[i].type == COL_INT && is_time(name[i]))
            buf_time(&b, c[i].i);
        else if (c[i].type == COL_INT && strcmp(name[i], "keywords") == 0)
            buf_printf(&b, "0x%016llx", (unsigned long long)c[i].i);
        else if (c[i].type == COL_INT && strcmp(name[i], "type") == 0)
            buf_printf(&b, "%lld (%s)", (long long)c[i].i, reg_type_name((uint32_t)c[i].i));
        else if (c[i].type == COL_INT)
            buf_i64(&b, c[i].i);
        else
            buf_term(&b, c[i].s);
        buf_char(&b, '\n');
    }
    out_put(&b);
    return OK;
}

static enum status keep_file(void *ctx, const struct cell *c, const char *const *name, size_t n,
                             struct err *e)
{
    struct show *s = ctx;
    (void)name, (void)n, (void)e;
    s->path = arena_str(&s->mem, c[0].s), s->place = arena_str(&s->mem, c[1].s),
    s->sha256 = arena_str(&s->mem, c[2].s), s->kind = arena_str(&s->mem, c[3].s);
    return OK;
}

static enum status print_second(void *ctx, const struct cell *c, const char *const *name, size_t n,
                                struct err *e)
{
    struct buf b = {0};
    (void)ctx, (void)name, (void)n, (void)e;
    buf_z(&b, "\nsecond reader\n  says         "), buf_term(&b, c[0].s);
    if (!c[1].null)
        buf_z(&b, "\n  detail       "), buf_term(&b, c[1].s);
    buf_z(&b, "\n  reader       "), buf_term(&b, c[2].s), buf_char(&b, '\n');
    out_put(&b);
    return OK;
}

static void say_no_bytes(const struct show *s, const char *why)
{
    struct buf b = {0};
    buf_z(&b, "\nraw bytes: "), buf_term(&b, s->place),
        buf_printf(&b, ": %s; give the file with this sha256 its place back to see them\n", why);
    out_put(&b);
}

static enum status keep_way(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct show *s = ctx;
    (void)name, (void)n, (void)e;
    if (c[0].null)
        s->outermost = arena_str(&s->mem, c[1].s);
    else if (s->n_way < LEN(s->way))
        s->way[s->n_way++] = (uint32_t)c[0].i;
    return OK;
}

static void no_kind(void *ctx, size_t file, const char *why)
{
    (void)file;
    err_set(ctx, E_IO, ERR_NO_OFF, "cannot open", "%s", why);
}

/* Only what leads to the member is unpacked, by the same jailed child as ever. */
static enum status unpack_member(struct show *s, struct evidence *ev, size_t *file, struct err *e)
{
    struct run_limits lim = run_limits_default();
    struct unpack_result r;
    struct unpack_options o = {.workers = 1,
                               .password = s->passwords.list,
                               .n_password = s->passwords.n,
                               .file_bytes = lim.file_bytes,
                               .file_seconds = lim.file_seconds,
                               .until = s->dumpers.until,
                               .spool_bytes = lim.spool_bytes,
                               .require_jail = s->dumpers.require_jail,
                               .jail = &s->dumpers.jail,
                               .only = s->way,
                               .n_only = s->n_way};
    enum status st = dumpers_look(&s->dumpers, ev, e, no_kind, e);
    if (st != OK || (st = e->code) != OK || (st = unpack(ev, &o, &r, e)) != OK)
        return st;
    if (r.shortage[0])
        return err_set(e, E_NOMEM, ERR_NO_OFF, "its container was not unpacked", "%s", r.shortage);
    for (size_t i = 0; i < ev->n; i++) {
        size_t depth = 0;
        for (size_t up = i; ev->file[up].container; up = ev->file[up].container - 1)
            depth++;
        if (depth == s->n_way && ev->file[i].spool)
            return *file = i, OK;
        if (ev->file[i].st != OK && ev->file[i].note.p)
            err_set(e, E_IO, ERR_NO_OFF, "cannot open", "%s", ev->file[i].note.p);
    }
    return err_set(e, E_IO, ERR_NO_OFF, "cannot open", "it is no longer in its container");
}

/* The file as it lies there now, or its container unpacked. */
static enum status find_file(struct show *s, struct evidence *ev, size_t *file, struct err *e)
{
    struct str place = s->n_way ? s->outermost : s->place;
    const struct file listed = {.path = place, .place = place};
    struct plat_stat seen;
    enum status st = plat_stat(place.p, true, &seen, e);
    *file = 0;
    if (st == OK && (st = discover_again(&listed, 1, ev, e)) == OK && ev->n == 0)
        st = err_set(e, E_IO, ERR_NO_OFF, "cannot open", "it is no file any more");
    return st == OK && s->n_way ? unpack_member(s, ev, file, e) : st;
}

/* Text of a child, line by line: what it says is hostile, even here. */
static void print_lines(struct str text)
{
    struct buf b = {0};
    for (struct str rest = text; rest.n;)
        buf_term(&b, str_cut(&rest, '\n')), buf_char(&b, '\n');
    out_put(&b);
}

static int on_done(const struct show *s, struct span in, uint64_t off)
{
    (void)span_u64(&in), (void)span_u64(&in);
    unsigned st = span_u8(&in);
    struct err e = {.path = s->place.p};
    if (in.bad || st > E_STOP)
        return complain_text(EXIT_PARTIAL, "%s: its reader sent a malformed frame", s->place.p);
    if (st == E_TRUNC)
        return complain_text(EXIT_PARTIAL, "%s: offset 0x%llx lies beyond its end", s->place.p,
                             (unsigned long long)off);
    if (st == E_NOMEM)
        return complain_text(EXIT_LIMIT, "%s: out of memory", s->place.p);
    if (st == OK)
        return EXIT_DONE;
    err_set(&e, (enum status)st, ERR_NO_OFF, "", "%.*s", (int)in.n, (const char *)in.p);
    say_no_bytes(s, e.why);
    return EXIT_PARTIAL;
}

static enum status order_fact(const struct show *s, struct dump_child *c, uint64_t off, struct err *e)
{
    struct buf b = {0};
    char sum[SHA256_TEXT - 1] = "";
    memcpy(sum, s->sha256.p, s->sha256.n < sizeof sum ? s->sha256.n : sizeof sum);
    buf_u64le(&b, off), buf_char(&b, s->event), buf_char(&b, str_eq(s->kind, STR("hive")));
    buf_put(&b, sum, sizeof sum);
    enum status st = b.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "show", "out of memory")
                           : dumper_ask(c, DUMP_SHOW, b.p, b.n, e);
    buf_free(&b);
    return st;
}

static enum status hear(struct show *s, struct dump_child *c, uint64_t off, int *code, struct err *e)
{
    for (;;) {
        uint8_t type, area;
        struct span body;
        struct str text;
        bool gone;
        enum status st = dumper_await(&s->dumpers, c, &type, &body, &gone, e);
        if (st != OK)
            return st;
        if (!gone && type == DUMP_DONE)
            return *code = on_done(s, body, off), OK;
        if (gone || type != DUMP_TEXT || dumper_text(c, body, &area, &text) != OK)
            return *code = complain_text(EXIT_PARTIAL, "%s: its reader ended", s->place.p), OK;
        print_lines(text);
        if ((st = dumper_ask(c, DUMP_TAKEN, &area, 1, e)) != OK)
            return st;
    }
}

/* The bytes themselves, if the evidence still lies where it was read from. */
static int show_bytes(struct show *s, uint64_t off)
{
    struct evidence ev = {0};
    struct dump_child c = {.spool = -1};
    struct err e = {0}, why = {0};
    size_t file;
    int code = EXIT_DONE;
    s->want.until = INT64_MAX;
    s->dumpers.want = &s->want, s->dumpers.jail = JAIL_ALL;
    enum status st = find_file(s, &ev, &file, &why);
    if (st == OK && (st = dumper_start(&s->dumpers, &c, &e)) == OK)
        st = dumper_open(&c, &ev, file, &why);
    if (st != OK && e.code == OK && why.code != E_UNSUPPORTED && why.code != E_NOMEM && why.code != E_TIME) {
        say_no_bytes(s, why.why);
        st = OK;
    } else if (st == OK && (st = order_fact(s, &c, off, &e)) == OK) {
        st = hear(s, &c, off, &code, &e);
    }
    dumper_end(&c, st != OK, NULL);
    dumpers_end(&s->dumpers);
    evidence_free(&ev);
    if (st != OK)
        return complain(e.code ? &e : &why, exit_for(st));
    fflush(stdout);
    tell_jail(s->dumpers.jail);
    return code;
}

static int failed(struct casedb *db, struct err *e)
{
    return complain(e, exit_for(given_blame(db, CASE_ONE, e->code, e)));
}

static int show(struct show *s, struct casedb *db, const char *id, uint64_t *at)
{
    int64_t file, off;
    struct err e = {0};
    char lower[64];
    size_t n = 0;
    for (; id[n] && n + 1 < sizeof lower; n++)
        lower[n] = small_letter(id[n]);
    lower[n] = 0, id = id[n] ? id : lower;
    if (!case_place(str_of(id), &file, &off))
        return complain_text(EXIT_USAGE, "show: '%s' is not an evidence id such as f3:0x11c00", id);
    struct value arg[] = {val_i(file), val_i(off)};
    if (case_named(db, Q_FILE_SHOWN, "i", arg, keep_file, s, &e) != OK)
        return failed(db, &e);
    if (case_named(db, Q_FILE_WAY, "i", arg, keep_way, s, &e) != OK)
        return failed(db, &e);
    if (!s->path.p || !s->place.p)
        return complain_text(EXIT_USAGE, "show: this case has no evidence file f%lld", (long long)file);
    struct buf head = {0};
    buf_printf(&head, "%s\n  file         ", id), buf_term(&head, s->path), buf_z(&head, "\n  read from    "),
        buf_term(&head, s->place), buf_z(&head, "\n  sha256       "), buf_term(&head, s->sha256);
    buf_printf(&head, "\n  offset       0x%llx (%llu)\n", (unsigned long long)off, (unsigned long long)off);
    out_put(&head);
    for (size_t i = 0; i < LEN(tables); i++) {
        bool before = s->found;
        s->title = tables[i].title;
        if (case_named_in(db, Q_AT, tables[i].table, NULL, "ii", arg, print_fact, s, &e) != OK)
            return failed(db, &e);
        s->event |= s->found && !before && i < 2;
    }
    if (!s->found)
        return complain_text(EXIT_USAGE, "show: the case holds no fact at %s", id);
    struct value cited[] = {val_s(str_of(id))};
    if (case_named(db, Q_VERIFIED, "s", cited, print_second, s, &e) != OK)
        return failed(db, &e);
    *at = (uint64_t)off;
    return EXIT_DONE;
}

static int run_show(int argc, char **argv)
{
    struct show s = {0};
    struct casedb *db = NULL;
    struct err e = {0};
    int code;
    const char *limits = NULL;
    struct stop stop = {0};
    const struct opt opts[] = {
        JAIL_OPTION(s.dumpers.require_jail), PASSWORD_OPTION(s.passwords), TIME_OPTION(limits), {0}};
    const struct command *c = &cmd_show;
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    if ((code = passwords_load(&s.passwords)) != EXIT_DONE)
        return code;
    if (argc != 3) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    if (stop_after(&stop, limits, &e) != OK || case_open(case_in(argv[1]), &db, &e) != OK)
        return complain(&e, EXIT_USAGE);
    case_halt_when(db, stop_asked, &stop);
    s.dumpers.until = stop.until;
    uint64_t off = 0;
    code = arena_make(&s.mem, 32u << 20) ? show(&s, db, argv[2], &off)
                                         : complain_text(EXIT_LIMIT, "out of memory");
    case_close(db);
    if (code == EXIT_DONE)
        code = show_bytes(&s, off);
    arena_free(&s.mem);
    return code;
}

const struct command cmd_show = {
    .name = "show",
    .summary = "show one cited fact: decoded, raw bytes, where it lies",
    .usage = "CASE.db EVIDENCE_ID",
    .help =
        "EVIDENCE_ID is what reports print: f3:0x11c00 is the fact at byte 0x11c00 of evidence file f3.\n",
    .run = run_show};
