/* lines: a text of evidence line by line, as UTF-8, whatever it is written in: UTF-16LE, UTF-8, or bytes of
 * a code page nobody names. The caller owns the bytes and the buffer a line is put into.
 * It refuses nothing: a line that is no UTF-8 has its bytes as Latin-1, or one sign for each that is not
 * ASCII. */
#ifndef LINES_H
#define LINES_H
#include "base/buf.h"
#include "base/span.h"

/* Where the next line begins. Can be copied and put back. */
struct line_cursor {
    size_t at;
    uint32_t line;
};
/* One line. ended: with a line feed; cut: longer than most, the rest is not there; same: its bytes are those
 * of the file. looked, place: how far line_place got, so that a line of many places is gone over once. */
struct line {
    size_t at, looked, place;
    uint32_t number;
    bool ended, cut, same;
};
struct lines {
    struct span file;
    bool wide;    /* UTF-16LE */
    uint32_t odd; /* what stands for a byte of no UTF-8: a character, or 0: the byte as Latin-1 */
    size_t most;  /* bytes of a line */
};

/* What a text begins with says how it is written; the cursor stands behind that mark. */
struct lines lines_of(struct span file, uint32_t odd, size_t most, struct line_cursor *at);
/* Appends one line without its end to raw; false at the end of the file, or where memory is short (raw.bad).
 */
bool line_take(const struct lines *t, struct line_cursor *at, struct buf *raw, struct line *l);
/* Byte of the file where the character at text.p[n] stands; text: the whole line l as line_take gave it. */
size_t line_place(const struct lines *t, struct line *l, struct str text, size_t n);
#endif
