/* hive: which keys and values of a hive are wanted, and facts of them: patterns are walked down together,
 * each key once, by name where that is enough. Owns what it holds until the walk ends. It refuses to go
 * deeper than LIM_REGF_DEPTH or on after the sink's refusal; damage is an anomaly. */
#include "base/grow.h"
#include "base/limits.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "parsers/registry/decode.h"
#include "parsers/registry/lsa.h"
#include "parsers/registry/regpath.h"
#include "parsers/registry/regwords.h"
#include <stdio.h>
#include <stdlib.h>

/* deep: a last "**" */
struct pattern {
    struct str part[LIM_REGF_PARTS];
    uint8_t n;
    bool deep;
    struct str value;
};
/* parts matched so far */
struct state {
    uint32_t pattern;
    uint8_t at;
};
/* an anomaly; code and what are static */
struct held {
    struct ref ref;
    struct str code, what;
    char detail[128];
};
/* A key on the walk: its path as facts show it, and as it stands in the hive (for the unreplayed one). */
struct place {
    struct regf_key key;
    struct str path, raw;
};

struct hive {
    struct regf *r;
    struct image img;
    struct replay replay;
    struct regf_key top;
    bool has_top;
    /* "SYSTEM"; path of the top key below the kind: "", "CurrentControlSet\Services" */
    const char *kind, *root;
    uint32_t control_set; /* 0: none */
    char set_name[20];    /* "ControlSet001" */
    const struct want *want;
    struct arena *a;
    struct held *held; /* anomalies found before the HIVE fact */
    size_t n_held, cap_held;
    bool counted, opened; /* the pass over everything is done; the HIVE fact is out */
    struct pattern *pattern;
    size_t n_pattern;
    const char *set_note;       /* why it is not the one Select names */
    struct reg_secrets secrets; /* of this kind */
    struct image before_img;
    struct regf *before; /* the hive without its logs, where logs changed it */
    /* bytes of text and data that may still be emitted: honest hives need a few times their size */
    uint64_t room;
    uint64_t records;  /* keys and values looked at */
    const char *limit; /* which limit was reached first; NULL: none */
    fact_sink *sink;
    void *ctx;
    struct err *e;
    enum status st;
};

/* ---- emitting */

static void emit(struct hive *h, const struct fact *f)
{
    if (h->st == OK)
        h->st = h->sink(h->ctx, f, h->e);
}

static const char too_deep[] = "keys nest deeper than is allowed: what is below is not read",
                  too_long[] = "path too long: what is below is not read";

static void anomaly(struct hive *h, uint64_t off, const char *code, const char *what, const char *detail)
{
    struct fact f = {.kind = FACT_ANOMALY, .ref = image_ref(&h->img, off, NULL)};
    f.v[AN_CODE] = val_s(str_of(code)), f.v[AN_WHAT] = val_s(str_of(what)),
    f.v[AN_DETAIL] = val_s(str_of(detail));
    emit(h, &f);
}

static void reached(struct hive *h, uint64_t off, const char *what, const char *limit)
{
    h->limit = h->limit ? h->limit : limit;
    anomaly(h, off, "limit", what, limit);
}

/* What regf finds before the HIVE fact waits for it; later passes find the same things again, but a limit
 * reached there is new. */
static enum status on_anomaly(void *ctx, const struct fact *f, struct err *e)
{
    struct hive *h = ctx;
    (void)e;
    if (str_eq(f->v[AN_CODE].s, STR("depth")))
        h->limit = too_deep;
    if (h->counted && !str_eq(f->v[AN_CODE].s, STR("limit")))
        return OK;
    if (h->opened)
        return emit(h, f), OK;
    struct held *more = h->n_held < LIM_ANOMALIES ? grow(h->held, sizeof *more, h->n_held, &h->cap_held)
                                                  : NULL;
    if (more) { /* else it is counted, and release_anomalies() says how many are not listed */
        struct held *x = &(h->held = more)[h->n_held];
        *x = (struct held){f->ref, f->v[AN_CODE].s, f->v[AN_WHAT].s, ""};
        snprintf(x->detail, sizeof x->detail, "%.*s", STR_ARG(f->v[AN_DETAIL].s));
        h->n_held++;
    }
    return OK;
}

