#include "diagnose/hits.h"
#include "tests/dice.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static void explain(void *ctx, struct buf *out) { buf_z(out, ctx); }

static void add(struct hits *h, enum role role, size_t host, const char *subject, int64_t time,
                const char *evidence, int64_t win32)
{
    struct hit_row row = {.role = role,
                          .host = host,
                          .subject = str_of(subject),
                          .evidence = str_of(evidence),
                          .has_time = time >= 0,
                          .time = time < 0 ? 0 : time,
                          .has_win32 = win32 >= 0,
                          .win32 = win32};
    struct err e = {0};
    cr_assert(hits_add(h, &row, explain, (void *)(uintptr_t) "x", &e) == OK, "%s", e.why);
}

static const char *shown(const struct group *g)
{
    static char text[4000];
    size_t n = 0;
    text[0] = 0;
    for (size_t i = 0; g && i < g->n; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s", i ? " " : "", STR_ARG(g->hit[i].evidence));
    return text;
}

Test(hits, groups)
{
    struct hits h = {0};
    add(&h, ROLE_CAUSE, 0, "Task", 5, "e1", -1), add(&h, ROLE_CAUSE, 0, "TASK", 3, "e2", -1),
        add(&h, ROLE_CAUSE, 1, "task", 1, "e3", -1), add(&h, ROLE_LINK, 0, "task", 1, "e4", -1);
    add(&h, ROLE_CAUSE, 0, NULL, -1, "e5", -1), add(&h, ROLE_CAUSE, 0, NULL, 9, "e6", -1),
        add(&h, ROLE_CAUSE, 0, "task", 5, "e1", -1);
    cr_expect(h.n == 4);
    cr_expect_str_eq(shown(hits_group(&h, ROLE_CAUSE, 0, STR("tASk"))), "e2 e1",
                     "in order of time, the same row once");
    cr_expect_str_eq(shown(hits_group(&h, ROLE_CAUSE, 1, STR("task"))), "e3");
    cr_expect_str_eq(shown(hits_group(&h, ROLE_CAUSE, 0, (struct str){0})), "e6 e5", "without a time last");
    cr_expect(!hits_group(&h, ROLE_CAUSE, 0, STR("")) && !hits_group(&h, ROLE_CAUSE, 0, STR("tas"))
              && !hits_group(&h, ROLE_SYMPTOM, 0, STR("task")));
    cr_expect(str_eq(hits_group(&h, ROLE_CAUSE, 0, STR("task"))->subject, STR("Task")),
              "as the first row spells it");
    hits_clear(&h);
    cr_expect(!hits_group(&h, ROLE_CAUSE, 0, STR("task")));
    add(&h, ROLE_CAUSE, 0, "task", 1, "e7", -1);
    cr_expect_str_eq(shown(hits_group(&h, ROLE_CAUSE, 0, STR("task"))), "e7");
    hits_free(&h);
}

/* One row that no tool's text stands for is enough, in whatever order they come. */
Test(hits, one_sure_row_is_enough)
{
    static const struct {
        bool weak[3], sure;
    } rows[] = {{{true, true, true}, false},
                {{false, true, true}, true},
                {{true, false, true}, true},
                {{true, true, false}, true},
                {{false, false, false}, true}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct hits h = {0};
        struct err e = {0};
        for (int64_t k = 0; k < 3; k++) {
            struct hit_row row = {.role = ROLE_CONTRADICTS,
                                  .subject = STR("task"),
                                  .evidence = STR("f1:0x10"),
                                  .has_time = true,
                                  .time = k,
                                  .weak = rows[i].weak[k]};
            cr_assert(hits_add(&h, &row, explain, (void *)(uintptr_t) "x", &e) == OK, "%s", e.why);
        }
        cr_expect(hits_group(&h, ROLE_CONTRADICTS, 0, STR("task"))->sure == rows[i].sure, "row %zu", i);
        hits_free(&h);
    }
}

/* A subject with rows of the rule's own code tells of those alone, whenever they come; one without tells of
 * all it has. */
Test(hits, lesser_rows_give_way)
{
    enum { ROWS = 60 };
    char evidence[ROWS][16];
    for (int i = 0; i < ROWS; i++)
        snprintf(evidence[i], sizeof evidence[i], "f1:0x%03x", i);
    for (int first = 0; first < ROWS; first += 7) {
        struct hits h = {0}, only = {0};
        for (int i = 0; i < ROWS; i++) {
            bool own = i >= first && i % 3 == 0;
            struct hit_row row = {.role = ROLE_SYMPTOM,
                                  .subject = STR("s"),
                                  .evidence = str_of(evidence[i]),
                                  .has_time = true,
                                  .time = i,
                                  .has_win32 = true,
                                  .win32 = own ? 1312 : 1326,
                                  .lesser = !own};
            cr_assert(hits_add(&h, &row, explain, (void *)(uintptr_t) "x", NULL) == OK);
            row.subject = STR("other"), row.lesser = true;
            cr_assert(hits_add(&h, &row, explain, (void *)(uintptr_t) "x", NULL) == OK);
            if (own)
                add(&only, ROLE_SYMPTOM, 0, "s", i, evidence[i], 1312);
        }
        const struct group *g = hits_group(&h, ROLE_SYMPTOM, 0, STR("S")),
                           *o = hits_group(&only, ROLE_SYMPTOM, 0, STR("S"));
        char want[4000];
        snprintf(want, sizeof want, "%s", shown(o));
        cr_expect_str_eq(shown(g), want, "from row %d on", first);
        cr_expect(g->n_code == 1 && g->code[0].win32 == 1312 && g->code[0].n == o->code[0].n
                  && g->first == o->first && g->last == o->last
                  && hits_distinct(g, NULL) == hits_distinct(o, NULL));
        g = hits_group(&h, ROLE_SYMPTOM, 0, STR("other"));
        cr_expect(hits_distinct(g, NULL) == ROWS && g->n_code == 2);
        hits_free(&h), hits_free(&only);
    }
}

/* In whatever order rows come, the earliest and the latest stay and all are counted. */
Test(hits, the_middle_is_given_up)
{
    enum { ROWS = 400 };
    char evidence[ROWS][16];
    for (uint64_t seed = 1; seed < 40; seed++) {
        struct hits h = {0};
        size_t order[ROWS];
        uint64_t s = seed;
        for (size_t i = 0; i < ROWS; i++)
            order[i] = i, snprintf(evidence[i], sizeof evidence[i], "f1:0x%03zx", i);
        for (size_t i = ROWS - 1; i > 0 && seed > 2; i--) {
            size_t k = random_31(&s) % (i + 1), t = order[i];
            order[i] = order[k], order[k] = t;
        }
        for (size_t i = 0; i < ROWS; i++) {
            size_t k = seed == 2 ? ROWS - 1 - i : order[i];
            add(&h, ROLE_SYMPTOM, 0, "s", 1000 + (int64_t)k / 3, evidence[k], k % 5 ? 1312 : 1326);
            if (random_31(&s) % 3 == 0)
                add(&h, ROLE_SYMPTOM, 0, "S", 1000 + (int64_t)k / 3, evidence[k], -1);
        }
        const struct group *g = hits_group(&h, ROLE_SYMPTOM, 0, STR("s"));
        cr_assert(g && g->n == HITS_KEPT && h.kept == HITS_KEPT, "seed %d: %zu", (int)seed, g ? g->n : 0);
        for (size_t i = 0; i < HITS_KEPT; i++)
            cr_expect(
                str_eq(g->hit[i].evidence, str_of(evidence[i < HITS_KEPT / 2 ? i : ROWS - HITS_KEPT + i])),
                "seed %d, place %zu: %.*s", (int)seed, i, STR_ARG(g->hit[i].evidence));
        cr_expect(hits_distinct(g, NULL) == ROWS && g->first == 1000 && g->last == 1000 + (ROWS - 1) / 3
                  && g->n_code == 2);
        hits_free(&h);
    }
}

Test(hits, distinct_evidence_of_two_groups)
{
    struct hits h = {0};
    char id[16];
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "e%d", i);
        add(&h, ROLE_SYMPTOM, 0, i % 2 ? "s" : NULL, i, id, -1);
        if (i % 10 == 0)
            add(&h, ROLE_SYMPTOM, 0, "s", i, id, -1);
    }
    const struct group *a = hits_group(&h, ROLE_SYMPTOM, 0, (struct str){0}),
                       *b = hits_group(&h, ROLE_SYMPTOM, 0, STR("s"));
    cr_expect(hits_distinct(a, b) == 100 && hits_distinct(b, a) == 100 && hits_distinct(a, NULL) == 50
              && hits_distinct(NULL, b) == 60 && hits_distinct(NULL, NULL) == 0);
    add(&h, ROLE_CAUSE, 0, "s", 1, "c", -1);
    cr_expect(hits_distinct(hits_group(&h, ROLE_CAUSE, 0, STR("s")),
                            hits_group(&h, ROLE_SYMPTOM, 0, (struct str){0}))
                  == 50,
              "a cause's evidence is not counted");
    hits_free(&h);
}

