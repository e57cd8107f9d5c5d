/* libregf as the second reader of registry values. The only file that knows it. */
#include "parsers/second/second.h"
#include "base/utf.h"
#include "parsers/second/second_io.h"
#include "parsers/registry/txlog.h"
#include <libregf.h>
#include <limits.h>
#include <stdlib.h>

/* in a vk cell, behind the cell's size; no value is that large */
enum { VK_SIZE = 4, VK_DATA = 8, DATA_MOST = 64 << 20 };
#define IN_PLACE 0x80000000u

struct second_hive {
    struct second_io io;
    intptr_t *handle;
    libregf_file_t *file;
    struct span image;
    const char *mended;
    uint8_t base[HIVE_BASE];
};

const char *second_regf_version(void) { return libregf_get_version(); }
const char *second_hive_mended(const struct second_hive *h) { return h->mended; }

static enum status failed(libregf_error_t **le, const char *what, struct err *e)
{
    char text[4096] = "";
    if (*le && libregf_error_backtrace_sprint(*le, text, sizeof text) < 0)
        text[0] = 0;
    libregf_error_free(le);
    struct str rest = str_of(text), line = str_cut(&rest, '\n'); /* the innermost reason stands first */
    return err_set(e, E_FORMAT, ERR_NO_OFF, what, "%.*s", line.n ? (int)line.n : 7,
                   line.n ? line.p : "refused");
}

/* Bytes of whole bins from the first one on. */
static size_t bins(struct span image)
{
    size_t at = HIVE_BASE, n;
    while (image.n - at >= HIVE_BASE && memcmp(image.p + at, "hbin", 4) == 0
           && (n = le32(image.p + at + 8)) >= HIVE_BASE && n % HIVE_BASE == 0 && n <= image.n - at)
        at += n;
    return at - HIVE_BASE;
}

/* libregf refuses a hive whose checksum is wrong or whose last bins are missing: for our reader to tell, so
 * it gets a base block that fits. */
static void mend(struct second_hive *h)
{
    struct hive_header b = hive_header(h->image);
    size_t have = b.regf ? bins(h->image) : 0;
    if (!b.regf || (b.checksum_ok && b.file_type == 0 && b.bins && have >= b.bins))
        return;
    h->mended = !b.checksum_ok ? "checksum of the base block"
                : b.file_type  ? "file type in the base block"
                               : "size of the bins in the base block";
    uint32_t sum = 0, keep = b.checksum_ok && b.bins && have >= b.bins ? b.bins : (uint32_t)have;
    for (size_t i = 0; i < 4; i++)
        h->base[28 + i] = 0, h->base[40 + i] = (uint8_t)(keep >> 8 * i);
    for (size_t i = 0; i < 508; i += 4)
        sum ^= le32(h->base + i);
    sum = sum == 0 ? 1 : sum == 0xffffffff ? 0xfffffffe : sum;
    for (size_t i = 0; i < 4; i++)
        h->base[508 + i] = (uint8_t)(sum >> 8 * i);
}

enum status second_hive_open(struct span image, struct second_hive **out, struct err *e)
{
    *out = NULL;
    if (image.n < HIVE_BASE)
        return err_set(e, E_TRUNC, 0, "second reader", "a hive of %zu bytes", image.n);
    struct second_hive *h = calloc(1, sizeof *h);
    if (!h)
        return err_set(e, E_NOMEM, 0, "second reader", "no memory");
    h->image = image;
    memcpy(h->base, image.p, HIVE_BASE);
    mend(h);
    h->io = (struct second_io){.part = {span_of(h->base, HIVE_BASE, 0),
                                        span_of(image.p + HIVE_BASE, image.n - HIVE_BASE, HIVE_BASE)}};
    libregf_error_t *le = NULL;
    enum status st = second_io_open(&h->io, &h->handle, e);
    if (st == OK
        && (libregf_file_initialize(&h->file, &le) != 1
            || libregf_file_open_file_io_handle(h->file, h->handle, LIBREGF_OPEN_READ, &le) != 1))
        st = failed(&le, "libregf", e);
    if (st == OK)
        *out = h;
    else
        second_hive_close(h);
    return st;
}

void second_hive_close(struct second_hive *h)
{
    if (!h)
        return;
    if (h->file)
        libregf_file_free(&h->file, NULL);
    second_io_close(&h->handle);
    free(h);
}

/* --- Look-up: libregf's own first; then child by child, by what it makes of the name and by Windows' folding
 * of case */
typedef int name_size(intptr_t *, size_t *, libregf_error_t **);
typedef int name_text(intptr_t *, uint8_t *, size_t, libregf_error_t **);

static bool same_name(intptr_t *thing, name_size *size, name_text *text, struct str want,
                      struct arena scratch, enum second_defect *d)
{
    size_t n = 0;
    if (size(thing, &n, NULL) != 1 || n <= 1)
        return want.n == 0;
    char *p = arena_alloc(&scratch, 1, n);
    if (!p || text(thing, (uint8_t *)p, n, NULL) != 1)
        return false;
    return second_same_text(want, (struct str){p, strnlen(p, n)}, true, scratch, d);
}

static libregf_key_t *child(libregf_key_t *key, struct str name, struct arena *a, enum second_defect *d)
{
    int n = 0;
    libregf_key_t *k = NULL;
    enum second_defect why = SECOND_NO_DEFECT;
    if (libregf_key_get_sub_key_by_utf8_name(key, (const uint8_t *)name.p, name.n, &k, NULL) == 1)
        return k;
    if (libregf_key_get_number_of_sub_keys(key, &n, NULL) != 1)
        return NULL;
    for (int i = 0; i < n; i++) {
        if (libregf_key_get_sub_key(key, i, &k, NULL) != 1)
            continue;
        if (same_name(k, libregf_key_get_utf8_name_size, libregf_key_get_utf8_name, name, *a, &why))
            return *d = why ? why : *d, k;
        libregf_key_free(&k, NULL);
    }
    return NULL;
}

