/* Every allocation, system call and SQLite call of each command fails once in turn, in the program and in its
 * children; calls that may be interrupted or do less than asked are, all of them. The program is linked with
 * --wrap for the calls listed below, SQLite gets a failing allocator and failing system calls of its own.
 * Expected: an exit code that fits, one line on stderr, no signal, no leak; of analyze in OUT the old case
 * and whole reports, or new ones as good as an undisturbed run's, or ones that say what is missing; of the
 * others the whole output, or a code and a line that say it is not. make test tries each so-many-th place,
 * the same ones each time (FAULT_FROM=N: begun at another)       FAULT_STEP=1   every place FAULT_BY=count
 * each call one after the other instead of each way to it once       FAULT_KIND=memory|system|sqlite   this
 * kind alone FAULT_ONE=N     this place alone; the way to it goes to stderr, the folder is kept This program
 * is its own worker, second reader and dumper. */
#include "cmd/cmd.h"
#include "base/buf.h"
#include "case/casedb.h"
#include "run/dumper.h"
#include "plat/plat.h"
#include "run/rereader.h"
#include "run/worker.h"
#include "tests/own_main.h"
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

static const struct command *const commands[] = {&cmd_analyze, &cmd_report,  &cmd_dump,    &cmd_inspect,
                                                 &cmd_show,    &cmd_query,   &cmd_explain, &cmd_verify,
                                                 &cmd_rules,   &cmd_summary, &cmd_export};
static const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < LEN(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

/* --- when to fail */

enum kind { MEMORY, SYSTEM, SQLITE, KINDS };
static const char *const kind_names[KINDS] = {"memory", "system", "sqlite"};
enum { PLACES = 60000, FRAMES = 96, SKIP = 2, NAME = 24, JITTER = 500 };

struct shared { /* between this process, the run under test and its worker */
    uint64_t calls[KINDS];
    size_t n[KINDS];
    struct place {
        uint64_t path, first;
        char name[NAME];
    } place[KINDS][PLACES];
    uint64_t interrupted, shortened;
    bool hit;
    char name[NAME];
};
static struct shared *shared;
static enum { OFF, RECORD, BY_PATH, BY_COUNT, INTERRUPT, SHORT } mode;
static enum kind kind;
/* begin_at: the way is not looked at before this call, which is slow */
static uint64_t target, counted, begin_at;
static const char *only; /* calls of this name alone */
static pid_t owner;
static bool lasting; /* all calls from the target on fail */
static int depth;    /* of the stack below the run: who starts it makes no difference */
static bool busy;

/* The calls of ours that led to the one in question, and its name, as one number: where in SQLite it happens
 * makes no difference to us. Neither this nor its caller may be inlined: both are left out. */
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
    if (mode == OFF || mode >= INTERRUPT || busy || (kind != KINDS && k != kind)
        || (mode != RECORD && shared->hit && !lasting) || getpid() != owner
        || (only && strcmp(name, only) != 0))
        return false;
    busy = true;
    int was = errno;
    bool look = ++counted >= begin_at && mode != BY_COUNT;
    uint64_t path = look ? way_here(name) : 0;
    bool now = mode == BY_COUNT ? counted == target || (lasting && counted > target)
                                : mode == BY_PATH && look && path == target;
    if (mode == RECORD)
        shared->calls[k]++, record(k, name, path);
    if (now && getenv("FAULT_ONE")) {
        extern const char __executable_start[];
        void *frame[64];
        /* for addr2line; nothing that a jail forbids */
        for (int i = 0, n = backtrace(frame, 64); i < n; i++)
            dprintf(2, "way %#tx\n", (const char *)frame[i] - __executable_start);
    }
    if (now)
        shared->hit = true, snprintf(shared->name, sizeof shared->name, "%s", name);
    errno = was, busy = false;
    return now;
}

/* Every other call of a kind that a signal may interrupt is; every call that may do less than asked does a
 * third of it. */
static bool interrupted(unsigned *n)
{
    return mode == INTERRUPT && getpid() == owner && ++*n % 2 ? shared->interrupted++, errno = EINTR,
                                                                                       true : false;
}
static size_t part_of(size_t n)
{
    bool some = mode == SHORT && n > 1 && getpid() == owner;
    return some ? shared->shortened++, n < 64 ? 1 : n / 3 : n;
}

/* --- what can fail, and how it says so */

#define FAULT(k, type, name, params, args, code, failed) \
    type __real_##name params;                           \
    type __wrap_##name params;                           \
    type __wrap_##name params { return strike(k, #name) ? errno = (code), (failed) : __real_##name args; }
FAULT(MEMORY, void *, malloc, (size_t n), (n), ENOMEM, NULL)
FAULT(MEMORY, void *, calloc, (size_t n, size_t m), (n, m), ENOMEM, NULL)
FAULT(MEMORY, void *, realloc, (void *p, size_t n), (p, n), ENOMEM, NULL)
FAULT(MEMORY, char *, strdup, (const char *s), (s), ENOMEM, NULL)
FAULT(SYSTEM, void *, mmap, (void *p, size_t n, int prot, int flags, int fd, off_t off),
      (p, n, prot, flags, fd, off), ENOMEM, MAP_FAILED)
FAULT(SYSTEM, int, fsync, (int fd), (fd), EIO, -1)
FAULT(SYSTEM, int, rename, (const char *from, const char *to), (from, to), EACCES, -1)
FAULT(SYSTEM, int, link, (const char *from, const char *to), (from, to), EPERM, -1)
FAULT(SYSTEM, char *, mkdtemp, (char *path), (path), EACCES, NULL)
FAULT(SYSTEM, int, clone, (int (*fn)(void *), void *stack, int flags, void *arg), (fn, stack, flags, arg),
      EAGAIN, -1)
