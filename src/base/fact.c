#include "base/fact.h"
#include "base/limits.h"

#define I(n)       \
    {              \
        n, COL_INT \
    }
#define T(n)        \
    {               \
        n, COL_TIME \
    }
#define S(n)        \
    {               \
        n, COL_TEXT \
    }
#define B(n)        \
    {               \
        n, COL_BLOB \
    }
const struct fact_desc fact_descs[FACT_KINDS] = {
    [FACT_FILE] = {"file_read",
                   {S("kind"), S("log_kind"), I("bytes"), B("sha256"), I("seen"), I("parsed"), I("recovered"),
                    I("failed"), I("chunks"), S("note")}},
    [FACT_ANOMALY] = {"anomaly", {S("code"), S("what"), S("detail")}},
    [FACT_SPAN] = {"log_span",
                   {S("computer"), S("channel"), I("n"), I("first_id"), I("last_id"), T("first_time"),
                    T("last_time"), I("gaps")}},
    [FACT_COUNT] = {"event_count",
                    {S("channel"), S("provider"), I("event_id"), I("n"), T("first_time"), T("last_time")}},
    [FACT_EVENT] = {"event",
                    {S("computer"), S("channel"), S("provider"), I("event_id"), I("qualifiers"), I("version"),
                     I("level"), T("time"), I("record_id"), I("pid"), S("sid"), I("recovered"), I("identity"),
                     S("data"), I("size"), I("keywords")}},
    [FACT_FOLD] = {"fold",
                   {S("computer"), S("channel"), S("provider"), I("event_id"), I("day"), S("key"), I("n"),
                    T("first_time"), T("last_time"), I("last_off"), S("data")}},
    [FACT_HIVE] = {"hive",
                   {S("kind"), S("root"), S("computer"), I("seq1"), I("seq2"), I("dirty"), S("replay"),
                    I("keys"), I("values_n"), T("last_written"), I("control_set"), S("name")}},
    [FACT_REG_KEY] = {"reg_key",
                      {S("path"), T("written"), S("class"), I("subkeys"), I("values_n"), S("origin"),
                       I("recovered")}},
    [FACT_REG_VALUE] = {"reg_value",
                        {S("path"), S("name"), I("type"), I("num"), S("text"), B("data"), I("size"),
                         T("written"), S("origin"), B("before"), I("recovered"), I("key_off")}},
    [FACT_SECRET] = {"secret", {S("name"), T("cupd"), T("oupd"), I("size")}},
    [FACT_RIGHT] = {"logon_right", {S("sid"), I("mask")}},
    [FACT_AUDIT] = {"audit_policy", {S("subcategory"), I("mask")}},
    [FACT_LSA_NAME] = {"lsa_name", {S("what"), S("value")}},
    [FACT_CACHED_LOGON] = {"cached_logon", {I("slot"), T("written"), I("rid")}},
    [FACT_ACCOUNT] = {"sam_account",
                      {I("rid"), S("name"), I("flags"), T("password_set"), T("last_logon"), T("last_bad"),
                       I("bad_count"), T("expires"), I("blank"), I("logons")}},
    [FACT_LOCKOUT] = {"lockout_policy",
                      {I("threshold"), I("duration"), I("window"), I("max_age"), I("min_length"),
                       I("min_age"), I("history"), I("complex")}},
    [FACT_TASK] = {"task_cache",
                   {S("guid"), S("path"), S("sid"), S("user"), S("logon"), I("flags"), T("registered"),
                    T("last_run"), T("last_ok"), I("state"), I("result"), S("command"), I("unc")}},
};
#undef I
#undef T
#undef S
#undef B

static bool is_text(enum col_type t) { return t == COL_TEXT || t == COL_BLOB; }

void fact_put(struct buf *out, const struct fact *f)
{
    buf_char(out, (char)f->kind), buf_char(out, (char)f->ref.file), buf_u64le(out, f->ref.off);
    for (size_t i = 0; i < FACT_COLS && fact_descs[f->kind].col[i].name; i++) {
        const struct value *v = &f->v[i];
        bool text = is_text(fact_descs[f->kind].col[i].type), there = !v->null && (!text || v->s.p);
        buf_char(out, there);
        if (there && text)
            buf_u32(out, (uint32_t)v->s.n), buf_str(out, v->s);
        else if (there)
            buf_u64le(out, (uint64_t)v->i);
    }
}

enum status fact_get(struct span in, struct fact *f, struct err *e)
{
    uint64_t at = in.off;
    *f = (struct fact){0};
    unsigned kind = span_u8(&in);
    f->ref.file = span_u8(&in);
    f->ref.off = span_u64(&in);
    if (in.bad || kind >= FACT_KINDS)
        return err_set(e, E_FORMAT, at, "fact", "kind %u of %d", kind, FACT_KINDS);
    f->kind = (enum fact_kind)kind;
    for (size_t i = 0; i < FACT_COLS && fact_descs[kind].col[i].name; i++) {
        unsigned there = span_u8(&in);
        if (there > 1)
            return err_set(e, E_FORMAT, in.off, "fact", "presence byte %u", there);
        f->v[i].null = !there;
        if (there && is_text(fact_descs[kind].col[i].type)) {
            struct span s = span_take(&in, span_u32(&in));
            f->v[i].s = (struct str){(const char *)s.p, s.n};
        } else if (there) {
            f->v[i].i = (int64_t)span_u64(&in);
        }
    }
    if (in.bad || in.n)
        return err_set(e, E_FORMAT, in.off, "fact", in.bad ? "cut short" : "%zu bytes too many", in.n);
    return OK;
}
