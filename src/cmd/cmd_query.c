/* query: one SELECT over the documented views of a case, read-only and on a budget. */
#include "base/limits.h"
#include "base/wintime.h"
#include "case/casedb.h"
#include "case/named.h"
#include "cmd/cmd.h"
#include "cmd/given.h"
#include "plat/plat.h"
#include <string.h>

enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV };
struct sheet {
    enum format format;
    struct buf b;
    size_t rows;
    bool raw, failed;
};

static void flush(struct sheet *s, size_t at_least)
{
    if (s->b.n < at_least && !s->b.bad)
        return;
    s->failed |= s->b.bad || fwrite(s->b.p, 1, s->b.n, stdout) != s->b.n;
    s->b.n = 0; /* .bad stays */
}

/* A time of the case, whatever the column is called: max(time), first_seen. Nothing else in a case is an
 * integer of this size but the masks of keywords. */
static bool is_time(const struct sheet *s, const struct cell *c, const char *name)
{
    return !s->raw && !c->null && c->type == COL_INT && wintime_sane(c->i) && strcmp(name, "keywords") != 0;
}

static void put_cell(struct sheet *s, const struct cell *c, const char *name)
{
    struct buf hex = {0};
    struct str text = c->s;
    char time[WINTIME_TEXT];
    bool as_time = is_time(s, c, name);
    if (as_time)
        text = str_of(wintime_text(c->i, time));
    if (c->type == COL_BLOB)
        buf_hex(&hex, c->s.p, c->s.n), text = buf_view(&hex);
    if (c->null)
        buf_z(&s->b, s->format == FORMAT_JSON ? "null" : "");
    else if (c->type == COL_INT && !as_time)
        buf_i64(&s->b, c->i);
    else if (c->is_real && s->format != FORMAT_TABLE
             && c->s.p[c->s.n - 1] != 'f') /* "Inf" is no JSON number */
        buf_str(&s->b, c->s);
    else if (s->format == FORMAT_TABLE)
        buf_term(&s->b, text);
    else if (s->format == FORMAT_JSON)
        buf_json(&s->b, text);
    else
        buf_csv(&s->b, text);
    s->b.bad |= hex.bad;
    buf_free(&hex);
}

static enum status failure(const struct sheet *s, struct err *e)
{
    return !s->failed           ? OK
           : s->b.bad           ? err_set(e, E_NOMEM, ERR_NO_OFF, "query", "out of memory")
           : plat_reader_gone() ? err_set(e, E_STOP, ERR_NO_OFF, "query", "nobody reads")
                                : err_set(e, E_IO, ERR_NO_OFF, "query", "cannot write to standard output");
}

static void put_names(struct sheet *s, const char *const *name, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_z(&s->b, !i ? "" : s->format == FORMAT_CSV ? "," : "\t");
        if (s->format == FORMAT_CSV)
            buf_csv(&s->b, str_of(name[i]));
        else
            buf_term(&s->b, str_of(name[i]));
    }
    buf_z(&s->b, s->format == FORMAT_CSV ? "\r\n" : "\n");
}

static enum status put_row(void *ctx, const struct cell *cell, const char *const *name, size_t n,
                           struct err *e)
{
    struct sheet *s = ctx;
    if (!s->rows++ && s->format != FORMAT_JSON)
        put_names(s, name, n);
    else if (s->format == FORMAT_JSON)
        buf_z(&s->b, s->rows > 1 ? ",\n {" : "\n {");
    for (size_t i = 0; i < n; i++) {
        if (s->format == FORMAT_JSON)
            buf_z(&s->b, i ? "," : ""), buf_json(&s->b, str_of(name[i])), buf_char(&s->b, ':');
        else
            buf_z(&s->b, !i ? "" : s->format == FORMAT_CSV ? "," : "\t");
        put_cell(s, &cell[i], name[i]);
    }
    buf_z(&s->b, s->format == FORMAT_JSON ? "}" : s->format == FORMAT_CSV ? "\r\n" : "\n");
    flush(s, 1 << 16);
    return failure(s, e);
}

static enum status run(struct casedb *db, struct sheet *s, const char *sql, struct err *e)
{
    buf_z(&s->b, s->format == FORMAT_JSON ? "[" : "");
    enum status st = sql ? case_guarded(db, str_of(sql), (uint64_t)LIM_RULE_STEPS * 10, put_row, s, e)
                         : case_named(db, Q_VIEWS, "", NULL, put_row, s, e);
    if (st == OK)
        buf_z(&s->b, s->format == FORMAT_JSON ? "\n]\n" : "");
    flush(s, 1);
    return st == OK ? failure(s, e) : st;
}

/* SQL from standard input, as much as a statement may have. */
static enum status read_sql(struct buf *b, struct err *e)
{
    char part[4096];
    for (size_t n; b->n <= 256 << 10 && (n = fread(part, 1, sizeof part, stdin)) > 0;)
        buf_put(b, part, n);
    buf_char(b, 0);
    return b->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "query", "out of memory") : OK;
}

static int run_query(int argc, char **argv)
{
    bool json = false, csv = false, raw = false;
    const char *limits = NULL;
    struct stop stop = {0};
    const struct opt opts[] = {
        TIME_OPTION(limits),
        {"json", 0, OPT_FLAG, &json, NULL, "an array of objects", NULL},
        {"csv", 0, OPT_FLAG, &csv, NULL, "comma-separated, safe to open in a spreadsheet", NULL},
        {"raw", 0, OPT_FLAG, &raw, NULL, "times as the case has them: 100 ns since 1601 (FILETIME)", NULL},
        {0},
    };
    const struct command *c = &cmd_query;
    int code;
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    if (argc < 2 || argc > 3 || (json && csv)) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    struct sheet s = {.format = json ? FORMAT_JSON : csv ? FORMAT_CSV : FORMAT_TABLE, .raw = raw};
    struct casedb *db = NULL;
    struct err e = {0};
    if (stop_after(&stop, limits, &e) != OK || case_open(case_in(argv[1]), &db, &e) != OK)
        return complain(&e, EXIT_USAGE);
    case_halt_when(db, stop_asked, &stop);
    struct buf given = {0};
    bool piped = argc == 3 && strcmp(argv[2], "-") == 0;
    enum status st = piped ? read_sql(&given, &e) : OK;
    if (st == OK)
        st = run(db, &s, piped ? given.p : argv[2], &e);
    st = given_blame(db, CASE_ONE, st, &e);
    case_close(db);
    buf_free(&s.b), buf_free(&given);
    if (st == OK || (st == E_STOP && plat_reader_gone()))
        return EXIT_DONE;
    int said = complain(&e, exit_for(st));
    return strstr(e.why, "no such ")
               ? complain_text(said, "query: 'whylogon query %s' lists the views and their columns", argv[1])
               : said;
}

const struct command cmd_query = {
    .name = "query",
    .summary = "ask the case a question in SQL (read-only, documented views)",
    .usage = "CASE.db 'SELECT …' | -",
    .help =
        "Without SQL: the views and their columns; -: SQL from standard input. Times are shown as RFC 3339, "
        "UTC; inside SQL they are integers,\n"
        "and time(t), filetime('2026-03-02 09:10') turn one into the other:\n"
        "  whylogon query out/case.db \"SELECT * FROM v_failure WHERE time > "
        "filetime('2026-03-02')\"\n"
        "has_code(text, code) finds a code in every spelling, win32_code(code) says which Windows error it "
        "is:\n"
        "  whylogon query out/case.db \"SELECT * FROM v_event WHERE has_code(data, '0x80070520')\"\n",
    .run = run_query};
