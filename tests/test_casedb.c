#include "case/casedb_priv.h"
#include "tests/dice.h"
#include "base/hash.h"
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kb/kb.h"

static struct kb *kb;
static struct casedb *db;
static char folder[64];
static const int64_t files[3] = {1, 2, 3};

static const char *path(const char *name)
{
    static char text[2][128];
    static unsigned turn;
    snprintf(text[turn ^= 1], sizeof text[0], "%s/%s", folder, name);
    return text[turn];
}

static void open_case(void)
{
    struct err e = {0};
    snprintf(folder, sizeof folder, "/tmp/whylogon-case-XXXXXX");
    cr_assert(mkdtemp(folder));
    cr_assert(kb_load(NULL, &kb, &e) == OK, "%s", e.why);
    cr_assert(case_create(NULL, kb_file(kb, "schema.sql"), &db, &e) == OK, "%s", e.why);
    cr_assert(
        case_exec(db,
                  "INSERT INTO evidence(id, path) VALUES(1, 'a'), (2, 'b'), (3, 'c'); CREATE VIEW v_event AS "
                  "SELECT id, time, computer, data FROM event;"
                  "CREATE VIEW v_two AS SELECT id FROM event UNION ALL SELECT id FROM v_event;"
                  "INSERT INTO kb_code(space, value, symbol, win32) VALUES('ntstatus', 0xC000005F, 'X', "
                  "1312), ('ntstatus', 0xC000006D, 'Y', 1326), ('ntstatus', 0xC0000001, 'Z', NULL),"
                  " ('sspi', 0x80090311, 'S', 1311), ('win32', 1312, 'W', NULL)",
                  &e)
            == OK,
        "%s", e.why);
}

static void close_case(void)
{
    static const char *const names[] = {"case.db", "case.db.tmp", "other.db", "work.db", "text"};
    case_close(db), kb_free(kb);
    for (size_t i = 0; i < LEN(names); i++)
        unlink(path(names[i]));
    cr_expect(rmdir(folder) == 0, "something was left in %s", folder);
}
TestSuite(casedb, .init = open_case, .fini = close_case);

/* --- answers as one line of text: cells by '|', rows by ';' */
static enum status take(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)e;
    for (size_t i = 0; i < n; i++)
        buf_z(ctx, i ? "|" : ""), buf_str(ctx, c[i].null ? STR("-") : c[i].s);
    buf_char(ctx, ';');
    return OK;
}

static const char *ask(const char *sql)
{
    static struct buf b;
    struct err e = {0};
    b.n = 0;
    if (case_query(db, sql, NULL, NULL, 0, take, &b, &e) != OK)
        buf_printf(&b, "error: %s", e.why);
    buf_char(&b, 0);
    return b.p;
}

static const char *guarded(const char *sql, enum status *st)
{
    static struct buf b;
    struct err e = {0};
    b.n = 0;
    if ((*st = case_guarded(db, str_of(sql), 1000000, take, &b, &e)) != OK)
        buf_printf(&b, "%s", e.why);
    buf_char(&b, 0);
    return b.p;
}

/* --- facts */
static struct fact event(int64_t identity, int64_t record, int64_t time, const char *computer)
{
    struct fact f = {.kind = FACT_EVENT, .ref = {.off = 0x1200 + (uint64_t)record * 0x100}};
    for (size_t i = 0; i < FACT_COLS; i++)
        f.v[i].null = true;
    f.v[EV_COMPUTER] = val_s(str_of(computer)), f.v[EV_CHANNEL] = val_s(STR("Security")),
    f.v[EV_PROVIDER] = val_s(STR("P")), f.v[EV_EVENT_ID] = val_i(4625);
    f.v[EV_TIME] = val_i(time), f.v[EV_RECORD_ID] = val_i(record), f.v[EV_IDENTITY] = val_i(identity),
    f.v[EV_DATA] = val_s(STR("{\"a\":1}"));
    return f;
}

static void put(const struct fact *f, int64_t file)
{
    struct err e = {0};
    cr_assert(case_put(db, (int64_t[]){file, file + 1, file + 2}, f, &e) == OK, "%s", e.why);
}

/* The same record from several files is one event with several places; a hash that only looks alike is
 * another event. */
static enum status halt_soon(void *ctx, struct err *e)
{
    unsigned *asks = ctx;
    return ++*asks >= 3 ? err_set(e, E_STOP, ERR_NO_OFF, "interrupted", "enough") : OK;
}

/* Whoever runs the case may end what SQLite does, whatever it is, within some thousand of its steps. */
Test(casedb, work_without_end_is_halted)
{
    static const char endless[] = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
                                  " SELECT count(*) FROM n";
    unsigned asks = 0;
    struct err e = {0}, again = {0}, guarded = {0};
    cr_expect_eq(case_halted(db, &e), OK);
    case_halt_when(db, halt_soon, &asks);
    cr_expect_eq(case_query(db, endless, NULL, NULL, 0, take, NULL, &e), E_STOP, "%s", e.why);
    cr_expect(asks < 6 && strcmp(e.why, "enough") == 0, "%u: %s", asks, e.why);
    cr_expect_eq(case_guarded(db, str_of(endless), UINT64_MAX, take, NULL, &guarded), E_STOP, "%s",
                 guarded.why);
    cr_expect_eq(case_halted(db, &again), E_STOP);
    struct err script = {0}, row = {0};
    char several[200];
    snprintf(several, sizeof several, "SELECT 1;\n%s", endless);
    cr_expect(case_exec(db, several, &script) == E_STOP && strcmp(script.why, "enough") == 0, "%s",
              script.why);
    cr_expect(case_run(db, endless, NULL, NULL, 0, &row) == E_STOP && strcmp(row.why, "enough") == 0, "%s",
              row.why);
    case_halt_when(db, NULL, NULL);
    cr_expect_eq(case_exec(db, "SELECT 1", &(struct err){0}), OK);
}

/* Many cases on one connection: each begins with nothing, and one that SQLite undid by itself is known. */
Test(casedb, what_was_written_since_a_mark)
{
    static const char count[] = "SELECT count(*) FROM evidence",
                      endless[] =
                          "WITH RECURSIVE n(i) AS (SELECT 1 UNION "
                          "ALL SELECT i + 1 FROM n) INSERT INTO evidence(id, path) SELECT i + 9, 'x' FROM n";
    struct err e = {0};
    unsigned asks = 0;
    cr_assert(case_keep(db, &e) == OK, "%s", e.why);
    cr_expect_eq(case_since_mark(db), CASE_KEPT);
    for (int times = 0; times < 2; times++) {
        struct fact f = event(77, 1, 5, "H");
        cr_assert(case_mark(db, &e) == OK && case_begin(db, &e) == OK, "%s", e.why);
        put(&f, 1), put(&f, 2);
        cr_assert(case_commit(db, &e) == OK, "%s", e.why);
        cr_expect_str_eq(ask("SELECT (SELECT count(*) FROM event) || (SELECT count(*) FROM event_source)"),
                         "11;", "a record of a case before is none of this one's");
        cr_assert(case_begin(db, &e) == OK
                      && case_exec(db, "INSERT INTO evidence(id, path) VALUES(4, 'd')", &e) == OK,
                  "%s", e.why);
        cr_expect(case_undo(db, &e) == OK && case_undo(db, &e) == OK, "%s", e.why);
        cr_expect_str_eq(ask(count), "3;", "what was begun last is undone alone");
        cr_expect_str_eq(ask("SELECT count(*) FROM event"), "1;");
        cr_expect(case_undoable(db, &e) == OK && case_since_mark(db) == CASE_MARKED, "%s", e.why);
        cr_expect(case_save(db, path("case.db"), &e) == OK && case_since_mark(db) == CASE_MARKED, "%s",
                  e.why);
        cr_assert(case_rewind(db, &e) == OK, "%s", e.why);
        cr_expect_str_eq(ask("SELECT count(*) FROM event"), "0;");
        cr_expect_eq(case_since_mark(db), CASE_KEPT);
    }
    struct casedb *saved = NULL;
    int64_t n = 0;
    cr_assert(case_open(path("case.db"), &saved, &e) == OK
                  && case_number(saved, "SELECT count(*) FROM event", &n, &e) == OK,
              "%s", e.why);
    cr_expect_eq(n, 1, "what was saved stays");
    case_close(saved);
    cr_assert(case_mark(db, &e) == OK
                  && case_exec(db, "INSERT INTO evidence(id, path) VALUES(4, 'd')", &e) == OK,
              "%s", e.why);
    case_halt_when(db, halt_soon, &asks);
    cr_expect_eq(case_exec(db, endless, &e), E_STOP);
    case_halt_when(db, NULL, NULL);
    cr_expect_eq(case_since_mark(db), CASE_UNDONE, "all of it is gone, not that statement alone");
    cr_expect_str_eq(ask(count), "3;");
    cr_expect_neq(case_rewind(db, &(struct err){0}), OK);
}

/* What outgrows a small case is one like any other: nothing that large is kept to be undone. */
Test(casedb, a_large_case_has_no_mark)
{
    static const char fill[] =
        "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 300) "
        "INSERT INTO evidence(id, path) SELECT i, hex(zeroblob(40000)) FROM n";
    for (int late = 0; late < 2; late++) {
        struct err e = {0};
        cr_assert((late || case_keep(db, &e) == OK) && case_mark(db, &e) == OK, "%s", e.why);
        cr_assert(!late || case_undoable(db, &e) == OK, "%s", e.why);
        cr_assert(case_exec(db, fill, &e) == OK, "%s", e.why);
        cr_expect(late || (case_undoable(db, &e) == OK && case_since_mark(db) == CASE_KEPT), "%s", e.why);
        cr_expect(case_save(db, path("case.db"), &e) == OK && case_since_mark(db) == CASE_KEPT, "%s", e.why);
        cr_assert(case_exec(db, "DELETE FROM evidence; VACUUM", &e) == OK, "%s", e.why);
    }
}

