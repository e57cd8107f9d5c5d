#include "base/limits.h"
#include "base/names.h"
#include "base/utf.h"
#include "case/casedb.h"
#include "diagnose/diagnose.h"
#include "kb/kb.h"
#include "kb/kb_files.h"
#include "kb/kb_priv.h"
#include "kb/tree.h"
#include "tests/build_knowledge.h"
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- the YAML that is read at all */
static const struct {
    const char *name, *text;
    enum status want;
    const char *why;
} trees[] = {
    {"a map", "a: 1\nb: [x, y]\n", OK, NULL},
    {"nothing", "", OK, NULL},
    {"only a comment", "# nothing\n", OK, NULL},
    {"alias", "a: &x 1\nb: *x\n", E_FORMAT, "t:1: anchors"},
    {"billion laughs", "a: [*x, *x]\n", E_FORMAT, "t:1: aliases"},
    {"tag", "a: !!int 1\n", E_FORMAT, "t:1: anchors and tags"},
    {"second document", "a: 1\n---\nb: 1\n", E_FORMAT, "t:2: a second document"},
    {"key twice", "a: 1\nb: 2\na: 3\n", E_FORMAT, "t:3: key 'a' twice (before on line 1)"},
    {"key that is a list", "? [a]\n: 1\n", E_FORMAT, "t:1: a key that is not"},
    {"cut in a flow map", "a: {b: 1", E_FORMAT, "t:2:"},
    {"cut in a string", "a: \"b", E_FORMAT, "t:1:"},
    {"tab as indent", "a:\n\tb: 1\n", E_FORMAT, "t:2:"},
    {"nested as deep as allowed", "[[[[[[[[[[[[1]]]]]]]]]]]]", OK, NULL},
    {"one deeper", "[[[[[[[[[[[[[1]]]]]]]]]]]]]", E_FORMAT, "t:1: nested too deep"},
    {"not UTF-8", "a: \xff\n", E_FORMAT, "t:"},
    {"NUL in a text", "a: \"b\\0c\"\n", E_FORMAT, "t:1: a NUL"},
};

Test(tree, what_is_read)
{
    for (size_t i = 0; i < LEN(trees); i++) {
        struct arena a;
        struct err e = {0};
        struct node *root;
        cr_assert(arena_make(&a, 1 << 20));
        enum status st = tree_read(str_of(trees[i].text), "t", &a, &root, &e);
        cr_expect(st == trees[i].want, "%s: status %d, %s", trees[i].name, st, e.why);
        cr_expect(!trees[i].why || strstr(e.why, trees[i].why), "%s: %s", trees[i].name, e.why);
        cr_expect(st != OK || root);
        arena_free(&a);
    }
}

Test(tree, lines_and_plainness)
{
    struct arena a;
    struct node *root;
    cr_assert(arena_make(&a, 1 << 16));
    cr_assert(tree_read(STR("a: 1\nb:\n    - '2'\n    - x y\n"), "t", &a, &root, NULL) == OK);
    const struct node *list = tree_get(root, "b");
    cr_assert(list && list->kind == NODE_LIST && list->n == 2);
    cr_expect(tree_get(root, "a")->plain && !list->child->plain && list->child->next->plain);
    cr_expect(list->child->line == 3 && list->child->next->line == 4);
    cr_expect(!tree_get(root, "c") && !tree_get(list, "a"));
    arena_free(&a);
}

/* Every way to be cut short: an error or a shorter tree, never a crash. */
Test(tree, cut_anywhere)
{
    static const char text[] = "a: {b: [1, 'two', \"three\\n\"], c: |\n  four\n  five\n}\nd: >\n  six\n";
    for (size_t n = 0; n < sizeof text; n++) {
        struct arena a;
        struct node *root;
        cr_assert(arena_make(&a, 1 << 14));
        char *copy = malloc(n + 1);
        memcpy(copy, text, n);
        tree_read((struct str){copy, n}, "t", &a, &root, NULL);
        free(copy);
        arena_free(&a);
    }
}

Test(tree, floods)
{
    struct buf b = {0};
    struct arena a;
    struct node *root;
    struct err e = {0};
    buf_z(&b, "a: [");
    for (int i = 0; i < LIM_YAML_NODES; i++)
        buf_z(&b, "1,");
    buf_z(&b, "1]");
    cr_assert(arena_make(&a, 128 << 20));
    cr_expect(tree_read(buf_view(&b), "t", &a, &root, &e) == E_FORMAT && strstr(e.why, "too many nodes"),
              "%s", e.why);
    arena_free(&a);
    cr_assert(arena_make(&a, 4096));
    cr_expect(tree_read(buf_view(&b), "t", &a, &root, NULL) == E_LIMIT);
    arena_free(&a);
    b.n = 0;
    for (int i = 0; i <= LIM_YAML_KEYS; i++)
        buf_printf(&b, "k%d: 1\n", i);
    e = (struct err){0};
    cr_assert(arena_make(&a, 8 << 20));
    cr_expect(tree_read(buf_view(&b), "t", &a, &root, &e) == E_FORMAT && strstr(e.why, "too many keys"), "%s",
              e.why);
    arena_free(&a);
    buf_free(&b);
}

/* --- knowledge files: each row is one file laid over the embedded ones */
#define CODES    "space: win32\nsource: s\ncodes:\n"
#define EVENTS   "provider: P\nchannel: C\nsource: s\nevents:\n"
#define KEYS     "section: host\nsource: s\nkeys:\n"
#define FAMILIES "families:\n"
#define RULE_HEAD                                                                              \
    "title: t\nid: 11111111-2222-4333-8444-555555555555\nname: probe\nstatus: stable\nlevel: " \
    "low\ndescription: d\ncause: boot-race\n"
#define RULE                                                                                               \
    RULE_HEAD "requires: [{artifact: Security, for: symptom}]\nexplanation: e\nindicators:\n    - {role: " \
              "symptom, sql: 'SELECT 1', explain: x}\n"
