/* The POSIX side of plat.h: files, processes and their channels, the console, clocks. What is newer than
 * Linux 4.18 is tried and done without. It owns what plat.h says it hands out. */
#include "plat/plat.h"
#include "base/grow.h"
#include "base/limits.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const char *plat_error(void) { return strerror(errno); }

/* What the system has too little of is nobody's file's fault. */
static enum status sys_err(struct err *e, const char *what, const char *path)
{
    bool little = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
    if (e && e->code == OK)
        e->path = path;
    return err_set(e, little ? E_NOMEM : E_IO, ERR_NO_OFF, what, "%s", strerror(errno));
}

/* --- files */

static void fill_stat(const struct stat *s, struct plat_stat *out)
{
    out->type = S_ISREG(s->st_mode) ? PLAT_FILE : S_ISDIR(s->st_mode) ? PLAT_DIR : PLAT_OTHER;
    out->bytes = (uint64_t)s->st_size, out->device = s->st_dev, out->inode = s->st_ino;
    out->changed = (uint64_t)s->st_mtim.tv_sec * 1000000000u + (uint64_t)s->st_mtim.tv_nsec;
}

enum status plat_stat(const char *path, bool follow, struct plat_stat *out, struct err *e)
{
    struct stat s;
    *out = (struct plat_stat){0};
    int failed = follow ? stat(path, &s) : lstat(path, &s);
    if (failed)
        return sys_err(e, "cannot look at", path);
    fill_stat(&s, out);
    return OK;
}

enum status plat_open(const char *path, plat_file *out, uint64_t *bytes, struct err *e)
{
    struct stat s;
    *out = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a FIFO must not hold us */
    if (fd < 0)
        return sys_err(e, "cannot open", path);
    if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode)) {
        close(fd);
        if (e && e->code == OK)
            e->path = path;
        return err_set(e, E_IO, ERR_NO_OFF, "cannot open", "not a regular file");
    }
    *out = fd, *bytes = (uint64_t)s.st_size;
    return OK;
}

enum status plat_open_seen(const char *path, bool linked, const struct plat_stat *seen, plat_file *out,
                           struct err *e)
{
    struct stat s;
    struct plat_stat now = {0};
    *out = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (linked ? 0 : O_NOFOLLOW));
    if (fd < 0 && errno == ELOOP)
        return err_set(e, E_IO, ERR_NO_OFF, "changed", "a link lies where the file was when the run began");
    if (fd < 0)
        return sys_err(e, "cannot open", path);
    if (fstat(fd, &s) == 0)
        fill_stat(&s, &now);
    bool other = now.type != PLAT_FILE
                 || (seen->inode && (now.device != seen->device || now.inode != seen->inode));
    if (!other && now.bytes == seen->bytes)
        return *out = fd, OK;
    close(fd);
    return other ? err_set(e, E_IO, ERR_NO_OFF, "changed",
                           "it is not the file that lay there when the run began")
                 : err_set(e, E_IO, ERR_NO_OFF, "changed",
                           "it had %llu bytes when the run began and has %llu now",
                           (unsigned long long)seen->bytes, (unsigned long long)now.bytes);
}

void plat_close(plat_file f)
{
    if (f >= 0)
        close((int)f);
}

enum status plat_map(plat_file f, uint64_t at, uint64_t bytes, struct map *m, struct err *e)
{
    *m = (struct map){(const uint8_t *)"", 0};
    if (bytes == 0)
        return OK;
    if (bytes > SIZE_MAX)
        return err_set(e, E_LIMIT, ERR_NO_OFF, "cannot map", "%llu bytes exceed the address space",
                       (unsigned long long)bytes);
    void *p = mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE, (int)f, (off_t)at);
    if (p == MAP_FAILED)
        return sys_err(e, "cannot map", NULL);
    madvise(p, (size_t)bytes, MADV_SEQUENTIAL);
    *m = (struct map){p, (size_t)bytes};
    return OK;
}

