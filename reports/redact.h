/* redact: names of accounts, hosts, domains and shares, addresses and SIDs as pseudonyms, wherever they stand
 * in a text. The names are those a case knows; a pseudonym is an HMAC of the name under a key made from the
 * case's own records: the same case always gives the same one, and without the case none can be tried out.
 * Owns its list; close it. It keeps what is the same on every host: well-known accounts and SIDs, loopback,
 * administrative shares. It knows no name that stands in free text alone. */
#ifndef REDACT_H
#define REDACT_H
#include "base/buf.h"
#include "base/err.h"
struct casedb;
struct redact;

enum status redact_open(struct casedb *db, struct redact **out, struct err *e);
void redact_text(const struct redact *r, struct str s, struct buf *b);
void redact_close(struct redact *r); /* accepts NULL */
#endif
