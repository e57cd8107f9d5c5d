/* Text exports of the registry: every form of value in both dialects and all encodings, paths, control sets,
 * what is cut short or hostile. */
#include "parsers/registry/regf.h"
#include "parsers/registry/regtext.h"
#include "parsers/sniff/sniff.h"
#include "base/utf.h"
#include "tests/build.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define V5   "Windows Registry Editor Version 5.00\r\n\r\n"
#define LSA  "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Lsa]\r\n"
#define QLSA "\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Lsa\r\n"

/* Every fact as one line: "value SYSTEM\Select Current 4 num=1 text= data=01000000 line 4" */
struct seen {
    struct buf b;
    size_t facts, values, anomalies;
    bool bad_ref;
    size_t n;
};

static enum status keep(void *ctx, const struct fact *f, struct err *e)
{
    struct seen *s = ctx;
    (void)e;
    s->facts++, s->values += f->kind == FACT_REG_VALUE, s->anomalies += f->kind == FACT_ANOMALY,
        s->bad_ref |= f->ref.file || f->ref.off > s->n;
    if (s->b.n > 1 << 20)
        return OK;
    const struct value *v = f->v;
    if (f->kind == FACT_HIVE)
        buf_printf(&s->b, "hive %.*s %.*s %.*s %lld\n", STR_ARG(v[HV_KIND].s),
                   STR_ARG(v[HV_ROOT].s.n ? v[HV_ROOT].s : STR("-")),
                   STR_ARG(v[HV_COMPUTER].s.p ? v[HV_COMPUTER].s : STR("-")),
                   v[HV_CONTROL_SET].null ? 0LL : (long long)v[HV_CONTROL_SET].i);
    else if (f->kind == FACT_REG_KEY)
        buf_printf(&s->b, "key %.*s %.*s\n", STR_ARG(v[RK_PATH].s), STR_ARG(v[RK_ORIGIN].s));
    else if (f->kind == FACT_ANOMALY)
        buf_printf(&s->b, "bad %.*s %.*s\n", STR_ARG(v[AN_CODE].s), STR_ARG(v[AN_DETAIL].s));
    else if (f->kind == FACT_REG_VALUE) {
        buf_printf(&s->b, "value %.*s '%.*s' %lld", STR_ARG(v[RV_PATH].s), STR_ARG(v[RV_NAME].s),
                   (long long)v[RV_TYPE].i);
        if (!v[RV_NUM].null)
            buf_printf(&s->b, " num=%lld", (long long)v[RV_NUM].i);
        if (v[RV_TEXT].s.p)
            buf_printf(&s->b, " text=%.*s", STR_ARG(v[RV_TEXT].s));
        buf_z(&s->b, " data="), buf_hex(&s->b, v[RV_DATA].s.p, v[RV_DATA].s.n);
        buf_printf(&s->b, " size=%lld %.*s at %llu\n", (long long)v[RV_SIZE].i, STR_ARG(v[RV_ORIGIN].s),
                   (unsigned long long)f->ref.off);
    }
    return OK;
}

static struct seen read_want(const void *p, size_t n, const struct want *w)
{
    struct seen s = {.n = n};
    struct arena a;
    struct err e = {0};
    uint8_t *own = malloc(n ? n : 1); /* exactly so long, for the address sanitizer */
    cr_assert(own && arena_make(&a, 24 << 20));
    memcpy(own, p, n);
    enum status st = regtext_read(span_of(own, n, 0), w, &a, keep, &s, &e);
    cr_expect(st == OK || st == E_LIMIT, "%s", e.why);
    cr_expect(!s.bad_ref);
    arena_free(&a), free(own);
    buf_char(&s.b, 0);
    return s;
}

static struct seen read_text(const char *text)
{
    return read_want(text, strlen(text), &(struct want){.all_keys = true});
}
static bool says(const struct seen *s, const char *what) { return s->b.p && strstr(s->b.p, what); }

/* --- one value, both dialects: what it says, and that it says nothing with its last byte gone */

static const struct {
    const char *text, *says;
} reg_values[] = {
    {"\"a\"=dword:00000001", "'a' 4 num=1 data=01000000 size=4"},
    {"\"a\"=dword:FFFFFFFf", "'a' 4 num=4294967295 data=ffffffff"},
    {"\"a\"=\"\"", "'a' 1 text= data=0000 size=2"},
    {"\"a\"=\"x\\\\y \\\"z\\\"\"", "'a' 1 text=x\\y \"z\" data="},
    {"\"a \\\"b\\\\\"=\"v\"", "'a \"b\\' 1 text=v"},
    {"@=\"v\"", "'' 1 text=v data=76000000"},
    {"\"a\"=\"two\r\nlines\"", "text=two\r\nlines data="},
    {"\"a\"=\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"",
     "text=gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80 data=67007200fc00df0020003dd800de0000"},
    {"\"a\"=hex(4):2a,00,00,00", "'a' 4 num=42"},
    {"\"a\"=hex(5):00,00,00,2a", "'a' 5 num=42"},
    {"\"a\"=hex(b):ff,ff,ff,ff,00,00,00,00", "'a' 11 num=4294967295"},
};

