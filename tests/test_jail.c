/* What a worker can still do once it is jailed: read what it holds and talk on its channel. Everything else
 * ends it. This program is its own worker (--worker): it jails itself as the real one does and then tries
 * what its file asks for. */
#include "parsers/second/second.h"
#include "case/casedb.h"
#include "cmd/cmd.h"
#include "run/dumper.h"
#include "run/unpacker.h"
#include "run/discover.h"
#include "run/frame.h"
#include "run/ingest.h"
#include "kb/kb.h"
#include "plat/jail.h"
#include "run/rereader.h"
#include "run/verify.h"
#include "run/discover.h"
#include "run/worker.h"
#include "tests/own_main.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int held; /* a descriptor that was opened before */

static int try_open(void) { return open("/etc/passwd", O_RDONLY); }
static int try_write_file(void) { return open("/tmp/whylogon-jail-escape", O_WRONLY | O_CREAT, 0600); }
static int try_socket(void) { return socket(AF_INET, SOCK_STREAM, 0); }
static int try_connect(void)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return connect(held, (struct sockaddr *)&a, sizeof a);
}
static int try_exec(void) { return execl("/bin/true", "true", NULL); }
static int try_fork(void) { return (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }
static int try_ptrace(void) { return (int)ptrace(PTRACE_ATTACH, getppid(), 0, 0); }
static int try_kill(void) { return kill(getppid(), 0); }
static int try_unlink(void) { return unlink("/tmp/whylogon-jail-escape"); }
static int try_look(void)
{
    struct stat s;
    return stat("/etc/passwd", &s);
}
/* the kernel would signal the parent whenever the channel can be read */
static int try_own(void) { return fcntl(held, F_SETOWN, getppid()); }
static int try_signal_choice(void) { return fcntl(held, F_SETSIG, SIGKILL); }
static int try_async(void) { return fcntl(held, F_SETFL, O_ASYNC); }
static int try_duplicate(void) { return fcntl(held, F_DUPFD, 100); }
static int try_ioctl(void)
{
    int owner = getppid();
    return ioctl(held, FIOSETOWN, &owner);
}
static int try_type(void) { return ioctl(2, TIOCSTI, "x"); }
static int try_prctl(void) { return prctl(PR_SET_DUMPABLE, 1); }
static int try_address(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "\0whylogon-jail-test"};
    return (int)sendto(held, "x", 1, 0, (struct sockaddr *)&a, sizeof a);
}
static int try_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}
static int try_make_code(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}
static int try_memfd(void) { return memfd_create("x", 0); }
static int try_signal_self_group(void) { return (int)syscall(SYS_tgkill, getppid(), getppid(), 0); }
static int try_memory_of_parent(void)
{
    char c;
    struct iovec mine = {&c, 1}, theirs = {&c, 1};
    return (int)process_vm_readv(getppid(), &mine, 1, &theirs, 1, 0);
}
static int try_limits_of_parent(void) { return prlimit(getppid(), RLIMIT_CPU, &(struct rlimit){0, 0}, NULL); }

/* of a file that others read as well, as parts of a spool are */
static int try_shared(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, held, 0) == MAP_FAILED ? -1 : 0;
}
static int try_shared_memory(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? -1 : 0;
}
static int try_stack(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
    return p == MAP_FAILED ? -1 : 0;
}
/* of root: nobody may use the page any more */
static int try_poison(void) { return madvise(NULL, 4096, 100); }

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

/* of a large block, which the C library would have the kernel move */
static int may_grow(void)
{
    enum { SMALL = 1 << 20, LARGE = 80 << 20 };
    char *p = malloc(SMALL), *q;
    if (!p)
        return -1;
    memset(p, 'x', SMALL);
    q = realloc(p, LARGE);
    int got = q && q[0] == 'x' && q[SMALL - 1] == 'x' ? 0 : -1;
    free(q);
    return got;
}
static int may_forget(void)
{
    void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return madvise(p, 4096, MADV_DONTNEED);
}

