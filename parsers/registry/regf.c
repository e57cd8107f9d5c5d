#include "parsers/registry/regf.h"
#include "base/limits.h"
#include "base/utf.h"
#include "base/wintime.h"
#include <stdarg.h>
#include <stdio.h>

/* Layouts and what Windows allows: FORMAT-regf.md. A "rel" is an offset as cells name each other: relative to
 * the first bin. */
enum {
    NK_BYTES = 76,
    VK_BYTES = 20,
    DB_SEGMENT = 16344,
    CURSORS = 64,
    NK_PREDEF_HANDLE = 0x40,
    NK_LATIN1 = 0x20,
    VK_LATIN1 = 1
};
#define NIL UINT32_MAX

struct name {
    const uint8_t *p;
    size_t n;
    bool latin1;
};
struct nk {
    uint32_t rel, parent, n_subkeys, list, n_values, values, class_rel;
    uint16_t flags, class_n;
    int64_t written;
    struct name name;
};
struct vk {
    uint32_t rel, raw_size, data, type;
    struct name name;
};
/* kind: second letter of lf lh li ri */
struct list {
    const uint8_t *p;
    uint32_t n;
    uint8_t width;
    char kind;
};
/* Where an iteration stands. i: readable elements given out so far; owner, rel: the key and its list. */
struct cursor {
    uint32_t i, at_top, at, owner, rel;
    struct list top, leaf;
};

struct regf {
    const struct image *img;
    struct arena *a;
    fact_sink *sink;
    void *ctx;
    size_t end; /* behind the last byte of the bins, in the image */
    uint32_t root;
    bool big_data;
    /* work: list elements that may still be read; honest hives need a fraction */
    uint64_t anomalies, limits, work;
    uint8_t *seen;                 /* one bit per 8 bytes of the image */
    struct cursor cursor[CURSORS]; /* open iterations, the longest unused one gives way: walks nest */
    uint64_t tag[CURSORS], used[CURSORS], clock;
    uint8_t hint[256]; /* where a tag was last found */
    /* owner and parent of the last key whose parent does not list it: its siblings are not looked up again */
    uint32_t stray[2];
};

const char *reg_type_name(uint32_t type)
{
    static const char *const names[] = {"REG_NONE",
                                        "REG_SZ",
                                        "REG_EXPAND_SZ",
                                        "REG_BINARY",
                                        "REG_DWORD",
                                        "REG_DWORD_BIG_ENDIAN",
                                        "REG_LINK",
                                        "REG_MULTI_SZ",
                                        "REG_RESOURCE_LIST",
                                        "REG_FULL_RESOURCE_DESCRIPTOR",
                                        "REG_RESOURCE_REQUIREMENTS_LIST",
                                        "REG_QWORD"};
    return type < LEN(names) ? names[type] : "REG_UNKNOWN";
}

/* ---- anomalies */

PRINTF_LIKE(5, 6)
static void anomaly(struct regf *h, uint64_t off, const char *code, const char *what, const char *fmt, ...)
{
    /* ours are told even where the hive's fill the list */
    uint64_t *count = strcmp(code, "limit") == 0 ? &h->limits : &h->anomalies;
    if (!h->sink || (*count)++ >= LIM_ANOMALIES)
        return;
    char detail[128];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(detail, sizeof detail, fmt, ap);
    va_end(ap);
    struct fact f = {.kind = FACT_ANOMALY, .ref = image_ref(h->img, off, NULL)};
    const size_t file = h->img->hive.p ? h->img->hive.n : h->img->n;
    if (!f.ref.file && f.ref.off > file)
        /* an offset that leads out of the file: its end is the last place that can be shown */
        f.ref.off = file;
    f.v[AN_CODE] = val_s(str_of(code)), f.v[AN_WHAT] = val_s(str_of(what)),
    f.v[AN_DETAIL] = val_s(str_of(detail));
    h->sink(h->ctx, &f, NULL);
}

static uint64_t at(uint32_t rel) { return HIVE_BASE + (uint64_t)rel; }

/* ---- cells */

/* A bin header on a page border inside a cell: the cell runs out of its bin. Returns the bytes of the cell
 * before it. */
static size_t to_bin_end(const struct regf *h, uint64_t off, size_t n)
{
    for (uint64_t page = (off | 4095) + 1; page < off + n && page + 8 <= h->end; page += 4096)
        if (memcmp(h->img->bytes + page, "hbin", 4) == 0
            && le32(h->img->bytes + page + 4) == page - HIVE_BASE)
            return (size_t)(page - off);
    return n;
}

/* The data of an allocated cell; bad when there is none. A cell cut by the end of the file or of its bin
 * gives what is there. */