Test(casedb, duplicates)
{
    static const struct {
        const char *name;
        int64_t file, identity, record, time;
        const char *computer;
        const char *events, *sources;
    } rows[] = {{"first", 1, 7, 1, 100, "PC1", "1;", ""},
                {"again in another file", 2, 7, 1, 100, "PC1", "1;", "1|2;"},
                {"again in the same file", 1, 7, 1, 100, "PC1", "1;", "1|2;"},
                {"again in the other", 2, 7, 1, 100, "PC1", "1;", "1|2;"},
                {"the same hash, another time", 2, 7, 1, 101, "PC1", "2;", "1|2;"},
                {"the same hash, another computer", 2, 7, 1, 100, "PC2", "3;", "1|2;"},
                {"the same hash, another record", 3, 7, 2, 100, "PC1", "4;", "1|2;"},
                {"another hash", 3, 8, 1, 100, "PC1", "5;", "1|2;"},
                {"a third file", 3, 7, 1, 100, "PC1", "5;", "1|2;1|3;"}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct fact f = event(rows[i].identity, rows[i].record, rows[i].time, rows[i].computer);
        put(&f, rows[i].file);
        cr_expect_str_eq(ask("SELECT count(*) FROM event"), rows[i].events, "%s: %s", rows[i].name,
                         ask("SELECT count(*) FROM event"));
        cr_expect_str_eq(ask("SELECT event, file_id FROM event_source ORDER BY 1, 2"), rows[i].sources, "%s",
                         rows[i].name);
    }
    struct fact f = event(0, 9, 100, "PC1");
    f.v[EV_IDENTITY].null = true;
    put(&f, 1), put(&f, 1);
    cr_expect_str_eq(ask("SELECT count(*) FROM event WHERE identity IS NULL"), "2;",
                     "without identity nothing is known to be the same");
}

/* Many identities, so that the table in memory grows; a copy of the case knows them too. Indexes wait for the
 * end of the first transaction. */
Test(casedb, many_events_and_their_duplicates)
{
    struct casedb *copy = NULL;
    struct err e = {0};
    cr_assert(case_begin(db, &e) == OK, "%s", e.why);
    cr_expect_str_eq(ask("SELECT count(*) FROM sqlite_schema WHERE name = 'event_what'"), "0;");
    for (int turn = 0; turn < 2; turn++)
        for (int i = 1; i <= 20000; i++) {
            struct fact f = event(i % 7 ? i * 0x123456789abcLL : i, i, i, "PC1");
            put(&f, 1 + turn);
        }
    cr_assert(case_commit(db, &e) == OK, "%s", e.why);
    cr_expect_str_eq(ask("SELECT count(*), (SELECT count(*) FROM event_source) FROM event"), "20000|20000;");
    cr_expect_str_eq(ask("SELECT count(*) FROM sqlite_schema WHERE name IN ('event_what', 'reg_value_path')"),
                     "2;");
    cr_assert(case_copy(db, &copy, &e) == OK, "%s", e.why);
    case_close(db), db = copy;
    struct fact f = event(7, 7, 7, "PC1");
    put(&f, 3);
    cr_expect_str_eq(ask("SELECT count(*), (SELECT count(*) FROM event_source) FROM event"), "20000|20001;");
    cr_assert(case_begin(db, &e) == OK && case_commit(db, &e) == OK, "%s", e.why);
    cr_expect_str_eq(ask("SELECT count(*) FROM sqlite_schema WHERE name IN ('event_what', 'reg_value_path')"),
                     "2;", "a later transaction leaves them");
}

static struct fact fold(int64_t n, int64_t first, int64_t last, uint64_t off, int64_t last_off,
                        const char *data)
{
    struct fact f = {.kind = FACT_FOLD, .ref = {.off = off}};
    f.v[FO_COMPUTER] = val_s((struct str){0}), f.v[FO_CHANNEL] = val_s(STR("Security")),
    f.v[FO_PROVIDER] = val_s(STR("P")), f.v[FO_EVENT_ID] = val_i(4624), f.v[FO_DAY] = val_i(5);
    f.v[FO_KEY] = val_s(STR("{}")), f.v[FO_N] = val_i(n), f.v[FO_FIRST_TIME] = val_i(first),
    f.v[FO_LAST_TIME] = val_i(last), f.v[FO_LAST_OFF] = val_i(last_off), f.v[FO_DATA] = val_s(str_of(data));
    return f;
}

Test(casedb, parts_of_a_fold_add_up_in_any_order)
{
    const struct fact parts[] = {fold(3, 200, 300, 0x200, 0x290, "b"), fold(2, 100, 150, 0x100, 0x110, "a"),
                                 fold(4, 310, 400, 0x300, 0x390, "c")};
    static const int orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {1, 0, 2}};
    for (size_t i = 0; i < 2 * LEN(orders); i++) { /* by the table, and in memory until the end */
        if (i % 2)
            cr_assert_eq(case_begin(db, NULL), OK);
        for (size_t k = 0; k < 3; k++)
            put(&parts[orders[i / 2][k]], 1);
        cr_expect_str_eq(ask("SELECT count(*) FROM fold"), i % 2 ? "0;" : "1;");
        if (i % 2)
            cr_assert_eq(case_commit(db, NULL), OK);
        cr_expect_str_eq(ask("SELECT n, first_time, last_time, file_off, last_off, data FROM fold"),
                         "9|100|400|256|912|a;", "order %zu: %s", i, ask("SELECT * FROM fold"));
        case_exec(db, "DELETE FROM fold", NULL);
    }
    put(&parts[0], 1), put(&parts[0], 2);
    cr_expect_str_eq(ask("SELECT count(*) FROM fold"), "2;", "another file is another row");
}

/* What the table says of folds is the same whether their parts met in memory or there. */
Test(casedb, folds_that_memory_does_not_hold)
{
    enum { KEYS = 9000, TEXT = 3000 };
    static char data[TEXT + 1], sums[2][256];
    memset(data, 'x', TEXT);
    for (int in_memory = 0; in_memory < 2; in_memory++) {
        if (in_memory)
            cr_assert_eq(case_begin(db, NULL), OK);
        for (unsigned i = 0; i < 3 * KEYS; i++) {
            struct fact f = fold(1, 1000 - i / KEYS, 2000 + i, 0x1000 - i / KEYS, i, i % 7 ? "short" : data);
            f.v[FO_DAY] = val_i(i % KEYS);
            f.v[FO_CHANNEL] = val_s(i % 2 ? STR("Security") : STR("SECURITY"));
            if (i % 5 == 0)
                f.v[FO_KEY] = (struct value){.null = true};
            if (i % 100 == 99)
                f.v[FO_LAST_TIME] = (struct value){.null = true};
            if (i % 1000 == 1)
                f.v[FO_N] = val_i(INT64_MAX / 2);
            put(&f, 1 + i % 3);
        }
        if (in_memory)
            cr_assert_eq(case_commit(db, NULL), OK);
        snprintf(
            sums[in_memory], sizeof *sums, "%s",
            ask("SELECT count(*), sum(n / 3), sum(first_time), sum(last_time), sum(file_off), sum(last_off),"
                " sum(length(data)), sum(day), min(channel) FROM fold"));
        case_exec(db, "DELETE FROM fold", NULL);
    }
    cr_expect_str_eq(sums[0], sums[1]);
    cr_expect(!strncmp(sums[0], "9000|", 5), "%s", sums[0]);
}

Test(casedb, every_kind_of_fact)
{
    for (unsigned k = 0; k < FACT_KINDS; k++) {
        struct fact f = {.kind = (enum fact_kind)k, .ref = {.file = 1, .off = 0x40}};
        for (size_t i = 0; i < FACT_COLS; i++)
            f.v[i] = (struct value){.i = 7, .s = STR("xy")};
        put(&f, 1);
        char sql[200];
        snprintf(sql, sizeof sql, "SELECT file_id, file_off, %s FROM %s", k > FACT_HIVE ? "hive_id" : "7",
                 fact_descs[k].table);
        cr_expect_str_eq(ask(sql), k > FACT_HIVE ? "2|64|1;" : "2|64|7;", "%s: %s", fact_descs[k].table,
                         ask(sql));
    }
}

/* What a worker sends is as hostile as the evidence. */
Test(casedb, facts_that_cannot_be)
{
    struct err e = {0};
    struct fact f = event(1, 1, 1, "PC1");
    f.ref.file = 3;
    cr_expect(case_put(db, files, &f, &e) == E_FORMAT, "file 3 of 3");
    f.ref.file = 0, f.ref.off = (uint64_t)INT64_MAX + 1;
    cr_expect(case_put(db, files, &f, NULL) == E_FORMAT, "offset beyond 2^63");
    f.ref.off = 0, f.kind = FACT_KINDS;
    cr_expect(case_put(db, files, &f, NULL) == E_FORMAT, "kind");
    f = event(1, 1, 1, "PC1");
    f.v[EV_DATA] = val_s((struct str){"a\0b\xff'\"; DROP TABLE event;--", 25});
    put(&f, 1);
    cr_expect_str_eq(ask("SELECT hex(data) FROM event"),
                     "610062FF27223B2044524F50205441424C45206576656E743B;");
}

static const struct {
    const char *id;
    bool is;
    int64_t file, off;
} places[] = {
    {"f3:0x11c00", true, 3, 0x11c00},
    {"f3:0X11C00", true, 3, 0x11c00},
    {"f1:0x0", true, 1, 0},
    {"f12:0x7fffffffffffffff", true, 12, INT64_MAX},
    {"f1:0x8000000000000000", false, 0, 0},
    {"f1:0xfffffffffffffffff", false, 0, 0},
    {"f1:0x", false, 0, 0},
    {"f1:11", false, 0, 0},
    {"f:0x1", false, 0, 0},
    {"f1", false, 0, 0},
    {"1:0x1", false, 0, 0},
    {"f1:0x1 ", false, 0, 0},
    {"", false, 0, 0},
};

Test(casedb, places)
{
    for (size_t i = 0; i < LEN(places); i++) {
        int64_t file = 0, off = 0;
        bool is = case_place(str_of(places[i].id), &file, &off);
        cr_expect_eq(is, places[i].is, "%s", places[i].id);
        cr_expect(!is || (file == places[i].file && off == places[i].off), "%s", places[i].id);
    }
}

/* --- finishing and opening */
static char *bytes_of(const char *name, size_t *n)
{
    struct stat s;
    FILE *f = fopen(name, "rb");
    cr_assert(f && fstat(fileno(f), &s) == 0);
    char *p = malloc((size_t)s.st_size + 1);
    *n = fread(p, 1, (size_t)s.st_size, f);
    fclose(f);
    return p;
}

static bool same_bytes(const char *a, const char *b)
{
    size_t n, m;
    char *p = bytes_of(a, &n), *q = bytes_of(b, &m);
    bool same = n == m && !memcmp(p, q, n);
    return free(p), free(q), same;
}

static void fill_and_finish(const char *work, const char *name, bool in_memory)
{
    struct casedb *c = NULL;
    struct err e = {0};
    cr_assert(case_create(in_memory ? NULL : work, kb_file(kb, "schema.sql"), &c, &e) == OK, "%s", e.why);
    cr_assert(case_begin(c, &e) == OK);
    for (int i = 0; i < 3000; i++) {
        struct fact f = event(i * 7919, i, i, "PC1");
        cr_assert(case_put(c, files, &f, &e) == OK);
    }
    cr_assert(kb_store(kb, c, &e) == OK && case_commit(c, &e) == OK, "%s", e.why);
    cr_assert(case_save(c, name, &e) == OK, "%s", e.why);
    case_close(c);
}

