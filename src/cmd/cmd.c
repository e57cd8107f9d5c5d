#include "cmd/cmd.h"
#include "base/limits.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include "run/run_limits.h"
#include "run/unpack.h"
#include "base/buf.h"
#include "base/wintime.h"
#include <signal.h>
#include <stdarg.h>
#include <string.h>

static char complaint[1024];
const char *complained(void) { return complaint; }
void complain_nothing(void) { complaint[0] = 0; }

int complain_text(int code, const char *fmt, ...)
{
    char line[sizeof complaint];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    memcpy(complaint, line, sizeof line);
    struct buf b = {0};
    buf_z(&b, "whylogon: "), buf_term(&b, str_of(line)), buf_char(&b, '\n');
    if (b.bad)
        fputs("whylogon: out of memory\n", stderr);
    else
        fwrite(b.p, 1, b.n, stderr);
    buf_free(&b);
    return code;
}

int passwords_load(struct passwords *p)
{
    struct err e = {0};
    if (!p->file)
        return EXIT_DONE;
    if (!arena_make(&p->mem, 4 << 20))
        return complain_text(EXIT_LIMIT, "out of memory");
    return passwords_read(p->file, &p->mem, &p->list, &p->n, &e) == OK
               ? EXIT_DONE
               : complain(&e, e.code == E_NOMEM ? EXIT_LIMIT : EXIT_USAGE);
}

void tell_jail(unsigned layers)
{
    char text[160];
    if ((layers & JAIL_ALL) != JAIL_ALL)
        complain_text(0, "workers ran with an incomplete jail on this system: %s",
                      jail_text(layers, text, sizeof text));
}

static bool lost;

void out_put(struct buf *b)
{
    lost |= b->bad;
    if (b->n && !b->bad)
        fwrite(b->p, 1, b->n, stdout);
    buf_free(b);
}

int out_end(int code)
{
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (failed && plat_reader_gone()) /* head has seen enough: no error of ours */
        return code == EXIT_OUTPUT ? EXIT_DONE : code;
    if (failed)
        return exit_worst(code, complain_text(EXIT_OUTPUT, "cannot write to standard output"));
    return lost ? exit_worst(code, complain_text(EXIT_LIMIT, "out of memory: what was printed is not whole"))
                : code;
}

int complain(const struct err *e, int code)
{
    char line[1024];
    return complain_text(code, "%s", err_line(e, line, sizeof line));
}

static volatile int stop_signal;
static void on_signal(int sig) { stop_signal = sig; }

void stop_listen(void) { plat_on_interrupt(on_signal); }
const volatile int *stop_flag(void) { return &stop_signal; }

enum status stop_asked(void *ctx, struct err *e)
{
    const struct stop *s = ctx;
    if (stop_signal)
        return err_set(e, E_STOP, ERR_NO_OFF, "interrupted", "the run was stopped");
    return s->until && plat_clock_ms() > s->until
               ? err_set(e, E_TIME, ERR_NO_OFF, "stopped", "the time of the run is over (run-seconds)")
               : OK;
}

enum status stop_after(struct stop *s, const char *limits, struct err *e)
{
    struct run_limits l = {.run_seconds = LIM_CASE_SECONDS};
    enum status st = limits ? run_limits_parse(limits, &l, e) : OK;
    s->until = plat_clock_ms() + l.run_seconds * 1000;
    return st;
}

int exit_for(enum status st)
{
    if (st == E_STOP && stop_signal == SIGTERM)
        return EXIT_TERMINATED;
    static const int code[] = {[OK] = EXIT_DONE,       [E_TRUNC] = EXIT_BUG,         [E_FORMAT] = EXIT_USAGE,
                               [E_LIMIT] = EXIT_LIMIT, [E_UNSUPPORTED] = EXIT_USAGE, [E_IO] = EXIT_OUTPUT,
                               [E_NOMEM] = EXIT_LIMIT, [E_PROC] = EXIT_LIMIT,        [E_USAGE] = EXIT_USAGE,
                               [E_DB] = EXIT_BUG,      [E_STOP] = EXIT_INTERRUPTED,  [E_TIME] = EXIT_LIMIT};
    return (size_t)st < LEN(code) ? code[st] : EXIT_BUG;
}

int exit_with(enum status st, const char *knowledge)
{
    return st == E_DB && knowledge ? EXIT_USAGE : exit_for(st);
}

