/* plat: every call to the operating system. UTF-8 paths above, native ones below.
 * Handles returned here are closed by the matching function here.
 * Evidence is opened read-only, never through a symbolic link's last step when walking, and never locked. */
#ifndef PLAT_H
#define PLAT_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdio.h>

/* --- files */
struct map {
    const uint8_t *p;
    size_t n;
};
/* descriptor or HANDLE; -1: none */
typedef intptr_t plat_file;
enum plat_type { PLAT_NONE, PLAT_FILE, PLAT_DIR, PLAT_OTHER };
struct plat_stat {
    enum plat_type type;
    uint64_t bytes, device, inode;
    uint64_t changed; /* when it was last written, in some unit; for comparison alone */
};
enum status plat_stat(const char *path, bool follow, struct plat_stat *out, struct err *e);
enum status plat_open(const char *path, plat_file *out, uint64_t *bytes, struct err *e);
/* The file that was seen before, by device and inode (where they are known: not 0) and size; another, or a
 * link that was none, is E_IO "changed". linked: the path itself is a link to follow. */
enum status plat_open_seen(const char *path, bool linked, const struct plat_stat *seen, plat_file *out,
                           struct err *e);
void plat_close(plat_file f);
/* bytes from at on, a multiple of SPOOL_ALIGN; none map to n == 0 */
enum status plat_map(plat_file f, uint64_t at, uint64_t bytes, struct map *m, struct err *e);
void plat_unmap(struct map *m);
/* n bytes from at on of what is mapped will not be read soon: they need not stay in memory. */
void plat_forget(const struct map *m, uint64_t at, uint64_t n);
enum status plat_read_at(plat_file f, uint64_t off, void *buf, size_t cap, size_t *got, struct err *e);
/* A file without a name for what is unpacked while we run: in memory, or in the folder for temporary files
 * ($TMPDIR). It is gone with its last descriptor. seal: nothing of one in memory changes any more, whoever
 * holds it. */
enum { SPOOL_ALIGN = 65536 }; /* where a part may begin: what Windows maps from */
enum status plat_spool(bool memory, plat_file *out, struct err *e);
enum status plat_write_at(plat_file f, uint64_t off, const void *p, size_t n, struct err *e);
void plat_seal(plat_file f);
/* The first bytes of a spool, which is at least as long, to be written to: who else maps it sees them. NULL
 * and the error; unmapped with the process. */
void *plat_map_spool(plat_file f, size_t bytes, struct err *e);
enum status plat_twin(plat_file f, plat_file *out, struct err *e); /* the same file, to be closed singly */
/* Names in dir, sorted by bytes, without "." and "..". */
enum status plat_list(const char *dir, struct arena *a, struct str **names, size_t *n, struct err *e);
/* with the folders above it; an existing one is fine */
enum status plat_mkdir(const char *path, struct err *e);
enum status plat_rename(const char *from, const char *to, struct err *e); /* replaces */
/* E_IO: a file that is there could not be replaced: on Windows somebody may have it open. */
enum status plat_replaceable(const char *path, struct err *e);
/* A new folder in another, its path into path (cap bytes): nobody else may look into it. What runs that were
 * killed left of such folders is removed: only for who holds the lock of `in`. */
enum status plat_fresh_folder(const char *in, char *path, size_t cap, struct err *e);
void plat_drop_folder(const char *path); /* with the files in it; follows no link */
/* One name more for a file, or, where a file system has none, the other one instead. */
enum status plat_set_aside(const char *path, const char *as, struct err *e);
/* The folder for this process alone, until it is closed or the process ends; E_IO: another has it. Where a
 * file system knows no locks nothing is held. */
enum status plat_lock(const char *folder, plat_file *out, struct err *e);
/* a new file, whatever link lies at its name, synced; nothing is left of one that fails */
enum status plat_write_file(const char *path, struct str bytes, struct err *e);
/* A small file whole, behind what out holds: E_LIMIT where it is larger than most or finds no memory. */
enum status plat_read_file(const char *path, size_t most, struct buf *out, struct err *e);
/* The same in parts: made, written with plat_write_at, and ended; st not OK: nothing is left of it. Returns
 * st, or what went wrong at the end. */
enum status plat_make_file(const char *path, plat_file *out, struct err *e);
enum status plat_end_file(const char *path, plat_file f, enum status st, struct err *e);
/* From here on this process begins to write its files out when they end, and does not wait: who gives the
 * folder they lie in its name syncs each before. */
void plat_sync_later(void);
enum status plat_sync(const char *path, struct err *e);
void plat_remove(const char *path);
enum status plat_rmdir(const char *path, struct err *e); /* an empty folder */
/* absolute, links resolved; NULL: does not exist */
char *plat_real(const char *path, struct arena *a);
bool plat_slash(char c); /* parts folders in a path */
/* The same name as it is to be said to a library that opens files itself, however long it is; NULL: no room.
 * And the one of SQLite's file systems that takes it. */
char *plat_unbounded(const char *path, struct arena *a);
extern const char *const plat_sqlite_vfs;

/* --- processes: a child of ourselves with a two-way message channel that can carry open files */
struct proc;
/* 0: as the parent's. Our standard output is closed to children. free: it does what its user may, and starts
 * children of its own, where a jail is made around a child (jail.h); else it looks at evidence and nothing.
 */