static const struct {
    const char *name;
    int (*fn)(void);
    bool allowed;
} rows[] = {
    {"open a file", try_open, false},
    {"create a file", try_write_file, false},
    {"make a socket", try_socket, false},
    {"connect", try_connect, false},
    {"run a program", try_exec, false},
    {"fork", try_fork, false},
    {"trace the parent", try_ptrace, false},
    {"signal the parent", try_kill, false},
    {"delete a file", try_unlink, false},
    {"look whether a file is there", try_look, false},
    {"fcntl: be signalled in the parent's name", try_own, false},
    {"fcntl: with which signal", try_signal_choice, false},
    {"fcntl: from now on", try_async, false},
    {"fcntl: hold a descriptor twice", try_duplicate, false},
    {"ioctl: the same as F_SETOWN", try_ioctl, false},
    {"ioctl: type on the terminal", try_type, false},
    {"prctl", try_prctl, false},
    {"send to an address", try_address, false},
    {"map memory that can run", try_code, false},
    {"make memory run", try_make_code, false},
    {"make a file in memory", try_memfd, false},
    {"signal a thread of the parent", try_signal_self_group, false},
    {"read the parent's memory", try_memory_of_parent, false},
    {"change the parent's limits", try_limits_of_parent, false},
    {"write to a file that is held by others, through memory", try_shared, false},
    {"have memory that is not counted", try_shared_memory, false},
    {"have a stack without end", try_stack, false},
    {"spoil memory of all", try_poison, false},
    {"read what it holds", may_read, true},
    {"map what it holds", may_map, true},
    {"use memory", may_allocate, true},
    {"use more of it", may_grow, true},
    {"give memory back", may_forget, true},
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
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
            cr_skip_test("skipped: no seccomp here");
        if (rows[i].allowed)
            cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: status %d", rows[i].name, status);
        else
            cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "%s: status %d", rows[i].name,
                      status);
    }
    close(held);
}

/* Of all calls that a kernel may have, of this architecture and of those it serves beside: what is not for
 * reading and telling ends who tries. */
static const char *const calls[] = {
    "recvmsg", "recvfrom", "read",         "write",          "pread64",        "lseek",       "fstat",
    "close",   "munmap",   "brk",          "exit",           "exit_group",     "futex",       "rt_sigreturn",
    "getpid",  "gettid",   "rt_sigaction", "rt_sigprocmask", "sched_yield",    "sigaltstack", "getrandom",
    "mremap",  "mmap",     "mprotect",     "clock_gettime",  "restart_syscall"};

/* uretprobe and uprobe pass filters: they do nothing for who does not come from a trampoline of the kernel's.
 * Source: Linux, kernel/seccomp.c, seccomp_uprobe_exception. */
static bool passes_filters(long nr)
{
#ifdef __x86_64__
    return nr == 335 || nr == 336;
#else
    return (void)nr, false;
#endif
}

static bool is_allowed(long nr)
{
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)nr);
    bool found = passes_filters(nr);
    for (size_t i = 0; name && i < sizeof calls / sizeof *calls; i++)
        found |= strcmp(name, calls[i]) == 0;
    free(name);
    return found;
}

/* How the process ends that makes the call with arguments of nothing but ones. */
static int end_of(long nr)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        if (!(plat_jail(&(struct jail_limits){.files = 16}) & JAIL_SECCOMP))
            _exit(77);
        syscall(nr, -1L, -1L, -1L, -1L, -1L, -1L);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    return status;
}

