/* json: JSON read token by token, where it lies: one reader for what workers sent, what rules' tests hold and
 * what SQL asks for. It owns nothing and copies nothing. It refuses what is no JSON, and more than JSON_DEPTH
 * levels: JSON_BAD, from then on. Numbers are found, not judged. */
#ifndef JSON_H
#define JSON_H
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

enum { JSON_DEPTH = 256 };
enum json_kind {
    JSON_BAD,
    JSON_END,
    JSON_OBJECT, /* begins */
    JSON_ARRAY,  /* begins */
    JSON_CLOSE,  /* the one that began last */
    JSON_NAME,   /* of the member that follows */
    JSON_TEXT,
    JSON_NUMBER,
    JSON_BOOL,
    JSON_NULL
};
/* json_of() begins; at: bytes read, depth: what is open. */
struct json {
    struct str s;
    size_t at;
    unsigned depth;
    unsigned char due;
    char open[JSON_DEPTH];
};
void json_of(struct json *j, struct str s);
/* raw: the token as it stands; of names and texts what lies between the quotes. */
enum json_kind json_next(struct json *j, struct str *raw);
/* Moves behind the value whose first token was just read. False: it is broken. */
bool json_skip(struct json *j, enum json_kind first);
/* Escapes of a name or text resolved: out holds JSON_ROOM(raw.n) bytes, returns those written. An unpaired
 * surrogate becomes its three-byte form (utf.h); *whole is false where an escape is none: U+FFFD stands for
 * it. */
#define JSON_ROOM(n) ((n) + (n) / 2 + 2)
size_t json_text(char *out, struct str raw, bool *whole);
#endif
