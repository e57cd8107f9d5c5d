/* Facts: failures, services and settings as the evidence records them, whatever the verdicts. */
#include "reports/html.h"
#include "base/verdict.h"
#include <string.h>

static void win32(struct buf *b, int64_t code, struct str symbol)
{
    if (code == NONE)
        hsay(b, "<span class='nil'>none</span>");
    else
        hsay(b, "%i <small class='mono nowrap'>%s</small>", code, symbol.p ? symbol : STR(""));
}

static void failure_table(struct buf *b, const struct report *r, bool logon, size_t all)
{
    static const char *const head[] = {"Subject",          "Kind",   "Host",        "Windows error",
                                       "Code as recorded", "#Times", "First (UTC)", "Last (UTC)",
                                       "Last evidence",    NULL};
    const struct r_failed *t = r->failed.row;
    size_t n = 0;
    h_table(b, r, logon ? "Logon failures" : "Other failures",
            logon ? "tasks, services, shares and jobs that lacked a session or an account"
                  : "mistyped passwords, services that stopped, exit codes of programs",
            head);
    for (size_t i = 0; i < r->failed.n && n < h_rows(r) && h_room(b); i++, t++) {
        if ((t->logon == 1) != logon)
            continue;
        hsay(b, "<tr><th scope='row'><bdi dir='auto'>%s</bdi></th><td class='nowrap'>%s</td>", t->subject,
             t->kind),
            h_host_cell(b, r, t->host), buf_z(b, "<td>"), win32(b, t->win32, t->symbol);
        hsay(b, "</td><td class='mono'>%s</td><td class='num'>%n</td><td>%t</td><td>%t</td><td>", t->raw,
             t->n, t->first, t->last),
            h_ref(b, r, t->id), buf_z(b, "</td></tr>\n");
        n++;
    }
    h_table_end(b, all - n + r->failed.more, logon ? "v_logon_failure" : "v_failure");
}

static void failures(struct buf *b, const struct report *r)
{
    const struct r_failed *t = r->failed.row;
    size_t n[2] = {0};
    for (size_t i = 0; i < r->failed.n; i++)
        n[t[i].logon == 1]++;
    if (n[1])
        failure_table(b, r, true, n[1]);
    else
        buf_z(b, "<p class='nil'>No failure was recorded in what was read.</p>\n");
    if (!n[0])
        return;
    hsay(b,
         "<details class='fold " W_RULED_OUT "'><summary>Other failures: %n <small>for reasons of their "
         "own</small></summary>",
         (int64_t)n[0]);
    failure_table(b, r, false, n[0]), buf_z(b, "</details>\n");
}

static const char *start_word(int64_t start)
{
    static const char *const word[] = {"boot", "system", "automatic", "manual", "disabled"};
    return start >= 0 && start < (int64_t)LEN(word) ? word[start] : "unknown";
}

static void services(struct buf *b, const struct report *r)
{
    static const char *const head[] = {"Service", "Host", "Start", "Account", "Evidence", NULL};
    const struct r_service *s = r->service.row;
    size_t n = 0;
    if (!r->services_known)
        return;
    h_table(b, r, "Services",
            "those logon sessions depend on, those with an account of their own, those that failed", head);
    for (; n < r->services_known && n < h_rows(r) && h_room(b); n++, s++) {
        hsay(b, "<tr><th scope='row'><bdi dir='auto'>%s</bdi>", s->service);
        if (s->display.n && s->display.p[0] != '@' && !str_eq(s->display, s->service))
            hsay(b, "<small><bdi dir='auto'>%s</bdi></small>", s->display);
        buf_z(b, "</th>"), h_host_cell(b, r, s->host), buf_z(b, "<td>");
        if (s->start != NONE)
            hsay(b, "%z <span class='src'>(%i)</span>", start_word(s->start), s->start);
        else
            hsay(b, "<span class='nil'>%z</span>", s->installed ? "not set" : "not installed");
        if (s->recovery.n)
            hsay(b, "<small>when it fails: %s</small>", s->recovery);
        hsay(b, "</td><td><bdi dir='auto'>%s</bdi></td><td>", s->account), h_ref(b, r, s->id),
            buf_z(b, "</td></tr>\n");
    }
    h_table_end(b, r->services_known - n + r->service.more, "v_service");
}

static void setting_row(struct buf *b, const struct report *r, const struct r_setting *s)
{
    bool set = s->is_set == 1,
         changed = set
                   && (s->value != NONE ? s->default_value != NONE && s->value != s->default_value
                                        : s->default_text.p && !str_eq(s->text, s->default_text));
    hsay(b, "<tr><th scope='row'>%s</th>", s->name), h_host_cell(b, r, s->host);
    if (!set)
        buf_z(b, "<td><span class='nil'>not set</span>");
    else if (s->value != NONE)
        hsay(b, "<td class='val'><b>%i</b>", s->value);
    else
        hsay(b, "<td class='val'><b><bdi dir='auto'>%s</bdi></b>", s->text);
    buf_z(b, changed ? "<small class='changed'>changed</small></td>" : "</td>");
    if (s->default_value != NONE)
        hsay(b, "<td class='val'>%i", s->default_value);
    else
        hsay(b, "<td class='val'>%s", s->default_text);
    hsay(b, "</td><td>%s</td><td>", s->meaning), h_ref(b, r, s->id), buf_z(b, "</td></tr>\n");
}

