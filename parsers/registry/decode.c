#include "parsers/registry/decode.h"
#include "base/limits.h"
#include "base/utf.h"
#include "parsers/registry/lsa.h"
#include "parsers/registry/regpath.h"
#include "parsers/registry/sam.h"
#include "parsers/registry/taskcache.h"
#include <stdarg.h>
#include <stdio.h>

static bool default_value(const struct reg_source *s, const struct reg_node *from, const char *path,
                          struct reg_node *k, struct regf_value *v)
{
    return s->find(s->ctx, from, str_of(path), k) && s->get(s->ctx, k, STR(""), v);
}

static struct value time_or_null(bool there, int64_t t) { return there && t > 0 ? val_i(t) : val_null(); }
static struct value span_or_null(int64_t t) { return t == SAM_FOREVER ? val_null() : val_i(t); }

static struct fact blank(enum fact_kind kind)
{
    struct fact f = {.kind = kind};
    for (size_t i = 0; i < FACT_COLS; i++)
        f.v[i] = val_null();
    return f;
}

PRINTF_LIKE(4, 5)
static void cite(const struct reg_source *s, const struct reg_node *k, const struct regf_value *v,
                 const char *path, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, path);
    int n = vsnprintf(text, sizeof text, path, ap);
    va_end(ap);
    if (n > 0 && (size_t)n < sizeof text)
        s->cite(s->ctx, (struct str){text, (size_t)n}, k, v);
}

static void each_subkey(const struct reg_source *s, const struct reg_node *k,
                        void (*fn)(const struct reg_source *, const struct reg_node *))
{
    struct reg_node sub;
    struct reg_iter it = {0};
    struct arena was = *s->a;
    for (; s->going(s->ctx) && s->subkey(s->ctx, k, &it, &sub); *s->a = was)
        fn(s, &sub);
}

/* ---- SECURITY */

static void secret(const struct reg_source *s, const struct reg_node *k)
{
    struct reg_node ck, ok, vk;
    struct regf_value cupd, oupd, val;
    int64_t c = 0, o = 0;
    bool has_c = default_value(s, k, "CupdTime", &ck, &cupd),
         has_o = default_value(s, k, "OupdTime", &ok, &oupd);
    struct fact f = blank(FACT_SECRET);
    if ((has_c && !lsa_read_time(cupd.data, &c)) || (has_o && !lsa_read_time(oupd.data, &o)))
        s->anomaly(s->ctx, k->key.off, "LSA secret", "its time is not 8 bytes");
    f.v[SE_NAME] = val_s(k->key.name), f.v[SE_CUPD] = time_or_null(has_c, c),
    f.v[SE_OUPD] = time_or_null(has_o, o);
    f.v[SE_SIZE] = default_value(s, k, "CurrVal", &vk, &val) ? val_i(val.size) : val_null();
    s->emit(s->ctx, &f, has_c ? cupd.off : k->key.off);
    if (has_c)
        cite(s, &ck, &cupd, "Policy\\Secrets\\%.*s\\CupdTime", STR_ARG(k->key.name));
}

static void right(const struct reg_source *s, const struct reg_node *k)
{
    struct reg_node at;
    struct regf_value v;
    uint32_t mask;
    if (!default_value(s, k, "ActSysAc", &at, &v))
        return;
    struct fact f = blank(FACT_RIGHT);
    if (!lsa_read_mask(v.data, &mask)) {
        s->anomaly(s->ctx, v.off, "logon rights", "not 4 bytes");
        return;
    }
    f.v[RI_SID] = val_s(k->key.name), f.v[RI_MASK] = val_i(mask);
    s->emit(s->ctx, &f, v.off);
    cite(s, &at, &v, "Policy\\Accounts\\%.*s\\ActSysAc", STR_ARG(k->key.name));
}

static void audit_policy(const struct reg_source *s, const struct reg_node *policy)
{
    struct reg_node at;
    struct regf_value v;
    struct lsa_audit audit;
    struct err e = {0};
    if (!default_value(s, policy, "PolAdtEv", &at, &v))
        return;
    if (lsa_read_audit(v.data, &audit, &e) != OK || audit.unknown)
        s->anomaly(s->ctx, v.off, "audit policy",
                   e.code ? e.why : "categories of an unknown size are left out");
    for (unsigned i = 0; i < audit.n; i++) {
        struct fact f = blank(FACT_AUDIT);
        f.v[AU_SUBCATEGORY] = val_s(str_of(audit.sub[i].name)), f.v[AU_MASK] = val_i(audit.sub[i].mask);
        if (audit.sub[i].name)
            s->emit(s->ctx, &f, v.off);
    }
    if (audit.n)
        cite(s, &at, &v, "Policy\\PolAdtEv");
}