Test(casedb, same_facts_same_bytes)
{
    size_t n, m;
    fill_and_finish(path("work.db"), path("case.db"), false);
    fill_and_finish(NULL, path("other.db"), true);
    char *a = bytes_of(path("case.db"), &n), *b = bytes_of(path("other.db"), &m);
    cr_expect(n == m && n > 100000 && !memcmp(a, b, n), "%zu and %zu bytes", n, m);
    free(a), free(b);
    cr_expect(access(path("work.db"), F_OK), "nothing else is left");
}

Test(casedb, open_only_reads)
{
    struct casedb *c = NULL, *copy = NULL;
    struct err e = {0};
    fill_and_finish(path("work.db"), path("case.db"), false);
    cr_assert(case_open(path("case.db"), &c, &e) == OK, "%s", e.why);
    cr_expect(case_exec(c, "DELETE FROM event", NULL) == E_DB);
    cr_expect(case_exec(c, "SELECT num('1')", NULL) == E_DB, "our functions belong to cases we write");
    cr_assert(case_copy(c, &copy, &e) == OK, "%s", e.why);
    case_close(c);
    cr_expect(case_exec(copy, "DELETE FROM event WHERE num('0x10') = 16", &e) == OK, "%s", e.why);
    case_close(copy);
    FILE *f = fopen(path("text"), "wb");
    fputs("no database at all, but long enough to have a header of a hundred bytes, which is what SQLite "
          "reads first of a file",
          f);
    fclose(f);
    struct err why = {0};
    cr_expect(case_open(path("text"), &c, &why) == E_DB, "%s", why.why);
    cr_expect(case_open(path("none"), &c, NULL) != OK && access(path("none"), F_OK), "nothing is created");
    cr_expect(case_create(path("text"), STR(""), &c, NULL) == E_IO, "nothing is overwritten");
}

Test(casedb, a_case_cut_or_foreign)
{
    size_t n;
    struct casedb *c;
    fill_and_finish(path("work.db"), path("case.db"), false);
    char *p = bytes_of(path("case.db"), &n);
    static const struct {
        const char *name;
        size_t at;
        char c;
    } breaks[] = {{"application id", 68, 'x'}, {"version", 63, 0x7f}, {"page size", 16, 7}};
    for (size_t i = 0; i < LEN(breaks); i++) {
        char before = p[breaks[i].at];
        p[breaks[i].at] = breaks[i].c;
        FILE *f = fopen(path("other.db"), "wb");
        fwrite(p, 1, n, f), fclose(f);
        cr_expect(case_open(path("other.db"), &c, NULL) != OK, "%s", breaks[i].name);
        p[breaks[i].at] = before;
    }
    /* opens or not; a question never ends the program */
    for (size_t cut = 0; cut < n; cut = cut * 3 + 1) {
        FILE *f = fopen(path("other.db"), "wb");
        fwrite(p, 1, cut, f), fclose(f);
        if (case_open(path("other.db"), &c, NULL) == OK)
            case_query(c, "SELECT * FROM event", NULL, NULL, 0, NULL, NULL, NULL), case_close(c);
    }
    free(p);
}

Test(casedb, save_that_cannot_write)
{
    struct casedb *c = NULL;
    struct err e = {0};
    cr_assert(case_create(path("work.db"), kb_file(kb, "schema.sql"), &c, &e) == OK);
    cr_expect(case_save(c, "/nonexistent/case.db", &e) != OK && e.why[0]);
    cr_expect(case_query(c, "SELECT count(*) FROM event", NULL, NULL, 0, NULL, NULL, NULL) == OK,
              "still open");
    case_close(c);
    cr_expect(access(path("work.db"), F_OK), "the working file is gone");
}

/* --- packing: what VACUUM makes */
static char *all_rows(sqlite3 *d, const char *table)
{
    char *sql = sqlite3_mprintf("SELECT * FROM %s", table);
    sqlite3_stmt *s = NULL;
    sqlite3_str *b = sqlite3_str_new(d); /* NULL where nothing is added */
    sqlite3_str_appendf(b, "%s:\n", table);
    cr_assert_eq(sqlite3_prepare_v2(d, sql, -1, &s, NULL), SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(d));
    while (sqlite3_step(s) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(s); i++) {
            const uint8_t *p = sqlite3_column_blob(s, i);
            sqlite3_str_appendf(b, "%d ", sqlite3_column_type(s, i));
            for (int k = 0; k < sqlite3_column_bytes(s, i); k++)
                sqlite3_str_appendf(b, "%02x", p[k]);
        }
        sqlite3_str_appendchar(b, 1, '\n');
    }
    sqlite3_finalize(s), sqlite3_free(sql);
    return sqlite3_str_finish(b);
}

static void must(sqlite3 *d, const char *sql)
{
    char *why = NULL;
    cr_assert_eq(sqlite3_exec(d, sql, NULL, NULL, &why), SQLITE_OK, "%s: %s", sql, why);
}

/* Rows by number, so that what was there before does not matter: short and long, kept in a table, in two
 * indexes and in a table that is one. */
static void some_rows(sqlite3 *d, int from, int to, int scale)
{
    for (int i = from; i < to; i++) {
        char sql[400];
        int n = (int)((unsigned)i * 2654435761u >> 7) % scale;
        snprintf(sql, sizeof sql,
                 "INSERT INTO t VALUES(%d, printf('%%.*c', %d, 'x') || %d, zeroblob(%d), %d.5);"
                 "INSERT INTO w VALUES(printf('%%0*d', %d, %d), %d)",
                 i % 2 ? i : i - (1 << 30), n, i, i % 97 ? 3 : n * 9, i, 1 + n / 2, i, i);
        must(d, sql);
    }
}

static void make_rows(sqlite3 *d, int page, int rows, int scale, bool with_past)
{
    char sql[300];
    snprintf(sql, sizeof sql, "PRAGMA page_size=%d; PRAGMA journal_mode=OFF", page);
    must(d, sql);
    must(d, "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b BLOB, c REAL); CREATE INDEX t_a ON t(a, c);"
            "CREATE TABLE none(a UNIQUE); CREATE VIEW v AS SELECT a FROM t; CREATE UNIQUE INDEX t_c ON t(c);"
            "CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID; CREATE TABLE one(a); INSERT INTO one "
            "VALUES(1)");
    char *view = sqlite3_mprintf("CREATE VIEW long AS SELECT '%0*d' AS said", page, 7);
    must(d, view);
    sqlite3_free(view);
    some_rows(d, with_past ? rows / 3 : 0, with_past ? rows * 3 : rows, scale);
    if (with_past) {
        snprintf(sql, sizeof sql, "DELETE FROM t WHERE c > %d; DELETE FROM w WHERE v >= %d", rows, rows);
        must(d, sql);
        some_rows(d, 0, rows / 3, scale);
    }
}

static enum status put_in_buf(void *ctx, uint64_t at, const void *pages, size_t n, struct err *e)
{
    struct buf *b = ctx;
    (void)e;
    size_t end = (size_t)at + n;
    if (end > b->n) {
        cr_assert(buf_room(b, end - b->n));
        memset(b->p + b->n, 0, end - b->n), b->n = end;
    }
    memcpy(b->p + at, pages, n);
    return OK;
}

static enum status halt_at_once(void *ctx, struct err *e)
{
    (void)ctx;
    return err_set(e, E_STOP, ERR_NO_OFF, "stopped", "enough");
}

/* A case written beside what its caller does is the same, fails in the same words, and leaves nothing where
 * it is not wanted any more. */
Test(casedb, saved_beside)
{
    static const struct {
        const char *to;
        bool keep, halted;
        enum status st;
    } rows[] = {{"case.db", true, false, OK},
                {"case.db", false, false, OK},
                {"case.db", true, true, E_STOP},
                {"none/case.db", true, false, E_IO},
                {"none/case.db", false, false, OK}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct err e = {0}, alone = {0};
        char to[300];
        snprintf(to, sizeof to, "%s", path(rows[i].to));
        struct case_saving *s = case_save_begin(db, to);
        if (!s)
            cr_skip_test("one processor, or no threads");
        if (rows[i].halted)
            case_halt_when(db, halt_at_once, NULL);
        enum status st = case_save_end(s, rows[i].keep, &e);
        case_halt_when(db, NULL, NULL);
        bool there = access(to, F_OK) == 0;
        if (rows[i].halted) {
            cr_expect(st == E_STOP || (st == OK && there), "row %zu: %d %s", i, (int)st, e.why);
        } else if (rows[i].keep) {
            cr_expect_eq(st, rows[i].st, "row %zu: %s", i, e.why);
            cr_expect_eq(case_save(db, path(i ? "none/case.db" : "alone.db"), &alone), rows[i].st);
            cr_expect(i ? strcmp(e.why, alone.why) == 0 && strcmp(e.path, to) == 0
                        : same_bytes(to, path("alone.db")),
                      "row %zu: %s, alone %s", i, e.why, alone.why);
        } else {
            cr_expect(!there, "row %zu", i);
        }
        unlink(to), unlink(path("alone.db"));
    }
    struct err e = {0};
    cr_assert(case_keep(db, &e) == OK, "%s", e.why);
    cr_expect_null(case_save_begin(db, path("case.db")), "others have the other cores");
}

Test(casedb, packed_is_what_vacuum_makes)
{
    static const struct {
        int page, rows, scale;
    } cases[] = {{4096, 0, 10},    {4096, 1, 9000}, {4096, 40, 100},   {4096, 1500, 300}, {512, 1200, 90},
                 {512, 300, 3000}, {512, 7, 600},   {65536, 900, 400}, {1024, 160, 250}};
    static const char *const tables[] = {"t", "w", "none", "one", "v", "long"};
    for (size_t i = 0; i < LEN(cases); i++) {
        struct buf out[2] = {{0}};
        char *rows[2][LEN(tables)];
        for (int past = 0; past < 2; past++) {
            sqlite3 *d = NULL;
            sqlite3_int64 n = 0;
            cr_assert_eq(sqlite3_open(":memory:", &d), SQLITE_OK);
            make_rows(d, cases[i].page, cases[i].rows, cases[i].scale, past);
            unsigned char *image = sqlite3_serialize(d, "main", &n, 0);
            cr_expect_eq(case_pack(image, (size_t)n, put_in_buf, &out[past], NULL), OK, "row %zu", i);
            sqlite3_free(image);
            must(d, "VACUUM");
            for (size_t k = 0; k < LEN(tables); k++)
                rows[0][k] = all_rows(d, tables[k]);
            sqlite3_free(sqlite3_serialize(d, "main", &n, 0));
            cr_expect(out[past].n <= (size_t)n + 4 * (size_t)cases[i].page, "row %zu: %zu bytes, VACUUM %lld",
                      i, out[past].n, (long long)n);
            sqlite3_close(d);
            cr_assert_eq(sqlite3_open(":memory:", &d), SQLITE_OK);
            cr_assert_eq(sqlite3_deserialize(d, "main", (unsigned char *)out[past].p,
                                             (sqlite3_int64)out[past].n, (sqlite3_int64)out[past].n,
                                             SQLITE_DESERIALIZE_READONLY),
                         SQLITE_OK);
            char *sound = all_rows(d, "pragma_integrity_check");
            cr_expect_str_eq(sound, "pragma_integrity_check:\n3 6f6b\n", "row %zu: %s", i, sound);
            sqlite3_free(sound);
            for (size_t k = 0; k < LEN(tables); k++) {
                rows[1][k] = all_rows(d, tables[k]);
                cr_expect(!strcmp(rows[0][k], rows[1][k]), "row %zu: %s", i, tables[k]);
                sqlite3_free(rows[0][k]), sqlite3_free(rows[1][k]);
            }
            sqlite3_close(d);
        }
        cr_expect(out[0].n == out[1].n && !memcmp(out[0].p, out[1].p, out[0].n),
                  "row %zu: what was there before shows", i);
        buf_free(&out[0]), buf_free(&out[1]);
    }
}