Test(jail, no_call_that_is_not_named, .timeout = 300)
{
    enum { NUMBERS = 512 }; /* the kernel of today has 470 */
    unsigned refused = 0;
    pid_t pid = fork();
    if (pid == 0) { /* what can be done once is, before it is copied */
        plat_jail_ahead(&(struct jail_limits){.files = 16});
        for (long nr = 0; nr < NUMBERS; nr++) {
            int how = is_allowed(nr) ? 0 : end_of(nr);
            if (WIFEXITED(how) && WEXITSTATUS(how) == 77)
                _exit(77);
            if (!is_allowed(nr) && (!WIFSIGNALED(how) || WTERMSIG(how) != SIGSYS))
                fprintf(stderr, "call %ld: status %d\n", nr, how), _exit(1);
            refused += !is_allowed(nr);
        }
#ifdef __x86_64__
        enum { X32 = 0x40000000 }; /* write */
        int how = end_of(X32 + 1);
        if ((!WIFSIGNALED(how) || WTERMSIG(how) != SIGSYS))
            fprintf(stderr, "x32: status %d\n", how), _exit(1);
#endif
        _exit(refused > NUMBERS - 40 ? 0 : 2);
    }
    int status;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        cr_skip_test("skipped: no seccomp here");
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
}

/* Without seccomp, which an old or odd kernel may refuse, Landlock alone has to hold what it can. */
static int landlock_only(int (*try)(void))
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
    if (!f || seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0) != 0
        || seccomp_rule_add(f, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
                            SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP))
               != 0
        || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || seccomp_load(f) != 0)
        return 77;
    unsigned layers = plat_jail(&(struct jail_limits){.files = 64, .may_write = true});
    if (layers & JAIL_SECCOMP || !(layers & JAIL_LANDLOCK))
        return 77;
    return try() >= 0 ? 0 : errno == EACCES || errno == EPERM ? 1 : 2;
}

static int try_abstract_socket(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "\0whylogon-jail-test"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return fd < 0 ? 0 : connect(fd, (struct sockaddr *)&a, offsetof(struct sockaddr_un, sun_path) + 20);
}
static int try_tcp(void)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? 0 : connect(fd, (struct sockaddr *)&a, sizeof a);
}
static int try_delete(void) { return unlink("/tmp/whylogon-jail-kept"); }
static int try_truncate(void) { return truncate("/tmp/whylogon-jail-kept", 0); }

Test(jail, landlock_alone)
{
    size_t missing = 0;
    static const struct {
        const char *name;
        int (*fn)(void);
        int abi;
    } tries[] = {{"open a file", try_open, 1},      {"create a file", try_write_file, 1},
                 {"delete a file", try_delete, 1},  {"cut a file", try_truncate, 3},
                 {"connect", try_tcp, 4},           {"connect to an abstract socket", try_abstract_socket, 6},
                 {"signal the parent", try_kill, 6}};
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "\0whylogon-jail-test"};
    int ear = socket(AF_UNIX, SOCK_STREAM, 0),
        kept = open("/tmp/whylogon-jail-kept", O_CREAT | O_WRONLY, 0600);
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
    cr_assert(bind(ear, (struct sockaddr *)&a, offsetof(struct sockaddr_un, sun_path) + 20) == 0
              && listen(ear, 9) == 0 && kept >= 0);
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0)
            _exit(abi >= tries[i].abi ? landlock_only(tries[i].fn) : 77);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
            missing++;
        else
            cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%s: status %d", tries[i].name, status);
    }
    close(ear), close(kept), unlink("/tmp/whylogon-jail-kept");
    if (missing)
        cr_skip_test("skipped: %zu of what is refused: Landlock %ld", missing, abi);
}

Test(jail, says_what_is_in_force)
{
    char text[160];
    cr_expect_str_eq(jail_text(JAIL_ALL, text, sizeof text), "no-new-privileges, limits, landlock, seccomp");
    cr_expect_str_eq(jail_text(JAIL_ALL & ~(unsigned)JAIL_LANDLOCK, text, sizeof text),
                     "no-new-privileges, limits, no landlock, seccomp");
}

/* --- the same in a worker's stead: each attempt costs the worker its life and the file its place, nothing
 * else */

static void say(uint8_t type, const void *body, size_t n)
{
    struct buf b = {0};
    struct err e = {0};
    size_t at = frame_begin(&b, type);
    buf_put(&b, body, n);
    frame_end(&b, at);
    frame_send(&b, &e);
    buf_free(&b);
}