void plat_forget(const struct map *m, uint64_t at, uint64_t n)
{
    const uint64_t page = 4096; /* at least */
    uint64_t end = at < m->n && n < m->n - at ? at + n : m->n;
    at = (at + page - 1) / page * page, end = end / page * page;
    if (at < end)
        madvise((void *)(uintptr_t)(m->p + at), (size_t)(end - at), MADV_DONTNEED);
}

void *plat_map_spool(plat_file f, size_t bytes, struct err *e)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, (int)f, 0);
    return p != MAP_FAILED ? p : (sys_err(e, "cannot map", NULL), NULL);
}

void plat_unmap(struct map *m)
{
    if (m->n)
        munmap((void *)(uintptr_t)m->p, m->n);
    *m = (struct map){0};
}

enum status plat_read_at(plat_file f, uint64_t off, void *buf, size_t cap, size_t *got, struct err *e)
{
    for (*got = 0; *got < cap;) {
        ssize_t n = pread((int)f, (char *)buf + *got, cap - *got, (off_t)(off + *got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sys_err(e, "cannot read", NULL);
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return OK;
}

/* In the folder for temporary files. Where the file system has no files without a name, one with a name that
 * is taken from it at once. */
static int spool_on_disk(void)
{
    const char *dir = getenv("TMPDIR");
    char name[4096];
    dir = dir && *dir ? dir : "/var/tmp";
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    if (snprintf(name, sizeof name, "%s/whylogon.XXXXXX", dir) >= (int)sizeof name)
        return errno = ENAMETOOLONG, -1;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    return fd;
}

enum status plat_spool(bool memory, plat_file *out, struct err *e)
{
    *out = memory ? memfd_create("whylogon", MFD_CLOEXEC | MFD_ALLOW_SEALING) : spool_on_disk();
    return *out >= 0 ? OK : sys_err(e, memory ? "no room in memory" : "no temporary file", NULL);
}

/* By seek and write, which the jail of who unpacks allows: nobody else writes through this descriptor. */
enum status plat_write_at(plat_file f, uint64_t off, const void *p, size_t n, struct err *e)
{
    if (lseek((int)f, (off_t)off, SEEK_SET) < 0)
        return sys_err(e, "cannot write", NULL);
    for (const char *at = p; n;) {
        ssize_t put = write((int)f, at, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return sys_err(e, "cannot write", NULL);
        at += put, n -= (size_t)put;
    }
    return OK;
}

void plat_seal(plat_file f) { fcntl((int)f, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE); }

enum status plat_twin(plat_file f, plat_file *out, struct err *e)
{
    *out = fcntl((int)f, F_DUPFD_CLOEXEC, 3);
    return *out >= 0 ? OK : sys_err(e, "cannot open", NULL);
}

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

enum status plat_list(const char *dir, struct arena *a, struct str **names, size_t *n, struct err *e)
{
    *names = NULL, *n = 0;
    DIR *d = opendir(dir);
    if (!d)
        return sys_err(e, "cannot list", dir);
    size_t cap = 0;
    struct str *list = NULL;
    enum status st = OK;
    errno = 0;
    for (struct dirent *de; (de = readdir(d)); errno = 0) {
        if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
            continue;
        struct str *more = grow(list, sizeof *list, *n, &cap);
        if (!more) {
            st = err_set(e, E_NOMEM, ERR_NO_OFF, "cannot list", "out of memory");
            goto out;
        }
        list = more;
        if (!(list[*n] = arena_str(a, str_of(de->d_name))).p) {
            st = err_set(e, E_LIMIT, ERR_NO_OFF, "cannot list", "too many names");
            goto out;
        }
        ++*n;
    }
    if (errno) {
        st = sys_err(e, "cannot list", dir);
        goto out;
    }
    if (*n)
        qsort(list, *n, sizeof *list, by_bytes);
    *names = arena_alloc(a, sizeof *list, *n ? *n : 1);
    if (!*names)
        st = err_set(e, E_LIMIT, ERR_NO_OFF, "cannot list", "too many names");
    else if (*n)
        memcpy(*names, list, *n * sizeof *list);
out:
    free(list);
    closedir(d);
    return st;
}

static bool make_one(const char *path)
{
    struct stat s;
    return mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &s) == 0 && S_ISDIR(s.st_mode));
}

enum status plat_mkdir(const char *path, struct err *e)
{
    char part[4096];
    if (make_one(path))
        return OK;
    for (size_t i = 1; errno == ENOENT && path[i] && i < sizeof part; i++)
        if (path[i] == '/') {
            memcpy(part, path, i), part[i] = 0;
            if (!make_one(part))
                return sys_err(e, "cannot make folder", path);
            errno = ENOENT;
        }
    return make_one(path) ? OK : sys_err(e, "cannot make folder", path);
}

enum status plat_rename(const char *from, const char *to, struct err *e)
{
    return rename(from, to) == 0 ? OK : sys_err(e, "cannot rename to", to);
}

void plat_remove(const char *path) { unlink(path); }

enum status plat_rmdir(const char *path, struct err *e)
{
    return rmdir(path) == 0 ? OK : sys_err(e, "cannot remove folder", path);
}

static const char FRESH[] = ".whylogon-";

/* at: a folder; name: one in it. Files in a folder of ours, none below. */
static void drop_at(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    for (struct dirent *de; d && (de = readdir(d));)
        unlinkat(fd, de->d_name, 0); /* "." and ".." are none that this removes */
    if (d)
        closedir(d);
    else if (fd >= 0)
        close(fd);
    unlinkat(at, name, AT_REMOVEDIR);
}

void plat_drop_folder(const char *path) { drop_at(AT_FDCWD, path); }

enum status plat_fresh_folder(const char *in, char *path, size_t cap, struct err *e)
{
    DIR *d = opendir(in);
    for (struct dirent *de; d && (de = readdir(d));)
        if (strncmp(de->d_name, FRESH, sizeof FRESH - 1) == 0)
            drop_at(dirfd(d), de->d_name);
    if (d)
        closedir(d);
    int n = snprintf(path, cap, "%s/%sXXXXXX", in, FRESH);
    if (n < 0 || (size_t)n >= cap)
        return err_set(e, E_IO, ERR_NO_OFF, "cannot write", "the path is too long");
    return mkdtemp(path) ? OK : sys_err(e, "cannot make a folder in", in);
}

enum status plat_set_aside(const char *path, const char *as, struct err *e)
{
    return link(path, as) == 0 ? OK : plat_rename(path, as, e);
}

enum status plat_lock(const char *folder, plat_file *out, struct err *e)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *out = -1;
    if (fd < 0)
        return sys_err(e, "cannot open folder", folder);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        close(fd);
        if (e && e->code == OK)
            e->path = folder;
        return err_set(e, E_IO, ERR_NO_OFF, "in use", "another run is writing there");
    }
    *out = fd;
    return OK;
}

