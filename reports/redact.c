#include "reports/redact.h"
#include "base/hash.h"
#include "base/arena.h"
#include "base/grow.h"
#include "base/utf.h"
#include "case/casedb.h"
#include "case/named.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 1000, NAMES_BYTES = 64 << 20, PSEUDONYM = 24 };

/* upper: as it is looked for, in the capitals by which Windows compares names. */
struct name {
    struct str upper;
    char pseudonym[PSEUDONYM];
};
struct redact {
    struct arena mem;
    uint8_t key[SHA256_BYTES];
    struct name *name; /* by first byte, the longest first */
    size_t n, cap, first[257];
    struct str *kept; /* upper */
    size_t n_kept, cap_kept;
    bool full;
};

/* ---- capitals */

/* The character at *i, which moves on, in capitals; a byte that is none stays. Returns bytes. */
static size_t put_upper(struct str s, size_t *i, char out[4])
{
    uint32_t u = utf8_next(s, i);
    if (u != UTF_BAD)
        return utf8_put(out, utf_upcase(u));
    out[0] = s.p[*i - 1];
    return 1;
}

/* Capitals may be longer than the letters they are of: 2 bytes become 3 at most. */
static size_t upper_of(struct str s, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n;)
        n += put_upper(s, &i, out + n);
    return n;
}
enum { UPPER_BYTES = NAME_BYTES * 2 + 4 };

/* How many bytes at the start of s are that name in whatever case. */
static size_t begins_with(struct str s, struct str upper)
{
    size_t i = 0, k = 0;
    while (k < upper.n && i < s.n) {
        char c[4];
        size_t n = put_upper(s, &i, c);
        if (n > upper.n - k || memcmp(upper.p + k, c, n) != 0)
            return 0;
        k += n;
    }
    return k == upper.n ? i : 0;
}

/* ---- pseudonyms */

/* RFC 2104, over the SHA-256 of the platform. Names that Windows takes for one give one. */
static void sign_name(const struct redact *r, const char *kind, struct str s, uint8_t out[SHA256_BYTES])
{
    uint8_t pad[64] = {0}, inner[SHA256_BYTES];
    char up[4];
    struct sha256 h;
    memcpy(pad, r->key, sizeof r->key);
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] ^= 0x36;
    if (sha256_begin(&h)) {
        sha256_add(&h, pad, sizeof pad), sha256_add(&h, kind, strlen(kind) + 1);
        for (size_t i = 0; i < s.n;)
            sha256_add(&h, up, put_upper(s, &i, up));
    }
    memset(out, 0, SHA256_BYTES);
    if (!sha256_end(&h, inner))
        return;
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    if (sha256_begin(&h))
        sha256_add(&h, pad, sizeof pad), sha256_add(&h, inner, sizeof inner);
    sha256_end(&h, out);
}

static void put_pseudonym(const struct redact *r, const char *kind, struct str s, char out[PSEUDONYM])
{
    uint8_t sum[SHA256_BYTES];
    sign_name(r, kind, s, sum);
    snprintf(out, PSEUDONYM, "%s-%02x%02x%02x%02x", kind, sum[0], sum[1], sum[2], sum[3]);
}

/* ---- the names of a case */

/* The same on every host, or no name at all. */
static const char *const well_known[] = {"-",
                                         "nt authority",
                                         "nt service",
                                         "builtin",
                                         "iis apppool",
                                         "window manager",
                                         "font driver host",
                                         "local",
                                         "localhost",
                                         "workgroup",
                                         "system",
                                         "anonymous logon",
                                         "local service",
                                         "network service",
                                         "localsystem",
                                         "localservice",
                                         "networkservice",
                                         "administrator",
                                         "guest",
                                         "defaultaccount",
                                         "wdagutilityaccount",
                                         "everyone",
                                         "public",
                                         "default",
                                         "default user",
                                         "all users",
                                         "null",
                                         "authenticated users",
                                         "krbtgt",
                                         "ipc",
                                         "admin",
                                         "sysvol",
                                         "netlogon",
                                         "print",
                                         "pipe",
                                         "unc",
                                         "interactive",
                                         "network",
                                         "service",
                                         "batch",
                                         "users",
                                         "administrators",
                                         "n/a",
                                         "none",
                                         "unknown"};

static bool is_kept(const struct redact *r, struct str upper)
{
    bool number = true;
    for (size_t i = 0; i < upper.n; i++)
        number &= is_digit(upper.p[i]) || strchr(".:X%{}-", upper.p[i]) != NULL;
    if (upper.n < 2 || number || str_starts_ci(upper, STR("s-1-")) || str_starts_ci(upper, STR("%%"))
        || str_starts_ci(upper, STR("dwm-")) || str_starts_ci(upper, STR("umfd-"))
        || (upper.p[0] == '{' && upper.n == 38))
        return true;
    for (size_t i = 0; i < LEN(well_known); i++)
        if (str_eq_ci(upper, str_of(well_known[i])))
            return true;
    for (size_t i = 0; i < r->n_kept; i++)
        if (str_eq(upper, r->kept[i]))
            return true;
    return false;
}

