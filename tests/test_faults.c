/* Every allocation, system call and SQLite call of one analyze fails once in turn. The program is linked with --wrap for the calls listed below,
 * SQLite gets a failing allocator and failing system calls of its own. Expected: an exit code that fits, one line on stderr, no signal, no
 * leak, and in OUT the old case whole, or a new one that is as good as an undisturbed run's, or one that says what is missing.
 *   FAULT_STEP=1   every place instead of each so-many-th        FAULT_BY=count   each call one after the other instead of each way to it once
 *   FAULT_ONE=N    this place alone; the way to it goes to stderr, the folder is kept
 * This program is its own worker and second reader. */
#include "../src/cmd.h"
#include "../src/base/buf.h"
#include "../src/casedb.h"
#include "../src/plat/plat.h"
#include "../src/rereader.h"
#include "../src/worker.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const struct command commands[] = {{"analyze", "", "", NULL, cmd_analyze}, {0}};
const struct command *command_find(const char *name) { return strcmp(name, "analyze") == 0 ? commands : NULL; }

/* --- when to fail */

enum kind { MEMORY, SYSTEM, SQLITE, KINDS };
static const char *const kind_names[KINDS] = {"memory", "system", "sqlite"};
enum { PLACES = 60000, FRAMES = 96, SKIP = 2, NAME = 24, JITTER = 500 };

struct shared {                     /* between this process, the run under test and its worker */
    uint64_t calls[KINDS];
    size_t n[KINDS];
    struct place { uint64_t path, first; char name[NAME]; } place[KINDS][PLACES];
    bool hit;
    char name[NAME];
};
static struct shared *shared;
static enum { OFF, RECORD, BY_PATH, BY_COUNT } mode;
static enum kind kind;
static uint64_t target, counted, begin_at; /* begin_at: the way is not looked at before this call, which is slow */
static pid_t owner;
static int depth;                   /* of the stack below the run: who starts it makes no difference */
static bool busy;

/* The calls of ours that led to the one in question, and its name, as one number: where in SQLite it happens makes no difference to us. Neither
 * this nor its caller may be inlined: both are left out. */
__attribute__((noinline)) static uint64_t way_here(const char *name)
{
    extern const char __executable_start[], etext[];
    void *frame[FRAMES + SKIP];
    size_t m = 0;
    int n = backtrace(frame, FRAMES + SKIP);
    for (int i = SKIP; i < n - depth; i++)
        if ((const char *)frame[i] >= __executable_start && (const char *)frame[i] < etext)
            frame[m++] = frame[i];
    return str_hash((struct str){(const char *)frame, m * sizeof *frame}) ^ str_hash(str_of(name));
}

static void record(enum kind k, const char *name, uint64_t path)
{
    static uint64_t known[KINDS][1 << 17];
    uint64_t at = path | 1;
    while (known[k][at & 0x1ffff] && known[k][at & 0x1ffff] != path)
        at++;
    if (known[k][at & 0x1ffff] || shared->n[k] == PLACES)
        return;
    known[k][at & 0x1ffff] = path;
    struct place *p = &shared->place[k][shared->n[k]++];
    p->path = path, p->first = shared->calls[k];
    snprintf(p->name, sizeof p->name, "%s", name);
}

__attribute__((noinline)) static bool strike(enum kind k, const char *name)
{
    if (mode == OFF || busy || (mode != RECORD && (k != kind || shared->hit)) || getpid() != owner)
        return false;
    busy = true;
    int was = errno;
    bool look = ++counted >= begin_at && mode != BY_COUNT;
    uint64_t path = look ? way_here(name) : 0;
    bool now = mode == BY_COUNT ? counted == target : mode == BY_PATH && look && path == target;
    if (mode == RECORD)
        shared->calls[k]++, record(k, name, path);
    if (now && getenv("FAULT_ONE")) {
        void *frame[64];
        backtrace_symbols_fd(frame, backtrace(frame, 64), 2);
    }
    if (now)
        shared->hit = true, snprintf(shared->name, sizeof shared->name, "%s", name);
    errno = was, busy = false;
    return now;
}

