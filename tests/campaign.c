/* campaign SEED COUNT MODE [PROGRAM]: damaged evidence in bulk, one seed a mutant; a seed that fails is
 * printed and repeats alone. logs, hives   in process, best under sanitizers: every entry of the parsers,
 * what it promises checked after each call neighbours    the real program over folders of 20 damaged files
 * beside whole ones, whose verdict must not change kills         the real program and its workers killed at
 * random moments; nothing half-written stands under its final name PROGRAM: default is the whylogon beside
 * this one. Folders go to /dev/shm where there is one; those of a failure are kept. */
#include "parsers/evtx/evtx.h"
#include "parsers/registry/regf.h"
#include "base/hash.h"
#include "base/utf.h"
#include "case/casedb.h"
#include "kb/kb.h"
#include "tests/build.h"
#include "tests/mutate.h"
#include "tests/strict.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_BYTES = 1200 * 1024, CPU_SECONDS = 5, RECORDS = 6, BATCH = 20, FAILURES = 10, SCRATCH = 24 << 20 };

static uint64_t seed; /* the mutant in work, for every message */
static const char *mode = "", *what = "", *from = "";
static unsigned failures;

PRINTF_LIKE(1, 2) static void fail(const char *fmt, ...)
{
    va_list ap;
    printf("FAILED seed %llu %s %s (%s): ", (unsigned long long)seed, mode, from, what);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    fflush(stdout);
    failures++;
}
#define expect(cond, ...)      \
    do {                       \
        if (!(cond))           \
            fail(__VA_ARGS__); \
    } while (0)

static void say_seed(const char *how)
{
    char line[512];
    int n = snprintf(line, sizeof line, "FAILED seed %llu %s %s (%s): %s\n", (unsigned long long)seed, mode,
                     from, what, how);
    if (n > 0 && write(1, line, (size_t)n) < 0)
        _exit(2);
}
static void on_alarm(int sig) { (void)sig, say_seed("more than 5 s of processor time"), abort(); }
static void on_death(void) { say_seed("stopped by a sanitizer"); }
static void on_crash(int sig) { say_seed("died of a signal"), signal(sig, SIG_DFL), raise(sig); }
#if defined(__SANITIZE_ADDRESS__)
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void) { return "abort_on_error=1:print_stacktrace=1"; }
void __sanitizer_set_death_callback(void (*callback)(void));
#endif

static void watch(void)
{
    signal(SIGPROF, on_alarm);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_set_death_callback(on_death);
    signal(SIGABRT, on_crash);
#else
    (void)on_death;
    for (const int *s = (const int[]){SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, 0}; *s; s++)
        signal(*s, on_crash);
#endif
}
/* Each call into a parser has its own five seconds. */
static void begin(const char *call)
{
    what = call;
    setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = CPU_SECONDS}, NULL);
}
static void end(void) { setitimer(ITIMER_PROF, &(struct itimerval){0}, NULL); }

/* splitmix64, apart from the one that edits. */
static uint64_t state;
static uint64_t draw(void)
{
    uint64_t x = state += 0x9E3779B97F4A7C15;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}
static size_t below(size_t n) { return n ? (size_t)(draw() % n) : 0; }

/* --- valid evidence: of our own writer, and public where it is present */

struct unit {
    char name[160];
    struct buf file[3];
    size_t n;
}; /* a log, or a hive with its logs */
struct units {
    struct unit *u;
    size_t n, own;
}; /* own: the first so many are ours */
static struct units logs, hives;

static struct unit *add(struct units *to, const char *name)
{
    to->u = realloc(to->u, (to->n + 1) * sizeof *to->u);
    if (!to->u)
        abort();
    struct unit *u = &to->u[to->n++];
    *u = (struct unit){0};
    size_t n = strlen(name);
    snprintf(u->name, sizeof u->name, "%s", n < sizeof u->name ? name : name + n - sizeof u->name + 1);
    return u;
}

