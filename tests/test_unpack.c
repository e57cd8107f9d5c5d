/* The parent against who unpacks: children that die, hang up, lie and garble cost their container; what was
 * told before is kept, the others are opened. This program is its own child: the parent under test starts
 * /proc/self/exe with --unpack. */
#include "run/unpack.h"
#include "base/limits.h"
#include "plat/jail.h"
#include "plat/plat.h"
#include "run/frame.h"
#include "run/unpacker.h"
#include "tests/own_main.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- the child in the real one's stead. What it does is written in the container it is given: byte 4. */

static struct buf out;

static void send_now(uint8_t type, const void *body, size_t n, uint32_t claim)
{
    out.n = 0;
    buf_u32(&out, claim ? claim : (uint32_t)n + 1), buf_char(&out, (char)type), buf_put(&out, body, n);
    plat_child_send(out.p, out.n, NULL);
}

/* Of the spools the first that has some: not every system has one in memory. */
static size_t room(const struct unpack_job *j) { return j->end[0] > j->from[0] ? 0 : 1; }

static struct unpacked good(const struct unpack_job *j, uint32_t ordinal)
{
    return (struct unpacked){.m = {.state = MEMBER_WHOLE,
                                   .ordinal = ordinal,
                                   .name = STR("a.evtx"),
                                   .bytes = 100,
                                   .is = {.kind = KIND_EVTX, .format = "EVTX event log"}},
                             .spool = (uint8_t)room(j),
                             .at = j->from[room(j)]};
}

static void send_member(struct unpacked u)
{
    struct buf b = {0};
    unpacked_put(&b, &u);
    send_now(UNPACK_MEMBER, b.p, b.n, 0);
    buf_free(&b);
}

static void send_done(uint64_t came_out, const char *why)
{
    struct buf b = {0};
    struct unpack_done d = {.sums = {.seen = 1, .wanted = 1, .out = came_out, .opened = true}};
    snprintf(d.sums.why, sizeof d.sums.why, "%s", why);
    unpack_done_put(&b, &d);
    send_now(UNPACK_DONE, b.p, b.n, 0);
    buf_free(&b);
}

static void send_grows(unsigned spool, uint64_t at, uint64_t bytes, unsigned kind)
{
    struct buf b = {0};
    buf_char(&b, (char)spool), buf_u64le(&b, at), buf_u64le(&b, bytes), buf_char(&b, (char)kind),
        buf_u64le(&b, 1ull << 30);
    send_now(UNPACK_GROWS, b.p, b.n, 0);
    buf_free(&b);
}

static void misbehave(char how, const struct unpack_job *j)
{
    struct unpacked u = good(j, 2);
    switch (how) {
    case 'k': raise(SIGKILL); break;
    case 'x': _exit(3);
    case 'l': send_now(UNPACK_MEMBER, "abc", 3, 0x7fffffff); break; /* a length beyond every limit */
    case 'z': send_now(UNPACK_MEMBER, "abc", 3, 0); break;          /* not a member */
    case 't': send_now('?', "abc", 3, 0); break;
    case 'd': send_now(UNPACK_DONE, "abc", 3, 0); break;
    case 'b': u.at = 0, send_member(u); break;               /* before the room it was given */
    case 'e': u.at = j->end[room(j)], send_member(u); break; /* behind it */
    case 'o': u.m.bytes = UINT64_MAX - 10, send_member(u); break;
    case 'u': u.at += 512, send_member(u); break; /* nowhere a map begins */
    case '0': u.m.bytes = 0, send_member(u); break;
    case 'r': u.at = j->from[room(j)], send_member(u); break; /* where the first one lies */
    case 's': u.spool = 7, send_member(u); break;
    case 'i': u.m.ordinal = 0, send_member(u); break;
    case 'A': send_grows((unsigned)room(j), j->end[room(j)], SPOOL_ALIGN, KIND_EVTX); break;
    case 'B': send_grows((unsigned)room(j), 0, SPOOL_ALIGN, KIND_EVTX); break;
    case 'C': send_grows((unsigned)room(j), u.at + SPOOL_ALIGN, 9 << 20, KINDS); break;
    case 'E': send_grows(SPOOLS, u.at, 9 << 20, KIND_EVTX); break;
    case 'p': pause(); break;
    default: break;
    }
}