static void lsa_fact(const struct reg_source *s, const struct regf_value *v, const char *what,
                     struct str value)
{
    struct fact f = blank(FACT_LSA_NAME);
    f.v[LN_WHAT] = val_s(str_of(what)), f.v[LN_VALUE] = val_s(value);
    s->emit(s->ctx, &f, v->off);
}

static void names(const struct reg_source *s, const struct reg_node *policy)
{
    static const struct {
        const char *key, *what;
        bool sid;
    } rows[] = {
        {"PolAcDmN", "machine_name", false}, {"PolAcDmS", "machine_sid", true},
        {"PolPrDmN", "domain_name", false},  {"PolPrDmS", "domain_sid", true},
        {"PolDnDDN", "dns_domain", false},   {"PolDnTrN", "dns_forest", false},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct reg_node at;
        struct regf_value v;
        if (!default_value(s, policy, rows[i].key, &at, &v) || !v.data.n)
            continue; /* empty: not joined to a domain */
        struct str text = rows[i].sid ? lsa_read_sid(v.data, s->a) : lsa_read_name(v.data, s->a);
        if (!text.p)
            s->anomaly(s->ctx, v.off, rows[i].what, "length or shape wrong");
        else if (text.n)
            lsa_fact(s, &v, rows[i].what, text), cite(s, &at, &v, "Policy\\%s", rows[i].key);
    }
}

static void cached_logons(const struct reg_source *s, const struct reg_node *cache)
{
    struct regf_value v;
    struct reg_iter it = {0};
    struct arena was = *s->a;
    for (; s->going(s->ctx) && s->value(s->ctx, cache, &it, &v); *s->a = was) {
        struct lsa_cached c;
        int64_t slot;
        uint32_t slots;
        if (str_eq_ci(v.name, STR("NL$Control"))) {
            char *n = lsa_read_slots(v.data, &slots) ? arena_printf(s->a, "%u", slots) : NULL;
            if (n)
                lsa_fact(s, &v, "cached_logon_slots", str_of(n)), cite(s, cache, &v, "Cache");
        }
        if (!str_starts_ci(v.name, STR("NL$")) || !str_i64((struct str){v.name.p + 3, v.name.n - 3}, &slot))
            continue;
        struct fact f = blank(FACT_CACHED_LOGON);
        if (!lsa_read_cached(v.data, &c))
            s->anomaly(s->ctx, v.off, "cached logon", "cut short");
        f.v[CL_SLOT] = val_i(slot), f.v[CL_WRITTEN] = time_or_null(true, c.written),
        f.v[CL_RID] = val_i(c.rid);
        if (c.used)
            s->emit(s->ctx, &f, v.off), cite(s, cache, &v, "Cache");
    }
}

static void security(const struct reg_source *s)
{
    struct reg_node k;
    if (s->find(s->ctx, NULL, STR("Policy\\Secrets"), &k))
        each_subkey(s, &k, secret);
    if (s->find(s->ctx, NULL, STR("Policy\\Accounts"), &k))
        each_subkey(s, &k, right);
    if (s->find(s->ctx, NULL, STR("Policy"), &k))
        audit_policy(s, &k), names(s, &k);
    if (s->find(s->ctx, NULL, STR("Cache"), &k))
        cached_logons(s, &k);
}

/* ---- SAM */

static void account(const struct reg_source *s, const struct reg_node *k)
{
    struct regf_value fv, vv;
    struct sam_user u = {0};
    struct str name = {0};
    enum sam_blank blank_password = SAM_PASSWORD_UNKNOWN;
    uint32_t rid = 0;
    if (!sam_rid(k->key.name, &rid))
        return; /* Names */
    bool has_f = s->get(s->ctx, k, STR("F"), &fv) && sam_user_f(fv.data, &u),
         has_v = s->get(s->ctx, k, STR("V"), &vv) && sam_user_v(vv.data, s->a, &name, &blank_password);
    if (!has_f || !has_v)
        s->anomaly(s->ctx, k->key.off, "SAM account", has_f ? "V cannot be read" : "F cannot be read");
    struct fact f = blank(FACT_ACCOUNT);
    f.v[AC_RID] = val_i(rid), f.v[AC_NAME] = val_s(name),
    f.v[AC_BLANK] = blank_password == SAM_PASSWORD_UNKNOWN ? val_null() : val_i(blank_password);
    if (has_f) {
        f.v[AC_FLAGS] = val_i(u.flags), f.v[AC_PASSWORD_SET] = val_i(u.password_set),
        f.v[AC_BAD_COUNT] = val_i(u.bad_count), f.v[AC_LOGONS] = val_i(u.logons);
        f.v[AC_LAST_LOGON] = time_or_null(true, u.last_logon),
        f.v[AC_LAST_BAD] = time_or_null(true, u.last_bad);
        f.v[AC_EXPIRES] = time_or_null(u.expires != INT64_MAX, u.expires);
    }
    s->emit(s->ctx, &f, has_f ? fv.off : k->key.off);
    if (has_f)
        cite(s, k, &fv, "SAM\\Domains\\Account\\Users\\%.*s", STR_ARG(k->key.name));
}

