/* libevtx as the second reader of events. The only file that knows it. */
#include "parsers/second/second.h"
#include "base/hash.h"
#include "base/wintime.h"
#include "parsers/evtx/evtx.h"
#include "parsers/second/second_io.h"
#include <libevtx.h>

enum {
    CHUNK_HEAD = 512,
    RECORD_HEAD = 24,
    RECORD_LEAST = RECORD_HEAD + 4,
    XML_MOST = 4 << 20,
    XML_DEPTH = 64
};

const char *second_evtx_version(void) { return libevtx_get_version(); }

/* ---- The image libevtx is given: a file header of ours, one chunk of the evidence, mended only where
 * libevtx could not reach the record --- */
static void set32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v, p[1] = (uint8_t)(v >> 8), p[2] = (uint8_t)(v >> 16), p[3] = (uint8_t)(v >> 24);
}

static void file_header(uint8_t h[EVTX_HEADER])
{
    memset(h, 0, EVTX_HEADER);
    memcpy(h, "ElfFile", 8);
    set32(h + 24, 1), set32(h + 32, 128);  /* next record; size of the header in use */
    set32(h + 36, 3u << 16 | 1);           /* version 3.1 */
    set32(h + 40, 1u << 16 | EVTX_HEADER); /* one chunk behind a block of 4096 */
    set32(h + 124, crc32_add(0, h, 120));
}

/* Where the record's chunk begins: slots behind a file header, or, where only that makes sense, slots from
 * the first byte (carved chunks). */
static bool chunk_of(struct span file, uint64_t off, size_t *at)
{
    uint64_t slot = off < EVTX_HEADER ? off : EVTX_HEADER + (off - EVTX_HEADER) / EVTX_CHUNK * EVTX_CHUNK,
             carved = off / EVTX_CHUNK * EVTX_CHUNK;
    bool here = off - slot >= CHUNK_HEAD && memcmp(file.p + slot, "ElfChnk", 8) == 0;
    bool there = off - carved >= CHUNK_HEAD && memcmp(file.p + carved, "ElfChnk", 8) == 0;
    *at = (size_t)(!here && there ? carved : slot);
    return off - *at >= CHUNK_HEAD;
}

/* Do the records from 512 on lead to rel? Then index is how many lie before it. */
static bool leads_to(const uint8_t *c, uint32_t rel, int *index)
{
    uint32_t at = CHUNK_HEAD;
    for (*index = 0; at < rel; ++*index) {
        uint32_t n = le32(c + at + 4);
        if (le32(c + at) != 0x2a2a || n < RECORD_LEAST || n > rel - at || le32(c + at + n - 4) != n)
            return false;
        at += n;
    }
    return at == rel;
}

/* Makes the record at rel reachable: a chunk header that says no more than that it is there, and one record
 * in place of all before it. */
static enum status mend(uint8_t *c, uint32_t rel, uint32_t size, int *index, struct err *e)
{
    static const uint8_t magic[8] = "ElfChnk";
    if (rel != CHUNK_HEAD && rel < CHUNK_HEAD + RECORD_LEAST)
        return err_set(e, E_FORMAT, ERR_NO_OFF, "second reader", "no room for a record in front of this one");
    memcpy(c, magic, sizeof magic);
    *index = rel != CHUNK_HEAD;
    for (int i = 0; i < 2; i++) /* first and last record, by number and by identifier */
        set32(c + 8 + 16 * i, 1), set32(c + 12 + 16 * i, 0), set32(c + 16 + 16 * i, 1 + (uint32_t)*index),
            set32(c + 20 + 16 * i, 0);
    set32(c + 40, 128), set32(c + 44, rel), set32(c + 48, rel + size);
    if (*index)
        set32(c + CHUNK_HEAD, 0x2a2a), set32(c + CHUNK_HEAD + 4, rel - CHUNK_HEAD),
            set32(c + rel - 4, rel - CHUNK_HEAD);
    set32(c + rel + size - 4, size);
    return OK;
}

