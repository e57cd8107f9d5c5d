/* analyze: the whole line from evidence to report. */
#include "run/again.h"
#include "case/named.h"
#include "base/limits.h"
#include "base/verdict.h"
#include "base/wintime.h"
#include "cmd/cmd.h"
#include "diagnose/diagnose.h"
#include "kb/kb.h"
#include "cmd/output.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include "run/progress.h"
#include "diagnose/rulelint.h"
#include "reports/export.h"
#include "reports/report.h"
#include "run/pool.h"
#include "run/verify.h"
#include <stdlib.h>
#include <string.h>

struct options {
    struct passwords passwords;
    const char *out, *knowledge, *stamp, *limits;
    struct run_limits lim;
    unsigned jobs, progress, fail_on;
    bool force, strict, recovered, require_jail, open;
    int64_t since, until;
};

struct run {
    struct output *output;
    struct options o;
    struct kb *kb;
    struct casedb *db;
    struct evidence ev;
    struct want want;
    struct ingest *reading;
    struct ingest_result in;
    unsigned jail; /* layers all second readers had; in.jail: all workers */
    struct progress bar;
    size_t compiled; /* statements of the reports */
    struct arena mem;
    char *db_path;
    struct stop stop;
    uint64_t until;       /* plat_clock_ms at which the run's time is over */
    const char *late;     /* the phase in which it was; NULL: there was enough */
    char no_process[200]; /* why there was none for a second look; "": there was */
    int code;
    int64_t stopped;        /* rules that used up what they may, or were not asked for want of time */
    int64_t partial;        /* files that could be read only in part, or not at all */
    struct buf status;      /* JSON array of status words */
    struct buf said, kinds; /* the summary; of a run without evidence, what was there instead */
    bool printed;           /* tools' texts among those */
};

/* --- small steps */

static enum status put_meta(struct casedb *db, const char *key, struct str value, struct err *e)
{
    struct value v[] = {val_s(str_of(key)), val_s(value)};
    return case_named(db, Q_META_PUT, "ss", v, NULL, NULL, e);
}

static enum status count_of(struct casedb *db, enum query q, int64_t *n, struct err *e)
{
    *n = 0;
    return case_named(db, q, "", NULL, case_first, n, e);
}

static void add_status(struct run *r, const char *word, int code)
{
    buf_z(&r->status, r->status.n ? "," : "["), buf_json(&r->status, str_of(word));
    if (code)
        r->code = exit_worst(r->code, code);
}

/* Which status words apply; the first that names an exit code wins by exit_worst. */
static enum status settle_status(struct run *r, struct err *e)
{
    int64_t usable, partial, broken, cut, dead;
    bool found = false;
    enum status st = count_of(r->db, Q_USABLE, &usable, e);
    if (st != OK || (st = count_of(r->db, Q_PARTIAL, &partial, e)) != OK
        || (st = count_of(r->db, Q_BROKEN_RULES, &broken, e)) != OK
        || (st = count_of(r->db, Q_STOPPED_RULES, &cut, e)) != OK
        || (st = count_of(r->db, Q_DEAD_READERS, &dead, e)) != OK)
        return st;
    if (!usable)
        add_status(r, "no_evidence", EXIT_NO_EVIDENCE);
    if (r->in.limit || r->in.shortage[0] || r->late || r->no_process[0] || cut)
        add_status(r, "limit", EXIT_LIMIT);
    if (partial || dead || r->late)
        add_status(r, "partial", r->o.strict ? EXIT_PARTIAL : 0);
    r->partial = partial, r->stopped = cut;
    if (broken) {
        add_status(r, "rule_error", r->o.strict ? EXIT_PARTIAL : 0);
        progress_end(&r->bar);
        complain_text(0,
                      "%lld rule%s could not be judged to the end, so a cause may be missing: see Method in "
                      "the report, or v_rule_error",
                      (long long)broken, broken == 1 ? "" : "s");
    }
    if (!r->status.n)
        add_status(r, "complete", 0);
    buf_char(&r->status, ']');
    if ((st = export_fails(r->db, r->o.fail_on, &found, e)) != OK)
        return st;
    r->code = exit_worst(r->code, found ? EXIT_FINDING : EXIT_DONE);
    return r->status.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "status", "out of memory")
                         : put_meta(r->db, "status", buf_view(&r->status), e);
}

