/* regwords: what single values of SYSTEM and SOFTWARE hold, in words: services' failure actions and triggers,
 * times, SIDs. One structure, one function. Looks at the caller's spans; text goes to the caller's arena. It
 * refuses data that are too short or do not add up: false; the caller tells.
 *
 * Services\<name>\FailureActions              SERVICE_FAILURE_ACTIONS as 32-bit Windows lays it out: 0 u32
 * seconds until failures are counted anew (0xffffffff: never) 4, 8, 16 u32: pointers, of no use here
 * (RebootMessage and FailureCommand hold the texts; what stands at 16 may be 20 or anything) | 12 u32 n 20 n
 * x {u32 0 nothing, 1 restart, 2 reboot, 3 run a command, 4 the service's own restart; u32 milliseconds
 * before it} Services\<name>\TriggerInfo\<n>\GUID        16 bytes GUID, the trigger's subtype
 * Control\Windows\ShutdownTime, W32Time\Config\LastKnownGoodTime, CurrentVersion\InstallTime     u64 FILETIME
 * CurrentVersion\InstallDate, Tcpip\Parameters\Interfaces\<n>\Lease...Time                       u32 seconds
 * since 1970 ProfileList\<SID>\Sid                       SID (lsa.h) Sources: Microsoft Learn,
 * "SERVICE_FAILURE_ACTIONS", "SC_ACTION", "SERVICE_TRIGGER" (winsvc.h; the GUIDs too); values of public
 * hives. */
#ifndef REGWORDS_H
#define REGWORDS_H
#include "base/arena.h"
#include "base/span.h"
#include "base/str.h"

enum { SERVICE_ACTIONS = 16 }; /* kept; Windows' own dialog sets three */
enum service_action {
    SERVICE_NOTHING,
    SERVICE_RESTART,
    SERVICE_REBOOT,
    SERVICE_COMMAND,
    SERVICE_OWN_RESTART
};
/* reset: seconds; delay: milliseconds; n may be more than is kept */
struct service_failure {
    uint32_t reset, n;
    struct {
        uint32_t type, delay;
    } action[SERVICE_ACTIONS];
};
bool service_failure(struct span data, struct service_failure *out);
/* "restart after 120 s, nothing; counted anew after 86400 s" */
struct str service_failure_words(const struct service_failure *f, struct arena *a);
/* "domain joined", or "{...}" of a provider, a device class */
struct str service_trigger(struct span guid, struct arena *a);

/* What a value says in words. what: how it is called; NULL: nothing is known of this value. text.p NULL: it
 * does not add up, or there is no room. */
struct reg_words {
    const char *what;
    struct str text;
};
struct reg_words reg_words(struct str kind, struct str path_below_kind, struct str value, struct span data,
                           struct arena *a);
#endif
