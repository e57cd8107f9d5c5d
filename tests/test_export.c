/* test_export: each export of every sample, read by readers that are none of ours (tests/exports.py) and held
 * against the case; what --fail-on does; that a file comes whole or not at all. */
#include "shell.h"
#include "base/buf.h"
#include <string.h>

/* All of them, from out/case.db of the folder into it. */
static void export_all(const char *at)
{
    cr_assert_eq(run("set -e; for f in timesketch plaso-jsonl ecs sarif junit; do %s export %s/out/case.db "
                     "--format $f -o "
                     "%s/$f; done; for t in failures findings coverage timeline; do %s export %s/out/case.db "
                     "--format csv "
                     "--table $t -o %s/csv-$t; done",
                     program(), at, at, program(), at, at),
                 0, "%s", out);
}

static void read_back(const char *folders)
{
    if (run("python3 -c ''") != 0)
        cr_skip("skipped: no python3 here");
    /* SARIF's JSON Schema is OASIS' own and not shipped */
    cr_expect_eq(run("python3 tests/exports.py %s", folders), 0, "%s", out);
}

/* Together they have every kind of failure, verdict and outcome, moments of every kind, folds, names that are
 * no words, two hosts and none failed: tests/exports.py asks for it. */
static const char *const samples[] = {"two-hosts",        "hostile-strings", "few-files",
                                      "boot-race",        "healthy-host",    "certificate-binding",
                                      "unqualified-user", "only-system-log", "offline-files-state"};

Test(export, other_readers_find_what_the_case_has)
{
    PLAIN_ONLY();
    const char *at = scratch("export-samples");
    char folder[500];
    for (size_t i = 0; i < LEN(samples); i++) {
        snprintf(folder, sizeof folder, "%s/%s", at, samples[i]);
        cr_assert_eq(run("mkdir %s && cp -r %s %s/out", folder, case_of(samples[i]), folder), 0, "%s", out);
        export_all(folder);
    }
    setenv("EXPORTS_OF_EVERY_KIND", "1", 1);
    snprintf(folder, sizeof folder, "%s/*", at);
    read_back(folder);
    unsetenv("EXPORTS_OF_EVERY_KIND");
}

static const char *analyzed(const char *name, const char *sample)
{
    const char *at = scratch(name);
    cr_assert_eq(run("cp -r %s %s/out", case_of(sample), at), 0, "%s", out);
    return at;
}

/* No importer of UTF-8 takes a lone surrogate, and a time of 1601 is none. */
Test(export, what_importers_choke_on)
{
    const char *at = analyzed("export-odd", "credential-storage-policy");
    cr_assert_eq(
        run("cp %s/out/case.db %s/odd.db && sqlite3 %s/odd.db \"UPDATE event SET time = 0 WHERE id = 1; "
            "UPDATE event SET data = '{\\\"a\\\":\\\"x' || CAST(x'eda080' AS TEXT) || 'y\\\\ud800z\\\"}' "
            "WHERE id "
            "= 2; UPDATE event SET data = 'no json' WHERE id = 3; UPDATE host SET name = '{0} [a](b)' || "
            "CAST(x'eda080' AS TEXT)\" && mkdir %s/two %s/two/out && mv %s/odd.db %s/two/out/case.db",
            at, at, at, at, at, at, at),
        0, "%s", out);
    char two[300];
    snprintf(two, sizeof two, "%s/two", at);
    export_all(two);
    read_back(two);
    cr_expect_eq(run("! grep -l 'ud800\\|1601-' %s/timesketch %s/ecs %s/sarif", two, two, two), 0, "%s", out);
}

Test(export, a_job_fails_on_what_it_names)
{
    static const struct {
        const char *sample, *fail_on;
        int code;
        unsigned failures, errors;
    } rows[] = {
        {"credential-storage-policy", "", 0, 1, 0},
        {"credential-storage-policy", "--fail-on never", 0, 0, 0},
        {"credential-storage-policy", "--fail-on confirmed", 1, 1, 0},
        {"credential-storage-policy", "--fail-on possible", 1, 2, 0},
        {"credential-storage-policy", "--fail-on unexplained,not_covered", 0, 0, 0},
        {"credential-storage-policy", "--fail-on undetermined", 1, 0, 1},
        {"healthy-host", "--fail-on possible,unexplained", 0, 0, 0},
        {"healthy-host", "--fail-on not_covered", 1, 1, 0},
    };
    const char *at = NULL;
    for (size_t i = 0; i < LEN(rows); i++) {
        if (!i || strcmp(rows[i].sample, rows[i - 1].sample))
            at = analyzed("export-gate", rows[i].sample);
        int code = run(
            "%s export %s/out/case.db --format junit %s | grep -o '<testsuites[^>]*'; exit ${PIPESTATUS[0]}",
            program(), at, rows[i].fail_on);
        char want[100];
        snprintf(want, sizeof want, "failures=\"%u\" errors=\"%u\"", rows[i].failures, rows[i].errors);
        cr_expect(strstr(out, want), "%s %s: wants %s, %s", rows[i].sample, rows[i].fail_on, want, out);
        code = run("%s export %s/out/case.db --format junit %s --force -o %s/x", program(), at,
                   rows[i].fail_on, at);
        cr_expect_eq(code, rows[i].code, "%s %s", rows[i].sample, rows[i].fail_on);
    }
}

