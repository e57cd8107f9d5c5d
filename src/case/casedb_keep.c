/* casedb_keep: many small cases of one schema on one connection, as the tests of rules are: what is prepared
 * once is run again, what is written since a mark is undone. The connection owns the statements; texts
 * outlive it. It refuses to undo without a mark: E_DB in SQLite's words. */
#include "case/casedb_priv.h"
#include "base/grow.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum status case_keep(struct casedb *db, struct err *e)
{
    enum status st = case_exec(db, "PRAGMA journal_mode=MEMORY", e);
    db->keep = st == OK;
    return st;
}

/* Names of files that grow out of memory are drawn by lot. */
void case_copied(void) { sqlite3_randomness(0, NULL); }

bool case_keeps(const struct casedb *db) { return db->keep; }

/* The address says which text it may be; what it was then, that it still is: a buffer may be written again.
 */
struct kept *case_kept(struct casedb *db, struct str text)
{
    if (!db->keep)
        return NULL;
    uint64_t hash = (uintptr_t)text.p;
    size_t at = db->kept_by.cap ? lookup_at(&db->kept_by, hash) : 0;
    uint32_t row;
    while ((row = lookup_next(&db->kept_by, hash, &at)) != LOOKUP_NONE && db->kept[row].text != text.p)
        ;
    if (row == LOOKUP_NONE) {
        struct kept *more = grow(db->kept, sizeof *more, db->n_kept, &db->cap_kept);
        if (!more)
            return NULL;
        db->kept = more, row = (uint32_t)db->n_kept;
        if (!lookup_put(&db->kept_by, hash, row))
            return NULL;
        db->kept[db->n_kept++] = (struct kept){.text = text.p};
    }
    struct kept *k = &db->kept[row];
    if (k->was.p && str_eq(k->was, text))
        return k;
    kept_clear(k);
    free((void *)(uintptr_t)k->was.p);
    char *copy = malloc(text.n + 1);
    if (copy && text.n)
        memcpy(copy, text.p, text.n);
    k->was = (struct str){copy, text.n};
    return copy ? k : NULL;
}

bool kept_add(struct kept *k, struct sqlite3_stmt *stmt, size_t at)
{
    void *more = grow(k->one, sizeof *k->one, k->n, &k->cap);
    if (!more)
        return false;
    k->one = more;
    k->one[k->n].stmt = stmt, k->one[k->n++].at = at;
    return true;
}

void kept_clear(struct kept *k)
{
    for (size_t i = 0; i < k->n; i++)
        sqlite3_finalize(k->one[i].stmt);
    free(k->one);
    *k = (struct kept){.text = k->text, .was = k->was};
}

void case_keep_nothing(struct casedb *db)
{
    for (size_t i = 0; i < db->n_kept; i++)
        kept_clear(&db->kept[i]), free((void *)(uintptr_t)db->kept[i].was.p);
    free(db->kept), lookup_free(&db->kept_by);
    db->kept = NULL, db->n_kept = db->cap_kept = 0;
}

enum status case_mark(struct casedb *db, struct err *e)
{
    enum status st = case_run(db, "SAVEPOINT mark", NULL, NULL, 0, e);
    db->marked = st == OK, db->part = false;
    return st;
}

enum case_since case_since_mark(const struct casedb *db)
{
    return !db->marked ? CASE_KEPT : sqlite3_get_autocommit(db->db) ? CASE_UNDONE : CASE_MARKED;
}

enum status case_unmark(struct casedb *db, struct err *e)
{
    if (case_since_mark(db) != CASE_MARKED)
        return OK;
    db->marked = db->part = false;
    return case_run(db, "RELEASE mark", NULL, NULL, 0, e);
}

/* Events that were known are not there any more. */
enum status case_rewind(struct casedb *db, struct err *e)
{
    enum status st = case_run(db, "ROLLBACK TO mark", NULL, NULL, 0, e);
    st = st == OK ? case_unmark(db, e) : st;
    free(db->known.row), lookup_free(&db->known.by_identity);
    memset(&db->known, 0, sizeof db->known);
    return st;
}
