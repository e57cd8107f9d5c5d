/* SQL functions for knowledge/derive/ and coverage.sql, registered only on cases we write. Each takes
 * evidence text and returns NULL for what it cannot read; none allocates more than its argument. */
#include "case/casedb_priv.h"
#include "base/layout.h"
#include "base/names.h"
#include "base/utf.h"
#include "base/zone.h"
#include <sqlite3.h>
#include <stdlib.h>

static void result(sqlite3_context *c, struct str s)
{
    if (s.p)
        sqlite3_result_text64(c, s.p, s.n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/* --- numbers: decimal, negative, 0x..., and %%n of message tables */
static bool number_of(sqlite3_value *v, int64_t *out, bool *percent)
{
    *percent = false;
    if (sqlite3_value_type(v) == SQLITE_INTEGER)
        return *out = sqlite3_value_int64(v), true;
    struct str s = str_trim(case_text(v));
    *percent = str_starts_ci(s, STR("%%"));
    if (*percent)
        s.p += 2, s.n -= 2;
    return str_i64(s, out);
}

static void sql_num(sqlite3_context *c, int n, sqlite3_value **v)
{
    int64_t i;
    bool percent;
    (void)n;
    if (number_of(v[0], &i, &percent))
        sqlite3_result_int64(c, i);
}

/* --- error codes. Field shapes are those of knowledge/events; a code keeps its facility, so that a program's
 * own exit code 1312 never turns into Win32 error 1312 (winerror.h: HRESULT_FROM_WIN32, HRESULT_FROM_NT). */
struct code {
    uint32_t value;
    bool percent;
};

static bool is_hex(char c) { return hex_value(c) < 16; }

static bool to_u32(int64_t i, uint32_t *out)
{
    if (i < INT32_MIN || i > UINT32_MAX)
        return false;
    return *out = (uint32_t)(uint64_t)i, true;
}

/* The first thing in free text that looks like a code: 0xXXXXXXXX, %%n, a signed or unsigned HRESULT in
 * decimal. */
static bool code_in_text(struct str s, struct code *out)
{
    for (size_t i = 0; i < s.n; i++) {
        size_t n = 0;
        int64_t v;
        struct str at = {s.p + i, s.n - i};
        bool inside = i && (is_hex(s.p[i - 1]) || s.p[i - 1] == 'x');
        out->percent = str_starts_ci(at, STR("%%"));
        if (out->percent || (!inside && str_starts_ci(at, STR("0x")))) {
            for (n = 2; n < at.n && n < 13 && (out->percent ? is_digit(at.p[n]) : is_hex(at.p[n])); n++)
                ;
            at = out->percent ? (struct str){at.p + 2, n - 2} : (struct str){at.p, n};
            if (n >= (out->percent ? 3 : 5) && str_i64(at, &v) && to_u32(v, &out->value))
                return true;
        } else if (!inside && (is_digit(s.p[i]) || s.p[i] == '-')) {
            for (n = 1; n < at.n && is_digit(at.p[n]); n++)
                ;
            at.n = n;
            if (n >= 10 && n <= 11 && str_i64(at, &v) && (v <= -2100000000 || v >= 2147483648)
                && to_u32(v, &out->value))
                return true;
            i += n - 1;
        }
    }
    return false;
}

/* <Binary> as lower-case hex text: the first four bytes, little-endian. */
static bool code_in_binary(struct str s, struct code *out)
{
    uint32_t v = 0;
    if (s.n < 8)
        return false;
    for (size_t i = 0; i < 8; i++) {
        uint32_t digit = hex_value(s.p[i]);
        if (digit > 15)
            return false;
        v |= digit << (i / 2 * 8 + (i % 2 ? 0 : 4));
    }
    return out->value = v, true;
}

static bool code_of(sqlite3_value *raw, struct str shape, struct code *out)
{
    int64_t i;
    *out = (struct code){0};
    if (sqlite3_value_type(raw) == SQLITE_NULL)
        return false;
    if (str_eq(shape, STR("binary")))
        return code_in_binary(case_text(raw), out);
    if (number_of(raw, &i, &out->percent))
        return to_u32(i, &out->value);
    return (str_eq(shape, STR("text")) || str_eq(shape, STR("mixed"))) && code_in_text(case_text(raw), out);
}

static void sql_code(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct code code;
    (void)n;
    if (code_of(v[0], case_text(v[1]), &code))
        sqlite3_result_int64(c, code.value);
}

/* Win32 code of an NTSTATUS or SSPI status by the knowledge's tables. A look-up that fails is no answer: the
 * statement that asks fails as well. */
static bool mapped(sqlite3_context *c, struct casedb *db, uint32_t value, int64_t *win32)
{
    static const char sql[] =
        "SELECT win32 FROM kb_code WHERE space IN ('ntstatus', 'sspi') AND value=?1 AND win32 IS NOT NULL";
    int rc = db->code ? SQLITE_OK
                      : sqlite3_prepare_v3(db->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &db->code, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_bind_int64(db->code, 1, value)) == SQLITE_OK
        && (rc = sqlite3_step(db->code)) == SQLITE_ROW)
        *win32 = sqlite3_column_int64(db->code, 0);
    sqlite3_reset(db->code);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        sqlite3_result_error_code(c, rc);
    return rc == SQLITE_ROW;
}

/* Is a small number in a field of this shape a Win32 (or NERR) code? In free text and in fields that mix
 * codes with exit codes only a %%n says so; an NTSTATUS field holds none; an exit code is the program's own
 * affair. */
static bool small_is_win32(struct str shape, bool percent)
{
    return str_eq(shape, STR("win32")) || str_eq(shape, STR("hresult")) || str_eq(shape, STR("binary"))
           || (percent && !str_eq(shape, STR("exit")));
}

static void sql_win32of(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct casedb *db = sqlite3_user_data(c);
    struct str shape = case_text(v[1]);
    struct code code;
    int64_t win32;
    (void)n;
    if (!code_of(v[0], shape, &code))
        return;
    uint32_t u = code.value;
    if (u >> 16 == 0x8007) /* FACILITY_WIN32 */
        sqlite3_result_int64(c, u & 0xffff);
    else if (u <= 0xffff && (!u || small_is_win32(shape, code.percent)))
        sqlite3_result_int64(c, u);
    else if (u >> 28 == 0xd && mapped(c, db, u & ~0x10000000u, &win32)) /* HRESULT_FROM_NT */
        sqlite3_result_int64(c, win32);
    else if (!str_eq(shape, STR("exit")) && u > 0xffff && mapped(c, db, u, &win32))
        sqlite3_result_int64(c, win32);
}

/* --- win32_name(n): what winerror.h or lmerr.h calls a Win32 code; NULL where they do not */
void case_names(struct casedb *db, struct str names)
{
    db->names = names;
    families_free(db);
}

static void sql_win32_name(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct casedb *db = sqlite3_user_data(c);
    (void)n;
    if (sqlite3_value_type(v[0]) == SQLITE_INTEGER)
        result(c, names_find(db->names, sqlite3_value_int64(v[0])).name);
}

/* --- names */
static void sql_host_of(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct str s = str_trim(case_text(v[0])), label = str_cut(&s, '.');
    struct buf b = {0};
    (void)n;
    for (size_t i = 0; i < label.n;) {
        char out[4];
        size_t from = i;
        uint32_t u = utf8_next(label, &i);
        if (u == UTF_BAD)
            buf_put(&b, label.p + from, i - from);
        else
            buf_put(&b, out, utf8_put(out, utf_upcase(u)));
    }
    if (b.bad)
        sqlite3_result_error_nomem(c);
    else if (b.n)
        result(c, buf_view(&b));
    buf_free(&b);
}

static const char *last_at(struct str s)
{
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == '@')
            return s.p + i - 1;
    return NULL;
}

