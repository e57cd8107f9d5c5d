/* test_rooms: the house as src/ARCHITECTURE.md draws it, held against the #include lines of every source
 * file. Reads the table "who may include whom"; owns nothing. It refuses arrows and libraries' headers that
 * the table does not have, paths that climb, circles of modules, and SQL outside src/case. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ROOMS = 32, MODULES = 400, FILES = 800 };

/* A row of the table. includes, libs: as they stand there, with a blank before and behind. */
struct room {
    char name[64], includes[512], libs[512];
    unsigned files;
};
static struct room rooms[ROOMS];
static size_t n_rooms;

/* A module: what its .c and .h include of other modules. */
struct module {
    char name[128];
    size_t to[64], n_to;
    int mark;
};
static struct module modules[MODULES];
static size_t n_modules;

static char complaints[8192];

static void complain(const char *file, const char *what, const char *about)
{
    size_t n = strlen(complaints);
    snprintf(complaints + n, sizeof complaints - n, "%s: %s %s\n", file, what, about);
}

/* Up to the next '|', blanks and commas as one blank. Returns what is behind. */
static char *cell(char *at, char *out, size_t room)
{
    size_t n = 0;
    out[n++] = ' ';
    for (; *at && *at != '|' && n < room - 2; at++)
        if (!strchr(" ,\n", *at) || out[n - 1] != ' ')
            out[n++] = strchr(" ,\n", *at) ? ' ' : *at;
    if (out[n - 1] != ' ')
        out[n++] = ' ';
    out[n] = 0;
    return *at ? at + 1 : at;
}

static void read_table(void)
{
    FILE *f = fopen("src/ARCHITECTURE.md", "r");
    char line[1024], name[64];
    bool here = false;
    cr_assert(f, "src/ARCHITECTURE.md is not here: tests run in the top folder");
    while (fgets(line, sizeof line, f)) {
        here = line[0] == '#' ? strncmp(line, "## Who may include whom", 23) == 0 : here;
        if (!here
            || (strncmp(line, "| src/", 6) && strncmp(line, "| parsers/", 10)
                && strncmp(line, "| reports", 9)))
            continue;
        cr_assert(n_rooms < ROOMS);
        struct room *r = &rooms[n_rooms++];
        char *at = cell(line + 1, name, sizeof name);
        sscanf(name, "%63s", r->name);
        at = cell(at, r->includes, sizeof r->includes);
        cell(at, r->libs, sizeof r->libs);
    }
    fclose(f);
}

static struct room *room_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    for (size_t i = 0; slash && i < n_rooms; i++)
        if (strlen(rooms[i].name) == (size_t)(slash - path)
            && memcmp(rooms[i].name, path, (size_t)(slash - path)) == 0)
            return &rooms[i];
    return NULL;
}

/* "src/kb/kb_priv.h" is a part of module "src/kb/kb". */
static size_t module_of(const char *path)
{
    char name[128];
    size_t n = (size_t)snprintf(name, sizeof name, "%.*s", (int)(strrchr(path, '.') - path), path);
    if (n > 5 && strcmp(name + n - 5, "_priv") == 0)
        name[n - 5] = 0;
    for (size_t i = 0; i < n_modules; i++)
        if (strcmp(modules[i].name, name) == 0)
            return i;
    cr_assert(n_modules < MODULES);
    strcpy(modules[n_modules].name, name);
    return n_modules++;
}

static bool listed(const char *list, const char *word)
{
    char padded[160];
    snprintf(padded, sizeof padded, " %s ", word);
    return strstr(list, padded) != NULL;
}

/* Headers of libraries and of the operating system; libc's and POSIX' own are everybody's in plat, and asked
 * by no table. */
