#include "tests/build.h"
#include "base/hash.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static void zeros(struct buf *b, size_t n)
{
    while (n--)
        buf_char(b, 0);
}
static void align8(struct buf *b, char fill)
{
    while (b->n % 8)
        buf_char(b, fill);
}
/* The default value of a key, type REG_NONE: how LSA stores everything. */
static void lsa_value(struct hive *h, const char *path, const struct buf *b)
{
    reg(h, path, TYPED(V_NONE, "", b->n ? b->p : "", b->n), END);
}

void service_key(struct hive *h, const struct service_row *s)
{
    char path[512];
    snprintf(path, sizeof path, "ControlSet001\\Services\\%s", s->name);
    reg(h, path, DW("Type", s->type ? s->type : 0x10), DW("Start", s->start), DW("ErrorControl", 1),
        EXPAND("ImagePath", s->image ? s->image : "%SystemRoot%\\System32\\svchost.exe -k netsvcs -p"), END);
    if (s->display)
        reg(h, path, SZ("DisplayName", s->display), END);
    if (s->account)
        reg(h, path, SZ("ObjectName", s->account), END);
    if (s->depends)
        reg(h, path, MULTI("DependOnService", s->depends), END);
    if (s->delayed)
        reg(h, path, DW("DelayedAutostart", 1), END);
    if (s->managed)
        reg(h, path, BYTES("ServiceAccountManaged", "\1\0\0\0", 4), END);
}

/* ---- SECURITY ---- */
void lsa_name(struct hive *h, const char *key, const char *text)
{
    char path[256];
    struct buf u = {0}, b = {0};
    snprintf(path, sizeof path, "Policy\\%s", key);
    put_utf16(&u, text);
    buf_u16(&b, (uint16_t)u.n), buf_u16(&b, (uint16_t)(u.n ? u.n + 2 : 0)), buf_u32(&b, u.n ? 8 : 0),
        buf_put(&b, u.p, u.n);
    if (u.n)
        zeros(&b, 2), zeros(&b, (4 - b.n % 4) % 4);
    lsa_value(h, path, &b);
    buf_free(&u), buf_free(&b);
}

void lsa_sid(struct hive *h, const char *key, const char *sid)
{
    char path[256];
    struct buf b = {0};
    snprintf(path, sizeof path, "Policy\\%s", key);
    if (sid)
        put_sid(&b, sid);
    lsa_value(h, path, &b);
    buf_free(&b);
}

void lsa_secret(struct hive *h, const char *name, int64_t cupd, int64_t oupd)
{
    static const char *const parts[] = {"CupdTime", "OupdTime", "CurrVal", "OldVal"};
    for (size_t i = 0; i < LEN(parts); i++) {
        char path[512];
        struct buf b = {0};
        snprintf(path, sizeof path, "Policy\\Secrets\\%s\\%s", name, parts[i]);
        if (i < 2)
            buf_u64le(&b, (uint64_t)(i ? oupd : cupd));
        else /* version 1, key id, algorithm 3, then cipher text: never read */
            buf_put(&b, "\0\0\0\1", 4), zeros(&b, 16), buf_u32(&b, 3), zeros(&b, 4), zeros(&b, 96);
        lsa_value(h, path, &b);
        buf_free(&b);
    }
}

void lsa_right(struct hive *h, const char *sid, uint32_t mask)
{
    char path[256];
    struct buf b = {0};
    snprintf(path, sizeof path, "Policy\\Accounts\\%s\\ActSysAc", sid);
    buf_u32(&b, mask);
    lsa_value(h, path, &b);
    snprintf(path, sizeof path, "Policy\\Accounts\\%s\\Sid", sid);
    b.n = 0, put_sid(&b, sid);
    lsa_value(h, path, &b);
    buf_free(&b);
}

void lsa_audit(struct hive *h, const struct audit_row *rows, size_t n)
{
    static const uint16_t per_category[] = {5, 11, 14, 3, 6, 6, 6, 4, 4};
    static const struct audit_row defaults[] = {
        {0x0c, 1},          {0x10, 3}, {0x14, 3}, {AUDIT_LOGON, 1}, {AUDIT_LOGOFF, 1},       {0x1a, 1},
        {AUDIT_SPECIAL, 1}, {0x26, 3}, {0x5a, 1}, {0x5c, 1},        {AUDIT_USER_ACCOUNT, 1}, {0x6c, 1}};
    uint8_t p[150] = {0, 1};
    set32(p + 4, LEN(per_category)), set32(p + 8, 0x84);
    for (size_t i = 0; i < LEN(defaults); i++)
        set16(p + defaults[i].off, defaults[i].mask);
    for (size_t i = 0; i < n; i++)
        set16(p + rows[i].off, rows[i].mask);
    for (size_t i = 0; i < LEN(per_category); i++)
        set16(p + 0x84 + 2 * i, per_category[i]);
    lsa_value(h, "Policy\\PolAdtEv", &(struct buf){.p = (char *)p, .n = sizeof p});
}

