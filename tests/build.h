/* build: writes valid evidence (event logs, hives, transaction logs) from short descriptions, then breaks it
 * by name. Callers own every struct buf; evtx_end() and hive_free() release what a builder holds. Times are
 * FILETIME integers: utc("2026-03-02T09:10:00Z"). It shares src/base with the product and no line with
 * parsers/; a description that cannot be written fails an assertion. */
#ifndef BUILD_H
#define BUILD_H
#include "base/buf.h"
#include "base/wintime.h"

/* One thing a description says: a field of an event or a value of a key. Lists end with END. */
struct field {
    int type;
    const char *name, *text;
    uint64_t num;
    const void *bytes;
    size_t n;
};
#define FIELD(t, ...) ((struct field){.type = (t), __VA_ARGS__})
#define END           FIELD(F_END)
enum { F_END = -1, F_ARRAY = 0x80 };

int64_t utc(const char *rfc3339);
/* no terminating NUL; WTF-8 surrogates pass */
void put_utf16(struct buf *b, const char *utf8);
void put_sid(struct buf *b, const char *text);  /* "S-1-5-21-1-2-3-500" -> bytes */
void put_guid(struct buf *b, const char *text); /* braces optional; mixed-endian bytes */
/* little-endian, in place */
void set16(void *p, uint16_t v), set32(void *p, uint32_t v), set64(void *p, uint64_t v);
void write_file(const char *dir, const char *name, const struct buf *b);

/* --- Event logs
 *     struct evtx log = {.computer = "PC1", .channel = "System"};
 *     ev(&log, utc("2026-03-02T09:10:00Z"), "Microsoft-Windows-TaskScheduler", 101, LEVEL(2), S("TaskName",
 "\\Backup"), U32("ResultCode", 2147943712), END);
 *     evtx_end(&log, &file);
 * Data fields become EventData in this order; the others say how the rest of the record looks. */
struct evtx {
    const char *computer, *channel;
    uint64_t first_id; /* EventRecordID of the first record; 0 means 1 */
    /* as `wevtutil epl` writes: record headers renumbered from 1, EventRecordID kept */
    bool exported;
    struct buf done;         /* finished chunks */
    uint8_t *chunk, *before; /* the open one, and its state before the record in work */
    size_t at, last;
    uint64_t n, chunk_first; /* records so far, and when the chunk began */
    bool over, plain;
};
void evtx_event(struct evtx *log, int64_t time, const char *provider, unsigned id, const struct field *f);
/* one record that takes the open chunk to its last byte */
void evtx_fill(struct evtx *log, int64_t time);
void evtx_next_chunk(struct evtx *log);
void evtx_end(struct evtx *log, struct buf *file);
#define ev(log, time, provider, id, ...) \
    evtx_event(log, time, provider, id, (const struct field[]){__VA_ARGS__})

/* Typed data fields: F_S.. are the type codes of binary XML. */
enum {
    F_NULL,
    F_S,
    F_ANSI,
    F_I8,
    F_U8,
    F_I16,
    F_U16,
    F_I32,
    F_U32,
    F_I64,
    F_U64,
    F_F32,
    F_F64,
    F_BOOL,
    F_BIN,
    F_GUID,
    F_SIZET,
    F_TIME,
    F_SYSTIME,
    F_SID,
    F_HEX32,
    F_HEX64
};
#define S(n_, v)      FIELD(F_S, .name = (n_), .text = (v))
#define ANSI(n_, v)   FIELD(F_ANSI, .name = (n_), .text = (v))
#define NUM(t, n_, v) FIELD(t, .name = (n_), .num = (uint64_t)(v))
#define I8(n_, v)     NUM(F_I8, n_, v)
#define U8(n_, v)     NUM(F_U8, n_, v)
#define I16(n_, v)    NUM(F_I16, n_, v)
#define U16(n_, v)    NUM(F_U16, n_, v)
#define I32(n_, v)    NUM(F_I32, n_, v)
#define U32(n_, v)    NUM(F_U32, n_, v)
#define I64(n_, v)    NUM(F_I64, n_, v)
#define U64(n_, v)    NUM(F_U64, n_, v)
#define BOOL(n_, v)   NUM(F_BOOL, n_, v)
#define HEX32(n_, v)  NUM(F_HEX32, n_, v)
#define HEX64(n_, v)  NUM(F_HEX64, n_, v)
#define SIZET(n_, v, width) \
    FIELD(F_SIZET, .name = (n_), .num = (uint64_t)(v), .n = (width)) /* width 4 or 8 */
