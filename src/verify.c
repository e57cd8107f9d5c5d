#include "verify.h"
#include "../parsers/second.h"
#include "base/limits.h"
#include "casedb.h"
#include "frame.h"
#include "plat/plat.h"
#include "rereader.h"
#include <stdlib.h>
#include <string.h>

enum { WHY = 176, STALL_MS = 30000 };      /* one item: a hive is opened with the first, hostile ones are ended by the CPU limit before */

struct item { struct str id; int64_t unit, file; struct reread_item it; };
struct unit { int64_t file[3]; struct str path[3], root; size_t n; bool hive, text; };     /* root: "SYSTEM", or further down for a sub-tree export; text: no second reader knows it */

struct verify {
    struct casedb *db;
    struct arena mem;
    struct item *item; size_t n, cap;
    struct proc *proc;
    struct buf in, out;
};

/* --- what is cited: one query per kind of fact, all with the same first columns: id, unit (hive or log), file, offset */

#define CITED(table) " FROM " table " t JOIN (SELECT DISTINCT evidence_id FROM citation) c ON c.evidence_id = printf('f%d:0x%x', t.file_id, t.file_off) "
#define PLACE "c.evidence_id, t.file_id, t.file_id, t.file_off, "
#define HIVE_PLACE "c.evidence_id, t.hive_id, t.file_id, t.file_off, "

static const struct { enum fact_kind kind; const char *sql; } whole[] = {
    {FACT_EVENT, "SELECT " PLACE "computer, channel, provider, event_id, qualifiers, version, level, time, record_id, pid, sid, recovered, NULL, data, NULL" CITED("event")},
    {FACT_EVENT, "SELECT " PLACE "computer, channel, provider, event_id, NULL, NULL, NULL, first_time, NULL, NULL, NULL, NULL, NULL, data, NULL" CITED("fold")},
    {FACT_REG_VALUE, "SELECT " HIVE_PLACE "path, name, type, num, text, data, size, written, origin, NULL, recovered, key_off" CITED("reg_value")},
    {FACT_REG_KEY, "SELECT " HIVE_PLACE "path, written, class, subkeys, values_n, origin, recovered" CITED("reg_key")},
};
/* Decoded facts rest on one value each: key below the root, value name. */
static const char *const decoded[] = {
    "SELECT " HIVE_PLACE "'Policy\\Secrets\\' || name || '\\CupdTime', ''" CITED("secret"),
    "SELECT " HIVE_PLACE "'Policy\\Accounts\\' || sid || '\\ActSysAc', ''" CITED("logon_right"),
    "SELECT " HIVE_PLACE "'Policy\\PolAdtEv', ''" CITED("audit_policy"),
    "SELECT " HIVE_PLACE "CASE what WHEN 'machine_name' THEN 'Policy\\PolAcDmN' WHEN 'machine_sid' THEN 'Policy\\PolAcDmS' WHEN 'domain_name' THEN 'Policy\\PolPrDmN'"
    " WHEN 'domain_sid' THEN 'Policy\\PolPrDmS' WHEN 'dns_forest' THEN 'Policy\\PolDnTrN' WHEN 'cached_logon_slots' THEN 'Cache' WHEN 'sam_sid' THEN 'SAM\\Domains\\Account' ELSE 'Policy\\PolDnDDN' END,"
    " CASE what WHEN 'cached_logon_slots' THEN 'NL$Control' WHEN 'sam_sid' THEN 'V' ELSE '' END" CITED("lsa_name"),
    "SELECT " HIVE_PLACE "'Cache', 'NL$' || slot" CITED("cached_logon"),
    "SELECT " HIVE_PLACE "'SAM\\Domains\\Account\\Users\\' || printf('%08X', rid), 'F'" CITED("sam_account"),
    "SELECT " HIVE_PLACE "'SAM\\Domains\\Account', 'F'" CITED("lockout_policy"),
    "SELECT " HIVE_PLACE "'Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tasks\\' || guid, 'DynamicInfo'" CITED("task_cache"),
};

struct collect { struct verify *v; int kind; };     /* kind: enum fact_kind, or -1 for decoded facts */

static bool known(const struct verify *v, struct str id)
{
    for (size_t i = 0; i < v->n; i++)
        if (str_eq(v->item[i].id, id))
            return true;
    return false;
}