static int fake_child(void)
{
    struct buf body = {0};
    struct err e = {0};
    struct unpack_job j;
    uint8_t type;
    if (frame_recv(&body, &type, NULL, NULL, &e) != OK)
        return 1;
    send_now(UNPACK_JAIL, (uint8_t[]){JAIL_ALL & 0xff, JAIL_ALL >> 8, 0, 0}, 4, 0);
    for (;;) {
        plat_file fd[1 + SPOOLS];
        size_t n = 1 + SPOOLS, got;
        char text[6] = "";
        if (frame_recv(&body, &type, fd, &n, &e) != OK)
            return 0;
        if (unpack_job_get(span_of(body.p, body.n, 0), &j, &e) != OK
            || plat_read_at(fd[0], j.at, text, 5, &got, &e) != OK)
            return 1;
        if (text[4] == 'w')
            raise(SIGKILL); /* before it says anything of it */
        if (text[4] == 'n') {
            struct unpacked u = good(&j, 1);
            u.m.is = (struct sniffed){.kind = KIND_CONTAINER, .format = "ZIP archive"}, u.m.bytes = 5,
            u.m.name = STR("in.zip");
            plat_write_at(fd[1 + room(&j)], j.from[room(&j)], "PK\3\4n", 5, &e); /* for ever */
            send_member(u);
        } else {
            send_member(good(&j, 1));
        }
        misbehave(text[4], &j);
        send_done(text[4] == 'n' ? 1000 : 100, text[4] == 'y' ? "cut short" : "");
        for (size_t i = 0; i < n; i++)
            plat_close(fd[i]);
    }
}

/* --- the test */

static struct evidence ev;
static char names[32][128];

static void put_box(const char *dir, char how)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%c.zip", dir, how);
    FILE *f = fopen(path, "wb");
    cr_assert(f && fprintf(f, "PK\3\4%c", how) == 5 && fclose(f) == 0);
}

