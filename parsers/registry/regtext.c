#include "parsers/registry/regtext.h"
#include "base/limits.h"
#include "base/lines.h"
#include "base/utf.h"
#include "parsers/registry/regpath.h"
#include "parsers/registry/regtree.h"
#include "parsers/registry/regwords.h"
#include <assert.h>
#include <stdio.h>

/* SHOWN: anomalies told one by one */
enum { ROOTS = 64, SETS = 1000, LINE_BYTES = 4 << 20, SHOWN = 200 };

/* path: as it stands in the file, kind first */
struct root {
    struct str kind, path;
    uint64_t keys, values, off;
};

struct text {
    struct span file;
    struct lines lines;
    struct line_cursor at;
    bool ansi, query; /* strings in hex are bytes of a code page (REGEDIT4); printed by `reg query` */
    struct buf raw, say, data; /* the logical line; name and string behind it; bytes of the value */
    uint64_t rescans;          /* bytes that may still be looked at twice */
    /* what the first pass found */
    bool counting, deletes, current; /* current: a CurrentControlSet is in the file */
    struct root *root;
    size_t n_root;
    uint8_t seen[SETS / 8]; /* control sets by number */
    int64_t select;
    struct str computer;
    char set[24]; /* the control set that facts show as the current one, or "" */
    /* the key in work */
    struct str path, kind, rest; /* rest: below the kind, as shown */
    uint32_t *wants;
    size_t n_wants, place; /* place: root of this key; ROOTS: none */
    struct reg_secrets secrets;
    /* what decode.h reads, by kind; made with the first key of that kind */
    struct regtree tree[3];
    struct reg_tree_key *node; /* of the key in work, or NULL */
    bool no_room;              /* a tree is not whole: said once */
    const struct want *want;
    struct arena *a, keep;        /* keep: the arena without what belongs to the key in work */
    uint64_t room, told, records; /* records: keys and values looked at */
    const char *limit;            /* which limit was reached first; NULL: none */
    fact_sink *sink;
    void *ctx;
    struct err *e;
    enum status st;
};

/* ---- emitting */

static void emit(struct text *t, const struct fact *f)
{
    if (t->st == OK)
        t->st = t->sink(t->ctx, f, t->e);
}

static void anomaly(struct text *t, const struct line *l, const char *code, const char *why)
{
    char detail[128];
    if (t->counting || ++t->told > SHOWN)
        return;
    snprintf(detail, sizeof detail, "line %u: %s", l->number, why);
    struct fact f = {.kind = FACT_ANOMALY, .ref = {.off = l->at}};
    f.v[AN_CODE] = val_s(str_of(code)), f.v[AN_WHAT] = val_s(STR("registry text")),
    f.v[AN_DETAIL] = val_s(str_of(detail));
    emit(t, &f);
}

static void reached(struct text *t, const struct line *l, const char *limit)
{
    if (t->counting)
        return;
    t->limit = t->limit ? t->limit : limit;
    anomaly(t, l, "limit", limit);
}

static bool spend(struct text *t, const struct line *l, uint64_t bytes)
{
    if (t->room && t->room <= bytes)
        t->room = 0, t->told = 0,
        reached(t, l, "values and paths outgrow the file many times: the rest is not emitted");
    else if (t->room)
        t->room -= bytes;
    return t->room != 0;
}

/* False when more keys and values than are wanted were looked at; then nothing more is emitted. */
static bool may_look_on(struct text *t, const struct line *l)
{
    if (!t->counting && t->want->records && ++t->records > t->want->records && t->room)
        t->room = 0, t->told = 0,
        reached(t, l, "more keys and values than are allowed: the rest is not read");
    return t->room != 0;
}

static unsigned depth_of(struct str path)
{
    unsigned n = path.n != 0;
    for (size_t i = 0; i < path.n; i++)
        n += path.p[i] == '\\';
    return n;
}

/* ---- lines */

/* Appends one line without its end; false at the end of the file. */
static bool take_line(struct text *t, struct line *l)
{
    bool there = line_take(&t->lines, &t->at, &t->raw, l);
    if (there && l->cut)
        anomaly(t, l, "limit", "longer than 4 MiB: the rest is not read");
    return there;
}

static struct str rest_of(const struct text *t, size_t from)
{
    return (struct str){t->raw.p + from, t->raw.n - from};
}

/* ---- keys */

static const struct {
    struct str name, as;
    bool user;
} hkeys[] = {
    {{"HKEY_LOCAL_MACHINE", 18}, {"", 0}, false},
    {{"HKLM", 4}, {"", 0}, false},
    {{"HKEY_CURRENT_USER", 17}, {"NTUSER", 6}, false},
    {{"HKCU", 4}, {"NTUSER", 6}, false},
    {{"HKEY_USERS", 10}, {"NTUSER", 6}, true},
    {{"HKU", 3}, {"NTUSER", 6}, true},
    {{"HKEY_CLASSES_ROOT", 17}, {"SOFTWARE\\Classes", 16}, false},
    {{"HKCR", 4}, {"SOFTWARE\\Classes", 16}, false},
    {{"HKEY_CURRENT_CONFIG", 19}, {"SYSTEM\\CurrentControlSet\\Hardware Profiles\\Current", 50}, false},
};
static const struct {
    struct str name;
    const char *kind;
} local[] = {
    {{"SYSTEM", 6}, "SYSTEM"},     {{"SOFTWARE", 8}, "SOFTWARE"},      {{"SAM", 3}, "SAM"},
    {{"SECURITY", 8}, "SECURITY"}, {{"COMPONENTS", 10}, "COMPONENTS"}, {{"DRIVERS", 7}, "DRIVERS"},
    {{"BCD00000000", 11}, "BCD"},  {{"HARDWARE", 8}, "HARDWARE"},
};