static void add_one(struct redact *r, const char *kind, struct str s)
{
    s = str_trim(s);
    while (s.n && (s.p[s.n - 1] == '$' || s.p[s.n - 1] == '.'))
        s.n--;
    char text[UPPER_BYTES];
    if (s.n > NAME_BYTES)
        s.n = NAME_BYTES;
    struct str upper = {text, upper_of(s, text)};
    if (is_kept(r, upper))
        return;
    if (!(upper = arena_str(&r->mem, upper)).p) {
        r->full = true;
        return;
    }
    struct name *more = grow(r->name, sizeof *more, r->n, &r->cap);
    if (!more) {
        r->full = true;
        return;
    }
    struct name *n = &(r->name = more)[r->n++];
    n->upper = upper;
    put_pseudonym(r, kind, s, n->pseudonym);
}

/* A name as a record gives it: CORP\svc, svc@corp.example, \\SRV\share\x, WS04.corp.example, WS04$. */
static void add_names(struct redact *r, const char *kind, struct str s)
{
    s = str_trim(s);
    bool unc = s.n > 2 && s.p[0] == '\\' && s.p[1] == '\\';
    while (s.n && (s.p[0] == '\\' || s.p[0] == '/'))
        s.p++, s.n--;
    const char *slash = s.n ? memchr(s.p, '\\', s.n) : NULL;
    if (slash) {
        struct str before = {s.p, (size_t)(slash - s.p)}, behind = {slash + 1, s.n - before.n - 1};
        bool of_windows = str_eq_ci(before, STR("NT SERVICE")) || str_eq_ci(before, STR("NT AUTHORITY"))
                          || str_eq_ci(before, STR("BUILTIN")) || str_eq_ci(before, STR("IIS APPPOOL"));
        add_names(r, unc ? "host" : "domain", before);
        if (unc)
            behind = str_cut(&behind, '\\');
        if (!of_windows)
            add_one(r, unc ? "share" : kind, behind);
        return;
    }
    const char *at = s.n ? memchr(s.p, '@', s.n) : NULL, *dot = s.n ? memchr(s.p, '.', s.n) : NULL;
    if (at) {
        add_one(r, kind, (struct str){s.p, (size_t)(at - s.p)});
        add_one(r, "domain", (struct str){at + 1, s.n - (size_t)(at - s.p) - 1});
    } else if (dot && strcmp(kind, "host") == 0) {
        add_one(r, kind, (struct str){s.p, (size_t)(dot - s.p)});
        add_one(r, "domain", (struct str){dot + 1, s.n - (size_t)(dot - s.p) - 1});
    } else {
        add_one(r, kind, s);
    }
}

static enum status name_row(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct redact *r = ctx;
    (void)name, (void)n;
    if (c[1].null)
        return OK;
    const char *const kinds[] = {"host", "domain", "account", "share"};
    for (size_t i = 0; i < LEN(kinds); i++)
        if (str_eq(c[0].s, str_of(kinds[i])))
            add_names(r, kinds[i], c[1].s);
    return r->full ? err_set(e, E_LIMIT, ERR_NO_OFF, "redact", "too many names") : OK;
}

static enum status kept_row(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct redact *r = ctx;
    (void)name, (void)n, (void)e;
    struct str s = c[0].s, copy;
    const char *slash = s.n ? memchr(s.p, '\\', s.n) : NULL;
    if (slash)
        s = (struct str){slash + 1, s.n - (size_t)(slash - s.p) - 1};
    char text[UPPER_BYTES];
    s.n = s.n > NAME_BYTES ? NAME_BYTES : s.n;
    struct str *more = grow(r->kept, sizeof *more, r->n_kept, &r->cap_kept);
    if (more)
        r->kept = more;
    if (!more || !(copy = arena_str(&r->mem, (struct str){text, upper_of(s, text)})).p)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "redact", "out of memory");
    r->kept[r->n_kept++] = copy;
    return OK;
}

static enum status key_row(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)n, (void)e;
    sha256_add(ctx, c[0].s.p ? c[0].s.p : "", c[0].s.n), sha256_add(ctx, "", 1);
    return OK;
}

/* by first byte; the longest first; of one name the first pseudonym stays */
static int by_name(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    uint8_t p = (uint8_t)x->upper.p[0], q = (uint8_t)y->upper.p[0];
    if (p != q)
        return p < q ? -1 : 1;
    if (x->upper.n != y->upper.n)
        return x->upper.n > y->upper.n ? -1 : 1;
    int c = str_cmp(x->upper, y->upper);
    return c ? c : strcmp(y->pseudonym, x->pseudonym); /* host before domain before account: h > d > a */
}