static struct span cell(struct regf *h, uint32_t rel, size_t least, const char *what)
{
    uint64_t off = at(rel);
    struct span none = {.off = off, .bad = true};
    if (rel % 8 || off + 8 > h->end)
        return anomaly(h, off, "cell", what,
                       rel % 8 ? "offset 0x%x is not aligned" : "offset 0x%x is outside the bins", rel),
               none;
    uint32_t raw = le32(h->img->bytes + off);
    if (raw < 0x80000000u)
        return anomaly(h, off, "cell", what, "cell is free (%u bytes)", raw), none;
    size_t n = 0u - raw;
    if (n < 8 || n % 8)
        return anomaly(h, off, "cell", what, "cell of %zu bytes", n), none;
    size_t have = n <= h->end - off ? n : (size_t)(h->end - off);
    if (have < n || (off & 4095) + n > 4096)
        have = to_bin_end(h, off, have);
    if (have < n)
        anomaly(h, off, "cell", what, "cell of %zu bytes, %zu in its bin", n, have);
    if (have - 4 < least)
        return anomaly(h, off, "cell", what, "need %zu bytes, have %zu", least, have - 4), none;
    return span_of(h->img->bytes + off + 4, have - 4, off + 4);
}

static struct name clip_name(struct regf *h, struct span s, size_t from, size_t n, bool latin1,
                             const char *what)
{
    size_t have = s.n - from;
    if (n > have)
        anomaly(h, s.off - 4, "name", what, "name of %zu bytes, %zu in its cell", n, have), n = have;
    return (struct name){s.p + from, latin1 ? n : n & ~(size_t)1, latin1};
}

static struct nk nk_fields(struct span s, uint32_t rel)
{
    const uint8_t *p = s.p;
    struct nk k = {.rel = rel,
                   .flags = le16(p + 2),
                   .written = (int64_t)le64(p + 4),
                   .parent = le32(p + 16),
                   .n_subkeys = le32(p + 20),
                   .list = le32(p + 28),
                   .n_values = le32(p + 36),
                   .values = le32(p + 40),
                   .class_rel = le32(p + 48),
                   .class_n = le16(p + 74)};
    if (k.flags & NK_PREDEF_HANDLE)
        k.n_values = 0; /* the field holds a handle */
    return k;
}

static bool nk_read(struct regf *h, uint32_t rel, struct nk *out)
{
    struct span s = cell(h, rel, NK_BYTES, "key");
    if (s.bad)
        return false;
    if (memcmp(s.p, "nk", 2) != 0)
        return anomaly(h, at(rel), "key", "key", "signature %02x%02x", s.p[0], s.p[1]), false;
    *out = nk_fields(s, rel);
    out->name = clip_name(h, s, NK_BYTES, le16(s.p + 72), out->flags & NK_LATIN1, "key");
    return true;
}

static struct vk vk_fields(struct span s, uint32_t rel)
{
    return (struct vk){.rel = rel, .raw_size = le32(s.p + 4), .data = le32(s.p + 8), .type = le32(s.p + 12)};
}

static bool vk_read(struct regf *h, uint32_t rel, struct vk *out)
{
    struct span s = cell(h, rel, VK_BYTES, "value");
    if (s.bad)
        return false;
    if (memcmp(s.p, "vk", 2) != 0)
        return anomaly(h, at(rel), "value", "value", "signature %02x%02x", s.p[0], s.p[1]), false;
    *out = vk_fields(s, rel);
    out->name = clip_name(h, s, VK_BYTES, le16(s.p + 2), le16(s.p + 16) & VK_LATIN1, "value");
    return true;
}

/* ---- names */

static struct str name_str(struct regf *h, struct name n)
{
    struct span s = span_of(n.p, n.n, 0);
    struct str r = n.latin1 ? latin1_str(h->a, s) : utf16_str(h->a, s);
    if (!r.p)
        anomaly(h, HIVE_BASE, "limit", "name", "no room for a name of %zu bytes", n.n);
    return r;
}

/* One character of a name; a lone surrogate stands for itself. */
static uint32_t name_next(struct name n, size_t *i)
{
    if (n.latin1)
        return n.p[(*i)++];
    uint32_t u = le16(n.p + *i), lo;
    *i += 2;
    if (u >= 0xd800 && u <= 0xdbff && *i < n.n && (lo = le16(n.p + *i)) >= 0xdc00 && lo <= 0xdfff)
        return *i += 2, 0x10000 + ((u - 0xd800) << 10) + (lo - 0xdc00);
    return u;
}

static bool name_is(struct name n, struct str s)
{
    size_t i = 0, j = 0;
    while (i < n.n && j < s.n) {
        uint32_t a = name_next(n, &i), b = utf8_next(s, &j);
        if (a != b && utf_upcase(a) != utf_upcase(b))
            return false;
    }
    return i == n.n && j == s.n;
}

