/* casedb_pack: a case's pages written anew, each table and index on pages of its own, full and in order: what
 * VACUUM makes, without its 500 statements and a second schema. Same rows, same bytes: what lay on the pages
 * before leaves no trace. It owns a window of a MiB of the pages it makes, and the rows of one tree; whoever
 * asked gets each page once. It refuses (E_UNSUPPORTED) what it does not know, pages of pointers, pages that
 * are no tree, a tree of too many rows: that is left to SQLite. Format:
 * https://www.sqlite.org/fileformat2.html */
#include "base/grow.h"
#include "case/casedb_priv.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 100, LEAF_HEAD = 8, NODE_HEAD = 12, DEEPEST = 20, WINDOW = 1 << 20, MOST_ROWS = 1 << 19 };
enum kind { INDEX_NODE = 2, TABLE_NODE = 5, INDEX_LEAF = 10, TABLE_LEAF = 13 };

/* A row as it lies in its cell, without the child before it. What does not fit there lies on pages of its
 * own, a chain that begins at page spill; of a row that was put together it lies behind the rest. */
struct row {
    const uint8_t *at;
    uint32_t local, rest, spill;
    int64_t id; /* of a table's */
};

/* A page below the one that is made: its last row, or the one behind it, which stands beside it there. */
struct child {
    uint32_t page;
    int64_t last;
    size_t row;
};

struct rows {
    struct row *row;
    size_t n, cap;
};

struct pack {
    const uint8_t *from;
    uint32_t n_from, page, usable, seen, n_out, n_put; /* pages; of those made, without the first, put */
    struct buf window;                                 /* the first, and those that have not been put */
    case_put_pages *put;
    void *ctx;
    struct err *err;
    enum status failed; /* putting */
    struct rows rows;   /* of the tree at hand */
    struct child *child;
    size_t n_child, cap_child;
    bool bad, full; /* it cannot go on; for want of memory */
};

static uint32_t get(const uint8_t *p, unsigned n)
{
    uint32_t v = 0;
    while (n--)
        v = v << 8 | *p++;
    return v;
}

static void put_be(uint8_t *p, unsigned n, uint32_t v)
{
    for (; n--; v >>= 8)
        p[n] = (uint8_t)v;
}

/* Bytes it takes; 0: it does not end before end. */
static unsigned varint(const uint8_t *p, const uint8_t *end, uint64_t *out)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 9 && p + i < end; i++) {
        v = i == 8 ? v << 8 | p[i] : v << 7 | (p[i] & 0x7f);
        if (i == 8 || !(p[i] & 0x80))
            return *out = v, i + 1;
    }
    return 0;
}

static unsigned varint_size(uint64_t v)
{
    unsigned n = 1;
    while (n < 9 && v >> 7 * n)
        n++;
    return n;
}

static unsigned put_varint(uint8_t *p, uint64_t v)
{
    unsigned n = varint_size(v), i = n;
    if (n == 9)
        p[--i] = (uint8_t)v, v >>= 8;
    for (; i-- > 0; v >>= 7)
        p[i] = (uint8_t)((v & 0x7f) | (i + 1 < n ? 0x80 : 0));
    return n;
}

static const uint8_t *page_of(struct pack *k, uint32_t no)
{
    k->bad |= no < 1 || no > k->n_from;
    return k->bad ? NULL : k->from + (size_t)(no - 1) * k->page;
}

/* How much of a payload lies in its cell. */
static uint32_t local_of(const struct pack *k, bool table, uint32_t payload)
{
    uint32_t u = k->usable, least = (u - 12) * 32 / 255 - 23,
             most = table ? u - 35 : (u - 12) * 64 / 255 - 23;
    if (payload <= most)
        return payload;
    uint32_t n = least + (payload - least) % (u - 4);
    return n <= most ? n : least;
}

/* Unless it was bad before. */
static void no_room(struct pack *k) { k->full |= !k->bad, k->bad = true; }

static void keep_row(struct pack *k, struct rows *rows, struct row r)
{
    k->bad |= rows->n == MOST_ROWS;
    struct row *more = k->bad ? NULL : grow(rows->row, sizeof *more, rows->n, &rows->cap);
    if (more)
        rows->row = more, more[rows->n++] = r;
    else
        no_room(k);
}