static void sam(const struct reg_source *s)
{
    struct reg_node k;
    struct regf_value v;
    struct sam_policy p;
    if (s->find(s->ctx, NULL, STR("SAM\\Domains\\Account\\Users"), &k))
        each_subkey(s, &k, account);
    if (!s->find(s->ctx, NULL, STR("SAM\\Domains\\Account"), &k))
        return;
    struct str sid = s->get(s->ctx, &k, STR("V"), &v) ? sam_domain_v(v.data, s->a) : (struct str){0};
    if (sid.p)
        lsa_fact(s, &v, "sam_sid", sid), cite(s, &k, &v, "SAM\\Domains\\Account");
    if (!s->get(s->ctx, &k, STR("F"), &v))
        return;
    if (!sam_domain_f(v.data, &p)) {
        s->anomaly(s->ctx, v.off, "SAM domain", "F is cut short");
        return;
    }
    struct fact f = blank(FACT_LOCKOUT);
    f.v[LO_THRESHOLD] = val_i(p.threshold), f.v[LO_DURATION] = span_or_null(p.lockout),
    f.v[LO_WINDOW] = span_or_null(p.window);
    f.v[LO_MAX_AGE] = span_or_null(p.max_age), f.v[LO_MIN_LENGTH] = val_i(p.min_length),
    f.v[LO_MIN_AGE] = span_or_null(p.min_age);
    f.v[LO_HISTORY] = val_i(p.history), f.v[LO_COMPLEX] = val_i(p.properties & SAM_COMPLEX);
    s->emit(s->ctx, &f, v.off);
    cite(s, &k, &v, "SAM\\Domains\\Account");
}

/* ---- SOFTWARE: tasks. Tree gives path -> GUID, Tasks\{GUID} the rest; either may lack the other. */

struct tree_row {
    struct str guid, path;
    struct reg_node key;
    struct regf_value id;
    struct tree_row *next;
};

static void task_tree(const struct reg_source *s, const struct reg_node *k, struct str path, unsigned depth,
                      struct tree_row **rows)
{
    struct reg_node sub;
    struct regf_value v;
    struct reg_iter it = {0};
    while (depth < LIM_REGF_PARTS && s->going(s->ctx) && s->subkey(s->ctx, k, &it, &sub)) {
        struct tree_row *row = s->once(s->ctx, &sub) ? arena_alloc(s->a, sizeof *row, 1) : NULL;
        char *p = row && path.n + sub.key.name.n < LIM_REGF_PATH
                      ? arena_printf(s->a, "%.*s\\%.*s", STR_ARG(path), STR_ARG(sub.key.name))
                      : NULL;
        if (row && !p)
            s->anomaly(s->ctx, sub.key.off, "task tree", "no room for this path");
        if (!p)
            continue;
        if (s->get(s->ctx, &sub, STR("Id"), &v)) {
            *row = (struct tree_row){utf16_strz(s->a, v.data), str_of(p), sub, v, *rows};
            *rows = row;
        }
        task_tree(s, &sub, str_of(p), depth + 1, rows);
    }
}

static void dynamic_info(const struct reg_source *s, const struct regf_value *v, struct fact *f)
{
    struct task_dynamic d;
    if (taskcache_dynamic(v->data, &d)) {
        f->v[TA_REGISTERED] = time_or_null(true, d.registered),
        f->v[TA_LAST_RUN] = time_or_null(true, d.last_run),
        f->v[TA_LAST_OK] = time_or_null(d.has_last_ok, d.last_ok);
        f->v[TA_STATE] = val_i(d.state), f->v[TA_RESULT] = val_i(d.result);
    } else {
        s->anomaly(s->ctx, v->off, "DynamicInfo", "cut short or of an unknown kind");
    }
}

