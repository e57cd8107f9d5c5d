#include "parsers/evtx/binxml.h"
#include "parsers/evtx/evtx.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

/* Public logs beside the project, where they are present. */
static const char corpus[] = "../shared/corpus/evtx";

struct logs {
    char path[512][512];
    size_t n;
};

static struct logs *find_logs(void)
{
    struct logs *l = calloc(1, sizeof *l);
    char dir[128];
    DIR *top = opendir(corpus);
    cr_assert(l);
    for (struct dirent *d; top && (d = readdir(top)) != NULL;) {
        snprintf(dir, sizeof dir, "%s/%.60s", corpus, d->d_name);
        DIR *sub = d->d_name[0] == '.' ? NULL : opendir(dir);
        for (struct dirent *f; sub && (f = readdir(sub)) != NULL && l->n < LEN(l->path);)
            if (str_ends_ci(str_of(f->d_name), STR(".evtx")))
                snprintf(l->path[l->n++], sizeof *l->path, "%s/%s", dir, f->d_name);
        if (sub)
            closedir(sub);
    }
    if (top)
        closedir(top);
    return l;
}

static void load(const char *path, struct buf *b)
{
    FILE *f = fopen(path, "rb");
    cr_assert(f, "%s", path);
    b->n = 0;
    for (size_t got = 1; got && buf_room(b, 1 << 16); b->n += got)
        got = fread(b->p + b->n, 1, 1 << 16, f);
    fclose(f);
}

static const char *base_name(const char *path) { return strrchr(path, '/') + 1; }

/* --- Both lanes */

static bool read_lane(struct bx *bx, struct bx_event *ev, size_t at, size_t n, enum bx_lane lane,
                      struct buf *out, uint64_t *hash)
{
    out->n = 0;
    if (!bx_open(bx, at, n, lane, ev))
        return false;
    for (unsigned i = 0; i < BXS_FIELDS; i++) {
        struct bx_val v = bx_sys(ev, (enum bx_sys)i);
        buf_char(out, (char)('0' + (!bx_is_absent(v)))), bx_text(out, v), buf_char(out, '\n');
    }
    bx_system_json(bx, ev, out);
    bool ok = bx_data_json(bx, ev, out, hash) && bx_event_xml(bx, ev, out);
    return ok;
}

static size_t compare_lanes(struct bx *bx, struct bx_event *ev, struct span chunk, const char *path,
                            struct buf out[2])
{
    size_t records = 0;
    bx_chunk(bx, chunk.p, chunk.n);
    for (size_t at = 512; at + 28 <= chunk.n;) {
        uint32_t size = le32(chunk.p + at) == 0x2a2a ? le32(chunk.p + at + 4) : 0;
        if (size < 28 || size > chunk.n - at) {
            at += 8;
            continue;
        }
        uint64_t hash[2] = {1, 1};
        bool ok[2];
        for (int i = 0; i < 2; i++)
            ok[i] = read_lane(bx, ev, at + 24, size - 28, i ? BX_GENERAL_LANE : BX_ANY_LANE, &out[i],
                              &hash[i]);
        cr_expect(ok[0] == ok[1] && (!ok[0] || hash[0] == hash[1]), "%s, chunk at 0x%llx, record at %zu",
                  base_name(path), (unsigned long long)chunk.off, at);
        if (ok[0] && ok[1])
            cr_assert(str_eq(buf_view(&out[0]), buf_view(&out[1])),
                      "%s, chunk at 0x%llx, record at %zu:\n%.*s\n%.*s", base_name(path),
                      (unsigned long long)chunk.off, at, STR_ARG(buf_view(&out[0])),
                      STR_ARG(buf_view(&out[1])));
        records += ok[0];
        at += size;
    }
    return records;
}

Test(evtx_corpus, lanes_agree)
{
    struct logs *l = find_logs();
    struct arena scratch;
    struct buf file = {0}, out[2] = {0};
    size_t records = 0;
    if (!l->n)
        cr_skip_test("skipped: no logs in %s", corpus);
    cr_assert(arena_make(&scratch, 4 << 20));
    struct bx *bx = bx_new(&scratch);
    struct bx_event *ev = calloc(1, sizeof *ev);
    cr_assert(bx && ev);
    for (size_t i = 0; i < l->n; i++) {
        load(l->path[i], &file);
        for (size_t at = 4096; at < file.n; at += EVTX_CHUNK)
            if (file.n - at >= 512 && memcmp(file.p + at, "ElfChnk", 8) == 0)
                records += compare_lanes(
                    bx, ev, span_of(file.p + at, file.n - at < EVTX_CHUNK ? file.n - at : EVTX_CHUNK, at),
                    l->path[i], out);
    }
    if (l->n >= 163)
        cr_expect(records > 22000, "%zu records", records);
    bx_free(bx), free(ev), free(l), arena_free(&scratch);
    buf_free(&file), buf_free(&out[0]), buf_free(&out[1]);
}

