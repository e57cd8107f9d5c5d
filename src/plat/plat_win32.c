/* The whole Windows port. UTF-8 above, wide paths below ("\\?\" for long ones); the channel to a worker is a
 * byte-mode pipe pair, and files travel as duplicated handles whose values follow the bytes they belong to. A
 * worker's jail is made around it: a job, a restricted token, low integrity. */
#define WIN32_LEAN_AND_MEAN
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include "plat/jail.h"
#include "plat/plat.h"
#include "base/grow.h"
#include "base/limits.h"
#include <direct.h>
#include <fcntl.h>
#include <io.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <wchar.h>

enum { WIDE = 32768 };

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

static enum status sys_err(struct err *e, const char *what, const char *path)
{
    if (e && e->code == OK)
        e->path = path;
    return err_set(e, E_IO, ERR_NO_OFF, what, "%s", plat_error());
}

/* Caller frees. Absolute, backslashes, "\\?\" in front so that length and reserved names do not matter. */
static wchar_t *wide(const char *path)
{
    wchar_t *raw = malloc(WIDE * sizeof *raw), *full = malloc((WIDE + 8) * sizeof *full);
    if (raw && full && MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, raw, WIDE)) {
        bool ready = wcsncmp(raw, L"\\\\?\\", 4) == 0, share = !ready && wcsncmp(raw, L"\\\\", 2) == 0;
        size_t skip = ready ? 0 : share ? 7 : 4;
        wcscpy(full, ready ? L"" : share ? L"\\\\?\\UN" : L"\\\\?\\");
        DWORD n = GetFullPathNameW(raw, WIDE, full + skip - (share ? 1 : 0), NULL);
        if (share)
            wmemcpy(full, L"\\\\?\\UNC", 7);
        if (n && n < WIDE) {
            free(raw);
            return full;
        }
    }
    free(raw), free(full);
    return NULL;
}

static struct str narrow(struct arena *a, const wchar_t *w)
{
    int n = WideCharToMultiByte(CP_UTF8, 0, w, -1, NULL, 0, NULL, NULL);
    char *p = n > 0 ? arena_alloc(a, 1, (size_t)n) : NULL;
    if (p)
        WideCharToMultiByte(CP_UTF8, 0, w, -1, p, n, NULL, NULL);
    return (struct str){p, p ? (size_t)n - 1 : 0};
}

/* --- files */

/* Links and junctions; not files that a server has deduplicated or compressed, or that a cloud keeps: those
 * have reparse points too. */
static bool stands_for_another_name(HANDLE h)
{
    FILE_ATTRIBUTE_TAG_INFO tag;
    return !GetFileInformationByHandleEx(h, FileAttributeTagInfo, &tag, sizeof tag)
           || IsReparseTagNameSurrogate(tag.ReparseTag);
}

