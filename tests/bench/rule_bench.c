/* rule_bench: what the SQL of the knowledge costs on busy evidence (../scale.h): time and SQLite steps of
 * each statement of derive/, of coverage.sql and of each rule. usage: rule_bench [N [DAYS [ACCOUNTS
 * [PLANS]]]]     N (10000) task failures and what goes with them over DAYS (30; 0: within one hour) under
 * ACCOUNTS (200). Steps are compared with those of N / 2: 2.0 is linear. Statements below 1 % of the time are
 * not listed, each rule's sum is; PLANS=1 adds the query plan of those that are. */
#include "case/casedb_priv.h"
#include "base/limits.h"
#include "diagnose/diagnose.h"
#include "kb/kb.h"
#include "tests/scale.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct cost {
    char name[120];
    double s;
    int64_t steps, rows;
    char *sql;
};
struct run {
    struct cost cost[600];
    size_t n;
    double rest;
};
static struct kb *kb;
static bool plans;
static int64_t accounts = 200;

static double now(void)
{
    struct timespec t;
    /* of this process: other work on the machine does not count */
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(enum status st, const struct err *e)
{
    if (st != OK)
        fprintf(stderr, "rule_bench: %s: %s\n", e->what, e->why), exit(70);
}

/* Runs the first statement of sql and returns what follows it. */
static const char *measure(struct casedb *db, struct cost *c, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    const char *rest = sql;
    if (sqlite3_prepare_v2(db->db, sql, -1, &stmt, &rest) != SQLITE_OK)
        fprintf(stderr, "rule_bench: %s: %s\n", c->name, sqlite3_errmsg(db->db)), exit(70);
    double t = now();
    while (stmt && sqlite3_step(stmt) == SQLITE_ROW)
        c->rows++;
    c->s += now() - t;
    if (stmt)
        c->steps += sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 0),
            c->sql = strndup(sql, (size_t)(rest - sql));
    sqlite3_finalize(stmt);
    return rest;
}

static void script(struct casedb *db, struct run *r, const char *file)
{
    size_t line = 1;
    for (const char *sql = kb_file(kb, file).p; sql && *sql;) {
        while (*sql == '\n' || *sql == ' ' || (sql[0] == '-' && sql[1] == '-')) {
            size_t n = *sql == '-' ? strcspn(sql, "\n") : 1;
            line += *sql == '\n', sql += n;
        }
        if (!*sql)
            break;
        struct cost *c = &r->cost[r->n++];
        snprintf(c->name, sizeof c->name, "%s:%zu %.40s", file, line, sql);
        const char *next = measure(db, c, sql);
        while (sql < next)
            line += *sql++ == '\n';
    }
}

static void plan(struct casedb *db, const struct cost *c)
{
    sqlite3_stmt *stmt = NULL;
    char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", c->sql);
    if (sqlite3_prepare_v2(db->db, sql, -1, &stmt, NULL) == SQLITE_OK)
        while (sqlite3_step(stmt) == SQLITE_ROW)
            printf("        %s\n", (const char *)sqlite3_column_text(stmt, 3));
    sqlite3_finalize(stmt), sqlite3_free(sql);
}

static void run(struct run *r, int64_t n, int64_t span, bool last, const struct run *half)
{
    struct casedb *db = NULL;
    struct err e = {0};
    char set[120];
    size_t rules;
    const struct rule *rule = kb_rules(kb, &rules);
    snprintf(set, sizeof set, "CREATE TEMP TABLE scale AS SELECT %lld AS n, %lld AS span, %lld AS accounts",
             (long long)n, (long long)span, (long long)accounts);
    must(case_create(NULL, kb_file(kb, "schema.sql"), &db, &e), &e);
    must(case_begin(db, &e), &e), must(kb_store(kb, db, &e), &e), must(derive_views(db, kb, &e), &e);
    must(case_exec(db, set, &e), &e), must(case_exec(db, scale_sql, &e), &e), must(case_commit(db, &e), &e);
    must(case_begin(db, &e), &e);
    const char *name;
    for (size_t i = 0; kb_part(kb, "derive/", i, &name).p; i++)
        script(db, r, name);
    struct cost *cover = &r->cost[r->n++];
    snprintf(cover->name, sizeof cover->name, "coverage.sql");
    double t = now();
    must(coverage(db, kb, &e), &e);
    cover->s = now() - t;
    for (size_t i = 0; i < rules; i++)
        for (size_t k = 0; k < rule[i].n_ind; k++) {
            struct cost *c = &r->cost[r->n++];
            char sql[20000];
            snprintf(c->name, sizeof c->name, "%.*s %s %zu", STR_ARG(rule[i].name),
                     role_names[rule[i].ind[k].role], k + 1);
            snprintf(sql, sizeof sql, "%.*s", STR_ARG(rule[i].ind[k].sql));
            measure(db, c, sql);
        }
    t = now();
    must(diagnose_rules(db, kb, rule, rules, &e), &e);
    r->rest = now() - t;
    double all = 0;
    for (size_t i = 0; i < r->n; i++)
        all += r->cost[i].s;
    for (size_t i = 0; last && i < r->n; i++) {
        const struct cost *c = &r->cost[i], *h = &half->cost[i];
        double ratio = h->steps ? (double)c->steps / (double)h->steps : 0;
        if (c->s < all / 100 && !(ratio > 2.4 && c->steps > 1000000) && c->steps < LIM_RULE_STEPS / 20)
            continue;
        printf("| %-60.60s | %8.3f | %12lld | %8lld | %5.2f |\n", c->name, c->s, (long long)c->steps,
               (long long)c->rows, ratio);
        if (plans)
            plan(db, c);
    }
    for (size_t i = 0; last && i < rules; i++) {
        struct cost sum = {0}, before = {0};
        for (size_t k = 0; k < r->n; k++)
            if (!strncmp(r->cost[k].name, rule[i].name.p, rule[i].name.n)
                && r->cost[k].name[rule[i].name.n] == ' ')
                sum.s += r->cost[k].s, sum.steps += r->cost[k].steps, sum.rows += r->cost[k].rows,
                    before.steps += half->cost[k].steps;
        printf("| rule %-55.*s | %8.3f | %12lld | %8lld | %5.2f |\n", STR_ARG(rule[i].name), sum.s,
               (long long)sum.steps, (long long)sum.rows,
               (double)sum.steps / (double)(before.steps ? before.steps : 1));
    }
    if (last)
        printf("| %-60s | %8.3f | %12s | %8s |\n| %-60s | %8.3f |\n", "all statements", all, "", "",
               "diagnosis: the rules again, findings, citations", r->rest);
    case_close(db);
}

int main(int argc, char **argv)
{
    static struct run half, whole;
    struct err e = {0};
    int64_t n = argc > 1 ? atoll(argv[1]) : 10000, days = argc > 2 ? atoll(argv[2]) : 30,
            span = days ? SCALE_DAYS(days) : SCALE_DAYS(1) / 24;
    accounts = argc > 3 ? atoll(argv[3]) : accounts, plans = argc > 4;
    setvbuf(stdout, NULL, _IOLBF, 0);
    must(kb_load(getenv("KNOWLEDGE"), &kb, &e), &e);
    printf("%lld task failures and what goes with them, over %lld days, %lld accounts\n\n| %-60s | %8s | "
           "%12s | %8s | %5s |\n|---|---:|---:|---:|---:|\n",
           (long long)n, (long long)days, (long long)accounts, "statement", "seconds", "steps", "rows",
           "2n/n");
    run(&half, n / 2, span, false, NULL);
    run(&whole, n, span, true, &half);
    kb_free(kb);
    return 0;
}