Test(export, a_file_is_whole_or_not_there)
{
    const char *at = analyzed("export-file", "credential-storage-policy");
    char cmd[5000];
    snprintf(cmd, sizeof cmd, "%s export %s/out/case.db --format", program(), at);
    cr_expect_eq(run("echo mine >%s/x && %s sarif -o %s/x", at, cmd, at), 2);
    cr_expect(strstr(out, "exists already") && strstr(out, "--force"), "%s", out);
    cr_expect_eq(
        run("grep -qx mine %s/x && %s sarif --force -o %s/x && grep -q 2.1.0 %s/x && ! ls %s | grep tmp", at,
            cmd, at, at, at),
        0, "%s", out);
    cr_expect_eq(run("%s sarif --force -o %s/out/case.db", cmd, at), 2, "%s", out);
    cr_expect(strstr(out, "the case itself"), "%s", out);
    cr_expect_eq(run("%s sarif -o %s/none/x", cmd, at), 6, "%s", out);
    cr_expect_eq(run("mkdir %s/folder && %s ecs -o %s/folder --force", at, cmd, at), 2, "%s", out);
    cr_expect_eq(run("%s ecs --force -o /dev/stdout | cat >/dev/null; test -L /dev/stdout", cmd), 0, "%s",
                 out);
    cr_expect_eq(run("%s ecs | head -n 1 | wc -l", cmd), 0);
    cr_expect(strstr(out, "1\n") == out, "a pipe that closes is no error: %s", out);
    cr_expect_eq(run("%s ecs >/dev/full", cmd), 6, "%s", out);
    cr_expect_eq(run("%s yaml", cmd), 2, "%s", out);
    cr_expect_eq(run("%s export %s/out/case.db", program(), at), 2, "%s", out);
    cr_expect_eq(run("%s export %s/out/report.md --format csv", program(), at), 2, "%s", out);
}

/* The Python that has the tools: $READERS, or where `make readers` puts it; it need not be there. */
static const char *readers_path(void)
{
    static char path[1000];
    const char *given = getenv("READERS");
    snprintf(path, sizeof path, "%s", given ? given : "");
    if (!given) {
        cr_assert_eq(
            run("echo \"${XDG_CACHE_HOME:-$HOME/.cache}/whylogon/readers-$(sha256sum tests/readers.txt | cut "
                "-c1-16)/bin/python\""),
            0);
        snprintf(path, sizeof path, "%.*s", (int)strcspn(out, "\n"), out);
    }
    return path;
}
static const char *readers(void)
{
    const char *path = readers_path();
    if (run("%s -c ''", path) != 0)
        cr_skip_test("skipped: make readers installs what exports are for (400 MB)");
    return path;
}

/* All tickets of a run as one file: a suite a ticket, and the same bytes however the run was cut. */
Test(export, a_fleet_as_one_file)
{
    const char *python = readers_path(), *at = scratch("export-fleet");
    cr_assert_eq(run("mkdir -p %s/in/nothing && cp -r samples/cases/healthy-host samples/cases/boot-race "
                     "samples/cases/hostile-strings %s/in && echo no evidence >%s/in/nothing/x.txt",
                     at, at, at),
                 0, "%s", out);
    cr_assert_eq(
        run("set -e; for i in 1 2; do %s batch --keep none --progress=none -o %s/part$i --shard $i/2 "
            "%s/in || [ $? = 4 ]; done; %s merge -o %s/all %s/part2 %s/part1; %s batch --keep none "
            "--progress=none -o %s/one %s/in",
            program(), at, at, program(), at, at, at, program(), at, at),
        0, "%s", out);
    cr_assert_eq(
        run("set -e; for f in junit sarif; do %s export %s/all/fleet.db --format $f -o %s/$f; %s export "
            "%s/one/fleet.db --format $f -o %s/one.$f; cmp %s/$f %s/one.$f; done; cp %s/all/fleet.db %s",
            program(), at, at, program(), at, at, at, at, at, at),
        0, "%s", out);
    if (run("python3 -c ''") == 0) {
        cr_expect_eq(run("p=%s; test -x $p || p=python3; $p tests/fleet_exports.py %s", python, at), 0, "%s",
                     out);
        /* and it would see another */
        cr_assert_eq(run("sed -i '0,/<skipped/s//<error/' %s/junit", at), 0);
        cr_expect_eq(run("python3 tests/fleet_exports.py %s", at), 1, "%s", out);
    }
    /* what fails it, and what there is not */
    static const struct {
        const char *options;
        int code;
    } rows[] = {{"--format junit --fail-on confirmed", 1},
                {"--format sarif --fail-on never", 0},
                {"--format junit", 0},
                {"--format csv", 2},
                {"--format junit --redact", 2},
                {"--format sarif --fail-on likely", 1}};
    for (size_t i = 0; i < LEN(rows); i++)
        cr_expect_eq(run("%s export %s/fleet.db %s >/dev/null", program(), at, rows[i].options), rows[i].code,
                     "%s: %s", rows[i].options, out);
    cr_expect_neq(run("%s export %s/fleet.db --format junit | grep -q since", program(), at), 0,
                  "a window that nobody asked for");
    /* what passes in a window passes for that time alone */
    cr_assert_eq(run("%s batch --keep none --progress=none --since 2026-03-04 --until 2026-03-05 -o %s/cut "
                     "samples/cases/boot-race",
                     program(), at),
                 0, "%s", out);
    cr_expect_eq(
        run("%s export %s/cut/fleet.db --format junit | grep -q 'name=.since. value=.2026-03-04./>"
            "<property name=.until. value=.2026-03-05.' && %s export %s/cut/fleet.db --format sarif | "
            "grep -q '.since.: .2026-03-04., .until.: .2026-03-05.}'",
            program(), at, program(), at),
        0);
}

