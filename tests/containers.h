/* containers: writes zips, 7z, cabs, tars and images for tests: what libarchive's own writers can, and by
 * hand what people's programs do besides. Callers own every struct buf. Times are fixed: the same members
 * make the same bytes. It shares src/base with the product and no line with parsers/; what cannot be written
 * fails an assertion. Windows has no writers: what is packed there was packed here before, and kept in the
 * folder that $PACKED names. */
#ifndef CONTAINERS_H
#define CONTAINERS_H
#include "base/buf.h"
#include "base/hash.h"
#ifndef _WIN32
#include <archive.h>
#include <archive_entry.h>
#endif
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* kind: 0 a file, 'd' a folder, 'l' a symbolic link to data, 'h' a hard link to data, 'c' a device. */
struct packed {
    const char *name;
    struct str data;
    int kind;
};

/* The file in $PACKED that holds these members packed so; NULL: none is named. */
static inline FILE *packed_file(const char *mode, const char *format, const char *filter, const char *options,
                                const char *password, const struct packed *m, size_t n)
{
    const char *how[] = {format, filter, options, password};
    char path[600];
    uint64_t sum = n;
    for (size_t i = 0; i < LEN(how); i++)
        sum = sum * 0x100000001b3u ^ (how[i] ? hash64(how[i], strlen(how[i])) : 1);
    for (size_t i = 0; i < n; i++)
        sum = (sum * 0x100000001b3u ^ hash64(m[i].name, strlen(m[i].name))) * 31 + (uint64_t)m[i].kind,
        sum = sum * 0x100000001b3u ^ hash64(m[i].data.p ? m[i].data.p : "", m[i].data.n);
    if (!getenv("PACKED"))
        return NULL;
    snprintf(path, sizeof path, "%s/%016llx", getenv("PACKED"), (unsigned long long)sum);
    return fopen(path, mode);
}