/* The hash in lh lists: of upper-case UTF-16 units. */
static uint32_t lh_hash(struct str s)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < s.n;) {
        uint32_t u = utf_upcase(utf8_next(s, &i));
        if (u > 0xffff && u != UTF_BAD)
            hash = hash * 37 + (0xd7c0 + (u >> 10)), u = 0xdc00 | (u & 0x3ff);
        hash = hash * 37 + u;
    }
    return hash;
}

/* ---- lists */

static struct list list_read(struct regf *h, uint32_t rel, bool ri_allowed)
{
    struct list l = {0};
    struct span s = cell(h, rel, 4, "subkey list");
    if (s.bad)
        return l;
    l.kind = (char)s.p[1], l.width = l.kind == 'f' || l.kind == 'h' ? 8 : 4;
    bool known = s.p[0] == 'l' ? l.kind == 'f' || l.kind == 'h' || l.kind == 'i'
                               : s.p[0] == 'r' && l.kind == 'i';
    if (known && s.p[0] == 'r')
        l.kind = 'r';
    if (!known || (l.kind == 'r' && !ri_allowed))
        return anomaly(h, at(rel), "list", "subkey list",
                       known ? "index %.2s inside an index" : "signature is not a list's", known ? "ri" : ""),
               (struct list){0};
    l.p = s.p + 4, l.n = le16(s.p + 2);
    if (l.n > (s.n - 4) / l.width)
        anomaly(h, at(rel), "list", "subkey list", "%u elements, room for %zu", l.n, (s.n - 4) / l.width),
            l.n = (uint32_t)((s.n - 4) / l.width);
    return l;
}

static bool work(struct regf *h)
{
    if (h->work && --h->work == 0)
        anomaly(h, 0, "limit", "lists", "too many elements for a hive of this size: the rest is not read");
    return h->work;
}

static const uint8_t *cursor_step(struct regf *h, struct cursor *c, bool once);
static bool nk_peek(struct regf *h, uint32_t rel, struct nk *out);

/* A list that two keys name belongs to the one its first key calls its parent. */
static bool owns(struct regf *h, struct cursor c)
{
    struct nk first;
    const uint8_t *p = cursor_step(h, &c, false);
    return p && nk_peek(h, le32(p), &first) && first.parent == c.owner;
}

/* once: lists met before in this pass are passed over; honest hives share none. */
static void cursor_start(struct regf *h, struct cursor *c, const struct nk *k, bool once)
{
    *c = (struct cursor){.owner = k->rel, .rel = k->list};
    if (k->n_subkeys == 0 || k->list == NIL)
        return;
    bool again = once && !regf_once(h, at(k->list));
    struct list l = list_read(h, k->list, true);
    *(l.kind == 'r' ? &c->top : &c->leaf) = l;
    if (again && !owns(h, *c)) {
        anomaly(h, at(k->rel), "list", "subkey list", "list at 0x%x belongs to another key", k->list);
        c->top = c->leaf = (struct list){0};
    }
}

/* The next element of a key's lists: NULL at the end. */
static const uint8_t *cursor_step(struct regf *h, struct cursor *c, bool once)
{
    while (c->at == c->leaf.n) {
        if (c->at_top == c->top.n || !work(h))
            return NULL;
        uint32_t rel = le32(c->top.p + 4 * c->at_top++);
        c->at = 0, c->leaf = (struct list){0};
        if (once && !regf_once(h, at(rel)))
            anomaly(h, at(rel), "list", "subkey list", "list at 0x%x is named twice", rel);
        else
            c->leaf = list_read(h, rel, false);
    }
    return work(h) ? c->leaf.p + (size_t)c->leaf.width * c->at++ : NULL;
}

/* The key at rel is in use and one of its lists names sub. */
static bool lists(struct regf *h, uint32_t rel, uint32_t sub, struct nk *out)
{
    struct cursor c;
    if (!nk_peek(h, rel, out) || le32(h->img->bytes + at(rel)) < 0x80000000u)
        return false;
    cursor_start(h, &c, out, false);
    for (const uint8_t *p; (p = cursor_step(h, &c, false));)
        if (le32(p) == sub)
            return true;
    return false;
}

/* A key that calls another one its parent and is listed there, up to the root: it belongs there, whoever else
 * lists it. */
static bool is_foreign(struct regf *h, const struct cursor *c, const struct nk *k)
{
    struct nk up = *k;
    if (k->rel == h->root || (h->stray[0] == c->owner && h->stray[1] == k->parent))
        return false;
    for (unsigned depth = 0; up.rel != h->root; depth++)
        if (depth == LIM_REGF_DEPTH || !lists(h, up.parent, up.rel, &up))
            return h->stray[0] = c->owner, h->stray[1] = k->parent, false;
    return anomaly(h, at(k->rel), "parent", "key", "listed by 0x%x too, belongs to 0x%x", c->owner,
                   k->parent),
           true;
}