/* A worker that writes on its standard error, pretending to ask for a password, and reads what is typed. */
static void talk(void)
{
    static const char fake[] = "\033]0;title\007\033[31mpassword for root: \033[0m\n";
    char typed;
    for (int i = 0; i < 10000; i++)
        if (write(2, fake, sizeof fake - 1) < 0)
            break;
    if (read(2, &typed, 1) >= 0 || isatty(2))
        write(2, "TYPED", 5);
    raise(SIGKILL);
}

static int try_things(void)
{
    struct buf body = {0}, reply = {0};
    uint8_t type, text[1];
    plat_file fd[JOB_FILES];
    size_t n = JOB_FILES, got = 0;
    struct err e = {0};
    struct done d = {.what = STR(""), .why = STR("")};
    const char *lack = getenv("WHYLOGON_TEST_LACK");
    if (frame_recv(&body, &type, NULL, NULL, &e) != OK)
        return 70;
    const struct jail_limits lim = {.files = 16};
    plat_jail_ahead(&lim);
    if (plat_child_copies(&e) != OK)
        return 0;
    unsigned layers = plat_jail(&lim) & ~(lack ? (unsigned)atoi(lack) : 0u);
    say(FRAME_JAIL, (uint8_t[]){(uint8_t)layers, 0, 0, 0}, 4);
    for (; frame_recv(&body, &type, fd, &n, &e) == OK; n = JOB_FILES) {
        held = n ? (int)fd[0] : -1;
        if (plat_read_at(held, 0, text, 1, &got, &e) == OK && got && text[0] == 't')
            talk();
        if (got && text[0] < sizeof rows / sizeof *rows)
            rows[text[0]].fn();
        uint8_t sniffed[1 + 4 * 4 + 1 + 8 + 8 + 4 + 4] = {KIND_UNKNOWN};
        if (body.p && body.p[0] == JOB_SNIFF)
            say(FRAME_SNIFF, sniffed, sizeof sniffed);
        reply.n = 0, done_put(&reply, &d), say(FRAME_DONE, reply.p, reply.n);
        for (size_t i = 0; i < n; i++)
            plat_close(fd[i]);
    }
    return 0;
}

static enum status number(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)n, (void)e;
    *(int64_t *)ctx = c[0].i;
    return OK;
}
static int64_t count(struct casedb *db, const char *sql, const char *arg)
{
    int64_t v = -1;
    struct value a = val_s(str_of(arg));
    struct err e = {0};
    cr_expect_eq(case_query(db, sql, &a, (enum col_type[]){COL_TEXT}, 1, number, &v, &e), OK, "%s", e.why);
    return v;
}

static enum status look(const char *dir, struct casedb **db, struct kb **kb, struct ingest_result *r,
                        bool require, struct err *e)
{
    struct evidence ev;
    cr_assert(kb_load(NULL, kb, e) == OK && case_create(NULL, kb_file(*kb, "schema.sql"), db, e) == OK
                  && discover(&dir, 1, NULL, NULL, &ev, e) == OK,
              "%s", e->why);
    enum status st = ingest(*db, &(struct want){0}, &ev,
                            &(struct ingest_options){.workers = 1, .require_jail = require}, r, e);
    evidence_free(&ev);
    return st;
}

Test(jail, a_worker_that_tries, .timeout = 300)
{
    char dir[] = "/tmp/whylogon-jail-XXXXXX", path[80];
    struct casedb *db = NULL;
    struct kb *kb = NULL;
    struct ingest_result r = {0};
    struct err e = {0};
    uint64_t denied = 0;
    unsetenv("BXFI_MAP"); /* the test runner's own mark on its children: ours are none of them */
    cr_assert_not_null(mkdtemp(dir));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(path, sizeof path, "%s/%02zu", dir, i);
        FILE *f = fopen(path, "wb");
        cr_assert(f && fputc((int)i, f) != EOF && fclose(f) == 0);
        denied += !rows[i].allowed;
    }
    cr_assert_eq(look(dir, &db, &kb, &r, false, &e), OK, "%s %s", e.what, e.why);
    if (r.jail & JAIL_SECCOMP)
        cr_expect_eq(r.lost_jobs, 2 * denied, "looking at it, then its hash");
    for (size_t i = 0; i < sizeof rows / sizeof *rows && r.jail & JAIL_SECCOMP; i++) {
        snprintf(path, sizeof path, "%s/%02zu", dir, i);
        cr_expect_eq(count(db,
                           "SELECT count(*) FROM evidence WHERE place = ?1 AND note LIKE 'worker lost while "
                           "reading: ended by signal 31'",
                           path),
                     !rows[i].allowed, "%s", rows[i].name);
        unlink(path);
    }
    cr_expect_eq(access("/tmp/whylogon-jail-escape", F_OK), -1);
    rmdir(dir), case_close(db), kb_free(kb);
}

