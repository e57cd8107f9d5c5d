#include "run/rereader.h"
#include "parsers/evtx/evtx.h"
#include "parsers/registry/regf.h"
#include "parsers/second/second.h"
#include "base/limits.h"
#include "run/frame.h"
#include "plat/jail.h"
#include <stdlib.h>

void reread_item_put(struct buf *out, const struct reread_item *it)
{
    buf_char(out, (char)it->file), buf_u64le(out, it->off);
    buf_u32(out, (uint32_t)it->key.n), buf_str(out, it->key);
    buf_char(out, it->value.p != NULL), buf_u32(out, (uint32_t)it->value.n), buf_str(out, it->value);
    buf_u32(out, (uint32_t)it->fact.n), buf_str(out, it->fact);
}

static struct str take_str(struct span *in)
{
    struct span s = span_take(in, span_u32(in));
    return (struct str){s.p ? (const char *)s.p : "", s.n};
}

enum status reread_item_get(struct span in, struct reread_item *it, struct err *e)
{
    it->file = span_u8(&in), it->off = span_u64(&in);
    it->key = take_str(&in);
    bool has_value = span_u8(&in);
    it->value = take_str(&in);
    if (!has_value)
        it->value = (struct str){0};
    it->fact = take_str(&in);
    return in.bad || in.n || it->file > 2
               ? err_set(e, E_FORMAT, ERR_NO_OFF, "item to read again", "malformed")
               : OK;
}

/* --- the child */

/* a hive of 2 GiB needs 32 MiB of marks; an item: a record's XML five times over, or one value */
enum { READER = 64 << 20, SCRATCH = 96 << 20 };

struct rereader {
    struct map map[3];
    struct span file[3];
    size_t n;
    bool hive;
    struct image img;
    struct regf *ours;
    struct second_hive *theirs;
    struct err theirs_err, ours_err;
    struct arena mem;     /* what our own reader of the hive decodes into */
    struct arena scratch; /* what one item needs */
    struct buf out, detail;
};

static enum status no_facts(void *ctx, const struct fact *f, struct err *e)
{
    (void)ctx, (void)f, (void)e;
    return OK; /* the anomalies were told when the hive was first read */
}

static enum status open_files(struct rereader *r, struct span in, const plat_file *fd, size_t n_fd,
                              struct err *e)
{
    r->hive = span_u8(&in), r->n = span_u8(&in);
    enum status st = r->n >= 1 && r->n <= 3 && r->n == n_fd
                         ? OK
                         : err_set(e, E_FORMAT, ERR_NO_OFF, "request", "malformed");
    for (size_t i = 0; i < r->n && st == OK; i++) {
        uint64_t at = span_u64(&in), bytes = span_u64(&in);
        st = plat_map(fd[i], at, bytes, &r->map[i], e);
        r->file[i] = span_of(r->map[i].p, r->map[i].n, 0);
    }
    return st == OK && in.bad ? err_set(e, E_FORMAT, ERR_NO_OFF, "request", "cut short") : st;
}

/* After the jail: from here on evidence bytes are looked at. What fails here is said for every item. */
static void open_hive(struct rereader *r)
{
    struct replay replay;
    if (!r->hive)
        return;
    if (txlog_recover(r->file, r->n, &r->img, &replay, &r->ours_err) != OK) {
        r->theirs_err = r->ours_err;
        return;
    }
    regf_open(&r->img, &r->mem, no_facts, NULL, &r->ours, &r->ours_err);
    second_hive_open(span_of(r->img.bytes, r->img.n, 0), &r->theirs, &r->theirs_err);
}

/* The value a decoded fact rests on, as our reader sees it, at the place that was cited. */
static bool our_value(struct rereader *r, const struct reread_item *it, struct fact *f, struct arena *a)
{
    struct regf_key root, key;
    struct regf_value v = {0};
    if (!r->ours || !regf_root(r->ours, &root) || !regf_find(r->ours, &root, it->key, &key)
        || (it->value.p && !regf_get(r->ours, &key, it->value, &v)))
        return false;
    struct ref at = image_ref(&r->img, it->value.p ? v.off : key.off, NULL);
    if (at.off != it->off || at.file != it->file)
        return false;
    *f = (struct fact){.kind = it->value.p ? FACT_REG_VALUE : FACT_REG_KEY, .ref = at};
    for (size_t i = 0; i < FACT_COLS; i++)
        f->v[i] = val_null();
    struct str data = arena_str(a, (struct str){(const char *)v.data.p, v.data.n});
    if (it->value.p)
        f->v[RV_TYPE] = val_i(v.type), f->v[RV_SIZE] = val_i(v.size), f->v[RV_DATA] = val_s(data),
        f->v[RV_WRITTEN] = val_i(key.written);
    else
        f->v[RK_WRITTEN] = val_i(key.written);
    return true;
}

