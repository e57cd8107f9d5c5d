/* casedb_bytes: what bytes inside evidence mean, as SQL functions of derive/: the XML of a task, numbers and
 * UTF-16 that a log shows as hexadecimal, values of hives in words. Results are SQLite's own copies; nothing
 * is owned. They refuse nothing: NULL for what is not there, is cut short or does not add up. */
#include "case/casedb_priv.h"
#include "base/span.h"
#include "base/utf.h"
#include "base/wintime.h"
#include <sqlite3.h>

enum { XML_DEPTH = 32 }; /* a task's own elements nest 5 deep; what lies deeper is not looked at */

/* --- task_xml(xml, 'Principal/UserId'): the text of the first element that ends such a path. No DTD is
 * followed, no entity but XML's own five and numbers is known: another stays as it stands. */

static void skip(struct str *s, size_t n) { s->p += n, s->n -= n; }

static bool begins(struct str s, const char *with)
{
    return s.n >= strlen(with) && memcmp(s.p, with, strlen(with)) == 0;
}

/* Behind the next occurrence of what; at the end when there is none. Returns what lies before it. */
static struct str upto(struct str *s, const char *what)
{
    struct str all = *s;
    while (s->n && !begins(*s, what))
        skip(s, 1);
    struct str before = {all.p, all.n - s->n};
    skip(s, s->n ? strlen(what) : 0);
    return before;
}

struct xml {
    struct str rest, name[XML_DEPTH];
    size_t depth; /* may be beyond XML_DEPTH: counted only */
};

/* Behind the tag's '>', which may stand between quotes too; what lies before it. False: it is cut short. */
static bool take_tag(struct str *s, struct str *tag)
{
    char quote = 0;
    for (size_t i = 0; i < s->n; i++) {
        char c = s->p[i];
        if (quote ? c == quote : c == '"' || c == '\'')
            quote = quote ? 0 : c;
        else if (!quote && c == '>') {
            *tag = (struct str){s->p, i};
            return skip(s, i + 1), true;
        }
    }
    return false;
}

/* Comments, <?xml ...?> and the like behind '<'. A CDATA section is text. */
static bool skip_other(struct xml *x, struct buf *text)
{
    if (begins(x->rest, "!--"))
        upto(&x->rest, "-->");
    else if (begins(x->rest, "![CDATA["))
        skip(&x->rest, 8), buf_str(text, upto(&x->rest, "]]>"));
    else if (begins(x->rest, "?") || begins(x->rest, "!"))
        upto(&x->rest, ">");
    else
        return false;
    return true;
}

/* Do the open elements end with a path such as "Principal/UserId"? */
static bool ends_path(const struct xml *x, struct str path)
{
    size_t depth = x->depth <= XML_DEPTH ? x->depth : 0;
    while (path.n && depth) {
        size_t from = path.n;
        while (from && path.p[from - 1] != '/')
            from--;
        if (!str_eq(x->name[--depth], (struct str){path.p + from, path.n - from}))
            return false;
        path.n = from ? from - 1 : 0;
    }
    return !path.n;
}

/* Goes over one '<' and what belongs to it. False: the end, or not well-formed enough to go on. */
static bool step(struct xml *x, struct buf *text)
{
    struct str tag;
    buf_unxml(text, upto(&x->rest, "<"));
    if (!x->rest.n || skip_other(x, text))
        return x->rest.n > 0;
    bool closes = x->rest.p[0] == '/';
    if (!take_tag(&x->rest, &tag) || (closes && !x->depth))
        return false;
    if (closes)
        return x->depth--, true;
    size_t n = 0;
    while (n < tag.n && !strchr(" \t\r\n/", tag.p[n]))
        n++;
    if (x->depth < XML_DEPTH)
        x->name[x->depth] = (struct str){tag.p, n};
    x->depth += !tag.n || tag.p[tag.n - 1] != '/';
    text->n = 0;
    return true;
}

static void sql_task_xml(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct xml x = {.rest = case_text(v[0])};
    struct str path = case_text(v[1]);
    struct buf text = {0};
    (void)n;
    while (path.n && step(&x, &text)) {
        const size_t depth = x.depth;
        if (!ends_path(&x, path))
            continue;
        while (step(&x, &text) && x.depth >= depth)
            ;
        if (x.depth < depth && !text.bad) {
            struct str whole = str_trim(buf_view(&text));
            sqlite3_result_text64(c, whole.n ? whole.p : "", whole.n, SQLITE_TRANSIENT, SQLITE_UTF8);
        }
        break;
    }
    if (text.bad)
        sqlite3_result_error_nomem(c);
    buf_free(&text);
}

/* --- le(x), utf16(x): x is a blob, or bytes as a log shows them: hexadecimal */
enum { BYTES = 4096 }; /* more is not looked at */

/* How many bytes there are; 0 when x is neither. */
static size_t bytes_of(sqlite3_value *v, uint8_t out[BYTES])
{
    bool blob = sqlite3_value_type(v) == SQLITE_BLOB;
    struct str s = blob ? (struct str){sqlite3_value_blob(v), (size_t)sqlite3_value_bytes(v)} : case_text(v);
    size_t n = blob ? s.n : s.n / 2;
    if (!s.p || (!blob && s.n % 2))
        return 0;
    n = n < BYTES ? n : BYTES;
    if (blob)
        memcpy(out, s.p, n);
    for (size_t i = 0; i < n && !blob; i++) {
        int64_t byte;
        char text[4] = {'0', 'x', s.p[2 * i], s.p[2 * i + 1]};
        if (!str_i64((struct str){text, 4}, &byte))
            return 0;
        out[i] = (uint8_t)byte;
    }
    return n;
}

