/* limits: every ceiling in one place, each with its reason. Reaching one keeps what was read and says so.
 * Nothing is owned here. */
#ifndef LIMITS_H
#define LIMITS_H

enum {
    /* real records nest 1-2 template instances; deeper is an attack on our stack */
    LIM_BINXML_DEPTH = 64,
    LIM_BINXML_ELEMENTS = 512, /* open elements at once; Windows' own manifests stay under 20 */
    /* characters of an element or attribute name; Windows' own stay under 100 */
    LIM_BINXML_NAME = 1024,
    /* values of one template instance in the compiled lane; more go the general way */
    LIM_BINXML_SLOTS = 256,
    /* steps per chunk: nodes built, 16 bytes of text read, 4 bytes written; honest chunks take a tenth */
    LIM_BINXML_WORK = 1 << 20,
    /* compiled templates kept at once (and LIM_TEMPLATE_BYTES); then all are dropped and made again */
    LIM_TEMPLATES = 8192,
    LIM_TEMPLATE_BYTES = 8 << 20, /* 472 templates of 163 public logs take 3.3 MB */
    /* data of one kept event; a record is at most 64 KiB, escapes may double it twice */
    LIM_EVENT_JSON = 256 * 1024,
    /* bytes of a fact's texts; honest ones stay far below: computers, channels and providers under 100, names
     * of values under 200, texts of values under 8 KiB. JSON may be a value longer than LIM_EVENT_JSON */
    LIM_FACT_NAME = 1024,
    LIM_FACT_TEXT = 64 << 10,
    LIM_FACT_JSON = 1 << 20,
    LIM_ANOMALIES = 1000, /* anomalies listed per file; the rest are counted */
    LIM_COUNTS = 20000,   /* distinct (provider, id) per file: an honest log has hundreds */
    LIM_FOLDS = 200000,   /* folded rows per job: sessions and accounts of one part of a log */
    LIM_REGF_DEPTH = 512, /* Windows' own limit of key nesting */
    /* bytes of one value kept in a fact; Windows allows 1 MB, larger ones are cut and marked */
    LIM_REGF_VALUE = 1 << 20,
    /* list elements read per byte of a hive: an honest one holds a quarter of an element per byte, and each
     * is read a few times */
    LIM_REGF_WORK = 8,
    /* bytes of facts per byte of a hive: a whole dump of an honest one takes three to four */
    LIM_REGF_ROOM = 16,
    /* bytes of a key's path: Windows' own names end at 32767 characters */
    LIM_REGF_PATH = 32768,
    LIM_REGF_PARTS = 32, /* names in a wanted path: the deepest place worth asking for has 9 */
    /* parents followed above a deleted key: each costs, and there may be one key per 88 bytes */
    LIM_REGF_GONE_DEPTH = 64,
    LIM_REGF_GONE_VALUES = 1024, /* values of one deleted key: more than any key of Windows' own has */
    LIM_FRAME = 4 << 20,         /* one frame from a worker: one value plus names */
    LIM_FRAME_SMALL = 4096,      /* ... of any type but a fact */
    /* bytes of facts per byte of a job's files, and for any job: honest logs send a third, dirty hives one
     * and a half, and little at all of small files */
    LIM_JOB_ROOM = 32,
    LIM_JOB_FREE = 4 << 20,
    /* what workers have sent and we have not used yet: all of it; for one job whose turn has not come */
    LIM_POOL_BYTES = 32 << 20,
    LIM_HELD_BYTES = 8 << 20,
    /* folders below an input; deeper trees are refused, not followed for ever */
    LIM_PATH_DEPTH = 32,
    LIM_FILES = 1000000,        /* files in one run */
    LIM_RULE_STEPS = 200000000, /* SQLite virtual machine steps per rule query (about 5 s) */
    LIM_KB_FILE = 4 << 20,      /* one knowledge file; ours are below 200 KiB */
    LIM_KB_FILES = 4000,        /* knowledge files in use */
    LIM_YAML_DEPTH = 12,        /* nesting of knowledge files; ours reach 7 */
    LIM_YAML_NODES = 400000,    /* nodes of one knowledge file */
    LIM_YAML_KEYS = 1024,       /* keys of one map: they are compared with each other */
    /* rows of one rule kept as citations; beyond, each subject keeps a few */
    LIM_RULE_ROWS = 200000,
    /* (role, host, subject) of one rule: every one may become a finding */
    LIM_RULE_SUBJECTS = 100000,
    LIM_RULE_BYTES = 256 << 20, /* SQLite memory during one rule or user query */
    /* what SQLite writes to files without a name for it */
    LIM_RULE_SPILL = 512 << 20,
    /* one value of a case that was given: ours are no longer than a frame, which brings them, and some lists
     */
    LIM_CASE_VALUE = 8 << 20,
    LIM_CITATIONS = 50, /* citations stored per finding and role; all are counted */
    /* chunks (32 MiB) of a large log per job: small enough to spread, large enough to amortise */
    LIM_JOB_CHUNKS = 512,
    LIM_REREAD_SECONDS = 60, /* processor time of one second reader: libregf walks 160 MB in 9 s */
    /* its stack: libregf recurses without end on lists that reach themselves */
    LIM_REREAD_STACK = 1 << 20,
    /* files of one job: a hive and its two logs, or as many as are hashed at once (lanes.h) */
    LIM_JOB_FILES = 8,
    /* entries of one container: as many as files in one run; libarchive keeps some 235 bytes of each */
    LIM_MEMBERS = 1000000,
    /* bytes of a member's name; Windows' own paths end at 32767 characters, but no collector goes there */
    LIM_MEMBER_NAME = 4096,
    LIM_MEMBERS_TOLD =
        1000, /* of one container: members that failed, named one by one; the rest are counted */
    /* containers in containers: a ticket's zip of a collector's zip of a vendor's cab is 3 */
    LIM_CONTAINER_DEPTH = 8,
    /* bytes out per byte in of an outermost container, beyond LIM_CONTAINER_FREE: tickets stay under 50, a
     * log that is mostly preallocated under 200 */
    LIM_CONTAINER_RATIO = 250,
    /* candidates of --password-file: each is tried on a member of each container that asks */
    LIM_PASSWORDS = 1000,
    /* descriptors a jailed worker may hold: channel, stderr, LIM_JOB_FILES, some air */
    LIM_WORKER_FILES = 16,
};
/* private memory of a second reader: libregf needs 2.4 times the hive, mutants drive it to gigabytes */
#define LIM_REREAD_BYTES (1ull << 30)
/* Defaults of --limits. A log or hive beyond them is not honest, or wants a machine of its own. Depths
 * (xml-depth, key-depth) begin at LIM_BINXML_ELEMENTS and LIM_REGF_DEPTH, which our stack is made for:
 * --limits may lower them only. */
