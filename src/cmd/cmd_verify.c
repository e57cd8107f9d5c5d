/* verify: hashes the evidence of a case again, derives every cited fact again, and asks the second readers
 * again. */
#include "parsers/second/second.h"
#include "base/grow.h"
#include "case/casedb.h"
#include "case/named.h"
#include "cmd/cmd.h"
#include "cmd/given.h"
#include "run/discover.h"
#include "kb/kb.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include "run/progress.h"
#include "run/verify.h"
#include <stdlib.h>
#include <string.h>

/* Tables whose rows findings may cite. */
static const char *const tables[] = {"event",        "fold",        "reg_value",      "reg_key",
                                     "secret",       "logon_right", "audit_policy",   "lsa_name",
                                     "cached_logon", "sam_account", "lockout_policy", "task_cache"};
static const char *const plumbing[] = {"id",      "file_id", "file_off",   "hive_id",
                                       "host_id", "boot",    "evidence_id"};

/* now: its id in the fresh case, 0 when it is gone; read: not left out */
struct file_state {
    int64_t id, now;
    struct str path, place, sha256;
    bool older, read;
};

struct check {
    struct casedb *stored, *fresh;
    struct kb *kb;
    struct evidence ev;
    struct arena mem;
    struct file_state *file;
    size_t n_file, cap_file;
    struct want want;
    const struct str *password;
    size_t n_password;
    uint64_t same, changed, missing; /* files */
    uint64_t equal, differ, gone;    /* cited facts */
    uint64_t second[SECOND_RESULTS];
    bool json, require_jail;
    unsigned jail; /* layers in force around all who read */
    const char *table;
    struct stop *stop;
};

/* --- the stored case */

static enum status add_file(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct check *j = ctx;
    (void)name, (void)n;
    struct file_state *more = grow(j->file, sizeof *more, j->n_file, &j->cap_file);
    if (!more)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "verify", "out of memory");
    j->file = more;
    struct file_state *f = &j->file[j->n_file++];
    *f = (struct file_state){.id = c[0].i,
                             .path = arena_str(&j->mem, c[1].s),
                             .place = arena_str(&j->mem, c[2].s),
                             .sha256 = c[3].null ? STR_NONE : arena_str(&j->mem, c[3].s),
                             .older = c[4].i,
                             .read = c[5].i};
    return f->path.p && f->place.p ? OK : err_set(e, E_LIMIT, ERR_NO_OFF, "verify", "too many files");
}

static enum status read_options(void *ctx, const struct cell *c, const char *const *name, size_t n,
                                struct err *e)
{
    struct check *j = ctx;
    (void)name, (void)n, (void)e;
    if (str_eq(c[0].s, STR("since")))
        str_i64(c[1].s, &j->want.since);
    if (str_eq(c[0].s, STR("until")))
        str_i64(c[1].s, &j->want.until);
    if (str_eq(c[0].s, STR("recovered")))
        j->want.recovered = true;
    if (str_eq(c[0].s, STR("knowledge_sha256")) && !str_eq(c[1].s, str_of(kb_sha256(j->kb))))
        complain_text(0,
                      "the case was made with other knowledge (%.12s, now %.12s): facts that only one of "
                      "them asks for count as gone",
                      c[1].s.p, kb_sha256(j->kb));
    return OK;
}

/* --- the fresh one */

static enum status match_file(void *ctx, const struct cell *c, const char *const *name, size_t n,
                              struct err *e)
{
    struct check *j = ctx;
    (void)name, (void)n, (void)e;
    for (size_t i = 0; i < j->n_file; i++)
        if (str_eq(j->file[i].path, c[1].s) && !c[2].null) {
            j->file[i].now = c[0].i;
            j->file[i].sha256 = j->file[i].sha256.p && !str_eq(j->file[i].sha256, c[2].s) ? STR("changed")
                                                                                          : j->file[i].sha256;
        }
    return OK;
}

static enum status read_again(struct check *j, struct err *e)
{
    struct ingest_result r;
    struct progress bar;
    struct file *file = calloc(j->n_file ? j->n_file : 1, sizeof *file);
    enum status st = file ? OK : err_set(e, E_NOMEM, ERR_NO_OFF, "verify", "out of memory");
    size_t n = 0;
    for (size_t i = 0; i < j->n_file && st == OK; i++)
        if (j->file[i].read)
            file[n++] = (struct file){
                .path = j->file[i].path, .place = j->file[i].place, .older = j->file[i].older};
    progress_begin(&bar, PROGRESS_AUTO);
    struct ingest_options o = {.progress = progress_show,
                               .ctx = &bar,
                               .stop = stop_flag(),
                               .until = j->stop->until,
                               .require_jail = j->require_jail,
                               .password = j->password,
                               .n_password = j->n_password};
    if (st == OK && (st = case_create(NULL, kb_file(j->kb, "schema.sql"), &j->fresh, e)) == OK)
        case_halt_when(j->fresh, stop_asked, j->stop);
    if (st == OK && (st = discover_again(file, n, &j->ev, e)) == OK)
        st = ingest(j->fresh, &j->want, &j->ev, &o, &r, e);
    progress_end(&bar);
    j->jail &= st == OK ? r.jail : j->jail;
    free(file);
    return st == OK ? case_named(j->fresh, Q_FILES, "", NULL, match_file, j, e) : st;
}

