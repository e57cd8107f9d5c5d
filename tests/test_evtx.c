#include "parsers/evtx/binxml.h"
#include "parsers/evtx/evtx.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/wintime.h"
#include "tests/build.h"
#include "tests/build_binxml.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* --- A sink that remembers */

struct heard {
    struct arena mem, scratch;
    struct fact fact[8192];
    size_t n;
    struct evtx_stats stats;
    struct buf codes, text;
    size_t stop_after;
};

static enum status keep_fact(void *ctx, const struct fact *f, struct err *e)
{
    struct heard *h = ctx;
    if (h->stop_after && h->n == h->stop_after)
        return err_set(e, E_STOP, f->ref.off, "sink", "full");
    cr_assert(h->n < LEN(h->fact));
    struct fact *to = &h->fact[h->n++];
    *to = *f;
    for (size_t i = 0; i < FACT_COLS && fact_descs[f->kind].col[i].name; i++)
        if (!f->v[i].null && f->v[i].s.p)
            to->v[i].s = arena_str(&h->mem, f->v[i].s);
    if (f->kind == FACT_ANOMALY)
        buf_char(&h->codes, ' '), buf_str(&h->codes, f->v[AN_CODE].s);
    return OK;
}

static enum status keep_text(void *ctx, struct buf *text, struct err *e)
{
    (void)e;
    buf_put(&((struct heard *)ctx)->text, text->p, text->n);
    return OK;
}

static struct heard *listen(void)
{
    struct heard *h = calloc(1, sizeof *h);
    cr_assert(h && arena_make(&h->mem, 8 << 20) && arena_make(&h->scratch, 4 << 20));
    return h;
}

static void hush(struct heard *h)
{
    arena_free(&h->mem), arena_free(&h->scratch), buf_free(&h->codes), buf_free(&h->text);
    free(h);
}

static struct span span_buf(const struct buf *b) { return span_of(b->p, b->n, 0); }

static enum status read_part(struct heard *h, const struct buf *file, const struct want *want, uint32_t first,
                             uint32_t count, struct err *e)
{
    return evtx_read(span_buf(file), first, count, want, &h->scratch, keep_fact, h, &h->stats, e);
}

static struct heard *read_all(const struct buf *file, const struct want *want)
{
    struct heard *h = listen();
    struct err e = {0};
    enum status st = read_part(h, file, want, 0, evtx_slots(file->n), &e);
    cr_assert(st == OK || st == E_LIMIT, "%s: %s", e.what, e.why);
    cr_expect(h->stats.seen == h->stats.parsed + h->stats.recovered + h->stats.failed,
              "seen is the sum of its parts");
    buf_char(&h->codes, 0);
    return h;
}

static const struct fact *nth(const struct heard *h, enum fact_kind kind, size_t n)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->fact[i].kind == kind && n-- == 0)
            return &h->fact[i];
    return NULL;
}

static size_t count_of(const struct heard *h, enum fact_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n; i++)
        n += h->fact[i].kind == kind;
    return n;
}

