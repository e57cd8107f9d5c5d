/* report.json, schema whylogon-report/1 (report.schema.json beside this file): stable key order, one object a
 * line where it fits. */
#include "reports/model.h"
#include "base/wintime.h"

/* A time outside the years 1601..9999 is no date-time; the fact it belongs to is cited, so nothing is lost by
 * null. */
static void json_time(struct buf *b, int64_t t)
{
    char text[WINTIME_TEXT];
    wintime_text(t, text);
    if (text[0] == 'i')
        buf_z(b, "null");
    else
        buf_printf(b, "\"%s\"", text);
}

static const struct voice json = {buf_json, json_time, "null", true, 0};

/* Opens "name": [ and puts each row on its own line; the caller says whether one came before. */
static void open_list(struct buf *b, const char *indent, const char *name)
{
    say(b, &json, "%z'%z': [", indent, name);
}
static void next_row(struct buf *b, size_t i, const char *indent)
{
    buf_pass(b);
    say(b, &json, i ? ",\n%z" : "\n%z", indent);
}
static void close_list(struct buf *b, bool any, const char *indent)
{
    say(b, &json, any ? "\n%z]" : "]", any ? indent : "");
}

static void put_head(const struct report *r, struct buf *b)
{
    const struct r_pair *word = r->status.row;
    say(b, &json,
        "{\n  'schema': 'whylogon-report/1',\n  'tool': {'name': %s, 'version': %s, 'knowledge_sha256': "
        "%s},\n  'status': [",
        r->tool, r->version, r->knowledge);
    for (size_t i = 0; i < r->status.n; i++)
        say(b, &json, i ? ", %s" : "%s", word[i].key);
    say(b, &json, r->status.n ? "],\n" : r->read.read ? "'complete'],\n" : "'no_evidence'],\n");
    say(b, &json, "  'stamp': %s,\n", r->stamp);
    if (r->asked.from == NONE && r->asked.to == NONE)
        say(b, &json, "  'window': null,\n");
    else
        say(b, &json, "  'window': {'since': %t, 'until': %t},\n", r->asked.from, r->asked.to);
}

static void put_evidence(const struct report *r, struct buf *b)
{
    const struct r_anomaly *an = r->anomaly.row;
    const struct r_evidence *e = r->evidence.row;
    open_list(b, "  ", "evidence");
    for (size_t i = 0; i < r->evidence.n; i++, e++) {
        next_row(b, i, "    ");
        say(b, &json,
            "{'id': 'f%i', 'path': %s, 'container': %s, 'kind': %s, 'bytes': %i, 'sha256': %s, 'log_kind': "
            "%s, 'state': %s, 'note': %s, 'origin': %s, ",
            e->id, e->path, e->container, e->kind, e->bytes, e->sha256, e->log_kind, e->state, e->note,
            e->origin);
        if (e->members_seen == NONE)
            buf_z(b, "\"members\": null, ");
        else
            say(b, &json, "'members': {'seen': %i, 'wanted': %i, 'failed': %i}, ", e->members_seen,
                e->members_wanted, e->members_failed);
        say(b, &json,
            "'records': {'seen': %i, 'parsed': %i, 'recovered': %i, 'failed': %i}, 'anomaly_count': %i, "
            "'anomalies': [",
            e->seen, e->parsed, e->recovered, e->failed, count_anomalies(r, e));
        for (size_t k = 0; k < e->anomaly.n; k++) {
            const struct r_anomaly *one = an + e->anomaly.at + k;
            struct buf what = {0};
            buf_str(&what, one->what);
            if (one->detail.n)
                buf_z(&what, ": "), buf_str(&what, one->detail);
            next_row(b, k, "      ");
            say(b, &json, "{'offset': %i, 'what': %s}", one->off, buf_view(&what));
            b->bad |= what.bad;
            buf_free(&what);
        }
        close_list(b, e->anomaly.n, "    ");
        buf_char(b, '}');
    }
    close_list(b, r->evidence.n, "  ");
    buf_z(b, ",\n");
}

static void put_texts(struct buf *b, struct str list, char between)
{
    size_t n = 0;
    buf_char(b, '[');
    while (list.n) {
        struct str one = str_cut(&list, between);
        if (one.n)
            say(b, &json, n++ ? ", %s" : "%s", one);
    }
    buf_char(b, ']');
}

