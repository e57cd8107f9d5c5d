#include "parsers/registry/txlog.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/str.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Layouts, order of logs and what stops a replay: FORMAT-txlog.md. */
enum { LOGS = 2, ENTRY_HEAD = 40, OLD_BITMAP = 516 };

struct log {
    uint8_t no;       /* index in files: 1, 2 */
    const char *name; /* "LOG2" */
    struct span file;
    struct hive_header h;
    bool is_new;
    const char *why;     /* not NULL: not usable */
    bool past;           /* ... and need not be: what it holds is in the hive, or in the other log */
    const char *torn;    /* what was wrong with the entry behind the last good one */
    size_t entries, end; /* new: good entries, file offset behind them */
    uint32_t last;       /* new: sequence number of the last good one */
    uint64_t top;        /* bytes of bins it needs */
    size_t pages;        /* old: pages it holds */
};

/* ---- base block */

static uint32_t checksum(const uint8_t *p)
{
    uint32_t x = 0;
    for (size_t i = 0; i < 508; i += 4)
        x ^= le32(p + i);
    return x == 0 ? 1 : x == UINT32_MAX ? UINT32_MAX - 1 : x;
}

struct hive_header hive_header(struct span file)
{
    static const uint8_t no_name[HIVE_NAME];
    struct hive_header h = {.name = no_name, .regf = file.n >= 4 && memcmp(file.p, "regf", 4) == 0};
    const uint8_t *p = file.p;
    if (file.n < HIVE_PAGE)
        return h;
    h.checksum_ok = le32(p + 508) == checksum(p);
    h.seq1 = le32(p + 4), h.seq2 = le32(p + 8), h.written = (int64_t)le64(p + 12), h.major = le32(p + 20),
    h.minor = le32(p + 24);
    h.file_type = le32(p + 28), h.root = le32(p + 36), h.bins = le32(p + 40), h.name = p + 48,
    h.rm = le64(p + 112), h.flags = le32(p + 144);
    return h;
}

static void put32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static bool bins_sane(uint32_t bins) { return bins >= 4096 && bins % 4096 == 0 && bins <= LIM_HIVE_BYTES; }
/* sequence numbers wrap */
static bool not_before(uint32_t a, uint32_t b) { return a - b < 0x80000000u; }

/* ---- what is wrong with a log, if anything */

struct entry {
    uint32_t size, flags, seq, bins, n;
};

/* NULL: a good entry. "": no entry of this round (end of the log, or a remnant of an older round). Otherwise
 * what is wrong with it. */
static const char *entry_read(struct span log, size_t at, uint32_t seq, struct entry *out, uint64_t *top)
{
    const uint8_t *p = log.p + at;
    size_t left = log.n - at;
    if (left < ENTRY_HEAD || memcmp(p, "HvLE", 4) != 0 || le32(p + 12) != seq)
        return "";
    *out = (struct entry){
        .size = le32(p + 4), .flags = le32(p + 8), .seq = seq, .bins = le32(p + 16), .n = le32(p + 20)};
    if (out->size < HIVE_PAGE || out->size % HIVE_PAGE || out->size > left)
        return "size wrong";
    if (!bins_sane(out->bins))
        return "hive size wrong";
    if (out->n == 0 || out->n > (out->size - ENTRY_HEAD) / 8)
        return "page count wrong";
    if (le64(p + 32) != marvin32(p, 32) || le64(p + 24) != marvin32(p + ENTRY_HEAD, out->size - ENTRY_HEAD))
        return "hash wrong";
    uint64_t data = ENTRY_HEAD + 8ull * out->n;
    for (size_t i = 0; i < out->n; i++) {
        uint32_t off = le32(p + ENTRY_HEAD + 8 * i), len = le32(p + ENTRY_HEAD + 8 * i + 4);
        if (off % HIVE_PAGE || len % HIVE_PAGE || (uint64_t)off + len > out->bins
            || (data += len) > out->size)
            return "page outside";
        if (*top < (uint64_t)off + len)
            *top = (uint64_t)off + len;
    }
    return NULL;
}

static void scan_new(struct log *l)
{
    struct entry en;
    const char *stop;
    l->end = HIVE_PAGE;
    for (uint32_t seq = l->h.seq1; !(stop = entry_read(l->file, l->end, seq, &en, &l->top)); seq++)
        l->end += en.size, l->entries++, l->last = seq;
    l->torn = *stop ? stop : NULL;
    if (!l->entries)
        l->why = *stop ? stop : "no entry of its sequence number";
}

static size_t old_pages(uint32_t bins)
{
    return (OLD_BITMAP + (size_t)bins / 4096 + HIVE_PAGE - 1) / HIVE_PAGE * HIVE_PAGE;
}

