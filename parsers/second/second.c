#include "parsers/second/second.h"
#include "base/json.h"
#include "base/utf.h"
#include "base/wintime.h"
#include <stdio.h>
#include <stdlib.h>

const char *const second_result_names[SECOND_RESULTS] = {"agree", "agree-with-defect", "differ",
                                                         "unreadable"};
const char *const second_defect_text[SECOND_DEFECTS] = {
    [SECOND_NO_DEFECT] = "",
    [SECOND_INLINE] = "libregf takes data of 1 to 3 bytes from the wrong end of the field",
    [SECOND_STRING_END] = "the second reader ends a string at its first NUL, whatever its stored size",
    [SECOND_SURROGATE] = "the second reader decodes surrogates of UTF-16 wrongly",
    [SECOND_CODE_PAGE] = "the second reader decodes Latin-1 as code page 1252",
    [SECOND_NAME_CASE] = "libregf compares only ASCII letters without case",
    [SECOND_LAST_RECORD] =
        "libevtx loses the record that fills a chunk to its last byte; it was given a mended copy",
    [SECOND_MARK] = "the second reader drops a byte order mark at the start of a string",
    [SECOND_LINE_FEED] = "libevtx shows a text that is one line feed as empty",
    [SECOND_PIECES] =
        "libevtx shows of a text with several parts only the last substitution and what follows it",
    [SECOND_SIGNED] = "libevtx shows a negative integer as minus its other bits",
};

const char *second_version(void)
{
    static char text[80];
    snprintf(text, sizeof text, "libevtx %s, libregf %s", second_evtx_version(), second_regf_version());
    return text;
}

/* --- What the libraries make of a text. Modelled unit by unit, so that a known defect excuses exactly itself
 */
static struct str as_utf16(struct str s, struct arena *a, enum second_defect *d)
{
    enum { PAIR_LOW = 0x3ff }; /* they add low - 0xDFFF where low - 0xDC00 is meant */
    char *o = arena_alloc(a, 1, 3 * s.n + 4);
    size_t n = 0;
    uint32_t eat = 0; /* a low surrogate still owed by a character whose high one was eaten */
    *d = SECOND_NO_DEFECT;
    for (size_t i = 0; o && (i < s.n || eat);) {
        bool start = i == 0;
        uint32_t u = eat ? eat : utf8_next(s, &i);
        eat = 0;
        if (start && (u == 0xfeff || u == 0xfffe)) {
            *d = SECOND_MARK;
            continue;
        }
        if (u == 0)
            return *d = *d ? *d : SECOND_STRING_END, (struct str){o, n};
        if (u == UTF_BAD || (u >= 0xd800 && u < 0xe000)) {
            /* a lone high one takes the next unit with it */
            if (u != UTF_BAD && u < 0xdc00 && i < s.n) {
                uint32_t next = utf8_next(s, &i);
                eat = next != UTF_BAD && next > 0xffff ? 0xdc00 + (next & PAIR_LOW) : 0;
            }
            u = 0xfffd, *d = SECOND_SURROGATE;
        } else if (u > 0xffff) {
            u -= PAIR_LOW, *d = SECOND_SURROGATE;
        }
        n += utf8_put(o + n, u);
    }
    return o ? (struct str){o, n} : s;
}

static struct str as_cp1252(struct str s, struct arena *a, enum second_defect *d)
{
    static const uint16_t c1[32] = {
        0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
        0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
    };
    char *o = arena_alloc(a, 1, 2 * s.n + 4);
    size_t n = 0;
    *d = SECOND_NO_DEFECT;
    for (size_t i = 0; o && i < s.n;) {
        uint32_t u = utf8_next(s, &i);
        if (u == UTF_BAD || u > 0xff)
            return s; /* not Latin-1 */
        if (u >= 0x80 && u < 0xa0)
            u = c1[u - 0x80], *d = SECOND_CODE_PAGE;
        n += utf8_put(o + n, u);
    }
    return o ? (struct str){o, n} : s;
}

