#include "tests/build.h"
#include "base/hash.h"
#include "base/utf.h"
#include <assert.h>
#include <stdlib.h>

enum { BASE = 4096, PAGE = 4096, SECTOR = 512, BIN_HEAD = 32, BIG = 16344, INLINE = 4, NONE = -1 };

/* ---- The tree a description builds ---- */
struct reg_value {
    char *name;
    uint32_t type;
    struct buf data;
};
struct reg_key {
    char *name, *class_name;
    int64_t written;
    struct reg_key **child;
    size_t n_child;
    struct reg_value *value;
    size_t n_value;
};

static char *copy(const char *s, size_t n)
{
    char *p = malloc(n + 1);
    assert(p);
    memcpy(p, s, n), p[n] = 0;
    return p;
}
static void *room(void *array, size_t n, size_t size)
{
    void *p = realloc(array, (n + 1) * size);
    assert(p);
    return p;
}

/* Windows keeps sub-keys in the order of their upper-case names. */
static int name_order(struct str a, struct str b)
{
    size_t i = 0, j = 0;
    while (i < a.n && j < b.n) {
        uint32_t x = utf_upcase(utf8_next(a, &i)), y = utf_upcase(utf8_next(b, &j));
        if (x != y)
            return x < y ? -1 : 1;
    }
    return i < a.n ? 1 : j < b.n ? -1 : 0;
}

static struct reg_key *new_key(const struct hive *h, struct str name)
{
    struct reg_key *k = calloc(1, sizeof *k);
    assert(k);
    k->name = copy(name.p, name.n), k->written = h->now;
    return k;
}

static size_t child_place(const struct reg_key *k, struct str name, bool *there)
{
    size_t i = 0;
    int order = 1;
    while (i < k->n_child && (order = name_order(name, str_of(k->child[i]->name))) > 0)
        i++;
    *there = i < k->n_child && order == 0;
    return i;
}

struct reg_key *hive_key(struct hive *h, const char *path)
{
    if (!h->top)
        h->top = new_key(h, str_of(h->root ? h->root : "ROOT"));
    struct reg_key *k = h->top;
    for (struct str rest = str_of(path); rest.n;) {
        struct str part = str_cut(&rest, '\\');
        bool there;
        size_t i = child_place(k, part, &there);
        if (!there) {
            k->child = room(k->child, k->n_child, sizeof *k->child);
            memmove(k->child + i + 1, k->child + i, (k->n_child++ - i) * sizeof *k->child);
            k->child[i] = new_key(h, part);
            k->written = h->now;
        }
        k = k->child[i];
    }
    return k;
}

void hive_class(struct hive *h, const char *path, const char *class_name)
{
    struct reg_key *k = hive_key(h, path);
    free(k->class_name);
    k->class_name = copy(class_name, strlen(class_name));
}

/* REG_MULTI_SZ: each line and the list end with NUL */
static void put_lines(struct buf *b, const char *lines)
{
    for (struct str rest = str_of(lines); rest.n;) {
        struct str line = str_cut(&rest, '\n');
        char *z = copy(line.p, line.n);
        put_utf16(b, z), buf_u16(b, 0);
        free(z);
    }
    buf_u16(b, 0);
}

static void value_data(struct buf *b, const struct field *f)
{
    if (f->bytes)
        buf_put(b, f->bytes, f->n);
    else if (f->text && f->type == V_MULTI)
        put_lines(b, f->text);
    else if (f->text)
        put_utf16(b, f->text), buf_u16(b, 0);
    else if (f->type == V_QWORD)
        buf_u64le(b, f->num);
    else if (f->type == V_DWORD)
        buf_u32(b, (uint32_t)f->num);
    else if (f->type == V_DWORD_BE)
        for (unsigned i = 4; i-- > 0;)
            buf_char(b, (char)(f->num >> (8 * i)));
}