static bool cursor_next(struct regf *h, struct cursor *c, bool once, struct nk *out)
{
    for (const uint8_t *p; (p = cursor_step(h, c, once));)
        if (nk_read(h, le32(p), out) && (out->parent == c->owner || !is_foreign(h, c, out)))
            return c->i++, true;
    return false;
}

/* A list element that may be of that name: lh by hash, lf by the first four characters, li always. */
static bool hint_fits(const struct list *l, const uint8_t *p, uint32_t hash, struct str name)
{
    if (l->kind == 'h')
        return le32(p + 4) == hash;
    for (size_t i = 0; l->kind == 'f' && i < 4 && i < name.n; i++)
        if (p[4 + i] && (p[4 + i] | (unsigned char)name.p[i]) < 0x80
            && utf_upcase(p[4 + i]) != utf_upcase((unsigned char)name.p[i]))
            return false;
    return true;
}

/* Hints first; they may be wrong, so names decide when none fits. */
static bool child(struct regf *h, const struct nk *k, struct str name, struct nk *out)
{
    uint32_t hash = lh_hash(name);
    for (int by_name = 0; by_name < 2; by_name++) {
        struct cursor c;
        cursor_start(h, &c, k, false);
        for (const uint8_t *p; (p = cursor_step(h, &c, false));)
            if (hint_fits(&c.leaf, p, hash, name) != by_name && nk_read(h, le32(p), out)
                && name_is(out->name, name) && (out->parent == c.owner || !is_foreign(h, &c, out)))
                return true;
    }
    return false;
}

/* The value list, clipped to its cell: n 0 when there is none. */
static struct list values_read(struct regf *h, const struct nk *k)
{
    struct list l = {0};
    if (!k->n_values)
        return l;
    struct span s = cell(h, k->values, 0, "value list");
    if (s.bad)
        return l;
    l = (struct list){.p = s.p, .n = k->n_values, .width = 4};
    if (l.n > s.n / 4)
        anomaly(h, at(k->values), "list", "value list", "%u elements, room for %zu", l.n, s.n / 4),
            l.n = (uint32_t)(s.n / 4);
    return l;
}

/* ---- data */

/* One piece of big data: false when its cell cannot be read. */
static bool db_segment(struct regf *h, const uint8_t *list, uint32_t i, uint32_t left, struct span *out)
{
    *out = cell(h, le32(list + 4 * (size_t)i), 0, "big data piece");
    if (out->n > DB_SEGMENT)
        out->n = DB_SEGMENT;
    if (out->n > left)
        out->n = left;
    return !out->bad;
}

/* Big data: "db", u16 pieces, u32 list. Joined in the arena up to LIM_REGF_VALUE; with out NULL only checked.
 */
static void db_read(struct regf *h, struct span s, uint32_t size, struct span *out)
{
    uint32_t n = le16(s.p + 2), got = 0;
    struct span list = cell(h, le32(s.p + 4), 4, "big data list");
    if (list.bad)
        return;
    if (n > list.n / 4)
        anomaly(h, s.off - 4, "list", "big data list", "%u pieces, room for %zu", n, list.n / 4),
            n = (uint32_t)(list.n / 4);
    uint32_t keep = size < LIM_REGF_VALUE ? size : LIM_REGF_VALUE;
    uint8_t *p = out ? arena_alloc(h->a, 1, keep) : NULL;
    if (out && !p)
        anomaly(h, s.off - 4, "limit", "big data", "no room for %u bytes", keep);
    struct span piece;
    for (uint32_t i = 0;
         i < n && got < (out ? keep : size) && work(h) && db_segment(h, list.p, i, size - got, &piece); i++) {
        size_t room = got < keep ? keep - got : 0, take = piece.n < room ? piece.n : room;
        if (p)
            memcpy(p + got, piece.p, take);
        got += (uint32_t)(p ? take : piece.n);
    }
    if (got < (out ? keep : size))
        anomaly(h, s.off - 4, "data", "big data", "%u bytes, %u there", size, got);
    if (p)
        *out = span_of(p, got, 0);
}

