-- Empties what knowledge and rules made, keeps the facts: so that other rules can judge them (whylogon report
-- --knowledge DIR).
DELETE FROM kb_code; DELETE FROM kb_event; DELETE FROM kb_event_field; DELETE FROM kb_setting; DELETE
    FROM kb_artifact; DELETE FROM kb_rule; DELETE FROM kb_account; DELETE FROM kb_rule_need; DELETE FROM kb_code_family;
DELETE FROM kb_layout; DELETE FROM layout; DELETE FROM kb_default; DELETE FROM host_default;
DELETE FROM host; DELETE FROM boot; DELETE FROM session; DELETE FROM logon_sum; DELETE FROM error;
DELETE FROM failure; DELETE FROM success; DELETE FROM service; DELETE FROM task; DELETE FROM account;
DELETE FROM password_change; DELETE FROM coverage; DELETE FROM logon_failure; DELETE FROM consumer; DELETE
    FROM consumer_change; DELETE FROM task_saved; DELETE FROM landmark; DELETE FROM presence;
DELETE FROM topic; DELETE FROM explicit_logon; DELETE FROM offline_path; DELETE FROM attempt; DELETE
    FROM failed; DELETE FROM failing; DELETE FROM consumer_right;
DELETE FROM kind; DELETE FROM kind_need;
-- what the second readers said of a place stays true
DELETE FROM next_step; DELETE FROM finding; DELETE FROM citation; DELETE FROM finding_unknown;
DELETE FROM finding_remedy; DELETE FROM rule_error;
UPDATE evidence SET host_id = NULL; UPDATE event SET host_id = NULL, boot = NULL; UPDATE fold
    SET host_id = NULL; UPDATE hive SET host_id = NULL;
