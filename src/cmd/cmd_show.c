/* show: one fact by its evidence id: what the case says of it, where it lies, what the second reader saw, the
 * record as XML, the raw bytes. The case is read first; then this process jails itself before it looks at
 * evidence. Bytes of a file that is no longer the one that was read are not shown. */
#include "parsers/evtx/evtx.h"
#include "parsers/registry/regf.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/wintime.h"
#include "case/casedb.h"
#include "cmd/cmd.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include "run/ingest.h"
#include "run/unpack.h"
#include <stdlib.h>
#include <string.h>

enum { HEX_BYTES = 512 }; /* raw bytes shown; records reach 64 KiB, the first lines tell the tale */

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

static void hex_dump(const uint8_t *p, size_t n, uint64_t off)
{
    for (size_t at = 0; at < n; at += 16) {
        printf("  %08llx ", (unsigned long long)off + at);
        for (size_t i = 0; i < 16; i++)
            printf(at + i < n ? "%s%02x" : "%s  ", i == 8 ? "  " : " ", at + i < n ? p[at + i] : 0u);
        printf("  ");
        for (size_t i = 0; i < 16 && at + i < n; i++)
            putchar(p[at + i] >= 0x20 && p[at + i] < 0x7f ? p[at + i] : '.');
        putchar('\n');
    }
}

/* Where in its container's own terms: chunk and record, or the cell as the hive counts. */
static void print_place(const struct map *m, uint64_t off)
{
    uint64_t slot = off < EVTX_HEADER ? 0 : (off - EVTX_HEADER) / EVTX_CHUNK,
             chunk = EVTX_HEADER + slot * EVTX_CHUNK;
    if (off < EVTX_HEADER)
        return;
    if (chunk + 8 <= m->n && memcmp(m->p + chunk, "ElfChnk", 8) == 0)
        printf("\nplace\n  chunk %llu at 0x%llx, record at 0x%llx in it\n", (unsigned long long)slot,
               (unsigned long long)chunk, (unsigned long long)(off - chunk));
    else if (memcmp(m->p, "regf", 4) == 0 && le32(m->p + 28) == 0)
        printf("\nplace\n  cell 0x%llx of the hive's bins\n", (unsigned long long)(off - EVTX_HEADER));
}

/* Is it still the file that was read? A whole file is hashed for a few bytes of it: they are worth nothing
 * without. */
