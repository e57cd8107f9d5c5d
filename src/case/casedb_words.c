/* casedb_words: the words of rules as SQL functions: spans of time, families of codes, numbers as Windows
 * writes them. Registered on every case, so that a user can run what a rule runs; nothing is owned but a
 * family's codes while its statement runs. It refuses a family that knowledge/families.yml does not have: a
 * misspelt name must not read as "none of these". */
#include "case/casedb_priv.h"
#include "base/wintime.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

/* --- seconds(n), minutes(n), hours(n), days(n): in units of the times of a case, 100 ns */
static void ticks(sqlite3_context *c, sqlite3_value *v, int64_t unit)
{
    int64_t n = sqlite3_value_int64(v), ticks;
    if (sqlite3_value_type(v) != SQLITE_INTEGER)
        return;
    if (__builtin_mul_overflow(n, unit, &ticks))
        sqlite3_result_error(c, "a span of time that large does not exist", -1);
    else
        sqlite3_result_int64(c, ticks);
}

static void sql_seconds(sqlite3_context *c, int n, sqlite3_value **v) { (void)n, ticks(c, v[0], 10000000); }
static void sql_minutes(sqlite3_context *c, int n, sqlite3_value **v) { (void)n, ticks(c, v[0], 600000000); }
static void sql_hours(sqlite3_context *c, int n, sqlite3_value **v) { (void)n, ticks(c, v[0], 36000000000); }
static void sql_days(sqlite3_context *c, int n, sqlite3_value **v) { (void)n, ticks(c, v[0], 864000000000); }

/* --- hex_of(n): 0x4a; NULL where n is none: printf('0x%x', NULL) says 0x0, which is a number nobody wrote */
static void sql_hex_of(sqlite3_context *c, int n, sqlite3_value **v)
{
    char text[32];
    (void)n;
    if (sqlite3_value_type(v[0]) != SQLITE_INTEGER)
        return;
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)sqlite3_value_int64(v[0]));
    sqlite3_result_text(c, text, -1, SQLITE_TRANSIENT);
}

/* --- sane(time): the time, or NULL where it lies outside 1990 .. 2200: a record that says so is kept, but
 * dates nothing */
static void sql_sane(sqlite3_context *c, int n, sqlite3_value **v)
{
    (void)n;
    if (sqlite3_value_type(v[0]) == SQLITE_INTEGER && wintime_sane(sqlite3_value_int64(v[0])))
        sqlite3_result_value(c, v[0]);
}

static struct str text_of(sqlite3_value *v)
{
    const unsigned char *p = sqlite3_value_text(v);
    return p ? (struct str){(const char *)p, (size_t)sqlite3_value_bytes(v)} : (struct str){0};
}

/* --- time(t): a time of a case as RFC 3339. Of anything else it is SQLite's own time(): what users wrote
 * before goes on to work (an integer of this size is no date to SQLite, so nothing is taken from it). */
static void sql_time(sqlite3_context *c, int n, sqlite3_value **v)
{
    char text[WINTIME_TEXT];
    sqlite3_stmt *stmt = NULL;
    (void)n;
    if (sqlite3_value_type(v[0]) == SQLITE_INTEGER && wintime_sane(sqlite3_value_int64(v[0]))) {
        sqlite3_result_text(c, wintime_text(sqlite3_value_int64(v[0]), text), -1, SQLITE_TRANSIENT);
        return;
    }
    if (sqlite3_value_type(v[0]) == SQLITE_NULL)
        return;
    /* the guard lets no statement have parameters */
    char *sql = sqlite3_mprintf(sqlite3_value_type(v[0]) == SQLITE_TEXT
                                    ? "SELECT strftime('%%H:%%M:%%S', %Q)"
                                    : "SELECT strftime('%%H:%%M:%%S', %s)",
                                (const char *)sqlite3_value_text(v[0]));
    int rc = !sql ? SQLITE_NOMEM : sqlite3_prepare_v2(sqlite3_context_db_handle(c), sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        sqlite3_result_value(c, sqlite3_column_value(stmt, 0));
    else if (rc != SQLITE_DONE)
        sqlite3_result_error_code(c, rc);
    sqlite3_finalize(stmt);
    sqlite3_free(sql);
}

/* --- filetime('2026-03-02T09:10:00Z'): a time of a case, to compare with; a blank for the T and no zone
 * (UTC) as reports write it; NULL where it is none. An integer is one already. */
static void sql_filetime(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct str s = str_trim(text_of(v[0]));
    char text[WINTIME_TEXT + 1];
    int64_t t;
    (void)n;
    if (sqlite3_value_type(v[0]) == SQLITE_INTEGER) {
        sqlite3_result_value(c, v[0]);
        return;
    }
    if (sqlite3_value_type(v[0]) != SQLITE_TEXT || s.n >= WINTIME_TEXT - 1)
        return;
    if (s.n)
        memcpy(text, s.p, s.n);
    if (s.n > 10 && text[10] == ' ')
        text[10] = 'T';
    if (s.n > 10 && !memchr(text + 10, 'Z', s.n - 10) && !memchr(text + 10, '+', s.n - 10)
        && !memchr(text + 10, '-', s.n - 10))
        text[s.n++] = 'Z';
    if (wintime_parse((struct str){text, s.n}, &t))
        sqlite3_result_int64(c, t);
}

/* --- code_in(code, 'family'): 1 or 0. code may be a text of several, with blanks between: is one of them in
 * the family? */
struct family {
    struct family *next; /* of a connection that keeps: its knowledge stays */
    struct str name;
    size_t n;
    int64_t code[];
};

/* The guard of rules lets no statement have parameters: all families are read, one is kept. */
static int find_family(sqlite3_context *c, struct casedb *db, struct str name, struct family **out)
{
    static const char sql[] = "SELECT family, value FROM kb_code_family ORDER BY value";
    struct family *f = malloc(sizeof *f);
    sqlite3_stmt *stmt = NULL;
    size_t n = 0, cap = 0;
    int rc = f ? sqlite3_prepare_v2(db->db, sql, -1, &stmt, NULL) : SQLITE_NOMEM;
    while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        const unsigned char *p = sqlite3_column_text(stmt, 0);
        if (!p || !str_eq(name, (struct str){(const char *)p, (size_t)sqlite3_column_bytes(stmt, 0)}))
            continue;
        if (n == cap) {
            cap = cap ? cap * 2 : 16;
            struct family *more = realloc(f, sizeof *f + cap * sizeof f->code[0]);
            if (!more) {
                rc = SQLITE_NOMEM;
                break;
            }
            f = more;
        }
        f->code[n++] = sqlite3_column_int64(stmt, 1);
    }
    sqlite3_finalize(stmt);
    if (rc == SQLITE_DONE && n) {
        f->n = n, f->next = NULL, f->name = (struct str){0}, *out = f;
        return SQLITE_OK;
    }
    free(f);
    if (rc == SQLITE_DONE)
        sqlite3_result_error(c, "code_in: no family of that name in knowledge/families.yml", -1);
    else
        sqlite3_result_error_code(c, rc);
    return SQLITE_ERROR;
}