#define cr_expect_text(value, literal) \
    cr_expect(str_eq((value).s, STR(literal)), "%s is \"%.*s\"", #value, STR_ARG((value).s))

static int64_t at(const char *time)
{
    int64_t t;
    cr_assert(wintime_parse(str_of(time), &t));
    return t;
}

static const struct want everything = {.until = INT64_MAX, .all_events = true},
                         nothing = {.until = INT64_MAX};

/* One record as Windows writes it: template, and the data a template of its own in substitution 7. day, user,
   type: two digits, characters, one digit. */
#define OUTER                                                                                         \
    "F T(11 F <Event+ @xmlns \"http://schemas.microsoft.com/win/2004/08/events/event\" > <System > "  \
    "<Provider+ @Name ?0 /> d01 <EventID > ?1 </ <Level > ?2 </ "                                     \
    "<TimeCreated+ @SystemTime ?3 /> <EventRecordID > ?4 </ <Channel > ?5 </ <Computer > \"PC1\" </ " \
    "<Security+ @UserID ?6 /> </ ?7 </ Z ) "
#define INNER                                                                                              \
    "F T(22 F <EventData > <Data+ @Name \"User\" > %0 </ <Data+ @Name \"LogonType\" > %1 </ <Data+ @Name " \
    "\"Note\" > %2 </ </ Z ) "

static size_t logon(struct raw_log *l, bool first, const char *time, unsigned id, const char *user,
                    unsigned type, const char *note)
{
    char words[2048], when[17];
    int64_t t = at(time);
    for (int i = 0; i < 8; i++)
        snprintf(when + 2 * i, 3, "%02x", (unsigned)(t >> (8 * i) & 0xff));
    const char *outer = first ? OUTER : "F T=11 ", *inner = first ? INNER : "F T=22 ";
    snprintf(words, sizeof words,
             "%sV( s:Prov 06:%02x%02x 04:00 11:%s 0a:%02x%02x000000000000 s:Security "
             "13:010100000000000512000000 {%sV( s:%s 08:%02x000000 s:%s ) Z } ) Z",
             outer, id & 0xff, id >> 8, when, (unsigned)l->next_id & 0xff, (unsigned)l->next_id >> 8, inner,
             user, type, note);
    return raw_record(l, t, words);
}

/* --- Facts */

Test(evtx, facts_of_a_log)
{
    struct raw_log l;
    raw_begin(&l);
    raw_record(&l, at("2026-03-02T09:10:00Z"),
               RAW_EVENT("7", "1", "<EventData > <Data+ @Name \"a\" > \"x\" </ </ "));
    raw_record(&l, at("2026-03-02T09:10:00Z"), RAW_EVENT("7", "2", ""));
    raw_chunk(&l);
    size_t last = raw_record(&l, at("2026-03-02T09:10:00Z"), RAW_EVENT("8", "5", ""));
    raw_end(&l);
    struct heard *h = read_all(&l.file, &everything);
    cr_expect(h->stats.seen == 3 && h->stats.parsed == 3 && h->stats.chunks == 2 && h->stats.bad_chunks == 0);
    cr_expect_str_eq(h->codes.p, "", "%s", h->codes.p);
    cr_assert(count_of(h, FACT_EVENT) == 3 && count_of(h, FACT_COUNT) == 2 && count_of(h, FACT_SPAN) == 1);
    const struct fact *e = nth(h, FACT_EVENT, 0), *c = nth(h, FACT_COUNT, 0), *s = nth(h, FACT_SPAN, 0);
    cr_expect(e->ref.off == 4096 + 512 && nth(h, FACT_EVENT, 2)->ref.off == last);
    cr_expect_text(e->v[EV_COMPUTER], "PC1");
    cr_expect_text(e->v[EV_CHANNEL], "C");
    cr_expect_text(e->v[EV_PROVIDER], "P");
    cr_expect_text(e->v[EV_DATA], "{\"a\":\"x\"}");
    cr_expect(e->v[EV_EVENT_ID].i == 7 && e->v[EV_RECORD_ID].i == 1
              && e->v[EV_TIME].i == at("2026-03-02T09:10:00Z") && e->v[EV_RECOVERED].i == 0);
    cr_expect(e->v[EV_LEVEL].null && e->v[EV_SID].null && e->v[EV_PID].null && e->v[EV_QUALIFIERS].null
              && e->v[EV_VERSION].null);
    cr_expect(c->v[CO_EVENT_ID].i == 7 && c->v[CO_N].i == 2
              && c->v[CO_FIRST_TIME].i == at("2026-03-02T09:10:00Z") && c->ref.off == 4608);
    cr_expect_text(s->v[SP_COMPUTER], "PC1");
    cr_expect(s->v[SP_N].i == 3 && s->v[SP_FIRST_ID].i == 1 && s->v[SP_LAST_ID].i == 5
              && s->v[SP_GAPS].i == 1);
    cr_expect(h->stats.hints == (EVTX_HINT_GAPS | EVTX_HINT_RENUMBERED), "hints %x", h->stats.hints);
    cr_expect_str_eq(evtx_log_kind(&h->stats), "filtered");
    struct heard *none = read_all(&l.file, &nothing);
    cr_expect(count_of(none, FACT_EVENT) == 0 && count_of(none, FACT_COUNT) == 2
                  && count_of(none, FACT_SPAN) == 1,
              "an empty want keeps nothing and counts everything");
    hush(h), hush(none), buf_free(&l.file);
}

Test(evtx, wanted_by_provider_id_and_time)
{
    struct raw_log l;
    raw_begin(&l);
    for (int i = 0; i < 3; i++)
        logon(&l, i == 0,
              (const char *[]){"2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"}[i],
              4624 + (unsigned)i % 2, "u", 3, "n");
    raw_end(&l);
    static const struct {
        const char *provider;
        uint16_t id, to;
        bool any;
        const char *since, *until;
        size_t n;
    } rows[] = {{"Prov", 4624, 0, false, NULL, NULL, 2},
                {"pROV", 4625, 0, false, NULL, NULL, 1},
                {"", 4624, 0, false, NULL, NULL, 2},
                {"Other", 4624, 0, false, NULL, NULL, 0},
                {"Prov", 4623, 0, false, NULL, NULL, 0},
                {"Prov", 4624, 0, false, "2026-03-01T00:00:01Z", NULL, 1},
                {"Prov", 4624, 0, false, NULL, "2026-03-02T00:00:00Z", 1},
                {"Prov", 4624, 0, false, "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z", 2},
                {"Prov", 4624, 4625, false, NULL, NULL, 3},
                {"Prov", 4625, 4626, false, NULL, NULL, 1},
                {"Prov", 0, 4624, false, NULL, NULL, 2},
                {"Prov", 4626, 65535, false, NULL, NULL, 0},
                {"Prov", 0, 0, true, NULL, NULL, 3},
                {"Other", 0, 0, true, NULL, NULL, 0}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct want_event ev = {.provider = str_of(rows[i].provider),
                                .id = rows[i].id,
                                .to = rows[i].to,
                                .any_id = rows[i].any,
                                .how = WANT_KEEP};
        struct want w = {.event = &ev,
                         .n_event = 1,
                         .since = rows[i].since ? at(rows[i].since) : 0,
                         .until = rows[i].until ? at(rows[i].until) : INT64_MAX};
        struct heard *h = read_all(&l.file, &w);
        cr_expect(count_of(h, FACT_EVENT) == rows[i].n, "row %zu: %zu events", i, count_of(h, FACT_EVENT));
        cr_expect(nth(h, FACT_SPAN, 0)->v[SP_N].i == 3, "spans count what was not wanted too");
        hush(h);
    }
    buf_free(&l.file);
}

/* What is kept only where it holds a text, of any provider; a provider's own entry comes first. */
Test(evtx, wanted_by_what_it_holds)
{
    struct evtx log = {.computer = "PC1", .channel = "Application"};
    struct buf file = {0};
    int64_t t = utc("2026-03-02T09:00:00Z");
    ev(&log, t, "Acme", 7, S("a", "failed with 0x800704dd."), END);
    ev(&log, t, "Acme", 7, S("a", "failed with 0x800704DE."), END);
    ev(&log, t, "Acme", 7, D("no more"), D("(C000005F)"), END);
    ev(&log, t, "Other", 9, S("a", "C000005"), U32("b", 0x800704DD), END);
    ev(&log, t, "Own", 9, S("a", "800704DD"), END);
    ev(&log, t, "Own", 10, S("a", "800704DD"), END);
    evtx_end(&log, &file);
    static const struct {
        const char *channel, *first; /* texts; first: the other is C000005F */
        bool own;
        size_t n;
    } rows[] = {{"Application", "800704DD", false, 4}, {"aPPLICATION", "800704dd", false, 4},
                {"System", "800704DD", false, 0},      {"", "800704DD", false, 4},
                {"Application", "", false, 1},         {"Application", "800704DD", true, 3}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct want_event want[] = {{.channel = str_of(rows[i].channel),
                                     .any_id = true,
                                     .how = WANT_KEEP,
                                     .n_holding = 2,
                                     .holding = {str_of(rows[i].first), STR("C000005F")}},
                                    {.provider = STR("Own"),
                                     .id = 9,
                                     .how = WANT_KEEP,
                                     .n_holding = 1,
                                     .holding = {STR("nothing of the kind")}}};
        struct heard *h = read_all(
            &file, &(struct want){.event = want, .n_event = rows[i].own ? 2 : 1, .until = INT64_MAX});
        cr_expect(count_of(h, FACT_EVENT) == rows[i].n, "row %zu: %zu events", i, count_of(h, FACT_EVENT));
        cr_expect(nth(h, FACT_SPAN, 0)->v[SP_N].i == 6, "all are counted");
        hush(h);
    }
    buf_free(&file);
}

Test(evtx, folds)
{
    struct raw_log l;
    raw_begin(&l);
    size_t first = logon(&l, true, "2026-03-02T10:00:00Z", 4624, "ann", 3, "second");
    size_t early = logon(&l, false, "2026-03-02T09:00:00Z", 4624, "ann", 3, "first");
    size_t late = logon(&l, false, "2026-03-02T23:59:59Z", 4624, "ann", 3, "last");
    logon(&l, false, "2026-03-03T00:00:00Z", 4624, "ann", 3, "next_day");
    logon(&l, false, "2026-03-02T11:00:00Z", 4624, "bob", 3, "n");
    size_t whole = logon(&l, false, "2026-03-02T11:00:00Z", 4624, "ann", 2, "kept");
    logon(&l, false, "2026-03-02T11:00:00Z", 4634, "ann", 3, "not_wanted");
    logon(&l, false, "2026-03-02T11:00:00Z", 4624, "SYSTEM", 2, "folded_all_the_same");
    logon(&l, false, "2026-03-02T11:00:01Z", 4624, "SYSTEM", 2, "folded_all_the_same");
    raw_end(&l);
    struct want_event ev = {.provider = STR("Prov"),
                            .id = 4624,
                            .how = WANT_FOLD,
                            .n_key = 3,
                            .key = {STR("User"), STR("LogonType"), STR("Missing")},
                            .keep_field = STR("LogonType"),
                            .n_keep = 2,
                            .keep = {2, 10},
                            .fold_field = STR("User"),
                            .n_fold = 2,
                            .fold = {STR("NETWORK SERVICE"), STR("SYSTEM")}};
    struct want w = {.event = &ev, .n_event = 1, .until = INT64_MAX};
    struct heard *h = read_all(&l.file, &w);
    cr_expect(nth(h, FACT_FOLD, 3)->v[FO_N].i == 2);
    cr_assert(count_of(h, FACT_FOLD) == 4 && count_of(h, FACT_EVENT) == 1, "%zu folds, %zu events",
              count_of(h, FACT_FOLD), count_of(h, FACT_EVENT));
    const struct fact *f = nth(h, FACT_FOLD, 0);
    cr_expect(f->v[FO_N].i == 3 && f->ref.off == early && f->v[FO_LAST_OFF].i == (int64_t)late
              && first < early);
    cr_expect(f->v[FO_FIRST_TIME].i == at("2026-03-02T09:00:00Z")
              && f->v[FO_LAST_TIME].i == at("2026-03-02T23:59:59Z"));
    cr_expect(f->v[FO_DAY].i == at("2026-03-02") / (86400 * WINTIME_SECOND));
    cr_expect_text(f->v[FO_KEY], "{\"User\":\"ann\",\"LogonType\":3,\"Missing\":null}");
    cr_expect_text(f->v[FO_DATA], "{\"User\":\"ann\",\"LogonType\":3,\"Note\":\"first\"}");
    cr_expect_text(f->v[FO_COMPUTER], "PC1");
    cr_expect_text(f->v[FO_CHANNEL], "Security");
    cr_expect(nth(h, FACT_FOLD, 1)->v[FO_N].i == 1
              && nth(h, FACT_FOLD, 1)->v[FO_DAY].i == f->v[FO_DAY].i + 1);
    cr_expect_text(nth(h, FACT_FOLD, 2)->v[FO_KEY], "{\"User\":\"bob\",\"LogonType\":3,\"Missing\":null}");
    cr_expect(nth(h, FACT_EVENT, 0)->ref.off == whole);
    cr_expect_text(nth(h, FACT_EVENT, 0)->v[EV_DATA], "{\"User\":\"ann\",\"LogonType\":2,\"Note\":\"kept\"}");
    cr_expect_text(nth(h, FACT_EVENT, 0)->v[EV_SID], "S-1-5-18");
    hush(h), buf_free(&l.file);
}

/* Values with nothing behind them, at the end of what was read, fold like any others. */
Test(evtx, folds_at_the_end_of_the_file)
{
    static const struct want_event ev = {.provider = {"Prov", 4},
                                         .id = 4624,
                                         .how = WANT_FOLD,
                                         .n_key = 3,
                                         .key = {{"User", 4}, {"Note", 4}, {"LogonType", 9}}};
    struct want w = {.event = (struct want_event *)&ev, .n_event = 1, .until = INT64_MAX};
    struct raw_log l;
    raw_begin(&l);
    logon(&l, true, "2026-03-02T10:00:00Z", 4624, "ann", 3, "a_note_of_more_than_thirty-two_bytes");
    logon(&l, false, "2026-03-02T11:00:00Z", 4624, "ann", 3, "a_note_of_more_than_thirty-two_byteS");
    size_t last = logon(&l, false, "2026-03-02T12:00:00Z", 4624, "ann", 3,
                        "a_note_of_more_than_thirty-two_bytes");
    raw_end(&l);
    struct buf cut = {.n = last + le32((uint8_t *)l.file.p + last + 4)};
    cr_assert((cut.p = malloc(cut.n)) != NULL);
    memcpy(cut.p, l.file.p, cut.n);
    struct heard *h = read_all(&cut, &w);
    cr_assert_eq(count_of(h, FACT_FOLD), 2);
    cr_expect(nth(h, FACT_FOLD, 0)->v[FO_N].i == 2
              && nth(h, FACT_FOLD, 0)->v[FO_LAST_OFF].i == (int64_t)last);
    cr_expect_text(nth(h, FACT_FOLD, 1)->v[FO_KEY],
                   "{\"User\":\"ann\",\"Note\":\"a note of more than thirty-two byteS\",\"LogonType\":3}");
    hush(h), free(cut.p), buf_free(&l.file);
}

/* What tells a failure audit from a success, in records with a template and in those that spell everything
 * out. */
Test(evtx, keywords)
{
    for (int plain = 0; plain < 2; plain++) {
        struct evtx log = {.computer = "PC1", .channel = "Security"};
        struct buf file = {0};
        ev(&log, at("2026-03-02T09:10:00Z"), "Prov", 4724, KEYWORDS(0x8010000000000000), S("a", "b"),
           plain ? PLAIN : S("c", "d"), END);
        evtx_end(&log, &file);
        struct heard *h = read_all(&file, &everything);
        cr_assert_eq(count_of(h, FACT_EVENT), 1);
        cr_expect_eq(nth(h, FACT_EVENT, 0)->v[EV_KEYWORDS].i, (int64_t)0x8010000000000000, "%d", plain);
        hush(h), buf_free(&file);
    }
}

/* The same record in the log and in an export without templates is one event; another time, id or payload is
 * another. */
Test(evtx, identity)
{
    struct raw_log l;
    raw_begin(&l);
    logon(&l, true, "2026-03-02T09:10:00Z", 4624, "ann", 3, "n");
    logon(&l, false, "2026-03-02T09:10:00Z", 4624, "ann", 3, "n");
    raw_end(&l);
    struct heard *a = read_all(&l.file, &everything);
    struct raw_log x;
    raw_begin(&x);
    raw_record(&x, at("2026-03-02T09:10:01Z"),
               "F <Event > <System > <Provider+ @Name \"Prov\" /> <EventID > \"4624\" </ <TimeCreated+ "
               "@SystemTime \"2026-03-02T09:10:00.000000000Z\" /> <EventRecordID > \"1\" </ "
               "<Channel > \"Security\" </ <Computer > \"PC1\" </ </ <EventData > <Data+ @Name \"User\" > "
               "\"ann\" </ <Data+ @Name \"LogonType\" > \"3\" </ <Data+ @Name \"Note\" > \"n\" </ "
               "</ <RenderingInfo > <Message > \"m\" </ </ </ Z");
    raw_end(&x);
    struct heard *b = read_all(&x.file, &everything);
    cr_expect(nth(a, FACT_EVENT, 0)->v[EV_IDENTITY].i == nth(b, FACT_EVENT, 0)->v[EV_IDENTITY].i);
    cr_expect(nth(a, FACT_EVENT, 0)->v[EV_IDENTITY].i != nth(a, FACT_EVENT, 1)->v[EV_IDENTITY].i,
              "another record id");
    cr_expect(b->stats.hints & EVTX_HINT_RENDERED);
    hush(a), hush(b), buf_free(&l.file), buf_free(&x.file);
}

/* More templates than are kept: each record's computer is a literal of its own template, and none is taken
 * for another's when all are dropped. */
Test(evtx, more_templates_than_are_kept)
{
    struct raw_log l;
    enum { RECORDS = 3000 };
    char words[1024];
    raw_begin(&l);
    for (int i = 0; i < RECORDS; i++) {
        snprintf(
            words, sizeof words,
            "F T(%02x F <Event > <System > <Provider+ @Name \"P\" /> <EventID > \"7\" </ <TimeCreated+ "
            "@SystemTime ?0 /> <Channel > \"C\" </ "
            "<Computer > \"PC%d\" </ </ <EventData > <Data+ @Name \"n\" > %%1 </ </ </ Z ) V( 0 s:%d ) Z",
            i & 0xff, i, i);
        raw_record(&l, at("2026-03-02T09:10:00Z"), words);
        if (i % 60 == 59)
            raw_chunk(&l);
    }
    raw_end(&l);
    struct heard *h = read_all(&l.file, &everything);
    cr_assert(h->stats.parsed == RECORDS && count_of(h, FACT_EVENT) == RECORDS
              && count_of(h, FACT_SPAN) == RECORDS && count_of(h, FACT_COUNT) == 1);
    for (size_t i = 0, n = 0; i < h->n; i++) {
        if (h->fact[i].kind != FACT_EVENT)
            continue;
        char computer[32], data[32];
        snprintf(computer, sizeof computer, "PC%zu", n), snprintf(data, sizeof data, "{\"n\":\"%zu\"}", n),
            n++;
        cr_assert(str_eq(h->fact[i].v[EV_COMPUTER].s, str_of(computer))
                      && str_eq(h->fact[i].v[EV_DATA].s, str_of(data)),
                  "%s: %.*s %.*s", computer, STR_ARG(h->fact[i].v[EV_COMPUTER].s),
                  STR_ARG(h->fact[i].v[EV_DATA].s));
    }
    hush(h), buf_free(&l.file);
}

/* A chunk filled to its last byte: the last record counts like any other. */
Test(evtx, full_chunk)
{
    struct evtx log = {.computer = "PC1", .channel = "System"};
    struct buf file = {0};
    ev(&log, at("2026-03-02T09:10:00Z"), "Prov", 101, S("a", "b"), END);
    evtx_fill(&log, at("2026-03-02T09:10:00Z"));
    ev(&log, at("2026-03-02T09:10:00Z"), "Prov", 102, S("a", "b"), END);
    evtx_end(&log, &file);
    struct heard *h = read_all(&file, &everything);
    cr_expect(h->stats.parsed == 3 && h->stats.chunks == 2
              && le32((const uint8_t *)file.p + 4096 + 48) == EVTX_CHUNK);
    cr_expect_str_eq(h->codes.p, "");
    hush(h), buf_free(&file);
}

/* --- Damage */

/* Four records of 456 bytes or so in chunk 1, one in chunk 2; off[]: where they begin. */
static struct raw_log sound;
static size_t off[5];
static void set(size_t where, uint32_t v)
{
    for (size_t i = 0; i < 4; i++)
        sound.file.p[where + i] = (char)(v >> (8 * i));
}

static void make_sound(void)
{
    raw_begin(&sound);
    for (int i = 0; i < 4; i++) {
        const char *rid[] = {"1", "2", "3", "4"};
        char words[2048];
        snprintf(words, sizeof words, RAW_EVENT("7", "%s", "<EventData > <Data > \"x\" </ </ "), rid[i]);
        off[i] = raw_record(&sound, at("2026-03-02T09:10:00Z"), words);
    }
    raw_chunk(&sound);
    off[4] = raw_record(&sound, at("2026-03-02T09:10:00Z"), RAW_EVENT("7", "5", ""));
    raw_end(&sound);
}

enum { C1 = 4096, C2 = 4096 + 65536 };
static void repair(void) { raw_repair(&sound.file); }
static void no_change(void) {}
static void crc_records(void)
{
    sound.file.p[C1 + 52] ^= 1;
    set(C1 + 124, crc32_add(crc32_add(0, sound.file.p + C1, 120), sound.file.p + C1 + 128, 384));
}
static void crc_header(void) { sound.file.p[C1 + 200] = 1; }
static void crc_file(void) { sound.file.p[100] = 1; }
static void no_crc(void) { set(C1 + 120, 4), set(C1 + 52, 7), set(120, 4); }
static void free_zero(void) { set(C1 + 48, 0), repair(); }
static void free_huge(void) { set(C1 + 48, 0x7fffffff), repair(); }
static void free_late(void) { set(C1 + 48, 60000), repair(); }
static void free_early(void) { set(C1 + 48, (uint32_t)(off[2] - C1)), repair(); }
static void size_copy(void) { set(off[2] - 4, 1), repair(); }
static void size_zero(void) { set(off[1] + 4, 0), repair(); }
static void size_28(void) { set(off[1] + 4, 28), repair(); }
static void size_3gb(void) { set(off[1] + 4, 3000000000u), repair(); }
static void size_last(void) { set(off[3] + 4, 40000), repair(); }
static void magic_gone(void) { set(off[1], 0), repair(); }
static void size_wrong(void) { set(off[1] + 4, 4000), repair(); }
static void copy_last(void)
{
    set(off[3] + le32((const uint8_t *)sound.file.p + off[3] + 4) - 4, 1), repair();
}
static void magic_last(void) { sound.file.p[off[3]] ^= 0x40, repair(); }
static void magic_two(void) { sound.file.p[off[1]] ^= 1, sound.file.p[off[2]] ^= 0x40, repair(); }
static void magic_first(void) { sound.file.p[off[0] + 3] = 1, repair(); }
static void copies_two(void) { set(off[2] - 4, 1), set(off[3] - 4, 77), repair(); }
static void sizes_two(void) { set(off[1] + 4, 0x2a2a), set(off[2] + 4, 9), repair(); }
static void two_marks(void) { set(off[1], 0), set(off[2] - 4, 1), repair(); }
static void all_marks(void) { set(off[1], 0), set(off[1] + 4, 5), set(off[2] - 4, 1), repair(); }
/* two records become rubbish from mark to mark: only the chunk's header knows how many there were */
static void two_gone(void) { memset(sound.file.p + off[1], 0x41, off[3] - off[1]), repair(); }
static void two_last_gone(void)
{
    memset(sound.file.p + off[2], 0x41, le32((const uint8_t *)sound.file.p + C1 + 48) - (off[2] - C1)),
        repair();
}
static void two_last_zero(void)
{
    memset(sound.file.p + off[2], 0, le32((const uint8_t *)sound.file.p + C1 + 48) - (off[2] - C1)), repair();
}
/* ... and where its checksum is wrong, the ids of the records before and behind */
static void two_gone_no_header(void) { two_gone(), sound.file.p[C1 + 16] = 99; }
static void numbers_absurd(void) { two_gone(), memset(sound.file.p + C1 + 16, 0xff, 7), repair(); }
static void magic_and_data(void) { sound.file.p[off[1]] ^= 1, sound.file.p[off[1] + 24] = 0x1f, repair(); }
static void chunk_magic_only(void) { sound.file.p[C1 + 3] ^= 8; }
static void xml_gone(void) { sound.file.p[off[1] + 24] = 0x1f, repair(); }
static void chunk_magic(void) { sound.file.p[C1] = 'X', repair(); }
static void chunk_garbage(void) { memset(sound.file.p + C2, 0x55, 65536); }
static void chunk_unused(void) { sound.file.p[42] = 1, repair(), memset(sound.file.p + C2, 0, 65536); }
static void header_gone(void) { sound.file.p[0] = 0; }
static void header_less(void) { sound.file.p[42] = 1, repair(); }
static void header_more(void) { sound.file.p[42] = 9, repair(); }
static void cut_last(void) { sound.file.n = C2 + 2000; }
static void cut_record(void) { sound.file.n = off[4] + 100; }
static void cut_header(void) { sound.file.n = C2 + 100; }
static void carved(void)
{
    memmove(sound.file.p, sound.file.p + 4096, sound.file.n - 4096), sound.file.n -= 4096;
}
static void slack(void)
{
    /* records 3 and 4 become what an older log left: ids of before, free space begins at the third */
    for (int i = 2; i < 4; i++)
        set(off[i] + 8, 100 + (uint32_t)i);
    set(C1 + 16, 2), set(C1 + 32, 2);
    free_early();
}
static void slack_broken(void)
{
    slack();
    for (size_t i = off[0]; i < off[1]; i++) /* the names of the older records lay in the first one */
        if (memcmp(sound.file.p + i, "E\0v\0e\0n\0t\0D\0", 12) == 0)
            sound.file.p[i + 2] = 'w';
    repair();
}

static const struct {
    const char *name;
    void (*damage)(void);
    unsigned seen, parsed, recovered, failed, chunks, bad;
    const char *codes, *kind;
} damages[] = {
    {"sound", no_change, 5, 5, 0, 0, 2, 0, "", "original"},
    {"checksum of records", crc_records, 5, 5, 0, 0, 2, 1, " chunk-crc", "original"},
    {"checksum of a chunk header", crc_header, 5, 5, 0, 0, 2, 1, " chunk-header", "original"},
    {"checksum of the file header", crc_file, 5, 5, 0, 0, 2, 0, " header-crc", "original"},
    {"log without checksums", no_crc, 5, 5, 0, 0, 2, 0, "", "original"},
    {"free space at 0", free_zero, 5, 5, 0, 0, 2, 0, " chunk-free", "original"},
    {"free space far outside", free_huge, 5, 5, 0, 0, 2, 0, " chunk-free", "original"},
    {"free space behind the records", free_late, 5, 5, 0, 0, 2, 0, " chunk-free", "original"},
    {"free space before the last records", free_early, 5, 5, 0, 0, 2, 0, " chunk-free", "original"},
    {"size copy", size_copy, 5, 4, 1, 0, 2, 1, " record-size", "original"},
    {"size 0", size_zero, 5, 4, 1, 0, 2, 1, " record-size", "original"},
    {"size 28", size_28, 5, 4, 1, 0, 2, 1, " record-size", "original"},
    {"size of 3 GB", size_3gb, 5, 4, 1, 0, 2, 1, " record-size", "original"},
    {"size of the last record", size_last, 5, 4, 1, 0, 2, 1, " record-size", "original"},
    {"record magic", magic_gone, 5, 4, 1, 0, 2, 1, " record-magic", "original"},
    {"size of a record, believable", size_wrong, 5, 4, 1, 0, 2, 1, " record-size", "original"},
    {"size copy of the last record", copy_last, 5, 4, 1, 0, 2, 1, " record-size", "original"},
    {"magic of the last record", magic_last, 5, 4, 1, 0, 2, 1, " record-magic", "original"},
    {"magic of the first record", magic_first, 5, 4, 1, 0, 2, 1, " record-magic", "original"},
    {"magic of two that follow each other", magic_two, 5, 3, 2, 0, 2, 1, " record-magic record-magic",
     "original"},
    {"size copies of two", copies_two, 5, 3, 2, 0, 2, 1, " record-size record-size", "original"},
    {"sizes of two", sizes_two, 5, 3, 2, 0, 2, 1, " record-size record-size", "original"},
    {"magic and size copy", two_marks, 5, 4, 0, 1, 2, 1, " record-magic", "original"},
    {"all three marks", all_marks, 5, 4, 0, 1, 2, 1, " record-magic", "original"},
    {"magic and data", magic_and_data, 5, 4, 0, 1, 2, 1, " record-magic", "original"},
    {"two records of rubbish", two_gone, 5, 3, 0, 2, 2, 1, " record-magic records-lost", "original"},
    {"two records of rubbish at the end", two_last_gone, 5, 3, 0, 2, 2, 1, " record-magic records-lost",
     "original"},
    {"two records of zeros at the end", two_last_zero, 5, 3, 0, 2, 2, 1, " chunk-free records-lost",
     "original"},
    {"two records of rubbish, no sound header", two_gone_no_header, 5, 3, 0, 2, 2, 1,
     " chunk-header record-magic", "original"},
    {"a header that counts beyond all", numbers_absurd, 5, 3, 0, 2, 2, 1, " record-magic", "original"},
    {"chunk magic, the rest by its checksum", chunk_magic_only, 5, 5, 0, 0, 2, 1, " chunk-magic", "original"},
    {"binary XML", xml_gone, 5, 4, 0, 1, 2, 0, " record-binxml", "original"},
    {"chunk magic", chunk_magic, 5, 5, 0, 0, 2, 1, " chunk-magic", "original"},
    {"a chunk of rubbish", chunk_garbage, 4, 4, 0, 0, 2, 1, " chunk-magic", "original"},
    {"a chunk never used", chunk_unused, 4, 4, 0, 0, 1, 0, "", "original"},
    {"no file header", header_gone, 5, 5, 0, 0, 2, 0, " file-header", "carved"},
    {"chunks beyond the header's count", header_less, 5, 5, 0, 0, 2, 0, " header-count", "original"},
    {"chunks the file does not have", header_more, 5, 5, 0, 0, 2, 0, " header-count", "original"},
    {"cut behind the last record", cut_last, 5, 5, 0, 0, 2, 1, " partial-chunk", "original"},
    {"cut in the last record", cut_record, 5, 4, 0, 1, 2, 1, " partial-chunk record-size", "original"},
    {"cut in a chunk header", cut_header, 4, 4, 0, 0, 2, 1, " partial-chunk", "original"},
    {"carved, without the file's header", carved, 5, 5, 0, 0, 2, 0, " file-header", "carved"},
    {"older records in slack", slack, 5, 3, 2, 0, 2, 0, " slack-records", "original"},
    {"older records whose names are gone", slack_broken, 3, 3, 0, 0, 2, 0, " slack-records", "original"},
};

Test(evtx, damage)
{
    for (size_t i = 0; i < LEN(damages); i++) {
        make_sound();
        damages[i].damage();
        struct heard *h = read_all(&sound.file, &nothing);
        const struct evtx_stats *s = &h->stats;
        cr_expect(s->seen == damages[i].seen && s->parsed == damages[i].parsed
                      && s->recovered == damages[i].recovered && s->failed == damages[i].failed,
                  "%s: seen %d parsed %d recovered %d failed %d", damages[i].name, (int)s->seen,
                  (int)s->parsed, (int)s->recovered, (int)s->failed);
        cr_expect(s->chunks == damages[i].chunks && s->bad_chunks == damages[i].bad, "%s: %d chunks, %d bad",
                  damages[i].name, (int)s->chunks, (int)s->bad_chunks);
        cr_expect_str_eq(h->codes.p, damages[i].codes, "%s:%s", damages[i].name, h->codes.p);
        cr_expect_str_eq(evtx_log_kind(s), damages[i].kind, "%s: %s", damages[i].name, evtx_log_kind(s));
        hush(h), buf_free(&sound.file);
    }
}

/* A record whose mark is damaged is in use all the same: it is an event, counted, within the span, in its
 * fold, and can be shown. */
Test(evtx, mended_records_count)
{
    static const char *const ways[] = {"magic", "copy", "size"};
    for (size_t way = 0; way < LEN(ways); way++)
        for (size_t victim = 0; victim < 3; victim++) {
            struct raw_log l;
            size_t at_[3];
            raw_begin(&l);
            for (size_t i = 0; i < 3; i++) {
                const char *times[] = {"2026-03-02T09:10:00Z", "2026-03-02T09:11:00Z",
                                       "2026-03-02T09:12:00Z"};
                at_[i] = logon(&l, i == 0, times[i], 4624, "ann", 3, "n");
            }
            raw_end(&l);
            char *p = l.file.p + at_[victim];
            uint32_t size = le32((const uint8_t *)p + 4);
            p[way == 0 ? 1 : way == 1 ? (int)size - 3 : 6] ^= 0x10;
            raw_repair(&l.file);
            struct want_event fold = {
                .provider = STR("Prov"), .id = 4624, .how = WANT_FOLD, .n_key = 1, .key = {STR("User")}};
            struct heard *all = read_all(&l.file, &everything),
                         *folded = read_all(&l.file,
                                            &(struct want){.event = &fold, .n_event = 1, .until = INT64_MAX});
            const struct fact *e = nth(all, FACT_EVENT, victim);
            cr_expect(count_of(all, FACT_EVENT) == 3 && e && e->ref.off == at_[victim]
                          && !e->v[EV_RECOVERED].i && e->v[EV_SIZE].i == size,
                      "%s of record %zu: an event like the others", ways[way], victim);
            cr_expect(all->stats.recovered == 1 && all->stats.parsed == 2
                      && !(all->stats.hints & EVTX_HINT_GAPS));
            const struct fact *span = nth(all, FACT_SPAN, 0);
            cr_expect(span->v[SP_N].i == 3 && span->v[SP_FIRST_TIME].i == at("2026-03-02T09:10:00Z")
                      && span->v[SP_LAST_TIME].i == at("2026-03-02T09:12:00Z"));
            cr_expect(count_of(folded, FACT_FOLD) == 1 && nth(folded, FACT_FOLD, 0)->v[FO_N].i == 3);
            struct buf line = {0};
            struct err err = {0};
            uint32_t n = 0;
            cr_expect(evtx_record(span_buf(&l.file), at_[victim], EVTX_JSONL, &all->scratch, &line, &n, &err)
                              == OK
                          && n == size,
                      "%s of record %zu: shown by its offset: %s", ways[way], victim, err.why);
            buf_char(&line, 0);
            cr_expect(line.p && strstr(line.p, "\"recovered\":true") && strstr(line.p, "\"User\":\"ann\""));
            hush(all), hush(folded), buf_free(&l.file), buf_free(&line);
        }
}

/* What the evidence writer breaks by name: three records and two in a second chunk. */
static const struct {
    const char *name;
    unsigned parsed, failed;
    const char *codes;
} broken[] = {
    {"header-crc", 5, 0, " header-crc"},
    {"header-magic", 5, 0, " file-header"},
    {"dirty", 5, 0, " header-count"},
    {"chunk-count-low", 5, 0, " header-count"},
    {"chunk-count-high", 5, 0, " header-count"},
    {"truncated", 5, 0, " partial-chunk"},
    {"header-only", 0, 0, " file-header"},
    {"chunk-magic", 5, 0, " chunk-magic"},
    {"chunk-crc", 5, 0, " chunk-header"},
    {"records-crc", 5, 0, " chunk-crc"},
    {"free-space-high", 5, 0, " chunk-free"},
    {"free-space-zero", 5, 0, " chunk-free"},
    {"numbers-zero", 5, 0, ""},
    {"slack", 5, 0, " chunk-free"},
    {"record-magic", 4, 0, " record-magic"},
    {"record-size-zero", 4, 0, " record-size"},
    {"record-size-small", 4, 0, " record-size"},
    {"record-size-huge", 4, 0, " record-size"},
    {"record-size-odd", 4, 0, " record-size"},
    {"record-copy", 4, 0, " record-size"},
    {"record-time", 5, 0, " time-insane"},
    {"name-loop", 5, 0, ""},
    {"template-loop", 5, 0, ""},
    {"template-self", 2, 3, " record-binxml record-binxml record-binxml"},
    {"template-offset", 4, 1, " record-binxml"},
    {"template-size", 2, 3, " record-binxml record-binxml record-binxml"},
    {"template-token", 2, 3, " record-binxml record-binxml record-binxml"},
    {"name-offset", 2, 3, " record-binxml record-binxml record-binxml"},
    {"nested-loop", 5, 0, " record-binxml"},
    {"slot-count", 4, 1, " record-binxml"},
    {"value-size", 4, 1, " record-binxml"},
};

Test(evtx, broken_by_name)
{
    for (size_t i = 0; i < LEN(broken); i++) {
        struct evtx log = {.computer = "PC1", .channel = "System"};
        struct buf file = {0};
        for (int k = 0; k < 5; k++) {
            if (k == 3)
                evtx_next_chunk(&log);
            ev(&log, at("2026-03-02T09:10:00Z"), "Prov", 101, LEVEL(2), S("TaskName", "\\Backup"),
               U32("ResultCode", 2147943712), END);
        }
        evtx_end(&log, &file);
        evtx_break(&file, broken[i].name);
        struct heard *h = read_all(&file, &everything);
        cr_expect(h->stats.parsed == broken[i].parsed && h->stats.failed == broken[i].failed,
                  "%s: parsed %d, failed %d", broken[i].name, (int)h->stats.parsed, (int)h->stats.failed);
        cr_expect_str_eq(h->codes.p, broken[i].codes, "%s:%s", broken[i].name, h->codes.p);
        cr_expect(!(h->stats.hints & EVTX_HINT_GAPS), "%s: what is lost is no gap of the log",
                  broken[i].name);
        hush(h), buf_free(&file);
    }
    cr_expect(n_evtx_breakages == LEN(broken), "%zu ways to break a log", n_evtx_breakages);
}

Test(evtx, recovered_records_are_kept_apart)
{
    make_sound();
    slack();
    struct want w = everything;
    struct heard *no = read_all(&sound.file, &w);
    w.recovered = true;
    struct heard *yes = read_all(&sound.file, &w);
    cr_expect(count_of(no, FACT_EVENT) == 3 && count_of(yes, FACT_EVENT) == 5);
    for (size_t i = 0, n = 0; i < yes->n; i++)
        if (yes->fact[i].kind == FACT_EVENT && yes->fact[i].v[EV_RECOVERED].i)
            cr_expect(yes->fact[i].ref.off == off[2 + n++]);
    cr_expect(nth(yes, FACT_COUNT, 0)->v[CO_N].i == 3 && nth(yes, FACT_SPAN, 0)->v[SP_N].i == 3,
              "they count for nothing else");
    hush(no), hush(yes), buf_free(&sound.file);
}

Test(evtx, times_nobody_believes)
{
    struct raw_log l;
    raw_begin(&l);
    logon(&l, true, "2026-03-02T09:10:00Z", 4624, "ann", 3, "n");
    logon(&l, false, "1601-02-03T00:00:00Z", 4624, "ann", 3, "n");
    raw_end(&l);
    struct want_event ev = {
        .provider = STR("Prov"), .id = 4624, .how = WANT_FOLD, .n_key = 1, .key = {STR("User")}};
    struct heard *h = read_all(&l.file, &(struct want){.event = &ev, .n_event = 1, .until = INT64_MAX});
    cr_expect_str_eq(h->codes.p, " time-insane");
    cr_expect(nth(h, FACT_SPAN, 0)->v[SP_FIRST_TIME].i == at("2026-03-02T09:10:00Z")
              && nth(h, FACT_COUNT, 0)->v[CO_FIRST_TIME].i == at("2026-03-02T09:10:00Z"));
    cr_expect(count_of(h, FACT_FOLD) == 1 && nth(h, FACT_FOLD, 0)->v[FO_N].i == 1
                  && count_of(h, FACT_EVENT) == 1,
              "kept, but in no fold");
    cr_expect(nth(h, FACT_EVENT, 0)->v[EV_TIME].i == at("1601-02-03T00:00:00Z"));
    hush(h), buf_free(&l.file);
}

Test(evtx, times_beyond_all_calendars_are_wanted_too)
{
    struct raw_log l;
    raw_begin(&l);
    raw_record(&l, at("2026-03-02T09:10:00Z"),
               "F T(11 F <Event > <System > <Provider+ @Name \"P\" /> <TimeCreated+ @SystemTime %0 /> </ </ "
               "Z ) V( 11:ffffffffffffffff ) Z");
    raw_record(&l, at("2026-03-02T09:10:00Z"), "F T=11 V( 11:0000000000000080 ) Z");
    raw_record(&l, at("2026-03-02T09:10:00Z"), "F T=11 V( 11:00803ed5deb19d01 ) Z");
    raw_end(&l);
    static const struct {
        const char *since, *until;
        size_t n;
    } rows[] = {{NULL, NULL, 3},
                {"1970-01-01", NULL, 3},
                {"1970-01-02", NULL, 2},
                {NULL, "9999-12-31", 1},
                {NULL, "1969-12-31", 0}};
    struct want_event any = {.provider = STR("p"), .any_id = true, .how = WANT_KEEP};
    for (size_t i = 0; i < 2 * LEN(rows); i++) {
        const char *since = rows[i / 2].since, *until = rows[i / 2].until;
        struct want w = {.event = &any,
                         .n_event = i % 2,
                         .all_events = i % 2 == 0,
                         .since = since ? at(since) : 0,
                         .until = until ? at(until) : INT64_MAX};
        struct heard *h = read_all(&l.file, &w);
        cr_expect(count_of(h, FACT_EVENT) == rows[i / 2].n, "row %zu: %zu events", i,
                  count_of(h, FACT_EVENT));
        hush(h);
    }
    buf_free(&l.file);
}

Test(evtx, parts_add_up)
{
    struct raw_log l;
    raw_begin(&l);
    for (int c = 0; c < 5; c++) {
        for (int i = 0; i < 3 + c; i++)
            logon(&l, i == 0, "2026-03-02T09:10:00Z", 4624, "ann", 3, "n");
        raw_chunk(&l);
    }
    raw_end(&l);
    struct heard *whole = read_all(&l.file, &everything), *parts = listen();
    struct err e = {0};
    for (uint32_t first = 0; first < evtx_slots(l.file.n); first += 2)
        cr_assert(read_part(parts, &l.file, &everything, first, 2, &e) == OK);
    cr_expect(evtx_slots(l.file.n) == 5 && whole->stats.seen == 25 && parts->stats.seen == 25
              && parts->stats.chunks == 5);
    cr_expect(parts->stats.hints == whole->stats.hints);
    for (size_t i = 0; i < 25; i++)
        cr_expect(nth(whole, FACT_EVENT, i)->v[EV_IDENTITY].i == nth(parts, FACT_EVENT, i)->v[EV_IDENTITY].i);
    cr_expect(read_part(parts, &l.file, &everything, 5, 100, &e) == OK && parts->stats.seen == 25,
              "slots behind the end are nothing");
    hush(whole), hush(parts), buf_free(&l.file);
}

/* Of a log that still arrives a part says what it says when all is there; and nothing while a byte of it
 * lacks. */
Test(evtx, a_part_that_has_arrived)
{
    struct raw_log l;
    raw_begin(&l);
    for (int c = 0; c < 6; c++) {
        for (int i = 0; i < 3 + c; i++)
            logon(&l, i == 0, "2026-03-02T09:10:00Z", 4624, "ann", 3, "n");
        raw_chunk(&l);
    }
    raw_end(&l);
    for (uint32_t first = 0; first < 6; first += 2) {
        struct heard *all = listen(), *front = listen(), *less = listen();
        struct err e = {0};
        size_t n = EVTX_HEADER + (first + 2) * EVTX_CHUNK;
        struct buf wire[2] = {{0}, {0}};
        cr_assert_eq(read_part(all, &l.file, &everything, first, 2, &e), OK);
        cr_expect_eq(evtx_read_front(span_of(l.file.p, n, 0), l.file.n, first, 2, &everything,
                                     &front->scratch, keep_fact, front, &front->stats, &e),
                     OK, "%s", e.why);
        cr_expect(memcmp(&all->stats, &front->stats, sizeof all->stats) == 0 && all->n == front->n
                  && all->n > 6);
        for (size_t i = 0; i < all->n && i < front->n; i++)
            fact_put(&wire[0], &all->fact[i]), fact_put(&wire[1], &front->fact[i]);
        cr_expect(wire[0].n == wire[1].n && memcmp(wire[0].p, wire[1].p, wire[0].n) == 0);
        enum status st = evtx_read_front(span_of(l.file.p, n - 1, 0), l.file.n, first, 2, &everything,
                                         &less->scratch, keep_fact, less, &less->stats, &e);
        cr_expect(st == (n - 1 < l.file.n ? E_TRUNC : OK) && !less->n, "slot %u: %d", first, (int)st);
        buf_free(&wire[0]), buf_free(&wire[1]);
        hush(all), hush(front), hush(less);
    }
    buf_free(&l.file);
}

Test(evtx, slots)
{
    static const struct {
        uint64_t bytes;
        uint32_t want;
    } rows[] = {{0, 0},     {4096, 0},     {4097, 1}, {4096 + 65536, 1}, {4096 + 65536 + 1, 2},
                {65536, 1}, {2 * 65536, 2}};
    for (size_t i = 0; i < LEN(rows); i++)
        cr_expect(evtx_slots(rows[i].bytes) == rows[i].want, "%d bytes: %u", (int)rows[i].bytes,
                  evtx_slots(rows[i].bytes));
}

Test(evtx, a_full_sink_stops_the_walk)
{
    make_sound();
    for (size_t n = 0; n < 8; n++) {
        struct heard *h = listen();
        struct err e = {0};
        h->stop_after = n + 1;
        enum status st = read_part(h, &sound.file, &everything, 0, 2, &e);
        cr_expect(h->n == (n < 6 ? n + 1 : 7) && st == (n < 6 ? E_STOP : OK), "after %zu: %d, %zu facts",
                  n + 1, st, h->n);
        hush(h);
    }
    buf_free(&sound.file);
}

Test(evtx, anomalies_are_listed_up_to_a_limit)
{
    struct raw_log l;
    raw_begin(&l);
    for (int c = 0; c < 10; c++) {
        for (int i = 0; i < 120; i++)
            logon(&l, i == 0, "1700-01-01T00:00:00Z", 4624, "a", 3, "n");
        raw_chunk(&l);
    }
    raw_end(&l);
    struct heard *h = read_all(&l.file, &nothing);
    cr_expect(count_of(h, FACT_ANOMALY) == LIM_ANOMALIES + 1, "%zu", count_of(h, FACT_ANOMALY));
    cr_expect_text(nth(h, FACT_ANOMALY, LIM_ANOMALIES)->v[AN_CODE], "anomalies-limit");
    cr_expect_text(nth(h, FACT_ANOMALY, LIM_ANOMALIES)->v[AN_DETAIL],
                   "1200 in all, the first 1000 are listed");
    hush(h), buf_free(&l.file);
}

/* --- Text */

#define LINE_1                                                                                              \
    "{\"record_id\":1,\"time\":\"2026-03-02T09:10:00.0000000Z\",\"provider\":\"Prov\",\"guid\":null,"       \
    "\"event_id\":4624,\"qualifiers\":null,\"version\":null,\"level\":0,"                                   \
    "\"task\":null,\"opcode\":null,\"keywords\":null,\"activity_id\":null,\"related_activity_id\":null,"    \
    "\"pid\":null,\"tid\":null,\"channel\":\"Security\","                                                   \
    "\"computer\":\"PC1\",\"sid\":\"S-1-5-18\",\"offset\":4608,\"data\":{\"User\":\"ann\",\"LogonType\":3," \
    "\"Note\":\"n\"}}\n"
#define XML_1                                                                                        \
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider "        \
    "Name='Prov'/><EventID>4624</EventID><Level>0</Level>"                                           \
    "<TimeCreated "                                                                                  \
    "SystemTime='2026-03-02T09:10:00.0000000Z'/><EventRecordID>1</EventRecordID><Channel>Security</" \
    "Channel><Computer>PC1</Computer>"                                                               \
    "<Security UserID='S-1-5-18'/></System><EventData><Data Name='User'>ann</Data><Data "            \
    "Name='LogonType'>3</Data><Data Name='Note'>n</Data></EventData></Event>\n"

static struct heard *dump(const struct buf *file, const struct want *want, enum evtx_format format)
{
    struct heard *h = listen();
    struct err e = {0};
    cr_assert(evtx_dump(span_buf(file), 0, evtx_slots(file->n), want, format, &h->scratch, NULL, keep_text, h,
                        &h->stats, &e)
              == OK);
    buf_char(&h->text, 0);
    return h;
}

Test(evtx, numbers_of_64_bits)
{
    struct raw_log l;
    raw_begin(&l);
    raw_record(&l, at("2026-03-02T09:10:00Z"),
               "F T(11 F <Event > <System > <EventRecordID > %0 </ <Execution+ @ProcessID %1 @KernelTime %0 "
               "@UserTime %2 /> </ </ Z ) "
               "V( 0a:ffffffffffffffff 10:0000000000000080 09:feffffffffffffff ) Z");
    raw_end(&l);
    struct heard *h = dump(&l.file, &everything, EVTX_JSONL);
    cr_expect(strstr(h->text.p, "{\"record_id\":18446744073709551615,")
                  && strstr(h->text.p, "\"pid\":9223372036854775808,")
                  && strstr(h->text.p, "\"kernel_time\":18446744073709551615,\"user_time\":-2,"),
              "%s", h->text.p);
    hush(h), buf_free(&l.file);
}

Test(evtx, text)
{
    struct raw_log l;
    raw_begin(&l);
    logon(&l, true, "2026-03-02T09:10:00Z", 4624, "ann", 3, "n");
    size_t second = logon(&l, false, "2026-03-02T09:11:00Z", 4625, "bob", 3, "n");
    raw_end(&l);
    struct want_event ev = {.provider = STR("Prov"), .id = 4624, .how = WANT_FOLD};
    struct want only = {.event = &ev, .n_event = 1, .until = INT64_MAX},
                early = {.until = at("2026-03-02T09:10:30Z")};
    static const struct {
        const char *name;
        enum evtx_format format;
        const char *text;
    } rows[] = {{"jsonl", EVTX_JSONL, LINE_1}, {"xml", EVTX_XML, XML_1}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct heard *by_id = dump(&l.file, &only, rows[i].format),
                     *by_time = dump(&l.file, &early, rows[i].format),
                     *all = dump(&l.file, &nothing, rows[i].format);
        cr_expect_str_eq(by_id->text.p, rows[i].text, "%s: %s", rows[i].name, by_id->text.p);
        cr_expect_str_eq(by_time->text.p, rows[i].text, "%s: %s", rows[i].name, by_time->text.p);
        cr_expect(all->stats.parsed == 2 && str_starts_ci(str_of(all->text.p), str_of(rows[i].text))
                      && strlen(all->text.p) == 2 * strlen(rows[i].text),
                  "%s", all->text.p);
        struct buf one = {0};
        struct err e = {0};
        uint32_t size = 0;
        cr_assert(evtx_record(span_buf(&l.file), 4608, rows[i].format, &all->scratch, &one, &size, &e) == OK);
        cr_expect(one.n + 1 == strlen(rows[i].text) && memcmp(one.p, rows[i].text, one.n) == 0
                      && size == second - 4608,
                  "%s alone: %.*s", rows[i].name, (int)one.n, one.p);
        buf_free(&one), hush(by_id), hush(by_time), hush(all);
    }
    buf_free(&l.file);
}

Test(evtx, record_that_is_none)
{
    make_sound();
    struct heard *h = listen();
    const uint64_t none[] = {
        0, 4095, 4096, 4607, off[0] + 1, off[1] - 8, off[4] + 4, sound.file.n - 1, sound.file.n, UINT64_MAX};
    for (size_t i = 0; i < LEN(none); i++) {
        struct err e = {0};
        struct buf out = {0};
        uint32_t size = 7;
        cr_expect(evtx_record(span_buf(&sound.file), none[i], EVTX_JSONL, &h->scratch, &out, &size, &e)
                      == E_FORMAT,
                  "offset %llu", (unsigned long long)none[i]);
        cr_expect(out.n == 0);
        buf_free(&out);
    }
    hush(h), buf_free(&sound.file);
}

Test(evtx, nothing_to_read)
{
    static const struct {
        const char *name, *bytes;
        size_t n;
        unsigned anomalies;
    } rows[] = {{"empty", "", 0, 1},
                {"a byte", "E", 1, 1},
                {"magic", "ElfFile", 8, 1},
                {"chunk magic", "ElfChnk", 8, 2}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf b = {0};
        buf_put(&b, rows[i].bytes, rows[i].n);
        struct heard *h = listen();
        struct err e = {0};
        cr_expect(read_part(h, &b, &everything, 0, 1, &e) == OK && h->stats.seen == 0
                      && count_of(h, FACT_ANOMALY) == rows[i].anomalies,
                  "%s:%.*s", rows[i].name, (int)h->codes.n, h->codes.p);
        hush(h), buf_free(&b);
    }
}

/* --- Anything at all */

static uint64_t dice;
static uint32_t roll(uint32_t sides)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice >> 33) % sides;
}