static bool is_same(const struct show *s, const struct map *m, char now[SHA256_TEXT])
{
    uint8_t sum[SHA256_BYTES];
    return sha256_of(m->p, m->n, sum) && str_eq(str_of(sha256_text(sum, now)), s->sha256);
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

static const char way_query[] = "WITH RECURSIVE up(id, container, member, place, depth) AS (SELECT id, "
                                "container, member, place, 0 FROM evidence "
                                "WHERE id = ?1 UNION ALL SELECT e.id, e.container, e.member, e.place, "
                                "up.depth + 1 FROM up JOIN evidence e ON e.id "
                                "= up.container WHERE up.depth < 64) SELECT CASE WHEN container IS NOT NULL "
                                "THEN member END, place FROM up ORDER "
                                "BY depth DESC";

/* Only what leads to the member is unpacked, by the same jailed child as ever. */
static enum status unpack_member(struct show *s, plat_file *fd, uint64_t *at, uint64_t *bytes, struct err *e)
{
    static struct evidence ev; /* its spools live as long as the process */
    struct run_limits lim = run_limits_default();
    struct unpack_result r;
    struct unpack_options o = {.workers = 1,
                               .password = s->passwords.list,
                               .n_password = s->passwords.n,
                               .file_bytes = lim.file_bytes,
                               .file_seconds = lim.file_seconds,
                               .until = UINT64_MAX,
                               .spool_bytes = lim.spool_bytes,
                               .jail = &(unsigned){0},
                               .only = s->way,
                               .n_only = s->n_way};
    const struct file box = {.path = s->outermost, .place = s->outermost};
    enum status st = discover_again(&box, 1, &ev, e);
    if (st == OK && ev.n == 0)
        st = err_set(e, E_IO, ERR_NO_OFF, "cannot open", "its container is gone");
    if (st != OK || (st = evidence_sniff(&ev, 0, e)) != OK || (st = unpack(&ev, &o, &r, e)) != OK)
        return st;
    for (size_t i = 0; i < ev.n; i++) {
        size_t depth = 0;
        for (size_t up = i; ev.file[up].container; up = ev.file[up].container - 1)
            depth++;
        if (depth == s->n_way && ev.file[i].spool)
            return evidence_open(&ev, i, fd, at, bytes, e);
        if (ev.file[i].st != OK && ev.file[i].note.p)
            err_set(e, E_IO, ERR_NO_OFF, "cannot open", "%s", ev.file[i].note.p);
    }
    return err_set(e, E_IO, ERR_NO_OFF, "cannot open", "it is no longer in its container");
}

/* The bytes themselves, if the evidence still lies where it was read from. */
static int show_bytes(struct show *s, uint64_t off)
{
    char now[SHA256_TEXT] = "not known", why[SHA256_TEXT + 40];
    plat_file fd;
    uint64_t bytes, at = 0;
    struct map map = {0};
    struct err e = {0};
    if ((s->n_way ? unpack_member(s, &fd, &at, &bytes, &e) : plat_open(s->place.p, &fd, &bytes, &e)) != OK) {
        say_no_bytes(s, e.why);
        return EXIT_DONE;
    }
    int code = EXIT_DONE;
    is_same(s, &(struct map){0}, now); /* what the library loads, it loads before the jail */
    fflush(stdout);
    plat_jail(&(struct jail_limits){.may_write = true});
    if (plat_map(fd, at, bytes, &map, &e) != OK) {
        e.path = s->place.p, code = complain(&e, EXIT_PARTIAL);
    } else if (!is_same(s, &map, now)) {
        snprintf(why, sizeof why, "it has changed, its sha256 is now %s", now);
        say_no_bytes(s, why);
        code = EXIT_PARTIAL;
    } else if (off >= map.n) {
        code = complain_text(EXIT_PARTIAL, "%s: offset 0x%llx lies beyond its end", s->place.p,
                             (unsigned long long)off);
    } else {
        size_t n = map.n - (size_t)off < HEX_BYTES ? map.n - (size_t)off : HEX_BYTES;
        struct buf xml = {0};
        uint32_t size = 0;
        enum status st = s->event
                             ? evtx_record(span_of(map.p, map.n, 0), off, EVTX_XML, &s->mem, &xml, &size, &e)
                             : OK;
        if (s->event && st == OK) {
            printf("\nrecord as XML (%u bytes)\n", size);
            buf_char(&xml, '\n');
            n = size < n ? size : n;
        } else if (st == E_NOMEM) {
            code = complain(&e, EXIT_BUG);
        } else if (st != OK) {
            xml.n = 0;
            printf("\nrecord as XML: %s: %s\n", e.what, e.why);
        }
        out_put(&xml);
        /* a cell begins with its size, negative when in use */
        uint32_t cell = str_eq(s->kind, STR("hive")) && n >= 4 ? 0 - le32(map.p + off) : 0;
        n = cell >= 8 && cell < n ? cell : n;
        print_place(&map, off);
        printf("\nraw bytes\n");
        hex_dump(map.p + off, n, off);
    }
    plat_unmap(&map);
    plat_close(fd);
    return code;
}

static int show(struct show *s, struct casedb *db, const char *id, uint64_t *at)
{
    int64_t file, off;
    struct err e = {0};
    if (!case_place(str_of(id), &file, &off))
        return complain_text(EXIT_USAGE, "show: '%s' is not an evidence id such as f3:0x11c00", id);
    struct value arg[] = {val_i(file), val_i(off)};
    enum col_type type[] = {COL_INT, COL_INT};
    if (case_query(db,
                   "SELECT path, place, coalesce(sha256, 'not hashed'), coalesce(kind, '') FROM evidence "
                   "WHERE id = ?1",
                   arg, type, 1, keep_file, s, &e)
        != OK)
        return complain(&e, exit_for(e.code));
    if (case_query(db, way_query, arg, type, 1, keep_way, s, &e) != OK)
        return complain(&e, exit_for(e.code));
    if (!s->path.p || !s->place.p)
        return complain_text(EXIT_USAGE, "show: this case has no evidence file f%lld", (long long)file);
    struct buf head = {0};
    buf_printf(&head, "%s\n  file         ", id), buf_term(&head, s->path), buf_z(&head, "\n  read from    "),
        buf_term(&head, s->place), buf_z(&head, "\n  sha256       "), buf_term(&head, s->sha256);
    buf_printf(&head, "\n  offset       0x%llx (%llu)\n", (unsigned long long)off, (unsigned long long)off);
    out_put(&head);
    for (size_t i = 0; i < LEN(tables); i++) {
        char sql[128];
        bool before = s->found;
        s->title = tables[i].title;
        snprintf(sql, sizeof sql, "SELECT * FROM %s WHERE file_id = ?1 AND file_off = ?2 ORDER BY id",
                 tables[i].table);
        if (case_query(db, sql, arg, type, 2, print_fact, s, &e) != OK)
            return complain(&e, exit_for(e.code));
        s->event |= s->found && !before && i < 2;
    }
    if (!s->found)
        return complain_text(EXIT_USAGE, "show: the case holds no fact at %s", id);
    struct value cited[] = {val_s(str_of(id))};
    if (case_query(db, "SELECT result, detail, reader FROM verification WHERE evidence_id = ?1", cited,
                   (enum col_type[]){COL_TEXT}, 1, print_second, s, &e)
        != OK)
        return complain(&e, exit_for(e.code));
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
    const struct opt opts[] = {PASSWORD_OPTION(s.passwords), TIME_OPTION(limits), {0}};
    const struct command *c = &cmd_show;
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    if ((code = passwords_load(&s.passwords)) != EXIT_DONE)
        return code;
    if (argc != 3) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    if (stop_after(&stop, limits, &e) != OK || case_open(argv[1], &db, &e) != OK)
        return complain(&e, EXIT_USAGE);
    case_halt_when(db, stop_asked, &stop);
    uint64_t off = 0;
    code = arena_make(&s.mem, 32u << 20) ? show(&s, db, argv[2], &off)
                                         : complain_text(EXIT_BUG, "out of memory");
    case_close(db);
    if (code == EXIT_DONE) {
        _Exit(out_end(show_bytes(&s, off))); /* jailed: there is nothing left that may be cleaned up */
    }
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