static void release_anomalies(struct hive *h, uint64_t found)
{
    for (size_t i = 0; i < h->n_held; i++) {
        struct fact f = {.kind = FACT_ANOMALY, .ref = h->held[i].ref};
        f.v[AN_CODE] = val_s(h->held[i].code), f.v[AN_WHAT] = val_s(h->held[i].what),
        f.v[AN_DETAIL] = val_s(str_of(h->held[i].detail));
        emit(h, &f);
    }
    char detail[64];
    snprintf(detail, sizeof detail, "%llu in all, %llu listed", (unsigned long long)found,
             (unsigned long long)h->n_held);
    if (found > h->n_held)
        anomaly(h, 0, "limit", "anomalies", detail);
}

/* False when this much more would be absurd for a hive of this size: cells shared over and over. */
static bool spend(struct hive *h, uint64_t bytes)
{
    if (h->room <= bytes && h->room)
        h->room = 0,
        reached(h, 0, "hive", "values and paths outgrow the hive many times: the rest is not emitted");
    else if (h->room)
        h->room -= bytes;
    return h->room != 0;
}

/* False when more keys and values than are wanted were looked at: then room is gone, too, and every walk
 * ends. */
static bool may_look_on(struct hive *h, uint64_t off)
{
    if (h->want->records && ++h->records > h->want->records && h->room)
        h->room = 0, reached(h, off, "hive", "more keys and values than are allowed: the rest is not read");
    return h->room != 0;
}

/* ---- what hive this is */

/* Root paths below the top key that must all be there; the first row that fits names the hive and where in it
 * the top key stands. */
static const struct {
    const char *kind, *root, *need[2];
} kinds[] = {
    {"SYSTEM", "", {"Select"}},
    {"SYSTEM", "", {"ControlSet001"}},
    {"SYSTEM", "", {"ControlSet002"}},
    {"SYSTEM", "CurrentControlSet", {"Control", "Services"}},
    {"SYSTEM", "CurrentControlSet", {"Control", "Enum"}},
    {"SYSTEM", "CurrentControlSet", {"Control\\Lsa"}},
    {"SYSTEM", "CurrentControlSet\\Control\\Lsa", {"MSV1_0", "Kerberos"}},
    {"SYSTEM", "CurrentControlSet\\Control", {"Lsa", "ComputerName"}},
    {"SYSTEM", "CurrentControlSet\\Services", {"LanmanWorkstation", "Tcpip"}},
    {"SECURITY", "", {"Policy\\PolAdtEv"}},
    {"SECURITY", "", {"Policy\\Accounts"}},
    {"SECURITY", "", {"Policy\\Secrets"}},
    {"SECURITY", "Policy", {"PolAdtEv", "Accounts"}},
    {"SECURITY", "Policy\\Secrets", {"NL$KM"}},
    {"SECURITY", "Policy\\Secrets", {"DPAPI_SYSTEM"}},
    {"SAM", "", {"SAM\\Domains"}},
    {"SAM", "SAM", {"Domains\\Account"}},
    {"SAM", "SAM\\Domains\\Account", {"Users\\Names"}},
    {"SAM", "SAM\\Domains\\Account\\Users", {"Names", "000001F4"}},
    {"SOFTWARE", "", {"Microsoft\\Windows NT"}},
    {"SOFTWARE", "", {"Microsoft\\Windows\\CurrentVersion"}},
    {"SOFTWARE", "Microsoft\\Windows NT\\CurrentVersion", {"Winlogon", "ProfileList"}},
    {"SOFTWARE", "Microsoft\\Windows NT\\CurrentVersion\\Schedule", {"TaskCache\\Tree"}},
    {"SOFTWARE", REG_TASK_CACHE, {"Tree", "Tasks"}},
    {"NTUSER", "", {"Software\\Microsoft"}},
    {"NTUSER", "", {"Software", "Control Panel"}},
    {"USRCLASS", "", {"Local Settings"}},
    {"AMCACHE", "", {"Root\\InventoryApplication"}},
    {"AMCACHE", "", {"Root\\File"}},
    {"BCD", "", {"Objects", "Description"}},
    {"COMPONENTS", "", {"DerivedData"}},
    {"DRIVERS", "", {"DriverDatabase"}},
};