FAULT(SYSTEM, int, socketpair, (int domain, int type, int protocol, int sv[2]), (domain, type, protocol, sv),
      EMFILE, -1)
FAULT(SYSTEM, int, stat, (const char *path, struct stat *s), (path, s), EACCES, -1)
FAULT(SYSTEM, int, lstat, (const char *path, struct stat *s), (path, s), EACCES, -1)
FAULT(SYSTEM, int, fstat, (int fd, struct stat *s), (fd, s), EIO, -1)
FAULT(SYSTEM, int, mkdir, (const char *path, mode_t how), (path, how), EACCES, -1)
FAULT(SYSTEM, DIR *, opendir, (const char *path), (path), EACCES, NULL)
FAULT(SYSTEM, struct dirent *, readdir, (DIR * d), (d), EIO, NULL)
FAULT(SYSTEM, char *, realpath, (const char *path, char *out), (path, out), EACCES, NULL)
FAULT(SYSTEM, int, unlink, (const char *path), (path), EACCES, -1)
#define WAITING(type, name, params, args, code)                                                            \
    type __real_##name params;                                                                             \
    type __wrap_##name params;                                                                             \
    type __wrap_##name params                                                                              \
    {                                                                                                      \
        static unsigned calls;                                                                             \
        return strike(SYSTEM, #name) ? errno = (code), -1 : interrupted(&calls) ? -1 : __real_##name args; \
    }
/* A message of one part, as ours are. */
#define SHORTER                                                                                       \
    (&(struct msghdr){.msg_iov = &(struct iovec){m->msg_iov->iov_base, part_of(m->msg_iov->iov_len)}, \
                      .msg_iovlen = 1,                                                                \
                      .msg_control = m->msg_control,                                                  \
                      .msg_controllen = m->msg_controllen})
WAITING(ssize_t, write, (int fd, const void *p, size_t n), (fd, p, part_of(n)), ENOSPC)
WAITING(ssize_t, pread, (int fd, void *p, size_t n, off_t off), (fd, p, part_of(n), off), EIO)
WAITING(ssize_t, recv, (int fd, void *p, size_t n, int flags), (fd, p, part_of(n), flags), EIO)
WAITING(ssize_t, send, (int fd, const void *p, size_t n, int flags), (fd, p, part_of(n), flags), EPIPE)
WAITING(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, SHORTER, flags), EPIPE)
WAITING(int, poll, (struct pollfd * p, nfds_t n, int ms), (p, n, ms), ENOMEM)
WAITING(pid_t, waitpid, (pid_t pid, int *status, int how), (pid, status, how), ECHILD)
ssize_t __real_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
    static unsigned calls;
    const struct iovec whole = *m->msg_iov;
    if (strike(SYSTEM, "recvmsg"))
        return errno = EIO, -1;
    if (interrupted(&calls))
        return -1;
    m->msg_iov->iov_len = part_of(whole.iov_len);
    ssize_t n = __real_recvmsg(fd, m, flags);
    return *m->msg_iov = whole, n;
}
FAULT(SQLITE, int, sqlite3_open_v2, (const char *name, sqlite3 **db, int flags, const char *vfs),
      (name, db, flags, vfs), 0, (*db = NULL, SQLITE_CANTOPEN))
FAULT(SQLITE, int, sqlite3_prepare_v2,
      (sqlite3 * db, const char *sql, int n, sqlite3_stmt **s, const char **tail), (db, sql, n, s, tail), 0,
      (*s = NULL, SQLITE_IOERR))
FAULT(SQLITE, int, sqlite3_prepare_v3,
      (sqlite3 * db, const char *sql, int n, unsigned flags, sqlite3_stmt **s, const char **tail),
      (db, sql, n, flags, s, tail), 0, (*s = NULL, SQLITE_NOMEM))
static int step_fails = SQLITE_IOERR;
FAULT(SQLITE, int, sqlite3_step, (sqlite3_stmt * s), (s), 0, step_fails)
FAULT(SQLITE, int, sqlite3_bind_text64,
      (sqlite3_stmt * s, int i, const char *p, sqlite3_uint64 n, void (*drop)(void *), unsigned char enc),
      (s, i, p, n, drop, enc), 0, SQLITE_NOMEM)
FAULT(SQLITE, int, sqlite3_bind_int64, (sqlite3_stmt * s, int i, sqlite3_int64 v), (s, i, v), 0, SQLITE_NOMEM)
FAULT(SQLITE, int, sqlite3_file_control, (sqlite3 * db, const char *name, int op, void *p), (db, name, op, p),
      0, SQLITE_IOERR)

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
int __wrap_close(int fd) /* as disks do it: closed, and what was written is gone */
{
    bool bad = strike(SYSTEM, "close");
    int rc = __real_close(fd);
    return bad ? errno = EIO, -1 : rc;
}

/* SQLite's own allocations and system calls. */
static sqlite3_mem_methods real_memory;
static void *sql_malloc(int n) { return strike(MEMORY, "sqlite malloc") ? NULL : real_memory.xMalloc(n); }
static void *sql_realloc(void *p, int n)
{
    return strike(MEMORY, "sqlite realloc") ? NULL : real_memory.xRealloc(p, n);
}