/* --- what the user sees at the end: gathered while the case can still fail, printed when it stands */

static enum status put_finding(void *ctx, const struct cell *c, const char *const *name, size_t n,
                               struct err *e)
{
    struct buf *b = ctx;
    (void)name, (void)n, (void)e;
    buf_printf(b, "%-12.*s ", STR_ARG(c[0].s));
    buf_term(b, c[1].s), buf_z(b, "  "), buf_term(b, c[2].s);
    if (!c[3].null)
        buf_z(b, "  "), buf_term(b, c[3].s);
    if (!c[4].null) {
        char t[WINTIME_TEXT];
        buf_printf(b, "  since %.19sZ", wintime_text(c[4].i, t));
        if (c[5].i > 1)
            buf_printf(b, " (%lld times)", (long long)c[5].i);
    }
    buf_char(b, '\n');
    return OK;
}

static enum status put_kind(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    struct run *r = ctx;
    struct buf *b = &r->kinds;
    (void)name, (void)n, (void)e;
    buf_z(b, b->n ? ", " : ""), buf_printf(b, "%lld ", (long long)c[1].i), buf_term(b, c[0].s);
    r->printed |= c[2].i > 0;
    return OK;
}

/* What became of a host, gravest first: so that "nothing was found" and "nothing could be seen" read apart.
 */
enum {
    SUMMARY_HOSTS = 40,
    SUMMARY_FINDINGS = 100,
    SUMMARY_OF_MANY = 20 /* findings, of more than 3 hosts */
};

/* Of a host on which nothing failed: how many causes could not be asked, and what would tell. */
static void put_unasked(struct buf *b, const struct cell *c)
{
    if (c[0].null || !c[0].i)
        return;
    buf_printf(b, "; %lld known cause%s not asked for want of ", (long long)c[0].i, c[0].i == 1 ? "" : "s");
    buf_term(b, c[1].s);
    if (c[2].i > 1)
        buf_printf(b, " and %lld more", (long long)c[2].i - 1);
}

static enum status put_outcome(void *ctx, const struct cell *c, const char *const *name, size_t n,
                               struct err *e)
{
    struct buf *b = ctx;
    char from[WINTIME_TEXT], to[WINTIME_TEXT];
    (void)name, (void)n, (void)e;
    enum outcome o = outcome_of(c[1].s);
    bool blind = o == OUT_NOT_COVERED;
    buf_printf(b, "%-12s ", o < OUTCOMES ? outcome_said[o] : ""), buf_term(b, c[0].s);
    if (o == OUT_UNEXPLAINED)
        buf_printf(b, "  %lld failure%s without a cause at or above '" W_POSSIBLE "'", (long long)c[2].i,
                   c[2].i == 1 ? "" : "s");
    else if (o == OUT_EXPLAINED)
        buf_z(b, "  every failure seen has a cause at or above '" W_POSSIBLE "'");
    else if (o == OUT_LATENT)
        buf_z(b, "  nothing failed, but a cause of failures is in place");
    else if (blind)
        buf_z(b, "  no failure seen; collect "), buf_term(b, c[4].s), buf_z(b, ": commands in the report");
    else if (!c[5].null && !c[6].null)
        buf_printf(b, "  nothing failed from %.19sZ to %.19sZ", wintime_text(c[5].i, from),
                   wintime_text(c[6].i, to));
    if (!blind && !c[3].null)
        buf_z(b, "; not covered: "), buf_term(b, c[3].s);
    if (o >= OUT_LATENT)
        put_unasked(b, c + 7);
    buf_char(b, '\n');
    return OK;
}

