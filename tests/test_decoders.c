/* What values of SECURITY, SAM, SYSTEM and TaskCache hold: bytes made by hand and bytes read from public
 * hives, each with its cut-short twin. */
#include "parsers/registry/lsa.h"
#include "parsers/registry/regf.h"
#include "parsers/registry/regwords.h"
#include "parsers/registry/sam.h"
#include "parsers/registry/taskcache.h"
#include "base/wintime.h"
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct arena arena;
static uint8_t *kept[4096];
static size_t n_kept;
static void setup(void) { cr_assert(arena_make(&arena, 1 << 20)); }
static void teardown(void)
{
    arena_free(&arena);
    while (n_kept)
        free(kept[--n_kept]);
}
TestSuite(lsa, .init = setup, .fini = teardown);
TestSuite(sam, .init = setup, .fini = teardown);
TestSuite(task, .init = setup, .fini = teardown);
TestSuite(words, .init = setup, .fini = teardown);
TestSuite(corpus, .init = setup, .fini = teardown);

/* n bytes of their own, freed by teardown: a read behind them is seen by the sanitizer. */
static uint8_t *exact(size_t n)
{
    uint8_t *p = calloc(1, n ? n : 1);
    cr_assert(p && n_kept < LEN(kept));
    return kept[n_kept++] = p;
}

/* Hexadecimal text, blanks allowed. */
static struct span bytes(const char *hex)
{
    size_t digits = 0, n = 0;
    for (const char *c = hex; *c; c++)
        digits += *c != ' ';
    uint8_t *p = exact(digits / 2);
    for (unsigned v; *hex; hex += 2, p[n++] = (uint8_t)v) {
        while (*hex == ' ')
            hex++;
        if (!*hex)
            break;
        cr_assert(sscanf(hex, "%2x", &v) == 1);
    }
    return span_of(p, n, 0);
}

static struct span cut(struct span s, size_t by)
{
    uint8_t *p = exact(s.n - by);
    memcpy(p, s.p, s.n - by);
    return span_of(p, s.n - by, 0);
}

static bool is_time(int64_t t, const char *rfc3339)
{
    int64_t want;
    return wintime_parse(str_of(rfc3339), &want) && t / WINTIME_SECOND == want / WINTIME_SECOND;
}

/* ---- SECURITY */

Test(lsa, times_and_masks)
{
    int64_t t;
    uint32_t m;
    struct span s = bytes("fc349647 e889d701"); /* DefaultPassword\CupdTime */
    cr_expect(lsa_read_time(s, &t) && is_time(t, "2021-08-05T10:54:35Z"));
    cr_expect(!lsa_read_time(cut(s, 1), &t) && !lsa_read_time(cut(s, 8), &t));
    s = bytes("c1000000"); /* ActSysAc of a Guest */
    cr_expect(lsa_read_mask(s, &m) && m == 0xc1);
    cr_expect(!lsa_read_mask(cut(s, 1), &m));
}

Test(lsa, names)
{
    static const struct {
        const char *hex, *name;
        bool short_too;
    } rows[] = {
        {"12001400 08000000 57004f00 52004b00 47005200 4f005500 5000", "WORKGROUP", false},
        {"1e002000 08000000 4400450053004b0054004f0050002d004d003900360034004600 4a004e00", "DESKTOP-M964FJN",
         false},
        {"00000200 08000000 0000", "", true},
        {"00000000 00000000 0000", "", true},
        {"0600 0800 0c000000 ffffffff 4300 4f00 0000", "CO", false}, /* text further down, up to its NUL */
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct span s = bytes(rows[i].hex);
        struct str n = lsa_read_name(s, &arena);
        cr_expect(n.p && str_eq(n, str_of(rows[i].name)), "row %zu: %.*s", i, STR_ARG(n));
        cr_expect_eq(lsa_read_name(cut(s, 1), &arena).p != NULL, rows[i].short_too, "row %zu cut short", i);
    }
    cr_expect(!lsa_read_name(bytes("0200 0200 00000000 4100"), &arena).p, "the text inside its own header");
    cr_expect(!lsa_read_name(bytes("0200 0200 ffffffff 4100"), &arena).p);
    cr_expect(!lsa_read_name(bytes("ffff ffff 08000000 4100"), &arena).p);
}

