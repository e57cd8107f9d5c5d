#include "../src/base/limits.h"
#include "../src/base/utf.h"
#include "../src/base/wintime.h"
#include "lsa.h"
#include "regf.h"
#include "regpath.h"
#include "sam.h"
#include "taskcache.h"
#include <stdio.h>

struct pattern { struct str part[LIM_REGF_PARTS]; uint8_t n; bool deep; struct str value; };     /* deep: a last "**" */
struct state { uint32_t pattern; uint8_t at; };                                                /* parts matched so far */
struct held { struct ref ref; struct str code, what; char detail[128]; };                       /* an anomaly; code and what are static */
/* A key on the walk: its path as facts show it, and as it stands in the hive (for the unreplayed one). */
struct place { struct regf_key key; struct str path, raw; };

struct hive {
    struct regf *r;
    struct image img;
    struct replay replay;
    struct regf_key top;
    bool has_top;
    const char *kind, *root;            /* "SYSTEM"; path of the top key below the kind: "", "CurrentControlSet\Services" */
    uint32_t control_set;               /* 0: none */
    char set_name[20];                  /* "ControlSet001" */
    const struct want *want;
    struct arena *a;
    struct held *held;                  /* anomalies found before the HIVE fact */
    size_t n_held;
    bool counted, opened;               /* the pass over everything is done; the HIVE fact is out */
    struct pattern *pattern;
    size_t n_pattern;
    const char *set_note;               /* why it is not the one Select names */
    struct reg_secrets secrets;         /* of this kind */
    struct image before_img;
    struct regf *before;                /* the hive without its logs, where logs changed it */
    uint64_t room;                      /* bytes of text and data that may still be emitted: honest hives need a few times their size */
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

static void anomaly(struct hive *h, uint64_t off, const char *code, const char *what, const char *detail)
{
    struct fact f = {.kind = FACT_ANOMALY, .ref = image_ref(&h->img, off, NULL)};
    f.v[AN_CODE] = val_s(str_of(code)), f.v[AN_WHAT] = val_s(str_of(what)), f.v[AN_DETAIL] = val_s(str_of(detail));
    emit(h, &f);
}

/* What regf finds before the HIVE fact waits for it; later passes find the same things again, but a limit reached there is new. */
static enum status on_anomaly(void *ctx, const struct fact *f, struct err *e)
{
    struct hive *h = ctx;
    struct held *x = &h->held[h->n_held];
    (void)e;
    if (h->counted && !str_eq(f->v[AN_CODE].s, STR("limit")))
        return OK;
    if (h->opened) {
        emit(h, f);
    } else if (h->held && h->n_held < LIM_ANOMALIES) {
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
        f.v[AN_CODE] = val_s(h->held[i].code), f.v[AN_WHAT] = val_s(h->held[i].what), f.v[AN_DETAIL] = val_s(str_of(h->held[i].detail));
        emit(h, &f);
    }
    char detail[64];
    snprintf(detail, sizeof detail, "%llu in all, %llu listed", (unsigned long long)found, (unsigned long long)h->n_held);
    if (found > h->n_held)
        anomaly(h, 0, "limit", "anomalies", detail);
}

/* False when this much more would be absurd for a hive of this size: cells shared over and over. */
static bool spend(struct hive *h, uint64_t bytes)
{
    if (h->room <= bytes && h->room)
        h->room = 0, anomaly(h, 0, "limit", "hive", "values and paths outgrow the hive many times: the rest is not emitted");
    else if (h->room)
        h->room -= bytes;
    return h->room != 0;
}

/* ---- what hive this is */

/* Root paths below the top key that must all be there; the first row that fits names the hive and where in it the top key stands. */
#define TASKS "Microsoft\\Windows NT\\CurrentVersion\\Schedule"
static const struct { const char *kind, *root, *need[2]; } kinds[] = {
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
    {"SOFTWARE", TASKS, {"TaskCache\\Tree"}},
    {"SOFTWARE", TASKS "\\TaskCache", {"Tree", "Tasks"}},
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
static bool find(struct hive *h, const char *path, struct regf_key *out)
{
    struct str rest, after;
    if (!h->has_top || !reg_below(str_of(path), str_of(h->root), &rest))
        return false;
    if (h->control_set && reg_below(rest, STR("CurrentControlSet"), &after))
        rest = join(h->a, str_of(h->set_name), after);
    return regf_find(h->r, &h->top, rest, out);
}

static bool number(const struct regf_value *v, int64_t *out)
{
    if (v->type == REG_QWORD && v->data.n >= 8)
        return *out = (int64_t)le64(v->data.p), true;
    if ((v->type != REG_DWORD && v->type != REG_DWORD_BE) || v->data.n < 4)
        return false;
    uint32_t u = le32(v->data.p);
    *out = v->type == REG_DWORD ? u : (int64_t)(u >> 24 | (u >> 8 & 0xff00) | (u << 8 & 0xff0000) | (uint64_t)(u & 0xff) << 24);
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
    if (regf_find(h->r, &h->top, STR("Select"), &select) && regf_get(h->r, &select, STR("Current"), &v) && number(&v, &said) && said > 0 && said < 1000
        && use_set(h, (uint32_t)said))
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
    if (find(h, "CurrentControlSet\\Control\\ComputerName\\ComputerName", &k) && regf_get(h->r, &k, STR("ComputerName"), &v))
        return utf16_strz(h->a, v.data);
    if (strcmp(h->kind, "SECURITY") == 0 && find(h, "Policy\\PolAcDmN", &k) && regf_get(h->r, &k, STR(""), &v))
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
    f.v[HV_SEQ1] = val_i(head.seq1), f.v[HV_SEQ2] = val_i(head.seq2), f.v[HV_DIRTY] = val_i(h->replay.dirty), f.v[HV_REPLAY] = val_s(str_of(h->replay.text));
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
    if (unknown ? strcmp(h->kind, "SECURITY") == 0 || strcmp(h->kind, "SAM") == 0 : !reg_below(path, str_of(h->kind), &rest))
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

static void emit_key(struct hive *h, const struct place *p, bool recovered)
{
    struct fact f = {.kind = FACT_REG_KEY, .ref = image_ref(&h->img, p->key.off, NULL)};
    struct span name = recovered ? (struct span){0} : regf_class(h->r, &p->key);
    if (!spend(h, 64 + p->path.n + name.n))
        return;
    bool hide = name.n && is_secret(h, p->path, (struct str){"", 0});
    f.v[RK_PATH] = val_s(p->path), f.v[RK_WRITTEN] = val_i(p->key.written);
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
    char *p = (char *)(uintptr_t)t.p;           /* ours: just made in the arena */
    for (size_t i = 0; i < t.n; i++)
        if (!p[i])
            p[i] = '|';
    return t;
}

static struct str text_of(struct hive *h, const struct regf_value *v, struct span data)
{
    bool multi = v->type == REG_MULTI_SZ;
    if (!multi && v->type != REG_SZ && v->type != REG_EXPAND_SZ && v->type != REG_LINK)
        return (struct str){0};
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
    if (!h->before || !regf_root(h->before, &top) || !regf_find(h->before, &top, p->raw, &k) || !regf_get(h->before, &k, v->name, &was))
        return (struct str){0};
    if (was.type == v->type && was.data.n == v->data.n && (!was.data.n || memcmp(was.data.p, v->data.p, was.data.n) == 0))
        return (struct str){0};
    return (struct str){was.data.n ? (const char *)was.data.p : "", was.data.n < LIM_REGF_VALUE ? was.data.n : LIM_REGF_VALUE};
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
    bool hide = is_secret(h, p->path, v->name);
    if (from.p && !recovered && !hide)
        before = data_before(h, p, v);
    int64_t num;
    f.v[RV_PATH] = val_s(p->path), f.v[RV_NAME] = val_s(v->name), f.v[RV_TYPE] = val_i(v->type);
    f.v[RV_NUM] = !hide && number(v, &num) ? val_i(num) : val_null();
    f.v[RV_TEXT] = val_s(hide ? (struct str){0} : text_of(h, v, data));
    f.v[RV_DATA] = val_s(hide || !data.n ? (struct str){0} : (struct str){(const char *)data.p, data.n});
    f.v[RV_SIZE] = val_i(v->size), f.v[RV_WRITTEN] = p->key.off ? val_i(p->key.written) : val_null(), f.v[RV_ORIGIN] = val_s(from), f.v[RV_BEFORE] = val_s(before);
    f.v[RV_RECOVERED] = val_i(recovered), f.v[RV_KEY_OFF] = p->key.off ? val_i((int64_t)p->key.off) : val_null();
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
        } else if (root.n) {            /* the file starts further down: its top key stands for these names */
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

static enum status make_patterns(struct hive *h)
{
    const struct want *w = h->want;
    h->pattern = arena_alloc(h->a, sizeof *h->pattern, w->n_key + 1);
    if (!h->pattern)
        return err_set(h->e, E_LIMIT, 0, "wanted keys", "%zu do not fit", w->n_key);
    if (w->all_keys)
        add_pattern(h, STR("**"), STR("*"));
    for (size_t i = 0; !w->all_keys && i < w->n_key; i++)
        if (str_eq(w->key[i].hive, STR("*")) || str_eq_ci(w->key[i].hive, str_of(h->kind)))
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
    for (uint32_t i = 0; all && h->st == OK && h->room && regf_value_at(h->r, &p->key, i, &v); i++, *h->a = was)
        emit_value(h, p, &v, false);
    for (size_t i = 0; !all && i < n && h->st == OK; i++, *h->a = was) {
        const struct pattern *w = &h->pattern[s[i].pattern];
        if (s[i].at == w->n && w->value.n && regf_get(h->r, &p->key, w->value, &v) && regf_once(h->r, v.off))
            emit_value(h, p, &v, false);
    }
}

/* Patterns still alive one key further down. shown: the name facts use; other control sets than the current count only by name. */
static size_t step(const struct hive *h, const struct state *s, size_t n, struct str shown, bool top, struct state *next)
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

static void visit(struct hive *h, const struct place *up, const struct regf_key *key, const struct state *s, size_t n, unsigned depth)
{
    struct state *next = arena_alloc(h->a, sizeof *next, n);
    bool current = depth == 0 && h->control_set && utf8_eq_ci(key->name, str_of(h->set_name));
    struct str shown = current ? STR("CurrentControlSet") : key->name;
    size_t m = next && regf_once(h->r, key->off) ? step(h, s, n, shown, depth == 0, next) : 0;
    if (!m)
        return;
    struct place p = {*key, join(h->a, up->path, shown), h->img.page ? join(h->a, up->raw, key->name) : (struct str){0}};
    if (!p.path.p || p.path.n > LIM_REGF_PATH || depth >= LIM_REGF_DEPTH)
        anomaly(h, key->off, "limit", "key", "path too long: what is below is not read");
    else
        walk(h, &p, next, m, depth + 1);
}

/* Emits what is wanted at p, then goes down: by name where all patterns name their next key, else over all subkeys. */
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
    for (uint32_t i = 0; !by_name && h->st == OK && h->room && regf_subkey(h->r, &p->key, i, &k); i++, *h->a = was)
        visit(h, p, &k, s, n, depth);
    for (size_t i = 0; by_name && i < n && h->st == OK && h->room; i++, *h->a = was) {
        struct str part = s[i].at < h->pattern[s[i].pattern].n ? h->pattern[s[i].pattern].part[s[i].at] : (struct str){0};
        bool current = depth == 0 && h->control_set && utf8_eq_ci(part, STR("CurrentControlSet"));
        if (part.n && regf_find(h->r, &p->key, current ? str_of(h->set_name) : part, &k))
            visit(h, p, &k, s, n, depth);
    }
}

static void emit_wanted(struct hive *h)
{
    struct state *s = arena_alloc(h->a, sizeof *s, h->n_pattern + 1);
    if (!s || !h->has_top || !h->n_pattern)
        return;
    for (size_t i = 0; i < h->n_pattern; i++)
        s[i] = (struct state){(uint32_t)i, 0};
    struct place p = {h->top, join(h->a, str_of(h->kind), str_of(h->root)), {"", 0}};
    h->before_img = (struct image){.bytes = h->img.hive.p, .n = h->img.hive.n, .hive = h->img.hive};
    if (h->img.page)
        regf_open(&h->before_img, h->a, NULL, NULL, &h->before, NULL);
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
        if (at == p->n && (p->deep || !rest.n) && (key || str_eq(p->value, STR("*")) || (p->value.n && utf8_eq_ci(p->value, value))))
            return true;
    }
    return false;
}

/* Deleted keys and values: those that wanted patterns name, or everything in a dump. */
static bool on_deleted(void *ctx, struct str path, const struct regf_key *key, const struct regf_value *v, const struct regf_key *of)
{
    struct hive *h = ctx;
    struct str rest;
    if (h->control_set && reg_below(path, str_of(h->set_name), &rest))
        path = join(h->a, STR("CurrentControlSet"), rest);
    if (!wanted_path(h, path, v ? v->name : (struct str){"", 0}, key != NULL))
        return true;
    bool unknown = path.p[0] == '?';
    struct place p = {.path = unknown ? path : join(h->a, join(h->a, str_of(h->kind), str_of(h->root)), path)};
    if (key)
        p.key = *key, emit_key(h, &p, true);
    else
        p.key = of ? *of : (struct regf_key){0}, emit_value(h, &p, v, true);
    return h->st == OK && h->room;
}

/* ---- SECURITY */

static bool default_value(struct hive *h, const struct regf_key *from, const char *path, struct regf_value *v)
{
    struct regf_key k;
    return regf_find(h->r, from, str_of(path), &k) && regf_get(h->r, &k, STR(""), v);
}

static struct value time_or_null(bool there, int64_t t) { return there && t > 0 ? val_i(t) : val_null(); }

static void secret(struct hive *h, const struct regf_key *k)
{
    struct regf_value cupd, oupd, val;
    int64_t c = 0, o = 0;
    bool has_c = default_value(h, k, "CupdTime", &cupd), has_o = default_value(h, k, "OupdTime", &oupd);
    struct fact f = {.kind = FACT_SECRET, .ref = image_ref(&h->img, has_c ? cupd.off : k->off, NULL)};
    if ((has_c && !lsa_read_time(cupd.data, &c)) || (has_o && !lsa_read_time(oupd.data, &o)))
        anomaly(h, k->off, "decode", "LSA secret", "its time is not 8 bytes");
    f.v[SE_NAME] = val_s(k->name), f.v[SE_CUPD] = time_or_null(has_c, c), f.v[SE_OUPD] = time_or_null(has_o, o);
    f.v[SE_SIZE] = default_value(h, k, "CurrVal", &val) ? val_i(val.size) : val_null();
    emit(h, &f);
}

static void right(struct hive *h, const struct regf_key *k)
{
    struct regf_value v;
    uint32_t mask;
    if (!default_value(h, k, "ActSysAc", &v))
        return;
    struct fact f = {.kind = FACT_RIGHT, .ref = image_ref(&h->img, v.off, NULL)};
    f.v[RI_SID] = val_s(k->name), f.v[RI_MASK] = val_i(0);
    if (lsa_read_mask(v.data, &mask))
        f.v[RI_MASK] = val_i(mask), emit(h, &f);
    else
        anomaly(h, v.off, "decode", "logon rights", "not 4 bytes");
}

static void audit_policy(struct hive *h, const struct regf_key *policy)
{
    struct regf_value v;
    struct lsa_audit audit;
    struct err e = {0};
    if (!default_value(h, policy, "PolAdtEv", &v))
        return;
    if (lsa_read_audit(v.data, &audit, &e) != OK || audit.unknown)
        anomaly(h, v.off, "decode", "audit policy", e.code ? e.why : "categories of an unknown size are left out");
    for (unsigned i = 0; i < audit.n; i++) {
        struct fact f = {.kind = FACT_AUDIT, .ref = image_ref(&h->img, v.off, NULL)};
        f.v[AU_SUBCATEGORY] = val_s(str_of(audit.sub[i].name)), f.v[AU_MASK] = val_i(audit.sub[i].mask);
        if (audit.sub[i].name)
            emit(h, &f);
    }
}

static void names(struct hive *h, const struct regf_key *policy)
{
    static const struct { const char *key, *what; bool sid; } rows[] = {
        {"PolAcDmN", "machine_name", false}, {"PolAcDmS", "machine_sid", true}, {"PolPrDmN", "domain_name", false},
        {"PolPrDmS", "domain_sid", true},    {"PolDnDDN", "dns_domain", false},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct regf_value v;
        if (!default_value(h, policy, rows[i].key, &v) || !v.data.n)
            continue;                           /* empty: not joined to a domain */
        struct str text = rows[i].sid ? lsa_read_sid(v.data, h->a) : lsa_read_name(v.data, h->a);
        struct fact f = {.kind = FACT_LSA_NAME, .ref = image_ref(&h->img, v.off, NULL)};
        f.v[LN_WHAT] = val_s(str_of(rows[i].what)), f.v[LN_VALUE] = val_s(text);
        if (!text.p)
            anomaly(h, v.off, "decode", rows[i].what, "length or shape wrong");
        else if (text.n)
            emit(h, &f);
    }
}

static void cached_logons(struct hive *h, const struct regf_key *cache)
{
    struct regf_value v;
    struct arena was = *h->a;
    for (uint32_t i = 0; h->st == OK && regf_value_at(h->r, cache, i, &v); i++, *h->a = was) {
        struct lsa_cached c;
        int64_t slot;
        if (!str_starts_ci(v.name, STR("NL$")) || !str_i64((struct str){v.name.p + 3, v.name.n - 3}, &slot))
            continue;
        struct fact f = {.kind = FACT_CACHED_LOGON, .ref = image_ref(&h->img, v.off, NULL)};
        if (!lsa_read_cached(v.data, &c))
            anomaly(h, v.off, "decode", "cached logon", "cut short");
        f.v[CL_SLOT] = val_i(slot), f.v[CL_WRITTEN] = time_or_null(true, c.written), f.v[CL_RID] = val_i(c.rid);
        if (c.used)
            emit(h, &f);
    }
}

static void each_subkey(struct hive *h, const struct regf_key *k, void (*fn)(struct hive *, const struct regf_key *))
{
    struct regf_key sub;
    struct arena was = *h->a;
    for (uint32_t i = 0; h->st == OK && regf_subkey(h->r, k, i, &sub); i++, *h->a = was)
        fn(h, &sub);
}

static void security(struct hive *h)
{
    struct regf_key k;
    if (find(h, "Policy\\Secrets", &k))
        each_subkey(h, &k, secret);
    if (find(h, "Policy\\Accounts", &k))
        each_subkey(h, &k, right);
    if (find(h, "Policy", &k))
        audit_policy(h, &k), names(h, &k);
    if (find(h, "Cache", &k))
        cached_logons(h, &k);
}

/* ---- SAM */

static void account(struct hive *h, const struct regf_key *k)
{
    struct regf_value fv, vv;
    struct sam_user u = {0};
    struct str name = {0};
    enum sam_blank blank = SAM_PASSWORD_UNKNOWN;
    uint32_t rid = 0;
    if (k->name.n != 8)
        return;                                 /* Names */
    for (size_t i = 0; i < 8; i++) {
        char c = k->name.p[i];
        unsigned d = c >= '0' && c <= '9' ? (unsigned)(c - '0') : (c | 32) >= 'a' && (c | 32) <= 'f' ? (unsigned)((c | 32) - 'a' + 10) : 16;
        if (d == 16)
            return;
        rid = rid << 4 | d;
    }
    bool has_f = regf_get(h->r, k, STR("F"), &fv) && sam_user_f(fv.data, &u), has_v = regf_get(h->r, k, STR("V"), &vv) && sam_user_v(vv.data, h->a, &name, &blank);
    if (!has_f || !has_v)
        anomaly(h, k->off, "decode", "SAM account", has_f ? "V cannot be read" : "F cannot be read");
    struct fact f = {.kind = FACT_ACCOUNT, .ref = image_ref(&h->img, has_f ? fv.off : k->off, NULL)};
    for (size_t i = 0; i < FACT_COLS; i++)
        f.v[i] = val_null();
    f.v[AC_RID] = val_i(rid), f.v[AC_NAME] = val_s(name), f.v[AC_BLANK] = blank == SAM_PASSWORD_UNKNOWN ? val_null() : val_i(blank);
    if (has_f) {
        f.v[AC_FLAGS] = val_i(u.flags), f.v[AC_PASSWORD_SET] = val_i(u.password_set), f.v[AC_BAD_COUNT] = val_i(u.bad_count), f.v[AC_LOGONS] = val_i(u.logons);
        f.v[AC_LAST_LOGON] = time_or_null(true, u.last_logon), f.v[AC_LAST_BAD] = time_or_null(true, u.last_bad);
        f.v[AC_EXPIRES] = time_or_null(u.expires != INT64_MAX, u.expires);
    }
    emit(h, &f);
}

static struct value span_or_null(int64_t t) { return t == SAM_FOREVER ? val_null() : val_i(t); }

static void sam(struct hive *h)
{
    struct regf_key k;
    struct regf_value v;
    struct sam_policy p;
    if (find(h, "SAM\\Domains\\Account\\Users", &k))
        each_subkey(h, &k, account);
    if (!find(h, "SAM\\Domains\\Account", &k))
        return;
    struct str sid = regf_get(h->r, &k, STR("V"), &v) ? sam_domain_v(v.data, h->a) : (struct str){0};
    if (sid.p) {
        struct fact name = {.kind = FACT_LSA_NAME, .ref = image_ref(&h->img, v.off, NULL)};
        name.v[LN_WHAT] = val_s(STR("sam_sid")), name.v[LN_VALUE] = val_s(sid);
        emit(h, &name);
    }
    if (!regf_get(h->r, &k, STR("F"), &v))
        return;
    if (!sam_domain_f(v.data, &p)) {
        anomaly(h, v.off, "decode", "SAM domain", "F is cut short");
        return;
    }
    struct fact f = {.kind = FACT_LOCKOUT, .ref = image_ref(&h->img, v.off, NULL)};
    f.v[LO_THRESHOLD] = val_i(p.threshold), f.v[LO_DURATION] = span_or_null(p.lockout), f.v[LO_WINDOW] = span_or_null(p.window);
    f.v[LO_MAX_AGE] = span_or_null(p.max_age), f.v[LO_MIN_LENGTH] = val_i(p.min_length);
    emit(h, &f);
}

/* ---- SOFTWARE: tasks. Tree gives path -> GUID, Tasks\{GUID} the rest; either may lack the other. */

struct tree_row { struct str guid, path; uint64_t off; struct tree_row *next; };

static void task_tree(struct hive *h, const struct regf_key *k, struct str path, unsigned depth, struct tree_row **rows)
{
    struct regf_key sub;
    struct regf_value v;
    for (uint32_t i = 0; depth < LIM_REGF_PARTS && h->st == OK && regf_subkey(h->r, k, i, &sub); i++) {
        struct tree_row *row = regf_once(h->r, sub.off) ? arena_alloc(h->a, sizeof *row, 1) : NULL;
        char *p = row && path.n + sub.name.n < LIM_REGF_PATH ? arena_printf(h->a, "%.*s\\%.*s", STR_ARG(path), STR_ARG(sub.name)) : NULL;
        if (row && !p)
            anomaly(h, sub.off, "limit", "task tree", "no room for this path");
        if (!p)
            continue;
        if (regf_get(h->r, &sub, STR("Id"), &v)) {
            *row = (struct tree_row){utf16_strz(h->a, v.data), str_of(p), v.off, *rows};
            *rows = row;
        }
        task_tree(h, &sub, str_of(p), depth + 1, rows);
    }
}

static void emit_task(struct hive *h, const struct regf_key *k, struct str guid, struct str path, uint64_t off)
{
    struct fact f = {.kind = FACT_TASK};
    struct regf_value v;
    struct task_dynamic d;
    struct task_triggers t = {0};
    struct task_actions act;
    for (size_t i = 0; i < FACT_COLS; i++)
        f.v[i] = val_null();
    f.v[TA_GUID] = val_s(guid);
    if (k && regf_get(h->r, k, STR("DynamicInfo"), &v)) {
        off = v.off;
        if (taskcache_dynamic(v.data, &d)) {
            f.v[TA_REGISTERED] = time_or_null(true, d.registered), f.v[TA_LAST_RUN] = time_or_null(true, d.last_run), f.v[TA_LAST_OK] = time_or_null(d.has_last_ok, d.last_ok);
            f.v[TA_STATE] = val_i(d.state), f.v[TA_RESULT] = val_i(d.result);
        } else {
            anomaly(h, v.off, "decode", "DynamicInfo", "cut short or of an unknown kind");
        }
    }
    if (k && regf_get(h->r, k, STR("Triggers"), &v)) {
        if (!taskcache_triggers(v.data, h->a, &t))
            anomaly(h, v.off, "decode", "Triggers", "cut short or of an unknown kind");
        const char *logon = taskcache_logon(&t);
        f.v[TA_FLAGS] = t.has_flags ? val_i(t.flags) : val_null(), f.v[TA_LOGON] = val_s(str_of(logon));
        f.v[TA_SID] = val_s(t.sid), f.v[TA_USER] = val_s(t.user);
    }
    if (k && regf_get(h->r, k, STR("Actions"), &v)) {
        if (!taskcache_actions(v.data, h->a, &act))
            anomaly(h, v.off, "decode", "Actions", "cut short or of an unknown kind");
        f.v[TA_COMMAND] = val_s(act.n ? act.command : (struct str){0}), f.v[TA_UNC] = act.n && act.place != TASK_DRIVE ? val_i(act.place == TASK_UNC) : val_null();     /* a drive may be mapped or not */
    }
    if (!path.p && k && regf_get(h->r, k, STR("Path"), &v))
        path = utf16_strz(h->a, v.data);
    f.v[TA_PATH] = val_s(path);
    f.ref = image_ref(&h->img, off, NULL);
    emit(h, &f);
}

static void software(struct hive *h)
{
    struct regf_key tree, tasks, k;
    struct tree_row *rows = NULL;
    bool has_tasks = find(h, TASKS "\\TaskCache\\Tasks", &tasks);
    regf_pass(h->r);
    if (find(h, TASKS "\\TaskCache\\Tree", &tree))
        task_tree(h, &tree, (struct str){"", 0}, 0, &rows);
    struct arena was = *h->a;
    for (struct tree_row *r = rows; r && h->st == OK; r = r->next, *h->a = was) {
        bool there = has_tasks && r->guid.n && !memchr(r->guid.p, '\\', r->guid.n) && regf_find(h->r, &tasks, r->guid, &k);
        if (there)
            regf_once(h->r, k.off);
        emit_task(h, there ? &k : NULL, r->guid, r->path, r->off);
    }
    for (uint32_t i = 0; has_tasks && h->st == OK && regf_subkey(h->r, &tasks, i, &k); i++, *h->a = was)
        if (regf_once(h->r, k.off))             /* no row in Tree: hidden or half deleted */
            emit_task(h, &k, k.name, (struct str){0}, k.off);
}

/* ---- all together */

static void decode(struct hive *h)
{
    static const struct { const char *kind; void (*fn)(struct hive *); } rows[] = {{"SECURITY", security}, {"SAM", sam}, {"SOFTWARE", software}};
    for (size_t i = 0; i < LEN(rows); i++)
        if (h->has_top && strcmp(h->kind, rows[i].kind) == 0)
            rows[i].fn(h);
}

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
    emit_wanted(h);
    h->before = NULL, *h->a = was;
    decode(h);
    *h->a = was;
    if (h->want->recovered)
        regf_deleted(h->r, on_deleted, h);
    return h->st;
}

enum status hive_read(const struct span *files, size_t n, const struct want *want, struct arena *a, fact_sink *sink, void *ctx, struct err *e)
{
    struct hive h = {.want = want, .a = a, .sink = sink, .ctx = ctx, .e = e, .held = arena_alloc(a, sizeof *h.held, LIM_ANOMALIES)};
    struct err short_of_memory = {0};           /* then the hive is read as it lies there, and the HIVE fact says so */
    txlog_recover(files, n, &h.img, &h.replay, &short_of_memory);
    h.room = LIM_REGF_ROOM * (uint64_t)h.img.n + (16u << 20);
    enum status st = read_hive(&h);
    image_free(&h.img);
    return st;
}
