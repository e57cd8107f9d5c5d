/* dump: every record or value on standard output, streaming; filters apply before decoding. */
#include "../parsers/evtx.h"
#include "../parsers/regf.h"
#include "../parsers/sniff.h"
#include "base/wintime.h"
#include "cmd.h"
#include "discover.h"
#include "plat/plat.h"
#include <stdlib.h>
#include <string.h>

struct dump { struct want want; enum evtx_format format; struct arena scratch; struct buf line; uint64_t printed; };

static enum status put_text(void *ctx, const char *p, size_t n, struct err *e)
{
    (void)ctx;
    return fwrite(p, 1, n, stdout) == n ? OK : err_set(e, E_DB, ERR_NO_OFF, "standard output", "%s", plat_error());
}

static void member(struct buf *b, const char *name)
{
    buf_char(b, b->n > 1 ? ',' : ' '), buf_json(b, str_of(name)), buf_char(b, ':');
}

/* One JSON line per key and value of a hive; damage goes to stderr. */
static enum status put_fact(void *ctx, const struct fact *f, struct err *e)
{
    struct dump *d = ctx;
    struct buf *b = &d->line;
    const struct value *v = f->v;
    b->n = 0;
    if (f->kind == FACT_ANOMALY) {
        complain_text(0, "0x%llx: %.*s: %.*s", (unsigned long long)f->ref.off, STR_ARG(v[AN_WHAT].s), STR_ARG(v[AN_DETAIL].s));
        return OK;
    }
    bool key = f->kind == FACT_REG_KEY;
    if (!key && f->kind != FACT_REG_VALUE)
        return OK;
    buf_char(b, '{');
    member(b, "path"), buf_json(b, v[key ? RK_PATH : RV_PATH].s);
    if (!key) {
        member(b, "name"), buf_json(b, v[RV_NAME].s);
        member(b, "type"), buf_json(b, str_of(reg_type_name((uint32_t)v[RV_TYPE].i)));
        if (!v[RV_NUM].null)
            member(b, "num"), buf_i64(b, v[RV_NUM].i);
        if (!v[RV_TEXT].null && v[RV_TEXT].s.p)
            member(b, "text"), buf_json(b, v[RV_TEXT].s);
        member(b, "size"), buf_i64(b, v[RV_SIZE].i);
        member(b, "data"), buf_char(b, '"'), buf_hex(b, v[RV_DATA].s.p, v[RV_DATA].s.n), buf_char(b, '"');
    }
    member(b, "written"), buf_char(b, '"'), buf_time(b, v[key ? RK_WRITTEN : RV_WRITTEN].i), buf_char(b, '"');
    member(b, "file"), buf_u64(b, f->ref.file);
    member(b, "offset"), buf_u64(b, f->ref.off);
    const struct value *origin = &v[key ? RK_ORIGIN : RV_ORIGIN];
    if (!origin->null && origin->s.p)
        member(b, "origin"), buf_json(b, origin->s);
    if (v[key ? RK_RECOVERED : RV_RECOVERED].i)
        member(b, "recovered"), buf_z(b, "true");
    buf_z(b, "}\n");
    d->printed++;
    return b->bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "dump", "out of memory") : put_text(d, b->p, b->n, e);
}

static enum status dump_file(struct dump *d, const struct evidence *ev, size_t i, struct err *e)
{
    const struct file *f = &ev->file[i];
    struct map map[3] = {0};
    struct span span[3];
    plat_file fd[3] = {-1, -1, -1};
    size_t n = 0, of[3] = {i, f->n_log > 0 ? f->log[0] : 0, f->n_log > 1 ? f->log[1] : 0};
    enum status st = OK;
    for (; n < 1u + f->n_log && st == OK; n++) {
        uint64_t bytes;
        if ((st = plat_open(ev->file[of[n]].path.p, &fd[n], &bytes, e)) == OK && (st = plat_map(fd[n], bytes, &map[n], e)) == OK)
            span[n] = span_of(map[n].p, map[n].n, 0);
    }
    struct evtx_stats stats = {0};
    struct arena scratch = d->scratch;
    if (st == OK && f->is.kind == KIND_HIVE)
        st = hive_read(span, n, &d->want, &scratch, put_fact, d, e);
    else if (st == OK) {
        st = evtx_dump(span[0], 0, evtx_slots(span[0].n), &d->want, d->format, &scratch, put_text, d, &stats, e);
        if (st == OK && stats.failed)
            complain_text(0, "%s: %llu of %llu records could not be read", f->path.p, (unsigned long long)stats.failed, (unsigned long long)stats.seen);
    }
    for (size_t k = 0; k < n; k++)
        plat_unmap(&map[k]), plat_close(fd[k]);
    return st;
}

