/* casedb_stage: a small case's words of rules (v_failed, v_before ...) as tables for as long as its rules are
 * asked. Most rules ask for what the case does not have, and to compile a statement over a view of ten tables
 * costs a hundred times what it costs to run it over three failures. So each such view is run once, into a
 * temporary table of its name and its columns, which SQLite finds first; and a statement that must be empty,
 * because it joins what is empty or wants a topic, a setting, a family that no row has, is not compiled at
 * all. The connection owns the tables until case_unstage(). It refuses nothing: what it does not understand
 * is asked. */
#include "case/casedb_priv.h"
#include "base/buf.h"
#include <stdio.h>

/* A view, the tables without whose rows it has none, and the columns whose values are looked at. */
static const struct staged {
    const char *view, *needs[2], *column[2];
} staged[] = {{"v_symptom", {"logon_failure"}, {"kind"}},
              {"v_failed", {"failed"}, {"kind", "logon"}},
              {"v_failing", {"failing"}, {"kind", "family"}},
              {"v_failure", {"failure"}, {"kind", "shown"}},
              {"v_before", {"failed", "landmark"}, {"topic", "kind"}},
              {"v_after", {"failed", "landmark"}, {"topic", "kind"}},
              {"v_failure_before", {"failure", "landmark"}, {"topic", "kind"}},
              {"v_beside", {"failed", "landmark"}, {"cause", "kind"}},
              {"v_attempt", {"attempt"}, {"symbol"}},
              {"v_caller", {"failed", "session"}, {NULL}},
              {"v_logged_on", {"failed", "presence"}, {"how", "by"}},
              {"v_landmark", {"landmark"}, {"topic"}},
              {"v_success", {"success"}, {"kind"}},
              {"v_setting", {"hive"}, {"name"}},
              {"v_consumer", {"consumer"}, {"kind"}},
              {"v_consumer_right", {"consumer_right"}, {"kind"}},
              {"v_consumer_account", {"consumer"}, {"kind"}},
              {"v_consumer_change", {"consumer_change"}, {"kind", "how"}},
              {"v_changed_before", {"failed", "consumer_change"}, {"kind"}},
              {"v_program", {"failure", "consumer"}, {NULL}},
              {"v_explicit_logon", {"explicit_logon"}, {NULL}},
              {"v_task_saved", {"task_saved"}, {NULL}},
              {"v_offline_path", {"offline_path"}, {"what"}},
              {"v_covered", {"coverage"}, {"artifact"}}};

/* At most so many rows of each stand for "small": then what is staged fits on a few pages, and no index is
 * missed. */
static const char small[] =
    "SELECT 1 WHERE (SELECT count(*) FROM (SELECT 1 FROM logon_failure LIMIT 65)) < 65"
    " AND (SELECT count(*) FROM (SELECT 1 FROM failure LIMIT 257)) < 257"
    " AND (SELECT count(*) FROM (SELECT 1 FROM landmark LIMIT 513)) < 513"
    " AND (SELECT count(*) FROM (SELECT 1 FROM success LIMIT 513)) < 513"
    " AND (SELECT count(*) FROM (SELECT 1 FROM consumer LIMIT 257)) < 257"
    " AND (SELECT count(*) FROM (SELECT 1 FROM coverage LIMIT 513)) < 513"
    " AND (SELECT count(*) FROM (SELECT 1 FROM explicit_logon LIMIT 257)) < 257"
    " AND (SELECT count(*) FROM (SELECT 1 FROM task_saved LIMIT 257)) < 257"
    " AND (SELECT count(*) FROM (SELECT 1 FROM offline_path LIMIT 257)) < 257"
    " AND (SELECT count(*) FROM (SELECT 1 FROM host LIMIT 5)) < 5";

/* --- for the build: what the tables are called and made of, a line each */

/* Of a plan that sorts by one column: the collation of the sorter, "k(1,NOCASE)"; "B" is none. */
struct sorter {
    int64_t cursor[32]; /* that are opened with such a key */
    bool nocase[32], found;
    size_t n;
    struct str collation;
};