static enum status summary(struct run *r, struct err *e)
{
    int64_t hosts = 0, out = 0, shown = 0;
    struct value limit = val_i(SUMMARY_HOSTS), most, no = val_s(STR(W_RULED_OUT));
    enum status st = OK;
    if (r->code == EXIT_NO_EVIDENCE)
        st = case_named(r->db, Q_FORMATS, "", NULL, put_kind, r, e);
    if (st == OK)
        st = count_of(r->db, Q_HOST_COUNT, &hosts, e);
    most = val_i(hosts > 3 ? SUMMARY_OF_MANY : SUMMARY_FINDINGS);
    if (st != OK || (st = case_named(r->db, Q_SAID, "i", &most, put_finding, &r->said, e)) != OK
        || (st = count_of(r->db, Q_SAID_COUNT, &shown, e)) != OK
        || (st = case_named(r->db, Q_VERDICT_COUNT, "s", &no, case_first, &out, e)) != OK)
        return st;
    if (shown > most.i)
        buf_printf(&r->said, "...          %lld more findings, in the report\n", (long long)(shown - most.i));
    if (out)
        buf_printf(&r->said, "ruled_out    %lld more, with the facts that contradict them, in the report\n",
                   (long long)out);
    if ((st = case_named(r->db, Q_OUTCOMES, "i", &limit, put_outcome, &r->said, e)) != OK)
        return st;
    if (hosts > SUMMARY_HOSTS)
        buf_printf(&r->said, "...          %lld more hosts, in the report\n",
                   (long long)(hosts - SUMMARY_HOSTS));
    if (r->o.since || r->o.until != INT64_MAX) {
        char t[WINTIME_TEXT];
        buf_z(&r->said, "window       only records");
        if (r->o.since)
            buf_printf(&r->said, " from %.19sZ on", wintime_text(r->o.since, t));
        if (r->o.until != INT64_MAX)
            buf_printf(&r->said, " up to %.19sZ", wintime_text(r->o.until, t));
        buf_z(&r->said, ": nothing is said of other times\n");
    }
    if (r->partial)
        buf_printf(
            &r->said,
            "partial      %lld of %zu file%s could not be read to the end: see Evidence in the report\n",
            (long long)r->partial, r->in.files, r->in.files == 1 ? "" : "s");
    if (r->late)
        buf_printf(&r->said,
                   "limit        the time of the run (run-seconds) was over in the phase '%s': what was not "
                   "reached is named under Method in the report\n",
                   r->late);
    if (r->no_process[0])
        buf_printf(&r->said,
                   "limit        %s: not all that is cited was read twice, see Method in the report\n",
                   r->no_process);
    if (r->in.shortage[0])
        buf_printf(&r->said, "limit        %s: not all evidence was read, see Evidence in the report\n",
                   r->in.shortage);
    if (r->stopped && !r->late)
        buf_z(&r->said, "limit        a rule used up the steps or memory it may: see Method in the report\n");
    if (r->in.limit && !r->in.shortage[0])
        buf_z(&r->said, "limit        a limit (--limits) was reached: what is left out is named under "
                        "Evidence in the report\n");
    buf_printf(&r->said, "report       %s/report.html\n", r->o.out);
    return r->said.bad || r->kinds.bad ? err_set(e, E_NOMEM, ERR_NO_OFF, "summary", "out of memory") : OK;
}

static void print_summary(struct run *r)
{
    if (output_cut(r->output))
        complain_text(0, "not all that the case holds fits into its reports: they say what is left out");
    if (r->code == EXIT_NO_EVIDENCE)
        complain_text(0, "no usable evidence: %zu file%s seen%s%.*s; %s", r->ev.n, r->ev.n == 1 ? "" : "s",
                      r->kinds.n ? ", none readable as log or hive: " : "", (int)r->kinds.n,
                      r->kinds.p ? r->kinds.p : "",
                      r->printed
                          ? "what a tool printed tells nothing by itself: add a log or a hive of its host"
                          : "event logs (.evtx) and registry hives are recognised by their contents");
    if (r->code == EXIT_PARTIAL && r->partial)
        complain_text(
            0,
            "%lld file%s could not be read to the end, and --strict asks for all: see Evidence in the report",
            (long long)r->partial, r->partial == 1 ? "" : "s");
    out_put(&r->said);
    if (!r->o.open)
        return;
    const char *page = arena_printf(&r->mem, "%s/report.html", r->o.out);
    if (!page || !plat_open_page(page))
        complain_text(0, "nothing here opens pages (xdg-open): open %s/report.html yourself", r->o.out);
}

