/* mman: memory of one's own, for tests of the program for Windows (posix.c). No file is mapped. */
#ifndef SYS_MMAN_H
#define SYS_MMAN_H
#include <sys/types.h>

enum { PROT_READ = 1, PROT_WRITE = 2, MAP_PRIVATE = 2, MAP_ANONYMOUS = 32 };
#define MAP_FAILED ((void *)-1)
void *mmap(void *at, size_t n, int may, int how, int fd, off_t from);
int mprotect(void *p, size_t n, int may);
int munmap(void *p, size_t n);
#endif