Test(lsa, sids)
{
    static const struct {
        const char *hex, *sid;
    } rows[] = {
        {"01010000 00000005 12000000", "S-1-5-18"},
        {"01010000 00000001 00000000", "S-1-1-0"},
        {"01040000 00000005 15000000 0ec97e6a da0d306c a4918aa5",
         "S-1-5-21-1786693902-1815088602-2777321892"},
        {"01010000 00000010 00300000", "S-1-16-12288"},
        {"01011234 56789abc 01000000", "S-1-0x123456789abc-1"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct span s = bytes(rows[i].hex);
        struct str sid = lsa_read_sid(s, &arena);
        cr_expect(sid.p && str_eq(sid, str_of(rows[i].sid)), "%s: %.*s", rows[i].sid, STR_ARG(sid));
        cr_expect(!lsa_read_sid(cut(s, 1), &arena).p, "%s cut short", rows[i].sid);
    }
    cr_expect(!lsa_read_sid(bytes("02010000 00000005 12000000"), &arena).p, "revision 2");
    cr_expect(!lsa_read_sid(bytes("01ff0000 00000005 12000000"), &arena).p, "255 sub-authorities");
    struct span many = bytes(
        "010f0000 000000ff ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff "
        "ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff");
    cr_expect_eq(lsa_read_sid(many, &arena).n, strlen("S-1-255") + 15 * 11);
    struct arena full = {0};
    cr_expect(!lsa_read_sid(many, &full).p);
}

/* Policies of each release, made by its counts: entry i holds the mask i & 3, the footer stands where that
 * release puts it. */
static struct span policy(const uint16_t *count, size_t footer, unsigned on)
{
    size_t n = footer + 18, total = 0;
    uint8_t *p = exact(n);
    p[1] = (uint8_t)on, p[4] = 9, p[8] = (uint8_t)footer;
    for (size_t c = 0; c < 9; c++)
        p[footer + 2 * c] = (uint8_t)count[c], total += count[c];
    for (size_t i = 0; i < total && 12 + 2 * i + 2 <= footer; i++)
        p[12 + 2 * i] = i & 3;
    if (12 + 2 * total < footer)
        p[12 + 2 * total] = 0xdc, p[12 + 2 * total + 1] = 0xaf; /* left over, as in real hives */
    return span_of(p, n, 0);
}

/* Index of a named subcategory, or -1. */
static int entry(const struct lsa_audit *a, const char *name)
{
    for (unsigned i = 0; i < a->n; i++)
        if (a->sub[i].name && !strcmp(a->sub[i].name, name))
            return (int)i;
    return -1;
}

Test(lsa, audit_policy_of_each_release)
{
    static const struct {
        const char *release;
        uint16_t count[9];
        size_t footer, bytes;
        unsigned n;
        struct {
            const char *name;
            int at;
        } sub[7];
    } rows[] = {
        {"7",
         {5, 9, 12, 3, 4, 6, 6, 4, 4},
         0x78,
         138,
         53,
         {{"Logon", 5},
          {"Special Logon", 11},
          {"Other Object Access Events", 18},
          {"Plug and Play Events", -1},
          {"User Account Management", 39},
          {"Credential Validation", 49},
          {"SAM", 17}}},
        {"2012",
         {5, 10, 14, 3, 4, 6, 6, 4, 4},
         0x7e,
         144,
         56,
         {{"Special Logon", 9},
          {"User / Device Claims", 14},
          {"Group Membership", -1},
          {"Central Policy Staging", 28},
          {"User Account Management", 42},
          {"Credential Validation", 52},
          {"Logoff", 6}}},
        {"2012 R2",
         {5, 10, 14, 3, 5, 6, 6, 4, 4},
         0x80,
         146,
         57,
         {{"Special Logon", 9},
          {"Plug and Play Events", 36},
          {"Audit Policy Change", 37},
          {"User Account Management", 43},
          {"Credential Validation", 53},
          {"Registry", 16},
          {"Logon", 5}}},
        {"1507",
         {5, 11, 14, 3, 5, 6, 6, 4, 4},
         0x82,
         148,
         58,
         {{"Logon", 5},
          {"Special Logon", -1},
          {"IPsec Quick Mode", -1},
          {"Other Object Access Events", -1},
          {"Detailed File Share", 27},
          {"User Account Management", 44},
          {"Credential Validation", 54}}},
        {"1607",
         {5, 11, 14, 3, 6, 6, 6, 4, 4},
         0x84,
         150,
         59,
         {{"Logon", 5},
          {"Special Logon", 9},
          {"Other Object Access Events", 20},
          {"Authentication Policy Change", 40},
          {"User Account Management", 45},
          {"Credential Validation", 55},
          {"Kerberos Authentication Service", 58}}},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct lsa_audit a;
        struct err e = {0};
        struct span s = policy(rows[i].count, rows[i].footer, 1);
        cr_assert_eq(s.n, rows[i].bytes);
        cr_expect(lsa_read_audit(s, &a, &e) == OK && a.on && a.n == rows[i].n && !a.unknown, "%s: %s",
                  rows[i].release, e.why);
        for (size_t k = 0; k < LEN(rows[i].sub); k++) {
            int at = entry(&a, rows[i].sub[k].name);
            cr_expect_eq(at, rows[i].sub[k].at, "%s: %s at %d", rows[i].release, rows[i].sub[k].name, at);
            cr_expect(at < 0 || a.sub[at].mask == (unsigned)at % 4, "%s: %s", rows[i].release,
                      rows[i].sub[k].name);
        }
        cr_expect_eq(lsa_read_audit(cut(s, 1), &a, &e), E_TRUNC, "%s cut short", rows[i].release);
        cr_expect(lsa_read_audit(policy(rows[i].count, rows[i].footer, 0), &a, &e) == OK && !a.on
                      && entry(&a, "Logon") == 5 && a.sub[5].mask == 0,
                  "switched off");
    }
}

Test(lsa, audit_policy_refused)
{
    struct lsa_audit a;
    struct err e = {0};
    static const uint16_t future[9] = {5, 12, 14, 3, 6, 6, 6, 4, 4},
                          huge[9] = {255, 255, 255, 255, 255, 255, 255, 255, 255};
    cr_expect(lsa_read_audit(policy(future, 0x86, 1), &a, &e) == OK && a.unknown == 1 && a.n == 48,
              "a category that grew is left out, the others keep their places");
    cr_expect(entry(&a, "Logon") < 0 && a.sub[entry(&a, "Credential Validation")].mask == 56 % 4);
    cr_expect_eq(lsa_read_audit(policy(huge, 0x84, 1), &a, &e), E_FORMAT);
    struct span s = policy(future, 0x86, 1);
    uint8_t *p = exact(s.n);
    memcpy(p, s.p, s.n);
    p[4] = 10, e = (struct err){0};
    cr_expect_eq(lsa_read_audit(span_of(p, s.n, 0), &a, &e), E_UNSUPPORTED);
    p[4] = 9, p[8] = 4, e = (struct err){0};
    cr_expect_eq(lsa_read_audit(span_of(p, s.n, 0), &a, &e), E_FORMAT, "footer inside the header");
    p[8] = p[9] = p[10] = p[11] = 0xff, e = (struct err){0};
    cr_expect_eq(lsa_read_audit(span_of(p, s.n, 0), &a, &e), E_TRUNC);
    cr_expect_eq(lsa_read_audit(span_of(p, 0, 0), &a, NULL), E_TRUNC);
}

Test(lsa, cached_logons)
{
    struct lsa_cached c;
    struct span used = bytes(
        "0a000800 00000000 00000000 00000000 e9030000 01020000 00000000 00000000 fc349647 e889d701");
    cr_expect(lsa_read_cached(used, &c) && c.used && c.rid == 1001
              && is_time(c.written, "2021-08-05T10:54:35Z"));
    cr_expect(!lsa_read_cached(cut(used, 1), &c));
    struct span empty = bytes(
        "00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 04000100");
    cr_expect(lsa_read_cached(empty, &c) && !c.used);
}

Test(lsa, cached_slots)
{
    uint32_t n;
    struct span s = bytes("04000100 0a000000");
    cr_expect(lsa_read_slots(s, &n) && n == 10);
    cr_expect(!lsa_read_slots(cut(s, 1), &n));
}

/* ---- SAM */

Test(sam, names_of_users)
{
    static const struct {
        const char *name;
        uint32_t rid;
        bool ok;
    } rows[] = {{"000001F4", 500, true},        {"000003e9", 1001, true},
                {"FFFFFFFF", UINT32_MAX, true}, {"Names", 0, false},
                {"00001F4", 0, false},          {"0000001F4", 0, false},
                {"000001G4", 0, false},         {"", 0, false}};
    for (size_t i = 0; i < LEN(rows); i++) {
        uint32_t rid;
        cr_expect_eq(sam_rid(str_of(rows[i].name), &rid), rows[i].ok, "%s", rows[i].name);
        cr_expect(!rows[i].ok || rid == rows[i].rid, "%s: %u", rows[i].name, rid);
    }
}

Test(sam, domain_sid)
{
    struct span s = bytes("00000000 00000000 00000200 01040000 00000005 15000000 9b7dee68 f4d1e65e e5bda309");
    struct str sid = sam_domain_v(s, &arena);
    cr_expect(str_eq(sid, STR("S-1-5-21-1760460187-1592185332-161725925")), "%.*s", STR_ARG(sid));
    cr_expect(!sam_domain_v(cut(s, 1), &arena).p && !sam_domain_v(cut(s, s.n - 23), &arena).p
              && !sam_domain_v(cut(s, s.n), &arena).p);
    cr_expect(!sam_domain_v(bytes("01050000 00000005 15000000 9b7dee68 f4d1e65e e5bda309"), &arena).p,
              "five parts");
}

Test(sam, user_f)
{
    struct sam_user u;
    struct span s = bytes("02000100 00000000 18d212a1 fc88cb01 00000000 00000000 468f64cc fd88cb01 00000000 "
                          "00000000 00000000 00000000 f4010000 01020000 11020000 00000000 00000600");
    cr_expect(sam_user_f(s, &u) && u.rid == 500 && u.flags == 0x211 && u.bad_count == 0 && u.logons == 6
              && u.expires == 0 && u.last_bad == 0);
    cr_expect(is_time(u.last_logon, "2010-11-20T21:48:12Z")
              && is_time(u.password_set, "2010-11-20T21:56:34Z"));
    cr_expect(!sam_user_f(cut(s, 1), &u));
    s = bytes("02000100 00000000 00000000 00000000 00000000 00000000 00000000 00000000 ffffffff ffffff7f "
              "fc349647 e889d701 f5010000 01020000 15020000 00000000 05000000 01000000 00000000");
    cr_expect(sam_user_f(s, &u) && u.rid == 501 && u.flags == 0x215 && u.bad_count == 5 && u.password_set == 0
              && u.expires == INT64_MAX && u.last_bad > 0);
}

static struct span user_v(const char *name, uint32_t hash)
{
    size_t len = 2 * strlen(name), n = 0xcc + len;
    uint8_t *p = exact(n);
    p[16] = (uint8_t)len, p[0xa8] = (uint8_t)len, p[0xac] = (uint8_t)hash;
    for (size_t i = 0; i < len / 2; i++)
        p[0xcc + 2 * i] = (uint8_t)name[i];
    return span_of(p, n, 0);
}

Test(sam, user_v)
{
    static const struct {
        uint32_t hash;
        enum sam_blank blank;
    } rows[] = {{4, SAM_PASSWORD_BLANK},  {20, SAM_PASSWORD_SET},  {0x18, SAM_PASSWORD_BLANK},
                {0x38, SAM_PASSWORD_SET}, {0, SAM_PASSWORD_BLANK}, {21, SAM_PASSWORD_UNKNOWN}};
    struct str name;
    enum sam_blank blank;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct span s = user_v("Preston", rows[i].hash);
        cr_expect(sam_user_v(s, &arena, &name, &blank) && str_eq(name, STR("Preston"))
                      && blank == rows[i].blank,
                  "%u", rows[i].hash);
        cr_expect(!sam_user_v(cut(s, 1), &arena, &name, &blank) && blank == rows[i].blank,
                  "%u: name cut, hash length still read", rows[i].hash);
        cr_expect(!sam_user_v(cut(s, 15), &arena, &name, &blank) && blank == SAM_PASSWORD_UNKNOWN,
                  "table cut");
    }
    struct span s = user_v("x", 20);
    ((uint8_t *)(uintptr_t)s.p)[15] = 0xff;
    cr_expect(!sam_user_v(s, &arena, &name, &blank), "name far outside");
}

