#include "case/casedb_priv.h"
#include "base/limits.h"
#include "plat/plat.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_COLUMNS = 64 };
/* What a file of ours may hold: PRAGMA application_id and user_version of its schema. */
static const struct {
    const char *name, *wrong, *next;
    int64_t id, version;
    bool facts; /* has the tables of facts */
} case_kinds[CASE_KINDS] = {
    [CASE_ONE] = {"case", "not a case of whylogon", "analyze the evidence again", 0x77686c67, 14, true},
    [CASE_FLEET] = {"fleet", "not a fleet of whylogon", "run batch again", 0x77686c66, 2, false}};

/* What is the machine's fault, not the query's. */
static enum status kind_of(int rc, enum status otherwise)
{
    int kind = rc & 0xff;
    return kind == SQLITE_NOMEM                                                     ? E_NOMEM
           : kind == SQLITE_FULL || kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN ? E_IO
                                                                                    : otherwise;
}

/* Where the machine failed: ", in out/.whylogon-x/case.db.building"; nothing for what is not its fault. */
enum { IN_FILE = 160 };
static const char *in_file(const struct casedb *db, enum status st, char text[IN_FILE])
{
    if (st == E_IO && db && db->path)
        snprintf(text, IN_FILE, ", in %s", db->path);
    return text;
}

enum status case_fail(struct casedb *db, int rc, enum status code, const char *what, struct err *e)
{
    enum status st = (rc & 0xff) == SQLITE_INTERRUPT ? case_halted(db, e) : OK;
    if (st != OK)
        return st;
    st = kind_of(rc, code);
    return err_set(e, st, ERR_NO_OFF, what, "%s%s",
                   db && db->db ? sqlite3_errmsg(db->db) : sqlite3_errstr(rc),
                   in_file(db, st, (char[IN_FILE]){0}));
}

void case_halt_when(struct casedb *db, case_halt *fn, void *ctx) { db->halt = fn, db->halt_ctx = ctx; }

enum status case_halted(struct casedb *db, struct err *e)
{
    return db && db->halt ? db->halt(db->halt_ctx, e) : OK;
}

/* The journal of a case in a file lies beside it, so that memory does not grow with what is changed. A case
 * that did not fit is in a file by now: more pages of it would be kept for nothing, and each sorter takes as
 * much. */
enum status case_undoable(struct casedb *db, struct err *e)
{
    enum { UNMARKED = 4096, FULL = 6144 };
    int64_t pages = 0;
    enum status st = case_exec(db, db->path ? "PRAGMA journal_mode=DELETE" : "PRAGMA journal_mode=MEMORY", e);
    st = st == OK ? case_number(db, "PRAGMA page_count", &pages, e) : st;
    if (st == OK && pages > UNMARKED)
        st = case_unmark(db, e);
    return st == OK && pages > FULL ? case_exec(db, "PRAGMA cache_size=-4096", e) : st;
}

/* Is there something to commit? A mark is not committed. */
static bool is_open(const struct casedb *db)
{
    return (!db->marked || db->part) && !sqlite3_get_autocommit(db->db);
}

enum status case_undo(struct casedb *db, struct err *e)
{
    bool open = is_open(db), part = db->part;
    free(db->indexes), db->indexes = NULL;
    db->part = false;
    enum status st = !open ? OK : case_run(db, part ? "ROLLBACK TO part" : "ROLLBACK", NULL, NULL, 0, e);
    return st == OK && open && part ? case_run(db, "RELEASE part", NULL, NULL, 0, e) : st;
}

/* --- opening */
static void release(struct casedb *db)
{
    for (size_t i = 0; i < LEN(db->cache); i++)
        sqlite3_finalize(db->cache[i].stmt), db->cache[i].stmt = NULL;
    for (size_t i = 0; i < FACT_KINDS; i++)
        sqlite3_finalize(db->put[i]), db->put[i] = NULL;
    case_keep_nothing(db);
    sqlite3_finalize(db->source), sqlite3_finalize(db->code);
    db->source = db->code = NULL;
}

/* SQLite keeps it for all that is open, and frees it never. */
static void spill_end(const char *folder)
{
    if (!folder || folder != sqlite3_temp_directory)
        return; /* none, or already another's */
    sqlite3_free(sqlite3_temp_directory);
    sqlite3_temp_directory = NULL;
}

void case_close(struct casedb *db)
{
    if (!db)
        return;
    release(db);
    sqlite3_close(db->db);
    spill_end(db->spill);
    families_free(db);
    lookup_free(&db->stage.values);
    folds_free(&db->folds);
    members_free(db);
    if (db->path)
        plat_remove(db->path);
    lookup_free(&db->known.by_identity);
    free(db->path), free(db->known.row), free(db->indexes), free(db);
}

