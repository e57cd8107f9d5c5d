/* test_golden: every sample gives the verdicts its manifest promises, and nothing above them; its reports,
 * whole, against the ones kept in samples/golden. A change shows as a diff to judge; `make golden` keeps what
 * is made now. The same bytes come out wherever the evidence lies, with any number of workers, and from a
 * build whose qsort is hostile. */
#include "shell.h"
#include "golden.h"
#include "base/buf.h"
#include "base/hash.h"
#include "case/casedb.h"
#include "base/str.h"
#include <string.h>
#include <unistd.h>

static const char *const formats[] = {"html", "md", "json"};
#define HOSTILE "-hostile" /* the program's name with another qsort */

static struct buf read_file(const char *path)
{
    struct buf b = {0};
    FILE *f = fopen(path, "rb");
    char part[65536];
    for (size_t n; f && (n = fread(part, 1, sizeof part, f)) > 0;)
        buf_put(&b, part, n);
    if (f)
        fclose(f);
    return b;
}

static void write_file(const char *path, const struct buf *b)
{
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(b->p, 1, b->n, f) == b->n && fclose(f) == 0, "%s", path);
}

/* --- verdicts: those of the manifest, and nothing above them; each fact cited was read by a second reader,
 * but what tools print: nobody else reads that */

static enum status put_row(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)e;
    for (size_t i = 0; i < n; i++)
        buf_str(ctx, c[i].null ? STR("-") : c[i].s), buf_char(ctx, i + 1 < n ? '\t' : '\n');
    return OK;
}

/* As text; arg: n of them. */
static struct buf ask(struct casedb *db, const char *sql, const struct value *arg, size_t n)
{
    static const enum col_type text[4] = {COL_TEXT, COL_TEXT, COL_TEXT, COL_TEXT};
    struct buf said = {0};
    struct err e = {0};
    cr_assert(case_query(db, sql, arg, text, n, put_row, &said, &e) == OK, "%s: %s", sql, e.why);
    return said;
}

/* col: case, host, cause, subject, verdict; "-" for any host, for no finding, for no subject */
static void expect_verdict(struct casedb *db, char *const col[5])
{
    const struct value arg[] = {val_s(str_of(col[1])), val_s(str_of(col[2])), val_s(str_of(col[3])),
                                val_s(str_of(col[4]))};
    struct buf said = ask(
        db,
        "SELECT iif(?2 = '-', (SELECT count(*) = 0 FROM v_finding WHERE verdict IN "
        "('confirmed', 'likely', 'possible') AND (?1 = '-' OR host = ?1)), (SELECT count(*) = "
        "1 FROM v_finding WHERE host = ?1 AND cause = ?2 AND coalesce(subject, '-') = ?3 "
        "AND verdict = ?4))",
        arg, 4);
    if (!str_eq(buf_view(&said), STR("1\n"))) {
        struct buf has = ask(db, "SELECT host, cause, subject, verdict FROM v_finding", NULL, 0);
        cr_expect(false, "%s: expected %s %s on %s, %s. It has\n%.*s", col[0], col[2], col[4], col[3], col[1],
                  STR_ARG(buf_view(&has)));
        buf_free(&has);
    }
    buf_free(&said);
}

static void expect_second_readers(struct casedb *db, const char *name)
{
    struct buf said = ask(
        db,
        "SELECT DISTINCT evidence_id, result, detail FROM v_citation LEFT JOIN v_verification "
        "USING(evidence_id) WHERE (result IS NULL AND evidence_id NOT IN (SELECT evidence_id FROM "
        "v_tool_said)) OR result NOT IN ('agree', "
        "'agree-with-defect') OR (result = 'agree-with-defect' AND coalesce(detail, '') = '')",
        NULL, 0);
    cr_expect(!said.n, "%s: not agreed: %.*s", name, STR_ARG(buf_view(&said)));
    buf_free(&said);
}