/* "CORP\svc", "svc@corp.example", "svc": the account and the domain. A cloud's account is called by its
 * address behind the name of the cloud ("MicrosoftAccount\anna@outlook.com"), 4625 tells the two apart. */
static void split(struct str s, struct str *domain, struct str *account)
{
    const char *slash = s.n ? memchr(s.p, '\\', s.n) : NULL, *at = slash ? NULL : last_at(s);
    *domain = (struct str){0}, *account = s;
    if (slash) {
        *domain = (struct str){s.p, (size_t)(slash - s.p)};
        *account = (struct str){slash + 1, s.n - domain->n - 1};
        if ((str_eq_ci(*domain, STR("MicrosoftAccount")) || str_eq_ci(*domain, STR("AzureAD")))
            && (at = last_at(*account)) != NULL)
            account->n = (size_t)(at - account->p);
    } else if (at) {
        *account = (struct str){s.p, (size_t)(at - s.p)};
        *domain = (struct str){at + 1, s.n - account->n - 1};
    }
}

static void sql_account_of(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct str domain, account;
    struct buf b = {0};
    (void)n;
    split(str_trim(case_text(v[0])), &domain, &account);
    for (size_t i = 0; i < account.n; i++)
        buf_char(&b, small_letter(account.p[i]));
    if (b.bad)
        sqlite3_result_error_nomem(c);
    else if (b.n)
        result(c, buf_view(&b));
    buf_free(&b);
}

static void sql_domain_of(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct str domain, account;
    (void)n;
    split(str_trim(case_text(v[0])), &domain, &account);
    if (domain.n && !str_eq(domain, STR(".")))
        result(c, domain);
}

