/* What programs of any kind need of a system, on Linux and Windows alike: names of files as they are, however
 * odd and long; how a process ended, in words. */
#include "case/casedb.h"
#include "kb/kb.h"
#include "plat/plat.h"
#include "tests/own_main.h"
#include "tests/plain_only.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct arena mem;
static char folder[64];

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/whylogon-plat-XXXXXX");
    cr_assert(mkdtemp(folder));
    cr_assert(arena_make(&mem, 16 << 20));
}

static void drop_folder(void)
{
    struct err e = {0};
    cr_expect(plat_rmdir(folder, &e) == OK, "something was left in %s", folder);
    arena_free(&mem);
}
TestSuite(names, .init = make_folder, .fini = drop_folder);

/* Written, found by its name, read, renamed there and back, removed. */
static void goes_round(const char *in, const char *name)
{
    struct err e = {0};
    const char *path = arena_printf(&mem, "%s/%s", in, name), *other = arena_printf(&mem, "%s/other", in);
    struct plat_stat seen = {0};
    struct str *list;
    plat_file f;
    uint64_t bytes;
    char text[8] = "";
    size_t n, got;
    cr_assert(plat_write_file(path, STR("here"), &e) == OK, "%s: %s %s", name, e.what, e.why);
    cr_expect(plat_list(in, &mem, &list, &n, &e) == OK && n == 1 && str_eq(list[0], str_of(name)),
              "%s: listed as %s", name, n ? list[0].p : "nothing");
    cr_expect(plat_stat(path, false, &seen, &e) == OK && seen.type == PLAT_FILE && seen.bytes == 4, "%s",
              name);
    cr_expect(plat_open_seen(path, false, &seen, &f, &e) == OK, "%s: %s", name, e.why);
    cr_expect(plat_read_at(f, 0, text, sizeof text - 1, &got, &e) == OK && strcmp(text, "here") == 0, "%s",
              name);
    plat_close(f);
    cr_expect(plat_rename(path, other, &e) == OK && plat_stat(path, false, &seen, NULL) != OK, "%s", name);
    cr_expect(plat_rename(other, path, &e) == OK && plat_open(path, &f, &bytes, &e) == OK, "%s", name);
    plat_close(f);
    plat_remove(path);
    cr_expect(plat_list(in, &mem, &list, &n, &e) == OK && n == 0, "%s: something is left", name);
}

Test(names, small_files_are_read_whole)
{
    static const struct {
        const char *bytes;
        size_t most;
        enum status want;
    } rows[] = {{"", 0, OK}, {"four", 4, OK}, {"four", 3, E_LIMIT}, {NULL, 4, E_IO}};
    const char *path = arena_printf(&mem, "%s/small", folder);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct err e = {0};
        struct buf b = {0};
        buf_z(&b, "before ");
        cr_assert(!rows[i].bytes || plat_write_file(path, str_of(rows[i].bytes), &e) == OK, "row %zu", i);
        cr_expect_eq(plat_read_file(path, rows[i].most, &b, &e), rows[i].want, "row %zu: %s", i, e.why);
        cr_expect_eq(b.n, 7 + (rows[i].want == OK ? strlen(rows[i].bytes) : 0), "row %zu", i);
        plat_remove(path), buf_free(&b);
    }
}

/* Not waited for when they end, synced by name later; what is not there cannot be. */
Test(names, synced_later)
{
    struct err e = {0};
    struct buf got = {0};
    const char *path = arena_printf(&mem, "%s/late", folder), *none = arena_printf(&mem, "%s/none", folder);
    plat_sync_later();
    cr_assert(plat_write_file(path, STR("whole"), &e) == OK && plat_sync(path, &e) == OK, "%s", e.why);
    cr_expect(plat_read_file(path, 64, &got, &e) == OK && str_eq(buf_view(&got), STR("whole")), "%s", e.why);
    cr_expect_eq(plat_sync(none, &e), E_IO);
    cr_expect(e.path == none, "%s", e.path ? e.path : "nothing is named");
    plat_remove(path), buf_free(&got);
}

Test(names, as_they_are)
{
    static const char *const odd[] = {
        "a.",  "b ",   "c. .",           " d",     "nul", "NUL.txt", "con",   "com1.db", "aux.evtx",
        "...", "e...", "名前 žluť.evtx", "🙂.x", "%41", "f~1",     "LPT1.", "{}&#",
    };
    struct err e = {0};
    for (size_t i = 0; i < LEN(odd); i++) {
        goes_round(folder, odd[i]);
        const char *in = arena_printf(&mem, "%s/%s", folder, odd[i]); /* and as a folder's */
        cr_assert(plat_mkdir(in, &e) == OK, "%s: %s", odd[i], e.why);
        goes_round(in, odd[i]);
        cr_expect(plat_rmdir(in, &e) == OK, "%s", odd[i]);
    }
}