static const struct {
    const char *name, *file, *text;
    enum status want;
    const char *why;
} files[] = {
    {"code", "codes/zz.yml", CODES "    - {value: 0xFFFF0001, symbol: A, meaning: m}\n", OK, NULL},
    {"code without symbol", "codes/zz.yml", CODES "    - {value: 1, meaning: m}\n", E_FORMAT,
     "codes/zz.yml:4: code: 'symbol' is missing"},
    {"family", "families.yml", FAMILIES "    - {name: a, means: m, codes: [5, 0x6], source: s}\n", OK, NULL},
    {"family without codes", "families.yml", FAMILIES "    - {name: a, means: m, codes: [], source: s}\n",
     E_FORMAT, "families.yml:2: family a: expected at least one code"},
    {"family with a word", "families.yml", FAMILIES "    - {name: a, means: m, codes: [x], source: s}\n",
     E_FORMAT, "families.yml:2: family a: expected numbers of 0..0xffffffff"},
    {"code twice", "families.yml", FAMILIES "    - {name: a, means: m, codes: [5, 5], source: s}\n", E_FORMAT,
     "families.yml:2: family a: 5 again"},
    {"family twice", "families.yml",
     FAMILIES "    - {name: a, means: m, codes: [5], source: s}\n    - {name: a, means: m, codes: [6], "
              "source: s}\n",
     E_FORMAT, "families.yml:3: family 'a' again (also at families.yml:2)"},
    {"family without a source", "families.yml", FAMILIES "    - {name: a, means: m, codes: [5]}\n", E_FORMAT,
     "families.yml:2: family: 'source' is missing"},
    {"unknown key", "codes/zz.yml", CODES "    - {value: 1, symbol: A, meaning: m, colour: red}\n", E_FORMAT,
     "codes/zz.yml:4: code: unknown key 'colour'"},
    {"code that is no number", "codes/zz.yml", CODES "    - {value: one, symbol: A, meaning: m}\n", E_FORMAT,
     "codes/zz.yml:4: value: expected a number"},
    {"code of 33 bits", "codes/zz.yml", CODES "    - {value: 0x100000000, symbol: A, meaning: m}\n", E_FORMAT,
     "codes/zz.yml:4: code: expected 0..0xffffffff"},
    {"code twice", "codes/zz.yml",
     CODES
     "    - {value: 0xFFFF0001, symbol: A, meaning: m}\n    - {value: 4294901761, symbol: B, meaning: m}\n",
     E_FORMAT, "code 'B' again (also at codes/zz.yml:4)"},
    {"space of its own", "codes/zz.yml", "space: posix\nsource: s\ncodes: []\n", E_FORMAT,
     "codes/zz.yml:1: space is 'posix', expected one of: win32"},
    {"codes as a map", "codes/zz.yml", "space: win32\nsource: s\ncodes: {a: 1}\n", E_FORMAT,
     "codes/zz.yml:3: codes: expected a list"},
    {"empty source", "codes/zz.yml", "space: win32\nsource:\ncodes: []\n", E_FORMAT,
     "codes/zz.yml:2: codes file: 'source' is empty"},
    {"whole file a list", "codes/zz.yml", "- 1\n", E_FORMAT, "codes/zz.yml:1: codes file: expected a map"},
    {"text where a list of texts belongs", "events/zz.yml",
     EVENTS "    - {id: 1, name: n, meaning: m, how: fold, key: K}\n", E_FORMAT,
     "events/zz.yml:5: key: expected a list"},
    {"kept event", "events/zz.yml",
     EVENTS "    - {id: 1, name: n, meaning: m, how: keep, codes: {A: hresult, B: exit}}\n", OK, NULL},
    {"folded event", "events/zz.yml",
     EVENTS "    - {id: 1, name: n, meaning: m, how: fold, key: [A], keep_field: T, keep: [2, 10]}\n", OK,
     NULL},
    {"fold without key", "events/zz.yml", EVENTS "    - {id: 1, name: n, meaning: m, how: fold}\n", E_FORMAT,
     "events/zz.yml:5: fold: 'key' is missing"},
    {"keep with key", "events/zz.yml", EVENTS "    - {id: 1, name: n, meaning: m, how: keep, key: [A]}\n",
     E_FORMAT, "belong to 'how: fold'"},
    {"keep without its field", "events/zz.yml",
     EVENTS "    - {id: 1, name: n, meaning: m, how: fold, key: [A], keep: [1]}\n", E_FORMAT,
     "expected both or none"},
    {"seven keys", "events/zz.yml",
     EVENTS "    - {id: 1, name: n, meaning: m, how: fold, key: [a, b, c, d, e, f, g]}\n", E_FORMAT,
     "at most 6 key fields"},
    {"folded although kept", "events/zz.yml",
     EVENTS "    - {id: 1, name: n, meaning: m, how: fold, key: [A], keep_field: T, keep: [2], fold_field: "
            "S, fold: [S-1-5-18]}\n",
     OK, NULL},
    {"an exception from nothing", "events/zz.yml",
     EVENTS "    - {id: 1, name: n, meaning: m, how: fold, key: [A], fold_field: S, fold: [S-1-5-18]}\n",
     E_FORMAT, "fold is an exception"},
    {"fold without its field", "events/zz.yml",
     EVENTS "    - {id: 1, name: n, meaning: m, how: fold, key: [A], keep_field: T, keep: [2], fold: [x]}\n",
     E_FORMAT, "expected both or none"},
    {"kept where it holds a text", "events/zz.yml",
     EVENTS "    - {id: 1, name: n, meaning: m, how: keep, holding: [800704DD, '80070520']}\n", OK, NULL},
    {"folded where it holds a text", "events/zz.yml",
     EVENTS "    - {id: 1, name: n, meaning: m, how: fold, key: [A], holding: [x]}\n", E_FORMAT,
     "holding: belongs to 'how: keep'"},
    {"everything of anybody", "events/zz.yml",
     "provider: '*'\nchannel: C\nsource: s\nevents:\n    - {id: 0, name: n, meaning: m, how: keep}\n",
     E_FORMAT, "any provider ('*') needs it"},
    {"kept words", "events/zz.yml",
     EVENTS "    - {id: 1, name: n, meaning: m, how: fold, key: [A], keep_field: T, keep: [x]}\n", E_FORMAT,
     "keep: expected numbers"},
    {"event id of 17 bits", "events/zz.yml", EVENTS "    - {id: 65536, name: n, meaning: m, how: keep}\n",
     E_FORMAT, "id: expected 0..65535"},
    {"shape of its own", "events/zz.yml",
     EVENTS "    - {id: 1, name: n, meaning: m, how: keep, codes: {A: errno}}\n", E_FORMAT,
     "shape is 'errno', expected one of: hresult"},
    {"event twice, other case", "events/zz.yml",
     "provider: service control manager\nchannel: C\nsource: s\nevents: [{id: 7000, name: n, meaning: m, "
     "how: keep}]\n",
     E_FORMAT, "again"},
    {"setting", "registry/zz.yml",
     KEYS "    - {hive: SYSTEM, path: '<CCS>\\A', value: B, name: ZZ, type: dword, default: 0x10, meaning: "
          "m, meanings: {0: off, 1: \"o\\\"n\"}}\n",
     OK, NULL},
    {"place to collect", "registry/zz.yml", KEYS "    - {hive: '*', path: 'A\\*', value: '*'}\n", OK, NULL},
    {"setting without meaning", "registry/zz.yml",
     KEYS "    - {hive: SYSTEM, path: A, value: B, name: ZZ, type: dword}\n", E_FORMAT,
     "setting ZZ: expected value, type and meaning"},
    {"default without name", "registry/zz.yml", KEYS "    - {hive: SYSTEM, path: A, value: B, default: 1}\n",
     E_FORMAT, "need a 'name'"},
    {"defaults by build", "registry/zz.yml",
     KEYS "    - {hive: SYSTEM, path: A, value: B, name: ZZ, type: dword, since: 9600, meaning: m, defaults: "
          "[{from: 26100, product: client, editions: [Core, CoreN], value: 1}, {product: server}, {}]}\n",
     OK, NULL},
    {"defaults beside a default", "registry/zz.yml",
     KEYS "    - {hive: SYSTEM, path: A, value: B, name: ZZ, type: dword, meaning: m, default: 1, "
          "defaults: [{value: 0}]}\n",
     E_FORMAT, "either default or defaults"},
    {"defaults of nobody", "registry/zz.yml",
     KEYS "    - {hive: SYSTEM, path: A, value: B, name: ZZ, type: dword, meaning: m, defaults: []}\n",
     E_FORMAT, "defaults: expected at least one"},
    {"defaults without name", "registry/zz.yml",
     KEYS "    - {hive: SYSTEM, path: A, value: B, defaults: [{value: 0}]}\n", E_FORMAT, "need a 'name'"},
    {"default of a build of 17 bits", "registry/zz.yml",
     KEYS "    - {hive: SYSTEM, path: A, value: B, name: ZZ, type: dword, meaning: m, defaults: "
          "[{from: 65536, value: 0}]}\n",
     E_FORMAT, "from: expected a build"},
    {"default of a product of its own", "registry/zz.yml",
     KEYS "    - {hive: SYSTEM, path: A, value: B, name: ZZ, type: dword, meaning: m, defaults: "
          "[{product: phone, value: 0}]}\n",
     E_FORMAT, "product is 'phone', expected one of: client"},
    {"default with a key of its own", "registry/zz.yml",
     KEYS "    - {hive: SYSTEM, path: A, value: B, name: ZZ, type: dword, meaning: m, defaults: "
          "[{until: 3, value: 0}]}\n",
     E_FORMAT, "unknown key 'until'"},
    {"read since a build below none", "registry/zz.yml",
     KEYS "    - {hive: SYSTEM, path: A, value: B, name: ZZ, type: dword, meaning: m, since: -1}\n", E_FORMAT,
     "since: expected a build"},
    {"hive of its own", "registry/zz.yml", KEYS "    - {hive: HKLM, path: A, value: B}\n", E_FORMAT,
     "hive is 'HKLM', expected one of: SYSTEM"},
    {"meanings as a list", "registry/zz.yml",
     KEYS "    - {hive: SYSTEM, path: A, value: B, name: ZZ, type: dword, meaning: m, meanings: [a]}\n",
     E_FORMAT, "meanings: expected a map"},
    {"artifacts as two lists", "artifacts.yml", "artifacts: []\nmore: []\n", E_FORMAT,
     "artifacts.yml:2: artifacts file: unknown key 'more'"},
    {"channel and hive of one name", "artifacts.yml",
     "artifacts: [{name: Security, kind: channel, collect: c, meaning: m}, {name: SECURITY, kind: hive, "
     "collect: c, meaning: m}]\n",
     OK, NULL},
    {"account twice", "accounts.yml", "accounts: [{name: A, sid: S-1-5-18}, {name: a, sid: S-1-5-18}]\n",
     E_FORMAT, "accounts.yml:1: account 'a' again"},
    {"file nobody reads", "notes.yml", "a: 1\n", E_FORMAT,
     "notes.yml:1: expected artifacts.yml, accounts.yml, causes.yml, families.yml, layouts.yml, tools.yml or "
     "a file"},
    {"field of a tool", "tools.yml",
     "fields: [{name: A, tool: whoami, meaning: m, for: [boot-race], against: [clock-skew], source: s}]\n",
     OK, NULL},
    {"field of no tool", "tools.yml", "fields: [{name: A, tool: ipconfig, meaning: m, source: s}]\n",
     E_FORMAT, "tools.yml:1: tool is 'ipconfig', expected one of"},
    {"field twice", "tools.yml",
     "fields: [{name: A, tool: whoami, meaning: m, source: s}, {name: a, tool: whoami, meaning: m, source: "
     "s}]\n",
     E_FORMAT, "tools.yml:1: field 'a' again"},
    {"field for a cause nobody knows", "tools.yml",
     "fields: [{name: A, tool: whoami, meaning: m, for: [boot-race], against: [x], source: s}]\n", E_FORMAT,
     "tools.yml:1: causes.yml has no cause 'x'"},
    {"layout", "layouts.yml", "layouts: [{path: '**/<drive>/x', host: sure, source: s}]\n", OK, NULL},
    {"layout of an unknown word", "layouts.yml", "layouts: [{path: 'a/<drove>', source: s}]\n", E_FORMAT,
     "layouts.yml:1: layout a/<drove>: not a pattern"},
    {"layout surer than sure", "layouts.yml", "layouts: [{path: a, host: quite, source: s}]\n", E_FORMAT,
     "layouts.yml:1: host is 'quite', expected one of"},
    {"folder nobody reads", "rule/x.yml", "a: 1\n", E_FORMAT, "rule/x.yml:1: expected artifacts.yml"},
    {"rule", "rules/probe.yml", RULE, OK, NULL},
    {"rule without indicators", "rules/probe.yml", RULE_HEAD "requires: []\nexplanation: e\nindicators: []\n",
     E_FORMAT, "rules/probe.yml:10: indicators: expected at least one"},
    {"role of its own", "rules/probe.yml", RULE "    - {role: maybe, sql: x, explain: x}\n", E_FORMAT,
     "rules/probe.yml:12: role 'maybe', expected one of"},
    {"a rule cannot state a verdict", "rules/probe.yml", RULE "verdict: confirmed\n", E_FORMAT,
     "rule: unknown key 'verdict'"},
    {"artefact and any_of", "rules/probe.yml",
     RULE_HEAD "requires: [{artifact: A, any_of: [B], for: cause}]\nexplanation: e\nindicators: [{role: "
               "cause, sql: x, explain: x}]\n",
     E_FORMAT, "either artifact or any_of"},
    {"neither", "rules/probe.yml",
     RULE_HEAD "requires: [{for: cause}]\nexplanation: e\nindicators: [{role: cause, sql: x, explain: x}]\n",
     E_FORMAT, "either artifact or any_of"},
    {"risk of its own", "rules/probe.yml",
     RULE "remediation: [{text: t, risk: none, reversible: no, verify: v}]\n", E_FORMAT, "risk is 'none'"},
    {"fact of its own", "rules/probe.yml", RULE "tests: [{name: t, facts: [{rumour: {a: 1}}], expect: []}]\n",
     E_FORMAT, "fact is 'rumour'"},
    {"two facts in one", "rules/probe.yml",
     RULE "tests: [{name: t, facts: [{event: {a: 1}, value: {a: 1}}], expect: []}]\n", E_FORMAT,
     "expected one 'kind: {fields}'"},
    {"verdict of its own", "rules/probe.yml",
     RULE "tests: [{name: t, facts: [], expect: [{verdict: certain}]}]\n", E_FORMAT, "verdict is 'certain'"},
    {"test without expectation", "rules/probe.yml", RULE "tests: [{name: t, facts: []}]\n", E_FORMAT,
     "test: 'expect' is missing"},
};