static bool has(struct hive *h, const char *path)
{
    struct arena was = *h->a;
    struct regf_key k;
    bool there = h->has_top && regf_find(h->r, &h->top, str_of(path), &k);
    *h->a = was;
    return there;
}

static struct str join(struct arena *a, struct str x, struct str y)
{
    if (!x.n || !y.n)
        return x.n ? x : y;
    char *p = arena_alloc(a, 1, x.n + y.n + 2);
    if (!p)
        return (struct str){0};
    memcpy(p, x.p, x.n), p[x.n] = '\\', memcpy(p + x.n + 1, y.p, y.n);
    return (struct str){p, x.n + 1 + y.n};
}

/* A key by its path below the kind, whatever part of the hive the file holds. */
static bool find_key(struct hive *h, struct str path, struct regf_key *out)
{
    struct str rest, after;
    if (!h->has_top || !reg_below(path, str_of(h->root), &rest))
        return false;
    if (h->control_set && reg_below(rest, STR("CurrentControlSet"), &after))
        rest = join(h->a, str_of(h->set_name), after);
    return regf_find(h->r, &h->top, rest, out);
}

static bool value_number(const struct regf_value *v, int64_t *out)
{
    if (v->type == REG_QWORD && v->data.n >= 8)
        return *out = (int64_t)le64(v->data.p), true;
    if ((v->type != REG_DWORD && v->type != REG_DWORD_BE) || v->data.n < 4)
        return false;
    uint32_t u = le32(v->data.p);
    *out = v->type == REG_DWORD
               ? u
               : (int64_t)(u >> 24 | (u >> 8 & 0xff00) | (u << 8 & 0xff0000) | (uint64_t)(u & 0xff) << 24);
    return true;
}

static bool use_set(struct hive *h, uint32_t n)
{
    snprintf(h->set_name, sizeof h->set_name, "ControlSet%03u", n % 1000);
    h->control_set = has(h, h->set_name) ? n : 0;
    if (!h->control_set)
        h->set_name[0] = 0;
    return h->control_set;
}

/* Select\Current says which control set counts; without it the first one that is there. */
static void choose_control_set(struct hive *h)
{
    struct regf_key select;
    struct regf_value v;
    int64_t said;
    if (strcmp(h->kind, "SYSTEM") != 0 || h->root[0])
        return;
    if (regf_find(h->r, &h->top, STR("Select"), &select) && regf_get(h->r, &select, STR("Current"), &v)
        && value_number(&v, &said) && said > 0 && said < 1000 && use_set(h, (uint32_t)said))
        return;
    h->set_note = "Select\\Current does not name a control set that is there: the first one is taken for it";
    for (uint32_t n = 1; n < 10 && !use_set(h, n); n++)
        ;
}

static void identify(struct hive *h)
{
    h->kind = "UNKNOWN", h->root = "";
    for (size_t i = 0; i < LEN(kinds); i++)
        if (has(h, kinds[i].need[0]) && (!kinds[i].need[1] || has(h, kinds[i].need[1]))) {
            h->kind = kinds[i].kind, h->root = kinds[i].root;
            break;
        }
    choose_control_set(h);
    h->secrets = reg_secrets_of(str_of(h->kind));
}

static struct str computer_name(struct hive *h)
{
    struct regf_key k;
    struct regf_value v;
    if (find_key(h, STR("CurrentControlSet\\Control\\ComputerName\\ComputerName"), &k)
        && regf_get(h->r, &k, STR("ComputerName"), &v))
        return utf16_strz(h->a, v.data);
    if (strcmp(h->kind, "SECURITY") == 0 && find_key(h, STR("Policy\\PolAcDmN"), &k)
        && regf_get(h->r, &k, STR(""), &v))
        return lsa_read_name(v.data, h->a);
    return (struct str){0};
}