static sqlite3_syscall_ptr real_call[6];
static int sql_open(const char *path, int flags, int how)
{
    return strike(SYSTEM, "sqlite open") ? errno = EMFILE, -1
                                         : ((int (*)(const char *, int, int))real_call[0])(path, flags, how);
}
static ssize_t sql_read(int fd, void *p, size_t n)
{
    return strike(SYSTEM, "sqlite read")      ? errno = EIO,
                                           -1 : ((ssize_t(*)(int, void *, size_t))real_call[1])(fd, p, n);
}
static ssize_t sql_pread(int fd, void *p, size_t n, off_t off)
{
    return strike(SYSTEM, "sqlite pread")
           ? errno = EIO,
             -1 : ((ssize_t(*)(int, void *, size_t, off_t))real_call[2])(fd, p, n, off);
}
static ssize_t sql_write(int fd, const void *p, size_t n)
{
    return strike(SYSTEM, "sqlite write") ? errno = ENOSPC, -1
                                          : ((ssize_t(*)(int, const void *, size_t))real_call[3])(fd, p, n);
}
static ssize_t sql_pwrite(int fd, const void *p, size_t n, off_t off)
{
    return strike(SYSTEM, "sqlite pwrite")
           ? errno = ENOSPC,
             -1 : ((ssize_t(*)(int, const void *, size_t, off_t))real_call[4])(fd, p, n, off);
}
static int sql_truncate(int fd, off_t n)
{
    return strike(SYSTEM, "sqlite ftruncate") ? errno = EIO, -1 : ((int (*)(int, off_t))real_call[5])(fd, n);
}

static void arm_sqlite(void)
{
    static const char *const name[] = {"open", "read", "pread64", "write", "pwrite64", "ftruncate"};
    const sqlite3_syscall_ptr ours[] = {(sqlite3_syscall_ptr)sql_open,   (sqlite3_syscall_ptr)sql_read,
                                        (sqlite3_syscall_ptr)sql_pread,  (sqlite3_syscall_ptr)sql_write,
                                        (sqlite3_syscall_ptr)sql_pwrite, (sqlite3_syscall_ptr)sql_truncate};
    sqlite3_shutdown();
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory);
    sqlite3_mem_methods m = real_memory;
    m.xMalloc = sql_malloc, m.xRealloc = sql_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &m);
    sqlite3_initialize();
    sqlite3_vfs *vfs = sqlite3_vfs_find("unix");
    for (size_t i = 0; i < LEN(name); i++) {
        const char *plain = i == 2   ? "pread"
                            : i == 4 ? "pwrite"
                                     : name[i],
                   *use = vfs->xGetSystemCall(vfs, name[i]) ? name[i] : plain;
        if ((real_call[i] = vfs->xGetSystemCall(vfs, use)))
            vfs->xSetSystemCall(vfs, use, ours[i]);
    }
}

/* --- one run */

static char dir[] = "/tmp/whylogon-faults-XXXXXX", out[64], err_file[64], text_file[64], case_db[80];
static char evidence[] = "samples/cases/credential-storage-policy";

/* What a command leaves: its output and, in OUT, the case and the reports. */
enum { TEXT, CASE, HTML, MARKDOWN, JSON, LEFT };
struct left {
    struct buf file[LEFT];
};
static struct left old, fresh, now; /* before; of an undisturbed run; of the run in question */

static const char *path_of(int what)
{
    static const char *const name[LEFT] = {
        [CASE] = "case.db", [HTML] = "report.html", [MARKDOWN] = "report.md", [JSON] = "report.json"};
    static char path[96];
    snprintf(path, sizeof path, name[what] ? "%s/%s" : "%s", name[what] ? out : text_file, name[what]);
    return path;
}
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
static void slurp_all(struct left *l)
{
    for (int i = 0; i < LEFT; i++)
        slurp(path_of(i), &l->file[i]);
}
static bool same(const struct buf *a, const struct buf *b) { return str_eq(buf_view(a), buf_view(b)); }

/* OUT as it was before. */
static void restore(void)
{
    for (int i = CASE; i < LEFT; i++) {
        FILE *f = fopen(path_of(i), "wb");
        cr_assert(f && fwrite(old.file[i].p, 1, old.file[i].n, f) == old.file[i].n && fclose(f) == 0, "%s",
                  path_of(i));
    }
    DIR *d = opendir(out);
    for (struct dirent *de; d && (de = readdir(d));) {
        char path[400];
        bool left = strstr(de->d_name, ".tmp");
        if (strstr(de->d_name, ".whylogon-") && snprintf(path, sizeof path, "%s/%s", out, de->d_name) > 0)
            plat_drop_folder(path);
        if (left && snprintf(path, sizeof path, "%s/%s", out, de->d_name) > 0)
            unlink(path);
    }
    if (d)
        closedir(d);
}

/* stamp: what each analyze is given, so that the old case differs from the new one. */
/* says: words in its output that own up to what is missing */
struct scene {
    const char *name;
    char *argv[10];
    bool writes;
    const char *says[3];
};
static char stamp[16], export_file[96]; /* an export takes the place of a report */
static const struct scene analyze = {"analyze",
                                     {(char[]){"analyze"}, (char[]){"--force"}, (char[]){"--progress=none"},
                                      (char[]){"-j1"}, (char[]){"--stamp"}, stamp, (char[]){"-o"}, out,
                                      evidence},
                                     true,
                                     {0}};

_Noreturn static void child(const struct scene *s)
{
    int text = open(text_file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0666),
        err = open(err_file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0666);
    if (text < 0 || err < 0 || dup2(text, 1) < 0 || dup2(err, 2) < 0)
        _exit(126);
    close(text), close(err);
    plat_begin();
    if (mode != OFF)
        arm_sqlite();
    char *argv[LEN(s->argv) + 1] = {0};
    int argc = 0;
    for (; argc < (int)LEN(s->argv) && s->argv[argc]; argc++)
        argv[argc] = s->argv[argc];
    void *frame[FRAMES];
    depth = backtrace(frame, FRAMES), owner = getpid(), counted = 0;
    int code = command_named(argv[0])->run(argc, argv);
    mode = OFF;
    code = out_end(code);
    sqlite3_shutdown();
    exit(code);
}