Test(golden, verdicts_are_those_of_the_manifest)
{
    FILE *m = fopen("samples/MANIFEST.tsv", "r");
    char line[2048], last[256] = "";
    struct casedb *db = NULL;
    struct err e = {0};
    size_t cases = 0;
    cr_assert(m && fgets(line, sizeof line, m), "samples/MANIFEST.tsv");
    while (fgets(line, sizeof line, m)) {
        char *col[5] = {0};
        size_t n = 0;
        for (char *t = strtok(line, "\t\n"); t && n < LEN(col); t = strtok(NULL, "\t\n"))
            col[n++] = t;
        cr_assert_eq(n, LEN(col), "%s", line);
        if (strcmp(col[0], last) != 0) {
            char path[4500];
            snprintf(path, sizeof path, "%s/case.db", case_of(col[0]));
            snprintf(last, sizeof last, "%s", col[0]);
            case_close(db), db = NULL;
            cr_assert(case_open(path, &db, &e) == OK, "%s: %s", path, e.why);
            expect_second_readers(db, last);
            cases++;
        }
        expect_verdict(db, col);
    }
    case_close(db);
    fclose(m);
    cr_expect_geq(cases, 60, "%zu cases", cases);
}

/* --- reports */

/* From start on up to end, both excluded; .p NULL where they are not. */
static struct str between(const struct buf *b, const char *start, const char *end)
{
    const char *at = b->n ? memmem(b->p, b->n, start, strlen(start)) : NULL;
    at = at ? at + strlen(start) : NULL;
    const char *to = at ? memmem(at, b->n - (size_t)(at - b->p), end, strlen(end)) : NULL;
    return to ? (struct str){at, (size_t)(to - at)} : (struct str){0};
}

static void replace(struct buf *b, struct str what, const char *with)
{
    struct buf to = {0};
    for (size_t i = 0; i < b->n;) {
        bool here = what.n && b->n - i >= what.n && memcmp(b->p + i, what.p, what.n) == 0;
        if (here)
            buf_z(&to, with), i += what.n;
        else
            buf_char(&to, b->p[i++]);
    }
    buf_free(b);
    *b = to;
}

/* What every edit of the knowledge or the style changes in every report says nothing here. */
static void leave_out(struct buf *b, struct str knowledge)
{
    char copy[65];
    snprintf(copy, sizeof copy, "%.*s", (int)knowledge.n, knowledge.p);
    replace(b, str_of(copy), "KNOWLEDGE");
    copy[12] = 0;
    replace(b, str_of(copy), "KNOWLEDGE");
    struct buf part = {0};
    static const char *const ends[][2] = {{"<style>", "</style>"}, {"style-src 'sha256-", "'"}};
    for (size_t i = 0; i < 2; i++) {
        struct str s = between(b, ends[i][0], ends[i][1]);
        part.n = 0, buf_str(&part, s);
        replace(b, buf_view(&part), "STYLE");
    }
    buf_free(&part);
}

/* The cases of samples/MANIFEST.tsv. */
static char cases[100][64];
static size_t list_cases(void)
{
    FILE *m = fopen("samples/MANIFEST.tsv", "r");
    char line[2048];
    size_t n = 0;
    cr_assert(m && fgets(line, sizeof line, m), "tests run in the top folder");
    while (fgets(line, sizeof line, m)) {
        line[strcspn(line, "\t")] = 0;
        if (n && strcmp(line, cases[n - 1]) == 0)
            continue;
        cr_assert(n < LEN(cases) && strlen(line) < sizeof *cases, "%s", line);
        strcpy(cases[n++], line);
    }
    fclose(m);
    cr_assert_geq(n, 60, "samples");
    return n;
}

/* What was made now is what was kept; or the first lines that are not. */
static void same(const char *kept, const struct buf *before, const struct buf *now)
{
    char was[300], is[300];
    if (str_eq(buf_view(before), buf_view(now)))
        return;
    const char *at = scratch(strrchr(kept, '.') + 1);
    snprintf(was, sizeof was, "%s/kept", at), write_file(was, before);
    snprintf(is, sizeof is, "%s/made", at), write_file(is, now);
    run("diff -u %s %s | cut -c1-400 | tail -n +3 | head -n 40", was, is);
    cr_expect(false, "%s: judge this, then `make golden`\n%s", kept, out);
}

/* Reports of one format; lines that many have in common stand once, but of those that people read as they
 * are: report.md is kept whole. */