static void scan_old(struct log *l)
{
    const uint8_t *p = l->file.p;
    size_t at = old_pages(l->h.bins);
    if (l->file.n < OLD_BITMAP || memcmp(p + HIVE_PAGE, "DIRT", 4) != 0)
        l->why = "no dirty vector";
    else if (l->file.n < at)
        l->why = "dirty vector cut short";
    for (size_t i = 0; !l->why && i < l->h.bins / HIVE_PAGE && l->file.n - at >= HIVE_PAGE; i++)
        if (p[OLD_BITMAP + i / 8] >> i % 8 & 1)
            at += HIVE_PAGE, l->top = (i + 1) * HIVE_PAGE, l->pages++;
    size_t marked = 0;
    for (size_t i = 0; !l->why && i < l->h.bins / HIVE_PAGE; i++)
        marked += p[OLD_BITMAP + i / 8] >> i % 8 & 1;
    if (!l->why && !l->top)
        l->why = "no page in it";
    else if (!l->why && l->pages < marked)
        l->torn = "cut short";
}

static struct log inspect(struct span file, uint8_t no, enum log_name name)
{
    static const char *const names[] = {[LOG_1] = "LOG1", [LOG_2] = "LOG2", [LOG_PLAIN] = "LOG"};
    struct log l = {
        .no = no, .name = names[name ? name : (enum log_name)no], .file = file, .h = hive_header(file)};
    l.is_new = l.h.file_type == 6;
    l.why = file.n == 0                          ? "empty"
            : file.n < HIVE_PAGE                 ? "cut short"
            : !l.h.regf                          ? "not a log"
            : !l.h.checksum_ok                   ? "header checksum wrong"
            : l.h.seq1 != l.h.seq2               ? "its sequence numbers differ"
            : !l.is_new && l.h.file_type - 1 > 1 ? "unknown file type"
            : !bins_sane(l.h.bins)               ? "hive size wrong"
                                                 : NULL;
    if (!l.why)
        l.is_new ? scan_new(&l) : scan_old(&l);
    return l;
}

/* ---- which logs, in which order */

PRINTF_LIKE(2, 3)
static void say(struct replay *r, const char *fmt, ...)
{
    size_t n = strlen(r->text);
    if (n)
        n += (size_t)snprintf(r->text + n, sizeof r->text - n, "; ");
    if (n >= sizeof r->text)
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(r->text + n, sizeof r->text - n, fmt, ap);
    va_end(ap);
}

/* New logs: the smaller sequence number first, and the next one only where it goes on. With a bad base block
 * the later log alone counts. */
static size_t choose_new(struct log **use, size_t n, const struct hive_header *h, bool good)
{
    if (n == 2 && not_before(use[0]->h.seq1, use[1]->h.seq1) && use[0]->h.seq1 != use[1]->h.seq1) {
        struct log *t = use[0];
        use[0] = use[1], use[1] = t;
    }
    if (!good) {
        if (n == 2 && use[0]->h.seq1 != use[1]->h.seq1)
            use[0]->why = "older than the other log", use[0]->past = true, use[0] = use[1];
        else if (n == 2)
            use[1]->why = "as old as the other log", use[1]->past = true;
        return 1;
    }
    for (size_t i = 0; i < n;)
        if (not_before(use[i]->h.seq1, h->seq2))
            i++;
        else {
            use[i]->why = "older than the hive", use[i]->past = true;
            if (i == 0)
                use[0] = use[1];
            n--;
        }
    if (n == 2 && use[1]->h.seq1 != use[0]->last + 1)
        use[1]->why = "does not follow the other log", n = 1;
    return n;
}

/* Old logs: one only, the later; it must not be older than the hive. */
static size_t choose_old(struct log **use, size_t n, const struct hive_header *h, bool good, struct span hive)
{
    int64_t stamp = good                       ? h->written
                    : hive.n >= HIVE_BASE + 28 ? (int64_t)le64(hive.p + HIVE_BASE + 20)
                                               : INT64_MIN;
    struct log *best = NULL;
    for (size_t i = 0; i < n; i++) {
        if (use[i]->h.written < stamp)
            use[i]->why = "older than the hive", use[i]->past = true;
        else if (best && use[i]->h.written <= best->h.written)
            use[i]->why = "not later than the other log", use[i]->past = true;
        else {
            if (best)
                best->why = "older than the other log", best->past = true;
            best = use[i];
        }
    }
    use[0] = best;
    return best != NULL;
}

/* ---- applying */

static void put_pages(struct image *img, uint8_t *bytes, const struct log *l, uint32_t entry, uint64_t from,
                      uint64_t to, size_t n, struct replay *r)
{
    memcpy(bytes + to, l->file.p + from, n);
    for (size_t i = 0; i < n; i += HIVE_PAGE)
        img->page[(to + i) / HIVE_PAGE] = (struct page_origin){l->no, entry, from + i};
    r->pages += (unsigned)(n / HIVE_PAGE);
}

