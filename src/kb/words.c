#include "kb/words.h"
#include "kb/kb.h"
#include "kb/kb_priv.h"
#include "kb/readings.h"
#include "base/grow.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *words_logon_type(int64_t type)
{
    static const char *const word[] = {"system",
                                       NULL,
                                       "interactive",
                                       "network",
                                       "batch",
                                       "service",
                                       NULL,
                                       "unlock",
                                       "network, clear text",
                                       "new credentials",
                                       "remote interactive",
                                       "cached interactive",
                                       "cached remote interactive",
                                       "cached unlock"};
    return type >= 0 && type < (int64_t)LEN(word) ? word[type] : NULL;
}

/* ---- rows */

bool words_add(struct words *w, enum word_kind kind, struct str key, struct str words)
{
    struct word *more = grow(w->row, sizeof *more, w->n, &w->cap);
    if (!more)
        return false;
    w->row = more, w->row[w->n++] = (struct word){kind, key, words};
    return true;
}

static int by_key(const void *a, const void *b)
{
    const struct word *x = a, *y = b;
    return x->kind == y->kind ? str_cmp(x->key, y->key) : x->kind < y->kind ? -1 : 1;
}

/* Of two alike the shorter words. */
static int by_key_and_words(const void *a, const void *b)
{
    struct str x = ((const struct word *)a)->words, y = ((const struct word *)b)->words;
    int c = by_key(a, b);
    c = c ? c : (x.n > y.n) - (x.n < y.n);
    return c ? c : str_cmp(x, y);
}

void words_sort(struct words *w)
{
    size_t n = 0;
    if (w->n)
        qsort(w->row, w->n, sizeof *w->row, by_key_and_words);
    for (size_t i = 0; i < w->n; i++)
        if (!n || by_key(&w->row[n - 1], &w->row[i]) != 0)
            w->row[n++] = w->row[i];
    w->n = n;
}

static struct str find_words(const struct words *w, enum word_kind kind, struct str key)
{
    struct word k = {.kind = kind, .key = key};
    const struct word *at = w->n ? bsearch(&k, w->row, w->n, sizeof k, by_key) : NULL;
    return at ? at->words : (struct str){0};
}

/* Keys and symbols of codes, made one behind the other: pointers are set when all stand. */
static bool code_rows(struct words *w, const struct kb *kb)
{
    enum { KEY = 16 };
    size_t n, at = 0;
    const struct kb_code *c = kb_codes(kb, &n);
    w->text = malloc(2 * KEY * (n + 1));
    bool ok = w->text != NULL;
    for (size_t i = 0; i < n && ok; i++, c++) {
        bool win32 = code_is_win32(c), message = str_eq(c->space, STR("message"));
        uint64_t status = win32 && c->value > 0 && c->value < 0x10000 ? 0x80070000u + (uint64_t)c->value
                          : !win32 && !message                        ? (uint64_t)c->value
                                                                      : 0;
        if (win32 || message) {
            int k = snprintf(w->text + at, KEY, "%%%%%lld", (long long)c->value);
            ok = k < KEY
                 && words_add(w, win32 ? WORD_WIN32 : WORD_MESSAGE, (struct str){w->text + at, (size_t)k},
                              c->meaning);
            at += KEY;
        }
        if (ok && status >= 0x80000000u && status <= UINT32_MAX) {
            int k = snprintf(w->text + at, KEY, "0x%08llx", (unsigned long long)status);
            ok = words_add(w, WORD_STATUS, (struct str){w->text + at, (size_t)k}, c->symbol);
            at += KEY;
        }
    }
    return ok;
}

bool words_of_kb(struct words *w, const struct kb *kb)
{
    bool ok = code_rows(w, kb);
    for (size_t i = 0; i < kb->n_account && ok; i++) {
        const struct kb_account *a = &kb->account[i];
        if (str_starts_ci(a->name, STR("NT AUTHORITY\\")))
            ok = words_add(w, WORD_SID, a->sid, a->name);
    }
    words_sort(w);
    return ok;
}

void words_free(struct words *w)
{
    free(w->row), free(w->text);
    *w = (struct words){0};
}

/* ---- text */

struct putter {
    struct buf *out;
    const struct words *w;
    enum words_as as;
    struct str text;
    size_t at, done; /* what lies before done is copied */
    bool security;   /* the line is of the Security log: %%n is a message */
};

static bool follows(const struct putter *p, size_t at, const char *what)
{
    size_t n = strlen(what);
    return p->text.n - at >= n && memcmp(p->text.p + at, what, n) == 0;
}

/* What is added stands inside a string of the line's kind. */
static void put_words(struct putter *p, struct str words)
{
    size_t at = p->out->n;
    if (p->as == WORDS_XML) {
        buf_xml(p->out, words);
    } else if (p->as == WORDS_JSON) {
        buf_json(p->out, words);
        if (!p->out->bad && p->out->n >= at + 2) {
            memmove(p->out->p + at, p->out->p + at + 1, p->out->n - at - 2);
            p->out->n -= 2;
        }
    } else {
        buf_str(p->out, words);
    }
}

/* Text up to end, then the words; inside brackets that are open they follow a comma. */
static void add_words(struct putter *p, size_t end, struct str words)
{
    bool open = p->as == WORDS_TEXT && end < p->text.n && p->text.p[end] == ')';
    if (!words.n || follows(p, end, " ("))
        return;
    buf_put(p->out, p->text.p + p->done, end - p->done), p->done = end;
    buf_z(p->out, open ? ", " : " ("), put_words(p, words), buf_z(p->out, open ? "" : ")");
}

static size_t digits(const struct putter *p, size_t at)
{
    size_t n = 0;
    while (at + n < p->text.n && n < 20 && is_digit(p->text.p[at + n]))
        n++;
    return n;
}