static void setting_table(struct buf *b, const struct report *r, bool smb, bool set, size_t all)
{
    static const char *const head[] = {"Setting", "Host", "Value", "Default", "Meaning", "Evidence", NULL};
    const struct r_setting *s = r->setting.row;
    size_t n = 0;
    h_table(b, r,
            smb ? (set ? "SMB client" : "SMB client, not set")
                : (set ? "Credential policy" : "Credential policy, not set"),
            smb ? "parameters of LanmanWorkstation" : "Lsa and related policies", head);
    for (size_t i = 0; i < r->setting.n && n < h_rows(r) && h_room(b); i++)
        if ((s[i].smb == 1) == smb && (s[i].is_set == 1) == set)
            setting_row(b, r, s + i), n++;
    h_table_end(b, all - n,
                smb ? "v_setting WHERE section = \"smb_client\""
                    : "v_setting WHERE section = \"credential_policy\"");
}

static void settings(struct buf *b, const struct report *r, bool smb)
{
    const struct r_setting *s = r->setting.row;
    size_t n[2] = {0};
    for (size_t i = 0; i < r->setting.n; i++)
        n[s[i].is_set == 1] += (s[i].smb == 1) == smb;
    if (n[1])
        setting_table(b, r, smb, true, n[1]);
    if (!n[0])
        return;
    hsay(b,
         "<details class='fold " W_RULED_OUT
         "'><summary>%z: %n not set <small>the default holds</small></summary>",
         smb ? "SMB client" : "Credential policy", (int64_t)n[0]);
    setting_table(b, r, smb, false, n[0]), buf_z(b, "</details>\n");
}

static void control_sets(struct buf *b, const struct report *r)
{
    static const char *const head[] = {"Value", "Host", "Control set", "There", "Current", "Evidence", NULL};
    const struct r_set *s = r->set.row;
    size_t n = 0;
    if (!r->set.n)
        return;
    h_table(b, r, "Other control sets", "what they hold differently from the current one", head);
    for (; n < r->set.n && n < h_rows(r) && h_room(b); n++, s++) {
        hsay(b, "<tr><th scope='row'><bdi dir='auto'>%s</bdi><small><bdi dir='auto'>%s</bdi></small></th>",
             s->name, s->path),
            h_host_cell(b, r, s->host);
        hsay(b, "<td>%s%z</td>", s->set, s->good == 1 ? "<small>last known good</small>" : "");
        for (int i = 0; i < 2; i++) {
            struct str v = i ? s->current : s->value;
            if (v.p)
                hsay(b, "<td class='val'><bdi dir='auto'>%s</bdi></td>", v);
            else
                buf_z(b, "<td><span class='nil'>not set</span></td>");
        }
        buf_z(b, "<td>"), h_ref(b, r, s->id), buf_z(b, "</td></tr>\n");
    }
    h_table_end(b, r->set.n - n + r->set.more, "v_control_set_difference");
}

void h_alike(struct buf *b, const struct report *r, const char *part, const char *caption, const char *hint,
             const char *const *head)
{
    const struct r_alike *k = r->alike.row;
    size_t n = 0, all = 0;
    for (size_t i = 0; i < r->alike.n; i++)
        all += str_eq(k[i].part, str_of(part));
    if (!all)
        return;
    h_table(b, r, caption, hint, head);
    for (size_t i = 0; i < r->alike.n && n < SHOW_ROWS && h_room(b); i++) {
        if (!str_eq(k[i].part, str_of(part)))
            continue;
        hsay(b,
             strcmp(part, "need") == 0 || strcmp(part, "unasked") == 0
                 ? "<tr><th scope='row'><bdi dir='auto'>%s</bdi></th><td><kbd>%s</kbd>"
                 : "<tr><th scope='row'><bdi dir='auto'>%s</bdi></th><td><bdi dir='auto'>%s</bdi>",
             k[i].what, k[i].value);
        if (k[i].detail.n)
            hsay(b, "<small><bdi dir='auto'>%s</bdi></small>", k[i].detail);
        hsay(b, "</td><td class='num'>%n</td><td class='which'><bdi dir='auto'>%s</bdi>", k[i].n, k[i].names);
        if (k[i].n > 6)
            hsay(b, " and %n more", k[i].n - 6);
        buf_z(b, "</td></tr>\n"), n++;
    }
    h_table_end(b, all - n + r->alike.more, "v_report_alike");
}

/* Of many hosts: what they have alike, so that the few that differ show. */
static void facts_alike(struct buf *b, const struct report *r)
{
    static const char *const service[] = {"Service", "Start, account", "#Hosts", "Which", NULL};
    static const char *const setting[] = {"Setting", "Value", "#Hosts", "Which", NULL};
    h_alike(b, r, "service", "Services", "those logon sessions depend on, those with an account of their own",
            service);
    h_alike(b, r, "smb", "SMB client", "parameters of LanmanWorkstation", setting);
    h_alike(b, r, "policy", "Credential policy", "Lsa and related policies", setting);
}

void h_facts(struct buf *b, const struct report *r)
{
    buf_z(b, "<section class='part' id='facts' aria-labelledby='h-facts'>\n<h2 id='h-facts'>Facts</h2>\n<p "
             "class='hint'>State of the host as the evidence records it, whatever the verdicts.</p>\n");
    failures(b, r);
    if (!r->services_known && !r->setting.n)
        buf_z(b,
              "<p class='nil'>No SYSTEM hive was read: nothing is known about services and settings.</p>\n");
    if (is_many(r))
        facts_alike(b, r);
    else
        services(b, r), settings(b, r, true), settings(b, r, false);
    control_sets(b, r);
    buf_z(b, "</section>\n");
}
