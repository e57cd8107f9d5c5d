/* steps: linked into a build whose every branch calls __sanitizer_cov_trace_pc, it counts what the program
 * and all its children do: blocks of our code, steps of SQLite's machine, all and of each statement. Both are
 * the same on every machine and however busy it is. The counts stand in the file that $STEPS names, a struct
 * steps: it is mapped before main and before the jail, so that jailed children count too. Without $STEPS it
 * does nothing. */
#include "tests/steps.h"
#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* The statement's row: texts are told apart by their hash (FNV-1a), as far as there are rows. */
static struct steps_stmt *row_of(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (const char *c = text; *c; c++)
        h = (h ^ (unsigned char)*c) * 0x100000001b3u;
    for (size_t i = 0; i < STEPS_STMTS; i++) {
        struct steps_stmt *s = &steps->stmt[(h + i) % STEPS_STMTS];
        uint64_t none = 0;
        if (__atomic_compare_exchange_n(&s->hash, &none, h, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            strncpy(s->text, text, sizeof s->text - 1);
        else if (none != h)
            continue;
        return s;
    }
    return NULL;
}

static int count(unsigned what, void *ctx, void *stmt, void *ns)
{
    (void)what, (void)ctx, (void)ns;
    int n = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
    const char *text = sqlite3_sql(stmt);
    struct steps_stmt *row = text ? row_of(text) : NULL;
    __atomic_fetch_add(&steps->sql, (unsigned)n, __ATOMIC_RELAXED);
    if (row)
        __atomic_fetch_add(&row->steps, (unsigned)n, __ATOMIC_RELAXED);
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
