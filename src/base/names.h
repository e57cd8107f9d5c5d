/* names: a table of numbers and their names as text, a line each: number, tab, name; by number, ascending;
 * lines that begin with '#' stand before them. Looked up by bisection where it lies: nothing is built from
 * it. It owns nothing: names point into the text. It refuses nothing: what a damaged table does not give is
 * not found. */
#ifndef NAMES_H
#define NAMES_H
#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

struct name_row {
    int64_t value;
    struct str name;
};
/* The first row of that number; .name.p NULL: none. */
struct name_row names_find(struct str table, int64_t value);
/* The row of that name, without regard to case; reads the whole table. */
struct name_row names_called(struct str table, struct str name);
/* Row by row: at begins as the table and moves on; false: no more. */
bool names_next(struct str *at, struct name_row *out);
#endif
