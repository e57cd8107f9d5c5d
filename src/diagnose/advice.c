#include "diagnose/advice.h"
#include <string.h>

static bool is(struct str s, const char *word) { return s.p && str_eq(s, str_of(word)); }

/* What a finding's code says of its account. */
static const struct {
    const char *word;
    int64_t win32[2];
} states[] = {{"expired", {1793, 1793}},
              {"must-change", {1330, 1907}},
              {"deleted", {1317, 1332}},
              {"disabled", {1331, 1331}}};

/* An account that is gone needs no other mending; else the code, which names the state that was met, then
 * what was known of it then; nothing known: it may be disabled. */
static struct str state_of(const struct about *a)
{
    if (is(a->state, "deleted"))
        return a->state;
    for (size_t i = 0; i < LEN(states); i++)
        if (a->win32 == states[i].win32[0] || a->win32 == states[i].win32[1])
            return str_of(states[i].word);
    return a->state.p ? a->state : STR("disabled");
}

/* What is not known rules out no advice. */
static bool holds(struct str word, const struct about *a)
{
    if (is(word, "unconfirmed"))
        return !a->confirmed;
    if (is(word, "localservice"))
        return !a->caller.p || is(a->caller, "LocalService");
    if (is(word, "computer"))
        return !is(a->caller, "LocalService");
    if (is(word, "member") || is(word, "workgroup"))
        return is(a->standing, "workgroup") == is(word, "workgroup");
    if (is(word, "local"))
        return !a->realm.p || is(a->realm, "local");
    if (is(word, "domain"))
        return !a->realm.p || !is(a->realm, "local");
    if (is(word, "shipped") || is(word, "made"))
        return (a->shipped.p != NULL) == is(word, "shipped");
    if (is(word, "own-domain") || is(word, "elsewhere"))
        return is(a->realm, "own domain") == is(word, "own-domain");
    if (is(word, "netlogon-stopped"))
        return a->win32 == 1792;
    for (size_t i = 0; i < LEN(states); i++)
        if (is(word, states[i].word))
            return str_eq(word, state_of(a));
    return !a->kind.p || str_eq(word, a->kind) || !(is(a->kind, "task") || is(a->kind, "service"));
}

bool advice_fits(const struct remedy *m, const struct about *a)
{
    struct str rest = m->when;
    while (rest.n)
        if (!holds(str_cut(&rest, ' '), a))
            return false;
    return true;
}

/* Letters, digits and what names of Windows are made of: nothing that cmd or PowerShell reads. */
static bool is_plain(struct str s)
{
    if (!s.n || s.n > 200 || s.p[s.n - 1] == '\\' || s.p[0] == '-' || s.p[0] == '/')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if ((unsigned char)c >= 0xc3 && (unsigned char)c <= 0xca && i + 1 < s.n
            && (s.p[i + 1] & 0xc0) == 0x80)
            i++; /* a letter of Latin, U+00C0 to U+02BF */
        else if (!(is_letter(c) || is_digit(c) || (c && strchr(" _.-\\$@:{}()", c))))
            return false;
    }
    return true;
}

static struct str known(struct str word, const struct about *a)
{
    static const char *const of_kind[][2] = {{"task", "task"}, {"service", "service"}, {"server", "share"}};
    for (size_t i = 0; i < LEN(of_kind); i++)
        if (is(word, of_kind[i][0]))
            return is(a->kind, of_kind[i][1]) ? a->subject : i == 0 ? a->task : (struct str){0};
    if (is(word, "dns-domain"))
        return !is(a->realm, "other domain") ? a->dns : (struct str){0};
    const struct {
        const char *word;
        struct str value;
    } names[] = {{"subject", a->subject.p ? a->subject : a->host},
                 {"account", a->account},
                 {"domain", a->domain},
                 {"dc", a->controller},
                 {"host", a->host},
                 {"computer", a->host},
                 {"name", a->account}};
    for (size_t i = 0; i < LEN(names); i++)
        if (is(word, names[i].word))
            return names[i].value;
    return (struct str){0};
}

static void put_name(struct buf *b, struct str word, struct str name)
{
    bool quote = memchr(name.p, ' ', name.n) || memchr(name.p, '(', name.n);
    if (quote)
        buf_char(b, '"');
    buf_str(b, name);
    if (is(word, "computer"))
        buf_char(b, '$');
    if (quote)
        buf_char(b, '"');
}

void advice_text(struct buf *b, struct str text, const struct about *a)
{
    while (text.n && strchr(" \n", text.p[text.n - 1]))
        text.n--;
    while (text.n) {
        const char *open = memchr(text.p, '<', text.n);
        const char *end = open ? memchr(open, '>', (size_t)(text.p + text.n - open)) : NULL;
        buf_str(b, (struct str){text.p, end ? (size_t)(open - text.p) : text.n});
        if (!end)
            break;
        struct str word = {open + 1, (size_t)(end - open - 1)}, name = known(word, a);
        name = is(word, "name") ? str_account(name) : name;
        if (name.p && is_plain(name))
            put_name(b, word, name);
        else
            buf_str(b, (struct str){open, word.n + 2});
        text.n -= (size_t)(end + 1 - text.p), text.p = end + 1;
    }
}
