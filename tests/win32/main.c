/* main of a test program that brings none: own_main.h's is what it does. */
#include "tests/own_main.h"

int main(int argc, char **argv);
int main(int argc, char **argv) { return run_tests(argc, argv); }