int exit_worst(int a, int b)
{
    static const int order[] = {EXIT_USAGE, EXIT_INTERRUPTED, EXIT_TERMINATED, EXIT_BUG,     EXIT_OUTPUT,
                                EXIT_LIMIT, EXIT_NO_EVIDENCE, EXIT_PARTIAL,    EXIT_FINDING, EXIT_DONE};
    for (size_t i = 0; i < LEN(order); i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return EXIT_BUG;
}

/* --- misspelt words */

/* How many letters must be put in, taken out, changed or swapped; more than most: most + 1. Short words only.
 */
static size_t distance(const char *a, const char *b, size_t most)
{
    enum { WORD = 40 };
    size_t n = strlen(a), m = strlen(b), row[3][WORD + 1];
    if (n > WORD || m > WORD || (n > m ? n - m : m - n) > most)
        return most + 1;
    for (size_t j = 0; j <= m; j++)
        row[0][j] = j, row[1][j] = 0, row[2][j] = 0;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = row[i % 3], *was = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t d = was[j - 1] + (a[i - 1] != b[j - 1]);
            d = was[j] + 1 < d ? was[j] + 1 : d;
            d = now[j - 1] + 1 < d ? now[j - 1] + 1 : d;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < d)
                d = before[j - 2] + 1;
            now[j] = d;
        }
    }
    return row[n % 3][m];
}

char *case_in(char *path)
{
    static char in[2][4200];
    static const char *const names[] = {"case.db", "fleet.db"};
    struct plat_stat s;
    if (plat_stat(path, true, &s, NULL) != OK || s.type != PLAT_DIR)
        return path;
    size_t n = strlen(path);
    n -= n > 1 && (path[n - 1] == '/' || path[n - 1] == '\\');
    bool there[2];
    for (size_t i = 0; i < 2; i++) {
        snprintf(in[i], sizeof in[i], "%.*s/%s", (int)n, path, names[i]);
        there[i] = plat_stat(in[i], true, &s, NULL) == OK;
    }
    return in[!there[0] && there[1]];
}

void near_try(struct near *n, const char *candidate)
{
    size_t most = strlen(n->word) < 5 ? 1 : strlen(n->word) < 9 ? 2 : 3;
    size_t d = distance(n->word, candidate, most);
    /* the beginning of a word means it */
    if (strlen(n->word) > 1 && strncmp(n->word, candidate, strlen(n->word)) == 0)
        d = 1;
    if (d <= most && (!n->best || d < n->distance))
        n->best = candidate, n->distance = d;
}

/* --- options */

static void put_opt(const struct opt *o, FILE *out)
{
    int n = fprintf(out, "  %c%c%s--%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
                    o->letter ? ", " : "  ", o->name, o->arg ? "=" : "", o->arg ? o->arg : "");
    fprintf(out, "%s%*s%s\n", n < 32 ? "" : "\n", n < 32 ? 32 - n : 32, "", o->help);
}

const char *const help_words[] = {"text", "man", "bash", "zsh", "fish", NULL};
static enum help_as style;
void help_print_as(enum help_as as) { style = as; }

/* roff: what begins a request, a dash (a minus sign elsewhere), a backslash. */
static void put_roff(const char *text, FILE *out)
{
    bool begins = true;
    for (; *text; text++) {
        if (begins && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '\\' || *text == '-')
            fputs(*text == '-' ? "\\-" : "\\e", out);
        else
            fputc(*text, out);
        begins = *text == '\n';
    }
}

/* In single quotes of a shell. */
static void put_quoted(const char *text, FILE *out)
{
    fputc('\'', out);
    for (; *text; text++)
        fputs(*text == '\'' ? "'\\''" : (char[]){*text, 0}, out);
    fputc('\'', out);
}

static void help_man(const struct command *c, const struct opt *opts, FILE *out)
{
    fprintf(out, ".SS \"whylogon %s ", c->name), put_roff(c->usage, out), fprintf(out, "\"\n");
    put_roff(c->summary, out), fputs(".\n", out);
    for (; opts && opts->name; opts++) {
        fputs(".TP\n", out);
        if (opts->letter)
            fprintf(out, "\\fB\\-%c\\fR, ", opts->letter);
        fputs("\\fB\\-\\-", out), put_roff(opts->name, out), fputs("\\fR", out);
        if (opts->arg)
            fputs("=\\fI", out), put_roff(opts->arg, out), fputs("\\fR", out);
        fputc('\n', out), put_roff(opts->help, out), fputc('\n', out);
    }
    if (c->help)
        fputs(".PP\n.nf\n", out), put_roff(c->help, out), fputs(".fi\n", out);
}