void hive_values(struct hive *h, const char *path, const struct field *f)
{
    struct reg_key *k = hive_key(h, path);
    for (k->written = h->now; f->type != F_END; f++) {
        size_t i = 0;
        while (i < k->n_value && !utf8_eq_ci(str_of(k->value[i].name), str_of(f->name)))
            i++;
        if (i == k->n_value) {
            k->value = room(k->value, k->n_value++, sizeof *k->value);
            k->value[i] = (struct reg_value){.name = copy(f->name, strlen(f->name))};
        }
        struct reg_value *v = &k->value[i];
        v->type = (uint32_t)f->type, v->data.n = 0;
        value_data(&v->data, f);
    }
}

static void free_key(struct reg_key *k)
{
    for (size_t i = 0; i < k->n_child; i++)
        free_key(k->child[i]);
    for (size_t i = 0; i < k->n_value; i++)
        free(k->value[i].name), buf_free(&k->value[i].data);
    free(k->name), free(k->class_name), free(k->child), free(k->value), free(k);
}

void hive_drop(struct hive *h, const char *path, const char *value)
{
    const char *cut = strrchr(path, '\\');
    char *above = copy(path, cut && !value ? (size_t)(cut - path) : value ? strlen(path) : 0);
    struct reg_key *k = hive_key(h, above);
    k->written = h->now;
    if (!value) {
        bool there;
        size_t i = child_place(k, str_of(cut ? cut + 1 : path), &there);
        assert(there);
        free_key(k->child[i]);
        memmove(k->child + i, k->child + i + 1, (--k->n_child - i) * sizeof *k->child);
    } else
        for (size_t i = 0; i < k->n_value; i++)
            if (utf8_eq_ci(str_of(k->value[i].name), str_of(value))) {
                free(k->value[i].name), buf_free(&k->value[i].data);
                memmove(k->value + i, k->value + i + 1, (--k->n_value - i) * sizeof *k->value);
            }
    free(above);
}

void hive_free(struct hive *h)
{
    if (h->top)
        free_key(h->top);
    h->top = NULL;
}

/* ---- Cells. Offsets are relative to the first bin, as the format counts. ---- */
struct out {
    struct buf *b;
    const struct hive *h;
    size_t at, end;
    uint32_t sk, keys, minor;
};

static uint8_t *cell(struct out *o, uint32_t off) { return (uint8_t *)o->b->p + BASE + off + 4; }
static void zeros(struct buf *b, size_t n)
{
    bool ok = buf_room(b, n);
    assert(ok);
    memset(b->p + b->n, 0, n), b->n += n;
}

static void bin_close(struct out *o) /* what is left of a bin is one free cell: its size is positive */
{
    if (o->end > o->at)
        set32(o->b->p + o->at, (uint32_t)(o->end - o->at));
}

static uint32_t cell_new(struct out *o, size_t n)
{
    size_t size = (n + 4 + 7) & ~(size_t)7;
    if (size > o->end - o->at) {
        bin_close(o);
        size_t bin = o->b->n, bytes = (size + BIN_HEAD + PAGE - 1) & ~(size_t)(PAGE - 1);
        zeros(o->b, bytes);
        memcpy(o->b->p + bin, "hbin", 4);
        set32(o->b->p + bin + 4, (uint32_t)(bin - BASE)), set32(o->b->p + bin + 8, (uint32_t)bytes);
        if (bin == BASE)
            set64(o->b->p + bin + 20, (uint64_t)o->h->now);
        o->at = bin + BIN_HEAD, o->end = bin + bytes;
    }
    uint32_t off = (uint32_t)(o->at - BASE);
    set32(o->b->p + o->at, (uint32_t) - (int32_t)size);
    o->at += size;
    return off;
}
static uint32_t cell_bytes(struct out *o, const void *p, size_t n)
{
    uint32_t off = cell_new(o, n);
    if (n)
        memcpy(cell(o, off), p, n);
    return off;
}

/* Latin-1 where every character has one byte ("compressed"), else UTF-16. */
static bool put_name(struct buf *b, const char *name)
{
    struct str s = str_of(name);
    bool latin = true;
    for (size_t i = 0; i < s.n;)
        latin = utf8_next(s, &i) < 0x100 && latin;
    if (!latin)
        return put_utf16(b, name), false;
    for (size_t i = 0; i < s.n;)
        buf_char(b, (char)utf8_next(s, &i));
    return true;
}