static void emit_hive(struct hive *h, const struct regf_totals *t)
{
    struct hive_header head = hive_header(h->img.hive);
    struct fact f = {.kind = FACT_HIVE};
    struct str name = utf16_strz(h->a, span_of(head.name, HIVE_NAME, 48)), computer = computer_name(h);
    int64_t written = wintime_sane(head.written) && head.written > t->newest ? head.written : t->newest;
    f.v[HV_KIND] = val_s(str_of(h->kind)), f.v[HV_ROOT] = val_s(join(h->a, str_of(h->kind), str_of(h->root)));
    f.v[HV_COMPUTER] = val_s(computer.n ? computer : (struct str){0});
    f.v[HV_SEQ1] = val_i(head.seq1), f.v[HV_SEQ2] = val_i(head.seq2), f.v[HV_DIRTY] = val_i(h->replay.dirty),
    f.v[HV_REPLAY] = val_s(str_of(h->replay.text));
    f.v[HV_LACK] = *h->replay.lack ? val_s(str_of(h->replay.lack)) : val_null();
    f.v[HV_KEYS] = val_i((int64_t)t->keys), f.v[HV_VALUES] = val_i((int64_t)t->values);
    f.v[HV_LAST_WRITTEN] = written ? val_i(written) : val_null();
    f.v[HV_CONTROL_SET] = h->control_set ? val_i(h->control_set) : val_null();
    f.v[HV_NAME] = val_s(name.n ? name : (struct str){0});
    emit(h, &f);
}

/* ---- secrets stay in the hive */

static bool is_secret(struct hive *h, struct str path, struct str value)
{
    struct str rest = path;
    bool unknown = path.n && path.p[0] == '?';
    if (unknown ? strcmp(h->kind, "SECURITY") == 0 || strcmp(h->kind, "SAM") == 0
                : !reg_below(path, str_of(h->kind), &rest))
        return true;
    return reg_is_secret(&h->secrets, rest, value);
}

/* ---- keys and values */

static struct str origin(struct hive *h, uint64_t off)
{
    uint32_t entry;
    if (!image_ref(&h->img, off, &entry).file)
        return (struct str){0};
    char *text = entry ? arena_printf(h->a, "log entry %u", entry) : arena_printf(h->a, "log page");
    return str_of(text);
}

/* As the hive has it, where that is asked for: a dump shows what lies there, facts the current control set.
 */
static struct str shown_path(struct hive *h, struct str path)
{
    struct str rest;
    if (!h->want->as_stored || !h->control_set || !reg_below(path, STR("SYSTEM\\CurrentControlSet"), &rest))
        return path;
    return join(h->a, join(h->a, STR("SYSTEM"), str_of(h->set_name)), rest);
}

static void emit_key(struct hive *h, const struct place *p, bool recovered)
{
    struct fact f = {.kind = FACT_REG_KEY, .ref = image_ref(&h->img, p->key.off, NULL)};
    struct span name = recovered ? ((struct span){0}) : regf_class(h->r, &p->key);
    if (!spend(h, 64 + p->path.n + name.n))
        return;
    bool hide = name.n && is_secret(h, p->path, (struct str){"", 0});
    f.v[RK_PATH] = val_s(shown_path(h, p->path)), f.v[RK_WRITTEN] = val_i(p->key.written);
    f.v[RK_CLASS] = val_s(name.n && !hide ? utf16_str(h->a, name) : (struct str){0});
    f.v[RK_SUBKEYS] = val_i(p->key.n_subkeys), f.v[RK_VALUES] = val_i(p->key.n_values);
    f.v[RK_ORIGIN] = val_s(origin(h, p->key.off)), f.v[RK_RECOVERED] = val_i(recovered);
    emit(h, &f);
}

/* All strings of a MULTI_SZ with '|' between them; its trailing terminators are dropped. */
static struct str multi_text(struct arena *a, struct span s)
{
    size_t n = s.n & ~(size_t)1;
    while (n >= 2 && !(s.p[n - 2] | s.p[n - 1]))
        n -= 2;
    s.n = n;
    struct str t = utf16_str(a, s);
    char *p = (char *)(uintptr_t)t.p; /* ours: just made in the arena */
    for (size_t i = 0; i < t.n; i++)
        if (!p[i])
            p[i] = '|';
    return t;
}