/* --- what can fail, and how it says so */

#define FAULT(k, type, name, params, args, code, failed) \
    type __real_##name params; \
    type __wrap_##name params; \
    type __wrap_##name params { return strike(k, #name) ? errno = (code), (failed) : __real_##name args; }
FAULT(MEMORY, void *, malloc, (size_t n), (n), ENOMEM, NULL)
FAULT(MEMORY, void *, calloc, (size_t n, size_t m), (n, m), ENOMEM, NULL)
FAULT(MEMORY, void *, realloc, (void *p, size_t n), (p, n), ENOMEM, NULL)
FAULT(MEMORY, char *, strdup, (const char *s), (s), ENOMEM, NULL)
FAULT(SYSTEM, void *, mmap, (void *p, size_t n, int prot, int flags, int fd, off_t off), (p, n, prot, flags, fd, off), ENOMEM, MAP_FAILED)
FAULT(SYSTEM, ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), ENOSPC, -1)
FAULT(SYSTEM, int, fsync, (int fd), (fd), EIO, -1)
FAULT(SYSTEM, int, rename, (const char *from, const char *to), (from, to), EACCES, -1)
FAULT(SYSTEM, pid_t, fork, (void), (), EAGAIN, -1)
FAULT(SYSTEM, int, socketpair, (int domain, int type, int protocol, int sv[2]), (domain, type, protocol, sv), EMFILE, -1)
FAULT(SYSTEM, int, stat, (const char *path, struct stat *s), (path, s), EACCES, -1)
FAULT(SYSTEM, int, lstat, (const char *path, struct stat *s), (path, s), EACCES, -1)
FAULT(SYSTEM, int, fstat, (int fd, struct stat *s), (fd, s), EIO, -1)
FAULT(SYSTEM, int, mkdir, (const char *path, mode_t how), (path, how), EACCES, -1)
FAULT(SYSTEM, DIR *, opendir, (const char *path), (path), EACCES, NULL)
FAULT(SYSTEM, struct dirent *, readdir, (DIR *d), (d), EIO, NULL)
FAULT(SYSTEM, char *, realpath, (const char *path, char *out), (path, out), EACCES, NULL)
FAULT(SYSTEM, ssize_t, pread, (int fd, void *p, size_t n, off_t off), (fd, p, n, off), EIO, -1)
FAULT(SYSTEM, int, poll, (struct pollfd *p, nfds_t n, int ms), (p, n, ms), ENOMEM, -1)
FAULT(SYSTEM, ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags), EPIPE, -1)
FAULT(SYSTEM, ssize_t, recv, (int fd, void *p, size_t n, int flags), (fd, p, n, flags), EIO, -1)
FAULT(SYSTEM, ssize_t, send, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags), EPIPE, -1)
FAULT(SYSTEM, ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags), EIO, -1)
FAULT(SYSTEM, int, unlink, (const char *path), (path), EACCES, -1)
FAULT(SQLITE, int, sqlite3_open_v2, (const char *name, sqlite3 **db, int flags, const char *vfs), (name, db, flags, vfs), 0, (*db = NULL, SQLITE_CANTOPEN))
FAULT(SQLITE, int, sqlite3_prepare_v2, (sqlite3 *db, const char *sql, int n, sqlite3_stmt **s, const char **tail), (db, sql, n, s, tail), 0, (*s = NULL, SQLITE_IOERR))
FAULT(SQLITE, int, sqlite3_prepare_v3, (sqlite3 *db, const char *sql, int n, unsigned flags, sqlite3_stmt **s, const char **tail), (db, sql, n, flags, s, tail), 0, (*s = NULL, SQLITE_NOMEM))
FAULT(SQLITE, int, sqlite3_step, (sqlite3_stmt *s), (s), 0, SQLITE_IOERR)
FAULT(SQLITE, int, sqlite3_bind_text64, (sqlite3_stmt *s, int i, const char *p, sqlite3_uint64 n, void (*drop)(void *), unsigned char enc), (s, i, p, n, drop, enc), 0, SQLITE_NOMEM)
FAULT(SQLITE, int, sqlite3_bind_int64, (sqlite3_stmt *s, int i, sqlite3_int64 v), (s, i, v), 0, SQLITE_NOMEM)
FAULT(SQLITE, int, sqlite3_file_control, (sqlite3 *db, const char *name, int op, void *p), (db, name, op, p), 0, SQLITE_IOERR)

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    int how = va_arg(ap, int);
    va_end(ap);
    return strike(SYSTEM, "open") ? errno = EMFILE, -1 : __real_open(path, flags, how);
}
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)                    /* as disks do it: closed, and what was written is gone */
{
    bool bad = strike(SYSTEM, "close");
    int rc = __real_close(fd);
    return bad ? errno = EIO, -1 : rc;
}