enum status plat_stat(const char *path, bool follow, struct plat_stat *out, struct err *e)
{
    BY_HANDLE_FILE_INFORMATION info;
    wchar_t *w = wide(path);
    *out = (struct plat_stat){0};
    HANDLE h = w ? CreateFileW(w, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                               OPEN_EXISTING,
                               FILE_FLAG_BACKUP_SEMANTICS | (follow ? 0 : FILE_FLAG_OPEN_REPARSE_POINT), NULL)
                 : INVALID_HANDLE_VALUE;
    free(w);
    bool ok = h != INVALID_HANDLE_VALUE && GetFileInformationByHandle(h, &info);
    enum status st = ok ? OK : sys_err(e, "cannot look at", path);
    if (ok) {
        bool link = info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT && stands_for_another_name(h);
        bool dir = info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY;
        out->type = link && !follow ? PLAT_OTHER : dir ? PLAT_DIR : PLAT_FILE;
        out->bytes = (uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow;
        out->device = info.dwVolumeSerialNumber,
        out->inode = (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow;
        out->changed = (uint64_t)info.ftLastWriteTime.dwHighDateTime << 32
                       | info.ftLastWriteTime.dwLowDateTime;
    }
    if (h != INVALID_HANDLE_VALUE)
        CloseHandle(h);
    return st;
}

enum status plat_open(const char *path, plat_file *out, uint64_t *bytes, struct err *e)
{
    LARGE_INTEGER n;
    wchar_t *w = wide(path);
    HANDLE h = w ? CreateFileW(w, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                               OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL)
                 : INVALID_HANDLE_VALUE;
    free(w);
    *out = -1;
    if (h == INVALID_HANDLE_VALUE || GetFileType(h) != FILE_TYPE_DISK || !GetFileSizeEx(h, &n)) {
        enum status st = sys_err(e, "cannot open", path);
        if (h != INVALID_HANDLE_VALUE)
            CloseHandle(h);
        return st;
    }
    *out = (plat_file)h, *bytes = (uint64_t)n.QuadPart;
    return OK;
}

enum status plat_open_seen(const char *path, bool linked, const struct plat_stat *seen, plat_file *out,
                           struct err *e)
{
    BY_HANDLE_FILE_INFORMATION now;
    uint64_t bytes;
    (void)linked; /* another file has another index */
    enum status st = plat_open(path, out, &bytes, e);
    if (st != OK)
        return st;
    bool same = !seen->inode
                || (GetFileInformationByHandle((HANDLE)*out, &now) && now.dwVolumeSerialNumber == seen->device
                    && ((uint64_t)now.nFileIndexHigh << 32 | now.nFileIndexLow) == seen->inode);
    if (same && bytes == seen->bytes)
        return OK;
    plat_close(*out), *out = -1;
    return !same ? err_set(e, E_IO, ERR_NO_OFF, "changed",
                           "it is not the file that lay there when the run began")
                 : err_set(e, E_IO, ERR_NO_OFF, "changed",
                           "it had %llu bytes when the run began and has %llu now",
                           (unsigned long long)seen->bytes, (unsigned long long)bytes);
}

void plat_close(plat_file f)
{
    if (f != -1)
        CloseHandle((HANDLE)f);
}

enum status plat_map(plat_file f, uint64_t at, uint64_t bytes, struct map *m, struct err *e)
{
    *m = (struct map){(const uint8_t *)"", 0};
    if (bytes == 0)
        return OK;
    uint64_t end = at + bytes;
    HANDLE h = CreateFileMappingW((HANDLE)f, NULL, PAGE_READONLY, (DWORD)(end >> 32), (DWORD)end, NULL);
    void *p = h ? MapViewOfFile(h, FILE_MAP_READ, (DWORD)(at >> 32), (DWORD)at, (SIZE_T)bytes) : NULL;
    enum status st = p ? OK : sys_err(e, "cannot map", NULL);
    if (h)
        CloseHandle(h); /* the view keeps it */
    if (p)
        *m = (struct map){p, (size_t)bytes};
    return st;
}

void *plat_map_spool(plat_file f, size_t bytes, struct err *e)
{
    HANDLE h = CreateFileMappingW((HANDLE)f, NULL, PAGE_READWRITE, 0, (DWORD)bytes, NULL);
    void *p = h ? MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, bytes) : NULL;
    if (!p)
        sys_err(e, "cannot map", NULL);
    if (h)
        CloseHandle(h);
    return p;
}

void plat_unmap(struct map *m)
{
    if (m->n)
        UnmapViewOfFile(m->p);
    *m = (struct map){0};
}

enum status plat_read_at(plat_file f, uint64_t off, void *buf, size_t cap, size_t *got, struct err *e)
{
    for (*got = 0; *got < cap;) {
        OVERLAPPED at = {.Offset = (DWORD)(off + *got), .OffsetHigh = (DWORD)((off + *got) >> 32)};
        DWORD n = 0;
        if (!ReadFile((HANDLE)f, (char *)buf + *got, (DWORD)(cap - *got < 1u << 30 ? cap - *got : 1u << 30),
                      &n, &at))
            return GetLastError() == ERROR_HANDLE_EOF ? OK : sys_err(e, "cannot read", NULL);
        if (n == 0)
            break;
        *got += n;
    }
    return OK;
}

enum status plat_spool(bool memory, plat_file *out, struct err *e)
{
    wchar_t dir[MAX_PATH + 1], name[MAX_PATH + 1];
    *out = -1;
    if (memory)
        return err_set(e, E_UNSUPPORTED, ERR_NO_OFF, "no room in memory", "not on Windows");
    if (!GetTempPathW(MAX_PATH + 1, dir) || !GetTempFileNameW(dir, L"why", 0, name))
        return sys_err(e, "no temporary file", NULL);
    HANDLE h = CreateFileW(name, GENERIC_READ | GENERIC_WRITE,
                           FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, CREATE_ALWAYS,
                           FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return sys_err(e, "no temporary file", NULL);
    *out = (plat_file)h;
    return OK;
}

enum status plat_write_at(plat_file f, uint64_t off, const void *p, size_t n, struct err *e)
{
    for (const char *from = p; n;) {
        OVERLAPPED at = {.Offset = (DWORD)off, .OffsetHigh = (DWORD)(off >> 32)};
        DWORD put = 0;
        if (!WriteFile((HANDLE)f, from, (DWORD)(n < 1u << 30 ? n : 1u << 30), &put, &at))
            return sys_err(e, "cannot write", NULL);
        from += put, n -= put, off += put;
    }
    return OK;
}

void plat_seal(plat_file f) { (void)f; } /* nothing is spooled in memory */

enum status plat_twin(plat_file f, plat_file *out, struct err *e)
{
    HANDLE h = NULL;
    *out = -1;
    if (!DuplicateHandle(GetCurrentProcess(), (HANDLE)f, GetCurrentProcess(), &h, 0, FALSE,
                         DUPLICATE_SAME_ACCESS))
        return sys_err(e, "cannot open", NULL);
    *out = (plat_file)h;
    return OK;
}

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

enum status plat_list(const char *dir, struct arena *a, struct str **names, size_t *n, struct err *e)
{
    WIN32_FIND_DATAW found;
    struct str *list = NULL;
    size_t cap = 0;
    enum status st = OK;
    wchar_t *w = wide(dir);
    *names = NULL, *n = 0;
    if (w && wcslen(w) + 3 < WIDE)
        wcscat(w, w[wcslen(w) - 1] == L'\\' ? L"*" : L"\\*");
    HANDLE h = w ? FindFirstFileW(w, &found) : INVALID_HANDLE_VALUE;
    free(w);
    if (h == INVALID_HANDLE_VALUE)
        return sys_err(e, "cannot list", dir);
    do {
        if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0)
            continue;
        struct str *more = grow(list, sizeof *list, *n, &cap);
        if (!more) {
            st = err_set(e, E_NOMEM, ERR_NO_OFF, "cannot list", "out of memory");
            break;
        }
        list = more;
        list[*n] = narrow(a, found.cFileName);
        if (!list[(*n)++].p)
            st = err_set(e, E_LIMIT, ERR_NO_OFF, "cannot list", "too many names");
    } while (st == OK && FindNextFileW(h, &found));
    FindClose(h);
    *names = st == OK ? arena_alloc(a, sizeof **names, *n ? *n : 1) : NULL;
    if (*names && *n) {
        qsort(list, *n, sizeof *list, by_bytes);
        memcpy(*names, list, *n * sizeof *list);
    } else if (!*names && st == OK) {
        st = err_set(e, E_LIMIT, ERR_NO_OFF, "cannot list", "too many names");
    }
    free(list);
    return st;
}

static bool make_one(const char *path)
{
    struct plat_stat s;
    wchar_t *w = wide(path);
    bool ok = w && CreateDirectoryW(w, NULL);
    DWORD why = GetLastError();
    free(w);
    ok = ok || (plat_stat(path, true, &s, NULL) == OK && s.type == PLAT_DIR);
    SetLastError(why);
    return ok;
}

enum status plat_mkdir(const char *path, struct err *e)
{
    char part[4096];
    if (make_one(path))
        return OK;
    for (size_t i = 0; i < sizeof part && path[i]; i++)
        if (i > 2 && (path[i] == '/' || path[i] == '\\')) { /* behind "C:\" */
            memcpy(part, path, i), part[i] = 0;
            make_one(part);
        }
    return make_one(path) ? OK : sys_err(e, "cannot make folder", path);
}

enum status plat_rename(const char *from, const char *to, struct err *e)
{
    wchar_t *a = wide(from), *b = wide(to);
    bool ok = false;
    /* virus scanners and indexers hold new files for a moment */
    for (unsigned wait = 1; a && b && !ok && wait <= 512; wait *= 2) {
        ok = MoveFileExW(a, b, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH);
        DWORD why = GetLastError();
        if (ok || (why != ERROR_ACCESS_DENIED && why != ERROR_SHARING_VIOLATION))
            break;
        Sleep(wait);
        SetLastError(why);
    }
    enum status st = ok ? OK : sys_err(e, "cannot rename to", to);
    free(a), free(b);
    return st;
}

void plat_remove(const char *path)
{
    wchar_t *w = wide(path);
    if (w)
        DeleteFileW(w);
    free(w);
}

enum status plat_rmdir(const char *path, struct err *e)
{
    wchar_t *w = wide(path);
    bool done = w && RemoveDirectoryW(w);
    free(w);
    return done ? OK : sys_err(e, "cannot remove folder", path);
}

static const char FRESH[] = ".whylogon-";

void plat_drop_folder(const char *path)
{
    struct arena mem;
    struct str *name;
    size_t n;
    wchar_t *w = wide(path);
    if (w && arena_make(&mem, 1 << 20)) {
        DWORD is = GetFileAttributesW(w);
        if (is != INVALID_FILE_ATTRIBUTES && !(is & FILE_ATTRIBUTE_REPARSE_POINT)
            && plat_list(path, &mem, &name, &n, NULL) == OK)
            for (size_t i = 0; i < n; i++) {
                const char *file = arena_printf(&mem, "%s/%s", path, name[i].p);
                if (file)
                    plat_remove(file);
            }
        arena_free(&mem);
    }
    if (w)
        RemoveDirectoryW(w);
    free(w);
}

enum status plat_fresh_folder(const char *in, char *path, size_t cap, struct err *e)
{
    struct arena mem;
    struct str *name;
    size_t n;
    if (arena_make(&mem, 16 << 20)) {
        if (plat_list(in, &mem, &name, &n, NULL) == OK)
            for (size_t i = 0; i < n; i++)
                if (str_starts_ci(name[i], str_of(FRESH))
                    && snprintf(path, cap, "%s/%s", in, name[i].p) < (int)cap)
                    plat_drop_folder(path);
        arena_free(&mem);
    }
    for (unsigned i = 0; i < 100;
         i++) { /* of the user's own folder: who else may write there is his to say */
        if (snprintf(path, cap, "%s/%s%08lx", in, FRESH, (unsigned long)GetCurrentProcessId() + i)
            >= (int)cap)
            return err_set(e, E_IO, ERR_NO_OFF, "cannot write", "the path is too long");
        wchar_t *w = wide(path);
        bool made = w && CreateDirectoryW(w, NULL);
        free(w);
        if (made)
            return OK;
    }
    return sys_err(e, "cannot make a folder in", in);
}

enum status plat_set_aside(const char *path, const char *as, struct err *e)
{
    wchar_t *a = wide(path), *b = wide(as);
    bool ok = a && b && CreateHardLinkW(b, a, NULL);
    free(a), free(b);
    return ok ? OK : plat_rename(path, as, e);
}

enum status plat_lock(const char *folder, plat_file *out, struct err *e)
{
    char path[4096];
    *out = -1;
    if (snprintf(path, sizeof path, "%s/.whylogon-lock", folder) >= (int)sizeof path)
        return err_set(e, E_IO, ERR_NO_OFF, "in use", "the path is too long");
    wchar_t *w = wide(path);
    HANDLE h = w ? CreateFileW(w, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                               FILE_ATTRIBUTE_HIDDEN | FILE_FLAG_DELETE_ON_CLOSE, NULL)
                 : INVALID_HANDLE_VALUE;
    bool held = h == INVALID_HANDLE_VALUE && GetLastError() == ERROR_SHARING_VIOLATION;
    free(w);
    if (h != INVALID_HANDLE_VALUE)
        *out = (plat_file)h;
    if (held && e && e->code == OK)
        e->path = folder;
    return held ? err_set(e, E_IO, ERR_NO_OFF, "in use", "another run is writing there")
           : h == INVALID_HANDLE_VALUE ? sys_err(e, "cannot lock", folder)
                                       : OK;
}

enum status plat_make_file(const char *path, plat_file *out, struct err *e)
{
    wchar_t *w = wide(path);
    HANDLE h = w ? CreateFileW(w, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL)
                 : INVALID_HANDLE_VALUE;
    free(w);
    if (h == INVALID_HANDLE_VALUE)
        return sys_err(e, "cannot write", path);
    *out = (plat_file)h;
    return OK;
}

enum status plat_end_file(const char *path, plat_file f, enum status st, struct err *e)
{
    if (st == OK && !FlushFileBuffers((HANDLE)f))
        st = sys_err(e, "cannot write", path);
    CloseHandle((HANDLE)f);
    if (st != OK)
        plat_remove(path);
    return st;
}

enum status plat_write_file(const char *path, struct str bytes, struct err *e)
{
    plat_file f = -1;
    enum status st = plat_make_file(path, &f, e);
    if (st != OK)
        return st;
    while (bytes.n && st == OK) {
        DWORD n = 0;
        if (!WriteFile((HANDLE)f, bytes.p, (DWORD)(bytes.n < 1u << 30 ? bytes.n : 1u << 30), &n, NULL))
            st = sys_err(e, "cannot write", path);
        bytes.p += n, bytes.n -= n;
    }
    return plat_end_file(path, f, st, e);
}

char *plat_real(const char *path, struct arena *a)
{
    wchar_t *w = wide(path), *real = malloc(WIDE * sizeof *real);
    HANDLE h = w ? CreateFileW(w, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                               OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL)
                 : INVALID_HANDLE_VALUE;
    DWORD n = real && h != INVALID_HANDLE_VALUE ? GetFinalPathNameByHandleW(h, real, WIDE, 0) : 0;
    struct str s = n && n < WIDE ? narrow(a, real) : (struct str){0};
    if (h != INVALID_HANDLE_VALUE)
        CloseHandle(h);
    free(w), free(real);
    return (char *)(uintptr_t)s.p;
}

bool plat_slash(char c) { return c == '/' || c == '\\'; }

/* --- processes */

/* from is read ahead by one overlapped read into ahead[]: its event says that bytes, or the end, are there.
 * words: the reading end of the child's standard error. */
enum { AHEAD = 1 << 16 };
struct proc {
    HANDLE process, job, to, from, words, ready;
    OVERLAPPED reading;
    DWORD have, at;
    bool pending, ended, killed;
    char ahead[AHEAD];
};

static bool make_job(struct proc *p, const struct proc_limits *lim)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION info = {0};
    info.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
                                            | JOB_OBJECT_LIMIT_ACTIVE_PROCESS
                                            | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
    info.BasicLimitInformation.ActiveProcessLimit = 1;
    if (lim->memory_bytes)
        info.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_MEMORY,
            info.ProcessMemoryLimit = (SIZE_T)lim->memory_bytes;
    if (lim->cpu_s)
        info.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_TIME,
            info.BasicLimitInformation.PerProcessUserTimeLimit.QuadPart = lim->cpu_s * 10000000LL;
    p->job = CreateJobObjectW(NULL, NULL);
    return p->job && SetInformationJobObject(p->job, JobObjectExtendedLimitInformation, &info, sizeof info);
}

