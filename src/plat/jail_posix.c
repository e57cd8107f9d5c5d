/* Linux: no new privileges, resource limits, Landlock without a single allowed path, and a seccomp
 * allow-list, of some calls by their arguments. Anything else ends the process. */
#include "plat/jail.h"
#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What reading mapped evidence and talking on an open socket needs, and nothing more. The second half is for
 * the C library and sanitizers. */
static const char *const allowed[] = {
    "recvmsg",
    "recvfrom",
    "read",
    "write",
    "pread64",
    "lseek",
    "fstat",
    "close",
    "munmap",
    "brk",
    "exit",
    "exit_group",
    "futex",
    "rt_sigreturn",
    "rt_sigprocmask",
    "rt_sigaction",
    "sigaltstack",
    "getrandom",
    "clock_gettime",
    "gettid",
    "getpid",
    "sched_yield",
    "restart_syscall",
};

/* Memory is counted (RLIMIT_DATA) where it is private and no stack. Source: Linux mm/mmap.c, may_expand_vm,
 * is_data_mapping. */
enum { UNCOUNTED = MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN };

/* Allowed only where these arguments, of which the bits in mask are looked at, are so; share: to who may
 * share memory. */
static const struct {
    const char *name;
    struct scmp_arg_cmp is[2];
    bool share;
} allowed_if[] = {
#define MASKED(arg, mask, is)             \
    {                                     \
        arg, SCMP_CMP_MASKED_EQ, mask, is \
    }
    /* no memory that can run, nor is made so; none that is no file's and shared, nor another stack; none
     * through which others see their files change: no limit of a file's size holds there. MAP_SHARED is a bit
     * of MAP_SHARED_VALIDATE too, and none of MAP_PRIVATE. */
    {"mmap", {MASKED(2, PROT_EXEC, 0), MASKED(3, UNCOUNTED, 0)}, false},
    {"mmap", {MASKED(2, PROT_EXEC, 0), MASKED(3, UNCOUNTED, MAP_ANONYMOUS)}, false},
    {"mmap", {MASKED(2, PROT_EXEC, 0), MASKED(3, UNCOUNTED, MAP_SHARED)}, true},
    {"mprotect", {MASKED(2, PROT_EXEC, 0)}, false},
    /* advice of root may spoil a page for all who map it: MADV_HWPOISON is 100 */
    {"madvise", {MASKED(2, UINT32_MAX - 31, 0)}, false},
    {"sendto", {MASKED(4, UINT64_MAX, 0)}, false}, /* on the channel, to no address */
    /* the kernel sends signals to whom F_SETOWN names: nothing is set */
    {"fcntl", {MASKED(1, UINT32_MAX, F_GETFD)}, false},
    {"fcntl", {MASKED(1, UINT32_MAX, F_GETFL)}, false},
};

/* Refused, and taken by who asks for a fact of life: a stack would grow by it beyond any limit, and libraries
 * that cannot move a block copy it. */
static const struct {
    const char *name;
    int why;
} refused[] = {{"mremap", ENOMEM}};

enum { STACK = 64 << 20 }; /* more than any system gives by itself */

static void limit(unsigned what, uint64_t n, bool *ok)
{
    struct rlimit now;
    if (getrlimit(what, &now) != 0)
        *ok = false;
    else if (now.rlim_max == RLIM_INFINITY || now.rlim_max > n)
        *ok &= setrlimit(what, &(struct rlimit){now.rlim_cur < n ? now.rlim_cur : n, n}) == 0;
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
    if (!lim->may_write || lim->write_bytes)
        limit(RLIMIT_FSIZE, lim->may_write ? lim->write_bytes : 0, &ok);
    limit(RLIMIT_STACK, STACK, &ok);
    limit(RLIMIT_CORE, 0, &ok);
    return ok;
}

/* What each version of Landlock can refuse more; headers are older than kernels. Source: Linux 7.1
 * Documentation/userspace-api/landlock.rst, include/uapi/linux/landlock.h; 7 and 8 refuse nothing more. */
