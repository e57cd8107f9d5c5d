/* casedb: the case as a SQLite file: facts in, guarded read-only queries out.
 * The caller owns struct casedb and closes it; rows are valid during the callback.
 * It refuses rule and user SQL that is not one SELECT over v_* (and kb_*) views, or that runs past its step
 * budget. */
#ifndef CASEDB_H
#define CASEDB_H
#include "base/buf.h"
#include "base/err.h"
#include "base/fact.h"
#include "base/str.h"

struct casedb;

/* path NULL: in memory; otherwise in memory and, as it grows, in a file without a name: in the folder of
 * path, where messages say it is, or, path being "", in that for temporary files. create: runs
 * knowledge/schema.sql (given as text); otherwise opens read-only. */
enum status case_create(const char *path, struct str schema, struct casedb **out, struct err *e);
/* The same from what case_image gave of one; the image outlives the call alone. */
enum status case_create_from(const char *path, struct str image, struct casedb **out, struct err *e);
enum status case_image(struct casedb *db, struct buf *out, struct err *e); /* its bytes, appended */
/* The same of its temporary tables; and a fresh case gets what that gave of one like it. */
enum status case_scratch_image(struct casedb *db, struct buf *out, struct err *e);
enum status case_scratch_from(struct casedb *db, struct str image, struct err *e);
bool case_has_scratch(const struct casedb *db); /* it got some */
enum status case_open(const char *path, struct casedb **out, struct err *e);
/* The same for the other kind of file we write, the fleet of many tickets (fleetdb.h). */
enum case_of { CASE_ONE, CASE_FLEET, CASE_KINDS };
enum status case_create_as(enum case_of kind, const char *path, struct str schema, struct casedb **out,
                           struct err *e);
enum status case_open_as(enum case_of kind, const char *path, struct casedb **out, struct err *e);
/* Can a case be made under that name? E_IO: it is longer than SQLite takes. */
enum status case_name_fits(const char *path, struct err *e);
/* Are the tables and views of db those of the other, and is it whole? */
bool case_alike(struct casedb *db, struct casedb *other);
void case_close(struct casedb *db); /* the file of case_create is removed */
/* A copy to change (other rules over an old case), in memory or, as it grows, in a file without a name; from
 * stays open. */
enum status case_copy(struct casedb *from, struct casedb **out, struct err *e);
/* Commits and writes a compact copy, synced, to path: same facts, same bytes. db stays open; nothing is left
 * of a copy that fails. */
enum status case_save(struct casedb *db, const char *path, struct err *e);
/* The same beside what the caller does, which until case_save_end only reads db; path: the caller's. NULL:
 * nothing was begun, case_save does it. keep: false: it is not wanted any more, and nothing is left of it.
 * E_UNSUPPORTED: case_save does it after all. */
struct case_saving;
struct case_saving *case_save_begin(struct casedb *db, const char *path);
enum status case_save_end(struct case_saving *s, bool keep, struct err *e);

/* Asked now and then while SQLite works for db, whatever it does: anything but OK ends that with this status.
 */
typedef enum status case_halt(void *ctx, struct err *e);
void case_halt_when(struct casedb *db, case_halt *fn, void *ctx);
enum status case_halted(struct casedb *db, struct err *e); /* asks now */
/* From here on a statement that is halted leaves nothing behind, and what was written before it stands; until
 * then a case of which one was halted is lost. case_undo ends a transaction that cannot be completed. */
enum status case_undoable(struct casedb *db, struct err *e);
enum status case_undo(struct casedb *db, struct err *e);

/* From here on what is prepared of scripts and of guarded queries is kept, by the address of its text (which
 * outlives db), for the next time; and what was written since case_mark can be undone. */
enum status case_keep(struct casedb *db, struct err *e);
bool case_keeps(const struct casedb *db);
/* In a process copied from the one that made db: its chance is its own again. */
void case_copied(void);
enum status case_mark(struct casedb *db, struct err *e);
enum status case_rewind(struct casedb *db, struct err *e);
/* What became of the mark. CASE_UNDONE: SQLite undid all since by itself, as it does where a statement that
 * writes is halted or finds no room. CASE_KEPT: there is none, or the case has become large and is as any
 * other from case_undoable, or case_save, on. */