static void apply_new(struct image *img, uint8_t *bytes, const struct log *l, struct replay *r)
{
    const uint8_t *p = l->file.p;
    for (size_t at = HIVE_PAGE; at < l->end; at += le32(p + at + 4)) {
        uint32_t n = le32(p + at + 20), seq = le32(p + at + 12);
        uint64_t data = at + ENTRY_HEAD + 8ull * n;
        for (size_t i = 0; i < n; i++) {
            const uint8_t *row = p + at + ENTRY_HEAD + 8 * i;
            put_pages(img, bytes, l, seq, data, HIVE_BASE + (uint64_t)le32(row), le32(row + 4), r);
            data += le32(row + 4);
        }
        put32(bytes + 40, le32(p + at + 16));
        put32(bytes + 144, (le32(bytes + 144) & ~1u) | (le32(p + at + 8) & 1));
        r->first_seq = r->applied++ ? r->first_seq : seq;
        r->last_seq = seq;
    }
    put32(bytes + 4, r->last_seq), put32(bytes + 8, r->last_seq);
}

static void apply_old(struct image *img, uint8_t *bytes, const struct log *l, struct replay *r)
{
    size_t at = old_pages(l->h.bins);
    for (size_t i = 0; i < l->top / HIVE_PAGE; i++)
        if (l->file.p[OLD_BITMAP + i / 8] >> i % 8 & 1)
            put_pages(img, bytes, l, 0, at, HIVE_BASE + (uint64_t)i * HIVE_PAGE, HIVE_PAGE, r),
                at += HIVE_PAGE;
    r->applied = 1;
    r->first_seq = r->last_seq = le32(bytes + 4);
    put32(bytes + 8, r->last_seq), put32(bytes + 40, l->h.bins);
}

/* A copy of the hive with room for top bytes of bins, and its map of origins. */
static uint8_t *copy_hive(struct image *img, uint64_t top)
{
    size_t have = img->hive.n < HIVE_BASE + LIM_HIVE_BYTES ? img->hive.n
                                                           : (size_t)(HIVE_BASE + LIM_HIVE_BYTES);
    size_t n = have > HIVE_BASE + top ? have : (size_t)(HIVE_BASE + top),
           pages = (n + HIVE_PAGE - 1) / HIVE_PAGE;
    struct page_origin *page = calloc(1, pages * sizeof *page + n);
    if (!page)
        return NULL;
    uint8_t *bytes = (uint8_t *)(page + pages);
    if (have)
        memcpy(bytes, img->hive.p, have);
    for (size_t i = 0; i < have / HIVE_PAGE; i++)
        page[i].off = (uint64_t)i * HIVE_PAGE;
    img->owned = img->page = page;
    img->bytes = bytes, img->n = n;
    return bytes;
}

static enum status replay(struct log **use, size_t n, bool good, struct image *img, struct replay *r,
                          struct err *e)
{
    uint64_t top = use[0]->top > use[n - 1]->top ? use[0]->top : use[n - 1]->top;
    uint8_t *bytes = copy_hive(img, top);
    if (!bytes) {
        say(r, "not enough memory to apply the logs");
        return err_set(e, E_NOMEM, ERR_NO_OFF, "hive image", "%llu bytes",
                       (unsigned long long)HIVE_BASE + top);
    }
    if (!good) {
        memcpy(bytes, use[0]->file.p, HIVE_PAGE);
        img->page[0] = (struct page_origin){use[0]->no, 0, 0};
        r->header_repaired = true;
        say(r, "base block from %s", use[0]->name);
    }
    for (size_t i = 0; i < n; i++)
        use[i]->is_new ? apply_new(img, bytes, use[i], r) : apply_old(img, bytes, use[i], r);
    put32(bytes + 28, 0);
    put32(bytes + 508, checksum(bytes));
    if (!use[0]->is_new)
        say(r, "%s: old format, %u pages", use[0]->name, r->pages);
    else if (n == 1)
        say(r, "%s: %u entries, sequence %u-%u", use[0]->name, r->applied, r->first_seq, r->last_seq);
    else
        say(r, "%s+%s: %u entries, sequence %u-%u", use[0]->name, use[1]->name, r->applied, r->first_seq,
            r->last_seq);
    return OK;
}

/* Nothing is applied to a clean hive; logs that are ahead of it are worth a word. Its own, by the GUID they
 * share, hold changes that this copy has not seen. */
static void tell_clean(const struct log *log, size_t n, const struct hive_header *h, struct replay *r)
{
    say(r, "clean");
    for (size_t i = 0; i < n; i++)
        if (!log[i].why && log[i].is_new && not_before(log[i].last, h->seq2) && log[i].last != h->seq2) {
            say(r, "%s is ahead of it (sequence %u), not applied", log[i].name, log[i].last);
            if (h->rm && h->rm == log[i].h.rm)
                snprintf(r->lack, sizeof r->lack, "%s holds later changes than this copy", log[i].name);
        }
}

