/* Every sample case as a responder might have sent it: one file left out at a time, and each file alone. What
 * nobody collected is never clear; fewer files prove nothing that all of them do not, and rule out nothing
 * that all of them prove; what is said of them stands in the facts it cites. The samples are read once, by
 * the program; of each collection the facts of its files are taken from that case, and judged anew. */
#include "tests/sentences.h"
#include "tests/shell.h"
#include "base/fact.h"
#include "case/casedb.h"
#include "diagnose/diagnose.h"
#include "diagnose/ruletest.h"
#include "kb/kb.h"
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
enum { STRIDE = 29 }; /* a sample of the collections; a divisor of no number of files in a case */
#else
enum { STRIDE = 1 };
#endif

static struct kb *kb;

static enum status take(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)e;
    for (size_t i = 0; i < n; i++)
        buf_z(ctx, i ? " " : ""), buf_str(ctx, c[i].null ? STR("-") : c[i].s);
    buf_char(ctx, '\n');
    return OK;
}

/* The rows of a query, one a line; owned by the caller. */
static char *ask(struct casedb *db, const char *sql)
{
    struct buf b = {0};
    struct err e = {0};
    cr_assert(case_query(db, sql, NULL, NULL, 0, take, &b, &e) == OK, "%s: %s", sql, e.why);
    buf_char(&b, 0);
    return b.p;
}