static libregf_value_t *value_of(struct second_hive *h, libregf_key_t *key, struct str name, struct arena *a,
                                 enum second_defect *d)
{
    /* a key may claim any number of values */
    int n = 0, most = (int)(h->image.n / 4 < INT_MAX ? h->image.n / 4 : INT_MAX);
    libregf_value_t *v = NULL;
    enum second_defect why = SECOND_NO_DEFECT;
    if (name.n && libregf_key_get_value_by_utf8_name(key, (const uint8_t *)name.p, name.n, &v, NULL) == 1)
        return v;
    if (libregf_key_get_number_of_values(key, &n, NULL) != 1)
        return NULL;
    for (int i = 0; i < n && i < most; i++) {
        if (libregf_key_get_value(key, i, &v, NULL) != 1)
            continue;
        if (same_name(v, libregf_value_get_utf8_name_size, libregf_value_get_utf8_name, name, *a, &why))
            return *d = why ? why : *d, v;
        libregf_value_free(&v, NULL);
    }
    return NULL;
}

static libregf_key_t *key_at(struct second_hive *h, struct str path, struct arena *a, enum second_defect *d,
                             struct err *e);

/* "CurrentControlSet" exists in memory only: Select\Current says which ControlSet00n it is. */
static struct str control_set(struct second_hive *h, struct arena *a)
{
    uint32_t n = 1;
    enum second_defect d = SECOND_NO_DEFECT;
    libregf_key_t *k = key_at(h, STR("Select"), a, &d, NULL);
    libregf_value_t *v = k ? value_of(h, k, STR("Current"), a, &d) : NULL;
    if (v)
        libregf_value_get_value_32bit(v, &n, NULL), libregf_value_free(&v, NULL);
    if (k)
        libregf_key_free(&k, NULL);
    char *z = arena_printf(a, "ControlSet%03u", n);
    return z ? str_of(z) : STR("ControlSet001");
}

static libregf_key_t *key_at(struct second_hive *h, struct str path, struct arena *a, enum second_defect *d,
                             struct err *e)
{
    libregf_key_t *k = NULL, *next;
    libregf_error_t *le = NULL;
    if (libregf_file_get_root_key(h->file, &k, &le) != 1)
        return failed(&le, "libregf: root key", e), NULL;
    for (bool first = true; path.n; first = false) {
        struct str step = str_cut(&path, '\\');
        if (!step.n)
            continue;
        next = child(k, step, a, d);
        if (!next && first && str_eq_ci(step, STR("CurrentControlSet")))
            next = child(k, control_set(h, a), a, d);
        libregf_key_free(&k, NULL);
        if (!(k = next))
            return err_set(e, E_FORMAT, ERR_NO_OFF, "libregf", "no key %.*s", STR_ARG(step)), NULL;
    }
    return k;
}

/* --- The value */
/* libregf gives where a cell's content begins */
static uint64_t cell(off64_t data) { return data >= 4 ? (uint64_t)data - 4 : 0; }

static enum status read_value(struct second_hive *h, libregf_value_t *v, struct second_value *out,
                              struct arena *a, struct err *e)
{
    libregf_error_t *le = NULL;
    size_t n = 0;
    off64_t off = 0;
    if (libregf_value_get_offset(v, &off, &le) != 1 || libregf_value_get_value_type(v, &out->type, &le) != 1
        || libregf_value_get_value_data_size(v, &n, &le) != 1)
        return failed(&le, "libregf: value", e);
    out->off = cell(off), out->has_value = true;
    uint8_t *p = n <= DATA_MOST ? arena_alloc(a, 1, n + 1) : NULL;
    if (!p)
        return err_set(e, E_LIMIT, out->off, "libregf: value", "%zu bytes", n);
    if (n && libregf_value_get_value_data(v, p, n, &le) != 1)
        return failed(&le, "libregf: value", e);
    out->data = span_of(p, n, 0);
    struct span vk = span_at(h->image, (size_t)off, VK_DATA + 4);
    if (!vk.bad && le32(vk.p + VK_SIZE) & IN_PLACE)
        out->in_place = true, memcpy(out->raw, vk.p + VK_DATA, 4);
    return OK;
}

enum status second_value(struct second_hive *h, struct str path, struct str name, struct second_value *out,
                         struct arena *a, struct err *e)
{
    *out = (struct second_value){0};
    libregf_error_t *le = NULL;
    libregf_value_t *v = NULL;
    off64_t off = 0;
    uint64_t written = 0;
    enum status st = OK;
    libregf_key_t *k = key_at(h, path, a, &out->defect, e);
    if (!k)
        return E_FORMAT;
    if (libregf_key_get_offset(k, &off, &le) != 1 || libregf_key_get_last_written_time(k, &written, &le) != 1)
        st = failed(&le, "libregf: key", e);
    else if (name.p && !(v = value_of(h, k, name, a, &out->defect)))
        st = err_set(e, E_FORMAT, ERR_NO_OFF, "libregf", "no value %.*s", STR_ARG(name));
    out->key_off = cell(off), out->written = (int64_t)written;
    if (v)
        st = read_value(h, v, out, a, e), libregf_value_free(&v, NULL);
    libregf_key_free(&k, NULL);
    return st;
}