/* Far beyond what Windows takes without more ado (260 letters), and what SQLite does there (1,040 bytes); on
 * Linux it takes 512. */
#ifdef _WIN32
enum { DEEP = 12 };
#else
enum { DEEP = 4 };
#endif

Test(names, however_long)
{
    static const char part[] =
        "a-folder-whose-name-is-one-hundred-letters-long-and-so-are-all-of-those-that-lie-"
        "in-it-down-to-the-last";
    const char *at[DEEP + 1] = {folder};
    struct err e = {0};
    struct kb *kb = NULL;
    struct casedb *db = NULL;
    struct plat_stat s;
    int64_t n = 0;
    for (int i = 0; i < DEEP; i++)
        at[i + 1] = arena_printf(&mem, "%s/%s", at[i], part);
    cr_assert(strlen(at[DEEP]) > DEEP * 100);
    cr_assert(plat_mkdir(at[DEEP], &e) == OK, "%s", e.why);
    goes_round(at[DEEP], "x.evtx");
    const char *path = arena_printf(&mem, "%s/case.db", at[DEEP]);
    cr_assert(kb_load(NULL, &kb, &e) == OK, "%s", e.why);
    cr_assert(case_create(NULL, kb_file(kb, "schema.sql"), &db, &e) == OK, "%s", e.why);
    cr_assert(case_exec(db, "INSERT INTO evidence(id, path) VALUES(1, 'a')", &e) == OK, "%s", e.why);
    cr_expect(case_save(db, path, &e) == OK, "%s: %s", e.what, e.why);
    case_close(db), kb_free(kb);
    cr_expect(plat_stat(path, false, &s, &e) == OK && s.bytes > 4096, "%s", e.why);
    cr_assert(case_open(path, &db, &e) == OK, "%s: %s", e.what, e.why);
    cr_expect(case_number(db, "SELECT count(*) FROM evidence", &n, &e) == OK && n == 1);
    case_close(db);
    plat_remove(path);
    for (int i = DEEP; i > 0; i--)
        cr_expect(plat_rmdir(at[i], &e) == OK, "%d: %s", i, e.why);
}

Test(names, of_one_place)
{
    struct plat_stat here, there;
    struct err e = {0};
    const char *name = strrchr(folder, '/') + 1;
    const char *const same[] = {
        arena_printf(&mem, "%s/.", folder), arena_printf(&mem, "%s/../%s/", folder, name),
        arena_printf(&mem, "/../..//tmp//./%s", name), plat_real(folder, &mem), plat_unbounded(folder, &mem)};
    cr_assert(plat_stat(folder, true, &here, &e) == OK && here.inode);
    for (size_t i = 0; i < LEN(same); i++)
        cr_expect(same[i] && plat_stat(same[i], true, &there, &e) == OK && there.inode == here.inode,
                  "%s: %s", same[i], e.why);
    cr_expect(plat_stat("", true, &there, &e) != OK);
}

#ifdef _WIN32
/* What a library is given is the name itself: nothing in it is looked up, cut or taken for a device. */
Test(names, in_full)
{
    static const struct {
        const char *said, *full;
    } rows[] = {
        {"C:\\a\\..\\b\\.\\c", "\\\\?\\C:\\b\\c"},
        {"c:/a//b/", "\\\\?\\c:\\a\\b"},
        {"C:\\", "\\\\?\\C:\\"},
        {"C:\\..\\..", "\\\\?\\C:\\"},
        {"C:\\nul", "\\\\?\\C:\\nul"},
        {"C:\\dot.\\blank ", "\\\\?\\C:\\dot.\\blank "},
        {"\\\\server\\share", "\\\\?\\UNC\\server\\share\\"},
        {"//server/share/x/../..", "\\\\?\\UNC\\server\\share\\"},
        {"\\\\server\\share\\con.txt", "\\\\?\\UNC\\server\\share\\con.txt"},
        {"\\\\?\\C:\\a/b.", "\\\\?\\C:\\a\\b."},
        {"\\\\?\\UNC\\server\\share\\a", "\\\\?\\UNC\\server\\share\\a"},
        {"\\\\?\\Volume{1}\\a\\..\\..\\b", "\\\\?\\Volume{1}\\b"},
        {"C:\\\xed\xa0\xbd.x", "\\\\?\\C:\\\xed\xa0\xbd.x"}, /* half of a pair, as NTFS allows */
        {"C:\\名前\\🙂", "\\\\?\\C:\\名前\\🙂"},
        {"\xff", NULL},
    };
    struct arena a;
    cr_assert(arena_make(&a, 1 << 20));
    for (size_t i = 0; i < LEN(rows); i++) {
        const char *full = plat_unbounded(rows[i].said, &a);
        cr_expect(full && rows[i].full ? strcmp(full, rows[i].full) == 0 : full == rows[i].full, "%s is %s",
                  rows[i].said, full ? full : "nothing");
    }
    arena_free(&a);
}
#endif