static enum status add_item(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct collect *q = ctx;
    struct verify *v = q->v;
    (void)name;
    if (known(v, c[0].s))
        return OK;
    if (v->n == v->cap) {
        struct item *more = realloc(v->item, (v->cap = v->cap ? v->cap * 2 : 64) * sizeof *more);
        if (!more)
            return err_set(e, E_NOMEM, ERR_NO_OFF, "verify", "out of memory");
        v->item = more;
    }
    struct item *it = &v->item[v->n++];
    *it = (struct item){.id = arena_str(&v->mem, c[0].s), .unit = c[1].i, .file = c[2].i, .it = {.off = (uint64_t)c[3].i}};
    if (q->kind < 0) {
        it->it.key = arena_str(&v->mem, c[4].s), it->it.value = arena_str(&v->mem, c[5].s);
        return it->it.value.p ? OK : err_set(e, E_LIMIT, ERR_NO_OFF, "verify", "too many citations");
    }
    struct fact f = {.kind = (enum fact_kind)q->kind, .ref = {.off = it->it.off}};
    struct buf wire = {0};
    for (size_t i = 0; i < FACT_COLS; i++)
        f.v[i] = i + 4 >= n || c[i + 4].null ? val_null() : (struct value){.i = c[i + 4].i, .s = c[i + 4].s};
    if (f.kind != FACT_EVENT)
        it->it.key = arena_str(&v->mem, f.v[RV_PATH].s);     /* cut to what is below the root when the unit is known */
    if (f.kind == FACT_REG_VALUE)
        it->it.value = arena_str(&v->mem, f.v[RV_NAME].s.p ? f.v[RV_NAME].s : STR(""));
    fact_put(&wire, &f);
    it->it.fact = arena_str(&v->mem, buf_view(&wire));
    enum status st = wire.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "verify", "out of memory") : !it->it.fact.p ? err_set(e, E_LIMIT, ERR_NO_OFF, "verify", "too many citations") : OK;
    buf_free(&wire);
    return st;
}

static int by_unit(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->unit != y->unit)
        return x->unit < y->unit ? -1 : 1;
    return str_cmp(x->id, y->id);
}

static enum status collect(struct verify *v, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < LEN(decoded) && st == OK; i++)       /* these first: the value beside one may be told without its bytes */
        st = case_query(v->db, decoded[i], NULL, NULL, 0, add_item, &(struct collect){v, -1}, e);
    for (size_t i = 0; i < LEN(whole) && st == OK; i++)
        st = case_query(v->db, whole[i].sql, NULL, NULL, 0, add_item, &(struct collect){v, (int)whole[i].kind}, e);
    if (v->n)
        qsort(v->item, v->n, sizeof *v->item, by_unit);
    return st;
}

/* --- one unit: its files, one child, its items */

static enum status keep_root(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct { struct verify *v; struct unit *u; } *q = ctx;
    (void)name, (void)n, (void)e;
    q->u->root = arena_str(&q->v->mem, c[0].s);
    return OK;
}

static enum status add_file(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct { struct verify *v; struct unit *u; } *q = ctx;
    (void)name, (void)n;
    if (q->u->n == LEN(q->u->path))
        return OK;
    q->u->file[q->u->n] = c[0].i, q->u->path[q->u->n] = arena_str(&q->v->mem, c[1].s), q->u->hive |= str_eq(c[2].s, STR("hive")), q->u->text |= str_eq(c[2].s, STR("reg-text"));
    return q->u->path[q->u->n++].p ? OK : err_set(e, E_LIMIT, ERR_NO_OFF, "verify", "too many files");
}

static void child_end(struct verify *v, struct exit_info *how)
{
    plat_proc_end(v->proc, how);
    v->proc = NULL, v->in.n = 0;
}

