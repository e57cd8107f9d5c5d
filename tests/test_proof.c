/* test_proof: every sentence of every indicator, on all samples and the cases beside the project where they
 * are, against the facts it cites: each value in it (names, numbers, codes, times, states) stands in one of
 * them. The same sentences beside the wrong record do not hold. And every row of every timeline: its moment
 * is that of the fact beside it, whatever part of time the picture shows. */
#include "tests/sentences.h"
#include "tests/shell.h"
#include <string.h>
#include <unistd.h>

/* --- rows of timelines */

/* What stands behind "open" up to a quote; rest goes on behind it. */
static struct str quoted(struct str *rest, const char *open)
{
    struct str s = {0};
    size_t n = strlen(open);
    while (rest->n > n && memcmp(rest->p, open, n) != 0)
        rest->p++, rest->n--;
    if (rest->n > n) {
        rest->p += n, rest->n -= n, s = str_cut(rest, '\'');
    }
    return s;
}

/* Some record, or run of a task, has this time. */
static bool some_fact_at(struct casedb *db, struct str when)
{
    struct facts f = {.db = db};
    int64_t t;
    cr_assert(wintime_parse(when, &t), "%.*s", STR_ARG(when));
    add_facts(
        &f,
        "SELECT 'yes' AS found FROM (SELECT time AS t FROM event UNION ALL SELECT first_time FROM fold UNION "
        "ALL SELECT last_time FROM fold UNION ALL SELECT last_run FROM task_cache) WHERE t = %lld LIMIT 1",
        (long long)t);
    bool found = f.text.n > 0;
    buf_free(&f.text);
    return found;
}

/* "<tr id='m-0-0'><td><time datetime='...'>": the moment, or none; times in words; the id of the fact. */
static void judge_row(struct sentences *t, struct str row)
{
    struct str rest = row, id = {0}, when, moment = {0};
    static const char *const ids[] = {"href='#e-", "class='id'>"};
    for (size_t i = 0; i < LEN(ids) && !id.n; i++) {
        rest = row, id = quoted(&rest, ids[i]);
        id = str_cut(&id, '<');
    }
    cr_assert(id.n, "%s: cites nothing: %.*s", t->name, STR_ARG(row));
    struct facts f = {.db = t->db};
    tell_place(&f, id), buf_char(&f.text, 0);
    bool begins = memmem(row.p, row.n, "<td><time", 9) != NULL;
    rest = row;
    if (begins) {
        moment = quoted(&rest, "datetime='");
        cr_expect(find(f.text.p, moment.p, moment.n), "%s: %.*s is not the time of %.*s: %.*s", t->name,
                  STR_ARG(moment), STR_ARG(id), STR_ARG(row));
    }
    while ((when = quoted(&rest, "datetime='")).n)
        cr_expect(some_fact_at(t->db, when), "%s: no fact is of %.*s: %.*s", t->name, STR_ARG(when),
                  STR_ARG(row));
    t->rows++;
    buf_free(&f.text);
}

static void look_at_timelines(struct sentences *t, const char *path)
{
    char page[500];
    struct err e = {0};
    size_t cap = 16 << 20, n;
    char *text = malloc(cap);
    snprintf(page, sizeof page, "%.*s/page", (int)(strrchr(path, '/') - path), path);
    cr_assert_eq(run("%s report %s -o %s", program(), path, page), 0, "%s", out);
    strcat(page, "/report.html");
    FILE *in = fopen(page, "r");
    cr_assert(in && text && case_open(path, &t->db, &e) == OK, "%s", page);
    n = fread(text, 1, cap, in);
    cr_assert_lt(n, cap);
    fclose(in);
    for (struct str rest = {text, n}, line; rest.n;) {
        line = str_cut(&rest, '\n');
        if (str_starts_ci(line, STR("<tr id='m-")))
            judge_row(t, line);
    }
    case_close(t->db), free(text);
    forget_places();
}

static void look_at(struct sentences *t, const char *path)
{
    struct err e = {0};
    struct casedb *db;
    cr_assert(case_open(path, &db, &e) == OK, "%s: %s", path, e.why);
    sentences_of(t, db);
    case_close(db);
}

/* Every third case from part on, of samples and of those beside the project. */
static void each(unsigned part, bool beside)
{
    PLAIN_ONLY();
    struct err e = {0};
    char here[100], list[80][200];
    size_t n = 0;
    struct kb *kb;
    cr_assert(kb_load(NULL, &kb, &e) == OK, "%s", e.why);
    struct sentences right = {.kb = kb}, wrong = {.kb = kb, .wrong_record = true};
    snprintf(here, sizeof here, "proof-%s-%u", beside ? "beside" : "samples", part);
    const char *dir = scratch(here);
    cr_assert_eq(run(beside ? "ls -d ../shared/cases/*.tar.xz" : "ls -d samples/cases/*"), 0, "%s", out);
    for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n"), n++) {
        cr_assert_lt(n, LEN(list));
        snprintf(list[n], sizeof list[n], "%s", line);
    }
    for (size_t i = part; i < n; i += 3) {
        char path[400];
        if (beside)
            cr_assert_eq(
                run("mkdir %s/%zu && tar xf %s -C %s/%zu && %s analyze --progress=none -o %s/out-%zu "
                    "%s/%zu/ev",
                    dir, i, list[i], dir, i, program(), dir, i, dir, i),
                0, "%s", out);
        else
            cr_assert_eq(run("mkdir %s/out-%zu && cp %s/case.db %s/out-%zu", dir, i,
                             case_of(strrchr(list[i], '/') + 1), dir, i),
                         0, "%s", out);
        snprintf(path, sizeof path, "%s/out-%zu/case.db", dir, i);
        right.name = wrong.name = list[i];
        look_at(&right, path), look_at(&wrong, path), look_at_timelines(&right, path);
    }
    cr_expect_gt(right.sentences, 300, "%zu sentences", right.sentences);
    cr_expect_gt(right.rows, beside ? 25 : 100, "%zu rows of timelines", right.rows);
    cr_expect_gt(right.values, 3 * right.sentences / 2, "%zu values", right.values);
    cr_expect_eq(right.held, right.sentences, "%zu of %zu hold", right.held, right.sentences);
    cr_expect_lt(wrong.held * 10, wrong.sentences, "%zu of %zu hold beside the wrong record", wrong.held,
                 wrong.sentences);
    sentences_free(&right), sentences_free(&wrong), kb_free(kb);
}

Test(proof, sentences_of_samples_1, .timeout = 1200) { each(0, false); }
Test(proof, sentences_of_samples_2, .timeout = 1200) { each(1, false); }
Test(proof, sentences_of_samples_3, .timeout = 1200) { each(2, false); }

Test(proof, sentences_of_cases, .timeout = 1200)
{
    if (access("../shared/cases/README.md", R_OK) != 0)
        cr_skip("skipped: no ../shared/cases");
    each(0, true);
}
