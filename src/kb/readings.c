#include "kb/readings.h"
#include <stdio.h>

static bool is_space(const struct kb_code *c, const char *space) { return str_eq(c->space, str_of(space)); }
bool code_is_win32(const struct kb_code *c) { return is_space(c, "win32") || is_space(c, "nerr"); }
int64_t code_win32(const struct kb_code *c) { return code_is_win32(c) ? c->value : c->maps ? c->win32 : -1; }

/* --- what was typed */
static bool to_u32(int64_t i, uint32_t *out)
{
    if (i < INT32_MIN || i > UINT32_MAX)
        return false;
    return *out = (uint32_t)(uint64_t)i, true;
}

static bool is_hex(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(is_digit(s.p[i]) || ((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'f')))
            return false;
    return s.n > 0;
}

/* Hexadecimal digits alone: "80070520h", or eight of them: "c000005f". */
static bool bare_hex(struct str s, uint32_t *out)
{
    char text[11] = "0x";
    int64_t i;
    bool marked = s.n > 1 && (s.p[s.n - 1] | 32) == 'h';
    s.n -= marked;
    if (!is_hex(s) || s.n > 8 || (!marked && s.n != 8))
        return false;
    memcpy(text + 2, s.p, s.n);
    return str_i64((struct str){text, s.n + 2}, &i) && to_u32(i, out);
}

static bool in_word(char c) { return strchr(".,;:()[]{}'\"`", c) && c; }

