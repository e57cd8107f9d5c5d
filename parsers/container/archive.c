/* The only file that knows libarchive. What 3.6.2 does wrong when it cannot seek, or when two passphrases are
 * given, is why it is asked as it is here: every container is in memory as a whole (a map), a zip is opened
 * by its directory, an unread member of what cannot be sought is read to its end. */
#include "base/grow.h"
#include "base/hash.h"
#include "base/limits.h"
#include "parsers/container/container.h"
#include "parsers/container/gunzip.h"
#include "parsers/container/name.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* --- formats: what sniff calls them, how they are asked for, what opens those that are not read here */

enum {
    SEEKS = 1,
    PACKED = 2,
    LOCKS = 4
}; /* SEEKS: a member that is not read costs nothing; PACKED: named after its container; LOCKS: passphrases
      work */

static void as_zip(struct archive *a) { archive_read_support_format_zip_seekable(a); }
static void as_zip_stream(struct archive *a) { archive_read_support_format_zip_streamable(a); }
static void as_7zip(struct archive *a) { archive_read_support_format_7zip(a); }
static void as_cab(struct archive *a) { archive_read_support_format_cab(a); }
static void as_tar(struct archive *a) { archive_read_support_format_tar(a); }
static void as_iso(struct archive *a) { archive_read_support_format_iso9660(a); }

static void as_packed(struct archive *a, int (*filter)(struct archive *))
{
    filter(a);
    archive_read_support_format_tar(a);
    archive_read_support_format_raw(a);
    archive_read_support_format_empty(a); /* nothing, packed */
}
static int no_filter(struct archive *a) { return (void)a, ARCHIVE_OK; }
static void as_gzip(struct archive *a) { as_packed(a, no_filter); } /* unpacked by gunzip.c */
static void as_bzip2(struct archive *a) { as_packed(a, archive_read_support_filter_bzip2); }
static void as_xz(struct archive *a) { as_packed(a, archive_read_support_filter_xz); }
static void as_zstd(struct archive *a) { as_packed(a, archive_read_support_filter_zstd); }

/* next: what a user does with what is not read here, and with what is damaged beyond reading here. */
#define ZIP7 "7zz x FILE -oOUT"
static const struct format {
    const char *sniffed;
    void (*ask)(struct archive *);
    unsigned can;
    const char *next;
} formats[] = {
    {"ZIP archive", as_zip, SEEKS | LOCKS, ZIP7},
    {"ZIP archive (empty)", as_zip, SEEKS, ZIP7},
    {"ZIP archive (spanned)", as_zip, SEEKS | LOCKS, ZIP7},
    {"7-Zip archive", as_7zip, 0, ZIP7},
    {"cabinet archive", as_cab, 0, "cabextract -d OUT FILE"},
    {"tar archive", as_tar, SEEKS, ZIP7},
    {"gzip data", as_gzip, PACKED, ZIP7},
    {"bzip2 data", as_bzip2, PACKED, ZIP7},
    {"xz data", as_xz, PACKED, ZIP7},
    {"Zstandard data", as_zstd, PACKED, "zstd -d FILE"},
    {"ISO 9660 image", as_iso, SEEKS, ZIP7},
    /* Not read here. 7zz 26.02 opens VHDX > GPT > NTFS in one step; of AFF4: docs.aff4.org, of E01:
       ewfexport(1). */
    {"LZ4 data", NULL, 0, "lz4 -d FILE"},
    {"RAR archive", NULL, 0, ZIP7},
    {"Windows image (WIM)", NULL, 0, ZIP7},
    {"VHDX disk image", NULL, 0, ZIP7},
    {"VHD disk image", NULL, 0, ZIP7},
    {"VMDK disk image", NULL, 0, ZIP7},
    {"QCOW disk image", NULL, 0, ZIP7},
    {"disk image (GPT)", NULL, 0, ZIP7},
    {"NTFS volume image", NULL, 0, ZIP7},
    {"EnCase disk image (E01)", NULL, 0, "ewfexport -f raw -t IMAGE FILE; 7zz x IMAGE.raw -oOUT"},
    {"EnCase disk image (Ex01)", NULL, 0, "ewfexport -f raw -t IMAGE FILE; 7zz x IMAGE.raw -oOUT"},
    {"AFF4 volume", NULL, 0, "aff4imager -e '*' --export_dir OUT FILE"},
};