Test(sam, domain_f)
{
    struct sam_policy p;
    struct span s = bytes("03000100 00000000 3d200c56 3c04ca01 25000000 00000000 0080a60a ffdeffff 00000000 "
                          "00000000 00000000 00000080 00cc1dcf fbffffff 00cc1dcf fbffffff"
                          "00000000 00000000 e9030000 01000000 0700 1800 0500");
    cr_expect(sam_domain_f(s, &p) && p.threshold == 5 && p.min_length == 7, "%u %u", p.threshold,
              p.min_length);
    cr_expect(p.lockout == 30 * 60 * WINTIME_SECOND && p.window == 30 * 60 * WINTIME_SECOND
                  && p.max_age == 42 * 86400 * WINTIME_SECOND,
              "%lld", (long long)p.max_age);
    cr_expect(p.min_age == 0 && p.history == 24 && p.properties == SAM_COMPLEX);
    cr_expect(!sam_domain_f(cut(s, 1), &p));
    s = bytes("02000100 00000000 3d200c56 3c04ca01 25000000 00000000 00000000 00000080 00000000 00000000 "
              "00000000 00000080 00000000 00000000 00cc1dcf fbffffff"
              "00000000 00000000 e9030000 00000000 0000 0000 0000");
    cr_expect(sam_domain_f(s, &p) && p.max_age == SAM_FOREVER && p.lockout == 0 && p.threshold == 0);
}

