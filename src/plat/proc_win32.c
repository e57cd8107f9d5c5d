/* Processes on Windows: ourselves again, in a jail of the parent's making (jail_win32.c). The channel to a
 * child is a byte-mode pipe pair; files travel as duplicated handles, whose values stand ahead of the bytes
 * they belong to. */
#include "plat/win32.h"
#include "base/limits.h"
#include <wchar.h>

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
    STARTUPINFOW std = {.dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION made = {0};
    wchar_t line[2048] = L"";
    struct proc *p = calloc(1, sizeof *p);
    if (!p)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "cannot start a worker", "out of memory");
    command_line(args, line, LEN(line));
    bool ok = CreatePipe(&std.hStdInput, &p->to, &inherit, 1 << 16)
              && SetHandleInformation(p->to, HANDLE_FLAG_INHERIT, 0)
              && pipe_to_wait_on(&p->from, &std.hStdOutput, 1 << 20, &inherit)
              && pipe_to_wait_on(&p->words, &std.hStdError, 1 << 16, &inherit)
              && (p->ready = CreateEventW(NULL, TRUE, FALSE, NULL)) && (p->job = jail_job(lim, lim->free));
    HANDLE inherited[] = {std.hStdInput, std.hStdOutput, std.hStdError};
    /* the system's own error says nothing of us: Wine has it once in hundreds of starts */
    for (unsigned i = 0; ok && !jail_start(line, lim, &std, inherited, LEN(inherited), &made); i++) {
        ok = GetLastError() == ERROR_INTERNAL_ERROR && i < 3;
        Sleep(ok ? 50 : 0);
    }
    if (ok) {
        p->process = made.hProcess;
        ok = AssignProcessToJobObject(p->job, made.hProcess) && ResumeThread(made.hThread) != (DWORD)-1;
        CloseHandle(made.hThread);
    }
    enum status st = ok ? OK : err_set(e, E_NOMEM, ERR_NO_OFF, "cannot start a worker", "%s", plat_error());
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

enum status plat_proc_ask(struct proc *of, struct proc **out, struct err *e)
{
    return plat_proc_copy(of, out, e);
}

enum status plat_proc_there(struct proc *p, struct err *e) { return (void)p, (void)e, OK; }

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

void plat_proc_hang_up(struct proc *p)
{
    if (p && p->to)
        CloseHandle(p->to), p->to = NULL;
}

void plat_proc_end(struct proc *p, struct exit_info *how)
{
    DWORD code = 0;
    *how = (struct exit_info){0};
    if (!p)
        return;
    plat_proc_hang_up(p);
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
    return err_set(e, enough ? E_STOP : E_IO, ERR_NO_OFF, "standard output", "%s", plat_error());
}