static void triggers(const struct reg_source *s, const struct regf_value *v, struct fact *f)
{
    struct task_triggers t = {0};
    if (!taskcache_triggers(v->data, s->a, &t))
        s->anomaly(s->ctx, v->off, "Triggers", "cut short or of an unknown kind");
    f->v[TA_FLAGS] = t.has_flags ? val_i(t.flags) : val_null(),
    f->v[TA_LOGON] = val_s(str_of(taskcache_logon(&t)));
    f->v[TA_SID] = val_s(t.sid), f->v[TA_USER] = val_s(t.user);
}

static void actions(const struct reg_source *s, const struct regf_value *v, struct fact *f)
{
    struct task_actions act;
    if (!taskcache_actions(v->data, s->a, &act))
        s->anomaly(s->ctx, v->off, "Actions", "cut short or of an unknown kind");
    f->v[TA_COMMAND] = val_s(act.n ? act.command : (struct str){0});
    /* a drive may be mapped or not */
    f->v[TA_UNC] = act.n && act.place != TASK_DRIVE ? val_i(act.place == TASK_UNC) : val_null();
}

/* k: in Tasks, or NULL; row: in Tree, or NULL. */
static void task(const struct reg_source *s, const struct reg_node *k, const struct tree_row *row)
{
    struct fact f = blank(FACT_TASK);
    struct regf_value v, dynamic;
    struct str path = row ? row->path : (struct str){0}, guid = row ? row->guid : k ? k->key.name : STR_NONE;
    bool has_dynamic = k && s->get(s->ctx, k, STR("DynamicInfo"), &dynamic);
    if (has_dynamic)
        dynamic_info(s, &dynamic, &f);
    if (k && s->get(s->ctx, k, STR("Triggers"), &v))
        triggers(s, &v, &f);
    if (k && s->get(s->ctx, k, STR("Actions"), &v))
        actions(s, &v, &f);
    if (!path.p && k && s->get(s->ctx, k, STR("Path"), &v))
        path = utf16_strz(s->a, v.data);
    f.v[TA_GUID] = val_s(guid), f.v[TA_PATH] = val_s(path);
    s->emit(s->ctx, &f, has_dynamic ? dynamic.off : row ? row->id.off : k->key.off);
    if (has_dynamic)
        cite(s, k, &dynamic, REG_TASK_CACHE "\\Tasks\\%.*s", STR_ARG(k->key.name));
    else if (row)
        cite(s, &row->key, &row->id, REG_TASK_CACHE "\\Tree%.*s", STR_ARG(row->path));
}

static void software(const struct reg_source *s)
{
    struct reg_node tree, tasks, k;
    struct tree_row *rows = NULL;
    struct reg_iter it = {0};
    bool has_tasks = s->find(s->ctx, NULL, STR(REG_TASK_CACHE "\\Tasks"), &tasks);
    if (s->find(s->ctx, NULL, STR(REG_TASK_CACHE "\\Tree"), &tree))
        task_tree(s, &tree, (struct str){"", 0}, 0, &rows);
    struct arena was = *s->a;
    for (struct tree_row *r = rows; r && s->going(s->ctx); r = r->next, *s->a = was) {
        bool there = has_tasks && r->guid.n && !memchr(r->guid.p, '\\', r->guid.n)
                     && s->find(s->ctx, &tasks, r->guid, &k);
        if (there)
            s->once(s->ctx, &k);
        task(s, there ? &k : NULL, r);
    }
    for (; has_tasks && s->going(s->ctx) && s->subkey(s->ctx, &tasks, &it, &k); *s->a = was)
        if (s->once(s->ctx, &k)) /* no row in Tree: hidden or half deleted */
            task(s, &k, NULL);
}

/* ---- all together */

static const struct {
    struct str kind, path;
    void (*fn)(const struct reg_source *);
} kinds[] = {{{"SECURITY", 8}, {"", 0}, security},
             {{"SAM", 3}, {"", 0}, sam},
             {{"SOFTWARE", 8}, {REG_TASK_CACHE, sizeof REG_TASK_CACHE - 1}, software}};

bool reg_decodes(struct str kind, struct str path)
{
    struct str rest;
    for (size_t i = 0; i < LEN(kinds); i++)
        if (str_eq(kind, kinds[i].kind))
            return reg_below(path, kinds[i].path, &rest);
    return false;
}

void reg_decode(const struct reg_source *s, struct str kind)
{
    for (size_t i = 0; i < LEN(kinds); i++)
        if (str_eq(kind, kinds[i].kind))
            kinds[i].fn(s);
}