/* The same name with no link on the way there: SQLite is told to follow none, at the name itself above all.
 */
static const char *plain(const char *path, struct arena *mem)
{
    size_t n = strlen(path);
    if (!arena_make(mem, 64 << 10))
        return path;
    while (n && !plat_slash(path[n - 1]))
        n--;
    struct str folder = n ? arena_str(mem, (struct str){path, n}) : STR(".");
    char *real = folder.p ? plat_real(folder.p, mem) : NULL;
    char *name = real ? arena_printf(mem, "%s/%s", real, path + n) : NULL;
    return name ? name : path;
}

static int open_file(const char *path, int flags, sqlite3 **db)
{
    struct arena mem = {0};
    int rc = sqlite3_open_v2(plain(path, &mem), db, flags | SQLITE_OPEN_NOFOLLOW, case_spill_files());
    arena_free(&mem);
    return rc;
}

/* SQLite puts more behind it: "-journal", the names of what it spills. */
enum status case_name_fits(const char *path, struct err *e)
{
    enum { MORE = 12 };
    case_memory(); /* finding a file system starts SQLite */
    const sqlite3_vfs *files = sqlite3_vfs_find(case_spill_files());
    size_t most = files ? (size_t)files->mxPathname - MORE : SIZE_MAX, n = strlen(path);
    return n <= most ? OK
                     : err_set(e, E_IO, ERR_NO_OFF, "too long a path for a case",
                               "%zu bytes, of which SQLite takes %zu here: choose a shorter folder", n, most);
}

static enum status open_as(const char *name, int flags, bool trusted, struct casedb **out, struct err *e)
{
    struct casedb *db = calloc(1, sizeof *db);
    if (!db)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "case", "no memory");
    case_memory();
    flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int rc = trusted && name[0] && name[0] != ':' ? open_file(name, flags, &db->db)
                                                  : sqlite3_open_v2(name, &db->db, flags, case_spill_files());
    if (rc == SQLITE_OK)
        rc = sqlite3_extended_result_codes(db->db, 1);
    /* a case may come from anyone; its views need json_extract, which counts as unsafe */
    static const struct {
        int option, value;
    } config[] = {{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1},
                  {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                  {SQLITE_DBCONFIG_DQS_DDL, 0},
                  {SQLITE_DBCONFIG_DQS_DML, 0},
                  /* would refuse journal_mode=OFF to our own working file */
                  {SQLITE_DBCONFIG_DEFENSIVE, 1}};
    for (size_t i = 0; i < LEN(config) - trusted && rc == SQLITE_OK; i++)
        rc = sqlite3_db_config(db->db, config[i].option, config[i].value, NULL);
    if (rc == SQLITE_OK)
        rc = case_guard_install(db);
    if (rc == SQLITE_OK)
        rc = case_words(db);
    if (rc == SQLITE_OK && trusted)
        rc = case_functions(db);
    if (rc == SQLITE_OK && trusted)
        rc = case_byte_functions(db);
    if (rc == SQLITE_OK && trusted)
        rc = case_members(db);
    if (rc != SQLITE_OK) {
        case_fail(db, rc, E_DB, "case", e);
        case_close(db);
        return e && e->code ? e->code : E_DB;
    }
    if (!trusted) /* a view may say what would fill any memory */
        sqlite3_limit(db->db, SQLITE_LIMIT_LENGTH, LIM_CASE_VALUE);
    *out = db;
    return OK;
}

/* The tables of facts and the schema's. */
static enum status make_tables(struct casedb *db, enum case_of kind, struct str schema, struct err *e)
{
    char *text = malloc(schema.n + 1);
    if (!text)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "case", "no memory");
    memcpy(text, schema.p, schema.n), text[schema.n] = 0;
    enum status st = case_orders(db, e);
    st = st == OK && case_kinds[kind].facts ? case_fact_tables(db, e) : st;
    st = st == OK ? case_exec(db, text, e) : st;
    free(text);
    return st;
}

/* All pages of another file of SQLite's. name: "main" or "temp". */
static enum status copy_pages(sqlite3 *to, const char *name, sqlite3 *from, struct casedb *db,
                              const char *what, struct err *e)
{
    sqlite3_backup *b = sqlite3_backup_init(to, name, from, "main");
    int rc = b ? sqlite3_backup_step(b, -1) : sqlite3_errcode(to);
    if (b)
        sqlite3_backup_finish(b);
    return rc == SQLITE_DONE ? OK : case_fail(db, rc, E_DB, what, e);
}