static uint32_t write_big(struct out *o, const struct buf *d)
{
    size_t n = (d->n + BIG - 1) / BIG;
    uint32_t head = cell_new(o, 8), list = cell_new(o, 4 * n);
    memcpy(cell(o, head), "db", 2), set16(cell(o, head) + 2, (uint16_t)n), set32(cell(o, head) + 4, list);
    for (size_t i = 0; i < n; i++) {
        size_t left = d->n - i * BIG;
        uint32_t part = cell_bytes(o, d->p + i * BIG, left < BIG ? left : BIG);
        set32(cell(o, list) + 4 * i, part);
    }
    return head;
}

static uint32_t write_value(struct out *o, const struct reg_value *v)
{
    struct buf name = {0};
    bool latin = put_name(&name, v->name);
    uint32_t vk = cell_new(o, 20 + name.n), data = 0;
    if (v->data.n > BIG && o->minor > 3)
        data = write_big(o, &v->data);
    else if (v->data.n > INLINE)
        data = cell_bytes(o, v->data.p, v->data.n);
    uint8_t *p = cell(o, vk);
    memcpy(p, "vk", 2), set16(p + 2, (uint16_t)name.n),
        set32(p + 4, (uint32_t)v->data.n | (v->data.n <= INLINE ? 0x80000000 : 0)), set32(p + 8, data);
    if (v->data.n && v->data.n <= INLINE)
        memcpy(p + 8, v->data.p, v->data.n);
    set32(p + 12, v->type), set16(p + 16, latin && name.n), memcpy(p + 20, name.n ? name.p : "", name.n);
    buf_free(&name);
    return vk;
}

/* One security descriptor for all: owner Administrators; SYSTEM and Administrators full, Users read. */
static uint32_t write_sk(struct out *o)
{
    static const struct {
        const char *sid;
        uint32_t mask;
    } ace[] = {{"S-1-5-18", 0xf003f}, {"S-1-5-32-544", 0xf003f}, {"S-1-5-32-545", 0x20019}};
    struct buf sd = {0}, acl = {0};
    for (size_t i = 0; i < LEN(ace); i++) {
        struct buf sid = {0};
        put_sid(&sid, ace[i].sid);
        buf_u16(&acl, 0x0200), buf_u16(&acl, (uint16_t)(8 + sid.n)), buf_u32(&acl, ace[i].mask),
            buf_put(&acl, sid.p, sid.n);
        buf_free(&sid);
    }
    buf_u32(&sd, 0x80040001), buf_u32(&sd, 20), buf_u32(&sd, 36), buf_u32(&sd, 0), buf_u32(&sd, 48);
    put_sid(&sd, "S-1-5-32-544"), put_sid(&sd, "S-1-5-18");
    buf_u16(&sd, 2), buf_u16(&sd, (uint16_t)(8 + acl.n)), buf_u32(&sd, LEN(ace)), buf_put(&sd, acl.p, acl.n);
    uint32_t sk = cell_new(o, 20 + sd.n);
    uint8_t *p = cell(o, sk);
    memcpy(p, "sk", 2), set32(p + 4, sk), set32(p + 8, sk), set32(p + 16, (uint32_t)sd.n),
        memcpy(p + 20, sd.p, sd.n);
    buf_free(&sd), buf_free(&acl);
    return sk;
}

static uint32_t name_hash(const char *name)
{
    struct str s = str_of(name);
    uint32_t h = 0;
    for (size_t i = 0; i < s.n;)
        h = 37 * h + utf_upcase(utf8_next(s, &i));
    return h;
}

static uint32_t write_leaf(struct out *o, const struct reg_key *k, const uint32_t *off, size_t from, size_t n)
{
    const char *kind = o->h->list ? o->h->list : "lh";
    size_t step = strcmp(kind, "li") == 0 ? 4 : 8;
    uint32_t list = cell_new(o, 4 + step * n);
    uint8_t *p = cell(o, list);
    memcpy(p, kind, 2), set16(p + 2, (uint16_t)n);
    for (size_t i = 0; i < n; i++) {
        const char *name = k->child[from + i]->name;
        set32(p + 4 + step * i, off[from + i]);
        if (strcmp(kind, "lh") == 0)
            set32(p + 8 + step * i, name_hash(name));
        else if (strcmp(kind, "lf") == 0)
            memcpy(p + 8 + step * i, name, strnlen(name, 4));
    }
    return list;
}

