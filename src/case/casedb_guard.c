/* SQL of rules and users: one SELECT over v_* and kb_*, known functions, a budget of steps and memory. The
 * authorizer stays installed and looks at db->guard, because setting one makes SQLite prepare every statement
 * again. */
#include "case/casedb_priv.h"
#include "base/limits.h"
#include <sqlite3.h>

/* sorted; nothing random, no file, no extension, no clock but the date functions */
static const char *const functions[] = {"abs",
                                        "avg",
                                        "ceil",
                                        "ceiling",
                                        "char",
                                        "coalesce",
                                        "code_in",
                                        "count",
                                        "covered",
                                        "cume_dist",
                                        "date",
                                        "datetime",
                                        "days",
                                        "dense_rank",
                                        "filetime",
                                        "first_value",
                                        "floor",
                                        "format",
                                        "glob",
                                        "group_concat",
                                        "hex",
                                        "has_code",
                                        "hex_of",
                                        "sane",
                                        "hours",
                                        "ifnull",
                                        "iif",
                                        "instr",
                                        "json",
                                        "json_array",
                                        "json_array_length",
                                        "json_each",
                                        "json_extract",
                                        "json_group_array",
                                        "json_group_object",
                                        "json_object",
                                        "json_quote",
                                        "json_type",
                                        "json_valid",
                                        "julianday",
                                        "lag",
                                        "last_value",
                                        "lead",
                                        "length",
                                        "like",
                                        "likelihood",
                                        "likely",
                                        "lower",
                                        "ltrim",
                                        "max",
                                        "min",
                                        "minutes",
                                        "mod",
                                        "nth_value",
                                        "ntile",
                                        "nullif",
                                        "percent_rank",
                                        "printf",
                                        "quote",
                                        "rank",
                                        "replace",
                                        "round",
                                        "row_number",
                                        "rtrim",
                                        "same_domain",
                                        "seconds",
                                        "sign",
                                        "strftime",
                                        "substr",
                                        "substring",
                                        "sum",
                                        "time",
                                        "told",
                                        "total",
                                        "trim",
                                        "trunc",
                                        "typeof",
                                        "unicode",
                                        "unixepoch",
                                        "unlikely",
                                        "upper",
                                        "win32_code",
                                        "->",
                                        "->>"};

static bool allowed_function(const char *name)
{
    for (size_t i = 0; name && i < LEN(functions); i++)
        if (!sqlite3_stricmp(name, functions[i]))
            return true;
    return false;
}

static bool is_view(const char *name) { return name && !sqlite3_strnicmp(name, "v_", 2); }
static bool is_open(const char *name)
{
    return is_view(name)
           || (name && (!sqlite3_strnicmp(name, "kb_", 3) || !sqlite3_stricmp(name, "json_each")));
}

/* accessor: innermost view (or common table expression: see shadows_view) whose text asks. A flattened view
 * reports READ(table, '') without one: that reveals how many rows there are, nothing else. */
static int authorize(void *ctx, int action, const char *table, const char *column, const char *schema,
                     const char *accessor)
{
    const struct casedb *db = ctx;
    (void)schema;
    if (!db->guard)
        return SQLITE_OK;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_READ:
        return is_open(table) || is_view(accessor) || (column && !*column) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_FUNCTION: return allowed_function(column) ? SQLITE_OK : SQLITE_DENY;
    default: return SQLITE_DENY;
    }
}

enum { STEP = 4000 }; /* virtual machine steps between two looks at the budget */

static int progress(void *ctx)
{
    struct casedb *db = ctx;
    if (case_halted(db, NULL) != OK)
        return 1;
    if (!db->guard)
        return 0;
    if (db->steps <= STEP)
        db->stopped = "it ran past its budget of steps";
    else if (case_memory_used() - db->memory > LIM_RULE_BYTES)
        db->stopped = "it used too much memory";
    else
        return db->steps -= STEP, 0;
    return 1;
}

