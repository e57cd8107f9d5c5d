/* test_manners: the command line as somebody types it: misspelt words, closed pipes, standard input, the man
 * page and the completions, which are made from what --help prints. */
#include "shell.h"
#include "base/str.h"
#include "plat/plat.h"
#include "run/progress.h"
#include <string.h>
#include <unistd.h>

static const char *analyzed(const char *name)
{
    const char *at = scratch(name);
    cr_assert_eq(run("%s analyze -o %s/out// samples/cases/credential-storage-policy", program(), at), 0,
                 "%s", out);
    cr_expect(!strstr(out, "//"), "no double slash: %s", out);
    return at;
}

Test(manners, misspelt_words_are_answered)
{
    static const struct {
        const char *line, *says;
        int code;
    } rows[] = {
        {"-V", "whylogon " WHYLOGON_VERSION "\n", 0},
        {"--version", "whylogon " WHYLOGON_VERSION "\n", 0},
        {"anaylze x", "no command 'anaylze'; did you mean 'analyze'?", 2},
        {"querry x", "did you mean 'query'?", 2},
        {"verfy", "did you mean 'verify'?", 2},
        {"help expor", "did you mean 'export'?", 2},
        {"zzz", "no command 'zzz'; see 'whylogon --help'", 2},
        {"", "usage: whylogon COMMAND", 2},
        {"analyze --recoverd x", "did you mean --recovered?", 2},
        {"analyze --fail=confirmed x", "did you mean --fail-on?", 2},
        {"export --formt=csv x", "no option '--formt=csv'; did you mean --format?", 2},
        {"dump --xyzzy x", "no option '--xyzzy'; see 'whylogon dump --help'", 2},
        {"dump -Z x", "no option '-Z'; see 'whylogon dump --help'", 2},
        {"analyze -o '' x", "wants a folder", 2},
        {"rules lst", "no 'lst'; did you mean 'rules list'?", 2},
        {"rules show credential-storage", "did you mean 'credential-storage-policy'?", 2},
        {"rules test task_pasword_drift", "did you mean 'task-password-drift'?", 2},
        {"rules show zzz", "no rule 'zzz'; see 'whylogon rules list'", 2},
        {"rules xyzzy", "no 'xyzzy'; there are list, show, lint, test, matrix", 2},
        {"rules", "usage: whylogon rules", 2},
        {"--print yaml", "wants man, bash, zsh or fish", 2},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        cr_expect_eq(run("%s %s", program(), rows[i].line), rows[i].code, "%s: %s", rows[i].line, out);
        cr_expect(strstr(out, rows[i].says), "%s says: %s", rows[i].line, out);
    }
}

/* head, less: the reader goes, and nothing is said of it. A device that is full is an error. */
Test(manners, a_closed_pipe_is_no_error)
{
    static const char *const lines[] = {
        "query %s/out/case.db",
        "query %s/out/case.db 'SELECT * FROM v_timeline a, v_host'",
        "query --json %s/out/case.db 'SELECT * FROM v_event'",
        "show %s/out/case.db f1:0x5558",
        "export %s/out/case.db --format ecs",
        "export %s/out/case.db --format sarif",
        "dump %s/../../work",
        "inspect samples/cases/healthy-host",
        "explain 1312",
        "rules list",
        "rules matrix",
        "verify %s/out/case.db",
        "report %s/out/case.db --force -o %s/again",
        "analyze --force -o %s/more samples/cases/only-system-log",
        "--help",
        "analyze --help",
        "--print man",
        "-V",
    };
    const char *at = analyzed("manners-pipe");
    for (size_t i = 0; i < LEN(lines); i++) {
        char line[600];
        if (strncmp(lines[i], "dump", 4) == 0)
            snprintf(line, sizeof line, "dump samples/cases/healthy-host");
        else
            snprintf(line, sizeof line, lines[i], at, at);
        /* the reader has gone before the first byte */
        run("{ sleep 0.1; %s %s; echo $? >%s/code; } 2>%s/said | true; while ! [ -s %s/code ]; do sleep "
            "0.05; done; cat "
            "%s/code %s/said",
            program(), line, at, at, at, at, at);
        cr_expect(strcmp(out, "0\n") == 0 || (strncmp(out, "0\n", 2) == 0 && !strstr(out, "standard output")),
                  "%s: %s", line, out);
        run("rm %s/code", at);
    }
    cr_expect_eq(run("%s query %s/out/case.db >/dev/full", program(), at), 6, "%s", out);
    cr_expect_eq(run("%s rules list >/dev/full", program()), 6, "%s", out);
    cr_expect_eq(run("%s -V >/dev/full", program()), 6, "%s", out);
}