/* --- The second reader */

/* Logs that libevtx 20181227 does not read whole; what it reads must be among ours, in order. */
static const struct {
    const char *name, *why;
} partial[] = {
    {"2-vss_0-Microsoft-Windows-RemoteDesktopServices-RdpCoreTS%4Operational.evtx",
     "leaves a chunk at its first bad record"},
    {"2-vss_0-Microsoft-Windows-TerminalServices-RemoteConnectionManager%4Operational.evtx",
     "leaves a chunk at its first bad record"},
    {"sample-with-zero-data-size-event.evtx", "leaves a chunk at its first bad record"},
    {"sample_with_a_bad_chunk_magic.evtx", "leaves a chunk at its first bad record"},
    {"E_ShadowCopy6_windows_system32_winevt_logs_Microsoft-Windows-CAPI2%4Operational.evtx",
     "stops: invalid binary XML token in an element"},
    {"E_Windows_system32_winevt_logs_Microsoft-Windows-CAPI2%4Operational.evtx",
     "stops: invalid binary XML token in an element"},
    {"MSExchange_Management_wec.evtx", "stops: text token in an attribute of a plain fragment"},
    {"issue_201.evtx", "stops: text token in an attribute of a plain fragment"},
};

static bool is_partial(const char *path)
{
    for (size_t i = 0; i < LEN(partial); i++)
        if (strcmp(base_name(path), partial[i].name) == 0)
            return true;
    return false;
}

static bool quoted(const char *path) { return !strchr(path, '\''); }

static void second_reader(const char *path, struct buf *out)
{
    char command[512];
    snprintf(command, sizeof command, "evtxexport -f xml '%s' 2>/dev/null", path);
    out->n = 0;
    FILE *p = quoted(path) ? popen(command, "r") : NULL;
    cr_assert(p);
    for (size_t got = 1; got && buf_room(out, 1 << 16); out->n += got)
        got = fread(out->p + out->n, 1, 1 << 16, p);
    pclose(p);
}

static bool find(struct str s, struct str what, size_t *at)
{
    for (; s.n - *at >= what.n; ++*at)
        if (memcmp(s.p + *at, what.p, what.n) == 0)
            return true;
    return false;
}

/* The next <Event ...>...</Event> of text, from *at on. */
static bool next_event(struct str text, size_t *at, struct str *event)
{
    if (text.n < *at + 16 || !find(text, STR("<Event xmlns"), at))
        return false;
    size_t end = *at;
    if (!find(text, STR("</Event>"), &end))
        return false;
    *event = (struct str){text.p + *at, end + 8 - *at};
    *at = end + 8;
    return true;
}

static void put_unescaped(struct buf *out, struct str s)
{
    static const struct {
        struct str entity;
        char c;
    } known[] = {{{"&amp;", 5}, '&'},   {{"&lt;", 4}, '<'},   {{"&gt;", 4}, '>'},   {{"&quot;", 6}, '"'},
                 {{"&apos;", 6}, '\''}, {{"&#13;", 5}, '\r'}, {{"&#10;", 5}, '\n'}, {{"&#9;", 4}, '\t'}};
    for (size_t i = 0; i < s.n;) {
        size_t k = 0;
        while (
            k < LEN(known)
            && !(s.n - i >= known[k].entity.n && memcmp(s.p + i, known[k].entity.p, known[k].entity.n) == 0))
            k++;
        if (k < LEN(known))
            buf_char(out, known[k].c), i += known[k].entity.n;
        else
            buf_char(out, s.p[i++]);
    }
}

/* One value in one form, whoever wrote it: numbers in hexadecimal without zeros in front, GUIDs and bytes in
 * lower case, times with seven digits, controls as our escaper shows them, no carriage returns. */