Test(ends, in_words)
{
    static const struct {
        struct exit_info how;
        const char *words;
    } rows[] = {
        {{.code = 0}, "ended with code 0"},
        {{.code = 70}, "ended with code 70"},
        {{.signal = 9}, "ended by signal 9"},
        {{.code = 1816}, "ended with code 1816 (the limit of its job was reached)"},
        {{.code = (int)0xC0000005}, "ended with code 0xC0000005 (access violation)"},
        {{.code = (int)0xC0000017}, "ended with code 0xC0000017 (no memory)"},
        {{.code = (int)0xC00000FD}, "ended with code 0xC00000FD (stack overflow)"},
        {{.code = (int)0xC000013A}, "ended with code 0xC000013A (ended by Ctrl-C)"},
        {{.code = (int)0xC0000142}, "ended with code 0xC0000142 (a library could not start)"},
        {{.code = (int)0xC0FFEE00}, "ended with code 0xC0FFEE00"},
    };
    char words[EXIT_WORDS];
    for (size_t i = 0; i < LEN(rows); i++)
        cr_expect_str_eq(plat_exit_text(&rows[i].how, words, sizeof words), rows[i].words);
}

/* The same of children that do it. */
static const struct end {
    const char *option, *words[2]; /* here, on Windows */
} ends[] = {
    {"--leave", {"ended with code 41", "ended with code 41"}},
    {"--null", {"ended by signal 11", "ended with code 0xC0000005 (access violation)"}},
    {"--deep", {"ended by signal 11", "ended with code 0xC00000FD (stack overflow)"}},
    {"--abort", {"ended by signal 6", "ended with code 3"}},
    {"--wait", {"ended by signal 9", "ended with code 70"}},
};

Test(ends, of_children)
{
#ifdef _WIN32
    const int here = 1;
#else
    const int here = 0;
#endif
    char words[EXIT_WORDS];
    PLAIN_ONLY();         /* sanitizers end a process in their own way */
    unsetenv("BXFI_MAP"); /* the test runner's own mark on its children: ours are none of them */
    for (size_t i = 0; i < LEN(ends); i++) {
        struct proc *p;
        struct exit_info how;
        struct err e = {0};
        bool waits = strcmp(ends[i].option, "--wait") == 0;
        cr_assert(plat_spawn_self((const char *const[]){"test_plat", ends[i].option, NULL},
                                  &(struct proc_limits){0}, &p, &e)
                      == OK,
                  "%s", e.why);
        if (waits)
            plat_proc_kill(p);
        plat_proc_end(p, &how);
        cr_expect_str_eq(plat_exit_text(&how, words, sizeof words), ends[i].words[here]);
        cr_expect_eq(how.killed, waits);
    }
}

static volatile int sink;
/* NOLINTNEXTLINE(misc-no-recursion): until there is no room */
static int deep(int n)
{
    volatile char room[4096];
    room[n % 4096] = (char)n;
    return n < 0 ? 0 : deep(n + 1) + room[n % 4096];
}

static int end_so(const char *option)
{
    if (strcmp(option, "--null") == 0)
        *(volatile int *)(uintptr_t)sink = 1;
    if (strcmp(option, "--deep") == 0)
        return deep(1);
    if (strcmp(option, "--abort") == 0)
        abort();
    if (strcmp(option, "--wait") == 0) {
        char c;
        struct err e = {0};
        plat_child_recv(&c, 1, NULL, NULL, &e);
    }
    return 41;
}

int main(int argc, char **argv);
int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < LEN(ends); i++)
        if (strcmp(argv[1], ends[i].option) == 0)
            return end_so(argv[1]);
    return run_tests(argc, argv);
}