bool second_same_text(struct str ours, struct str theirs, bool fold, struct arena scratch,
                      enum second_defect *d)
{
    struct str (*const model[])(struct str, struct arena *, enum second_defect *) = {as_utf16, as_cp1252};
    *d = SECOND_NO_DEFECT;
    if (str_eq(ours, theirs))
        return true;
    if (fold && utf8_eq_ci(ours, theirs))
        return *d = str_eq_ci(ours, theirs) ? SECOND_NO_DEFECT : SECOND_NAME_CASE, true;
    for (size_t i = 0; i < LEN(model); i++) {
        struct str expect = model[i](ours, &scratch, d);
        if (*d && (str_eq(expect, theirs) || (fold && utf8_eq_ci(expect, theirs))))
            return true;
    }
    return *d = SECOND_NO_DEFECT, false;
}

/* --- Our side: the JSON object of an event's data, flattened to names and scalars */
struct item {
    struct str name, text;
    char kind;
}; /* kind: s text, n number, b boolean, 0 null */
static bool unescaped(struct arena *a, struct str raw, struct str *out)
{
    bool whole;
    char *o = arena_alloc(a, 1, JSON_ROOM(raw.n));
    if (!o)
        return false;
    return *out = (struct str){o, json_text(o, raw, &whole)}, whole;
}

/* False: not JSON, or no memory. The name of a value in nested objects is the innermost one; arrays repeat
 * theirs. */
static bool json_items(struct str s, struct arena *a, struct item **items, size_t *n)
{
    static const char kinds[] = {[JSON_TEXT] = 's', [JSON_NUMBER] = 'n', [JSON_BOOL] = 'b', [JSON_NULL] = 0};
    struct json j;
    struct str raw, *name = arena_alloc(a, sizeof *name, JSON_DEPTH + 1);
    size_t most = 1;
    for (size_t i = 0; i < s.n; i++)
        most += s.p[i] == ',';
    *n = 0;
    json_of(&j, s);
    if (!name || !(*items = arena_alloc(a, sizeof **items, most)) || json_next(&j, &raw) != JSON_OBJECT)
        return false;
    for (;;) {
        enum json_kind kind = json_next(&j, &raw);
        if (kind == JSON_END || kind == JSON_BAD)
            return kind == JSON_END;
        if (kind == JSON_OBJECT || kind == JSON_ARRAY)
            name[j.depth] = name[j.depth - 1];
        if (kind == JSON_NAME && !unescaped(a, raw, &name[j.depth]))
            return false;
        if (kind > JSON_NAME) {
            struct item it = {name[j.depth], raw, kinds[kind]};
            if (*n >= most || (kind == JSON_TEXT && !unescaped(a, raw, &it.text)))
                return false;
            it.text.n = kind == JSON_NULL ? 0 : it.text.n;
            (*items)[(*n)++] = it;
        }
    }
}

/* --- One value in two spellings */
struct number {
    bool neg;
    uint64_t mag;
};

static bool parse_number(struct str s, struct number *out)
{
    bool hex = false, neg = s.n && s.p[0] == '-';
    uint64_t v = 0;
    s.p += neg, s.n -= neg;
    if (s.n > 2 && s.p[0] == '0' && (s.p[1] | 32) == 'x')
        hex = true, s.p += 2, s.n -= 2;
    for (size_t i = 0; i < s.n; i++) {
        unsigned c = (unsigned char)s.p[i] | (hex ? 32u : 0u), d = c - '0' < 10         ? c - '0'
                                                                   : hex && c - 'a' < 6 ? c - 'a' + 10
                                                                                        : 99;
        if (d > 15 || __builtin_mul_overflow(v, hex ? 16u : 10u, &v) || __builtin_add_overflow(v, d, &v))
            return false;
    }
    return *out = (struct number){neg && v, v}, s.n > 0;
}

