#include "base/fact.h"
#include "base/limits.h"

#define CLASS_OF(class, type, nocase) FACT_CLASS_##class = type, FACT_NOCASE_##class = nocase,
enum { FACT_CLASSES(CLASS_OF) };
#define COLUMN(index, name, class) {#name, (enum col_type)FACT_CLASS_##class, FACT_NOCASE_##class},
#define DESC(k, table, from)       [FACT_##k] = {#table, from, FACT_##k##_COLUMNS, {COLUMNS_##k(COLUMN)}},
const struct fact_desc fact_descs[FACT_KINDS] = {FACT_TABLE(DESC)};

static bool is_text(enum col_type t) { return t == COL_TEXT || t == COL_BLOB; }

void fact_put(struct buf *out, const struct fact *f)
{
    buf_char(out, (char)f->kind), buf_char(out, (char)f->ref.file), buf_u64le(out, f->ref.off);
    for (size_t i = 0; i < fact_descs[f->kind].n; i++) {
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
    for (size_t i = 0; i < fact_descs[f->kind].n; i++) {
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
