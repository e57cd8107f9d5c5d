/* Hosts built after public reports, each with a verdict known by construction. They lie beside the project,
 * not in it: where they are missing the test says skipped. Each log of a case alone never makes its host
 * clear. */
#include "tests/shell.h"
#include <unistd.h>

static const struct {
    const char *archive, *cause, *allowed; /* verdicts, blanks between; "none": no row at all */
} rows[] = {
    {"b05b_deny_batch_for_domain_admins", "batch-right-missing", "likely confirmed"},
    {"b07_gmsa_service_right", "service-right-missing", "likely confirmed"},
    {"c35_computer_renamed_service", "service-password-drift", "ruled_out"},
    {"c35_computer_renamed_service", "no-such-account", "likely confirmed"},
    {"c47_batch_right_given_back", "batch-right-missing", "likely confirmed"},
    {"d1c_1311_same", "dc-unreachable", "likely confirmed"},
    {"d2_1311_win10_without_5719", "dc-unreachable", "likely confirmed"},
    {"d3_session_older_than_log_logoff_after", "task-interactive-no-session", "ruled_out"},
    {"d3b_only_interactive_task_success", "task-interactive-no-session", "possible ruled_out undetermined"},
    {"d4b_1069_only_with_4625_right", "service-right-missing", "likely confirmed"},
    {"d4b_1069_only_with_4625_right", "service-password-drift", "ruled_out"},
    {"e1_group_nobody", "task-interactive-no-session", "likely confirmed"},
    {"e2_group_member_on", "task-interactive-no-session", "ruled_out"},
    {"e3_two_sessions", "task-interactive-no-session", "ruled_out"},
    {"e5_reset_task_right_fixed_gpo", "batch-right-missing", "possible likely"},
    {"e6_no_such_user_service", "service-password-drift", "ruled_out"},
    {"e6_no_such_user_service", "no-such-account", "likely confirmed"},
    {"f1c_system_share_domain_badpw", "secure-channel-broken", "possible likely"},
    {"f1c_system_share_domain_badpw", "builtin-account-on-network", "possible"},
    {"f5_1385_same_state_when_it_worked", "batch-right-missing", "likely"},
    {"magic-byte", "task-password-drift", "confirmed"},
    {"policy_value_0", "credential-storage-policy", "ruled_out"},
    {"second_reader_two_substitutions", "task-password-drift", "ruled_out"},
    {"f6_service_1385_granted_only_to_system_group", "service-right-missing", "likely confirmed"},
};
#define CASES "../shared/cases"

static bool unpack(const char *dir, const char *archive)
{
    return run("mkdir -p %s/%s && tar xf " CASES "/%s.tar.xz -C %s/%s", dir, archive, archive, dir, archive)
           == 0;
}

Test(cases, judged_as_known, .timeout = 1200)
{
    if (access(CASES "/README.md", R_OK) != 0)
        cr_skip("skipped: no " CASES);
    char dir[200];
    snprintf(dir, sizeof dir, "%s", scratch("cases"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!i || strcmp(rows[i].archive, rows[i - 1].archive) != 0)
            cr_assert(unpack(dir, rows[i].archive)
                          && run("%s analyze --progress=none -o %s/out-%zu %s/%s/ev >/dev/null && ln -sfn "
                                 "%s/out-%zu %s/out",
                                 program(), dir, i, dir, rows[i].archive, dir, i, dir)
                                 == 0,
                      "%s: %s", rows[i].archive, out);
        cr_assert_eq(run("%s query --csv %s/out/case.db \"SELECT verdict FROM v_finding WHERE cause = '%s'\" "
                         "| tail -n +2 | tr -d '\\r\\042'",
                         program(), dir, rows[i].cause),
                     0);
        bool any = false, all = true;
        for (char *word = strtok(out, "\n"); word; word = strtok(NULL, "\n"))
            any = true, all &= strstr(rows[i].allowed, word) != NULL;
        cr_expect(any && all, "%s: %s must be %s", rows[i].archive, rows[i].cause, rows[i].allowed);
    }
}