static const struct format *format_of(const char *sniffed)
{
    for (size_t i = 0; i < LEN(formats); i++)
        if (strcmp(formats[i].sniffed, sniffed) == 0)
            return &formats[i];
    return NULL;
}

const char *container_next_step(const char *format)
{
    const struct format *f = format_of(format);
    return f && !f->ask ? f->next : NULL;
}

bool container_wants(const struct sniffed *s) { return s->kind != KIND_UNKNOWN && s->kind != KIND_EMPTY; }

/* --- one walk over the members */

struct reader {
    const struct container_ask *ask;
    const struct container_sink *sink;
    struct container_sums *sums;
    const struct format *format;
    struct arena *mem; /* of the member at hand */
    struct archive *a;
    struct gunzip *gz; /* what a reads from */
    const char *password;
    uint64_t told; /* of sums->out when progress was last told */
    uint32_t *locked;
    size_t n_locked, cap_locked; /* ordinals that need a passphrase, rising */
    uint32_t ordinal, unfit; /* of the member at hand; members whose content could not be looked at, when that
                                no longer goes */
    bool volume, turtle;     /* names that together say AFF4 */
    uint8_t *head;           /* SNIFF_FAR bytes */
};

/* How a walk goes. */
struct walk {
    uint32_t from;  /* members up to this ordinal have been told: they are passed over */
    bool stream;    /* every member is read to its end */
    bool again;     /* only those locked, with the password at hand */
    uint32_t probe; /* nothing is handed on: does the password open this one? */
    bool tell;      /* those still locked are told */
    bool opened;    /* out: the probe was right */
    enum { WALKED, BROKEN, TOO_MUCH } end;
};

static enum status no_memory(struct err *e)
{
    return err_set(e, E_NOMEM, ERR_NO_OFF, "container", "out of memory");
}

