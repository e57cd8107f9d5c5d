/* What is left of the Windows port: errors in words, paths, the console, clocks, and main's arguments in
 * UTF-8. */
#include "plat/win32.h"
#include "base/utf.h"
#include <direct.h>
#include <fcntl.h>
#include <io.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

/* Words of our own: Windows speaks the language of its user, in the code page of that language, and what is
 * said here enters cases and reports. */
enum { VIRUS_INFECTED = 225, CLOUD_NOT_RUNNING = 362 }; /* winerror.h; mingw's lacks them */
static const struct {
    DWORD code;
    const char *text;
} errors[] = {
    {ERROR_FILE_NOT_FOUND, "No such file or directory"},
    {ERROR_PATH_NOT_FOUND, "No such file or directory"},
    {ERROR_ACCESS_DENIED, "Permission denied"},
    {ERROR_SHARING_VIOLATION, "another program has it open"},
    {ERROR_LOCK_VIOLATION, "another program has locked a part of it"},
    {ERROR_DISK_FULL, "No space left on device"},
    {ERROR_HANDLE_DISK_FULL, "No space left on device"},
    {ERROR_NOT_ENOUGH_MEMORY, "Cannot allocate memory"},
    {ERROR_OUTOFMEMORY, "Cannot allocate memory"},
    {ERROR_COMMITMENT_LIMIT, "Cannot allocate memory"},
    {ERROR_INVALID_NAME, "not a name Windows knows"},
    {ERROR_BAD_NETPATH, "the share is not to be reached"},
    {ERROR_BAD_NET_NAME, "there is no such share"},
    {ERROR_CRC, "Input/output error"},
    {ERROR_NOT_READY, "the device is not ready"},
    {ERROR_WRITE_PROTECT, "Read-only file system"},
    {ERROR_DIRECTORY, "Not a directory"},
    {ERROR_ALREADY_EXISTS, "File exists"},
    {ERROR_FILE_EXISTS, "File exists"},
    {ERROR_CANT_RESOLVE_FILENAME, "Too many levels of symbolic links"},
    {VIRUS_INFECTED, "a virus scanner refuses it"},
    {CLOUD_NOT_RUNNING, "it lies in a cloud that is not to be reached"},
};

const char *plat_error(void)
{
    static char text[40];
    DWORD code = GetLastError();
    for (size_t i = 0; i < LEN(errors); i++)
        if (errors[i].code == code)
            return errors[i].text;
    snprintf(text, sizeof text, "Windows error %lu", code);
    return text;
}

enum status sys_err(struct err *e, const char *what, const char *path)
{
    if (e && e->code == OK)
        e->path = path;
    return err_set(e, E_IO, ERR_NO_OFF, what, "%s", plat_error());
}

/* UTF-8, lone surrogates in their three-byte form; false: it is none, or has no room. */
static bool widen(const char *path, wchar_t *out, size_t room)
{
    struct str s = str_of(path);
    size_t n = 0;
    for (size_t at = 0; at < s.n;) {
        uint32_t u = utf8_next(s, &at);
        if (u == UTF_BAD || n + 3 > room)
            return false;
        if (u > 0xffff)
            out[n++] = (wchar_t)(0xd7c0 + (u >> 10));
        out[n++] = (wchar_t)(u > 0xffff ? 0xdc00 | (u & 0x3ff) : u);
    }
    out[n] = 0;
    return true;
}

/* A path in the making: p[0..root) says where it begins, and ".." goes no further back. */
struct absolute {
    wchar_t p[WIDE];
    size_t n, root;
};

static bool slash(wchar_t c) { return c == L'\\' || c == L'/'; }
static bool append(struct absolute *a, const wchar_t *s, size_t n)
{
    if (a->n + n + 2 > WIDE)
        return false;
    wmemcpy(a->p + a->n, s, n), a->n += n;
    return true;
}

/* Raw: a name that ends in a dot or a blank, or is NUL, is that of a file like any other. */
static bool put_parts(struct absolute *a, const wchar_t *raw, size_t most)
{
    for (size_t len; *raw && most--; raw += len + (raw[len] != 0)) {
        len = wcscspn(raw, L"/\\");
        if (len == 2 && wcsncmp(raw, L"..", 2) == 0) {
            while (a->n > a->root && a->p[--a->n] != L'\\')
                ;
            continue;
        }
        if (len && !(len == 1 && *raw == L'.') && !(append(a, L"\\", 1) && append(a, raw, len)))
            return false;
    }
    return true;
}