static bool load(const char *path, struct buf *b)
{
    struct stat s;
    FILE *f = stat(path, &s) == 0 && S_ISREG(s.st_mode) && s.st_size > 0 && s.st_size <= MAX_BYTES
                  ? fopen(path, "rb")
                  : NULL;
    *b = (struct buf){0};
    if (!f || !buf_grow(b, (size_t)s.st_size))
        return false;
    b->n = fread(b->p, 1, (size_t)s.st_size, f);
    fclose(f);
    return b->n > 0;
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *at)
{
    static const char *const suffix[] = {".LOG1", ".LOG2", ".LOG", ".log1", ".log2"};
    struct buf b;
    (void)st, (void)at;
    struct str p = str_of(path);
    for (size_t i = 0; i < LEN(suffix); i++)
        if (str_ends_ci(p, str_of(suffix[i])))
            return 0;
    /* that one is the witness of the neighbours */
    if (type != FTW_F || strstr(path, "credential-storage-policy") || !load(path, &b))
        return 0;
    bool log = b.n >= 8 && (memcmp(b.p, "ElfFile", 8) == 0 || memcmp(b.p, "ElfChnk", 8) == 0),
         hive = b.n >= 4 && memcmp(b.p, "regf", 4) == 0;
    if (!log && !hive) {
        buf_free(&b);
        return 0;
    }
    struct unit *u = add(log ? &logs : &hives, path);
    u->file[u->n++] = b;
    for (size_t i = 0; i < LEN(suffix) && hive && u->n < 3; i++) {
        char beside[4096];
        snprintf(beside, sizeof beside, "%s%s", path, suffix[i]);
        u->n += load(beside, &u->file[u->n]);
    }
    return 0;
}

static void own_units(void)
{
    for (size_t k = 0; k < 3; k++) {
        struct unit *log = add(&logs, "own log"), *hive = add(&hives, "own hive");
        every_log(k, &log->file[log->n++]);
        hive->n = every_hive(k, hive->file);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct unit *)a)->name, ((const struct unit *)b)->name);
}

static void collect(void)
{
    own_units();
    nftw("samples/cases", visit, 16, FTW_PHYS);
    size_t l = logs.n, h = hives.n;
    nftw("../shared/corpus", visit, 16, FTW_PHYS);
    logs.own = l, hives.own = h;
    /* a seed means the same whatever order a folder lists its names in */
    for (struct units *u = &logs; u; u = u == &logs ? &hives : NULL) {
        qsort(u->u, u->own, sizeof *u->u, by_name);
        qsort(u->u + u->own, u->n - u->own, sizeof *u->u, by_name);
    }
}

/* --- one mutant. Files lie in blocks of exactly their size, so that a byte too far is seen. */

struct mutant {
    const struct unit *unit;
    uint8_t *p[3];
    size_t n[3], count;
    struct span s[3];
};

static void make(struct mutant *m, const struct units *of)
{
    bool public = of->n > of->own && below(4) == 0;
    *m = (struct mutant){.unit = &of->u[public ? of->own + below(of->n - of->own) : below(of->own)]};
    from = m->unit->name;
    size_t hurt = below(m->unit->n);
    bool repair = below(3) > 0, by_row = below(8) == 0;
    for (size_t i = 0; i < m->unit->n; i++) {
        struct buf b = {0};
        buf_put(&b, m->unit->file[i].p, m->unit->file[i].n);
        enum mutate_repair how = !repair       ? MUTATE_RAW
                                 : of == &logs ? MUTATE_EVTX
                                 : i           ? MUTATE_LOG
                                               : MUTATE_HIVE;
        if (i == hurt || below(2)) {
            if (by_row && m->unit->name[0] == 'o' && of == &logs)
                evtx_break(&b, evtx_breakages[below(n_evtx_breakages)].name);
            mutate(&b, draw(), how);
            if (below(3) == 0)
                mutate(&b, draw(), how);
        }
        m->p[i] = malloc(b.n ? b.n : 1), m->n[i] = b.n;
        if (!m->p[i])
            abort();
        if (b.n)
            memcpy(m->p[i], b.p, b.n);
        m->s[i] = span_of(m->p[i], b.n, 0);
        buf_free(&b);
    }
    m->count = m->unit->n;
}
static void unmake(struct mutant *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->p[i]);
}

