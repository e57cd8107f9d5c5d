#include "plat/jail.h"
#include <stdio.h>
#include <string.h>

char *jail_text(unsigned layers, char *out, size_t cap)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {
        {JAIL_NO_NEW_PRIVILEGES, "no-new-privileges"},
        {JAIL_LIMITS, "limits"},
        {JAIL_LANDLOCK, "landlock"},
        {JAIL_SECCOMP, "seccomp"},
        {JAIL_JOB, "job object"},
        {JAIL_TOKEN, "restricted token"},
        {JAIL_LOW_INTEGRITY, "low integrity"},
        {JAIL_MITIGATIONS, "mitigations"},
        {JAIL_NETWORK, "container without network"},
    };
    size_t at = 0;
    out[0] = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].bit & JAIL_ALL && at < cap)
            at += (size_t)snprintf(out + at, cap - at, "%s%s%s", at ? ", " : "",
                                   layers & names[i].bit ? "" : "no ", names[i].name);
    return out;
}

enum status jail_seen(unsigned layers, bool required, unsigned *all, struct err *e)
{
    char text[160];
    layers &= JAIL_ALL, *all &= layers;
    return required && layers != JAIL_ALL ? err_set(e, E_UNSUPPORTED, ERR_NO_OFF, "the jail is not complete",
                                                    "%s", jail_text(layers, text, sizeof text))
                                          : OK;
}