/* one file: 16 times the largest log Windows lets people configure in its dialogs */
#define LIM_RUN_FILE_BYTES (64ull << 30)
#define LIM_RUN_BYTES      (4ull << 40) /* all files of a run */
/* records of one log, keys and values of one hive: a log of 64 GB holds some 160 million */
#define LIM_RUN_RECORDS 500000000ull
/* wanted records and values kept of one file: about 10 GB of case.db */
#define LIM_RUN_FACTS        20000000ull
#define LIM_RUN_FILE_SECONDS 3600u  /* one job; hashing 64 GB takes under a minute */
#define LIM_RUN_SECONDS      86400u /* the whole run */
/* the part of it that is kept for what is concluded from what was read: one of so many */
#define LIM_RUN_CONCLUDE 5u
/* and, beyond it, for what reports read of the case: one part of so many */
#define LIM_RUN_REPORT 10u
/* reading a case that somebody else may have made: report, show, query, verify */
#define LIM_CASE_SECONDS 600u
/* unpacked files in the folder for temporary files */
#define LIM_RUN_SPOOL_BYTES (64ull << 30)
/* what may come out of any container, however small: one log of zeros packs a thousand to one */
#define LIM_CONTAINER_FREE (1ull << 30)
/* private memory of who unpacks: dictionaries of 7z and xz are 64 MB in earnest, and may claim 4 GB */
#define LIM_UNPACK_BYTES (1ull << 30)
/* private memory of a worker: a dirty hive at its own limit is copied once, plus our arenas */
#define LIM_WORKER_BYTES (3ull << 30)
#define LIM_HIVE_BYTES   (2ull << 30) /* Windows' own limit of a hive: 2 GiB */
#endif