Test(manners, standard_input_and_ids)
{
    const char *at = analyzed("manners-stdin"), *log = "samples/cases/credential-storage-policy/System.evtx";
    cr_assert_eq(
        run("%s dump %s | sed 's/\"path\":\"[^\"]*\"//' >%s/plain; wc -l <%s/plain", program(), log, at, at),
        0);
    cr_expect_gt(atoi(out), 20, "%s", out);
    cr_expect_eq(run("%s dump - <%s | sed 's/\"path\":\"[^\"]*\"//' | wc -l", program(), log), 0);
    int n = atoi(out);
    cr_expect_eq(run("cat %s | %s dump - | wc -l; wc -l <%s/plain", log, program(), at), 0);
    int piped = atoi(out), plain = atoi(strchr(out, '\n') + 1);
    cr_expect(n == plain && piped == plain, "%d, %d, %d", n, piped, plain);
    cr_expect_eq(run("%s dump - </dev/null", program()), 4, "%s", out);
    cr_expect_eq(run("echo 'SELECT count(*) FROM v_finding' | %s query %s/out/case.db -", program(), at), 0,
                 "%s", out);
    cr_expect(strstr(out, "count(*)\n"), "%s", out);
    cr_expect_eq(run("echo 'DELETE FROM v_finding' | %s query %s/out/case.db -", program(), at), 2, "%s",
                 out);
    cr_expect_eq(
        run("%s show %s/out/case.db F1:0X57F8 >%s/upper && %s show %s/out/case.db f1:0x57f8 | cmp - %s/upper",
            program(), at, at, program(), at, at),
        0, "%s", out);
}

/* What analyze was told to write into, a folder, means the case in it. */
Test(manners, a_folder_means_its_case)
{
    const char *at = analyzed("manners-folder");
    static const struct {
        const char *line, *says;
        int code;
    } rows[] = {
        {"query %s/out 'SELECT count(*) AS n FROM v_host'", "n\n1\n", 0},
        {"query %s/out/ 'SELECT * FROM failures'", "' lists the views and their columns", 2},
        {"show %s/out f1:0x57f8", "event_id     101", 0},
        {"summary %s/out", "WS04: explained", 0},
        {"verify %s/out", "0 changed, 0 missing", 0},
        {"export %s/out --format csv", "\"WS04\"", 0},
        {"export %s/out --format csv -o %s/out/case.db --force", "names the case itself", 2},
        {"report %s/out", "/out/report.html: exists already", 2},
        {"report %s/out --force", "/out/report.html\n", 0},
        {"report %s/out/case.db", "/out/report.html: exists already", 2},
        {"summary %s", "/case.db: case: unable to open", 2},
        {"query %s/out/report.md 'SELECT 1'", "not a database", 2},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        char line[600];
        snprintf(line, sizeof line, rows[i].line, at, at);
        cr_expect_eq(run("%s %s", program(), line), rows[i].code, "%s: %s", line, out);
        cr_expect(strstr(out, rows[i].says) && !strstr(out, "out//"), "%s says: %s", line, out);
    }
    cr_assert_eq(
        run("cd %s && %s batch --keep=none --progress=none -o fleet %s/out/case.db || true; cd %s && test -s "
            "fleet/fleet.db",
            at, program(), at, at),
        0, "%s", out);
    cr_expect_eq(run("%s export %s/fleet --format junit", program(), at), 0, "%s", out);
    cr_expect(strstr(out, "<testsuites name=\"whylogon\""), "%s", out);
    cr_expect_eq(run("%s summary %s/fleet", program(), at), 2, "%s", out);
    cr_expect(strstr(out, "a fleet: each ticket has a case of its own, tickets/NAME/case.db"), "%s", out);
    cr_expect_eq(run("%s merge -o %s/all %s/nowhere", program(), at, at), 2, "%s", out);
    cr_expect(strstr(out, "/nowhere: cannot look at: No such file"), "%s", out);
    cr_expect_neq(run("ls -d %s/all", at), 0, "a folder of nothing");
}