static enum status load(const struct knowledge_file *file, size_t n, struct kb **kb, struct err *e)
{
    char *dir = knowledge_folder(file, n);
    enum status st = kb_load(dir, kb, e);
    knowledge_gone(dir);
    return st;
}

Test(kb, strictness)
{
    for (size_t i = 0; i < LEN(files); i++) {
        struct kb *kb = NULL;
        struct err e = {0};
        enum status st = load(&(struct knowledge_file){files[i].file, files[i].text}, 1, &kb, &e);
        cr_expect(st == files[i].want, "%s: status %d, %s", files[i].name, st, e.why);
        cr_expect(!files[i].why || strstr(e.why, files[i].why), "%s: %s", files[i].name, e.why);
        kb_free(kb);
    }
}

/* A knowledge file cut at any byte is refused or read as what is left; it never breaks the loader. */
Test(kb, cut_short)
{
    const char *text = RULE "tests: [{name: t, facts: [{event: {data: {A: [1, {b: 2}]}}}], expect: [{host: "
                            "H, verdict: none}]}]\n";
    for (size_t n = 0; n < strlen(text); n += 9) {
        char part[2048];
        struct kb *kb = NULL;
        snprintf(part, sizeof part, "%.*s", (int)n, text);
        enum status st = load(&(struct knowledge_file){"rules/probe.yml", part}, 1, &kb, NULL);
        cr_expect((st == OK) == (kb != NULL) && (st != OK || n > sizeof RULE_HEAD), "%zu bytes", n);
        kb_free(kb);
    }
}

