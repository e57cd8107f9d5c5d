/* bxjson: an event as the members of JSON objects: the fields of System by a table, the data from a plan or
 * from items. What is the same in all records of a template is made into text once and lies in the template's
 * arena. It refuses objects longer than LIM_EVENT_JSON: false, and the object ends behind the value that was
 * too much. */
#ifndef BXJSON_H
#define BXJSON_H
#include "parsers/evtx/bxplan.h"
#include "base/near.h"

/* What was shown before: accounts by their bytes but for the last number. At first all zero. */
enum { BX_MEMO_BITS = 7, BX_MEMO_SID = 28, BX_MEMO_TEXT = 64 };
struct bx_memo {
    struct bx_memo_sid {
        uint8_t n, n_text, sid[BX_MEMO_SID]; /* n 0: none yet */
        char text[BX_MEMO_TEXT];             /* "S-1-5-21-1-2-3- */
    } sid[1 << BX_MEMO_BITS];
};
/* What records of one kind begin with, as text. n_text 0: not yet known. */
struct bx_said {
    uint32_t n_text;
    char text[448];
};

/* System's fields, each ,"name":value. With a plan, which keeps in mem what is the same in all its records,
 * all of a record goes in one go; end: of the chunk the values lie in, right behind their descriptors. said:
 * of the record's kind, or NULL. */
void bx_put_system(struct buf *out, const struct bx_val all[BXS_FIELDS]);
void bx_put_line(struct buf *out, struct bx_plan *p, const struct bx_slots *s, const uint8_t *end,
                 struct arena *mem, struct bx_memo *memo, struct bx_said *said);

/* The data, each ,"name":value as well. plain: of a plan that is plain, from slots without fragments; quick:
 * the same, compiled as bx_put_line is, without a hash; grouped: names may repeat. hash: see bx_data_json. */
bool bx_put_quick(struct buf *out, struct bx_plan *p, const struct bx_slots *s, const uint8_t *end,
                  struct arena *mem, struct bx_memo *memo);
bool bx_put_plain(struct buf *out, const struct bx_plan *p, const struct bx_slots *s, uint64_t *hash);
bool bx_put_grouped(struct buf *out, const struct bx_item *item, size_t n, const uint8_t *end,
                    struct arena *mem, uint64_t *hash);
#endif
