/* jail: what a process gives up for good before it looks at evidence: files, network, other programs, memory
 * without end. Owns nothing; the process that called it keeps only memory, time and the descriptors it
 * already holds. It never fails for a missing layer: it says which layers are in force, and the caller
 * decides. Windows: job, restricted token, low integrity and mitigations are made around the child when it
 * starts (plat_spawn_self); plat_jail adds a job of its own for memory and time and asks which of them hold.
 * Wine 8 takes all of it and keeps none, and is told so. */
#ifndef JAIL_H
#define JAIL_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JAIL_NO_NEW_PRIVILEGES = 1,
    JAIL_LIMITS = 2,
    JAIL_LANDLOCK = 4,
    JAIL_SECCOMP = 8,
    JAIL_JOB = 16,
    JAIL_TOKEN = 32,
    JAIL_LOW_INTEGRITY = 64,
    JAIL_MITIGATIONS = 128, /* no window system, no code made at run time, no processes */
    JAIL_NETWORK = 256      /* no network: a container without capabilities */
};
#ifdef _WIN32
#define JAIL_ALL (JAIL_JOB | JAIL_TOKEN | JAIL_LOW_INTEGRITY | JAIL_MITIGATIONS | JAIL_NETWORK)
#else
#define JAIL_ALL (JAIL_NO_NEW_PRIVILEGES | JAIL_LIMITS | JAIL_LANDLOCK | JAIL_SECCOMP)
#endif

/* 0: unlimited. memory: private memory, maps of files do not count. may_write: to descriptors it holds, files
 * up to write_bytes; else files cannot grow. may_share: to memory that others see too, a map of a descriptor;
 * else maps are its own. */
struct jail_limits {
    uint64_t memory_bytes, write_bytes;
    unsigned cpu_s, files;
    bool may_write, may_share;
};

/* Enters the jail; returns the layers in force (JAIL_* bits). Whatever must be opened, loaded or looked up
 * has to be done before. */
unsigned plat_jail(const struct jail_limits *lim);
/* For a process that makes copies of itself (plat_child_copies): what all of them inherit, now; each then
 * enters the rest by plat_jail with the same limits, which costs little. */
void plat_jail_ahead(const struct jail_limits *lim);
/* "no-new-privileges, limits, landlock (ABI 4), seccomp"; what is missing as "no landlock". Returns out. */
char *jail_text(unsigned layers, char *out, size_t cap);
/* Keeps in *all the layers that every child had; E_UNSUPPORTED when this one lacks some and all are required.
 */
enum status jail_seen(unsigned layers, bool required, unsigned *all, struct err *e);
#endif
