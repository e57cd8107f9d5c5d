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
        return complain_text(EXIT_BUG, "out of memory");
    return passwords_read(p->file, &p->mem, &p->list, &p->n, &e) == OK
               ? EXIT_DONE
               : complain(&e, e.code == E_NOMEM ? EXIT_BUG : EXIT_USAGE);
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
    if (fflush(stdout) != 0 || ferror(stdout))
        return exit_worst(code, complain_text(EXIT_OUTPUT, "cannot write to standard output"));
    return lost ? exit_worst(code, complain_text(EXIT_BUG, "out of memory: what was printed is not whole"))
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
    static const int code[] = {[OK] = EXIT_DONE,
                               [E_TRUNC] = EXIT_BUG,
                               [E_FORMAT] = EXIT_USAGE,
                               [E_LIMIT] = EXIT_LIMIT,
                               [E_UNSUPPORTED] = EXIT_USAGE,
                               [E_IO] = EXIT_OUTPUT,
                               [E_NOMEM] = EXIT_BUG,
                               [E_USAGE] = EXIT_USAGE,
                               [E_DB] = EXIT_OUTPUT,
                               [E_STOP] = EXIT_INTERRUPTED,
                               [E_TIME] = EXIT_LIMIT};
    return (size_t)st < LEN(code) ? code[st] : EXIT_BUG;
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

/* --- options */

static void put_opt(const struct opt *o, FILE *out)
{
    char left[64];
    snprintf(left, sizeof left, "  %c%c%s--%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
             o->letter ? ", " : "  ", o->name, o->arg ? "=" : "", o->arg ? o->arg : "");
    fprintf(out, strlen(left) < 32 ? "%-32s%s\n" : "%s\n%32s%s\n", left, strlen(left) < 32 ? o->help : "",
            o->help);
}

void command_help(const struct command *c, const struct opt *opts, FILE *out)
{
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

static bool set(const struct command *c, const struct opt *o, const char *text)
{
    int64_t v;
    switch (o->type) {
    case OPT_FLAG: *(bool *)o->to = true; return true;
    case OPT_TEXT: *(const char **)o->to = text; return true;
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

static const struct opt *find(const struct opt *opts, struct str name, char letter)
{
    for (; opts && opts->name; opts++)
        if (letter ? opts->letter == letter : str_eq(str_of(opts->name), name))
            return opts;
    return NULL;
}

bool opt_parse(const struct command *c, const struct opt *opts, int *argc, char **argv, int *code)
{
    int kept = 1;
    bool only_paths = false;
    *code = EXIT_USAGE;
    for (int i = 1; i < *argc; i++) {
        char *a = argv[i];
        if (only_paths || a[0] != '-' || a[1] == 0) {
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
        bool has_value = is_long && strchr(a, '=');
        const struct opt *o = find(opts, name, is_long ? 0 : a[1]);
        /* -2147023584: a number, not an option */
        if (!o && !is_long && strspn(a + 1, "0123456789xabcdefABCDEF") == strlen(a + 1)) {
            argv[kept++] = a;
            continue;
        }
        if (!o || (!is_long && a[2] && o->type == OPT_FLAG)) {
            complain_text(0, "%s: no option '%s'; see 'whylogon %s --help'", c->name, a, c->name);
            return false;
        }
        const char *text = has_value ? value.p : !is_long && a[2] ? a + 2 : NULL;
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
        if (!set(c, o, text))
            return false;
    }
    *argc = kept, argv[kept] = NULL;
    return true;
}
