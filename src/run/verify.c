#include "run/verify.h"
#include "parsers/second/second.h"
#include "base/grow.h"
#include "base/limits.h"
#include "case/casedb.h"
#include "case/named.h"
#include "run/child.h"
#include "run/frame.h"
#include "run/original.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include "run/discover.h"
#include "run/rereader.h"
#include <stdlib.h>
#include <string.h>

/* one item: a hive is opened with the first, hostile ones are ended by the CPU limit before */
enum {
    WHY = 176,
    STALL_MS = 30000,
    AHEAD = 3, /* readers asked for before they are wanted */
    /* one fact at a time: a value is 1 MiB at most, its hex and text some more */
    SCRATCH_BYTES = 64 << 20
};

/* What is cited: where it lies and which row says so. */
struct item {
    int64_t unit, file, off, row;
    uint8_t kind;
};
/* root: "SYSTEM", or further down for a sub-tree export; text: no second reader knows it */
struct unit {
    int64_t file[3];
    struct str root;
    size_t n;
    bool hive, text;
};

struct verify {
    struct casedb *db;
    const struct evidence *ev;
    struct arena mem;
    struct item *item;
    size_t n, cap;
    uint8_t kind; /* of items that are being collected */
    struct original *original;
    struct proc *proc;         /* its copy for one unit */
    bool jailed, require_jail; /* proc has said which layers hold it: before that it is asked nothing */
    unsigned *jail;
    const struct meanwhile *meanwhile;
    struct buf in, out;
};

/* --- what is cited, unit by unit */

static enum status add_item(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct verify *v = ctx;
    (void)name, (void)n;
    struct item *more = grow(v->item, sizeof *more, v->n, &v->cap);
    if (!more)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "verify", "out of memory");
    v->item = more;
    v->item[v->n++] = (struct item){
        .unit = c[0].i, .file = c[1].i, .off = c[2].i, .row = c[3].i, .kind = v->kind};
    return OK;
}

static int by_place(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    const int64_t d[][2] = {
        {x->unit, y->unit}, {x->file, y->file}, {x->off, y->off}, {x->kind, y->kind}, {x->row, y->row}};
    for (size_t i = 0; i < LEN(d); i++)
        if (d[i][0] != d[i][1])
            return d[i][0] < d[i][1] ? -1 : 1;
    return 0;
}

/* Each place once: what several kinds of facts say of it rests on the first. */
static enum status collect(struct verify *v, struct err *e)
{
    enum status st = OK;
    size_t n = 0;
    for (v->kind = 0; v->kind < CITED_KINDS && st == OK; v->kind++)
        st = case_named_in(v->db, Q_CITED_UNIT, cited_kinds[v->kind].table, cited_kinds[v->kind].unit, "",
                           NULL, add_item, v, e);
    if (v->n)
        qsort(v->item, v->n, sizeof *v->item, by_place);
    for (size_t i = 0; i < v->n; i++)
        if (!n || v->item[n - 1].unit != v->item[i].unit || v->item[n - 1].file != v->item[i].file
            || v->item[n - 1].off != v->item[i].off)
            v->item[n++] = v->item[i];
    v->n = n;
    return st;
}

/* What the second reader is asked: the fact, or the value it rests on. Nothing but an offset when the fact
 * does not fit. */
struct question {
    struct verify *v;
    int fact;
    struct reread_item it;
    bool fits;
};

