/* win32: what the files of the Windows port share. UTF-8 above, wide paths below. */
#ifndef WIN32_H
#define WIN32_H
#define WIN32_LEAN_AND_MEAN
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include "plat/plat.h"

enum { WIDE = 32768 };

/* Caller frees. Absolute, backslashes, "\\?\" in front so that length and reserved names do not matter; NULL
 * and the system's last error: not to be had. */
wchar_t *wide(const char *path);
/* .p NULL: no room, or no text */
struct str narrow(struct arena *a, const wchar_t *w);
/* E_IO with the words of the last error */
enum status sys_err(struct err *e, const char *what, const char *path);

/* A job for one process (all: and for those it starts), which ends with the job's last handle. NULL: not to
 * be had. */
HANDLE jail_job(const struct proc_limits *lim, bool all);
/* Starts a process of ours, suspended, in as much of a jail as this system gives, or in none (lim->free);
 * inherited: the handles that it gets, no others. */
bool jail_start(const wchar_t *line, const struct proc_limits *lim, STARTUPINFOW *std, HANDLE *inherited,
                size_t n, PROCESS_INFORMATION *made);
/* wmain: was this process started to see whether a jail can be started in? Its exit code goes to *code. */
bool jail_is_tried(int argc, wchar_t **argv, int *code);
#endif
