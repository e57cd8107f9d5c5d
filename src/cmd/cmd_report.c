/* report: the reports of a case, rendered again; with --knowledge the rules of a folder judge the stored
 * facts first. */
#include "run/again.h"
#include "case/casedb.h"
#include "case/named.h"
#include "cmd/cmd.h"
#include "cmd/given.h"
#include "diagnose/diagnose.h"
#include "kb/kb.h"
#include "cmd/output.h"
#include "plat/plat.h"
#include "reports/redact.h"
#include "diagnose/rulelint.h"
#include "run/verify.h"

/* Derived tables are emptied and made again from the facts; the evidence is not read. */
static enum status judge_again(struct casedb *db, const struct kb *kb, struct err *e)
{
    bool doubts = false;
    enum status st = case_exec(db, kb_file(kb, "reset.sql").p, e);
    if (st == OK && (st = kb_store(kb, db, e)) == OK) {
        struct value v[] = {val_s(STR("knowledge_sha256")), val_s(str_of(kb_sha256(kb)))};
        st = case_named(db, Q_META_PUT, "ss", v, NULL, NULL, e);
    }
    if (st == OK && (st = derive(db, kb, e)) == OK && (st = coverage(db, kb, e)) == OK)
        st = diagnose(db, kb, NULL, e);
    if (st == OK)
        st = verify_conclude(db, e);
    if (st == OK && (st = again_conclude(db, e)) == OK && (st = again_doubts(db, &doubts, e)) == OK && doubts)
        st = run_knowledge(db, kb, "outcome.sql", e);
    return st;
}

static int run_report(int argc, char **argv)
{
    const char *out = NULL, *knowledge = NULL, *limits = NULL;
    struct stop stop = {0};
    bool force = false, redacted = false;
    struct redact *names = NULL;
    int code;
    const struct opt opts[] = {
        {"out", 'o', OPT_FOLDER, &out, "OUT", "folder for the reports (default: the case's own)", NULL},
        {"knowledge", 0, OPT_TEXT, &knowledge, "DIR",
         "judge the stored facts with the rules of DIR; the case itself is not changed", NULL},
        TIME_OPTION(limits),
        {"redact", 0, OPT_FLAG, &redacted, NULL,
         "accounts, hosts, domains, addresses, SIDs and shares as pseudonyms, the same each time", NULL},
        {"force", 0, OPT_FLAG, &force, NULL, "replace reports that are there already", NULL},
        {0},
    };
    const struct command *c = &cmd_report;
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    if (argc != 2) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    struct casedb *stored = NULL, *db = NULL;
    struct kb *kb = NULL;
    struct err e = {0};
    struct output *output = NULL;
    char folder[4096];
    argv[1] = case_in(argv[1]);
    struct str path = str_of(argv[1]);
    while (path.n && path.p[path.n - 1] != '/' && path.p[path.n - 1] != '\\')
        path.n--;
    path.n -= path.n > 1; /* the slash */
    snprintf(folder, sizeof folder, "%.*s", path.n ? (int)path.n : 1, path.n ? path.p : ".");
    out = out ? out : folder;
    stop_listen();
    enum status st = stop_after(&stop, limits, &e);
    if (st == OK && (st = case_open(argv[1], &stored, &e)) == OK)
        case_halt_when(stored, stop_asked, &stop);
    if (st == OK && knowledge)
        st = case_copy(stored, &db, &e);
    else
        db = stored, stored = NULL;
    if (db)
        case_halt_when(db, stop_asked, &stop);
    bool opened = st == OK;
    /* before there is a folder: a rule that cannot be right leaves none */
    if (opened && knowledge && (st = kb_load(knowledge, &kb, &e)) == OK)
        st = rules_usable(kb, &e);
    st = st == OK ? output_begin(out, force, false, false, &output, &e) : st;
    if (st != OK)
        code = complain(&e, st == E_NOMEM                            ? EXIT_LIMIT
                            : opened || st == E_STOP || st == E_TIME ? exit_with(st, knowledge)
                                                                     : EXIT_USAGE);
    else if ((knowledge && (st = judge_again(db, kb, &e)) != OK)
             || (redacted && (st = redact_open(db, &names, &e)) != OK)
             || (output_redact(output, names), st = output_write(output, db, false, &stop.until, &e)) != OK)
        st = given_blame(db, CASE_ONE, st, &e), code = complain(&e, exit_with(st, knowledge));
    else if (output_cut(output))
        code = complain_text(EXIT_LIMIT, "not all that the case holds fits into its reports, or was read in "
                                         "time: they say what is left out");
    else
        code = printf("report       %s/report.html\n", out) < 0 ? EXIT_OUTPUT : EXIT_DONE;
    case_close(db);
    case_close(stored);
    output_end(output);
    redact_close(names);
    kb_free(kb);
    return code;
}

const struct command cmd_report = {.name = "report",
                                   .summary = "render the reports of a case again",
                                   .usage = "CASE.db [-o OUT]",
                                   .help = "With --knowledge DIR the rules of DIR are applied to the facts "
                                           "in the case; the evidence is not read "
                                           "again.\n",
                                   .run = run_report};
