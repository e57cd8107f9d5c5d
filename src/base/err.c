#include "base/err.h"
#include <stdarg.h>
#include <stdio.h>

enum status err_set(struct err *e, enum status code, uint64_t off, const char *what, const char *fmt, ...)
{
    if (!e || e->code != OK)
        return code;
    e->code = code, e->off = off, e->what = what;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->why, sizeof e->why, fmt, ap);
    va_end(ap);
    return code;
}

enum status err_in(struct err *e, enum status st, const char *what)
{
    if (e && st != OK && st != E_STOP && st != E_TIME)
        e->what = what;
    return st;
}

char *err_line(const struct err *e, char *line, size_t cap)
{
    char at[32] = "";
    if (e->off != ERR_NO_OFF && e->path)
        snprintf(at, sizeof at, " at 0x%llx", (unsigned long long)e->off);
    snprintf(line, cap, "%s%s%s%s%s%s", e->path ? e->path : "", e->path ? ": " : "",
             e->what ? e->what : "error", at, e->why[0] ? ": " : "", e->why);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return line;
}