#define TIME(n_, v)    NUM(F_TIME, n_, v)
#define SYSTIME(n_, v) NUM(F_SYSTIME, n_, v)
#define SID(n_, v)     FIELD(F_SID, .name = (n_), .text = (v))
#define GUID(n_, v)    FIELD(F_GUID, .name = (n_), .text = (v))
#define RAW(t, n_, lit)                    \
    FIELD(t, .name = (n_), .bytes = (lit), \
          .n = sizeof(lit) - 1) /* these bytes as a value of type t: irregular booleans, floats, arrays */
#define BIN(n_, lit) RAW(F_BIN, n_, lit)
#define STRS(n_, lines)                                                                 \
    FIELD(F_S | F_ARRAY, .name = (n_), .text = (lines)) /* array of strings, one a line \
                                                         */
#define NIL(n_)  FIELD(F_NULL, .name = (n_))            /* null value: the element stays, empty */
#define GONE(n_) FIELD(F_NULL, .name = (n_), .num = 1)  /* null optional: the element goes */

/* The rest of the record. */
enum {
    F_DATA = 0x100,
    F_BINARY,
    F_USERDATA,
    F_EVENTNAME,
    F_RENDERED,
    F_PLAIN,
    F_FLAT,
    F_VERSION,
    F_LEVEL,
    F_TASK,
    F_OPCODE,
    F_KEYWORDS,
    F_QUALIFIERS,
    F_PROCESS,
    F_USER,
    F_COMPUTER,
    F_CHANNEL,
    F_ACTIVITY,
    F_RECORD,
    F_ENTITY,
    F_CHARREF,
    F_CDATA,
    F_PI,
    F_DEEP
};
#define D(v)        FIELD(F_DATA, .text = (v)) /* unnamed Data, as classic providers write */
#define BINARY(lit) FIELD(F_BINARY, .bytes = (lit), .n = sizeof(lit) - 1)
#define USERDATA(element) \
    FIELD(F_USERDATA, .text = (element)) /* UserData/<element>/<field name> instead of EventData/Data */
#define EVENTNAME(v) FIELD(F_EVENTNAME, .text = (v)) /* EventData Name="..." */
#define RENDERED(message) \
    FIELD(F_RENDERED, .text = (message)) /* RenderingInfo behind the data: a forwarded event */
#define PLAIN             FIELD(F_PLAIN) /* no template at all: every value as text */
#define FLAT              FIELD(F_FLAT)  /* one template for the whole event, no nested BinXml */
#define VERSION(v)        NUM(F_VERSION, "", v)
#define LEVEL(v)          NUM(F_LEVEL, "", v)
#define TASK(v)           NUM(F_TASK, "", v)
#define OPCODE(v)         NUM(F_OPCODE, "", v)
#define KEYWORDS(v)       NUM(F_KEYWORDS, "", v)
#define QUALIFIERS(v)     NUM(F_QUALIFIERS, "", v)
#define PROCESS(pid, tid) FIELD(F_PROCESS, .num = (pid), .n = (tid))
#define USER(sid)         FIELD(F_USER, .text = (sid))
#define COMPUTER(v)       FIELD(F_COMPUTER, .text = (v))
#define CHANNEL(v)        FIELD(F_CHANNEL, .text = (v))
#define ACTIVITY(guid)    FIELD(F_ACTIVITY, .text = (guid))
#define RECORD(id)        NUM(F_RECORD, "", id) /* EventRecordID (and the header's id), from here on */
#define ENTITY(n_, v)     FIELD(F_ENTITY, .name = (n_), .text = (v)) /* PLAIN only: <Data Name=n>&v;</Data> */
#define CHARREF(n_, v)    NUM(F_CHARREF, n_, v)
#define CDATA(n_, v)      FIELD(F_CDATA, .name = (n_), .text = (v))
#define PI(target, v)     FIELD(F_PI, .name = (target), .text = (v))
#define DEEP(levels)      NUM(F_DEEP, "", levels) /* PLAIN only: nested elements */