/* --- what every fact promises */

struct seen {
    const struct mutant *m;
    uint64_t off[RECORDS], n, hives;
    struct buf wire;
};

static enum status on_fact(void *ctx, const struct fact *f, struct err *e)
{
    struct seen *s = ctx;
    const struct fact_desc *d = &fact_descs[f->kind];
    (void)e;
    expect(f->ref.file < s->m->count, "%s cites file %u of %zu", d->table, f->ref.file, s->m->count);
    if (f->ref.file < s->m->count)
        expect(f->ref.off <= s->m->n[f->ref.file]
                   && (f->kind == FACT_ANOMALY || f->ref.off < s->m->n[f->ref.file]),
               "%s at 0x%llx of 0x%zx bytes", d->table, (unsigned long long)f->ref.off, s->m->n[f->ref.file]);
    for (size_t i = 0; i < FACT_COLS && d->col[i].name; i++) {
        const struct value *v = &f->v[i];
        const char *bad = v->null || !v->s.p || d->col[i].type != COL_TEXT ? NULL : strict_wtf8(v->s);
        bool json = (f->kind == FACT_EVENT && i == EV_DATA)
                    || (f->kind == FACT_FOLD && (i == FO_DATA || i == FO_KEY));
        if (!bad && json && !v->null && v->s.n)
            bad = strict_json(v->s);
        expect(!bad, "%s.%s: %s: %.*s", d->table, d->col[i].name, bad ? bad : "",
               (int)(v->s.n < 300 ? v->s.n : 300), v->s.p);
    }
    if (f->kind == FACT_EVENT)
        s->off[s->n < RECORDS ? s->n : draw() % RECORDS] = f->ref.off, s->n++;
    s->hives += f->kind == FACT_HIVE;
    struct fact back;
    s->wire.n = 0, fact_put(&s->wire, f);
    expect(fact_get(span_of(s->wire.p, s->wire.n, 0), &back, NULL) == OK && back.ref.off == f->ref.off,
           "%s does not survive the wire", d->table);
    return failures < FAILURES ? OK : E_STOP;
}

static enum status gather(void *ctx, struct buf *text, struct err *e)
{
    (void)e;
    buf_put(ctx, text->p, text->n);
    return OK;
}

static void check_stats(const struct evtx_stats *s, enum status st)
{
    expect(st == OK || st == E_LIMIT, "status %d", (int)st);
    expect(s->seen == s->parsed + s->recovered + s->failed,
           "seen %llu, parsed %llu + recovered %llu + failed %llu", (unsigned long long)s->seen,
           (unsigned long long)s->parsed, (unsigned long long)s->recovered, (unsigned long long)s->failed);
}

static void check_lines(struct str text)
{
    expect(text.n == 0 || text.p[text.n - 1] == '\n', "the last line has no end");
    while (text.n && failures < FAILURES) {
        struct str line = str_cut(&text, '\n');
        const char *bad = strict_json(line);
        expect(!bad, "%s: %.*s", bad ? bad : "", (int)(line.n < 600 ? line.n : 600), line.p);
    }
}

static struct arena scratch;
static struct kb *knowledge;

