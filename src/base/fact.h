/* fact: what parsers find out. One table, below, gives each kind its table in the case, its columns, their
 * classes and who may say it: indices, frames between processes, CREATE TABLE and INSERT derive from it.
 * Strings and blobs in a fact are borrowed and valid only during the sink call. fact_get treats its input as
 * hostile: it comes from a worker that read evidence. */
#ifndef FACT_H
#define FACT_H
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/str.h"
#include <stdbool.h>

enum col_type { COL_NONE, COL_INT, COL_TIME, COL_TEXT, COL_BLOB }; /* TIME: 100 ns since 1601-01-01 UTC */

/* Classes of columns: name, type, do its values compare without case (names that Windows spells in several
 * ways: User32, USER32), bytes at most. A text beyond is cut where it is sent and ends with the mark of a
 * cut; JSON and blobs are cut by who makes them. */
/* clang-format off */
#define FACT_CLASSES(C)                            \
    C(INT,   COL_INT,  false, 0) /* any number */  \
    C(COUNT, COL_INT,  false, 0) /* of things in the job's files: 0 to their bytes */ \
    C(PLACE, COL_INT,  false, 0) /* an offset in the file of the fact */ \
    C(TIME,  COL_TIME, false, 0)                   \
    C(TEXT,  COL_TEXT, false, LIM_FACT_TEXT)       \
    C(WHICH, COL_TEXT, false, LIM_FACT_NAME) /* tells facts of one kind at one place apart */ \
    C(NAME,  COL_TEXT, true,  LIM_FACT_NAME)       \
    C(PATH,  COL_TEXT, true,  LIM_REGF_PATH)       \
    C(JSON,  COL_TEXT, false, LIM_FACT_JSON)       \
    C(BLOB,  COL_BLOB, false, LIM_REGF_VALUE)

/* Who may say it. */
enum { OF_LOG = 1, OF_HIVE = 2, OF_TOOL = 4 };

/* The kinds: name, table, who may say it. */
#define FACT_TABLE(K)                                                                                        \
    K(ANOMALY,      anomaly,        OF_LOG | OF_HIVE | OF_TOOL) /* damage, with its offset */                \
    K(SPAN,         log_span,       OF_LOG)  /* what one channel of one computer covers in a log */          \
    K(COUNT,        event_count,    OF_LOG)  /* records per provider and id, wanted or not */                \
    K(EVENT,        event,          OF_LOG)  /* a wanted record, decoded */                                  \
    K(FOLD,         fold,           OF_LOG)  /* many like records in one row */                              \
    K(TOOL_SAID,    tool_said,      OF_TOOL) /* a line of what a tool prints, FORMAT-tooltext.md */          \
    K(HIVE,         hive,           OF_HIVE) /* what a hive is */                                            \
    K(REG_KEY,      reg_key,        OF_HIVE) /* a wanted key */                                              \
    K(REG_VALUE,    reg_value,      OF_HIVE) /* a wanted value */                                            \
    K(SECRET,       secret,         OF_HIVE) /* SECURITY Policy\Secrets\<name>: times only */                \
    K(RIGHT,        logon_right,    OF_HIVE) /* SECURITY Policy\Accounts\<SID>: logon rights mask */         \
    K(AUDIT,        audit_policy,   OF_HIVE) /* SECURITY PolAdtEv: one subcategory */                        \
    K(LSA_NAME,     lsa_name,       OF_HIVE) /* SECURITY names and SIDs of machine and domain */             \
    K(CACHED_LOGON, cached_logon,   OF_HIVE) /* SECURITY Cache\NL$n in use */                                \
    K(ACCOUNT,      sam_account,    OF_HIVE) /* SAM user */                                                  \
    K(LOCKOUT,      lockout_policy, OF_HIVE) /* SAM domain F: password and lockout policy */                 \
    K(TASK,         task_cache,     OF_HIVE) /* SOFTWARE TaskCache */

/* The columns of each kind: index, name, class. */
#define COLUMNS_ANOMALY(C) \
    C(AN_CODE, code, TEXT) C(AN_WHAT, what, TEXT) C(AN_DETAIL, detail, TEXT)
#define COLUMNS_SPAN(C)                                                                          \
    C(SP_COMPUTER, computer, NAME) C(SP_CHANNEL, channel, NAME) C(SP_N, n, COUNT)                  \
    C(SP_FIRST_ID, first_id, INT) C(SP_LAST_ID, last_id, INT) C(SP_FIRST_TIME, first_time, TIME) \
    C(SP_LAST_TIME, last_time, TIME) C(SP_GAPS, gaps, COUNT)