/* The caller's token without privileges, every group but these for denying only, and these alone to be let in
 * by: what only the user may read stays shut. Low integrity: nothing of anybody's can be written. Caller
 * closes; NULL: not to be had. */
static HANDLE weak_token(void)
{
    static const WELL_KNOWN_SID_TYPE let_in[] = {WinWorldSid, WinBuiltinUsersSid, WinRestrictedCodeSid};
    HANDLE own = NULL, weak = NULL;
    BYTE room[LEN(let_in)][SECURITY_MAX_SID_SIZE], low[SECURITY_MAX_SID_SIZE];
    SID_AND_ATTRIBUTES only[LEN(let_in)], *deny = NULL;
    DWORD n = 0, n_deny = 0, bytes;
    for (size_t i = 0; i < LEN(let_in); i++) {
        bytes = sizeof room[i];
        only[i] = (SID_AND_ATTRIBUTES){.Sid = room[i]};
        if (!CreateWellKnownSid(let_in[i], NULL, room[i], &bytes))
            return NULL;
    }
    if (!OpenProcessToken(GetCurrentProcess(),
                          TOKEN_DUPLICATE | TOKEN_QUERY | TOKEN_ASSIGN_PRIMARY | TOKEN_ADJUST_DEFAULT, &own))
        return NULL;
    GetTokenInformation(own, TokenGroups, NULL, 0, &n);
    TOKEN_GROUPS *groups = n ? malloc(n) : NULL;
    deny = n ? malloc(n) : NULL; /* no more entries than the groups take */
    if (groups && deny && GetTokenInformation(own, TokenGroups, groups, n, &n)) {
        for (DWORD i = 0; i < groups->GroupCount; i++) {
            bool kept = groups->Groups[i].Attributes & (SE_GROUP_INTEGRITY | SE_GROUP_LOGON_ID);
            for (size_t k = 0; k < LEN(let_in); k++)
                kept |= EqualSid(groups->Groups[i].Sid, only[k].Sid) != 0;
            if (!kept)
                deny[n_deny++] = (SID_AND_ATTRIBUTES){.Sid = groups->Groups[i].Sid};
        }
        bytes = sizeof low;
        TOKEN_MANDATORY_LABEL label = {.Label = {.Sid = low, .Attributes = SE_GROUP_INTEGRITY}};
        if (CreateRestrictedToken(own, DISABLE_MAX_PRIVILEGE, n_deny, deny, 0, NULL, (DWORD)LEN(only), only,
                                  &weak)
            && CreateWellKnownSid(WinLowLabelSid, NULL, low, &bytes))
            /* the child says whether it took */
            SetTokenInformation(weak, TokenIntegrityLevel, &label, (DWORD)sizeof label + GetLengthSid(low));
    }
    free(groups), free(deny);
    CloseHandle(own);
    return weak;
}

