/* sam: what values of a SAM hive hold, one structure per function. Hashes are measured, never read.
 * Input spans are borrowed; text goes to the caller's arena.
 * It refuses data that is too short: false; the caller reports it.
 *
 * Users\<RID>\F   8 u64 last logon | 24 u64 password set (0: must change) | 32 u64 expires (0, max: never) |
 * 40 u64 last wrong password 48 u32 RID | 56 u32 account control bits | 64 u16 wrong passwords | 66 u16
 * logons Users\<RID>\V   17 descriptors of 12 bytes {u32 offset from 0xCC, u32 bytes, u32}: [1] user name,
 * [14] NT hash. Its record: 4 bytes blank, 20 set; since AES (Windows 10 1607) 24 blank, 56 set; 0 none.
 * Account\F       24 i64 maximum, 32 i64 minimum password age | 48 i64 lockout duration | 56 i64 observation
 * window, all negative 100 ns 76 u32 password properties (1: complex) | 80 u16 minimum password length | 82
 * u16 passwords remembered | 84 u16 lockout threshold (0: never) Account\V       descriptors, then a security
 * descriptor, then at its end the domain's SID, S-1-5-21-x-y-z Sources: [MS-SAMR] 2.2.1.12 (control
 * bits), 2.2.3.1, 2.2.4 (policy fields); libyal winreg-kb, plaso (layouts). */
#ifndef SAM_H
#define SAM_H
#include "base/arena.h"
#include "base/span.h"
#include "base/str.h"

/* Users\000001F4; false: another key, such as Names */
bool sam_rid(struct str name, uint32_t *rid);

struct sam_user {
    int64_t last_logon, password_set, expires, last_bad;
    uint32_t rid, flags;
    uint16_t bad_count, logons;
};
bool sam_user_f(struct span data, struct sam_user *out);

enum sam_blank { SAM_PASSWORD_UNKNOWN = -1, SAM_PASSWORD_SET, SAM_PASSWORD_BLANK };
bool sam_user_v(struct span data, struct arena *a, struct str *name, enum sam_blank *blank);

/* Spans of time in 100 ns, positive; SAM_FOREVER: never, until an administrator acts. */
#define SAM_FOREVER INT64_MAX
enum { SAM_COMPLEX = 1 }; /* DOMAIN_PASSWORD_COMPLEX */
struct sam_policy {
    int64_t max_age, min_age, lockout, window;
    uint32_t properties;
    uint16_t min_length, history, threshold;
};
bool sam_domain_f(struct span data, struct sam_policy *out);
/* The SID of the account domain, which is the machine's: the last 24 bytes of Account\V. .p NULL: there is
 * none. */
struct str sam_domain_v(struct span data, struct arena *a);
#endif