/* What is there of a value's data; n 0 when nothing is. */
static struct span data_read(struct regf *h, const struct vk *v, bool check_only)
{
    uint32_t size = v->raw_size & 0x7fffffff;
    struct span none = {.off = at(v->rel)};
    if (v->raw_size != size) { /* up to 4 bytes stand in the data field itself, from its start */
        if (size > 4)
            anomaly(h, at(v->rel), "data", "value", "%u bytes in a field of 4", size);
        return span_of(h->img->bytes + at(v->rel) + 12, size < 4 ? size : 4, at(v->rel) + 12);
    }
    if (!size)
        return none;
    struct span s = cell(h, v->data, 0, "data");
    if (s.bad)
        return none;
    if (size > DB_SEGMENT && h->big_data && s.n >= 8 && memcmp(s.p, "db", 2) == 0)
        return db_read(h, s, size, check_only ? NULL : &none), none;
    if (size > s.n)
        anomaly(h, s.off - 4, "data", "data", "%u bytes, %zu in the cell", size, s.n);
    else
        s.n = size;
    return s;
}

/* ---- opening */

/* The root as the header says or, when that is no key, the first key with the root flag. */
static uint32_t find_root(struct regf *h, uint32_t said)
{
    const uint8_t *b = h->img->bytes;
    for (uint64_t off = HIVE_BASE + 32; off + 4 + NK_BYTES <= h->end; off += 8)
        if (off == at(said)
            || (memcmp(b + off + 4, "nk", 2) == 0 && le32(b + off) >= 0x80000000u && (le16(b + off + 6) & 4)))
            return (uint32_t)(off - HIVE_BASE);
    return said;
}

enum status regf_open(const struct image *img, struct arena *a, fact_sink *anomalies, void *ctx,
                      struct regf **out, struct err *e)
{
    struct regf *h = arena_alloc(a, sizeof *h, 1);
    if (!h)
        return err_set(e, E_LIMIT, 0, "hive", "no room to read it");
    *h = (struct regf){.img = img, .a = a, .sink = anomalies, .ctx = ctx, .end = img->n};
    struct hive_header head = hive_header(span_of(img->bytes, img->n, 0));
    bool sane = head.regf && head.checksum_ok && head.bins && head.bins % 4096 == 0;
    if (!head.regf || !head.checksum_ok)
        anomaly(h, 0, "header", "base block", head.regf ? "checksum wrong" : "signature is not regf");
    if (sane && HIVE_BASE + (uint64_t)head.bins < h->end)
        h->end = HIVE_BASE + (size_t)head.bins;
    else if (sane && HIVE_BASE + (uint64_t)head.bins > h->end)
        anomaly(h, h->end, "bin", "bins", "%u bytes, %llu there", head.bins,
                (unsigned long long)(h->end > HIVE_BASE ? h->end - HIVE_BASE : 0));
    if (h->end > HIVE_BASE + LIM_HIVE_BYTES)
        h->end = (size_t)(HIVE_BASE + LIM_HIVE_BYTES);
    h->big_data = head.minor > 3;
    h->work = LIM_REGF_WORK * (uint64_t)h->end + (1u << 20);
    h->root = head.root;
    if (h->end > HIVE_BASE) {
        bool there = at(h->root) + 4 + NK_BYTES <= h->end && h->root % 8 == 0
                     && memcmp(img->bytes + at(h->root) + 4, "nk", 2) == 0;
        if (!there && (h->root = find_root(h, NIL)) != NIL)
            anomaly(h, 36, "header", "root", "no key at 0x%x; the key with the root flag at 0x%x is used",
                    head.root, h->root);
        else if (!there)
            h->root = head.root;
    }
    *out = h;
    return OK;
}

/* ---- the interface */

static void key_out(struct regf *h, const struct nk *k, struct regf_key *out)
{
    *out = (struct regf_key){at(k->rel),   name_str(h, k->name), k->written,
                             k->n_subkeys, k->n_values,          k->flags};
}

static void value_out(struct regf *h, const struct vk *v, struct regf_value *out)
{
    *out = (struct regf_value){at(v->rel), name_str(h, v->name), v->type, v->raw_size & 0x7fffffff,
                               data_read(h, v, false)};
}

static bool key_in(struct regf *h, const struct regf_key *key, struct nk *k)
{
    return key->off >= HIVE_BASE && nk_read(h, (uint32_t)(key->off - HIVE_BASE), k);
}

bool regf_root(struct regf *h, struct regf_key *out)
{
    struct nk k;
    if (h->end <= HIVE_BASE || !nk_read(h, h->root, &k))
        return false;
    return key_out(h, &k, out), true;
}

bool regf_find(struct regf *h, const struct regf_key *from, struct str path, struct regf_key *out)
{
    struct nk k;
    if (!key_in(h, from, &k))
        return false;
    for (unsigned depth = 0; path.n;) {
        struct str part = str_cut(&path, '\\');
        if (part.n && (depth++ == LIM_REGF_DEPTH || !child(h, &k, part, &k)))
            return false;
    }
    return key_out(h, &k, out), true;
}

