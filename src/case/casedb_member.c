/* casedb_member: what SQLite does itself, faster, for what facts hold. An object is taken apart once for all
 * columns that ask for a member of it (`->>`, field), and names that are the same byte by byte are not turned
 * to small letters first (NOCASE). Answers are SQLite's own: an object that is not plain (nested, escapes in
 * names, numbers of more than 18 digits) is left to it. It owns the objects seen last. */
#include "case/casedb_priv.h"
#include "base/json.h"
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

/* --- objects */
struct cursor {
    const char *p;
    uint32_t at, n;
};

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* 0: no byte is left. */
static char next(struct cursor *s)
{
    while (s->at < s->n && is_blank(s->p[s->at]))
        s->at++;
    return s->at < s->n ? s->p[s->at] : 0;
}

static bool is_escape(char c)
{
    static const char simple[] = "\"\\/bfnrt";
    return c && strchr(simple, c);
}

/* Between quotes; the cursor is at the first. Behind the object are zeros, which no text holds. */
static bool quoted(struct cursor *s, struct part *part)
{
    const char *from = s->p + s->at + 1, *at = from;
    part->kind = PART_TEXT;
    for (;;) {
        unsigned marks = near_marks(at);
        at += marks ? __builtin_ctz(marks) : 16;
        if (!marks)
            continue;
        if (*at == '"')
            break;
        if (*at != '\\' || !is_escape(at[1]))
            return false;
        part->kind = PART_ESCAPED, at += 2;
    }
    part->at = s->at + 1, part->n = (uint32_t)(at - from);
    s->at = part->at + part->n + 1;
    return true;
}

/* A word or a whole number. */
static bool bare(struct cursor *s, struct part *part)
{
    enum { MOST = 18 };
    static const struct {
        struct str text;
        unsigned char kind;
    } words[] = {{STR("true"), PART_TRUE}, {STR("false"), PART_FALSE}, {STR("null"), PART_NULL}};
    const char *p = s->p + s->at;
    uint32_t left = s->n - s->at, n = left && p[0] == '-';
    uint32_t first = n;
    *part = (struct part){.at = s->at};
    for (size_t i = 0; i < LEN(words); i++)
        if (left >= words[i].text.n && !memcmp(p, words[i].text.p, words[i].text.n))
            part->kind = words[i].kind, n = (uint32_t)words[i].text.n;
    if (!part->kind) {
        while (n < left && is_digit(p[n]))
            n++;
        if (n == first || n - first > MOST || (p[first] == '0' && n - first > 1))
            return false;
        part->kind = PART_NUMBER;
    }
    part->n = n, s->at += n;
    return s->at < s->n && (p[n] == ',' || p[n] == '}' || is_blank(p[n]));
}

static bool member(struct cursor *s, struct json_object *o)
{
    struct part name, value;
    if (o->count == LEN(o->name) || next(s) != '"' || !quoted(s, &name) || name.kind != PART_TEXT
        || next(s) != ':')
        return false;
    s->at++;
    if (!(next(s) == '"' ? quoted(s, &value) : bare(s, &value)))
        return false;
    o->name[o->count] = name, o->value[o->count++] = value;
    return true;
}

static bool all_members(struct cursor *s, struct json_object *o)
{
    if (next(s) == '}')
        return s->at++, true;
    while (member(s, o)) {
        char c = next(s);
        s->at++;
        if (c != ',')
            return c == '}';
    }
    return false;
}

static bool take_apart(struct json_object *o)
{
    struct cursor s = {o->text, 1, o->n};
    o->count = 0;
    return o->text[0] == '{' && all_members(&s, o) && !next(&s) && s.at == s.n;
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
        o->room = (uint32_t)s.n;
    }
    memcpy(o->text, s.p, s.n), memset(o->text + s.n, 0, NEAR_BEHIND), o->n = (uint32_t)s.n;
    o->plain = take_apart(o);
    return o->plain ? o : NULL;
}

static struct str text_of(const struct json_object *o, struct part p)
{
    return (struct str){o->text + p.at, p.n};
}

static void result_escaped(sqlite3_context *c, struct str s)
{
    char *out = sqlite3_malloc64(s.n);
    bool whole;
    if (out)
        sqlite3_result_text64(c, out, json_text(out, s, &whole), sqlite3_free, SQLITE_UTF8);
    else
        sqlite3_result_error_nomem(c);
}

static void result_part(sqlite3_context *c, const struct json_object *o, struct part p)
{
    int64_t i = 0;
    switch (p.kind) {
    case PART_TEXT: sqlite3_result_text64(c, o->text + p.at, p.n, SQLITE_TRANSIENT, SQLITE_UTF8); break;
    case PART_ESCAPED: result_escaped(c, text_of(o, p)); break;
    case PART_NUMBER:
        str_i64(text_of(o, p), &i);
        sqlite3_result_int64(c, i);
        break;
    case PART_TRUE:
    case PART_FALSE: sqlite3_result_int(c, p.kind == PART_TRUE); break;
    default: /* null is NULL */ break;
    }
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
    for (uint32_t i = 0; i < o->count; i++)
        if (str_eq(text_of(o, o->name[i]), want)) {
            result_part(c, o, o->value[i]);
            return;
        }
}

static void sql_member(sqlite3_context *c, int n, sqlite3_value **v) { (void)n, result_member(c, v, false); }
static void sql_extract(sqlite3_context *c, int n, sqlite3_value **v) { (void)n, result_member(c, v, true); }

bool case_field(sqlite3_context *c, struct casedb *db, sqlite3_value **v)
{
    struct str want = case_text(v[1]);
    const struct json_object *o = want.n ? object_of(db, v[0]) : NULL;
    for (uint32_t i = 0; o && i < o->count; i++)
        if (str_eq_ci(text_of(o, o->name[i]), want)) {
            result_part(c, o, o->value[i]);
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
