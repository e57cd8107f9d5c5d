/* steps: what a build that counts its steps (steps.c) leaves in the file that $STEPS names, for the test that
 * reads it (test_growth.c). */
#ifndef STEPS_H
#define STEPS_H
#include <stdint.h>

enum { STEPS_STMTS = 16384, STEPS_TEXT = 112 };
struct steps {
    uint64_t blocks, sql;
    struct steps_stmt {
        uint64_t hash, steps;
        char text[STEPS_TEXT]; /* its beginning */
    } stmt[STEPS_STMTS];
};
#endif