/* --- Hives
 *     struct hive h = {.name = "SYSTEM", .now = utc("2026-03-01T08:00:00Z")};
 *     reg(&h, "Select", DW("Current", 1), END);
 *     hive_write(&h, &file);
 * Keys on the way are made as needed and carry h.now as their time when a value is set in them or they are
 * new. */
struct hive {
    const char *name; /* into the base block; the root key is "ROOT" or .root */
    const char *root;
    int64_t now;
    uint32_t seq, minor; /* 0: sequence number 1, minor version 5 */
    const char *list;    /* sub-key lists: "lh" (default), "lf", "li" */
    unsigned split;      /* more sub-keys than this hang below an "ri" list; 0: 507 */
    struct reg_key *top;
};
/* made if missing; "" is the root */
struct reg_key *hive_key(struct hive *h, const char *path);
void hive_class(struct hive *h, const char *path, const char *class_name);
/* replaces a value of the same name */
void hive_values(struct hive *h, const char *path, const struct field *f);
/* value NULL: the key with all below it */
void hive_drop(struct hive *h, const char *path, const char *value);
void hive_write(const struct hive *h, struct buf *file);
void hive_free(struct hive *h);
#define reg(h, path, ...) hive_values(h, path, (const struct field[]){__VA_ARGS__})

#define REGV(t, n_, ...) FIELD((t), .name = (n_), __VA_ARGS__)
enum { V_NONE, V_SZ, V_EXPAND, V_BINARY, V_DWORD, V_DWORD_BE, V_LINK, V_MULTI, V_QWORD = 11 };
#define SZ(n_, v)            REGV(V_SZ, n_, .text = (v))
#define EXPAND(n_, v)        REGV(V_EXPAND, n_, .text = (v))
#define MULTI(n_, lines)     REGV(V_MULTI, n_, .text = (lines))
#define DW(n_, v)            REGV(V_DWORD, n_, .num = (uint64_t)(v))
#define QW(n_, v)            REGV(V_QWORD, n_, .num = (uint64_t)(v))
#define BYTES(n_, p, len)    REGV(V_BINARY, n_, .bytes = (p), .n = (len))
#define TYPED(t, n_, p, len) REGV(t, n_, .bytes = (p), .n = (len))

/* Transaction logs. before and after are two states of one hive. */
/* and repairs the checksum; different numbers: dirty */
void hive_seq(struct buf *file, uint32_t primary, uint32_t secondary);
void hive_stamp(struct buf *file, int64_t written); /* base block and first bin */
/* new format: base block of type 6 */
void log_begin(struct buf *log, const struct buf *hive, uint32_t seq);
void log_entry(struct buf *log, const struct buf *before, const struct buf *after, uint32_t seq);
/* DIRT: one vector of 512-byte pages */
void log_old(struct buf *log, const struct buf *before, const struct buf *after, int64_t written);

/* --- What stands in the hives responders collect: one row or call per thing (build_host.c) */
struct service_row {
    const char *name, *display, *account, *image, *depends;
    uint32_t start, type;
    bool delayed, managed;
}; /* depends: one a line */
/* ControlSet001\Services\<name> */
void service_key(struct hive *system, const struct service_row *s);

