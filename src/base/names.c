#include "base/names.h"

static bool row_of(struct str line, struct name_row *out)
{
    struct str value = str_cut(&line, '\t');
    int64_t i;
    if (!line.n || !str_i64(value, &i))
        return false;
    return *out = (struct name_row){i, str_trim(line)}, true;
}

bool names_next(struct str *at, struct name_row *out)
{
    while (at->n)
        if (row_of(str_cut(at, '\n'), out))
            return true;
    return false;
}

/* Where the line begins that holds the byte at. */
static size_t line_at(struct str table, size_t at)
{
    while (at && table.p[at - 1] != '\n')
        at--;
    return at;
}

/* lo and hi are beginnings of lines: all before lo are less, all from hi on are not. */
struct name_row names_find(struct str table, int64_t value)
{
    size_t lo = 0, hi = table.n;
    struct name_row row = {0};
    while (lo < hi) {
        size_t at = line_at(table, lo + (hi - lo) / 2);
        struct str rest = {table.p + at, table.n - at}, line = str_cut(&rest, '\n');
        size_t next = table.n - rest.n;
        if (!row_of(line, &row) || row.value < value) /* a comment: the rows are behind it */
            lo = next;
        else
            hi = at;
    }
    struct str rest = {table.p + lo, table.n - lo};
    return names_next(&rest, &row) && row.value == value ? row : (struct name_row){0};
}

struct name_row names_called(struct str table, struct str name)
{
    struct name_row row;
    while (names_next(&table, &row))
        if (str_eq_ci(row.name, name))
            return row;
    return (struct name_row){0};
}