static void mutate_some(struct buf *b, size_t from, size_t to)
{
    static const uint8_t telling[] = {0,    1,    2,    4,    5,    6,    0x0c, 0x0d,
                                      0x0e, 0x0f, 0x21, 0x41, 0x7f, 0x80, 0x81, 0xff};
    for (uint32_t n = 1 + roll(6); n; n--) {
        size_t where = from + roll((uint32_t)(to - from));
        switch (roll(4)) {
        case 0: b->p[where] = (char)roll(256); break;
        case 1: b->p[where] = (char)telling[roll(LEN(telling))]; break;
        case 2: b->p[where] = (char)(b->p[where] ^ 1 << roll(8)); break;
        default: memmove(b->p + where, b->p + from + roll((uint32_t)(to - from)), roll(16)); break;
        }
    }
}

/* A log of one chunk, cut behind its records (less to look at), and every kind of token in it. */
static struct buf small_log(void)
{
    struct raw_log l;
    raw_begin(&l);
    for (int i = 0; i < 4; i++)
        logon(&l, i == 0, "2026-03-02T09:10:00Z", 4624, "ann", 3, "n");
    raw_record(&l, at("2026-03-02T09:10:00Z"),
               RAW_EVENT("7", "5", "<UserData > <X > <a+ @b \"c\" > \"x\" &amp #66 [d] </ </ </ "));
    raw_record(&l, 0,
               "F T=11 V( s:Prov 06:0700 04:00 0 0a:0500000000000000 s:C 0 {F T(33 F <EventData > <Data > ?0 "
               "</ <Binary > ?1 </ <Data+ @Name \"t\" > %2 </ </ Z ) "
               "V( 81:610000006200 0e:0aff 12:ea0703000100020009000a0000000700 ) Z } ) Z");
    size_t end = l.chunk + l.at + 64;
    raw_end(&l);
    l.file.n = end;
    return l.file;
}

