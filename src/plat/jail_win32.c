/* The jail on Windows, made around a child by its parent: a job, a token that opens next to nothing, low
 * integrity, a container without network, mitigations. What a system does not start, or what does not live to
 * the end in it, is tried once in every run, and less is taken then; the child asks back what it has. */
#include "plat/win32.h"
#include "plat/jail.h"
#include "base/hash.h"
#include <stdlib.h>
#include <wchar.h>

HANDLE jail_job(const struct proc_limits *lim, bool all)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION info = {0};
    DWORD *flags = &info.BasicLimitInformation.LimitFlags;
    *flags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
    if (!all)
        *flags |= JOB_OBJECT_LIMIT_ACTIVE_PROCESS, info.BasicLimitInformation.ActiveProcessLimit = 1;
    if (lim->memory_bytes)
        *flags |= JOB_OBJECT_LIMIT_PROCESS_MEMORY, info.ProcessMemoryLimit = (SIZE_T)lim->memory_bytes;
    if (lim->cpu_s)
        *flags |= JOB_OBJECT_LIMIT_PROCESS_TIME,
            info.BasicLimitInformation.PerProcessUserTimeLimit.QuadPart = lim->cpu_s * 10000000LL;
    HANDLE job = CreateJobObjectW(NULL, NULL);
    if (job && !SetInformationJobObject(job, JobObjectExtendedLimitInformation, &info, sizeof info))
        CloseHandle(job), job = NULL;
    return job;
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

/* The same inside a container of ours that has no capability, so no network either, and opens only what is
 * open to every container. Such a token is made from Windows 8 on, by a function that no import library has;
 * the container's name is made up: nothing is kept under it. Consumes weak. NULL: not to be had. */
static HANDLE contained(HANDLE weak)
{
    typedef BOOL WINAPI make_fn(HANDLE, SECURITY_CAPABILITIES *, HANDLE *);
    HMODULE base = GetModuleHandleW(L"kernelbase");
    make_fn *make = base ? (make_fn *)(void *)GetProcAddress(base, "CreateAppContainerToken") : NULL;
    SID_IDENTIFIER_AUTHORITY packages = {SECURITY_APP_PACKAGE_AUTHORITY};
    SECURITY_CAPABILITIES none = {0};
    HANDLE token = NULL;
    if (weak && make
        && AllocateAndInitializeSid(&packages, SECURITY_APP_PACKAGE_RID_COUNT, SECURITY_APP_PACKAGE_BASE_RID,
                                    'w', 'h', 'y', 'l', 'o', 'g', 'n', &none.AppContainerSid)) {
        if (!make(weak, &none, &token))
            token = NULL;
        FreeSid(none.AppContainerSid);
    }
    if (weak)
        CloseHandle(weak);
    return token;
}

/* What a child never needs: code made at run time, the window system's calls, libraries of others or from
 * elsewhere, fonts, what others hook into processes; and processes of its own. */
#define ALWAYS_ON(what) PROCESS_CREATION_MITIGATION_POLICY_##what##_ALWAYS_ON
static DWORD64 mitigations = ALWAYS_ON(WIN32K_SYSTEM_CALL_DISABLE) | ALWAYS_ON(PROHIBIT_DYNAMIC_CODE)
                             | ALWAYS_ON(EXTENSION_POINT_DISABLE) | ALWAYS_ON(IMAGE_LOAD_NO_REMOTE)
                             | ALWAYS_ON(IMAGE_LOAD_NO_LOW_LABEL) | ALWAYS_ON(STRICT_HANDLE_CHECKS)
                             | ALWAYS_ON(FONT_DISABLE) | ALWAYS_ON(BLOCK_NON_MICROSOFT_BINARIES);
static DWORD no_children = PROCESS_CREATION_CHILD_PROCESS_RESTRICTED;

/* Which handles the child inherits, no others, whoever made them inheritable; and its mitigations. Caller
 * deletes and frees. */
