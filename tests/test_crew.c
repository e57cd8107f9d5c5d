/* Processes that work on tickets, one after the other, and die at any time: each end is told like any other.
 * This program is its own original: --copies-die makes copies of itself that leave at once, --copies-serve
 * some that do as they are told. */
#include "fleet/crew.h"
#include "base/str.h"
#include "tests/own_main.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifndef SERVES_MANY /* a process may be copied, and take one order after the other */
#define SERVES_MANY (void)0
#endif

enum {
    LEAVES_WITH = 7,
    TOLD_TO_LEAVE = 100,
    ORDER = 900 << 10
}; /* an order larger than what a channel holds: somebody has to read it */

static int copies_that_die(void)
{
    char *text[4];
    size_t n;
    struct buf in = {0};
    struct err e = {0};
    if (crew_recv(&in, text, LEN(text), &n, &e) != OK)
        return 70;
    if (plat_child_copies(&e) == OK)
        _exit(LEAVES_WITH);
    return 0;
}

/* An order is a word. "end": leaves with LEAVES_WITH. Else the code is how many it had before, and whether it
 * was told to leave. */
static int copies_that_serve(void)
{
    char *text[4];
    size_t n;
    struct buf in = {0};
    struct err e = {0};
    if (crew_recv(&in, text, LEN(text), &n, &e) != OK || plat_child_copies(&e) != OK)
        return 0;
    for (int before = 0;; before++) {
        if (crew_recv(&in, text, LEN(text), &n, &e) != OK || n != 2)
            return 70;
        int code = before + (text[0][0] ? TOLD_TO_LEAVE : 0);
        if (strcmp(text[1], "end") == 0)
            _exit(LEAVES_WITH);
        if (strcmp(text[1], "die") == 0)
            raise(SIGKILL);
        if (text[0][0])
            _exit(code);
        if (crew_done_with(code, &e) != OK)
            return 70;
        if (strcmp(text[1], "die later") == 0)
            raise(SIGKILL);
    }
}

struct ends {
    size_t n, ticket[8];
    int code[8], signal[8];
};

static enum status note_end(void *ctx, size_t ticket, const struct exit_info *how, struct err *e)
{
    struct ends *s = ctx;
    (void)e;
    cr_assert_lt(s->n, LEN(s->ticket));
    s->ticket[s->n] = ticket, s->signal[s->n] = how->signal, s->code[s->n++] = how->code;
    return OK;
}

Test(crew, one_that_dies_before_it_is_told, .timeout = 300)
{
    struct crew *c = NULL;
    struct buf ready = {0}, order = {0};
    struct err e = {0};
    struct ends s = {0};
    unsetenv("BXFI_MAP"); /* the test runner's own mark on its children: ours are none of them */
    crew_text(&ready, STR("x"));
    for (size_t i = 0; i < ORDER; i++)
        buf_char(&order, 'x');
    crew_text(&order, STR(""));
    cr_assert_eq(crew_start("--copies-die", &ready, 3, &c, &e), OK, "%s", e.why);
    for (size_t i = 0; i < 3; i++)
        cr_expect_eq(crew_give(c, 40 + i, &order, false, &e), OK, "%zu: %s: %s", i, e.what, e.why);
    while (crew_at_work(c) && s.n < 3)
        cr_assert_eq(crew_wait(c, 1000, note_end, &s, &e), OK, "%s", e.why);
    cr_expect_eq(s.n, 3);
    for (size_t i = 0; i < s.n; i++)
        cr_expect(s.code[i] == LEAVES_WITH && s.ticket[i] >= 40 && s.ticket[i] < 43,
                  "ticket %zu ends with %d", s.ticket[i], s.code[i]);
    crew_free(c), buf_free(&ready), buf_free(&order);
}

/* One process for many tickets, until it or the ticket says otherwise. */
Test(crew, one_after_the_other, .timeout = 300)
{
    static const struct {
        const char *order;
        bool alone;
        int code, signal;
    } rows[] = {{"a", false, 0, 0},
                {"b", false, 1, 0},
                {"c", false, 2, 0},
                {"alone", true, TOLD_TO_LEAVE, 0}, /* nobody was before it, nobody comes after it */
                {"d", false, 0, 0},
                {"end", false, LEAVES_WITH, 0},
                {"e", false, 0, 0},
                {"die", false, 0, SIGKILL},
                {"f", false, 0, 0},
                {"die later", false, 1, 0}}; /* its ticket was done by then */
    struct crew *c = NULL;
    struct buf ready = {0};
    struct err e = {0};
    SERVES_MANY;
    unsetenv("BXFI_MAP");
    crew_text(&ready, STR("x"));
    cr_assert_eq(crew_start("--copies-serve", &ready, 1, &c, &e), OK, "%s", e.why);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf order = {0};
        struct ends s = {0};
        crew_text(&order, str_of(rows[i].order));
        cr_assert_eq(crew_give(c, i, &order, rows[i].alone, &e), OK, "%s: %s: %s", rows[i].order, e.what,
                     e.why);
        cr_expect(!crew_has_room(c) && crew_at_work(c) == 1);
        while (crew_at_work(c) && !s.n)
            cr_assert_eq(crew_wait(c, 1000, note_end, &s, &e), OK, "%s", e.why);
        cr_expect(s.n == 1 && s.ticket[0] == i && s.code[0] == rows[i].code && s.signal[0] == rows[i].signal,
                  "%s: %zu ends, %d, signal %d", rows[i].order, s.n, s.code[0], s.signal[0]);
        buf_free(&order);
    }
    for (unsigned tries = 0; tries < 10; tries++) /* who dies while it waits is nobody's end */
        cr_assert_eq(crew_wait(c, 100, note_end, &(struct ends){.n = 8}, &e), OK, "%s", e.why);
    cr_expect_eq(crew_at_work(c), 0);
    crew_free(c), buf_free(&ready);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--copies-serve") == 0)
        return copies_that_serve();
    if (argc == 2 && strcmp(argv[1], "--copies-die") == 0)
        return copies_that_die();
    return run_tests(argc, argv);
}