/* addr, opcode, p1, p2, p3, p4 */
static enum status keep_sorter(void *ctx, const struct cell *c, const char *const *name, size_t n,
                               struct err *e)
{
    struct sorter *s = ctx;
    (void)name, (void)n, (void)e;
    if ((str_eq(c[1].s, STR("SorterOpen")) || str_eq(c[1].s, STR("OpenEphemeral")))
        && str_starts_ci(c[5].s, STR("k(1,")) && s->n < LEN(s->cursor)) {
        s->cursor[s->n] = c[2].i;
        s->nocase[s->n++] = str_starts_ci(c[5].s, STR("k(1,NOCASE"));
    }
    if (str_eq(c[1].s, STR("SorterSort")) || str_eq(c[1].s, STR("Sort")))
        for (size_t i = 0; i < s->n; i++)
            if (s->cursor[i] == c[2].i)
                s->found = true, s->collation = s->nocase[i] ? STR(" COLLATE NOCASE") : STR("");
    return OK;
}

struct columns {
    struct casedb *db;
    const char *view;
    struct buf *out;
    size_t n;
};

/* name, type */
static enum status put_column(void *ctx, const struct cell *c, const char *const *name, size_t n,
                              struct err *e)
{
    struct columns *k = ctx;
    struct buf sql = {0};
    struct sorter sorter = {.n = 0};
    (void)name, (void)n;
    /* LIMIT and +: no index of a table below orders it */
    buf_printf(&sql, "EXPLAIN SELECT \"%.*s\" FROM (SELECT * FROM main.%s LIMIT 9) ORDER BY +\"%.*s\"",
               STR_ARG(c[0].s), k->view, STR_ARG(c[0].s));
    buf_char(&sql, 0);
    enum status st = sql.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "stage", "no memory")
                             : case_query(k->db, sql.p, NULL, NULL, 0, keep_sorter, &sorter, e);
    buf_free(&sql);
    if (st == OK && !sorter.found)
        st = err_set(e, E_DB, ERR_NO_OFF, "stage", "%s.%.*s: what does it sort by?", k->view,
                     STR_ARG(c[0].s));
    buf_printf(k->out, "%s\"%.*s\" %.*s%.*s", k->n++ ? ", " : "", STR_ARG(c[0].s), STR_ARG(c[1].s),
               STR_ARG(sorter.collation));
    return st;
}

enum status case_stage_tables(struct casedb *db, struct buf *out, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < LEN(staged) && st == OK; i++) {
        char sql[200];
        struct columns k = {db, staged[i].view, out, 0};
        snprintf(sql, sizeof sql, "CREATE TEMP TABLE probe AS SELECT * FROM main.%s LIMIT 0", staged[i].view);
        if ((st = case_exec(db, sql, e)) != OK)
            break;
        buf_printf(out, "CREATE TEMP TABLE %s(", staged[i].view);
        st = case_query(db, "SELECT name, type FROM pragma_table_info('probe') ORDER BY cid", NULL, NULL, 0,
                        put_column, &k, e);
        buf_z(out, ")\n");
        if (st == OK)
            st = case_exec(db, "DROP TABLE temp.probe", e);
    }
    return st == OK && out->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "stage", "no memory") : st;
}

/* --- what the case has */
static uint64_t hash_of(size_t view, size_t column, struct str value)
{
    return str_hash_ci((view * 2 + column + 1) * UINT64_C(0x9e3779b97f4a7c15), value);
}

/* number of the view, 0 and 1: of the column, value */
static enum status keep_value(void *ctx, const struct cell *c, const char *const *name, size_t n,
                              struct err *e)
{
    struct casedb *db = ctx;
    (void)name, (void)n;
    uint64_t hash = hash_of((size_t)c[0].i, (size_t)c[1].i, c[2].s);
    db->stage.filled |= UINT32_C(1) << c[0].i;
    return c[2].null || lookup_put(&db->stage.values, hash, 0)
               ? OK
               : err_set(e, E_NOMEM, ERR_NO_OFF, "stage", "no memory");
}

static enum status keep_small(void *ctx, const struct cell *c, const char *const *name, size_t n,
                              struct err *e)
{
    (void)c, (void)name, (void)n, (void)e;
    *(bool *)ctx = true;
    return OK;
}