static int64_t now_of(const struct check *j, int64_t id)
{
    for (size_t i = 0; i < j->n_file; i++)
        if (j->file[i].id == id)
            return j->file[i].now;
    return 0;
}

/* --- comparing */

static bool is_plumbing(const char *name)
{
    for (size_t i = 0; i < LEN(plumbing); i++)
        if (strcmp(plumbing[i], name) == 0)
            return true;
    return false;
}

struct compare {
    const struct cell *was;
    const char *const *name;
    size_t n;
    bool found, equal;
};

static enum status compare_row(void *ctx, const struct cell *c, const char *const *name, size_t n,
                               struct err *e)
{
    struct compare *q = ctx;
    (void)e;
    bool equal = n + 1 == q->n; /* the stored row has evidence_id behind it */
    for (size_t i = 0; i < n && equal; i++)
        equal = strcmp(name[i], q->name[i]) == 0
                && (is_plumbing(name[i])
                    || (c[i].null == q->was[i].null && (c[i].null || str_eq(c[i].s, q->was[i].s))));
    q->found = true, q->equal |= equal;
    return OK;
}

static const struct cell *column(const struct cell *c, const char *const *name, size_t n, const char *want)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name[i], want) == 0)
            return &c[i];
    return NULL;
}

static enum status check_fact(void *ctx, const struct cell *c, const char *const *name, size_t n,
                              struct err *e)
{
    struct check *j = ctx;
    struct compare q = {.was = c, .name = name, .n = n};
    int64_t off = column(c, name, n, "file_off")->i, file = now_of(j, column(c, name, n, "file_id")->i);
    struct value arg[] = {val_i(file), val_i(off)};
    enum status st = file ? case_named_in(j->fresh, Q_AT, j->table, NULL, "ii", arg, compare_row, &q, e) : OK;
    j->equal += q.equal, j->differ += q.found && !q.equal, j->gone += !q.found;
    if (st == OK && !q.equal) {
        struct buf b = {0};
        buf_printf(&b, "%s  ", q.found ? "differs" : "gone"),
            buf_term(&b, column(c, name, n, "evidence_id")->s), buf_printf(&b, "  %s\n", j->table);
        if (j->json)
            buf_free(&b);
        out_put(&b);
    }
    return st;
}

static enum status copy_citation(void *ctx, const struct cell *c, const char *const *name, size_t n,
                                 struct err *e)
{
    struct check *j = ctx;
    char id[64];
    (void)name, (void)n;
    snprintf(id, sizeof id, "f%lld:0x%llx", (long long)now_of(j, c[0].i), (unsigned long long)c[1].i);
    struct value v[] = {val_s(str_of(id)), val_i(now_of(j, c[0].i)), val_i(c[1].i)};
    return case_named(j->fresh, Q_CITED_PUT, "sii", v, NULL, NULL, e);
}

static enum status count_second(void *ctx, const struct cell *c, const char *const *name, size_t n,
                                struct err *e)
{
    struct check *j = ctx;
    (void)name, (void)n, (void)e;
    for (size_t i = 0; i < SECOND_RESULTS; i++)
        if (str_eq(c[0].s, str_of(second_result_names[i])))
            j->second[i] = (uint64_t)c[1].i;
    return OK;
}

static enum status compare_all(struct check *j, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < LEN(tables) && st == OK; i++) {
        if ((st = case_named_in(j->fresh, Q_PLACED, tables[i], NULL, "", NULL, NULL, NULL, e)) != OK)
            break;
        j->table = tables[i];
        st = case_named_in(j->stored, Q_CITED_WITH_ID, tables[i], NULL, "", NULL, check_fact, j, e);
        if (st == OK)
            st = case_named_in(j->stored, Q_CITED_PLACES, tables[i], NULL, "", NULL, copy_citation, j, e);
    }
    if (st == OK && (st = verify(j->fresh, &j->ev, j->require_jail, NULL, NULL, &j->jail, e)) == OK)
        st = case_named(j->fresh, Q_VERIFIED_COUNT, "", NULL, count_second, j, e);
    return st;
}