static uint32_t write_list(struct out *o, const struct reg_key *k, const uint32_t *off)
{
    size_t most = o->h->split ? o->h->split : 507, lists = (k->n_child + most - 1) / most;
    if (lists == 1)
        return write_leaf(o, k, off, 0, k->n_child);
    uint32_t ri = cell_new(o, 4 + 4 * lists);
    memcpy(cell(o, ri), "ri", 2), set16(cell(o, ri) + 2, (uint16_t)lists);
    for (size_t i = 0; i < lists; i++) {
        size_t left = k->n_child - i * most;
        uint32_t leaf = write_leaf(o, k, off, i * most, left < most ? left : most);
        set32(cell(o, ri) + 4 + 4 * i, leaf);
    }
    return ri;
}

static uint32_t write_key(struct out *o, const struct reg_key *k, uint32_t parent)
{
    struct buf name = {0};
    bool latin = put_name(&name, k->name);
    bool top = k == o->h->top;
    uint32_t nk = cell_new(o, 76 + name.n), values = (uint32_t)NONE, list = (uint32_t)NONE,
             class_off = (uint32_t)NONE;
    uint32_t longest[4] = {0}; /* sub-key name, class, value name, value data */
    struct buf class_name = {0};
    o->keys++;
    if (top)
        o->sk = write_sk(o);
    if (k->class_name)
        put_utf16(&class_name, k->class_name), class_off = cell_bytes(o, class_name.p, class_name.n);
    if (k->n_value) {
        values = cell_new(o, 4 * k->n_value);
        for (size_t i = 0; i < k->n_value; i++) {
            uint32_t vk = write_value(o, &k->value[i]);
            set32(cell(o, values) + 4 * i, vk);
            longest[2] = longest[2] > 2 * strlen(k->value[i].name) ? longest[2]
                                                                   : 2 * (uint32_t)strlen(k->value[i].name);
            longest[3] = longest[3] > k->value[i].data.n ? longest[3] : (uint32_t)k->value[i].data.n;
        }
    }
    if (k->n_child) {
        uint32_t *off = calloc(k->n_child, sizeof *off);
        assert(off);
        for (size_t i = 0; i < k->n_child; i++) {
            off[i] = write_key(o, k->child[i], nk);
            longest[0] = longest[0] > 2 * strlen(k->child[i]->name) ? longest[0]
                                                                    : 2 * (uint32_t)strlen(k->child[i]->name);
        }
        list = write_list(o, k, off);
        free(off);
    }
    uint8_t *p = cell(o, nk);
    memcpy(p, "nk", 2), set16(p + 2, (uint16_t)((latin ? 0x20 : 0) | (top ? 0x0c : 0))),
        set64(p + 4, (uint64_t)k->written);
    set32(p + 16, parent), set32(p + 20, (uint32_t)k->n_child), set32(p + 28, list),
        set32(p + 32, (uint32_t)NONE);
    set32(p + 36, (uint32_t)k->n_value), set32(p + 40, values), set32(p + 44, o->sk),
        set32(p + 48, class_off);
    for (size_t i = 0; i < LEN(longest); i++)
        set32(p + 52 + 4 * i, longest[i]);
    set16(p + 72, (uint16_t)name.n), set16(p + 74, (uint16_t)class_name.n),
        memcpy(p + 76, name.n ? name.p : "", name.n);
    buf_free(&name), buf_free(&class_name);
    return nk;
}

static uint32_t checksum(const uint8_t *p)
{
    uint32_t x = 0;
    for (size_t i = 0; i < 508; i += 4)
        x ^= le32(p + i);
    return x == 0 ? 1 : x == UINT32_MAX ? UINT32_MAX - 1 : x;
}
void hive_repair(struct buf *b)
{
    if (b->n >= SECTOR)
        set32(b->p + 508, checksum((const uint8_t *)b->p));
}