/* ---- TaskCache */

Test(task, dynamic_info)
{
    struct task_dynamic d;
    struct span s = bytes("03000000 fc349647 e889d701 18d212a1 fc88cb01 2b040780 20050780 468f64cc fd88cb01");
    cr_expect(taskcache_dynamic(s, &d) && d.state == 0x8007042b && d.result == 0x80070520 && d.has_last_ok);
    cr_expect(is_time(d.registered, "2021-08-05T10:54:35Z") && is_time(d.last_run, "2010-11-20T21:48:12Z")
              && is_time(d.last_ok, "2010-11-20T21:56:34Z"));
    cr_expect(taskcache_dynamic(cut(s, 8), &d) && !d.has_last_ok && d.last_ok == 0 && d.result == 0x80070520,
              "28 bytes, as Vista and 7 write");
    cr_expect(taskcache_dynamic(cut(s, 1), &d) && !d.has_last_ok, "35 bytes have no last success");
    cr_expect(!taskcache_dynamic(cut(s, 9), &d));
    cr_expect(!taskcache_dynamic(bytes("04000000 fc349647 e889d701 18d212a1 fc88cb01 2b040780 20050780"), &d),
              "another kind");
}

#define PAD    " 48484848 "
#define BOUNDS "00 67102280 671022 00000000 00000000 00 67102280 671022 ffffffff ffffffff"
#define USER_SID                                                      \
    "00 48484848484848 00 48484848484848 01000000" PAD "1c000000" PAD \
    "01050000 00000005 15000000 01000000 02000000 03000000 e9030000 48484848 "
#define PC_SVC "0e000000" PAD "50004300 31005c00 73007600 63000000" /* PC1\svc, padded to 16 */

