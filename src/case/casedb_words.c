/* casedb_words: the words of rules as SQL functions: spans of time, families of codes, numbers as Windows
 * writes them. Registered on every case, so that a user can run what a rule runs; the connection owns the
 * families of codes once they were asked for. It refuses a family that knowledge/families.yml does not have:
 * a misspelt name must not read as "none of these". */
#include "case/casedb_priv.h"
#include "base/grow.h"
#include "base/wintime.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    struct str s = str_trim(case_text(v[0]));
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
 * the family? All families are read when the first is asked for, and kept until the knowledge is another. */
struct family {
    struct family *next;
    int64_t *code; /* ascending */
    size_t n, cap;
    struct str name;
    char text[];
};

void families_free(struct casedb *db)
{
    for (struct family *f = db->family, *next; f; f = next)
        next = f->next, free(f->code), free(f);
    db->family = NULL;
}

static struct family *family_of(const struct casedb *db, struct str name)
{
    struct family *f = db->family;
    while (f && !str_eq(f->name, name))
        f = f->next;
    return f;
}

static bool add_code(struct casedb *db, struct str name, int64_t code)
{
    struct family *f = family_of(db, name);
    if (!f) {
        if (!(f = calloc(1, sizeof *f + name.n + 1)))
            return false;
        memcpy(f->text, name.p ? name.p : "", name.n);
        f->name = (struct str){f->text, name.n}, f->next = db->family, db->family = f;
    }
    int64_t *more = grow(f->code, sizeof *more, f->n, &f->cap);
    if (!more)
        return false;
    f->code = more, f->code[f->n++] = code;
    return true;
}

static int read_families(struct casedb *db)
{
    static const char sql[] = "SELECT family, value FROM kb_code_family ORDER BY value";
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db->db, sql, -1, &stmt, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const unsigned char *p = sqlite3_column_text(stmt, 0);
        struct str name = {(const char *)p, (size_t)sqlite3_column_bytes(stmt, 0)};
        rc = p && !add_code(db, name, sqlite3_column_int64(stmt, 1)) ? SQLITE_NOMEM : SQLITE_OK;
    }
    sqlite3_finalize(stmt);
    if (rc != SQLITE_DONE)
        families_free(db);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
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
    const struct family *f = sqlite3_get_auxdata(c, 1);
    bool found = false, fresh = !f;
    int rc = fresh && !db->family ? read_families(db) : SQLITE_OK;
    (void)n;
    if (rc != SQLITE_OK) {
        sqlite3_result_error_code(c, rc);
        return;
    }
    if (fresh && !(f = family_of(db, case_text(v[1])))) {
        sqlite3_result_error(c, "code_in: no family of that name in knowledge/families.yml", -1);
        return;
    }
    if (sqlite3_value_type(v[0]) == SQLITE_INTEGER) {
        found = is_in(f, sqlite3_value_int64(v[0]));
    } else if (sqlite3_value_type(v[0]) == SQLITE_TEXT) {
        struct str rest = case_text(v[0]);
        int64_t code;
        while (!found && rest.n)
            found = str_i64(str_cut(&rest, ' '), &code) && is_in(f, code);
    }
    sqlite3_result_int(c, found);
    if (fresh) /* may forget it at once */
        sqlite3_set_auxdata(c, 1, (void *)(uintptr_t)f, NULL);
}

/* --- win32_code(x), has_code(text, x): a code as somebody met it, 0x80070520, 80070520, 2147943712,
 * -2147023584,
 * %%1312, 1312, ERROR_NO_SUCH_LOGON_SESSION. The one gives the Win32 code, NULL where it is or becomes none;
 * the other is 1 where any of these stands in the text as a word of its own. Digits alone (1312, 0x520) count
 * only where they are asked for: an exit code, a process id, a line number may be the same. */
struct spelt {
    bool known, bare; /* bare: asked as a number below 65536 */
    uint32_t status;  /* as 32 bits; of a Win32 code its HRESULT */
    int64_t win32;    /* -1: none */
    char symbol[80];
};

static bool hex_digits(struct str s, uint32_t *out)
{
    uint32_t v = 0;
    for (size_t i = 0; i < s.n && i < 8; i++) {
        unsigned d = hex_value(s.p[i]);
        if (d > 15)
            return false;
        v = v << 4 | d;
    }
    *out = v;
    return s.n && s.n <= 8;
}