static enum status read_fact(void *ctx, const struct cell *c, const char *const *name, size_t n,
                             struct err *e)
{
    struct question *q = ctx;
    struct arena *mem = &q->v->mem;
    (void)name;
    if (q->fact < 0) {
        q->it.key = arena_str(mem, c[0].s), q->it.value = arena_str(mem, c[1].s);
        return q->fits = q->it.key.p && q->it.value.p, OK;
    }
    struct fact f = {.kind = (enum fact_kind)q->fact, .ref = {.off = q->it.off}};
    struct buf wire = {0};
    for (size_t i = 0; i < FACT_COLS; i++)
        f.v[i] = i >= n || c[i].null ? val_null() : (struct value){.i = c[i].i, .s = c[i].s};
    if (f.kind != FACT_EVENT)
        q->it.key = arena_str(mem, f.v[RV_PATH].s); /* cut to what is below the root when it is asked */
    if (f.kind == FACT_REG_VALUE)
        q->it.value = arena_str(mem, f.v[RV_NAME].s.p ? f.v[RV_NAME].s : STR(""));
    fact_put(&wire, &f);
    q->it.fact = arena_str(mem, buf_view(&wire));
    q->fits = q->it.fact.p && (f.kind == FACT_EVENT || q->it.key.p)
              && (f.kind != FACT_REG_VALUE || q->it.value.p);
    enum status st = wire.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "verify", "out of memory") : OK;
    buf_free(&wire);
    return st;
}

/* --- one unit: its files, one child, its items */

static enum status keep_root(void *ctx, const struct cell *c, const char *const *name, size_t n,
                             struct err *e)
{
    struct {
        struct verify *v;
        struct unit *u;
    } *q = ctx;
    (void)name, (void)n, (void)e;
    q->u->root = arena_str(&q->v->mem, c[0].s);
    return OK;
}

static enum status add_file(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct {
        struct verify *v;
        struct unit *u;
    } *q = ctx;
    (void)name, (void)n;
    (void)e;
    if (q->u->n == LEN(q->u->file) || c[0].i < 1 || (uint64_t)c[0].i > q->v->ev->n)
        return OK;
    q->u->file[q->u->n++] = c[0].i;
    q->u->hive |= str_eq(c[1].s, STR("hive")),
        q->u->text |= str_eq(c[1].s, STR("reg-text")) || str_eq(c[1].s, STR("tool-text"));
    return OK;
}

static void forget_child(struct verify *v) { v->proc = NULL, v->jailed = false, v->in.n = 0; }

static void end_child(struct verify *v, struct exit_info *how)
{
    child_end(v->proc, how);
    forget_child(v);
}

/* One that has answered all it was asked. */
static void let_go(struct verify *v)
{
    plat_proc_hang_up(v->proc);
    child_leaves(&v->original->gone, v->proc);
    forget_child(v);
}

static enum status start_process(struct verify *v, struct err *e)
{
    struct err why = {0};
    return original_copy(v->original, &v->proc, &why) == OK
               ? OK
               : err_set(e, E_PROC, ERR_NO_OFF, "second readers do not start", "%s", why.why);
}

static enum status start_child(struct verify *v, const struct unit *u, char why[WHY], struct err *e)
{
    plat_file fd[3] = {-1, -1, -1};
    uint64_t place[3], bytes[3];
    struct err bad = {0};
    size_t open = 0;
    while (open < u->n
           && evidence_open(v->ev, (size_t)u->file[open] - 1, &fd[open], &place[open], &bytes[open], &bad)
                  == OK)
        open++;
    enum status st = OK;
    if (open < u->n) {
        snprintf(why, WHY, "%s", bad.why);
    } else if ((st = start_process(v, e)) == OK) {
        v->out.n = 0;
        size_t at = frame_begin(&v->out, REREAD_OPEN);
        buf_char(&v->out, u->hive), buf_char(&v->out, (char)u->n);
        for (size_t i = 0; i < u->n; i++)
            buf_u64le(&v->out, place[i]), buf_u64le(&v->out, bytes[i]);
        frame_end(&v->out, at);
        struct err sent = {0}; /* a child that has died already is found out when it is asked */
        st = frame_to(v->proc, &v->out, fd, u->n, &sent) == E_NOMEM
                 ? err_set(e, E_NOMEM, ERR_NO_OFF, "verify", "out of memory")
                 : OK;
    }
    for (size_t i = 0; i < open; i++)
        plat_close(fd[i]);
    return st;
}