Test(jail, a_missing_layer_is_known_and_may_be_refused, .timeout = 300)
{
    char dir[] = "/tmp/whylogon-jail-XXXXXX", lack[16];
    unsetenv("BXFI_MAP");
    cr_assert_not_null(mkdtemp(dir));
    snprintf(lack, sizeof lack, "%d", JAIL_LANDLOCK);
    setenv("WHYLOGON_TEST_LACK", lack, 1);
    for (int require = 0; require < 2; require++) {
        struct casedb *db = NULL;
        struct kb *kb = NULL;
        struct ingest_result r = {0};
        struct err e = {0};
        char file[80];
        snprintf(file, sizeof file, "%s/file", dir);
        FILE *f = fopen(file, "wb");
        cr_assert(f && fputs("plain", f) >= 0 && fclose(f) == 0);
        enum status st = look(dir, &db, &kb, &r, require, &e);
        cr_expect_eq(st, require ? E_UNSUPPORTED : OK, "%s: %s", e.what, e.why);
        cr_expect(require ? strstr(e.why, "no landlock") != NULL : !(r.jail & JAIL_LANDLOCK));
        case_close(db), kb_free(kb), unlink(file);
    }
    unsetenv("WHYLOGON_TEST_LACK");
    rmdir(dir);
}

Test(jail, a_worker_that_talks, .timeout = 300)
{
    char dir[] = "/tmp/whylogon-jail-XXXXXX", path[80], said[16384] = "";
    int to[2], status;
    size_t n = 0;
    unsetenv("BXFI_MAP");
    cr_assert(mkdtemp(dir) && pipe(to) == 0);
    snprintf(path, sizeof path, "%s/talk", dir);
    FILE *f = fopen(path, "wb");
    cr_assert(f && fputs("talk", f) >= 0 && fclose(f) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct casedb *db = NULL;
        struct kb *kb = NULL;
        struct ingest_result r = {0};
        struct err e = {0};
        dup2(to[1], 2), close(to[0]), close(to[1]);
        _exit(look(dir, &db, &kb, &r, false, &e) != OK);
    }
    close(to[1]);
    for (ssize_t got; n + 1 < sizeof said && (got = read(to[0], said + n, sizeof said - 1 - n)) > 0;)
        n += (size_t)got;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%d", status);
    cr_expect(strstr(said, "a child process wrote: "), "%s", said);
    cr_expect(n < 8000 && !strchr(said, '\033') && !strchr(said, '\007'), "%zu bytes: %s", n, said);
    cr_expect(!strstr(said, "TYPED"), "%s", said);
    close(to[0]), unlink(path), rmdir(dir);
}

/* In a second reader's stead: agrees with everything, whatever holds it. */
static int agree(void)
{
    struct buf body = {0};
    uint8_t type;
    plat_file fd[3];
    size_t n = 3;
    struct err e = {0};
    const char *lack = getenv("WHYLOGON_TEST_LACK");
    if (plat_child_copies(&e) != OK || frame_recv(&body, &type, fd, &n, &e) != OK)
        return 70;
    if (lack)
        say(REREAD_JAIL, (uint8_t[]){(uint8_t)(JAIL_ALL & ~atoi(lack)), 0, 0, 0}, 4);
    while (frame_recv(&body, &type, NULL, NULL, &e) == OK)
        say(REREAD_VERDICT, (uint8_t[]){SECOND_AGREE, 0, 0, 0, 0}, 5);
    buf_free(&body);
    return 0;
}