/* libevtx wants four bytes behind a record: one that ends with its chunk is shown to it as a bare header,
 * whose size copy then lies in the upper half of its time. The binary XML is read up to its own end, wherever
 * the record is said to end. */
static void shorten(uint8_t *c, uint32_t rel)
{
    set32(c + rel + 4, RECORD_HEAD), set32(c + rel + 20, RECORD_HEAD);
}

static enum status image_of(struct span file, uint64_t off, uint8_t *img, struct second_event *out,
                            int *index, uint32_t *rel, struct err *e)
{
    size_t start;
    if (off >= file.n || file.n - off < RECORD_LEAST || !chunk_of(file, off, &start))
        return err_set(e, E_TRUNC, off, "second reader", "no room for a record");
    uint8_t *c = img + EVTX_HEADER;
    size_t have = file.n - start < EVTX_CHUNK ? file.n - start : EVTX_CHUNK;
    file_header(img);
    memcpy(c, file.p + start, have);
    memset(c + have, 0, EVTX_CHUNK - have);
    *rel = (uint32_t)(off - start);
    if (EVTX_CHUNK - *rel < RECORD_LEAST || le32(c + *rel) != 0x2a2a)
        return err_set(e, E_FORMAT, off, "second reader", "no record here");
    uint32_t size = le32(c + *rel + 4), room = (uint32_t)EVTX_CHUNK - *rel, used = le32(c + 48);
    if (size < RECORD_LEAST || size > room)
        return err_set(e, E_FORMAT, off, "second reader", "record of %u bytes, %u left in the chunk", size,
                       room);
    bool last = size > room - 4;
    if (!last && memcmp(c, "ElfChnk", 8) == 0 && le32(c + 40) == 128 && le32(c + 44) >= *rel
        && used >= CHUNK_HEAD && used <= EVTX_CHUNK && le32(c + *rel + size - 4) == size
        && leads_to(c, *rel, index))
        return OK;
    enum status st = mend(c, *rel, size, index, e);
    if (st != OK)
        return st;
    if (last)
        shorten(c, *rel), out->defect = SECOND_LAST_RECORD, out->header_time = 0;
    out->mended = last ? "size and time of a record that fills its chunk"
                       : "chunk header, or records in front of this one";
    set32(c + 52, crc32_add(0, c + CHUNK_HEAD, *rel + size - CHUNK_HEAD));
    set32(c + 124, crc32_add(crc32_add(0, c, 120), c + 128, 384));
    return OK;
}

/* --- libevtx's XML
 * One element a line, indented by two blanks a level; a value stands between its tags without a break.
 * Attribute values are not escaped, texts for & < > only, and those of other types than UTF-16 not at all: so
 * a tag is one only where a line of that shape begins. */
struct xml {
    struct str s;
    size_t at;
    unsigned depth;
    struct str name[XML_DEPTH], label;
    unsigned unnamed;
    struct second_event *out;
    size_t room;
    struct arena *a;
    bool full;
};

static struct str part(struct str s, size_t from, size_t to) { return (struct str){s.p + from, to - from}; }

static size_t find_text(struct str s, size_t at, struct str z)
{
    for (const char *p; at < s.n && (p = memchr(s.p + at, z.p[0], s.n - at)); at = (size_t)(p - s.p) + 1)
        if (s.n - (size_t)(p - s.p) >= z.n && memcmp(p, z.p, z.n) == 0)
            return (size_t)(p - s.p);
    return s.n;
}

static bool stands(const struct xml *x, size_t at, struct str z)
{
    return x->s.n - at >= z.n && memcmp(x->s.p + at, z.p, z.n) == 0;
}

/* A line of that depth that begins with tag begins at at. */
static bool line(const struct xml *x, size_t at, unsigned depth, struct str tag)
{
    for (unsigned i = 0; i < 2 * depth; i++, at++)
        if (at >= x->s.n || x->s.p[at] != ' ')
            return false;
    return at <= x->s.n && stands(x, at, tag);
}

