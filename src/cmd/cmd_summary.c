/* summary: what a case holds, before any question: hosts, logs, events by number, logons and refused ones.
 * Text for people, at most so many rows of a kind; --json has them all. */
#include "base/wintime.h"
#include "case/casedb.h"
#include "case/named.h"
#include <stdio.h>
#include "cmd/cmd.h"
#include "cmd/given.h"
#include <string.h>

enum { MOST = 20, COLUMNS = 16 };

/* A list of the summary. order: the view has place. */
struct part {
    const char *name, *view;
    const char *column[COLUMNS];
};
static const struct part parts[] = {
    {"hosts",
     "v_summary_host",
     {"host", "fqdn", "domain", "os", "build", "role", "time_zone", "bias", "outcome", "starts", "started",
      "since", "until"}},
    {"logs",
     "v_summary_log",
     {"host", "channel", "path", "computer", "n", "first_time", "last_time", "gaps", "evidence_id"}},
    {"events",
     "v_summary_event",
     {"host", "channel", "provider", "event_id", "name", "n", "first_time", "last_time"}},
    {"logons",
     "v_summary_logon",
     {"host", "what", "domain", "account", "type", "type_name", "code", "symbol", "meaning", "n",
      "first_time", "last_time"}},
};

struct printer {
    struct buf b;
    struct casedb *db;
    const struct part *part;
    size_t rows, of_kind;
    char kind[16]; /* the list being printed */
    struct str host;
};

static bool is_time(const char *column)
{
    return strcmp(column, "started") == 0 || strcmp(column, "since") == 0 || strcmp(column, "until") == 0
           || strstr(column, "_time") != NULL;
}

/* ---- JSON */

static enum status json_row(void *ctx, const struct cell *cell, const char *const *name, size_t n,
                            struct err *e)
{
    struct printer *p = ctx;
    (void)e;
    buf_z(&p->b, p->rows++ ? ",\n  {" : "\n  {");
    for (size_t i = 0; i < n; i++) {
        buf_printf(&p->b, "%s\"%s\": ", i ? ", " : "", name[i]);
        if (cell[i].null || (is_time(name[i]) && !wintime_sane(cell[i].i)))
            buf_z(&p->b, "null");
        else if (is_time(name[i]))
            buf_char(&p->b, '"'), buf_time(&p->b, cell[i].i), buf_char(&p->b, '"');
        else if (cell[i].type == COL_INT)
            buf_i64(&p->b, cell[i].i);
        else
            buf_json(&p->b, cell[i].s);
    }
    buf_char(&p->b, '}');
    if (p->b.n > 1 << 16)
        out_put(&p->b), p->b = (struct buf){0};
    return OK;
}

/* ---- text */

static void put_time(struct buf *b, const struct cell *c)
{
    char text[WINTIME_TEXT];
    if (c->null || !wintime_sane(c->i)) {
        buf_z(b, "-");
        return;
    }
    wintime_text(c->i, text);
    text[10] = ' ', text[19] = 0;
    buf_z(b, text);
}

static void put_span(struct buf *b, const struct cell *first, const struct cell *last)
{
    put_time(b, first);
    if (first->i != last->i)
        buf_z(b, " .. "), put_time(b, last);
}

static void put_count(struct buf *b, int64_t n, const char *one, const char *many)
{
    buf_i64(b, n), buf_char(b, ' '), buf_z(b, n == 1 ? one : many);
}

static void text_of_host(struct buf *b, const struct cell *c)
{
    enum { HOST, FQDN, DOMAIN, OS, BUILD, ROLE, ZONE, BIAS, OUTCOME, STARTS, STARTED, SINCE, UNTIL };
    buf_term(b, c[HOST].s);
    if (!c[OUTCOME].null)
        buf_z(b, ": "), buf_term(b, c[OUTCOME].s);
    buf_z(b, "\n  system       ");
    if (c[OS].null)
        buf_z(b, "not known (no SOFTWARE hive)");
    else
        buf_term(b, c[OS].s);
    if (!c[BUILD].null)
        buf_z(b, ", build "), buf_i64(b, c[BUILD].i);
    if (!c[DOMAIN].null)
        buf_z(b, ", domain "), buf_term(b, c[DOMAIN].s);
    buf_z(b, "\n  time zone    ");
    if (c[ZONE].null)
        buf_z(b, "not known (no SYSTEM hive)");
    else
        buf_term(b, c[ZONE].s);
    buf_z(b, "\n  logs         "), put_span(b, &c[SINCE], &c[UNTIL]), buf_z(b, " UTC\n  starts       ");
    buf_i64(b, c[STARTS].i);
    if (!c[STARTED].null) {
        buf_z(b, ", the last "), put_time(b, &c[STARTED]);
        int64_t up = c[UNTIL].null ? 0 : (c[UNTIL].i - c[STARTED].i) / WINTIME_SECOND;
        if (up > 0)
            buf_z(b, ", up "), put_count(b, up / 86400, "day ", "days "),
                put_count(b, up % 86400 / 3600, "hour", "hours"), buf_z(b, " until the logs end");
    }
    buf_char(b, '\n');
}