void hive_write(const struct hive *h, struct buf *file)
{
    struct out o = {.b = file, .h = h, .minor = h->minor ? h->minor : 5};
    struct buf name = {0};
    assert(h->top);
    file->n = 0, zeros(file, BASE);
    o.at = o.end = file->n;
    uint32_t top = write_key(&o, h->top, 0);
    /* the root's parent means nothing; Windows leaves an old offset there */
    set32(cell(&o, top) + 16, o.sk);
    set32(cell(&o, o.sk) + 12, o.keys);
    bin_close(&o);
    uint8_t *p = (uint8_t *)file->p;
    memcpy(p, "regf", 4), set32(p + 4, h->seq ? h->seq : 1), set32(p + 8, h->seq ? h->seq : 1),
        set64(p + 12, (uint64_t)h->now);
    set32(p + 20, 1), set32(p + 24, o.minor), set32(p + 32, 1), set32(p + 36, top),
        set32(p + 40, (uint32_t)(file->n - BASE)), set32(p + 44, 1);
    put_utf16(&name, h->name);
    size_t skip = name.n > 62 ? name.n - 62 : 0; /* the tail of the path, NUL kept */
    memcpy(p + 48, name.p + skip, name.n - skip);
    buf_free(&name);
    hive_repair(file);
}

/* ---- Transaction logs ---- */
void hive_seq(struct buf *b, uint32_t primary, uint32_t secondary)
{
    set32(b->p + 4, primary), set32(b->p + 8, secondary), hive_repair(b);
}
void hive_stamp(struct buf *b, int64_t written)
{
    set64(b->p + 12, (uint64_t)written), set64(b->p + BASE + 20, (uint64_t)written), hive_repair(b);
}
static uint32_t bins(const struct buf *b) { return le32((const uint8_t *)b->p + 40); }

static void log_head(struct buf *log, const struct buf *hive, uint32_t type, uint32_t seq, int64_t written)
{
    log->n = 0;
    buf_put(log, hive->p, SECTOR);
    set32(log->p + 28, type), set64(log->p + 12, (uint64_t)written);
    hive_seq(log, seq, seq);
}

void log_begin(struct buf *log, const struct buf *hive, uint32_t seq)
{
    log_head(log, hive, 6, seq, (int64_t)le64((const uint8_t *)hive->p + 12));
}

static bool differs(const struct buf *a, const struct buf *b, size_t off, size_t n)
{
    return off + n > a->n || memcmp(a->p + off, b->p + off, n) != 0;
}

static void entry_hash(uint8_t *e)
{
    set64(e + 24, marvin32(e + 40, le32(e + 4) - 40u));
    set64(e + 32, marvin32(e, 32));
}

void log_entry(struct buf *log, const struct buf *before, const struct buf *after, uint32_t seq)
{
    struct buf table = {0}, pages = {0};
    uint32_t runs = 0, length = 0;
    for (uint32_t off = 0; off < bins(after); off += PAGE) {
        bool hit = differs(before, after, BASE + off, PAGE);
        if (hit)
            buf_put(&pages, after->p + BASE + off, PAGE), length += PAGE;
        if (length && (!hit || off + PAGE >= bins(after)))
            buf_u32(&table, off + (hit ? PAGE : 0) - length), buf_u32(&table, length), length = 0, runs++;
    }
    assert(runs);
    size_t from = log->n, size = (40 + table.n + pages.n + SECTOR - 1) / SECTOR * SECTOR;
    zeros(log, size);
    uint8_t *e = (uint8_t *)log->p + from;
    memcpy(e, "HvLE", 4), set32(e + 4, (uint32_t)size), set32(e + 12, seq), set32(e + 16, bins(after)),
        set32(e + 20, runs);
    memcpy(e + 40, table.p, table.n), memcpy(e + 40 + table.n, pages.p, pages.n);
    entry_hash(e);
    buf_free(&table), buf_free(&pages);
}

