/* casedb_facts: the tables of facts, and facts into them. Their columns are those of base/fact.h; what a
 * table has besides is said here. Also the orders of base/verdict.h, as tables that SQL sorts by. Events are
 * known again by their identity: the same record in another file is one event with two places. It refuses a
 * fact whose place cannot be. */
#include "case/casedb_priv.h"
#include "base/grow.h"
#include "base/verdict.h"
#include <sqlite3.h>
#include <stdlib.h>

/* What derive/ adds to the columns of a fact (odd_time: what a record gives as its time and cannot be, which
 * dates nothing; provenance: how a value came to be what it is, where a transaction log or a text said it)
 * and which rows of one table are one. */
static const char *const further[FACT_KINDS] = {
    [FACT_EVENT] = ", host_id INTEGER, boot INTEGER, odd_time INTEGER",
    [FACT_REG_VALUE] = ", provenance TEXT",
    [FACT_FOLD] = ", host_id INTEGER, UNIQUE(file_id, computer, channel, provider, event_id, day, key)",
    /* main: 1 for the hive of its kind that speaks for the host (newest, no backup, no duplicate); below:
     * what paths of what lies in it begin with */
    [FACT_HIVE] = ", host_id INTEGER, main INTEGER, below TEXT COLLATE NOCASE",
};

/* hive_id: evidence id of the hive file, also when the page came from a log (file_id is then the log). */
static bool of_hive(enum fact_kind kind) { return fact_descs[kind].from == OF_HIVE && kind != FACT_HIVE; }

enum status case_fact_tables(struct casedb *db, struct err *e)
{
    static const char *const types[] = {
        [COL_INT] = "INTEGER", [COL_TIME] = "INTEGER", [COL_TEXT] = "TEXT", [COL_BLOB] = "BLOB"};
    struct buf b = {0};
    for (size_t k = 0; k < FACT_KINDS; k++) {
        const struct fact_desc *d = &fact_descs[k];
        buf_printf(&b, "CREATE TABLE %s(id INTEGER PRIMARY KEY, file_id INTEGER, file_off INTEGER%s",
                   d->table, of_hive((enum fact_kind)k) ? ", hive_id INTEGER" : "");
        for (size_t i = 0; i < d->n; i++)
            buf_printf(&b, ", %s %s%s", d->col[i].name, types[d->col[i].type],
                       d->col[i].nocase ? " COLLATE NOCASE" : "");
        buf_printf(&b, "%s);", further[k] ? further[k] : "");
    }
    return case_exec_built(db, &b, e);
}

enum status case_orders(struct casedb *db, struct err *e)
{
    struct buf b = {0};
    buf_z(&b,
          "CREATE TABLE verdict_order(verdict TEXT PRIMARY KEY, place INTEGER, claims INTEGER) WITHOUT ROWID;"
          "CREATE TABLE role_order(role TEXT PRIMARY KEY, place INTEGER, against INTEGER) WITHOUT ROWID;"
          "CREATE TABLE outcome_order(outcome TEXT PRIMARY KEY, place INTEGER) WITHOUT ROWID;");
    for (unsigned v = 0; v < VERDICTS; v++)
        buf_printf(&b, "INSERT INTO verdict_order VALUES('%s', %u, %d);", verdict_words[v].id, v,
                   verdict_words[v].claims);
    for (unsigned r = 0; r < ROLES; r++)
        buf_printf(&b, "INSERT INTO role_order VALUES('%s', %u, %d);", role_names[r], r, role_against[r]);
    for (unsigned o = 0; o < OUTCOMES; o++)
        buf_printf(&b, "INSERT INTO outcome_order VALUES('%s', %u);", outcome_ids[o], o);
    return case_exec_built(db, &b, e);
}

/* Parts of one log meet here: counts add up, the earliest record gives its place and data, the latest gives
 * last_off. */