static void put_value(struct buf *out, struct str s)
{
    struct buf text = {0}, shown = {0};
    int64_t number;
    put_unescaped(&text, s);
    buf_xml(&shown, buf_view(&text));
    text.n = 0;
    put_unescaped(&text, buf_view(&shown));
    struct str v = str_trim(buf_view(&text));
    bool time = v.n >= 22 && v.n <= 30 && v.p[10] == 'T' && v.p[19] == '.' && v.p[v.n - 1] == 'Z',
         hex = v.n > 0;
    for (size_t i = 0; i < v.n; i++)
        hex &= (v.p[i] >= '0' && v.p[i] <= '9') || ((v.p[i] | 32) >= 'a' && (v.p[i] | 32) <= 'f')
               || v.p[i] == '{' || v.p[i] == '}' || v.p[i] == '-';
    if (v.n < 20 && str_i64(v, &number)) {
        buf_printf(out, "#%llx", (unsigned long long)number);
    } else if (time) {
        buf_put(out, v.p, v.n < 28 ? v.n - 1 : 27);
        for (size_t i = v.n; i < 28; i++)
            buf_char(out, '0');
    } else {
        for (size_t i = 0; i < v.n; i++)
            if (v.p[i] != '\r')
                buf_char(out, (char)(hex && v.p[i] >= 'A' && v.p[i] <= 'F' ? v.p[i] + 32 : v.p[i]));
    }
    buf_free(&text), buf_free(&shown);
}

/* Attributes and texts of leaves, one a line: "Provider.Name=...", "Data=...". RenderingInfo, which libevtx
 * leaves out, ends the list. */
static void flatten(struct str x, struct buf *out)
{
    struct str open = {0}, text = {0};
    bool leaf = false;
    out->n = 0;
    for (size_t i = 0; i < x.n;) {
        if (x.p[i] != '<') {
            size_t from = i;
            while (i < x.n && x.p[i] != '<')
                i++;
            text = (struct str){x.p + from, i - from};
            continue;
        }
        bool close = i + 1 < x.n && x.p[i + 1] == '/';
        size_t from = ++i + close, end = from;
        while (end < x.n && x.p[end] != '>' && x.p[end] != ' ' && !(x.p[end] == '/' && x.p[end + 1] == '>'))
            end++;
        struct str name = {x.p + from, end - from};
        if (!close && str_eq(name, STR("RenderingInfo")))
            break;
        if (close && leaf && str_eq(open, name))
            buf_str(out, name), buf_char(out, '='), put_value(out, text), buf_char(out, '\n');
        leaf = !close, open = name, text = (struct str){0};
        for (i = end; i < x.n && x.p[i] != '>';) {
            if (x.p[i] == ' ' || x.p[i] == '/') {
                if (x.p[i++] == '/')
                    buf_str(out, name), buf_char(out, '='), buf_char(out, '\n'), leaf = false;
                continue;
            }
            size_t eq = i;
            while (eq < x.n && x.p[eq] != '=')
                eq++;
            size_t value = eq + 2, stop = value;
            while (stop < x.n && x.p[stop] != x.p[eq + 1])
                stop++;
            if (!str_starts_ci((struct str){x.p + i, eq - i}, STR("xmlns")))
                buf_str(out, name), buf_char(out, '.'), buf_put(out, x.p + i, eq - i), buf_char(out, '='),
                    put_value(out, (struct str){x.p + value, stop - value}), buf_char(out, '\n');
            i = stop + 1;
        }
        i++;
    }
}

/* Nothing but characters that are neither markup nor blank: libevtx writes code page strings without escaping
 * their markup. */
static void bare_text(struct str x, struct buf *out)
{
    struct buf text = {0};
    out->n = 0;
    put_unescaped(&text, x);
    bool inside = false;
    for (size_t i = 0; i < text.n; i++) {
        inside |= text.p[i] == '<';
        if (!inside && (unsigned char)text.p[i] > ' ')
            buf_char(out, text.p[i]);
        inside &= text.p[i] != '>';
    }
    buf_free(&text);
}

static struct str record_id(struct str event)
{
    size_t at = 0, end = 0;
    if (!find(event, STR("<EventRecordID>"), &at) || !find(event, STR("</EventRecordID>"), &end))
        return (struct str){0};
    return (struct str){event.p + at + 15, end - at - 15};
}

static enum status keep_text(void *ctx, struct buf *text, struct err *e)
{
    (void)e;
    buf_put(ctx, text->p, text->n);
    return OK;
}

struct tally_of {
    size_t theirs, ours, unescaped, differ;
};