enum status redact_open(struct casedb *db, struct redact **out, struct err *e)
{
    struct sha256 h;
    struct redact *r = calloc(1, sizeof *r);
    if (!r || !arena_make(&r->mem, NAMES_BYTES)) {
        free(r);
        return err_set(e, E_NOMEM, ERR_NO_OFF, "redact", "out of memory");
    }
    bool ok = sha256_begin(&h);
    enum status st = ok ? case_named_in(db, Q_EXPORT, "v_redact_key", "data", "", NULL, key_row, &h, e) : OK;
    if (!sha256_end(&h, r->key) && st == OK)
        st = err_set(e, E_NOMEM, ERR_NO_OFF, "redact", "SHA-256 is not available");
    if (st == OK)
        st = case_named_in(db, Q_EXPORT, "kb_account", "name", "", NULL, kept_row, r, e);
    if (st == OK)
        st = case_named_in(db, Q_EXPORT, "v_redact_name", "kind, name", "", NULL, name_row, r, e);
    if (st != OK) {
        redact_close(r);
        return st;
    }
    if (r->n)
        qsort(r->name, r->n, sizeof *r->name, by_name);
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        if (!n || !str_eq(r->name[n - 1].upper, r->name[i].upper))
            r->name[n++] = r->name[i];
    r->n = n;
    for (size_t i = 0, at = 0; i <= 256; i++) {
        while (at < r->n && (uint8_t)r->name[at].upper.p[0] < i)
            at++;
        r->first[i] = at;
    }
    *out = r;
    return OK;
}

void redact_close(struct redact *r)
{
    if (!r)
        return;
    free(r->name), free(r->kept);
    arena_free(&r->mem);
    free(r);
}

/* ---- text */

static bool is_hex(char c) { return hex_value(c) < 16; }

/* How many bytes at the start of s are a name of the case; whole words only. */
static size_t find_name(const struct redact *r, struct str s, bool begins, const struct name **found)
{
    char capital[4];
    size_t one = 0;
    if (!begins && is_word(s.p[0]))
        return 0;
    put_upper(s, &one, capital);
    uint8_t c = (uint8_t)capital[0];
    for (size_t i = r->first[c]; i < r->first[c + 1]; i++) {
        size_t k = begins_with(s, r->name[i].upper);
        if (k && !(k < s.n && is_word(s.p[k]) && is_word(s.p[k - 1]))) {
            *found = &r->name[i];
            return k;
        }
    }
    return 0;
}

/* S-1-5-21-a-b-c[-rid] of a machine or a domain, S-1-12-1-... of a cloud account; others are the same
 * everywhere. */
static size_t find_sid(const struct redact *r, struct str s, struct buf *b)
{
    static const char local[] = "S-1-5-21-", cloud[] = "S-1-12-1-";
    bool is_local = str_starts_ci(s, STR(local));
    size_t n = sizeof local - 1, numbers = 0, three = 0;
    uint8_t sum[SHA256_BYTES];
    if (!is_local && !str_starts_ci(s, STR(cloud)))
        return 0;
    for (; n < s.n && is_digit(s.p[n]); numbers++) {
        while (n < s.n && is_digit(s.p[n]))
            n++;
        three = numbers == 2 ? n : three;
        if (numbers == 3 || n + 1 >= s.n || s.p[n] != '-' || !is_digit(s.p[n + 1]))
            break;
        n++;
    }
    if (!numbers)
        return 0;
    struct str authority = {s.p, is_local && three ? three : n};
    sign_name(r, "sid", authority, sum);
    buf_put(b, s.p, sizeof local - 1);
    for (size_t i = 0; i < 3; i++)
        buf_printf(b, "%s%u", i ? "-" : "",
                   (unsigned)sum[4 * i] << 24 | (unsigned)sum[4 * i + 1] << 16 | (unsigned)sum[4 * i + 2] << 8
                       | sum[4 * i + 3]);
    if (is_local && three && three < n) {
        struct str rid = {s.p + three + 1, n - three - 1};
        if (rid.n > 3) {
            sign_name(r, "rid", (struct str){s.p, n}, sum);
            buf_printf(b, "-%u", 1000 + ((unsigned)sum[0] << 16 | (unsigned)sum[1] << 8 | sum[2]));
        } else { /* below 1000: the same on every host */
            buf_char(b, '-'), buf_str(b, rid);
        }
    }
    return n;
}