static LPPROC_THREAD_ATTRIBUTE_LIST attributes(HANDLE *inherited, size_t n, bool mitigate)
{
    SIZE_T bytes = 0;
    InitializeProcThreadAttributeList(NULL, 3, 0, &bytes);
    LPPROC_THREAD_ATTRIBUTE_LIST list = malloc(bytes);
    if (!list || !InitializeProcThreadAttributeList(list, 3, 0, &bytes))
        return free(list), NULL;
    if (n
        && !UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, inherited,
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

/* From all of it to nothing. */
enum { FREE = 4 };
static const struct strictness {
    bool token, container, mitigations;
} strict[] = {
    {true, true, true}, {true, false, true}, {true, true, false}, {true, false, false}, [FREE] = {0}};

static bool start(const struct strictness *how, const wchar_t *line, STARTUPINFOW *std, HANDLE *inherited,
                  size_t n, PROCESS_INFORMATION *made)
{
    /* no console: a process of a weak token may not have one */
    const DWORD flags = CREATE_SUSPENDED | DETACHED_PROCESS | EXTENDED_STARTUPINFO_PRESENT;
    STARTUPINFOEXW with = {.StartupInfo = *std,
                           .lpAttributeList = attributes(inherited, n, how->mitigations)};
    wchar_t self[WIDE / 8], own[2048];
    with.StartupInfo.cb = sizeof with;
    HANDLE token = how->token ? weak_token() : NULL;
    token = how->container ? contained(token) : token;
    wcsncpy(own, line, LEN(own) - 1), own[LEN(own) - 1] = 0; /* the system writes into it */
    bool ok = with.lpAttributeList && (token || !how->token) && GetModuleFileNameW(NULL, self, LEN(self))
              && (token ? CreateProcessAsUserW(token, self, own, NULL, NULL, n > 0, flags, NULL, NULL,
                                               &with.StartupInfo, made)
                        : CreateProcessW(self, own, NULL, NULL, n > 0, flags, NULL, NULL, &with.StartupInfo,
                                         made));
    DWORD why = GetLastError();
    if (token)
        CloseHandle(token);
    if (with.lpAttributeList)
        DeleteProcThreadAttributeList(with.lpAttributeList), free(with.lpAttributeList);
    SetLastError(why);
    return ok;
}

/* A child in trial says that it came as far as to hash, for which the system's library opens what it needs:
 * a loader, a scanner's library or a policy may have ended it before that. */
static const wchar_t TRIAL[] = L"--jail-trial";
enum { LIVES = 87, TRIAL_MS = 20000 };

bool jail_is_tried(int argc, wchar_t **argv, int *code)
{
    uint8_t sum[SHA256_BYTES];
    if (argc != 2 || wcscmp(argv[1], TRIAL) != 0)
        return false;
    *code = sha256_of("", 0, sum) ? LIVES : 70;
    return true;
}

static bool lives_in(const struct strictness *how)
{
    STARTUPINFOW std = {0};
    PROCESS_INFORMATION made = {0};
    wchar_t line[64];
    DWORD code = 0;
    _snwprintf(line, LEN(line), L"whylogon %ls", TRIAL);
    if (!start(how, line, &std, NULL, 0, &made))
        return false;
    ResumeThread(made.hThread);
    if (WaitForSingleObject(made.hProcess, TRIAL_MS) != WAIT_OBJECT_0)
        TerminateProcess(made.hProcess, 70);
    GetExitCodeProcess(made.hProcess, &code);
    CloseHandle(made.hThread), CloseHandle(made.hProcess);
    return code == LIVES;
}

/* The strictest that a child of ours lives in, tried once. */
static const struct strictness *strictest(void)
{
    static const struct strictness *found;
    for (size_t i = 0; !found && i < LEN(strict); i++)
        if (i == FREE || lives_in(&strict[i]))
            found = &strict[i];
    return found;
}

bool jail_start(const wchar_t *line, const struct proc_limits *lim, STARTUPINFOW *std, HANDLE *inherited,
                size_t n, PROCESS_INFORMATION *made)
{
    return start(lim->free ? &strict[FREE] : strictest(), line, std, inherited, n, made);
}

/* --- seen from inside. Memory and time are bounded by a job of one's own inside the parent's. */

/* Tried, not believed: Wine 8 takes limits of memory and keeps none. */
static bool bound(const struct jail_limits *lim)
{
    static HANDLE own; /* as long as the process */
    struct proc_limits most = {.memory_bytes = lim->memory_bytes, .cpu_s = lim->cpu_s};
    BOOL in_job = FALSE;
    if (!IsProcessInJob(GetCurrentProcess(), NULL, &in_job) || !in_job)
        return false;
    if ((most.memory_bytes || most.cpu_s)
        && (!(own = jail_job(&most, false)) || !AssignProcessToJobObject(own, GetCurrentProcess())))
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

/* A container, and no capability to reach out of it. */
static bool without_network(HANDLE token)
{
    DWORD in_container = 0, n = 0;
    TOKEN_GROUPS capabilities = {.GroupCount = 1};
    return GetTokenInformation(token, TokenIsAppContainer, &in_container, sizeof in_container, &n)
           && in_container
           && GetTokenInformation(token, TokenCapabilities, &capabilities, sizeof capabilities, &n)
           && capabilities.GroupCount == 0;
}

void plat_jail_ahead(const struct jail_limits *lim) { (void)lim; }

unsigned plat_jail(const struct jail_limits *lim)
{
    HANDLE token = NULL;
    unsigned layers = (bound(lim) ? JAIL_JOB : 0u) | (mitigated() ? JAIL_MITIGATIONS : 0u);
    if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        layers |= (IsTokenRestricted(token) ? JAIL_TOKEN : 0u)
                  | (low_integrity(token) ? JAIL_LOW_INTEGRITY : 0u)
                  | (without_network(token) ? JAIL_NETWORK : 0u);
        CloseHandle(token);
    }
    return layers;
}
