/* Linux: no new privileges, resource limits, Landlock without a single allowed path, and a seccomp
 * allow-list. Anything else ends the process. */
#include "plat/jail.h"
#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What reading mapped evidence and talking on an open socket needs, and nothing more. The second line is for
 * the C library and sanitizers. */
static const char *const allowed[] = {
    "recvmsg",         "sendto",       "recvfrom",    "read",
    "write",           "pread64",      "lseek",       "fstat",
    "newfstatat",      "close",        "mmap",        "munmap",
    "mremap",          "madvise",      "brk",         "exit",
    "exit_group",      "mprotect",     "futex",       "rt_sigreturn",
    "rt_sigprocmask",  "rt_sigaction", "sigaltstack", "getrandom",
    "clock_gettime",   "gettid",       "getpid",      "sched_yield",
    "restart_syscall", "fcntl",
};

static void limit(unsigned what, uint64_t n, bool *ok)
{
    struct rlimit now;
    if (getrlimit(what, &now) != 0)
        *ok = false;
    else if (now.rlim_max == RLIM_INFINITY || now.rlim_max > n)
        *ok &= setrlimit(what, &(struct rlimit){n, n}) == 0;
}

static bool limits(const struct jail_limits *lim)
{
    bool ok = true;
    if (lim->memory_bytes)
        limit(RLIMIT_DATA, lim->memory_bytes, &ok);
    if (lim->cpu_s)
        limit(RLIMIT_CPU, lim->cpu_s, &ok);
    if (lim->files)
        limit(RLIMIT_NOFILE, lim->files, &ok);
    if (!lim->may_write)
        limit(RLIMIT_FSIZE, 0, &ok);
    limit(RLIMIT_CORE, 0, &ok);
    limit(RLIMIT_NPROC, 0, &ok);
    return ok;
}

/* The kernel is asked which version it has; rights it does not know are left out of the mask. No rule is
 * added: nothing is allowed. */
static bool landlock(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return false;
    uint64_t rights = (1ull << 13) - 1;  /* ABI 1: execute .. make symlink */
    rights |= abi >= 2 ? 1ull << 13 : 0; /* refer */
    rights |= abi >= 3 ? 1ull << 14 : 0; /* truncate */
    struct {
        uint64_t fs, net;
    } rules = {rights, abi >= 4 ? 3 : 0}; /* net: bind and connect TCP */
    int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, abi >= 4 ? sizeof rules : sizeof rules.fs, 0);
    if (fd < 0)
        return false;
    bool ok = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
    close(fd);
    return ok;
}

static bool filter(void)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!f)
        return false;
    bool ok = true;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed && ok; i++) {
        int nr = seccomp_syscall_resolve_name(allowed[i]);
        ok = nr == __NR_SCMP_ERROR || seccomp_rule_add(f, SCMP_ACT_ALLOW, nr, 0) == 0;
    }
    ok = ok && seccomp_load(f) == 0;
    seccomp_release(f);
    return ok;
}

#ifdef NO_JAIL
enum { WITHOUT = 1 }; /* a build for the benchmark alone: what the jail costs */
#else
enum { WITHOUT = 0 };
#endif

unsigned plat_jail(const struct jail_limits *lim)
{
    unsigned layers = 0;
    if (WITHOUT)
        return layers;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        layers |= JAIL_NO_NEW_PRIVILEGES;
    prctl(PR_SET_DUMPABLE, 0);
    if (limits(lim))
        layers |= JAIL_LIMITS;
    if (layers & JAIL_NO_NEW_PRIVILEGES) {
        layers |= landlock() ? JAIL_LANDLOCK : 0;
        layers |= filter() ? JAIL_SECCOMP : 0;
    }
    return layers;
}