static void tell_files(struct check *j)
{
    struct buf b = {0};
    for (size_t i = 0; i < j->n_file; i++) {
        const struct file_state *f = &j->file[i];
        bool changed = str_eq(f->sha256, STR("changed")), missing = f->sha256.p && !f->now;
        j->same += f->now && f->sha256.p && !changed, j->changed += changed, j->missing += missing;
        if ((changed || missing) && !j->json)
            buf_z(&b, changed ? "changed  " : "missing  "), buf_term(&b, f->path), buf_z(&b, "  (read from "),
                buf_term(&b, f->place), buf_z(&b, ")\n");
    }
    out_put(&b);
}

static void print_sums(const struct check *j)
{
    static const char *const text =
        "files        %llu unchanged, %llu changed, %llu missing\ncited facts  %llu derived again and equal, "
        "%llu differ, %llu gone\n"
        "second read  %llu agree, %llu agree but for a known defect, %llu differ, %llu unreadable (%s)\n";
    static const char *const json = "{\"files\":{\"unchanged\":%llu,\"changed\":%llu,\"missing\":%llu},"
                                    "\"facts\":{\"equal\":%llu,\"differ\":%llu,\"gone\":%llu},"
                                    "\"second_reader\":{\"agree\":%llu,\"agree_with_defect\":%llu,\"differ\":"
                                    "%llu,\"unreadable\":%llu,\"version\":\"%s\"}}\n";
    const unsigned long long v[] = {j->same, j->changed,   j->missing,   j->equal,     j->differ,
                                    j->gone, j->second[0], j->second[1], j->second[2], j->second[3]};
    _Static_assert(SECOND_RESULTS == 4, "one number per result");
    if (j->json)
        printf(json, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], second_version());
    else
        printf(text, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], second_version());
}

static int run_verify(int argc, char **argv)
{
    struct check j = {.jail = JAIL_ALL};
    struct err e = {0};
    const char *knowledge = NULL;
    struct passwords passwords = {0};
    const char *limits = NULL;
    struct stop stop = {0};
    int code;
    const struct opt opts[] = {
        {"knowledge", 0, OPT_TEXT, &knowledge, "DIR", "the folder the case was made with, if any", NULL},
        {"json", 0, OPT_FLAG, &j.json, NULL, "one JSON object", NULL},
        JAIL_OPTION(j.require_jail),
        PASSWORD_OPTION(passwords),
        TIME_OPTION(limits),
        {0},
    };
    const struct command *c = &cmd_verify;
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    if ((code = passwords_load(&passwords)) != EXIT_DONE)
        return code;
    if (argc != 2) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    j.password = passwords.list, j.n_password = passwords.n;
    if (stop_after(&stop, limits, &e) != OK)
        return complain(&e, EXIT_USAGE);
    stop.until = limits ? stop.until : 0; /* hashing may take its time */
    stop_listen();
    enum status st = arena_make(&j.mem, 64u << 20)
                         ? OK
                         : err_set(&e, E_NOMEM, ERR_NO_OFF, "verify", "out of memory");
    if (st == OK
        && ((st = case_open(case_in(argv[1]), &j.stored, &e)) != OK
            || (st = kb_load(knowledge, &j.kb, &e)) != OK)) {
        code = complain(&e, EXIT_USAGE);
    } else {
        j.want = st == OK ? *kb_want(j.kb) : j.want, j.stop = &stop;
        if (st == OK)
            case_halt_when(j.stored, stop_asked, &stop);
        if (st == OK && (st = case_named(j.stored, Q_FILES_READ, "", NULL, add_file, &j, &e)) == OK
            && (st = case_named(j.stored, Q_META, "", NULL, read_options, &j, &e)) == OK
            && (st = read_again(&j, &e)) == OK) {
            tell_files(&j);
            st = compare_all(&j, &e);
        }
        if (st == OK)
            print_sums(&j), tell_jail(j.jail);
        st = given_blame(j.stored, CASE_ONE, st, &e);
        code = st != OK                                           ? complain(&e, exit_with(st, knowledge))
               : j.missing || j.gone                              ? EXIT_PARTIAL
               : j.changed || j.differ || j.second[SECOND_DIFFER] ? EXIT_FINDING
                                                                  : EXIT_DONE;
    }
    case_close(j.stored), case_close(j.fresh);
    evidence_free(&j.ev);
    kb_free(j.kb);
    free(j.file);
    arena_free(&j.mem), arena_free(&passwords.mem);
    return code;
}

const struct command cmd_verify = {
    .name = "verify",
    .summary = "hash the evidence of a case again, derive every cited fact again, with both readers",
    .usage = "CASE.db [--json]",
    .help =
        "Exit codes: 0 all as it was, 1 a file has changed or a fact or the second reader differs, 3 a file "
        "or "
        "a fact is gone.\n"
        "The evidence is looked for under the paths stored in the case: run this in the folder where analyze "
        "ran, or give absolute paths then.\n",
    .run = run_verify};