/* "HKEY_LOCAL_MACHINE\SYSTEM\Select" -> kind SYSTEM, rest "Select". False: no key of the registry, or one
 * above the hives (kind ""). */
static bool hive_path(struct text *t, struct str said, struct str *kind, struct str *rest)
{
    *kind = *rest = STR("");
    for (size_t i = 0; i < LEN(hkeys); i++) {
        struct str below;
        if (!reg_below(said, hkeys[i].name, &below))
            continue;
        if (hkeys[i].user) {
            struct str sid = str_cut(&below, '\\');
            *kind = !sid.n                              ? STR("")
                    : str_ends_ci(sid, STR("_Classes")) ? STR("USRCLASS")
                                                        : STR("NTUSER"),
            *rest = below;
            return kind->n > 0;
        }
        if (hkeys[i].as.n) {
            struct str as = hkeys[i].as, head = str_cut(&as, '\\');
            char *p = as.n && below.n ? arena_printf(t->a, "%.*s\\%.*s", STR_ARG(as), STR_ARG(below)) : NULL;
            *kind = head, *rest = p ? str_of(p) : as.n ? as : below;
            return true;
        }
        struct str name = str_cut(&below, '\\');
        *kind = name.n ? STR("UNKNOWN") : STR(""), *rest = below;
        for (size_t k = 0; k < LEN(local); k++)
            if (str_eq_ci(name, local[k].name))
                *kind = str_of(local[k].kind);
        return kind->n > 0;
    }
    return false;
}

static struct str first_part(struct str path) { return str_cut(&path, '\\'); }

static unsigned set_number(struct str name)
{
    return (unsigned)(name.p[10] - '0') * 100 + (unsigned)(name.p[11] - '0') * 10
           + (unsigned)(name.p[12] - '0');
}

/* The path as facts show it: the control set that stands for the current one under that name. */
static struct str shown(struct text *t, struct str kind, struct str rest)
{
    struct str below;
    bool mapped = t->set[0] && str_eq(kind, STR("SYSTEM")) && reg_below(rest, str_of(t->set), &below);
    char *p = mapped ? arena_printf(t->a, "CurrentControlSet%s%.*s", below.n ? "\\" : "", STR_ARG(below))
                     : NULL;
    return p ? str_of(p) : rest;
}

static struct str under(struct text *t, struct str kind, struct str rest)
{
    return str_of(arena_printf(t->a, "%.*s%s%.*s", STR_ARG(kind), rest.n ? "\\" : "", STR_ARG(rest)));
}

/* First pass: which key was exported, and which control sets there are. */
static void note_key(struct text *t, const struct line *l, struct str kind, struct str rest)
{
    struct str head = first_part(rest), below;
    if (str_eq(kind, STR("SYSTEM")) && reg_is_control_set(head))
        t->seen[set_number(head) / 8] |= (uint8_t)(1u << set_number(head) % 8);
    t->current |= str_eq(kind, STR("SYSTEM")) && str_eq_ci(head, STR("CurrentControlSet"));
    struct arena was = *t->a;
    struct str path = under(t, kind, t->query ? STR("") : rest);
    size_t i = t->n_root;
    while (i > 0 && path.p && !reg_below(path, t->root[i - 1].path, &below))
        i--;
    if (i == 0 && path.p && t->n_root < ROOTS) {
        t->root[t->n_root++] = (struct root){.kind = kind, .path = path, .off = l->at};
        i = t->n_root, t->keep = *t->a;
    } else {
        *t->a = was;
    }
    t->place = i ? i - 1 : ROOTS;
    if (i)
        t->root[i - 1].keys++;
}

static bool asks(const struct text *t, const struct want_key *w)
{
    struct str pattern = w->path, head = first_part(pattern), first = first_part(t->rest);
    if (!str_eq(w->hive, STR("*")) && !str_eq_ci(w->hive, t->kind))
        return false;
    if (str_eq(head, STR("<CCS>")) || (t->set[0] && utf8_eq_ci(head, str_of(t->set))))
        return utf8_eq_ci(first, STR("CurrentControlSet"))
               && reg_path_fits(str_skip(t->rest, t->rest.n > first.n ? first.n + 1 : first.n),
                                str_skip(pattern, pattern.n > head.n ? head.n + 1 : head.n));
    if (head.n && head.p[0] == '*' && str_eq(t->kind, STR("SYSTEM")) && reg_is_control_set(first))
        return false; /* other control sets count only by name */
    return reg_path_fits(t->rest, pattern);
}

static void emit_key(struct text *t, const struct line *l)
{
    struct fact f = {.kind = FACT_REG_KEY, .ref = {.off = l->at}};
    char origin[24];
    if (!spend(t, l, 64 + t->path.n))
        return;
    snprintf(origin, sizeof origin, "line %u", l->number);
    for (size_t i = 0; i < FACT_COLS; i++)
        f.v[i] = val_null();
    f.v[RK_PATH] = val_s(t->path), f.v[RK_ORIGIN] = val_s(str_of(origin)), f.v[RK_RECOVERED] = val_i(0);
    emit(t, &f);
}