/* --- reading a tree: its rows in their order */
static void read_row(struct pack *k, const uint8_t *at, const uint8_t *end, bool table)
{
    struct row r = {.at = at};
    uint64_t payload = 0, id = 0;
    unsigned head = varint(at, end, &payload), more = head && table ? varint(at + head, end, &id) : 0;
    k->bad |= !head || (table && !more) || payload > INT32_MAX;
    if (k->bad)
        return;
    uint32_t local = local_of(k, table, (uint32_t)payload);
    r.id = (int64_t)id, r.local = head + more + local, r.rest = (uint32_t)payload - local;
    k->bad |= r.local + (r.rest ? 4 : 0) > (size_t)(end - at);
    if (!k->bad && r.rest)
        r.spill = get(at + r.local, 4), k->bad |= !r.spill;
    keep_row(k, &k->rows, r);
}

static void read_tree(struct pack *k, uint32_t no, unsigned depth)
{
    const uint8_t *p = page_of(k, no);
    uint32_t head = no == 1 ? HEAD : 0;
    k->bad |= depth > DEEPEST || k->seen++ > k->n_from;
    if (k->bad)
        return;
    enum kind kind = p[head];
    bool table = kind == TABLE_NODE || kind == TABLE_LEAF, node = kind == TABLE_NODE || kind == INDEX_NODE;
    uint32_t n = get(p + head + 3, 2), first = head + (node ? NODE_HEAD : LEAF_HEAD);
    k->bad |= (!table && kind != INDEX_NODE && kind != INDEX_LEAF) || first + n * 2 > k->usable;
    for (uint32_t i = 0; i < n && !k->bad; i++) {
        uint32_t at = get(p + first + i * 2, 2);
        k->bad |= at < first || at + 4 > k->usable;
        if (!k->bad && node)
            read_tree(k, get(p + at, 4), depth + 1);
        if (!k->bad && (!node || !table))
            read_row(k, p + at + (node ? 4 : 0), p + k->usable, table);
    }
    if (!k->bad && node)
        read_tree(k, get(p + head + 8, 4), depth + 1);
}

/* --- writing one, from its leaves to its root */
static uint8_t *made(const struct pack *k, uint32_t no)
{
    return (uint8_t *)k->window.p + (no > 1 ? (size_t)(no - 1 - k->n_put) * k->page : 0);
}

static void put_pages(struct pack *k, uint64_t at, const void *p, size_t n)
{
    if (!k->bad && n)
        k->failed = k->put(k->ctx, at, p, n, k->err), k->bad = k->failed != OK;
}

/* All but the first page, which is finished last, and the last, which a chain may go on from. */
static void put_window(struct pack *k)
{
    struct buf *w = &k->window;
    size_t n = w->n - 2 * (size_t)k->page;
    put_pages(k, (uint64_t)(k->n_put + 1) * k->page, w->p + k->page, n);
    memcpy(w->p + k->page, w->p + k->page + n, k->page);
    w->n -= n, k->n_put += (uint32_t)(n / k->page);
}

/* 0: there is no room. Earlier pages may have moved, and are gone but for the first and the last. */
static uint32_t new_page(struct pack *k)
{
    if (!k->bad && k->window.n >= WINDOW)
        put_window(k);
    if (k->bad || !buf_room(&k->window, k->page))
        return no_room(k), 0;
    memset(k->window.p + k->window.n, 0, k->page);
    k->window.n += k->page;
    return ++k->n_out;
}

static void spill(struct pack *k, struct row *r)
{
    const uint8_t *whole = r->spill ? NULL : r->at + r->local;
    uint32_t part, from = r->spill, before = 0;
    for (uint32_t left = r->rest; left && !k->bad; left -= part) {
        const uint8_t *src = whole ? whole + (r->rest - left) : page_of(k, from);
        uint32_t no = new_page(k);
        part = left < k->usable - 4 ? left : k->usable - 4;
        if (k->bad || !src)
            return;
        memcpy(made(k, no) + 4, whole ? src : src + 4, part);
        from = whole ? 0 : get(src, 4);
        if (before)
            put_be(made(k, before), 4, no);
        else
            r->spill = no;
        before = no;
    }
}

