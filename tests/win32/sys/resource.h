/* resource: the most memory this process has had, for tests of the program for Windows (posix.c). */
#ifndef SYS_RESOURCE_H
#define SYS_RESOURCE_H

enum { RUSAGE_SELF };
struct rusage {
    long ru_maxrss; /* KiB */
};
int getrusage(int who, struct rusage *u);
#endif