struct outcome {
    int code, sig;
};
static struct outcome run(const struct scene *s)
{
    int status = 0;
    fflush(stdout), fflush(stderr);
    shared->hit = false;
    pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0)
        child(s);
    for (int ms = 0; __real_waitpid(pid, &status, WNOHANG) == 0; ms++) {
        if (ms > 60000)
            kill(pid, SIGKILL);
        usleep(1000);
    }
    return (struct outcome){WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                            WIFSIGNALED(status) ? WTERMSIG(status) : 0};
}

/* --- what may come of a failure */

static enum status first_int(void *ctx, const struct cell *c, const char *const *name, size_t n,
                             struct err *e)
{
    (void)name, (void)n, (void)e;
    *(int64_t *)ctx = c[0].i;
    return OK;
}

/* Does the new case say that something is missing? It claims no difference that an undisturbed run does not
 * see. */
static const char *what_it_says(void)
{
    static const char *const sql[] = {
        "SELECT (SELECT count(*) FROM meta WHERE key = 'status' AND value <> '[\"complete\"]') + (SELECT "
        "count(*) FROM verification WHERE result = 'unreadable')",
        "SELECT count(*) FROM verification WHERE result = 'differ'"};
    struct casedb *db = NULL;
    int64_t n[2] = {0};
    if (case_open(case_db, &db, &(struct err){0}) != OK)
        return "success, and a case that cannot be opened";
    for (size_t i = 0; i < LEN(sql); i++)
        case_query(db, sql[i], NULL, NULL, 0, first_int, &n[i], NULL);
    case_close(db);
    return !n[0]  ? "success, but the case lacks something and does not say what"
           : n[1] ? "the second reader is said to differ"
                  : NULL;
}

/* but: what may stay. */
static bool left_over(const char *but)
{
    bool any = false;
    DIR *d = opendir(out);
    for (struct dirent *de; d && (de = readdir(d));)
        any |= (strstr(de->d_name, ".tmp") || strstr(de->d_name, ".whylogon-")
                || strstr(de->d_name, "-journal"))
               && !strstr(de->d_name, but);
    if (d)
        closedir(d);
    return any;
}

/* The reports: all as before, or all as after. */
static const char *judge_reports(bool success, bool full)
{
    for (int i = HTML; i < LEFT; i++) {
        bool is_old = same(&now.file[i], &old.file[i]), is_fresh = same(&now.file[i], &fresh.file[i]);
        if (success ? is_old && !same(&old.file[i], &fresh.file[i]) : !is_old)
            return success    ? "success, but an old report is still there"
                   : is_fresh ? "a new report beside the old case"
                              : "a report is in pieces";
        if (full && !is_fresh)
            return "the case is whole, a report is not";
    }
    return NULL;
}

static const char *judge_analyze(struct outcome o, unsigned lines, const char *err)
{
    const bool is_old = same(&now.file[CASE], &old.file[CASE]),
               full = same(&now.file[CASE], &fresh.file[CASE]);
    const bool short_of = o.code == 5 && strncmp(err, "whylogon: ", 10) == 0 && is_old;
    if (o.code == 0 || (o.code == 5 && !short_of) || (o.code == 4 && kind != MEMORY)) {
        const char *bad = is_old ? "success, but the old case is still there" : full ? NULL : what_it_says();
        if (!bad && full && o.code)
            bad = "the case is whole, the exit code says it is not";
        if (!bad && full && !same(&now.file[TEXT], &fresh.file[TEXT]))
            bad = "the case is whole, what was printed is not";
        return bad ? bad : o.code == 4 && lines != 1 ? "not one line on stderr" : judge_reports(true, full);
    }
    /* the case was finished before that */
    if (o.code == 5 && full && strstr(err, "what was printed is not whole"))
        return lines != 1 ? "not one line on stderr" : judge_reports(true, true);
    /* 2: an input, a rule file */
    if (o.code != 6 && !short_of
        && !(o.code == 2 && (strstr(err, "cannot look at") || strstr(err, "does not fit in memory"))))
        return "an exit code that does not fit";
    return !is_old                                             ? "the old case was touched"
           : lines != 1 || strncmp(err, "whylogon: ", 10) != 0 ? "not one line on stderr"
                                                               : judge_reports(false, false);
}

static const char *judge_other(const struct scene *s, struct outcome o, unsigned lines, const char *err)
{
    if (!same(&now.file[CASE], &old.file[CASE]))
        return "the case was touched";
    bool says = false, full = same(&now.file[TEXT], &fresh.file[TEXT]);
    buf_char(&now.file[TEXT], 0), buf_char(&fresh.file[TEXT], 0);
    for (size_t i = 0; i < LEN(s->says) && s->says[i]; i++)
        says |= strstr(now.file[TEXT].p, s->says[i]) && !strstr(fresh.file[TEXT].p, s->says[i]);
    now.file[TEXT].n--, fresh.file[TEXT].n--;
    if (o.code == 0)
        return !full && !says ? "success, but what was printed is not whole"
               : s->writes    ? judge_reports(true, true)
                              : NULL;
    if (o.code == 3 && says)
        return NULL;
    if (o.code != 2 && o.code != 3 && o.code != 4 && o.code != 5 && o.code != 6)
        return "an exit code that does not fit";
    return !lines || strncmp(err, "whylogon: ", 10) != 0 ? "nothing on stderr" : judge_reports(false, false);
}

