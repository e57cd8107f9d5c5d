/* build_binxml: an assembler for binary XML, so that tests can say any token in any place: bx_asm(&b, 536, "F
 * <Event > </ Z"). The caller owns the buffer; base is the offset its first byte will have in the chunk. It
 * shares no line with parsers/; words it does not know fail an assertion. */
#ifndef BUILD_BINXML_H
#define BUILD_BINXML_H
#include "base/buf.h"

/* Words, separated by blanks:
 *   F           fragment header            Z           end of fragment        xNN..       raw bytes
 *   <Name       start of an element (plain), <Name+ with attributes to come; dNN before it gives it a
 * dependency id (inside T( )
 *   @Name       attribute                  >  />  </   close start, close empty, end of element
 *   "text"      text ('_' for blank)       [text]      CDATA       &name  entity       #N  character
 * reference      !name ~text  processing instruction %N ?N       substitution N, normal or optional T(G ... )
 * template instance with its definition, GUID of sixteen bytes G (two hex digits); then its values: V( v v v
 * )  values: 0 null; s:text; e empty string; T:XX.. bytes of type T (two hex digits, bytes in hex); {...}
 * binary XML (type 21) T=G         instance of a definition made before in the same buffer or chunk (by
 * offset); names are by offset from their second use on */
void bx_asm(struct buf *out, size_t base, const char *words);

/* A log around records: bytes of a file with chunks of records, all checksums right. */
struct raw_log {
    struct buf file;
    size_t chunk, at, last;
    uint64_t next_id;
};
void raw_begin(struct raw_log *l);
/* returns its offset in the file */
size_t raw_record(struct raw_log *l, int64_t time, const char *words);
/* closes the open chunk and begins another */
void raw_chunk(struct raw_log *l);
/* closes; the file is in l->file */
void raw_end(struct raw_log *l);
/* checksums right again after a change */
void raw_repair(struct buf *file);

#define RAW_SYSTEM(id, rid)                                                \
    "<System > <Provider+ @Name \"P\" /> <EventID > \"" id                 \
    "\" </ <TimeCreated+ @SystemTime \"2026-03-02T09:10:00.0000000Z\" /> " \
    "<EventRecordID > \"" rid "\" </ <Channel > \"C\" </ <Computer > \"PC1\" </ </ "
#define RAW_EVENT(id, rid, data) "F <Event > " RAW_SYSTEM(id, rid) data " </ Z"
#endif