Test(task, triggers)
{
    static const struct {
        const char *what, *hex, *sid, *user, *principal, *logon;
        uint32_t flags;
        uint8_t version;
    } rows[] = {
        {"version 23, stored password",
         "17 00000000000000" BOUNDS "38214442" PAD "fb1d39e9" PAD "0e000000" PAD
         "41007500 74006800 6f007200 00004848 00000000" PAD USER_SID PC_SVC,
         "S-1-5-21-1-2-3-1001", "PC1\\svc", "Author", "Password", 0x42442138, 23},
        {"version 23, only when logged on",
         "17 00000000000000" BOUNDS "38214142" PAD "fb1d39e9" PAD "00000000" PAD
         "00000000" PAD USER_SID PC_SVC,
         "S-1-5-21-1-2-3-1001", "PC1\\svc", NULL, "InteractiveToken", 0x42412138, 23},
        {"version 22, S4U",
         "16 00000000000000" BOUNDS "38614042" PAD "fb1d39e9" PAD "00000000" PAD USER_SID PC_SVC,
         "S-1-5-21-1-2-3-1001", "PC1\\svc", NULL, "S4U", 0x42406138, 22},
        {"version 21, either", "15 00000000000000" BOUNDS "38214842" PAD "fb1d39e9" PAD USER_SID PC_SVC,
         "S-1-5-21-1-2-3-1001", "PC1\\svc", NULL, "InteractiveTokenOrPassword", 0x42482138, 21},
        {"LocalSystem",
         "17 00000000000000" BOUNDS "4a08c203" PAD "a34c0a9b" PAD "18000000" PAD
         "4c006f00 63006100 6c005300 79007300 74006500 6d000000 00000000" PAD
         "00 48484848484848 00 48484848484848 05000000" PAD "0c000000" PAD
         "01010000 00000005 12000000 48484848 00000000" PAD,
         "S-1-5-18", NULL, "LocalSystem", "ServiceAccount", 0x03c2084a, 23},
        {"a group",
         "15 00000000000000" BOUNDS "38214042" PAD "fb1d39e9" PAD
         "00 48484848484848 00 48484848484848 04000000" PAD "10000000" PAD
         "01020000 00000005 20000000 21020000 00000000" PAD,
         "S-1-5-32-545", NULL, NULL, "Group", 0x42402138, 21},
        {"no SID, a name",
         "15 00000000000000" BOUNDS "38214442" PAD "fb1d39e9" PAD
         "00 48484848484848 01 48484848484848" PC_SVC,
         NULL, "PC1\\svc", NULL, "Password", 0x42442138, 21},
        {"no user at all", "15 00000000000000" BOUNDS "38214042" PAD "fb1d39e9" PAD "01 48484848484848", NULL,
         NULL, NULL, NULL, 0x42402138, 21},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct task_triggers t;
        struct span s = bytes(rows[i].hex);
        cr_expect(taskcache_triggers(s, &arena, &t), "%s", rows[i].what);
        cr_expect(t.version == rows[i].version && t.has_flags && t.flags == rows[i].flags, "%s: %x",
                  rows[i].what, t.flags);
        cr_expect(str_eq(t.sid, str_of(rows[i].sid)), "%s: %.*s", rows[i].what, STR_ARG(t.sid));
        cr_expect(str_eq(t.user, str_of(rows[i].user)), "%s: %.*s", rows[i].what, STR_ARG(t.user));
        cr_expect(str_eq(t.principal, str_of(rows[i].principal)), "%s: %.*s", rows[i].what,
                  STR_ARG(t.principal));
        const char *logon = taskcache_logon(&t);
        cr_expect(logon == rows[i].logon || (logon && rows[i].logon && !strcmp(logon, rows[i].logon)),
                  "%s: %s", rows[i].what, logon ? logon : "NULL");
        /* two bytes of padding may be missing at the very end, not more */
        bool pad_only = rows[i].user != NULL;
        cr_expect(!taskcache_triggers(cut(s, pad_only ? 3 : 1), &arena, &t), "%s cut short", rows[i].what);
        for (size_t n = 0; n < s.n - 2; n++)
            taskcache_triggers(cut(s, s.n - n), &arena, &t);
    }
    struct task_triggers t;
    cr_expect(
        !taskcache_triggers(bytes("15 00000000000000" BOUNDS "38214442" PAD "fb1d39e9" PAD
                                  "00 48484848484848 00 48484848484848 01000000" PAD "ffffffff" PAD "0105"),
                            &arena, &t));
    cr_expect(t.has_flags && taskcache_logon(&t), "what stands before the damage is kept");
}

#define ROBOCOPY "18000000 72006f00 62006f00 63006f00 70007900 2e006500 78006500 "
#define NONE     "00000000 "

