/* progress: how far a long run is, on stderr: a bar on a terminal, JSON lines for orchestrators, silence
 * otherwise. Owns nothing but the line it last drew. It refuses to draw where nobody watches: auto means a
 * bar only on a terminal. */
#ifndef PROGRESS_H
#define PROGRESS_H
#include "run/ingest.h"

enum progress_mode { PROGRESS_AUTO, PROGRESS_BAR, PROGRESS_JSON, PROGRESS_NONE };
extern const char *const progress_modes[]; /* for opt_parse, in that order */

struct progress {
    enum progress_mode mode;
    uint64_t started, last;
    bool drawn;
};
void progress_begin(struct progress *p, enum progress_mode mode);
void progress_show(void *ctx, const struct ingest_progress *now); /* ctx: struct progress */
/* what comes after reading: "derive", "diagnose", ... */
void progress_phase(struct progress *p, const char *name);
void progress_end(struct progress *p); /* clears the bar */
/* of so many bytes in ms: rate a second, and seconds left; UINT64_MAX: nobody can tell yet */
void progress_rate(uint64_t bytes, uint64_t total, uint64_t ms, uint64_t *rate, uint64_t *left);
void progress_left(uint64_t seconds, char out[32]); /* "42 s", "3 min", "2 h 5 min" */
void bytes_text(uint64_t bytes, char out[16]);      /* "1.2 GB", decimal */
#endif