/* With the weak token where that works, else with our own: the child finds out and says so. */
static bool start_process(wchar_t *self, wchar_t *line, STARTUPINFOEXW *start, PROCESS_INFORMATION *made)
{
    /* no console: a process of this token may not have one */
    const DWORD how = CREATE_SUSPENDED | DETACHED_PROCESS | EXTENDED_STARTUPINFO_PRESENT;
    HANDLE token = weak_token();
    STARTUPINFOW *s = &start->StartupInfo;
    bool ok = token && CreateProcessAsUserW(token, self, line, NULL, NULL, TRUE, how, NULL, NULL, s, made);
    if (token)
        CloseHandle(token);
    return ok || CreateProcessW(self, line, NULL, NULL, TRUE, how, NULL, NULL, s, made);
}

/* What a child never needs: code made at run time, the window system's calls, libraries of others or from
 * elsewhere, fonts, what others hook into processes; and processes of its own. */
#define ALWAYS_ON(what) PROCESS_CREATION_MITIGATION_POLICY_##what##_ALWAYS_ON
static DWORD64 mitigations = ALWAYS_ON(WIN32K_SYSTEM_CALL_DISABLE) | ALWAYS_ON(PROHIBIT_DYNAMIC_CODE)
                             | ALWAYS_ON(EXTENSION_POINT_DISABLE) | ALWAYS_ON(IMAGE_LOAD_NO_REMOTE)
                             | ALWAYS_ON(IMAGE_LOAD_NO_LOW_LABEL) | ALWAYS_ON(STRICT_HANDLE_CHECKS)
                             | ALWAYS_ON(FONT_DISABLE) | ALWAYS_ON(BLOCK_NON_MICROSOFT_BINARIES);