/* Strings as they are; a structure whose layout is known, in words. path: the value's key. */
static struct str value_text(struct hive *h, struct str path, const struct regf_value *v, struct span data)
{
    bool multi = v->type == REG_MULTI_SZ,
         string = multi || v->type == REG_SZ || v->type == REG_EXPAND_SZ || v->type == REG_LINK;
    struct str rest = path;
    if (!string) {
        struct reg_words w = reg_below(path, str_of(h->kind), &rest)
                                 ? reg_words(str_of(h->kind), rest, v->name, data, h->a)
                                 : (struct reg_words){0};
        if (w.what && !w.text.p)
            anomaly(h, v->off, "decode", w.what, "cut short or does not add up");
        return w.text;
    }
    struct str t = multi ? multi_text(h->a, data) : utf16_strz(h->a, data);
    if (!t.p)
        anomaly(h, v->off, "limit", "value", "no room to decode its text");
    return t;
}

/* The data this value had in the hive file as it lies there; .p NULL: none, or the same. */
static struct str data_before(struct hive *h, const struct place *p, const struct regf_value *v)
{
    struct regf_key top, k;
    struct regf_value was;
    if (!h->before || !regf_root(h->before, &top) || !regf_find(h->before, &top, p->raw, &k)
        || !regf_get(h->before, &k, v->name, &was))
        return (struct str){0};
    if (was.type == v->type && was.data.n == v->data.n
        && (!was.data.n || memcmp(was.data.p, v->data.p, was.data.n) == 0))
        return (struct str){0};
    return (struct str){was.data.n ? (const char *)was.data.p : "",
                        was.data.n < LIM_REGF_VALUE ? was.data.n : LIM_REGF_VALUE};
}

static void emit_value(struct hive *h, const struct place *p, const struct regf_value *v, bool recovered)
{
    struct fact f = {.kind = FACT_REG_VALUE, .ref = image_ref(&h->img, v->off, NULL)};
    struct span data = v->data;
    if (data.n > LIM_REGF_VALUE)
        data.n = LIM_REGF_VALUE;
    if (!spend(h, 128 + p->path.n + v->name.n + 3 * data.n))
        return;
    struct str from = origin(h, v->off), before = {0};
    if (!from.p && v->data.n && v->data.off)
        from = origin(h, v->data.off);
    bool hide = !h->want->reveal && is_secret(h, p->path, v->name);
    if (from.p && !recovered && !hide)
        before = data_before(h, p, v);
    int64_t num;
    f.v[RV_PATH] = val_s(shown_path(h, p->path)), f.v[RV_NAME] = val_s(v->name),
    f.v[RV_TYPE] = val_i(v->type);
    f.v[RV_NUM] = !hide && value_number(v, &num) ? val_i(num) : val_null();
    f.v[RV_TEXT] = val_s(hide ? STR_NONE : value_text(h, p->path, v, data));
    f.v[RV_DATA] = val_s(hide || !data.n ? STR_NONE : (struct str){(const char *)data.p, data.n});
    f.v[RV_SIZE] = val_i(v->size), f.v[RV_WRITTEN] = p->key.off ? val_i(p->key.written) : val_null(),
    f.v[RV_ORIGIN] = val_s(from), f.v[RV_BEFORE] = val_s(before);
    f.v[RV_WITHHELD] = hide ? val_i(1) : val_null();
    f.v[RV_RECOVERED] = val_i(recovered),
    f.v[RV_KEY_OFF] = p->key.off ? val_i((int64_t)p->key.off) : val_null();
    emit(h, &f);
}

/* ---- what is wanted */

static void add_pattern(struct hive *h, struct str path, struct str value)
{
    struct pattern *p = &h->pattern[h->n_pattern];
    struct str root = str_of(h->root);
    *p = (struct pattern){.value = value};
    while (path.n) {
        struct str part = str_cut(&path, '\\');
        if (!part.n)
            continue;
        if (p->n == 0 && (str_eq(part, STR("<CCS>")) || utf8_eq_ci(part, str_of(h->set_name))))
            part = STR("CurrentControlSet");
        if (str_eq(part, STR("**")) && !path.n) {
            p->deep = true;
        } else if (root.n) { /* the file starts further down: its top key stands for these names */
            struct str above = str_cut(&root, '\\');
            if (!str_eq(part, STR("*")) && !utf8_eq_ci(part, above))
                return;
        } else if (p->n < LIM_REGF_PARTS) {
            p->part[p->n++] = part;
        } else {
            return;
        }
    }
    h->n_pattern += p->deep || !root.n;
}