/* The tables as they lie in the program. */
static enum status take_image(struct casedb *db, const char *name, struct str image, struct err *e)
{
    sqlite3 *from = NULL;
    int rc = sqlite3_open_v2(":memory:", &from, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) /* read only, and never freed: it is not written to */
        rc = sqlite3_deserialize(from, "main", (unsigned char *)(uintptr_t)image.p, (sqlite3_int64)image.n,
                                 (sqlite3_int64)image.n, SQLITE_DESERIALIZE_READONLY);
    enum status st = rc == SQLITE_OK ? copy_pages(db->db, name, from, db, "image of the case", e)
                                     : case_fail(NULL, rc, E_DB, "image of the case", e);
    sqlite3_close(from);
    return st;
}

/* A small case stays in memory; one that outgrows the cache is written to a file without a name, in the
 * folder of path: where there is room for the case there is room for it. */
static const char *spill_beside(const char *path)
{
    size_t n = path ? strlen(path) : 0;
    while (n && !plat_slash(path[n - 1]))
        n--;
    case_memory(); /* mprintf starts SQLite */
    spill_end(sqlite3_temp_directory);
    sqlite3_temp_directory = n ? sqlite3_mprintf("%.*s", (int)n - (n > 1), path) : NULL;
    return sqlite3_temp_directory;
}

static enum status create(enum case_of kind, const char *path, struct str schema, struct str image,
                          struct casedb **out, struct err *e)
{
    struct casedb *db = NULL;
    struct plat_stat ps = {0};
    if (path && path[0] && plat_stat(path, false, &ps, NULL) == OK && ps.type != PLAT_NONE)
        return err_set(e, E_IO, ERR_NO_OFF, "case", "%s is already there", path);
    const char *spill = spill_beside(path);
    enum status st = open_as(path ? "" : ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, true, &db,
                             e);
    if (st == OK)
        db->spill = spill;
    else
        spill_end(spill);
    if (st == OK && path && path[0] && !(db->path = strdup(path)))
        st = err_set(e, E_NOMEM, ERR_NO_OFF, "case", "no memory");
    /* The working file is thrown away when anything fails: no journal, no syncs. The copy of case_save is
     * synced. */
    if (st == OK)
        st = case_exec(db,
                       "PRAGMA auto_vacuum=NONE; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA "
                       "locking_mode=EXCLUSIVE; PRAGMA page_size=4096;"
                       "PRAGMA temp_store=FILE; PRAGMA cache_size=-24576; PRAGMA encoding='UTF-8'",
                       e);
    if (st == OK)
        st = image.n ? take_image(db, "main", image, e) : make_tables(db, kind, schema, e);
    st = st == OK ? case_exec(db, "PRAGMA secure_delete=0", e) : st;
    if (st == OK)
        *out = db, db = NULL;
    else if (e && !e->path)
        e->path = path;
    case_close(db);
    if (st != OK && path) /* it may be there although it could not be opened */
        plat_remove(path);
    return st;
}

enum status case_create(const char *path, struct str schema, struct casedb **out, struct err *e)
{
    return create(CASE_ONE, path, schema, STR_NONE, out, e);
}

enum status case_create_as(enum case_of kind, const char *path, struct str schema, struct casedb **out,
                           struct err *e)
{
    return create(kind, path, schema, STR_NONE, out, e);
}

enum status case_create_from(const char *path, struct str image, struct casedb **out, struct err *e)
{
    return create(CASE_ONE, path, STR_NONE, image, out, e);
}

static enum status image_of(struct casedb *db, const char *name, struct buf *out, struct err *e)
{
    sqlite3_int64 n = 0;
    unsigned char *p = sqlite3_serialize(db->db, name, &n, 0);
    if (p)
        buf_put(out, p, (size_t)n);
    sqlite3_free(p);
    return p && !out->bad ? OK : err_set(e, E_NOMEM, ERR_NO_OFF, "image of the case", "no memory");
}

enum status case_image(struct casedb *db, struct buf *out, struct err *e)
{
    return image_of(db, "main", out, e);
}

enum status case_scratch_image(struct casedb *db, struct buf *out, struct err *e)
{
    return image_of(db, "temp", out, e);
}

enum status case_scratch_from(struct casedb *db, struct str image, struct err *e)
{
    enum status st = take_image(db, "temp", image, e);
    st = st == OK ? case_exec(db, "PRAGMA secure_delete=0; PRAGMA temp.cache_size=-4096", e) : st;
    db->scratch = st == OK;
    return st;
}

bool case_has_scratch(const struct casedb *db) { return db->scratch; }

/* A file: URI, so that SQLite neither locks the case nor looks for a journal beside it. Nothing but names in
 * it: no authority, whatever the path begins with. */
static char *uri_of(const char *path)
{
    struct buf b = {0};
    buf_z(&b, "file:");
    for (const char *c = path; *c; c++)
        if (is_letter(*c) || is_digit(*c) || strchr("._-", *c))
            buf_char(&b, *c);
        else
            buf_printf(&b, "%%%02X", (unsigned)(unsigned char)*c);
    buf_put(&b, "?mode=ro&immutable=1", sizeof "?mode=ro&immutable=1");
    if (b.bad)
        buf_free(&b);
    return b.p;
}