/* A number in any spelling, without %%. */
static bool number_of(struct str s, uint32_t *out)
{
    int64_t v;
    if (s.n > 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X'))
        return hex_digits((struct str){s.p + 2, s.n - 2}, out);
    /* as logs write an HRESULT or NTSTATUS in prose: eight digits, no 0x */
    if (s.n == 8 && (str_starts_ci(s, STR("8007")) || str_starts_ci(s, STR("c0"))) && hex_digits(s, out))
        return true;
    return str_i64(s, &v) && v >= INT32_MIN && v <= UINT32_MAX && (*out = (uint32_t)v, true);
}

/* What the knowledge has of it: its name, what it becomes; a name alone is found by it. Codes of all spaces
 * but messages; Win32 first. */
static int spelt_known(struct casedb *db, struct spelt *s, struct str name)
{
    static const char sql[] =
        "SELECT symbol, value, win32, space IN ('win32', 'nerr') FROM kb_code WHERE space <> "
        "'message' ORDER BY space IN ('win32', 'nerr') DESC, space, value";
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db->db, sql, -1, &stmt, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        const unsigned char *p = sqlite3_column_text(stmt, 0);
        struct str symbol = {(const char *)p, p ? (size_t)sqlite3_column_bytes(stmt, 0) : 0};
        int64_t value = sqlite3_column_int64(stmt, 1);
        bool own = sqlite3_column_int(stmt, 3) != 0;
        if (s->known ? own ? value != s->win32 || s->status != (0x80070000u | (uint32_t)value)
                           : value != (int64_t)s->status
                     : !str_eq_ci(symbol, name) || value < 0 || value > UINT32_MAX)
            continue;
        s->known = true;
        if (own)
            s->win32 = value;
        else if (sqlite3_column_type(stmt, 2) == SQLITE_INTEGER)
            s->win32 = sqlite3_column_int64(stmt, 2);
        s->status = own && value < 0x10000 ? 0x80070000u | (uint32_t)value : (uint32_t)value;
        snprintf(s->symbol, sizeof s->symbol, "%.*s", STR_ARG(symbol));
        break;
    }
    sqlite3_finalize(stmt);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int spell(struct casedb *db, struct str x, struct spelt *s)
{
    x = str_trim(x);
    bool percent = x.n > 2 && memcmp(x.p, "%%", 2) == 0;
    *s = (struct spelt){.win32 = -1};
    if (percent)
        x.p += 2, x.n -= 2;
    s->known = number_of(x, &s->status);
    if (s->known && (s->status < 0x10000 || s->status >> 16 == 0x8007)) {
        s->bare = s->status < 0x10000 && !percent;
        s->win32 = s->status & 0xffff, s->status = 0x80070000u | (s->status & 0xffff);
    }
    return spelt_known(db, s, x);
}

/* One word of a text, and what stands before it. */
static bool is_spelling(const struct spelt *s, struct str word, struct str before)
{
    bool percent = before.n >= 2 && memcmp(before.p + before.n - 2, "%%", 2) == 0;
    bool minus = before.n && before.p[before.n - 1] == '-'
                 && (before.n == 1 || !is_word8(before.p[before.n - 2]));
    uint32_t v;
    if (s->symbol[0] && str_eq_ci(word, str_of(s->symbol)))
        return true;
    if (minus && word.n && is_digit(word.p[0]))
        word.p--, word.n++;
    if (!number_of(word, &v))
        return false;
    if (percent)
        return s->win32 >= 0 && v == s->win32 && s->status >> 16 == 0x8007;
    return v == s->status || (s->bare && v == s->win32);
}

static void sql_win32_code(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct spelt s;
    (void)n;
    int rc = spell(sqlite3_user_data(c), case_text(v[0]), &s);
    if (rc != SQLITE_OK)
        sqlite3_result_error_code(c, rc);
    else if (s.known && s.win32 >= 0)
        sqlite3_result_int64(c, s.win32);
}

static void sql_has_code(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct str text = case_text(v[0]);
    struct spelt *s = sqlite3_get_auxdata(c, 1);
    bool fresh = !s, found = false;
    (void)n;
    if (sqlite3_value_type(v[0]) == SQLITE_NULL || sqlite3_value_type(v[1]) == SQLITE_NULL)
        return;
    if (fresh) {
        int rc = (s = malloc(sizeof *s)) ? spell(sqlite3_user_data(c), case_text(v[1]), s) : SQLITE_NOMEM;
        if (rc != SQLITE_OK) {
            free(s), sqlite3_result_error_code(c, rc);
            return;
        }
    }
    for (size_t at = 0; at < text.n && s->known && !found;) {
        size_t end = at;
        while (end < text.n && is_word8(text.p[end]))
            end++;
        found = end > at && is_spelling(s, (struct str){text.p + at, end - at}, (struct str){text.p, at});
        at = end + (end == at);
    }
    if (s->known)
        sqlite3_result_int(c, found);
    else
        sqlite3_result_error(c, "has_code: no number, and no name of a code in knowledge/codes", -1);
    if (fresh)
        sqlite3_set_auxdata(c, 1, s, free); /* may free it at once: nothing of it is used from here on */
}

int case_words(struct casedb *db)
{
    static const struct {
        const char *name;
        int args;
        void (*fn)(sqlite3_context *, int, sqlite3_value **);
    } rows[] = {{"seconds", 1, sql_seconds},   {"minutes", 1, sql_minutes},
                {"hours", 1, sql_hours},       {"days", 1, sql_days},
                {"hex_of", 1, sql_hex_of},     {"code_in", 2, sql_code_in},
                {"sane", 1, sql_sane},         {"time", 1, sql_time},
                {"filetime", 1, sql_filetime}, {"win32_code", 1, sql_win32_code},
                {"has_code", 2, sql_has_code}, {"same_domain", 3, case_same_domain},
                {"covered", 2, case_covered},  {"covered", 4, case_covered},
                {"told", 3, case_told},        {"told", 4, case_told}};
    int rc = SQLITE_OK;
    for (size_t i = 0; i < LEN(rows) && rc == SQLITE_OK; i++) /* time('now') is not always the same */
        rc = sqlite3_create_function_v2(db->db, rows[i].name, rows[i].args,
                                        SQLITE_UTF8 | (rows[i].fn == sql_time ? 0 : SQLITE_DETERMINISTIC), db,
                                        rows[i].fn, NULL, NULL, NULL);
    return rc;
}
