/* posix: what tests ask of POSIX, for the program for Windows: there under another name, made here, or not to
 * be had, which skips the test that asks and says why. Included ahead of every test (windows.mk). */
#ifndef POSIX_H
#define POSIX_H
#include <criterion/criterion.h>
#include <direct.h>
#include <io.h>
#include <process.h>
#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#define SIGKILL                       9
#define KILLED                        "ended with code 137"
#define raise(sig)                    raise_here(sig)
#define program_invocation_short_name "test"
#define mkdir(path, mode)             _mkdir(path)
#define setenv(name, value, too)      _putenv_s(name, value)
#define unsetenv(name)                _putenv_s(name, "")
#define mkstemp(pattern)              mkstemp_here(pattern)
#define read                          read_here /* tests have one of their own */

#define NOT_HERE(asked, what) (cr_skip_test("Windows has no " what), (void)(asked), 0)
#define fork()                NOT_HERE(0, "copies of a process")
#define system(line)          NOT_HERE(line, "Unix shell")
#undef popen
#define popen(line, how)  ((FILE *)(intptr_t)NOT_HERE(line, "Unix shell"))
#define symlink(from, to) NOT_HERE(((void)(from), (to)), "symbolic links for everybody")

#define TAKES_OPEN_FILES        cr_skip_test("Windows lets nobody take a file away from who reads it")
#define SERVES_MANY             cr_skip_test("Windows has no copies of a process")
#define STARTS_AT_ONCE          cr_skip_test("workers start in seconds under Wine: longer than this run")
#define readlink(path, name, n) readlink_here(path, name, n)

ssize_t readlink_here(const char *path, char *name, size_t n); /* of /proc/self/fd/N alone: N is a handle */
int raise_here(int sig);
int pause(void);
char *mkdtemp(char *pattern);
int mkstemp_here(char *pattern); /* mingw's own shuts others out */
char *strndup(const char *s, size_t n);
void *memmem(const void *in, size_t n, const void *of, size_t m);
ssize_t pwrite(int fd, const void *p, size_t n, off_t at);
#endif
