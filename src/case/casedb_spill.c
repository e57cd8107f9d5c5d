/* casedb_spill: what SQLite writes beside a case for sorters and temporary tables, counted, so that no
 * question of a rule or a user fills the disk. The file system of SQLite with one call changed; it owns
 * nothing but how much is left. It refuses a write beyond that: SQLITE_FULL. One question is asked at a time.
 */
#include "case/casedb_priv.h"
#include "base/limits.h"
#include "plat/plat.h"
#include <sqlite3.h>

static struct {
    sqlite3_vfs vfs, *real;
    const sqlite3_io_methods *file;
    sqlite3_io_methods counted;
    uint64_t left;
    bool on, over;
} spill;

static int write_counted(sqlite3_file *f, const void *p, int n, sqlite3_int64 off)
{
    if (spill.on && (spill.over |= (uint64_t)n > spill.left))
        return SQLITE_FULL;
    spill.left -= spill.on ? (uint64_t)n : 0;
    return spill.file->xWrite(f, p, n, off);
}

/* Files without a name are of one kind on every system. */
static int open_counted(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    (void)vfs;
    int rc = spill.real->xOpen(spill.real, name, f, flags, out);
    if (rc != SQLITE_OK || !(flags & SQLITE_OPEN_DELETEONCLOSE) || !f->pMethods
        || (spill.file && spill.file != f->pMethods))
        return rc;
    spill.file = f->pMethods, spill.counted = *spill.file, spill.counted.xWrite = write_counted;
    f->pMethods = &spill.counted;
    return rc;
}

const char *case_spill_files(void)
{
    if (spill.real)
        return spill.vfs.zName;
    sqlite3_vfs *real = sqlite3_vfs_find(plat_sqlite_vfs);
    if (!real)
        return plat_sqlite_vfs;
    spill.vfs = *real, spill.vfs.zName = "counted", spill.vfs.xOpen = open_counted, spill.vfs.pNext = NULL;
    if (sqlite3_vfs_register(&spill.vfs, 0) != SQLITE_OK)
        return plat_sqlite_vfs;
    spill.real = real;
    return spill.vfs.zName;
}

void case_spill_begin(void) { spill.on = true, spill.over = false, spill.left = LIM_RULE_SPILL; }
void case_spill_end(void) { spill.on = false; }
bool case_spilled(void) { return spill.over; }