static void judge_registry(struct rereader *r, const struct reread_item *it, const struct fact *ours,
                           struct arena *a, struct second_verdict *v)
{
    struct second_value theirs;
    struct err why = r->theirs_err;
    if (r->theirs)
        second_value(r->theirs, it->key, it->value, &theirs, a, &why);
    second_compare_value(ours, &theirs, why.code ? &why : NULL, a, v);
}

static void compare_readers(struct rereader *r, const struct reread_item *it, struct second_verdict *v,
                            struct arena *a)
{
    struct fact ours;
    struct err e = {0};
    *v = (struct second_verdict){.result = SECOND_UNREADABLE,
                                 .theirs = STR("our own reader does not find it there again")};
    if (it->file >= r->n)
        return;
    if (!it->fact.n) {
        if (our_value(r, it, &ours, a))
            judge_registry(r, it, &ours, a, v);
        return;
    }
    if (fact_get(span_of(it->fact.p, it->fact.n, 0), &ours, &e) != OK)
        return;
    if (ours.kind != FACT_EVENT) {
        judge_registry(r, it, &ours, a, v);
        return;
    }
    struct second_event theirs;
    struct err why = {0};
    second_event(r->file[it->file], it->off, &theirs, a, &why);
    second_compare_event(&ours, &theirs, why.code ? &why : NULL, a, v);
    if (v->result != SECOND_DIFFER || why.code)
        return;
    struct buf data = {0}, replaced = {0};
    struct arena mem = r->mem;
    uint32_t size;
    if (evtx_record(r->file[it->file], it->off, EVTX_DATA, &mem, &data, &size, &e) == OK
        && evtx_record(r->file[it->file], it->off, EVTX_DATA_REPLACED, &mem, &replaced, &size, &e) == OK
        && !data.bad && !replaced.bad)
        second_excuse_pieces(&ours, buf_view(&data), buf_view(&replaced), &theirs, a, v);
    buf_free(&data), buf_free(&replaced);
}

static enum status answer(struct rereader *r, const struct reread_item *it, struct err *e)
{
    struct arena mem = r->mem, scratch = r->scratch;
    struct second_verdict v;
    compare_readers(r, it, &v, &scratch);
    r->mem = mem;
    r->detail.n = 0;
    second_verdict_text(&v, &r->detail);
    size_t at = frame_begin(&r->out, REREAD_VERDICT);
    buf_char(&r->out, (char)v.result), buf_u32(&r->out, (uint32_t)r->detail.n),
        buf_str(&r->out, buf_view(&r->detail));
    frame_end(&r->out, at);
    return r->detail.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "rereader", "out of memory")
                         : frame_send(&r->out, e);
}

static struct jail_limits limits(void)
{
    struct jail_limits lim = {.cpu_s = LIM_REREAD_SECONDS, .files = LIM_WORKER_FILES};
#if !defined(__SANITIZE_ADDRESS__)
    lim.memory_bytes = LIM_REREAD_BYTES;
#endif
    return lim;
}

static enum status enter_jail(struct rereader *r, struct err *e)
{
    struct jail_limits lim = limits();
    size_t at = frame_begin(&r->out, REREAD_JAIL);
    buf_u32(&r->out, plat_jail(&lim));
    frame_end(&r->out, at);
    return frame_send(&r->out, e);
}

int rereader_main(void)
{
    struct rereader r = {0};
    struct buf body = {0};
    struct err e = {0};
    uint8_t type;
    plat_file fd[3];
    size_t n = 3;
    if (!arena_make(&r.mem, READER) || !arena_make(&r.scratch, SCRATCH))
        return 70;
    struct jail_limits lim = limits();
    plat_jail_ahead(&lim); /* once for all copies */
    plat_give_back();      /* each copy would write to what lies free between */
    enum status copy = plat_child_copies(&e);
    if (copy != OK) /* the original has made copies and is not needed any more */
        return copy == E_TRUNC ? 0 : 70;
    if (frame_recv(&body, &type, fd, &n, &e) != OK || type != REREAD_OPEN
        || open_files(&r, span_of(body.p, body.n, 0), fd, n, &e) != OK || enter_jail(&r, &e) != OK)
        return 70;
    open_hive(&r);
    enum status st;
    while ((st = frame_recv(&body, &type, NULL, NULL, &e)) == OK) {
        struct reread_item it;
        if (type != REREAD_ITEM || reread_item_get(span_of(body.p, body.n, 0), &it, &e) != OK
            || answer(&r, &it, &e) != OK)
            return 70;
    }
    return st == E_TRUNC ? 0 : 70; /* memory goes with the process */
}
