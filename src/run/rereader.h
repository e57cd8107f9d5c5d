/* rereader: the jailed child that reads cited records and values again with libevtx and libregf, and says
 * whether they see what we saw. Files arrive as descriptors with the request; one process serves one log or
 * one hive with its logs, then ends. It refuses malformed requests by ending; a library that crashes takes
 * only this process with it. */
#ifndef REREADER_H
#define REREADER_H
#include "base/buf.h"
#include "base/err.h"
#include "base/fact.h"

enum reread_frame {
    REREAD_OPEN = 'O',    /* u8 hive?, u8 files, u64 at and u64 bytes of each; descriptors come along */
    REREAD_ITEM = 'I',    /* struct reread_item */
    REREAD_JAIL = 'L',    /* reply, first: u32 layers in force */
    REREAD_VERDICT = 'V', /* reply to each item: u8 result (enum second_result), u32 n + detail text */
};

/* One cited place. fact: our FACT_EVENT, FACT_REG_VALUE or FACT_REG_KEY as it went over the wire, or empty:
 * then key and value say what a decoded fact rests on, and our own reader supplies the bytes to compare.
 * value.p NULL: the key alone. */
struct reread_item {
    uint8_t file;
    uint64_t off;
    struct str key, value, fact;
};
void reread_item_put(struct buf *out, const struct reread_item *it);
enum status reread_item_get(struct span in, struct reread_item *it, struct err *e);

int rereader_main(void); /* returns the process's exit code */
#endif