static uint32_t row_size(const struct row *r)
{
    uint32_t n = r->local + (r->rest ? 4 : 0);
    return n < 4 ? 4 : n; /* no cell is smaller */
}

static void put_row(uint8_t *to, const struct row *r)
{
    memcpy(to, r->at, r->local);
    if (r->rest)
        put_be(to + r->local, 4, r->spill);
}

/* A page that is filled: cells from its end, their list from its head. */
struct filling {
    uint8_t *p;
    uint32_t head, first, n, at;
};

static struct filling begin_page(const struct pack *k, uint32_t no, enum kind kind)
{
    struct filling f = {.p = made(k, no), .head = no == 1 ? HEAD : 0, .at = k->usable};
    f.first = f.head + (kind == TABLE_NODE || kind == INDEX_NODE ? NODE_HEAD : LEAF_HEAD);
    f.p[f.head] = (uint8_t)kind;
    put_be(f.p + f.head + 5, 2, f.at & 0xffff);
    return f;
}

static uint8_t *new_cell(struct filling *f, uint32_t size)
{
    f->at -= size;
    put_be(f->p + f->first + 2 * f->n++, 2, f->at);
    put_be(f->p + f->head + 3, 2, f->n), put_be(f->p + f->head + 5, 2, f->at & 0xffff);
    return f->p + f->at;
}

static void keep_child(struct pack *k, struct child c)
{
    struct child *more = k->bad ? NULL : grow(k->child, sizeof *more, k->n_child, &k->cap_child);
    if (more)
        k->child = more, more[k->n_child++] = c;
    else
        no_room(k);
}

static void put_leaf(struct pack *k, bool table, size_t from, size_t to, uint32_t no)
{
    if (k->bad)
        return;
    struct filling f = begin_page(k, no, table ? TABLE_LEAF : INDEX_LEAF);
    for (size_t i = from; i < to; i++)
        put_row(new_cell(&f, row_size(&k->rows.row[i])), &k->rows.row[i]);
    keep_child(k, (struct child){no, to > from ? k->rows.row[to - 1].id : 0, to});
}

/* The end of the rows that fit on a leaf. Of an index the row behind them goes up, and one stays behind it.
 */
static size_t leaf_end(const struct pack *k, bool table, size_t from, uint32_t room)
{
    size_t to = from;
    for (uint32_t used = 0; to < k->rows.n; to++)
        if ((used += row_size(&k->rows.row[to]) + 2) > room)
            break;
    return !table && to + 1 == k->rows.n ? to - 1 : to;
}

static void put_leaves(struct pack *k, bool table, uint32_t root)
{
    uint32_t room = k->usable - LEAF_HEAD;
    /* what would fill one page, but not the first, fills two */
    if (root && leaf_end(k, table, 0, room) == k->rows.n)
        room = leaf_end(k, table, 0, room - HEAD) == k->rows.n ? room - HEAD : room / 2;
    for (size_t from = 0, to; !k->bad && (from < k->rows.n || !k->n_child); from = to + !table) {
        to = leaf_end(k, table, from, room);
        k->bad |= to == from && k->rows.n;
        put_leaf(k, table, from, to, root && !from && to == k->rows.n ? root : new_page(k));
    }
}

static uint32_t node_cell(const struct pack *k, bool table, const struct child *c)
{
    return 4 + (table ? varint_size((uint64_t)c->last) : row_size(&k->rows.row[c->row]));
}

/* The last of the children below a page; behind it none or two are left. */
static size_t node_end(const struct pack *k, bool table, const struct child *c, size_t from, size_t n,
                       uint32_t room)
{
    size_t to = from;
    for (uint32_t used = 0; to + 1 < n; to++)
        if ((used += node_cell(k, table, &c[to]) + 2) > room)
            break;
    return to + 2 == n ? to - 1 : to;
}

static void put_node(struct pack *k, bool table, const struct child *c, size_t from, size_t to, uint32_t no)
{
    if (k->bad)
        return;
    struct filling f = begin_page(k, no, table ? TABLE_NODE : INDEX_NODE);
    for (size_t i = from; i < to; i++) {
        uint8_t *at = new_cell(&f, node_cell(k, table, &c[i]));
        put_be(at, 4, c[i].page);
        if (table)
            put_varint(at + 4, (uint64_t)c[i].last);
        else
            put_row(at + 4, &k->rows.row[c[i].row]);
    }
    put_be(f.p + f.head + 8, 4, c[to].page);
    keep_child(k, (struct child){no, c[to].last, c[to].row});
}

