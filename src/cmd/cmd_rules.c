/* rules: the diagnosis rules themselves: what there is, whether they are sound, whether their tests hold. */
#include "case/casedb.h"
#include "cmd/cmd.h"
#include "kb/kb.h"
#include "diagnose/diagnose.h"
#include "diagnose/rulelint.h"
#include "diagnose/ruletest.h"
#include <string.h>

struct options {
    const char *knowledge;
    bool json, markdown;
};
typedef int action_fn(const struct kb *kb, const struct options *o, char **name, struct err *e);

static bool asked(const struct rule *r, char **name)
{
    if (!*name)
        return true;
    for (; *name; name++)
        if (str_eq(r->name, str_of(*name)) || str_eq(r->cause, str_of(*name)) || str_eq(r->id, str_of(*name)))
            return true;
    return false;
}

/* The nearest cause, whatever stands between its words. */
static int no_rule(const struct rule *r, size_t n, const char *name)
{
    char word[64], cause[64], best[sizeof cause] = "";
    struct near near = {.word = word};
    snprintf(word, sizeof word, "%s", name);
    for (char *p = word; *p; p++)
        *p = *p == '_' || *p == ' ' ? '-' : *p;
    for (size_t i = 0; i < n; i++) {
        snprintf(cause, sizeof cause, "%.*s", STR_ARG(r[i].cause));
        near.best = *best ? best : NULL;
        near_try(&near, cause);
        if (near.best == cause)
            memcpy(best, cause, sizeof best);
    }
    return *best ? complain_text(EXIT_USAGE, "rules: no rule '%s'; did you mean '%s'?", name, best)
                 : complain_text(EXIT_USAGE, "rules: no rule '%s'; see 'whylogon rules list'", name);
}

/* Every name given must mean a rule. */
static int unknown_name(const struct kb *kb, char **name)
{
    size_t n, i;
    const struct rule *r = kb_rules(kb, &n);
    for (; *name; name++) {
        char *one[] = {*name, NULL};
        for (i = 0; i < n && !asked(&r[i], one); i++)
            ;
        if (i == n)
            return no_rule(r, n, *name);
    }
    return EXIT_DONE;
}

static void json_texts(struct buf *b, const char *name, const struct str *s, size_t n)
{
    buf_printf(b, ",\"%s\":[", name);
    for (size_t i = 0; i < n; i++)
        buf_z(b, i ? "," : ""), buf_json(b, s[i]);
    buf_char(b, ']');
}

static void json_rule(struct buf *b, const struct rule *r)
{
    const struct {
        const char *name;
        struct str s;
    } text[] = {{"cause", r->cause},
                {"name", r->name},
                {"id", r->id},
                {"title", r->title},
                {"status", r->status},
                {"level", r->level},
                {"description", r->description},
                {"ceiling", str_of(verdict_words[rule_ceiling(r)].id)},
                {"would_prove", r->would_prove},
                {"sha256", r->sha256}};
    for (size_t i = 0; i < LEN(text); i++)
        buf_printf(b, "%s\"%s\":", i ? "," : "{", text[i].name), buf_json(b, str_trim(text[i].s));
    json_texts(b, "references", r->reference, r->n_reference), json_texts(b, "tags", r->tag, r->n_tag);
    buf_z(b, ",\"requires\":[");
    for (size_t i = 0; i < r->n_require; i++) {
        buf_printf(b, "%s{\"for\":\"%s\"", i ? "," : "", role_names[r->require[i].for_role]);
        json_texts(b, "any_of", r->require[i].artifact, r->require[i].n), buf_char(b, '}');
    }
    buf_printf(b, "],\"tests\":%zu}", r->n_test);
}

static int list(const struct kb *kb, const struct options *o, char **name, struct err *e)
{
    size_t n, shown = 0;
    const struct rule *r = kb_rules(kb, &n);
    struct buf b = {0};
    (void)e;
    buf_z(&b, o->json ? "[" : "");
    for (size_t i = 0; i < n; i++) {
        if (!asked(&r[i], name))
            continue;
        buf_z(&b, o->json ? (shown ? ",\n " : "\n ") : "");
        if (o->json) {
            json_rule(&b, &r[i]);
        } else {
            buf_printf(&b, "%-34.*s ", STR_ARG(r[i].cause)), buf_printf(&b, "%-8.*s ", STR_ARG(r[i].level));
            buf_term(&b, r[i].title), buf_char(&b, '\n');
        }
        shown++;
    }
    buf_z(&b, o->json ? "\n]\n" : "");
    out_put(&b);
    return EXIT_DONE;
}