static DWORD no_children = PROCESS_CREATION_CHILD_PROCESS_RESTRICTED;

/* Which handles the child inherits, no others, whoever made them inheritable; and its mitigations, of which
 * the child says what took. Caller deletes and frees. */
static LPPROC_THREAD_ATTRIBUTE_LIST attributes(HANDLE *inherited, size_t n, bool mitigate)
{
    SIZE_T bytes = 0;
    InitializeProcThreadAttributeList(NULL, 3, 0, &bytes);
    LPPROC_THREAD_ATTRIBUTE_LIST list = malloc(bytes);
    if (!list || !InitializeProcThreadAttributeList(list, 3, 0, &bytes))
        return free(list), NULL;
    if (!UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, inherited,
                                   n * sizeof *inherited, NULL, NULL)) {
        DeleteProcThreadAttributeList(list);
        return free(list), NULL;
    }
    if (mitigate) {
        UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_MITIGATION_POLICY, &mitigations,
                                  sizeof mitigations, NULL, NULL);
        UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_CHILD_PROCESS_POLICY, &no_children,
                                  sizeof no_children, NULL, NULL);
    }
    return list;
}

/* With the mitigations; where a system starts no child so (a program on a share, a policy of its own),
 * without them: the child says what it lacks. */
static bool start_with(HANDLE *inherited, size_t n, wchar_t *self, wchar_t *line, STARTUPINFOEXW *start,
                       PROCESS_INFORMATION *made)
{
    bool ok = false;
    for (unsigned mitigate = 2; mitigate-- > 0 && !ok;) {
        start->lpAttributeList = attributes(inherited, n, mitigate);
        if (!start->lpAttributeList)
            return false;
        ok = start_process(self, line, start, made);
        DWORD why = GetLastError();
        DeleteProcThreadAttributeList(start->lpAttributeList), free(start->lpAttributeList);
        SetLastError(why);
    }
    return ok;
}

/* A pipe whose reading end can be waited on, which anonymous pipes cannot. room: what it holds before its
 * writer has to wait. */