static const struct {
    const char *begins, *name;
} libraries[] = {
    {"sqlite3", "sqlite3"},       {"yaml", "yaml"},         {"openssl/", "openssl"},
    {"libdeflate", "libdeflate"}, {"libevtx", "libevtx"},   {"libregf", "libregf"},
    {"libbfio", "libbfio"},       {"seccomp", "seccomp"},   {"archive", "archive"},
    {"linux/", "linux/landlock"}, {"windows", "windows"},   {"bcrypt", "bcrypt"},
    {"sys/socket", "system's"},   {"sys/mman", "system's"}, {"sys/prctl", "system's"},
    {"sys/syscall", "system's"},  {"sys/wait", "system's"}, {"sys/resource", "system's"},
    {"poll.h", "system's"},       {"dirent", "system's"},   {"zlib.h", "zlib"},
};

/* The library's name, then the files that may: "sqlite3 in casedb.c casedb_guard.c ". */
static bool may_use(const struct room *r, const char *library, const char *file)
{
    const char *base = strrchr(file, '/') + 1;
    char word[80];
    snprintf(word, sizeof word, " %s ", library);
    const char *at = strstr(r->libs, word);
    const char *in = at ? strstr(at, " in ") : NULL;
    if (!in)
        return false;
    const char *end = strstr(in + 4, " in ");
    char files[512];
    snprintf(files, sizeof files, " %.*s ", end ? (int)(end - in - 4) : (int)strlen(in), in + 4);
    return listed(files, base);
}

static void take_library(const struct room *r, const char *file, const char *header)
{
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        if (strncmp(header, libraries[i].begins, strlen(libraries[i].begins)) != 0)
            continue;
        bool system = strcmp(libraries[i].name, "system's") == 0 && strcmp(r->name, "src/plat") == 0;
        bool ok = system || may_use(r, libraries[i].name, file);
        if (!ok)
            complain(file, "may not include", header);
    }
}

static void take_own(const struct room *r, const char *file, const char *named)
{
    char path[256];
    struct stat s;
    bool top = strncmp(named, "parsers/", 8) == 0 || strncmp(named, "reports/", 8) == 0
               || strncmp(named, "tests/", 6) == 0;
    snprintf(path, sizeof path, "%s%s", top ? "" : "src/", named);
    if (strstr(named, "..") || !strchr(named, '/') || stat(path, &s) != 0) {
        complain(file, "does not name the room:", named);
        return;
    }
    struct room *to = room_of(path);
    if (to != r && (!to || !listed(r->includes, to->name)))
        complain(file, "may not include", named);
    struct module *m = &modules[module_of(file)];
    size_t other = module_of(path);
    if (m != &modules[other]) {
        cr_assert(m->n_to < sizeof m->to / sizeof *m->to);
        m->to[m->n_to++] = other;
    }
}

static void read_file(struct room *r, const char *file)
{
    FILE *f = fopen(file, "r");
    char line[1024], named[256];
    cr_assert(f, "%s", file);
    r->files++;
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, " # include \"%255[^\"]\"", named) == 1)
            take_own(r, file, named);
        else if (sscanf(line, " # include <%255[^>]>", named) == 1)
            take_library(r, file, named);
    }
    fclose(f);
}

static bool is_source(const char *name)
{
    size_t n = strlen(name);
    return n > 2 && name[n - 2] == '.' && (name[n - 1] == 'c' || name[n - 1] == 'h');
}

/* Every folder with sources below top is a room of the table. */
static void read_folder(const char *top)
{
    DIR *d = opendir(top);
    cr_assert(d, "%s", top);
    for (struct dirent *e; (e = readdir(d));) {
        char path[256];
        struct stat s;
        snprintf(path, sizeof path, "%s/%.120s", top, e->d_name);
        if (e->d_name[0] == '.' || stat(path, &s) != 0)
            continue;
        struct room *r = room_of(path);
        if (S_ISDIR(s.st_mode))
            read_folder(path);
        else if (is_source(path) && !r)
            complain(path, "stands in no room of", "src/ARCHITECTURE.md");
        else if (is_source(path))
            read_file(r, path);
    }
    closedir(d);
}

