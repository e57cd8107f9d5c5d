/* Files on Windows: opened with full sharing, read while others hold them; no link is followed by who walks.
 */
#include "plat/win32.h"
#include "base/grow.h"
#include <stdlib.h>
#include <wchar.h>

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

/* Windows trims what nobody reads by itself. */
void plat_forget(const struct map *m, uint64_t at, uint64_t n) { (void)m, (void)at, (void)n; }

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

/* FileRenameInfoEx, which mingw's header has for later systems alone */
static const FILE_INFO_BY_HANDLE_CLASS RENAME_EX = (FILE_INFO_BY_HANDLE_CLASS)22;

/* As on Unix where the file system can (NTFS from Windows 10 1709 on): also while somebody who shares it for
 * deletion has the old one open, who keeps it. */
static bool rename_over(const wchar_t *from, const wchar_t *to)
{
    struct { /* FILE_RENAME_INFO as it is from Windows 10 on, with the name's room */
        DWORD flags;
        HANDLE root;
        DWORD bytes;
        WCHAR name[WIDE];
    } *info = calloc(1, sizeof *info);
    HANDLE h = CreateFileW(from, DELETE | SYNCHRONIZE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                           NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT,
                           NULL);
    bool ok = info && h != INVALID_HANDLE_VALUE;
    if (ok) {
        info->flags = FILE_RENAME_FLAG_REPLACE_IF_EXISTS | FILE_RENAME_FLAG_POSIX_SEMANTICS;
        info->bytes = (DWORD)(wcslen(to) * sizeof *to);
        wcscpy(info->name, to);
        ok = SetFileInformationByHandle(h, RENAME_EX, info, sizeof *info);
    }
    if (h != INVALID_HANDLE_VALUE)
        CloseHandle(h);
    free(info);
    return ok || MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH);
}

/* Virus scanners and indexers hold new files for a moment: a second in all. */
static bool patiently(bool (*act)(const wchar_t *from, const wchar_t *to), const wchar_t *from,
                      const wchar_t *to)
{
    for (DWORD wait = 1;; wait *= 2) {
        bool ok = act(from, to);
        DWORD why = GetLastError();
        if (ok || wait > 512 || (why != ERROR_ACCESS_DENIED && why != ERROR_SHARING_VIOLATION))
            return ok;
        Sleep(wait);
    }
}

enum status plat_rename(const char *from, const char *to, struct err *e)
{
    wchar_t *a = wide(from), *b = wide(to);
    enum status st = a && b && patiently(rename_over, a, b) ? OK : sys_err(e, "cannot rename to", to);
    free(a), free(b);
    return st;
}

static bool may_delete(const wchar_t *path, const wchar_t *none)
{
    (void)none;
    HANDLE h = CreateFileW(path, DELETE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                           OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return GetLastError() == ERROR_FILE_NOT_FOUND;
    CloseHandle(h);
    return true;
}

enum status plat_replaceable(const char *path, struct err *e)
{
    wchar_t *w = wide(path);
    enum status st = w && patiently(may_delete, w, NULL) ? OK : sys_err(e, "cannot replace", path);
    free(w);
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
    struct plat_stat is;
    struct str *name;
    size_t n;
    if (arena_make(&mem, 1 << 20)) {
        if (plat_stat(path, false, &is, NULL) == OK && is.type == PLAT_DIR
            && plat_list(path, &mem, &name, &n, NULL) == OK)
            for (size_t i = 0; i < n; i++) {
                const char *file = arena_printf(&mem, "%s/%s", path, name[i].p);
                if (file)
                    plat_remove(file);
            }
        arena_free(&mem);
    }
    plat_rmdir(path, NULL);
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

static bool sync_later;
void plat_sync_later(void) { sync_later = true; }

enum status plat_sync(const char *path, struct err *e)
{
    wchar_t *w = wide(path);
    HANDLE h = w ? CreateFileW(w, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL)
                 : INVALID_HANDLE_VALUE;
    free(w);
    enum status st = h != INVALID_HANDLE_VALUE && FlushFileBuffers(h) ? OK : sys_err(e, "cannot write", path);
    if (h != INVALID_HANDLE_VALUE)
        CloseHandle(h);
    return st;
}

enum status plat_end_file(const char *path, plat_file f, enum status st, struct err *e)
{
    if (st == OK && !sync_later && !FlushFileBuffers((HANDLE)f))
        st = sys_err(e, "cannot write", path);
    CloseHandle((HANDLE)f);
    if (st != OK)
        plat_remove(path);
    return st;
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