static void text_of_log(struct buf *b, const struct cell *c)
{
    enum { HOST, CHANNEL, PATH, COMPUTER, N, FIRST, LAST, GAPS };
    buf_z(b, "    "), buf_term(b, c[CHANNEL].s), buf_z(b, "  "), put_count(b, c[N].i, "record", "records"),
        buf_z(b, "  ");
    put_span(b, &c[FIRST], &c[LAST]), buf_z(b, "  ");
    put_count(b, c[GAPS].null ? 0 : c[GAPS].i, "gap  ", "gaps  "), buf_term(b, c[PATH].s), buf_char(b, '\n');
}

static void text_of_event(struct buf *b, const struct cell *c)
{
    enum { HOST, CHANNEL, PROVIDER, ID, NAME, N, FIRST, LAST };
    buf_printf(b, "    %8lld  ", (long long)c[N].i), buf_term(b, c[PROVIDER].s), buf_char(b, ' '),
        buf_i64(b, c[ID].i);
    if (!c[NAME].null)
        buf_char(b, ' '), buf_term(b, c[NAME].s);
    buf_z(b, "  "), put_span(b, &c[FIRST], &c[LAST]), buf_char(b, '\n');
}

static void text_of_logon(struct buf *b, const struct cell *c)
{
    enum { HOST, WHAT, DOMAIN, ACCOUNT, TYPE, TYPE_NAME, CODE, SYMBOL, MEANING, N, FIRST, LAST };
    buf_printf(b, "    %8lld  ", (long long)c[N].i);
    if (c[DOMAIN].s.n && !str_eq(c[DOMAIN].s, STR("-")))
        buf_term(b, c[DOMAIN].s), buf_char(b, '\\');
    if (c[ACCOUNT].s.n)
        buf_term(b, c[ACCOUNT].s);
    else
        buf_z(b, "(no name)");
    buf_z(b, "  type "), buf_term(b, c[TYPE].s);
    if (!c[TYPE_NAME].null)
        buf_z(b, " ("), buf_term(b, c[TYPE_NAME].s), buf_char(b, ')');
    if (!c[CODE].null)
        buf_z(b, "  "), buf_term(b, c[CODE].s);
    if (!c[SYMBOL].null)
        buf_char(b, ' '), buf_term(b, c[SYMBOL].s);
    if (!c[MEANING].null)
        buf_z(b, ", "), buf_term(b, c[MEANING].s);
    buf_z(b, "  "), put_span(b, &c[FIRST], &c[LAST]), buf_char(b, '\n');
}

/* What is not shown is counted. */
static void end_kind(struct printer *p)
{
    if (p->of_kind > MOST)
        buf_printf(&p->b, "    ... %zu more: --json has them\n", p->of_kind - MOST);
    p->of_kind = 0;
}

static enum status text_row(void *ctx, const struct cell *cell, const char *const *name, size_t n,
                            struct err *e)
{
    static void (*const row[])(struct buf *, const struct cell *) = {NULL, text_of_log, text_of_event,
                                                                     text_of_logon};
    static const char *const title[] = {NULL, "logs", "events"};
    struct printer *p = ctx;
    size_t part = (size_t)(p->part - parts);
    const char *kind = part < 3 ? title[part] : str_eq(cell[1].s, STR("logon")) ? "logons" : "refused";
    (void)name, (void)n, (void)e;
    if (strcmp(kind, p->kind) != 0) {
        end_kind(p);
        snprintf(p->kind, sizeof p->kind, "%s", kind);
        buf_printf(&p->b, "  %s\n",
                   part < 3                      ? kind
                   : strcmp(kind, "logons") == 0 ? "logons (4624)"
                                                 : "refused logons (4625)");
    }
    if (p->of_kind++ < MOST)
        row[part](&p->b, cell);
    return OK;
}