/* Which views can have rows. */
static enum status keep_filled(void *ctx, const struct cell *c, const char *const *name, size_t n,
                               struct err *e)
{
    uint32_t *filled = ctx;
    (void)name, (void)e;
    for (size_t i = 0; i < n; i++)
        *filled |= c[i].i ? UINT32_C(1) << i : 0;
    return OK;
}

static enum status ask_filled(struct casedb *db, uint32_t *filled, struct err *e)
{
    struct buf sql = {0};
    for (size_t i = 0; i < LEN(staged); i++) {
        buf_printf(&sql, "%sEXISTS (SELECT 1 FROM main.%s)", i ? ", " : "SELECT ", staged[i].needs[0]);
        if (staged[i].needs[1])
            buf_printf(&sql, " AND EXISTS (SELECT 1 FROM main.%s)", staged[i].needs[1]);
    }
    buf_char(&sql, 0);
    enum status st = sql.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "stage", "no memory")
                             : case_query(db, sql.p, NULL, NULL, 0, keep_filled, filled, e);
    buf_free(&sql);
    return st;
}

static enum status ask_values(struct casedb *db, uint32_t filled, struct err *e)
{
    struct buf sql = {0};
    for (size_t i = 0; i < LEN(staged); i++)
        for (size_t k = 0; k < LEN(staged[i].column) && filled >> i & 1; k++)
            if (staged[i].column[k] || !k)
                buf_printf(&sql, "%sSELECT %zu, %zu, %s FROM temp.%s", sql.n ? " UNION " : "", i, k,
                           staged[i].column[k] ? staged[i].column[k] : "NULL", staged[i].view);
    buf_char(&sql, 0);
    enum status st = sql.bad     ? err_set(e, E_NOMEM, ERR_NO_OFF, "stage", "no memory")
                     : sql.n > 1 ? case_query(db, sql.p, NULL, NULL, 0, keep_value, db, e)
                                 : OK;
    buf_free(&sql);
    return st;
}

static enum status fill(struct casedb *db, size_t view, struct str table, struct err *e)
{
    struct buf sql = {0};
    buf_str(&sql, table);
    buf_printf(&sql, "; INSERT INTO temp.%s SELECT * FROM main.%s", staged[view].view, staged[view].view);
    return case_exec_built(db, &sql, e);
}

enum status case_stage(struct casedb *db, struct str tables, struct err *e)
{
    uint32_t filled = 0;
    bool is_small = false;
    _Static_assert(LEN(staged) <= 32, "a bit each");
    if (!tables.n)
        return OK;
    enum status st = case_query(db, small, NULL, NULL, 0, keep_small, &is_small, e);
    if (st != OK || !is_small || (st = ask_filled(db, &filled, e)) != OK)
        return st;
    for (size_t i = 0; i < LEN(staged) && st == OK; i++) {
        struct str table = str_cut(&tables, '\n');
        if (filled >> i & 1 && (st = fill(db, i, table, e)) == OK)
            db->stage.made |= UINT32_C(1) << i;
    }
    st = st == OK ? ask_values(db, filled, e) : st;
    db->stage.on = st == OK;
    return st;
}

enum status case_unstage(struct casedb *db, struct err *e)
{
    struct buf sql = {0};
    for (size_t i = 0; i < LEN(staged); i++)
        if (db->stage.made >> i & 1)
            buf_printf(&sql, "DROP TABLE temp.%s;", staged[i].view);
    lookup_free(&db->stage.values);
    db->stage = (struct stage){0};
    return sql.n || sql.bad ? case_exec_built(db, &sql, e) : OK;
}

/* --- must a statement be empty? One SELECT without set operations, its tables and what all of its rows must
 * meet: the terms between AND of WHERE and of the ON of inner joins. Only terms of the shapes name = 'text'
 * and name IN ('text', ...) are looked at. */
enum word_kind { NAME, TEXT, OTHER, END };
struct word {
    enum word_kind kind;
    struct str s;
};
enum { ITEMS = 16 };
struct item {
    struct str name, alias;
    size_t view; /* LEN(staged): none of them */
};
struct look {
    const struct casedb *db;
    struct str rest;
    struct word w; /* the next one */
    struct item item[ITEMS];
    size_t n_item;
    bool unknown; /* not understood: it may have rows */
    bool empty;
};