static bool circle(size_t at, char *way, size_t room)
{
    struct module *m = &modules[at];
    if (m->mark == 2)
        return false;
    size_t n = strlen(way);
    snprintf(way + n, room - n, " %s", m->name);
    if (m->mark == 1)
        return true;
    m->mark = 1;
    for (size_t i = 0; i < m->n_to; i++)
        if (circle(m->to[i], way, room))
            return true;
    m->mark = 2;
    way[n] = 0;
    return false;
}

Test(rooms, includes_are_those_of_the_table)
{
    read_table();
    cr_assert(n_rooms >= 12, "the table has %zu rooms", n_rooms);
    read_folder("src"), read_folder("parsers"), read_folder("reports");
    cr_expect_str_empty(complaints, "src/ARCHITECTURE.md, \"Who may include whom\", does not have:\n%s",
                        complaints);
    for (size_t i = 0; i < n_rooms; i++)
        cr_expect(rooms[i].files > 0, "%s is in the table and holds nothing", rooms[i].name);
    char way[4096] = "";
    for (size_t i = 0; i < n_modules; i++)
        cr_assert_not(circle(i, way, sizeof way), "a circle:%s", way);
}

/* The guard bites: rows that must be refused, and their twins that must not. */
Test(rooms, guard)
{
    static const struct {
        const char *file, *own, *library;
        bool ok;
    } rows[] = {
        {"parsers/evtx/evtx.c", "base/span.h", NULL, true},
        {"parsers/evtx/evtx.c", "run/frame.h", NULL, false},
        {"parsers/evtx/evtx.c", "../src/base/span.h", NULL, false},
        {"parsers/evtx/evtx.c", "span.h", NULL, false},
        {"src/base/str.c", "plat/plat.h", NULL, false},
        {"src/run/worker.c", "parsers/sniff/sniff.h", NULL, true},
        {"src/run/worker.c", "diagnose/hits.h", NULL, false},
        {"src/case/casedb.c", NULL, "sqlite3.h", true},
        {"src/run/worker.c", NULL, "sqlite3.h", false},
        {"src/kb/tree.c", NULL, "yaml.h", true},
        {"src/kb/kb.c", NULL, "yaml.h", false},
        {"src/base/hash.c", NULL, "openssl/evp.h", true},
        {"src/base/str.c", NULL, "openssl/evp.h", false},
        {"src/run/pool.c", NULL, "poll.h", false},
        {"src/plat/plat_posix.c", NULL, "poll.h", true},
    };
    read_table();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        complaints[0] = 0;
        if (rows[i].own)
            take_own(room_of(rows[i].file), rows[i].file, rows[i].own);
        else
            take_library(room_of(rows[i].file), rows[i].file, rows[i].library);
        cr_expect((complaints[0] == 0) == rows[i].ok, "row %zu: %s", i, complaints);
    }
    size_t a = module_of("src/x/a.c"), b = module_of("src/x/b.h");
    char way[4096] = "";
    modules[a].to[modules[a].n_to++] = b;
    cr_expect_not(circle(a, way, sizeof way));
    modules[a].mark = modules[b].mark = 0, modules[b].to[modules[b].n_to++] = a;
    cr_expect(circle(a, way, sizeof way));
}

/* --- SQL in C stands in src/case alone */

/* Words of one statement, in this order. A command line shown to the user is none. */
static bool is_sql(const char *text)
{
    static const char *const statements[][2] = {
        {"SELECT ", " FROM "}, {"INSERT ", "INTO "}, {"UPDATE ", " SET "},  {"DELETE FROM ", ""},
        {"CREATE ", "TABLE "}, {"CREATE ", "VIEW "}, {"CREATE ", "INDEX "}, {"DROP TABLE ", ""},
        {"DROP VIEW ", ""},    {"DROP INDEX ", ""},  {"ALTER TABLE ", ""},  {"PRAGMA ", ""},
        {"REPLACE INTO ", ""}, {"ATTACH ", " AS "},  {"VACUUM", ""},
    };
    if (strstr(text, "whylogon query") || strstr(text, "<kbd>"))
        return false;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        const char *at = strstr(text, statements[i][0]);
        if (at && strstr(at + strlen(statements[i][0]) - 1, statements[i][1]))
            return true;
    }
    return *text == 'S' && strcmp(text, "SELECT ") == 0; /* the beginning of one that is put together */
}

