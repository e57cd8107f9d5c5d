#include "case/fleetdb.h"
#include "base/hash.h"
#include <stdio.h>
#include <string.h>

enum { TICKET_MOST = 64 << 20 }; /* bytes of one ticket's JSON */

static enum status take(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)n, (void)e;
    buf_str(ctx, c[0].s);
    return OK;
}

enum status fleet_ticket(struct casedb *db, struct str sql, struct str name, int code, struct str reason,
                         struct str options, struct buf *out, struct err *e)
{
    struct value v[] = {val_s(name), val_i(code), val_s(reason), val_s(options)};
    enum status st = case_query(db, sql.p, v, (enum col_type[]){COL_TEXT, COL_INT, COL_TEXT, COL_TEXT}, 4,
                                take, out, e);
    buf_char(out, '\n');
    return st == OK && out->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "ticket", "out of memory") : st;
}

void fleet_no_ticket(struct str name, int code, struct str reason, struct buf *out)
{
    buf_z(out, "{\"schema\":\"whylogon-ticket/1\",\"name\":"), buf_json(out, name);
    buf_printf(out, ",\"exit\":%d,\"reason\":", code), buf_json(out, reason);
    buf_z(out, ",\"hosts\":[],\"findings\":[]}\n");
}

static enum status put_meta(struct casedb *db, const char *key, struct str value, struct err *e)
{
    struct value v[] = {val_s(str_of(key)), val_s(value)};
    return case_run(db, "INSERT OR REPLACE INTO meta(key, value) VALUES(?1, ?2)", v,
                    (enum col_type[]){COL_TEXT, COL_TEXT}, 2, e);
}

enum status fleet_create(const char *path, struct str schema, const struct fleet_terms *terms,
                         struct casedb **db, struct err *e)
{
    enum status st = case_create_as(CASE_FLEET, path, schema, db, e);
    if (st == OK && (st = put_meta(*db, "tool", STR("whylogon"), e)) == OK
        && (st = put_meta(*db, "version", terms->version, e)) == OK
        && (st = put_meta(*db, "knowledge_sha256", terms->knowledge_sha256, e)) == OK)
        st = put_meta(*db, "options", terms->options, e);
    if (st == OK)
        st = case_exec(*db, "CREATE TEMP TABLE incoming(name TEXT, folder TEXT, sum TEXT, text TEXT); BEGIN",
                       e);
    return st;
}

static enum status first_text(void *ctx, const struct cell *c, const char *const *name, size_t n,
                              struct err *e)
{
    struct buf *b = ctx;
    (void)name, (void)n, (void)e;
    b->n = 0, buf_str(b, c[0].s);
    return OK;
}

/* *known: the name is there, with this sum. With another: E_FORMAT. */
static enum status is_known(struct casedb *db, struct str name, struct str sum, bool *known, struct err *e)
{
    struct buf was = {0};
    struct value v = val_s(name);
    enum status st = case_query(db, "SELECT sum FROM ticket WHERE name = ?1", &v, (enum col_type[]){COL_TEXT},
                                1, first_text, &was, e);
    *known = st == OK && was.n;
    if (*known && !str_eq(buf_view(&was), sum))
        st = err_set(e, E_FORMAT, ERR_NO_OFF, "fleet", "ticket %.*s is there twice, with different findings",
                     (int)(name.n < 80 ? name.n : 80), name.p);
    buf_free(&was);
    return st;
}

enum status fleet_add(struct casedb *db, struct str add, struct str name, struct str folder, struct str json,
                      struct err *e)
{
    uint8_t sum[SHA256_BYTES];
    char hex[SHA256_TEXT];
    bool known = false;
    if (json.n > TICKET_MOST)
        return err_set(e, E_LIMIT, ERR_NO_OFF, "ticket", "%zu bytes of findings, at most %d are read", json.n,
                       TICKET_MOST);
    if (!sha256_of(json.p, json.n, sum))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "ticket", "SHA-256 is not available");
    struct value v[] = {val_s(name), val_s(folder), val_s(str_of(sha256_text(sum, hex))), val_s(json)};
    enum status st = is_known(db, name, v[2].s, &known, e);
    if (st != OK || known)
        return st;
    st = case_run(db, "INSERT INTO temp.incoming VALUES(?1, ?2, ?3, ?4)", v,
                  (enum col_type[]){COL_TEXT, COL_TEXT, COL_TEXT, COL_TEXT}, 4, e);
    return st == OK ? case_exec(db, add.p, e) : st;
}

enum status fleet_shard(struct casedb *db, unsigned i, unsigned n, struct err *e)
{
    struct value v[] = {val_i(i), val_i(n)};
    return case_run(db, "INSERT OR IGNORE INTO shard VALUES(?1, ?2)", v, (enum col_type[]){COL_INT, COL_INT},
                    2, e);
}

