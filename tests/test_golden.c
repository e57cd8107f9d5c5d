/* test_golden: every sample gives the verdicts its manifest promises, and nothing above them; report.md of
 * every sample, and report.html and report.json of those that have one in samples/golden, against the ones
 * kept there; of the others by their sums. A change shows as a diff to judge; `make golden` keeps what is
 * made now. The same bytes come out wherever the evidence lies, with any number of workers, and from a build
 * whose qsort is hostile.
 */
#include "shell.h"
#include "base/buf.h"
#include "base/hash.h"
#include "case/casedb.h"
#include "base/str.h"
#include <string.h>
#include <unistd.h>

static const char *const formats[] = {"html", "md", "json"};
#define HOSTILE "-hostile" /* the program's name with another qsort */

/* report.md of all samples; the others of those that are kept in full, so that the folder stays small. */
static bool kept_of(const char *name, const char *format)
{
    char kept[300];
    snprintf(kept, sizeof kept, "samples/golden/%s/report.%s", name, format);
    return !strcmp(format, "md") || access(kept, F_OK) == 0;
}

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

/* Runs f for each case of samples/MANIFEST.tsv that is built. */
static void each_case(unsigned part, void (*f)(const char *name, const char *dir))
{
    FILE *m = fopen("samples/MANIFEST.tsv", "r");
    char line[1024], was[200] = "", dir[300];
    unsigned n = 0;
    cr_assert(m, "tests run in the top folder");
    cr_assert(fgets(line, sizeof line, m));
    while (fgets(line, sizeof line, m)) {
        line[strcspn(line, "\t")] = 0;
        if (strcmp(line, was) == 0)
            continue;
        snprintf(was, sizeof was, "%.199s", line);
        snprintf(dir, sizeof dir, "samples/cases/%s", was);
        if (n++ % 2 == part)
            f(line, dir);
    }
    fclose(m);
    cr_assert_gt(n, 20, "samples");
}

/* What was made now, against what is kept there; a change shows as a diff. */
static void against_kept(const char *kept, const char *made, const struct buf *now)
{
    if (getenv("GOLDEN")) {
        write_file(kept, now);
        return;
    }
    write_file(made, now);
    int differs = run("diff -u %s %s | cut -c1-400 | head -n 40", kept, made);
    cr_expect(!differs && !*out, "%s: judge this, then `make golden`\n%s", kept, out);
}

static unsigned full; /* cases kept in full */
static void against_golden(const char *name, const char *dir)
{
    char here[100], kept[300], made[4500], sum[SHA256_TEXT];
    uint8_t digest[SHA256_BYTES];
    struct buf sums = {0};
    (void)dir;
    snprintf(here, sizeof here, "golden-%s", name);
    const char *at = scratch(here);
    if (getenv("GOLDEN"))
        cr_assert_eq(run("mkdir -p samples/golden/%s", name), 0, "%s", out);
    snprintf(made, sizeof made, "%s/report.json", case_of(name));
    struct buf json = read_file(made);
    struct str sha = between(&json, "\"knowledge_sha256\": \"", "\"");
    cr_assert_eq(sha.n, 64, "%s", name);
    for (size_t i = 0; i < LEN(formats); i++) {
        snprintf(made, sizeof made, "%s/report.%s", case_of(name), formats[i]);
        struct buf now = read_file(made);
        leave_out(&now, sha);
        snprintf(kept, sizeof kept, "samples/golden/%s/report.%s", name, formats[i]);
        snprintf(made, sizeof made, "%s/report.%s", at, formats[i]);
        full += i == 0 && kept_of(name, formats[i]);
        if (kept_of(name, formats[i]))
            against_kept(kept, made, &now);
        else if (sha256_of(now.p, now.n, digest))
            buf_printf(&sums, "%s %s\n", sha256_text(digest, sum), formats[i]);
        buf_free(&now);
    }
    snprintf(kept, sizeof kept, "samples/golden/%s/sums", name);
    snprintf(made, sizeof made, "%s/sums", at);
    if (sums.n)
        against_kept(kept, made, &sums);
    buf_free(&json), buf_free(&sums);
}

static void half(unsigned part)
{
    each_case(part, against_golden);
    cr_expect_geq(full, 10, "only %u cases are kept in full", full);
}
Test(golden, reports_are_those_kept_1) { half(0); }
Test(golden, reports_are_those_kept_2) { half(1); }

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

static void against_hostile(const char *name, const char *dir)
{
    char here[100];
    unsigned seeds = kept_of(name, "html") ? 2 : 1;
    snprintf(here, sizeof here, "hostile-%s", name);
    const char *at = scratch(here), *whole = case_of(name);
    cr_assert_eq(run("mkdir '%s/else where' && cp -r %s '%s/else where/%s'", at, dir, at, name), 0, "%s",
                 out);
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

Test(golden, no_order_of_equal_rows_1) { PLAIN_ONLY(), each_case(0, against_hostile); }
Test(golden, no_order_of_equal_rows_2) { PLAIN_ONLY(), each_case(1, against_hostile); }

/* An independent validator, for the reports of all samples and for one that cannot be right. */
Test(golden, report_json_is_valid)
{
    static const char *const pythons[] = {"python3", "/usr/bin/python3"};
    const char *at = scratch("schema");
    int code = 77;
    for (size_t i = 0; i < LEN(pythons) && code == 77; i++) {
        code = run(
            "sed 's/\"KNOWLEDGE\"/null/' samples/golden/credential-storage-policy/report.json >%s/good.json "
            "&& "
            "sed 's/\"outcome\"/\"out\"/; s/\"win32\": 1312/\"win32\": \"1312\"/' %s/good.json >%s/bad.json; "
            "%s tests/schema.py reports/report.schema.json %s/bad.json",
            at, at, at, pythons[i], at);
        if (code != 1)
            continue;
        cr_expect(strstr(out, "'1312' is not of type 'integer'"), "%s", out);
        code = run("for f in samples/golden/*/report.json; do sed 's/\"KNOWLEDGE\"/null/' $f "
                   ">%s/$(basename $(dirname $f)).json; done; %s tests/schema.py reports/report.schema.json "
                   "$(ls %s/*.json | grep -v /bad.json)",
                   at, pythons[i], at);
        cr_expect_eq(code, 0, "%s", out);
        return;
    }
    cr_assert_eq(code, 77, "%s", out);
    cr_skip("skipped: no JSON Schema validator here (python3-jsonschema)");
}