Test(regtext, values_of_exports)
{
    for (size_t i = 0; i < LEN(reg_values); i++) {
        char whole[512];
        int n = snprintf(whole, sizeof whole, V5 LSA "%s", reg_values[i].text);
        struct seen s = read_text(whole);
        cr_expect(says(&s, reg_values[i].says) && s.values == 1, "row %zu: %s", i, s.b.p);
        buf_free(&s.b);
        whole[n - 1] = 0;
        s = read_text(whole);
        cr_expect(s.values == 0 && s.anomalies >= 1, "row %zu cut short: %s", i, s.b.p);
        buf_free(&s.b);
    }
}

/* Lists of bytes and lines of reg query end with their line: without its end they may be cut. */
static const struct {
    const char *text, *says;
} ended[] = {
    {V5 LSA "\"a\"=hex:", "'a' 3 data= size=0"},
    {V5 LSA "\"a\"=hex:01,fE", "'a' 3 data=01fe size=2"},
    {V5 LSA "\"a\"=hex:01,\\\r\n  02,\\\r\n  03", "data=010203 size=3 line 4"},
    {V5 LSA "\"a\"=hex(0):", "'a' 0 data="},
    {V5 LSA "\"a\"=hex(2):25,00,61,00,25,00,00,00", "'a' 2 text=%a% data=2500610025000000"},
    {V5 LSA "\"a\"=hex(7):61,00,00,00,62,00,00,00,00,00", "'a' 7 text=a|b data="},
    {V5 LSA "\"a\"=hex(1):61,00,00,00,62,00", "'a' 1 text=a data="},
    {V5 LSA "\"a\"=hex(80000001):01", "'a' 2147483649 data=01"},
    {V5 LSA "\"a\"=hex(8):01,02", "'a' 8 data=0102"},
    {V5 LSA "\"a\"=dword:1", "'a' 4 num=1"},
    {"REGEDIT4\r\n\r\n" LSA "\"a\"=hex(2):25,61,25,00", "'a' 2 text=%a% data=2500610025000000"},
    {"REGEDIT4\r\n\r\n" LSA "\"a\"=hex(7):e4,00,62,00,00", "text=\xc3\xa4|b"},
    {"REGEDIT4\r\n\r\n" LSA "\"a\"=hex:e4,00", "data=e400 size=2"},
    {QLSA "    a    REG_DWORD    0x1", "'a' 4 num=1 data=01000000 size=4 line 3"},
    {QLSA "    a    REG_QWORD    0xffffffff00", "'a' 11 num=1099511627520"},
    {QLSA "    a    REG_SZ    ", "'a' 1 text= data=0000"},
    {QLSA "    a b    c    REG_SZ    REG_DWORD    0x1", "'a b    c' 1 text=REG_DWORD    0x1"},
    {QLSA "    (Default)    REG_SZ    v", "'' 1 text=v"},
    {QLSA "    (par d\xc3\xa9"
          "faut)    REG_SZ    v",
     "'' 1 text=v"},
    {QLSA "    a    REG_EXPAND_SZ    %SystemRoot%\\x", "'a' 2 text=%SystemRoot%\\x"},
    {QLSA "    a    REG_MULTI_SZ    x\\0y", "'a' 7 text=x|y data=7800000079000000"
                                            "0000"},
    {QLSA "    a    REG_BINARY    01FE", "'a' 3 data=01fe"},
    {QLSA "    a    REG_NONE    ", "'a' 0 data="},
    {"! REG.EXE VERSION 3.0\r\n" QLSA "\ta\tREG_DWORD\t0x1", "'a' 4 num=1"},
};

Test(regtext, values_that_need_the_end_of_their_line)
{
    for (size_t i = 0; i < LEN(ended); i++) {
        char whole[512];
        snprintf(whole, sizeof whole, "%s\r\n", ended[i].text);
        struct seen s = read_text(whole);
        cr_expect(says(&s, ended[i].says) && s.values == 1 && s.anomalies == 0, "row %zu: %s", i, s.b.p);
        buf_free(&s.b);
        s = read_text(ended[i].text);
        cr_expect(s.values == 0 && s.anomalies == 1, "row %zu without its end: %s", i, s.b.p);
        buf_free(&s.b);
    }
}

