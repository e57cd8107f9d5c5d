/* export: a case in the format of another tool, to standard output or, whole or not at all, into a file. */
#include "case/casedb.h"
#include "cmd/cmd.h"
#include "cmd/given.h"
#include "cmd/output.h"
#include "plat/plat.h"
#include "reports/export.h"
#include "reports/redact.h"
#include <string.h>

enum { FORMATS = 8 };
static const char *format_words[FORMATS]; /* of export_formats */

static enum status put_stdout(void *ctx, struct str part, struct err *e)
{
    (void)ctx;
    return plat_write_stdout(part.p, part.n, e);
}

struct asked {
    const struct export_format *write; /* of a case, or of a fleet */
    unsigned format;
    struct export_options o;
    const char *out;
    bool force, redact;
};

static enum status write_to(struct casedb *db, struct asked *a, struct err *e)
{
    struct export_to to = {.put = put_stdout};
    struct output_file *f = NULL;
    if (!a->out)
        return a->write->write(db, &a->o, &to, e);
    enum status st = output_open(a->out, a->force, &f, e);
    if (st != OK)
        return st;
    to = (struct export_to){output_put, f};
    st = a->write->write(db, &a->o, &to, e);
    return output_close(f, st, e);
}

static bool is_case(const char *path, const char *out)
{
    struct plat_stat a, b;
    return out && plat_stat(path, true, &a, NULL) == OK && plat_stat(out, true, &b, NULL) == OK
           && a.device == b.device && a.inode == b.inode && a.inode;
}

/* The format as a fleet has it. */
static enum status of_fleet(struct asked *a, struct err *e)
{
    a->write = export_fleet_formats;
    while (a->write->name && strcmp(a->write->name, format_words[a->format]) != 0)
        a->write++;
    if (a->redact)
        return err_set(e, E_USAGE, ERR_NO_OFF, "--redact",
                       "a fleet has no key of its own: export the tickets' cases");
    return a->write->name
               ? OK
               : err_set(e, E_USAGE, ERR_NO_OFF, "--format", "of a fleet there is sarif and junit");
}

/* A case, or the fleet of a batch. */
static enum status open_either(const char *path, bool *fleet, struct casedb **db, struct err *e)
{
    struct err other = {0};
    enum status st = case_open(path, db, e);
    *fleet = st == E_FORMAT && case_open_as(CASE_FLEET, path, db, &other) == OK;
    if (*fleet)
        *e = (struct err){0};
    return *fleet ? OK : st;
}

static int run_export(int argc, char **argv)
{
    enum { NOT_GIVEN = FORMATS };
    struct asked a = {.format = NOT_GIVEN};
    struct stop stop = {0};
    const char *limits = NULL;
    int code;
    for (size_t i = 0; export_formats[i].name; i++)
        format_words[i] = export_formats[i].name;
    const struct opt opts[] = {
        {"format", 0, OPT_CHOICE, &a.format, "timesketch|plaso-jsonl|ecs|sarif|junit|csv",
         "what to write: see below", format_words},
        {"out", 'o', OPT_TEXT, &a.out, "FILE", "where to (default: standard output)", NULL},
        {"redact", 0, OPT_FLAG, &a.redact, NULL,
         "accounts, hosts, domains, addresses, SIDs and shares as pseudonyms, the same each time", NULL},
        {"force", 0, OPT_FLAG, &a.force, NULL, "replace FILE if it is there already", NULL},
        {"table", 0, OPT_CHOICE, &a.o.table, "failures|findings|coverage|timeline",
         "which table csv writes (default: failures)", export_tables},
        {"fail-on", 0, OPT_CHOICES, &a.o.fail_on, EXPORT_FAIL_CHOICES,
         "exit 1 when a finding is at or above this verdict, or a host has this outcome; several by comma; "
         "what tests of junit fail on (default there: likely,unexplained)",
         export_fail_words},
        TIME_OPTION(limits),
        {0},
    };
    const struct command *c = &cmd_export;
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    if (argc != 2 || a.format == NOT_GIVEN) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    unsigned exit_on = a.o.fail_on;
    if (!a.o.fail_on)
        a.o.fail_on = 1u << FAIL_LIKELY | 1u << FAIL_UNEXPLAINED;
    struct casedb *db = NULL;
    struct err e = {0};
    bool failed = false, fleet = false;
    argv[1] = case_in(argv[1]);
    if (stop_after(&stop, limits, &e) != OK || open_either(argv[1], &fleet, &db, &e) != OK)
        return complain(&e, EXIT_USAGE);
    a.write = &export_formats[a.format];
    stop_listen();
    case_halt_when(db, stop_asked, &stop);
    struct redact *names = NULL;
    enum status st = is_case(argv[1], a.out) ? err_set(&e, E_USAGE, ERR_NO_OFF, "-o", "names the case itself")
                     : fleet                 ? of_fleet(&a, &e)
                     : a.redact              ? redact_open(db, &names, &e)
                                             : OK;
    a.o.names = names;
    /* asked before anything is written: a new file beside an error would be taken for the whole truth */
    if (st == OK)
        st = (fleet ? export_fleet_fails : export_fails)(db, exit_on, &failed, &e);
    if (st == OK)
        st = write_to(db, &a, &e);
    redact_close(names);
    /* who reads may have had enough; that is no error */
    bool done = st == OK || (st == E_STOP && !*stop_flag());
    st = done ? st : given_blame(db, fleet ? CASE_FLEET : CASE_ONE, st, &e);
    code = done ? failed ? EXIT_FINDING : EXIT_DONE : complain(&e, exit_for(st));
    case_close(db);
    return code;
}

const struct command cmd_export = {
    .name = "export",
    .summary = "a case for other tools: Timesketch, plaso, Elastic, SARIF, JUnit, CSV",
    .usage = "CASE.db|FLEET.db --format timesketch|plaso-jsonl|ecs|sarif|junit|csv [-o FILE]",
    .help =
        "timesketch   JSON lines for Timesketch: events, failures, changes, boots, findings, times that "
        "hives "
        "keep\n"
        "plaso-jsonl  the same, as psort's json_line writes it\n"
        "ecs          the same, as documents of the Elastic Common Schema, one a line\n"
        "sarif        SARIF 2.1.0: a result a finding; only confirmed and likely ones are of kind fail\n"
        "junit        a test a finding, one for each host's outcome; --fail-on says what fails\n"
        "csv          one table, formulas made harmless; --table timeline is what Timesketch takes as CSV\n\n"
        "Of the fleet.db that batch and merge write: sarif, junit, with a suite a ticket; what was ruled out "
        "is not in "
        "it.\n\n"
        "A timeline holds what has a time from 1990 to 2200; what an event gives as another is in "
        "v_event.odd_time.\n",
    .run = run_export};
