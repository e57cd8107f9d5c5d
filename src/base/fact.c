#include "base/fact.h"
#include "base/utf.h"
#include "base/limits.h"

/* One column as its class says. */
#define CLASS_OF(c, type, nocase, most) TYPE_##c = type, NOCASE_##c = nocase, MOST_##c = most,
enum { FACT_CLASSES(CLASS_OF) };
#define COLUMN(index, name, c) {#name, CLASS_##c, (enum col_type)TYPE_##c, NOCASE_##c, MOST_##c},
#define DESC(k, table, from)   [FACT_##k] = {#table, from, FACT_##k##_COLUMNS, {COLUMNS_##k(COLUMN)}},
const struct fact_desc fact_descs[FACT_KINDS] = {FACT_TABLE(DESC)};

static bool is_text(enum col_type t) { return t == COL_TEXT || t == COL_BLOB; }

/* A text as long as its class allows: whole characters, and the mark of a cut. */
static void put_bounded(struct buf *out, struct str s, uint32_t most)
{
    static const char mark[] = "\xe2\x80\xa6"; /* an ellipsis */
    bool cut = s.n > most;
    if (cut) {
        s.n = most - (sizeof mark - 1);
        while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
            s.n--;
    }
    buf_u32(out, (uint32_t)(s.n + (cut ? sizeof mark - 1 : 0)));
    buf_str(out, s), buf_put(out, mark, cut ? sizeof mark - 1 : 0);
}

void fact_put(struct buf *out, const struct fact *f)
{
    buf_char(out, (char)f->kind), buf_char(out, (char)f->ref.file), buf_u64le(out, f->ref.off);
    for (size_t i = 0; i < fact_descs[f->kind].n; i++) {
        const struct value *v = &f->v[i];
        bool text = is_text(fact_descs[f->kind].col[i].type), there = !v->null && (!text || v->s.p);
        buf_char(out, there);
        if (there && text)
            put_bounded(out, v->s, fact_descs[f->kind].col[i].most);
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
            if (!s.bad && fact_descs[kind].col[i].type == COL_TEXT && !utf8_is(f->v[i].s))
                return err_set(e, E_FORMAT, in.off, "fact", "%s is not UTF-8", fact_descs[kind].col[i].name);
            if (s.n > fact_descs[kind].col[i].most)
                return err_set(e, E_FORMAT, in.off, "fact", "%s of %zu bytes, at most %u",
                               fact_descs[kind].col[i].name, s.n, fact_descs[kind].col[i].most);
        } else if (there) {
            f->v[i].i = (int64_t)span_u64(&in);
        }
    }
    if (in.bad || in.n)
        return err_set(e, E_FORMAT, in.off, "fact", in.bad ? "cut short" : "%zu bytes too many", in.n);
    return OK;
}