/* --- the line */

static struct casedb *ready; /* the caller's */
void analyze_into(struct casedb *db) { ready = db; }
static struct originals from; /* of one analysis, or of all that fill a case of the caller's */

static enum status new_case(struct run *r, struct err *e)
{
    const char *work = output_work(r->output);
    if (!work)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "output", "out of memory");
    if (ready)
        return r->db = ready, OK;
    return diagnose_new(r->kb, work, &r->db, e);
}

static enum status begin_case(struct run *r, struct err *e)
{
    enum status st;
    case_halt_when(r->db, stop_asked, &r->stop);
    if ((st = put_meta(r->db, "tool", STR("whylogon"), e)) == OK
        && (st = put_meta(r->db, "version", str_of(WHYLOGON_VERSION), e)) == OK)
        st = put_meta(r->db, "knowledge_sha256", str_of(kb_sha256(r->kb)), e);
    if (st == OK && r->o.stamp)
        st = put_meta(r->db, "stamp", str_of(r->o.stamp), e);
    char number[24]; /* what verify needs to read the same way again */
    if (st == OK && r->o.since && snprintf(number, sizeof number, "%lld", (long long)r->o.since) > 0)
        st = put_meta(r->db, "since", str_of(number), e);
    if (st == OK && r->o.until != INT64_MAX
        && snprintf(number, sizeof number, "%lld", (long long)r->o.until) > 0)
        st = put_meta(r->db, "until", str_of(number), e);
    struct value window[] = {r->o.since ? val_i(r->o.since) : val_null(),
                             r->o.until != INT64_MAX ? val_i(r->o.until) : val_null()};
    if (st == OK)
        st = case_named(r->db, Q_WINDOW, "ii", window, NULL, NULL, e);
    if (st == OK && r->o.recovered)
        st = put_meta(r->db, "recovered", STR("1"), e);
    return st;
}

/* Workers come to be while the case is made, read while its schema is, and go on hashing while it is judged.
 */
static enum status read_evidence(struct run *r, struct err *e)
{
    r->want = *kb_want(r->kb);
    r->want.recovered = r->o.recovered, r->want.since = r->o.since, r->want.until = r->o.until;
    progress_begin(&r->bar, (enum progress_mode)r->o.progress);
    r->stop.until = 0; /* workers are told by the pool */
    struct ingest_options o = {.workers = r->o.jobs,
                               .progress = progress_show,
                               .ctx = &r->bar,
                               .stop = stop_flag(),
                               .until = r->until - r->o.lim.run_seconds * (1000 / LIM_RUN_CONCLUDE),
                               .require_jail = r->o.require_jail,
                               .original = &from.worker,
                               .password = r->o.passwords.list,
                               .n_password = r->o.passwords.n,
                               .limits = r->o.lim};
    enum status st = ingest_start(&r->want, &r->ev, &o, &r->reading, e);
    st = st == OK ? new_case(r, e) : st;
    st = st == OK ? ingest_look(r->reading, e) : st;
    st = st == OK ? begin_case(r, e) : st;
    return st == OK ? ingest_facts(r->reading, r->db, e) : st;
}

static enum status read_rest(struct run *r, struct err *e)
{
    enum status st = ingest_finish(r->reading, &r->in, e);
    if (st == OK && (r->in.jail & r->jail) != JAIL_ALL) {
        progress_end(&r->bar);
        tell_jail(r->in.jail & r->jail);
    }
    return st;
}

/* Phases from facts to verdicts. When the time is over in one of them (E_TIME), what it has reached stands
 * and later ones that need it whole are passed over. */