static void note_wants(struct text *t)
{
    t->n_wants = 0;
    for (size_t i = 0; i < t->want->n_key && !t->want->all_keys; i++)
        if (asks(t, &t->want->key[i]))
            t->wants[t->n_wants++] = (uint32_t)i;
}

static const char *const tree_kinds[] = {"SECURITY", "SAM", "SOFTWARE"};

/* Each tree takes half of what the arena has left, from its end: pages nobody touches cost nothing. */
static struct regtree *tree_of(struct text *t, struct str kind)
{
    size_t i = 0;
    static_assert(LEN(tree_kinds) == LEN(t->tree), "one tree a kind");
    while (i < LEN(tree_kinds) && !str_eq(kind, str_of(tree_kinds[i])))
        i++;
    if (i == LEN(tree_kinds) || t->tree[i].bucket)
        return i < LEN(tree_kinds) ? &t->tree[i] : NULL;
    size_t half = (size_t)(t->a->end - t->a->at) / 2;
    struct arena own = {.at = t->a->end - half, .end = t->a->end};
    if (!regtree_make(&t->tree[i], own, 8 * (uint64_t)t->file.n + (1u << 20)))
        return NULL;
    t->a->end -= half, t->keep.end = t->a->end;
    return &t->tree[i];
}

static void tree_is_full(struct text *t, const struct line *l)
{
    if (!t->no_room)
        anomaly(t, l, "limit", "no room for more of what is decoded: structures from here on are not");
    t->no_room = true, t->node = NULL;
}

/* What comes now belongs to no key; what the last one took is given back. */
static void end_key(struct text *t)
{
    t->kind = t->rest = t->path = (struct str){0}, t->n_wants = 0, t->node = NULL;
    *t->a = t->keep;
}

static void begin_key(struct text *t, const struct line *l, struct str said)
{
    struct str kind, rest;
    end_key(t);
    while (said.n && said.p[said.n - 1] == '\\')
        said.n--;
    if (said.n > LIM_REGF_PATH) {
        reached(t, l, "path too long: the key is not read");
        return;
    }
    if (!hive_path(t, said, &kind, &rest)) {
        if (!str_starts_ci(said, STR("HK")))
            anomaly(t, l, "line", "not a key of the registry");
        return;
    }
    if (depth_of(rest) > (t->want->key_depth ? t->want->key_depth : LIM_REGF_DEPTH)) {
        reached(t, l, "keys nest deeper than is allowed: the key is not read");
        return;
    }
    if (!may_look_on(t, l))
        return;
    t->kind = kind;
    if (t->counting) {
        note_key(t, l, kind, rest);
        t->rest = arena_str(t->a, rest);
        return;
    }
    t->rest = arena_str(t->a, shown(t, kind, rest)), t->path = under(t, kind, t->rest),
    t->secrets = reg_secrets_of(kind);
    if (!t->rest.p || !t->path.p) {
        t->kind = (struct str){0};
        return;
    }
    note_wants(t);
    if (t->n_wants || t->want->all_keys)
        emit_key(t, l);
    struct regtree *tree = reg_decodes(kind, t->rest) && !t->no_room ? tree_of(t, kind) : NULL;
    if (tree && !(t->node = regtree_key(tree, t->rest, l->at)))
        tree_is_full(t, l);
}

/* ---- values */

struct value_line {
    struct str name, text;
    uint32_t type;
    bool has_text;
}; /* bytes in t->data */

static void put_wide(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n;) {
        uint32_t u = utf8_next(s, &i);
        if (u > 0xffff && u != UTF_BAD)
            buf_u16(b, (uint16_t)(0xd7c0 + (u >> 10))), u = 0xdc00 | (u & 0x3ff);
        buf_u16(b, u == UTF_BAD ? 0xfffd : (uint16_t)u);
    }
}