/* A case that outgrew memory is packed as a small one is: from its working file, a window at a time. What was
 * deleted before leaves no trace, and what is in it alone decides the bytes. */
Test(casedb, large_cases_are_packed_too)
{
    static const char grow[] =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) "
        "INSERT INTO reg_value(path, name, text, file_id, file_off) SELECT "
        "printf('%0*d', 900 + i % 50, i), i, printf('%0*d', i % 9000, i), 1, i FROM n";
    struct buf want = {0};
    char *first = NULL;
    size_t n_first = 0;
    for (int past = 0; past < 4; past++) { /* 2: it did not outgrow memory; 3: its first page changed since */
        struct casedb *c = NULL;
        struct err e = {0};
        sqlite3_int64 n = 0;
        size_t m = 0;
        cr_assert(case_create(path("work.db"), kb_file(kb, "schema.sql"), &c, &e) == OK, "%s", e.why);
        must(c->db, past == 2 ? "PRAGMA cache_size=-65536" : "PRAGMA cache_size=-4096");
        if (past == 1)
            must(c->db, grow), must(c->db, "DELETE FROM reg_value");
        must(c->db, grow);
        if (past == 3)
            must(c->db, "CREATE TABLE later(x)");
        cr_assert(case_undoable(c, &e) == OK, "%s", e.why);
        unsigned char *image = sqlite3_serialize(c->db, "main", &n, 0);
        cr_expect(n > 16 << 20, "%lld bytes", (long long)n);
        want.n = 0;
        cr_expect_eq(case_pack(image, (size_t)n, put_in_buf, &want, NULL), OK);
        sqlite3_free(image);
        cr_expect(case_save(c, path("other.db"), &e) == OK, "%s", e.why);
        struct case_saving *beside = case_save_begin(c, path("beside.db"));
        cr_expect(!beside || case_save_end(beside, true, &e) == OK, "%s", e.why);
        cr_expect(!beside || same_bytes(path("other.db"), path("beside.db")), "row %d", past);
        unlink(path("beside.db"));
        case_close(c);
        char *got = bytes_of(path("other.db"), &m);
        cr_expect(m == want.n && !memcmp(got, want.p, m), "row %d: %zu bytes, not %zu", past, m, want.n);
        cr_expect(!past || past == 3 || (m == n_first && !memcmp(got, first, m)),
                  "what was there before shows");
        free(first), first = got, n_first = m;
        unlink(path("other.db"));
    }
    buf_free(&want), free(first);
}

/* Nothing is wiped while a case is built: what was deleted is not saved. */
Test(casedb, what_was_deleted_is_not_saved)
{
    static const char *const rows[] = {"1", "5000", "90000"}; /* packed, packed from its file, by SQLite */
    for (size_t i = 0; i < LEN(rows); i++) {
        char sql[400];
        struct casedb *c = NULL;
        struct err e = {0};
        size_t n = 0;
        snprintf(sql, sizeof sql,
                 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) INSERT INTO "
                 "reg_value(path, name, text) SELECT 'p', i, 'deleted-' || printf('%%0900d', i) FROM n",
                 rows[i]);
        cr_assert(case_create(path("work.db"), kb_file(kb, "schema.sql"), &c, &e) == OK, "%s", e.why);
        must(c->db, sql), must(c->db, "DELETE FROM reg_value WHERE rowid % 2");
        must(c->db, "UPDATE reg_value SET text = replace(text, 'deleted-', 'kept-')");
        cr_assert(case_undoable(c, &e) == OK && case_save(c, path("other.db"), &e) == OK, "%s", e.why);
        case_close(c);
        char *got = bytes_of(path("other.db"), &n);
        cr_expect(!memmem(got, n, "deleted-", 8), "%s rows: deleted text is saved", rows[i]);
        cr_expect(i == 0 || memmem(got, n, "kept-", 5));
        free(got), unlink(path("other.db"));
    }
}

/* Pages that are none: whatever stands there, it is refused or something comes out. */
Test(casedb, packing_what_is_broken)
{
    sqlite3 *d = NULL;
    sqlite3_int64 n = 0;
    cr_assert_eq(sqlite3_open(":memory:", &d), SQLITE_OK);
    make_rows(d, 512, 60, 700, false);
    unsigned char *image = sqlite3_serialize(d, "main", &n, 0);
    unsigned refused = 0;
    for (sqlite3_int64 at = 0; at < n; at += at < 1024 ? 1 : 61) {
        struct buf out = {0};
        unsigned char was = image[at];
        image[at] ^= (unsigned char)(0x81 >> at % 3);
        refused += case_pack(image, (size_t)n, put_in_buf, &out, NULL) != OK;
        image[at] = was;
        buf_free(&out);
    }
    cr_expect(refused > 50, "%u refused", refused);
    sqlite3_free(image), sqlite3_close(d);
}

/* --- trusted SQL */
Test(casedb, errors_name_their_line)
{
    static const struct {
        const char *sql, *why;
    } rows[] = {{"SELECT 1;\n\nSELECT missing;\n", "line 3: no such column: missing"},
                {"\n\n-- a comment\nINSERT INTO meta\nVALUES(1,2,3);",
                 "line 3: table meta has 2 columns but 3 values were supplied"},
                {"SELECT 1\nFROM meta\nWHERE ;", "line 3: near \";\": syntax error"},
                {"INSERT INTO meta VALUES('a', 1);\nINSERT INTO meta VALUES('a', 1);",
                 "line 2: UNIQUE constraint failed: meta.key"}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct err e = {0};
        cr_expect(case_exec(db, rows[i].sql, &e) == E_DB);
        cr_expect_str_eq(e.why, rows[i].why, "%s", e.why);
    }
}

static enum status ask_inside(void *ctx, const struct cell *c, const char *const *name, size_t n,
                              struct err *e)
{
    (void)name, (void)n;
    struct value v = val_i(c[0].i);
    return case_query(db, "SELECT x FROM inside WHERE x >= ?1", &v, (enum col_type[]){COL_INT}, 1, take, ctx,
                      e);
}

/* What was compiled before it is asked says what is so then; what is wrong with it is told then, too. */
Test(casedb, what_is_compiled_ahead)
{
    static const struct {
        const char *sql, *between, *says;
    } rows[] = {
        {"SELECT count(*) FROM evidence", "INSERT INTO evidence(id, path) VALUES(77, 'x')", "4;"},
        {"SELECT n FROM temp.seen", "DROP VIEW temp.seen; CREATE TEMP VIEW seen AS SELECT 2 AS n", "2;"},
        {"SELECT n FROM temp.seen", "DROP VIEW temp.seen", "no such table"},
        {"SELECT 1 FROM nowhere", "SELECT 1", "no such table"},
        {"SELECT (", "SELECT 1", "incomplete input"}};
    struct err e = {0};
    for (size_t i = 0; i < LEN(rows); i++) {
        cr_assert_eq(case_exec(db, "CREATE TEMP VIEW IF NOT EXISTS seen AS SELECT 1 AS n", &e), OK);
        case_ahead(db, rows[i].sql), case_ahead(db, rows[i].sql);
        cr_assert_eq(case_exec(db, rows[i].between, &e), OK, "%s", e.why);
        struct err why = {0};
        bool fails = case_query(db, rows[i].sql, NULL, NULL, 0, NULL, NULL, &why) != OK;
        cr_expect(strstr(fails ? why.why : ask(rows[i].sql), rows[i].says), "%s: %s", rows[i].sql, why.why);
    }
}

Test(casedb, queries_inside_queries)
{
    struct buf b = {0};
    struct value v = val_i(1);
    struct err e = {0};
    cr_assert(case_exec(db,
                        "CREATE TABLE inside(x); INSERT INTO inside VALUES(1), (2), (3); CREATE VIEW "
                        "v_inside AS SELECT x FROM inside",
                        &e)
                  == OK,
              "%s", e.why);
    cr_expect(case_query(db, "SELECT x FROM inside WHERE x >= ?1", &v, (enum col_type[]){COL_INT}, 1,
                         ask_inside, &b, &e)
                  == OK,
              "%s", e.why);
    cr_expect(case_guarded(db, STR("SELECT x FROM v_inside"), 100000, ask_inside, &b, &e) == OK,
              "the guard is off in our own callback: %s", e.why);
    buf_char(&b, 0);
    cr_expect_str_eq(b.p, "1;2;3;2;3;3;1;2;3;2;3;3;");
    buf_free(&b);
}

Test(casedb, values_of_every_type)
{
    const struct value v[] = {val_i(-5), val_s(STR("t")), {.s = STR("\x01\xff")}, val_null()};
    const enum col_type t[] = {COL_TIME, COL_TEXT, COL_BLOB, COL_TEXT};
    struct buf b = {0};
    cr_expect(
        case_query(db, "SELECT typeof(?1), typeof(?2), hex(?3), typeof(?4), 1.5", v, t, 4, take, &b, NULL)
        == OK);
    buf_char(&b, 0);
    cr_expect_str_eq(b.p, "integer|text|01FF|null|1.5;");
    buf_free(&b);
}

