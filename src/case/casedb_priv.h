/* casedb_priv: what casedb.c (cases, trusted SQL), casedb_facts.c, casedb_sql.c, casedb_bytes.c,
 * casedb_words.c, casedb_when.c, casedb_member.c (our SQL functions), casedb_guard.c (SQL of rules and
 * users), casedb_spill.c, casedb_keep.c, casedb_pack.c share. struct casedb is owned by casedb.c. sqlite3.h
 * stays inside these files. */
#ifndef CASEDB_PRIV_H
#define CASEDB_PRIV_H
#include "base/arena.h"
#include "base/fact.h"
#include "base/json.h"
#include "base/lookup.h"
#include "case/casedb.h"

struct sqlite3;
struct sqlite3_context;
struct sqlite3_stmt;
struct sqlite3_value;
enum { CASE_CACHE = 256 }; /* statements by their text */

/* A text that was prepared: its statements, and where each begins in it. */
struct kept {
    const char *text; /* where it lies, and a copy of what lay there */
    struct str was;
    struct {
        struct sqlite3_stmt *stmt;
        size_t at;
    } * one;
    size_t n, cap;
};

/* What casedb_stage.c made: a bit a view. */
struct stage {
    bool on;
    uint32_t made, filled; /* there is a table; it has rows */
    struct lookup values;  /* hashes of view, column and value */
};

/* Folds whose parts meet before the table is told of them (casedb_fold.c). */
struct folds {
    bool on;
    struct fold_part {
        int64_t file;
        struct fact fact;
    } * row;
    size_t n, cap;
    struct lookup by_key;
    struct arena text;
};

/* Objects of JSON that were asked for a member, with what stands in them (casedb_member.c). */
enum { CASE_MEMBERS = 64, CASE_OBJECTS = 4, CASE_QUESTIONS = 4 };
struct members {
    struct json_object {
        char *text;
        size_t n, room, count;
        bool plain;
        struct json_member {
            struct str name, value; /* in text */
            enum json_kind kind;
        } member[CASE_MEMBERS];
    } last[CASE_OBJECTS];
    size_t turn;
};

struct casedb {
    struct sqlite3 *db;
    struct members members;
    struct folds folds;
    struct stage stage;
    /* of the working file; NULL: in memory or read-only */
    char *path;
    const char *spill; /* the folder SQLite was told to spill into, for this case */
    struct {
        struct sqlite3_stmt *stmt;
        uint64_t hash;
        bool busy;
    } cache[CASE_CACHE];
    struct sqlite3_stmt *put[FACT_KINDS], *source, *code;
    struct { /* SQLite's own functions, and questions to them */
        struct sqlite3 *db;
        struct sqlite3_stmt *ask[CASE_QUESTIONS];
    } own;
    struct str names; /* base/names.h: of Win32 codes, for win32_name() */
    /* events that are found again */
    struct {
        struct known {
            uint64_t identity, who;
            int64_t time, record, id, file;
        } * row;
        size_t n, cap;
        struct lookup by_identity;
        bool loaded;
    } known;
    char *indexes; /* SQL of the indexes that wait for case_commit */
    bool scratch;  /* its temporary tables are an image's */
    bool filled;   /* there are facts, and never none again */
    struct kept *kept;
    size_t n_kept, cap_kept;
    struct lookup kept_by; /* by address of the text */
    struct family *family; /* lists of codes that code_in has read */
    bool keep;             /* what is prepared is kept, by the address of its text */
    bool marked, part;     /* between case_mark and case_rewind; in it, case_begin and case_commit */
    bool guard;            /* the authorizer and the step budget apply */
    uint64_t steps;        /* left to the guarded query */
    int64_t memory;        /* SQLite's own when it began */
    const char *stopped;   /* why the progress handler stopped it */
    case_halt *halt;
    void *halt_ctx;
};

/* SQLite's words for its last error */
enum status case_fail(struct casedb *db, int rc, enum status code, const char *what, struct err *e);
/* the current row to fn */
enum status case_row(struct sqlite3_stmt *stmt, row_fn *fn, void *ctx, struct err *e);
int case_bind(struct sqlite3_stmt *stmt, int at, const struct value *v, enum col_type type);
/* a text into a hash, as columns compare it: without regard to case, NULL apart from "" */
uint64_t case_mix(uint64_t h, const struct value *v);
/* case_put without waiting for more of a fold */
enum status case_put_now(struct casedb *db, const int64_t *file_of, const struct fact *f, struct err *e);
/* part: its names are there. False in taken: it is for the table at once. */
enum status folds_take(struct casedb *db, int64_t file, const struct fact *part, bool *taken, struct err *e);
enum status folds_tell(struct casedb *db, struct err *e); /* the table, of all that waits */
void folds_free(struct folds *x);
/* an argument of a function of ours as text; .p NULL: it is NULL */
struct str case_text(struct sqlite3_value *v);
/* what was put together into b; frees it. E_NOMEM: it could not be */
enum status case_exec_built(struct casedb *db, struct buf *b, struct err *e);
enum status case_fact_tables(struct casedb *db, struct err *e);
/* verdict_order, role_order, outcome_order */
enum status case_orders(struct casedb *db, struct err *e);
/* before the first connection: see casedb_memory.c */
void case_memory(void);
int64_t case_memory_used(void);
/* The name of the file system of SQLite by which what it spills is counted. From begin
 * to end a write beyond LIM_RULE_SPILL fails, and case_spilled() tells that of the last one. */
const char *case_spill_files(void);
void case_spill_begin(void);
void case_spill_end(void);
bool case_spilled(void);
int case_guard_install(struct casedb *db);
int case_functions(struct casedb *db);      /* of derive/ and coverage.sql: on cases we write */
int case_byte_functions(struct casedb *db); /* the same, for bytes in evidence */
int case_words(struct casedb *db);          /* of rules: on every case */
int case_members(struct casedb *db);        /* SQLite's own, faster: on cases we write */
int case_nocase(void *ctx, int n, const void *left, int m, const void *right); /* its NOCASE */
/* a token of base/json.h as a value of SQL */
void case_result_json(struct sqlite3_context *c, enum json_kind kind, struct str v);
/* field(): false where the object is not plain and nothing is said */
bool case_field(struct sqlite3_context *c, struct casedb *db, struct sqlite3_value **v);
void members_free(struct casedb *db);
void case_same_domain(struct sqlite3_context *c, int n,
                      struct sqlite3_value **v);                               /* one of these, by names */
void case_covered(struct sqlite3_context *c, int n, struct sqlite3_value **v); /* two more, by time */
void case_told(struct sqlite3_context *c, int n, struct sqlite3_value **v);
/* The pages of a whole database, n bytes of them, compact and in an order of their own: each is put once, the
 * first one last. E_UNSUPPORTED: they are none that it knows; E_NOMEM, or what put says (in e): what was put
 * is of no use then. */
typedef enum status case_put_pages(void *ctx, uint64_t at, const void *pages, size_t n, struct err *e);
enum status case_pack(const uint8_t *image, size_t n, case_put_pages *put, void *ctx, struct err *e);
/* NULL: nothing is kept, or there is no room. kept_add: false where there is none; stmt stays the caller's.
 */
struct kept *case_kept(struct casedb *db, struct str text);
bool kept_add(struct kept *k, struct sqlite3_stmt *stmt, size_t at);
void kept_clear(struct kept *k);
void case_keep_nothing(struct casedb *db);
/* what was written since the mark, if one stands, stays */
enum status case_unmark(struct casedb *db, struct err *e);
void families_free(struct casedb *db);
#endif