bool regf_get(struct regf *h, const struct regf_key *key, struct str value, struct regf_value *out)
{
    struct nk k;
    struct vk v;
    if (!key_in(h, key, &k))
        return false;
    struct list l = values_read(h, &k);
    for (uint32_t i = 0; i < l.n && work(h); i++)
        if (vk_read(h, le32(l.p + 4 * (size_t)i), &v) && name_is(v.name, value))
            return value_out(h, &v, out), true;
    return false;
}

/* The iteration of that tag; fresh: it begins anew. */
static struct cursor *cursor_of(struct regf *h, uint64_t tag, uint32_t i, bool *fresh)
{
    uint8_t *hint = &h->hint[(tag ^ tag >> 3 ^ tag >> 11) % LEN(h->hint)];
    unsigned at = *hint;
    if (h->tag[at] != tag) {
        unsigned old = at = 0;
        for (; at < CURSORS && h->tag[at] != tag; at++)
            old = h->used[at] < h->used[old] ? at : old;
        at = at < CURSORS ? at : old;
    }
    *fresh = h->tag[at] != tag || h->cursor[at].i > i || i == 0;
    *hint = (uint8_t)at, h->tag[at] = tag, h->used[at] = ++h->clock;
    return &h->cursor[at];
}

bool regf_subkey(struct regf *h, const struct regf_key *key, uint32_t i, struct regf_key *out)
{
    bool fresh;
    struct cursor *c = cursor_of(h, key->off, i, &fresh);
    struct nk k;
    if (fresh) {
        *c = (struct cursor){0};
        if (!key_in(h, key, &k))
            return false;
        cursor_start(h, c, &k, false);
    }
    do {
        if (!cursor_next(h, c, false, &k))
            return false;
    } while (c->i <= i);
    return key_out(h, &k, out), true;
}

bool regf_value_at(struct regf *h, const struct regf_key *key, uint32_t i, struct regf_value *out)
{
    bool fresh;
    /* value iterations have odd tags; cells are aligned to 8 */
    struct cursor *c = cursor_of(h, key->off | 1, i, &fresh);
    struct nk k;
    struct vk v;
    if (fresh) {
        *c = (struct cursor){0};
        if (!key_in(h, key, &k))
            return false;
        c->leaf = values_read(h, &k);
    }
    while (c->at < c->leaf.n && work(h))
        if (vk_read(h, le32(c->leaf.p + 4 * (size_t)c->at++), &v) && c->i++ == i)
            return value_out(h, &v, out), true;
    return false;
}

struct span regf_class(struct regf *h, const struct regf_key *key)
{
    struct nk k;
    struct span none = {.off = key->off};
    if (!key_in(h, key, &k) || !k.class_n || k.class_rel == NIL)
        return none;
    struct span s = cell(h, k.class_rel, 0, "class name");
    if (s.bad)
        return none;
    if (s.n < k.class_n)
        anomaly(h, s.off - 4, "name", "class name", "%u bytes, %zu in the cell", k.class_n, s.n);
    else
        s.n = k.class_n;
    return s;
}

/* ---- passes over everything */

void regf_pass(struct regf *h)
{
    size_t n = h->end / 64 + 1;
    if (h->seen)
        memset(h->seen, 0, n);
    else if (!(h->seen = arena_alloc(h->a, 1, n)))
        anomaly(h, 0, "limit", "hive", "no room to remember %zu cells: loops end only by the work limit",
                h->end / 8);
}

bool regf_once(struct regf *h, uint64_t off)
{
    if (!h->seen || off >= h->end)
        return true;
    uint8_t *b = &h->seen[off / 64], bit = (uint8_t)(1 << off / 8 % 8);
    return *b & bit ? false : (*b |= bit, true);
}

static void count_values(struct regf *h, const struct nk *k, struct regf_totals *t)
{
    if (k->n_values && !regf_once(h, at(k->values))) {
        anomaly(h, at(k->rel), "list", "value list", "list at 0x%x belongs to another key too", k->values);
        return;
    }
    struct list l = values_read(h, k);
    struct vk v;
    for (uint32_t i = 0; i < l.n && work(h); i++)
        if (vk_read(h, le32(l.p + 4 * (size_t)i), &v))
            t->values++, data_read(h, &v, true);
}

static void count_key(struct regf *h, const struct nk *k, unsigned depth, struct regf_totals *t)
{
    t->keys++;
    if (wintime_sane(k->written) && k->written > t->newest)
        t->newest = k->written;
    count_values(h, k, t);
    if (depth == LIM_REGF_DEPTH) {
        anomaly(h, at(k->rel), "depth", "key", "deeper than %d keys: what is below is not read",
                LIM_REGF_DEPTH);
        return;
    }
    struct cursor c;
    struct nk sub;
    cursor_start(h, &c, k, true);
    while (cursor_next(h, &c, true, &sub)) {
        if (!regf_once(h, at(sub.rel))) {
            anomaly(h, at(sub.rel), "loop", "key", "named again by the key at 0x%x", k->rel);
            continue;
        }
        if (sub.parent != k->rel)
            anomaly(h, at(sub.rel), "parent", "key", "parent 0x%x, but listed by 0x%x", sub.parent, k->rel);
        count_key(h, &sub, depth + 1, t);
    }
    if (c.i != k->n_subkeys && h->work)
        anomaly(h, at(k->rel), "count", "key", "%u subkeys, %u readable", k->n_subkeys, c.i);
}