/* SQLite's own allocations and system calls. */
static sqlite3_mem_methods real_memory;
static void *sql_malloc(int n) { return strike(MEMORY, "sqlite malloc") ? NULL : real_memory.xMalloc(n); }
static void *sql_realloc(void *p, int n) { return strike(MEMORY, "sqlite realloc") ? NULL : real_memory.xRealloc(p, n); }

static sqlite3_syscall_ptr real_call[6];
static int sql_open(const char *path, int flags, int how) { return strike(SYSTEM, "sqlite open") ? errno = EMFILE, -1 : ((int (*)(const char *, int, int))real_call[0])(path, flags, how); }
static ssize_t sql_read(int fd, void *p, size_t n) { return strike(SYSTEM, "sqlite read") ? errno = EIO, -1 : ((ssize_t (*)(int, void *, size_t))real_call[1])(fd, p, n); }
static ssize_t sql_pread(int fd, void *p, size_t n, off_t off)
{
    return strike(SYSTEM, "sqlite pread") ? errno = EIO, -1 : ((ssize_t (*)(int, void *, size_t, off_t))real_call[2])(fd, p, n, off);
}
static ssize_t sql_write(int fd, const void *p, size_t n) { return strike(SYSTEM, "sqlite write") ? errno = ENOSPC, -1 : ((ssize_t (*)(int, const void *, size_t))real_call[3])(fd, p, n); }
static ssize_t sql_pwrite(int fd, const void *p, size_t n, off_t off)
{
    return strike(SYSTEM, "sqlite pwrite") ? errno = ENOSPC, -1 : ((ssize_t (*)(int, const void *, size_t, off_t))real_call[4])(fd, p, n, off);
}
static int sql_truncate(int fd, off_t n) { return strike(SYSTEM, "sqlite ftruncate") ? errno = EIO, -1 : ((int (*)(int, off_t))real_call[5])(fd, n); }

static void arm_sqlite(void)
{
    static const char *const name[] = {"open", "read", "pread64", "write", "pwrite64", "ftruncate"};
    const sqlite3_syscall_ptr ours[] = {(sqlite3_syscall_ptr)sql_open, (sqlite3_syscall_ptr)sql_read, (sqlite3_syscall_ptr)sql_pread,
                                        (sqlite3_syscall_ptr)sql_write, (sqlite3_syscall_ptr)sql_pwrite, (sqlite3_syscall_ptr)sql_truncate};
    sqlite3_shutdown();
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory);
    sqlite3_mem_methods m = real_memory;
    m.xMalloc = sql_malloc, m.xRealloc = sql_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &m);
    sqlite3_initialize();
    sqlite3_vfs *vfs = sqlite3_vfs_find("unix");
    for (size_t i = 0; i < LEN(name); i++) {
        const char *plain = i == 2 ? "pread" : i == 4 ? "pwrite" : name[i], *use = vfs->xGetSystemCall(vfs, name[i]) ? name[i] : plain;
        if ((real_call[i] = vfs->xGetSystemCall(vfs, use)))
            vfs->xSetSystemCall(vfs, use, ours[i]);
    }
}

