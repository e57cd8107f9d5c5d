/* break: one place of a C or SQL file changed as a slip of the hand would: another operator, a condition
 * turned or dropped, a number one off, another row, the field beside it. tests/mutate.sh asks which tests
 * notice. Reads the file named, owns its text; strings and comments, and directives of C, stay as they are.
 * It refuses nothing: a change that does not compile is the caller's to find out. usage: break FILE how many
 * places break FILE N SEED     N of them, by number, in the order of the file break FILE @K         the file
 * with place K changed; stderr: LINE<tab>old<tab>new<tab>the line */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 20000, TEXT = 1 << 20, NEW = 400 };

/* text[at .. at + n) becomes with */
struct place {
    size_t at, n;
    char with[NEW];
};
static char text[TEXT];
static size_t size;
static struct place place[PLACES];
static size_t places;

static void add(size_t at, size_t n, const char *with)
{
    if (places < PLACES && strlen(with) < NEW) {
        place[places].at = at, place[places].n = n;
        strcpy(place[places++].with, with);
    }
}

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static bool here(size_t at, const char *what)
{
    size_t n = strlen(what);
    return at + n <= size && memcmp(text + at, what, n) == 0
           && (!is_word(*what) || !at || !is_word(text[at - 1]))
           && (!is_word(what[n - 1]) || !is_word(text[at + n]));
}

/* Behind a string or a character that begins at at. */
static size_t behind_quote(size_t at)
{
    char quote = text[at++];
    while (at < size && text[at] != quote)
        at += text[at] == '\\' ? 2 : 1;
    return at + 1;
}

/* Of the parenthesis at at, the one that closes it. */
static size_t closing(size_t at)
{
    size_t depth = 0;
    for (; at < size; at++) {
        if (text[at] == '"' || text[at] == '\'')
            at = behind_quote(at) - 1;
        else if (text[at] == '(' || text[at] == '[')
            depth++;
        else if ((text[at] == ')' || text[at] == ']') && --depth == 0)
            return at;
    }
    return size;
}

/* From the operator at at, the end of what stands on its right. */
static size_t end_of_operand(size_t at)
{
    size_t i = at + 2;
    for (size_t depth = 0; i < size; i++) {
        if (text[i] == '"' || text[i] == '\'')
            i = behind_quote(i) - 1;
        else if (text[i] == '(' || text[i] == '[')
            depth++;
        else if ((text[i] == ')' || text[i] == ']') && depth-- == 0)
            break;
        else if (depth == 0
                 && (strchr(";,?:{", text[i]) || memcmp(text + i, "&&", 2) == 0
                     || memcmp(text + i, "||", 2) == 0))
            break;
    }
    return i;
}

struct swap {
    const char *from, *to;
};
static const struct swap c_swaps[] = {
    {"==", "!="},
    {"!=", "=="},
    {"<=", "<"},
    {">=", ">"},
    {" < ", " <= "},
    {" > ", " >= "},
    {" < ", " > "},
    {" > ", " < "},
    {"&&", "||"},
    {"||", "&&"},
    {" + ", " - "},
    {" - ", " + "},
    {" * ", " + "},
    {" / ", " * "},
    {" & ", " | "},
    {" |= ", " = "},
    {" += ", " = "},
    {"first", "last"},
    {"last", "first"},
    {"from", "to"},
    {"from_time", "to_time"},
    {"to_time", "from_time"},
    {"true", "false"},
    {"false", "true"},
    {"[i]", "[0]"},
    {"[k]", "[0]"},
    {" + i", ""},
    {" + k", ""},
    {"break", "continue"},
    {"V_RULED_OUT", "V_UNDETERMINED"},
    {"V_UNDETERMINED", "V_RULED_OUT"},
    {"ROLE_SYMPTOM", "ROLE_CAUSE"},
    {"ROLE_CAUSE", "ROLE_LINK"},
    {"ROLE_CONTRADICTS", "ROLE_COMPATIBLE"},
};
static const struct swap sql_swaps[] = {
    {" = ", " <> "},   {" <> ", " = "},   {" AND ", " OR "},          {" OR ", " AND "},
    {" < ", " <= "},   {" > ", " >= "},   {"min(", "max("},           {"max(", "min("},
    {" DESC", ""},     {"NOT IN", "IN"},  {"NOT EXISTS", "EXISTS"},   {"LEFT JOIN", "JOIN"},
    {"first", "last"}, {"last", "first"}, {"IS NULL", "IS NOT NULL"}, {" + ", " - "},
};

static void swaps(size_t at, const struct swap *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (here(at, s[i].from) && (text[at] != '<' || text[at + 1] != '<') && (!at || text[at - 1] != '-'))
            add(at, strlen(s[i].from), s[i].to);
}