/* -1 as -127, -32767, -2147483647 or -9223372036854775807: the sign bit taken for a minus. */
static bool sign_and_bits(struct str ours, struct str theirs)
{
    struct number x, y;
    if (!theirs.n || theirs.p[0] != '-' || !parse_number(ours, &x) || !parse_number(theirs, &y) || !x.neg)
        return false;
    for (unsigned bits = 8; bits <= 64; bits *= 2)
        if (x.mag + y.mag == 1ull << (bits - 1) && x.mag <= 1ull << (bits - 1))
            return true;
    return false;
}

static bool real_eq(struct str a, struct str b)
{
    char x[64], y[64], *xe, *ye;
    struct number i;
    if ((parse_number(a, &i) && parse_number(b, &i)) || !a.n || !b.n || a.n >= sizeof x || b.n >= sizeof y)
        return false;
    memcpy(x, a.p, a.n), x[a.n] = 0;
    memcpy(y, b.p, b.n), y[b.n] = 0;
    double p = strtod(x, &xe), q = strtod(y, &ye), off = p > q ? p - q : q - p,
           most = 1e-6 * (p < 0 ? -p : p);
    return !*xe && !*ye && (p == q || (p != p && q != q) || off <= most);
}

static bool all_hex(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!strchr("0123456789abcdefABCDEF", s.p[i]) || !s.p[i])
            return false;
    return s.n % 2 == 0;
}

static bool is_guid(struct str s)
{
    return s.n == 38 && s.p[0] == '{' && s.p[9] == '-' && s.p[14] == '-' && s.p[37] == '}';
}

/* "S-1-5-21-..." component by component: authorities come as decimal or 0x hexadecimal. */
static bool sid_eq(struct str a, struct str b)
{
    if (!str_starts_ci(a, STR("S-1-")) || !str_starts_ci(b, STR("S-1-")))
        return false;
    while (a.n && b.n) {
        struct str x = str_cut(&a, '-'), y = str_cut(&b, '-');
        struct number p, q;
        if (!str_eq(x, y) && !(parse_number(x, &p) && parse_number(y, &q) && p.mag == q.mag))
            return false;
    }
    return a.n == b.n;
}

static bool same(const struct item *ours, struct str theirs, struct arena scratch, enum second_defect *d)
{
    struct str s = ours->text;
    struct number x, y;
    int64_t t, u;
    *d = SECOND_NO_DEFECT;
    if (str_eq(s, theirs))
        return true;
    switch (ours->kind) {
    case 'n':
        if ((parse_number(s, &x) && parse_number(theirs, &y) && x.mag == y.mag && x.neg == y.neg)
            || real_eq(s, theirs))
            return true;
        return sign_and_bits(s, theirs) ? *d = SECOND_SIGNED, true : false;
    case 'b': return str_eq_ci(s, theirs) || (parse_number(theirs, &y) && (y.mag != 0) == (s.p[0] == 't'));
    default:
        /* size_t comes as decimal */
        if (str_starts_ci(s, STR("0x")) && parse_number(s, &x) && parse_number(theirs, &y) && x.mag == y.mag
            && !y.neg)
            return true;
        if (str_eq_ci(s, theirs) && (is_guid(s) || all_hex(s)))
            return true;
        if (s.n >= 19 && s.p[4] == '-' && wintime_parse(s, &t) && wintime_parse(theirs, &u) && t == u)
            return true;
        return sid_eq(s, theirs) || second_same_text(s, theirs, false, scratch, d);
    }
}

/* --- Verdicts */
static void doubt(struct second_verdict *v, struct str field, struct str ours, struct str theirs)
{
    if (v->result != SECOND_DIFFER) /* the first difference is the one that is shown */
        v->result = SECOND_DIFFER, v->defect = SECOND_NO_DEFECT, v->field = field, v->ours = ours,
        v->theirs = theirs;
}

static void excuse(struct second_verdict *v, enum second_defect d, struct str field, struct str ours,
                   struct str theirs)
{
    if (d && v->result == SECOND_AGREE)
        v->result = SECOND_DEFECT, v->defect = d, v->field = field, v->ours = ours, v->theirs = theirs;
}