static const char fold_tail[] =
    " ON CONFLICT(file_id, computer, channel, provider, event_id, day, key) DO UPDATE SET n=n+excluded.n,"
    " file_off=CASE WHEN (excluded.first_time, excluded.file_off) < (first_time, file_off) THEN "
    "excluded.file_off ELSE file_off END,"
    " data=CASE WHEN (excluded.first_time, excluded.file_off) < (first_time, file_off) THEN excluded.data "
    "ELSE data END,"
    " last_off=CASE WHEN (excluded.last_time, excluded.last_off) > (last_time, last_off) THEN "
    "excluded.last_off ELSE last_off END,"
    " first_time=min(first_time, excluded.first_time), last_time=max(last_time, excluded.last_time)";

/* Columns of derive/ that hold from the start what they will in most cases, of one host and one boot: what is
 * so is not written again. */
static const char *const taken_for[FACT_KINDS][2] = {
    [FACT_EVENT] = {", host_id, boot", ", 1, 0"}, [FACT_FOLD] = {", host_id", ", 1"}};

static int prepare_put(struct casedb *db, enum fact_kind kind)
{
    struct buf b = {0};
    size_t n = fact_descs[kind].n;
    buf_printf(&b, "INSERT INTO %s(", fact_descs[kind].table);
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s, ", fact_descs[kind].col[i].name);
    const char *const *taken = taken_for[kind];
    buf_printf(&b, "file_id, file_off%s%s) VALUES(?1", of_hive(kind) ? ", hive_id" : "",
               taken[0] ? taken[0] : "");
    for (size_t i = 1; i < n + 2 + of_hive(kind); i++)
        buf_z(&b, ", ?");
    buf_printf(&b, "%s)", taken[1] ? taken[1] : "");
    buf_z(&b, kind == FACT_FOLD ? fold_tail : "");
    int rc = b.bad
                 ? SQLITE_NOMEM
                 : sqlite3_prepare_v3(db->db, b.p, (int)b.n, SQLITE_PREPARE_PERSISTENT, &db->put[kind], NULL);
    buf_free(&b);
    return rc;
}

/* --- events that are there already, found by their identity in memory: an index of random numbers would cost
 * more than the events */
static const struct known *known_as(const struct casedb *db, uint64_t identity)
{
    size_t at = lookup_at(&db->known.by_identity, identity);
    uint32_t row = lookup_next(&db->known.by_identity, identity, &at);
    return row == LOOKUP_NONE ? NULL : &db->known.row[row];
}

/* Without regard to case, as the columns compare; a byte behind it tells NULL from text and one text from the
 * next. */
uint64_t case_mix(uint64_t h, const struct value *v)
{
    return v->null ? str_hash_ci(h, STR("\1")) : str_hash_ci(str_hash_ci(h, v->s), (struct str){"", 1});
}

/* An event as it is found again: the identity is a hash of hostile bytes, so the other things it claims are
 * compared too. */
static struct known known_of(const struct value v[EV_IDENTITY + 1])
{
    return (struct known){
        .identity = (uint64_t)v[EV_IDENTITY].i,
        .time = v[EV_TIME].null ? INT64_MIN : v[EV_TIME].i,
        .record = v[EV_RECORD_ID].null ? INT64_MIN : v[EV_RECORD_ID].i,
        .who = case_mix(
            case_mix(0xcbf29ce484222325u ^ (v[EV_EVENT_ID].null ? UINT64_MAX : (uint64_t)v[EV_EVENT_ID].i),
                     &v[EV_COMPUTER]),
            &v[EV_PROVIDER])};
}

/* Only the first event of an identity is found again: others that claim the same hash are simply kept. */
static bool remember(struct casedb *db, struct known event)
{
    if (known_as(db, event.identity))
        return true;
    struct known *row = grow(db->known.row, sizeof *row, db->known.n, &db->known.cap);
    if (!row)
        return false;
    db->known.row = row;
    if (!lookup_put(&db->known.by_identity, event.identity, (uint32_t)db->known.n))
        return false;
    row[db->known.n++] = event;
    return true;
}

