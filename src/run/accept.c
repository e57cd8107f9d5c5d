#include "run/accept.h"
#include "parsers/evtx/evtx.h"

/* Facts of one job at most: an honest hive gives some ten thousand, 32 MiB of log a quarter of that. */
enum { TOLD_MOST = 2 << 20 };

static uint64_t all_bytes(const struct job *j)
{
    uint64_t n = 0;
    for (size_t i = 0; i < j->order.n_files; i++)
        n += j->order.bytes[i];
    return n;
}

/* May bytes of the file at off be this job's to speak of? Parts of a log keep to their slots; in carved data
 * the first one may begin anywhere in the first 64 KiB. Damage may be what is missing at the end. */
static bool is_place(const struct evidence *ev, const struct job *j, const struct fact *f, uint64_t off)
{
    uint64_t from = 0, to = j->order.bytes[f->ref.file];
    if (f->kind == FACT_ANOMALY) /* a hive may speak of pages that are in no file */
        return off <= to || j->order.op == JOB_HIVE;
    if (j->order.op == JOB_SCAN) {
        bool carved = ev->file[j->file[0]].is.kind != KIND_EVTX;
        uint64_t end;
        from = (carved ? 0 : EVTX_HEADER) + (uint64_t)j->order.first * EVTX_CHUNK;
        end = (carved ? EVTX_CHUNK : EVTX_HEADER) + ((uint64_t)j->order.first + j->order.count) * EVTX_CHUNK;
        to = to < end ? to : end;
    }
    return off >= from && off < to;
}

static enum status refuse_value(const struct fact *f, size_t col, struct err *e)
{
    return err_set(e, E_FORMAT, f->ref.off, "worker frame", "%s of %s is %lld",
                   fact_descs[f->kind].col[col].name, fact_descs[f->kind].table, (long long)f->v[col].i);
}

enum status accept_alone(const struct evidence *ev, const struct job *j, struct span body, struct fact *f,
                         struct err *e)
{
    enum status st = fact_get(body, f, e);
    if (st != OK)
        return st;
    const struct fact_desc *d = &fact_descs[f->kind];
    if (!(d->from & job_says((enum job_op)j->order.op)))
        return err_set(e, E_FORMAT, ERR_NO_OFF, "worker frame", "a %s is not this job's to say", d->table);
    if (f->ref.file >= j->order.n_files)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "worker frame", "file %u of %u", f->ref.file,
                       j->order.n_files);
    if (!is_place(ev, j, f, f->ref.off))
        return err_set(e, E_FORMAT, f->ref.off, "worker frame", "a %s outside of what was read", d->table);
    for (size_t i = 0; i < d->n; i++) {
        bool count = d->col[i].class == CLASS_COUNT, place = d->col[i].class == CLASS_PLACE;
        if (f->v[i].null)
            continue;
        if ((count && (f->v[i].i < 0 || (uint64_t)f->v[i].i > all_bytes(j)))
            || (place && !is_place(ev, j, f, (uint64_t)f->v[i].i)))
            return refuse_value(f, i, e);
    }
    return OK;
}

/* Damage may be told several times of one place; of all else a place holds one, or one of a name. */
static uint64_t place_hash(const struct fact *f)
{
    uint64_t hash = ((uint64_t)f->kind << 56 | (uint64_t)f->ref.file << 48) ^ f->ref.off;
    for (size_t i = 0; i < fact_descs[f->kind].n; i++)
        if (fact_descs[f->kind].col[i].class == CLASS_WHICH && f->v[i].s.p)
            hash = (hash ^ str_hash(f->v[i].s)) * 0x100000001b3u;
    return hash;
}

enum status accept_fact(struct accept *a, const struct evidence *ev, const struct job *j, struct span body,
                        struct fact *f, struct err *e)
{
    enum status st = accept_alone(ev, j, body, f, e);
    if (st != OK || f->kind == FACT_ANOMALY)
        return st;
    if (a->job != j)
        lookup_clear(&a->told), a->job = j;
    uint64_t hash = place_hash(f);
    if (lookup_has(&a->told, hash))
        return err_set(e, E_FORMAT, f->ref.off, "worker frame", "a second %s of one place",
                       fact_descs[f->kind].table);
    if (a->told.n >= TOLD_MOST)
        return err_set(e, E_FORMAT, f->ref.off, "worker frame", "more facts than a file holds");
    return lookup_put(&a->told, hash, 0) ? OK : err_set(e, E_NOMEM, ERR_NO_OFF, "facts", "out of memory");
}

enum status accept_done(const struct job *j, struct span body, struct done *d, struct err *e)
{
    enum status st = done_get(body, d, e);
    const uint64_t of[] = {d->seen, d->parsed, d->recovered, d->failed, d->chunks}, most = all_bytes(j);
    for (size_t i = 0; i < LEN(of) && st == OK; i++)
        if (of[i] > most)
            st = err_set(e, E_FORMAT, ERR_NO_OFF, "done frame", "%llu records in %llu bytes",
                         (unsigned long long)of[i], (unsigned long long)most);
    if (st == OK && (d->what.n > LIM_FACT_NAME || d->why.n > LIM_FACT_NAME))
        st = err_set(e, E_FORMAT, ERR_NO_OFF, "done frame", "a reason of %zu bytes", d->what.n + d->why.n);
    return st;
}

void accept_free(struct accept *a)
{
    lookup_free(&a->told);
    *a = (struct accept){0};
}