static int show(const struct kb *kb, const struct options *o, char **name, struct err *e)
{
    size_t n;
    const struct rule *r = kb_rules(kb, &n);
    struct buf b = {0};
    (void)o, (void)e;
    if (!*name)
        return complain_text(EXIT_USAGE, "rules show: which one? See 'whylogon rules list'");
    for (size_t i = 0; i < n; i++)
        if (asked(&r[i], name))
            buf_str(&b, r[i].text);
    out_put(&b);
    return EXIT_DONE;
}

static int lint(const struct kb *kb, const struct options *o, char **name, struct err *e)
{
    size_t n, problems = 0, checked = 0, wide = 0;
    const struct rule *r = kb_rules(kb, &n);
    struct casedb *base = NULL;
    struct buf b = {0};
    (void)o;
    if (ruletest_base(kb, &base, e) != OK)
        return complain(e, EXIT_USAGE);
    for (size_t i = 0; i < n; i++)
        if (asked(&r[i], name))
            checked++, problems += rulelint(kb, base, &r[i], &b), wide += rulelint_long(&r[i]);
    case_close(base);
    buf_printf(&b, "%zu rules, %zu problems; SQL of 12 lines or more: %zu\n", checked, problems, wide);
    out_put(&b);
    return problems ? EXIT_USAGE : EXIT_DONE;
}

static int test(const struct kb *kb, const struct options *o, char **name, struct err *e)
{
    size_t n, run = 0, failed = 0;
    const struct rule *r = kb_rules(kb, &n);
    struct casedb *base = NULL;
    struct buf b = {0};
    int code = EXIT_DONE;
    (void)o;
    if (ruletest_base(kb, &base, e) != OK)
        return complain(e, EXIT_USAGE);
    for (size_t i = 0; i < n; i++) {
        if (!asked(&r[i], name))
            continue;
        bool said[64] = {false}, *spoke = r[i].embedded && r[i].n_ind <= LEN(said) ? said : NULL;
        for (size_t k = 0; k < r[i].n_test; k++) {
            struct err why = {0};
            size_t before = b.n;
            enum status st = ruletest_run(kb, base, &r[i], &r[i].test[k], spoke, &b, &why);
            if (st != OK)
                code = exit_worst(code, complain(&why, exit_for(st)));
            run++, failed += st != OK || b.n > before;
        }
        if (spoke) /* of ours: what no test makes speak nobody has seen work */
            failed += ruletest_silent(&r[i], spoke, &b);
    }
    case_close(base);
    buf_printf(&b, "%zu tests, %zu failed\n", run, failed);
    out_put(&b);
    return exit_worst(code, failed ? EXIT_FINDING : EXIT_DONE);
}

static bool asked_before(const struct rule *r, size_t q, size_t k)
{
    for (size_t i = 0; i <= q; i++)
        for (size_t j = 0; j < (i < q ? r->require[i].n : k); j++)
            if (str_eq(r->require[i].artifact[j], r->require[q].artifact[k]))
                return true;
    return false;
}

static void put_artifacts(struct buf *b, const struct rule *r, bool json)
{
    for (size_t q = 0, out = 0; r && q < r->n_require; q++)
        for (size_t k = 0; k < r->require[q].n; k++) {
            if (asked_before(r, q, k))
                continue;
            buf_z(b, out++ ? (json ? "," : ", ") : "");
            if (json)
                buf_json(b, r->require[q].artifact[k]);
            else
                buf_term(b, r->require[q].artifact[k]);
        }
}

/* What each artefact is to a cause: decides, helps, silent (kb.h). */
static const char *const reliance_names[] = {[SILENT] = "silent", [HELPS] = "helps", [DECIDES] = "decides"};