static void say(struct reader *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void say(struct reader *r, const char *fmt, ...)
{
    size_t n = strlen(r->sums->why), room = sizeof r->sums->why - n;
    if (n && room > 3)
        memcpy(r->sums->why + n, "; ", 3), n += 2, room -= 2;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(r->sums->why + n, room, fmt, ap);
    va_end(ap);
}

static struct str why_of(struct archive *a)
{
    struct str s = str_trim(str_of(archive_error_string(a)));
    return s.n ? s : STR("cannot be read");
}

/* A member's bytes in order, holes as zeros. */
struct flow {
    struct archive *a;
    const uint8_t *p;
    size_t n;
    int64_t at, gap;
    int said;
    unsigned idle;
    bool warned, end;
};

enum { PADDING = 64 << 20 }; /* more than any tar has behind its last member */
enum { PIECE = 1 << 20 };    /* of a stored member libarchive gives all that there is at once */
enum { IDLE = 100000 };      /* times that libarchive may say all is well and give nothing */
static const uint8_t zeros[1 << 16];

/* The next bytes; none: the end, and said is what libarchive said of it. */
static size_t flow_next(struct flow *f, const uint8_t **p)
{
    while (!f->gap && !f->n && !f->end) {
        const void *block = NULL;
        size_t n = 0;
        int64_t off = f->at;
        int said = archive_read_data_block(f->a, &block, &n, &off);
        f->warned |= said == ARCHIVE_WARN;
        f->end = said != ARCHIVE_OK && said != ARCHIVE_WARN && said != ARCHIVE_RETRY;
        f->said = f->end && said != ARCHIVE_EOF ? said : f->said;
        if (f->end)
            break;
        f->gap = off > f->at ? off - f->at : 0;
        f->p = block, f->n = n;
        f->idle = n ? 0 : f->idle + 1;
        if (!n && (said != ARCHIVE_OK || f->idle > IDLE))
            f->end = true, f->said = said != ARCHIVE_OK ? said : ARCHIVE_FATAL;
    }
    size_t n = f->gap         ? (f->gap < (int64_t)sizeof zeros ? (size_t)f->gap : sizeof zeros)
               : f->n < PIECE ? f->n
                              : PIECE;
    *p = f->gap ? zeros : f->p;
    if (f->gap)
        f->gap -= (int64_t)n;
    else if (n) /* at the end there is no place to go on from */
        f->p += n, f->n -= n;
    f->at += (int64_t)n;
    return n;
}

/* What came out counts against the limits, whoever wanted it. */
static enum status count(struct reader *r, size_t n, struct walk *w, struct err *e)
{
    r->sums->out += n;
    if (r->sums->out > r->ask->most)
        w->end = TOO_MUCH;
    if (r->sums->out - r->told < 4u << 20)
        return OK;
    r->told = r->sums->out;
    int64_t in = r->gz ? (int64_t)gunzip_taken(r->gz) : archive_filter_bytes(r->a, -1);
    return r->sink->progress(r->sink->ctx, in > 0 ? (uint64_t)in : 0, e);
}

/* The first bytes of a member, as many as a decision needs: an image of a disc shows itself late, behind
 * zeros. Takes what follows them into rest. */
static enum status take_head(struct reader *r, struct flow *f, struct walk *w, size_t *have,
                             struct span *rest, struct err *e)
{
    size_t need = SNIFF_BYTES;
    enum status st = OK;
    *have = 0, *rest = span_of(NULL, 0, 0);
    while (*have < need && st == OK && w->end != TOO_MUCH) {
        const uint8_t *p;
        size_t n = flow_next(f, &p), some = n < need - *have ? n : need - *have;
        if (!n)
            break;
        memcpy(r->head + *have, p, some), *have += some;
        *rest = span_of(p + some, n - some, 0);
        st = count(r, n, w, e);
        if (*have == SNIFF_BYTES && need == SNIFF_BYTES && !r->head[0]
            && memcmp(r->head, r->head + 1, SNIFF_BYTES - 1) == 0) {
            need = SNIFF_FAR;
            some = rest->n < need - *have ? rest->n : need - *have;
            memcpy(r->head + *have, rest->p ? rest->p : r->head, some), *have += some;
            *rest = span_of(p + n - (rest->n - some), rest->n - some, 0);
        }
    }
    return st;
}

/* One member on its way to the sink. give: it goes there; given: some of it did; refused: why the rest does
 * not. */
struct taking {
    struct flow f;
    bool give, given;
    uint64_t claim; /* bytes the container says it has; 0: it does not say */
    struct err refused;
};

static void refuse(struct taking *t, const char *why)
{
    err_set(&t->refused, E_LIMIT, ERR_NO_OFF, "limit", "%s", why);
    t->give = false;
}

/* A sink that has no room costs the member; one that is gone ends the walk. */
static enum status give(struct reader *r, struct taking *t, struct member *m, const void *p, size_t n,
                        struct err *e)
{
    if (t->give && m->bytes + n > r->ask->member_most)
        refuse(t, "larger than --limits file-bytes");
    if (!t->give || !n)
        return OK;
    if (!t->given)
        r->sink->expect(r->sink->ctx, &m->is, t->claim);
    enum status st = r->sink->data(r->sink->ctx, p, n, &t->refused);
    m->bytes += n, t->given = true;
    t->give = st == OK;
    return st == OK || st == E_LIMIT ? OK : err_set(e, st, ERR_NO_OFF, t->refused.what, "%s", t->refused.why);
}

/* To the end of the member, or to where nobody wants more of it and its container need not be read further.
 */
static enum status take_rest(struct reader *r, struct taking *t, struct walk *w, struct span rest,
                             struct member *m, struct err *e)
{
    enum status st = give(r, t, m, rest.p, rest.n, e);
    const uint8_t *p;
    while (st == OK && w->end != TOO_MUCH) {
        if (t->refused.code && (r->format->can & SEEKS) && !w->stream)
            break;
        size_t n = flow_next(&t->f, &p);
        if (!n)
            break;
        st = count(r, n, w, e);
        st = st == OK && w->end != TOO_MUCH ? give(r, t, m, p, n, e) : st;
    }
    return st;
}

static struct str text_of(struct reader *r, const char *what, struct str why)
{
    struct str s = str_of(arena_printf(r->mem, "%s%.*s", what, STR_ARG(why)));
    return s.p ? s : STR("cannot be read");
}

static enum status count_member(struct reader *r, struct member *m, struct err *e)
{
    r->sums->wanted += m->state == MEMBER_WHOLE || m->state == MEMBER_DAMAGED;
    r->sums->failed += m->state != MEMBER_WHOLE && m->state != MEMBER_NAMED;
    r->sums->locked += m->state == MEMBER_LOCKED;
    return r->sink->member(r->sink->ctx, m, e);
}

static bool is_locked(const struct reader *r, uint32_t ordinal)
{
    size_t low = 0, high = r->n_locked;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (r->locked[mid] == ordinal)
            return true;
        if (r->locked[mid] < ordinal)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

static enum status lock(struct reader *r, struct err *e)
{
    uint32_t *more = grow(r->locked, sizeof *more, r->n_locked, &r->cap_locked);
    if (!more)
        return no_memory(e);
    r->locked = more, r->locked[r->n_locked++] = r->ordinal;
    return OK;
}

static void unlock(struct reader *r, uint32_t ordinal)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->n_locked; i++)
        if (r->locked[i] != ordinal)
            r->locked[kept++] = r->locked[i];
    r->n_locked = kept;
}