static bool pipe_to_wait_on(HANDLE *read_end, HANDLE *write_end, DWORD room, SECURITY_ATTRIBUTES *inherit)
{
    static LONG serial;
    wchar_t name[80];
    _snwprintf(name, LEN(name), L"\\\\.\\pipe\\whylogon-%lu-%ld", GetCurrentProcessId(),
               InterlockedIncrement(&serial));
    *read_end = CreateNamedPipeW(
        name, PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
        PIPE_TYPE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1, 0, room, 0, NULL);
    if (*read_end == INVALID_HANDLE_VALUE)
        return *read_end = NULL, false;
    *write_end = CreateFileW(name, GENERIC_WRITE, 0, inherit, OPEN_EXISTING, 0, NULL);
    return *write_end != INVALID_HANDLE_VALUE || (*write_end = NULL, false);
}

static void read_ahead(struct proc *p)
{
    p->have = p->at = 0;
    p->reading = (OVERLAPPED){.hEvent = p->ready};
    p->pending = ReadFile(p->from, p->ahead, AHEAD, NULL, &p->reading) || GetLastError() == ERROR_IO_PENDING;
    p->ended = !p->pending;
    if (p->ended)
        SetEvent(p->ready);
}

static void close_proc(struct proc *p)
{
    HANDLE all[] = {p->to, p->from, p->words, p->ready, p->process, p->job};
    for (size_t i = 0; i < LEN(all); i++)
        if (all[i])
            CloseHandle(all[i]);
    free(p);
}

/* Our own fixed words: no quoting needed. */
static void command_line(const char *const *args, wchar_t *line, size_t room)
{
    for (size_t i = 0; args[i]; i++) {
        wchar_t word[256];
        if (!MultiByteToWideChar(CP_UTF8, 0, args[i], -1, word, (int)LEN(word))
            || wcslen(line) + wcslen(word) + 2 > room)
            break;
        wcscat(wcscat(line, i ? L" " : L""), word);
    }
}

enum status plat_spawn_self(const char *const *args, const struct proc_limits *lim, struct proc **out,
                            struct err *e)
{
    SECURITY_ATTRIBUTES inherit = {.nLength = sizeof inherit, .bInheritHandle = TRUE};
    STARTUPINFOEXW start = {.StartupInfo = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES}};
    STARTUPINFOW *std = &start.StartupInfo;
    PROCESS_INFORMATION made = {0};
    wchar_t self[WIDE / 8], line[2048] = L"";
    struct proc *p = calloc(1, sizeof *p);
    if (!p)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "cannot start a worker", "out of memory");
    command_line(args, line, LEN(line));
    bool ok = GetModuleFileNameW(NULL, self, LEN(self))
              && CreatePipe(&std->hStdInput, &p->to, &inherit, 1 << 16)
              && SetHandleInformation(p->to, HANDLE_FLAG_INHERIT, 0)
              && pipe_to_wait_on(&p->from, &std->hStdOutput, 1 << 20, &inherit)
              && pipe_to_wait_on(&p->words, &std->hStdError, 1 << 16, &inherit)
              && (p->ready = CreateEventW(NULL, TRUE, FALSE, NULL)) && make_job(p, lim);
    HANDLE inherited[] = {std->hStdInput, std->hStdOutput, std->hStdError};
    ok = ok && start_with(inherited, LEN(inherited), self, line, &start, &made);
    if (ok) {
        p->process = made.hProcess;
        ok = AssignProcessToJobObject(p->job, made.hProcess) && ResumeThread(made.hThread) != (DWORD)-1;
        CloseHandle(made.hThread);
    }
    enum status st = ok ? OK : sys_err(e, "cannot start a worker", NULL);
    for (size_t i = 0; i < LEN(inherited); i++)
        if (inherited[i])
            CloseHandle(inherited[i]);
    if (!ok) {
        if (p->process)
            TerminateProcess(p->process, 70);
        close_proc(p);
        return st;
    }
    read_ahead(p);
    *out = p;
    return OK;
}

enum status plat_child_copies(struct err *e)
{
    (void)e;
    return OK;
}

enum status plat_proc_copy(struct proc *of, struct proc **out, struct err *e)
{
    (void)of, (void)out;
    return err_set(e, E_UNSUPPORTED, ERR_NO_OFF, "cannot copy a worker", "not on Windows");
}

static bool write_all(HANDLE h, const void *bytes, size_t n)
{
    for (const char *at = bytes; n;) {
        DWORD put = 0;
        if (!WriteFile(h, at, (DWORD)n, &put, NULL))
            return false;
        at += put, n -= put;
    }
    return true;
}

static bool read_all(HANDLE h, void *bytes, size_t n, size_t *have)
{
    for (*have = 0; *have < n;) {
        DWORD got = 0;
        if (!ReadFile(h, (char *)bytes + *have, (DWORD)(n - *have), &got, NULL) || got == 0)
            return false;
        *have += got;
    }
    return true;
}

/* Every message begins with its handles, duplicated for the child with the access that we have (evidence is
 * opened for reading, spools are written to): u64 count, then LIM_JOB_FILES values. */
