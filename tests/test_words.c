/* test_words: what stands beside numbers, in sentences, JSON and XML, and that nothing else changes. */
#include "kb/words.h"
#include "kb/kb.h"
#include "shell.h"
#include <string.h>

static const struct {
    enum words_as as;
    const char *text, *want; /* NULL: as it was */
} rows[] = {
    {WORDS_TEXT, "refused (%%1326), twice",
     "refused (%%1326, the user name or password is incorrect), twice"},
    {WORDS_TEXT, "%%1326", "%%1326 (the user name or password is incorrect)"},
    {WORDS_TEXT, "reason %%2310.", "reason %%2310 (the account is currently disabled)."},
    {WORDS_TEXT, "its code is %%1326 (ERROR_LOGON_FAILURE)", NULL},
    {WORDS_TEXT, "%%13261 %%1326x %% %%99999999999999999999999 %", NULL},
    {WORDS_TEXT, "it ran as S-1-5-20", "it ran as S-1-5-20 (NT AUTHORITY\\NetworkService)"},
    {WORDS_TEXT, "the user (S-1-5-18) it was", "the user (S-1-5-18, NT AUTHORITY\\SYSTEM) it was"},
    {WORDS_TEXT, "ProfileList\\S-1-5-18 and S-1-5-18\\Value xS-1-5-18 S-1-5-18-1 S-1-5-180 S-1- S-1-5-",
     NULL},
    {WORDS_TEXT, "Logon type 5 failed", "Logon type 5 (service) failed"},
    {WORDS_TEXT, "anna (logon type 9)", "anna (logon type 9, new credentials)"},
    {WORDS_TEXT, "logon type 1, logon type 99, logon type x, logon type 5x, xlogon type 5, logon type ",
     NULL},
    {WORDS_TEXT, "0xc0000072 2147943712", NULL},
    {WORDS_TEXT, "", NULL},
    {WORDS_JSON, "{\"Status\":\"0xC000006E\",\"n\":0}",
     "{\"Status\":\"0xC000006E (STATUS_ACCOUNT_RESTRICTION)\",\"n\":0}"},
    {WORDS_JSON, "{\"LogonType\":4,\"KeyLength\":4}", "{\"LogonType\":\"4 (batch)\",\"KeyLength\":4}"},
    {WORDS_JSON, "{\"c\":2147943712}", "{\"c\":\"2147943712 (0x80070520 ERROR_NO_SUCH_LOGON_SESSION)\"}"},
    {WORDS_JSON, "{\"c\":1312,\"d\":-5,\"e\":2147483648}", NULL},
    {WORDS_JSON, "{\"c\":\"x\\\",\\\"LogonType\\\":4,\"}", NULL},
    {WORDS_JSON, "{\"c\":\"\\\":2147943712,\"}", NULL},
    {WORDS_JSON, "{\"s\":\"S-1-5-18\"}", "{\"s\":\"S-1-5-18 (NT AUTHORITY\\\\SYSTEM)\"}"},
    /* 1793 is no Win32 code where the Security log says it */
    {WORDS_JSON, "{\"provider\":\"Microsoft-Windows-Security-Auditing\",\"c\":\"%%1793\"}", NULL},
    {WORDS_JSON, "{\"provider\":\"Service Control Manager\",\"c\":\"%%1326\"}",
     "{\"provider\":\"Service Control Manager\",\"c\":\"%%1326 (the user name or password is incorrect)\"}"},
    {WORDS_JSON, "{\"provider\":\"Service Control Manager\",\"c\":\"%%2309\"}", NULL},
    {WORDS_XML, "<Data Name='LogonType'>4</Data><Data Name='X'>4</Data>",
     "<Data Name='LogonType'>4 (batch)</Data><Data Name='X'>4</Data>"},
    {WORDS_XML, "<Data>0xc0000072</Data>", "<Data>0xc0000072 (STATUS_ACCOUNT_DISABLED)</Data>"},
    {WORDS_XML, "<P N='Microsoft-Windows-Security-Auditing'/><Data>%%2309</Data>",
     "<P N='Microsoft-Windows-Security-Auditing'/><Data>%%2309 (the account&apos;s password has "
     "expired)</Data>"},
};