/* Every command and option of --help is in the man page and in each completion; shells take them. */
Test(manners, man_page_and_completions)
{
    const char *at = scratch("manners-print");
    cr_assert_eq(
        run("cd %s && for f in man bash zsh fish; do %s --print $f >$f || exit; done", at, program()), 0,
        "%s", out);
    cr_expect_eq(run("%s export --help | grep -q -- '--fail-on=.*|undetermined|never$'", program()), 0,
                 "the words of an option are cut");
    cr_assert_eq(run("%s --help | sed -n 's/^  \\([a-z]*\\) .*/\\1/p' >%s/commands; wc -l <%s/commands",
                     program(), at, at),
                 0);
    cr_expect_geq(atoi(out), 10, "%s", out);
    /* option rows begin with two blanks and a letter or four more blanks */
    cr_expect_eq(
        run("cd %s && tr -d '\\\\' <man >plain && while read c; do %s $c --help | sed -n 's/^  \\(-., \\|    "
            "\\)--\\([a-z-]*\\).*/\\2/p' | while read o; do grep -qe \"--$o\" plain || echo man $c $o; grep "
            "-qe "
            "\"--$o\" bash || echo bash $c $o; grep -qe \"--$o\" zsh || echo zsh $c $o; grep -qe \"from $c' "
            "-l $o\" "
            "fish || echo fish $c $o; done; for f in plain bash zsh fish; do grep -q \"$c\" $f || echo $f "
            "$c; done; "
            "done <commands",
            at, program()),
        0, "%s", out);
    cr_expect_str_empty(out, "not in: %s", out);
    cr_expect_eq(run("bash -n %s/bash", at), 0, "%s", out);
    if (run("command -v zsh") == 0)
        cr_expect_eq(run("zsh -n %s/zsh", at), 0, "%s", out);
    if (run("command -v man") == 0)
        cr_expect_eq(run("man -l %s/man 2>/dev/null >%s/page; grep -q 'whylogon analyze' %s/page && grep -q "
                         "'EXIT STATUS' "
                         "%s/page",
                         at, at, at, at),
                     0, "%s", out);
    static const char *const rows[][2] = {{"exp", "explain\nexport\n"},
                                          {"export --form", "--format=\n"},
                                          {"export --format s", "sarif\n"},
                                          {"export --format = j", "junit\n"},
                                          {"rules --j", "--json\n"}};
    for (size_t i = 0; i < LEN(rows); i++) {
        cr_expect_eq(run("bash tests/completions.sh %s/bash %s", at, rows[i][0]), 0, "%s", out);
        cr_expect_str_eq(out, rows[i][1], "%s: %s", rows[i][0], out);
    }
}

Test(manners, install_puts_it_all)
{
    const char *at = scratch("manners-install");
    if (run("test -f Makefile && command -v make") != 0)
        cr_skip("skipped: no make here");
    const char *build = getenv("BUILD");
    cr_assert_eq(run("make -s O=%s DESTDIR=%s PREFIX=/usr install", build ? build : "build", at), 0, "%s",
                 out);
    cr_expect_eq(run("cd %s/usr && ls bin/whylogon share/man/man1/whylogon.1 "
                     "share/bash-completion/completions/whylogon "
                     "share/zsh/site-functions/_whylogon share/fish/vendor_completions.d/whylogon.fish "
                     "share/doc/whylogon/LICENSE share/doc/whylogon/README.md",
                     at),
                 0, "%s", out);
}

