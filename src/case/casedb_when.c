/* casedb_when: covered() and told(): did the silence of an artefact count from then to then, is a landmark
 * told of between the two? A rule asks that of each failure, so what may answer is read once a statement, in
 * order, and found by halves: a rule stays linear however many ask. The statement owns what was read. It
 * refuses nothing: a bound that nobody knows gives 0. */
#include "case/casedb_priv.h"
#include "base/grow.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

/* Of one artefact or topic, by host and from. */
struct stretches {
    struct stretch {
        char *host;       /* a new one, else that of the one before */
        int64_t from, to; /* to: the latest of this host so far */
    } * row;
    size_t n, cap;
};

static void stretches_free(void *p)
{
    struct stretches *s = p;
    for (size_t i = 0; i < s->n; i++)
        if (!i || s->row[i].host != s->row[i - 1].host)
            sqlite3_free(s->row[i].host);
    free(s->row), free(s);
}

static bool stretches_add(struct stretches *s, const char *host, int64_t from, int64_t to)
{
    struct stretch *more = grow(s->row, sizeof *more, s->n, &s->cap), *last;
    if (!more)
        return false;
    s->row = more, last = s->n ? &more[s->n - 1] : NULL;
    bool known = last && strcmp(last->host, host) == 0;
    char *name = known ? last->host : sqlite3_mprintf("%s", host);
    if (name)
        more[s->n++] = (struct stretch){name, from, known && last->to > to ? last->to : to};
    return name != NULL;
}

/* sql: host, from, to, in this order; %Q: what is asked for */
static int stretches_read(sqlite3 *db, const char *sql, sqlite3_value *what, struct stretches **out)
{
    struct stretches *s = calloc(1, sizeof *s);
    sqlite3_stmt *stmt = NULL;
    char *text = sqlite3_mprintf(sql, (const char *)sqlite3_value_text(what));
    int rc = s && text ? sqlite3_prepare_v2(db, text, -1, &stmt, NULL) : SQLITE_NOMEM;
    while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *host = (const char *)sqlite3_column_text(stmt, 0);
        rc = host && stretches_add(s, host, sqlite3_column_int64(stmt, 1), sqlite3_column_int64(stmt, 2))
                 ? SQLITE_OK
                 : SQLITE_NOMEM;
    }
    sqlite3_finalize(stmt), sqlite3_free(text);
    if (rc != SQLITE_DONE && s)
        stretches_free(s), s = NULL;
    *out = s;
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* How many begin before t, or with it, on hosts up to this one. */
static size_t begun(const struct stretches *s, const char *host, int64_t t, bool with)
{
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        const struct stretch *r = &s->row[mid];
        int order = strcmp(r->host, host);
        if (order < 0 || (order == 0 && (r->from < t || (with && r->from == t))))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool of_host(const struct stretches *s, size_t i, const char *host)
{
    return i < s->n && strcmp(s->row[i].host, host) == 0;
}

static bool reaches(const struct stretches *s, const char *host, int64_t from, int64_t to)
{
    size_t i = begun(s, host, from, true);
    return i && of_host(s, i - 1, host) && s->row[i - 1].to >= to;
}

static bool falls_between(const struct stretches *s, const char *host, int64_t from, int64_t to)
{
    size_t i = begun(s, host, from, false);
    return of_host(s, i, host) && s->row[i].from <= to;
}

/* host, what, from, to; any: what the last two are where they are left out. */
static void ask(sqlite3_context *c, int n, sqlite3_value **v, const char *sql, const int64_t any[2],
                bool (*says)(const struct stretches *, const char *, int64_t, int64_t))
{
    const char *host = (const char *)sqlite3_value_text(v[0]);
    int64_t at[2] = {any[0], any[1]};
    bool known = host && sqlite3_value_type(v[1]) == SQLITE_TEXT;
    for (int i = 2; i < n; i++) {
        known &= sqlite3_value_type(v[i]) == SQLITE_INTEGER;
        at[i - 2] = sqlite3_value_int64(v[i]);
    }
    struct stretches *s = sqlite3_get_auxdata(c, 1);
    bool fresh = known && !s;
    int rc = fresh ? stretches_read(sqlite3_context_db_handle(c), sql, v[1], &s) : SQLITE_OK;
    if (rc != SQLITE_OK) {
        sqlite3_result_error_code(c, rc);
        return;
    }
    sqlite3_result_int(c, known && says(s, host, at[0], at[1]));
    if (fresh)
        sqlite3_set_auxdata(c, 1, s, stretches_free); /* may free it at once */
}

void case_covered(sqlite3_context *c, int n, sqlite3_value **v)
{
    ask(c, n, v,
        "SELECT host, from_time, to_time FROM v_covered WHERE artifact = %Q"
        " AND host IS NOT NULL AND to_time IS NOT NULL ORDER BY host COLLATE BINARY, from_time",
        (const int64_t[]){INT64_MAX, INT64_MIN}, reaches);
}

void case_told(sqlite3_context *c, int n, sqlite3_value **v)
{
    ask(c, n, v,
        "SELECT host, time, time FROM v_landmark WHERE topic = %Q AND host IS NOT NULL AND time IS NOT NULL"
        " ORDER BY host COLLATE BINARY, time",
        (const int64_t[]){INT64_MIN, INT64_MAX}, falls_between);
}