/* What is right about an archive beside its verdicts. */
static const struct {
    const char *archive, *sql, *says;
} also_right[] = {
    {"magic-byte",
     "SELECT seen || ' ' || recovered || ' ' || failed FROM v_evidence WHERE file LIKE '%TaskScheduler%'",
     "218 4 0"},
    {"magic-byte", "SELECT count(*) FROM v_failure WHERE kind = 'task'", "2"},
    {"policy_value_0",
     "SELECT count(*) FROM v_finding f LEFT JOIN v_citation c ON c.finding = f.finding "
     "WHERE f.explanation || coalesce(c.explain, '') LIKE '%DisableDomainCreds = 1%' "
     "OR c.explain LIKE '%DisableDomainCreds is 1%'",
     "0"},
    {"policy_value_0",
     "SELECT min(explanation LIKE 'This is not what happened: %') FROM v_finding WHERE verdict = 'ruled_out'",
     "1"},
    {"b05b_deny_batch_for_domain_admins",
     "SELECT count(*) FROM v_finding f JOIN v_citation c ON c.finding = f.finding JOIN v_event e "
     "ON e.evidence_id = c.evidence_id WHERE f.cause = 'batch-right-missing' AND c.role = 'cause' "
     "AND e.event_id = 4717",
     "1"},
    {"f5_1385_same_state_when_it_worked",
     "SELECT count(*) FROM v_finding f JOIN v_citation c ON c.finding = f.finding "
     "WHERE f.cause = 'batch-right-missing' AND c.explain LIKE '%never%'",
     "0"},
    {"second_reader_two_substitutions", "SELECT DISTINCT result FROM v_verification", "agree-with-defect"},
    {"second_reader_two_substitutions", "SELECT DISTINCT second_reader FROM v_finding", "agree"},
};

Test(cases, right_beside_their_verdicts, .timeout = 1200)
{
    if (access(CASES "/README.md", R_OK) != 0)
        cr_skip("skipped: no " CASES);
    char dir[200];
    snprintf(dir, sizeof dir, "%s", scratch("beside"));
    for (size_t i = 0; i < sizeof also_right / sizeof *also_right; i++) {
        const char *name = also_right[i].archive;
        if (!i || strcmp(name, also_right[i - 1].archive) != 0)
            cr_assert(unpack(dir, name)
                          && run("%s analyze --progress=none -o %s/%s/out %s/%s/ev >/dev/null", program(),
                                 dir, name, dir, name)
                                 == 0,
                      "%s: %s", name, out);
        cr_assert_eq(run("%s query --csv %s/%s/out/case.db \"%s\" | tail -n +2 | tr -d '\r\042\n'", program(),
                         dir, name, also_right[i].sql),
                     0);
        cr_expect_str_eq(out, also_right[i].says, "%s: %s: %s", name, also_right[i].sql, out);
        if (!strncmp(name, "second", 6))
            cr_expect_eq(run("%s verify %s/%s/out/case.db >/dev/null", program(), dir, name), 0, "%s", out);
    }
}

Test(cases, one_log_alone_is_never_clear, .timeout = 1200)
{
    if (access(CASES "/README.md", R_OK) != 0)
        cr_skip("skipped: no " CASES);
    char dir[200];
    snprintf(dir, sizeof dir, "%s", scratch("alone"));
    static const char *const few[] = {"d3_session_older_than_log_logoff_after",
                                      "f1c_system_share_domain_badpw"};
    for (size_t i = 0; i < 2; i++) {
        cr_assert(unpack(dir, few[i]), "%s", out);
        cr_assert_eq(run("for f in $(find %s/%s/ev -type f); do %s analyze --force --progress=none -o %s/out "
                         "$f >/dev/null && %s query --csv "
                         "%s/out/case.db \"SELECT outcome FROM v_host WHERE outcome = 'clear'\" | grep clear "
                         "&& echo $f; done; true",
                         dir, few[i], program(), dir, program(), dir),
                     0);
        cr_expect_str_eq(out, "", "%s: %s", few[i], out);
    }
}
