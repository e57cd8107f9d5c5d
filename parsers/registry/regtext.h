/* regtext: registry text: .reg exports (REGEDIT4 and version 5.00) and what `reg query` prints, as the facts
 * a hive would give. Text and data of a fact live in the arena during the sink call only; ref.off is the byte
 * where the line begins, origin its number ("line 42"). It refuses a file that deletes keys or values: that
 * is made for import and shows no host's state. A value that is cut short is no fact. */
#ifndef REGTEXT_H
#define REGTEXT_H
#include "base/arena.h"
#include "base/fact.h"
#include "base/want.h"

/* One HIVE per exported key (`reg query`: per hive, without a root, because what it does not print may be
 * there), then ANOMALY, REG_KEY, REG_VALUE as wanted. */
enum status regtext_read(struct span file, const struct want *want, struct arena *a, fact_sink *sink,
                         void *ctx, struct err *e);

/* First non-blank line of `reg query` output: a key, or the banner of old versions. head may be UTF-16 with
 * its mark. */
bool regtext_is_query(struct span head);
#endif