/* Waits for the verdict on the item just sent. *gone: the child ended, or said what it may not. */
static enum status await(struct verify *v, uint8_t *result, struct str *detail, bool *gone, struct err *e)
{
    uint64_t since = plat_clock_ms();
    for (*gone = false;;) {
        struct span in = span_of(v->in.p, v->in.n, 0), body;
        uint8_t type;
        enum status framing;
        bool ready;
        while (frame_next(&in, &type, &body, &framing)) {
            /* seen again when the rest comes later: says nothing new */
            if (type == REREAD_JAIL) {
                enum status st = jail_seen(span_u32(&body), v->require_jail, v->jail, e);
                v->jailed = true;
                if (st != OK)
                    return st;
                continue;
            }
            *result = span_u8(&body);
            struct span text = span_take(&body, span_u32(&body));
            *detail = arena_str(&v->mem, (struct str){(const char *)text.p, text.bad ? 0 : text.n});
            v->in.n = 0; /* one question, one answer */
            *gone = !v->jailed || type != REREAD_VERDICT || text.bad || *result >= SECOND_RESULTS;
            return OK;
        }
        enum status halted = case_halted(v->db, e);
        if (halted != OK) {
            plat_proc_kill(v->proc);
            return halted;
        }
        if (framing != OK || plat_clock_ms() - since > STALL_MS) {
            plat_proc_kill(v->proc);
            return *gone = true, OK;
        }
        char chunk[4096];
        size_t got;
        bool eof;
        enum status st = children_wait(&v->proc, 1, 200, &ready, v->meanwhile, e);
        if (st != OK || (ready && (st = plat_proc_read(v->proc, chunk, sizeof chunk, &got, &eof, e)) != OK))
            return st;
        if (ready)
            buf_put(&v->in, chunk, got);
        if (v->in.bad)
            return err_set(e, E_NOMEM, ERR_NO_OFF, "verify", "out of memory");
        if (ready && eof)
            return *gone = true, OK;
    }
}

static enum status store(struct verify *v, const struct item *it, enum second_result r, struct str detail,
                         struct err *e)
{
    char id[64];
    snprintf(id, sizeof id, "f%lld:0x%llx", (long long)it->file, (unsigned long long)it->off);
    struct value row[] = {val_s(str_of(id)), val_s(str_of(second_result_names[r])),
                          detail.n ? val_s(detail) : val_null(), val_s(str_of(second_version()))};
    return case_named(v->db, Q_VERIFIED_PUT, "ssss", row, NULL, NULL, e);
}

static enum status ask_second_reader(struct verify *v, const struct unit *u, const struct item *it,
                                     struct err *e)
{
    char why[WHY] = "", words[EXIT_WORDS];
    uint8_t result = SECOND_UNREADABLE;
    struct str detail = {0};
    bool gone = false;
    struct exit_info how = {0};
    struct question q = {.v = v, .fact = cited_kinds[it->kind].fact, .it = {.off = (uint64_t)it->off}};
    for (size_t i = 0; i < u->n; i++)
        if (u->file[i] == it->file)
            q.it.file = (uint8_t)i;
    enum status st = case_named_in(v->db, Q_CITED_ONE, cited_kinds[it->kind].table,
                                   cited_kinds[it->kind].columns, "i", &(struct value){.i = it->row},
                                   read_fact, &q, e);
    if (st == OK && !q.fits)
        return store(v, it, SECOND_UNREADABLE, STR("too large to be read again"), e);
    if (u->hive && q.it.fact.n && str_starts_ci(q.it.key, u->root))
        q.it.key = q.it.key.n > u->root.n
                       ? (struct str){q.it.key.p + u->root.n + 1, q.it.key.n - u->root.n - 1}
                       : STR("");
    st = st == OK && !v->proc ? start_child(v, u, why, e) : st;
    if (st != OK || !v->proc)
        return st != OK ? st : store(v, it, SECOND_UNREADABLE, str_of(why), e);
    v->out.n = 0;
    size_t at = frame_begin(&v->out, REREAD_ITEM);
    reread_item_put(&v->out, &q.it);
    frame_end(&v->out, at);
    struct err sent = {0};
    if ((st = frame_to(v->proc, &v->out, NULL, 0, &sent)) == E_NOMEM)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "verify", "out of memory");
    if (st != OK)
        gone = true, st = OK;
    else if ((st = await(v, &result, &detail, &gone, e)) != OK)
        return st;
    if (gone) {
        end_child(v, &how);
        snprintf(why, sizeof why, SECOND_DIED "%s",
                 how.killed ? "did not answer" : plat_exit_text(&how, words, sizeof words));
        result = SECOND_UNREADABLE, detail = str_of(why);
    }
    return store(v, it, (enum second_result)result, detail, e);
}