/* What may be missing from a dirty hive: a log that was not used though it is not known to be past, the end
 * of the last one used, or a log that is not there. Windows keeps two, LOG1 and LOG2 (before Vista one, LOG).
 */
static void tell_lack(const struct log *log, size_t n, const struct log *last, struct replay *r)
{
    if (!last) {
        snprintf(r->lack, sizeof r->lack, "changes still in its transaction logs are missing");
        return;
    }
    for (size_t i = 0; i < n && !*r->lack; i++)
        if (log[i].why && !log[i].past)
            snprintf(r->lack, sizeof r->lack, "changes in its %s are missing: %s", log[i].name, log[i].why);
    if (!*r->lack && last->torn)
        snprintf(r->lack, sizeof r->lack, "changes at the end of its %s are missing: %s", last->name,
                 last->torn);
    bool plain = strcmp(last->name, "LOG") == 0;
    if (!*r->lack && n < LOGS && (last->is_new || !plain))
        snprintf(r->lack, sizeof r->lack, "only %s is at hand, and %s may hold later changes",
                 plain ? "one of its logs" : last->name,
                 plain                  ? "the other"
                 : last->name[3] == '1' ? "LOG2"
                                        : "LOG1");
}

enum status txlog_recover(const struct span *files, size_t n, struct image *out, struct replay *r,
                          struct err *e)
{
    return txlog_recover_named(files, NULL, n, out, r, e);
}

enum status txlog_recover_named(const struct span *files, const uint8_t *name, size_t n, struct image *out,
                                struct replay *r, struct err *e)
{
    *r = (struct replay){0};
    *out = (struct image){.bytes = files[0].p, .n = files[0].n, .hive = files[0]};
    struct hive_header h = hive_header(files[0]);
    bool good = h.regf && h.checksum_ok, any_new = false;
    struct log log[LOGS], *use[LOGS] = {0};
    size_t n_logs = 0, n_use = 0;
    r->dirty = !good || h.seq1 != h.seq2;
    for (; n_logs < LOGS && n_logs + 1 < n; n_logs++) {
        struct log *l = &log[n_logs];
        *l = inspect(files[n_logs + 1], (uint8_t)(n_logs + 1), name ? name[n_logs] : LOG_BY_PLACE);
        any_new |= !l->why && l->is_new;
        /* refused, yet by its own word of an older round: what it held is in the hive */
        l->past = l->why && good && l->h.regf && l->h.checksum_ok && l->h.seq1 == l->h.seq2
                  && l->h.file_type == 6 && !not_before(l->h.seq1, h.seq2);
    }
    if (!r->dirty)
        return tell_clean(log, n_logs, &h, r), OK;
    for (size_t i = 0; i < n_logs; i++)
        if (!log[i].why && log[i].is_new == any_new)
            use[n_use++] = &log[i];
        else if (!log[i].why)
            log[i].why = "old format beside a newer log", log[i].past = true;
    if (n_use)
        n_use = any_new ? choose_new(use, n_use, &h, good) : choose_old(use, n_use, &h, good, files[0]);
    enum status st = n_use ? replay(use, n_use, good, out, r, e) : OK;
    if (!n_use)
        say(r, n_logs ? "dirty, no log applied" : "dirty, no logs");
    for (size_t i = 0; i < n_logs; i++) {
        /* usual beside an old log: worth a word only when nothing was applied */
        bool empty = !log[i].file.n;
        if (log[i].why && !(empty && n_use))
            say(r, "%s: %s", log[i].name, log[i].why);
        else if (log[i].torn && log[i].is_new)
            say(r, "%s: entry %u: %s", log[i].name, log[i].last + 1, log[i].torn);
        else if (log[i].torn)
            say(r, "%s: %s", log[i].name, log[i].torn);
        log[i].past |= empty && n_use && !use[0]->is_new; /* usual beside an old log */
        r->rejected += (log[i].why && !empty) || (!log[i].why && log[i].torn);
    }
    tell_lack(log, n_logs, r->applied ? use[n_use - 1] : NULL, r);
    return st;
}

void image_free(struct image *img)
{
    free(img->owned);
    *img = (struct image){0};
}

struct ref image_ref(const struct image *img, uint64_t off, uint32_t *entry)
{
    struct page_origin o = {0};
    if (img->page && off < img->n)
        o = img->page[off / HIVE_PAGE];
    if (entry)
        *entry = o.entry;
    return o.file ? (struct ref){o.file, o.off + off % HIVE_PAGE} : (struct ref){0, off};
}
