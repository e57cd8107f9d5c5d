#include "parsers/registry/regwords.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "parsers/registry/lsa.h"
#include "parsers/registry/regpath.h"
#include <stdio.h>

bool service_failure(struct span data, struct service_failure *out)
{
    *out = (struct service_failure){.reset = span_u32(&data)};
    span_take(&data, 8);
    out->n = span_u32(&data);
    span_u32(&data);
    if (data.bad || out->n > data.n / 8)
        return false;
    for (uint32_t i = 0; i < out->n && i < SERVICE_ACTIONS; i++)
        out->action[i].type = span_u32(&data), out->action[i].delay = span_u32(&data);
    return true;
}

struct str service_failure_words(const struct service_failure *f, struct arena *a)
{
    static const char *const names[] = {"nothing", "restart", "reboot", "run a command", "restart by itself"};
    char text[SERVICE_ACTIONS * 40 + 64], delay[32];
    size_t n = 0;
    for (uint32_t i = 0; i < f->n && i < SERVICE_ACTIONS; i++) {
        uint32_t type = f->action[i].type, ms = f->action[i].delay;
        snprintf(delay, sizeof delay,
                 ms % 1000 ? " after %u ms"
                 : ms      ? " after %u s"
                           : " at once",
                 ms % 1000 ? ms : ms / 1000);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s%s", i ? ", " : "",
                              type < LEN(names) ? names[type] : "unknown",
                              type == SERVICE_NOTHING ? "" : delay);
    }
    if (!f->n)
        n += (size_t)snprintf(text, sizeof text, "nothing");
    if (f->n > SERVICE_ACTIONS)
        n += (size_t)snprintf(text + n, sizeof text - n, ", and %u more", f->n - SERVICE_ACTIONS);
    if (f->reset != UINT32_MAX)
        n += (size_t)snprintf(text + n, sizeof text - n, "; counted anew after %u s", f->reset);
    return arena_str(a, (struct str){text, n});
}

struct str service_trigger(struct span guid, struct arena *a)
{
    static const struct {
        const char *guid, *words;
    } known[] = {
        {"{4f27f2de-14e2-430b-a549-7cd48cbc8245}", "first IP address arrived"},
        {"{cc4ba62a-162e-4648-847a-b6bdf993e335}", "last IP address gone"},
        {"{1ce20aba-9851-4421-9430-1ddeb766e809}", "domain joined"},
        {"{ddaf516e-58c2-4866-9574-c3b615d42ea1}", "domain left"},
        {"{b7569e07-8421-4ee0-ad10-86915afdad09}", "firewall port opened"},
        {"{a144ed38-8e12-4de4-9d96-e64740b1a524}", "firewall port closed"},
        {"{659fcae6-5bdb-4da9-b1ff-ca2a178d46e0}", "machine policy"},
        {"{54fb46c8-f089-464c-b1fd-59d1b62c3b50}", "user policy"},
        {"{bc90d167-9470-4139-a9ba-be0bbbf5b74d}", "RPC request"},
        {"{1f81d131-3fac-4537-9e0c-7e7b0c2f4b55}", "named pipe request"},
        {"{2d7a2816-0c5e-45fc-9ce7-570e5ecde9c9}", "system state changed"},
    };
    struct span s = span_take(&guid, 16);
    if (s.bad)
        return (struct str){0};
    const uint8_t *p = s.p;
    char text[40];
    int n = snprintf(text, sizeof text, "{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}", le32(p),
                     (unsigned)le16(p + 4), (unsigned)le16(p + 6), p[8], p[9], p[10], p[11], p[12], p[13],
                     p[14], p[15]);
    for (size_t i = 0; i < LEN(known); i++)
        if (strcmp(known[i].guid, text) == 0)
            return str_of(known[i].words);
    return arena_str(a, (struct str){text, (size_t)n});
}

static struct str time_words(int64_t t, struct arena *a)
{
    char text[WINTIME_TEXT];
    return t ? arena_str(a, str_of(wintime_text(t, text))) : STR("never");
}

static struct str failure(struct span data, struct arena *a)
{
    struct service_failure f;
    return service_failure(data, &f) ? service_failure_words(&f, a) : (struct str){0};
}

static struct str filetime(struct span data, struct arena *a)
{
    int64_t t = (int64_t)span_u64(&data);
    return data.bad ? STR_NONE : time_words(t, a);
}

static struct str unix_time(struct span data, struct arena *a)
{
    uint32_t t = span_u32(&data);
    return data.bad ? STR_NONE : time_words(t ? WINTIME_UNIX_EPOCH + t * WINTIME_SECOND : 0, a);
}

static struct str sid(struct span data, struct arena *a) { return lsa_read_sid(data, a); }

static const struct {
    const char *kind, *path, *value;
    struct str (*fn)(struct span, struct arena *);
} rows[] = {
    {"SYSTEM", "*\\Services\\*", "FailureActions", failure},
    {"SYSTEM", "*\\Services\\*\\TriggerInfo\\*", "GUID", service_trigger},
    {"SYSTEM", "*\\Control\\Windows", "ShutdownTime", filetime},
    {"SYSTEM", "*\\Services\\W32Time\\Config", "LastKnownGoodTime", filetime},
    {"SYSTEM", "*\\Services\\Tcpip\\Parameters\\Interfaces\\*", "LeaseObtainedTime", unix_time},
    {"SYSTEM", "*\\Services\\Tcpip\\Parameters\\Interfaces\\*", "LeaseTerminatesTime", unix_time},
    {"SOFTWARE", "Microsoft\\Windows NT\\CurrentVersion", "InstallDate", unix_time},
    {"SOFTWARE", "Microsoft\\Windows NT\\CurrentVersion", "InstallTime", filetime},
    {"SOFTWARE", "Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\*", "Sid", sid},
};

struct reg_words reg_words(struct str kind, struct str path_below_kind, struct str value, struct span data,
                           struct arena *a)
{
    for (size_t i = 0; i < LEN(rows); i++)
        if (str_eq_ci(value, str_of(rows[i].value)) && str_eq(kind, str_of(rows[i].kind))
            && reg_path_fits(path_below_kind, str_of(rows[i].path)))
            return (struct reg_words){rows[i].value, rows[i].fn(data, a)};
    return (struct reg_words){0};
}