static void put_kinds(const struct report *r, struct buf *b, const struct r_host *h)
{
    const struct r_kind *k = (const struct r_kind *)r->kind.row + h->kind.at;
    open_list(b, "", "kinds");
    for (size_t i = 0; i < h->kind.n; i++, k++) {
        next_row(b, i, "      ");
        say(b, &json, "{'kind': %s, 'state': %s, 'failures': %i, 'from': %t, 'to': %t, 'needs': ", k->kind,
            k->state, k->failures, k->from_time, k->to_time);
        put_texts(b, k->needs, '\n'), buf_char(b, '}');
    }
    close_list(b, h->kind.n, "    ");
}

/* Of something that failed and has several causes left: the artefact that decides most of them. */
static void put_next(const struct report *r, struct buf *b, const struct r_host *h)
{
    const struct r_next *x = (const struct r_next *)r->next.row + h->next.at;
    open_list(b, "", "next");
    for (size_t i = 0; i < h->next.n; i++, x++) {
        next_row(b, i, "      ");
        say(b, &json,
            "{'artifact': %s, 'collect': %s, 'subject': %s, 'subjects': %i, 'decides': ", x->artifact,
            x->collect, x->subject, x->subjects);
        put_texts(b, x->decides, '\n'), buf_z(b, ", \"leaves\": "), put_texts(b, x->leaves, '\n'),
            buf_char(b, '}');
    }
    close_list(b, h->next.n, "    ");
}

static void put_unasked(const struct report *r, struct buf *b, const struct r_host *h)
{
    const struct r_unasked *x = (const struct r_unasked *)r->unasked.row + h->unasked.at;
    open_list(b, "", "unasked");
    for (size_t i = 0; i < h->unasked.n; i++, x++) {
        next_row(b, i, "      ");
        say(b, &json, "{'artifact': %s, 'collect': %s, 'causes': ", x->artifact, x->collect);
        put_texts(b, x->causes, '\n'), buf_char(b, '}');
    }
    close_list(b, h->unasked.n, "    ");
}

static void put_hosts(const struct report *r, struct buf *b)
{
    const struct r_host *h = r->host.row;
    const struct r_coverage *c = r->coverage.row;
    open_list(b, "  ", "hosts");
    for (size_t i = 0; i < r->host.n; i++, h++) {
        next_row(b, i, "    ");
        say(b, &json,
            "{'host': %s, 'fqdn': %s, 'domain': %s, 'os': %s, 'build': %i, 'role': %s, 'time_zone': %s, "
            "'bias_minutes': %i, 'machine_sid': %s, 'domain_joined': %z, 'outcome': %s, ",
            h->host, h->fqdn, h->domain, h->os, h->build, h->role, h->time_zone, h->bias, h->machine_sid,
            h->joined == NONE ? "null"
            : h->joined       ? "true"
                              : "false",
            h->word);
        put_kinds(r, b, h), buf_z(b, ", "), put_next(r, b, h), buf_z(b, ", "), put_unasked(r, b, h),
            buf_char(b, '}');
    }
    close_list(b, r->host.n, "  ");
    buf_z(b, ",\n");
    open_list(b, "  ", "coverage");
    for (size_t i = 0; i < r->coverage.n; i++, c++) {
        next_row(b, i, "    ");
        say(b, &json, "{'host': %s, 'artifact': %s, 'state': %s, 'from': %t, 'to': %t, 'detail': %s}",
            c->host, c->artifact, c->state, c->from_time, c->to_time, c->detail);
    }
    close_list(b, r->coverage.n, "  ");
    buf_z(b, ",\n");
}

static void put_ids(const struct report *r, struct buf *b, const struct r_finding *f, const char *name,
                    size_t from, size_t to)
{
    const struct r_citation *c = r->citation.row;
    size_t n = 0;
    say(b, &json, "      '%z': [", name);
    for (size_t role = from; role < to; role++)
        for (size_t i = f->cite[role].at; i < f->cite[role].at + f->cite[role].n; i++)
            if (c[i].again != 1 && c[i].id.p)
                say(b, &json, n++ ? ", %s" : "%s", c[i].id);
    buf_z(b, "],\n");
}

