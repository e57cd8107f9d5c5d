/* posix: the few of its functions that tests ask for and Windows has under no other name. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <fcntl.h>
#include <psapi.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

int raise_here(int sig)
{
    if (sig == SIGKILL)
        TerminateProcess(GetCurrentProcess(), 128 + SIGKILL); /* KILLED */
    return (raise)(sig);
}

ssize_t readlink_here(const char *path, char *name, size_t n)
{
    char full[600];
    const char *number = strrchr(path, '/');
    DWORD got = number ? GetFinalPathNameByHandleA((HANDLE)(intptr_t)atoi(number + 1), full, sizeof full, 0)
                       : 0;
    size_t prefix = got > 4 && strncmp(full, "\\\\?\\", 4) == 0 ? 4 : 0, len = got - prefix;
    if (!got || got >= sizeof full || len > n)
        return -1;
    memcpy(name, full + prefix, len);
    return (ssize_t)len;
}

int pause(void)
{
    Sleep(INFINITE);
    return -1;
}

static bool take_name(char *pattern, bool (*take)(const char *name))
{
    static unsigned turn;
    char *x = pattern + strlen(pattern) - 6;
    for (int tries = 0; tries < 1000; tries++) {
        unsigned v = (unsigned)_getpid() * 1021u + turn++;
        for (int i = 0; i < 6; i++, v /= 26)
            x[i] = (char)('a' + v % 26);
        if (take(pattern))
            return true;
    }
    return false;
}

static bool take_folder(const char *name) { return _mkdir(name) == 0; }
char *mkdtemp(char *pattern) { return take_name(pattern, take_folder) ? pattern : NULL; }

static int taken;
static bool take_file(const char *name)
{
    return (taken = _open(name, _O_CREAT | _O_EXCL | _O_RDWR | _O_BINARY, _S_IREAD | _S_IWRITE)) >= 0;
}
int mkstemp_here(char *pattern) { return take_name(pattern, take_file) ? taken : -1; }

char *strndup(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *p = calloc(len + 1, 1);
    return p ? memcpy(p, s, len) : NULL;
}

void *memmem(const void *in, size_t n, const void *of, size_t m)
{
    for (size_t i = 0; m <= n && i <= n - m; i++)
        if (memcmp((const char *)in + i, of, m) == 0)
            return (void *)((uintptr_t)in + i);
    return NULL;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return _lseek(fd, at, SEEK_SET) == at ? _write(fd, p, (unsigned)n) : -1;
}

void *mmap(void *at, size_t n, int may, int how, int fd, off_t from)
{
    (void)may;
    void *p = at || fd != -1 || from || how != (MAP_PRIVATE | MAP_ANONYMOUS)
                  ? NULL
                  : VirtualAlloc(NULL, n, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    return p ? p : MAP_FAILED;
}

int mprotect(void *p, size_t n, int may)
{
    DWORD was;
    return VirtualProtect(p, n, may == PROT_READ ? PAGE_READONLY : PAGE_READWRITE, &was) ? 0 : -1;
}

int munmap(void *p, size_t n)
{
    (void)n;
    return VirtualFree(p, 0, MEM_RELEASE) ? 0 : -1;
}

int getrusage(int who, struct rusage *u)
{
    PROCESS_MEMORY_COUNTERS m = {.cb = sizeof m};
    (void)who;
    if (!K32GetProcessMemoryInfo(GetCurrentProcess(), &m, sizeof m))
        return -1;
    u->ru_maxrss = (long)(m.PeakWorkingSetSize / 1024);
    return 0;
}