static const struct rule *rule_named(const struct kb *kb, const char *name)
{
    size_t n;
    const struct rule *r = kb_rules(kb, &n);
    for (size_t i = 0; i < n; i++)
        if (str_eq(r[i].name, str_of(name)))
            return &r[i];
    return NULL;
}

static bool has_field(const struct kb *kb, struct str name)
{
    char right[64];
    size_t n;
    const struct kb_tool_field *f = kb_tool_fields(kb, &n);
    snprintf(right, sizeof right, "Se%.*s", STR_ARG(name));
    for (size_t i = 0; i < n; i++)
        if (str_eq_ci(f[i].name, name) || str_eq_ci(f[i].name, str_of(right)))
            return true;
    return false;
}

static bool has_text(const struct str *list, size_t n, struct str s)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i], s))
            return true;
    return false;
}

/* Names of what a tool says in the tests of a rule: each is known. */
static size_t look_up_said(const struct kb *kb, const struct rule *r, const struct test_fact *f)
{
    size_t said = 0;
    for (size_t v = 0; v < f->n && str_eq(f->kind, STR("said")); v++) {
        struct str name = f->field[v].value;
        if (!str_eq(f->field[v].name, STR("name")) || str_contains(name, STR("\\")))
            continue; /* a path is a setting */
        said++;
        cr_expect(has_field(kb, name), "%s: tools.yml lacks %.*s", r->name.p, STR_ARG(name));
    }
    return said;
}

/* What rules are tried with of tools' texts is known by its name, and a cause that a field speaks for or
 * against has a rule that asks for it, by name or by a view of such texts. */