static enum status child_start(struct verify *v, const struct unit *u, char why[WHY], struct err *e)
{
    static const char *const args[] = {"whylogon", "--second", NULL};
    plat_file fd[3] = {-1, -1, -1};
    uint64_t bytes[3];
    struct err bad = {0};
    size_t open = 0;
    while (open < u->n && plat_open(u->path[open].p, &fd[open], &bytes[open], &bad) == OK)
        open++;
    enum status st = OK;
    if (open < u->n) {
        snprintf(why, WHY, "%s", bad.why);
    } else if ((st = plat_spawn_self(args, &(struct proc_limits){.stack_bytes = LIM_REREAD_STACK}, &v->proc, e)) == OK) {
        v->out.n = 0;
        size_t at = frame_begin(&v->out, REREAD_OPEN);
        buf_char(&v->out, u->hive), buf_char(&v->out, (char)u->n);
        for (size_t i = 0; i < u->n; i++)
            buf_u64le(&v->out, bytes[i]);
        frame_end(&v->out, at);
        struct err sent = {0};      /* a child that has died already is found out when it is asked */
        st = frame_to(v->proc, &v->out, fd, u->n, &sent) == E_NOMEM ? err_set(e, E_NOMEM, ERR_NO_OFF, "verify", "out of memory") : OK;
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
            if (type == REREAD_JAIL)
                continue;
            *result = span_u8(&body);
            struct span text = span_take(&body, span_u32(&body));
            *detail = arena_str(&v->mem, (struct str){(const char *)text.p, text.bad ? 0 : text.n});
            v->in.n = 0;                                /* one question, one answer */
            *gone = type != REREAD_VERDICT || text.bad || *result >= SECOND_RESULTS;
            return OK;
        }
        if (framing != OK || plat_clock_ms() - since > STALL_MS) {
            plat_proc_kill(v->proc);
            return *gone = true, OK;
        }
        char chunk[4096];
        size_t got;
        bool eof;
        enum status st = plat_wait(&v->proc, 1, 200, &ready, e);
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

static enum status store(struct verify *v, const struct item *it, enum second_result r, struct str detail, struct err *e)
{
    struct value row[] = {val_s(it->id), val_s(str_of(second_result_names[r])), detail.n ? val_s(detail) : val_null(), val_s(str_of(second_version()))};
    return case_run(v->db, "INSERT OR REPLACE INTO verification(evidence_id, result, detail, reader) VALUES(?1, ?2, ?3, ?4)", row,
                    (enum col_type[]){COL_TEXT, COL_TEXT, COL_TEXT, COL_TEXT}, LEN(row), e);
}

static enum status ask(struct verify *v, const struct unit *u, struct item *it, struct err *e)
{
    char why[WHY] = "";
    uint8_t result = SECOND_UNREADABLE;
    struct str detail = {0};
    bool gone = false;
    struct exit_info how = {0};
    for (size_t i = 0; i < u->n; i++)
        if (u->file[i] == it->file)
            it->it.file = (uint8_t)i;
    enum status st = v->proc ? OK : child_start(v, u, why, e);
    if (st != OK || !v->proc)
        return st != OK ? st : store(v, it, SECOND_UNREADABLE, str_of(why), e);
    v->out.n = 0;
    size_t at = frame_begin(&v->out, REREAD_ITEM);
    reread_item_put(&v->out, &it->it);
    frame_end(&v->out, at);
    struct err sent = {0};
    if ((st = frame_to(v->proc, &v->out, NULL, 0, &sent)) == E_NOMEM)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "verify", "out of memory");
    if (st != OK)
        gone = true, st = OK;
    else if ((st = await(v, &result, &detail, &gone, e)) != OK)
        return st;
    if (gone) {
        child_end(v, &how);
        snprintf(why, sizeof why, how.killed ? "the second reader did not answer" : how.signal ? "the second reader was ended by signal %d" : "the second reader ended with code %d",
                 how.signal ? how.signal : how.code);
        result = SECOND_UNREADABLE, detail = str_of(why);
    }
    return store(v, it, (enum second_result)result, detail, e);
}

static enum status unit_run(struct verify *v, size_t from, size_t to, struct err *e)
{
    struct unit u = {0};
    struct { struct verify *v; struct unit *u; } q = {v, &u};
    struct exit_info how;
    enum status st = case_query(v->db, "SELECT id, path, kind FROM evidence WHERE id = ?1 OR unit = ?1 ORDER BY id <> ?1, id", &(struct value){.i = v->item[from].unit},
                                (enum col_type[]){COL_INT}, 1, add_file, &q, e);
    if (st == OK)
        st = case_query(v->db, "SELECT root FROM hive WHERE file_id = ?1", &(struct value){.i = v->item[from].unit}, (enum col_type[]){COL_INT}, 1, keep_root, &q, e);
    for (size_t i = from; i < to && st == OK && !u.text; i++) {
        struct arena was = v->mem;
        struct str *key = &v->item[i].it.key;
        if (u.hive && v->item[i].it.fact.n && str_starts_ci(*key, u.root))
            *key = key->n > u.root.n ? (struct str){key->p + u.root.n + 1, key->n - u.root.n - 1} : STR("");
        st = ask(v, &u, &v->item[i], e);
        v->mem = was;
    }
    child_end(v, &how);
    return st;
}

/* The worst that any cited fact met stands on the finding. */
enum status verify_conclude(struct casedb *db, struct err *e)
{
    return case_exec(db, "UPDATE finding SET second_reader = coalesce((SELECT CASE min(CASE v.result WHEN 'differ' THEN 1 WHEN 'unreadable' THEN 2 ELSE 3 END)"
                         " WHEN 1 THEN 'differ' WHEN 2 THEN 'unreadable' ELSE 'agree' END FROM citation c JOIN verification v USING(evidence_id) WHERE c.finding = finding.id"
                         " HAVING count(*) > 0), 'not_applicable')", e);
}

enum status verify(struct casedb *db, struct err *e)
{
    struct verify v = {.db = db};
    if (!arena_make(&v.mem, 512u << 20))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "verify", "out of memory");
    enum status st = collect(&v, e);
    for (size_t i = 0, to; i < v.n && st == OK; i = to) {
        for (to = i + 1; to < v.n && v.item[to].unit == v.item[i].unit;)
            to++;
        st = unit_run(&v, i, to, e);
    }
    if (st == OK)
        st = verify_conclude(db, e);
    buf_free(&v.in), buf_free(&v.out);
    free(v.item);
    arena_free(&v.mem);
    return st;
}