static const struct {
    int abi;
    uint64_t fs, net, scoped;
} landlock_rights[] = {
    {1, (1ull << 13) - 1, 0, 0}, /* execute .. make symlink */
    {2, 1ull << 13, 0, 0},       /* refer: move to other folders */
    {3, 1ull << 14, 0, 0},       /* truncate */
    {4, 0, 3, 0},                /* bind, connect TCP */
    {5, 1ull << 15, 0, 0},       /* ioctl on devices */
    {6, 0, 0, 3},                /* abstract sockets and signals of processes outside */
    {9, 1ull << 16, 0, 0},       /* sockets by their paths */
};

/* The kernel is asked which version it has; what it does not know is left out. No rule is added: nothing is
 * allowed. */
static bool landlock(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct {
        uint64_t fs, net, scoped;
    } rules = {0};
    if (abi < 1)
        return false;
    for (size_t i = 0; i < LEN(landlock_rights) && landlock_rights[i].abi <= abi; i++) {
        rules.fs |= landlock_rights[i].fs, rules.net |= landlock_rights[i].net;
        rules.scoped |= landlock_rights[i].scoped;
    }
    /* an older kernel takes what is behind the fields it knows, as long as it is zero */
    int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
    if (fd < 0)
        return false;
    bool ok = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
    close(fd);
    return ok;
}

static struct sock_filter program[4096]; /* ours has a few hundred */

/* The rules as the kernel takes them, into program; how many instructions, 0: none. */
static size_t compile(bool may_share)
{
    int to[2];
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!f || pipe2(to, O_CLOEXEC) != 0) {
        seccomp_release(f);
        return 0;
    }
    bool ok = true;
    seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree, not a list */
    for (size_t i = 0; i < LEN(allowed) && ok; i++) {
        int nr = seccomp_syscall_resolve_name(allowed[i]);
        ok = nr == __NR_SCMP_ERROR || seccomp_rule_add(f, SCMP_ACT_ALLOW, nr, 0) == 0;
    }
    for (size_t i = 0; i < LEN(allowed_if) && ok; i++) {
        int nr = seccomp_syscall_resolve_name(allowed_if[i].name);
        unsigned n = allowed_if[i].is[1].op ? 2 : 1;
        ok = nr == __NR_SCMP_ERROR || (allowed_if[i].share && !may_share)
             || seccomp_rule_add_array(f, SCMP_ACT_ALLOW, nr, n, allowed_if[i].is) == 0;
    }
    for (size_t i = 0; i < LEN(refused) && ok; i++) {
        int nr = seccomp_syscall_resolve_name(refused[i].name);
        ok = nr == __NR_SCMP_ERROR
             || seccomp_rule_add(f, SCMP_ACT_ERRNO((unsigned)refused[i].why), nr, 0) == 0;
    }
    ssize_t got = ok && seccomp_export_bpf(f, to[1]) == 0 ? read(to[0], program, sizeof program) : 0;
    close(to[0]), close(to[1]);
    seccomp_release(f);
    return got > 0 && (size_t)got < sizeof program ? (size_t)got / sizeof *program : 0;
}

#ifdef NO_JAIL
enum { WITHOUT = 1 }; /* a build for the benchmark alone: what the jail costs */
#else
enum { WITHOUT = 0 };
#endif

/* What the first step reached. */
static struct {
    bool entered;
    unsigned layers;
    size_t n; /* instructions of program */
} ahead;

void plat_jail_ahead(const struct jail_limits *lim)
{
    if (WITHOUT)
        return;
    ahead.entered = true;
    ahead.n = compile(lim->may_share);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        ahead.layers |= JAIL_NO_NEW_PRIVILEGES;
    prctl(PR_SET_DUMPABLE, 0);
    if (limits(lim))
        ahead.layers |= JAIL_LIMITS;
    if (ahead.layers & JAIL_NO_NEW_PRIVILEGES && landlock())
        ahead.layers |= JAIL_LANDLOCK;
}

unsigned plat_jail(const struct jail_limits *lim)
{
    bool no_processes = true;
    if (WITHOUT)
        return 0;
    if (!ahead.entered)
        plat_jail_ahead(lim);
    unsigned layers = ahead.layers;
    limit(RLIMIT_NPROC, 0, &no_processes);
    if (!no_processes)
        layers &= ~(unsigned)JAIL_LIMITS;
    struct sock_fprog filter = {(unsigned short)ahead.n, program};
    if (ahead.n && layers & JAIL_NO_NEW_PRIVILEGES
        && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0)
        layers |= JAIL_SECCOMP;
    return layers;
}