/* As it stands in a sentence: "(0x80070520)," */
static struct str bare(struct str s)
{
    s = str_trim(s);
    while (s.n && in_word(s.p[0]))
        s.p++, s.n--;
    while (s.n && in_word(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* The last word of s moves out of it. */
static struct str last_word(struct str *s)
{
    size_t at = s->n;
    while (at && s->p[at - 1] != ' ' && s->p[at - 1] != '\t')
        at--;
    struct str word = {s->p + at, s->n - at};
    *s = str_trim((struct str){s->p, at});
    return word;
}

/* "event id 4625", "error 1312": the words go; true: they say that it is an event's. */
static bool says_event(struct str *s)
{
    static const struct {
        const char *word;
        bool event;
    } words[] = {{"event id ", true},    {"eventid ", true}, {"event ", true}, {"id ", true},
                 {"error code ", false}, {"error ", false},  {"code ", false}, {"win32 ", false}};
    for (size_t i = 0; i < LEN(words); i++)
        if (str_starts_ci(*s, str_of(words[i].word))) {
            size_t n = strlen(words[i].word);
            *s = str_trim((struct str){s->p + n, s->n - n});
            return words[i].event;
        }
    return false;
}

static bool number_in(struct str s, struct question *q)
{
    int64_t i;
    q->percent = str_starts_ci(s, STR("%%"));
    if (q->percent)
        s.p += 2, s.n -= 2;
    return q->number = (str_i64(s, &i) && to_u32(i, &q->value)) || (!q->percent && bare_hex(s, &q->value));
}

/* What a code is of, in the words of codes/: "Kerberos 0x18", "NTSTATUS 0xC0000064". */
static bool names_space(struct str s)
{
    static const char *const spaces[] = {"kerberos", "ntstatus", "win32", "nerr", "task", "sspi"};
    for (size_t i = 0; i < LEN(spaces); i++)
        if (str_eq_ci(s, str_of(spaces[i])))
            return true;
    return false;
}

struct question question_of(struct str asked)
{
    struct question q = {.asked = str_trim(asked), .text = bare(asked)};
    struct str before = q.text, word, left;
    q.only_event = says_event(&q.text);
    if (number_in(q.text, &q))
        return q;
    before = q.text, word = last_word(&before), left = before;
    if (before.n && number_in(word, &q) && names_space(before)) {
        q.space = q.provider = q.text = before, q.only_event = true;
        return q;
    }
    if (before.n && number_in(word, &q) && q.value <= UINT16_MAX) {
        while (left.n && str_eq_ci(word = last_word(&left), STR("event")))
            before = left;
        q.provider = before, q.text = before;
        q.only_event = true;
        return q;
    }
    q.number = q.percent = false;
    return q;
}

/* --- providers: "SmbClient", "SMBClient/Security", "Microsoft-Windows-SMBClient" */
static bool ends_in(struct str name, struct str end)
{
    if (str_eq_ci(name, end))
        return true;
    return name.n > end.n && str_ends_ci(name, end) && name.p[name.n - end.n - 1] == '-';
}

static bool is_of(const struct kb_event *e, struct str name)
{
    if (ends_in(e->provider, name) || ends_in(e->channel, name))
        return true;
    struct str channel = e->channel;
    return !memchr(name.p, '/', name.n) && ends_in(str_cut(&channel, '/'), name);
}

bool names_provider(const struct kb *kb, struct str name)
{
    size_t n;
    const struct kb_event *e = kb_events(kb, &n);
    for (size_t i = 0; name.n && i < n; i++)
        if (is_of(&e[i], name))
            return true;
    return false;
}

/* --- codes */
static bool answers(const struct kb_code *c, const struct question *q)
{
    if (q->space.n && !str_eq_ci(c->space, q->space))
        return false;
    if (!q->number)
        return str_eq_ci(c->symbol, q->text);
    if (q->percent && !code_is_win32(c) && !is_space(c, "message"))
        return q->value > 0xffff && c->value == q->value;
    if (q->value >> 16 == 0x8007 || q->value >> 16 == 0xc007) /* FACILITY_WIN32, FACILITY_NTWIN32 */
        return (code_is_win32(c) && c->value == (q->value & 0xffff)) || c->value == q->value;
    if (q->value >> 28 == 0xd && is_space(c, "ntstatus")) /* HRESULT_FROM_NT */
        return c->value == (q->value & ~0x10000000u);
    return c->value == q->value;
}

/* The Win32 code that a number is; -1: it is none. */
static int64_t win32_in(const struct question *q)
{
    if (q->value <= 0xffff)
        return q->value;
    bool carries = q->value >> 16 == 0x8007 || q->value >> 16 == 0xc007;
    return carries ? (int64_t)(q->value & 0xffff) : -1;
}

/* --- all of them */
struct taker {
    reading_fn *fn;
    void *ctx;
    size_t n;
};

static void give(struct taker *t, struct reading r)
{
    t->n++;
    if (t->fn)
        t->fn(t->ctx, &r);
}

/* A Win32 code that has no row of its own, or another name of one that has. */
static void name_alone(const struct kb *kb, const struct question *q, struct taker *t)
{
    size_t n;
    const struct kb_code *c = kb_codes(kb, &n);
    if (q->number && win32_in(q) <= 0)
        return;
    struct name_row row = q->number ? names_find(kb_names(kb), win32_in(q))
                                    : names_called(kb_names(kb), q->text);
    if (!row.name.p)
        return;
    for (size_t i = 0; i < n; i++)
        if (code_is_win32(&c[i]) && c[i].value == row.value) {
            give(t, (struct reading){READ_CODE, {.code = &c[i]}});
            return;
        }
    give(t, (struct reading){READ_NAME, {.name = row}});
}

/* Win32 codes first: the others of a small number are the rarer ones. False: there is none of them. */
static bool codes(const struct kb *kb, const struct question *q, struct taker *t)
{
    size_t n, before = t->n;
    const struct kb_code *c = kb_codes(kb, &n);
    for (size_t i = 0; i < n; i++)
        if (code_is_win32(&c[i]) && answers(&c[i], q))
            give(t, (struct reading){READ_CODE, {.code = &c[i]}});
    bool told = t->n > before;
    for (size_t i = 0; i < n; i++)
        if (!code_is_win32(&c[i]) && answers(&c[i], q))
            give(t, (struct reading){READ_CODE, {.code = &c[i]}});
    return told;
}

static void events(const struct kb *kb, const struct question *q, struct taker *t)
{
    size_t n;
    const struct kb_event *e = kb_events(kb, &n);
    bool named = q->provider.n > 0;
    if (q->percent || (q->number && (q->value > UINT16_MAX || (!q->value && !named)))) /* id 0: any */
        return;
    for (size_t i = 0; i < n; i++)
        if (q->number ? e[i].id == q->value && (!named || is_of(&e[i], q->provider))
                      : str_eq_ci(e[i].name, q->text) || is_of(&e[i], q->text))
            give(t, (struct reading){READ_EVENT, {.event = &e[i]}});
}

/* A setting goes by its name, else by its value's name, or by the whole path to it. */
static bool is_setting(const struct kb_setting *s, struct str name)
{
    if (str_eq_ci(s->value, name))
        return true;
    struct str key = {name.p, name.n > s->value.n ? name.n - s->value.n - 1 : 0};
    return key.n && str_ends_ci(name, s->value) && name.p[key.n] == '\\' && str_ends_ci(key, s->path);
}

/* gpresult /z prints rights without their Se. */
static bool is_tool_field(const struct kb_tool_field *f, struct str name)
{
    return str_eq_ci(f->name, name)
           || (str_starts_ci(f->name, STR("Se")) && str_ends_ci(f->name, STR("Right"))
               && str_eq_ci(str_skip(f->name, 2), name));
}

static struct str dashed(struct str s, char *to, size_t cap)
{
    size_t n = s.n < cap ? s.n : cap;
    for (size_t i = 0; i < n; i++)
        to[i] = s.p[i] == '_' || s.p[i] == ' ' ? '-' : s.p[i];
    return (struct str){to, n};
}

static void names(const struct kb *kb, const struct question *q, struct taker *t)
{
    size_t n;
    char text[64];
    struct str cause = dashed(q->text, text, sizeof text);
    const struct kb_setting *s = kb_settings(kb, &n);
    bool named = false;
    for (size_t i = 0; i < n; i++)
        named |= str_eq_ci(s[i].name, q->text) || str_eq_ci(s[i].name, q->asked); /* "LsaCfgFlags (policy)" */
    for (size_t i = 0; i < n; i++)
        if (named ? str_eq_ci(s[i].name, q->text) || str_eq_ci(s[i].name, q->asked)
                  : is_setting(&s[i], q->text))
            give(t, (struct reading){READ_SETTING, {.setting = &s[i]}});
    size_t before = t->n;
    const struct kb_cause *c = kb_causes(kb, &n);
    for (size_t i = 0; i < n; i++)
        if (str_eq_ci(c[i].name, cause))
            give(t, (struct reading){READ_CAUSE, {.cause = &c[i]}});
    const struct rule *r = kb_rules(kb, &n);
    for (size_t i = 0; i < n && t->n == before; i++)
        if (str_eq_ci(r[i].name, q->text) || str_eq_ci(r[i].id, q->text))
            give(t, (struct reading){READ_RULE, {.rule = &r[i]}});
    const struct kb_family *f = kb_families(kb, &n);
    for (size_t i = 0; i < n && t->n == before; i++)
        if (str_eq_ci(f[i].name, q->text))
            give(t, (struct reading){READ_FAMILY, {.family = &f[i]}});
    const struct kb_tool_field *told = kb_tool_fields(kb, &n);
    for (size_t i = 0; i < n; i++)
        if (is_tool_field(&told[i], q->text))
            give(t, (struct reading){READ_TOOL, {.tool_field = &told[i]}});
}

/* Eight decimal digits that say nothing as such: "80070520" is an HRESULT without its 0x. */
static bool as_hex(const struct question *q, struct question *out)
{
    *out = *q;
    return q->number && !q->percent && !q->provider.n && q->text.n == 8 && bare_hex(q->text, &out->value)
           && out->value != q->value;
}

size_t readings(const struct kb *kb, const struct question *q, reading_fn *fn, void *ctx)
{
    struct taker t = {fn, ctx, 0};
    struct question hex;
    if (!q->text.n && !q->number)
        return 0;
    bool code = !q->only_event || q->space.n, told = code && codes(kb, q, &t);
    if (!t.n && code && as_hex(q, &hex))
        told = codes(kb, &hex, &t);
    events(kb, q, &t);
    if (!told && code && (!q->space.n || str_eq_ci(q->space, STR("win32"))))
        name_alone(kb, q, &t);
    if (!q->number)
        names(kb, q, &t);
    return t.n;
}

/* --- the nearest */
enum { NEAR_TEXT = 48, NEAR_MAX = 8 };
struct nearest {
    struct str want, name[NEAR_MAX];
    unsigned far[NEAR_MAX];
    size_t n, cap;
};

static char low(char c) { return c == '_' ? '-' : small_letter(c); }

static bool contains(struct str s, struct str part)
{
    for (size_t i = 0; part.n > 2 && i + part.n <= s.n; i++) {
        size_t k = 0;
        while (k < part.n && low(s.p[i + k]) == low(part.p[k]))
            k++;
        if (k == part.n)
            return true;
    }
    return false;
}

/* Letters to insert, drop, change or swap; more than limit: limit + 1. Both at most NEAR_TEXT long. */
static unsigned distance(struct str a, struct str b, unsigned limit)
{
    unsigned row[3][NEAR_TEXT + 1];
    if (a.n > b.n + limit || b.n > a.n + limit)
        return limit + 1;
    for (unsigned k = 0; k <= b.n; k++)
        row[0][k] = k;
    for (unsigned i = 1; i <= a.n; i++) {
        unsigned *now = row[i % 3], *one = row[(i + 2) % 3], *two = row[(i + 1) % 3], least = now[0] = i;
        for (unsigned k = 1; k <= b.n; k++) {
            bool same = low(a.p[i - 1]) == low(b.p[k - 1]);
            unsigned d = one[k - 1] + !same;
            d = one[k] + 1 < d ? one[k] + 1 : d;
            d = now[k - 1] + 1 < d ? now[k - 1] + 1 : d;
            if (i > 1 && k > 1 && low(a.p[i - 1]) == low(b.p[k - 2]) && low(a.p[i - 2]) == low(b.p[k - 1])
                && two[k - 2] + 1 < d)
                d = two[k - 2] + 1;
            now[k] = d;
            least = d < least ? d : least;
        }
        if (least > limit)
            return limit + 1;
    }
    return row[a.n % 3][b.n];
}

static void keep(struct nearest *x, struct str name, unsigned far)
{
    size_t at = x->n;
    while (at && (x->far[at - 1] > far || (x->far[at - 1] == far && str_cmp(name, x->name[at - 1]) < 0)))
        at--;
    for (size_t i = 0; i < x->n; i++)
        if (str_eq_ci(x->name[i], name))
            return;
    if (at >= x->cap)
        return;
    x->n += x->n < x->cap;
    for (size_t i = x->n - 1; i > at; i--)
        x->name[i] = x->name[i - 1], x->far[i] = x->far[i - 1];
    x->name[at] = name, x->far[at] = far;
}

static void consider(struct nearest *x, struct str name)
{
    unsigned limit = (unsigned)(x->want.n / 3 < 2 ? 2 : x->want.n / 3), far;
    struct str cut = {name.p, name.n < NEAR_TEXT ? name.n : NEAR_TEXT};
    if (contains(name, x->want))
        far = 0;
    else if ((far = distance(x->want, cut, limit)) > limit || far >= x->want.n)
        return;
    keep(x, name, far);
}

/* The events below and above an id, of the provider if one was named; else not far away. */
static void events_beside(const struct kb *kb, const struct question *q, struct nearest *x)
{
    enum { FAR = 10 };
    const struct kb_event *below = NULL, *above = NULL;
    size_t n;
    const struct kb_event *e = kb_events(kb, &n);
    for (size_t i = 0; i < n; i++) {
        if (!e[i].id
            || (q->provider.n ? !is_of(&e[i], q->provider)
                              : e[i].id + FAR < q->value || e[i].id > q->value + FAR))
            continue;
        if (e[i].id < q->value && (!below || e[i].id > below->id))
            below = &e[i];
        if (e[i].id > q->value && (!above || e[i].id < above->id))
            above = &e[i];
    }
    if (below)
        keep(x, below->name, 0);
    if (above)
        keep(x, above->name, 0);
}

/* Codes that are a digit away from what was typed, in one of their spellings. */
static void digits_beside(const struct kb *kb, const struct question *q, struct nearest *x)
{
    enum { HEX8, HEX, DECIMAL, NEGATIVE, SPELLINGS };
    size_t n;
    const struct kb_code *c = kb_codes(kb, &n);
    for (size_t i = 0; i < n && q->text.n <= 11; i++)
        for (unsigned k = 0; k < 2 * SPELLINGS; k++) {
            char text[16];
            uint32_t v = (uint32_t)c[i].value;
            v = k >= SPELLINGS && code_is_win32(&c[i]) ? 0x80070000u | v : v;
            int len = k % SPELLINGS == HEX8      ? snprintf(text, sizeof text, "0x%08X", v)
                      : k % SPELLINGS == HEX     ? snprintf(text, sizeof text, "0x%X", v)
                      : k % SPELLINGS == DECIMAL ? snprintf(text, sizeof text, "%u", v)
                                                 : snprintf(text, sizeof text, "%d", (int32_t)v);
            if (len > 6 && distance(q->text, (struct str){text, (size_t)len}, 1) <= 1)
                keep(x, c[i].symbol, 1);
        }
}

/* Of a number: the named codes below and above it. */
static size_t beside(const struct kb *kb, int64_t value, struct str *out, size_t cap)
{
    struct name_row row, below = {0}, above = {0};
    size_t n = 0;
    for (struct str at = kb_names(kb); names_next(&at, &row) && !above.name.p;)
        *(row.value < value ? &below : &above) = row;
    if (below.name.p && n < cap)
        out[n++] = below.name;
    if (above.name.p && n < cap)
        out[n++] = above.name;
    return n;
}

size_t readings_near(const struct kb *kb, const struct question *q, struct str *out, size_t cap)
{
    struct nearest x = {.cap = cap < NEAR_MAX ? cap : NEAR_MAX};
    struct name_row row;
    size_t n;
    if (q->number && (!q->provider.n || names_provider(kb, q->provider))) {
        if (q->value <= UINT16_MAX && !q->percent)
            events_beside(kb, q, &x);
        if (!q->provider.n && q->value > UINT16_MAX && win32_in(q) < 0)
            digits_beside(kb, q, &x);
        for (n = 0; n < x.n; n++)
            out[n] = x.name[n];
        return !q->only_event && win32_in(q) > 0 ? n + beside(kb, win32_in(q), out + n, cap - n) : n;
    }
    x.want = q->text;
    x.want.n = x.want.n < NEAR_TEXT ? x.want.n : NEAR_TEXT;
    const struct kb_event *e = kb_events(kb, &n);
    for (size_t i = 0; i < n; i++) {
        struct str rest = e[i].provider, last = rest;
        consider(&x, e[i].provider);
        while (rest.n)
            last = str_cut(&rest, '-');
        consider(&x, last);
        if (!q->provider.n)
            consider(&x, e[i].name);
    }
    const struct kb_code *c = kb_codes(kb, &n);
    for (size_t i = 0; i < n && !q->provider.n; i++)
        consider(&x, c[i].symbol);
    const struct kb_setting *s = kb_settings(kb, &n);
    for (size_t i = 0; i < n && !q->provider.n; i++)
        consider(&x, s[i].name);
    const struct kb_cause *k = kb_causes(kb, &n);
    for (size_t i = 0; i < n && !q->provider.n; i++)
        consider(&x, k[i].name);
    const struct kb_tool_field *f = kb_tool_fields(kb, &n);
    for (size_t i = 0; i < n && !q->provider.n; i++)
        consider(&x, f[i].name);
    for (struct str at = kb_names(kb); !q->provider.n && names_next(&at, &row);)
        consider(&x, row.name);
    for (size_t i = 0; i < x.n; i++)
        out[i] = x.name[i];
    return x.n;
}