static struct str unescape(struct xml *x, struct str s)
{
    static const struct {
        struct str from;
        char to;
    } refs[] = {{{"&amp;", 5}, '&'}, {{"&lt;", 4}, '<'}, {{"&gt;", 4}, '>'}};
    if (!s.n || !memchr(s.p, '&', s.n))
        return s;
    char *o = arena_alloc(x->a, 1, s.n + 1);
    size_t n = 0;
    if (!o)
        return x->full = true, s;
    for (size_t i = 0; i < s.n;) {
        size_t k = 0;
        while (k < LEN(refs)
               && (s.n - i < refs[k].from.n || memcmp(s.p + i, refs[k].from.p, refs[k].from.n) != 0))
            k++;
        o[n++] = k < LEN(refs) ? refs[k].to : s.p[i];
        i += k < LEN(refs) ? refs[k].from.n : 1;
    }
    return (struct str){o, n};
}

static const struct {
    const char *element, *attribute;
    uint8_t col;
} system_parts[] = {
    {"Computer", "", EV_COMPUTER},
    {"Channel", "", EV_CHANNEL},
    {"Provider", "Name", EV_PROVIDER},
    {"EventID", "", EV_EVENT_ID},
    {"EventID", "Qualifiers", EV_QUALIFIERS},
    {"Version", "", EV_VERSION},
    {"Level", "", EV_LEVEL},
    {"TimeCreated", "SystemTime", EV_TIME},
    {"EventRecordID", "", EV_RECORD_ID},
    {"Execution", "ProcessID", EV_PID},
    {"Security", "UserID", EV_SID},
};

static void system_part(struct xml *x, struct str element, struct str attribute, struct str text)
{
    for (size_t i = 0; i < LEN(system_parts); i++) {
        if (!text.n || !str_eq(element, str_of(system_parts[i].element))
            || !str_eq(attribute, str_of(system_parts[i].attribute)))
            continue;
        struct value *v = &x->out->v[system_parts[i].col];
        enum col_type type = fact_descs[FACT_EVENT].col[system_parts[i].col].type;
        *v = val_s(unescape(x, text));
        v->null = (type == COL_INT && !str_i64(v->s, &v->i))
                  || (type == COL_TIME && !wintime_parse(v->s, &v->i));
    }
}

static void take_field(struct xml *x, struct str name, struct str text)
{
    if (x->out->n_field < x->room)
        x->out->field[x->out->n_field++] = (struct second_field){unescape(x, name), unescape(x, text)};
}

/* Names of data as in an event's JSON: Data's Name or paramN, else the element's name; attributes as
 * name.attribute. */
static bool in(const struct xml *x, unsigned level, const char *section)
{
    return level > 1 && str_eq(x->name[2], str_of(section));
}
static bool is_data(const struct xml *x, unsigned level)
{
    return level > 2 && (str_eq(x->name[level], STR("Data")) || str_eq(x->name[level], STR("ComplexData")));
}

static void element(struct xml *x, unsigned level)
{
    bool wrapped = in(x, level, "EventData") || in(x, level, "UserData");
    if (level == 2 ? !wrapped && !in(x, level, "System") && !in(x, level, "RenderingInfo")
                   : level == 3 && in(x, level, "UserData"))
        take_field(x, STR("_element"), x->name[level]);
}

static void attribute(struct xml *x, unsigned level, struct str name, struct str text)
{
    if (level == 3 && in(x, level, "System"))
        system_part(x, x->name[3], name, text);
    if (level < 2 || in(x, level, "System") || in(x, level, "RenderingInfo") || str_eq(name, STR("xmlns"))
        || (name.n > 6 && memcmp(name.p, "xmlns:", 6) == 0)
        || (is_data(x, level) && str_eq(name, STR("Name"))))
        return;
    char *z = arena_printf(x->a, "%.*s.%.*s", STR_ARG(x->label), STR_ARG(name));
    x->full |= !z;
    take_field(x, str_of(z), text);
}

