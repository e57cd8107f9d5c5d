/* readings: what a number or a name that somebody met may be: a code, an event, a setting, a cause, a rule, a
 * field that a tool prints.
 * One text may have several readings, and all are given. Everything points into the kb and the text asked. It
 * refuses nothing: what is not known has no reading, and its nearest names. */
#ifndef READINGS_H
#define READINGS_H
#include "base/names.h"
#include "kb/kb.h"

/* provider: of an event, as "TaskScheduler 104" names it; empty: none. number: text is one, in any spelling;
 * percent: as %%n of message tables; only_event: "event 104"; space: of a code, as "Kerberos 0x18" names it.
 */
struct question {
    struct str asked, provider, text, space;
    bool number, percent, only_event;
    uint32_t value;
};
struct question question_of(struct str asked);
/* Does this name a provider or channel: whole ("Microsoft-Windows-TaskScheduler"), the log's file-like end
 * ("TaskScheduler/Operational"), or the last word ("TaskScheduler")? */
bool names_provider(const struct kb *kb, struct str name);

enum reading_kind {
    READ_CODE,
    READ_NAME,
    READ_EVENT,
    READ_SETTING,
    READ_CAUSE,
    READ_RULE,
    READ_FAMILY,
    READ_TOOL
};
struct reading {
    enum reading_kind kind;
    union {
        const struct kb_code *code;
        struct name_row name; /* a Win32 code without a row of its own */
        const struct kb_event *event;
        const struct kb_setting *setting;
        const struct kb_cause *cause;
        const struct rule *rule;
        const struct kb_family *family;
        const struct kb_tool_field *tool_field;
    } is;
};
/* Calls fn for each, codes first, but a Win32 code of which only the name is known behind events; returns how
 * many there were. */
typedef void reading_fn(void *ctx, const struct reading *r);
size_t readings(const struct kb *kb, const struct question *q, reading_fn *fn, void *ctx);
/* The nearest known names of what has no reading, best first; at most cap. Of a number the events and codes
 * next to it, or those that are a digit away; of an event of a provider that is known, its events. */
size_t readings_near(const struct kb *kb, const struct question *q, struct str *out, size_t cap);

bool code_is_win32(const struct kb_code *c); /* NERR codes too */
/* The Win32 code it is or becomes; -1: none. */
int64_t code_win32(const struct kb_code *c);
#endif