/* Hundreds of broken logs: each is read and dumped; none may crash, hang or lose count (run under the
 * sanitizers). */
Test(evtx, mutated_logs)
{
    struct heard *h = listen();
    struct buf whole = small_log(), b = {0};
    struct want_event ev = {.provider = STR("Prov"),
                            .id = 4624,
                            .how = WANT_FOLD,
                            .n_key = 1,
                            .key = {STR("User")},
                            .keep_field = STR("LogonType"),
                            .n_keep = 1,
                            .keep = {2}};
    struct want fold = {.event = &ev, .n_event = 1, .until = INT64_MAX}, all = everything;
    all.recovered = true;
    dice = 20260302;
    for (int round = 0; round < 300; round++) {
        struct err e = {0};
        struct evtx_stats stats = {0};
        b.n = 0;
        buf_put(&b, whole.p, whole.n);
        mutate_some(&b, round % 4 ? 4608 : 0, b.n);
        h->n = 0, h->codes.n = 0, h->text.n = 0, h->stats = stats, h->mem.at = h->mem.base;
        cr_assert(read_part(h, &b, round % 3 ? &all : &fold, 0, 1, &e) == OK, "round %d: %s %s", round,
                  e.what, e.why);
        cr_assert(h->stats.seen == h->stats.parsed + h->stats.recovered + h->stats.failed, "round %d", round);
        cr_assert(evtx_dump(span_buf(&b), 0, 1, &all, round & 1 ? EVTX_XML : EVTX_JSONL, &h->scratch, NULL,
                            keep_text, h, &stats, &e)
                      == OK,
                  "round %d: %s %s", round, e.what, e.why);
        cr_assert(h->text.n < 4 << 20, "round %d", round);
    }
    buf_free(&b), buf_free(&whole), hush(h);
}