Test(regtext, what_is_no_value)
{
    static const char *const rows[] = {
        V5 LSA "\"a\"=dword:000000001\r\n",
        V5 LSA "\"a\"=dword:xyz\r\n",
        V5 LSA "\"a\"=dword:\r\n",
        V5 LSA "\"a\"=hex:1\r\n",
        V5 LSA "\"a\"=hex:01,,02\r\n",
        V5 LSA "\"a\"=hex:01 02\r\n",
        V5 LSA "\"a\"=hex(zz):01\r\n",
        V5 LSA "\"a\"=hex(:01\r\n",
        V5 LSA "\"a\"=hex(7:01\r\n",
        V5 LSA "\"a\"=hex(123456789):01\r\n",
        V5 LSA "\"a\"=hex:01,\\\r\n",
        V5 LSA "\"a\"=\"x\" y\r\n",
        V5 LSA "\"a\r\n",
        V5 LSA "\"a\" \r\n",
        V5 LSA "\"a\"=\r\n",
        V5 LSA "\"a\"=word:1\r\n",
        V5 LSA "a=dword:00000001\r\n",
        V5 LSA "@\r\n",
        QLSA "    a    REG_DWORD    1\r\n",
        QLSA "    a    REG_DWORD    0x123456789\r\n",
        QLSA "    a    REG_DWORD    0x\r\n",
        QLSA "    a    REG_BINARY    0\r\n",
        QLSA "    a    REG_DWORDY    0x1\r\n",
        QLSA "    a\r\n",
        QLSA "a    REG_DWORD    0x1\r\n",
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct seen s = read_text(rows[i]);
        cr_expect(s.values == 0 && s.anomalies == 1
                      && says(&s, "key SYSTEM\\CurrentControlSet\\Control\\Lsa"),
                  "row %zu: %s", i, s.b.p);
        buf_free(&s.b);
    }
    struct seen s = read_text(
        QLSA "    (Standard)    REG_SZ    (Wert nicht gesetzt)\r\n    b    REG_SZ    (x)\r\n");
    cr_expect(s.values == 1 && says(&s, "'b' 1 text=(x)"), "%s", s.b.p);
    buf_free(&s.b);
}

/* A line that may have been a key, and is damaged, ends the key before it: what follows is nobody's. One that
 * was a value costs itself. */
Test(regtext, a_damaged_key_has_no_values)
{
    static const struct {
        const char *text;
        bool kept;
    } rows[] = {
        {V5 LSA "(HKEY_LOCAL_MACHINE\\SYSTEM\\X]\r\n\"a\"=dword:00000001\r\n", false},
        {V5 LSA "HKEY_LOCAL_MACHINE\\SYSTEM\\X=y]\r\n\"a\"=dword:00000001\r\n", false},
        {V5 LSA "[HKEY_LOCAL_MACHINE\\SYSTEM\\X\r\n\"a\"=dword:00000001\r\n", false},
        {V5 LSA "x\r\n\"a\"=dword:00000001\r\n", false},
        {V5 LSA "b=dword:00000001\r\n\"a\"=dword:00000001\r\n", true},
        {V5 LSA "  00,01\r\n\"a\"=dword:00000001\r\n", true},
        {QLSA "HKXY_LOCAL_MACHINE\\SYSTEM\\X\r\n    a    REG_DWORD    0x1\r\n", false},
        {QLSA "IKEY_LOCAL_MACHINE\\SYSTEM\\X\r\n    a    REG_DWORD    0x1\r\n", false},
        {QLSA "b    REG_DWORD    0x1\r\n    a    REG_DWORD    0x1\r\n", true},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct seen s = read_text(rows[i].text);
        cr_expect(s.anomalies == 1 && s.values == rows[i].kept && says(&s, "Lsa 'a' 4 num=1") == rows[i].kept,
                  "row %zu: %s", i, s.b.p);
        buf_free(&s.b);
    }
}

/* --- paths, control sets, roots */

Test(regtext, paths)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {V5 "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\X]\r\n",
         "hive SYSTEM SYSTEM\\CurrentControlSet\\X - 0\nkey SYSTEM\\CurrentControlSet\\X line 3\n"},
        {V5 "[HKEY_LOCAL_MACHINE\\system\\ControlSet001\\X]\r\n",
         "hive SYSTEM SYSTEM\\CurrentControlSet\\X - 1\nbad select"},
        {V5
         "[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet002]\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet]\r\n",
         "key SYSTEM\\ControlSet002 line 3\nkey SYSTEM\\CurrentControlSet line 4\n"},
        {V5 "[HKEY_LOCAL_MACHINE\\SYSTEM]\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001]\r\n[HKEY_LOCAL_"
            "MACHINE\\SYSTEM\\ControlSet002]\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\Select]\r\n"
            "\"Current\"=dword:00000002\r\n",
         "hive SYSTEM SYSTEM - 2\nkey SYSTEM line 3\nkey SYSTEM\\ControlSet001 line 4\nkey "
         "SYSTEM\\CurrentControlSet line 5\n"},
        {V5 "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName]"
            "\r\n\"ComputerName\"=\"PC9\"\r\n",
         "hive SYSTEM SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName PC9 0\n"},
        {V5 "[HKEY_LOCAL_MACHINE]\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE]\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\A]\r\n["
            "HKEY_LOCAL_MACHINE\\SYSTEM]\r\n",
         "hive SOFTWARE SOFTWARE - 0\nhive SYSTEM SYSTEM - 0\n"},
        {V5 "[HKEY_USERS\\S-1-5-21-1-2-3-500\\Software\\A]\r\n", "key NTUSER\\Software\\A"},
        {V5 "[HKEY_USERS\\S-1-5-21-1-2-3-500_Classes\\A]\r\n", "key USRCLASS\\A"},
        {V5 "[HKEY_CURRENT_USER\\Network\\Z]\r\n", "key NTUSER\\Network\\Z"},
        {V5 "[HKEY_CLASSES_ROOT\\.txt]\r\n", "key SOFTWARE\\Classes\\.txt"},
        {V5 "[HKEY_CURRENT_CONFIG]\r\n", "key SYSTEM\\CurrentControlSet\\Hardware Profiles\\Current line 3"},
        {V5 "[HKEY_LOCAL_MACHINE\\SAM\\SAM\\Domains]\r\n", "key SAM\\SAM\\Domains"},
        {V5 "[HKEY_LOCAL_MACHINE\\BCD00000000\\Objects]\r\n", "hive BCD BCD\\Objects"},
        {V5 "[HKEY_LOCAL_MACHINE\\OFFLINE\\A]\r\n", "key UNKNOWN\\A"},
        {V5 "[HKLM\\SYSTEM\\CurrentControlSet\\a]b]\r\n", "key SYSTEM\\CurrentControlSet\\a]b line 3"},
        {"\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\X\r\n\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Y\r\n",
         "hive SYSTEM - - 0\nhive SOFTWARE - - 0\nkey SYSTEM\\CurrentControlSet\\X line 2\nkey SOFTWARE\\Y "
         "line 4\n"},
        {V5 "; comment\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\X\r\n",
         "bad line line 5: the name of a key does not end"},
        {V5 "[Nonsense]\r\n", "bad line line 3: not a key of the registry"},
        {V5 LSA "\"a\"=-\r\n\"b\"=dword:00000001\r\n", "bad import"},
        {V5 "[-HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\X]\r\n" LSA, "bad import"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct seen s = read_text(rows[i].text);
        cr_expect(says(&s, rows[i].says), "row %zu: %s", i, s.b.p);
        cr_expect(!says(&s, "bad import") || (s.facts == 1 && s.anomalies == 1),
                  "row %zu: nothing is taken from a file to import: %s", i, s.b.p);
        buf_free(&s.b);
    }
}