struct proc_limits {
    uint64_t memory_bytes, stack_bytes;
    unsigned cpu_s;
    bool free;
};
enum status plat_spawn_self(const char *const *args, const struct proc_limits *lim, struct proc **out,
                            struct err *e);
/* A child that has been prepared once and makes copies of itself, each of which begins where it stands:
 * cheaper than starting anew. Child: serves until the parent is done (E_TRUNC), and returns OK in each copy,
 * which talks on a channel of its own. Parent: the same as of plat_spawn_self. E_UNSUPPORTED where there are
 * no copies: start each, in which plat_child_copies then returns OK at once. */
enum status plat_child_copies(struct err *e);
enum status plat_proc_copy(struct proc *of, struct proc **out, struct err *e);
/* The same in two steps: a copy is asked for, and nobody waits until it is there. Nothing else is done with
 * it before plat_proc_there, which frees it where it fails; of is not ended before that either. */
enum status plat_proc_ask(struct proc *of, struct proc **out, struct err *e);
enum status plat_proc_there(struct proc *p, struct err *e);
/* Parent: bytes plus up to LIM_JOB_FILES files. Blocks until written; E_IO when the child is gone. */
enum status plat_proc_send(struct proc *p, const void *bytes, size_t n, const plat_file *files,
                           size_t n_files, struct err *e);
/* Parent: what has arrived from p, without blocking (got 0: nothing yet; *eof: the child closed). */
enum status plat_proc_read(struct proc *p, void *buf, size_t cap, size_t *got, bool *eof, struct err *e);
enum { PLAT_WAIT = 128 };
/* Waits until one of the n processes (PLAT_WAIT at most) can be read or ms passed; ready[i] says which. */
enum status plat_wait(struct proc *const *p, size_t n, unsigned ms, bool *ready, struct err *e);
/* Folders whose changes the system tells. E_UNSUPPORTED: it does not; E_IO: not of these. */
struct watch;
enum status plat_watch_begin(const char *const *dir, size_t n, struct watch **out, struct err *e);
/* Waits for a change, ms at most, or a signal. whole: of each file that was closed after writing and of what
 * was moved into dir[i], by its name there. */
typedef void watch_whole(void *ctx, size_t dir, struct str name);
enum status plat_watch_wait(struct watch *w, unsigned ms, bool *changed, watch_whole *whole, void *ctx,
                            struct err *e);
void plat_watch_end(struct watch *w); /* NULL too */
enum { PROC_WORDS = 4096 };
/* words: the beginning of what it wrote to its standard error, which is a pipe of ours: it never holds our
 * terminal. NUL-terminated, hostile. */
struct exit_info {
    int code, signal;
    bool killed;
    char words[PROC_WORDS];
};
/* "ended by signal 9", "ended with code 3", "ended with code 0xC0000005 (access violation)". Returns out. */
enum { EXIT_WORDS = 96 };
const char *plat_exit_text(const struct exit_info *how, char *out, size_t cap);
void plat_proc_kill(struct proc *p);
/* Nothing more is said to it: it ends by itself, while others do. */
void plat_proc_hang_up(struct proc *p);
/* waits five seconds, kills, frees */
void plat_proc_end(struct proc *p, struct exit_info *how);
/* Child side of the channel. recv: exactly n bytes, E_TRUNC at a clean end; files that came along fill
 * files[], *n_files in: room, out: count. */
enum status plat_child_recv(void *buf, size_t n, plat_file *files, size_t *n_files, struct err *e);
/* E_STOP: the reader has had enough (head); E_IO: it cannot be written */
enum status plat_write_stdout(const void *buf, size_t n, struct err *e);
/* Whoever read standard output (a pipe) has gone. To be asked when it could not be written: it tries again.
 */
bool plat_reader_gone(void);
/* Standard input as a file that can be opened by the name given, whatever it is: what comes through a pipe is
 * kept in an unnamed file first. E_UNSUPPORTED: not on this system. */
enum status plat_stdin_file(const char **path, struct err *e);
enum status plat_child_send(const void *buf, size_t n, struct err *e);

/* --- a thread, for who does one thing of its own beside the caller: it calls no SQLite. NULL: there is none
 * to be had, here or now. */
struct beside;
struct beside *plat_beside(void (*fn)(void *ctx), void *ctx);
/* Has it ended? Waits ms at most; once it has, b is gone. */
bool plat_beside_ended(struct beside *b, unsigned ms);

/* --- the rest */
uint64_t plat_clock_ms(void); /* monotonic */
/* What was freed goes back to the system: worth it where much was. */
void plat_give_back(void);
/* From here on it stays, for who does much of the same kind, one after the other: what comes from the system
 * anew is paid for page by page. */
void plat_hold_memory(void);
int64_t plat_now(void); /* FILETIME; only progress and --stamp ask */
unsigned plat_cores(void);
bool plat_is_terminal(FILE *f);
unsigned plat_columns(void);
/* Shows a file in the user's browser and does not wait; false: nothing here shows pages. */
bool plat_open_page(const char *path);
const char *plat_error(void); /* text of the last system error */
/* first thing in main: a full disk or a closed pipe is an error to report, not a signal to die of */
void plat_begin(void);
/* Once in a process, before anything is locked up (a zone is looked up in files): libraries take text for
 * UTF-8 and local times for UTC, whatever the user's language and zone are. E_UNSUPPORTED: the system refuses
 * that. */
enum status plat_neutral(struct err *e);
void plat_on_interrupt(void (*fn)(int)); /* SIGINT, SIGTERM */
#endif