static const wchar_t *behind_parts(const wchar_t *raw, unsigned n)
{
    while (n--) {
        raw += wcscspn(raw, L"/\\");
        raw += *raw != 0;
    }
    return raw;
}

/* What an absolute path begins with: "\\?\C:", "\\?\UNC\server\share", "\\?\Volume{...}". Returns the rest;
 * NULL: it is none. */
static const wchar_t *put_root(struct absolute *a, const wchar_t *raw)
{
    bool verbatim = wcsncmp(raw, L"\\\\?\\", 4) == 0;
    raw += verbatim ? 4 : 0;
    bool share = verbatim ? _wcsnicmp(raw, L"UNC\\", 4) == 0 : slash(raw[0]) && slash(raw[1]);
    bool drive = iswalpha(raw[0]) && raw[1] == L':' && slash(raw[2]);
    unsigned parts = share ? 2 : 1;
    raw += share ? verbatim ? 4 : 2 : 0;
    if (!(verbatim || share || drive) || !append(a, share ? L"\\\\?\\UNC" : L"\\\\?", share ? 7 : 3)
        || !put_parts(a, raw, parts))
        return NULL;
    a->root = a->n;
    return behind_parts(raw, parts);
}

/* Of a path that is not absolute: where it is relative to. */
static bool put_base(struct absolute *a, const wchar_t *raw)
{
    wchar_t *base = malloc(WIDE * sizeof *base), drive[] = L"C:.";
    bool on_drive = raw[0] && raw[1] == L':';
    drive[0] = raw[0];
    DWORD n = base ? GetFullPathNameW(on_drive ? drive : slash(raw[0]) ? L"\\" : L".", WIDE, base, NULL) : 0;
    const wchar_t *rest = n && n < WIDE ? put_root(a, base) : NULL;
    bool ok = rest && put_parts(a, rest, WIDE);
    free(base);
    return ok;
}

wchar_t *wide(const char *path)
{
    wchar_t *raw = malloc(WIDE * sizeof *raw);
    struct absolute *a = calloc(1, sizeof *a);
    bool ok = raw && a && widen(path, raw, WIDE) && *raw;
    if (ok) {
        const wchar_t *rest = put_root(a, raw);
        if (!rest) {
            a->n = 0;
            ok = put_base(a, raw);
            rest = raw[1] == L':' ? raw + 2 : raw;
        }
        ok = ok && put_parts(a, rest, WIDE) && (a->n > a->root || append(a, L"\\", 1));
    }
    free(raw);
    if (ok) {
        a->p[a->n] = 0; /* ".." took some back */
        return a->p;    /* the first of it: freed so */
    }
    free(a);
    SetLastError(ERROR_INVALID_NAME);
    return NULL;
}

struct str narrow(struct arena *a, const wchar_t *w)
{
    size_t n = wcslen(w);
    char *p = arena_alloc(a, 1, 3 * n + 1);
    if (!p)
        return STR_NONE;
    size_t bytes = utf16_to_utf8(p, (const uint8_t *)w, 2 * n);
    p[bytes] = 0;
    return (struct str){p, bytes};
}

char *plat_unbounded(const char *path, struct arena *a)
{
    wchar_t *w = wide(path);
    struct str s = w ? narrow(a, w) : STR_NONE;
    free(w);
    return (char *)(uintptr_t)s.p;
}

/* The one that counts no letters of a name. */
const char *const plat_sqlite_vfs = "win32-longpath";

void plat_give_back(void) {}
void plat_hold_memory(void) {}
/* All is done one after the other. */
struct beside *plat_beside(void (*fn)(void *ctx), void *ctx) { return (void)fn, (void)ctx, NULL; }
bool plat_beside_ended(struct beside *b, unsigned ms) { return (void)b, (void)ms, true; }

uint64_t plat_clock_ms(void) { return GetTickCount64(); }