enum { CACHED = 168 };
static void cached(struct hive *h, unsigned slot, const uint8_t *p)
{
    char name[16];
    snprintf(name, sizeof name, "NL$%u", slot);
    reg(h, "Cache", BYTES(name, p, CACHED), END);
}
void lsa_cache(struct hive *h, unsigned slots)
{
    uint8_t p[CACHED] = {0}, control[8] = {4, 0, 1, 0};
    set16(p + 40, 4), set16(p + 42, 1), set32(control + 4, slots);
    for (unsigned i = 1; i <= slots; i++)
        cached(h, i, p);
    reg(h, "Cache", BYTES("NL$Control", control, sizeof control), END);
}
void lsa_cached(struct hive *h, unsigned slot, int64_t written, uint32_t rid)
{
    uint8_t p[CACHED] = {0};
    set16(p, 10), set16(p + 2, 8), set32(p + 16, rid), set32(p + 20, 513), set16(p + 28, 24),
        set64(p + 32, (uint64_t)written);
    set16(p + 40, 4), set16(p + 42, 1), set16(p + 60, 24);
    cached(h, slot, p);
}

/* ---- SAM ---- */
void sam_user(struct hive *h, const struct user_row *u)
{
    char path[256];
    uint8_t f[80] = {2, 0, 1};
    set64(f + 8, (uint64_t)u->last_logon), set64(f + 24, (uint64_t)u->password_set),
        set64(f + 32, u->expires ? (uint64_t)u->expires : INT64_MAX);
    set64(f + 40, (uint64_t)u->last_bad), set32(f + 48, u->rid), set32(f + 52, 513),
        set32(f + 56, u->flags ? u->flags : ACB_NORMAL);
    set16(f + 64, u->bad_count), set16(f + 66, u->logons);

    /* V: 17 descriptors {offset, length, unknown}; offsets count from behind them. */
    enum { HEAD = 17 * 12, NAME = 1, LM = 13, NT = 14 };
    struct buf name = {0}, v = {0};
    put_utf16(&name, u->name);
    uint32_t lm = u->old ? 4 : 0x18,
             nt = u->blank ? lm
                  : u->old ? 20
                           : 0x38,
             at[17] = {0}, len[17] = {[NAME] = (uint32_t)name.n, [LM] = lm, [NT] = nt};
    for (uint32_t i = 0, end = 0; i < 17; i++) {
        at[i] = end, end += (len[i] + 3) & ~3u;
        buf_u32(&v, at[i]), buf_u32(&v, len[i]), buf_u32(&v, 0);
    }
    zeros(&v, at[16]);
    memcpy(v.p + HEAD + at[NAME], name.p, name.n);
    snprintf(path, sizeof path, "SAM\\Domains\\Account\\Users\\%08X", u->rid);
    reg(h, path, BYTES("F", f, sizeof f), BYTES("V", v.p, v.n), END);
    snprintf(path, sizeof path, "SAM\\Domains\\Account\\Users\\Names\\%s", u->name);
    reg(h, path, TYPED((int)u->rid, "", "", 0), END);
    buf_free(&name), buf_free(&v);
}

void sam_domain(struct hive *h, const char *sid, uint16_t lockout_threshold)
{
    const int64_t day = 86400 * WINTIME_SECOND;
    uint8_t f[240] = {3, 0, 1};
    set64(f + 8, (uint64_t)h->now), set64(f + 24, (uint64_t)(-42 * day)), set64(f + 40, 1ull << 63),
        set64(f + 48, (uint64_t)(-day / 48)), set64(f + 56, (uint64_t)(-day / 48));
    set32(f + 72, 1010), set32(f + 76, 1), set16(f + 80, 7), set16(f + 82, 24),
        set16(f + 84, lockout_threshold);
    struct buf v = {0};
    /* security descriptor (left out), the domain's SID, two empty ones */
    for (unsigned i = 0; i < 4; i++)
        buf_u32(&v, i < 2 ? 0 : 24), buf_u32(&v, i == 1 ? 24 : 0), buf_u32(&v, 0);
    put_sid(&v, sid);
    reg(h, "SAM\\Domains\\Account", BYTES("F", f, sizeof f), BYTES("V", v.p, v.n), END);
    buf_free(&v);
}

/* ---- SOFTWARE: TaskCache. Layouts: cyber.wtf "Windows Registry Analysis - Tracking Everything You Do:
 * Tasks", libyal/winreg-kb ---- */