/* The pages over those there are. */
static void put_level(struct pack *k, bool table, uint32_t root)
{
    struct child *c = k->child;
    size_t n = k->n_child;
    uint32_t room = k->usable - NODE_HEAD;
    k->child = NULL, k->n_child = k->cap_child = 0;
    if (root && node_end(k, table, c, 0, n, room) == n - 1)
        room = node_end(k, table, c, 0, n, room - HEAD) == n - 1 ? room - HEAD : room / 2;
    for (size_t from = 0, to; !k->bad && from < n; from = to + 1) {
        to = node_end(k, table, c, from, n, room);
        k->bad |= to == from || to >= n;
        put_node(k, table, c, from, to, root && !from && to == n - 1 ? root : new_page(k));
    }
    free(c);
}

/* The rows as a tree; where its root is: root, or 0: wherever. */
static uint32_t put_tree(struct pack *k, bool table, uint32_t root)
{
    for (size_t i = 0; i < k->rows.n && !k->bad; i++)
        if (k->rows.row[i].rest)
            spill(k, &k->rows.row[i]);
    k->n_child = 0;
    put_leaves(k, table, root);
    while (!k->bad && k->n_child > 1)
        put_level(k, table, root);
    return k->bad ? 0 : k->child[0].page;
}

static uint32_t copy_tree(struct pack *k, uint32_t no)
{
    const uint8_t *p = page_of(k, no);
    k->rows.n = 0, k->seen = 0;
    read_tree(k, no, 0);
    return k->bad ? 0 : put_tree(k, p[0] == TABLE_NODE || p[0] == TABLE_LEAF, 0);
}

/* --- the schema: a row an object; its fourth column says where its tree begins */
enum object { TABLE, INDEX, OTHER, OBJECTS };
struct entry {
    struct buf payload;
    enum object is;
    size_t type, value; /* where the fourth column's type and value stand in payload */
    uint32_t size, root;
};

static uint32_t size_of_type(uint64_t type)
{
    static const uint8_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
    return type < sizeof sizes             ? sizes[type]
           : type < 12 || type > INT32_MAX ? INT32_MAX / 8
                                           : (uint32_t)(type - 12) / 2;
}

static void read_payload(struct pack *k, const struct row *r, struct buf *b)
{
    uint64_t skip;
    unsigned n = varint(r->at, r->at + r->local, &skip);
    n += varint(r->at + n, r->at + r->local, &skip);
    buf_put(b, r->at + n, r->local - n);
    for (uint32_t left = r->rest, from = r->spill, part; left && !k->bad; left -= part) {
        const uint8_t *p = page_of(k, from);
        part = left < k->usable - 4 ? left : k->usable - 4;
        if (!p)
            return;
        buf_put(b, p + 4, part), from = get(p, 4);
    }
    if (b->bad)
        no_room(k);
}

static void read_entry(struct pack *k, const struct row *r, struct entry *to)
{
    read_payload(k, r, &to->payload);
    const uint8_t *p = (const uint8_t *)to->payload.p, *end = p + to->payload.n;
    uint64_t head = 0, type = 0;
    unsigned at = k->bad ? 0 : varint(p, end, &head), n;
    size_t value = (size_t)head;
    k->bad |= !at || head > to->payload.n;
    for (unsigned column = 0; column < 4 && !k->bad; column++, at += n) {
        n = varint(p + at, p + head, &type);
        size_t size = size_of_type(type);
        k->bad |= !n || value + size > to->payload.n;
        if (!k->bad && column == 0)
            to->is = size == 5 && !memcmp(p + value, "table", 5)   ? TABLE
                     : size == 5 && !memcmp(p + value, "index", 5) ? INDEX
                                                                   : OTHER;
        if (!k->bad && column == 3)
            to->type = at, to->value = value, to->size = (uint32_t)size;
        value += size;
    }
    k->bad |= to->size > 4;
    if (!k->bad)
        to->root = type == 9 ? 1 : get(p + to->value, to->size);
}