/* Little-endian, 1 to 8 bytes. */
static void sql_le(sqlite3_context *c, int n, sqlite3_value **v)
{
    uint8_t bytes[BYTES];
    uint64_t u = 0;
    size_t have = bytes_of(v[0], bytes);
    (void)n;
    for (size_t i = have; i > 0 && have <= 8; i--)
        u = u << 8 | bytes[i - 1];
    if (have && have <= 8)
        sqlite3_result_int64(c, (int64_t)u);
}

/* UTF-16, to its first NUL. */
static void sql_utf16(sqlite3_context *c, int n, sqlite3_value **v)
{
    uint8_t bytes[BYTES];
    char text[BYTES / 2 * 3];
    size_t have = bytes_of(v[0], bytes), end = 0;
    (void)n;
    while (end + 1 < have && (bytes[end] | bytes[end + 1]))
        end += 2;
    if (end)
        sqlite3_result_text64(c, text, utf16_to_utf8(text, bytes, end), SQLITE_TRANSIENT, SQLITE_UTF8);
}

/* --- value_time(path, data), value_words(type, path, data): what a value of a hive was or is, for people:
 * the time of a secret (…\CupdTime, …\OupdTime), a number, a text in quotes with its parts apart, else the
 * first bytes as hexadecimal. NULL: there is no data; value_time: it is no time. */
enum { SHOWN_BYTES = 32, SHOWN_TEXT = 160, REG_SZ_TYPES = 1 << 1 | 1 << 2 | 1 << 6 | 1 << 7 };

struct data {
    const uint8_t *p;
    size_t n;
};

static struct data data_of(sqlite3_value *v)
{
    const uint8_t *p = sqlite3_value_blob(v);
    return (struct data){p, p ? (size_t)sqlite3_value_bytes(v) : 0};
}

static bool time_of(sqlite3_value *path, struct data data, int64_t *out)
{
    struct str p = case_text(path);
    if (data.n != 8 || !str_ends_ci(p, STR("updTime")) || p.n < 9 || p.p[p.n - 9] != '\\')
        return false;
    return *out = (int64_t)le64(data.p), true;
}

static void result_time(sqlite3_context *c, int64_t t)
{
    char text[WINTIME_TEXT];
    char *dot = strchr(wintime_text(t, text), '.');
    if (dot)
        memcpy(dot, "Z", 2); /* to the second */
    sqlite3_result_text(c, text, -1, SQLITE_TRANSIENT);
}

static void sql_value_time(sqlite3_context *c, int n, sqlite3_value **v)
{
    int64_t t;
    (void)n;
    if (time_of(v[0], data_of(v[1]), &t))
        result_time(c, t);
}

static void put_parts(struct buf *b, struct data data)
{
    char text[SHOWN_TEXT / 2 * 3];
    size_t n = utf16_to_utf8(text, data.p, data.n < SHOWN_TEXT ? data.n : SHOWN_TEXT);
    while (n && !text[n - 1])
        n--;
    buf_char(b, '\'');
    for (size_t i = 0; i < n; i++)
        buf_char(b, text[i] ? text[i] : '|');
    buf_char(b, '\'');
}

static void sql_value_words(sqlite3_context *c, int n, sqlite3_value **v)
{
    int64_t type = sqlite3_value_int64(v[0]), t;
    struct data data = data_of(v[2]);
    struct buf b = {0};
    (void)n;
    if (sqlite3_value_type(v[2]) == SQLITE_NULL)
        return;
    if (time_of(v[1], data, &t)) {
        result_time(c, t);
        return;
    }
    if ((type == 4 || type == 11) && data.n && data.n <= 8) {
        sql_le(c, 1, v + 2);
        return;
    }
    if (type >= 0 && type < 31 && REG_SZ_TYPES >> type & 1)
        put_parts(&b, data);
    else
        for (size_t i = 0; i < data.n && i < SHOWN_BYTES; i++)
            buf_printf(&b, "%02x", data.p[i]);
    if (b.bad)
        sqlite3_result_error_nomem(c);
    else
        sqlite3_result_text64(c, b.n ? b.p : "", b.n, SQLITE_TRANSIENT, SQLITE_UTF8);
    buf_free(&b);
}

int case_byte_functions(struct casedb *db)
{
    static const struct {
        const char *name;
        int args;
        void (*fn)(sqlite3_context *, int, sqlite3_value **);
    } rows[] = {{"task_xml", 2, sql_task_xml},
                {"le", 1, sql_le},
                {"utf16", 1, sql_utf16},
                {"value_time", 2, sql_value_time},
                {"value_words", 3, sql_value_words}};
    int rc = SQLITE_OK;
    for (size_t i = 0; i < LEN(rows) && rc == SQLITE_OK; i++)
        rc = sqlite3_create_function_v2(db->db, rows[i].name, rows[i].args,
                                        SQLITE_UTF8 | SQLITE_DETERMINISTIC, db, rows[i].fn, NULL, NULL, NULL);
    return rc;
}