void log_old(struct buf *log, const struct buf *before, const struct buf *after, int64_t written)
{
    log_head(log, after, 1, le32((const uint8_t *)after->p + 4), written);
    size_t map = log->n + 4, bytes = bins(after) / PAGE;
    buf_z(log, "DIRT"), zeros(log, bytes);
    zeros(log, (SECTOR - log->n % SECTOR) % SECTOR);
    for (uint32_t i = 0; i < bins(after) / SECTOR; i++)
        if (differs(before, after, BASE + (size_t)i * SECTOR, SECTOR)) {
            log->p[map + i / 8] = (char)(log->p[map + i / 8] | 1 << i % 8);
            buf_put(log, after->p + BASE + (size_t)i * SECTOR, SECTOR);
        }
    hive_repair(log);
}

void log_repair(struct buf *b)
{
    hive_repair(b);
    for (size_t at = SECTOR; at + 40 <= b->n && memcmp(b->p + at, "HvLE", 4) == 0;) {
        uint8_t *e = (uint8_t *)b->p + at;
        if (le32(e + 4) < 40 || le32(e + 4) > b->n - at)
            return;
        entry_hash(e);
        at += le32(e + 4);
    }
}

/* ---- Breaking a hive: the rows expect sub-keys below the root, a value with data of its own and one above
 * 16344 bytes ---- */
static uint8_t *find(struct buf *b, const char *kind, unsigned nth)
{
    for (size_t at = BASE + BIN_HEAD; at + 8 <= b->n; at += 8)
        if (memcmp(b->p + at + 4, kind, 2) == 0 && le32((uint8_t *)b->p + at) >> 31 && nth-- == 0)
            return (uint8_t *)b->p + at + 4;
    abort(); /* the description had no such cell */
}
static uint32_t offset_of(struct buf *b, const uint8_t *p)
{
    return (uint32_t)(p - 4 - (uint8_t *)b->p - BASE);
}
static uint8_t *outer_value(struct buf *b)
{
    for (unsigned i = 0;; i++)
        if (le32(find(b, "vk", i) + 4) >> 31 == 0)
            return find(b, "vk", i);
}
static void h_checksum(struct buf *b) { b->p[508] ^= 1; }
static void h_magic(struct buf *b) { b->p[1] = 'X'; }
static void h_dirty(struct buf *b) { set32(b->p + 4, le32((uint8_t *)b->p + 8) + 1); }
static void h_root_offset(struct buf *b) { set32(b->p + 36, 0x7ffffff0); }
static void h_root_cell(struct buf *b) { set32(b->p + 36, offset_of(b, find(b, "sk", 0))); }
static void h_bins_zero(struct buf *b) { set32(b->p + 40, 0); }
static void h_bins_huge(struct buf *b) { set32(b->p + 40, 0x7ffff000); }
static void h_bin_magic(struct buf *b) { b->p[BASE] = 'X'; }
static void h_bin_zero(struct buf *b) { set32(b->p + BASE + 8, 0); }
static void h_bin_huge(struct buf *b) { set32(b->p + BASE + 8, 0x7ffff000); }
static void h_cell_zero(struct buf *b) { set32(find(b, "nk", 1) - 4, 0); }
static void h_cell_free(struct buf *b)
{
    set32(find(b, "nk", 1) - 4, (uint32_t) - (int32_t)le32(find(b, "nk", 1) - 4));
}
static void h_cell_odd(struct buf *b) { set32(find(b, "nk", 1) - 4, (uint32_t)-77); }
static void h_cell_huge(struct buf *b) { set32(find(b, "nk", 1) - 4, 0x80000000); }
static void h_parent(struct buf *b) { set32(find(b, "nk", 1) + 16, offset_of(b, find(b, "nk", 1))); }
static void h_list_loop(struct buf *b) { set32(find(b, "lh", 0) + 4, offset_of(b, find(b, "nk", 0))); }
static void h_list_count(struct buf *b) { set16(find(b, "lh", 0) + 2, 0xffff); }
static void h_list_bad(struct buf *b) { set32(find(b, "lh", 0) + 4, 0x7ffffff8); }
static void h_ri_self(struct buf *b)
{
    uint8_t *p = find(b, "lh", 0);
    memcpy(p, "ri", 2), set16(p + 2, 1), set32(p + 4, offset_of(b, p));
}
static void h_subkeys(struct buf *b) { set32(find(b, "nk", 0) + 20, 0x7fffffff); }
static void h_name(struct buf *b) { set16(find(b, "nk", 1) + 72, 0xffff); }
static void h_class(struct buf *b)
{
    set32(find(b, "nk", 1) + 48, 0x7ffffff8), set16(find(b, "nk", 1) + 74, 0xffff);
}
static void h_values(struct buf *b)
{
    for (unsigned i = 0;; i++)
        if (le32(find(b, "nk", i) + 36)) {
            set32(find(b, "nk", i) + 36, 0x40000000);
            return;
        }
}
static void h_value_name(struct buf *b) { set16(find(b, "vk", 0) + 2, 0xffff); }
static void h_value_data(struct buf *b) { set32(outer_value(b) + 8, 0x7ffffff8); }
static void h_value_size(struct buf *b) { set32(outer_value(b) + 4, 0x7fffffff); }
static void h_inline_size(struct buf *b)
{
    for (unsigned i = 0;; i++)
        if (le32(find(b, "vk", i) + 4) >> 31) {
            set32(find(b, "vk", i) + 4, 0x80000005);
            return;
        }
}
static void h_db_count(struct buf *b) { set16(find(b, "db", 0) + 2, 0xffff); }
static void h_db_list(struct buf *b) { set32(find(b, "db", 0) + 4, offset_of(b, find(b, "db", 0))); }
static void h_truncated(struct buf *b) { b->n -= b->n / 3; }
static void h_header_only(struct buf *b) { b->n = SECTOR; }
static void h_no_bins(struct buf *b) { b->n = BASE; }