enum { DERIVE, COVERAGE, DIAGNOSE, VERIFY, HASH, REPORT };

static enum status conclude_early(struct run *r, unsigned phase, size_t judged, struct err *e)
{
    *e = (struct err){0}, r->stop.until = 0;
    return diagnose_cut_short(r->db, r->kb, phase, judged, e);
}

static enum status derive_phase(struct run *r, struct err *e)
{
    enum status st = case_undoable(r->db, e);
    st = st == OK ? derive_tables(r->db, r->kb, e) : st; /* its views stand */
    return st == E_TIME ? conclude_early(r, DERIVE, 0, e) == OK ? E_TIME : e->code : st;
}

static enum status coverage_phase(struct run *r, struct err *e)
{
    enum status st = coverage(r->db, r->kb, e);
    return st == E_TIME ? conclude_early(r, COVERAGE, 0, e) == OK ? E_TIME : e->code : st;
}

static enum status diagnose_phase(struct run *r, struct err *e)
{
    size_t judged = 0;
    original_ahead(&from.worker, AGAIN_AHEAD); /* who reads again what is going to be cited */
    enum status st = diagnose(r->db, r->kb, &judged, e);
    return st == E_TIME ? conclude_early(r, DIAGNOSE, judged, e) == OK ? E_TIME : e->code : st;
}

/* A second look that ended for want of time or of processes: what it has stored stands. */
static bool cut_short(struct run *r, enum status *st, struct err *e)
{
    if (*st != E_TIME && *st != E_PROC)
        return false;
    if (*st == E_PROC)
        snprintf(r->no_process, sizeof r->no_process, "%s: %s", e->what, e->why);
    *e = (struct err){0}, r->stop.until = 0;
    *st = case_undo(r->db, e);
    return true;
}

/* While cited places are read again. Where the case keeps what it compiles it has these already. */
static bool compile_some(void *ctx)
{
    struct run *r = ctx;
    return !case_keeps(r->db) && report_ahead(r->db, r->compiled++);
}

/* Verdicts that were not tried again are no more than likely. */
static enum status again_phase(struct run *r, struct err *e)
{
    enum status st = again(r->db, &r->ev,
                           &(struct again_options){.want = &r->want,
                                                   .limits = r->o.lim,
                                                   .workers = r->o.jobs,
                                                   .require_jail = r->o.require_jail,
                                                   .until = r->until,
                                                   .meanwhile = {compile_some, r},
                                                   .original = &from.worker,
                                                   .stop = stop_flag()},
                           &r->jail, e);
    bool late = st == E_TIME, doubts = false;
    r->stop.until = 0;
    if (cut_short(r, &st, e) && st == OK)
        st = again_give_up(r->db, e);
    st = st == OK ? again_doubts(r->db, &doubts, e) : st;
    st = st == OK && doubts ? run_knowledge(r->db, r->kb, "outcome.sql", e) : st;
    return st == OK && late ? E_TIME : st;
}

static enum status verify_phase(struct run *r, struct err *e)
{
    enum status st = again_phase(r, e);
    bool late = st == E_TIME;
    r->stop.until = r->until;
    if (st == OK)
        st = verify(r->db, &r->ev, r->o.require_jail, &from.second, &(struct meanwhile){compile_some, r},
                    &r->jail, e);
    late |= st == E_TIME;
    bool none = st == E_PROC;
    r->stop.until = 0;
    if (cut_short(r, &st, e) && st == OK)
        st = verify_give_up(r->db,
                            none ? SECOND_DIED "could not be started"
                                 : "the time of the run was over before it was read again",
                            e);
    return st == OK && late ? E_TIME : st;
}

static enum status report_phase(struct run *r, struct err *e)
{
    if (r->db != ready)
        originals_dismiss(&from);
    enum status st = settle_status(r, e);
    st = st == OK ? summary(r, e) : st;
    if (st != OK)
        return st;
    /* what is read for the reports may take this long */
    r->stop.until = plat_clock_ms() + r->o.lim.run_seconds * (1000 / LIM_RUN_REPORT);
    if ((st = output_write(r->output, r->db, true, &r->stop.until, e)) == OK && output_cut(r->output))
        r->code = exit_worst(r->code, EXIT_LIMIT);
    return st;
}