/* --- SQL of rules and users */
static const struct {
    const char *sql;
    enum status want;
    const char *answer;
} questions[] = {
    {"SELECT id FROM v_event ORDER BY id", OK, "1;2;"},
    {"SELECT count(*) FROM v_event", OK, "2;"},
    {"SELECT id FROM v_two GROUP BY id HAVING count(*) = 2", OK, "1;2;"},
    {"SELECT win32 FROM kb_code WHERE symbol = 'X'; -- done", OK, "1312;"},
    {"SELECT json_extract(data, '$.a') FROM v_event", OK, "1;1;"},
    {"SELECT j.value FROM json_each('[7,8]') j", OK, "7;8;"},
    {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT max(i) FROM n", OK,
     "4;"},
    {"WITH e AS MATERIALIZED (SELECT id FROM v_event) SELECT count(*) FROM e", OK, "2;"},
    {"SELECT row_number() OVER (ORDER BY v_event.id) FROM v_event", OK, "1;2;"},
    {"SELECT id FROM v_event AS e WHERE id IN (SELECT id FROM v_two) AND 'v_event (' <> ''", OK, "1;2;"},
    {"SELECT count(*) FROM event", OK, "2;"}, /* a number of rows, nothing else */
    {"SELECT id FROM event", E_USAGE, "access to event.id is prohibited"},
    {"SELECT v.id FROM v_event v JOIN event e ON e.id = v.id", E_USAGE, "access to event.id is prohibited"},
    {"SELECT (SELECT data FROM event) FROM v_event", E_USAGE, "access to event.data is prohibited"},
    {"SELECT data FROM (SELECT * FROM event) AS v_event", E_USAGE, "access to event.id is prohibited"},
    {"WITH e AS (SELECT * FROM event) SELECT * FROM e", E_USAGE, "access to event.id is prohibited"},
    {"WITH v_event AS (SELECT * FROM event) SELECT * FROM v_event", E_USAGE,
     "a common table expression may not be named v_..."},
    {"WITH a AS (SELECT 1), \"v_x\"\"y\" /* ( */ AS NOT MATERIALIZED (SELECT * FROM event) SELECT * FROM "
     "\"v_x\"\"y\"",
     E_USAGE, "a common table expression may not be named v_..."},
    {"WITH [V_x](z) AS (SELECT data FROM event) SELECT * FROM v_x", E_USAGE,
     "a common table expression may not be named v_..."},
    {"WITH 'v_x' AS (SELECT data FROM event) SELECT * FROM v_x", E_USAGE,
     "a common table expression may not be named v_..."},
    {"WITH `v_x` AS (SELECT data FROM event) SELECT * FROM v_x", E_USAGE,
     "a common table expression may not be named v_..."},
    {"SELECT name FROM sqlite_schema", E_USAGE, "access to sqlite_master.name is prohibited"},
    {"SELECT * FROM pragma_table_info('event')", E_USAGE, "not authorized"},
    {"PRAGMA user_version", E_USAGE, "not authorized"},
    {"ATTACH '/tmp/x' AS y", E_USAGE, "not authorized"},
    {"INSERT INTO meta VALUES(1, 2)", E_USAGE, "not authorized"},
    {"DELETE FROM v_event", E_USAGE, "cannot modify v_event because it is a view"},
    {"CREATE TEMP TABLE t AS SELECT 1", E_USAGE, "not authorized"},
    {"BEGIN", E_USAGE, "not authorized"},
    {"VACUUM INTO '/tmp/x'", E_USAGE, "expected one SELECT"},
#ifndef _WIN32 /* where it is not compiled in */
    {"SELECT load_extension('x')", E_USAGE, "not authorized to use function: load_extension"},
#endif
    {"SELECT num('1')", E_USAGE, "not authorized to use function: num"},
    {"SELECT random()", E_USAGE, "not authorized to use function: random"},
    {"SELECT zeroblob(1000000000)", E_USAGE, "not authorized to use function: zeroblob"},
    {"SELECT 1; SELECT 2", E_USAGE, "text after the statement: expected one SELECT"},
    {"SELECT 1;;", OK, "1;"},
    {"", E_USAGE, "expected one SELECT"},
    {" -- nothing", E_USAGE, "expected one SELECT"},
    {"SELECT", E_USAGE, "incomplete input"},
    {"SELECT \"no such column, so no text either\"", E_USAGE,
     "no such column: no such column, so no text either"},
    {"SELECT ?1", E_USAGE, "variable number must be between ?1 and ?0"},
    {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n", E_LIMIT,
     "stopped: it ran past its budget of steps"},
    {"SELECT group_concat(printf('%16000000d', id)) FROM v_event", E_USAGE, "string or blob too big"},
    {"SELECT replace(printf('%9000000d', 1), ' ', 'xxx')", E_USAGE, "string or blob too big"},
};

Test(casedb, guard)
{
    struct fact f = event(1, 1, 1, "PC1"), g = event(2, 2, 2, "PC1");
    put(&f, 1), put(&g, 1);
    for (size_t i = 0; i < LEN(questions); i++) {
        enum status st;
        const char *answer = guarded(questions[i].sql, &st);
        cr_expect(st == questions[i].want && !strcmp(answer, questions[i].answer), "%s: status %d, %s",
                  questions[i].sql, st, answer);
    }
    enum status st;
    cr_expect(case_guarded(db, (struct str){"SELECT 1\0; DELETE", 17}, 1000, take, NULL, NULL) == E_USAGE,
              "a NUL");
    char deep[4001];
    memset(deep, '(', sizeof deep - 1), deep[sizeof deep - 1] = 0, memcpy(deep, "SELECT ", 7);
    guarded(deep, &st);
    cr_expect(st == E_USAGE, "brackets without end");
    cr_expect_str_eq(ask("SELECT count(*) FROM event"), "2;",
                     "nothing was changed, and our own SQL runs as before");
    cr_expect(case_exec(db, "CREATE TABLE after(x)", NULL) == OK);
}

/* Sorters write to files without a name: so much and no more. */
Test(casedb, a_query_cannot_fill_the_disk)
{
    struct buf b = {0};
    struct err e = {0};
    enum status st = case_guarded(
        db,
        STR("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT max(s) "
            "FROM (SELECT printf('%900000d', i) AS s FROM n ORDER BY s)"),
        2000000000, take, &b, &e);
    cr_expect(st == E_LIMIT && strstr(e.why, "beside the case"), "status %d: %s", st, e.why);
    buf_free(&b);
    cr_expect_str_eq(ask("SELECT count(*) FROM (SELECT value FROM json_each('[3,1,2]') ORDER BY 1)"), "3;");
}

/* Pieces of all sizes keep what is in them while they grow and shrink, and are given back; what large ones
 * and small ones take is counted alike. */
Test(casedb, memory_of_sqlite_is_kept_apart_and_counted)
{
    static const int sizes[] = {1,    24,   25,   56,   57,   500,  1016,  1017, 2000,
                                4368, 4600, 8184, 8185, 1528, 1529, 70000, 300,  9};
    unsigned char *p[LEN(sizes)];
    int64_t before = case_memory_used(), all = 0;
    for (size_t i = 0; i < LEN(sizes); i++) {
        p[i] = sqlite3_malloc(sizes[i]);
        memset(p[i], (int)i + 1, (size_t)sizes[i]);
        all += sizes[i];
    }
    cr_expect(case_memory_used() - before >= all, "counted: %lld", (long long)(case_memory_used() - before));
    for (size_t i = 0; i < LEN(sizes); i++) {
        int now = sizes[(i + 5) % LEN(sizes)], least = now < sizes[i] ? now : sizes[i];
        p[i] = sqlite3_realloc(p[i], now);
        for (int k = 0; k < least; k++)
            cr_assert(p[i][k] == i + 1, "piece %zu, byte %d", i, k);
        memset(p[i], (int)i + 1, (size_t)now);
    }
    for (size_t i = 0; i < LEN(sizes); i++)
        sqlite3_free(p[i]);
    cr_expect_eq(case_memory_used(), before);
}

Test(casedb, check_compiles_without_running)
{
    const char *const columns[] = {"id", "TIME", "nothing"};
    bool has[3];
    struct err e = {0};
    cr_expect(case_check(db, STR("SELECT id, time FROM v_event"), columns, has, 3, &e) == OK && has[0]
                  && has[1] && !has[2],
              "%s", e.why);
    cr_expect(case_check(db, STR("SELECT id FROM event"), columns, has, 3, &e) == E_USAGE && !has[0]);
}

