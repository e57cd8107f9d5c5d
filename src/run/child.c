#include "run/child.h"
#include "base/buf.h"
#include <stdio.h>
#include <string.h>

enum { LINES = 20, LINES_OF_ALL = 60 };

void child_end(struct proc *p, struct exit_info *how)
{
    static unsigned told;
    plat_proc_end(p, how);
    struct str rest = str_of(how->words);
    for (unsigned n = 0; rest.n && n < LINES && told < LINES_OF_ALL; n++, told++) {
        struct buf line = {0};
        struct str words = str_cut(&rest, '\n');
        buf_z(&line, "whylogon: a child process wrote: "), buf_term(&line, words), buf_char(&line, '\n');
        if (!line.bad)
            fwrite(line.p, 1, line.n, stderr);
        buf_free(&line);
    }
}

enum status children_wait(struct proc *const *p, size_t n, unsigned ms, bool *ready,
                          const struct meanwhile *m, struct err *e)
{
    bool any = false;
    enum status st = OK;
    for (bool more = m && m->some; more && !any && st == OK;) {
        st = plat_wait(p, n, 0, ready, e);
        for (size_t i = 0; i < n && st == OK; i++)
            any |= ready[i];
        more = !any && st == OK && m->some(m->ctx);
    }
    return any || st != OK ? st : plat_wait(p, n, ms, ready, e);
}

void child_leaves(struct leaving *l, struct proc *p)
{
    struct exit_info x;
    if (!p)
        return;
    if (l->n == LEN(l->proc)) {
        child_end(l->proc[0], &x);
        memmove(l->proc, l->proc + 1, --l->n * sizeof l->proc[0]);
    }
    l->proc[l->n++] = p;
}

void children_end(struct leaving *l)
{
    struct exit_info x;
    for (size_t i = 0; i < l->n; i++)
        child_end(l->proc[i], &x);
    l->n = 0;
}