static enum status remember_row(void *ctx, const struct cell *cell, const char *const *name, size_t n,
                                struct err *e)
{
    static const int column[] = {EV_IDENTITY, EV_COMPUTER, EV_RECORD_ID, EV_TIME, EV_EVENT_ID, EV_PROVIDER};
    struct value v[EV_IDENTITY + 1] = {0};
    (void)name, (void)n;
    for (size_t i = 0; i < LEN(column); i++)
        v[column[i]] = (struct value){.null = cell[i].null, .i = cell[i].i, .s = cell[i].s};
    struct known k = known_of(v);
    k.id = cell[LEN(column)].i, k.file = cell[LEN(column) + 1].i;
    return remember(ctx, k) ? OK : err_set(e, E_NOMEM, ERR_NO_OFF, "case", "no memory");
}

static enum status prepare_known(struct casedb *db, struct err *e)
{
    static const char source_sql[] =
        "INSERT OR IGNORE INTO event_source(event, file_id, file_off) VALUES(?1, ?2, ?3)";
    enum status st = case_query(db,
                                "SELECT identity, computer, record_id, time, event_id, provider, id, file_id "
                                "FROM event WHERE identity IS NOT NULL ORDER BY id",
                                NULL, NULL, 0, remember_row, db, e);
    int rc = st == OK && !db->source /* it outlives case_rewind */
                 ? sqlite3_prepare_v3(db->db, source_sql, -1, SQLITE_PREPARE_PERSISTENT, &db->source, NULL)
                 : SQLITE_OK;
    db->known.loaded = st == OK && rc == SQLITE_OK;
    return rc == SQLITE_OK ? st : case_fail(db, rc, E_DB, "event", e);
}

/* The same record in another file: its first place there is kept; again in this one: nothing new. The event
 * is not doubled. */
static int known_event(struct casedb *db, const struct known *event, uint64_t off, bool *known)
{
    const struct known *k = known_as(db, event->identity);
    *known = k && k->who == event->who && k->time == event->time && k->record == event->record;
    if (!*known || k->file == event->file)
        return SQLITE_OK;
    const sqlite3_int64 v[] = {k->id, event->file, (int64_t)off};
    int rc = SQLITE_OK;
    for (int i = 0; i < (int)LEN(v) && rc == SQLITE_OK; i++)
        rc = sqlite3_bind_int64(db->source, i + 1, v[i]);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(db->source);
    sqlite3_reset(db->source);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static enum status check_ref(const struct fact *f, struct err *e)
{
    if ((unsigned)f->kind >= FACT_KINDS || f->ref.file > 2 || f->ref.off > INT64_MAX)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "fact", "kind %u, file %u, offset 0x%llx", (unsigned)f->kind,
                       f->ref.file, (unsigned long long)f->ref.off);
    return OK;
}

/* Names are there, if only empty: NULLs never conflict, and parts would not add up. */
static enum status put_fold(struct casedb *db, const int64_t *file_of, struct fact f, struct err *e)
{
    static const int names[] = {FO_COMPUTER, FO_CHANNEL, FO_PROVIDER, FO_KEY};
    bool taken = false;
    for (size_t i = 0; i < LEN(names); i++)
        if (f.v[names[i]].null || !f.v[names[i]].s.p)
            f.v[names[i]] = val_s(STR(""));
    enum status st = db->folds.on ? folds_take(db, file_of[f.ref.file], &f, &taken, e) : OK;
    return st != OK || taken ? st : case_put_now(db, file_of, &f, e);
}

enum status case_put(struct casedb *db, const int64_t *file_of, const struct fact *f, struct err *e)
{
    enum status st = check_ref(f, e);
    if (st != OK)
        return st;
    return f->kind == FACT_FOLD ? put_fold(db, file_of, *f, e) : case_put_now(db, file_of, f, e);
}