static const char *words_of(const struct opt *o, char *text, size_t cap)
{
    size_t n = 0;
    text[0] = 0;
    for (size_t i = 0; o->choices && o->choices[i]; i++)
        n += (size_t)snprintf(text + n, n < cap ? cap - n : 0, "%s%s", i ? " " : "", o->choices[i]);
    return text;
}

static void help_bash(const struct command *c, const struct opt *opts, FILE *out)
{
    char text[400];
    fprintf(out, "    %s)\n        words='", c->name);
    for (const struct opt *o = opts; o && o->name; o++)
        fprintf(out, "--%s%s ", o->name, o->type == OPT_FLAG ? "" : "=");
    fprintf(out, "--help'\n        case $prev in\n");
    for (const struct opt *o = opts; o && o->name; o++)
        if (o->choices)
            fprintf(out, "        --%s) words='%s' ;;\n", o->name, words_of(o, text, sizeof text));
    fprintf(out, "        esac ;;\n");
}

static void help_zsh(const struct command *c, const struct opt *opts, FILE *out)
{
    char text[400];
    fprintf(out, "    %s)\n        _arguments ", c->name);
    for (const struct opt *o = opts; o && o->name; o++) {
        fprintf(out, "'--%s%s[", o->name, o->type == OPT_FLAG ? "" : "=");
        for (const char *h = o->help; *h; h++)
            fputs(*h == '\'' ? "'\\''" : *h == '[' || *h == ']' || *h == ':' ? " " : (char[]){*h, 0}, out);
        if (o->choices)
            fprintf(out, "]:%s:(%s)' ", o->name, words_of(o, text, sizeof text));
        else
            fputs(o->type == OPT_FLAG     ? "]' "
                  : o->type == OPT_FOLDER ? "]:folder:_files -/' "
                                          : "]:value:_files' ",
                  out);
    }
    fprintf(out, "'*:file:_files' ;;\n");
}

static void help_fish(const struct command *c, const struct opt *opts, FILE *out)
{
    char text[400];
    fprintf(out, "complete -c whylogon -n __fish_use_subcommand -a %s -d ", c->name);
    put_quoted(c->summary, out), fputc('\n', out);
    for (const struct opt *o = opts; o && o->name; o++) {
        fprintf(out, "complete -c whylogon -n '__fish_seen_subcommand_from %s' -l %s", c->name, o->name);
        if (o->letter)
            fprintf(out, " -s %c", o->letter);
        if (o->type != OPT_FLAG)
            fputs(" -r", out);
        if (o->choices)
            fprintf(out, " -f -a '%s'", words_of(o, text, sizeof text));
        fputs(" -d ", out), put_quoted(o->help, out), fputc('\n', out);
    }
}

void command_help(const struct command *c, const struct opt *opts, FILE *out)
{
    static void (*const as[])(const struct command *, const struct opt *, FILE *) = {
        [HELP_MAN] = help_man, [HELP_BASH] = help_bash, [HELP_ZSH] = help_zsh, [HELP_FISH] = help_fish};
    if (style != HELP_TEXT) {
        as[style](c, opts, out);
        return;
    }
    fprintf(out, "usage: whylogon %s %s\n\n%s\n", c->name, c->usage, c->summary);
    if (opts && opts->name)
        fprintf(out, "\noptions:\n");
    for (; opts && opts->name; opts++)
        put_opt(opts, out);
    if (c->help)
        fprintf(out, "\n%s", c->help);
}

/* Several words of choices, by comma: a bit each. */
static bool set_choices(const struct command *c, const struct opt *o, const char *text)
{
    unsigned bits = 0;
    struct str rest = str_of(text);
    do {
        struct str word = str_cut(&rest, ',');
        unsigned i = 0;
        while (o->choices[i] && !str_eq(word, str_of(o->choices[i])))
            i++;
        if (!o->choices[i]) {
            complain_text(0, "%s: --%s wants %s, several by comma, not '%s'", c->name, o->name, o->arg, text);
            return false;
        }
        bits |= 1u << i;
    } while (rest.p && rest.n);
    *(unsigned *)o->to = bits;
    return true;
}

/* text: an argument of the program, which may be written to. */
static bool set_folder(const struct command *c, const struct opt *o, char *text)
{
    size_t n = strlen(text);
    if (!n) {
        complain_text(0, "%s: --%s wants a folder", c->name, o->name);
        return false;
    }
    while (n > 1 && plat_slash(text[n - 1]) && text[n - 2] != ':')
        text[--n] = 0;
    *(const char **)o->to = text;
    return true;
}

