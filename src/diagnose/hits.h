/* hits: the rows of a rule's indicators, grouped by role, host and subject, in bounded memory: counted all,
 * kept the earliest and the latest. The caller owns struct hits and calls hits_free(); groups and their texts
 * live until then (or until hits_clear()). It refuses more groups than LIM_RULE_SUBJECTS: half a rule's rows
 * could make a wrong verdict. */
#ifndef HITS_H
#define HITS_H
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/lookup.h"
#include "kb/kb.h"

/* subject.p NULL: the whole host. lesser: a symptom that counts only where the subject has none but such:
 * another code than the rule's own; afterwards: it tells later of what had been so, and its time orders
 * nothing; weak: it rests on what a tool printed */
struct hit_row {
    enum role role;
    size_t host;
    struct str subject, evidence, also;
    bool has_time, has_win32, lesser, afterwards, weak;
    int64_t time, win32;
};
typedef void hit_explain(void *ctx, struct buf *out);

/* A kept row: a citation. Its three texts lie in text, which has room for so many bytes: a rule may have as
 * many rows as subjects, so none has room to spare. */
struct hit {
    bool has_time, afterwards;
    int64_t time;
    struct str evidence, also, explain;
    char *text;
    size_t room;
};
struct code_count {
    int64_t win32;
    size_t n;
};
enum { HITS_KEPT = LIM_CITATIONS, HITS_CODES = 32 };

struct group {
    enum role role;
    size_t host;
    /* as the first row spells it; compared without case; .p NULL: the whole host */
    struct str subject;
    struct hit *hit;
    size_t n, cap;       /* by moment; at most HITS_KEPT: the earliest and the latest half */
    bool timed, own;     /* own: has a row that is not lesser */
    bool sure;           /* has a row that is not weak */
    int64_t first, last; /* of all rows */
    struct code_count *code;
    size_t n_code;      /* HITS_CODES at most */
    struct lookup seen; /* hashes of all evidence ids of a symptom */
    char *name;
};

struct hits {
    struct group *group;
    size_t n, cap;
    struct lookup by_name;
    size_t kept;
    struct buf text;
};

void hits_clear(struct hits *h);
void hits_free(struct hits *h);
/* explain is asked for its text only when the row is kept. */
enum status hits_add(struct hits *h, const struct hit_row *row, hit_explain *explain, void *ctx,
                     struct err *e);
/* NULL: no row */
const struct group *hits_group(const struct hits *h, enum role role, size_t host, struct str subject);
/* time (none last), evidence, also, explain */
int hits_by_moment(const struct hit *a, const struct hit *b);
/* without case; the whole host first */
int hits_by_name(struct str a, struct str b);
/* evidence ids of two symptom groups; either may be NULL */
size_t hits_distinct(const struct group *a, const struct group *b);
#endif