/* How fast, and how long still; nobody says what cannot be known. */
Test(manners, progress_tells_rate_and_time_left)
{
    static const struct {
        uint64_t bytes, total, ms, rate, left;
        const char *text;
    } rows[] = {
        {500000000, 1000000000, 5000, 100000000, 5, "5 s"},
        {1, 1000000, 1000, 1, 999999, "277 h 46 min"},
        {250, 1000, 100, 2500, 1, "1 s"},
        {1000, 1000, 10, 100000, 0, "0 s"},
        {2000, 1000, 10, 200000, 0, "0 s"},
        {0, 1000, 5000, 0, UINT64_MAX, NULL},
        {10, 1000, 0, 0, UINT64_MAX, NULL},
        {1000, 151000, 1000, 1000, 150, "3 min"},
        {1000, 7501000, 1000, 1000, 7500, "2 h 5 min"},
        {UINT64_MAX / 2, UINT64_MAX, 1, 9000000000000000000, 2, "2 s"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        uint64_t rate, left;
        char text[32];
        progress_rate(rows[i].bytes, rows[i].total, rows[i].ms, &rate, &left);
        cr_expect(rate == rows[i].rate && left == rows[i].left, "%zu: %llu/s, %llu s", i,
                  (unsigned long long)rate, (unsigned long long)left);
        if (!rows[i].text)
            continue;
        progress_left(left, text);
        cr_expect_str_eq(text, rows[i].text, "%zu: %s", i, text);
    }
    const char *at = scratch("manners-progress");
    cr_assert_eq(
        run("%s analyze --progress=json -o %s/out samples/cases/few-files >/dev/null", program(), at), 0);
    cr_expect(strstr(out, "\"bytes_per_second\":") && strstr(out, "\"seconds_left\":0}"), "%s", out);
}

/* On a terminal: a line that is drawn again, the phase behind it, and nothing is left of it. */
Test(manners, progress_is_drawn)
{
    char text[400] = "";
    struct progress p = {.mode = PROGRESS_BAR, .started = plat_clock_ms() - 2000};
    FILE *to = tmpfile();
    int was = dup(2);
    fflush(stderr);
    cr_assert(to && was >= 0 && dup2(fileno(to), 2) == 2);
    progress_show(&p, &(struct ingest_progress){.bytes = 0, .total = 0});
    progress_show(&p, &(struct ingest_progress){.bytes = 2500000, .total = 10000000, .records = 7});
    progress_phase(&p, "verify"), progress_end(&p);
    fflush(stderr);
    dup2(was, 2), close(was);
    rewind(to);
    cr_assert_gt(fread(text, 1, sizeof text - 1, to), 0);
    fclose(to);
    cr_expect(!strncmp(text, "\r\033[K[###.........]  25%  2.5 MB of 10 MB, ", 42), "%s", text);
    cr_expect(strstr(text, " left\r\033[Kverify\r\033[K") && !p.drawn, "%s", text);
}

/* The page goes to whoever shows pages; without one the run is as good. */
Test(manners, open_shows_the_report)
{
    const char *at = scratch("manners-open");
    cr_assert_eq(
        run("mkdir %s/bin && printf '#!/bin/sh\\necho \"$1\" >%s/shown.new\\nmv %s/shown.new %s/shown\\n' "
            ">%s/bin/xdg-open && chmod +x %s/bin/xdg-open",
            at, at, at, at, at, at),
        0, "%s", out);
    cr_expect_eq(
        run("PATH=%s/bin:$PATH %s analyze --open -o %s/out samples/cases/few-files && for i in $(seq 50); "
            "do test -f %s/shown && break; sleep .1; done; grep -qx %s/out/report.html %s/shown",
            at, program(), at, at, at, at),
        0, "%s", out);
    cr_expect_eq(
        run("PATH=/nowhere %s analyze --open --force -o %s/out samples/cases/few-files", program(), at), 0,
        "%s", out);
    cr_expect(strstr(out, "nothing here opens pages") && strstr(out, "report  "), "%s", out);
}

/* The last lines say what became of each host, gravest first, each outcome in words of its own. */
Test(manners, analyze_ends_with_outcomes)
{
    const char *at = scratch("manners-outcomes");
    cr_assert_eq(
        run("mkdir %s/in && cp -r samples/cases/two-hosts samples/cases/only-system-log "
            "samples/cases/healthy-host %s/in && %s analyze --progress=none -o %s/out %s/in | tail -n 5",
            at, at, program(), at, at),
        0, "%s", out);
    static const char *const want[] = {
        "unexplained  WS29  1 failure without a cause", "\nexplained    WS22  every failure seen has a cause",
        "\nexplained    WS23  ", "\nnot covered  WS01  no failure seen; collect ", "\nreport       "};
    const char *at_line = out;
    for (size_t i = 0; i < LEN(want) && at_line; i++) {
        const char *next = strstr(at_line, want[i]);
        cr_expect(next, "%s is not behind the one before:\n%s", want[i], out);
        at_line = next;
    }
    /* and what could not be asked of the one on which nothing failed, as the case has it */
    cr_assert_eq(
        run("%s query %s/out \"SELECT count(DISTINCT c.value), count(DISTINCT artifact) FROM v_unasked u, "
            "json_each(u.causes) c WHERE host = 'WS01'\" | tail -n 1",
            program(), at),
        0);
    unsigned causes = 0, artefacts = 0;
    cr_assert(sscanf(out, "%u %u", &causes, &artefacts) == 2 && causes > 1 && artefacts > 1, "%s", out);
    cr_assert_eq(run("%s analyze --progress=none -o %s/one samples/cases/healthy-host", program(), at), 0);
    char words[200];
    snprintf(words, sizeof words,
             "; %u known causes not asked for want of Microsoft-Windows-SmbClient/Security and %u "
             "more\n",
             causes, artefacts - 1);
    cr_expect(strstr(out, words), "%s is not in %s", words, out);
}