/* Who cannot remove a file leaves it; who cannot look into the folder of what is not finished leaves that
 * one. Who writes nothing leaves nothing. */
static const char *may_stay(const struct scene *s)
{
    bool writes = shared->hit && (s == &analyze || s->writes);
    return writes && strcmp(shared->name, "unlink") == 0    ? ""
           : writes && strcmp(shared->name, "readdir") == 0 ? ".whylogon-"
                                                            : "no such name";
}

/* NULL: all is well. */
static const char *judge(const struct scene *s, struct outcome o)
{
    static struct buf err;
    static char why[400];
    slurp_all(&now), slurp(err_file, &err);
    buf_char(&err, 0);
    unsigned lines = 0;
    /* not what the leak checker thinks of its threads */
    for (struct str rest = {err.p, err.n - 1}, line; rest.n; lines += !str_starts_ci(line, STR("==")))
        line = str_cut(&rest, '\n');
    const char *bad = o.sig                            ? "died of a signal"
                      : strstr(err.p, "Sanitizer")     ? "a sanitizer spoke"
                      : strstr(err.p, "runtime error") ? "undefined behaviour"
                                                       : NULL;
    if (!bad && left_over(may_stay(s)))
        bad = "unfinished files are left";
    if (!bad)
        bad = s == &analyze ? judge_analyze(o, lines, err.p) : judge_other(s, o, lines, err.p);
    if (!bad)
        return NULL;
    snprintf(why, sizeof why, "%s (exit code %d, signal %d): %.250s", bad, o.code, o.sig, err.p);
    return why;
}

/* --- all of them, one after the other */

/* memory shared with children, who are started without it: they open it in us */
enum { FAULT_FD = 200 };

static void begin(const struct scene *s)
{
    unsetenv("BXFI_MAP"); /* the test runner's own mark on its children: ours are none of them */
    cr_assert_not_null(mkdtemp(dir));
    snprintf(out, sizeof out, "%s/out", dir), snprintf(err_file, sizeof err_file, "%s/err", dir),
        snprintf(text_file, sizeof text_file, "%s/text", dir);
    snprintf(case_db, sizeof case_db, "%s/case.db", out),
        snprintf(export_file, sizeof export_file, "%s/report.json", out);
    int fd = memfd_create("faults", 0);
    cr_assert(fd >= 0 && ftruncate(fd, sizeof *shared) == 0 && dup2(fd, FAULT_FD) == FAULT_FD);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    cr_assert(shared != MAP_FAILED);
    close(fd);
    void *frame[4];
    backtrace(frame, 4); /* loads what it needs now */
    mode = OFF;
    snprintf(stamp, sizeof stamp, "old");
    cr_assert_eq(run(&analyze).code, 0);
    slurp_all(&old);
    snprintf(stamp, sizeof stamp, "new");
    cr_assert_eq(run(s).code, 0, "undisturbed");
    slurp_all(&fresh);
    cr_assert(old.file[CASE].n && fresh.file[JSON].n
              && (s != &analyze || !same(&old.file[CASE], &fresh.file[CASE])));
    restore();
}

static uint64_t failed, codes[256];
enum { ENOUGH = 20 };

static void finish(void)
{
    static const char *const name[] = {
        "out/case.db", "out/report.html", "out/report.md", "out/report.json", "out", "err", "text", ""};
    char path[128];
    for (size_t i = 0; i < LEN(name) && !getenv("FAULT_ONE"); i++)
        snprintf(path, sizeof path, "%s/%s", dir, name[i]), remove(path);
    for (int i = 0; i < LEFT; i++)
        buf_free(&old.file[i]), buf_free(&fresh.file[i]), buf_free(&now.file[i]);
    munmap(shared, sizeof *shared);
    cr_assert_eq(failed, 0);
}

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}
/* Which place is the first. */
static uint64_t from(void) { return number("FAULT_FROM", 0); }
static uint64_t step_of(uint64_t usual)
{
#if defined(__SANITIZE_ADDRESS__)
    usual *= 5;
#endif
    return number("FAULT_STEP", usual);
}
static bool left_out(enum kind k)
{
    const char *alone = getenv("FAULT_KIND");
    return alone && strcmp(alone, kind_names[k]) != 0;
}

static void one(const struct scene *s, uint64_t i, const char *unit)
{
    struct outcome o = run(s);
    const char *bad = judge(s, o);
    codes[o.code & 255]++;
    if (bad)
        failed++, cr_log_error("%s, %s: %s no. %llu fails (%s): %s", s->name, kind_names[kind], unit,
                               (unsigned long long)i, shared->hit ? shared->name : "not reached", bad);
    else if (getenv("FAULT_LIST"))
        fprintf(stderr, "%s, %s: %s no. %llu (%s): exit code %d\n", s->name, kind_names[kind], unit,
                (unsigned long long)i, shared->hit ? shared->name : "not reached", o.code);
    if (getenv("FAULT_ONE"))
        fprintf(stderr, "%s kept: exit code %d, signal %d\n", dir, o.code, o.sig);
    else
        restore();
}

/* Every so-many-th place of a kind; then, of calls that happen again and again on the same way, a few deep
 * inside. */
