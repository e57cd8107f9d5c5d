#include "parsers/registry/lsa.h"
#include "base/utf.h"
#include <stdio.h>

bool lsa_read_time(struct span data, int64_t *out)
{
    *out = (int64_t)span_u64(&data);
    return !data.bad;
}

bool lsa_read_mask(struct span data, uint32_t *out)
{
    *out = span_u32(&data);
    return !data.bad;
}

struct str lsa_read_name(struct span data, struct arena *a)
{
    struct span h = data;
    size_t n = span_u16(&h);
    span_u16(&h);
    size_t from = span_u32(&h);
    struct span text = span_at(data, from, n);
    if (!h.bad && !n)
        return (struct str){"", 0};
    return h.bad || text.bad || from < 8 ? STR_NONE : utf16_strz(a, text);
}

struct str lsa_read_sid(struct span data, struct arena *a)
{
    unsigned revision = span_u8(&data), count = span_u8(&data);
    struct span authority = span_take(&data, 6), subs = span_take(&data, 4 * (size_t)count);
    if (data.bad || revision != 1 || count > 15)
        return (struct str){0};
    uint64_t id = 0;
    for (size_t i = 0; i < 6; i++)
        id = id << 8 | authority.p[i];
    char text[24 + 15 * 11];
    size_t n = (size_t)snprintf(text, sizeof text, id >> 32 ? "S-1-0x%012llx" : "S-1-%llu",
                                (unsigned long long)id);
    for (unsigned i = 0; i < count; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "-%u", span_u32(&subs));
    return arena_str(a, (struct str){text, n});
}

/* Names as auditpol shows them, in the order of the entries. Later releases append to a category, so a
 * shorter category is a prefix; the Logon/Logoff of Windows 7 and Server 2008 R2 has an order of its own. */
static const char *const system_[] = {"Security State Change", "Security System Extension",
                                      "System Integrity", "IPsec Driver", "Other System Events"};
static const char *const logon[] = {"Logon",
                                    "Logoff",
                                    "Account Lockout",
                                    "IPsec Main Mode",
                                    "Special Logon",
                                    "IPsec Quick Mode",
                                    "IPsec Extended Mode",
                                    "Other Logon/Logoff Events",
                                    "Network Policy Server",
                                    "User / Device Claims",
                                    "Group Membership"};
static const char *const logon_7[] = {"Logon",
                                      "Logoff",
                                      "Account Lockout",
                                      "IPsec Main Mode",
                                      "IPsec Quick Mode",
                                      "IPsec Extended Mode",
                                      "Special Logon",
                                      "Other Logon/Logoff Events",
                                      "Network Policy Server"};
static const char *const logon_1507[] = {"Logon",
                                         "Logoff",
                                         "Account Lockout",
                                         "IPsec Main Mode",
                                         NULL,
                                         NULL,
                                         NULL,
                                         "Other Logon/Logoff Events",
                                         "Network Policy Server",
                                         "User / Device Claims",
                                         "Group Membership"};
static const char *const object[] = {"File System",
                                     "Registry",
                                     "Kernel Object",
                                     "SAM",
                                     "Other Object Access Events",
                                     "Certification Services",
                                     "Application Generated",
                                     "Handle Manipulation",
                                     "File Share",
                                     "Filtering Platform Packet Drop",
                                     "Filtering Platform Connection",
                                     "Detailed File Share",
                                     "Removable Storage",
                                     "Central Policy Staging"};
static const char *const object_1507[] = {"File System",
                                          "Registry",
                                          "Kernel Object",
                                          "SAM",
                                          NULL,
                                          NULL,
                                          NULL,
                                          NULL,
                                          NULL,
                                          NULL,
                                          NULL,
                                          "Detailed File Share",
                                          "Removable Storage",
                                          "Central Policy Staging"};
static const char *const privilege[] = {"Sensitive Privilege Use", "Non Sensitive Privilege Use",
                                        "Other Privilege Use Events"};
static const char *const tracking[] = {"Process Creation",     "Process Termination",
                                       "DPAPI Activity",       "RPC Events",
                                       "Plug and Play Events", "Token Right Adjusted Events"};