int case_guard_install(struct casedb *db)
{
    sqlite3_progress_handler(db->db, STEP, progress, db);
    /* declares itself now: the guard would refuse that later */
    sqlite3_exec(db->db, "SELECT count(*) FROM json_each('[]')", NULL, NULL, NULL);
    return sqlite3_set_authorizer(db->db, authorize, db);
}

/* --- a look at the text itself, for what the authorizer cannot see */
static bool is_name(char c) { return is_word8(c) || c == '$'; }

static void skip(struct str *s, size_t n) { s->p += n, s->n -= n; }

static bool starts(struct str s, const char *with)
{
    return s.n >= strlen(with) && !memcmp(s.p, with, strlen(with));
}

static void skip_blanks(struct str *s)
{
    for (;;) {
        if (starts(*s, "--")) {
            while (s->n && s->p[0] != '\n')
                skip(s, 1);
        } else if (starts(*s, "/*")) {
            for (skip(s, 2); s->n && !starts(*s, "*/");)
                skip(s, 1);
            skip(s, s->n < 2 ? s->n : 2);
        } else if (s->n && strchr(" \t\r\n\f", s->p[0])) {
            skip(s, 1);
        } else {
            return;
        }
    }
}

/* A name (quoted or not, without its outer quotes), or one other character. Empty at the end. */
static struct str next_word(struct str *s)
{
    skip_blanks(s);
    struct str w = {s->p, 0};
    char end = !s->n ? 0 : s->p[0] == '[' ? ']' : strchr("\"'`", s->p[0]) ? s->p[0] : 0;
    if (end) {
        for (skip(s, 1), w.p++; s->n && (s->p[0] != end || (end != ']' && s->n > 1 && s->p[1] == end));
             skip(s, s->p[0] == end ? 2 : 1))
            ;
        w.n = (size_t)(s->p - w.p);
        skip(s, s->n > 0);
        return w;
    }
    while (s->n && is_name(s->p[0]))
        skip(s, 1), w.n++;
    if (!w.n && s->n)
        skip(s, 1), w.n++;
    return w;
}

/* "WITH v_event AS (SELECT * FROM event)": SQLite then names v_event as the one who reads, as if it were our
 * view. */
static bool shadows_view(struct str sql)
{
    for (struct str w; (w = next_word(&sql)).n || sql.n;) {
        struct str rest = sql, next = next_word(&rest);
        if (!str_starts_ci(w, STR("v_")))
            continue;
        if (str_eq(next, STR("(")))
            return true;
        if (!str_eq_ci(next, STR("as")))
            continue;
        do
            next = next_word(&rest);
        while (str_eq_ci(next, STR("not")) || str_eq_ci(next, STR("materialized")));
        if (str_eq(next, STR("(")))
            return true;
    }
    return false;
}