static void numbers(size_t at)
{
    if (!isdigit((unsigned char)text[at]) || (at && (is_word(text[at - 1]) || text[at - 1] == '.')))
        return;
    char *end, with[40];
    unsigned long long v = strtoull(text + at, &end, 10);
    if (is_word(*end) || *end == '.' || v > 999999)
        return;
    snprintf(with, sizeof with, "%llu", v + 1);
    add(at, (size_t)(end - text) - at, with);
}

static void around(size_t at, size_t n, const char *before, const char *behind)
{
    char with[NEW];
    if (n < NEW - 10) {
        snprintf(with, sizeof with, "%s%.*s%s", before, (int)n, text + at, behind);
        add(at, n, with);
    }
}

static void conditions(size_t at)
{
    if (here(at, "if (") || here(at, "while (")) {
        size_t open = at + (text[at] == 'i' ? 3 : 6), n = closing(open) + 1 - open;
        around(open, n, "(!", ")");
        if (text[at] == 'i')
            add(open, n, "(true)");
    }
    if (here(at, "&&")) {
        size_t end = end_of_operand(at);
        while (end > at && isspace((unsigned char)text[end - 1]))
            end--;
        add(at, end - at, "");
    }
    if (here(at, "str_eq("))
        add(at, closing(at + 6) + 1 - at, "true");
    if (text[at] == '!' && text[at + 1] != '=' && text[at + 1] != '(')
        add(at, 1, "");
}

static void find_places(bool sql)
{
    for (size_t i = 0; i < size;) {
        bool line = i == 0 || text[i - 1] == '\n';
        if ((sql ? memcmp(text + i, "--", 2) == 0 : memcmp(text + i, "//", 2) == 0)
            || (!sql && line && text[i] == '#')) {
            while (i < size && text[i] != '\n')
                i += text[i] == '\\' ? 2 : 1;
        } else if (memcmp(text + i, "/*", 2) == 0) {
            i = (size_t)(strstr(text + i + 2, "*/") - text) + 2;
        } else if (text[i] == '"' || text[i] == '\'') {
            i = behind_quote(i);
        } else {
            if (sql) {
                swaps(i, sql_swaps, sizeof sql_swaps / sizeof *sql_swaps);
            } else {
                swaps(i, c_swaps, sizeof c_swaps / sizeof *c_swaps);
                conditions(i);
            }
            numbers(i);
            i++;
        }
    }
}

static int by_number(const void *a, const void *b)
{
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

static void pick(size_t n, uint64_t seed)
{
    static int all[PLACES];
    uint64_t x = (seed + 1) * 0x9e3779b97f4a7c15u ^ size;
    for (size_t i = 0; i < places; i++)
        all[i] = (int)i;
    for (size_t i = 0; i < places && i < n; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        size_t k = i + x % (places - i);
        int t = all[i];
        all[i] = all[k], all[k] = t;
    }
    n = n < places ? n : places;
    qsort(all, n, sizeof *all, by_number);
    for (size_t i = 0; i < n; i++)
        printf("%d\n", all[i]);
}

/* One line, blanks as one; a tab is never next to a tab. */
static void tell(const char *p, size_t n)
{
    if (!n)
        fputs("nothing", stderr);
    for (size_t i = 0; i < n; i++)
        if (!isspace((unsigned char)p[i]))
            fputc(p[i], stderr);
        else if (i && !isspace((unsigned char)p[i - 1]))
            fputc(' ', stderr);
}

static void change(const struct place *p)
{
    size_t line = 1, begin = p->at, end = p->at;
    for (size_t i = 0; i < p->at; i++)
        line += text[i] == '\n';
    while (begin && text[begin - 1] != '\n')
        begin--;
    while (end < size && text[end] != '\n')
        end++;
    fprintf(stderr, "%zu\t", line), tell(text + p->at, p->n), fputc('\t', stderr);
    tell(p->with, strlen(p->with)), fputc('\t', stderr);
    while (isspace((unsigned char)text[begin]))
        begin++;
    tell(text + begin, end - begin), fputc('\n', stderr);
    fwrite(text, 1, p->at, stdout), fputs(p->with, stdout);
    fwrite(text + p->at + p->n, 1, size - p->at - p->n, stdout);
}

int main(int argc, char **argv)
{
    FILE *f = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (!f) {
        fputs("usage: break FILE [N SEED | @K]\n", stderr);
        return 2;
    }
    size = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    find_places(size && strlen(argv[1]) > 4 && strcmp(argv[1] + strlen(argv[1]) - 4, ".sql") == 0);
    if (argc == 2)
        printf("%zu\n", places);
    else if (argv[2][0] == '@' && strtoul(argv[2] + 1, NULL, 10) < places)
        change(&place[strtoul(argv[2] + 1, NULL, 10)]);
    else if (argc == 4)
        pick(strtoul(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
    else
        return 2;
    return 0;
}