int64_t plat_now(void)
{
    FILETIME t;
    GetSystemTimeAsFileTime(&t);
    return (int64_t)((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime);
}

unsigned plat_cores(void)
{
    DWORD n = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    return n < 1 ? 1 : n > 64 ? 64 : (unsigned)n;
}

/* The shell's library is asked for by name: whoever is linked with it loads the window system's, which our
 * children may not. */
bool plat_open_page(const char *path)
{
    typedef HINSTANCE WINAPI open_fn(HWND, LPCWSTR, LPCWSTR, LPCWSTR, LPCWSTR, INT);
    HMODULE shell = LoadLibraryExW(L"shell32.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    open_fn *open = shell ? (open_fn *)(void *)GetProcAddress(shell, "ShellExecuteW") : NULL;
    wchar_t *w = wide(path);
    /* the shell wants paths as people write them */
    const wchar_t *plain = w && wcsncmp(w, L"\\\\?\\", 4) == 0 && wcsncmp(w + 4, L"UNC", 3) != 0 ? w + 4 : w;
    bool ok = open && plain && (INT_PTR)open(NULL, L"open", plain, NULL, NULL, SW_SHOWNORMAL) > 32;
    free(w);
    return ok;
}

bool plat_is_terminal(FILE *f) { return _isatty(_fileno(f)) != 0; }

unsigned plat_columns(void)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    return GetConsoleScreenBufferInfo(GetStdHandle(STD_ERROR_HANDLE), &info)
               ? (unsigned)(info.srWindow.Right - info.srWindow.Left + 1)
               : 80;
}

static UINT their_code_page;
static DWORD their_mode;

static void give_console_back(void)
{
    SetConsoleOutputCP(their_code_page);
    if (their_mode)
        SetConsoleMode(GetStdHandle(STD_ERROR_HANDLE), their_mode);
}

/* UTF-8, and what moves the cursor, until we end: the console is the user's. */
static void take_console(void)
{
    HANDLE h = GetStdHandle(STD_ERROR_HANDLE);
    their_code_page = GetConsoleOutputCP();
    if (!their_code_page)
        return;
    SetConsoleOutputCP(CP_UTF8);
    if (GetConsoleMode(h, &their_mode))
        SetConsoleMode(h, their_mode | ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
    atexit(give_console_back);
}

void plat_begin(void)
{
    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
    _setmode(_fileno(stderr), _O_BINARY);
    take_console();
}

/* Our libarchive reads UTF-8 whatever the locale (libs.sh). */
enum status plat_neutral(struct err *e)
{
    (void)e;
    _putenv("TZ=UTC0");
    _tzset();
    return OK;
}

static void (*interrupted)(int);

/* Ctrl-C, Ctrl-Break; a window that is closed, a user who logs off: Windows ends us when this returns, or
 * after five seconds. The second one ends us at once. */
static BOOL WINAPI on_control(DWORD what)
{
    static LONG before;
    bool key = what == CTRL_C_EVENT || what == CTRL_BREAK_EVENT;
    if (InterlockedExchange(&before, 1))
        return FALSE;
    interrupted(key ? SIGINT : SIGTERM);
    if (!key)
        Sleep(INFINITE);
    return TRUE;
}

void plat_on_interrupt(void (*fn)(int))
{
    interrupted = fn;
    SetConsoleCtrlHandler(on_control, TRUE);
}

/* argv in UTF-8 whatever the code page: Windows has one for that from 10 1903 on only. *.evtx, which no shell
 * expands here, the C library does. */
int _dowildcard = -1;
int main(int argc, char **argv);
int wmain(int argc, wchar_t **wide_argv);
int wmain(int argc, wchar_t **wide_argv)
{
    int code;
    /* no window that waits for somebody; what a worker died of is told by us, and its memory sent to nobody
     */
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    if (jail_is_tried(argc, wide_argv, &code))
        return code;
    char **argv = calloc((size_t)argc + 1, sizeof *argv);
    for (int i = 0; argv && i < argc; i++) {
        size_t n = wcslen(wide_argv[i]);
        if (!(argv[i] = calloc(3 * n + 1, 1)))
            return 70;
        utf16_to_utf8(argv[i], (const uint8_t *)wide_argv[i], 2 * n);
    }
    return argv ? main(argc, argv) : 70;
}
