/* What a worker can still do once it is jailed: read what it holds and talk on its channel. Everything else ends it. */
#include "../src/plat/jail.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int held;                    /* a descriptor that was opened before */

static int try_open(void) { return open("/etc/passwd", O_RDONLY); }
static int try_write_file(void) { return open("/tmp/whylogon-jail-escape", O_WRONLY | O_CREAT, 0600); }
static int try_socket(void) { return socket(AF_INET, SOCK_STREAM, 0); }
static int try_connect(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return connect(held, (struct sockaddr *)&a, sizeof a);
}
static int try_exec(void) { return execl("/bin/true", "true", NULL); }
static int try_fork(void) { return (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }
static int try_ptrace(void) { return (int)ptrace(PTRACE_ATTACH, getppid(), 0, 0); }
static int try_kill(void) { return kill(getppid(), 0); }
static int try_unlink(void) { return unlink("/tmp/whylogon-jail-escape"); }

static int may_read(void)
{
    char c;
    return pread(held, &c, 1, 0) == 1 ? 0 : -1;
}
static int may_map(void)
{
    void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, held, 0);
    return p != MAP_FAILED && ((volatile char *)p)[0] ? 0 : -1;
}
static int may_allocate(void)
{
    volatile char *p = malloc(8 << 20);
    if (!p)
        return -1;
    p[0] = 1;
    free((void *)(uintptr_t)p);
    return 0;
}

static const struct { const char *name; int (*fn)(void); bool allowed; } rows[] = {
    {"open a file", try_open, false}, {"create a file", try_write_file, false}, {"make a socket", try_socket, false}, {"connect", try_connect, false},
    {"run a program", try_exec, false}, {"fork", try_fork, false}, {"trace the parent", try_ptrace, false}, {"signal the parent", try_kill, false}, {"delete a file", try_unlink, false},
    {"read what it holds", may_read, true}, {"map what it holds", may_map, true}, {"use memory", may_allocate, true},
};

Test(jail, stops_what_it_should_and_nothing_else)
{
    held = open("/etc/passwd", O_RDONLY);
    cr_assert_geq(held, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            if (!(plat_jail(&(struct jail_limits){.files = 16}) & JAIL_SECCOMP))
                _exit(77);
            _exit(rows[i].fn() >= 0 ? 0 : 1);
        }
        int status;
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
            fprintf(stderr, "skipped: no seccomp here\n");
            return;
        }
        if (rows[i].allowed)
            cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: status %d", rows[i].name, status);
        else
            cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "%s: status %d", rows[i].name, status);
    }
    close(held);
}

Test(jail, says_what_is_in_force)
{
    char text[160];
    cr_expect_str_eq(jail_text(JAIL_ALL, text, sizeof text), "no-new-privileges, limits, landlock, seccomp");
    cr_expect_str_eq(jail_text(JAIL_ALL & ~(unsigned)JAIL_LANDLOCK, text, sizeof text), "no-new-privileges, limits, no landlock, seccomp");
}
