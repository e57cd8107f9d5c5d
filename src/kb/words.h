/* words: numbers that stand for something, with what they stand for beside them: %%2308, S-1-5-20, logon type
 * 5, 0xc0000072. The number stays. Owns its rows, whose texts point into what they were made from (knowledge,
 * a report's arena). It adds nothing where " (" follows already, and nothing that it does not know. */
#ifndef WORDS_H
#define WORDS_H
#include "base/buf.h"
struct kb;

enum word_kind {
    WORD_MESSAGE, /* "%%2308" of the Security log's messages */
    WORD_WIN32,   /* "%%1326" as services write a Win32 code */
    WORD_STATUS,  /* "0xc0000072", "0x80070520": eight digits, small letters */
    WORD_SID
};
struct word {
    enum word_kind kind;
    struct str key, words;
};
struct words {
    struct word *row;
    size_t n, cap;
    char *text; /* keys that were made */
};
/* TEXT: a sentence. JSON, XML: lines of `dump`; numbers with words become strings, and what is added is
 * escaped. */
enum words_as { WORDS_TEXT, WORDS_JSON, WORDS_XML };

bool words_add(struct words *w, enum word_kind kind, struct str key, struct str words);
void words_sort(struct words *w); /* once, behind the last words_add; of two alike the shorter stays */
/* Codes and well-known accounts of the knowledge, sorted. false: no memory. */
bool words_of_kb(struct words *w, const struct kb *kb);
void words_free(struct words *w);

/* Appends the text with words. */
void words_put(struct buf *out, const struct words *w, enum words_as as, struct str text);
/* "batch" of 4; NULL: no type of Windows' */
const char *words_logon_type(int64_t type);
#endif
