/* err: the one error convention. Functions return enum status; the detail goes to their last argument.
 * The caller owns struct err; path is borrowed, what is static text.
 * The first error wins: err_set never overwrites one that is there. Parsers do not log. */
#ifndef ERR_H
#define ERR_H
#include "base/attr.h"
#include <stddef.h>
#include <stdint.h>

/* E_STOP: somebody wants the end; E_TIME: the time of the run is over; E_PROC: the system gives no process.
 * They are no fault of what was at work. */
enum status {
    OK,
    E_TRUNC,
    E_FORMAT,
    E_LIMIT,
    E_UNSUPPORTED,
    E_IO,
    E_NOMEM,
    E_USAGE,
    E_DB,
    E_STOP,
    E_TIME,
    E_PROC
};

struct err {
    enum status code;
    const char *path; /* evidence file, or NULL */
    const char *what; /* static text: "chunk header" */
    uint64_t off;     /* byte offset in that file; ERR_NO_OFF: none */
    char why[160];    /* "need 512, have 40" */
};
#define ERR_NO_OFF UINT64_MAX

/* Fills e (unless e is NULL or already holds an error) and returns code. */
PRINTF_LIKE(5, 6)
enum status err_set(struct err *e, enum status code, uint64_t off, const char *what, const char *fmt, ...);

/* Says where an error was met, a file of the knowledge; of one that ends the run it does not matter. Returns
 * its code. */
enum status err_in(struct err *e, enum status st, const char *what);

/* One line for people, NUL-terminated into line: "PATH: WHAT at 0x1200: WHY". Control characters become '?'.
 * Returns line. */
char *err_line(const struct err *e, char *line, size_t cap);
#endif