static const struct {
    const char *what, *lack, *result;
    bool require;
    enum status st;
    unsigned layers;
} seconds[] = {
    {"whole", "0", "agree", true, OK, JAIL_ALL},
    {"a layer missing", "4", "agree", false, OK, JAIL_ALL & ~JAIL_LANDLOCK},
    {"a layer missing that is required", "4", "", true, E_UNSUPPORTED, JAIL_ALL & ~JAIL_LANDLOCK},
    {"says nothing of its jail: its word counts for nothing", NULL, "unreadable", false, OK, JAIL_ALL},
};

Test(jail, second_readers_are_held_too, .timeout = 300)
{
    unsetenv("BXFI_MAP");
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        struct casedb *db = NULL;
        struct kb *kb = NULL;
        struct err e = {0};
        unsigned layers = JAIL_ALL;
        if (seconds[i].lack)
            setenv("WHYLOGON_TEST_LACK", seconds[i].lack, 1);
        else
            unsetenv("WHYLOGON_TEST_LACK");
        char file[] = "/tmp/whylogon-jail-XXXXXX";
        int fd = mkstemp(file);
        struct value path = val_s(str_of(file));
        cr_assert(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0);
        cr_assert(kb_load(NULL, &kb, &e) == OK && case_create(NULL, kb_file(kb, "schema.sql"), &db, &e) == OK,
                  "%s", e.why);
        cr_assert_eq(case_run(db,
                              "INSERT INTO evidence(id, path, place, kind) VALUES(1, 'x.evtx', ?1, 'evtx')",
                              &path, (enum col_type[]){COL_TEXT}, 1, &e),
                     OK, "%s", e.why);
        cr_assert_eq(case_exec(db,
                               "INSERT INTO event(id, file_id, file_off) VALUES(1, 1, 5120);"
                               "INSERT INTO citation(finding, role, ord, evidence_id, file_id, file_off) "
                               "VALUES(1, 'cause', 1, "
                               "'f1:0x1400', 1, 5120)",
                               &e),
                     OK, "%s", e.why);
        struct evidence ev;
        const struct file listed = {.path = STR("x.evtx"), .place = str_of(file)};
        cr_assert_eq(discover_again(&listed, 1, &ev, &e), OK, "%s", e.why);
        cr_expect_eq(verify(db, &ev, seconds[i].require, NULL, NULL, &layers, &e), seconds[i].st, "%s: %s",
                     seconds[i].what, e.why);
        cr_expect_eq(layers, seconds[i].layers, "%s: %x", seconds[i].what, layers);
        cr_expect_eq(count(db, "SELECT count(*) FROM verification WHERE result = ?1", seconds[i].result),
                     seconds[i].st == OK, "%s", seconds[i].what);
        case_close(db), kb_free(kb), unlink(file), evidence_free(&ev);
    }
    unsetenv("WHYLOGON_TEST_LACK");
}

/* The program itself on a system without Landlock; or, landlock, on this one. What it says on its standard
 * error. */
static int run_program(const char *const *args, bool landlock, char *said, size_t cap)
{
    char path[4096];
    const char *p = getenv("WHYLOGON");
    int out[2], status;
    cr_assert_not_null(realpath(p ? p : "build/whylogon", path), "build the program first");
    cr_assert_eq(pipe(out), 0);
    pid_t pid = fork();
    if (pid == 0) {
        scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
        bool ok = landlock
                  || (f
                      && seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS),
                                          seccomp_syscall_resolve_name("landlock_create_ruleset"), 0)
                             == 0
                      && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && seccomp_load(f) == 0);
        if (!ok || dup2(out[1], 2) < 0 || !freopen("/dev/null", "w", stdout))
            _exit(77);
        close(out[0]), close(out[1]);
        execv(path, (char *const *)(uintptr_t)args);
        _exit(77);
    }
    close(out[1]);
    size_t n = 0;
    for (ssize_t got; n + 1 < cap && (got = read(out[0], said + n, cap - n - 1)) > 0;)
        n += (size_t)got;
    said[n] = 0;
    close(out[0]);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static enum status keep_id(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)n, (void)e;
    snprintf(ctx, 64, "%.*s", STR_ARG(c[0].s));
    return OK;
}

