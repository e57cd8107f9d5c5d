/* lsa: what values of a SECURITY hive hold, one structure per function. Nothing here is decrypted.
 * Input spans are borrowed; text goes to the caller's arena.
 * It refuses data that is too short or does not add up: false, .p NULL or E_*; the caller reports it.
 *
 * Secrets\<name>\CupdTime, OupdTime   u64 FILETIME
 * Accounts\<SID>\ActSysAc             u32 mask of logon rights
 * PolAcDmN, PolPrDmN, PolDnDDN, PolDnTrN   0 u16 bytes | 2 u16 room | 4 u32 offset of the text (8) | UTF-16LE
 * PolAcDmS, PolPrDmS                  SID: 0 u8 revision 1 | 1 u8 count | 2 u48 authority, big-endian | 8
 * u32[count] PolAdtEv                            0 u8 | 1 u8 auditing on | 4 u32 categories (9) | 8 u32
 * offset of the footer | 12 u16 per subcategory footer: u16[9] subcategories of each category. Bytes between
 * the last entry and the footer are left over. Cache\NL$n                          0 u16 bytes of the user
 * name, 0: slot not in use | 16 u32 RID | 32 u64 FILETIME Cache\NL$Control                    0 u32 revision
 * | 4 u32 slots Sources: [MS-LSAD] 2.2.1.3 (rights), [MS-DTYP] 2.4.2 (SID), RegRipper auditpol (order of
 * subcategories by release), libyal winreg-kb. */
#ifndef LSA_H
#define LSA_H
#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "base/str.h"

bool lsa_read_time(struct span data, int64_t *out);
bool lsa_read_mask(struct span data, uint32_t *out);
/* "" is a name too: workgroup machines have no DNS domain */
struct str lsa_read_name(struct span data, struct arena *a);
struct str lsa_read_sid(struct span data, struct arena *a); /* "S-1-5-18" */

enum { LSA_CATEGORIES = 9, LSA_SUBCATEGORIES = 59 };
/* mask: 1 success, 2 failure; 0 for all when auditing is switched off. name NULL: the published tables
 * disagree about this entry. */
/* unknown: categories of a size no table has */
struct lsa_audit {
    bool on;
    unsigned n, unknown;
    struct {
        const char *name;
        uint16_t mask;
    } sub[LSA_SUBCATEGORIES];
};
enum status lsa_read_audit(struct span data, struct lsa_audit *out, struct err *e);

struct lsa_cached {
    bool used;
    uint32_t rid;
    int64_t written;
};
bool lsa_read_cached(struct span data, struct lsa_cached *out);
bool lsa_read_slots(struct span data, uint32_t *out); /* how many logons are cached at most */
#endif