static bool bin_at(const struct regf *h, uint64_t off, uint32_t *size)
{
    const uint8_t *p = h->img->bytes + off;
    *size = le32(p + 8);
    return memcmp(p, "hbin", 4) == 0 && le32(p + 4) == off - HIVE_BASE && *size >= 4096 && *size % 4096 == 0;
}

static void check_bins(struct regf *h)
{
    uint32_t size;
    for (uint64_t off = HIVE_BASE, bad = 0; off + 32 <= h->end; off += size) {
        if (!bin_at(h, off, &size)) {
            size = 4096;
            if (!bad++)
                anomaly(h, off, "bin", "bin header", "no bin header here");
            continue;
        }
        bad = 0;
        if (size > h->end - off)
            anomaly(h, off, "bin", "bin", "%u bytes, %llu there", size, (unsigned long long)(h->end - off));
    }
}

void regf_count(struct regf *h, struct regf_totals *out)
{
    struct nk k;
    *out = (struct regf_totals){0};
    regf_pass(h);
    check_bins(h);
    if (h->end > HIVE_BASE && nk_read(h, h->root, &k))
        regf_once(h, at(k.rel)), count_key(h, &k, 0, out);
    else
        anomaly(h, at(h->root) < h->end ? at(h->root) : 0, "key", "root", "the root key cannot be read");
    out->anomalies = h->anomalies + h->limits;
}

/* ---- free cells */

struct gone {
    struct regf *h;
    uint8_t *free;
    regf_deleted_fn *fn;
    void *ctx;
    bool stop;
};

/* n bytes at off, if all of them lie in free cells. */
static bool in_free(const struct gone *g, uint64_t off, uint64_t n)
{
    if (off < HIVE_BASE || off + n > g->h->end)
        return false;
    for (uint64_t i = off / 8; i <= (off + n - 1) / 8; i++)
        if (!(g->free[i / 8] >> i % 8 & 1))
            return false;
    return true;
}

typedef void free_fn(struct gone *g, uint64_t off, uint64_t n);
static void each_free(struct gone *g, free_fn *fn)
{
    const struct regf *h = g->h;
    uint32_t bin;
    for (uint64_t off = HIVE_BASE; off + 32 <= h->end && !g->stop; off += bin) {
        if (!bin_at(h, off, &bin)) {
            bin = 4096;
            continue;
        }
        uint64_t end = bin <= h->end - off ? off + bin : h->end;
        for (uint64_t c = off + 32, n; c + 8 <= end && !g->stop; c += n) {
            uint32_t raw = le32(h->img->bytes + c);
            bool is_free = raw < 0x80000000u;
            n = is_free ? raw : 0u - raw;
            if (n < 8 || n % 8 || n > end - c)
                break;
            if (is_free)
                fn(g, c, n);
        }
    }
}

static void mark_free(struct gone *g, uint64_t off, uint64_t n)
{
    for (uint64_t i = off / 8; i < (off + n) / 8; i++)
        g->free[i / 8] |= (uint8_t)(1 << i % 8);
}

/* A key at rel, allocated or not, without complaint: names of parents. */
static bool nk_peek(struct regf *h, uint32_t rel, struct nk *out)
{
    uint64_t off = at(rel) + 4;
    if (rel % 8 || off + NK_BYTES > h->end)
        return false;
    const uint8_t *p = h->img->bytes + off;
    size_t n = le16(p + 72);
    if (memcmp(p, "nk", 2) != 0 || off + NK_BYTES + n > h->end)
        return false;
    *out = nk_fields(span_of(p, NK_BYTES, off), rel);
    out->name = (struct name){p + NK_BYTES, out->flags & NK_LATIN1 ? n : n & ~(size_t)1,
                              out->flags & NK_LATIN1};
    return true;
}