static const char *const policy[] = {"Audit Policy Change",
                                     "Authentication Policy Change",
                                     "Authorization Policy Change",
                                     "MPSSVC Rule-Level Policy Change",
                                     "Filtering Platform Policy Change",
                                     "Other Policy Change Events"};
static const char *const account[] = {"User Account Management",      "Computer Account Management",
                                      "Security Group Management",    "Distribution Group Management",
                                      "Application Group Management", "Other Account Management Events"};
static const char *const ds[] = {"Directory Service Access", "Directory Service Changes",
                                 "Directory Service Replication", "Detailed Directory Service Replication"};
static const char *const account_logon[] = {"Credential Validation", "Kerberos Service Ticket Operations",
                                            "Other Account Logon Events", "Kerberos Authentication Service"};

/* sizes: bit n set: a category of n subcategories is known. total: only for data of that many subcategories;
 * 0: any. First match wins. */
static const struct audit_table {
    uint8_t category;
    uint8_t total;
    uint16_t sizes;
    const char *const *names;
} audit_tables[] = {
    {0, 0, 1 << 5, system_},
    /* 1507 and 1511: the published table contradicts its neighbours here, so these stay nameless */
    {1, 58, 1 << 11, logon_1507},
    {1, 0, 1 << 9, logon_7},
    {1, 0, 1 << 10 | 1 << 11, logon},
    {2, 58, 1 << 14, object_1507},
    {2, 0, 1 << 12 | 1 << 14, object},
    {3, 0, 1 << 3, privilege},
    {4, 0, 1 << 4 | 1 << 5 | 1 << 6, tracking},
    {5, 0, 1 << 6, policy},
    {6, 0, 1 << 6, account},
    {7, 0, 1 << 4, ds},
    {8, 0, 1 << 4, account_logon},
};

static const char *const *audit_names(unsigned category, unsigned size, unsigned total)
{
    for (size_t i = 0; i < LEN(audit_tables); i++) {
        const struct audit_table *t = &audit_tables[i];
        if (t->category == category && size < 16 && t->sizes >> size & 1 && (!t->total || t->total == total))
            return t->names;
    }
    return NULL;
}

enum status lsa_read_audit(struct span data, struct lsa_audit *out, struct err *e)
{
    struct span h = data;
    unsigned on = span_u16(&h) >> 8, total = 0, size[LSA_CATEGORIES];
    span_u16(&h);
    uint32_t categories = span_u32(&h), footer = span_u32(&h);
    struct span sizes = span_at(data, footer, 2 * LSA_CATEGORIES);
    *out = (struct lsa_audit){.on = on};
    if (h.bad || sizes.bad)
        return err_set(e, E_TRUNC, data.off, "audit policy", "%zu bytes, footer at %u", data.n, footer);
    if (categories != LSA_CATEGORIES)
        return err_set(e, E_UNSUPPORTED, data.off + 4, "audit policy", "%u categories", categories);
    for (size_t i = 0; i < LSA_CATEGORIES; i++)
        total += size[i] = span_u16(&sizes);
    if (footer < 12 || total > (footer - 12) / 2)
        return err_set(e, E_FORMAT, data.off + 8, "audit policy", "%u subcategories before the footer at %u",
                       total, footer);
    for (unsigned c = 0; c < LSA_CATEGORIES; c++) {
        const char *const *names = audit_names(c, size[c], total);
        out->unknown += !names;
        for (unsigned i = 0; i < size[c]; i++) {
            uint16_t mask = span_u16(&h);
            if (names)
                out->sub[out->n].name = names[i], out->sub[out->n++].mask = on ? mask : 0;
        }
    }
    return OK;
}

bool lsa_read_cached(struct span data, struct lsa_cached *out)
{
    struct span rid = span_at(data, 16, 4), written = span_at(data, 32, 8);
    *out = (struct lsa_cached){
        .used = span_u16(&data) != 0, .rid = span_u32(&rid), .written = (int64_t)span_u64(&written)};
    return !data.bad && !rid.bad && !written.bad;
}

bool lsa_read_slots(struct span data, uint32_t *out)
{
    span_u32(&data);
    *out = span_u32(&data);
    return !data.bad;
}