/* same_domain(name, name, host): 1 both are of one domain, 0 of two, NULL nobody knows. '.' is the host
 * itself. A full name (corp.example) and a short one (CORP) that do not begin alike may be two names of one
 * domain, as may the ends of two user@suffix, which are whatever an administrator wants; only this computer's
 * own accounts are nobody else's. */
struct domain {
    struct str name;
    enum { SHORT_NAME, FULL_NAME, SUFFIX } how;
    bool own;
};

static struct domain domain_at(sqlite3_value *v, struct str host)
{
    struct str rest, account;
    struct domain d;
    split(str_trim(case_text(v)), &rest, &account);
    d.how = account.p < rest.p ? SUFFIX : SHORT_NAME;
    if (str_eq(rest, STR(".")))
        rest = host;
    d.name = str_cut(&rest, '.');
    if (rest.n && d.how == SHORT_NAME)
        d.how = FULL_NAME;
    d.own = host.n && str_eq_ci(d.name, host);
    return d;
}

void case_same_domain(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct str host = case_text(v[2]);
    struct domain a = domain_at(v[0], host), b = domain_at(v[1], host);
    (void)n;
    if (a.name.n && b.name.n && str_eq_ci(a.name, b.name))
        sqlite3_result_int(c, 1);
    else if (a.name.n && b.name.n && (a.own || b.own || (a.how == b.how && a.how != SUFFIX)))
        sqlite3_result_int(c, 0);
}

/* --- field(data, name): one member of a JSON object, names compared without case. Windows' own spellings
 * differ between builds. */
void case_result_json(sqlite3_context *c, enum json_kind kind, struct str v)
{
    int64_t i;
    bool whole;
    if (kind == JSON_BOOL) {
        sqlite3_result_int(c, v.n == 4);
    } else if (kind == JSON_TEXT && v.n && memchr(v.p, '\\', v.n)) {
        char *out = sqlite3_malloc64(JSON_ROOM(v.n));
        if (out)
            sqlite3_result_text64(c, out, json_text(out, v, &whole), sqlite3_free, SQLITE_UTF8);
        else
            sqlite3_result_error_nomem(c);
    } else if (kind == JSON_NUMBER && str_i64(v, &i)) {
        sqlite3_result_int64(c, i);
    } else if (kind != JSON_NULL) {
        result(c, v);
    }
}

static void sql_field(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct str want = case_text(v[1]), token;
    struct json j;
    (void)n;
    if (case_field(c, sqlite3_user_data(c), v))
        return;
    json_of(&j, case_text(v[0]));
    if (!want.n || json_next(&j, &token) != JSON_OBJECT)
        return;
    while (json_next(&j, &token) == JSON_NAME) {
        bool found = str_eq_ci(token, want);
        enum json_kind kind = json_next(&j, &token);
        if (!json_skip(&j, kind))
            return;
        if (kind == JSON_OBJECT || kind == JSON_ARRAY)
            token.n = (size_t)(j.s.p + j.at - token.p); /* all of it */
        if (found) {
            case_result_json(c, kind, token);
            return;
        }
    }
}

/* --- file_of(path), folder_of(path): its last part; what stands before it, with the separator. Both kinds of
 * slash separate: the evidence may name its places as Windows does. */
static size_t name_at(struct str path)
{
    size_t at = path.n;
    while (at && path.p[at - 1] != '/' && path.p[at - 1] != '\\')
        at--;
    return at;
}

static void sql_file_of(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct str path = case_text(v[0]);
    size_t at = name_at(path);
    (void)n;
    result(c, (struct str){path.p ? path.p + at : NULL, path.n - at});
}

static void sql_folder_of(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct str path = case_text(v[0]);
    (void)n;
    result(c, (struct str){path.p, name_at(path)});
}

/* --- zone_rule(Bias, StandardBias, DaylightBias, StandardStart, DaylightStart, DynamicDaylightTimeDisabled):
 * the rule of a host's clock as zone.h writes it; NULL where there is no Bias, or no clock can follow it. */
static bool minutes_of(sqlite3_value *v, int32_t *out)
{
    if (sqlite3_value_type(v) != SQLITE_INTEGER)
        return false;
    return *out = (int32_t)(uint32_t)sqlite3_value_int64(v), true; /* a DWORD, two's complement */
}

static bool when_of(sqlite3_value *v, struct zone_when *out)
{
    const void *p = sqlite3_value_blob(v);
    return sqlite3_value_type(v) == SQLITE_BLOB && p
           && zone_when_read(p, (size_t)sqlite3_value_bytes(v), out);
}