/* Policy\PolAcDmN, PolPrDmN, PolDnDDN; "" is empty */
void lsa_name(struct hive *security, const char *key, const char *text);
/* Policy\PolAcDmS, PolPrDmS; NULL: no bytes, a workgroup */
void lsa_sid(struct hive *security, const char *key, const char *sid);
void lsa_secret(struct hive *security, const char *name, int64_t cupd, int64_t oupd);
/* Policy\Accounts\<sid>\ActSysAc */
void lsa_right(struct hive *security, const char *sid, uint32_t mask);
enum {
    RIGHT_INTERACTIVE = 1,
    RIGHT_NETWORK = 2,
    RIGHT_BATCH = 4,
    RIGHT_SERVICE = 0x10,
    DENY_INTERACTIVE = 0x40,
    DENY_NETWORK = 0x80,
    DENY_BATCH = 0x100,
    DENY_SERVICE = 0x200,
    RIGHT_REMOTE = 0x400,
    DENY_REMOTE = 0x800
};
/* Policy\PolAdtEv as 1607 and later write it. Starts from a client's defaults; off: byte offset of the
 * subcategory. */
struct audit_row {
    uint16_t off, mask;
};
enum {
    AUDIT_LOGON = 0x16,
    AUDIT_LOGOFF = 0x18,
    AUDIT_SPECIAL = 0x1e,
    AUDIT_OTHER_OBJECT = 0x34,
    AUDIT_USER_ACCOUNT = 0x66,
    AUDIT_VALIDATION = 0x7a
};
void lsa_audit(struct hive *security, const struct audit_row *rows, size_t n);
/* empty NL$1..n and NL$Control */
void lsa_cache(struct hive *security, unsigned slots);
void lsa_cached(struct hive *security, unsigned slot, int64_t written, uint32_t rid);

enum {
    ACB_DISABLED = 1,
    ACB_NO_PASSWORD = 4,
    ACB_NORMAL = 0x10,
    ACB_NEVER_EXPIRES = 0x200,
    ACB_LOCKED = 0x400,
    ACB_EXPIRED = 0x20000
};
struct user_row {
    const char *name;
    uint32_t rid, flags;
    int64_t password_set, last_logon, last_bad, expires;
    uint16_t bad_count, logons;
    bool blank, old;
};
/* old: password hashes as before 1607 */
void sam_user(struct hive *sam, const struct user_row *u);
void sam_domain(struct hive *sam, const char *sid, uint16_t lockout_threshold);

/* TaskCache. logon: as v_task shows it. guid NULL: made from the path. */
struct task_row {
    const char *path, *guid, *sid, *user, *logon, *command, *arguments, *folder;
    int64_t registered, last_run, last_ok;
    uint32_t state, result, flags;
    bool vista;
};
void cached_task(struct hive *software, const struct task_row *t);

/* --- Everything at once (build_every.c), to be damaged: k below 3 */
void every_log(size_t k, struct buf *file);
size_t every_hive(size_t k, struct buf file[3]);

/* --- Breaking
 * Each row breaks one thing and repairs the checksums around it, unless the checksum is the thing. */
struct breakage {
    const char *name, *what;
    void (*apply)(struct buf *file);
    bool repair;
};
extern const struct breakage evtx_breakages[], hive_breakages[], log_breakages[];
extern const size_t n_evtx_breakages, n_hive_breakages, n_log_breakages;
void evtx_break(struct buf *file, const char *name);
void hive_break(struct buf *file, const char *name);
void log_break(struct buf *file, const char *name);
void breakage_apply(const struct breakage *rows, size_t n, const char *name, struct buf *file,
                    void (*repair)(struct buf *));
/* Every checksum of a file, made right again whatever else is in it. */
void evtx_repair(struct buf *file), hive_repair(struct buf *file), log_repair(struct buf *file);
#endif