Test(kb, fields_of_tools_and_rules_agree)
{
    struct kb *kb = NULL;
    struct err e = {0};
    size_t n, n_field, said = 0, cited = 0;
    cr_assert(kb_load(NULL, &kb, &e) == OK, "%s", e.why);
    const struct rule *r = kb_rules(kb, &n);
    const struct kb_tool_field *f = kb_tool_fields(kb, &n_field);
    for (size_t i = 0; i < n; i++)
        for (size_t t = 0; t < r[i].n_test; t++)
            for (size_t k = 0; k < r[i].test[t].n_fact; k++)
                said += look_up_said(kb, &r[i], &r[i].test[t].fact[k]);
    for (size_t i = 0; i < n_field * n; i++) {
        const struct kb_tool_field *one = &f[i / n];
        const struct rule *of = &r[i % n];
        bool right = str_starts_ci(one->name, STR("Se"));
        if (!has_text(one->speaks_for, one->n_for, of->cause)
            && !has_text(one->against, one->n_against, of->cause))
            continue;
        cited++;
        cr_expect(right ? str_contains(of->text, str_skip(one->name, 2))
                        : str_contains(of->text, STR("v_tool_")),
                  "%s does not ask for %.*s", of->name.p, STR_ARG(one->name));
    }
    cr_expect(said > 10 && cited > 5, "%zu, %zu", said, cited);
    kb_free(kb);
}

Test(kb, a_rule_and_its_tests)
{
    static const char text[] = RULE
        "tags: [a, b]\ncollect: [{artifact: Security, command: c}]\nremediation: [{text: t, risk: low, "
        "reversible: yes, verify: v}]\n"
        "tests:\n    - name: first\n      facts:\n          - event: {host: PC9, id: 101, data: {Name: "
        "'\\x', Code: 2147943712, Hex: '0x10', Bare: 0x10, Zero: 007, Flag: true, List: [1, a]}}\n"
        "      expect: [{host: PC9, subject: s, verdict: likely}, {verdict: none}]\n";
    struct kb *kb = NULL;
    struct err e = {0};
    cr_assert(load(&(struct knowledge_file){"rules/probe.yml", text}, 1, &kb, &e) == OK, "%s", e.why);
    const struct rule *r = rule_named(kb, "probe");
    cr_assert(r && r->n_test == 1 && r->n_tag == 2 && r->n_remedy == 1 && r->n_collect == 1);
    cr_expect(r->require[0].for_role == ROLE_SYMPTOM && str_eq(r->require[0].artifact[0], STR("Security")));
    const struct rule_test *t = &r->test[0];
    cr_assert(t->n_fact == 1 && t->fact[0].n == 3 && t->n_expect == 2);
    cr_expect(t->fact[0].field[1].number && !t->fact[0].field[0].number);
    cr_expect_str_eq(t->fact[0].field[2].value.p,
                     "{\"Name\":\"\\\\x\",\"Code\":2147943712,\"Hex\":\"0x10\",\"Bare\":\"0x10\",\"Zero\":"
                     "\"007\",\"Flag\":true,\"List\":[1,\"a\"]}");
    cr_expect_str_eq(t->expect[1].host.p, "PC1");
    cr_expect(r->sha256.n == 64 && r->at.line == 2 && r->line_cause == 7 && t->line == 16, "lines %u %u %u",
              r->at.line, r->line_cause, t->line);
    kb_free(kb);
}

Test(kb, what_parsers_are_asked_for)
{
    const struct knowledge_file all[] = {
        {"events/zz.yml",
         "provider: Probe\nchannel: C\nsource: s\nevents:\n    - {id: 1, name: n, meaning: m, how: fold, "
         "key: [A, B], keep_field: T, keep: [0x0A, 2]}\n"
         "    - {id: 2, name: n, meaning: m, how: count}\n    - {id: 3, name: n, meaning: m, how: keep}\n"},
        {"registry/zz.yml", KEYS "    - {hive: SYSTEM, path: '<CCS>\\Probe', value: V, name: ProbeName, "
                                 "type: dword, default: 5, meaning: m}\n    - {hive: SAM, path: 'Probe'}\n"}};
    struct kb *kb = NULL;
    struct err e = {0};
    cr_assert(load(all, LEN(all), &kb, &e) == OK, "%s", e.why);
    const struct want *w = kb_want(kb);
    size_t events = 0, keys = 0;
    for (size_t i = 0; i < w->n_event; i++) {
        const struct want_event *v = &w->event[i];
        if (!str_eq(v->provider, STR("Probe")))
            continue;
        events++;
        cr_expect(v->id == 1 ? v->how == WANT_FOLD && v->n_key == 2 && v->n_keep == 2 && v->keep[1] == 10
                                   && str_eq(v->keep_field, STR("T"))
                             : v->id == 3 && v->how == WANT_KEEP);
    }
    for (size_t i = 0; i < w->n_key; i++)
        if (str_eq(w->key[i].path, STR("<CCS>\\Probe")) || str_eq(w->key[i].path, STR("Probe"))) {
            keys++;
            cr_expect(str_eq(w->key[i].value, str_eq(w->key[i].hive, STR("SAM")) ? STR("") : STR("V")));
        }
    cr_expect(events == 2 && keys == 2 && w->until == INT64_MAX);
    kb_free(kb);
}

/* --- every code against the headers of mingw-w64, where the package is: "#define NAME [((NTSTATUS)]0x..." or
 * __MSABI_LONG(5), or (NERR_BASE+4) */
static bool defined(const char *headers, const struct kb_code *c, int64_t *value)
{
    char needle[128];
    snprintf(needle, sizeof needle, "#define %.*s ", (int)c->symbol.n, c->symbol.p);
    const char *at = strstr(headers, needle);
    if (!at)
        return false;
    for (at += strlen(needle);
         *at && *at != '\n' && strncmp(at, "NERR_BASE", 9) != 0 && !(*at >= '0' && *at <= '9');)
        at += strncmp(at, "NTSTATUS", 8) == 0 ? 8 : 1;
    bool nerr = strncmp(at, "NERR_BASE", 9) == 0;
    at += nerr ? strcspn(at, "0123456789\n") : 0;
    if (*at < '0' || *at > '9')
        return false;
    *value = (int64_t)strtoull(at, NULL, 0) + (nerr ? 2100 : 0);
    return true;
}

