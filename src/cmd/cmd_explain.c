/* explain: what an error code means, whatever its shape: Win32, HRESULT, NTSTATUS, SSPI, Kerberos, task
 * status, %%n, or a symbol. */
#include "base/buf.h"
#include "cmd/cmd.h"
#include "kb/kb.h"

/* What a user typed: a number, or a name. percent: written as %%n, which only message tables use. */
struct question {
    struct str text;
    bool number, percent;
    uint32_t value;
};

static bool to_u32(int64_t i, uint32_t *out)
{
    if (i < INT32_MIN || i > UINT32_MAX)
        return false;
    return *out = (uint32_t)(uint64_t)i, true;
}

static struct question ask(const char *text)
{
    struct question q = {.text = str_trim(str_of(text))};
    struct str s = q.text;
    int64_t i;
    q.percent = str_starts_ci(s, STR("%%"));
    if (q.percent)
        s.p += 2, s.n -= 2;
    q.number = str_i64(s, &i) && to_u32(i, &q.value);
    return q;
}

/* Eight hexadecimal digits without 0x: "80070520", "c000005f". */
static bool as_bare_hex(const struct question *q, struct question *out)
{
    char text[11] = "0x";
    int64_t i;
    if (q->text.n != 8)
        return false;
    memcpy(text + 2, q->text.p, 8);
    *out = *q;
    return out->number = str_i64(str_of(text), &i) && to_u32(i, &out->value);
}

static bool is_space(const struct kb_code *c, const char *space) { return str_eq(c->space, str_of(space)); }
static bool is_win32(const struct kb_code *c) { return is_space(c, "win32") || is_space(c, "nerr"); }

static bool answers(const struct kb_code *c, const struct question *q)
{
    if (!q->number)
        return str_eq_ci(c->symbol, q->text);
    if (q->percent && !is_win32(c) && !is_space(c, "message"))
        return q->value > 0xffff && c->value == q->value;
    if (q->value >> 16 == 0x8007) /* FACILITY_WIN32 */
        return is_win32(c) && c->value == (q->value & 0xffff);
    if (q->value >> 28 == 0xd && is_space(c, "ntstatus")) /* HRESULT_FROM_NT */
        return c->value == (q->value & ~0x10000000u);
    return c->value == q->value;
}

/* --- causes that concern a Win32 code: rules say so by their tags, "code.1312" */
static bool concerns(const struct rule *r, int64_t win32)
{
    char tag[32];
    int n = snprintf(tag, sizeof tag, "code.%lld", (long long)win32);
    for (size_t i = 0; i < r->n_tag; i++)
        if (str_eq(r->tag[i], (struct str){tag, (size_t)n}))
            return true;
    return false;
}

static void put_causes(struct buf *b, const struct kb *kb, const struct kb_code *c, bool json)
{
    size_t n, out = 0;
    const struct rule *r = kb_rules(kb, &n);
    bool known = is_win32(c) || c->maps;
    int64_t win32 = is_win32(c) ? c->value : c->win32;
    for (size_t i = 0; i < n && known; i++)
        if (concerns(&r[i], win32) && (!i || !str_eq(r[i].cause, r[i - 1].cause) || !out)) {
            buf_z(b, out++ ? (json ? "," : ", ") : json ? ",\"causes\":[" : "  causes     ");
            if (json)
                buf_json(b, r[i].cause);
            else
                buf_term(b, r[i].cause);
        }
    buf_z(b, json ? (out ? "]" : ",\"causes\":[]") : out ? "\n" : "");
}

/* --- shapes */
static const struct {
    const char *space, *title;
} spaces[] = {{"win32", "Win32 error"},         {"nerr", "network error (NERR)"},
              {"ntstatus", "NTSTATUS"},         {"sspi", "SSPI status"},
              {"kerberos", "Kerberos error"},   {"task", "Task Scheduler status"},
              {"message", "message-table text"}};

static const char *title_of(const struct kb_code *c)
{
    for (size_t i = 0; i < LEN(spaces); i++)
        if (is_space(c, spaces[i].space))
            return spaces[i].title;
    return "code";
}