/* What a member that says it is too large would cost is not spent. */
static void check_claim(struct reader *r, struct taking *t, struct walk *w)
{
    if (t->claim > r->ask->member_most)
        refuse(t, "larger than --limits file-bytes");
    else if (t->claim > r->ask->most - r->sums->out)
        r->sums->out = r->ask->most + 1, w->end = TOO_MUCH;
}

/* What is to be told of a member that was looked at: nothing of one that nobody wants. */
static enum status judge(struct reader *r, const struct taking *t, const struct walk *w, struct member *m,
                         size_t have, struct err *e)
{
    bool broken = t->f.said != 0 || t->f.warned, want = container_wants(&m->is);
    if (w->end == TOO_MUCH || t->refused.code) {
        r->sums->limit = true;
        m->state = MEMBER_FAILED, m->bytes = 0;
        m->why = t->refused.code ? text_of(r, "", str_of(t->refused.why))
                                 : STR("the container unpacks to more than a container may");
        return want ? count_member(r, m, e) : OK;
    }
    if (want) {
        m->state = broken ? MEMBER_DAMAGED : MEMBER_WHOLE;
        m->why = broken ? text_of(r, "damaged in its container: ", why_of(r->a)) : (struct str){0};
        return count_member(r, m, e);
    }
    bool alone = (r->format->can & PACKED) && archive_format(r->a) == ARCHIVE_FORMAT_RAW;
    if (t->f.said && (have < SNIFF_BYTES || alone)) { /* what it is, or was to be, cannot be said */
        struct str why = why_of(r->a);
        m->state = MEMBER_FAILED, m->bytes = 0;
        m->why = text_of(r, str_contains(why, STR("nsupported")) ? "unpack it with 7zz x: " : "", why);
        return count_member(r, m, e);
    }
    m->state = MEMBER_NAMED, m->why = STR("zeros where its contents should be"), m->bytes = have;
    return have && strcmp(m->is.format, "zeros") == 0 ? count_member(r, m, e) : OK;
}

/* Reads one member as far as it is worth. What a passphrase opens is read to its end: only there it proves
 * right. */
static enum status take_member(struct reader *r, struct walk *w, struct member *m, struct err *e)
{
    struct taking t = {.f = {.a = r->a}, .claim = m->bytes};
    struct span rest;
    size_t have;
    enum status st = take_head(r, &t.f, w, &have, &rest, e);
    m->is = have || !t.f.said ? sniff(span_of(r->head, have, 0)) : m->is;
    m->head = hash64(r->head, have < SNIFF_BYTES ? have : SNIFF_BYTES), m->bytes = 0;
    bool want = container_wants(&m->is);
    t.give = want && !w->probe;
    if (want && st == OK)
        check_claim(r, &t, w);
    if (st == OK && w->end != TOO_MUCH)
        st = give(r, &t, m, r->head, have, e);
    if (st == OK && (want || w->stream || w->again || w->probe || !(r->format->can & SEEKS)))
        st = take_rest(r, &t, w, rest, m, e);
    if (st != OK)
        return st;
    bool broken = t.f.said != 0 || t.f.warned, still_locked = w->again && broken && w->end != TOO_MUCH;
    if (w->probe)
        return w->opened = !broken && w->end != TOO_MUCH, OK;
    if (t.given && (still_locked || w->end == TOO_MUCH || t.refused.code))
        r->sink->undo(r->sink->ctx);
    if (still_locked) /* not this passphrase, or damaged: nobody can tell */
        return OK;
    if (w->again)
        unlock(r, m->ordinal);
    return judge(r, &t, w, m, have, e);
}

