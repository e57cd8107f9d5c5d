/* whylogon: offline diagnosis of Windows logon failures. Each command has a file of its own, cmd_<name>.c.
 */
#include "cmd/cmd.h"
#include "run/dumper.h"
#include "plat/plat.h"
#include "run/rereader.h"
#include "run/unpacker.h"
#include "run/worker.h"
#include <stdlib.h>
#include <string.h>

static const struct command *const commands[] = {&cmd_analyze, &cmd_report, &cmd_dump,    &cmd_inspect,
                                                 &cmd_show,    &cmd_query,  &cmd_explain, &cmd_verify,
                                                 &cmd_rules,   &cmd_export, &cmd_batch,   &cmd_merge};

static const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < LEN(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
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
    for (size_t i = 0; i < LEN(commands); i++)
        fprintf(out, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
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
    if (argc == 2 && strcmp(argv[1], "--ticket") == 0)
        _Exit(ticket_main());
    if (argc < 2) {
        help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        const struct command *c = argc > 2 ? command_named(argv[2]) : NULL;
        if (!c)
            return help(stdout), EXIT_DONE;
        return c->run(2, (char *[]){argv[2], (char[]){"--help"}, NULL});
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0)
        return printf("whylogon %s\n", WHYLOGON_VERSION) < 0 ? EXIT_OUTPUT : EXIT_DONE;
    const struct command *c = command_named(argv[1]);
    if (!c)
        return complain_text(EXIT_USAGE, "no command '%s'; see 'whylogon --help'", argv[1]);
    return out_end(c->run(argc - 1, argv + 1));
}