/* --- one run */

static char dir[] = "/tmp/whylogon-faults-XXXXXX", out[64], err_file[64], case_db[80];

static struct buf old, fresh;       /* the case before, and the one an undisturbed run writes */

static void slurp(const char *path, struct buf *b)
{
    char part[65536];
    b->n = 0;
    FILE *f = fopen(path, "rb");
    for (size_t n; f && (n = fread(part, 1, sizeof part, f)) > 0;)
        buf_put(b, part, n);
    if (f)
        fclose(f);
}
static void spill(const char *path, const struct buf *b)
{
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(b->p, 1, b->n, f) == b->n && fclose(f) == 0, "%s", path);
}

_Noreturn static void child(const char *stamp)
{
    int null = open("/dev/null", O_WRONLY), err = open(err_file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (null < 0 || err < 0 || dup2(null, 1) < 0 || dup2(err, 2) < 0)
        _exit(126);
    plat_begin();
    if (mode != OFF)
        arm_sqlite();
    char text[32], *argv[] = {(char[]){"analyze"}, (char[]){"--force"}, (char[]){"--progress=none"}, (char[]){"-j1"}, (char[]){"--stamp"}, text, (char[]){"-o"}, out, (char[]){"--"},
                    (char[]){"samples/cases/credential-storage-policy"}, NULL};
    snprintf(text, sizeof text, "%s", stamp);
    void *frame[FRAMES];
    depth = backtrace(frame, FRAMES), owner = getpid(), counted = 0;
    int code = cmd_analyze(10, argv);
    mode = OFF;
    sqlite3_shutdown();
    exit(code);
}

struct outcome { int code, sig; };
static struct outcome run(const char *stamp)
{
    int status = 0;
    fflush(stdout), fflush(stderr);
    shared->hit = false;
    pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0)
        child(stamp);
    for (int ms = 0; waitpid(pid, &status, WNOHANG) == 0; ms++) {
        if (ms > 60000)
            kill(pid, SIGKILL);
        usleep(1000);
    }
    return (struct outcome){WIFEXITED(status) ? WEXITSTATUS(status) : -1, WIFSIGNALED(status) ? WTERMSIG(status) : 0};
}

static enum status first_int(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)n, (void)e;
    *(int64_t *)ctx = c[0].i;
    return OK;
}

/* Does the new case say that something is missing? */
static bool says_so(void)
{
    struct casedb *db = NULL;
    int64_t n = 0;
    if (case_open(case_db, &db, &(struct err){0}) != OK)
        return false;
    case_query(db, "SELECT (SELECT count(*) FROM v_evidence WHERE state IN ('partial', 'unreadable') OR note IS NOT NULL)"
                   " + (SELECT count(*) FROM verification WHERE result = 'unreadable') + (SELECT count(*) FROM rule_error)", NULL, NULL, 0, first_int, &n, NULL);
    case_close(db);
    return n > 0;
}

static unsigned left_over(void)
{
    unsigned n = 0;
    DIR *d = opendir(out);
    for (struct dirent *de; d && (de = readdir(d));)
        n += strstr(de->d_name, ".tmp") || strstr(de->d_name, ".building") || strstr(de->d_name, "-journal");
    if (d)
        closedir(d);
    return n;
}