static void next(struct look *k)
{
    struct str *s = &k->rest;
    while (s->n && strchr(" \t\r\n", s->p[0]))
        s->p++, s->n--;
    k->w = (struct word){s->n ? OTHER : END, {s->p, s->n > 0}};
    if (!s->n)
        return;
    if (s->p[0] == '\'') {
        size_t i = 1;
        while (i < s->n && (s->p[i] != '\'' || (i + 1 < s->n && s->p[i + 1] == '\'')))
            i += s->p[i] == '\'' ? 2 : 1;
        k->w = (struct word){TEXT, {s->p + 1, i - 1}};
        k->unknown |= i >= s->n || memchr(s->p + 1, '\'', i - 1);
        i = i < s->n ? i + 1 : s->n;
        s->p += i, s->n -= i;
        return;
    }
    if (is_word(s->p[0])) {
        size_t i = 0;
        while (i < s->n && is_word(s->p[i]))
            i++;
        k->w = (struct word){NAME, {s->p, i}};
        s->p += i, s->n -= i;
        return;
    }
    /* comments and quoted names are not read */
    k->unknown |= strchr("\"`[#;", s->p[0])
                  || (s->n > 1 && ((s->p[0] == '-' && s->p[1] == '-') || (s->p[0] == '/' && s->p[1] == '*')));
    s->p++, s->n--;
}

static bool is(const struct look *k, const char *word)
{
    return (k->w.kind == NAME || k->w.kind == OTHER) && str_eq_ci(k->w.s, str_of(word));
}

static bool one_of(const struct look *k, const char *const *words)
{
    for (; *words; words++)
        if (is(k, *words))
            return true;
    return false;
}

/* From "(" behind its ")". */
static void skip_brackets(struct look *k)
{
    size_t depth = 0;
    do {
        depth += is(k, "(");
        depth -= is(k, ")");
        next(k);
    } while (depth && k->w.kind != END);
    k->unknown |= depth > 0;
}

/* From CASE behind its END. */
static void skip_case(struct look *k)
{
    size_t depth = 0;
    do {
        if (is(k, "(")) {
            skip_brackets(k);
            continue;
        }
        depth += is(k, "case");
        depth -= is(k, "end");
        next(k);
    } while (depth && k->w.kind != END);
}

static const char *const joins[] = {"join", "inner", "cross", "left", ",", NULL};
static const char *const ends[] = {"where", "group", "order", "limit", "having", "window", NULL};
static const char *const strange[] = {"union", "except",  "intersect", "right",
                                      "full",  "natural", "using",     NULL};
static const char *const aggregates[] = {
    "min", "max", "count", "sum", "total", "avg", "group_concat", "json_group_array", "json_group_object",
    NULL};

static bool of_any(const struct look *k) { return one_of(k, joins) || one_of(k, ends); }

/* Does no row of the column's view have one of the values? false where that is not known. */
static bool lacks(const struct look *k, struct str alias, struct str column, const struct str *value,
                  size_t n)
{
    const struct item *it = alias.p || k->n_item != 1 ? NULL : &k->item[0];
    for (size_t i = 0; i < k->n_item && alias.p; i++)
        if (str_eq_ci(k->item[i].alias, alias))
            it = &k->item[i];
    if (!it || it->view == LEN(staged))
        return false;
    for (size_t c = 0; c < LEN(staged->column); c++) {
        if (!staged[it->view].column[c] || !str_eq_ci(column, str_of(staged[it->view].column[c])))
            continue;
        for (size_t i = 0; i < n; i++)
            if (k->db->stage.values.cap && lookup_has(&k->db->stage.values, hash_of(it->view, c, value[i])))
                return false;
        return true;
    }
    return false;
}