/* The entry as a row of the schema, in place of its payload. */
static void put_entry(struct pack *k, struct entry *e, int64_t id)
{
    struct buf b = {0}, *p = &e->payload;
    uint8_t number[4], head[18];
    unsigned size = e->root < 0x80 ? 1 : e->root < 0x8000 ? 2 : e->root < 0x800000 ? 3 : 4;
    if (!e->root)
        size = e->size;
    put_be(number, size, e->root);
    uint32_t payload = (uint32_t)(p->n - e->size + size);
    unsigned n = put_varint(head, payload);
    n += put_varint(head + n, (uint64_t)id);
    buf_put(&b, head, n), buf_put(&b, p->p, e->value), buf_put(&b, number, size);
    buf_put(&b, p->p + e->value + e->size, p->n - e->value - e->size);
    if (!b.bad && e->root)
        b.p[n + e->type] = (char)size;
    buf_free(p);
    *p = b;
    if (b.bad)
        no_room(k);
    uint32_t local = local_of(k, true, payload);
    keep_row(k, &k->rows, (struct row){(const uint8_t *)b.p, n + local, payload - local, 0, id});
}

static void put_schema(struct pack *k, struct entry *entry, size_t n)
{
    int64_t id = 0;
    for (enum object is = TABLE; is < OBJECTS; is++)
        for (size_t i = 0; i < n && !k->bad; i++)
            if (entry[i].is == is && entry[i].root)
                entry[i].root = copy_tree(k, entry[i].root);
    k->rows.n = 0;
    for (enum object is = TABLE; is < OBJECTS; is++)
        for (size_t i = 0; i < n && !k->bad; i++)
            if (entry[i].is == is)
                put_entry(k, &entry[i], ++id);
    put_tree(k, true, 1);
}

/* What of a file's head is not as it was: it has never changed, and nothing in it is free. */
static void put_head(struct pack *k)
{
    enum { CHANGES = 24, PAGES = 28, FREE_AT = 32, FREE_N = 36, SCHEMA = 40, VALID = 92, LIBRARY = 96 };
    uint8_t *p = made(k, 1);
    memcpy(p, k->from, HEAD);
    put_be(p + CHANGES, 4, 1), put_be(p + PAGES, 4, k->n_out), put_be(p + FREE_AT, 4, 0),
        put_be(p + FREE_N, 4, 0);
    put_be(p + SCHEMA, 4, 1), put_be(p + VALID, 4, 1),
        put_be(p + LIBRARY, 4, (uint32_t)sqlite3_libversion_number());
}

enum status case_pack(const uint8_t *image, size_t n, case_put_pages *put, void *ctx, struct err *e)
{
    enum { PAGE = 16, RESERVED = 20, VACUUM_ROOT = 52, SMALLEST = 512 };
    struct pack k = {.from = image, .put = put, .ctx = ctx, .err = e};
    if (n < SMALLEST || get(image + VACUUM_ROOT, 4))
        return E_UNSUPPORTED;
    k.page = get(image + PAGE, 2), k.page = k.page == 1 ? 65536 : k.page;
    k.usable = k.page - image[RESERVED], k.n_from = k.page ? (uint32_t)(n / k.page) : 0;
    if (k.page < SMALLEST || k.usable < SMALLEST - 32 || n % k.page)
        return E_UNSUPPORTED;
    new_page(&k);
    read_tree(&k, 1, 0);
    size_t n_entry = k.rows.n;
    struct entry *entry = calloc(n_entry + 1, sizeof *entry);
    if (!entry)
        no_room(&k);
    for (size_t i = 0; i < n_entry && !k.bad; i++)
        read_entry(&k, &k.rows.row[i], &entry[i]);
    if (!k.bad)
        put_schema(&k, entry, n_entry);
    if (!k.bad)
        put_head(&k);
    put_pages(&k, (uint64_t)(k.n_put + 1) * k.page, k.window.p + k.page, k.window.n - k.page);
    put_pages(&k, 0, k.window.p, k.page);
    for (size_t i = 0; i < n_entry && entry; i++)
        buf_free(&entry[i].payload);
    free(entry), free(k.rows.row), free(k.child), buf_free(&k.window);
    return !k.bad ? OK : k.failed != OK ? k.failed : k.full ? E_NOMEM : E_UNSUPPORTED;
}