static void against_kept(const char *format, bool whole)
{
    struct buf now[LEN(cases)] = {0};
    size_t n = list_cases();
    char path[4500];
    for (size_t i = 0; i < n; i++) {
        const char *dir = case_of(cases[i]);
        snprintf(path, sizeof path, "%s/report.json", dir);
        struct buf json = read_file(path);
        struct str sha = between(&json, "\"knowledge_sha256\": \"", "\"");
        cr_assert_eq(sha.n, 64, "%s", cases[i]);
        snprintf(path, sizeof path, "%s/report.%s", dir, format);
        now[i] = read_file(path);
        cr_assert(now[i].n, "%s", path);
        leave_out(&now[i], sha), buf_free(&json);
    }
    snprintf(path, sizeof path, "samples/golden/common.%s", format);
    struct buf text = whole ? (struct buf){0} : read_file(path);
    struct golden_lines common = common_lines(buf_view(&text));
    if (getenv("GOLDEN") && !whole) {
        struct golden_lines before = common;
        struct buf to = {0};
        common = common_anew(&before, now, n);
        for (size_t i = 0; i < common.n; i++)
            buf_str(&to, common.line[i].text), buf_char(&to, '\n');
        write_file(path, &to), buf_free(&to), lines_free(&before);
    }
    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "samples/golden/%s/report.%s", cases[i], format);
        if (getenv("GOLDEN")) {
            struct buf to = folded(&common, buf_view(&now[i]));
            cr_assert_eq(run("mkdir -p samples/golden/%s", cases[i]), 0, "%s", out);
            write_file(path, &to), buf_free(&to);
        }
        struct buf kept = read_file(path), before = unfolded(&common, buf_view(&kept));
        same(path, &before, &now[i]);
        buf_free(&kept), buf_free(&before);
    }
    lines_free(&common), buf_free(&text);
    for (size_t i = 0; i < n; i++)
        buf_free(&now[i]);
}

Test(golden, reports_html) { against_kept("html", false); }
Test(golden, reports_json) { against_kept("json", false); }
Test(golden, reports_md) { against_kept("md", true); }

/* Nothing is kept of a sample that is none any more. */
Test(golden, nothing_else_is_kept)
{
    size_t n = list_cases();
    cr_assert_eq(run("cd samples/golden && ls -d */"), 0, "%s", out);
    for (char *dir = strtok(out, "/\n"); dir; dir = strtok(NULL, "/\n")) {
        bool found = false;
        for (size_t i = 0; i < n; i++)
            found |= strcmp(dir, cases[i]) == 0;
        cr_expect(found, "samples/golden/%s is of no sample", dir);
    }
}

/* What is kept gives the report back, whatever is in it; numbers stay when a text is edited. */
Test(golden, what_is_kept_is_the_whole_report)
{
    static const char *const rows[][2] = {
        {"a\nb\nown\n", "@1-2\nown\n"},
        {"b\na\nb", "@2\n@1\nb"},
        {"@1\n@\n\n@@x\na\n\n", "@@1\n@@\n\n@@@x\n@1\n\n"},
        {"", ""},
        {"c\n", "@4\n"},
    };
    struct golden_lines common = common_lines(STR("a\nb\n\nc\n"));
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf to = folded(&common, str_of(rows[i][0])), whole = unfolded(&common, buf_view(&to));
        cr_expect(str_eq(buf_view(&to), str_of(rows[i][1])), "row %zu: %.*s", i, STR_ARG(buf_view(&to)));
        cr_expect(str_eq(buf_view(&whole), str_of(rows[i][0])), "row %zu: %.*s", i,
                  STR_ARG(buf_view(&whole)));
        buf_free(&to), buf_free(&whole);
    }
    struct buf report[MANY] = {0};
    for (size_t i = 0; i < MANY; i++)
        buf_printf(&report[i], "a\na\nedited\n%s%s", i < 2 ? "c\n" : "", i < MANY - 1 ? "few\n" : "new\n");
    buf_z(&report[0], "new\n");
    struct golden_lines anew = common_anew(&common, report, MANY);
    cr_assert_eq(anew.n, 4);
    for (size_t i = 0; i < 4; i++)
        cr_expect(str_eq(anew.line[i].text, str_of((const char *[]){"a", "edited", "", "c"}[i])), "%zu", i);
    lines_free(&anew), lines_free(&common);
    for (size_t i = 0; i < MANY; i++)
        buf_free(&report[i]);
}