/* Literals of C source that stand side by side are one text. Returns how many of them are SQL; the first is
 * kept in found. */
static unsigned count_sql(const char *c, char *found, size_t room)
{
    static char text[16384];
    size_t n = 0;
    unsigned sql = 0;
    while (*c) {
        if (c[0] == '/' && c[1] == '*') {
            const char *end = strstr(c + 2, "*/");
            c = end ? end + 2 : c + strlen(c);
        } else if (c[0] == '/' && c[1] == '/') {
            c += strcspn(c, "\n");
        } else if (*c == '\'') {
            c += c[1] == '\\' ? 3 : 2;
            c += *c == '\'';
        } else if (*c == '"') {
            for (c++; *c && *c != '"'; c++) {
                c += *c == '\\' && c[1];
                if (n < sizeof text - 1)
                    text[n++] = *c;
            }
            c += *c == '"';
        } else if (strchr(" \t\n\\", *c)) {
            c++;
        } else {
            text[n] = 0, n = 0;
            if (is_sql(text) && sql++ == 0)
                snprintf(found, room, "%.100s", text);
            c++;
        }
    }
    return sql;
}

static unsigned files_read;
static void look_for_sql(const char *top)
{
    static char source[1 << 20];
    DIR *d = opendir(top);
    cr_assert(d, "%s", top);
    for (struct dirent *e; (e = readdir(d));) {
        char path[256], found[128] = "";
        struct stat s;
        snprintf(path, sizeof path, "%s/%.120s", top, e->d_name);
        if (e->d_name[0] == '.' || stat(path, &s) != 0 || strcmp(path, "src/case") == 0)
            continue;
        if (S_ISDIR(s.st_mode)) {
            look_for_sql(path);
        } else if (is_source(path)) {
            FILE *f = fopen(path, "r");
            cr_assert(f, "%s", path);
            size_t n = fread(source, 1, sizeof source - 1, f);
            fclose(f);
            cr_assert(n < sizeof source - 1, "%s is too long to be read", path);
            source[n] = 0, files_read++;
            if (count_sql(source, found, sizeof found))
                complain(path, "holds SQL, which stands in src/case/named.c and knowledge/:", found);
        }
    }
    closedir(d);
}

Test(rooms, sql_stands_in_case)
{
    look_for_sql("src"), look_for_sql("parsers"), look_for_sql("reports");
    cr_expect(files_read > 150, "only %u files were read", files_read);
    cr_expect_str_empty(complaints, "%s", complaints);
}

Test(rooms, sql_guard)
{
    static const struct {
        const char *source;
        unsigned sql;
    } rows[] = {
        {"x(\"SELECT a FROM b\")", 1},
        {"x(\"SELECT a \"\n    \"FROM b\")", 1},
        {"x(\"WITH c AS (SELECT a FROM b) SELECT 1 \" UNIT \" x\")", 1},
        {"x(\"INSERT OR IGNORE INTO t VALUES(?1)\"); y(\"DELETE FROM t\");", 2},
        {"x(\"UPDATE t SET a = 1\")", 1},
        {"x(\"CREATE TEMP TABLE t(a)\")", 1},
        {"buf_z(b, i ? \", \" : \"SELECT \");", 1},
        {"/* \"SELECT a FROM b\" */ // \"DELETE FROM t\"\n;", 0},
        {"x('\"', \"a\", '\\'', \"b\");", 0},
        {"x(\"whylogon query case.db 'SELECT * FROM v_host'\");", 0},
        {"x(\"selected from the list\");", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char found[128] = "", source[256];
        snprintf(source, sizeof source, "%s;", rows[i].source);
        cr_expect(count_sql(source, found, sizeof found) == rows[i].sql, "row %zu: %s", i, found);
    }
}