static bool is_of(const struct hive *h, const struct want_key *k)
{
    return str_eq(k->hive, STR("*")) || str_eq_ci(k->hive, str_of(h->kind));
}

static enum status make_patterns(struct hive *h)
{
    const struct want *w = h->want;
    size_t n = 1;
    for (size_t i = 0; i < w->n_key; i++)
        n += is_of(h, &w->key[i]);
    h->pattern = arena_alloc(h->a, sizeof *h->pattern, n);
    if (!h->pattern)
        return err_set(h->e, E_LIMIT, 0, "wanted keys", "%zu do not fit", w->n_key);
    if (w->all_keys)
        add_pattern(h, STR("**"), STR("*"));
    for (size_t i = 0; !w->all_keys && i < w->n_key; i++)
        if (is_of(h, &w->key[i]))
            add_pattern(h, w->key[i].path, w->key[i].value);
    return OK;
}

static void emit_here(struct hive *h, const struct place *p, const struct state *s, size_t n)
{
    bool key = false, all = false;
    struct regf_value v;
    for (size_t i = 0; i < n; i++)
        if (s[i].at == h->pattern[s[i].pattern].n)
            key = true, all |= str_eq(h->pattern[s[i].pattern].value, STR("*"));
    if (!key)
        return;
    emit_key(h, p, false);
    struct arena was = *h->a;
    for (uint32_t i = 0;
         all && h->st == OK && h->room && regf_value_at(h->r, &p->key, i, &v) && may_look_on(h, v.off);
         i++, *h->a = was)
        emit_value(h, p, &v, false);
    for (size_t i = 0; !all && i < n && h->st == OK; i++, *h->a = was) {
        const struct pattern *w = &h->pattern[s[i].pattern];
        if (s[i].at == w->n && w->value.n && regf_get(h->r, &p->key, w->value, &v) && regf_once(h->r, v.off)
            && may_look_on(h, v.off))
            emit_value(h, p, &v, false);
    }
}

/* Patterns still alive one key further down. shown: the name facts use; other control sets than the current
 * count only by name. */
static size_t step(const struct hive *h, const struct state *s, size_t n, struct str shown, bool top,
                   struct state *next)
{
    size_t m = 0;
    bool other_set = top && h->control_set && reg_is_control_set(shown) && !h->want->all_keys;
    for (size_t i = 0; i < n; i++) {
        const struct pattern *p = &h->pattern[s[i].pattern];
        if (s[i].at == p->n) {
            if (p->deep && !other_set)
                next[m++] = s[i];
        } else if (str_eq(p->part[s[i].at], STR("*")) ? !other_set : utf8_eq_ci(p->part[s[i].at], shown)) {
            next[m++] = (struct state){s[i].pattern, (uint8_t)(s[i].at + 1)};
        }
    }
    return m;
}

static void walk(struct hive *h, const struct place *p, const struct state *s, size_t n, unsigned depth);

static void visit(struct hive *h, const struct place *up, const struct regf_key *key, const struct state *s,
                  size_t n, unsigned depth)
{
    struct state *next = arena_alloc(h->a, sizeof *next, n);
    bool current = depth == 0 && h->control_set && utf8_eq_ci(key->name, str_of(h->set_name));
    struct str shown = current ? STR("CurrentControlSet") : key->name;
    size_t m = next && regf_once(h->r, key->off) ? step(h, s, n, shown, depth == 0, next) : 0;
    if (!m || !may_look_on(h, key->off))
        return;
    struct place p = {*key, join(h->a, up->path, shown),
                      h->img.page ? join(h->a, up->raw, key->name) : (struct str){0}};
    unsigned most = h->want->key_depth && h->want->key_depth < LIM_REGF_DEPTH ? h->want->key_depth
                                                                              : LIM_REGF_DEPTH;
    if (!p.path.p || p.path.n > LIM_REGF_PATH || depth >= most)
        reached(h, key->off, "key", depth >= most ? too_deep : too_long);
    else
        walk(h, &p, next, m, depth + 1);
}

