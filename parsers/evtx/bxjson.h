/* bxjson: an event as the members of JSON objects: the fields of System by a table, the data from a plan or
 * from items. What is the same in all records of a template is made into text once and lies in the template's
 * arena. It refuses objects longer than LIM_EVENT_JSON: false, and the object ends behind the value that was
 * too much. */
#ifndef BXJSON_H
#define BXJSON_H
#include "parsers/evtx/bxplan.h"

/* System's fields, each ,"name":value. line: made once from a plan; then all of a record in one go. */
void bx_put_system(struct buf *out, const struct bx_val all[BXS_FIELDS]);
bool bx_line_make(struct bx_plan *p, struct arena *mem);
void bx_put_line(struct buf *out, const struct bx_plan *p, const struct bx_slots *s);

/* The data, each ,"name":value as well. plain: of a plan that is plain, from slots without fragments;
 * grouped: names may repeat. hash: see bx_data_json. */
bool bx_put_plain(struct buf *out, const struct bx_plan *p, const struct bx_slots *s, uint64_t *hash);
bool bx_put_grouped(struct buf *out, const struct bx_item *item, size_t n, struct arena *mem, uint64_t *hash);
#endif