enum status plat_make_file(const char *path, plat_file *out, struct err *e)
{
    unlink(path); /* what a killed run left, or a link that somebody laid there */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return sys_err(e, "cannot write", path);
    *out = fd;
    return OK;
}

static bool sync_later;
void plat_sync_later(void) { sync_later = true; }

enum status plat_sync(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    enum status st = fd >= 0 && fsync(fd) == 0 ? OK : sys_err(e, "cannot write", path);
    if (fd >= 0)
        close(fd);
    return st;
}

enum status plat_end_file(const char *path, plat_file f, enum status st, struct err *e)
{
    if (st == OK && sync_later)
        sync_file_range((int)f, 0, 0, SYNC_FILE_RANGE_WRITE);
    else if (st == OK && fsync((int)f) != 0)
        st = sys_err(e, "cannot write", path);
    if (close((int)f) != 0 && st == OK)
        st = sys_err(e, "cannot write", path);
    if (st != OK)
        unlink(path);
    return st;
}

char *plat_real(const char *path, struct arena *a)
{
    char *real = realpath(path, NULL);
    char *copy = real ? arena_printf(a, "%s", real) : NULL;
    free(real);
    return copy;
}

enum status plat_replaceable(const char *path, struct err *e)
{
    (void)path, (void)e;
    return OK;
}