Test(regtext, only_what_is_wanted)
{
    static const char text[] = V5 LSA
        "\"disabledomaincreds\"=dword:00000001\r\n\"other\"=dword:00000002\r\n[HKEY_LOCAL_"
        "MACHINE\\SYSTEM\\CurrentControlSet\\Services\\A]\r\n\"Start\"=dword:00000003\r\n"
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\A\\Parameters]\r\n\"x\"=dword:"
        "00000004\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet002\\Services\\A]\r\n\"Start\"=dword:00000005\r\n"
        "[HKEY_LOCAL_MACHINE\\SECURITY\\Policy\\Secrets\\$MACHINE.ACC\\CurrVal]\r\n@=hex:de,ad,be,ef\r\n["
        "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon]\r\n"
        "\"DefaultPassword\"=\"geheim\"\r\n";
    struct want_key keys[] = {{STR("SYSTEM"), STR("<CCS>\\Control\\LSA"), STR("DisableDomainCreds")},
                              {STR("SYSTEM"), STR("<CCS>\\Services\\*"), STR("*")}};
    struct seen s = read_want(text, sizeof text - 1, &(struct want){.key = keys, .n_key = 2});
    cr_expect(s.values == 2 && says(&s, "'disabledomaincreds' 4 num=1") && says(&s, "num=3")
                  && !says(&s, "Parameters") && !says(&s, "key SYSTEM\\ControlSet002"),
              "%s", s.b.p);
    buf_free(&s.b);
    struct want_key other = {STR("SYSTEM"), STR("ControlSet002\\Services\\A"), STR("Start")};
    s = read_want(text, sizeof text - 1, &(struct want){.key = &other, .n_key = 1});
    cr_expect(s.values == 1 && says(&s, "ControlSet002\\Services\\A 'Start' 4 num=5"), "%s", s.b.p);
    buf_free(&s.b);
    s = read_text(text);
    cr_expect(s.values == 7 && !says(&s, "deadbeef") && !says(&s, "geheim")
                  && says(&s, "'DefaultPassword' 1 data= size=14"),
              "secrets stay in: %s", s.b.p);
    buf_free(&s.b);
}

/* --- encodings: the same facts, and references that lead to the line */

Test(regtext, encodings)
{
    static const char text[] = V5 LSA
        "\"gr\xc3\xbc\xc3\x9f\"=\"\xf0\x9f\x98\x80\"\r\n\"b\"=hex:01,\\\r\n  02\r\n";
    struct buf wide = {0}, mark = {0};
    buf_put(&wide, "\xff\xfe", 2), put_utf16(&wide, text);
    buf_put(&mark, "\xef\xbb\xbf", 3), buf_z(&mark, text);
    const struct {
        const char *p;
        size_t n, unit, bom;
        enum kind kind;
    } rows[] = {{text, sizeof text - 1, 1, 0, KIND_REG_TEXT},
                {wide.p, wide.n, 2, 2, KIND_REG_TEXT},
                {mark.p, mark.n, 1, 3, KIND_REG_TEXT}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct seen s = read_want(rows[i].p, rows[i].n, &(struct want){.all_keys = true});
        char at[64];
        snprintf(at, sizeof at, "line 4 at %zu\n", rows[i].bom + rows[i].unit * (sizeof V5 LSA - 1));
        cr_expect(s.values == 2 && !s.anomalies && says(&s, "'gr\xc3\xbc\xc3\x9f' 1 text=\xf0\x9f\x98\x80")
                      && says(&s, "data=0102") && says(&s, at),
                  "row %zu: %s", i, s.b.p);
        cr_expect_eq(sniff(span_of(rows[i].p, rows[i].n, 0)).kind, rows[i].kind, "row %zu", i);
        buf_free(&s.b);
    }
    buf_free(&wide), buf_free(&mark);
    struct seen s = read_text(
        "REGEDIT4\n\n"
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\gr\xfc\xdf]\n\"a\"=\"\xe4\"\n");
    cr_expect(says(&s, "gr\xc3\xbc\xc3\x9f 'a' 1 text=\xc3\xa4"), "bytes that are no UTF-8: %s", s.b.p);
    buf_free(&s.b);
}

