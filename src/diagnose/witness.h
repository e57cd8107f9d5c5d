/* witness: which causes a code, an event or a setting speaks for and against, asked of the rules themselves.
 * A code is put into the logs of a host that has nothing else, and all rules judge it; of events and settings
 * the tests that rules carry tell: in which it occurs, and what they end in. The caller owns base
 * (ruletest_base). It refuses nothing but what the engine refuses. */
#ifndef WITNESS_H
#define WITNESS_H
#include "kb/kb.h"
struct casedb;

enum witness_kind { W_TASK, W_SERVICE, W_SHARE, W_BITS, W_LOGON, W_KINDS };
extern const char *const witness_kind_names[W_KINDS];

/* Of one rule: as which kinds of failure (bits) its code is that cause's own and nothing rules it out, and as
 * which the code alone rules it out. */
struct witness_code {
    unsigned speaks_for, against;
};
/* out: one for each of kb_rules(). */
enum status witness_code(const struct kb *kb, struct casedb *base, int64_t win32, struct witness_code *out,
                         struct err *e);
/* The same of the codes the embedded knowledge has: the build has asked. false: not of this one, nothing is
 * told. witness_image: all of them, for the build. */
bool witness_known(const struct kb *kb, int64_t win32, struct witness_code *out);
enum status witness_image(const struct kb *kb, struct casedb *base, struct buf *out, struct err *e);

enum { WITNESS_VALUES = 4, WITNESS_TEXT = 24 };
/* Of one rule: in which roles (bits 1 << enum role) it cites the event or value in its own tests; of a
 * setting also with which values: [0] as its cause, [1] against it. */
struct witness_cited {
    unsigned roles;
    char value[2][WITNESS_VALUES][WITNESS_TEXT];
    size_t n_value[2];
};
/* out: one for each of kb_rules(). At most a few of a rule's tests are run. */
enum status witness_event(const struct kb *kb, struct casedb *base, const struct kb_event *event,
                          struct witness_cited *out, struct err *e);
enum status witness_setting(const struct kb *kb, struct casedb *base, const struct kb_setting *setting,
                            struct witness_cited *out, struct err *e);
/* Names of data that tests of rules give such an event, each once; returns how many (at most cap). */
size_t witness_fields(const struct kb *kb, const struct kb_event *event, struct str *out, size_t cap);
#endif