#define COLUMNS_COUNT(C)                                                                      \
    C(CO_CHANNEL, channel, NAME) C(CO_PROVIDER, provider, NAME) C(CO_EVENT_ID, event_id, INT) \
    C(CO_N, n, COUNT) C(CO_FIRST_TIME, first_time, TIME) C(CO_LAST_TIME, last_time, TIME)
/* keywords: 0x0010000000000000 is a failure audit; size: bytes of the record */
#define COLUMNS_EVENT(C)                                                                        \
    C(EV_COMPUTER, computer, NAME) C(EV_CHANNEL, channel, NAME) C(EV_PROVIDER, provider, NAME)  \
    C(EV_EVENT_ID, event_id, INT) C(EV_QUALIFIERS, qualifiers, INT) C(EV_VERSION, version, INT) \
    C(EV_LEVEL, level, INT) C(EV_TIME, time, TIME) C(EV_RECORD_ID, record_id, INT)              \
    C(EV_PID, pid, INT) C(EV_SID, sid, TEXT) C(EV_RECOVERED, recovered, INT)                    \
    C(EV_IDENTITY, identity, INT) C(EV_DATA, data, JSON) C(EV_SIZE, size, INT)                  \
    C(EV_KEYWORDS, keywords, INT)
#define COLUMNS_FOLD(C)                                                                        \
    C(FO_COMPUTER, computer, NAME) C(FO_CHANNEL, channel, NAME) C(FO_PROVIDER, provider, NAME) \
    C(FO_EVENT_ID, event_id, INT) C(FO_DAY, day, INT) C(FO_KEY, key, JSON) C(FO_N, n, COUNT)     \
    C(FO_FIRST_TIME, first_time, TIME) C(FO_LAST_TIME, last_time, TIME)                        \
    C(FO_LAST_OFF, last_off, PLACE) C(FO_DATA, data, JSON)
/* section, name, value: as the tool names them; detail: a SID, a policy object, a state; num: YES and NO as 1
 * and 0, a build, minutes east of UTC, 100 ns of the host's own clock; time: where the text says UTC */
#define COLUMNS_TOOL_SAID(C)                                                                \
    C(TS_TOOL, tool, NAME) C(TS_SECTION, section, NAME) C(TS_NAME, name, NAME)               \
    C(TS_VALUE, value, NAME) C(TS_DETAIL, detail, NAME) C(TS_NUM, num, INT)                  \
    C(TS_TIME, time, TIME) C(TS_ORIGIN, origin, TEXT)
/* root: where its top key hangs: SYSTEM, or further down for a sub-tree; lack: why it may be an older state
 * of the hive, NULL: it is not */
#define COLUMNS_HIVE(C)                                                                            \
    C(HV_KIND, kind, TEXT) C(HV_ROOT, root, TEXT) C(HV_COMPUTER, computer, NAME)                   \
    C(HV_SEQ1, seq1, INT) C(HV_SEQ2, seq2, INT) C(HV_DIRTY, dirty, INT) C(HV_REPLAY, replay, TEXT) \
    C(HV_KEYS, keys, COUNT) C(HV_VALUES, values_n, COUNT) C(HV_LAST_WRITTEN, last_written, TIME)       \
    C(HV_CONTROL_SET, control_set, INT) C(HV_NAME, name, TEXT) C(HV_LACK, lack, TEXT)
#define COLUMNS_REG_KEY(C)                                                             \
    C(RK_PATH, path, PATH) C(RK_WRITTEN, written, TIME) C(RK_CLASS, class, TEXT)       \
    C(RK_SUBKEYS, subkeys, INT) C(RK_VALUES, values_n, INT) C(RK_ORIGIN, origin, TEXT) \
    C(RK_RECOVERED, recovered, INT)
/* before: the data in the hive as it lies there, where a transaction log changed them */
#define COLUMNS_REG_VALUE(C)                                                                         \
    C(RV_PATH, path, PATH) C(RV_NAME, name, NAME) C(RV_TYPE, type, INT) C(RV_NUM, num, INT)          \
    C(RV_TEXT, text, TEXT) C(RV_DATA, data, BLOB) C(RV_SIZE, size, INT) C(RV_WRITTEN, written, TIME) \
    C(RV_ORIGIN, origin, TEXT) C(RV_BEFORE, before, BLOB) C(RV_RECOVERED, recovered, INT)            \
    C(RV_KEY_OFF, key_off, INT) \
    C(RV_WITHHELD, withheld, INT)
#define COLUMNS_SECRET(C) \
    C(SE_NAME, name, NAME) C(SE_CUPD, cupd, TIME) C(SE_OUPD, oupd, TIME) C(SE_SIZE, size, INT)
#define COLUMNS_RIGHT(C) \
    C(RI_SID, sid, TEXT) C(RI_MASK, mask, INT)