Test(regtext, reg_query_is_known_by_its_first_line)
{
    static const struct {
        const char *text;
        bool is;
    } rows[] = {
        {"\r\nHKEY_LOCAL_MACHINE\\SYSTEM\r\n", true},
        {"HKEY_USERS\r\n", true},
        {"\r\n \r\n! REG.EXE VERSION 3.0\r\n", true},
        {"\xef\xbb\xbfHKEY_CURRENT_USER\\A", true},
        {"HKEY_LOCAL_MACHINE", false},
        {"HKEY_LOCAL_MACHINERY\\X", false},
        {"see HKEY_LOCAL_MACHINE\\SYSTEM", false},
        {"HKEY", false},
        {"", false},
        {"! REG.EXE VERSION", false},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf wide = {0};
        cr_expect_eq(regtext_is_query(span_of(rows[i].text, strlen(rows[i].text), 0)), rows[i].is, "row %zu",
                     i);
        if (rows[i].text[0] != '\xef') {
            buf_put(&wide, "\xff\xfe", 2), put_utf16(&wide, rows[i].text);
            cr_expect_eq(sniff(span_of(wide.p, wide.n, 0)).kind == KIND_REG_TEXT, rows[i].is,
                         "row %zu in UTF-16", i);
        }
        buf_free(&wide);
    }
}

/* --- structures: an export says what its hive says */

static void take_decoded(struct buf *b, const struct fact *f)
{
    const struct fact_desc *d = &fact_descs[f->kind];
    buf_z(b, d->table);
    for (size_t i = 0; i < FACT_COLS && d->col[i].name; i++) {
        const struct value *v = &f->v[i];
        if (v->null || (d->col[i].type == COL_TEXT && !v->s.p))
            continue;
        buf_printf(b, " %s=", d->col[i].name);
        if (d->col[i].type == COL_TEXT)
            buf_str(b, v->s);
        else
            buf_i64(b, v->i);
    }
    buf_char(b, '\n');
}

/* Decoded facts as lines; lines: what a value of text said about its line, one word a fact. */
struct decoded {
    struct buf b, lines;
    size_t anomalies, uncited;
    uint64_t last;
};

static enum status decoded_fact(void *ctx, const struct fact *f, struct err *e)
{
    struct decoded *d = ctx;
    (void)e;
    if (f->kind > FACT_REG_VALUE)
        take_decoded(&d->b, f), d->uncited += d->last != f->ref.off, d->last = f->ref.off;
    else if (f->kind == FACT_REG_VALUE)
        buf_printf(&d->lines, "%.*s\\%.*s %.*s %llu\n", STR_ARG(f->v[RV_PATH].s), STR_ARG(f->v[RV_NAME].s),
                   STR_ARG(f->v[RV_ORIGIN].s), (unsigned long long)f->v[RV_DATA].s.n);
    d->anomalies += f->kind == FACT_ANOMALY;
    return OK;
}

static void put_reg_text(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            buf_char(b, '\\');
        buf_char(b, s.p[i]);
    }
}

/* What regedit writes of one value: bytes for all but plain strings, 25 to a line. */
static void write_reg(struct buf *b, const struct regf_value *v, struct arena scratch)
{
    if (v->name.n)
        buf_char(b, '"'), put_reg_text(b, v->name), buf_z(b, "\"=");
    else
        buf_z(b, "@=");
    if (v->type == REG_SZ)
        buf_char(b, '"'), put_reg_text(b, utf16_strz(&scratch, v->data)), buf_char(b, '"');
    else if (v->type == REG_DWORD)
        buf_printf(b, "dword:%08x", le32(v->data.p));
    else if (v->type == REG_BINARY)
        buf_z(b, "hex:");
    else
        buf_printf(b, "hex(%x):", v->type);
    for (size_t i = 0; i < v->data.n && v->type != REG_DWORD && v->type != REG_SZ; i++)
        buf_printf(b, "%s%s%02x", i ? "," : "", i && i % 25 == 0 ? "\\\r\n  " : "", v->data.p[i]);
    buf_z(b, "\r\n");
}

static void write_query(struct buf *b, const struct regf_value *v, struct arena scratch)
{
    struct str text = utf16_strz(&scratch, v->data);
    buf_z(b, "    "), v->name.n ? buf_str(b, v->name) : buf_z(b, "(Default)");
    buf_printf(b, "    %s    ",
               v->type <= REG_LINK || v->type == REG_MULTI_SZ || v->type == REG_QWORD ? reg_type_name(v->type)
                                                                                      : "REG_NONE");
    if (v->type == REG_SZ || v->type == REG_EXPAND_SZ)
        buf_str(b, text);
    else if (v->type == REG_DWORD)
        buf_printf(b, "0x%x", le32(v->data.p));
    else
        buf_hex(b, v->data.p, v->data.n);
    buf_z(b, "\r\n");
}

