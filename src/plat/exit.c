/* exit: how a process ended, in words. Windows tells a death by an exception in the exit code: its numbers
 * (NTSTATUS) are known here, on both systems. */
#include "plat/plat.h"

static const struct {
    uint32_t code;
    const char *words;
} deaths[] = {
    {0x40010004, "ended by a debugger"},
    {0x80000003, "breakpoint"},
    {0xC0000005, "access violation"},
    {0xC0000006, "a page of a file could not be read"},
    {0xC0000008, "invalid handle"},
    {0xC0000017, "no memory"},
    {0xC000001D, "illegal instruction"},
    {0xC0000022, "access denied"},
    {0xC000007B, "a library of another kind of program"},
    {0xC000008C, "array bounds exceeded"},
    {0xC0000094, "division by zero"},
    {0xC0000095, "integer overflow"},
    {0xC0000096, "privileged instruction"},
    {0xC00000FD, "stack overflow"},
    {0xC000012D, "no memory left in the system"},
    {0xC0000135, "a library is missing"},
    {0xC0000139, "a library lacks a function"},
    {0xC000013A, "ended by Ctrl-C"},
    {0xC0000142, "a library could not start"},
    {0xC000026B, "the system was shutting down"},
    {0xC0000374, "damaged heap"},
    {0xC0000409, "damaged stack, or ended by its own checks"},
    {0xC0000417, "invalid parameter to the C library"},
    {0xC0000428, "a library without a valid signature"},
    {0xC0000604, "code made at run time is forbidden"},
    {1816, "the limit of its job was reached"},
};

const char *plat_exit_text(const struct exit_info *how, char *out, size_t cap)
{
    uint32_t code = (uint32_t)how->code;
    const char *words = NULL;
    for (size_t i = 0; i < LEN(deaths); i++)
        if (deaths[i].code == code)
            words = deaths[i].words;
    if (how->signal)
        snprintf(out, cap, "ended by signal %d", how->signal);
    else
        snprintf(out, cap, code > 0xffff ? "ended with code 0x%08X%s%s%s" : "ended with code %u%s%s%s", code,
                 words ? " (" : "", words ? words : "", words ? ")" : "");
    return out;
}
