/* tooltext: what Windows's own tools print of a host: dsregcmd /status, systeminfo, whoami, gpresult, as
 * facts TOOL_SAID. Text of a fact lives during the sink call only; ref.off is the byte it begins at, origin
 * the number of its line. It refuses output in another language than English: what it would say is not
 * guessed. Such facts are weak: anybody can have edited them, and most have no time. */
#ifndef TOOLTEXT_H
#define TOOLTEXT_H
#include "base/fact.h"

/* Is this the output of such a tool, and of which? head: the first bytes of a file, a few KiB. what: in words
 * (static), NULL: none of them. True: it can be read; false with *what: known, and not read. */
bool tooltext_is(struct span head, const char **what);
/* TOOL_SAID in the order of the text, then ANOMALY for what was left out. */
enum status tooltext_read(struct span file, fact_sink *sink, void *ctx, struct err *e);
#endif