struct str case_text(struct sqlite3_value *v)
{
    const unsigned char *p = sqlite3_value_text(v);
    return p ? (struct str){(const char *)p, (size_t)sqlite3_value_bytes(v)} : STR_NONE;
}

enum status case_exec_built(struct casedb *db, struct buf *b, struct err *e)
{
    buf_char(b, 0);
    enum status st = b->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "case", "no memory") : case_exec(db, b->p, e);
    buf_free(b);
    return st;
}

enum status case_first(void *ctx, const struct cell *cell, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)n, (void)e;
    *(int64_t *)ctx = cell[0].i;
    return OK;
}

enum status case_number(struct casedb *db, const char *sql, int64_t *n, struct err *e)
{
    *n = 0;
    return case_query(db, sql, NULL, NULL, 0, case_first, n, e);
}

static enum status add_texts(void *ctx, const struct cell *cell, const char *const *name, size_t n,
                             struct err *e)
{
    uint64_t *hash = ctx;
    (void)name, (void)e;
    for (size_t i = 0; i < n; i++)
        *hash = (*hash ^ str_hash(cell[i].s)) * 0x100000001b3u;
    return OK;
}

/* Indexes are made when there is something to find by them, statistics by SQLite itself. */
static uint64_t schema_hash(struct casedb *db)
{
    uint64_t hash = 0;
    enum status st = case_query(
        db,
        "SELECT type, name, sql FROM main.sqlite_schema WHERE type IN ('table', 'view') "
        "AND name NOT GLOB 'sqlite_*' ORDER BY 1, 2",
        NULL, NULL, 0, add_texts, &hash, NULL);
    return st == OK ? hash : 0;
}

static enum status is_ok(void *ctx, const struct cell *cell, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)n, (void)e;
    *(bool *)ctx = str_eq(cell[0].s, STR("ok"));
    return OK;
}

bool case_alike(struct casedb *db, struct casedb *other)
{
    bool whole = false;
    uint64_t hash = schema_hash(db);
    return hash && hash == schema_hash(other)
           && case_query(db, "PRAGMA quick_check(1)", NULL, NULL, 0, is_ok, &whole, NULL) == OK && whole;
}

enum status case_open(const char *path, struct casedb **out, struct err *e)
{
    return case_open_as(CASE_ONE, path, out, e);
}

enum status case_open_as(enum case_of kind, const char *path, struct casedb **out, struct err *e)
{
    struct casedb *db = NULL;
    int64_t id = 0, version = 0;
    struct arena mem = {0};
    char *whole = arena_make(&mem, 256 << 10) ? plat_unbounded(path, &mem) : NULL;
    char *uri = uri_of(whole ? whole : path);
    const char *real = plat_real(path, &mem);
    struct err why = {0};
    enum status st = uri ? open_as(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, false, &db, &why)
                         : err_set(&why, E_NOMEM, ERR_NO_OFF, "case", "no memory");
    if (st == E_IO && real) /* SQLite has no word for it */
        st = case_name_fits(real, e);
    if (st == OK && !db)
        st = E_IO;
    if (st != OK)
        err_set(e, st, why.off, why.what, "%s", why.why);
    arena_free(&mem);
    free(uri);
    if (st == OK)
        st = case_exec(db,
                       "PRAGMA query_only=1; PRAGMA cell_size_check=1; PRAGMA temp_store=FILE; PRAGMA "
                       "mmap_size=1073741824",
                       e);
    if (st == OK && (st = case_number(db, "PRAGMA application_id", &id, e)) == OK)
        st = case_number(db, "PRAGMA user_version", &version, e);
    if (st == OK && kind == CASE_ONE && id == case_kinds[CASE_FLEET].id)
        st = err_set(e, E_FORMAT, ERR_NO_OFF, "case",
                     "a fleet: each ticket has a case of its own, tickets/NAME/case.db");
    else if (st == OK && (id != case_kinds[kind].id || version != case_kinds[kind].version))
        st = id != case_kinds[kind].id
                 ? err_set(e, E_FORMAT, ERR_NO_OFF, case_kinds[kind].name, "%s", case_kinds[kind].wrong)
                 : err_set(e, E_UNSUPPORTED, ERR_NO_OFF, case_kinds[kind].name,
                           "was written by another version (schema %lld, this one reads %lld): %s",
                           (long long)version, (long long)case_kinds[kind].version, case_kinds[kind].next);
    if (st == OK)
        *out = db, db = NULL;
    else if (e && !e->path)
        e->path = path;
    case_close(db);
    return st;
}

