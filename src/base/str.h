/* str: UTF-8 text as pointer and length, borrowed, not NUL-terminated.
 * Whoever made the bytes (arena, map, literal) owns them.
 * Lone surrogates of UTF-16 evidence travel in it as three-byte sequences (WTF-8): escapers show them,
 * nothing drops them. */
#ifndef STR_H
#define STR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_NONE     ((struct str){0})
#define STR_ARG(s)   (int)(s).n, (s).p /* for "%.*s" */
#define LEN(a)       (sizeof(a) / sizeof *(a))

static inline struct str str_of(const char *z) { return (struct str){z, z ? strlen(z) : 0}; }
static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
/* of ASCII, whatever the locale */
static inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
static inline bool is_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
static inline bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_'; }
static inline char small_letter(char c) { return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c); }
/* a word's, or a byte of a sign beyond ASCII */
static inline bool is_word8(char c) { return is_word(c) || (unsigned char)c >= 0x80; }
/* what a hexadecimal digit counts; 16: it is none */
static inline unsigned hex_value(char c)
{
    return is_digit(c)                          ? (unsigned)(c - '0')
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (unsigned)((c | 32) - 'a' + 10)
                                                : 16;
}
bool str_eq_ci(struct str a, struct str b); /* ASCII case folded */
int str_cmp(struct str a, struct str b);    /* bytes, then length */
int str_cmp_ci(struct str a, struct str b); /* the same, ASCII case folded */
bool str_is_blank(struct str s);            /* nothing, or what str_trim() takes away */
bool str_starts_ci(struct str s, struct str prefix);
bool str_ends_ci(struct str s, struct str suffix);
bool str_contains(struct str s, struct str part); /* by bytes; nothing is in everything */
size_t str_find(struct str s, struct str part);   /* where it first begins; s.n: nowhere */
/* Behind its first n bytes; it may have fewer: nothing is left then. */
static inline struct str str_skip(struct str s, size_t n)
{
    n = n < s.n ? n : s.n;
    return (struct str){n ? s.p + n : s.p, s.n - n};
}
/* head up to sep; rest moves behind it (empty when none) */
struct str str_cut(struct str *rest, char sep);
struct str str_trim(struct str s); /* blanks, tabs, line ends at both sides */
/* An account without its domain: behind the last \\, or before the @ of a realm. */
struct str str_account(struct str s);
/* FNV-1a, for tables in memory; not stable on disk */
uint64_t str_hash(struct str s);
/* the same for texts that are str_eq_ci; goes on from h */
uint64_t str_hash_ci(uint64_t h, struct str s);

/* Decimal, 0x hexadecimal or negative decimal, whole string. False leaves *out alone. */
bool str_i64(struct str s, int64_t *out);
#endif