bool plat_slash(char c) { return c == '/'; }

char *plat_unbounded(const char *path, struct arena *a)
{
    return (char *)(uintptr_t)arena_str(a, str_of(path)).p;
}

const char *const plat_sqlite_vfs = NULL;

/* --- processes. The child's end of the channel is its standard input. */

/* words: what it writes to its standard error. asked: copies of it that were asked for and not heard of, in
 * their order; of: what this one was asked of, while it is among those. */
struct proc {
    pid_t pid; /* of a copy that could not be made: less than zero, errno */
    int fd, words;
    bool killed;
    struct proc *of, *asked, *next;
};

/* END_MS: for a child to end when its channel is closed; OLD_KERNEL_FDS: descriptors closed one by one */
enum { CHANNEL = 0, END_MS = 5000, OLD_KERNEL_FDS = 1 << 16 };

/* What a child is given: the other ends of the channel and of the pipe for its standard error, which is not
 * to make it wait when nobody listens. */
struct child_ends {
    int channel, words;
};

/* Of processes, descriptors or memory the system gives too little. */
static enum status no_worker(struct err *e)
{
    return err_set(e, E_NOMEM, ERR_NO_OFF, "cannot start a worker", "%s", strerror(errno));
}

static enum status make_ends(struct proc *p, struct child_ends *child, struct err *e)
{
    int sv[2], words[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) != 0)
        return no_worker(e);
    if (pipe2(words, O_CLOEXEC | O_NONBLOCK) != 0) {
        enum status st = no_worker(e);
        close(sv[0]), close(sv[1]);
        return st;
    }
    p->fd = sv[0], p->words = words[0];
    *child = (struct child_ends){sv[1], words[1]};
    return OK;
}

void plat_proc_hang_up(struct proc *p)
{
    if (p && p->fd >= 0)
        close(p->fd), p->fd = -1;
}

static void close_proc(struct proc *p)
{
    plat_proc_hang_up(p), close(p->words);
    free(p);
}

/* What a new process does before it is another program. It has its parent's memory and stands on a stack of
 * its own in it, so it calls nothing that needs more. */
struct start {
    const char *const *args;
    const struct proc_limits *lim;
    struct child_ends ends;
    pid_t parent;
    const char *program; /* as it was named to the kernel when we were started */
};

/* What we were started with is none of its business, and would count among the files it may hold. Linux
 * before 5.9 closes one at a time. */
static void close_inherited(void)
{
    struct rlimit most = {0, 0};
    if (syscall(SYS_close_range, 3u, ~0u, 0u) == 0)
        return;
    getrlimit(RLIMIT_NOFILE, &most);
    for (int fd = 3; (rlim_t)fd < most.rlim_cur && fd < OLD_KERNEL_FDS; fd++)
        close(fd);
}

static int begin_child(void *arg)
{
    const struct start *s = arg;
    const struct proc_limits *lim = s->lim;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != s->parent)
        _exit(70);
    signal(SIGINT, SIG_IGN); /* the parent decides what an interrupt means */
    if (lim->memory_bytes)   /* private memory: maps of evidence do not count */
        setrlimit(RLIMIT_DATA, &(struct rlimit){lim->memory_bytes, lim->memory_bytes});
    if (lim->stack_bytes)
        setrlimit(RLIMIT_STACK, &(struct rlimit){lim->stack_bytes, lim->stack_bytes});
    if (lim->cpu_s)
        setrlimit(RLIMIT_CPU, &(struct rlimit){lim->cpu_s, lim->cpu_s});
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    int null = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC);
    if (dup2(s->ends.channel, CHANNEL) < 0 || dup2(s->ends.words, 2) < 0
        || dup2(null < 0 ? s->ends.words : null, 1) < 0) /* a bare root has no /dev */
        _exit(70);
    close_inherited();
    execv("/proc/self/exe", (char *const *)(uintptr_t)s->args);
    execv(s->program, (char *const *)(uintptr_t)s->args); /* ... and no /proc */
    _exit(70);
}

