/* dumper: the jailed child behind `whylogon dump` and `show`: says what a file is, turns part of a log, or a
 * hive, into text, shows one place of a file. One that reads is of one file. Files arrive as descriptors, and
 * so does the spool the text goes into: areas, of which the parent prints those that are full while another
 * is filled, and says when it may be used again. It refuses malformed requests by ending. */
#ifndef DUMPER_H
#define DUMPER_H
#include "plat/plat.h"
#include <stdint.h>

enum dump_frame {
    DUMP_WANT = 'W', /* to the child, first: u8 XML?, want_put */
    DUMP_JAIL = 'L', /* reply, first: u32 layers in force (plat/jail.h) */
    DUMP_LOOK = 'K', /* u64 at, u64 bytes, one descriptor: what is it? */
    DUMP_KIND = 'S', /* reply: sniffed_put */
    /* u8 enum dump_what, u8 files, u64 at, u64 bytes and u8 enum log_name of each; their descriptors come
       along, then the spool's */
    DUMP_OPEN = 'O',
    DUMP_PART = 'P',  /* u32 first slot, u32 slots (hives and text: anything) */
    DUMP_SHOW = 'B',  /* u64 offset, u8 a record?, u8 a cell?, sha256 as text: what lies there */
    DUMP_TEXT = 'X',  /* reply: u8 area, u32 bytes of it are text */
    DUMP_TAKEN = 'T', /* u8 area: it was printed */
    DUMP_NOTE = 'N',  /* reply: u64 offset, text: damage, for stderr */
    /* reply, behind all text: u64 seen, u64 failed, u8 status (enum status), text why */
    DUMP_DONE = 'D',
};
enum dump_what { DUMP_LOG, DUMP_HIVE, DUMP_REG_TEXT, DUMP_TOOL_TEXT };
enum { DUMP_SLOTS = 32 }; /* 2 MiB of log a part: some 3 MiB of text */
/* area i begins at i * DUMP_AREA; small, so that the next one is still in the processor's cache */
enum { DUMP_AREAS = 8, DUMP_AREA = 1 << 20 };
enum { DUMP_AHEAD = 2 }; /* parts asked for before the first is done */
_Static_assert(DUMP_AREA % SPOOL_ALIGN == 0, "an area can be mapped");

int dumper_main(void); /* returns the process's exit code */
#endif