enum status case_put_now(struct casedb *db, const int64_t *file_of, const struct fact *f, struct err *e)
{
    enum status st = OK;
    const int n = (int)fact_descs[f->kind].n;
    const int64_t file = file_of[f->ref.file];
    const bool named = f->kind == FACT_EVENT && !f->v[EV_IDENTITY].null;
    bool known = false;
    struct known event = {0};
    if (named && !db->known.loaded && (st = prepare_known(db, e)) != OK)
        return st;
    int rc = db->put[f->kind] ? SQLITE_OK : prepare_put(db, f->kind);
    if (named && rc == SQLITE_OK)
        event = known_of(f->v), event.file = file, rc = known_event(db, &event, f->ref.off, &known);
    sqlite3_stmt *stmt = db->put[f->kind];
    for (int i = 0; i < n && rc == SQLITE_OK && !known; i++)
        rc = case_bind(stmt, i + 1, &f->v[i], fact_descs[f->kind].col[i].type);
    if (rc == SQLITE_OK && !known) {
        rc = sqlite3_bind_int64(stmt, n + 1, file);
        rc |= sqlite3_bind_int64(stmt, n + 2, (int64_t)f->ref.off);
        if (of_hive(f->kind))
            rc |= sqlite3_bind_int64(stmt, n + 3, file_of[0]);
        if (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_DONE)
            rc = SQLITE_OK;
        if (rc != SQLITE_OK)
            st = case_fail(db, rc, E_DB, fact_descs[f->kind].table, e);
        else if (named && (event.id = sqlite3_last_insert_rowid(db->db), !remember(db, event)))
            st = err_set(e, E_NOMEM, ERR_NO_OFF, "case", "no memory");
        sqlite3_reset(stmt), sqlite3_clear_bindings(stmt);
        return st;
    }
    return rc == SQLITE_OK ? OK : case_fail(db, rc, E_DB, fact_descs[f->kind].table, e);
}

/* --- facts out again */
struct reading {
    enum fact_kind kind;
    cited_fn *fn;
    void *ctx;
};

enum { OWN = 5 }; /* id, file, offset, unit, cited place */

static enum status read_row(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct reading *r = ctx;
    struct cited q = {.fact = {.kind = r->kind, .ref = {.off = (uint64_t)c[2].i}},
                      .row = c[0].i,
                      .file = c[1].i,
                      .unit = c[3].i,
                      .at = (uint64_t)c[4].i};
    (void)name;
    for (size_t i = 0; i < FACT_COLS; i++)
        q.fact.v[i] = OWN + i < n && !c[OWN + i].null ? (struct value){.i = c[OWN + i].i, .s = c[OWN + i].s}
                                                      : val_null();
    return r->fn(r->ctx, &q, e);
}

static enum status read_facts(struct casedb *db, enum fact_kind kind, const char *at, const char *from,
                              const struct value *arg, cited_fn *fn, void *ctx, struct err *e)
{
    struct reading r = {kind, fn, ctx};
    struct buf b = {0};
    buf_printf(&b, "SELECT t.id, t.file_id, t.file_off, t.%s, %s", of_hive(kind) ? "hive_id" : "file_id", at);
    for (size_t i = 0; i < fact_descs[kind].n; i++)
        buf_printf(&b, ", t.%s", fact_descs[kind].col[i].name);
    buf_printf(&b, " FROM %s t%s ORDER BY t.id", fact_descs[kind].table, from), buf_char(&b, 0);
    enum status st = b.bad
                         ? err_set(e, E_NOMEM, ERR_NO_OFF, "case", "no memory")
                         : case_query(db, b.p, arg, (enum col_type[]){COL_INT}, arg != NULL, read_row, &r, e);
    buf_free(&b);
    return st;
}

enum status case_cited(struct casedb *db, enum fact_kind kind, cited_fn *fn, void *ctx, struct err *e)
{
    static const char
        plain[] = " JOIN (SELECT DISTINCT file_id, file_off FROM citation) c"
                  " ON c.file_id = t.file_id AND c.file_off = t.file_off",
        last[] = " JOIN (SELECT DISTINCT file_id, file_off FROM citation) c"
                 " ON c.file_id = t.file_id AND c.file_off = t.last_off AND t.last_off <> t.file_off";
    enum status st = read_facts(db, kind, "c.file_off", plain, NULL, fn, ctx, e);
    return st == OK && kind == FACT_FOLD ? read_facts(db, kind, "c.file_off", last, NULL, fn, ctx, e) : st;
}

enum status case_fact(struct casedb *db, enum fact_kind kind, int64_t row, cited_fn *fn, void *ctx,
                      struct err *e)
{
    return read_facts(db, kind, "t.file_off", " WHERE t.id = ?1", &(struct value){.i = row}, fn, ctx, e);
}