enum status case_copy(struct casedb *from, struct casedb **out, struct err *e)
{
    struct casedb *db = NULL;
    enum status st = open_as("", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, true, &db, e);
    if (st != OK)
        return st;
    sqlite3_limit(db->db, SQLITE_LIMIT_LENGTH, LIM_CASE_VALUE);
    st = copy_pages(db->db, "main", from->db, db, "copy of the case", e);
    if (st == OK)
        st = case_exec(db, "PRAGMA journal_mode=OFF; PRAGMA temp_store=FILE", e);
    if (st == OK)
        *out = db, db = NULL;
    case_close(db);
    return st;
}

/* Through SQLite's own file object: the same call on every system. */
static enum status sync_file(const char *path, struct err *e)
{
    sqlite3 *db = NULL;
    sqlite3_file *file = NULL;
    int rc = open_file(path, SQLITE_OPEN_READWRITE, &db);
    if (rc == SQLITE_OK)
        rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc == SQLITE_OK)
        rc = file && file->pMethods ? file->pMethods->xSync(file, SQLITE_SYNC_FULL) : SQLITE_IOERR;
    sqlite3_close(db);
    return rc == SQLITE_OK ? OK : err_set(e, E_IO, ERR_NO_OFF, "case", "%s: %s", path, sqlite3_errstr(rc));
}

/* All pages into the working file. A flush opens it but leaves what is in use, the first page; a commit
 * writes a file without a name where a quarter of its cache is dirty: of a cache of one page that is any, and
 * one has changed. Reports read it with as much cache as any case that did not fit. */
static bool all_written(struct casedb *db, struct err *e)
{
    int64_t version = 0;
    char change[48];
    bool ok = case_number(db, "PRAGMA user_version", &version, e) == OK
              && case_exec(db, "PRAGMA cache_size=1; BEGIN IMMEDIATE", e) == OK;
    snprintf(change, sizeof change, "PRAGMA user_version=%lld", (long long)version);
    ok = ok && sqlite3_db_cacheflush(db->db) == SQLITE_OK && case_exec(db, change, e) == OK;
    ok = (!is_open(db) || case_exec(db, "COMMIT", e) == OK) && ok;
    return case_exec(db, "PRAGMA cache_size=-4096", e) == OK && ok;
}

/* The pages of a case as they lie in its working file, mapped: no memory of ours. NULL: it has none, or there
 * is no such thing here. */
static const uint8_t *mapped(struct casedb *db, int64_t bytes, sqlite3_file **file, struct err *e)
{
    void *p = NULL;
    sqlite3_int64 most = bytes;
    if (!all_written(db, e)
        || sqlite3_file_control(db->db, "main", SQLITE_FCNTL_FILE_POINTER, file) != SQLITE_OK || !*file
        || !(*file)->pMethods || (*file)->pMethods->iVersion < 3
        || (*file)->pMethods->xFileControl(*file, SQLITE_FCNTL_MMAP_SIZE, &most) != SQLITE_OK
        || (*file)->pMethods->xFetch(*file, 0, (int)bytes, &p) != SQLITE_OK)
        return NULL;
    return p;
}

struct packing {
    struct casedb *db; /* NULL: it is not ours to ask */
    const volatile bool *stop;
    plat_file f;
    uint64_t most; /* bytes */
};

static enum status put_in_file(void *ctx, uint64_t at, const void *pages, size_t n, struct err *e)
{
    struct packing *to = ctx;
    if (at + n > to->most)
        return E_UNSUPPORTED; /* VACUUM then */
    enum status st = to->db ? case_halted(to->db, e) : *to->stop ? E_STOP : OK;
    return st == OK ? plat_write_at(to->f, at, pages, n, e) : st;
}

/* The pages of a case as they are now: a copy, or where they lie. */
struct pages {
    const uint8_t *map;
    unsigned char *copy;
    sqlite3_int64 n; /* bytes */
    sqlite3_file *file;
};

enum { PAGE = 4096, COPIED_MOST = 8 << 20, PACKED_MOST = 32 << 20, FREE_MOST = 8 << 20 };

/* Its pages packed: what most cases are. Which these are, only what is in them decides: the same facts give
 * the same bytes, however often pages were changed before. A large case is read where it lies: pages of the
 * page cache, but they count as ours until they are on the disk, so the largest are left to SQLite (n: 0). */
static enum status take_pages(struct casedb *db, struct pages *p, struct err *e)
{
    int64_t pages = 0;
    *p = (struct pages){0};
    enum status st = is_open(db) ? case_commit(db, e) : OK;
    st = st == OK ? case_number(db, "PRAGMA page_count", &pages, e) : st;
    if (st != OK || pages > (PACKED_MOST + FREE_MOST) / PAGE)
        return st;
    bool large = pages > COPIED_MOST / PAGE;
    if (large && (st = case_unmark(db, e)) != OK)
        return st;
    p->map = large ? mapped(db, p->n = pages * PAGE, &p->file, e) : NULL;
    p->copy = p->map ? NULL : sqlite3_serialize(db->db, "main", &p->n, 0);
    return p->map || p->copy ? OK : err_set(e, E_NOMEM, ERR_NO_OFF, "case", "no memory");
}