static size_t put_relied(struct buf *b, const struct kb *kb, const struct rule *r, enum reliance which,
                         bool json)
{
    size_t n, out = 0;
    const struct kb_artifact *a = kb_artifacts(kb, &n);
    for (size_t i = 0; i < n; i++) {
        if ((r ? rule_relies(r, a[i].name) : SILENT) != which)
            continue;
        buf_z(b, out++ ? (json ? "," : ", ") : "");
        if (json)
            buf_json(b, a[i].name);
        else
            buf_term(b, a[i].name);
    }
    return out;
}

static const struct rule *rule_of(const struct rule *r, size_t n, struct str cause)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(r[i].cause, cause))
            return &r[i];
    return NULL;
}

/* A row per cause: its rule, tests of each kind, what evidence it asks for, and what decides and helps. A
 * cause without a rule has its row too. */
static void matrix_row(struct buf *b, const struct kb *kb, const struct rule *r, struct str cause, bool json)
{
    size_t kind[TEST_KINDS] = {0};
    for (size_t t = 0; r && t < r->n_test; t++)
        for (unsigned k = 0; k < TEST_KINDS; k++)
            kind[k] += test_kinds(&r->test[t]) >> k & 1;
    struct str rule = r ? r->name : STR("-");
    buf_printf(b,
               json ? "{\"cause\":\"%.*s\",\"rule\":\"%.*s\",\"tests\":%zu,\"positive\":%zu,"
                      "\"contradicted\":%zu,\"missing\":%zu,\"hostile\":%zu,\"artefacts\":["
                    : "%.*s\t%.*s\t%zu\t%zu\t%zu\t%zu\t%zu\t",
               STR_ARG(cause), STR_ARG(rule), r ? r->n_test : 0, kind[0], kind[1], kind[2], kind[3]);
    put_artifacts(b, r, json);
    for (unsigned w = json ? LEN(reliance_names) : DECIDES + 1; w-- > (json ? SILENT : HELPS);) {
        if (json)
            buf_printf(b, "],\"%s\":[", reliance_names[w]);
        else
            buf_char(b, '\t');
        put_relied(b, kb, r, (enum reliance)w, json);
    }
    buf_z(b, json ? "]}" : "\n");
}

/* The page knowledge/MATRIX.md: a grid to see at a glance, then both ways in words. */
static void matrix_grid(struct buf *b, const struct kb *kb)
{
    size_t n, causes, artifacts;
    const struct rule *r = kb_rules(kb, &n);
    const struct kb_cause *cause = kb_causes(kb, &causes);
    const struct kb_artifact *a = kb_artifacts(kb, &artifacts);
    buf_z(b, "```\n");
    for (size_t k = 0; k < artifacts; k++) {
        for (size_t i = 0; i < k; i++)
            buf_z(b, "| ");
        buf_z(b, ". "), buf_term(b, a[k].name), buf_char(b, '\n');
    }
    for (size_t c = 0; c < causes; c++) {
        const struct rule *one = rule_of(r, n, cause[c].name);
        for (size_t k = 0; k < artifacts; k++)
            buf_char(b, ".hD"[one ? rule_relies(one, a[k].name) : SILENT]), buf_char(b, ' ');
        buf_char(b, ' '), buf_term(b, cause[c].name), buf_char(b, '\n');
    }
    buf_z(b, "```\n");
}

