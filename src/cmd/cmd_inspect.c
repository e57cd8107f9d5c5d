/* inspect: what files are and whether they are intact. The same workers read them; nothing is diagnosed or
 * written. */
#include "case/casedb.h"
#include "case/named.h"
#include "cmd/cmd.h"
#include "kb/kb.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include "run/pool.h"
#include "run/progress.h"
#include <string.h>

static void field(struct buf *b, const char *name, const struct cell *c)
{
    buf_char(b, b->n > 1 ? ',' : ' '), buf_json(b, str_of(name)), buf_char(b, ':');
    if (c->null)
        buf_z(b, "null");
    else if (c->type == COL_INT)
        buf_i64(b, c->i);
    else
        buf_json(b, c->s);
}

static enum status as_json(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct buf b = {0};
    (void)ctx, (void)e;
    buf_char(&b, '{');
    for (size_t i = 0; i < n - 1; i++) /* the list is for people */
        field(&b, name[i], &c[i]);
    buf_z(&b, "}\n");
    out_put(&b);
    return OK;
}

enum { LISTED = 8 }; /* anomalies of a file told one by one; the query below asks for as many */

/* Columns as the query below names them: path kind format bytes sha256 state note log_kind seen parsed
 * recovered failed chunks dirty replay hive keys values anomalies first current default failed good seq1 seq2
 * log_of inside wanted lost list */
static enum status as_text(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct buf b = {0};
    char size[16];
    (void)ctx, (void)name, (void)n, (void)e;
    bytes_text((uint64_t)c[3].i, size);
    buf_term(&b, c[0].s), buf_z(&b, "\n    "), buf_term(&b, c[2].s), buf_printf(&b, ", %s", size);
    if (!c[4].null)
        buf_z(&b, "\n    sha256 "), buf_term(&b, c[4].s);
    if (!c[7].null)
        buf_printf(&b, "\n    %.*s log, %lld chunk%s, %lld records: %lld parsed, %lld recovered, %lld failed",
                   STR_ARG(c[7].s), (long long)c[12].i, c[12].i == 1 ? "" : "s", (long long)c[8].i,
                   (long long)c[9].i, (long long)c[10].i, (long long)c[11].i);
    if (!c[15].null) {
        buf_z(&b, "\n    hive "), buf_term(&b, c[15].s);
        buf_printf(&b, ", %lld keys, %lld values, %s", (long long)c[16].i, (long long)c[17].i,
                   !c[13].i                               ? (c[18].i ? "clean but damaged" : "clean")
                   : str_starts_ci(c[14].s, STR("dirty")) ? ""
                                                          : "dirty: ");
        if (c[13].i)
            buf_term(&b, c[14].s);
        if (!c[24].null)
            buf_printf(&b, "\n    sequence numbers %lld and %lld", (long long)c[24].i, (long long)c[25].i);
        if (!c[13].i && !c[14].null && !str_eq(c[14].s, STR("clean")))
            buf_z(&b, "\n    "), buf_term(&b, c[14].s);
    }
    if (!c[26].null)
        buf_z(&b, "\n    log of "), buf_term(&b, c[26].s);
    static const char *const sets[] = {"current", "default", "failed", "last known good"};
    for (size_t i = 0; i < LEN(sets); i++)
        if (!c[20 + i].null)
            buf_printf(&b, "%s %s %lld", i ? "," : "\n    control sets:", sets[i], (long long)c[20 + i].i);
    if (!c[6].null)
        buf_z(&b, "\n    "), buf_term(&b, c[5].s), buf_z(&b, ": "), buf_term(&b, c[6].s);
    if (!c[27].null)
        buf_printf(&b, "\n    %lld file%s inside: %lld read, %lld could not be had", (long long)c[27].i,
                   c[27].i == 1 ? "" : "s", (long long)c[28].i, (long long)c[29].i);
    if (c[18].i)
        buf_printf(&b, "\n    %lld %s", (long long)c[18].i, c[18].i == 1 ? "anomaly:" : "anomalies:");
    for (struct str rest = c[30].s; c[18].i && rest.n;)
        buf_z(&b, "\n      "), buf_term(&b, str_cut(&rest, '\n'));
    if (c[18].i > LISTED)
        buf_z(&b, "\n      ...");
    buf_char(&b, '\n');
    out_put(&b);
    return OK;
}

static int inspect(const char *const *inputs, size_t n, bool json, bool require_jail,
                   const struct passwords *p)
{
    struct kb *kb = NULL;
    struct casedb *db = NULL;
    struct evidence ev = {0};
    struct err e = {0};
    struct ingest_result in;
    struct want_key select = {STR("SYSTEM"), STR("Select"), STR("*")};
    struct want little = {.until = INT64_MAX, .key = &select, .n_key = 1};
    enum status st = kb_load(NULL, &kb, &e);
    if (st == OK && (st = case_create(NULL, kb_file(kb, "schema.sql"), &db, &e)) == OK
        && (st = discover(inputs, n, NULL, NULL, &ev, &e)) == OK)
        st = ingest(
            db, &little, &ev,
            &(struct ingest_options){.require_jail = require_jail, .password = p->list, .n_password = p->n},
            &in, &e);
    if (st == OK)
        tell_jail(in.jail);
    if (st == OK)
        st = case_named(db, Q_FILES_ALL, "", NULL, json ? as_json : as_text, NULL, &e);
    int code = st != OK    ? complain(&e, exit_for(st))
               : ev.n == 0 ? complain_text(EXIT_NO_EVIDENCE, "no file to inspect")
                           : EXIT_DONE;
    case_close(db);
    evidence_free(&ev);
    kb_free(kb);
    return code;
}

static int run_inspect(int argc, char **argv)
{
    bool json = false, jail = false, require_jail = false;
    struct passwords passwords = {0};
    int code;
    const struct opt opts[] = {
        {"json", 0, OPT_FLAG, &json, NULL, "one JSON object per file", NULL},
        {"jail", 0, OPT_FLAG, &jail, NULL,
         "say which layers of the workers' jail are in force on this system", NULL},
        JAIL_OPTION(require_jail),
        PASSWORD_OPTION(passwords),
        {0},
    };
    const struct command *c = &cmd_inspect;
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    if ((code = passwords_load(&passwords)) != EXIT_DONE)
        return code;
    if (jail) {
        char text[160];
        unsigned layers;
        struct err e = {0};
        if (pool_ask_jail(&layers, &e) != OK)
            return complain(&e, exit_for(e.code));
        printf("jail: %s\n", jail_text(layers, text, sizeof text));
        if (argc < 2)
            return EXIT_DONE;
    }
    if (argc < 2) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    for (int i = 1; i < argc; i++) {
        struct plat_stat s;
        struct err e = {0};
        if (plat_stat(argv[i], true, &s, &e) != OK)
            return complain(&e, EXIT_USAGE);
    }
    return inspect((const char *const *)argv + 1, (size_t)argc - 1, json, require_jail, &passwords);
}

const struct command cmd_inspect = {.name = "inspect",
                                    .summary = "say what files are and whether they are intact",
                                    .usage = "[--json] [--jail] PATH…",
                                    .run = run_inspect};