static int64_t number_of(uint32_t type, struct span data, bool *is)
{
    const uint8_t *p = data.p;
    *is = type == REG_QWORD ? data.n >= 8 : (type == REG_DWORD || type == REG_DWORD_BE) && data.n >= 4;
    if (!*is)
        return 0;
    if (type == REG_QWORD)
        return (int64_t)le64(p);
    return type == REG_DWORD
               ? (int64_t)le32(p)
               : (int64_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

/* All strings of a MULTI_SZ with '|' between them, as hives are shown; others to their first NUL. */
static struct str value_text(struct text *t, uint32_t type, struct span data)
{
    if (type != REG_SZ && type != REG_EXPAND_SZ && type != REG_LINK && type != REG_MULTI_SZ)
        return (struct str){0};
    size_t n = data.n & ~(size_t)1;
    while (type == REG_MULTI_SZ && n >= 2 && !(data.p[n - 2] | data.p[n - 1]))
        n -= 2;
    struct span s = span_of(data.p, n < LIM_REGF_VALUE ? n : LIM_REGF_VALUE, 0);
    if (type != REG_MULTI_SZ)
        return utf16_strz(t->a, s);
    struct str joined = utf16_str(t->a, s);
    char *p = (char *)(uintptr_t)joined.p; /* ours: just made in the arena */
    for (size_t i = 0; p && i < joined.n; i++)
        if (!p[i])
            p[i] = '|';
    return joined;
}

static bool value_wanted(const struct text *t, struct str name)
{
    bool yes = t->want->all_keys;
    for (size_t i = 0; i < t->n_wants && !yes; i++) {
        struct str v = t->want->key[t->wants[i]].value;
        yes = str_eq(v, STR("*")) || (v.n && utf8_eq_ci(v, name));
    }
    return yes;
}

static void note_value(struct text *t, struct str name, uint32_t type)
{
    static const struct str place = {"Control\\ComputerName\\ComputerName", 33};
    bool is, system = str_eq(t->kind, STR("SYSTEM"));
    struct span data = span_of(t->data.p, t->data.n, 0);
    int64_t n = number_of(type, data, &is);
    struct str rest = t->rest, head = str_cut(&rest, '\\');
    if (t->place < ROOTS)
        t->root[t->place].values++;
    if (system && is && n > 0 && n < SETS && str_eq_ci(t->rest, STR("Select"))
        && str_eq_ci(name, STR("Current")))
        t->select = n;
    if (system && type == REG_SZ && str_eq_ci(rest, place) && str_eq_ci(name, STR("ComputerName"))
        && (!t->computer.n || str_eq_ci(head, STR("CurrentControlSet"))))
        t->computer = value_text(t, type, data), t->keep = *t->a;
}

/* In the key in work. */
static void emit_value(struct text *t, const struct line *l, struct str name, uint32_t type, struct span data)
{
    struct fact f = {.kind = FACT_REG_VALUE, .ref = {.off = l->at}};
    char origin[24];
    bool is, hide = reg_is_secret(&t->secrets, t->rest, name);
    int64_t num = number_of(type, data, &is);
    size_t n = data.n < LIM_REGF_VALUE ? data.n : LIM_REGF_VALUE;
    snprintf(origin, sizeof origin, "line %u", l->number);
    for (size_t i = 0; i < FACT_COLS; i++)
        f.v[i] = val_null();
    f.v[RV_PATH] = val_s(t->path), f.v[RV_NAME] = val_s(name.p ? name : STR("")), f.v[RV_TYPE] = val_i(type);
    f.v[RV_NUM] = is && !hide ? val_i(num) : val_null();
    struct reg_words w = hide ? ((struct reg_words){0}) : reg_words(t->kind, t->rest, name, data, t->a);
    if (w.what && !w.text.p)
        anomaly(t, l, "decode", "a structure that is cut short or does not add up");
    f.v[RV_TEXT] = val_s(hide ? STR_NONE : w.what ? w.text : value_text(t, type, data));
    f.v[RV_DATA] = val_s(hide || !n ? STR_NONE : (struct str){(const char *)data.p, n});
    f.v[RV_SIZE] = val_i((int64_t)data.n), f.v[RV_ORIGIN] = val_s(str_of(origin)),
    f.v[RV_RECOVERED] = val_i(0);
    emit(t, &f);
}

/* What is decoded later is kept until then; not the two forms of a secret, of which only the size is told. */
static void keep_value(struct text *t, const struct line *l, struct str name, uint32_t type, struct span data,
                       bool told)
{
    struct reg_tree_value v = {.name = name.p ? name : STR(""),
                               .type = type,
                               .size = (uint32_t)data.n,
                               .line = l->number,
                               .off = l->at,
                               .told = told};
    if (data.n <= LIM_REGF_VALUE && !str_eq_ci(t->node->name, STR("CurrVal"))
        && !str_eq_ci(t->node->name, STR("OldVal")))
        v.data = data;
    if (!regtree_put(tree_of(t, t->kind), t->node, &v))
        tree_is_full(t, l);
}

static void add_value(struct text *t, const struct line *l, struct str name, uint32_t type)
{
    if (!t->kind.n)
        return;
    struct arena was = *t->a;
    if (t->counting) {
        note_value(t, name, type);
        return;
    }
    if (!may_look_on(t, l))
        return;
    struct span data = span_of(t->data.p, t->data.n, 0);
    bool told = value_wanted(t, name)
                && spend(t, l,
                         128 + t->path.n + name.n + 3 * (data.n < LIM_REGF_VALUE ? data.n : LIM_REGF_VALUE));
    if (told)
        emit_value(t, l, name, type, data);
    if (t->node)
        keep_value(t, l, name, type, data, told);
    *t->a = was;
}

static bool hex_number(struct str s, size_t most, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (hex_value(s.p[i]) > 15)
            return false;
        *out = *out << 4 | hex_value(s.p[i]);
    }
    return s.n > 0 && s.n <= most;
}

/* ---- .reg: "name"=value */

/* A quoted string from raw[at] (its opening quote) into say; strings may hold line ends. Returns the place
 * behind the closing quote, 0: there is none. */
static size_t quoted(struct text *t, size_t at, struct line *l)
{
    size_t from = at + 1;
    struct line_cursor was = t->at;
    size_t raw = t->raw.n;
    for (;;) {
        while (from < t->raw.n && t->raw.p[from] != '"') {
            from += t->raw.p[from] == '\\' && from + 1 < t->raw.n;
            buf_char(&t->say, t->raw.p[from++]);
        }
        if (from < t->raw.n)
            return from + 1;
        struct line more;
        size_t before = t->raw.n;
        if (!l->ended || !t->rescans || !take_line(t, &more) || t->raw.n - raw > LINE_BYTES
            || str_starts_ci(rest_of(t, before), STR("[HKEY_")))
            break;
        uint64_t cost = t->raw.n - before + 1;
        t->rescans = t->rescans > cost ? t->rescans - cost : 0;
        buf_z(&t->say, "\r\n");
        l->ended = more.ended;
    }
    t->at = was, t->raw.n = raw;
    return 0;
}

/* "hex(7):61,00,\" and what continues it, into data. */
static bool hex_bytes(struct text *t, size_t at, uint32_t *type, struct line *l)
{
    struct str s = rest_of(t, at);
    uint64_t kind = REG_BINARY;
    if (s.n && s.p[0] == '(') {
        struct str in = str_skip(s, 1), num = str_cut(&in, ')');
        if (!hex_number(num, 8, &kind) || num.n + 2 > s.n)
            return false;
        at += num.n + 2;
    }
    if (at >= t->raw.n || t->raw.p[at++] != ':')
        return false;
    *type = (uint32_t)kind;
    while (t->raw.n < LINE_BYTES) {
        struct str now = str_trim(rest_of(t, at));
        struct line more;
        if (!now.n || now.p[now.n - 1] != '\\' || !take_line(t, &more))
            break;
        l->ended = more.ended;
    }
    bool want = false;
    for (size_t i = at; i < t->raw.n;) {
        char c = t->raw.p[i];
        if (c == ' ' || c == '\t' || c == '\\' || (c == ',' && want)) {
            want &= c != ',', i++;
        } else {
            unsigned hi = hex_value(c), lo = i + 1 < t->raw.n ? hex_value(t->raw.p[i + 1]) : 16;
            if (want || hi > 15 || lo > 15)
                return false;
            buf_char(&t->data, (char)(hi << 4 | lo));
            i += 2, want = true;
        }
    }
    bool whole = (*type == REG_DWORD || *type == REG_DWORD_BE) ? t->data.n == 4
                                                               : *type == REG_QWORD && t->data.n == 8;
    /* a list that ends with a comma, or with the file, was cut */
    return (want || !t->data.n) && (l->ended || whole);
}

/* Strings that REGEDIT4 keeps as bytes of a code page become the UTF-16 a hive holds. */
static void widen(struct text *t, uint32_t type)
{
    if (!t->ansi || (type != REG_SZ && type != REG_EXPAND_SZ && type != REG_MULTI_SZ))
        return;
    size_t n = t->data.n;
    for (size_t i = 0; i < n; i++)
        buf_u16(&t->data, (uint8_t)t->data.p[i]);
    if (!t->data.bad)
        memmove(t->data.p, t->data.p + n, t->data.n - n), t->data.n -= n;
}

static bool reg_data(struct text *t, size_t at, struct line *l, uint32_t *type)
{
    uint64_t n;
    struct str s = rest_of(t, at);
    if (str_starts_ci(s, STR("dword:"))) {
        struct str digits = str_trim(str_skip(s, 6));
        if (!hex_number(digits, 8, &n) || (digits.n < 8 && !l->ended))
            return false;
        *type = REG_DWORD, buf_u32(&t->data, (uint32_t)n);
        return true;
    }
    if (str_starts_ci(s, STR("hex"))) {
        bool ok = hex_bytes(t, at + 3, type, l);
        return widen(t, *type), ok;
    }
    if (!s.n || s.p[0] != '"')
        return false;
    size_t from = t->say.n, end = quoted(t, at, l);
    struct str tail = end ? str_trim(rest_of(t, end)) : s;
    if (!end || (tail.n && tail.p[0] != ';'))
        return false;
    put_wide(&t->data, (struct str){t->say.p + from, t->say.n - from}), buf_u16(&t->data, 0);
    *type = REG_SZ;
    return true;
}

static void reg_value_line(struct text *t, struct line *l)
{
    uint32_t type = 0;
    size_t at = 0, name = 0;
    while (at < t->raw.n && (t->raw.p[at] == ' ' || t->raw.p[at] == '\t'))
        at++;
    at = t->raw.p[at] == '@' ? at + 1 : quoted(t, at, l);
    name = t->say.n;
    while (at && at < t->raw.n && t->raw.p[at] == ' ')
        at++;
    if (!at || at >= t->raw.n || t->raw.p[at++] != '=') {
        anomaly(t, l, "line", "no value");
        return;
    }
    while (at < t->raw.n && t->raw.p[at] == ' ')
        at++;
    if (str_eq(str_trim(rest_of(t, at)), STR("-")))
        t->deletes = true;
    else if (reg_data(t, at, l, &type) && !t->data.bad && !t->say.bad)
        add_value(t, l, (struct str){t->say.p, name}, type);
    else
        anomaly(t, l, "value", "cut short or of an unknown form: not taken for a fact");
}

static void reg_line(struct text *t, struct line *l)
{
    struct str s = str_trim(rest_of(t, 0));
    if (!s.n || s.p[0] == ';')
        return;
    if (s.p[0] == '[' && s.n > 1 && s.p[s.n - 1] == ']') {
        if (s.p[1] == '-')
            t->deletes = true;
        begin_key(t, l, (struct str){s.p + 1, s.n - 2});
    } else if (s.p[0] == '[') {
        end_key(t);
        anomaly(t, l, "line", "the name of a key does not end");
    } else if (s.p[0] == '"' || s.p[0] == '@') {
        reg_value_line(t, l);
    } else if (l->number > 1) {
        if (t->raw.p[0] != ' ' && (s.p[s.n - 1] == ']' || !str_contains(s, STR("="))))
            end_key(t); /* perhaps a key, damaged: what follows would be its */
        anomaly(t, l, "line", "neither key nor value");
    }
}

/* ---- reg query: "    name    REG_DWORD    0x1" */

/* longer names before those they begin with */
static const struct {
    struct str name;
    uint32_t type;
} types[] = {
    {{"REG_NONE", 8}, REG_NONE},
    {{"REG_SZ", 6}, REG_SZ},
    {{"REG_EXPAND_SZ", 13}, REG_EXPAND_SZ},
    {{"REG_BINARY", 10}, REG_BINARY},
    {{"REG_DWORD_BIG_ENDIAN", 20}, REG_DWORD_BE},
    {{"REG_DWORD_LITTLE_ENDIAN", 23}, REG_DWORD},
    {{"REG_DWORD", 9}, REG_DWORD},
    {{"REG_LINK", 8}, REG_LINK},
    {{"REG_MULTI_SZ", 12}, REG_MULTI_SZ},
    {{"REG_RESOURCE_LIST", 17}, 8},
    {{"REG_FULL_RESOURCE_DESCRIPTOR", 28}, 9},
    {{"REG_RESOURCE_REQUIREMENTS_LIST", 30}, 10},
    {{"REG_QWORD_LITTLE_ENDIAN", 23}, REG_QWORD},
    {{"REG_QWORD", 9}, REG_QWORD},
};
/* How Windows in its languages calls the value without a name. */
static const char *const unnamed[] = {"(Default)",        "(Standard)",    "(par d\303\251faut)",
                                      "(Predeterminado)", "(Predefinito)", "(Padr\303\243o)",
                                      "(Standaard)",      "<NO NAME>"};

/* Four blanks or a tab at p: their number, else 0. */
static size_t gap(struct str s)
{
    return s.n && s.p[0] == '\t' ? 1 : s.n >= 4 && memcmp(s.p, "    ", 4) == 0 ? 4 : 0;
}

/* Splits behind the name at the first gap that a type follows. */
static bool split(struct str s, struct str *name, uint32_t *type, struct str *data)
{
    for (size_t i = 0; i < s.n; i++) {
        size_t g = gap(str_skip(s, i));
        struct str at = str_skip(s, i + g);
        for (size_t k = 0; g && k < LEN(types); k++) {
            struct str behind = str_skip(at, types[k].name.n < at.n ? types[k].name.n : at.n);
            if (!str_starts_ci(at, types[k].name) || (behind.n && !gap(behind)))
                continue;
            *name = (struct str){s.p, i}, *type = types[k].type, *data = str_skip(behind, gap(behind));
            return true;
        }
    }
    return false;
}

/* "a\0b" */
static void put_multi(struct buf *b, struct str s)
{
    for (size_t from = 0, i = 0; i <= s.n; i++) {
        bool sep = i + 1 < s.n && s.p[i] == '\\' && s.p[i + 1] == '0';
        if (!sep && i < s.n)
            continue;
        put_wide(b, (struct str){s.p + from, i - from}), buf_u16(b, 0);
        from = i + 2, i += sep;
    }
    buf_u16(b, 0);
}

static bool query_data(struct text *t, uint32_t type, struct str s)
{
    uint64_t n;
    switch (type) {
    case REG_SZ:
    case REG_EXPAND_SZ:
    case REG_LINK: put_wide(&t->data, s), buf_u16(&t->data, 0); return true;
    case REG_MULTI_SZ: put_multi(&t->data, s); return true;
    case REG_DWORD:
    case REG_DWORD_BE:
    case REG_QWORD:
        s = str_trim(s);
        if (!str_starts_ci(s, STR("0x")) || !hex_number(str_skip(s, 2), type == REG_QWORD ? 16 : 8, &n))
            return false;
        for (int i = 0, bytes = type == REG_QWORD ? 8 : 4; i < bytes; i++)
            buf_char(&t->data, (char)(n >> (type == REG_DWORD_BE ? 24 - 8 * i : 8 * i)));
        return true;
    default:
        s = str_trim(s);
        for (size_t i = 0; i + 1 < s.n; i += 2) {
            if (hex_value(s.p[i]) > 15 || hex_value(s.p[i + 1]) > 15)
                return false;
            buf_char(&t->data, (char)(hex_value(s.p[i]) << 4 | hex_value(s.p[i + 1])));
        }
        return s.n % 2 == 0;
    }
}

static void query_line(struct text *t, struct line *l)
{
    struct str s = rest_of(t, 0), name, data;
    uint32_t type;
    size_t indent = gap(s);
    if (str_is_blank(s) || str_starts_ci(s, STR("! REG.EXE")))
        return;
    if (!indent && str_starts_ci(s, STR("HKEY_"))) {
        if (l->ended)
            begin_key(t, l, s);
        else
            end_key(t), anomaly(t, l, "line", "the file ends inside this line");
    } else if (!indent) {
        if (!str_contains(s, STR("REG_")))
            end_key(t); /* perhaps a key, damaged: what follows would be its */
        anomaly(t, l, "line", "neither key nor value");
    } else if (!split(str_skip(s, indent), &name, &type, &data)) {
        anomaly(t, l, "line", "no value");
    } else {
        bool none = false;
        for (size_t i = 0; i < LEN(unnamed); i++)
            none |= utf8_eq_ci(name, str_of(unnamed[i]));
        if (none && type == REG_SZ && data.n && data.p[0] == '(' && data.p[data.n - 1] == ')')
            return; /* "(value not set)" in any language */
        if (l->ended && query_data(t, type, data) && !t->data.bad)
            add_value(t, l, none ? STR("") : name, type);
        else
            anomaly(t, l, "value", "cut short or of an unknown form: not taken for a fact");
    }
}

/* ---- all together */

static void rewind_text(struct text *t)
{
    t->lines = lines_of(t->file, 0, LINE_BYTES, &t->at);
    t->kind = (struct str){0}, t->rescans = 4 * (uint64_t)t->file.n + (1u << 20);
}

static bool short_of_memory(const struct text *t) { return t->raw.bad || t->say.bad || t->data.bad; }

static void pass(struct text *t, bool counting)
{
    struct line l;
    rewind_text(t);
    t->counting = counting, t->keep = *t->a;
    while (t->st == OK && !short_of_memory(t)) {
        t->raw.n = t->say.n = t->data.n = 0;
        if (!take_line(t, &l))
            break;
        (t->query ? query_line : reg_line)(t, &l);
        if (!counting && !t->room)
            break;
    }
    if (short_of_memory(t) && t->st == OK)
        t->st = err_set(t->e, E_NOMEM, t->at.at, "registry text", "out of memory");
}

/* CurrentControlSet itself, else the set that Select names, else the first one, with a word about it. */
static const char *choose_set(struct text *t)
{
    unsigned first = 0;
    for (unsigned i = SETS; i-- > 0;)
        first = t->seen[i / 8] >> i % 8 & 1 ? i : first;
    bool named = t->select && t->seen[t->select / 8] >> t->select % 8 & 1;
    if (t->current || !first)
        return NULL;
    snprintf(t->set, sizeof t->set, "ControlSet%03u", named ? (unsigned)t->select % SETS : first);
    return named ? NULL
                 : "no CurrentControlSet and no Select\\Current: the first control set is taken for it";
}

static void emit_hives(struct text *t)
{
    for (size_t i = 0; i < t->n_root; i++) {
        const struct root *r = &t->root[i];
        struct str rest;
        struct fact f = {.kind = FACT_HIVE, .ref = {.off = r->off}};
        struct arena was = *t->a;
        for (size_t k = 0; k < FACT_COLS; k++)
            f.v[k] = val_null();
        reg_below(r->path, r->kind, &rest);
        f.v[HV_KIND] = val_s(r->kind);
        f.v[HV_ROOT] = t->query ? val_s(STR("")) : val_s(under(t, r->kind, shown(t, r->kind, rest)));
        f.v[HV_COMPUTER] = val_s(t->computer.n ? t->computer : (struct str){0});
        f.v[HV_DIRTY] = val_i(0), f.v[HV_REPLAY] = val_s(STR("text export")),
        f.v[HV_KEYS] = val_i((int64_t)r->keys), f.v[HV_VALUES] = val_i((int64_t)r->values);
        f.v[HV_CONTROL_SET] = str_eq(r->kind, STR("SYSTEM")) && t->set[0] ? val_i(set_number(str_of(t->set)))
                                                                          : val_null();
        emit(t, &f);
        *t->a = was;
    }
}

/* ---- structures, from the trees: see decode.h */

struct source {
    struct text *t;
    struct regtree *tree;
    struct str kind;
};

static void show_key(const struct reg_tree_key *k, struct reg_node *out)
{
    *out = (struct reg_node){.key = {.off = k->off, .name = k->name}, .at = k};
}

static bool source_find(void *ctx, const struct reg_node *from, struct str path, struct reg_node *out)
{
    struct source *s = ctx;
    const struct reg_tree_key *k = regtree_find(s->tree, from ? from->at : &s->tree->top, path);
    if (k)
        show_key(k, out);
    return k;
}

static bool show_value(const struct reg_tree_value *v, struct regf_value *out)
{
    if (v)
        *out = (struct regf_value){
            .off = v->off, .name = v->name, .type = v->type, .size = v->size, .data = v->data};
    return v;
}

static bool source_get(void *ctx, const struct reg_node *k, struct str value, struct regf_value *out)
{
    return show_value(regtree_get(((struct source *)ctx)->tree, k->at, value), out);
}

static bool source_subkey(void *ctx, const struct reg_node *k, struct reg_iter *it, struct reg_node *out)
{
    const struct reg_tree_key *next = it->i++ ? ((const struct reg_tree_key *)it->at)->next
                                              : ((const struct reg_tree_key *)k->at)->child;
    (void)ctx;
    if (next)
        it->at = next, show_key(next, out);
    return next;
}

static bool source_value(void *ctx, const struct reg_node *k, struct reg_iter *it, struct regf_value *out)
{
    const struct reg_tree_value *next = it->i++ ? ((const struct reg_tree_value *)it->at)->next
                                                : ((const struct reg_tree_key *)k->at)->value;
    (void)ctx;
    it->at = next;
    return show_value(next, out);
}

static bool source_once(void *ctx, const struct reg_node *k)
{
    struct reg_tree_key *own = (struct reg_tree_key *)(uintptr_t)k->at;
    bool first = !own->met;
    (void)ctx;
    own->met = true;
    return first;
}

static bool source_going(void *ctx) { return ((struct source *)ctx)->t->st == OK; }

static void source_emit(void *ctx, struct fact *f, uint64_t off)
{
    f->ref = (struct ref){.off = off};
    emit(((struct source *)ctx)->t, f);
}

static void source_anomaly(void *ctx, uint64_t off, const char *what, const char *detail)
{
    struct text *t = ((struct source *)ctx)->t;
    struct fact f = {.kind = FACT_ANOMALY, .ref = {.off = off}};
    f.v[AN_CODE] = val_s(STR("decode")), f.v[AN_WHAT] = val_s(str_of(what)),
    f.v[AN_DETAIL] = val_s(str_of(detail));
    if (++t->told <= SHOWN)
        emit(t, &f);
}

/* The value a decoded fact rests on, so that its line is known; once. */
static void source_cite(void *ctx, struct str path, const struct reg_node *k, const struct regf_value *v)
{
    struct source *s = ctx;
    struct text *t = s->t;
    struct reg_tree_value *own = regtree_get(s->tree, k->at, v->name);
    struct line l = {.at = v->off, .number = own ? own->line : 0};
    if (!own || own->told || !spend(t, &l, 128 + path.n + v->name.n + 3 * v->data.n))
        return;
    t->kind = s->kind, t->rest = path, t->path = under(t, s->kind, path),
    t->secrets = reg_secrets_of(s->kind), own->told = true;
    emit_value(t, &l, own->name, own->type, own->data);
}

static void decode(struct text *t)
{
    t->told = 0;
    for (size_t i = 0; i < LEN(tree_kinds); i++) {
        struct source ctx = {t, &t->tree[i], str_of(tree_kinds[i])};
        struct reg_source s = {&ctx,          t->a,           source_find, source_get,
                               source_subkey, source_value,   source_once, source_going,
                               source_emit,   source_anomaly, source_cite};
        struct arena was = *t->a;
        if (t->tree[i].bucket && t->st == OK)
            reg_decode(&s, ctx.kind);
        if (t->tree[i].bucket && !t->tree[i].steps)
            anomaly(t, &(struct line){.at = t->at.at, .number = t->at.line}, "limit",
                    "keys and values of one name beyond measure: structures may be missing");
        *t->a = was;
    }
}

static void read_lines(struct text *t)
{
    struct line top = {.number = 1, .ended = true};
    pass(t, true);
    t->counting = false;
    if (t->deletes) {
        anomaly(t, &top, "import",
                "deletes keys or values: a file to import, which shows no host's state; nothing is taken "
                "from it");
        return;
    }
    const char *note = choose_set(t);
    emit_hives(t);
    if (note)
        anomaly(t, &top, "select", note);
    pass(t, false);
    struct line end = {.at = t->at.at, .number = t->at.line, .ended = true};
    uint64_t told = t->told;
    t->told = 0;
    if (told > SHOWN)
        anomaly(t, &end, "limit", "more lines like those listed were not understood");
    decode(t);
}

bool regtext_is_query(struct span head)
{
    bool wide = head.n >= 2 && head.p[0] == 0xff && head.p[1] == 0xfe;
    size_t unit = wide ? 2 : 1, n = 0;
    char text[24];
    for (size_t i = wide                                                    ? 2
                    : head.n >= 3 && memcmp(head.p, "\xef\xbb\xbf", 3) == 0 ? 3
                                                                            : 0;
         i + unit <= head.n && n < sizeof text; i += unit) {
        char c = wide && head.p[i + 1] ? '?' : (char)head.p[i];
        if (n || (c != ' ' && c != '\r' && c != '\n' && c != '\t'))
            text[n++] = c;
    }
    struct str s = {text, n};
    for (size_t i = 0; i < LEN(hkeys); i++)
        if (str_starts_ci(s, STR("HKEY_")) && str_starts_ci(s, hkeys[i].name) && n > hkeys[i].name.n
            && strchr("\\\r\n", s.p[hkeys[i].name.n]))
            return true;
    return str_starts_ci(s, STR("! REG.EXE VERSION "));
}

enum status regtext_read(struct span file, const struct want *want, struct arena *a, fact_sink *sink,
                         void *ctx, struct err *e)
{
    struct text t = {.file = file,
                     .want = want,
                     .a = a,
                     .sink = sink,
                     .ctx = ctx,
                     .e = e,
                     .place = ROOTS,
                     .room = LIM_REGF_ROOM * (uint64_t)file.n + (16u << 20)};
    struct line first;
    t.root = arena_alloc(a, sizeof *t.root, ROOTS),
    t.wants = arena_alloc(a, sizeof *t.wants, want->n_key + 1);
    if (!t.root || !t.wants)
        return err_set(e, E_LIMIT, 0, "registry text", "%zu wanted keys do not fit", want->n_key);
    t.query = regtext_is_query(file);
    /* so that also an empty one is somewhere */
    if (buf_grow(&t.raw, 256) && buf_grow(&t.say, 256) && buf_grow(&t.data, 256)) {
        rewind_text(&t);
        t.counting = true;
        t.ansi = take_line(&t, &first) && str_starts_ci(rest_of(&t, 0), STR("REGEDIT4"));
        read_lines(&t);
    } else {
        t.st = err_set(e, E_NOMEM, ERR_NO_OFF, "registry text", "out of memory");
    }
    if (t.st == OK && t.limit)
        t.st = err_set(e, E_LIMIT, ERR_NO_OFF, "registry text", "%s", t.limit);
    buf_free(&t.raw), buf_free(&t.say), buf_free(&t.data);
    return t.st;
}