#ifdef _WIN32
static inline void pack(struct buf *out, const char *format, const char *filter, const char *options,
                        const char *password, const struct packed *m, size_t n)
{
    FILE *f = packed_file("rb", format, filter, options, password, m, n);
    char piece[65536];
    if (!f)
        cr_skip_test("Windows has no writers of archives, and nothing that others wrote: PACKED=folder");
    for (size_t got; (got = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_put(out, piece, got);
    fclose(f);
}
#else
static la_ssize_t packed_write(struct archive *a, void *ctx, const void *p, size_t n)
{
    (void)a;
    buf_put(ctx, p, n);
    return (la_ssize_t)n;
}

/* libarchive's writers know each other by name, and the one of xar wants libxml2: nobody here writes one. */
int archive_write_set_format_xar(struct archive *a)
{
    (void)a;
    return ARCHIVE_FATAL;
}

/* Each by its function: to ask by name would link what whylogon never opens. */
static const struct {
    const char *name;
    int (*set)(struct archive *);
} packed_how[] = {
    {"zip", archive_write_set_format_zip},         {"7zip", archive_write_set_format_7zip},
    {"ustar", archive_write_set_format_ustar},     {"pax", archive_write_set_format_pax},
    {"iso9660", archive_write_set_format_iso9660}, {"raw", archive_write_set_format_raw},
    {"none", archive_write_add_filter_none},       {"gzip", archive_write_add_filter_gzip},
    {"bzip2", archive_write_add_filter_bzip2},     {"xz", archive_write_add_filter_xz},
    {"zstd", archive_write_add_filter_zstd},
};
static inline void pack_how(struct archive *a, const char *name)
{
    size_t i = 0;
    while (i < LEN(packed_how) && strcmp(packed_how[i].name, name) != 0)
        i++;
    assert(i < LEN(packed_how) && packed_how[i].set(a) == ARCHIVE_OK);
}

/* format and filter by libarchive's names: "zip", "7zip", "ustar", "iso9660", "raw"; "none", "gzip", "bzip2",
 * "xz", "zstd". options: "zip:encryption=aes256", or NULL. */
static inline void pack(struct buf *out, const char *format, const char *filter, const char *options,
                        const char *password, const struct packed *m, size_t n)
{
    size_t from = out->n;
    struct archive *a = archive_write_new();
    struct archive_entry *e = archive_entry_new();
    pack_how(a, format), pack_how(a, filter);
    assert(!options || archive_write_set_options(a, options) == ARCHIVE_OK);
    assert(!password || archive_write_set_passphrase(a, password) == ARCHIVE_OK);
    archive_write_set_bytes_in_last_block(a, 1);
    assert(archive_write_open(a, out, NULL, packed_write, NULL) == ARCHIVE_OK);
    for (size_t i = 0; i < n; i++) {
        archive_entry_clear(e);
        archive_entry_set_pathname(e, m[i].name);
        archive_entry_set_mtime(e, 1772442600, 0);
        archive_entry_set_filetype(e, m[i].kind == 'd'   ? AE_IFDIR
                                      : m[i].kind == 'l' ? AE_IFLNK
                                      : m[i].kind == 'c' ? AE_IFCHR
                                                         : AE_IFREG);
        archive_entry_set_perm(e, m[i].kind == 'd' ? 0755 : 0644);
        archive_entry_set_size(e, m[i].kind ? 0 : (la_int64_t)m[i].data.n);
        if (m[i].kind == 'l')
            archive_entry_set_symlink(e, m[i].data.p);
        if (m[i].kind == 'h')
            archive_entry_set_hardlink(e, m[i].data.p);
        assert(archive_write_header(a, e) >= ARCHIVE_WARN);
        assert(m[i].kind || !m[i].data.n
               || archive_write_data(a, m[i].data.p, m[i].data.n) == (la_ssize_t)m[i].data.n);
    }
    assert(archive_write_close(a) == ARCHIVE_OK);
    archive_entry_free(e);
    archive_write_free(a);
    FILE *f = packed_file("wb", format, filter, options, password, m, n);
    assert(!f || (fwrite(out->p + from, 1, out->n - from, f) == out->n - from && fclose(f) == 0));
}
#endif

/* --- zips by hand: names as bytes, any method's number, sizes before or behind the data, no directory. */

enum { ZIP_STREAMED = 8, ZIP_UTF8 = 0x800 };
struct zip_hand {
    struct buf out, directory;
    unsigned n;
};

/* stored: the bytes as they stand in the zip, by method; plain: what they unpack to. bad_crc: the sum of
 * other bytes. */
static inline void zip_add(struct zip_hand *z, struct str name, unsigned method, unsigned flags,
                           struct str stored, struct str plain, bool bad_crc)
{
    uint32_t crc = crc32_add(0, plain.p, plain.n) ^ (bad_crc ? 1u : 0u), at = (uint32_t)z->out.n;
    bool behind = flags & ZIP_STREAMED;
    for (int central = 0; central < 2; central++) {
        struct buf *b = central ? &z->directory : &z->out;
        buf_put(b, central ? "PK\1\2" : "PK\3\4", 4);
        if (central)
            buf_u16(b, 0x0014); /* made by: DOS, as Explorer says */
        buf_u16(b, 20), buf_u16(b, (uint16_t)flags), buf_u16(b, (uint16_t)method), buf_u16(b, 0x4800),
            buf_u16(b, 0x5c62);
        buf_u32(b, behind && !central ? 0 : crc), buf_u32(b, behind && !central ? 0 : (uint32_t)stored.n),
            buf_u32(b, behind && !central ? 0 : (uint32_t)plain.n);
        buf_u16(b, (uint16_t)name.n), buf_u16(b, 0);
        if (central)
            buf_u16(b, 0), buf_u16(b, 0), buf_u16(b, 0), buf_u32(b, 0x20), buf_u32(b, at);
        buf_str(b, name);
    }
    buf_str(&z->out, stored);
    if (behind)
        buf_put(&z->out, "PK\7\10", 4), buf_u32(&z->out, crc), buf_u32(&z->out, (uint32_t)stored.n),
            buf_u32(&z->out, (uint32_t)plain.n);
    z->n++;
}

/* count: what the end record says there are; past 65,535 as programs without ZIP64 write it. */
static inline void zip_end(struct zip_hand *z, struct buf *out)
{
    uint32_t at = (uint32_t)z->out.n;
    buf_str(&z->out, buf_view(&z->directory));
    buf_put(&z->out, "PK\5\6", 4), buf_u32(&z->out, 0), buf_u16(&z->out, (uint16_t)z->n),
        buf_u16(&z->out, (uint16_t)z->n);
    buf_u32(&z->out, (uint32_t)z->directory.n), buf_u32(&z->out, at), buf_u16(&z->out, 0);
    buf_free(&z->directory);
    *out = z->out, *z = (struct zip_hand){0};
}

/* --- a cabinet of stored members: one folder, blocks of 32 KiB without sums */
static inline void cab(struct buf *out, const struct packed *m, size_t n)
{
    struct buf files = {0}, data = {0}, all = {0};
    for (size_t i = 0; i < n; i++) {
        buf_u32(&files, (uint32_t)m[i].data.n), buf_u32(&files, (uint32_t)all.n), buf_u16(&files, 0),
            buf_u16(&files, 0x5c62), buf_u16(&files, 0x4800), buf_u16(&files, 0x20);
        buf_put(&files, m[i].name, strlen(m[i].name) + 1);
        buf_str(&all, m[i].data);
    }
    size_t blocks = (all.n + 32767) / 32768;
    for (size_t i = 0; i < blocks; i++) {
        size_t some = all.n - i * 32768 < 32768 ? all.n - i * 32768 : 32768;
        buf_u32(&data, 0), buf_u16(&data, (uint16_t)some), buf_u16(&data, (uint16_t)some),
            buf_put(&data, all.p + i * 32768, some);
    }
    uint32_t head = 36 + 8;
    buf_put(out, "MSCF\0\0\0\0", 8), buf_u32(out, (uint32_t)(head + files.n + data.n)), buf_u32(out, 0),
        buf_u32(out, head), buf_u32(out, 0);
    buf_char(out, 3), buf_char(out, 1), buf_u16(out, 1), buf_u16(out, (uint16_t)n), buf_u16(out, 0),
        buf_u16(out, 0), buf_u16(out, 0);
    buf_u32(out, (uint32_t)(head + files.n)), buf_u16(out, (uint16_t)blocks), buf_u16(out, 0);
    buf_str(out, buf_view(&files)), buf_str(out, buf_view(&data));
    buf_free(&files), buf_free(&data), buf_free(&all);
}
#endif
