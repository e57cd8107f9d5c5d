#include "fleet/tickets.h"
#include "base/buf.h"
#include "base/grow.h"
#include "base/hash.h"
#include "plat/plat.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 200 }; /* bytes of a folder's name: with ".part" and what lies in it systems take it */

static enum status no_room(struct err *e)
{
    return err_set(e, E_LIMIT, ERR_NO_OFF, "tickets", "their names do not fit in memory");
}

static struct str last_part(struct str path)
{
    while (path.n > 1 && plat_slash(path.p[path.n - 1]))
        path.n--;
    size_t at = path.n;
    while (at && !plat_slash(path.p[at - 1]))
        at--;
    return (struct str){path.p + at, path.n - at};
}

static enum status add_ticket(struct tickets *t, const char *path, struct arena *a, struct err *e)
{
    struct ticket one = {.path = path, .name = last_part(str_of(path))};
    /* ".", "..", "/": the folder itself has a name */
    if (!one.name.n || str_eq(one.name, STR(".")) || str_eq(one.name, STR(".."))) {
        char *real = plat_real(path, a);
        one.name = real ? last_part(str_of(real)) : one.name;
    }
    struct ticket *more = grow(t->ticket, sizeof *more, t->n, &t->cap);
    if (!more)
        return err_set(e, E_NOMEM, ERR_NO_OFF, "tickets", "no memory");
    t->ticket = more, t->ticket[t->n++] = one;
    return OK;
}

/* A log or a hive by its first bytes: a folder with one right in it is somebody's ticket. */
static bool is_evidence(const char *path)
{
    plat_file f;
    uint64_t bytes;
    char start[8];
    size_t got = 0;
    if (plat_open(path, &f, &bytes, NULL) != OK)
        return false;
    bool read = plat_read_at(f, 0, start, sizeof start, &got, NULL) == OK && got == sizeof start;
    plat_close(f);
    return read && (memcmp(start, "ElfFile", 8) == 0 || memcmp(start, "regf", 4) == 0);
}

static enum status add_inside(struct tickets *t, const char *dir, bool unless_evidence, struct arena *a,
                              struct err *e)
{
    struct str *name;
    size_t n, first = t->n;
    enum status st = plat_list(dir, a, &name, &n, e);
    for (size_t i = 0; i < n && st == OK; i++) {
        struct plat_stat s;
        bool slash = dir[0] && plat_slash(dir[strlen(dir) - 1]);
        char *path = arena_printf(a, slash ? "%s%.*s" : "%s/%.*s", dir, STR_ARG(name[i]));
        if (!path)
            return no_room(e);
        if (name[i].p[0] == '.' || plat_stat(path, false, &s, NULL) != OK
            || (s.type != PLAT_FILE && s.type != PLAT_DIR))
            continue;
        if (unless_evidence && s.type == PLAT_FILE && is_evidence(path)) {
            t->n = first;
            return add_ticket(t, dir, a, e);
        }
        st = add_ticket(t, path, a, e);
    }
    return st;
}

enum status tickets_add(struct tickets *t, const char *const *path, size_t n, enum tickets_as as,
                        struct arena *a, struct err *e)
{
    enum status st = OK;
    for (size_t i = 0; i < n && st == OK; i++) {
        struct plat_stat s;
        if ((st = plat_stat(path[i], true, &s, e)) != OK)
            break;
        if (s.type == PLAT_DIR && (as == TICKETS_INSIDE || (as == TICKETS_AUTO && n == 1)))
            st = add_inside(t, path[i], as == TICKETS_AUTO, a, e);
        else
            st = add_ticket(t, path[i], a, e);
    }
    return st;
}

/* Names that differ in case alone would share a folder on some systems, so they count as one. */
static int by_name(const void *x, const void *y)
{
    const struct ticket *a = x, *b = y;
    int c = str_cmp(a->name, b->name);
    return c ? c : strcmp(a->path, b->path);
}

static int by_folder(const void *x, const void *y)
{
    const struct ticket *const *a = x, *const *b = y;
    int c = str_cmp_ci(str_of((*a)->folder), str_of((*b)->folder));
    return c ? c : by_name(*a, *b);
}

/* A name as that of a folder: no system's special characters, no ends that Windows drops, never too long. */
static char *folder_of(struct str name, struct arena *a)
{
    struct buf b = {0};
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        bool end = i + 1 == name.n && (c == '.' || c == ' ');
        bool plain = c >= 0x20 && c != 0x7f && !strchr("%\\/:*?\"<>|", c) && !end && !(i == 0 && c == '.');
        if (plain)
            buf_char(&b, (char)c);
        else
            buf_printf(&b, "%%%02X", c);
    }
    if (b.n > NAME_MOST) {
        uint8_t sum[SHA256_BYTES];
        char hex[SHA256_TEXT];
        b.n = NAME_MOST - 18;
        while (b.n && ((unsigned char)b.p[b.n] & 0xc0) == 0x80)
            b.n--; /* not in the middle of a character */
        if (sha256_of(name.p, name.n, sum))
            buf_printf(&b, "~%.16s", sha256_text(sum, hex));
    }
    char *out = b.bad ? NULL : arena_printf(a, "%.*s", (int)b.n, b.p);
    buf_free(&b);
    return out;
}

enum status tickets_settle(struct tickets *t, struct arena *a, struct err *e)
{
    if (t->n)
        qsort(t->ticket, t->n, sizeof *t->ticket, by_name);
    struct ticket **order = malloc((t->n ? t->n : 1) * sizeof *order);
    enum status st = order ? OK : err_set(e, E_NOMEM, ERR_NO_OFF, "tickets", "no memory");
    for (size_t i = 0; i < t->n && st == OK; i++) {
        order[i] = &t->ticket[i];
        order[i]->folder = folder_of(order[i]->name, a);
        st = order[i]->folder ? OK : no_room(e);
    }
    if (st == OK && t->n)
        qsort(order, t->n, sizeof *order, by_folder);
    unsigned again = 1;
    for (size_t i = 1; i < t->n && st == OK; i++) {
        struct str was = str_of(order[i - again]->folder);
        again = str_eq_ci(was, str_of(order[i]->folder)) ? again + 1 : 1;
        if (again == 1)
            continue;
        char *name = arena_printf(a, "%.*s~%u", STR_ARG(order[i]->name), again);
        order[i]->folder = arena_printf(a, "%s~%u", order[i]->folder, again);
        order[i]->name = str_of(name);
        st = name && order[i]->folder ? OK : no_room(e);
    }
    free(order);
    if (st == OK && t->n)
        qsort(t->ticket, t->n, sizeof *t->ticket, by_name);
    return st;
}

void tickets_free(struct tickets *t)
{
    free(t->ticket);
    *t = (struct tickets){0};
}

unsigned ticket_shard(struct str name, unsigned n)
{
    uint8_t sum[SHA256_BYTES] = {0};
    uint64_t v = 0;
    sha256_of(name.p, name.n, sum);
    for (size_t i = 0; i < 8; i++)
        v = v << 8 | sum[i];
    return (unsigned)(v % n) + 1;
}
