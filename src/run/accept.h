/* accept: what a worker may say of its job: facts of the job's kinds, files and places, each place once;
 * counts that the job's bytes can hold. A worker reads evidence, so it is as hostile as that.
 * Owns what was told by the job at hand, until accept_free(). It refuses all else with E_FORMAT: no worker of
 * ours says it, and it costs the job. */
#ifndef ACCEPT_H
#define ACCEPT_H
#include "base/fact.h"
#include "base/lookup.h"
#include "run/plan.h"

struct accept {
    const struct job *job;
    struct lookup told;
};

/* What can be said of a fact alone, such as one that has to wait for its turn. */
enum status accept_alone(const struct evidence *ev, const struct job *j, struct span body, struct fact *f,
                         struct err *e);
/* The same, and its place is told for the first time; facts of one job after those of another. */
enum status accept_fact(struct accept *a, const struct evidence *ev, const struct job *j, struct span body,
                        struct fact *f, struct err *e);
enum status accept_done(const struct job *j, struct span body, struct done *d, struct err *e);
void accept_free(struct accept *a);
#endif