Test(hits, floods_end)
{
    struct hits h = {0};
    struct err e = {0};
    enum status st = OK;
    char name[16];
    size_t i = 0;
    for (; st == OK && i < LIM_RULE_SUBJECTS + 10; i++) {
        snprintf(name, sizeof name, "s%zu", i);
        struct hit_row row = {.role = ROLE_CAUSE, .subject = str_of(name), .evidence = STR("e")};
        st = hits_add(&h, &row, explain, (void *)(uintptr_t) "x", &e);
    }
    cr_expect(st == E_LIMIT && i == LIM_RULE_SUBJECTS + 1, "%zu: %s", i, e.why);
    hits_free(&h);
    /* many subjects of some rows each: beyond the limit each keeps a few */
    for (i = 0; i < LIM_RULE_ROWS + 5000; i++) {
        char subject[16], evidence[24];
        snprintf(subject, sizeof subject, "s%zu", i / 40), snprintf(evidence, sizeof evidence, "e%zu", i);
        add(&h, ROLE_CAUSE, 0, subject, (int64_t)i, evidence, -1);
    }
    cr_expect(h.kept >= LIM_RULE_ROWS && h.kept <= LIM_RULE_ROWS + 600, "%zu", h.kept);
    hits_free(&h);
}

#ifdef __GLIBC__
/* A hundred thousand tasks that fail once each: no more memory than their rows need. */
Test(hits, many_subjects_of_one_row_each)
{
    enum { SUBJECTS = 50000, EACH = 800 };
    struct hits h = {0};
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    for (int i = 0; i < SUBJECTS; i++) {
        char subject[16], evidence[16];
        snprintf(subject, sizeof subject, "\\T%d", i), snprintf(evidence, sizeof evidence, "f1:0x%x", i);
        add(&h, ROLE_SYMPTOM, 0, subject, i, evidence, 1312);
    }
    size_t used = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    cr_expect(used < (size_t)SUBJECTS * EACH, "%zu bytes a subject", used / SUBJECTS);
    hits_free(&h);
}
#endif