static void padded32(struct buf *b, uint32_t v) { buf_u32(b, v), align8(b, 0x48); }
static void padded8(struct buf *b, uint8_t v) { buf_char(b, (char)v), align8(b, 0x48); }
static void padded_text(struct buf *b, const char *text)
{
    struct buf u = {0};
    put_utf16(&u, text);
    padded32(b, (uint32_t)u.n), buf_put(b, u.p, u.n), align8(b, 0x48);
    buf_free(&u);
}
static void tstime(struct buf *b, int64_t t) { padded8(b, 0), buf_u64le(b, (uint64_t)t); }

static uint32_t logon_flag(const char *logon)
{
    static const struct {
        const char *name;
        uint32_t flag;
    } kinds[] = {{"S4U", 0x4000},
                 {"InteractiveToken", 0x10000},
                 {"Password", 0x40000},
                 {"InteractiveTokenOrPassword", 0x80000}};
    for (size_t i = 0; i < LEN(kinds); i++)
        if (strcmp(logon, kinds[i].name) == 0)
            return kinds[i].flag;
    return 0; /* service accounts and groups carry none of the four */
}

static void triggers(struct buf *b, const struct task_row *t)
{
    padded8(b, 0x17), tstime(b, 0), tstime(b, 0);
    padded32(b, 0x400100u | logon_flag(t->logon) | t->flags); /* enabled, on demand */
    padded32(b, crc32_add(0, t->path, strlen(t->path)));
    padded_text(b, "Author"), padded_text(b, "");
    struct buf sid = {0};
    put_sid(&sid, t->sid);
    padded8(b, 0), padded8(b, 0), padded32(b, strcmp(t->logon, "Group") == 0 ? 2 : 1),
        padded32(b, (uint32_t)sid.n), buf_put(b, sid.p, sid.n), align8(b, 0x48);
    padded_text(b, t->user ? t->user : "");
    /* idle duration and timeout, time limit, expiry, priority 7, restarts, network id */
    padded32(b, 0x2c);
    for (unsigned i = 0; i < 11; i++)
        buf_u32(b, i == 2 ? 259200 : i == 3 ? 0xffffffff : i == 4 ? 7 : 0);
    align8(b, 0x48);
    buf_free(&sid);
}

static void counted(struct buf *b, const char *text)
{
    struct buf u = {0};
    put_utf16(&u, text ? text : "");
    buf_u32(b, (uint32_t)u.n), buf_put(b, u.p, u.n);
    buf_free(&u);
}
static void actions(struct buf *b, const struct task_row *t)
{
    buf_u16(b, 3), counted(b, "Author");
    buf_u16(b, 0x6666), counted(b, ""), counted(b, t->command ? t->command : "%windir%\\system32\\cmd.exe"),
        counted(b, t->arguments), counted(b, t->folder), buf_u16(b, 0);
}
static void dynamic_info(struct buf *b, const struct task_row *t)
{
    buf_u32(b, 3), buf_u64le(b, (uint64_t)t->registered), buf_u64le(b, (uint64_t)t->last_run),
        buf_u32(b, t->state), buf_u32(b, t->result);
    if (!t->vista)
        buf_u64le(b, (uint64_t)t->last_ok);
}

#define SCHEDULE "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache"
void cached_task(struct hive *h, const struct task_row *t)
{
    char path[1024], guid[48], date[WINTIME_TEXT];
    uint64_t id = hash64(t->path, strlen(t->path)), id2 = marvin32(t->path, strlen(t->path));
    snprintf(guid, sizeof guid, "{%08X-%04X-4%03X-A%03X-%012llX}", (unsigned)(id >> 32),
             (unsigned)(id >> 16 & 0xffff), (unsigned)(id & 0xfff), (unsigned)(id2 >> 48 & 0xfff),
             (unsigned long long)(id2 & 0xffffffffffff));
    int64_t now = h->now;
    h->now = t->registered; /* both keys were last written when the task was registered */
    snprintf(path, sizeof path, SCHEDULE "\\Tree%s", t->path);
    reg(h, path, SZ("Id", t->guid ? t->guid : guid), DW("Index", 3), END);
    struct buf a = {0}, tr = {0}, d = {0};
    actions(&a, t), triggers(&tr, t), dynamic_info(&d, t);
    wintime_text(t->registered, date);
    snprintf(path, sizeof path, SCHEDULE "\\Tasks\\%s", t->guid ? t->guid : guid);
    reg(h, path, SZ("Path", t->path), SZ("URI", t->path), DW("Schema", 0x10004), SZ("Date", date),
        SZ("Author", t->user ? t->user : ""), BYTES("Actions", a.p, a.n), BYTES("Triggers", tr.p, tr.n),
        BYTES("DynamicInfo", d.p, d.n), END);
    snprintf(path, sizeof path, SCHEDULE "\\Plain\\%s", t->guid ? t->guid : guid);
    hive_key(h, path);
    h->now = now;
    buf_free(&a), buf_free(&tr), buf_free(&d);
}