/* What libarchive calls the entry: bytes as they are stored, or text that it turned into ours. */
static struct str raw_name(const struct reader *r, struct archive_entry *entry)
{
    if ((r->format->can & PACKED) && archive_format(r->a) == ARCHIVE_FORMAT_RAW)
        return packed_name(r->ask->name);
    const char *name = archive_entry_pathname(entry);
    return str_of(name ? name : archive_entry_pathname_utf8(entry));
}

/* A file with contents of its own, whatever its name ends with: backslashes make folders look like files. */
static bool is_file(struct archive_entry *entry, struct str raw)
{
    bool folder = raw.n && (raw.p[raw.n - 1] == '/' || raw.p[raw.n - 1] == '\\')
                  && archive_entry_size(entry) == 0;
    return archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry) && !folder;
}

static enum status one(struct reader *r, struct walk *w, struct archive_entry *entry, struct err *e)
{
    struct str raw = raw_name(r, entry);
    struct member m = {.ordinal = r->ordinal, .is = {.format = "not read"}};
    bool file = is_file(entry, raw), first = !w->again && !w->tell && !w->probe && r->ordinal > w->from;
    bool encrypted = archive_entry_is_data_encrypted(entry) > 0,
         is_link = archive_entry_filetype(entry) != AE_IFREG && archive_entry_filetype(entry) != AE_IFDIR;
    bool asked = r->ask->only == CONTAINER_ALL || r->ask->only == r->ordinal;
    if (!asked && !w->stream)
        return OK;
    if (!file) {
        r->sums->links += first && (is_link || archive_entry_hardlink(entry));
        return OK;
    }
    if (w->probe ? w->probe != r->ordinal : w->again || w->tell ? !is_locked(r, r->ordinal) : false)
        return OK;
    struct arena *mem = r->mem, scratch = *mem;
    r->mem = &scratch;
    m.name = member_name(raw, &scratch, &m.climbs);
    enum status st = m.name.p ? OK : no_memory(e);
    r->sums->seen += first, r->sums->climbing += first && m.climbs;
    r->volume |= str_eq(m.name, STR("container.description")),
        r->turtle |= str_eq(m.name, STR("information.turtle"));
    if (st != OK) {
        ;
    } else if (w->tell) {
        m.state = MEMBER_LOCKED,
        m.bytes = archive_entry_size_is_set(entry) ? (uint64_t)archive_entry_size(entry) : 0;
        m.why = !(r->format->can & LOCKS) ? STR("encrypted: unpack it with 7zz x -p")
                : r->ask->n_password      ? STR("encrypted: no passphrase of --password-file opens it")
                                          : STR("encrypted: --password-file");
        st = count_member(r, &m, e);
    } else if (encrypted && !w->again && !w->probe) {
        st = first ? lock(r, e) : OK;
    } else if (asked && (r->ordinal > w->from || w->again)) {
        m.bytes = archive_entry_size_is_set(entry) && archive_entry_size(entry) > 0
                      ? (uint64_t)archive_entry_size(entry)
                      : 0;
        st = take_member(r, w, &m, e);
    } else { /* told before, or not asked for: passed over by reading it */
        struct flow f = {.a = r->a};
        const uint8_t *p;
        for (size_t n; st == OK && w->end != TOO_MUCH && (n = flow_next(&f, &p));)
            st = count(r, n, w, e);
    }
    r->mem = mem;
    return st;
}