static void compare_events(const char *path, struct str theirs, struct str ours, struct tally_of *t)
{
    struct buf a = {0}, b = {0};
    struct str x, y;
    size_t at = 0, from = 0, before = t->ours, theirs_before = t->theirs;
    while (next_event(theirs, &at, &x)) {
        t->theirs++;
        bool found = false;
        while (!found && next_event(ours, &from, &y))
            t->ours++, found = str_eq(record_id(x), record_id(y));
        cr_assert(found, "%s: record %.*s of the second reader is not among ours", base_name(path),
                  STR_ARG(record_id(x)));
        flatten(x, &a), flatten(y, &b);
        if (str_eq(buf_view(&a), buf_view(&b)))
            continue;
        bool known = find(y, STR("&lt;"), &(size_t){0});
        bare_text(x, &a), bare_text(y, &b);
        if (known && str_eq(buf_view(&a), buf_view(&b))) {
            t->unescaped++;
            continue;
        }
        flatten(x, &a), flatten(y, &b);
        if (t->differ++ < 5)
            cr_expect(false, "%s: record %.*s\n%.*s\n%.*s", base_name(path), STR_ARG(record_id(x)),
                      STR_ARG(buf_view(&a)), STR_ARG(buf_view(&b)));
    }
    size_t shared = t->theirs - theirs_before;
    while (next_event(ours, &from, &y))
        t->ours++;
    cr_expect(is_partial(path) || t->ours - before == shared, "%s: %zu records, the second reader has %zu",
              base_name(path), t->ours - before, shared);
    buf_free(&a), buf_free(&b);
}

/* Slot by slot, each with what was learnt from those before and from all other logs, as at once and alone. */
Test(evtx_corpus, parts_with_what_is_known, .timeout = 240)
{
    struct logs *l = find_logs();
    struct buf file = {0}, parts = {0}, ours = {0};
    struct want all = {.until = INT64_MAX, .recovered = true};
    struct arena scratch;
    struct bx *known = NULL;
    if (!l->n)
        cr_skip_test("skipped: no logs");
    cr_assert(arena_make(&scratch, 4 << 20));
    for (size_t i = 0; i < 2 * l->n; i++) {
        struct evtx_stats stats = {0};
        struct err e = {0};
        enum evtx_format format = i % 2 ? EVTX_XML : EVTX_JSONL;
        load(l->path[i / 2], &file);
        struct span s = span_of(file.p, file.n, 0);
        uint32_t slots = evtx_slots(s.n);
        ours.n = parts.n = 0;
        enum status st = evtx_dump(s, 0, slots, &all, format, &scratch, NULL, keep_text, &ours, &stats, &e);
        for (uint32_t at = 0; at < slots && st == OK; at++)
            st = evtx_dump(s, at, 1, &all, format, &scratch, &known, keep_text, &parts, &stats, &e);
        cr_expect(st == OK && str_eq(buf_view(&ours), buf_view(&parts)), "%s", base_name(l->path[i / 2]));
    }
    evtx_forget(&known), arena_free(&scratch), free(l);
    buf_free(&file), buf_free(&parts), buf_free(&ours);
}

Test(evtx_corpus, second_reader_agrees, .timeout = 480)
{
    struct logs *l = find_logs();
    struct buf file = {0}, theirs = {0}, ours = {0};
    struct tally_of t = {0};
    struct arena scratch;
    bool there = system("evtxexport -V >/dev/null 2>&1") == 0;
    if (!l->n || !there)
        cr_skip_test("skipped: %s", there ? "no logs" : "no evtxexport");
    cr_assert(arena_make(&scratch, 4 << 20));
    for (size_t i = 0; there && i < l->n; i++) {
        struct evtx_stats stats = {0};
        struct err e = {0};
        load(l->path[i], &file);
        ours.n = 0;
        struct span s = span_of(file.p, file.n, 0);
        cr_assert(evtx_dump(s, 0, evtx_slots(s.n), &(struct want){.until = INT64_MAX}, EVTX_XML, &scratch,
                            NULL, keep_text, &ours, &stats, &e)
                  == OK);
        second_reader(l->path[i], &theirs);
        size_t before = t.ours;
        compare_events(l->path[i], buf_view(&theirs), buf_view(&ours), &t);
        cr_expect(t.ours - before == stats.parsed, "%s: %zu of %llu records", base_name(l->path[i]),
                  t.ours - before, (unsigned long long)stats.parsed);
    }
    if (there && l->n >= 163)
        cr_expect(t.theirs >= 21586 && t.ours > 22400 && t.unescaped < 500,
                  "%zu and %zu records, %zu with markup unescaped", t.theirs, t.ours, t.unescaped);
    arena_free(&scratch), free(l);
    buf_free(&file), buf_free(&theirs), buf_free(&ours);
}