static void one_by_one(const struct scene *s, enum kind k, uint64_t usual, unsigned deep)
{
    const char *by = getenv("FAULT_BY");
    bool count = by && strcmp(by, "count") == 0;
    if (left_out(k))
        return;
    memset(codes, 0, sizeof codes);
    kind = s == &analyze ? k : KINDS, begin_at = 0;
    static bool recorded;
    if (!recorded) { /* of short runs all kinds at once */
        recorded = true, mode = RECORD;
        struct outcome o = run(s);
        cr_assert_eq(o.code, 0, "recording %s: exit code %d, signal %d", s->name, o.code, o.sig);
        restore();
    }
    kind = k;
    uint64_t n = count ? shared->calls[k] : shared->n[k], step = step_of(usual), runs = 0, missed = 0,
             alone = number("FAULT_ONE", UINT64_MAX);
    mode = count ? BY_COUNT : BY_PATH;
    for (uint64_t i = alone < n ? alone : from() % step; i < n && failed < ENOUGH;
         i += alone < n ? n : step, runs++) {
        const struct place *p = &shared->place[k][i];
        /* frames arrive in pieces of any size */
        target = count ? i + 1 : p->path, begin_at = count || p->first < JITTER ? 0 : p->first - JITTER;
        one(s, i, count ? "call" : "place");
        missed += !shared->hit;
    }
    mode = BY_COUNT;
    for (unsigned i = 0; i < deep && shared->calls[k] && alone == UINT64_MAX && failed < ENOUGH;
         i++, runs++) {
        target = (uint64_t)((double)(from() * deep + i) * 0.6180339887498949 * (double)shared->calls[k])
                     % shared->calls[k]
                 + 1;
        one(s, target - 1, "call");
        missed += !shared->hit;
    }
    mode = OFF;
    fprintf(stderr,
            "%s, %s: %llu places, %llu calls; %llu runs, %llu did not reach theirs; exit codes: 0 %llu, 4 "
            "%llu, 5 %llu, 6 %llu, 70 %llu\n",
            s->name, kind_names[k], (unsigned long long)shared->n[k], (unsigned long long)shared->calls[k],
            (unsigned long long)runs, (unsigned long long)missed, (unsigned long long)codes[0],
            (unsigned long long)codes[4], (unsigned long long)codes[5], (unsigned long long)codes[6],
            (unsigned long long)codes[70]);
}

Test(faults, memory, .timeout = 7200) { begin(&analyze), one_by_one(&analyze, MEMORY, 29, 3), finish(); }
Test(faults, system, .timeout = 7200) { begin(&analyze), one_by_one(&analyze, SYSTEM, 7, 3), finish(); }
Test(faults, sqlite, .timeout = 7200) { begin(&analyze), one_by_one(&analyze, SQLITE, 17, 3), finish(); }

/* Whichever output cannot get its name: all that were there are there again. */
Test(faults, names, .timeout = 1200)
{
    static const struct {
        const char *call;
        uint64_t n;
    } rows[] = {{"rename", 4}, {"link", 4}, {"mkdtemp", 1}};
    begin(&analyze), kind = SYSTEM, mode = BY_COUNT, begin_at = 0;
    for (size_t i = 0; i < LEN(rows); i++) {
        only = rows[i].call;
        for (target = 1; target <= rows[i].n; target++) {
            memset(codes, 0, sizeof codes);
            one(&analyze, target - 1, only);
            cr_expect(shared->hit, "%s %llu", only, (unsigned long long)target);
            /* where a file has one name only, it is moved */
            cr_expect_eq(codes[strcmp(only, "link") == 0 ? 0 : 6], 1, "%s %llu", only,
                         (unsigned long long)target);
        }
    }
    only = NULL, mode = OFF, finish();
}

/* A statement of ours that fails by itself is our bug, whatever the machine is like; a rule's costs the rule.
 */
Test(faults, statements, .timeout = 1200)
{
    unsigned all = 0;
    begin(&analyze), kind = SQLITE, mode = BY_COUNT, begin_at = 0, only = "sqlite3_step";
    for (step_fails = SQLITE_ERROR, target = 1; target < 2000; target *= 3) {
        struct outcome o = run(&analyze);
        slurp_all(&now);
        cr_expect(shared->hit, "no. %llu", (unsigned long long)target);
        cr_expect(o.code == 70 ? same(&now.file[CASE], &old.file[CASE]) : o.code == 0,
                  "no. %llu: exit code %d", (unsigned long long)target, o.code);
        all += o.code == 70;
        restore();
    }
    cr_expect_gt(all, 2, "%u", all);
    step_fails = SQLITE_IOERR, only = NULL, mode = OFF, finish();
}

/* From some moment on there is no process to be had. Before anything is read that ends the run; then what
 * there is is kept, and says what was not read, not derived twice or not read twice. */
Test(faults, processes, .timeout = 1200)
{
    enum { ENDED, READ_IN_PART, DERIVED_ONCE, READ_ONCE, WHOLE, STATES };
    static const char *const sql =
        "SELECT (SELECT count(*) > 0 FROM fact_again WHERE again = 'unknown') + 2 * (SELECT count(*) > 0 "
        "FROM "
        "finding WHERE second_reader = 'unreadable') + 4 * (SELECT value LIKE '%\"limit\",\"partial\"]' FROM "
        "meta "
        "WHERE key = 'status') + 8 * (SELECT count(*) > 0 FROM finding WHERE verdict = 'confirmed') + 16 * "
        "(SELECT count(*) > 0 FROM evidence WHERE note LIKE 'not read: %Too many%')";
    unsigned seen[STATES] = {0};
    begin(&analyze), kind = SYSTEM, mode = BY_COUNT, begin_at = 0, only = "socketpair", lasting = true;
    for (target = 1; !seen[WHOLE] && target < 40; target++) {
        struct outcome o = run(&analyze);
        struct casedb *db = NULL;
        const char *bad = judge(&analyze, o);
        int64_t is = -1;
        if (o.code == 5 && !same(&now.file[CASE], &old.file[CASE])
            && case_open(case_db, &db, &(struct err){0}) == OK)
            case_query(db, sql, NULL, NULL, 0, first_int, &is, NULL);
        case_close(db);
        seen[o.code == 0       ? WHOLE
             : (is & 28) == 20 ? READ_IN_PART
             : is == 7         ? DERIVED_ONCE
             : is == 14        ? READ_ONCE
                               : ENDED]++;
        cr_expect(!bad && (o.code == 0 || o.code == 5)
                      && (is == -1 || (is & 28) == 20 || is == 7 || is == 14),
                  "from no. %llu on: exit code %d, %lld, %s", (unsigned long long)target, o.code,
                  (long long)is, bad ? bad : "");
        restore();
    }
    for (unsigned i = 0; i < STATES; i++)
        cr_expect_gt(seen[i], 0, "%u", i);
    only = NULL, lasting = false, mode = OFF, finish();
}