/* Exports of one small sample; of those with a row a moment, the first five and what is ours. */
Test(golden, reports_exported)
{
    static const char *const exports[] = {"timesketch", "plaso-jsonl", "ecs", "sarif", "junit", "csv"};
    const char *at = scratch("golden-exports"), *kept = "samples/golden/bits-noninteractive/export";
    char path[400];
    cr_assert_eq(run("%s analyze -o %s/out samples/cases/bits-noninteractive", program(), at), 0, "%s", out);
    snprintf(path, sizeof path, "%s/out/report.json", at);
    struct buf json = read_file(path);
    struct str sha = between(&json, "\"knowledge_sha256\": \"", "\"");
    for (size_t i = 0; i < LEN(exports); i++) {
        cr_assert_eq(run("%s export %s/out/case.db --format %s -o %s/all && awk 'NR < 6 || !/^{\"/ || "
                         "/whylogon.f(ailure|inding)/' %s/all >%s/%s",
                         program(), at, exports[i], at, at, at, exports[i]),
                     0, "%s", out);
        snprintf(path, sizeof path, "%s/%s", at, exports[i]);
        struct buf now = read_file(path);
        leave_out(&now, sha);
        write_file(path, &now);
        buf_free(&now);
        if (getenv("GOLDEN"))
            cr_assert_eq(run("mkdir -p %s && cp %s %s/%s", kept, path, kept, exports[i]), 0, "%s", out);
        int differs = run("diff -u %s/%s %s | cut -c1-400 | head -n 40", kept, exports[i], path);
        cr_expect(!differs && !*out, "%s: judge this, then `make golden`\n%s", exports[i], out);
        cr_assert_eq(run("rm %s/all", at), 0);
    }
    buf_free(&json);
}

static void against_hostile(const char *name)
{
    char here[100];
    unsigned seeds = 1 + str_hash(str_of(name)) % 2;
    snprintf(here, sizeof here, "hostile-%s", name);
    const char *at = scratch(here), *whole = case_of(name);
    cr_assert_eq(run("mkdir '%s/else where' && cp -r samples/cases/%s '%s/else where/'", at, name, at), 0,
                 "%s", out);
    for (unsigned seed = 2; seed < 2 + seeds; seed++) {
        cr_assert_eq(run("QSORT_SEED=%u %s" HOSTILE " analyze -j%u -o %s/%u '%s/else where/%s'", seed,
                         program(), seed + 1, at, seed, at, name),
                     0, "%s", out);
        for (size_t i = 0; i < LEN(formats); i++)
            cr_expect_eq(run("diff %s/report.%s %s/%u/report.%s | cut -c1-400 | head -n 10; cmp -s "
                             "%s/report.%s %s/%u/report.%s",
                             whole, formats[i], at, seed, formats[i], whole, formats[i], at, seed,
                             formats[i]),
                         0, "%s, seed %u: equal rows have an order of their own\n%s", name, seed, out);
    }
}

static void half(size_t part)
{
    PLAIN_ONLY();
    for (size_t n = list_cases(), i = part; i < n; i += 2)
        against_hostile(cases[i]);
}
Test(golden, no_order_of_equal_rows_1) { half(0); }
Test(golden, no_order_of_equal_rows_2) { half(1); }

/* An independent validator, for the reports of all samples and for one that cannot be right. */
Test(golden, report_json_is_valid)
{
    static const char *const pythons[] = {"python3", "/usr/bin/python3"};
    const char *at = scratch("schema"), *good = case_of("credential-storage-policy");
    int code = 77;
    for (size_t i = 0; i < LEN(pythons) && code == 77; i++) {
        code = run("sed 's/\"outcome\"/\"out\"/; s/\"win32\": 1312/\"win32\": \"1312\"/' %s/report.json "
                   ">%s/bad.json; %s tests/schema.py reports/report.schema.json %s/bad.json",
                   good, at, pythons[i], at);
        if (code != 1)
            continue;
        cr_expect(strstr(out, "'1312' is not of type 'integer'"), "%s", out);
        code = run("%s tests/schema.py reports/report.schema.json %s/../*/report.json", pythons[i], good);
        cr_expect_eq(code, 0, "%s", out);
        return;
    }
    cr_assert_eq(code, 77, "%s", out);
    cr_skip("skipped: no JSON Schema validator here (python3-jsonschema)");
}
