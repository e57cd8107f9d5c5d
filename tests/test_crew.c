/* Processes that work on tickets and die before they were told which: each end is told like any other. This
 * program is its own original: --copies-die makes copies of itself that leave at once. */
#include "fleet/crew.h"
#include "base/str.h"
#include "tests/own_main.h"
#include <stdlib.h>
#include <unistd.h>

enum {
    LEAVES_WITH = 7,
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

struct ends {
    size_t n, ticket[8];
    int code[8];
};

static enum status note_end(void *ctx, size_t ticket, const struct exit_info *how, struct err *e)
{
    struct ends *s = ctx;
    (void)e;
    cr_assert_lt(s->n, LEN(s->ticket));
    s->ticket[s->n] = ticket, s->code[s->n++] = how->code;
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
        cr_expect_eq(crew_give(c, 40 + i, &order, &e), OK, "%zu: %s: %s", i, e.what, e.why);
    while (crew_at_work(c) && s.n < 3)
        cr_assert_eq(crew_wait(c, 1000, note_end, &s, &e), OK, "%s", e.why);
    cr_expect_eq(s.n, 3);
    for (size_t i = 0; i < s.n; i++)
        cr_expect(s.code[i] == LEAVES_WITH && s.ticket[i] >= 40 && s.ticket[i] < 43,
                  "ticket %zu ends with %d", s.ticket[i], s.code[i]);
    crew_free(c), buf_free(&ready), buf_free(&order);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--copies-die") == 0)
        return copies_that_die();
    return run_tests(argc, argv);
}
