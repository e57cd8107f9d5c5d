/* merge: the fleets of several runs as one. The same bytes in any order, however the tickets were cut. */
#include "case/fleetdb.h"
#include "cmd/cmd.h"
#include "cmd/given.h"
#include "cmd/fleet_out.h"
#include "kb/kb.h"
#include "plat/plat.h"
#include <stdlib.h>
#include <string.h>

/* A folder that batch or merge wrote, or the fleet.db in it. */
static enum status find_fleet(char **path, struct arena *a, struct err *e)
{
    struct plat_stat s;
    enum status st = plat_stat(*path, true, &s, e);
    if (st != OK || s.type != PLAT_DIR)
        return st;
    *path = arena_printf(a, "%s/fleet.db", *path);
    return *path ? plat_stat(*path, true, &s, e) : err_set(e, E_NOMEM, ERR_NO_OFF, "merge", "out of memory");
}

static enum status merge_all(const char *out, const struct kb *kb, const char *const *path, size_t n,
                             struct arena *a, struct stop *stop, struct casedb **to, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < n && st == OK; i++) {
        struct casedb *from = NULL;
        st = case_open_as(CASE_FLEET, path[i], &from, e);
        if (st == OK) /* anyone may have written it */
            case_halt_when(from, stop_asked, stop);
        if (st == OK && !*to) { /* the first says what all must be */
            struct fleet_terms terms;
            st = fleet_meta(from, "version", a, &terms.version, e);
            st = st == OK ? fleet_meta(from, "knowledge_sha256", a, &terms.knowledge_sha256, e) : st;
            st = st == OK ? fleet_meta(from, "options", a, &terms.options, e) : st;
            st = st == OK ? fleet_begin(out, kb, &terms, a, to, e) : st;
            if (st == OK)
                case_halt_when(*to, stop_asked, stop);
        }
        st = st == OK ? fleet_merge(*to, from, path[i], e) : st;
        st = given_blame(from, CASE_FLEET, st, e);
        case_close(from);
    }
    return st;
}

static int run_merge(int argc, char **argv)
{
    const char *out = "whylogon-merged", *limits = NULL;
    struct stop stop = {0};
    bool force = false;
    int code;
    const struct opt opts[] = {
        {"out", 'o', OPT_FOLDER, &out, "OUT", "folder for the fleet (default: whylogon-merged)", NULL},
        {"force", 0, OPT_FLAG, &force, NULL, "replace the fleet that is there", NULL},
        TIME_OPTION(limits),
        {0},
    };
    const struct command *c = &cmd_merge;
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    if (argc < 2) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    struct arena a = {0};
    struct kb *kb = NULL;
    struct casedb *to = NULL;
    struct err e = {0};
    struct plat_stat s;
    plat_file lock = -1;
    if (stop_after(&stop, limits, &e) != OK)
        return complain(&e, EXIT_USAGE);
    stop_listen();
    if (!arena_make(&a, 16 << 20))
        return complain_text(EXIT_LIMIT, "out of memory");
    const char *fleet = arena_printf(&a, "%s/fleet.db", out);
    if (!force && fleet && plat_stat(fleet, false, &s, NULL) == OK) {
        code = complain_text(
            EXIT_USAGE, "%s: exists already: use --force to replace it, or -o for another folder", fleet);
        arena_free(&a);
        return code;
    }
    for (int i = 1; i < argc; i++) /* all names are looked at first: a misspelt one leaves no folder */
        if (find_fleet(&argv[i], &a, &e) != OK) {
            code = complain(&e, EXIT_USAGE);
            arena_free(&a);
            return code;
        }
    enum status st = kb_load(NULL, &kb, &e);
    st = st == OK ? plat_mkdir(out, &e) : st;
    st = st == OK ? plat_lock(out, &lock, &e) : st;
    st = st == OK ? fleet_fits(out, &a, &e) : st;
    st = st == OK ? merge_all(out, kb, (const char *const *)argv + 1, (size_t)argc - 1, &a, &stop, &to, &e)
                  : st;
    st = st == OK ? fleet_publish(to, out, true, &code, &e) : st;
    if (st != OK)
        code = complain(&e, exit_for(st));
    case_close(to);
    plat_close(lock);
    kb_free(kb);
    arena_free(&a);
    return code;
}

const struct command cmd_merge = {
    .name = "merge",
    .summary = "the fleets of several batches as one",
    .usage = "-o OUT SHARD…",
    .help =
        "SHARD is a folder that batch wrote, or its fleet.db. The order does not matter, the same shard may "
        "be given twice; shards\n"
        "of another version, other knowledge, other options or another cut are refused. What is not there "
        "yet is named, and may\n"
        "be merged later. Results of tickets stay where batch wrote them.\n\n"
        "example:\n"
        "  for i in 1 2 3; do whylogon batch -o part$i --shard $i/3 tickets/; done; whylogon merge -o all "
        "part1 part2 part3\n",
    .run = run_merge};