Test(task, actions)
{
    static const struct {
        const char *what, *hex, *command;
        enum task_place place;
        unsigned n;
    } rows[] = {
        {"a program",
         "0300"
         "0c000000 410075007400 68006f007200"
         "6666" NONE "0e000000 63006d0064002e00650078006500"
         "04000000 2f006300" NONE "0000",
         "cmd.exe /c", TASK_LOCAL, 1},
        {"to a share", "0300" NONE "6666" NONE ROBOCOPY "0c000000 5c005c0073005c007800 2000" NONE "0000",
         "robocopy.exe \\\\s\\x ", TASK_UNC, 1},
        {"in a folder on a share",
         "0100"
         "6666" NONE ROBOCOPY NONE "0a000000 5c005c0073005c007800",
         "robocopy.exe", TASK_UNC, 1},
        {"long UNC form",
         "0100"
         "6666" NONE "14000000 5c005c003f005c0055004e0043005c0073005c00" NONE NONE,
         "\\\\?\\UNC\\s\\", TASK_UNC, 1},
        {"long local form",
         "0100"
         "6666" NONE "10000000 5c005c003f005c0043003a005c007800" NONE NONE,
         "\\\\?\\C:\\x", TASK_LOCAL, 1},
        {"on a drive",
         "0200"
         "6666" NONE ROBOCOPY NONE "08000000 5a003a005c007800",
         "robocopy.exe", TASK_DRIVE, 1},
        {"on C:",
         "0200"
         "6666" NONE ROBOCOPY NONE "08000000 63003a005c007800",
         "robocopy.exe", TASK_LOCAL, 1},
        {"a COM object",
         "0300" NONE "7777" NONE "0df5d81f 34124a40 8192 a3b4c5d6e7f8"
         "04000000 61006200",
         "{1fd8f50d-1234-404a-8192-a3b4c5d6e7f8} ab", TASK_LOCAL, 1},
        {"two actions",
         "0300" NONE "6666" NONE "02000000 6100" NONE NONE "0000"
         "6666" NONE "02000000 6200"
         "02000000 6300" NONE "0000",
         "a; b c", TASK_LOCAL, 2},
        {"an e-mail", "0300" NONE "8888" NONE "00", "(e-mail)", TASK_LOCAL, 1},
        {"nothing", "0300" NONE, "", TASK_LOCAL, 0},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct task_actions a;
        struct span s = bytes(rows[i].hex);
        cr_expect(taskcache_actions(s, &arena, &a), "%s", rows[i].what);
        cr_expect(str_eq(a.command, str_of(rows[i].command)), "%s: %.*s", rows[i].what, STR_ARG(a.command));
        cr_expect(a.place == rows[i].place && a.n == rows[i].n, "%s: place %d, %u actions", rows[i].what,
                  a.place, a.n);
        if (strcmp(rows[i].what, "an e-mail") != 0)
            cr_expect(!taskcache_actions(cut(s, 1), &arena, &a), "%s cut short", rows[i].what);
        for (size_t n = 0; n < s.n; n++)
            taskcache_actions(cut(s, s.n - n), &arena, &a);
    }
    struct task_actions a;
    cr_expect(!taskcache_actions(bytes("0900" NONE), &arena, &a), "version 9");
    cr_expect(!taskcache_actions(bytes("0300" NONE "5555" NONE), &arena, &a) && a.n == 0,
              "an unknown action");
    cr_expect(!taskcache_actions(bytes("0300"
                                       "ffffffff"),
                                 &arena, &a));
}

/* ---- SYSTEM and SOFTWARE: values in words */

#define SERVICE "ControlSet001\\Services\\X"
#define VERSION "Microsoft\\Windows NT\\CurrentVersion"