Test(words, beside_numbers)
{
    struct words w = {0};
    struct kb *kb;
    struct err e = {0};
    cr_assert_eq(kb_load(NULL, &kb, &e), OK, "%s", e.why);
    cr_assert(words_of_kb(&w, kb));
    for (size_t i = 0; i < LEN(rows); i++) {
        struct str text = str_of(rows[i].text), want = str_of(rows[i].want ? rows[i].want : rows[i].text);
        for (size_t cut = 0; cut <= text.n;
             cut++) { /* cut short it must not be read beyond; exact room for ASan */
            struct buf b = {0};
            char *copy = malloc(cut + 1);
            memcpy(copy, text.p, cut);
            char *exact = realloc(copy, cut ? cut : 1);
            words_put(&b, &w, rows[i].as, (struct str){exact, cut});
            if (cut == text.n)
                cr_expect(str_eq(buf_view(&b), want), "%s became %.*s", rows[i].text, (int)b.n, b.p);
            cr_expect(b.n >= cut, "%s at %zu", rows[i].text, cut);
            buf_free(&b), free(exact);
        }
    }
    words_free(&w), kb_free(kb);
}

/* Each line stays what it is: as many as without words, and whole. */
Test(words, dump)
{
    const char *in = "samples/cases/hostile-strings/*.evtx";
    cr_expect_eq(run("%s dump %s 2>/dev/null | wc -l", program(), in), 0);
    int n = atoi(out);
    cr_expect_eq(run("%s dump --words %s 2>/dev/null | wc -l", program(), in), 0);
    cr_expect(n > 20 && atoi(out) == n, "%d lines, %s with words", n, out);
    cr_expect_eq(run("%s dump --words --id 4625 samples/cases/account-unusable/Security.evtx", program()), 0);
    cr_expect(strstr(out, "\"LogonType\":\"4 (batch)\"")
                  && strstr(out, "\"%%2310 (the account is currently disabled)\""),
              "%s", out);
    if (run("python3 -c ''") != 0)
        cr_skip("skipped: no python3 here");
    cr_expect_eq(
        run("%s dump --words %s 2>/dev/null | python3 -c \"import json, sys; [json.loads(l) for l in "
            "sys.stdin]\"",
            program(), in),
        0, "%s", out);
    cr_expect_eq(
        run("{ echo '<r>'; %s dump --xml --words %s 2>/dev/null; echo '</r>'; } | python3 -c \"import sys; "
            "import xml.etree.ElementTree as E; assert len(E.fromstring(sys.stdin.buffer.read())) > 20\"",
            program(), in),
        0, "%s", out);
}

/* Sentences of reports name who a SID is, from the case's own records. */
Test(words, reports)
{
    const char *at = scratch("words-report");
    cr_assert_eq(run("%s analyze -o %s/out samples/cases/task-principal-mismatch", program(), at), 0, "%s",
                 out);
    cr_expect_eq(run("grep -c 'registered for S-1-5-21-3623811015-3361044348-30300820-1131 (CORP\\\\*berta)' "
                     "%s/out/report.md",
                     at),
                 0, "%s", out);
    cr_expect_eq(run("grep -q 'logon type 2, interactive' %s/out/report.md", at), 0);
    /* what is cited stays word for word in the case */
    cr_expect_eq(run("%s query %s/out/case.db \"SELECT count(*) FROM v_citation WHERE explain LIKE "
                     "'%%S-1-5-21-%%(CORP%%'\" | tail -n 1",
                     program(), at),
                 0);
    cr_expect_str_eq(out, "0\n");
}