static bool set_option(const struct command *c, const struct opt *o, char *text)
{
    int64_t v;
    switch (o->type) {
    case OPT_FLAG: *(bool *)o->to = true; return true;
    case OPT_TEXT: *(const char **)o->to = text; return true;
    case OPT_FOLDER: return set_folder(c, o, text);
    case OPT_UINT:
        if (str_i64(str_of(text), &v) && v >= 0 && v <= 1000000000) {
            *(unsigned *)o->to = (unsigned)v;
            return true;
        }
        complain_text(0, "%s: --%s wants a number, not '%s'", c->name, o->name, text);
        return false;
    case OPT_TIME:
        if (wintime_parse(str_of(text), o->to))
            return true;
        complain_text(0, "%s: --%s wants a time such as 2026-03-01T08:00:00Z or 2026-03-01, not '%s'",
                      c->name, o->name, text);
        return false;
    case OPT_CHOICE:
        for (unsigned i = 0; o->choices[i]; i++)
            if (strcmp(o->choices[i], text) == 0) {
                *(unsigned *)o->to = i;
                return true;
            }
        complain_text(0, "%s: --%s wants %s, not '%s'", c->name, o->name, o->arg, text);
        return false;
    case OPT_CHOICES: return set_choices(c, o, text);
    }
    return false;
}

static const struct opt *find_option(const struct opt *opts, struct str name, char letter)
{
    for (; opts && opts->name; opts++)
        if (letter ? opts->letter == letter : str_eq(str_of(opts->name), name))
            return opts;
    return NULL;
}

static void no_option(const struct command *c, const struct opt *opts, const char *given)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(given + 2 * (given[1] == '-'), "="),
             given + 2 * (given[1] == '-'));
    struct near n = {.word = name};
    for (const struct opt *o = opts; given[1] == '-' && o && o->name; o++)
        near_try(&n, o->name);
    if (n.best)
        complain_text(0, "%s: no option '%s'; did you mean --%s? See 'whylogon %s --help'", c->name, given,
                      n.best, c->name);
    else
        complain_text(0, "%s: no option '%s'; see 'whylogon %s --help'", c->name, given, c->name);
}

bool opt_parse(const struct command *c, const struct opt *opts, int *argc, char **argv, int *code)
{
    int kept = 1;
    bool only_paths = false;
    *code = EXIT_USAGE;
    for (int i = 1; i < *argc; i++) {
        char *a = argv[i];
        if (only_paths || a[0] != '-' || a[1] == 0) {
            for (size_t n = strlen(a); n > 2 && a[n - 1] == '/' && a[n - 2] == '/'; n--)
                a[n - 1] = 0; /* folder//: its files are told as folder/file */
            argv[kept++] = a;
            continue;
        }
        if (strcmp(a, "--") == 0) {
            only_paths = true;
            continue;
        }
        if (strcmp(a, "-h") == 0 || strcmp(a, "--help") == 0) {
            command_help(c, opts, stdout);
            return *code = EXIT_DONE, false;
        }
        bool is_long = a[1] == '-';
        struct str value = str_of(is_long ? a + 2 : ""), name = str_cut(&value, '=');
        char *equals = is_long ? strchr(a, '=') : NULL;
        bool has_value = equals;
        const struct opt *o = find_option(opts, name, is_long ? 0 : a[1]);
        /* -2147023584: a number, not an option */
        if (!o && !is_long && strspn(a + 1, "0123456789xabcdefABCDEF") == strlen(a + 1)) {
            argv[kept++] = a;
            continue;
        }
        if (!o || (!is_long && a[2] && o->type == OPT_FLAG)) {
            return no_option(c, opts, a), false;
        }
        char *text = has_value ? equals + 1 : !is_long && a[2] ? a + 2 : NULL;
        if (o->type == OPT_FLAG && has_value) {
            complain_text(0, "%s: --%s takes no value", c->name, o->name);
            return false;
        }
        if (o->type != OPT_FLAG && !text && i + 1 < *argc)
            text = argv[++i];
        if (o->type != OPT_FLAG && !text) {
            complain_text(0, "%s: --%s wants %s", c->name, o->name, o->arg);
            return false;
        }
        if (!set_option(c, o, text))
            return false;
    }
    *argc = kept, argv[kept] = NULL;
    return true;
}