/* The parent's pages are not copied for a process that is about to leave them: one that holds much starts
 * others as quickly as one that holds little. */
enum status plat_spawn_self(const char *const *args, const struct proc_limits *lim, struct proc **out,
                            struct err *e)
{
    enum { STACK = 64 << 10 };
    struct start s = {args, lim, {-1, -1}, getpid(), (const char *)getauxval(AT_EXECFN)};
    struct proc *p = calloc(1, sizeof *p);
    char *stack = malloc(STACK);
    if (!p || !stack) {
        free(p), free(stack);
        return err_set(e, E_NOMEM, ERR_NO_OFF, "cannot start a worker", "out of memory");
    }
    enum status st = make_ends(p, &s.ends, e);
    if (st != OK) {
        free(p), free(stack);
        return st;
    }
    p->pid = clone(begin_child, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, &s);
    int why = errno;
    close(s.ends.channel), close(s.ends.words);
    free(stack);
    if (p->pid < 0) {
        errno = why;
        st = no_worker(e);
        close_proc(p);
        return st;
    }
    *out = p;
    return OK;
}

/* The request for a copy: a byte, and what the copy is given. The answer: its process id, or less than zero,
 * errno. A copy is made a child of ours, not of its original: we see how it ends. */
enum status plat_child_copies(struct err *e)
{
    pid_t parent = getppid();
    for (;;) {
        char request;
        plat_file fd[2];
        size_t n = 2;
        enum status st = plat_child_recv(&request, 1, fd, &n, e);
        if (st == OK && n != 2)
            st = err_set(e, E_FORMAT, ERR_NO_OFF, "channel to the parent", "a copy without ends");
        if (st != OK)
            return st;
        int32_t pid = (int32_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent || dup2((int)fd[0], CHANNEL) < 0 || dup2((int)fd[1], 2) < 0)
                _exit(70);
        }
        if (pid < 0)
            pid = -errno;
        close((int)fd[0]), close((int)fd[1]);
        if (pid == 0)
            return OK;
        if ((st = plat_child_send(&pid, sizeof pid, e)) != OK)
            return st;
    }
}

static enum status recv_pid(struct proc *of, struct err *e)
{
    int32_t pid = 0;
    struct proc *first = of->asked;
    for (size_t have = 0; have < sizeof pid;) {
        struct pollfd set = {.fd = of->fd, .events = POLLIN};
        int ready = poll(&set, 1, END_MS);
        ssize_t got = ready > 0 ? recv(of->fd, (char *)&pid + have, sizeof pid - have, 0) : -1;
        if ((ready < 0 || (ready > 0 && got < 0)) && errno == EINTR)
            continue;
        if (got <= 0)
            return err_set(e, E_IO, ERR_NO_OFF, "cannot start a worker", "nobody answers");
        have += (size_t)got;
    }
    of->asked = first->next;
    first->pid = pid, first->of = NULL;
    return OK;
}

enum status plat_proc_ask(struct proc *of, struct proc **out, struct err *e)
{
    struct child_ends child = {-1, -1};
    struct proc *p = calloc(1, sizeof *p), **last = &of->asked;
    if (!p)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "cannot start a worker", "out of memory");
    enum status st = make_ends(p, &child, e);
    if (st != OK) {
        free(p);
        return st;
    }
    st = plat_proc_send(of, "", 1, (plat_file[]){child.channel, child.words}, 2, e);
    close(child.channel), close(child.words);
    if (st != OK) {
        close_proc(p);
        return st;
    }
    while (*last)
        last = &(*last)->next;
    *last = *out = p, p->of = of;
    return OK;
}

enum status plat_proc_there(struct proc *p, struct err *e)
{
    enum status st = OK;
    while (st == OK && p->of)
        st = recv_pid(p->of, e);
    if (st == OK && p->pid > 0)
        return OK;
    if (st == OK)
        errno = -p->pid, st = no_worker(e);
    for (struct proc **at = p->of ? &p->of->asked : NULL; at && *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            break;
        }
    close_proc(p);
    return st;
}