/* What may come of a failure; NULL: all is well. */
static const char *judge(struct outcome o, bool tolerated_unlink)
{
    static struct buf now, err;
    static char why[400];
    slurp(case_db, &now), slurp(err_file, &err);
    buf_char(&err, 0);
    bool same = now.n == old.n && memcmp(now.p, old.p, now.n) == 0, full = now.n == fresh.n && memcmp(now.p, fresh.p, now.n) == 0;
    unsigned lines = 0;
    for (size_t i = 0; i + 1 < err.n; i++)
        lines += err.p[i] == '\n';
    const char *bad = o.sig ? "died of a signal" : strstr(err.p, "Sanitizer") ? "a sanitizer spoke" : strstr(err.p, "runtime error") ? "undefined behaviour" : NULL;
    if (!bad && left_over() && !tolerated_unlink)
        bad = "unfinished files are left";
    if (!bad && (o.code == 0 || o.code == 3 || o.code == 5))
        bad = same ? "success, but the old case is still there" : full || says_so() ? NULL : "success, but the case lacks something and does not say what";
    else if (!bad && o.code != 4 && o.code != 6 && o.code != 70 && !(o.code == 2 && (strstr(err.p, "cannot look at") || strstr(err.p, "does not fit in memory"))))       /* 2: an input, a rule file */
        bad = "an exit code that does not fit";
    else if (!bad && o.code != 4)
        bad = !same ? "the old case was touched" : lines != 1 || strncmp(err.p, "whylogon: ", 10) != 0 ? "not one line on stderr" : NULL;
    if (!bad)
        return NULL;
    snprintf(why, sizeof why, "%s (exit code %d, signal %d): %.250s", bad, o.code, o.sig, err.p);
    return why;
}

static void begin(void)
{
    unsetenv("BXFI_MAP");           /* the test runner's own mark on its children: ours are none of them */
    cr_assert_not_null(mkdtemp(dir));
    snprintf(out, sizeof out, "%s/out", dir), snprintf(err_file, sizeof err_file, "%s/err", dir);
    snprintf(case_db, sizeof case_db, "%s/case.db", out);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(shared != MAP_FAILED);
    void *frame[4];
    backtrace(frame, 4);            /* loads what it needs now */
    mode = OFF;
    cr_assert_eq(run("old").code, 0);
    slurp(case_db, &old);
    cr_assert_eq(run("new").code, 0);
    slurp(case_db, &fresh);
    cr_assert(old.n && fresh.n);
    spill(case_db, &old);
}

static void finish(void)
{
    static const char *const name[] = {"out/case.db", "out/report.html", "out/report.md", "out/report.json", "out", "err", ""};
    char path[128];
    for (size_t i = 0; i < LEN(name); i++)
        snprintf(path, sizeof path, "%s/%s", dir, name[i]), remove(path);
    buf_free(&old), buf_free(&fresh);
    munmap(shared, sizeof *shared);
}

static uint64_t step_of(enum kind k)
{
    static const uint64_t usual[KINDS] = {23, 3, 5};
    const char *step = getenv("FAULT_STEP");
    return step && atoi(step) > 0 ? (uint64_t)atoi(step) : usual[k];
}

/* One after the other. worker: N is handed to the worker, which counts for itself. */
static void one_by_one(enum kind k)
{
    begin();
    const char *by = getenv("FAULT_BY");
    bool count = by && strcmp(by, "count") == 0;
    mode = RECORD, kind = k, begin_at = 0;
    struct outcome o = run("new");
    cr_assert_eq(o.code, 0, "recording: exit code %d, signal %d", o.code, o.sig);
    uint64_t n = count ? shared->calls[k] : shared->n[k], runs = 0, missed = 0, failed = 0, codes[256] = {0};
    mode = count ? BY_COUNT : BY_PATH;
    spill(case_db, &old);
    const char *one = getenv("FAULT_ONE");
    for (uint64_t i = one ? strtoull(one, NULL, 0) : step_of(k) / 2; i < n && failed < 40; i += one ? n : step_of(k)) {
        const struct place *p = &shared->place[k][i];
        target = count ? i + 1 : p->path, begin_at = count || p->first < JITTER ? 0 : p->first - JITTER;    /* frames arrive in pieces of any size */
        o = run("new");
        const char *bad = judge(o, shared->hit && strcmp(shared->name, "unlink") == 0);
        runs++, missed += !shared->hit, codes[o.code & 255]++;
        if (bad)
            failed++, cr_log_error("%s: %s no. %llu fails (%s): %s", kind_names[k], count ? "call" : "place", (unsigned long long)i, shared->hit ? shared->name : "not reached", bad);
        if (one) {
            cr_log_warn("%s kept: exit code %d, signal %d", dir, o.code, o.sig);
            return;
        }
        spill(case_db, &old);
        char path[96];
        snprintf(path, sizeof path, "%s/case.db.building", out), unlink(path);
        snprintf(path, sizeof path, "%s/case.db.tmp", out), unlink(path);
    }
    cr_log_warn("%s: %llu places, %llu calls; %llu runs, %llu did not reach theirs; exit codes: 0 %llu, 4 %llu, 5 %llu, 6 %llu, 70 %llu", kind_names[k], (unsigned long long)shared->n[k],
                (unsigned long long)shared->calls[k], (unsigned long long)runs, (unsigned long long)missed, (unsigned long long)codes[0], (unsigned long long)codes[4], (unsigned long long)codes[5],
                (unsigned long long)codes[6], (unsigned long long)codes[70]);
    finish();
    cr_assert_eq(failed, 0);
}

