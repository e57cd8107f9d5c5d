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

struct container {
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

static void say(struct container *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void say(struct container *c, const char *fmt, ...)
{
    size_t n = strlen(c->sums->why), room = sizeof c->sums->why - n;
    if (n && room > 3)
        memcpy(c->sums->why + n, "; ", 3), n += 2, room -= 2;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(c->sums->why + n, room, fmt, ap);
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
static enum status count(struct container *c, size_t n, struct walk *w, struct err *e)
{
    c->sums->out += n;
    if (c->sums->out > c->ask->most)
        w->end = TOO_MUCH;
    if (c->sums->out - c->told < 4u << 20)
        return OK;
    c->told = c->sums->out;
    int64_t in = c->gz ? (int64_t)gunzip_taken(c->gz) : archive_filter_bytes(c->a, -1);
    return c->sink->progress(c->sink->ctx, in > 0 ? (uint64_t)in : 0, e);
}

/* The first bytes of a member, as many as a decision needs: an image of a disc shows itself late, behind
 * zeros. Takes what follows them into rest. */
static enum status take_head(struct container *c, struct flow *f, struct walk *w, size_t *have,
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
        memcpy(c->head + *have, p, some), *have += some;
        *rest = span_of(p + some, n - some, 0);
        st = count(c, n, w, e);
        if (*have == SNIFF_BYTES && need == SNIFF_BYTES && !c->head[0]
            && memcmp(c->head, c->head + 1, SNIFF_BYTES - 1) == 0) {
            need = SNIFF_FAR;
            some = rest->n < need - *have ? rest->n : need - *have;
            memcpy(c->head + *have, rest->p ? rest->p : c->head, some), *have += some;
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
static enum status give(struct container *c, struct taking *t, struct member *m, const void *p, size_t n,
                        struct err *e)
{
    if (t->give && m->bytes + n > c->ask->member_most)
        refuse(t, "larger than --limits file-bytes");
    if (!t->give || !n)
        return OK;
    if (!t->given)
        c->sink->expect(c->sink->ctx, &m->is, t->claim);
    enum status st = c->sink->data(c->sink->ctx, p, n, &t->refused);
    m->bytes += n, t->given = true;
    t->give = st == OK;
    return st == OK || st == E_LIMIT ? OK : err_set(e, st, ERR_NO_OFF, t->refused.what, "%s", t->refused.why);
}

/* To the end of the member, or to where nobody wants more of it and its container need not be read further.
 */
static enum status take_rest(struct container *c, struct taking *t, struct walk *w, struct span rest,
                             struct member *m, struct err *e)
{
    enum status st = give(c, t, m, rest.p, rest.n, e);
    const uint8_t *p;
    while (st == OK && w->end != TOO_MUCH) {
        if (t->refused.code && (c->format->can & SEEKS) && !w->stream)
            break;
        size_t n = flow_next(&t->f, &p);
        if (!n)
            break;
        st = count(c, n, w, e);
        st = st == OK && w->end != TOO_MUCH ? give(c, t, m, p, n, e) : st;
    }
    return st;
}

static struct str text_of(struct container *c, const char *what, struct str why)
{
    struct str s = str_of(arena_printf(c->mem, "%s%.*s", what, STR_ARG(why)));
    return s.p ? s : STR("cannot be read");
}

static enum status count_member(struct container *c, struct member *m, struct err *e)
{
    c->sums->wanted += m->state == MEMBER_WHOLE || m->state == MEMBER_DAMAGED;
    c->sums->failed += m->state != MEMBER_WHOLE && m->state != MEMBER_NAMED;
    c->sums->locked += m->state == MEMBER_LOCKED;
    return c->sink->member(c->sink->ctx, m, e);
}

static bool is_locked(const struct container *c, uint32_t ordinal)
{
    size_t low = 0, high = c->n_locked;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (c->locked[mid] == ordinal)
            return true;
        if (c->locked[mid] < ordinal)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

static enum status lock(struct container *c, struct err *e)
{
    uint32_t *more = grow(c->locked, sizeof *more, c->n_locked, &c->cap_locked);
    if (!more)
        return no_memory(e);
    c->locked = more, c->locked[c->n_locked++] = c->ordinal;
    return OK;
}

static void unlock(struct container *c, uint32_t ordinal)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->n_locked; i++)
        if (c->locked[i] != ordinal)
            c->locked[kept++] = c->locked[i];
    c->n_locked = kept;
}

/* What a member that says it is too large would cost is not spent. */
static void check_claim(struct container *c, struct taking *t, struct walk *w)
{
    if (t->claim > c->ask->member_most)
        refuse(t, "larger than --limits file-bytes");
    else if (t->claim > c->ask->most - c->sums->out)
        c->sums->out = c->ask->most + 1, w->end = TOO_MUCH;
}

/* What is to be told of a member that was looked at: nothing of one that nobody wants. */
static enum status judge(struct container *c, const struct taking *t, const struct walk *w, struct member *m,
                         size_t have, struct err *e)
{
    bool broken = t->f.said != 0 || t->f.warned, want = container_wants(&m->is);
    if (w->end == TOO_MUCH || t->refused.code) {
        c->sums->limit = true;
        m->state = MEMBER_FAILED, m->bytes = 0;
        m->why = t->refused.code ? text_of(c, "", str_of(t->refused.why))
                                 : STR("the container unpacks to more than a container may");
        return want ? count_member(c, m, e) : OK;
    }
    if (want) {
        m->state = broken ? MEMBER_DAMAGED : MEMBER_WHOLE;
        m->why = broken ? text_of(c, "damaged in its container: ", why_of(c->a)) : (struct str){0};
        return count_member(c, m, e);
    }
    bool alone = (c->format->can & PACKED) && archive_format(c->a) == ARCHIVE_FORMAT_RAW;
    if (t->f.said && (have < SNIFF_BYTES || alone)) { /* what it is, or was to be, cannot be said */
        struct str why = why_of(c->a);
        m->state = MEMBER_FAILED, m->bytes = 0;
        m->why = text_of(c, str_contains(why, STR("nsupported")) ? "unpack it with 7zz x: " : "", why);
        return count_member(c, m, e);
    }
    m->state = MEMBER_NAMED, m->why = STR("zeros where its contents should be"), m->bytes = have;
    return have && strcmp(m->is.format, "zeros") == 0 ? count_member(c, m, e) : OK;
}

/* Reads one member as far as it is worth. What a passphrase opens is read to its end: only there it proves
 * right. */
static enum status take_member(struct container *c, struct walk *w, struct member *m, struct err *e)
{
    struct taking t = {.f = {.a = c->a}, .claim = m->bytes};
    struct span rest;
    size_t have;
    enum status st = take_head(c, &t.f, w, &have, &rest, e);
    m->is = have || !t.f.said ? sniff(span_of(c->head, have, 0)) : m->is;
    m->head = hash64(c->head, have < SNIFF_BYTES ? have : SNIFF_BYTES), m->bytes = 0;
    bool want = container_wants(&m->is);
    t.give = want && !w->probe;
    if (want && st == OK)
        check_claim(c, &t, w);
    if (st == OK && w->end != TOO_MUCH)
        st = give(c, &t, m, c->head, have, e);
    if (st == OK && (want || w->stream || w->again || w->probe || !(c->format->can & SEEKS)))
        st = take_rest(c, &t, w, rest, m, e);
    if (st != OK)
        return st;
    bool broken = t.f.said != 0 || t.f.warned, still_locked = w->again && broken && w->end != TOO_MUCH;
    if (w->probe)
        return w->opened = !broken && w->end != TOO_MUCH, OK;
    if (t.given && (still_locked || w->end == TOO_MUCH || t.refused.code))
        c->sink->undo(c->sink->ctx);
    if (still_locked) /* not this passphrase, or damaged: nobody can tell */
        return OK;
    if (w->again)
        unlock(c, m->ordinal);
    return judge(c, &t, w, m, have, e);
}

/* What libarchive calls the entry: bytes as they are stored, or text that it turned into ours. */
static struct str raw_name(const struct container *c, struct archive_entry *entry)
{
    if ((c->format->can & PACKED) && archive_format(c->a) == ARCHIVE_FORMAT_RAW)
        return packed_name(c->ask->name);
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

static enum status one(struct container *c, struct walk *w, struct archive_entry *entry, struct err *e)
{
    struct str raw = raw_name(c, entry);
    struct member m = {.ordinal = c->ordinal, .is = {.format = "not read"}};
    bool file = is_file(entry, raw), first = !w->again && !w->tell && !w->probe && c->ordinal > w->from;
    bool encrypted = archive_entry_is_data_encrypted(entry) > 0,
         is_link = archive_entry_filetype(entry) != AE_IFREG && archive_entry_filetype(entry) != AE_IFDIR;
    bool asked = c->ask->only == CONTAINER_ALL || c->ask->only == c->ordinal;
    if (!asked && !w->stream)
        return OK;
    if (!file) {
        c->sums->links += first && (is_link || archive_entry_hardlink(entry));
        return OK;
    }
    if (w->probe ? w->probe != c->ordinal : w->again || w->tell ? !is_locked(c, c->ordinal) : false)
        return OK;
    struct arena *mem = c->mem, scratch = *mem;
    c->mem = &scratch;
    m.name = member_name(raw, &scratch, &m.climbs);
    enum status st = m.name.p ? OK : no_memory(e);
    c->sums->seen += first, c->sums->climbing += first && m.climbs;
    c->volume |= str_eq(m.name, STR("container.description")),
        c->turtle |= str_eq(m.name, STR("information.turtle"));
    if (st != OK) {
        ;
    } else if (w->tell) {
        m.state = MEMBER_LOCKED,
        m.bytes = archive_entry_size_is_set(entry) ? (uint64_t)archive_entry_size(entry) : 0;
        m.why = !(c->format->can & LOCKS) ? STR("encrypted: unpack it with 7zz x -p")
                : c->ask->n_password      ? STR("encrypted: no passphrase of --password-file opens it")
                                          : STR("encrypted: --password-file");
        st = count_member(c, &m, e);
    } else if (encrypted && !w->again && !w->probe) {
        st = first ? lock(c, e) : OK;
    } else if (asked && (c->ordinal > w->from || w->again)) {
        m.bytes = archive_entry_size_is_set(entry) && archive_entry_size(entry) > 0
                      ? (uint64_t)archive_entry_size(entry)
                      : 0;
        st = take_member(c, w, &m, e);
    } else { /* told before, or not asked for: passed over by reading it */
        struct flow f = {.a = c->a};
        const uint8_t *p;
        for (size_t n; st == OK && w->end != TOO_MUCH && (n = flow_next(&f, &p));)
            st = count(c, n, w, e);
    }
    c->mem = mem;
    return st;
}

static enum status open_archive(struct container *c, const struct walk *w, struct err *e)
{
    c->a = archive_read_new();
    if (!c->a)
        return no_memory(e);
    if (w->stream)
        as_zip_stream(c->a);
    else
        c->format->ask(c->a);
    if (c->password)
        archive_read_add_passphrase(c->a, c->password);
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

static int open_bytes(struct container *c)
{
    if (c->format->ask != as_gzip)
        return archive_read_open_memory(c->a, c->ask->file.p, c->ask->file.n);
    gunzip_end(c->gz);
    c->gz = gunzip_begin(c->ask->file);
    return c->gz ? archive_read_open(c->a, c->gz, NULL, read_gz, NULL) : ARCHIVE_FATAL;
}

/* Behind the last member of a tar in a gzip comes its sum: of what is told of its members nothing is sure
 * before. */
static void check_gz(struct container *c)
{
    const char *why = NULL;
    const void *p;
    uint64_t n = 0;
    for (size_t some = 1; some && n < PADDING; n += some)
        some = gunzip_next(c->gz, &p, &why);
    if (why)
        say(c, "its own sum says that it is damaged, so any of its files may be: gzip: %s", why);
}

/* From the first member to the last, or to where it breaks. What libarchive says when it cannot go on stays
 * in c->a until the next walk. */
static enum status walk(struct container *c, struct walk *w, struct err *e)
{
    enum { STUCK = 64 }; /* headers refused one after the other: it does not get on */
    struct archive_entry *entry;
    archive_read_free(c->a);
    enum status st = open_archive(c, w, e);
    if (st != OK)
        return st;
    int said = open_bytes(c);
    if (said != ARCHIVE_OK && said != ARCHIVE_WARN)
        return w->end = BROKEN, OK;
    unsigned refused = 0;
    for (c->ordinal = 0; st == OK && w->end == WALKED && !w->opened;) {
        said = archive_read_next_header(c->a, &entry);
        if ((c->format->can & PACKED) && !c->gz && archive_filter_code(c->a, 0) == ARCHIVE_FILTER_NONE) {
            w->end = BROKEN; /* nothing was unpacked: its bytes would be taken for its contents */
            break;
        }
        c->sums->opened |= said == ARCHIVE_EOF;
        if (said == ARCHIVE_EOF)
            break;
        if (said == ARCHIVE_FATAL || (said != ARCHIVE_OK && said != ARCHIVE_WARN && ++refused > STUCK)) {
            w->end = BROKEN;
            break;
        }
        c->sums->opened = true;
        if (c->ordinal >= LIM_MEMBERS) {
            w->end = TOO_MUCH;
            break;
        }
        c->ordinal++;
        if (said == ARCHIVE_OK || said == ARCHIVE_WARN)
            refused = 0, st = one(c, w, entry, e);
        if (w->probe && c->ordinal >= w->probe)
            break;
    }
    if (st == OK && c->gz && w->end == WALKED && c->sums->opened
        && archive_format(c->a) != ARCHIVE_FORMAT_RAW)
        check_gz(c);
    return st;
}

/* --- passphrases: one at a time, tried on one member until its data end well */

enum { TRIES = 4096 }; /* each reads the list of members anew, and WinZip's AES takes a millisecond a word */

static enum status try_passwords(struct container *c, struct err *e)
{
    enum status st = OK;
    unsigned tries = 0;
    for (size_t at = 0; st == OK && at < c->n_locked && tries < TRIES;) {
        uint32_t first = c->locked[at];
        for (size_t i = 0; i < c->ask->n_password && st == OK && tries < TRIES && is_locked(c, first);
             i++, tries++) {
            struct walk probe = {.probe = first}, sweep = {.again = true};
            c->password = arena_str(c->mem, c->ask->password[i]).p;
            if (!c->password)
                return no_memory(e);
            st = walk(c, &probe, e);
            if (st == OK && probe.opened)
                st = walk(c, &sweep, e);
            if (st == OK && (probe.end == TOO_MUCH || sweep.end == TOO_MUCH))
                return OK;
        }
        at += is_locked(c, first); /* none fits: the next may have another */
    }
    return st;
}

/* --- a container */

/* The directory or a header in it is damaged: from the front, past what has been told, as far as headers are
 * found. */
static enum status read_from_front(struct container *c, struct walk *w, bool begun, struct err *e)
{
    uint32_t told = begun ? c->ordinal : 0;
    struct walk front = {.stream = true, .from = told};
    say(c,
        begun ? "a header in it is damaged (%.*s): what follows was looked for from the front"
              : "its directory is missing or damaged, as when it was cut short (%.*s): read from the front",
        STR_ARG(why_of(c->a)));
    bool opened = c->sums->opened;
    enum status st = walk(c, &front, e);
    if (st == OK && front.end == BROKEN && c->sums->opened)
        say(c, "it ends in %.*s", STR_ARG(why_of(c->a)));
    else if (st == OK && !c->sums->opened)
        c->sums->opened = opened, c->sums->why[0] = 0, front.end = BROKEN;
    w->end = front.end == TOO_MUCH ? TOO_MUCH : WALKED;
    return st;
}

static enum status read_all(struct container *c, struct err *e)
{
    struct walk w = {0};
    bool zip = c->format->ask == as_zip;
    enum status st = walk(c, &w, e);
    if (st == OK && w.end == BROKEN && zip)
        st = read_from_front(c, &w, c->sums->opened, e);
    else if (st == OK && w.end == BROKEN && c->sums->opened)
        say(c, "it could be read to its member %u only: %.*s (%s)", c->ordinal, STR_ARG(why_of(c->a)),
            c->format->next);
    if (st == OK && !c->sums->opened && w.end != TOO_MUCH && !c->sums->why[0])
        say(c, "cannot be opened: %.*s (%s)", STR_ARG(why_of(c->a)), c->format->next);
    if (st == OK && w.end != TOO_MUCH && c->n_locked && (c->format->can & LOCKS))
        st = try_passwords(c, e);
    if (st == OK && c->n_locked) {
        struct walk rest = {.tell = true};
        st = walk(c, &rest, e);
        if (c->format->can & LOCKS)
            say(c, "%zu of its files %s a passphrase: --password-file", c->n_locked,
                c->n_locked == 1 ? "needs" : "need");
        else
            say(c, "%zu of its files %s encrypted in a way not read here: %s", c->n_locked,
                c->n_locked == 1 ? "is" : "are", c->format->next);
    }
    return st;
}

enum status container_read(const struct container_ask *ask, const struct container_sink *sink,
                           struct arena *scratch, struct container_sums *sums, struct err *e)
{
    struct arena mem = *scratch;
    *sums = (struct container_sums){0};
    struct sniffed is = sniff(span_at(ask->file, 0, ask->file.n < SNIFF_FAR ? ask->file.n : SNIFF_FAR));
    struct container c = {.ask = ask,
                          .sink = sink,
                          .sums = sums,
                          .mem = &mem,
                          .format = format_of(is.format),
                          .head = arena_alloc(&mem, SNIFF_FAR, 1)};
    if (!c.head)
        return no_memory(e);
    if (!c.format || !c.format->ask) {
        say(&c, "%s is not opened here%s%s", is.format, c.format ? ": " : "", c.format ? c.format->next : "");
        return OK;
    }
    enum status st = read_all(&c, e);
    if (st == OK && c.volume && c.turtle && !sums->wanted)
        say(&c, "it is an AFF4 volume: %s", format_of("AFF4 volume")->next);
    if (st == OK && sums->out > ask->most)
        st = err_set(e, E_LIMIT, ERR_NO_OFF, "limit",
                     "it unpacks to more than %llu bytes: the rest of it is not looked at",
                     (unsigned long long)ask->most);
    else if (st == OK && c.ordinal >= LIM_MEMBERS)
        st = err_set(e, E_LIMIT, ERR_NO_OFF, "limit",
                     "more than %d members: the rest of them is not looked at", LIM_MEMBERS);
    archive_read_free(c.a);
    gunzip_end(c.gz);
    free(c.locked);
    return st;
}
