/* own_main: the end of main() in a test program that is also a child of what it tests (--worker and the
 * like): by then no child came here. Exits with 0 when every test passed, whatever was logged. */
#ifndef OWN_MAIN_H
#define OWN_MAIN_H
#include <criterion/criterion.h>

#ifndef KILLED /* what is said of a child that killed itself by SIGKILL */
#define KILLED "ended by signal 9"
#endif

static int run_tests(int argc, char **argv)
{
    struct criterion_test_set *set = criterion_initialize();
    int code = 0;
    if (criterion_handle_args(argc, argv, true))
        code = !criterion_run_all_tests(set);
    criterion_finalize(set);
    return code;
}
#endif