const struct breakage hive_breakages[] = {
    {"checksum", "checksum of the base block wrong", h_checksum, false},
    {"magic", "no regf at the start", h_magic, true},
    {"dirty", "sequence numbers differ, no log", h_dirty, true},
    {"root-offset", "root key outside the hive", h_root_offset, true},
    {"root-cell", "root key is another kind of cell", h_root_cell, true},
    {"bins-zero", "base block says no bins", h_bins_zero, true},
    {"bins-huge", "base block says 2 GiB of bins", h_bins_huge, true},
    {"bin-magic", "first bin without hbin", h_bin_magic, true},
    {"bin-zero", "first bin 0 bytes long", h_bin_zero, true},
    {"bin-huge", "first bin 2 GiB long", h_bin_huge, true},
    {"cell-zero", "a key's cell is 0 bytes long", h_cell_zero, true},
    {"cell-free", "a key's cell is marked free", h_cell_free, true},
    {"cell-odd", "a key's cell is 77 bytes long", h_cell_odd, true},
    {"cell-huge", "a key's cell is 2 GiB long", h_cell_huge, true},
    {"parent", "a key is its own parent", h_parent, true},
    {"list-loop", "a sub-key is the root", h_list_loop, true},
    {"list-count", "a list claims 65535 keys", h_list_count, true},
    {"list-bad", "a list points outside the hive", h_list_bad, true},
    {"ri-self", "a list of lists that lists itself", h_ri_self, true},
    {"subkey-count", "the root claims 2 G sub-keys", h_subkeys, true},
    {"name-length", "a key's name is longer than its cell", h_name, true},
    {"class", "class name outside the hive", h_class, true},
    {"value-count", "a key claims 1 G values", h_values, true},
    {"value-name", "a value's name is longer than its cell", h_value_name, true},
    {"value-data", "data outside the hive", h_value_data, true},
    {"value-size", "data of 2 GB", h_value_size, true},
    {"inline-size", "5 bytes of data in a field of 4", h_inline_size, true},
    {"db-count", "big data claims 65535 parts", h_db_count, true},
    {"db-list", "big data whose list is itself", h_db_list, true},
    {"truncated", "the last third missing", h_truncated, false},
    {"header-only", "512 bytes of a hive", h_header_only, false},
    {"no-bins", "the base block alone", h_no_bins, false},
};
const size_t n_hive_breakages = LEN(hive_breakages);
void hive_break(struct buf *b, const char *what)
{
    breakage_apply(hive_breakages, n_hive_breakages, what, b, hive_repair);
}

