/* criterion: runs each test of a program in a process of its own, one after the other, and writes what
 * tests/run.sh reads: TAP, and a line for what failed or died. Owns the list of tests; a test that has no end
 * is ended after its time (.timeout, or FOREVER). */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include "criterion/criterion.h"
#include "plat/plat.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

enum { FOREVER = 600, PASSED = 0, FAILED = 1 }; /* what a test that could say so itself ends with */

static struct criterion_test *first, **last = &first;
static const char *tap, *alone; /* --tap=FILE, --alone=SUITE::NAME: one test, in this process */
static bool bad;
static jmp_buf out_of_test;

void criterion_add(struct criterion_test *t) { *last = t, last = &t->next; }

static void write_line(const char *how, const struct criterion_test *t, const char *skipped, const char *why)
{
    FILE *f = tap ? fopen(tap, "ab") : NULL;
    fprintf(f ? f : stdout, "%s - %s::%s%s%s\n", how, t->suite, t->name, skipped, why);
    if (f)
        fclose(f);
}

static void note(const char *file, int line, const char *what, const char *fmt, va_list ap)
{
    fprintf(stderr, "%s:%d: %s:", file, line, what), vfprintf(stderr, fmt, ap), fputc('\n', stderr);
    bad = true;
}

void criterion_note(const char *file, int line, const char *what, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    note(file, line, what, fmt, ap);
    va_end(ap);
}

void criterion_stop(const char *file, int line, const char *what, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    note(file, line, what, fmt, ap);
    va_end(ap);
    longjmp(out_of_test, 1);
}

static char skipped_for[400];

void cr_skip_test(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(skipped_for, sizeof skipped_for, fmt, ap);
    va_end(ap);
    longjmp(out_of_test, 1);
}

static struct criterion_how suite_of(const struct criterion_test *t)
{
    for (const struct criterion_test *s = first; s; s = s->next)
        if (!s->run && strcmp(s->suite, t->suite) == 0)
            return s->how;
    return (struct criterion_how){0};
}

static void guarded(void (*fn)(void))
{
    if (fn && setjmp(out_of_test) == 0)
        fn();
}

static int run_here(struct criterion_test *t)
{
    struct criterion_how suite = suite_of(t);
    void (*const steps[])(void) = {suite.init, t->how.init, t->run, t->how.fini, suite.fini};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        guarded(steps[i]);
    write_line(bad ? "not ok" : "ok", t, !bad && *skipped_for ? " # SKIP " : "", bad ? "" : skipped_for);
    if (bad)
        fprintf(stderr, "[FAIL] %s::%s\n", t->suite, t->name);
    return bad ? FAILED : PASSED;
}

/* Ends with how the process ended, in words, where it could not say so itself. */
static bool run_apart(const struct criterion_test *t)
{
    char line[4096], self[1024], words[EXIT_WORDS];
    STARTUPINFOA start = {.cb = sizeof start};
    PROCESS_INFORMATION made;
    DWORD code = 0, seconds = t->how.timeout > 0 ? (DWORD)t->how.timeout : FOREVER;
    GetModuleFileNameA(NULL, self, sizeof self);
    snprintf(line, sizeof line, "\"%s\" --alone=%s::%s \"--tap=%s\"", self, t->suite, t->name,
             tap ? tap : "");
    fflush(NULL);
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &made))
        return false;
    bool late = WaitForSingleObject(made.hProcess, seconds * 1000) == WAIT_TIMEOUT;
    if (late)
        TerminateProcess(made.hProcess, FAILED);
    WaitForSingleObject(made.hProcess, INFINITE);
    GetExitCodeProcess(made.hProcess, &code);
    CloseHandle(made.hProcess), CloseHandle(made.hThread);
    if (late || (code != PASSED && code != FAILED)) {
        fprintf(stderr, "[CRSH] %s::%s: %s\n", t->suite, t->name,
                late ? "has no end"
                     : plat_exit_text(&(struct exit_info){.code = (int)code}, words, sizeof words));
        write_line("not ok", t, "", "");
    }
    return !late && code == PASSED;
}

static bool is_named(const struct criterion_test *t, const char *name)
{
    size_t n = strlen(t->suite);
    return strncmp(name, t->suite, n) == 0 && strncmp(name + n, "::", 2) == 0
           && strcmp(name + n + 2, t->name) == 0;
}

struct criterion_test_set *criterion_initialize(void) { return NULL; }
void criterion_finalize(struct criterion_test_set *set) { (void)set; }

bool criterion_handle_args(int argc, char **argv, bool unknown_too)
{
    (void)unknown_too;
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--tap=", 6) == 0 && argv[i][6])
            tap = argv[i] + 6;
        else if (strncmp(argv[i], "--alone=", 8) == 0)
            alone = argv[i] + 8;
    _fmode = _O_BINARY; /* what tests write is what they read elsewhere */
    return true;
}

bool criterion_run_all_tests(struct criterion_test_set *set)
{
    bool all = true;
    (void)set;
    for (struct criterion_test *t = first; t; t = t->next)
        if (t->run && alone && is_named(t, alone))
            exit(run_here(t));
    for (struct criterion_test *t = first; t && !alone; t = t->next)
        all &= !t->run || run_apart(t);
    return all && !alone;
}
