/* utf: UTF-16LE and Latin-1 evidence to UTF-8, and UTF-8 read back one character at a time.
 * Output goes to the caller's arena or buf.
 * Nothing is dropped: a lone surrogate becomes its three-byte form (WTF-8), which every escaper shows. */
#ifndef UTF_H
#define UTF_H
#include "base/arena.h"
#include "base/span.h"
#include "base/str.h"

#define UTF_BAD 0xffffffffu /* a byte that is not UTF-8; utf8_next consumed exactly one byte */

/* s.n > *at; advances; surrogates (WTF-8) are returned as they are */
uint32_t utf8_next(struct str s, size_t *at);
bool utf8_is(struct str s);               /* none of its bytes is UTF_BAD */
size_t utf8_put(char out[4], uint32_t u); /* bytes written, 1..4; u <= 0x10ffff */
/* n bytes, an odd last one ignored; out holds 3*n/2; returns bytes */
size_t utf16_to_utf8(char *out, const uint8_t *p, size_t n);
/* whole span; .p NULL when the arena is exhausted */
struct str utf16_str(struct arena *a, struct span s);
struct str utf16_strz(struct arena *a, struct span s); /* up to the first NUL */
struct str latin1_str(struct arena *a, struct span s);
/* simple upper case as Windows compares names (BMP: Latin, Greek, Cyrillic, Armenian, ...) */
uint32_t utf_upcase(uint32_t u);
bool utf8_eq_ci(struct str a, struct str b); /* by utf_upcase */
#endif
