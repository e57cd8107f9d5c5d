#include "tests/build_binxml.h"
#include "base/hash.h"
#include "base/span.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_HEADER = 4096, CHUNK = 65536, MAX_NAMES = 64, MAX_DEFS = 300 };

static struct {
    char name[64];
    size_t off;
} names[MAX_NAMES];
static struct {
    int guid;
    size_t off;
} defs[MAX_DEFS];
static size_t n_names, n_defs;

static void put16(struct buf *b, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_u16(b, (uint8_t)(s[i] == '_' ? ' ' : s[i]));
}

/* Inline where it is new, by offset where it is known. */
static void put_name(struct buf *b, size_t base, const char *s, size_t n)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < n_names; i++)
        if (strlen(names[i].name) == n && memcmp(names[i].name, s, n) == 0) {
            buf_u32(b, (uint32_t)names[i].off);
            return;
        }
    buf_u32(b, (uint32_t)(base + b->n + 4));
    assert(n_names < MAX_NAMES && n < sizeof names->name);
    memcpy(names[n_names].name, s, n), names[n_names].name[n] = 0, names[n_names++].off = base + b->n;
    for (size_t i = 0; i < n; i++)
        hash = hash * 65599 + (uint8_t)s[i];
    buf_u32(b, 0), buf_u16(b, (uint16_t)hash), buf_u16(b, (uint16_t)n);
    for (size_t i = 0; i < n; i++)
        buf_u16(b, (uint8_t)s[i]);
    buf_u16(b, 0);
}

static void set_u32(struct buf *b, size_t at, size_t v)
{
    for (size_t i = 0; i < 4; i++)
        b->p[at + i] = (char)(v >> (8 * i));
}

static int hex2(const char *p)
{
    char two[3] = {p[0], p[1], 0}, *end;
    long v = strtol(two, &end, 16);
    assert(end == two + 2);
    return (int)v;
}

static size_t put_hex(struct buf *b, const char *p)
{
    size_t n = 0;
    for (; p[0] > ' ' && p[1] > ' '; p += 2, n++)
        buf_char(b, (char)hex2(p));
    return n;
}

static const char *assemble(struct buf *b, size_t base, const char *at, bool definition);
static const char *skip(const char *at)
{
    while (*at == ' ')
        at++;
    return at;
}

/* Descriptors first, bytes behind them. */
static const char *put_values(struct buf *b, size_t base, const char *at)
{
    size_t n = 0;
    const char *from = at;
    for (at = skip(at); *at != ')'; at = skip(at), n++) {
        int depth = 0;
        for (; depth || (*at != ' ' && *at); at++)
            depth += (*at == '{') - (*at == '}');
    }
    buf_u32(b, (uint32_t)n);
    size_t desc_at = b->n;
    for (size_t i = 0; i < n; i++)
        buf_u32(b, 0);
    at = skip(from);
    for (size_t i = 0; i < n; i++, at = skip(at)) {
        size_t start = b->n;
        int type = 1;
        if (*at == '{') {
            type = 0x21;
            at = assemble(b, base, at + 1, false);
            assert(*at == '}');
            at++;
        } else if (*at == 's' && at[1] == ':') {
            size_t len = strcspn(at + 2, " )");
            put16(b, at + 2, len), at += 2 + len;
        } else if (*at == 'e') {
            at++;
        } else if (at[0] == '0' && (at[1] == ' ' || at[1] == ')')) {
            type = 0, at++;
        } else {
            type = hex2(at);
            assert(at[2] == ':');
            at += 3 + 2 * put_hex(b, at + 3);
        }
        b->p[desc_at + 4 * i] = (char)(b->n - start), b->p[desc_at + 4 * i + 1] = (char)((b->n - start) >> 8),
                           b->p[desc_at + 4 * i + 2] = (char)type;
    }
    return at + 1;
}