Test(faults, memory, .timeout = 7200) { one_by_one(MEMORY); }
Test(faults, system, .timeout = 7200) { one_by_one(SYSTEM); }
Test(faults, sqlite, .timeout = 7200) { one_by_one(SQLITE); }

/* --- the worker: its own counter, told through the environment; the memory it shares with us outlives its jail */

enum { FAULT_FD = 200 };            /* out of the way of channel, jail and jobs */

static void arm_worker(void)
{
    unsigned long long n;
    int k;
    const char *text = getenv("FAULT_WORKER");
    if (!text || sscanf(text, "%d:%llu", &k, &n) != 2)
        return;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, FAULT_FD, 0);
    close(FAULT_FD);
    if (shared == MAP_FAILED)
        _exit(70);
    void *frame[4];
    backtrace(frame, 4);
    kind = (enum kind)k, target = n, owner = getpid(), mode = shared->hit ? OFF : BY_COUNT;     /* the one that takes its place is well */
}

Test(faults, workers, .timeout = 7200)
{
    begin();
    int fd = memfd_create("faults", 0);
    cr_assert(fd >= 0 && ftruncate(fd, sizeof *shared) == 0 && dup2(fd, FAULT_FD) == FAULT_FD);
    munmap(shared, sizeof *shared);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    cr_assert(shared != MAP_FAILED);
    close(fd);
    uint64_t runs = 0, failed = 0, step = getenv("FAULT_STEP") ? step_of(MEMORY) : 3;
    for (int k = MEMORY; k <= SYSTEM; k++)
        for (uint64_t n = 1; failed < 20; n += step, runs++) {
            char text[40];
            snprintf(text, sizeof text, "%d:%llu", k, (unsigned long long)n);
            setenv("FAULT_WORKER", text, 1);
            struct outcome o = run("new");
            const char *bad = judge(o, false);
            if (bad)
                failed++, cr_log_error("worker, %s: call no. %llu fails (%s): %s", kind_names[k], (unsigned long long)n, shared->hit ? shared->name : "not reached", bad);
            spill(case_db, &old);
            if (!shared->hit)
                break;
        }
    unsetenv("FAULT_WORKER");
    cr_log_warn("workers: %llu runs", (unsigned long long)runs);
    finish();
    cr_assert_eq(failed, 0);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--worker") == 0) {
        plat_begin(), arm_worker();
        _Exit(worker_main());
    }
    if (argc == 2 && strcmp(argv[1], "--second") == 0)
        _Exit(rereader_main());
    struct criterion_test_set *set = criterion_initialize();
    int code = 0;
    if (criterion_handle_args(argc, argv, true))
        code = !criterion_run_all_tests(set);
    criterion_finalize(set);
    return code;
}