PRINTF_LIKE(2, 3) static void sql(struct casedb *db, const char *fmt, ...)
{
    struct buf b = {0};
    struct err e = {0};
    char text[1000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    cr_assert(case_exec(db, text, &e) == OK, "%s: %s", text, e.why);
    buf_free(&b);
}

/* The facts of those files of the case `stored`, as if nothing else had been sent; nothing is concluded yet.
 */
static void send(struct casedb *db, const char *files)
{
    for (size_t i = 0; i < FACT_KINDS; i++)
        if (fact_descs[i].table)
            sql(db, "INSERT INTO main.%s SELECT * FROM stored.%s WHERE %s %s", fact_descs[i].table,
                fact_descs[i].table, fact_descs[i].from == OF_HIVE && i != FACT_HIVE ? "hive_id" : "file_id",
                files);
    sql(db,
        "INSERT INTO main.evidence SELECT * FROM stored.evidence WHERE id %s;"
        "INSERT INTO main.event_source SELECT * FROM stored.event_source WHERE file_id %s;"
        "UPDATE evidence SET host_id = NULL; UPDATE event SET host_id = NULL, boot = NULL;"
        "UPDATE fold SET host_id = NULL; UPDATE hive SET host_id = NULL",
        files, files);
}

/* What is clear although the log that would tell was not read. */
#define UNSEEN                                                                                              \
    "WITH recorder(kind, channel) AS (VALUES ('task', 'Microsoft-Windows-TaskScheduler/Operational'), "     \
    "('logon', 'Security'), ('service', 'System'), ('share', 'Microsoft-Windows-SmbClient/Security'), "     \
    "('share', 'Microsoft-Windows-SmbClient/Connectivity'), "                                               \
    "('bits', 'Microsoft-Windows-Bits-Client/Operational'), ('application', 'Application'), "               \
    "('application', 'Security'), ('application', 'Microsoft-Windows-TaskScheduler/Operational'), "         \
    "('application', 'Microsoft-Windows-PowerShell/Operational'), "                                         \
    "('application', 'Microsoft-Windows-AAD/Operational'), ('application', 'System')), "                    \
    "missed AS (SELECT h.id, h.name, r.kind FROM host h, recorder r WHERE NOT EXISTS (SELECT 1 "            \
    "FROM log_span s JOIN evidence e ON e.id = s.file_id WHERE e.host_id = h.id AND s.channel = r.channel " \
    "COLLATE NOCASE)) "                                                                                     \
    "SELECT m.name, m.kind, 'is clear' FROM missed m JOIN kind k ON k.host_id = m.id AND k.kind = m.kind "  \
    "WHERE k.state = 'clear' UNION ALL "                                                                    \
    "SELECT h.name, '', 'has no row of some kind' FROM host h WHERE (SELECT count(*) FROM kind k WHERE "    \
    "k.host_id = h.id) <> 6 UNION ALL "                                                                     \
    "SELECT m.name, m.kind, 'names nothing to collect' FROM missed m JOIN kind k ON k.host_id = m.id AND "  \
    "k.kind = m.kind AND k.state = 'not_covered' WHERE NOT EXISTS (SELECT 1 FROM kind_need n WHERE "        \
    "n.host_id = m.id AND n.kind = m.kind AND n.collect <> '')"

/* What is surer of fewer files than of all, or ruled out though all prove it; a host that is well of fewer.
 */
#define SURER                                                                                               \
    "WITH whole AS (SELECT t.name, s.cause, s.subject, s.verdict FROM stored.finding s JOIN stored.host t " \
    "ON t.id = s.host_id) "                                                                                 \
    "SELECT h.name, f.cause, f.subject, f.verdict, coalesce(w.verdict, 'none') FROM finding f JOIN host h " \
    "ON h.id = f.host_id LEFT JOIN whole w ON w.name = h.name AND w.cause = f.cause AND w.subject IS "      \
    "f.subject WHERE f.verdict = 'confirmed' AND coalesce(w.verdict, '') NOT IN ('confirmed', 'likely') "   \
    "OR f.verdict = 'ruled_out' AND w.verdict = 'confirmed' UNION ALL "                                     \
    "SELECT h.name, h.outcome, '', 'of all', t.outcome FROM host h JOIN stored.host t ON t.name = h.name "  \
    "WHERE h.outcome = 'clear' AND t.outcome <> 'clear'"

static unsigned tried, clear, proven;
static struct sentences said;

static void judge(struct casedb *db, const char *files, const char *what)
{
    struct err e = {0};
    cr_assert(case_mark(db, &e) == OK, "%s", e.why);
    send(db, files);
    size_t n;
    const struct rule *rule = kb_rules(kb, &n);
    cr_assert(derive_tables(db, kb, &e) == OK && coverage(db, kb, &e) == OK
                  && diagnose_rules(db, kb, rule, n, &e) == OK
                  && run_knowledge(db, kb, "outcome.sql", &e) == OK,
              "%s: %s", e.what, e.why);
    char *wrong = ask(db, UNSEEN), *surer = ask(db, SURER),
         *good = ask(db, "SELECT count(*) FROM kind WHERE state = 'clear'"),
         *sure = ask(db, "SELECT count(*) FROM finding WHERE verdict = 'confirmed'");
    cr_expect_str_eq(wrong, "", "%s: %s", what, wrong);
    cr_expect_str_eq(surer, "", "%s: %s", what, surer);
    said.name = what, sentences_of(&said, db);
    tried++, clear += (unsigned)strtoul(good, NULL, 10), proven += (unsigned)strtoul(sure, NULL, 10);
    free(wrong), free(surer), free(good), free(sure);
    cr_assert(case_rewind(db, &e) == OK, "%s", e.why);
}

Test(left_out, each_file_left_out_and_each_alone, .timeout = 1200)
{
    struct err e = {0};
    struct casedb *db = NULL;
    char files[400], what[600];
    const char *dir = scratch("left-out");
    cr_assert_eq(run("%s analyze --progress=none -o %s samples/cases", program(), dir), 0, "%s", out);
    cr_assert(kb_load(NULL, &kb, &e) == OK && ruletest_base(kb, &db, &e) == OK, "%s", e.why);
    said.kb = kb;
    sql(db, "ATTACH '%s/case.db' AS stored", dir);
    char *all = ask(db, "SELECT id, path FROM stored.evidence WHERE kind IN ('evtx', 'hive')"), *next = NULL;
    unsigned turn = 0;
    for (char *line = strtok_r(all, "\n", &next); line; line = strtok_r(NULL, "\n", &next))
        for (int alone = 0; alone < 2; alone++) {
            char *path = NULL;
            unsigned long id = strtoul(line, &path, 10);
            if (turn++ % STRIDE)
                continue;
            snprintf(files, sizeof files,
                     "IN (SELECT id FROM stored.evidence WHERE id %s %lu AND path LIKE '%.*s%%')",
                     alone ? "=" : "<>", id, (int)(strchr(path, '/') - path), path + 1);
            snprintf(what, sizeof what, "%s %s", path + 1, alone ? "alone" : "left out");
            judge(db, files, what);
        }
    free(all);
    cr_expect_geq(tried, 300u / STRIDE, "only %u collections", tried);
    cr_expect_geq(clear, tried / 2, "hardly anything was clear at all: %u kinds of %u hosts", clear, tried);
    cr_expect_geq(proven, tried / 6, "hardly anything was proven at all: %u findings of %u hosts", proven,
                  tried);
    cr_expect_geq(said.sentences, 10 * tried, "hardly anything was said: %zu sentences", said.sentences);
    cr_expect_eq(said.held, said.sentences, "%zu of %zu sentences hold", said.held, said.sentences);
    sentences_free(&said), case_close(db), kb_free(kb);
}
