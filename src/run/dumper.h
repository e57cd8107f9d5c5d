/* dumper: the jailed child behind `whylogon dump`: turns part of a log, or a hive, into text and writes it
 * when its turn comes. Files arrive as descriptors; the text goes straight to the standard output it shares
 * with the parent, which only says whose turn it is. It refuses malformed requests by ending. */
#ifndef DUMPER_H
#define DUMPER_H
#include <stdint.h>

enum dump_frame {
    DUMP_WANT = 'W', /* to the child, first: u8 XML?, want_put */
    /* u8 enum dump_what, u8 files, u64 at, u64 bytes and u8 enum log_name of each; descriptors come along;
       replaces what was open */
    DUMP_OPEN = 'O',
    /* u32 first slot, u32 slots (hives and text: anything), u8 is it your turn already? */
    DUMP_PART = 'P',
    DUMP_GO = 'G',   /* the turn comes to a part asked for earlier: write what you have */
    DUMP_NOTE = 'N', /* reply: u64 offset, text: damage, for stderr */
    /* reply, after the text is written: u64 seen, u64 failed, u8 status (enum status), text why */
    DUMP_DONE = 'D',
};
enum dump_what { DUMP_LOG, DUMP_HIVE, DUMP_REG_TEXT };
enum { DUMP_SLOTS = 64 }; /* 4 MiB of log a part: some 6 MiB of text, held until its turn */

enum { DUMPER_ENOUGH = 13 }; /* exit code: the reader of standard output has had enough */
int dumper_main(void);       /* returns the process's exit code */
#endif