static void put_finding(const struct report *r, struct buf *b, const struct r_finding *f)
{
    const struct r_unknown *u = (const struct r_unknown *)r->unknown.row + f->unknown.at;
    const struct r_remedy *m = (const struct r_remedy *)r->remedy.row + f->remedy.at;
    say(b, &json, "{\n      'cause': %s, 'title': %s,\n      'verdict': '%z', 'host': %s, 'subject': %s,\n",
        f->cause, f->title, verdict_words[f->verdict].id, f->host, f->subject);
    if (f->win32 == NONE)
        buf_z(b, "      \"code\": null,\n");
    else
        say(b, &json, "      'code': {'win32': %i, 'hex': %s, 'hresult': %s, 'symbol': %s},\n", f->win32,
            f->hex, f->hresult, f->symbol);
    say(b, &json, "      'first_seen': %t, 'last_seen': %t, 'count': %i,\n", f->first, f->last,
        f->count == NONE ? (int64_t)0 : f->count);
    put_ids(r, b, f, "supports", ROLE_SYMPTOM, ROLE_CONTRADICTS);
    put_ids(r, b, f, "contradicts", ROLE_CONTRADICTS, ROLES);
    open_list(b, "      ", "unknown");
    for (size_t i = 0; i < f->unknown.n; i++)
        next_row(b, i, "        "),
            say(b, &json, "{'artifact': %s, 'collect': %s}", u[i].artifact, u[i].collect);
    close_list(b, f->unknown.n, "      ");
    say(b, &json, ",\n      'explanation': %s,\n", f->explanation);
    open_list(b, "      ", "remediation");
    for (size_t i = 0; i < f->remedy.n; i++)
        next_row(b, i, "        "), say(b, &json, "{'text': %s, 'risk': %s, 'reversible': %s, 'verify': %s}",
                                        m[i].text, m[i].risk, m[i].reversible, m[i].verify);
    close_list(b, f->remedy.n, "      ");
    say(b, &json, ",\n      'second_reader': %s\n    }", f->reader.p ? f->reader : STR("not_applicable"));
}

static void put_either(struct buf *b, const char *name, int64_t i, struct str s)
{
    if (i != NONE)
        say(b, &json, "'%z': %i, ", name, i);
    else
        say(b, &json, "'%z': %s, ", name, s);
}

static void put_setting(struct buf *b, const struct r_setting *s)
{
    bool set = s->is_set == 1;
    say(b, &json, "{'host': %s, 'name': %s, ", s->host, s->name);
    put_either(b, "value", set ? s->value : NONE, set ? s->text : (struct str){0});
    if (s->smb == 1)
        put_either(b, "default", s->default_value, s->default_text);
    else
        say(b, &json, "'meaning': %s, ", s->meaning);
    say(b, &json, "'ref': %s}", s->id);
}

static void put_settings(const struct report *r, struct buf *b, const char *name, bool smb)
{
    const struct r_setting *s = r->setting.row;
    size_t n = 0;
    open_list(b, "    ", name);
    for (size_t i = 0; i < r->setting.n; i++)
        if ((s[i].smb == 1) == smb)
            next_row(b, n++, "      "), put_setting(b, s + i);
    close_list(b, n, "    ");
}

static void put_facts(const struct report *r, struct buf *b)
{
    const struct r_task *t = r->task.row;
    const struct r_failure *x = r->failure.row;
    const struct r_service *s = r->service.row;
    buf_z(b, "  \"facts\": {\n");
    open_list(b, "    ", "task_failures");
    for (size_t i = 0; i < r->task.n; i++, t++) {
        next_row(b, i, "      ");
        say(b, &json,
            "{'host': %s, 'task': %s, 'event_id': %i, 'code_raw': %s, 'win32': %i, 'time': %t, 'ref': %s}",
            t->host, t->task, t->event_id, t->raw, t->win32, t->time, t->id);
    }
    close_list(b, r->task.n, "    ");
    buf_z(b, ",\n");
    open_list(b, "    ", "failures");
    for (size_t i = 0; i < r->failure.n; i++, x++) {
        next_row(b, i, "      ");
        say(b, &json,
            "{'host': %s, 'kind': %s, 'subject': %s, 'principal': %s, 'event_id': %i, 'code_raw': %s, "
            "'win32': %i, 'ntstatus': %s, 'symbol': %s, 'detail': %s, 'concerns_logon': %z, 'time': %t, "
            "'ref': %s, 'also': ",
            x->host, x->kind, x->subject, x->principal, x->event_id, x->raw, x->win32, x->ntstatus, x->symbol,
            x->detail, x->concern == 1 ? "true" : "false", x->time, x->id);
        put_texts(b, x->also, ' '), buf_char(b, '}');
    }
    close_list(b, r->failure.n, "    ");
    buf_z(b, ",\n");
    open_list(b, "    ", "services");
    for (size_t i = 0; i < r->service.n; i++, s++) {
        next_row(b, i, "      ");
        say(b, &json,
            "{'host': %s, 'service': %s, 'installed': %z, 'start': %i, 'account': %s, 'recovery': %s, 'ref': "
            "%s}",
            s->host, s->service,
            s->installed == NONE ? "null"
            : s->installed       ? "true"
                                 : "false",
            s->start, s->account, s->recovery, s->id);
    }
    close_list(b, r->service.n, "    ");
    buf_z(b, ",\n");
    put_settings(r, b, "smb_client", true);
    buf_z(b, ",\n");
    put_settings(r, b, "credential_policy", false);
    say(b, &json,
        ",\n    'omitted': {'task_failures': %i, 'failures': %i, 'services': %i, 'settings': %i, 'findings': "
        "%i, "
        "'citations': %i, 'unknown': %i, 'remedies': %i, 'hosts': %i, 'evidence': %i, 'anomalies': %i, "
        "'coverage': %i}\n  }\n}\n",
        (int64_t)r->task.more, (int64_t)r->failure.more, (int64_t)r->service.more, (int64_t)r->setting.more,
        (int64_t)r->finding.more, (int64_t)r->citation.more, (int64_t)r->unknown.more,
        (int64_t)r->remedy.more, (int64_t)r->host.more, (int64_t)r->evidence.more, (int64_t)r->anomaly.more,
        (int64_t)r->coverage.more);
}