void families_free(struct casedb *db)
{
    for (struct family *f = db->family, *next; f; f = next)
        next = f->next, free((void *)(uintptr_t)f->name.p), free(f);
    db->family = NULL;
}

/* One that was read before, else NULL: only where the connection keeps, is the knowledge the same for ever.
 */
static struct family *known_family(const struct casedb *db, struct str name)
{
    struct family *f = db->family;
    while (f && !str_eq(f->name, name))
        f = f->next;
    return f;
}

static bool keep_family(struct casedb *db, struct family *f, struct str name)
{
    char *copy = db->keep ? malloc(name.n + 1) : NULL;
    if (!copy)
        return false;
    memcpy(copy, name.p ? name.p : "", name.n);
    f->name = (struct str){copy, name.n}, f->next = db->family, db->family = f;
    return true;
}

static bool is_in(const struct family *f, int64_t code)
{
    size_t lo = 0, hi = f->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (f->code[mid] == code)
            return true;
        if (f->code[mid] < code)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

static void sql_code_in(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct casedb *db = sqlite3_user_data(c);
    struct family *f = sqlite3_get_auxdata(c, 1);
    bool found = false, fresh = !f, kept = false;
    (void)n;
    if (fresh && (f = known_family(db, text_of(v[1]))))
        kept = true;
    else if (fresh && find_family(c, db, text_of(v[1]), &f) != SQLITE_OK)
        return;
    else if (fresh)
        kept = keep_family(db, f, text_of(v[1]));
    if (sqlite3_value_type(v[0]) == SQLITE_INTEGER) {
        found = is_in(f, sqlite3_value_int64(v[0]));
    } else if (sqlite3_value_type(v[0]) == SQLITE_TEXT) {
        struct str rest = text_of(v[0]);
        int64_t code;
        while (!found && rest.n)
            found = str_i64(str_cut(&rest, ' '), &code) && is_in(f, code);
    }
    sqlite3_result_int(c, found);
    if (fresh)
        sqlite3_set_auxdata(c, 1, f,
                            kept ? NULL : free); /* may free it at once: nothing of it is used from here on */
}

int case_words(struct casedb *db)
{
    static const struct {
        const char *name;
        int args;
        void (*fn)(sqlite3_context *, int, sqlite3_value **);
    } rows[] = {{"seconds", 1, sql_seconds}, {"minutes", 1, sql_minutes}, {"hours", 1, sql_hours},
                {"days", 1, sql_days},       {"hex_of", 1, sql_hex_of},   {"code_in", 2, sql_code_in},
                {"sane", 1, sql_sane},       {"time", 1, sql_time},       {"filetime", 1, sql_filetime}};
    int rc = SQLITE_OK;
    for (size_t i = 0; i < LEN(rows) && rc == SQLITE_OK; i++) /* time('now') is not always the same */
        rc = sqlite3_create_function_v2(db->db, rows[i].name, rows[i].args,
                                        SQLITE_UTF8 | (rows[i].fn == sql_time ? 0 : SQLITE_DETERMINISTIC), db,
                                        rows[i].fn, NULL, NULL, NULL);
    return rc;
}
