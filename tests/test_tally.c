#include "parsers/evtx/tally.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

struct heard {
    size_t n[FACT_KINDS];
    uint64_t sum[FACT_KINDS];
    struct fact last[FACT_KINDS];
    char text[FACT_KINDS][64];
};

static enum status hear(void *ctx, const struct fact *f, struct err *e)
{
    static const int summed[FACT_KINDS] = {[FACT_COUNT] = CO_N, [FACT_SPAN] = SP_N, [FACT_FOLD] = FO_N},
                     named[FACT_KINDS] = {
                         [FACT_COUNT] = CO_PROVIDER, [FACT_SPAN] = SP_COMPUTER, [FACT_FOLD] = FO_DATA};
    struct heard *h = ctx;
    (void)e;
    h->n[f->kind]++, h->sum[f->kind] += (uint64_t)f->v[summed[f->kind]].i, h->last[f->kind] = *f;
    snprintf(h->text[f->kind], sizeof *h->text, "%.*s",
             (int)(f->v[named[f->kind]].s.n < 60 ? f->v[named[f->kind]].s.n : 60),
             f->v[named[f->kind]].s.p ? f->v[named[f->kind]].s.p : "");
    return OK;
}

static struct str numbered(char *room, const char *what, int i)
{
    return (struct str){room, (size_t)sprintf(room, "%s%d", what, i)};
}

Test(tally, counts_are_of_channel_and_provider_spans_of_computer_and_channel)
{
    struct tally *t = tally_new();
    uint32_t a = tally_source(t, STR("PC1"), STR("System"), STR("P")),
             b = tally_source(t, STR("PC2"), STR("System"), STR("P")),
             c = tally_source(t, STR("PC1"), STR("System"), STR("Q"));
    cr_expect(a != b && a != c && a == tally_source(t, STR("PC1"), STR("System"), STR("P"))
              && tally_channels(t) == 1);
    tally_add(t, tally_count(t, a, 1), a, 100, 1, 0x10, true);
    tally_add(t, tally_count(t, b, 1), b, 50, 9, 0x20, true);
    tally_add(t, tally_count(t, c, 1), c, INT64_MIN, 2, 0x30, true);
    tally_add(t, tally_count(t, c, 7), c, 120, 3, 0x40, false); /* outside the time asked for */
    struct heard h = {0};
    cr_assert(tally_emit(t, hear, &h, NULL) == OK);
    cr_expect(h.n[FACT_COUNT] == 2 && h.sum[FACT_COUNT] == 3 && h.n[FACT_SPAN] == 2 && h.sum[FACT_SPAN] == 4);
    cr_expect(h.last[FACT_COUNT].v[CO_FIRST_TIME].null && h.last[FACT_COUNT].ref.off == 0x30,
              "a count without a believable time has none");
    tally_source(t, STR("PC1"), STR("Security"), STR("P"));
    cr_expect(tally_channels(t) == 2);
    tally_free(t);
}

/* What lies outside the time asked for counts for what the log covers, never for when a record came. */
Test(tally, outside_the_time_asked_for)
{
    struct tally *t = tally_new();
    struct heard h = {0};
    uint32_t s = tally_source(t, STR("PC1"), STR("System"), STR("P"));
    tally_add(t, tally_count(t, s, 7), s, 50, 1, 0x10, false);
    tally_add(t, tally_count(t, s, 7), s, 100, 2, 0x20, true);
    tally_add(t, tally_count(t, s, 7), s, 200, 3, 0x30, false);
    cr_assert(tally_emit(t, hear, &h, NULL) == OK);
    const struct fact *count = &h.last[FACT_COUNT], *span = &h.last[FACT_SPAN];
    cr_expect(count->v[CO_N].i == 1 && count->v[CO_FIRST_TIME].i == 100 && count->v[CO_LAST_TIME].i == 100
              && count->ref.off == 0x20);
    cr_expect(span->v[SP_N].i == 3 && span->v[SP_FIRST_TIME].i == 50 && span->v[SP_LAST_TIME].i == 200);
    tally_free(t);
}

Test(tally, gaps)
{
    static const struct {
        const char *name;
        int64_t id[4];
        int lost_before;
        uint64_t gaps;
    } rows[] = {{"none", {5, 6, 7, 8}, 0, 0},
                {"one", {5, 6, 9, 10}, 0, 1},
                {"two", {5, 7, 9, 10}, 0, 2},
                {"begins anew: a log that wrapped", {7, 8, 1, 2}, 0, 0},
                {"ids from end to end", {INT64_MIN, INT64_MAX, 0, 1}, 0, 1},
                {"records were lost there", {5, 6, 9, 10}, 2, 0},
                {"records were lost elsewhere", {5, 6, 9, 10}, 1, 1}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct tally *t = tally_new();
        uint32_t s = tally_source(t, STR("PC1"), STR("System"), STR("P"));
        for (int k = 0; k < 4; k++) {
            if (k && k == rows[i].lost_before)
                tally_break(t);
            tally_add(t, tally_count(t, s, 1), s, 1, rows[i].id[k], 0, true);
        }
        cr_expect(tally_gaps(t) == rows[i].gaps, "%s: %d", rows[i].name, (int)tally_gaps(t));
        for (int k = 0; k < 2; k++)
            tally_add(t, tally_count(t, TALLY_OTHERS, 1), TALLY_OTHERS, 1, 10 + 5 * k, 0, true);
        cr_expect(tally_gaps(t) == rows[i].gaps + 1, "%s: those of the others count too", rows[i].name);
        tally_free(t);
    }
}