enum case_since { CASE_KEPT, CASE_MARKED, CASE_UNDONE };
enum case_since case_since_mark(const struct casedb *db);

enum status case_begin(struct casedb *db, struct err *e);
enum status case_commit(struct casedb *db, struct err *e);
/* file_of[ref.file]: evidence file row ids of the job's files. Another file that holds a known event becomes
 * a row of event_source. */
enum status case_put(struct casedb *db, const int64_t *file_of, const struct fact *f, struct err *e);
/* A fact as the case holds it. file, unit: evidence ids of the file it lies in (fact.ref.file is 0) and of
 * its log or hive; at: the place in that file that is cited, of a fold maybe that of its last record. */
struct cited {
    struct fact fact;
    int64_t row, file, unit;
    uint64_t at;
};
typedef enum status cited_fn(void *ctx, const struct cited *c, struct err *e);
/* All facts of a kind that lie at a cited place; one by its row. */
enum status case_cited(struct casedb *db, enum fact_kind kind, cited_fn *fn, void *ctx, struct err *e);
enum status case_fact(struct casedb *db, enum fact_kind kind, int64_t row, cited_fn *fn, void *ctx,
                      struct err *e);
/* Trusted SQL of ours (schema, derive, coverage, inserts). Arguments bind to ?1, ?2, ... in order. */
/* several statements */
enum status case_exec(struct casedb *db, const char *sql, struct err *e);
enum status case_run(struct casedb *db, const char *sql, const struct value *arg, const enum col_type *type,
                     size_t n, struct err *e);
/* Names of Win32 codes (base/names.h) for win32_name(n) of trusted SQL; the text outlives its use. The case
 * has other knowledge from here on: families of codes that code_in has read are forgotten. */
void case_names(struct casedb *db, struct str names);
int64_t case_last_id(struct casedb *db);
/* What an evidence id such as f3:0x11c00 names; false: it is none. */
bool case_place(struct str id, int64_t *file, int64_t *off);

/* s is set for every value: the text of a number too. type: COL_INT (i), COL_TEXT (real as well: is_real),
 * COL_BLOB, COL_NONE for NULL. */
struct cell {
    enum col_type type;
    bool null;
    int64_t i;
    double real;
    bool is_real;
    struct str s;
};
typedef enum status row_fn(void *ctx, const struct cell *cell, const char *const *name, size_t n,
                           struct err *e);
/* What is going to be asked with case_query is compiled now, if there is room to keep it; what is wrong with
 * it is told then. */
void case_ahead(struct casedb *db, const char *sql);
/* trusted */
enum status case_query(struct casedb *db, const char *sql, const struct value *arg, const enum col_type *type,
                       size_t n, row_fn *fn, void *ctx, struct err *e);
/* A row_fn: the number in the first column goes to the int64_t at ctx. */
enum status case_first(void *ctx, const struct cell *cell, const char *const *name, size_t n, struct err *e);
/* The number in the first column of the last row; 0: no row. */
enum status case_number(struct casedb *db, const char *sql, int64_t *n, struct err *e);
/* rules and users: E_USAGE with SQLite's words */
enum status case_guarded(struct casedb *db, struct str sql, uint64_t steps, row_fn *fn, void *ctx,
                         struct err *e);
/* While rules are asked of a small case: the views they ask most stand as tables until case_unstage, made
 * from what case_stage_tables gave for the same views; nothing happens where the case is large, or tables is
 * empty. Nothing of the case changes meanwhile but findings. */
enum status case_stage_tables(struct casedb *db, struct buf *out, struct err *e);
enum status case_stage(struct casedb *db, struct str tables, struct err *e);
enum status case_unstage(struct casedb *db, struct err *e);
/* Staged, the query gives no row, whatever it says: false where that is not certain. */
bool case_barren(const struct casedb *db, struct str sql);
/* Compiles sql as case_guarded would, without running it, and says whether its result has the named column.
 */
enum status case_check(struct casedb *db, struct str sql, const char *const *column, bool *has, size_t n,
                       struct err *e);
#endif