static const char *put_instance(struct buf *b, size_t base, const char *at)
{
    int guid = hex2(at + 2);
    bool define = at[1] == '(';
    buf_u16(b, 0x010c);
    for (int i = 0; i < 4; i++)
        buf_char(b, (char)guid);
    if (!define) {
        size_t i = n_defs;
        while (i && defs[i - 1].guid != guid)
            i--;
        assert(i);
        buf_u32(b, (uint32_t)defs[i - 1].off);
        return at + 4;
    }
    size_t def = b->n + 4;
    assert(n_defs < MAX_DEFS);
    defs[n_defs].guid = guid, defs[n_defs++].off = base + def;
    buf_u32(b, (uint32_t)(base + def)), buf_u32(b, 0);
    for (int i = 0; i < 16; i++)
        buf_char(b, (char)guid);
    buf_u32(b, 0);
    at = assemble(b, base, at + 4, true);
    set_u32(b, def + 20, b->n - def - 24);
    return at + 1;
}

/* Elements know how long they are, and their attributes: Windows' readers pass over them, libevtx too. Words
 * that do not nest leave a size of 0. */
static struct opened {
    size_t size, attributes;
} * opened;
static size_t n_opened, cap_opened;

static void open_element(size_t size)
{
    if (n_opened == cap_opened) {
        cap_opened = cap_opened ? 2 * cap_opened : 64;
        opened = realloc(opened, cap_opened * sizeof *opened);
        assert(opened);
    }
    opened[n_opened++] = (struct opened){.size = size};
}

static void end_attributes(struct buf *b)
{
    size_t at = n_opened ? opened[n_opened - 1].attributes : 0;
    if (at)
        set_u32(b, at, b->n - at - 4), opened[n_opened - 1].attributes = 0;
}

static void close_element(struct buf *b)
{
    if (n_opened)
        n_opened--, set_u32(b, opened[n_opened].size, b->n - opened[n_opened].size - 4);
}

static const char *put_word(struct buf *b, size_t base, const char *at, bool definition, int *dep)
{
    const char *end = at + strcspn(at, " ");
    size_t n = (size_t)(end - at);
    bool more = n > 1 && end[-1] == '+';
    switch (*at) {
    case 'F': buf_u32(b, 0x0001010f); break;
    case 'Z': buf_char(b, 0); break;
    case 'x': put_hex(b, at + 1); break;
    case 'd': *dep = hex2(at + 1); break;
    case '<':
        if (n == 2 && at[1] == '/') {
            buf_char(b, 4), close_element(b);
            break;
        }
        buf_char(b, more ? 0x41 : 1);
        if (definition)
            buf_u16(b, (uint16_t)(*dep < 0 ? 0xffff : *dep)), *dep = -1;
        open_element(b->n), buf_u32(b, 0), put_name(b, base, at + 1, n - 1 - more);
        if (more)
            opened[n_opened - 1].attributes = b->n, buf_u32(b, 0);
        break;
    case '@': buf_char(b, 6), put_name(b, base, at + 1, n - 1); break;
    case '>': end_attributes(b), buf_char(b, 2); break;
    case '/': end_attributes(b), buf_char(b, 3), close_element(b); break;
    case '"': buf_char(b, 5), buf_char(b, 1), buf_u16(b, (uint16_t)(n - 2)), put16(b, at + 1, n - 2); break;
    case '[': buf_char(b, 7), buf_u16(b, (uint16_t)(n - 2)), put16(b, at + 1, n - 2); break;
    case '&': buf_char(b, 0x49), put_name(b, base, at + 1, n - 1); break;
    case '#': buf_char(b, 0x48), buf_u16(b, (uint16_t)atoi(at + 1)); break;
    case '!': buf_char(b, 0x0a), put_name(b, base, at + 1, n - 1); break;
    case '~': buf_char(b, 0x0b), buf_u16(b, (uint16_t)(n - 1)), put16(b, at + 1, n - 1); break;
    case '%':
    case '?':
        buf_char(b, *at == '%' ? 0x0d : 0x0e), buf_u16(b, (uint16_t)atoi(at + 1)), buf_char(b, 1);
        break;
    case 'T': return put_instance(b, base, at);
    case 'V': return put_values(b, base, at + 2);
    default: assert(0 && "no word of the assembler");
    }
    return end;
}