static enum status open_archive(struct reader *r, const struct walk *w, struct err *e)
{
    r->a = archive_read_new();
    if (!r->a)
        return no_memory(e);
    if (w->stream)
        as_zip_stream(r->a);
    else
        r->format->ask(r->a);
    if (r->password)
        archive_read_add_passphrase(r->a, r->password);
    return OK;
}

static la_ssize_t read_gz(struct archive *a, void *ctx, const void **p)
{
    const char *why;
    size_t n = gunzip_next(ctx, p, &why);
    if (!why)
        return (la_ssize_t)n;
    archive_set_error(a, EILSEQ, "gzip: %s", why);
    return -1;
}

static int open_bytes(struct reader *r)
{
    if (r->format->ask != as_gzip)
        return archive_read_open_memory(r->a, r->ask->file.p, r->ask->file.n);
    gunzip_end(r->gz);
    r->gz = gunzip_begin(r->ask->file);
    return r->gz ? archive_read_open(r->a, r->gz, NULL, read_gz, NULL) : ARCHIVE_FATAL;
}

/* Behind the last member of a tar in a gzip comes its sum: of what is told of its members nothing is sure
 * before. */
static void check_gz(struct reader *r)
{
    const char *why = NULL;
    const void *p;
    uint64_t n = 0;
    for (size_t some = 1; some && n < PADDING; n += some)
        some = gunzip_next(r->gz, &p, &why);
    if (why)
        say(r, "its own sum says that it is damaged, so any of its files may be: gzip: %s", why);
}

/* From the first member to the last, or to where it breaks. What libarchive says when it cannot go on stays
 * in r->a until the next walk. */
static enum status walk(struct reader *r, struct walk *w, struct err *e)
{
    enum { STUCK = 64 }; /* headers refused one after the other: it does not get on */
    struct archive_entry *entry;
    archive_read_free(r->a);
    enum status st = open_archive(r, w, e);
    if (st != OK)
        return st;
    int said = open_bytes(r);
    if (said != ARCHIVE_OK && said != ARCHIVE_WARN)
        return w->end = BROKEN, OK;
    unsigned refused = 0;
    for (r->ordinal = 0; st == OK && w->end == WALKED && !w->opened;) {
        said = archive_read_next_header(r->a, &entry);
        if ((r->format->can & PACKED) && !r->gz && archive_filter_code(r->a, 0) == ARCHIVE_FILTER_NONE) {
            w->end = BROKEN; /* nothing was unpacked: its bytes would be taken for its contents */
            break;
        }
        r->sums->opened |= said == ARCHIVE_EOF;
        if (said == ARCHIVE_EOF)
            break;
        if (said == ARCHIVE_FATAL || (said != ARCHIVE_OK && said != ARCHIVE_WARN && ++refused > STUCK)) {
            w->end = BROKEN;
            break;
        }
        r->sums->opened = true;
        if (r->ordinal >= LIM_MEMBERS) {
            w->end = TOO_MUCH;
            break;
        }
        r->ordinal++;
        if (said == ARCHIVE_OK || said == ARCHIVE_WARN)
            refused = 0, st = one(r, w, entry, e);
        if (w->probe && r->ordinal >= w->probe)
            break;
    }
    if (st == OK && r->gz && w->end == WALKED && r->sums->opened
        && archive_format(r->a) != ARCHIVE_FORMAT_RAW)
        check_gz(r);
    return st;
}

/* --- passphrases: one at a time, tried on one member until its data end well */

enum { TRIES = 4096 }; /* each reads the list of members anew, and WinZip's AES takes a millisecond a word */

static enum status try_passwords(struct reader *r, struct err *e)
{
    enum status st = OK;
    unsigned tries = 0;
    for (size_t at = 0; st == OK && at < r->n_locked && tries < TRIES;) {
        uint32_t first = r->locked[at];
        for (size_t i = 0; i < r->ask->n_password && st == OK && tries < TRIES && is_locked(r, first);
             i++, tries++) {
            struct walk probe = {.probe = first}, sweep = {.again = true};
            r->password = arena_str(r->mem, r->ask->password[i]).p;
            if (!r->password)
                return no_memory(e);
            st = walk(r, &probe, e);
            if (st == OK && probe.opened)
                st = walk(r, &sweep, e);
            if (st == OK && (probe.end == TOO_MUCH || sweep.end == TOO_MUCH))
                return OK;
        }
        at += is_locked(r, first); /* none fits: the next may have another */
    }
    return st;
}