static void put_word(struct buf *b, uint32_t v)
{
    buf_printf(b, "0x%08X = %u = %d", (unsigned)v, (unsigned)v, (int)(int32_t)v);
}

static void put_shapes(struct buf *b, const struct kb_code *c)
{
    uint32_t v = (uint32_t)c->value;
    if (is_win32(c)) {
        buf_printf(b, "  as number  %u = 0x%X, in messages %%%%%u\n  as HRESULT ", (unsigned)v, (unsigned)v,
                   (unsigned)v);
        put_word(b, 0x80070000u | (v & 0xffff)), buf_char(b, '\n');
    } else if (v > 0xffff) {
        buf_z(b, "  as number  "), put_word(b, v), buf_char(b, '\n');
        if (is_space(c, "ntstatus"))
            buf_z(b, "  as HRESULT "), put_word(b, v | 0x10000000u), buf_char(b, '\n');
    } else {
        buf_printf(b, "  as number  %u = 0x%X\n", (unsigned)v, (unsigned)v);
    }
}

/* The same failure in other spaces: statuses that become this Win32 code, or the Win32 code this one becomes.
 */
static bool is_sibling(const struct kb_code *c, const struct kb_code *of)
{
    int64_t win32 = is_win32(of) ? of->value : of->win32;
    return c != of && (is_win32(of) || of->maps)
           && ((is_win32(c) && c->value == win32) || (c->maps && !is_win32(c) && c->win32 == win32));
}

static void put_text(struct buf *b, const struct kb *kb, const struct kb_code *c)
{
    size_t n;
    const struct kb_code *all = kb_codes(kb, &n);
    buf_term(b, c->symbol), buf_printf(b, "  (%s)\n  ", title_of(c)), buf_term(b, c->meaning),
        buf_char(b, '\n');
    put_shapes(b, c);
    for (size_t i = 0; i < n; i++)
        if (is_sibling(&all[i], c)) {
            buf_z(b, "  same as    "), buf_term(b, all[i].symbol), buf_printf(b, "  %s ", title_of(&all[i]));
            if (is_win32(&all[i]))
                buf_printf(b, "%lld, HRESULT ", (long long)all[i].value),
                    put_word(b, 0x80070000u | (uint32_t)all[i].value);
            else
                put_word(b, (uint32_t)all[i].value);
            buf_char(b, '\n');
        }
    put_causes(b, kb, c, false);
    buf_z(b, "  source     "), buf_term(b, c->source), buf_z(b, "\n\n");
}

static void put_json(struct buf *b, const struct kb *kb, const struct kb_code *c)
{
    size_t n, out = 0;
    const struct kb_code *all = kb_codes(kb, &n);
    uint32_t v = (uint32_t)c->value;
    buf_z(b, "{\"space\":"), buf_json(b, c->space), buf_z(b, ",\"symbol\":"), buf_json(b, c->symbol),
        buf_z(b, ",\"meaning\":"), buf_json(b, c->meaning);
    buf_printf(b, ",\"value\":%u,\"hex\":\"0x%X\",\"signed\":%d", (unsigned)v, (unsigned)v, (int)(int32_t)v);
    if (is_win32(c) || c->maps) {
        uint32_t w = (uint32_t)(is_win32(c) ? c->value : c->win32), h = 0x80070000u | (w & 0xffff);
        buf_printf(b, ",\"win32\":%u,\"hresult\":{\"hex\":\"0x%08X\",\"unsigned\":%u,\"signed\":%d}",
                   (unsigned)w, (unsigned)h, (unsigned)h, (int)(int32_t)h);
    }
    buf_z(b, ",\"siblings\":[");
    for (size_t i = 0; i < n; i++)
        if (is_sibling(&all[i], c)) {
            buf_z(b, out++ ? "," : ""), buf_z(b, "{\"space\":"), buf_json(b, all[i].space),
                buf_z(b, ",\"symbol\":"), buf_json(b, all[i].symbol);
            buf_printf(b, ",\"value\":%lld,\"hex\":\"0x%X\",\"signed\":%d}", (long long)all[i].value,
                       (unsigned)all[i].value, (int)(int32_t)(uint32_t)all[i].value);
        }
    buf_char(b, ']'), put_causes(b, kb, c, true);
    buf_z(b, ",\"source\":"), buf_json(b, c->source), buf_char(b, '}');
}