/* --- the other commands, over the case that analyze left */

static const struct scene others[] = {
    {"report", {(char[]){"report"}, (char[]){"--force"}, case_db}, true, {0}},
    {"verify", {(char[]){"verify"}, case_db}, false, {"missing  ", "1 unreadable"}},
    {"query",
     {(char[]){"query"}, case_db, (char[]){"SELECT host, subject, verdict FROM v_finding ORDER BY 1, 2, 3"}},
     false,
     {0}},
    {"show", {(char[]){"show"}, case_db, (char[]){"f1:0x1200"}}, false, {"raw bytes: ", "record as XML: "}},
    {"dump", {(char[]){"dump"}, (char[]){"-j1"}, evidence}, false, {0}},
    {"inspect", {(char[]){"inspect"}, evidence}, false, {"unreadable: ", "partial: "}},
    {"explain", {(char[]){"explain"}, (char[]){"1312"}}, false, {0}},
    {"rules", {(char[]){"rules"}, (char[]){"list"}}, false, {0}},
    {"judge",
     {(char[]){"report"}, (char[]){"--force"}, (char[]){"--knowledge"}, (char[]){"knowledge"}, case_db},
     true,
     {0}},
    {"summary", {(char[]){"summary"}, case_db}, false, {0}},
    {"export",
     {(char[]){"export"}, (char[]){"--format"}, (char[]){"sarif"}, (char[]){"--force"}, (char[]){"-o"},
      export_file, case_db},
     true,
     {0}},
    /* to standard output, names as pseudonyms */
    {"timeline",
     {(char[]){"export"}, (char[]){"--format"}, (char[]){"timesketch"}, (char[]){"--redact"}, case_db},
     false,
     {0}},
    {"redact",
     {(char[]){"report"}, (char[]){"--force"}, (char[]){"--redact"}, (char[]){"-o"}, out, case_db},
     true,
     {0}},
};

/* And so it is in a case that was given and could be opened, if it is as we make them. */
static void statements_of(const char *name)
{
    enum { OPENED = 40 };
    unsigned all = 0;
    const struct scene *s = others;
    while (strcmp(s->name, name) != 0)
        s++;
    begin(s), kind = SQLITE, mode = BY_COUNT, begin_at = 0, only = "sqlite3_step", step_fails = SQLITE_ERROR;
    for (target = OPENED; target == OPENED || shared->hit; target = target * 3 / 2) {
        struct outcome o = run(s);
        cr_expect_eq(o.code, shared->hit ? 70 : 0, "no. %llu: exit code %d", (unsigned long long)target,
                     o.code);
        all += o.code == 70;
        restore();
    }
    cr_expect_gt(all, 0);
    step_fails = SQLITE_IOERR, only = NULL, mode = OFF, finish();
}
Test(faults, statements_of_report, .timeout = 1200) { statements_of("report"); }
Test(faults, statements_of_summary, .timeout = 1200) { statements_of("summary"); }
Test(faults, statements_of_export, .timeout = 1200) { statements_of("export"); }

/* usual: of system calls each so-many-th place; of others, of which there are more, each fourth of these */
static void command_often(const char *name, uint64_t usual)
{
    const struct scene *s = others;
    while (strcmp(s->name, name) != 0)
        s++;
    begin(s);
    for (int k = MEMORY; k < KINDS; k++)
        one_by_one(s, (enum kind)k, k == SYSTEM || usual == 1 ? usual : 4 * usual + 1, 1);
    finish();
}
static void command(const char *name) { command_often(name, 13); }
Test(faults, report, .timeout = 7200) { command_often("report", 1); }
Test(faults, verify, .timeout = 7200) { command("verify"); }
Test(faults, query, .timeout = 7200) { command("query"); }
Test(faults, show, .timeout = 7200) { command("show"); }
Test(faults, dump, .timeout = 7200) { command("dump"); }
Test(faults, inspect, .timeout = 7200) { command("inspect"); }
Test(faults, explain, .timeout = 7200) { command("explain"); }
Test(faults, rules, .timeout = 7200) { command("rules"); }
Test(faults, judge, .timeout = 7200) { command("judge"); }
Test(faults, summary, .timeout = 7200) { command_often("summary", 3); }
Test(faults, export, .timeout = 7200) { command_often("export", 3); }
Test(faults, timeline, .timeout = 7200) { command_often("timeline", 3); }
Test(faults, redact, .timeout = 7200) { command_often("redact", 1); }

/* --- the children: each its own counter, told through the environment; the memory they share with us
 * outlives their jail */