enum status plat_proc_copy(struct proc *of, struct proc **out, struct err *e)
{
    struct proc *p;
    enum status st = plat_proc_ask(of, &p, e);
    if (st == OK && (st = plat_proc_there(p, e)) == OK)
        *out = p;
    return st;
}

enum status plat_proc_send(struct proc *p, const void *bytes, size_t n, const plat_file *files,
                           size_t n_files, struct err *e)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int) * LIM_JOB_FILES)];
    } control;
    struct iovec part = {(void *)(uintptr_t)bytes, n};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (n_files) {
        memset(&control, 0, sizeof control);
        m.msg_control = &control, m.msg_controllen = CMSG_SPACE(sizeof(int) * n_files);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof(int) * n_files);
        for (size_t i = 0; i < n_files; i++) {
            int fd = (int)files[i];
            memcpy(CMSG_DATA(c) + i * sizeof fd, &fd, sizeof fd);
        }
    }
    while (part.iov_len) {
        ssize_t sent = sendmsg(p->fd, &m, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return sys_err(e, "cannot reach a worker", NULL);
        part.iov_base = (char *)part.iov_base + sent, part.iov_len -= (size_t)sent;
        m.msg_control = NULL, m.msg_controllen = 0;
    }
    return OK;
}

enum status plat_proc_read(struct proc *p, void *buf, size_t cap, size_t *got, bool *eof, struct err *e)
{
    *got = 0, *eof = false;
    ssize_t n = recv(p->fd, buf, cap, MSG_DONTWAIT);
    if (n > 0)
        *got = (size_t)n;
    else if (n == 0 || errno == ECONNRESET)
        *eof = true;
    else if (errno != EAGAIN && errno != EINTR)
        return sys_err(e, "cannot read from a worker", NULL);
    return OK;
}

enum status plat_wait(struct proc *const *p, size_t n, unsigned ms, bool *ready, struct err *e)
{
    struct pollfd set[PLAT_WAIT];
    size_t m = n < LEN(set) ? n : LEN(set);
    for (size_t i = 0; i < m; i++)
        set[i] = (struct pollfd){.fd = p[i] ? p[i]->fd : -1, .events = POLLIN}, ready[i] = false;
    if (poll(set, m, (int)ms) < 0 && errno != EINTR)
        return sys_err(e, "cannot wait for workers", NULL);
    for (size_t i = 0; i < m; i++)
        ready[i] = set[i].fd >= 0 && set[i].revents;
    return OK;
}

/* --- folders that tell of changes */
struct watch {
    int fd;
    size_t n;
    int id[]; /* of the folders, in their order */
};

enum status plat_watch_begin(const char *const *dir, size_t n, struct watch **out, struct err *e)
{
    struct watch *w = *out = malloc(sizeof *w + n * sizeof w->id[0]);
    if (!w)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "watch", "no memory");
    w->n = 0, w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    enum status st = w->fd < 0 ? sys_err(e, "cannot watch", NULL) : OK;
    for (size_t i = 0; i < n && st == OK; i++) {
        int id = inotify_add_watch(
            w->fd, dir[i], IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB | IN_MODIFY | IN_ONLYDIR);
        w->id[w->n++] = id;
        st = id < 0 ? sys_err(e, "cannot watch", dir[i]) : OK;
    }
    if (st != OK)
        plat_watch_end(w), *out = NULL;
    return st;
}