static bool unread(const struct err *why, struct arena *a, struct second_verdict *out)
{
    *out = (struct second_verdict){0};
    if (!why || why->code == OK)
        return false;
    char *z = arena_printf(a, "%s%s%s", why->what ? why->what : "", why->what ? ": " : "", why->why);
    out->result = SECOND_UNREADABLE, out->theirs = z ? str_of(z) : STR("no memory");
    return true;
}

static struct str int_text(struct arena *a, const struct value *v, enum col_type type)
{
    char *z = NULL;
    if (type == COL_TEXT)
        return v->s;
    if (type == COL_TIME && (z = arena_alloc(a, 1, WINTIME_TEXT)))
        wintime_text(v->i, z);
    else if (type == COL_INT)
        z = arena_printf(a, "%lld", (long long)v->i);
    return str_of(z);
}

/* Provider, EventID, ... The record's own header stands in for System where the two may rightly differ. */
static void compare_system(const struct fact *ours, const struct second_event *t, struct arena *a,
                           struct second_verdict *out)
{
    static const uint8_t cols[] = {EV_COMPUTER,   EV_CHANNEL, EV_PROVIDER, EV_EVENT_ID,
                                   EV_QUALIFIERS, EV_VERSION, EV_LEVEL,    EV_TIME,
                                   EV_RECORD_ID,  EV_PID,     EV_SID};
    for (size_t i = 0; i < LEN(cols); i++) {
        unsigned c = cols[i];
        enum col_type type = fact_descs[FACT_EVENT].col[c].type;
        const struct value *x = &ours->v[c], *y = &t->v[c];
        enum second_defect d = SECOND_NO_DEFECT;
        bool none = x->null || (type == COL_TEXT && !x->s.n);
        if (none || (type != COL_TEXT && !y->null && x->i == y->i)
            || (c == EV_TIME && t->header_time && x->i == t->header_time)
            || (c == EV_RECORD_ID && t->header_id && (uint64_t)x->i == t->header_id)
            || (y->null && type == COL_INT && x->i == 0))
            continue;
        struct item it = {.text = x->s, .kind = 's'};
        struct str name = str_of(fact_descs[FACT_EVENT].col[c].name);
        if (type == COL_TEXT && !y->null && same(&it, y->s, *a, &d))
            excuse(out, d, name, x->s, y->s);
        else
            doubt(out, name, int_text(a, x, type),
                  y->null && !y->s.p            ? STR_NONE
                  : type == COL_TEXT || y->null ? y->s
                                                : int_text(a, y, type));
    }
}

/* Their fields by name: a chain per bucket in the record's order, so that repeated names are met one after
 * the other. */
struct index {
    uint32_t *head, *next;
    size_t mask;
};

static bool index_make(struct index *x, const struct second_event *t, struct arena *a)
{
    for (x->mask = 15; x->mask < t->n_field; x->mask = x->mask * 2 + 1)
        ;
    if (!(x->head = arena_alloc(a, sizeof *x->head, x->mask + 1))
        || !(x->next = arena_alloc(a, sizeof *x->next, t->n_field + 1)))
        return false;
    for (size_t i = t->n_field; i-- > 0;) {
        uint32_t *h = &x->head[str_hash(t->field[i].name) & x->mask];
        x->next[i] = *h, *h = (uint32_t)i + 1;
    }
    return true;
}

/* Takes the next field of that name out of its chain. Elements libevtx shows empty are skipped when ours is
 * not. */
static const struct second_field *index_take(struct index *x, const struct second_event *t, struct str name,
                                             bool empty)
{
    for (uint32_t *at = &x->head[str_hash(name) & x->mask]; *at; at = &x->next[*at - 1]) {
        const struct second_field *f = &t->field[*at - 1];
        if (!str_eq(f->name, name))
            continue;
        if (empty && f->text.n)
            return NULL;
        if (!empty && !f->text.n)
            continue;
        *at = x->next[*at - 1];
        return f;
    }
    return NULL;
}