static void export_key(struct buf *b, struct regf *r, const struct regf_key *k, const char *path, bool query,
                       struct arena scratch)
{
    struct regf_value v;
    struct regf_key sub;
    buf_printf(b, query ? "\r\n%s\r\n" : "\r\n[%s]\r\n", path);
    for (uint32_t i = 0; regf_value_at(r, k, i, &v); i++)
        query ? write_query(b, &v, scratch) : write_reg(b, &v, scratch);
    for (uint32_t i = 0; regf_subkey(r, k, i, &sub); i++) {
        char *below = arena_printf(&scratch, "%s\\%.*s", path, STR_ARG(sub.name));
        cr_assert_not_null(below);
        export_key(b, r, &sub, below, query, scratch);
    }
}

static void same_as_hive(const struct buf *hive, const char *kind, const char *what)
{
    struct arena a, work, scratch;
    struct err e = {0};
    struct regf *r;
    struct regf_key top;
    struct span file = span_of(hive->p, hive->n, 0);
    struct image img = {.bytes = file.p, .n = file.n, .hive = file};
    struct decoded there = {0};
    char path[64];
    snprintf(path, sizeof path, "HKEY_LOCAL_MACHINE\\%s", kind);
    cr_assert(arena_make(&a, 24 << 20) && arena_make(&work, 24 << 20) && arena_make(&scratch, 1 << 20));
    cr_assert_eq(hive_read(&file, 1, &(struct want){0}, &a, decoded_fact, &there, &e), OK);
    cr_assert(regf_open(&img, &work, NULL, NULL, &r, &e) == OK && regf_root(r, &top) && there.b.n, "%s",
              what);
    for (unsigned form = 0; form < 3; form++) { /* .reg in UTF-16, REGEDIT4, reg query */
        struct buf text = {0}, wide = {0};
        buf_z(&text, form == 2 ? "" : form ? "REGEDIT4\r\n" : V5);
        export_key(&text, r, &top, path, form == 2, scratch);
        if (form == 0) {
            buf_u16(&wide, 0xfeff);
            for (size_t i = 0; i < text.n;)
                buf_u16(&wide, (uint16_t)utf8_next(buf_view(&text), &i));
        }
        struct span in = form ? span_of(text.p, text.n, 0) : span_of(wide.p, wide.n, 0);
        struct decoded d = {0};
        struct arena own = a;
        cr_expect_eq(regtext_read(in, &(struct want){0}, &own, decoded_fact, &d, &e), OK, "%s: %s", what,
                     e.why);
        cr_expect(d.b.n == there.b.n && !memcmp(d.b.p, there.b.p, d.b.n), "%s, form %u\n%.*s\n--- hive\n%.*s",
                  what, form, (int)d.b.n, d.b.p, (int)there.b.n, there.b.p);
        size_t n = 0;
        for (size_t i = 0; i < d.lines.n; i++)
            n += d.lines.p[i] == '\n';
        cr_expect(n == d.uncited && !d.anomalies, "%s, form %u: %zu places, %zu lines, %zu anomalies", what,
                  form, d.uncited, n, d.anomalies);
        buf_free(&text), buf_free(&wide), buf_free(&d.b), buf_free(&d.lines);
    }
    buf_free(&there.b), buf_free(&there.lines), arena_free(&a), arena_free(&work), arena_free(&scratch);
}