/* --- */
static size_t explain(struct buf *b, const struct kb *kb, const struct question *q, bool json)
{
    size_t n, found = 0;
    const struct kb_code *c = kb_codes(kb, &n);
    for (size_t i = 0; i < n; i++)
        if (answers(&c[i], q)) {
            buf_z(b, json ? (found ? ",\n  " : "\n  ") : "");
            (json ? put_json : put_text)(b, kb, &c[i]);
            found++;
        }
    return found;
}

static bool contains_ci(struct str s, struct str part)
{
    for (size_t i = 0; part.n && i + part.n <= s.n; i++)
        if (str_eq_ci((struct str){s.p + i, part.n}, part))
            return true;
    return false;
}

static int unknown(const struct kb *kb, const struct question *q)
{
    struct buf b = {0};
    size_t n, near = 0;
    const struct kb_code *c = kb_codes(kb, &n);
    if (q->number && q->value >> 16 == 0x8007)
        buf_printf(&b,
                   "is Win32 error %u in an HRESULT, for which the knowledge has no text; 'net helpmsg %u' "
                   "on a Windows host has",
                   q->value & 0xffff, q->value & 0xffff);
    else if (q->number && q->value >> 30 == 3)
        buf_printf(&b, "looks like an NTSTATUS (0x%08X), which the knowledge does not have",
                   (unsigned)q->value);
    else if (q->number)
        buf_printf(&b, "is %u = 0x%X, which the knowledge does not have", (unsigned)q->value,
                   (unsigned)q->value);
    else
        buf_z(&b, "is neither a number of 32 bits nor a known symbol");
    for (size_t i = 0; i < n && !q->number && near < 5; i++)
        if (contains_ci(c[i].symbol, q->text))
            buf_z(&b, near++ ? ", " : "; did you mean "), buf_str(&b, c[i].symbol);
    int code = complain_text(EXIT_USAGE, "explain: '%.*s' %.*s", (int)(q->text.n < 60 ? q->text.n : 60),
                             q->text.p, (int)b.n, b.p ? b.p : "");
    buf_free(&b);
    return code;
}

static int run_explain(int argc, char **argv)
{
    const char *knowledge = NULL;
    bool json = false;
    const struct opt opts[] = {
        {"knowledge", 0, OPT_TEXT, &knowledge, "DIR",
         "files of DIR replace the built-in ones of the same name or add to them", NULL},
        {"json", 0, OPT_FLAG, &json, NULL, "print JSON", NULL},
        {0},
    };
    const struct command *c = &cmd_explain;
    int code;
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    if (argc < 2) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    struct kb *kb = NULL;
    struct err e = {0};
    struct buf b = {0};
    if (kb_load(knowledge, &kb, &e) != OK)
        return complain(&e, EXIT_USAGE);
    code = EXIT_DONE;
    for (int i = 1; i < argc; i++) {
        struct question q = ask(argv[i]), hex;
        if (json)
            buf_z(&b, i > 1 ? ",\n" : "["), buf_z(&b, "{\"query\":"), buf_json(&b, q.text),
                buf_z(&b, ",\"matches\":[");
        if (!explain(&b, kb, &q, json) && !(as_bare_hex(&q, &hex) && explain(&b, kb, &hex, json)))
            code = unknown(kb, &q);
        buf_z(&b, json ? "]}" : "");
    }
    buf_z(&b, json ? "]\n" : "");
    out_put(&b);
    kb_free(kb);
    return code;
}

const struct command cmd_explain = {
    .name = "explain", .summary = "what does this code mean", .usage = "CODE…", .run = run_explain};