/* --- merging: tables row by row, tickets that are known left out */
static const struct {
    const char *read, *put;
} parts[] = {{"SELECT * FROM ticket ORDER BY name",
              "INSERT INTO ticket VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"},
             {"SELECT * FROM ticket_host ORDER BY ticket, ord",
              "INSERT OR IGNORE INTO ticket_host VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
             {"SELECT * FROM ticket_kind ORDER BY ticket, ord, kind",
              "INSERT OR IGNORE INTO ticket_kind VALUES(?1, ?2, ?3, ?4, ?5)"},
             {"SELECT * FROM ticket_need ORDER BY ticket, ord, artifact",
              "INSERT OR IGNORE INTO ticket_need VALUES(?1, ?2, ?3, ?4)"},
             {"SELECT * FROM ticket_finding ORDER BY ticket, ord",
              "INSERT OR IGNORE INTO ticket_finding VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"},
             {"SELECT i, n FROM shard", "INSERT OR IGNORE INTO shard VALUES(?1, ?2)"}};
enum { MOST_COLUMNS = 12 };

struct copying {
    struct casedb *to;
    size_t part;
};

static enum status copy_row(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct copying *k = ctx;
    struct value v[MOST_COLUMNS];
    enum col_type t[MOST_COLUMNS];
    bool known = false;
    (void)name;
    if (n > MOST_COLUMNS)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "fleet", "a row of %zu columns", n);
    if (k->part == 0) {
        enum status st = is_known(k->to, c[0].s, c[2].s, &known, e);
        if (st != OK || known)
            return st;
    }
    for (size_t i = 0; i < n; i++) {
        v[i] = c[i].null ? val_null() : c[i].type == COL_INT ? val_i(c[i].i) : val_s(c[i].s);
        t[i] = c[i].type == COL_INT ? COL_INT : COL_TEXT;
    }
    return case_run(k->to, parts[k->part].put, v, t, n, e);
}

/* The first part of a merge says what the others must be. */
static enum status same(struct casedb *db, struct casedb *from, const char *key, const char *means,
                        const char *path, struct err *e)
{
    struct arena a = {0};
    struct str here, there;
    enum status st = arena_make(&a, 64 << 10) ? OK : err_set(e, E_NOMEM, ERR_NO_OFF, "fleet", "no memory");
    st = st == OK ? fleet_meta(db, key, &a, &here, e) : st;
    st = st == OK ? fleet_meta(from, key, &a, &there, e) : st;
    if (st == OK && !str_eq(here, there))
        st = err_set(e, E_USAGE, ERR_NO_OFF, path, "was made with another %s (%.20s, not %.20s)", means,
                     there.p ? there.p : "none", here.p ? here.p : "none");
    arena_free(&a);
    return st;
}

static enum status cut_in(struct casedb *db, int64_t *n, struct err *e)
{
    return case_number(db, "SELECT coalesce(max(n), 0) FROM shard", n, e);
}

enum status fleet_merge(struct casedb *db, struct casedb *from, const char *path, struct err *e)
{
    int64_t here, there;
    enum status st = same(db, from, "version", "version of whylogon", path, e);
    st = st == OK ? same(db, from, "knowledge_sha256", "knowledge", path, e) : st;
    st = st == OK ? same(db, from, "options", "set of options", path, e) : st;
    st = st == OK ? cut_in(db, &here, e) : st;
    st = st == OK ? cut_in(from, &there, e) : st;
    if (st == OK && here && there && here != there)
        st = err_set(e, E_USAGE, ERR_NO_OFF, path, "is one of %lld shards, the others are of %lld",
                     (long long)there, (long long)here);
    struct copying k = {.to = db};
    for (k.part = 0; k.part < LEN(parts) && st == OK; k.part++)
        st = case_query(from, parts[k.part].read, NULL, NULL, 0, copy_row, &k, e);
    return st;
}

enum status fleet_settle(struct casedb *db, struct err *e)
{
    return case_exec(db, "DELETE FROM shard WHERE (SELECT count(*) FROM v_fleet_missing) = 0", e);
}

/* What reports ask again and again is worked out once: a temporary table of a view's name stands before it.
 */
enum status fleet_work_out(struct casedb *db, struct err *e)
{
    static const char *const views[] = {"v_ticket",        "v_fleet_outcome", "v_fleet_cause",
                                        "v_fleet_host",    "v_fleet_collect", "v_fleet_failed",
                                        "v_fleet_largest", "v_fleet_missing"};
    enum status st = OK;
    for (size_t i = 0; i < LEN(views) && st == OK; i++) {
        char sql[160];
        snprintf(sql, sizeof sql, "CREATE TEMP TABLE %s AS SELECT * FROM main.%s", views[i], views[i]);
        st = case_exec(db, sql, e);
    }
    return st;
}

/* --- reading */
enum status fleet_rows(struct casedb *db, const char *view, unsigned most, row_fn *fn, void *ctx,
                       struct err *e)
{
    char sql[120];
    struct value limit = val_i(most ? (int64_t)most : -1);
    snprintf(sql, sizeof sql, "SELECT * FROM %s LIMIT ?1", view);
    return case_query(db, sql, &limit, (enum col_type[]){COL_INT}, 1, fn, ctx, e);
}

enum status fleet_count(struct casedb *db, const char *view, int64_t *n, struct err *e)
{
    char sql[120];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", view);
    return case_number(db, sql, n, e);
}

struct keeping {
    struct arena *a;
    struct str *out;
};

static enum status copy_text(void *ctx, const struct cell *c, const char *const *name, size_t n,
                             struct err *e)
{
    struct keeping *k = ctx;
    (void)name, (void)n;
    *k->out = c[0].null ? (struct str){0} : arena_str(k->a, c[0].s);
    return c[0].null || k->out->p ? OK : err_set(e, E_LIMIT, ERR_NO_OFF, "fleet", "does not fit");
}

enum status fleet_meta(struct casedb *db, const char *key, struct arena *a, struct str *out, struct err *e)
{
    struct value v = val_s(str_of(key));
    struct keeping k = {a, out};
    *out = (struct str){0};
    return case_query(db, "SELECT value FROM meta WHERE key = ?1", &v, (enum col_type[]){COL_TEXT}, 1,
                      copy_text, &k, e);
}
