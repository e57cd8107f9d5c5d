/* layout: what the way to a file says of where it came from: a pattern of knowledge/layouts.yml against a
 * path. Owns nothing; what it finds lies in the caller's room. It refuses to search for ever: a path that
 * would take more than LAYOUT_STEPS does not fit, whatever it looks like. */
#ifndef LAYOUT_H
#define LAYOUT_H
#include "base/str.h"

enum { LAYOUT_STEPS = 20000, LAYOUT_TEXT = 256 };

/* path: parts with '/' or '\' between, each with %XX or without; case does not matter.
 * pattern: parts with '/' between. "**" is any number of parts, "*" any characters of a part (as few as
 * will do), and of a part
 *   <host>    letters, digits, '-' and '.', beginning with a letter or digit
 *   <drive>   all of it: C, C:, \\.\C: (one letter, whatever collectors put around it)
 *   <shadow>  digits
 *   <user>    anything
 *   <year>    four digits, 20..
 * Does it fit? find: which of them to give, NULL: none; text: that as text ("C:" for a drive),
 * NUL-terminated, empty where the pattern has none. */
bool layout_fits(struct str path, struct str pattern, const char *find, char text[LAYOUT_TEXT]);
/* Are its words known, and does each stand where it may? */
bool layout_sound(struct str pattern);
#endif