/* Thousands of broken chunks through one cache of templates, record by record, in every lane; what both lanes
 * read they read alike. */
Test(evtx, mutated_chunks)
{
    struct heard *h = listen();
    struct buf whole = small_log(), b = {0}, any = {0}, general = {0};
    struct bx *bx = bx_new(&h->scratch);
    struct bx_event *ev = calloc(1, sizeof *ev);
    const struct str names[] = {{"User", 4}, {"param2", 6}};
    cr_assert(bx && ev);
    dice = 4624;
    for (int round = 0; round < 4000; round++) {
        b.n = 0;
        buf_put(&b, whole.p + 4096, whole.n - 4096);
        mutate_some(&b, 512, b.n);
        bx_chunk(bx, (const uint8_t *)b.p, b.n);
        for (size_t rec = 512; rec + 28 <= b.n; rec += 8) {
            const uint8_t *p = (const uint8_t *)b.p + rec;
            struct bx_val v[2];
            if (le32(p) != 0x2a2a || le32(p + 4) < 28 || le32(p + 4) > b.n - rec)
                continue;
            size_t n = le32(p + 4) - 28;
            any.n = general.n = 0;
            bool a = bx_open(bx, rec + 24, n, BX_ANY_LANE, ev) && bx_named(bx, ev, names, names, 2, v)
                     && bx_data_json(bx, ev, &any, NULL);
            bool c = bx_open(bx, rec + 24, n, BX_GENERAL_LANE, ev) && bx_data_json(bx, ev, &general, NULL);
            if (a && c)
                cr_assert(str_eq(buf_view(&any), buf_view(&general)), "round %d: %.*s and %.*s", round,
                          STR_ARG(buf_view(&any)), STR_ARG(buf_view(&general)));
            any.n = general.n = 0;
            a = bx_open(bx, rec + 24, n, BX_STRICT, ev) && bx_event_xml(bx, ev, &any);
            c = bx_open(bx, rec + 24, n, BX_GENERAL_LANE, ev) && bx_event_xml(bx, ev, &general);
            if (a && c)
                cr_assert(str_eq(buf_view(&any), buf_view(&general)), "round %d: %.*s and %.*s", round,
                          STR_ARG(buf_view(&any)), STR_ARG(buf_view(&general)));
        }
    }
    bx_free(bx), free(ev);
    buf_free(&b), buf_free(&any), buf_free(&general), buf_free(&whole), hush(h);
}