/* From facts to reports; the names are what --progress=json tells. An interrupt ends the run before the next.
 */
static enum status conclude(struct run *r, struct err *e)
{
    static const struct {
        const char *name;
        enum status (*run)(struct run *r, struct err *e);
        bool timed; /* ends when the time is over; else it is needed to keep what was reached */
    } phases[] = {[DERIVE] = {"derive", derive_phase, true},
                  [COVERAGE] = {"coverage", coverage_phase, true},
                  [DIAGNOSE] = {"diagnose", diagnose_phase, true},
                  [VERIFY] = {"verify", verify_phase, true},
                  [HASH] = {"hash", read_rest, false},
                  [REPORT] = {"report", report_phase, false}};
    enum status st = OK;
    for (size_t i = 0; i < LEN(phases) && st == OK; i++) {
        if (r->late && phases[i].timed && i != VERIFY)
            continue;
        progress_phase(&r->bar, phases[i].name);
        r->stop.until = 0;
        st = stop_asked(&r->stop, e);
        r->stop.until = phases[i].timed ? r->until : 0;
        st = st == OK ? phases[i].run(r, e) : st;
        r->stop.until = 0;
        if (st == E_TIME)
            r->late = r->late ? r->late : phases[i].name, st = OK, *e = (struct err){0};
    }
    progress_phase(&r->bar, "finish");
    return st;
}

static int analyze(struct run *r, const char *const *inputs, size_t n)
{
    struct err e = {0};
    enum status st = OK;
    if (!arena_make(&r->mem, 1 << 20))
        return complain_text(EXIT_LIMIT, "out of memory");
    for (size_t i = 0; i < n; i++) {
        struct plat_stat s;
        if (plat_stat(inputs[i], true, &s, &e) != OK)
            return complain(&e, EXIT_USAGE);
    }
    r->o.lim = run_limits_default();
    if ((r->o.limits && run_limits_parse(r->o.limits, &r->o.lim, &e) != OK)
        || output_outside(r->o.out, inputs, n, &e) != OK)
        return complain(&e, e.code == E_NOMEM ? EXIT_LIMIT : EXIT_USAGE);
    pool_ahead(&from.worker), verify_ahead(&from.second);
    if (kb_load(r->o.knowledge, &r->kb, &e) != OK || (r->o.knowledge && rules_usable(r->kb, &e) != OK))
        return complain(&e, e.code == E_NOMEM ? EXIT_LIMIT : EXIT_USAGE);
    r->until = plat_clock_ms() + r->o.lim.run_seconds * 1000;
    r->stop.until = r->until;
    if (!(r->db_path = arena_printf(&r->mem, "%s/case.db", r->o.out)))
        return complain_text(EXIT_LIMIT, "out of memory");
    if ((st = output_begin(r->o.out, r->o.force, true, ready != NULL, &r->output, &e)) == OK
        && (st = discover(inputs, n, stop_asked, &r->stop, &r->ev, &e)) == OK
        && (st = read_evidence(r, &e)) == OK && (st = conclude(r, &e)) == OK) {
        progress_end(&r->bar);
        print_summary(r);
    }
    if (st == OK)
        return r->code;
    progress_end(&r->bar);
    if (st == E_DB && !e.path)
        e.path = r->db_path;
    return complain(&e, exit_with(st, r->o.knowledge));
}