/* Four numbers of a byte; a version has larger ones or other lengths. */
static size_t ipv4(struct str s)
{
    size_t n = 0, parts = 0;
    for (; parts < 4; parts++) {
        size_t from = n;
        unsigned v = 0;
        while (n < s.n && is_digit(s.p[n]) && n - from < 4)
            v = v * 10 + (unsigned)(s.p[n++] - '0');
        if (n == from || v > 255 || n - from > 3)
            return 0;
        if (parts < 3 && !(n < s.n && s.p[n] == '.'))
            return 0;
        n += parts < 3;
    }
    return n < s.n && (is_word8(s.p[n]) || (s.p[n] == '.' && n + 1 < s.n && is_digit(s.p[n + 1]))) ? 0 : n;
}

/* Groups of hexadecimal digits with "::", or with five colons at least: times and drive letters have fewer.
 */
static size_t ipv6(struct str s)
{
    size_t n = 0, colons = 0, digits = 0;
    bool twice = false;
    for (; n < s.n && (is_hex(s.p[n]) || s.p[n] == ':') && n < 46; n++) {
        colons += s.p[n] == ':', digits += s.p[n] != ':';
        twice |= s.p[n] == ':' && n && s.p[n - 1] == ':';
    }
    while (n && s.p[n - 1] == ':' && !(n > 1 && s.p[n - 2] == ':'))
        n--, colons--;
    bool is = digits > 1 && ((twice && colons >= 2) || colons >= 5) && colons <= 8;
    return is && !(n < s.n && is_word8(s.p[n])) ? n : 0;
}

static size_t find_address(const struct redact *r, struct str s, struct buf *b)
{
    char text[PSEUDONYM];
    size_t n = is_digit(s.p[0]) ? ipv4(s) : 0;
    bool four = n > 0;
    n = n ? n : is_hex(s.p[0]) || s.p[0] == ':' ? ipv6(s) : 0;
    struct str a = {s.p, n};
    if (!n)
        return 0;
    if (four
        && (str_starts_ci(a, STR("127.")) || str_eq(a, STR("0.0.0.0"))
            || str_eq(a, STR("255.255.255.255")))) {
        buf_str(b, a);
        return n;
    }
    put_pseudonym(r, "addr", a, text);
    buf_z(b, text);
    return n;
}

/* One part of a path or an address that its place tells to be a name: what is behind \\, behind \Users\, at
 * an @. */
static size_t put_part(const struct redact *r, const char *kind, struct str s, struct buf *b)
{
    char upper[UPPER_BYTES], text[PSEUDONYM];
    const struct name *found;
    size_t n = 0;
    while (n < s.n && !strchr("\\/\"'<>|,;:()\r\n\t\36", s.p[n]) && s.p[n] && n < NAME_BYTES)
        n++;
    struct str part = {upper, upper_of((struct str){s.p, n}, upper)}, bare = part;
    while (bare.n && bare.p[bare.n - 1] == '$')
        bare.n--;
    if (!n || str_eq(part, STR(".")) || str_eq(part, STR("?")) || (n == 2 && upper[1] == '$')
        || is_kept(r, bare) || ipv4(part) || str_starts_ci(part, STR("host-")))
        return 0;
    if (find_name(r, s, true, &found))
        return 0; /* the list says what it is */
    size_t blank = 0;
    while (blank < n && s.p[blank] != ' ')
        blank++;
    if (strcmp(kind, "account") != 0)
        n = blank; /* servers and shares in sentences end there */
    put_pseudonym(r, kind, (struct str){s.p, n}, text);
    buf_z(b, text);
    return n;
}

void redact_text(const struct redact *r, struct str s, struct buf *b)
{
    bool begins = true;
    unsigned unc = 0; /* 1: a server comes, 2: a share */
    for (size_t i = 0; i < s.n;) {
        struct str at = {s.p + i, s.n - i};
        const struct name *found = NULL;
        size_t n = 0;
        if (unc)
            n = put_part(r, unc == 1 ? "host" : "share", at, b);
        if (!n && begins)
            n = find_sid(r, at, b);
        if (!n && begins)
            n = find_address(r, at, b);
        if (!n && (n = find_name(r, at, begins, &found)))
            buf_z(b, found->pseudonym);
        unc = 0;
        if (!n) {
            buf_char(b, at.p[0]), n = 1;
            if (at.p[0] == '\\' && i && s.p[i - 1] == '\\' && at.n > 1 && at.p[1] != '\\')
                unc = 1;
            if (at.n > 7 && str_starts_ci(at, STR("\\Users\\"))) {
                buf_put(b, at.p + 1, 6), n = 7;
                size_t name = put_part(r, "account", (struct str){at.p + 7, at.n - 7}, b);
                n += name;
            }
        } else if (i >= 2 && s.p[i - 1] == '\\' && s.p[i - 2] == '\\' && at.n > n + 1 && at.p[n] == '\\') {
            buf_char(b, '\\'), n++, unc = 2; /* \\server\ : a share comes */
        }
        i += n;
        begins = !is_word8(s.p[i - 1]);
    }
}