static void compare_data(struct str data, const struct second_event *t, struct arena *a,
                         struct second_verdict *out)
{
    struct item *items;
    struct index x;
    size_t n;
    if (!json_items(data, a, &items, &n) || !index_make(&x, t, a)) {
        doubt(out, STR("data"), STR("not readable as JSON"), (struct str){0});
        return;
    }
    for (size_t i = 0; i < n; i++) {
        enum second_defect d = SECOND_NO_DEFECT;
        bool feed = str_eq(items[i].text, STR("\n"));
        const struct second_field *f = index_take(&x, t, items[i].name, feed || !items[i].text.n);
        if (f && !f->text.n && feed)
            excuse(out, SECOND_LINE_FEED, f->name, items[i].text, f->text);
        else if (f && same(&items[i], f->text, *a, &d))
            excuse(out, d, f->name, items[i].text, f->text);
        else if (f || items[i].text.n) /* what we show empty libevtx may leave out */
            doubt(out, items[i].name, items[i].text, f ? f->text : (struct str){0});
    }
    for (size_t b = 0; b <= x.mask; b++)
        for (uint32_t i = x.head[b]; i; i = x.next[i - 1])
            if (t->field[i - 1].text.n)
                doubt(out, t->field[i - 1].name, (struct str){0}, t->field[i - 1].text);
}

void second_compare_event(const struct fact *ours, const struct second_event *theirs, const struct err *why,
                          struct arena *a, struct second_verdict *out)
{
    if (unread(why, a, out))
        return;
    compare_system(ours, theirs, a, out);
    if (!ours->v[EV_DATA].null && ours->v[EV_DATA].s.p)
        compare_data(ours->v[EV_DATA].s, theirs, a, out);
    excuse(out, theirs->defect, STR("record"), (struct str){0}, (struct str){0});
}

void second_excuse_pieces(const struct fact *ours, struct str data, struct str replaced,
                          const struct second_event *theirs, struct arena *a, struct second_verdict *out)
{
    struct second_verdict with = {0};
    struct fact f = *ours;
    if (out->result != SECOND_DIFFER || ours->v[EV_DATA].null || !str_eq(ours->v[EV_DATA].s, data)
        || str_eq(data, replaced))
        return;
    f.v[EV_DATA] = val_s(replaced);
    second_compare_event(&f, theirs, NULL, a, &with);
    if (with.result <= SECOND_DEFECT)
        out->result = SECOND_DEFECT, out->defect = SECOND_PIECES;
}

/* --- Registry */
static struct str bytes_text(struct arena *a, struct span s)
{
    enum { SHOWN = 48 };
    size_t n = s.n < SHOWN ? s.n : SHOWN, at = 0;
    char *z = arena_alloc(a, 1, 2 * SHOWN + 40);
    for (size_t i = 0; z && i < n; i++)
        at += (size_t)snprintf(z + at, 3, "%02x", s.p[i]);
    if (z)
        snprintf(z + at, 40, "%s(%zu bytes)", n < s.n ? "... " : n ? " " : "", s.n);
    return str_of(z);
}

static bool starts(struct span s, struct span with)
{
    return s.n >= with.n && (!with.n || memcmp(s.p, with.p, with.n) == 0);
}

static bool has_nul(struct span s)
{
    for (size_t i = 0; i + 1 < s.n; i += 2)
        if (!s.p[i] && !s.p[i + 1])
            return true;
    return false;
}

/* Are these bytes the same value? whole: ours is all of it, not a piece cut for the case. */
static bool same_bytes(struct span ours, bool whole, const struct second_value *t, enum second_defect *d)
{
    struct span theirs = t->data;
    bool text = t->type == 1 || t->type == 2; /* REG_SZ, REG_EXPAND_SZ */
    *d = SECOND_NO_DEFECT;
    if (starts(theirs, ours) && (theirs.n == ours.n || !whole))
        return true;
    if (t->in_place && ours.n && ours.n < 4 && theirs.n == ours.n && memcmp(ours.p, t->raw, ours.n) == 0
        && memcmp(theirs.p, t->raw + 4 - ours.n, ours.n) == 0)
        return *d = SECOND_INLINE, true;
    if (text && ((starts(ours, theirs) && has_nul(theirs)) || (starts(theirs, ours) && !has_nul(ours))))
        return *d = SECOND_STRING_END, true;
    return false;
}

