#include "run/unpacker.h"
#include "base/hash.h"
#include "base/limits.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include "run/frame.h"
#include "run/worker.h"

/* --- wire format */

static void put_text(struct buf *out, struct str s) { buf_u32(out, (uint32_t)s.n), buf_str(out, s); }

static struct str take_text(struct span *in)
{
    struct span s = span_take(in, span_u32(in));
    return (struct str){s.p ? (const char *)s.p : "", s.n};
}

static enum status malformed(struct err *e, const char *what)
{
    return err_set(e, E_FORMAT, ERR_NO_OFF, what, "malformed");
}

void unpack_setup_put(struct buf *out, const struct unpack_setup *s)
{
    buf_u64le(out, s->memory), buf_u64le(out, s->file_bytes), buf_u32(out, (uint32_t)s->n_password);
    for (size_t i = 0; i < s->n_password; i++)
        put_text(out, s->password[i]);
}

enum status unpack_setup_get(struct span in, struct arena *a, struct unpack_setup *s, struct err *e)
{
    *s = (struct unpack_setup){.memory = span_u64(&in)};
    s->file_bytes = span_u64(&in), s->n_password = span_u32(&in);
    if (in.bad || s->n_password > LIM_PASSWORDS)
        return malformed(e, "setup frame");
    s->password = arena_alloc(a, sizeof *s->password, s->n_password ? s->n_password : 1);
    for (size_t i = 0; s->password && i < s->n_password; i++)
        if (!(s->password[i] = arena_str(a, take_text(&in))).p)
            return err_set(e, E_NOMEM, ERR_NO_OFF, "setup frame", "out of memory");
    return s->password && !in.bad && !in.n ? OK : malformed(e, "setup frame");
}

void unpack_job_put(struct buf *out, const struct unpack_job *j)
{
    const uint64_t n[] = {j->at,      j->bytes,  j->from[0], j->end[0],
                          j->from[1], j->end[1], j->most,    j->member_most};
    for (size_t i = 0; i < LEN(n); i++)
        buf_u64le(out, n[i]);
    buf_u32(out, j->only), put_text(out, j->name);
}

enum status unpack_job_get(struct span in, struct unpack_job *j, struct err *e)
{
    uint64_t n[8];
    for (size_t i = 0; i < LEN(n); i++)
        n[i] = span_u64(&in);
    *j = (struct unpack_job){n[0], n[1], {n[2], n[4]}, {n[3], n[5]}, n[6], n[7], 0, {0}};
    j->only = span_u32(&in), j->name = take_text(&in);
    bool room = j->from[0] <= j->end[0] && j->from[1] <= j->end[1] && j->end[0] <= INT64_MAX
                && j->end[1] <= INT64_MAX;
    bool aligned = j->at % SPOOL_ALIGN == 0 && j->from[0] % SPOOL_ALIGN == 0 && j->from[1] % SPOOL_ALIGN == 0;
    return in.bad || in.n || !room || !aligned ? malformed(e, "job frame") : OK;
}

void unpacked_put(struct buf *out, const struct unpacked *u)
{
    const struct member *m = &u->m;
    buf_char(out, (char)m->state), buf_char(out, (char)u->spool), buf_char(out, m->climbs),
        buf_u32(out, m->ordinal);
    buf_u64le(out, u->at), buf_u64le(out, m->bytes), buf_u64le(out, m->head), put_text(out, m->name),
        put_text(out, m->why);
    sniffed_put(out, &m->is);
}

enum status unpacked_get(struct span in, struct unpacked *u, struct str *format, struct err *e)
{
    *u = (struct unpacked){0};
    struct member *m = &u->m;
    unsigned state = span_u8(&in), climbs;
    u->spool = span_u8(&in), climbs = span_u8(&in), m->ordinal = span_u32(&in);
    u->at = span_u64(&in), m->bytes = span_u64(&in), m->head = span_u64(&in);
    m->name = take_text(&in), m->why = take_text(&in);
    enum status st = sniffed_get(&in, &m->is, format, e);
    if (st != OK || in.n || state >= MEMBER_STATES || u->spool >= SPOOLS || climbs > 1 || !m->ordinal
        || !m->name.n || m->name.n > LIM_MEMBER_NAME || m->why.n > 1024)
        return malformed(e, "member frame");
    m->state = (enum member_state)state, m->climbs = climbs;
    return OK;
}