/* --- our SQL functions */
static const struct {
    const char *sql, *want;
} functions[] = {
    {"num(12)", "12"},
    {"num('12')", "12"},
    {"num(' 0x1F ')", "31"},
    {"num('-5')", "-5"},
    {"num('%%1326')", "1326"},
    {"num('0xffffffffffffffff')", "-1"},
    {"num('')", "-"},
    {"num('x')", "-"},
    {"num(NULL)", "-"},
    {"num('12 ')", "12"},
    {"num('1.5')", "-"},
    {"num('%%')", "-"},

    {"code(2147943712, 'hresult')", "2147943712"},
    {"code('-2147023584', 'hresult')", "2147943712"},
    {"code('0x80070520', 'hresult')", "2147943712"},
    {"code('%%1312', 'win32')", "1312"},
    {"code('Error (0xc000005e)', 'text')", "3221225566"},
    {"code('no code', 'text')", "-"},
    {"code('5e0000c0', 'binary')", "3221225566"},
    {"code('5e0000', 'binary')", "-"},
    {"code('5e0000cg', 'binary')", "-"},
    {"code(4294967296, 'hresult')", "-"},
    {"code(-2147483649, 'hresult')", "-"},
    {"code('text', 'hresult')", "-"},
    {"code(NULL, 'text')", "-"},
    {"code('0x80070700: The time service', 'text')", "2147944192"},
    {"code('failed, -2147023584, twice', 'text')", "2147943712"},
    {"code('in 2026-03-02 12:00', 'text')", "-"},
    {"code('{0xc000-80070520}', 'text')", "49152"},
    {"code('at 0x12', 'text')", "-"},
    {"code('see %%1312.', 'text')", "1312"},

    {"win32of(2147943712, 'hresult')", "1312"},
    {"win32of('0x80070520', 'hresult')", "1312"},
    {"win32of(-2147023584, 'hresult')", "1312"},
    {"win32of('0xc000005f', 'ntstatus')", "1312"},
    {"win32of(3221225567, 'ntstatus')", "1312"},
    {"win32of('0xd000005f', 'hresult')", "1312"},
    {"win32of('0xc0000001', 'ntstatus')", "-"},
    {"win32of('0xc0009999', 'ntstatus')", "-"},
    {"win32of(1312, 'win32')", "1312"},
    {"win32of('%%1326', 'win32')", "1326"},
    {"win32of('%%2147943712', 'win32')", "1312"},
    {"win32of('0x80090311', 'hresult')", "1311"},
    {"win32of('0x80041325', 'hresult')", "-"},
    {"win32of(0, 'hresult')", "0"},
    {"win32of('0x0', 'ntstatus')", "0"},
    {"win32of('0x102', 'ntstatus')", "-"},
    {"win32of(1312, 'exit')", "-"},
    {"win32of('%%1312', 'exit')", "-"},
    {"win32of(3221225567, 'exit')", "-"},
    {"win32of(2147943712, 'exit')", "1312"},
    {"win32of('0xd000005f', 'exit')", "1312"},
    {"win32of(0, 'exit')", "0"},
    {"win32of(1312, 'mixed')", "-"},
    {"win32of('%%1312', 'mixed')", "1312"},
    {"win32of(2147943712, 'mixed')", "1312"},
    {"win32of('0xc000006d', 'mixed')", "1326"},
    {"win32of('error 1312', 'text')", "-"},
    {"win32of('error 0x80070520!', 'text')", "1312"},
    {"win32of('6d0000c0', 'binary')", "1326"},
    {"win32of('05000000', 'binary')", "5"},
    {"win32of(65536, 'win32')", "-"},
    {"win32of('', 'win32')", "-"},
    {"win32of(2147943726, 'hresult')", "1326"},

    {"host_of('pc1.corp.example')", "PC1"},
    {"host_of('pc1')", "PC1"},
    {"host_of('')", "-"},
    {"host_of(NULL)", "-"},
    {"host_of('.x')", "-"},
    {"host_of('b\xc3\xa4r')", "B\xc3\x84R"},
    /* US Eastern as a hive has it: biases are DWORDs, the rules TIME_FIELDS */
    {"zone_rule(300, 0, 4294967236, x'00000B00010002000000000000000000', "
     "x'00000300020002000000000000000000', 0)",
     "300 240 M3.2.0/02:00:00 M11.1.0/02:00:00"},
    {"zone_rule(300, 0, 4294967236, x'00000B00010002000000000000000000', "
     "x'00000300020002000000000000000000', 1)",
     "300"},
    {"zone_rule(4294966966, NULL, NULL, NULL, NULL, NULL)", "-330"},
    {"zone_rule(0, 0, 4294967236, x'00000000000000000000000000000000', x'00000000000000000000000000000000', "
     "0)",
     "0"},
    {"zone_rule(300, 0, 4294967236, x'00000D00010002000000000000000000', "
     "x'00000300020002000000000000000000', 0)",
     "300"},
    {"zone_rule(300, 0, 4294967236, 'x', NULL, 0)", "300"},
    {"zone_rule(NULL, 0, 0, NULL, NULL, NULL)", "-"},
    {"zone_rule(70000, 0, 0, NULL, NULL, NULL)", "-"},
    {"zone_rule(2147483647, 2147483647, 0, NULL, NULL, NULL)", "-"},
    {"account_of('CORP\\Svc')", "svc"},
    {"account_of('svc@corp.example')", "svc"},
    {"account_of('a@b@c')", "a@b"},
    {"account_of('MicrosoftAccount\\Anna@outlook.com')", "anna"},
    {"account_of('azuread\\a.b@corp.example')", "a.b"},
    {"account_of('AzureAD\\AnnaB')", "annab"},
    {"account_of('CORP\\a@b')", "a@b"},
    {"domain_of('MicrosoftAccount\\anna@outlook.com')", "MicrosoftAccount"},
    {"account_of('Svc')", "svc"},
    {"account_of('CORP\\')", "-"},
    {"account_of('')", "-"},
    {"word_at('', 'x')", "-"},
    {"word_at('a 80070520', '80070520')", "3"},
    {"word_at('a80070520 0x80070520', '80070520')", "13"},
    {"word_at('{80070520-1f2e-4c3d', '80070520')", "-"},
    {"word_at('80070520-1f2e', '80070520')", "1"},
    {"word_at('ffffffff80070520', '80070520')", "-"},
    {"word_at('0xffffffff80070520', '80070520')", "11"},
    {"word_at('80070520', '')", "-"},
    {"domain_of('CORP\\Svc')", "CORP"},
    {"domain_of('svc@corp.example')", "corp.example"},
    {"domain_of('.\\svc')", "-"},
    {"domain_of('svc')", "-"},
    {"domain_of('NT AUTHORITY\\SYSTEM')", "NT AUTHORITY"},

    {"same_domain('CORP\\a', 'corp\\b', 'PC1')", "1"},
    {"same_domain('CORP\\a', 'OTHER\\a', 'PC1')", "0"},
    {"same_domain('.\\a', 'pc1\\a', 'PC1')", "1"},
    {"same_domain('.\\a', 'pc1.corp.example\\a', 'PC1')", "1"},
    {"same_domain('.\\a', 'CORP\\a', 'PC1')", "0"},
    {"same_domain('.\\a', 'a@corp.example', 'PC1')", "0"},
    {"same_domain('CORP\\a', 'a@corp.example', 'PC1')", "1"},
    {"same_domain('CORP\\a', 'a@ad.example', 'PC1')", "-"},
    {"same_domain('CORP\\a', 'ad.example\\a', 'PC1')", "-"},
    {"same_domain('a@ad.example', 'a@other.example', 'PC1')", "-"},
    {"same_domain('a@ad.example', 'ad.example\\a', 'PC1')", "1"},
    {"same_domain('one.example\\a', 'two.example\\a', 'PC1')", "0"},
    {"same_domain('CORP\\a', 'a', 'PC1')", "-"},
    {"same_domain('a', NULL, 'PC1')", "-"},
    {"same_domain('.\\a', '.\\b', NULL)", "-"},

    {"file_of('a/b\\SYSTEM.LOG1')", "SYSTEM.LOG1"},
    {"file_of('SYSTEM')", "SYSTEM"},
    {"file_of('a/')", ""},
    {"file_of(NULL)", "-"},
    {"folder_of('a/b\\SYSTEM.LOG1')", "a/b\\"},
    {"folder_of('SYSTEM')", ""},
    {"folder_of(NULL)", "-"},

    {"value_words(4, 'K\\Start', x'02000000')", "2"},
    {"value_words(4, 'K\\Start', x'0200')", "2"},
    {"value_words(4, 'K\\Start', x'ffffffff')", "4294967295"},
    {"value_words(11, 'K', x'0000000001000000')", "4294967296"},
    {"value_words(4, 'K', x'010203040506070809')", "010203040506070809"},
    {"value_words(1, 'K', x'4100e40000000000')", "'A\xc3\xa4'"},
    {"value_words(1, 'K', x'3dd800de')", "'\xf0\x9f\x98\x80'"},
    {"value_words(7, 'K', x'41000000420000000000')", "'A|B'"},
    {"value_words(1, 'K', x'')", "''"},
    {"value_words(1, 'K', x'41')", "''"},
    {"value_words(3, 'K', x'0001fe')", "0001fe"},
    {"value_words(3, 'K', zeroblob(40))", "0000000000000000000000000000000000000000000000000000000000000000"},
    {"value_words(3, 'K', NULL)", "-"},
    {"value_words(-1, 'K', x'01')", "01"},
    {"value_words(0, 'Secrets\\_SC_X\\CupdTime', x'00c0eabc7a7bdc01')", "2026-01-02T00:00:00Z"},
    {"value_words(0, 'Secrets\\_SC_X\\CupdTime', x'00c0eabc7a7bdc')", "00c0eabc7a7bdc"},
    {"value_time('Secrets\\_SC_X\\OupdTime', x'00c0eabc7a7bdc01')", "2026-01-02T00:00:00Z"},
    {"value_time('Secrets\\_SC_X\\CurrVal', x'00c0eabc7a7bdc01')", "-"},
    {"value_time('pdTime', x'00c0eabc7a7bdc01')", "-"},
    {"field('{\"A\":1,\"b\":\"x\"}', 'a')", "1"},
    {"field('{\"A\":1,\"b\":\"x\"}', 'B')", "x"},
    {"field('{\"A\":{\"b\":2},\"b\":3}', 'b')", "3"},
    {"field('{\"a\":null}', 'a')", "-"},
    {"field('{\"a\":true,\"b\":false}', 'b')", "0"},
    {"field('{\"a\":-1.5}', 'a')", "-1.5"},
    {"field('{\"a\":[1,\"x,}\"]}', 'a')", "[1,\"x,}\"]"},
    {"field('{}', 'a')", "-"},
    {"field('', 'a')", "-"},
    {"field('{\"a\":\"q\\\"\\\\\\n\\u0041\\ud83d\\ude00\"}', 'a')", "q\"\\\nA\xf0\x9f\x98\x80"},
    {"field('{\"a\":\"\"}', 'a')", ""},
    {"field('{\"a\":\"x', 'a')", "-"},
    {"field('{\"a\":', 'a')", "-"},
    {"field('{\"a\":[[[[', 'a')", "-"},
    {"field(' { \"a\" : 7 , \"b\" : 8 } ', 'b')", "8"},
    {"field('{\"a\":\"\\ud83d\"}', 'a')", "\xed\xa0\xbd"},
    {"field('[1]', 'a')", "-"},
    {"field(NULL, 'a')", "-"},
    {"field('{\"a\":\"\\u12\"}', 'a')", "\xef\xbf\xbd"
                                        "12"},
    {"field('{\"a\":\"\\q\"}', 'a')", "\xef\xbf\xbd"},
    {"field('{\"a\":1 \"b\":2}', 'b')", "-"},
    {"field('{\"a\":1}', '')", "-"},
    {"typeof(field('{\"a\":1}', 'a'))", "integer"},
    {"typeof(field('{\"a\":\"1\"}', 'a'))", "text"},
    {"field('{\"a\":99999999999999999999}', 'a')", "99999999999999999999"},
    {"field('{\"a\":]}', 'a')", "-"},

    {"task_xml('<Task><Principals><Principal "
     "id=\"A>\"><UserId>CORP\\R&amp;D</UserId></Principal></Principals></Task>',"
     " 'Principal/UserId')",
     "CORP\\R&D"},
    {"task_xml('<a><LogonTrigger><UserId>other</UserId></LogonTrigger><Principal><UserId> me </UserId>', "
     "'Principal/UserId')",
     "me"},
    {"task_xml('<a><b>1</b><b>2</b></a>', 'b')", "1"},
    {"task_xml('<a><b>&#x44;&#68;&lt;&gt;&quot;&apos;&nbsp;&#xd83d;&#xde00;&#;&#x;&</b></a>', 'a/b')",
     "DD<>\"'&nbsp;\xf0\x9f\x98\x80&#;&#x;&"},
    {"task_xml('<a><b>&#0;&#x110000;&#xFFFFFFFFFFFFFFFF41;</b></a>', 'b')",
     "&#0;&#x110000;&#xFFFFFFFFFFFFFFFF41;"},
    {"task_xml('<?xml version=\"1.0\"?><!-- <b>no</b> --><a><b><!-- x --><![CDATA[<b>&amp;</b>]]></b></a>', "
     "'b')",
     "<b>&amp;</b>"},
    {"task_xml('<a><b/><b>yes</b></a>', 'b')", "yes"},
    {"task_xml('<a><b></b></a>', 'b')", ""},
    {"task_xml('<a><b>cut', 'b')", "-"},
    {"task_xml('<a><b', 'b')", "-"},
    {"task_xml('</a><b>1</b>', 'b')", "-"},
    {"task_xml('no', 'b')", "-"},
    {"task_xml('<a><b>1</b></a>', '')", "-"},
    {"task_xml('<a><b>1</b></a>', 'x/b')", "-"},
    {"task_xml(NULL, 'b')", "-"},
    {"task_xml('<b>1</b>', NULL)", "-"},

    {"le(x'01')", "1"},
    {"le('00010000')", "256"},
    {"le(x'ffffffff')", "4294967295"},
    {"le(x'ffffffffffffffff')", "-1"},
    {"le(x'010000000000000001')", "-"},
    {"le('0001000')", "-"},
    {"le('0x')", "-"},
    {"le('')", "-"},
    {"le(NULL)", "-"},
    {"utf16('4e00650074002f003100')", "Net/1"},
    {"utf16(x'41000000420000')", "A"},
    {"utf16(x'3dd800de')", "\xf0\x9f\x98\x80"},
    {"utf16('4e0065g074')", "-"},
    {"utf16('')", "-"},
    {"utf16(NULL)", "-"},
};