/* Without bytes in the case: its number or its text. */
static bool same_decoded(const struct fact *ours, const struct second_value *t, struct arena *a,
                         enum second_defect *d, struct str *shown)
{
    struct span s = t->data;
    *d = SECOND_NO_DEFECT;
    if (!ours->v[RV_TEXT].null && ours->v[RV_TEXT].s.p)
        return second_same_text(ours->v[RV_TEXT].s, *shown = utf16_strz(a, s), false, *a, d);
    if (ours->v[RV_NUM].null || (s.n != 4 && s.n != 8))
        return true;
    uint64_t n = s.n == 8 ? le64(s.p) : t->type == 5 ? __builtin_bswap32(le32(s.p)) : le32(s.p);
    return (uint64_t)ours->v[RV_NUM].i == n;
}

void second_compare_value(const struct fact *ours, const struct second_value *theirs, const struct err *why,
                          struct arena *a, struct second_verdict *out)
{
    if (unread(why, a, out))
        return;
    bool value = ours->kind == FACT_REG_VALUE;
    const struct value *written = &ours->v[value ? RV_WRITTEN : RK_WRITTEN], *data = &ours->v[RV_DATA],
                       *type = &ours->v[RV_TYPE], *size = &ours->v[RV_SIZE];
    struct value w = val_i(theirs->written), t = val_i((int64_t)theirs->type);
    enum second_defect d = SECOND_NO_DEFECT;
    if (!written->null && written->i != theirs->written)
        doubt(out, STR("written"), int_text(a, written, COL_TIME), int_text(a, &w, COL_TIME));
    if (value && !type->null && type->i != (int64_t)theirs->type)
        doubt(out, STR("type"), int_text(a, type, COL_INT), int_text(a, &t, COL_INT));
    if (value && !data->null && data->s.p) {
        struct span s = span_of(data->s.p, data->s.n, 0);
        bool whole = size->null || (uint64_t)size->i <= s.n;
        if (same_bytes(s, whole, theirs, &d))
            excuse(out, d, STR("data"), bytes_text(a, s), bytes_text(a, theirs->data));
        else
            doubt(out, STR("data"), bytes_text(a, s), bytes_text(a, theirs->data));
    } else if (value) {
        struct str shown = bytes_text(a, theirs->data),
                   text = ours->v[RV_TEXT].null ? int_text(a, &ours->v[RV_NUM], COL_INT) : ours->v[RV_TEXT].s;
        if (same_decoded(ours, theirs, a, &d, &shown))
            excuse(out, d, STR("data"), text, shown);
        else
            doubt(out, STR("data"), text, shown);
    }
    excuse(out, theirs->defect, STR("name"), (struct str){0}, (struct str){0});
}

void second_verdict_text(const struct second_verdict *v, struct buf *out)
{
    enum { SHOWN = 200 };
    struct str side[2] = {v->ours, v->theirs};
    if (v->result == SECOND_UNREADABLE)
        buf_str(out, v->theirs);
    if (v->result == SECOND_DEFECT) {
        buf_str(out, v->field), buf_z(out, ": "), buf_z(out, second_defect_text[v->defect]);
    } else if (v->result == SECOND_DIFFER) {
        buf_str(out, v->field), buf_z(out, ": ");
        for (int i = 0; i < 2; i++) {
            buf_z(out, i ? ", second reader " : "");
            if (side[i].p)
                buf_json(out, (struct str){side[i].p, side[i].n < SHOWN ? side[i].n : SHOWN});
            else
                buf_z(out, "nothing");
        }
    }
}