static struct str part(const struct putter *p, size_t at, size_t end)
{
    return (struct str){p->text.p + at, end - at};
}

/* %%2308 */
static size_t percent(struct putter *p, size_t at)
{
    size_t end = at + 2 + digits(p, at + 2);
    if (!follows(p, at, "%%") || end == at + 2 || (end < p->text.n && is_word8(p->text.p[end])))
        return at + 1;
    struct str key = part(p, at, end), words = {0};
    if (p->as == WORDS_TEXT || p->security)
        words = find_words(p->w, WORD_MESSAGE, key);
    if (!words.p && !p->security)
        words = find_words(p->w, WORD_WIN32, key);
    add_words(p, end, words);
    return end;
}

/* S-1-5-21-…: no part of a path or of a longer word */
static size_t sid(struct putter *p, size_t at)
{
    size_t end = at + 4;
    if (!follows(p, at, "S-1-") || (at && (is_word8(p->text.p[at - 1]) || strchr("\\-", p->text.p[at - 1]))))
        return at + 1;
    while (end < p->text.n
           && (is_digit(p->text.p[end])
               || (p->text.p[end] == '-' && end + 1 < p->text.n && is_digit(p->text.p[end + 1]))))
        end++;
    if (end == p->text.n || (!is_word8(p->text.p[end]) && !strchr("\\-", p->text.p[end])))
        add_words(p, end, find_words(p->w, WORD_SID, part(p, at, end)));
    return end;
}

/* "logon type 5", in a sentence */
static size_t logon_type(struct putter *p, size_t at)
{
    static const struct str say = STR("logon type ");
    size_t from = at + say.n, n;
    int64_t type;
    if (!str_starts_ci(part(p, at, p->text.n), say) || (at && is_word8(p->text.p[at - 1]))
        || !(n = digits(p, from)) || !str_i64(part(p, from, from + n), &type))
        return at + 1;
    if (from + n == p->text.n || !is_word8(p->text.p[from + n]))
        add_words(p, from + n, str_of(words_logon_type(type)));
    return from + n;
}

/* A number that is a value of its own, as JSON: "LogonType":5 becomes "5 (service)", a status one with its
 * name. */
static size_t json_number(struct putter *p, size_t at)
{
    const char *t = p->text.p;
    size_t n = digits(p, at), end = at + n;
    int64_t v;
    if (at < 3 || t[at - 1] != ':' || t[at - 2] != '"' || t[at - 3] == '\\' || end == p->text.n
        || !strchr(",}]", t[end]) || !str_i64(part(p, at, end), &v))
        return end;
    bool type = at >= 12 && memcmp(t + at - 12, "\"LogonType\":", 12) == 0;
    char hex[24];
    snprintf(hex, sizeof hex, "0x%08llx", (unsigned long long)v);
    struct str words = type                                   ? str_of(words_logon_type(v))
                       : v >= 0x80000000LL && v <= UINT32_MAX ? find_words(p->w, WORD_STATUS, str_of(hex))
                                                              : (struct str){0};
    if (!words.n)
        return end;
    buf_put(p->out, t + p->done, at - p->done), buf_char(p->out, '"'), p->done = at;
    if (type) {
        add_words(p, end, words);
    } else {
        char both[160];
        int k = snprintf(both, sizeof both, "%s %.*s", hex, (int)(words.n < 120 ? words.n : 120), words.p);
        add_words(p, end, (struct str){both, (size_t)k});
    }
    buf_char(p->out, '"');
    return end;
}

/* 0xc0000072, whole between quotes or tags. */
static size_t status(struct putter *p, size_t at)
{
    const char *t = p->text.p;
    char key[] = "0x00000000";
    size_t end = at + 10;
    if (end >= p->text.n || !at || !strchr("\">", t[at - 1]) || !strchr("\"<", t[end]))
        return at + 1;
    for (size_t i = 2; i < 10; i++) {
        char c = t[at + i];
        if (hex_value(c) > 15)
            return at + 1;
        key[i] = small_letter(c);
    }
    add_words(p, end, find_words(p->w, WORD_STATUS, str_of(key)));
    return end;
}

/* <Data Name='LogonType'>5</Data>, with the value at */
static size_t xml_number(struct putter *p, size_t at)
{
    static const char name[] = "'LogonType'>";
    size_t n = digits(p, at), end = at + n;
    int64_t v;
    if (at >= sizeof name - 1 && memcmp(p->text.p + at - (sizeof name - 1), name, sizeof name - 1) == 0
        && end < p->text.n && p->text.p[end] == '<' && str_i64(part(p, at, end), &v))
        add_words(p, end, str_of(words_logon_type(v)));
    return end;
}

static size_t put_next(struct putter *p, size_t at)
{
    char c = p->text.p[at];
    if (c == '%')
        return percent(p, at);
    if (c == 'S')
        return sid(p, at);
    if (p->as == WORDS_TEXT)
        return c == 'l' || c == 'L' ? logon_type(p, at) : at + 1;
    if (c == '0' && follows(p, at, "0x"))
        return status(p, at);
    if (!is_digit(c))
        return at + 1;
    return p->as == WORDS_JSON ? json_number(p, at) : xml_number(p, at);
}

void words_put(struct buf *out, const struct words *w, enum words_as as, struct str text)
{
    struct putter p = {.out = out, .w = w, .as = as, .text = text};
    p.security = as != WORDS_TEXT && str_contains(text, STR("Microsoft-Windows-Security-Auditing"));
    for (size_t at = 0; at < text.n;)
        at = put_next(&p, at);
    if (text.n)
        buf_put(out, text.p + p.done, text.n - p.done);
}
