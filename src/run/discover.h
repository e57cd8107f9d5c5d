/* discover: from the paths a user gave to the list of evidence files, sorted by the path that is shown, and
 * from sniffed files to units and jobs. evidence_free() releases the list. It refuses an output folder inside
 * the evidence, and follows no symbolic link below an input. */
#ifndef DISCOVER_H
#define DISCOVER_H
#include "parsers/sniff/sniff.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "case/casedb.h"
#include "plat/plat.h"

struct container_sums;

struct file {
    /* as shown: the way below the input, behind the input's name where there are several; no two are equal */
    struct str path;
    struct str place; /* where it is opened: the input as given, then the way below it */
    /* while files are looked for: where it really lies; of this the input's own part */
    struct str real;
    size_t root;
    uint64_t bytes;
    uint64_t device, inode; /* what lay there when it was found */
    bool linked;            /* the input itself is a link to it */
    enum status st;         /* OK, or why it could not even be looked at */
    struct str note;        /* reason for people when skipped or unreadable */
    struct sniffed is;      /* filled after sniffing */
    /* hash64 of its first 4 KiB: files that differ there are no copies of each other */
    uint64_t start_hash;
    size_t hive; /* index of the hive this log belongs to; own index: none */
    size_t log[2];
    uint8_t n_log; /* of a hive: its logs */
    /* of what was found in a container (unpack.h); older comes from the way to it as for others */
    size_t container; /* 1 + index of the container it lies in; 0: none */
    uint32_t member;  /* its place in there */
    unsigned spool;   /* 1 + the spool of the list that holds its bytes; 0: they lie at its place */
    uint64_t at;      /* where they begin in the spool */
    bool hashed;      /* while it was unpacked */
    uint8_t sha256[32];
    bool damaged;                    /* not all of it could be had; note */
    const struct container_sums *in; /* of a container: what was found in it; NULL: nobody looked */
    bool cut;                        /* stands for what was not listed */
    bool skipped, older; /* older: RegBack, Windows.old, a shadow copy, in the input or around it */
};

struct evidence {
    struct arena mem;
    struct file *file;
    size_t n, cap;
    plat_file *spool;
    size_t n_spool, cap_spool;
};

bool file_to_read(const struct file *f);      /* it is there, and no reason says to leave it */
bool file_is_log(const struct file *f);       /* of events */
bool file_is_registry(const struct file *f);  /* a hive, or a text export */
bool file_is_tool_text(const struct file *f); /* what dsregcmd, systeminfo, whoami, gpresult printed */

/* halt may be NULL; asked at every name. E_TIME ends the list: what is not in it stands there as one row.
 */
enum status discover(const char *const *inputs, size_t n, case_halt *halt, void *ctx, struct evidence *out,
                     struct err *e);
/* The files a case lists (path, place, older), without those that are gone. The texts are not copied. */
enum status discover_again(const struct file *listed, size_t n, struct evidence *out, struct err *e);
void evidence_free(struct evidence *ev);
/* One more file at the end of the list; E_LIMIT: there are LIM_FILES. sort: in the order of their paths
 * again, each path once. */
enum status evidence_add(struct evidence *ev, struct file f, struct err *e);
enum status evidence_sort(struct evidence *ev, struct err *e);
/* The bytes of a file wherever they lie: *at in *fd, which the caller closes; *bytes: how many there are now.
 */
enum status evidence_open(const struct evidence *ev, size_t file, plat_file *fd, uint64_t *at,
                          uint64_t *bytes, struct err *e);
bool lies_in_older(struct str path); /* RegBack, Windows.old or a shadow copy on the way */
/* Hives with their transaction logs: by name in the same folder (SYSTEM + SYSTEM.LOG1), then by what their
 * base blocks say: the resource manager's GUID, else the embedded file name, sequence numbers and size. A log
 * whose GUID is not the hive's is another hive's, whatever its name. */
/* How a log is called by the end of its file's name (enum log_name of parsers/registry/txlog.h). */
uint8_t hive_log_name(struct str path);
void group_hives(struct evidence *ev);
/* E_USAGE when out lies inside one of the inputs (or is one). */
enum status output_outside(const char *out, const char *const *inputs, size_t n, struct err *e);
#endif