/* mask: 0 none, 1 success, 2 failure, 3 both */
#define COLUMNS_AUDIT(C) \
    C(AU_SUBCATEGORY, subcategory, WHICH) C(AU_MASK, mask, INT)
/* what: machine_name machine_sid domain_name domain_sid dns_domain dns_forest cached_logon_slots;
 * of SAM: sam_sid */
#define COLUMNS_LSA_NAME(C) \
    C(LN_WHAT, what, TEXT) C(LN_VALUE, value, TEXT)
#define COLUMNS_CACHED_LOGON(C) \
    C(CL_SLOT, slot, INT) C(CL_WRITTEN, written, TIME) C(CL_RID, rid, INT)
#define COLUMNS_ACCOUNT(C)                                                                      \
    C(AC_RID, rid, INT) C(AC_NAME, name, NAME) C(AC_FLAGS, flags, INT)                          \
    C(AC_PASSWORD_SET, password_set, TIME) C(AC_LAST_LOGON, last_logon, TIME)                   \
    C(AC_LAST_BAD, last_bad, TIME) C(AC_BAD_COUNT, bad_count, INT) C(AC_EXPIRES, expires, TIME) \
    C(AC_BLANK, blank, INT) C(AC_LOGONS, logons, INT)
/* spans in 100 ns; history: passwords remembered */
#define COLUMNS_LOCKOUT(C)                                                                    \
    C(LO_THRESHOLD, threshold, INT) C(LO_DURATION, duration, INT) C(LO_WINDOW, window, INT)   \
    C(LO_MAX_AGE, max_age, INT) C(LO_MIN_LENGTH, min_length, INT) C(LO_MIN_AGE, min_age, INT) \
    C(LO_HISTORY, history, INT) C(LO_COMPLEX, complex, INT)
#define COLUMNS_TASK(C)                                                                       \
    C(TA_GUID, guid, TEXT) C(TA_PATH, path, PATH) C(TA_SID, sid, TEXT) C(TA_USER, user, NAME) \
    C(TA_LOGON, logon, TEXT) C(TA_FLAGS, flags, INT) C(TA_REGISTERED, registered, TIME)       \
    C(TA_LAST_RUN, last_run, TIME) C(TA_LAST_OK, last_ok, TIME) C(TA_STATE, state, INT)       \
    C(TA_RESULT, result, INT) C(TA_COMMAND, command, TEXT) C(TA_UNC, unc, INT)
/* clang-format on */

#define FACT_CLASS(c, type, nocase, most) CLASS_##c,
enum fact_class { FACT_CLASSES(FACT_CLASS) };
#define FACT_KIND(k, table, from) FACT_##k,
enum fact_kind { FACT_TABLE(FACT_KIND) FACT_KINDS };
/* Column indices, for those who fill or read a fact: EV_TIME, RV_NAME, ... */
#define FACT_INDEX(index, name, class) index,
#define FACT_INDICES(k, table, from)   enum { COLUMNS_##k(FACT_INDEX) FACT_##k##_COLUMNS };
FACT_TABLE(FACT_INDICES)

enum { FACT_COLS = 16 };
struct fact_desc {
    const char *table;
    unsigned from; /* OF_LOG, OF_HIVE, OF_TOOL */
    size_t n;      /* columns */
    struct {
        const char *name;
        enum fact_class class;
        enum col_type type;
        bool nocase;
        uint32_t most; /* bytes of a text or blob */
    } col[FACT_COLS];
};
extern const struct fact_desc fact_descs[FACT_KINDS];

/* file: index in the job's files (hive 0, LOG1 1, LOG2 2); off: byte offset in that file. */
struct ref {
    uint8_t file;
    uint64_t off;
};
struct value {
    bool null;
    int64_t i;
    struct str s;
};
struct fact {
    enum fact_kind kind;
    struct ref ref;
    struct value v[FACT_COLS];
};

typedef enum status fact_sink(void *ctx, const struct fact *f, struct err *e);

static inline struct value val_i(int64_t i) { return (struct value){.i = i}; }
/* .p NULL: stored as NULL */
static inline struct value val_s(struct str s) { return (struct value){.s = s}; }
static inline struct value val_null(void) { return (struct value){.null = true}; }

/* Wire form: u8 kind, u8 file, u64 off, then each column of the kind: u8 present, and i64 or u32 length +
 * bytes. Texts are cut to what their class allows. */
void fact_put(struct buf *out, const struct fact *f);
/* E_FORMAT: not exactly one fact of a known kind, or a text or blob longer than its class allows */
enum status fact_get(struct span in, struct fact *f, struct err *e);
#endif