Test(regtext, structures_as_in_hives)
{
    struct hive h[3] = {{.name = "SECURITY", .now = utc("2026-03-01T08:00:00Z")},
                        {.name = "SAM", .now = utc("2026-03-01T08:00:00Z")},
                        {.name = "SOFTWARE", .now = utc("2026-03-01T08:00:00Z")}};
    lsa_name(&h[0], "PolAcDmN", "PC1"), lsa_name(&h[0], "PolPrDmN", "CORP"),
        lsa_name(&h[0], "PolDnDDN", "corp.example"), lsa_sid(&h[0], "PolAcDmS", "S-1-5-21-1-2-3"),
        lsa_sid(&h[0], "PolPrDmS", NULL);
    lsa_secret(&h[0], "$MACHINE.ACC", utc("2026-02-01"), utc("2026-01-01")),
        lsa_secret(&h[0], "_SC_Empty", utc("2026-02-01"), 0);
    lsa_right(&h[0], "S-1-5-21-1-2-3-1001", RIGHT_BATCH),
        lsa_right(&h[0], "S-1-5-32-546", DENY_BATCH | DENY_NETWORK);
    lsa_audit(&h[0], (const struct audit_row[]){{AUDIT_LOGON, 3}}, 1), lsa_cache(&h[0], 3),
        lsa_cached(&h[0], 2, utc("2026-02-03"), 1105);
    sam_domain(&h[1], "S-1-5-21-1-2-3", 5);
    sam_user(&h[1], &(struct user_row){.name = "svc",
                                       .rid = 1001,
                                       .flags = ACB_NORMAL | ACB_LOCKED,
                                       .password_set = utc("2026-01-02"),
                                       .last_bad = utc("2026-01-04"),
                                       .bad_count = 7});
    sam_user(&h[1], &(struct user_row){.name = "M\xc3\xbcller", .rid = 1002, .blank = true, .old = true});
    cached_task(&h[2], &(struct task_row){.path = "\\Backup",
                                          .guid = "{11111111-2222-3333-4444-555555555555}",
                                          .sid = "S-1-5-21-1-2-3-1001",
                                          .user = "PC1\\svc",
                                          .logon = "Password",
                                          .command = "robocopy.exe",
                                          .arguments = "\\\\srv\\share",
                                          .registered = utc("2026-01-01"),
                                          .last_run = utc("2026-02-01"),
                                          .state = 0x8007042b});
    cached_task(&h[2], &(struct task_row){.path = "\\Vendor\\Nightly",
                                          .sid = "S-1-5-18",
                                          .logon = "ServiceAccount",
                                          .registered = utc("2026-01-01"),
                                          .vista = true});
    reg(&h[2], "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree\\Half",
        SZ("Id", "{TREE-ONLY}"), END);
    reg(&h[2], "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tasks\\{TASKS-ONLY}",
        SZ("Path", "\\Hidden"),
        BYTES("DynamicInfo", "\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0", 28), END);
    for (size_t i = 0; i < LEN(h); i++) {
        struct buf b = {0};
        hive_write(&h[i], &b);
        same_as_hive(&b, h[i].name, h[i].name);
        buf_free(&b), hive_free(&h[i]);
    }
}

/* The public SECURITY and SAM hives of one machine, as text. */
Test(regtext, structures_of_public_hives)
{
    size_t missing = 0;
    static const char *const names[] = {"SECURITY", "SAM"};
    for (size_t i = 0; i < LEN(names); i++) {
        char path[256], part[65536];
        struct buf b = {0};
        snprintf(path, sizeof path, "../shared/corpus/hive/real/%s", names[i]);
        FILE *f = fopen(path, "rb");
        if (!f) {
            missing++;
            continue;
        }
        for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
            buf_put(&b, part, n);
        fclose(f);
        same_as_hive(&b, names[i], path);
        buf_free(&b);
    }
    if (missing)
        cr_skip_test("skipped: %zu public files are not here (../shared/corpus)", missing);
}

/* What is secret in a hive is secret in its text; structures cut short are told with the place of their line.
 */
Test(regtext, structures_cut_short)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"[HKEY_LOCAL_MACHINE\\SECURITY\\Policy\\Accounts\\S-1-1-0\\ActSysAc]\r\n@=hex(0):02,00,00\r\n",
         "bad decode not 4 bytes"},
        {"[HKEY_LOCAL_MACHINE\\SECURITY\\Policy\\Secrets\\X\\CupdTime]\r\n@=hex(0):02,00,00\r\n",
         "bad decode its time is not 8 bytes"},
        {"[HKEY_LOCAL_MACHINE\\SAM\\SAM\\Domains\\Account\\Users\\000003E9]\r\n\"F\"=hex:02,00,00\r\n",
         "bad decode F cannot be read"},
        {"[HKEY_LOCAL_MACHINE\\SAM\\SAM\\Domains\\Account]\r\n\"F\"=hex:02,00,00\r\n",
         "bad decode F is cut short"},
        {"[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows "
         "NT\\CurrentVersion\\Schedule\\TaskCache\\Tasks\\{A}]\r\n\"DynamicInfo\"=hex:03,00,00,00\r\n",
         "bad decode cut short or of an unknown kind"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        char text[512];
        snprintf(text, sizeof text, V5 "%s", rows[i].text);
        struct seen s = read_text(text);
        cr_expect(says(&s, rows[i].says), "%s: %s", rows[i].text, s.b.p);
        buf_free(&s.b);
    }
    struct seen s = read_text(
        V5 "[HKEY_LOCAL_MACHINE\\SECURITY\\Policy\\Secrets\\X\\CurrVal]\r\n@=hex(0):02,00,00\r\n[HKEY_LOCAL_"
           "MACHINE\\SAM\\SAM\\Domains\\Account\\Users\\000003E9]\r\n\"V\"=hex:02,00,00\r\n");
    cr_expect(!says(&s, "020000") && says(&s, "CurrVal '' 0 data= size=3"), "%s", s.b.p);
    buf_free(&s.b);
}

/* Very many keys, values, levels where structures are looked for: time, memory and facts stay bounded, and
 * what is missing is told. */