/* Emits what is wanted at p, then goes down: by name where all patterns name their next key, else over all
 * subkeys. */
static void walk(struct hive *h, const struct place *p, const struct state *s, size_t n, unsigned depth)
{
    struct regf_key k;
    bool by_name = true, down = false;
    emit_here(h, p, s, n);
    for (size_t i = 0; i < n; i++) {
        const struct pattern *w = &h->pattern[s[i].pattern];
        down |= w->deep || s[i].at < w->n;
        by_name &= s[i].at < w->n ? !str_eq(w->part[s[i].at], STR("*")) : !w->deep;
    }
    if (!down)
        return;
    struct arena was = *h->a;
    for (uint32_t i = 0; !by_name && h->st == OK && h->room && regf_subkey(h->r, &p->key, i, &k);
         i++, *h->a = was)
        visit(h, p, &k, s, n, depth);
    for (size_t i = 0; by_name && i < n && h->st == OK && h->room; i++, *h->a = was) {
        struct str part = s[i].at < h->pattern[s[i].pattern].n ? h->pattern[s[i].pattern].part[s[i].at]
                                                               : (struct str){0};
        bool current = depth == 0 && h->control_set && utf8_eq_ci(part, STR("CurrentControlSet"));
        if (part.n && regf_find(h->r, &p->key, current ? str_of(h->set_name) : part, &k))
            visit(h, p, &k, s, n, depth);
    }
}

static void open_before(struct hive *h)
{
    h->before_img = (struct image){.bytes = h->img.hive.p, .n = h->img.hive.n, .hive = h->img.hive};
    if (h->img.page)
        regf_open(&h->before_img, h->a, NULL, NULL, &h->before, NULL);
}

static void emit_wanted(struct hive *h)
{
    struct state *s = arena_alloc(h->a, sizeof *s, h->n_pattern + 1);
    if (!s || !h->has_top || !h->n_pattern)
        return;
    for (size_t i = 0; i < h->n_pattern; i++)
        s[i] = (struct state){(uint32_t)i, 0};
    struct place p = {h->top, join(h->a, str_of(h->kind), str_of(h->root)), {"", 0}};
    regf_pass(h->r);
    regf_once(h->r, h->top.off);
    walk(h, &p, s, h->n_pattern, 0);
}

static bool wanted_path(const struct hive *h, struct str path, struct str value, bool key)
{
    for (size_t i = 0; i < h->n_pattern; i++) {
        const struct pattern *p = &h->pattern[i];
        struct str rest = path;
        uint8_t at = 0;
        while (rest.n && at < p->n) {
            struct str part = str_cut(&rest, '\\');
            if (!str_eq(p->part[at], STR("*")) && !utf8_eq_ci(p->part[at], part))
                break;
            at++;
        }
        if (at == p->n && (p->deep || !rest.n)
            && (key || str_eq(p->value, STR("*")) || (p->value.n && utf8_eq_ci(p->value, value))))
            return true;
    }
    return false;
}

/* Deleted keys and values: those that wanted patterns name, or everything in a dump. */
static bool on_deleted(void *ctx, struct str path, const struct regf_key *key, const struct regf_value *v,
                       const struct regf_key *of)
{
    struct hive *h = ctx;
    struct str rest;
    if (h->control_set && reg_below(path, str_of(h->set_name), &rest))
        path = join(h->a, STR("CurrentControlSet"), rest);
    if (!wanted_path(h, path, v ? v->name : (struct str){"", 0}, key != NULL))
        return true;
    bool unknown = path.p[0] == '?';
    struct place p = {.path = unknown ? path
                                      : join(h->a, join(h->a, str_of(h->kind), str_of(h->root)), path)};
    if (key)
        p.key = *key, emit_key(h, &p, true);
    else
        p.key = of ? *of : (struct regf_key){0}, emit_value(h, &p, v, true);
    return h->st == OK && h->room;
}

/* ---- decoders: see decode.h */

static bool source_find(void *ctx, const struct reg_node *from, struct str path, struct reg_node *out)
{
    struct hive *h = ctx;
    return from ? regf_find(h->r, &from->key, path, &out->key) : find_key(h, path, &out->key);
}