static void sql_zone_rule(sqlite3_context *c, int n, sqlite3_value **v)
{
    int32_t bias, standard = 0, daylight = 0, off = 0;
    struct zone z = {0}, read_back;
    struct buf b = {0};
    (void)n;
    if (!minutes_of(v[0], &bias))
        return;
    minutes_of(v[1], &standard), minutes_of(v[5], &off);
    bool changes = !off && minutes_of(v[2], &daylight) && when_of(v[3], &z.to_standard)
                   && when_of(v[4], &z.to_daylight) && z.to_standard.month && z.to_daylight.month;
    int64_t in_winter = (int64_t)bias + standard, in_summer = (int64_t)bias + daylight;
    if (in_winter != (int16_t)in_winter || in_summer != (int16_t)in_summer)
        return;
    z.standard = (int32_t)in_winter, z.daylight = (int32_t)in_summer;
    if (!changes)
        z.to_daylight.month = 0;
    zone_text(&z, &b);
    if (b.bad)
        sqlite3_result_error_nomem(c);
    else if (zone_parse(buf_view(&b), &read_back))
        result(c, buf_view(&b));
    buf_free(&b);
}

/* path_part(path, pattern, word): base/layout.h. NULL where the path does not fit, or has no such word;
 * without a word 1 where it fits. */
static void sql_path_part(sqlite3_context *c, int n, sqlite3_value **v)
{
    char text[LAYOUT_TEXT];
    const char *word = (const char *)sqlite3_value_text(v[2]);
    (void)n;
    if (!layout_fits(case_text(v[0]), case_text(v[1]), word, text))
        return;
    if (!word)
        sqlite3_result_int(c, 1);
    else if (text[0])
        result(c, str_of(text));
}

/* --- a code in a text: JSON or plain, in small letters */
static bool hex_run(struct str s, size_t at, size_t n)
{
    if (at + n > s.n)
        return false;
    for (size_t i = at; i < at + n; i++)
        if (hex_value(s.p[i]) > 15)
            return false;
    return true;
}

/* "0x" and "\n" of JSON are no part of what follows them, nor are the eight digits of a value of 64 bits. */
static bool begins_word(struct str s, size_t at)
{
    if (at > 8 && s.p[at - 9] == 'x' && hex_run(s, at - 8, 16)
        && (!memcmp(s.p + at - 8, "ffffffff", 8) || !memcmp(s.p + at - 8, "00000000", 8)))
        return true;
    if (at > 1 && s.p[at - 2] == '\\' && memchr("bfnrt", s.p[at - 1], 5))
        return at < 3 || s.p[at - 3] != '\\';
    return !at || s.p[at - 1] == 'x' || (!is_word(s.p[at - 1]) && s.p[at - 1] != '{');
}

/* Of a GUID the next four digits are between dashes; with any other dash the text only goes on. */
static bool ends_word(struct str s, size_t end)
{
    if (end < s.n && s.p[end] == '-')
        return !(hex_run(s, end + 1, 4) && end + 5 < s.n && s.p[end + 5] == '-');
    return end >= s.n || !is_word(s.p[end]);
}

/* Where the text holds the token as a word of its own: counted from one, NULL: nowhere. */
static void sql_word_at(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct str text = case_text(v[0]), token = case_text(v[1]);
    (void)n;
    for (size_t at = 0; token.n && at + token.n <= text.n; at++) {
        at += str_find(str_skip(text, at), token);
        if (at < text.n && begins_word(text, at) && ends_word(text, at + token.n)) {
            sqlite3_result_int64(c, (int64_t)at + 1);
            return;
        }
    }
}

int case_functions(struct casedb *db)
{
    static const struct {
        const char *name;
        int args;
        bool pure;
        void (*fn)(sqlite3_context *, int, sqlite3_value **);
    } rows[] = {{"num", 1, true, sql_num},
                {"code", 2, true, sql_code},
                {"win32of", 2, false, sql_win32of},
                {"win32_name", 1, false, sql_win32_name},
                {"host_of", 1, true, sql_host_of},
                {"account_of", 1, true, sql_account_of},
                {"domain_of", 1, true, sql_domain_of},
                {"field", 2, true, sql_field},
                {"file_of", 1, true, sql_file_of},
                {"folder_of", 1, true, sql_folder_of},
                {"path_part", 3, true, sql_path_part},
                {"word_at", 2, true, sql_word_at},
                {"zone_rule", 6, true, sql_zone_rule}};
    int rc = SQLITE_OK;
    for (size_t i = 0; i < LEN(rows) && rc == SQLITE_OK; i++)
        rc = sqlite3_create_function_v2(db->db, rows[i].name, rows[i].args,
                                        SQLITE_UTF8 | (rows[i].pure ? SQLITE_DETERMINISTIC : 0), db,
                                        rows[i].fn, NULL, NULL, NULL);
    return rc;
}