static void matrix_page(struct buf *b, const struct kb *kb)
{
    size_t n, causes, artifacts;
    const struct rule *r = kb_rules(kb, &n);
    const struct kb_cause *cause = kb_causes(kb, &causes);
    const struct kb_artifact *a = kb_artifacts(kb, &artifacts);
    buf_z(
        b,
        "# Which artefact decides which cause\n\n"
        "Made from the rules by `make matrix` (`whylogon rules matrix --markdown`); do not edit. An artefact "
        "**decides** a cause (D) where its rule\ncannot say more than \"undetermined\" without it; it "
        "**helps** "
        "(h) where it shows the symptom, the link or a contradiction, so that the\nverdict is surer or there "
        "at "
        "all; else it is **silent** (.). Where a rule takes any one of several, each of them is named.\n\n");
    matrix_grid(b, kb);
    buf_z(b, "\n## By cause\n\n| cause | what is wrong | decides | helps |\n|---|---|---|---|\n");
    for (size_t c = 0; c < causes; c++) {
        const struct rule *one = rule_of(r, n, cause[c].name);
        buf_z(b, "| `"), buf_term(b, cause[c].name), buf_z(b, "` | "), buf_md(b, cause[c].means);
        for (unsigned w = DECIDES + 1; w-- > HELPS;)
            buf_z(b, " | "), put_relied(b, kb, one, (enum reliance)w, false);
        buf_z(b, " |\n");
    }
    buf_z(b, "\n## By artefact\n\n| artefact | decides | helps |\n|---|---|---|\n");
    for (size_t k = 0; k < artifacts; k++) {
        buf_z(b, "| `"), buf_term(b, a[k].name), buf_char(b, '`');
        for (unsigned w = DECIDES + 1; w-- > HELPS;) {
            const char *comma = "";
            buf_z(b, " | ");
            for (size_t c = 0; c < causes; c++) {
                const struct rule *one = rule_of(r, n, cause[c].name);
                if (one && rule_relies(one, a[k].name) == (enum reliance)w)
                    buf_z(b, comma), buf_term(b, cause[c].name), comma = ", ";
            }
        }
        buf_z(b, " |\n");
    }
}

static int matrix(const struct kb *kb, const struct options *o, char **name, struct err *e)
{
    size_t n, causes;
    const struct rule *r = kb_rules(kb, &n);
    const struct kb_cause *cause = kb_causes(kb, &causes);
    struct buf b = {0};
    (void)name, (void)e;
    if (o->markdown)
        return matrix_page(&b, kb), out_put(&b), EXIT_DONE;
    buf_z(&b,
          o->json
              ? "["
              : "cause\trule\ttests\tpositive\tcontradicted\tmissing\thostile\tartefacts\tdecides\thelps\n");
    for (size_t c = 0; c < causes; c++) {
        buf_z(&b, o->json ? c ? ",\n " : "\n " : "");
        matrix_row(&b, kb, rule_of(r, n, cause[c].name), cause[c].name, o->json);
    }
    buf_z(&b, o->json ? "\n]\n" : "");
    out_put(&b);
    return EXIT_DONE;
}

static const struct {
    const char *name;
    action_fn *run;
} actions[] = {{"list", list}, {"show", show}, {"lint", lint}, {"test", test}, {"matrix", matrix}};

static int run_rules(int argc, char **argv)
{
    struct options o = {0};
    const struct opt opts[] = {
        {"knowledge", 0, OPT_TEXT, &o.knowledge, "DIR",
         "files of DIR replace the built-in ones of the same name or add to them", NULL},
        {"json", 0, OPT_FLAG, &o.json, NULL, "list, matrix: print JSON", NULL},
        {"markdown", 0, OPT_FLAG, &o.markdown, NULL, "matrix: print the page knowledge/MATRIX.md", NULL},
        {0},
    };
    const struct command *c = &cmd_rules;
    int code;
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    size_t a = 0;
    while (argc > 1 && a < LEN(actions) && strcmp(actions[a].name, argv[1]) != 0)
        a++;
    if (argc > 1 && a == LEN(actions)) {
        struct near n = {.word = argv[1]};
        for (a = 0; a < LEN(actions); a++)
            near_try(&n, actions[a].name);
        return n.best ? complain_text(EXIT_USAGE, "rules: no '%s'; did you mean 'rules %s'?", argv[1], n.best)
                      : complain_text(EXIT_USAGE, "rules: no '%s'; there are list, show, lint, test, matrix",
                                      argv[1]);
    }
    if (argc < 2) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    struct kb *kb = NULL;
    struct err e = {0};
    if (kb_load(o.knowledge, &kb, &e) != OK)
        return complain(&e, EXIT_USAGE);
    code = unknown_name(kb, argv + 2);
    if (code == EXIT_DONE)
        code = actions[a].run(kb, &o, argv + 2, &e);
    kb_free(kb);
    return code;
}

const struct command cmd_rules = {.name = "rules",
                                  .summary = "list, show, check and test the diagnosis rules",
                                  .usage = "list|show|lint|test|matrix [options]",
                                  .run = run_rules};