/* ---- Breaking a log: rows named old- want a DIRT log, rows named entry- HvLE entries ---- */
static uint8_t *entry(struct buf *b, unsigned i)
{
    uint8_t *e = (uint8_t *)b->p + SECTOR;
    while (i--)
        e += le32(e + 4);
    assert(memcmp(e, "HvLE", 4) == 0);
    return e;
}
static void l_sequence(struct buf *b) { set32(b->p + 8, le32((uint8_t *)b->p + 8) + 1); }
static void l_type(struct buf *b) { set32(b->p + 28, 0); }
static void l_magic(struct buf *b) { entry(b, 0)[0] = 'X'; }
static void l_hash1(struct buf *b)
{
    uint8_t *e = entry(b, 0);
    e[24] ^= 1;
    set64(e + 32, marvin32(e, 32));
}
static void l_hash2(struct buf *b) { entry(b, 0)[32] ^= 1; }
static void l_size(struct buf *b) { set32(entry(b, 0) + 4, 0xfffffe00); }
static void l_size_odd(struct buf *b) { set32(entry(b, 0) + 4, 600); }
static void l_seq(struct buf *b) { set32(entry(b, 0) + 12, le32(entry(b, 0) + 12) + 5); }
static void l_count(struct buf *b) { set32(entry(b, 0) + 20, 0x7fffffff); }
static void l_none(struct buf *b) { set32(entry(b, 0) + 20, 0); }
static void l_offset(struct buf *b) { set32(entry(b, 0) + 40, 0x7ffff000); }
static void l_offset_odd(struct buf *b) { set32(entry(b, 0) + 40, le32(entry(b, 0) + 40) + 256); }
static void l_length_odd(struct buf *b) { set32(entry(b, 0) + 44, le32(entry(b, 0) + 44) - 256); }
static void l_bins(struct buf *b) { set32(entry(b, 0) + 16, 0xfffff000); }
static void l_cut(struct buf *b) { b->n -= SECTOR; }
static void l_dirt(struct buf *b) { memcpy(b->p + SECTOR, "INVL", 4); }

const struct breakage log_breakages[] = {
    {"checksum", "checksum of the log's base block wrong", h_checksum, false},
    {"magic", "no regf at the start", h_magic, true},
    {"sequence", "the log's sequence numbers differ", l_sequence, true},
    {"type", "a log that says it is a hive", l_type, true},
    {"header-only", "a base block and nothing else", h_header_only, false},
    {"entry-magic", "first entry without HvLE", l_magic, true},
    {"entry-hash1", "hash of the first entry's pages wrong", l_hash1, false},
    {"entry-hash2", "hash of the first entry's head wrong", l_hash2, false},
    {"entry-size", "first entry 4 GB long", l_size, true},
    {"entry-size-odd", "first entry 600 bytes long", l_size_odd, true},
    {"entry-seq", "first entry out of sequence", l_seq, true},
    {"entry-count", "first entry claims 2 G pages", l_count, true},
    {"entry-none", "first entry has no pages", l_none, true},
    {"entry-offset", "first entry writes outside the hive", l_offset, true},
    {"entry-offset-odd", "first entry writes between pages", l_offset_odd, true},
    {"entry-length-odd", "first entry writes a part of a page", l_length_odd, true},
    {"entry-bins", "first entry makes the hive 4 GB", l_bins, true},
    {"entry-cut", "last 512 bytes missing", l_cut, false},
    {"old-magic", "INVL in place of DIRT", l_dirt, false},
    {"old-cut", "last page missing", l_cut, false},
};
const size_t n_log_breakages = LEN(log_breakages);
void log_break(struct buf *b, const char *what)
{
    breakage_apply(log_breakages, n_log_breakages, what, b, log_repair);
}