/* A case of a sample, made in dir, and a record it cites. */
static void make_case(const char *dir, char id[64])
{
    char said[4096], path[96];
    const char *const args[] = {
        "whylogon", "analyze", "--progress=none", "-o", dir, "samples/cases/two-hosts", NULL};
    struct casedb *db = NULL;
    struct err e = {0};
    id[0] = 0;
    snprintf(path, sizeof path, "%s/case.db", dir);
    cr_assert_eq(run_program(args, true, said, sizeof said), 0, "%s", said);
    cr_assert_eq(case_open(path, &db, &e), OK, "%s", e.why);
    cr_assert_eq(
        case_query(db,
                   "SELECT c.evidence_id FROM citation c JOIN event v USING(file_id, file_off) ORDER "
                   "BY 1 LIMIT 1",
                   NULL, NULL, 0, keep_id, id, &e),
        OK, "%s", e.why);
    case_close(db);
    cr_assert(id[0], "a finding cites a record");
}

/* The same evidence in a container. */
static void pack(const char *dir, char tar[96])
{
    char line[200];
    snprintf(tar, 96, "%s/two-hosts.tar", dir);
    snprintf(line, sizeof line, "tar -C samples/cases -cf %s two-hosts", tar);
    cr_assert_eq(system(line), 0);
}

/* Every command that reads evidence: one line says which layer is missing, whatever the number of children;
 * or nothing runs. */
Test(jail, the_program_says_it_once, .timeout = 480)
{
    char said[8192], id[64], db[96], out_dir[96], tar[96], dir[] = "/tmp/whylogon-jail-XXXXXX", rm[64];
    cr_assert_not_null(mkdtemp(dir));
    if (seccomp_syscall_resolve_name("landlock_create_ruleset") == __NR_SCMP_ERROR)
        cr_skip_test("skipped: this libseccomp does not know Landlock");
    make_case(dir, id), pack(dir, tar);
    snprintf(db, sizeof db, "%s/case.db", dir), snprintf(out_dir, sizeof out_dir, "%s/again", dir);
    const char *const ways[][9] = {
        {"analyze", "--force", "--progress=none", "-j2", "-o", out_dir, "samples/cases/two-hosts"},
        {"dump", "-j2", "samples/cases/two-hosts"},
        {"dump", "--xml", tar},
        {"show", db, id},
        {"inspect", "samples/cases/two-hosts"},
        {"verify", db},
    };
    for (size_t i = 0; i < LEN(ways); i++)
        for (int required = 0; required < 2; required++)
            for (int landlock = 0; landlock < 2; landlock++) {
                const char *args[12] = {"whylogon", ways[i][0]};
                size_t n = 2;
                if (required)
                    args[n++] = "--require-jail";
                for (size_t a = 1; a < LEN(ways[i]) && ways[i][a]; a++)
                    args[n++] = ways[i][a];
                int code = run_program(args, landlock, said, sizeof said);
                const char *line = strstr(said, "no landlock");
                cr_expect_eq(code, required && !landlock ? 2 : 0, "%s%s: exit %d: %s", ways[i][0],
                             required ? " --require-jail" : "", code, said);
                cr_expect(landlock ? !line : line && !strstr(line + 1, "no landlock"), "%s: %s", ways[i][0],
                          said);
            }
    snprintf(rm, sizeof rm, "rm -rf %s", dir);
    cr_expect_eq(system(rm), 0);
}

/* --- who only hands evidence over looks at none of it: linked in place of plat_map and plat_read_at */

static pid_t blind; /* the process that may not */
static unsigned seen;

static void watch(plat_file f)
{
    struct stat s;
    seen += blind == getpid() && fstat((int)f, &s) == 0 && s.st_nlink > 0; /* a spool has no name */
}