/* --- running it */
/* ample for rules; the schema's own views are compiled under them too */
static const struct {
    int id, value;
} limits[] = {{SQLITE_LIMIT_LENGTH, 16 << 20},
              {SQLITE_LIMIT_SQL_LENGTH, 256 << 10},
              {SQLITE_LIMIT_COLUMN, 200},
              {SQLITE_LIMIT_EXPR_DEPTH, 500},
              {SQLITE_LIMIT_COMPOUND_SELECT, 200},
              {SQLITE_LIMIT_VDBE_OP, 250000},
              {SQLITE_LIMIT_FUNCTION_ARG, 100},
              {SQLITE_LIMIT_ATTACHED, 0},
              {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
              {SQLITE_LIMIT_VARIABLE_NUMBER, 0},
              {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
              {SQLITE_LIMIT_WORKER_THREADS, 0}};

static void guard_on(struct casedb *db, uint64_t steps, int before[LEN(limits)])
{
    for (size_t i = 0; i < LEN(limits); i++)
        before[i] = sqlite3_limit(db->db, limits[i].id, limits[i].value);
    db->guard = true, db->steps = steps, db->memory = case_memory_used(), db->stopped = NULL;
    case_spill_begin();
}

static void guard_off(struct casedb *db, const int before[LEN(limits)])
{
    db->guard = false;
    case_spill_end();
    for (size_t i = 0; i < LEN(limits); i++)
        sqlite3_limit(db->db, limits[i].id, before[i]);
}

static enum status refused(struct casedb *db, int rc, struct err *e)
{
    enum status st = case_halted(db, e);
    if (st != OK)
        return st;
    if ((rc & 0xff) == SQLITE_FULL && case_spilled())
        return err_set(e, E_LIMIT, ERR_NO_OFF, "query", "stopped: it wrote too much beside the case");
    if ((rc & 0xff) == SQLITE_INTERRUPT)
        return err_set(e, E_LIMIT, ERR_NO_OFF, "query", "stopped: %s",
                       db->stopped ? db->stopped : "interrupted");
    return case_fail(db, rc, (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB ? E_DB : E_USAGE,
                     "query", e);
}

static enum status prepare(struct casedb *db, struct str sql, sqlite3_stmt **out, struct err *e)
{
    const char *tail = NULL;
    if (!sql.n || sql.n > 256 << 10 || memchr(sql.p, 0, sql.n))
        return err_set(e, E_USAGE, ERR_NO_OFF, "query", "expected one SELECT");
    if (shadows_view(sql))
        return err_set(e, E_USAGE, ERR_NO_OFF, "query", "a common table expression may not be named v_...");
    int rc = sqlite3_prepare_v3(db->db, sql.p, (int)sql.n, 0, out, &tail);
    if (rc != SQLITE_OK)
        return refused(db, rc, e);
    struct str rest = {tail, sql.n - (size_t)(tail - sql.p)};
    for (struct str w; (w = next_word(&rest)).n || rest.n;)
        if (!str_eq(w, STR(";")))
            return err_set(e, E_USAGE, ERR_NO_OFF, "query", "text after the statement: expected one SELECT");
    if (!*out || !sqlite3_column_count(*out) || !sqlite3_stmt_readonly(*out))
        return err_set(e, E_USAGE, ERR_NO_OFF, "query", "expected one SELECT");
    return OK;
}

enum status case_guarded(struct casedb *db, struct str sql, uint64_t steps, row_fn *fn, void *ctx,
                         struct err *e)
{
    int before[LEN(limits)], rc = SQLITE_DONE;
    sqlite3_stmt *stmt = NULL;
    guard_on(db, steps, before);
    struct kept *k = case_kept(db, sql);
    bool again = k && k->n;
    if (again)
        stmt = k->one[0].stmt;
    enum status st = again ? OK : prepare(db, sql, &stmt, e);
    while (st == OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        /* the callback is ours and may ask the case something itself */
        db->guard = false;
        st = case_row(stmt, fn, ctx, e);
        db->guard = true;
    }
    if (st == OK && rc != SQLITE_DONE)
        st = refused(db, rc, e);
    if (again || (st == OK && k && kept_add(k, stmt, 0)))
        sqlite3_reset(stmt);
    else
        sqlite3_finalize(stmt);
    guard_off(db, before);
    return st;
}

enum status case_check(struct casedb *db, struct str sql, const char *const *column, bool *has, size_t n,
                       struct err *e)
{
    int before[LEN(limits)];
    sqlite3_stmt *stmt = NULL;
    guard_on(db, STEP * 1000, before);
    enum status st = prepare(db, sql, &stmt, e);
    for (size_t i = 0; i < n; i++)
        has[i] = false;
    for (int c = 0; st == OK && c < sqlite3_column_count(stmt); c++)
        for (size_t i = 0; i < n; i++)
            has[i] |= !sqlite3_stricmp(sqlite3_column_name(stmt, c), column[i]);
    sqlite3_finalize(stmt);
    guard_off(db, before);
    return st;
}
