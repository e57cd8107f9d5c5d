/* shell: the program as its users run it, for tests: commands, what they print, folders of a test's own.
 * out holds what the last command printed on both streams. The binary comes from $WHYLOGON (tests/run.sh sets
 * it). Folders stay for a look; the next run of the same test removes them. */
#ifndef SHELL_H
#define SHELL_H
#include "base/attr.h"
#include "base/str.h"
#include "tests/plain_only.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static char out[1 << 20];

/* Runs a shell command; returns its exit code, or 128 and its signal. */
PRINTF_LIKE(1, 2) static inline int run(const char *fmt, ...)
{
    char command[4096], line[4200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(command, sizeof command, fmt, ap);
    va_end(ap);
    snprintf(line, sizeof line, "{ %s ; } 2>&1", command);
    FILE *p = popen(line, "r");
    cr_assert_not_null(p);
    size_t n = fread(out, 1, sizeof out - 1, p);
    out[n] = 0;
    while (fgetc(p) != EOF)
        ;
    int status = pclose(p);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline const char *program(void)
{
    static char path[4096];
    const char *p = getenv("WHYLOGON");
    cr_assert_not_null(realpath(p ? p : "build/whylogon", path), "build the program first");
    return path;
}

/* A fresh folder for this test; builds may be tested side by side. */
static inline const char *scratch(const char *name)
{
    static char dir[200];
    snprintf(dir, sizeof dir, "/tmp/whylogon-test-%08x-%s-%s", (unsigned)str_hash(str_of(program())),
             program_invocation_short_name, name);
    cr_assert_eq(run("rm -rf %s && mkdir -p %s", dir, dir), 0, "%s", out);
    return dir;
}

/* The folder of a sample's case and reports, as this build's program made them (make build/cases.stamp). It
 * is not written to. */
static inline const char *case_of(const char *sample)
{
    static char dir[4400];
    const char *p = program();
    snprintf(dir, sizeof dir, "%.*s/cases/%s", (int)(strrchr(p, '/') - p), p, sample);
    cr_assert_eq(run("test -s %s/case.db || { cat %s.said; false; }", dir, dir), 0, "%s: %s", sample, out);
    return dir;
}

/* The same with an empty folder for evidence, whose name goes to in (cap bytes). */
static inline const char *scratch_in(const char *suite, const char *name, char *in, size_t cap)
{
    char whole[64];
    snprintf(whole, sizeof whole, "%s-%s", suite, name);
    const char *dir = scratch(whole);
    snprintf(in, cap, "%s/in", dir);
    cr_assert_eq(run("mkdir %s", in), 0, "%s", out);
    return dir;
}
#endif