static const char *assemble(struct buf *b, size_t base, const char *at, bool definition)
{
    int dep = -1;
    for (at = skip(at); *at && *at != ')' && *at != '}'; at = skip(at))
        at = put_word(b, base, at, definition, &dep);
    return at;
}

/* Names and definitions of what was assembled before, in the same chunk, stay known. */
static void assemble_more(struct buf *out, size_t base, const char *words)
{
    struct buf b = {0};
    n_opened = 0;
    const char *end = assemble(&b, base, words, false);
    assert(!*end);
    buf_put(out, b.p, b.n);
    buf_free(&b);
}

void bx_asm(struct buf *out, size_t base, const char *words)
{
    n_names = n_defs = 0;
    assemble_more(out, base, words);
}

/* --- Logs */

static void put_zero(struct buf *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_char(b, 0);
}

static void set_u64(struct buf *b, size_t at, uint64_t v)
{
    set_u32(b, at, (uint32_t)v), set_u32(b, at + 4, (uint32_t)(v >> 32));
}

void raw_begin(struct raw_log *l)
{
    *l = (struct raw_log){.next_id = 1};
    put_zero(&l->file, FILE_HEADER);
    memcpy(l->file.p, "ElfFile", 8);
    set_u32(&l->file, 32, 128), set_u32(&l->file, 36, 0x00030001), set_u32(&l->file, 40, FILE_HEADER);
}

static void open_chunk(struct raw_log *l)
{
    l->chunk = l->file.n, l->at = 512, l->last = 0, n_names = n_defs = 0;
    put_zero(&l->file, CHUNK);
    memcpy(l->file.p + l->chunk, "ElfChnk", 8);
    set_u64(&l->file, l->chunk + 8, l->next_id), set_u64(&l->file, l->chunk + 24, l->next_id),
        set_u32(&l->file, l->chunk + 40, 128);
    l->file.p[42]++;
}

size_t raw_record(struct raw_log *l, int64_t time, const char *words)
{
    struct buf b = {0};
    if (!l->chunk)
        open_chunk(l);
    assemble_more(&b, l->at + 24, words);
    while (b.n % 8 != 4)
        buf_char(&b, 0);
    size_t size = 24 + b.n + 4, off = l->chunk + l->at;
    assert(l->at + size <= CHUNK);
    set_u32(&l->file, off, 0x2a2a), set_u32(&l->file, off + 4, size), set_u64(&l->file, off + 8, l->next_id),
        set_u64(&l->file, off + 16, (uint64_t)time);
    memcpy(l->file.p + off + 24, b.p, b.n);
    set_u32(&l->file, off + size - 4, size);
    set_u64(&l->file, l->chunk + 16, l->next_id), set_u64(&l->file, l->chunk + 32, l->next_id);
    set_u32(&l->file, l->chunk + 44, l->at), set_u32(&l->file, l->chunk + 48, l->at + size);
    l->last = l->at, l->at += size, l->next_id++;
    buf_free(&b);
    return off;
}

void raw_chunk(struct raw_log *l)
{
    if (!l->chunk)
        open_chunk(l);
    l->chunk = 0;
}

void raw_end(struct raw_log *l)
{
    l->chunk = 0;
    raw_repair(&l->file);
}

void raw_repair(struct buf *file)
{
    const uint8_t *p = (const uint8_t *)file->p;
    set_u32(file, 124, crc32_add(0, p, 120));
    for (size_t at = FILE_HEADER; at + 512 <= file->n; at += CHUNK) {
        size_t n = file->n - at < CHUNK ? file->n - at : CHUNK, end = le32(p + at + 48);
        if (end >= 512 && end <= n)
            set_u32(file, at + 52, crc32_add(0, p + at + 512, end - 512));
        set_u32(file, at + 124, crc32_add(crc32_add(0, p + at, 120), p + at + 128, 384));
    }
}
