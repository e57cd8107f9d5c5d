#include "reports/model.h"
#include "base/grow.h"
#include "base/wintime.h"
#include <stdlib.h>
#include <string.h>

#define CLAIM "Nothing is claimed beyond what the evidence shows."
const struct outcome_words outcome_words[TOLD_OUTCOMES] = {
    [OUT_UNEXPLAINED] =
        {"Logons failed on %s, and no cause that could be asked explains them.",
         "Every cause that was checked is ruled out or has nothing to say about these failures. "
         "They are listed with their codes under Facts. Causes without a rule were not asked.",
         W_UNDETERMINED, CLAIM},
    [OUT_UNDECIDED] = {"Logons failed on %s; the evidence that decides why is missing.",
                       "Nothing read so far confirms or excludes the causes that remain. Collecting what is "
                       "named here decides them.",
                       W_UNDETERMINED, CLAIM},
    [OUT_EXPLAINED] = {"A cause was found on %s.", "", W_CONFIRMED, CLAIM},
    [OUT_LATENT] =
        {"Nothing failed on %s for want of a logon session, but a cause of such failures is in place.", "",
         W_LATENT, CLAIM},
    [OUT_NOT_COVERED] =
        {"No failure is known on %s, but not every kind could have been seen.",
         "What was read shows none. Collect what is named here before calling it healthy.", W_UNDETERMINED,
         "Silence counts kind by kind: only where the log that records such failures was read, "
         "over the time it covers. Of the kinds not covered nothing is known."},
    [OUT_CLEAR] = {"Nothing failed on %s for want of a logon session.",
                   "For every kind of failure the log that records it was read and shows none.", "good",
                   "A failure inside the time covered would have been recorded in the logs that were read. "
                   "Nothing is said about other times."},
};

bool list_room(struct list *l, size_t size, struct arena *a)
{
    void *row = arena_grow(a, l->row, size, l->n, &l->cap);
    l->row = row ? row : l->row;
    return row != NULL;
}

int64_t id_offset(struct str id)
{
    struct str file = str_cut(&id, ':');
    int64_t off;
    return file.n && str_i64(id, &off) ? off : NONE;
}

/* Evidence ids in the order of the bytes they name: file, then offset; whatever else stands there sorts as
 * text. */
static int id_cmp(struct str a, struct str b)
{
    int64_t x[2] = {0}, y[2] = {0};
    for (size_t side = 0; side < 2; side++) {
        struct str id = side ? b : a, file = id;
        int64_t *out = side ? y : x;
        file.n = file.n && file.p[0] == 'f' ? (file.p++, file.n - 1) : 0;
        file = str_cut(&file, ':');
        if (!str_i64(file, &out[0]))
            out[0] = NONE;
        out[1] = id_offset(id);
    }
    return x[0] != y[0] ? (x[0] < y[0] ? -1 : 1) : x[1] != y[1] ? (x[1] < y[1] ? -1 : 1) : str_cmp(a, b);
}

int order_ids(const void *a, const void *b)
{
    return id_cmp((*(const struct r_citation *const *)a)->id, (*(const struct r_citation *const *)b)->id);
}

bool is_cited(const struct report *r, struct str id)
{
    struct r_citation key = {.id = id};
    const struct r_citation *k = &key;
    return r->cited.n && bsearch(&k, r->cited.row, r->cited.n, sizeof k, order_ids);
}

int64_t count_anomalies(const struct report *r, const struct r_evidence *e)
{
    return e->anomaly.n ? ((const struct r_anomaly *)r->anomaly.row)[e->anomaly.at].total : 0;
}

size_t count_cites(const struct report *r, const struct r_finding *f, size_t from, size_t to)
{
    const struct r_citation *c = r->citation.row;
    size_t n = 0;
    for (size_t role = from; role < to; role++)
        for (size_t i = 0; i < f->cite[role].n; i++)
            n += c[f->cite[role].at + i].again != 1;
    return n;
}

const struct r_citation *first_cite(const struct report *r, const struct r_finding *f, size_t role)
{
    return f->cite[role].n ? (const struct r_citation *)r->citation.row + f->cite[role].at : NULL;
}