Test(kb, codes_are_those_of_the_headers)
{
    static const char *const header_files[] = {"ntstatus.h", "winerror.h", "lmerr.h"};
    struct buf headers = {0};
    for (size_t i = 0; i < LEN(header_files); i++) {
        char path[128];
        snprintf(path, sizeof path, "/usr/share/mingw-w64/include/%s", header_files[i]);
        FILE *f = fopen(path, "rb");
        if (!f)
            cr_skip_test("skipped: %s is not here (package mingw-w64-common)", path);
        for (int c; (c = fgetc(f)) != EOF;)
            buf_char(&headers, c == '\t' ? ' ' : (char)c);
        fclose(f);
    }
    buf_char(&headers, 0);
    struct kb *kb = NULL;
    struct err e = {0};
    cr_assert(kb_load(NULL, &kb, &e) == OK, "%s", e.why);
    size_t n, held = 0;
    const struct kb_code *c = kb_codes(kb, &n);
    for (size_t i = 0; i < n; i++) {
        int64_t value;
        if (!defined(headers.p, &c[i], &value))
            continue;
        held++;
        /* a Win32 code among the task codes stands as its HRESULT */
        bool same = value == c[i].value
                    || ((c[i].value & 0xffff0000) == 0x80070000 && value == (c[i].value & 0xffff));
        cr_expect(same, "%.*s is 0x%llx, the header says 0x%llx", STR_ARG(c[i].symbol), (long long)c[i].value,
                  (long long)value);
    }
    cr_expect(held > 200, "%zu of %zu codes held against the headers", held, n);
    kb_free(kb), buf_free(&headers);
}

/* What an NTSTATUS becomes is what Samba's table says, where its library is; a code that is not in there
 * (answered with its own low half) has a source of its own, or no Win32 code. */
Test(kb, win32_of_ntstatus)
{
    struct werror {
        uint32_t v;
    };
    struct kb *kb = NULL;
    struct err e = {0};
    void *lib = dlopen("libsamba-errors.so.1", RTLD_NOW);
    if (!lib)
        cr_skip_test("skipped: libsamba-errors.so.1 is not here (package samba-libs)");
    struct werror (*ask)(struct werror) = NULL;
    *(void **)&ask = dlsym(lib, "ntstatus_to_werror");
    cr_assert(ask && kb_load(NULL, &kb, &e) == OK, "%s", e.why);
    size_t n, held = 0;
    const struct kb_code *c = kb_codes(kb, &n);
    struct str source = {0};
    for (size_t i = 0; i < n && !source.n; i++)
        if (c[i].value == 0xC0000022) /* has none of its own: the file's */
            source = c[i].source;
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(c[i].space, STR("ntstatus")))
            continue;
        uint32_t said = ask((struct werror){(uint32_t)c[i].value}).v;
        bool known = said != ((uint32_t)c[i].value & 0xffff);
        held += known && c[i].maps;
        cr_expect(!known || !c[i].maps || said == c[i].win32, "%.*s becomes %lld, Samba says %u",
                  STR_ARG(c[i].symbol), (long long)c[i].win32, said);
        cr_expect(known || !c[i].maps || !str_eq(c[i].source, source), "%.*s becomes %lld: by whom?",
                  STR_ARG(c[i].symbol), (long long)c[i].win32);
    }
    cr_expect(held > 60, "%zu held against Samba's table", held);
    kb_free(kb), dlclose(lib);
}

/* The table of names is in order, has every code of ours by the same name, and is what the script makes of
 * the headers, where they are. */
Test(kb, names_of_win32_codes)
{
    struct kb *kb = NULL;
    struct err e = {0};
    cr_assert(kb_load(NULL, &kb, &e) == OK, "%s", e.why);
    struct str names = kb_names(kb), at = names;
    struct name_row row, last = {0};
    size_t rows = 0, n, held = 0;
    for (; names_next(&at, &row); last = row, rows++) {
        cr_expect(row.value >= last.value && row.value > 0 && row.value < 16000, "%lld",
                  (long long)row.value);
        struct name_row found = names_find(names, row.value);
        cr_expect(found.value == row.value && (row.value == last.value || str_eq(found.name, row.name)),
                  "%lld", (long long)row.value);
    }
    cr_expect(rows > 2300, "%zu", rows);
    const struct kb_code *c = kb_codes(kb, &n);
    for (size_t i = 0; i < n; i++) {
        bool win32 = str_eq(c[i].space, STR("win32")), nerr = str_eq(c[i].space, STR("nerr"));
        if (!(win32 || nerr) || !(row = names_called(names, c[i].symbol)).name.p)
            continue;
        held++;
        cr_expect_eq(row.value, c[i].value, "%.*s", STR_ARG(c[i].symbol));
    }
    cr_expect(held > 150, "%zu", held);
    kb_free(kb);
    if (access("/usr/share/mingw-w64/include/winerror.h", R_OK) != 0)
        cr_skip_test("skipped: winerror.h is not here (package mingw-w64-common)");
    cr_expect_eq(system("sh src/kb/win32_names.sh | cmp - knowledge/codes/win32-names.tsv"), 0);
}

Test(kb, override_replaces_adds_and_shows_in_the_sum)
{
    struct kb *plain = NULL, *same = NULL, *other = NULL;
    struct err e = {0};
    cr_assert(kb_load(NULL, &plain, &e) == OK, "%s", e.why);
    cr_assert(load(NULL, 0, &same, &e) == OK, "%s", e.why);
    cr_expect_str_eq(kb_sha256(plain), kb_sha256(same), "an empty folder changes nothing");
    const struct knowledge_file file[] = {
        {"artifacts.yml", "artifacts: [{name: Only, kind: hive, collect: c, meaning: m}]\n"},
        {"extra.sql", "SELECT 1;"},
        {".hidden.yml", "]"},
        {"README.md", "]"}};
    cr_assert(load(file, LEN(file), &other, &e) == OK, "%s", e.why);
    size_t n;
    cr_expect(kb_artifacts(other, &n)->name.n == 4 && n == 1, "replaced");
    cr_expect(str_eq(kb_file(other, "extra.sql"), STR("SELECT 1;")) && !kb_file(plain, "extra.sql").p,
              "added");
    cr_expect(strcmp(kb_sha256(plain), kb_sha256(other)) && strlen(kb_sha256(other)) == 64);
    cr_expect(kb_file(plain, "schema.sql").p && !kb_file(plain, "style.css").p);
    kb_free(plain), kb_free(same), kb_free(other);
    struct kb *none = NULL;
    cr_expect(kb_load("/nonexistent/whylogon", &none, &e) != OK && !none);
}

