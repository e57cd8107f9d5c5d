/* casedb_member: what SQLite does itself, faster, for what facts hold. An object is taken apart once for all
 * columns that ask for a member of it (`->>`, field), and names that are the same byte by byte are not turned
 * to small letters first (NOCASE). Answers are SQLite's own: an object that is not plain (nested, escapes in
 * names, numbers of more than 18 digits) is left to it. Owns the objects seen last. */
#include "case/casedb_priv.h"
#include "base/near.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#ifndef SQLITE_RESULT_SUBTYPE /* from 3.45 on it must be said */
#define SQLITE_RESULT_SUBTYPE 0
#endif

static unsigned small(unsigned char c) { return (unsigned char)small_letter((char)c); }

/* --- NOCASE: equal but for the case of A to Z; a text that begins another comes first */
int case_nocase(void *ctx, int n, const void *left, int m, const void *right)
{
    const unsigned char *a = left, *b = right;
    int both = n < m ? n : m, i = 0;
    (void)ctx;
    if (!memcmp(a, b, (size_t)both))
        return n - m;
    while (i < both && a[i]
           && small(a[i]) == small(b[i])) /* as SQLite's own, which looks no further than NUL */
        i++;
    return i < both && small(a[i]) != small(b[i]) ? (int)small(a[i]) - (int)small(b[i]) : n - m;
}

/* --- objects. What is plain is more than JSON's reader asks for: SQLite reads it the same way. */

/* No control, and escapes of two letters alone, or none. The quote behind it, which ends it, is looked at. */
static bool is_plain_text(struct str s, bool escapes)
{
    for (const char *at = s.p;;) {
        unsigned marks = near_marks(at);
        at += marks ? __builtin_ctz(marks) : 16;
        if (at == s.p + s.n)
            return true;
        if (!marks)
            continue;
        if (!escapes || *at != '\\' || !at[1] || !strchr("\"\\/bfnrt", at[1]))
            return false;
        at += 2;
    }
}

static bool is_plain_number(struct str s)
{
    enum { MOST = 18 };
    if (s.p[0] == '-')
        s.p++, s.n--;
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]))
            return false;
    return s.n && s.n <= MOST && (s.p[0] != '0' || s.n == 1);
}

static bool is_plain(enum json_kind kind, struct str s)
{
    return kind == JSON_TEXT     ? is_plain_text(s, true)
           : kind == JSON_NUMBER ? is_plain_number(s)
                                 : kind == JSON_BOOL || kind == JSON_NULL;
}

static bool take_apart(struct json_object *o)
{
    struct json j;
    struct str name, value;
    enum json_kind kind;
    json_of(&j, (struct str){o->text, o->n});
    o->count = 0;
    if (json_next(&j, &name) != JSON_OBJECT)
        return false;
    while ((kind = json_next(&j, &name)) == JSON_NAME) {
        if (o->count == CASE_MEMBERS || !is_plain_text(name, false)
            || !is_plain(kind = json_next(&j, &value), value))
            return false;
        o->member[o->count++] = (struct json_member){name, value, kind};
    }
    return kind == JSON_CLOSE && json_next(&j, &name) == JSON_END;
}

/* NULL: it is not plain, or there is no room. */
static const struct json_object *object_of(struct casedb *db, sqlite3_value *v)
{
    enum { LARGEST = 16 << 10 };
    struct members *m = &db->members;
    struct str s = {NULL, 0};
    if (sqlite3_value_type(v) == SQLITE_TEXT)
        s = case_text(v);
    if (!s.n || s.n > LARGEST)
        return NULL;
    for (size_t i = 0; i < LEN(m->last); i++)
        if (m->last[i].n == s.n && !memcmp(m->last[i].text, s.p, s.n))
            return m->last[i].plain ? &m->last[i] : NULL;
    struct json_object *o = &m->last[m->turn++ % LEN(m->last)];
    if (s.n > o->room) {
        free(o->text);
        o->n = 0, o->room = 0;
        if (!(o->text = malloc(s.n + NEAR_BEHIND)))
            return NULL;
        o->room = s.n;
    }
    memcpy(o->text, s.p, s.n), memset(o->text + s.n, 0, NEAR_BEHIND), o->n = s.n;
    o->plain = take_apart(o);
    return o->plain ? o : NULL;
}

/* --- data ->> 'Name', json_extract(data, '$.Name'). What is anything else is asked of SQLite itself, on a
 * connection that has no functions of ours. */
static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_letter(s.p[i]) && s.p[i] != '_' && !(i && is_digit(s.p[i])))
            return false;
    return s.n > 0;
}

/* $.Name, or $."any name" */
static struct str name_in_path(struct str path)
{
    struct str name = path.n > 2 && path.p[0] == '$' && path.p[1] == '.' ? str_skip(path, 2) : STR_NONE;
    if (name.n < 2 || name.p[0] != '"')
        return is_name(name) ? name : STR_NONE;
    name = (struct str){name.p + 1, name.n - 2};
    return name.p[name.n] == '"' && !memchr(name.p, '"', name.n) && !memchr(name.p, '\\', name.n) ? name
                                                                                                  : STR_NONE;
}

