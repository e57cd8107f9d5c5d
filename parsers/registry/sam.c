#include "parsers/registry/sam.h"
#include "parsers/registry/lsa.h"
#include "base/utf.h"

enum { F_BYTES = 68, V_TABLE = 0xcc, V_NAME = 12, V_NT_HASH = 0xa8, DOMAIN_F_BYTES = 86 };

bool sam_rid(struct str name, uint32_t *rid)
{
    *rid = 0;
    for (size_t i = 0; i < name.n; i++) {
        unsigned d = hex_value(name.p[i]);
        if (d == 16)
            return false;
        *rid = *rid << 4 | d;
    }
    return name.n == 8;
}

bool sam_user_f(struct span data, struct sam_user *out)
{
    struct span s = span_take(&data, F_BYTES);
    if (s.bad)
        return false;
    const uint8_t *p = s.p;
    *out = (struct sam_user){.last_logon = (int64_t)le64(p + 8),
                             .password_set = (int64_t)le64(p + 24),
                             .expires = (int64_t)le64(p + 32),
                             .last_bad = (int64_t)le64(p + 40),
                             .rid = le32(p + 48),
                             .flags = le32(p + 56),
                             .bad_count = le16(p + 64),
                             .logons = le16(p + 66)};
    return true;
}

bool sam_user_v(struct span data, struct arena *a, struct str *name, enum sam_blank *blank)
{
    struct span table = span_at(data, 0, V_TABLE);
    *name = (struct str){0}, *blank = SAM_PASSWORD_UNKNOWN;
    if (table.bad)
        return false;
    switch (le32(table.p + V_NT_HASH + 4)) {
    case 0:
    case 4:
    case 24: *blank = SAM_PASSWORD_BLANK; break;
    case 20:
    case 56: *blank = SAM_PASSWORD_SET; break;
    }
    span_take(&data, V_TABLE);
    struct span text = span_at(data, le32(table.p + V_NAME), le32(table.p + V_NAME + 4));
    if (!text.bad)
        *name = utf16_str(a, text);
    return !text.bad && name->p;
}

static int64_t interval(const uint8_t *p)
{
    int64_t t = (int64_t)le64(p);
    return t == INT64_MIN ? SAM_FOREVER : t < 0 ? -t : t;
}

bool sam_domain_f(struct span data, struct sam_policy *out)
{
    struct span s = span_take(&data, DOMAIN_F_BYTES);
    if (s.bad)
        return false;
    *out = (struct sam_policy){.max_age = interval(s.p + 24),
                               .min_age = interval(s.p + 32),
                               .lockout = interval(s.p + 48),
                               .window = interval(s.p + 56),
                               .properties = le32(s.p + 76),
                               .min_length = le16(s.p + 80),
                               .history = le16(s.p + 82),
                               .threshold = le16(s.p + 84)};
    return true;
}

struct str sam_domain_v(struct span data, struct arena *a)
{
    static const uint8_t nt_domain[] = {1, 4, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0};
    struct span sid = span_at(data, data.n < 24 ? 0 : data.n - 24, 24);
    return sid.bad || memcmp(sid.p, nt_domain, sizeof nt_domain) != 0 ? STR_NONE : lsa_read_sid(sid, a);
}