static enum status unit_run(struct verify *v, size_t from, size_t to, struct err *e)
{
    struct unit u = {0};
    struct {
        struct verify *v;
        struct unit *u;
    } q = {v, &u};
    struct arena before = v->mem;
    struct value unit = val_i(v->item[from].unit);
    enum status st = case_named(v->db, Q_UNIT, "i", &unit, add_file, &q, e);
    if (st == OK)
        st = case_named(v->db, Q_HIVE_ROOT, "i", &unit, keep_root, &q, e);
    for (size_t i = from; i < to && st == OK && !u.text; i++) {
        struct arena was = v->mem;
        st = ask_second_reader(v, &u, &v->item[i], e);
        v->mem = was;
    }
    let_go(v);
    v->mem = before;
    return st;
}

/* The worst that any cited fact met stands on the finding. */
enum status verify_conclude(struct casedb *db, struct err *e)
{
    return case_named(db, Q_VERIFIED_WORST, "", NULL, NULL, NULL, e);
}

enum status verify_give_up(struct casedb *db, const char *why, struct err *e)
{
    struct value detail = val_s(str_of(why));
    enum status st = case_named(db, Q_VERIFIED_LATE, "s", &detail, NULL, NULL, e);
    return st == OK ? verify_conclude(db, e) : st;
}

static void set_out(struct original *o) { o->child = "--second", o->limits.stack_bytes = LIM_REREAD_STACK; }

void verify_ahead(struct original *o) { set_out(o), original_ahead(o, AHEAD); }

/* One for each of the next units; unit by unit, from the item on. */
static void ask_ahead(struct verify *v, size_t from)
{
    size_t units = 0;
    for (size_t i = from; i < v->n && units < AHEAD; i++)
        units += i == from || v->item[i].unit != v->item[i - 1].unit;
    original_ahead(v->original, units);
}

enum status verify(struct casedb *db, const struct evidence *ev, bool require_jail, struct original *original,
                   const struct meanwhile *m, unsigned *jail, struct err *e)
{
    struct original own = {0};
    struct verify v = {.db = db,
                       .ev = ev,
                       .original = original ? original : &own,
                       .require_jail = require_jail,
                       .meanwhile = m,
                       .jail = jail};
    set_out(v.original);
    if (!arena_make(&v.mem, SCRATCH_BYTES))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "verify", "out of memory");
    enum status st = collect(&v, e);
    for (size_t i = 0, to; i < v.n && st == OK; i = to) {
        for (to = i + 1; to < v.n && v.item[to].unit == v.item[i].unit;)
            to++;
        ask_ahead(&v, i);
        st = unit_run(&v, i, to, e);
    }
    if (st == OK)
        st = verify_conclude(db, e);
    original_end(&own);
    buf_free(&v.in), buf_free(&v.out);
    free(v.item);
    arena_free(&v.mem);
    return st;
}