static bool source_get(void *ctx, const struct reg_node *k, struct str value, struct regf_value *out)
{
    return regf_get(((struct hive *)ctx)->r, &k->key, value, out);
}

static bool source_subkey(void *ctx, const struct reg_node *k, struct reg_iter *it, struct reg_node *out)
{
    return regf_subkey(((struct hive *)ctx)->r, &k->key, it->i++, &out->key);
}

static bool source_value(void *ctx, const struct reg_node *k, struct reg_iter *it, struct regf_value *out)
{
    return regf_value_at(((struct hive *)ctx)->r, &k->key, it->i++, out);
}

static bool source_once(void *ctx, const struct reg_node *k)
{
    return regf_once(((struct hive *)ctx)->r, k->key.off);
}

static bool source_going(void *ctx) { return ((struct hive *)ctx)->st == OK; }

static void source_emit(void *ctx, struct fact *f, uint64_t off)
{
    struct hive *h = ctx;
    f->ref = image_ref(&h->img, off, NULL);
    emit(h, f);
}

static void source_anomaly(void *ctx, uint64_t off, const char *what, const char *detail)
{
    anomaly(ctx, off, "decode", what, detail);
}

/* Where a log replaced the page the decoded fact rests on, its value says so itself, with what stood there
 * before. */
static void source_cite(void *ctx, struct str path, const struct reg_node *k, const struct regf_value *v)
{
    struct hive *h = ctx;
    struct place p = {.key = k->key, .path = join(h->a, str_of(h->kind), path)};
    bool replayed = h->img.page && (origin(h, v->off).p || (v->data.off && origin(h, v->data.off).p));
    if (replayed && p.path.p && reg_below(path, str_of(h->root), &p.raw) && !h->want->all_keys
        && !wanted_path(h, p.raw, v->name, false))
        emit_value(h, &p, v, false);
}

static void decode(struct hive *h)
{
    struct reg_source s = {
        h,           h->a,         source_find, source_get,     source_subkey, source_value,
        source_once, source_going, source_emit, source_anomaly, source_cite};
    regf_pass(h->r);
    if (h->has_top)
        reg_decode(&s, str_of(h->kind));
}

/* ---- all together */

static enum status read_hive(struct hive *h)
{
    struct regf_totals totals;
    enum status st = regf_open(&h->img, h->a, on_anomaly, h, &h->r, h->e);
    if (st != OK)
        return st;
    h->has_top = regf_root(h->r, &h->top);
    regf_count(h->r, &totals);
    h->counted = true;
    identify(h);
    emit_hive(h, &totals);
    h->opened = true;
    release_anomalies(h, totals.anomalies);
    if (h->set_note)
        anomaly(h, 0, "select", "control set", h->set_note);
    if ((st = make_patterns(h)) != OK)
        return st;
    struct arena was = *h->a;
    open_before(h);
    emit_wanted(h);
    decode(h);
    h->before = NULL, *h->a = was;
    if (h->want->recovered)
        regf_deleted(h->r, on_deleted, h);
    return h->st;
}

enum status hive_read(const struct span *files, size_t n, const struct want *want, struct arena *a,
                      fact_sink *sink, void *ctx, struct err *e)
{
    return hive_read_named(files, NULL, n, want, a, sink, ctx, e);
}

enum status hive_read_named(const struct span *files, const uint8_t *name, size_t n, const struct want *want,
                            struct arena *a, fact_sink *sink, void *ctx, struct err *e)
{
    struct hive h = {.want = want, .a = a, .sink = sink, .ctx = ctx, .e = e};
    /* then the hive is read as it lies there, and the HIVE fact says so */
    struct err short_of_memory = {0};
    txlog_recover_named(files, name, n, &h.img, &h.replay, &short_of_memory);
    h.room = LIM_REGF_ROOM * (uint64_t)h.img.n + (16u << 20);
    enum status st = read_hive(&h);
    if (st == OK && h.limit)
        st = err_set(e, E_LIMIT, ERR_NO_OFF, "hive", "%s", h.limit);
    image_free(&h.img);
    free(h.held);
    return st;
}