enum status __real_plat_map(plat_file f, uint64_t at, uint64_t bytes, struct map *m, struct err *e);
enum status __wrap_plat_map(plat_file f, uint64_t at, uint64_t bytes, struct map *m, struct err *e);
enum status __wrap_plat_map(plat_file f, uint64_t at, uint64_t bytes, struct map *m, struct err *e)
{
    watch(f);
    return __real_plat_map(f, at, bytes, m, e);
}
enum status __real_plat_read_at(plat_file f, uint64_t off, void *buf, size_t cap, size_t *got, struct err *e);
enum status __wrap_plat_read_at(plat_file f, uint64_t off, void *buf, size_t cap, size_t *got, struct err *e);
enum status __wrap_plat_read_at(plat_file f, uint64_t off, void *buf, size_t cap, size_t *got, struct err *e)
{
    watch(f);
    return __real_plat_read_at(f, off, buf, cap, got, e);
}

/* The command in a process of its own; how often it looked at a file, and its exit code. */
static void run_blind(const struct command *c, const char *const *args, unsigned *looked, int *code)
{
    char *argv[8] = {NULL};
    int to[2], argc = 0;
    cr_assert_eq(pipe(to), 0);
    for (; args[argc]; argc++)
        argv[argc] = strdup(args[argc]);
    pid_t pid = fork();
    if (pid == 0) {
        blind = getpid();
        bool ok = freopen("/dev/null", "w", stdout) && freopen("/dev/null", "w", stderr);
        int got[2] = {ok ? c->run(argc, argv) : 77, 0};
        got[1] = (int)seen;
        _exit(write(to[1], got, sizeof got) == (ssize_t)sizeof got ? 0 : 77);
    }
    int got[2] = {-1, -1}, status;
    close(to[1]);
    cr_assert_eq(read(to[0], got, sizeof got), (ssize_t)sizeof got);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    close(to[0]);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    *code = got[0], *looked = (unsigned)got[1];
}

Test(jail, the_parent_maps_no_evidence, .timeout = 300)
{
    char id[64], db[96], tar[96], dir[] = "/tmp/whylogon-jail-XXXXXX", rm[64];
    unsetenv("BXFI_MAP");
    cr_assert_not_null(mkdtemp(dir));
    make_case(dir, id), pack(dir, tar);
    snprintf(db, sizeof db, "%s/case.db", dir);
    const struct {
        const struct command *c;
        const char *args[4];
    } ways[] = {
        {&cmd_dump, {"dump", "samples/cases/two-hosts"}},
        {&cmd_dump, {"dump", tar}},
        {&cmd_show, {"show", db, id}},
    };
    for (size_t i = 0; i < LEN(ways); i++) {
        unsigned looked;
        int code;
        run_blind(ways[i].c, ways[i].args, &looked, &code);
        cr_expect_eq(code, 0, "%s: exit %d", ways[i].args[0], code);
        cr_expect_eq(looked, 0, "%s %s looked %u times", ways[i].args[0], ways[i].args[1], looked);
    }
    blind = getpid(); /* and a look would be seen */
    plat_file fd;
    uint64_t bytes;
    struct map m;
    struct err e = {0};
    cr_assert_eq(plat_open(db, &fd, &bytes, &e), OK, "%s", e.why);
    cr_expect_eq(plat_map(fd, 0, bytes, &m, &e), OK, "%s", e.why);
    cr_expect_eq(seen, 1);
    plat_unmap(&m), plat_close(fd);
    snprintf(rm, sizeof rm, "rm -rf %s", dir);
    cr_expect_eq(system(rm), 0);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--worker") == 0)
        return try_things();
    if (argc == 2 && strcmp(argv[1], "--second") == 0)
        return agree();
    if (argc == 2 && strcmp(argv[1], "--dump") == 0)
        return dumper_main();
    if (argc == 2 && strcmp(argv[1], "--unpack") == 0)
        return unpacker_main();
    return run_tests(argc, argv);
}