static void one_log(void)
{
    struct mutant m;
    struct seen s = {.m = &m};
    make(&m, &logs);
    const uint32_t slots = evtx_slots(m.n[0]);
    struct want all = {.all_events = true, .recovered = below(4) > 0, .until = INT64_MAX},
                ours = *kb_want(knowledge);
    ours.until = INT64_MAX;
    for (int k = 0; k < 2; k++) {
        struct evtx_stats st = {0};
        begin(k ? "evtx_read, our want" : "evtx_read, everything");
        check_stats(&st, evtx_read(m.s[0], 0, slots, k ? &ours : &all,
                                   &(struct arena){scratch.at, scratch.end, scratch.base}, on_fact, &s, &st,
                                   NULL));
    }
    for (int k = 0; k < 2; k++) {
        struct evtx_stats st = {0};
        struct buf out = {0};
        struct arena mem = scratch;
        begin(k ? "evtx_dump, XML" : "evtx_dump, JSON lines");
        check_stats(&st, evtx_dump(m.s[0], 0, slots, &all, k ? EVTX_XML : EVTX_JSONL, &mem, NULL, gather,
                                   &out, &st, NULL));
        end();
        const char *bad = k ? strict_xml(buf_view(&out)) : NULL;
        expect(!bad, "%s", bad ? bad : "");
        if (!k)
            check_lines(buf_view(&out));
        buf_free(&out);
    }
    for (size_t i = 0; i < RECORDS + 2; i++)
        for (int k = 0; k < 2; k++) {
            struct buf out = {0};
            struct arena mem = scratch;
            uint32_t size = 0;
            bool cited = i < s.n && i < RECORDS;
            uint64_t off = cited ? s.off[i] : i < RECORDS ? 0 : draw() % (m.n[0] + 16);
            begin(k ? "evtx_record, XML" : "evtx_record, JSON");
            struct err e = {0};
            enum status st = evtx_record(m.s[0], off, k ? EVTX_XML : EVTX_JSONL, &mem, &out, &size, &e);
            /* XML cannot say that a part is unreadable */
            expect(!cited || st == OK || st == E_LIMIT || (k && st == E_FORMAT),
                   "a cited record at 0x%llx: status %d, %s", (unsigned long long)off, (int)st, e.why);
            /* a record cut short is a whole line of JSON all the same */
            if (st == OK || (st == E_LIMIT && !k)) {
                const char *bad = k ? strict_xml(buf_view(&out)) : strict_json(buf_view(&out));
                expect(!bad, "record at 0x%llx: %s", (unsigned long long)off, bad ? bad : "");
                expect(off + size <= m.n[0], "record at 0x%llx has %u bytes of %zu", (unsigned long long)off,
                       size, m.n[0]);
            }
            buf_free(&out);
        }
    end();
    buf_free(&s.wire), unmake(&m);
}

static void one_hive(void)
{
    struct mutant m;
    struct seen s = {.m = &m};
    make(&m, &hives);
    struct image img = {0};
    struct replay r = {0};
    begin("txlog_recover");
    expect(txlog_recover(m.s, m.count, &img, &r, NULL) == OK, "status");
    expect(!strict_wtf8(str_of(r.text)), "its text: %s", r.text);
    for (size_t i = 0; i < 64 && img.n; i++) {
        uint64_t off = draw() % img.n;
        struct ref at = image_ref(&img, off, NULL); /* what lies in no file is zero */
        expect(at.file < m.count
                   && (at.off < m.n[at.file] ? m.p[at.file][at.off] == img.bytes[off] || off < HIVE_BASE
                                             : !img.bytes[off]),
               "0x%llx of the image comes from file %u at 0x%llx: %s", (unsigned long long)off, at.file,
               (unsigned long long)at.off, r.text);
    }
    image_free(&img);
    struct want all = {.all_keys = true, .recovered = true, .until = INT64_MAX};
    for (int k = 0; k < 2; k++) {
        struct arena mem = scratch;
        struct err e = {0};
        s.hives = 0;
        begin(k ? "hive_read, our want" : "hive_read, everything");
        enum status st = hive_read(m.s, m.count, k ? kb_want(knowledge) : &all, &mem, on_fact, &s, &e);
        end();
        expect(st == OK || st == E_FORMAT || st == E_LIMIT || st == E_TRUNC, "status %d: %s %s", (int)st,
               e.what, e.why);
        expect(st != OK || s.hives == 1, "%d facts HIVE", (int)s.hives);
    }
    buf_free(&s.wire), unmake(&m);
}