enum question { MEMBER, PATH, KIND, VALID };

static int prepare_own(struct casedb *db, enum question q)
{
    static const char *const sql[CASE_QUESTIONS] = {
        [MEMBER] = "SELECT ?1 ->> ?2",
        [PATH] = "SELECT json_extract(?1, ?2)",
        [KIND] = "SELECT json_type(?1, ?2) IN ('array', 'object')",
        [VALID] = "SELECT json_valid(?1)"};
    int rc = db->own.db ? SQLITE_OK
                        : sqlite3_open_v2(":memory:", &db->own.db,
                                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    return rc != SQLITE_OK || db->own.ask[q]
               ? rc
               : sqlite3_prepare_v3(db->own.db, sql[q], -1, SQLITE_PREPARE_PERSISTENT, &db->own.ask[q], NULL);
}

static bool by_sqlite(sqlite3_context *c, struct casedb *db, enum question q, int n, sqlite3_value **v)
{
    int rc = prepare_own(db, q);
    for (int i = 0; i < n && rc == SQLITE_OK; i++)
        rc = sqlite3_bind_value(db->own.ask[q], i + 1, v[i]);
    if (rc == SQLITE_OK && (rc = sqlite3_step(db->own.ask[q])) == SQLITE_ROW && q == KIND)
        sqlite3_result_subtype(c, sqlite3_column_int(db->own.ask[q], 0) ? 'J' : 0);
    else if (rc == SQLITE_ROW)
        sqlite3_result_value(c, sqlite3_column_value(db->own.ask[q], 0));
    else if (rc == SQLITE_NOMEM)
        sqlite3_result_error_nomem(c);
    else
        sqlite3_result_error(c, sqlite3_errmsg(db->own.db), -1);
    sqlite3_reset(db->own.ask[q]), sqlite3_clear_bindings(db->own.ask[q]);
    return rc == SQLITE_ROW;
}

static void result_member(sqlite3_context *c, sqlite3_value **v, bool path)
{
    struct casedb *db = sqlite3_user_data(c);
    struct str want = sqlite3_value_type(v[1]) == SQLITE_TEXT ? case_text(v[1]) : STR_NONE;
    if (sqlite3_value_type(v[0]) == SQLITE_NULL || sqlite3_value_type(v[1]) == SQLITE_NULL)
        return;
    want = path ? name_in_path(want) : is_name(want) ? want : STR_NONE;
    const struct json_object *o = want.n ? object_of(db, v[0]) : NULL;
    if (!o) {
        if (by_sqlite(c, db, path ? PATH : MEMBER, 2, v) && path)
            by_sqlite(c, db, KIND, 2, v);
        return;
    }
    for (const struct json_member *m = o->member; m < o->member + o->count; m++)
        if (str_eq(m->name, want)) {
            case_result_json(c, m->kind, m->value);
            return;
        }
}

static void sql_member(sqlite3_context *c, int n, sqlite3_value **v) { (void)n, result_member(c, v, false); }
static void sql_extract(sqlite3_context *c, int n, sqlite3_value **v) { (void)n, result_member(c, v, true); }

bool case_field(sqlite3_context *c, struct casedb *db, sqlite3_value **v)
{
    struct str want = case_text(v[1]);
    const struct json_object *o = want.n ? object_of(db, v[0]) : NULL;
    for (const struct json_member *m = o ? o->member : NULL; o && m < o->member + o->count; m++)
        if (str_eq_ci(m->name, want)) {
            case_result_json(c, m->kind, m->value);
            break;
        }
    return o != NULL;
}

static void sql_valid(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct casedb *db = sqlite3_user_data(c);
    if (object_of(db, v[0]))
        sqlite3_result_int(c, 1);
    else
        by_sqlite(c, db, VALID, n, v);
}

int case_members(struct casedb *db)
{
    static const struct {
        const char *name;
        int args, more;
        void (*fn)(sqlite3_context *, int, sqlite3_value **);
    } rows[] = {{"->>", 2, 0, sql_member},
                {"json_extract", 2, SQLITE_RESULT_SUBTYPE, sql_extract},
                {"json_valid", 1, 0, sql_valid}};
    int rc = sqlite3_create_collation_v2(db->db, "NOCASE", SQLITE_UTF8, NULL, case_nocase, NULL);
    for (size_t i = 0; i < LEN(rows) && rc == SQLITE_OK; i++)
        rc = sqlite3_create_function_v2(db->db, rows[i].name, rows[i].args,
                                        SQLITE_UTF8 | SQLITE_DETERMINISTIC | rows[i].more, db, rows[i].fn,
                                        NULL, NULL, NULL);
    return rc;
}

void members_free(struct casedb *db)
{
    for (size_t i = 0; i < LEN(db->members.last); i++)
        free(db->members.last[i].text);
    for (size_t i = 0; i < LEN(db->own.ask); i++)
        sqlite3_finalize(db->own.ask[i]);
    sqlite3_close(db->own.db);
}