static void arm_child(const char *role)
{
    unsigned long long n;
    char of[16];
    int k, how;
    const char *text = getenv("FAULT_CHILD");
    if (!text || sscanf(text, "%15s %d %d %llu", of, &how, &k, &n) != 4
        || (strcmp(of, role) != 0 && strcmp(of, "all") != 0))
        return;
    char path[40];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getppid(), FAULT_FD);
    int fd = open(path, O_RDWR);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (shared == MAP_FAILED)
        _exit(70);
    void *frame[4];
    backtrace(frame, 4);
    kind = (enum kind)k, target = n, owner = getpid();
    __typeof__(mode) modes[] = {OFF, OFF, OFF, BY_COUNT, INTERRUPT, SHORT};
    mode = how == BY_COUNT && shared->hit ? OFF : modes[how]; /* the one that takes its place is well */
}

/* A copy goes on counting where the original stood. */
enum status __real_plat_child_copies(struct err *e);
enum status __wrap_plat_child_copies(struct err *e);
enum status __wrap_plat_child_copies(struct err *e)
{
    bool struck = owner == getpid();
    enum status st = __real_plat_child_copies(e);
    if (st == OK && struck) {
        owner = getpid();
        mode = mode == BY_COUNT && shared->hit ? OFF : mode;
    }
    return st;
}

static void tell_children(const char *role, int how, int k, uint64_t n)
{
    char text[64];
    snprintf(text, sizeof text, "%s %d %d %llu", role, how, k, (unsigned long long)n);
    setenv("FAULT_CHILD", text, 1);
}

static void children(const struct scene *s, const char *role, uint64_t usual)
{
    uint64_t runs = 0, alone = number("FAULT_ONE", 0), step = step_of(usual);
    begin(s);
    for (int k = MEMORY; k <= SYSTEM; k++) {
        uint64_t here = k == SYSTEM && step > 3 ? step / 3 : step;
        for (uint64_t n = alone ? alone : 1 + from() % here; failed < ENOUGH && !left_out((enum kind)k);
             n += step == 1 ? 1 : here + n / 8, runs++) {
            tell_children(role, BY_COUNT, k, n);
            kind = (enum kind)k;
            one(s, n, "call of a child");
            if (!shared->hit || alone)
                break;
        }
    }
    unsetenv("FAULT_CHILD");
    cr_expect(runs || alone || left_out(MEMORY) || left_out(SYSTEM), "no child was reached");
    fprintf(stderr, "%s %s: %llu runs; exit codes: 0 %llu, 3 %llu, 4 %llu, 5 %llu\n", s->name, role + 2,
            (unsigned long long)runs, (unsigned long long)codes[0], (unsigned long long)codes[3],
            (unsigned long long)codes[4], (unsigned long long)codes[5]);
    finish();
}
Test(faults, workers, .timeout = 7200) { children(&analyze, "--worker", 31); }
Test(faults, readers, .timeout = 7200) { children(&analyze, "--second", 97); }
Test(faults, dumpers, .timeout = 7200) { children(&others[4], "--dump", 37); }

/* Interrupted calls are made again, short ones go on: nothing is lost, nothing is said. */
Test(faults, interrupted, .timeout = 1200)
{
    static const struct scene *const scenes[] = {&analyze, &others[1], &others[4]};
    begin(&analyze);
    for (size_t i = 0; i < LEN(scenes); i++)
        for (int how = INTERRUPT; how <= SHORT; how++) {
            mode = OFF;
            cr_assert_eq(run(scenes[i]).code, 0);
            slurp_all(&fresh), restore();
            shared->interrupted = shared->shortened = 0;
            mode = how == INTERRUPT ? INTERRUPT : SHORT;
            tell_children("all", how, SYSTEM, 0);
            struct outcome o = run(scenes[i]);
            unsetenv("FAULT_CHILD");
            const char *bad = judge(scenes[i], o);
            cr_expect(!bad && o.code == 0, "%s, %s: exit code %d, %s", scenes[i]->name,
                      how == INTERRUPT ? "interrupted" : "short", o.code, bad ? bad : "");
            cr_expect(scenes[i] != &analyze || same(&now.file[CASE], &fresh.file[CASE]), "the case differs");
            cr_expect(how == INTERRUPT ? shared->interrupted > 10 : shared->shortened > 10, "%s: %llu, %llu",
                      scenes[i]->name, (unsigned long long)shared->interrupted,
                      (unsigned long long)shared->shortened);
            restore();
        }
    mode = OFF;
    finish();
}

/* A child that gives up its end of the channel and stays: nobody waits for it for ever. */
_Noreturn static int deaf(void)
{
    close(0);
    for (;;)
        pause();
}
Test(faults, deaf_child, .timeout = 300)
{
    unsetenv("BXFI_MAP");
    struct proc *p = NULL;
    struct exit_info how;
    char byte;
    size_t got;
    bool eof = false, ready;
    cr_assert_eq(
        plat_spawn_self((const char *const[]){"faults", "--deaf", NULL}, &(struct proc_limits){0}, &p, NULL),
        OK);
    for (int i = 0; i < 100 && !eof; i++)
        if (plat_wait(&p, 1, 100, &ready, NULL) == OK && ready)
            cr_assert_eq(plat_proc_read(p, &byte, 1, &got, &eof, NULL), OK);
    cr_assert(eof);
    plat_proc_end(p, &how);
    cr_expect(how.signal == SIGKILL && how.killed, "signal %d", how.signal);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *role;
        int (*run)(void);
    } roles[] = {
        {"--worker", worker_main}, {"--second", rereader_main}, {"--dump", dumper_main}, {"--deaf", deaf}};
    for (size_t i = 0; i < LEN(roles) && argc == 2; i++)
        if (strcmp(argv[1], roles[i].role) == 0) {
            plat_begin(), arm_child(argv[1]);
            _Exit(roles[i].run());
        }
    return run_tests(argc, argv);
}