static void leaf(struct xml *x, unsigned level, struct str text)
{
    if (level == 3 && in(x, level, "System"))
        system_part(x, x->name[3], STR(""), text);
    if (level < 2 || in(x, level, "System") || in(x, level, "RenderingInfo") || (level == 2 && !text.n))
        return;
    if (is_data(x, level) && str_eq(x->label, STR("Data"))) {
        char *z = arena_printf(x->a, "param%u", ++x->unnamed);
        x->full |= !z, x->label = str_of(z);
    }
    take_field(x, x->label, text);
}

/* name="value" ...; a value ends at a quote with a blank or the end of the tag behind it. only: looks for the
 * name of Data. Returns where the rest begins. */
static size_t attributes(struct xml *x, size_t at, unsigned level, bool only)
{
    struct str s = x->s;
    while (at < s.n && s.p[at] == ' ') {
        size_t eq = find_text(s, ++at, STR("=\"")), end = eq + 2;
        while (end < s.n && !(s.p[end] == '"' && end + 1 < s.n && strchr(" />", s.p[end + 1])))
            end++;
        if (end >= s.n)
            return s.n;
        struct str name = part(s, at, eq), text = part(s, eq + 2, end);
        if (!only)
            attribute(x, level, name, text);
        else if (is_data(x, level) && str_eq(name, STR("Name")))
            x->label = text;
        at = end + 1;
    }
    return at;
}

/* The element whose tag opens at at: the whole of it when it holds no others. False: not of libevtx's shape.
 */
static bool open_element(struct xml *x, size_t at)
{
    struct str s = x->s;
    size_t from = at, level = x->depth + 1;
    while (at < s.n && !strchr(" />\n", s.p[at]))
        at++;
    x->name[level] = x->label = part(s, from, at);
    attributes(x, at, (unsigned)level, true);
    element(x, (unsigned)level);
    at = attributes(x, at, (unsigned)level, false);
    if (at < s.n && stands(x, at, STR("/>\n"))) {
        leaf(x, (unsigned)level, (struct str){s.p, 0});
        return x->at = at + 3, true;
    }
    if (at >= s.n || s.p[at] != '>')
        return false;
    if (++at < s.n && s.p[at] == '\n' && line(x, at + 1, x->depth + 1, STR("<")))
        return x->depth++, x->at = at + 1, true;
    char *end = arena_printf(x->a, "</%.*s>\n", STR_ARG(x->name[level]));
    size_t stop = end ? find_text(s, at, str_of(end)) : s.n;
    if (stop >= s.n)
        return x->full |= !end, false;
    leaf(x, (unsigned)level, part(s, at, stop));
    return x->at = stop + strlen(end), true;
}

static enum status read_xml(struct str s, struct second_event *out, struct arena *a, struct err *e)
{
    struct xml x = {.s = s, .out = out, .a = a};
    for (size_t i = 0; i < s.n; i++)
        /* an element gives at most two fields, an attribute one */
        x.room += s.p[i] == '<' || s.p[i] == '=';
    if (!(out->field = arena_alloc(a, sizeof *out->field, x.room *= 2)))
        return err_set(e, E_LIMIT, ERR_NO_OFF, "second reader", "%zu elements", x.room);
    while (x.at < s.n && x.depth + 1 < XML_DEPTH && !x.full) {
        size_t tag = x.at + 2 * x.depth + 1;
        if (x.depth && line(&x, x.at, x.depth - 1, STR("</"))) {
            x.at = find_text(s, x.at, STR("\n")) + 1, x.depth--;
        } else if (line(&x, x.at, x.depth, STR("<![CDATA["))) {
            size_t end = find_text(s, x.at, STR("]]>\n"));
            x.label = x.name[x.depth];
            if (end < s.n)
                leaf(&x, x.depth, part(s, tag + 8, end));
            x.at = end + 4;
        } else if (line(&x, x.at, x.depth, STR("<?"))) {
            x.at = find_text(s, x.at, STR("?>\n")) + 3;
        } else if (!line(&x, x.at, x.depth, STR("<")) || !open_element(&x, tag)) {
            return err_set(e, x.full ? E_LIMIT : E_FORMAT, ERR_NO_OFF, "second reader",
                           "libevtx's XML is not of its usual shape at byte %zu", x.at);
        }
    }
    return x.at < s.n ? err_set(e, E_LIMIT, ERR_NO_OFF, "second reader", "elements too deep or too many")
                      : OK;
}