static void give_pages(struct pages *p)
{
    if (p->map)
        p->file->pMethods->xUnfetch(p->file, 0, (void *)(uintptr_t)p->map);
    sqlite3_free(p->copy);
}

/* *done: they are in the file; else there is none. */
static enum status write_packed(struct packing to, const struct pages *p, const char *path,
                                const struct casedb *db, bool *done, struct err *e)
{
    enum status st = plat_make_file(path, &to.f, e);
    to.most = PACKED_MOST;
    if (st == OK) {
        st = case_pack(p->map ? p->map : p->copy, (size_t)p->n, put_in_file, &to, e);
        if (st == E_NOMEM)
            err_set(e, st, ERR_NO_OFF, "case", "no memory");
        *done = st != E_UNSUPPORTED;
        st = plat_end_file(path, to.f, st, e);
        st = *done ? st : OK;
    }
    if (st == E_IO) {
        struct err was = *e;
        *e = (struct err){.path = was.path ? was.path : path};
        st = err_set(e, E_IO, ERR_NO_OFF, "case", "%.120s%s", was.why, in_file(db, E_IO, (char[IN_FILE]){0}));
    }
    return st;
}

static enum status save_packed(struct casedb *db, const char *path, bool *done, struct err *e)
{
    struct pages p;
    enum status st = take_pages(db, &p, e);
    if (st == OK && p.n)
        st = write_packed((struct packing){.db = db}, &p, path, db, done, e);
    give_pages(&p);
    return st;
}

struct case_saving {
    struct casedb *db;
    const char *path;
    struct pages pages;
    struct beside *beside;
    volatile bool stop;
    bool done;
    enum status st;
    struct err err;
};

static void save_beside(void *ctx)
{
    struct case_saving *s = ctx;
    s->st = write_packed((struct packing){.stop = &s->stop}, &s->pages, s->path, s->db, &s->done, &s->err);
}

static void free_saving(struct case_saving *s) { give_pages(&s->pages), free(s); }

struct case_saving *case_save_begin(struct casedb *db, const char *path)
{
    /* where many are analyzed others have the other cores */
    struct case_saving *s = db->keep ? NULL : calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->db = db, s->path = path;
    if (take_pages(db, &s->pages, &s->err) == OK && s->pages.n && (s->beside = plat_beside(save_beside, s)))
        return s;
    return free_saving(s), NULL;
}

enum status case_save_end(struct case_saving *s, bool keep, struct err *e)
{
    enum status st = OK;
    s->stop = !keep;
    while (!plat_beside_ended(s->beside, 50))
        if (st == OK && (st = case_halted(s->db, e)) != OK)
            s->stop = true;
    if (st == OK && (st = s->st) != OK && e)
        *e = s->err;
    st = st == OK && !s->done ? E_UNSUPPORTED : st;
    if (!keep && s->st == OK && s->done)
        plat_remove(s->path);
    return free_saving(s), st;
}

static enum status save_vacuumed(struct casedb *db, const char *path, struct err *e)
{
    enum status st = case_unmark(db, e);
    release(db);
    plat_remove(path); /* what a killed run left */
    /* how often the schema was touched on the way is no part of the case */
    st = st == OK ? case_exec(db, "PRAGMA schema_version = 1", e) : st;
    struct arena mem = {0};
    if (st == OK)
        st = case_run(db, "VACUUM INTO ?1", &(struct value){.s = str_of(plain(path, &mem))},
                      (enum col_type[]){COL_TEXT}, 1, e);
    arena_free(&mem);
    if (st == OK)
        st = sync_file(path, e);
    if (st != OK)
        plat_remove(path);
    return st;
}

enum status case_save(struct casedb *db, const char *path, struct err *e)
{
    bool done = false;
    enum status st = save_packed(db, path, &done, e);
    return st == OK && !done ? save_vacuumed(db, path, e) : st;
}

/* --- trusted SQL */
bool case_place(struct str id, int64_t *file, int64_t *off)
{
    struct str rest = id, head = str_cut(&rest, ':');
    return head.n > 1 && head.p[0] == 'f' && str_i64((struct str){head.p + 1, head.n - 1}, file) && rest.n > 2
           && str_starts_ci(rest, STR("0x")) && str_i64(rest, off) && *off >= 0;
}

int64_t case_last_id(struct casedb *db) { return sqlite3_last_insert_rowid(db->db); }

static unsigned line_of(const char *sql, const char *at)
{
    unsigned line = 1;
    for (; sql < at && *sql; sql++)
        line += *sql == '\n';
    return line;
}