static enum status open_all(const char *how, const struct unpack_options *o, struct unpack_result *r,
                            struct err *e)
{
    static char dir[64];
    struct file listed[32] = {0};
    unsetenv("BXFI_MAP"); /* the test runner's own mark on its children: ours are none of them */
    snprintf(dir, sizeof dir, "/tmp/whylogon-unpack-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    size_t n = strlen(how);
    for (size_t i = 0; i < n; i++) {
        put_box(dir, how[i]);
        snprintf(names[i], sizeof names[i], "%s/%c.zip", dir, how[i]);
        listed[i] = (struct file){.path = str_of(names[i] + strlen(dir) + 1), .place = str_of(names[i])};
    }
    cr_assert_eq(discover_again(listed, n, &ev, e), OK);
    for (size_t i = 0; i < ev.n; i++)
        ev.file[i].is = (struct sniffed){.kind = KIND_CONTAINER, .format = "ZIP archive"};
    enum status st = unpack(&ev, o, r, e);
    for (size_t i = 0; i < n; i++)
        unlink(names[i]);
    rmdir(dir);
    return st;
}

static const struct file *find(const char *path)
{
    for (size_t i = 0; i < ev.n; i++)
        if (str_eq(ev.file[i].path, str_of(path)))
            return &ev.file[i];
    return NULL;
}

#define OPTIONS                                                                                           \
    .workers = 2, .file_bytes = 1 << 30, .file_seconds = 60, .until = UINT64_MAX, .spool_bytes = 1 << 30, \
    .jail = &(unsigned)                                                                                   \
    {                                                                                                     \
        JAIL_ALL                                                                                          \
    }

Test(unpack, who_misbehaves_costs_its_container, .timeout = 300)
{
    static const struct {
        char how;
        const char *why;
    } rows[] = {
        {'k', KILLED},
        {'x', "ended with code 3"},
        {'l', "malformed frame"},
        {'z', "malformed frame"},
        {'t', "malformed frame"},
        {'d', "malformed frame"},
        {'b', "malformed frame"},
        {'e', "malformed frame"},
        {'o', "malformed frame"},
        {'u', "malformed frame"},
        {'0', "malformed frame"},
        {'r', "malformed frame"},
        {'s', "malformed frame"},
        {'i', "malformed frame"},
        {'A', "malformed frame"},
        {'B', "malformed frame"},
        {'C', "malformed frame"},
        {'E', "malformed frame"},
    };
    struct unpack_options o = {OPTIONS};
    struct unpack_result r;
    struct err e = {0};
    char how[32] = "gy";
    int lowest = dup(0);
    close(lowest);
    for (size_t i = 0; i < LEN(rows); i++)
        how[2 + i] = rows[i].how;
    cr_assert_eq(open_all(how, &o, &r, &e), OK, "%s: %s", e.what, e.why);
    cr_expect_eq(r.lost, LEN(rows), "%d", (int)r.lost);
    for (size_t i = 0; i < LEN(rows); i++) {
        char box[16], member[24];
        snprintf(box, sizeof box, "%c.zip", rows[i].how),
            snprintf(member, sizeof member, "%c.zip/a.evtx", rows[i].how);
        const struct file *f = find(box), *m = find(member);
        cr_assert(f && f->in, "%s", box);
        cr_expect(strstr(f->in->why, rows[i].why), "%s: %s", box, f->in->why);
        cr_expect(m && m->spool && m->bytes == 100 && m->container == (size_t)(f - ev.file) + 1
                      && m->at % SPOOL_ALIGN == 0,
                  "%s: its first member is gone", box);
    }
    const struct file *f = find("g.zip"), *m = find("g.zip/a.evtx");
    cr_expect(f && f->in && !f->in->why[0] && f->in->wanted == 1 && m && m->member == 1);
    f = find("y.zip");
    cr_expect(f && f->in && strcmp(f->in->why, "cut short") == 0);
    /* no two members of one spool overlap, and all are sorted by path */
    for (size_t i = 0; i < ev.n; i++) {
        cr_expect(i == 0 || str_cmp(ev.file[i - 1].path, ev.file[i].path) < 0);
        for (size_t k = 0; k < i; k++)
            cr_expect(!ev.file[i].spool || ev.file[i].spool != ev.file[k].spool
                          || ev.file[i].at != ev.file[k].at,
                      "%.*s, %.*s", STR_ARG(ev.file[i].path), STR_ARG(ev.file[k].path));
    }
    evidence_free(&ev);
    cr_expect_eq(dup(0), lowest, "spools are closed with what lies in them");
}

/* A child that dies of a container before it says anything of it leaves the others what they are. */
Test(unpack, who_dies_at_once, .timeout = 300)
{
    struct unpack_options o = {OPTIONS};
    struct unpack_result r;
    struct err e = {0};
    cr_assert_eq(open_all("wgx", &o, &r, &e), OK, "%s", e.why);
    const struct file *f = find("w.zip");
    cr_expect(f && f->in && !f->in->opened && strstr(f->in->why, KILLED));
    cr_expect(find("g.zip/a.evtx") && find("x.zip/a.evtx"));
    evidence_free(&ev);
}

/* A container that contains itself ends at the depth that is looked into. */
Test(unpack, for_ever, .timeout = 300)
{
    struct unpack_options o = {OPTIONS};
    struct unpack_result r;
    struct err e = {0};
    cr_assert_eq(open_all("n", &o, &r, &e), OK, "%s", e.why);
    cr_expect(ev.n == LIM_CONTAINER_DEPTH + 1 && r.limit, "%zu", ev.n);
    cr_expect(strstr(ev.file[ev.n - 1].in->why, "containers deep"), "%s", ev.file[ev.n - 1].in->why);
    evidence_free(&ev);
}

Test(unpack, who_hangs_and_who_stops, .timeout = 300)
{
    struct unpack_options o = {OPTIONS};
    struct unpack_result r;
    struct err e = {0};
    o.file_seconds = 1;
    cr_assert_eq(open_all("pg", &o, &r, &e), OK, "%s", e.why);
    const struct file *f = find("p.zip");
    cr_expect(f && f->in && strstr(f->in->why, "file-seconds") && r.limit && find("g.zip/a.evtx"));
    evidence_free(&ev);
    o.file_seconds = 60, o.until = plat_clock_ms() + 500;
    cr_assert_eq(open_all("p", &o, &r, &e), OK, "%s", e.why);
    f = find("p.zip");
    cr_expect(f && f->in && strstr(f->in->why, "run-seconds") && r.limit);
    evidence_free(&ev);
    int stop = 1;
    o.until = UINT64_MAX, o.stop = &stop;
    cr_expect_eq(open_all("g", &o, &r, &e), E_STOP);
    evidence_free(&ev);
}

Test(unpack, passwords, .timeout = 300)
{
    static const struct {
        const char *text;
        size_t n;
        enum status st;
        size_t words;
    } rows[] = {{"one\ntwo\r\n\nthree", 15, OK, 3},
                {"", 0, OK, 0},
                {"\n\n", 2, OK, 0},
                {"a\0b\n", 4, E_USAGE, 0},
                {" blank \n", 8, OK, 1}};
    char file[] = "/tmp/whylogon-words-XXXXXX";
    int fd = mkstemp(file);
    cr_assert(fd >= 0);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct arena a;
        struct str *word;
        size_t n;
        struct err e = {0};
        cr_assert(ftruncate(fd, 0) == 0 && pwrite(fd, rows[i].text, rows[i].n, 0) == (ssize_t)rows[i].n
                  && arena_make(&a, 1 << 20));
        cr_expect_eq(passwords_read(file, &a, &word, &n, &e), rows[i].st, "row %zu: %s", i, e.why);
        cr_expect(rows[i].st != OK || n == rows[i].words, "row %zu: %zu", i, n);
        cr_expect(i != 4 || str_eq(word[0], STR(" blank ")));
        arena_free(&a);
    }
    close(fd), unlink(file);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--unpack") == 0)
        _Exit(fake_child());
    return run_tests(argc, argv);
}