void unpack_done_put(struct buf *out, const struct unpack_done *d)
{
    const struct container_sums *s = &d->sums;
    const uint64_t n[] = {s->seen, s->wanted, s->failed, s->locked, s->links, s->climbing, s->out};
    buf_char(out, (char)d->status), buf_char(out, (char)d->limit), buf_char(out, s->opened);
    for (size_t i = 0; i < LEN(n); i++)
        buf_u64le(out, n[i]);
    put_text(out, str_of(s->why));
}

enum status unpack_done_get(struct span in, struct unpack_done *d, struct err *e)
{
    *d = (struct unpack_done){.status = span_u8(&in)};
    struct container_sums *s = &d->sums;
    uint64_t *const n[] = {&s->seen, &s->wanted, &s->failed, &s->locked, &s->links, &s->climbing, &s->out};
    unsigned opened;
    d->limit = span_u8(&in), opened = span_u8(&in);
    for (size_t i = 0; i < LEN(n); i++)
        *n[i] = span_u64(&in);
    struct str why = take_text(&in);
    if (in.bad || in.n || d->status > E_STOP || d->limit > 1 || opened > 1 || why.n >= sizeof s->why
        || memchr(why.p, 0, why.n))
        return malformed(e, "done frame");
    s->opened = opened;
    memcpy(s->why, why.p, why.n);
    return OK;
}

/* --- the child */

enum { SCRATCH_BYTES = 8 << 20, SETUP_BYTES = 4 << 20, PIECE = 1 << 20 };

struct unpacker {
    struct unpack_setup setup;
    struct unpack_job job;
    plat_file fd[1 + SPOOLS];  /* the container, the spools */
    uint64_t at[SPOOLS], have; /* where the member at hand begins; bytes of it written */
    unsigned in;               /* the spool it is in */
    enum kind kind;            /* ... and what its container says of it */
    uint64_t claim;
    bool limit;
    unsigned told; /* failed members named */
    struct arena scratch;
    struct buf out, piece;
};

static enum status send_answer(struct unpacker *u, size_t at, struct err *e)
{
    frame_end(&u->out, at);
    return frame_send(&u->out, e);
}

/* Whatever cannot be written costs the member: one that is smaller may find room. */
static enum status write_piece(struct unpacker *u, uint64_t at, const void *p, size_t n, struct err *e)
{
    struct err why = {0};
    if (plat_write_at(u->fd[1 + u->in], at, p, n, &why) == OK)
        return OK;
    u->limit = true;
    return err_set(e, E_LIMIT, ERR_NO_OFF, "spool", "no room for what is unpacked (TMPDIR): %s", why.why);
}

/* What was begun in memory goes on on disk. */
static enum status move_to_disk(struct unpacker *u, struct err *e)
{
    enum status st = OK;
    u->in = SPOOL_DISK;
    if (u->have > u->job.end[SPOOL_DISK] - u->at[SPOOL_DISK])
        return st; /* said by who asked for room */
    if (u->have && !buf_room(&u->piece, PIECE))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "spool", "out of memory");
    for (uint64_t done = 0; done < u->have && st == OK;) {
        size_t some = u->have - done < PIECE ? (size_t)(u->have - done) : PIECE, got;
        st = plat_read_at(u->fd[1 + SPOOL_MEMORY], u->at[SPOOL_MEMORY] + done, u->piece.p, some, &got, e);
        if (st == OK && got != some)
            st = err_set(e, E_IO, ERR_NO_OFF, "spool", "it ends early");
        st = st == OK ? write_piece(u, u->at[SPOOL_DISK] + done, u->piece.p, some, e) : st;
        done += some;
    }
    return st;
}