/* --- The call */
static enum status failed(libevtx_error_t *le, uint64_t off, struct err *e)
{
    char text[4096] = "";
    if (le && libevtx_error_backtrace_sprint(le, text, sizeof text) < 0)
        text[0] = 0;
    /* the innermost reason stands first */
    struct str rest = str_of(text), first = str_cut(&rest, '\n');
    size_t colon = find_text(first, 0, STR(": "));
    first = colon < first.n ? part(first, colon + 2, first.n) : first;
    return err_set(e, E_FORMAT, off, "libevtx", "%.*s", STR_ARG(first));
}

static enum status take_record(libevtx_file_t *lf, int index, const uint8_t *record, uint64_t off,
                               struct second_event *out, struct arena *a, struct err *e)
{
    libevtx_error_t *le = NULL;
    libevtx_record_t *r = NULL;
    size_t n = 0;
    uint64_t time = 0;
    char *xml = NULL;
    enum status st = OK;
    out->damaged = !out->mended && libevtx_file_is_corrupted(lf, NULL) == 1;
    if (libevtx_file_get_record_by_index(lf, index, &r, &le) != 1
        || libevtx_record_get_identifier(r, &out->header_id, &le) != 1
        || libevtx_record_get_written_time(r, &time, &le) != 1
        || libevtx_record_get_utf8_xml_string_size(r, &n, &le) != 1)
        st = failed(le, off, e);
    else if (out->header_id != le64(record + 8)
             || time != le64(record + 16)) /* libevtx never fills in a record's offset */
        st = err_set(e, E_FORMAT, off, "libevtx", "gives another record");
    else if (!n || n > XML_MOST || !(xml = arena_alloc(a, 1, n)))
        st = err_set(e, E_LIMIT, off, "libevtx", "%zu bytes of XML", n);
    else if (libevtx_record_get_utf8_xml_string(r, (uint8_t *)xml, n, &le) != 1)
        st = failed(le, off, e);
    else {
        out->xml = (struct str){xml, strnlen(xml, n)};
        out->header_time = out->defect == SECOND_LAST_RECORD ? 0 : (int64_t)time;
        st = read_xml(out->xml, out, a, e);
    }
    libevtx_error_free(&le);
    if (r)
        libevtx_record_free(&r, NULL);
    return st;
}

enum status second_event(struct span file, uint64_t off, struct second_event *out, struct arena *a,
                         struct err *e)
{
    int index = 0;
    uint32_t rel = 0;
    intptr_t *io = NULL;
    libevtx_error_t *le = NULL;
    libevtx_file_t *lf = NULL;
    enum status st;
    *out = (struct second_event){0};
    for (size_t i = 0; i < FACT_COLS; i++)
        out->v[i] = val_null();
    uint8_t *img = arena_alloc(a, EVTX_HEADER + EVTX_CHUNK, 1);
    if (!img)
        return err_set(e, E_LIMIT, off, "second reader", "no memory for a chunk");
    if ((st = image_of(file, off, img, out, &index, &rel, e)) != OK)
        return st;
    struct second_io in = {.part = {span_of(img, EVTX_HEADER + EVTX_CHUNK, 0), span_of(img, 0, 0)}};
    if ((st = second_io_open(&in, &io, e)) != OK)
        return st;
    if (libevtx_file_initialize(&lf, &le) != 1
        || libevtx_file_open_file_io_handle(lf, io, LIBEVTX_OPEN_READ, &le) != 1)
        st = failed(le, off, e);
    else
        st = take_record(lf, index, img + EVTX_HEADER + rel, off, out, a, e);
    libevtx_error_free(&le);
    if (lf)
        libevtx_file_free(&lf, NULL);
    second_io_close(&io);
    return st;
}