/* Timesketch's importer, sarif-tools, junitparser, pandas, DuckDB, Datasette: each sees what the case has. */
Test(export, their_own_tools_read_them)
{
    PLAIN_ONLY();
    const char *python = readers(), *at = scratch("export-readers");
    cr_assert_eq(run("cp -r %s %s/out", case_of("hostile-strings"), at), 0, "%s", out);
    cr_assert_eq(run("cp -r %s %s/other", case_of("healthy-host"), at), 0, "%s", out);
    int code = run("%s tests/readers.py %s %s/out/case.db %s", python, program(), at, at);
    cr_expect(code == 0 || code == 77, "%s", out);
    cr_expect(strstr(out, "ts.jsonl rows 2") && strstr(out, "plaso: times 2")
                  && strstr(out, "sarif: results 64") && strstr(out, "junit: tests 66"),
              "%s", out);
    /* and they would see another */
    cr_assert_eq(
        run("printf '#!/bin/sh\nshift 2\nexec %s export %s/other/case.db \"$@\"\n' >%s/swap && chmod +x "
            "%s/swap",
            program(), at, at, at),
        0);
    cr_expect_eq(
        run("%s tests/readers.py %s/swap %s/out/case.db %s timesketch plaso sarif junit", python, at, at, at),
        1, "%s", out);
    static const char *const tools[] = {"timesketch: ts.jsonl rows", "timesketch: plaso.jsonl rows",
                                        "plaso: kept as FILETIME", "sarif: results", "junit: tests"};
    for (size_t i = 0; i < LEN(tools); i++)
        cr_expect(strstr(out, tools[i]), "%s did not see it: %s", tools[i], out);
}

/* The workflow of README.md, step by step, over evidence that passes, fails, is cut, is none. */
Test(export, the_workflow_does_what_it_says)
{
    static const struct {
        const char *make, *says;
        int code;
    } rows[] = {
        {"cp -r samples/cases/credential-storage-policy %s/in", "analyze: 0\nexport: 0\nverdict: 1\n", 1},
        {"cp -r samples/cases/only-system-log %s/in", "verdict: 1\n", 1},
        {"cp -r samples/cases/healthy-host %s/in", "analyze: 0\nexport: 0\nverdict: 0\n", 0},
        {"cp -r samples/cases/healthy-host %s/in && truncate -s 9000 %s/in/System.evtx", "analyze: 3\n", 3},
        {"mkdir %s/in && echo hello >%s/in/notes.txt", "analyze: 4\n", 4},
    };
    PLAIN_ONLY();
    if (run("python3 -c ''") != 0)
        cr_skip_test("skipped: no python3 here");
    for (size_t i = 0; i < LEN(rows); i++) {
        const char *at = scratch("export-workflow");
        char make[500];
        snprintf(make, sizeof make, rows[i].make, at, at);
        cr_assert_eq(run("%s", make), 0, "%s", out);
        cr_expect_eq(run("python3 tests/workflow.py %s %s/in %s/checkout", program(), at, at), rows[i].code,
                     "%s: %s", rows[i].make, out);
        cr_expect(strstr(out, rows[i].says), "%s: %s", rows[i].make, out);
        cr_expect(rows[i].code < 3 || !strstr(out, "export:"), "%s: %s", rows[i].make, out);
    }
}