/* What logs hold; of many hosts the sum of all. */
static void put_summary(const struct report *r, struct buf *b)
{
    const struct r_log *l = r->log.row;
    const struct r_counted *c = r->counted.row;
    const struct r_logon *x = r->logon.row;
    buf_z(b, "  \"summary\": {\n");
    open_list(b, "    ", "logs");
    for (size_t i = 0; i < r->log.n; i++, l++) {
        next_row(b, i, "      ");
        say(b, &json,
            "{'host': %s, 'hosts': %i, 'channel': %s, 'path': %s, 'logs': %i, 'records': %i, 'gaps': %i, "
            "'from': %t, "
            "'to': %t}",
            l->host, l->hosts, l->channel, l->path, l->logs, l->n, l->gaps, l->first_time, l->last_time);
    }
    close_list(b, r->log.n, "    "), buf_z(b, ",\n");
    open_list(b, "    ", "events");
    for (size_t i = 0; i < r->counted.n; i++, c++) {
        next_row(b, i, "      ");
        say(b, &json,
            "{'host': %s, 'hosts': %i, 'channel': %s, 'provider': %s, 'event_id': %i, 'name': %s, 'count': "
            "%i, "
            "'from': %t, 'to': %t}",
            c->host, c->hosts, c->channel, c->provider, c->event_id, c->name, c->n, c->first_time,
            c->last_time);
    }
    close_list(b, r->counted.n, "    "), buf_z(b, ",\n");
    open_list(b, "    ", "logons");
    for (size_t i = 0; i < r->logon.n; i++, x++) {
        next_row(b, i, "      ");
        say(b, &json,
            "{'host': %s, 'hosts': %i, 'refused': %z, 'domain': %s, 'account': %s, 'logon_type': %i, 'type': "
            "%s, "
            "'code_raw': %s, 'symbol': %s, 'meaning': %s, 'count': %i, 'from': %t, 'to': %t}",
            x->host, x->hosts, x->refused == 1 ? "true" : "false", x->domain, x->account, x->type,
            x->type_name, x->code, x->symbol, x->meaning, x->n, x->first_time, x->last_time);
    }
    close_list(b, r->logon.n, "    ");
    say(b, &json, ",\n    'omitted': {'logs': %i, 'events': %i, 'logons': %i}\n  },\n", (int64_t)r->log.more,
        (int64_t)r->counted.more, (int64_t)r->logon.more);
}

enum status write_json(const struct report *r, struct buf *b, struct err *e)
{
    const struct r_finding *f = r->finding.row;
    put_head(r, b);
    put_evidence(r, b);
    put_hosts(r, b);
    open_list(b, "  ", "findings");
    for (size_t i = 0; i < r->finding.n; i++)
        next_row(b, i, "    "), put_finding(r, b, f + i);
    close_list(b, r->finding.n, "  ");
    buf_z(b, ",\n");
    put_summary(r, b);
    put_facts(r, b);
    return b->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "report.json", "out of memory") : OK;
}