Test(regtext, structures_without_end, .timeout = 300)
{
    static const struct {
        const char *head, *each;
        unsigned n;
        bool limited;
    } rows[] = {
        {"", "[HKEY_LOCAL_MACHINE\\SAM\\SAM\\Domains\\Account\\Users\\%08X]\r\n\"F\"=hex:00\r\n", 200000,
         true},
        {"[HKEY_LOCAL_MACHINE\\SECURITY\\Cache]\r\n",
         "\"NL$%u\"=hex:01,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,"
         "00,00,00,00,00,00,00,00,00,00,00,01\r\n",
         40000, true},
        {"",
         "[HKEY_LOCAL_MACHINE\\SECURITY\\Policy\\Secrets\\_SC_%u\\CupdTime]\r\n@=hex(0):00,00,00,00,00,00,00,"
         "01\r\n",
         20000, false},
        {"", "[HKEY_LOCAL_MACHINE\\SECURITY\\Policy\\Secrets\\X]\r\n\"%u\"=hex:00\r\n", 200000, true},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf b = {0};
        buf_z(&b, V5), buf_z(&b, rows[i].head);
        for (unsigned k = 0; k < rows[i].n; k++)
            buf_printf(&b, rows[i].each, k);
        struct seen s = read_want(b.p, b.n, &(struct want){0});
        cr_expect_eq(rows[i].limited, says(&s, "bad limit"), "row %zu: %.300s", i, s.b.p);
        cr_expect(s.facts < 2 * rows[i].n + 300 && s.anomalies <= 202, "row %zu: %zu facts, %zu anomalies", i,
                  s.facts, s.anomalies);
        buf_free(&s.b), buf_free(&b);
    }
    struct buf deep = {0};
    buf_z(&deep, V5
          "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree");
    for (int i = 0; i < 700; i++)
        buf_z(&deep, "\\x");
    buf_z(&deep, "]\r\n\"Id\"=\"{A}\"\r\n");
    struct seen s = read_want(deep.p, deep.n, &(struct want){0});
    cr_expect(says(&s, "bad limit") && !s.values, "%s", s.b.p);
    buf_free(&s.b), buf_free(&deep);
}

/* --- hostile */

/* Every prefix of a file and every file with one byte changed is read to its end; what is cut is told, never
 * invented. */
Test(regtext, every_prefix_and_every_byte, .timeout = 300)
{
    static const char text[] = V5 LSA "\"a\"=dword:00000001\r\n\"b\"=\"x\\\\y\"\r\n\"c\"=hex(7):61,00,\\\r\n "
                                      " 00,00,00,00\r\n@=\"two\r\nlines\"\r\n" QLSA
                                      "    d    REG_MULTI_SZ    a\\0b\r\n";
    static const char query[] = QLSA
        "    d    REG_MULTI_SZ    a\\0b\r\n    e    REG_DWORD    0x12345678\r\n    f    REG_SZ    x\r\n";
    struct seen whole = read_text(query);
    for (size_t k = 0; k < 2; k++) {
        size_t n = k ? sizeof query - 1 : sizeof text - 1;
        char own[1024];
        for (size_t i = 0; i <= n; i++) {
            struct seen s = read_want(k ? query : text, i, &(struct want){.all_keys = true});
            for (char *line = k ? strtok(s.b.p, "\n") : NULL; line; line = strtok(NULL, "\n"))
                cr_expect(strncmp(line, "value", 5) != 0 || strstr(whole.b.p, line),
                          "prefix of %zu invents %s", i, line);
            buf_free(&s.b);
        }
        for (size_t i = 0; i < n; i++)
            for (size_t c = 0; c < 6; c++) {
                memcpy(own, k ? query : text, n);
                own[i] = "\0\"\\\n[\xff"[c];
                struct seen s = read_want(own, n, &(struct want){.all_keys = true});
                buf_free(&s.b);
            }
    }
    buf_free(&whole.b);
}

/* Long paths before many values, strings that never end, lines without end: time and facts stay bounded. */
Test(regtext, hostile_sizes, .timeout = 300)
{
    struct buf b = {0};
    buf_z(&b, V5 "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\");
    for (int i = 0; i < 32000; i++)
        buf_char(&b, 'x');
    buf_z(&b, "]\r\n");
    for (int i = 0; i < 200000; i++)
        buf_z(&b, "@=\"\"\r\n");
    struct seen s = read_want(b.p, b.n, &(struct want){.all_keys = true});
    cr_expect(s.values < 2000 && s.anomalies >= 1, "%zu values", s.values);
    buf_free(&s.b);
    b.n = 0, buf_z(&b, V5 LSA);
    for (int i = 0; i < 400000; i++)
        buf_z(&b, "\"a\"=\"\\\\\r\n");
    s = read_want(b.p, b.n, &(struct want){.all_keys = true});
    cr_expect(s.anomalies <= 202, "%zu", s.anomalies);
    buf_free(&s.b);
    b.n = 0, buf_z(&b, V5 LSA "\"a\"=hex:");
    for (int i = 0; i < 3000000; i++)
        buf_z(&b, "00,");
    buf_z(&b, "00\r\n\"b\"=dword:00000001\r\n");
    s = read_want(b.p, b.n, &(struct want){.all_keys = true});
    cr_expect(says(&s, "bad limit") && says(&s, "'b' 4 num=1"), "%.300s", s.b.p);
    buf_free(&s.b);
    b.n = 0, buf_z(&b, V5);
    for (int i = 0; i < 100000; i++)
        buf_printf(&b, "[HKEY_LOCAL_MACHINE\\SOFTWARE\\k%d]\r\n", i);
    s = read_want(b.p, b.n, &(struct want){.all_keys = true});
    cr_expect_geq(s.facts, 100000);
    buf_free(&s.b), buf_free(&b);
}