/* --- a container */

/* The directory or a header in it is damaged: from the front, past what has been told, as far as headers are
 * found. */
static enum status read_from_front(struct reader *r, struct walk *w, bool begun, struct err *e)
{
    uint32_t told = begun ? r->ordinal : 0;
    struct walk front = {.stream = true, .from = told};
    say(r,
        begun ? "a header in it is damaged (%.*s): what follows was looked for from the front"
              : "its directory is missing or damaged, as when it was cut short (%.*s): read from the front",
        STR_ARG(why_of(r->a)));
    bool opened = r->sums->opened;
    enum status st = walk(r, &front, e);
    if (st == OK && front.end == BROKEN && r->sums->opened)
        say(r, "it ends in %.*s", STR_ARG(why_of(r->a)));
    else if (st == OK && !r->sums->opened)
        r->sums->opened = opened, r->sums->why[0] = 0, front.end = BROKEN;
    w->end = front.end == TOO_MUCH ? TOO_MUCH : WALKED;
    return st;
}

static enum status read_all(struct reader *r, struct err *e)
{
    struct walk w = {0};
    bool zip = r->format->ask == as_zip;
    enum status st = walk(r, &w, e);
    if (st == OK && w.end == BROKEN && zip)
        st = read_from_front(r, &w, r->sums->opened, e);
    else if (st == OK && w.end == BROKEN && r->sums->opened)
        say(r, "it could be read to its member %u only: %.*s (%s)", r->ordinal, STR_ARG(why_of(r->a)),
            r->format->next);
    if (st == OK && !r->sums->opened && w.end != TOO_MUCH && !r->sums->why[0])
        say(r, "cannot be opened: %.*s (%s)", STR_ARG(why_of(r->a)), r->format->next);
    if (st == OK && w.end != TOO_MUCH && r->n_locked && (r->format->can & LOCKS))
        st = try_passwords(r, e);
    if (st == OK && r->n_locked) {
        struct walk rest = {.tell = true};
        st = walk(r, &rest, e);
        if (r->format->can & LOCKS)
            say(r, "%zu of its files %s a passphrase: --password-file", r->n_locked,
                r->n_locked == 1 ? "needs" : "need");
        else
            say(r, "%zu of its files %s encrypted in a way not read here: %s", r->n_locked,
                r->n_locked == 1 ? "is" : "are", r->format->next);
    }
    return st;
}

enum status container_read(const struct container_ask *ask, const struct container_sink *sink,
                           struct arena *scratch, struct container_sums *sums, struct err *e)
{
    struct arena mem = *scratch;
    *sums = (struct container_sums){0};
    struct sniffed is = sniff(span_at(ask->file, 0, ask->file.n < SNIFF_FAR ? ask->file.n : SNIFF_FAR));
    struct reader r = {.ask = ask,
                       .sink = sink,
                       .sums = sums,
                       .mem = &mem,
                       .format = format_of(is.format),
                       .head = arena_alloc(&mem, SNIFF_FAR, 1)};
    if (!r.head)
        return no_memory(e);
    if (!r.format || !r.format->ask) {
        say(&r, "%s is not opened here%s%s", is.format, r.format ? ": " : "", r.format ? r.format->next : "");
        return OK;
    }
    enum status st = read_all(&r, e);
    if (st == OK && r.volume && r.turtle && !sums->wanted)
        say(&r, "it is an AFF4 volume: %s", format_of("AFF4 volume")->next);
    if (st == OK && sums->out > ask->most)
        st = err_set(e, E_LIMIT, ERR_NO_OFF, "limit",
                     "it unpacks to more than %llu bytes: the rest of it is not looked at",
                     (unsigned long long)ask->most);
    else if (st == OK && r.ordinal >= LIM_MEMBERS)
        st = err_set(e, E_LIMIT, ERR_NO_OFF, "limit",
                     "more than %d members: the rest of them is not looked at", LIM_MEMBERS);
    archive_read_free(r.a);
    gunzip_end(r.gz);
    free(r.locked);
    return st;
}