/* One term, up to AND, OR or the end of the clause. */
static bool term_lacks(struct look *k)
{
    struct str alias = {0}, column, value[ITEMS];
    size_t n = 0;
    if (k->w.kind != NAME || is(k, "not") || is(k, "case") || is(k, "exists"))
        return false;
    column = k->w.s, next(k);
    if (is(k, ".")) {
        next(k);
        if (k->w.kind != NAME)
            return false;
        alias = column, column = k->w.s, next(k);
    }
    if (is(k, "=")) {
        next(k);
        if (k->w.kind != TEXT)
            return false;
        value[n++] = k->w.s, next(k);
    } else if (is(k, "in")) {
        next(k);
        if (!is(k, "("))
            return false;
        do {
            next(k);
            if (k->w.kind != TEXT || n == ITEMS)
                return false;
            value[n++] = k->w.s, next(k);
        } while (is(k, ","));
        if (!is(k, ")"))
            return false;
        next(k);
    } else {
        return false;
    }
    return (k->w.kind == END || is(k, "and") || of_any(k)) && lacks(k, alias, column, value, n);
}

/* ON or WHERE, up to what ends it. */
static bool clause_lacks(struct look *k)
{
    bool found = false, either = false, between = false;
    do {
        next(k);
        bool here = !between && term_lacks(k);
        found |= here;
        between = false;
        while (k->w.kind != END && !is(k, "and") && !of_any(k)) {
            either |= is(k, "or");
            between |= is(k, "between");
            k->unknown |= one_of(k, strange);
            if (is(k, "("))
                skip_brackets(k);
            else if (is(k, "case"))
                skip_case(k);
            else
                next(k);
        }
    } while (is(k, "and"));
    return found && !either;
}

/* A table or view with its alias, or a query in brackets. */
static struct item *take_item(struct look *k)
{
    struct item *it = &k->item[k->n_item];
    if (k->n_item == ITEMS)
        return k->unknown = true, NULL;
    *it = (struct item){.view = LEN(staged)};
    if (is(k, "(")) {
        skip_brackets(k);
    } else if (k->w.kind == NAME) {
        it->name = it->alias = k->w.s, next(k);
        if (is(k, "(")) /* json_each(...) */
            skip_brackets(k);
        k->unknown |= is(k, "."); /* main.v_x */
    } else {
        return k->unknown = true, NULL;
    }
    if (is(k, "as"))
        next(k);
    if (k->w.kind == NAME && !is(k, "on") && !of_any(k) && !one_of(k, strange))
        it->alias = k->w.s, next(k);
    for (size_t i = 0; i < LEN(staged); i++)
        if (str_eq_ci(it->name, str_of(staged[i].view)))
            it->view = i;
    k->n_item++;
    return it;
}

static void look_at_tables(struct look *k)
{
    bool optional = false;
    for (;;) {
        const struct item *it = take_item(k);
        if (!it || k->unknown)
            return;
        if (!optional && it->view < LEN(staged) && !(k->db->stage.filled >> it->view & 1))
            k->empty = true;
        if (is(k, "on")) {
            bool lacking = clause_lacks(k);
            k->empty |= lacking && !optional;
        }
        optional = is(k, "left");
        if (!of_any(k) || one_of(k, ends))
            return;
        while (is(k, "left") || is(k, "inner") || is(k, "cross") || is(k, "outer"))
            next(k);
        if (is(k, "join") || is(k, ","))
            next(k);
    }
}

bool case_barren(const struct casedb *db, struct str sql)
{
    struct look k = {.db = db, .rest = sql};
    bool aggregate = false, grouped = false;
    if (!db->stage.on)
        return false;
    next(&k);
    if (!is(&k, "select"))
        return false;
    while (k.w.kind != END && !is(&k, "from") && !k.unknown) {
        if (one_of(&k, aggregates))
            aggregate = true;
        if (is(&k, "("))
            skip_brackets(&k);
        else
            next(&k);
    }
    if (!is(&k, "from"))
        return false;
    next(&k), look_at_tables(&k);
    if (!k.unknown && is(&k, "where"))
        k.empty |= clause_lacks(&k);
    for (; k.w.kind != END && !k.unknown; next(&k)) {
        if (is(&k, "("))
            skip_brackets(&k);
        grouped |= is(&k, "group");
        k.unknown |= one_of(&k, strange);
    }
    return k.empty && !k.unknown && (!aggregate || grouped);
}