/* at: where the statement begins in sql. */
static enum status exec_failed(struct casedb *db, const char *sql, const char *at, int rc, struct err *e)
{
    int off = sqlite3_error_offset(db->db);
    enum status st = (rc & 0xff) == SQLITE_INTERRUPT ? case_halted(db, e) : OK;
    if (st != OK)
        return st;
    st = kind_of(rc, E_DB);
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')
        at++, off -= off > 0;
    return err_set(e, st, ERR_NO_OFF, "SQL", "line %u: %s%s", line_of(sql, at + (off > 0 ? off : 0)),
                   sqlite3_errmsg(db->db), in_file(db, st, (char[IN_FILE]){0}));
}

static int step_through(sqlite3_stmt *stmt)
{
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        ;
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static enum status exec_kept(struct casedb *db, const struct kept *k, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < k->n && st == OK; i++) {
        int rc = step_through(k->one[i].stmt);
        if (rc != SQLITE_OK)
            st = exec_failed(db, k->text, k->text + k->one[i].at, rc, e);
        sqlite3_reset(k->one[i].stmt);
    }
    return st;
}

enum status case_exec(struct casedb *db, const char *sql, struct err *e)
{
    struct kept *k = case_kept(db, str_of(sql));
    enum status st = OK;
    if (k && k->n)
        return exec_kept(db, k, e);
    for (const char *at = sql, *tail; st == OK && *at; at = tail) {
        sqlite3_stmt *stmt = NULL;
        tail = at; /* not every failure says where it is */
        int rc = sqlite3_prepare_v2(db->db, at, -1, &stmt, &tail);
        if (rc == SQLITE_OK && stmt)
            rc = step_through(stmt);
        if (rc != SQLITE_OK)
            st = exec_failed(db, sql, at, rc, e);
        if (st == OK && stmt && k && kept_add(k, stmt, (size_t)(at - sql)))
            sqlite3_reset(stmt);
        else if (sqlite3_finalize(stmt), st == OK && stmt && k)
            kept_clear(k), k = NULL; /* half a text must not be run for the whole */
    }
    if (st != OK && k)
        kept_clear(k);
    return st;
}

/* A statement that is running (its callback runs the same text again) is left alone: the second one is
 * prepared anew. */
static int cached(struct casedb *db, const char *sql, sqlite3_stmt **out, size_t *slot)
{
    uint64_t hash = str_hash(str_of(sql));
    size_t empty = CASE_CACHE;
    for (size_t i = 0; i < CASE_CACHE; i++) {
        if (db->cache[i].busy || (db->cache[i].stmt && db->cache[i].hash != hash))
            continue;
        if (!db->cache[i].stmt) {
            empty = empty == CASE_CACHE ? i : empty;
        } else if (!strcmp(sqlite3_sql(db->cache[i].stmt), sql)) {
            *out = db->cache[i].stmt, *slot = i, db->cache[i].busy = true;
            return SQLITE_OK;
        }
    }
    int rc = sqlite3_prepare_v3(db->db, sql, -1, empty < CASE_CACHE ? SQLITE_PREPARE_PERSISTENT : 0, out,
                                NULL);
    *slot = rc == SQLITE_OK ? empty : CASE_CACHE;
    if (*slot < CASE_CACHE)
        db->cache[*slot].stmt = *out, db->cache[*slot].hash = hash, db->cache[*slot].busy = true;
    return rc;
}

static void done(struct casedb *db, sqlite3_stmt *stmt, size_t slot)
{
    if (slot == CASE_CACHE) {
        sqlite3_finalize(stmt);
        return;
    }
    sqlite3_reset(stmt), sqlite3_clear_bindings(stmt);
    db->cache[slot].busy = false;
}

int case_bind(sqlite3_stmt *stmt, int at, const struct value *v, enum col_type type)
{
    bool text = type == COL_TEXT || type == COL_BLOB;
    if (v->null || (text && !v->s.p))
        return sqlite3_bind_null(stmt, at);
    if (type == COL_TEXT)
        return sqlite3_bind_text64(stmt, at, v->s.p, v->s.n, SQLITE_STATIC, SQLITE_UTF8);
    return type == COL_BLOB ? sqlite3_bind_blob64(stmt, at, v->s.p, v->s.n, SQLITE_STATIC)
                            : sqlite3_bind_int64(stmt, at, v->i);
}