/* Names from below the root down to k, or from "?" where the chain of parents breaks. */
static struct str gone_path(struct regf *h, struct nk k)
{
    struct name chain[LIM_REGF_GONE_DEPTH];
    size_t n = 0, bytes = 2;
    bool known = true;
    for (; known; known = n < LIM_REGF_GONE_DEPTH && work(h) && nk_peek(h, k.parent, &k) && !(k.flags & 4)) {
        chain[n++] = k.name, bytes += 2 * k.name.n + 1;
        if (k.parent == h->root)
            break;
    }
    char *path = bytes < 65536 ? arena_alloc(h->a, 1, bytes) : NULL;
    if (!path)
        return STR("?");
    size_t len = 0;
    if (!known)
        path[len++] = '?', path[len++] = '\\';
    while (n-- > 0) {
        if (!chain[n].latin1)
            len += utf16_to_utf8(path + len, chain[n].p, chain[n].n);
        for (size_t i = 0; chain[n].latin1 && i < chain[n].n; i++)
            len += utf8_put(path + len, chain[n].p[i]);
        if (n)
            path[len++] = '\\';
    }
    return (struct str){path, len};
}

static bool gone_vk(struct gone *g, uint64_t off, struct vk *v)
{
    if (!in_free(g, off, 4 + VK_BYTES) || memcmp(g->h->img->bytes + off + 4, "vk", 2) != 0)
        return false;
    const uint8_t *p = g->h->img->bytes + off + 4;
    *v = vk_fields(span_of(p, VK_BYTES, off + 4), (uint32_t)(off - HIVE_BASE));
    size_t n = le16(p + 2);
    v->name = (struct name){p + VK_BYTES, n, le16(p + 16) & VK_LATIN1};
    bool odd = (!v->name.latin1 && n % 2) || v->type > 0xffff || le16(p + 16) > 3
               || (v->raw_size & 0x7fffffff) > LIM_REGF_VALUE;
    return !odd && (!n || in_free(g, off + 4 + VK_BYTES, n));
}

static void gone_value(struct gone *g, const struct vk *v, struct str path, const struct regf_key *of)
{
    struct regf *h = g->h;
    uint32_t size = v->raw_size & 0x7fffffff;
    if (!regf_once(h, at(v->rel)))
        return;
    struct regf_value out = {at(v->rel), name_str(h, v->name), v->type, size, {.off = at(v->rel)}};
    if (v->raw_size != size)
        out.data = span_of(h->img->bytes + at(v->rel) + 12, size < 4 ? size : 4, at(v->rel) + 12);
    else if (size && size <= DB_SEGMENT && v->data % 8 == 0 && in_free(g, at(v->data), 4 + (uint64_t)size))
        out.data = span_of(h->img->bytes + at(v->data) + 4, size, at(v->data) + 4);
    g->stop = g->stop || !g->fn(g->ctx, path, NULL, &out, of);
}

static void gone_keys(struct gone *g, uint64_t off, uint64_t n)
{
    struct regf *h = g->h;
    for (uint64_t p = off; p + 4 + NK_BYTES <= off + n && !g->stop; p += 8) {
        struct nk k;
        if (memcmp(h->img->bytes + p + 4, "nk", 2) != 0 || !nk_peek(h, (uint32_t)(p - HIVE_BASE), &k)
            || !k.name.n || !wintime_sane(k.written))
            continue;
        if (k.name.n > 1024 || !in_free(g, p, 4 + NK_BYTES + k.name.n) || !regf_once(h, p))
            continue;
        struct arena was = *h->a;
        struct regf_key key;
        key_out(h, &k, &key);
        struct str path = gone_path(h, k);
        g->stop = !g->fn(g->ctx, path, &key, NULL, NULL);
        struct vk v;
        bool listed = k.values % 8 == 0 && k.n_values <= LIM_REGF_GONE_VALUES
                      && in_free(g, at(k.values) + 4, 4ull * k.n_values);
        for (uint32_t i = 0; listed && i < k.n_values && !g->stop && work(h); i++)
            if (gone_vk(g, at(le32(h->img->bytes + at(k.values) + 4 + 4ull * i) & ~7u), &v))
                gone_value(g, &v, path, &key);
        *h->a = was;
    }
}

static void gone_values(struct gone *g, uint64_t off, uint64_t n)
{
    struct vk v;
    for (uint64_t p = off; p + 4 + VK_BYTES <= off + n && !g->stop; p += 8) {
        struct arena was = *g->h->a;
        if (gone_vk(g, p, &v))
            gone_value(g, &v, STR("?"), NULL);
        *g->h->a = was;
    }
}

void regf_deleted(struct regf *h, regf_deleted_fn *fn, void *ctx)
{
    regf_pass(h);
    struct arena was = *h->a;
    struct gone g = {.h = h, .free = arena_alloc(h->a, 1, h->end / 64 + 1), .fn = fn, .ctx = ctx};
    if (!g.free || !h->seen) {
        anomaly(h, 0, "limit", "free cells", "no room to look for deleted keys");
        return;
    }
    each_free(&g, mark_free);
    each_free(&g, gone_keys);
    each_free(&g, gone_values);
    *h->a = was;
}