enum status plat_proc_send(struct proc *p, const void *bytes, size_t n, const plat_file *files,
                           size_t n_files, struct err *e)
{
    uint64_t head[1 + LIM_JOB_FILES] = {n_files};
    for (size_t i = 0; i < n_files; i++) {
        HANDLE theirs;
        if (!DuplicateHandle(GetCurrentProcess(), (HANDLE)files[i], p->process, &theirs, 0, FALSE,
                             DUPLICATE_SAME_ACCESS))
            return sys_err(e, "cannot reach a worker", NULL);
        head[1 + i] = (uint64_t)(uintptr_t)theirs;
    }
    return write_all(p->to, head, sizeof head) && write_all(p->to, &(uint64_t){n}, 8)
                   && write_all(p->to, bytes, n)
               ? OK
               : sys_err(e, "cannot reach a worker", NULL);
}

enum status plat_proc_read(struct proc *p, void *buf, size_t cap, size_t *got, bool *eof, struct err *e)
{
    (void)e;
    *got = 0, *eof = false;
    if (p->pending) {
        if (!GetOverlappedResult(p->from, &p->reading, &p->have, FALSE)) {
            if (GetLastError() == ERROR_IO_INCOMPLETE)
                return OK;
            p->have = 0, p->ended = true;
        }
        p->pending = false;
    }
    *got = p->have - p->at < cap ? p->have - p->at : cap;
    memcpy(buf, p->ahead + p->at, *got);
    p->at += (DWORD)*got;
    if (p->at == p->have && !p->ended)
        read_ahead(p);
    *eof = *got == 0 && p->ended;
    return OK;
}

/* Windows waits for 64 things at once: of more processes the first 64 wake it, and all are looked at. */
enum status plat_wait(struct proc *const *p, size_t n, unsigned ms, bool *ready, struct err *e)
{
    HANDLE set[MAXIMUM_WAIT_OBJECTS];
    DWORD m = 0;
    bool more = false;
    for (size_t i = 0; i < n; i++)
        if (p[i] && m < LEN(set))
            set[m++] = p[i]->ready;
        else
            more |= p[i] != NULL;
    if (m && WaitForMultipleObjects(m, set, FALSE, more && ms > 50 ? 50 : ms) == WAIT_FAILED)
        return sys_err(e, "cannot wait for workers", NULL);
    if (!m)
        Sleep(ms);
    for (size_t i = 0; i < n; i++)
        ready[i] = p[i] && WaitForSingleObject(p[i]->ready, 0) == WAIT_OBJECT_0;
    return OK;
}

/* Who watches looks again from time to time here: a folder's own notices do not say when a file was closed.
 */
enum status plat_watch_begin(const char *const *dir, size_t n, struct watch **out, struct err *e)
{
    (void)dir, (void)n;
    *out = NULL;
    return err_set(e, E_UNSUPPORTED, ERR_NO_OFF, "watch", "folders do not tell of files that are whole");
}

enum status plat_watch_wait(struct watch *w, unsigned ms, bool *changed, watch_whole *whole, void *ctx,
                            struct err *e)
{
    (void)w, (void)whole, (void)ctx;
    *changed = false;
    return plat_wait(NULL, 0, ms, NULL, e);
}

void plat_watch_end(struct watch *w) { (void)w; }

void plat_proc_kill(struct proc *p)
{
    if (p)
        p->killed = true, TerminateProcess(p->process, 70);
}

/* It has ended, and what it wrote lies in the pipe. */
static void read_words(struct proc *p, char *words, size_t room)
{
    for (size_t n = 0; n + 1 < room;) {
        OVERLAPPED at = {.hEvent = p->ready};
        DWORD got = 0;
        if (!ReadFile(p->words, words + n, (DWORD)(room - 1 - n), NULL, &at)
            && GetLastError() != ERROR_IO_PENDING)
            break;
        if (!GetOverlappedResult(p->words, &at, &got, TRUE) || got == 0)
            break;
        n += got;
    }
}

void plat_proc_end(struct proc *p, struct exit_info *how)
{
    DWORD code = 0;
    *how = (struct exit_info){0};
    if (!p)
        return;
    CloseHandle(p->to), p->to = NULL;
    if (p->pending)
        CancelIo(p->from), GetOverlappedResult(p->from, &p->reading, &code, TRUE);
    CloseHandle(p->from), p->from = NULL;
    /* for a child to end when its channel is closed */
    if (!p->killed && WaitForSingleObject(p->process, 5000) == WAIT_TIMEOUT)
        plat_proc_kill(p);
    WaitForSingleObject(p->process, INFINITE);
    GetExitCodeProcess(p->process, &code);
    how->killed = p->killed, how->code = (int)code;
    read_words(p, how->words, sizeof how->words);
    close_proc(p);
}

enum status plat_child_recv(void *buf, size_t n, plat_file *files, size_t *n_files, struct err *e)
{
    static uint64_t left; /* bytes of the current message not yet asked for */
    HANDLE in = GetStdHandle(STD_INPUT_HANDLE);
    size_t room = n_files ? *n_files : 0, have;
    if (n_files)
        *n_files = 0;
    if (left == 0) {
        uint64_t head[1 + LIM_JOB_FILES];
        if (!read_all(in, head, sizeof head, &have) || !read_all(in, &left, 8, &have))
            return err_set(e, E_TRUNC, ERR_NO_OFF, "channel to the parent", "closed");
        for (size_t i = 0; i < head[0] && i < LIM_JOB_FILES; i++) {
            if (n_files && *n_files < room)
                files[(*n_files)++] = (plat_file)head[1 + i];
            else
                CloseHandle((HANDLE)(uintptr_t)head[1 + i]);
        }
    }
    if (n > left || !read_all(in, buf, n, &have))
        return err_set(e, E_FORMAT, ERR_NO_OFF, "channel to the parent", "message too short");
    left -= n;
    return OK;
}