enum status case_row(sqlite3_stmt *stmt, row_fn *fn, void *ctx, struct err *e)
{
    struct cell cell[MAX_COLUMNS];
    const char *name[MAX_COLUMNS];
    int n = sqlite3_column_count(stmt);
    if (n > MAX_COLUMNS)
        return err_set(e, E_LIMIT, ERR_NO_OFF, "query", "%d columns, at most %d are read", n, MAX_COLUMNS);
    for (int i = 0; i < n; i++) {
        int type = sqlite3_column_type(stmt, i);
        struct cell *c = &cell[i];
        *c = (struct cell){.type = type == SQLITE_INTEGER ? COL_INT
                                   : type == SQLITE_NULL  ? COL_NONE
                                   : type == SQLITE_BLOB  ? COL_BLOB
                                                          : COL_TEXT,
                           .null = type == SQLITE_NULL,
                           .is_real = type == SQLITE_FLOAT};
        name[i] = sqlite3_column_name(stmt, i);
        if (type == SQLITE_INTEGER)
            c->i = sqlite3_column_int64(stmt, i);
        if (type == SQLITE_FLOAT)
            c->real = sqlite3_column_double(stmt, i);
        const void *p = type == SQLITE_BLOB ? sqlite3_column_blob(stmt, i)
                                            : (const void *)sqlite3_column_text(stmt, i);
        c->s = (struct str){p ? p : "", (size_t)sqlite3_column_bytes(stmt, i)};
    }
    return fn(ctx, cell, name, (size_t)n, e);
}

enum status case_query(struct casedb *db, const char *sql, const struct value *arg, const enum col_type *type,
                       size_t n, row_fn *fn, void *ctx, struct err *e)
{
    sqlite3_stmt *stmt = NULL;
    size_t slot;
    int rc = cached(db, sql, &stmt, &slot);
    for (size_t i = 0; i < n && rc == SQLITE_OK; i++)
        rc = case_bind(stmt, (int)i + 1, &arg[i], type[i]);
    if (rc != SQLITE_OK) {
        case_fail(db, rc, E_DB, "SQL", e);
        done(db, stmt, slot);
        return e && e->code ? e->code : E_DB;
    }
    enum status st = OK;
    while (st == OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        st = fn ? case_row(stmt, fn, ctx, e) : OK;
    if (st == OK && rc != SQLITE_DONE)
        st = case_fail(db, rc, E_DB, "SQL", e);
    done(db, stmt, slot);
    return st;
}

void case_ahead(struct casedb *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    size_t slot;
    cached(db, sql, &stmt, &slot);
    done(db, stmt, slot);
}

enum status case_run(struct casedb *db, const char *sql, const struct value *arg, const enum col_type *type,
                     size_t n, struct err *e)
{
    return case_query(db, sql, arg, type, n, NULL, NULL, e);
}

/* --- transactions. The first one fills the tables of facts: their indexes wait until they are full. */
static enum status keep_index(void *ctx, const struct cell *cell, const char *const *name, size_t n,
                              struct err *e)
{
    struct buf *b = ctx;
    (void)name, (void)n, (void)e;
    buf_printf(&b[0], "DROP INDEX \"%.*s\";", STR_ARG(cell[0].s));
    buf_str(&b[1], cell[1].s), buf_char(&b[1], ';');
    return OK;
}

enum status case_begin(struct casedb *db, struct err *e)
{
    static const char indexes[] = "SELECT name, sql FROM sqlite_schema WHERE type='index' AND sql IS NOT "
                                  "NULL AND tbl_name IN ('event', 'reg_key', 'reg_value')"
                                  " AND NOT EXISTS (SELECT 1 FROM event) AND NOT EXISTS (SELECT 1 FROM "
                                  "reg_key) AND NOT EXISTS (SELECT 1 FROM reg_value) ORDER BY name";
    struct buf sql[2] = {{0}};
    enum status st = case_run(db, db->marked ? "SAVEPOINT part" : "BEGIN", NULL, NULL, 0, e);
    db->part = st == OK && db->marked;
    if (st == OK && !db->indexes && !db->keep && !db->filled)
        st = case_query(db, indexes, NULL, NULL, 0, keep_index, sql, e), db->filled = !sql[1].n;
    buf_char(&sql[0], 0), buf_char(&sql[1], 0);
    if (st == OK && (sql[0].bad || sql[1].bad))
        st = err_set(e, E_NOMEM, ERR_NO_OFF, "case", "no memory");
    if (st == OK && sql[1].n > 1 && (st = case_exec(db, sql[0].p, e)) == OK)
        db->indexes = sql[1].p, sql[1].p = NULL;
    buf_free(&sql[0]), buf_free(&sql[1]);
    db->folds.on = st == OK;
    return st;
}

enum status case_commit(struct casedb *db, struct err *e)
{
    enum status st = folds_tell(db, e);
    db->folds.on = false;
    if (st == OK && db->indexes)
        st = case_exec(db, db->indexes, e);
    free(db->indexes), db->indexes = NULL;
    st = st == OK ? case_run(db, db->part ? "RELEASE part" : "COMMIT", NULL, NULL, 0, e) : st;
    db->part &= st != OK;
    return st;
}