/* --- the real program */

static const char witness[] = "samples/cases/credential-storage-policy";
static char program[4096], base[256];
static double cpu_max;
static long rss_max;

struct run {
    int code, sig;
    struct buf err;
};

static pid_t start(char *const argv[], const char *err_path)
{
    pid_t pid = fork();
    if (pid)
        return pid;
    setpgid(0, 0);
    int null = open("/dev/null", O_WRONLY), err = open(err_path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (null < 0 || err < 0 || dup2(null, 1) < 0 || dup2(err, 2) < 0)
        _exit(126);
    execv(program, argv);
    _exit(127);
}

/* Waits up to two minutes. */
static struct run finish(pid_t pid, const char *err_path)
{
    struct run r = {.code = -1};
    struct rusage use = {0};
    int status = 0;
    for (int ms = 0;; ms += 5) {
        pid_t got = wait4(pid, &status, WNOHANG, &use);
        if (got == pid || (got < 0 && errno != EINTR))
            break;
        if (ms > 300000)
            fail("no end after five minutes"), kill(pid, SIGKILL);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    double cpu = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec)
                 + (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
    cpu_max = cpu > cpu_max ? cpu : cpu_max, rss_max = use.ru_maxrss > rss_max ? use.ru_maxrss : rss_max;
    r.sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0, r.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (load(err_path, &r.err))
        buf_char(&r.err, 0);
    return r;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}
static void remove_tree(const char *dir) { nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

static enum status first_int(void *ctx, const struct cell *c, const char *const *name, size_t n,
                             struct err *e)
{
    (void)name, (void)n, (void)e;
    *(int64_t *)ctx = c[0].i;
    return OK;
}
static int64_t ask(struct casedb *db, const char *sql, const char *a, const char *b)
{
    int64_t v = -1;
    struct err e = {0};
    struct value arg[] = {val_s(str_of(a ? a : "")), val_s(str_of(b ? b : ""))};
    if (case_query(db, sql, arg, (enum col_type[]){COL_TEXT, COL_TEXT}, (size_t)(a != NULL) + (b != NULL),
                   first_int, &v, &e)
        != OK)
        fail("%s: %s", sql, e.why);
    return v;
}
static enum status show_row(void *ctx, const struct cell *c, const char *const *name, size_t n, struct err *e)
{
    (void)name, (void)n, (void)e;
    fail("%s %.*s: %.*s", (const char *)ctx, STR_ARG(c[0].s), STR_ARG(c[1].s));
    return OK;
}

struct listed {
    char name[300], hash[SHA256_TEXT];
};

static void put(const char *dir, const char *name, const void *p, size_t n, struct listed *l)
{
    struct buf b = {0};
    uint8_t sum[SHA256_BYTES];
    buf_put(&b, p, n);
    write_file(dir, name, &b);
    snprintf(l->name, sizeof l->name, "%s", name);
    if (!sha256_of(p, n, sum))
        abort();
    sha256_text(sum, l->hash);
    buf_free(&b);
}

static void random_name(char out[64], size_t i)
{
    static const char *const shape[] = {
        "%zx.evtx",    "%zx",      "f %zx'\"<b>.evtx", "\xe2\x80\xae%zx\xff.dat",
        "-%zx\n.LOG1", "%zx.LOG2", "NTUSER%zx.DAT",    "%zx;$(id).hve"};
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"")
        snprintf(out, 64, shape[below(LEN(shape))], (size_t)(draw() & 0xffffff) << 8 | i);
    _Pragma("GCC diagnostic pop")
}

static void one_batch(void)
{
    static struct listed list[BATCH * 3 + 16];
    char dir[300], in[320], out[320], err[320], case_db[340], name[64];
    size_t n = 0;
    snprintf(dir, sizeof dir, "%s/%llu", base, (unsigned long long)seed);
    snprintf(in, sizeof in, "%s/in", dir), snprintf(out, sizeof out, "%s/out", dir),
        snprintf(err, sizeof err, "%s/err", dir), snprintf(case_db, sizeof case_db, "%s/case.db", out);
    if (mkdir(dir, 0777) != 0 || mkdir(in, 0777) != 0) {
        fail("cannot make %s: %s", in, strerror(errno));
        return;
    }
    DIR *d = opendir(witness);
    for (struct dirent *de; d && (de = readdir(d));) {
        char path[600];
        struct buf b;
        snprintf(path, sizeof path, "%s/%s", witness, de->d_name);
        if (de->d_name[0] != '.' && load(path, &b))
            put(in, de->d_name, b.p, b.n, &list[n++]), buf_free(&b);
    }
    if (d)
        closedir(d);
    for (size_t i = 0; i < BATCH; i++) {
        struct mutant m;
        make(&m, below(2) ? &logs : &hives);
        for (size_t k = 0; k < m.count; k++) {
            static const char *const beside[] = {"", ".LOG1", ".LOG2"};
            char full[80];
            if (k == 0)
                random_name(name, i);
            snprintf(full, sizeof full, "%s%s", name, beside[k]);
            put(in, full, m.p[k], m.n[k], &list[n++]);
        }
        unmake(&m);
    }
    from = "batch", what = "analyze";
    unsigned before = failures;
    char *argv[] = {program,
                    (char[]){"analyze"},
                    (char[]){"--force"},
                    (char[]){"--progress=none"},
                    (char[]){"-o"},
                    out,
                    in,
                    NULL};
    struct run r = finish(start(argv, err), err);
    expect(r.sig == 0 && (r.code == 0 || r.code == 5), "signal %d, exit code %d: %s", r.sig, r.code,
           r.err.p ? r.err.p : "");
    expect(!r.err.p || !strstr(r.err.p, "Sanitizer"), "%s", r.err.p);
    struct casedb *db = NULL;
    struct err e = {0};
    if (failures == before && case_open(case_db, &db, &e) != OK)
        fail("%s: %s", case_db, e.why);
    if (db) {
        expect(ask(db, "SELECT count(*) FROM v_evidence", NULL, NULL) == (int64_t)n,
               "not every file is listed");
        for (size_t i = 0; i < n; i++)
            expect(ask(db, "SELECT count(*) FROM v_evidence WHERE path = ?1 AND sha256 = ?2", list[i].name,
                       list[i].hash)
                       == 1,
                   "not listed with its hash: %s", list[i].name);
        expect(ask(db,
                   "SELECT count(*) FROM v_finding WHERE verdict = 'confirmed' AND cause = "
                   "'credential-storage-policy' AND host = 'WS04' AND subject = '\\Backup'",
                   NULL, NULL)
                   == 1,
               "the neighbour's verdict changed");
        case_query(db, "SELECT path, note FROM v_evidence WHERE note LIKE 'worker lost%'", NULL, NULL, 0,
                   show_row, (char[]){"worker lost:"}, NULL);
        case_close(db);
    }
    buf_free(&r.err);
    if (failures == before)
        remove_tree(dir);
    else
        printf("kept: %s\n", dir);
}

/* --- kills */

static void check_reports(const char *out)
{
    static const struct {
        const char *name, *end;
    } file[] = {{"report.json", NULL}, {"report.html", "</html>"}, {"report.md", "\n"}};
    for (size_t i = 0; i < LEN(file); i++) {
        char path[400];
        struct buf b = {0};
        snprintf(path, sizeof path, "%s/%s", out, file[i].name);
        if (!load(path, &b)) {
            fail("%s is missing", path);
            continue;
        }
        const char *bad = file[i].end ? NULL : strict_json(buf_view(&b));
        expect(!bad, "%s: %s", path, bad ? bad : "");
        if (file[i].end)
            while (b.n && b.p[b.n - 1] == '\n' && file[i].end[0] != '\n')
                b.n--;
        expect(!file[i].end || str_ends_ci(buf_view(&b), str_of(file[i].end)), "%s is cut", path);
        buf_free(&b);
    }
}

static void check_case(const char *out, bool partial)
{
    char path[400];
    struct casedb *db = NULL;
    struct err e = {0};
    snprintf(path, sizeof path, "%s/case.db", out);
    if (case_open(path, &db, &e) != OK) {
        fail("%s: %s", path, e.why);
        return;
    }
    expect(ask(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'", NULL, NULL)
               == 1,
           "the case is damaged");
    expect(partial
               || ask(db,
                      "SELECT count(*) FROM v_finding WHERE verdict = 'confirmed' AND subject = '\\Backup'",
                      NULL, NULL)
                      == 1,
           "the verdict changed");
    case_close(db);
    check_reports(out);
}

static size_t left_over(const char *out)
{
    size_t n = 0;
    DIR *d = opendir(out);
    for (struct dirent *de; d && (de = readdir(d));)
        n += str_ends_ci(str_of(de->d_name), STR(".tmp"))
             || str_starts_ci(str_of(de->d_name), STR(".whylogon-"))
             || str_ends_ci(str_of(de->d_name), STR("-journal"));
    if (d)
        closedir(d);
    return n;
}

/* Our workers and second readers bear an option as their only argument; a leak checker's helper bears its
 * parent's, and killed it would be waited for for ever. */
static bool is_worker(pid_t pid)
{
    char path[64], line[64] = "";
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(line, 1, sizeof line - 1, f) : 0;
    if (f)
        fclose(f);
    const char *option = line + strlen(line) + 1;
    return option < line + n && memcmp(option, "--", 2) == 0;
}

static pid_t some_worker(pid_t parent)
{
    char path[64], text[512] = "";
    pid_t child[32];
    size_t n = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    if (!fgets(text, sizeof text, f))
        text[0] = 0;
    fclose(f);
    for (char *at = text, *next; n < LEN(child) && (child[n] = (pid_t)strtol(at, &next, 10)) > 0; at = next)
        n += is_worker(child[n]);
    return n ? child[below(n)] : 0;
}

static void one_kill(void)
{
    static double whole = 0.15; /* seconds of a run that nobody disturbs, as last seen */
    char out[300], err[300];
    snprintf(out, sizeof out, "%s/out", base), snprintf(err, sizeof err, "%s/err", base);
    char *argv[] = {program,
                    (char[]){"analyze"},
                    (char[]){"--force"},
                    (char[]){"--progress=none"},
                    (char[]){"-o"},
                    out,
                    (char[]){"samples/cases/credential-storage-policy"},
                    NULL};
    bool worker = below(2);
    struct timespec t0, t1;
    from = worker ? "a worker" : "the program", what = "killed";
    pid_t pid = start(argv, err);
    nanosleep(&(struct timespec){.tv_nsec = (long)((double)below(1000) * whole * 1.1e6)}, NULL);
    pid_t victim = worker ? some_worker(pid) : pid;
    bool hit = victim > 0 && kill(victim, SIGKILL) == 0;
    struct run r = finish(pid, err);
    if (worker)
        expect(r.sig == 0 && (r.code == 0 || r.code == 4 || r.code == 5), "signal %d, exit code %d: %s",
               r.sig, r.code, r.err.p ? r.err.p : "");
    else
        expect(r.sig == (hit ? r.sig : 0) && (r.sig == 0 || r.sig == SIGKILL), "signal %d", r.sig);
    buf_free(&r.err);
    for (int i = 0; i < 400; i++) { /* workers end with their parent; they become ours to collect */
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (kill(-pid, 0) != 0)
            break;
        expect(i < 399, "a worker outlives the program");
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    check_case(out, worker);
    if (worker)
        expect(left_over(out) == 0, "unfinished files stay behind a run that ended");
    what = "the next run";
    clock_gettime(CLOCK_MONOTONIC, &t0);
    r = finish(start(argv, err), err);
    clock_gettime(CLOCK_MONOTONIC, &t1);
    whole = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
    expect(r.code == 0, "signal %d, exit code %d: %s", r.sig, r.code, r.err.p ? r.err.p : "");
    buf_free(&r.err);
    check_case(out, false);
    expect(left_over(out) == 0, "what the killed run left is still there");
}

static void prepare_kills(void)
{
    char out[300], err[300];
    snprintf(out, sizeof out, "%s/out", base), snprintf(err, sizeof err, "%s/err", base);
    char *argv[] = {program,
                    (char[]){"analyze"},
                    (char[]){"--progress=none"},
                    (char[]){"-o"},
                    out,
                    (char[]){"samples/cases/credential-storage-policy"},
                    NULL};
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    struct run r = finish(start(argv, err), err);
    expect(r.code == 0, "the first run: exit code %d: %s", r.code, r.err.p ? r.err.p : "");
    buf_free(&r.err);
}

/* --- */

static const struct {
    const char *name;
    void (*one)(void), (*before)(void);
    bool real;
    unsigned files;
} modes[] = {
    {"logs", one_log, NULL, false, 1},
    {"hives", one_hive, NULL, false, 1},
    {"neighbours", one_batch, NULL, true, BATCH},
    {"kills", one_kill, prepare_kills, true, 1},
};

static void find_program(const char *given)
{
    char self[3800];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = 0;
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = 0;
    snprintf(program, sizeof program, given ? "%s" : "%s/whylogon", given ? given : self);
    snprintf(base, sizeof base, "%s/whylogon-campaign-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (access(program, X_OK) != 0 || !mkdtemp(base)) {
        fprintf(stderr, "campaign: %s: %s\n", program, strerror(errno));
        exit(2);
    }
}

int main(int argc, char **argv)
{
    size_t m = 0;
    struct err e = {0};
    while (argc >= 4 && m < LEN(modes) && strcmp(modes[m].name, argv[3]) != 0)
        m++;
    if (argc < 4 || argc > 5 || m == LEN(modes)) {
        fprintf(stderr, "usage: campaign SEED COUNT logs|hives|neighbours|kills [PROGRAM]\n");
        return 2;
    }
    uint64_t first = strtoull(argv[1], NULL, 0), count = strtoull(argv[2], NULL, 0), done = 0;
    mode = modes[m].name;
    setvbuf(stdout, NULL, _IOLBF, 0);
    collect();
    if (logs.own < 10 || hives.own < 10) {
        fprintf(stderr, "campaign: run it where samples/cases is (make samples)\n");
        return 2;
    }
    if (modes[m].real)
        find_program(argc > 4 ? argv[4] : NULL);
    else
        watch();
    if (!arena_make(&scratch, SCRATCH) || kb_load(NULL, &knowledge, &e) != OK) {
        fprintf(stderr, "campaign: %s %s\n", e.what ? e.what : "out of memory", e.why);
        return 2;
    }
    if (modes[m].before)
        modes[m].before();
    for (; done < count && failures < FAILURES; done++) {
        seed = first + done, state = seed ^ m << 56;
        modes[m].one();
    }
    printf("%llu %s (%zu logs and %zu hives to start from, %zu and %zu of them public), %u failures",
           (unsigned long long)done * modes[m].files, mode, logs.n, hives.n, logs.n - logs.own,
           hives.n - hives.own, failures);
    if (modes[m].real)
        printf("; most processor time of a run %.1f s, largest process %ld MB", cpu_max, rss_max / 1024);
    printf("\n");
    if (modes[m].real && !failures)
        remove_tree(base);
    for (struct units *u = &logs; u; u = u == &logs ? &hives : NULL) {
        for (size_t i = 0; i < u->n; i++)
            for (size_t k = 0; k < u->u[i].n; k++)
                buf_free(&u->u[i].file[k]);
        free(u->u);
    }
    kb_free(knowledge), arena_free(&scratch);
    return failures ? 1 : 0;
}
