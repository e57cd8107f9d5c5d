/* steps: linked into a build whose every branch calls __sanitizer_cov_trace_pc, it counts what the program
 * and all its children do: blocks of our code, steps of SQLite's machine. Both are the same on every machine
 * and however busy it is. The counts stand in the file that $STEPS names, two little-endian 64-bit numbers:
 * it is mapped before main and before the jail, so that jailed children count too. Without $STEPS it does
 * nothing. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct steps {
    uint64_t blocks, sql;
};
static struct steps unused, *steps = &unused;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) { __atomic_fetch_add(&steps->blocks, 1, __ATOMIC_RELAXED); }

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("STEPS");
    int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    void *p = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, sizeof *steps) == 0)
        p = mmap(NULL, sizeof *steps, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p != MAP_FAILED)
        steps = p;
    if (fd >= 0)
        close(fd);
}

static int count(unsigned what, void *ctx, void *stmt, void *ns)
{
    (void)what, (void)ctx, (void)ns;
    int n = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
    __atomic_fetch_add(&steps->sql, (unsigned)n, __ATOMIC_RELAXED);
    return 0;
}

int __real_sqlite3_open_v2(const char *name, sqlite3 **db, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(const char *name, sqlite3 **db, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(const char *name, sqlite3 **db, int flags, const char *vfs)
{
    int rc = __real_sqlite3_open_v2(name, db, flags, vfs);
    if (rc == SQLITE_OK)
        sqlite3_trace_v2(*db, SQLITE_TRACE_PROFILE, count, NULL);
    return rc;
}
