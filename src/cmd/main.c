/* whylogon: offline diagnosis of Windows logon failures. One row per command; each has its file cmd_<name>.c.
 */
#include "cmd/cmd.h"
#include "run/dumper.h"
#include "plat/plat.h"
#include "run/rereader.h"
#include "run/unpacker.h"
#include "run/worker.h"
#include <stdlib.h>
#include <string.h>

const struct command commands[] = {
    {"analyze", "read evidence, diagnose, write case.db and the reports", "[-o OUT] [options] PATH…",
     "PATH is a folder, a zip or other container, an event log (.evtx) or a registry hive; names do not "
     "matter, contents "
     "do. Put "
     "SYSTEM, SECURITY, SOFTWARE and SAM\n"
     "hives (with their .LOG1/.LOG2) and the logs of one host into one folder; several hosts may lie side by "
     "side.\n\n"
     "examples:\n"
     "  whylogon analyze -o out ticket-4711/\n"
     "  whylogon analyze --fail-on=likely -o out C/Windows/System32/winevt/Logs SYSTEM SECURITY\n\n"
     "OUT then holds report.html (open it first), report.md (paste it into the ticket), report.json (for "
     "scripts) and case.db (for questions:\n"
     "whylogon query OUT/case.db 'SELECT * FROM v_failure').\n",
     cmd_analyze},
    {"report", "render the reports of a case again", "CASE.db [-o OUT]",
     "With --knowledge DIR the rules of DIR are applied to the facts in the case; the evidence is not read "
     "again.\n",
     cmd_report},
    {"dump", "print every record or value as JSON lines", "[options] FILE…",
     "examples:\n"
     "  whylogon dump Security.evtx | jq 'select(.event_id == 4625)'\n"
     "  whylogon dump --id 4625 --since 2026-03-01 --xml Security.evtx\n"
     "  whylogon dump SYSTEM\n",
     cmd_dump},
    {"inspect", "say what files are and whether they are intact", "[--json] [--jail] PATH…", NULL,
     cmd_inspect},
    {"show", "show one cited fact: decoded, raw bytes, where it lies", "CASE.db EVIDENCE_ID",
     "EVIDENCE_ID is what reports print: f3:0x11c00 is the fact at byte 0x11c00 of evidence file f3.\n",
     cmd_show},
    {"query", "ask the case a question in SQL (read-only, documented views)", "CASE.db 'SELECT …'", NULL,
     cmd_query},
    {"explain", "what does this code mean", "CODE…", NULL, cmd_explain},
    {"verify", "hash the evidence of a case again, derive every cited fact again, with both readers",
     "CASE.db [--json]",
     "Exit codes: 0 all as it was, 1 a file has changed or a fact or the second reader differs, 3 a file or "
     "a fact is gone.\n"
     "The evidence is looked for under the paths stored in the case: run this in the folder where analyze "
     "ran, or give absolute paths then.\n",
     cmd_verify},
    {"rules", "list, show, check and test the diagnosis rules", "list|show|lint|test|matrix [options]", NULL,
     cmd_rules},
    {0},
};

const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static void help(FILE *out)
{
    fprintf(out,
            "whylogon %s: says why logon sessions, tasks, services and shares failed on a Windows host, from "
            "collected event logs and\n"
            "registry hives. It never touches the host, the network or the evidence.\n\n"
            "usage: whylogon COMMAND [options] …\n\ncommands:\n",
            WHYLOGON_VERSION);
    for (const struct command *c = commands; c->name; c++)
        fprintf(out, "  %-9s %s\n", c->name, c->summary);
    fprintf(
        out,
        "\nStart with:  whylogon analyze -o out FOLDER      then open out/report.html\n"
        "More:        whylogon COMMAND --help\n"
        "Exit codes:  0 done, 1 a finding or outcome that --fail-on names, 2 usage or rule file, 3 partial "
        "evidence with --strict,\n"
        "             4 no usable evidence, 5 a limit was reached, 6 output could not be written, "
        "70 a bug of ours\n");
}

int main(int argc, char **argv)
{
    plat_begin();
    if (argc == 2 && strcmp(argv[1], "--worker") == 0)
        _Exit(worker_main());
    if (argc == 2 && strcmp(argv[1], "--dump") == 0)
        _Exit(dumper_main());
    if (argc == 2 && strcmp(argv[1], "--unpack") == 0)
        _Exit(unpacker_main());
    if (argc == 2 && strcmp(argv[1], "--second") == 0)
        _Exit(rereader_main());
    if (argc < 2) {
        help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        const struct command *c = argc > 2 ? command_find(argv[2]) : NULL;
        if (!c)
            return help(stdout), EXIT_DONE;
        return c->run(2, (char *[]){argv[2], (char[]){"--help"}, NULL});
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0)
        return printf("whylogon %s\n", WHYLOGON_VERSION) < 0 ? EXIT_OUTPUT : EXIT_DONE;
    const struct command *c = command_find(argv[1]);
    if (!c)
        return complain_text(EXIT_USAGE, "no command '%s'; see 'whylogon --help'", argv[1]);
    return out_end(c->run(argc - 1, argv + 1));
}