struct window log_window(const struct report *r, const struct r_host *host)
{
    const struct r_coverage *c = (const struct r_coverage *)r->coverage.row + host->coverage.at;
    struct window w = {NONE, NONE};
    for (size_t i = 0; i < host->coverage.n; i++)
        if (c[i].channel == 1 && wintime_sane(c[i].from_time) && wintime_sane(c[i].to_time)) {
            w.from = w.from == NONE || c[i].from_time < w.from ? c[i].from_time : w.from;
            w.to = w.to == NONE || c[i].to_time > w.to ? c[i].to_time : w.to;
        }
    return w;
}

bool is_wanted(const struct report *r, const struct r_coverage *c)
{
    const struct r_collect *k = r->collect.row;
    for (size_t i = 0; i < r->collect.n; i++)
        if (str_eq(k[i].artifact, c->artifact) && str_eq(k[i].host, c->host))
            return true;
    return c->core > 0;
}

static size_t lines_of(struct str list)
{
    size_t n = 0;
    for (; list.n; n++)
        str_cut(&list, '\n');
    return n;
}

/* "A, B and 3 more" */
static void name_some(struct buf *out, struct str list)
{
    enum { SOME = 4 };
    size_t n = lines_of(list), shown = n > SOME ? SOME - 1 : n;
    for (size_t i = 0; i < shown; i++)
        buf_z(out, !i ? "" : i + 1 == n ? " and " : ", "), buf_str(out, str_cut(&list, '\n'));
    if (n > shown)
        buf_printf(out, " and %zu more", n - shown);
}

void next_words(struct buf *out, const struct r_next *x)
{
    bool alone = lines_of(x->decides) == 1;
    if (x->leaves.n) {
        buf_z(out, "it separates "), name_some(out, x->decides), buf_z(out, " from "),
            name_some(out, x->leaves);
    } else {
        buf_z(out, alone ? "it decides " : "it decides between "), name_some(out, x->decides);
    }
}

int64_t count_unasked(const struct report *r, const struct r_host *host)
{
    return host->unasked.n ? ((const struct r_unasked *)r->unasked.row)[host->unasked.at].total : 0;
}

void unasked_words(struct buf *out, const struct r_unasked *x) { name_some(out, x->causes); }

bool is_quiet(const struct r_host *host) { return host->judged >= OUT_LATENT; }

const char *kind_words(struct str kind)
{
    static const struct {
        const char *id, *words;
    } table[] = {{"task", "tasks"}, {"service", "services"}, {"share", "shares"},
                 {"bits", "BITS"},  {"logon", "logons"},     {"application", "applications"}};
    size_t i = 0;
    while (i < LEN(table) - 1 && !str_eq(kind, str_of(table[i].id)))
        i++;
    return table[i].words;
}

const struct outcome_words *outcome_in_words(const struct r_host *host)
{
    return &outcome_words[host->undecided ? OUT_UNDECIDED : host->judged];
}

const struct r_finding *headline(const struct report *r, const struct r_host *host)
{
    const struct r_finding *f = host->top ? (const struct r_finding *)r->finding.row + host->top->at : NULL;
    bool wanted = f && (host->judged == OUT_LATENT || f->verdict < V_LATENT);
    return wanted ? f : NULL;
}

size_t full_cards(const struct report *r) { return is_many(r) ? SHOW_CARDS * 3 / 10 : SHOW_CARDS; }

size_t show_cites(const struct report *r) { return is_many(r) ? SHOW_CITES / 2 : SHOW_CITES; }

bool is_many(const struct report *r) { return r->host.n > 3; }

const struct r_finding *card_finding(const struct report *r, const struct r_card *c)
{
    const struct r_group *const *order = r->order.row;
    return (const struct r_finding *)r->finding.row + order[c->at]->at;
}

bool few_words(const struct report *r, const struct r_host *host)
{
    return is_many(r) && (host->judged == OUT_NOT_COVERED || host->judged == OUT_CLEAR);
}

const struct r_host *find_host(const struct report *r, struct str name)
{
    const struct r_host *h = r->host.row;
    for (size_t i = 0; i < r->host.n; i++)
        if (str_eq(h[i].host, name))
            return h + i;
    return NULL;
}