/* What will not fit into memory as a whole is not begun there. */
static void choose_spool(void *ctx, const struct sniffed *is, uint64_t bytes)
{
    struct unpacker *u = ctx;
    u->kind = is->kind, u->claim = bytes;
    u->in = bytes > u->job.end[SPOOL_MEMORY] - u->at[SPOOL_MEMORY] ? SPOOL_DISK : SPOOL_MEMORY;
}

static enum status take_data(void *ctx, const void *p, size_t n, struct err *e)
{
    struct unpacker *u = ctx;
    enum status st = OK;
    if (u->in == SPOOL_MEMORY && u->have + n > u->job.end[SPOOL_MEMORY] - u->at[SPOOL_MEMORY])
        st = move_to_disk(u, e);
    if (st == OK && u->have + n > u->job.end[u->in] - u->at[u->in]) {
        u->limit = true;
        return err_set(e, E_LIMIT, ERR_NO_OFF, "spool", "no room for what is unpacked (TMPDIR)");
    }
    st = st == OK ? write_piece(u, u->at[u->in] + u->have, p, n, e) : st;
    u->have += n;
    return st;
}

static void put_grows(struct unpacker *u)
{
    size_t grows = frame_begin(&u->out, UNPACK_GROWS);
    buf_char(&u->out, (char)u->in), buf_u64le(&u->out, u->at[u->in]), buf_u64le(&u->out, u->have);
    buf_char(&u->out, (char)u->kind), buf_u64le(&u->out, u->claim);
    frame_end(&u->out, grows);
}

/* Told with what comes next. */
static void take_back(void *ctx)
{
    struct unpacker *u = ctx;
    u->have = 0;
    put_grows(u);
}

static enum status take_member(void *ctx, const struct member *m, struct err *e)
{
    struct unpacker *u = ctx;
    bool given = m->state == MEMBER_WHOLE || m->state == MEMBER_DAMAGED;
    struct unpacked told = {.m = *m, .spool = (uint8_t)u->in, .at = given ? u->at[u->in] : 0};
    u->have = 0;
    if (given)
        u->at[u->in] = (u->at[u->in] + m->bytes + SPOOL_ALIGN - 1) / SPOOL_ALIGN * SPOOL_ALIGN;
    else if (u->told++ >= LIM_MEMBERS_TOLD)
        return OK;
    size_t at = frame_begin(&u->out, UNPACK_MEMBER);
    unpacked_put(&u->out, &told);
    return send_answer(u, at, e);
}

static enum status take_progress(void *ctx, uint64_t in, struct err *e)
{
    struct unpacker *u = ctx;
    if (u->have)
        put_grows(u);
    size_t at = frame_begin(&u->out, UNPACK_PROGRESS);
    buf_u64le(&u->out, in);
    return send_answer(u, at, e);
}

static enum status do_job(struct unpacker *u, struct err *channel)
{
    const struct container_sink sink = {choose_spool, take_data, take_back, take_member, take_progress, u};
    struct unpack_done d = {0};
    struct map map = {0};
    struct err e = {0};
    u->have = u->told = 0, u->limit = false, u->in = SPOOL_MEMORY;
    memcpy(u->at, u->job.from, sizeof u->at);
    enum status st = plat_map(u->fd[0], u->job.at, u->job.bytes, &map, &e);
    struct container_ask ask = {.file = span_of(map.p, map.n, 0),
                                .name = u->job.name,
                                .password = u->setup.password,
                                .n_password = u->setup.n_password,
                                .most = u->job.most,
                                .member_most = u->job.member_most,
                                .only = u->job.only};
    if (st == OK)
        st = container_read(&ask, &sink, &u->scratch, &d.sums, &e);
    plat_unmap(&map);
    size_t n = strlen(d.sums.why);
    if (st != OK)
        snprintf(d.sums.why + n, sizeof d.sums.why - n, "%s%s", n ? "; " : "", e.why);
    d.status = (uint8_t)st, d.limit = u->limit || d.sums.limit || st == E_LIMIT || st == E_NOMEM;
    size_t at = frame_begin(&u->out, UNPACK_DONE);
    unpack_done_put(&u->out, &d);
    return send_answer(u, at, channel);
}

/* --- hashing what another child writes */