enum status plat_watch_wait(struct watch *w, unsigned ms, bool *changed, watch_whole *whole, void *ctx,
                            struct err *e)
{
    _Alignas(struct inotify_event) char room[16384];
    struct pollfd set = {.fd = w->fd, .events = POLLIN};
    *changed = false;
    if (poll(&set, 1, (int)ms) < 0 && errno != EINTR)
        return sys_err(e, "cannot wait for changes", NULL);
    for (ssize_t n; (n = read(w->fd, room, sizeof room)) > 0;)
        for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
            struct inotify_event ev;
            memcpy(&ev, room + at, sizeof ev);
            const char *name = room + at + sizeof ev;
            at += (ssize_t)(sizeof ev + ev.len);
            *changed = true;
            bool moved = ev.mask & IN_MOVED_TO, closed = (ev.mask & IN_CLOSE_WRITE) && !(ev.mask & IN_ISDIR);
            for (size_t i = 0; i < w->n && ev.len && (moved || closed); i++)
                if (w->id[i] == ev.wd)
                    whole(ctx, i, str_of(name));
        }
    return OK;
}

void plat_watch_end(struct watch *w)
{
    if (w && w->fd >= 0)
        close(w->fd);
    free(w);
}

void plat_proc_kill(struct proc *p)
{
    if (p)
        p->killed = true, kill(p->pid, SIGKILL);
}

/* Does the child end by itself within ms? A kernel without pidfds: its word is taken for it. */
static bool ends_by_itself(pid_t pid, unsigned ms)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0), n;
    if (fd < 0)
        return true;
    while ((n = poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, (int)ms)) < 0 && errno == EINTR)
        ;
    close(fd);
    return n != 0;
}

