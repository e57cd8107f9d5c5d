/* fact: what parsers find out. One table describes each kind: frames between processes and INSERTs derive
 * from it. Strings and blobs in a fact are borrowed and valid only during the sink call. fact_get treats its
 * input as hostile: it comes from a worker that read evidence. */
#ifndef FACT_H
#define FACT_H
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/str.h"
#include <stdbool.h>

enum fact_kind {
    FACT_FILE,         /* once per file read to its end */
    FACT_ANOMALY,      /* damage, with its offset */
    FACT_SPAN,         /* what one channel of one computer covers in a log */
    FACT_COUNT,        /* records per provider and id, wanted or not */
    FACT_EVENT,        /* a wanted record, decoded */
    FACT_FOLD,         /* many like records in one row */
    FACT_HIVE,         /* what a hive is */
    FACT_REG_KEY,      /* a wanted key */
    FACT_REG_VALUE,    /* a wanted value */
    FACT_SECRET,       /* SECURITY Policy\Secrets\<name>: times only */
    FACT_RIGHT,        /* SECURITY Policy\Accounts\<SID>: logon rights mask */
    FACT_AUDIT,        /* SECURITY PolAdtEv: one subcategory */
    FACT_LSA_NAME,     /* SECURITY names and SIDs of machine and domain */
    FACT_CACHED_LOGON, /* SECURITY Cache\NL$n in use */
    FACT_ACCOUNT,      /* SAM user */
    FACT_LOCKOUT,      /* SAM domain F: password and lockout policy */
    FACT_TASK,         /* SOFTWARE TaskCache */
    FACT_KINDS
};

enum col_type { COL_NONE, COL_INT, COL_TIME, COL_TEXT, COL_BLOB }; /* TIME: 100 ns since 1601-01-01 UTC */
enum { FACT_COLS = 16 };

struct fact_desc {
    const char *table;
    struct {
        const char *name;
        enum col_type type;
    } col[FACT_COLS];
};
extern const struct fact_desc fact_descs[FACT_KINDS];

/* Column indices, for those who fill or read a fact: EV_TIME, RV_NAME, ... in the order of fact_descs. */
enum {
    FI_KIND,
    FI_LOG_KIND,
    FI_BYTES,
    FI_SHA256,
    FI_SEEN,
    FI_PARSED,
    FI_RECOVERED,
    FI_FAILED,
    FI_CHUNKS,
    FI_NOTE
};
enum { AN_CODE, AN_WHAT, AN_DETAIL };
enum { SP_COMPUTER, SP_CHANNEL, SP_N, SP_FIRST_ID, SP_LAST_ID, SP_FIRST_TIME, SP_LAST_TIME, SP_GAPS };
enum { CO_CHANNEL, CO_PROVIDER, CO_EVENT_ID, CO_N, CO_FIRST_TIME, CO_LAST_TIME };
enum {
    EV_COMPUTER,
    EV_CHANNEL,
    EV_PROVIDER,
    EV_EVENT_ID,
    EV_QUALIFIERS,
    EV_VERSION,
    EV_LEVEL,
    EV_TIME,
    EV_RECORD_ID,
    EV_PID,
    EV_SID,
    EV_RECOVERED,
    EV_IDENTITY,
    EV_DATA,
    EV_SIZE,
    EV_KEYWORDS
};
enum {
    FO_COMPUTER,
    FO_CHANNEL,
    FO_PROVIDER,
    FO_EVENT_ID,
    FO_DAY,
    FO_KEY,
    FO_N,
    FO_FIRST_TIME,
    FO_LAST_TIME,
    FO_LAST_OFF,
    FO_DATA
};
enum {
    HV_KIND,
    HV_ROOT,
    HV_COMPUTER,
    HV_SEQ1,
    HV_SEQ2,
    HV_DIRTY,
    HV_REPLAY,
    HV_KEYS,
    HV_VALUES,
    HV_LAST_WRITTEN,
    HV_CONTROL_SET,
    HV_NAME
};
enum { RK_PATH, RK_WRITTEN, RK_CLASS, RK_SUBKEYS, RK_VALUES, RK_ORIGIN, RK_RECOVERED };
enum {
    RV_PATH,
    RV_NAME,
    RV_TYPE,
    RV_NUM,
    RV_TEXT,
    RV_DATA,
    RV_SIZE,
    RV_WRITTEN,
    RV_ORIGIN,
    RV_BEFORE,
    RV_RECOVERED,
    RV_KEY_OFF
};
enum { SE_NAME, SE_CUPD, SE_OUPD, SE_SIZE };
enum { RI_SID, RI_MASK };
enum { AU_SUBCATEGORY, AU_MASK };
enum { LN_WHAT, LN_VALUE };
enum { CL_SLOT, CL_WRITTEN, CL_RID };
enum {
    AC_RID,
    AC_NAME,
    AC_FLAGS,
    AC_PASSWORD_SET,
    AC_LAST_LOGON,
    AC_LAST_BAD,
    AC_BAD_COUNT,
    AC_EXPIRES,
    AC_BLANK,
    AC_LOGONS
};
enum { LO_THRESHOLD, LO_DURATION, LO_WINDOW, LO_MAX_AGE, LO_MIN_LENGTH, LO_MIN_AGE, LO_HISTORY, LO_COMPLEX };
enum {
    TA_GUID,
    TA_PATH,
    TA_SID,
    TA_USER,
    TA_LOGON,
    TA_FLAGS,
    TA_REGISTERED,
    TA_LAST_RUN,
    TA_LAST_OK,
    TA_STATE,
    TA_RESULT,
    TA_COMMAND,
    TA_UNC
};

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
 * bytes. */
void fact_put(struct buf *out, const struct fact *f);
/* E_FORMAT: not exactly one fact of a known kind */
enum status fact_get(struct span in, struct fact *f, struct err *e);
#endif