static enum status hash_more(struct sha256 *h, plat_file spool, uint64_t at, uint64_t *done, uint64_t bytes,
                             struct err *e)
{
    enum status st = OK;
    while (st == OK && *done < bytes) { /* from where a map may begin: all parts but the last are such */
        uint64_t from = (at + *done) / SPOOL_ALIGN * SPOOL_ALIGN, skip = at + *done - from;
        uint64_t n = bytes - *done < 64 * PIECE ? bytes - *done : 64 * PIECE;
        struct map map;
        if ((st = plat_map(spool, from, skip + n, &map, e)) == OK) {
            sha256_add(h, map.p + skip, (size_t)n);
            plat_unmap(&map);
        }
        *done += n;
    }
    return st;
}

/* One member from its first part to its last. */
static enum status follow(struct unpacker *u, plat_file spool, struct span in, struct err *e)
{
    struct buf body = {0};
    struct sha256 h;
    uint8_t type = UNPACK_FOLLOW, hash[SHA256_BYTES];
    uint64_t at = span_u64(&in), done = 0;
    enum status st = !in.bad && at % SPOOL_ALIGN == 0 && sha256_begin(&h) ? OK : E_FORMAT;
    while (st == OK && type != UNPACK_END && type != UNPACK_DROP) {
        st = frame_recv(&body, &type, NULL, NULL, e);
        struct span more = span_of(body.p, body.n, 0);
        if (st == OK && (type == UNPACK_MORE || type == UNPACK_END))
            st = hash_more(&h, spool, at, &done, span_u64(&more), e);
        else if (st == OK && type != UNPACK_DROP)
            st = E_FORMAT;
    }
    buf_free(&body);
    bool sum = sha256_end(&h, hash);
    if (st != OK || type == UNPACK_DROP)
        return st;
    size_t frame = frame_begin(&u->out, UNPACK_HASH);
    buf_put(&u->out, hash, sizeof hash);
    return sum ? send_answer(u, frame, e) : E_NOMEM;
}

static enum status enter_jail(struct unpacker *u, struct err *e)
{
    uint8_t hash[SHA256_BYTES]; /* what the library loads, it loads before the jail */
    if (!sha256_of("", 0, hash))
        return err_set(e, E_NOMEM, ERR_NO_OFF, "unpacker", "no hash library");
    struct jail_limits lim = {
        .files = LIM_WORKER_FILES, .may_write = true, .write_bytes = u->setup.file_bytes};
#if !defined(__SANITIZE_ADDRESS__) /* its shadow memory would count */
    lim.memory_bytes = u->setup.memory;
#endif
    size_t at = frame_begin(&u->out, UNPACK_JAIL);
    buf_u32(&u->out, plat_jail(&lim));
    return send_answer(u, at, e);
}

int unpacker_main(void)
{
    struct unpacker u = {0};
    struct buf body = {0};
    struct arena mem;
    struct err e = {0};
    uint8_t type;
    if (!arena_make(&mem, SETUP_BYTES) || !arena_make(&u.scratch, SCRATCH_BYTES) || plat_neutral(&e) != OK
        || frame_recv(&body, &type, NULL, NULL, &e) != OK || type != UNPACK_SETUP
        || unpack_setup_get(span_of(body.p, body.n, 0), &mem, &u.setup, &e) != OK || enter_jail(&u, &e) != OK)
        return 70;
    for (;;) {
        size_t n = 1 + SPOOLS;
        enum status st = frame_recv(&body, &type, u.fd, &n, &e);
        if (st == E_TRUNC)
            return 0; /* memory goes with the process */
        struct span in = span_of(body.p, body.n, 0);
        if (st == OK && type == UNPACK_JOB && n == 1 + SPOOLS)
            st = unpack_job_get(in, &u.job, &e) == OK ? do_job(&u, &e) : E_FORMAT;
        else
            st = st == OK && type == UNPACK_FOLLOW && n == 1 ? follow(&u, u.fd[0], in, &e) : E_FORMAT;
        for (size_t i = 0; i < n; i++)
            plat_close(u.fd[i]);
        if (st != OK)
            return 70;
    }
}