Test(words, values)
{
    static const struct {
        const char *kind, *path, *value, *hex, *text;
    } rows[] = {
        {"SYSTEM", SERVICE, "FailureActions",
         "80510100 00000000 00000000 03000000 14000000 01000000 c0d40100 01000000 e0930400 00000000 00000000",
         "restart after 120 s, restart after 300 s, nothing; counted anew after 86400 s"},
        {"SYSTEM", SERVICE, "failureactions",
         "ffffffff 00000000 00000000 02000000 f9310f70 02000000 64000000 03000000 00000000",
         "reboot after 100 ms, run a command at once"},
        {"SYSTEM", SERVICE, "FailureActions", "00000000 00000000 00000000 00000000 00000000",
         "nothing; counted anew after 0 s"},
        {"SYSTEM", SERVICE, "FailureActions",
         "ffffffff 00000000 00000000 01000000 14000000 09000000 00000000", "unknown at once"},
        {"SYSTEM", "CurrentControlSet\\Services\\X\\TriggerInfo\\0", "GUID",
         "ba0ae21c 51982144 94301dde b766e809", "domain joined"},
        {"SYSTEM", SERVICE "\\TriggerInfo\\12", "GUID", "2a305008 44b3da4f 9be99057 6b8d46f0",
         "{0850302a-b344-4fda-9be9-90576b8d46f0}"},
        {"SYSTEM", "ControlSet002\\Control\\Windows", "ShutdownTime", "fc349647 e889d701",
         "2021-08-05T10:54:35.7163260Z"},
        {"SYSTEM", "ControlSet001\\Control\\Windows", "ShutdownTime", "00000000 00000000", "never"},
        {"SYSTEM", "ControlSet001\\Services\\W32Time\\Config", "LastKnownGoodTime", "fc349647 e889d701",
         "2021-08-05T10:54:35.7163260Z"},
        {"SYSTEM", "ControlSet001\\Services\\Tcpip\\Parameters\\Interfaces\\{A}", "LeaseObtainedTime",
         "dc75a25e", "2020-04-24T05:15:08.0000000Z"},
        {"SOFTWARE", VERSION, "InstallDate", "dc75a25e", "2020-04-24T05:15:08.0000000Z"},
        {"SOFTWARE", VERSION, "InstallTime", "fc349647 e889d701", "2021-08-05T10:54:35.7163260Z"},
        {"SOFTWARE", VERSION "\\ProfileList\\S-1-5-18", "Sid", "01010000 00000005 12000000", "S-1-5-18"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct span s = bytes(rows[i].hex);
        struct reg_words w = reg_words(str_of(rows[i].kind), str_of(rows[i].path), str_of(rows[i].value), s,
                                       &arena);
        cr_expect(w.what && str_eq(w.text, str_of(rows[i].text)), "row %zu: %.*s", i, STR_ARG(w.text));
        w = reg_words(str_of(rows[i].kind), str_of(rows[i].path), str_of(rows[i].value), cut(s, 1), &arena);
        cr_expect(w.what && !w.text.p, "row %zu cut short: %.*s", i, STR_ARG(w.text));
        cr_expect(!reg_words(STR("NTUSER"), str_of(rows[i].path), str_of(rows[i].value), s, &arena).what,
                  "row %zu elsewhere", i);
    }
    struct span s = bytes("00000000 00000000");
    cr_expect(!reg_words(STR("SYSTEM"), STR("ControlSet001\\Services\\X\\Parameters"), STR("FailureActions"),
                         s, &arena)
                   .what);
    cr_expect(
        !reg_words(STR("SYSTEM"), STR("ControlSet001\\Services"), STR("FailureActions"), s, &arena).what);
    cr_expect(!reg_words(STR("SYSTEM"), STR(SERVICE), STR("GUID"), s, &arena).what);
}

Test(words, many_actions)
{
    struct service_failure f;
    uint8_t *p = exact(20 + 8 * 100);
    memset(p, 0xff, 20 + 8 * 100);
    p[12] = 100, p[13] = p[14] = p[15] = 0;
    struct span s = span_of(p, 20 + 8 * 100, 0);
    cr_assert(service_failure(s, &f) && f.n == 100 && f.action[15].delay == UINT32_MAX);
    struct str text = service_failure_words(&f, &arena);
    cr_expect(str_starts_ci(text, STR("unknown after 4294967295 ms, "))
                  && str_ends_ci(text, STR(", and 84 more")),
              "%.*s", STR_ARG(text));
    cr_expect(!service_failure(cut(s, 1), &f));
    memset(p + 12, 0xff, 4);
    cr_expect(!service_failure(s, &f));
}

/* ---- bytes of public hives, read when they are there */

#define CORPUS "../shared/corpus/hive/real/"

/* What each decoder says as one line; "" when it refuses. */
static char line[512];
PRINTF_LIKE(1, 2) static const char *say(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    return line;
}

static const char *say_mask(struct span s)
{
    uint32_t m;
    return lsa_read_mask(s, &m) ? say("0x%x", m) : "";
}
static const char *say_time(struct span s)
{
    int64_t t;
    char text[WINTIME_TEXT];
    return lsa_read_time(s, &t) ? say("%.19s", wintime_text(t, text)) : "";
}
static const char *say_name(struct span s)
{
    struct str n = lsa_read_name(s, &arena);
    return n.p ? say("%.*s", STR_ARG(n)) : "";
}
static const char *say_sid(struct span s)
{
    struct str n = lsa_read_sid(s, &arena);
    return n.p ? say("%.*s", STR_ARG(n)) : "";
}
static const char *say_slots(struct span s)
{
    uint32_t n;
    return lsa_read_slots(s, &n) ? say("%u", n) : "";
}
static const char *say_cached(struct span s)
{
    struct lsa_cached c;
    return lsa_read_cached(s, &c) ? say("used %d rid %u", c.used, c.rid) : "";
}
static const char *say_audit(struct span s)
{
    struct lsa_audit a;
    if (lsa_read_audit(s, &a, NULL) != OK)
        return "";
    return say("%u, %u unknown, Logon %u, Logoff %u, Special Logon %u, Other Object Access Events %u, "
               "Credential Validation %u",
               a.n, a.unknown, a.sub[entry(&a, "Logon")].mask, a.sub[entry(&a, "Logoff")].mask,
               a.sub[entry(&a, "Special Logon")].mask, a.sub[entry(&a, "Other Object Access Events")].mask,
               a.sub[entry(&a, "Credential Validation")].mask);
}
static const char *say_user_f(struct span s)
{
    struct sam_user u;
    char set[WINTIME_TEXT];
    return sam_user_f(s, &u) ? say("rid %u flags 0x%x logons %u bad %u set %.19s", u.rid, u.flags, u.logons,
                                   u.bad_count, wintime_text(u.password_set, set))
                             : "";
}
static const char *say_user_v(struct span s)
{
    struct str name;
    enum sam_blank blank;
    return sam_user_v(s, &arena, &name, &blank) ? say("%.*s blank %d", STR_ARG(name), blank) : "";
}
static const char *say_domain_f(struct span s)
{
    struct sam_policy p;
    return sam_domain_f(s, &p) ? say("threshold %u lockout %lld s window %lld s length %u history %u",
                                     p.threshold, (long long)(p.lockout / WINTIME_SECOND),
                                     (long long)(p.window / WINTIME_SECOND), p.min_length, p.history)
                               : "";
}
static const char *say_failure(struct span s)
{
    struct service_failure f;
    return service_failure(s, &f) ? say("%.*s", STR_ARG(service_failure_words(&f, &arena))) : "";
}
static const char *say_trigger(struct span s)
{
    struct str n = service_trigger(s, &arena);
    return n.p ? say("%.*s", STR_ARG(n)) : "";
}

/* need: bytes that the structure takes; with one less it is refused. */
static const struct {
    const char *file, *key, *value;
    const char *(*say)(struct span);
    size_t need;
    const char *text;
} public[] = {
    {"SECURITY", "Policy\\Accounts\\S-1-5-32-544\\ActSysAc", "", say_mask, 4, "0x407"},
    {"SECURITY", "Policy\\Accounts\\S-1-5-21-1786693902-1815088602-2777321892-501\\ActSysAc", "", say_mask, 4,
     "0xc1"},
    {"SECURITY", "Policy\\Secrets\\DefaultPassword\\CupdTime", "", say_time, 8, "2021-08-05T10:54:35"},
    {"SECURITY", "Policy\\Secrets\\DefaultPassword\\OupdTime", "", say_time, 8, "2021-08-05T10:54:33"},
    {"SECURITY", "Policy\\PolAcDmN", "", say_name, 38, "DESKTOP-M964FJN"},
    {"SECURITY", "Policy\\PolPrDmN", "", say_name, 26, "WORKGROUP"},
    {"SECURITY", "Policy\\PolAcDmS", "", say_sid, 24, "S-1-5-21-1786693902-1815088602-2777321892"},
    {"SECURITY", "Policy\\PolAdtEv", "", say_audit, 150,
     "59, 0 unknown, Logon 3, Logoff 1, Special Logon 1, Other Object Access Events 0, Credential Validation "
     "0"},
    {"SECURITY", "Cache", "NL$Control", say_slots, 8, "10"},
    {"SECURITY", "Cache", "NL$1", say_cached, 40, "used 0 rid 0"},
    {"SAM", "SAM\\Domains\\Account\\Users\\000001F4", "F", say_user_f, 68,
     "rid 500 flags 0x211 logons 6 bad 0 set 2010-11-20T21:56:34"},
    {"SAM", "SAM\\Domains\\Account\\Users\\000001F5", "F", say_user_f, 68,
     "rid 501 flags 0x215 logons 0 bad 0 set 1601-01-01T00:00:00"},
    {"SAM", "SAM\\Domains\\Account\\Users\\000001F4", "V", say_user_v, 0, "Administrator blank 0"},
    {"SAM", "SAM\\Domains\\Account\\Users\\000001F5", "V", say_user_v, 0, "Guest blank 1"},
    {"SAM", "SAM\\Domains\\Account", "F", say_domain_f, 86,
     "threshold 0 lockout 1800 s window 1800 s length 0 history 0"},
    {"SYSTEM_WIN_10_1709", "ControlSet001\\Services\\Schedule", "FailureActions", say_failure, 44,
     "restart by itself at once, restart after 60 s, nothing; counted anew after 86400 s"},
    {"SYSTEM_WIN_10_1709", "ControlSet001\\Services\\RpcSs", "FailureActions", say_failure, 28,
     "reboot after 60 s; counted anew after 0 s"},
    {"SYSTEM_WIN_10_1709", "ControlSet001\\Services\\W32Time\\TriggerInfo\\0", "GUID", say_trigger, 16,
     "domain joined"},
    {"SYSTEM_WIN_10_1709", "ControlSet001\\Control\\Windows", "ShutdownTime", say_time, 8,
     "2020-04-19T09:08:44"},
};

static void decode_file(const char *file)
{
    char path[256];
    struct buf b = {0};
    snprintf(path, sizeof path, CORPUS "%s", file);
    FILE *f = fopen(path, "rb");
    if (!f)
        cr_skip_test("skipped: %s is not here", path);
    char part[65536];
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        buf_put(&b, part, n);
    fclose(f);
    struct arena mem;
    struct regf *r;
    struct regf_key top, k;
    struct regf_value v;
    struct span all = span_of(b.p, b.n, 0);
    struct image img = {.bytes = all.p, .n = all.n, .hive = all};
    cr_assert(arena_make(&mem, 16 << 20) && regf_open(&img, &mem, NULL, NULL, &r, NULL) == OK
              && regf_root(r, &top));
    struct arena was = mem;
    for (size_t i = 0; i < LEN(public); i++, mem = was) {
        if (strcmp(public[i].file, file) != 0)
            continue;
        cr_assert(regf_find(r, &top, str_of(public[i].key), &k)
                      && regf_get(r, &k, str_of(public[i].value), &v),
                  "%s %s", public[i].key, public[i].value);
        cr_expect_str_eq(public[i].say(v.data), public[i].text, "%s: %s", public[i].key, line);
        size_t need = v.data.n;
        while (need && *public[i].say(cut(v.data, v.data.n - (need - 1))))
            need--;
        cr_expect(public[i].need ? need == public[i].need : need > 0xcc, "%s %s: %zu bytes needed of %zu",
                  public[i].key, public[i].value, need, v.data.n);
        cr_expect_str_eq(public[i].say(cut(v.data, v.data.n - need)), public[i].text,
                         "%s: with what it needs", public[i].key);
    }
    buf_free(&b), arena_free(&mem);
}

Test(corpus, public_values)
{
    static const char *const files[] = {"SECURITY", "SAM", "SYSTEM_WIN_10_1709"};
    for (size_t i = 0; i < LEN(files); i++)
        decode_file(files[i]);
}