static int run_analyze(int argc, char **argv)
{
    struct run r = {.o = {.out = "whylogon-out", .until = INT64_MAX}, .jail = JAIL_ALL};
    int code;
    const struct opt opts[] = {
        {"out", 'o', OPT_FOLDER, &r.o.out, "OUT",
         "folder for case.db and the reports (default: whylogon-out)", NULL},
        {"force", 0, OPT_FLAG, &r.o.force, NULL, "replace what an earlier run left in OUT", NULL},
        {"open", 0, OPT_FLAG, &r.o.open, NULL, "show report.html in your browser when it is written", NULL},
        {"knowledge", 0, OPT_TEXT, &r.o.knowledge, "DIR",
         "rules and codes of your own, same layout as knowledge/", NULL},
        {"jobs", 'j', OPT_UINT, &r.o.jobs, "N", "worker processes (default: one per core)", NULL},
        {"since", 0, OPT_TIME, &r.o.since, "TIME",
         "only records from this time on (RFC 3339, 2026-03-01 = midnight UTC)", NULL},
        {"until", 0, OPT_TIME, &r.o.until, "TIME", "only records up to this time", NULL},
        {"recovered", 0, OPT_FLAG, &r.o.recovered, NULL,
         "also keep records and cells recovered from slack (marked, never used by rules)", NULL},
        {"fail-on", 0, OPT_CHOICES, &r.o.fail_on, EXPORT_FAIL_CHOICES,
         "exit 1 when a finding is at or above this verdict, or a host has this outcome; several by comma",
         export_fail_words},
        {"strict", 0, OPT_FLAG, &r.o.strict, NULL, "exit 3 when some evidence could only be read in part",
         NULL},
        JAIL_OPTION(r.o.require_jail),
        {"limits", 0, OPT_TEXT, &r.o.limits, "NAME=N,…",
         "memory, file-bytes, run-bytes, records, facts, xml-depth, key-depth, file-seconds, run-seconds, "
         "spool-bytes (k, "
         "M, G, T)",
         NULL},
        PASSWORD_OPTION(r.o.passwords),
        {"stamp", 0, OPT_TEXT, &r.o.stamp, "TEXT",
         "text to keep in the case and the reports (time of the run, ticket, examiner)", NULL},
        {"progress", 0, OPT_CHOICE, &r.o.progress, "auto|bar|json|none", "progress on stderr",
         progress_modes},
        {0},
    };
    const struct command *c = &cmd_analyze;
    if (!opt_parse(c, opts, &argc, argv, &code))
        return code;
    if ((code = passwords_load(&r.o.passwords)) != EXIT_DONE)
        return code;
    if (argc < 2) {
        command_help(c, opts, stderr);
        return EXIT_USAGE;
    }
    if (r.o.since > r.o.until)
        return complain_text(EXIT_USAGE, "analyze: --since lies behind --until: nothing is between them");
    stop_listen();
    code = analyze(&r, (const char *const *)argv + 1, (size_t)argc - 1);
    ingest_free(r.reading);
    if (r.db && r.db == ready)
        case_halt_when(r.db, NULL, NULL);
    else
        case_close(r.db), originals_end(&from);
    output_end(r.output);
    evidence_free(&r.ev);
    kb_free(r.kb);
    buf_free(&r.status), buf_free(&r.said), buf_free(&r.kinds);
    arena_free(&r.mem);
    return code;
}

const struct command cmd_analyze = {
    .name = "analyze",
    .summary = "read evidence, diagnose, write case.db and the reports",
    .usage = "[-o OUT] [options] PATH…",
    .help =
        "PATH is a folder, a zip or other container, an event log (.evtx) or a registry hive; names do not "
        "matter, contents\n"
        "do. Put SYSTEM, SECURITY, SOFTWARE and SAM hives (with their .LOG1/.LOG2) and the logs of one host "
        "into one folder;\n"
        "several hosts may lie side by side.\n\n"
        "examples:\n"
        "  whylogon analyze -o out ticket-4711/\n"
        "  whylogon analyze --fail-on=likely -o out C/Windows/System32/winevt/Logs SYSTEM SECURITY\n\n"
        "OUT then holds report.html (open it first), report.md (paste it into the ticket), report.json (for "
        "scripts) and case.db (for questions:\n"
        "whylogon query OUT/case.db 'SELECT * FROM v_failure').\n",
    .run = run_analyze};