/* The words of rules, as rules and users call them: behind the guard. */
static const struct {
    const char *sql, *want;
} words[] = {
    {"seconds(2)", "20000000"},
    {"minutes(5)", "3000000000"},
    {"hours(1)", "36000000000"},
    {"days(30)", "25920000000000"},
    {"days(-1)", "-864000000000"},
    {"days(NULL)", "-"},
    {"days('1')", "-"},
    {"days(9223372036854775807)", "a span of time that large does not exist"},
    {"hex_of(1312)", "0x520"},
    {"hex_of(0)", "0x0"},
    {"coalesce(hex_of(NULL), 'none')", "none"},
    {"coalesce(hex_of('x'), 'none')", "none"},
    {"hex_of(-1)", "0xffffffffffffffff"},
    {"coalesce(sane(1), 'none')", "none"},
    {"coalesce(sane(122752799999999999), 'none')", "none"},
    {"sane(122752800000000000)", "122752800000000000"},
    {"sane(189022463999999999)", "189022463999999999"},
    {"coalesce(sane(189022464000000000), sane(-1), sane(NULL), sane('x'), 'none')", "none"},
    {"code_in(1385, 'refused')", "1"},
    {"code_in(1386, 'refused')", "0"},
    {"code_in(NULL, 'refused')", "0"},
    {"code_in(' 5 1380 ', 'refused')", "1"},
    {"code_in('1380 5', 'refused')", "1"},
    {"code_in('5 13801', 'refused')", "0"},
    {"code_in('', 'refused')", "0"},
    {"code_in(1380, 'refuse')", "code_in: no family of that name in knowledge/families.yml"},
    {"code_in(1380, NULL)", "code_in: no family of that name in knowledge/families.yml"},
    {"(SELECT sum(code_in(column1, column2)) FROM (VALUES(1380, 'refused'), (71, 'full'), (71, 'refused')))",
     "2"},
    /* one code in every spelling */
    {"win32_code('0x80070520')", "1312"},
    {"win32_code(2147943712)", "1312"},
    {"win32_code('2147943712')", "1312"},
    {"win32_code('-2147023584')", "1312"},
    {"win32_code('80070520')", "1312"},
    {"win32_code('%%1312')", "1312"},
    {"win32_code(' 0x520 ')", "1312"},
    {"win32_code('error_no_such_logon_session')", "1312"},
    {"win32_code('STATUS_NO_SUCH_LOGON_SESSION')", "1312"},
    {"win32_code('0xC000005F')", "1312"},
    {"win32_code(2200)", "2200"},
    {"coalesce(win32_code('0xC0000001'), 'none')", "none"},
    {"coalesce(win32_code('NO_SUCH'), win32_code(''), win32_code(NULL), win32_code('0x'), win32_code('%%'), "
     "win32_code('0x123456789'), win32_code('4294967296'), 'none')",
     "none"},
    {"has_code('ended with 0x80070520.', 2147943712)", "1"},
    {"has_code('{\"ResultCode\":2147943712}', '0x80070520')", "1"},
    {"has_code('code -2147023584', '0x80070520')", "1"},
    {"has_code('=-2147023584', '0x80070520')", "1"},
    {"has_code('80070520h 80070520', '0x80070520')", "1"},
    {"has_code('80070520h', '0x80070520')", "0"},
    {"has_code('reason %%1312', '0x80070520')", "1"},
    {"has_code('Error_No_Such_Logon_Session', '0x80070520')", "1"},
    {"has_code('0x80070520', '%%1312')", "1"},
    {"has_code('0X80070520', 1312)", "1"},
    /* digits alone may be anything */
    {"has_code('exit code 1312, 0x520', '0x80070520')", "0"},
    {"has_code('exit code 1312', 1312)", "1"},
    {"has_code('0x00000520', '0x520')", "1"},
    {"has_code('%%1312', '0xC000005F')", "0"},
    {"has_code('3221225567', '0xC000005F')", "1"},
    {"has_code('-1073741729', 'STATUS_NO_SUCH_LOGON_SESSION')", "1"},
    {"has_code('0x800705200 10x80070520 x2147943712 2147943712x 2147943713', '0x80070520')", "0"},
    {"has_code('', 1312)", "0"},
    {"coalesce(has_code(NULL, 1312), has_code('x', NULL), 'none')", "none"},
    {"has_code('x', 'NO_SUCH')", "has_code: no number, and no name of a code in knowledge/codes"},
    /* silence that counts: one stretch from end to end */
    {"covered('PC1', 'System', 10, 20)", "1"},
    {"covered('PC1', 'System', 9, 20)", "0"},
    {"covered('PC1', 'System', 10, 21)", "0"},
    {"covered('PC1', 'System', 15, 35)", "0"},
    {"covered('PC1', 'System', 31, 39)", "1"},
    {"covered('PC1', 'System', 12, 14)", "1"},
    {"covered('PC1', 'System', 41, 42)", "0"},
    {"covered('PC2', 'System', 10, 20)", "0"},
    {"covered('PC2', 'System', 1, 2)", "1"},
    {"covered('PC0', 'System', 10, 20)", "0"},
    {"covered('PC1', 'SECURITY', 5, 50)", "1"},
    {"covered('PC1', 'Security', 5, 50)", "0"},
    {"covered('PC1', 'SECURITY')", "1"},
    {"covered('PC1', 'Security')", "0"},
    {"covered('PC1', 'SAM')", "0"},
    {"covered('PC1', 'System', NULL, 20)", "0"},
    {"covered('PC1', NULL, 10, 20)", "0"},
    {"covered(NULL, 'System')", "0"},
    {"(SELECT group_concat(covered(column1, column2, 10, 20), '') FROM (VALUES('PC1', 'System'), "
     "('PC1', 'Security'), ('PC2', 'System'), ('PC1', 'SECURITY')))",
     "1001"},
    /* a landmark between the two, both counted */
    {"told('PC1', 'sleep', 10, 20)", "1"},
    {"told('PC1', 'sleep', 20, 29)", "1"},
    {"told('PC1', 'sleep', 21, 29)", "0"},
    {"told('PC1', 'sleep', 30, 30)", "1"},
    {"told('PC1', 'sleep', 30)", "1"},
    {"told('PC1', 'sleep', 31)", "0"},
    {"told('PC2', 'sleep', 0)", "1"},
    {"told('PC2', 'sleep', 10, 30)", "0"},
    {"told('PC1', 'no-dc', 0)", "0"},
    {"told('PC1', 'sleep', NULL, 30)", "0"},
    {"told('PC1', 'sleep', 30, 20)", "0"},
    {"(SELECT sum(has_code(column1, column2)) FROM (VALUES('0x80070520', 1312), ('1245', '1245'), ('1', 2)))",
     "2"},
};

Test(casedb, words_of_rules)
{
    struct err e = {0};
    cr_assert(
        case_exec(
            db,
            "INSERT INTO kb_code_family(family, value) VALUES('refused', 1380), "
            "('refused', 1385), ('full', 71); INSERT OR REPLACE INTO kb_code(space, value, symbol, win32) "
            "VALUES('win32', 1312, 'ERROR_NO_SUCH_LOGON_SESSION', 1312), ('ntstatus', "
            "3221225567, 'STATUS_NO_SUCH_LOGON_SESSION', 1312), ('win32', 2200, "
            "'NERR_AlreadyLoggedOn', 2200); "
            "INSERT INTO host(id, name) VALUES(71, 'PC1'), (72, 'PC2'); "
            "INSERT INTO coverage(host_id, artifact, state, from_time, to_time) VALUES"
            "(71, 'System', 'present', 10, 20), (71, 'System', 'present', 12, 13), "
            "(71, 'System', 'cleared', 30, 40), (71, 'System', 'partial', 40, 60), "
            "(72, 'System', 'present', 1, 5), (71, 'SECURITY', 'present', NULL, 7), "
            "(71, 'SAM', 'missing', NULL, NULL); "
            "INSERT INTO landmark(host_id, topic, time) VALUES(71, 'sleep', 20), (71, 'sleep', 30), "
            "(72, 'sleep', 5), (71, 'sleep', NULL); DROP VIEW v_two; DROP VIEW v_event",
            &e)
            == OK,
        "%s", e.why);
    cr_assert(case_exec(db, kb_file(kb, "views.sql").p, &e) == OK, "%s", e.why);
    static char sql[400]; /* one address, many texts: what is kept by it must be of the text */
    for (int times = 0; times < 3; times++) {
        if (times == 1)
            cr_assert_eq(case_keep(db, &e), OK, "%s", e.why);
        for (size_t i = 0; i < LEN(words); i++) {
            struct buf b = {0};
            e = (struct err){0};
            snprintf(sql, sizeof sql, "SELECT %s", words[i].sql);
            if (case_guarded(db, str_of(sql), 100000, take, &b, &e) != OK)
                b.n = 0, buf_z(&b, e.why), buf_char(&b, ';');
            cr_expect(b.n && b.n - 1 == strlen(words[i].want) && !memcmp(b.p, words[i].want, b.n - 1),
                      "%s: %.*s", words[i].sql, (int)b.n, b.p);
            buf_free(&b);
        }
    }
}

Test(casedb, sql_functions)
{
    for (size_t i = 0; i < LEN(functions); i++) {
        char sql[400], want[100];
        snprintf(sql, sizeof sql, "SELECT %s", functions[i].sql);
        snprintf(want, sizeof want, "%s;", functions[i].want);
        cr_expect_str_eq(ask(sql), want, "%s: %s", functions[i].sql, ask(sql));
    }
}

