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

static const struct command *const commands[] = {
    &cmd_analyze, &cmd_report, &cmd_dump,   &cmd_inspect, &cmd_show,  &cmd_query, &cmd_explain,
    &cmd_verify,  &cmd_rules,  &cmd_export, &cmd_summary, &cmd_batch, &cmd_merge};

static const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < LEN(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

/* The man page and the completions: each command's help, printed another way. */
static int print_all_as(const char *word)
{
    static const char *const begin[] = {
        [HELP_MAN] =
            ".\\\" made by whylogon --print man, from what --help prints\n"
            ".TH WHYLOGON 1 \"\" \"whylogon " WHYLOGON_VERSION "\" \"User Commands\"\n"
            ".SH NAME\nwhylogon \\- offline diagnosis of Windows logon failures\n"
            ".SH SYNOPSIS\n.B whylogon\n.I COMMAND\n[\\fIoptions\\fR] ...\n"
            ".SH DESCRIPTION\nSays why logon sessions, tasks, services and shares failed on a Windows host, "
            "from collected event logs and\nregistry hives. It never touches the host, the network or the "
            "evidence. Standard output is data, standard error is\nprogress and messages.\n.SH COMMANDS\n",
        [HELP_BASH] =
            "# bash completion for whylogon: made by whylogon --print bash\n"
            "_whylogon() {\n    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
            "    if [ \"$prev\" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; elif [ \"$cur\" = = ]; then "
            "cur=; fi\n"
            "    if [ \"$COMP_CWORD\" = 1 ]; then\n        COMPREPLY=($(compgen -W \"$_whylogon_commands\" "
            "-- "
            "\"$cur\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n",
        [HELP_ZSH] = "# made by whylogon --print zsh\n_whylogon() {\n    if (( CURRENT == 2 )); then\n"
                     "        _values command $_whylogon_commands\n        return\n    fi\n    local "
                     "command=${words[2]}\n"
                     "    shift words\n    (( CURRENT-- ))\n    case $command in\n",
        [HELP_FISH] = "# fish completion for whylogon: made by whylogon --print fish\n"};
    static const char *const end[] = {
        [HELP_MAN] = ".SH EXIT STATUS\n0 done; 1 a finding or outcome that \\-\\-fail\\-on names; 2 usage, "
                     "configuration "
                     "or rule file; 3 partial evidence\nwith \\-\\-strict; 4 no usable evidence; 5 a limit "
                     "was reached, or the system gives too little; 6 "
                     "output could not be written; 70 a bug of\nwhylogon; 130, 143 interrupted.\n",
        [HELP_BASH] = "    esac\n    case $cur in\n    -*) COMPREPLY=($(compgen -W \"$words\" -- "
                      "\"$cur\"))\n        [[ "
                      "${COMPREPLY-} != *= ]] || compopt -o nospace ;;\n    *) case $prev in\n        --*) [ "
                      "-z \"$words\" ] "
                      "|| COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n        esac ;;\n    esac\n}\n"
                      "complete -o default -F _whylogon whylogon\n",
        [HELP_ZSH] = "    esac\n}\n_whylogon \"$@\"\n",
        [HELP_FISH] = ""};
    int as = 1, code = EXIT_DONE;
    while (help_words[as] && strcmp(help_words[as], word) != 0)
        as++;
    if (!help_words[as])
        return complain_text(EXIT_USAGE, "--print wants man, bash, zsh or fish, not '%s'", word);
    if (as == HELP_BASH || as == HELP_ZSH) {
        printf(as == HELP_ZSH ? "#compdef whylogon\n_whylogon_commands=(" : "_whylogon_commands='");
        for (size_t i = 0; i < LEN(commands); i++)
            printf("%s%s", i ? " " : "", commands[i]->name);
        printf(as == HELP_ZSH ? ")\n" : "'\n");
    }
    fputs(begin[as], stdout);
    help_print_as((enum help_as)as);
    for (size_t i = 0; i < LEN(commands); i++)
        code = exit_worst(code,
                          commands[i]->run(2, (char *[]){(char[]){"whylogon"}, (char[]){"--help"}, NULL}));
    fputs(end[as], stdout);
    return out_end(code);
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
        "             4 no usable evidence, 5 a limit was reached or the system gives too little, 6 output "
        "could not be written,\n             70 a bug of ours\n");
}

static int no_command(const char *given)
{
    struct near n = {.word = given};
    for (size_t i = 0; i < LEN(commands); i++)
        near_try(&n, commands[i]->name);
    return n.best ? complain_text(EXIT_USAGE, "no command '%s'; did you mean '%s'? See 'whylogon --help'",
                                  given, n.best)
                  : complain_text(EXIT_USAGE, "no command '%s'; see 'whylogon --help'", given);
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
        if (argc > 2 && !c)
            return no_command(argv[2]);
        if (!c)
            return help(stdout), out_end(EXIT_DONE);
        return out_end(c->run(2, (char *[]){argv[2], (char[]){"--help"}, NULL}));
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "version") == 0)
        return printf("whylogon %s\n", WHYLOGON_VERSION), out_end(EXIT_DONE);
    if (strcmp(argv[1], "--print") == 0)
        return print_all_as(argc > 2 ? argv[2] : "");
    const struct command *c = command_named(argv[1]);
    if (!c)
        return no_command(argv[1]);
    return out_end(c->run(argc - 1, argv + 1));
}
