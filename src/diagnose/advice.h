/* advice: what a rule's remedies say of one finding: which of them fit, and with the names that are known.
 * It owns nothing: what about points to lives as long as its caller keeps it.
 * It refuses to put a name into a command that a shell would take for more than a name: the placeholder
 * stays. */
#ifndef ADVICE_H
#define ADVICE_H
#include "base/buf.h"
#include "base/str.h"
#include "kb/kb.h"

/* What is known of what failed; .p NULL: not known. kind: task, service, share, bits; caller: the built-in
 * account it goes by; realm: as in v_failed; task: the only one that runs as its account without a password;
 * shipped: anything where the account is one that comes with Windows (Guest, Administrator); dns: the host's
 * own domain as DNS has it; standing: "workgroup" where the host is in no domain; state: of the account,
 * deleted, must-change, expired or disabled; win32: the code that was met most often, 0 where there is none.
 */
struct about {
    struct str kind, subject, host, account, domain, controller, caller, realm, task, shipped, dns, standing,
        state;
    int64_t win32;
    bool confirmed;
};

bool advice_fits(const struct remedy *m, const struct about *a);
/* text with <task>, <service>, <server>, <subject>, <account>, <name>, <domain>, <dns-domain>, <dc>, <host>,
 * <computer> filled in where known; without blanks at its end. */
void advice_text(struct buf *b, struct str text, const struct about *a);
#endif