/* What the build made of the embedded files is what they say today, byte for byte: the structs and the case.
 */
Test(image, of_the_embedded_files)
{
    struct kb *image = NULL, *text = NULL;
    struct casedb *db = NULL;
    struct err e = {0};
    struct buf of_image = {0}, of_text = {0}, rows = {0};
    cr_assert(kb_image.n && kb_case_image.n);
    cr_assert(kb_load(NULL, &image, &e) == OK && kb_load_text(&text, &e) == OK, "%s", e.why);
    cr_expect(image->of_image && !text->of_image && kb_case(image).n && !kb_case(text).n);
    cr_expect_str_eq(kb_sha256(image), kb_sha256(text));
    cr_expect(image->want.until == text->want.until && image->n_rule == text->n_rule);
    for (size_t i = 0; i < image->n_rule && i < text->n_rule; i++)
        cr_expect(str_eq(image->rule[i].text, text->rule[i].text)
                  && str_eq(image->rule[i].file, text->rule[i].file) && image->rule[i].embedded
                  && text->rule[i].embedded);
    cr_assert(kb_image_put(image, &of_image) && kb_image_put(text, &of_text));
    cr_expect(str_eq(buf_view(&of_image), buf_view(&of_text)));
    cr_expect(str_eq(buf_view(&of_text), (struct str){(const char *)kb_image.p, kb_image.n}));
    cr_assert(diagnose_new(text, NULL, &db, &e) == OK && case_image(db, &rows, &e) == OK, "%s", e.why);
    cr_expect(str_eq(buf_view(&rows), kb_case(image)), "the case");
    case_close(db), db = NULL, rows.n = 0;
    cr_assert(diagnose_scratch(text, &rows, &e) == OK, "%s", e.why);
    cr_expect(str_eq(buf_view(&rows), kb_scratch(image)), "its temporary tables");
    /* and so is the case that the structs of the image make: nothing is forgotten in it */
    image->of_image = false, rows.n = 0;
    cr_assert(diagnose_new(image, NULL, &db, &e) == OK && case_image(db, &rows, &e) == OK, "%s", e.why);
    cr_expect(str_eq(buf_view(&rows), (struct str){(const char *)kb_case_image.p, kb_case_image.n}));
    case_close(db), kb_free(image), kb_free(text);
    buf_free(&of_image), buf_free(&of_text), buf_free(&rows);
}

/* Cut short, or of other files: refused. */
Test(image, cut_short)
{
    struct kb *kb = NULL;
    struct err e = {0};
    cr_assert(kb_load(NULL, &kb, &e) == OK, "%s", e.why);
    const struct {
        size_t n, sources;
        enum status want;
    } rows[] = {{kb_image.n, kb->n_source, OK},
                {kb_image.n, kb->n_source - 1, E_FORMAT},
                {kb_image.n - 1, kb->n_source, E_FORMAT},
                {kb_image.n - 5000, kb->n_source, E_FORMAT},
                {1000, kb->n_source, E_FORMAT},
                {3, kb->n_source, E_FORMAT},
                {0, kb->n_source, E_FORMAT}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct kb other = {.source = kb->source, .n_source = rows[i].sources};
        char *copy = malloc(rows[i].n + 1);
        cr_assert(copy && arena_make(&other.a, 16 << 20));
        memcpy(copy, kb_image.p, rows[i].n);
        cr_expect_eq(kb_image_get((struct str){copy, rows[i].n}, &other, &e), rows[i].want, "%zu: %s", i,
                     e.why);
        free(copy), arena_free(&other.a);
    }
    kb_free(kb);
}

/* The files of derive/ come by name: one that is added runs in its place, one of a known name instead of
 * ours. */
Test(kb, derivation_by_name)
{
    const struct knowledge_file file[] = {{"derive/00-first.sql", "SELECT 0;"},
                                          {"derive/15-mine.sql", "SELECT 15;"},
                                          {"derive/99-last.sql", "SELECT 99;"},
                                          {"derive/20-boots.sql", "SELECT 20;"}};
    char *dir = knowledge_folder(file, LEN(file));
    const char *name = "", *before = "";
    struct kb *kb = NULL;
    struct err e = {0};
    struct str text;
    size_t n = 0;
    cr_assert(kb_load(dir, &kb, &e) == OK, "%s", e.why);
    knowledge_gone(dir);
    for (; (text = kb_part(kb, "derive/", n, &name)).p; n++, before = name) {
        cr_expect(strcmp(before, name) < 0, "%s behind %s", name, before);
        for (size_t i = 0; i < LEN(file); i++)
            cr_expect(strcmp(name, file[i].name) || str_eq(text, str_of(file[i].text)), "%s: %s", name,
                      text.p);
        cr_expect(n != 0 || !strcmp(name, file[0].name));
    }
    cr_expect(n > LEN(file) && !strcmp(name, file[2].name), "%s", name);
    kb_free(kb);
}

/* People read it: no line of the knowledge has more than 120 columns. */
Test(kb, short_lines)
{
    for (size_t i = 0; i < kb_n_files; i++) {
        struct str name = str_of(kb_files[i].name), rest = {(const char *)kb_files[i].p, kb_files[i].n};
        if (!str_ends_ci(name, STR(".yml")) && !str_ends_ci(name, STR(".sql")))
            continue;
        for (unsigned line = 1; rest.n; line++) {
            struct str s = str_cut(&rest, '\n');
            size_t n = 0;
            for (size_t k = 0; k < s.n; n++)
                utf8_next(s, &k);
            cr_expect(n <= 120, "knowledge/%s:%u has %zu columns", kb_files[i].name, line, n);
        }
    }
}