static enum status read_part(struct printer *p, row_fn *fn, bool of_host, struct err *e)
{
    struct buf list = {0};
    struct value arg[] = {val_s(p->host)};
    char rows[128];
    for (size_t i = 0; i < COLUMNS && p->part->column[i]; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", p->part->column[i]);
    buf_char(&list, 0);
    snprintf(rows, sizeof rows, "%s%s", p->part->view, of_host ? " WHERE host = ?1" : "");
    enum status st = list.bad
                         ? err_set(e, E_NOMEM, ERR_NO_OFF, "summary", "out of memory")
                         : case_named_in(p->db, Q_REPORT, rows, list.p, of_host ? "s" : "", arg, fn, p, e);
    buf_free(&list);
    return st;
}

static enum status host_row(void *ctx, const struct cell *cell, const char *const *name, size_t n,
                            struct err *e)
{
    struct printer *p = ctx, one = {.db = p->db, .host = cell[0].s};
    enum status st = OK;
    (void)name, (void)n;
    if (p->rows++)
        buf_char(&one.b, '\n');
    text_of_host(&one.b, cell);
    for (one.part = parts + 1; one.part < parts + LEN(parts) && st == OK; one.part++)
        st = read_part(&one, text_row, true, e);
    end_kind(&one);
    out_put(&one.b);
    return st;
}

/* What --since and --until of analyze were. */
struct asked {
    bool some;
    int64_t since, until;
};

static enum status meta_row(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct asked *a = ctx;
    (void)name, (void)n, (void)e;
    if (str_eq(c[0].s, STR("since")))
        a->some |= str_i64(c[1].s, &a->since);
    else if (str_eq(c[0].s, STR("until")))
        a->some |= str_i64(c[1].s, &a->until);
    return OK;
}

static void put_asked(struct buf *b, const struct asked *a, bool json)
{
    const struct cell end[] = {{.null = !a->since, .i = a->since}, {.null = !a->until, .i = a->until}};
    if (json && !a->some) {
        buf_z(b, "\n \"window\": null,");
        return;
    }
    for (size_t i = 0; json && i < LEN(end); i++) {
        buf_z(b, i ? ", \"until\": " : "\n \"window\": {\"since\": ");
        if (end[i].null)
            buf_z(b, "null");
        else
            buf_char(b, '"'), buf_time(b, end[i].i), buf_char(b, '"');
    }
    if (json)
        buf_z(b, "},");
    else if (a->some)
        buf_z(b, "only records of "), put_time(b, &end[0]), buf_z(b, " .. "), put_time(b, &end[1]),
            buf_z(b, " UTC (--since, --until): nothing is said of other times\n\n");
}

static enum status put_parts(struct printer *p, bool json, struct err *e)
{
    struct asked asked = {0};
    enum status st = case_named(p->db, Q_META, "", NULL, meta_row, &asked, e);
    p->part = parts;
    if (st != OK)
        return st;
    if (!json) {
        put_asked(&p->b, &asked, false), out_put(&p->b), p->b = (struct buf){0};
        st = read_part(p, host_row, false, e);
        return st == OK && !p->rows ? err_set(e, E_USAGE, ERR_NO_OFF, "summary", "the case has no host") : st;
    }
    buf_z(&p->b, "{"), put_asked(&p->b, &asked, true);
    for (; p->part < parts + LEN(parts) && st == OK; p->part++) {
        p->rows = 0;
        buf_printf(&p->b, "%s\n \"%s\": [", p->part == parts ? "" : ",", p->part->name);
        st = read_part(p, json_row, false, e);
        buf_z(&p->b, p->rows ? "\n ]" : "]");
    }
    buf_z(&p->b, "\n}\n");
    return st;
}

static int run_summary(int argc, char **argv)
{
    bool json = false;
    const char *limits = NULL;
    struct stop stop = {0};
    int code;
    const struct opt opts[] = {
        {"json", 0, OPT_FLAG, &json, NULL,
         "all rows, as one object of four lists: hosts, logs, events, logons; and the window asked for",
         NULL},
        TIME_OPTION(limits),
        {0},
    };
    const struct command *c = &cmd_summary;
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    if (argc != 2) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    struct printer p = {0};
    struct err e = {0};
    if (stop_after(&stop, limits, &e) != OK || case_open(case_in(argv[1]), &p.db, &e) != OK)
        return complain(&e, EXIT_USAGE);
    case_halt_when(p.db, stop_asked, &stop);
    enum status st = put_parts(&p, json, &e);
    out_put(&p.b);
    st = given_blame(p.db, CASE_ONE, st, &e);
    case_close(p.db);
    return st == OK ? EXIT_DONE : complain(&e, exit_for(st));
}

const struct command cmd_summary = {
    .name = "summary",
    .summary = "what a case holds: hosts, logs, events by number, logons and refused logons",
    .usage = "CASE.db [--json]",
    .help = "Each list shows its 20 rows with the highest counts; --json has all. The same from SQL: "
            "v_summary_host,\n"
            "v_summary_log, v_summary_event, v_summary_logon.\n",
    .run = run_summary};