enum status plat_child_send(const void *buf, size_t n, struct err *e)
{
    return write_all(GetStdHandle(STD_OUTPUT_HANDLE), buf, n) ? OK
                                                              : sys_err(e, "channel to the parent", NULL);
}

/* A pipe that nobody reads tells so only when it is written to. */
bool plat_reader_gone(void) { return false; }

enum status plat_stdin_file(const char **path, struct err *e)
{
    (void)path;
    return err_set(e, E_UNSUPPORTED, ERR_NO_OFF, "standard input", "cannot be read here: name a file");
}

enum status plat_write_stdout(const void *buf, size_t n, struct err *e)
{
    if (write_all(GetStdHandle(STD_OUTPUT_HANDLE), buf, n))
        return OK;
    DWORD why = GetLastError();
    bool enough = why == ERROR_NO_DATA || why == ERROR_BROKEN_PIPE || why == ERROR_PIPE_NOT_CONNECTED;
    return err_set(e, enough ? E_STOP : E_DB, ERR_NO_OFF, "standard output", "%s", plat_error());
}

/* --- the jail, seen from inside. Token and job were made by the parent; memory and time are bounded by a job
 * of one's own inside it. */

/* Tried, not believed: Wine 8 takes limits of memory and keeps none. */
static bool bound(const struct jail_limits *lim)
{
    static struct proc own; /* its job lasts as long as the process */
    struct proc_limits most = {.memory_bytes = lim->memory_bytes, .cpu_s = lim->cpu_s};
    BOOL in_job = FALSE;
    if (!IsProcessInJob(GetCurrentProcess(), NULL, &in_job) || !in_job)
        return false;
    if ((most.memory_bytes || most.cpu_s)
        && (!make_job(&own, &most) || !AssignProcessToJobObject(own.job, GetCurrentProcess())))
        return false;
    SIZE_T more = most.memory_bytes ? (SIZE_T)most.memory_bytes : (SIZE_T)1 << 46;
    void *p = VirtualAlloc(NULL, more, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (p)
        VirtualFree(p, 0, MEM_RELEASE);
    return !p;
}

/* Asked back, not believed: Wine 8 takes every policy and keeps none. */
static bool mitigated(void)
{
    typedef BOOL WINAPI ask_fn(HANDLE, PROCESS_MITIGATION_POLICY, PVOID, SIZE_T);
    HMODULE kernel = GetModuleHandleW(L"kernel32");
    ask_fn *ask = (ask_fn *)(void *)GetProcAddress(kernel, "GetProcessMitigationPolicy");
    PROCESS_MITIGATION_DYNAMIC_CODE_POLICY code = {0};
    PROCESS_MITIGATION_SYSTEM_CALL_DISABLE_POLICY calls = {0};
    HANDLE me = GetCurrentProcess();
    return ask && ask(me, ProcessDynamicCodePolicy, &code, sizeof code) && code.ProhibitDynamicCode
           && ask(me, ProcessSystemCallDisablePolicy, &calls, sizeof calls)
           && calls.DisallowWin32kSystemCalls;
}

static bool low_integrity(HANDLE token)
{
    union {
        TOKEN_MANDATORY_LABEL label;
        BYTE room[sizeof(TOKEN_MANDATORY_LABEL) + SECURITY_MAX_SID_SIZE];
    } u;
    DWORD n = 0;
    if (!GetTokenInformation(token, TokenIntegrityLevel, &u, sizeof u, &n))
        return false;
    DWORD last = *GetSidSubAuthorityCount(u.label.Label.Sid);
    return last && *GetSidSubAuthority(u.label.Label.Sid, last - 1) <= SECURITY_MANDATORY_LOW_RID;
}

void plat_jail_ahead(const struct jail_limits *lim) { (void)lim; }

unsigned plat_jail(const struct jail_limits *lim)
{
    HANDLE token = NULL;
    unsigned layers = (bound(lim) ? JAIL_JOB : 0u) | (mitigated() ? JAIL_MITIGATIONS : 0u);
    if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        layers |= (IsTokenRestricted(token) ? JAIL_TOKEN : 0u)
                  | (low_integrity(token) ? JAIL_LOW_INTEGRITY : 0u);
        CloseHandle(token);
    }
    return layers;
}

/* --- the rest */

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
    char **argv = calloc((size_t)argc + 1, sizeof *argv);
    for (int i = 0; argv && i < argc; i++) {
        int n = WideCharToMultiByte(CP_UTF8, 0, wide_argv[i], -1, NULL, 0, NULL, NULL);
        if (n < 1 || !(argv[i] = malloc((size_t)n))
            || !WideCharToMultiByte(CP_UTF8, 0, wide_argv[i], -1, argv[i], n, NULL, NULL))
            return 70;
    }
    return argv ? main(argc, argv) : 70;
}