/* JSON cut at any byte: an answer or none. */
Test(casedb, field_of_cut_json)
{
    static const char json[] = "{\"a\":{\"b\":[1,2,{\"c\":\"\\u0041\\\\\"}]},\"z\":\"end\"}";
    for (size_t n = 0; n < sizeof json; n++) {
        struct value v[] = {val_s((struct str){json, n}), val_s(STR("z"))};
        struct buf b = {0};
        cr_expect(case_query(db, "SELECT field(?1, ?2)", v, (enum col_type[]){COL_TEXT, COL_TEXT}, 2, take,
                             &b, NULL)
                  == OK);
        cr_expect(n + 2 < sizeof json ? b.n == 2 : b.n == 4, "%zu bytes: %.*s", n, (int)b.n, b.p);
        buf_free(&b);
    }
}

/* No room: the machine's fault, and the line says in which file. */
Test(casedb, a_full_disk_names_the_file)
{
    static const char fill[] = "INSERT INTO t VALUES(zeroblob(100000))";
    char path[] = "/tmp/whylogon-test-full-XXXXXX";
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && close(fd) == 0 && unlink(path) == 0);
    for (int run = 0; run < 2; run++) { /* without a journal what follows a failure is of no use */
        struct casedb *full = NULL;
        struct err e = {0};
        cr_assert(case_create(path, STR("CREATE TABLE t(x)"), &full, &e) == OK, "%s", e.why);
        cr_expect(case_exec(full, "SELECT nonsense", &e) == E_DB && !strstr(e.why, path),
                  "a query's own fault names no file: %s", e.why);
        e = (struct err){0};
        cr_assert(case_exec(full, "PRAGMA max_page_count = 4", &e) == OK, "%s", e.why);
        cr_expect((run ? case_run(full, fill, NULL, NULL, 0, &e) : case_exec(full, fill, &e)) == E_IO
                      && strstr(e.why, "full, in ") && strstr(e.why, path),
                  "%s", e.why);
        case_close(full);
    }
}

/* --- casedb_member.c: what SQLite would have said, of the same text */
static sqlite3 *own;
static sqlite3_stmt *asked[2][3];

static void prepare_both(void)
{
    static const char *const sql[] = {"SELECT x, json_array(x) FROM (SELECT ?1 ->> ?2 AS x)",
                                      "SELECT json_extract(?1, ?2), json_array(json_extract(?1, ?2))",
                                      "SELECT json_valid(?1), json_valid(?1)"};
    cr_assert(sqlite3_open(":memory:", &own) == SQLITE_OK);
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < LEN(sql); k++)
            cr_assert(sqlite3_prepare_v2(i ? own : db->db, sql[k], -1, &asked[i][k], NULL) == SQLITE_OK);
}

static void finish_both(void)
{
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < LEN(asked[i]); k++)
            sqlite3_finalize(asked[i][k]);
    sqlite3_close(own);
}

static void answer_of(sqlite3_stmt *stmt, struct str data, const char *label, struct buf *out)
{
    out->n = 0;
    sqlite3_bind_text(stmt, 1, data.p, (int)data.n, SQLITE_STATIC);
    if (sqlite3_bind_parameter_count(stmt) > 1)
        sqlite3_bind_text(stmt, 2, label, -1, SQLITE_STATIC);
    int rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW)
        buf_printf(out, "error: %s", sqlite3_errmsg(sqlite3_db_handle(stmt)));
    for (int i = 0; i < 2 && rc == SQLITE_ROW; i++) {
        buf_printf(out, "%d:", sqlite3_column_type(stmt, i));
        int n = sqlite3_column_bytes(stmt, i);
        buf_put(out, sqlite3_column_text(stmt, i), (size_t)n), buf_char(out, ' ');
    }
    sqlite3_reset(stmt);
}

static void same_answer(struct str data, const char *label, size_t k)
{
    struct buf ours = {0}, theirs = {0};
    answer_of(asked[0][k], data, label, &ours), answer_of(asked[1][k], data, label, &theirs);
    cr_assert(str_eq(buf_view(&ours), buf_view(&theirs)), "%.*s  %s: %.*s, SQLite: %.*s", (int)data.n, data.p,
              label, (int)ours.n, ours.p, (int)theirs.n, theirs.p);
    buf_free(&ours), buf_free(&theirs);
}

static void same_answers(struct str data)
{
    static const char *const labels[] = {"A",   "b_1", "name", "C",   "0",  "1",       "$",
                                         "$.A", "[0]", "",     "A.B", "9x", "\xc3\xa9"},
                             *const paths[] = {"$.A", "$.name", "$.\"A\"", "$.\"b_1\"",   "$.C",
                                               "$",   "$.A.B",  "$.C[0]",  "$.\"\"",      "$.\"A",
                                               "A",   "",       "$.",      "$.\"A\\\"\"", "$.\"\xc3\xa9\""};
    for (size_t i = 0; i < LEN(labels); i++)
        same_answer(data, labels[i], 0);
    for (size_t i = 0; i < LEN(paths); i++)
        same_answer(data, paths[i], 1);
    same_answer(data, "", 2);
}

Test(casedb, members_as_sqlite_reads_them)
{
    static const char *const texts[] = {
        "{}",
        " { } ",
        "[]",
        "1",
        "\"A\"",
        "null",
        "{\"A\":1}",
        "{\"A\":\"x\",\"A\":\"second\"}",
        "{\"A\":-0,\"b_1\":007,\"name\":12345678901234567890}",
        "{\"A\":123456789012345678,\"C\":-123456789012345678}",
        "{\"A\":1234567890123456789,\"C\":1.5e3,\"name\":-}",
        "{\"A\" : true , \"b_1\":false,\"name\":null}\t\n",
        "{\"A\":truex}",
        "{\"A\":nul}",
        "{\"A\":True}",
        "{\"A\":\"C:\\\\Windows\\\\svchost.exe\",\"C\":\"a\\tb\\\"c\\/\"}",
        "{\"A\":\"\\u00e9\\ud83d\\ude00\",\"C\":2}",
        "{\"A\":\"\\x\"}",
        "{\"\\u0041\":1}",
        "{\"A\":{\"B\":[1,2]},\"C\":[3,{}]}",
        "{\"A\":1,}",
        "{\"A\":1 \"C\":2}",
        "{A:1}",
        "{\"A\":\"a\tb\"}",
        "{\"A\":\"a\001b\"}",
        "{\"\xc3\xa9\":\"\xc3\xbc\",\"\":5}",
        "{\"a\":1,\"B_1\":2,\"0\":3,\"9x\":4,\"A.B\":6}",
        "{\"A\":\"a text of some length, so that more than sixteen bytes are looked at\"}",
        "{\"A\":1}{",
        "{\"A\":1}x",
        "",
        " ",
        "{\"A\":+1}",
        "{\"A\":.5}",
        "{\"A\":0x10}",
        "{\"A\":1e5}",
        "{\"A\":\"\x7f\"}"};
    uint64_t seed = 20261130;
    prepare_both();
    for (size_t i = 0; i < LEN(texts); i++)
        for (size_t n = 0; n <= strlen(texts[i]); n++) { /* whole, and cut at every byte */
            char *cut = strndup(texts[i], n);            /* its own bytes: what lies behind is nobody's */
            cr_assert(cut);
            same_answers((struct str){cut, n}), free(cut);
        }
    for (size_t round = 0; round < 3000; round++) {
        static const char odd[] = "{}[],:\"\\ 0-1tfnuA.\x01\x80\xff";
        char *text = strdup(texts[random_31(&seed) % LEN(texts)]);
        cr_assert(text);
        size_t n = strlen(text);
        for (size_t k = random_31(&seed) % 3 + 1; k && n; k--)
            text[random_31(&seed) % n] = odd[random_31(&seed) % (sizeof odd - 1)];
        same_answers((struct str){text, n}), free(text);
    }
    finish_both();
}

Test(casedb, members_by_the_dozen)
{ /* more than are kept of one object, a text longer than any that is, and one object after the other */
    struct buf many = {0}, large = {0};
    prepare_both();
    buf_char(&many, '{');
    for (int i = 0; i < CASE_MEMBERS; i++) {
        buf_printf(&many, "%s\"m%d\":%d", i ? "," : "", i, i);
        struct buf whole = {0};
        buf_put(&whole, many.p, many.n), buf_char(&whole, '}');
        same_answer(buf_view(&whole), "m0", 0), same_answer(buf_view(&whole), "m63", 0);
        buf_free(&whole);
    }
    buf_z(&many, ",\"A\":64}");
    same_answer(buf_view(&many), "A", 0), same_answer(buf_view(&many), "m63", 0);
    buf_z(&large, "{\"A\":\"");
    for (size_t i = 0; i < 17 << 10; i++)
        buf_char(&large, 'x');
    buf_z(&large, "\"}");
    same_answer(buf_view(&large), "A", 0);
    buf_free(&many), buf_free(&large);
    finish_both();
}

Test(casedb, nocase_as_sqlite_compares)
{
    static const char *const texts[] = {"",
                                        "a",
                                        "A",
                                        "ab",
                                        "AB",
                                        "aB ",
                                        "[",
                                        "`",
                                        "@",
                                        "Z",
                                        "z",
                                        "\xc3\xa9",
                                        "\xc3\x89",
                                        "Microsoft-Windows-Security-Auditing",
                                        "microsoft-windows-security-auditing",
                                        "Microsoft-Windows-Security-Auditinh",
                                        "Microsoft-Windows-Security"};
    sqlite3_stmt *stmt;
    prepare_both();
    cr_assert(
        sqlite3_prepare_v2(own, "SELECT ?1 < ?2 COLLATE NOCASE, ?1 = ?2 COLLATE NOCASE", -1, &stmt, NULL)
        == SQLITE_OK);
    for (size_t i = 0; i < LEN(texts) * LEN(texts); i++) {
        const char *a = texts[i / LEN(texts)], *b = texts[i % LEN(texts)];
        for (int nul = 0; nul < 2; nul++) { /* with a NUL and more behind it too */
            char left[64], right[64];
            int n = snprintf(left, sizeof left, "%s%c%s", a, 0, nul ? "x" : ""),
                m = snprintf(right, sizeof right, "%s%c%s", b, 0, nul ? "yy" : "");
            n -= nul ? 0 : 1, m -= nul ? 0 : 1;
            sqlite3_bind_text(stmt, 1, left, n, SQLITE_STATIC),
                sqlite3_bind_text(stmt, 2, right, m, SQLITE_STATIC);
            cr_assert(sqlite3_step(stmt) == SQLITE_ROW);
            int c = case_nocase(NULL, n, left, m, right);
            cr_assert(sqlite3_column_int(stmt, 0) == (c < 0) && sqlite3_column_int(stmt, 1) == (c == 0),
                      "'%s' '%s' %d: %d", a, b, nul, c);
            sqlite3_reset(stmt);
        }
    }
    sqlite3_finalize(stmt);
    finish_both();
}
