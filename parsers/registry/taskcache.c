#include "parsers/registry/taskcache.h"
#include "base/utf.h"
#include "parsers/registry/lsa.h"
#include <stdio.h>

enum {
    DYNAMIC_BYTES = 28,
    DYNAMIC_8_BYTES = 36,
    ACTION_PROGRAM = 0x6666,
    ACTION_COM = 0x7777,
    ACTION_MAIL = 0x8888,
    ACTION_MESSAGE = 0x9999
};

bool taskcache_dynamic(struct span data, struct task_dynamic *out)
{
    struct span s = data;
    uint32_t magic = span_u32(&s);
    *out = (struct task_dynamic){.has_last_ok = data.n >= DYNAMIC_8_BYTES};
    out->registered = (int64_t)span_u64(&s), out->last_run = (int64_t)span_u64(&s);
    out->state = span_u32(&s), out->result = span_u32(&s);
    if (out->has_last_ok)
        out->last_ok = (int64_t)span_u64(&s);
    return !s.bad && magic == 3;
}

/* ---- Triggers: everything starts at a multiple of 8 */

static uint8_t padded_u8(struct span *s)
{
    uint8_t v = span_u8(s);
    span_take(s, 7);
    return v;
}

static uint32_t padded_u32(struct span *s)
{
    uint32_t v = span_u32(s);
    span_take(s, 4);
    return v;
}

static struct span padded_bytes(struct span *s)
{
    size_t n = padded_u32(s), pad = (8 - n % 8) % 8;
    struct span data = span_take(s, n);
    span_take(s, pad < s->n ? pad : s->n); /* the last one may go without */
    return data;
}

bool taskcache_triggers(struct span s, struct arena *a, struct task_triggers *out)
{
    *out = (struct task_triggers){.version = padded_u8(&s)};
    span_take(&s, 32); /* first and last boundary of all triggers */
    out->flags = padded_u32(&s), out->has_flags = !s.bad;
    padded_u32(&s); /* CRC of the XML */
    if (out->version >= 22)
        out->principal = utf16_strz(a, padded_bytes(&s));
    if (out->version >= 23)
        padded_bytes(&s); /* display name */
    if (padded_u8(&s) != 0)
        return !s.bad;
    if (padded_u8(&s) == 0) {
        out->sid_type = padded_u32(&s);
        struct span sid = padded_bytes(&s);
        if (sid.n && !(out->sid = lsa_read_sid(sid, a)).p)
            return false;
    }
    struct span user = padded_bytes(&s);
    if (!user.bad && user.n)
        out->user = utf16_strz(a, user);
    return !s.bad;
}

const char *taskcache_logon(const struct task_triggers *t)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } types[] = {{TASK_PASSWORD, "Password"},
                 {TASK_S4U, "S4U"},
                 {TASK_INTERACTIVE, "InteractiveToken"},
                 {TASK_INTERACTIVE_OR_PASSWORD, "InteractiveTokenOrPassword"}};
    static const struct str services[] = {{"S-1-5-18", 8}, {"S-1-5-19", 8}, {"S-1-5-20", 8}};
    enum { GROUP = 2, ALIAS = 4, WELL_KNOWN_GROUP = 5 }; /* SID_NAME_USE */
    for (size_t i = 0; t->has_flags && i < LEN(types); i++)
        if (t->flags & types[i].flag)
            return types[i].name;
    for (size_t i = 0; i < LEN(services); i++)
        if (str_eq(t->sid, services[i]))
            return "ServiceAccount";
    return t->sid.n && (t->sid_type == GROUP || t->sid_type == ALIAS || t->sid_type == WELL_KNOWN_GROUP)
               ? "Group"
               : NULL;
}

/* ---- Actions */

static struct str take_text(struct span *s, struct arena *a)
{
    struct span t = span_take(s, span_u32(s));
    return t.n ? utf16_strz(a, t) : (struct str){"", 0};
}

static bool letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

/* A path on a server ("\\host\share", "\\?\UNC\..."), else one on a drive that may be mapped. */
static enum task_place place_of(struct str s)
{
    enum task_place place = TASK_LOCAL;
    for (size_t i = 0; i + 2 < s.n; i++) {
        bool starts = i == 0 || !letter(s.p[i - 1]);
        if (s.p[i] == '\\' && s.p[i + 1] == '\\' && s.p[i + 2] != '\\' && (i == 0 || s.p[i - 1] != '\\')) {
            if (s.p[i + 2] != '?' && s.p[i + 2] != '.')
                return TASK_UNC;
            if (str_starts_ci((struct str){s.p + i + 3, s.n - i - 3}, STR("\\UNC\\")))
                return TASK_UNC;
        }
        if (starts && letter(s.p[i]) && (s.p[i] | 32) != 'c' && s.p[i + 1] == ':'
            && (s.p[i + 2] == '\\' || s.p[i + 2] == '/'))
            place = TASK_DRIVE;
    }
    return place;
}

static void note_place(struct task_actions *out, struct str s)
{
    enum task_place p = place_of(s);
    if (p == TASK_UNC || (p == TASK_DRIVE && out->place == TASK_LOCAL))
        out->place = p;
}

static bool add_command(struct task_actions *out, struct arena *a, struct str what, struct str more)
{
    char *line = arena_printf(a, "%.*s%s%.*s%s%.*s", STR_ARG(out->command), out->n ? "; " : "", STR_ARG(what),
                              more.n ? " " : "", STR_ARG(more));
    if (line)
        out->command = str_of(line), out->n++;
    return line != NULL;
}

static bool program(struct span *s, unsigned version, struct arena *a, struct task_actions *out)
{
    struct str command = take_text(s, a), arguments = take_text(s, a), directory = take_text(s, a);
    if (version == 3)
        span_u16(s);
    note_place(out, command), note_place(out, arguments), note_place(out, directory);
    return add_command(out, a, command, arguments);
}

static bool com_object(struct span *s, struct arena *a, struct task_actions *out)
{
    struct span id = span_take(s, 16);
    struct str data = take_text(s, a);
    if (id.bad)
        return false;
    const uint8_t *p = id.p;
    char clsid[40];
    int n = snprintf(clsid, sizeof clsid, "{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}", le32(p),
                     (unsigned)le16(p + 4), (unsigned)le16(p + 6), p[8], p[9], p[10], p[11], p[12], p[13],
                     p[14], p[15]);
    return add_command(out, a, (struct str){clsid, (size_t)n}, data);
}

bool taskcache_actions(struct span s, struct arena *a, struct task_actions *out)
{
    *out = (struct task_actions){.command = {"", 0}};
    unsigned version = span_u16(&s);
    if (version < 1 || version > 3)
        return false;
    if (version == 3)
        take_text(&s, a); /* context: the principal's id */
    while (s.n && out->n < 32) {
        unsigned magic = span_u16(&s);
        take_text(&s, a); /* id of the action */
        bool ok = magic == ACTION_PROGRAM ? program(&s, version, a, out)
                  : magic == ACTION_COM   ? com_object(&s, a, out)
                                          : false;
        if (!ok && (magic == ACTION_MAIL || magic == ACTION_MESSAGE))
            /* neither runs since Windows 8 */
            return add_command(out, a, magic == ACTION_MAIL ? STR("(e-mail)") : STR("(message)"),
                               (struct str){"", 0});
        if (!ok || s.bad)
            return false;
    }
    return !s.bad;
}
