/* criterion: the part of Criterion that our tests use, for the program for Windows, where Criterion itself is
 * not to be had. One process a test: what dies is counted. What it does not know does not compile. */
#ifndef CRITERION_H
#define CRITERION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct criterion_how {
    void (*init)(void), (*fini)(void);
    double timeout; /* seconds */
};
/* run NULL: what its whole suite has */
struct criterion_test {
    const char *suite, *name;
    void (*run)(void);
    struct criterion_how how;
    struct criterion_test *next;
};
void criterion_add(struct criterion_test *t);
/* A condition that does not hold, as it stands in the source: the test goes on, or not. */
__attribute__((format(__MINGW_PRINTF_FORMAT, 4, 5))) void criterion_note(const char *file, int line,
                                                                         const char *what, const char *fmt,
                                                                         ...);
__attribute__((noreturn, format(__MINGW_PRINTF_FORMAT, 4, 5))) void criterion_stop(const char *file, int line,
                                                                                   const char *what,
                                                                                   const char *fmt, ...);
__attribute__((noreturn, format(__MINGW_PRINTF_FORMAT, 1, 2))) void cr_skip_test(const char *fmt, ...);
#define cr_skip cr_skip_test

struct criterion_test_set;
struct criterion_test_set *criterion_initialize(void);
bool criterion_handle_args(int argc, char **argv, bool unknown_too);
bool criterion_run_all_tests(struct criterion_test_set *set);
void criterion_finalize(struct criterion_test_set *set);

#define CR_ENTRY(s, n, fn, ...)                                                       \
    static struct criterion_test s##_##n##_entry = {#s, #n, fn, {__VA_ARGS__}, NULL}; \
    __attribute__((constructor)) static void s##_##n##_add(void) { criterion_add(&s##_##n##_entry); }
#define Test(s, n, ...)                        \
    static void s##_##n##_run(void);           \
    CR_ENTRY(s, n, s##_##n##_run, __VA_ARGS__) \
    static void s##_##n##_run(void)
#define TestSuite(s, ...) CR_ENTRY(s, whole_suite, NULL, __VA_ARGS__) struct criterion_test

#define CR_ASK(how, ok, what, ...) \
    ((ok) ? (void)0 : criterion_##how(__FILE__, __LINE__, what, " " __VA_ARGS__))
#define cr_assert_fail(...)         CR_ASK(stop, false, "fail", __VA_ARGS__)
#define cr_assert(c, ...)           CR_ASK(stop, c, #c, __VA_ARGS__)
#define cr_expect(c, ...)           CR_ASK(note, c, #c, __VA_ARGS__)
#define cr_assert_not(c, ...)       CR_ASK(stop, !(c), "not " #c, __VA_ARGS__)
#define cr_expect_not(c, ...)       CR_ASK(note, !(c), "not " #c, __VA_ARGS__)
#define cr_assert_null(p, ...)      CR_ASK(stop, !(p), #p " is null", __VA_ARGS__)
#define cr_expect_null(p, ...)      CR_ASK(note, !(p), #p " is null", __VA_ARGS__)
#define cr_assert_not_null(p, ...)  CR_ASK(stop, p, #p " is not null", __VA_ARGS__)
#define cr_expect_not_null(p, ...)  CR_ASK(note, p, #p " is not null", __VA_ARGS__)
#define CR_PAIR(how, a, op, b, ...) CR_ASK(how, (a)op(b), #a " " #op " " #b, __VA_ARGS__)
#define cr_assert_eq(a, b, ...)     CR_PAIR(stop, a, ==, b, __VA_ARGS__)
#define cr_expect_eq(a, b, ...)     CR_PAIR(note, a, ==, b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...)    CR_PAIR(stop, a, !=, b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...)    CR_PAIR(note, a, !=, b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...)     CR_PAIR(stop, a, <, b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...)     CR_PAIR(note, a, <, b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...)    CR_PAIR(stop, a, <=, b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...)    CR_PAIR(note, a, <=, b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...)     CR_PAIR(stop, a, >, b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...)     CR_PAIR(note, a, >, b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...)    CR_PAIR(stop, a, >=, b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...)    CR_PAIR(note, a, >=, b, __VA_ARGS__)
#define CR_SAME(how, a, b, ...)     CR_ASK(how, strcmp(a, b) == 0, #a " is " #b, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) CR_SAME(stop, a, b, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...) CR_SAME(note, a, b, __VA_ARGS__)
#define cr_expect_str_empty(a, ...) CR_ASK(note, !*(a), #a " is empty", __VA_ARGS__)
#define CR_BYTES(fatal, a, b, n, ...) \
    CR_ASK(fatal, memcmp(a, b, n) == 0, #a " has the bytes of " #b, __VA_ARGS__)
#define cr_assert_arr_eq(a, b, n, ...) CR_BYTES(stop, a, b, n, __VA_ARGS__)
#define cr_expect_arr_eq(a, b, n, ...) CR_BYTES(note, a, b, n, __VA_ARGS__)
#define cr_log_error(...)              (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr))
#endif