Test(tally, what_does_not_fit_is_others)
{
    char room[3][32];
    struct tally *t = tally_new();
    int n = 0;
    for (; n < LIM_COUNTS + 100; n++) {
        uint32_t s = tally_source(t, numbered(room[0], "PC", n % 7), STR("C"), numbered(room[2], "P", n));
        tally_add(t, tally_count(t, s, 1), s, n, n, 0, true);
    }
    cr_expect(tally_full(t));
    struct heard h = {0};
    cr_assert(tally_emit(t, hear, &h, NULL) == OK);
    cr_expect(h.sum[FACT_COUNT] == (uint64_t)n && h.sum[FACT_SPAN] == (uint64_t)n, "nothing is lost");
    cr_expect(h.n[FACT_COUNT] <= LIM_COUNTS);
    tally_free(t);
    t = tally_new();
    uint32_t s = tally_source(t, STR("PC1"), STR("C"), STR("P"));
    for (uint32_t id = 0; id < LIM_COUNTS + 50; id++)
        tally_add(t, tally_count(t, s, id), s, 1, 1, 0, true);
    h = (struct heard){0};
    cr_assert(tally_emit(t, hear, &h, NULL) == OK);
    cr_expect(h.sum[FACT_COUNT] == LIM_COUNTS + 50 && h.last[FACT_COUNT].v[CO_EVENT_ID].null
              && h.last[FACT_COUNT].v[CO_N].i == 50);
    cr_expect_str_eq(h.text[FACT_COUNT], "(others)");
    tally_free(t);
    struct str huge = {calloc(1, 70 << 20), 70 << 20};
    t = tally_new();
    cr_expect(tally_source(t, huge, STR("C"), STR("P")) == TALLY_OTHERS && tally_full(t),
              "nor text without end");
    free((char *)huge.p), tally_free(t);
}

Test(tally, folds)
{
    struct tally *t = tally_new();
    struct heard h = {0};
    struct tally_fold f = {.source = tally_source(t, STR("PC1"), STR("C"), STR("P")),
                           .id = 7,
                           .day = 3,
                           .n = 1,
                           .first = 10,
                           .last = 10};
    char room[32];
    for (int i = 0; i < 300; i++) {
        struct str key = numbered(room, "key", i % 100);
        struct tally_fold *old = tally_fold_find(t, key);
        cr_expect((old != NULL) == (i >= 100));
        if (old)
            old->n++;
        else
            cr_assert(tally_fold_add(t, &f, key, STR("{}"), STR("{\"a\":1}"), hear, &h, NULL) == OK);
    }
    tally_fold_data(t, tally_fold_find(t, STR("key99")), STR("{\"a\":\"longer\"}"));
    cr_expect(h.n[FACT_FOLD] == 0);
    cr_assert(tally_emit(t, hear, &h, NULL) == OK);
    cr_expect(h.n[FACT_FOLD] == 100 && h.sum[FACT_FOLD] == 300 && h.last[FACT_FOLD].v[FO_DAY].i == 3);
    cr_expect_str_eq(h.text[FACT_FOLD], "{\"a\":\"longer\"}");
    cr_expect(!tally_fold_find(t, STR("key1")), "emitted folds are gone");
    tally_free(t);
}

/* Too much text: all folds are emitted and begun anew; whoever adds them up loses nothing. */
Test(tally, full_folds_are_emitted)
{
    struct tally *t = tally_new();
    struct heard h = {0};
    struct tally_fold f = {.source = tally_source(t, STR("PC1"), STR("C"), STR("P")), .id = 7, .n = 1};
    struct str data = {calloc(1, 1 << 20), 1 << 20};
    char room[32];
    for (int i = 0; i < 100; i++)
        cr_assert(tally_fold_add(t, &f, numbered(room, "key", i), STR("{}"), data, hear, &h, NULL) == OK);
    cr_expect(h.n[FACT_FOLD] > 50 && h.n[FACT_FOLD] < 100);
    cr_assert(tally_emit(t, hear, &h, NULL) == OK);
    cr_expect(h.n[FACT_FOLD] == 100 && h.sum[FACT_FOLD] == 100);
    free((char *)data.p), tally_free(t);
}