void plat_proc_end(struct proc *p, struct exit_info *how)
{
    int status = 0;
    *how = (struct exit_info){0};
    if (!p)
        return;
    plat_proc_hang_up(p);
    if (!p->killed && !ends_by_itself(p->pid, END_MS))
        plat_proc_kill(p);
    while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
        ;
    how->killed = p->killed;
    /* it has ended, and what it wrote lies in the pipe */
    for (size_t n = 0; n + 1 < sizeof how->words;) {
        ssize_t got = read(p->words, how->words + n, sizeof how->words - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    if (WIFSIGNALED(status))
        how->signal = WTERMSIG(status);
    else
        how->code = WEXITSTATUS(status);
    close_proc(p);
}

enum status plat_child_recv(void *buf, size_t n, plat_file *files, size_t *n_files, struct err *e)
{
    size_t room = n_files ? *n_files : 0, have = 0;
    if (n_files)
        *n_files = 0;
    while (have < n) {
        union {
            struct cmsghdr head;
            char room[CMSG_SPACE(sizeof(int) * LIM_JOB_FILES)];
        } control;
        struct iovec part = {(char *)buf + have, n - have};
        struct msghdr m = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
        ssize_t got = recvmsg(CHANNEL, &m, MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sys_err(e, "channel to the parent", NULL);
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
            if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                continue;
            for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
                int fd;
                memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
                if (n_files && *n_files < room)
                    files[(*n_files)++] = fd;
                else
                    close(fd);
            }
        }
        if (got == 0)
            return err_set(e, have ? E_FORMAT : E_TRUNC, ERR_NO_OFF, "channel to the parent",
                           "closed after %zu of %zu bytes", have, n);
        have += (size_t)got;
    }
    return OK;
}

enum status plat_child_send(const void *buf, size_t n, struct err *e)
{
    for (const char *at = buf; n;) {
        ssize_t put = send(CHANNEL, at, n, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return sys_err(e, "channel to the parent", NULL);
        at += put, n -= (size_t)put;
    }
    return OK;
}

enum status plat_write_stdout(const void *buf, size_t n, struct err *e)
{
    for (const char *at = buf; n;) {
        ssize_t put = write(1, at, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_set(e, errno == EPIPE ? E_STOP : E_IO, ERR_NO_OFF, "standard output", "%s",
                           strerror(errno));
        at += put, n -= (size_t)put;
    }
    return OK;
}

bool plat_reader_gone(void)
{
    return write(1, "\n", 1) < 0 && errno == EPIPE; /* the only call that a jail leaves */
}

enum status plat_stdin_file(const char **path, struct err *e)
{
    static char part[1 << 16];
    struct stat s;
    plat_file f;
    uint64_t off = 0;
    ssize_t n = 0;
    *path = "/dev/stdin";
    if (fstat(0, &s) == 0 && S_ISREG(s.st_mode))
        return OK;
    enum status st = plat_spool(false, &f, e);
    while (st == OK && ((n = read(0, part, sizeof part)) > 0 || (n < 0 && errno == EINTR)))
        if (n > 0 && (st = plat_write_at(f, off, part, (size_t)n, e)) == OK)
            off += (uint64_t)n;
    if (st == OK && (n < 0 || dup2((int)f, 0) < 0))
        st = sys_err(e, "cannot read", "standard input");
    return st;
}

/* --- a thread beside. Signals are the caller's. */
struct beside {
    pthread_t thread;
    void (*fn)(void *ctx);
    void *ctx;
};

static void *run_beside(void *arg)
{
    const struct beside *b = arg;
    b->fn(b->ctx);
    return NULL;
}

struct beside *plat_beside(void (*fn)(void *ctx), void *ctx)
{
    struct beside *b = plat_cores() > 1 ? malloc(sizeof *b) : NULL;
    sigset_t all, was;
    if (!b)
        return NULL;
    *b = (struct beside){.fn = fn, .ctx = ctx};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &was);
    int failed = pthread_create(&b->thread, NULL, run_beside, b);
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    return failed ? free(b), NULL : b;
}

bool plat_beside_ended(struct beside *b, unsigned ms)
{
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    uint64_t ns = (uint64_t)at.tv_nsec + (uint64_t)ms * 1000000;
    at.tv_sec += (time_t)(ns / 1000000000), at.tv_nsec = (long)(ns % 1000000000);
    if (pthread_timedjoin_np(b->thread, NULL, &at) != 0)
        return false;
    return free(b), true;
}

/* --- the rest */

void plat_give_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

void plat_hold_memory(void)
{
#ifdef M_TRIM_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, 32 << 20); /* the most it takes */
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

uint64_t plat_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int64_t plat_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return 116444736000000000LL + t.tv_sec * 10000000LL + t.tv_nsec / 100;
}

unsigned plat_cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 64 ? 64 : (unsigned)n;
}

/* Its messages are not ours, and a reader that goes is none of its errors. */
bool plat_open_page(const char *path)
{
    char *whole = realpath(path, NULL), *args[] = {"xdg-open", whole, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t pipe_closed;
    pid_t pid;
    if (!whole || posix_spawn_file_actions_init(&files) != 0)
        return free(whole), false;
    bool ok = posix_spawnattr_init(&how) == 0;
    if (ok) {
        sigemptyset(&pipe_closed), sigaddset(&pipe_closed, SIGPIPE);
        for (int fd = 0; fd < 3 && ok; fd++)
            ok = posix_spawn_file_actions_addopen(&files, fd, "/dev/null", fd ? O_WRONLY : O_RDONLY, 0) == 0;
        ok = ok && posix_spawnattr_setsigdefault(&how, &pipe_closed) == 0
             && posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF) == 0
             && posix_spawnp(&pid, args[0], &files, &how, args, environ) == 0;
        posix_spawnattr_destroy(&how);
    }
    posix_spawn_file_actions_destroy(&files);
    free(whole);
    return ok;
}

bool plat_is_terminal(FILE *f) { return isatty(fileno(f)) == 1; }

unsigned plat_columns(void)
{
    struct winsize w;
    return ioctl(2, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : 80;
}

void plat_begin(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
#ifdef M_TOP_PAD /* the heap grows by a MiB: a quarter of a small case's system calls was brk */
    mallopt(M_TOP_PAD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

enum status plat_neutral(struct err *e)
{
    if (!setlocale(LC_CTYPE, "C.UTF-8") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        return err_set(e, E_UNSUPPORTED, ERR_NO_OFF, "text", "the system has no C.UTF-8");
    setenv("TZ", "UTC0", 1);
    tzset();
    return OK;
}

void plat_on_interrupt(void (*fn)(int))
{
    struct sigaction a = {.sa_handler = fn, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&a.sa_mask);
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
}