/* Every cause of the product's contract is one a rule may name, and none beside them. */
Test(kb, causes_of_the_contract)
{
    FILE *f = fopen("../shared/design/PRODUCT.md", "rb");
    if (!f)
        cr_skip_test("skipped: ../shared/design/PRODUCT.md is not here");
    static char text[1 << 16];
    struct kb *kb = NULL;
    struct err e = {0};
    size_t n, met = 0;
    struct str all = {text, fread(text, 1, sizeof text - 1, f)};
    fclose(f);
    cr_assert(kb_load(NULL, &kb, &e) == OK, "%s", e.why);
    const struct kb_cause *cause = kb_causes(kb, &n);
    for (size_t i = 0; i < n; i++) {
        char quoted[80];
        snprintf(quoted, sizeof quoted, "`%.*s`", STR_ARG(cause[i].name));
        cr_expect(strstr(text, quoted) != NULL, "%s is not in the contract", quoted);
    }
    char *at = strstr(text, "\n## Causes"), *end = at ? strstr(at, "\nThe four articles") : NULL;
    cr_assert(all.n && at && end);
    for (*end = 0; (at = strchr(at, '`')); at = strchr(at + 1, '`') + 1, met++) {
        struct str word = {at + 1, strcspn(at + 1, "`")};
        size_t i = 0;
        while (i < n && !str_eq(cause[i].name, word))
            i++;
        cr_expect_lt(i, n, "%.*s is in the contract alone", STR_ARG(word));
    }
    cr_expect_eq(met, n);
    kb_free(kb);
}

Test(kb, a_file_too_large)
{
    char *big = malloc(LIM_KB_FILE + 2);
    memset(big, '#', LIM_KB_FILE + 1), big[LIM_KB_FILE + 1] = 0;
    struct kb *kb = NULL;
    struct err e = {0};
    cr_expect(load(&(struct knowledge_file){"accounts.yml", big}, 1, &kb, &e) == E_LIMIT && !kb, "%s", e.why);
    free(big);
}

static enum status take(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)e;
    for (size_t i = 0; i < n; i++)
        buf_printf(ctx, "%s=%.*s;", name[i], STR_ARG(c[i].s));
    return OK;
}

Test(kb, stored_in_the_case)
{
    const struct knowledge_file file[] = {
        {"codes/zz.yml",
         "space: win32\nsource: s\ncodes: [{value: 0xFFFF0001, symbol: ZZ_CODE, meaning: it's}]\n"},
        {"events/zz.yml", "provider: Probe\nchannel: C\nsource: s\nevents: [{id: 7, name: n, meaning: m, "
                          "how: keep, codes: {F: exit}}]\n"},
        {"registry/zz.yml", KEYS
         "    - {hive: SYSTEM, path: '<CCS>\\Probe', value: V, name: ProbeName, "
         "type: dword, default: 5, meaning: m, meanings: {5: five}}\n"
         "    - {hive: SYSTEM, path: P, value: W, name: ProbeBuild, type: dword, meaning: m, since: 7600, "
         "defaults: [{from: 26100, product: client, editions: [Core, CoreN], value: 1}, {value: on}]}\n"},
        {"rules/probe.yml", RULE}};
    static const struct {
        const char *sql, *want;
    } rows[] = {
        {"SELECT value, meaning, win32 FROM kb_code WHERE symbol = 'ZZ_CODE'",
         "value=4294901761;meaning=it's;win32=;"},
        {"SELECT channel, event_id FROM kb_event WHERE provider = 'Probe'", "channel=C;event_id=7;"},
        {"SELECT field, shape FROM kb_event_field WHERE provider = 'Probe'", "field=F;shape=exit;"},
        {"SELECT hive, path, value, default_value, default_text, meanings FROM kb_setting WHERE name "
         "= 'ProbeName'",
         "hive=SYSTEM;path=CurrentControlSet\\Probe;value=V;default_value=5;default_text=5;meanings={"
         "\"5\":\"five\"};"},
        {"SELECT since, default_text FROM kb_setting WHERE name = 'ProbeBuild'", "since=7600;default_text=;"},
        {"SELECT group_concat(ord || ':' || from_build || ':' || coalesce(product, '-') || ':' || "
         "coalesce(editions, '-') || ':' || coalesce(value, '-') || ':' || text, '/') AS d "
         "FROM kb_default WHERE setting = 'probebuild'",
         "d=0:26100:client: Core CoreN :1:1/1:0:-:-:-:on;"},
        {"SELECT cause, name, length(sha256) AS n FROM kb_rule WHERE name = 'probe'",
         "cause=boot-race;name=probe;n=64;"},
        {"SELECT text GLOB '*indicators:*' AS rule, text GLOB '*tests:*' AS tests FROM kb_rule"
         " WHERE name = 'probe'",
         "rule=1;tests=0;"},
        {"SELECT count(*) > 5 AS many FROM kb_artifact", "many=1;"},
        {"SELECT count(*) > 5 AS many FROM kb_account", "many=1;"}};
    struct kb *kb = NULL;
    struct casedb *db = NULL;
    struct err e = {0};
    struct buf b = {0};
    cr_assert(load(file, LEN(file), &kb, &e) == OK, "%s", e.why);
    cr_assert(case_create(NULL, kb_file(kb, "schema.sql"), &db, &e) == OK, "%s", e.why);
    cr_assert(kb_store(kb, db, &e) == OK && kb_store(kb, db, &e) == OK, "twice is once: %s", e.why);
    for (size_t i = 0; i < LEN(rows); i++) {
        b.n = 0;
        cr_expect(case_query(db, rows[i].sql, NULL, NULL, 0, take, &b, &e) == OK, "%s", e.why);
        buf_char(&b, 0);
        cr_expect_str_eq(b.p, rows[i].want);
    }
    b.n = 0;
    cr_assert(
        case_query(db, "SELECT value FROM meta WHERE key = 'knowledge_sha256'", NULL, NULL, 0, take, &b, &e)
        == OK);
    cr_expect(strstr(b.p, kb_sha256(kb)) != NULL);
    buf_free(&b), case_close(db), kb_free(kb);
}
