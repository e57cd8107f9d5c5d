/* test_browser: reports in headless Chromium, as readers see them: tests/browser/look.mjs says what is asked.
 * It needs node, npm and chromium; playwright-core and axe-core come from npm once, as package-lock.json pins
 * them, into a folder of the user's cache. Where one is missing the tests are skipped. */
#include "shell.h"
#include "base/str.h"
#include <string.h>
#include <unistd.h>

/* Folder of node's modules. They are put there under another name and renamed, so that what stands is whole.
 */
static const char *modules(void)
{
    PLAIN_ONLY(); /* the pages are the same */
    static char path[1000];
    const char *given = getenv("BROWSER_MODULES");
    if (run("command -v node && command -v npm && command -v chromium") != 0)
        cr_skip_test("skipped: no chromium, node and npm here");
    if (given) {
        snprintf(path, sizeof path, "%s", given);
        return path;
    }
    cr_assert_eq(run("sha256sum tests/browser/package-lock.json | cut -c1-16"), 0, "%s", out);
    out[strcspn(out, "\n")] = 0;
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    snprintf(path, sizeof path, "%s%s/whylogon/browser-%.16s/node_modules",
             cache  ? cache
             : home ? home
                    : "/tmp",
             cache ? "" : "/.cache", out);
    if (access(path, F_OK) == 0)
        return path;
    char folder[1000];
    snprintf(folder, sizeof folder, "%.*s", (int)(strlen(path) - strlen("/node_modules")), path);
    if (run("mkdir -p %s.%d && cp tests/browser/package*.json %s.%d/ && cd %s.%d && timeout 120 npm ci "
            "--ignore-scripts "
            "--no-audit --no-fund && { mv -T %s.%d %s || rm -rf %s.%d; }",
            folder, (int)getpid(), folder, (int)getpid(), folder, (int)getpid(), folder, (int)getpid(),
            folder, folder, (int)getpid())
            != 0
        || access(path, F_OK) != 0)
        cr_skip_test("skipped: npm cannot get playwright-core and axe-core: %.200s", out);
    return path;
}

static int look(const char *with, const char *pages)
{
    return run("NODE_PATH=%s node tests/browser/look.mjs \"$(command -v chromium)\" %s", with, pages);
}

/* One host explained, not covered and unexplained, two, fifty-two, names that are no words, many tickets. */
static const char *const thorough[] = {"credential-storage-policy", "healthy-host", "only-system-log",
                                       "two-hosts", "hostile-strings"};

Test(browser, reports)
{
    const char *with = modules(), *at = scratch("browser"), *build = getenv("BUILD");
    char pages[3000];
    size_t n = 0;
    cr_assert_eq(run("%s batch --progress=none --keep=reports -o %s/all samples/cases", program(), at), 0,
                 "%s", out);
    cr_assert_eq(run("%s/grow failing-hosts 52 %s/in && %s analyze --progress=none -o %s/many %s/in",
                     build ? build : "build", at, program(), at, at),
                 0, "%s", out);
    n += (size_t)snprintf(pages + n, sizeof pages - n,
                          "%s/all/tickets/*/report.html --thorough %s/many/report.html %s/all/fleet.html", at,
                          at, at);
    for (size_t i = 0; i < LEN(thorough); i++)
        n += (size_t)snprintf(pages + n, sizeof pages - n, " %s/all/tickets/%s/report.html", at, thorough[i]);
    cr_assert_lt(n, sizeof pages);
    cr_expect_eq(look(with, pages), 0, "%s", out);
    cr_expect(strstr(out, " 0 wrong") && strstr(out, "28 looks by axe"), "%s", out);
}

/* It would have seen it. */
Test(browser, what_is_wrong_is_seen)
{
    static const struct {
        const char *html, *want;
    } rows[] = {
        {"<img src=x.png alt=x>", "asks for file:"},
        {"<script>1</script><p style='color:red'>x</p>", "console:"},
        {"<a href=#nowhere>x</a>", "link leads nowhere: #nowhere"},
        {"<a href=none/report.html>x</a>", "link leads nowhere: none/report.html"},
        {"<p id=h></p><p id=h></p>", "stands twice: id h"},
        {"<div class=wider>.</div>", "wider than the window"},
        {"<details><summary>5 more</summary>x</details>", "is folded on paper: 5 more"},
        {"<section class=host><div class=why>.<p class=tall>.</p></div></section>", "1366x768: why ends at"},
        {"<div class=hero><div class=why>why</div><p class=tall>.</p><div class=now>now</div></div>",
         "px behind the diagnosis"},
        {"<div class=scroll><p class=wider>.</p></div>", "without a sign"},
        {"<table><tr><td><bdi style='display:inline;overflow-wrap:anywhere'>H0001WS20</bdi><td>"
         "<p class=wide>x</p></table>",
         "names are broken: 1"},
        {"<p class=pale>hardly to be read</p>", "axe: color-contrast"},
    };
    const char *with = modules(), *at = scratch("browser-wrong");
    char pages[3000];
    size_t n = (size_t)snprintf(pages, sizeof pages, "--thorough");
    for (size_t i = 0; i < LEN(rows); i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%zu.html", at, i);
        FILE *f = fopen(path, "w");
        cr_assert(f);
        fprintf(
            f,
            "<!doctype html><html lang=en><head><title>x</title><meta charset=utf-8><meta name=viewport "
            "content='width=device-width'>%s<style>.wider{width:2000px}.wide{width:340px}.tall{height:900px}."
            "scroll{overflow:"
            "auto}"
            ".pale{color:#eee;background:#fff}</style></head><body><main><h1>x</h1>%s</main></body></html>",
            i == 1 ? "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">" : "",
            rows[i].html);
        fclose(f);
        n += (size_t)snprintf(pages + n, sizeof pages - n, " %s", path);
    }
    cr_expect_eq(look(with, pages), 1, "%s", out);
    for (size_t i = 0; i < LEN(rows); i++) {
        char name[300];
        bool found = false;
        snprintf(name, sizeof name, "/%zu.html", i);
        for (char *line = out; line && *line && !found;
             line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
            char *end = strchr(line, '\n'), *here = strstr(line, name);
            char *what = strstr(line, rows[i].want);
            found = here && what && (!end || (here < end && what < end));
        }
        cr_expect(found, "%s: nobody saw '%s' in\n%s", rows[i].html, rows[i].want, out);
    }
}