/* "4624,4625-4634" into wanted events of any provider (or the one given). */
static bool parse_ids(const char *text, struct str provider, struct want *w)
{
    for (struct str rest = str_of(text ? text : ""); rest.n;) {
        struct str to = str_cut(&rest, ','), from = str_cut(&to, '-');
        int64_t a, b;
        if (!str_i64(from, &a) || (to.n ? !str_i64(to, &b) : (b = a, false)) || a < 0 || b > 65535 || b < a)
            return false;
        for (; a <= b; a++) {
            struct want_event *more = realloc(w->event, (w->n_event + 1) * sizeof *more);
            if (!more)
                return false;
            w->event = more;
            w->event[w->n_event++] = (struct want_event){.provider = provider, .id = (uint16_t)a, .how = WANT_KEEP};
        }
    }
    return true;
}

static int dump_all(struct dump *d, const char *const *inputs, size_t n)
{
    struct evidence ev = {0};
    struct err e = {0};
    int code = EXIT_DONE;
    enum status st = discover(inputs, n, &ev, &e);
    size_t usable = 0;
    for (size_t i = 0; i < ev.n && st == OK; i++) {
        plat_file fd = -1;
        uint64_t bytes;
        uint8_t head[4096];
        size_t got = 0;
        struct err why = {0};
        if (ev.file[i].skipped)
            continue;
        if (plat_open(ev.file[i].path.p, &fd, &bytes, &why) != OK || plat_read_at(fd, 0, head, sizeof head, &got, &why) != OK)
            code = complain(&why, EXIT_PARTIAL);
        else
            ev.file[i].is = sniff(span_of(head, got, 0));
        plat_close(fd);
    }
    group_hives(&ev);
    for (size_t i = 0; i < ev.n && st == OK; i++) {
        const struct file *f = &ev.file[i];
        bool log = f->is.kind == KIND_EVTX || f->is.kind == KIND_EVTX_CARVED;
        if (log || f->is.kind == KIND_HIVE) {
            usable++;
            st = dump_file(d, &ev, i, &e);
        } else if (f->hive == i && f->is.format) {
            complain_text(0, "%s: %s, not an event log or hive", f->path.p, f->is.format);
        }
    }
    if (st != OK)
        code = complain(&e, exit_for(st));
    else if (!usable)
        code = exit_worst(code, complain_text(EXIT_NO_EVIDENCE, "nothing to dump: none of the files is an event log or a hive"));
    evidence_free(&ev);
    return code;
}

int cmd_dump(int argc, char **argv)
{
    struct dump d = {.want = {.until = INT64_MAX, .all_keys = true, .all_events = true}};
    const char *ids = NULL, *provider = NULL;
    bool xml = false;
    int code;
    const struct opt opts[] = {
        {"xml", 0, OPT_FLAG, &xml, NULL, "events as XML, the form Windows itself writes", NULL},
        {"id", 0, OPT_TEXT, &ids, "N[,N-M]", "only these event ids", NULL},
        {"provider", 0, OPT_TEXT, &provider, "NAME", "only this provider (with --id, or all its ids without)", NULL},
        {"since", 0, OPT_TIME, &d.want.since, "TIME", "only records from this time on", NULL},
        {"until", 0, OPT_TIME, &d.want.until, "TIME", "only records up to this time", NULL},
        {"recovered", 0, OPT_FLAG, &d.want.recovered, NULL, "also records and cells recovered from slack", NULL},
        {0},
    };
    const struct command *c = command_find(argv[0]);
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    if (argc < 2) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    if (!parse_ids(ids ? ids : provider ? "0-65535" : NULL, str_of(provider ? provider : ""), &d.want))
        return complain_text(EXIT_USAGE, "dump: --id wants numbers such as 4625 or 4624,4634-4647, not '%s'", ids);
    if (!arena_make(&d.scratch, 64u << 20))
        return complain_text(EXIT_BUG, "out of memory");
    d.want.all_events = d.want.n_event == 0;
    d.format = xml ? EVTX_XML : EVTX_JSONL;
    code = dump_all(&d, (const char *const *)argv + 1, (size_t)argc - 1);
    free(d.want.event);
    buf_free(&d.line), arena_free(&d.scratch);
    return code;
}
