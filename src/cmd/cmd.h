/* cmd: what every command shares: its row in the table, its options as data, its exit codes, its one-line
 * errors. Options point into argv; nothing is allocated. It refuses unknown options and missing values with a
 * line that names the nearest help. */
#ifndef CMD_H
#define CMD_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdio.h>

/* Exit codes: stable, documented in README.md. When several apply the first of 2, 130/143, 70, 6, 5, 4, 3, 1,
 * 0 wins. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_FINDING = 1,
    EXIT_USAGE = 2,
    EXIT_PARTIAL = 3,
    EXIT_NO_EVIDENCE = 4,
    EXIT_LIMIT = 5,
    EXIT_OUTPUT = 6,
    EXIT_BUG = 70,
    EXIT_INTERRUPTED = 130,
    EXIT_TERMINATED = 143
};

/* Who may end a command: SIGINT and SIGTERM from stop_listen on; the clock, where until is set. */
struct stop {
    uint64_t until; /* plat_clock_ms; 0: no such time */
};
void stop_listen(void);
const volatile int *stop_flag(void);
/* a case_halt; ctx: struct stop */
enum status stop_asked(void *ctx, struct err *e);
/* Of the time that reading a case of somebody else's may take. limits: of --limits, or NULL. */
enum status stop_after(struct stop *s, const char *limits, struct err *e);
#define TIME_OPTION(to)                                                                                    \
    {                                                                                                      \
        "limits", 0, OPT_TEXT, &(to), "run-seconds=N", "end after so long: what was reached is kept", NULL \
    }

/* OPT_FOLDER: a text, without slashes at its end */
enum opt_type { OPT_FLAG, OPT_TEXT, OPT_FOLDER, OPT_UINT, OPT_TIME, OPT_CHOICE, OPT_CHOICES };
/* One option, one row: name without dashes, letter or 0, where the value goes (bool, const char *, unsigned,
 * int64_t FILETIME, unsigned index of choice; choices: a bit each, several by comma). */
struct opt {
    const char *name;
    char letter;
    enum opt_type type;
    void *to;
    const char *arg, *help;
    const char *const *choices;
};

struct command {
    const char *name, *summary;        /* one line in `whylogon --help` */
    const char *usage;                 /* "[-o OUT] [options] PATH…" */
    const char *help;                  /* paragraphs and examples below the options */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

/* Takes the options out of argv (options and paths may mix, "--" ends options); rest are the others, in place
 * at argv[1..]. -h/--help prints the command's help and returns false with *code EXIT_DONE; an error prints
 * one line and returns false with *code EXIT_USAGE. */
bool opt_parse(const struct command *c, const struct opt *opts, int *argc, char **argv, int *code);
void command_help(const struct command *c, const struct opt *opts, FILE *out);
/* From here on command_help prints a command's part of the man page, or of a shell's completion: one source.
 */
enum help_as { HELP_TEXT, HELP_MAN, HELP_BASH, HELP_ZSH, HELP_FISH };
void help_print_as(enum help_as as);
extern const char *const help_words[]; /* in that order: "text", "man" ...; ends with NULL */

/* The case that a path means: itself, or of a folder the case.db in it, or the fleet.db where there is no
 * case. Valid until the next call. */
char *case_in(char *path);

/* Which of several words may have been meant: near_try each; best is NULL where none is like it. */
struct near {
    const char *word, *best;
    size_t distance;
};
void near_try(struct near *n, const char *candidate);

/* --password-file of every command that opens containers. load: after opt_parse; EXIT_DONE, or its code when
 * it has complained. */
struct passwords {
    const char *file;
    struct arena mem;
    struct str *list;
    size_t n;
};
#define PASSWORD_OPTION(p)                                                  \
    {                                                                       \
        "password-file", 0, OPT_TEXT, &(p).file, "FILE",                    \
            "passphrases for locked containers, one candidate a line", NULL \
    }
int passwords_load(struct passwords *p);

/* --require-jail of every command that reads evidence; tell: which layers its children went without, if any
 * (layers all had, plat/jail.h). */
#define JAIL_OPTION(to)                                                                           \
    {                                                                                             \
        "require-jail", 0, OPT_FLAG, &(to), NULL,                                                 \
            "stop when a layer of the jail around those who read is missing on this system", NULL \
    }
void tell_jail(unsigned layers);

/* Standard output: what could not be printed, for want of memory or of a taker, is told by out_end, the last
 * word of a command that prints. */
void out_put(struct buf *b); /* prints and frees it */
/* code, or what is worse */
int out_end(int code);
/* "whylogon: …" on stderr; returns code */
int complain(const struct err *e, int code);
int complain_text(int code, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The last one, without "whylogon: "; "": none, or none since. */
const char *complained(void);
void complain_nothing(void);
/* E_USAGE, E_FORMAT -> 2; E_IO -> 6; E_LIMIT, E_TIME, E_NOMEM, E_PROC -> 5; E_STOP -> 130, 143; E_DB, a
 * statement of ours that fails by itself -> 70 */
int exit_for(enum status st);
/* The same where statements came from somebody's knowledge, if any (NULL: from ours): theirs fail with 2. */
int exit_with(enum status st, const char *knowledge);
int exit_worst(int a, int b); /* by the order above */

/* each in its own file, with its options and help; main.c lists them */
extern const struct command cmd_analyze, cmd_report, cmd_dump, cmd_inspect, cmd_show, cmd_query, cmd_explain,
    cmd_verify, cmd_rules, cmd_export, cmd_summary, cmd_batch, cmd_merge;
struct casedb;
/* Every analyze from now on fills this case, which is empty and ready (diagnose_ready); it stays the
 * caller's. */
void analyze_into(struct casedb *db);
/* Child of batch: tickets, by copies of it (cmd_ticket.c). */
int ticket_main(void);
#endif
