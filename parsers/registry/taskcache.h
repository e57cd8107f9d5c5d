/* taskcache: what values of SOFTWARE ...\Schedule\TaskCache\Tasks\{GUID} hold, one structure per function.
 * Input spans are borrowed; text goes to the caller's arena.
 * It refuses data that is cut short or of an unknown kind: false; what was read before that stays in *out.
 *
 * DynamicInfo   0 u32 3 | 4 u64 registered | 12 u64 last run | 20 u32 state (also holds HRESULTs) | 24 u32
 * last result | 28 u64 last success (36 bytes, since 8) Triggers      0 u8 version +7 | 8, 24 first and last
 * boundary: {u8 +7, u64} | 40 u32 flags +4 | u32 CRC +4 version >= 22: text principal; >= 23: text display
 * name user: u8 skip +7; if 0: u8 skip SID +7; if 0: u32 SID type +4, u32 bytes +4, SID padded to 8; then
 * text user name text: u32 bytes +4, UTF-16LE padded to 8. Paddings hold 0x48. Actions       u16 version | 3:
 * text context | each: u16 magic, text id, then 0x6666 program: command, arguments, directory, version 3: u16
 *               0x7777 COM: 16 bytes CLSID, text data | 0x8888 mail, 0x9999 message. text: u32 bytes,
 * UTF-16LE Sources: cyber.wtf "Windows Registry Analysis - Today's Episode: Tasks" (2022) and its Kaitai
 * descriptions; plaso (DynamicInfo); taskschd.h (TASK_LOGON_TYPE, order of fields in a task's XML). */
#ifndef TASKCACHE_H
#define TASKCACHE_H
#include "base/arena.h"
#include "base/span.h"
#include "base/str.h"

struct task_dynamic {
    int64_t registered, last_run, last_ok;
    uint32_t state, result;
    bool has_last_ok;
};
bool taskcache_dynamic(struct span data, struct task_dynamic *out);

enum task_flags {
    TASK_NETWORK = 0x80,
    TASK_S4U = 0x4000,
    TASK_INTERACTIVE = 0x10000,
    TASK_PASSWORD = 0x40000,
    TASK_INTERACTIVE_OR_PASSWORD = 0x80000,
    TASK_ENABLED = 0x400000,
    TASK_HIDDEN = 0x800000,
    TASK_HIGHEST = 0x1000000
};
struct task_triggers {
    uint8_t version;
    bool has_flags;
    uint32_t flags, sid_type;
    struct str principal, sid, user;
};
bool taskcache_triggers(struct span data, struct arena *a, struct task_triggers *out);
/* "Password", "S4U", "InteractiveToken", "InteractiveTokenOrPassword", "ServiceAccount", "Group", or NULL:
 * not known. */
const char *taskcache_logon(const struct task_triggers *t);

/* place: a UNC path somewhere in command, arguments or folder; else a drive letter other than C:, which may
 * be mapped. command: all actions, "; " between them. */
enum task_place { TASK_LOCAL, TASK_UNC, TASK_DRIVE };
struct task_actions {
    struct str command;
    enum task_place place;
    unsigned n;
};
bool taskcache_actions(struct span data, struct arena *a, struct task_actions *out);
#endif
